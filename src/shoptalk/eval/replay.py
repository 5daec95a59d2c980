"""Replaying dialogues: what would the shop have ranked where the log recommends something, and how high stands that?

The shop ranks through the code of an ordinary turn: each user message is understood and merged into a `TalkState`, and
the query that comes of it is found and ranked. Simpler rankings answer the same questions, for comparison.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.state import TalkState, advance, answered, query_of, settled, with_feedback
from shoptalk.errors import LogError
from shoptalk.eval.logs import Dialogue, ItemNames, LoggedTurn, read_dialogues
from shoptalk.eval.metrics import Interval, TargetRow, summarise
from shoptalk.retrieval.catalog import NumberColumn
from shoptalk.retrieval.schema import Meaning

if TYPE_CHECKING:
    from shoptalk.shop import Shop
    from shoptalk.shop.parts import Progress

__all__ = ["EvaluationReport", "Question", "Ranks", "SystemScores", "evaluate", "evaluate_log", "questions_of"]

_LIMIT, _CONTEXT = 300, 1000
_UNKNOWN_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Question:
    """A shop turn of a log that recommends something, at `at` in its dialogue, with its items as the shop knows them.

    `targets` are ids, each once; `named` those that came up before the turn; `unknown` the names of targets that the
    shop does not have.
    """

    dialogue: Dialogue
    at: int
    targets: tuple[str, ...]
    named: frozenset[str]
    unknown: tuple[str, ...]

    @property
    def before(self) -> tuple[LoggedTurn, ...]:
        """All that was said before the turn."""
        return self.dialogue.turns[: self.at]


class Ranks(Protocol):
    """Anything that ranks the catalog for what was said before a question. Questions come in the log's order."""

    name: str

    def rank(self, question: Question, depth: int) -> Sequence[str]:
        """Item ids, best first, at most `depth`."""
        ...


class SystemScores(BaseModel):
    """What one way of ranking came to."""

    model_config = ConfigDict(frozen=True)

    name: str
    full: dict[str, Interval] = Field(description="all targets")
    dedup: dict[str, Interval] = Field(description="without targets and items named earlier in the dialogue")
    milliseconds: dict[str, float] = Field(description="p50 and p95 of a question's wall time")


class EvaluationReport(BaseModel):
    """A replayed log: counts, and each system's figures, the shop's first."""

    model_config = ConfigDict(frozen=True)

    shop: str
    log: str
    items: int
    dialogues: int
    questions: int = Field(description="shop turns that recommend something known, with a turn before them")
    targets_full: int
    targets_dedup: int
    targets_unknown: int = Field(description="targets that the shop does not have; in no figure")
    unknown_examples: tuple[str, ...]
    depth: int
    resamples: int
    seed: int
    systems: tuple[SystemScores, ...]


def evaluate_log(
    shop: "Shop",
    log: Path,
    *,
    depth: int = 100,
    most: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
    progress: "Progress | None" = None,
) -> EvaluationReport:
    """Replay a log, or its first `most` dialogues. Raises LogError if it cannot be read or recommends nothing known."""
    dialogues = list(islice(read_dialogues(log), most))
    return evaluate(shop, dialogues, log=str(log), depth=depth, resamples=resamples, seed=seed, progress=progress)


def evaluate(
    shop: "Shop",
    dialogues: Sequence[Dialogue],
    *,
    log: str = "",
    depth: int = 100,
    resamples: int = 1000,
    seed: int = 0,
    progress: "Progress | None" = None,
) -> EvaluationReport:
    """Replay dialogues against the shop and the simpler rankings. Raises LogError if they recommend nothing known."""
    questions = list(questions_of(dialogues, ItemNames(shop.catalog)))
    unknown = [name for question in questions for name in question.unknown]
    known = [question for question in questions if question.targets]
    if not known:
        raise LogError(f"{log}: no shop turn names an item that the shop '{shop.name}' has.", hint=_HINT)
    systems = [
        _scores(system, known, depth, resamples=resamples, seed=seed, progress=progress) for system in _systems(shop)
    ]
    return EvaluationReport(
        shop=shop.name,
        log=log,
        items=len(shop.catalog),
        dialogues=len(dialogues),
        questions=len(known),
        targets_full=sum(len(question.targets) for question in known),
        targets_dedup=sum(len(set(question.targets) - question.named) for question in known),
        targets_unknown=len(unknown),
        unknown_examples=tuple(dict.fromkeys(unknown))[:_UNKNOWN_SHOWN],
        depth=depth,
        resamples=resamples,
        seed=seed,
        systems=tuple(systems),
    )


def questions_of(dialogues: Iterable[Dialogue], names: ItemNames) -> Iterator[Question]:
    """The shop turns that name an item and have a turn before them."""
    for dialogue in dialogues:
        named: set[str] = set()
        for at, turn in enumerate(dialogue.turns):
            resolved = {name: names.resolve(name) for name in turn.items}
            ids = tuple(dict.fromkeys(item_id for item_id in resolved.values() if item_id is not None))
            if turn.role == "shop" and turn.items and at > 0:
                missing = tuple(name for name, item_id in resolved.items() if item_id is None)
                yield Question(dialogue, at, ids, frozenset(named), missing)
            named.update(ids)
            told = (names.resolve(feedback.item) for feedback in turn.feedback)
            named.update(item_id for item_id in told if item_id is not None)


