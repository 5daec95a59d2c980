"""What the talk transformer is worth alone, on talks that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.sessions import Choice, Sessions
from shoptalk.ranking.talking.serving import TalkTransformer

__all__ = ["TalkFigures", "measure_talks"]

_CUTS = (1, 10, 50)


@dataclass(frozen=True, slots=True)
class TalkFigures:
    """Means over `targets`, items that were named and had not been before; those that had leave the ranking.

    `recall` at 1, 10 and 50 of the bi-encoder over the whole catalog. `before` and `after`: the mean reciprocal rank of
    the target among the bi-encoder's first, which it is joined to if it is not there, and as the cross-encoder has it.
    """

    targets: int
    recall: tuple[float, float, float]
    before: float
    after: float

    def as_told(self) -> dict[str, float]:
        """By name, as a card or a table has them."""
        names = [f"recall at {cut}" for cut in _CUTS]
        told = dict(zip(names, self.recall, strict=True))
        return told | {"reciprocal rank, bi-encoder": self.before, "reciprocal rank, cross-encoder": self.after}


def measure_talks(
    transformer: TalkTransformer,
    sessions: Sessions,
    vectors: NDArray[np.float32],
    texts: Sequence[str],
    *,
    depth: int = 32,
) -> TalkFigures:
    """Ask for every choice of the sessions. `vectors` and `texts` by item code. Raises ValueError without any."""
    lengths = transformer.lengths(vectors)
    rows = []
    for choice in (one for at in range(len(sessions)) for one in sessions.choices(at)):
        scores = transformer.scores(choice.context.said, vectors, lengths)
        if scores is not None:
            rows += _rows(transformer, choice, scores, texts, depth)
    if not rows:
        raise ValueError("no talk names a new item after something was said: there is nothing to measure")
    ranks = np.array(rows, dtype=np.float64)
    recall = [float((ranks[:, 0] <= cut).mean()) for cut in _CUTS]
    before, after = (1 / ranks[:, 1:]).mean(axis=0).tolist()
    return TalkFigures(len(ranks), (recall[0], recall[1], recall[2]), before, after)


def _rows(
    transformer: TalkTransformer, choice: Choice, scores: NDArray[np.float32], texts: Sequence[str], depth: int
) -> list[tuple[int, int, int]]:
    """Of each new target: its rank in the catalog, among the first, and among these as the cross-encoder has them."""
    seen = choice.context.items
    open_scores = scores.copy()
    open_scores[seen] = -1
    order = np.argsort(-open_scores, kind="stable")
    rows = []
    for target in np.setdiff1d(choice.chosen, seen).tolist():
        rank = 1 + int(np.flatnonzero(order == target)[0])
        others = order[:depth][~np.isin(order[:depth], choice.chosen)]
        first = np.array([*others[: depth - 1].tolist(), target])
        judged = transformer.rerank(choice.context.said, [texts[code] for code in first.tolist()])
        assert judged is not None
        place = 1 + int((open_scores[first[:-1]] > open_scores[target]).sum())
        rows.append((rank, place, 1 + int((judged[:-1] >= judged[-1]).sum())))
    return rows
