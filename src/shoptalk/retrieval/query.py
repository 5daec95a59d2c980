"""What a person means, and what retrieval is asked: plain frozen values without behaviour of their own.

A `Request` is one message understood against a catalog. A `Query` is what the talk as a whole asks of the index: the
request merged with what was said before.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

Value = bool | float | str | tuple[float, ...] | tuple[str, ...]


class Operator(StrEnum):
    """How a constraint's value is held against an item's."""

    IS = "is"
    IS_NOT = "is not"
    ANY_OF = "any of"
    ALL_OF = "all of"
    AT_LEAST = "at least"
    AT_MOST = "at most"
    MORE_THAN = "more than"
    LESS_THAN = "less than"
    BETWEEN = "between"
    ABOUT = "about"
    MOST = "most"
    LEAST = "least"


class Strength(StrEnum):
    """How much a constraint binds: the four ways in which people want and do not want."""

    MUST = "must"
    WOULD_LIKE = "would like"
    WOULD_RATHER_NOT = "would rather not"
    MUST_NOT = "must not"


class Constraint(BaseModel):
    """A facet, an operator and a value. `must` tells a constraint (has to hold) from a preference (helps).

    Values: category facets take the catalog's own spelling; numbers are in the facet's unit; ANY_OF and ALL_OF take a
    tuple of them; dates are ISO days ('2024-05-01'; compared as text order would); flags are booleans; BETWEEN takes
    a pair, both ends included, and IS_NOT may, of a number or a date ('not from the eighties'). ABOUT holds within a
    tenth of the value, two years for years, a week for dates. MOST and LEAST take how many items are meant: 'the three
    cheapest' are those among the items that meet all else.
    An item without a value for the facet meets no constraint but IS_NOT.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str
    operator: Operator
    value: Value
    must: bool = True
    words: str = Field(default="", description="the person's words that gave it")
    span: tuple[int, int] | None = Field(default=None, description="where the words stand in the message: characters")
    than: str | None = Field(
        default=None, description="id of the item it is measured against: 'cheaper than the first'"
    )
    confidence: float = Field(default=1.0, ge=0, le=1)

    @property
    def strength(self) -> Strength:
        """How much it binds, from the operator and `must`."""
        if self.operator is Operator.IS_NOT:
            return Strength.MUST_NOT if self.must else Strength.WOULD_RATHER_NOT
        return Strength.MUST if self.must else Strength.WOULD_LIKE

    def same_as(self, other: "Constraint") -> bool:
        """True if both ask the same of an item, whatever words gave them."""
        mine, theirs = ((one.facet, one.operator, one.value, one.must) for one in (self, other))
        return mine == theirs

    @property
    def values(self) -> tuple[object, ...]:
        """The value, or each of several."""
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @property
    def is_superlative(self) -> bool:
        """True if it can only be held against the items that meet all else."""
        return self.operator in (Operator.MOST, Operator.LEAST)


class Act(StrEnum):
    """What a message does."""

    FIND = "find"
    REFINE = "refine"
    MORE = "more"
    SIMILAR = "similar"
    FEEDBACK = "feedback"
    DETAILS = "details"
    COMPARE = "compare"
    ANSWER = "answer"
    UNDO = "undo"
    START_OVER = "start over"
    CHAT = "chat"
    OUTSIDE = "outside our trade"
    HELP = "help"


class Stance(StrEnum):
    """How the person stands to an item they named."""

    SIMILAR = "wants similar"
    LIKED = "likes"
    DISLIKED = "dislikes"
    SEEN = "has seen"
    OWNED = "owns"
    ASKED = "asks about"


class Mention(BaseModel):
    """An item that the message names, by title or by place ('the second one')."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str
    title: str
    stance: Stance
    words: str = ""
    span: tuple[int, int] | None = Field(default=None, description="None: named by the other side, and answered")
    confidence: float = Field(default=1.0, ge=0, le=1)
    is_new: bool = Field(default=False, description="they do not know it yet: 'no, but it sounds good'")


class Described(BaseModel):
    """Words that speak of a facet without naming a value that it holds: 'about talking cars', 'by Ann Turner'."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facet: str
    words: str
    span: tuple[int, int]
    confidence: float = Field(default=1.0, ge=0, le=1)


class Request(BaseModel):
    """One message, understood. `text` is what no facet holds; it is searched by meaning and by words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    message: str
    acts: tuple[Act, ...] = (Act.FIND,)
    constraints: tuple[Constraint, ...] = ()
    dropped: tuple[str, ...] = Field(default=(), description="facets whose constraints no longer hold: 'any price'")
    withdrawn: tuple[Constraint | str, ...] = Field(
        default=(),
        description="what was asked for, a constraint or a free text, and no longer is: 'without the music then'",
    )
    anew: bool = Field(default=False, description="takes the place of what was asked for: 'actually a western'")
    mentions: tuple[Mention, ...] = ()
    text: str = ""
    count: int | None = Field(default=None, ge=1, le=50, description="how many picks are wanted, if said")
    unknown_titles: tuple[str, ...] = Field(default=(), description="titles asked for that the shop does not have")
    asked: tuple[str, ...] = Field(default=(), description="facets that a question about an item asks for")
    choice: int | None = Field(
        default=None, ge=0, description="which choice of our last question the person took, counted from 0; yes is 0"
    )
    described: tuple[Described, ...] = Field(
        default=(), description="what is said of a facet that holds no such value; it is searched as text"
    )
    clarify: str | None = Field(default=None, description="the facet that the person had better be asked about")
    unheld: tuple[str, ...] = Field(default=(), description="words that no facet of the catalog can hold: 'cheaper'")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a talk as it was said, with the ids of the items that it names or shows."""

    text: str
    by_user: bool
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Touch:
    """Something that the person had to do with an item: named it, clicked it, liked it, bought it.

    `value` says how much that speaks for the item: 1 for a plain yes (liked, bought, rated well), less for less (named,
    clicked), below 0 against it. `ago` counts messages or acts since: 1 is the last one.
    """

    item_id: str
    value: float = 1.0
    ago: int = 1


@dataclass(frozen=True, slots=True)
class Query:
    """What the talk asks of the index, everything said so far included.

    `must` decides which items pass; `wishes` only help. `liked`, `disliked` and `similar` are item ids; ids in
    `exclude` (seen, rejected, shown before) are never returned. What models have learned is asked with `said`, the
    messages of both sides, and `history`, what the person had to do with items; both oldest first.
    """

    text: str = ""
    must: tuple[Constraint, ...] = ()
    wishes: tuple[Constraint, ...] = ()
    similar: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    exclude: frozenset[str] = field(default_factory=frozenset)
    limit: int = 300
    said: tuple[Said, ...] = ()
    history: tuple[Touch, ...] = ()
