"""True statements about an answer: claims that its records and its talk bear out, a drawn few of them in words.

Nothing here is taken on trust: a claim is made only if `holds` says so.
"""

import random
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from shoptalk.agent.explaining import Answer
from shoptalk.eval.claims.answers import Held
from shoptalk.eval.claims.saying import Claim, Statement, arguable, holds, number, wordings
from shoptalk.retrieval.catalog import FacetValue

__all__ = ["Wording", "true_claims", "true_statements"]

_ABOUT_ONE = ("number", "value", "yes", "no", "not", "under", "over", "decade")
_ABOUT_TWO = ("more", "less", "gap", "both", "neither", "both_decade")
_ABOUT_ALL = ("most", "least", "only", "all", "shared")
_ABOUT_TALK = ("said", "liked", "model", "count", "plain")
#: How many sentences of each sort are drawn for a talk: one claim, two claims, two picks, all picks, the talk itself.
_DRAWN = {"one": 3, "two": 2, "pair": 3, "all": 2, "talk": 3}
_NEAR = (1.05, 1.2, 1.5)


class Wording:
    """Gives the wordings of a sort in turn, so that all of them are used; deterministic for a seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"wordings {seed}")
        self._left: dict[str, list[str]] = {}

    def one(self, key: str, choices: list[str]) -> str:
        """The next of the choices that are known under the key."""
        if not self._left.get(key):
            self._left[key] = self._dice.sample(choices, len(choices))
        return self._left[key].pop()


def true_statements(held: Held, wording: Wording, seed: int) -> list[Statement]:
    """A few statements of each sort that the answer allows, drawn by lot, each sort spread over facets."""
    dice = random.Random(f"{seed} {held.key}")
    claims = true_claims(held.catalog, held.answer, dice)
    single = spread([one for one in claims if one.kind in _ABOUT_ONE], dice)
    drawn = [_alone(held, [one], wording, dice) for one in single[: _DRAWN["one"]]]
    drawn += [_alone(held, pair, wording, dice) for pair in _pairs_of(single[_DRAWN["one"] :])[: _DRAWN["two"]]]
    for kinds, sort in ((_ABOUT_TWO, "pair"), (_ABOUT_ALL, "all"), (_ABOUT_TALK, "talk")):
        chosen = spread([one for one in claims if one.kind in kinds], dice, by_kind=True)[: _DRAWN[sort]]
        drawn += [_alone(held, [one], wording, dice) for one in chosen]
    return drawn


def spread(claims: list[Claim], dice: random.Random, *, by_kind: bool = False) -> list[Claim]:
    """The claims by lot, but so that every facet (or kind and facet) comes once before one comes twice."""
    seen: dict[str, int] = {}
    placed = []
    for place, claim in enumerate(dice.sample(claims, len(claims))):
        key = claim.kind if by_kind else claim.facet
        seen[key] = seen.get(key, 0) + 1
        placed.append((seen[key], place, claim))
    return [claim for _, _, claim in sorted(placed, key=lambda one: one[:2])]


def _pairs_of(claims: list[Claim]) -> list[list[Claim]]:
    """Claims about the same pick and of different facets, two by two."""
    pairs = [
        [first, second]
        for first, second in combinations(claims[:40], 2)
        if first.picks == second.picks and first.facet != second.facet
    ]
    used: set[Claim] = set()
    chosen = []
    for pair in pairs:
        if not used & set(pair):
            chosen.append(pair)
            used |= set(pair)
    return chosen


def _alone(held: Held, claims: list[Claim], wording: Wording, dice: random.Random) -> Statement:
    told = wordings()
    texts = [_choices(told, held.catalog, one, phrase=len(claims) > 1) for one in claims]
    said = tuple(
        wording.one(f"{held.catalog}.{one.facet}.{one.kind}.{len(claims) > 1}", choices)
        for one, choices in zip(claims, texts, strict=True)
    )
    naming = dice.randrange(5)
    if len(claims) > 1:
        return Statement(held.catalog, tuple(claims), said, wording.one("two", told["any"]["two"]), naming)
    frame = "{0}" if _is_whole(said[0]) else wording.one("alone", told["any"]["alone"])
    return Statement(held.catalog, tuple(claims), said, frame, naming)


def _is_whole(wording: str) -> bool:
    return wording.endswith((".", "?"))


def _choices(told: dict[str, Any], catalog: str, claim: Claim, *, phrase: bool) -> list[str]:
    """The wordings for a claim. Raises KeyError if it has none."""
    own = told[catalog].get(claim.facet, {}) if claim.facet else {}
    kind = {"least": "most"}.get(claim.kind, claim.kind)
    general = {"less": "more"}.get(kind, kind)
    choices: list[str] = own[kind] if kind in own else told["any"][general]
    return [one for one in choices if not (phrase and _is_whole(one))]


def true_claims(catalog: str, answer: Answer, dice: random.Random) -> list[Claim]:
    """Every claim about the answer that holds and that there are words for, in a fixed order."""
    made = [
        *_of_one(catalog, answer, dice),
        *_of_two(catalog, answer),
        *_of_all(catalog, answer),
        *_of_talk(answer),
    ]
    return [one for one in made if holds(one, answer) and not arguable(one, answer) and _can_be_said(catalog, one)]


def _can_be_said(catalog: str, claim: Claim) -> bool:
    told = wordings()
    own = told[catalog].get(claim.facet, {}) if claim.facet else {}
    if claim.kind in ("more", "less", "most", "least", "gap"):
        unit = "unit" in own or claim.kind != "gap"
        return ("words" in own and unit) or claim.kind in own
    return claim.kind in own or (not claim.facet and claim.kind in told["any"])


def _of_one(catalog: str, answer: Answer, dice: random.Random) -> Iterator[Claim]:
    for place, pick in enumerate(answer.picks, start=1):
        for facet, value in pick.item.facets.items():
            here = {"picks": (place,), "facet": facet}
            if isinstance(value, bool):
                yield Claim("yes" if value else "no", **here)  # type: ignore[arg-type]
            elif isinstance(value, float):
                yield from _of_number(place, facet, value, dice)
            else:
                for one in _each(value)[:3]:
                    yield Claim("value", (place,), facet, one)
                for one in sorted(_values(answer, facet) - set(_each(value)))[:2]:
                    yield Claim("not", (place,), facet, one)


def _of_number(place: int, facet: str, value: float, dice: random.Random) -> Iterator[Claim]:
    yield Claim("number", (place,), facet, value)
    yield Claim("decade", (place,), facet, value)
    above, below = value * dice.choice(_NEAR), value / dice.choice(_NEAR)
    step = 60.0 if facet == "battery_hours" else 5.0 if value > 20 else 1.0
    yield Claim("under", (place,), facet, (above // step + 1) * step)
    yield Claim("over", (place,), facet, max(step, below // step * step))


def _of_two(catalog: str, answer: Answer) -> Iterator[Claim]:
    for mine, theirs in combinations(range(1, len(answer.picks) + 1), 2):
        items = [answer.picks[mine - 1].item, answer.picks[theirs - 1].item]
        for facet in items[0].facets:
            value = items[0].facets[facet]
            numbers = [number(one, facet) for one in items]
            if numbers[0] is not None and numbers[1] is not None:
                yield Claim("more", (mine, theirs), facet)
                yield Claim("less", (mine, theirs), facet)
                if numbers[0] != numbers[1]:
                    yield Claim("gap", (mine, theirs), facet, round(numbers[0] - numbers[1], 2))
                yield Claim("both_decade", (mine, theirs), facet, numbers[0])
                continue
            for one in _each(value) if not isinstance(value, bool) else [True]:
                yield Claim("both", (mine, theirs), facet, one)
            for one in sorted(_values(answer, facet)) if not isinstance(value, bool) else [True]:
                yield Claim("neither", (mine, theirs), facet, one)


def _of_all(catalog: str, answer: Answer) -> Iterator[Claim]:
    if len(answer.picks) < 2:
        return
    for place, pick in enumerate(answer.picks, start=1):
        for facet, value in pick.item.facets.items():
            if isinstance(value, float) and not isinstance(value, bool):
                yield Claim("most", (place,), facet)
                yield Claim("least", (place,), facet)
                continue
            for one in [True] if isinstance(value, bool) else _each(value):
                yield Claim("only", (place,), facet, one)
                if place == 1:
                    yield Claim("all", (), facet, one)
    yield from _shared(answer)


def _shared(answer: Answer) -> Iterator[Claim]:
    for item_id in (*answer.state.similar, *answer.state.liked):
        for place, pick in enumerate(answer.picks, start=1):
            for facet, value in pick.item.facets.items():
                for one in [value] if isinstance(value, bool) else _each(value):
                    yield Claim("shared", (place,), facet, one, item_id)


def _of_talk(answer: Answer) -> Iterator[Claim]:
    yield from (Claim("said", constraint=one) for one in answer.state.constraints if not one.is_superlative)
    yield from (Claim("liked", other=one) for one in answer.state.liked)
    yield from (Claim("model", other=one) for one in answer.state.similar)
    if len(answer.picks) > 1:
        yield Claim("count", value=float(len(answer.picks)))
    yield Claim("plain")


def _each(value: FacetValue) -> list[str]:
    return [one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str)]


def _values(answer: Answer, facet: str) -> set[str]:
    """The values that the picks have of a facet of categories."""
    held: Iterable[FacetValue] = (pick.item.facets[facet] for pick in answer.picks if facet in pick.item.facets)
    return {one for value in held for one in _each(value)}
