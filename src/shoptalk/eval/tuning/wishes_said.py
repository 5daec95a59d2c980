"""Wishes in words, each with the constraint that it is: 'under two hours', 'the three cheapest'."""

import random
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from shoptalk.agent.state import TalkState
from shoptalk.eval.tuning.amounts_said import amount_said, small_number
from shoptalk.eval.tuning.made_shops import MadeFacet, MadeShop
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Kind, Meaning

__all__ = ["PHRASES", "Scene", "cased", "filled", "held_to", "wishes_of"]

PHRASES: dict[str, Any] = tomllib.loads((files(__package__) / "phrasings.toml").read_text("utf-8"))
_SUPERLATIVES = {
    Meaning.PRICE: ("the cheapest", "the most expensive"), Meaning.YEAR: ("the oldest", "the newest"),
    Meaning.DURATION: ("the shortest", "the longest"), Meaning.WEIGHT: ("the lightest", "the heaviest"),
    Meaning.SIZE: ("the smallest", "the biggest"), Meaning.RATING: ("the worst rated", "the best rated"),
}  # fmt: skip
_BOUNDS = {
    "less": Operator.LESS_THAN, "most": Operator.AT_MOST, "more": Operator.MORE_THAN, "least": Operator.AT_LEAST,
    "about": Operator.ABOUT, "exactly": Operator.IS,
}  # fmt: skip
_YEARS = {
    "before_year": Operator.LESS_THAN,
    "since_year": Operator.AT_LEAST,
    "after_year": Operator.MORE_THAN,
    "in_year": Operator.IS,
}
_DAYS = {"on_day": Operator.IS, "after_day": Operator.MORE_THAN, "before_day": Operator.LESS_THAN}


@dataclass(frozen=True)
class Scene:
    """Where a message is said."""

    shop: MadeShop
    state: TalkState
    draw: random.Random

    @property
    def catalog(self) -> Catalog:
        """What the shop has."""
        return self.shop.catalog

    def way(self, name: str) -> str:
        """One of the ways of speaking of that name."""
        return str(self.draw.choice(PHRASES[name]))

    def said(self, name: str, **parts: str) -> str:
        """The same, with its parts filled in."""
        return filled(self.way(name), n=self.draw.choice(self.shop.nouns), **parts)


def _wish(scene: Scene, facet: MadeFacet, *, must: bool = True) -> tuple[str, Constraint] | None:
    """Words that ask for something of the facet; None where it has no values."""
    match facet.column.kind:
        case Kind.FLAG:
            return _flag(scene, facet, must)
        case Kind.DATE:
            return _day(scene, facet, must)
        case Kind.NUMBER:
            return _number(scene, facet, must)
    return _category(scene, facet, must)


def _category(scene: Scene, facet: MadeFacet, must: bool) -> tuple[str, Constraint] | None:
    draw, values = scene.draw, [str(one) for one in scene.shop.values(facet)]
    chance = draw.random()
    if len(values) > 1 and chance < 0.18:
        one, other = draw.sample(values, 2)
        is_all = facet.column.kind is Kind.CATEGORIES and draw.random() < 0.5
        said = scene.said("both" if is_all else "either", v=cased(one, draw), w=cased(other, draw))
        operator = Operator.ALL_OF if is_all else Operator.ANY_OF
        return said, held_to(facet, operator, (one, other), said, must)
    if not values:
        return None
    value = draw.choice(values)
    own = [way for way in facet.ways if "{v}" in way and "[" not in way]
    way = draw.choice(own) if own and draw.random() < 0.7 else scene.way("values")
    said = filled(way, v=cased(value, draw), n=draw.choice(scene.shop.nouns), l=facet.label)
    return said, held_to(facet, Operator.IS, value, value, must)


def _flag(scene: Scene, facet: MadeFacet, must: bool) -> tuple[str, Constraint]:
    draw = scene.draw
    value = draw.random() < 0.75
    if value and draw.random() < 0.6:
        said = filled(draw.choice(facet.ways), n=draw.choice(scene.shop.nouns))
    else:
        said = scene.said("flags_yes" if value else "flags_no", l=facet.label)
    return said, held_to(facet, Operator.IS, value, said, must)


