"""Recommendation accuracy of replayed dialogues: one row per target, micro average, intervals over dialogues.

The measures are those of `ir_measures` (trec_eval's), given one relevant item a row, as ReDial and INSPIRED are
counted: Recall@k is the share of targets in the first k, NDCG@10 the mean of 1 / log2(1 + rank), MRR@10 the mean of
1 / rank, both 0 beyond rank 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

__all__ = ["MEASURES", "Interval", "TargetRow", "bootstrap_intervals", "score_rows", "summarise"]

MEASURES = {
    "Recall@1": "R@1",
    "Recall@5": "R@5",
    "Recall@10": "R@10",
    "Recall@50": "R@50",
    "NDCG@10": "nDCG@10",
    "MRR@10": "RR@10",
}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target and the ranking that was to hold it, best first; a target that is not in it is a miss."""

    dialogue: str
    target: str
    ranking: tuple[str, ...]


class Interval(BaseModel):
    """A mean with the bounds of its bootstrap interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float


def score_rows(rows: Sequence[TargetRow]) -> NDArray[np.float64]:
    """Each row's measures, (rows, measures) as in MEASURES. Raises ValueError if a ranking repeats an item."""
    import ir_measures

    for row in rows:
        if len(set(row.ranking)) < len(row.ranking):
            raise ValueError(f"the ranking for target '{row.target}' of dialogue '{row.dialogue}' repeats an item")
    measures = [ir_measures.parse_measure(name) for name in MEASURES.values()]
    place = {measure: column for column, measure in enumerate(measures)}
    qrels = {str(number): {row.target: 1} for number, row in enumerate(rows)}
    run = {
        str(number): {item: float(_DEEPEST - rank) for rank, item in enumerate(row.ranking[:_DEEPEST])}
        for number, row in enumerate(rows)
    }
    scores = np.zeros((len(rows), len(measures)))
    for metric in ir_measures.iter_calc(measures, qrels, run) if rows else ():
        scores[int(metric.query_id), place[metric.measure]] = metric.value
    return scores


def bootstrap_intervals(
    scores: NDArray[np.float64],
    dialogues: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds (measures,) of the percentile bootstrap of the micro average, whole dialogues drawn with replacement.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. `scores` is (rows, measures); `dialogues`
    says which dialogue each row is from.
    """
    names, group = np.unique(np.asarray(dialogues), return_inverse=True)
    sums = np.zeros((len(names), scores.shape[1]))
    np.add.at(sums, group, scores)
    counts = np.bincount(group, minlength=len(names)).astype(np.float64)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    means = (drawn @ sums) / (drawn @ counts)[:, None]
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    return low, high


def summarise(rows: Sequence[TargetRow], *, resamples: int = 1000, seed: int = 0) -> dict[str, Interval]:
    """The micro average over all rows for each measure, with its 95% interval; nothing if there are no rows."""
    if not rows:
        return {}
    scores = score_rows(rows)
    low, high = bootstrap_intervals(scores, [row.dialogue for row in rows], resamples=resamples, seed=seed)
    return {
        name: Interval(value=float(mean), low=float(bottom), high=float(top))
        for name, mean, bottom, top in zip(MEASURES, scores.mean(axis=0), low, high, strict=True)
    }