class ShopRanks:
    """The shop as it would answer; its rule of not showing an item twice is lifted, since *full* counts repetitions."""

    name = "shop"

    def __init__(self, shop: "Shop") -> None:
        self._shop, self._names = shop, ItemNames(shop.catalog)
        self._state, self._read = TalkState(), 0
        self._dialogue: Dialogue | None = None

    def rank(self, question: Question, depth: int) -> Sequence[str]:
        """What find and rank give for the talk as it stands before the question."""
        if question.dialogue is not self._dialogue:
            self._state, self._dialogue, self._read = TalkState(), question.dialogue, 0
        for turn in question.before[self._read :]:
            self._hear(turn)
        self._read = question.at
        query = query_of(self._state, self._shop.catalog, limit=max(_LIMIT, depth))
        query = replace(query, exclude=frozenset())
        ranked = self._shop.rank(query, self._shop.find(query))
        return [self._shop.catalog.ids[row] for row in ranked.rows[:depth].tolist()]

    def _hear(self, turn: LoggedTurn) -> None:
        if turn.role == "user" and turn.text.strip():
            request = self._shop.refresh().understanding.understand(turn.text, self._state)
            self._state = advance(self._state, request, self._shop.catalog)
        ids = [item_id for name in turn.items if (item_id := self._names.resolve(name)) is not None]
        if turn.role == "shop":
            self._state = answered(settled(self._state, ids) if ids else self._state, turn.text, ids)
        for told in turn.feedback:
            if (item_id := self._names.resolve(told.item)) is not None:
                self._state = with_feedback(
                    self._state,
                    item_id,
                    liked=told.liked,
                    seen=told.seen is True,
                    clicked=told.clicked,
                    bought=told.bought,
                )


class WordsAlone:
    """BM25 over the last that was said."""

    name = "BM25"

    def __init__(self, shop: "Shop") -> None:
        self._catalog, self._lexical = shop.catalog, shop.finder.lexical

    def rank(self, question: Question, depth: int) -> Sequence[str]:
        """Best by BM25."""
        rows, _ = self._lexical.search(_said(question), depth)
        return [self._catalog.ids[row] for row in rows.tolist()]


class MeaningAlone:
    """The sentence encoder over the last that was said."""

    name = "encoder"

    def __init__(self, shop: "Shop") -> None:
        self._catalog, self._finder = shop.catalog, shop.finder

    def rank(self, question: Question, depth: int) -> Sequence[str]:
        """Nearest by cosine."""
        rows, _ = self._finder.vectors.nearest(self._finder.encoder.encode([_said(question)])[0], depth)
        return [self._catalog.ids[row] for row in rows.tolist()]


class MostPopular:
    """The same for everyone: the most popular items."""

    name = "popularity"

    def __init__(self, shop: "Shop", counts: NDArray[np.float64]) -> None:
        order = np.argsort(-np.nan_to_num(counts, nan=-np.inf), kind="stable")
        self._ids = [shop.catalog.ids[row] for row in order.tolist()]

    def rank(self, question: Question, depth: int) -> Sequence[str]:
        """The most popular, whatever was said."""
        return self._ids[:depth]


def _systems(shop: "Shop") -> list[Ranks]:
    systems: list[Ranks] = [ShopRanks(shop), WordsAlone(shop), MeaningAlone(shop)]
    for facet in shop.catalog.schema.by_meaning(Meaning.POPULARITY)[:1]:
        column = shop.catalog.column(facet.name)
        if isinstance(column, NumberColumn):
            systems.append(MostPopular(shop, column.values))
    return systems


def _scores(
    system: Ranks,
    questions: Sequence[Question],
    depth: int,
    *,
    resamples: int,
    seed: int,
    progress: "Progress | None",
) -> SystemScores:
    full: list[TargetRow] = []
    dedup: list[TargetRow] = []
    times = []
    for done, question in enumerate(questions):
        started = time.perf_counter()
        ranking = tuple(system.rank(question, depth + len(question.named)))
        times.append((time.perf_counter() - started) * 1000)
        fresh = tuple(item for item in ranking if item not in question.named)[:depth]
        for target in question.targets:
            full.append(TargetRow(question.dialogue.id, target, ranking[:depth]))
            if target not in question.named:
                dedup.append(TargetRow(question.dialogue.id, target, fresh))
        if progress is not None:
            progress(f"replay: {system.name}", done + 1, len(questions))
    p50, p95 = np.percentile(times, [50, 95]).tolist()
    return SystemScores(
        name=system.name,
        full=summarise(full, resamples=resamples, seed=seed),
        dedup=summarise(dedup, resamples=resamples, seed=seed),
        milliseconds={"p50": p50, "p95": p95},
    )


def _said(question: Question) -> str:
    """Everything said before the question, the last 1,000 characters of it."""
    return " ".join(turn.text for turn in question.before if turn.text)[-_CONTEXT:]


_HINT = "Items are named by the shop's ids or by titles; docs/dialogue-logs.md tells the format."
