"""Plans from Schema-Guided Dialogue: what each turn of a person adds to the gold state, over the service's own rows.

A service is a shop, as where it is measured (`eval.understand_sgd`). Its facets and rows are drawn anew for every
handful of dialogues, so that no two prompts list the same; the talk before a turn is carried by gold requests.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from shoptalk.agent.llm.plan import Call, Find, LookUp, Plan, plannable
from shoptalk.agent.llm.prompting import plan_system
from shoptalk.agent.state import TalkState, advance, answered, settled
from shoptalk.agent.words import NUMBER_WORDS
from shoptalk.errors import CatalogError
from shoptalk.eval.datasets import sgd
from shoptalk.eval.datasets.sgd import Dialogue, Frame, ServiceSchema, Turn
from shoptalk.eval.tuning.asked import Planned, as_plan
from shoptalk.eval.understand_sgd import catalog_of
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.columns import CategoryColumn
from shoptalk.retrieval.query import Act, Constraint, Mention, Operator, Request, Stance
from shoptalk.retrieval.schema import Column, Kind, Role, Schema
from shoptalk.retrieval.values import parse_date, parse_flag

__all__ = ["plans_from_sgd"]

_DONT_CARE = "dontcare"
_AT_ONCE = 10
_FEWEST, _MOST = 3, 10
_ROWS = (40, 150)
_WHOLE, _ALL_FACETS = 0.5, 0.15
_SHOWN = 0.25
_CHAT_KEPT, _BARE_KEPT = 0.3, 0.5
_CHATS = frozenset({"THANK_YOU", "GOODBYE", "AFFIRM", "AFFIRM_INTENT", "NEGATE", "NEGATE_INTENT", "SELECT"})


def plans_from_sgd(folder: Path, draw: random.Random, *, split: str = "train") -> Iterator[tuple[Planned, ...]]:
    """Handfuls of plans that share a catalog, the services in turn, until all dialogues are used up.

    Raises DatasetError where the split is not there. Services whose rows make no catalog are left out.
    """
    schemas = sgd.read_schemas(folder, split)
    services = [
        service
        for name in sorted(set(sgd.catalog_services(folder)) & set(schemas))
        if (service := _service(folder, schemas[name])) is not None
    ]
    left: dict[str, list[Dialogue]] = defaultdict(list)
    for dialogue in sgd.read_dialogues(folder, split):
        for name in dialogue.services:
            left[name].append(dialogue)
    for dialogues in left.values():
        draw.shuffle(dialogues)
    while services := [service for service in services if left[service.name]]:
        for service in services:
            if handful := tuple(_handful(service, left[service.name], draw)):
                yield handful


@dataclass(frozen=True)
class _Service:
    """A service as a shop, with all its facets and rows."""

    schema: ServiceSchema
    catalog: Catalog

    @property
    def name(self) -> str:
        return self.schema.name

    @cached_property
    def title(self) -> str:
        """The column that names the items."""
        return self.catalog.schema.of_role(Role.TITLE)[0].name

    @cached_property
    def rows_of_titles(self) -> dict[str, int]:
        return {title.casefold(): row for row, title in enumerate(self.catalog.titles)}


@dataclass
class _Gold:
    """What one turn adds."""

    turn: Turn
    frame: Frame
    heard: str
    constraints: list[Constraint] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    also: list[Call] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    @property
    def acts_said(self) -> frozenset[str]:
        return frozenset(action.act for action in self.frame.actions)

    def request(self) -> Request:
        return Request(
            message=self.turn.utterance,
            acts=tuple(dict.fromkeys(self.acts)) or (Act.FIND,),
            constraints=tuple(self.constraints),
            dropped=tuple(self.dropped),
            mentions=tuple(self.mentions),
            asked=tuple(dict.fromkeys(self.asked)),
            text=" ".join(dict.fromkeys(self.texts)),
        )

    @property
    def is_bare(self) -> bool:
        return not (self.constraints or self.dropped or self.mentions or self.also or self.texts)


def _service(folder: Path, schema: ServiceSchema) -> _Service | None:
    try:
        return _Service(schema, catalog_of(sgd.read_catalog(folder, schema.name)))
    except CatalogError:
        return None


def _handful(service: _Service, left: list[Dialogue], draw: random.Random) -> Iterator[Planned]:
    """The turns of the next few dialogues, over facets and rows drawn for them; it takes the dialogues from `left`."""
    dialogues: list[Dialogue] = []
    turns = 0.0
    while left and turns < _AT_ONCE:
        dialogues.append(left.pop())
        turns += sum(0.7 for turn in dialogues[-1].turns if turn.speaker == "USER" and turn.frame(service.name))
    catalog = _drawn(service, dialogues, draw)
    system = plan_system(catalog, _shop_name(service.name))
    for dialogue in dialogues:
        is_shown = draw.random() < _SHOWN
        for state, request, plan in _Walk(service, catalog, dialogue, is_shown=is_shown).turns():
            is_chat = all(call.tool == "chat" for call in plan.calls)
            kept = _CHAT_KEPT if is_chat else _BARE_KEPT if plan == _BARE else 1.0
            if draw.random() < kept:
                yield Planned(system, catalog, state, request, plan)


_BARE = Plan(calls=(Find(),))


def _shop_name(name: str) -> str:
    return name.split("_", maxsplit=1)[0].lower()


def _drawn(service: _Service, dialogues: Sequence[Dialogue], draw: random.Random) -> Catalog:
    """The service's catalog with some of its facets, in any order, and often some of its rows only."""
    said, titles = _spoken_of(service, dialogues)
    facets = list(plannable(service.catalog))
    draw.shuffle(facets)
    if draw.random() >= _ALL_FACETS:
        most = draw.randint(_FEWEST, _MOST)
        facets.sort(key=lambda facet: facet.name not in said)
        facets = facets[: max(most, min(len(said), _MOST))]
        draw.shuffle(facets)
    columns = (*(one for one in service.catalog.schema.columns if one.role is not Role.FACET), *facets)
    schema = Schema(columns=columns)
    whole = service.catalog
    if draw.random() < _WHOLE or len(whole) <= _ROWS[1]:
        return Catalog(
            schema, ids=whole.ids, titles=whole.titles, texts=whole.texts, pictures=whole.pictures, links=whole.links,
            columns={facet.name: whole.column(facet.name) for facet in facets},
        )  # fmt: skip
    rows = set(draw.sample(range(len(whole)), draw.randint(*_ROWS)))
    rows |= {service.rows_of_titles[title] for title in titles if title in service.rows_of_titles}
    rows |= set(_rows_with(whole, {facet.name: said.get(facet.name, set()) for facet in facets}))
    held = {facet.name for facet in facets}
    items = (whole.item(row) for row in sorted(rows))
    return Catalog.from_items(
        (one.model_copy(update={"facets": {k: v for k, v in one.facets.items() if k in held}}) for one in items),
        schema,
    )


