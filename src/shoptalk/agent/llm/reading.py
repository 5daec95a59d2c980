"""From a plan to the Request that a turn answers, held against the catalog; and from a Request to its plan.

A value that the catalog does not hold becomes the nearest that it does, or words to search for; a title that it does
not have is told as one. Nothing that the model invents becomes a constraint on a facet that is not there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from shoptalk.agent.dates import first_today, meant, read_days
from shoptalk.agent.fitting import Spellings, key_of, number_of
from shoptalk.agent.llm.plan import (
    MOST_CALLS,
    OPERATORS,
    PLACES,
    Call,
    Choose,
    Clarify,
    Compare,
    Condition,
    Details,
    Find,
    LookUp,
    Plain,
    Plan,
    Remember,
    Similar,
    plannable,
)
from shoptalk.agent.state import TalkState
from shoptalk.agent.titles import Titles
from shoptalk.agent.tokens import fold, singular, tokenize, words
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.columns import DateColumn
from shoptalk.retrieval.query import Act, Constraint, Described, Mention, Operator, Request, Stance, Value
from shoptalk.retrieval.schema import Column, Kind
from shoptalk.retrieval.values import parse_date, parse_flag, parse_quantity

__all__ = ["PlanReader", "plan_of"]

_NEAR = 85.0
_EPOCH = date(1970, 1, 1)
_PLAIN_ACTS = {
    "more": Act.MORE, "undo": Act.UNDO, "start_over": Act.START_OVER, "chat": Act.CHAT, "help": Act.HELP,
    "outside": Act.OUTSIDE,
}  # fmt: skip
_FEEDBACK = (Stance.LIKED, Stance.DISLIKED, Stance.SEEN, Stance.OWNED)
_PLACE = re.compile(r"\[?(\d{1,2})\]?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass
class _Draft:
    """A Request while the calls are read."""

    message: str
    acts: list[Act] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    withdrawn: list[Constraint | str] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    clarify: str | None = None
    count: int | None = None
    choice: int | None = None
    anew: bool = False


class PlanReader:
    """Reads plans over one catalog. Read-only once made, and shared by all talks."""

    def __init__(self, catalog: Catalog, titles: Titles | None = None, today: Callable[[], date] = date.today) -> None:
        """`titles`: those of the catalog, where someone has made them already; `today`: from which day one counts."""
        self._catalog = catalog
        self._today = today
        self._titles = titles or Titles(catalog)
        self._facets = {facet.name: facet for facet in plannable(catalog)}
        self._spellings = Spellings(catalog)

    def request(self, plan: Plan, message: str, state: TalkState) -> Request:
        """What the plan asks for, as a Request. Never raises: what cannot be held is searched as words, or told."""
        draft = _Draft(message)
        for call in plan.calls:
            self._read(call, draft, state)
        searches = draft.constraints or draft.texts or draft.dropped or draft.withdrawn or draft.count
        if searches and not {Act.FIND, Act.REFINE} & set(draft.acts):
            draft.acts.append(Act.FIND)
        return Request(
            message=message,
            acts=tuple(dict.fromkeys(draft.acts)),
            constraints=tuple(draft.constraints),
            dropped=tuple(dict.fromkeys(draft.dropped)),
            withdrawn=tuple(dict.fromkeys(draft.withdrawn)),
            anew=draft.anew,
            mentions=tuple(draft.mentions),
            text=" ".join(dict.fromkeys(draft.texts)),
            count=draft.count,
            unknown_titles=tuple(draft.unknown),
            asked=tuple(dict.fromkeys(draft.asked)),
            choice=draft.choice,
            described=tuple(draft.described),
            clarify=draft.clarify,
        )

    def _read(self, call: Call, draft: _Draft, state: TalkState) -> None:
        match call:
            case Find():
                self._read_find(call, draft, state)
            case Similar():
                self._read_items(call.items, Stance.SIMILAR, draft, state)
                draft.acts.append(Act.SIMILAR)
            case LookUp():
                self._read_items((call.title,), Stance.ASKED, draft, state)
                draft.acts.append(Act.DETAILS)
            case Details() | Compare():
                self._read_items(call.items, Stance.ASKED, draft, state)
                draft.asked += [name for name in call.facets if name in self._facets]
                draft.acts.append(Act.COMPARE if isinstance(call, Compare) else Act.DETAILS)
            case Remember():
                self._read_items(call.items, call.stance, draft, state)
                draft.acts.append(Act.FEEDBACK)
            case Choose():
                if state.question is not None and call.choice <= len(state.question.choices):
                    draft.choice = call.choice - 1
                    draft.acts.append(Act.ANSWER)
            case Clarify():
                draft.clarify = call.facet if call.facet in self._facets else None
                draft.acts.append(Act.REFINE if state.constraints or state.texts else Act.FIND)
            case Plain():
                draft.acts.append(_PLAIN_ACTS[call.tool])

    def _read_find(self, call: Find, draft: _Draft, state: TalkState) -> None:
        holds = bool(state.constraints or state.texts or state.similar)
        draft.acts.append(Act.REFINE if holds and not call.anew else Act.FIND)
        draft.anew = draft.anew or call.anew
        draft.count = call.count or draft.count
        draft.texts += [call.words.strip()] if call.words.strip() else []
        for dropped in call.drop:
            self._read_drop(dropped, draft, state)
        for condition in call.where:
            self._read_condition(condition, draft, state)

    def _read_drop(self, said: str, draft: _Draft, state: TalkState) -> None:
        """A facet's name takes all of it back; a value or words only what says so."""
        if said in self._facets:
            draft.dropped.append(said)
            return
        gone = [one for one in state.constraints if fold(said) in {fold(str(value)) for value in one.values}]
        draft.withdrawn += [*gone, *(text for text in state.texts if fold(text) == fold(said))]

    def _read_condition(self, condition: Condition, draft: _Draft, state: TalkState) -> None:
        facet = self._facets.get(condition.facet)
        if facet is None or facet.kind is None or condition.op not in OPERATORS[facet.kind]:
            draft.texts += [str(one) for one in _several(condition.value) if isinstance(one, str)]
            return
        than = self._than(condition, state)
        value = self._value(facet, condition) if than is None else self._catalog.value(than, facet.name)
        if value is None:
            for one in _several(condition.value):
                if isinstance(one, str):
                    self._describe(facet, one, condition, draft)
            return
        operator = condition.op
        if isinstance(value, tuple) and operator is Operator.IS:
            operator = Operator.ANY_OF if facet.kind is Kind.CATEGORY else Operator.ALL_OF
        start, end = _span(condition, draft.message)
        read = Constraint(
            facet=facet.name,
            operator=operator,
            value=value,
            must=not condition.wish,
            words=draft.message[start:end],
            span=(start, end) if end else None,
            than=None if than is None else self._catalog.ids[than],
        )
        if not any(read.same_as(other) for other in draft.constraints):
            draft.constraints.append(read)

    def _than(self, condition: Condition, state: TalkState) -> int | None:
        """The row of the item on the table whose value is meant, None where the value is one itself."""
        if condition.value not in PLACES:
            return None
        place = int(str(condition.value).strip("[]")) - 1
        known = place < len(state.table) and state.table[place] in self._catalog
        return self._catalog.row(state.table[place]) if known else None

    def _describe(self, facet: Column, said: str, condition: Condition, draft: _Draft) -> None:
        """Words of a facet that no value holds: searched, unless they are what is not wanted."""
        if condition.op is Operator.IS_NOT:
            return
        start = draft.message.casefold().find(said.casefold())
        if start >= 0:
            span = (start, start + len(said))
            draft.described.append(Described(facet=facet.name, words=draft.message[slice(*span)], span=span))
        draft.texts.append(said)

    def _value(self, facet: Column, condition: Condition) -> Value | None:
        """The value as the facet holds it; None where it cannot be made to fit."""
        several = [self._single(facet, one) for one in _several(condition.value)]
        held = [one for one in several if one is not None]
        if not held or (len(held) < len(several) and condition.op is not Operator.ANY_OF):
            return None
        if condition.op is Operator.BETWEEN:
            return tuple(sorted(held)) if len(held) == 2 else None  # type: ignore[return-value]
        if condition.op in (Operator.ANY_OF, Operator.ALL_OF) or len(held) > 1:
            return tuple(held) if facet.kind in (Kind.CATEGORY, Kind.CATEGORIES) else None  # type: ignore[return-value]
        return held[0]

    def _single(self, facet: Column, said: bool | float | str) -> bool | float | str | None:
        match facet.kind:
            case Kind.FLAG:
                return said if isinstance(said, bool) else parse_flag(str(said))
            case Kind.NUMBER:
                return _number(facet, said)
            case Kind.DATE:
                return parse_date(str(said)) or self._day(facet, str(said))
        return self._category(facet, str(said))

    def _day(self, facet: Column, said: str) -> str | None:
        """The day that 'next Friday' means among those that the facet holds."""
        column, found = self._catalog.column(facet.name), read_days(said)
        if not found or not isinstance(column, DateColumn) or not column.known.any():
            return None
        held = column.days[column.known]
        low, high = (_EPOCH + timedelta(days=int(one)) for one in (held.min(), held.max()))
        span = meant(found[0], low, high, first_today(low, high, self._today()))
        return span[0].isoformat() if span is not None else None

    def _category(self, facet: Column, said: str) -> str | None:
        if (held := self._spellings.of(facet.name, said)) is not None:
            return held
        from rapidfuzz import fuzz, process

        known, key = self._spellings.by_key(facet.name), key_of(said)
        found = process.extractOne(key, known.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR) if key else None
        return known[found[0]] if found else None

    def _read_items(self, items: Iterable[str], stance: Stance, draft: _Draft, state: TalkState) -> None:
        for said in items:
            item_id = self._item(said, state)
            if item_id is None:
                draft.unknown.append(said)
                continue
            title = self._catalog.titles[self._catalog.row(item_id)]
            draft.mentions.append(Mention(item_id=item_id, title=title, stance=stance, words=said))

    def _item(self, said: str, state: TalkState) -> str | None:
        """The item that a title or a number of the table means."""
        place = _PLACE.fullmatch(said.strip())
        if place and 0 < int(place[1]) <= len(state.table):
            item_id = state.table[int(place[1]) - 1]
            return item_id if item_id in self._catalog else None
        forms = words(said)
        row = self._titles.exact(forms) if forms else None
        if row is None and forms and (near := self._titles.closest(forms)) is not None:
            row = near[1]
        return None if row is None else self._catalog.ids[row]


