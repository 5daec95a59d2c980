"""From what was said to the catalog's facets: numbers, vague words, comparatives and labels become constraints."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.dates import SaidDay
from shoptalk.agent.quantities import Bound, Quantity
from shoptalk.agent.tokens import Token, boundaries, singular, words
from shoptalk.agent.words import FILLER, MEANING_WORDS, NUMBER_WORDS
from shoptalk.retrieval.catalog import Catalog, DateColumn, NumberColumn
from shoptalk.retrieval.flattening import HIGHEST
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning
from shoptalk.retrieval.values import factor

_EPOCH = date(1970, 1, 1)
_OPERATORS = {
    Bound.AT_MOST: Operator.AT_MOST,
    Bound.LESS: Operator.LESS_THAN,
    Bound.AT_LEAST: Operator.AT_LEAST,
    Bound.MORE: Operator.MORE_THAN,
    Bound.ABOUT: Operator.ABOUT,
    Bound.EXACT: Operator.IS,
    Bound.BETWEEN: Operator.BETWEEN,
}
_YEARS = (1870, 2100)
_EARLIEST = 100
_YEAR_CUES = frozenset(
    {"before", "after", "since", "until", "prior to", "earlier than", "later than", "pre", "post"}
    | {f"or {word}" for word in ("earlier", "later", "older", "newer")}
)
_COUNTING = frozenset({"quantity", "number", "count", "qty"})
_FAR_BELOW = 0.1
_UPWARD = (Operator.IS, Operator.AT_LEAST, Operator.MORE_THAN)
_ENDING = frozenset({"drop", "dropoff", "return", "end", "ends", "until", "out", "checkout", "arrival", "expiry"})
_LABEL_REACH = 3


@dataclass(frozen=True, eq=False)
class Scale:
    """A facet whose values have an order: `values` (n,) in its unit, or days since 1970 for dates; NaN missing."""

    facet: Column
    values: NDArray[np.float64]

    @property
    def coverage(self) -> float:
        """Share of items that have a value."""
        return float(np.mean(~np.isnan(self.values))) if len(self.values) else 0.0

    def spoken(self, value: float) -> float | str:
        """A value as constraints hold it: the number, or the ISO day."""
        if self.facet.kind is Kind.DATE:
            return (_EPOCH + timedelta(days=int(np.floor(value)))).isoformat()
        return float(value)

    def at_share(self, share: float, among: NDArray[np.bool_]) -> float | None:
        """The value below which that share of the items in `among` (n, mask) lies; None if none has a value."""
        held = self.values[among & ~np.isnan(self.values)]
        return float(np.quantile(held, share, method="lower")) if len(held) else None


class Grounding:
    """Knows the catalog's ordered facets, and how people call them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.scales = [scale for facet in catalog.schema.facets if (scale := _scale(catalog, facet))]
        self._labels = self._label_words()

    def scale_of(self, meanings: Iterable[Meaning]) -> Scale | None:
        """The ordered facet for the first meaning that the catalog has; dates stand in for a missing year."""
        for meaning in meanings:
            held = [scale for scale in self.scales if scale.facet.meaning is meaning]
            if not held and meaning is Meaning.YEAR:
                held = [scale for scale in self.scales if scale.facet.kind is Kind.DATE]
            if held:
                return max(held, key=lambda scale: scale.coverage)
        return None

    def facets_called(self, word: str) -> tuple[str, ...]:
        """Names of the facets that a word calls, by label or by meaning ('price', 'director')."""
        form = _called(word)
        by_label = [name for name, label in self._labels.items() if form in label]
        meaning = MEANING_WORDS.get(word) or MEANING_WORDS.get(form)
        by_meaning = [facet.name for facet in self._catalog.schema.facets if meaning and facet.meaning is meaning]
        if meaning is Meaning.YEAR and not by_meaning and (scale := self.scale_of([meaning])):
            by_meaning = [scale.facet.name]
        return tuple(dict.fromkeys(by_label or by_meaning))

    def quantity(self, said: Quantity, tokens: Sequence[Token], message: str) -> Constraint | None:
        """The constraint that a number means here, or None where no facet takes it."""
        scale = self._scale_for(said, tokens, message)
        if scale is None:
            return None
        said = _in_unit_of(scale, said)
        span = (said.start, said.end)
        common: dict[str, Any] = {"facet": scale.facet.name, "words": message[slice(*span)].strip(), "span": span}
        if said.unit == "years back":
            edge = max(self.latest_year - said.value + 1, MINYEAR)
            return Constraint(operator=Operator.AT_LEAST, value=_year_start(scale, edge), **common)
        if scale.facet.kind is Kind.DATE:
            return _dated(scale, said, common)
        if said.bound is Bound.BETWEEN and said.upper is not None:
            return Constraint(operator=Operator.BETWEEN, value=(said.value, said.upper), **common)
        operator = _OPERATORS[said.bound]
        if operator in _UPWARD and (most := self._most_of(scale)) is not None:  # a room for four is one of several
            at_least = Operator.AT_LEAST if operator is Operator.IS else operator
            return Constraint(operator=at_least, value=said.value, **common | {"facet": most.facet.name})
        if operator is Operator.IS and said.unit == "inch":  # a 15.6" screen is called 15 inches
            return Constraint(operator=Operator.BETWEEN, value=(said.value - 0.5, said.value + 0.9), **common)
        if operator is Operator.IS:
            operator = _bare_operator(scale, said)
        return Constraint(operator=operator, value=said.value, **common)

    def day(self, said: SaidDay, tokens: Sequence[Token], message: str) -> Constraint | None:
        """The constraint that a day means here, or None where no facet holds days, or no calendar that day."""
        days = [scale for scale in self.scales if scale.facet.kind is Kind.DATE and scale.coverage]
        near = _near(said.start, said.end, tokens, message)
        called = next((held for word in near if (held := [s for s in days if self._called_by(s, (word,))])), days)
        scale = max(
            called, key=lambda scale: (not _ENDING & set(words(scale.facet.name)), scale.coverage), default=None
        )
        meant = _days_meant(scale, said) if scale is not None else None
        if scale is None or meant is None:
            return None
        first, last = (day.isoformat() for day in meant)
        value: str | tuple[str, str] = {Bound.MORE: last, Bound.AT_MOST: last}.get(said.bound, first)
        operator = _OPERATORS[said.bound]
        span = (said.start, said.end)
        if said.bound is Bound.BETWEEN or (operator is Operator.IS and first != last):
            operator, value = Operator.BETWEEN, (first, last)
        return Constraint.model_validate(
            {
                "facet": scale.facet.name,
                "operator": operator,
                "value": value,
                "words": message[slice(*span)],
                "span": span,
            }
        )

    @cached_property
    def latest_year(self) -> float:
        """The catalog's newest year: 'the last ten years' are counted back from it, so that answers do not age."""
        scale = self.scale_of([Meaning.YEAR])
        if scale is None or not scale.coverage:
            return float(date.today().year)
        newest = float(np.nanmax(scale.values))
        return newest if scale.facet.kind is not Kind.DATE else float((_EPOCH + timedelta(days=newest)).year)

    def _scale_for(self, said: Quantity, tokens: Sequence[Token], message: str) -> Scale | None:
        if said.unit in ("year", "years back"):
            return self.scale_of([Meaning.YEAR])
        if said.unit == "money":
            return self.scale_of([Meaning.PRICE])
        near = _near(said.start, said.end, tokens, message)
        if said.unit == "star":
            return self.scale_of([Meaning.RATING])
        if said.unit is not None:
            fitting = [scale for scale in self.scales if scale.facet.unit and factor(said.unit, scale.facet.unit)]
            return self._best(fitting or self._unit_unknown(said, said.unit, near), near, said)
        called = next((held for word in near if (held := self._scales_called(word, said))), [])
        if called and said.bound is not Bound.EXACT:
            return self._best(called, near, said)
        if _YEARS[0] <= said.value <= _YEARS[1] and float(said.value).is_integer() and self._as_year(said):
            return self.scale_of([Meaning.YEAR])
        if called:
            return self._best(called, near, said)
        if said.bound is Bound.EXACT:
            return None
        price = self.scale_of([Meaning.PRICE])
        if price is not None:
            return None if _is_far_below(price, said) else price
        return self.scale_of([Meaning.DURATION]) if said.value > 20 else None

    def _scales_called(self, word: str, said: Quantity) -> list[Scale]:
        return [scale for scale in self.scales if self._called_by(scale, (word,)) and not _is_age(scale, said)]

    def _unit_unknown(self, said: Quantity, unit: str, near: Sequence[str]) -> list[Scale]:
        """Facets that tell no unit, and are called by the words around the number or by what the unit measures.

        What counts things has no unit: '32 GB' beside 'USB' is no number of USB ports.
        """
        bare = [scale for scale in self.scales if scale.facet.unit is None and not self._counts(scale)]
        called = [scale for scale in bare if self._called_by(scale, near) and _is_plausible(scale, said)]
        meant = {"inch": Meaning.SIZE, "min": Meaning.DURATION, "kg": Meaning.WEIGHT}.get(unit)
        return called or [scale for scale in bare if meant and scale.facet.meaning is meant]

    def _as_year(self, said: Quantity) -> bool:
        if self.scale_of([Meaning.YEAR]) is None:
            return False
        price = self.scale_of([Meaning.PRICE])
        if price is not None and said.bound in (Bound.AT_LEAST, Bound.MORE) and not _is_plausible(price, said):
            return True
        return price is None or said.bound in (Bound.EXACT, Bound.BETWEEN) or said.cue in _YEAR_CUES

    def _most_of(self, scale: Scale) -> Scale | None:
        """Where an item's parts differ in a number, the facet with the most of them; prices start at the least."""
        if scale.facet.meaning is Meaning.PRICE:
            return None
        return next((one for one in self.scales if one.facet.name == scale.facet.name + HIGHEST), None)

    def _counts(self, scale: Scale) -> bool:
        return bool(_COUNTING & set(words(scale.facet.label or scale.facet.name)))

    def _best(self, scales: Sequence[Scale], near: Sequence[str], said: Quantity) -> Scale | None:
        def fit(scale: Scale) -> tuple[bool, bool, float]:
            return self._called_by(scale, near), _is_plausible(scale, said), scale.coverage

        return max(scales, key=fit, default=None)

    def _called_by(self, scale: Scale, near: Sequence[str]) -> bool:
        meaning = {word for word, held in MEANING_WORDS.items() if held is scale.facet.meaning}
        if scale.facet.meaning is Meaning.RATING:
            meaning |= {"rated"}
        return bool(set(near) & (self._labels.get(scale.facet.name, frozenset()) | meaning))

    def _label_words(self) -> dict[str, frozenset[str]]:
        labels = {}
        for facet in self._catalog.schema.facets:
            said = (singular(word) for word in words(facet.label or facet.name))
            labels[facet.name] = frozenset(word for word in said if len(word) > 2 and word not in FILLER)
        return labels


