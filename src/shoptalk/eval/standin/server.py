"""The stand-in's server: `/v1/models`, `/v1/chat/completions` with streaming, and what vLLM has besides."""

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from shoptalk.eval.standin.faults import Fault, FaultKind, Speech, speech_of
from shoptalk.eval.standin.prefixes import PrefixCache, pieces_of
from shoptalk.eval.standin.recording import Answering, ChatRequest, MadeUp, Source

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_HOST = "127.0.0.1"
_TO_STOP = 5.0
_TYPES = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError"}


@dataclass(slots=True)
class Counts:
    """What a stand-in did so far. `aborted` are calls that the other side gave up before their end."""

    requests: int = 0
    finished: int = 0
    aborted: int = 0
    running: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class StandIn:
    """A chat model's server at `url`, from `start` to `stop` or within `with`. It runs in a thread of its own.

    `counts`, `seen` (the requests, in order) and `heads` (their HTTP headers) tell what was asked of it.
    """

    def __init__(
        self,
        source: Source | Answering,
        *,
        faults: Iterable[Fault | str] = (),
        standing: Fault | str | None = None,
        model: str = "stand-in",
        key: str | None = None,
        context: int = 4096,
        vllm: bool = True,
        first_token: float = 0.0,
        tokens_per_second: float = 0.0,
        port: int = 0,
    ) -> None:
        """What it says, and how.

        `faults` are had one a request, in their order, then `standing` by all. `first_token` in seconds and
        `tokens_per_second` (0: at once) say how fast it is, `context` how many tokens prompt and answer may have; `key`
        is what it wants to see, `port` 0 any that is free. Without `vllm` it tells of itself as other servers do.
        """
        self._source = MadeUp(source) if callable(source) else source
        self._faults = deque(_fault(one) for one in faults)
        self.standing = _fault(standing) if standing else None
        self.model, self._key, self._context, self._vllm = model, key, context, vllm
        self.first_token, self.tokens_per_second = first_token, tokens_per_second
        self._port = port
        self._cache = PrefixCache()
        self.counts = Counts()
        self.seen: list[ChatRequest] = []
        self.heads: list[dict[str, str]] = []
        self._running: tuple[uvicorn.Server, Thread] | None = None

    @property
    def url(self) -> str:
        """Its address, without `/v1`."""
        return f"http://{_HOST}:{self._port}"

    @property
    def port(self) -> int:
        """Its port; 0 before `start` where any was asked for."""
        return self._port

    def fail(self, *faults: Fault | str) -> None:
        """Let the next requests fail so, one each, in this order."""
        self._faults.extend(_fault(one) for one in faults)

    def start(self) -> Self:
        """Serve. Raises `OSError` where the port is taken."""
        # Told to be TCP, or asyncio does not switch off that small packets wait (40 ms) for the other side.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((_HOST, self._port))
        except OSError:
            listening.close()
            raise
        import uvicorn

        self._port = listening.getsockname()[1]
        config = uvicorn.Config(self._app(), log_level="critical", access_log=False, lifespan="off", ws="none")
        server, ready = uvicorn.Server(config), Event()
        thread = Thread(target=lambda: asyncio.run(_serve(server, listening, ready)), name="stand-in", daemon=True)
        thread.start()
        ready.wait()
        self._running = server, thread
        return self

    def stop(self) -> None:
        """Stop at once: calls that are under way lose their connection."""
        if self._running is None:
            return
        server, thread = self._running
        server.force_exit = server.should_exit = True
        thread.join(_TO_STOP)
        self._running = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _app(self) -> "Starlette":
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(
            routes=[
                Route("/health", self._health),
                Route("/version", self._version),
                Route("/metrics", self._metrics),
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
            ]
        )

    async def _health(self, _: "Request") -> "Response":
        return _json({})

    async def _version(self, _: "Request") -> "Response":
        return _json({"version": "0.0.stand-in"})

    async def _models(self, request: "Request") -> "Response":
        if (refused := self._refused(request)) is not None:
            return refused
        own = {"owned_by": "vllm", "max_model_len": self._context} if self._vllm else {"owned_by": "stand-in"}
        card = {"id": self.model, "object": "model", "created": 0} | own
        return _json({"object": "list", "data": [card]})

    async def _metrics(self, _: "Request") -> "Response":
        from starlette.responses import PlainTextResponse

        counters = {
            "prefix_cache_queries": self._cache.queries,
            "prefix_cache_hits": self._cache.hits,
            "prompt_tokens": self.counts.tokens_in,
            "generation_tokens": self.counts.tokens_out,
            "request_success": self.counts.finished,
        }
        labels = f'{{engine="0",model_name="{self.model}"}}'
        lines = [
            f"# TYPE vllm:{name}_total counter\nvllm:{name}_total{labels} {float(value)}"
            for name, value in counters.items()
        ]
        lines.append(f"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{labels} {self.counts.running}")
        return PlainTextResponse("\n".join(lines) + "\n")

    async def _chat(self, request: "Request") -> "Response | _Telling":
        """One answer, or a refusal."""
        from httpx import HTTPError
        from starlette.concurrency import run_in_threadpool

        if (refused := self._refused(request)) is not None:
            return refused
        body = await request.json()
        if body.get("model") not in (self.model, None):
            return _error(404, f"The model `{body['model']}` does not exist.")
        asked = _asked(body)
        self.seen.append(asked)
        self.heads.append(dict(request.headers))
        self.counts.requests += 1
        fault = self._faults.popleft() if self._faults else self.standing
        if fault is not None and fault.kind is FaultKind.REFUSING:
            return _error(fault.status, "The stand-in was told to refuse this.")
        prompt = [piece for one in asked.messages for piece in pieces_of(f"<{one['role']}>{one['content']}")]
        if len(prompt) > self._context:
            return _error(400, _overflow(self._context, len(prompt)))
        try:
            answer = await run_in_threadpool(self._source.answer, asked)
        except HTTPError as error:
            return _error(502, f"The server that is recorded failed: {error}")
        pace = {
            "wait_first": self.first_token,
            "wait_each": 1 / self.tokens_per_second if self.tokens_per_second else 0,
        }
        speech = speech_of(answer, fault, most_tokens=asked.most_tokens, **pace)
        self.counts.tokens_in += len(prompt)
        return _Telling(self, asked, speech, (len(prompt), self._cache.seen(prompt)))

    def _refused(self, request: "Request") -> "Response | None":
        if self._key is None or request.headers.get("authorization") == f"Bearer {self._key}":
            return None
        return _error(401, "Unauthorized")


