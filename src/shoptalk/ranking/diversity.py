"""Which of the ranked candidates to show together: relevance traded against sameness, and nothing shown twice."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEAR_DUPLICATE = 0.97
"""Cosine above which two items of one title stem are taken for the same thing."""

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD = re.compile(r"[^\W_]+")


def diversify(
    scores: NDArray[np.float64],
    vectors: NDArray[np.float32],
    k: int,
    trade_off: float = 0.8,
    *,
    stems: Sequence[str] | None = None,
) -> NDArray[np.int64]:
    """Positions of `k` candidates by maximal marginal relevance, in the order to show them.

    Carbonell & Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries"
    (SIGIR 1998, eq. 1): each next pick has the greatest `trade_off * relevance - (1 - trade_off) * sameness`, where
    relevance is the score brought to [0, 1] over these candidates and sameness is the greatest cosine to what is picked
    already. The best score is always first; equal candidates keep their order.

    `scores` (n,), `vectors` (n, d) of unit length, `trade_off` in [0, 1] (1 looks at scores alone). `stems` (n,), from
    `title_stem`, sets copies back: a candidate with the stem of an earlier pick and a cosine above `NEAR_DUPLICATE`
    comes only when nothing else is left. Returns min(k, n) positions. Raises ValueError on a trade-off outside [0, 1].
    """
    if not 0 <= trade_off <= 1:
        raise ValueError(f"trade_off must lie in [0, 1], got {trade_off}")
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, dtype=np.int64)
    relevance = _to_unit_range(np.asarray(scores, dtype=np.float64))
    names = np.asarray(stems) if stems is not None else None
    sameness = np.full(len(scores), -1.0)
    is_copy = np.zeros(len(scores), dtype=bool)
    is_open = np.ones(len(scores), dtype=bool)
    picked = np.empty(k, dtype=np.int64)
    for place in range(k):
        worth = relevance if place == 0 else trade_off * relevance - (1 - trade_off) * sameness
        choices = is_open & ~is_copy if (is_open & ~is_copy).any() else is_open
        best = int(np.argmax(np.where(choices, worth, -np.inf)))
        picked[place], is_open[best] = best, False
        cosines = (vectors @ vectors[best]).astype(np.float64)
        np.maximum(sameness, cosines, out=sameness)
        if names is not None:
            is_copy |= (cosines > NEAR_DUPLICATE) & (names == names[best])
    return picked


def title_stem(title: str) -> str:
    """A title without what is said aside (brackets), accents, case and punctuation: editions of one thing share it.

    Numbers stay: a sequel is another film, and another capacity is another product.
    """
    bare = _ASIDE.sub(" ", title) if _ASIDE.sub("", title).strip() else title
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(mark))
    return " ".join(_WORD.findall(plain.casefold()))


def _to_unit_range(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.ones_like(scores)
