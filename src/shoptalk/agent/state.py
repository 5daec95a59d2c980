"""What a talk holds on to from turn to turn, and how a new request changes it: a plain value and pure functions."""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.offers import Asking, Question, taken
from shoptalk.agent.signals import (
    SIGNALS_KEPT,
    Feedback,
    Named,
    Signal,
    noted,
    signals_in,
    value_of,
    with_answer,
    with_message,
)
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Act, Constraint, Operator, Query, Request, Said, Stance, Touch
from shoptalk.retrieval.schema import Column, Kind, Meaning

_DEFAULT_COUNT = 4
_TEXTS_KEPT = 3
_UNDONE_AT_MOST = 10
_LEANED_TO = 0.25
_HOLDS_WITH = {Feedback.LIKED: "liked", Feedback.DISLIKED: "disliked", Feedback.SEEN: "seen"}
_UPPER = frozenset({Operator.AT_MOST, Operator.LESS_THAN})
_LOWER = frozenset({Operator.AT_LEAST, Operator.MORE_THAN})


class Wanted(BaseModel):
    """What a person wanted at one time: all that a turn can change of it, and that undoing brings back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    constraints: tuple[Constraint, ...] = ()
    texts: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    count: int = _DEFAULT_COUNT


class ChangeKind(StrEnum):
    """What happened to a thing that was asked for."""

    ADDED = "added"
    DROPPED = "dropped"
    REPLACED = "replaced"


class Change(BaseModel):
    """One thing that a turn changed in what is wanted: a constraint, or a free text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ChangeKind
    was: Constraint | str | None = None
    now: Constraint | str | None = None


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
    question: Question | None = Field(default=None, description="what we asked at the end of the last answer")
    inquired: tuple[str, ...] = Field(default=(), description="facets that we asked about, or that are not to matter")
    before: tuple[Wanted, ...] = Field(default=(), description="what was wanted before each change, the newest last")
    said: tuple[Said, ...] = Field(default=(), description="the last messages of both sides, with the items of each")
    step: int = Field(default=0, description="messages of both sides so far")
    signals: tuple[Signal, ...] = Field(default=(), description="what the person did with items here, the newest last")
    earlier: tuple[Signal, ...] = Field(
        default=(), exclude=True, description="the same from the user's other talks, read anew for each turn"
    )

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

    @property
    def wanted(self) -> Wanted:
        """What the person wants now."""
        return Wanted(constraints=self.constraints, texts=self.texts, similar=self.similar, count=self.count)


def query_of(state: TalkState, catalog: Catalog, *, limit: int = 300) -> Query:
    """What the talk as a whole asks of the index.

    MOST and LEAST become bounds here, among the items that pass the other musts and were not turned down, so that 'the
    cheapest' stays right as the talk goes on; one that is only wished for becomes the quarter that is nearest to it.
    """
    out = {*state.seen, *state.disliked, *state.similar} - set(state.asked_for)
    if state.skip_shown:
        out |= set(state.shown)
    among = catalog.passing(one for one in state.musts if not one.is_superlative) & catalog.available()
    among[catalog.rows(out)] = False
    must = tuple(catalog.bounded(one, among) for one in state.musts)
    quarter = float(max(1, among.sum() * _LEANED_TO))
    leaning = (one.model_copy(update={"value": quarter}) if one.is_superlative else one for one in state.wishes)
    return Query(
        text=". ".join((*state.texts, *_said(state.wishes)) or _named(state, catalog)),
        must=must,
        wishes=tuple(catalog.bounded(one, among) for one in leaning),
        similar=state.similar,
        liked=state.liked,
        disliked=state.disliked,
        exclude=frozenset(out),
        limit=limit,
        said=state.said,
        history=_history(state),
    )


