"""The tools as functions. They search and rank as a turn does, by taking one: there is no second way."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz import fuzz, process

from shoptalk.agent.clarifying import question_worth_asking
from shoptalk.agent.events import Done, Pick, Picks
from shoptalk.agent.events import Found as FoundEvent
from shoptalk.agent.explaining import EmbeddedExplaining, differing, foremost, value_told
from shoptalk.agent.llm.plan import Condition
from shoptalk.agent.offers import Question, taken
from shoptalk.agent.phrasing import facts_in_text, label_of
from shoptalk.agent.state import TalkState, advance, query_of
from shoptalk.agent.titles import Titles, keys_of
from shoptalk.agent.tokens import words
from shoptalk.agent.tools.arguments import Clarify, Compare, Details, Find, LookUp, Similar
from shoptalk.agent.tools.mending import Mending, lesser_columns
from shoptalk.agent.tools.results import (
    Clarified,
    Compared,
    Detailed,
    Difference,
    Found,
    Listed,
    LookedUp,
    Named,
    Record,
    Way,
)
from shoptalk.agent.turn import Engine, take_turn
from shoptalk.errors import ToolError
from shoptalk.retrieval.catalog import Catalog, FacetValue, Item
from shoptalk.retrieval.query import Act, Constraint, Mention, Request, Stance
from shoptalk.retrieval.schema import Column

__all__ = ["Desk", "clarify", "compare", "details", "find", "look_up", "similar"]

_MOST_VALUES, _MOST_NAMED = 8, 5
_READ, _TYPOS = 60, 2
_LIKE_ID = 75.0
_FIRST_YEAR, _LAST_YEAR, _YEARS_OFF = 1880, 2100, 2


@dataclass(frozen=True)
class Desk:
    """What the tools work on: one engine, and what is made from its catalog when first needed. Safe to share."""

    engine: Engine

    @property
    def catalog(self) -> Catalog:
        """The items."""
        return self.engine.catalog

    @cached_property
    def titles(self) -> Titles:
        """The items' titles as people write them; made in about two seconds for 50,000."""
        return Titles(self.catalog)

    @cached_property
    def mending(self) -> Mending:
        """What holds arguments against the catalog."""
        return Mending(self.catalog)

    @cached_property
    def searching(self) -> Engine:
        """The engine, with nobody who writes: a search ends before an answer is written."""
        return replace(self.engine, explaining=EmbeddedExplaining())

    def row(self, item_id: str) -> int:
        """The item's row. Raises ToolError, which names ids that are meant perhaps."""
        if item_id in self.catalog and self.shows(self.catalog.row(item_id)):
            return self.catalog.row(item_id)
        near = process.extract(item_id, self.catalog.ids, scorer=fuzz.ratio, score_cutoff=_LIKE_ID, limit=3)
        ids = [one for one, *_ in near if self.shows(self.catalog.row(one))]
        ids += [self.catalog.ids[row] for row in _rows_like(self, item_id)[1]]
        hint = f"Is it {' or '.join(repr(one) for one in dict.fromkeys(ids[:3]))}? " if ids else ""
        raise ToolError(f"There is no item with the id {item_id!r}.", hint=f"{hint}look_up gives the id of a title.")

    def items(self, item_ids: Iterable[str]) -> list[Item]:
        """The items of these ids, each once. Raises ToolError."""
        return [self.catalog.item(self.row(one)) for one in dict.fromkeys(item_ids)]

    def shows(self, row: int) -> bool:
        """False for what a rule of the shop hides."""
        hidden = self.engine.ranking.hidden
        return hidden is None or not hidden[row]

    def listed(self, item: Item, reasons: Sequence[str] = ()) -> Listed:
        """The item as it stands in a list."""
        return Listed(id=item.id, title=item.title, facets=self.facets_of(item), reasons=tuple(reasons))

    def facets_of(self, item: Item) -> dict[str, FacetValue]:
        """Values of the facets that may be asked for; of many the first eight."""
        held = {name: item.facets[name] for name in self.mending.facets if name in item.facets}
        return {name: value[:_MOST_VALUES] if isinstance(value, tuple) else value for name, value in held.items()}