def _day(scene: Scene, facet: MadeFacet, must: bool) -> tuple[str, Constraint]:
    how = scene.draw.choice(("on_day", "on_day", "on_day", "after_day", "before_day"))
    day = str(scene.draw.choice(PHRASES["days"]))
    held = str(scene.draw.choice(scene.shop.values(facet)))
    said = filled(scene.way(how), v=day)
    plain = day.removeprefix("on ")
    said = (
        said.replace("on on ", "on ")
        .replace("for on ", "on ")
        .replace("after on", "after")
        .replace("before on", "before")
    )
    return said, held_to(facet, _DAYS[how], held, plain, must)


def _number(scene: Scene, facet: MadeFacet, must: bool) -> tuple[str, Constraint] | None:
    draw, column = scene.draw, facet.column
    held = [float(one) for one in scene.shop.values(facet) if isinstance(one, int | float)]
    if not held:
        return None
    chance = draw.random()
    if chance < 0.15:
        return _superlative(scene, facet, must)
    if column.meaning is Meaning.YEAR:
        return _year(scene, facet, must)
    if chance < 0.32 and max(held) > min(held):
        one, other = sorted(amount_said(column, draw.choice(held), draw, plain=True) for _ in range(2))
        if one.value < other.value:
            said = scene.said("between", v=one.said, w=other.said)
            return _about(scene, facet, said), held_to(facet, Operator.BETWEEN, (one.value, other.value), said, must)
    bound = draw.choice(list(_BOUNDS))
    amount = amount_said(column, draw.choice(held), draw)
    ways = [way for way in PHRASES[bound] if column.meaning is Meaning.PRICE or "cheap" not in way]
    said = filled(draw.choice(ways), a=amount.said)
    return _about(scene, facet, said), held_to(facet, _BOUNDS[bound], amount.value, said, must)


def _year(scene: Scene, facet: MadeFacet, must: bool) -> tuple[str, Constraint]:
    draw = scene.draw
    year = int(float(str(draw.choice(scene.shop.values(facet)))))
    if draw.random() < 0.3:
        decade = year // 10 * 10
        said = scene.said("in_decade", v=draw.choice((str(decade), str(decade)[2:])))
        return said, held_to(facet, Operator.BETWEEN, (float(decade), decade + 9.0), said, must)
    how = draw.choice(list(_YEARS))
    return (said := scene.said(how, v=str(year))), held_to(facet, _YEARS[how], float(year), said, must)


def _superlative(scene: Scene, facet: MadeFacet, must: bool) -> tuple[str, Constraint]:
    is_most = scene.draw.random() < 0.5
    pair = _SUPERLATIVES.get(facet.column.meaning or Meaning.HIDDEN, ("the lowest {l}", "the highest {l}"))
    said = filled(pair[is_most], l=facet.label)
    many = 1
    if scene.draw.random() < 0.25:
        many = scene.draw.randint(2, 5)
        said = said.replace("the ", f"the {small_number(many, scene.draw)} ", 1)
    return said, held_to(facet, Operator.MOST if is_most else Operator.LEAST, float(many), said, must)


def _about(scene: Scene, facet: MadeFacet, said: str) -> str:
    """A bound with the facet's name, unless its unit tells which it is."""
    alike = [one for one in scene.shop.of_kind(Kind.NUMBER) if one.column.unit == facet.column.unit]
    if facet.column.unit and len(alike) == 1 and scene.draw.random() < 0.7:
        return said
    return scene.said("named_amount", l=facet.label, c=said)


def held_to(facet: MadeFacet, operator: Operator, value: Any, said: str, must: bool) -> Constraint:
    """The constraint that these words are."""
    return Constraint(facet=facet.column.name, operator=operator, value=value, words=said, must=must)


def wishes_of(scene: Scene, most: int, *, must: bool = True) -> list[tuple[str, Constraint]]:
    """Wishes of up to `most` different facets."""
    facets = scene.draw.sample(scene.shop.facets, min(most, len(scene.shop.facets)))
    return [wish for facet in facets if (wish := _wish(scene, facet, must=must)) is not None]


def filled(way: str, **parts: str) -> str:
    """A way of speaking with its parts in; marks of spans are left out."""
    noun = parts.get("n", "one")
    text = way.replace("{n}s", noun if noun.endswith("s") else f"{noun}s")
    for name, value in parts.items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("[", "").replace("]", "") if "{t}" not in way and "{u}" not in way else text


def cased(value: str, draw: random.Random) -> str:
    """The value as it is written, or in small letters."""
    return value.lower() if draw.random() < 0.4 else value
