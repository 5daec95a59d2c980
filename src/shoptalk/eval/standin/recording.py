"""What a stand-in says: answers that a real model gave once, rules, or whatever a function makes up."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from shoptalk.errors import DatasetError

Answering = Callable[[list[dict[str, str]], dict[str, Any] | None], str]
"""From messages (role and content each) and a JSON schema to the answer."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a server was asked: `body` is the request as it came, the rest is read from it."""

    messages: Sequence[dict[str, str]]
    schema: dict[str, Any] | None
    most_tokens: int
    body: dict[str, Any]

    @property
    def last(self) -> str:
        """The last message of the person."""
        return next((one["content"] for one in reversed(self.messages) if one["role"] == "user"), "")

    @property
    def key(self) -> str:
        """The same for the same messages and schema."""
        told = json.dumps([list(self.messages), self.schema], sort_keys=True, ensure_ascii=False)
        return sha256(told.encode()).hexdigest()[:24]


class Source(Protocol):
    """Whoever knows what a stand-in says."""

    def answer(self, request: ChatRequest) -> str:
        """The answer's text."""
        ...


class Spoken(BaseModel):
    """One line of a recording: an answer, and when it is given.

    With `key` to exactly these messages and this schema, with `last` to this last message, with `pattern` where the
    last message has it somewhere. What is `json` answers requests with a schema only, what is not those without only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: str
    key: str | None = None
    last: str | None = None
    pattern: str | None = None
    as_json: bool = Field(default=False, alias="json")

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
        return pattern

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.key is None and self.last is None and self.pattern is None:
            raise ValueError("give 'key', 'last' or 'pattern', so that it is known when this is said")
        return self


class Recording:
    """Answers by what was asked: the same messages first, then the same last message, then the first rule that fits."""

    def __init__(self, lines: Iterable[Spoken], *, otherwise: str = "Nothing was recorded for this.") -> None:
        """`otherwise` is said where nothing fits and no schema is given; with a schema it is the least that fits it."""
        lines = list(lines)
        self._exact = {line.key: line.content for line in lines if line.key is not None}
        self._last = {(line.last, line.as_json): line.content for line in lines if line.last is not None}
        self._rules = [(re.compile(line.pattern, re.I), line) for line in lines if line.pattern is not None]
        self._otherwise = otherwise

    @classmethod
    def read(cls, path: Path) -> Self:
        """The recording in a JSONL file. Raises `DatasetError` with the line's number."""
        try:
            rows = path.read_text("utf-8").splitlines()
        except OSError as error:
            raise DatasetError(f"The recording {path} cannot be read: {error.strerror}.") from None
        return cls(_line(path, number, row) for number, row in enumerate(rows, start=1) if row.strip())

    def answer(self, request: ChatRequest) -> str:
        """What was recorded for this."""
        as_json = request.schema is not None
        for found in (self._exact.get(request.key), self._last.get((request.last, as_json))):
            if found is not None:
                return found
        for pattern, line in self._rules:
            if line.as_json is as_json and pattern.search(request.last):
                return line.content
        return self._otherwise if request.schema is None else json.dumps(least(request.schema))


class Recorder:
    """Asks a real server, and writes down what it answers; from any thread."""

    def __init__(self, url: str, path: Path, *, model: str | None = None, key: str | None = None) -> None:
        """`url` is the server's address with or without `/v1`; the recording at `path` is added to."""
        self._url, self._path = url.rstrip("/").removesuffix("/v1"), path
        self._model, self._key = model, key
        self._lock = Lock()

    def answer(self, request: ChatRequest) -> str:
        """What the real server answers. Raises what httpx raises where it does not."""
        body = {name: value for name, value in request.body.items() if name != "stream_options"}
        told = self._post(body | {"stream": False, "model": self._model or self._first_model()})
        content = told["choices"][0]["message"]["content"] or ""
        line = {"key": request.key, "last": request.last, "json": request.schema is not None, "content": content}
        with self._lock, self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
        return str(content)

    def _first_model(self) -> str:
        import httpx

        answer = httpx.get(f"{self._url}/v1/models", headers=self._headers(), timeout=10)
        self._model = str(answer.raise_for_status().json()["data"][0]["id"])
        return self._model

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        import httpx

        answer = httpx.post(f"{self._url}/v1/chat/completions", json=body, headers=self._headers(), timeout=600)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A function as a source."""

    function: Answering

    def answer(self, request: ChatRequest) -> str:
        """What the function says."""
        return self.function(list(request.messages), request.schema)


def least(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """The least value that a JSON schema allows: first choices, what is required only, nothing in lists."""
    root = schema if root is None else root
    if "$ref" in schema:
        return least(_under(root, schema["$ref"]), root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return least(schema[choice][0], root)
    return _least_of_type(schema, root)


def _least_of_type(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "null")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: least(schema.get("properties", {}).get(name, {}), root) for name in schema.get("required", [])}
    if kind == "array":
        return [least(schema.get("items", {}), root)] * schema.get("minItems", 0)
    if kind in ("number", "integer"):
        return schema.get("minimum", 0)
    return {"string": "x" * schema.get("minLength", 0), "boolean": False}.get(kind)


def _under(root: dict[str, Any], reference: str) -> dict[str, Any]:
    place: Any = root
    for name in reference.removeprefix("#/").split("/"):
        place = place[name]
    found: dict[str, Any] = place
    return found


def _line(path: Path, number: int, row: str) -> Spoken:
    try:
        return Spoken.model_validate_json(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DatasetError(f"{path}, line {number}: {where} {first['msg']}".replace("  ", " ")) from None
