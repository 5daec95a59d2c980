"""Everything said, shown and clicked, in `talks.db`: one SQLite file (WAL, every commit on disk before it returns).

The schema only ever grows: `_MIGRATIONS` is append-only and `PRAGMA user_version` counts what was applied.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from shoptalk.agent.events import Reply
from shoptalk.agent.signals import SIGNALS_KEPT, Feedback, Signal, noted, with_answer, with_message
from shoptalk.agent.state import TalkState
from shoptalk.agent.watch import ModelUse
from shoptalk.errors import ShopBusyError, ShopDamagedError, ShopError, ShopVersionError
from shoptalk.retrieval.query import Mention, Query, Said

__all__ = [
    "Exposure",
    "Feedback",
    "LogCounts",
    "RecordedFeedback",
    "RecordedTalk",
    "RecordedTurn",
    "TalkLog",
]

_MIGRATIONS = (
    """
    CREATE TABLE talks (id TEXT PRIMARY KEY, user TEXT, started TEXT NOT NULL, state TEXT NOT NULL);
    CREATE TABLE turns (
        talk TEXT NOT NULL REFERENCES talks(id), number INTEGER NOT NULL, at TEXT NOT NULL, message TEXT NOT NULL,
        reply TEXT NOT NULL, query TEXT, shown TEXT NOT NULL, PRIMARY KEY (talk, number));
    CREATE TABLE feedback (
        id INTEGER PRIMARY KEY, talk TEXT NOT NULL REFERENCES talks(id), user TEXT, turn INTEGER NOT NULL,
        item TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL);
    CREATE INDEX feedback_by_user ON feedback(user, id);
    """,
    # The seconds of a dwell; and how many messages a query was asked with, which themselves stand in the turns.
    """
    ALTER TABLE feedback ADD COLUMN value REAL;
    ALTER TABLE turns ADD COLUMN said INTEGER;
    """,
)
_QUERY = TypeAdapter(Query)
_MENTIONS = TypeAdapter(tuple[Mention, ...])


@dataclass(frozen=True, slots=True)
class Exposure:
    """One list that was shown: the query that led to it, the items from the top down, and what was done with each."""

    query: Query
    shown: tuple[str, ...]
    feedback: dict[str, tuple[Feedback, ...]]


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """One message and its answer: the items that each named or showed, and when the answer was recorded (ISO)."""

    number: int
    at: str
    message: str
    mentions: tuple[Mention, ...]
    text: str
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordedFeedback:
    """Something done with an item after the answer of turn `turn`, or said of it in that turn's message.

    `at` is an ISO time; `seconds` tells how long it was dwelled on.
    """

    turn: int
    item: str
    kind: Feedback
    at: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class RecordedTalk:
    """A whole talk in the order of what happened."""

    id: str
    user: str | None
    turns: tuple[RecordedTurn, ...]
    feedback: tuple[RecordedFeedback, ...]


@dataclass(frozen=True, slots=True)
class LogCounts:
    """How much a talks.db holds."""

    talks: int
    turns: int
    feedback: int


class TalkLog:
    """Reads and writes a talks.db. One connection behind a lock: share it between threads.

    Raises ShopDamagedError if the file is no database, ShopVersionError if a newer shoptalk wrote it, and ShopError,
    then and at every write, if it cannot be written now: what was to be written is not kept then.
    """

    def __init__(self, path: Path, *, patience: float = 10.0) -> None:
        """Open the file, or begin it. A write waits `patience` seconds for another process to be done."""
        self._path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=patience, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._migrate()
        except sqlite3.OperationalError as error:
            raise _unwritable(path, error) from error
        except sqlite3.DatabaseError as error:
            raise ShopDamagedError(
                f"{path} is not a usable talks database ({error}).", hint="Move it away to start a new one."
            ) from error

    def start(self, user: str | None) -> tuple[str, TalkState]:
        """Begin a talk: its id, and a state that remembers what the user likes, dislikes and has seen."""
        talk, state = uuid.uuid4().hex, self.memory(user)
        with self._writing() as db:
            db.execute("INSERT INTO talks VALUES (?, ?, ?, ?)", (talk, user, _now(), state.model_dump_json()))
        return talk, state

    def load(self, talk: str) -> tuple[str | None, TalkState] | None:
        """User and state of a talk; None if there is no such talk."""
        with self._lock:
            row = self._db.execute("SELECT user, state FROM talks WHERE id = ?", (talk,)).fetchone()
        return (row[0], TalkState.model_validate_json(row[1])) if row else None

    def record_turn(self, talk: str, before: TalkState, after: TalkState, reply: Reply, query: Query | None) -> None:
        """Persist a turn, the state after it, and what the message said of items. On disk when it returns.

        Of the query's messages only their number is kept: `exposures` takes them from the turns that they came from.
        Raises ShopBusyError if another process answered in the same talk meanwhile; nothing of this turn is kept then.
        """
        said = _said(before.liked, after.liked, Feedback.LIKED)
        said += _said(before.disliked, after.disliked, Feedback.DISLIKED)
        said += _said(before.seen, after.seen, Feedback.SEEN)
        shown = json.dumps([pick.item.id for pick in reply.picks])
        asked = _QUERY.dump_json(replace(query, said=())).decode() if query else None
        row = (talk, reply.turn, _now(), reply.request.message, reply.model_dump_json(), asked, shown)
        with self._writing() as db:
            try:
                db.execute(
                    "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, len(query.said) if query else None)
                )
            except sqlite3.IntegrityError as error:
                problem = f"turn {reply.turn} of the talk '{talk}' was answered elsewhere in the meantime."
                raise ShopBusyError(problem, hint="Say it again; the talk goes on from there.") from error
            self._update(db, talk, after, reply.turn, said)

    def record_feedback(
        self, talk: str, after: TalkState, feedback: list[tuple[str, Feedback]], *, dwell: float | None = None
    ) -> None:
        """Persist feedback on items (id, kind) and the state after it. On disk when it returns.

        `dwell` are the seconds of what is DWELLED among it.
        """
        with self._writing() as db:
            self._update(db, talk, after, after.turn, feedback, dwell)

    def history(self, talk: str) -> list[tuple[str, Reply]]:
        """(message, reply) of all turns of a talk, in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT message, reply FROM turns WHERE talk = ? ORDER BY number", (talk,)
            ).fetchall()
        return [(message, Reply.model_validate_json(reply)) for message, reply in rows]

    def memory(self, user: str | None) -> TalkState:
        """A fresh state with what this user said before; nobody's if the user is None."""
        if user is None:
            return TalkState()
        with self._lock:
            rows = self._db.execute("SELECT item, kind FROM feedback WHERE user = ? ORDER BY id", (user,)).fetchall()
        held: dict[Feedback, dict[str, None]] = {kind: {} for kind in Feedback}
        for item, kind in rows:
            _apply(held, item, Feedback(kind))
        return TalkState(
            liked=tuple(held[Feedback.LIKED]), disliked=tuple(held[Feedback.DISLIKED]), seen=tuple(held[Feedback.SEEN])
        )

    def earlier(self, user: str | None, talk: str) -> tuple[Signal, ...]:
        """The last sixty things that the user did with items in other talks than this, oldest first."""
        if user is None:
            return ()
        with self._lock:
            rows = self._db.execute(
                "SELECT item, kind, value FROM feedback WHERE user = ? AND talk <> ? AND kind <> ? "
                "ORDER BY id DESC LIMIT ?",
                (user, talk, Feedback.FORGOTTEN, SIGNALS_KEPT),
            ).fetchall()
        return noted((), (Signal(item_id=item, kind=kind, seconds=value or 0.0) for item, kind, value in rows[::-1]))

    def recorded(self) -> Iterator[RecordedTalk]:
        """Every talk with a turn or feedback, those begun first before the others."""
        with self._lock:
            talks = self._db.execute("SELECT id, user FROM talks ORDER BY started, rowid").fetchall()
            acts = self._db.execute("SELECT talk, turn, item, kind, at, value FROM feedback ORDER BY id").fetchall()
        turns: dict[str, list[RecordedTurn]] = {}
        for talk, turn, _, _ in self._turns():
            turns.setdefault(talk, []).append(turn)
        done: dict[str, list[RecordedFeedback]] = {}
        for talk, number, item, kind, at, value in acts:
            one = RecordedFeedback(number, item, Feedback(kind), at, value or 0.0)
            done.setdefault(talk, []).append(one)
        for talk, user in talks:
            if talk in turns or talk in done:
                yield RecordedTalk(talk, user, tuple(turns.get(talk, ())), tuple(done.get(talk, ())))

    def exposures(self) -> Iterator[Exposure]:
        """Every list shown for a query, the oldest first, with the feedback on its items in that turn of that talk."""
        with self._lock:
            acts = self._db.execute("SELECT talk, turn, item, kind FROM feedback ORDER BY id").fetchall()
        done: dict[tuple[str, str], list[tuple[int, Feedback]]] = {}
        for talk, turn, item, kind in acts:
            done.setdefault((talk, item), []).append((turn, Feedback(kind)))
        said: dict[str, tuple[Said, ...]] = {}
        for talk, one, asked, many in self._turns():
            heard = with_message(said.get(talk, ()), one.message, (mention.item_id for mention in one.mentions))
            said[talk] = with_answer(heard, one.text, one.shown, again=not one.message)
            if asked is None or not one.shown:
                continue
            feedback = {
                item: tuple(kind for turn, kind in done.get((talk, item), []) if turn in (one.number, one.number + 1))
                for item in one.shown
            }
            query = replace(_QUERY.validate_json(asked), said=heard[-many:] if many else ())
            yield Exposure(query, one.shown, {item: kinds for item, kinds in feedback.items() if kinds})

    def counts(self) -> LogCounts:
        """How many talks, turns and pieces of feedback there are."""
        with self._lock:
            found = [
                self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("talks", "turns", "feedback")
            ]
        return LogCounts(*found)

    def model_uses(self) -> Iterator[ModelUse]:
        """What a language model did in each turn in which one was asked, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT json_extract(reply, '$.model') FROM turns WHERE json_extract(reply, '$.model') IS NOT NULL "
                "ORDER BY rowid"
            ).fetchall()
        for (use,) in rows:
            yield ModelUse.model_validate_json(use)

    def forget_talk(self, talk: str) -> None:
        """Remove a talk with all its turns and feedback."""
        with self._writing() as db:
            for table, column in (("feedback", "talk"), ("turns", "talk"), ("talks", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (talk,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _turns(self) -> Iterator[tuple[str, RecordedTurn, str | None, int | None]]:
        """(talk, turn, its query as JSON, how many messages that was asked with) of all turns, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT talk, number, at, message, json_extract(reply, '$.request.mentions'), "
                "json_extract(reply, '$.text'), shown, query, said FROM turns ORDER BY rowid"
            ).fetchall()
        for talk, number, at, message, mentions, text, shown, query, said in rows:
            named = _MENTIONS.validate_json(mentions or "[]")
            yield talk, RecordedTurn(number, at, message, named, text or "", tuple(json.loads(shown))), query, said

    def _update(
        self,
        db: sqlite3.Connection,
        talk: str,
        state: TalkState,
        turn: int,
        feedback: list[tuple[str, Feedback]],
        dwell: float | None = None,
    ) -> None:
        db.execute("UPDATE talks SET state = ? WHERE id = ?", (state.model_dump_json(), talk))
        db.executemany(
            "INSERT INTO feedback (talk, user, turn, item, kind, at, value) "
            "SELECT id, user, ?, ?, ?, ?, ? FROM talks WHERE id = ?",
            [(turn, item, kind, _now(), dwell if kind is Feedback.DWELLED else None, talk) for item, kind in feedback],
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise _unwritable(self._path, error) from error
                raise

    def _migrate(self) -> None:
        with self._writing() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(_MIGRATIONS):
                known = len(_MIGRATIONS)
                raise ShopVersionError(
                    f"{self._path} was written by a newer shoptalk (schema {version}, this one knows {known}).",
                    hint="Update shoptalk to open it.",
                )
            for number, migration in enumerate(_MIGRATIONS[version:], start=version + 1):
                for statement in migration.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number}")


def _apply(held: dict[Feedback, dict[str, None]], item: str, kind: Feedback) -> None:
    if kind in (Feedback.LIKED, Feedback.DISLIKED, Feedback.FORGOTTEN):
        held[Feedback.LIKED].pop(item, None)
        held[Feedback.DISLIKED].pop(item, None)
    if kind is Feedback.FORGOTTEN:
        held[Feedback.SEEN].pop(item, None)
    held[Feedback.SEEN if kind is Feedback.BOUGHT else kind][item] = None


def _said(before: tuple[str, ...], after: tuple[str, ...], kind: Feedback) -> list[tuple[str, Feedback]]:
    known = set(before)
    return [(item, kind) for item in after if item not in known]


def _unwritable(path: Path, error: sqlite3.OperationalError) -> ShopError:
    hint = "Is there room on the disk, may it be written, and does no other program hold it? Then try again."
    return ShopError(f"{path} cannot be written: {error}.", hint=hint)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
