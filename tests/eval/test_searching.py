"""Search: the figure is trec_eval's, and a product that is described in full stands first."""

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranking_sets import icecat, settings_in

from shoptalk.eval.contest import RankingPlan
from shoptalk.eval.searching import graded, run_search

GRADES = st.dictionaries(st.integers(0, 30).map(str), st.integers(0, 3), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(grades=GRADES, ranking=st.lists(st.integers(0, 30).map(str), unique=True, min_size=1, max_size=15))
def test_ndcg_is_that_of_trec_eval(grades, ranking):
    run = {"q": {item: float(-rank) for rank, item in enumerate(ranking)}}
    (told,) = ir_measures.iter_calc([ir_measures.nDCG @ 10], {"q": grades}, run)
    ((ndcg, judged),) = graded([ranking], [grades]).tolist()
    assert ndcg == pytest.approx(told.value)
    assert judged == sum(item in grades for item in ranking[:10]) / 10


def test_nothing_found_is_worth_nothing():
    assert graded([()], [{"a": 3}]).tolist() == [[0, 0]]


def test_products_whose_kind_and_name_are_told_are_found_as_a_message_and_as_text(tmp_path):
    icecat(tmp_path / "data" / "icecat")
    plan = RankingPlan("icecat", tmp_path / "data", "valid", resamples=50)
    report = run_search(plan, settings=settings_in(tmp_path))
    (board,) = report.boards
    told = {one.system: one.figures["NDCG@10"].value for one in board.standings}
    assert list(told)[:2] == ["shoptalk", "shoptalk, as plain text"]
    assert told["shoptalk"] > 0.9
    assert told["BM25, all text"] == 1.0
    assert board.strongest is not None
    assert board.strongest.system.startswith("BM25")
    assert (board.rows, report.trained_on) == (12, {})
    assert {one.system for one in report.latency} == {"shoptalk", "shoptalk, as plain text"}
    assert any("1 judged quer" in note for note in report.notes)
