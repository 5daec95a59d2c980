"""Teaching the tagger: examples that are true to what they say, from people's dialogues and from invented catalogs."""

import json
import random
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from rich.console import Console
from tokenizers import Tokenizer
from typer.testing import CliRunner

from shoptalk.agent.tagging import ACTS, ROLES, Hint, Tagger
from shoptalk.errors import DatasetError
from shoptalk.eval.teaching.dialogues import from_redial, from_sgd, with_facets
from shoptalk.eval.teaching.domains import domains
from shoptalk.eval.teaching.examples import Example, KnownFacet, Lookup, Tagged, bare_label, find_words
from shoptalk.eval.teaching.made import made
from shoptalk.eval.teaching.model import TaggerNet, collate, export, loss_of
from shoptalk.eval.teaching.training import Progress, TeachingConfig, gather, teach
from shoptalk.retrieval.encoder import find_weights
from shoptalk.ui.cli import app
from shoptalk.ui.tables import TeachingBar


def said(example, span):
    return (example.heard, example.message)[span.part][span.start : span.end]


def check_sound(example):
    """Every span and hint stands in its text, and names what there is."""
    texts = (example.heard, example.message)
    for span in example.spans:
        assert 0 <= span.start < span.end <= len(texts[span.part])
        assert said(example, span) == said(example, span).strip()
        assert 0 <= span.facet < len(example.facets)
        assert span.roles is None or set(span.roles) <= set(ROLES)
    ordered = sorted(example.spans, key=lambda one: (one.part, one.start))
    assert all(a.part != b.part or a.end <= b.start for a, b in pairwise(ordered))
    for hint in example.hints:
        assert 0 <= hint.start < hint.end <= len(texts[hint.part])
        assert all(0 <= facet < len(example.facets) for facet in hint.facets)
    assert set(example.acts or ()) <= set(ACTS)
    assert all(0 <= facet < len(example.facets) for facet in (*(example.asked or ()), *(example.dropped or ())))
    assert set(example.known_roles) <= set(ROLES)


# Made -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some_made():
    return list(made(random.Random(5), 1500))


def test_made_examples_are_sound(some_made):
    assert len(some_made) == 1500
    for example in some_made:
        check_sound(example)
        assert not set("{}[]") & {*example.heard, *example.message}
        for span in example.spans:
            before = (example.heard, example.message)[span.part][: span.start][-1:]
            assert not (before.isalnum() and said(example, span)[0].isalnum()), "a span begins a word"


def test_the_facet_of_a_made_span_is_one_that_holds_its_value(some_made):
    held = 0
    for example in some_made:
        for span in example.spans:
            value = said(example, span).casefold()
            holders = {
                place
                for place, facet in enumerate(example.facets)
                if facet.kind == "category" and value in map(str.casefold, facet.values)
            }
            is_flag = example.facets[span.facet].kind == "yes or no"  # 'outdoor seating' can be both
            assert not holders or span.facet in holders or is_flag
            held += bool(holders)
    assert held > 500


def test_made_examples_teach_every_role_and_act_but_those_of_other_sources(some_made):
    roles = {role for example in some_made for span in example.spans for role in span.roles or ()}
    acts = {act for example in some_made for act in example.acts or ()}
    assert roles == set(ROLES)
    assert acts == set(ACTS)
    assert any(example.asked for example in some_made)
    assert any(example.dropped for example in some_made)
    assert len({example.group for example in some_made}) == len(domains())


def test_a_refused_value_is_rejected_and_what_is_wanted_beside_it_is_not(some_made):
    both = [e for e in some_made if {("rejected",), ("wanted",)} <= {span.roles for span in e.spans}]
    assert len(both) > 50
    for example in some_made:
        if example.message.casefold().startswith(("not into ", "avoid ", "excluding ", "i hate ", "sick of ")):
            first = min(example.spans, key=lambda one: (one.part, one.start))
            assert "rejected" in first.roles or "disliked" in first.roles, example.message


def test_words_are_written_as_people_write_them():
    texts = [example.message.casefold() for example in made(random.Random(5), 4000)]
    said = {word for text in texts for word in text.split()}
    assert {"sixties", "1960s"} <= said
    assert not {"sixtiess", "eightiess", "songss", "booksbooks"} & said