def _history(state: TalkState) -> tuple[Touch, ...]:
    """What the person had to do with items, oldest first, other talks before this one.

    Of what was taken back nothing stays: a like counts while it holds, and an item that served as a model ('like
    Alien') counts as named once it no longer does. What is disliked has only that said of it.
    """
    known = {(one.item_id, one.kind) for one in (*state.earlier, *state.signals)}
    untold = [
        Signal(item_id=item_id, kind=kind)
        for kind, ids in ((Feedback.LIKED, state.liked), (Feedback.DISLIKED, state.disliked))
        for item_id in ids
        if (item_id, kind) not in known
    ]
    before = (*untold, *state.earlier)[-SIGNALS_KEPT:]
    dated = [(one, state.step + 1 + len(before) - place) for place, one in enumerate(before)]
    dated += [(one, state.step + 1 - one.at) for one in state.signals]
    return tuple(Touch(one.item_id, value, ago) for one, ago in dated if (value := _worth(one, state)))


def _worth(signal: Signal, state: TalkState) -> float:
    """How much a signal speaks for its item as things stand; 0 where it was taken back, or counts for nothing."""
    if signal.item_id in state.disliked and signal.kind is not Feedback.DISLIKED:
        return 0.0
    if isinstance(signal.kind, Named):
        holds = signal.kind is Named.AS_MODEL and signal.item_id in state.similar
        return value_of(Named.AS_MODEL if holds else Named.PLAINLY)
    field = _HOLDS_WITH.get(signal.kind)
    if field is not None and signal.item_id not in getattr(state, field):
        return 0.0
    return value_of(signal.kind, signal.seconds)


def advance(state: TalkState, request: Request, catalog: Catalog) -> TalkState:
    """The state after a request was understood, before anything is found for it.

    An item that the person says they like is one they know, and counts as seen; one that is on the table, or that they
    say they do not know, may be new. What was wanted before is kept, to be brought back by undoing.
    """
    earlier, asked = state.wanted, state.question
    if Act.UNDO in request.acts:
        state = undone(state)
        earlier = state.wanted
    if Act.START_OVER in request.acts:
        state = fresh(state).model_copy(update={"before": state.before})
    constraints = _kept(state, request)
    if request.choice is not None and asked is not None and request.choice < len(asked.choices):
        constraints = list(taken(constraints, asked.choices[request.choice]))
    for new in request.constraints:
        constraints = _merged(constraints, new, catalog, replacing=request.anew, together=request.constraints)
    constraints = _out_of_the_dead_end(constraints, request, asked, catalog)
    named = {stance: tuple(m.item_id for m in request.mentions if m.stance is stance) for stance in Stance}
    known = tuple(
        m.item_id
        for m in request.mentions
        if m.stance in (Stance.LIKED, Stance.DISLIKED) and not m.is_new and m.item_id not in state.table
    )
    new_search = bool(named[Stance.SIMILAR])
    changed = state.model_copy(
        update={
            "turn": state.turn + 1,
            "constraints": tuple(constraints),
            "texts": _texts(state, request, anew=request.anew or new_search),
            "similar": named[Stance.SIMILAR] or (() if _changes_subject(request) else state.similar),
            "liked": _added(state.liked, named[Stance.LIKED], without=named[Stance.DISLIKED]),
            "disliked": _added(state.disliked, named[Stance.DISLIKED], without=named[Stance.LIKED]),
            "seen": _added(state.seen, named[Stance.SEEN] + named[Stance.OWNED] + known),
            "asked_for": named[Stance.ASKED],
            "focus": request.mentions[-1].item_id if request.mentions else state.focus,
            "skip_shown": Act.MORE in request.acts or (state.skip_shown and not request.constraints),
            "count": request.count or state.count,
            "question": None,
            "said": with_message(state.said, request.message, (m.item_id for m in request.mentions)),
            "step": state.step + 1,
            "signals": noted(state.signals, signals_in(request.mentions, state.step + 1)),
        }
    )
    return _remembering(changed, earlier)


def _out_of_the_dead_end(
    held: list[Constraint], request: Request, asked: Question | None, catalog: Catalog
) -> list[Constraint]:
    """What is held, without what emptied the list where the person takes no offer and turns to something else."""
    turns = request.anew or Act.SIMILAR in request.acts
    if asked is None or asked.kind is not Asking.RELAX or request.choice is not None or not turns:
        return held
    if catalog.passing([one for one in held if one.must]).any():
        return held
    conflict = [one for choice in asked.choices for one in choice.dropped]
    features = [one for one in conflict if _is_feature(one, catalog)]  # 'something sturdy instead' is still a laptop
    return [one for one in held if one in request.constraints or not _is_among(one, features or conflict)]


