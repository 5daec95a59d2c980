"""False sentences, each derived from a true one in one of ten ways, and false for certain by the records."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from shoptalk.agent.explaining import Answer
from shoptalk.eval.claims.answers import Held
from shoptalk.eval.claims.saying import Claim, Statement, arguable, holds, label_names, number, wordings
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Kind, Meaning

__all__ = ["WAYS", "Lie", "falsified"]

_UNITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(?<=\d) (minutes|min)\b", (" hours", " seconds", " days")),
    (r"(?<=\d) (g|grams)\b", (" kg", " pounds")),
    (r"(?<=\d) hours\b", (" minutes", " days")),
    (r"(?<=\d) (km|kilometres)\b", (" miles", " metres")),
    (r"\$(?=\d)", ("€", "£")),
    (r"€(?=\d)", ("$", "£")),
    (r"(?<=\d) dollars\b", (" euros", " cents")),
    (r"(?<=\d) euros\b", (" dollars", " pounds")),
    (r"(?<=\d) a night\b|(?<=\d) per night\b", (" a week", " a month")),
)
_INVENTED_TITLES = {
    "films": ("The Glass Meridian", "Harbour of Crows", "Nine Winters in Oslo"),
    "headphones": ("Orvane Tidal", "Sonrisa X3", "Kestrel Falcon Pro"),
    "hotels": ("Hotel Bellavoir", "The Copper Stag", "Casa Medusa"),
}
_ABOUT_A_PICK = ("number", "value", "yes", "no", "shared", "under", "over", "decade")
_SOLE = ("said", "liked", "model")
_IMPLIED = ("countries", "certificate", "country")  # what other words of a talk may well imply
_EACH = 2


@dataclass(frozen=True)
class Lie:
    """A false sentence, the true one that it comes from, and how it was made."""

    way: str
    sentence: str
    source: str


@dataclass(frozen=True)
class _Desk:
    """What a falsifier works with: the talk, all items of its catalog, and dice."""

    held: Held
    items: Sequence[Item]
    dice: random.Random

    @property
    def answer(self) -> Answer:
        return self.held.answer

    def is_false(self, claim: Claim) -> bool:
        """Whether it is false for certain."""
        return not holds(claim, self.answer) and not arguable(claim, self.answer)

    def drawn(self, claims: Sequence[Claim]) -> Claim | None:
        """One of the claims that do not hold, by lot."""
        false = [one for one in claims if self.is_false(one)]
        return self.dice.choice(false) if false else None


def falsified(held: Held, true: Sequence[Statement], items: Sequence[Item], seed: int) -> Iterator[Lie]:
    """For each way up to two false sentences, each from another true statement of the talk."""
    desk = _Desk(held, items, random.Random(f"lies {seed} {held.key}"))
    for way, make in WAYS.items():
        made = 0
        for statement in desk.dice.sample(list(true), len(true)):
            source, said = statement.text(held.answer), make(desk, statement)
            if said is not None and said != source:
                yield Lie(way, said, source)
                made += 1
            if made == _EACH:
                break


def _with_claim(desk: _Desk, statement: Statement, change: Callable[[Claim], Claim | None]) -> str | None:
    """The statement in words, with the first claim that can be falsified in this way falsified."""
    for place, claim in enumerate(statement.claims):
        if changed := change(claim):
            claims = (*statement.claims[:place], changed, *statement.claims[place + 1 :])
            return replace(statement, claims=claims).text(desk.answer)
    return None


def _wrong_number(desk: _Desk, statement: Statement) -> str | None:
    def change(claim: Claim) -> Claim | None:
        value = claim.value
        if claim.kind == "count" and isinstance(value, float):
            return replace(claim, value=min(6.0, value + desk.dice.randint(1, 2)))
        if not isinstance(value, float) or isinstance(value, bool):
            return None
        if claim.kind in ("under", "over"):
            factor = 0.4 if claim.kind == "under" else 2.5
            return desk.drawn([replace(claim, value=round(value * factor, 0 if value > 5 else 1))])
        if claim.kind in ("decade", "both_decade"):
            return desk.drawn([replace(claim, value=value + step) for step in (-30.0, -20.0, 20.0, -40.0)])
        return desk.drawn([replace(claim, value=one) for one in _other_numbers(claim.facet, value)])

    return _with_claim(desk, statement, change)


def _other_numbers(facet: str, value: float) -> list[float]:
    """Numbers near a number, of its own kind: years by years, hours by hours, tenths by tenths."""
    if facet == "year":
        return [value + step for step in (-7.0, -3.0, -1.0, 2.0, 5.0, 9.0)]
    if facet == "battery_hours":
        return [value + 60 * step for step in (-2, 1, 3, 7, 12) if value + 60 * step > 0]
    if facet in ("guest_rating", "km_to_centre"):
        return [round(value + step, 1) for step in (-0.4, 0.3, 0.6, 1.2)]
    if facet == "stars":
        return [value + step for step in (-1.0, 1.0, 2.0) if value + step > 0]
    steps = (-19.0, -10.0, -6.0, 4.0, 8.0, 13.0, 20.0, 30.0)
    return [value + step for step in steps if (value + step) * value > 0]


def _swapped(desk: _Desk, statement: Statement) -> str | None:
    """What is true of one pick is said of another: all claims of the statement move together."""
    if not all(one.picks and one.kind in _ABOUT_A_PICK for one in statement.claims):
        return None
    others = [place for place in range(1, len(desk.answer.picks) + 1) if place != statement.claims[0].picks[0]]
    for other in desk.dice.sample(others, len(others)):
        moved = tuple(replace(one, picks=(other,)) for one in statement.claims)
        if any(desk.is_false(one) for one in moved):
            return replace(statement, claims=moved).text(desk.answer)
    return None


def _wrong_name(desk: _Desk, statement: Statement) -> str | None:
    def change(claim: Claim) -> Claim | None:
        if not isinstance(claim.value, str) or claim.kind not in ("value", "shared"):
            return None
        near = {one for pick in desk.answer.picks for one in _strings(pick.item, claim.facet)}
        far = {one for item in desk.dice.sample(list(desk.items), 40) for one in _strings(item, claim.facet)}
        item = desk.answer.picks[claim.picks[0] - 1].item
        about = f"{item.title} {item.text} {' '.join(_all_strings(item))}".casefold()
        choices = [one for one in sorted(near | far) if one.casefold() not in about]
        return desk.drawn([replace(claim, value=one) for one in choices])

    return _with_claim(desk, statement, change)


def _strings(item: Item, facet: str) -> list[str]:
    value = item.facets.get(facet)
    return [one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str)]


def _all_strings(item: Item) -> list[str]:
    return [one for facet in item.facets for one in _strings(item, facet)]


def _wrong_comparison(desk: _Desk, statement: Statement) -> str | None:
    flipped = {"more": "less", "less": "more", "most": "least", "least": "most"}

    def change(claim: Claim) -> Claim | None:
        if claim.kind == "gap" and isinstance(claim.value, float):
            return desk.drawn([replace(claim, value=-claim.value)])
        if claim.kind in ("more", "less") and claim.kind in wordings()[desk.held.catalog][claim.facet]:
            return desk.drawn([replace(claim, picks=claim.picks[::-1])])
        if claim.kind not in flipped:
            return None
        others = [replace(claim, picks=(place,)) for place in range(1, len(desk.answer.picks) + 1)]
        return desk.drawn([replace(claim, kind=flipped[claim.kind]), *(others if len(claim.picks) == 1 else [])])

    return _with_claim(desk, statement, change)


def _wrong_polarity(desk: _Desk, statement: Statement) -> str | None:
    """What is there is denied, what is not there affirmed, in the other's words."""
    for place, claim in enumerate(statement.claims):
        turned = {"yes": "no", "no": "yes", "value": "not", "not": "value"}.get(claim.kind, "")
        words = wordings()[desk.held.catalog].get(claim.facet, {}).get(turned, [])
        phrases = [one for one in words if not one.endswith(".")]
        if not phrases or not desk.is_false(replace(claim, kind=turned)):
            continue
        claims = (*statement.claims[:place], replace(claim, kind=turned), *statement.claims[place + 1 :])
        said = (*statement.wordings[:place], desk.dice.choice(phrases), *statement.wordings[place + 1 :])
        whole = statement.wordings[place].endswith(".")
        frame = "{p} {0}." if whole else statement.frame
        return replace(statement, claims=claims, wordings=said, frame=frame).text(desk.answer)
    return None


