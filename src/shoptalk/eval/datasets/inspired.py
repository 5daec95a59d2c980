"""INSPIRED (Hayati et al., EMNLP 2020): a seeker and a recommender talk of films, in the release linked to DBpedia.

One dialogue a line, a list of utterances; each gives the films that it names as 'Title (year)'. Dialogues have no ids.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.files import bad_record, lines, required

__all__ = ["SPLITS", "Conversation", "Utterance", "file_of", "read_conversations"]

SPLITS = ("train", "valid", "test")
_HINT = "Give the folder of the INSPIRED dataset."
#: Some names hold two: 'Alien (1979), Aliens (1986)'.
_BETWEEN_NAMES = re.compile(r"(?:(?<=\(\d{4}\))|^),\s+")


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said, with the names of the films in it."""

    text: str
    by_seeker: bool
    films: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; its id is made of the split and the number of the line."""

    id: str
    utterances: tuple[Utterance, ...]


def file_of(split: str) -> str:
    """The name under which a split is published."""
    return f"{split}_data_dbpedia.jsonl"


def read_conversations(folder: Path, split: str) -> Iterator[Conversation]:
    """Conversations of a split. Raises DatasetError if it is not there or malformed."""
    path = required(folder, file_of(split), hint=_HINT)
    for number, line in lines(path):
        try:
            yield Conversation(f"{split}-{number}", tuple(map(_utterance, json.loads(line))))
        except json.JSONDecodeError as error:
            raise DatasetError(f"{path}, line {number}: not JSON: {error.msg}.") from error
        except (KeyError, TypeError) as error:
            raise bad_record(path, number, error) from error


def _utterance(record: dict[str, Any]) -> Utterance:
    names = (name.strip() for told in record["movie"] for name in _BETWEEN_NAMES.split(told))
    return Utterance(record["text"], record["role"] == "SEEKER", tuple(name for name in names if name))
