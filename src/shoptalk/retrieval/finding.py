"""From a query to candidates: several sources each bring items, and reciprocal rank fusion orders what they brought.

Whether an item may be brought at all is decided first, once, on the catalog's columns; no source sees the others.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shoptalk.retrieval.catalog import Catalog, FlagColumn, NumberColumn
from shoptalk.retrieval.coherence import FIRST, centre
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.greatest import floor_of_greatest
from shoptalk.retrieval.index import VectorIndex, best_rows, highest_dots
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.query import Constraint, Operator, Query
from shoptalk.retrieval.schema import Meaning

__all__ = ["SOURCES", "Candidates", "Finder", "FusionConfig", "LearnedSources"]

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

_NEAR = 2e-5  # scores are compared to five decimals

SOURCES = ("dense", "lexical", "coherence", "similar", "liked", "wishes", "prior")
"""Cosine to the text; BM25 of its words; cosine to what these found first, taken together; highest cosine to an item
asked for as a model, and to a liked one; share of the wishes met, rare ones weighing more; what is well rated and
popular. A shop that has learned from people's choices has the sources of its models besides."""


class LearnedSources(Protocol):
    """What a shop has learned from people's choices: models that score the catalog for a query."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sources, in a fixed order."""
        ...

    def scores(self, query: Query) -> dict[str, Scores]:
        """(n,) in [0, 1] by name, row by row with the catalog, as shares of each source's best.

        0 for what it does not know; sources that have nothing to say are left out.
        """
        ...


@dataclass(frozen=True)
class FusionConfig:
    """What each source's ranks weigh, and the constant of reciprocal rank fusion."""

    dense: float = 0.5
    """nearness of the description to the text"""
    lexical: float = 1.0
    """words of the text"""
    coherence: float = 0.2
    """nearness to what the words found first, taken together"""
    similar: float = 1.5
    """nearness to an item asked for as a model"""
    liked: float = 0.5
    """nearness to an item that the person likes"""
    wishes: float = 1.0
    """wishes met"""
    prior: float = 0.01
    """rating and popularity, where too little else is asked: so little that they only settle what is otherwise equal"""
    learned: float = 1.0
    """each model of people's choices"""
    learned_share: float = 0.5
    """share of the limit that each of these may bring"""
    constant: float = 60.0
    """Cormack, Clarke & Büttcher 2009 (SIGIR), section 2"""
    most_liked: int = 10
    """how many liked items are looked around: the last ones"""
    rating_pseudo_count: float = 20.0
    """ratings of the catalog's mean that every item is given; on ratings without counts they do nothing"""
    sold_out: bool = False
    """whether what is out of stock may be found unasked: where ranking puts it after all else"""

    def weight(self, source: str) -> float:
        """The weight of a source; all that were learned have the same."""
        return float(getattr(self, source)) if source in SOURCES else self.learned


@dataclass(frozen=True, eq=False)
class Candidates:
    """Items found for a query, the best first (n of them).

    `scores` has an array (n,) for each source that took part, named as in `SOURCES`. Every source scores every
    candidate; NaN stands only for "lexical" where it did not find the item, and for "liked" at a liked item itself.
    Learned sources stand behind them under their own names.
    `fused` (n,) is what the order comes from. `passing` counts the items that could have been found. `vector` (d,) is
    that of the text.
    """

    rows: Rows
    scores: dict[str, Scores]
    fused: Scores
    passing: int
    vector: Scores | None = None

    def __len__(self) -> int:
        return len(self.rows)


