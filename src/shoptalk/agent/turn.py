"""One turn: a generator of typed events, the only way a message is answered.

    understood -> found -> ranked -> picks -> text, text, ... -> done

`say`, the page, the stream and the evaluation all consume it. It holds nothing between turns: the state comes in, and
the state after the turn goes to `record` before Done is yielded, so that what was acknowledged is on disk.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from time import perf_counter

from shoptalk.agent.checking import checked
from shoptalk.agent.events import Chip, Done, Event, Found, Pick, Picks, Ranked, Reply, Text, Understood
from shoptalk.agent.explaining import Answer, Explaining, next_messages
from shoptalk.agent.phrasing import constraint_in_words
from shoptalk.agent.reasons import reasons_for
from shoptalk.agent.relaxing import Relaxation, relaxations
from shoptalk.agent.state import TalkState, advance, constraint_key, query_of, settled
from shoptalk.agent.tokens import fold
from shoptalk.agent.understanding import Understanding
from shoptalk.agent.words import FILLER
from shoptalk.ranking.rank import Ranking
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.finding import Finder
from shoptalk.retrieval.query import Act, Query, Request, Stance
from shoptalk.retrieval.schema import Meaning

_RANKED_SHOWN = 50
_MOST_LOOKED_AT = 5
_WORDS_LOOKED_UP = 12
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


def take_turn(engine: Engine, state: TalkState, message: str, record: Record) -> Iterator[Event]:
    """Answer one message. An empty message asks again for what the talk holds on to.

    `record(state, reply, query)` has to persist the turn; it is called once, right before Done. A consumer that stops
    earlier leaves nothing behind.
    """
    clock = _Clock()
    request = engine.understanding.understand(message, state) if message.strip() else Request(message="")
    state = advance(state, request, engine.catalog)
    clock.lap("understand")
    chips = chips_of(state, engine.catalog)
    yield Understood(request=request, chips=chips)

    query: Query | None = None
    if set(request.acts) & {Act.CHAT, Act.HELP}:
        answer = _answer(engine, request, state)
    elif looked_at := _looked_at(engine.catalog, request, state):
        answer = _answer(engine, request, state, picks=looked_at)
    else:
        query = query_of(state)
        answer = yield from _search(engine, request, state, query, clock)
        if answer.unmatched and len(answer.unmatched) == len(request.text.split()):
            state = _without_text(state, request.text)
            chips = chips_of(state, engine.catalog)
    yield Picks(picks=answer.picks)

    pieces = []
    for piece in checked(engine.explaining.explain(answer), answer):
        pieces.append(piece)
        yield Text(piece=piece)
    clock.lap("explain")

    if query is not None and not answer.picks:
        state = _without_failed_comparisons(state, request)
        chips = chips_of(state, engine.catalog)
    reply = Reply(
        text="".join(pieces),
        picks=answer.picks,
        request=request,
        chips=chips,
        suggestions=next_messages(answer),
        turn=state.turn,
    )
    if query is not None and answer.picks:
        state = settled(state, [pick.item.id for pick in answer.picks])
    record(state, reply, query)
    clock.lap("log")
    yield Done(reply=reply, milliseconds=clock.laps())


def chips_of(state: TalkState, catalog: Catalog) -> tuple[Chip, ...]:
    """What the talk holds on to, as chips: constraints and wishes, free words, models, likes and dislikes."""
    schema = catalog.schema
    held = [
        Chip(key=constraint_key(c), label=_chip_label(constraint_in_words(schema, c), c.must), constraint=c)
        for c in state.constraints
    ]
    held += [Chip(key=f"texts:{text}", label=f"“{text}”") for text in state.texts]
    for kind, label in (("similar", "like {}"), ("liked", "likes {}"), ("disliked", "not {}")):
        ids = [one for one in getattr(state, kind) if one in catalog]
        held += [Chip(key=f"{kind}:{one}", label=label.format(catalog.titles[catalog.row(one)])) for one in ids]
    return tuple(held)


def _chip_label(said: str, must: bool) -> str:
    return said if must else f"ideally {said}"


def _search(
    engine: Engine, request: Request, state: TalkState, query: Query, clock: "_Clock"
) -> Generator[Event, None, Answer]:
    """Find, rank and pick; the generator's return value is the Answer."""
    candidates = engine.finder.find(query)
    clock.lap("find")
    yield Found(passing=candidates.passing, candidates=len(candidates.rows))
    ranked = engine.ranking.rank(query, candidates)
    places = engine.ranking.pick(ranked, state.count)
    evidence = engine.ranking.evidence(query, candidates, ranked, places) if len(places) else []
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
    ways: tuple[Relaxation, ...] = ()
    exhausted = False
    unmatched = _unmatched(engine.finder, request)
    if not picks:
        ways, exhausted = _why_nothing(engine.finder, state, query)
    return _answer(
        engine,
        request,
        state,
        picks=picks,
        passing=candidates.passing,
        ways=ways,
        exhausted=exhausted,
        unmatched=unmatched,
    )


