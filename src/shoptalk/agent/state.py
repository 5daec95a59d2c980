"""What a talk holds on to from turn to turn, and how a new request changes it: a plain value and pure functions."""

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Act, Constraint, Operator, Query, Request, Stance
from shoptalk.retrieval.schema import Column, Kind, Meaning

_DEFAULT_COUNT = 4
_TEXTS_KEPT = 3
_UPPER = frozenset({Operator.AT_MOST, Operator.LESS_THAN})
_LOWER = frozenset({Operator.AT_LEAST, Operator.MORE_THAN})


class TalkState(BaseModel):
    """One talk, as far as the next turn needs it. All items by id; the newest last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: int = 0
    constraints: tuple[Constraint, ...] = ()
    texts: tuple[str, ...] = Field(default=(), description="free wishes, the newest last")
    similar: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seen: tuple[str, ...] = Field(default=(), description="seen or owned")
    shown: tuple[str, ...] = Field(default=(), description="shown since the search began")
    table: tuple[str, ...] = Field(default=(), description="the picks of the last answer")
    focus: str | None = Field(default=None, description="the item that 'it' means")
    asked_for: tuple[str, ...] = Field(default=(), description="seen items that the last message asks for by name")
    skip_shown: bool = Field(default=False, description="the last message asks for others than those shown")
    count: int = _DEFAULT_COUNT
    heard: str = Field(default="", description="what the other side of the talk last said, as far as it asks or offers")

    @property
    def musts(self) -> tuple[Constraint, ...]:
        """The constraints that have to hold."""
        return tuple(constraint for constraint in self.constraints if constraint.must)

    @property
    def wishes(self) -> tuple[Constraint, ...]:
        """The preferences."""
        return tuple(constraint for constraint in self.constraints if not constraint.must)

    @property
    def asks_nothing(self) -> bool:
        """True while nothing is known of what the person wants."""
        return not (self.constraints or self.texts or self.similar or self.liked)


def query_of(state: TalkState, *, limit: int = 300) -> Query:
    """What the talk as a whole asks of the index."""
    out = {*state.seen, *state.disliked, *state.similar} - set(state.asked_for)
    if state.skip_shown:
        out |= set(state.shown)
    return Query(
        text=". ".join((*state.texts, *_said(state.wishes))),
        must=state.musts,
        wishes=state.wishes,
        similar=state.similar,
        liked=state.liked,
        disliked=state.disliked,
        exclude=frozenset(out),
        limit=limit,
    )


def advance(state: TalkState, request: Request, catalog: Catalog) -> TalkState:
    """The state after a request was understood, before anything is found for it.

    An item that the person says they like is one they know, and counts as seen; one that is on the table may be new.
    """
    if Act.START_OVER in request.acts:
        state = fresh(state)
    replacing = _asks_anew(request)
    constraints = [c for c in state.constraints if c.facet not in request.dropped]
    for new in request.constraints:
        constraints = _merged(constraints, new, catalog, replacing=replacing, together=request.constraints)
    named = {stance: tuple(m.item_id for m in request.mentions if m.stance is stance) for stance in Stance}
    liked = _added(state.liked, named[Stance.LIKED], without=named[Stance.DISLIKED])
    known = tuple(one for one in named[Stance.LIKED] if one not in state.table)
    new_search = bool(named[Stance.SIMILAR])
    return state.model_copy(
        update={
            "turn": state.turn + 1,
            "constraints": tuple(constraints),
            "texts": _texts(state, request, anew=replacing or new_search),
            "similar": named[Stance.SIMILAR] or (() if _changes_subject(request, replacing) else state.similar),
            "liked": liked,
            "disliked": _added(state.disliked, named[Stance.DISLIKED], without=named[Stance.LIKED]),
            "seen": _added(state.seen, named[Stance.SEEN] + named[Stance.OWNED] + known),
            "asked_for": named[Stance.ASKED],
            "focus": request.mentions[-1].item_id if request.mentions else state.focus,
            "skip_shown": Act.MORE in request.acts or (state.skip_shown and not request.constraints),
            "count": request.count or state.count,
        }
    )


def settled(state: TalkState, picks: Sequence[str]) -> TalkState:
    """The state after the picks were shown."""
    return state.model_copy(
        update={
            "table": tuple(picks),
            "shown": _added(state.shown, tuple(picks)),
            "focus": None if len(picks) != 1 else picks[0],
        }
    )


def fresh(state: TalkState) -> TalkState:
    """Everything asked for is forgotten; what the person likes, dislikes and has seen stays."""
    kept = {"turn": state.turn, "liked": state.liked, "disliked": state.disliked, "seen": state.seen}
    return TalkState.model_validate(kept)


def without(state: TalkState, key: str) -> TalkState:
    """The state without the thing that a chip of this key stands for. Raises KeyError for an unknown key."""
    kind, _, rest = key.partition(":")
    if kind == "constraint":
        kept = tuple(c for c in state.constraints if constraint_key(c) != key)
        if len(kept) == len(state.constraints):
            raise KeyError(key)
        return state.model_copy(update={"constraints": kept})
    if kind not in ("texts", "similar", "liked", "disliked", "seen") or rest not in getattr(state, kind):
        raise KeyError(key)
    return state.model_copy(update={kind: tuple(one for one in getattr(state, kind) if one != rest)})


def constraint_key(constraint: Constraint) -> str:
    """A key that names the constraint among all of a talk."""
    return f"constraint:{constraint.facet}|{constraint.operator}|{constraint.value!r}|{constraint.must}"


def with_feedback(state: TalkState, item_id: str, *, liked: bool | None, seen: bool) -> TalkState:
    """The state after the person liked (True), disliked (False) or had seen an item."""
    update: dict[str, tuple[str, ...]] = {}
    if liked is not None:
        plus, minus = ("liked", "disliked") if liked else ("disliked", "liked")
        update[plus] = _added(getattr(state, plus), (item_id,))
        update[minus] = tuple(one for one in getattr(state, minus) if one != item_id)
    if seen:
        update["seen"] = _added(state.seen, (item_id,))
    return state.model_copy(update=update)


def _said(wishes: Iterable[Constraint]) -> list[str]:
    """The words of what is wished for: they are searched too, since a facet never holds all that has the quality."""
    said = [(wish.words, wish.value) for wish in wishes if isinstance(wish.value, str) and wish.operator is Operator.IS]
    return list(dict.fromkeys(text for words, value in said for text in (str(value), *_other(words, str(value)))))


def _other(words: str, value: str) -> tuple[str, ...]:
    return (words,) if words.casefold() not in value.casefold() else ()


def _asks_anew(request: Request) -> bool:
    """True if the message replaces what was asked rather than adding to it ('actually horror', 'instead ...')."""
    first = request.message.casefold().split()[:2]
    said = {word.strip(",.!") for word in request.message.casefold().split()}
    return bool(said & {"instead", "actually", "acutally"}) or bool(first and first[0] == "now")


def _changes_subject(request: Request, replacing: bool) -> bool:
    return replacing and bool(request.constraints or request.text)


def _texts(state: TalkState, request: Request, *, anew: bool) -> tuple[str, ...]:
    kept = () if anew and (request.text or request.mentions) else state.texts
    if not request.text or request.text in kept:
        return kept
    return (*kept, request.text)[-_TEXTS_KEPT:]


def _merged(
    held: list[Constraint], new: Constraint, catalog: Catalog, *, replacing: bool, together: Iterable[Constraint]
) -> list[Constraint]:
    """The constraints with a new one: what it contradicts or narrows gives way."""
    facet = catalog.schema.facet(new.facet)
    fellows = [one for one in together if one is not new]

    def stays(old: Constraint) -> bool:
        if replacing and old.facet != new.facet and _is_feature(old, catalog) and _is_feature(new, catalog):
            return any(old.same_as(fellow) for fellow in fellows)
        if old.facet != new.facet or any(old.same_as(fellow) for fellow in fellows):
            return not old.same_as(new)
        return not old.same_as(new) and not _gives_way(old, new, facet, replacing)

    kept = [old for old in held if stays(old)]
    if facet.kind is Kind.CATEGORIES and new.must and new.operator is Operator.IS and len(kept) == len(held):
        kept = _if_possible(kept, new, catalog, fellows)
    return [*kept, new]


def _gives_way(old: Constraint, new: Constraint, facet: Column, replacing: bool) -> bool:
    """True if the old constraint on the same facet no longer holds once the new one is said."""
    turned = {old.operator, new.operator} & {Operator.IS_NOT}
    if turned:
        return _values(old) & _values(new) != set() and old.operator is not new.operator
    if facet.kind in (Kind.NUMBER, Kind.DATE):
        return not (
            (old.operator in _UPPER and new.operator in _LOWER) or (old.operator in _LOWER and new.operator in _UPPER)
        )
    if facet.kind is Kind.CATEGORIES:
        return replacing
    return True


def _is_feature(constraint: Constraint, catalog: Catalog) -> bool:
    """Something that an item has or has not, whichever facet tells it: parking and a pool take each other's place."""
    facet = catalog.schema.facet(constraint.facet)
    return facet.kind is Kind.FLAG or facet.meaning is Meaning.KEYWORD


def _if_possible(
    kept: list[Constraint], new: Constraint, catalog: Catalog, fellows: list[Constraint]
) -> list[Constraint]:
    """Drops older values of the facet where no item has them all: 'thriller' after 'musical' changes the subject.

    Values of one message (`fellows`) are meant together, and stay even if nothing has both.
    """
    same = [
        old
        for old in kept
        if old.facet == new.facet
        and old.must
        and old.operator is not Operator.IS_NOT
        and not any(old.same_as(fellow) for fellow in fellows)
    ]
    if not same or np.any(catalog.passing([*same, new])):
        return kept
    return [old for old in kept if old not in same]


def _values(constraint: Constraint) -> set[object]:
    return set(constraint.value) if isinstance(constraint.value, tuple) else {constraint.value}


def _added(held: tuple[str, ...], new: tuple[str, ...], *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    merged = dict.fromkeys([*(one for one in held if one not in new), *new])
    return tuple(one for one in merged if one not in without)


__all__ = [
    "TalkState",
    "advance",
    "constraint_key",
    "fresh",
    "query_of",
    "settled",
    "with_feedback",
    "without",
]
