"""The shop's tools for programs and agents: find, similar, look up, compare, details, clarify.

Each is an ordinary function from frozen arguments to a frozen result (`using`), over the same engine that answers a
turn. `Toolbox` calls them by name, `langchain_tools` offers them to LangChain, `shoptalk mcp` to whoever speaks MCP.

    toolbox.call("find", {"where": [{"facet": "genres", "op": "is", "value": "Western"}], "count": 3})
"""

from shoptalk.agent.tools.as_langchain import langchain_tools
from shoptalk.agent.tools.results import Clarified, Compared, Detailed, Found, LookedUp, Result, as_json
from shoptalk.agent.tools.toolbox import MOST_CALLS, Call, Outcome, Toolbox

__all__ = [
    "MOST_CALLS",
    "Call",
    "Clarified",
    "Compared",
    "Detailed",
    "Found",
    "LookedUp",
    "Outcome",
    "Result",
    "Toolbox",
    "as_json",
    "langchain_tools",
]
