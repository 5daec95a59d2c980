"""Measuring the understanding: what counts as right, on small catalogs and dialogues made for these tests."""

import json
import random

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.mit import TaggedSentence, TaggedSpan
from shoptalk.eval.datasets.redial import Answers, Conversation, Film, Message
from shoptalk.eval.report import understanding_tables
from shoptalk.eval.scoring import macro_f1, scores_of, share_of
from shoptalk.eval.understand import UnderstandPlan, UnderstandReport, run_understanding
from shoptalk.eval.understand_mit import agreeing, domain_of, entities, readable
from shoptalk.eval.understand_redial import catalog_of as films_of
from shoptalk.eval.understand_redial import misspelt, stance_of, written_out
from shoptalk.eval.understand_sgd import agrees, clock_time
from shoptalk.retrieval.query import Constraint, Mention, Operator, Request, Stance
from shoptalk.ui.cli import app

# Scores ---------------------------------------------------------------------------------------------------------------


def test_scores_are_micro_averages_with_an_interval_around_f1():
    scores = scores_of([[1, 2, 1], [0, 1, 2], [3, 3, 3]], resamples=300, seed=1)
    assert (scores.right, scores.predicted, scores.true) == (4, 6, 6)
    assert scores.precision == scores.recall == scores.f1.value == pytest.approx(4 / 6)
    assert 0 <= scores.f1.low < scores.f1.value < scores.f1.high <= 1
    assert scores == scores_of([[1, 2, 1], [0, 1, 2], [3, 3, 3]], resamples=300, seed=1)


def test_nothing_to_count_is_no_error():
    assert scores_of([]).f1.value == 0
    assert share_of([[0, 0]]).share.value == 0
    assert scores_of([[0, 0, 3]]).precision == 0


def test_macro_f1_is_the_plain_mean_over_classes():
    both = [[1, 1, 1, 0, 1, 1], [1, 1, 1, 0, 0, 2]]
    assert macro_f1(both, resamples=0).value == pytest.approx((1.0 + 0.0) / 2)
    one, other = scores_of([row[:3] for row in both]), scores_of([row[3:] for row in both])
    assert macro_f1(both).value == pytest.approx((one.f1.value + other.f1.value) / 2)


# MIT slots ------------------------------------------------------------------------------------------------------------


def tagged(text: str) -> TaggedSentence:
    """'a [dry:TASTE] wine' as a tagged sentence."""
    words, spans = [], []
    for part in text.replace("[", "|[").replace("]", "]|").split("|"):
        said, _, tag = part.strip("[]").rpartition(":") if part.startswith("[") else (part, "", "")
        start = len(words)
        words += said.split()
        if tag:
            spans.append(TaggedSpan(start, len(words), tag))
    return TaggedSentence(tuple(words), tuple(spans))


TRAIN = [
    tagged("a [dry:TASTE] white from [portugal:Country]"),
    tagged("is [casa velha:Wine_Name] [dry:TASTE] or [very sweet:TASTE]"),
    tagged("[green hill:Wine_Name] or [old barn:Wine_Name] from [chile:Country]"),
    tagged("one that goes with [grilled fish:DESCRIPTION]"),
]


def test_a_domain_holds_the_values_of_train_and_nothing_else():
    domain = domain_of(TRAIN)
    assert domain.names == "Wine_Name"
    assert domain.descriptions == "DESCRIPTION"
    assert sorted(domain.catalog.titles) == ["casa velha", "green hill", "old barn"]
    assert domain.tags == {"country": "Country", "description": "DESCRIPTION", "taste": "TASTE"}
    assert {tag: len(values) for tag, values in domain.values.items()} == {
        "Country": 2, "DESCRIPTION": 1, "TASTE": 2, "Wine_Name": 3,
    }  # fmt: skip
    assert set(domain.catalog.column("taste").values) == {"dry", "very sweet"}
    said = {word for row in range(len(domain.catalog)) for word in domain.catalog.document(row).split()}
    assert not said & {"white", "goes", "or", "one"}


