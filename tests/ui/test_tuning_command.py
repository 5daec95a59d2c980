"""`shoptalk tune` and `shoptalk merge`, on a model that is made here: what they write and what they tell."""

import json

import pytest
import typer
from typer.testing import CliRunner

from shoptalk.errors import TuningError
from shoptalk.eval.tuning.base import load_base, require
from shoptalk.eval.tuning.training import TuneProgress
from shoptalk.ui.tuning_command import TuningBar, merge, tune
from tiny_model import tiny_model

app = typer.Typer()
app.command()(tune)
app.command()(merge)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", ["facets genre year price find where value op is"])


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_model_is_tuned_and_made_whole(base, tmp_path):
    into = tmp_path / "adapter"
    made = ("--examples", 30, "--minutes", 0.05, "--rank", 2, "--threads", 1, "--seed", 3, "--name", "someone/tiny")
    done = run("tune", "--base", base, "--into", into, *made)
    assert done.exit_code == 0, done.output
    assert "Learned from 30 examples" in done.stdout
    assert "loss" in done.stdout
    told = json.loads((into / "adapter_config.json").read_text())
    assert (told["r"], told["base_model_name_or_path"]) == (2, "someone/tiny")
    card = (into / "README.md").read_text()
    assert "license: apache-2.0" in card, "no dialogues of others were learned from"
    done = run("merge", "--base", base, "--adapter", into, "--into", tmp_path / "whole")
    assert done.exit_code == 0, done.output
    assert load_base(tmp_path / "whole")[1].chat_template


def test_a_model_that_is_not_there_is_told(tmp_path):
    done = run("tune", "--base", tmp_path, "--into", tmp_path / "adapter")
    assert isinstance(done.exception, TuningError)
    assert "there is no model in it" in str(done.exception)


def test_what_is_not_installed_is_told_with_what_to_do():
    with pytest.raises(TuningError, match=r"pip install 'shoptalk\[tune\]'"):
        require("a_module_that_nobody_has")


def test_off_a_terminal_a_run_is_told_in_some_lines(capsys):
    from rich.console import Console

    with TuningBar(Console(width=120)) as bar:
        for step in range(1, 1001):
            bar(TuneProgress(step, step / 1000, 2.5, 2.25, step * 100, 330.0, step * 3.6))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 51
    assert lines[25] == "50%: step 500, loss 2.500 (held out 2.250), 330 tokens/s, 30 min left"
