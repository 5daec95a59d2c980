"""`shoptalk stand-in` as it is run: a process that answers until it is interrupted."""

import json
import signal
import subprocess
import sys

import httpx
import pytest
import typer
from typer.testing import CliRunner

from shoptalk.errors import ShoptalkError
from shoptalk.eval.standin import StandIn
from shoptalk.ui.standin_command import stand_in

RUN = "import typer; from shoptalk.ui.standin_command import stand_in; typer.run(stand_in)"


@pytest.fixture
def app():
    app = typer.Typer()
    app.command()(stand_in)
    return app


def test_serves_a_recording_until_it_is_interrupted(tmp_path):
    recording = tmp_path / "said.jsonl"
    recording.write_text(json.dumps({"pattern": "hello", "content": "Good day to you."}))
    command = [sys.executable, "-c", RUN, "--recording", str(recording), "--port", "0", "--fault", "cut-off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip(".")
        body = {"messages": [{"role": "user", "content": "Hello!"}]}
        told = httpx.post(f"{address}/v1/chat/completions", json=body, trust_env=False).json()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert told["choices"][0]["message"]["content"] == "Good day"
    assert told["choices"][0]["finish_reason"] == "length"
    assert "1 requests, 1 answered, 0 given up" in rest


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--fault", "sleepy"], "sleepy"), (["--record", "http://127.0.0.1:9"], "--recording")]
)
def test_what_makes_no_sense_is_told(app, arguments, told):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_a_port_that_is_taken_is_told(app):
    with StandIn(lambda *_: "x") as server:
        result = CliRunner().invoke(app, ["--port", str(server.port)])
    assert isinstance(result.exception, ShoptalkError)
    assert str(server.port) in str(result.exception)
