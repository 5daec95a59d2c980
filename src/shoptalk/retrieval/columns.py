"""The catalog's columns in memory, and what it means that a column's value meets a constraint.

Each column answers `meets(operator, value)` for all its rows at once. A row without a value meets nothing but IS_NOT.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from shoptalk.retrieval.query import Operator, Value

Mask = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ABOUT_SHARE, _ABOUT_YEARS, _ABOUT_DAYS = 0.1, 2.0, 7.0
_RANGE = 2


@dataclass(frozen=True, eq=False)
class CategoryColumn:
    """Text values, any number per row, stored as codes in CSR form.

    `values` is the vocabulary, the most frequent first (ties in text order); `counts` (v,) the rows that have each.
    Row r has `codes[offsets[r]:offsets[r + 1]]`; value c stands in `holders[starts[c]:starts[c + 1]]`, sorted.
    """

    name: str
    values: tuple[str, ...]
    counts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    codes: NDArray[np.int32]
    holders: NDArray[np.int32]
    starts: NDArray[np.int64]
    code_of: dict[str, int] = field(repr=False)

    @classmethod
    def of_values(cls, name: str, rows: Sequence[Sequence[str]]) -> "CategoryColumn":
        """Build the column from each row's values; a value that a row repeats counts once."""
        once = [tuple(dict.fromkeys(row)) if len(row) > 1 else tuple(row) for row in rows]
        tally = Counter(value for row in once for value in row)
        values = tuple(sorted(tally, key=lambda value: (-tally[value], value)))
        code_of = {value: code for code, value in enumerate(values)}
        lengths = np.fromiter((len(row) for row in once), np.int64, len(once))
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        codes = np.fromiter((code_of[value] for row in once for value in row), np.int32, int(offsets[-1]))
        counts = np.bincount(codes, minlength=len(values)).astype(np.int64)
        row_of = np.repeat(np.arange(len(once), dtype=np.int32), lengths)
        holders = row_of[np.argsort(codes, kind="stable")]
        starts = np.concatenate(([0], np.cumsum(counts)))
        return cls(name, values, counts, offsets, codes, holders, starts, code_of)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def known(self) -> Mask:
        """(n,) mask of the rows that have a value."""
        return np.diff(self.offsets) > 0

    def of(self, row: int) -> tuple[str, ...]:
        """The row's values, in the source's order."""
        return tuple(self.values[code] for code in self.codes[self.offsets[row] : self.offsets[row + 1]].tolist())

    def rows_of(self, code: int) -> NDArray[np.int32]:
        """The rows that have the value of that code, sorted."""
        return self.holders[self.starts[code] : self.starts[code + 1]]

    def has(self, codes: Iterable[int]) -> Mask:
        """(n,) mask of the rows that have at least one of the codes."""
        mask = np.zeros(len(self), dtype=np.bool_)
        for code in codes:
            mask[self.rows_of(code)] = True
        return mask

    def meets(self, operator: Operator, value: Value) -> Mask:
        """(n,) mask. IS with several values asks for all of them, as ALL_OF does. Raises ValueError for bounds."""
        wanted = (value,) if isinstance(value, str) else value
        if not isinstance(wanted, tuple) or not all(isinstance(one, str) for one in wanted):
            raise ValueError(f"facet '{self.name}' holds words, and was asked for {value!r}")
        codes = [self.code_of.get(str(one)) for one in wanted]
        known = [code for code in codes if code is not None]
        match operator:
            case Operator.IS | Operator.ALL_OF if None in codes or not codes:
                return np.zeros(len(self), dtype=np.bool_)
            case Operator.IS | Operator.ALL_OF:
                return reduce(np.logical_and, [self.has([code]) for code in known])
            case Operator.ANY_OF:
                return self.has(known)
            case Operator.IS_NOT:
                return ~self.has(known)
        raise ValueError(f"facet '{self.name}' holds words: '{operator}' does not apply")


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """Numbers in the facet's unit: `values` (n,) float64, NaN where missing. `is_year` widens ABOUT to two years."""

    name: str
    values: NDArray[np.float64]
    is_year: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def known(self) -> Mask:
        """(n,) mask of the rows that have a value."""
        return ~np.isnan(self.values)

    def meets(self, operator: Operator, value: Value) -> Mask:
        """(n,) mask. Raises ValueError where the value is no number, or not a pair for BETWEEN."""
        numbers = [_number(self.name, one) for one in (value if isinstance(value, tuple) else (value,))]
        near = _ABOUT_YEARS if self.is_year else max(abs(number) for number in numbers or [0.0]) * _ABOUT_SHARE
        return _compare(self.name, self.values, operator, numbers, near)


