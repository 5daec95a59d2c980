"""The next item: who is asked what, that nothing which they had is ranked, and that what always follows is found."""

import numpy as np
import pytest
from ranking_sets import games, settings_in

from shoptalk.eval.contest import Answers, RankingPlan
from shoptalk.eval.datasets.collections import Interactions, LeftOut, collection
from shoptalk.eval.next_item import queries_after, rows_of, run_next
from shoptalk.eval.standings import Kind, RankingReport
from shoptalk.eval.workshop import opened_shop


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("next")


@pytest.fixture(scope="module")
def report(place) -> RankingReport:
    games(place / "data" / "games")
    return run_next(RankingPlan("games", place / "data", "test", resamples=100), settings=settings_in(place))


def test_what_everybody_buys_next_is_found_and_is_no_question_of_popularity(report):
    (board,) = [one for one in report.boards if one.name == "all"]
    told = {one.system: one.figures["Recall@10"].value for one in board.standings}
    assert told["shoptalk"] > 0.9
    assert told["item-kNN"] > 0.9
    assert told["popularity"] < 0.8
    assert (board.rows, board.owners, report.trained_on) == (120, 120, {"users": 120, "interactions": 600})


def test_a_query_holds_what_was_had_in_order_and_keeps_it_out(place, report):
    told = collection("games", "next").read(place / "data" / "games", "test")
    users = told.test[:3]
    with opened_shop(told, "test", settings=settings_in(place)) as (shop, _):
        queries = queries_after(users, told.train, shop.catalog, limit=20)
        for user, query in zip(users, queries, strict=True):
            assert tuple(touch.item_id for touch in query.history) == user.had
            assert [touch.ago for touch in query.history] == [5, 4, 3, 2, 1]
            assert query.exclude == {*user.had}
            found = shop.find(query)
            assert not {*user.had} & {shop.catalog.ids[row] for row in found.rows.tolist()}
            assert query.limit == 20


def test_what_happened_at_one_time_is_one_step(place, report):
    told = collection("games", "next").read(place / "data" / "games", "test")
    user = LeftOut("u", ("3", "gone", "5", "7"), (1.0, 1.0, 0.3, -0.5), "8")
    times = np.array([10.0, 10.0, 20.0, 20.0])
    unknown = np.full(4, np.nan)
    with opened_shop(told, "test", settings=settings_in(place)) as (shop, _):
        events = Interactions(np.array(["u"] * 4), np.array(user.had), np.array(user.values), unknown, times)
        (query,) = queries_after([user], events, shop.catalog, limit=20)
    assert [(one.item_id, one.value, one.ago) for one in query.history] == [("3", 1, 2), ("5", 0.3, 1), ("7", -0.5, 1)]
    assert query.liked == ("3", "5")
    assert query.exclude == {"3", "gone", "5", "7"}


def test_rows_of_cold_items_and_short_histories_stand_apart():
    users = [LeftOut("a", ("1",), (1.0,), "2"), LeftOut("b", tuple("13456789"), (1.0,) * 8, "new")]
    answers = [Answers("s", Kind.SHOP, [("9", "2"), ("new",)], [1.0, 1.0])]
    every, cold, few = rows_of(users, answers, frozenset("123456789"))
    assert every.values[0][:, 0].tolist() == pytest.approx([1 / np.log2(3), 1])
    assert (cold.owners, few.owners) == (["b"], ["a"])
    assert cold.values[0].tolist() == [[1, 1]]
