"""Recommendation in dialogues: which turns are asked, how targets are counted, and that what was learned is found."""

import json

import numpy as np
import pytest
from ranking_sets import PAIRS, inspired, settings_in
from rich.console import Console

from shoptalk.errors import DatasetError
from shoptalk.eval.boards import ranking_tables
from shoptalk.eval.contest import Answers, RankingPlan
from shoptalk.eval.crs import MEASURES, recommended_in, rows_of, run_crs
from shoptalk.eval.logs import Dialogue, LoggedTurn
from shoptalk.eval.standings import Kind, RankingReport


def turn(role: str, *items: str) -> LoggedTurn:
    return LoggedTurn(role=role, text="so they said", items=items)


TALK = Dialogue(
    id="d", turns=(turn("shop", "a"), turn("user", "b"), turn("shop", "b", "c"), turn("shop"), turn("shop", "x", "x"))
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("crs")


@pytest.fixture(scope="module")
def report(place) -> RankingReport:
    """Measured on talks in which what is named decides what is recommended."""
    inspired(place / "data" / "inspired")
    plan = RankingPlan("inspired", place / "data", "valid", ablation=True, resamples=200)
    return run_crs(plan, settings=settings_in(place))


def test_a_question_is_a_turn_that_recommends_after_something_was_said():
    second, third = recommended_in([TALK])
    assert (second.targets, second.named, len(second.said)) == (("b", "c"), {"a", "b"}, 2)
    assert (third.targets, third.named, len(third.said)) == (("x",), {"a", "b", "c"}, 4)
    assert [one.by_user for one in third.said] == [False, True, False, False]


def test_full_counts_every_target_and_dedup_drops_what_was_named_from_targets_and_ranking():
    turns = list(recommended_in([TALK]))
    answers = [Answers("s", Kind.SHOP, [("a", "b", "c"), ("a", "b", "x")], [1.0, 1.0])]
    full, dedup, cold_items, cold_users = rows_of(turns, answers, frozenset("abc"))
    mrr = MEASURES.index("MRR@10")
    assert full.values[0][:, mrr].tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 3])
    assert dedup.values[0][:, mrr].tolist() == [1.0, 1.0]
    assert cold_items.values[0][:, mrr].tolist() == pytest.approx([1 / 3])
    assert (len(full.owners), len(dedup.owners), len(cold_users.owners)) == (3, 2, 0)


def figures(report: RankingReport, board: str) -> dict[str, float]:
    (held,) = [one for one in report.boards if one.name == board]
    return {one.system: one.figures["Recall@1"].value for one in held.standings}


def test_what_training_always_recommends_after_a_film_is_found_and_popularity_cannot_know_it(report):
    told = figures(report, "dedup")
    assert told["shoptalk"] > 0.9
    assert told["EASE"] > 0.9
    assert told["popularity"] <= 1 / PAIRS
    assert {"shoptalk", "popularity", "BM25, all text", "BM25, the shop's fields", "item-kNN", "EASE", "dense"} <= {
        *told
    }


def test_each_question_was_asked_once_and_each_target_is_a_row(report):
    rows = {board.name: (board.rows, board.owners) for board in report.boards}
    assert (report.asked, report.there) == (2 * PAIRS, 2 * PAIRS)
    assert rows == {"full": (2 * PAIRS, PAIRS), "dedup": (PAIRS, PAIRS)}
    assert report.trained_on == {"dialogues": 10 * PAIRS, "turns": 50 * PAIRS}
    assert any("cold items" in note for note in report.notes)


def test_a_part_that_is_left_out_is_measured_beside_the_whole(report):
    (board,) = [one for one in report.ablation if one.name == "dedup"]
    lacking = {one.system: one for one in board.standings if one.kind is Kind.WITHOUT}
    assert {"without collaborative", "without words", "without content", "without popularity"} <= {*lacking}
    for one in lacking.values():
        whole, lead = board.standings[0].figures["Recall@10"].value, one.lead["Recall@10"].value
        assert one.figures["Recall@10"].value == pytest.approx(whole - lead)


def test_a_report_is_the_same_after_json_and_reads_as_tables(report):
    assert RankingReport.model_validate_json(report.model_dump_json()) == report
    assert json.loads(report.model_dump_json())["boards"][0]["standings"][0]["kind"] == "shop"
    console = Console(width=120)
    with console.capture() as captured:
        for table in ranking_tables(report):
            console.print(table)
    told = captured.get()
    for expected in ("not measured here", "He et al.", "shoptalk − ", "what each part brings", "p50 / p95", "seed 0"):
        assert expected in told


def test_a_shop_that_was_made_is_used_again_until_it_is_to_be_fresh(place, report):
    plan = RankingPlan("inspired", place / "data", "valid", most=5, resamples=50)
    again = run_crs(plan, settings=settings_in(place))
    assert (again.made, again.stages, again.asked) == (report.made, report.stages, 5)
    assert again.there == 2 * PAIRS
    assert f"only 5 of {2 * PAIRS} questions" in str(ranking_tables(again)[0])
    (record,) = (place / "home" / "bench").glob("*/made.json")
    record.write_text(record.read_text().replace('"content": "', '"content": "other'))
    assert run_crs(plan, settings=settings_in(place)).peak_memory >= report.peak_memory
    assert json.loads(record.read_text())["content"][:5] != "other"


def test_what_was_learned_is_part_of_what_a_shop_is_kept_for(place, report):
    inspired(place / "more" / "inspired", train=11)
    told = run_crs(RankingPlan("inspired", place / "more", "valid", most=3, resamples=20), settings=settings_in(place))
    assert told.trained_on["dialogues"] == 11 * PAIRS
    assert len(list((place / "home" / "bench").iterdir())) == 2


def test_a_split_that_is_not_there_is_told_before_anything_is_made(place, report):
    with pytest.raises(DatasetError, match="the split 'test' is not there"):
        run_crs(RankingPlan("inspired", place / "data", "test", work=place / "none"), settings=settings_in(place))
    assert not (place / "none").exists()
    with pytest.raises(DatasetError, match="There is no dataset 'games' here"):
        run_crs(RankingPlan("games", place / "data", "test"))


def test_rankings_hold_each_item_once(report):
    shop = report.boards[0].standings[0]
    values = np.array([shop.figures[name].value for name in ("Recall@1", "Recall@10", "Recall@50")])
    assert (np.diff(values) >= 0).all()
