"""Recommendation in dialogues (ReDial, INSPIRED, OpenDialKG): what was recommended, would the shop have ranked it high?

A question is a recommender's turn that names an item, with a turn before it; every item named there is a target, a row
of its own, and the candidates are all items of the data set. *full* counts every target; *dedup* drops targets named
earlier in the dialogue, and takes those items out of the ranking. Measures are micro averages over rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import DatasetError
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
from shoptalk.eval.datasets.collections import DialogueSet, collection
from shoptalk.eval.logs import Dialogue
from shoptalk.eval.standings import Published, RankingReport, measures_of, rank_of
from shoptalk.eval.workshop import opened_shop
from shoptalk.ranking.sessions import query_of_context
from shoptalk.retrieval.query import Query, Said
from shoptalk.shop.recordings import sessions_of_dialogues

if TYPE_CHECKING:
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.settings import Settings
    from shoptalk.shop import Shop
    from shoptalk.shop.parts import Progress

__all__ = ["MEASURES", "Recommended", "queries_before", "recommended_in", "rows_of", "run_crs"]

MEASURES = ("Recall@1", "Recall@10", "Recall@50", "NDCG@10", "MRR@10")
_DEPTH, _HEADLINE = 50, "Recall@10"

Ranking = Sequence[str]


@dataclass(frozen=True, slots=True)
class Recommended:
    """A turn that recommends: all that was said before it, the items it names, and those that were named earlier."""

    dialogue: str
    said: tuple[Said, ...]
    targets: tuple[str, ...]

    @property
    def named(self) -> frozenset[str]:
        """Items named before the turn."""
        return frozenset(item_id for one in self.said for item_id in one.items)


def run_crs(
    plan: RankingPlan,
    progress: "Progress | None" = None,
    *,
    settings: "Settings | None" = None,
    encoder: "Encoder | None" = None,
) -> RankingReport:
    """Measure on dialogues. Raises DatasetError if the data set, its folder or the split is not there."""
    source = collection(plan.dataset, "crs")
    told = source.read(source.within(plan.data), plan.split)
    assert isinstance(told, DialogueSet)
    there = list(recommended_in(one for one in told.test if one.id in told.exact))
    if not there:
        raise DatasetError(f"{plan.data}: the split '{plan.split}' of {plan.dataset} recommends nothing.")
    turns = drawn_in_order(there, plan.most, plan.seed)
    with opened_shop(
        told, plan.split, work=plan.work, fresh=plan.fresh, settings=settings, encoder=encoder, progress=progress
    ) as (shop, made):
        queries = queries_before(turns, told.test, shop.catalog, limit=plan.candidates)
        questions = [(query, _DEPTH + len(turn.named)) for turn, query in zip(turns, queries, strict=True)]
        answers = ask([*_systems(shop, told), *(ablated(shop) if plan.ablation else ())], questions, progress)
        rows = rows_of(turns, answers, _known_items(told.train))
        boards = boards_of(rows, answers, plan, measures=MEASURES, owner="dialogues", headline=_HEADLINE)
        notes = [*_notes(told), *(f"No row is one of '{one.name}'." for one in rows if not len(one.owners))]
        return report_of(
            "crs", plan, shop, made, len(there), answers, boards, published=PUBLISHED.get(told.name, ()), notes=notes
        )


def recommended_in(dialogues: Iterable[Dialogue]) -> Iterator[Recommended]:
    """The shop's turns that name an item and have a turn before them."""
    for dialogue in dialogues:
        said = tuple(Said(turn.text, turn.role == "user", turn.items) for turn in dialogue.turns)
        for at, turn in enumerate(dialogue.turns):
            if at and turn.role == "shop" and turn.items:
                yield Recommended(dialogue.id, said[:at], tuple(dict.fromkeys(turn.items)))


def queries_before(
    turns: Sequence[Recommended], dialogues: Sequence[Dialogue], catalog: "Catalog", *, limit: int
) -> list[Query]:
    """What a shop is asked before each of these turns: the queries that its ranker learns from, made the same way."""
    sessions = sessions_of_dialogues(dialogues, catalog)
    place = {dialogue.id: at for at, dialogue in enumerate(dialogues)}
    contexts = (sessions.context(place[turn.dialogue], len(turn.said)) for turn in turns)
    return [query_of_context(context, catalog.ids, limit=limit) for context in contexts]


