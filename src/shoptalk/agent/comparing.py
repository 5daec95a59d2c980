"""What is measured against an item or against the rest: 'cheaper than the first', 'the same director', 'the longest',
'not too expensive'."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.adjectives import base_of
from shoptalk.agent.grounding import Grounding, Scale, among_passing
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.naming import Naming
from shoptalk.agent.phrases import COMPARED, EXTREME_PAIRS, EXTREMES, FACTORS, LOW_HIGH, SLIGHTLY
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.state import TalkState
from shoptalk.agent.tokens import singular
from shoptalk.agent.words import COMPARATIVES, FILLER, IDLE, NUMBER_WORDS, SUPERLATIVES, VAGUE, VAGUE_PAIRS
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Constraint, Operator, Value
from shoptalk.retrieval.schema import Meaning

_ASSUMED, _VAGUE_SHARE = 0.5, 0.3
_MOST_PICKS = 20
_MORE_LIKE = {
    "more recent": "newer",
    "less expensive": "cheaper",
    "more expensive": "pricier",
    "less pricey": "cheaper",
    "more affordable": "cheaper",
    "more modern": "newer",
    "higher rated": "better",
    "better rated": "better",
    "better reviewed": "better",
    "lower rated": "worse",
    "lower priced": "cheaper",
    "higher priced": "pricier",
}
_NEAR = frozenset({"closer", "close", "near", "nearer", "similar"})
_BEFORE_LABEL = frozenset({"the", "amount", "number", "of", "a", "in", "overall", "possible"})
_OF_TIME = frozenset({"later", "earlier"})
_MEASURED_BY = frozenset(
    "a an something anything some much bit slightly one ones little even any or far somewhat".split()
)
_YEARS_OLD = ("year", "years", "yr", "month", "months")

Mask = NDArray[np.bool_]


class Comparing:
    """Finds comparatives, superlatives and vague words in a sentence. It takes the words it understood."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon, grounding: Grounding, naming: Naming) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self._grounding = grounding
        self._naming = naming

    def shared(self, sentence: Sentence, state: TalkState) -> list[Constraint]:
        """What is to be as it is with an item: 'same director as the first', 'half the price', 'closer in price'."""
        found = []
        for at, form in enumerate(sentence.forms):
            if form in ("less", "more"):
                self._take_anchor(sentence, at, state)
            if form not in FACTORS and form not in _NEAR and form != "same":
                continue
            facets, length = self._called(sentence, at + 1)
            anchor, span = self._anchor(sentence, at + length + 1, state) if facets else (None, 0)
            if anchor is None or not sentence.free(at, length + span + 1):
                continue
            wanted = [one for facet in facets if (one := self._as_of(sentence, at, length + span + 1, facet, anchor))]
            if wanted:
                sentence.take(at, length + span + 1)
                found.append(wanted[0])
        return found

    def _take_anchor(self, sentence: Sentence, at: int, state: TalkState) -> None:
        """'Less violent than the third': the value says what is wanted, and the item has no part in it."""
        length, _ = self._lexicon.longest(sentence.forms, at + 1) if at + 1 < len(sentence) else (0, ())
        anchor, span = self._naming.anchor(sentence, at + 1 + length, state) if length else (None, 0)
        if anchor and sentence.forms[at + 1 + length] == "than":
            sentence.take(at + 1 + length, span)

    def relatives(self, sentence: Sentence, state: TalkState) -> tuple[list[Constraint], list[str]]:
        """Comparatives against an item on the table or a named one: 'cheaper than the first', 'older ones', 'too long'.

        The second list holds the words for which the catalog has no facet.
        """
        found: list[Constraint] = []
        unheld: list[str] = []
        for at in range(len(sentence)):
            scale, length, less = self._labelled(sentence, at)
            word = ""
            if scale is None:
                word, length = _comparative_at(sentence, at)
                known = bool(word) and self._grounding.scale_of(COMPARATIVES[word][0]) is not None
                measured = None if known else self._more_of(sentence, at)
                if measured is not None:
                    scale, length, less = measured
                    word = ""
                elif not word and self._is_other_comparative(sentence, at):
                    unheld += self._without_facet(sentence, at, state)
            if (scale is None and not word) or not sentence.free(at, length):
                continue
            anchor, span = self._naming.anchor(sentence, at + length, state)
            anchor = anchor or self._naming.subject(state)
            if scale is None:
                meanings, less = COMPARATIVES[word]
                scale = self._grounding.scale_of(meanings)
            if scale is None:
                if word not in IDLE:
                    unheld.append(sentence.text(at, length))
                    sentence.take(at, length + span)
                continue
            constraint = self._than(sentence, at, length + span, scale, anchor, less)
            if constraint:
                found.append(constraint)
                sentence.take(at, length + span)
        return found, unheld

    def _more_of(self, sentence: Sentence, at: int) -> tuple[Scale, int, bool] | None:
        """'Taller', 'more powerful', 'less bitter', where a number of the catalog tells it; no bound such as 'taller
        than 30 cm', which is read as a number."""
        form, after = sentence.pair(at)
        paired = form in ("more", "less") and after != "than"
        base = after if paired else base_of(form, "er")
        measured = self._grounding.scale_measuring(base) if base else None
        length = 2 if paired else 1
        past = at + length
        if measured is None or (sentence.forms[past : past + 1] == ["than"] and _is_number_next(sentence, past + 1)):
            return None
        scale, less = measured
        return scale, length, less != (form == "less")

    def superlatives(
        self,
        sentence: Sentence,
        so_far: Sequence[Constraint],
        state: TalkState,
        *,
        count: int,
        is_open: Callable[[], bool],
    ) -> tuple[list[Constraint], list[str]]:
        """'The cheapest', 'the two longest', 'most alcohol': MOST or LEAST of a facet with an order.

        The second list holds the words for which the catalog has no facet.

        `count`: how many picks are wanted. `is_open` tells, once the words of a superlative are taken, whether more is
        wanted that no facet holds: then 'the cheapest' is not that of all that passes, but is measured against the
        table, or only leaned to where nothing was shown yet.
        """
        found: list[Constraint] = []
        unheld: list[str] = []
        for at in range(len(sentence)):
            scale, length, low = self._extreme_at(sentence, at)
            if scale is None and length > 1 and sentence.free(at, length):
                unheld.append(sentence.text(at, length))
                sentence.take(at, length)
            if scale is None or not sentence.free(at, length) or sentence.negated[at]:
                continue
            operator = Operator.LEAST if low else Operator.MOST
            if any(one.facet == scale.facet.name and one.is_superlative for one in (*so_far, *found)):
                continue
            many = self._how_many(sentence, at, length, count)
            sentence.take(at, length)
            opens = is_open()
            on_table = scale.values[self._catalog.rows(state.table)] if opens else np.empty(0)
            held = on_table[~np.isnan(on_table)]
            value: Value = float(many)
            if len(held):
                operator = Operator.AT_MOST if low else Operator.AT_LEAST
                value = scale.spoken(float(held.min() if low else held.max()))
            must = bool(len(held)) or not opens
            found.append(_constraint(sentence, at, length, scale.facet.name, operator, value, must=must))
        return found, unheld

    def vague(self, sentence: Sentence, so_far: Sequence[Constraint], said: Sequence[Constraint]) -> list[Constraint]:
        """Soft ranges from the distribution among what passes `so_far`: 'cheap', 'recent', 'not too long'.

        A facet of which the message itself has `said` more is left alone; a limit held before is narrowed.
        """
        found = []
        among = among_passing(self._catalog, so_far)
        for at in range(len(sentence)):
            open_here = sentence.free(at) and not sentence.released[at]
            constraint = self._vague_at(sentence, at, among) if open_here else None
            if constraint and all(constraint.facet != other.facet for other in said):
                found.append(constraint)
        return found

    def _called(self, sentence: Sentence, at: int) -> tuple[tuple[str, ...], int]:
        """The facets that the words from here call together, and the words up to the end of their name."""
        facets: tuple[str, ...] = ()
        place = at
        while place < len(sentence) and place < at + 6:
            form = sentence.forms[place]
            more = self._grounding.facets_called(form) if len(form) > 2 else ()
            both = tuple(one for one in facets if one in more) if facets else more
            if (facets and not both) or (not facets and not more and form not in _BEFORE_LABEL):
                break
            facets = both
            place += 1
        return facets, place - at if facets else 0

    def _scale_called(self, sentence: Sentence, at: int) -> tuple[Scale | None, int]:
        facets, length = self._called(sentence, at)
        held = [scale for scale in self._grounding.scales if scale.facet.name in facets]
        return max(held, key=lambda scale: scale.coverage, default=None), length

    def _anchor(self, sentence: Sentence, at: int, state: TalkState) -> tuple[str | None, int]:
        """The item that something is to be the same as; the one spoken of where none is named."""
        anchor, span = self._naming.anchor(sentence, at, state)
        return (anchor, span) if anchor else (self._naming.subject(state), 0)

    def _as_of(self, sentence: Sentence, at: int, length: int, facet: str, anchor: str) -> Constraint | None:
        """The item's own value of the facet, or a multiple of it."""
        held = self._catalog.value(self._catalog.row(anchor), facet)
        form, must = sentence.forms[at], sentence.forms[at] not in _NEAR
        if held is None:
            return None
        operator, value = Operator.IS, held
        if isinstance(held, tuple):
            operator = Operator.ANY_OF if len(held) > 1 else Operator.IS
            value = held if len(held) > 1 else held[0]
        elif isinstance(held, float) and not isinstance(held, bool):
            times = FACTORS.get(form)
            operator = Operator.ABOUT if times is None else Operator.AT_MOST if times < 1 else Operator.AT_LEAST
            value = round(held * (times or 1.0), 6)
        elif form in FACTORS:
            return None
        return _constraint(sentence, at, length, facet, operator, value, must=must, than=anchor, confidence=1.0)

    def _labelled(self, sentence: Sentence, at: int) -> tuple[Scale | None, int, bool]:
        """'Lower price', 'more bedrooms', 'longer battery life': the facet, the words, and whether less is wanted."""
        less, before = COMPARED.get(sentence.forms[at]), sentence.forms[max(0, at - 1)]
        if less is None or sentence.pair(at)[1] in ("than", "of") or before in ("no", "not", "or"):
            return None, 0, False
        scale, length = self._scale_called(sentence, at + 1)
        if scale is None or any(_is_number(form) for form in sentence.forms[at + length + 1 : at + length + 4]):
            return None, 0, False
        if sentence.forms[at] == "better" and scale.facet.meaning is Meaning.PRICE:
            less = True
        return scale, length + 1, less

    def _extreme_at(self, sentence: Sentence, at: int) -> tuple[Scale | None, int, bool]:
        """The facet of which the most or the least is wanted, the words that say so, and whether it is the least."""
        form = sentence.forms[at]
        if pair := EXTREME_PAIRS.get(sentence.pair(at)):
            return self._grounding.scale_of([Meaning(pair[0])]), 2, pair[1]
        if at and sentence.forms[at - 1] == "at":
            return None, 0, False
        if form == "as" and sentence.forms[at + 2 : at + 4] == ["as", "possible"] and sentence.pair(at)[1] in VAGUE:
            meanings, less, _ = VAGUE[sentence.pair(at)[1]]
            return self._grounding.scale_of(meanings), 4, less
        plain = SUPERLATIVES.get(form)
        low = plain[1] if plain else EXTREMES.get(form)
        if low is None:
            return self._most_of(sentence, at) or (None, 0, False)
        scale, length = self._scale_called(sentence, at + 1)
        if scale is not None and not any(_is_number(one) for one in sentence.forms[at + length + 1 : at + length + 3]):
            turned = form == "best" and scale.facet.meaning in (Meaning.PRICE, Meaning.WEIGHT)
            return scale, length + 1, not low if turned else low
        known = self._grounding.scale_of(plain[0]) if plain else None
        if known is not None:
            return known, 1, low
        return self._most_of(sentence, at) or ((None, 1, low) if plain else (None, 0, False))

    def _most_of(self, sentence: Sentence, at: int) -> tuple[Scale, int, bool] | None:
        """'The tallest', 'most powerful', 'best paid', where a number of the catalog tells it."""
        form, after = sentence.pair(at)
        paired = form in ("most", "least", "best", "highest", "worst", "lowest")
        base = after if paired else base_of(form, "est")
        measured = self._grounding.scale_measuring(base) if base else None
        if measured is None:
            return None
        scale, less = measured
        return scale, 2 if paired else 1, less != (form in ("least", "worst", "lowest"))

    def _how_many(self, sentence: Sentence, at: int, length: int, count: int) -> int:
        """How many are meant: as many as are said; one of 'the cheapest laptop'; else as many as are shown."""
        around = (*sentence.forms[max(0, at - 1) : at], *sentence.forms[at + length : at + length + 1])
        said = next((number for form in around if (number := _count_of(form))), 0)
        if said > 1:
            return min(said, _MOST_PICKS)
        after = sentence.forms[at + length : sentence.clause_end(at + length - 1)]
        begin = at
        while begin and not sentence.starts_clause[begin]:
            begin -= 1
        if "one" in after or {"a", "an"} & set(sentence.forms[begin:at]):
            return 1
        kinds = [form for form in after if form not in FILLER and not _is_number(form)]
        return 1 if kinds and all(singular(form) == form for form in kinds) else count

    def _is_other_comparative(self, sentence: Sentence, at: int) -> bool:
        form, after = sentence.pair(at)
        if after != "than" or form in COMPARATIVES or _is_number_next(sentence, at + 2):
            return False
        return len(form) > 4 and form.endswith("er") and sentence.free(at)

    def _without_facet(self, sentence: Sentence, at: int, state: TalkState) -> list[str]:
        """'Quieter than the first': no number tells it; the word may still name a quality ('darker' a mood)."""
        _, span = self._naming.anchor(sentence, at + 1, state)
        sentence.take(at + 1, max(span, 1))
        if self._lexicon.longest(sentence.forms, at)[0]:
            return []
        sentence.take(at)
        return [sentence.text(at, 1)]

    def _than(
        self, sentence: Sentence, at: int, length: int, scale: Scale, anchor: str | None, less: bool
    ) -> Constraint | None:
        is_slight = bool(set(sentence.forms[max(0, at - 2) : at]) & SLIGHTLY)
        if anchor is not None:
            value = float(scale.values[self._catalog.row(anchor)])
            if np.isnan(value):
                return None
            operator = Operator.LESS_THAN if less else Operator.MORE_THAN
            if sentence.refuses(at):  # 'but not more expensive'
                operator = Operator.AT_LEAST if less else Operator.AT_MOST
        else:
            share = scale.at_share(0.4 if less else 0.6, self._catalog.available())
            if share is None:
                return None
            operator, value = (Operator.AT_MOST if less else Operator.AT_LEAST), share
        return _constraint(
            sentence, at, length, scale.facet.name, operator, scale.spoken(value),
            must=anchor is not None and not is_slight, than=anchor, confidence=1.0 if anchor else _ASSUMED,
        )  # fmt: skip

    def _vague_at(self, sentence: Sentence, at: int, among: Mask) -> Constraint | None:
        pair = sentence.pair(at)
        length = 2 if pair in VAGUE_PAIRS else 1
        held = VAGUE_PAIRS.get(pair) or VAGUE.get(pair[0])
        scale, low, share = None, False, _VAGUE_SHARE
        if length == 1 and pair[0] in LOW_HIGH:
            scale, called = self._scale_called(sentence, at + 1)
            low, length = LOW_HIGH[pair[0]], 1 + called if scale else 1
        if scale is None and held is not None:
            meanings, low, share = held
            scale = self._grounding.scale_of(meanings)
        of_another = pair[0] in ("low", "high") and pair[1] not in FILLER and bool(pair[1])  # 'low maintenance'
        if scale is None and not of_another and (measured := self._grounding.scale_measuring(pair[0])):
            scale, low = measured
        elif scale is None and pair[0] in ("well", "highly") and (measured := self._grounding.scale_measuring(pair[1])):
            (scale, low), length = measured, 2
        if scale is None or _names_kind(sentence, at, length):
            return None
        negated = sentence.negated[at]
        too_much = at > 0 and sentence.forms[at - 1] == "too" and not sentence.starts_clause[at]
        if negated or too_much:  # 'not tall', 'too tall', 'not too tall' all turn it round
            low, share = not low, 1.0 - share
        edge = scale.at_share(share if low else 1.0 - share, among)
        if edge is None:
            return None
        sentence.take(at, length)
        operator = Operator.AT_MOST if low else Operator.AT_LEAST
        return _constraint(sentence, at, length, scale.facet.name, operator, scale.spoken(edge), must=negated)


