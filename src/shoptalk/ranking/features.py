"""What the ranker sees of each candidate: numbers that mean the same in every catalog, computed for all at once.

A number lies in [0, 1] or counts standard deviations; NaN says that the query or the item has nothing to say about it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.space import GROUPS, FeatureSpace, Floats, Ints
from shoptalk.retrieval.catalog import DateColumn, NumberColumn
from shoptalk.retrieval.columns import days_of
from shoptalk.retrieval.query import Constraint, Operator, Query

if TYPE_CHECKING:
    from shoptalk.retrieval.finding import Candidates

__all__ = [
    "FEATURES",
    "FEATURE_NAMES",
    "LEARNED",
    "PLACE_TOPICS",
    "SOURCES",
    "Feature",
    "Topic",
    "column_of",
    "distance_asked",
    "features",
    "wish_weights",
]

SOURCES = ("dense", "lexical", "similar", "liked", "wishes")
LEARNED = (
    "popular",
    "item_knn",
    "user_knn",
    "ease",
    "als",
    "bpr",
    "co_mention",
    "follows",
    "talks_bm25",
    "talks_dense",
    "words_bm25",
    "talk_encoder",
)
"""Models of people's choices (`ranking.models`): the sources that only a shop which has learned has."""


class Topic(StrEnum):
    """Which kind of fact a feature stands for, so that what moved the ranking can be said."""

    FOUND = "found"
    WORDS = "words"
    MEANING = "meaning"
    SHARES_SIMILAR = "shares with a model"
    SHARES_LIKED = "shares with what is liked"
    CLOSE_SIMILAR = "close to a model"
    CLOSE_LIKED = "close to what is liked"
    TOUCHED = "like what they looked at"
    DISLIKED = "like what is disliked"
    WISHES = "wishes"
    WISHES_MISSED = "wishes missed"
    NUMBERS = "numbers asked for"
    RATING = "rating"
    POPULARITY = "popularity"
    TOGETHER = "liked together"
    FOLLOWS = "what follows what"
    TALKS = "talks like this one"
    POPULAR = "popular in talks"
    ITEM = "the item as such"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature matrix. `helps`: 1 if more of it never lowers the score, -1 never raises, 0 free."""

    name: str
    what: str
    evidence: Topic
    helps: int = 0


PLACE_TOPICS = {
    "dense": Topic.MEANING,
    "lexical": Topic.WORDS,
    "similar": Topic.CLOSE_SIMILAR,
    "liked": Topic.CLOSE_LIKED,
    "wishes": Topic.WISHES,
}
_LEARNED_TOPICS = {
    "popular": Topic.POPULAR,
    "follows": Topic.FOLLOWS,
    "talks_bm25": Topic.TALKS,
    "talks_dense": Topic.TALKS,
    "words_bm25": Topic.TALKS,
    "talk_encoder": Topic.MEANING,
}
_SHARES = {"similar": Topic.SHARES_SIMILAR, "liked": Topic.SHARES_LIKED, "disliked": Topic.DISLIKED}
_SIGN = {"similar": 1, "liked": 1, "disliked": -1}

FEATURES: tuple[Feature, ...] = (
    Feature("fused", "fused retrieval score, as a share of the query's best", Topic.FOUND, 1),
    *(
        Feature(f"{one}_rank", f"1 / rank in the source '{one}', near ties alike", PLACE_TOPICS[one], 1)
        for one in SOURCES
    ),
    Feature("meaning", "cosine to the request's text, in deviations above the catalog's usual", Topic.MEANING, 1),
    Feature("meaning_behind", "how far behind the best candidate's meaning it is, in deviations", Topic.MEANING, 1),
    Feature("lexical", "BM25 score, as a share of the query's best", Topic.WORDS, 1),
    Feature("text_in_title", "share of the request's words that stand in the title, by rarity", Topic.WORDS, 1),
    Feature("title_in_text", "share of the title's words that stand in the request, by rarity", Topic.WORDS, 1),
    Feature("similar_close", "greatest closeness to an item to be like, in deviations", Topic.CLOSE_SIMILAR, 1),
    Feature("liked_close", "greatest closeness to a liked item, in deviations", Topic.CLOSE_LIKED, 1),
    Feature("liked_close_mean", "mean closeness to the liked items, in deviations", Topic.CLOSE_LIKED, 1),
    Feature("disliked_close", "greatest closeness to a disliked item, in deviations", Topic.DISLIKED, -1),
    *(
        Feature(f"{who}_{group}", f"share of the {who} items' {group} values that it has, by rarity", topic, _SIGN[who])
        for who, topic in _SHARES.items()
        for group in ("all", *GROUPS)
    ),
    Feature("similar_moment", "closeness in year (or date) to the items to be like", Topic.CLOSE_SIMILAR, 1),
    Feature("liked_moment", "closeness in year (or date) to the liked items", Topic.CLOSE_LIKED, 1),
    Feature("similar_numbers", "closeness in size, price and the like to the items to be like", Topic.CLOSE_SIMILAR, 1),
    Feature("liked_numbers", "closeness in size, price and the like to the liked items", Topic.CLOSE_LIKED, 1),
    Feature("wishes_met", "share of the wishes that it meets, by rarity", Topic.WISHES, 1),
    Feature("wishes_missed", "share of the wishes that its known value does not meet", Topic.WISHES_MISSED, -1),
    Feature("number_distance", "distance from the numbers asked for, in quartile ranges", Topic.NUMBERS, -1),
    Feature("rating", "percentile of the rating, shrunk where few people gave it", Topic.RATING, 1),
    Feature("popularity", "percentile of how many people know it", Topic.POPULARITY, 1),
    Feature("recency", "percentile of the year or date", Topic.ITEM),
    Feature("price", "percentile of the price", Topic.ITEM),
    Feature("text_length", "percentile of the text's length", Topic.ITEM),
    Feature("completeness", "share of the facets that it fills", Topic.ITEM),
    *(
        Feature(name, f"score of the model '{name}', as a share of its best", topic, 0)
        for name, topic in ((name, _LEARNED_TOPICS.get(name, Topic.TOGETHER)) for name in LEARNED)
    ),
    *(
        Feature(f"{name}_rank", f"1 / rank by the model '{name}', near ties alike", topic, 0)
        for name, topic in ((name, _LEARNED_TOPICS.get(name, Topic.TOGETHER)) for name in LEARNED)
    ),
    Feature("touched_close", "greatest closeness to an item they had to do with, in deviations", Topic.TOUCHED, 1),
    Feature("touched_all", "share of those items' values that it has, by rarity", Topic.TOUCHED, 1),
    Feature("named_ago", "1 / messages or acts since the person last had to do with it, 0 never", Topic.ITEM),
    Feature("touched", "with how many items the person had to do, as n / (n + 5)", Topic.ITEM),
    Feature("messages", "how many messages were said, as n / (n + 5)", Topic.ITEM),
)
"""The columns of the feature matrix, in order. A saved ranker names the columns it was trained on."""

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
_COLUMN = {name: place for place, name in enumerate(FEATURE_NAMES)}


_LOOKED_AT = 0.3
_MOST_TOUCHED = 10


def column_of(name: str) -> int:
    """Where a feature stands in the matrix. Raises KeyError."""
    return _COLUMN[name]


def features(
    space: FeatureSpace, query: Query, candidates: "Candidates", *, hidden: Collection[str] = ()
) -> NDArray[np.float32]:
    """The matrix (n_candidates, len(FEATURES)) float32, NaN where there is nothing to say.

    `hidden` names facets that must not be seen (training holds them back to make labels from them).
    """
    rows = np.asarray(candidates.rows, dtype=np.int64)
    x = np.full((len(rows), len(FEATURES)), np.nan, dtype=np.float32)
    if not len(rows):
        return x
    _sources(x, candidates)
    _session(x, space, query, rows)
    _title_words(x, space, query, rows)
    _closeness(x, space, query, candidates.vector, rows)
    for who, item_ids in _models(query).items():
        models = _Models(who, space.catalog.rows(item_ids))
        if len(models.rows):
            _shares(x, space, models, rows, hidden)
            if who in ("similar", "liked"):
                _nearness(x, space, models, rows, hidden)
    _wishes(x, space, query, rows)
    _numbers_asked(x, space, query, rows)
    _item(x, space, rows)
    return x


def wish_weights(space: FeatureSpace, query: Query) -> Floats:
    """(w,) how much each wish weighs in `wishes_met`: the fewer items meet it, the more; they add up to 1."""
    shares = np.array([space.catalog.meets(wish).mean() for wish in query.wishes])
    weights = np.maximum(-np.log(np.maximum(shares, 1 / max(len(space.catalog), 2))), 0.05)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def distance_asked(space: FeatureSpace, constraint: Constraint) -> Floats | None:
    """(n,) how far each item's number is from what was asked; zero inside a bound. None if no number was asked."""
    column = space.catalog.column(constraint.facet)
    if not isinstance(column, NumberColumn | DateColumn):
        return None
    held = column.days if isinstance(column, DateColumn) else column.values
    asked = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    numbers = [days_of(one) if isinstance(one, str) else float(one) for one in asked]
    match constraint.operator:
        case Operator.ABOUT | Operator.IS | Operator.ANY_OF:
            return np.asarray(np.min([np.abs(held - number) for number in numbers], axis=0))
        case Operator.AT_LEAST | Operator.MORE_THAN:
            return np.maximum(numbers[0] - held, 0)
        case Operator.AT_MOST | Operator.LESS_THAN:
            return np.maximum(held - numbers[0], 0)
        case Operator.BETWEEN:
            return np.maximum(np.maximum(min(numbers) - held, held - max(numbers)), 0)
    return None


