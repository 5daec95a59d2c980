"""Days in a message: '2019-03-05', 'the 5th of March', 'March 3 to 6', 'in March', 'tomorrow', 'Friday next week'.

Reading a day does not know the catalog. `meant` turns what was said into days of the calendar, given the days that a
facet holds and the day from which 'tomorrow' is counted; which facet it speaks of is decided in `grounding`.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date, timedelta
from itertools import islice

from shoptalk.agent.quantities import Bound, led
from shoptalk.agent.words import NUMBER_WORDS

#: Places in a row, as days of the month are said: 'the twenty-first of May'.
_PLACES = {
    word: place
    for place, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split(),
        start=1,
    )
}
_PLACES |= {f"twenty {word}": 20 + place for word, place in tuple(_PLACES.items())[:9]}
_PLACES |= {"thirtieth": 30, "thirty first": 31}
_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, ("",) * 9 + ("sept",))
    for number, name in enumerate(names)
    if name
}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_WEEKDAYS |= {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_PLACED = "|".join(sorted(_PLACES, key=len, reverse=True)).replace(" ", "[ -]")
_DAY = r"(?P<day>\d{1,2})(?!\d|:\d)(?:st|nd|rd|th)?"
_SAID_DAY = rf"(?:{_DAY}|(?P<placed>{_PLACED})\b)"
_YEAR = r"(?:,?\s{1,3}(?P<year>(?:19|20)\d\d)\b)?"
_OF_MONTH = r"(?P<of>\s+(?:of\s+)?(?P<which>this|the|next|current)\s+month)"
_DATED = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b",
        rf"\b{_MONTH}\s+(?:the\s+)?{_SAID_DAY}{_YEAR}",
        rf"\b(?:the\s+)?{_SAID_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}",
        rf"\b(?:(?<=in )|(?<=since )|(?<=after )|(?<=before )|(?<=until )|(?<=from ))(?P<day>){_MONTH}{_YEAR}",
    )
)
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))}|an?)"
_NAMED_DAY = "|".join(calendar.day_name)
_SHORT_DAY = "mon|tue|tues|wed|thu|thurs|thur|fri|sat|sun"
_RELATIVE = re.compile(
    r"\b(?:"
    r"(?P<far>(?:the\s+)?day\s+after\s+tomorrow)|(?P<near>later\s+today|today|tonight|tomorrow|yesterday)"
    rf"|(?:in|after)\s+{_COUNT}\s+(?P<in_unit>days?|weeks?)(?:['’]?\s+time)?"
    rf"|{_COUNT.replace('count', 'ahead')}\s+(?P<ahead_unit>days?|weeks?)\s+from\s+(?:now|today)"
    rf"|(?:last|past)\s+(?P<back>{_COUNT.removeprefix('(?P<count>').removesuffix(')')}|few)\s+"
    r"(?P<back_unit>days|weeks|months)"
    r"|(?:(?P<which_end>this|the|next|coming)\s+)?(?:coming\s+)?(?P<end>weekend)"
    r"|(?P<which_span>this|next|last)\s+(?P<span>week|month)"
    rf"|(?:(?P<lead>this|next|coming|upcoming)\s+)?(?:coming\s+)?(?P<weekday>{_NAMED_DAY})(?:,?\s+(?P<week>this|next)\s+week)?"
    rf"|(?P<short_lead>this|next|on|coming)\s+(?P<short>{_SHORT_DAY})(?:\s+(?P<short_week>this|next)\s+week)?"
    r")\b",
    re.IGNORECASE,
)
_BARE_DAY = re.compile(
    r"(?P<lead>\b(?:on|from|until|till|til|through|by|for|to|after|before|since|starting|around|is|be)\s+|^\s*)?"
    rf"(?P<at>\b(?P<the>the\s+)?(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)|(?P<placed>{_PLACED}))\b){_OF_MONTH}?"
    r"(?!\s+(?:century|one|street|st|avenue|ave|floor|edition|season|place|time|class|option|birthday|grade|gen)\b)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s*(?:$|[.,;!?]|(?:and|at|around|till|until|to|in|from)\b)", re.IGNORECASE)
_TO = re.compile(r"^\s*,?\s*(?:-|–|to|and|until|till|til|through|thru)\s*(?:the\s+)?$", re.IGNORECASE)
_TO_DAY = re.compile(rf"^\s*(?:-|–|to|and|until|till|through)\s*(?:the\s+)?{_DAY}(?!\w|\s*(?:am|pm|%))", re.IGNORECASE)
_FROM = re.compile(r"(?:\bbetween|\bfrom)\s*$", re.IGNORECASE)
_NEAR = {"later today": 0, "today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_MOST, _LEAD = 20, 12
_TIMETABLE = 92
_FEW = 3
_STILL_KEPT = 31  # days: a list whose last entry is younger is still being written


@dataclass(frozen=True, slots=True)
class FromToday:
    """A day told from today. `weeks`: None for the next one that comes, 0 in this week, 1 in the next.

    `days` counts on from today; `weekday` is 0 for Monday, 7 for the weekend, 8 for the whole week; `month_day` is a
    day of this month (`weeks` 0), of the next (1) or of whichever comes (None), and 0 is the month itself.
    """

    days: int | None = None
    weekday: int | None = None
    weeks: int | None = None
    month_day: int | None = None


@dataclass(frozen=True, slots=True)
class SaidDay:
    """A day as said: `month` and `day` from 1, `day` 0 for the whole month, `year` None where it was left out.

    `told` says it from today instead, `month` is 0 then. `last` ends a range; the bound is BETWEEN then.
    """

    month: int
    day: int
    start: int
    end: int
    year: int | None = None
    bound: Bound = Bound.EXACT
    last: "SaidDay | None" = None
    told: FromToday | None = None
    cue: str = ""


def read_days(message: str) -> list[SaidDay]:
    """The first 20 days of the message, left to right, ranges joined; `start` includes the words of the bound."""
    found: list[SaidDay] = []
    for said in _all(message):
        if not any(one.start < said.end and said.start < one.end for one in found):
            found.append(said)
    return _joined(message, sorted(found, key=lambda said: said.start)[:_MOST])


def first_today(low: date, high: date, today: date) -> date:
    """The day from which 'tomorrow' is counted for a facet that holds days from `low` to `high`.

    It is today, unless all that the facet holds is past: then the first day of a timetable of at most three months, and
    the last day of anything longer, so that an old catalog answers as it did when it was new.
    """
    if today <= high + timedelta(days=_STILL_KEPT):
        return today
    return low if (high - low).days <= _TIMETABLE else high


def meant(said: SaidDay, low: date, high: date, today: date) -> tuple[date, date] | None:
    """The first and last day that is meant, or None for a day that no calendar has.

    A year that was not said is the latest in which the facet, which holds days from `low` to `high`, has that day.
    """
    try:
        if said.told is not None:
            first, last = _told(said.told, low, high, first_today(low, high, today))
        else:
            first, last = _dated(said, low, high)
        if said.last is not None:
            end = said.last if said.last.year or said.last.told else replace(said.last, year=first.year)
            ends = meant(end, low, high, today)
            if ends is None or ends[1] < first:
                return None
            last = ends[1]
    except (ValueError, OverflowError):
        return None
    return first, last


def _all(message: str) -> Iterator[SaidDay]:
    for form in _DATED:
        for match in islice(form.finditer(message), _MOST):
            yield from _read(message, match)
    for match in islice(_BARE_DAY.finditer(message), _MOST):
        day = _placed(match["placed"]) if match["placed"] else int(match["day"])
        if 1 <= day <= 31 and _is_bare_day(message, match):
            weeks = (1 if match["which"].lower() == "next" else 0) if match["of"] else None
            yield _from_today(message, match, FromToday(month_day=day, weeks=weeks), match.start("at"))
    for match in islice(_RELATIVE.finditer(message), _MOST):
        yield _from_today(message, match, _offset(match), match.start())


def _read(message: str, match: re.Match[str]) -> list[SaidDay]:
    month = _MONTHS.get(match["month"].lower()) or int(match["month"] if match["month"].isdecimal() else 0)
    placed = match.groupdict().get("placed")
    day = _placed(placed) if placed else int(match["day"] or 0)
    if not 1 <= month <= 12 or day > 31 or (match["day"] and not day):
        return []
    start, bound, cue = led(message, match.start())
    year = int(match["year"]) if match["year"] else None
    return [SaidDay(month, day, start, match.end(), year, bound, cue=cue)]


def _is_bare_day(message: str, match: re.Match[str]) -> bool:
    """'The 5th of this month', 'on the 5th', 'the 5th' with nothing behind it; 'the fifth' alone is any fifth thing."""
    if match["of"]:
        return True
    return bool(match["day"]) and (
        match["lead"] is not None or bool(match["the"] and _ENDS.match(message, match.end()))
    )


def _placed(said: str) -> int:
    return _PLACES[re.sub(r"[\s-]", " ", said.lower())]


def _from_today(message: str, match: re.Match[str], told: FromToday, at: int) -> SaidDay:
    start, bound, cue = led(message, at)
    if "back" in match.groupdict() and match["back"]:  # 'in the last two weeks' is all of them
        bound = Bound.AT_LEAST
    return SaidDay(0, 0, start, match.end(), None, bound, told=told, cue=cue)


def _offset(match: re.Match[str]) -> FromToday:
    held = {name: text.lower() for name, text in match.groupdict().items() if text}
    if "far" in held:
        return FromToday(days=2)
    if "near" in held:
        return FromToday(days=_NEAR[" ".join(held["near"].split())])
    for count, unit in (("count", "in_unit"), ("ahead", "ahead_unit")):
        if count in held and unit in held:
            number = int(held[count]) if held[count].isdecimal() else NUMBER_WORDS.get(held[count], 1)
            return FromToday(days=int(number) * (7 if held[unit].startswith("w") else 1))
    if "back" in held:
        many = int(held["back"]) if held["back"].isdecimal() else NUMBER_WORDS.get(held["back"], _FEW)
        return FromToday(days=-int(many) * {"d": 1, "w": 7, "m": 30}[held["back_unit"][0]])
    if "end" in held:
        return FromToday(weekday=7, weeks=1 if held.get("which_end") == "next" else None)
    if "span" in held:
        weeks = {"next": 1, "last": -1}.get(held["which_span"], 0)
        return FromToday(weekday=8, weeks=weeks) if held["span"] == "week" else FromToday(month_day=0, weeks=weeks)
    lead, week = held.get("lead") or held.get("short_lead"), held.get("week") or held.get("short_week")
    weekday = _WEEKDAYS[held.get("weekday") or held["short"]]
    if week:
        return FromToday(weekday=weekday, weeks=int(week == "next"))
    return FromToday(weekday=weekday, days=1 if lead == "next" else None)


def _told(told: FromToday, low: date, high: date, today: date) -> tuple[date, date]:
    monday = today - timedelta(days=today.weekday())
    if told.month_day is not None:
        return _of_month(told, low, high, today)
    if told.weekday is None:
        day = today + timedelta(days=told.days or 0)
        return day, day
    if told.weekday == 8:
        first = monday + timedelta(weeks=told.weeks or 0)
        return (first if high <= today else max(first, today)), first + timedelta(days=6)
    if told.weekday == 7:
        saturday = monday + timedelta(days=5, weeks=told.weeks or 0)
        return max(saturday, today), saturday + timedelta(days=1)
    if told.weeks is not None:
        day = monday + timedelta(days=told.weekday, weeks=told.weeks)
    else:  # 'next Thursday' is none of this week, 'Thursday' the one that comes
        this = monday + timedelta(days=told.weekday)
        day = this + timedelta(weeks=1) if told.days or this < today else this
    return day, day


def _of_month(told: FromToday, low: date, high: date, today: date) -> tuple[date, date]:
    month = today.year * 12 + today.month - 1 + (told.weeks or 0)
    if told.month_day == 0:
        first, last = _month(month)
        return (max(first, today) if not told.weeks and high > today else first), last
    days = [_month(month + ahead)[0].replace(day=told.month_day or 1) for ahead in _months_with(told, month)]
    coming = [day for day in days if day >= today] or days
    return (coming[0], coming[0]) if coming[0] <= high or told.weeks is not None else (days[0], days[0])


def _months_with(told: FromToday, month: int) -> list[int]:
    """How far ahead the months are that have such a day; only the month itself where it was named."""
    ahead = [0] if told.weeks is not None else [0, 1, 2]
    return [one for one in ahead if _month(month + one)[1].day >= (told.month_day or 1)] or ahead[:1]


def _month(count: int) -> tuple[date, date]:
    """First and last day of a month, counted from the year 0."""
    year, month = divmod(count, 12)
    return date(year, month + 1, 1), date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _dated(said: SaidDay, low: date, high: date) -> tuple[date, date]:
    years = [said.year] if said.year else range(high.year, low.year - 1, -1)
    spans = [span for year in years if (span := _in_year(said, year))]
    if not spans:
        raise ValueError("no such day")
    return next((span for span in spans if span[0] <= high and span[1] >= low), spans[0])


def _in_year(said: SaidDay, year: int) -> tuple[date, date] | None:
    """None for a day that no calendar has."""
    if not MINYEAR <= year <= MAXYEAR:
        return None
    last = calendar.monthrange(year, said.month)[1]
    if said.day > last:
        return None
    return date(year, said.month, said.day or 1), date(year, said.month, said.day or last)


def _joined(message: str, found: list[SaidDay]) -> list[SaidDay]:
    """'From March 3 to March 6', 'March 3-6', 'the 3rd till Friday'."""
    joined: list[SaidDay] = []
    for said in found:
        last = joined[-1] if joined else None
        if last and _is_day(last) and _is_day(said) and _TO.match(message[last.end : said.end][: _between(last, said)]):
            year = last.year or said.year
            ends = replace(said, year=said.year or year, bound=Bound.EXACT)
            joined[-1] = replace(last, bound=Bound.BETWEEN, last=ends, end=said.end, year=year)
        else:
            joined.append(said)
    return [_widened(message, said) for said in joined]


def _between(last: SaidDay, said: SaidDay) -> int:
    """Characters between two days, the words of the second one's bound included."""
    return max(0, said.start - last.end) + (len(said.cue) + 1 if said.cue else 0)


def _is_day(said: SaidDay) -> bool:
    if said.last is not None or (said.told is None and not said.day):
        return False
    return said.bound in (Bound.EXACT, Bound.AT_MOST)


def _widened(message: str, said: SaidDay) -> SaidDay:
    following = message[said.end : said.end + 2 * _LEAD]
    if said.bound is Bound.EXACT and said.day and said.last is None and (to := _TO_DAY.match(following)):
        last = replace(said, day=int(to["day"]))
        said = replace(said, bound=Bound.BETWEEN, last=last, end=said.end + to.end())
    first = max(0, said.start - _LEAD)
    lead = _FROM.search(message[first : said.start]) if said.bound is Bound.BETWEEN else None
    return replace(said, start=first + lead.start()) if lead else said
