"""Which choice came after what: the pairs of events that models of order count."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.sessions import Sessions

__all__ = ["pairs_in_order"]

Ints = NDArray[np.int64]


def pairs_in_order(sessions: Sessions, window: int) -> Iterator[tuple[int, Ints, Ints]]:
    """Pairs of events up to `window` apart in one session: how far, the earlier ones (p,) and the later ones (p,).

    The later is a choice in a later step, of another item; nothing speaks against either of the two.
    """
    owner, steps, items, speaks = sessions.owner, sessions.steps, sessions.items, sessions.values > 0
    longest = int(np.diff(sessions.offsets).max(initial=0))
    for apart in range(1, min(window, longest - 1) + 1):
        before = np.arange(len(items) - apart)
        after = before + apart
        kept = (owner[before] == owner[after]) & (steps[before] < steps[after]) & (items[before] != items[after])
        kept &= sessions.chosen[after] & speaks[before] & speaks[after]
        yield apart, before[kept], after[kept]
