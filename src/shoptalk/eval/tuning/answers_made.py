"""Answers to explain, without a shop: items that meet a made request, and the evidence that ranking would give."""

import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import as_file, files

from shoptalk.agent.events import Pick
from shoptalk.agent.explaining import Answer
from shoptalk.agent.reasons import reasons_for
from shoptalk.agent.state import TalkState, advance
from shoptalk.eval.tuning.made_shops import made_shop
from shoptalk.ranking.evidence import Compared, ConstraintMet, Evidence, SharesWith, WellRated, WordsMatch
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.query import Act, Constraint, Mention, Operator, Request, Stance
from shoptalk.retrieval.schema import Column, Kind, Meaning

__all__ = ["answers_made"]

_FILMS, _AT_ONCE = 0.35, 10
_COMPARED = (Meaning.PRICE, Meaning.DURATION, Meaning.YEAR, Meaning.SIZE, Meaning.WEIGHT, Meaning.RATING)


def answers_made(draw: random.Random) -> Iterator[Answer]:
    """Without end, answers over made shops and over the films that ship."""
    while True:
        catalog, shop = (_films(), "films") if draw.random() < _FILMS else _made(draw)
        for _ in range(_AT_ONCE):
            if (answer := _answer(catalog, shop, draw)) is not None:
                yield answer


def _made(draw: random.Random) -> tuple[Catalog, str]:
    shop = made_shop(draw, described=True)
    return shop.catalog, shop.name


@cache
def _films() -> Catalog:
    from shoptalk.retrieval.detecting import detect, to_items
    from shoptalk.retrieval.reading import read_records

    with as_file(files("shoptalk.demo").joinpath("films.jsonl")) as path:
        records = list(read_records(path))
    schema = detect(records)
    return Catalog.from_items(to_items(records, schema), schema)


def _answer(catalog: Catalog, shop: str, draw: random.Random) -> Answer | None:
    """An answer as a turn makes it: a request that some items meet, up to four of them with their evidence."""
    model = draw.randrange(len(catalog))
    request = _request(catalog, model, draw)
    state = advance(TalkState(), request, catalog)
    out = {mention.item_id for mention in request.mentions}
    passing = [row for row in catalog.passing(state.musts).nonzero()[0].tolist() if catalog.ids[row] not in out]
    if {Act.DETAILS, Act.COMPARE} & set(request.acts):
        passing = [catalog.row(mention.item_id) for mention in request.mentions]
        rows = passing
    else:
        rows = draw.sample(passing, min(len(passing), draw.choice((1, 2, 3, 3, 4, 4))))
    if not rows:
        return None
    return Answer(
        schema=catalog.schema,
        shop=shop,
        size=len(catalog),
        request=request,
        state=state,
        picks=tuple(_pick(catalog, row, state, request, draw) for row in rows),
        passing=len(passing),
        named={one: catalog.item(catalog.row(one)) for one in _spoken_of(request)},
    )


def _spoken_of(request: Request) -> list[str]:
    """Items that the request names or measures against."""
    return [
        *(one.item_id for one in request.mentions),
        *(one.than for one in request.constraints if one.than is not None),
    ]


def _request(catalog: Catalog, model: int, draw: random.Random) -> Request:
    chance = draw.random()
    if chance < 0.12:
        return _about_items(catalog, draw.sample(range(len(catalog)), 1), Act.DETAILS, draw)
    if chance < 0.24:
        return _about_items(catalog, draw.sample(range(len(catalog)), draw.choice((2, 2, 3))), Act.COMPARE, draw)
    if chance > 0.92 and (beyond := _beyond(catalog, model, draw)) is not None:
        return Request(message="", constraints=(beyond,))
    mentions: tuple[Mention, ...] = ()
    if chance < 0.42:
        stance = draw.choice((Stance.SIMILAR, Stance.SIMILAR, Stance.LIKED))
        mentions = (Mention(item_id=catalog.ids[model], title=catalog.titles[model], stance=stance),)
    facets = [facet for facet in catalog.schema.facets if catalog.value(model, facet.name) is not None]
    many = draw.choice((0, 1)) if mentions else draw.choice((1, 1, 2, 2, 3))
    chosen = draw.sample(facets, min(many, len(facets)))
    constraints = tuple(_met_by(catalog, model, facet, draw) for facet in chosen)
    text = ""
    if not (mentions or constraints) or draw.random() < 0.2:
        text = _words_of(catalog.texts[model].split(". ")[0], draw)
    acts = (Act.SIMILAR,) if mentions and mentions[0].stance is Stance.SIMILAR else (Act.FIND,)
    return Request(message="", acts=acts, constraints=constraints, mentions=mentions, text=text)


