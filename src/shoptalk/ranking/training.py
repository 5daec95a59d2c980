"""How a ranker comes about: from queries made of the shop's own items, and later from what people did with picks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.asking import Ask, Asker
from shoptalk.ranking.features import FEATURES, Topic, column_of, features
from shoptalk.ranking.lambdarank import (
    FusedRanker,
    LambdaConfig,
    LambdaRanker,
    Lists,
    TrainingSummary,
    mean_ndcg,
)
from shoptalk.ranking.space import FeatureSpace
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.retrieval.finding import Finder

__all__ = [
    "CHOICES",
    "LOG",
    "Impression",
    "JudgedList",
    "Progress",
    "lists_of_impressions",
    "made_lists",
    "train_from_items",
    "train_from_lists",
]

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""

CHOICES = "choices"
LOG = "log"
_MANY_LISTS = 1000
_FOR_MANY = LambdaConfig(trees=400, leaves=31, learning_rate=0.05, min_rows=100, patience=50, cut=50)
_FEWEST_LISTS = 40
_LEAD, _KEPT = 25, 60
_UNSHOWN, _UNSHOWN_WEIGHT = 20, 0.2
_MOST = 6
_UNTAUGHT = [
    place for place, feature in enumerate(FEATURES) if feature.evidence in (Topic.ITEM, Topic.WORDS, Topic.MEANING)
]
"""Features that made queries would teach wrongly. What people like in an item as such they cannot tell. And since they
are made of the target's own words, they would have one matching word outweigh all else ('Alone' before 'The Martian'
for 'astronaut alone on a planet'): how words and meaning go together is left to the fused score, until a log tells."""
_MIX = (Ask.WORDS, Ask.VALUES, Ask.LIKE, Ask.TASTE, Ask.VALUES, Ask.WISHES, Ask.LIKE, Ask.TASTE, Ask.WORDS)


@dataclass(frozen=True, slots=True)
class Impression:
    """A list that someone was shown, and what they did with it.

    `shown` are item ids from the top. `gains` by item id: 1 clicked, 2 liked, 3 bought; 0 says that it was rejected. A
    shown item without a gain was left alone, which says less the further down it stood.
    """

    query: Query
    shown: tuple[str, ...]
    gains: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgedList:
    """One judged list, and what made it: `x` (n, f), `labels` (n,) grades from 0, `weights` (n,) of the rows."""

    kind: str
    x: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]


def train_from_items(
    finder: "Finder",
    space: FeatureSpace,
    *,
    seed: int = 0,
    queries: int = 600,
    config: LambdaConfig | None = None,
    progress: Progress | None = None,
) -> LambdaRanker | FusedRanker:
    """Train a new shop's first ranker from queries made of its own items (`asking` says how, and with what limits).

    A seventh of the lists decides when to stop, another gives the figures of `summary.ndcg`. Where too few lists come
    about, or the trained order is no better than the fused one on the latter, the fused order is returned and
    `summary.note` says why. The same shop and seed give the same ranker. Takes some 20 ms a query.
    """
    made = made_lists(finder, space, queries=queries, seed=seed, progress=_part(progress, 0, queries, _trees(config)))
    return train_from_lists({"items": made}, _seeded(config, seed), _part(progress, queries, _trees(config), 0))


def lists_of_impressions(
    impressions: Sequence[Impression], finder: "Finder", space: FeatureSpace, *, seed: int = 0
) -> list[JudgedList]:
    """A list for each impression that has something chosen and something that was not, in their order.

    A click low in a list counts for more, and one that was not given there for less: both by the chance that a place
    is looked at, taken as 1 / log2(1 + place), and with it inverse propensity weights (Joachims, Swaminathan &
    Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017, eq. 4). Some candidates that were not shown
    stand in each list with a small weight.
    """
    judged = (_log_list(finder, space, shown, seed) for shown in impressions)
    return [one for one in judged if one is not None]


def _seeded(config: LambdaConfig | None, seed: int) -> LambdaConfig:
    return config or LambdaConfig(seed=seed)


def _trees(config: LambdaConfig | None) -> int:
    return (config or LambdaConfig()).trees


def _part(progress: Progress | None, before: int, mine: int, after: int) -> Progress | None:
    """Progress of one part of the work, told as progress of the whole."""
    return None if progress is None else lambda done, _: progress(before + done, before + mine + after)


def made_lists(
    finder: "Finder", space: FeatureSpace, *, queries: int, seed: int = 0, progress: Progress | None = None
) -> list[JudgedList]:
    """Lists for queries made of the catalog's own items (`asking`), fewer than `queries`: some give none."""
    return list(_made_lists(finder, space, queries, seed, progress))


def _made_lists(
    finder: "Finder", space: FeatureSpace, queries: int, seed: int, progress: Progress | None
) -> Iterator[JudgedList]:
    asker = Asker(space, finder.encoder, seed) if queries else None
    for done in range(queries):
        asked = asker.ask(_MIX[done % len(_MIX)]) if asker else None
        if progress is not None:
            progress(done + 1, queries)
        if asked is None:
            continue
        candidates = finder.find(asked.query)
        labels = asked.grade(np.asarray(candidates.rows, dtype=np.int64)).astype(np.int64)
        if not len(labels) or np.ptp(labels) == 0:
            continue
        x = features(space, asked.query, candidates, hidden=asked.hidden)
        yield JudgedList(str(asked.kind), x, labels, np.ones(len(labels)))


