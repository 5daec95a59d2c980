"""The one place where what openai, httpx and langchain raise becomes a `ModelFailureError` that says what to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shoptalk.agent.watch import Failure, ModelFailureError

_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|(?:maximum|max) (?:context|model) len|too many tokens"
    r"|(?:prompt|input) is too long|longer than the maximum|exceeds? .{0,40}(?:tokens|context)",
    re.I,
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, for telling it: the address without a password, the model, and what the server has (if known)."""

    url: str
    model: str
    models: Sequence[str] = ()
    secret: str | None = None


def failure_of(error: BaseException, asked: Asked) -> ModelFailureError:
    """What an exception of the client means, with a sentence that says what to do. The key stands in none of them."""
    import httpx
    import openai

    if isinstance(error, ModelFailureError):
        return error
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException | TimeoutError):
        return _timed_out(error, asked)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, _clean(_message(error.body) or error.message, asked), asked)
    if isinstance(error, openai.APIConnectionError | httpx.HTTPError | OSError):
        return ModelFailureError(
            Failure.DOWN, f"no answer from {asked.url}{_cause(error)}: is the server running there?"
        )
    if isinstance(error, openai.APIError):
        told = _clean(error.message, asked)
        return ModelFailureError(Failure.TOO_LONG if _TOO_LONG.search(told) else Failure.REFUSED, told)
    return ModelFailureError(
        Failure.GARBAGE, f"what {asked.url} sent is not what an OpenAI-compatible server sends ({type(error).__name__})"
    )


def _timed_out(error: BaseException, asked: Asked) -> ModelFailureError:
    causes = {type(one).__name__ for one in (error, error.__cause__, getattr(error.__cause__, "__cause__", None))}
    if causes & {"ConnectTimeout", "PoolTimeout"}:
        return ModelFailureError(Failure.DOWN, f"{asked.url} does not take connections: is the server running there?")
    return ModelFailureError(Failure.LATE, f"{asked.url} said nothing in the time it had")


def of_status(status: int, body: object, asked: Asked) -> ModelFailureError:
    """What a server's refusal means: its HTTP status and the JSON that came with it."""
    return _of_status(status, _clean(_message(body), asked), asked)


def _of_status(status: int, told: str, asked: Asked) -> ModelFailureError:
    if status in (400, 413, 422) and _TOO_LONG.search(told):
        return ModelFailureError(Failure.TOO_LONG, told)
    if status in (401, 403):
        return ModelFailureError(Failure.REFUSED, f"{asked.url} wants another key ({status}): set SHOPTALK_LLM_KEY")
    if status == 404:
        return ModelFailureError(Failure.REFUSED, _no_model(asked))
    if status == 429:
        return ModelFailureError(
            Failure.REFUSED, f"{asked.url} has too much to do or your quota is used up (429): {told}"
        )
    return ModelFailureError(Failure.REFUSED, f"{asked.url} refused ({status}): {told}")


def _no_model(asked: Asked) -> str:
    has = ", ".join(f"'{name}'" for name in asked.models[:8])
    if has:
        return f"{asked.url} has no model '{asked.model}'; set SHOPTALK_LLM_MODEL to one of those it has: {has}"
    lacks = f"has no model '{asked.model}', or " if asked.model else ""
    return f"{asked.url} {lacks}is no OpenAI-compatible server: set SHOPTALK_LLM_URL, which often ends in /v1"


def _message(body: object) -> str:
    """The sentence in an error's JSON, which stands under `error`, `message` or `detail`."""
    if isinstance(body, dict):
        for name in ("error", "message", "detail"):
            if body.get(name):
                return _message(body[name])
        return ""
    return body if isinstance(body, str) else ""


def _clean(told: str, asked: Asked) -> str:
    """One line without the key, and not long."""
    line = " ".join(told.split())
    if asked.secret:
        line = line.replace(asked.secret, "…")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words, as far as it names no secret: an operating system's or a protocol's."""
    inner = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__  # type: ignore[assignment]
    return f" ({type(inner).__name__})" if inner is not error else ""
