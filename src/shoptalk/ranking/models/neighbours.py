"""Neighbours: items that stand in the same sessions, and sessions that hold the same items as this one.

Items: cosine with shrinkage, Sarwar et al. (WWW 2001) and Koren & Bell (Recommender Systems Handbook, 2011, eq. 5.18).
Sessions: session-kNN, Jannach & Ludewig (RecSys 2017); the weights by recency and rarity are those of V-SKNN, Ludewig &
Jannach (UMUAI 28, 2018, section 3.4).
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import keep_greatest, load_arrays, save_arrays, weighted_rows
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.models.fading import faded
from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["ItemNeighbours", "ItemNeighboursConfig", "UserNeighbours", "UserNeighboursConfig"]

_BLOCK = 1_000


class ItemNeighboursConfig(BaseModel):
    """Which items are near, and how a context adds them up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: int = Field(default=200, ge=1, description="nearest items kept of each item")
    shrinkage: float = Field(
        default=10.0, ge=0, description="added below the cosine: what few sessions say counts less"
    )
    damping: float = Field(default=0.2, ge=0, description="a session of n items counts n to the power of minus this")
    popularity: float = Field(
        default=0.4, ge=0, le=1, description="how far a neighbour's own count divides; 0.5 is the cosine"
    )
    fading: float = Field(default=0.5, ge=0, description="an item of the context counts 1 / ago to the power of this")


class ItemNeighbours:
    """Items whose columns of sessions point the same way as those of the items in the context."""

    name: ClassVar[str] = "item_knn"

    def __init__(self, near: "csr_matrix", config: ItemNeighboursConfig) -> None:
        """`near` (n_items, n_items): in each row the nearest of one item, with how near they are."""
        self.config = config
        self._near = near

    @classmethod
    def fit(
        cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: ItemNeighboursConfig | None = None
    ) -> Self:
        """Compare all items that share a session. Raises CannotLearnError if no session has two items."""
        from scipy.sparse import diags_array, vstack

        config = config or ItemNeighboursConfig()
        matrix = sessions.matrix()
        lengths = np.diff(matrix.indptr)
        if not (lengths > 1).any():
            raise CannotLearnError("item neighbours need sessions of at least two items")
        matrix = diags_array(np.maximum(lengths, 1.0) ** (-config.damping / 2)) @ matrix
        norms = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
        columns = matrix.T.tocsr()
        blocks = [
            keep_greatest(_near(columns[start : start + _BLOCK] @ matrix, start, norms, config), config.k)
            for start in range(0, matrix.shape[1], _BLOCK)
        ]
        return cls(vstack(blocks, format="csr"), config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) float32: nearness to the items of the context, added up; None if none of them has neighbours."""
        items, weights = faded(context, self.config.fading)
        return _if_any(weighted_rows(self._near, items, weights))

    def save(self, folder: Path) -> None:
        """Write `item_knn.npz`."""
        save_arrays(folder, self.name, self.config, near=self._near)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, ItemNeighboursConfig, ["near"])
        return cls(arrays["near"], config)


class UserNeighboursConfig(BaseModel):
    """Which sessions are near, and how they vote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: int = Field(default=300, ge=1, description="nearest sessions that vote")
    recent: int = Field(default=1_000, ge=1, description="sessions of each item that are looked at, the latest of them")
    fading: float = Field(default=0.6, ge=0, description="an item of the context counts 1 / ago to the power of this")
    rarity: float = Field(default=2.0, ge=0, description="how far an item that many sessions share counts less")
    length: float = Field(default=0.5, ge=0, description="a session of n items counts n to the power of minus this")
    sharpness: float = Field(default=1.0, gt=0, description="a session votes with its likeness to the power of this")


class UserNeighbours:
    """Past sessions that share items with the context vote for the rest of their items."""

    name: ClassVar[str] = "user_knn"

    def __init__(self, matrix: "csr_matrix", config: UserNeighboursConfig) -> None:
        """`matrix` (s, n_items): past sessions, the oldest first."""
        self.config = config
        self._matrix = matrix
        counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
        self._rarity = np.log1p(matrix.shape[0] / np.maximum(counts, 1)) ** config.rarity
        self._lengths = np.maximum(np.diff(matrix.indptr), 1.0) ** -config.length
        self._holders = matrix.T.tocsr()

    @classmethod
    def fit(
        cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: UserNeighboursConfig | None = None
    ) -> Self:
        """Keep the sessions of two items and more, by the time of their last event.

        Raises CannotLearnError without any.
        """
        matrix = sessions.matrix()
        rows = _by_time(sessions)
        rows = rows[np.diff(matrix.indptr)[rows] > 1]
        if not len(rows):
            raise CannotLearnError("session neighbours need sessions of at least two items")
        return cls(matrix[rows], config or UserNeighboursConfig())

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) float32: votes of the k nearest sessions; None if no session shares an item."""
        items, weights = faded(context, self.config.fading)
        near, likeness = self._nearest(items, weights * self._rarity[items])
        if not len(near):
            return None
        return weighted_rows(self._matrix, near, likeness**self.config.sharpness)

    def save(self, folder: Path) -> None:
        """Write `user_knn.npz`."""
        save_arrays(folder, self.name, self.config, sessions=self._matrix)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, UserNeighboursConfig, ["sessions"])
        return cls(arrays["sessions"], config)

    def _nearest(
        self, items: NDArray[np.int64], weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(k',) the sessions most like these items and how like they are; of an item's sessions, the latest."""
        starts, ends = self._holders.indptr[items], self._holders.indptr[items + 1]
        found = np.zeros(self._matrix.shape[0])
        for start, end, weight in zip(np.maximum(starts, ends - self.config.recent), ends, weights, strict=True):
            found[self._holders.indices[start:end]] += weight * self._holders.data[start:end]
        near = np.flatnonzero(found)
        likeness = found[near] * self._lengths[near]
        if len(near) > self.config.k:
            best = np.sort(np.argpartition(-likeness, self.config.k)[: self.config.k])
            near, likeness = near[best], likeness[best]
        return near, likeness


def _near(shared: "csr_matrix", start: int, norms: NDArray[np.float64], config: ItemNeighboursConfig) -> "csr_matrix":
    """Turn what items share into how near they are: rows are the items from `start`, an item is not near itself."""
    shared = shared.tocsr()
    rows = start + np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    mine, theirs = norms[rows] ** (1 - config.popularity), norms[shared.indices] ** config.popularity
    shared.data = np.where(rows == shared.indices, 0.0, shared.data / (mine * theirs + config.shrinkage))
    return shared


def _by_time(sessions: Sessions) -> NDArray[np.int64]:
    """Sessions by the time of their last event, those without a time first; as they stand where none is known."""
    latest = np.full(len(sessions), -np.inf)
    known = ~np.isnan(sessions.times)
    np.maximum.at(latest, sessions.owner[known], sessions.times[known])
    return np.argsort(latest, kind="stable")


def _if_any(scores: Scores) -> Scores | None:
    return scores if scores.any() else None