def test_without_names_of_items_the_items_are_numbered():
    domain = domain_of([tagged("a [red:COLOUR] or [blue:COLOUR] one")])
    assert domain.names is None
    assert len(domain.catalog) == 2
    assert len(set(domain.catalog.titles)) == 2


@pytest.mark.parametrize(
    ("tag", "label"), [("RATINGS_AVERAGE", "ratings average"), ("Restaurant_Name", "restaurant name"), ("Dish", "dish")]
)
def test_tags_read_as_words(tag, label):
    assert readable(tag) == label


def request(message: str, **said) -> Request:
    return Request(message=message, **said)


def on(message: str, words: str, facet: str, **said) -> Constraint:
    at = message.index(words)
    said = {"operator": Operator.IS, "value": words} | said
    return Constraint(facet=facet, words=words, span=(at, at + len(words)), **said)


def test_constraints_become_entities_on_whole_words():
    message = "nothing very sweet from chile please"
    made = request(message, constraints=(on(message, "weet", "taste"), on(message, " chile ", "country")))
    assert entities(made, domain_of(TRAIN)) == {TaggedSpan(2, 3, "TASTE"), TaggedSpan(4, 5, "Country")}


def test_alternatives_are_as_many_entities_as_values():
    message = "dry or very sweet"
    both = on(message, message, "taste", operator=Operator.ANY_OF, value=("dry", "very sweet"))
    assert entities(request(message, constraints=(both,)), domain_of(TRAIN)) == {
        TaggedSpan(0, 1, "TASTE"), TaggedSpan(2, 4, "TASTE"),
    }  # fmt: skip


def test_items_and_unknown_titles_are_names_and_free_text_describes_where_that_is_asked_for():
    message = "is casa velha like blue door with grilled octopus"
    known = Mention(item_id="1", title="casa velha", stance=Stance.ASKED, span=(3, 13))
    made = request(message, mentions=(known,), unknown_titles=("blue door",), text="casa grilled octopus")
    names = {TaggedSpan(1, 3, "Wine_Name"), TaggedSpan(4, 6, "Wine_Name")}
    assert entities(made, domain_of(TRAIN)) == names
    assert entities(made, domain_of(TRAIN), with_text=True) == {*names, TaggedSpan(7, 9, "DESCRIPTION")}


def test_spans_agree_where_they_overlap_each_once():
    true = [TaggedSpan(0, 2, "A"), TaggedSpan(3, 4, "A"), TaggedSpan(5, 6, "B")]
    predicted = [TaggedSpan(1, 4, "A"), TaggedSpan(0, 1, "B"), TaggedSpan(5, 8, "B")]
    assert agreeing(predicted, true) == [(predicted[0], true[0]), (predicted[2], true[2])]


# Schema-Guided Dialogue -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "true", "right"),
    [
        ({"value": "Bath"}, {"bath"}, True),
        ({"value": "Bath", "words": "the old spa town"}, {"The old spa town"}, True),
        ({"value": "Bath"}, {"Bristol"}, False),
        ({"value": 4.0}, {"4"}, True),
        ({"value": 4.0, "operator": Operator.AT_LEAST}, {"four"}, True),
        ({"value": 4.5}, {"4"}, False),
        ({"value": True}, {"True"}, True),
        ({"value": True}, {"False"}, False),
        ({"value": True, "operator": Operator.IS_NOT}, {"False"}, True),
        ({"value": "Bath", "operator": Operator.IS_NOT}, {"Bath"}, False),
        ({"value": ("Bath", "Ely"), "operator": Operator.ANY_OF}, {"Ely"}, True),
        ({"value": "2019-03-01"}, {"March 1st", "2019-03-01"}, True),
        ({"value": "17:30"}, {"5:30 pm", "half past 5 in the evening"}, True),
        ({"value": "17:30"}, {"5:30 am"}, False),
        ({"value": 1.0, "operator": Operator.LEAST}, {"1"}, False),
    ],
)
def test_a_constraint_agrees_in_words_in_the_catalogs_spelling_or_as_the_same_value(said, true, right):
    constraint = Constraint.model_validate({"facet": "slot", "operator": Operator.IS} | said)
    assert agrees(constraint, true) is right


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("17:30", {1050}), ("5:30 pm", {1050}), ("5 p.m.", {1020}), ("12:15 am", {15}), ("noon", {720}),
        ("half past 5 in the evening", {1050}), ("evening 5:30", {1050}), ("quarter past 9", {555, 1275}),
        ("morning 11", {660}), ("5", set()), ("the 5th", set()), ("", set()), ("Bath", set()), ("2019-03-01", set()),
    ],
)  # fmt: skip
def test_clock_times_in_words_and_figures(text, minutes):
    assert clock_time(text) == minutes


