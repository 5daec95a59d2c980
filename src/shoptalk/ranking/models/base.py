"""The one interface of all models of people's choices. Each is fitted on sessions and scores every item at once."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from shoptalk.retrieval.encoder import Encoder

__all__ = ["CannotLearnError", "Model", "Scores"]

Scores = NDArray[np.float32]


class CannotLearnError(ValueError):
    """A model finds nothing in the sessions that it could learn from, or no way to."""


class Model(Protocol):
    """A fitted model: never changed once made, safe to share between threads, the same answer to the same question.

    A class has a frozen `config` of its own, with a default for everything.
    """

    name: ClassVar[str]
    """What its scores are called among the features: 'ease'."""

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None) -> Self:
        """Learn from sessions. `encoder` is for those that need vectors of what was said; the others ignore it.

        Raises CannotLearnError if there is nothing in the sessions that it could learn from.
        """
        ...

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) float32, finite, higher is better, 0 for what it knows nothing of; None if it has nothing to say.

        What stands in the context is scored like everything else: whoever asks decides what may be shown.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write into a folder, which is made if need be."""
        ...

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote; with the encoder that it was fitted with it then scores the same.

        Raises ShopDamagedError if it cannot be read.
        """
        ...
