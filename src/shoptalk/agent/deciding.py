"""What the transformer makes of what the parser proposed: which facet a value is meant for, and what is only mentioned.

The parser knows the catalog's words; the transformer knows how people talk. A `Request` goes in and comes out: values
go to the facet that is meant, words that speak of no facet are let go, words that do and that the parser did not know
are looked up in their facet, what our side named and the person takes up is taken up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz, process

from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon, Named
from shoptalk.agent.state import TalkState
from shoptalk.agent.tagging import HEARD, MESSAGE, Hint, Matrix, Tagger, Tags, facet_text, kind_of
from shoptalk.agent.tokens import Token, fold, tokenize
from shoptalk.agent.words import FILLER, NUMBER_WORDS
from shoptalk.retrieval.catalog import Catalog, CategoryColumn
from shoptalk.retrieval.query import Act, Constraint, Described, Operator, Request
from shoptalk.retrieval.schema import Column, Kind, Role

Place = tuple[int, int]

_MOST_FACETS = 64
_EXAMPLES = 4
_LONGEST_VALUE = 6
_MOST_VALUES = 20_000
_ALIKE = 88.0
_SEARCH_ACTS = frozenset({Act.FIND, Act.REFINE, Act.MORE, Act.SIMILAR, Act.DETAILS, Act.COMPARE, Act.ANSWER})
_CATEGORY = (Kind.CATEGORY, Kind.CATEGORIES)


@dataclass(frozen=True)
class Confidences:
    """How sure the transformer has to be before it overrules the parser; chosen on dialogues held out of training."""

    elsewhere: float = 0.3
    nothing: float = 0.9
    speaks: float = 0.5
    taken_up: float = 0.6
    dropped: float = 0.7


class Deciding:
    """Decides over requests for one catalog. Read-only after its first use."""

    def __init__(
        self, catalog: Catalog, lexicon: Lexicon, grounding: Grounding, tagger: Tagger, sure: Confidences | None = None
    ) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self._grounding = grounding
        self._tagger = tagger
        self._sure = sure or Confidences()
        self._facets = _telling(catalog)
        self._place = {facet.name: place for place, facet in enumerate(self._facets)}

    def tags(self, message: str, heard: str, named: Iterable[Place] = ()) -> Tags:
        """What the transformer says of a message; `named`: where the parser found items' titles in it."""
        hints = [*self._hints(HEARD, heard), *self._hints(MESSAGE, message)]
        hints += [Hint(MESSAGE, *place, (self._title,)) for place in named]
        return self._tagger.read(heard, message, self._vectors, hints)

    def decide(self, request: Request, state: TalkState) -> Request:
        """The request as the transformer sees it, in the light of what our side last said."""
        titles = [mention.span for mention in request.mentions if mention.span]
        tags = self.tags(request.message, state.heard, titles)
        kept = [new for one in request.constraints if (new := self._settled(one, request, tags)) is not None]
        spoken = [*(one.span for one in kept if one.span), *titles]
        found, described, unknown = self._found(request, tags, spoken)
        constraints = [*kept, *found]
        constraints += self._taken_up(state.heard, tags, {one.facet for one in constraints})
        held = {one.facet for one in constraints}
        dropped = [
            self._facets[place].name
            for place in np.flatnonzero(tags.dropped > self._sure.dropped).tolist()
            if place != self._title and self._facets[place].name not in held
        ]
        acts = request.acts
        if len(constraints) > len(kept) and not _SEARCH_ACTS & set(acts):
            acts = (*(act for act in acts if act is not Act.OUTSIDE), Act.FIND)
        return request.model_copy(
            update={
                "acts": acts,
                "constraints": tuple(sorted(constraints, key=lambda one: one.span or (0, 0))),
                "described": tuple(described),
                "unknown_titles": tuple(dict.fromkeys((*request.unknown_titles, *unknown))),
                "dropped": tuple(dict.fromkeys((*request.dropped, *dropped))),
                "text": _without(request.text, [one.words for one in found]),
            }
        )

    def _settled(self, one: Constraint, request: Request, tags: Tags) -> Constraint | None:
        """A constraint in the facet that is meant; None if its words speak of no facet."""
        if one.span is None or one.than or one.facet not in self._place:
            return one
        chances = tags.facet_of(one.span)
        if chances is None:
            return one
        own = float(chances[self._place[one.facet]])
        others = self._alternatives(one, request.message)
        best = max(others, key=lambda named: chances[self._place[named.facet]], default=None)
        if best is not None and chances[self._place[best.facet]] > own + self._sure.elsewhere:
            return one.model_copy(update={"facet": best.facet, "value": best.value})
        if self._may_be_nothing(one) and own < 1 - self._sure.nothing and chances[-1] > self._sure.nothing:
            return None
        return one

    def _alternatives(self, one: Constraint, message: str) -> list[Named]:
        """Values of other facets that a constraint's words name as well."""
        if one.operator not in (Operator.IS, Operator.IS_NOT) or not isinstance(one.value, str) or one.span is None:
            return []
        named = self._lexicon.all_named([token.form for token in _within(tokenize(message), one.span)])
        return [other for other in named if other.facet != one.facet and not other.leaning and other.facet in self._place]

    def _may_be_nothing(self, one: Constraint) -> bool:
        """True for values by their own name; a number or a vague word that was grounded speaks of something."""
        return one.operator is Operator.IS and isinstance(one.value, str) and one.confidence >= 0.5

    def _found(
        self, request: Request, tags: Tags, spoken: Sequence[Place]
    ) -> tuple[list[Constraint], list[Described], list[str]]:
        """What the transformer says is spoken of a facet, and the parser did not take: values, descriptions, titles."""
        constraints: list[Constraint] = []
        described: list[Described] = []
        unknown: list[str] = []
        taken = list(spoken)
        if {Act.DETAILS, Act.COMPARE} & set(request.acts):
            return constraints, described, unknown
        tokens = tokenize(request.message)
        for start, end, place, chance in tags.spans():
            span = _on_words(tokens, (start, end))
            if span is None or chance < self._sure.speaks or any(span[0] < b and a < span[1] for a, b in taken):
                continue
            said = request.message[slice(*span)]
            if all(token.form in FILLER for token in _within(tokens, span)):
                continue
            facet = self._facets[place]
            role = tags.role_of(span) or {}
            if place == self._title:
                unknown.append(said)
            elif (one := self._grounded(facet, span, request.message, tokens, chance)) is not None:
                refused = role.get("rejected", 0.0) > 0.5 and one.operator is Operator.IS
                constraints.append(one.model_copy(update={"operator": Operator.IS_NOT}) if refused else one)
            else:
                described.append(Described(facet=facet.name, words=said, span=span, confidence=round(chance, 2)))
            taken.append(span)
        return constraints, described, unknown

    def _grounded(
        self, facet: Column, span: Place, message: str, tokens: Sequence[Token], chance: float
    ) -> Constraint | None:
        """The constraint that words mean in a facet; None where it holds nothing like them."""
        said = message[slice(*span)]
        common = {"facet": facet.name, "words": said, "span": span}
        if facet.kind in _CATEGORY:
            named = self._lexicon.all_named([token.form for token in _within(tokens, span)])
            value = next((one.value for one in named if one.facet == facet.name), None) or self._alike(facet, said)
            sure = round(min(1.0, 0.5 + chance / 2), 2)
            if value is not None:
                return Constraint(operator=Operator.IS, value=value, confidence=sure, **common)
        if facet.kind in (Kind.NUMBER, Kind.DATE):
            return self._grounding.in_facet(facet.name, span, message)
        return None

    def _alike(self, facet: Column, said: str) -> str | None:
        """The facet's value that is spelt most like the words."""
        values = self._folded.get(facet.name)
        if values is None or len(said) < 4:
            return None
        found = process.extractOne(fold(said), values, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        column = self._catalog.column(facet.name)
        return column.values[found[2]] if found and isinstance(column, CategoryColumn) else None

    def _taken_up(self, heard: str, tags: Tags, told: set[str]) -> list[Constraint]:
        """Values that our side named and that the person takes up: 'yes' to 'shall I look in Oakland?'."""
        found: list[Constraint] = []
        tokens = tokenize(heard)
        for hint in self._hints(HEARD, heard):
            chances = tags.facet_of((hint.start, hint.end), HEARD)
            role = tags.role_of((hint.start, hint.end), HEARD)
            if chances is None or role is None or role["wanted"] < self._sure.taken_up or not hint.facets:
                continue
            place = max(hint.facets, key=lambda one: chances[one])
            facet = self._facets[place]
            if place == self._title or facet.name in told or chances[place] < self._sure.speaks:
                continue
            forms = [token.form for token in _within(tokens, (hint.start, hint.end))]
            value = next((one.value for one in self._lexicon.all_named(forms) if one.facet == facet.name), None)
            if value is not None:
                told.add(facet.name)
                words = heard[hint.start : hint.end]
                found.append(
                    Constraint(
                        facet=facet.name, operator=Operator.IS, value=value, words=words,
                        confidence=round(role["wanted"], 2),
                    )
                )  # fmt: skip
        return found

    def _hints(self, part: int, text: str) -> list[Hint]:
        """Where the catalog's values and numbers stand in a text: the longest runs first."""
        tokens = tokenize(text[:2000])
        forms = [token.form for token in tokens]
        found: list[Hint] = []
        at = 0
        while at < len(tokens):
            length, facets = self._named_at(forms, at)
            if length:
                found.append(Hint(part, tokens[at].start, tokens[at + length - 1].end, facets))
            elif forms[at][:1].isdigit() or forms[at] in NUMBER_WORDS:
                found.append(Hint(part, tokens[at].start, tokens[at].end, is_number=True))
            at += max(length, 1)
        return found

    def _named_at(self, forms: Sequence[str], at: int) -> tuple[int, tuple[int, ...]]:
        for length in range(min(_LONGEST_VALUE, len(forms) - at), 0, -1):
            named = self._lexicon.exactly(forms[at : at + length])
            facets = {self._place[one.facet] for one in named if one.facet in self._place and not one.leaning}
            if facets and not (length == 1 and forms[at] in FILLER):
                return length, tuple(sorted(facets))
        return 0, ()

    @property
    def _title(self) -> int:
        return len(self._facets) - 1

    @cached_property
    def _vectors(self) -> Matrix:
        return self._tagger.facet_vectors([_text_of(self._catalog, facet) for facet in self._facets])

    @cached_property
    def _folded(self) -> dict[str, list[str]]:
        columns = {facet.name: self._catalog.column(facet.name) for facet in self._facets if facet.kind in _CATEGORY}
        return {
            name: [fold(value) for value in column.values]
            for name, column in columns.items()
            if isinstance(column, CategoryColumn) and len(column.values) <= _MOST_VALUES
        }


def _telling(catalog: Catalog) -> list[Column]:
    """The facets that are told to the transformer, those that most items have first; the title is the last."""
    facets = sorted(catalog.schema.facets, key=lambda facet: -_coverage(catalog, facet))[:_MOST_FACETS]
    return [*facets, *catalog.schema.of_role(Role.TITLE)]


def _coverage(catalog: Catalog, facet: Column) -> float:
    column = catalog.column(facet.name)
    if isinstance(column, CategoryColumn):
        return float((np.diff(column.offsets) > 0).sum())
    return float(len(catalog)) if facet.kind is Kind.FLAG else float((~np.isnan(_numbers(column))).sum())


def _numbers(column: object) -> np.ndarray:
    return np.asarray(getattr(column, "values", None) if hasattr(column, "values") else column.days)  # type: ignore[attr-defined]


def _text_of(catalog: Catalog, facet: Column) -> str:
    label = facet.label or facet.name
    if facet.role is Role.TITLE:
        return facet_text(label, "name", catalog.titles[:3])
    if facet.kind in _CATEGORY:
        column = catalog.column(facet.name)
        assert isinstance(column, CategoryColumn)
        common = [column.values[i] for i in np.argsort(-column.counts, kind="stable")[:200].tolist()]
        kind = kind_of(common)
        return facet_text(label, kind, common[:_EXAMPLES] if kind == "category" else ())
    kinds = {Kind.NUMBER: "number", Kind.DATE: "date", Kind.FLAG: "yes or no"}
    return facet_text(label, kinds.get(facet.kind or Kind.FLAG, "text"))


def _within(tokens: Sequence[Token], place: Place) -> list[Token]:
    return [token for token in tokens if token.start < place[1] and token.end > place[0]]


def _on_words(tokens: Sequence[Token], place: Place) -> Place | None:
    inside = _within(tokens, place)
    return (inside[0].start, inside[-1].end) if inside else None


def _without(text: str, said: Sequence[str]) -> str:
    gone = {fold(word) for words in said for word in words.split()}
    return " ".join(word for word in text.split() if fold(word) not in gone) if gone else text