def among_passing(catalog: Catalog, constraints: Sequence[Constraint]) -> NDArray[np.bool_]:
    """(n,) mask of the available items that meet all musts; all available ones if nothing does."""
    available = catalog.available()
    passing = catalog.passing([c for c in constraints if c.must]) & available
    return passing if passing.any() else available


def _scale(catalog: Catalog, facet: Column) -> Scale | None:
    column = catalog.column(facet.name)
    if isinstance(column, NumberColumn):
        return Scale(facet, column.values)
    return Scale(facet, column.days) if isinstance(column, DateColumn) else None


def _in_unit_of(scale: Scale, said: Quantity) -> Quantity:
    """The quantity in the facet's own unit, where that measures the same: '1 kg' is 1000 where grams are counted."""
    times = factor(said.unit, scale.facet.unit) if said.unit and scale.facet.unit else None
    if times is None or times == 1:
        return said
    upper = None if said.upper is None else round(said.upper * times, 6)
    return replace(said, value=round(said.value * times, 6), upper=upper, unit=scale.facet.unit)


def _is_age(scale: Scale, said: Quantity) -> bool:
    """'My 5 year old', 'for under 10 years': beside the word 'year' a small number is no year."""
    return said.value < _EARLIEST and (scale.facet.meaning is Meaning.YEAR or scale.facet.kind is Kind.DATE)