def _constraint(
    sentence: Sentence, at: int, length: int, facet: str, operator: Operator, value: Value, *, must: bool, **more: Any
) -> Constraint:
    """A constraint with the words that gave it; assumed, unless a confidence is given."""
    span = sentence.span(at, length)
    confidence = 1.0 if operator in (Operator.MOST, Operator.LEAST) else _ASSUMED
    told: dict[str, Any] = {"confidence": confidence, "words": sentence.message[slice(*span)], "span": span}
    return Constraint.model_validate({"facet": facet, "operator": operator, "value": value, "must": must} | told | more)


def _comparative_at(sentence: Sentence, at: int) -> tuple[str, int]:
    form = sentence.forms[at]
    pair = " ".join(sentence.pair(at))
    if pair in _MORE_LIKE:
        return _MORE_LIKE[pair], 2
    if form == "too" and not sentence.negated[at] and not _judges_number(sentence, at):
        turned = VAGUE.get(sentence.pair(at)[1])
        mended = _opposite(turned[0][0], low=turned[1]) if turned else ""
        return (mended, 2) if mended else ("", 0)
    is_bound = sentence.pair(at)[1] == "than" and _is_number_next(sentence, at + 2)
    is_bound = is_bound or (sentence.forms[max(0, at - 1)] == "or" and at > 1 and _is_number_next(sentence, at - 2))
    is_bound = is_bound or (form in _OF_TIME and _is_adverb(sentence, at))
    return (form, 1) if form in COMPARATIVES and not is_bound else ("", 0)


