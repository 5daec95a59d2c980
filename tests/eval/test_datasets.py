"""The readers of public datasets: their published formats, packed or not, and what they say of a file that is not so."""

import gzip
import json

import pytest

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets import mit, redial, sgd
from shoptalk.eval.datasets.mit import TaggedSpan

TAGGED = "a:O very:B-TASTE dry:I-TASTE white:B-COLOUR from:O porto:I-PLACE at:O 9:30:B-TIME <=> <NULL>\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def lines_of(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


# MIT slots ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["train", "train.gz"])
def test_tagged_sentences_have_spans_of_words_and_of_characters(tmp_path, name):
    write(tmp_path / name, TAGGED + "\n" + TAGGED)
    sentence, again = mit.read_split(tmp_path, "train")
    assert sentence == again
    assert sentence.text == "a very dry white from porto at 9:30"
    assert [(span.tag, sentence.value(span)) for span in sentence.spans] == [
        ("TASTE", "very dry"), ("COLOUR", "white"), ("PLACE", "porto"), ("TIME", "9:30"),
    ]  # fmt: skip
    assert all(sentence.text[slice(*sentence.characters(s))] == sentence.value(s) for s in sentence.spans)


def test_a_new_b_begins_a_new_span_and_so_does_another_tag(tmp_path):
    write(tmp_path / "valid", "a:B-X b:B-X c:I-X d:I-Y e:O f:I-Y\n")
    (sentence,) = mit.read_split(tmp_path, "valid")
    assert sentence.spans == (
        TaggedSpan(0, 1, "X"), TaggedSpan(1, 3, "X"), TaggedSpan(3, 4, "Y"), TaggedSpan(5, 6, "Y"),
    )  # fmt: skip


def test_domains_are_the_folders_with_a_split(tmp_path):
    write(tmp_path / "wine" / "test.gz", TAGGED)
    write(tmp_path / "notes" / "read.me", "")
    assert [path.name for path in mit.domains(tmp_path)] == ["wine"]
    assert mit.domains(tmp_path / "nowhere") == []


def test_a_word_without_a_tag_is_told_with_its_line(tmp_path):
    write(tmp_path / "train", TAGGED + "oops <=> <NULL>\n")
    with pytest.raises(DatasetError, match=r"train, line 2: 'oops' has no tag"):
        list(mit.read_split(tmp_path, "train"))


# Schema-Guided Dialogue -----------------------------------------------------------------------------------------------

SERVICE = {
    "service_name": "Gardens_1",
    "description": "Find a garden",
    "slots": [{"name": "town", "description": "Where", "is_categorical": False, "possible_values": []}],
    "intents": [
        {"name": "FindGarden", "description": "", "is_transactional": False, "required_slots": ["town"],
         "optional_slots": {"open_on": "dontcare"}, "result_slots": ["town"]},
        {"name": "BookGuide", "description": "", "is_transactional": True, "required_slots": [],
         "optional_slots": {}, "result_slots": []},
    ],
}  # fmt: skip
TURN = {
    "speaker": "USER",
    "utterance": "A garden in Bath",
    "frames": [
        {
            "service": "Gardens_1",
            "actions": [{"act": "INFORM", "slot": "town", "values": ["Bath"], "canonical_values": ["Bath"]}],
            "slots": [{"slot": "town", "start": 12, "exclusive_end": 16}],
            "state": {"active_intent": "FindGarden", "requested_slots": [], "slot_values": {"town": ["Bath"]}},
        }
    ],
}
DIALOGUE = {"dialogue_id": "1", "services": ["Gardens_1"], "turns": [TURN, TURN | {"speaker": "SYSTEM", "frames": []}]}


@pytest.mark.parametrize("layout", ["packed", "published"])
def test_both_layouts_give_the_same_dialogues_and_schemas(tmp_path, layout):
    if layout == "packed":
        write(tmp_path / "dev.jsonl.gz", lines_of(DIALOGUE, DIALOGUE))
        write(tmp_path / "dev_schema.json", json.dumps([SERVICE]))
    else:
        write(tmp_path / "dev" / "dialogues_001.json", json.dumps([DIALOGUE]))
        write(tmp_path / "dev" / "dialogues_002.json", json.dumps([DIALOGUE]))
        write(tmp_path / "dev" / "schema.json", json.dumps([SERVICE]))
    assert sgd.has_split(tmp_path, "dev")
    assert not sgd.has_split(tmp_path, "test")
    one, two = sgd.read_dialogues(tmp_path, "dev")
    assert one == two
    frame = one.turns[0].frame("Gardens_1")
    assert frame is not None
    assert frame.state is not None
    assert frame.state.slot_values == {"town": ("Bath",)}
    assert one.turns[0].utterance[frame.slots[0].start : frame.slots[0].end] == "Bath"
    assert one.turns[1].frame("Gardens_1") is None
    schema = sgd.read_schemas(tmp_path, "dev")["Gardens_1"]
    assert schema.searches == {"FindGarden"}
    assert schema.intents[0].optional_slots == ("open_on",)


