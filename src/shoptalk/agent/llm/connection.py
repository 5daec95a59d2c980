"""The line to a server: one thread with an event loop, in which LangChain's ChatOpenAI reads all answers of a shop."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

from shoptalk.agent.llm.calling import Heard, Say
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.llm.translating import Asked, failure_of, of_status
from shoptalk.agent.watch import Failure, ModelFailureError
from shoptalk.settings import Settings

if TYPE_CHECKING:
    from httpx import AsyncClient, Response
    from langchain_openai import ChatOpenAI

T = TypeVar("T")

_SEED = 20
_CONTEXT = 4096
_TO_CONNECT = 4.0
_TO_CLOSE = 5.0
_TO_READ = 120.0  # whoever asks gives up long before; this is for a connection that nobody waits for any more
_KEPT_ALIVE = 2.5  # uvicorn closes idle connections after 5 s: one that is taken up again must not be just closing
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_OPENAI = "openai.com"


@dataclass(frozen=True, slots=True)
class LlmConfig:
    """Which model is asked, and where.

    `url` is the address of an OpenAI-compatible server, with or without `/v1`; `model` its name there (None: the first
    that the server has); `key` what the server wants to see; `context` how many tokens it takes, if it does not tell.
    """

    url: str
    model: str | None = None
    key: str | None = field(default=None, repr=False)
    context: int | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The model that the settings name, None where they name no server."""
        if settings.llm_url is None:
            return None
        key = settings.llm_key.get_secret_value() if settings.llm_key is not None else None
        return cls(settings.llm_url, settings.llm_model, key, settings.llm_context)

    @property
    def base(self) -> str:
        """The address that paths are added to; it ends in `/v1` unless it has another path."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") or "/v1", "", ""))

    @property
    def shown(self) -> str:
        """The address as it may be told: without a password."""
        parts = urlsplit(self.base)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@dataclass(frozen=True, slots=True)
class Server:
    """What a server tells of itself, and which of its models is asked."""

    model: str
    models: tuple[str, ...]
    is_vllm: bool
    context: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One call: what is said, the schema that the answer has to follow, and how many tokens it may have."""

    messages: Sequence[Message]
    schema: dict[str, Any] | None
    most_tokens: int