def _is_adverb(sentence: Sentence, at: int) -> bool:
    """'Maybe later', 'later today': when something is done, and not 'something later', 'later ones', 'later than'."""
    before, after = sentence.forms[at - 1] if at else "", sentence.pair(at)[1]
    return len(sentence) > 1 and before not in _MEASURED_BY and after not in ("than", "one", "ones")


def _names_kind(sentence: Sentence, at: int, length: int) -> bool:
    """'New York', 'a big fan', 'long time', 'a 5 year old': the word belongs to the next one, or to the last."""
    after = sentence.forms[at + length] if at + length < len(sentence) else ""
    if at and (sentence.forms[at - 1] in _YEARS_OLD or (sentence.forms[at - 1], after) == ("as", "as")):
        return True
    return after in ("fan", "time", "ago", "search", "york", "orleans", "deal", "bit", "world") or sentence.taken[at]


def _judges_number(sentence: Sentence, at: int) -> bool:
    """'Heavier than 200 grams is too heavy': what is too heavy is said."""
    begin = at
    while begin and not sentence.starts_clause[begin]:
        begin -= 1
    linked = at > 0 and sentence.forms[at - 1] in ("is", "are", "be", "seems", "sounds", "thats")
    return linked and any(form[:1].isdigit() for form in sentence.forms[begin:at])


def _is_number(form: str) -> bool:
    return form[:1].isdigit() or (form in NUMBER_WORDS and form != "one")


def _count_of(form: str) -> int:
    return int(form) if form.isdecimal() and len(form) < 3 else int(NUMBER_WORDS.get(form, 0))


def _is_number_next(sentence: Sentence, at: int) -> bool:
    """True where 'than' is followed by a number and not by an item: 'longer than 90 minutes'."""
    follows = sentence.forms[at] if at < len(sentence) else ""
    return follows[:1].isdigit() or follows in ("two", "three", "an", "half")


def _opposite(meaning: Meaning, *, low: bool) -> str:
    """The comparative that mends 'too long': 'shorter'; empty where there is none, as for 'too popular'."""
    mending = (word for word, (meanings, less) in COMPARATIVES.items() if meanings[0] is meaning and less is not low)
    return next(mending, "")
