"""One turn: a generator of typed events, the only way a message is answered.

    understood -> found -> ranked -> picks -> text, text, ... -> done

`say`, the page, the stream and the evaluation all consume it. It holds nothing between turns: the state comes in, and
the state after the turn goes to `record` before Done is yielded, so that what was acknowledged is on disk.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.checking import checked
from shoptalk.agent.clarifying import asked_before, may_ask, question_worth_asking
from shoptalk.agent.events import Changed, Chip, Done, Event, Found, Pick, Picks, Ranked, Reply, Text, Understood
from shoptalk.agent.explaining import Answer, Explaining, next_messages, only_talks, searches
from shoptalk.agent.offers import Choice, Question, taken
from shoptalk.agent.phrasing import strength_in_words
from shoptalk.agent.reasons import reasons_for
from shoptalk.agent.relaxing import emptied, widened
from shoptalk.agent.remarks import relaxing_question
from shoptalk.agent.state import TalkState, advance, answered, changes, constraint_key, query_of, settled
from shoptalk.agent.tokens import fold, singular, words
from shoptalk.agent.understanding import Understanding
from shoptalk.agent.watch import Limits, Watch
from shoptalk.agent.words import FILLER
from shoptalk.ranking.evidence import ConstraintMet, Evidence
from shoptalk.ranking.rank import Ranked as RankedCandidates
from shoptalk.ranking.rank import Ranking
from shoptalk.retrieval.catalog import Catalog, DateColumn, Item, NumberColumn
from shoptalk.retrieval.finding import Finder
from shoptalk.retrieval.query import Act, Constraint, Operator, Query, Request, Stance
from shoptalk.retrieval.schema import Meaning

_RANKED_SHOWN = 50
_MOST_LOOKED_AT = 5
_WORDS_LOOKED_UP = 12
_MOST_HEARD = 300
# With fewer picks than this we offer, softly, what would let more in.
_FEW, _SOFT_OFFERS = 3, 2
_SAYS_WHAT_IS_OFFERED = (Meaning.STOCK, Meaning.HIDDEN)

Record = Callable[[TalkState, Reply, Query | None], None]


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that answer a turn; read-only, shared by all talks of a shop."""

    name: str
    catalog: Catalog
    finder: Finder
    ranking: Ranking
    understanding: Understanding
    explaining: Explaining
    limits: Limits = field(default_factory=Limits)


def take_turn(engine: Engine, state: TalkState, message: str | Request, record: Record) -> Iterator[Event]:
    """Answer one message. An empty message asks again for what the talk holds on to.

    A click comes as the Request that it stands for, and goes the same way from there on. `record(state, reply, query)`
    has to persist the turn; it is called once, right before Done. A consumer that stops earlier leaves nothing behind.
    """
    clock, watch = _Clock(), Watch(engine.limits)
    earlier = state
    request = _understood(engine, message, state, watch)
    state = advance(state, request, engine.catalog)
    state = state.model_copy(update={"inquired": _inquired(earlier, state, request), "question": None, "heard": ""})
    clock.lap("understand")
    yield Understood(request=request, chips=chips_of(state, engine.catalog))

    query: Query | None = None
    answer = _answer(engine, request, earlier, state)
    if only_talks(answer):
        pass
    elif (looked_at := _looked_at(engine.catalog, request, state, engine.ranking.hidden)) and not searches(
        request.acts
    ):
        answer = replace(answer, picks=looked_at)
    else:
        answer = _with_looked_up(answer, looked_at)
        query = query_of(state, engine.catalog)
        answer = yield from _search(engine, answer, earlier, query, clock)
        trade = _trade_words(engine)
        told = [word for word in request.text.split() if singular(fold(word)) not in trade]
        if request.text and len(answer.unmatched) == len(told):
            state = _without_text(state, request.text)
    yield Picks(picks=answer.picks)

    pieces, asked = [], False
    for piece in checked(_said(engine.explaining, answer, watch), answer):
        pieces.append(piece)
        asked = answer.question is not None and piece.endswith(answer.question.text)
        yield Text(piece=piece)
    clock.lap("explain")

    if query is not None and not answer.picks:
        state = _without_failed_comparisons(state, request, earlier)
    if query is not None and answer.picks:
        state = settled(state, [pick.item.id for pick in answer.picks])
    if Act.UNDO not in request.acts and state.wanted == earlier.wanted:  # nothing was changed that could be undone
        state = state.model_copy(update={"before": earlier.before})
    question, text = answer.question if asked else None, "".join(pieces)
    state = answered(state, text, [pick.item.id for pick in answer.picks], again=not request.message)
    state = state.model_copy(update={"question": question, "heard": question.text[:_MOST_HEARD] if question else ""})
    reply = _reply(engine.catalog, answer, text, earlier, state, watch)
    record(state, reply, query)
    clock.lap("log")
    yield Done(reply=reply, milliseconds=clock.laps())


