"""The tagger's arrays: what is read of a text, what hints say, how pieces become spans, and what a folder must hold."""

import logging
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from shoptalk.agent.state import TalkState
from shoptalk.agent.tagging import (
    ACTS,
    HEARD,
    MESSAGE,
    MOST_HEARD,
    MOST_READ,
    ROLES,
    Hint,
    Pieces,
    Tagger,
    Tags,
    chosen_tagger,
    facet_text,
    hint_arrays,
    kind_of,
    load_tagger,
    split,
)
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.errors import EncoderError
from shoptalk.retrieval.encoder import find_weights
from shoptalk.settings import Settings


@pytest.fixture(scope="module")
def tokenizer():
    held = Tokenizer.from_file(str(find_weights(None) / "tokenizer.json"))
    held.no_padding()
    held.no_truncation()
    return held


@pytest.fixture(scope="module")
def tagger(untaught):
    return Tagger(untaught)


# Pieces ---------------------------------------------------------------------------------------------------------------


def check_pieces(pieces, heard, message):
    lengths = {len(values) for values in (pieces.ids, pieces.types, pieces.parts, pieces.starts, pieces.ends)}
    assert lengths == {len(pieces.ids)}
    assert (pieces.parts == HEARD).sum() <= MOST_HEARD
    assert (pieces.parts == MESSAGE).sum() <= MOST_READ
    for part, text in ((HEARD, heard), (MESSAGE, message)):
        own = pieces.parts == part
        assert (pieces.starts[own] < pieces.ends[own]).all()
        assert (pieces.ends[own] <= len(text)).all()
        assert (np.diff(pieces.starts[own]) >= 0).all()


def read_back(pieces, text, part):
    own = np.flatnonzero(pieces.parts == part)
    return [text[pieces.starts[i] : pieces.ends[i]] for i in own]


def test_both_parts_stand_between_marks_with_their_characters(tokenizer):
    pieces = split(tokenizer, "Which town?", "Zürich, near the lake")
    check_pieces(pieces, "Which town?", "Zürich, near the lake")
    assert pieces.parts.tolist() == [-1, 0, 0, 0, -1, *[1] * (len(pieces.ids) - 6), -1]
    assert pieces.types.tolist() == [0] * 5 + [1] * (len(pieces.ids) - 5)
    assert read_back(pieces, "Which town?", HEARD) == ["Which", "town", "?"]
    assert read_back(pieces, "Zürich, near the lake", MESSAGE)[-4:] == [",", "near", "the", "lake"]


def test_of_what_was_heard_the_end_is_read_and_of_the_message_the_beginning(tokenizer):
    heard = " ".join(f"word{n}" for n in range(400)) + " Which town do you like?"
    message = " ".join(f"sea{n}" for n in range(400))
    pieces = split(tokenizer, heard, message)
    check_pieces(pieces, heard, message)
    assert (pieces.parts == HEARD).sum() == MOST_HEARD
    assert (pieces.parts == MESSAGE).sum() == MOST_READ
    assert read_back(pieces, heard, HEARD)[-6:] == ["Which", "town", "do", "you", "like", "?"]
    assert read_back(pieces, message, MESSAGE)[:2] == ["sea", "##0".removeprefix("##")]


@pytest.mark.parametrize(
    ("heard", "message"),
    [
        ("", ""), ("", "   "), ("?", "🍷🍷 red 🦜"), ("東京の宿", "安いホテルはありますか"), ("Где?", "В Москве"),
        ("", "e\u0301te\u0301"), ("", "🏳️‍🌈"), ("\u200b", "\x00\x01"), ("a" * 5000, "b" * 5000), ("", "مطعم رخيص"),
    ],
)  # fmt: skip
def test_any_text_is_read(tokenizer, tagger, heard, message):
    check_pieces(split(tokenizer, heard, message), heard, message)
    tags = tagger.read(heard, message, tagger.facet_vectors(["town: text"]), [Hint(MESSAGE, 0, len(message), (0,))])
    check_tags(tags, 1)


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_pieces_have_their_characters(tokenizer, heard, message):
    heard, message = (text.encode("utf-8", "replace").decode() for text in (heard, message))
    check_pieces(split(tokenizer, heard, message), heard, message)


# Hints ----------------------------------------------------------------------------------------------------------------


