"""The figures of an evaluation: against hand-computed cases, and the properties that any such figure has."""

from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk.eval.metrics import MEASURES, TargetRow, bootstrap_intervals, score_rows, summarise

SIXTY = tuple(f"item {number}" for number in range(1, 61))


def scores_of(target: str, ranking: tuple[str, ...]) -> dict[str, float]:
    return dict(zip(MEASURES, score_rows([TargetRow("d", target, ranking)])[0], strict=True))


@pytest.mark.parametrize(
    ("rank", "recall_1", "recall_5", "recall_10", "recall_50", "ndcg", "mrr"),
    [
        (1, 1, 1, 1, 1, 1, 1),
        (2, 0, 1, 1, 1, 1 / log2(3), 1 / 2),
        (5, 0, 1, 1, 1, 1 / log2(6), 1 / 5),
        (6, 0, 0, 1, 1, 1 / log2(7), 1 / 6),
        (10, 0, 0, 1, 1, 1 / log2(11), 1 / 10),
        (11, 0, 0, 0, 1, 0, 0),
        (50, 0, 0, 0, 1, 0, 0),
        (51, 0, 0, 0, 0, 0, 0),
    ],
)
def test_each_measure_is_the_hand_computed_one(rank, recall_1, recall_5, recall_10, recall_50, ndcg, mrr):
    scores = scores_of(f"item {rank}", SIXTY)
    assert list(scores.values()) == pytest.approx([recall_1, recall_5, recall_10, recall_50, ndcg, mrr])


def test_what_is_not_ranked_is_a_miss():
    assert set(scores_of("elsewhere", SIXTY).values()) == {0.0}
    assert set(scores_of("elsewhere", ()).values()) == {0.0}


def test_the_average_is_over_targets_not_over_dialogues():
    rows = [TargetRow("long", "a", ("a", "b"))] * 3 + [TargetRow("short", "x", ("a", "b"))]
    assert summarise(rows)["Recall@1"].value == 0.75


def test_a_ranking_that_repeats_an_item_is_refused():
    with pytest.raises(ValueError, match="dialogue 'd7' repeats"):
        score_rows([TargetRow("d7", "a", ("b", "a", "b"))])


def test_no_rows_give_no_figures():
    assert summarise([]) == {}


def test_intervals_hold_the_mean_repeat_with_the_seed_and_narrow_with_more_dialogues():
    few = [TargetRow(f"d{n}", "a", ("a",) if n % 2 else ("b",)) for n in range(20)]
    many = [TargetRow(f"d{n}", "a", ("a",) if n % 2 else ("b",)) for n in range(500)]
    small, large = summarise(few, seed=5)["Recall@1"], summarise(many, seed=5)["Recall@1"]
    assert small == summarise(few, seed=5)["Recall@1"]
    assert small.low < small.value < small.high
    assert large.high - large.low < (small.high - small.low) / 3


def test_a_dialogue_is_resampled_whole():
    """Rows of one dialogue are no independent draws: the same rows under one name give a wider interval."""
    scores = np.array([[1.0], [0.0]] * 50)
    apart = [f"d{n}" for n in range(100)]
    together = ["hits" if n % 2 == 0 else "misses" for n in range(100)]
    narrow, wide = bootstrap_intervals(scores, apart), bootstrap_intervals(scores, together)
    assert wide[1][0] - wide[0][0] > 3 * (narrow[1][0] - narrow[0][0])
    assert (wide[0][0], wide[1][0]) == (0.0, 1.0)


rankings = st.lists(st.integers(0, 80), unique=True, max_size=70).map(lambda numbers: tuple(map(str, numbers)))


@settings(max_examples=40, deadline=None)
@given(ranking=rankings, target=st.integers(0, 80).map(str), seed=st.integers(0, 99))
def test_the_order_below_fifty_changes_nothing(ranking, target, seed):
    tail = list(ranking[50:])
    np.random.default_rng(seed).shuffle(tail)
    assert scores_of(target, ranking) == scores_of(target, ranking[:50] + tuple(tail))


@settings(max_examples=40, deadline=None)
@given(ranking=rankings, at=st.integers(0, 70))
def test_adding_the_target_to_a_ranking_that_lacks_it_never_lowers_a_figure(ranking, at):
    lacking, adding = scores_of("target", ranking), scores_of("target", (*ranking[:at], "target", *ranking[at:]))
    assert all(adding[name] >= lacking[name] == 0 for name in MEASURES)


@settings(max_examples=40, deadline=None)
@given(ranking=rankings.filter(lambda ranking: len(ranking) > 1), data=st.data())
def test_moving_the_target_up_never_lowers_a_figure_and_all_stay_between_zero_and_one(ranking, data):
    place = data.draw(st.integers(1, len(ranking) - 1))
    target = ranking[place]
    above = data.draw(st.integers(0, place - 1))
    rest = [item for item in ranking if item != target]
    before, after = scores_of(target, ranking), scores_of(target, (*rest[:above], target, *rest[above:]))
    assert all(0 <= before[name] <= after[name] <= 1 for name in MEASURES)
