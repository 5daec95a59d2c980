"""Much or little of what a facet names: 'lots of cushioning', 'doesn't need much light', 'plenty of memory'."""

from collections.abc import Sequence
from typing import Any, Final

from shoptalk.agent.cues import Cues
from shoptalk.agent.grounding import Grounding, Scale
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.tokens import words
from shoptalk.retrieval.catalog import Catalog, CategoryColumn
from shoptalk.retrieval.query import Constraint, Operator

_MUCH: Final = Cues(
    """a lot of;lots of;loads of;plenty of;tons of;heaps of;a great deal of;lots and lots of;much;loads;plenty;a high;
    high;strong;as much""".replace("\n", "")
    .replace("    ", "")
    .split(";")
)
_LITTLE: Final = Cues(
    """little;very little;a little;only a little;not much;hardly any;barely any;almost no;next to no;a minimum of;
    minimal;low;a low;a small amount of;small amounts of;the least amount of;as little""".replace("\n", "")
    .replace("    ", "").split(";")
)  # fmt: skip
#: Words of values that are low or high grades of what their facet names, and those between.
_LOW: Final = frozenset(
    "low minimal min minimum little light mild slight none rare rarely few small weak soft shade dim".split()
)
_MIDDLE: Final = frozenset("medium moderate mid average regular normal standard some partial".split())
_HIGH: Final = frozenset(
    "high max maximum full strong heavy much lots bright rich intense firm frequent large great plenty".split()
)
_MOST_GRADES, _FEWEST = 12, 2
_NOUN_ENDINGS = ("iness", "ness", "ity")
_SHARE, _SURE = 0.3, 0.7


class Amounts:
    """Finds amounts in a sentence: as a grade of a facet whose values are such, or as a range of one that counts."""

    def __init__(self, catalog: Catalog, grounding: Grounding) -> None:
        self._catalog = catalog
        self._grounding = grounding
        self._graded = {
            facet.name: grades
            for facet in catalog.schema.facets
            if isinstance(column := catalog.column(facet.name), CategoryColumn) and (grades := _grades(column.values))
        }

    def read(self, sentence: Sentence) -> tuple[list[Constraint], list[str]]:
        """The constraints, and the words that ask for an amount of what no facet grades; all of them are taken."""
        found: list[Constraint] = []
        unheld: list[str] = []
        for at in range(len(sentence)):
            little = bool(_LITTLE.at(sentence.forms, at))
            length = _LITTLE.at(sentence.forms, at) or _MUCH.at(sentence.forms, at)
            noun = at + length
            if not length or noun >= len(sentence) or sentence.starts_clause[noun] or not sentence.free(at, length + 1):
                continue
            less = little is not _turns(sentence, at, noun)
            names = self._grounding.facets_called(sentence.forms[noun])
            called = next((name for name in names if name in self._graded), None)
            scale = None if called else self._scale(sentence.forms[noun], names)
            told = self._told(sentence, at, length + 1)
            if called is not None and (values := self._graded[called][less]):
                many = len(values) > 1
                value = tuple(values) if many else values[0]
                told |= {"facet": called, "operator": Operator.ANY_OF if many else Operator.IS, "value": value}
            elif scale is not None and (told_by := self._range(*scale, less=less)):
                told |= told_by | {"must": less is not little}
            elif names and not scale:
                unheld.append(sentence.text(at, length + 1))
                sentence.take(at, length + 1)
                continue
            else:
                continue
            found.append(Constraint.model_validate(told))
            sentence.take(at, length + 1)
        return found, unheld

    def _told(self, sentence: Sentence, at: int, length: int) -> dict[str, Any]:
        span = sentence.span(at, length)
        must = not (sentence.softened[at] or sentence.mild[at + length - 1])
        return {"words": sentence.message[slice(*span)], "span": span, "must": must, "confidence": _SURE}

    def _scale(self, noun: str, names: Sequence[str]) -> tuple[Scale, bool] | None:
        """The number that the noun calls, by its label or as the noun of an adjective: 'bitterness'; and its turn."""
        called = next((scale for scale in self._grounding.scales if scale.facet.name in names), None)
        if called is not None:
            return called, False
        stems = (
            noun.removesuffix(end) + ("y" if end == "iness" else "") for end in _NOUN_ENDINGS if noun.endswith(end)
        )
        return next((held for stem in stems if (held := self._grounding.scale_measuring(stem))), None)

    def _range(self, scale: Scale, turned: bool, *, less: bool) -> dict[str, Any] | None:
        low = less is not turned
        edge = scale.at_share(_SHARE if low else 1 - _SHARE, self._catalog.available())
        if edge is None:
            return None
        operator = Operator.AT_MOST if low else Operator.AT_LEAST
        return {"facet": scale.facet.name, "operator": operator, "value": scale.spoken(edge)}


def _turns(sentence: Sentence, at: int, noun: int) -> bool:
    """True where the amount is refused: 'doesn't need much light', 'too much light', 'not too much light'."""
    refused = any(sentence.negated[i] or sentence.released[i] for i in range(at, noun + 1))
    too = at > 0 and sentence.forms[at - 1] == "too"
    return (refused or too) and sentence.forms[at] != "not"


def _grades(values: Sequence[str]) -> dict[bool, list[str]]:
    """The low (True) and the high values (False) of a facet whose values are mostly grades; empty for any other."""
    if not _FEWEST <= len(values) <= _MOST_GRADES:
        return {}
    held: dict[bool, list[str]] = {True: [], False: []}
    graded = 0
    for value in values:
        said = set(words(value))
        low, high = bool(said & _LOW), bool(said & _HIGH)
        graded += low or high or bool(said & _MIDDLE)
        if low is not high:
            held[low].append(value)
    several = bool(held[True]) + bool(held[False]) + (graded > len(held[True]) + len(held[False]))
    return held if several >= _FEWEST and graded * 2 > len(values) else {}
