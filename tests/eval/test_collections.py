"""Public datasets as benchmarks want them: what is asked is never learned from, and items are named as the catalog does.

The fixtures are made up here, in the formats in which the datasets are published.
"""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.collections import COLLECTIONS, collection
from shoptalk.shop.interactions import read_interactions

SUFFIXES = ("", ".gz")


def put(folder, files, suffix=""):
    """Write the files of a dataset, plain or packed; contents are text, or records for JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else "".join(json.dumps(one) + "\n" for one in content)
        packed = gzip.compress(text.encode()) if suffix else text.encode()
        (folder / f"{name}{suffix}").write_bytes(packed)
    return folder


def read(name, folder, split="valid"):
    return COLLECTIONS[name].read(folder, split)


def questions(dialogue):
    """Items of the shop's turns that name some with a turn before them, and which of these were named earlier."""
    named = set()
    for at, turn in enumerate(dialogue.turns):
        if turn.role == "shop" and turn.items and at:
            yield turn.items, tuple(item for item in turn.items if item not in named)
        named.update(turn.items)


def without(files, name):
    return {one: content for one, content in files.items() if one != name}


# ReDial ---------------------------------------------------------------------------------------------------------------


def talk(key, *messages, **more):
    """A conversation of a seeker, 1, who says what begins with '>', and a recommender."""
    said = [{"senderWorkerId": 1 if text[0] == ">" else 2, "text": text.lstrip("> ")} for text in messages]
    return {
        "conversationId": key, "initiatorWorkerId": 1, "respondentWorkerId": 2, "movieMentions": {}, "messages": said,
        "initiatorQuestions": {"7": {"suggested": 1, "seen": 0, "liked": 1}}, "respondentQuestions": [], **more,
    }  # fmt: skip


