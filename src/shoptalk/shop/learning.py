"""How a shop learns from what people did: in its own talks, in dialogues kept elsewhere, in files of interactions."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shoptalk.agent.log import Exposure, Feedback
from shoptalk.errors import InteractionsError, LogError
from shoptalk.ranking.lambdarank import Ranker
from shoptalk.ranking.learned import Learned, LearnedHere
from shoptalk.ranking.rank import Ranking
from shoptalk.ranking.sessions import Sessions, query_of_context
from shoptalk.ranking.stacking import StackingConfig, judged_choices, latest_choices, splits_of
from shoptalk.ranking.talking.reordering import Reordering, cross_lists, fit_reordering
from shoptalk.ranking.training import (
    CHOICES,
    LOG,
    Impression,
    JudgedList,
    lists_of_impressions,
    made_lists,
    train_from_lists,
)
from shoptalk.retrieval.finding import Finder
from shoptalk.shop.interactions import Interactions, read_interactions
from shoptalk.shop.parts import Progress, RememberingEncoder, from_stage, queries_for
from shoptalk.shop.recordings import Dialogue, sessions_of_dialogues, sessions_of_interactions, sessions_of_log
from shoptalk.shop.snapshot import talk_here

if TYPE_CHECKING:
    from shoptalk.agent.log import TalkLog
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.shop.snapshot import Snapshot

__all__ = ["Learning", "Lessons", "impression_of", "learn", "lessons_of"]

_log = logging.getLogger(__name__)
_FEWEST_CHOICES, _SECOND_LOOKS = 100, 400
_NOTHING = "Train from the items until people have clicked, liked or bought something."


@dataclass(frozen=True, slots=True, eq=False)
class Learning:
    """What was learned: the ranker, the models of choices that it goes with, and what a second look weighs."""

    ranker: Ranker
    models: Learned | None
    reordering: Reordering


@dataclass(frozen=True, slots=True)
class Lessons:
    """What there is to learn from: sessions of all sources, and the shop's own shown lists, the oldest first."""

    sessions: Sessions
    impressions: tuple[Impression, ...]

    @property
    def choices(self) -> int:
        """How many times something was chosen."""
        return int(self.sessions.chosen.sum())


def lessons_of(
    snapshot: "Snapshot",
    log: "TalkLog",
    *,
    dialogues: Iterable[Dialogue] | None = None,
    interactions: Path | None = None,
    resolve: Callable[[str], str | None] | None = None,
    progress: Progress | None = None,
) -> Lessons:
    """Gather what the shop's talks, dialogues and a file of interactions tell.

    `resolve` gives the id that a dialogue's name for an item means. Raises InteractionsError.
    """
    catalog = snapshot.catalog
    parts = []
    if interactions is not None:
        read = read_interactions(interactions, progress=from_stage(progress, "read"))
        _require_known(read, interactions, catalog)
        parts.append(sessions_of_interactions(read, catalog))
    if dialogues is not None:
        parts.append(sessions_of_dialogues(dialogues, catalog, resolve=resolve))
    parts.append(sessions_of_log(log, catalog))
    impressions = tuple(impression_of(exposure) for exposure in log.exposures())
    return Lessons(Sessions.joined(parts), impressions)


