"""Explanations written by program, in varied words, from what the prompt shows of each pick and from nothing else.

Every sentence is held against the answer before it is taught: what the check objects to is not said.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from shoptalk.agent.claims import Claims
from shoptalk.agent.events import Pick
from shoptalk.agent.explaining import Answer
from shoptalk.agent.phrasing import constraint_in_words, facet_facts, join, label_of, number_in_words, short_title
from shoptalk.eval.tuning.answers_made import answers_made
from shoptalk.eval.tuning.asked import TuneExample, explain_example
from shoptalk.ranking.evidence import Compared, ConstraintMet
from shoptalk.retrieval.query import Act, Operator, Stance
from shoptalk.retrieval.schema import Column, Kind, Meaning

__all__ = ["explanations_made", "sentences_for"]

_AT_ONCE = 10
_FACTS = 6
_MOST_VALUES = 2
_BEST = {
    Meaning.PRICE: ("the cheapest", min), Meaning.DURATION: ("the shortest", min),
    Meaning.WEIGHT: ("the lightest", min), Meaning.RATING: ("the best rated", max),
    Meaning.YEAR: ("the newest", max), Meaning.SIZE: ("the biggest", max),
}  # fmt: skip
_OPENINGS = (
    "Here is what I found for {asked}.",
    "These suit {asked}.",
    "For {asked}, I would look at these.",
    "Here are {count} for {asked}.",
    "I picked these with {asked} in mind.",
    "You asked for {asked}; here is what fits.",
    "Going by {asked}, these stand out.",
    "These {count} go with {asked}.",
)
_OPENINGS_ONE = (
    "There is one that fits {asked}.",
    "One pick for {asked}.",
    "For {asked}, I have this one.",
    "You asked for {asked}; this one fits.",
)
_OPENINGS_ANY = ("Here are some to start from.", "A few to begin with.", "Some first ideas.", "Here is what I have.")
_COUNTS = ("one", "two", "three", "four", "five", "six")
_BY_MEANING: dict[Meaning, tuple[str, ...]] = {
    Meaning.PRICE: ("costs {v}", "comes at {v}", "is priced at {v}"),
    Meaning.YEAR: ("is from {v}", "dates from {v}"),
    Meaning.DURATION: ("takes {v}", "lasts {v}"),
    Meaning.RATING: ("is rated {v}", "has a rating of {v}"),
    Meaning.BRAND: ("is by {v}", "is made by {v}"),
    Meaning.GENRE: ("is {v}", "is listed as {v}"),
    Meaning.LANGUAGE: ("is in {v}",),
    Meaning.PLACE: ("is in {v}", "is found in {v}"),
}
_BY_LABEL: dict[str, tuple[str, ...]] = {
    "direct": ("is directed by {v}", "was made by {v}"),
    "cast": ("stars {v}", "has {v} in its cast"),
    "actor": ("stars {v}",),
    "author": ("is written by {v}",),
    "writer": ("is written by {v}",),
    "artist": ("is by {v}",),
    "singer": ("is by {v}",),
    "countr": ("comes from {v}",),
}
_AMONG = ("has {v} among its {l}", "lists {v} under {l}")
_GENERIC = ("has {l} {v}", "has {v} for {l}", "lists {v} under {l}", "comes with {l} {v}")


def explanations_made(draw: random.Random) -> Iterator[tuple[TuneExample, ...]]:
    """Without end, handfuls of explanations; all have one system prompt."""
    handful: list[TuneExample] = []
    for answer in answers_made(draw):
        text = " ".join(sentences_for(answer, draw))
        handful += [explain_example(answer, text)] if text else []
        if len(handful) == _AT_ONCE:
            yield tuple(handful)
            handful = []


def sentences_for(answer: Answer, draw: random.Random) -> tuple[str, ...]:
    """What may be said of the answer; nothing where some pick would have no sentence."""
    claims, said, writer = Claims(answer), list[str](), _Writer(answer, draw)
    for number, ways in enumerate(writer.sentences()):
        allowed = next((one for one in ways if _may_be_said(one, claims)), None)
        if allowed is not None:
            said += allowed
        elif number in writer.needed:
            return ()
    return tuple(said)


def _may_be_said(sentences: tuple[str, ...], claims: Claims) -> bool:
    """True if the check objects to none of them; the second stands right behind the first."""
    return not any(
        claims.objections(one, before=before) for before, one in zip(("", *sentences), sentences, strict=False)
    )


@dataclass(frozen=True)
class _Writer:
    """Writes one text of an answer. Each sentence in a few ways, of which the first that may be said is taken."""

    answer: Answer
    draw: random.Random

    @cached_property
    def needed(self) -> range:
        """Places among the sentences of those that speak of the picks."""
        begin = 0 if self._is_plain else 1
        return range(begin, begin + len(self.answer.picks))

    @cached_property
    def _is_plain(self) -> bool:
        """True where records are told, or compared, and nothing is recommended."""
        return bool({Act.DETAILS, Act.COMPARE} & set(self.answer.request.acts))

    def sentences(self) -> Iterator[tuple[tuple[str, ...], ...]]:
        """An opening, a sentence or two for each pick, and a comparison where one is true."""
        if not self._is_plain:
            yield (self._opening(),), (self.draw.choice(_OPENINGS_ANY),)
        for place in range(len(self.answer.picks)):
            yield tuple((self._told if self._is_plain else self._recommended)(place) for _ in range(4))
        if len(self.answer.picks) > 1 and (Act.COMPARE in self.answer.request.acts or self.draw.random() < 0.5):
            yield tuple((one,) for one in self._best())

    def _opening(self) -> str:
        answer = self.answer
        asked = [constraint_in_words(answer.schema, one) for one in answer.state.constraints]
        asked += [f"“{text}”" for text in answer.state.texts]
        for one in answer.request.mentions:
            how = "something like" if one.stance is Stance.SIMILAR else "your liking for"
            asked.append(f"{how} {short_title(one.title)}")
        if not asked:
            return self.draw.choice(_OPENINGS_ANY)
        ways = _OPENINGS if len(answer.picks) > 1 else _OPENINGS_ONE
        return self.draw.choice(ways).format(asked=join(asked), count=_counted(len(answer.picks)))

    def _recommended(self, place: int) -> tuple[str, ...]:
        """Why this pick: what speaks for it, then perhaps facts of its record."""
        pick = self.answer.picks[place]
        reasons = [
            *self._met(pick),
            *(reason for reason in pick.reasons if reason.startswith(("shares ", "mentions "))),
        ]
        reasons = reasons[: self.draw.choice((1, 2, 2))]
        seen = " ".join(reasons)
        facts = [self._clause(facet, value) for facet, value in self._facts(pick) if value.split(", ")[0] not in seen]
        told = self.draw.sample(facts, min(len(facts), self.draw.choice((0, 1, 1, 2)) if reasons else 2))
        if not reasons:
            return (f"{self._name(place)} {join(told)}." if told else f"{self._name(place)} is another one.",)
        why = f"{self._name(place)} {join(reasons)}"
        if "{asked}" in why:
            why = f"{why.replace('{asked}', '')}, {self.draw.choice(('as you asked', 'as you wanted'))}"
        return (f"{why}.", f"It {self.draw.choice(('also ', ''))}{join(told)}.") if told else (f"{why}.",)

    def _met(self, pick: Pick) -> Iterator[str]:
        """What was asked for and is so, as far as the prompt says it."""
        shown = " ".join((*pick.reasons, *(value for _, value in self._facts(pick))))
        for fact in pick.evidence:
            if isinstance(fact, Compared):
                facet = self.answer.schema.facet(fact.facet)
                ours, theirs = (number_in_words(facet, value) for value in (fact.value, fact.than_value))
                yield f"{self._clause(facet, ours)}, where {short_title(fact.than_title)} has {theirs}"
            elif isinstance(fact, ConstraintMet) and fact.constraint.than is None:
                yield from self._as_asked(fact, shown)

    def _as_asked(self, fact: ConstraintMet, shown: str) -> Iterator[str]:
        facet, value = self.answer.schema.facet(fact.constraint.facet), fact.constraint.value
        if facet.kind is Kind.NUMBER and isinstance(fact.value, float):
            said = number_in_words(facet, fact.value)
        elif fact.constraint.operator is not Operator.IS or not isinstance(value, str):
            return
        else:
            said = value
        if said in shown:
            yield self._clause(facet, said) + self.draw.choice(("{asked}", ""))

    def _facts(self, pick: Pick) -> list[tuple[Column, str]]:
        """What the prompt tells of its record."""
        most = _FACTS * 2 if self._is_plain else _FACTS
        by_label = {label_of(facet): facet for facet in self.answer.schema.facets}
        return [
            (by_label[label], value) for label, value in facet_facts(self.answer.schema.facets, pick.item, most=most)
        ]

    def _name(self, place: int) -> str:
        title = short_title(self.answer.picks[place].item.title)
        number = f"[{place + 1}]"
        return self.draw.choice((number, number, f"{number} {title}", f"{title} {number}"))

    def _clause(self, facet: Column, value: str) -> str:
        """'costs $40', 'lasts 95 min', 'has screen size 14"'; of many values the first two."""
        label = label_of(facet)
        if facet.kind is Kind.FLAG:
            return f"has {label}" if value == "yes" else self.draw.choice((f"has no {label}", f"lists no {label}"))
        values = value.split(", ") if facet.kind is Kind.CATEGORIES else [value]
        by_label = next((ways for start, ways in _BY_LABEL.items() if label.startswith(start)), None)
        ways = by_label or (_BY_MEANING.get(facet.meaning) if facet.meaning else None)
        ways = ways or (_AMONG if facet.kind is Kind.CATEGORIES else _GENERIC)
        return self.draw.choice(ways).format(l=label, v=join(values[:_MOST_VALUES]))

    def _told(self, place: int) -> tuple[str, ...]:
        """What the record tells of the item; first what was asked about."""
        asked = self.answer.request.asked
        facts = self._facts(self.answer.picks[place])
        wanted = [fact for fact in facts if fact[0].name in asked]
        if asked and not wanted:
            label = label_of(self.answer.schema.facet(asked[0]))
            return (f"The record of {self._name(place)} does not tell the {label}.",)
        several = wanted or self.draw.sample(facts, min(len(facts), self.draw.choice((2, 3, 4))))
        return (f"{self._name(place)} {join([self._clause(*fact) for fact in several])}.",)

    def _best(self) -> Iterator[str]:
        """'[2] is the cheapest of these, at $12.' Where all values are told and one of them is the best."""
        facets = [facet for facet in self.answer.schema.facets if facet.meaning in _BEST and facet.kind is Kind.NUMBER]
        self.draw.shuffle(facets)
        for facet in facets:
            held = [pick.item.facets.get(facet.name) for pick in self.answer.picks]
            values = [value for value in held if isinstance(value, float)]
            assert facet.meaning is not None
            word, choose = _BEST[facet.meaning]
            if len(values) == len(held) and values.count(best := choose(values)) == 1 and self._is_told(facet):
                yield self._superlative(values.index(best) + 1, word, number_in_words(facet, best), facet)

    def _superlative(self, number: int, word: str, said: str, facet: Column) -> str:
        ways = ("[{n}] is {w} of these, at {v}.", "Of these, [{n}] is {w} ({v}).", "{W} is [{n}], with {v}.")
        if facet.meaning is Meaning.YEAR:
            ways = ("[{n}] is {w} of these, from {v}.", "{W} is [{n}], from {v}.", "Of these, [{n}] is {w} ({v}).")
        return self.draw.choice(ways).format(n=number, w=word, W=word[0].upper() + word[1:], v=said)

    def _is_told(self, facet: Column) -> bool:
        """True if the prompt tells the facet of every pick."""
        return all(facet in [one for one, _ in self._facts(pick)] for pick in self.answer.picks)


def _counted(many: int) -> str:
    return _COUNTS[many - 1] if many <= len(_COUNTS) else str(many)
