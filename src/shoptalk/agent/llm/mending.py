"""A plan from what the model wrote: as it stands, or mended once by program.

Models without constrained decoding fence their JSON, wrap it in words, leave it unfinished, or call things a little
otherwise. What can be read of each call is kept; a call that says nothing readable is left out.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from shoptalk.agent.llm.plan import MOST_CALLS, Call, Condition, Find, Plan

_CALL: TypeAdapter[Call] = TypeAdapter(Call)
_FIELDS: dict[str, frozenset[str]] = {
    tool: frozenset(model.model_fields)
    for model in get_args(get_args(Call)[0])
    for tool in get_args(model.model_fields["tool"].annotation)
}
_OPERATORS = {
    "=": "is", "==": "is", "equals": "is", "eq": "is", "!=": "is not", "not": "is not", "in": "any of",
    "<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "under": "less than", "over": "more than",
    "max": "at most", "min": "at least", "~": "about", "around": "about", "contains": "is", "range": "between",
}  # fmt: skip
_LISTS = ("items", "facets", "where", "drop")


def plan_from(text: str) -> tuple[Plan | None, bool]:
    """The plan, and whether it had to be mended; None where nothing in the text can be read as one."""
    try:
        return Plan.model_validate_json(text), False
    except ValidationError:
        pass
    calls = tuple(call for raw in _raw_calls(text) if (call := _call(raw)) is not None)[:MOST_CALLS]
    return (Plan(calls=calls), True) if calls else (None, True)


def says_nothing(plan: Plan) -> bool:
    """True for a search without anything to search by: the model gave the form, and nothing in it."""
    return all(call == Find() for call in plan.calls)


def _raw_calls(text: str) -> Iterator[Mapping[str, Any]]:
    """What stands where calls should."""
    begin = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if begin < 0:
        return
    import json_repair

    read: Any = json_repair.loads(text[begin:])
    if isinstance(read, list) and read and isinstance(read[0], Mapping) and "calls" in read[0]:
        read = read[0]
    several = read.get("calls", read) if isinstance(read, Mapping) else read
    for raw in several if isinstance(several, list) else [several]:
        if isinstance(raw, Mapping):
            yield raw


def _call(raw: Mapping[str, Any]) -> Call | None:
    tool = str(raw.get("tool") or raw.get("name") or raw.get("function") or ("find" if "where" in raw else ""))
    tool = tool.strip().casefold().replace(" ", "_").replace("-", "_")
    if tool not in _FIELDS:
        return None
    given = raw.get("arguments", raw.get("args", raw))
    if isinstance(given, str):
        given = _object(given)
    fields = {key: value for key, value in dict(given).items() if key in _FIELDS[tool] and value is not None}
    fields |= {key: [value] for key, value in fields.items() if key in _LISTS and not isinstance(value, list)}
    fields |= {key: [str(one) for one in fields[key]] for key in ("items", "facets", "drop") if key in fields}
    if "where" in fields:
        fields["where"] = [one for raw_one in fields["where"] if (one := _condition(raw_one)) is not None]
    try:
        return _CALL.validate_python(fields | {"tool": tool})
    except ValidationError:
        return Find() if tool == "find" else None


def _condition(raw: Any) -> Condition | None:
    if not isinstance(raw, Mapping) or raw.get("value", raw.get("values")) in ("", []):  # cut off before it
        return None
    op = str(raw.get("op") or raw.get("operator") or "is").strip().casefold().replace("_", " ")
    fields = {
        "facet": str(raw.get("facet") or raw.get("field") or ""),
        "op": _OPERATORS.get(op, op),
        "value": raw.get("value", raw.get("values")),
        "wish": raw.get("wish") is True,
    }
    try:
        return Condition.model_validate(fields)
    except ValidationError:
        return None


def _object(text: str) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, Mapping) else {}


__all__ = ["plan_from", "says_nothing"]
