"""Ways of ranking beside each other: each figure with its interval, and how far the shop is ahead of each other way.

Intervals are the 95% percentile bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13) over
whole owners, that is dialogues, users or queries. All ways are resampled together, so differences are paired.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.eval.metrics import Interval

__all__ = [
    "Board",
    "Kind",
    "Latency",
    "Published",
    "RankingReport",
    "Scored",
    "Stage",
    "Standing",
    "board_of",
    "measures_of",
    "rank_of",
]

_TAIL = 0.025
_DRAWN_AT_ONCE = 2_000_000


class Kind(StrEnum):
    """What sort of thing ranked."""

    SHOP = "shop"
    BASELINE = "baseline"
    MODEL = "one model of the shop"
    WITHOUT = "the shop without"


class Standing(BaseModel):
    """One way of ranking on a board."""

    model_config = ConfigDict(frozen=True)

    system: str
    kind: Kind
    figures: dict[str, Interval] = Field(description="mean over the board's rows, by measure")
    lead: dict[str, Interval] = Field(description="the shop's mean less this one's, paired; nothing for the shop")


class Board(BaseModel):
    """All ways of ranking over the same rows; the shop stands first."""

    model_config = ConfigDict(frozen=True)

    name: str
    about: str = Field(description="what the rows are")
    is_part: bool = Field(description="rows that another board counts too, apart")
    rows: int = Field(description="how many were averaged over")
    owners: int = Field(description="how many dialogues, users or queries they belong to")
    owner: str = Field(description="what is resampled: 'dialogues', 'users', 'queries'")
    headline: str = Field(description="the measure that the strongest baseline is found by")
    measures: tuple[str, ...]
    standings: tuple[Standing, ...]

    @property
    def strongest(self) -> Standing | None:
        """The baseline with the highest headline figure; None if there is no baseline."""
        rivals = [one for one in self.standings if one.kind is Kind.BASELINE]
        return max(rivals, key=lambda one: one.figures[self.headline].value, default=None)


class Published(BaseModel):
    """Figures that others printed. Nothing here measured them."""

    model_config = ConfigDict(frozen=True)

    system: str
    source: str
    board: str = Field(description="name of the board that they belong beside")
    split: str = Field(description="what they were measured on")
    figures: dict[str, float]


class Stage(BaseModel):
    """One stage of making the shop, and how long it took."""

    model_config = ConfigDict(frozen=True)

    name: str
    seconds: float


class Latency(BaseModel):
    """Milliseconds that one question took."""

    model_config = ConfigDict(frozen=True)

    system: str
    p50: float
    p95: float


class RankingReport(BaseModel):
    """All that one benchmark of ranking came to."""

    model_config = ConfigDict(frozen=True)

    task: str
    dataset: str
    split: str
    shoptalk: str
    machine: str
    items: int
    asked: int = Field(description="questions that were asked, drawn by lot where these are not all")
    there: int = Field(description="questions that the split holds")
    candidates: int = Field(description="how many the shop was asked to find, at most")
    trained_on: dict[str, int] = Field(description="what the shop learned from, counted")
    seed: int
    resamples: int
    boards: tuple[Board, ...]
    ablation: tuple[Board, ...] = Field(description="the same boards with parts of the shop left out")
    published: tuple[Published, ...]
    latency: tuple[Latency, ...] = Field(description="from the query to the ranking; of the shop alone")
    stages: tuple[Stage, ...]
    peak_memory: float = Field(description="the most memory held while the shop was made, in MB")
    made: str = Field(description="when the shop was made; stages and memory are of then")
    shop: str = Field(description="the folder of the shop")
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What one way of ranking scored: `values` (rows, measures), the rows the same for all that stand on one board."""

    system: str
    kind: Kind
    values: NDArray[np.float64]


def board_of(
    name: str,
    about: str,
    scored: Sequence[Scored],
    owners: Sequence[str],
    measures: Sequence[str],
    *,
    owner: str,
    headline: str,
    is_part: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> Board:
    """A board of these; the first of them is the shop. `owners` (rows,) tells what is resampled whole.

    Raises ValueError if there is no row, or the scores are not of the same rows and measures.
    """
    if not len(owners):
        raise ValueError(f"there is no row for the board '{name}': it is empty")
    shape = (len(owners), len(measures))
    wrong = [one.system for one in scored if one.values.shape != shape]
    if wrong:
        raise ValueError(f"board '{name}' has {shape} rows and measures; not so: {', '.join(wrong)}")
    values = np.stack([one.values for one in scored], axis=1)
    means = values.mean(axis=0)
    drawn = _resampled(values.reshape(len(owners), -1), owners, resamples, seed).reshape(resamples, *means.shape)
    figures, leads = _intervals(means, drawn), _intervals(means[:1] - means, drawn[:, :1] - drawn)
    standings = [
        Standing(
            system=one.system,
            kind=one.kind,
            figures=dict(zip(measures, figures[place], strict=True)),
            lead=dict(zip(measures, leads[place], strict=True)) if place else {},
        )
        for place, one in enumerate(scored)
    ]
    return Board(
        name=name,
        about=about,
        is_part=is_part,
        rows=len(owners),
        owners=len(set(owners)),
        owner=owner,
        headline=headline,
        measures=tuple(measures),
        standings=tuple(standings),
    )


def measures_of(ranks: NDArray[np.float64], measures: Sequence[str]) -> NDArray[np.float64]:
    """(rows, measures) of one target a row, from its rank (1 is the top, infinite where it was not ranked).

    Recall@k is 1 within the first k; NDCG@k is 1 / log2(1 + rank) and MRR@k 1 / rank there, both 0 beyond.
    """
    columns = []
    for measure in measures:
        name, depth = measure.split("@")
        gains = {"Recall": np.ones_like(ranks), "NDCG": 1 / np.log2(1 + ranks), "MRR": 1 / ranks}[name]
        columns.append(np.where(ranks <= int(depth), gains, 0.0))
    return np.column_stack(columns)


def rank_of(target: str, ranking: Sequence[str]) -> float:
    """Place of the target, from 1; infinite if it is not there."""
    return ranking.index(target) + 1 if target in ranking else math.inf


def _resampled(values: NDArray[np.float64], owners: Sequence[str], resamples: int, seed: int) -> NDArray[np.float64]:
    """(resamples, columns) micro averages, whole owners drawn with replacement."""
    names, group = np.unique(np.asarray(owners), return_inverse=True)
    size = len(names)
    sums = np.zeros((size, values.shape[1]))
    np.add.at(sums, group, values)
    counts = np.bincount(group, minlength=size).astype(np.float64)
    dice, means = np.random.default_rng(seed), np.empty((resamples, values.shape[1]))
    step = max(1, _DRAWN_AT_ONCE // size)
    for begun in range(0, resamples, step):
        some = min(step, resamples - begun)
        cells = dice.integers(size, size=(some, size)) + size * np.arange(some)[:, None]
        times = np.bincount(cells.ravel(), minlength=some * size).reshape(some, size).astype(np.float64)
        means[begun : begun + some] = (times @ sums) / (times @ counts)[:, None]
    return means


def _intervals(means: NDArray[np.float64], drawn: NDArray[np.float64]) -> list[list[Interval]]:
    """An interval for each system and measure: `means` (systems, measures), `drawn` (resamples, systems, measures)."""
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL], axis=0) if len(drawn) else (means, means)
    return [
        [Interval(value=float(v), low=float(b), high=float(t)) for v, b, t in zip(*row, strict=True)]
        for row in zip(means, low, high, strict=True)
    ]
