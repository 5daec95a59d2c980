"""ReDial (Li et al., NeurIPS 2018): a seeker and a recommender talk of films, which messages name as `@id`.

Both sides answered, for every film named, whether the seeker had seen and liked it. Conversations of `valid` also stand
in `train`: give their ids as `drop` when training.
"""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.files import bad_record, found, json_lines, opened, read_json, required

__all__ = [
    "MENTION",
    "SPLITS",
    "Answers",
    "Conversation",
    "Film",
    "Message",
    "conversation_ids",
    "has_split",
    "read_conversations",
    "read_films",
    "split_year",
]

SPLITS = ("train", "valid", "test")
#: A film named in a message; the group is its id.
MENTION = re.compile(r"@(\d+)")
_YEAR = re.compile(r"\s*\((\d{4})[^)]*\)\s*$")
_HINT = "Give the folder of the ReDial dataset."


@dataclass(frozen=True, slots=True)
class Answers:
    """What a side answered about a film: each 0 no, 1 yes, 2 did not say; None where it was not answered."""

    suggested: int | None = None
    seen: int | None = None
    liked: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message; films stand in it as `@id`."""

    text: str
    by_seeker: bool

    @property
    def films(self) -> tuple[str, ...]:
        """Ids of the films that it names."""
        return tuple(MENTION.findall(self.text))


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; `seeker` and `recommender` hold each side's answers by film id.

    `is_exact` is False where the order of the messages and who sent them were restored by a program.
    """

    id: str
    messages: tuple[Message, ...]
    titles: Mapping[str, str]
    seeker: Mapping[str, Answers]
    recommender: Mapping[str, Answers]
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Film:
    """One film, with what the metadata file knows of it."""

    id: str
    title: str
    year: int | None
    mentions: int = 0
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    plot: str = ""


def has_split(folder: Path, split: str) -> bool:
    """True if the conversations of that split are there."""
    return found(folder, f"{split}_data.jsonl") is not None


def read_conversations(folder: Path, split: str, *, drop: Collection[str] = ()) -> Iterator[Conversation]:
    """Conversations of a split but those with an id in `drop`. Raises DatasetError if it is not there or malformed."""
    path = required(folder, f"{split}_data.jsonl", hint=_HINT)
    for number, record in json_lines(path):
        try:
            conversation = _conversation(record, default_id=f"{split}-{number}")
        except (KeyError, TypeError, AttributeError) as error:
            raise bad_record(path, number, error) from error
        if conversation.id not in drop:
            yield conversation


def conversation_ids(folder: Path, split: str) -> frozenset[str]:
    """Ids of a split's conversations, to be dropped from another."""
    return frozenset(one.id for one in read_conversations(folder, split))


def read_films(folder: Path) -> Iterator[Film]:
    """All films, with genres and people where `id2info.json` is there. Raises DatasetError if the list is not there."""
    path = required(folder, "movies_with_mentions.csv", hint=_HINT)
    about = found(folder, "id2info.json")
    known: dict[str, dict[str, Any]] = read_json(about) if about else {}
    with opened(path) as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            if not row.get("movieId") or row.get("movieName") is None:
                raise DatasetError(f"{path}, record {number}: columns movieId and movieName are expected.")
            yield _film(row, known.get(row["movieId"], {}))


def split_year(name: str) -> tuple[str, int | None]:
    """A title and the year that stands in brackets behind it, None if none does."""
    year = _YEAR.search(name)
    return _YEAR.sub("", name).strip(), int(year[1]) if year else None


def _film(row: dict[str, str], known: dict[str, Any]) -> Film:
    title, year = split_year(row["movieName"])
    return Film(
        id=row["movieId"],
        title=title,
        year=year if year is not None else split_year(known.get("name", ""))[1],
        mentions=int(row.get("nbMentions") or 0),
        genres=tuple(known.get("genre", ())),
        directors=tuple(known.get("director", ())),
        cast=tuple(known.get("star", ())),
        plot=known.get("plot") or "",
    )


def _conversation(record: dict[str, Any], default_id: str) -> Conversation:
    seeker = record["initiatorWorkerId"]
    return Conversation(
        id=str(record.get("conversationId") or default_id),
        messages=tuple(Message(one["text"], one["senderWorkerId"] == seeker) for one in record["messages"]),
        titles=dict(record["movieMentions"] or {}),
        seeker=_answers(record.get("initiatorQuestions")),
        recommender=_answers(record.get("respondentQuestions")),
        is_exact=record.get("order", "exact") == "exact",
    )


def _answers(held: dict[str, dict[str, int]] | list[Any] | None) -> dict[str, Answers]:
    """Answers by film; the dataset writes an empty list where nothing was answered."""
    return {
        film: Answers(one.get("suggested"), one.get("seen"), one.get("liked")) for film, one in dict(held or {}).items()
    }
