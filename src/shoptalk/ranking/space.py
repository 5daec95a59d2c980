"""What ranking needs to know about a catalog as a whole, computed once when a shop is opened.

Rarity of values, percentiles of numbers, words of titles: with these, features mean the same in every catalog.
"""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shoptalk.retrieval.catalog import Catalog, CategoryColumn, DateColumn, NumberColumn
from shoptalk.retrieval.lexical import stems
from shoptalk.retrieval.schema import Column, Meaning
from shoptalk.retrieval.stopwords import STOP_WORDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GROUPS = ("person", "genre", "keyword", "brand", "place", "language", "other")
"""What categories are counted under, whatever the catalog calls them; `other` takes all without such a meaning."""

_BACKGROUND = 256
_NOT_COMPARED = (Meaning.POPULARITY, Meaning.RATING, Meaning.STOCK, Meaning.YEAR)
_COUNT_WORDS = ("count", "vote", "rating", "review", "num", "reviewer", "total")


class Ragged:
    """Rows of integer codes in CSR form, with a weight for each code."""

    def __init__(self, offsets: Ints, codes: Ints, weights: Floats) -> None:
        """Take offsets (n + 1), codes (m) and weights (v) as they are."""
        self.offsets, self.codes, self.weights = offsets, codes, weights

    def gather(self, rows: Ints) -> tuple[Ints, Ints]:
        """Codes of the rows, flat, and for each code the position in `rows` that it belongs to."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        owner = np.repeat(np.arange(len(rows)), lengths)
        first = np.cumsum(lengths) - lengths
        return self.codes[np.arange(len(owner)) - first[owner] + starts[owner]], owner


class FeatureSpace:
    """A catalog and its vectors with the arrays that features are made from. Never changed once made."""

    def __init__(self, catalog: Catalog, vectors: NDArray[np.float32]) -> None:
        """`vectors` (n, d) float32 of unit length, row by row with the catalog. Raises ValueError on another shape."""
        if vectors.ndim != 2 or len(vectors) != len(catalog):
            raise ValueError(f"{len(catalog)} items need as many vectors, got an array of shape {vectors.shape}")
        self.catalog, self.vectors = catalog, np.asarray(vectors)
        self.columns = [
            facet for facet in catalog.schema.facets if isinstance(catalog.column(facet.name), CategoryColumn)
        ]
        self._join_categories()
        self._read_titles()

    @cached_property
    def background(self) -> NDArray[np.float32]:
        """(b, d) vectors of some items, evenly taken: what a cosine is in this catalog when it means nothing."""
        rows = np.unique(np.linspace(0, len(self.vectors) - 1, _BACKGROUND).astype(np.int64))
        return np.ascontiguousarray(self.vectors[rows if len(self.vectors) else []])

    def standardise(self, probes: NDArray[np.float32], rows: Ints) -> Floats:
        """(len(rows), p) cosines of items to p unit vectors, in standard deviations above what is usual here."""
        usual = self.background @ probes.T
        spread = np.maximum(usual.std(axis=0), 0.02)
        return np.asarray((self.vectors[rows] @ probes.T - usual.mean(axis=0)) / spread, dtype=np.float64)

    def title_words(self, text: str) -> tuple[Ints, Floats]:
        """Codes of the telling words of a text that stand in some title, and the rarity of all its telling words.

        A word that no title has is as rare as one that a single title has.
        """
        words = [word for word in dict.fromkeys(stems(text)) if word not in self._silent]
        codes = [self._title_code.get(word, -1) for word in words]
        known = np.array([code for code in codes if code >= 0], dtype=np.int64)
        unknown = len(codes) - len(known)
        rarity = np.concatenate((self.titles.weights[known], np.full(unknown, np.log(1 + len(self.catalog)))))
        return known, rarity

    def facet_of_code(self, code: int) -> tuple[str, str]:
        """(facet's name, value) that a code of `values` stands for."""
        place = int(np.searchsorted(self._first_code, code, side="right")) - 1
        column = self.catalog.column(self.columns[place].name)
        assert isinstance(column, CategoryColumn)
        return column.name, column.values[code - int(self._first_code[place])]

    def weights_without(self, hidden: Collection[str]) -> Floats:
        """(v,) rarity of each category value, zero for the values of the hidden facets."""
        if not hidden:
            return self.values.weights
        weights = self.values.weights.copy()
        for place, column in enumerate(self.columns):
            if column.name in hidden:
                weights[self._first_code[place] : self._first_code[place + 1]] = 0.0
        return weights

    @cached_property
    def popularity(self) -> Floats | None:
        """(n,) percentile of how many people know the item, NaN where not known; None if the catalog cannot say."""
        return _percentiles(self.numbers(Meaning.POPULARITY))

    @cached_property
    def rating(self) -> Floats | None:
        """(n,) percentile of the rating, shrunk towards the catalog's mean where few people gave it.

        `(k m + c r) / (k + c)` with count c, mean m, and k the median count: the mean of a normal with a known prior
        (Gelman et al., Bayesian Data Analysis, 3rd ed., eq. 2.11).
        """
        rating = self.numbers(Meaning.RATING)
        counts = self.numbers(Meaning.POPULARITY) if self.rating_count else None
        if rating is None or counts is None or np.isnan(counts).all() or np.isnan(rating).all():
            return _percentiles(rating)
        known = np.nan_to_num(counts, nan=0.0)
        prior = max(float(np.nanmedian(counts)), 1.0)
        return _percentiles((prior * np.nanmean(rating) + known * rating) / (prior + known))

    @cached_property
    def recency(self) -> Floats | None:
        """(n,) percentile of the year or, without one, of the first date."""
        return _percentiles(self.moments)

    @cached_property
    def price(self) -> Floats | None:
        """(n,) percentile of the price."""
        return _percentiles(self.numbers(Meaning.PRICE))

    @cached_property
    def moments(self) -> Floats | None:
        """(n,) years or, where the catalog has none, days of its first date column."""
        years = self.numbers(Meaning.YEAR)
        return self._first_date() if years is None or np.isnan(years).all() else years

    @cached_property
    def comparable(self) -> list[tuple[str, Floats]]:
        """Number facets by which items are alike (size, price, duration; not rating or popularity), as percentiles."""
        found = []
        for facet in self.catalog.schema.facets:
            column = self.catalog.column(facet.name)
            if isinstance(column, NumberColumn) and facet.meaning not in _NOT_COMPARED:
                percentiles = _percentiles(column.values)
                if percentiles is not None:
                    found.append((facet.name, percentiles))
        return found

    @cached_property
    def rating_count(self) -> str | None:
        """The facet that says from how many people a rating comes, if the popularity facet is such a count."""
        column = self.facet(Meaning.POPULARITY)
        counts = self.numbers(Meaning.POPULARITY)
        if column is None or counts is None or not self.facet(Meaning.RATING):
            return None
        named = any(word in f"{column.name} {column.label}".casefold() for word in _COUNT_WORDS)
        known = counts[~np.isnan(counts)]
        return column.name if named and bool((known == np.floor(known)).all()) else None

    @cached_property
    def text_length(self) -> Floats:
        """(n,) percentile of the text's length."""
        lengths = np.fromiter((len(text) for text in self.catalog.texts), np.float64, len(self.catalog))
        found = _percentiles(lengths)
        return found if found is not None else np.full(len(lengths), 0.5)

    @cached_property
    def completeness(self) -> Floats:
        """(n,) share of the facets that the item fills."""
        filled = np.zeros(len(self.catalog))
        for facet in self.catalog.schema.facets:
            filled += self.catalog.column(facet.name).known
        return filled / max(len(self.catalog.schema.facets), 1)

    def facet(self, meaning: Meaning) -> Column | None:
        """The first number facet with that meaning."""
        for facet in self.catalog.schema.by_meaning(meaning):
            if isinstance(self.catalog.column(facet.name), NumberColumn):
                return facet
        return None

    def numbers(self, meaning: Meaning) -> Floats | None:
        """(n,) values of the first number facet with that meaning, None if there is none."""
        facet = self.facet(meaning)
        column = self.catalog.column(facet.name) if facet else None
        return column.values if isinstance(column, NumberColumn) else None

    def spread(self, facet: str) -> float:
        """Distance between the quartiles of a number or date facet, its standard deviation if they coincide, else 1."""
        if facet not in self._spreads:
            column = self.catalog.column(facet)
            values = column.days if isinstance(column, DateColumn) else column.values
            self._spreads[facet] = spread_of(np.asarray(values, dtype=np.float64))
        return self._spreads[facet]

    @cached_property
    def moment_spread(self) -> float:
        """Distance between the quartiles of `moments`."""
        return spread_of(self.moments) if self.moments is not None else 1.0

    @cached_property
    def _spreads(self) -> dict[str, float]:
        return {}

    def _first_date(self) -> Floats | None:
        for facet in self.catalog.schema.facets:
            column = self.catalog.column(facet.name)
            if isinstance(column, DateColumn):
                return column.days
        return None

    def _join_categories(self) -> None:
        """All category columns as one: `values` with a code for each value, `group` (v,) and `share` (v,) of items."""
        held = [self.catalog.column(facet.name) for facet in self.columns]
        columns = [column for column in held if isinstance(column, CategoryColumn)]
        sizes = [len(column.values) for column in columns]
        self._first_code = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        counts = np.concatenate([column.counts for column in columns] or [np.empty(0, np.int64)])
        n = max(len(self.catalog), 1)
        self.group = np.repeat([_group(facet) for facet in self.columns], sizes).astype(np.int64)
        self.share = counts / n
        rarity = np.where(counts > 1, np.log((n + 1) / (counts + 1)), 0.0)
        offsets, codes = _joined(columns, self._first_code, len(self.catalog))
        self.values = Ragged(offsets, codes, rarity)

    def _read_titles(self) -> None:
        """`titles`: the stems of each title's telling words, rare ones weighing more."""
        self._silent = frozenset(stems(" ".join(STOP_WORDS)))
        self._title_code: dict[str, int] = {}
        lengths, codes = [], []
        for title in self.catalog.titles:
            found = dict.fromkeys(word for word in stems(title) if word not in self._silent)
            lengths.append(len(found))
            codes.extend([self._title_code.setdefault(word, len(self._title_code)) for word in found])
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        flat = np.array(codes, dtype=np.int64)
        counts = np.bincount(flat, minlength=len(self._title_code))
        self.titles = Ragged(offsets, flat, np.log((1 + len(lengths)) / np.maximum(counts, 1)))


def spread_of(values: Floats) -> float:
    """Distance between the quartiles, the standard deviation where they coincide, 1 where all values are the same."""
    known = values[~np.isnan(values)]
    if not len(known):
        return 1.0
    low, high = np.quantile(known, [0.25, 0.75])
    return float(high - low) or float(known.std()) or 1.0


def _group(facet: Column) -> int:
    meaning = str(facet.meaning) if facet.meaning else "other"
    return GROUPS.index(meaning) if meaning in GROUPS else GROUPS.index("other")


def _joined(columns: Sequence[CategoryColumn], first_code: Ints, n: int) -> tuple[Ints, Ints]:
    """Offsets and codes of several category columns, row by row."""
    if not columns:
        return np.zeros(n + 1, dtype=np.int64), np.empty(0, dtype=np.int64)
    lengths = np.array([np.diff(column.offsets) for column in columns])
    rows = np.concatenate([np.repeat(np.arange(n), length) for length in lengths])
    codes = np.concatenate([column.codes + first for column, first in zip(columns, first_code, strict=False)])
    order = np.argsort(rows, kind="stable")
    return np.concatenate(([0], np.cumsum(lengths.sum(axis=0)))).astype(np.int64), codes[order].astype(np.int64)


def _percentiles(values: Floats | None) -> Floats | None:
    """Middle ranks in (0, 1), equal values alike, NaN kept; None where nothing is known or all values are the same."""
    if values is None:
        return None
    known = np.sort(values[~np.isnan(values)])
    if not len(known) or known[0] == known[-1]:
        return None
    ranks = (np.searchsorted(known, values, side="left") + np.searchsorted(known, values, side="right")) / 2
    return np.where(np.isnan(values), np.nan, ranks / len(known))