class Finder:
    """Finds candidates in one catalog. Safe to share between threads."""

    def __init__(
        self,
        catalog: Catalog,
        encoder: Encoder,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        config: FusionConfig | None = None,
        learned: LearnedSources | None = None,
        hidden: Callable[[], Mask | None] | None = None,
    ) -> None:
        """Wire the parts, which must all be of the same catalog. Raises ValueError if encoder and vectors differ.

        `hidden` is asked at each search for the mask (n,) of what the shop's rules hide, whatever is asked.
        """
        if encoder.name != vectors.encoder:
            raise ValueError(f"the vectors are of encoder '{vectors.encoder}', not '{encoder.name}'")
        if vectors.ids != catalog.ids:
            raise ValueError("the vectors are those of another catalog")
        self.catalog, self.encoder, self.vectors, self.lexical = catalog, encoder, vectors, lexical
        self.learned, self._hidden = learned, hidden
        self._config = config or FusionConfig()

    def find(self, query: Query) -> Candidates:
        """Up to `query.limit` items that pass, by reciprocal rank fusion of all sources; ties go to the lower row.

        Every source brings its best `limit`; then each ranks all that were brought, and these ranks are fused. Where
        nothing is asked but constraints, or the sources bring too little, rating and popularity bring the rest.
        """
        allowed = self.allowed(query)
        passing = int(np.count_nonzero(allowed))
        vector = self.encoder.encode([query.text])[0] if query.text.strip() else None
        search = _Search(self, query, allowed, vector, self._config)
        rows = search.brought()
        missing = min(query.limit, passing) - len(rows)
        if missing > 0:
            fresh = allowed.copy()
            fresh[rows] = False
            rows = np.union1d(rows, best_rows(np.where(fresh, self.prior, -np.inf), missing)[0])
        scores = search.scores(rows) | ({"prior": self.prior[rows]} if missing > 0 else {})
        fused = np.zeros(len(rows))
        for source, values in scores.items():
            fused += self._config.weight(source) * _reciprocal_ranks(values, self._config.constant)
        order = np.lexsort((rows, -fused))[: query.limit]
        told = {source: values[order].astype(np.float32) for source, values in scores.items()}
        return Candidates(rows[order], told, fused[order].astype(np.float32), passing, vector)

    def allowed(self, query: Query) -> Mask:
        """(n,) mask of what may be found: it meets every `must`, is available, and is not excluded or disliked.

        Items asked for as models are left out too. Hidden or sold-out items pass if a `must` asks about just that,
        sold-out ones also where the config lets them; what the shop's rules hide never does.
        """
        mask = self.catalog.passing(query.must)
        asked = {self.catalog.schema.facet(constraint.facet).meaning for constraint in query.must}
        barred = {Meaning.HIDDEN, Meaning.STOCK} - asked - ({Meaning.STOCK} if self._config.sold_out else set())
        if len(barred) == 2:
            mask &= self.catalog.available()
        else:
            for meaning in barred:
                mask &= ~self._barred(meaning)
        mask[self.catalog.rows([*query.exclude, *query.disliked, *query.similar])] = False
        hidden = self._hidden() if self._hidden is not None else None
        if hidden is not None:
            mask &= ~hidden
        return mask

    @cached_property
    def prior(self) -> Scores:
        """(n,) in [0, 1): how good a guess an item is when nothing is known of the person; computed once.

        Mean of the percentiles of rating and of popularity, of those that the schema knows. A rating is shrunk to the
        catalog's mean as if so many more people had given that (a Bayesian average), where popularity counts people.
        Without either it is a fixed shuffle of the catalog: a spread that does not favour what its file lists first.
        """
        rating, popularity = self._numbers(Meaning.RATING), self._numbers(Meaning.POPULARITY)
        parts = []
        if rating is not None:
            parts.append(_percentiles(_shrunk(rating, popularity, self._config.rating_pseudo_count)))
        if popularity is not None:
            parts.append(_percentiles(np.nan_to_num(popularity, nan=-np.inf)))
        prior: Scores = np.mean(parts or [_shuffle(self.catalog.ids)], axis=0).astype(np.float32)
        return prior

    def _numbers(self, meaning: Meaning) -> NDArray[np.float64] | None:
        """The values of the first number facet with that meaning that any item has."""
        for facet in self.catalog.schema.by_meaning(meaning):
            column = self.catalog.column(facet.name)
            if isinstance(column, NumberColumn) and not np.isnan(column.values).all():
                return column.values
        return None

    def _barred(self, meaning: Meaning) -> Mask:
        """(n,) mask of the items that are hidden, or that are out of stock."""
        barred = np.zeros(len(self.catalog), dtype=np.bool_)
        for facet in self.catalog.schema.by_meaning(meaning):
            column = self.catalog.column(facet.name)
            if isinstance(column, FlagColumn):
                barred |= column.meets(Operator.IS, meaning is Meaning.HIDDEN)
            elif isinstance(column, NumberColumn) and meaning is Meaning.STOCK:
                barred |= column.meets(Operator.AT_MOST, 0.0)
        return barred


