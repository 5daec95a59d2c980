"""Search (Icecat): how well does the first answer to a few words agree with what people judged to fit them?

NDCG@10 over all products with the grades as gains and the discount 1 / log2(1 + rank), as trec_eval has it (Järvelin &
Kekäläinen, TOIS 2002, with a discount from the second rank on); what nobody judged counts 0, so the share of judged
results in the first ten stands beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.state import TalkState, advance, query_of
from shoptalk.eval.baselines import FieldsBM25, MeaningAlone, Ranks, ShopRanks, TextBM25, whole_texts
from shoptalk.eval.contest import RankingPlan, Rows, ablated, ask, boards_of, drawn_in_order, report_of
from shoptalk.eval.datasets.collections import SearchSet, collection
from shoptalk.eval.standings import Kind, Published, RankingReport
from shoptalk.eval.workshop import opened_shop
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.settings import Settings
    from shoptalk.shop import Shop
    from shoptalk.shop.parts import Progress

__all__ = ["MEASURES", "FirstMessage", "graded", "run_search"]

MEASURES = ("NDCG@10", "judged@10")
_DEPTH = 10


@dataclass(frozen=True)
class FirstMessage:
    """The shop as a person meets it: a query's text is understood as the first message of a talk, then asked."""

    shop: "Shop"
    asked: Ranks

    @property
    def name(self) -> str:
        """That of what is asked."""
        return self.asked.name

    @property
    def kind(self) -> Kind:
        """That of what is asked."""
        return self.asked.kind

    def rank(self, query: Query, depth: int) -> Sequence[str]:
        """What a turn would rank for that message."""
        state = advance(TalkState(), self.shop.understand(query.text), self.shop.catalog)
        return self.asked.rank(query_of(state, self.shop.catalog, limit=query.limit), depth)


def run_search(
    plan: RankingPlan,
    progress: "Progress | None" = None,
    *,
    settings: "Settings | None" = None,
    encoder: "Encoder | None" = None,
) -> RankingReport:
    """Measure on judged queries. Raises DatasetError if the data set, its folder or the split is not there."""
    source = collection(plan.dataset, "search")
    told = source.read(source.within(plan.data), plan.split)
    assert isinstance(told, SearchSet)
    queries = drawn_in_order(told.queries, plan.most, plan.seed)
    with opened_shop(
        told, plan.split, work=plan.work, fresh=plan.fresh, settings=settings, encoder=encoder, progress=progress
    ) as (shop, made):
        questions = [(Query(text=text, limit=plan.candidates), _DEPTH) for text, _ in queries]
        parts = [FirstMessage(shop, one) for one in ablated(shop)] if plan.ablation else []
        answers = ask([*_systems(shop, told), *parts], questions, progress)
        values = [graded(answer.rankings, [grades for _, grades in queries]) for answer in answers]
        rows = Rows("all", "queries with a product that fits, over all products", [text for text, _ in queries], values)
        boards = boards_of([rows], answers, plan, measures=MEASURES, owner="queries", headline=MEASURES[0])
        notes = _notes(told)
        return report_of(
            "search",
            plan,
            shop,
            made,
            len(told.queries),
            answers,
            boards,
            published=PUBLISHED.get(told.name, ()),
            notes=notes,
        )


def graded(rankings: Sequence[Sequence[str]], grades: Sequence[Mapping[str, int]]) -> NDArray[np.float64]:
    """(queries, measures) of each ranking against the grades of its query."""
    return np.array([_graded(one[:_DEPTH], known) for one, known in zip(rankings, grades, strict=True)]).reshape(-1, 2)


def _graded(ranking: Sequence[str], grades: Mapping[str, int]) -> tuple[float, float]:
    best = _gain(sorted(grades.values(), reverse=True)[:_DEPTH])
    gain = _gain([grades.get(item_id, 0) for item_id in ranking])
    return gain / best if best else 0.0, sum(item_id in grades for item_id in ranking) / _DEPTH


def _gain(grades: Sequence[int]) -> float:
    return float(np.sum(np.maximum(grades, 0) / np.log2(2 + np.arange(len(grades)))))


def _systems(shop: "Shop", told: SearchSet) -> list[Ranks]:
    return [
        FirstMessage(shop, ShopRanks(shop)),
        ShopRanks(shop, name="shoptalk, as plain text"),
        TextBM25(shop.catalog, whole_texts(told.items, shop.catalog.ids)),
        FieldsBM25(shop),
        MeaningAlone(shop),
    ]


def _notes(told: SearchSet) -> list[str]:
    without = told.judged - len(told.queries)
    gains = "Gains are the grades themselves (trec_eval's ndcg_cut), unjudged products 0."
    return [gains, *([f"{without:,} judged queries without a product that fits were left out."] if without else [])]


PUBLISHED: dict[str, tuple[Published, ...]] = {
    "icecat": (
        Published(
            system="BM25, all text",
            source="told with the protocol",
            board="all",
            split="all 116 queries",
            figures={"NDCG@10": 0.741},
        ),
    )
}
"""The figure that came with the protocol."""