def _near(start: int, end: int, tokens: Sequence[Token], message: str) -> tuple[str, ...]:
    """The words around a number, those most likely to call its facet first: the next one, those before, those after.

    A word that stands right behind another number speaks of that one: the baths in '3 beds 2 baths under 4000'.
    """
    ends = boundaries(message)
    before: list[Token] = []
    for token in reversed([token for token in tokens if token.end <= end]):
        if _is_number(token) and token.end <= start:
            if before and not any(token.end <= edge < before[-1].start for edge in ends):
                before.pop()
            break
        before.append(token)
    clause = min((edge for edge in ends if edge >= end), default=len(message))
    after = [token for token in tokens if end <= token.start < clause][:_LABEL_REACH]
    ordered = (*after[:1], *before[: _LABEL_REACH + 2], *after[1:])
    return tuple(dict.fromkeys(_called(token.form) for token in ordered))


def _called(form: str) -> str:
    """A word as labels are compared by: in the singular, a bedroom a bed."""
    plain = singular(form)
    return plain.removesuffix("room") if len(plain) > 6 else plain


def _is_number(token: Token) -> bool:
    return token.form[:1].isdigit() or token.form in NUMBER_WORDS


def _is_plausible(scale: Scale, said: Quantity) -> bool:
    """True for a number of the size that the facet's own have."""
    held, value = scale.values[~np.isnan(scale.values)], _in_unit_of(scale, said).value
    return bool(len(held)) and bool(held.min() * 0.5 <= value <= held.max() * 2)


