"""How a shop learns from sessions: models on the earlier ones, the ranker on the later ones, with the models' scores.

The models score a choice that they were not fitted on, as they will in service: their scores on what they were fitted
on are too good, and a ranker that learns from those trusts them too much (stacking: Wolpert, Neural Networks 5, 1992).
Sessions are split, not choices, so nothing of a talk is on both sides, and by time, so nothing is told of the future.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.features import features
from shoptalk.ranking.learned import Learned, LearnedHere
from shoptalk.ranking.sessions import Choice, Sessions, query_of_context
from shoptalk.ranking.training import JudgedList

if TYPE_CHECKING:
    from shoptalk.ranking.space import FeatureSpace
    from shoptalk.retrieval.finding import Finder

__all__ = ["StackingConfig", "judged_choices", "split_by_time"]

Progress = Callable[[int, int], None]


class StackingConfig(BaseModel):
    """Which sessions the ranker learns from, and how much of each list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.25, gt=0, lt=1, description="share of the sessions, the latest, that make lists")
    most_lists: int = Field(default=8000, ge=1, description="lists at most, the latest")
    most_of_one: int = Field(default=10, ge=1, description="lists of one session at most, the latest")
    limit: int = Field(default=300, ge=10, description="candidates that are found for a list")
    negatives: int = Field(default=100, ge=1, description="candidates that were not chosen and are kept in a list")
    lead: float = Field(default=0.5, ge=0, le=1, description="share of these from the best of the fused order")
    seed: int = 0


def split_by_time(sessions: Sessions, share: float) -> tuple[Sessions, Sessions]:
    """The earlier sessions, and the latest `share` of them; without times, in the order given."""
    cut = len(sessions) - max(1, round(share * len(sessions)))
    order = _in_order_of_time(sessions)
    return sessions.take(order[:cut]), sessions.take(order[cut:])


def judged_choices(
    sessions: Sessions,
    learned: Learned,
    finder_with: "Callable[[LearnedHere], Finder]",
    space: "FeatureSpace",
    config: StackingConfig,
    progress: Progress | None = None,
) -> list[JudgedList]:
    """A list for each choice in these sessions, which the models must not have been fitted on.

    A choice of which nothing was found gives none. Oldest first.
    """
    random = np.random.default_rng(config.seed)
    finder = finder_with(LearnedHere(learned, space.catalog))
    choices = [one for at in range(len(sessions)) for one in list(sessions.choices(at))[-config.most_of_one :]]
    choices = choices[-config.most_lists :]
    found = []
    for done, choice in enumerate(choices):
        judged = _judged_list(choice, learned.ids, finder, space, config, random)
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
    random: np.random.Generator,
) -> JudgedList | None:
    query = query_of_context(choice.context, ids, limit=config.limit)
    candidates = finder.find(query)
    chosen = space.catalog.rows([ids[code] for code in choice.chosen.tolist()])
    labels = np.isin(candidates.rows, chosen).astype(np.int64)
    if not labels.any() or labels.all():
        return None
    others = np.flatnonzero(labels == 0)
    lead = round(config.lead * config.negatives)
    rest = random.permutation(others[lead:])[: config.negatives - lead]
    kept = np.sort(np.concatenate((np.flatnonzero(labels), others[:lead], rest)))
    x = features(space, query, candidates)[kept]
    return JudgedList("choices", x, labels[kept], np.ones(len(kept)))


def _in_order_of_time(sessions: Sessions) -> np.ndarray:
    times = np.full(len(sessions), np.nan)
    ends = sessions.offsets[1:] - 1
    held = np.diff(sessions.offsets) > 0
    times[held] = sessions.times[ends[held]]
    return np.argsort(np.nan_to_num(times, nan=-np.inf), kind="stable")