def _reply(catalog: Catalog, answer: Answer, text: str, earlier: TalkState, state: TalkState, watch: Watch) -> Reply:
    """The answer as it is kept; `state` is the talk after it."""
    return Reply(
        text=text,
        picks=answer.picks,
        request=answer.request,
        chips=chips_of(state, catalog),
        suggestions=next_messages(answer),
        question=state.question,
        changes=_changed(catalog, earlier, state),
        can_undo=bool(state.before),
        turn=state.turn,
        model=watch.use(),
    )


def _understood(engine: Engine, message: str | Request, state: TalkState, watch: Watch) -> Request:
    if isinstance(message, Request):
        return message
    return engine.understanding.understand(message, state, watch) if message.strip() else Request(message="")


def _inquired(earlier: TalkState, state: TalkState, request: Request) -> tuple[str, ...]:
    """Facets that are not to be asked about; a new start forgets them."""
    return () if Act.START_OVER in request.acts else tuple(dict.fromkeys(asked_before(earlier, request)))


def _said(explaining: Explaining, answer: Answer, watch: Watch) -> Iterator[str]:
    """The pieces of the text, and at its end what we ask or offer."""
    yield from explaining.explain(answer, watch)
    if answer.question is not None:
        yield f"\n\n{answer.question.text}"


def _changed(catalog: Catalog, earlier: TalkState, state: TalkState) -> tuple[Changed, ...]:
    """What the turn changed in what is wanted, in words."""

    def said(what: Constraint | str | None) -> str:
        if isinstance(what, Constraint):
            return strength_in_words(catalog.schema, what)
        return f"“{what}”" if what else ""

    held = [Changed(was=said(change.was), now=said(change.now)) for change in changes(earlier, state)]
    return tuple(dict.fromkeys(change for change in held if change.was != change.now))


def chips_of(state: TalkState, catalog: Catalog) -> tuple[Chip, ...]:
    """What the talk holds on to, as chips: constraints and wishes, free words, models, likes and dislikes."""
    schema = catalog.schema
    held = [Chip(key=constraint_key(c), label=strength_in_words(schema, c), constraint=c) for c in state.constraints]
    held += [Chip(key=f"texts:{text}", label=f"“{text}”") for text in state.texts]
    for kind, label in (("similar", "like {}"), ("liked", "likes {}"), ("disliked", "not {}")):
        ids = [one for one in getattr(state, kind) if one in catalog]
        held += [Chip(key=f"{kind}:{one}", label=label.format(catalog.titles[catalog.row(one)])) for one in ids]
    return tuple(held)


def _search(
    engine: Engine, answer: Answer, earlier: TalkState, query: Query, clock: "_Clock"
) -> Generator[Event, None, Answer]:
    """Find, rank and pick; the generator's return value is the Answer, whole."""
    state = answer.state
    candidates = engine.finder.find(query)
    clock.lap("find")
    yield Found(passing=candidates.passing, candidates=len(candidates.rows))
    ranked = engine.ranking.rank(query, candidates)
    places = _in_asked_order(engine.catalog, state.musts, ranked.rows, engine.ranking.pick(ranked, state.count))
    evidence = engine.ranking.evidence(query, candidates, ranked, places) if len(places) else []
    evidence = [_asked_order_first(state.musts, facts) for facts in evidence]
    clock.lap("rank")
    ids = engine.catalog.ids
    yield Ranked(
        item_ids=tuple(ids[row] for row in ranked.rows[:_RANKED_SHOWN].tolist()),
        scores=tuple(ranked.scores[:_RANKED_SHOWN].tolist()),
    )
    schema = engine.catalog.schema
    picks = tuple(
        Pick(
            item=engine.catalog.item(int(ranked.rows[place])),
            score=float(ranked.scores[place]),
            evidence=facts,
            reasons=reasons_for(schema, facts),
        )
        for place, facts in zip(places.tolist(), evidence, strict=True)
    )
    answer = replace(answer, picks=picks, passing=candidates.passing, unmatched=_unmatched(engine, answer.request))
    if not picks:
        return _why_nothing(engine.finder, answer, query)
    return replace(answer, question=_question(engine.finder, answer, earlier, query, ranked))


