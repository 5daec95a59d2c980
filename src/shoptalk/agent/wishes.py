"""What a message asks of the facets: values and numbers, as constraints and preferences."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from shoptalk.agent.accidents import SPARSE
from shoptalk.agent.answering import Asked
from shoptalk.agent.cues import Cues
from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon, Named
from shoptalk.agent.phrases import RATHER_NOT, WISHED_AFTER, WISHED_BEFORE
from shoptalk.agent.quantities import Bound, Quantity
from shoptalk.agent.refusals import BOUND_WORDS
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import (
    COMPARATIVES,
    CONTRAST,
    DEGREES,
    FEELING,
    FILLER,
    NUMBER_WORDS,
    ORDINALS,
    QUESTIONS,
    SUPERLATIVES,
    VAGUE,
)
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, NumberColumn
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role

_NEARLY_ALL = 0.95
_IN_A_FEW, _SEVERAL, _PART_SAID = 4, 300, 0.7
_NEXT_TO_NONE = 0.5  # such as the alcohol that alcohol-free beer may hold
_NOT_ALL = frozenset("limit limits restriction restrictions preference more less matter problem issue".split())
_SHORTEST_LABEL, _ACRONYM = 4, 4
#: Degrees that are values of many facets, and say nothing without one.
_GRADES = frozenset("low medium high max maximum min minimal minimum full half none mid soft hard light heavy".split())
_SHORTEST_REFUSAL = 6
_PREFIXES = ("non", "un")
_LESS_THAN_THIS = frozenset({"less", "too"})
_RATHER_NOT, _WISHED_BEFORE, _WISHED_AFTER = Cues(RATHER_NOT), Cues(WISHED_BEFORE), Cues(WISHED_AFTER)
_REACH, _NEAR = 8, 3
_OPERATORS = {
    Bound.AT_MOST: Operator.AT_MOST, Bound.LESS: Operator.LESS_THAN, Bound.AT_LEAST: Operator.AT_LEAST,
    Bound.MORE: Operator.MORE_THAN, Bound.ABOUT: Operator.ABOUT, Bound.EXACT: Operator.IS,
    Bound.BETWEEN: Operator.BETWEEN,
}  # fmt: skip
_BARE = {
    Meaning.PRICE: Operator.ABOUT, Meaning.DURATION: Operator.ABOUT, Meaning.WEIGHT: Operator.ABOUT,
    Meaning.RATING: Operator.AT_LEAST,
}  # fmt: skip
_JUDGING = frozenset("is are would be seems sounds thats its just way really already".split())
_TRADES = frozenset("job jobs role roles position positions sector industry field department career careers".split())
_VERBS = frozenset("is was make makes do does did for of has have had get call be than as like love want".split())
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
#: What is left when a limit is refused: nothing over 100 is at most 100.
_TURNED = {
    Operator.AT_LEAST: Operator.LESS_THAN,
    Operator.AT_MOST: Operator.MORE_THAN,
    Operator.MORE_THAN: Operator.AT_MOST,
    Operator.LESS_THAN: Operator.AT_LEAST,
}


class Wishes:
    """Finds constraints in a sentence. It takes the words it understood."""

    def __init__(
        self, catalog: Catalog, lexicon: Lexicon, grounding: Grounding, accidents: frozenset[str] = frozenset()
    ) -> None:
        """`accidents`: the facets in which words are found by accident (see `accidents`)."""
        self._catalog = catalog
        self._lexicon = lexicon
        self._grounding = grounding
        self._accidents = accidents

    def values(self, sentence: Sentence, asked: Asked) -> list[Constraint]:
        """Facet values named in the message, with polarity and strength; first of a facet that was asked for."""
        found: list[tuple[int, int, Constraint]] = []
        for at in range(len(sentence)):
            length, named = self._free_run(sentence, at)
            if not length:
                continue
            away = sentence.refuses(at, length)
            if (
                self._own_mood(sentence, at, named)
                or sentence.lets_off(at, length)
                or (away and self._is_trade(sentence, at + length, named))
            ):
                sentence.take(at, length)
                continue
            roles = self._asked_for(sentence, at, named, asked) or self._by_role(sentence, at, length, named)
            if away:
                roles = (*roles, *(more for one in roles for more in self._stronger(one)))
            found += [(at, length, self._value(sentence, at, length, one)) for one in roles]
            sentence.take(at, length)
        found += self._holding(sentence)
        return _alternatives(sentence, _without_contradictions(found), self._catalog)

    def _holding(self, sentence: Sentence) -> list[tuple[int, int, Constraint]]:
        """'No dice' where games are of 'dice rolling': what is refused is in a few values, and they are refused."""
        found = []
        for at, form in enumerate(sentence.forms):
            if not sentence.free(at) or not sentence.refuses(at) or sentence.cue[at] or form in FILLER:
                continue
            held = self._held_in.get(singular(form), ())
            if held and len(held) <= _IN_A_FEW:
                found += [(at, 1, self._value(sentence, at, 1, one)) for one in held]
                sentence.take(at)
        return found

    @cached_property
    def _held_in(self) -> dict[str, list[Named]]:
        """The values of several words in which a word stands."""
        found: dict[str, list[Named]] = {}
        for facet in self._catalog.schema.facets:
            column = self._catalog.column(facet.name)
            if (
                not isinstance(column, CategoryColumn)
                or facet.meaning is Meaning.PERSON
                or len(column.values) > _SEVERAL
            ):
                continue
            for value, count in zip(column.values, column.counts.tolist(), strict=True):
                said = {singular(word) for word in words(value)}
                for word in said if len(said) > 1 else ():
                    if len(word) >= _SHORTEST_LABEL and word not in FILLER:
                        found.setdefault(word, []).append(Named(facet.name, value, count, score=_PART_SAID))
        return found

    def _is_trade(self, sentence: Sentence, past: int, named: Sequence[Named]) -> bool:
        """What nearly all items are: 'no laptops over 900' refuses none of them in a shop of laptops, but a limit."""
        limited = past < len(sentence) and sentence.forms[past] in BOUND_WORDS
        return limited and all(
            one.value is not False and one.count >= _NEARLY_ALL * len(self._catalog) for one in named
        )

    def settle_sparse(
        self, sentence: Sentence, values: list[Constraint], others: Sequence[Constraint], *, is_open: bool
    ) -> list[Constraint]:
        """The values, with those of facets that few items have as wishes where something else is wanted too.

        'External hard drive' wants a drive, not one of the three cables of the shop that are marked external; in 'a
        laptop under 500' the kind of product is all that was said, and is meant, unless nothing meets it with the rest.
        So is a value whose facet is called: 'a laptop, connector: hdmi'.
        """
        if not is_open and self._catalog.passing([one for one in (*values, *others) if one.must]).any():
            return values
        soft = [self._is_sparse(one) and not self._is_called(sentence, one) for one in values]
        return [one.model_copy(update={"must": False}) if lean else one for one, lean in zip(values, soft, strict=True)]

    def is_accident(self, one: Constraint, sentence: Sentence, asked: Asked) -> bool:
        """True for a value that was found in a facet which nobody spoke of, and which few items fill.

        What is refused, or is to be as with another item, stays: searched by its words it would come first.
        """
        if one.facet not in self._accidents or one.facet in asked.facets or one.span is None or one.than:
            return False
        if one.operator is Operator.IS_NOT or not isinstance(self._catalog.column(one.facet), CategoryColumn):
            return False
        return not self._is_called(sentence, one)

    def _is_called(self, sentence: Sentence, one: Constraint) -> bool:
        """True if the words of the facet's label stand beside the value: 'connector: hdmi', 'flat cable type'."""
        facet, span = self._catalog.schema.facet(one.facet), one.span or (0, 0)
        label = {singular(word) for word in words(facet.label or facet.name) if len(word) > 2}
        inside = [i for i, token in enumerate(sentence.tokens) if token.end > span[0] and token.start < span[1]]
        near = range(inside[0] - _NEAR, inside[-1] + _NEAR + 1) if inside else ()
        beside = {singular(sentence.forms[i]) for i in near if 0 <= i < len(sentence) and i not in inside}
        return bool(label) and label <= beside

    def quantities(self, sentence: Sentence, asked: Asked) -> list[Constraint]:
        """Numbers with the facet they speak of; if they call none, that which was asked for. Musts, unless softened."""
        found = [*self._moments(sentence), *self._free_of(sentence)]
        before: list[Quantity] = []
        for said in sentence.quantities:
            inside = [i for i, t in enumerate(sentence.tokens) if said.start <= t.start < said.end]
            counts = not said.unit and bool(inside) and self._is_count(sentence, inside, said.bound)
            if not inside or counts or any(sentence.taken[i] for i in inside):
                continue
            if not asked.facets and (
                self._stands_for_item(sentence, inside[-1], said) or self._is_model(sentence, inside, said)
            ):
                continue
            constraint = self._asked_number(sentence, said, asked) or self._grounding.quantity(
                said, sentence.tokens, sentence.message
            )
            if constraint is None and found and _joined_to(sentence, found[-1], said.start):
                constraint = self._grounding.like(found[-1], said, sentence.message)
            if constraint is None:
                before = [*(before if before and _is_next(sentence, before[-1], said.start) else ()), said]
                continue
            first, before = self._alike(sentence, before, said, constraint), []
            for one in first:
                found += self._bounded(sentence, one, inside)
            sentence.take_span(said.start, said.end)
            self._take_label(sentence, inside, constraint.facet)
            after = inside[-1] + 1
            if sentence.forms[after : after + 2] in (["year", "old"], ["years", "old"], ["year", "olds"]):
                sentence.take(after, 2)
            refused = sentence.refuses(inside[0])
            for one in (constraint,) if refused else self._grounding.ranged(constraint):
                found += self._bounded(sentence, one, inside)
        return _spanned(sentence, found)

    def _alike(
        self, sentence: Sentence, before: Sequence[Quantity], said: Quantity, one: Constraint
    ) -> list[Constraint]:
        """The 2 and 3 of '2, 3 or 4 beds': bare numbers are of the facet and in the unit of the one behind them."""
        if not before or one.operator not in (Operator.IS, Operator.ABOUT) or self._grounding.ranged(one) != (one,):
            return []
        is_either = _is_next(sentence, before[-1], said.start, ("or", ", or"))
        if not is_either or any(each.bound is not Bound.EXACT for each in before):
            return []
        found = []
        for each in before:
            whole = replace(each, unit=said.unit, value=each.value * said.times, times=said.times)
            alike = (
                self._grounding.quantity(whole, sentence.tokens, sentence.message)
                if said.unit
                else self._grounding.like(one, each, sentence.message)
            )
            if alike is None or alike.facet != one.facet:
                return []
            found.append(alike)
            sentence.take_span(each.start, each.end)
        return found

    def _bounded(self, sentence: Sentence, constraint: Constraint, inside: Sequence[int]) -> list[Constraint]:
        """The limit as it stands in its clause: turned round where it is refused, left out where it is let off."""
        if sentence.released[inside[0]]:
            return []
        if (turned := self._too_much(sentence, constraint, inside[-1] + 1)) is not None:
            return [turned]
        if sentence.refuses(inside[0]) and not self._is_budget(sentence, constraint, inside[0]):
            operator = _TURNED.get(constraint.operator, Operator.IS_NOT)
            must = not (sentence.mild[inside[0]] or self._refused_with(sentence, inside[0]))
            return [constraint.model_copy(update={"operator": operator, "must": must})]
        return [constraint.model_copy(update={"must": not self._is_wished(sentence, inside[0], len(inside))})]

    def _too_much(self, sentence: Sentence, one: Constraint, past: int) -> Constraint | None:
        """'Heavier than 200 grams is too heavy': what is so is not wanted; its words are taken."""
        if self._catalog.schema.facet(one.facet).kind not in (Kind.NUMBER, Kind.DATE):  # a time of day may be none
            return None
        end = sentence.clause_end(past - 1)
        too = next((i for i in range(past, min(past + _NEAR, end)) if sentence.forms[i] == "too"), 0)
        if not too or not set(sentence.forms[past:too]) <= _JUDGING or too == past or too + 1 >= end:
            return None
        word = sentence.forms[too + 1]
        measured = self._grounding.scale_measuring(word)
        less = VAGUE[word][1] if word in VAGUE else bool(measured and measured[1]) or word in ("little", "few")
        exact = Operator.MORE_THAN if less else Operator.LESS_THAN
        sentence.take(past, too + 2 - past)
        return one.model_copy(update={"operator": _TURNED.get(one.operator, exact)})

    def _free_of(self, sentence: Sentence) -> list[Constraint]:
        """'Alcohol-free', 'no sugar', 'non-alcoholic', where the catalog counts it and has items with next to none."""
        found = []
        for at, form in enumerate(sentence.forms):
            after = sentence.pair(at)[1]
            is_free = after == "free" and sentence.clause_end(at) > at + 1
            less = form.endswith("less")
            counted = at > 0 and sentence.forms[at - 1] in NUMBER_WORDS  # 'zero drop' is a number
            if counted or not sentence.free(at) or not (is_free or less or sentence.refuses(at)):
                continue
            if any(one[:1].isdigit() for one in sentence.forms[at : at + 4]) or (not is_free and after in _NOT_ALL):
                continue
            called = self._grounding.scale_counting(form.removesuffix("less").removesuffix("ic"))
            if called is None:
                continue
            span = sentence.span(at, 2 if is_free else 1)
            sentence.take(at, 2 if is_free else 1)
            told = {"words": sentence.message[slice(*span)], "span": span, "must": not sentence.mild[at]}
            found.append(
                Constraint.model_validate(
                    {"facet": called.facet.name, "operator": Operator.AT_MOST, "value": _NEXT_TO_NONE} | told
                )
            )
        return found

    def _is_budget(self, sentence: Sentence, constraint: Constraint, at: int) -> bool:
        """'No Acer under 900': the value right before is what is refused, and the limit is what may be spent."""
        upper = constraint.operator in (Operator.AT_MOST, Operator.LESS_THAN)
        named = at > 0 and sentence.taken[at - 1] and sentence.negated[at - 1] and not sentence.cue[at - 1]
        return upper and named and self._meaning(constraint.facet) is Meaning.PRICE

    def _refused_with(self, sentence: Sentence, at: int) -> bool:
        """'No Acer over 900': the value before a limit is refused together with it, and neither for itself.

        Items may be one or the other, so both only lean away.
        """
        refused = at > 0 and sentence.taken[at - 1] and sentence.negated[at - 1] and not sentence.cue[at - 1]
        return refused and _limited_above(sentence, at)

    def _moments(self, sentence: Sentence) -> list[Constraint]:
        """Days and times of day with the facet they speak of: 'on March 5', 'before noon'."""
        found, taken = [], list(sentence.taken)
        for constraint in self._grounding.moments(sentence.tokens, sentence.message):
            start, end = constraint.span or (0, 0)
            inside = [i for i, t in enumerate(sentence.tokens) if start <= t.start < end]
            if not inside or any(taken[i] for i in inside):
                continue
            sentence.take_span(start, end)
            self._take_label(sentence, inside, constraint.facet)
            found += self._bounded(sentence, constraint, inside)
        return found

    def count(self, sentence: Sentence) -> int | None:
        """How many picks are wanted, if the message says so; its words are taken."""
        for said in sentence.quantities:
            inside = [i for i, t in enumerate(sentence.tokens) if said.start <= t.start < said.end]
            if inside and sentence.free(inside[0]) and not said.unit and self._is_count(sentence, inside, said.bound):
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
            measured = at > 0 and sentence.forms[at - 1] == "how" and self._grounding.scale_measuring(form)
            if measured:
                found.append(measured[0].facet.name)
            if len(form) > 4 and form not in ORDINALS:
                found += [f.name for f in self._catalog.schema.facets if _same_stem(form, f.label)]
            if sentence.free(at):  # 'what time', and the phone numbers that are no facet
                schema = self._catalog.schema
                found += [f.name for f in schema.facets if form == f.label]
                found += [c.name for c in schema.of_role(Role.TEXT) if len(form) > 4 and _same_stem(form, c.label)]
        return tuple(dict.fromkeys(found))

    def _free_run(self, sentence: Sentence, at: int) -> tuple[int, tuple[Named, ...]]:
        if not sentence.free(at):
            return 0, ()
        if (labelled := self._by_label(sentence, at)) is not None:
            return 1, (labelled,)
        length, named = self._lexicon.longest(sentence.forms, at)
        if length == 1 and self._grades_another(sentence, at, named):
            return 0, ()
        if not length and (acronym := self._acronym(sentence, at)):
            return 1, (acronym,)
        if not length and (without := self._without(sentence.forms[at])):
            sentence.refuse(at)
            return 1, without
        if not length and at and sentence.cue[at - 1] and sentence.forms[at - 1] in _PREFIXES:  # 'un-oaked'
            return (1, held) if (held := self._without(sentence.forms[at - 1] + sentence.forms[at])) else (0, ())
        if sentence.cue[at]:  # 'non-smoking rooms' may be a value; the 'no' of 'no gluten-free' is none
            beyond = self._lexicon.longest(sentence.forms, at + 1)[0] + 1 if length > 1 else length
            if length < 2 or beyond > length:
                return 0, ()
        if not length:
            length, named = self._lexicon.near(sentence.forms, at)
        return (length, named) if sentence.free(at, length) else (0, ())

    def _by_label(self, sentence: Sentence, at: int) -> Named | None:
        """'Max cushioning', 'medium cushioning', 'low light': the value of the facet that the next word calls."""
        form, after = sentence.pair(at)
        if form not in _GRADES or len(after) < _SHORTEST_LABEL or sentence.clause_end(at) == at + 1:
            return None
        for name in self._grounding.facets_called(after):
            column = self._catalog.column(name)
            held = column.values if isinstance(column, CategoryColumn) else ()
            code = next((code for code, value in enumerate(held) if value.casefold() == form), None)
            if code is not None and isinstance(column, CategoryColumn):
                return Named(name, held[code], int(column.counts[code]))
        return None

    def _grades_another(self, sentence: Sentence, at: int, named: tuple[Named, ...]) -> bool:
        """'Low maintenance' where the light is low: a bare degree belongs to the noun behind it."""
        form, after = sentence.pair(at)
        if form not in _GRADES or not after or sentence.clause_end(at) == at + 1 or after in FILLER:
            return False
        own = {one.facet for one in named} & set(self._grounding.facets_called(after))
        return not own and not sentence.cue[at + 1] and not self._lexicon.longest(sentence.forms, at + 1)[0]

    def _acronym(self, sentence: Sentence, at: int) -> Named | None:
        """A value of capitals that is a common word otherwise, said in capitals ('IT'), or of a trade ('an it job')."""
        said = sentence.text(at, 1)
        ends = sentence.clause_end(at) == at + 1
        if not ends and sentence.pair(at)[1] in _TRADES and sentence.forms[max(0, at - 1)] not in _VERBS:
            said = said.upper()
        return None if sentence.message.isupper() and len(sentence) > 1 else self._acronyms.get(said)

    @cached_property
    def _acronyms(self) -> dict[str, Named]:
        found: dict[str, Named] = {}
        for facet in self._catalog.schema.facets:
            column = self._catalog.column(facet.name)
            for value, count in (
                zip(column.values, column.counts, strict=True) if isinstance(column, CategoryColumn) else ()
            ):
                if value.isalpha() and value.isupper() and 2 <= len(value) <= _ACRONYM:
                    found.setdefault(value, Named(facet.name, value, int(count)))
        return found

    def _without(self, form: str) -> tuple[Named, ...]:
        """The value that a single word refuses: 'nonsmoking', 'unoaked', 'sugarless'."""
        if len(form) < _SHORTEST_REFUSAL:
            return ()
        prefix = next((one for one in _PREFIXES if form.startswith(one)), "")
        stem = form.removeprefix(prefix) if prefix else form.removesuffix("less") if form.endswith("less") else ""
        stems = (stem, stem.removesuffix("ed") + "y", stem.removesuffix("ed"), stem + "y") if len(stem) > 2 else ()
        return next((named for one in stems if (named := self._lexicon.longest([one], 0)[1])), ())

    def _by_role(self, sentence: Sentence, at: int, length: int, named: tuple[Named, ...]) -> tuple[Named, ...]:
        """'by' and 'starring' tell in which facet a person is meant."""
        before = set(sentence.forms[max(0, at - 2) : at])
        wanted = _MAKER_LABELS if before & _MAKERS else _PLAYER_LABELS if before & _PLAYERS else None
        if wanted is None or len(named) != 1 or self._meaning(named[0].facet) is not Meaning.PERSON:
            return named
        same = [one for one in self._lexicon.all_named(words(str(named[0].value))) if one.value == named[0].value]
        fitting = [one for one in same if wanted.search(one.facet.casefold())]
        return (replace(fitting[0], score=named[0].score),) if fitting else named

    def _value(self, sentence: Sentence, at: int, length: int, one: Named) -> Constraint:
        span = sentence.span(at, length)
        before = sentence.forms[at - 1] if at else ""
        is_less = before in _LESS_THAN_THIS
        article = before == "no" and sentence.forms[at] in ("a", "an", "the") and not sentence.starts_clause[at]
        away = sentence.refuses(at, length) or is_less or article  # 'no a cappella'
        if _tells_absence(one.value) and not _tells_absence(sentence.text(at, length)):
            away = not away  # without gluten is gluten-free
        softly = one.leaning or self._is_wished(sentence, at, length)
        if is_less:
            sentence.take(at - 1)
        if away:
            leans = self._leans_away(sentence, at) or _limited_above(sentence, at + length)
            must = not (one.leaning or is_less or sentence.mild[at] or leans)
        else:
            must = not (softly or self._is_mood(sentence, at, one))
        return Constraint(
            facet=one.facet,
            operator=Operator.IS_NOT if away else Operator.IS,
            value=one.value,
            must=must,
            words=sentence.message[slice(*span)],
            span=span,
            confidence=one.score,
        )

    def _is_wished(self, sentence: Sentence, at: int, length: int) -> bool:
        """'Ideally French', 'a pool if possible', 'under 80 but I could stretch': it would be liked, and is no must."""
        forms, past = sentence.forms, at + length
        begin = _clause_start(sentence, at)
        before = any(_WISHED_BEFORE.at(forms, place) for place in range(max(begin, at - _REACH), at))
        return self._is_wished_after(sentence, past) or sentence.softened[past - 1] or before

    def _is_wished_after(self, sentence: Sentence, past: int) -> bool:
        """Whether what follows makes it a wish; its words are taken."""
        forms = sentence.forms
        end = sentence.clause_end(past - 1)
        for place in range(past, min(past + _NEAR + 1, len(forms))):
            said = _WISHED_AFTER.at(forms, place)
            if said and (place < end or place + said == sentence.clause_end(place)):
                sentence.take(place, said)
                return True
            if sentence.taken[place] or (place >= end and not said):
                return False
        return False

    def _leans_away(self, sentence: Sentence, at: int) -> bool:
        """'Rather not horror', 'not a fan of musicals': they are kept away where there is a choice."""
        forms = sentence.forms
        for place in range(at - 1, max(_clause_start(sentence, at) - 1, at - _REACH - 1), -1):
            if _RATHER_NOT.at(forms, place):
                return True
            if forms[place] in CONTRAST and forms[place] != "rather":
                return False
        return False

    def _asked_for(self, sentence: Sentence, at: int, named: tuple[Named, ...], asked: Asked) -> tuple[Named, ...]:
        """The value in a facet that was asked for, where it may be one of several and its sentence tells none."""
        first = named[0]
        if not asked.facets or len(named) > 1 or self._lexicon.led_way(first, sentence.forms, at):
            return ()
        ends = self._lexicon.ways.get(first.facet, ())
        if told := next((name for name in asked.facets if name in ends), None):
            return (replace(first, facet=told),)
        every = self._lexicon.all_named(words(str(first.value)))
        return tuple(one for one in every if one.facet in asked.facets and not one.leaning)[:1]

    def _number_of(self, facet: Column, said: Quantity) -> dict[str, Any]:
        """A bare number as the facet holds it: about so much money; hours where so few minutes are not held."""
        column = self._catalog.column(facet.name)
        held = column.values if isinstance(column, NumberColumn) else np.empty(0)
        low = np.nanmin(held) if len(held) and not np.isnan(held).all() else 0.0
        times = 60.0 if facet.unit == "min" and said.value < low <= said.value * 120 else 1.0
        operator = _OPERATORS[said.bound]
        if operator is Operator.IS:
            operator = _BARE.get(facet.meaning, Operator.IS) if facet.meaning else Operator.IS
        value = (said.value * times, said.upper * times) if said.upper is not None else said.value * times
        return {"facet": facet.name, "operator": operator, "value": value}

    def _asked_number(self, sentence: Sentence, said: Quantity, asked: Asked) -> Constraint | None:
        """A number that answers 'how many?': it calls no facet of its own, and its unit is not another's."""
        if not asked.facets or said.unit not in (None, "year"):
            return None
        called = {name for form in sentence.forms for name in self._grounding.facets_called(form)}
        if called and not called & set(asked.facets):
            return None
        span = (said.start, said.end)
        common: dict[str, Any] = {"words": sentence.message[slice(*span)].strip(), "span": span}
        schema = self._catalog.schema
        numbers = [name for name in asked.facets if schema.facet(name).kind is Kind.NUMBER]
        if len(numbers) == 1 and said.unit is None:
            return Constraint.model_validate(common | self._number_of(schema.facet(numbers[0]), said))
        spoken = f"{said.value:g}"
        for name in asked.facets:
            column = self._catalog.column(name)
            if isinstance(column, CategoryColumn) and spoken in column.code_of and said.bound is Bound.EXACT:
                return Constraint.model_validate(common | {"facet": name, "operator": Operator.IS, "value": spoken})
        return None

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
        begin = max(sentence.list_start(at), at - 3)
        return not set(sentence.forms[begin:at]) & _HAVING

    def _is_sparse(self, one: Constraint) -> bool:
        column = self._catalog.column(one.facet)
        if not len(column) or one.operator is Operator.IS_NOT:
            return False
        if not isinstance(column, CategoryColumn):
            return False
        return float(column.known.mean()) < SPARSE

    def _meaning(self, facet: str) -> Meaning | None:
        return self._catalog.schema.facet(facet).meaning

    def _is_count(self, sentence: Sentence, inside: Sequence[int], bound: Bound) -> bool:
        last = inside[-1]
        after = sentence.forms[last + 1] if last + 1 < len(sentence) else ""
        before = sentence.forms[inside[0] - 1] if inside[0] else ""
        said = sentence.forms[inside[0]]
        if bound is not Bound.EXACT or len(inside) > 1 or said in ("a", "an"):
            return False
        if (before in _COUNT_CUES or before in SUPERLATIVES) and self._calls_number(sentence, last + 1):
            return False
        if before in SUPERLATIVES and said in (*map(str, range(2, 11)), *NUMBER_WORDS) and not after:
            return True  # 'the cheapest three'
        small = not said.isdecimal() or int(said) <= _MOST_PICKS
        if before == "it" and sentence.forms[max(0, inside[0] - 2)] == "make":
            return True
        if said == "one" and before in ("the", "this", "that", "which", "second", "first", "last", "each", "another"):
            return False
        named = after in _ITEM_WORDS and before not in ("the", "last", "season", "part")
        following = sentence.forms[last + 1 : min(sentence.clause_end(last), last + 4)]
        many = sentence.starts_clause[inside[0]] and any(
            (form in _ITEM_WORDS and form not in ("one", "more"))
            or (form.endswith("s") and sentence.taken[last + 1 + i])
            for i, form in enumerate(following)
        )
        return small and (before in _COUNT_CUES or named or many)

    def _stands_for_item(self, sentence: Sentence, at: int, said: Quantity) -> bool:
        """'The highest rated one', 'the second one': no number, where nothing is counted behind it."""
        ends = sentence.clause_end(at) == at + 1 or (at > 0 and sentence.forms[at - 1] in ORDINALS)
        return sentence.forms[at] == "one" and ends and at > 0 and said.bound is Bound.EXACT and said.unit is None

    def _is_model(self, sentence: Sentence, inside: Sequence[int], said: Quantity) -> bool:
        """The number of 'TN-2110': a hyphen makes it part of a name, unless the word calls a facet ('size-10')."""
        at = inside[0]
        if len(inside) > 1 or said.unit or said.bound is not Bound.EXACT or not sentence.is_hyphened(at - 1, at):
            return False
        before = sentence.forms[at - 1]
        calls = len(before) > 2 and bool(self._grounding.facets_called(before))
        return before.isalpha() and before not in NUMBER_WORDS and not calls

    def _calls_number(self, sentence: Sentence, at: int) -> bool:
        """'Only one previous owner': what is counted is a number of the catalog, right here or behind one more word."""
        near = sentence.forms[at : min(at + 2, sentence.clause_end(at - 1))]
        numbers = {scale.facet.name for scale in self._grounding.scales if scale.facet.meaning is None}
        return any(numbers & set(self._grounding.facets_called(form)) for form in near)

    def _take_label(self, sentence: Sentence, inside: Sequence[int], facet: str) -> None:
        label = set(words(self._catalog.schema.facet(facet).label or "")) - FILLER
        for i in (*range(max(0, inside[0] - 3), inside[0]), *range(inside[-1] + 1, min(inside[-1] + 3, len(sentence)))):
            own = sentence.forms[i] in label or facet in self._grounding.facets_called(sentence.forms[i])
            if sentence.free(i) and own:
                sentence.take(i)


