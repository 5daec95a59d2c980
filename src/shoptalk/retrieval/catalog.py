"""The catalog in memory: items by row, their facets as typed columns, and which items pass a set of constraints.

`catalog.parquet` is this, written; everything else in a shop's folder can be rebuilt from it.
"""

import math
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.errors import CatalogError, ShopDamagedError, UnknownItemError
from shoptalk.retrieval.columns import (
    AnyColumn,
    CategoryColumn,
    DateColumn,
    FlagColumn,
    Mask,
    NumberColumn,
    days_of,
    edge_of,
    iso_day,
)
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning, Schema

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "AnyColumn",
    "Catalog",
    "CategoryColumn",
    "DateColumn",
    "FacetValue",
    "FlagColumn",
    "Item",
    "NumberColumn",
]

FacetValue = bool | float | str | tuple[str, ...]

_DOCUMENT, _DOCUMENT_FACETS, _DOCUMENT_TITLE = 1200, 450, 300
_VALUES_IN_DOCUMENT = 12
_PLAIN = ("id", "title", "text", "picture", "link")
_FIRST_IN_DOCUMENT = (Meaning.GENRE, Meaning.BRAND, Meaning.KEYWORD, Meaning.PLACE, Meaning.PERSON, Meaning.YEAR)


class Item(BaseModel):
    """One thing that can be recommended. Numbers in the facet's unit, dates as ISO days; what is missing left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    title: str
    text: str = ""
    facets: dict[str, FacetValue] = Field(default_factory=dict)
    picture: str | None = None
    link: str | None = None


class Catalog:
    """Items in rows 0..n-1, with one typed column per facet of the schema. Never changed once made."""

    def __init__(
        self,
        schema: Schema,
        *,
        ids: Sequence[str],
        titles: Sequence[str],
        texts: Sequence[str],
        pictures: Sequence[str | None],
        links: Sequence[str | None],
        columns: dict[str, AnyColumn],
    ) -> None:
        """Take the columns as they are. Raises CatalogError if an id stands twice."""
        self.schema = schema
        self.ids, self.titles, self.texts = tuple(ids), tuple(titles), tuple(texts)
        self.pictures, self.links = tuple(pictures), tuple(links)
        self._columns = columns
        self._rows = {item_id: row for row, item_id in enumerate(self.ids)}
        if len(self._rows) < len(self.ids):
            raise _duplicate(self.ids)

    @classmethod
    def from_items(cls, items: Iterable[Item], schema: Schema) -> Self:
        """Build the columns. Raises CatalogError for an id that stands twice or a value that its facet cannot hold."""
        held = list(items)
        columns = {facet.name: _column(facet, _raws(facet, held)) for facet in schema.facets}
        return cls(
            schema,
            ids=[item.id for item in held],
            titles=[item.title for item in held],
            texts=[item.text for item in held],
            pictures=[item.picture for item in held],
            links=[item.link for item in held],
            columns=columns,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._rows

    def row(self, item_id: str) -> int:
        """The item's row. Raises UnknownItemError."""
        try:
            return self._rows[item_id]
        except KeyError:
            raise UnknownItemError(f"there is no item with the id '{item_id}'") from None

    def rows(self, item_ids: Iterable[str]) -> NDArray[np.int64]:
        """Rows of the ids that are known, in the order given; unknown ids are skipped."""
        return np.array([self._rows[item_id] for item_id in item_ids if item_id in self._rows], dtype=np.int64)

    def item(self, row: int) -> Item:
        """The item of that row, whole."""
        shown = ((facet.name, self.value(row, facet.name)) for facet in self.schema.facets)
        return Item(
            id=self.ids[row],
            title=self.titles[row],
            text=self.texts[row],
            facets={name: value for name, value in shown if value is not None},
            picture=self.pictures[row],
            link=self.links[row],
        )

    def column(self, facet: str) -> AnyColumn:
        """The facet's column over all rows. Raises KeyError if there is no such facet."""
        return self._columns[facet]

    def value(self, row: int, facet: str) -> FacetValue | None:
        """The item's value as shown, None where it has none. Raises KeyError if there is no such facet."""
        raw = _shown(self._columns[facet], row)
        if isinstance(raw, tuple):
            return (raw if self._is_many[facet] else raw[0]) if raw else None
        return raw

    def meets(self, constraint: Constraint) -> Mask:
        """(n,) mask of the items that meet one constraint, must or wish. Raises KeyError, ValueError.

        MOST and LEAST are held against the whole catalog here; `passing` and `bounded` hold them against what is left.
        """
        return self._columns[constraint.facet].meets(constraint.operator, constraint.value)

    def passing(self, constraints: Iterable[Constraint]) -> Mask:
        """(n,) mask of the items that meet all constraints; all of them if there are none.

        'The cheapest' are those among the available items that meet all the others.
        """
        held = list(constraints)
        mask = np.ones(len(self), dtype=np.bool_)
        for constraint in held:
            if not constraint.is_superlative:
                mask &= self.meets(constraint)
        among = mask & self.available()
        for constraint in held:
            if constraint.is_superlative:
                mask &= self.meets(self.bounded(constraint, among))
        return mask

    def bounded(self, constraint: Constraint, among: Mask) -> Constraint:
        """MOST or LEAST as the bound that it is among the items of the mask (n,): 'the cheapest' as 'at most 12'.

        Any other constraint comes back as it is, and so does one that no item of the mask has a value for.
        """
        column = self._columns[constraint.facet]
        if not constraint.is_superlative or not isinstance(column, NumberColumn | DateColumn):
            return constraint
        held, many = (column.values if isinstance(column, NumberColumn) else column.days), constraint.value
        edge = edge_of(held, constraint.operator, many if isinstance(many, float) else 1.0, among)
        if edge is None:
            return constraint
        operator = Operator.AT_MOST if constraint.operator is Operator.LEAST else Operator.AT_LEAST
        value = edge if isinstance(column, NumberColumn) else iso_day(edge)
        return constraint.model_copy(update={"operator": operator, "value": value})

    def available(self) -> Mask:
        """(n,) mask, read-only: neither hidden nor out of stock. What does not say is available."""
        return self._available

    def document(self, row: int) -> str:
        """What the encoder and the lexical index read: title, facet values in words, text; 1,200 characters at most.

        Of a text that is too long start and end are kept: the words of columns that are no facet stand at its end.
        """
        parts = [self.titles[row][:_DOCUMENT_TITLE], _within(self._facet_words(row), _DOCUMENT_FACETS)]
        head = ". ".join(part.rstrip(". ") for part in parts if part)
        room = _DOCUMENT - len(head) - 2
        text = self.texts[row]
        if len(text) > room:
            tail = room // 3
            text = f"{text[: room - tail - 3]} … {text[-tail:]}"
        return f"{head}. {text}" if text else head

    def write(self, path: Path) -> None:
        """Write as Parquet, whole or not at all."""
        import polars as pl

        plain = {"id": self.ids, "title": self.titles, "text": self.texts, "picture": self.pictures, "link": self.links}
        series = [pl.Series(name, list(values), dtype=pl.String) for name, values in plain.items()]
        series += [_series(facet, self._columns[facet.name]) for facet in self.schema.facets]
        unfinished = path.with_name(path.name + ".unfinished")
        pl.DataFrame(series).write_parquet(unfinished)
        os.replace(unfinished, path)

    @classmethod
    def read(cls, path: Path, schema: Schema) -> Self:
        """Read what `write` wrote. Raises ShopDamagedError if the file is missing, broken or lacks a facet's column."""
        import polars as pl

        try:
            frame = pl.read_parquet(path)
            plain = {name: frame[name].to_list() for name in _PLAIN}
            columns = {facet.name: _column(facet, _from_series(facet, frame)) for facet in schema.facets}
        except (OSError, pl.exceptions.PolarsError, TypeError, ValueError) as error:
            hint = "Build the shop again from its source."
            raise ShopDamagedError(f"{path} cannot be read as the shop's catalog: {error}.", hint=hint) from error
        return cls(
            schema,
            ids=plain["id"],
            titles=plain["title"],
            texts=plain["text"],
            pictures=plain["picture"],
            links=plain["link"],
            columns=columns,
        )

    def changed(self, upserts: Iterable[Item], removed: Iterable[str] = ()) -> Self:
        """A new catalog: removed ids left out (unknown ones too), known ids replaced in their place, new items last.

        An item that is both removed and upserted stays. Raises CatalogError as `from_items` does.
        """
        fresh = type(self).from_items(upserts, self.schema)
        gone = set(removed) - set(fresh.ids)
        kept = [item_id for item_id in self.ids if item_id not in gone]
        ids = kept + [item_id for item_id in fresh.ids if item_id not in self._rows]
        origins = [(fresh, fresh._rows[one]) if one in fresh._rows else (self, self._rows[one]) for one in ids]
        columns: dict[str, AnyColumn] = {}
        for facet in self.schema.facets:
            stored = {id(one): _stored(one._columns[facet.name]) for one in (self, fresh)}
            columns[facet.name] = _column(facet, [stored[id(origin)][row] for origin, row in origins])
        return type(self)(
            self.schema,
            ids=ids,
            titles=[origin.titles[row] for origin, row in origins],
            texts=[origin.texts[row] for origin, row in origins],
            pictures=[origin.pictures[row] for origin, row in origins],
            links=[origin.links[row] for origin, row in origins],
            columns=columns,
        )

    @cached_property
    def _is_many(self) -> dict[str, bool]:
        return {facet.name: facet.kind is Kind.CATEGORIES for facet in self.schema.facets}

    @cached_property
    def _available(self) -> Mask:
        mask = np.ones(len(self), dtype=np.bool_)
        for facet in self.schema.by_meaning(Meaning.HIDDEN):
            column = self._columns[facet.name]
            if isinstance(column, FlagColumn):
                mask &= column.values != 1
        for facet in self.schema.by_meaning(Meaning.STOCK):
            column = self._columns[facet.name]
            if isinstance(column, FlagColumn):
                mask &= column.values != 0
            elif isinstance(column, NumberColumn):
                mask &= ~(column.values <= 0)
        mask.flags.writeable = False
        return mask

    @cached_property
    def _document_facets(self) -> tuple[Column, ...]:
        """Facets in the order in which their words tell most about an item."""
        order = {meaning: place for place, meaning in enumerate(_FIRST_IN_DOCUMENT)}
        silent = (Meaning.STOCK, Meaning.HIDDEN, Meaning.POPULARITY, Meaning.RATING, Meaning.PRICE)
        told = [facet for facet in self.schema.facets if facet.meaning not in silent]
        return tuple(
            sorted(told, key=lambda facet: order.get(facet.meaning, len(order)) if facet.meaning else len(order))
        )

    def _facet_words(self, row: int) -> list[str]:
        words: list[str] = []
        for facet in self._document_facets:
            match self.value(row, facet.name):
                case True:
                    words.append(facet.label or facet.name)
                case float(number) if facet.unit or facet.meaning is Meaning.YEAR:
                    words.append(f"{number:g} {facet.unit}" if facet.unit else f"{number:g}")
                case str(word):
                    words.append(word[:4] if facet.kind is Kind.DATE else word)
                case tuple(several):
                    words.append(", ".join(several[:_VALUES_IN_DOCUMENT]))
        return words


