"""What was recorded, as sessions for the models to learn from: a shop's own talks, dialogues, and interaction files.

Item codes are the catalog's rows; what the catalog does not have is left out.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np

from shoptalk.agent.signals import Feedback, Named, message_of, signals_in, value_of
from shoptalk.ranking.sessions import Sessions
from shoptalk.retrieval.query import Said

if TYPE_CHECKING:
    from shoptalk.agent.log import RecordedFeedback, RecordedTalk, RecordedTurn, TalkLog
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.shop.interactions import Interactions

__all__ = ["Dialogue", "DialogueTurn", "sessions_of_dialogues", "sessions_of_interactions", "sessions_of_log"]

_CHOOSES = frozenset({Feedback.CLICKED, Feedback.LIKED, Feedback.BOUGHT})
_TASTE = frozenset({Feedback.LIKED, Feedback.DISLIKED})
_TAKEN_BACK = _TASTE | {Feedback.SEEN}
_RECOMMENDED = 1.0


class DialogueTurn(Protocol):
    """One side's turn of a recorded dialogue; `items` are named as the log names them."""

    @property
    def role(self) -> str:
        """'user' for the person, anything else for the side that recommends."""
        ...

    @property
    def text(self) -> str:
        """The words said."""
        ...

    @property
    def items(self) -> Sequence[str]:
        """The items that the turn names."""
        ...


