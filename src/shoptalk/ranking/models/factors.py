"""Matrix factorisation: people and items as vectors in one space, fitted by the `implicit` library.

Nobody's id is needed later: who asks is folded in from the items that they had to do with, so people never seen and
those seen a second ago are served alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import load_arrays, save_arrays
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["Als", "AlsConfig", "Bpr", "BprConfig"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Factors = NDArray[np.float32]


class AlsConfig(BaseModel):
    """How ALS is fitted and asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(default=64, ge=1, description="length of a vector")
    regularization: float = Field(default=20.0, ge=0, description="pull of all vectors to zero")
    alpha: float = Field(default=64.0, gt=0, description="confidence that a value of 1 gives, where nothing gives 1")
    iterations: int = Field(default=15, ge=1, description="times that people and items are solved for in turn")
    decay: float = Field(default=0.85, gt=0, le=1, description="what an item counts less for every step since")
    seed: int = 0


class BprConfig(BaseModel):
    """How BPR is fitted and asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(default=64, ge=1, description="length of a vector")
    regularization: float = Field(default=0.01, ge=0, description="pull of all vectors to zero")
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    iterations: int = Field(default=100, ge=1, description="passes over all choices")
    decay: float = Field(default=0.95, gt=0, le=1, description="what an item counts less for every step since")
    seed: int = 0


class Als:
    """Alternating least squares (Hu, Koren & Volinsky, "Collaborative Filtering for Implicit Feedback", ICDM 2008).

    Whoever asks is solved for with equation 4 of the paper, from the items in the context; thread safe.
    """

    name: ClassVar[str] = "als"

    def __init__(self, items: Factors, config: AlsConfig) -> None:
        """`items` (n_items, f), zeros for what nobody chose. Use `fit` or `load`."""
        self.config = config
        self._items = items
        whole = items.astype(np.float64)
        self._normal = whole.T @ whole + config.regularization * np.eye(items.shape[1])
        self._known: NDArray[np.bool_] = np.any(items != 0, axis=1)

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: AlsConfig | None = None) -> Self:
        """Factorise who chose what. Raises CannotLearnError if nobody chose anything."""
        from implicit.cpu.als import AlternatingLeastSquares

        config = config or AlsConfig()
        chosen = _chosen(sessions)
        with _one_thread():
            model = AlternatingLeastSquares(
                factors=config.factors,
                regularization=config.regularization,
                alpha=config.alpha,
                iterations=config.iterations,
                num_threads=1,
                random_state=config.seed,
            )
            model.fit(chosen, show_progress=False)
        return cls(_of_known(model.item_factors, chosen), config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) how likely each item is wanted, about 0 to 1; None if no item that it knows was wanted.

        An item that was spoken against stands for a choice not made, with the confidence of its value.
        """
        items, values = _touched(context, self._known, self.config.decay)
        if not (values > 0).any():
            return None
        scores: Scores = self._items @ self._folded(items, values)
        return scores

    def save(self, folder: Path) -> None:
        """Write `als.npz` into the folder."""
        save_arrays(folder, self.name, self.config, items=self._items)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, AlsConfig, ("items",))
        return cls(arrays["items"], config)

    def _folded(self, items: Ints, values: Floats) -> Factors:
        """(f,) the vector of who had to do with these items: (Y'Y + Y'(C - 1)Y + reg)^-1 Y'Cp."""
        of_items = self._items[items].astype(np.float64)
        confidence = self.config.alpha * np.abs(values)
        left = self._normal + (of_items.T * (confidence - 1)) @ of_items
        return np.linalg.solve(left, of_items.T @ (confidence * (values > 0))).astype(np.float32)