def _spanned(sentence: Sentence, found: Sequence[Constraint]) -> list[Constraint]:
    """Numbers of one facet that no item can have together as either of both: 'from the 70s or 80s', 'size 38 or 39'."""
    joined: list[Constraint] = []
    for one in found:
        place = next((i for i, old in enumerate(joined) if _either(sentence, old, one)), None)
        if place is None:
            joined.append(one)
            continue
        old = joined[place]
        values = (*old.values, *one.values)
        told: dict[str, Any] = {"operator": Operator.ANY_OF, "value": tuple(dict.fromkeys(map(str, values)))}
        if not any(isinstance(value, str) for value in values) or Operator.BETWEEN in (old.operator, one.operator):
            edges = sorted(values, key=lambda edge: (isinstance(edge, str), edge))
            told = {"operator": Operator.BETWEEN, "value": (edges[0], edges[-1])}
        span = (old.span[0], one.span[1]) if old.span and one.span else one.span
        if span:
            told |= {"span": span, "words": sentence.message[slice(*span)]}
        joined[place] = Constraint.model_validate(one.model_dump() | told)
    return joined


def _limited_above(sentence: Sentence, past: int) -> bool:
    """True where 'over' and a number follow right behind a value: 'no Acer over 900' says nothing of a cheaper one."""
    end = sentence.clause_end(past - 1)
    above = past < end and sentence.forms[past] in ("over", "above", "beyond", "exceeding")
    return above and any(form[:1].isdigit() for form in sentence.forms[past + 1 : min(end, past + 3)])


