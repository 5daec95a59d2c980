"""The MCP server, spoken to with the protocol's own client: over stdio and over HTTP."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.memory import create_connected_server_and_client_session
from typer.testing import CliRunner

from shoptalk.agent.tools.toolbox import TOOLS
from shoptalk.shop.toolbox import toolbox_of
from shoptalk.ui.mcp_server import ToolServer

SERVE = "import typer; from shoptalk.ui.mcp_command import mcp; typer.run(mcp)"
WESTERNS = {"where": [{"facet": "genres", "op": "is", "value": "Western"}], "count": 2}


@pytest.fixture(scope="module")
def environment(settings, films_shop):
    named = {"HOME": str(settings.home), "CACHE": str(settings.cache), "ENCODER": "hashing"}
    return os.environ | {f"SHOPTALK_{name}": value for name, value in named.items()}


@asynccontextmanager
async def over_stdio(environment, heard):
    server = StdioServerParameters(command=sys.executable, args=["-c", SERVE, "films"], env=environment)

    async def hear(message):
        heard.append(message)

    async with stdio_client(server) as (read, write), ClientSession(read, write, message_handler=hear) as session:
        await session.initialize()
        yield session


def test_an_agent_uses_the_tools_over_stdio(environment, films):
    heard = []

    async def talk():
        async with over_stdio(environment, heard) as session:
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            found = await session.call_tool("find", WESTERNS)
            ids = [item["id"] for item in found.structuredContent["items"]]
            compared = await session.call_tool("compare", {"items": ids})
            wrong = await session.call_tool("find", {"where": [{"facet": "plot", "op": "is", "value": "x"}]})
            several = await asyncio.gather(*(session.call_tool("look_up", {"title": t}) for t in ("Alien", "Heat")))
            return tools, found, compared, wrong, several

    tools, found, compared, wrong, several = asyncio.run(talk())
    assert list(tools) == list(TOOLS)
    branches = tools["find"].inputSchema["properties"]["where"]["items"]["anyOf"]
    assert [branch["properties"]["facet"]["const"] for branch in branches] == [one.name for one in films.schema.facets]
    assert not found.isError
    assert json.loads(found.content[0].text) == found.structuredContent
    assert found.structuredContent["passing"] == 36
    assert compared.structuredContent["differences"]
    assert wrong.isError
    assert "There is no facet 'plot'. There are year, runtime" in wrong.content[0].text
    assert [one.structuredContent["items"][0]["title"] for one in several] == ["Alien", "Heat"]
    assert heard == []  # nothing but answers came over standard output


def test_what_others_print_does_not_reach_the_protocol():
    code = """
import os
from shoptalk.ui.mcp_command import own_stdout
protocol = own_stdout()
print("noise", flush=True)
os.system("echo noise of a child")
protocol.write("{}")
protocol.flush()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "{}"
    assert done.stderr == "noise\nnoise of a child\n"


def test_arguments_of_any_kind_come_back_as_tool_errors(films_shop):
    server = ToolServer(toolbox_of(films_shop), "films")

    async def talk():
        async with create_connected_server_and_client_session(server) as session:
            asked = [("find", {"count": -1}), ("buy", {}), ("details", {"items": ["nothing like it"]}), ("compare", {})]
            return [await session.call_tool(name, arguments) for name, arguments in asked]

    results = asyncio.run(talk())
    assert all(one.isError for one in results)
    told = [one.content[0].text for one in results]
    assert [text.split(".")[0] for text in told] == [
        "'count': Input should be greater than or equal to 1",
        "There is no tool 'buy'",
        "There is no item with the id 'nothing like it'",
        "'items': Field required",
    ]


@pytest.fixture(scope="module")
def served(environment):
    """The address of a server over HTTP, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, "films", "--http", str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.communicate(timeout=20)


def test_an_agent_uses_the_tools_over_http(served):
    async def talk():
        async with streamable_http_client(served) as (read, write, *_), ClientSession(read, write) as session:
            await session.initialize()
            return await session.call_tool("find", WESTERNS), await session.call_tool("find", {"count": 0})

    found, wrong = asyncio.run(talk())
    assert found.structuredContent["passing"] == 36
    assert (found.isError, wrong.isError) == (False, True)


def test_a_page_of_another_origin_is_refused(served):
    """A browser led to this port by a foreign name (DNS rebinding) gets nothing."""
    headers = {
        "Host": "evil.example",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(served, body, headers), timeout=20)
    caught.value.close()
    assert caught.value.code == 421


@pytest.mark.parametrize("written", ["", "no protocol at all\n/quit\n"])
def test_it_ends_with_its_input_whatever_that_was(environment, written):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, "films"],
        env=environment, capture_output=True, text=True, timeout=60, check=False, input=written,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in done.stdout.splitlines())


def test_a_shop_that_is_not_there_is_told(tmp_path, environment):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path / "no shop")],
        env=environment, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode != 0
    assert done.stdout == ""
    assert "ShopNotFoundError" in done.stderr


def test_help_names_the_options():
    import typer

    from shoptalk.ui.mcp_command import mcp

    app = typer.Typer(rich_markup_mode="rich")
    app.command()(mcp)
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120", "TERM": "dumb"}).output
    assert "--http" in told
    assert "SHOP" in told