class Dialogue(Protocol):
    """A recorded dialogue."""

    @property
    def turns(self) -> Sequence[DialogueTurn]:
        """In the order in which they were said."""
        ...


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that happened with an item (a catalog row) at a step of a session."""

    step: int
    row: int
    kind: Feedback | Named | None
    value: float
    time: float
    chosen: bool


@dataclass(slots=True)
class _Session:
    """A session as it is being read."""

    said: list[Said] = field(default_factory=list)
    events: list[_Event] = field(default_factory=list)

    def take_back(self, row: int, kinds: frozenset[Feedback]) -> None:
        """Of what a person thinks of an item the last word counts."""
        self.events = [one for one in self.events if one.row != row or one.kind not in kinds]

    def merged(self) -> list[_Event]:
        """One event for each item and step, by step: what speaks against it if anything does, else what is most."""
        held: dict[tuple[int, int], _Event] = {}
        for one in sorted(self.events, key=lambda one: one.step):
            other = held.get((one.step, one.row), one)
            value = min(one.value, other.value) if min(one.value, other.value) < 0 else max(one.value, other.value)
            chosen = value > 0 and (one.chosen or other.chosen)
            held[one.step, one.row] = _Event(one.step, one.row, one.kind, value, other.time, chosen)
        return list(held.values())


def sessions_of_log(log: "TalkLog", catalog: "Catalog") -> Sessions:
    """The shop's talks: one session for each user, their talks one after another, and one for each nameless talk.

    Messages of both sides are the steps. What a message names is known with it; what was clicked, liked or bought is
    chosen at the answer after which it was (a like said in words, at the answer that showed the item). What was shown
    and left alone is no event: people choose what stands high, and that alone would teach what we showed; where it
    stood counts when the ranker is trained (`lists_of_impressions`). Talks in which nothing was done with an item are
    left out.
    """
    talks: dict[str, list[RecordedTalk]] = {}
    for talk in log.recorded():
        talks.setdefault(f"talk {talk.id}" if talk.user is None else f"user {talk.user}", []).append(talk)
    sessions = [_of_talks(own, catalog) for own in talks.values()]
    return _sessions([one for one in sessions if one.events], len(catalog))


def sessions_of_dialogues(
    dialogues: Iterable[Dialogue], catalog: "Catalog", *, resolve: Callable[[str], str | None] | None = None
) -> Sessions:
    """One session for each dialogue, turn k its step k: what the shop's side named is chosen, the user's only known.

    `resolve` gives the id of the item that a name means, or None; without it names are ids.
    """

    def rows(turn: DialogueTurn) -> tuple[int, ...]:
        ids = [resolve(name) if resolve is not None else name for name in turn.items]
        return tuple(dict.fromkeys(catalog.row(one) for one in ids if one is not None and one in catalog))

    def session(dialogue: Dialogue) -> _Session:
        read = _Session()
        for step, turn in enumerate(dialogue.turns):
            by_user, named = turn.role == "user", rows(turn)
            value = value_of(Named.PLAINLY) if by_user else _RECOMMENDED
            read.said.append(Said(turn.text, by_user, tuple(catalog.ids[row] for row in named)))
            read.events += [_Event(step, row, None, value, math.nan, not by_user) for row in named]
        return read

    return _sessions([session(dialogue) for dialogue in dialogues], len(catalog))


def sessions_of_interactions(interactions: "Interactions", catalog: "Catalog") -> Sessions:
    """One session for each user who did something with an item of the catalog; what happened at one time is one step.

    Chosen is what speaks for its item at least as much as a click. Without times each row is a step of its own.
    """
    codes = np.array([catalog.row(one) if one in catalog else -1 for one in interactions.item_ids], dtype=np.int64)
    items = codes[interactions.items]
    kept = items >= 0
    users, times, values = interactions.users[kept], interactions.times[kept], interactions.values[kept]
    starts = np.flatnonzero(np.diff(users, prepend=-1))
    offsets = np.append(starts, len(users)).astype(np.int64)
    moves = np.ones(len(users), dtype=np.int64)
    moves[1:] = times[1:] != times[:-1]  # NaN is unlike NaN: each such row is a step
    moves[starts] = 1
    count = np.cumsum(moves)
    steps = count - np.repeat(count[starts], np.diff(offsets))
    chosen = values >= value_of(Feedback.CLICKED)
    return Sessions(len(catalog), offsets, items[kept], values, steps, times, chosen)


def _of_talks(talks: Sequence["RecordedTalk"], catalog: "Catalog") -> _Session:
    session = _Session()
    for talk in talks:
        begin = len(session.said)
        _note(session, [one for one in talk.feedback if one.turn == 0], begin, catalog)
        for place, turn in enumerate(talk.turns):
            _hear(session, turn, talk.turns[place - 1].shown if place else (), catalog)
            after = [one for one in talk.feedback if one.turn == turn.number and not _is_in(one, turn)]
            _note(session, after, len(session.said) - 1, catalog)
    return session


def _hear(session: _Session, turn: "RecordedTurn", on_table: Sequence[str], catalog: "Catalog") -> None:
    """One message and its answer, and what the message says of items."""
    step, time = len(session.said), _seconds(turn.at)
    session.said.append(message_of(turn.message, (one.item_id for one in turn.mentions), by_user=True))
    session.said.append(message_of(turn.text, turn.shown, by_user=False))
    for one in signals_in(turn.mentions):
        if one.item_id in catalog:
            chosen = one.kind is Feedback.LIKED and one.item_id in on_table
            _add(session, catalog.row(one.item_id), one.kind, value_of(one.kind), step - chosen, time, chosen=chosen)


def _note(session: _Session, feedback: Iterable["RecordedFeedback"], step: int, catalog: "Catalog") -> None:
    for one in feedback:
        if one.item not in catalog:
            continue
        row = catalog.row(one.item)
        if one.kind is Feedback.FORGOTTEN:
            session.take_back(row, _TAKEN_BACK)
        else:
            value, chosen = value_of(one.kind, one.seconds), one.kind in _CHOOSES
            _add(session, row, one.kind, value, step, _seconds(one.at), chosen=chosen)


def _add(
    session: _Session, row: int, kind: Feedback | Named, value: float, step: int, time: float, *, chosen: bool
) -> None:
    if kind in _TASTE:
        session.take_back(row, _TASTE)
    session.events.append(_Event(step, row, kind, value, time, chosen))


def _is_in(one: "RecordedFeedback", turn: "RecordedTurn") -> bool:
    """Whether the message itself said so, which is heard already; who likes an item that they name has seen it."""
    said = {signal.kind for signal in signals_in(turn.mentions) if signal.item_id == one.item}
    return one.kind in said or (one.kind is Feedback.SEEN and not said.isdisjoint(_TASTE))


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _sessions(read: Sequence[_Session], n_items: int) -> Sessions:
    """Sessions in flat arrays."""
    merged = [one.merged() for one in read]
    events = [event for own in merged for event in own]
    return Sessions(
        n_items=n_items,
        offsets=np.cumsum([0, *(len(own) for own in merged)], dtype=np.int64),
        items=np.array([one.row for one in events], dtype=np.int64),
        values=np.array([one.value for one in events], dtype=np.float64),
        steps=np.array([one.step for one in events], dtype=np.int64),
        times=np.array([one.time for one in events], dtype=np.float64),
        chosen=np.array([one.chosen for one in events], dtype=np.bool_),
        said=tuple(tuple(one.said) for one in read),
    )
