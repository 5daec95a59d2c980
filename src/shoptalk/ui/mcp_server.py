"""The shop's tools over the Model Context Protocol, so that agents of any make can use them."""

import logging
from io import TextIOWrapper
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.fastmcp import FastMCP
from mcp.server.stdio import stdio_server
from mcp.types import TextContent, ToolAnnotations
from mcp.types import Tool as ProtocolTool

from shoptalk.agent.tools import Toolbox, as_json
from shoptalk.agent.tools.as_langchain import DATA_NOTE
from shoptalk.agent.tools.results import as_data
from shoptalk.agent.tools.toolbox import TOOLS

__all__ = ["ToolServer"]

_log = logging.getLogger(__name__)
_READS = ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=False)


class ToolServer(FastMCP[Any]):
    """A server of one shop's tools. The schemas it tells are of the catalog as it is when they are asked for."""

    def __init__(self, toolbox: Toolbox, shop: str, *, port: int = 8000) -> None:
        """`shop` is the shop's name; `port` on this machine is for `run("streamable-http")`, at the path /mcp."""
        told = f"Tools of the shop '{shop}': search it, look up titles, compare items. {DATA_NOTE}"
        super().__init__(
            f"shoptalk-{shop}", told, host="127.0.0.1", port=port, log_level="WARNING", stateless_http=True
        )
        self._toolbox = toolbox

    async def list_tools(self) -> list[ProtocolTool]:
        """The tools with the schemas of their arguments."""
        return [
            ProtocolTool(
                name=one.name, description=one.told, inputSchema=self._toolbox.schema(one.name), annotations=_READS
            )
            for one in TOOLS.values()
        ]

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        """Use a tool, in a thread. What it raises, ToolError too, the protocol tells as the tool's error."""
        result = await anyio.to_thread.run_sync(self._toolbox.call, name, arguments)
        return [TextContent(type="text", text=as_json(result))], as_data(result)

    async def serve_stdio(self, stdout: TextIOWrapper) -> None:
        """Serve whoever writes to standard input, until it is closed. `stdout` carries the protocol alone."""
        server = self._mcp_server
        try:
            async with stdio_server(stdout=anyio.wrap_file(stdout)) as (reading, writing):
                await server.run(reading, writing, server.create_initialization_options())
        except* (anyio.ClosedResourceError, anyio.BrokenResourceError, BrokenPipeError):
            _log.info("the other side has gone before it was answered")
