"""Replaying a log: which turns are questions, what counts as a target, and that the shop answers as in a talk."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from shoptalk.errors import LogError
from shoptalk.eval.logs import Dialogue, ItemNames, LoggedFeedback, LoggedTurn, write_dialogues
from shoptalk.eval.replay import ShopRanks, evaluate, evaluate_log, questions_of
from shoptalk.eval.report import evaluation_tables
from shoptalk.settings import Settings
from shoptalk.shop import Shop

DRINKS = [
    {"id": "t1", "title": "Sencha", "kind": "tea", "origin": "Japan", "sold": 900, "text": "green grassy leaves"},
    {"id": "t2", "title": "Assam", "kind": "tea", "origin": "India", "sold": 500, "text": "strong malty breakfast"},
    {"id": "t3", "title": "Darjeeling", "kind": "tea", "origin": "India", "sold": 400, "text": "light muscatel spring"},
    {"id": "c1", "title": "Mokka", "kind": "coffee", "origin": "Yemen", "sold": 50, "text": "winey chocolate beans"},
    {"id": "c2", "title": "Sidamo", "kind": "coffee", "origin": "Ethiopia", "sold": 70, "text": "floral lemon beans"},
    {"id": "c3", "title": "Antigua", "kind": "coffee", "origin": "Guatemala", "sold": 60, "text": "smoky spicy beans"},
    {"id": "j1", "title": "Quince", "kind": "juice", "origin": "Turkey", "sold": 20, "text": "tart golden fruit"},
    {"id": "j2", "title": "Elderberry", "kind": "juice", "origin": "Austria", "sold": 30, "text": "dark berries sweet"},
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Shop]:
    place = tmp_path_factory.mktemp("replay")
    source = place / "drinks.jsonl"
    source.write_text("\n".join(map(json.dumps, DRINKS)))
    settings = Settings(home=place / "home", cache=place / "cache", encoder="hashing", threads=1)
    with Shop.build(source, place / "drinks", settings=settings) as built:
        yield built


def user(text: str, *items: str, liked: str = "") -> LoggedTurn:
    told = (LoggedFeedback(item=liked, liked=True, seen=True),) if liked else ()
    return LoggedTurn(role="user", text=text, items=items, feedback=told)


def reply(*items: str) -> LoggedTurn:
    return LoggedTurn(role="shop", text="How about this?", items=items)


def test_a_question_is_a_shop_turn_that_names_items_after_something_was_said(shop):
    turns = (reply("t1"), user("tea please", "Assam"), reply("t2", "Assam", "Rooibos"), reply(), reply("t3"))
    first, second = questions_of([Dialogue(id="d", turns=turns)], ItemNames(shop.catalog))
    assert (first.targets, first.unknown, first.named) == (("t2",), ("Rooibos",), {"t1", "t2"})
    assert (second.targets, second.named) == (("t3",), {"t1", "t2"})
    assert second.before == turns[:4]


def test_feedback_names_an_item_too(shop):
    turns = (user("I love it", liked="Mokka"), reply("c1"))
    (question,) = questions_of([Dialogue(id="d", turns=turns)], ItemNames(shop.catalog))
    assert question.named == {"c1"}


def test_the_shop_understands_and_merges_turns_as_in_a_talk(shop):
    turns = (user("coffee please"), reply("c2"), user("from Yemen"), reply("c1"))
    ranks = ShopRanks(shop)
    first, second = questions_of([Dialogue(id="d", turns=turns)], ItemNames(shop.catalog))
    assert set(ranks.rank(first, 10)) == {"c1", "c2", "c3"}
    assert list(ranks.rank(second, 10)) == ["c1"]
    (other,) = questions_of([Dialogue(id="e", turns=(user("juice"), reply("j1")))], ItemNames(shop.catalog))
    assert set(ranks.rank(other, 10)) == {"j1", "j2"}


def test_nothing_is_written_into_the_shops_talks(shop):
    before = shop.log.counts()
    evaluate(shop, [Dialogue(id="d", turns=(user("tea"), reply("t1")))])
    assert shop.log.counts() == before


def test_dedup_drops_repeated_targets_and_takes_named_items_out_of_the_ranking(shop):
    turns = (user("tea please"), reply("t1"), user("another one"), reply("t1", "t2"))
    report = evaluate(shop, [Dialogue(id="d", turns=turns)])
    popularity = next(system for system in report.systems if system.name == "popularity")
    assert (report.questions, report.targets_full, report.targets_dedup) == (2, 3, 2)
    assert popularity.full["Recall@1"].value == pytest.approx(2 / 3)
    assert popularity.dedup["Recall@1"].value == 1.0


def test_where_all_targets_were_named_before_dedup_has_no_figures(shop):
    report = evaluate(shop, [Dialogue(id="d", turns=(user("Sencha, you say", "t1"), reply("t1")))])
    assert report.targets_dedup == 0
    assert all(system.dedup == {} for system in report.systems)
    assert "-" in shown(report)


def test_a_shop_that_understands_beats_popularity_on_what_was_asked(shop):
    asked = [("coffee from Yemen", "c1"), ("coffee with lemon", "c2"), ("smoky coffee", "c3"), ("tart juice", "j1")]
    dialogues = [Dialogue(id=item, turns=(user(text), reply(item))) for text, item in asked]
    scores = {system.name: system.full["MRR@10"].value for system in evaluate(shop, dialogues).systems}
    assert scores["shop"] >= 0.75 > scores["popularity"]
    assert set(scores) == {"shop", "BM25", "encoder", "popularity"}


def test_a_report_repeats_tells_unknown_targets_and_stops_after_the_first_dialogues(shop, tmp_path):
    log = tmp_path / "log.jsonl"
    write_dialogues(log, [Dialogue(id=f"d{n}", turns=(user("tea"), reply("Assam", "Rooibos"))) for n in range(4)])
    told: list[tuple[str, int, int | None]] = []
    report = evaluate_log(shop, log, most=3, seed=7, progress=lambda *step: told.append(step))
    again = evaluate_log(shop, log, most=3, seed=7)
    assert [system.full for system in report.systems] == [system.full for system in again.systems]
    assert (report.dialogues, report.targets_full, report.targets_unknown) == (3, 3, 3)
    assert report.unknown_examples == ("Rooibos",)
    assert told[-1][1:] == (3, 3)
    assert "3 more targets (50.0%) are not in the shop" in shown(report)


def test_a_log_that_recommends_nothing_known_is_told(shop, tmp_path):
    log = tmp_path / "log.jsonl"
    write_dialogues(log, [Dialogue(id="d", turns=(user("tea"), reply("Rooibos")))])
    with pytest.raises(LogError, match="no shop turn names an item"):
        evaluate_log(shop, Path(log))


def shown(report) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        for table in evaluation_tables(report):
            console.print(table)
    return captured.get()
