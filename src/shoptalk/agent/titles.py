"""Titles as people write them: without the article or the subtitle, misspelt, glued or split, by model number.

Each title is known by a few keys: its words run together, with and without articles, with numbers in one spelling
('rocky ii' and 'rocky two' are both 'rocky2'), and the part before its subtitle. A run of words from a message is
looked up as such a key. One that is a letter or two off shares a half (a third) of its letters with the right key, so
only keys filed under one of the parts are compared (the partition scheme of PassJoin, Li et al., VLDB 2011).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from shoptalk.agent.parts import other_names
from shoptalk.agent.tokens import words
from shoptalk.agent.words import FILLER, NUMBER_WORDS
from shoptalk.retrieval.catalog import Catalog, NumberColumn
from shoptalk.retrieval.schema import Meaning

ARTICLES = frozenset({"the", "a", "an", "le", "la", "les", "der", "das", "el", "il"})  # no "die": Die Hard
DROPPED = ARTICLES | {"and", "part", "vol", "volume"}
_ROMAN = dict(zip("ii iii iv vi vii viii ix xi xii xiii".split(), "2 3 4 6 7 8 9 11 12 13".split(), strict=True))
#: What a word of a title is taken for where its spelling does not matter.
_OTHERWISE = {word: str(number) for word, number in NUMBER_WORDS.items()} | _ROMAN
_OTHERWISE |= dict.fromkeys(DROPPED, "")
_MODEL_LETTERS = 4
_CLOSE = 82.0
_OPENING = 8
_ONE_TYPO, _TWO_TYPOS = 3, 9  # letters a key has at least to be found with so many of them wrong
#: Most words and characters of a run that is looked up, most keys compared for one run.
LONGEST, _LONGEST_KEY, _MOST_COMPARED = 16, 80, 200

#: How freely a key stands for a title, in orders of magnitude of fame that outweigh it (half of one each): as it is,
#: without its article or with its numbers in other words, by what stands before its subtitle.
WHOLE, ALTERED, HEAD = 0.0, 1.0, 1.5
_FREELY = (0.0, 2.0)  # what is added to that for each of `keys_of`: the title may lack an article that was said


@dataclass(frozen=True, slots=True)
class Likeness:
    """Items that some words may name: the rows with how each is meant, and how many letters are off."""

    rows: tuple[tuple[int, float], ...]
    typos: int


class Titles:
    """Finds the items that some words may name. Among items of one title the best known comes first."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._keys: dict[str, dict[int, float]] = defaultdict(dict)
        self._models: dict[str, list[int]] = defaultdict(list)
        others = other_names(catalog)
        for row, title in enumerate(catalog.titles):
            for name in others.get(row, ()):
                self._keys["".join(words(name))].setdefault(row, HEAD)
            whole = words(title)
            for key, kind in _keys(title, whole):
                self._keys[key].setdefault(row, kind)
            for word in whole:
                if len(word) >= _MODEL_LETTERS and any(c.isdigit() for c in word) and any(c.isalpha() for c in word):
                    self._models[word].append(row)
        self._parts = _parts_of(self._keys)
        self._openings = frozenset(key[:_OPENING] for key in self._keys)

    def begin_with(self, forms: Sequence[str]) -> bool:
        """True if some title may begin with these words: its first letters are theirs."""
        return any(key[:_OPENING] in self._openings for key in keys_of(forms))

    def exact(self, forms: Sequence[str]) -> int | None:
        """Row of the best known item that these words name without a letter off; None if there is none."""
        held = self._held(keys_of(forms))
        return self.best(list(held), held) if held else None

    def like(self, keys: Sequence[str], *, typos: int) -> Likeness | None:
        """The items that words of these keys name with the fewest letters off, `typos` at most; None if none are."""
        if held := self._held(keys):
            return Likeness(tuple(held.items()), 0)
        if typos < 1:
            return None
        best: dict[int, float] = {}
        fewest = typos + 1
        for key, freely in zip(keys, _FREELY, strict=False):
            for other, off in self._near(key, typos):
                if off < fewest:
                    best, fewest = {}, off
                if off == fewest:
                    for row, kind in self._keys[other].items():
                        best[row] = min(kind + freely, best.get(row, kind + freely))
        return Likeness(tuple(best.items()), fewest) if best else None

    def model(self, form: str) -> int | None:
        """Row of the only item whose title has this model number, or None."""
        rows = self._models.get(form, [])
        return rows[0] if len(rows) == 1 else None

    def closest(self, forms: Sequence[str]) -> tuple[float, int] | None:
        """The title nearest to these words by edit distance: (similarity in [0, 1], row), or None if none is near.

        It compares with every title: for words that are known to be one (quoted).
        """
        from rapidfuzz import fuzz, process

        said = "".join(forms)
        if len(said) < 4 or all(form in FILLER for form in forms):
            return None
        found = process.extractOne(said, self._all_keys, scorer=fuzz.ratio, score_cutoff=_CLOSE)
        if not found:
            return None
        held = self._keys[found[0]]
        return found[1] / 100, self.best(list(held), held)

    def best(self, rows: Iterable[int], kinds: dict[int, float]) -> int:
        """The row that is most likely meant: how well known it is, against how freely it was named."""
        return max(rows, key=lambda row: (self.fame[row] - kinds.get(row, WHOLE), -row))

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """(n,) year of each item, nan where unknown."""
        return _numbers(self._catalog, Meaning.YEAR)

    @cached_property
    def fame(self) -> NDArray[np.float64]:
        """(n,) how well known each item is: log10 of its votes where the catalog has them, then how much it says."""
        votes = np.nan_to_num(_numbers(self._catalog, Meaning.POPULARITY))
        said = np.fromiter((len(text) for text in self._catalog.texts), np.float64, len(self._catalog))
        fame: NDArray[np.float64] = 2 * np.log10(1 + np.maximum(votes, 0)) + 0.01 * said / (said.max(initial=0.0) + 1)
        return fame

    @cached_property
    def _all_keys(self) -> list[str]:
        return list(self._keys)

    def _held(self, keys: Iterable[str]) -> dict[int, float]:
        held: dict[int, float] = {}
        for key, freely in zip(keys, _FREELY, strict=False):
            if (rows := self._keys.get(key)) is not None:
                for row, kind in rows.items():
                    held[row] = min(kind + freely, held.get(row, kind + freely))
        return held

    def _near(self, key: str, typos: int) -> Iterator[tuple[str, int]]:
        """Keys that are at most so many letters off, with how many: those filed under a part that both have."""
        size = len(key)
        if typos < 1 or not _ONE_TYPO <= size <= _LONGEST_KEY:
            return
        found = _compared(key, self._sharing_half(key), 1)
        if not found and typos > 1 and size >= _TWO_TYPOS:
            found = _compared(key, self._sharing_third(key), 2)
        yield from found

    def _sharing_half(self, key: str) -> list[str]:
        size, found = len(key), list[str]()
        for length in (size, size - 1, size + 1):
            if (held := self._parts.get(length)) is not None:
                half = length // 2
                if same := held[0].get(key[:half]):
                    found += same
                if same := held[1].get(key[size - length + half :]):
                    found += same
        return found

    def _sharing_third(self, key: str) -> list[str]:
        size, found = len(key), list[str]()
        for length in range(size - 2, size + 3):
            if (held := self._parts.get(length)) is not None:
                third = length // 3
                found += held[2].get(key[:third], ())
                found += held[4].get(key[size - length + 2 * third :], ())
                for at in range(third - 1, third + 2):
                    found += held[3].get(key[at : at + third], ())
        return found