REDIAL = {
    "train_data.jsonl": [
        talk("a", "> hello", "try @7 and @7", "or @8", order="exact"),
        talk("b", "> something quiet", "then @9", order="reconstructed"),
        talk("v", "> a storm at sea", "@7 it is", order="exact"),
    ],
    "valid_data.jsonl": [talk("v", "> a storm at sea", "@7 it is")],
    "movies_with_mentions.csv": "movieId,movieName,nbMentions\n7,The Gale  (1957),2\n8,Loom,1\n9, (2015),4\n",
    "id2info.json": json.dumps({"7": {"name": "The Gale (1957)", "genre": ["drama"], "director": ["Ida Moor"]}}),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_redial_talks_name_films_by_id_and_tell_them_by_title(tmp_path, suffix):
    held = read("redial", put(tmp_path, REDIAL, suffix))
    first, second = held.train
    assert [(turn.role, turn.text, turn.items) for turn in first.turns] == [
        ("user", "hello", ()),
        ("shop", "try The Gale (1957) and The Gale (1957)", ("7",)),
        ("shop", "or Loom", ("8",)),
    ]
    assert second.turns[1].text == "then (2015)"
    assert not any(turn.feedback for dialogue in held.train for turn in dialogue.turns), "it was answered afterwards"
    assert held.items[0] == {
        "id": "7", "title": "The Gale", "year": 1957, "genres": ["drama"], "directors": ["Ida Moor"],
    }  # fmt: skip
    assert [item["title"] for item in held.items] == ["The Gale", "Loom", "(2015)"]


def test_redial_learns_from_no_conversation_that_is_asked(tmp_path):
    put(tmp_path, REDIAL)
    held = read("redial", tmp_path)
    assert [one.id for one in held.test] == ["v"]
    assert [one.id for one in held.train] == ["a", "b"]
    assert held.exact == {"a", "v"}
    put(tmp_path, {"test_data.jsonl": [talk("t", "> hi", "@8")]})
    assert [one.id for one in read("redial", tmp_path, "test").train] == ["a", "b", "v"]


# INSPIRED -------------------------------------------------------------------------------------------------------------


def utterance(role, text, *films, links=()):
    return {"role": role, "text": text, "movie": list(films), "movie_link": list(links), "movie_name": [],
            "entity_link": [], "entity_name": []}  # fmt: skip


INSPIRED = {
    "train_data_dbpedia.jsonl": [
        [
            utterance("SEEKER", "I liked Emma.", "Emma. (2020)"),
            utterance("RECOMMENDER", "Then Émma again", "EMMA (2020)", "Emma. (2020)", ""),
        ],
        [utterance("RECOMMENDER", "Both!", "Gale (1957), Loom (1960)"), utterance("SEEKER", "Akira", "Akira ()")],
        [utterance("SEEKER", "?"), utterance("RECOMMENDER", "the other Emma", "Emma (1996)", "Outbreak (1995")],
    ],
    "valid_data_dbpedia.jsonl": [[utterance("SEEKER", "hi"), utterance("RECOMMENDER", "Fen?", "Fen (2001 film)")]],
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_inspired_films_are_those_of_all_splits_under_one_spelling_each(tmp_path, suffix):
    held = read("inspired", put(tmp_path, INSPIRED, suffix))
    assert {(item["title"], item.get("year")) for item in held.items} == {
        ("Emma.", 2020), ("Emma", 1996), ("Gale", 1957), ("Loom", 1960), ("Akira", None), ("Outbreak", 1995),
        ("Fen", 2001),
    }  # fmt: skip
    ids = {item["id"] for item in held.items}
    assert all(set(turn.items) <= ids for one in (*held.train, *held.test) for turn in one.turns)


def test_inspired_turns_name_a_film_once_and_two_in_one_name_are_two(tmp_path):
    held = read("inspired", put(tmp_path, INSPIRED))
    assert [turn.items for turn in held.train[0].turns] == [("Emma. (2020)",), ("Emma. (2020)",)]
    assert list(questions(held.train[0])) == [(("Emma. (2020)",), ())]
    assert held.train[1].turns[0].items == ("Gale (1957)", "Loom (1960)")
    assert [turn.role for turn in held.test[0].turns] == ["user", "shop"]


# OpenDialKG -----------------------------------------------------------------------------------------------------------


def instance(dialogue, turn, said, entities, answer, targets, new):
    return {"dialog_id": dialogue, "turn_id": turn, "context": said, "entity": entities, "resp": answer,
            "rec": targets, "rec_new": new}  # fmt: skip


SAID = ["I liked Fen. A mystery?", "Tell me more", "Ida Moor made Loom and Gale.", "Who plays in Loom?", "Ann.", "So?"]
OPENDIALKG = {
    "train.jsonl": [
        instance(1, 6, SAID, ["Fen", "Mystery", "Ida Moor", "Loom", "Gale", "Loom"], "Gale, or Tern!",
                 ["Gale", "Tern"], ["Tern"]),
        instance(1, 2, SAID[:2], ["Fen", "Mystery"], SAID[2], ["Loom"], ["Loom"]),
        instance(2, 3, ["No, another", "Which?"], [], "Fen, then", ["Fen"], ["Fen"]),
    ],
    "valid.jsonl": [instance(3, 1, ["A film?"], [], "FEN!", ["FEN"], ["FEN"])],
    "id2info.json": json.dumps(
        {
            "0": {"name": "Fen", "year": "2001", "actor": ["Ann", "Ann"], "genre": ["Mystery"], "language": ["Welsh"]},
            "1": {"name": "Loom"}, "2": {"name": "Gale"}, "3": {"name": "Tern"}, "4": {"name": "Mystery"},
            "5": {"name": "Fen", "year": "1950"},
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_opendialkg_turns_of_one_dialogue_are_one_dialogue(tmp_path, suffix):
    held = read("opendialkg", put(tmp_path, OPENDIALKG, suffix))
    dialogue = held.train[0]
    assert [turn.text for turn in dialogue.turns] == [*SAID, "Gale, or Tern!"]
    assert [turn.role for turn in dialogue.turns] == ["user", "user", "shop", "user", "shop", "user", "shop"]
    assert dialogue.turns[0].items == ("0",), "a genre that is a film's name too is a word"
    assert held.items[0] == {
        "id": "0", "title": "Fen", "year": 2001, "genres": ["Mystery"], "cast": ["Ann"], "language": ["Welsh"],
    }  # fmt: skip


def test_opendialkg_without_what_was_named_before_is_rec_new(tmp_path):
    held = read("opendialkg", put(tmp_path, OPENDIALKG))
    assert [list(questions(one)) for one in held.train] == [
        [(("1",), ("1",)), (("2", "3"), ("3",))],
        [(("0",), ("0",))],
    ]


def test_opendialkg_dialogues_may_lack_their_beginning(tmp_path):
    held = read("opendialkg", put(tmp_path, OPENDIALKG))
    assert [turn.role for turn in held.train[1].turns] == ["shop", "user", "shop"]


def test_opendialkg_recommendations_that_nothing_describes_are_items_too(tmp_path):
    held = read("opendialkg", put(tmp_path, OPENDIALKG))
    assert [item["title"] for item in held.items] == ["Fen", "Loom", "Gale", "Tern", "Mystery", "Fen", "FEN"]
    assert len({item["id"] for item in held.items}) == 7
    assert held.test[0].turns[1].items == (held.items[-1]["id"],), "XXX and xXx are two films"


# Games and MovieLens --------------------------------------------------------------------------------------------------

GAMES = {
    "interactions.tsv": "user_id:token\titem_id_list:token_seq\titem_id:token\nu\ta b c\td\nw\tb a\tc\nx\ta\tb\n",
    "items.tsv": 'item_id:token\ttitle:token_seq\na\tSalt &amp; Sand\nb\t12" Disc\nc\tLoom\nd\tLoom\n',
}
RATINGS = """userId,movieId,rating,timestamp
1,10,4.0,100
1,20,5.0,300
1,30,4.5,200
1,40,2.0,150
1,50,3.5,400
1,60,2.5,90
2,10,4.0,50
2,20,1.0,40
3,30,2.0,10
4,10,5.0,7
4,20,4.0,7
"""
MOVIELENS = {
    "ratings.csv": RATINGS,
    "movies.csv": "movieId,title,genres\n"
    '10,"Gale, The (Galerna, La) (1957)",Drama|War\n20,Loom (1960),(no genres listed)\n30,Fen,Drama\n'
    "40,Tern (2006–2007),Drama\n50,Moss (2000),Drama\n60,Rain (2001),Drama\n",
}


def train_of(held):
    rows = zip(held.train.users.tolist(), held.train.items.tolist(), held.train.values.tolist(), strict=True)
    by_user = {}
    for user, item, value in rows:
        by_user.setdefault(user, {})[item] = value
    return by_user


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("test", {"u": ("a b c", "d"), "w": ("b a", "c"), "x": ("a", "b")}),
        ("valid", {"u": ("a b", "c"), "w": ("b", "a")}),
    ],
)
def test_games_leave_the_last_item_out_or_the_one_before(tmp_path, split, expected, suffix):
    held = read("games", put(tmp_path, GAMES, suffix), split)
    assert {one.user: (" ".join(one.had), one.target) for one in held.test} == expected
    assert {user: " ".join(items) for user, items in train_of(held).items()} == {
        user: had for user, (had, _) in expected.items()
    }
    assert [item["title"] for item in held.items] == ["Salt & Sand", '12" Disc', "Loom", "Loom"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("test", {"1": (("60", "10", "40", "30"), "20"), "2": (("20",), "10"), "4": (("10",), "20")}),
        ("valid", {"1": (("60", "10", "40"), "30")}),
    ],
)
def test_movielens_asks_for_the_last_positive_rating_and_knows_nothing_after_it(tmp_path, split, expected, suffix):
    held = read("movielens", put(tmp_path, MOVIELENS, suffix), split)
    assert {one.user: (one.had, one.target) for one in held.test} == expected
    train = train_of(held)
    assert all(tuple(train[one.user]) == one.had and one.target not in train[one.user] for one in held.test)
    assert train["3"] == {"30": -0.5}, "who never liked anything is learned from"


def test_movielens_valid_keeps_what_test_asks_for_out_of_train(tmp_path):
    put(tmp_path, MOVIELENS)
    asked = {(one.user, one.target) for one in read("movielens", tmp_path, "test").test}
    train = train_of(read("movielens", tmp_path, "valid"))
    assert not any(target in train.get(user, {}) for user, target in asked)


def test_movielens_ratings_speak_for_and_against(tmp_path):
    first = read("movielens", put(tmp_path, MOVIELENS), "test").test[0]
    assert dict(zip(first.had, first.values, strict=True)) == {"60": -0.5, "10": 1.0, "40": -0.5, "30": 1.0}


@pytest.mark.parametrize("name", ["games", "movielens"])
def test_a_shop_reads_the_interactions_as_they_are_asked_about(tmp_path, name):
    held = read(name, put(tmp_path, ALL[name]), "test")
    held.train.frame().write_parquet(file := tmp_path / "train.parquet")
    told = read_interactions(file)
    assert [told.item_ids[code] for code in told.items.tolist()] == held.train.items.tolist()
    assert told.users.tolist() == np.unique(held.train.users, return_inverse=True)[1].tolist()
    assert told.values.tolist() == held.train.values.tolist()
    assert np.array_equal(told.times, held.train.times, equal_nan=True)


def test_movielens_titles_read_as_people_write_them(tmp_path):
    held = read("movielens", put(tmp_path, MOVIELENS))
    assert held.items[0] == {
        "id": "10", "title": "The Gale (Galerna, La)", "year": 1957, "genres": ["Drama", "War"],
    }  # fmt: skip
    assert held.items[1:4] == (
        {"id": "20", "title": "Loom", "year": 1960},
        {"id": "30", "title": "Fen", "genres": ["Drama"]},
        {"id": "40", "title": "Tern", "year": 2006, "genres": ["Drama"]},
    )


stars = st.integers(1, 10).map(lambda halves: halves / 2)
histories = st.lists(st.tuples(st.integers(1, 3), stars, st.integers(0, 4)), min_size=1, max_size=25)


@given(histories, st.sampled_from(["valid", "test"]))
def test_no_rating_at_or_after_a_target_is_learned_from(tmp_path_factory, rated, split):
    rows = [f"{user},{film},{grade},{time}" for film, (user, grade, time) in enumerate(rated)]
    films = "".join(f"{film},Film {film},Drama\n" for film in range(len(rated)))
    files = {"ratings.csv": "userId,movieId,rating,timestamp\n" + "\n".join(rows) + "\n",
             "movies.csv": "movieId,title,genres\n" + films}  # fmt: skip
    folder = put(tmp_path_factory.mktemp("ratings"), files)
    held, last = read("movielens", folder, split), read("movielens", folder, "test")
    train = train_of(held)
    for one in held.test:
        before = rated[int(one.target)][2]
        assert rated[int(one.target)][1] >= 4
        assert all(rated[int(film)][2] <= before for film in train[one.user])
        assert one.target not in train[one.user]
    assert not any(one.target in train.get(one.user, {}) for one in last.test)


# Icecat ---------------------------------------------------------------------------------------------------------------

ICECAT = {
    "products.jsonl": [
        {"id": "1", "title": "Brush X", "price": 1250, "attr_t_colour": "Red"},
        {"id": "2", "title": "Broom Y", "price": 900},
    ],
    "judgements.csv": "query,docid,rating\nbrush,1,3\nbrush,2,0\nkettle,1,0\nmop,77,2\n",
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_icecat_keeps_the_queries_that_some_product_answers(tmp_path, suffix):
    held = read("icecat", put(tmp_path, ICECAT, suffix))
    assert held.queries == (("brush", {"1": 3, "2": 0}),)
    assert held.judged == 3
    assert held.items[0] == ICECAT["products.jsonl"][0], "a product stands as it is written"
    assert held.source.name == f"products.jsonl{suffix}"


def test_icecat_reads_other_judgements_that_stand_beside(tmp_path):
    put(tmp_path, {**ICECAT, "judgements_test.csv": "query,docid,rating\nbroom,2,1\n"})
    assert [query for query, _ in read("icecat", tmp_path, "test").queries] == ["broom"]


# What they share ------------------------------------------------------------------------------------------------------

ALL = {
    "redial": REDIAL, "inspired": INSPIRED, "opendialkg": OPENDIALKG, "games": GAMES, "movielens": MOVIELENS,
    "icecat": ICECAT,
}  # fmt: skip


def test_every_collection_is_read_here():
    assert set(ALL) == set(COLLECTIONS)


@pytest.mark.parametrize(
    ("name", "looked_for"),
    [
        ("redial", "test_data.jsonl"),
        ("inspired", "test_data_dbpedia.jsonl"),
        ("opendialkg", "test.jsonl"),
        ("icecat", "judgements_test.csv"),
    ],
)
def test_a_split_that_is_not_there_is_told_with_its_file_and_those_that_are(tmp_path, name, looked_for):
    put(tmp_path, ALL[name])
    with pytest.raises(DatasetError) as told:
        read(name, tmp_path, "test")
    assert all(part in str(told.value) for part in (str(tmp_path), f"'{looked_for}'", f"'{looked_for}.gz'"))
    assert told.value.hint == "There is: valid."


@pytest.mark.parametrize("name", ALL)
def test_what_is_learned_from_cannot_be_asked(tmp_path, name):
    with pytest.raises(DatasetError, match="train"):
        read(name, put(tmp_path, ALL[name]), "train")


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, files in ALL.items() for file in files])
def test_a_file_that_is_missing_is_named(tmp_path, name, file):
    put(tmp_path, without(ALL[name], file))
    if file == "id2info.json" and name == "redial":
        assert read(name, tmp_path).items[0] == {"id": "7", "title": "The Gale", "year": 1957}
        return
    with pytest.raises(DatasetError, match=file):
        read(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "files", "told"),
    [
        ("games", {"interactions.tsv": "user\titems\n1\t2\n"}, "its columns are user, items"),
        ("games", {"interactions.tsv": GAMES["interactions.tsv"] + "y\ta\n"}, r"interactions.tsv, record 4.*2 fields"),
        ("movielens", {"ratings.csv": RATINGS + "5,10,good,1\n"}, r"ratings.csv, record 12.*good"),
        ("inspired", {"train_data_dbpedia.jsonl": [[{"text": "hi"}]]}, r"record 1: the field 'movie' is missing"),
        ("inspired", {"train_data_dbpedia.jsonl": "[\n"}, r"line 1: not JSON"),
        ("opendialkg", {"valid.jsonl": [{"dialog_id": 1}]}, r"valid.jsonl, record 1: the field 'turn_id' is missing"),
        ("icecat", {"judgements.csv": "query,docid,rating\nmop,1,very\n"}, r"judgements.csv, record 1.*very"),
        ("icecat", {"products.jsonl": [{"id": "1"}]}, r"products.jsonl, line 1: the fields id and title"),
    ],
)
def test_what_is_not_in_the_published_format_is_told_with_its_place(tmp_path, name, files, told):
    with pytest.raises(DatasetError, match=told):
        read(name, put(tmp_path, {**ALL[name], **files}))


def test_an_unknown_name_is_answered_with_those_that_there_are():
    assert collection("games", "next").kind == "next"
    with pytest.raises(DatasetError, match="no dataset 'netflix'") as told:
        collection("netflix")
    assert all(name in told.value.hint for name in ALL)
    with pytest.raises(DatasetError) as told:
        collection("games", "crs")
    assert told.value.hint == "Name one of: redial, inspired, opendialkg."


def test_a_folder_of_datasets_will_do(tmp_path):
    movielens = COLLECTIONS["movielens"]
    assert movielens.within(tmp_path) == tmp_path
    inner = put(tmp_path / "ml-latest-small", MOVIELENS)
    assert movielens.within(tmp_path) == inner
