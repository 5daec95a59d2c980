"""Popularity: how often an item was chosen, what was chosen lately most. The one model that speaks unasked."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import load_arrays, save_arrays
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from shoptalk.retrieval.encoder import Encoder

__all__ = ["Popular", "PopularConfig"]

_DAY = 86_400.0


class PopularConfig(BaseModel):
    """What counts towards popularity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life: float = Field(default=365.0, gt=0, description="days after which a choice counts half")
    known: float = Field(default=0.3, ge=0, le=1, description="what an item counts that was named but not chosen")


class Popular:
    """Choices of each item, decayed exponentially with their age; once a session, what was only named counts less."""

    name: ClassVar[str] = "popular"

    def __init__(self, counts: Scores, config: PopularConfig) -> None:
        """`counts` (n_items,) as `fit` makes them."""
        self.config = config
        self._counts = counts

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: PopularConfig | None = None) -> Self:
        """Count. Age is measured from the newest time in the sessions.

        Raises CannotLearnError if nothing was chosen.
        """
        config = config or PopularConfig()
        worth = np.where(sessions.chosen, 1.0, config.known) * (sessions.values > 0)
        if not worth.any():
            raise CannotLearnError("popularity needs sessions in which something was chosen")
        decayed = replace(sessions, values=worth * 0.5 ** (_ages(sessions.times) / (_DAY * config.half_life)))
        counts = np.asarray(decayed.matrix().sum(axis=0), dtype=np.float32).ravel()
        return cls(counts, config)

    def scores(self, context: Context) -> Scores:
        """(n_items,) float32: the same for everybody."""
        return self._counts.copy()

    def save(self, folder: Path) -> None:
        """Write `popular.npz`."""
        save_arrays(folder, self.name, self.config, counts=self._counts)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, PopularConfig, ["counts"])
        return cls(arrays["counts"], config)


def _ages(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds before the newest time. What has no time is as old as the median; where none has, nothing ages."""
    known = ~np.isnan(times)
    if not known.any():
        return np.zeros(len(times))
    ages: NDArray[np.float64] = times[known].max() - times
    ages[~known] = np.median(ages[known])
    return ages
