"""Dialogue state on Schema-Guided Dialogue: does the talk hold what the user wants, turn after turn?

For each service that has a catalog, the shop's own detection makes facets of its rows, and one `TalkState` is carried
over a dialogue's user turns by `advance`; nothing is trained and nothing shown. Turns are scored where the user is
searching (the active intent is not transactional); turns before them only feed the state.

A slot is right if all its constraints in the state, musts and wishes alike, agree with one of its true values, which
may be alternatives of one another: as the words that were said, as the service writes them, or as the same number, day
or clock time. An item that was named, and not only asked about, gives the slot that holds the items' names. Where the
user does not care, no constraint is right. Facets that no intent of the service takes as a slot, like a rating, are
not counted. What another service's turns settled cannot be known here: *in reach* tells how often all was said.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.state import TalkState, advance
from shoptalk.agent.understanding import Understanding
from shoptalk.errors import CatalogError
from shoptalk.eval.datasets import sgd
from shoptalk.eval.datasets.sgd import Dialogue, Frame, ServiceSchema, Turn
from shoptalk.eval.readers import EmbeddedReader, Reader, in_order
from shoptalk.eval.scoring import Latency, Scores, Share, Timed, drawn, latency_of, scores_of, share_of
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import Overrides, detect, to_items
from shoptalk.retrieval.query import Act, Constraint, Operator, Request, Stance
from shoptalk.retrieval.reading import Record
from shoptalk.retrieval.schema import Role
from shoptalk.retrieval.values import parse_date, parse_flag

__all__ = ["ServiceReport", "StateReport", "StateScores", "agrees", "catalog_of", "clock_time", "measure_states"]

_DONT_CARE = "dontcare"
_TITLE = "title"
_CLOCK = re.compile(
    r"(?:(?P<part>half|quarter)(?: past)? )?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?::\d{2})?\s*"
    r"(?P<half>[ap]\.?m\b\.?)?"
)
_TIME_OF_DAY = re.compile(r"morning|afternoon|evening|night")
_PARTS_OF_HOUR = {"half": 30, "quarter": 15}
_COUNTED = {word: i for i, word in enumerate("zero one two three four five six seven eight nine ten".split())}

Miss = Callable[[dict[str, Any]], None]


class StateScores(BaseModel):
    """How well the state of a talk agrees with what the user wants, over some turns."""

    model_config = ConfigDict(frozen=True)

    turns: int
    joint: Share = Field(description="turns with every slot right and none too many")
    joint_held: Share = Field(description="the same, looking only at slots that the catalog holds")
    in_reach: Share = Field(description="turns whose true values all were said to this talk, by either side: a ceiling")
    slots: Scores = Field(description="slots with their values, of the whole state at each turn")
    new_slots: Scores = Field(description="those that are new at the turn, by what the message says")


class ServiceReport(BaseModel):
    """One service's figures, and what its catalog is like."""

    model_config = ConfigDict(frozen=True)

    service: str
    is_seen: bool = Field(description="the train split's schema has the service")
    dialogues: int
    items: int
    facets: dict[str, str] = Field(description="kind of each slot as the catalog holds it; 'title' for items' names")
    unheld: tuple[str, ...] = Field(description="slots of its searches that the catalog cannot hold")
    scores: StateScores
    latency: Latency


class StateReport(BaseModel):
    """All services of a split, and micro averages over the turns of those seen in train and of those that are not."""

    model_config = ConfigDict(frozen=True)

    split: str
    dialogues: int
    all: StateScores
    seen: StateScores | None
    unseen: StateScores | None
    services: tuple[ServiceReport, ...]
    latency: Latency


@dataclass(frozen=True)
class SoldService:
    """A service as a shop: its catalog, and which of its slots the catalog holds."""

    schema: ServiceSchema
    catalog: Catalog

    @cached_property
    def slots(self) -> frozenset[str]:
        """Slots that a user's state may hold: those that some intent takes (the dataset's own evaluation does so)."""
        return _taken(self.schema.intents)

    @cached_property
    def title(self) -> str | None:
        """The slot that holds the items' names, None if none does."""
        name = self.catalog.schema.of_role(Role.TITLE)[0].name
        return name if name in self.slots else None

    @cached_property
    def held(self) -> frozenset[str]:
        """The slots that the catalog holds."""
        facets = {facet.name for facet in self.catalog.schema.facets}
        return frozenset(slot for slot in self.slots if slot in facets or slot == self.title)

    def kinds(self) -> dict[str, str]:
        """How each held slot is held."""
        return {
            slot: "title" if slot == self.title else str(self.catalog.schema.facet(slot).kind)
            for slot in sorted(self.held)
        }

    def asked_slots(self) -> frozenset[str]:
        """Slots by which its searches may be narrowed."""
        return _taken(intent for intent in self.schema.intents if not intent.is_transactional)


