"""Nested records made flat: one level of named fields, each a scalar or a list of scalars.

Text is data and stays as it is, but for control characters, which no catalog means to have.
"""

import ast
import json
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from shoptalk.errors import CatalogError

Scalar = str | int | float | bool
FieldValue = Scalar | list[Scalar]

MAX_FIELD = 1_000_000
HIGHEST = ".max"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_NESTED_TEXT = re.compile(r"\s*[\[{]\s*[\[{\"']")
_MAX_NESTED_TEXT = 100_000
_MAX_DEPTH = 20
_NAME_KEYS = frozenset({"name", "label", "title", "key", "property"})
_VALUE_KEYS = frozenset({"value", "values", "val"})
_BESIDE_NAME = frozenset(
    {"id", "_id", "slug", "url", "href", "@type", "@id", "type", "order", "iso_3166_1", "iso_639_1"}
)
_COORDINATES = frozenset({"coordinates", "location", "geo", "latlng", "latlon", "lnglat", "bbox", "point", "position"})


def flatten(record: Mapping[Any, Any]) -> dict[str, FieldValue]:
    """The record's fields by dotted path; empty ones left out.

    A nested record's fields get its name in front ('Address.City'). Of a list of records each sub-field becomes one:
    the lowest number ('Rooms.BaseRate'; the highest is 'Rooms.BaseRate.max'), all texts, whether any flag is true.
    Lists of name and value pairs become fields of those names; coordinates are left out.

    Raises CatalogError (without file and row) for a number that is not finite, a text over 1 MB, or too deep nesting.
    """
    fields: dict[str, FieldValue] = {}
    _add(fields, "", record, 0)
    return fields


def clean(text: str) -> str:
    """The text without control characters (line breaks and tabs stay), stripped."""
    return _CONTROL.sub("", text).strip() if _CONTROL.search(text) else text.strip()


def _add(fields: dict[str, FieldValue], path: str, value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise CatalogError(
            f"records are nested deeper than {_MAX_DEPTH} levels.", field=path, hint="Flatten the source."
        )
    if isinstance(value, str):
        value = _scalar(path, value)
        if _NESTED_TEXT.match(value):
            value = _nested(value)
    if isinstance(value, Mapping):
        if "coordinates" not in value:
            for key, inner in value.items():
                name = clean(str(key)) or "column"
                _add(fields, f"{path}.{name}" if path else name, inner, depth + 1)
    elif isinstance(value, list | tuple):
        _add_list(fields, path, value, depth)
    elif value is not None and value != "":
        fields[path] = _scalar(path, value)


def _add_list(fields: dict[str, FieldValue], path: str, values: Iterable[Any], depth: int) -> None:
    held = [value for value in values if value is not None]
    records = [value for value in held if isinstance(value, Mapping)]
    if records:
        if _are_pairs(records):
            for record in records:
                name, value = _pair(record)
                _add(fields, f"{path}.{clean(str(name))}", value, depth + 1)
        elif names := _only_names(records):
            _add_list(fields, path, names, depth + 1)
        else:
            _merge(fields, path, records, depth)
        return
    scalars = [_scalar(path, value) for value in _inner(held)]
    if scalars and all(isinstance(value, bool) for value in scalars):
        fields[path] = any(scalars)
    elif scalars and not _looks_like_coordinates(path, scalars):
        kept = list(dict.fromkeys(value for value in scalars if value != ""))
        if kept:
            fields[path] = kept


def _merge(fields: dict[str, FieldValue], path: str, records: list[Mapping[Any, Any]], depth: int) -> None:
    """One field for each sub-field of a list of records."""
    gathered: dict[str, list[Scalar]] = {}
    for record in records:
        inner: dict[str, FieldValue] = {}
        _add(inner, path, record, depth + 1)
        for name, value in inner.items():
            gathered.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    for name, values in gathered.items():
        if all(isinstance(value, bool) for value in values):
            fields[name] = any(values)
        elif all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            numbers = [float(value) for value in values]
            low, high = (name, name + HIGHEST) if not name.endswith(HIGHEST) else (name, name)
            fields[low] = min(numbers) if low != high else max(numbers)
            if low != high and high not in gathered:
                fields[high] = max(numbers)
        else:
            fields[name] = list(dict.fromkeys(values))


def _inner(values: Iterable[Any]) -> list[Any]:
    """The scalars of lists within lists."""
    return [one for value in values for one in (_inner(value) if isinstance(value, list | tuple) else [value])]


def _scalar(path: str, value: Any) -> Scalar:
    if isinstance(value, str):
        if len(value) > MAX_FIELD:
            problem = f"holds {len(value):,} characters, and {MAX_FIELD:,} are the most that a field may have."
            raise CatalogError(problem, field=path, hint="Is a file or a whole table in there?")
        return clean(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        try:
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            problem = "is not a finite number."
            raise CatalogError(problem, field=path, hint="Leave the field out where there is no value.")
        return value
    return clean(str(value))


def _nested(text: str) -> Any:
    """A list or record that was written into a text field, as JSON or in Python's way; the text if it is neither."""
    if len(text) > _MAX_NESTED_TEXT:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    return value if isinstance(value, list | dict) else text


def _are_pairs(records: list[Mapping[Any, Any]]) -> bool:
    """[{"name": "colour", "value": "red"}, ...]"""
    return all(len(record) <= 4 and _NAME_KEYS & record.keys() and _VALUE_KEYS & record.keys() for record in records)


def _pair(record: Mapping[Any, Any]) -> tuple[Any, Any]:
    name = next(record[key] for key in record if key in _NAME_KEYS)
    value = next(record[key] for key in record if key in _VALUE_KEYS)
    return name, value


def _only_names(records: list[Mapping[Any, Any]]) -> list[str]:
    """The names of [{"id": 28, "name": "Action"}, ...]; empty if the records say more than that."""
    names: list[str] = []
    for record in records:
        held = _NAME_KEYS & record.keys()
        if len(held) != 1 or record.keys() - held - _BESIDE_NAME:
            return []
        name = record[next(iter(held))]
        if not isinstance(name, str):
            return []
        names.append(name)
    return names


def _looks_like_coordinates(path: str, values: list[Scalar]) -> bool:
    """Points on a map, and vectors of any other kind."""
    if not all(isinstance(value, int | float) for value in values):
        return False
    return any(isinstance(value, float) for value in values) or path.rpartition(".")[2].lower() in _COORDINATES