def _wrong_unit(desk: _Desk, statement: Statement) -> str | None:
    kinds = {one.kind for one in statement.claims}
    if not kinds & {"number", "gap"} or kinds & {"under", "over"}:
        return None
    text = statement.text(desk.answer)
    prices = [one for one in statement.claims if one.kind == "number" and "price" in one.facet]
    if prices and desk.dice.random() < 0.4:
        factor = desk.dice.choice((0.1, 10.0))
        return _with_claim(desk, statement, lambda one: _times(one, factor) if one in prices else None)
    if "hour" in text and "runtime" in {one.facet for one in statement.claims}:
        return None
    for pattern, others in _UNITS:
        if re.search(pattern, text):
            return re.sub(pattern, desk.dice.choice(others), text, count=1)
    return None


def _times(claim: Claim, factor: float) -> Claim:
    assert isinstance(claim.value, float)
    return replace(claim, value=round(claim.value * factor, 2))


def _no_such_pick(desk: _Desk, statement: Statement) -> str | None:
    """A pick that is not there, by number, or a title that was not shown: another item's, or nobody's."""
    if not statement.claims[0].picks or statement.claims[0].kind == "not":
        return None
    text, here = statement.text(desk.answer), statement.claims[0].picks[0]
    numbered = replace(statement, naming=0).text(desk.answer)
    if desk.dice.random() < 0.5:
        return numbered.replace(f"[{here}]", f"[{len(desk.answer.picks) + desk.dice.randint(1, 4)}]")
    known = {pick.item.id for pick in desk.answer.picks} | set(desk.answer.named)
    strangers = [item.title for item in desk.dice.sample(list(desk.items), 20) if item.id not in known]
    strangers = [one for one in strangers if one.casefold() not in text.casefold() and len(one) > 8]
    title = desk.dice.choice([*strangers[:3], *_INVENTED_TITLES[desk.held.catalog]])
    return numbered.replace(f"[{here}]", f"**{title}**")


