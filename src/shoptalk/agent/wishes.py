"""What a message asks of the facets: values, numbers, vague words and comparatives, as constraints and preferences."""

import re
from collections.abc import Sequence

import numpy as np

from shoptalk.agent.dates import read_days
from shoptalk.agent.grounding import Grounding, Scale, among_passing
from shoptalk.agent.lexicon import Lexicon, Named
from shoptalk.agent.naming import Naming
from shoptalk.agent.quantities import Bound, read_quantities
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.state import TalkState
from shoptalk.agent.tokens import words
from shoptalk.agent.words import (
    COMPARATIVES,
    DEGREES,
    DROP_CUES,
    FEELING,
    IDLE,
    QUESTIONS,
    SUPERLATIVES,
    VAGUE,
    VAGUE_PAIRS,
)
from shoptalk.retrieval.catalog import Catalog, CategoryColumn
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Kind, Meaning, Role

_ASSUMED = 0.5
_SUPERLATIVE_ITEMS = 8
_SPARSE = 0.3
_LESS_THAN_THIS = frozenset({"less", "too"})
_MORE_LIKE = {
    "more recent": "newer",
    "less expensive": "cheaper",
    "more expensive": "pricier",
    "less pricey": "cheaper",
    "more modern": "newer",
}
_HAVING = frozenset(
    "with has have having need needs must includes including contains offers featuring requires".split()
)
_MAKERS = frozenset({"by", "directed", "director", "from", "written"})
_PLAYERS = frozenset({"starring", "with", "actor", "actress", "featuring", "stars"})
_MAKER_LABELS = re.compile(r"direct|author|artist|writer|creator|maker")
_PLAYER_LABELS = re.compile(r"cast|actor|star|performer")
_ITEM_WORDS = frozenset(
    """film films movie movies one ones options option picks pick suggestions suggestion
    recommendations recommendation results
    ideas     products items hotels things titles more of""".split()
)
_COUNT_CUES = frozenset({"top", "give", "show", "only", "just", "me", "list", "recommend", "suggest", "exactly"})
_MOST_PICKS = 20


