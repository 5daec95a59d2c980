"""Numbers in a message, with their unit and bound: 'under two hours', '$20-$40', 'the nineties', 'at least 4 stars'.

Reading a number does not know the catalog; which facet it speaks of is decided in `grounding`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice
from math import isfinite

from shoptalk.agent.words import (
    ABOUT,
    AT_LEAST,
    AT_MOST,
    COUNTING_TURNS,
    CURRENCIES,
    DECADES,
    NUMBER_WORDS,
    STRICT,
    UNITS,
)
from shoptalk.retrieval.values import factor

#: Numbers that have a name, and make no longer ones: a hundred dozen is never said.
_NAMED = frozenset({"couple", "dozen", "hundred"})
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?!\d)|\d+(?:\.\d+)?"
#: '30.000 km', '1.200 euros': a point before three digits parts thousands, where hardly anything is told in thousandths.
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_WHOLE_UNITS = (None, "km", "money", "min", "page")
_SPOKEN = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_BELOW_HUNDRED = "|".join(word for word, value in NUMBER_WORDS.items() if 0 < value < 100 and word not in _NAMED)
_TEN, _DIGIT = (
    "|".join(word for word, value in NUMBER_WORDS.items() if value in held and word not in _NAMED)
    for held in (range(20, 100, 10), range(1, 10))
)
_WORDED = (
    rf"(?:(?:(?:an?|{_BELOW_HUNDRED})[\s-]+)?hundred(?:\s+(?:and\s+)?(?:(?:{_TEN})[\s-](?:{_DIGIT})|{_BELOW_HUNDRED})(?!\s+(?:hundred|thousand)))?"
    rf"|(?:{_TEN})[\s-](?:{_DIGIT})|(?:a\s+)?(?:couple|pair)\s+of|(?:a\s+)?couple|(?:an?\s+)?(?:half\s+a\s+)?dozen|{_SPOKEN})(?![a-z])"
)
#: Units that are words of their own too count only where they touch the number: '15in', not 'for 4 in Rome'.
_TOUCHING = ("in",)
_MONEY_BEFORE = r"usd|eur|gbp|us(?=\s?[$])"
_UNIT = "|".join(
    sorted((re.escape(u) for u in (*UNITS, *CURRENCIES) if u.isalpha() and u not in _TOUCHING), key=len, reverse=True)
)
_HALVED = "met(?:re|er)|lit(?:re|er)|kilo|kg|pound|inch|mile|terabyte|tb"
_NUMBER = re.compile(
    rf"(?:(?P<sign>[$€£¥]|\b(?:{_MONEY_BEFORE})\b\s?[$]?)\s?|(?<![\w.]))"
    rf"(?P<number>{_DIGITS}|(?:an?\s+)?half\s+an?(?=\s+(?:hour|{_HALVED})\b)|{_WORDED}(?:\s+and\s+a\s+half)?|an?(?=\s+(?:hour|thousand|grand)\b))"
    rf"(?P<thousand>\s?k\b|\s+(?:thousand|grand)\b)?(?P<half>\s+and\s+a\s+half(?=\s+hour))?"
    rf"(?:[\s-]?(?P<unit>{_UNIT})(?![a-z])|-?(?P<touching>in)\b|\s?(?P<mark>[\"€£$”%]))?(?P<half2>\s+and\s+a\s+half\b)?(?:(?P<compound>\s?(?:and\s+)?)(?P<rest>\d{{1,2}})\s?(?P<resttext>min(?:ute)?s?|m)?\b)?"
    rf"(?P<decade>s\b)?(?P<ish>ish\b)?(?P<plus>\+)?(?!\w)",
    re.IGNORECASE,
)
_HUNDREDTHS = ("cent", "cents")
_NO_QUANTITY = re.compile(
    r"\s?(?:[ap]\.?m\b|o['’\"]?\s?clock\b)|:\d\d|\s+in\s+the\s+(?:morning|afternoon|evening|night)\b", re.IGNORECASE
)
_TURN = re.compile(
    rf"\b(?:{'|'.join(sorted((re.escape(t).replace(chr(92) + ' ', '[ -]') for held in COUNTING_TURNS.values() for t in held), key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_TURNS = {turn: said for said, turns in COUNTING_TURNS.items() for turn in turns}
_DECADE = re.compile(
    rf"(?:(?P<part>early|mid|late)[\s-]+)?(?:(?P<digits>(?:1[89]|20)?\d0)['’]?s|(?P<word>{'|'.join(DECADES)}))\b",
    re.IGNORECASE,
)
_TWO_NUMBERS = re.compile(r"^\s*(?:-|–|to|and|until|till)\s*$", re.IGNORECASE)
_LAST_YEARS = re.compile(
    rf"\b(?:last|past|recent)\s+(?P<number>\d+|{_SPOKEN})\s+(?P<what>years?|decades?)\b", re.IGNORECASE
)
_YEARS_AGO = re.compile(
    rf"\b(?:(?P<number>\d{{1,2}}|{_SPOKEN}|an?)\s+years?\s+(?:ago|back)|(?P<which>last|this)\s+year)\b"
    r"|(?:\b(?:in|from|of)\s+)['’](?P<short>\d\d)\b(?!s)",
    re.IGNORECASE,
)
_YEARS_OLDER = re.compile(
    rf"\b(?P<way>older|newer|younger)\s+than\s+(?P<number>\d{{1,2}}|{_SPOKEN}|an?)\s+years?\b(?!\s+old)", re.IGNORECASE
)
_LAST_DAYS = re.compile(rf"\b(?:last|past)\s+(?:\d{{1,3}}|{_SPOKEN}|few)\s+(?:days|weeks|months)\b", re.IGNORECASE)
#: 'We drank enough Rioja this year' dates what was done; 'what I want is from last year' dates the thing.
_TELLS_OF_ME = re.compile(
    r"\b(?:i|we)(?:['’]?(?:ve|d)|\s+(?:have|had|went|drank|ate|saw|watched|read|played|was|were|bought|got|did|stayed))\b"
    r"[^.;!?]*(?<!\bfrom\s)(?<!\bof\s)(?<!\bin\s)(?<!\breleased\s)(?<!\bmade\s)(?<!\bout\s)$",
    re.IGNORECASE,
)
_AFTER_MOST = re.compile(
    r"^\s*(?:or\s+(?:less|under|below|fewer|shorter|cheaper|older|earlier)|max(?:imum)?\b|at most|tops|and under(?!\s*[$€£\d]))",
    re.IGNORECASE,
)
_AFTER_LEAST = re.compile(
    r"^\s*(?:or\s+(?:more|over|above|longer|newer|better|later|higher|bigger|larger)|and\s+(?:up|above|over)(?!\s*[$€£\d])|min(?:imum)\b|at least|plus\b|\+|onwards?)",
    re.IGNORECASE,
)
_AFTER_ABOUT = re.compile(r"^\s*(?:or so\b|give or take|or thereabouts|approximately\b)", re.IGNORECASE)
_LEAD, _BACK = 24, 64
_CENTURY_TURNS = 30
_TOLD_WHOLE = 1000  # what comes of a conversion is told no finer than people would: 60,000 miles are 96,561 km
_AFTER = 32
_COUNTED_OR = re.compile(r"\s+[^\W\d_]+(?=\s+or\s)")
#: Numbers that are read of one message: more are no wish, and would cost time.
_MOST = 40


class Bound(StrEnum):
    """How a number limits a facet."""

    AT_MOST = "at most"
    LESS = "less than"
    AT_LEAST = "at least"
    MORE = "more than"
    ABOUT = "about"
    EXACT = "is"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as said. `unit` is the unit a facet may hold ('min', 'money', 'year' or None), `value` in that unit.

    `times` is what the number that was said was multiplied by: 1000 in '30k', 0.39 where centimetres are read as inches.
    """

    value: float
    start: int
    end: int
    unit: str | None = None
    bound: Bound = Bound.EXACT
    upper: float | None = None
    cue: str = ""
    times: float = 1.0