@dataclass(frozen=True, slots=True)
class _Models:
    """Items that candidates are held against: which of the query's lists they come from, and their rows."""

    who: str
    rows: Ints


def _models(query: Query) -> dict[str, tuple[str, ...]]:
    return {
        "similar": query.similar,
        "liked": query.liked,
        "disliked": query.disliked,
        "touched": _touched(query),
    }


def _touched(query: Query) -> tuple[str, ...]:
    """What they last looked at, bought or named; what is liked or asked for as a model speaks for itself."""
    told = {*query.liked, *query.similar}
    best: dict[str, float] = {}
    for touch in query.history:  # what speaks against an item takes back all before; latest last
        held = best.pop(touch.item_id, 0.0)
        best[touch.item_id] = touch.value if touch.value < 0 else max(held, touch.value)
    return tuple(one for one, value in best.items() if value >= _LOOKED_AT and one not in told)[-_MOST_TOUCHED:]


def _sources(x: NDArray[np.float32], candidates: "Candidates") -> None:
    best = float(candidates.fused.max())
    x[:, _COLUMN["fused"]] = candidates.fused / best if best > 0 else 0.0
    names = [source for source in (*SOURCES, *LEARNED) if source in candidates.scores]
    if not names:
        return
    scores = np.stack([candidates.scores[source] for source in names])
    known = ~np.isnan(scores)
    tops = np.maximum(np.fmax.reduce(scores, axis=1), np.float32(1e-9))[:, None]
    shares = np.where(known, scores / tops, np.float32(-np.inf))
    places = 1 / (1 + _ahead(shares, [3 if source in LEARNED else 2 for source in names]))
    for at, source in enumerate(names):
        if not known[at].any():
            continue
        x[:, _COLUMN[f"{source}_rank"]] = np.where(known[at], places[at], 0.0)
        if source == "lexical":
            x[:, _COLUMN["lexical"]] = np.where(known[at], shares[at], 0.0)
        elif source in LEARNED:
            x[:, _COLUMN[source]] = scores[at]


