"""What a message does to what was asked before: what it takes back, replaces, allows besides, or drops."""

from collections.abc import Iterable, Sequence

from shoptalk.agent.cues import Cues
from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.phrases import (
    ALLOWED_AFTER,
    ALSO_AFTER,
    ALSO_BEFORE,
    ANEW,
    EXCHANGE,
    LOW_HIGH,
    NO_MATTER,
    SWITCH,
    TAKE_BACK,
    TAKE_BACK_HELD,
    TAKEN_BACK,
)
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.state import TalkState, rest_of
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import DROP_CUES, FILLER
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Kind, Meaning

_TAKE_BACK, _TAKE_BACK_HELD, _TAKEN_BACK = Cues(TAKE_BACK), Cues(TAKE_BACK_HELD), Cues(TAKEN_BACK)
_DROP, _ANEW, _SWITCH = Cues((*DROP_CUES, *NO_MATTER)), Cues(ANEW), Cues(SWITCH)
_ALSO_BEFORE, _ALSO_AFTER, _ALLOWED = Cues(ALSO_BEFORE), Cues(ALSO_AFTER), Cues(ALLOWED_AFTER)
_EXCHANGE = Cues(EXCHANGE)
_OPENINGS = frozenset("no yes yeah ok okay well hmm hm and so then oh but nah nope please".split())
_LEAD_IN = frozenset(
    "the a an any being be it its to that this about having have of in with for my so really all".split()
)
_LISTED = frozenset({"and", "or", "nor"})
_JUST_BESIDES = frozenset({"too", "as well"})
_REACH = 5
_SPANNED = 0.5


class Taken:
    """What a message takes back: constraints and texts of the talk, whole facets, and what is left of a union."""

    def __init__(self) -> None:
        self.withdrawn: list[Constraint | str] = []
        self.dropped: list[str] = []
        self.left: list[Constraint] = []