_Raw = tuple[str, ...] | float | bool | None


def _raws(facet: Column, items: Sequence[Item]) -> list[_Raw]:
    shown = (item.facets.get(facet.name) for item in items)
    return [None if value is None else _raw(facet, value, row) for row, value in enumerate(shown)]


def _raw(facet: Column, value: FacetValue, row: int) -> _Raw:
    """The value as its column stores it. Raises CatalogError where facet and value do not go together."""
    match facet.kind, value:
        case ((Kind.CATEGORY | Kind.CATEGORIES), str(word)):
            return (word,)
        case Kind.CATEGORY, tuple(words) if len(words) <= 1:
            return words
        case Kind.CATEGORIES, tuple(words):
            return words
        case Kind.FLAG, bool(flag):
            return flag
        case Kind.NUMBER, float(number) if math.isfinite(number):
            return number
        case Kind.DATE, str(moment):
            try:
                return days_of(moment)
            except ValueError:
                pass
    problem = f"{value!r} is no {facet.kind} value."
    raise CatalogError(problem, row=row + 1, field=facet.name, hint="Correct the record, or ignore the column.")


def _column(facet: Column, raw: Sequence[_Raw]) -> AnyColumn:
    match facet.kind:
        case Kind.CATEGORY | Kind.CATEGORIES:
            return CategoryColumn.of_values(facet.name, [one if isinstance(one, tuple) else () for one in raw])
        case Kind.FLAG:
            return FlagColumn(facet.name, np.array([-1 if one is None else int(one is True) for one in raw], np.int8))
    numbers = np.array([math.nan if one is None else one for one in raw], dtype=np.float64)
    if facet.kind is Kind.DATE:
        return DateColumn(facet.name, numbers)
    return NumberColumn(facet.name, numbers, is_year=facet.meaning is Meaning.YEAR)


