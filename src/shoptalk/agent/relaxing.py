"""When nothing fits: which constraint emptied the list, and the smallest change that fills it, counted exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from shoptalk.retrieval.catalog import Catalog, DateColumn, NumberColumn
from shoptalk.retrieval.columns import iso_day
from shoptalk.retrieval.query import Constraint, Operator

_UPPER = (Operator.AT_MOST, Operator.LESS_THAN)
_LOWER = (Operator.AT_LEAST, Operator.MORE_THAN)
_MOST_MUSTS = 12


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Leaving out `dropped` lets `count` items pass. `nearest`: the bound that would let the first one in, if any."""

    dropped: tuple[Constraint, ...]
    count: int
    nearest: float | str | None = None


def relaxations(catalog: Catalog, musts: Sequence[Constraint], allowed: NDArray[np.bool_]) -> list[Relaxation]:
    """The ways to fill an empty list by leaving out one must, or else two, the fewest items first.

    `allowed` (n,) mask: items that may be shown at all. Counts are exact. Empty if even two do not help.
    """
    musts = musts[:_MOST_MUSTS]
    masks = [catalog.meets(constraint) for constraint in musts]
    for size in (1, 2):
        found = list(_leaving_out(catalog, musts, masks, allowed, size))
        if found:
            return sorted(found, key=lambda one: (one.nearest is None, one.count))
    return []


def _leaving_out(
    catalog: Catalog,
    musts: Sequence[Constraint],
    masks: Sequence[NDArray[np.bool_]],
    allowed: NDArray[np.bool_],
    size: int,
) -> Iterator[Relaxation]:
    for out in combinations(range(len(musts)), size):
        passing = allowed.copy()
        for place, mask in enumerate(masks):
            if place not in out:
                passing &= mask
        if count := int(passing.sum()):
            nearest = _nearest(catalog, musts[out[0]], passing) if size == 1 else None
            yield Relaxation(tuple(musts[place] for place in out), count, nearest)


def _nearest(catalog: Catalog, constraint: Constraint, passing: NDArray[np.bool_]) -> float | str | None:
    """The value nearest to a broken bound among the items that meet everything else."""
    column = catalog.column(constraint.facet)
    if not isinstance(column, NumberColumn | DateColumn):
        return None
    values = column.values if isinstance(column, NumberColumn) else column.days
    held = values[passing & ~np.isnan(values)]
    if constraint.operator is Operator.ABOUT and isinstance(constraint.value, float) and len(held):
        return float(held[np.abs(held - constraint.value).argmin()])
    if constraint.operator not in (*_UPPER, *_LOWER) or not len(held):
        return None
    nearest = float(held.min() if constraint.operator in _UPPER else held.max())
    return iso_day(nearest) if isinstance(column, DateColumn) else nearest