def _about_items(catalog: Catalog, rows: Sequence[int], act: Act, draw: random.Random) -> Request:
    mentions = tuple(Mention(item_id=catalog.ids[row], title=catalog.titles[row], stance=Stance.ASKED) for row in rows)
    asked = (draw.choice(catalog.schema.facets).name,) if draw.random() < 0.5 else ()
    return Request(message="", acts=(act,), mentions=mentions, asked=asked)


def _beyond(catalog: Catalog, row: int, draw: random.Random) -> Constraint | None:
    """'Cheaper than that one'; None where the catalog has nothing to measure."""
    able = [facet for facet in catalog.schema.facets if facet.meaning in _COMPARED and facet.kind is Kind.NUMBER]
    if not able:
        return None
    facet = draw.choice(able)
    value = catalog.value(row, facet.name)
    if not isinstance(value, float):
        return None
    operator = draw.choice((Operator.LESS_THAN, Operator.MORE_THAN))
    return Constraint(facet=facet.name, operator=operator, value=value, than=catalog.ids[row])


def _met_by(catalog: Catalog, row: int, facet: Column, draw: random.Random) -> Constraint:
    """A constraint that the item meets."""
    value = catalog.value(row, facet.name)
    must = draw.random() < 0.8
    if isinstance(value, tuple):
        value = draw.choice(value)
    operator = Operator.IS
    if isinstance(value, float) and not isinstance(value, bool):
        operator = draw.choice((Operator.AT_MOST, Operator.LESS_THAN, Operator.AT_LEAST, Operator.MORE_THAN))
        step = float(draw.randint(2, 20)) if facet.meaning is Meaning.YEAR else max(1.0, round(abs(value) / 10))
        value = value + step if operator in (Operator.AT_MOST, Operator.LESS_THAN) else value - step
    assert value is not None
    return Constraint(facet=facet.name, operator=operator, value=value, must=must)


def _words_of(text: str, draw: random.Random) -> str:
    words = re.findall(r"\b[a-z]{5,}\b", text)
    return " ".join(draw.sample(words, min(2, len(words)))) if words else "something new"


def _pick(catalog: Catalog, row: int, state: TalkState, request: Request, draw: random.Random) -> Pick:
    item = catalog.item(row)
    evidence = tuple(_evidence(catalog, item, state, draw))
    about = {Act.DETAILS, Act.COMPARE} & set(request.acts)
    return Pick(item=item, score=1.0, evidence=evidence, reasons=() if about else reasons_for(catalog.schema, evidence))


def _evidence(catalog: Catalog, item: Item, state: TalkState, draw: random.Random) -> Iterator[Evidence]:
    row = catalog.row(item.id)
    for one in state.constraints:
        value = item.facets.get(one.facet)
        if value is not None and catalog.meets(one)[row]:
            if one.than is not None and isinstance(value, float) and isinstance(one.value, float):
                title = catalog.titles[catalog.row(one.than)]
                yield Compared(facet=one.facet, value=value, than_id=one.than, than_title=title, than_value=one.value)
            yield ConstraintMet(constraint=one, value=value, weight=draw.random())
    for model in (*state.similar, *state.liked):
        shared = _shared(catalog, item, catalog.item(catalog.row(model)))
        if shared:
            title = catalog.titles[catalog.row(model)]
            yield SharesWith(item_id=model, title=title, liked=model in state.liked, shared=shared, weight=1.0)
    words = [word for text in state.texts for word in text.split() if word in item.text]
    if words:
        yield WordsMatch(words=tuple(words), weight=1.0)
    for facet in catalog.schema.by_meaning(Meaning.RATING):
        value = item.facets.get(facet.name)
        if isinstance(value, float) and draw.random() < 0.5:
            yield WellRated(facet=facet.name, value=value, weight=0.5)


def _shared(catalog: Catalog, item: Item, model: Item) -> tuple[tuple[str, str], ...]:
    found = []
    for facet in catalog.schema.facets:
        if facet.kind in (Kind.CATEGORY, Kind.CATEGORIES):
            mine, theirs = (_several(one.facets.get(facet.name)) for one in (item, model))
            found += [(facet.name, value) for value in mine if value in theirs]
    return tuple(found[:3])


def _several(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(map(str, value))
    return () if value is None else (str(value),)