def _is_far_below(scale: Scale, said: Quantity) -> bool:
    """True for 'at least 2' where everything costs thousands: something else is counted."""
    held = scale.values[~np.isnan(scale.values)]
    lower = said.bound in (Bound.AT_LEAST, Bound.MORE)
    return lower and bool(len(held)) and bool(said.value < _FAR_BELOW * held.min())


def _bare_operator(scale: Scale, said: Quantity) -> Operator:
    """What a number without a bound means: money is a ceiling, a length is about right, all else is meant exactly."""
    if scale.facet.meaning is Meaning.PRICE:
        return Operator.ABOUT
    if scale.facet.meaning in (Meaning.DURATION, Meaning.WEIGHT):
        return Operator.ABOUT
    if scale.facet.meaning is Meaning.RATING:
        return Operator.AT_LEAST
    return Operator.IS


def _days_meant(scale: Scale, said: SaidDay) -> tuple[date, date] | None:
    """The first and last day that is meant; a year that was not said is the latest in which the facet has that day."""
    held = scale.values[~np.isnan(scale.values)]
    low, high = (_EPOCH + timedelta(days=int(np.floor(edge))) for edge in (held.min(), held.max()))
    years = [said.year] if said.year else range(high.year, low.year - 1, -1)
    spans = [span for year in years if (span := _in_year(said, year))]
    return next((span for span in spans if span[0] <= high and span[1] >= low), spans[0] if spans else None)


def _in_year(said: SaidDay, year: int) -> tuple[date, date] | None:
    """None for a day that no calendar has, and for a range that runs backwards."""
    month, day = said.last or (said.month, said.day or monthrange(year, said.month)[1])
    try:
        first, last = date(year, said.month, said.day or 1), date(year, month, day)
    except ValueError:
        return None
    return (first, last) if first <= last else None


def _year_start(scale: Scale, year: float) -> float | str:
    return f"{int(year):04d}-01-01" if scale.facet.kind is Kind.DATE else float(year)


def _dated(scale: Scale, said: Quantity, common: dict[str, object]) -> Constraint | None:
    """A bound in years, on a facet that holds days; None for what no calendar has."""
    if not MINYEAR <= said.value <= (said.upper or said.value) <= MAXYEAR:
        return None
    first, last = f"{int(said.value):04d}-01-01", f"{int(said.upper or said.value):04d}-12-31"
    bounds: dict[Bound, tuple[Operator, str | tuple[str, str]]] = {
        Bound.LESS: (Operator.LESS_THAN, first),
        Bound.AT_MOST: (Operator.AT_MOST, last),
        Bound.AT_LEAST: (Operator.AT_LEAST, first),
        Bound.MORE: (Operator.MORE_THAN, last),
    }
    operator, value = bounds.get(said.bound, (Operator.BETWEEN, (first, last)))
    return Constraint.model_validate({"operator": operator, "value": value, **common})