def _is_among(one: Constraint, others: Iterable[Constraint]) -> bool:
    return any(one.same_as(other) for other in others)


def changes(before: TalkState, after: TalkState) -> tuple[Change, ...]:
    """What differs in what is wanted: replaced where a facet was spoken of before and after."""
    gone = [one for one in before.constraints if not any(one.same_as(other) for other in after.constraints)]
    new = [one for one in after.constraints if not any(one.same_as(other) for other in before.constraints)]
    found: list[Change] = []
    for now in new:
        was = next((one for one in gone if one.facet == now.facet and _refuses(one) is _refuses(now)), None)
        if was is not None:
            gone.remove(was)
        found.append(Change(kind=ChangeKind.REPLACED if was else ChangeKind.ADDED, was=was, now=now))
    found += [Change(kind=ChangeKind.DROPPED, was=one) for one in gone]
    found += [Change(kind=ChangeKind.ADDED, now=text) for text in after.texts if text not in before.texts]
    found += [Change(kind=ChangeKind.DROPPED, was=text) for text in before.texts if text not in after.texts]
    return tuple(found)


def _refuses(one: Constraint) -> bool:
    return one.operator is Operator.IS_NOT


def undone(state: TalkState) -> TalkState:
    """The state as it was wanted before the last change; as it is, where nothing was changed yet.

    What the person likes, dislikes and has seen is theirs, and stays.
    """
    if not state.before:
        return state
    last = state.before[-1]
    return state.model_copy(
        update={
            "constraints": last.constraints,
            "texts": last.texts,
            "similar": last.similar,
            "count": last.count,
            "before": state.before[:-1],
            "skip_shown": False,
            "question": None,
        }
    )


def _remembering(state: TalkState, earlier: Wanted) -> TalkState:
    """The state with what was wanted earlier kept, if that has changed."""
    if state.wanted == earlier:
        return state
    return state.model_copy(update={"before": (*state.before, earlier)[-_UNDONE_AT_MOST:]})


def settled(state: TalkState, picks: Sequence[str]) -> TalkState:
    """The state after the picks were shown."""
    return state.model_copy(
        update={
            "table": tuple(picks),
            "shown": _added(state.shown, tuple(picks)),
            "focus": None if len(picks) != 1 else picks[0],
        }
    )


def answered(state: TalkState, text: str, items: Sequence[str], *, again: bool = False) -> TalkState:
    """The state after our answer was given and showed these items; `again` if it takes the place of the one before."""
    said = with_answer(state.said, text, items, again=again)
    return state.model_copy(update={"said": said, "step": state.step + 1})


def fresh(state: TalkState) -> TalkState:
    """Everything asked for is forgotten; what the person likes, dislikes and has seen stays, and it can be undone.

    Of what they did with items, that a message only named them is forgotten too.
    """
    begun = TalkState(
        turn=state.turn,
        liked=state.liked,
        disliked=state.disliked,
        seen=state.seen,
        before=state.before,
        step=state.step,
        signals=tuple(one for one in state.signals if isinstance(one.kind, Feedback)),
        earlier=state.earlier,
    )
    return _remembering(begun, state.wanted)


def without(state: TalkState, key: str) -> TalkState:
    """The state without the thing that a chip of this key stands for. Raises KeyError for an unknown key."""
    kind, _, rest = key.partition(":")
    if kind == "constraint":
        kept = tuple(c for c in state.constraints if constraint_key(c) != key)
        if len(kept) == len(state.constraints):
            raise KeyError(key)
        return _remembering(state.model_copy(update={"constraints": kept}), state.wanted)
    if kind not in ("texts", "similar", "liked", "disliked", "seen") or rest not in getattr(state, kind):
        raise KeyError(key)
    changed = state.model_copy(update={kind: tuple(one for one in getattr(state, kind) if one != rest)})
    return _remembering(changed, state.wanted)


def constraint_key(constraint: Constraint) -> str:
    """A key that names the constraint among all of a talk."""
    return f"constraint:{constraint.facet}|{constraint.operator}|{constraint.value!r}|{constraint.must}"