def _spoken_of(service: _Service, dialogues: Iterable[Dialogue]) -> tuple[dict[str, set[str]], set[str]]:
    """Values of each slot that the dialogues speak of, and the titles."""
    said: dict[str, set[str]] = defaultdict(set)
    for dialogue in dialogues:
        for frame in (frame for turn in dialogue.turns for frame in turn.frames if frame.service == service.name):
            for action in frame.actions:
                said[action.slot] |= {*action.values, *action.canonical_values}
    facets = {facet.name for facet in plannable(service.catalog)}
    titles = {value.casefold() for value in said[service.title]}
    return {slot: values for slot, values in said.items() if slot in facets}, titles


def _rows_with(catalog: Catalog, wanted: Mapping[str, set[str]]) -> Iterator[int]:
    """For each value that a category facet has, the first row with it."""
    for name, values in wanted.items():
        column = catalog.column(name)
        if isinstance(column, CategoryColumn):
            yield from (int(column.rows_of(column.code_of[value])[0]) for value in values if value in column.code_of)


class _Walk:
    """One dialogue, turn after turn, with the state that gold requests make."""

    def __init__(self, service: _Service, catalog: Catalog, dialogue: Dialogue, *, is_shown: bool) -> None:
        self._service, self._catalog, self._dialogue, self._is_shown = service, catalog, dialogue, is_shown
        self._facets = {facet.name: facet for facet in plannable(catalog)}
        self._rows = {title.casefold(): row for row, title in enumerate(catalog.titles)}
        self._written = _canonical(dialogue)
        self._offered: str | None = None
        self._hides_words = False

    def turns(self) -> Iterator[tuple[TalkState, Request, Plan]]:
        """The talk before each of the person's turns, what it asks, and its plan."""
        state, before, system = TalkState(), dict[str, frozenset[str]](), None
        for turn in self._dialogue.turns:
            if turn.speaker == "SYSTEM":
                system = turn
                state = self._heard(state, turn)
                continue
            frame = turn.frame(self._service.name)
            if frame is None or frame.state is None:
                continue
            gold = self._gold(turn, frame, system, before)
            before = self._wanted(frame)
            if gold is None:
                continue
            request = gold.request()
            yield state, request, as_plan(request, state, self._catalog, gold.also)
            state = advance(state, request, self._catalog)

    def _heard(self, state: TalkState, turn: Turn) -> TalkState:
        """The state once the other side has spoken; where items are shown, what it offers lies on the table."""
        frame = turn.frame(self._service.name)
        offers = frame is not None and any(one.act == "OFFER" for one in frame.actions)
        for action in frame.actions if frame is not None else ():
            if action.slot == self._service.title and action.values:
                row = self._rows.get((action.canonical_values or action.values)[0].casefold())
                self._offered = None if row is None else self._catalog.ids[row]
        self._hides_words = self._is_shown and offers and self._offered is not None
        if self._hides_words and self._offered is not None:
            state = answered(settled(state, [self._offered]), turn.utterance, [self._offered])
        return state.model_copy(update={"heard": turn.utterance})

    def _wanted(self, frame: Frame) -> dict[str, frozenset[str]]:
        assert frame.state is not None
        held = frame.state.slot_values
        return {
            slot: frozenset(values).union(*(self._written.get((slot, value), ()) for value in values))
            for slot, values in held.items()
        }

    def _gold(
        self, turn: Turn, frame: Frame, system: Turn | None, before: Mapping[str, frozenset[str]]
    ) -> _Gold | None:
        """What the turn adds to what was wanted; None where only what was never shown is asked about."""
        system = None if self._hides_words else system  # the prompt tells what was shown, not in which words
        gold = _Gold(turn, frame, system.utterance if system else "")
        offered = system.frame(self._service.name) if system else None
        wanted = self._wanted(frame)
        new = {slot: values for slot, values in wanted.items() if not values & before.get(slot, frozenset())}
        for slot in sorted(new, key=lambda slot: _place(turn.utterance, new[slot])):
            if self._is_told(slot, new[slot], gold, offered):
                self._add(slot, new[slot], gold)
        requested = [action.slot for action in frame.actions if action.act == "REQUEST"]
        if requested and self._offered is not None:
            row = self._catalog.row(self._offered)
            named = Mention(item_id=self._offered, title=self._catalog.titles[row], stance=Stance.ASKED)
            gold.mentions.append(named)
            gold.asked += [slot for slot in requested if slot in self._facets]
            gold.acts.append(Act.DETAILS)
        elif requested and gold.is_bare:
            return None
        if "REQUEST_ALTS" in gold.acts_said:
            gold.acts.append(Act.MORE)
        elif gold.is_bare and gold.acts_said & _CHATS and "INFORM_INTENT" not in gold.acts_said:
            gold.acts.append(Act.CHAT)
        return gold

    def _is_told(self, slot: str, values: frozenset[str], gold: _Gold, offered: Frame | None) -> bool:
        """True if this turn, or what it answers, says the value: what another shop's turns settled cannot be known."""
        if any(action.slot == slot for action in gold.frame.actions):
            return True
        said = f"{gold.heard}\n{gold.turn.utterance}".casefold()
        if any(value.casefold() in said for value in values if parse_flag(value) is None):
            return True
        actions = offered.actions if offered else ()
        return any(one.slot == slot and values & {*one.values, *one.canonical_values} for one in actions)

    def _add(self, slot: str, values: frozenset[str], gold: _Gold) -> None:
        facet = self._facets.get(slot)
        if _DONT_CARE in values:
            gold.dropped += [slot] if facet is not None else []
            return
        if slot == self._service.title:
            self._add_title(values, gold)
            return
        said = _said_as(gold.turn.utterance, values) or _said_as(gold.heard, values)
        value = _held(self._catalog, facet, values) if facet is not None else None
        if facet is not None and value is not None:
            gold.constraints.append(Constraint(facet=slot, operator=Operator.IS, value=value, words=said))
        elif _said_as(gold.turn.utterance, values) and self._is_searching(gold.frame):
            gold.texts.append(said)

    def _add_title(self, values: frozenset[str], gold: _Gold) -> None:
        rows = [self._rows[value.casefold()] for value in sorted(values) if value.casefold() in self._rows]
        said = _said_as(gold.turn.utterance, values)
        if not rows:
            gold.also += [LookUp(title=said)] if said else []
            return
        item_id, title = self._catalog.ids[rows[0]], self._catalog.titles[rows[0]]
        if item_id == self._offered:
            gold.mentions.append(Mention(item_id=item_id, title=title, stance=Stance.LIKED, is_new=True))
            gold.acts.append(Act.FEEDBACK)
        elif said:
            gold.also.append(LookUp(title=said))

    def _is_searching(self, frame: Frame) -> bool:
        assert frame.state is not None
        return frame.state.active_intent in self._service.schema.searches