class Wishes:
    """Finds constraints in a sentence. It takes the words it understood."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon, grounding: Grounding, naming: Naming) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self._grounding = grounding
        self._naming = naming

    def dropped(self, sentence: Sentence) -> tuple[str, ...]:
        """Facets that no longer matter: 'any price', 'forget the genre', 'the year doesn't matter'."""
        found: list[str] = []
        for at in range(len(sentence)):
            length = sentence.follows(at, DROP_CUES)
            if not length:
                continue
            backward = sentence.forms[at].startswith(("doesnt", "does", "not", "whatever"))
            places = range(max(0, at - 2), at) if backward else range(at + length, min(at + length + 2, len(sentence)))
            for place in places:
                facets = self._grounding.facets_called(sentence.forms[place])
                if facets and sentence.free(place):
                    found += facets
                    sentence.take(min(place, at), abs(place - at) + (length if backward else 1))
                    sentence.take(at, length)
        return tuple(dict.fromkeys(found))

    def values(self, sentence: Sentence) -> list[Constraint]:
        """Facet values named in the message, with polarity and strength."""
        found: list[tuple[int, int, Constraint]] = []
        for at in range(len(sentence)):
            length, named = self._free_run(sentence, at)
            if not length:
                continue
            if self._own_mood(sentence, at, named):
                sentence.take(at, length)
                continue
            roles = self._by_role(sentence, at, length, named)
            if any(sentence.negated[at : at + length]):
                roles = (*roles, *(more for one in roles for more in self._stronger(one)))
            found += [(at, length, self._value(sentence, at, length, one)) for one in roles]
            sentence.take(at, length)
        return _alternatives(sentence, found, self._catalog)

    def settle_sparse(
        self, values: list[Constraint], others: Sequence[Constraint], *, is_open: bool
    ) -> list[Constraint]:
        """The values, with those of facets that few items have as wishes where something else is wanted too.

        'External hard drive' wants a drive, not one of the three cables of the shop that are marked external; in 'a
        laptop under 500' the kind of product is all that was said, and is meant, unless nothing meets it with the rest.
        """
        if not is_open and self._catalog.passing([one for one in (*values, *others) if one.must]).any():
            return values
        return [one.model_copy(update={"must": False}) if self._is_sparse(one) else one for one in values]

    def quantities(self, sentence: Sentence) -> list[Constraint]:
        """Numbers with the facet they speak of. A must, unless softened."""
        found = self._days(sentence)
        for said in read_quantities(sentence.message):
            inside = [i for i, t in enumerate(sentence.tokens) if said.start <= t.start < said.end]
            if not inside or any(sentence.taken[i] for i in inside) or self._is_count(sentence, inside, said.bound):
                continue
            constraint = self._grounding.quantity(said, sentence.tokens, sentence.message)
            if constraint is None:
                continue
            sentence.take_span(said.start, said.end)
            self._take_label(sentence, inside, constraint.facet)
            found.append(constraint.model_copy(update={"must": not sentence.softened[inside[-1]]}))
        return found

    def _days(self, sentence: Sentence) -> list[Constraint]:
        """Days with the facet they speak of: 'on March 5', 'before 2019-03-05'."""
        found = []
        for said in read_days(sentence.message):
            inside = [i for i, t in enumerate(sentence.tokens) if said.start <= t.start < said.end]
            constraint = self._grounding.day(said, sentence.tokens, sentence.message)
            if constraint is None or not inside or any(sentence.taken[i] for i in inside):
                continue
            sentence.take_span(said.start, said.end)
            self._take_label(sentence, inside, constraint.facet)
            found.append(constraint.model_copy(update={"must": not sentence.softened[inside[-1]]}))
        return found

    def relatives(self, sentence: Sentence, state: TalkState) -> tuple[list[Constraint], list[str]]:
        """Comparatives against an item on the table or a named one: 'cheaper than the first', 'older ones', 'too long'.

        The second list holds the words for which the catalog has no facet.
        """
        found: list[Constraint] = []
        unheld: list[str] = []
        for at in range(len(sentence)):
            word, length = self._comparative_at(sentence, at)
            if not word and self._is_other_comparative(sentence, at):
                unheld += self._without_facet(sentence, at, state)
            if not word or not sentence.free(at, length):
                continue
            anchor, span = self._naming.anchor(sentence, at + length, state)
            anchor = anchor or self._naming.subject(state)
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

    def vague(
        self, sentence: Sentence, so_far: Sequence[Constraint], state: TalkState, *, is_open: bool
    ) -> list[Constraint]:
        """Soft ranges from the catalog's own distribution ('cheap', 'recent', 'not too long') and superlatives.

        `is_open`: something is wanted that no facet holds, so 'the cheapest' is not that of all that passes: it is
        measured against the table, or only leaned to where nothing was shown yet.
        """
        found = []
        among = among_passing(self._catalog, so_far)
        for at in range(len(sentence)):
            if not sentence.free(at):
                continue
            if sentence.forms[at] in SUPERLATIVES:
                constraint = self._superlative(sentence, at, among, state, is_open=is_open)
            else:
                constraint = self._vague_at(sentence, at, among)
            if constraint and all(constraint.facet != other.facet for other in so_far):
                found.append(constraint)
        return found

    def count(self, sentence: Sentence) -> int | None:
        """How many picks are wanted, if the message says so; its words are taken."""
        for said in read_quantities(sentence.message):
            inside = [i for i, t in enumerate(sentence.tokens) if said.start <= t.start < said.end]
            if inside and sentence.free(inside[0]) and self._is_count(sentence, inside, said.bound):
                sentence.take(inside[0], len(inside))
                return int(min(max(said.value, 1), _MOST_PICKS))
        return None

    def asked(self, sentence: Sentence) -> tuple[str, ...]:
        """The facets that a question asks for: 'who directed it', 'how long is the second one'."""
        found: list[str] = []
        for at, form in enumerate(sentence.forms):
            meanings = QUESTIONS.get(" ".join(sentence.pair(at))) or QUESTIONS.get(form, ())
            scale = self._grounding.scale_of(meanings)
            found += (
                [scale.facet.name] if scale else [f.name for m in meanings for f in self._catalog.schema.by_meaning(m)]
            )
            compared = SUPERLATIVES.get(form) or COMPARATIVES.get(form)
            if compared and (scale := self._grounding.scale_of(compared[0])):
                found.append(scale.facet.name)
            if len(form) > 4:
                found += [f.name for f in self._catalog.schema.facets if _same_stem(form, f.label)]
            if sentence.free(at):  # 'what time', and the phone numbers that are no facet
                schema = self._catalog.schema
                found += [f.name for f in schema.facets if form == f.label]
                found += [c.name for c in schema.of_role(Role.TEXT) if len(form) > 4 and _same_stem(form, c.label)]
        return tuple(dict.fromkeys(found))

    def _free_run(self, sentence: Sentence, at: int) -> tuple[int, tuple[Named, ...]]:
        if not sentence.free(at) or sentence.cue[at]:
            return 0, ()
        length, named = self._lexicon.longest(sentence.forms, at)
        return (length, named) if sentence.free(at, length) else (0, ())

    def _by_role(self, sentence: Sentence, at: int, length: int, named: tuple[Named, ...]) -> tuple[Named, ...]:
        """'by' and 'starring' tell in which facet a person is meant."""
        before = set(sentence.forms[max(0, at - 2) : at])
        wanted = _MAKER_LABELS if before & _MAKERS else _PLAYER_LABELS if before & _PLAYERS else None
        if wanted is None or len(named) != 1 or self._meaning(named[0].facet) is not Meaning.PERSON:
            return named
        same = [one for one in self._lexicon.all_named(words(str(named[0].value))) if one.value == named[0].value]
        fitting = [one for one in same if wanted.search(one.facet.casefold())]
        return (fitting[0],) if fitting else named

    def _value(self, sentence: Sentence, at: int, length: int, one: Named) -> Constraint:
        span = sentence.span(at, length)
        before = sentence.forms[at - 1] if at else ""
        softly = one.leaning or sentence.softened[at] or self._is_mood(sentence, at, one)
        away = any(sentence.negated[at : at + length]) or before in _LESS_THAN_THIS
        if before in _LESS_THAN_THIS:
            sentence.take(at - 1)
        return Constraint(
            facet=one.facet,
            operator=Operator.IS_NOT if away else Operator.IS,
            value=one.value,
            must=(away and before not in _LESS_THAN_THIS and not one.leaning) or not (softly or away),
            words=sentence.message[slice(*span)],
            span=span,
        )

    def _stronger(self, one: Named) -> list[Named]:
        """What is not to be expensive is not to be very expensive either."""
        degrees = (self._lexicon.all_named(words(f"{degree} {one.value}")) for degree in sorted(DEGREES))
        return [named for held in degrees for named in held if named.facet == one.facet]

    def _own_mood(self, sentence: Sentence, at: int, named: tuple[Named, ...]) -> bool:
        """'I'm feeling sad' tells how the person is, and asks for nothing sad."""
        before = set(sentence.forms[max(0, at - 2) : at])
        about_me = before & FEELING and not sentence.starts_clause[at]
        return bool(about_me) and (self._meaning(named[0].facet) is Meaning.KEYWORD or named[0].leaning)

    def _is_mood(self, sentence: Sentence, at: int, one: Named) -> bool:
        """Keywords are never complete: they only help, unless the message demands them ('with a pool')."""
        if self._meaning(one.facet) is not Meaning.KEYWORD:
            return False
        return not set(sentence.forms[max(0, at - 3) : at]) & _HAVING

    def _is_sparse(self, one: Constraint) -> bool:
        column = self._catalog.column(one.facet)
        if not len(column) or one.operator is Operator.IS_NOT:
            return False
        if not isinstance(column, CategoryColumn):
            return False
        return float((np.diff(column.offsets) > 0).mean()) < _SPARSE

    def _meaning(self, facet: str) -> Meaning | None:
        return self._catalog.schema.facet(facet).meaning

    def _is_count(self, sentence: Sentence, inside: Sequence[int], bound: Bound) -> bool:
        last = inside[-1]
        after = sentence.forms[last + 1] if last + 1 < len(sentence) else ""
        before = sentence.forms[inside[0] - 1] if inside[0] else ""
        said = sentence.forms[inside[0]]
        if bound is not Bound.EXACT or len(inside) > 1 or said in ("a", "an"):
            return False
        small = not said.isdecimal() or int(said) <= _MOST_PICKS
        if before == "it" and sentence.forms[max(0, inside[0] - 2)] == "make":
            return True
        if said == "one" and before in ("the", "this", "that", "which", "second", "first", "last", "each", "another"):
            return False
        named = after in _ITEM_WORDS and before not in ("the", "last", "season", "part")
        following = sentence.forms[last + 1 : min(sentence.clause_end(last), last + 4)]
        many = sentence.starts_clause[inside[0]] and any(
            form in _ITEM_WORDS or (form.endswith("s") and sentence.taken[last + 1 + i])
            for i, form in enumerate(following)
        )
        return small and (before in _COUNT_CUES or named or many)

    def _take_label(self, sentence: Sentence, inside: Sequence[int], facet: str) -> None:
        for i in (*range(max(0, inside[0] - 3), inside[0]), *range(inside[-1] + 1, min(inside[-1] + 3, len(sentence)))):
            if sentence.free(i) and facet in self._grounding.facets_called(sentence.forms[i]):
                sentence.take(i)

    def _comparative_at(self, sentence: Sentence, at: int) -> tuple[str, int]:
        form = sentence.forms[at]
        pair = " ".join(sentence.pair(at))
        if pair in _MORE_LIKE:
            return _MORE_LIKE[pair], 2
        if form == "too" and not sentence.negated[at]:
            turned = VAGUE.get(sentence.pair(at)[1])
            return (_opposite(turned[0][0], low=turned[1]), 2) if turned else ("", 0)
        is_bound = sentence.pair(at)[1] == "than" and _is_number_next(sentence, at + 2)
        is_bound = is_bound or (sentence.forms[max(0, at - 1)] == "or" and at > 1 and _is_number_next(sentence, at - 2))
        return (form, 1) if form in COMPARATIVES and not is_bound else ("", 0)

    def _than(
        self, sentence: Sentence, at: int, length: int, scale: Scale, anchor: str | None, less: bool
    ) -> Constraint | None:
        span = sentence.span(at, length)
        if anchor is not None:
            value = scale.values[self._catalog.row(anchor)]
            if np.isnan(value):
                return None
            operator, share_value, must = (Operator.LESS_THAN if less else Operator.MORE_THAN), float(value), True
        else:
            share = scale.at_share(0.4 if less else 0.6, self._catalog.available())
            if share is None:
                return None
            operator, share_value, must = (Operator.AT_MOST if less else Operator.AT_LEAST), share, False
        return Constraint(
            facet=scale.facet.name, operator=operator, value=scale.spoken(share_value), must=must, than=anchor,
            words=sentence.message[slice(*span)], span=span, confidence=1.0 if anchor else _ASSUMED,
        )  # fmt: skip

    def _vague_at(self, sentence: Sentence, at: int, among: np.typing.NDArray[np.bool_]) -> Constraint | None:
        pair = sentence.pair(at)
        length = 2 if pair in VAGUE_PAIRS else 1
        held = VAGUE_PAIRS.get(pair) or VAGUE.get(pair[0])
        if held is None:
            return None
        meanings, low, share = held
        scale = self._grounding.scale_of(meanings)
        if scale is None or self._names_kind(sentence, at, length):
            return None
        negated = sentence.negated[at]
        if negated:
            low, share = not low, 1.0 - share
        edge = scale.at_share(share if low else 1.0 - share, among)
        if edge is None:
            return None
        span = sentence.span(at, length)
        sentence.take(at, length)
        operator = Operator.AT_MOST if low else Operator.AT_LEAST
        return Constraint(
            facet=scale.facet.name, operator=operator, value=scale.spoken(edge), must=negated,
            words=sentence.message[slice(*span)], span=span, confidence=_ASSUMED,
        )  # fmt: skip

    def _names_kind(self, sentence: Sentence, at: int, length: int) -> bool:
        """'New York', 'a big fan', 'long time', 'a 5 year old': the word belongs to the next one, or to the last."""
        after = sentence.forms[at + length] if at + length < len(sentence) else ""
        if at and sentence.forms[at - 1] in ("year", "years", "yr", "month", "months"):
            return True
        return after in ("fan", "time", "ago", "search", "york", "orleans", "deal", "bit") or sentence.taken[at]

    def _superlative(
        self, sentence: Sentence, at: int, among: np.typing.NDArray[np.bool_], state: TalkState, *, is_open: bool
    ) -> Constraint | None:
        meanings, low = SUPERLATIVES[sentence.forms[at]]
        scale = self._grounding.scale_of(meanings)
        if scale is None:
            return None
        on_table = scale.values[self._catalog.rows(state.table)] if is_open else np.empty(0)
        against_table = bool((~np.isnan(on_table)).any())
        held = on_table if against_table else scale.values[among]
        held = np.sort(held[~np.isnan(held)])
        if not len(held):
            return None
        place = 0 if against_table else min(max(state.count, _SUPERLATIVE_ITEMS), len(held)) - 1
        if is_open and not against_table:
            place = len(held) // 4
        edge = float(held[place] if low else held[-place - 1])
        span = sentence.span(at, 1)
        sentence.take(at)
        return Constraint(
            facet=scale.facet.name, operator=Operator.AT_MOST if low else Operator.AT_LEAST, value=scale.spoken(edge),
            must=against_table or not is_open, words=sentence.message[slice(*span)], span=span, confidence=_ASSUMED,
        )  # fmt: skip


