import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.ranking.steps import Step, placed, rerank, score_range

# Eighths add up exactly, so that what is equal stays equal.
EIGHTHS = st.integers(-16, 16).map(lambda number: number / 8)


@st.composite
def candidates(draw):
    """Scores, best first, with amounts for some of the steps and masks of what is hidden and sold out."""
    n = draw(st.integers(1, 12))
    scores = np.array(sorted(draw(st.lists(EIGHTHS, min_size=n, max_size=n)), reverse=True))
    steps = draw(st.sets(st.sampled_from([Step.LIFT, Step.MARGIN, Step.NOVELTY])))
    amounts = {step: np.array(draw(st.lists(EIGHTHS, min_size=n, max_size=n))) for step in steps}
    masks = st.lists(st.booleans(), min_size=n, max_size=n).map(np.array)
    return scores, amounts, draw(masks), draw(masks)


@given(candidates())
def test_without_any_step_the_order_is_that_of_the_scores(given_):
    scores, *_ = given_
    after = rerank(scores, {})
    assert after.order.tolist() == list(range(len(scores)))
    assert np.array_equal(after.scores, scores)
    assert (after.moves, after.behind) == ((), 0)


@given(candidates())
def test_what_is_hidden_is_gone_whatever_else_is_done_to_it(given_):
    scores, amounts, hidden, out = given_
    after = rerank(scores, amounts, hidden=hidden, sold_out=out)
    assert sorted(after.order.tolist()) == np.flatnonzero(~hidden).tolist()


@given(candidates())
def test_what_is_sold_out_stands_behind_all_else_whatever_lifted_it(given_):
    scores, amounts, hidden, out = given_
    after = rerank(scores, amounts, hidden=hidden, sold_out=out)
    is_out = out[after.order]
    assert after.behind == is_out.sum()
    assert is_out[len(is_out) - after.behind :].all()


@given(candidates(), st.sampled_from([1, 2, 4]), st.data())
def test_a_boost_never_lowers_a_place_and_a_burial_never_raises_one(given_, eighths, data):
    scores, amounts, hidden, out = given_
    touched = np.array(data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))

    def places(more):
        lift = amounts.get(Step.LIFT, np.zeros(len(scores))) + more * touched
        order = rerank(scores, amounts | {Step.LIFT: lift}, hidden=hidden, sold_out=out).order.tolist()
        return {one: order.index(one) for one in order if touched[one]}

    before, boosted, buried = places(0), places(eighths / 8), places(-eighths / 8)
    assert all(boosted[one] <= place <= buried[one] for one, place in before.items())


@given(candidates())
def test_what_each_step_did_adds_up_to_where_a_candidate_stands(given_):
    scores, amounts, hidden, out = given_
    after = rerank(scores, amounts, hidden=hidden, sold_out=out)
    first = np.argsort(np.argsort(after.order))
    won = sum((move.places for move in after.moves), np.zeros(len(first), dtype=int))
    assert np.array_equal(first - won, np.arange(len(first)))
    added = sum((move.amounts for move in after.moves), scores[after.order])
    assert np.array_equal(added, after.scores)
    assert [move.step for move in after.moves] == sorted((move.step for move in after.moves), key=list(Step).index)


@given(candidates(), st.sampled_from([0.125, 0.25, 0.5]))
def test_no_candidate_passes_one_that_scores_more_than_the_greatest_amount_above_it(given_, most):
    scores, *_ = given_
    random = np.random.default_rng(len(scores))
    after = rerank(scores, {Step.MARGIN: most * random.integers(0, 9, len(scores)) / 8})
    place = np.argsort(after.order)
    for above in range(len(scores)):
        for below in range(above + 1, len(scores)):
            assert place[above] < place[below] or scores[above] - scores[below] <= most


@given(
    st.lists(st.integers(0, 9), unique=True, max_size=8),
    st.dictionaries(st.integers(1, 9), st.integers(0, 20), max_size=4),
    st.integers(0, 8),
)
def test_pins_stand_at_their_places_and_nothing_is_shown_twice(picked, pins, k):
    pins = {place: one for at, (place, one) in enumerate(pins.items()) if one not in list(pins.values())[:at]}
    shown = placed(picked[:k], pins, k)
    assert len(shown) <= k
    assert len(set(shown)) == len(shown)
    wanted = {place: one for place, one in pins.items() if place <= k}
    unpinned = [one for one in picked[:k] if one not in wanted.values()]
    for before, place in enumerate(sorted(wanted)):
        assert shown.index(wanted[place]) == min(place - 1, len(unpinned) + before)
    rest = [one for one in shown if one not in wanted.values()]
    assert rest == unpinned[: len(rest)]


@pytest.mark.parametrize(
    ("scores", "pool", "distance"),
    [([5.0, 4.0, 1.0], 2, 1.0), ([5.0, 4.0, 1.0], 9, 4.0), ([2.0, 2.0], 5, 1.0), ([], 5, 1.0)],
)
def test_amounts_are_shares_of_how_far_the_scores_of_the_pool_lie_apart(scores, pool, distance):
    assert score_range(np.array(scores), pool) == distance