@dataclass(frozen=True, eq=False)
class DateColumn:
    """Points in time: `days` (n,) float64 days since 1970-01-01 UTC, NaN where missing. Whole days are compared."""

    name: str
    days: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.days)

    @property
    def known(self) -> Mask:
        """(n,) mask of the rows that have a value."""
        return ~np.isnan(self.days)

    def meets(self, operator: Operator, value: Value) -> Mask:
        """(n,) mask; ABOUT holds within a week. Raises ValueError where the value is no ISO day."""
        asked = value if isinstance(value, tuple) else (value,)
        if operator in (Operator.MOST, Operator.LEAST):
            return _compare(self.name, np.floor(self.days), operator, [_number(self.name, value)], _ABOUT_DAYS)
        try:
            numbers = [float(np.floor(days_of(str(one)))) for one in asked]
        except ValueError:
            raise ValueError(f"facet '{self.name}' is a date, and was asked for {value!r}") from None
        return _compare(self.name, np.floor(self.days), operator, numbers, _ABOUT_DAYS)


@dataclass(frozen=True, eq=False)
class FlagColumn:
    """Yes or no: `values` (n,) int8, 1 for yes, 0 for no, -1 where missing."""

    name: str
    values: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def known(self) -> Mask:
        """(n,) mask of the rows that have a value."""
        return self.values >= 0

    def meets(self, operator: Operator, value: Value) -> Mask:
        """(n,) mask. Raises ValueError unless the operator is IS or IS_NOT and the value a boolean."""
        if not isinstance(value, bool) or operator not in (Operator.IS, Operator.IS_NOT):
            raise ValueError(f"facet '{self.name}' is yes or no: '{operator} {value}' does not apply")
        held: Mask = self.values == int(value)
        return held if operator is Operator.IS else ~held


AnyColumn = CategoryColumn | NumberColumn | DateColumn | FlagColumn


def days_of(moment: str) -> float:
    """Days since 1970-01-01 UTC of an ISO day or time ('2024-05-01', '2024-05-01T18:30+02:00'). Raises ValueError."""
    parsed = datetime.fromisoformat(moment)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (aware - _EPOCH) / timedelta(days=1)


def iso_day(days: float) -> str:
    """The ISO day of a number of days since 1970-01-01: '2024-05-01'."""
    return (date(1970, 1, 1) + timedelta(days=int(np.floor(days)))).isoformat()


def edge_of(held: NDArray[np.float64], operator: Operator, many: float, among: Mask) -> float | None:
    """The last of the `many` highest (MOST) or lowest (LEAST) values of the rows in `among`; None if none has one."""
    values = np.sort(held[among & ~np.isnan(held)])
    if not len(values):
        return None
    place = min(max(int(many), 1), len(values)) - 1
    return float(values[place] if operator is Operator.LEAST else values[-place - 1])


def extreme(held: NDArray[np.float64], operator: Operator, many: float, among: Mask) -> Mask:
    """(n,) mask of the `many` highest (MOST) or lowest (LEAST) of those in `among`, and of the equals of the last."""
    edge = edge_of(held, operator, many, among)
    if edge is None:
        return np.zeros(len(held), dtype=np.bool_)
    return (held <= edge) if operator is Operator.LEAST else (held >= edge)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"facet '{name}' is a number, and was asked for {value!r}")
    return float(value)


def _compare(name: str, held: NDArray[np.float64], operator: Operator, asked: list[float], near: float) -> Mask:
    """Hold numbers (or days) against the asked ones; NaN meets nothing but IS_NOT, which refuses a pair as a range."""
    if operator in (Operator.MOST, Operator.LEAST):
        return extreme(held, operator, asked[0], ~np.isnan(held))
    many = {Operator.BETWEEN: _RANGE, Operator.ANY_OF: len(asked), Operator.IS_NOT: len(asked)}.get(operator, 1)
    if len(asked) != many or not asked:
        raise ValueError(f"facet '{name}': '{operator}' cannot take {len(asked)} values")
    first = asked[0]
    match operator:
        case Operator.AT_LEAST:
            return held >= first
        case Operator.AT_MOST:
            return held <= first
        case Operator.MORE_THAN:
            return held > first
        case Operator.LESS_THAN:
            return held < first
        case Operator.BETWEEN:
            return (held >= min(asked)) & (held <= max(asked))
        case Operator.ABOUT:
            return np.abs(held - first) <= near + 1e-9
    if operator is Operator.IS_NOT and len(asked) == _RANGE:
        return ~((held >= min(asked)) & (held <= max(asked)))
    same: Mask = np.isin(held, asked)
    return ~same if operator is Operator.IS_NOT else same
