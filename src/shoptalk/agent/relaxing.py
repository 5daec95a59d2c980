"""When nothing fits: which constraints emptied the list, and the smallest changes that fill it, counted exactly.

Every item is given the set of the constraints that it misses, as the bits of one number; how many items have each set
then answers all questions at once, whatever is left out (promise 5).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.offers import Choice
from shoptalk.agent.phrasing import constraint_in_words, left_out_in_words
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, DateColumn, NumberColumn
from shoptalk.retrieval.columns import days_of, iso_day
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Meaning

Mask = NDArray[np.bool_]

_UPPER = (Operator.AT_MOST, Operator.LESS_THAN)
_LOWER = (Operator.AT_LEAST, Operator.MORE_THAN)
_MOST_MUSTS, _MOST_CHOICES, _LARGEST_CONFLICT = 12, 4, 3
# How far beyond the nearest item a round bound may lie: a share of the way to that item and of its value, whichever is
# less; or, where that is more, so far that the old bound has moved by a share of itself and of the facet's middle half.
_SHARE_OF_WAY, _SHARE_OF_NEAREST = 0.5, 0.1
_SHARE_OF_BOUND, _SHARE_OF_SPREAD = 0.2, 0.25
_ABOUT_SLACK = 0.05
_SAMPLED = 500
# Changes of three or more constraints at once are long to read: two of them are enough.
_MANY, _MOST_OF_MANY = 3, 2
# A value in another's place has to be had by this share of what leaving out lets in, and to be one of few.
_NEIGHBOUR_SHARE, _FEW_VALUES = 0.2, 200


@dataclass(frozen=True, slots=True)
class Emptied:
    """`conflicts`: constraints, as few as possible, that no item meets together. `choices`: what fills the list."""

    conflicts: tuple[tuple[Constraint, ...], ...] = ()
    choices: tuple[Choice, ...] = ()


def emptied(catalog: Catalog, musts: Sequence[Constraint], allowed: Mask) -> Emptied:
    """Why nothing meets all the musts, and the smallest changes after which something does.

    `allowed` (n,) mask: items that may be shown at all. Changes of one constraint come first, and those of two or more
    only where no single one helps. Of more than twelve constraints those that most items meet are held fast.
    """
    sets = _Misses(catalog, musts, allowed)
    fewest = min((missed.bit_count() for missed in sets.counts if missed), default=0)
    if 0 in sets.counts:  # only the end of a scale that was asked for is out of reach: seen, or turned down
        ends = [must for must in sets.musts if must.is_superlative]
        if not ends:
            return Emptied()
        label = ", ".join(left_out_in_words(catalog.schema, one) for one in ends)
        return Emptied((tuple(ends),), (Choice(label=label, count=sets.counts[0], dropped=tuple(ends)),))
    return Emptied(sets.conflicts(), sets.choices(fewest) if fewest else ())


def widened(catalog: Catalog, musts: Sequence[Constraint], allowed: Mask) -> tuple[Choice, ...]:
    """Changes of one constraint that let more items in than the few that pass now; counts include those few."""
    sets = _Misses(catalog, musts, allowed)
    return sets.choices(1)


class _Misses:
    """Which constraints each allowed item misses: bit i of `missed` (n,) is must i."""

    def __init__(self, catalog: Catalog, musts: Sequence[Constraint], allowed: Mask) -> None:
        held = [_meets(catalog, must) for must in musts]
        rarest = sorted(range(len(musts)), key=lambda place: int(np.count_nonzero(held[place])))[:_MOST_MUSTS]
        self.catalog, self.all = catalog, tuple(musts)
        self.musts = tuple(musts[place] for place in sorted(rarest))
        self.allowed = allowed.copy()
        for place in set(range(len(musts))) - set(rarest):
            self.allowed &= held[place]
        self.missed = np.zeros(len(catalog), dtype=np.uint16)
        for bit, place in enumerate(sorted(rarest)):
            self.missed |= (~held[place]).astype(np.uint16) << np.uint16(bit)
        counted = np.bincount(self.missed[self.allowed], minlength=1)
        self.counts = {int(one): int(counted[one]) for one in np.flatnonzero(counted)}

    def conflicts(self) -> tuple[tuple[Constraint, ...], ...]:
        """Sets of constraints that no item meets together, the smallest first; no constraint is in two of them."""
        found: list[tuple[int, ...]] = []
        if not self.counts or len(self.all) > len(self.musts):  # what is held fast may have a part in it
            return (self.all,)
        sets, bits = _small_sets(len(self.musts))
        missed = np.array(list(self.counts), dtype=np.uint16)
        for place in np.flatnonzero((missed[:, None] & bits[None, :]).all(axis=0)).tolist():
            if not any(set(sets[place]) & set(one) for one in found):
                found.append(sets[place])
        return tuple(tuple(self.musts[place] for place in one) for one in found) or (self.all,)

    def choices(self, size: int) -> tuple[Choice, ...]:
        """Changes to `size` of the constraints, at most four. Counts are of all that pass then."""
        sets = sorted(
            (one for one in self.counts if one.bit_count() == size),
            key=lambda one: (self._unasked(one), -self.counts[one], one),
        )
        first: list[tuple[bool, bool, Choice]] = []
        second: list[Choice] = []
        for missed in sets[: _MOST_CHOICES if size < _MANY else _MOST_OF_MANY]:
            changed = [self.musts[place] for place in range(len(self.musts)) if missed >> place & 1]
            here = self.allowed & (self.missed == missed)
            free = self.allowed & ((self.missed & ~np.uint16(missed)) == 0)
            moved = _nearest(self.catalog, changed, here)
            out = self._choice(changed, [None] * len(changed), free)
            near = self._choice(changed, moved, free) if any(moved) else None
            first.append((self._unasked(missed), near is None, near or out))
            second += ([out] if near else []) + ([] if size > 1 else list(self._neighbours(changed[0], free)))
        best = [choice for *_, choice in sorted(first, key=lambda one: (one[0], one[1], -one[2].count))]
        return tuple({choice.label: choice for choice in (*best, *second) if choice.count}.values())[
            : _MOST_CHOICES if size < _MANY else _MOST_OF_MANY
        ]

    def _unasked(self, missed: int) -> bool:
        """True if the change lets in what the person does not want: offered last."""
        return any(missed >> place & 1 and must.operator is Operator.IS_NOT for place, must in enumerate(self.musts))

    def _choice(self, changed: Sequence[Constraint], instead: Sequence[Constraint | None], free: Mask) -> Choice:
        """Each of `changed` replaced by what stands `instead` of it, or left out where that is None."""
        schema = self.catalog.schema
        said = [
            constraint_in_words(schema, new) if new else left_out_in_words(schema, old)
            for old, new in zip(changed, instead, strict=True)
        ]
        added = tuple(new for new in instead if new)
        passing = self._ends_of(free & self.catalog.passing(added), changed)
        count = int(np.count_nonzero(passing))
        return Choice(label=", ".join(dict.fromkeys(said)), count=count, dropped=tuple(changed), added=added)

    def _ends_of(self, passing: Mask, changed: Sequence[Constraint]) -> Mask:
        """Of what passes, 'the cheapest' and the like that stay asked for: the next turn will show no more."""
        ends = [one for one in self.all if one.is_superlative and one not in changed]
        held = passing.copy()
        for one in ends:
            held &= self.catalog.meets(self.catalog.bounded(one, passing))
        return held

    def _neighbours(self, old: Constraint, free: Mask) -> Iterator[Choice]:
        """The value that most of what leaving out lets in has, in the place of the one asked for."""
        column = self.catalog.column(old.facet)
        if not isinstance(column, CategoryColumn) or old.operator is Operator.IS_NOT:
            return
        if len(column.values) > _FEW_VALUES or not isinstance(old.value, str):
            return
        spoken = {value for must in self.musts if must.facet == old.facet for value in must.values}
        tally = np.bincount(codes_of(column, np.flatnonzero(free))[0], minlength=len(column.values))
        for code in np.argsort(-tally, kind="stable")[: len(spoken) + 1].tolist():
            value, count = column.values[code], int(tally[code])
            if value in spoken or count < max(1.0, _NEIGHBOUR_SHARE * np.count_nonzero(free)):
                continue
            new = Constraint(facet=old.facet, operator=Operator.IS, value=value, words=value)
            count = int(np.count_nonzero(self._ends_of(free & self.catalog.meets(new), (old,))))
            yield Choice(label=f"{value} instead of {old.value}", count=count, dropped=(old,), added=(new,))
            return


@cache
def _small_sets(many: int) -> tuple[tuple[tuple[int, ...], ...], NDArray[np.uint16]]:
    """All sets of at most three of `many` places, the smallest first, and each as the bits of one number."""
    sizes = range(1, min(_LARGEST_CONFLICT, many) + 1)
    sets = tuple(together for size in sizes for together in combinations(range(many), size))
    return sets, np.array([sum(1 << place for place in together) for together in sets], dtype=np.uint16)


def codes_of(column: CategoryColumn, rows: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """All value codes of these rows, and for each the place of its row among them: two arrays of one length."""
    starts = column.offsets[rows]
    lengths = column.offsets[rows + 1] - starts
    places = np.repeat(np.arange(len(rows)), lengths)
    ends = np.cumsum(lengths)
    inside = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return column.codes[np.repeat(starts, lengths) + inside], places


def rounded(near: float, far: float) -> float:
    """The roundest number from `near` to `far` (either way), of several as round the one nearest to `near`."""
    turn = math.ceil if far >= near else math.floor
    largest = max(abs(near), abs(far))
    if not largest:
        return near
    for tens in range(math.ceil(math.log10(largest)), -4, -1):
        for step in (10.0**tens, 5 * 10.0 ** (tens - 1)):
            candidate = round(turn(round(near / step, 9)) * step, 6)
            if min(near, far) <= candidate <= max(near, far):
                return candidate
    return near


def _meets(catalog: Catalog, must: Constraint) -> Mask:
    """Items that the constraint lets through; where it asks for the end of a scale, those that stand on the scale."""
    if not must.is_superlative:
        return catalog.meets(must)
    return catalog.column(must.facet).known


def _nearest(catalog: Catalog, changed: Sequence[Constraint], here: Mask) -> list[Constraint | None]:
    """For each constraint its bound moved just so far that some of `here` come in; None where it has no bound."""
    moved: list[Constraint | None] = []
    for old in changed:
        new = _moved(catalog, old, here)
        here = here & catalog.meets(new) if new else here
        moved.append(new)
    return moved


def _moved(catalog: Catalog, old: Constraint, here: Mask) -> Constraint | None:
    column = catalog.column(old.facet)
    if not isinstance(column, NumberColumn | DateColumn) or old.operator is Operator.IS_NOT or old.is_superlative:
        return None
    is_date = isinstance(column, DateColumn)
    values = column.days if isinstance(column, DateColumn) else column.values
    held = values[here]
    held = held[~np.isnan(held)]
    asked = [days_of(str(one)) if is_date else float(one) for one in old.values]  # type: ignore[arg-type]
    if not len(held) or not asked:
        return None
    exact = is_date or catalog.schema.facet(old.facet).meaning is Meaning.YEAR
    operator, bounds = _bound(old.operator, asked, held, 0.0 if exact else _spread(values), exact=exact)
    written = tuple(map(iso_day, bounds)) if is_date else bounds
    return Constraint(
        facet=old.facet, operator=operator, value=written if len(written) > 1 else written[0], must=old.must
    )


def _bound(
    operator: Operator, asked: Sequence[float], held: NDArray[np.float64], spread: float, *, exact: bool
) -> tuple[Operator, tuple[float, ...]]:
    """Operator and value of the bound that lets the nearest of `held` in."""
    if operator in _UPPER:
        return Operator.AT_MOST, (_beyond(asked[0], float(held.min()), spread, exact=exact),)
    if operator in _LOWER:
        return Operator.AT_LEAST, (_beyond(asked[0], float(held.max()), spread, exact=exact),)
    if operator is Operator.BETWEEN:
        low, high = min(asked), max(asked)
        above, below = held[held > high], held[held < low]
        up = float(above.min()) if len(above) else math.inf
        down = float(below.max()) if len(below) else -math.inf
        if up - high <= low - down:
            return operator, (low, _beyond(high, up, spread, exact=exact))
        return operator, (_beyond(low, down, spread, exact=exact), high)
    distances = np.abs(held[:, None] - np.asarray(asked)[None, :]).min(axis=1)
    near = float(held[distances.argmin()])
    if operator is Operator.ABOUT and not exact:
        return operator, (rounded(near, near * (1 + _ABOUT_SLACK)),)
    return (operator if operator is Operator.ABOUT else Operator.IS), (near,)


def _beyond(bound: float, nearest: float, spread: float, *, exact: bool) -> float:
    """A round bound, at or a little beyond the nearest value."""
    if exact:
        return nearest
    gap = abs(nearest - bound)
    moved = min(_SHARE_OF_BOUND * abs(bound), _SHARE_OF_SPREAD * spread)
    beyond = max(min(_SHARE_OF_WAY * gap, _SHARE_OF_NEAREST * abs(nearest)), moved - gap)
    return rounded(nearest, nearest + math.copysign(beyond, nearest - bound))


def _spread(values: NDArray[np.float64]) -> float:
    """The width of the middle half of the facet's values, from some hundreds of them."""
    some = values[:: max(1, len(values) // _SAMPLED)]
    some = np.sort(some[~np.isnan(some)])
    return float(some[len(some) * 3 // 4] - some[len(some) // 4]) if len(some) else 0.0


__all__ = ["Emptied", "codes_of", "emptied", "rounded", "widened"]
