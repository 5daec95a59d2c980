"""A model that keeps failing is left alone for a while, so that a dead server does not cost every turn its time-out."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from shoptalk.agent.watch import Failure, ModelFailureError

COUNTED = frozenset({Failure.DOWN, Failure.LATE, Failure.REFUSED})
"""Failures of the server. The others say that it answers, only not what is wanted."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that was let through; `trial` is the one that finds out whether a rested model is well again."""

    trial: bool


class Breaker:
    """Lets calls through until `after` of them in a row failed; then the model rests, longer each time it fails again.

    Shared by all talks of a shop, from any thread. Each `admit` is followed by one `over` or `dropped`.
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        *,
        after: int = 3,
        rest: float = 10.0,
        longest: float = 300.0,
    ) -> None:
        """`clock` gives seconds; `rest` is the first rest in seconds, doubled up to `longest`."""
        self._clock, self._after, self._rest, self._longest = clock, after, rest, longest
        self._lock = Lock()
        self._row = 0
        self._next_rest = rest
        self._until: float | None = None
        self._trying = False

    @property
    def resting(self) -> bool:
        """Whether a call would be refused now."""
        with self._lock:
            return self._until is not None and (self._trying or self._clock() < self._until)

    def admit(self) -> Attempt:
        """Let one call through.

        Raises `ModelFailureError` (resting) where the model rests, or while one call tries whether it is well again.
        """
        with self._lock:
            if self._until is None:
                return Attempt(trial=False)
            left = self._until - self._clock()
            if left > 0:
                raise ModelFailureError(
                    Failure.RESTING, f"the model failed {self._row} times; asked again in {left:.0f} s"
                )
            if self._trying:
                raise ModelFailureError(Failure.RESTING, "another call tries whether the model is well again")
            self._trying = True
            return Attempt(trial=True)

    def over(self, attempt: Attempt, failure: Failure | None) -> None:
        """The call came to its end: with this failure, or well (None)."""
        with self._lock:
            if attempt.trial:
                self._trying = False
            if failure not in COUNTED:
                self._well()
            elif attempt.trial or self._until is None:
                self._failed(trial=attempt.trial)

    def dropped(self, attempt: Attempt) -> None:
        """The call was given up before it could tell how the model is."""
        with self._lock:
            if attempt.trial:
                self._trying = False

    def _well(self) -> None:
        self._row, self._until, self._next_rest = 0, None, self._rest

    def _failed(self, *, trial: bool) -> None:
        self._row += 1
        if trial or self._row >= self._after:
            self._until = self._clock() + self._next_rest
            self._next_rest = min(2 * self._next_rest, self._longest)