def is_number_word(form: str) -> bool:
    """True for '3', '1st', '7pm' and 'seven'."""
    return form[:1].isdigit() or form in NUMBER_WORDS


def read_quantities(message: str) -> list[Quantity]:
    """The first 40 numbers of the message, left to right, ranges joined; `start` includes the words of the bound.

    Times of day ('at 7 pm') and places ('the 7th') are none.
    """
    spans = [*_decades(message), *_last_years(message), *_years_older(message), *_years_ago(message), *_turns(message)]
    days = [match.span() for match in islice(_LAST_DAYS.finditer(message), _MOST)]
    taken = [*((span.start, span.end) for span in spans), *days]
    plain = [found for found in _plain(message) if not any(s < found.end and found.start < e for s, e in taken)]
    return sorted([*_joined(message, plain), *spans], key=lambda quantity: quantity.start)


def _turns(message: str) -> list[Quantity]:
    """Numbers that hide in a turn of speech: 'a direct flight' makes no stops, 'just me' is one person."""
    found = []
    for match in islice(_TURN.finditer(message), _MOST):
        unit, value = _TURNS[re.sub(r"[\s-]+", " ", match.group().lower())]
        found.append(Quantity(value, match.start(), match.end(), unit))
    return found


def _decades(message: str) -> list[Quantity]:
    found = []
    for match in islice(_DECADE.finditer(message), _MOST):
        word, digits = match["word"], match["digits"]
        first = DECADES[word.lower()] if word else int(digits)
        if digits and first < 100:
            first += 2000 if first < 20 else 1900
        low, high = {"early": (0, 3), "mid": (3, 6), "late": (6, 9)}.get((match["part"] or "").lower(), (0, 9))
        start, bound, cue = led(message, match.start())
        if bound in (Bound.AT_MOST, Bound.LESS) and cue in ("before", "pre", "prior to", "earlier than", "older than"):
            found.append(Quantity(first, start, match.end(), "year", Bound.LESS, cue=cue))
        elif bound in (Bound.AT_LEAST, Bound.MORE) and cue in ("after", "since", "post", "later than", "newer than"):
            edge = first if cue == "since" else first + 10
            found.append(Quantity(edge, start, match.end(), "year", Bound.AT_LEAST, cue=cue))
        else:
            found.append(Quantity(first + low, match.start(), match.end(), "year", Bound.BETWEEN, upper=first + high))
    return found