def test_catalogs_are_found_by_service(tmp_path):
    write(tmp_path / "catalogs" / "Gardens_1.jsonl.gz", lines_of({"town": "Bath", "beds": 3}))
    write(tmp_path / "catalogs" / "Parks_2.jsonl", lines_of({"town": "Ely"}))
    assert sgd.catalog_services(tmp_path) == ["Gardens_1", "Parks_2"]
    assert list(sgd.read_catalog(tmp_path, "Gardens_1")) == [{"town": "Bath", "beds": "3"}]
    assert sgd.catalog_services(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lines_of({"dialogue_id": "1", "services": []}), r"dev.jsonl, record 1: the field 'turns' is missing"),
        (lines_of(DIALOGUE) + "{", r"dev.jsonl, line 2: not JSON"),
        ("[]\n", r"dev.jsonl, line 1: a JSON object is expected"),
    ],
)
def test_a_broken_dialogue_is_told_with_its_place(tmp_path, broken, told):
    write(tmp_path / "dev.jsonl", broken)
    with pytest.raises(DatasetError, match=told):
        list(sgd.read_dialogues(tmp_path, "dev"))


def test_what_is_missing_is_named(tmp_path):
    for read in (
        lambda: list(sgd.read_dialogues(tmp_path, "dev")),
        lambda: sgd.read_schemas(tmp_path, "dev"),
        lambda: list(sgd.read_catalog(tmp_path, "Gardens_1")),
        lambda: list(mit.read_split(tmp_path, "train")),
        lambda: list(redial.read_conversations(tmp_path, "valid")),
        lambda: list(redial.read_films(tmp_path)),
    ):
        with pytest.raises(DatasetError) as caught:
            read()
        assert str(tmp_path) in caught.value.problem
        assert caught.value.hint


def test_a_damaged_archive_is_told(tmp_path):
    (tmp_path / "train.gz").write_bytes(gzip.compress(TAGGED.encode() * 2000)[:-60])
    with pytest.raises(DatasetError, match=r"train.gz, after line \d+: it cannot be read"):
        list(mit.read_split(tmp_path, "train"))


# ReDial ---------------------------------------------------------------------------------------------------------------

TALK = {
    "conversationId": "7",
    "initiatorWorkerId": 0,
    "respondentWorkerId": 1,
    "movieMentions": {"11": "Rain on Tin (1999)"},
    "initiatorQuestions": {"11": {"suggested": 1, "seen": 0, "liked": 2}},
    "respondentQuestions": [],
    "messages": [
        {"messageId": 1, "timeOffset": 0, "senderWorkerId": 1, "text": "Did you see @11, or @12?"},
        {"messageId": 2, "timeOffset": 4, "senderWorkerId": 0, "text": "No"},
    ],
}


def test_conversations_tell_sides_films_and_answers(tmp_path):
    write(tmp_path / "valid_data.jsonl.gz", lines_of(TALK, TALK | {"conversationId": None, "order": "reconstructed"}))
    talk, restored = redial.read_conversations(tmp_path, "valid")
    assert [message.by_seeker for message in talk.messages] == [False, True]
    assert talk.messages[0].films == ("11", "12")
    assert talk.seeker["11"] == redial.Answers(suggested=1, seen=0, liked=2)
    assert talk.recommender == {}
    assert talk.is_exact
    assert not restored.is_exact
    assert restored.id == "valid-2"


def test_conversations_of_valid_can_be_left_out_of_train(tmp_path):
    write(tmp_path / "valid_data.jsonl", lines_of(TALK))
    write(tmp_path / "train_data.jsonl", lines_of(TALK, TALK | {"conversationId": "8"}))
    drop = redial.conversation_ids(tmp_path, "valid")
    assert [one.id for one in redial.read_conversations(tmp_path, "train", drop=drop)] == ["8"]


def test_films_have_a_year_and_what_the_metadata_knows(tmp_path):
    write(
        tmp_path / "movies_with_mentions.csv",
        'movieId,movieName,nbMentions\n11,Rain on Tin  (1999),4\n12,"Two, or Three",1\n13,Old (Part 2) (2001 TV),\n',
    )
    about = {
        "12": {"name": "Two, or Three (1984)", "genre": ["drama"], "director": ["A. Body"], "star": [], "plot": ""}
    }
    write(tmp_path / "id2info.json.gz", json.dumps(about))
    rain, two, old = redial.read_films(tmp_path)
    assert (rain.title, rain.year, rain.mentions, rain.genres) == ("Rain on Tin", 1999, 4, ())
    assert (two.title, two.year, two.genres, two.directors) == ("Two, or Three", 1984, ("drama",), ("A. Body",))
    assert (old.title, old.year, old.mentions) == ("Old (Part 2)", 2001, 0)


def test_a_conversation_without_messages_is_told_with_its_place(tmp_path):
    write(tmp_path / "valid_data.jsonl", lines_of({"initiatorWorkerId": 0, "movieMentions": {}}))
    with pytest.raises(DatasetError, match=r"valid_data.jsonl, record 1: the field 'messages' is missing"):
        list(redial.read_conversations(tmp_path, "valid"))