class _Search:
    """One query at all sources."""

    def __init__(
        self, finder: Finder, query: Query, allowed: Mask, vector: Scores | None, config: FusionConfig
    ) -> None:
        self._finder, self._query, self._allowed, self._vector = finder, query, allowed, vector
        catalog, vectors = finder.catalog, finder.vectors
        self._guides: dict[str, Scores] = {} if vector is None else {"dense": vector[None, :]}
        self._models = {
            "similar": catalog.rows(query.similar),
            "liked": catalog.rows(query.liked)[-config.most_liked :],
        }
        self._models = {source: rows for source, rows in self._models.items() if len(rows)}
        self._guides |= {source: vectors.vectors[rows] for source, rows in self._models.items()}
        self._wished = _wished(catalog, query.wishes, allowed) if query.wishes else None
        self._lexical: tuple[Rows, Scores] | None = None
        self._learned = finder.learned.scores(query) if finder.learned is not None else {}
        self._most_learned = max(1, round(config.learned_share * query.limit))

    def brought(self) -> Rows:
        """Rows that any source brings, sorted."""
        limit, pools = self._query.limit, [np.empty(0, dtype=np.int64)]
        vectors = self._finder.vectors
        for rows in self._models.values():
            others = self._allowed.copy()
            others[rows] = False
            pools.append(vectors.nearest_to(rows, limit, others)[0])
        if self._vector is not None:
            pools.append(vectors.nearest(self._vector, limit, self._allowed)[0])
            self._lexical = self._finder.lexical.search(self._query.text, limit, self._allowed)
            pools.append(self._lexical[0])
        if self._wished is not None:
            pools.append(self._best_wished(self._wished, limit))
        pools += [_best_known(known, self._allowed, self._most_learned) for known in self._learned.values()]
        return np.unique(np.concatenate(pools))

    def scores(self, rows: Rows) -> dict[str, NDArray[np.float32]]:
        """What each source says of these rows, sorted as `brought` gives them, whether it brought them or not."""
        vectors = self._finder.vectors.vectors[rows if self._guides else rows[:0]]
        scores = {source: highest_dots(vectors, guides) for source, guides in self._guides.items()}
        if "liked" in scores:
            scores["liked"][np.isin(rows, self._models["liked"])] = np.nan
        if self._lexical is not None:
            found, bm25 = self._lexical
            scores["lexical"] = np.full(len(rows), np.nan, dtype=np.float32)
            scores["lexical"][np.searchsorted(rows, found)] = bm25
            middle = centre(self._finder.vectors.vectors[found[:FIRST]], bm25[:FIRST])
            if middle is not None:
                scores["coherence"] = highest_dots(vectors, middle[None, :])
        if self._wished is not None:
            scores["wishes"] = self._wished[rows]
        told = {source: scores[source] for source in SOURCES if source in scores}
        return told | {source: known[rows] for source, known in self._learned.items()}

    def _best_wished(self, wished: Scores, limit: int) -> Rows:
        """The rows that meet most; of those that meet as much as the last that fits, the nearest or likeliest ones."""
        rows = np.flatnonzero(self._allowed & (wished > 0))
        if len(rows) <= limit:
            return rows
        least = np.partition(wished[rows], len(rows) - limit)[len(rows) - limit]
        above = rows[wished[rows] > least]
        level = self._allowed & (wished == least)
        guides = next(iter(self._guides.values()), None)
        if guides is not None:
            rest = self._finder.vectors.nearest(guides, limit - len(above), level)[0]
        else:
            rest = best_rows(np.where(level, self._finder.prior, -np.inf), limit - len(above))[0]
        return np.concatenate((above, rest))


def _best_known(known: Scores, allowed: Mask, k: int) -> Rows:
    """Rows of the k greatest of (n,) scores above 0 that are allowed, as `best_rows` chooses among near ties.

    Most models know little of the catalog, and of what the others know only the top is looked at closely.
    """
    open_scores = np.where(allowed, known, np.float32(0))
    floor = floor_of_greatest(open_scores, k) - _NEAR
    rows = np.flatnonzero(open_scores > max(floor, 0.0))
    if len(rows) <= k:
        return rows
    return rows[best_rows(open_scores[rows], k)[0]]


def _wished(catalog: Catalog, wishes: Sequence[Constraint], allowed: Mask) -> Scores:
    """(n,) in [0, 1]: the weighted share of the wishes that each item meets; a wish that few meet weighs more (idf)."""
    total = np.zeros(len(catalog))
    weights = 0.0
    passing = np.count_nonzero(allowed)
    for wish in wishes:
        met = catalog.meets(wish)
        rarity = 0.1 + np.log((passing + 1.0) / (np.count_nonzero(met & allowed) + 0.5))
        weight = max(0.1, rarity) * max(wish.confidence, 0.01)
        total += weight * met
        weights += weight
    shares: Scores = np.round(total / weights, 5).astype(np.float32)
    return shares


def _reciprocal_ranks(scores: Scores, constant: float) -> NDArray[np.float64]:
    """1 / (constant + rank), ranks from 1, equal for scores equal to five decimals; 0 for NaN and nothing met."""
    shares = np.zeros(len(scores))
    met = np.flatnonzero((scores > 0) | (scores < 0))  # sources that were learned say nothing of most
    coarse = -np.round(scores[met].astype(np.float64), 5)
    ranks = np.searchsorted(np.sort(coarse), coarse, side="left") + 1
    below = coarse > 0
    if below.any():
        ranks[below] += np.count_nonzero(scores == 0)
    shares[met] = 1.0 / (constant + ranks)
    return shares


def _shrunk(
    ratings: NDArray[np.float64], counts: NDArray[np.float64] | None, pseudo_count: float
) -> NDArray[np.float64]:
    """Ratings shrunk to their mean by how few people gave them; unknown ones are the mean."""
    mean = float(np.nanmean(ratings))
    known = np.where(np.isnan(ratings), mean, ratings)
    if counts is None or not _counts_people(counts):
        return known
    people = np.nan_to_num(counts, nan=0.0)
    return (mean * pseudo_count + known * people) / (pseudo_count + people)


def _counts_people(values: NDArray[np.float64]) -> bool:
    held = values[~np.isnan(values)]
    return bool((held >= 0).all() and (held == np.floor(held)).all() and held.max() > 1)


def _percentiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the values that are lower, in [0, 1)."""
    return np.searchsorted(np.sort(values), values, side="left") / len(values)


def _shuffle(ids: Sequence[str]) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, always the same."""
    digests = (hashlib.blake2b(item_id.encode("utf-8", "replace"), digest_size=4).digest() for item_id in ids)
    return np.fromiter((int.from_bytes(digest, "big") / 2**32 for digest in digests), np.float64, len(ids))