def _last_years(message: str) -> list[Quantity]:
    return [
        Quantity(
            _number(m["number"]) * (10 if m["what"].lower().startswith("d") else 1),
            m.start(),
            m.end(),
            "years back",
            Bound.AT_LEAST,
        )
        for m in islice(_LAST_YEARS.finditer(message), _MOST)
    ]


def _years_older(message: str) -> list[Quantity]:
    """'Older than five years': from before that year."""
    return [
        Quantity(
            _number(m["number"]),
            m.start(),
            m.end(),
            "years ago",
            Bound.LESS if m["way"].lower() == "older" else Bound.MORE,
            cue="older than",
        )
        for m in islice(_YEARS_OLDER.finditer(message), _MOST)
    ]


def _years_ago(message: str) -> list[Quantity]:
    """'Nine years ago', 'last year', and 'from '15'."""
    found = []
    for match in islice(_YEARS_AGO.finditer(message), _MOST):
        if match["short"]:
            short = int(match["short"])
            year = 2000 + short if short < _CENTURY_TURNS else 1900 + short
            found.append(Quantity(year, match.start("short") - 1, match.end(), "year"))
            continue
        if match["which"] and _TELLS_OF_ME.search(message[max(0, match.start() - _BACK) : match.start()]):
            continue
        back = {"last": 1.0, "this": 0.0}[match["which"].lower()] if match["which"] else _number(match["number"])
        start, bound, cue = led(message, match.start())
        found.append(Quantity(back, start, match.end(), "years ago", bound, cue=cue))
    return found


def _plain(message: str) -> list[Quantity]:
    found = []
    for match, value, unit, end in islice(_numbers(message), _MOST):
        start, bound, cue = led(message, match.start())
        following = message[end : end + _AFTER]
        if after := _matched(_AFTER_MOST, following):
            bound, cue = Bound.AT_MOST, cue or _plainly(after)
        elif match["plus"] or (after := _matched(_AFTER_LEAST, following)):
            bound, cue = Bound.AT_LEAST, cue or _plainly(after)
        elif match["ish"] or (after := _matched(_AFTER_ABOUT, following)):
            bound = Bound.ABOUT if bound is Bound.EXACT else bound
        elif bound is Bound.EXACT and (counted := _COUNTED_OR.match(following)):  # '2 bedrooms or more'
            rest = following[counted.end() :]
            bound = Bound.AT_MOST if _matched(_AFTER_MOST, rest) else bound
            bound = Bound.AT_LEAST if _matched(_AFTER_LEAST, rest) else bound
        said = _number(match["number"])
        times = value / said if said else 1.0
        found.append(Quantity(value, start, end + len(after), unit, bound, cue=cue, times=times))
    return found


def _numbers(message: str) -> Iterator[tuple[re.Match[str], float, str | None, int]]:
    """Each number with its value, its unit and its end, from where the next is looked for."""
    end = 0
    while match := _NUMBER.search(message, end):
        value, unit, end = _measured(match)
        if time_of_day := _NO_QUANTITY.match(message, end):
            end = time_of_day.end()
        elif isfinite(value) and message[max(0, match.start() - 1) : match.start()] != ":":
            yield match, value, unit, end