def _ahead(shares: NDArray[np.float32], decimals: Sequence[int]) -> Ints:
    """(s, n) how many of a source's n candidates have more than each, to so many decimals; all sources at once."""
    coarse = np.stack([np.round(one, to) for one, to in zip(shares, decimals, strict=True)])
    order = np.argsort(-coarse, axis=1)
    ordered = np.take_along_axis(coarse, order, axis=1)
    place = np.broadcast_to(np.arange(coarse.shape[1]), coarse.shape)
    less = np.ones(coarse.shape, dtype=np.bool_)
    less[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(less, place, 0), axis=1)
    ahead = np.empty(coarse.shape, dtype=np.int64)
    np.put_along_axis(ahead, order, first, axis=1)
    return ahead


def _session(x: NDArray[np.float32], space: FeatureSpace, query: Query, rows: Ints) -> None:
    """What only models of people's choices look at: NaN where a query tells of no session."""
    if not (query.history or query.said):
        return
    last = {touch.item_id: 1 / max(touch.ago, 1) for touch in query.history}
    known = {space.catalog.row(item_id): near for item_id, near in last.items() if item_id in space.catalog}
    x[:, _COLUMN["named_ago"]] = 0.0
    at = np.flatnonzero(np.isin(rows, list(known)))
    x[at, _COLUMN["named_ago"]] = [known[row] for row in rows[at].tolist()]
    x[:, _COLUMN["touched"]] = len(last) / (len(last) + 5)
    x[:, _COLUMN["messages"]] = len(query.said) / (len(query.said) + 5)


def _title_words(x: NDArray[np.float32], space: FeatureSpace, query: Query, rows: Ints) -> None:
    known, rarity = space.title_words(query.text) if query.text.strip() else ((), ())
    if not len(rarity):
        return
    codes, owner = space.titles.gather(rows)
    weights = space.titles.weights[codes]
    common = np.bincount(owner, weights=weights * np.isin(codes, known), minlength=len(rows))
    whole = np.bincount(owner, weights=weights, minlength=len(rows))
    x[:, _COLUMN["text_in_title"]] = common / max(float(np.sum(rarity)), 1e-9)
    x[:, _COLUMN["title_in_text"]] = common / np.maximum(whole, 1e-9)


