"""One call as the one who asked sees it: pieces of text from a queue, for as long as there is time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING

from shoptalk.agent.llm.listening import Reasoning, Sound
from shoptalk.agent.watch import CallUse, Door, Failure, ModelFailureError

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

_BAD_ENDS = {
    "length": (Failure.CUT_OFF, "the answer was longer than it may be"),
    "content_filter": (Failure.REFUSED, "the server's filter kept the answer back"),
    "repetition": (Failure.LOOPING, "the server stopped an answer that repeated itself"),
    "abort": (Failure.DOWN, "the server gave the answer up"),
    "error": (Failure.REFUSED, "the server met an error in mid-answer"),
}
_BAD_SOUNDS = {
    Failure.LOOPING: "the answer ran in circles",
    Failure.GARBAGE: "the answer is no text",
}
#: Seconds of silence after which whoever reads may look at the clock.
_QUIET = 0.2
_BARE = "reasoning came without its opening tag; start the server with a reasoning parser, or without thinking"


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of an answer and when it came, in seconds of the clock of `perf_counter`."""

    at: float
    chunk: "AIMessageChunk"


Say = Callable[[Heard], None]


class Call:
    """A call under way. Used by one thread; `stop` it in the end, whatever happened."""

    def __init__(
        self,
        begin: Callable[[Say], "Future[None]"],
        told: Callable[[BaseException], ModelFailureError],
        *,
        first: float,
        seconds: float,
    ) -> None:
        """`begin` starts it and says each piece; `told` tells what an exception means; times in seconds from now."""
        self._began = perf_counter()
        self._first_by, self._all_by = self._began + min(first, seconds), self._began + seconds
        self._told = told
        self._queue: SimpleQueue[Heard | Future[None]] = SimpleQueue()
        self._finish: str | None = None
        self._tokens = (0, 0, 0)
        self._last = self._began
        self.first: float | None = None
        self._future = begin(self._queue.put)
        self._future.add_done_callback(self._queue.put)

    def pieces(self, *, whole: bool) -> Iterator[str]:
        """The answer's text, without reasoning unless the `whole` of it is wanted; '' where nothing came for a while.

        Raises `ModelFailureError`.
        """
        reasoning, sound = Reasoning(), Sound()
        for piece in self._texts():
            if not piece:
                yield piece
                continue
            if wrong := sound.heard(piece):
                raise ModelFailureError(wrong, _BAD_SOUNDS[wrong])
            said = piece if whole else reasoning.heard(piece)
            if reasoning.bare:
                raise ModelFailureError(Failure.GARBAGE, _BARE)
            if said:
                yield self._noted(said)
        if said := reasoning.rest():
            yield self._noted(said)
        self._end(sound)

    def use(self, door: Door) -> CallUse:
        """What the call took, so far."""
        read, written, cached = self._tokens
        return CallUse(
            door=door,
            seconds=perf_counter() - self._began,
            first=self.first,
            tokens_in=read,
            tokens_out=written,
            tokens_cached=cached,
        )

    def stop(self) -> None:
        """End it: where it still runs, its connection is closed."""
        self._future.cancel()

    def _texts(self) -> Iterator[str]:
        """Text of the chunks as they come; what they tell besides is kept."""
        while (heard := self._next()) is not None:
            if isinstance(heard, str):
                yield heard
                continue
            self._last = heard.at
            self._count(heard.chunk)
            if text := heard.chunk.text:
                yield str(text)

    def _next(self) -> Heard | str | None:
        """The next chunk, '' where none came for a while, None after the last.

        Raises `ModelFailureError` (late, or as what went wrong is told).
        """
        left = (self._first_by if self.first is None else self._all_by) - perf_counter()
        wait = left if self.first is None else min(left, _QUIET)
        try:
            heard = self._queue.get(timeout=max(0.0, wait))
        except Empty:
            if wait < left:
                return ""
            raise ModelFailureError(Failure.LATE, self._lateness()) from None
        if isinstance(heard, Heard):
            return heard
        if heard.cancelled():
            raise ModelFailureError(Failure.DOWN, "the client was closed")
        if error := heard.exception():
            raise self._told(error) from None  # servers' own words about a key stay out of logs
        return None

    def _lateness(self) -> str:
        waited = perf_counter() - self._began
        return f"{'no word' if self.first is None else 'not all of the answer'} in {waited:.1f} s"

    def _noted(self, said: str) -> str:
        if self.first is None and not said.isspace():
            self.first = self._last - self._began
        return said

    def _count(self, chunk: "AIMessageChunk") -> None:
        """Keep what a chunk tells: why the answer ended, and tokens. Servers that count on tell the sum each time."""
        self._finish = chunk.response_metadata.get("finish_reason") or self._finish
        if usage := chunk.usage_metadata:
            cached = usage.get("input_token_details", {}).get("cache_read") or 0
            now = (usage["input_tokens"], usage["output_tokens"], cached)
            self._tokens = (max(self._tokens[0], now[0]), max(self._tokens[1], now[1]), max(self._tokens[2], now[2]))

    def _end(self, sound: Sound) -> None:
        """Raises `ModelFailureError` where the answer did not end well."""
        if self._finish is None:
            raise ModelFailureError(Failure.DOWN, "the connection was closed in mid-answer")
        if self._finish in _BAD_ENDS:
            raise ModelFailureError(*_BAD_ENDS[self._finish])
        if wrong := sound.heard("", last=True):
            raise ModelFailureError(wrong, _BAD_SOUNDS[wrong])
        if self.first is None:
            raise ModelFailureError(Failure.EMPTY, "the answer had no words")
