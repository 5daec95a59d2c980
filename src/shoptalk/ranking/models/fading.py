"""How much each item of a context counts: what speaks for it, less the longer ago it was."""

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.sessions import Context

__all__ = ["faded"]


def faded(context: Context, fading: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Codes (h',) of the distinct items that something speaks for, latest last, and weights value / ago ** fading.

    A power, not a half-life: it means the same where `ago` counts messages and where it counts years of purchases.
    """
    items, values = context.for_items
    last = dict(zip(context.items.tolist(), context.ago.tolist(), strict=True))
    ago = np.array([last[item] for item in items.tolist()], dtype=np.float64)
    return items, values / np.maximum(ago, 1.0) ** fading
