"""What the words found first, taken together: candidates close to it are of the kind that was meant.

A word stands in many records by the way ('keyboard' in a cover for keyboards, 'speaker' in the record of a phone). What
is found first mostly has it for a reason, and lies close together; the strays lie apart.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRST", "centre"]

FIRST = 10
"""How many of the first are taken together. Among 5, 10 and 20 no difference could be told (docs/lab-notes.md)."""


def centre(vectors: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The direction (d,), of unit length, of the first items, each counted by its score; None if there is no such.

    `vectors` (n, d) are those of the items that were found, the best first, `scores` (n,) what they were found with,
    all above 0. This is pseudo-relevance feedback after Rocchio (in Salton, ed., "The SMART Retrieval System", 1971,
    ch. 14) in the encoder's space, without the query: that speaks for itself in a source of its own.
    """
    total = scores[:FIRST] @ vectors[:FIRST]
    length = float(np.linalg.norm(total))
    return np.asarray(total / length, dtype=np.float32) if length > 0 else None