def plan_of(request: Request, state: TalkState, catalog: Catalog) -> Plan:
    """The plan that a Request is; `state` is the talk before the message. What the model learns to write."""
    calls: list[Call] = list(_item_calls(request, state, catalog))
    plain = [tool for tool, act in _PLAIN_ACTS.items() if act in request.acts]
    if request.choice is not None:
        calls.insert(0, Choose(choice=request.choice + 1))
    calls += [Plain(tool=tool) for tool in plain]
    find = Find(
        where=tuple(_condition(one, state) for one in request.constraints),
        words=request.text,
        drop=(*request.dropped, *(name for one in request.withdrawn for name in _names(one))),
        count=request.count,
        anew=request.anew,
    )
    if find != Find() or not calls:
        calls.append(find)
    return Plan(calls=tuple(calls[:MOST_CALLS]))


def _condition(one: Constraint, state: TalkState) -> Condition:
    is_place = one.than is not None and one.than in state.table[: len(PLACES)]
    value = PLACES[state.table.index(one.than)] if is_place and one.than else one.value
    return Condition(facet=one.facet, op=one.operator, value=value, wish=not one.must)


def _item_calls(request: Request, state: TalkState, catalog: Catalog) -> Iterator[Call]:
    def named(stances: Sequence[Stance]) -> tuple[str, ...]:
        return tuple(_called(m, state, catalog) for m in request.mentions if m.stance in stances)

    for stance in _FEEDBACK:
        if items := named((stance,)):
            yield Remember(items=items, stance=stance)
    if items := named((Stance.SIMILAR,)):
        yield Similar(items=items)
    asked = named((Stance.ASKED,))
    if Act.COMPARE in request.acts:
        yield Compare(items=asked, facets=request.asked)
    elif asked:
        yield Details(items=asked, facets=request.asked)


