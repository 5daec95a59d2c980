"""Ways of ranking that answer the same queries: the shop as it is, each of its sources alone, and simple baselines."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shoptalk.eval.standings import Kind
from shoptalk.retrieval.finding import SOURCES, Finder, FusionConfig
from shoptalk.retrieval.lexical import stems
from shoptalk.retrieval.query import Query
from shoptalk.retrieval.stopwords import STOP_WORDS

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.finding import LearnedSources
    from shoptalk.shop import Shop

__all__ = [
    "GROUPS",
    "Asked",
    "FieldsBM25",
    "LearnedAlone",
    "MeaningAlone",
    "MostPopular",
    "Ranks",
    "ShopRanks",
    "ShopWithout",
    "TextBM25",
    "spoken",
    "whole_texts",
]

_CONTEXT = 1000
_LOOKED_AT = 10

GROUPS: Mapping[str, tuple[str, ...]] = {
    "collaborative": ("item_knn", "user_knn", "ease", "als", "bpr", "co_mention", "follows"),
    "words": ("words_bm25", "talks_bm25", "talks_dense"),
    "talk transformer": ("talk_encoder",),
    "content": ("dense", "lexical", "coherence", "similar", "liked", "wishes"),
    "popularity": ("popular", "prior"),
}
"""The parts of a shop that an ablation leaves out, by the names of their sources."""


class Ranks(Protocol):
    """Anything that ranks the items of a catalog for a query."""

    @property
    def name(self) -> str:
        """What it is called in a report."""
        ...

    @property
    def kind(self) -> Kind:
        """What sort of thing it is."""
        ...

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """Item ids, best first, at most `depth`, none of `query.exclude`."""
        ...


@dataclass
class Asked:
    """A shop, with what its models said of the last query, so that each can be looked at alone."""

    shop: "Shop"
    _query: Query | None = None
    _learned: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models that the shop has learned."""
        learned = self.shop.finder.learned
        return () if learned is None else learned.names

    def learned(self, query: Query) -> dict[str, NDArray[np.float32]]:
        """(n,) scores of the catalog's rows by model; asked once for the same query object."""
        learned = self.shop.finder.learned
        if query is not self._query and learned is not None:
            self._query, self._learned = query, learned.scores(query)
        return self._learned


@dataclass(frozen=True)
class ShopRanks:
    """The shop's own find and rank."""

    shop: "Shop"
    name: str = "shoptalk"
    kind: Kind = Kind.SHOP

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """What a turn would rank for that query."""
        ranked = self.shop.rank(query, self.shop.find(query))
        return [self.shop.catalog.ids[row] for row in ranked.rows[:depth].tolist()]


@dataclass(frozen=True)
class LearnedAlone:
    """One model of what the shop has learned, over all items; what it knows nothing of is left out."""

    asked: Asked
    model: str
    name: str
    kind: Kind = Kind.MODEL

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """Best by that model; nothing if it has nothing to say."""
        scores = self.asked.learned(query).get(self.model)
        return [] if scores is None else _best(self.asked.shop.catalog.ids, scores, query.exclude, depth)


class ShopWithout:
    """The shop as it was trained, asked without some sources: they bring nothing, and say nothing to the ranker."""

    kind = Kind.WITHOUT

    def __init__(self, shop: "Shop", name: str, sources: Collection[str]) -> None:
        """Leave these sources out."""
        self.name, self._shop, self._sources = name, shop, frozenset(sources)
        held = shop.finder
        learned = None if held.learned is None else _Kept(held.learned, self._sources)
        nothing: dict[str, Any] = {name: 0.0 for name in SOURCES if name in self._sources}
        config = replace(FusionConfig(), **nothing)
        self._finder = Finder(held.catalog, held.encoder, held.vectors, held.lexical, config, learned)

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """As the shop would, did it not have them."""
        found = self._finder.find(query)
        kept = {name: scores for name, scores in found.scores.items() if name not in self._sources}
        vector = None if "dense" in self._sources else found.vector
        ranked = self._shop.rank(query, replace(found, scores=kept, vector=vector))
        return [self._shop.catalog.ids[row] for row in ranked.rows[:depth].tolist()]


@dataclass(frozen=True)
class _Kept:
    """What was learned but for some models."""

    learned: "LearnedSources"
    left_out: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.learned.names if name not in self.left_out)

    def scores(self, query: Query) -> dict[str, NDArray[np.float32]]:
        return {name: told for name, told in self.learned.scores(query).items() if name not in self.left_out}


@dataclass(frozen=True)
class MostPopular:
    """The same for everyone: what was chosen most; of equally many the earlier row."""

    ids: tuple[str, ...]
    name: str = "popularity"
    kind: Kind = Kind.BASELINE

    @classmethod
    def of(cls, catalog: "Catalog", chosen: Iterable[str]) -> "MostPopular":
        """Count the choices that training holds."""
        counts = Counter(chosen)
        return cls(tuple(sorted(catalog.ids, key=lambda item_id: -counts[item_id])))

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """The most popular, whatever was asked."""
        return _without(self.ids[: depth + len(query.exclude)], query.exclude, depth)


