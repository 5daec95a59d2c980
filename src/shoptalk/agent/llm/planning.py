"""The model at the first door: one call, held to the plans' JSON schema, becomes the Request of the message.

What the model asks for has to be vouched for before it may leave items out: by the person's words, or by the embedded
understanding. What nobody vouches for still helps, as a wish.
"""

import logging
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from shoptalk.agent.llm.mending import plan_from, says_nothing
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.llm.plan import plan_schema
from shoptalk.agent.llm.prompting import plan_messages, plan_system
from shoptalk.agent.llm.reading import PlanReader
from shoptalk.agent.state import TalkState
from shoptalk.agent.titles import Titles
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.understanding import Understanding
from shoptalk.agent.watch import Door, Failure, ModelFailureError, Watch
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Constraint, Operator, Request
from shoptalk.retrieval.schema import Kind

__all__ = ["Completing", "ModelUnderstanding"]

_log = logging.getLogger(__name__)

_MOST_TOKENS = 320
# Of the time to the first word the plan may take so much where the model writes the answer too: that needs the rest.
_SHARE_OF_PLAN = 0.6
# What a talk may take of the prompt: letters a token, and tokens kept for the rest of the prompt and the plan.
_LETTERS_A_TOKEN, _KEPT_TOKENS = 3, 250
_SHORTEST_TALK, _LONGEST_TALK = 300, 6000
_COUNTS = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|half|couple|few|hour|decade"
    r"|(twent|thirt|fort|fift|sixt|sevent|eight|ninet)\w+)\b",
    re.IGNORECASE,
)


class Completing(Protocol):
    """A model that answers a prompt whole: `shoptalk.agent.llm.client.ChatModel`."""

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together. Raises ModelFailureError where the server cannot be asked."""
        ...

    def complete(
        self,
        messages: Sequence[Message],
        watch: Watch,
        *,
        door: Door,
        schema: dict[str, Any] | None,
        seconds: float,
        most_tokens: int,
    ) -> str:
        """The answer. Raises ModelFailureError."""
        ...


class ModelUnderstanding:
    """The model's plan as a Request; where it fails, is late or says nothing, the embedded understanding's.

    Read-only, shared by all talks of a shop.
    """

    def __init__(
        self,
        model: Completing,
        embedded: Understanding,
        catalog: Catalog,
        shop: str,
        *,
        titles: Titles | None = None,
        also_writes: bool = True,
    ) -> None:
        """`titles`: the catalog's, where they were made already; `also_writes`: the model explains too, and the time
        to the first word has to do for both calls.
        """
        self._model, self._embedded, self._catalog, self._shop = model, embedded, catalog, shop
        self._share = _SHARE_OF_PLAN if also_writes else 1.0
        self._reader = PlanReader(catalog, titles)

    def understand(self, message: str, state: TalkState, watch: Watch | None = None) -> Request:
        """The request. What the model did is told to the `watch`. Never raises because of what anyone says."""
        watch = watch or Watch()
        embedded = self._embedded.understand(message, state)
        try:
            planned = self._planned(message, state, watch)
        except ModelFailureError as error:
            watch.failed("plan", error.failure, error.detail)
            _log.warning("the embedded understanding stands in for the model, which was %s", error)
            return embedded
        watch.did("plan")
        return self._vouched(planned, embedded)

    def _planned(self, message: str, state: TalkState, watch: Watch) -> Request:
        prompt = plan_messages(self._system, self._catalog, state, message, letters=self._letters(message))
        text = self._model.complete(
            prompt,
            watch,
            door="plan",
            schema=self._schema,
            seconds=watch.to_first_word * self._share,
            most_tokens=_MOST_TOKENS,
        )
        plan, is_mended = plan_from(text)
        if plan is None:
            raise ModelFailureError(Failure.GARBAGE, f"no plan can be read in {text[:80]!r}")
        if says_nothing(plan):
            raise ModelFailureError(Failure.EMPTY, "its plan searches for nothing")
        if is_mended:
            watch.mended()
        return self._reader.request(plan, message, state)

    def _letters(self, message: str) -> int:
        """How much of the talk has room in the model's context."""
        kept = (len(self._system) + len(message)) // _LETTERS_A_TOKEN + _KEPT_TOKENS + _MOST_TOKENS
        room = (self._model.context - kept) * _LETTERS_A_TOKEN
        return min(_LONGEST_TALK, max(_SHORTEST_TALK, room))

    def _vouched(self, planned: Request, embedded: Request) -> Request:
        """The request with what nobody vouches for as a wish."""
        said = {singular(word) for word in words(planned.message)}
        kept = tuple(
            one
            if not one.must or self._is_said(one, planned.message, said) or _stands_in(one, embedded.constraints)
            else one.model_copy(update={"must": False})
            for one in planned.constraints
        )
        return planned.model_copy(update={"constraints": kept})

    def _is_said(self, one: Constraint, message: str, said: set[str]) -> bool:
        """Whether the message has a word of the value, a number where one is asked for, or names the item meant."""
        kind = self._catalog.schema.facet(one.facet).kind
        if one.than is not None or kind in (Kind.NUMBER, Kind.DATE):
            return one.than is not None or one.is_superlative or bool(_COUNTS.search(message))
        label = self._catalog.schema.facet(one.facet).label or one.facet
        values = [label] if kind is Kind.FLAG else [str(value) for value in one.values]
        return all(said & {singular(word) for word in words(value)} for value in values)

    @cached_property
    def _system(self) -> str:
        return plan_system(self._catalog, self._shop)

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return plan_schema(self._catalog)


def _stands_in(one: Constraint, others: Sequence[Constraint]) -> bool:
    """Whether another constraint asks for the same: the facet, the same side of it, and one of its values."""
    return any(
        other.facet == one.facet
        and (other.operator is Operator.IS_NOT) is (one.operator is Operator.IS_NOT)
        and bool(set(other.values) & set(one.values))
        for other in others
    )
