"""One benchmark of ranking: what is to be asked, asking every system the same, and the report of what came of it."""

import os
import platform
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from shoptalk.eval.baselines import GROUPS, Asked, LearnedAlone, Ranks, ShopWithout
from shoptalk.eval.measuring import percentiles
from shoptalk.eval.standings import Board, Kind, Latency, Published, RankingReport, Scored, board_of
from shoptalk.retrieval.finding import SOURCES
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.eval.workshop import Made
    from shoptalk.shop import Shop
    from shoptalk.shop.parts import Progress

__all__ = ["Answers", "RankingPlan", "Rows", "ablated", "ask", "boards_of", "drawn_in_order", "learned", "report_of"]

_WARM_UP = 3
_RIVALS = {"item_knn": "item-kNN", "ease": "EASE", "words_bm25": "BM25, words that led"}

Unit = TypeVar("Unit")
Ranking = tuple[str, ...]


@dataclass(frozen=True)
class RankingPlan:
    """What to measure, and how."""

    dataset: str
    data: Path
    split: str
    work: Path | None = None
    fresh: bool = False
    most: int | None = None
    candidates: int = 500
    ablation: bool = False
    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Answers:
    """What one system ranked for each question, best first, and the milliseconds that each took."""

    system: str
    kind: Kind
    rankings: Sequence[Ranking]
    milliseconds: Sequence[float]

    @property
    def latency(self) -> Latency:
        """Its percentiles."""
        p50, p95 = percentiles(self.milliseconds, 50, 95)
        return Latency(system=self.system, p50=p50, p95=p95)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one board, each belonging to an owner; `values` (rows, measures) for each system."""

    name: str
    about: str
    owners: Sequence[str]
    values: Sequence[NDArray[np.float64]]
    is_part: bool = False


def drawn_in_order(units: Sequence[Unit], most: int | None, seed: int) -> list[Unit]:
    """All of the units, or so many by lot, in their order."""
    if most is None or most >= len(units):
        return list(units)
    return [units[place] for place in sorted(random.Random(seed).sample(range(len(units)), most))]


def ask(
    systems: Sequence[Ranks],
    questions: Sequence[tuple[Query, int]],
    progress: "Progress | None" = None,
    *,
    stage: str = "asking",
) -> list[Answers]:
    """Ask each system each question, a query and how deep to rank. The first ones are asked once more, untimed."""
    rankings: list[list[Ranking]] = [[] for _ in systems]
    times: list[list[float]] = [[] for _ in systems]
    for query, depth in questions[:_WARM_UP]:
        for system in systems:
            system.rank(query, depth)
    for done, (query, depth) in enumerate(questions, start=1):
        for place, system in enumerate(systems):
            begun = time.perf_counter()
            ranking = system.rank(query, depth)
            times[place].append(1000 * (time.perf_counter() - begun))
            rankings[place].append(tuple(ranking))
        if progress is not None:
            progress(stage, done, len(questions))
    return [
        Answers(one.name, one.kind, ranked, spent) for one, ranked, spent in zip(systems, rankings, times, strict=True)
    ]


def learned(shop: "Shop") -> list[Ranks]:
    """Each model of what the shop has learned, alone; those that are baselines of the field as such."""
    asked = Asked(shop)
    rivals = [LearnedAlone(asked, name, _RIVALS[name], Kind.BASELINE) for name in asked.names if name in _RIVALS]
    return [*rivals, *(LearnedAlone(asked, name, name) for name in asked.names if name not in _RIVALS)]


def ablated(shop: "Shop") -> list[Ranks]:
    """The shop without each group of its sources that it has."""
    there = {*Asked(shop).names, *SOURCES}
    return [ShopWithout(shop, f"without {name}", group) for name, group in GROUPS.items() if there & set(group)]


def boards_of(
    rows: Sequence[Rows],
    answers: Sequence[Answers],
    plan: RankingPlan,
    *,
    measures: Sequence[str],
    owner: str,
    headline: str,
) -> tuple[tuple[Board, ...], tuple[Board, ...]]:
    """The boards, and the same for the ablation, empty without one. What has no rows gets no board."""
    measured = [place for place, one in enumerate(answers) if one.kind is not Kind.WITHOUT]
    lacking = [place for place, one in enumerate(answers) if one.kind is Kind.WITHOUT]

    def made(places: Sequence[int]) -> tuple[Board, ...]:
        return tuple(
            board_of(
                one.name,
                one.about,
                [Scored(answers[place].system, answers[place].kind, one.values[place]) for place in places],
                one.owners,
                measures,
                owner=owner,
                headline=headline,
                is_part=one.is_part,
                resamples=plan.resamples,
                seed=plan.seed,
            )
            for one in rows
            if len(one.owners)
        )

    return made(measured), made([0, *lacking]) if lacking else ()


def report_of(
    task: str,
    plan: RankingPlan,
    shop: "Shop",
    made: "Made",
    there: int,
    answers: Sequence[Answers],
    boards: tuple[tuple[Board, ...], tuple[Board, ...]],
    *,
    published: Sequence[Published] = (),
    notes: Sequence[str] = (),
) -> RankingReport:
    """All of it in one value; `there` counts the split's questions. Published figures stand beside boards there are."""
    import shoptalk

    names = {board.name for board in boards[0]}
    return RankingReport(
        task=task,
        dataset=plan.dataset,
        split=plan.split,
        shoptalk=shoptalk.__version__,
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        items=len(shop.catalog),
        asked=len(answers[0].rankings),
        there=there,
        candidates=plan.candidates,
        trained_on=made.trained_on,
        seed=plan.seed,
        resamples=plan.resamples,
        boards=boards[0],
        ablation=boards[1],
        published=tuple(one for one in published if one.board in names),
        latency=tuple(one.latency for one in answers if one.kind is Kind.SHOP),
        stages=made.stages,
        peak_memory=made.peak_memory,
        made=made.moment,
        shop=str(shop.folder),
        notes=tuple(notes),
    )