def learn(
    snapshot: "Snapshot",
    lessons: Lessons,
    *,
    config: StackingConfig | None = None,
    progress: Progress | None = None,
) -> Learning:
    """Learn; there are no models while there are too few choices to learn from.

    Models are fitted on the earlier sessions, the ranker learns from choices and shown lists of the later ones, with
    these models' scores; then the models that serve are fitted on all. Queries made of the items stand beside, for what
    people do not tell: wishes, numbers, "like this one". Raises LogError if there is nothing to learn from.
    """
    config = config or StackingConfig()
    encoder = RememberingEncoder(snapshot.finder.encoder)
    space, ids = snapshot.ranking.space, snapshot.catalog.ids
    talk = talk_here(snapshot.settings, snapshot.finder.encoder, snapshot.catalog, space.vectors)

    def held(models: Learned) -> LearnedHere:
        return LearnedHere(models, snapshot.catalog, talk=talk)

    def finder_with(here: LearnedHere | None) -> Finder:
        given = snapshot.finder
        return Finder(given.catalog, encoder, given.vectors, given.lexical, learned=here)

    early_models = learned = None
    splits: list[tuple[Sessions, Sessions]] = []
    lists: list[JudgedList] = []
    impressions = lessons.impressions
    if lessons.choices >= _FEWEST_CHOICES:
        splits = splits_of(lessons.sessions, config)
        told = _Together(progress, len(splits))
        for early, late in splits:
            early_models = Learned.fit(early, ids, encoder=encoder, progress=told.of("fit"))
            lists += judged_choices(late, held(early_models), finder_with, space, config, told.of("find"))
        learned = Learned.fit(lessons.sessions, ids, encoder=encoder, progress=from_stage(progress, "fit all"))
        impressions = _latest(impressions, config.share)
    finder = finder_with(held(early_models) if early_models is not None else None)
    shown = lists_of_impressions(impressions, finder, space)
    if not lists and not shown:
        both = "both something that was chosen and something that was not"
        raise LogError(f"None of {len(impressions)} shown lists has {both}, and nothing else tells.", hint=_NOTHING)
    made = made_lists(finder_with(None), space, queries=queries_for(snapshot.catalog))
    parts = {CHOICES: lists, LOG: shown, "items": made}
    trees = from_stage(progress, "train")
    ranker = train_from_lists({name: part for name, part in parts.items() if part}, progress=trees)
    reordering = Reordering()
    if talk is not None and lists:
        latest = latest_choices(splits[-1][1], _SECOND_LOOKS)
        asked = [(query_of_context(one.context, ids), [ids[code] for code in one.chosen.tolist()]) for one in latest]
        reordering = fit_reordering(cross_lists(asked, finder, Ranking(space, ranker), talk))
    return Learning(ranker, learned, reordering)


def _require_known(read: Interactions, file: Path, catalog: "Catalog") -> None:
    """Tell of items that the shop does not have. Raises InteractionsError if it has none of them."""
    unknown = read.unknown_to(frozenset(catalog.ids))
    examples = ", ".join(unknown.examples)
    if unknown.items == len(read.item_ids):
        problem = f"the shop has none of its {unknown.items:,} items: {examples}."
        raise InteractionsError(problem, file=str(file), hint="Name items by the ids that the shop's catalog has.")
    if unknown.rows:
        told = "%s: %d of %d rows tell of items that the shop does not have, and are passed over: %s"
        _log.warning(told, file, unknown.rows, len(read), examples)


class _Together:
    """Progress of a stage that is gone through several times, told as one: a part of `times` each."""

    def __init__(self, progress: Progress | None, times: int) -> None:
        self._progress, self._times = progress, times
        self._begun: dict[str, int] = {}

    def of(self, stage: str) -> Callable[[int, int], None]:
        """Progress of the next time."""
        before = self._begun.get(stage, 0)
        self._begun[stage] = before + 1
        told = from_stage(self._progress, stage)
        return lambda done, total: told(before * total + done, self._times * total)


def _latest(impressions: Sequence[Impression], share: float) -> tuple[Impression, ...]:
    """Those of about the time of the sessions that the models were not fitted on."""
    return tuple(impressions[len(impressions) - round(share * len(impressions)) :])


_GAINS = {Feedback.CLICKED: 1.0, Feedback.DWELLED: 1.0, Feedback.LIKED: 2.0, Feedback.BOUGHT: 3.0}


def impression_of(exposure: Exposure) -> Impression:
    """A shown list with what each item was worth: the most that was done with it, 0 where it was rejected.

    Of like and dislike the last word counts; to have dwelled on an item is worth what a click is; to have seen it says
    nothing of its worth.
    """
    gains = {item: gain for item, kinds in exposure.feedback.items() if (gain := _gain(kinds)) is not None}
    return Impression(exposure.query, exposure.shown, gains)


def _gain(kinds: tuple[Feedback, ...]) -> float | None:
    taste = [kind for kind in kinds if kind in (Feedback.LIKED, Feedback.DISLIKED, Feedback.FORGOTTEN)][-1:]
    if taste == [Feedback.DISLIKED]:
        return 0.0
    lasting = [*taste, *(kind for kind in kinds if kind in (Feedback.CLICKED, Feedback.DWELLED, Feedback.BOUGHT))]
    return max((_GAINS[kind] for kind in lasting if kind in _GAINS), default=None)
