"""One example of what a model is asked at a door and should answer, made with the very prompts of production."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shoptalk.agent.explaining import Answer
from shoptalk.agent.llm.plan import MOST_CALLS, Call, Find, Plan
from shoptalk.agent.llm.prompting import explain_messages, plan_messages
from shoptalk.agent.llm.reading import plan_of
from shoptalk.agent.state import TalkState
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Request
from shoptalk.retrieval.schema import Kind

__all__ = ["Planned", "Source", "TuneExample", "as_plan", "explain_example"]

Source = Literal["sgd", "made", "explained", "shop"]
_LONGEST_USER = 2400


@dataclass(frozen=True, slots=True)
class TuneExample:
    """What stands in the prompt, and what the model should write. Examples of one `system` share their beginning."""

    system: str
    user: str
    target: str
    door: Literal["plan", "explain"]
    source: Source = "made"


@dataclass(frozen=True, slots=True)
class Planned:
    """A message with what it means: `state` is the talk before it, `system` what `plan_system` says of the catalog."""

    system: str
    catalog: Catalog
    state: TalkState
    request: Request
    plan: Plan

    def example(self, source: Source) -> TuneExample:
        """As the model is asked."""
        message = self.request.message
        _, user = plan_messages(self.system, self.catalog, self.state, message, letters=_LONGEST_USER)
        return TuneExample(self.system, user.content, self.plan.to_json(), "plan", source)


def as_plan(request: Request, state: TalkState, catalog: Catalog, also: Sequence[Call] = ()) -> Plan:
    """The plan of a request, with other calls first that a Request does not hold.

    A day is written as it was said, where the request keeps the words: no model has to know what day it is.
    """
    calls = [_as_said(call, request, catalog) for call in plan_of(request, state, catalog).calls]
    if also:
        calls = [*also, *(call for call in calls if call != Find())]
    return Plan(calls=tuple(calls[:MOST_CALLS]))


def explain_example(answer: Answer, text: str, *, source: Source = "explained") -> TuneExample:
    """An answer with the text that explains it."""
    system, user = explain_messages(answer)
    return TuneExample(system.content, user.content, text, "explain", source)


def _as_said(call: Call, request: Request, catalog: Catalog) -> Call:
    if not isinstance(call, Find):
        return call
    said = {
        (one.facet, one.operator): one.words
        for one in request.constraints
        if one.words and catalog.schema.facet(one.facet).kind is Kind.DATE
    }
    where = tuple(
        condition.model_copy(update={"value": said.get((condition.facet, condition.op), condition.value)})
        for condition in call.where
    )
    return call.model_copy(update={"where": where})
