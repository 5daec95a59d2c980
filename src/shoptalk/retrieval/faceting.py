"""The kind, unit and meaning of a facet column; a column whose values no two items share is text instead."""

from collections import Counter
from collections.abc import Mapping

from shoptalk.retrieval import naming
from shoptalk.retrieval.profiling import Profile
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role
from shoptalk.retrieval.values import CURRENCIES, factor

_YEARS = (1000, 2100)
#: In a catalog of so many records values of few words may be shared by fewer items, and tell them apart.
_SMALL, _FEW_WORDS, _SHARED_IN_SMALL = 200, 20, 0.25
_NUMERIC_SHARE, _NAMED_SHARE, _DATE_SHARE = 0.9, 0.6, 0.9
_FLAG_STARTS = frozenset({"is", "has", "can", "in", "allow", "with"})
_FLAG_ENDS = frozenset(
    {"allowed", "included", "available", "stock", "active", "deleted", "hidden", "enabled", "free", "featured"}
)


def facet_of(held: Profile, profiles: Mapping[str, Profile], *, kind: Kind | None = None) -> Column:
    """The column as a facet, of the given kind if one is given; as text where it is no use as a facet."""
    match kind or _kind(held):
        case Kind.NUMBER:
            return number_facet(held, profiles)
        case Kind.FLAG:
            return _facet(held, Kind.FLAG)
        case Kind.DATE:
            return _facet(held, Kind.DATE)
        case Kind.CATEGORIES:
            expected = kind is not None or is_list_named(held)
            separator = None if held.is_list else held.split_by(expected=expected)
            return _facet(held, Kind.CATEGORIES, separator=separator)
        case Kind.CATEGORY:
            return _facet(held, Kind.CATEGORY)
    return Column(name=held.name, role=Role.TEXT)


def number_facet(held: Profile, profiles: Mapping[str, Profile]) -> Column:
    """The column as a number, with its unit, the factor to it, and its meaning."""
    unit = naming.unit_in(held.name) or _most_written(held)
    meaning = naming.meaning_of(held.name, Kind.NUMBER, unit)
    currency = _currency(held, profiles, named=meaning is Meaning.PRICE)
    if meaning is None and currency and any(quantity.currency for quantity, _ in held.quantities):
        meaning = None if naming.stems_of(held.name)[-1:] in {("budget",), ("revenue",), ("gross",)} else Meaning.PRICE
    if meaning is None and _are_years(held) and {"release", "released"} & set(naming.own_stems(held.name)):
        meaning = Meaning.YEAR
    if meaning is Meaning.YEAR and not _are_years(held):
        meaning = None
    scale = 1.0
    if meaning is Meaning.PRICE or currency:
        unit, scale = currency, 0.01 if _is_minor(held, priced=meaning is Meaning.PRICE) else 1.0
    elif meaning is Meaning.DURATION:
        unit, scale = _minutes(held, unit)
    return Column(name=held.name, role=Role.FACET, kind=Kind.NUMBER, meaning=meaning, unit=unit, scale=scale)


def _facet(held: Profile, kind: Kind, *, separator: str | None = None) -> Column:
    meaning = naming.meaning_of(held.name, kind)
    return Column(name=held.name, role=Role.FACET, kind=kind, meaning=meaning, separator=separator)


def _kind(held: Profile) -> Kind | None:
    """The kind that the values have, None where they are no facet."""
    if held.is_flag or _counts_as_flag(held):
        return Kind.FLAG
    numeric = _NAMED_SHARE if naming.meaning_of(held.name, Kind.NUMBER) else _NUMERIC_SHARE
    if not held.is_list and held.number_share >= numeric and not _is_coded(held):
        return Kind.NUMBER
    if not held.is_list and held.date_share >= _DATE_SHARE:
        return Kind.DATE
    named = _is_named(held)
    if held.is_list:
        return Kind.CATEGORIES if named or _repeats(held) else None
    if held.split_by(expected=is_list_named(held) and held.mean_length < 300) is not None:
        return Kind.CATEGORIES
    return Kind.CATEGORY if _repeats(held) or (named and held.mean_length <= 60) else None


