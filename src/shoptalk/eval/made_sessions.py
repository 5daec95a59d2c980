"""Made-up sessions over any catalog, so that a shop that has learned can be timed where nobody has chosen anything yet.

What they teach is worth nothing; there is as much of it as in a shop that people use, and spread as unevenly.
"""

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from shoptalk.eval.messages import made_talks
from shoptalk.ranking.sessions import Sessions
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Said

__all__ = ["made_sessions"]

_OF_A_LIST = 5
_SKEW = 8.0


def made_sessions(catalog: Catalog, count: int, talks: int, seed: int = 0) -> Sessions:
    """`count` sessions of five items, and after them talks of four messages, each answered with an item.

    Few items are chosen often and most never. The same for the same seed; fewer talks if the catalog gives no more.
    """
    dice = np.random.default_rng(seed)
    popular = dice.permutation(len(catalog))
    asked = made_talks(catalog, 4 * talks, seed)
    shown = [_items(popular, len(messages), dice) for messages in asked]
    lists = _items(popular, _OF_A_LIST * count, dice)
    items = np.concatenate([lists, *shown])
    sizes = [_OF_A_LIST] * count + [len(one) for one in shown]
    steps = [np.tile(np.arange(1, _OF_A_LIST + 1), count), *(2 * np.arange(len(one)) + 1 for one in shown)]
    said = [_said(catalog, messages, rows) for messages, rows in zip(asked, shown, strict=True)]
    return Sessions(
        n_items=len(catalog),
        offsets=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        items=items,
        values=np.ones(len(items)),
        steps=np.concatenate(steps).astype(np.int64),
        times=np.full(len(items), np.nan),
        chosen=np.ones(len(items), dtype=np.bool_),
        said=(*(((),) * count), *said),
    )


def _items(popular: NDArray[np.int64], count: int, dice: np.random.Generator) -> NDArray[np.int64]:
    return popular[(len(popular) * dice.random(count) ** _SKEW).astype(np.int64)]


def _said(catalog: Catalog, messages: list[str], rows: NDArray[np.int64]) -> tuple[Said, ...]:
    pairs = (
        (Said(message, True), Said(f"How about {catalog.titles[row]}?", False, (catalog.ids[row],)))
        for message, row in zip(messages, rows.tolist(), strict=True)
    )
    return tuple(chain.from_iterable(pairs))
