"""`shoptalk mcp`: offer a shop's tools to other agents."""

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

__all__ = ["mcp", "own_stdout"]


def mcp(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="The shop's name or folder.")],
    http: Annotated[
        int | None,
        typer.Option(
            "--http",
            metavar="PORT",
            min=1,
            max=65535,
            help="Serve over HTTP there, instead of standard input and output.",
        ),
    ] = None,
) -> None:
    """Offer the shop's tools to other agents, over the Model Context Protocol.

    The tools find, compare and look up items, tell their details, and say
    what to ask next. By default it speaks over standard input and output, as
    agents start such servers; with --http it listens on this machine only, at
    http://127.0.0.1:PORT/mcp.

    Example:  [bold]shoptalk mcp films[/bold]
    """
    stdout = own_stdout() if http is None else None  # before anything can print

    import anyio

    from shoptalk.shop import Shop
    from shoptalk.shop.toolbox import toolbox_of
    from shoptalk.ui.mcp_server import ToolServer

    with Shop.open(shop) as opened:
        server = ToolServer(toolbox_of(opened), opened.name, port=http or 8000)
        if stdout is not None:
            anyio.run(server.serve_stdio, stdout)
        else:
            server.run("streamable-http")


def own_stdout() -> TextIOWrapper:
    """Standard output for the protocol alone. From then on what anyone else prints there goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return TextIOWrapper(os.fdopen(kept, "wb"), encoding="utf-8")