class Connection:
    """Opened at once; `submit` what is to run in its loop, and `close` it when done."""

    def __init__(self, config: LlmConfig) -> None:
        self._config = config
        self._client: AsyncClient | None = None
        self._chats: dict[str, ChatOpenAI] = {}
        self._loop = asyncio.new_event_loop()
        self._closed = False
        self.server: Server | None = None
        self._thread = Thread(target=self._run, name="shoptalk-llm", daemon=True)
        self._thread.start()

    def submit(self, asking: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run this in the loop. Raises `ModelFailureError` (down) after `close`."""
        if self._closed:
            asking.close()
            raise ModelFailureError(Failure.DOWN, "the client was closed")
        return asyncio.run_coroutine_threadsafe(asking, self._loop)

    def close(self) -> None:
        """End what runs, and give the connections back."""
        if self._closed:
            return
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=_TO_CLOSE)

    def told(self, error: BaseException) -> ModelFailureError:
        """What an exception means. After some of them the server may be another one: it is asked anew who it is."""
        models = self.server.models if self.server else ()
        model = self.server.model if self.server else self._config.model or ""
        failure = failure_of(error, Asked(self._config.shown, model, models, self._config.key))
        if failure.failure is Failure.DOWN or getattr(error, "status_code", None) == 404:
            self.server = None
        return failure

    async def ask(self) -> Server:
        """Who the server is, asked once and remembered. Raises what httpx raises, or `ModelFailureError`."""
        if self.server is None:
            answer = await self._http().get(f"{self._config.base}/models")
            self.server = await self._introduced(answer)
        return self.server

    async def read(self, wanted: Wanted, say: Say) -> None:
        """Ask the model, and say each piece as it comes. Raises what the client raises."""
        server = await self.ask()
        chat = await self._chat(server.model)
        messages = [(message.role, message.content) for message in wanted.messages]
        async for chunk in chat.astream(messages, **_choices(self._config, server, wanted)):
            say(Heard(perf_counter(), chunk))

    async def _introduced(self, answer: "Response") -> Server:
        models: list[dict[str, Any]] = []
        if answer.status_code == 200:
            models = [one for one in answer.json()["data"] if isinstance(one.get("id"), str)]
        elif not (answer.status_code in (404, 405) and self._config.model):
            asked = Asked(self._config.shown, self._config.model or "", (), self._config.key)
            raise of_status(answer.status_code, _json_of(answer), asked)
        if not (models or self._config.model):
            raise ModelFailureError(Failure.REFUSED, f"{self._config.shown} has no model: load one")
        name = self._config.model or models[0]["id"]
        names = tuple(one["id"] for one in models)
        context = _context(name, models) or self._config.context or _CONTEXT
        return Server(name, names, await self._is_vllm(models), context)

    async def _is_vllm(self, models: list[dict[str, Any]]) -> bool:
        """Whether vLLM is there: its models say so; where they say nothing of their owner, its version does."""
        owners = {one.get("owned_by") for one in models} - {None, ""}
        if owners:
            return "vllm" in owners
        answer = await self._http().get(f"{self._config.base.removesuffix('/v1')}/version")
        told = _json_of(answer) if answer.status_code == 200 else None
        return isinstance(told, dict) and set(told) == {"version"}

    def _http(self) -> "AsyncClient":
        from httpx import AsyncClient, Limits, Timeout

        if self._client is None:
            key = self._config.key
            self._client = AsyncClient(
                timeout=Timeout(_TO_READ, connect=_TO_CONNECT),
                limits=Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=_KEPT_ALIVE),
                headers={"Authorization": f"Bearer {key}"} if key else None,
                trust_env=urlsplit(self._config.url).hostname not in _LOCAL,  # no proxy leads to this machine
            )
        return self._client

    async def _chat(self, model: str) -> "ChatOpenAI":
        """LangChain's client for a model. Its code takes seconds to load, once: other calls go on meanwhile."""
        if model not in self._chats:
            self._chats[model] = await asyncio.to_thread(_chat_of, self._config, model, self._http())
        return self._chats[model]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        loading = self._loop.create_task(self._chat(self._config.model or ""))
        loading.add_done_callback(_told_when_asked)
        self._loop.run_forever()
        self._loop.run_until_complete(self._leave())
        self._loop.close()

    async def _leave(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        await self._loop.shutdown_default_executor()


def _chat_of(config: LlmConfig, model: str, client: "AsyncClient") -> "ChatOpenAI":
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=model,
        base_url=config.base,
        # Never left to the environment: a key for another server would be sent to this one.
        api_key=SecretStr(config.key or "none"),
        http_async_client=client,
        max_retries=0,
        temperature=0,
        seed=_SEED,
        stream_chunk_timeout=None,
        use_responses_api=False,
    )


def _told_when_asked(loading: "asyncio.Task[ChatOpenAI]") -> None:
    """What goes wrong while the client loads is told to the first who asks: it is tried again then."""
    if not loading.cancelled():
        loading.exception()


def _choices(config: LlmConfig, server: Server, wanted: Wanted) -> dict[str, Any]:
    """What goes along with the messages: plain OpenAI protocol, and vLLM's own where vLLM is there.

    What stands under `extra_body` is sent as it is: a `response_format` that LangChain sees makes it hold the answer
    back to parse it, and it gives `max_tokens`, which most servers know, another name, which many do not.
    """
    extra: dict[str, Any] = {}
    if not str(urlsplit(config.url).hostname).endswith(_OPENAI):
        extra["max_tokens"] = wanted.most_tokens
    if wanted.schema is not None:
        schema = {"name": "answer", "schema": wanted.schema}  # not strict: OpenAI would refuse what need not be there
        extra["response_format"] = {"type": "json_schema", "json_schema": schema}
    counting: dict[str, Any] = {"include_usage": True}
    if server.is_vllm:
        counting["continuous_usage_stats"] = True  # so that calls which are given up are counted too
        extra |= {"chat_template_kwargs": {"enable_thinking": False}, "include_reasoning": False}
    return {
        "max_tokens": wanted.most_tokens,
        "stream_usage": False,  # LangChain's own choice would take the place of the next
        "stream_options": counting,
        "extra_body": extra,
    }


def _context(name: str, models: list[dict[str, Any]]) -> int | None:
    """How many tokens a model takes; an adapter takes what the model under it takes."""
    of = {one["id"]: one for one in models}
    model = of.get(name, {})
    found = model.get("max_model_len") or of.get(model.get("parent", ""), {}).get("max_model_len")
    return found if isinstance(found, int) else None


def _json_of(answer: "Response") -> object:
    try:
        return answer.json()
    except ValueError:
        return answer.text