def rows_of(turns: Sequence[Recommended], answers: Sequence[Answers], known: frozenset[str]) -> list[Rows]:
    """The boards' rows: full and dedup, and of the full ones those with cold targets, and with nothing named before.

    `known` are the items that training named.
    """
    ranks = [_ranks(turns, answer.rankings) for answer in answers]
    owners = [(turn, target) for turn in turns for target in turn.targets]
    fresh = np.array([target not in turn.named for turn, target in owners], dtype=np.bool_)
    cold = np.array([target not in known for _, target in owners], dtype=np.bool_)
    unheard = np.array([not turn.named for turn, _ in owners], dtype=np.bool_)

    def rows(name: str, about: str, column: int, kept: NDArray[np.bool_]) -> Rows:
        values = [measures_of(one[kept, column], MEASURES) for one in ranks]
        held = [owners[at][0].dialogue for at in np.flatnonzero(kept).tolist()]
        return Rows(name, about, held, values, is_part=name.startswith("cold"))

    return [
        rows("full", "every target", 0, np.ones(len(owners), dtype=np.bool_)),
        rows("dedup", "targets not named before in the dialogue, and those named out of the ranking", 1, fresh),
        rows("cold items", "targets that no dialogue of training names", 0, cold),
        rows("cold users", "turns before which no item was named", 0, unheard),
    ]


def _ranks(turns: Sequence[Recommended], rankings: Sequence[Ranking]) -> NDArray[np.float64]:
    """(rows, 2) rank of each target in the ranking as it is, and in that without the items named before."""
    ranks = []
    for turn, ranking in zip(turns, rankings, strict=True):
        named = turn.named
        fresh = [item_id for item_id in ranking if item_id not in named]
        ranks += [(rank_of(target, ranking), rank_of(target, fresh)) for target in turn.targets]
    return np.array(ranks, dtype=np.float64).reshape(-1, 2)


def _systems(shop: "Shop", told: DialogueSet) -> list[Ranks]:
    catalog = shop.catalog
    chosen = (item_id for one in told.train for turn in one.turns if turn.role == "shop" for item_id in turn.items)
    return [
        ShopRanks(shop),
        MostPopular.of(catalog, chosen),
        TextBM25(catalog, whole_texts(told.items, catalog.ids)),
        FieldsBM25(shop),
        MeaningAlone(shop),
        *learned(shop),
    ]


def _known_items(train: Iterable[Dialogue]) -> frozenset[str]:
    return frozenset(item_id for one in train for turn in one.turns for item_id in turn.items)


def _notes(told: DialogueSet) -> list[str]:
    left_out = sum(one.id not in told.exact for one in told.test)
    notes = [f"{left_out:,} dialogues whose turns were restored by a program were not asked."] if left_out else []
    return [*notes, *(["dedup is the dataset's rec_new."] if told.name == "opendialkg" else [])]


def _recalls(system: str, source: str, board: str, **figures: float) -> Published:
    shown = {f"Recall@{name.removeprefix('at_')}": value for name, value in figures.items()}
    return Published(system=system, source=source, board=board, split="test", figures=shown)


_KOSTRIC, _HE = "Kostric & Balog, SIGIR 2026", "He et al., 2023"
PUBLISHED: dict[str, tuple[Published, ...]] = {
    "redial": (
        _recalls("UniCRS", _KOSTRIC, "full", at_1=0.049, at_10=0.213, at_50=0.421),
        _recalls("ReFICR (7B)", _KOSTRIC, "full", at_1=0.049, at_10=0.270, at_50=0.507),
        _recalls("UniCRS", _KOSTRIC, "dedup", at_1=0.024, at_10=0.180, at_50=0.335),
        _recalls("MESE", _KOSTRIC, "dedup", at_1=0.025, at_10=0.159, at_50=0.361),
        _recalls("ReFICR (7B)", _KOSTRIC, "dedup", at_1=0.018, at_10=0.213, at_50=0.465),
        _recalls("GPT-4, zero-shot", _HE, "dedup", at_1=0.050, at_10=0.201),
    ),
    "inspired": (_recalls("GPT-4, zero-shot", _HE, "dedup", at_1=0.066, at_10=0.185),),
}
"""Figures on the test splits, as these papers printed them."""