def test_hints_share_a_word_among_their_facets(tokenizer):
    message = "2 dry white wines"
    pieces = split(tokenizer, "white?", message)
    hints = [Hint(MESSAGE, 2, 11, (0, 2)), Hint(MESSAGE, 6, 11, (1,)), Hint(MESSAGE, 0, 1, is_number=True)]
    shares, kinds = hint_arrays(pieces, hints, 3)
    assert shares.shape == (len(pieces.ids), 3)
    assert kinds.shape == (len(pieces.ids), 3)
    at = {word: i for i, word in zip(np.flatnonzero(pieces.parts == MESSAGE), message.split(), strict=True)}
    np.testing.assert_allclose(shares[at["dry"]], [0.5, 0, 0.5])
    np.testing.assert_allclose(shares[at["white"]], [1 / 3, 1 / 3, 1 / 3])
    assert kinds[at["dry"]].tolist() == [1, 1, 0]
    assert kinds[at["2"]].tolist() == [0, 0, 1]
    assert not kinds[at["wines"]].any()
    assert not shares[pieces.parts == HEARD].any(), "a hint is of its part"


def test_rows_of_shares_add_up_to_one_or_none_and_hints_beyond_the_cut_say_nothing(tokenizer):
    message = " ".join(["sea"] * 300)
    pieces = split(tokenizer, "", message)
    hints = [Hint(MESSAGE, n, n + 7, (n % 5, (n + 1) % 5)) for n in range(0, len(message), 9)]
    shares, _ = hint_arrays(pieces, hints, 5)
    assert set(np.round(shares.sum(axis=1), 5).tolist()) <= {0.0, 1.0}
    far, kinds = hint_arrays(pieces, [Hint(MESSAGE, 1100, 1107, (0,), is_number=True)], 5)
    assert not far.any()
    assert not kinds.any()


# Tags -----------------------------------------------------------------------------------------------------------------


def tags_of(words, best, begins=(), *, facets=3, sure=0.9, heard=0):
    """Tags of a message whose pieces are these words ('##' glues one to the word before); `best`: each one's facet."""
    starts, ends, at = [], [], 0
    for word in words:
        at += 0 if word.startswith("##") or not starts else 1
        starts.append(at)
        at += len(word.removeprefix("##"))
        ends.append(at)
    none = np.zeros(len(words), dtype=np.int64)
    parts = np.array([HEARD] * heard + [MESSAGE] * (len(words) - heard))
    pieces = Pieces(none, none, parts, np.array(starts), np.array(ends))
    chances = np.full((len(words), facets + 1), (1 - sure) / facets, dtype=np.float32)
    chances[np.arange(len(words)), best] = sure
    starting = np.isin(np.arange(len(words)), begins).astype(np.float32)
    roles = np.zeros((len(words), len(ROLES)), dtype=np.float32)
    return Tags(
        pieces, chances, starting, roles, np.zeros(len(ACTS), dtype=np.float32), np.zeros(facets), np.zeros(facets)
    )


NONE = 3


@pytest.mark.parametrize(
    ("words", "best", "begins", "spans"),
    [
        (["dry", "wine"], [0, NONE], [], [(0, 3, 0)]),
        (["very", "dry", "wine"], [0, 0, NONE], [], [(0, 8, 0)]),
        (["dry", "white", "wine"], [0, 1, NONE], [], [(0, 3, 0), (4, 9, 1)]),
        (["dry", "sweet"], [0, 0], [1], [(0, 3, 0), (4, 9, 0)]),
        (["dry", "or", "sweet"], [0, NONE, 0], [], [(0, 3, 0), (7, 12, 0)]),
        (["rio", "##ja"], [2, NONE], [], [(0, 5, 2)]),
        (["rio", "##ja"], [2, 1], [], [(0, 5, 2)]),
        (["rio", "##ja", "red"], [2, NONE, 2], [], [(0, 9, 2)]),
        (["un", "##dry"], [NONE, 0], [], []),
        (["wine"], [NONE], [], []),
        ([], [], [], []),
    ],
)
def test_pieces_of_one_facet_make_a_span_and_a_word_is_what_its_first_piece_says(words, best, begins, spans):
    found = tags_of(words, best, begins).spans()
    assert [span[:3] for span in found] == spans
    assert all(chance == pytest.approx(0.9) for *_, chance in found)


def test_a_span_is_as_sure_as_its_least_sure_word_and_belongs_to_its_part():
    tags = tags_of(["dry", "very", "dry"], [0, 1, 1], heard=1)
    tags.facets[2] = [0.3, 0.6, 0.1, 0.0]
    assert tags.spans() == [(4, 12, 1, pytest.approx(0.6))]
    assert [span[:3] for span in tags.spans(HEARD)] == [(0, 3, 0)]