def keys_of(forms: Sequence[str]) -> tuple[str, ...]:
    """The keys under which these words may stand: as they are; without articles, numbers in one spelling."""
    plain = "".join(forms)
    other = _plain(forms)
    return (plain, other) if other and other != plain else (plain,)


def keys_from(forms: Sequence[str], at: int, furthest: int) -> Iterator[tuple[str, ...]]:
    """`keys_of` the words from `at` to each place that follows, up to `furthest`."""
    plain = other = ""
    for form in forms[at:furthest]:
        plain, other = plain + form, other + _OTHERWISE.get(form, form)
        yield (plain, other) if other and other != plain else (plain,)


def _plain(forms: Sequence[str]) -> str:
    """The words run together without articles and 'part', numbers in digits."""
    return "".join([_OTHERWISE.get(form, form) for form in forms])


def _keys(title: str, whole: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The keys of a title, the plainest first."""
    yield "".join(whole), WHOLE
    if len(whole) > 1 and whole[0] in ARTICLES:
        yield "".join(whole[1:]), ALTERED
    if other := _plain(whole):
        yield other, ALTERED
    for mark in (":", " - ", " – "):
        head = words(title.split(mark, maxsplit=1)[0])
        if head and len(head) < len(whole):
            for key in keys_of(head):
                yield key, HEAD
    if "(" in title and (bare := words(title.split("(", maxsplit=1)[0])):
        for key in keys_of(bare):
            yield key, HEAD


def _parts_of(keys: Iterable[str]) -> dict[int, tuple[dict[str, list[str]], ...]]:
    """Keys by their length, and those of a length by halves (0, 1) and thirds (2, 3, 4): what `_near` compares."""
    parts: dict[int, tuple[dict[str, list[str]], ...]] = {}
    for key in keys:
        size = len(key)
        if not _ONE_TYPO <= size <= _LONGEST_KEY:
            continue
        half, third = size // 2, size // 3
        cut = [key[:half], key[half:]]
        cut += [key[:third], key[third : 2 * third], key[2 * third :]] if size >= _TWO_TYPOS else []
        held = parts.setdefault(size, ({}, {}, {}, {}, {}))
        for by_part, part in zip(held, cut, strict=False):
            by_part.setdefault(part, []).append(key)
    return parts


def _compared(key: str, others: Sequence[str], typos: int) -> list[tuple[str, int]]:
    near: list[tuple[str, int]] = []
    for other in dict.fromkeys(others[:_MOST_COMPARED]) if others else ():
        off = OSA.distance(key, other, score_cutoff=typos)
        if off <= typos and _digits(key) == _digits(other):  # 'Alien 3' is not 'Alien 2' with a letter off
            near.append((other, off))
    return near


def _digits(key: str) -> str:
    return "".join(c for c in key if c.isdigit())


def _numbers(catalog: Catalog, meaning: Meaning) -> NDArray[np.float64]:
    for facet in catalog.schema.by_meaning(meaning):
        column = catalog.column(facet.name)
        if isinstance(column, NumberColumn):
            return column.values
    return np.full(len(catalog), np.nan)
