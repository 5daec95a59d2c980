"""How a shop learns from sessions: models on the earlier ones, the ranker on the later ones, with the models' scores.

The models score a choice that they were not fitted on, as they will in service: their scores on what they were fitted
on are too good, and a ranker that learns from those trusts them too much (stacking: Wolpert, Neural Networks 5, 1992).
Sessions are split, not choices, so nothing of a talk is on both sides; and by time, so nothing is told of the future,
but where there are so few that each part has to serve on both sides in turn.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.features import features
from shoptalk.ranking.learned import LearnedHere
from shoptalk.ranking.sessions import Choice, Sessions, query_of_context
from shoptalk.ranking.training import CHOICES, JudgedList

if TYPE_CHECKING:
    from shoptalk.ranking.space import FeatureSpace
    from shoptalk.retrieval.finding import Finder

__all__ = ["StackingConfig", "judged_choices", "latest_choices", "splits_of"]

Progress = Callable[[int, int], None]


class StackingConfig(BaseModel):
    """Which sessions the ranker learns from, and how much of each.

    Lists keep all their candidates. With a sample of those that were not chosen and all that were, the ranker takes
    what is far down for likelier than it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.25, gt=0, lt=1, description="share of the sessions, the latest, that make lists")
    enough: int = Field(default=2000, ge=0, description="with fewer lists from it, every share makes some in turn")
    most_lists: int = Field(default=5000, ge=1, description="lists at most, the latest")
    most_of_one: int = Field(default=10, ge=1, description="lists of one session at most, the latest")
    limit: int = Field(default=300, ge=10, description="candidates that are found for a list")


def splits_of(sessions: Sessions, config: StackingConfig) -> list[tuple[Sessions, Sessions]]:
    """(sessions to fit on, sessions to make lists of), one or several; the last one is the split by time.

    Without times the order given counts as that of time.
    """
    parts = np.array_split(_in_order_of_time(sessions), max(2, round(1 / config.share)))
    latest = sessions.take(parts[-1])
    made = sum(min(len(list(latest.choices(at))), config.most_of_one) for at in range(len(latest)))
    turns = range(len(parts)) if made < config.enough else [len(parts) - 1]
    rest = {at: np.concatenate([part for place, part in enumerate(parts) if place != at]) for at in turns}
    return [(sessions.take(rest[at]), sessions.take(parts[at])) for at in turns]


def latest_choices(sessions: Sessions, most: int, most_of_one: int = 10) -> list[Choice]:
    """The last choices, session by session; of one session the last `most_of_one` at most."""
    choices = [one for at in range(len(sessions)) for one in list(sessions.choices(at))[-most_of_one:]]
    return choices[-most:]


def judged_choices(
    sessions: Sessions,
    learned: LearnedHere,
    finder_with: "Callable[[LearnedHere], Finder]",
    space: "FeatureSpace",
    config: StackingConfig,
    progress: Progress | None = None,
) -> list[JudgedList]:
    """A list for each choice in these sessions, which the learned models must not have been fitted on.

    A choice of which nothing was found gives none. Oldest first.
    """
    finder = finder_with(learned)
    choices = latest_choices(sessions, config.most_lists, config.most_of_one)
    found = []
    for done, choice in enumerate(choices):
        judged = _judged_list(choice, learned.learned.ids, finder, space, config)
        found += [judged] if judged is not None else []
        if progress is not None:
            progress(done + 1, len(choices))
    return found


def _judged_list(
    choice: Choice,
    ids: Sequence[str],
    finder: "Finder",
    space: "FeatureSpace",
    config: StackingConfig,
) -> JudgedList | None:
    query = query_of_context(choice.context, ids, limit=config.limit)
    candidates = finder.find(query)
    chosen = space.catalog.rows([ids[code] for code in choice.chosen.tolist()])
    labels = np.isin(candidates.rows, chosen).astype(np.int64)
    if not labels.any() or labels.all():
        return None
    return JudgedList(CHOICES, features(space, query, candidates), labels, np.ones(len(labels)))


def _in_order_of_time(sessions: Sessions) -> np.ndarray:
    times = np.full(len(sessions), np.nan)
    ends = sessions.offsets[1:] - 1
    held = np.diff(sessions.offsets) > 0
    times[held] = sessions.times[ends[held]]
    return np.argsort(np.nan_to_num(times, nan=-np.inf), kind="stable")
