"""One turn's clock, and what a language model did in it: what a turn promises of time (promise 7) and tells of itself.

The turn makes a `Watch`; whoever stands at a door asks it how much time is left and tells it what happened. What it has
gathered goes into the reply as a `ModelUse`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Door = Literal["plan", "explain"]


class Failure(StrEnum):
    """Why a model's answer was not used."""

    LATE = "late"
    DOWN = "down"
    REFUSED = "refused"
    EMPTY = "empty"
    LOOPING = "looping"
    CUT_OFF = "cut off"
    GARBAGE = "garbage"
    TOO_LONG = "too long for its context"
    RESTING = "resting after failures"


class ModelFailureError(Exception):
    """A call to the model gave nothing to use: `failure` says why in a word, `detail` in a sentence."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.detail = detail


class CallUse(BaseModel):
    """One call to the model. Tokens are as the server counted them, 0 where it does not tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    door: Door
    seconds: float = Field(description="from asking to the last word, or to giving up")
    first: float | None = Field(default=None, description="seconds to the first word; None if none came")
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = Field(default=0, description="of those in, how many the server still had")


class Fallback(BaseModel):
    """The embedded one stood in for the model at a door."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    door: Door
    failure: Failure
    detail: str = ""


class ModelUse(BaseModel):
    """What a language model did in a turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    planned: bool = Field(description="the request is the model's plan")
    written: bool = Field(description="the text is the model's, as far as it could be traced")
    calls: tuple[CallUse, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    sentences: int = Field(default=0, description="sentences that the model wrote")
    cut: int = Field(default=0, description="of these, how many could not be traced and were not said")
    mended: bool = Field(default=False, description="the plan was not as asked for, and was mended by program")

    @property
    def seconds(self) -> float:
        """Time that the model took in all, seconds."""
        return sum(call.seconds for call in self.calls)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a turn may take, in seconds: until its first word is there, and until it is whole."""

    first_word: float = 8.0
    whole: float = 20.0


class Watch:
    """The time of one turn, and what the model did in it. Not shared between turns."""

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] = perf_counter) -> None:
        """`clock` gives seconds."""
        self._limits, self._clock = limits or Limits(), clock
        self._begin = clock()
        self._calls: list[CallUse] = []
        self._fallbacks: list[Fallback] = []
        self._done: set[Door] = set()
        self._sentences = self._cut = 0
        self._mended = False

    @property
    def to_first_word(self) -> float:
        """Seconds until the first word has to be there; 0 when that time is over."""
        return max(0.0, self._begin + self._limits.first_word - self._clock())

    @property
    def left(self) -> float:
        """Seconds until the turn has to be whole; 0 when that time is over."""
        return max(0.0, self._begin + self._limits.whole - self._clock())

    def called(self, use: CallUse) -> None:
        """A call to the model is over."""
        self._calls.append(use)

    def did(self, door: Door) -> None:
        """What the model gave at this door was used."""
        self._done.add(door)

    def failed(self, door: Door, failure: Failure, detail: str = "") -> None:
        """The embedded one stands in at this door."""
        self._fallbacks.append(Fallback(door=door, failure=failure, detail=detail[:300]))

    def mended(self) -> None:
        """The plan had to be mended by program before it could be read."""
        self._mended = True

    def checked(self, sentences: int, cut: int) -> None:
        """So many sentences of the model were held against the evidence, and so many of them cut."""
        self._sentences += sentences
        self._cut += cut

    def use(self) -> ModelUse | None:
        """What the model did; None where none was asked."""
        if not (self._calls or self._fallbacks or self._done):
            return None
        return ModelUse(
            planned="plan" in self._done,
            written="explain" in self._done,
            calls=tuple(self._calls),
            fallbacks=tuple(self._fallbacks),
            sentences=self._sentences,
            cut=self._cut,
            mended=self._mended,
        )
