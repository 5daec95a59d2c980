"""Items made from records by a schema."""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count

from shoptalk.errors import CatalogError
from shoptalk.retrieval.catalog import FacetValue, Item
from shoptalk.retrieval.flattening import FieldValue, Scalar
from shoptalk.retrieval.naming import is_description, label_of
from shoptalk.retrieval.reading import OnBad, Record
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema
from shoptalk.retrieval.values import (
    factor,
    is_missing,
    is_not_finite,
    parse_date,
    parse_flag,
    parse_quantity,
    split_values,
)

TITLE_YEAR = re.compile(r"\((\d{4})\)\s*$")
YEAR_OF_TITLE = ".year"

_SHORT_TEXT, _SIDE_WORDS, _SIDE_VALUE = 80, 1500, 200
_MAX_SLUG, _MAX_ID = 60, 200
_ADDRESS = re.compile(r"(?:https?:)?//|/|[\w\-./% ]+\.\w{2,5}$|data:image/", re.IGNORECASE)


def to_items(records: Iterable[Record], schema: Schema, on_bad: OnBad | None = None) -> Iterator[Item]:
    """The records' items, in order.

    Without an id column ids are made from title and year ('alien-1979'), so they do not depend on the order; records
    that would get the same one have a few letters drawn from their content behind, and a number if that is the same.
    Raises CatalogError for a record without title or id, an id that stands twice or a number that is not finite, unless
    `on_bad` is given: then it is told, and the record is skipped.
    """
    held = list(records)
    maker = _Maker(schema)
    if held and not any(maker.title in record.fields for record in held):
        columns = ", ".join(list(dict.fromkeys(name for record in held for name in record.fields))[:12])
        raise CatalogError("no record has a title.", field=maker.title, hint=f"The columns here are: {columns}.")
    slugs = Counter(maker.slug(record) for record in held) if maker.id is None else Counter()
    rows: dict[str, int] = {}
    for record in held:
        try:
            item = maker.item(record, slugs, rows)
        except CatalogError as error:
            if on_bad is None:
                raise
            on_bad(error)
            continue
        rows[item.id] = record.row
        yield item


class _Maker:
    """A schema, looked up by column once for all records."""

    def __init__(self, schema: Schema) -> None:
        self.title = schema.of_role(Role.TITLE)[0].name
        self.id = _name(schema, Role.ID)
        self.picture, self.link = _name(schema, Role.PICTURE), _name(schema, Role.LINK)
        self.texts = {column.name: column for column in schema.of_role(Role.TEXT)}
        self.order = {name: place for place, name in enumerate(self.texts)}
        self.facets = {facet.name: facet for facet in schema.facets}
        years = schema.by_meaning(Meaning.YEAR)
        self.year = years[0] if years else None

    def item(self, record: Record, slugs: Counter[str], rows: dict[str, int]) -> Item:
        title = _words(record.fields.get(self.title))
        if not title:
            raise CatalogError("the title is empty.", row=record.row, field=self.title, hint="Each item needs a title.")
        facets, rest = self._facets(record)
        return Item(
            id=self._id(record, slugs, rows),
            title=title,
            text=self._text(record, rest),
            facets=facets,
            picture=_address(record.fields.get(self.picture or "")),
            link=_address(record.fields.get(self.link or "")),
        )

    def slug(self, record: Record) -> str:
        """'Alien' of 1979 -> 'alien-1979'."""
        year = self._year(record)
        slug = _slug(_words(record.fields.get(self.title)))
        return slug if year is None or slug.endswith(f"-{year}") else f"{slug}-{year}"

    def _year(self, record: Record) -> str | None:
        if self.year is None or (value := self._source(record, self.year)) is None:
            return None
        year = _facet_value(self.year, value)
        return f"{year:.0f}" if isinstance(year, float) else None

    def _id(self, record: Record, slugs: Counter[str], rows: dict[str, int]) -> str:
        if self.id is None:
            return self._made_id(record, slugs, rows)
        item_id = _words(record.fields.get(self.id))
        if not item_id or len(item_id) > _MAX_ID:
            problem = "the id is empty." if not item_id else f"the id has more than {_MAX_ID} characters."
            raise CatalogError(problem, row=record.row, field=self.id, hint="Each item needs an id.")
        if item_id in rows:
            problem = f"the id '{item_id}' stands twice, in rows {rows[item_id]} and {record.row}."
            raise CatalogError(
                problem, row=record.row, field=self.id, hint="Make it unique, or name another id column."
            )
        return item_id

    def _made_id(self, record: Record, slugs: Counter[str], rows: dict[str, int]) -> str:
        """The slug; what makes it one of its own comes from the content, not from the row."""
        slug = self.slug(record)
        if slugs[slug] > 1:
            content = json.dumps(record.fields, sort_keys=True, ensure_ascii=True)
            slug = f"{slug}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        alike = next(number for number in count(1) if (slug if number == 1 else f"{slug}-{number}") not in rows)
        return slug if alike == 1 else f"{slug}-{alike}"

    def _facets(self, record: Record) -> tuple[dict[str, FacetValue], list[str]]:
        """Facet values, and the words of those that are none: 'call us' as a price."""
        facets: dict[str, FacetValue] = {}
        rest: list[str] = []
        sources = {name: value for name, value in record.fields.items() if name in self.facets}
        if self.year is not None and self.year.name not in sources and (made := self._source(record, self.year)):
            sources[self.year.name] = made
        for name, source in sources.items():
            facet = self.facets[name]
            if isinstance(source, str) and is_missing(source):
                continue
            if isinstance(source, str) and facet.kind is Kind.NUMBER and is_not_finite(source):
                problem = f"'{source}' is not a finite number."
                raise CatalogError(problem, row=record.row, field=name, hint="Leave it out where there is no value.")
            value = _facet_value(facet, source)
            if value is not None:
                facets[name] = value
            elif words := _words(source):
                rest.append(f"{facet.label}: {words[:_SIDE_VALUE]}")
        return facets, rest

    def _source(self, record: Record, facet: Column) -> FieldValue | None:
        if facet.name == self.title + YEAR_OF_TITLE and facet.name not in record.fields:
            match = TITLE_YEAR.search(_words(record.fields.get(self.title)))
            return int(match[1]) if match else None
        return record.fields.get(facet.name)

    def _text(self, record: Record, rest: list[str]) -> str:
        """Whole texts in the schema's order, then, within a bound, the words of the lesser columns."""
        mains: list[str] = []
        sides: list[str] = []
        for name in sorted(record.fields.keys() & self.order.keys(), key=self.order.__getitem__):
            value = record.fields[name]
            words = _words(value)
            if not words or is_missing(words) or value is False:
                continue
            if len(words) >= _SHORT_TEXT or is_description(name):
                mains.append(words)
            else:
                label = self.texts[name].label or label_of(name)
                sides.append(label if value is True else f"{label}: {words[:_SIDE_VALUE]}")
        return "\n\n".join([*mains, _bounded([*sides, *rest])]).strip()


