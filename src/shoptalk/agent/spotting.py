"""Which words of a message are titles, told from words that only happen to be one.

Every run of words that could name an item is weighed: how rarely such words stand together by chance, how well they
agree with the title, and what stands around them ('have you seen ...', a year, 'and' after another title, capitals).
The weights are log-odds, fitted once by logistic regression on dialogues (`docs/lab-notes.md`) and rounded.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA

from shoptalk.agent.english import ranks, rarity
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.titles import ARTICLES, DROPPED, LONGEST, Likeness, Titles, keys_from
from shoptalk.agent.tokens import words
from shoptalk.agent.words import (
    FILLER,
    NUMBER_WORDS,
    STANCE_BEFORE,
    TITLE_AFTER,
    TITLE_BEFORE,
    TITLE_NOT,
    TITLE_NOT_BEFORE,
    TITLE_NOUNS,
)
from shoptalk.retrieval.catalog import Catalog, CategoryColumn
from shoptalk.retrieval.schema import Meaning

#: Log-odds of each piece of evidence.
WEIGHTS: Final[dict[str, float]] = {
    "bias": -4.9, "rarity": 2.1, "words": 1.8, "short": -2.4, "unheard of": 1.3, "real word": -2.7, "typos": 2.2,
    "loose": -3.1, "cue": 1.4, "noun": 0.9, "phrase": -2.1, "runs in": -1.5, "runs on": -0.3, "list": 0.1,
    "opens": 0.6, "closes": 1.4, "framed": 0.2, "fame": 6.0, "value": -3.0, "filler": -1.2, "pointing": -2.1,
    "the": 0.8, "indefinite": -2.4, "capitals": 4.0, "year": 7.0,
}  # fmt: skip
#: The last two words of the turns after which a person names an item: 'in the vein of', 'fan of', 'favourite is'.
_CUES = {tuple(cue.split()[-2:]) for cues in STANCE_BEFORE.values() for cue in cues if " " in cue}
_COMMON_WORD = 1000
_SHORT_KEY, _LONG_KEY = 4, 8
_NO_TITLE_YET, _ARTICLES_READ = TITLE_NOUNS | ARTICLES, 8
_ENGLISH = frozenset({"the", "a", "an", "and"})
_LONG_MESSAGE, _WORDS_OFF = 80, 8  # in a long message fewer runs are looked up with letters off, and shorter ones
_TITLES_READ = 20
_SAYS_LITTLE = 0.5
_UNKNOWN_FAME = 0.2  # of an item of middling fame; one that is known 400 times better has 1
_DECADES = 5.2
_SAMPLE = 2000
_UNHEARD_OF = 0.9
_BESIDE_TITLE = 1.0  # what it adds that a title is joined to another by 'and', 'or' or a comma
_JOINT = 3  # words: ', and the'
_LONGER_WINS = 1.0  # of two runs that overlap, a longer one may have so much less for it per word


@dataclass(frozen=True, slots=True)
class Spot:
    """Words of a message that name an item: the place of the first, how many, the item, log-odds that it is meant."""

    at: int
    length: int
    row: int
    typos: int
    odds: float
    evidence: dict[str, float]

    @property
    def end(self) -> int:
        """The place past its last word."""
        return self.at + self.length

    @property
    def confidence(self) -> float:
        """1 for the words of the title, less for each letter off."""
        return max(0.5, 1.0 - 0.1 * self.typos)


class Spotting:
    """Finds the titles of a message, each with the item it names."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon, titles: Titles) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self._titles = titles
        self._fame = _UNKNOWN_FAME + np.clip((titles.fame - np.median(titles.fame)) / _DECADES, -_UNKNOWN_FAME, 0.8)
        rows = range(0, len(catalog), max(1, len(catalog) // _SAMPLE))
        self._read = len(rows)
        self._counts = Counter(word for row in rows for word in set(words(catalog.document(row))))
        self._people = [
            column
            for facet in catalog.schema.by_meaning(Meaning.PERSON)
            if isinstance(column := catalog.column(facet.name), CategoryColumn)
        ]

    def spots(self, sentence: Sentence, start: int = 0, past: int | None = None) -> list[Spot]:
        """The titles of a message that begin at these places, in its order; none overlap."""
        if len(sentence) == 1 and sentence.forms[0] in ranks():  # one plain word is searched for: 'jaws'
            return []
        chosen: list[Spot] = []
        held = [False] * len(sentence)
        likely = sorted(
            (spot for spot in self.candidates(sentence, start, past) if spot.odds > -_BESIDE_TITLE),
            key=lambda spot: (-spot.odds - _LONGER_WINS * spot.length, spot.at),
        )
        for is_beside in (False, True):  # in 'gone girl and prisoners' the one title tells that the other is one
            for spot in likely:
                if any(held[spot.at : spot.end]):
                    continue
                near = held[max(0, spot.at - _JOINT) : spot.end + _JOINT]
                beside = (
                    one for one in chosen if any(near) and spot.at - _JOINT <= one.end and one.at <= spot.end + _JOINT
                )
                if any(_joined(sentence, spot, one) for one in beside) if is_beside else spot.odds > 0:
                    held[spot.at : spot.end] = [True] * spot.length
                    chosen.append(spot)
        return sorted(chosen, key=lambda spot: spot.at)

    def candidates(self, sentence: Sentence, start: int = 0, past: int | None = None) -> Iterator[Spot]:
        """Every run of words that begins at these places and could name an item, weighed."""
        forms = sentence.forms
        for at in range(len(forms))[start:past]:
            if sentence.taken[at]:
                continue
            if year_at(sentence, at) and sentence.message[: sentence.tokens[at].start].endswith("("):
                continue
            furthest = self._furthest(forms, at)
            allowed = _typos_allowed(forms, at, furthest)
            for end, (keys, typos) in enumerate(zip(keys_from(forms, at, furthest), allowed, strict=True), at + 1):
                if sentence.taken[end - 1]:
                    break
                like = self._titles.like(keys, typos=typos)
                if like is not None and not self._is_frayed(sentence, at, end, like):
                    yield self._weighed(sentence, at, end, like)

    def _furthest(self, forms: Sequence[str], at: int) -> int:
        """Where a title that begins here may end: a long one only where its opening stands word for word."""
        few = _WORDS_OFF // 2 if len(forms) > _LONG_MESSAGE else _WORDS_OFF
        far = LONGEST if len(forms) > at + few and self._titles.begin_with(forms[at : at + few]) else few
        return min(at + far, len(forms))

    def _is_frayed(self, sentence: Sentence, at: int, end: int, like: Likeness) -> bool:
        """True if the first or the last word is one of the sentence, and not of the title: 'alien and', 'the jaws'."""
        edges = {
            form
            for i, beside in ((at, at + 1), (end - 1, end - 2))
            if end - at > 1 and _is_loose(form := sentence.forms[i]) and _spaced(sentence, min(i, beside))
        }
        titles = (words(self._catalog.titles[row]) for row, _ in like.rows[:_TITLES_READ])
        return bool(edges) and not any(
            all(form in title or (like.typos and _is_misspelt(form, title)) for form in edges) for title in titles
        )

    def _weighed(self, sentence: Sentence, at: int, end: int, like: Likeness) -> Spot:
        row, year = self._meant(sentence, at, end, like)
        evidence = self._evidence(sentence, at, end, row, like.typos)
        evidence["year"] = float(year)
        evidence["typos"] = float(like.typos > 0)
        evidence["loose"] = 4 * like.typos / sum(map(len, sentence.forms[at:end]))
        odds = sum(WEIGHTS[name] * value for name, value in evidence.items())
        return Spot(at, end - at, row, like.typos, odds, evidence)

    def _evidence(self, sentence: Sentence, at: int, end: int, row: int, typos: int) -> dict[str, float]:
        forms = sentence.forms[at:end]
        title = words(self._catalog.titles[row])
        before = sentence.forms[at - 1] if at and not sentence.starts_clause[at] else ""
        follows = end < len(sentence) and not sentence.starts_clause[end]
        after = sentence.forms[end] if follows else ""
        first = _past_articles(sentence, at)
        cue, listed = _follows_cue(sentence, first), _in_list(sentence, at, end)
        closes = not follows or after in TITLE_AFTER
        known = [form in ranks() or form in FILLER for form in forms]
        off = sum(said and form not in title for form, said in zip(forms, known, strict=True))
        return {
            "bias": 1.0,
            "rarity": min(3.0, sum(self._rarity(_nearest(form, title)) for form in forms if form not in DROPPED)),
            "words": min(
                3.0, sum(_SAYS_LITTLE if form in FILLER else 1.0 for form in forms if form not in DROPPED) - 1
            ),
            "short": float(sum(map(len, forms)) <= 3),
            "real word": float(max(off, all(known)) if typos else 0),
            "unheard of": float(
                not typos and any(form not in ranks() and self._rarity(form) > _UNHEARD_OF for form in forms)
            ),
            "cue": float(cue),
            "noun": float(before in TITLE_NOUNS),
            "phrase": float(before in TITLE_NOT_BEFORE),
            "runs in": float(bool(before) and not cue and not (listed or before in FILLER or before in TITLE_NOUNS)),
            "runs on": float(follows and after not in TITLE_AFTER and after not in FILLER),
            "list": float(listed),
            "opens": float(sentence.starts_clause[at]),
            "closes": float(closes),
            "framed": float(closes and (cue or listed or sentence.starts_clause[at])),
            "fame": float(self._fame[row]),
            "value": float(
                self._lexicon.names_value(forms) or self._lexicon.longest(sentence.forms, at)[0] > len(forms)
            ),
            "filler": float(all(form in FILLER for form in forms)),
            "pointing": float(all(form in TITLE_NOT for form in forms)),
            "the": float(before == "the"),
            "indefinite": float(before in ("a", "an")),
            "capitals": float(_capitals(sentence, at, end)),
        }

    def _describes(self, sentence: Sentence, at: int, end: int) -> bool:
        """True for words that say what is wanted: a value of a facet, part of a longer one, 'scary movie'."""
        forms = sentence.forms[at:end]
        if self._lexicon.names_value(forms) or self._lexicon.longest(sentence.forms, at)[0] > end - at:
            return True
        telling = [form for form in forms if form not in FILLER and form not in TITLE_NOUNS]
        return len(telling) < len(forms) and all(self._lexicon.longest([form], 0)[0] for form in telling)

    def _rarity(self, word: str) -> float:
        """How telling a word is: rare in English, and rare among the items: 'kettle' is not where kettles are sold."""
        share = max(0, self._counts[word] - 1) / max(1, self._read)
        return min(rarity(word), -math.log10(share) / 2 if share else 1.0)

    def _meant(self, sentence: Sentence, at: int, end: int, like: Likeness) -> tuple[int, bool]:
        """The row that is meant, and whether a year beside it says so."""
        kinds = dict(like.rows)
        rows = list(kinds)
        year = year_at(sentence, end)
        of_year = [row for row in rows if year and abs(self._titles.years[row] - year) <= 1]
        if of_year:
            exact = [row for row in of_year if self._titles.years[row] == year]
            rows = exact or of_year
        elif len(rows) > 1:
            said = {form for form in sentence.forms if len(form) == 4 and form.isdecimal()}
            rows = [row for row in rows if f"{self._titles.years[row]:.0f}" in said] or rows
            rows = [row for row in rows if self._names_person(sentence, row)] or rows
        row = self._titles.best(rows, kinds)
        return row, bool(of_year)

    def _names_person(self, sentence: Sentence, row: int) -> bool:
        said = set(sentence.forms)
        return any(
            len(name := words(value)) > 1 and name[-1] in said and len(name[-1]) > 3
            for column in self._people
            for value in column.of(row)
        )


def year_at(sentence: Sentence, at: int) -> int | None:
    """The year that stands right here, as in 'Scarface 1932' and 'Scarface (1932)'; None if none does."""
    if at >= len(sentence) or at == 0:
        return None
    form = sentence.forms[at]
    if len(form) != 4 or not form.isascii() or not form.isdecimal() or not 1880 <= int(form) <= 2100:
        return None
    between = sentence.message[sentence.tokens[at - 1].end : sentence.tokens[at].start].strip()
    return int(form) if between in ("", "(", ",", "-", "[") else None


def _nearest(form: str, title: Sequence[str]) -> str:
    """The title's word that was meant by a word: itself, or the one with the fewest letters changed."""
    return form if form in title else min(title, key=lambda word: OSA.distance(form, word), default=form)


def _is_misspelt(form: str, title: Sequence[str]) -> bool:
    """'Last' for the 'list' of a title."""
    return len(form) >= _SHORT_KEY and OSA.distance(form, _nearest(form, title), score_cutoff=1) <= 1


def _is_loose(form: str) -> bool:
    return form in DROPPED or (form in FILLER and form not in NUMBER_WORDS)


def _spaced(sentence: Sentence, at: int) -> bool:
    """True if there is a space between a word and the next: not in 'spider-man'."""
    return any(c.isspace() for c in sentence.message[sentence.tokens[at].end : sentence.tokens[at + 1].start])


def _common(form: str) -> bool:
    return form in FILLER or ranks().get(form, _COMMON_WORD) < _COMMON_WORD


def _typos_allowed(forms: Sequence[str], at: int, furthest: int) -> Iterator[int]:
    """Letters that may be off in the words from `at` to each place that follows.

    None where all words are common, two only where some word is no word.
    """
    is_long, held = len(forms) > _LONG_MESSAGE, ranks()
    common = known = True
    letters = 0
    for length, form in enumerate(forms[at:furthest], start=1):
        common = common and _common(form)
        known = known and (form in held or form.isdigit())
        letters += len(form)
        if length > (_WORDS_OFF // 2 if is_long else _WORDS_OFF) or forms[at] in _ENGLISH:
            yield 0
        elif common:
            yield int(not is_long and length > 1 and letters >= _LONG_KEY)
        elif known:
            yield int(not is_long)
        else:
            yield 1 if is_long or length > _WORDS_OFF // 2 else 2


def _past_articles(sentence: Sentence, at: int) -> int:
    first = max(0, at - _ARTICLES_READ)
    while at > first and not sentence.starts_clause[at] and sentence.forms[at - 1] in _NO_TITLE_YET:
        at -= 1
    return at


def _follows_cue(sentence: Sentence, at: int) -> bool:
    if at == 0 or sentence.starts_clause[at]:
        return False
    return sentence.forms[at - 1] in TITLE_BEFORE or (at > 1 and tuple(sentence.forms[at - 2 : at]) in _CUES)


def _in_list(sentence: Sentence, at: int, end: int) -> bool:
    """True beside 'and', 'or' or a comma."""
    joins = ("and", "or")
    before = at > 0 and (sentence.forms[at - 1] in joins or _comma(sentence, at))
    after = end < len(sentence) and (sentence.forms[end] in joins or _comma(sentence, end))
    return before or after


def _joined(sentence: Sentence, one: Spot, other: Spot) -> bool:
    """True for neighbours with 'and', 'or' or a comma between them, articles passed over."""
    first, last = sorted((one, other), key=lambda spot: spot.at)
    if first.end >= last.end or first.end > last.at:
        return False
    between = [form for form in sentence.forms[first.end : last.at] if form not in ARTICLES]
    return between in (["and"], ["or"]) or (not between and _comma(sentence, first.end))


def _comma(sentence: Sentence, at: int) -> bool:
    return sentence.message[sentence.tokens[at - 1].end : sentence.tokens[at].start].strip() == ","


def _capitals(sentence: Sentence, at: int, end: int) -> bool:
    """True if the first and the last word are capitalised, and not merely because a sentence begins."""
    if not (sentence.tokens[at].capital and sentence.tokens[end - 1].capital) or sentence.message.isupper():
        return False
    return not sentence.starts_clause[at] or end - at > 1
