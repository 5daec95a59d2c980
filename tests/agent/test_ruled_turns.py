"""Whole turns in a shop with rules of its own and with what people chose before: the promises hold there too."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk import Shop
from shoptalk.agent.events import Done, Reply
from shoptalk.agent.state import TalkState
from shoptalk.agent.turn import Engine, take_turn
from shoptalk.ranking.rank import Ranking, RankingConfig
from shoptalk.ranking.rules import Rule, RuleKind, Rules, in_force
from shoptalk.retrieval.query import Constraint, Operator

MESSAGES = (
    "something like Alien but funny, under two hours", "a comedy from the 80s", "no horror please", "more",
    "I love Jaws and Titanic", "a heist film, not in English", "older ones", "start over", "newest horror",
)  # fmt: skip
HORROR = Constraint(facet="genres", operator=Operator.IS, value="Horror")


def engine_with(shop: Shop, rules: Rules, **config: object) -> Engine:
    engine = shop.refresh().engine
    held = in_force(rules, shop.catalog, date(2026, 3, 1))
    ranking = Ranking(
        engine.ranking.space, engine.ranking.ranker, RankingConfig(**config), rules=lambda: held, allowed=engine.finder.allowed
    )  # fmt: skip
    return replace(engine, ranking=ranking)


def replies(engine: Engine, messages: list[str]) -> Iterator[Reply]:
    states = [TalkState()]
    for message in messages:
        for event in take_turn(engine, states[-1], message, lambda state, reply, query: states.append(state)):
            if isinstance(event, Done):
                yield event.reply


@pytest.fixture(scope="module")
def ruled(films_shop):
    """An engine whose shop hides horror, pins a horror film too, features two comedies and asks for novelty."""
    catalog = films_shop.catalog
    funny = [catalog.ids[row] for row in catalog.meets(HORROR.model_copy(update={"value": "Comedy"})).nonzero()[0]]
    scary = [catalog.ids[row] for row in catalog.meets(HORROR).nonzero()[0]]
    calm = [one for one in funny if one not in scary]
    rules = Rules(
        rules=(
            Rule(kind=RuleKind.PIN, name="pinned", items=(scary[0], calm[0]), place=1, why="film of the month"),
            Rule(kind=RuleKind.HIDE, name="hidden", where=(HORROR,)),
            Rule(kind=RuleKind.BOOST, name="boosted", items=tuple(calm[1:40]), amount=0.6),
        )
    )
    return engine_with(films_shop, rules, novelty=0.3), set(scary), calm[0]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=4))
def test_in_any_talk_the_hidden_stay_hidden_and_what_the_shop_features_is_said_to_be(ruled, messages):
    engine, hidden, _ = ruled
    for reply in replies(engine, messages):
        for place, pick in enumerate(reply.picks, start=1):
            assert pick.item.id not in hidden
            rules = {fact.rule for fact in pick.evidence if fact.kind == "rule"}
            assert bool(rules & {"pin", "boost"}) == any("featured by the shop" in one for one in pick.reasons)
            if rules & {"pin", "boost"}:
                line = re.search(rf"^{place}\. .*$", reply.text, re.MULTILINE)
                assert line is not None
                assert "featured by the shop" in line[0]


def test_a_hidden_film_is_not_shown_to_who_asks_about_it_by_name(ruled):
    engine, hidden, _ = ruled
    alien = next(one for one in engine.catalog.ids if one.startswith("alien-"))
    assert alien in hidden
    for message in ("tell me about Alien", "compare Alien and Titanic", "how long is Alien?"):
        (reply,) = replies(engine, [message])
        assert alien not in [pick.item.id for pick in reply.picks]
    (open_reply,) = replies(engine, ["tell me about Titanic"])
    assert [pick.item.title for pick in open_reply.picks] == ["Titanic"]


def test_a_pinned_film_is_shown_where_it_meets_what_was_asked_and_nowhere_else(ruled):
    engine, _, pinned = ruled
    film = engine.catalog.item(engine.catalog.row(pinned))
    year = int(film.facets["year"])
    (met,) = replies(engine, ["a comedy"])
    assert met.picks[0].item.id == pinned
    (missed,) = replies(engine, [f"a comedy from after {year}"])
    assert missed.picks
    assert pinned not in [pick.item.id for pick in missed.picks]
