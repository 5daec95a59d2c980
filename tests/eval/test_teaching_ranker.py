"""Teaching the ranker that ships: what it is asked with, what it must not see, and the command that does it."""

import json
import random

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from shoptalk.errors import DatasetError
from shoptalk.eval.teaching.ranker import RankerTeaching, gather_lists, teach_ranker
from shoptalk.ranking.features import FEATURES, Topic, column_of
from shoptalk.ranking.generic import load_generic
from shoptalk.ranking.lambdarank import LambdaConfig
from shoptalk.ranking.training import CHOICES
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.ui import teaching_ranker_command

WITHOUT_SGD = {"made": 0, "made_of_service": 0}
_NOUNS = "Anchor Bridge Castle Desert Engine Forest Garden Harbour".split()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """ReDial and a service: whoever loved a film of a director is given another film of the same one."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "redial").mkdir()
    films = [
        (str(10 * column + row), f"{noun} {row} ({1980 + row})", column)
        for column, noun in enumerate(_NOUNS)
        for row in range(6)
    ]
    lines = "".join(f"{one},{title},1\n" for one, title, _ in films)
    (folder / "redial" / "movies_with_mentions.csv").write_text(f"movieId,movieName,nbMentions\n{lines}")
    about = {
        one: {"name": title, "genre": ["Drama"], "director": [f"Director {column}"], "star": [], "plot": "People meet."}
        for one, title, column in films
    }
    (folder / "redial" / "id2info.json").write_text(json.dumps(about))
    draw = random.Random(4)
    talks = [_talk(number, draw) for number in range(160)]
    for split, held in (("train", talks), ("valid", talks[:10])):
        lines = "".join(json.dumps(one) + "\n" for one in held)
        (folder / "redial" / f"{split}_data.jsonl").write_text(lines)
    (folder / "sgd" / "catalogs").mkdir(parents=True)
    rows = [{"garden_name": f"{a} {b}", "town": a, "kind": b} for a in _NOUNS for b in ("Walk", "Lawn", "Maze")]
    (folder / "sgd" / "catalogs" / "Gardens_1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def _talk(number, draw):
    column = draw.randrange(8)
    first, second = draw.sample(range(6), 2)
    return {
        "conversationId": str(number),
        "initiatorWorkerId": 0,
        "respondentWorkerId": 1,
        "movieMentions": {},
        "initiatorQuestions": {},
        "respondentQuestions": {},
        "messages": [
            {"senderWorkerId": 0, "text": f"I loved @{10 * column + first}"},
            {"senderWorkerId": 1, "text": f"Then see @{10 * column + second}"},
        ],
    }


@pytest.fixture
def gather(data, settings, tmp_path):
    def gathered(**config):
        asked = RankerTeaching(**{**WITHOUT_SGD, **config})
        return gather_lists(data, tmp_path, asked, settings=settings, encoder=HashingEncoder(64))

    return gathered


def test_dialogues_are_asked_plainly_and_as_a_talk_of_ones_own_but_never_those_of_valid(gather):
    parts = gather()
    assert {name: len(lists) for name, lists in parts.items()} == {"dialogues": 150, "understood": 150}
    for lists in parts.values():
        for one in lists:
            assert one.kind == CHOICES
            assert one.labels.sum() == 1
            shared = one.x[:, column_of("liked_person")]
            assert np.nanmax(shared[one.labels == 1]) == pytest.approx(1), "what was recommended shares the director"


def test_so_many_as_are_asked_for(gather):
    parts = gather(dialogues=20, understood=0)
    assert {name: len(lists) for name, lists in parts.items()} == {"dialogues": 20}


def test_nothing_of_an_item_as_such_is_taught(gather):
    barred = [column_of(feature.name) for feature in FEATURES if feature.evidence is Topic.ITEM]
    parts = gather(dialogues=10, understood=10, made_of_service=20, services=("Gardens_1",))
    assert set(parts) == {"dialogues", "understood", "made of Gardens_1"}
    for lists in parts.values():
        assert all(np.isnan(one.x[:, barred]).all() for one in lists)


def test_what_is_missing_is_told_before_anything_is_read(gather, settings, tmp_path):
    with pytest.raises(DatasetError, match="no catalog of Moons_1"):
        gather(made_of_service=5, services=("Moons_1", "Gardens_1"))
    with pytest.raises(DatasetError, match=r"movies_with_mentions|valid_data"):
        gather_lists(tmp_path, tmp_path, RankerTeaching(**WITHOUT_SGD), settings=settings, encoder=HashingEncoder(64))


def test_too_little_is_no_ranker(gather, tmp_path):
    with pytest.raises(DatasetError, match="too few"):
        teach_ranker(gather(dialogues=12, understood=0), tmp_path / "out")


def test_what_it_learns_is_what_the_dialogues_show(gather, tmp_path):
    ranker = teach_ranker(gather(), tmp_path / "out", LambdaConfig(trees=20, min_rows=20))
    assert ranker.summary.ndcg["ranker"] > ranker.summary.ndcg["fused"]
    assert load_generic(tmp_path / "out").summary == ranker.summary


def test_the_command_writes_a_ranker_and_says_what_it_is_worth(data, settings, tmp_path, monkeypatch):
    for name, value in {"HOME": settings.home, "CACHE": settings.cache, "ENCODER": "hashing"}.items():
        monkeypatch.setenv(f"SHOPTALK_{name}", str(value))
    app = typer.Typer()
    app.command()(teaching_ranker_command.teach_ranker)
    wanted = ["--made", "0", "--made-of-service", "0", "--understood", "20"]
    done = CliRunner().invoke(app, ["--data", str(data), "--out", str(tmp_path / "out"), *wanted])
    assert done.exit_code == 0, done.output
    assert "fused" in done.stdout
    assert f"written to {tmp_path / 'out'}" in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.txt", "manifest.json"}
