"""Titles as people write them: without the article, without the subtitle, misspelt, by model number.

Exact look-ups go through folded words; misspellings through rapidfuzz over all titles (2 to 3 ms at 50,000).
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.tokens import words
from shoptalk.agent.words import FILLER
from shoptalk.retrieval.catalog import Catalog, NumberColumn
from shoptalk.retrieval.schema import Meaning

_ARTICLES = frozenset({"the", "a", "an", "le", "la", "les", "der", "die", "das", "el", "il"})
_MODEL_LETTERS = 4
_CLOSE = 82.0
_LONGEST = 12


class Titles:
    """Finds the item that some words name. Among items of one title the best known comes first."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._short: dict[str, list[int]] = defaultdict(list)
        self._models: dict[str, list[int]] = defaultdict(list)
        for row, title in enumerate(catalog.titles):
            whole = words(title)
            self._exact[" ".join(whole)].append(row)
            if len(whole) > 1 and whole[0] in _ARTICLES:
                self._exact[" ".join(whole[1:])].append(row)
            for mark in (":", " - "):
                head = title.split(mark)[0]
                if head != title and (short := " ".join(words(head))):
                    self._short[short].append(row)
            for word in whole:
                if len(word) >= _MODEL_LETTERS and any(c.isdigit() for c in word) and any(c.isalpha() for c in word):
                    self._models[word].append(row)

    def exact(self, forms: Sequence[str]) -> int | None:
        """Row of the item with exactly this title, article aside, or this title before its subtitle; None if none."""
        key = " ".join(forms)
        rows = self._exact.get(key) or (self._exact.get(" ".join(forms[1:])) if forms[0] in _ARTICLES else None)
        rows = rows or self._short.get(key)
        return self._best_known(rows) if rows else None

    def of_year(self, forms: Sequence[str], year: int) -> int | None:
        """Row of the item with this title and year, or None."""
        rows = self._exact.get(" ".join(forms), [])
        return next((row for row in rows if abs(self._years[row] - year) <= 1), None)

    def model(self, form: str) -> int | None:
        """Row of the only item whose title has this model number, or None."""
        rows = self._models.get(form, [])
        return rows[0] if len(rows) == 1 else None

    def longest(self, forms: Sequence[str], at: int) -> tuple[int, int]:
        """The longest title that stands word for word from `at` on: (words taken, row); (0, -1) if none does."""
        for length in range(min(_LONGEST, len(forms) - at), 0, -1):
            row = self.exact(forms[at : at + length])
            if row is not None:
                return length, row
        return 0, -1

    def closest(self, forms: Sequence[str]) -> tuple[float, int] | None:
        """The title nearest to these words by edit distance: (similarity in [0, 1], row), or None if none is near."""
        from rapidfuzz import fuzz, process

        said = " ".join(forms)
        if len(said) < 4 or all(form in FILLER for form in forms):
            return None
        cutoff = _CLOSE if len(said) > 6 else _CLOSE - 3
        found = process.extract(said, self._folded, scorer=fuzz.ratio, score_cutoff=cutoff, limit=8)
        if not found:
            return None
        top = max(score for _, score, _ in found)
        rows = [row for _, score, place in found if score >= top - 0.01 for row in self._exact[self._folded[place]]]
        return top / 100, self._best_known(rows)

    @cached_property
    def _folded(self) -> list[str]:
        return list(self._exact)

    @cached_property
    def _years(self) -> NDArray[np.float64]:
        return _numbers(self._catalog, Meaning.YEAR)

    @cached_property
    def _fame(self) -> NDArray[np.float64]:
        """Votes where the catalog has them; else how much it says about the item."""
        votes = np.nan_to_num(_numbers(self._catalog, Meaning.POPULARITY))
        said = np.fromiter((len(text) for text in self._catalog.texts), np.float64, len(self._catalog))
        fame: NDArray[np.float64] = votes + said / (said.max(initial=0.0) + 1.0)
        return fame

    def _best_known(self, rows: Sequence[int]) -> int:
        return max(rows, key=lambda row: (self._fame[row], -row))


def _numbers(catalog: Catalog, meaning: Meaning) -> NDArray[np.float64]:
    for facet in catalog.schema.by_meaning(meaning):
        column = catalog.column(facet.name)
        if isinstance(column, NumberColumn):
            return column.values
    return np.full(len(catalog), np.nan)
