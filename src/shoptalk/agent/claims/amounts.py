"""Numbers of a sentence, with unit and bound, held against the numbers of an item's record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shoptalk.agent.claims.pieces import Piece
from shoptalk.agent.claims.records import Record
from shoptalk.agent.claims.vocabulary import CUES, ROLES
from shoptalk.agent.phrasing import label_of
from shoptalk.agent.quantities import Bound
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import DECADES, NUMBER_WORDS, UNITS
from shoptalk.retrieval.schema import Column, Kind, Meaning, Schema
from shoptalk.retrieval.stopwords import STOP_WORDS
from shoptalk.retrieval.values import CURRENCIES as MONEY
from shoptalk.retrieval.values import factor

_LOWER = {
    "over": Bound.MORE, "above": Bound.MORE, "beyond": Bound.MORE, "exceeding": Bound.MORE, "exceeds": Bound.MORE,
    "than": None, "least": Bound.AT_LEAST, "minimum": Bound.AT_LEAST, "after": Bound.MORE, "since": Bound.AT_LEAST,
}  # fmt: skip
_UPPER = {
    "under": Bound.LESS, "below": Bound.LESS, "beneath": Bound.LESS, "most": Bound.AT_MOST, "within": Bound.AT_MOST,
    "maximum": Bound.AT_MOST, "before": Bound.LESS, "until": Bound.AT_MOST, "inside": Bound.AT_MOST,
}  # fmt: skip
_NEAR = frozenset("about around roughly approximately circa approx near".split())
_SHORT_OF = frozenset({"nearly", "almost"})
_THAN = {
    **dict.fromkeys("less fewer cheaper shorter older lighter smaller lower earlier slimmer".split(), Bound.LESS),
    **dict.fromkeys("more longer newer heavier bigger larger higher later greater pricier wider".split(), Bound.MORE),
}  # fmt: skip
_TURNED = {
    Bound.LESS: Bound.AT_LEAST, Bound.MORE: Bound.AT_MOST, Bound.AT_LEAST: Bound.LESS, Bound.AT_MOST: Bound.MORE,
}  # fmt: skip
_AFTER = {"less": Bound.AT_MOST, "under": Bound.AT_MOST, "below": Bound.AT_MOST, "fewer": Bound.AT_MOST,
          "earlier": Bound.AT_MOST, "more": Bound.AT_LEAST, "over": Bound.AT_LEAST, "above": Bound.AT_LEAST,
          "later": Bound.AT_LEAST, "up": Bound.AT_LEAST, "longer": Bound.AT_LEAST,
          "shorter": Bound.AT_MOST}  # fmt: skip
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_MONEY_WORDS = {
    **dict.fromkeys(("dollar", "buck", "usd", "cent"), "USD"), **dict.fromkeys(("euro", "eur"), "EUR"),
    **dict.fromkeys(("pound", "quid", "gbp"), "GBP"), "yen": "JPY", "jpy": "JPY",
}  # fmt: skip
_SPELT = {
    **dict.fromkeys(("kilometre", "kilometer"), "km"), **dict.fromkeys(("kilogram", "kilogramme"), "kg"),
    **dict.fromkeys(("centimetre", "centimeter"), "cm"), **dict.fromkeys(("millimetre", "millimeter"), "mm"),
}  # fmt: skip
_MARKS = {'"': "inch", "”": "inch", "″": "inch", "%": "%"}
_ARTICLES = frozenset({"a", "an"})
_REACH_BACK, _REACH_ON = 4, 4
_TOLD_WHOLE = 2  # more words than these of a number that stand so in the record are its own
_EARLIEST, _LATEST = 1500, 2100
_YEARS_NEAR, _SHARE_NEAR = 2, 0.1
_LABEL_STOP = STOP_WORDS | {"number", "amount", "total", "per", "in"}
_SCORES = frozenset({"rating", "score"})
#: Words with which a year is the year of the item, and none that its text tells of.
_DATING = frozenset("from came out released made is was film dates dated".split())


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as said, at the pieces from `first` up to `last` (past the end). `unit`: as said, or a currency."""

    value: float
    first: int
    last: int
    unit: str | None = None
    bound: Bound = Bound.EXACT
    upper: float | None = None
    decimals: int = 0
    worded: bool = False
    short_of: bool = False
    just: bool = False

    def admits(self, value: float, *, near: float) -> bool:
        """True if the value is what the amount says; `near`: how far 'about' reaches."""
        said, least = self.value, 0.5 * 10**-self.decimals if self.decimals else 1e-6
        match self.bound:
            case Bound.BETWEEN:
                return said <= value <= (self.upper if self.upper is not None else said)
            case Bound.AT_MOST:
                return value <= said
            case Bound.LESS:
                return value < said and not (self.just and value < said - 2 * near)
            case Bound.AT_LEAST:
                return value >= said
            case Bound.MORE:
                return value > said and not (self.just and value > said + 2 * near)
            case Bound.ABOUT:
                return (said - near <= value < said) if self.short_of else abs(value - said) <= near
        return abs(value - said) <= least + 1e-9


