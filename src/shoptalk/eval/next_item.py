"""The next item (Games, MovieLens): of all items that a user has not had, how high stands the one that came next?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.eval.baselines import FieldsBM25, MeaningAlone, MostPopular, Ranks, ShopRanks, TextBM25, whole_texts
from shoptalk.eval.contest import (
    Answers,
    RankingPlan,
    Rows,
    ablated,
    ask,
    boards_of,
    drawn_in_order,
    learned,
    report_of,
)
from shoptalk.eval.datasets.collections import Interactions, InteractionSet, LeftOut, collection
from shoptalk.eval.standings import Published, RankingReport, measures_of, rank_of
from shoptalk.eval.workshop import opened_shop
from shoptalk.ranking.sessions import Context, query_of_context
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.settings import Settings
    from shoptalk.shop import Shop
    from shoptalk.shop.parts import Progress

__all__ = ["MEASURES", "queries_after", "rows_of", "run_next"]

MEASURES = ("NDCG@10", "Recall@10")
_DEPTH, _SHORT = 10, 5


def run_next(
    plan: RankingPlan,
    progress: "Progress | None" = None,
    *,
    settings: "Settings | None" = None,
    encoder: "Encoder | None" = None,
) -> RankingReport:
    """Measure on interactions. Raises DatasetError if the data set, its folder or the split is not there."""
    source = collection(plan.dataset, "next")
    told = source.read(source.within(plan.data), plan.split)
    assert isinstance(told, InteractionSet)
    users = drawn_in_order(told.test, plan.most, plan.seed)
    with opened_shop(
        told, plan.split, work=plan.work, fresh=plan.fresh, settings=settings, encoder=encoder, progress=progress
    ) as (shop, made):
        queries = queries_after(users, told.train, shop.catalog, limit=plan.candidates)
        questions = [(query, _DEPTH) for query in queries]
        answers = ask([*_systems(shop, told), *(ablated(shop) if plan.ablation else ())], questions, progress)
        rows = rows_of(users, answers, frozenset(told.train.items.tolist()))
        boards = boards_of(rows, answers, plan, measures=MEASURES, owner="users", headline=MEASURES[0])
        notes = [f"No row is one of '{one.name}'." for one in rows if not len(one.owners)]
        return report_of(
            "next",
            plan,
            shop,
            made,
            len(told.test),
            answers,
            boards,
            published=PUBLISHED.get(told.name, ()),
            notes=notes,
        )


def queries_after(users: Sequence[LeftOut], events: Interactions, catalog: "Catalog", *, limit: int) -> list[Query]:
    """What a shop is asked for users who have had these items and said nothing; what they had is not to be found.

    `events` hold what they had, with its times: what happened at one time is one step, as when the shop learns.
    """
    ends = np.flatnonzero(np.append(events.users[1:] != events.users[:-1], True)) + 1
    starts = np.concatenate(([0], ends[:-1]))
    held = {str(events.users[start]): slice(start, end) for start, end in zip(starts, ends, strict=True)}
    return [_query_after(user, events.times[held[user.user]], catalog, limit) for user in users]


def _query_after(user: LeftOut, times: NDArray[np.float64], catalog: "Catalog", limit: int) -> Query:
    steps = np.cumsum(np.append(True, times[1:] != times[:-1]))  # NaN is unlike NaN: each such row is a step
    known = np.array([item_id in catalog for item_id in user.had], dtype=np.bool_)
    context = Context(
        items=catalog.rows(user.had),
        values=np.array(user.values, dtype=np.float64)[known],
        ago=(steps[-1] + 1 - steps)[known],
    )
    return replace(query_of_context(context, catalog.ids, limit=limit), exclude=frozenset(user.had))


def rows_of(users: Sequence[LeftOut], answers: Sequence[Answers], known: frozenset[str]) -> list[Rows]:
    """The boards' rows: all, those with cold targets, and those of users with few items. `known`: items of training."""
    values = [
        measures_of(np.array([rank_of(user.target, r) for user, r in zip(users, one.rankings, strict=True)]), MEASURES)
        for one in answers
    ]

    def rows(name: str, about: str, kept: Sequence[bool]) -> Rows:
        mask = np.array(kept, dtype=np.bool_)
        owners = [user.user for user, keeps in zip(users, kept, strict=True) if keeps]
        return Rows(name, about, owners, [one[mask] for one in values], is_part=not mask.all())

    return [
        rows("all", "every user's next item, over all items that they have not had", [True] * len(users)),
        rows("cold items", "items that nobody in training has had", [user.target not in known for user in users]),
        rows("few items", f"users who have had at most {_SHORT} items", [len(user.had) <= _SHORT for user in users]),
    ]


def _systems(shop: "Shop", told: InteractionSet) -> list[Ranks]:
    catalog = shop.catalog
    chosen = told.train.items[told.train.values > 0].tolist()
    return [
        ShopRanks(shop),
        MostPopular.of(catalog, chosen),
        TextBM25(catalog, whole_texts(told.items, catalog.ids)),
        FieldsBM25(shop),
        MeaningAlone(shop),
        *learned(shop),
    ]


def _told(system: str, ndcg: float) -> Published:
    return Published(
        system=system, source="told with the protocol", board="all", split="test", figures={"NDCG@10": ndcg}
    )


PUBLISHED: dict[str, tuple[Published, ...]] = {
    "games": (_told("item-kNN", 0.068), _told("popularity", 0.006)),
    "movielens": (_told("item-kNN", 0.064), _told("popularity", 0.023)),
}
"""Figures for the last item of each user that came with the protocol."""
