"""A plan: what the model returns for a message, as calls of the shop's tools; and the JSON schema that holds it to it.

    {"calls": [{"tool": "find", "where": [{"facet": "genres", "op": "is", "value": "Comedy"}], "words": "space crew"}]}

A plan says what the message adds to the talk or changes in it, not all that the talk holds.
"""

import json
from math import ceil, log10
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.columns import CategoryColumn, NumberColumn
from shoptalk.retrieval.query import Operator, Stance, Value
from shoptalk.retrieval.schema import Column, Kind, Meaning

#: Calls that a plan may have.
MOST_CALLS = 5
#: A category facet with at most so many values lists them all, in the prompt and in the schema.
FEW_VALUES = 24
#: How a value names an item on the table, whose own value is meant.
PLACES = tuple(f"[{place}]" for place in range(1, 7))

_WORDS = (Operator.IS, Operator.IS_NOT, Operator.ANY_OF, Operator.ALL_OF)
_BOUNDS = (
    Operator.IS, Operator.IS_NOT, Operator.AT_MOST, Operator.AT_LEAST, Operator.LESS_THAN, Operator.MORE_THAN,
    Operator.BETWEEN, Operator.ABOUT, Operator.MOST, Operator.LEAST,
)  # fmt: skip
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.CATEGORY: (Operator.IS, Operator.IS_NOT, Operator.ANY_OF),
    Kind.CATEGORIES: _WORDS,
    Kind.NUMBER: _BOUNDS,
    Kind.DATE: _BOUNDS,
    Kind.FLAG: (Operator.IS,),
}
_MOST_VALUES = 6
_TEXT: dict[str, Any] = {"type": "string", "maxLength": 100}
STANCES = (Stance.LIKED, Stance.DISLIKED, Stance.SEEN, Stance.OWNED)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Value):
    """A facet, an operator and a value, in the catalog's own spelling and unit; `wish`: it only helps.

    A number or a day may be that of an item on the table, by its number: 'shorter than [2]'.
    """

    facet: str
    op: Operator
    value: Value
    wish: bool = False


class Find(_Value):
    """Search, from what the talk holds on to: with these conditions and words besides, without what is dropped.

    `drop` names facets, or single values or words, that no longer matter; `anew` begins a search of its own.
    """

    tool: Literal["find"] = "find"
    where: tuple[Condition, ...] = ()
    words: str = ""
    drop: tuple[str, ...] = ()
    count: int | None = Field(default=None, ge=1, le=50)
    anew: bool = False


class Similar(_Value):
    """Search for items like these. Items are titles, or numbers of what is on the table."""

    tool: Literal["similar"] = "similar"
    items: tuple[str, ...]


class LookUp(_Value):
    """Whether the shop has an item of this title, and what is known of it."""

    tool: Literal["look_up"] = "look_up"
    title: str


class Details(_Value):
    """What the records of items tell; of these facets only, where some are named."""

    tool: Literal["details"] = "details"
    items: tuple[str, ...]
    facets: tuple[str, ...] = ()


class Compare(_Value):
    """How items differ; in these facets only, where some are named. No items: those on the table."""

    tool: Literal["compare"] = "compare"
    items: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()


class Remember(_Value):
    """How the person stands to items that they named."""

    tool: Literal["remember"] = "remember"
    items: tuple[str, ...]
    stance: Stance


class Clarify(_Value):
    """Ask the person what they want of a facet, along with the picks."""

    tool: Literal["clarify"] = "clarify"
    facet: str


class Choose(_Value):
    """Take a choice of the question that was asked, by its number from 1."""

    tool: Literal["choose"] = "choose"
    choice: int = Field(ge=1)


class Plain(_Value):
    """What needs no arguments."""

    tool: Literal["more", "undo", "start_over", "chat", "help", "outside"]


Call = Annotated[
    Find | Similar | LookUp | Details | Compare | Remember | Clarify | Choose | Plain, Field(discriminator="tool")
]


class Plan(_Value):
    """The calls that answer a message."""

    calls: tuple[Call, ...] = Field(min_length=1, max_length=MOST_CALLS)

    def to_json(self) -> str:
        """As the model writes it: without what is left at its default."""
        calls = [{"tool": call.tool} | call.model_dump(mode="json", exclude_defaults=True) for call in self.calls]
        return json.dumps(_bare({"calls": calls}), ensure_ascii=False)


