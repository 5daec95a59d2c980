"""The chat model: any OpenAI-compatible server through LangChain's ChatOpenAI, hard in time, its failures told alike.

Answers are read in one thread's event loop and handed over by a queue. Whoever asked waits on the queue for as long as
it has time; when it gives up, the request is cancelled: that closes the connection, and the server stops working on it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

from shoptalk.agent.llm.breaker import Breaker
from shoptalk.agent.llm.calling import Call
from shoptalk.agent.llm.connection import Connection, LlmConfig, Server, Wanted
from shoptalk.agent.llm.listening import without_reasoning
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.watch import Door, Failure, ModelFailureError, Watch

__all__ = ["ChatModel", "LlmConfig"]

_TO_TELL = 5.0


class ChatModel:
    """An open model behind an OpenAI-compatible server; one for a shop, shared by its talks, from any thread.

    Every call raises `ModelFailureError` and nothing else where the model gives nothing to use. `close` it when done.
    """

    def __init__(self, config: LlmConfig, *, breaker: Breaker | None = None) -> None:
        """Asks nothing of the server yet; the client's code begins to load in the background."""
        self._config = config
        self._connection = Connection(config)
        self.breaker = breaker or Breaker()

    def __repr__(self) -> str:
        return f"ChatModel({self._config.shown!r}, model={self._config.model!r})"

    @property
    def name(self) -> str:
        """The model's name at its server. Asked once; raises `ModelFailureError`."""
        return self._server().model

    @property
    def is_vllm(self) -> bool:
        """Whether vLLM serves it. Asked once; raises `ModelFailureError`."""
        return self._server().is_vllm

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may have together. Asked once; raises `ModelFailureError`."""
        return self._server().context

    def complete(
        self,
        messages: Sequence[Message],
        watch: Watch,
        *,
        door: Door,
        schema: dict[str, Any] | None,
        seconds: float,
        most_tokens: int,
    ) -> str:
        """The whole answer, within so many seconds; as JSON of that schema, as far as the server can constrain it.

        Raises `ModelFailureError`.
        """
        wanted = Wanted(messages, schema, most_tokens)
        text = without_reasoning("".join(self._call(wanted, watch, door, seconds, seconds, whole=True)))
        if not text:
            raise ModelFailureError(Failure.EMPTY, "the answer had nothing but reasoning")
        return text

    def stream(
        self,
        messages: Sequence[Message],
        watch: Watch,
        *,
        door: Door,
        first: float,
        seconds: float,
        most_tokens: int,
    ) -> Iterator[str]:
        """The answer's text in pieces: its first word within `first` seconds, the last within `seconds`.

        The clock starts with the first piece that is asked for. Closing the iterator ends the call. Raises
        `ModelFailureError`, after what came before the failure was given.
        """
        return self._call(Wanted(messages, None, most_tokens), watch, door, first, seconds, whole=False)

    def close(self) -> None:
        """End all calls, and give the connections back."""
        self._connection.close()

    def _call(
        self, wanted: Wanted, watch: Watch, door: Door, first: float, seconds: float, *, whole: bool
    ) -> Iterator[str]:
        """One call, if the breaker lets it through. The watch is told what it took, however it ends."""
        if min(first, seconds) <= 0:
            raise ModelFailureError(Failure.LATE, "no time was left to ask the model")
        attempt = self.breaker.admit()
        line, failure, ended = self._connection, None, False
        call = Call(lambda say: line.submit(line.read(wanted, say)), line.told, first=first, seconds=seconds)
        try:
            yield from call.pieces(whole=whole)
            ended = True
        except ModelFailureError as error:
            ended, failure = True, error.failure
            raise
        finally:
            call.stop()
            watch.called(call.use(door))
            if ended or call.first is not None:
                self.breaker.over(attempt, failure)
            else:
                self.breaker.dropped(attempt)

    def _server(self) -> Server:
        """What the server tells of itself."""
        if (known := self._connection.server) is not None:
            return known
        attempt = self.breaker.admit()
        try:
            server = self._introduced()
        except ModelFailureError as error:
            self.breaker.over(attempt, error.failure)
            raise
        self.breaker.dropped(attempt)  # that it tells its name does not mean yet that it talks
        return server

    def _introduced(self) -> Server:
        future = self._connection.submit(self._connection.ask())
        try:
            error = future.exception(_TO_TELL)
        except TimeoutError:
            future.cancel()
            problem = f"{self._config.shown} did not tell its models in {_TO_TELL:g} s"
            raise ModelFailureError(Failure.LATE, problem) from None
        except CancelledError:
            raise ModelFailureError(Failure.DOWN, "the client was closed") from None
        if error is not None:
            raise self._connection.told(error) from None  # servers' own words about a key stay out of logs
        return future.result()
