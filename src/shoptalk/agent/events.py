"""What a turn's generator yields, in this order: Understood, Found, Ranked, Picks, Text (several), Done.

Turns that need no ranking (small talk, help, questions about an item) leave out Found and Ranked. A step renders itself
nowhere: the faces decide what each event looks like.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.offers import Question
from shoptalk.agent.watch import ModelUse
from shoptalk.ranking.evidence import Evidence
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.query import Constraint, Request


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Chip(_Value):
    """One thing that the talk holds on to, as shown and removed on the page: 'under 120 min', 'not horror'."""

    key: str = Field(description="give it to Talk.drop() to take it back")
    label: str
    constraint: Constraint | None = None


class Pick(_Value):
    """A candidate that is shown, with its evidence and the reasons made from it."""

    item: Item
    score: float
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[str, ...] = ()


class Changed(_Value):
    """One thing that the turn changed in what is wanted, in words: 'was' is empty if added, 'now' if dropped."""

    was: str = ""
    now: str = ""


class Reply(_Value):
    """The answer to one message."""

    text: str
    picks: tuple[Pick, ...] = ()
    request: Request
    chips: tuple[Chip, ...] = ()
    suggestions: tuple[str, ...] = Field(default=(), description="messages that make sense next")
    question: Question | None = Field(default=None, description="what the text asks or offers at its end")
    changes: tuple[Changed, ...] = Field(default=(), description="what this turn changed in what is wanted")
    can_undo: bool = Field(default=False, description="whether there is something that undoing takes back")
    turn: int = Field(description="number of the turn in its talk, from 1")
    model: ModelUse | None = Field(default=None, description="what a language model did in the turn, None without one")


class Understood(_Value):
    """The message as a Request, and what the talk now holds on to."""

    kind: Literal["understood"] = "understood"
    request: Request
    chips: tuple[Chip, ...] = ()


class Found(_Value):
    """How many items pass the constraints, and how many candidates were drawn from them."""

    kind: Literal["found"] = "found"
    passing: int
    candidates: int


class Ranked(_Value):
    """Ids and scores of the best candidates, best first, before diversity."""

    kind: Literal["ranked"] = "ranked"
    item_ids: tuple[str, ...]
    scores: tuple[float, ...]


class Picks(_Value):
    """What will be shown."""

    kind: Literal["picks"] = "picks"
    picks: tuple[Pick, ...]


class Text(_Value):
    """A piece of the answer's text; the pieces joined are the text."""

    kind: Literal["text"] = "text"
    piece: str


class Done(_Value):
    """The reply, whole and on disk."""

    kind: Literal["done"] = "done"
    reply: Reply
    milliseconds: dict[str, float] = Field(description="wall time of understand, find, rank, explain, log and whole")


Event = Annotated[Understood | Found | Ranked | Picks | Text | Done, Field(discriminator="kind")]
