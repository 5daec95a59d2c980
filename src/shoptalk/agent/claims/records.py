"""What may be said of one item: its record and its evidence, ready to be asked for words, names and numbers."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache

from shoptalk.agent.claims.conduct import speaks_to_reader
from shoptalk.agent.claims.pieces import Piece, pieces_of
from shoptalk.agent.claims.sentences import sentences
from shoptalk.agent.claims.vocabulary import SAID_FOR
from shoptalk.agent.inflections import bases
from shoptalk.agent.phrasing import label_of, number_in_words
from shoptalk.agent.quantities import is_number_word
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import SYNONYMS
from shoptalk.ranking.evidence import (
    ConstraintMet,
    Evidence,
    LikedTogether,
    NamedAfter,
    Popular,
    RuleApplied,
    SharesWith,
    WellRated,
    WordsMatch,
)
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.query import Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning, Schema
from shoptalk.retrieval.stopwords import STOP_WORDS
from shoptalk.retrieval.values import parse_flag

_LEAST_BASE = 5
#: What evidence of a kind allows to be said, besides its own values.
_WORDS_OF = {
    "rated": "well highly high rated rating ratings liked",
    "popular": "popular favourite favorite people choose chosen often take took",
    "together": "often together goes chosen people times",
    "follows": "often chosen soon after people next",
    "talks": "chosen moments past talks often times people",
    "fresh": "less known lesser than most unusual",
    "varied": "variety different varied less other",
    "words": "mentions mentioned",
}


@lru_cache(maxsize=16_384)
def roots(word: str) -> frozenset[str]:
    """What the word shares with its other forms: 'Italian' and 'Italy', 'animated' and 'animation'."""
    stem = singular(word)
    found = {base for base in bases(stem) if len(base) >= _LEAST_BASE - 1} if len(stem) >= _LEAST_BASE else set()
    undoubled = {base[:-1] for base in found if base[-1] == base[-2] and len(base) > _LEAST_BASE}  # 'cancelling'
    return frozenset({stem, *found, *undoubled})


def line_of(text: str) -> str:
    """The words and numbers of a text in the singular, a space around each, marks between sentences kept as '|'."""
    return " " + " ".join(_stems(pieces_of(text))) + " "


def _stems(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        if piece.is_word:
            yield piece.stem
        elif piece.text in ".;!?|\n":
            yield "|"


class Record:
    """An item as the check knows it. `known` is False for one of which only the title is known."""

    def __init__(self, schema: Schema, item: Item, evidence: Iterable[Evidence], reasons: Iterable[str]) -> None:
        self.schema = schema
        self.item = item
        self.evidence = tuple(evidence)
        self.known = bool(item.facets or item.text)
        self.values: dict[str, str] = {}
        self.off: list[tuple[str, ...]] = []
        told = [item.title, *reasons]
        for name, value in item.facets.items():
            told.extend(self._told(schema.facet(name), value))
        for fact in self.evidence:
            told.extend(_evident(schema, fact))
        sure = line_of(" | ".join(told))
        self.sure = frozenset(sure.split())
        text = " ".join(one for one in sentences([item.text]) if not speaks_to_reader(one))
        self.line = f"{sure}|{line_of(text)}".replace(" | | ", " | ")
        self.stems = frozenset(self.line.split()) - {"|"}

    def _told(self, facet: Column, value: object) -> Iterator[str]:
        if facet.meaning is Meaning.HIDDEN:
            return
        label = label_of(facet)
        switch = value if isinstance(value, bool) else parse_flag(value) if isinstance(value, str) else None
        if switch is None or not isinstance(value, bool):
            yield label
        if switch is not None:
            yield from self._switched(label, switch)
        elif isinstance(value, float):
            yield number_in_words(facet, value)
        elif isinstance(value, tuple | str):
            several = value if isinstance(value, tuple) else (value,)
            self.values[facet.name] = "|".join(line_of(one) for one in several)
            yield from several
            yield from _day(several[0]) if facet.kind is Kind.DATE else ()

    def _switched(self, label: str, switch: bool) -> Iterator[str]:
        """What a flag allows to be said; what it forbids goes to `off`. 'Wireless' and 'wired' are opposites."""
        stems = [stem for stem in line_of(label).split() if stem not in STOP_WORDS]
        same = [stems, *([*stems[:-1], other] for other in SAID_FOR.get(stems[-1] if stems else "", ()))]
        bare = label.removesuffix("less")
        opposites = [bare + end for end in ("d", "ed")] + (["cable", "cord"] if bare == "wire" else [])
        other = [[one] for one in opposites if bare != label and " " not in label]
        self.off += [tuple(one) for one in (other if switch else same)]
        yield from (" ".join(one) for one in (same if switch else other))
        if switch:
            yield label

    @property
    def numbers(self) -> Iterator[tuple[Column, float]]:
        """The facets that count something, with the item's value."""
        for name, value in self.item.facets.items():
            facet = self.schema.facet(name)
            if isinstance(value, float) and not isinstance(value, bool) and facet.meaning is not Meaning.HIDDEN:
                yield facet, value

    def number(self, facet: Column) -> float | None:
        """The item's value of a number or a date (as 20240531), None where it has none."""
        value = self.item.facets.get(facet.name)
        if facet.kind is Kind.DATE and isinstance(value, str):
            digits = "".join(c for c in value[:10] if c.isdigit())
            return float(digits) if len(digits) == 8 else None
        return value if isinstance(value, float) and not isinstance(value, bool) else None

    def holds_run(self, stems: Iterable[str]) -> bool:
        """True if the words stand in the record next to each other."""
        return f" {' '.join(stems)} " in self.line

    def holds_near(self, number: str, others: Iterable[str]) -> bool:
        """True if a number stands at most one word before one of the others: 'two easygoing robbers'."""
        at = self.line.find(f" {number} ")
        while at >= 0:
            near = self.line[at + len(number) + 2 :].split(" ", 2)[:2]
            if "|" not in near[:1] and any(one in near for one in others):
                return True
            at = self.line.find(f" {number} ", at + 1)
        return False

    def holds(self, word: str) -> bool:
        """True if the word, another form of it or another word for a value of the item stands in the record."""
        if singular(word) in self.stems or not roots(word).isdisjoint(self._roots):
            return True
        return any(self.is_value(line_of(value).split()) for value in SYNONYMS.get(word, ()))

    def is_value(self, stems: Iterable[str]) -> bool:
        """True if the words are a whole value of one of its facets."""
        run = f" {' '.join(stems)} "
        return any(run in line.split("|") for line in self.values.values())

    def facets_holding(self, stems: Iterable[str]) -> set[str]:
        """The facets in which the words stand."""
        run = f" {' '.join(stems)} "
        return {name for name, line in self.values.items() if run in line}

    @property
    def _roots(self) -> frozenset[str]:
        return _roots_of(self.stems)