def _wrong_both(desk: _Desk, statement: Statement) -> str | None:
    """'Both', 'all', 'neither' and 'only' of values or picks of which it is not true."""

    def change(claim: Claim) -> Claim | None:
        if claim.kind not in ("both", "all", "neither", "only"):
            return None
        values = [claim.value, *_values_of(desk, claim)]
        places = range(1, len(desk.answer.picks) + 1)
        many = {"both": 2, "neither": 2, "only": 1}.get(claim.kind, 0)
        return desk.drawn(
            [replace(claim, picks=picks, value=value) for picks in combinations(places, many) for value in values]
        )

    return _with_claim(desk, statement, change)


def _values_of(desk: _Desk, claim: Claim) -> list[str]:
    if not isinstance(claim.value, str):
        return []
    return sorted({one for pick in desk.answer.picks for one in _strings(pick.item, claim.facet)})


def _wrong_person(desk: _Desk, statement: Statement) -> str | None:
    """Something that the person did not say: another wish, another liking."""
    said = desk.held.messages
    heard = " ".join(said).casefold()

    def change(claim: Claim) -> Claim | None:
        if claim.kind not in _SOLE:
            return None
        if claim.kind == "said" and claim.constraint is not None:
            return desk.drawn([Claim("said", constraint=one) for one in _unsaid(desk, heard)])
        known = desk.answer.named
        strangers = [one.title for one in desk.dice.sample(list(desk.items), 12) if one.id not in known]
        return desk.drawn([replace(claim, other=one) for one in strangers if one.casefold() not in heard])

    return _with_claim(desk, statement, change)


def _unsaid(desk: _Desk, heard: str) -> Iterator[Constraint]:
    """Wishes that the talk does not hold and whose words nobody said."""
    for facet in desk.answer.schema.facets:
        held = [value for one in desk.answer.state.constraints if one.facet == facet.name for value in one.values]
        drawn = desk.dice.sample(list(desk.items), 12)
        if facet.kind in (Kind.CATEGORY, Kind.CATEGORIES) and facet.name not in _IMPLIED:
            for name in sorted({one for item in drawn for one in _strings(item, facet.name)}):
                if name not in held and not any(word in heard for word in name.casefold().split()):
                    yield Constraint(facet=facet.name, operator=Operator.IS, value=name)
        elif facet.meaning in (Meaning.PRICE, Meaning.DURATION):
            for item in drawn[:4]:
                value = number(item, facet.name)
                if value is not None and value not in held:
                    yield Constraint(facet=facet.name, operator=Operator.LESS_THAN, value=value)
        elif facet.kind is Kind.FLAG and not held and facet.name.split("_")[0] not in heard:
            yield Constraint(facet=facet.name, operator=Operator.IS, value=True)


def _invented(desk: _Desk, statement: Statement) -> str | None:
    text = statement.text(desk.answer)
    if not statement.claims[0].picks or not text.endswith(".") or statement.claims[0].kind == "gap":
        return None
    tails = wordings()["invented"][desk.held.catalog]
    begins = text.startswith(label_names(desk.answer, statement.claims[0].picks[0], statement.naming))
    return f"{text[:-1]}{desk.dice.choice([one for one in tails if begins or one.startswith(',')])}."


#: Ways of falsifying, by name.
WAYS: dict[str, Callable[[_Desk, Statement], str | None]] = {
    "wrong number": _wrong_number,
    "swapped item": _swapped,
    "wrong name or category": _wrong_name,
    "wrong comparison": _wrong_comparison,
    "wrong polarity": _wrong_polarity,
    "wrong unit or price": _wrong_unit,
    "no such pick": _no_such_pick,
    "wrong both, all or neither": _wrong_both,
    "not said by the person": _wrong_person,
    "invented praise": _invented,
}
