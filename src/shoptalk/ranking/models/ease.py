"""EASE: a linear model from what someone has to what they take next, in closed form.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019), eq. 8. The l2 term that grows with an item's
count is the dropout of Steck, "Autoencoders that don't overfit towards the Identity" (NeurIPS 2020), section 3.1.
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import load_arrays, save_arrays, weighted_rows
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.models.fading import faded
from shoptalk.ranking.sessions import Context, Sessions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["Ease", "EaseConfig"]

_BLOCK = 1_000


class EaseConfig(BaseModel):
    """How strongly the weights are held back, and how a context is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    l2: float = Field(default=100.0, gt=0, description="added to the diagonal, in sessions")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="share of a session's items hidden as it is learned")
    min_count: int = Field(default=2, ge=1, description="items in fewer sessions are left out")
    max_items: int = Field(default=20_000, ge=1, description="items at most: those in most sessions")
    k: int = Field(default=300, ge=1, description="weights kept of each item of a context")
    fading: float = Field(default=0.5, ge=0, description="an item of the context counts 1 / ago to the power of this")


class Ease:
    """Weights from item to item, the greatest of each row kept."""

    name: ClassVar[str] = "ease"

    def __init__(self, weights: "csr_matrix", config: EaseConfig) -> None:
        """`weights` (n_items, n_items): in row i what having item i says for each item."""
        self.config = config
        self._weights = weights

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: EaseConfig | None = None) -> Self:
        """Solve for all items at once: 4 n^2 bytes for n items that stand in enough sessions, and n^3 operations.

        Raises CannotLearnError if fewer than two items stand in enough sessions.
        """
        config = config or EaseConfig()
        matrix = sessions.matrix()
        kept = _often(matrix, config)
        if len(kept) < 2:
            raise CannotLearnError(f"EASE needs two items that stand in {config.min_count} sessions or more")
        precision = _inverse(_gram(matrix[:, kept], config))
        return cls(_sparse(precision, kept, matrix.shape[1], config.k), config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) float32: the context times the weights; None if it holds nothing that the weights know."""
        items, weights = faded(context, self.config.fading)
        scores = weighted_rows(self._weights, items, weights)
        return scores if scores.any() else None

    def save(self, folder: Path) -> None:
        """Write `ease.npz`."""
        save_arrays(folder, self.name, self.config, weights=self._weights)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, EaseConfig, ["weights"])
        return cls(arrays["weights"], config)


def _often(matrix: "csr_matrix", config: EaseConfig) -> NDArray[np.int64]:
    """The items that stand in enough sessions, by code; the most frequent if there are too many."""
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    order = np.argsort(-counts, kind="stable")[: config.max_items]
    return np.sort(order[counts[order] >= config.min_count])


def _gram(matrix: "csr_matrix", config: EaseConfig) -> NDArray[np.float32]:
    """(n, n) what items share, regularised; in Fortran's order, so that it can be inverted where it stands."""
    columns = matrix.T.tocsr()
    gram = np.empty((matrix.shape[1], matrix.shape[1]), dtype=np.float32, order="F")
    for start in range(0, len(gram), _BLOCK):
        gram[:, start : start + _BLOCK] = (columns[start : start + _BLOCK] @ matrix).toarray().T
    at = np.arange(len(gram))
    gram[at, at] += config.l2 + config.dropout / (1 - config.dropout) * gram[at, at]
    return gram


def _inverse(gram: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of a positive definite matrix by Cholesky, in place; only its lower half is written."""
    from scipy.linalg import lapack

    factor, failed = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise CannotLearnError(f"EASE cannot be solved in single precision (pivot {failed}): raise l2")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    return inverse  # type: ignore[no-any-return]


def _sparse(precision: NDArray[np.float32], kept: NDArray[np.int64], n_items: int, k: int) -> "csr_matrix":
    """(n_items, n_items) -P[i, j] / P[j, j], the k greatest of each row; P is given as its lower half."""
    from scipy.sparse import csr_matrix

    n, k = len(kept), min(k, len(kept) - 1)
    diagonal = precision.diagonal().copy()
    columns, values = np.empty((n, k), dtype=np.int64), np.empty((n, k), dtype=np.float32)
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        block = _full_rows(precision, start, end) / -diagonal
        block[np.arange(end - start), np.arange(start, end)] = 0
        columns[start:end] = np.argpartition(-np.abs(block), k - 1, axis=1)[:, :k]
        values[start:end] = np.take_along_axis(block, columns[start:end], axis=1)
    entries = (values.ravel(), (np.repeat(kept, k), kept[columns.ravel()]))
    return csr_matrix(entries, shape=(n_items, n_items))


def _full_rows(lower: NDArray[np.float32], start: int, end: int) -> NDArray[np.float32]:
    """Rows of a symmetric matrix of which only the lower half is true."""
    rows = np.empty((end - start, len(lower)), dtype=np.float32)
    rows[:, :start] = lower[start:end, :start]
    rows[:, start:] = lower[start:, start:end].T
    square = np.tril(lower[start:end, start:end])
    rows[:, start:end] = square + np.tril(square, -1).T
    return rows
