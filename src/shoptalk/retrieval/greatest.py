"""The few greatest of very many values, without sorting or even partitioning them all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["floor_of_greatest"]

_GROUP = 16


def floor_of_greatest(values: NDArray[Any], k: int) -> float:
    """A number that at least k of (n,) values reach, and hardly more of them: -inf where there is too little to gain.

    It is the k-th greatest among the greatest of groups of sixteen: k groups have a value that reaches it. To find
    these costs one pass over the values, where np.partition costs several.
    """
    groups = len(values) // _GROUP
    if not 0 < k <= groups // 2:
        return -np.inf
    greatest = values[: groups * _GROUP].reshape(_GROUP, groups).max(axis=0)
    return float(np.partition(greatest, groups - k)[groups - k])
