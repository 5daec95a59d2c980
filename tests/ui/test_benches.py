"""The commands of `shoptalk bench` that measure ranking: what they say of data that is not there, and what they write."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shoptalk.eval.standings import RankingReport
from shoptalk.ui.cli import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in a home of its own, its data in a folder `data`."""
    chosen = {"HOME": str(tmp_path / "home"), "CACHE": str(tmp_path / "cache"), "ENCODER": "hashing", "THREADS": "1"}
    for name, value in {**chosen, "TAGGER": "none", "CHROMA_URL": "", "DATA": str(tmp_path / "data")}.items():
        monkeypatch.setenv(f"SHOPTALK_{name}", value)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "data").mkdir()

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["bench", *arguments])

    return invoke


def products(folder: Path) -> None:
    folder.mkdir(parents=True)
    names = "desk lamp;oak table;pine shelf;steel chair;wool rug;clay vase;glass bowl;brass clock".split(";")
    told = [{"id": f"i{at}", "title": name, "price": 500 + at} for at, name in enumerate(names)]
    (folder / "products.jsonl").write_text("\n".join(map(json.dumps, told)))
    with (folder / "judgements.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["query", "docid", "rating"])
        rows.writerows([name, f"i{at}", 3] for at, name in enumerate(names))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("crs", "--dataset", "redial"), "looked for 'test_data.jsonl'"),
        (("crs", "--dataset", "nowhere"), "There is no dataset 'nowhere' here"),
        (("crs", "--dataset", "icecat"), "There is no dataset 'icecat' here"),
        (("next", "--dataset", "games"), "items.tsv"),
        (("search", "--dataset", "icecat", "--split", "test"), "the split 'test' is not there"),
    ],
)
def test_what_is_not_there_is_told_in_a_line_or_two_and_nothing_is_made(run, tmp_path, arguments, told):
    products(tmp_path / "data" / "icecat")
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "home").exists()


def test_a_report_is_written_whole_and_a_place_for_it_that_cannot_be_is_refused_first(run, tmp_path):
    products(tmp_path / "data" / "icecat")
    asked = ("search", "--dataset", "icecat", "--most", "5", "--work", str(tmp_path / "work"))
    assert run(*asked, "--json", str(tmp_path / "none" / "out.json")).exit_code == 2
    assert not (tmp_path / "work").exists()
    result = run(*asked, "--json", str(tmp_path / "out.json"))
    assert result.exit_code == 0, result.output
    report = RankingReport.model_validate_json((tmp_path / "out.json").read_text())
    assert (report.asked, report.there, report.split) == (5, 8, "valid")
    assert "only 5 of 8 questions, drawn by lot" in result.stdout
    assert "Written to" in result.stdout
    assert [path.name for path in tmp_path.glob("*out*")] == ["out.json"]
    printed = run(*asked, "--json", "-")
    assert RankingReport.model_validate_json(printed.stdout).boards == report.boards