def plan_schema(catalog: Catalog) -> dict[str, Any]:
    """JSON schema of the plans over a catalog: a branch per facet, and enumerations where values are few.

    It uses nothing that only some servers know: types, enumerations, anyOf, closed objects, bounds.
    """
    names = [facet.name for facet in plannable(catalog)]
    facet_name = {"type": "string", "enum": names} if names else {"type": "string"}
    items = _array(_TEXT)
    conditions = [_condition(catalog, facet) for facet in plannable(catalog)]
    find: dict[str, Any] = {
        "words": _TEXT,
        "drop": _array(_TEXT),
        "count": {"type": "integer", "minimum": 1, "maximum": 50},
        "anew": {"type": "boolean"},
    }
    if conditions:
        find = {"where": _array({"anyOf": conditions})} | find
    calls = [
        _call("find", find),
        _call("similar", {"items": items}, required=("items",)),
        _call("look_up", {"title": _TEXT}, required=("title",)),
        _call("details", {"items": items, "facets": _array(facet_name)}, required=("items",)),
        _call("compare", {"items": items, "facets": _array(facet_name)}),
        _call(
            "remember",
            {"items": items, "stance": {"type": "string", "enum": [str(one) for one in STANCES]}},
            required=("items", "stance"),
        ),
        _call("clarify", {"facet": facet_name}, required=("facet",)),
        _call("choose", {"choice": {"type": "integer", "minimum": 1, "maximum": 9}}, required=("choice",)),
        *(_call(tool, {}) for tool in ("more", "undo", "start_over", "chat", "help", "outside")),
    ]
    several = _array({"anyOf": calls}, most=MOST_CALLS) | {"minItems": 1}
    return _object({"calls": several}, required=("calls",))


def plannable(catalog: Catalog) -> tuple[Column, ...]:
    """The facets that a plan may speak of."""
    return tuple(facet for facet in catalog.schema.facets if facet.meaning is not Meaning.HIDDEN)


def few_values(catalog: Catalog, facet: Column) -> tuple[str, ...]:
    """All values of a category facet, the most frequent first, where they are few; else none."""
    column = catalog.column(facet.name)
    if not isinstance(column, CategoryColumn) or len(column.values) > FEW_VALUES:
        return ()
    return column.values


def _condition(catalog: Catalog, facet: Column) -> dict[str, Any]:
    assert facet.kind is not None
    properties = {
        "facet": {"type": "string", "enum": [facet.name]},
        "op": {"type": "string", "enum": [str(one) for one in OPERATORS[facet.kind]]},
        "value": _value(catalog, facet),
        "wish": {"type": "boolean"},
    }
    return _object(properties, required=("facet", "op", "value"))


def _value(catalog: Catalog, facet: Column) -> dict[str, Any]:
    if facet.kind is Kind.FLAG:
        return {"type": "boolean"}
    single = _number(catalog, facet) if facet.kind is Kind.NUMBER else _TEXT
    if values := few_values(catalog, facet):
        single = {"type": "string", "enum": list(values)}
    ways = [single, _array(single)]
    return {"anyOf": [*ways, {"type": "string", "enum": list(PLACES)}] if facet.kind is Kind.NUMBER else ways}


def _number(catalog: Catalog, facet: Column) -> dict[str, Any]:
    """Bounded, else a small model may write digits without end: people ask for more than there is, but not for that."""
    column = catalog.column(facet.name)
    known = column.values[column.known].tolist() if isinstance(column, NumberColumn) else []
    most = 10 ** (ceil(log10(max(1.0, *map(abs, known), 1.0))) + 1)
    return {"type": "number", "minimum": -most if min(known, default=0) < 0 else 0, "maximum": most}


def _bare(value: Any) -> Any:
    """Whole numbers without their '.0'."""
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _call(tool: str, properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return _object({"tool": {"type": "string", "enum": [tool]}} | properties, required=("tool", *required))


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any], most: int = _MOST_VALUES) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}
