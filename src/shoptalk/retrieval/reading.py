"""Records out of a catalog file: CSV, TSV, JSON, JSON lines (each also gzipped) and Parquet.

What cannot be read is said with file, row and field; a bad record is skipped where the caller wants to hear of it.
"""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from shoptalk.errors import CatalogError
from shoptalk.retrieval.flattening import MAX_FIELD, FieldValue, clean, flatten

__all__ = ["SUFFIXES", "OnBad", "Progress", "Record", "read_records"]

OnBad = Callable[[CatalogError], None]
Progress = Callable[[int, int | None], None]

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")

_CHUNK = 1 << 16
_SAMPLE = 1 << 18
_TELL_EVERY = 1000
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Record:
    """One flat record. `row` counts from 1 (the first data row of a CSV file is 1); empty fields are left out."""

    row: int
    fields: dict[str, FieldValue]


@dataclass(frozen=True, slots=True)
class _Raw:
    """A record as its format gives it, or why it gives none."""

    row: int
    content: Any
    error: CatalogError | None = None


def read_records(source: Path, *, on_bad: OnBad | None = None, progress: Progress | None = None) -> Iterator[Record]:
    """Read the file's records in order, flattened.

    `progress` is told how many records were read, and of how many where that is known. Raises CatalogError for a file
    that cannot be read, and for a bad record unless `on_bad` is given: then it is told, and the record is skipped.
    """
    source = Path(source)
    raws, total = _open(source)
    good = seen = 0
    for raw in raws:
        seen += 1
        if progress is not None and seen % _TELL_EVERY == 0:
            progress(seen, total)
        try:
            fields = _fields(raw)
        except CatalogError as error:
            located = _located(error, source, raw.row)
            if on_bad is None:
                raise located from error
            on_bad(located)
            continue
        good += 1
        yield Record(raw.row, fields)
    if not good:
        problem = "none of its records can be used." if seen else "holds no records."
        raise CatalogError(problem, file=str(source), hint="A catalog needs at least one item.")
    if progress is not None:
        progress(seen, seen)


def _open(source: Path) -> tuple[Iterator[_Raw], int | None]:
    """The file's raw records, and their number where the format tells it."""
    if source.is_dir():
        raise _file_error(source, "is a folder.", "Name one file in it.")
    if not source.exists():
        raise _file_error(source, "there is no such file.", "Check the path.")
    kind = _kind(source)
    if source.stat().st_size == 0:
        raise _file_error(source, "is empty.", "A catalog needs at least one item.")
    if kind == ".parquet":
        return _read_parquet(source)
    text = _text(source)
    if kind == ".json":
        return _read_json(source, "".join(text))
    if kind in (".jsonl", ".ndjson"):
        return _read_json_lines(text), None
    return _read_separated(source, text, "\t" if kind == ".tsv" else ","), None


def _kind(source: Path) -> str:
    suffixes = [suffix.lower() for suffix in source.suffixes]
    kind = suffixes[-1] if suffixes else ""
    if kind == ".gz" and len(suffixes) > 1 and suffixes[-2] != ".parquet":
        kind = suffixes[-2]
    if kind not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        hint = f"Known are {known}; all but Parquet also with .gz behind."
        ending = "".join(source.suffixes[-2:])
        problem = f"'{ending}' is no known kind of catalog." if ending else "has no ending that says what it is."
        raise _file_error(source, problem, hint)
    return kind


def _fields(raw: _Raw) -> dict[str, FieldValue]:
    if raw.error is not None:
        raise raw.error
    if not isinstance(raw.content, dict):
        problem = f"is {_json_name(raw.content)}, not a record."
        raise CatalogError(problem, hint='Each item is an object: {"title": ...}.')
    fields = flatten(raw.content)
    if not fields:
        raise CatalogError("the record is empty.", hint="Remove it, or fill it.")
    return fields


def _file_error(source: Path, problem: str, hint: str = "") -> CatalogError:
    return CatalogError(problem, file=str(source), hint=hint)


def _located(error: CatalogError, source: Path, row: int) -> CatalogError:
    return CatalogError(error.problem, file=str(source), row=row, field=error.field, hint=error.hint)


