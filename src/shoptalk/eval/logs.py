"""Dialogue logs: one dialogue a line, what each side said, and the items that each turn named.

The format is told with examples in `docs/dialogue-logs.md`. Anyone's dialogues can be written in it; `shoptalk eval`
replays them.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shoptalk.errors import LogError
from shoptalk.retrieval.catalog import Catalog, NumberColumn
from shoptalk.retrieval.schema import Meaning

__all__ = ["Dialogue", "ItemNames", "LoggedFeedback", "LoggedTurn", "read_dialogues", "write_dialogues"]

_FORMAT = "The format is told in docs/dialogue-logs.md."
_NEAR = 90.0
_YEAR = re.compile(r"\s*\((\d{4})\)\s*$")


class _Logged(BaseModel):
    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)


class LoggedFeedback(_Logged):
    """What the person made known about an item by the end of a turn. Fields that are left out say nothing."""

    item: str = Field(min_length=1, description="the item's id, or its title")
    liked: bool | None = None
    seen: bool | None = None
    clicked: bool = False
    bought: bool = False


class LoggedTurn(_Logged):
    """One side's turn. For the shop, `items` are its recommendations; for the user, the items that they named."""

    role: Literal["user", "shop"]
    text: str = ""
    items: tuple[str, ...] = Field(default=(), description="ids or titles")
    feedback: tuple[LoggedFeedback, ...] = ()


class Dialogue(_Logged):
    """One dialogue, its turns in the order in which they were said. Other fields may stand beside these."""

    id: str = Field(min_length=1)
    user: str | None = None
    turns: tuple[LoggedTurn, ...] = Field(min_length=1)


def read_dialogues(path: Path) -> Iterator[Dialogue]:
    """Read a log, plain or `.gz`, line by line; empty lines are passed over.

    Raises LogError naming file, line and field where a line is not a dialogue, and if the file holds none.
    """
    number = found = 0
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    found += 1
                    yield _parsed(path, number, line)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        place = f"{path}, after line {number}" if number else str(path)
        told = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise LogError(f"{place}: the log cannot be read: {told}.", hint="Give a JSON-lines file in UTF-8.") from error
    if not found:
        raise LogError(f"{path}: the log holds no dialogue.", hint=_FORMAT)


def write_dialogues(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Write a log (gzip if the name ends in `.gz`); what says nothing is left out. Returns the number of dialogues."""
    count = 0
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w", encoding="utf-8") as file:
        for dialogue in dialogues:
            file.write(dialogue.model_dump_json(exclude_defaults=True) + "\n")
            count += 1
    return count


class ItemNames:
    """Finds the item that a log names: by id, else by its exact title, else by a near one (rapidfuzz ratio of 90).

    A year at the end, 'Alien (1979)', is held against the catalog's year facet where several items have the title.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._plain = [_plain_title(title) for title in catalog.titles]
        self._by_title: dict[str, list[int]] = {}
        for row, (title, plain) in enumerate(zip(catalog.titles, self._plain, strict=True)):
            for key in {title.casefold().strip(), plain}:
                self._by_title.setdefault(key, []).append(row)
        self._known: dict[str, str | None] = {}

    def resolve(self, name: str) -> str | None:
        """The item's id, or None if the catalog has nothing of that name."""
        if name not in self._known:
            self._known[name] = name if name in self._catalog else self._of_title(name)
        return self._known[name]

    def _of_title(self, title: str) -> str | None:
        year = _YEAR.search(title)
        rows = self._by_title.get(title.casefold().strip()) or self._by_title.get(_plain_title(title)) or []
        return self._of_year(rows or self._near(_plain_title(title)), float(year[1]) if year else None)

    def _near(self, title: str) -> list[int]:
        from rapidfuzz import fuzz, process

        best = process.extractOne(title, self._plain, scorer=fuzz.ratio, score_cutoff=_NEAR) if title else None
        return self._by_title[best[0]] if best else []

    def _of_year(self, rows: list[int], year: float | None) -> str | None:
        for facet in self._catalog.schema.by_meaning(Meaning.YEAR) if year is not None and len(rows) > 1 else ():
            column = self._catalog.column(facet.name)
            if isinstance(column, NumberColumn):
                rows = sorted(rows, key=lambda row, held=column.values: abs(held[row] - year))  # type: ignore[misc]
        return self._catalog.ids[rows[0]] if rows else None


def _opened(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _parsed(path: Path, number: int, line: str) -> Dialogue:
    try:
        return Dialogue.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        problem = f"{path}, line {number}: not JSON: {error.msg} at character {error.pos + 1}."
        raise LogError(problem, hint=_FORMAT) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        place = f"{path}, line {number}" + (f", field '{field}'" if field else "")
        raise LogError(f"{place}: {first['msg']}.", hint=_FORMAT) from error


def _plain_title(title: str) -> str:
    return " ".join(_YEAR.sub("", title).casefold().split())