def test_what_was_not_read_has_no_facet_and_no_role():
    tags = tags_of(["dry", "wine"], [0, NONE])
    tags.roles[0, ROLES.index("rejected")] = 1
    assert tags.facet_of((0, 3)).argmax() == 0
    assert tags.facet_of((0, 8))[0] == pytest.approx((0.9 + 0.1 / 3) / 2)
    assert tags.role_of((0, 8))["rejected"] == 0.5
    assert tags.facet_of((40, 44)) is None
    assert tags.role_of((0, 3), HEARD) is None
    assert set(tags.act) == set(ACTS)


# Facets ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["True", "no"], "yes or no"), (["1999", "2001", "$1,200.50"], "number"), (["2019-03-01"], "date"),
        (["17:30", "9:05"], "time of day"), (["red", "blue"], "category"), (["4", "red"], "category"), ([], "text"),
        ([*map(str, range(90)), "unknown"], "number"),
    ],
)  # fmt: skip
def test_what_values_look_like(values, kind):
    assert kind_of(values) == kind


def test_a_facet_is_told_by_label_and_values_or_by_what_they_are_like():
    assert facet_text("food_type", "category", ["thai", "greek"]) == "food type: thai, greek"
    assert facet_text("price", "number") == "price: number"


# Tagger ---------------------------------------------------------------------------------------------------------------


def check_tags(tags, facets):
    t = len(tags.pieces.ids)
    shapes = {
        "facets": (t, facets + 1), "begins": (t,), "roles": (t, len(ROLES)), "acts": (len(ACTS),),
        "asked": (facets,), "dropped": (facets,),
    }  # fmt: skip
    for name, shape in shapes.items():
        probabilities = getattr(tags, name)
        assert probabilities.shape == shape, name
        assert ((probabilities >= 0) & (probabilities <= 1)).all(), name
    np.testing.assert_allclose(tags.facets.sum(axis=1), 1, rtol=1e-4)


def test_a_message_is_tagged_over_any_number_of_facets(tagger):
    for count in (1, 5, 70):
        vectors = tagger.facet_vectors([f"facet {n}: " + "value, " * 60 for n in range(count)])
        assert vectors.shape == (count, 384)
        check_tags(tagger.read("Which one?", "the third, please", vectors, [Hint(MESSAGE, 4, 9, (count - 1,))]), count)


def test_a_facets_vector_does_not_depend_on_those_beside_it(tagger):
    texts = ["town: Bath, Ely", "a much longer label, with words to be padded to: number", "price: number"]
    alone = np.concatenate([tagger.facet_vectors([text]) for text in texts])
    np.testing.assert_allclose(tagger.facet_vectors(texts), alone, atol=1e-4)


def test_hints_are_heard(tagger):
    vectors = tagger.facet_vectors(["town: text", "colour: text"])
    plain, told = (tagger.read("", "a red one", vectors, hints) for hints in ((), [Hint(MESSAGE, 2, 5, (1,))]))
    assert told.facet_of((2, 5))[1] > plain.facet_of((2, 5))[1]


@pytest.mark.parametrize("damage", ["layers.onnx", "heads.npz", "card.json"])
@pytest.mark.parametrize("how", ["missing", "cut", "empty"])
def test_a_damaged_folder_is_told_with_what_to_do(untaught, tmp_path, damage, how):
    folder = tmp_path / "tagger"
    shutil.copytree(untaught, folder)
    held = (folder / damage).read_bytes()
    (folder / damage).unlink()
    if how != "missing":
        (folder / damage).write_bytes(held[: len(held) // 2] if how == "cut" else b"")
    with pytest.raises(EncoderError, match="cannot be loaded") as caught:
        Tagger(folder)
    assert str(folder) in caught.value.problem
    assert "shoptalk teach" in caught.value.hint


def test_without_weights_one_warning_is_logged_and_the_parser_stands_alone(films, tmp_path, caplog):
    missing = tmp_path / "nowhere"
    with caplog.at_level(logging.WARNING):
        assert load_tagger(missing) is None
        assert load_tagger(missing) is None
    (warning,) = caplog.records
    assert str(missing) in warning.getMessage()
    assert chosen_tagger(Settings(tagger=missing)) is None
    request = EmbeddedUnderstanding(films, load_tagger(missing)).understand("a comedy from the nineties", TalkState())
    assert {one.facet for one in request.constraints} == {"genres", "year"}


def test_the_settings_choose_the_tagger(untaught):
    assert chosen_tagger(Settings(tagger="none")) is None
    chosen = chosen_tagger(Settings(tagger=untaught, threads=1))
    assert isinstance(chosen, Tagger)
    assert chosen_tagger(Settings(tagger=untaught, threads=1)) is chosen, "it is loaded once"
