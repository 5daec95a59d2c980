"""The command line: what each command prints, where errors go, and that output is readable when nobody watches it."""

import csv
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from io import StringIO
from pathlib import Path
from urllib.request import urlopen

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from shoptalk.eval.synthetic import synthetic_records, write_synthetic
from shoptalk.ui.cli import app

COMMANDS = (
    *("build", "update", "show", "rules", "talk", "ask", "chat", "mcp"),
    *("train", "teach", "teach-talks", "teach-ranker", "tune", "merge", "stand-in", "eval", "bench"),
)
SHOPTALK = [sys.executable, "-c", "from shoptalk.ui.cli import main; main()"]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home with one shop, 'things', built by the command itself."""
    place = tmp_path_factory.mktemp("cli")
    write_synthetic(place / "things.jsonl", 90, seed=3)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings_of(place).items():
            patch.setenv(name, value)
        result = CliRunner().invoke(app, ["build", str(place / "things.jsonl")])
    assert result.exit_code == 0, result.output
    (place / "build.txt").write_text(result.stdout + "\n---\n" + result.stderr)
    return place


@pytest.fixture(scope="module")
def few(home) -> Path:
    """A source of twelve things: too few to train on, so that building takes no time."""
    return write_synthetic(home / "few.jsonl", 12, seed=3)


@pytest.fixture
def run(home, monkeypatch):
    """Runs a command in that home."""
    for name, value in settings_of(home).items():
        monkeypatch.setenv(name, value)

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    return invoke


def settings_of(place: Path) -> dict[str, str]:
    return {
        "SHOPTALK_HOME": str(place / "home"),
        "SHOPTALK_CACHE": str(place / "cache"),
        "SHOPTALK_ENCODER": "hashing",
        "SHOPTALK_THREADS": "1",
        "SHOPTALK_CHROMA_URL": "",
        "SHOPTALK_DATA": "",
        "COLUMNS": "120",
    }


def test_help_names_every_command_and_each_command_teaches_by_example(run):
    overview = run("--help").stdout
    for command in COMMANDS:
        told = run(command, "--help")
        assert told.exit_code == 0
        assert command in overview
        assert "Example" in told.stdout
        assert "shoptalk" in told.stdout


def test_help_imports_nothing_heavy():
    heavy = "torch transformers gradio lightgbm chromadb onnxruntime tantivy polars pyarrow numpy".split()
    code = f"import sys, shoptalk.ui.cli; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_version_is_printed(run):
    import shoptalk

    assert run("--version").stdout == f"shoptalk {shoptalk.__version__}\n"


def test_build_shows_what_columns_were_taken_for_and_what_to_type_next(home):
    told, progress = (home / "build.txt").read_text().split("\n---\n")
    assert "price" in told
    assert "number · price" in told
    assert "shoptalk talk things" in told
    assert "Encoding: 90" in progress
    assert "\x1b" not in told + progress


def test_build_takes_a_persons_word_about_columns(run, tmp_path):
    path = tmp_path / "wares.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["key", "label", "about", "cost_minor", "hue", "noise", "len"])
        for number, record in enumerate(synthetic_records(12, seed=8)):
            price = int(record["price"] * 100)
            colours = "|".join(record["colours"])
            rows.writerow([f"k{number}", record["title"], record["description"], price, colours, "zzz", 10 + number])
    words = ["--id", "key", "--title", "label", "--text", "about", "--price", "cost_minor:minor"]
    words += ["--facet", "hue:categories", "--ignore", "noise", "--unit", "len=min"]
    built = run("build", str(path), "--into", str(tmp_path / "shop"), "--name", "wares", *words)
    assert built.exit_code == 0, built.output
    facts = json.loads(run("show", str(tmp_path / "shop"), "--json").stdout)
    taken = {row["column"]: row["taken_for"] for row in facts["facets"]}
    assert facts["name"] == "wares"
    assert taken["cost_minor"].startswith("number · price")
    assert "× 0.01" in taken["cost_minor"]
    assert taken["hue"].startswith("categories")
    assert taken["len"].endswith("min")
    assert taken["noise"] == "ignored"
    assert (taken["key"], taken["label"], taken["about"]) == ("id", "title", "text")


def test_building_over_a_shop_is_refused_until_replace_is_said(run, few, tmp_path):
    source = str(few)
    assert run("build", source, str(tmp_path / "twice")).exit_code == 0
    refused = run("build", source, str(tmp_path / "twice"))
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert run("build", source, str(tmp_path / "twice"), "--replace").exit_code == 0


def test_bad_records_stop_a_build_with_file_and_row_or_are_left_out(run, tmp_path):
    path = tmp_path / "bad.jsonl"
    lines = [json.dumps(record) for record in synthetic_records(12)]
    path.write_text("\n".join([*lines[:4], "{oops", *lines[4:]]) + "\n")
    stopped = run("build", str(path), str(tmp_path / "shop"))
    assert stopped.exit_code == 2
    assert "bad.jsonl, row 5" in stopped.stderr
    assert "Traceback" not in stopped.output
    skipped = run("build", str(path), str(tmp_path / "shop"), "--skip-bad")
    assert skipped.exit_code == 0
    assert "12 items" in skipped.stdout
    assert "1 bad record was left out" in skipped.stdout


def test_show_tells_facets_sizes_and_talks_and_verifies(run):
    shown = run("show", "things", "--verify")
    assert shown.exit_code == 0, shown.output
    for expected in ("90 items", "category", "on disk", "talks", "verified  yes"):
        assert expected in shown.stdout
    assert json.loads(run("show", "things", "--json").stdout)["items"] == 90


def test_show_tells_that_facets_json_was_edited_and_update_brings_it_in_line(run, few, tmp_path):
    shop = tmp_path / "edited"
    run("build", str(few), str(shop))
    facets = shop / "facets.json"
    facets.write_text(facets.read_text().replace('"label": "material"', '"label": "stuff"'))
    assert "facets.json was edited" in run("show", str(shop)).stdout
    assert run("update", str(shop)).exit_code == 0
    assert "facets.json was edited" not in run("show", str(shop)).stdout


def test_update_adds_changes_and_removes(run, few, tmp_path):
    shop, news = str(tmp_path / "shop"), tmp_path / "news.jsonl"
    run("build", str(few), shop)
    records = list(synthetic_records(14, seed=3))
    news.write_text("\n".join(json.dumps(record) for record in [records[5] | {"price": 1.5}, *records[12:]]) + "\n")
    told = run("update", shop, str(news), "--remove", records[0]["id"])
    assert told.exit_code == 0, told.output
    assert "2 added, 1 changed, 1 removed" in told.stdout
    assert "not removed: gone" in run("update", shop, "--remove", "gone").stdout


def test_a_shop_whose_name_has_a_space_is_named_as_it_is_typed(run, few, tmp_path):
    assert "shoptalk talk 'Fine Things'" in run("build", str(few), "--name", "Fine Things").stdout


def test_ask_prints_text_and_picks_or_only_json(run):
    plain = run("ask", "things", "something for gardeners")
    assert plain.exit_code == 0, plain.output
    assert "1. " in plain.stdout
    assert "\x1b" not in plain.stdout
    reply = json.loads(run("ask", "things", "something for gardeners", "--json", "--user", "ana").stdout)
    assert reply["picks"]
    assert reply["request"]["message"] == "something for gardeners"
    assert all(pick["item"]["title"] for pick in reply["picks"])


def test_a_talk_through_a_pipe_answers_each_line_and_knows_its_commands(run):
    lines = ["something for the kitchen", "/like 2", "/not 1", "/seen 1", "/drop", "/drop nothing", "/like 99", "/what"]
    lines += ["/help", "/new", "/like 1", "/quit", "never read"]
    told = run("talk", "things", "--user", "bo", typed="\n".join(lines) + "\n")
    assert told.exit_code == 0, told.output
    for expected in ("> something for the kitchen", "1. ", "You like", "Not ", "Seen:", "nothing called 'nothing'"):
        assert expected in told.stdout
    for expected in (
        "takes its number: one of 1 to",
        "There is no command /what",
        "/drop 1",
        "We start over",
        "no picks yet",
    ):
        assert expected in told.stdout
    assert "never read" not in told.stdout
    assert "\x1b" not in told.stdout


def test_what_the_talk_holds_on_to_is_listed_and_taken_back(run):
    told = run("talk", "things", typed="something under 20 dollars\n/drop\n/drop 1\n/drop\n").stdout
    assert "1. " in told
    assert "Dropped:" in told
    assert "holds on to nothing" in told.split("Dropped:")[1]


def test_an_offer_is_taken_and_undone_in_the_terminal(run):
    told = run("talk", "things", typed="something under 1 dollar\n/take 9\n/take 1\n/undo\n").stdout
    assert "You could answer: 1. " in told
    assert "Which choice?" in told
    assert "Changed: " in told.split("Which choice?")[1]
    assert "Taken back: " in told


def test_feedback_from_the_terminal_is_learned_from(run):
    run(
        "talk",
        "things",
        "--user",
        "cy",
        typed="something with wood\n/like 1\nsomething for collectors\n/like 2\n/not 1\n",
    )
    told = run("train", "things")
    assert told.exit_code == 0, told.output
    assert "trees" in told.stdout


def test_eval_prints_figures_beside_baselines_and_writes_them_as_json(run, tmp_path):
    log, out = tmp_path / "log.jsonl", tmp_path / "result.json"
    records = list(synthetic_records(6, seed=3))
    asked = [{"role": "user", "text": f"{record['category']} from {record['brand']}"} for record in records]
    told = [{"role": "shop", "text": "This?", "items": [record["title"]]} for record in records]
    log.write_text(
        "".join(
            json.dumps({"id": str(n), "turns": pair}) + "\n" for n, pair in enumerate(zip(asked, told, strict=False))
        )
    )
    printed = run("eval", str(log), "--shop", "things", "--json", str(out))
    assert printed.exit_code == 0, printed.output
    for expected in ("Recall@10", "NDCG@10", "dedup", "BM25", "6 targets"):
        assert expected in printed.stdout
    only_json = run("eval", str(log), "--shop", "things", "--json", "-")
    report = json.loads(only_json.stdout)
    assert report["systems"][0]["name"] == "shop"
    assert report["systems"][0]["full"] == json.loads(out.read_text())["systems"][0]["full"]


def test_a_report_that_cannot_be_written_and_a_log_that_is_not_there_are_told_before_the_work(run, tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"id": "d", "turns": [{"role": "user", "text": "hi"}]}\n')
    refused = run("eval", str(log), "--shop", "things", "--json", str(tmp_path / "nowhere" / "out.json"))
    assert refused.exit_code == 2
    assert "there is no folder" in " ".join(refused.stderr.replace("│", " ").split())
    missing = run("eval", str(tmp_path / "no.jsonl"), "--shop", "no-such-shop")
    assert missing.exit_code == 2
    assert "no.jsonl: the log cannot be read: No such file" in missing.stderr


def test_bars_are_drawn_on_a_terminal():
    from shoptalk.ui.tables import Stages

    console = Console(force_terminal=True, width=100, file=StringIO())
    with Stages(console) as progress:
        progress("read", 10, None)
        progress("encode", 5, 20)
        progress("encode", 20, 20)
    assert "Encoding" in console.file.getvalue()
    assert "20/20" in console.file.getvalue()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_the_talk_greets_prompts_and_answers(home):
    import pty

    master, slave = pty.openpty()
    environment = os.environ | settings_of(home) | {"TERM": "xterm"}
    process = subprocess.Popen([*SHOPTALK, "talk", "things"], env=environment, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, b"something for the kitchen\n/quit\n")
    shown = b""
    with suppress(OSError):  # the other end is closed: the talk has ended
        while piece := os.read(master, 4096):
            shown += piece
    os.close(master)
    assert process.wait(timeout=30) == 0
    assert "90 items. What are you looking for?" in shown.decode()
    assert "1. " in shown.decode()


def test_the_chat_page_is_served_until_it_is_interrupted(home):
    environment = os.environ | settings_of(home) | {"PYTHONUNBUFFERED": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    command = [*SHOPTALK, "chat", "things", "--no-open"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    address = next((word for word in line.split() if word.startswith("http")), None)
    assert address is not None, process.communicate(timeout=20)
    with urlopen(address, timeout=20) as page:
        assert page.status == 200
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode in (0, 130), complaint
    assert "Traceback" not in complaint


def test_what_an_item_says_cannot_steer_the_terminal():
    from shoptalk.ui.terminal import printable

    assert printable("bell\a esc\x1b[2Jape\ttab \u202eright\x9b0m\nline") == "bell esc[2Jape tab right0m\nline"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("show", "nowhere"), "no shop named 'nowhere'"),
        (("ask", "nowhere", "hello"), "no shop named 'nowhere'"),
        (("build", "none.csv"), "none.csv"),
        (("eval", "none.jsonl", "--shop", "things"), "none.jsonl"),
        (("update", "nowhere"), "nowhere"),
        (("bench", "nowhere"), "nowhere"),
    ],
)
def test_an_error_is_told_on_stderr_with_a_hint_and_exit_code_2(run, arguments, problem):
    failed = run(*arguments)
    assert failed.exit_code == 2
    assert problem in failed.stderr
    assert len(failed.stderr.strip().splitlines()) >= 2
    assert failed.stdout == ""
    assert "Traceback" not in failed.stderr


def test_a_port_that_cannot_be_is_refused(run):
    assert run("chat", "things", "--no-open", "--port", "99999").exit_code == 2


def test_debug_shows_the_error_itself(run):
    from shoptalk.errors import ShopNotFoundError

    for arguments in (("--debug", "show", "nowhere"), ("show", "nowhere", "--debug")):
        assert isinstance(run(*arguments).exception, ShopNotFoundError)


def test_a_wrong_setting_is_named(run, monkeypatch):
    monkeypatch.setenv("SHOPTALK_CHROMA_URL", "not an address")
    failed = run("show", "things")
    assert failed.exit_code == 2
    assert "SHOPTALK_CHROMA_URL" in failed.stderr


def test_a_build_that_is_interrupted_says_so_and_continues(home, tmp_path):
    environment = os.environ | settings_of(home)
    command = [*SHOPTALK, "build", str(home / "things.jsonl"), str(tmp_path / "stopped")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Training"):
            process.send_signal(signal.SIGINT)
            break
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "run the same command again" in complaint
    assert "Traceback" not in complaint
    assert not (tmp_path / "stopped").exists()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "90 items" in again.stdout
    assert "Reading" not in again.stderr
    assert "Encoding" not in again.stderr