@lru_cache(maxsize=64)
def _roots_of(stems: frozenset[str]) -> frozenset[str]:
    return frozenset(root for stem in stems for root in roots(stem))


def _day(value: str) -> Iterator[str]:
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return
    yield f"{day.day} {day:%B} {day.year}"
    yield f"{day:%B} {day.day} {day.year}"
    yield f"{day:%B} {day.year}"
    yield f"{day:%A}"


def _evident(schema: Schema, fact: Evidence) -> Iterator[str]:
    """What a fact allows to be said in words. Numbers of it, only where they are its own; of most kinds no more."""
    yield _WORDS_OF.get(fact.kind, "")
    match fact:
        case ConstraintMet() if fact.constraint.operator is not Operator.IS_NOT and fact.constraint.value is not False:
            if fact.constraint.operator is not Operator.ANY_OF:  # of 'Innsbruck or Salzburg' it is one
                yield from (word for word in words(fact.constraint.words) if not is_number_word(word))
            held = fact.value if isinstance(fact.value, tuple) else (fact.value,)
            yield from (one for one in fact.constraint.values if isinstance(one, str) and one in held)
        case SharesWith():
            yield from (value for _, value in fact.shared)
        case WordsMatch():
            yield from fact.words
        case WellRated():
            yield f"by {fact.count or ''} ratings | from {fact.count or ''} reviews | {fact.count or ''} people"
        case LikedTogether():
            yield f"{fact.sessions} times"
        case NamedAfter():
            yield f"{fact.times} of {fact.among} moments"
        case Popular():
            yield f"no {fact.rank} | number {fact.rank}"
        case RuleApplied():
            yield f"featured by the shop | {fact.why}" if fact.rule != "stock" else "sold out at the moment"
