"""What the tools give: frozen values, and their JSON in which what the shop's records say is marked as data."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.llm.plan import Condition
from shoptalk.retrieval.catalog import FacetValue

_FENCE = ("<item_text>", "</item_text>")
#: Strings of a record that are prose, and not names or values.
_PROSE = frozenset({"text"})


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listed(_Value):
    """An item in a list: what it is, and why it was picked."""

    id: str
    title: str
    facets: dict[str, FacetValue] = Field(description="its values; of many the first eight")
    reasons: tuple[str, ...] = Field(default=(), description="why it was picked, each true of its record")


class Way(_Value):
    """A search that leads on: its conditions, and how many items meet them."""

    label: str
    passing: int
    where: tuple[Condition, ...]


class Found(_Value):
    """The best of what meets the conditions, the best first."""

    passing: int = Field(description="items that meet all conditions that have to hold")
    items: tuple[Listed, ...]
    ways: tuple[Way, ...] = Field(
        default=(), description="where nothing was found: the smallest changes that find some"
    )

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the items, in their order."""
        return tuple(item.id for item in self.items)


class LookedUp(_Value):
    """The items that a title may mean, the best known first."""

    by: Literal["id", "title", "part of the title", "similar spelling", "nothing"] = Field(
        description="how they were recognised"
    )
    items: tuple[Listed, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the items, in their order."""
        return tuple(item.id for item in self.items)


class Named(_Value):
    """An item by its id and title."""

    id: str
    title: str


class Difference(_Value):
    """A facet in which the items differ."""

    facet: str
    label: str
    values: tuple[str, ...] = Field(description="in words, in the order of the items")
    best: str = Field(default="", description="what people call the best of it: 'cheapest', 'newest'")
    best_ids: tuple[str, ...] = Field(default=(), description="which of the items that is")


class Compared(_Value):
    """Items side by side."""

    items: tuple[Named, ...]
    differences: tuple[Difference, ...]
    alike: tuple[str, ...] = Field(default=(), description="facets in which they do not differ")

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the items, in their order."""
        return tuple(item.id for item in self.items)


class Record(_Value):
    """What the shop knows of an item."""

    id: str
    title: str
    facets: dict[str, FacetValue]
    facts: dict[str, str] = Field(default_factory=dict, description="what no facet holds: a phone number, an address")
    unknown: tuple[str, ...] = Field(default=(), description="facets asked for that the record does not tell")
    text: str = ""
    link: str | None = None


class Detailed(_Value):
    """Records of items."""

    items: tuple[Record, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the items, in their order."""
        return tuple(item.id for item in self.items)


class Clarified(_Value):
    """The question whose answer tells most, and the searches that its answers lead to."""

    passing: int
    question: str | None = Field(description="None: no question is worth a person's time")
    facet: str | None = None
    choices: tuple[Way, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """None: it names no items."""
        return ()


Result = Found | LookedUp | Compared | Detailed | Clarified


def as_json(result: Result) -> str:
    """The result as JSON for a language model.

    Nothing in it can be taken for a tag of a prompt's, and prose of the records stands between tags that say so.
    """
    return json.dumps(_as_data(result.model_dump(mode="json", exclude_defaults=True)), ensure_ascii=False)


def as_data(result: Result) -> dict[str, Any]:
    """The same as plain values."""
    return dict(_as_data(result.model_dump(mode="json", exclude_defaults=True)))


def _as_data(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _as_data(held, key) for key, held in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_as_data(one) for one in value]
    if not isinstance(value, str):
        return value
    plain = value.replace("<", "‹").replace(">", "›")
    return plain.join(_FENCE) if name in _PROSE and plain else plain
