"""A second look at the first candidates: the cross-encoder's score beside the ranker's, with a weight that was found.

How much a cross-encoder helps is a matter of the shop and its talks; so the weight is fitted on lists of choices that
the models were not fitted on, and is 0 where nothing is gained beyond chance.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import ShopDamagedError
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.ranking.rank import Ranking
    from shoptalk.retrieval.finding import Finder

__all__ = ["CrossEncoder", "CrossList", "Reordering", "added", "cross_lists", "fit_reordering"]

Floats = NDArray[np.float64]

_FILE = "reordering.json"
_WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 1.6)


class CrossEncoder(Protocol):
    """Judges items in the light of a talk."""

    def rerank(self, query: Query, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """(len(rows),) how well each item goes with the talk; None where nothing was said."""
        ...


@dataclass(frozen=True, slots=True)
class Reordering:
    """What the cross-encoder's score weighs, in the ranker's units for a standard deviation, and how many it reads.

    `gain` is what that weight won in mean reciprocal rank on `lists` lists.
    """

    weight: float = 0.0
    depth: int = 32
    lists: int = 0
    gain: float = 0.0

    def save(self, folder: Path) -> None:
        """Write `reordering.json` into the folder."""
        (folder / _FILE).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote, weight 0 if nothing was written. Raises ShopDamagedError."""
        path = folder / _FILE
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise ShopDamagedError(f"{path} cannot be read: {error}.", hint="Train the shop again.") from error


@dataclass(frozen=True, slots=True, eq=False)
class CrossList:
    """The first candidates of a query, best first: scores (c,) of ranker and cross-encoder, and which were chosen."""

    scores: Floats
    cross: Floats
    chosen: NDArray[np.bool_] = field(repr=False)


def added(cross: NDArray[np.floating], weight: float) -> Floats:
    """(c,) what is added to scores: the weight for each standard deviation above the lowest, so that nobody loses.

    The first candidates stay before those that were not looked at.
    """
    spread = float(cross.std()) if len(cross) else 0.0
    if not spread:
        return np.zeros(len(cross))
    return np.asarray(weight * (cross - cross.min()) / spread, dtype=np.float64)


def fit_reordering(lists: Sequence[CrossList], *, depth: int = 32) -> Reordering:
    """The weight with the best mean reciprocal rank; 0 unless it gains more than one standard error over none."""
    useful = [one for one in lists if one.chosen.any() and not one.chosen.all()]
    if len(useful) < 2:
        return Reordering(depth=depth, lists=len(useful))
    plain = _reciprocal_ranks(useful, 0.0)
    gains = {weight: _reciprocal_ranks(useful, weight) - plain for weight in _WEIGHTS}
    weight, gain = max(gains.items(), key=lambda one: float(one[1].mean()))
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    if gain.mean() <= error:
        return Reordering(depth=depth, lists=len(useful))
    return Reordering(weight, depth, len(useful), float(gain.mean()))


def cross_lists(
    asked: Iterable[tuple[Query, Sequence[str]]],
    finder: "Finder",
    ranking: "Ranking",
    cross: CrossEncoder,
    *,
    depth: int = 32,
) -> list[CrossList]:
    """What the ranker and the cross-encoder say of queries of which it is known what was chosen (ids).

    `ranking` must have no second look of its own. Queries in which nothing was said, or none of whose choices is among
    the first, tell nothing and are left out.
    """
    found = []
    for query, chosen in asked:
        ranked = ranking.rank(query, finder.find(query))
        rows = ranked.rows[:depth]
        is_chosen = np.isin(rows, ranking.space.catalog.rows(chosen))
        judged = cross.rerank(query, rows) if is_chosen.any() else None
        if judged is not None:
            found.append(CrossList(ranked.scores[:depth], judged.astype(np.float64), is_chosen))
    return found


def _reciprocal_ranks(lists: Sequence[CrossList], weight: float) -> Floats:
    """(lists,) 1 / rank of the best of the chosen ones; those that are equal count before it."""
    found = []
    for one in lists:
        scores = one.scores + added(one.cross, weight)
        found.append(1 / (1 + int((scores[~one.chosen] >= scores[one.chosen].max()).sum())))
    return np.array(found)