def _unmatched(finder: Finder, request: Request) -> tuple[str, ...]:
    """Words of the free text that stand in no item: a place or a name that the catalog does not know."""
    said = [
        word
        for word in request.text.split()[:_WORDS_LOOKED_UP]
        if len(word) > 3 and word.isalpha() and fold(word) not in FILLER
    ]
    return tuple(word for word in said if not len(finder.lexical.search(word, 1)[0]))


def _why_nothing(finder: Finder, state: TalkState, query: Query) -> tuple[tuple[Relaxation, ...], bool]:
    """The ways out of an empty list; and whether it is empty only because all that fits was seen or turned down."""
    catalog = finder.catalog
    about_stock = tuple(c for c in state.musts if catalog.schema.facet(c.facet).meaning in _SAYS_WHAT_IS_OFFERED)
    offered = finder.allowed(Query(must=about_stock))
    exhausted = bool((catalog.passing(state.musts) & offered).any())
    allowed = finder.allowed(Query(must=about_stock, exclude=query.exclude))
    return tuple(relaxations(catalog, state.musts, allowed)), exhausted


def _without_failed_comparisons(state: TalkState, request: Request) -> TalkState:
    """'Cheaper than this' that nothing meets is told once, and does not empty the turns to come."""
    kept = tuple(c for c in state.constraints if not (c.than and c in request.constraints))
    return state.model_copy(update={"constraints": kept})


def _without_text(state: TalkState, text: str) -> TalkState:
    """Words that stand in no item were told once; held on to, they would only blur what is asked next."""
    return state.model_copy(update={"texts": tuple(one for one in state.texts if one != text)})


def _looked_at(catalog: Catalog, request: Request, state: TalkState) -> tuple[Pick, ...]:
    """The items that a question or a comparison is about; empty if the message is neither."""
    asked = [mention.item_id for mention in request.mentions if mention.stance is not Stance.SIMILAR]
    if Act.COMPARE in request.acts:
        ids = asked if len(asked) > 1 else list(dict.fromkeys([*asked, *state.table]))
    elif Act.DETAILS in request.acts:
        ids = asked
    else:
        return ()
    return tuple(Pick(item=catalog.item(catalog.row(one)), score=0.0) for one in dict.fromkeys(ids) if one in catalog)[
        :_MOST_LOOKED_AT
    ]


def _answer(
    engine: Engine,
    request: Request,
    state: TalkState,
    *,
    picks: tuple[Pick, ...] = (),
    passing: int = 0,
    ways: tuple[Relaxation, ...] = (),
    exhausted: bool = False,
    unmatched: tuple[str, ...] = (),
) -> Answer:
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
        picks=picks,
        passing=passing,
        named=items,
        relaxations=ways,
        exhausted=exhausted,
        unmatched=unmatched,
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