class Carrying:
    """Reads what becomes of what was asked. It takes the words it understood."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon, grounding: Grounding) -> None:
        self._schema = catalog.schema
        self._lexicon = lexicon
        self._grounding = grounding

    def taken_back(self, sentence: Sentence, state: TalkState) -> Taken:
        """'Forget the price', 'it doesn't have to be funny', 'without the music then', 'any year', 'change X to Y'."""
        taken = Taken()
        forms = sentence.forms
        for at in range(len(sentence)):
            if not sentence.free(at):
                continue
            if length := _EXCHANGE.at(forms, at):
                self._exchanged(sentence, at, length, state, taken)
            elif length := _TAKE_BACK.at(forms, at):
                self._ahead(sentence, at, length, state, taken, only_held=False)
            elif length := _TAKE_BACK_HELD.at(forms, at):
                self._ahead(sentence, at, length, state, taken, only_held=True)
            elif length := _TAKEN_BACK.at(forms, at):
                self._behind(sentence, at, length, state, taken)
            elif length := _DROP.at(forms, at):
                self._labelled(sentence, at, length, taken)
        return taken

    def is_anew(self, sentence: Sentence) -> bool:
        """'Actually a western', 'instead ...', 'no wait': what is asked takes the place of what was."""
        forms = sentence.forms
        at, length = _ANEW.within(forms)
        if length and forms[at : at + 2] in (["instead", "of"], ["forget", "that"]) and forms[at + 2 : at + 3]:
            return False
        sentence.take(at, length)
        return bool(length) or forms[:1] == ["now"]

    def displaced(self, sentence: Sentence, new: Sequence[Constraint], state: TalkState) -> list[Constraint | str]:
        """What 'how about Italian then' replaces: the values that were asked of the same facet."""
        start = next((at for at, form in enumerate(sentence.forms) if form not in _OPENINGS), 0)
        length = _SWITCH.at(sentence.forms, start)
        sentence.take(start, length)
        if not length:
            return []
        spoken = {
            one.facet for one in new if one.operator in (Operator.IS, Operator.ANY_OF) and not self._adds(sentence, one)
        }
        return [
            old
            for old in state.constraints
            if old.facet in spoken
            and old.operator is not Operator.IS_NOT
            and not any(set(old.values) & set(one.values) for one in new if one.facet == old.facet)
        ]

    def united(
        self, sentence: Sentence, new: Iterable[Constraint], state: TalkState
    ) -> tuple[list[Constraint], list[Constraint | str]]:
        """The constraints with those that only widen what was asked ('or Italian', 'the 90s are fine too') as unions.

        The second list holds what was refused and is allowed again.
        """
        kept: list[Constraint] = []
        allowed: list[Constraint | str] = []
        for one in new:
            refused = [old for old in state.constraints if _refuses(old, one)]
            if refused and self._is_allowed(sentence, one):
                allowed += refused
                continue
            old = next((old for old in state.constraints if _can_unite(old, one)), None)
            if old is not None:
                kept.append(_union(old, one) if self._is_besides(sentence, one) else one)
            else:
                kept.append(one.model_copy(update={"must": False}) if self._only_allows(sentence, one) else one)
        return kept, allowed

    def _ahead(
        self, sentence: Sentence, at: int, length: int, state: TalkState, taken: Taken, *, only_held: bool
    ) -> None:
        place, found = at + length, False
        end = min(sentence.clause_end(at + length - 1), at + length + _REACH)
        while place < end:
            if sentence.forms[place] in _LEAD_IN or (found and sentence.forms[place] in _LISTED):
                place += 1
                continue
            reach = self._spoken_of(sentence, place, state, taken, only_held=only_held)
            if not reach and sentence.forms[place] in LOW_HIGH:  # 'forget the low mileage'
                place += 1
                continue
            if not reach:
                break
            if sentence.forms[place - 1] in LOW_HIGH:
                sentence.take(place - 1)
            sentence.take(place, reach)
            place, found = place + reach, True
        if found:
            sentence.take(at, length)

    def _behind(self, sentence: Sentence, at: int, length: int, state: TalkState, taken: Taken) -> None:
        begin = max(0, at - _REACH)
        if not sentence.starts_clause[at]:
            begin = max(place for place in range(at) if place == begin or sentence.starts_clause[place])
        for place in range(begin, at):
            if not sentence.free(place) or sentence.forms[place] in _LEAD_IN or sentence.refuses(place):
                continue
            reach = self._spoken_of(sentence, place, state, taken, only_held=False)
            if reach and place + reach <= at:
                sentence.take(place, reach)
                sentence.take(at, length)

    def _spoken_of(self, sentence: Sentence, at: int, state: TalkState, taken: Taken, *, only_held: bool) -> int:
        """How many words from here name something that can be taken back; it is noted as taken back."""
        forms = sentence.forms
        length, named = self._lexicon.longest(forms, at)
        facets, called = self._called(sentence, at)
        if length and length >= called:
            every = (*named, *self._lexicon.all_named(forms[at : at + length]))
            held = [c for c in state.constraints if any(_asks_for(c, one.facet, one.value) for one in every)]
            for one in held:
                taken.withdrawn.append(one)
                left = rest_of(one, {named.value for named in every})
                taken.left += [left] if left else []
            if held or not (only_held or called):
                return length
        if facets and not (only_held and not any(c.facet in facets for c in state.constraints)):
            taken.dropped += facets
            return called
        form = singular(forms[at])
        texts = [text for text in state.texts if form in {singular(word) for word in words(text)}]
        if texts and form not in FILLER:
            taken.withdrawn += texts
            return 1
        return 0

    def _called(self, sentence: Sentence, at: int) -> tuple[tuple[str, ...], int]:
        """The facets that the words from here call together ('screen size'), and how many words do."""
        facets: tuple[str, ...] = ()
        for length in range(1, min(4, len(sentence) - at + 1)):
            more = self._grounding.facets_called(sentence.forms[at + length - 1])
            both = tuple(one for one in facets if one in more) if facets else more
            if not both:
                return facets, length - 1
            facets = both
        return facets, min(3, len(sentence) - at) if facets else 0

    def _labelled(self, sentence: Sentence, at: int, length: int, taken: Taken) -> None:
        """'Any price': only facets can be dropped by these words, for 'any comedies?' asks for comedies."""
        for place in range(at + length, min(at + length + 2, len(sentence))):
            facets, called = self._called(sentence, place)
            if facets and sentence.free(place, called) and not sentence.starts_clause[place]:
                taken.dropped += facets
                sentence.take(at, place - at + called)
                return

    def _exchanged(self, sentence: Sentence, at: int, length: int, state: TalkState, taken: Taken) -> None:
        """'Change Italian to French': what stands before 'to' is taken back."""
        links = EXCHANGE[" ".join(sentence.forms[at : at + length])]
        end = min(sentence.clause_end(at + length - 1), at + length + _REACH + 1)
        link = next((i for i in range(at + length, end) if sentence.forms[i] in links), None)
        if link is None:
            return
        for place in range(at + length, link):
            if sentence.free(place) and sentence.forms[place] not in _LEAD_IN:
                self._spoken_of(sentence, place, state, taken, only_held=False)
        sentence.take(at, link - at + 1)

    def _adds(self, sentence: Sentence, one: Constraint) -> bool:
        """'What about with a pool?' asks for more, not for something else."""
        facet = self._schema.facet(one.facet)
        return facet.kind is Kind.FLAG or facet.meaning is Meaning.KEYWORD

    def _is_besides(self, sentence: Sentence, one: Constraint) -> bool:
        first, past = _words_of(sentence, one)
        before, after = _ALSO_BEFORE.ending(sentence.forms, first), _ALSO_AFTER.at(sentence.forms, past)
        begins = first - before == 0 or sentence.starts_clause[first - before] if before else False
        if before and (begins or sentence.forms[first - before] != "or"):
            return True
        said = " ".join(sentence.forms[past : past + after])
        many = self._schema.facet(one.facet).kind is Kind.CATEGORIES
        return bool(after) and not (many and said in _JUST_BESIDES)

    def _only_allows(self, sentence: Sentence, one: Constraint) -> bool:
        """'Diesel is fine too' where no fuel was asked for: it may be, and need not."""
        _, past = _words_of(sentence, one)
        said = sentence.forms[past : past + _ALSO_AFTER.at(sentence.forms, past)]
        return bool({"fine", "ok", "okay", "good", "work", "works", "do"} & set(said)) and one.operator in (
            Operator.IS,
            Operator.ANY_OF,
        )

    def _is_allowed(self, sentence: Sentence, one: Constraint) -> bool:
        _, past = _words_of(sentence, one)
        return bool(_ALLOWED.at(sentence.forms, past)) or self._is_besides(sentence, one)