def amounts_in(pieces: Sequence[Piece]) -> list[Amount]:
    """The numbers of a sentence, left to right; 'one' only where a unit follows it."""
    found: list[Amount] = []
    at = 0
    while at < len(pieces):
        amount = _amount_at(pieces, at)
        if amount is None:
            at += 1
            continue
        if found and (joined := _joined(pieces, found[-1], amount)):
            found[-1] = joined
        else:
            found.append(_bounded(pieces, amount))
        at = amount.last
    return found


def _amount_at(pieces: Sequence[Piece], at: int) -> Amount | None:
    if (decade := DECADES.get(pieces[at].form)) is not None:
        return Amount(decade, at, at + 1, "year", Bound.BETWEEN, upper=decade + 9, worded=True)
    number = _number_at(pieces, at)
    if number is None:
        return None
    value, last, said = number
    tail = pieces[at].tail
    if tail == "s" and value % 10 == 0:
        first = value + (1900 if value < 100 and value >= 20 else 2000 if value < 20 else 0)
        return Amount(first, at, last, "year", Bound.BETWEEN, upper=first + 9)
    if tail and tail not in UNITS and tail not in ("k", "min"):
        return None
    amount = Amount(value * (1000 if tail == "k" else 1), at, last, decimals=said, worded=pieces[at].value is None)
    amount = replace(amount, unit=tail if tail and tail != "k" else None)
    return _with_unit(pieces, amount)


def _number_at(pieces: Sequence[Piece], at: int) -> tuple[float, int, int] | None:
    """Value, end and decimals of a number in digits or words."""
    piece = pieces[at]
    after = pieces[at + 1].form if at + 1 < len(pieces) else ""
    if piece.value is not None:
        decimals = len(piece.text.split(".")[1].rstrip("abcdefghijklmnopqrstuvwxyz")) if "." in piece.text else 0
        last, value = at + 1, piece.value
        if after in ("thousand", "hundred", "million"):
            value, last = value * {"hundred": 1e2, "thousand": 1e3, "million": 1e6}[after], at + 2
        return value, last, decimals
    if piece.form == "half" and after in _ARTICLES and _is_time(pieces, at + 2):
        return 0.5, at + 2, 0
    if piece.form in _ARTICLES and (after in ("hundred", "thousand", "dozen") or _is_time(pieces, at + 1)):
        if after in ("hundred", "thousand", "dozen"):
            return _worded(pieces, at + 1)
        return 1.0, at + 1, 0
    if piece.form not in NUMBER_WORDS and piece.form != "thousand":
        return None
    if piece.form == "one" and not (
        after in ("hundred", "thousand")
        or (after in UNITS and after != "in")
        or singular(after) in _MONEY_WORDS
        or _is_dashed_unit(pieces, at + 1)
        or _and_half(pieces, at + 1)
    ):
        return None
    return _worded(pieces, at)


def _worded(pieces: Sequence[Piece], at: int) -> tuple[float, int, int]:
    total, part, here = 0.0, 0.0, at
    while here < len(pieces):
        form = pieces[here].form
        if form in ("hundred", "thousand", "dozen"):
            part = (part or 1.0) * {"hundred": 100.0, "thousand": 1000.0, "dozen": 12.0}[form]
            if form == "thousand":
                total, part = total + part, 0.0
        elif form in NUMBER_WORDS and (here == at or part % 100 == 0 or (part % 10 == 0 and NUMBER_WORDS[form] < 10)):
            part += NUMBER_WORDS[form]
        elif (form == "and" or pieces[here].text == "-") and here > at and _goes_on(pieces, here, part):
            pass
        else:
            break
        here += 1
    return total + part, here, 0


