"""Whose turn it is: one turn at a time in each talk, whoever holds it, and no waiting for one that was given up."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

from shoptalk.agent.events import Event
from shoptalk.agent.state import TalkState

__all__ = ["Change", "Turns"]

Change = Callable[[TalkState], TalkState]

_GIVEN_UP_AFTER = 60.0


class Turns:
    """The turns of one talk, shared by all who hold it in this process.

    A turn that waits for its consumer gives way to a new one if that comes from the consumer's own thread, which then
    cannot be consuming it, or if nobody has asked for its next event for a minute. What gave way ends without a Done
    and leaves nothing in the log.
    """

    def __init__(self) -> None:
        self.state_lock = threading.RLock()
        self.during: list[Change] = []
        self._moved = threading.Condition()
        self._running: object | None = None
        self._waiting_since: float | None = None
        self._thread = 0

    def run(self, begin: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        """The events of `begin()`, which is called when it is this turn's turn."""
        turn = object()
        self._enter(turn)
        try:
            with closing(begin()) as events:  # type: ignore[type-var]
                for event in events:
                    self._wait(turn)
                    yield event
                    if not self._resume(turn):
                        return
        finally:
            self._leave(turn)

    def _enter(self, turn: object) -> None:
        with self._moved:
            while self._running is not None and not self._is_given_up():
                self._moved.wait(timeout=1.0)
            self._running, self._waiting_since = turn, None
            self.during.clear()

    def _is_given_up(self) -> bool:
        if self._waiting_since is None:
            return False
        return self._thread == threading.get_ident() or time.monotonic() - self._waiting_since > _GIVEN_UP_AFTER

    def _wait(self, turn: object) -> None:
        with self._moved:
            if self._running is turn:
                self._waiting_since, self._thread = time.monotonic(), threading.get_ident()

    def _resume(self, turn: object) -> bool:
        """False if another turn has taken over."""
        with self._moved:
            self._waiting_since = None if self._running is turn else self._waiting_since
            return self._running is turn

    def _leave(self, turn: object) -> None:
        with self._moved:
            if self._running is turn:
                self._running = None
                self._moved.notify_all()
