"""The talk transformer: what it reads, that what is served is what was trained, and that it learns what can be known."""

import logging
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from tokenizers import Tokenizer

from shoptalk.errors import EncoderError
from shoptalk.ranking.learned import Learned, LearnedHere
from shoptalk.ranking.sessions import Sessions
from shoptalk.ranking.talking.export import export, store_as_bytes
from shoptalk.ranking.talking.measuring import measure_talks
from shoptalk.ranking.talking.net import TalkNet, TalkShape
from shoptalk.ranking.talking.pieces import MOST_OF_ITEM, MOST_OF_TALK, PERSON, SHOP, Reader, short_text
from shoptalk.ranking.talking.serving import TalkHere, TalkTransformer, chosen_talk_encoder, load_talk_encoder
from shoptalk.ranking.talking.training import TalkingConfig, examples_of, fit
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.encoder import HashingEncoder, find_weights
from shoptalk.retrieval.graphs import word_embeddings
from shoptalk.retrieval.query import Query, Said
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema
from shoptalk.settings import Settings

SHAPE = TalkShape(layers=2, inner=64, heads=4)
TEXTS = ["Alien (1979). horror", "A very long title about the sea and all who sail on it", "Up", ""]
TALK = (
    Said("I would like something with a ship in it", by_user=True),
    Said("Have you seen Alien (1979)?", by_user=False),
    Said("yes, and I loved it", by_user=True),
)
SCHEMA = Schema(
    columns=(
        Column(name="id", role=Role.ID),
        Column(name="title", role=Role.TITLE),
        Column(name="year", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.YEAR),
        Column(name="directors", role=Role.FACET, kind=Kind.CATEGORIES, meaning=Meaning.PERSON),
        Column(name="genre", role=Role.FACET, kind=Kind.CATEGORY, meaning=Meaning.GENRE),
        Column(name="rating", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.RATING),
    )
)


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_file(str(find_weights(None) / "tokenizer.json"))


@pytest.fixture(scope="module")
def reader(tokenizer):
    return Reader(tokenizer)


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(3)
    return TalkNet(word_embeddings(find_weights(None)), SHAPE).eval()


@pytest.fixture(scope="module")
def folder(net, tmp_path_factory):
    place = tmp_path_factory.mktemp("talking")
    export(net, place, {"encoder": "hashing"})
    return place


@pytest.fixture(scope="module")
def transformer(folder):
    return TalkTransformer(folder)


