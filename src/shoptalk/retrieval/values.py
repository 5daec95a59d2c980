"""What a catalog's text values say: numbers with units and money, dates, yes and no."""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time

CURRENCY_SIGNS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "zł": "PLN",
    "kr": "SEK",
}
CURRENCIES = frozenset(
    {
        "USD",
        "EUR",
        "GBP",
        "JPY",
        "INR",
        "RUB",
        "KRW",
        "PLN",
        "SEK",
        "NOK",
        "DKK",
        "CHF",
        "CAD",
        "AUD",
        "NZD",
        "CNY",
        "HKD",
        "SGD",
        "BRL",
        "MXN",
        "ZAR",
        "TRY",
        "CZK",
        "HUF",
        "ILS",
        "THB",
        "AED",
    }
)

# unit as written -> (unit as shown, dimension, size in the dimension's base)
_UNITS: dict[str, tuple[str, str, float]] = {}
for _shown, _dimension, _size, _spellings in (
    ("ms", "time", 1 / 60000, "ms millisecond milliseconds"),
    ("s", "time", 1 / 60, "s sec secs second seconds"),
    ("min", "time", 1.0, "min mins minute minutes min."),
    ("h", "time", 60.0, "h hr hrs hour hours"),
    ("days", "time", 1440.0, "day days"),
    ("mm", "length", 0.1, "mm millimeter millimetre millimeters millimetres"),
    ("cm", "length", 1.0, "cm centimeter centimetre centimeters centimetres"),
    ("m", "length", 100.0, "m meter metre meters metres"),
    ("km", "length", 100000.0, "km kilometer kilometre kilometers kilometres"),
    ("inch", "length", 2.54, 'in inch inches " ″ ” in.'),
    ("ft", "length", 30.48, "ft foot feet"),
    ("miles", "length", 160934.4, "mi mile miles"),
    ("g", "weight", 1.0, "g gr gram grams"),
    ("mg", "weight", 0.001, "mg"),
    ("kg", "weight", 1000.0, "kg kgs kilo kilos kilogram kilograms"),
    ("lb", "weight", 453.59237, "lb lbs pound pounds"),
    ("oz", "weight", 28.349523125, "oz ounce ounces"),
    ("MB", "memory", 1.0, "mb"),
    ("GB", "memory", 1000.0, "gb gig gigs gigabyte gigabytes"),
    ("TB", "memory", 1000000.0, "tb terabyte terabytes"),
    ("ml", "volume", 1.0, "ml milliliter millilitre milliliters millilitres"),
    ("cl", "volume", 10.0, "cl"),
    ("l", "volume", 1000.0, "l liter litre liters litres"),
    ("W", "power", 1.0, "w watt watts"),
    ("kW", "power", 1000.0, "kw"),
    ("hp", "power", 745.69987, "hp bhp horsepower"),
    ("Hz", "frequency", 1.0, "hz"),
    ("kHz", "frequency", 1e3, "khz"),
    ("MHz", "frequency", 1e6, "mhz"),
    ("GHz", "frequency", 1e9, "ghz"),
    ("V", "voltage", 1.0, "v volt volts"),
    ("mAh", "charge", 1.0, "mah"),
    ("MP", "pixels", 1.0, "mp megapixel megapixels"),
    ("dpi", "density", 1.0, "dpi"),
    ("%", "share", 1.0, "% percent pct"),
    ("sq ft", "area", 1.0, "sqft sq.ft. ft²"),
    ("m²", "area", 10.7639, "m² sqm m2"),
):
    for _spelling in _spellings.split():
        _UNITS[_spelling] = (_shown, _dimension, _size)

_SIGN = "|".join(re.escape(sign) for sign in CURRENCY_SIGNS)
_QUANTITY = re.compile(
    rf"(?:(?P<before>(?:[A-Z]{{2}})?(?:{_SIGN})|[A-Z]{{3}}\s)\s*)?"
    r"(?P<number>[-+−]?(?:\d[\d.,'’\u00a0\u202f ]*\d|\d|\.\d+)(?:[eE][-+]?\d+)?)"
    rf"\s*(?P<after>{_SIGN}|[^\d\s][^\d]{{0,14}}|m2)?"
)
_CLOCK = re.compile(
    r"(?:(?P<h>\d+)\s*(?:h|hr|hrs|hours?)\.?\s*)(?:(?P<m>\d+)\s*(?:m|min|mins|minutes?)?\.?)?", re.IGNORECASE
)
_ISO_DURATION = re.compile(r"PT(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:\d+(?:\.\d+)?S)?")
_NOT_FINITE = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_MISSING = frozenset({"", "n/a", "none", "null", "nil", "-", "--", "—", "?", "undefined", "unknown", "tbd", "tba"})
_NONE_LISTED = re.compile(r"\(?no \w+ (?:listed|available|given)\)?", re.IGNORECASE)
_YES = frozenset({"true", "yes", "y", "in stock", "instock", "available", "in_stock"})
_NO = frozenset(
    {"false", "no", "n", "out of stock", "outofstock", "unavailable", "sold out", "soldout", "out_of_stock"}
)
_DATE_LEAD = re.compile(r"\d{4}[-/]\d{1,2}(?:[-/]\d{1,2}(?:[T ].+)?)?$")
_MIDNIGHT = time()
_DATE_FORMS = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d.%m.%Y", "%d-%b-%Y")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written: '1.299,00 €' is 1299 with the currency EUR, '17 in' is 17 with the unit inch."""

    value: float
    unit: str | None = None
    currency: str | None = None


