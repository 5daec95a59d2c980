"""Times of day in a message: '11:30 am', 'half past six in the evening', 'around 5', 'in the morning', 'noon'.

Reading a time does not know the catalog; which facet holds times, and which of its values are meant, is decided in
`grounding`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from shoptalk.agent.quantities import Bound, led
from shoptalk.agent.words import NUMBER_WORDS

_DAY = 24 * 60
#: Parts of the day, in minutes: first and last.
_PARTS = {
    "morning": (300, 719),
    "afternoon": (720, 1019),
    "evening": (1020, 1319),
    "night": (1200, 1439),
}
_HOURS = "|".join(sorted((word for word, value in NUMBER_WORDS.items() if 0 < value <= 12), key=len, reverse=True))
_HOUR = rf"(?P<hour>\d{{1,2}}|{_HOURS})"
_PART = "morning|afternoon|evening|night"
_MERIDIEM = r"(?P<half>[ap])\.?\s?m\b\.?"
_OF_DAY = rf"(?:\s+(?:in\s+the|at|this)\s+(?P<of>{_PART})\b)"
_LOW = (
    r"(?:\b(?:between|from)\s+)?\b(?P<low>\d{1,2})(?P<low_minute>:\d\d)?\s?(?:[ap]\.?m\.?)?"
    r"\s*(?:-|–|\bto\b|\band\b)\s*"
)
_CLOCK = re.compile(
    rf"(?:{_LOW})?(?<![\w.:$€£])(?P<core>"
    rf"(?P<named>noon|midday|midnight)\b"
    r"|(?P<shift>half|quarter|(?:five|ten|twenty|twenty[ -]five|\d{1,2})(?:\s+minutes?)?)\s+"
    rf"(?P<way>past|after|to|till)\s+{_HOUR}\b"
    rf"(?:\s?{_MERIDIEM}|\s?o['’\"]?\s?clock)?{_OF_DAY}?"
    rf"|(?:(?P<before>{_PART})\s+(?:at\s+|around\s+)?)?{_HOUR.replace('hour', 'plain')}"
    rf"(?:(?P<minute>[:.h]\d\d)(?!\d|[.,]\d))?(?:\s?(?P<oclock>o['’\"]?\s?clock))?"
    rf"(?:\s?{_MERIDIEM.replace('half', 'meridiem')})?"
    rf"{_OF_DAY.replace('of', 'part')}?"
    r")(?!\w)",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"\b(?:in\s+the\s+|this\s+)?(?P<edge>early\s+|late\s+)?(?P<part>{_PART})s?\b", re.IGNORECASE)
_GREETED = re.compile(r"\bgood\s+$", re.IGNORECASE)
_BY = re.compile(r"\bby\s+$", re.IGNORECASE)
_UNITED = re.compile(
    r"\s*(?:$|[.,;!?)]|(?:in|on|at|for|and|from|to|or|please|today|tomorrow|tonight|until|till|this|next)\b)",
    re.IGNORECASE,
)
_HELD = re.compile(r"\s*(\d{1,2}):(\d\d)(?::\d\d)?\s*([ap])?\.?m?\.?\s*", re.IGNORECASE)
_MOST, _LEAD = 20, 12


@dataclass(frozen=True, slots=True)
class SaidTime:
    """A time of day in minutes from midnight. `upper` ends a range; the bound is BETWEEN then.

    `other` is the same time in the other half of the day, where the words leave open which is meant.
    """

    minute: int
    start: int
    end: int
    bound: Bound = Bound.EXACT
    upper: int | None = None
    other: int | None = None


def read_times(message: str) -> list[SaidTime]:
    """The first 20 times of day of the message, left to right; `start` includes the words of the bound."""
    found = list(_clocks(message))
    for match in islice(_ALONE.finditer(message), _MOST):
        greets = _GREETED.search(message[max(0, match.start() - _LEAD) : match.start()])
        if not greets and not any(one.start < match.end() and match.start() < one.end for one in found):
            first, last = _PARTS[match["part"].lower()]
            middle, edge = (first + last) // 2, (match["edge"] or "").strip().lower()
            low, high = {"early": (first, middle), "late": (middle, last)}.get(edge, (first, last))
            found.append(SaidTime(low, match.start(), match.end(), Bound.BETWEEN, high))
    return sorted(found, key=lambda said: said.start)[:_MOST]


def minute_of(value: str) -> int | None:
    """Minutes from midnight of a time as catalogs hold it ('17:35', '5:35 PM'); None for anything else."""
    match = _HELD.fullmatch(value)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return _in_half(int(match[1]), match[3]) * 60 + int(match[2])


def _clocks(message: str) -> Iterator[SaidTime]:
    for match in islice(_CLOCK.finditer(message), 4 * _MOST):
        read = _minutes(match)
        if read is None or not _is_time(message, match):
            continue
        minute, other = read
        if match["low"] and (low := _low(match, minute)) is not None:
            yield SaidTime(low, match.start(), match.end(), Bound.BETWEEN, minute)
            continue
        start, bound, _ = led(message, match.start("core"))
        if bound is Bound.EXACT and _BY.search(message[max(0, start - _LEAD) : start]):
            bound = Bound.AT_MOST
        yield SaidTime(minute, start, match.end(), bound, other=other)


def _minutes(match: re.Match[str]) -> tuple[int, int | None] | None:
    """The minute that was said, and its twin twelve hours away where that may be meant too; None for no time at all."""
    if match["named"]:
        return (0 if match["named"].lower() == "midnight" else 720), None
    if match["shift"]:
        shift = _shift(match["shift"])
        hour, half, part, minute = match["hour"], match["half"], match["of"], shift
        if match["way"].lower() in ("to", "till"):
            minute = -shift
    else:
        hour, half, part = match["plain"], match["meridiem"], match["part"] or match["before"]
        minute = int(match["minute"][1:]) if match["minute"] else 0
    number = int(hour) if hour.isdecimal() else NUMBER_WORDS[hour.lower()]
    if number > 23 or abs(minute) > 59:
        return None
    if half or part:
        return (_in_half(number, half or _half_of(number, (part or "").lower())) * 60 + minute) % _DAY, None
    exact = (number * 60 + minute) % _DAY
    twin = (exact + 720) % _DAY
    return exact, None if number > 12 or number == 0 or hour.startswith("0") else twin


def _shift(said: str) -> int:
    plain = re.sub(r"\s+minutes?", "", said.lower())
    if plain.isdecimal():
        return int(plain)
    return {"half": 30, "quarter": 15}.get(plain, sum(NUMBER_WORDS.get(word, 0) for word in re.split(r"[ -]", plain)))


def _is_time(message: str, match: re.Match[str]) -> bool:
    """A bare number is a time only behind 'at' and the like, with nothing behind it that it could count."""
    if match["shift"] and match["way"].lower() != "past" and match["shift"].lower() not in ("half", "quarter"):
        return bool(match["half"] or match["of"] or "minute" in match["shift"])  # '5 to 6' is a range
    if match["named"] or match["shift"] or match["oclock"] or match["meridiem"] or match["part"] or match["before"]:
        return True
    if match["minute"] and match["minute"][0] == ":":
        return True
    at = match.start("plain")
    led_in = re.search(r"\bat\s+(?:around\s+|about\s+)?$", message[max(0, at - 2 * _LEAD) : at], re.IGNORECASE)
    return bool(led_in) and not match["minute"] and bool(_UNITED.match(message, match.end()))


def _low(match: re.Match[str], upper: int) -> int | None:
    """The first of 'between 5 and 7 pm', in the same half of the day where that comes before the second."""
    low = int(match["low"]) * 60 + int((match["low_minute"] or ":0")[1:])
    if low >= _DAY:
        return None
    later = low + 720
    return later if later < upper and low < 720 else low if low < upper else None


def _half_of(hour: int, part: str) -> str:
    if part == "night":
        return "a" if hour == 12 or hour < 5 else "p"
    return "a" if part == "morning" else "p"


def _in_half(hour: int, half: str | None) -> int:
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half.lower() == "p" else 0)
