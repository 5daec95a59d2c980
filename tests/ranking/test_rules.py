from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from ranking_cases import SCHEMA, asks, checkerboard, film, found, space_of

from shoptalk.ranking.evidence import RuleApplied, Varied
from shoptalk.ranking.lambdarank import FusedRanker
from shoptalk.ranking.rank import Ranking, RankingConfig
from shoptalk.ranking.rules import Margin, Rule, RuleKind, Rules, in_force, misfits, sold_out, touched
from shoptalk.ranking.space import FeatureSpace
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Operator, Query
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

DAY = date(2026, 3, 1)
BOARD = space_of(checkerboard())
COMEDY = asks("genres", Operator.IS, "Comedy", must=True)
IDS = BOARD.catalog.ids


def rule(kind, *items, **told):
    return Rule(kind=kind, name=f"{kind} rule", items=items, **told)


def allowed(query):
    mask = BOARD.catalog.passing(query.must)
    mask[BOARD.catalog.rows(query.exclude)] = False
    return mask


def ranking_with(*rules, margin=None, **config):
    held = in_force(Rules(rules=rules, margin=margin), BOARD.catalog, DAY)
    return Ranking(BOARD, FusedRanker(), RankingConfig(**config), rules=lambda: held, allowed=allowed)


def shown_by(ranking, query, candidates, k=4):
    ranked = ranking.rank(query, candidates)
    picks = ranking.pick(ranked, k)
    told = ranking.evidence(query, candidates, ranked, picks)
    return [ranking.space.catalog.ids[row] for row in ranked.rows[picks].tolist()], told


def found_for(query, rng):
    """Some candidates that the query lets pass, in any order."""
    rows = rng.permutation(np.flatnonzero(allowed(query)))[: rng.integers(1, 30)]
    return found(rows, fused=np.round(rng.random(len(rows)), 2))


RULES = st.lists(
    st.one_of(
        st.builds(
            lambda kind, items, amount: rule(kind, *items, amount=amount),
            st.sampled_from([RuleKind.BOOST, RuleKind.BURY]),
            st.lists(st.sampled_from(IDS), min_size=1, max_size=20),
            st.floats(0.01, 1),
        ),
        st.builds(
            lambda items, place: rule(RuleKind.PIN, *items, place=place),
            st.lists(st.sampled_from(IDS), min_size=1, max_size=3),
            st.integers(1, 6),
        ),
        st.builds(lambda items: rule(RuleKind.HIDE, *items), st.lists(st.sampled_from(IDS), min_size=1, max_size=30)),
    ),
    max_size=5,
)
QUERIES = st.builds(
    lambda must, out: Query(must=(COMEDY,) if must else (), exclude=frozenset(out)),
    st.booleans(),
    st.lists(st.sampled_from(IDS), max_size=20),
)
CONFIGS = st.fixed_dictionaries({"diversity": st.booleans(), "novelty": st.sampled_from([0.0, 0.5])})


@settings(deadline=None)
@given(RULES, QUERIES, CONFIGS, st.integers(0, 99))
def test_what_is_hidden_is_never_shown_whatever_else_the_rules_say(rules, query, config, seed):
    hidden = {one for each in rules if each.kind is RuleKind.HIDE for one in each.items}
    candidates = found_for(query, np.random.default_rng(seed))
    ids, _ = shown_by(ranking_with(*rules, margin=Margin(facet="minutes"), **config), query, candidates, 6)
    assert not set(ids) & hidden


@settings(deadline=None)
@given(RULES, QUERIES, CONFIGS, st.integers(0, 99))
def test_no_rule_shows_what_the_query_does_not_let_pass(rules, query, config, seed):
    candidates = found_for(query, np.random.default_rng(seed))
    ids, _ = shown_by(ranking_with(*rules, **config), query, candidates, 6)
    assert allowed(query)[BOARD.catalog.rows(ids)].all()
    assert len(set(ids)) == len(ids)


@settings(deadline=None)
@given(RULES, QUERIES, st.integers(0, 99))
def test_with_every_switch_off_picks_come_by_score_alone(rules, query, seed):
    candidates = found_for(query, np.random.default_rng(seed))
    switches = dict.fromkeys(("hide", "lift", "margin", "diversity", "pin"), False)
    off = Ranking(
        BOARD,
        FusedRanker(),
        RankingConfig(**switches),
        rules=lambda: in_force(Rules(rules=rules, margin=Margin(facet="year")), BOARD.catalog, DAY),
        allowed=allowed,
    )
    ids, told = shown_by(off, query, candidates, 6)
    plain = np.lexsort((candidates.rows, -candidates.fused))
    assert ids == [IDS[row] for row in candidates.rows[plain][:6].tolist()]
    assert not any(isinstance(fact, RuleApplied | Varied) for facts in told for fact in facts)


