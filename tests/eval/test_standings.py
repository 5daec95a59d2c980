"""Standings: measures from ranks, and what an interval of a mean or of a difference has to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk.eval.metrics import MEASURES, TargetRow, bootstrap_intervals, score_rows
from shoptalk.eval.standings import Board, Kind, Scored, board_of, measures_of, rank_of

OWNERS = [f"d{row % 40}" for row in range(120)]


def board(*values: np.ndarray, owners=OWNERS, seed=0) -> Board:
    kinds = [Kind.SHOP, *[Kind.BASELINE] * (len(values) - 1)]
    scored = [Scored(f"s{at}", kind, one) for at, (kind, one) in enumerate(zip(kinds, values, strict=True))]
    return board_of("b", "rows", scored, owners, ("R",), owner="dialogues", headline="R", seed=seed)


def hits(share: float, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).random((120, 1)) < share).astype(float)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_measures_from_ranks_are_those_of_trec_eval(ranks):
    ranking = tuple(f"i{rank}" for rank in range(1, 61))
    told = score_rows([TargetRow("d", f"i{rank}", ranking) for rank in ranks])
    assert measures_of(np.array(ranks, dtype=float), tuple(MEASURES)) == pytest.approx(told)


def test_what_is_not_ranked_is_a_miss():
    assert rank_of("a", ("b", "a")) == 2
    assert measures_of(np.array([rank_of("c", ("b", "a"))]), ("Recall@10", "NDCG@10", "MRR@10")).tolist() == [[0, 0, 0]]


def test_intervals_hold_the_mean_and_are_as_wide_as_the_plain_bootstrap_says():
    values = hits(0.3)
    (one,) = board(values).standings
    low, high = bootstrap_intervals(values, OWNERS, seed=9)
    figure = one.figures["R"]
    assert figure.low < figure.value == values.mean() < figure.high
    assert (figure.low, figure.high) == pytest.approx((low[0], high[0]), abs=0.02)


def test_many_owners_are_drawn_in_parts_and_give_the_same_interval_as_few_rows_would():
    values = np.tile([[0.0], [1.0]], (2500, 1))
    (one,) = board(values, owners=[str(row) for row in range(5000)]).standings
    assert one.figures["R"].high - one.figures["R"].low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(5000), rel=0.15)


def test_a_difference_is_paired():
    """The same hits but for one that is missed: each figure is uncertain, the difference hardly."""
    shop = hits(0.5)
    other = shop.copy()
    other[np.flatnonzero(shop)[:6]] = 0
    _, rival = board(shop, other).standings
    lead, figure = rival.lead["R"], rival.figures["R"]
    assert lead.value == pytest.approx(6 / 120)
    assert 0 < lead.low < lead.value < lead.high
    assert lead.high - lead.low < (figure.high - figure.low) / 2


def test_the_same_answers_are_no_lead_and_seeds_repeat():
    values = hits(0.4)
    _, rival = board(values, values.copy(), seed=3).standings
    assert (rival.lead["R"].low, rival.lead["R"].value, rival.lead["R"].high) == (0, 0, 0)
    assert board(values, hits(0.2), seed=3) == board(values, hits(0.2), seed=3)
    uneven = np.random.default_rng(5).random((120, 1))
    assert board(uneven, seed=3) != board(uneven, seed=4)


def test_the_strongest_is_a_baseline_never_the_shop_nor_one_of_its_models():
    values = [hits(share, seed=2) for share in (0.9, 0.2, 0.5, 0.8)]
    kinds = (Kind.SHOP, Kind.BASELINE, Kind.BASELINE, Kind.MODEL)
    scored = [Scored(f"s{at}", kind, one) for at, (kind, one) in enumerate(zip(kinds, values, strict=True))]
    made = board_of("b", "rows", scored, OWNERS, ("R",), owner="dialogues", headline="R")
    assert made.strongest is not None
    assert made.strongest.system == "s2"
    assert board(values[0]).strongest is None


def test_a_board_refuses_rows_that_do_not_go_together():
    with pytest.raises(ValueError, match=r"'b' has .* not so: s1"):
        board(hits(0.5), hits(0.5)[:-1])
    with pytest.raises(ValueError, match="it is empty"):
        board(np.empty((0, 1)), owners=[])