class Bpr:
    """Bayesian personalised ranking (Rendle et al., UAI 2009): vectors that put what was chosen before what was not.

    Whoever asks is taken for the mean of the items in the context, each as its value and age weigh it, made as long as
    the vectors of those it was fitted on are beside the mean of theirs; thread safe.
    """

    name: ClassVar[str] = "bpr"

    def __init__(self, items: Factors, biases: Factors, stretch: float, config: BprConfig) -> None:
        """`items` (n_items, f) and `biases` (n_items,), zeros for what nobody chose. Use `fit` or `load`."""
        self.config = config
        self._items, self._biases, self._stretch = items, biases, stretch
        self._known: NDArray[np.bool_] = np.any(items != 0, axis=1)

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: BprConfig | None = None) -> Self:
        """Learn who would rather what. Raises CannotLearnError if nobody chose anything."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        config = config or BprConfig()
        chosen = _chosen(sessions)
        with _one_thread():
            model = BayesianPersonalizedRanking(
                factors=config.factors,
                regularization=config.regularization,
                learning_rate=config.learning_rate,
                iterations=config.iterations,
                num_threads=1,
                random_state=config.seed,
            )
            model.fit(chosen, show_progress=False)
        # The library keeps an item's bias as its last factor, which is 1 for every user.
        items = _of_known(model.item_factors, chosen)
        vectors, biases = np.ascontiguousarray(items[:, :-1]), np.ascontiguousarray(items[:, -1])
        return cls(vectors, biases, _stretch(model.user_factors[:, :-1], vectors, chosen), config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) by how much each item would be taken before others; None if no item that it knows was wanted.

        An item that was spoken against pushes away what is like it.
        """
        items, values = _touched(context, self._known, self.config.decay)
        if not (values > 0).any():
            return None
        who = self._stretch * (values / np.abs(values).sum()) @ self._items[items]
        scores: Scores = self._items @ who.astype(np.float32) + self._biases
        return scores

    def save(self, folder: Path) -> None:
        """Write `bpr.npz` into the folder."""
        save_arrays(folder, self.name, self.config, items=self._items, biases=self._biases, stretch=self._stretch)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, BprConfig, ("items", "biases", "stretch"))
        return cls(arrays["items"], arrays["biases"], float(arrays["stretch"]), config)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One BLAS thread while fitting: `implicit` warns of more, and sums in another order would not be the same."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, "blas"):
        yield


def _chosen(sessions: Sessions) -> "csr_matrix":
    """Who chose what, people without any choice left out. Raises CannotLearnError if nobody chose anything."""
    chosen = sessions.matrix()
    chosen = chosen[np.diff(chosen.indptr) > 0]
    if not chosen.nnz:
        raise CannotLearnError("nobody chose anything in these sessions: there is nothing to factorise")
    return chosen


def _of_known(factors: Factors, chosen: "csr_matrix") -> Factors:
    """A copy in which items that nobody chose have no vector, not the random one that they began with."""
    known = np.bincount(chosen.indices, minlength=chosen.shape[1]) > 0
    return np.where(known[:, None], factors, 0).astype(np.float32)


def _touched(context: Context, known: NDArray[np.bool_], decay: float) -> tuple[Ints, Floats]:
    """Codes of the distinct known items of a context, and what speaks for (or against) each, decayed by its age.

    The last word counts where it is against; else the most that speaks for it, as in `Context.for_items`.
    """
    held: dict[int, float] = {}
    for item, value, ago in zip(context.items.tolist(), context.values.tolist(), context.ago.tolist(), strict=True):
        if known[item]:
            now, before = value * decay ** max(ago - 1, 0), held.get(item, 0.0)
            held[item] = now if value < 0 else max(now, before)
    told = {item: value for item, value in held.items() if value}
    return np.array(list(told), dtype=np.int64), np.array(list(told.values()), dtype=np.float64)


def _stretch(people: Factors, items: Factors, chosen: "csr_matrix") -> float:
    """The one number that, times the mean of the items that someone chose, comes nearest their own vector."""
    means = (chosen @ items) / np.asarray(chosen.sum(axis=1))
    return float((people * means).sum() / max((means * means).sum(), 1e-12))
