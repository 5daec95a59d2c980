"""Claims about an answer's picks: what they say in words, and whether they hold in the records.

A claim is a value; its sentence is written from a wording in wordings.toml, so that one falsified claim is written in
the very words of the true one it comes from.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from shoptalk.agent.explaining import Answer
from shoptalk.agent.phrasing import constraint_in_words
from shoptalk.retrieval.catalog import FacetValue, Item
from shoptalk.retrieval.query import Constraint

__all__ = ["Claim", "Statement", "arguable", "holds", "label_names", "wordings"]

_MANY = ("none", "one", "two", "three", "four", "five", "six")
_ARTICLED = ("United States", "United Kingdom", "Soviet Union", "Netherlands", "Czech Republic")
_UNCOUNTED = ("parking", "bicycles", "laundry")
_EPSILON = 1e-6


@dataclass(frozen=True)
class Claim:
    """One thing said: its `kind`, the picks it is about (from 1), the facet, and what is said of it.

    Kinds with a `value`: number, under, over, decade (numbers in the facet's unit); value, not (of a category); yes and
    no (of a flag); all, both, neither, only (a category's value, or True of a flag); both_decade; gap (a difference in
    the facet's unit, the first pick having more if positive); shared (with the item `other`). more, less, most, least
    compare numbers. said (a constraint), liked and model (the item `other`), count and plain are about the talk.
    """

    kind: str
    picks: tuple[int, ...] = ()
    facet: str = ""
    value: FacetValue | None = None
    other: str = ""
    constraint: Constraint | None = None


@dataclass(frozen=True)
class Statement:
    """Claims with the wordings that say them: one sentence. `names` are how its picks are called, by their number."""

    catalog: str
    claims: tuple[Claim, ...]
    wordings: tuple[str, ...]
    frame: str = "{0}"
    naming: int = 0

    def text(self, answer: Answer) -> str:
        """The sentence."""
        fields = [_fields(self.catalog, claim, answer, self.naming) for claim in self.claims]
        said = [wording.format(**held) for wording, held in zip(self.wordings, fields, strict=True)]
        sentence = self.frame.format(*said, p=fields[0].get("p", ""))
        return sentence if sentence[0] == "[" else sentence[0].upper() + sentence[1:]


@cache
def wordings() -> dict[str, Any]:
    """wordings.toml, read."""
    return tomllib.loads(files(__package__).joinpath("wordings.toml").read_text(encoding="utf-8"))


def label_names(answer: Answer, pick: int, naming: int) -> str:
    """How a pick is called: '[1]', '**Alien**', '[1] **Alien**' or 'Alien'; a number that no pick has is just that."""
    if pick > len(answer.picks):
        return f"[{pick}]"
    title = answer.picks[pick - 1].item.title
    return (f"[{pick}]", f"**{title}**", f"[{pick}]", f"[{pick}] **{title}**", title)[naming % 5]


def holds(claim: Claim, answer: Answer) -> bool:
    """Whether the records, or the talk, say the same."""
    items = [answer.picks[place - 1].item for place in claim.picks if place <= len(answer.picks)]
    if len(items) < len(claim.picks):
        return False
    match claim.kind:
        case "plain":
            return True
        case "count":
            return claim.value == len(answer.picks)
        case "said":
            held = claim.constraint
            return held is not None and any(held.same_as(one) for one in answer.state.constraints)
        case "liked":
            return claim.other in answer.state.liked
        case "model":
            return claim.other in answer.state.similar
        case "more" | "less" | "most" | "least" | "gap":
            return _compares(claim, answer, items)
        case "both" | "all" | "neither" | "only" | "both_decade":
            return _counts(claim, answer, items)
        case "shared":
            named = answer.named.get(claim.other)
            return named is not None and has(items[0], claim) and has(named, claim)
    return has(items[0], claim)


def arguable(claim: Claim, answer: Answer) -> bool:
    """Whether a text speaks of a value that the same item's facets do not have: neither true nor false for certain."""
    if not isinstance(claim.value, str):
        return False
    word = claim.value.casefold()
    shown = [pick.item for pick in answer.picks]
    concerned = [shown[place - 1] for place in claim.picks if place <= len(shown)]
    for item in shown if claim.kind in ("all", "only") else concerned:
        if word in f"{item.title} {item.text}".casefold() and not _holds_value(
            item.facets.get(claim.facet), claim.value
        ):
            return True
    return False


def has(item: Item, claim: Claim) -> bool:
    """Whether one item is as the claim says of it."""
    held, said = item.facets.get(claim.facet), claim.value
    match claim.kind:
        case "number" | "under" | "over" | "decade" | "both_decade":
            return _measures(claim.kind, held, said)
        case "no":
            return held is False
        case "not":
            return not _holds_value(held, said)
    return _holds_value(held, True if claim.kind == "yes" else said)


def _holds_value(held: FacetValue | None, said: FacetValue | None) -> bool:
    return said in held if isinstance(held, tuple) else held == said


def _measures(kind: str, held: FacetValue | None, said: FacetValue | None) -> bool:
    if not isinstance(held, float) or not isinstance(said, float):
        return False
    match kind:
        case "number":
            return abs(held - said) < _EPSILON
        case "under":
            return held < said
        case "over":
            return held > said
    return int(held) // 10 == int(said) // 10


def _compares(claim: Claim, answer: Answer, items: Sequence[Item]) -> bool:
    alone = claim.kind in ("most", "least")
    others = [pick.item for pick in answer.picks if pick.item.id != items[0].id] if alone else items[1:]
    mine, theirs = number(items[0], claim.facet), [number(one, claim.facet) for one in others]
    known = [one for one in theirs if one is not None]
    if mine is None or not known or len(known) < len(theirs):
        return False
    match claim.kind:
        case "more" | "most":
            return all(mine > one for one in known)
        case "less" | "least":
            return all(mine < one for one in known)
    return isinstance(claim.value, float) and abs(mine - known[0] - claim.value) < _EPSILON


def _counts(claim: Claim, answer: Answer, items: Sequence[Item]) -> bool:
    shown = [pick.item for pick in answer.picks]
    match claim.kind:
        case "all":
            return all(has(one, claim) for one in shown)
        case "neither":
            return not any(has(one, claim) for one in items)
        case "only":
            return [one.id for one in shown if has(one, claim)] == [items[0].id]
    return all(has(one, claim) for one in items)


def number(item: Item, facet: str) -> float | None:
    """The item's number, in the facet's unit; None if it is not known."""
    held = item.facets.get(facet)
    return held if isinstance(held, float) else None


def _fields(catalog: str, claim: Claim, answer: Answer, naming: int) -> dict[str, str]:
    names = [label_names(answer, pick, naming) for pick in claim.picks]
    fields = dict(zip("pq", names, strict=False))
    told_count = claim.value if claim.kind == "count" else None
    fields["many"] = _MANY[int(told_count) if isinstance(told_count, float) else len(answer.picks)]
    if claim.other:
        fields["named"] = f"**{answer.named[claim.other].title if claim.other in answer.named else claim.other}**"
    if claim.constraint is not None:
        fields["c"] = constraint_in_words(answer.schema, claim.constraint)
    told = wordings().get(catalog, {}).get(claim.facet, {})
    return fields | _comparing(claim, told) | _valued(claim, told)


def _comparing(claim: Claim, told: dict[str, Any]) -> dict[str, str]:
    up, down, highest, lowest = told.get("words", ("", "", "", ""))
    falls = claim.kind in ("less", "least") or (
        claim.kind == "gap" and isinstance(claim.value, float) and claim.value < 0
    )
    return {"comp": down, "anti": up, "sup": lowest} if falls else {"comp": up, "anti": down, "sup": highest}


def _valued(claim: Claim, told: dict[str, Any]) -> dict[str, str]:
    value = claim.value
    if isinstance(value, float) and not isinstance(value, bool):
        spoken = abs(value) / told.get("scale", 1)
        plain = f"{spoken:.0f}" if claim.facet == "year" else f"{spoken:,.2f}".rstrip("0").rstrip(".")
        if claim.kind in ("decade", "both_decade"):
            plain = f"{int(value) // 10 * 10}"
        unit = told.get("unit", "")
        with_unit = f"{unit}{plain}" if unit in ("$", "€") else f"{plain} {unit}"
        return {"n": plain, "d": _one(with_unit), "hm": _hours(value)}
    if isinstance(value, str):
        low = value if value[:1].isupper() and claim.facet not in ("genres",) else value.lower()
        article = _article(low)
        the = f"the {value}" if value in _ARTICLED else value
        some = low if value in _UNCOUNTED else f"{article} {low}"
        return {
            "v": value,
            "some": some,
            "low": low,
            "a_low": f"{article} {low}",
            "a_v": f"{_article(value)} {value}",
            "the_v": the,
        }
    return {}


def _one(said: str) -> str:
    return said.removesuffix("s") if said in ("1 minutes", "1 years", "1 hours") else said


def _article(word: str) -> str:
    return "an" if word[0] in "aeiouAEIO" else "a"


def _hours(minutes: float) -> str:
    hours, rest = divmod(int(minutes), 60)
    whole = f"{hours} hour{'s' * (hours > 1)}" if hours else ""
    return f"{whole} {rest} minutes".strip() if rest else whole