@dataclass
class _Tally:
    """Counts per dialogue for one group of turns."""

    joint: list[list[int]] = field(default_factory=list)
    joint_held: list[list[int]] = field(default_factory=list)
    in_reach: list[list[int]] = field(default_factory=list)
    slots: list[list[int]] = field(default_factory=list)
    new_slots: list[list[int]] = field(default_factory=list)

    def begin(self) -> None:
        """A new dialogue."""
        for table in (self.joint, self.joint_held, self.in_reach):
            table.append([0, 0])
        for table in (self.slots, self.new_slots):
            table.append([0, 0, 0])

    def add(self, turn: "_ScoredTurn") -> None:
        """Count one turn of the dialogue that was begun last."""
        for table, counts in (
            (self.joint, [turn.is_right, 1]),
            (self.joint_held, [turn.is_right_held, 1]),
            (self.in_reach, [turn.is_in_reach, 1]),
            (self.slots, turn.slots),
            (self.new_slots, turn.new_slots),
        ):
            for place, count in enumerate(counts):
                table[-1][place] += int(count)

    def extend(self, other: "_Tally") -> None:
        """Count another group's dialogues too."""
        self.joint += other.joint
        self.joint_held += other.joint_held
        self.in_reach += other.in_reach
        self.slots += other.slots
        self.new_slots += other.new_slots

    def scores(self, resamples: int, seed: int) -> StateScores:
        """The figures."""
        return StateScores(
            turns=sum(of for _, of in self.joint),
            joint=share_of(self.joint, resamples=resamples, seed=seed),
            joint_held=share_of(self.joint_held, resamples=resamples, seed=seed),
            in_reach=share_of(self.in_reach, resamples=resamples, seed=seed),
            slots=scores_of(self.slots, resamples=resamples, seed=seed),
            new_slots=scores_of(self.new_slots, resamples=resamples, seed=seed),
        )


@dataclass(frozen=True)
class _ScoredTurn:
    is_right: bool
    is_right_held: bool
    is_in_reach: bool
    slots: tuple[int, int, int]
    new_slots: tuple[int, int, int]


def _taken(intents: Iterable[sgd.Intent]) -> frozenset[str]:
    return frozenset(slot for intent in intents for slot in (*intent.required_slots, *intent.optional_slots))


Said = dict[str, list[Constraint]]
Wanted = Mapping[str, frozenset[str]]


def catalog_of(rows: Iterable[Mapping[str, str]]) -> Catalog:
    """A catalog as the shop would detect it; where no column can be the items' title they are numbered."""
    records = [Record(number, dict(row)) for number, row in enumerate(rows, start=1)]
    try:
        schema = detect(records)
    except CatalogError:
        records = [Record(one.row, one.fields | {_TITLE: f"result {one.row}"}) for one in records]
        schema = detect(records, Overrides(title=_TITLE))
    return Catalog.from_items(to_items(records, schema), schema)


def measure_states(
    folder: Path,
    split: str,
    *,
    reader: Reader | None = None,
    limit: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
    tell: Callable[[int, int], None] | None = None,
    miss: Miss | None = None,
) -> StateReport:
    """Measure a split, or `limit` dialogues of it drawn by lot. `miss` is told each turn that is not all right."""
    reader = reader or EmbeddedReader()
    schemas = sgd.read_schemas(folder, split)
    in_train = frozenset(sgd.read_schemas(folder, "train")) if sgd.has_schema(folder, "train") else frozenset(schemas)
    sold = sorted(set(sgd.catalog_services(folder)) & set(schemas))
    dialogues = [one for one in sgd.read_dialogues(folder, split) if set(one.services) & set(sold)]
    dialogues = drawn(dialogues, limit, seed)
    of_service = {name: [one for one in dialogues if name in one.services] for name in sold}
    work, done = sum(map(len, of_service.values())), 0
    reports, tallies, milliseconds = [], dict[str, _Tally](), list[float]()
    for name in sold:
        service = SoldService(schemas[name], catalog_of(sgd.read_catalog(folder, name)))
        understanding = Timed(reader.over(service.catalog, name))
        tally = tallies[name] = _Tally()
        read = partial(_turns, service=service, understanding=understanding, miss=miss)
        for turns in in_order(read, of_service[name], reader.at_once):
            tally.begin()
            for turn in turns:
                tally.add(turn)
            done += 1
            if tell is not None:
                tell(done, work)
        if of_service[name] and sum(of for _, of in tally.joint):
            reports.append(
                ServiceReport(
                    service=name,
                    is_seen=name in in_train,
                    dialogues=len(of_service[name]),
                    items=len(service.catalog),
                    facets=service.kinds(),
                    unheld=tuple(sorted(service.asked_slots() - service.held)),
                    scores=tally.scores(resamples, seed),
                    latency=latency_of(understanding.milliseconds),
                )
            )
        milliseconds += understanding.milliseconds
    return StateReport(
        split=split,
        dialogues=len(dialogues),
        all=_together(tallies.values()).scores(resamples, seed),
        seen=_group(tallies, reports, resamples, seed, is_seen=True),
        unseen=_group(tallies, reports, resamples, seed, is_seen=False),
        services=tuple(reports),
        latency=latency_of(milliseconds),
    )


