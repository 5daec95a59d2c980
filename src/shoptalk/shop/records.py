"""The shop's own records: what was read from the source, kept flat beside the items made from them.

With them an edited `facets.json` is applied, and a damaged part made anew, without the source.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shoptalk.errors import CatalogError, ShopDamagedError
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.reading import OnBad, Record
from shoptalk.retrieval.schema import Schema

if TYPE_CHECKING:
    from shoptalk.retrieval.detecting import Overrides

__all__ = ["Entry", "LeftOut", "entries_of", "read_source", "read_texts", "records_of", "schema_of", "write_texts"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An item with the record that it was made from, as JSON."""

    item: Item
    text: str


class LeftOut:
    """Bad records, counted and kept as lines of JSON; raises them at once unless they may be skipped."""

    def __init__(self, *, skip: bool) -> None:
        self._skip = skip
        self.lines: list[str] = []

    @property
    def on_bad(self) -> OnBad | None:
        """What the reading room calls with a bad record; None lets it raise."""
        return self._keep if self._skip else None

    def content(self) -> bytes:
        """The content of `left-out.jsonl`."""
        return "".join(f"{line}\n" for line in self.lines).encode()

    def _keep(self, error: CatalogError) -> None:
        told = {"row": error.row, "field": error.field, "problem": error.problem, "hint": error.hint}
        self.lines.append(json.dumps({key: value for key, value in told.items() if value}, ensure_ascii=False))


def read_source(source: Path, left_out: LeftOut, progress: Callable[[int, int | None], None]) -> list[Record]:
    """All records of the source. Raises CatalogError."""
    from shoptalk.retrieval.reading import read_records

    return list(read_records(source, on_bad=left_out.on_bad, progress=progress))


def schema_of(records: Sequence[Record], source: Path, overrides: "Overrides | None") -> Schema:
    """What the columns are, found from names and values. Raises CatalogError that names the file."""
    from shoptalk.retrieval.detecting import detect

    try:
        return detect(records, overrides) if overrides is not None else detect(records)
    except CatalogError as error:
        raise _located(error, source) from error


def entries_of(records: Sequence[Record], schema: Schema, source: Path, left_out: LeftOut) -> list[Entry]:
    """Items with their records. Raises CatalogError that names the file; also if no record can be used."""
    from shoptalk.retrieval.itemizing import to_items

    bad: set[int | None] = set()
    keep = left_out.on_bad

    def note(error: CatalogError) -> None:
        bad.add(error.row)
        if keep is not None:
            keep(error)

    try:
        items = list(to_items(records, schema, note if keep is not None else None))
    except CatalogError as error:
        raise _located(error, source) from error
    if not items:
        hint = "left out are: " + "; ".join(left_out.lines[:3])
        raise CatalogError("none of its records can be used.", file=str(source), hint=hint)
    good = (record for record in records if record.row not in bad)
    return [Entry(item, text_of(record)) for item, record in zip(items, good, strict=True)]


def text_of(record: Record) -> str:
    """The record's fields as JSON, the same text for the same fields."""
    return json.dumps(record.fields, ensure_ascii=False, sort_keys=True)


def write_texts(path: Path, texts: Mapping[str, str]) -> None:
    """Write records as JSON with their ids, in the order given, as Parquet."""
    import polars as pl

    columns = {
        "id": pl.Series(list(texts), dtype=pl.String),
        "record": pl.Series(list(texts.values()), dtype=pl.String),
    }
    pl.DataFrame(columns).write_parquet(path)


def read_texts(path: Path) -> dict[str, str]:
    """Records of `write_texts` as JSON, by id. Raises ShopDamagedError."""
    import polars as pl

    try:
        frame = pl.read_parquet(path)
        return dict(zip(frame["id"].to_list(), frame["record"].to_list(), strict=True))
    except (OSError, pl.exceptions.PolarsError, ValueError) as error:
        hint = "Build the shop again from its source."
        raise ShopDamagedError(f"{path} cannot be read as the shop's records: {error}.", hint=hint) from error


def records_of(texts: Iterable[str]) -> list[Record]:
    """The records again, numbered from 1."""
    return [Record(row, json.loads(text)) for row, text in enumerate(texts, start=1)]


def _located(error: CatalogError, source: Path) -> CatalogError:
    return CatalogError(
        error.problem, file=error.file or str(source), row=error.row, field=error.field, hint=error.hint
    )