def _goes_on(pieces: Sequence[Piece], at: int, part: float) -> bool:
    following = NUMBER_WORDS.get(pieces[at + 1].form) if at + 1 < len(pieces) else None
    if following is None:
        return False
    if pieces[at].text == "-":
        return part % 10 == 0 and part % 100 != 0 and following < 10
    return part >= 100 and part % 100 == 0


def _is_time(pieces: Sequence[Piece], at: int) -> bool:
    return at < len(pieces) and pieces[at].form in ("hour", "minute", "mile", "kilo", "litre", "liter", "inch")


def _is_dashed_unit(pieces: Sequence[Piece], at: int) -> bool:
    return at + 1 < len(pieces) and pieces[at].text in "-‑" and pieces[at + 1].form in UNITS


def _and_half(pieces: Sequence[Piece], at: int) -> bool:
    return [piece.form for piece in pieces[at : at + 3]] == ["and", "a", "half"]


def _with_unit(pieces: Sequence[Piece], amount: Amount) -> Amount:
    """The amount with the sign before it and the unit after it: '1h 42m', 'two and a half hours', '17.3"'."""
    first, last, value, unit = amount.first, amount.last, amount.value, amount.unit
    if first and pieces[first - 1].text in _SIGNS:
        return replace(amount, first=first - 1, unit=_SIGNS[pieces[first - 1].text])
    if _and_half(pieces, last):
        value, last = value + 0.5, last + 3
    if unit is None and last < len(pieces):
        there = last + (pieces[last].text in "-‑" and last + 1 < len(pieces))
        form, mark = pieces[there].form, pieces[there].text
        stem = singular(form)
        form = _SPELT.get(stem, form)
        if stem in _MONEY_WORDS or form in ("usd", "eur", "gbp"):
            unit, last = _MONEY_WORDS.get(stem, form.upper()), there + 1
            value /= 100 if stem == "cent" else 1
        elif mark in _SIGNS and pieces[there].start == pieces[last - 1].start + len(pieces[last - 1].text):
            unit, last = _SIGNS[mark], there + 1
        elif (form in UNITS and form not in ("in", "g", "l", "w", "m", "h")) or (
            form in ("g", "l", "w", "m", "h", "mp") and pieces[first].value is not None
        ):
            unit, last = form, there + 1
        elif mark in _MARKS and there == last:
            unit, last = _MARKS[mark], there + 1
    amount = replace(amount, value=value, last=last, unit=unit)
    if unit and UNITS.get(unit) == "min" and unit[0] == "h":
        return _hours(pieces, replace(amount, value=value * 60, unit="min", decimals=0))
    return amount


def _hours(pieces: Sequence[Piece], amount: Amount) -> Amount:
    """Hours with the minutes that follow them."""
    last = amount.last
    if _and_half(pieces, last):
        return replace(amount, value=amount.value + 30, last=last + 3)
    at = last + (last < len(pieces) and (pieces[last].form == "and" or pieces[last].text == ","))
    number = _number_at(pieces, at) if at < len(pieces) else None
    if number is None or number[0] >= 60:
        return amount
    value, end, _ = number
    if pieces[at].tail in ("m", "min", "mins"):
        return replace(amount, value=amount.value + value, last=end)
    if end < len(pieces) and UNITS.get(pieces[end].form) == "min" and pieces[end].form[0] == "m":
        return replace(amount, value=amount.value + value, last=end + 1)
    return (
        replace(amount, value=amount.value + value, last=end)
        if end == at + 1 and at == last and pieces[at].value is not None and pieces[last - 1].tail == "h"
        else amount
    )