def plain(example):
    labels = tuple(facet.labels for facet in example.facets)
    return example.heard, example.message, labels, example.spans, example.hints, example.acts, example.asked


def test_the_seed_decides_what_is_made():
    one, again, other = ([plain(e) for e in made(random.Random(seed), 60)] for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_what_is_made_is_made_of_what_ships():
    """Files that are opened on the way all belong to Python, its packages or shoptalk."""
    code = """
import random, sys
from pathlib import Path
opened = []
sys.addaudithook(lambda event, given: opened.append(given[0]) if event == "open" else None)
from shoptalk.eval.teaching.made import made
import shoptalk
assert len(list(made(random.Random(1), 30))) == 30
ours = Path(shoptalk.__file__).parent
files = [Path(one).resolve() for one in opened if isinstance(one, str)]
known = (ours, *(Path(one).resolve() for one in (sys.prefix, sys.base_prefix)), Path("/dev"), Path("/etc"), Path("/proc"))
print([str(one) for one in files if not any(one.is_relative_to(place) for place in known)])
print(sorted({one.name for one in files if one.is_relative_to(ours) and one.suffix not in (".py", ".pyc")}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    elsewhere, ours = done.stdout.splitlines()
    assert elsewhere == "[]"
    assert {"domains.txt", "phrases.toml", "films.jsonl"} <= set(json.loads(ours.replace("'", '"')))


# Facets and hints -----------------------------------------------------------------------------------------------------


def test_hints_are_the_longest_values_whatever_their_number_and_the_numbers():
    lookup = Lookup(
        [
            KnownFacet(("genre",), ("comedy", "romantic comedy", "7")),
            KnownFacet(("mood",), ("Comedy", "dark")),
            KnownFacet(("has_wifi",), (), "yes or no"),
        ]
    )
    text = "2 romantic comedies, a dark comedy with wifi"
    found = {
        text[one.start : one.end]: one.facets or one.is_number
        for one in lookup.hints(1, text, random.Random(0), hidden=0)
    }
    assert found == {"2": True, "romantic comedies": (0,), "dark": (1,), "comedy": (0, 1), "wifi": (2,)}
    assert [one.is_number for one in lookup.hints(1, text, random.Random(0), hidden=1)] == [True]


def test_the_text_of_a_facet_says_its_label_and_what_it_holds():
    draw = random.Random(2)
    genre = KnownFacet(("genre", "kind"), ("comedy", "drama", "war"))
    texts = {genre.text(draw) for _ in range(60)}
    assert {text.split(":")[0] for text in texts} == {"genre", "kind"}
    assert any("comedy" in text for text in texts)
    year = KnownFacet(("year",), ("1930-1990",))
    year.kind = "number"
    shown = [text.removeprefix("year: ") for text in (year.text(draw) for _ in range(60))]
    assert "number" in shown
    assert all(1930 <= int(n) <= 1990 for text in shown if text != "number" for n in text.split(", "))


def test_a_flag_is_found_by_what_it_is_of():
    assert bare_label("has_seating outdoors") == "seating outdoors"
    assert find_words("two Red Shoes, please", "red shoe") == (4, 13)
    assert find_words("red or shoes", "red shoe") is None


def test_facets_in_another_order_keep_what_is_said_of_them():
    facets = tuple(KnownFacet((f"facet {n}",), (f"value {n}",)) for n in range(9))
    whole = Example(
        "x", "", "value 3 then value 5", facets, (Tagged(1, 0, 7, 3), Tagged(1, 13, 20, 5)),
        (Hint(1, 0, 7, (3, 8)),), (), asked=(7,), dropped=(1,),
    )  # fmt: skip
    for seed in range(30):
        new = with_facets(whole, random.Random(seed), most=6)
        check_sound(new)
        assert len(new.facets) <= 6
        assert [new.facets[span.facet].labels for span in new.spans] == [("facet 3",), ("facet 5",)]
        assert [new.facets[place].labels for place in (*new.asked, *new.dropped)] == [("facet 7",), ("facet 1",)]
        assert new.facets[new.hints[0].facets[0]].labels in (("facet 3",), ("facet 8",))


# Dialogues ------------------------------------------------------------------------------------------------------------


def act(name, slot="", *values):
    return {"act": name, "slot": slot, "values": list(values), "canonical_values": list(values)}


def user(text, *actions, spans=(), **held):
    state = {"active_intent": "FindGarden", "requested_slots": [], "slot_values": {k: [v] for k, v in held.items()}}
    return {"speaker": "USER", "utterance": text, "frames": [framed(text, actions, spans) | {"state": state}]}


def system(text, *actions, spans=()):
    return {"speaker": "SYSTEM", "utterance": text, "frames": [framed(text, actions, spans)]}


def framed(text, actions, spans):
    places = [
        {"slot": slot, "start": text.index(value), "exclusive_end": text.index(value) + len(value)}
        for slot, value in spans
    ]
    return {"service": "Gardens_1", "actions": list(actions), "slots": places}


TURNS = [
    user("A garden in Bath with a cafe", act("INFORM", "town", "Bath"), act("INFORM", "has_cafe", "True"),
         spans=[("town", "Bath")], town="Bath", has_cafe="True"),
    system("Shall it be a Rose garden?", act("OFFER", "kind", "Rose"), spans=[("kind", "Rose")]),
    user("Yes. What day does it open?", act("AFFIRM"), act("REQUEST", "open_day"),
         town="Bath", has_cafe="True", kind="Rose"),
    system("I know Long Wall, with a cafe", act("OFFER", "garden_name", "Long Wall"), act("INFORM", "has_cafe", "True")),
    user("Two of us, is it cheap?", act("INFORM", "price", "2"), act("REQUEST", "price"),
         town="Bath", has_cafe="True", kind="Rose", price="2"),
    system("Any other town?", act("REQUEST", "town")),
    user("No cafe, and the town doesn't matter", act("INFORM", "has_cafe", "False"), act("INFORM", "town", "dontcare"),
         town="dontcare", has_cafe="False", kind="Rose"),
]  # fmt: skip
SERVICE = {
    "service_name": "Gardens_1",
    "description": "",
    "slots": [
        {"name": name, "description": f"{name} of it", "is_categorical": bool(values), "possible_values": values}
        for name, values in (
            ("town", []), ("kind", ["Rose", "Water"]), ("has_cafe", ["True", "False"]), ("open_day", []),
            ("garden_name", []), ("price", []),
        )
    ],
    "intents": [],
}  # fmt: skip
LIKED, DISLIKED, UNTOLD = ({"suggested": 0, "seen": 1, "liked": n} for n in (1, 0, 2))
TALK = {
    "conversationId": "7",
    "initiatorWorkerId": 0,
    "respondentWorkerId": 1,
    "movieMentions": {"1": "Rain on Tin (1999)", "2": "Seven Ponds (2001)", "3": "Ha-Ha (1988)"},
    "initiatorQuestions": {"1": LIKED, "2": DISLIKED, "3": UNTOLD},
    "respondentQuestions": {},
    "messages": [
        {"senderWorkerId": 1, "text": "Did you see @2 or @3?"},
        {"senderWorkerId": 0, "text": "Yes, awful. I loved @1, a comedy"},
        {"senderWorkerId": 0, "text": "That is all"},
    ],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "sgd" / "catalogs").mkdir(parents=True)
    talk = {"dialogue_id": "1", "services": ["Gardens_1"], "turns": TURNS}
    (folder / "sgd" / "train.jsonl").write_text((json.dumps(talk) + "\n") * 8)
    (folder / "sgd" / "train_schema.json").write_text(json.dumps([SERVICE]))
    rows = [{"town": "Bath", "garden_name": "Long Wall"}, {"town": "Ely", "garden_name": "Foxglove Walk"}]
    (folder / "sgd" / "catalogs" / "Gardens_1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "redial").mkdir()
    (folder / "redial" / "train_data.jsonl").write_text((json.dumps(TALK) + "\n") * 8)
    (folder / "redial" / "movies_with_mentions.csv").write_text(
        "movieId,movieName,nbMentions\n1,Rain on Tin (1999),1\n2,Seven Ponds (2001),1\n3,Ha-Ha (1988),1\n"
    )
    about = {"1": {"name": "Rain on Tin (1999)", "genre": ["comedy"], "director": ["A. Body"], "star": [], "plot": ""}}
    (folder / "redial" / "id2info.json").write_text(json.dumps(about))
    return folder


def tagged(example):
    return {
        (said(example, span), example.facets[span.facet].labels[0], span.roles) for span in example.spans
    }  # fmt: skip


def test_a_dialogue_tells_values_flags_questions_and_what_no_longer_matters(data):
    first, second, third, fourth = list(from_sgd(data / "sgd", "train", random.Random(1)))[:4]
    for example in (first, second, third, fourth):
        check_sound(example)
        assert example.known_roles == ("wanted", "rejected")
        assert not example.only_spans
    assert tagged(first) == {("Bath", "town", ("wanted",)), ("cafe", "has cafe", ("wanted",))}
    assert tagged(second) == {("Rose", "kind", ("wanted",))}, "a value that our side named is taken up"
    assert second.heard == "Shall it be a Rose garden?"
    assert [second.facets[place].labels[0] for place in second.asked] == ["open day"]
    assert set(second.acts) == {"yes", "details"}
    assert tagged(third) == {
        ("Long Wall", "garden name", ()), ("cafe", "has cafe", None), ("Two", "price", ("wanted",)),
    }, "what was wanted before is neither taken up nor refused now"  # fmt: skip
    assert tagged(fourth) == {("cafe", "has cafe", ("rejected",))}
    assert [fourth.facets[place].labels[0] for place in fourth.dropped] == ["town"]


def test_a_talk_of_films_tells_likes_and_dislikes_of_titles_only(data):
    (example, *_) = from_redial(data / "redial", "train", random.Random(3))
    check_sound(example)
    assert example.only_spans
    assert example.known_roles == ("liked", "disliked")
    assert {(text.casefold(), facet, roles) for text, facet, roles in tagged(example)} == {
        ("seven ponds", "title", ("disliked",)), ("ha-ha", "title", ()), ("rain on tin", "title", ("liked",)),
    }  # fmt: skip
    assert not list(from_redial(data / "redial", "train", random.Random(3), drop={"7"}))
    assert len(list(from_redial(data / "redial", "train", random.Random(3)))) == 8, "the last message names nothing"


# Training -------------------------------------------------------------------------------------------------------------


def test_examples_are_gathered_in_the_numbers_asked_for_and_some_held_out(data):
    train, held = gather(data, TeachingConfig(sgd=20, redial=6, made=50, held_out=9))
    assert len(train) + len(held) == 16 + 6 + 50, "of those from SGD a fifth may tell nothing, and all of them tell"
    assert len(held) == 1 + 0 + 3, "a tenth of each source at most, and a third of what is to be held out"
    assert not {id(example) for example in train} & {id(example) for example in held}


def test_a_source_of_which_nothing_is_wanted_need_not_be_there(tmp_path):
    train, held = gather(tmp_path, TeachingConfig(sgd=0, redial=0, made=20))
    assert (len(train), len(held)) == (18, 2)
    with pytest.raises(DatasetError, match="nothing to learn from"):
        teach([], [], tmp_path / "out", TeachingConfig())


@pytest.mark.parametrize("missing", ["sgd", "redial"])
def test_a_dataset_that_is_not_there_is_told_before_anything_is_read_or_written(data, tmp_path, missing):
    (tmp_path / "data").mkdir()
    there = {"sgd": "redial", "redial": "sgd"}[missing]
    (tmp_path / "data" / there).symlink_to(data / there)
    arguments = ["teach", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert str(tmp_path / "data" / missing) in done.stderr
    assert f"--{missing} 0" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder_to_write_to(data, tmp_path):
    (tmp_path / "file").write_text("")
    for out in ("file", "file/deeper"):
        done = CliRunner().invoke(app, ["teach", "--data", str(data), "--out", str(tmp_path / out)])
        assert done.exit_code == 2
        assert "is no folder" in " ".join(done.stderr.replace("│", " ").split())


def test_the_command_writes_a_tagger_that_reads(data, tmp_path):
    out = tmp_path / "tagger"
    arguments = ["teach", "--data", str(data), "--out", str(out), "--sgd", "16", "--redial", "16", "--made", "40"]
    done = CliRunner().invoke(app, [*arguments, "--epochs", "1", "--seed", "1", "--threads", "1"])
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"layers.onnx", "heads.npz", "card.json"}
    assert "facet recall" in done.stdout
    assert "Learned from 56 examples. On 5 that were held out:" in done.stdout
    assert f"SHOPTALK_TAGGER={out}" in done.stdout.replace("\n", "")
    assert "loss" in done.stderr
    tagger = Tagger(out)
    assert tagger.card["config"]["seed"] == 1
    assert tagger.card["steps"] == tagger.card["examples"] // 32
    assert set(tagger.card["held out"]) >= {"facet recall", "facet precision", "role disliked F1"}
    facets = tagger.facet_vectors(["town: Bath, Ely", "price: number", "title: Long Wall"])
    tags = tagger.read("Which town?", "a garden in Bath", facets, [Hint(1, 12, 16, (0,))])
    for probabilities in (tags.facets, tags.begins, tags.roles, tags.acts, tags.asked, tags.dropped):
        assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_a_few_steps_teach_something_and_are_told():
    """On one batch, seen again and again, the loss falls: the gradient reaches the heads and the layers."""
    torch.manual_seed(0)
    weights = find_weights(None)
    net = TaggerNet(weights, layers=1)
    tokenizer = plain_tokenizer(weights)
    examples = list(made(random.Random(2), 12))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    losses = []
    for _ in range(12):
        batch = collate(examples, tokenizer, random.Random(0))
        loss = loss_of(net(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    assert all(p.grad is not None and float(p.grad.abs().sum()) > 0 for p in (net.hint_facets.weight, net.none.weight))


def plain_tokenizer(weights):
    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def test_what_is_served_computes_what_was_trained(tmp_path):
    """The exported layers and heads give the probabilities that torch gives, hints and all."""
    torch.manual_seed(3)
    weights = find_weights(None)
    net = TaggerNet(weights, layers=1).eval()
    export(net, tmp_path, {})
    facets = (KnownFacet(("colour",), ()), KnownFacet(("home town",), ()), KnownFacet(("price",), (), "number"))
    hints = (Hint(1, 2, 5, (0, 1)), Hint(1, 20, 22, is_number=True), Hint(0, 6, 10, (1,)))
    example = Example("x", "which town?", "a red one, for under 20 please", facets, (), hints, (), (), ())
    batch = collate([example], plain_tokenizer(weights), random.Random(0))
    with torch.inference_mode():
        out = net(batch)
    tagger = Tagger(tmp_path)
    tags = tagger.read(
        example.heard, example.message, tagger.facet_vectors([f.text(random.Random(0)) for f in facets]), hints
    )
    close = {"rtol": 0.0, "atol": 0.002}
    np.testing.assert_allclose(tags.facets, torch.softmax(out["facet"][0], -1).numpy(), **close)
    for name in ("begins", "roles", "acts", "asked", "dropped"):
        np.testing.assert_allclose(getattr(tags, name), torch.sigmoid(out[name][0]).numpy(), **close)


# How it is told -------------------------------------------------------------------------------------------------------


def test_off_a_terminal_ten_lines_tell_how_far_a_run_is():
    console = Console(width=100, force_terminal=False)
    with console.capture() as captured, TeachingBar(console) as bar:
        for step in range(1, 201):
            bar(Progress(step, 200, 2.0 / step, step * 0.5))
    lines = captured.get().splitlines()
    assert 10 <= len(lines) <= 11
    assert lines[-1] == "Step 200 of 200: loss 0.010, 0 s left"


def test_on_a_terminal_a_bar_shows_step_loss_and_time():
    console = Console(width=120, force_terminal=True, force_interactive=True)
    with console.capture() as captured, TeachingBar(console) as bar:
        for step in (1, 2, 3):
            bar(Progress(step, 3, 0.5, step))
    assert "3/3" in captured.get()
    assert "loss 0.500" in captured.get()