def is_missing(text: str) -> bool:
    """True for what people write where they have no value: '', 'N/A', 'null', '-'."""
    return text == "NA" or text.strip().lower() in _MISSING or _NONE_LISTED.fullmatch(text) is not None


def is_not_finite(text: str) -> bool:
    """True for 'NaN' and 'inf' in any spelling that numbers are written with."""
    return text.strip().lower() in _NOT_FINITE


def parse_quantity(text: str) -> Quantity | None:
    """The number that is all of the text, with its unit or currency; None if the text is anything else."""
    text = text.strip()
    if not text or len(text) > 40 or not any(character.isdigit() for character in text):
        return None
    if (minutes := _clock(text)) is not None:
        return Quantity(minutes, "min")
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    before, after = (match["before"] or "").strip(), (match["after"] or "").strip()
    currency = _currency(before) or _currency(after)
    if before and currency is None:
        return None
    unit = _UNITS.get(after.lower()) if after and _currency(after) is None else None
    if after and unit is None and _currency(after) is None:
        return None
    value = _number(match["number"], european=currency == "EUR")
    return None if value is None or not math.isfinite(value) else Quantity(value, unit[0] if unit else None, currency)


def unit_of(word: str) -> str | None:
    """The unit as shown for a unit as written ('inches' -> 'inch'); None if it is none."""
    found = _UNITS.get(word.lower())
    return found[0] if found else None


def factor(unit: str, to: str) -> float | None:
    """How many of `to` one `unit` is (both as shown, or as written); None if they do not measure the same."""
    one, other = _UNITS.get(unit.lower()), _UNITS.get(to.lower())
    if unit == to:
        return 1.0
    if one is None or other is None or one[1] != other[1]:
        return None
    return one[2] / other[2]


def parse_flag(text: str) -> bool | None:
    """Yes or no, also as shops say it ('in stock', 'sold out', 'https://schema.org/InStock'); None if it is neither."""
    word = text.strip().lower().removeprefix("https://schema.org/").removeprefix("http://schema.org/")
    return True if word in _YES else False if word in _NO else None


def parse_date(text: str) -> str | None:
    """The ISO day (with the time, where there is one) that the text says in full; None if it says none.

    Dates like 3/4/2020 are not read: nobody can tell which number is the month.
    """
    text = text.strip()
    if len(text) > 40 or sum(character.isdigit() for character in text) < 5:
        return None
    if _DATE_LEAD.match(text):
        day, _, clock = text.replace("/", "-").replace(" ", "T", 1).partition("T")
        parts = [int(part) for part in day.split("-")]
        try:
            whole = date(parts[0], parts[1], parts[2] if len(parts) > 2 else 1).isoformat()
            moment = datetime.fromisoformat(f"{whole}T{clock.replace(' ', '')}") if clock else None
            return whole if moment is None or moment.time() == _MIDNIGHT else moment.isoformat()
        except ValueError:
            return None
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return None


def split_values(text: str, separator: str) -> list[str]:
    """The values of a many-valued text: 'a|b', '[ view, bar ]'."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return [value for value in (part.strip().strip("'\"").strip() for part in text.split(separator)) if value]


def _clock(text: str) -> float | None:
    """Minutes of '2h 15m', '1 hr 40 min', 'PT2H15M'."""
    match = _ISO_DURATION.fullmatch(text) or _CLOCK.fullmatch(text)
    if match is None or not (match["h"] or match["m"]):
        return None
    return int(match["h"] or 0) * 60.0 + int(match["m"] or 0)


def _currency(text: str) -> str | None:
    if text.upper() in CURRENCIES:
        return text.upper()
    if len(text) > 1 and text[-1] in CURRENCY_SIGNS and text[:-1].isalpha():  # US$, CA$
        return {"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "HK": "HKD"}.get(text[:-1])
    return CURRENCY_SIGNS.get(text)


def _number(text: str, *, european: bool) -> float | None:
    """The number; of '.' and ',' the last one is the decimal mark, unless it can only separate thousands."""
    text = re.sub(r"(?<=\d)['’\u00a0\u202f ](?=\d{3}(?:\D|$))", "", text).replace("−", "-")
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        thousands = "," if text.rfind(".") > text.rfind(",") else "."
    elif commas:
        thousands = "," if commas > 1 or re.search(r"^[-+]?[1-9]\d{0,2},\d{3}$", text) else ""
    elif dots > 1 or (european and re.search(r"^[-+]?[1-9]\d{0,2}\.\d{3}$", text)):
        thousands = "."
    else:
        thousands = ""
    if thousands and not re.search(rf"^[-+]?\d{{1,3}}(?:{re.escape(thousands)}\d{{2,3}})*(?:[.,]\d+)?$", text):
        return None
    try:
        return float((text.replace(thousands, "") if thousands else text).replace(",", "."))
    except ValueError:
        return None