def _bounded(pieces: Sequence[Piece], amount: Amount) -> Amount:
    """The amount with the bound that the words before or after it say."""
    before = [piece.form for piece in pieces[max(0, amount.first - 4) : amount.first]]
    while before and before[-1] in ("the", "a", "an", "of", "year", "$"):
        before.pop()
    lead = before[-1] if before else ""
    bound, size = amount.bound, 0
    if lead == "than" and len(before) > 1:
        bound, size = _THAN.get(before[-2], bound), 2
        negated = len(before) > 2 and before[-3] in ("no", "not", "nor", "isnt", "never")
        if negated and bound in _TURNED:
            bound, size = _TURNED[bound], 3
    elif lead in ("most", "least", "maximum", "minimum") and len(before) > 1 and before[-2] in ("at", "a", "of"):
        bound, size = (_UPPER | _LOWER)[lead] or bound, 2
    elif lead in ("most", "least"):
        size = 0
    elif lead == "to" and len(before) > 1 and before[-2] == "up":
        bound, size = Bound.AT_MOST, 2
    elif lead in _UPPER or _LOWER.get(lead):
        bound, size = (_UPPER.get(lead) or _LOWER[lead] or bound), 1
        if len(before) > 1 and before[-2] in ("not", "never", "isnt"):
            bound, size = _TURNED.get(bound, bound), 2
    elif lead in _NEAR or lead in _SHORT_OF or (lead == "to" and before[-2:-1] == ["close"]):
        bound, size = Bound.ABOUT, 1
    if amount.bound is Bound.BETWEEN:  # 'before the 1980s'
        return _decade_bounded(amount, bound, size)
    if bound is Bound.EXACT:
        bound, amount = _bound_after(pieces, amount)
    just = before[-size - 1 : -size] == ["just"] if size else False
    first = amount.first - size if size else amount.first
    return replace(amount, bound=bound, first=max(0, first), short_of=lead in _SHORT_OF, just=just)


def _bound_after(pieces: Sequence[Piece], amount: Amount) -> tuple[Bound, Amount]:
    after = [piece.form for piece in pieces[amount.last : amount.last + 2]]
    if len(after) == 2 and after[0] in ("or", "and") and after[1] in _AFTER:
        return _AFTER[after[1]], replace(amount, last=amount.last + 2)
    if len(after) == 2 and after[0] == "or" and after[1] == "so":
        return Bound.ABOUT, replace(amount, last=amount.last + 2)
    if amount.last < len(pieces) and pieces[amount.last].text == "+":
        return Bound.AT_LEAST, replace(amount, last=amount.last + 1)
    return Bound.EXACT, amount


def _decade_bounded(amount: Amount, bound: Bound, size: int) -> Amount:
    first, upper = amount.first - size, amount.upper or amount.value
    if bound is Bound.LESS:
        return replace(amount, bound=Bound.LESS, first=first)
    if bound is Bound.MORE:
        return replace(amount, value=upper, bound=Bound.MORE, first=first, upper=None)
    return replace(amount, value=amount.value, bound=Bound.AT_LEAST, first=first) if bound is Bound.AT_LEAST else amount


def _joined(pieces: Sequence[Piece], one: Amount, other: Amount) -> Amount | None:
    """'Between 90 and 120 minutes', '90–120 min', '$20 to $30' are one range."""
    link = [piece.form or piece.text for piece in pieces[one.last : other.first]]
    lead = pieces[one.first - 1].form if one.first else ""
    ranged = link in (["-"], ["–"], ["to"]) or (link == ["and"] and lead == "between")
    if (
        not ranged
        or other.value <= one.value
        or one.bound is not Bound.EXACT
        or (one.unit and other.unit and one.unit != other.unit)
    ):
        return None
    return Amount(one.value, one.first, other.last, other.unit or one.unit, Bound.BETWEEN, upper=other.value)