class _Telling:
    """One answer on its way, as an ASGI application; it stops when the other side has gone."""

    def __init__(self, server: StandIn, asked: ChatRequest, speech: Speech, read: tuple[int, int]) -> None:
        """`read` is how many tokens the prompt has, and how many of them were known."""
        self._counts, self._model = server.counts, server.model
        self._speech, self._read = speech, read
        self._streamed = bool(asked.body.get("stream"))
        counting = asked.body.get("stream_options") or {}
        self._counted, self._counted_on = (
            bool(counting.get("include_usage")),
            bool(counting.get("continuous_usage_stats")),
        )
        self._written = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Speak until all is said or nobody listens."""
        self._counts.running += 1
        speaking = asyncio.ensure_future(self._stream(send) if self._streamed else self._whole(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({speaking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if speaking.done():
                speaking.result()
                self._counts.finished += 1
            else:
                self._counts.aborted += 1
        finally:
            self._counts.running -= 1
            speaking.cancel()
            leaving.cancel()

    async def _stream(self, send: Send) -> None:
        await _begin(send, "text/event-stream")
        await self._event(send, {"role": "assistant", "content": ""})
        async for delta in self._deltas():
            if self._written - 1 == self._speech.fail:
                await _more(send, _sse(_told_error(500, "The stand-in was told to fail here.")))
                break
            if self._speech.broken:
                await _more(send, b"data: {this is no JSON\n\n")
            else:
                await self._event(send, delta)
        await self._event(send, {}, finish=self._speech.finish)
        if self._counted:
            await _more(send, _sse(self._chunk([]) | {"usage": self._usage()}))
        await _more(send, b"data: [DONE]\n\n")
        await send({"type": "http.response.body", "body": b""})

    async def _whole(self, send: Send) -> None:
        said: dict[str, str] = {}
        async for delta in self._deltas():
            for name, piece in delta.items():
                said[name] = said.get(name, "") + piece
        message = {"role": "assistant", "content": None} | said
        choice = {"index": 0, "message": message, "finish_reason": self._speech.finish}
        told = self._chunk([choice]) | {"object": "chat.completion", "usage": self._usage()}
        body = b"{this is no JSON" if self._speech.broken else json.dumps(told).encode()
        await _begin(send, "application/json")
        await send({"type": "http.response.body", "body": body})

    async def _deltas(self) -> AsyncIterator[dict[str, Any]]:
        """What is said, when it is to be said. Raises `_DroppedError` where the line is to be cut."""
        speech = self._speech
        await asyncio.sleep(speech.wait_first)
        for number, delta in enumerate(speech.deltas):
            if speech.drop is not None and number >= speech.drop:
                raise _DroppedError
            if speech.stall is not None and number == speech.stall[0]:
                await asyncio.sleep(speech.stall[1])
            await asyncio.sleep(speech.wait_each)
            self._written += 1
            self._counts.tokens_out += 1
            yield delta
        if speech.drop is not None:
            raise _DroppedError

    async def _event(self, send: Send, delta: dict[str, Any], finish: str | None = None) -> None:
        chunk = self._chunk([{"index": 0, "delta": delta, "finish_reason": finish}])
        await _more(send, _sse(chunk | ({"usage": self._usage()} if self._counted_on else {})))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        kind = {"id": "chatcmpl-stand-in", "object": "chat.completion.chunk", "created": 0, "model": self._model}
        return kind | {"choices": choices}

    def _usage(self) -> dict[str, Any]:
        read, cached = self._read
        counted = {"prompt_tokens": read, "completion_tokens": self._written, "total_tokens": read + self._written}
        return counted | {"prompt_tokens_details": {"cached_tokens": cached}}


class _DroppedError(Exception):
    """The line is cut in mid-answer: uvicorn closes a connection whose application fails."""


async def _serve(server: "uvicorn.Server", listening: socket.socket, ready: Event) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not (server.started or serving.done()):
        await asyncio.sleep(0.002)
    ready.set()
    await serving
    for connection in list(server.server_state.connections):
        if (transport := getattr(connection, "transport", None)) is not None:
            transport.abort()


async def _gone(receive: Receive) -> None:
    """Returns when the other side has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begin(send: Send, media: str) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", media.encode())]})


async def _more(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _sse(told: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(told, ensure_ascii=False)}\n\n".encode()


def _json(told: dict[str, Any], status: int = 200) -> "Response":
    from starlette.responses import JSONResponse

    return JSONResponse(told, status)


def _error(status: int, message: str) -> "Response":
    return _json(_told_error(status, message), status)


def _told_error(status: int, message: str) -> dict[str, Any]:
    kind = _TYPES.get(status, "InternalServerError")
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}


def _asked(body: dict[str, Any]) -> ChatRequest:
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    most = body.get("max_completion_tokens") or body.get("max_tokens") or 1024
    messages = [{"role": one["role"], "content": str(one.get("content") or "")} for one in body["messages"]]
    return ChatRequest(messages, schema, most, body)


def _overflow(context: int, tokens: int) -> str:
    return (
        f"This model's maximum context length is {context} tokens. However, your prompt contains {tokens} input "
        "tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt."
    )


def _fault(fault: Fault | str) -> Fault:
    return fault if isinstance(fault, Fault) else Fault(FaultKind(fault))
