"""Days in a message: '2019-03-05', 'March 5', 'the 5th of March 2019', 'March 3 to 6', 'in March'.

Reading a day does not know the catalog; which facet it speaks of, and the year if none was said, is decided in
`grounding`.
"""

import calendar
import re
from dataclasses import dataclass, replace

from shoptalk.agent.quantities import Bound, led

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr, ("",) * 9 + ("sept",))
    for number, name in enumerate(names)
    if name
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>\d{1,2})(?!\d|:\d)(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b",
        rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}{_YEAR}",
        rf"\b(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}",
        rf"\b(?<=in )(?P<day>){_MONTH}{_YEAR}",
    )
)
_TO = re.compile(r"^\s*(?:-|–|to|and|until|till|through)\s*(?:the\s+)?$", re.IGNORECASE)
_TO_DAY = re.compile(rf"^\s*(?:-|–|to|and|until|till|through)\s*(?:the\s+)?{_DAY}(?!\w|\s*(?:am|pm|%))", re.IGNORECASE)
_FROM = re.compile(r"(?:\bbetween|\bfrom)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SaidDay:
    """A day as said: `month` and `day` from 1, `day` 0 for the whole month, `year` None where it was left out.

    `last` is the (month, day) that ends a range; the bound is BETWEEN then.
    """

    month: int
    day: int
    start: int
    end: int
    year: int | None = None
    bound: Bound = Bound.EXACT
    last: tuple[int, int] | None = None


def read_days(message: str) -> list[SaidDay]:
    """All days of the message, left to right, ranges joined; `start` includes the words of the bound."""
    found: list[SaidDay] = []
    for form in _FORMS:
        for match in form.finditer(message):
            if not any(one.start < match.end() and match.start() < one.end for one in found):
                found += _read(message, match)
    return _joined(message, sorted(found, key=lambda said: said.start))


def _read(message: str, match: re.Match[str]) -> list[SaidDay]:
    month = _MONTHS.get(match["month"].lower()) or int(match["month"] if match["month"].isdecimal() else 0)
    day = int(match["day"] or 0)
    if not 1 <= month <= 12 or day > 31 or (match["day"] and not day):
        return []
    start, bound, _ = led(message, match.start())
    return [SaidDay(month, day, start, match.end(), int(match["year"]) if match["year"] else None, bound)]


def _joined(message: str, found: list[SaidDay]) -> list[SaidDay]:
    """'From March 3 to March 6', 'March 3-6'."""
    joined: list[SaidDay] = []
    for said in found:
        last = joined[-1] if joined else None
        if last and last.bound is Bound.EXACT and last.day and said.day and _TO.match(message[last.end : said.start]):
            year, ends = last.year or said.year, (said.month, said.day)
            joined[-1] = replace(last, bound=Bound.BETWEEN, last=ends, end=said.end, year=year)
        else:
            joined.append(said)
    return [_widened(message, said) for said in joined]


def _widened(message: str, said: SaidDay) -> SaidDay:
    if said.bound is Bound.EXACT and said.day and (to := _TO_DAY.match(message[said.end :])):
        last = (said.month, int(to["day"]))
        said = replace(said, bound=Bound.BETWEEN, last=last, end=said.end + to.end())
    lead = _FROM.search(message[: said.start]) if said.bound is Bound.BETWEEN else None
    return replace(said, start=lead.start()) if lead else said
