"""The measurements: that each step measures what it says, on a small shop, and that a run leaves the shop as it was."""

import json
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console

from shoptalk.errors import CatalogError, ShopError, ShopNotFoundError
from shoptalk.eval.bench import BenchPlan, Figure, catalog_of, run_bench
from shoptalk.eval.made_sessions import made_sessions
from shoptalk.eval.measuring import STEPS
from shoptalk.eval.messages import made_talks
from shoptalk.eval.report import bench_tables
from shoptalk.eval.synthetic import write_synthetic
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.schema import Column, Role, Schema
from shoptalk.settings import Settings
from shoptalk.shop import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """A small shop; the settings it was built with are the environment's while this module runs."""
    place = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HOME": place / "home",
            "CACHE": place / "cache",
            "ENCODER": "hashing",
            "THREADS": 1,
        }.items():
            patch.setenv(f"SHOPTALK_{name}", str(value))
        source = write_synthetic(place / "few.jsonl", 40)
        with Shop.build(source, place / "few", settings=Settings()) as built:
            yield built


def files_of(shop: Shop) -> dict[str, int]:
    """Files with the time they were last written; those that SQLite keeps beside talks.db come and go."""
    files = [path for path in shop.folder.rglob("*") if path.is_file() and not path.name.startswith("talks.db")]
    return {str(path.relative_to(shop.folder)): path.stat().st_mtime_ns for path in files}


def test_made_talks_are_different_messages_and_the_same_for_the_same_seed(shop):
    talks = made_talks(shop.catalog, 150, seed=2)
    messages = [message for talk in talks for message in talk]
    assert talks == made_talks(shop.catalog, 150, seed=2) != made_talks(shop.catalog, 150, seed=3)
    assert len(messages) == len(set(messages)) == 150
    assert all(len(talk) == 4 for talk in talks[:-1])


def test_a_bare_catalog_gives_as_many_talks_as_it_can():
    schema = Schema(columns=(Column(name="title", role=Role.TITLE),))
    bare = Catalog.from_items([Item(id="1", title="?"), Item(id="2", title="!!")], schema)
    messages = [message for talk in made_talks(bare, 400) for message in talk]
    assert 0 < len(messages) < 400
    assert len(messages) == len(set(messages))


def test_building_is_timed_by_stage_and_within_the_encoder(shop, tmp_path):
    source = write_synthetic(tmp_path / "few.jsonl", 10)
    result = STEPS["build"](str(source), str(tmp_path / "built"))
    assert list(result["stages"]) == ["read", "encode", "index", "train"]
    assert 0 < result["encoder"] < result["seconds"]
    assert sum(result["stages"].values()) <= result["seconds"]
    assert result["items"] == 10


def test_a_turn_is_timed_as_a_whole_and_by_step(shop):
    result = STEPS["turns"](str(shop.folder), count=12, seed=0)
    assert len(result["whole"]) == 12
    assert {"understand", "find", "rank", "explain", "log"} <= set(result["steps"])
    assert min(result["whole"]) > 0


def test_the_index_is_held_against_exact_search(shop):
    cases = STEPS["search"](str(shop.folder), count=14, seed=0)["cases"]
    assert [(case["share"], case["k"]) for case in cases] == [(s, k) for s in (1.0, 0.5, 0.1, 0.01) for k in (10, 100)]
    assert all(case["recall"] == 1 for case in cases)


def test_reranking_and_opening_are_timed(shop):
    assert len(STEPS["rerank"](str(shop.folder), count=15, seed=0)["milliseconds"]) == 15
    opened = STEPS["open"](str(shop.folder))
    assert opened["open"] > 0
    assert opened["memory"] > 10