def _counts_as_flag(held: Profile) -> bool:
    """Ones and noughts where the name asks a question: 'is_active', 'in_stock', 'pets_allowed'."""
    stems = naming.own_stems(held.name)
    asks = bool(stems) and len(stems) > 1 and (stems[0] in _FLAG_STARTS or stems[-1] in _FLAG_ENDS)
    return asks and {str(value) for value in held.tally} <= {"0", "1", "0.0", "1.0"} and bool(held.tally)


def _is_named(held: Profile) -> bool:
    meaning = naming.meaning_of(held.name, Kind.CATEGORY)
    return meaning is not None and meaning is not Meaning.SIZE


def is_list_named(held: Profile) -> bool:
    """True if the name says that a text may hold several values: genres, tags, people."""
    listed = (Meaning.KEYWORD, Meaning.GENRE, Meaning.PERSON, Meaning.LANGUAGE)
    return naming.meaning_of(held.name, Kind.CATEGORIES) in listed


def _is_coded(held: Profile) -> bool:
    """Numbers that count nothing: '00123', phone numbers."""
    if set(naming.own_stems(held.name)) & naming.CODE:
        return True
    return held.share(lambda text: len(text) > 1 and text.startswith("0") and text.isdigit()) > 0.05


def _repeats(held: Profile) -> bool:
    """True if items share values often enough to be told apart by them; in a short catalog any short word may do."""
    if held.mean_length > 60 or (held.code_share > 0.8 and held.distinctness > 0.5):
        return False
    short = held.mean_length <= 30 and held.code_share < 0.5
    small = held.records < _SMALL and held.mean_length <= _FEW_WORDS and held.shared >= _SHARED_IN_SMALL
    return held.shared >= 0.5 or (short and (held.records < 30 or small))


def _most_written(held: Profile) -> str | None:
    """The unit that most values are written with, if half of them have one."""
    units = Counter[str]()
    for quantity, count in held.quantities:
        if quantity.unit:
            units[quantity.unit] += count
    if not units:
        return None
    unit, count = min(units.items(), key=lambda pair: (-pair[1], pair[0]))
    return unit if units.total() * 2 > sum(count for _, count in held.quantities) else None


def _currency(held: Profile, profiles: Mapping[str, Profile], *, named: bool) -> str | None:
    """The currency that values, name or a column 'currency' of one value say."""
    written = Counter[str]()
    for quantity, count in held.quantities:
        if quantity.currency:
            written[quantity.currency] += count
    if written:
        return min(written.items(), key=lambda pair: (-pair[1], pair[0]))[0]
    if (said := naming.currency_in(held.name)) or not named:
        return said
    for other in profiles.values():
        if "currency" in naming.stems_of(other.name) and len(other.tally) == 1:
            code = str(next(iter(other.tally))).upper()
            return code if code in CURRENCIES else None
    return None


def _are_years(held: Profile) -> bool:
    return held.is_whole and _YEARS[0] <= held.quantile(0.05) and held.quantile(1.0) <= _YEARS[1]


def _is_minor(held: Profile, *, priced: bool) -> bool:
    """Cents: the name says so, or most of many whole prices end in 95 or 99 and the low ones are too high for units."""
    if naming.MINOR & set(naming.words_of(held.name)):
        return True
    counted = sum(count for _, count in held.quantities)
    if not priced or not held.is_whole or counted < 20 or any(one.currency for one, _ in held.quantities):
        return False
    charming = sum(count for one, count in held.quantities if one.value % 100 in (45, 49, 90, 94, 95, 98, 99))
    return charming > 0.5 * counted and held.quantile(0.5) >= 500 and held.quantile(0.05) < 2000


def _minutes(held: Profile, unit: str | None) -> tuple[str | None, float]:
    """Durations in minutes, whatever the source counts; None where it cannot be told."""
    if unit is not None:
        times = factor(unit, "min")
        return ("min", times) if times else (unit, 1.0)
    middle = held.quantile(0.5)
    if middle >= 60000:
        return "min", 1 / 60000
    if middle > 1000:
        return "min", 1 / 60
    return ("min", 1.0) if middle >= 5 else (None, 1.0)