def _called(mention: Mention, state: TalkState, catalog: Catalog) -> str:
    """How a plan names an item: by its number on the table, else by its title."""
    if mention.item_id in state.table:
        return str(state.table.index(mention.item_id) + 1)
    return catalog.titles[catalog.row(mention.item_id)] if mention.item_id in catalog else mention.title


def _names(withdrawn: Constraint | str) -> Iterator[str]:
    if isinstance(withdrawn, str):
        yield withdrawn
    else:
        yield from (str(value) for value in withdrawn.values)


def _several(value: Value) -> Sequence[bool | float | str]:
    return value if isinstance(value, tuple) else (value,)


def _number(facet: Column, said: bool | float | str) -> float | None:
    """The number in the facet's unit; of words that only hold a number somewhere, that number."""
    number = number_of(facet, said)
    if number is not None or not isinstance(said, str) or parse_quantity(said) is not None:
        return number
    found = _NUMBER.search(said.replace(",", ""))
    return float(found[0]) if found else None


def _span(condition: Condition, message: str) -> tuple[int, int]:
    """Where the message says the value, inflected or not; (0, 0) where it does not."""
    tokens = tokenize(message)
    said = [singular(token.form) for token in tokens]
    for one in _several(condition.value):
        written = f"{one:g}" if isinstance(one, float) and not isinstance(one, bool) else str(one)
        wanted = [singular(word) for word in words(written)]
        for at in range(len(said) - len(wanted) + 1 if wanted else 0):
            if said[at : at + len(wanted)] == wanted:
                return tokens[at].start, tokens[at + len(wanted) - 1].end
    return 0, 0
