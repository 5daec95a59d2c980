"""What models of people's choices are asked with: a talk's last messages, and what the person had to do with items.

Plain values and pure functions; `TalkState` holds both, and `query_of` hands them on as `Query.said` and `history`.
"""

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.retrieval.query import Mention, Said, Stance

__all__ = [
    "SIGNALS_KEPT",
    "Feedback",
    "Named",
    "Signal",
    "message_of",
    "noted",
    "signals_in",
    "value_of",
    "with_answer",
    "with_message",
]

SIGNALS_KEPT = 60
_MESSAGES_KEPT, _CHARACTERS_KEPT = 12, 300
_LOOKED_THROUGH = 30.0
_DWELLED_AT_MOST = 0.6


class Feedback(StrEnum):
    """What a person did with an item, or said of it."""

    CLICKED = "clicked"
    DWELLED = "dwelled"
    LIKED = "liked"
    DISLIKED = "disliked"
    SEEN = "seen"
    BOUGHT = "bought"
    FORGOTTEN = "forgotten"


class Named(StrEnum):
    """How a message names an item, where it says nothing of its worth."""

    PLAINLY = "named"
    AS_MODEL = "wants similar"


_VALUES: dict[Feedback | Named, float] = {
    Feedback.BOUGHT: 1.0,
    Feedback.LIKED: 1.0,
    Named.AS_MODEL: 1.0,
    Named.PLAINLY: 0.5,
    Feedback.CLICKED: 0.4,
    Feedback.SEEN: 0.3,
    Feedback.DISLIKED: -1.0,
}
_STANCES: dict[Stance, Feedback | Named] = {
    Stance.SIMILAR: Named.AS_MODEL,
    Stance.LIKED: Feedback.LIKED,
    Stance.DISLIKED: Feedback.DISLIKED,
    Stance.SEEN: Feedback.SEEN,
    Stance.OWNED: Feedback.SEEN,
    Stance.ASKED: Named.PLAINLY,
}


class Signal(BaseModel):
    """One thing that a person had to do with an item. `at` is the message of the talk that it came with or followed.

    Messages of both sides are counted from 1; 0 is before the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str
    kind: Feedback | Named
    at: int = 0
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="how long they dwelled on it, in all")


def value_of(kind: Feedback | Named, seconds: float = 0.0) -> float:
    """How much it speaks for an item, as `Touch.value` tells it.

    Dwelling is worth 0.6 x min(1, seconds / 30): a visit of half a minute commonly counts as a satisfied one (Fox et
    al., "Evaluating implicit measures to improve web search", TOIS 2005), a shorter one in proportion.
    """
    if kind is Feedback.DWELLED:
        return round(_DWELLED_AT_MOST * min(1.0, seconds / _LOOKED_THROUGH), 3)
    return _VALUES.get(kind, 0.0)


def signals_in(mentions: Iterable[Mention], at: int = 0) -> list[Signal]:
    """What a message says of the items that it names."""
    return [Signal(item_id=one.item_id, kind=_STANCES[one.stance], at=at) for one in mentions]


def noted(held: Sequence[Signal], new: Iterable[Signal]) -> tuple[Signal, ...]:
    """The last sixty with the new ones: one for each kind and item, where it came last, its seconds added up."""
    merged = {(one.item_id, one.kind): one for one in held}
    for one in new:
        before = merged.pop((one.item_id, one.kind), None)
        seconds = math.fsum((one.seconds, before.seconds if before else 0.0))
        merged[one.item_id, one.kind] = one.model_copy(update={"seconds": seconds})
    return tuple(merged.values())[-SIGNALS_KEPT:]


def with_message(said: tuple[Said, ...], text: str, items: Iterable[str]) -> tuple[Said, ...]:
    """The last twelve messages with what the person said and the items that they named; an empty one says nothing."""
    if not text.strip():
        return said
    return (*said, message_of(text, items, by_user=True))[-_MESSAGES_KEPT:]


def with_answer(said: tuple[Said, ...], text: str, items: Iterable[str], *, again: bool) -> tuple[Said, ...]:
    """The last twelve messages with our answer and what it showed.

    An answer to an empty message is given `again`: it takes the place of the one before, as on the page.
    """
    if again and said and not said[-1].by_user:
        said = said[:-1]
    return (*said, message_of(text, items, by_user=False))[-_MESSAGES_KEPT:]


def message_of(text: str, items: Iterable[str], *, by_user: bool) -> Said:
    """One message as it is kept: the first 300 characters of it, and each item once."""
    return Said(text[:_CHARACTERS_KEPT], by_user, tuple(dict.fromkeys(items)))