def agrees(constraint: Constraint, values: Iterable[str]) -> bool:
    """True if a constraint says one of the values: in the person's words, the catalog's, or as a number or time."""
    if constraint.operator in (Operator.MOST, Operator.LEAST):
        return False
    value = constraint.value
    if constraint.operator is Operator.IS_NOT:
        return isinstance(value, bool) and any(parse_flag(true) is (not value) for true in values)
    said = [constraint.words, *(map(_written, value) if isinstance(value, tuple) else (_written(value),))]
    return any(_same(one, true) for true in values for one in said)


def clock_time(text: str) -> set[int]:
    """Minutes after midnight that a clock time may mean: '5:30 pm', 'half past 5 in the evening'; empty for others."""
    plain = text.casefold().replace("o'clock", "").strip()
    if plain == "noon":
        return {720}
    found, day = _CLOCK.search(plain), _TIME_OF_DAY.search(plain)
    if not found or not (found["minute"] or found["half"] or found["part"] or day):
        return set()
    hour, minute = int(found["hour"]), int(found["minute"] or _PARTS_OF_HOUR.get(found["part"] or "", 0))
    half = (found["half"] or "").replace(".", "")
    if not half and day:
        half = "am" if day[0] == "morning" else "pm"
    if not half:
        return {60 * hour + minute} | ({60 * (hour + 12) + minute} if found["part"] and hour < 12 else set())
    return {60 * (hour % 12 + (12 if half == "pm" else 0)) + minute}


def _turns(
    dialogue: Dialogue, *, service: SoldService, understanding: Understanding, miss: Miss | None
) -> list[_ScoredTurn]:
    return list(_scored(dialogue, service, understanding, miss))


def _scored(
    dialogue: Dialogue, service: SoldService, understanding: Understanding, miss: Miss | None
) -> Iterator[_ScoredTurn]:
    """The turns of a dialogue at which the user searches the service, judged."""
    name, searches = service.schema.name, service.schema.searches
    written = _canonical(dialogue)
    state, named, heard, told = TalkState(), "", "", ""
    said_before: Said = {}
    wanted_before: Wanted = {}
    for turn in dialogue.turns:
        if turn.speaker == "SYSTEM":
            heard = turn.utterance
            continue
        frame = turn.frame(name)
        if frame is None or frame.state is None:
            continue
        state, told = state.model_copy(update={"heard": heard}), f"{told}\n{heard}\n{turn.utterance}".casefold()
        request = understanding.understand(turn.utterance, state)
        state = advance(state, request, service.catalog)
        named = _named(request, named)
        said = _said(state, named, service)
        wanted = _wanted(frame, written)
        if frame.state.active_intent in searches:
            judged = _judged(said, wanted, said_before, wanted_before, service, told)
            if miss is not None and not judged.is_right:
                miss({"service": name, "dialogue": dialogue.id} | _told(turn, said, wanted))
            yield judged
        said_before, wanted_before = said, wanted


def _canonical(dialogue: Dialogue) -> dict[str, set[str]]:
    """How the services write values that were said anywhere in the dialogue: 'Philly' is 'Philadelphia'."""
    written: dict[str, set[str]] = defaultdict(set)
    for action in (one for turn in dialogue.turns for frame in turn.frames for one in frame.actions):
        if len(action.values) == len(action.canonical_values):
            for value, canonical in zip(action.values, action.canonical_values, strict=True):
                written[value].add(canonical)
    return written


def _wanted(frame: Frame, written: Mapping[str, set[str]]) -> Wanted:
    """The true state: each slot's values with how the service writes them."""
    assert frame.state is not None
    return {
        slot: frozenset(values).union(*(written.get(value, ()) for value in values))
        for slot, values in frame.state.slot_values.items()
    }