class Numbers:
    """Holds amounts against records. Knows what the catalog's numbers are called."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._counted = [
            facet
            for facet in schema.facets
            if facet.kind in (Kind.NUMBER, Kind.DATE) and facet.meaning is not Meaning.HIDDEN
        ]
        self._labels = {
            facet.name: frozenset(singular(word) for word in words(label_of(facet)) if word not in _LABEL_STOP)
            for facet in self._counted
        }

    def meant(self, pieces: Sequence[Piece], amount: Amount) -> list[Column] | None:
        """The facets that the words around a number call, those nearest to it; None if no word calls any."""
        steps = sorted(
            [
                *((amount.last + step, 2 * step) for step in range(_REACH_ON)),
                *((amount.first - 1 - step, 2 * step + 1) for step in range(_REACH_BACK)),
            ],
            key=lambda one: one[1],
        )
        blocked_after = blocked_before = False
        for at, _ in steps:
            later = at >= amount.last
            if not 0 <= at < len(pieces) or (blocked_after if later else blocked_before):
                continue
            piece = pieces[at]
            if piece.items is not None and not later and at and pieces[at - 1].form == "of":
                continue  # 'the price of [1] is'
            if piece.text in ",;—–()" or piece.items is not None or piece.form == "and" or piece.value is not None:
                blocked_after, blocked_before = blocked_after or later, blocked_before or not later
                continue
            if piece.is_word and (called := self.called(piece.form, later=later)):
                return called
        return None

    def called(self, form: str, *, later: bool = False) -> list[Column]:
        """The number facets that a word calls."""
        stem = singular(form)
        called = [facet for facet in self._counted if stem in self._labels[facet.name]]
        if later and form in CUES[Meaning.POPULARITY]:
            popular = [facet for facet in called if facet.meaning is not Meaning.RATING]
            return popular or list(self._schema.by_meaning(Meaning.POPULARITY)) or called
        if called:
            return called
        for meaning, cues in CUES.items():
            if form in cues and meaning is not Meaning.POPULARITY and (named := self.of_meaning(meaning)):
                return named
        return []

    def of_meaning(self, meaning: Meaning) -> list[Column]:
        """The facets of a meaning: those that are called so, else those that were detected to mean it."""
        if meaning is Meaning.RATING and (named := [one for one in self._counted if self._is_score(one)]):
            return named
        dates = [facet for facet in self._counted if facet.kind is Kind.DATE] if meaning is Meaning.YEAR else []
        return [*(facet for facet in self._schema.by_meaning(meaning) if facet in self._counted), *dates]

    def _is_score(self, facet: Column) -> bool:
        """True for 'guest rating', which is meant by 'rated' where the stars of a hotel stand beside it."""
        return facet.meaning is not Meaning.POPULARITY and not self._labels[facet.name].isdisjoint(_SCORES)

    def of_unit(self, amount: Amount) -> list[Column]:
        """The facets that are counted in the amount's unit."""
        return [facet for facet in self._counted if amount.unit and _times(amount, facet) is not None]

    def holds(self, pieces: Sequence[Piece], amount: Amount, record: Record, *, earlier: Amount | None = None) -> bool:
        """True if a number of the record is what the amount says of it.

        `earlier`: the number before it, which tells what a bare one counts: '[1] has 120 rooms, [2] just 28'.
        """
        if amount.unit == "year" and record.holds_run((pieces[amount.last - 1].stem,)):
            return True
        around = [piece.stem for piece in pieces[amount.first : amount.last + 1] if piece.is_word]
        if len(around) > _TOLD_WHOLE and record.holds_run(around):
            return True
        called = self.meant(pieces, amount)
        if called is None and amount.unit is None and earlier is not None and not self._bare(pieces, amount, record):
            amount = replace(amount, unit=earlier.unit)
            called = self.meant(pieces, earlier)
        if amount.unit is None and (many := _counted(pieces, amount, record)) is not None:
            return many
        if amount.unit is not None:
            fitting = [(facet, times) for facet in self._counted if (times := _times(amount, facet)) is not None]
            if called and (narrowed := [one for one in fitting if one[0] in called]):
                fitting = narrowed
            if any(_admits(amount, times, facet, record) for facet, times in fitting):
                return True
            has_one = any(record.number(facet) is not None for facet, _ in fitting)
            return (not has_one and self._stands(pieces, amount, record)) or self._stands_whole(pieces, amount, record)
        if called:
            if any(_admits(amount, 1.0, facet, record) for facet in called):
                return True
            return self._stands(pieces, amount, record, near=1)
        return self._bare(pieces, amount, record)

    def _bare(self, pieces: Sequence[Piece], amount: Amount, record: Record) -> bool:
        """A number without unit and without a word that says what it counts."""
        years = self.of_meaning(Meaning.YEAR)
        if (
            amount.value.is_integer()
            and _EARLIEST <= amount.value <= _LATEST
            and any(record.number(facet) is not None for facet in years)
        ):
            if any(_admits(replace(amount, unit="year"), 1.0, facet, record) for facet in years):
                return True
            before = [piece.form for piece in pieces[max(0, amount.first - 3) : amount.first]]
            told = bool(before) and before[-1] in ("in", "of", "since", "until") and not _DATING & set(before)
            return told and self._stands(pieces, amount, record)
        if self._stands(pieces, amount, record):
            return True
        telling = amount.decimals > 0 or amount.value >= 100
        facets = [facet for facet in self._counted if facet.unit not in MONEY and facet.meaning is not Meaning.YEAR]
        return telling and any(_admits(amount, 1.0, facet, record) for facet in facets)

    def _stands(self, pieces: Sequence[Piece], amount: Amount, record: Record, near: int = 3) -> bool:
        """True if the number stands in the record's words beside the word that it stands beside here."""
        if amount.bound is not Bound.EXACT or amount.unit in MONEY:
            return False
        said = f"{amount.value:g}" if amount.value < 1e6 else f"{amount.value:.0f}"
        after = [
            piece.stem
            for piece in pieces[amount.last : amount.last + near]
            if piece.is_word and piece.form not in STOP_WORDS
        ]
        before = [piece.stem for piece in pieces[max(0, amount.first - near) : amount.first] if piece.is_word]
        word = next(
            (
                piece.stem
                for piece in pieces[amount.first : amount.last]
                if piece.is_word and piece.value is None and piece.form not in NUMBER_WORDS
            ),
            "",
        )
        spoken = pieces[amount.first].stem
        for form in dict.fromkeys((said, spoken)):
            runs = (
                [(form, word)] if word else [*((form, one) for one in after[:2]), *((one, form) for one in before[-1:])]
            )
            if any(record.holds_run(run) for run in runs) or (not word and record.holds_near(form, after[:2])):
                return True
        return False

    def _stands_whole(self, pieces: Sequence[Piece], amount: Amount, record: Record) -> bool:
        """'16 GB' as a value of a category."""
        stems = [piece.stem for piece in pieces[amount.first : amount.last] if piece.is_word]
        return len(stems) > 1 and bool(record.facets_holding(stems))


