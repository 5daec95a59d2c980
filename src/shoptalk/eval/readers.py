"""Who reads the messages in a benchmark of understanding: the embedded parts, or a language model alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.state import TalkState
from shoptalk.agent.tagging import Tagger
from shoptalk.agent.understanding import EmbeddedUnderstanding, Understanding
from shoptalk.agent.watch import Limits, ModelUse, Watch
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Act, Request

if TYPE_CHECKING:
    from shoptalk.agent.llm.client import ChatModel

__all__ = ["EmbeddedReader", "ModelReader", "ModelReading", "Reader", "in_order"]

Work = TypeVar("Work")
Done = TypeVar("Done")

_PATIENCE = Limits(first_word=180.0, whole=180.0)


class ModelReading(BaseModel):
    """How a model's plans came out, over the messages of a benchmark."""

    model_config = ConfigDict(frozen=True)

    model: str
    messages: int
    valid: int = Field(description="plans that were as asked for")
    mended: int = Field(description="plans that had to be mended by program")
    failures: dict[str, int] = Field(description="messages that got no plan, by why")
    tokens_in: int
    tokens_out: int


class Reader(Protocol):
    """Reads the messages of a benchmark, over whatever catalog it makes."""

    @property
    def name(self) -> str:
        """What reads, for the report."""
        ...

    @property
    def at_once(self) -> int:
        """How many talks may be read at the same time."""
        ...

    def over(self, catalog: Catalog, shop: str) -> Understanding:
        """The understanding of messages to a shop with that catalog."""
        ...


@dataclass(frozen=True)
class EmbeddedReader:
    """The parser, with the transformer where one is given."""

    tagger: Tagger | None = None
    at_once: int = 1

    @property
    def name(self) -> str:
        """What reads, for the report."""
        return "parser and transformer" if self.tagger else "parser"

    def over(self, catalog: Catalog, shop: str) -> Understanding:
        """The understanding of messages to a shop with that catalog."""
        return EmbeddedUnderstanding(catalog, self.tagger)


@dataclass
class ModelReader:
    """A model's plans, and nothing in their place where it fails: what it understands by itself."""

    model: "ChatModel"
    at_once: int = 8
    uses: list[ModelUse] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What reads, for the report. Raises ModelFailureError where the server does not tell."""
        return self.model.name

    def over(self, catalog: Catalog, shop: str) -> Understanding:
        """The understanding of messages to a shop with that catalog."""
        from shoptalk.agent.llm.planning import ModelUnderstanding

        return _Noting(ModelUnderstanding(self.model, _Silent(), catalog, shop, also_writes=False), self.uses)

    def reading(self) -> ModelReading:
        """How the plans came out so far."""
        calls = [call for use in self.uses for call in use.calls]
        failures = Counter(str(one.failure) for use in self.uses for one in use.fallbacks)
        mended = sum(use.planned and use.mended for use in self.uses)
        return ModelReading(
            model=self.name,
            messages=len(self.uses),
            valid=sum(use.planned for use in self.uses) - mended,
            mended=mended,
            failures=dict(failures.most_common()),
            tokens_in=sum(call.tokens_in for call in calls),
            tokens_out=sum(call.tokens_out for call in calls),
        )


def in_order(work: Callable[[Work], Done], given: Iterable[Work], at_once: int) -> Iterator[Done]:
    """What `work` makes of each, in order; so many at the same time."""
    if at_once == 1:
        yield from map(work, given)
        return
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(work, given)


@dataclass(frozen=True)
class _Noting:
    """Gives the model all the time it wants, and notes what it did."""

    inner: Understanding
    uses: list[ModelUse]

    def understand(self, message: str, state: TalkState, watch: Watch | None = None) -> Request:
        """As the inner one does."""
        watch = watch or Watch(_PATIENCE)
        request = self.inner.understand(message, state, watch)
        if (use := watch.use()) is not None:
            self.uses.append(use)
        return request


class _Silent:
    """Understands nothing."""

    def understand(self, message: str, state: TalkState, watch: Watch | None = None) -> Request:
        """Small talk."""
        return Request(message=message, acts=(Act.CHAT,))