def frame(intent: str, values: dict[str, list[str]], *actions: tuple[str, str, str]) -> dict:
    told = [{"act": "INFORM", "slot": s, "values": [said], "canonical_values": [is_]} for s, said, is_ in actions]
    return {
        "service": "Gardens_1",
        "actions": told,
        "slots": [],
        "state": {"active_intent": intent, "requested_slots": [], "slot_values": values},
    }


def dialogue(name: str, *turns: tuple[str, dict | str]) -> dict:
    """A user's turn has a frame, the system's an empty string."""
    said = [
        {"speaker": "USER" if held else "SYSTEM", "utterance": text, "frames": [held] if held else []}
        for text, held in turns
    ]
    return {"dialogue_id": name, "services": ["Gardens_1"], "turns": said}


def slot(name: str) -> dict:
    return {"name": name, "description": "", "is_categorical": False, "possible_values": []}


GARDENS = {
    "service_name": "Gardens_1",
    "description": "",
    "slots": [slot(name) for name in ("town", "kind", "has_cafe", "visit_day")],
    "intents": [
        {"name": "FindGarden", "description": "", "is_transactional": False, "required_slots": ["town"],
         "optional_slots": {"kind": "", "has_cafe": "", "visit_day": ""}, "result_slots": ["town", "kind"]},
        {"name": "BookGuide", "description": "", "is_transactional": True, "required_slots": [],
         "optional_slots": {}, "result_slots": []},
    ],
}  # fmt: skip
ROWS = [
    {"garden_name": name, "town": town, "kind": kind, "has_cafe": cafe}
    for name, town, kind, cafe in (
        ("Long Wall", "Bristol", "Rose", "True"), ("Sunk Fence", "Bristol", "Water", "False"),
        ("Foxglove Walk", "Norwich", "Rose", "False"), ("Ha-Ha", "Norwich", "Herb", "True"),
        ("Mulberry Court", "Exeter", "Herb", "False"), ("Seven Ponds", "Exeter", "Water", "True"),
    )
]  # fmt: skip
RIGHT = dialogue(
    "right",
    ("I want to see a garden in Bristol", frame("FindGarden", {"town": ["Bristol"]})),
    ("Any kind?", ""),
    ("A rose garden", frame("FindGarden", {"town": ["Bristol"], "kind": ["Rose", "roses"]})),
    ("Book a guide please", frame("BookGuide", {"town": ["Bristol"], "kind": ["Rose"]})),
)
WRONG = dialogue(
    "wrong",
    ("One in Norwich next Tuesday, whatever the kind",
     frame("FindGarden", {"town": ["Norwich"], "kind": ["dontcare"], "visit_day": ["next Tuesday"]})),
)  # fmt: skip