def _is_number_next(sentence: Sentence, at: int) -> bool:
    """True where 'than' is followed by a number and not by an item: 'longer than 90 minutes'."""
    follows = sentence.forms[at] if at < len(sentence) else ""
    return follows[:1].isdigit() or follows in ("two", "three", "an", "half")


def _same_stem(form: str, label: str) -> bool:
    """True if the word and a word of the label begin alike: 'directed' asks for the 'directors'."""
    return any(len(word) > 3 and (form[:6] == word[:6] or form == word) for word in words(label))


def _opposite(meaning: Meaning, *, low: bool) -> str:
    """The comparative that mends 'too long': 'shorter'."""
    return next(word for word, (meanings, less) in COMPARATIVES.items() if meanings[0] is meaning and less is not low)


def _alternatives(
    sentence: Sentence, found: Sequence[tuple[int, int, Constraint]], catalog: Catalog
) -> list[Constraint]:
    """Values of one facet joined by 'or', or several of a facet that holds only one, become ANY_OF."""
    merged: list[tuple[int, int, Constraint]] = []
    for at, length, constraint in found:
        last = merged[-1] if merged else None
        if last and _joins(sentence, last, at, constraint, catalog):
            both = (*_as_tuple(last[2]), *_as_tuple(constraint))
            span = (last[2].span[0], constraint.span[1]) if last[2].span and constraint.span else None
            union = last[2].model_copy(
                update={"operator": Operator.ANY_OF, "value": tuple(dict.fromkeys(both)), "span": span,
                        "words": sentence.message[slice(*span)] if span else last[2].words}
            )  # fmt: skip
            merged[-1] = (at, length, union)
        else:
            merged.append((at, length, constraint))
    return _joined_backward(sentence, merged)


