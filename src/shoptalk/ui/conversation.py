"""One person's conversation as the chat page shows it: turns, what is marked, and what each click does.

Knows nothing of HTML or Gradio: it takes a `Talk` and yields `Turn` values, one for each change that is worth seeing.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from shoptalk.agent.events import Changed, Chip, Done, Event, Found, Pick, Picks, Ranked, Reply, Text, Understood
from shoptalk.agent.offers import Question
from shoptalk.retrieval.query import Act, Request
from shoptalk.shop.talk import UNDO
from shoptalk.ui.model_note import note

if TYPE_CHECKING:
    from shoptalk.shop import Talk

_log = logging.getLogger(__name__)

_WAIT, _LONGEST_LOOK = 120.0, 3600.0
_PROBLEM = "Sorry, something went wrong while answering. Your message is kept; please try once more."
_UNNOTED = "Sorry, that could not be noted. Please try once more."
_BUSY = "The answer before this one is still being written. Please try again in a moment."


class Mark(StrEnum):
    """What a person said about an item with a button."""

    LIKED = "liked"
    REJECTED = "rejected"
    SEEN = "seen"


_CHIPS = {"liked": Mark.LIKED, "disliked": Mark.REJECTED}
"""What the key of a chip that stands for an item begins with, before a colon and the item's id."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message and what is known of its answer so far.

    `status` says what a turn at work does until its words come, `problem` (a sentence for the person) that it failed.
    `passing` is how many items meet what was asked, None where nothing was searched or the turn was read from the log.
    `question` is what the text asks at its end; `changes` are what the message changed in what is wanted.
    `stale` is true while the picks are those of the answer before; `seen` are titles set aside under this answer;
    `note` says what a language model did.
    """

    message: str
    text: str = ""
    picks: tuple[Pick, ...] = ()
    chips: tuple[Chip, ...] = ()
    suggestions: tuple[str, ...] = ()
    question: Question | None = None
    changes: tuple[Changed, ...] = ()
    can_undo: bool = False
    passing: int | None = None
    working: bool = False
    status: str = ""
    problem: str = ""
    stale: bool = False
    seen: tuple[str, ...] = ()
    note: str = ""


@dataclass
class Conversation:
    """A talk and what the page shows of it. Turns of one conversation run one after another, whoever asks for them."""

    talk: "Talk"
    items: int
    turns: list[Turn] = field(default_factory=list)
    _shown: dict[str, str] = field(default_factory=dict, repr=False)
    _seen: set[str] = field(default_factory=set, repr=False)
    _asked: str | Request = field(default="", repr=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, talk: "Talk", items: int) -> "Conversation":
        """The conversation so far, read from the talk's history. `items` is the shop's size, for the status line."""
        conversation = cls(talk, items, turns=_told(talk.history))
        for turn in conversation.turns:
            conversation._show(turn.picks)
        return conversation

    @property
    def marks(self) -> dict[str, frozenset[Mark]]:
        """What the person thinks of items, by id. Likes and dislikes are read off the chips: dropping one undoes it."""
        marks: dict[str, frozenset[Mark]] = {item_id: frozenset({Mark.SEEN}) for item_id in self._seen}
        for chip in self.turns[-1].chips if self.turns else ():
            kind, _, item_id = chip.key.partition(":")
            if kind in _CHIPS:
                marks[item_id] = marks.get(item_id, frozenset()) | {_CHIPS[kind]}
        return marks

    def say(self, message: str) -> Iterator[Turn]:
        """Say something; yields the new turn each time that it has changed. A blank message does nothing."""
        if message.strip():
            yield from self._alone(lambda: self._said(message))

    def more_like(self, item_id: str) -> Iterator[Turn]:
        """Ask for items like one that was shown. An id that was not shown does nothing."""
        if (title := self._shown.get(item_id)) is not None:
            yield from self.say(f'more like "{title}"')

    def mark(self, item_id: str, mark: Mark) -> Iterator[Turn]:
        """Note what the person thinks of a shown item, then let the last answer take it into account."""
        title = self._shown.get(item_id)
        if title is not None and mark not in self.marks.get(item_id, ()):
            yield from self._alone(lambda: self._after(lambda: self._note(item_id, title, mark)))

    def drop(self, chip_key: str) -> Iterator[Turn]:
        """Take back one thing understood, and answer again without it. A key that is not shown does nothing."""
        if self.turns and any(chip.key == chip_key for chip in self.turns[-1].chips):
            yield from self._alone(lambda: self._after(lambda: self.talk.drop(chip_key)))

    def choose(self, place: int) -> Iterator[Turn]:
        """Take one of the choices that the last answer offers, counted from 0. One that is not there does nothing."""
        question = self.turns[-1].question if self.turns else None
        if question is not None and 0 <= place < len(question.choices):
            yield from self._alone(lambda: self._pressed(lambda: self.talk.choosing(place)))

    def undo(self) -> Iterator[Turn]:
        """Take back what the last message changed. Does nothing while there is nothing to take back."""
        if self.turns and self.turns[-1].can_undo:
            yield from self._alone(lambda: self._pressed(lambda: UNDO))

    def retry(self) -> Iterator[Turn]:
        """Ask again what failed, in the same place."""
        if self.turns and self.turns[-1].problem:
            again = replace(self.turns[-1], problem="", working=True, status=_reading(self.items))
            yield from self._alone(lambda: self._play(self._asked, again))

    def opened(self, item_id: str) -> None:
        """Note that the person followed an item's link."""
        if item_id in self._shown:
            self._succeeds(lambda: self.talk.feedback(item_id, clicked=True))

    def looked_at(self, item_id: str, seconds: float) -> None:
        """Note that the person came back from an item's page after so many seconds; an hour at most is believed."""
        if item_id in self._shown and 0 <= seconds < math.inf:
            dwell = min(seconds, _LONGEST_LOOK)
            self._succeeds(lambda: self.talk.feedback(item_id, dwell=dwell))

    def start_over(self) -> None:
        """Clear the page and what was asked for; what the person likes and has seen stays."""
        if self._succeeds(self.talk.start_over):
            self.turns.clear()

    def _alone(self, work: Callable[[], Iterator[Turn]]) -> Iterator[Turn]:
        if not self._one_at_a_time.acquire(timeout=_WAIT):
            if self.turns:
                yield replace(self.turns[-1], problem=_BUSY)
            return
        try:
            yield from work()
        finally:
            self._one_at_a_time.release()

    def _said(self, message: str) -> Iterator[Turn]:
        held = self.turns[-1].chips if self.turns else ()
        self.turns.append(Turn(message, chips=held, working=True, status=_reading(self.items)))
        yield from self._play(message, self.turns[-1])

    def _pressed(self, meant: Callable[[], Request]) -> Iterator[Turn]:
        """A button that says something: its words stand in the conversation as if they had been typed."""
        try:
            request = meant()
        except IndexError:  # answered meanwhile, in another window of the same talk
            return
        held = self.turns[-1].chips
        self.turns.append(Turn(request.message, chips=held, working=True, status=_reading(self.items)))
        yield from self._play(request, self.turns[-1])

    def _note(self, item_id: str, title: str, mark: Mark) -> None:
        if mark is not Mark.SEEN:
            self.talk.feedback(item_id, liked=mark is Mark.LIKED)
            return
        self.talk.feedback(item_id, seen=True)
        self._seen.add(item_id)
        self.turns[-1] = replace(self.turns[-1], seen=(*self.turns[-1].seen, title))

    def _after(self, change: Callable[[], object]) -> Iterator[Turn]:
        """Make a change, then answer the last request again, in the place of its answer."""
        if not self._succeeds(change):
            self.turns[-1] = replace(self.turns[-1], problem=_UNNOTED)
            yield self.turns[-1]
            return
        yield from self._play(
            "", replace(self.turns[-1], working=True, status="Looking again…", stale=True, problem="")
        )

    def _play(self, message: str | Request, turn: Turn) -> Iterator[Turn]:
        """Run a turn in the last place of the conversation."""
        self._asked = message
        self.turns[-1] = turn
        yield turn
        try:
            for event in self.talk.events(message):
                self.turns[-1] = turn = after(turn, event, self.items)
                self._show(turn.picks)
                yield turn
        except Exception:  # noqa: BLE001  whatever went wrong, the person gets a sentence and the log the trace
            _log.exception("a turn of talk %s failed", self.talk.id)
        if turn.working:
            self.turns[-1] = turn = replace(turn, working=False, status="", stale=False, problem=_PROBLEM)
            yield turn

    def _succeeds(self, change: Callable[[], object]) -> bool:
        try:
            change()
        except Exception:  # noqa: BLE001  as above
            _log.exception("a click in talk %s could not be noted", self.talk.id)
            return False
        return True

    def _show(self, picks: tuple[Pick, ...]) -> None:
        self._shown.update((pick.item.id, pick.item.title) for pick in picks)


