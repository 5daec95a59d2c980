"""`shoptalk teach-talks` over a ReDial of a few talks: what it learns from, what it holds back, and what it writes."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from shoptalk.eval.datasets.collections import collection
from shoptalk.ranking.talking.serving import TalkTransformer
from shoptalk.retrieval.query import Said
from shoptalk.ui.cli import app
from shoptalk.ui.teaching_command import parted

FILMS = ("Blue Harbour (1991)", "Red Lantern (1974)", "The Clockmaker (2003)")


def talk(number, *, order):
    messages = [(1, "hello, something calm please"), (2, f"try @{number % 3 + 1}"), (1, "thank you")]
    return {
        "conversationId": str(number),
        "initiatorWorkerId": 1,
        "messages": [{"senderWorkerId": who, "text": text} for who, text in messages],
        "movieMentions": {str(n): name for n, name in enumerate(FILMS, start=1)},
        "order": order,
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "redial"
    folder.mkdir()
    train = [talk(n, order="exact" if n % 2 else "restored") for n in range(40)]
    lines = {"train": train, "valid": train[:4]}
    for split, talks in lines.items():
        (folder / f"{split}_data.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in talks))
    films = "".join(f"{n},{name},5\n" for n, name in enumerate(FILMS, start=1))
    (folder / "movies_with_mentions.csv").write_text(f"movieId,movieName,nbMentions\n{films}")
    return folder.parent


def test_what_is_learned_from_and_what_is_held_back_are_apart(data):
    told = collection("redial", "crs").read(data / "redial", "valid")
    learned, held = parted(told, only_restored=True, held_out=5)
    assert {one.id for one in learned} == {str(n) for n in range(4, 40, 2)}, "not of valid, none exact"
    assert [one.id for one in held] == ["31", "33", "35", "37", "39"]
    everything, held = parted(told, only_restored=False, held_out=5)
    assert len(everything) == 36 - 5
    assert not {one.id for one in everything} & {one.id for one in held}


def test_the_command_writes_weights_that_serve(data, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPTALK_ENCODER", "hashing")
    out = tmp_path / "talk-encoder"
    arguments = ["teach-talks", "--data", str(data), "--out", str(out), "--epochs", "0.1", "--threads", "1"]
    done = CliRunner().invoke(app, [*arguments, "--held-out", "5", "--seed", "3"])
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"layers.onnx", "heads.npz", "card.json"}
    assert "Learned from 18 talks. On 5 that were held out:" in done.stdout
    assert "recall at 10" in done.stdout
    assert f"SHOPTALK_TALK_ENCODER={out}" in done.stdout.replace("\n", "")
    transformer = TalkTransformer(out)
    assert transformer.card["config"]["seed"] == 3
    assert transformer.encoder.startswith("hashing")
    vectors = np.eye(3, 256, dtype=np.float32)
    said = [Said("something calm", by_user=True)]
    assert transformer.scores(said, vectors, transformer.lengths(vectors)).max() == 1


def test_a_dataset_that_is_not_there_is_told(tmp_path):
    done = CliRunner().invoke(app, ["teach-talks", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()