def find(desk: Desk, asked: Find) -> Found:
    """The best items for what is asked; where there are none, what would let some in. Raises ToolError."""
    state = TalkState(seen=tuple(one for one in asked.exclude if one in desk.catalog))
    request = Request(
        message=asked.words,
        acts=(Act.FIND,),
        constraints=desk.mending.constraints(asked.where),
        text=asked.words,
        count=asked.count,
        mentions=tuple(_models(desk, asked.similar)),
    )
    passing, picks, question = _searched(desk, state, request)
    return Found(
        passing=passing,
        items=tuple(desk.listed(pick.item, pick.reasons) for pick in picks),
        ways=_ways(request.constraints, question),
    )


def similar(desk: Desk, asked: Similar) -> Found:
    """Items like some others. Raises ToolError."""
    return find(desk, Find(where=asked.where, similar=asked.items, exclude=asked.exclude, count=asked.count))


def look_up(desk: Desk, asked: LookUp) -> LookedUp:
    """The items that a title, or an id, may mean; none is an answer too."""
    title = asked.title.strip()
    if title in desk.catalog and desk.shows(desk.catalog.row(title)):
        return LookedUp(by="id", items=(desk.listed(desk.catalog.item(desk.catalog.row(title))),))
    by, rows = _rows_like(desk, title)
    return LookedUp(by=by, items=tuple(desk.listed(desk.catalog.item(row)) for row in rows))


def compare(desk: Desk, asked: Compare) -> Compared:
    """The facets in which items differ, and which of them is the cheapest, the newest. Raises ToolError."""
    items = desk.items(asked.items)
    if len(items) < 2:
        raise ToolError("compare takes at least two different items.", hint="details tells of one.")
    wanted = _facets(desk, asked.facets)
    unlike = differing(desk.catalog.schema, items)
    return Compared(
        items=tuple(Named(id=item.id, title=item.title) for item in items),
        differences=tuple(_difference(facet, items) for facet in wanted if facet in unlike),
        alike=tuple(facet.name for facet in wanted if facet not in unlike),
    )


def details(desk: Desk, asked: Details) -> Detailed:
    """What the shop's records tell of items. Raises ToolError."""
    spoken = {word: one for one in lesser_columns(desk.catalog.schema) for word in (one.name, label_of(one))}
    told = [spoken[name] for name in asked.facets if name in spoken]
    named = [name for name in asked.facets if name not in spoken]
    wanted = () if told and not named else _facets(desk, named)
    return Detailed(items=tuple(_record(desk, item, wanted, told) for item in desk.items(asked.items)))


def clarify(desk: Desk, asked: Clarify) -> Clarified:
    """The question whose answer would split what passes best, with what each answer leads to. Raises ToolError."""
    catalog, engine = desk.catalog, desk.engine
    facet = None if asked.facet is None else desk.mending.facet(asked.facet).name
    constraints = desk.mending.constraints(asked.where)
    request = Request(message=asked.words, constraints=constraints, text=asked.words)
    state = advance(TalkState(), request, catalog)
    query = query_of(state, catalog)
    candidates = engine.finder.find(query)
    ranked = engine.ranking.rank(query, candidates)
    question = None
    if len(ranked.rows):
        question = question_worth_asking(
            catalog,
            state,
            ranked.rows,
            ranked.scores,
            candidates.passing,
            lambda: engine.finder.allowed(query),
            standing=facet,
        )
    return Clarified(
        passing=candidates.passing,
        question=question.text if question else None,
        facet=question.facet if question else None,
        choices=_ways(constraints, question),
    )


def _searched(desk: Desk, state: TalkState, request: Request) -> tuple[int, tuple[Pick, ...], Question | None]:
    """A turn taken as far as needed: how many pass, the picks, and where there are none, what is offered instead."""
    passing, picks = 0, tuple[Pick, ...]()
    for event in take_turn(desk.searching, state, request, _unrecorded):
        if isinstance(event, FoundEvent):
            passing = event.passing
        elif isinstance(event, Picks) and event.picks:
            picks = event.picks
            break
        elif isinstance(event, Done):
            return passing, picks, event.reply.question
    return passing, picks, None


def _unrecorded(*_: object) -> None:
    """A tool's search belongs to no talk."""


def _models(desk: Desk, item_ids: Iterable[str]) -> Iterator[Mention]:
    for item in desk.items(item_ids):
        yield Mention(item_id=item.id, title=item.title, stance=Stance.SIMILAR)


