"""OpenDialKG (Moon et al., ACL 2019), the turns that recommend a film or book, one record a turn.

A record holds all that was said before it, the entities of a knowledge graph that were named there (films, people,
genres), what the turn recommends (`rec`), and what of it was not named before (`rec_new`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoptalk.eval.datasets.files import bad_record, json_lines, read_json, required

__all__ = ["SPLITS", "Instance", "Work", "file_of", "read_instances", "read_works"]

SPLITS = ("train", "valid", "test")
_HINT = "Give the folder of the OpenDialKG turns."


@dataclass(frozen=True, slots=True)
class Instance:
    """A turn that recommends. `turn` counts the dialogue's messages from 0; `said` ends with the one before it.

    `entities` are those of all that was said, in order, one for each time that it was named.
    """

    dialogue: str
    turn: int
    said: tuple[str, ...]
    entities: tuple[str, ...]
    response: str
    targets: tuple[str, ...]
    new_targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """A film or book with what the knowledge graph tells of it, each value once."""

    id: str
    name: str
    year: int | None
    actors: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def file_of(split: str) -> str:
    """The name under which a split stands in the folder."""
    return f"{split}.jsonl"


def read_instances(folder: Path, split: str) -> Iterator[Instance]:
    """Turns of a split in the order of the file. Raises DatasetError if it is not there or malformed."""
    path = required(folder, file_of(split), hint=_HINT)
    for number, record in json_lines(path):
        try:
            yield _instance(record)
        except (KeyError, TypeError, ValueError) as error:
            raise bad_record(path, number, error) from error


def read_works(folder: Path) -> Iterator[Work]:
    """All films and books that are described. Raises DatasetError if `id2info.json` is not there or malformed."""
    path = required(folder, "id2info.json", hint=_HINT)
    for number, (key, record) in enumerate(read_json(path).items(), start=1):
        try:
            yield _work(key, record)
        except (KeyError, TypeError, ValueError) as error:
            raise bad_record(path, number, error) from error


def _instance(record: dict[str, Any]) -> Instance:
    return Instance(
        dialogue=str(record["dialog_id"]),
        turn=int(record["turn_id"]),
        said=tuple(record["context"]),
        entities=tuple(record["entity"]),
        response=record["resp"],
        targets=tuple(record["rec"]),
        new_targets=tuple(record["rec_new"]),
    )


def _work(key: str, record: dict[str, Any]) -> Work:
    year = str(record.get("year") or "")
    return Work(
        id=key,
        name=record["name"],
        year=int(year) if year.isdigit() else None,
        actors=_each_once(record, "actor"),
        directors=_each_once(record, "director"),
        writers=_each_once(record, "writer"),
        genres=_each_once(record, "genre"),
        languages=_each_once(record, "language"),
    )


def _each_once(record: dict[str, Any], field: str) -> tuple[str, ...]:
    """Values of a field; the graph names one again where two of its edges lead there."""
    return tuple(dict.fromkeys(record.get(field) or ()))