def _words_of(sentence: Sentence, one: Constraint) -> tuple[int, int]:
    """First and past-the-end word of a constraint, the article before it included."""
    start, end = one.span or (0, 0)
    inside = [i for i, token in enumerate(sentence.tokens) if start <= token.start < end]
    if not inside:
        return 0, 0
    first = inside[0]
    while first and sentence.forms[first - 1] in ("the", "a", "an", "in", "from"):
        first -= 1
    return first, inside[-1] + 1


def _asks_for(held: Constraint, facet: str, value: object) -> bool:
    return held.facet == facet and held.operator is not Operator.IS_NOT and value in held.values


def _refuses(held: Constraint, new: Constraint) -> bool:
    is_value = new.operator in (Operator.IS, Operator.ANY_OF)
    return (
        held.facet == new.facet
        and held.operator is Operator.IS_NOT
        and is_value
        and bool({*held.values} & {*new.values})
    )


def _can_unite(old: Constraint, new: Constraint) -> bool:
    """Two values or ranges of one facet; a bound and a value have no union."""
    if old.facet != new.facet or isinstance(new.value, bool):
        return False
    return {old.operator, new.operator} <= {Operator.IS, Operator.ANY_OF, Operator.BETWEEN}


def _union(old: Constraint, new: Constraint) -> Constraint:
    """Either of both. With a range it is the one that spans both; where they do not touch, that is an assumption."""
    if Operator.BETWEEN in (old.operator, new.operator):
        edges = sorted((*old.values, *new.values), key=lambda edge: (isinstance(edge, str), edge))
        gap = min(_number(one) for one in (max(map(_number, old.values)), max(map(_number, new.values))))
        touches = max(min(map(_number, old.values)), min(map(_number, new.values))) <= gap + 1
        confidence = new.confidence if touches else min(new.confidence, _SPANNED)
        span = (edges[0], edges[-1])
        return _with(new, operator=Operator.BETWEEN, value=span, confidence=confidence, must=old.must)
    values = tuple(dict.fromkeys((*old.values, *new.values)))
    return _with(new, value=values, operator=Operator.ANY_OF, must=old.must) if len(values) > 1 else new


def _number(edge: object) -> float:
    """An edge of a range by which ranges are compared; of a date its year and day in order."""
    return float(edge) if isinstance(edge, int | float) else float(str(edge).replace("-", ""))


def _with(one: Constraint, **update: object) -> Constraint:
    return Constraint.model_validate(one.model_dump() | update)