def _named(request: Request, before: str) -> str:
    """The name of the item that is wanted; a question about an item does not say that it is."""
    if Act.START_OVER in request.acts:
        before = ""
    aside = {Stance.DISLIKED} | ({Stance.ASKED} if {Act.DETAILS, Act.COMPARE} & set(request.acts) else set())
    held = [mention.title for mention in request.mentions if mention.stance not in aside]
    return held[-1] if held else before


def _said(state: TalkState, named: str, service: SoldService) -> Said:
    """The state's constraints by slot, an item's name among them."""
    said: Said = defaultdict(list)
    for constraint in state.constraints:
        if constraint.facet in service.slots:
            said[constraint.facet].append(constraint)
    if named and service.title is not None:
        said[service.title].append(Constraint(facet=service.title, operator=Operator.IS, value=named))
    return dict(said)


def _judged(
    said: Said, wanted: Wanted, said_before: Said, wanted_before: Wanted, service: SoldService, told: str
) -> _ScoredTurn:
    right = {slot: _is_right(said.get(slot, ()), wanted.get(slot)) for slot in {*said, *wanted}}
    new_said = {slot: _new(held, said_before.get(slot, ())) for slot, held in said.items()}
    new_wanted = {s: values for s, values in wanted.items() if not values & wanted_before.get(s, frozenset())}
    return _ScoredTurn(
        is_right=all(right.values()),
        is_in_reach=all(_was_told(values, told) for values in wanted.values()),
        is_right_held=all(is_right for slot, is_right in right.items() if slot in service.held),
        slots=_counts(said, wanted),
        new_slots=_counts(new_said, new_wanted),
    )


def _was_told(values: frozenset[str], told: str) -> bool:
    """True if one of the values stands in what was said; yes and no, and what does not matter, have many words."""
    return any(value == _DONT_CARE or parse_flag(value) is not None or value.casefold() in told for value in values)


def _is_right(said: Iterable[Constraint], values: frozenset[str] | None) -> bool:
    """True if every constraint agrees with the value, and there is one if there has to be."""
    said = list(said)
    if values is None or _DONT_CARE in values:
        return not said
    return bool(said) and all(agrees(one, values) for one in said)


def _counts(said: Said, wanted: Wanted) -> tuple[int, int, int]:
    """Right, said and wanted values; a slot that does not matter is no wanted value."""
    cared = {slot: values for slot, values in wanted.items() if _DONT_CARE not in values}
    right = sum(any(agrees(one, values) for one in said.get(slot, ())) for slot, values in cared.items())
    return right, sum(map(len, said.values())), len(cared)


def _new(held: Iterable[Constraint], before: Iterable[Constraint]) -> list[Constraint]:
    before = list(before)
    return [one for one in held if not any(one.same_as(old) for old in before)]


def _same(said: str, true: str) -> bool:
    said, true = _folded(said), _folded(true)
    if said == true:
        return bool(said)
    for read in (_number, parse_flag, parse_date):
        one, other = read(said), read(true)
        if one is not None and one == other:
            return True
    return bool(clock_time(said) & clock_time(true))


def _folded(text: str) -> str:
    return " ".join(word.casefold() for word in re.findall(r"[\w:.'&+#/-]+", text))


def _number(text: str) -> float | None:
    """The number that a text is, in figures or as a small word."""
    if text in _COUNTED:
        return float(_COUNTED[text])
    try:
        return float(text.removeprefix("$"))
    except ValueError:
        return None


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _together(tallies: Iterable[_Tally]) -> _Tally:
    whole = _Tally()
    for tally in tallies:
        whole.extend(tally)
    return whole


def _group(
    tallies: Mapping[str, _Tally], reports: Iterable[ServiceReport], resamples: int, seed: int, *, is_seen: bool
) -> StateScores | None:
    held = [tallies[one.service] for one in reports if one.is_seen is is_seen]
    return _together(held).scores(resamples, seed) if held else None


def _told(turn: Turn, said: Said, wanted: Wanted) -> dict[str, Any]:
    """What to look at where a turn is not right."""
    held = {
        slot: [f"{one.operator} {one.value!r} ('{one.words}')" for one in several] for slot, several in said.items()
    }
    wrong = {
        slot: {"wanted": sorted(wanted.get(slot, ())), "said": held.get(slot, [])}
        for slot in {*said, *wanted}
        if not _is_right(said.get(slot, ()), wanted.get(slot))
    }
    return {"text": turn.utterance, "wrong": wrong}
