"""The steps between the ranker's score and what is shown, always in this order:

hide, boost and bury, margin, novelty, sold out, diversity, pin. What is hidden is gone for all that follow; what is
sold out stands behind all that is not, whatever lifted it; a pin has the last word. The first five order all candidates
(`rerank`); the last two choose from the best of them (`diversify`, `placed`). Each can be left out, and what each did
to a pick is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Move", "Reranked", "Step", "placed", "rerank", "score_range"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Step(StrEnum):
    """A step that moves candidates by adding to their scores, in the order in which they are taken."""

    LIFT = "boost and bury"
    MARGIN = "margin"
    NOVELTY = "novelty"
    SOLD_OUT = "sold out"


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """What one step did to m candidates: `amounts` (m,) that it added to scores, `places` (m,) won, below 0 lost."""

    step: Step
    amounts: Floats
    places: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Reranked:
    """What is left of n candidates, best first: `order` (m,) where each stood, `scores` (m,), `moves` in that order.

    The last `behind` of them are sold out: they are shown only where nothing else is left.
    """

    order: Ints
    scores: Floats
    moves: tuple[Move, ...] = ()
    behind: int = 0


def rerank(
    scores: Floats, amounts: Mapping[Step, Floats], *, hidden: Mask | None = None, sold_out: Mask | None = None
) -> Reranked:
    """Take the steps that order candidates. Equal scores stay in the order that they came in.

    `scores` (n,) best first; `amounts` (n,) by step, in score units, steps that are off left out; `hidden` (n,) is
    dropped, `sold_out` (n,) goes behind the rest.
    """
    kept = np.flatnonzero(~hidden) if hidden is not None else np.arange(len(scores))
    out = sold_out[kept] if sold_out is not None else np.zeros(len(kept), dtype=np.bool_)
    now, place = scores[kept].astype(np.float64), np.arange(len(kept))
    taken: list[Move] = []
    for step in Step:
        if step is Step.SOLD_OUT and out.any():
            given = _behind_all(now, out)
        elif step in amounts:
            given = amounts[step][kept]
        else:
            continue
        now = now + given
        after = _places(now)
        taken.append(Move(step, given, place - after))
        place = after
    order = np.argsort(place)
    moves = tuple(Move(move.step, move.amounts[order], move.places[order]) for move in taken)
    return Reranked(kept[order], now[order], moves, int(out.sum()))


def placed(picked: Sequence[int], pins: Mapping[int, int], k: int) -> list[int]:
    """The picks with each pinned candidate at its place: at most k, none twice.

    `pins` gives by place (from 1) the candidate that stands there; places beyond k pin nothing, and one beyond the end
    of what there is comes last.
    """
    pins = {place: one for place, one in pins.items() if place <= k}
    shown = [one for one in picked if one not in set(pins.values())]
    for place in sorted(pins):
        shown.insert(place - 1, pins[place])
    return shown[:k]


def score_range(scores: Floats, pool: int) -> float:
    """Distance between the best score and that of the last in the pool (`scores` best first); 1 where all are equal.

    What steps add is told in shares of it, and so means the same whatever the ranker's units.
    """
    best = scores[:pool]
    return float(best[0] - best[-1]) or 1.0 if len(best) else 1.0


def _behind_all(scores: Floats, out: Mask) -> Floats:
    """What brings the masked ones below all others and keeps their order."""
    return np.where(out, -(float(scores.max() - scores.min()) + 1.0), 0.0)


def _places(scores: Floats) -> Ints:
    """(n,) the place of each by score, from 0; equals in the order given."""
    places = np.empty(len(scores), dtype=np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    return places