@pytest.fixture
def gardens(tmp_path):
    folder = tmp_path / "sgd"
    (folder / "catalogs").mkdir(parents=True)
    (folder / "catalogs" / "Gardens_1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS * 4))
    (folder / "dev.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (RIGHT, WRONG)))
    (folder / "dev_schema.json").write_text(json.dumps([GARDENS]))
    (folder / "train_schema.json").write_text("[]")
    return tmp_path


def test_a_talks_state_is_held_against_the_users_at_every_searching_turn(gardens):
    misses: list[dict] = []
    report = run_understanding(UnderstandPlan(data=gardens, only="sgd", resamples=50), miss=misses.append)
    assert report.sgd is not None
    (service,) = report.sgd.services
    assert not service.is_seen
    assert report.sgd.seen is None
    assert report.sgd.unseen == report.sgd.all == service.scores
    assert service.unheld == ("visit_day",)
    scores = service.scores
    assert scores.turns == 3, "the turn that books is not scored"
    assert (scores.joint.right, scores.joint.of) == (2, 3)
    assert scores.joint_held.right == 3, "the day is in no row, and the kind does not matter"
    assert (scores.slots.right, scores.slots.predicted, scores.slots.true) == (4, 4, 5)
    assert (scores.new_slots.right, scores.new_slots.true) == (3, 4)
    assert [miss["dialogue"] for miss in misses] == ["wrong"]
    assert set(misses[0]["wrong"]) == {"visit_day"}


# ReDial ---------------------------------------------------------------------------------------------------------------

FILMS = films_of(
    [
        Film("1", "Rain on Tin", 1999, genres=("drama",), directors=("Ada Body",), plot="Rain falls on a tin roof."),
        Film("2", "Seven Ponds", 2001, genres=("comedy",), directors=("Bo Other",), plot="Ducks, and who feeds them."),
        Film("3", "Rain on Tin", 2015, genres=("horror",), directors=("Cy Third",), plot="The roof falls."),
        Film("4", "Nothing to Mend", 1988, genres=("drama",), directors=("Ada Body",), plot="A cobbler rests."),
    ]
)


def test_titles_are_written_out_with_and_without_their_year():
    assert written_out("Seen @1? or @99", FILMS, "without year") == "Seen Rain on Tin? or 99"
    assert written_out("Seen @1?", FILMS, "with year") == "Seen Rain on Tin (1999)?"


def test_a_stance_is_what_the_state_holds_at_the_end():
    talk = Conversation(
        id="1",
        messages=(Message("Tell me what you like", False), Message("I loved @2 but I hated @4", True)),
        titles={},
        seeker={film: Answers(liked=1, seen=1) for film in ("2", "4", "1")},
        recommender={},
    )
    judged = stance_of(talk, FILMS, EmbeddedUnderstanding(FILMS.catalog), "without year")
    assert judged["2"][:2] == (True, False)
    assert judged["4"][:2] == (False, True)
    assert judged["1"] == (False, False, False)


def test_the_understanding_hears_what_the_recommender_last_said():
    heard = []

    class Listening:
        def understand(self, message, state):
            heard.append((message, state.heard))
            return Request(message=message)

    said = [("a", False), ("b", False), ("c", True), ("d", True), ("e @1", False), ("f", True)]
    talk = Conversation("1", tuple(Message(text, by_seeker) for text, by_seeker in said), {}, {}, {})
    stance_of(talk, FILMS, Listening(), "without year")
    assert heard == [("c", "a b"), ("d", "a b"), ("f", "e Rain on Tin")]


def test_a_misspelling_is_one_letter_away():
    from rapidfuzz.distance import DamerauLevenshtein

    dice = random.Random(0)
    made = [misspelt("nothing to mend", dice) for _ in range(200)]
    assert {DamerauLevenshtein.distance("nothing to mend", one) for one in made} == {1}
    assert {len(one) - len("nothing to mend") for one in made} == {-1, 0, 1}
    assert misspelt("300", dice) == "300"


@pytest.fixture
def redial_folder(tmp_path):
    folder = tmp_path / "redial"
    folder.mkdir()
    (folder / "movies_with_mentions.csv").write_text(
        "movieId,movieName,nbMentions\n1,Rain on Tin (1999),1\n2,Seven Ponds (2001),1\n3,Rain on Tin (2015),1\n"
    )
    talk = {
        "conversationId": "1",
        "initiatorWorkerId": 0,
        "respondentWorkerId": 1,
        "movieMentions": {},
        "initiatorQuestions": {"2": {"suggested": 0, "seen": 1, "liked": 1}},
        "respondentQuestions": {},
        "messages": [{"senderWorkerId": 0, "text": "I loved @2"}, {"senderWorkerId": 1, "text": "Have you seen @3 ?"}],
    }
    (folder / "valid_data.jsonl").write_text(json.dumps(talk) + "\n")
    return tmp_path


def test_stances_and_links_are_counted_by_wording(redial_folder):
    report = run_understanding(UnderstandPlan(data=redial_folder, only="redial", resamples=20)).redial
    assert report is not None
    assert report.stance["without year"].films == 1
    assert report.stance["without year"].by_question["like"].right == 1
    assert report.stance["without year"].always_yes == pytest.approx((1 + 0 + 1) / 3)
    for scores in report.linking.values():
        assert scores.exact.of == scores.clean.of + scores.misspelt.of == 2
        assert scores.exact.right <= scores.same_title.right


# The whole ------------------------------------------------------------------------------------------------------------


def test_what_is_not_there_is_told_and_nothing_at_all_is_an_error(gardens):
    report = run_understanding(UnderstandPlan(data=gardens, resamples=0, limit=1))
    assert report.sgd is not None
    assert report.sgd.dialogues == 1
    assert [str(gardens / name) in line for name, line in zip(("mit_slots", "redial"), report.skipped, strict=True)] == [
        True, True,
    ]  # fmt: skip
    with pytest.raises(DatasetError, match="nothing to measure"):
        run_understanding(UnderstandPlan(data=gardens, only="mit"))
    with pytest.raises(DatasetError, match="has no split 'test'"):
        run_understanding(UnderstandPlan(data=gardens, only="sgd", split="test"))


def test_valid_and_dev_are_one_name(gardens):
    report = run_understanding(UnderstandPlan(data=gardens, only="sgd", split="valid", resamples=0))
    assert report.sgd is not None
    assert report.sgd.split == "dev"


def test_the_command_prints_tables_and_writes_json_and_misses(gardens, tmp_path):
    domain = gardens / "mit_slots" / "wine"
    domain.mkdir(parents=True)
    lines = "a:O dry:B-TASTE wine:O from:O chile:B-PLACE <=> <NULL>\nsweet:B-TASTE wine:O <=> <NULL>\n"
    (domain / "train").write_text(lines * 3)
    (domain / "valid").write_text("something:O sweet:B-TASTE or:O tart:B-TASTE from:O chile:B-PLACE <=> <NULL>\n")
    out, misses = tmp_path / "out.json", tmp_path / "misses.jsonl"
    arguments = ["bench", "understand", "--data", str(gardens), "--json", str(out), "--misses", str(misses)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "Not measured" in done.stdout
    report = UnderstandReport.model_validate_json(out.read_text())
    entities_found = report.mit[0]
    assert entities_found.by_type["TASTE"].true == 2
    assert (entities_found.recall_known.right, entities_found.recall_known.of) == (2, 2)
    assert (entities_found.recall_new.right, entities_found.recall_new.of) == (0, 1)
    assert entities_found.strict.recall == pytest.approx(2 / 3)
    told = [json.loads(line) for line in misses.read_text().splitlines()]
    assert told[0]["missed"] == ["TASTE: tart"]
    assert {one["service"] for one in told[1:]} == {"Gardens_1"}
    console = Console(width=150)
    with console.capture() as captured:
        for table in understanding_tables(report):
            console.print(table)
    assert "Gardens_1 *" in captured.get()
    assert np.isfinite(report.mit[0].latency.p95)


def test_the_report_tells_whether_the_transformer_had_a_part(gardens, untaught, monkeypatch):
    monkeypatch.setenv("SHOPTALK_TAGGER", str(untaught))
    plans = [UnderstandPlan(data=gardens, parser_only=alone, resamples=0, limit=1) for alone in (False, True)]
    assert [run_understanding(plan).understanding for plan in plans] == ["parser and transformer", "parser"]
    arguments = ["bench", "understand", "--data", str(gardens), "--limit", "1", "--parser-only", "--json", "-"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["understanding"] == "parser"


def test_an_unknown_dataset_and_an_empty_folder_are_refused(tmp_path):
    assert CliRunner().invoke(app, ["bench", "understand", "--data", str(tmp_path), "--only", "x"]).exit_code == 2
    empty = CliRunner().invoke(app, ["bench", "understand", "--data", str(tmp_path)])
    assert empty.exit_code == 2
    assert "nothing to measure" in empty.stderr
