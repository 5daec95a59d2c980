"""Counts of right, predicted and true things as precision, recall and F1, with bootstrap intervals over whole units.

A unit is what was said together: a sentence, a dialogue. Intervals are the percentile bootstrap (Efron & Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 13), units drawn with replacement.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.eval.measuring import percentiles
from shoptalk.eval.metrics import Interval

if TYPE_CHECKING:
    from shoptalk.agent.state import TalkState
    from shoptalk.agent.understanding import Understanding
    from shoptalk.agent.watch import Watch
    from shoptalk.retrieval.query import Request

__all__ = ["Latency", "Scores", "Share", "Timed", "drawn", "f1_of", "latency_of", "macro_f1", "scores_of", "share_of"]

_DRAWN_AT_ONCE = 100

Unit = TypeVar("Unit")
Counts = NDArray[np.int64]
Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def drawn(units: list[Unit], limit: int | None, seed: int) -> list[Unit]:
    """All of the units, or `limit` of them by lot."""
    return units if limit is None or limit >= len(units) else random.Random(seed).sample(units, limit)


class Scores(BaseModel):
    """Micro precision, recall and F1 of a set of things, with the interval of F1."""

    model_config = ConfigDict(frozen=True)

    precision: float
    recall: float
    f1: Interval
    right: int
    predicted: int
    true: int


class Share(BaseModel):
    """How many of some things were right."""

    model_config = ConfigDict(frozen=True)

    share: Interval
    right: int
    of: int


class Latency(BaseModel):
    """Milliseconds of one message's understanding."""

    model_config = ConfigDict(frozen=True)

    messages: int = Field(description="how many were timed")
    p50: float
    p95: float


@dataclass
class Timed:
    """An understanding that notes how long each message takes, in milliseconds."""

    inner: "Understanding"
    milliseconds: list[float] = field(default_factory=list)

    def understand(self, message: str, state: "TalkState", watch: "Watch | None" = None) -> "Request":
        """As the inner one does."""
        begun = time.perf_counter()
        request = self.inner.understand(message, state, watch)
        self.milliseconds.append(1000 * (time.perf_counter() - begun))
        return request


def latency_of(milliseconds: Sequence[float]) -> Latency:
    """Percentiles of what was timed; zeros if nothing was."""
    p50, p95 = percentiles(list(milliseconds), 50, 95) if milliseconds else (0.0, 0.0)
    return Latency(messages=len(milliseconds), p50=p50, p95=p95)


def scores_of(counts: Sequence[Sequence[int]], *, resamples: int = 1000, seed: int = 0) -> Scores:
    """Scores of units' counts (units, 3): right, predicted, true."""
    table = _table(counts, 3)
    right, predicted, true = (int(total) for total in table.sum(axis=0))
    return Scores(
        precision=right / predicted if predicted else 0.0,
        recall=right / true if true else 0.0,
        f1=_interval(table, f1_of, resamples, seed),
        right=right,
        predicted=predicted,
        true=true,
    )


def share_of(counts: Sequence[Sequence[int]], *, resamples: int = 1000, seed: int = 0) -> Share:
    """The share of units' counts (units, 2): right, all."""
    table = _table(counts, 2)
    right, of = (int(total) for total in table.sum(axis=0))
    share = _interval(table, lambda sums: _ratio(sums[..., 0], sums[..., 1]), resamples, seed)
    return Share(share=share, right=right, of=of)


def macro_f1(counts: Sequence[Sequence[int]], *, resamples: int = 1000, seed: int = 0) -> Interval:
    """The plain mean of several classes' F1; counts are (units, 3 * classes), each class as in `scores_of`."""
    width = len(counts[0]) if len(counts) else 3

    def mean(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        several: NDArray[np.float64] = f1_of(sums.reshape(*sums.shape[:-1], -1, 3)).mean(axis=-1)
        return several

    return _interval(_table(counts, width), mean, resamples, seed)


def f1_of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 of summed counts (..., 3): right, predicted, true; 0 where nothing is predicted nor true."""
    return _ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros_like(above, dtype=np.float64), where=below > 0)


def _table(counts: Sequence[Sequence[int]], width: int) -> Counts:
    return np.asarray(counts, dtype=np.int64).reshape(-1, width)


def _interval(table: Counts, statistic: Statistic, resamples: int, seed: int) -> Interval:
    value = float(statistic(table.sum(axis=0).astype(np.float64)))
    if not len(table) or not resamples:
        return Interval(value=value, low=value, high=value)
    dice = np.random.default_rng(seed)
    chances = np.full(len(table), 1 / len(table))
    drawn = []
    for begun in range(0, resamples, _DRAWN_AT_ONCE):
        times = dice.multinomial(len(table), chances, size=min(_DRAWN_AT_ONCE, resamples - begun))
        drawn.append(statistic((times @ table).astype(np.float64)))
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return Interval(value=value, low=float(low), high=float(high))