def rest_of(held: Constraint, gone: Collection[object]) -> Constraint | None:
    """What is left of 'French or Italian' without the Italian; None where nothing is."""
    rest = tuple(value for value in held.values if value not in gone)
    if not rest or held.operator not in (Operator.ANY_OF, Operator.ALL_OF):
        return None
    value, operator = (rest, held.operator) if len(rest) > 1 else (rest[0], Operator.IS)
    return Constraint.model_validate(held.model_dump() | {"value": value, "operator": operator, "span": None})


def with_feedback(
    state: TalkState,
    item_id: str,
    *,
    liked: bool | None = None,
    seen: bool = False,
    clicked: bool = False,
    bought: bool = False,
    dwell: float | None = None,
) -> TalkState:
    """The state after the person liked (True) or disliked (False) an item, had seen it, clicked it, bought it, or
    looked at it for `dwell` seconds. What was bought counts as seen."""
    update: dict[str, object] = {}
    if liked is not None:
        plus, minus = ("liked", "disliked") if liked else ("disliked", "liked")
        update[plus] = _added(getattr(state, plus), (item_id,))
        update[minus] = tuple(one for one in getattr(state, minus) if one != item_id)
    if seen or bought:
        update["seen"] = _added(state.seen, (item_id,))
    done = feedback_kinds(liked=liked, seen=seen, clicked=clicked, bought=bought, dwell=dwell)
    new = [Signal(item_id=item_id, kind=kind, at=state.step, seconds=_seconds(kind, dwell)) for kind in done]
    return state.model_copy(update={**update, "signals": noted(state.signals, new)})


def feedback_kinds(
    *, liked: bool | None, seen: bool, clicked: bool, bought: bool, dwell: float | None
) -> list[Feedback]:
    """Which feedback that is, the weightiest last."""
    told = {Feedback.SEEN: seen, Feedback.CLICKED: clicked, Feedback.DWELLED: dwell is not None}
    told |= {Feedback.LIKED: liked is True, Feedback.DISLIKED: liked is False, Feedback.BOUGHT: bought}
    return [kind for kind, is_told in told.items() if is_told]


def _seconds(kind: Feedback, dwell: float | None) -> float:
    return dwell if kind is Feedback.DWELLED and dwell is not None else 0.0


def _said(wishes: Iterable[Constraint]) -> list[str]:
    """The words of what is wished for: they are searched too, since a facet never holds all that has the quality."""
    said = [(wish.words, wish.value) for wish in wishes if isinstance(wish.value, str) and wish.operator is Operator.IS]
    return list(dict.fromkeys(text for words, value in said for text in (str(value), *_other(words, str(value)))))


def _named(state: TalkState, catalog: Catalog) -> list[str]:
    """The name of a brand that has to hold, where nothing else tells which of its items come first."""
    judged = any(catalog.schema.by_meaning(meaning) for meaning in (Meaning.RATING, Meaning.POPULARITY))
    if judged or state.similar or state.liked:
        return []
    return _said(one for one in state.musts if catalog.schema.facet(one.facet).meaning is Meaning.BRAND)


def _other(words: str, value: str) -> tuple[str, ...]:
    return (words,) if words.casefold() not in value.casefold() else ()


def _changes_subject(request: Request) -> bool:
    return request.anew and bool(request.constraints or request.text)


def _kept(state: TalkState, request: Request) -> list[Constraint]:
    """The constraints that the request neither drops by their facet nor takes back one by one."""
    gone = [one for one in request.withdrawn if isinstance(one, Constraint)]
    return [
        held
        for held in state.constraints
        if held.facet not in request.dropped and not any(held.same_as(one) for one in gone)
    ]


def _texts(state: TalkState, request: Request, *, anew: bool) -> tuple[str, ...]:
    kept = () if anew and (request.text or request.mentions) else state.texts
    kept = tuple(text for text in kept if text not in request.withdrawn)
    if not request.text or request.text in kept:
        return kept
    return (*kept, request.text)[-_TEXTS_KEPT:]


