"""What evidence from people's choices and from the shop's own rules becomes in words, and what the check lets pass."""

import pytest

from shoptalk.agent.checking import Known
from shoptalk.agent.events import Pick
from shoptalk.agent.explaining import Answer
from shoptalk.agent.reasons import reasons_for
from shoptalk.agent.state import TalkState
from shoptalk.ranking.evidence import (
    FollowsOn,
    Fresh,
    LikedTogether,
    NamedAfter,
    Popular,
    RuleApplied,
    SharesWith,
    Varied,
    WellRated,
)
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.query import Request
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

SCHEMA = Schema(
    columns=(
        Column(name="title", role=Role.TITLE),
        Column(name="director", role=Role.FACET, kind=Kind.CATEGORY, meaning=Meaning.PERSON),
        Column(name="rating", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.RATING),
    )
)
CHOICES = {
    "often goes together with Alien: 31 times": LikedTogether(item_id="a", title="Alien", sessions=31),
    "often chosen soon after Alien": FollowsOn(item_id="a", title="Alien", place=4),
    "chosen in 12 of the 50 moments of past talks most like this one": NamedAfter(times=12, among=50),
    "no. 3 of what people choose here": Popular(rank=3),
    "less known than most here": Fresh(moved=2, popularity=0.1),
    "for variety: less like the other picks": Varied(passed=2),
}
RATED = WellRated(weight=0.9, facet="rating", value=8.1, count=1200)


def weighing(fact, weight):
    return fact.model_copy(update={"weight": weight})


def rule(kind, **told):
    return RuleApplied(rule=kind, name="spring campaign", **({"moved": 2, "weight": 0.3} | told))


@pytest.mark.parametrize(("sentence", "fact"), CHOICES.items(), ids=[fact.kind for fact in CHOICES.values()])
def test_each_kind_of_evidence_is_told_if_it_moved_the_pick_and_is_not_if_it_did_not(sentence, fact):
    assert reasons_for(SCHEMA, [weighing(fact, 0.2)]) == (sentence,)
    assert reasons_for(SCHEMA, [weighing(fact, 0.0)]) == ()
    assert reasons_for(SCHEMA, [weighing(fact, -0.2)]) == ()


@pytest.mark.parametrize("kind", ["pin", "boost"])
def test_what_the_shop_features_is_said_first_however_little_it_weighs(kind):
    facts = [RATED, weighing(Popular(rank=1), 0.5), rule(kind, weight=0.0, moved=0)]
    assert reasons_for(SCHEMA, facts)[0] == "featured by the shop"
    told = reasons_for(SCHEMA, [RATED, rule(kind, why="Easter offers")])
    assert told == ("featured by the shop: Easter offers", "rating 8.1 by 1,200")


def test_featured_is_said_once_and_among_a_crowd_of_reasons_too():
    facts = [weighing(fact, 0.9) for fact in CHOICES.values()]
    told = reasons_for(SCHEMA, [*facts, rule("boost"), rule("pin", why="Easter offers")])
    assert told[0] == "featured by the shop: Easter offers"
    assert len(told) == 4
    assert sum("featured" in one for one in told) == 1


def test_margin_is_owned_up_to_where_it_won_a_place():
    assert reasons_for(SCHEMA, [rule("margin", moved=1)]) == ("featured by the shop",)
    assert reasons_for(SCHEMA, [rule("margin", moved=0)]) == ()


def test_a_burial_is_no_reason_and_what_is_sold_out_is_said():
    assert reasons_for(SCHEMA, [rule("bury", weight=-0.3, moved=-2, why="slow to deliver")]) == ()
    assert reasons_for(SCHEMA, [rule("stock", weight=-3.0, moved=-2)]) == ("sold out at the moment",)


def known_from(*facts):
    item = Item(id="b", title="Brazil", facets={"director": "Terry Gilliam"})
    pick = Pick(item=item, score=1.0, evidence=facts)
    answer = Answer(
        schema=SCHEMA, shop="films", size=60, request=Request(message="a film"), state=TalkState(), picks=(pick,),
        passing=1,
    )  # fmt: skip
    return Known(answer)


@pytest.mark.parametrize(("sentence", "fact"), CHOICES.items(), ids=[fact.kind for fact in CHOICES.values()])
def test_the_check_lets_pass_what_such_evidence_says(sentence, fact):
    assert known_from(weighing(fact, 0.2)).untraceable(f"1. **Brazil**: {sentence}.") == ()


def test_the_check_knows_the_item_that_evidence_speaks_of_and_what_the_shop_says_of_a_rule():
    known = known_from(CHOICES["often chosen soon after Alien"], rule("pin", why="20 years of us"))
    assert known.untraceable("**Brazil**: often chosen right after **Alien**, 20 years of us.") == ()
    assert known.untraceable("**Jaws** is better.") == ("Jaws",)


@pytest.mark.parametrize(
    ("fact", "number"),
    [
        (LikedTogether(weight=0.625, item_id="f77", title="Alien", sessions=31), "625"),
        (LikedTogether(weight=0.625, item_id="f77", title="Alien", sessions=31), "77"),
        (FollowsOn(weight=0.2, item_id="a", title="Alien", place=4), "4"),
        (rule("boost", moved=17), "17"),
        (rule("margin", weight=0.4375), "0.4375"),
        (Fresh(weight=0.2, moved=13, popularity=0.125), "13"),
        (SharesWith(weight=0.2, item_id="f88", title="Alien", liked=True, shared=(("director", "X"),)), "88"),
    ],
)
def test_the_check_lets_no_weight_no_id_and_no_places_pass_as_facts(fact, number):
    assert known_from(fact).untraceable(f"It has {number} awards.") == (number,)