def _ways(constraints: Sequence[Constraint], question: Question | None) -> tuple[Way, ...]:
    """The searches that the choices of a question lead to."""
    choices = question.choices if question else ()
    return tuple(
        Way(label=one.label, passing=one.count, where=tuple(map(_condition, taken(constraints, one))))
        for one in choices
    )


def _condition(constraint: Constraint) -> Condition:
    return Condition(facet=constraint.facet, op=constraint.operator, value=constraint.value, wish=not constraint.must)


def _rows_like(desk: Desk, title: str) -> tuple[str, list[int]]:
    """How a title was recognised, and the rows that it may mean, the best known first."""
    forms = words(title)
    ways: tuple[tuple[str, Callable[[], dict[int, float]]], ...] = (
        ("title", lambda: _exactly(desk, forms)),
        ("part of the title", lambda: _in_part(desk, forms)),
        ("similar spelling", lambda: _misspelt(desk, forms)),
    )
    for by, way in ways:
        held = {row: freely for row, freely in way().items() if desk.shows(row)} if forms else {}
        if held:
            fame = desk.titles.fame
            return by, sorted(held, key=lambda row: (held[row] - fame[row], row))[:_MOST_NAMED]
    return "nothing", []


def _exactly(desk: Desk, forms: tuple[str, ...]) -> dict[int, float]:
    """Rows that the words name without a letter off, with how freely: by title, title and year, or model number."""
    if like := desk.titles.like(keys_of(forms), typos=0):
        return dict(like.rows)
    year = _year(forms[-1])
    like = desk.titles.like(keys_of(forms[:-1]), typos=0) if year and len(forms) > 1 else None
    if like is not None:
        return _of_year(desk, dict(like.rows), year)
    model = desk.titles.model(forms[0]) if len(forms) == 1 else None
    return {} if model is None else {model: 0.0}


def _in_part(desk: Desk, forms: tuple[str, ...]) -> dict[int, float]:
    """Rows whose titles have all of the words."""
    rows, _ = desk.engine.finder.lexical.search(" ".join(forms), _READ)
    return {row: 0.0 for row in rows.tolist() if set(forms) <= set(words(desk.catalog.titles[row]))}


def _misspelt(desk: Desk, forms: tuple[str, ...]) -> dict[int, float]:
    """Rows of titles that are a few letters off; a year at the end is held against theirs."""
    year = _year(forms[-1]) if len(forms) > 1 else None
    if year and (found := _misspelt(desk, forms[:-1])):
        return _of_year(desk, found, year)
    if like := desk.titles.like(keys_of(forms), typos=_TYPOS):
        return dict(like.rows)
    near = desk.titles.closest(forms)
    return {} if near is None else {near[1]: 0.0}


def _of_year(desk: Desk, found: dict[int, float], year: int | None) -> dict[int, float]:
    """Those of about that year, and those of which the year is not known: people are off by one or two."""
    years = desk.titles.years
    return {row: freely for row, freely in found.items() if year is None or not abs(years[row] - year) > _YEARS_OFF}


def _year(form: str) -> int | None:
    return int(form) if form.isdecimal() and _FIRST_YEAR <= int(form) <= _LAST_YEAR else None


def _facets(desk: Desk, names: Sequence[str]) -> tuple[Column, ...]:
    """The facets of these names, all where none are named. Raises ToolError."""
    if not names:
        return tuple(desk.mending.facets.values())
    return tuple(dict.fromkeys(desk.mending.facet(name) for name in names))


def _difference(facet: Column, items: list[Item]) -> Difference:
    word, best = foremost(facet, items)
    return Difference(
        facet=facet.name,
        label=label_of(facet),
        values=tuple(value_told(facet, item) for item in items),
        best=word if best else "",
        best_ids=tuple(item.id for item in best),
    )


def _record(desk: Desk, item: Item, wanted: Sequence[Column], told: Sequence[Column]) -> Record:
    facts = dict(facts_in_text(desk.catalog.schema, item))
    asked = {column.name for column in wanted}
    whole = len(wanted) == len(desk.mending.facets) and not told
    shown = {name: value for name, value in item.facets.items() if name in asked}
    missing = [column.name for column in (*wanted, *told) if column.name not in item.facets and column not in facts]
    return Record(
        id=item.id,
        title=item.title,
        facets=shown,
        facts={label_of(column): value for column, value in facts.items() if whole or column in told},
        unknown=() if whole else tuple(missing),
        text=item.text if whole else "",
        link=item.link,
    )