def test_a_shop_is_taught_and_what_learning_adds_is_timed_by_part(shop, tmp_path):
    folder = tmp_path / "taught"
    shutil.copytree(shop.folder, folder, ignore=shutil.ignore_patterns("talks.db*", "writer.*"))
    result = STEPS["learned"](str(folder), sessions=60, count=5, seed=0)
    find, rank = result["find"], result["rank"]
    with Shop.open(folder) as taught:
        assert taught.finder.learned is not None
        assert {"popular", "item_knn", "als", "talks_dense"} <= set(taught.finder.learned.names) <= set(find)
        assert taught.ranking.ranker.kind == "lambdarank"
    parts = [times for name, times in find.items() if name != "whole"]
    assert np.sum(parts, axis=0) == pytest.approx(find["whole"])
    assert np.sum([rank["features"], rank["trees"]], axis=0) == pytest.approx(rank["whole"])


def test_made_up_sessions_are_the_same_for_the_same_seed_and_unevenly_spread(shop):
    made = made_sessions(shop.catalog, 50, 10, seed=1)
    again, other = made_sessions(shop.catalog, 50, 10, seed=1), made_sessions(shop.catalog, 50, 10, seed=2)
    assert made.said == again.said
    assert made.items.tolist() == again.items.tolist() != other.items.tolist()
    assert len(made) == 60
    assert [len(one) for one in made.said[-10:]] == [8] * 10
    counts = np.sort(np.bincount(made.items, minlength=40))
    assert counts[-4:].sum() > counts[:36].sum()


def test_a_run_reports_targets_and_leaves_the_shop_as_it_was(shop):
    before = files_of(shop), shop.log.counts()
    steps: list[str] = []
    plan = BenchPlan(shop=str(shop.folder), turns=10, reranks=12, searches=12, repeats=1, sessions=60)
    report = run_bench(plan, progress=lambda stage, done, total: steps.append(stage))
    assert (files_of(shop), shop.log.counts()) == before
    assert {(figure.section, figure.name) for figure in report.figures if figure.target is not None} == {
        ("start", "import shoptalk, with python"),
        ("start", "shoptalk --help"),
        ("start", "open"),
        ("turn", "p50"),
        ("turn", "p95"),
        ("re-rank", "p50"),
        ("re-rank", "p99"),
        ("learned", "turn p50"),
        ("learned", "turn p95"),
        ("learned: rank", "re-rank p50"),
        ("learned: rank", "re-rank p99"),
    }
    by_source = {figure.name for figure in report.figures if figure.section == "learned: find"}
    assert {"whole p50", "encoder p50", "item_knn p50", "talks_bm25 p50", "all else p50"} <= by_source
    assert report.items == 40
    assert {"open", "turns", "search"} <= set(steps)
    assert json.loads(report.model_dump_json())["figures"][0]["meets"] in (True, False, None)
    console = Console(width=100)
    with console.capture() as captured:
        for table in bench_tables(report):
            console.print(table)
    assert "re-rank" in captured.get()
    assert "p50 / exact" in captured.get()


def test_a_figure_meets_its_target_or_misses_it():
    assert Figure(section="turn", name="p50", value=25, unit="ms", target=25).meets is True
    assert Figure(section="turn", name="p50", value=25.1, unit="ms", target=25).meets is False
    assert Figure(section="turn", name="p50", value=25.1, unit="ms").meets is None


def test_what_cannot_be_measured_is_told(shop, tmp_path):
    with pytest.raises(ShopNotFoundError):
        run_bench(BenchPlan(shop="nowhere"))
    with pytest.raises(CatalogError, match="there is no such file"):
        run_bench(BenchPlan(source=tmp_path / "none.csv"))
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(ShopError, match="Measuring 'build' failed"):
        run_bench(BenchPlan(source=empty))


def test_made_up_items_stand_in_where_there_is_no_data(tmp_path):
    made = catalog_of(BenchPlan(items=30, data=tmp_path), tmp_path)
    assert made.name == "made-up-30.jsonl.gz"
    films = tmp_path / "wiki_movies" / "movies.jsonl.gz"
    films.parent.mkdir()
    films.touch()
    assert catalog_of(BenchPlan(data=tmp_path), tmp_path) == films
