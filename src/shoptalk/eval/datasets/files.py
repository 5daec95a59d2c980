"""Files of a dataset, plain or as `.gz`: finding them, and reading them line by line."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from shoptalk.errors import DatasetError

__all__ = ["bad_record", "found", "json_lines", "lines", "opened", "read_json", "required"]


def found(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder, or the same with `.gz`; None if neither is there."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def required(folder: Path, name: str, *, hint: str = "") -> Path:
    """As `found`. Raises DatasetError naming the folder and the file if there is none."""
    path = found(folder, name)
    if path is None:
        raise DatasetError(f"{folder}: there is no '{name}' or '{name}.gz'.", hint=hint)
    return path


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their 1-based numbers. Raises DatasetError where the file cannot be read."""
    number = 0
    try:
        with opened(path) as file:
            for number, line in enumerate(file, start=1):
                if text := line.strip():
                    yield number, text
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}, after line {number}: it cannot be read: {error}.") from error


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects of a JSON-lines file with their line numbers. Raises DatasetError where a line is no object."""
    for number, line in lines(path):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(f"{path}, line {number}: not JSON: {error.msg}.") from error
        if not isinstance(record, dict):
            raise DatasetError(f"{path}, line {number}: a JSON object is expected.")
        yield number, record


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises DatasetError if it is none."""
    try:
        with opened(path) as file:
            return json.load(file)
    except (OSError, EOFError, ValueError) as error:
        raise DatasetError(f"{path}: it cannot be read as JSON: {error}.") from error


def bad_record(path: Path, number: int, error: Exception) -> DatasetError:
    """What to raise where a record lacks a field or holds another type there; `number` counts lines or records."""
    missing = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
    return DatasetError(f"{path}, record {number}: {missing}.", hint="Is this the dataset's published format?")


def opened(path: Path) -> IO[str]:
    """The file as text, unpacked if it is `.gz`."""
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