def _closeness(
    x: NDArray[np.float32], space: FeatureSpace, query: Query, asked: NDArray[np.float32] | None, rows: Ints
) -> None:
    """All cosines in one product: to the request's text and to the items that were named."""
    known = {who: space.catalog.rows(item_ids) for who, item_ids in _models(query).items()}
    probes = [asked[None, :]] if asked is not None else []
    probes += [space.vectors[models] for models in known.values() if len(models)]
    if not probes:
        return
    close = space.standardise(np.concatenate(probes).astype(np.float32), rows)
    start = 0
    if asked is not None:
        start = 1
        x[:, _COLUMN["meaning"]] = close[:, 0]
        x[:, _COLUMN["meaning_behind"]] = close[:, 0] - close[:, 0].max()
    for who, models in known.items():
        if len(models):
            mine = close[:, start : start + len(models)]
            start += len(models)
            x[:, _COLUMN[f"{who}_close"]] = mine.max(axis=1)
            if who == "liked":
                x[:, _COLUMN["liked_close_mean"]] = mine.mean(axis=1)


def _shares(x: NDArray[np.float32], space: FeatureSpace, models: _Models, rows: Ints, hidden: Collection[str]) -> None:
    """Rarity-weighted overlap with the models' values, by group; NaN where models or candidate have none of a group."""
    rarity = space.weights_without(hidden)
    wanted = np.zeros(len(rarity))
    codes, _ = space.values.gather(models.rows)
    np.add.at(wanted, codes, rarity[codes] / len(models.rows))
    codes = np.unique(codes)
    groups = len(GROUPS)
    whole = np.bincount(space.group[codes], weights=wanted[codes], minlength=groups)
    codes, owner = space.values.gather(rows)
    cell = owner * groups + space.group[codes]
    common = np.bincount(cell, weights=wanted[codes], minlength=len(rows) * groups).reshape(-1, groups)
    filled = np.bincount(cell, minlength=len(rows) * groups).reshape(-1, groups) > 0
    shares = common / np.where(whole > 0, whole, np.nan)
    first = _COLUMN[f"{models.who}_all"]
    if whole.sum() > 0:
        x[:, first] = common.sum(axis=1) / whole.sum()
    if models.who in _SHARES:
        x[:, first + 1 : first + 1 + groups] = np.where(filled, shares, np.nan)


def _nearness(
    x: NDArray[np.float32], space: FeatureSpace, models: _Models, rows: Ints, hidden: Collection[str]
) -> None:
    if space.moments is not None:
        apart = np.abs(space.moments[rows][:, None] - space.moments[models.rows][None, :])
        x[:, _COLUMN[f"{models.who}_moment"]] = np.exp(-2 * _mean_known(apart) / space.moment_spread)
    near = [
        1 - _mean_known(np.abs(percentiles[rows][:, None] - percentiles[models.rows][None, :]))
        for name, percentiles in space.comparable
        if name not in hidden
    ]
    if near:
        x[:, _COLUMN[f"{models.who}_numbers"]] = _mean_known(np.column_stack(near))


def _wishes(x: NDArray[np.float32], space: FeatureSpace, query: Query, rows: Ints) -> None:
    if not query.wishes:
        return
    met = np.column_stack([space.catalog.meets(wish)[rows] for wish in query.wishes])
    known = np.column_stack([_known(space, wish, rows) for wish in query.wishes])
    x[:, _COLUMN["wishes_met"]] = met @ wish_weights(space, query)
    x[:, _COLUMN["wishes_missed"]] = (known & ~met).mean(axis=1)


def _known(space: FeatureSpace, wish: Constraint, rows: Ints) -> NDArray[np.bool_]:
    """Which of the rows have a value for the wish's facet."""
    column = space.catalog.column(wish.facet)
    match column:
        case NumberColumn():
            return ~np.isnan(column.values[rows])
        case DateColumn():
            return ~np.isnan(column.days[rows])
    if hasattr(column, "offsets"):
        return np.asarray(column.offsets[rows + 1] > column.offsets[rows])
    return np.asarray(column.values[rows] >= 0)


def _numbers_asked(x: NDArray[np.float32], space: FeatureSpace, query: Query, rows: Ints) -> None:
    """Mean distance over the numbers that were asked for, musts too: of two that pass 'about 100' 99 is nearer."""
    apart = [
        np.minimum(distance[rows] / space.spread(constraint.facet), 3.0)
        for constraint in (*query.must, *query.wishes)
        if (distance := distance_asked(space, constraint)) is not None
    ]
    if apart:
        x[:, _COLUMN["number_distance"]] = _mean_known(np.column_stack(apart))


def _item(x: NDArray[np.float32], space: FeatureSpace, rows: Ints) -> None:
    for name, known in (
        ("rating", space.rating),
        ("popularity", space.popularity),
        ("recency", space.recency),
        ("price", space.price),
        ("text_length", space.text_length),
        ("completeness", space.completeness),
    ):
        if known is not None:
            x[:, _COLUMN[name]] = known[rows]


def _mean_known(values: Floats) -> Floats:
    """Mean along the last axis over what is known, NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
