"""Co-mention: what is chosen in talks in which another item was named before, against what is chosen anyway.

Directional and once a session: P(chosen later | named before), shrunk towards the item's base rate and divided by a
power of it (between confidence and lift, as in association rules: Brin et al., SIGMOD 1997).
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import keep_greatest, load_arrays, save_arrays, weighted_rows
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.models.fading import faded
from shoptalk.ranking.models.pairs import pairs_in_order
from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["CoMention", "CoMentionConfig"]


class CoMentionConfig(BaseModel):
    """How much few talks are believed, and how far what is popular anyway is held back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shrinkage: float = Field(
        default=30.0, ge=0, description="sessions added to an item's own, and choices added to a base rate"
    )
    lift: float = Field(default=0.3, ge=0, le=1, description="0: how probable a choice is; 1: how many times the usual")
    window: int = Field(default=20, ge=1, description="events after an item that count as later")
    k: int = Field(default=300, ge=1, description="choices kept of each item that was named")
    fading: float = Field(default=0.6, ge=0, description="an item of the context counts 1 / ago to the power of this")


class CoMention:
    """What is chosen after what was named; and in how many sessions any two items stand together."""

    name: ClassVar[str] = "co_mention"

    def __init__(self, after: "csr_matrix", holders: "csr_matrix", config: CoMentionConfig) -> None:
        """`after` (n_items, n_items): in row i what is chosen once i was named; `holders` (n_items, s): who has it."""
        self.config = config
        self._after = after
        self._holders = holders

    @classmethod
    def fit(
        cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: CoMentionConfig | None = None
    ) -> Self:
        """Count sessions. Raises CannotLearnError if nothing was ever chosen after something else was named."""
        config = config or CoMentionConfig()
        counts = _counts(sessions, config.window)
        if not counts.nnz:
            raise CannotLearnError(
                "co-mention needs sessions in which something was chosen after something else was named"
            )
        holders = sessions.matrix().T.tocsr()
        after = keep_greatest(
            _lifted(counts, np.diff(holders.indptr), _base_rates(sessions, config.shrinkage), config), config.k
        )
        return cls(after, holders, config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) float32: what is chosen after the items of the context; None if nothing is."""
        items, weights = faded(context, self.config.fading)
        scores = weighted_rows(self._after, items, weights)
        return scores if scores.any() else None

    def together(self, first: int, second: int) -> int:
        """In how many sessions both items stand, in whatever order: the evidence's 'in 12 talks with ...'."""
        starts = self._holders.indptr
        mine, theirs = (self._holders.indices[starts[item] : starts[item + 1]] for item in (first, second))
        return len(np.intersect1d(mine, theirs, assume_unique=True))

    def save(self, folder: Path) -> None:
        """Write `co_mention.npz`."""
        save_arrays(folder, self.name, self.config, after=self._after, holders=self._holders)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, CoMentionConfig, ["after", "holders"])
        return cls(arrays["after"], arrays["holders"], config)


def _lifted(
    counts: "csr_matrix", named: NDArray[np.int64], base: NDArray[np.float64], config: CoMentionConfig
) -> "csr_matrix":
    """How probable a choice is after a naming, beyond what shrinkage alone gives it, over a power of its base rate."""
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    counts.data /= (named[rows] + config.shrinkage) * base[counts.indices] ** config.lift
    return counts


def _base_rates(sessions: Sessions, shrinkage: float) -> NDArray[np.float64]:
    """(n_items,) in what share of the sessions each item is chosen, as if in some more: else what is rare would win."""
    chosen = replace(sessions, values=sessions.values * sessions.chosen).matrix()
    counts = np.bincount(chosen.indices, minlength=sessions.n_items)
    return np.asarray((counts + shrinkage) / (len(sessions) + shrinkage))


def _counts(sessions: Sessions, window: int) -> "csr_matrix":
    """(n_items, n_items) in how many sessions one item was chosen in a later step than another had been named."""
    from scipy.sparse import csr_matrix

    n, owner = sessions.n_items, sessions.owner
    keys = [
        (owner[before] * n + sessions.items[before]) * n + sessions.items[after]
        for _, before, after in pairs_in_order(sessions, window)
    ]
    once = np.sort(np.concatenate([*keys, np.empty(0, dtype=np.int64)]))
    once = once[np.diff(once, prepend=-1) > 0]
    return csr_matrix((np.ones(len(once)), (once // n % n, once % n)), shape=(n, n))
