"""What our side asks or offers at the end of a reply, as values: a question and the choices that answer it.

An offer widens a list that came out empty; a clarifying question narrows one that is long. Both are a `Question` whose
choices say exactly what they change, so a click, a 'yes' and a 'the second' lead to the same constraints.
"""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.retrieval.query import Constraint


class Asking(StrEnum):
    """Why we ask: to widen what came out empty (or nearly), or to narrow what is many."""

    RELAX = "relax"
    CLARIFY = "clarify"


class Choice(BaseModel):
    """One answer to a question: the constraints it takes away and those it puts in.

    A choice that changes nothing is 'no preference'. `count`: items that pass once it is taken, counted exactly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(min_length=1, description="what stands on the button, and what a person may say to take it")
    count: int = Field(ge=0)
    dropped: tuple[Constraint, ...] = ()
    added: tuple[Constraint, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """True for 'no preference'."""
        return not (self.dropped or self.added)


class Question(BaseModel):
    """What we asked, as the sentence that was said, with the choices in the order in which it names them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Asking
    text: str
    choices: tuple[Choice, ...]
    facet: str | None = Field(default=None, description="the facet a clarifying question is about")
    counted: bool = Field(default=True, description="whether the counts tell something: not where words only lean")


def taken(constraints: Sequence[Constraint], choice: Choice) -> tuple[Constraint, ...]:
    """The constraints once the choice is taken: what it puts in stands where what it takes away stood."""
    kept: list[Constraint] = []
    new = [one for one in choice.added if not any(one.same_as(held) for held in constraints)]
    for held in constraints:
        if not any(held.same_as(gone) for gone in choice.dropped):
            kept.append(held)
            continue
        here = [one for one in new if one.facet == held.facet]
        kept += here
        new = [one for one in new if one not in here]
    return (*kept, *new)


__all__ = ["Asking", "Choice", "Question", "taken"]