def _joined_to(sentence: Sentence, last: Constraint, start: int) -> bool:
    """True where only an 'or' stands between the last number and this place."""
    return last.span is not None and sentence.message[last.span[1] : start].strip(" ,").lower() == "or"


def _is_next(sentence: Sentence, before: Quantity, start: int, links: Sequence[str] = (",", "or", ", or")) -> bool:
    """True where only a comma or an 'or' parts two numbers: '2, 3 or 4'."""
    return sentence.message[before.end : start].lower().strip() in links


def _either(sentence: Sentence, old: Constraint, one: Constraint) -> bool:
    """True for two exact values or ranges of one facet with an 'or' between them, or with a comma as in a list."""
    exact = (Operator.IS, Operator.ABOUT, Operator.BETWEEN, Operator.ANY_OF)
    if old.facet != one.facet or old.operator not in exact or one.operator not in exact or not (old.span and one.span):
        return False
    between = sentence.message[old.span[1] : one.span[0]].lower().split()
    is_listed = "or" in between or bool(between and between[-1].endswith(","))
    return is_listed and len(between) <= _NEAR and old.value != one.value


def _same_stem(form: str, label: str) -> bool:
    """True if the word and a word of the label begin alike: 'directed' asks for the 'directors'."""
    return any(len(word) > 3 and (form[:6] == word[:6] or form == word) for word in words(label))