def _sampled(one: JudgedList, random: np.random.Generator) -> JudgedList:
    """The fused order's best and some of the rest: what has the higher grade first, then by chance."""
    if one.kind == CHOICES:
        return one
    order = np.argsort(-one.x[:, column_of("fused")], kind="stable")
    rest = order[_LEAD:]
    rest = rest[np.lexsort((random.random(len(rest)), -one.labels[rest]))]
    kept = np.sort(np.concatenate((order[:_LEAD], rest[: _KEPT - _LEAD])))
    return JudgedList(one.kind, one.x[kept], one.labels[kept], one.weights[kept])


def _taught(one: JudgedList) -> JudgedList:
    """The list without the features that a made query would teach wrongly."""
    if one.kind in (LOG, CHOICES):
        return one
    x = one.x.copy()
    x[:, _UNTAUGHT] = np.nan
    return replace(one, x=x)


def _log_list(finder: "Finder", space: FeatureSpace, shown: Impression, seed: int) -> JudgedList | None:
    """The judged list of an impression; None if nothing in it was chosen, or all of it."""
    places = {item_id: place for place, item_id in enumerate(shown.shown, start=1)}
    candidates = finder.find(shown.query)
    ids = [space.catalog.ids[row] for row in candidates.rows.tolist()]
    known = np.array([item_id in places for item_id in ids], dtype=np.bool_)
    others = np.flatnonzero(~known)
    extra = np.random.default_rng(seed + len(others)).permutation(others)[:_UNSHOWN]
    kept = np.sort(np.concatenate((np.flatnonzero(known), extra))).astype(np.int64)
    judged = [_judged(places.get(ids[at]), shown.gains.get(ids[at])) for at in kept.tolist()]
    labels = np.array([label for label, _ in judged], dtype=np.int64)
    if not len(labels) or np.ptp(labels) == 0:
        return None
    weights = np.array([weight for _, weight in judged])
    return JudgedList(LOG, features(space, shown.query, candidates)[kept], labels, weights)


def _judged(place: int | None, gain: float | None) -> tuple[int, float]:
    """Grade and weight of an item by where it was shown (None: it was not) and what was done with it."""
    if place is None:
        return 0, _UNSHOWN_WEIGHT
    looked_at = 1 / float(np.log2(1 + place))
    if gain is None:
        return 0, looked_at
    return (min(round(gain), _MOST), 1 / looked_at) if gain > 0 else (0, 1.0)


def train_from_lists(
    parts: Mapping[str, list[JudgedList]], config: LambdaConfig | None = None, progress: Progress | None = None
) -> LambdaRanker | FusedRanker:
    """Train on lists by what they come from, each oldest first.

    A seventh of each part decides when to stop, the last seventh gives the figures of `summary.ndcg`. Without a config
    the trees grow with the number of lists. Gives the fused order where there are too few, or where it is no worse.
    """
    config = config or (_FOR_MANY if sum(map(len, parts.values())) >= _MANY_LISTS else LambdaConfig())
    cuts = {source: (len(lists) * 5 // 7, len(lists) * 6 // 7) for source, lists in parts.items()}
    random = np.random.default_rng(config.seed)
    train = [one for source, lists in parts.items() for one in lists[: cuts[source][0]]]
    stop = [one for source, lists in parts.items() for one in lists[cuts[source][0] : cuts[source][1]]]
    kept_back = [one for source, lists in parts.items() for one in lists[cuts[source][1] :]]
    kinds = [one.kind for lists in parts.values() for one in lists]
    summary = TrainingSummary(
        source=" and ".join(parts),
        held_out=len(stop) + len(kept_back),
        kinds={kind: kinds.count(kind) for kind in kinds},
    )
    if len(train) < _FEWEST_LISTS or not stop or not kept_back:
        note = f"only {len(kinds)} lists came about, too few to train on"
        return FusedRanker(summary.model_copy(update={"note": note}))
    ranker = LambdaRanker.fit(
        _joined([_taught(_sampled(one, random)) for one in train]),
        held_out=_joined([_taught(one) for one in stop]),
        config=config,
        summary=summary,
        progress=progress,
    )
    measured = _joined(kept_back)
    orders = {name: measured.x[:, column_of(feature)] for name, feature in _ORDERS.items()}
    ndcg = {"ranker": mean_ndcg(ranker.score(measured.x), measured)}
    ndcg |= {name: mean_ndcg(order.astype(np.float64), measured) for name, order in orders.items()}
    summary = ranker.summary.model_copy(update={"ndcg": {name: round(worth, 4) for name, worth in ndcg.items()}})
    if ndcg["ranker"] <= ndcg["fused"]:
        return FusedRanker(summary.model_copy(update={"note": "the trained order was no better than the fused one"}))
    ranker.summary = summary
    return ranker


_ORDERS = {"fused": "fused", "dense": "meaning", "lexical": "lexical"}


def _joined(lists: Sequence[JudgedList]) -> Lists:
    return Lists(
        x=np.concatenate([one.x for one in lists] or [np.empty((0, len(FEATURES)), np.float32)]),
        labels=np.concatenate([one.labels for one in lists]),
        sizes=np.array([len(one.labels) for one in lists], dtype=np.int64),
        weights=np.concatenate([one.weights for one in lists]),
    )