def _canonical(dialogue: Dialogue) -> dict[tuple[str, str], set[str]]:
    """How the services write values of a slot that were said anywhere in the dialogue."""
    written: dict[tuple[str, str], set[str]] = defaultdict(set)
    for action in (one for turn in dialogue.turns for frame in turn.frames for one in frame.actions):
        if len(action.values) == len(action.canonical_values):
            for value, canonical in zip(action.values, action.canonical_values, strict=True):
                written[action.slot, value].add(canonical)
    return written


def _place(text: str, values: Iterable[str]) -> int:
    """Where the text says one of the values; at its end where it says none."""
    at = [place for value in values if (place := text.casefold().find(value.casefold())) >= 0]
    return min(at, default=len(text))


def _said_as(text: str, values: Iterable[str]) -> str:
    """The longest of the values that the text says, as it stands there; '' where it says none."""
    for value in sorted(values, key=lambda value: (-len(value), value)):
        place = text.casefold().find(value.casefold())
        if place >= 0:
            return text[place : place + len(value)]
    return ""


def _held(catalog: Catalog, facet: Column, values: Iterable[str]) -> bool | float | str | None:
    """The value as the facet holds it; None where it holds none of these."""
    for value in sorted(values):
        held = _single(catalog, facet, value)
        if held is not None:
            return held
    return None


def _single(catalog: Catalog, facet: Column, value: str) -> bool | float | str | None:
    match facet.kind:
        case Kind.FLAG:
            return parse_flag(value)
        case Kind.DATE:
            return parse_date(value)
        case Kind.NUMBER:
            plain = value.replace(",", "").removeprefix("$").casefold()
            number = NUMBER_WORDS.get(plain)
            return float(plain) if plain.replace(".", "", 1).isdecimal() else None if number is None else float(number)
    column = catalog.column(facet.name)
    assert isinstance(column, CategoryColumn)
    folded = {held.casefold(): held for held in column.values}
    return value if value in column.code_of else folded.get(value.casefold())