def _stored(column: AnyColumn) -> Sequence[_Raw]:
    """The opposite of `_column`: all rows' values, exactly as they are stored."""
    match column:
        case CategoryColumn():
            words = [column.values[code] for code in column.codes.tolist()]
            bounds = column.offsets.tolist()
            return [tuple(words[start:end]) for start, end in pairwise(bounds)]
        case FlagColumn():
            return [None if flag < 0 else flag == 1 for flag in column.values.tolist()]
        case NumberColumn():
            numbers = column.values.tolist()
        case DateColumn():
            numbers = column.days.tolist()
    return [None if math.isnan(number) else number for number in numbers]


def _shown(column: AnyColumn, row: int) -> FacetValue | None:
    match column:
        case CategoryColumn():
            return column.of(row)
        case FlagColumn():
            return None if column.values[row] < 0 else bool(column.values[row])
        case NumberColumn():
            return None if np.isnan(column.values[row]) else float(column.values[row])
        case DateColumn():
            return None if np.isnan(column.days[row]) else iso_day(float(column.days[row]))


def _series(facet: Column, column: AnyColumn) -> "pl.Series":
    import polars as pl

    name, raw = f"facet:{facet.name}", _stored(column)
    match facet.kind:
        case Kind.CATEGORY | Kind.CATEGORIES:
            return pl.Series(name, raw, dtype=pl.List(pl.String))
        case Kind.FLAG:
            return pl.Series(name, raw, dtype=pl.Boolean)
    return pl.Series(name, raw, dtype=pl.Float64)


def _from_series(facet: Column, frame: "pl.DataFrame") -> list[_Raw]:
    values = frame[f"facet:{facet.name}"].to_list()
    return [tuple(one) if isinstance(one, list) else one for one in values]


def _within(words: Iterable[str], bound: int) -> str:
    """As many of the words, joined, as stay within the bound; no word is cut."""
    kept: list[str] = []
    for word in words:
        bound -= len(word) + 2
        if bound >= 0:
            kept.append(word)
    return ", ".join(kept)


def _duplicate(ids: Sequence[str]) -> CatalogError:
    first: dict[str, int] = {}
    for row, item_id in enumerate(ids, start=1):
        if item_id in first:
            problem = f"the id '{item_id}' stands twice, in rows {first[item_id]} and {row}."
            return CatalogError(problem, row=row, hint="Make ids unique, or name another column as the id.")
        first[item_id] = row
    raise AssertionError("no id stands twice")