def after(turn: Turn, event: Event, items: int) -> Turn:
    """The turn as it stands after one more event; `items` is the number of items in the shop."""
    match event:
        case Understood():
            return replace(turn, chips=event.chips)
        case Found():
            return replace(turn, passing=event.passing, status=f"Found {event.passing:,} of {items:,}, choosing…")
        case Ranked():
            return turn
        case Picks():
            return replace(turn, picks=event.picks, text="", stale=False)
        case Text():
            return replace(turn, text=turn.text + event.piece, status="")
        case Done():
            return _whole(turn, event.reply)


def _whole(turn: Turn, reply: Reply) -> Turn:
    told = replace(
        turn, text=reply.text, picks=reply.picks, chips=reply.chips, suggestions=reply.suggestions,
        question=reply.question, changes=reply.changes, can_undo=reply.can_undo,
        note=note(reply.model) if reply.model is not None else "",
    )  # fmt: skip
    return replace(told, working=False, status="", problem="", stale=False)


def _told(history: tuple[tuple[str, Reply], ...]) -> list[Turn]:
    """Turns since the last new start; an empty message changed the answer before it."""
    turns: list[Turn] = []
    for message, reply in history:
        if Act.START_OVER in reply.request.acts:
            turns.clear()
        if message or not turns:
            turns.append(_whole(Turn(message), reply))
        else:
            turns[-1] = _whole(turns[-1], reply)
    return turns


def _reading(items: int) -> str:
    return f"Looking through {items:,}…"