def _tells_absence(value: object) -> bool:
    """True for 'gluten-free', 'no smoking', 'non-alcoholic'."""
    said = words(str(value))
    return bool(said) and (said[-1] == "free" or said[0] in ("no", "non", "without")) and len(said) > 1


def _without_contradictions(found: list[tuple[int, int, Constraint]]) -> list[tuple[int, int, Constraint]]:
    """'Hilton is too expensive, not Hilton': what is refused is not asked for as well."""
    refused = {(one.facet, one.value) for _, _, one in found if one.operator is Operator.IS_NOT}
    return [
        each for each in found if each[2].operator is Operator.IS_NOT or (each[2].facet, each[2].value) not in refused
    ]


def _alternatives(
    sentence: Sentence, found: Sequence[tuple[int, int, Constraint]], catalog: Catalog
) -> list[Constraint]:
    """Values of one facet joined by 'or', or several of a facet that holds only one, become ANY_OF."""
    merged: list[tuple[int, int, Constraint]] = []
    for at, length, constraint in found:
        last = merged[-1] if merged else None
        if last and (operator := _joint(sentence, last, at, constraint, catalog)):
            both = (*_as_tuple(last[2]), *_as_tuple(constraint))
            span = (last[2].span[0], constraint.span[1]) if last[2].span and constraint.span else None
            union = last[2].model_copy(
                update={"operator": operator, "value": tuple(dict.fromkeys(both)), "span": span,
                        "words": sentence.message[slice(*span)] if span else last[2].words}
            )  # fmt: skip
            merged[-1] = (at, length, union)
        else:
            merged.append((at, length, constraint))
    return _joined_backward(sentence, merged)


def _joint(
    sentence: Sentence, last: tuple[int, int, Constraint], at: int, new: Constraint, catalog: Catalog
) -> Operator | None:
    """How two values of one facet are meant together: either of them, both of them, or (None) each for itself."""
    old = last[2]
    if (
        old.facet != new.facet
        or Operator.IS_NOT in (old.operator, new.operator)
        or isinstance(new.value, bool)
        or old.must is not new.must
    ):
        return None
    between = sentence.forms[last[0] + last[1] : at]
    is_single = catalog.schema.facet(new.facet).kind is Kind.CATEGORY
    if "or" in between:
        return Operator.ANY_OF
    if not is_single and "and" in between and "both" in sentence.forms[max(0, last[0] - 2) : last[0]]:
        return Operator.ALL_OF
    return Operator.ANY_OF if is_single and len(between) <= 1 and old.value != new.value else None


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


def _clause_start(sentence: Sentence, at: int) -> int:
    while at and not sentence.starts_clause[at]:
        at -= 1
    return at


def _as_tuple(constraint: Constraint) -> tuple[str, ...]:
    value = constraint.value
    return tuple(str(one) for one in value) if isinstance(value, tuple) else (str(value),)