def _json_name(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", type(None): "null"}
    return names.get(type(value), "something else")


# Bytes to text --------------------------------------------------------------------------------------------------------


def _text(source: Path) -> Iterator[str]:
    """The file's text in pieces. Raises CatalogError with the byte's place unless it is UTF-8 (or UTF-16 with BOM)."""
    try:
        with gzip.open(source) if source.suffix.lower() == ".gz" else source.open("rb") as stream:
            yield from _decoded(source, stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _file_error(source, f"the gzip data is broken: {error}.", "Fetch or compress it again.") from error
    except OSError as error:
        raise _file_error(source, f"cannot be read: {error.strerror or error}.") from error


def _decoded(source: Path, stream: gzip.GzipFile | BinaryIO) -> Iterator[str]:
    chunk = stream.read(_CHUNK)
    bom, encoding = next((pair for pair in _BOMS if chunk.startswith(pair[0])), (b"", "utf-8"))
    decoder = codecs.getincrementaldecoder(encoding)()
    chunk, done = chunk[len(bom) :], len(bom)
    while True:
        pending = len(decoder.getstate()[0])
        try:
            yield decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = done - pending + error.start
            problem = f"byte {place:,} is not {encoding.upper()}."
            hint = "Save the file as UTF-8; 'iconv -f WINDOWS-1252 -t UTF-8' does it for most exports of spreadsheets."
            raise _file_error(source, problem, hint) from error
        if not chunk:
            return
        done += len(chunk)
        chunk = stream.read(_CHUNK)


def _lines(text: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, as the csv module wants them; linear in time however long a line is."""
    held: list[str] = []
    for piece in text:
        lines = piece.split("\n")
        for line in lines[:-1]:
            yield "".join((*held, line, "\n"))
            held.clear()
        held.append(lines[-1])
    if last := "".join(held):
        yield last


# Formats --------------------------------------------------------------------------------------------------------------


def _read_json(source: Path, text: str) -> tuple[Iterator[_Raw], int]:
    if not text.strip():
        raise _file_error(source, "is empty.", "A catalog needs at least one item.")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"is not valid JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        raise _file_error(source, problem, _json_hint(text, error)) from error
    except (ValueError, RecursionError) as error:
        raise _file_error(source, f"is not usable JSON: {error}.", "Is it a catalog?") from error
    rows = _the_array(source, document)
    return (_Raw(row, content) for row, content in enumerate(rows, start=1)), len(rows)


def _json_hint(text: str, error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data":
        return "If each line is a record of its own, name the file .jsonl."
    near = " ".join(text[max(0, error.pos - 20) : error.pos + 20].split())
    return f"It reads '{near}' there."


def _the_array(source: Path, document: Any) -> list[Any]:
    """The records: the document itself, or the one array of records in it, the least deep first."""
    if isinstance(document, list):
        return document
    level: list[tuple[str, Any]] = [("", document)]
    while level:
        arrays = [(path, value) for path, value in level if isinstance(value, list) and any(map(_is_record, value))]
        if len(arrays) == 1:
            return list(arrays[0][1])
        if arrays:
            named = ", ".join(repr(path) for path, _ in arrays)
            raise _file_error(source, f"holds several arrays of records: {named}.", "Keep the one with the items.")
        level = [
            (f"{path}.{key}".lstrip("."), inner)
            for path, value in level
            if isinstance(value, dict)
            for key, inner in value.items()
        ]
    raise _file_error(source, "holds no array of records.", 'Expected [{"title": ...}, ...], alone or in one object.')


def _is_record(value: object) -> bool:
    return isinstance(value, dict)


def _read_json_lines(text: Iterable[str]) -> Iterator[_Raw]:
    row = 0
    for number, line in enumerate(_lines(text), start=1):
        if not line.strip():
            continue
        row += 1
        try:
            yield _Raw(row, json.loads(line))
        except json.JSONDecodeError as error:
            problem = f"line {number} is not valid JSON: {error.msg}, column {error.colno}."
            yield _Raw(row, None, CatalogError(problem, hint="Each line is one whole record."))
        except (ValueError, RecursionError) as error:
            yield _Raw(row, None, CatalogError(f"line {number} is not usable JSON: {error}.", hint="Correct the line."))


def _read_separated(source: Path, text: Iterator[str], separator: str) -> Iterator[_Raw]:
    sample = _sample(text)
    first = sample.partition("\n")[0]
    if separator == ",":
        separator = max(",;\t|", key=first.count)
    quoting = _quoting(sample, separator)
    csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD))
    lines = (line.replace("\0", "") for line in _lines(_chain(sample, text)))
    rows = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    names = _header(source, rows)
    number = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield _Raw(number, None, _csv_error(error, rows.line_num))
            continue
        if not cells:
            continue
        number += 1
        if len(cells) == len(names):
            yield _Raw(number, dict(zip(names, cells, strict=True)))
        else:
            yield _Raw(number, None, _ragged(names, cells, rows.line_num))


def _sample(text: Iterator[str]) -> str:
    held = ""
    for piece in text:
        held += piece
        if len(held) >= _SAMPLE:
            break
    return held


def _chain(sample: str, text: Iterator[str]) -> Iterator[str]:
    yield sample
    yield from text


def _quoting(sample: str, separator: str) -> Any:
    """Whether quotes mean quoting. In tab separated text they often do not: then they break its rows."""
    if separator != "\t" or '"' not in sample:
        return csv.QUOTE_MINIMAL
    whole = sample[: sample.rfind("\n") + 1] or sample
    try:
        widths = {len(row) for row in csv.reader(io.StringIO(whole, newline=""), delimiter="\t", strict=True) if row}
    except csv.Error:
        return csv.QUOTE_NONE
    return csv.QUOTE_MINIMAL if len(widths) == 1 else csv.QUOTE_NONE


def _header(source: Path, rows: Iterator[list[str]]) -> list[str]:
    try:
        cells = next((row for row in rows if row), [])
    except csv.Error as error:
        raise _file_error(
            source, f"the header cannot be read: {error}.", "The first line names the columns."
        ) from error
    names = [clean(cell) or f"column {place}" for place, cell in enumerate(cells, start=1)]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise _file_error(source, f"columns named twice: {', '.join(twice)}.", "Give each column a name of its own.")
    if not any(cell.strip() for cell in cells):
        raise _file_error(source, "has no header.", "The first line names the columns.")
    return names


def _ragged(names: list[str], cells: list[str], line: int) -> CatalogError:
    problem = f"has {len(cells)} fields where the header has {len(names)} (line {line})."
    if len(cells) > len(names):
        return CatalogError(problem, hint="Put quotes around a field that holds the separator.")
    return CatalogError(problem, field=names[len(cells)], hint="Fields are missing from there on.")


def _csv_error(error: csv.Error, line: int) -> CatalogError:
    if "field limit" in str(error):
        problem = f"a field has more than {MAX_FIELD:,} characters (line {line})."
        return CatalogError(problem, hint="Is a quotation mark not closed?")
    if "unexpected end" in str(error):
        return CatalogError(f"a quotation mark is not closed (line {line}).", hint='Inside quotes write "" for ".')
    return CatalogError(f"cannot be read: {error} (line {line}).", hint='Inside quotes write "" for ".')


def _read_parquet(source: Path) -> tuple[Iterator[_Raw], int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(source)
    except (pa.ArrowException, OSError) as error:
        raise _file_error(
            source, f"is not a Parquet file: {str(error).rstrip('.')}.", "Write it again, or use CSV."
        ) from error
    return _parquet_rows(source, opened), opened.metadata.num_rows


def _parquet_rows(source: Path, opened: Any) -> Iterator[_Raw]:
    import pyarrow as pa

    row = 0
    try:
        for batch in opened.iter_batches(batch_size=_TELL_EVERY):
            for content in batch.to_pylist():
                row += 1
                yield _Raw(row, {name: _plain(value) for name, value in content.items()})
    except (pa.ArrowException, OSError) as error:
        raise _file_error(source, f"broken after row {row}: {error}.", "Write the file again.") from error


def _plain(value: Any) -> Any:
    """Parquet's own types as JSON would have them; bytes say nothing to a shopper."""
    from datetime import date, datetime
    from decimal import Decimal

    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return None if isinstance(value, bytes) else value
