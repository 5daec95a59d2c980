"""Typed facts that speak for or against a pick. Reasons are written from these and from nothing else.

Each has a `weight`: what the ranker's own contributions (SHAP values in score units) give to the features that this
evidence stands for, so that reasons can be told in the order in which they moved the pick. Zero says that the fact is
true but did not move the ranking (a constraint that every candidate meets). What a step after the score did (a shop's
rule, novelty, diversity) weighs what it added to the score, or what it made up for.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.retrieval.query import Constraint, Value


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = 0.0


class ConstraintMet(_Fact):
    """The item's `value` meets what was asked, a must or a wish."""

    kind: Literal["constraint"] = "constraint"
    constraint: Constraint
    value: Value


class WishMissed(_Fact):
    """The item's `value` (None: not known) does not meet a wish."""

    kind: Literal["missed"] = "missed"
    constraint: Constraint
    value: Value | None


class SharesWith(_Fact):
    """The item has facet values in common with an item that was liked or asked for as a model."""

    kind: Literal["shares"] = "shares"
    item_id: str
    title: str
    liked: bool = Field(description="True: the person likes it; False: asked for something like it")
    shared: tuple[tuple[str, str], ...] = Field(description="(facet, value) pairs, the rarest first")


class CloseTo(_Fact):
    """The item's description is near that of an item that was liked or asked for as a model (cosine in [-1, 1])."""

    kind: Literal["close"] = "close"
    item_id: str
    title: str
    liked: bool
    cosine: float


class WordsMatch(_Fact):
    """Words of the request that stand in the item's own text."""

    kind: Literal["words"] = "words"
    words: tuple[str, ...]


class MeaningMatch(_Fact):
    """The item's description is near the request in meaning (cosine in [-1, 1]; `rank` among all passing, from 1)."""

    kind: Literal["meaning"] = "meaning"
    cosine: float
    rank: int


class Compared(_Fact):
    """The item's number beside that of another item: '$20, the first is $30'."""

    kind: Literal["compared"] = "compared"
    facet: str
    value: float
    than_id: str
    than_title: str
    than_value: float


class WellRated(_Fact):
    """The item's rating, and from how many people where that is known."""

    kind: Literal["rated"] = "rated"
    facet: str
    value: float
    count: int | None = None


class LikedTogether(_Fact):
    """In `sessions` talks or histories this item stands together with one that was liked or named here."""

    kind: Literal["together"] = "together"
    item_id: str
    title: str
    sessions: int


class FollowsOn(_Fact):
    """The item is among what people most often chose soon after the one that was taken to here last."""

    kind: Literal["follows"] = "follows"
    item_id: str
    title: str
    place: int = Field(description="its place among what comes after that item, from 1")


class NamedAfter(_Fact):
    """The item was chosen in `times` of the `among` moments of past talks that are most like this one."""

    kind: Literal["talks"] = "talks"
    times: int
    among: int


class Popular(_Fact):
    """The item's place among what people took to here, 1 for the first."""

    kind: Literal["popular"] = "popular"
    rank: int


class RuleApplied(_Fact):
    """A rule of the shop, and no merit of the item, moved it by `moved` places (below 0: back).

    `rule` "stock" says that the item is sold out and stands behind what is not. `why` is what the shop wants told.
    """

    kind: Literal["rule"] = "rule"
    rule: Literal["boost", "bury", "pin", "margin", "stock"]
    name: str
    why: str = ""
    moved: int


class Fresh(_Fact):
    """Novelty was asked of the ranking, and brought the item up by `moved` places: `popularity` of the items are less
    known (a share)."""

    kind: Literal["fresh"] = "fresh"
    moved: int
    popularity: float


class Varied(_Fact):
    """Diversity brought the item among the picks: `passed` candidates of a higher score are closer to other picks."""

    kind: Literal["varied"] = "varied"
    passed: int


Evidence = Annotated[
    ConstraintMet
    | WishMissed
    | SharesWith
    | CloseTo
    | WordsMatch
    | MeaningMatch
    | Compared
    | WellRated
    | LikedTogether
    | FollowsOn
    | NamedAfter
    | Popular
    | RuleApplied
    | Fresh
    | Varied,
    Field(discriminator="kind"),
]
