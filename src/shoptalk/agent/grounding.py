"""From what was said to the catalog's facets: numbers, vague words, comparatives and labels become constraints."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.adjectives import measured_by
from shoptalk.agent.clocks import SaidTime, minute_of, read_times
from shoptalk.agent.dates import SaidDay, meant, read_days
from shoptalk.agent.quantities import Bound, Quantity, is_number_word, read_quantities
from shoptalk.agent.tokens import Token, boundaries, singular, words
from shoptalk.agent.words import COUNTED, CURRENCIES, FILLER, MEANING_WORDS
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, DateColumn, NumberColumn
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
    | {"onwards", "onward"}
    | {f"{word} than" for word in ("older", "newer", "younger")}
)
_COUNTING = frozenset({"quantity", "number", "count", "qty"})
_FAR_BELOW = 0.1
_UPWARD = (Operator.IS, Operator.AT_LEAST, Operator.MORE_THAN)
_ENDING = frozenset({"drop", "dropoff", "return", "end", "ends", "until", "out", "checkout", "arrival", "expiry"})
#: Labels of days on which something that began on another one ends.
_COMPANION = frozenset({"drop", "dropoff", "return", "out", "checkout", "until"})
_RETURNS = frozenset({"return", "returning", "back", "drop", "dropping", "dropoff", "checkout"})
_UNTIL = frozenset({"until", "till", "til", "through", "thru", "up until"})
_OUT_OF = frozenset({"check", "checking"})
_LATER_TIMES = frozenset({"arrival", "arrive", "end", "return", "inbound", "closing", "close", "dropoff"})
_ARRIVING = frozenset({"arrive", "arrives", "arriving", "arrival", "land", "landing", "get"})
_LABEL_REACH = 3
_COUNTED_MOST = 20
_COUNTS_US = re.compile(
    r"(?:\bfor(?:\s+the)?|\bwe['’]?re|\bwe\s+(?:are|will\s+be)|\bthere\s+(?:are|will\s+be)|\b(?:party|group|table|family)\s+of)\s*$",
    re.IGNORECASE,
)
_COUNTS_NOTHING_ELSE = re.compile(
    r"\s*(?:$|[.,;!?)]|(?:in|on|at|and|please|under|near|from|around|of\s+us|tonight|today|tomorrow|with|total)\b)",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\s*(\d{1,4}(?:\.\d+)?)\s*\+?\s*[a-z-]{0,10}\s*", re.IGNORECASE)
_MOSTLY = 0.8
_TURNED = ("people", "stop")
_COUNTABLE = (None, Meaning.SIZE)
_OFFICE = 8
_GRADES = frozenset({"rating", "score", "review", "price", "rate", "fee", "cost"})
_DAY = 24 * 60
_AROUND = 30
_UNSURE = 0.7
_TOLD_WHOLE = 1000
_SHORT_UNIT = 2
_COUNTED_WORD, _NONE_OF_IT = 4, 0.5
#: Weights up to here may be grades, as of games: only these are hard or easy, others are light or heavy.
_GRADED, _OF_WEIGHT = 10.0, frozenset({"light", "heavy"})
#: Labels of money that is no price to pay, or not called so.
_MONEY = frozenset("salary pay wage income earning rent fee deposit rrp msrp cost budget tuition fare".split())
_HELD_IN = {"hour": "h", "minute": "min"}
#: What is said of a thing by what it has: a seven seater has seven seats.
_HAVING = {"seater": "seat", "sleeper": "sleep", "bedder": "bed", "bedroomed": "bed", "doored": "door"}
_LEAST_OF, _MOST_OF = frozenset({"min", "minimum", "least"}), frozenset({"max", "maximum", "most"})


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


@dataclass(frozen=True, eq=False)
class Ladder:
    """A category whose values are told by a number each: `numbers` (v,) in the order of `values`, NaN for none."""

    facet: Column
    values: tuple[str, ...]
    numbers: NDArray[np.float64]

    def within(self, low: float, high: float, near: float) -> tuple[str, ...]:
        """Values from `low` to `high`, those next to `near` first."""
        held = np.flatnonzero((self.numbers >= low) & (self.numbers <= high))
        return tuple(self.values[i] for i in held[np.argsort(np.abs(self.numbers[held] - near), kind="stable")])


class Grounding:
    """Knows the catalog's ordered facets, and how people call them."""

    def __init__(self, catalog: Catalog, today: Callable[[], date] = date.today) -> None:
        """`today`: the day from which 'tomorrow' is counted."""
        self._catalog = catalog
        self._today = today
        self.scales = [scale for facet in catalog.schema.facets if (scale := _scale(catalog, facet))]
        self._clocks = [one for facet in catalog.schema.facets if (one := _ladder(catalog, facet, minute_of))]
        self._levels = [one for facet in catalog.schema.facets if (one := _ladder(catalog, facet, _level_of))]
        self._labels = self._label_words()
        self._counts_too = {name: _counted_with(label) for name, label in self._labels.items()}
        self._ranges = _ranges(self.scales)

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
        by_label = [name for name, label in self._labels.items() if form in label or form in self._counts_too[name]]
        meaning = MEANING_WORDS.get(word) or MEANING_WORDS.get(form)
        by_meaning = [facet.name for facet in self._catalog.schema.facets if meaning and facet.meaning is meaning]
        if meaning is Meaning.YEAR and not by_meaning and (scale := self.scale_of([meaning])):
            by_meaning = [scale.facet.name]
        return tuple(dict.fromkeys(by_label or by_meaning))

    def scale_measuring(self, word: str) -> tuple[Scale, bool] | None:
        """The number that tells an adjective ('tall' a height, 'complex' a complexity), and whether it means less."""
        for scale in self.scales:
            named = frozenset(singular(one) for one in (*words(scale.facet.label or ""), *words(scale.facet.name)))
            if scale.facet.kind is Kind.NUMBER and (less := measured_by(word, named)) is not None:
                weighs = "weight" in named and scale.coverage > 0
                if weighs and word not in _OF_WEIGHT and float(np.nanmax(scale.values)) > _GRADED:
                    continue  # a hard drive is no heavy one
                return scale, less
        return None

    def scale_counting(self, word: str) -> Scale | None:
        """The number that a word counts by the facet's own label ('sugar'), if some items have next to none of it."""
        if len(word) < _COUNTED_WORD or word in FILLER:
            return None
        plain = [one for one in self.scales if one.facet.kind is Kind.NUMBER and not one.facet.meaning and one.coverage]
        called = [scale for scale in plain if scale.facet.name in self.facets_called(word)]
        return next((scale for scale in called if float(np.nanmin(scale.values)) <= _NONE_OF_IT), None)

    def ranged(self, one: Constraint) -> tuple[Constraint, ...]:
        """'For five players' where the least and the most are told apart: five lies between them.

        Of a least alone, such as a minimum age, five have to reach it; a maximum alone has to hold five.
        """
        ends = self._ranges.get(one.facet)
        if ends is None or one.operator in (Operator.IS_NOT, Operator.MOST, Operator.LEAST):
            return (one,)
        low, high = ends
        first, last = (one.value[0], one.value[1]) if isinstance(one.value, tuple) else (one.value, one.value)
        exact = one.operator in (Operator.IS, Operator.ABOUT, Operator.BETWEEN)
        holds_many = one.operator is Operator.AT_MOST and one.words.lower().startswith("up to")
        found = []
        if low and (exact or (high and one.operator in (Operator.AT_MOST, Operator.LESS_THAN) and not holds_many)):
            operator = Operator.AT_MOST if exact else one.operator
            found.append({"facet": low, "operator": operator, "value": first})
        if high and (exact or holds_many or (low and one.operator in (Operator.AT_LEAST, Operator.MORE_THAN))):
            operator = Operator.AT_LEAST if exact or holds_many else one.operator
            found.append({"facet": high, "operator": operator, "value": last})
        return tuple(Constraint.model_validate(one.model_dump() | held) for held in found) or (one,)

    def quantity(self, said: Quantity, tokens: Sequence[Token], message: str) -> Constraint | None:
        """The constraint that a number means here, or None where no facet takes it."""
        span = (said.start, said.end)
        scale = self._scale_for(said, tokens, message)
        if scale is None:
            level = self._level_for(said, tokens, message)
            words_of = {"words": message[slice(*span)].strip(), "span": span}
            return _on_ladder(level, said, words_of) if level else None
        return self._on_scale(said, scale, message)

    def like(self, one: Constraint, said: Quantity, message: str) -> Constraint | None:
        """The number in the facet of another that stands right before it: the 45 of 'size 44 or 45'."""
        span = (said.start, said.end)
        common = {"words": message[slice(*span)].strip(), "span": span}
        level = next((held for held in self._levels if held.facet.name == one.facet), None)
        if level is not None:
            return _on_ladder(level, said, common)
        scale = next((held for held in self.scales if held.facet.name == one.facet), None)
        return self._on_scale(said, scale, message) if scale and said.unit is None else None

    def _on_scale(self, said: Quantity, scale: Scale, message: str) -> Constraint | None:
        if said.unit == "years ago":
            said = replace(said, value=self.latest_year - said.value, unit="year")
        said, span = _in_unit_of(scale, said), (said.start, said.end)
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
            operator = self._bare_operator(scale, said)
        return Constraint(operator=operator, value=said.value, **common)

    def in_facet(self, facet: str, span: tuple[int, int], message: str) -> Constraint | None:
        """What the number or the day at these characters means in a facet that is known to be meant."""
        scale = next((one for one in self.scales if one.facet.name == facet and one.coverage), None)
        if scale is None:
            return None
        if scale.facet.kind is Kind.DATE:
            days = (said for said in read_days(message) if said.start < span[1] and span[0] < said.end)
            return next((one for said in days if (one := self._day(said, scale, message))), None)
        for said in read_quantities(message):
            if said.start < span[1] and span[0] < said.end:
                return self._on_scale(said, scale, message)
        return None

    def moments(self, tokens: Sequence[Token], message: str) -> list[Constraint]:
        """The constraints that the days and times of day of a message mean, where facets hold such."""
        days = [scale for scale in self.scales if scale.facet.kind is Kind.DATE and scale.coverage]
        found = [one for said in read_days(message) for one in self._days(said, days, tokens, message)] if days else []
        if self._clocks:
            found += [one for said in read_times(message) if (one := self._time(said, tokens, message))]
        return found

    def _days(self, said: SaidDay, days: Sequence[Scale], tokens: Sequence[Token], message: str) -> list[Constraint]:
        """One day, or the two of a range that begins on one facet and ends on its companion."""
        near = _near(said.start, said.end, tokens, message)
        ends = said.cue in _UNTIL or bool(_RETURNS & set(near)) or ("out" in near and bool(_OUT_OF & set(near)))
        last = [scale for scale in days if _COMPANION & set(words(scale.facet.name))]
        first = [scale for scale in days if not _ENDING & set(words(scale.facet.name))]
        called = next((held for word in near if (held := [s for s in days if self._called_by(s, (word,))])), days)
        fitting = [scale for scale in called if scale in (last if ends and last else first)] or called
        scale = max(fitting, key=lambda scale: scale.coverage)
        if ends and last and scale in last and said.bound is Bound.AT_MOST:
            said = replace(said, bound=Bound.EXACT)
        from_to = said.last is not None and not message[said.start :].lower().startswith("between")
        if said.last is not None and from_to and first and last and scale in (*first, *last):
            begin, end = replace(said, last=None, bound=Bound.EXACT), said.last
            end = replace(end, year=end.year or begin.year)
            scales = (scale if scale in first else first[0], scale if scale in last else last[0])
            return [c for d, s in zip((begin, end), scales, strict=True) if (c := self._day(d, s, message))]
        one = self._day(said, scale, message)
        return [one] if one else []

    def _day(self, said: SaidDay, scale: Scale, message: str) -> Constraint | None:
        held = scale.values[~np.isnan(scale.values)]
        low, high = (_EPOCH + timedelta(days=int(np.floor(edge))) for edge in (held.min(), held.max()))
        spanned = meant(said, low, high, self._today())
        if spanned is None:
            return None
        first, last = (day.isoformat() for day in spanned)
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

    def _time(self, said: SaidTime, tokens: Sequence[Token], message: str) -> Constraint | None:
        """The facet's own times that are meant: one, or all that lie within what was said."""
        near = _near(said.start, said.end, tokens, message)
        called = next((held for word in near if (held := self._clocks_called(word))), None)
        later = bool(_ARRIVING & set(near))
        open_to = called or self._clocks
        fitting = [one for one in open_to if bool(_LATER_TIMES & set(words(one.facet.name))) is later]
        clock = (fitting or open_to)[0]
        minute, confidence = said.minute, 1.0
        if said.other is not None and said.bound is not Bound.BETWEEN:
            exact = [float((clock.numbers == one).any()) for one in (said.minute, said.other)]
            if exact[1] > exact[0] or (exact[0] == exact[1] and (said.minute // 60) % 12 < _OFFICE):
                minute = said.other
            confidence = _UNSURE if exact[0] == exact[1] else 1.0
        low, high = {
            Bound.EXACT: (minute, minute), Bound.ABOUT: (minute - _AROUND, minute + _AROUND),
            Bound.LESS: (0, minute - 1), Bound.AT_MOST: (0, minute),
            Bound.MORE: (minute + 1, _DAY), Bound.AT_LEAST: (minute, _DAY),
            Bound.BETWEEN: (minute, said.upper or minute),
        }[said.bound]  # fmt: skip
        # where nothing has such a time the reply shall say so
        times = clock.within(low, high, minute) or (f"{minute // 60:02}:{minute % 60:02}",)
        span = (said.start, said.end)
        return Constraint(
            facet=clock.facet.name, operator=Operator.IS if len(times) == 1 else Operator.ANY_OF,
            value=times[0] if len(times) == 1 else times, words=message[slice(*span)], span=span, confidence=confidence,
        )  # fmt: skip

    def _clocks_called(self, word: str) -> list[Ladder]:
        return [one for one in self._clocks if word in self._labels[one.facet.name] and word != "time"]

    @cached_property
    def latest_year(self) -> float:
        """The catalog's newest year: 'the last ten years' are counted back from it, so that answers do not age."""
        scale = self.scale_of([Meaning.YEAR])
        if scale is None or not scale.coverage:
            return float(date.today().year)
        newest = float(np.nanmax(scale.values))
        return newest if scale.facet.kind is not Kind.DATE else float((_EPOCH + timedelta(days=newest)).year)

    def _scale_for(self, said: Quantity, tokens: Sequence[Token], message: str) -> Scale | None:
        if said.unit in ("year", "years back", "years ago"):
            return self.scale_of([Meaning.YEAR])
        near = _near(said.start, said.end, tokens, message)
        if said.unit == "money":
            return self._best(self._money(), near, said)
        if said.unit == "star":
            starred = [scale for scale in self.scales if "star" in self._labels[scale.facet.name]]
            return self._best(starred, near, said) or self.scale_of([Meaning.RATING])
        if said.unit in _TURNED:
            return self._best(self._scales_counting(said.unit), near, said)
        if said.unit is not None:
            fitting = [scale for scale in self.scales if (unit := _unit_of(scale)) and factor(said.unit, unit)]
            return self._best(fitting or self._unit_unknown(said, said.unit, near), near, said)
        called = self._scales_measured_in(near[:1]) if said.unit is None else []
        called = called or next((held for word in near if (held := self._scales_called(word, said))), [])
        if self._calls_level_first(near, said):
            return None
        if not called and said.bound is not Bound.ABOUT:
            called = next((held for word in near if (held := self._scales_counting(word))), [])
            if not called and _counts_us(said, message):
                called = self._scales_counting("people")
        if called and said.bound is not Bound.EXACT:
            return self._best(called, near, said)
        if _YEARS[0] <= said.value <= _YEARS[1] and float(said.value).is_integer() and self._as_year(said):
            return self.scale_of([Meaning.YEAR])
        if called:
            return self._best(called, near, said)
        return None if said.bound is Bound.EXACT else self._bounded_by(said)

    def _bounded_by(self, said: Quantity) -> Scale | None:
        """The facet of a limit that names none: 'under 80' is money, or minutes where nothing has a price."""
        price = self.scale_of([Meaning.PRICE])
        if price is not None:
            return None if _is_far_below(price, said) else price
        if money := [scale for scale in self._money() if _is_plausible(scale, said)]:
            return money[0]
        return self.scale_of([Meaning.DURATION]) if said.value > 20 else None

    def _money(self) -> list[Scale]:
        """Prices; where there are none, other money: salaries, rents, fees."""
        prices = [scale for scale in self.scales if scale.facet.meaning is Meaning.PRICE]
        return prices or [
            scale
            for scale in self.scales
            if (scale.facet.unit or "").lower() in CURRENCIES or _MONEY & self._labels[scale.facet.name]
        ]

    def _scales_measured_in(self, near: Sequence[str]) -> list[Scale]:
        """'100 hp': the short unit right behind a number, where it stands in a facet's own label."""
        short = {word for word in near if len(word) == _SHORT_UNIT and word not in FILLER}
        named = ((scale, words(scale.facet.label or scale.facet.name)) for scale in self.scales)
        return [scale for scale, said in named if short & set(said)]

    def _calls_level_first(self, near: Sequence[str], said: Quantity) -> bool:
        """'10 mm drop, size 43': the word next to the number names a category of numbers, the scale is further off."""
        for word in near if self._levels else ():
            if any(word in self._labels[one.facet.name] for one in self._levels):
                return True
            if self._scales_called(word, said):
                return False
        return False

    def _scales_called(self, word: str, said: Quantity) -> list[Scale]:
        return [scale for scale in self.scales if self._called_by(scale, (word,)) and not _is_age(scale, said)]

    def _scales_counting(self, word: str) -> list[Scale]:
        """Facets that count what the word counts: 'people' for seats, 'layovers' for stops."""
        counting = [scale for scale in self.scales if word in self._counts_too[scale.facet.name]]
        return [
            one for one in counting if one.facet.meaning in _COUNTABLE and not _GRADES & self._labels[one.facet.name]
        ]

    def _level_for(self, said: Quantity, tokens: Sequence[Token], message: str) -> Ladder | None:
        """The category of numbers ('1', '2', '3+') that the words around a number call."""
        if not self._levels or (said.unit and said.unit not in (*_TURNED, "star")):
            return None
        near = (said.unit or "", *_near(said.start, said.end, tokens, message))
        for names in (self._labels, self._counts_too):
            for word in near:
                if called := [one for one in self._levels if word in names[one.facet.name]]:
                    return called[0]
        us = [one for one in self._levels if "people" in self._counts_too[one.facet.name]]
        return us[0] if us and _counts_us(said, message) else None

    def _bare_operator(self, scale: Scale, said: Quantity) -> Operator:
        """What a number without a bound means: money and lengths are about right, a class of stars is meant exactly."""
        if scale.facet.meaning in (Meaning.PRICE, Meaning.DURATION, Meaning.WEIGHT):
            return Operator.ABOUT
        held = scale.values[~np.isnan(scale.values)]
        graded = "star" in self._labels[scale.facet.name] and bool(np.all(held == np.round(held)))
        if scale.facet.meaning is Meaning.RATING and not graded:
            return Operator.AT_LEAST
        return Operator.IS

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
            counted = takewhile(lambda word: word != "per", words(facet.label or facet.name))  # hours, not weeks
            said = [singular(word) for word in counted]
            labels[facet.name] = frozenset(
                word for word in said if len(word) > 2 and (word not in FILLER or word in _HELD_IN)
            )
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


def _ladder(catalog: Catalog, facet: Column, read: Callable[[str], float | None]) -> Ladder | None:
    """The category as a ladder, if most of its values can be read as numbers."""
    column = catalog.column(facet.name)
    if not isinstance(column, CategoryColumn) or not column.values:
        return None
    if any(read(value) is None for value in column.values[:1]):
        return None
    numbers = np.array([np.nan if (number := read(value)) is None else number for value in column.values])
    return Ladder(facet, column.values, numbers) if np.mean(~np.isnan(numbers)) >= _MOSTLY else None


def _level_of(value: str) -> float | None:
    match = _LEVEL.fullmatch(value)
    return float(match[1]) if match else None


def _on_ladder(level: Ladder, said: Quantity, common: dict[str, Any]) -> Constraint | None:
    edge, least = said.value, float("-inf")
    low, high = {
        Bound.AT_MOST: (least, edge), Bound.LESS: (least, edge - 1e-9), Bound.AT_LEAST: (edge, -least),
        Bound.MORE: (edge + 1e-9, -least), Bound.BETWEEN: (edge, said.upper or edge),
    }.get(said.bound, (edge, edge))  # fmt: skip
    held = level.within(low, high, edge)
    if not held and said.bound is Bound.EXACT and edge >= 1:  # the reply shall say that there is none
        held = (f"{edge:g}",)
    if not held:
        return None
    value = held[0] if len(held) == 1 else held
    return Constraint(
        facet=level.facet.name, operator=Operator.IS if len(held) == 1 else Operator.ANY_OF, value=value, **common
    )


def _counted_with(label: frozenset[str]) -> frozenset[str]:
    """Words that count the same as a label's own."""
    return frozenset(word for together in COUNTED if together & label for word in together)


def _counts_us(said: Quantity, message: str) -> bool:
    """'A table for two', 'there are four of us': a bare number that counts who comes."""
    if said.bound is not Bound.EXACT or said.value > _COUNTED_MOST or not float(said.value).is_integer():
        return False
    before = message[max(0, said.start - _COUNTED_MOST) : said.start]
    return bool(_COUNTS_US.search(before) and _COUNTS_NOTHING_ELSE.match(message, said.end))


def _in_unit_of(scale: Scale, said: Quantity) -> Quantity:
    """The quantity in the facet's own unit, where that measures the same: '1 kg' is 1000 where grams are counted."""
    unit = _unit_of(scale)
    times = factor(said.unit, unit) if said.unit and unit else None
    if times is None or times == 1:
        return said
    upper = None if said.upper is None else _converted(said.upper * times)
    return replace(said, value=_converted(said.value * times), upper=upper, unit=unit)


def _converted(value: float) -> float:
    """What comes of a conversion, told no finer than people would: 60,000 miles are 96,561 km."""
    return float(round(value)) if value >= _TOLD_WHOLE else round(value, 6)


def _unit_of(scale: Scale) -> str | None:
    """The facet's unit; the one that its label tells where it has none: 'hours per week'."""
    said = (singular(word) for word in words(scale.facet.label or scale.facet.name))
    return scale.facet.unit or next((_HELD_IN[word] for word in said if word in _HELD_IN), None)


def _ranges(scales: Sequence[Scale]) -> dict[str, tuple[str | None, str | None]]:
    """The facets that hold the least and the most of one thing, by the name of either: minimum and maximum players."""
    ends: dict[frozenset[str], list[str | None]] = {}
    for scale in scales:
        said = frozenset(singular(word) for word in words(scale.facet.name))
        for place, mark in enumerate((_LEAST_OF, _MOST_OF)):
            if said & mark and said - mark and scale.facet.kind is Kind.NUMBER and not scale.facet.meaning:
                ends.setdefault(said - mark, [None, None])[place] = scale.facet.name
    return {name: (low, high) for low, high in ends.values() for name in (low, high) if name}


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
        if is_number_word(token.form) and token.end <= start:
            if before and not any(token.end <= edge < before[-1].start for edge in ends):
                before.pop()
            break
        before.append(token)
    clause = min((edge for edge in ends if edge >= end), default=len(message))
    after = [token for token in tokens if end <= token.start < clause][:_LABEL_REACH]
    after = list(takewhile(lambda token: not is_number_word(token.form), after))
    inside = sum(token.start >= start for token in before)
    ordered = (*after[:1], *before[: inside + _LABEL_REACH + 2], *after[1:])
    if [token.form for token in after[:2]] in (["year", "old"], ["years", "old"], ["year", "olds"]):
        return ("age",)
    return tuple(dict.fromkeys(_called(token.form) for token in ordered))


def _called(form: str) -> str:
    """A word as labels are compared by: in the singular, a bedroom a bed."""
    plain = singular(form)
    plain = _HAVING.get(plain, plain)
    return plain.removesuffix("room") if len(plain) > 6 else plain


def _is_plausible(scale: Scale, said: Quantity) -> bool:
    """True for a number of the size that the facet's own have."""
    held, value = scale.values[~np.isnan(scale.values)], _in_unit_of(scale, said).value
    return bool(len(held)) and bool(held.min() * 0.5 <= value <= held.max() * 2)


def _is_far_below(scale: Scale, said: Quantity) -> bool:
    """True for 'at least 2' where everything costs thousands: something else is counted."""
    held = scale.values[~np.isnan(scale.values)]
    lower = said.bound in (Bound.AT_LEAST, Bound.MORE)
    return lower and bool(len(held)) and bool(said.value < _FAR_BELOW * held.min())


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
