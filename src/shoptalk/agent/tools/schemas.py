"""JSON schemas of the tools' arguments: the argument models, with a catalog's facets and their few values."""

from typing import Any

from pydantic import BaseModel

from shoptalk.agent.llm.plan import OPERATORS, few_values, plannable
from shoptalk.agent.phrasing import label_of
from shoptalk.agent.tools.arguments import Details
from shoptalk.agent.tools.mending import lesser_columns
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Operator
from shoptalk.retrieval.schema import Column, Kind

__all__ = ["schema_of"]

_SINGLE = {Kind.NUMBER: "number", Kind.FLAG: "boolean"}


def schema_of(arguments: type[BaseModel], catalog: Catalog) -> dict[str, Any]:
    """The schema, self-contained. Enumerations stand where a facet's values are few."""
    schema = arguments.model_json_schema()
    schema.pop("$defs", None)
    schema.pop("title", None)
    properties: dict[str, dict[str, Any]] = schema["properties"]
    for held in properties.values():
        held.pop("title", None)
    facets = plannable(catalog)
    names = [facet.name for facet in facets]
    if "where" in properties:
        held = properties["where"]
        if facets:
            held["items"] = {"anyOf": [_condition(catalog, facet) for facet in facets]}
        else:
            held |= {"items": {"type": "object"}, "maxItems": 0}
    if "facets" in properties:
        more = [column.name for column in lesser_columns(catalog.schema)] if arguments is Details else []
        properties["facets"]["items"] = _one_of([*names, *more])
    if "facet" in properties:
        properties["facet"] = _one_of(names) | {"description": properties["facet"]["description"]}
    return schema


def _one_of(names: list[str]) -> dict[str, Any]:
    return {"type": "string", "enum": names} if names else {"type": "string"}


def _condition(catalog: Catalog, facet: Column) -> dict[str, Any]:
    assert facet.kind is not None
    return {
        "type": "object",
        "properties": {
            "facet": {"type": "string", "const": facet.name, "description": label_of(facet)},
            "op": {"type": "string", "enum": [str(one) for one in OPERATORS[facet.kind]]},
            "value": _value(catalog, facet),
            "wish": {"type": "boolean"},
        },
        "required": ["facet", "op", "value"],
        "additionalProperties": False,
    }


def _value(catalog: Catalog, facet: Column) -> dict[str, Any]:
    assert facet.kind is not None
    single: dict[str, Any] = {"type": _SINGLE.get(facet.kind, "string")}
    if values := few_values(catalog, facet):
        single["enum"] = list(values)
    if facet.kind is Kind.FLAG:
        return single
    value: dict[str, Any] = {"anyOf": [single, {"type": "array", "items": single}]}
    if told := _told(facet):
        value["description"] = told
    return value


def _told(facet: Column) -> str:
    ends = f"of '{Operator.MOST}' and '{Operator.LEAST}': how many are meant"
    if facet.kind is Kind.NUMBER:
        return f"in {facet.unit}; {ends}" if facet.unit else ends
    return f"day, as 2026-01-31; {ends}" if facet.kind is Kind.DATE else ""
