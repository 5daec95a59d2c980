"""What follows what: which items were chosen soon after which, in this direction only.

Sequential rules (SR) with weights 1 / distance, Ludewig & Jannach (UMUAI 28, 2018, section 3.2.3).
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import keep_greatest, load_arrays, save_arrays, weighted_rows
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.models.fading import faded
from shoptalk.ranking.models.pairs import pairs_in_order
from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["Follows", "FollowsConfig"]


class FollowsConfig(BaseModel):
    """How far apart is still a following, and how much of it is believed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: int = Field(default=10, ge=1, description="events after an item that still follow it")
    distance: float = Field(default=1.0, ge=0, description="the n-th after counts 1 / n to the power of this")
    shrinkage: float = Field(
        default=20.0, ge=0, description="added to the followings of both items: few of them count less"
    )
    popularity: float = Field(default=0.15, ge=0, le=1, description="how far a follower's own count divides")
    k: int = Field(default=200, ge=1, description="followers kept of each item")
    fading: float = Field(default=0.7, ge=0, description="an item of the context counts 1 / ago to the power of this")


class Follows:
    """Weights from each item to those that were chosen in a later step of the same session."""

    name: ClassVar[str] = "follows"

    def __init__(self, after: "csr_matrix", config: FollowsConfig) -> None:
        """`after` (n_items, n_items): in row i what follows item i."""
        self.config = config
        self._after = after

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: FollowsConfig | None = None) -> Self:
        """Count, normalise and shrink. Raises CannotLearnError if nothing was ever chosen after anything else."""
        config = config or FollowsConfig()
        counts = _followings(sessions, config)
        if not counts.nnz:
            raise CannotLearnError("what follows what needs sessions in which one item was chosen after another")
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        given, taken = (np.asarray(counts.sum(axis=axis)).ravel() for axis in (1, 0))
        counts.data /= (given[rows] + config.shrinkage) * (
            taken[counts.indices] + config.shrinkage
        ) ** config.popularity
        return cls(keep_greatest(counts, config.k), config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) float32: how much follows the items of the context; None if nothing does."""
        items, weights = faded(context, self.config.fading)
        scores = weighted_rows(self._after, items, weights)
        return scores if scores.any() else None

    def save(self, folder: Path) -> None:
        """Write `follows.npz`."""
        save_arrays(folder, self.name, self.config, after=self._after)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, FollowsConfig, ["after"])
        return cls(arrays["after"], config)


def _followings(sessions: Sessions, config: FollowsConfig) -> "csr_matrix":
    """(n_items, n_items) how often one was chosen after another, the nearer the more."""
    from scipy.sparse import csr_matrix

    counts = csr_matrix((sessions.n_items, sessions.n_items))
    for apart, before, after in pairs_in_order(sessions, config.window):
        weights = np.full(len(before), float(apart) ** -config.distance)
        counts += csr_matrix((weights, (sessions.items[before], sessions.items[after])), shape=counts.shape)
    return counts.tocsr()
