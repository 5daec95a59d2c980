"""A shop's own rules for what is shown: what it boosts, buries, pins and hides, and what it earns by.

Rules say what they touch by ids or by constraints; held against a catalog on a day they are arrays over its items.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from shoptalk.retrieval.catalog import Catalog, FlagColumn, NumberColumn
from shoptalk.retrieval.query import Constraint
from shoptalk.retrieval.schema import Meaning

__all__ = ["InForce", "Margin", "Pin", "Rule", "RuleKind", "Rules", "in_force", "misfits", "sold_out", "touched"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class RuleKind(StrEnum):
    """What a rule does to the items that it touches."""

    BOOST = "boost"
    BURY = "bury"
    PIN = "pin"
    HIDE = "hide"


_LIFTS = {RuleKind.BOOST: 1.0, RuleKind.BURY: -1.0}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Rule(_Value):
    """One rule. It touches the `items`, or all that meet every constraint of `where`; the two are not mixed."""

    kind: RuleKind
    name: str = Field(min_length=1, max_length=80, description="what the shop calls it; stands in the evidence")
    items: tuple[str, ...] = Field(
        default=(), description="ids; a pin shows those that pass from its place on, in this order"
    )
    where: tuple[Constraint, ...] = Field(default=(), description="facet, operator and value, all of which must hold")
    amount: float = Field(
        default=0.25, gt=0, le=1, description="boost, bury: what it adds or takes, in shares of the pool's score range"
    )
    place: int = Field(default=1, ge=1, le=50, description="pin: the place of its first item, from 1")
    since: date | None = Field(default=None, alias="from", description="first day on which it holds")
    until: date | None = Field(default=None, description="last day on which it holds")
    why: str = Field(
        default="", max_length=80, description="told to the person along with the pick; empty: kept silent"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if bool(self.items) == bool(self.where):
            raise ValueError("a rule has either items or where")
        if self.kind is RuleKind.PIN and self.where:
            raise ValueError("a pin names its items: where can touch any number of them")
        if "place" in self.model_fields_set and self.kind is not RuleKind.PIN:
            raise ValueError("only a pin has a place")
        if "amount" in self.model_fields_set and self.kind not in _LIFTS:
            raise ValueError("only boost and bury have an amount")
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"it ends on {self.until}, before it begins on {self.since}")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether the day lies within its dates, both included."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Margin(_Value):
    """What the shop earns by an item, as a number facet, and how much that may count beside relevance."""

    facet: str
    weight: float = Field(
        default=0.1, gt=0, le=1,
        description="what the best margin adds, in shares of the pool's score range: no item passes another that scores"
        " more than this above it",
    )  # fmt: skip


class Rules(_Value):
    """All rules of a shop: the content of its `rules.json`, which may also be the bare list of rules."""

    rules: tuple[Rule, ...] = ()
    margin: Margin | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_a_bare_list(cls, told: object) -> object:
        return {"rules": told} if isinstance(told, list) else told


@dataclass(frozen=True, slots=True)
class Pin:
    """An item (its row) that is to stand at its rule's place, or at the next that is free."""

    row: int
    rule: Rule


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """Rules held against a catalog of n items on one day.

    `hidden` (n,) is never shown. `lifts` are the boosts and burials with the mask (n,) of what each touches. `pins`
    come in the order of the file. `margins` (n,) in [0, 1] is the share of the items that earn less, 0 where not known.
    """

    hidden: Mask | None = None
    lifts: tuple[tuple[Rule, Mask], ...] = ()
    pins: tuple[Pin, ...] = ()
    margin: Margin | None = None
    margins: Floats | None = None

    def lift(self, rows: NDArray[np.int64]) -> Floats:
        """(len(rows),) what boosts add less what burials take, in shares of the score range; several add up."""
        total = np.zeros(len(rows))
        for rule, mask in self.lifts:
            total += _LIFTS[rule.kind] * rule.amount * mask[rows]
        return total

    def lifting(self, row: int) -> Iterator[tuple[Rule, float]]:
        """The boosts and burials that touch an item, with what each gives in shares of the score range."""
        for rule, mask in self.lifts:
            if mask[row]:
                yield rule, _LIFTS[rule.kind] * rule.amount


def in_force(rules: Rules, catalog: Catalog, day: date) -> InForce:
    """What the rules come to on that day. Raises KeyError, ValueError for what `misfits` finds."""
    now = [rule for rule in rules.rules if rule.holds_on(day)]
    hiding = [touched(rule, catalog) for rule in now if rule.kind is RuleKind.HIDE]
    margin = rules.margin
    return InForce(
        hidden=np.logical_or.reduce(hiding) if hiding else None,
        lifts=tuple((rule, touched(rule, catalog)) for rule in now if rule.kind in _LIFTS),
        pins=tuple(pin for rule in now if rule.kind is RuleKind.PIN for pin in _pins(rule, catalog)),
        margin=margin,
        margins=_share_below(_numbers(catalog, margin.facet)) if margin else None,
    )


def touched(rule: Rule, catalog: Catalog) -> Mask:
    """(n,) mask of the items that a rule speaks of. Ids that the catalog does not have are passed over."""
    if rule.where:
        return catalog.passing(rule.where)
    mask = np.zeros(len(catalog), dtype=np.bool_)
    mask[catalog.rows(rule.items)] = True
    return mask


def misfits(rules: Rules, catalog: Catalog) -> Iterator[tuple[int | None, str, str]]:
    """What cannot be asked of this catalog: (number of the rule from 1, None for the margin; field; problem)."""
    for number, rule in enumerate(rules.rules, start=1):
        for place, constraint in enumerate(rule.where):
            try:
                catalog.meets(constraint)
            except KeyError:
                yield number, f"where.{place}.facet", _no_facet(catalog, constraint.facet)
            except ValueError as error:
                yield number, f"where.{place}.value", f"{error}"
    if rules.margin is not None:
        try:
            _numbers(catalog, rules.margin.facet)
        except KeyError:
            yield None, "margin.facet", _no_facet(catalog, rules.margin.facet)
        except ValueError as error:
            yield None, "margin.facet", f"{error}"


def sold_out(catalog: Catalog) -> Mask:
    """(n,) mask of the items that are known to be out of stock."""
    mask = np.zeros(len(catalog), dtype=np.bool_)
    for facet in catalog.schema.by_meaning(Meaning.STOCK):
        column = catalog.column(facet.name)
        if isinstance(column, FlagColumn):
            mask |= column.values == 0
        elif isinstance(column, NumberColumn):
            mask |= column.values <= 0
    return mask


def _pins(rule: Rule, catalog: Catalog) -> Iterator[Pin]:
    for row in dict.fromkeys(catalog.rows(rule.items).tolist()):
        yield Pin(row, rule)


def _numbers(catalog: Catalog, facet: str) -> Floats:
    column = catalog.column(facet)
    if not isinstance(column, NumberColumn):
        raise ValueError(f"facet '{facet}' is no number, and a margin is")
    return column.values


def _share_below(values: Floats) -> Floats:
    """(n,) the share of the known values that are lower; 0 where not known."""
    known = np.sort(values[~np.isnan(values)])
    shares = np.searchsorted(known, values, side="left") / max(len(known) - 1, 1)
    return np.where(np.isnan(values), 0.0, np.minimum(shares, 1.0))


def _no_facet(catalog: Catalog, name: str) -> str:
    known = ", ".join(facet.name for facet in catalog.schema.facets)
    return f"there is no facet '{name}'; there are {known}" if known else f"there is no facet '{name}'"