def _measured(match: re.Match[str]) -> tuple[float, str | None, int]:
    """Value in the facet's unit, the unit, and where the number ends."""
    many = (match["thousand"] or "").strip().lower()
    value = _number(match["number"]) * (1000.0 if many else 1.0)
    parted = (
        1.0 if many or not _THOUSANDS.fullmatch(match["number"]) else _number(match["number"].replace(".", "")) / value
    )
    said = (match["unit"] or match["touching"] or match["mark"] or "").lower().replace("”", '"')
    if match["half"] or match["half2"]:
        value += 0.5
    if (match["sign"] or "").strip() or said in CURRENCIES or many == "grand":
        return value * parted / (100.0 if said in _HUNDREDTHS else 1.0), "money", _end_without_rest(match)
    unit = UNITS.get(said)
    value *= parted if unit in _WHOLE_UNITS and (unit or match["number"].endswith("00")) else 1.0
    times = (factor(said, unit) if unit else None) or 1.0
    value = round(value * times) if times != 1.0 and value * times >= _TOLD_WHOLE else value * times
    if unit == "min" and times == 60.0 and match["rest"]:
        return value + float(match["rest"]), unit, match.end()
    return value, unit, _end_without_rest(match)


def _end_without_rest(match: re.Match[str]) -> int:
    return match.start("compound") if match["rest"] else match.end()


def _number(said: str) -> float:
    plain = said.lower().strip()
    if plain[0].isdigit():
        return float(plain.replace(",", "") if plain.count(".") < 2 else plain.replace(".", ""))
    value = 0.0
    said_words = [word for word in re.split(r"[\s-]+", plain) if word not in ("a", "an", "and", "of")]
    for word in said_words:
        if word == "half":
            value += 0.5
        elif word in ("hundred", "dozen"):
            value = (value or 1.0) * NUMBER_WORDS[word]
        else:
            value += NUMBER_WORDS.get(word, 2.0 if word == "pair" else 0.0)
    return value if said_words else 1.0


def led(message: str, start: int) -> tuple[int, Bound, str]:
    """The bound that the words right before `start` express: where they begin, the bound, the cue."""
    before = re.sub(r"[^\w]+", " ", message[max(0, start - _LEAD) : start].lower())
    trimmed = re.sub(r"(?:\b(?:the|a|an|year|of|about)\s+)+$", "", before + " " if not before.endswith(" ") else before)
    for lead in (before.rstrip(), trimmed.rstrip()):
        for cues, loose, strict in ((AT_MOST, Bound.AT_MOST, Bound.LESS), (AT_LEAST, Bound.AT_LEAST, Bound.MORE)):
            cue = max((cue for cue in cues if lead == cue or lead.endswith(" " + cue)), key=len, default="")
            if cue:
                return _begin(message, start, cue), strict if cue in STRICT else loose, cue
        cue = max((cue for cue in ABOUT if lead == cue or lead.endswith(" " + cue)), key=len, default="")
        if cue:
            return _begin(message, start, cue), Bound.ABOUT, cue
    return start, Bound.EXACT, ""


def _begin(message: str, start: int, cue: str) -> int:
    first = max(0, start - _BACK)
    found = _cue_pattern(cue).search(message[first:start])
    return first + found.start() if found else start


@cache
def _cue_pattern(cue: str) -> re.Pattern[str]:
    words = r"\W{1,3}".join(map(re.escape, cue.split()))
    return re.compile(rf"\b{words}\W{{0,3}}(?:\w+\W{{1,3}}){{0,2}}$", re.IGNORECASE)


def _matched(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found.group() if found else ""


def _plainly(words: str) -> str:
    return " ".join(words.lower().split())


def _joined(message: str, found: list[Quantity]) -> list[Quantity]:
    """Pairs that stand as 'between A and B', 'A to B' or 'A-B' become one BETWEEN."""
    joined: list[Quantity] = []
    for quantity in found:
        last = joined[-1] if joined else None
        if (
            last
            and last.bound is Bound.EXACT
            and _TWO_NUMBERS.match(message[last.end : quantity.start])
            and quantity.value > (low := _like(last, quantity))
        ):
            first = max(0, last.start - _LEAD)
            lead = re.search(r"(?:\bbetween|\bfrom)\s*$", message[first : last.start], re.IGNORECASE)
            said_and = "and" in message[last.end : quantity.start].lower()
            if lead or not said_and:
                start = first + lead.start() if lead else last.start
                unit = quantity.unit or last.unit
                joined[-1] = Quantity(low, start, quantity.end, unit, Bound.BETWEEN, upper=quantity.value)
                continue
        joined.append(quantity)
    return joined


def _like(first: Quantity, other: Quantity) -> float:
    """The first number of '1-2 hours', '100 to 200 cm' and '20 to 30k' as the second is counted."""
    if first.unit or first.times != 1.0:
        return first.value
    if other.unit == "min":
        return first.value * 60.0 if other.value >= 60.0 and first.value <= 10 else first.value
    same = first.value * other.times
    return same if same < other.value else first.value