def _in_asked_order(
    catalog: Catalog, musts: Sequence[Constraint], rows: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The picks by what they were asked to have most or least of, the first such wish first: 'the three cheapest'.

    `rows` (n,) are the candidates, `places` (k,) the picks among them; equals stay in the ranker's order.
    """
    for one in reversed([one for one in musts if one.is_superlative]):
        column = catalog.column(one.facet)
        if isinstance(column, NumberColumn | DateColumn):
            held = (column.values if isinstance(column, NumberColumn) else column.days)[rows[places]]
            places = places[np.argsort(held if one.operator is Operator.LEAST else -held, kind="stable")]
    return places


def _asked_order_first(musts: Sequence[Constraint], facts: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The facts of a pick, those first after which the picks are ordered."""
    facets = {one.facet for one in musts if one.is_superlative}
    return tuple(
        sorted(facts, key=lambda fact: not (isinstance(fact, ConstraintMet) and fact.constraint.facet in facets))
    )


def _unmatched(engine: Engine, request: Request) -> tuple[str, ...]:
    """Words of the free text that stand in no item: a place or a name that the catalog does not know.

    The trade's own word is none of them: shoes in a shop that is called so.
    """
    finder, trade = engine.finder, _trade_words(engine)
    said = [
        word
        for word in request.text.split()[:_WORDS_LOOKED_UP]
        if len(word) > 3 and word.isalpha() and fold(word) not in FILLER and singular(fold(word)) not in trade
    ]
    return tuple(word for word in said if not len(finder.lexical.search(word, 1)[0]))


def _trade_words(engine: Engine) -> frozenset[str]:
    """The words of the shop's own name, as they are compared."""
    return frozenset(singular(word) for word in words(engine.name))


def _why_nothing(finder: Finder, answer: Answer, query: Query) -> Answer:
    """What emptied the list and the ways out; it may also be that all that fits was seen or turned down."""
    state = answer.state
    about_stock = _about_stock(finder.catalog, state)
    offered = finder.allowed(Query(must=about_stock))
    exhausted = bool((finder.catalog.passing(state.musts) & offered).any())
    if any(c.than for c in answer.request.constraints):  # 'cheaper than the cheapest': told once, then forgotten
        return replace(answer, exhausted=exhausted)
    why = emptied(finder.catalog, state.musts, finder.allowed(Query(must=about_stock, exclude=query.exclude)))
    choices = [choice for choice in why.choices if _leaves_something(state, choice)] or why.choices
    question = relaxing_question(choices, shown=0) if choices else None
    return replace(answer, exhausted=exhausted, conflicts=why.conflicts, question=question)


def _question(
    finder: Finder, answer: Answer, earlier: TalkState, query: Query, ranked: RankedCandidates
) -> Question | None:
    """What we ask along with the picks: to widen what is very little, or to narrow what is much; mostly nothing."""
    request, state = answer.request, answer.state
    if request.clarify is None and not may_ask(earlier, request):
        return None
    shown = _shown_next(answer)
    if answer.passing >= min(_FEW, state.count):
        standing = request.clarify or (earlier.question.facet if earlier.question is not None else None)
        return question_worth_asking(
            finder.catalog,
            state,
            ranked.rows,
            ranked.scores,
            answer.passing,
            lambda: finder.allowed(replace(query, exclude=query.exclude | shown)),
            standing=standing,
        )
    if not request.constraints or any(c.than or c.is_superlative for c in state.musts):
        return None
    allowed = finder.allowed(Query(must=_about_stock(finder.catalog, state), exclude=query.exclude | shown))
    more = [
        choice
        for choice in widened(finder.catalog, state.musts, allowed)
        if choice.count > answer.passing - len(shown) and _leaves_something(state, choice)
    ]
    return relaxing_question(more[:_SOFT_OFFERS], shown=answer.passing) if more else None


def _shown_next(answer: Answer) -> frozenset[str]:
    """The picks, where others than those shown are asked for: a click on what is offered will not find them again."""
    return frozenset(pick.item.id for pick in answer.picks) if answer.state.skip_shown else frozenset()


def _leaves_something(state: TalkState, choice: Choice) -> bool:
    """Whether anything still has to hold once the choice is taken: else it would offer the whole shop."""
    return any(constraint.must for constraint in taken(state.constraints, choice))


def _about_stock(catalog: Catalog, state: TalkState) -> tuple[Constraint, ...]:
    return tuple(c for c in state.musts if catalog.schema.facet(c.facet).meaning in _SAYS_WHAT_IS_OFFERED)


def _without_failed_comparisons(state: TalkState, request: Request, earlier: TalkState) -> TalkState:
    """'Cheaper than this' that nothing meets is told once, and does not empty the turns to come; what it had taken the
    place of holds again."""
    failed = [c for c in state.constraints if c.than and c in request.constraints]
    if not failed:
        return state
    kept = [c for c in state.constraints if c not in failed]
    facets = {one.facet for one in failed}
    kept += [c for c in earlier.constraints if c.facet in facets and c not in kept]
    in_order = sorted(kept, key=lambda c: earlier.constraints.index(c) if c in earlier.constraints else len(kept))
    return state.model_copy(update={"constraints": tuple(in_order)})


def _without_text(state: TalkState, text: str) -> TalkState:
    """Words that stand in no item were told once; held on to, they would only blur what is asked next."""
    return state.model_copy(update={"texts": tuple(one for one in state.texts if one != text)})


def _looked_at(
    catalog: Catalog, request: Request, state: TalkState, hidden: NDArray[np.bool_] | None
) -> tuple[Pick, ...]:
    """What a question or a comparison is about, without the `hidden` (n,); empty if the message is neither."""
    asked = [mention.item_id for mention in request.mentions if mention.stance is not Stance.SIMILAR]
    if Act.COMPARE in request.acts:
        ids = asked if len(asked) > 1 else list(dict.fromkeys([*asked, *state.table]))
    elif Act.DETAILS in request.acts:
        ids = asked
    else:
        return ()
    rows = [catalog.row(one) for one in dict.fromkeys(ids) if one in catalog]
    shown = [row for row in rows if hidden is None or not hidden[row]]
    return tuple(Pick(item=catalog.item(row), score=0.0) for row in shown[:_MOST_LOOKED_AT])


def _with_looked_up(answer: Answer, looked_at: tuple[Pick, ...]) -> Answer:
    """The answer with what is told of items before the picks of a search: 'how long is the first? and show me more'."""
    named = answer.named | {pick.item.id: pick.item for pick in looked_at}
    return replace(answer, looked_up=looked_at, named=named)


def _answer(engine: Engine, request: Request, earlier: TalkState, state: TalkState) -> Answer:
    """The answer as far as it is known before anything was looked for."""
    catalog = engine.catalog
    named = dict.fromkeys(
        [*state.similar, *state.liked[-10:], *state.disliked[-10:], *(m.item_id for m in request.mentions)]
    )
    than = [constraint.than for constraint in state.constraints if constraint.than]
    items: dict[str, Item] = {one: catalog.item(catalog.row(one)) for one in (*named, *than) if one in catalog}
    return Answer(
        schema=catalog.schema,
        shop=engine.name,
        size=len(catalog),
        request=request,
        state=state,
        named=items,
        answered=earlier.question,
        changes=_changed(catalog, earlier, state),
    )


class _Clock:
    """Wall time of the turn's steps, in milliseconds."""

    def __init__(self) -> None:
        self._begin = self._last = perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = perf_counter()
        self._laps[step] = self._laps.get(step, 0.0) + (now - self._last) * 1000
        self._last = now

    def laps(self) -> dict[str, float]:
        return {**self._laps, "whole": (perf_counter() - self._begin) * 1000}
