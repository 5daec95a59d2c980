"""Calls of the tools by name, one or several at once."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shoptalk.agent.tools import arguments, using
from shoptalk.agent.tools.mending import told
from shoptalk.agent.tools.results import Result
from shoptalk.agent.tools.schemas import schema_of
from shoptalk.agent.tools.using import Desk
from shoptalk.agent.turn import Engine
from shoptalk.errors import ToolError

__all__ = ["MOST_CALLS", "TOOLS", "Call", "Outcome", "Tool", "Toolbox"]

#: Calls that one `run` takes.
MOST_CALLS = 8


@dataclass(frozen=True, slots=True)
class Tool:
    """A function with what it takes, and what a language model is told of it."""

    name: str
    told: str
    arguments: type[BaseModel]
    use: Callable[[Desk, Any], Result]


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "find",
            "Search the shop: the best items for conditions on facets and words, with the reasons for each, and how "
            "many meet the conditions. Where none does, the smallest changes after which some do.",
            arguments.Find,
            using.find,
        ),
        Tool("similar", "Items of the shop like the ones given.", arguments.Similar, using.similar),
        Tool(
            "look_up",
            "Whether the shop has an item of this title, with its id. The title may be misspelt, in part, or with a "
            "year.",
            arguments.LookUp,
            using.look_up,
        ),
        Tool(
            "compare",
            "In which facets items differ, and which of them is the cheapest, the newest, the best rated.",
            arguments.Compare,
            using.compare,
        ),
        Tool("details", "What the shop's records tell of items.", arguments.Details, using.details),
        Tool(
            "clarify",
            "The question that is worth asking a person next, with its answers, how many items each would leave, and "
            "the conditions to search with then.",
            arguments.Clarify,
            using.clarify,
        ),
    )
}


class Call(BaseModel):
    """A tool with its arguments.

    Wherever an id stands, {"from": 0, "place": 1} is the first item that the first call of the same run gave: calls
    are counted from 0, as in the list that is run, items from 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Outcome(BaseModel):
    """What came of a call: its result, or in `error` what is wrong with its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    result: Result | None = None
    error: str = ""
    seconds: float = Field(description="time that the tool took, without what it waited for")


class Toolbox:
    """The tools over an engine, or over whatever engine a function gives at each call. Safe to share."""

    def __init__(self, engine: Engine | Callable[[], Engine]) -> None:
        """`engine`: a fixed one, or a function that gives the newest."""
        self._engine = engine
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """What the tools work on now: for calling them as functions (`using`)."""
        engine = self._engine if isinstance(self._engine, Engine) else self._engine()
        desk = self._desk
        if desk is None or desk.engine is not engine:
            desk = self._desk = Desk(engine)
        return desk

    def schema(self, tool: str) -> dict[str, Any]:
        """JSON schema of a tool's arguments over the catalog as it is now. Raises ToolError."""
        return schema_of(_tool(tool).arguments, self.desk.catalog)

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Result:
        """Use a tool. Raises ToolError, which says how to mend the arguments."""
        return _used(self.desk, tool, arguments)

    def run(self, calls: Sequence[Call]) -> tuple[Outcome, ...]:
        """Use several tools over the same state of the shop: at once, but for those that refer to an earlier result.

        What is wrong with one call is told in its outcome, and in those of calls that refer to it. Raises ToolError
        for more than eight calls.
        """
        if len(calls) > MOST_CALLS:
            raise ToolError(f"{len(calls)} calls at once are too many.", hint=f"{MOST_CALLS} are the most.")
        if not calls:
            return ()
        desk = self.desk
        outcomes: list[Future[Outcome]] = []
        with ThreadPoolExecutor(len(calls), thread_name_prefix="tools") as threads:
            for call in calls:  # a call waits for earlier ones only, and each has a thread: none waits forever
                outcomes.append(threads.submit(_outcome, desk, call, tuple(outcomes)))
        return tuple(one.result() for one in outcomes)


def _outcome(desk: Desk, call: Call, earlier: Sequence[Future[Outcome]]) -> Outcome:
    begin = perf_counter()
    try:
        arguments = _resolved(call.arguments, earlier)
        begin = perf_counter()
        result = _used(desk, call.tool, arguments)
    except ToolError as error:
        return Outcome(tool=call.tool, error=str(error), seconds=perf_counter() - begin)
    return Outcome(tool=call.tool, result=result, seconds=perf_counter() - begin)


def _used(desk: Desk, name: str, arguments: Mapping[str, Any]) -> Result:
    tool = _tool(name)
    try:
        asked = tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        raise told(name, error, tool.arguments.model_fields) from None
    return tool.use(desk, asked)


def _tool(name: str) -> Tool:
    if name not in TOOLS:
        raise ToolError(f"There is no tool '{name}'.", hint=f"There are {', '.join(TOOLS)}.")
    return TOOLS[name]


def _resolved(value: Any, earlier: Sequence[Future[Outcome]]) -> Any:
    """The arguments with ids in the place of references. Waits for the calls that these refer to."""
    if isinstance(value, dict):
        if value.keys() == {"from", "place"}:
            return _referred(value["from"], value["place"], earlier)
        return {key: _resolved(held, earlier) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(one, earlier) for one in value]
    return value


def _referred(call: object, place: object, earlier: Sequence[Future[Outcome]]) -> str:
    if type(call) is not int or not 0 <= call < len(earlier):
        known = f"0 to {len(earlier) - 1}" if earlier else "none"
        raise ToolError(f"'from' {call!r} is no earlier call.", hint=f"Calls that can be referred to here: {known}.")
    outcome = earlier[call].result()
    if outcome.result is None:
        raise ToolError(f"Call {call} that it refers to failed.")
    ids = outcome.result.ids
    if type(place) is not int or not 1 <= place <= len(ids):
        raise ToolError(f"Call {call} ({outcome.tool}) has no item at place {place!r}.", hint=f"It has {len(ids)}.")
    return ids[place - 1]
