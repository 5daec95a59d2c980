"""`shoptalk stand-in`: a server that speaks as an open model's does, from a recording, and fails on purpose."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shoptalk.eval.standin import Fault
    from shoptalk.eval.standin.recording import Source

__all__ = ["stand_in"]

_FAULT = (
    "How every answer fails: late, slow, stalling, dropped, failing, refusing, empty, garbage, broken, looping, "
    "cut_off, thinking, unclosed or not_json."
)


def stand_in(
    *,
    recording: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What it says: JSON lines; the least that fits without.")
    ] = None,
    record: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask the real server there, and add its answers to the recording.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0: any that is free.")] = 8001,
    fault: Annotated[str | None, typer.Option(metavar="KIND", help=_FAULT)] = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long a late, slow or stalling answer waits.")] = 30.0,
    status: Annotated[int, typer.Option(min=400, max=599, help="HTTP status of a refusal.")] = 500,
    model: Annotated[str, typer.Option(help="The name that it gives its model.")] = "stand-in",
    key: Annotated[
        str | None, typer.Option(envvar="SHOPTALK_LLM_KEY", help="What it wants to see, and shows the real server.")
    ] = None,
    context: Annotated[int, typer.Option(min=1, help="How many tokens prompt and answer may have.")] = 4096,
    first_token: Annotated[float, typer.Option(min=0, help="Seconds until the first token.")] = 0.0,
    tokens_per_second: Annotated[float, typer.Option(min=0, help="Tokens a second; 0: all at once.")] = 0.0,
) -> None:
    """Serve a chat model that is none, for trying things out.

    It speaks the OpenAI protocol and says what a recording has, so that all
    can be tried where no model is, and each way to fail can be seen. With
    --record, it asks a real server, and writes down what that answers.

    Example:  [bold]shoptalk stand-in --recording said.jsonl --fault late[/bold]
    """
    from threading import Event

    from shoptalk.errors import ShoptalkError
    from shoptalk.eval.standin import StandIn

    server = StandIn(
        _source(recording, record, key),
        standing=_fault(fault, seconds, status),
        model=model,
        key=key,
        context=context,
        first_token=first_token,
        tokens_per_second=tokens_per_second,
        port=port,
    )
    try:
        server.start()
    except OSError as error:
        raise ShoptalkError(f"Port {port} cannot be had: {error.strerror}.", hint="Give another --port.") from None
    typer.echo(f"Listening at {server.url}. To talk with it: SHOPTALK_LLM_URL={server.url} shoptalk talk")
    try:
        Event().wait()
    finally:
        server.stop()
        counts = server.counts
        typer.echo(
            f"{counts.requests} requests, {counts.finished} answered, {counts.aborted} given up by the other side."
        )


def _source(recording: Path | None, record: str | None, key: str | None) -> "Source":
    from shoptalk.eval.standin import Recorder, Recording

    if record is not None:
        if recording is None:
            raise typer.BadParameter("--record needs --recording FILE to write to")
        return Recorder(record, recording, key=key)
    return Recording.read(recording) if recording is not None else Recording([])


def _fault(kind: str | None, seconds: float, status: int) -> "Fault | None":
    from shoptalk.eval.standin import Fault, FaultKind

    if kind is None:
        return None
    if kind.replace("-", "_") not in list(FaultKind):
        raise typer.BadParameter(f"no fault '{kind}'; there are {', '.join(FaultKind)}")
    return Fault(FaultKind(kind.replace("-", "_")), seconds=seconds, status=status)