@pytest.fixture(scope="module")
def vectors():
    found = np.random.default_rng(0).normal(size=(50, 384)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


# What is read ---------------------------------------------------------------------------------------------------------


def spelled(tokenizer, ids):
    return [tokenizer.id_to_token(one) for one in ids.tolist()]


def test_a_talk_is_read_message_by_message_and_who_said_it(tokenizer, reader):
    read = reader.talk([Said("hello", by_user=True), Said("which town", by_user=False)])
    assert spelled(tokenizer, read.ids) == ["[CLS]", "hello", "[SEP]", "which", "town", "[SEP]"]
    assert read.types.tolist() == [PERSON, PERSON, PERSON, SHOP, SHOP, SHOP]


def test_of_a_long_talk_the_newest_pieces_are_read(tokenizer, reader):
    numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = [Said(" ".join([word] * 9), by_user=True) for word in numbers]
    read = reader.talk(said)
    pieces = spelled(tokenizer, read.ids)
    assert len(pieces) == MOST_OF_TALK
    assert pieces[-10:] == ["nine"] * 9 + ["[SEP]"]
    assert pieces[:2] == ["[CLS]", "[SEP]"], "of the message on the edge the end"
    assert "two" not in pieces
    assert np.array_equal(reader.talk(said[-8:]).ids, read.ids)


def test_of_a_long_message_the_beginning_is_read(tokenizer, reader):
    pieces = spelled(tokenizer, reader.talk([Said("first " + "word " * 500, by_user=True)]).ids)
    assert pieces[:3] == ["[CLS]", "first", "word"]
    assert len(pieces) == 42


@pytest.mark.parametrize("said", [(), (Said("", by_user=True),), (Said(" \n", by_user=False), Said("", by_user=True))])
def test_where_nothing_was_said_nothing_is_read(reader, transformer, vectors, said):
    assert reader.talk(said) is None
    assert transformer.vector(said) is None
    assert transformer.scores(said, vectors, transformer.lengths(vectors)) is None
    assert transformer.rerank(said, TEXTS) is None


@given(st.lists(st.tuples(st.text(max_size=60), st.booleans()), max_size=6))
@bounds(deadline=None, max_examples=60)
def test_any_talk_is_read_within_bounds(reader, said):
    read = reader.talk([Said(text, by_user=by_user) for text, by_user in said])
    if read is not None:
        assert 3 <= len(read.ids) == len(read.types) <= MOST_OF_TALK
        assert set(read.types.tolist()) <= {PERSON, SHOP}


def test_a_text_that_no_encoding_holds_is_read(transformer):
    assert transformer.vector([Said("lone \ud800 surrogate", by_user=True)]) is not None


def test_items_are_read_in_a_few_pieces(tokenizer, reader):
    ids, mask = reader.items([*TEXTS, "word " * 100])
    assert ids.shape == mask.shape == (5, MOST_OF_ITEM)
    assert spelled(tokenizer, ids[2][mask[2]]) == ["[CLS]", "up", "[SEP]"]
    assert mask[4].all()
    assert spelled(tokenizer, ids[4])[-1] == "[SEP]"


def test_an_item_is_told_by_title_year_kind_and_people():
    items = [
        Item(id="a", title="Alien", facets={"year": 1979.0, "directors": ("R. Scott", "B", "C"), "genre": "horror"}),
        Item(id="b", title="Metropolis (1927)", facets={"year": 1927.0, "rating": 8.3}),
        Item(id="c", title="Up"),
    ]
    catalog = Catalog.from_items(items, SCHEMA)
    assert [short_text(catalog, row) for row in range(3)] == [
        "Alien (1979). horror. R. Scott, B",
        "Metropolis (1927)",
        "Up",
    ]


# What is served is what was trained -----------------------------------------------------------------------------------


def test_the_served_vector_and_scores_are_those_of_the_net(net, transformer, reader, vectors):
    read = reader.talk(TALK)
    mask = torch.ones(1, len(read.ids), dtype=torch.bool)
    with torch.inference_mode():
        talks, pairs = net.talk(torch.from_numpy(read.ids)[None], torch.from_numpy(read.types)[None], mask)
        likeness = (talks @ net.items(torch.from_numpy(vectors)).T)[0] * net.scale.exp()
        ids, item_mask = map(torch.from_numpy, reader.items(TEXTS))
        judged = net.judged(ids[None], item_mask[None], pairs, mask)[0]
    assert transformer.vector(TALK) == pytest.approx(talks[0].numpy(), abs=2e-3)
    shares = torch.exp((likeness - likeness.max()) / 4).numpy()
    assert transformer.scores(TALK, vectors, transformer.lengths(vectors)) == pytest.approx(shares, abs=2e-2)
    assert transformer.rerank(TALK, TEXTS) == pytest.approx(judged.numpy(), abs=2e-3)


def test_in_training_padding_and_neighbours_change_nothing(net, reader):
    talks = [reader.talk(TALK), reader.talk(TALK[:1])]
    ids, types = torch.zeros(2, 60, dtype=torch.long), torch.zeros(2, 60, dtype=torch.long)
    mask = torch.zeros(2, 60, dtype=torch.bool)
    for row, read in enumerate(talks):
        n = len(read.ids)
        ids[row, :n], types[row, :n], mask[row, :n] = torch.from_numpy(read.ids), torch.from_numpy(read.types), True
    item_ids, item_mask = map(torch.from_numpy, reader.items(TEXTS))
    with torch.inference_mode():
        together, pairs = net.talk(ids, types, mask)
        judged = net.judged(item_ids.expand(2, -1, -1), item_mask.expand(2, -1, -1), pairs, mask)
        n = len(talks[1].ids)
        alone, own = net.talk(ids[1:, :n], types[1:, :n], mask[1:, :n])
        judged_alone = net.judged(item_ids[None, :1, :9], item_mask[None, :1, :9], own, mask[1:, :n])
    assert together[1].numpy() == pytest.approx(alone[0].numpy(), abs=1e-5)
    assert float(judged[1, 0]) == pytest.approx(float(judged_alone[0, 0]), abs=1e-4)


def test_a_vector_has_unit_length_and_scores_are_shares_of_the_best(transformer, vectors):
    assert np.linalg.norm(transformer.vector(TALK)) == pytest.approx(1)
    scores = transformer.scores(TALK, vectors, transformer.lengths(vectors))
    assert scores.dtype == np.float32
    assert scores.shape == (50,)
    assert scores.max() == 1
    assert (scores > 0).all()


def test_a_candidates_score_does_not_depend_on_the_others_nor_on_their_order(transformer):
    together = transformer.rerank(TALK, TEXTS)
    assert np.ptp(together) > 1e-3, "they differ"
    alone = [float(transformer.rerank(TALK, [text])[0]) for text in TEXTS]
    assert together == pytest.approx(alone, abs=1e-4)
    assert transformer.rerank(TALK, TEXTS[::-1]) == pytest.approx(together[::-1], abs=1e-4)
    assert transformer.rerank(TALK, ["word " * 100, *TEXTS])[1:] == pytest.approx(together, abs=1e-4)


def test_who_said_it_and_what_was_said_first_matter(transformer):
    first = transformer.vector(TALK)
    others = [replace(one, by_user=not one.by_user) for one in TALK]
    assert abs(transformer.vector(others) - first).max() > 1e-4
    assert abs(transformer.vector(TALK[::-1]) - first).max() > 1e-4


def test_the_same_question_has_the_same_answer_also_after_many_others(folder, vectors):
    one, other = TalkTransformer(folder), TalkTransformer(folder)
    first = one.vector(TALK), one.rerank(TALK, TEXTS)
    for count in range(20):
        one.vector([Said(f"talk {count}", by_user=True)])
    for transformer in (one, other):
        assert np.array_equal(transformer.vector(TALK), first[0])
        assert np.array_equal(transformer.rerank(TALK, TEXTS), first[1])


def test_in_bytes_it_says_nearly_the_same(folder, tmp_path, transformer):
    shutil.copytree(folder, tmp_path / "bytes")
    store_as_bytes(folder, tmp_path / "bytes" / "layers.onnx")
    assert (tmp_path / "bytes" / "layers.onnx").stat().st_size < 0.7 * (folder / "layers.onnx").stat().st_size
    assert TalkTransformer(tmp_path / "bytes").vector(TALK) @ transformer.vector(TALK) > 0.98


# Weights ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["layers.onnx", "heads.npz", "card.json"])
@pytest.mark.parametrize("how", ["missing", "cut", "empty"])
def test_a_damaged_folder_is_told_with_what_to_do(folder, tmp_path, damage, how):
    place = tmp_path / "weights"
    shutil.copytree(folder, place)
    held = (place / damage).read_bytes()
    (place / damage).unlink()
    if how != "missing":
        (place / damage).write_bytes(held[: len(held) // 2] if how == "cut" else b"")
    with pytest.raises(EncoderError, match="cannot be loaded") as caught:
        TalkTransformer(place)
    assert str(place) in caught.value.problem
    assert "shoptalk teach-talks" in caught.value.hint


def test_without_weights_one_warning_is_logged_and_there_is_no_source(tmp_path, caplog):
    missing = tmp_path / "nowhere"
    with caplog.at_level(logging.WARNING):
        assert load_talk_encoder(missing) is None
        assert chosen_talk_encoder(Settings(talk_encoder=missing), HashingEncoder()) is None
    (warning,) = caplog.records
    assert str(missing) in warning.getMessage()


def test_the_settings_choose_and_vectors_of_another_encoder_are_not_read(net, tmp_path, caplog):
    encoder = HashingEncoder(384)
    export(net, tmp_path, {"encoder": encoder.name})
    assert chosen_talk_encoder(Settings(talk_encoder="none"), encoder) is None
    chosen = chosen_talk_encoder(Settings(talk_encoder=tmp_path), encoder)
    assert isinstance(chosen, TalkTransformer)
    assert chosen_talk_encoder(Settings(talk_encoder=tmp_path), encoder) is chosen, "it is loaded once"
    with caplog.at_level(logging.WARNING):
        assert chosen_talk_encoder(Settings(talk_encoder=tmp_path), HashingEncoder(64)) is None
    assert "hashing-1-64" in caplog.text


# In a shop ------------------------------------------------------------------------------------------------------------


def test_it_is_a_source_beside_the_models_and_knows_items_that_they_do_not(transformer, vectors):
    items = [Item(id=f"item-{n}", title=f"Item {n}") for n in range(50)]
    catalog = Catalog.from_items(items, SCHEMA)
    here = TalkHere(transformer, catalog, vectors)
    learned = LearnedHere(Learned([], []), catalog, talk=here)
    assert learned.names == ("talk_encoder",)
    assert learned.scores(Query()) == {}
    found = learned.scores(Query(said=TALK))
    assert np.array_equal(found["talk_encoder"], here.scores(Query(said=TALK)))
    rows = np.array([7, 3])
    expected = transformer.rerank(TALK, ["Item 7", "Item 3"])
    assert np.array_equal(here.rerank(Query(said=TALK), rows), expected)


# Learning -------------------------------------------------------------------------------------------------------------

WORDS = ("apple", "river")


def talks(count):
    """Each asks with one of two words, and is answered with the item of that word; the words before say nothing."""
    draw = np.random.default_rng(5)
    which = draw.integers(0, 2, count)
    fillers = draw.integers(0, 3, count)
    said = tuple(
        (
            Said(("hello", "good day", "hi there")[filler], by_user=True),
            Said("what would you like", by_user=False),
            Said(f"some {WORDS[item]} please", by_user=True),
            Said("take this", by_user=False, items=(str(item),)),
        )
        for item, filler in zip(which.tolist(), fillers.tolist(), strict=True)
    )
    return Sessions(
        n_items=2,
        offsets=np.arange(count + 1, dtype=np.int64),
        items=which.astype(np.int64),
        values=np.ones(count),
        steps=np.full(count, 3, dtype=np.int64),
        times=np.full(count, np.nan),
        chosen=np.ones(count, dtype=np.bool_),
        said=said,
    )


def learn(folder, sessions, reader, config, report=None):
    torch.manual_seed(config.seed)
    net = TalkNet(word_embeddings(find_weights(None)), config.shape)
    given = np.eye(2, 384, dtype=np.float32)
    checkpoint = folder / "checkpoint.pt"
    fit(
        net,
        examples_of(sessions, reader),
        sessions,
        given,
        reader.items(["fruit", "water"]),
        config,
        checkpoint,
        report,
    )
    return net


CONFIG = TalkingConfig(
    shape=TalkShape(layers=1, inner=64, heads=4), batch=16, epochs=6, negatives=1, warmup=5, rate_layers=1e-3,
    rate_rest=1e-3, checkpoint=10,
)  # fmt: skip


def test_it_learns_which_word_leads_to_which_item(tmp_path, reader):
    told = []
    net = learn(tmp_path, talks(96), reader, CONFIG, told.append)
    assert [one.step for one in told] == list(range(1, told[0].steps + 1))
    assert told[-1].loss < 0.7 * told[0].loss, "although it is smoothed"
    export(net, tmp_path / "weights", {"encoder": "unit vectors"})
    figures = measure_talks(
        TalkTransformer(tmp_path / "weights"), talks(40), np.eye(2, 384, dtype=np.float32), ["fruit", "water"]
    )
    assert figures.targets == 40
    assert figures.recall[0] > 0.95
    assert figures.after > 0.95


class StoppedError(Exception):
    pass


def heard_by(net, folder, sessions):
    """(10, d) unit vectors of talks."""
    export(net, folder, {"encoder": "unit vectors"})
    transformer = TalkTransformer(folder)
    return np.stack([transformer.vector(said[:1]) for said in sessions.said[:10]])


def test_a_run_that_was_stopped_goes_on_to_the_same_net(tmp_path, reader):
    def stop(now):
        if now.step == 15:
            raise StoppedError

    sessions, config = talks(64), CONFIG.model_copy(update={"epochs": 5.0})
    with pytest.raises(StoppedError):
        learn(tmp_path, sessions, reader, config, stop)
    steps = []
    resumed = learn(tmp_path, sessions, reader, config, lambda now: steps.append(now.step))
    assert steps[0] == 11
    whole = learn(tmp_path / "other", sessions, reader, config)
    # Not weight by weight: Adam makes a whole step of a gradient that is nothing but rounding.
    heard = [heard_by(net, tmp_path / name, sessions) for name, net in (("resumed", resumed), ("whole", whole))]
    assert (heard[0] * heard[1]).sum(axis=1).min() > 0.99


def test_a_run_of_other_settings_begins_anew(tmp_path, reader):
    learn(tmp_path, talks(64), reader, CONFIG)
    steps = []
    learn(tmp_path, talks(64), reader, CONFIG.model_copy(update={"seed": 1}), lambda now: steps.append(now.step))
    assert steps[0] == 1


def test_what_was_named_before_is_not_learned_and_talks_without_words_are_left_out(tmp_path, reader):
    sessions = talks(10)
    assert len(examples_of(sessions, reader)) == 10
    again = Sessions.joined([sessions]).take([0])
    named = replace(
        again,
        offsets=np.array([0, 2]),
        items=np.repeat(again.items, 2),
        values=np.ones(2),
        steps=np.array([2, 3]),
        times=np.full(2, np.nan),
        chosen=np.array([False, True]),
    )
    assert examples_of(named, reader) == []
    with pytest.raises(ValueError, match="nothing to learn"):
        learn(tmp_path, named, reader, CONFIG)