@settings(deadline=None)
@given(st.lists(st.sampled_from(IDS), min_size=1, max_size=20), st.sampled_from([0.25, 0.5, 1.0]), st.integers(0, 99))
def test_a_boosted_item_never_loses_a_place_and_a_buried_one_never_wins_one(items, amount, seed):
    random = np.random.default_rng(seed)
    rows = random.permutation(len(IDS))[:30]
    candidates = found(rows, fused=random.integers(0, 9, 30) / 8)

    def places(*rules):
        rows = ranking_with(*rules).rank(Query(), candidates).rows.tolist()
        return {IDS[row]: place for place, row in enumerate(rows) if IDS[row] in items}

    plain = places()
    boosted, buried = places(rule("boost", *items, amount=amount)), places(rule("bury", *items, amount=amount))
    assert all(boosted[one] <= place <= buried[one] for one, place in plain.items())


SIX = found(range(6), fused=[1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
"""film-0-0 to film-0-5, in this order."""


def applied(facts):
    return [fact for fact in facts if isinstance(fact, RuleApplied)]


def test_a_boost_of_a_half_lifts_an_item_over_half_of_the_score_range_and_is_told_as_that():
    boost = rule("boost", "film-0-4", amount=0.5, why="our spring film")
    ids, told = shown_by(ranking_with(boost, diversity=False), Query(), SIX, 3)
    assert ids == ["film-0-0", "film-0-1", "film-0-4"]
    (fact,) = applied(told[2])
    assert (fact.rule, fact.name, fact.why, fact.moved) == ("boost", "boost rule", "our spring film", 2)
    scores = FusedRanker().score(ranking_with().rank(Query(), SIX).x)
    assert fact.weight == pytest.approx(0.5 * (scores[0] - scores[-1]), rel=1e-4)
    assert not applied(told[0]) + applied(told[1])


def test_a_burial_speaks_against_what_is_shown_all_the_same():
    ids, told = shown_by(ranking_with(rule("bury", "film-0-0", amount=1), diversity=False), Query(), SIX, 6)
    assert ids[-2:] == ["film-0-0", "film-0-5"]
    (fact,) = applied(told[-2])
    assert fact.weight < 0
    assert (fact.rule, fact.moved) == ("bury", -4)


def test_a_pinned_item_that_was_not_found_is_brought_in_if_it_passes():
    pin = rule("pin", "film-9-0", "film-9-1", place=2)
    ids, told = shown_by(ranking_with(pin, diversity=False), Query(), SIX, 4)
    assert ids == ["film-0-0", "film-9-0", "film-9-1", "film-0-1"]
    assert [fact.rule for fact in applied(told[1])] == ["pin"]
    assert applied(told[1])[0].moved == 5
    assert applied(told[1])[0].weight > 0
    assert not applied(told[0]) + applied(told[3])
    ids, _ = shown_by(ranking_with(pin, diversity=False), Query(must=(COMEDY,)), found([0, 2, 4]), 4)
    assert ids == ["film-0-0", "film-9-0", "film-0-2", "film-0-4"]


def test_a_pin_beyond_what_is_shown_pins_nothing_and_is_not_told():
    ids, told = shown_by(ranking_with(rule("pin", "film-0-1", place=9), diversity=False), Query(), SIX, 3)
    assert ids == ["film-0-0", "film-0-1", "film-0-2"]
    assert not applied(told[1])


def test_a_pin_that_does_not_pass_leaves_its_place_to_the_next_of_its_rule():
    pin = rule("pin", "film-9-1", "film-9-2", "film-9-0")
    ids, _ = shown_by(ranking_with(pin, diversity=False), Query(must=(COMEDY,)), found([0, 2, 4]), 3)
    assert ids == ["film-9-2", "film-9-0", "film-0-0"]


def test_of_two_pins_to_one_place_the_first_in_the_file_has_it():
    pins = rule("pin", "film-0-5"), rule("pin", "film-0-4")
    assert shown_by(ranking_with(*pins, diversity=False), Query(), SIX, 3)[0] == ["film-0-5", "film-0-4", "film-0-0"]


def test_margin_moves_what_is_nearly_as_relevant_and_nothing_else():
    films = [film("a", minutes=1.0), film("b", minutes=9.0), film("c", minutes=5.0)]
    space = space_of(films)
    held = in_force(Rules(margin=Margin(facet="minutes", weight=0.2)), space.catalog, DAY)
    ranking = Ranking(space, FusedRanker(), RankingConfig(diversity=False), rules=lambda: held)
    close, far = found([0, 1, 2], fused=[1.0, 0.95, 0.5]), found([0, 1, 2], fused=[1.0, 0.8, 0.5])
    ids, told = shown_by(ranking, Query(), close, 3)
    assert ids == ["b", "a", "c"]
    assert [(fact.rule, fact.moved, fact.weight > 0) for fact in applied(told[0])] == [("margin", 1, True)]
    assert shown_by(ranking, Query(), far, 3)[0] == ["a", "b", "c"]


STOCKED = Schema(
    columns=(
        *SCHEMA.columns,
        Column(name="stock", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.STOCK),
    )
)


def stocked(**config):
    held = [film("gone", stock=0.0), film("left", stock=3.0), film("other", stock=1.0), film("unsaid")]
    space = FeatureSpace(Catalog.from_items(held, STOCKED), np.eye(4, dtype=np.float32))
    return Ranking(space, FusedRanker(), RankingConfig(**config))


def test_what_is_sold_out_is_left_out_buried_or_shown_where_it_was_asked_for():
    four = found(range(4))
    assert sold_out(stocked().space.catalog).tolist() == [True, False, False, False]
    assert shown_by(stocked(), Query(), four)[0] == ["left", "other", "unsaid"]
    for_it = Query(must=(asks("stock", Operator.AT_MOST, 0.0, must=True),))
    assert shown_by(stocked(), for_it, found([0]))[0] == ["gone"]
    ids, told = shown_by(stocked(sold_out="bury"), Query(), four)
    assert ids == ["left", "other", "unsaid", "gone"]
    assert [(fact.rule, fact.moved) for fact in applied(told[-1])] == [("stock", -3)]
    assert shown_by(stocked(sold_out="bury"), Query(), four, 3)[0] == ["left", "other", "unsaid"]


def test_a_pick_for_variety_says_what_it_was_preferred_to():
    vectors = np.zeros((4, 3), dtype=np.float32)
    vectors[:3, 0], vectors[3, 1] = 1, 1
    ranking = Ranking(space_of([film(f"f{n}") for n in range(4)], vectors), FusedRanker(), RankingConfig(trade_off=0.5))
    ids, told = shown_by(ranking, Query(), found(range(4), fused=[1.0, 0.9, 0.8, 0.7]), 2)
    assert ids == ["f0", "f3"]
    (varied,) = [fact for fact in told[1] if isinstance(fact, Varied)]
    assert varied.passed == 2
    assert varied.weight > 0
    assert not any(isinstance(fact, Varied) for fact in told[0])


def test_rules_hold_from_their_first_day_to_their_last():
    hide = Rule.model_validate(
        {"kind": "hide", "name": "spring", "items": ["film-0-0"], "from": "2026-03-01", "until": "2026-03-02"}
    )
    hidden = {day: in_force(Rules(rules=(hide,)), BOARD.catalog, date(2026, 3, day)).hidden for day in (1, 2, 3)}
    assert hidden[1] is not None
    assert hidden[2] is not None
    assert hidden[3] is None
    assert in_force(Rules(rules=(hide,)), BOARD.catalog, date(2026, 2, 28)).hidden is None


def test_a_rule_touches_its_items_or_all_that_meet_its_constraints():
    by_ids = rule("hide", "film-0-0", "of yesterday")
    by_facets = Rule(kind="bury", name="old comedies", where=(COMEDY, asks("year", Operator.LESS_THAN, 1955.0)))
    assert np.flatnonzero(touched(by_ids, BOARD.catalog)).tolist() == [0]
    assert [IDS[row] for row in np.flatnonzero(touched(by_facets, BOARD.catalog))] == [
        f"film-0-{n}" for n in range(0, 10, 2)
    ]


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"kind": "hide"}, "either items or where"),
        ({"kind": "pin", "where": [COMEDY]}, "a pin names its items"),
        ({"kind": "hide", "items": ["a"], "amount": 0.5}, "only boost and bury have an amount"),
        ({"kind": "boost", "items": ["a"], "place": 2}, "only a pin has a place"),
        ({"kind": "hide", "items": ["a"], "from": "2026-02-01", "until": "2026-01-01"}, "before it begins"),
        ({"kind": "boost", "items": ["a"], "amount": 1.5}, "less than or equal to 1"),
        ({"kind": "praise", "items": ["a"]}, "'boost', 'bury', 'pin' or 'hide'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(told, problem):
    with pytest.raises(ValidationError, match=problem):
        Rule.model_validate({"name": "x"} | told)


def test_what_the_catalog_cannot_be_asked_is_told_with_rule_and_field():
    rules = Rules(
        rules=(
            rule("hide", "film-0-0"),
            Rule(kind="hide", name="x", where=(COMEDY, asks("colour", Operator.IS, "red"))),
            Rule(kind="hide", name="y", where=(asks("year", Operator.IS, "soon"),)),
        ),
        margin=Margin(facet="genres"),
    )
    found_wrong = list(misfits(rules, BOARD.catalog))
    assert [(number, name) for number, name, _ in found_wrong] == [
        (2, "where.1.facet"),
        (3, "where.0.value"),
        (None, "margin.facet"),
    ]
    assert "there is no facet 'colour'; there are director, genres" in found_wrong[0][2]
