"""What is less known, put forward: relevance traded for the chance that the person does not know the item yet."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["novelty"]

_UNKNOWN = 0.5


def novelty(popularity: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) in [0, 1]: how likely the person has not come across each item.

    The popularity complement, `1 - p(seen | i)` (Vargas & Castells, "Rank and Relevance in Novelty and Diversity
    Metrics for Recommender Systems", RecSys 2011). `popularity` (n,) in [0, 1] stands for p(seen | i): the share of the
    catalog that fewer people know, since catalogs count different things (votes, sales, views) on different scales.
    Half where it is NaN: of what nobody counted it is not known whether it is new to anyone.
    """
    return 1.0 - np.where(np.isnan(popularity), _UNKNOWN, popularity)