def _counted(pieces: Sequence[Piece], amount: Amount, record: Record) -> bool | None:
    """'In two languages', 'directed by two people': whether the item has as many; None if nothing is counted."""
    after = pieces[amount.last].stem if amount.last < len(pieces) else ""
    before = [piece.form for piece in pieces[max(0, amount.first - 2) : amount.first]]
    beginnings = ROLES.get(before[0], ()) if after == "people" and before[-1:] == ["by"] else ()
    for name, value in record.item.facets.items():
        label = [singular(word) for word in words(label_of(record.schema.facet(name)))]
        if isinstance(value, tuple) and (label == [after] or (beginnings and label[0].startswith(beginnings))):
            return len(value) == amount.value
    return None


def _admits(amount: Amount, times: float, facet: Column, record: Record) -> bool:
    value = record.number(facet)
    if value is None:
        return False
    if facet.kind is Kind.DATE:
        value = value // 10_000
    upper = None if amount.upper is None else amount.upper * times
    amount = replace(amount, value=amount.value * times, upper=upper, decimals=amount.decimals if times == 1.0 else 0)
    near = _YEARS_NEAR if facet.meaning is Meaning.YEAR or facet.kind is Kind.DATE else abs(amount.value) * _SHARE_NEAR
    if times != 1.0 and amount.bound is Bound.EXACT:
        return abs(value - amount.value) <= max(abs(value) * 0.005, 1e-6)
    return amount.admits(value, near=near)


def unit_of(facet: Column) -> str | None:
    """The facet's unit; of one that has none, the unit that its label says: 'km to centre'."""
    return facet.unit or next(
        (word for word in words(label_of(facet)) if word in UNITS and word not in STOP_WORDS), None
    )


def _times(amount: Amount, facet: Column) -> float | None:
    """How many of the facet's unit one of the amount's is; None if it cannot be of this facet."""
    unit = amount.unit or ""
    held = unit_of(facet)
    if unit == "year":
        return 1.0 if facet.meaning is Meaning.YEAR or facet.kind is Kind.DATE else None
    if unit in ("USD", "EUR", "GBP", "JPY"):
        if facet.unit in MONEY:
            return 1.0 if facet.unit == unit else None
        return 1.0 if facet.meaning is Meaning.PRICE and not facet.unit else None
    if held is None:
        if UNITS.get(unit) == "min" and facet.meaning is Meaning.DURATION:
            return factor(unit, "min") or 1.0
        return 1.0 if unit in ("star", "stars") and facet.meaning is Meaning.RATING else None
    if unit in ("star", "stars") and facet.meaning is Meaning.RATING:
        return 1.0
    if facet.unit in MONEY:
        return None
    if (times := factor(unit, held)) is not None:
        return times
    return 1.0 if singular(unit.lower()) == singular(held.lower()) or UNITS.get(unit) == held else None
