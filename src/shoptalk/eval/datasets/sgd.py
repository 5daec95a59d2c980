"""Schema-Guided Dialogue (Rastogi et al., AAAI 2020): dialogues with a service's state per user turn, and schemas.

Two layouts are read: the published one, `<split>/dialogues_*.json` beside `<split>/schema.json`, and a packed one,
`<split>.jsonl` beside `<split>_schema.json`. `catalogs/<service>.jsonl` holds the rows that a service's searches
returned.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.files import bad_record, found, json_lines, read_json, required

__all__ = [
    "SPLITS",
    "Action",
    "Dialogue",
    "Frame",
    "Intent",
    "ServiceSchema",
    "Slot",
    "SlotSpan",
    "State",
    "Turn",
    "catalog_services",
    "has_schema",
    "has_split",
    "read_catalog",
    "read_dialogues",
    "read_schemas",
]

SPLITS = ("train", "dev", "test")
_HINT = "Give the folder of the Schema-Guided Dialogue dataset."


@dataclass(frozen=True, slots=True)
class Slot:
    """What a service can be told or asked."""

    name: str
    description: str
    is_categorical: bool
    possible_values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a service can do; searches are not transactional."""

    name: str
    description: str
    is_transactional: bool
    required_slots: tuple[str, ...]
    optional_slots: tuple[str, ...]
    result_slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceSchema:
    """A service: its slots and intents."""

    name: str
    description: str
    slots: tuple[Slot, ...]
    intents: tuple[Intent, ...]

    @property
    def searches(self) -> frozenset[str]:
        """Names of the intents that look something up and change nothing."""
        return frozenset(intent.name for intent in self.intents if not intent.is_transactional)


@dataclass(frozen=True, slots=True)
class Action:
    """What an utterance does, with the values as they were said and as the service writes them."""

    act: str
    slot: str
    values: tuple[str, ...]
    canonical_values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotSpan:
    """Characters `start` to `end` (exclusive) of the utterance that give a slot's value."""

    slot: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class State:
    """What a user wants of a service after a turn; the values of a slot are alternatives of one another."""

    active_intent: str
    requested_slots: tuple[str, ...]
    slot_values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a turn says of one service; `state` stands at user turns only."""

    service: str
    actions: tuple[Action, ...]
    slots: tuple[SlotSpan, ...]
    state: State | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance."""

    speaker: Literal["USER", "SYSTEM"]
    utterance: str
    frames: tuple[Frame, ...]

    def frame(self, service: str) -> Frame | None:
        """The frame of a service, None if the turn has none."""
        return next((frame for frame in self.frames if frame.service == service), None)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One dialogue with one or several services."""

    id: str
    services: tuple[str, ...]
    turns: tuple[Turn, ...]


def has_split(folder: Path, split: str) -> bool:
    """True if dialogues and schema of that split are there."""
    return bool(_dialogue_files(folder, split)) and has_schema(folder, split)


def has_schema(folder: Path, split: str) -> bool:
    """True if the services of that split are described."""
    return _schema_file(folder, split) is not None


def read_dialogues(folder: Path, split: str) -> Iterator[Dialogue]:
    """Dialogues of a split in the order of the files. Raises DatasetError if there are none, or one is malformed."""
    files = _dialogue_files(folder, split)
    if not files:
        raise DatasetError(
            f"{folder}: there is neither '{split}.jsonl' nor '{split}/dialogues_*.json' (plain or .gz).", hint=_HINT
        )
    for path in files:
        for number, record in _records(path):
            try:
                yield _dialogue(record)
            except (KeyError, TypeError, AttributeError) as error:
                raise bad_record(path, number, error) from error


def read_schemas(folder: Path, split: str) -> dict[str, ServiceSchema]:
    """A split's services by name. Raises DatasetError if the schema is not there or malformed."""
    path = _schema_file(folder, split)
    if path is None:
        raise DatasetError(
            f"{folder}: there is neither '{split}_schema.json' nor '{split}/schema.json' (plain or .gz).", hint=_HINT
        )
    schemas = {}
    for number, record in enumerate(read_json(path), start=1):
        try:
            schema = _schema(record)
        except (KeyError, TypeError, AttributeError) as error:
            raise bad_record(path, number, error) from error
        schemas[schema.name] = schema
    return schemas


def catalog_services(folder: Path) -> list[str]:
    """Services whose rows stand under `catalogs/`, by name."""
    held = (folder / "catalogs").glob("*.jsonl*") if (folder / "catalogs").is_dir() else ()
    return sorted({path.name.split(".jsonl")[0] for path in held})


def read_catalog(folder: Path, service: str) -> Iterator[dict[str, str]]:
    """Rows of a service's catalog. Raises DatasetError if it is not there."""
    path = required(folder / "catalogs", f"{service}.jsonl", hint=_HINT)
    for _, row in json_lines(path):
        yield {name: str(value) for name, value in row.items()}


def _dialogue_files(folder: Path, split: str) -> list[Path]:
    packed = found(folder, f"{split}.jsonl")
    return [packed] if packed else sorted((folder / split).glob("dialogues_*.json*"))


def _schema_file(folder: Path, split: str) -> Path | None:
    return found(folder, f"{split}_schema.json") or found(folder / split, "schema.json")


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if ".jsonl" in path.name:
        return json_lines(path)
    return iter(enumerate(read_json(path), start=1))


def _dialogue(record: dict[str, Any]) -> Dialogue:
    return Dialogue(record["dialogue_id"], tuple(record["services"]), tuple(map(_turn, record["turns"])))


def _turn(record: dict[str, Any]) -> Turn:
    return Turn(record["speaker"], record["utterance"], tuple(map(_frame, record["frames"])))


def _frame(record: dict[str, Any]) -> Frame:
    state = record.get("state")
    spans = (one for one in record.get("slots", ()) if "start" in one)
    return Frame(
        service=record["service"],
        actions=tuple(map(_action, record.get("actions", ()))),
        slots=tuple(SlotSpan(one["slot"], one["start"], one["exclusive_end"]) for one in spans),
        state=_state(state) if state is not None else None,
    )


def _action(record: dict[str, Any]) -> Action:
    values = tuple(record.get("values", ()))
    return Action(record["act"], record.get("slot", ""), values, tuple(record.get("canonical_values", ())))


def _state(record: dict[str, Any]) -> State:
    values = {slot: tuple(held) for slot, held in record["slot_values"].items()}
    return State(record["active_intent"], tuple(record.get("requested_slots", ())), values)


def _schema(record: dict[str, Any]) -> ServiceSchema:
    slots = tuple(
        Slot(s["name"], s.get("description", ""), bool(s["is_categorical"]), tuple(s.get("possible_values", ())))
        for s in record["slots"]
    )
    return ServiceSchema(
        record["service_name"], record.get("description", ""), slots, tuple(map(_intent, record["intents"]))
    )


def _intent(record: dict[str, Any]) -> Intent:
    return Intent(
        name=record["name"],
        description=record.get("description", ""),
        is_transactional=bool(record["is_transactional"]),
        required_slots=tuple(record.get("required_slots", ())),
        optional_slots=tuple(record.get("optional_slots", ())),
        result_slots=tuple(record.get("result_slots", ())),
    )