def _joins(sentence: Sentence, last: tuple[int, int, Constraint], at: int, new: Constraint, catalog: Catalog) -> bool:
    old = last[2]
    if (
        old.facet != new.facet
        or Operator.IS_NOT in (old.operator, new.operator)
        or isinstance(new.value, bool)
        or old.must is not new.must
    ):
        return False
    between = sentence.forms[last[0] + last[1] : at]
    if "or" in between:
        return True
    return catalog.schema.facet(new.facet).kind is Kind.CATEGORY and len(between) <= 1 and old.value != new.value


def _joined_backward(sentence: Sentence, found: list[tuple[int, int, Constraint]]) -> list[Constraint]:
    """In 'horror, thriller or war' the comma means 'or' too."""
    result: list[Constraint] = []
    for at, _, constraint in found:
        last = result[-1] if result else None
        listed = (
            last
            and last.span
            and constraint.span
            and sentence.message[last.span[1] : constraint.span[0]].strip() == ","
        )
        if (
            listed
            and last
            and constraint.operator is Operator.ANY_OF
            and last.facet == constraint.facet
            and last.operator is Operator.IS
            and at
        ):
            joined = (*_as_tuple(last), *_as_tuple(constraint))
            result[-1] = constraint.model_copy(update={"value": joined})
        else:
            result.append(constraint)
    return result


def _as_tuple(constraint: Constraint) -> tuple[str, ...]:
    value = constraint.value
    return tuple(str(one) for one in value) if isinstance(value, tuple) else (str(value),)