def _name(schema: Schema, role: Role) -> str | None:
    held = schema.of_role(role)
    return held[0].name if held else None


def _words(value: FieldValue | None) -> str:
    """The value as text."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _address(value: FieldValue | None) -> str | None:
    """An address that a page may load: never 'javascript:' or the like."""
    first = value[0] if isinstance(value, list) else value
    if not isinstance(first, str) or not _ADDRESS.match(first):
        return None
    return f"https:{first}" if first.startswith("//") else first


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.casefold())
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return (
        re.sub(r"[\W_]+", "-", letters.replace("'", "").replace("’", "")).strip("-")[:_MAX_SLUG].rstrip("-") or "item"
    )


def _bounded(parts: list[str]) -> str:
    room = _SIDE_WORDS
    kept: list[str] = []
    for part in parts:
        room -= len(part) + 2
        if room < 0:
            break
        kept.append(part)
    return "; ".join(kept)


def _facet_value(facet: Column, source: FieldValue) -> FacetValue | None:
    """The source's value in the facet's kind and unit; None if it is none of that kind."""
    if facet.kind is Kind.CATEGORIES:
        return _categories(facet, source)
    one: Scalar | None = (source[0] if source else None) if isinstance(source, list) else source
    if one is None:
        return None
    match facet.kind:
        case Kind.CATEGORY:
            return _words(source) or None
        case Kind.FLAG:
            return one if isinstance(one, bool) else as_flag(one)
        case Kind.NUMBER:
            return _number(facet, one)
        case Kind.DATE:
            return parse_date(_words(one))
    return None


def as_flag(value: Scalar) -> bool | None:
    """Yes or no as words, or as one and nought; None for anything else."""
    said = parse_flag(str(value))
    return said if said is not None else {"1": True, "0": False, "1.0": True, "0.0": False}.get(str(value))


def _categories(facet: Column, source: FieldValue) -> tuple[str, ...] | None:
    values: list[str] = []
    for one in source if isinstance(source, list) else [source]:
        words = _words(one)
        values += split_values(words, facet.separator) if facet.separator else [words]
    return tuple(dict.fromkeys(value for value in values if not is_missing(value))) or None


def _number(facet: Column, value: Scalar) -> float | None:
    if isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return round(float(value) * facet.scale, 6)
    quantity = parse_quantity(value)
    if quantity is None:
        return None
    if quantity.unit and facet.unit:
        times = factor(quantity.unit, facet.unit)
        return None if times is None else round(quantity.value * times, 6)
    return round(quantity.value * (1.0 if quantity.currency else facet.scale), 6)