def _merged(
    held: list[Constraint], new: Constraint, catalog: Catalog, *, replacing: bool, together: Iterable[Constraint]
) -> list[Constraint]:
    """The constraints with a new one: what it contradicts or narrows gives way."""
    facet = catalog.schema.facet(new.facet)
    fellows = [one for one in together if one is not new]
    if not new.must and any(_binds_more(old, new) for old in held):  # 'a comedy', and then 'ideally funny'
        return list(held)

    def stays(old: Constraint) -> bool:
        if replacing and old.facet != new.facet and _is_feature(old, catalog) and _is_feature(new, catalog):
            return any(old.same_as(fellow) for fellow in fellows)
        if old.facet != new.facet or any(old.same_as(fellow) for fellow in fellows):
            return not old.same_as(new)
        return not old.same_as(new) and (_narrows(new, old, catalog) or not _gives_way(old, new, facet, replacing))

    kept = [rest for old in held if (rest := old if stays(old) else _refused_of(old, new)) is not None]
    if facet.kind is Kind.CATEGORIES and new.must and new.operator is Operator.IS and len(kept) == len(held):
        kept = _if_possible(kept, new, catalog, fellows)
    return [*kept, new]


def _refused_of(old: Constraint, new: Constraint) -> Constraint | None:
    """What 'not diesel' leaves of 'diesel or petrol', the petrol; of a range all of it. None where nothing is left."""
    if new.operator is not Operator.IS_NOT:
        return None
    rest = rest_of(old, set(new.values)) if old.operator is Operator.ANY_OF else None
    in_range = old.operator in (*_UPPER, *_LOWER, Operator.BETWEEN) and not isinstance(new.value, tuple)
    return old if in_range or (rest is not None and not new.must) else rest


def _narrows(new: Constraint, old: Constraint, catalog: Catalog) -> bool:
    """True for a vague wish within what has to hold: 'low alcohol' after 'under 7 %' takes nothing back."""
    vague = not new.must and old.must and new.confidence < 1 and new.operator in (*_UPPER, *_LOWER)
    bounded = old.operator in (*_UPPER, *_LOWER, Operator.BETWEEN)
    return vague and bounded and bool(catalog.passing([old, new]).any())


def _gives_way(old: Constraint, new: Constraint, facet: Column, replacing: bool) -> bool:
    """True if the old constraint on the same facet no longer holds once the new one is said."""
    if _binds_more(new, old):  # 'ideally a comedy', and then 'a comedy'
        return True
    turned = {old.operator, new.operator} & {Operator.IS_NOT}
    if turned:
        return set(old.values) & set(new.values) != set() and old.operator is not new.operator
    if facet.kind in (Kind.NUMBER, Kind.DATE):
        if old.is_superlative is not new.is_superlative:  # 'the cheapest' of those over 50
            return False
        if (
            new.than and old.operator is Operator.BETWEEN and isinstance(old.value, tuple)
        ):  # older, and still of the 80s
            low, high = old.value
            return _is_beyond(new.value, high) if new.operator in _LOWER else _is_beyond(low, new.value)
        upper, lower = (old, new) if old.operator in _UPPER else (new, old)
        if upper.operator not in _UPPER or lower.operator not in _LOWER:
            return True
        return _is_beyond(lower.value, upper.value)
    if facet.kind is Kind.CATEGORIES:
        if all(str(value)[:1].isdecimal() for value in (*old.values, *new.values)):  # one size takes another's place
            return True
        return replacing or set(old.values) < set(new.values)
    return True


def _binds_more(one: Constraint, other: Constraint) -> bool:
    """Whether both ask for the same, and the one has to hold while the other only helps."""
    return one.must and not other.must and one.model_copy(update={"must": False}).same_as(other)


def _is_beyond(lower: object, upper: object) -> bool:
    """True where nothing can lie between: 'over 50' after 'under 30' is another wish."""
    if isinstance(lower, str) and isinstance(upper, str):
        return lower > upper
    return isinstance(lower, int | float) and isinstance(upper, int | float) and lower > upper


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


def _added(held: tuple[str, ...], new: tuple[str, ...], *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    merged = dict.fromkeys([*(one for one in held if one not in new), *new])
    return tuple(one for one in merged if one not in without)


__all__ = [
    "Change",
    "ChangeKind",
    "TalkState",
    "Wanted",
    "advance",
    "answered",
    "changes",
    "constraint_key",
    "feedback_kinds",
    "fresh",
    "query_of",
    "rest_of",
    "settled",
    "undone",
    "with_feedback",
    "without",
]
