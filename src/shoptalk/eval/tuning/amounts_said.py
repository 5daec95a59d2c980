"""Numbers as people say them: '$50', 'two hours', 'half a dozen', '16 GB'; each with the number that is meant."""

import random
from dataclasses import dataclass, field

from shoptalk.retrieval.schema import Column, Meaning

__all__ = ["Amount", "amount_said", "small_number"]

_SMALL = "zero one two three four five six seven eight nine ten eleven twelve".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_MONEY = {
    "USD": ("${}", "{} dollars", "{} bucks", "$ {}", "{}", "{} usd"), "EUR": ("€{}", "{} euros", "{} euro", "{}"),
    "GBP": ("£{}", "{} pounds", "{}", "{} quid"),
}  # fmt: skip
_UNITS = {
    "min": ("{} minutes", "{} min", "{} mins", "{}"), "kg": ("{} kg", "{} kilos", "{}kg"),
    "GB": ("{} GB", "{}gb", "{} gigs"),
    "inch": ("{} inches", '{}"', "{} inch"), "h": ("{} hours", "{} h", "{} hrs"), "cm": ("{} cm", "{} centimeters"),
    "%": ("{}%", "{} percent"),
}  # fmt: skip
_HOURS = {
    30: "half an hour", 60: "an hour", 90: "an hour and a half", 120: "two hours", 150: "two and a half hours",
    180: "three hours",
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Amount:
    """A number in the facet's unit, and how it is said."""

    value: float
    said: str = field(compare=False)


def amount_said(column: Column, near: float, draw: random.Random, *, plain: bool = False) -> Amount:
    """An amount near that number, in figures (always, if `plain`) or in words, with its unit or without."""
    value = _round(near, draw)
    if plain:
        return Amount(value, _figures(value))
    if column.unit == "min" and draw.random() < 0.4:
        value = float(min(_HOURS, key=lambda minutes: abs(minutes - value)))
        return Amount(value, _HOURS[int(value)])
    number = small_number(int(value), draw) if value.is_integer() and draw.random() < 0.3 else _figures(value)
    forms = _MONEY.get(column.unit or "") or _UNITS.get(column.unit or "") or ("{}",)
    form = draw.choice(forms)
    if column.meaning is Meaning.RATING and not column.unit:
        form = draw.choice(("{}", "{} stars", "{}"))
    if not number[0].isdigit():
        form = next((one for one in forms if one[0] == "{"), "{}")
    return Amount(value, form.format(number))


def small_number(number: int, draw: random.Random) -> str:
    """A whole number, in words where it is small and chance wants it."""
    if 0 <= number <= 12 and draw.random() < 0.6:
        return _SMALL[number]
    if number % 10 == 0 and 20 <= number <= 90 and draw.random() < 0.4:
        return _TENS[number // 10 - 2]
    if number in (100, 1000) and draw.random() < 0.5:
        return {100: "a hundred", 1000: "a thousand"}[number]
    return str(number)


def _round(near: float, draw: random.Random) -> float:
    if near >= 1000:
        return float(round(near, -2)) if draw.random() < 0.7 else float(round(near))
    if near >= 100:
        return float(round(near, -1)) if draw.random() < 0.7 else float(round(near))
    if near >= 20:
        return float(round(near / 5) * 5) if draw.random() < 0.6 else float(round(near))
    return (
        float(round(near * 2) / 2)
        if near < 10 and draw.random() < 0.5 and not near.is_integer()
        else float(round(near))
    )


def _figures(value: float) -> str:
    return f"{value:,.0f}" if value >= 10000 else f"{value:g}"