@dataclass(frozen=True)
class FieldsBM25:
    """BM25 as the shop indexes an item: title, description and facet values as fields of their own."""

    shop: "Shop"
    name: str = "BM25, the shop's fields"
    kind: Kind = Kind.BASELINE

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """Best by the words of the talk."""
        catalog = self.shop.catalog
        rows, _ = self.shop.finder.lexical.search(spoken(query, catalog), depth + len(query.exclude))
        return _without([catalog.ids[row] for row in rows.tolist()], query.exclude, depth)


class TextBM25:
    """BM25 over each item's whole text as one field, stop words left out of the query.

    Robertson & Zaragoza, "The Probabilistic Relevance Framework" (2009), eq. 3.15, with k1 = 1.2 and b = 0.75; the
    weight of a term as Lucene has it, ln(1 + (n - df + 0.5) / (df + 0.5)), which is never negative.
    """

    kind = Kind.BASELINE

    def __init__(self, catalog: "Catalog", texts: Sequence[str], *, name: str = "BM25, all text") -> None:
        """`texts` (n,) are those of the catalog's rows."""
        self.name, self._catalog = name, catalog
        self._terms: dict[str, int] = {}
        self._weights = _bm25_weights(texts, self._terms)

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """Best by the words of the talk; what shares none is left out."""
        terms = dict.fromkeys(stem for stem in stems(spoken(query, self._catalog)) if stem not in STOP_WORDS)
        codes = [self._terms[term] for term in terms if term in self._terms]
        scores = np.asarray(self._weights[:, codes].sum(axis=1)).ravel()
        return _best(self._catalog.ids, scores, query.exclude, depth)


@dataclass(frozen=True)
class MeaningAlone:
    """The sentence encoder: nearest to what was said, or, where nothing was, to the mean of the last items."""

    shop: "Shop"
    name: str = "dense"
    kind: Kind = Kind.BASELINE

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """Nearest by cosine, by looking at all items."""
        catalog, finder = self.shop.catalog, self.shop.finder
        if query.said or query.text:
            asked = finder.encoder.encode([spoken(query, catalog)])[0]
        else:
            asked = finder.vectors.vectors[catalog.rows(_last_items(query))].sum(axis=0)
        return _best(catalog.ids, finder.vectors.vectors @ asked, query.exclude, depth)


def spoken(query: Query, catalog: "Catalog") -> str:
    """The words that a baseline searches: the end of the talk, else the query's text, else the last items' titles."""
    if query.said:
        return " ".join(said.text for said in query.said if said.text)[-_CONTEXT:]
    return query.text or " ".join(catalog.titles[row] for row in catalog.rows(_last_items(query)).tolist())


def whole_texts(items: Iterable[Mapping[str, Any]], ids: Sequence[str]) -> list[str]:
    """All that the records say, a text for each of the ids; names of fields are left out."""
    text_of = {str(item["id"]): " ".join(_told_in(item)) for item in items}
    return [text_of[item_id] for item_id in ids]


def _told_in(value: object) -> Iterator[str]:
    """Every value in a record, however deep it lies, but its id."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from () if name == "id" else _told_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _told_in(one)
    else:
        yield str(value)


def _last_items(query: Query) -> list[str]:
    return [touch.item_id for touch in query.history if touch.value > 0][-_LOOKED_AT:]


def _best(
    ids: Sequence[str], scores: NDArray[np.float32] | NDArray[np.float64], exclude: Collection[str], depth: int
) -> list[str]:
    """Ids with the highest scores but 0, which says nothing; ties go to the lower row."""
    wanted = min(len(scores), depth + len(exclude))
    least = np.partition(scores, len(scores) - wanted)[len(scores) - wanted] if wanted else 0.0
    rows = np.flatnonzero((scores >= least) & (scores != 0))
    rows = rows[np.lexsort((rows, -scores[rows]))]
    return _without([ids[row] for row in rows[:wanted].tolist()], exclude, depth)


def _without(ids: Sequence[str], exclude: Collection[str], depth: int) -> list[str]:
    return [item_id for item_id in ids if item_id not in exclude][:depth]


def _bm25_weights(texts: Sequence[str], terms: dict[str, int], k1: float = 1.2, b: float = 0.75) -> "csc_matrix":
    """(n, terms) what each term of each text is worth to a query; `terms` is filled with their columns."""
    from scipy.sparse import csr_matrix

    counted = [Counter(terms.setdefault(stem, len(terms)) for stem in stems(text)) for text in texts]
    sizes = np.array([len(counts) for counts in counted], dtype=np.int64)
    columns = np.fromiter((code for counts in counted for code in counts), np.int64, int(sizes.sum()))
    times = np.fromiter((count for counts in counted for count in counts.values()), np.float64, len(columns))
    owner = np.repeat(np.arange(len(texts)), sizes)
    lengths = np.bincount(owner, weights=times, minlength=len(texts))
    frequency = np.bincount(columns, minlength=len(terms))
    rarity = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))
    usual = max(float(lengths.mean()) if len(lengths) else 0.0, 1e-9)
    weights = rarity[columns] * times * (k1 + 1) / (times + k1 * (1 - b + b * lengths[owner] / usual))
    return csr_matrix((weights, (owner, columns)), shape=(len(texts), len(terms))).tocsc()
