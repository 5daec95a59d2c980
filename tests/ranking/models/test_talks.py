"""Models that learn from words: BM25 worked by hand, votes that can be counted, and vectors that are made once."""

from concurrent.futures import ThreadPoolExecutor
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_contract import NOTHING, SPACE, WORDS, ModelContract, asked_in, context_of, sessions_of, talks
from scipy.sparse import csr_matrix

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.models.talks import TalksBm25, TalksBm25Config, TalksDense, TalksDenseConfig, Voting
from shoptalk.ranking.models.words import Lexicon, Reading, WordsBm25, WordsConfig, bm25
from shoptalk.ranking.sessions import Sessions
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.query import Said

EVERYTHING = Reading(least_messages=1, most_share=1.0)


class OpenedWithEncoder(TalksDense):
    """As a shop opens it, which has the encoder at hand."""

    @classmethod
    def load(cls, folder, *, encoder=None):
        return super().load(folder, encoder=encoder or HashingEncoder())


class TestWordsBm25(ModelContract):
    model = WordsBm25
    hears = "words"


class TestTalksBm25(ModelContract):
    model = TalksBm25
    hears = "words"
    minds_order = True  # of moments that are alike, those of earlier sessions vote


class TestTalksDense(ModelContract):
    model = OpenedWithEncoder
    hears = "words"
    minds_order = True


class CountingEncoder(HashingEncoder):
    """Keeps what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def encode(self, texts, progress=None):
        self.asked += texts
        return super().encode(texts, progress)


def told(*conversations):
    """Sessions of talks: each a list of (what the user says, what is then chosen), two messages a piece."""
    said, items, steps, lengths = [], [], [], []
    for exchanges in conversations:
        messages = []
        for words, picks in exchanges:
            messages += [Said(words, True), Said("ok", False)]
            items += picks
            steps += [len(messages) - 1] * len(picks)
        said.append(tuple(messages))
        lengths.append(sum(len(picks) for _, picks in exchanges))
    return Sessions(
        n_items=5,
        offsets=np.cumsum([0, *lengths]),
        items=np.array(items, dtype=np.int64),
        values=np.ones(len(items)),
        steps=np.array(steps, dtype=np.int64),
        times=np.full(len(items), np.nan),
        chosen=np.ones(len(items), dtype=np.bool_),
        said=tuple(said),
    )


FITTED = [model.fit(talks(), encoder=HashingEncoder()) for model in (WordsBm25, TalksBm25, TalksDense)]

THREE_TALKS = told(
    [("wormholes and aliens", [0]), ("longer", [3])],
    [("wormholes and comedians", [1])],
    [("weddings in paris", [2])],
)


def saying(*texts):
    return context_of([], said=tuple(Said(text, True) for text in texts))


def test_bm25_worked_by_hand():
    counts = csr_matrix(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    # Lengths 3 and 2, 2.5 on average: k1 * (1 - b + b * length / mean) is 1.2 * 1.15 = 1.38 and 1.2 * 0.85 = 1.02.
    # A word in one of two documents has log(1 + 1.5 / 1.5) = log 2, one in both log(1 + 0.5 / 2.5) = log 1.2.
    by_hand = [[log(2) * 2 / 3.38, log(1.2) / 2.38, 0], [0, log(1.2) / 2.02, log(2) / 2.02]]
    assert bm25(counts, k1=1.2, b=0.75).toarray() == pytest.approx(np.array(by_hand), rel=1e-6)


def test_words_further_back_count_less():
    lexicon = Lexicon.of(
        [saying("wormholes", "aliens", "wormholes").said], EVERYTHING.model_copy(update={"decay": 0.5})
    )
    codes, counts = lexicon.read(saying("wormholes", "aliens", "wormholes").said)
    names = list(lexicon.codes)
    assert {names[code]: count for code, count in zip(codes, counts, strict=True)} == {"wormhol": 1.25, "alien": 0.5}


def test_a_lexicon_leaves_out_what_is_rare_what_is_everywhere_and_stop_words():
    said = [
        Said("I would like wine with fish", True),
        Said("wine with cheese", True),
        Said("wine or beer and fish", True),
    ]
    lexicon = Lexicon.of([said], Reading(least_messages=2, most_share=0.7))
    assert list(lexicon.codes) == ["fish"]


def test_items_that_messages_name_are_words():
    lexicon = Lexicon.of(
        [[Said("this one", True, ("b-17",)), Said("", False, ("b-17", "17"))]], Reading(most_share=1.0)
    )
    assert list(lexicon.codes) == ["@b-17"]


def test_items_are_found_by_the_words_said_before_they_were_chosen():
    model = WordsBm25.fit(THREE_TALKS, config=WordsConfig(reading=EVERYTHING))
    assert np.flatnonzero(model.scores(saying("paris"))).tolist() == [2]
    assert np.flatnonzero(model.scores(saying("alien"))).tolist() == [0, 3]
    assert np.flatnonzero(model.scores(saying("longer"))).tolist() == [3]


def test_the_moments_that_have_the_words_vote_for_what_was_chosen_there():
    voting = Voting(nearest=10, power=0, later=0.3)  # every moment's vote weighs the same
    model = TalksBm25.fit(THREE_TALKS, config=TalksBm25Config(reading=EVERYTHING, voting=voting))
    # Wormholes stand before the first two choices of the first talk and the one of the second: three votes.
    assert model.scores(saying("wormholes")) == pytest.approx(np.array([1, 1, 0, 1.3, 0]) / 3)
    counts, moments = model.neighbours(saying("wormholes"), np.array([0, 3, 2]))
    assert (counts.tolist(), moments) == ([1, 1, 0], 3)


def test_only_the_nearest_vote():
    voting = Voting(nearest=1, later=0.3)
    model = TalksBm25.fit(THREE_TALKS, config=TalksBm25Config(reading=EVERYTHING, voting=voting))
    assert model.scores(saying("wormholes with comedians")) == pytest.approx(np.array([0, 1, 0, 0, 0]))
    assert model.neighbours(saying("wormholes with comedians"), np.array([1]))[1] == 1


@pytest.mark.parametrize("model", [TalksBm25, TalksDense])
def test_the_weight_of_all_moments_is_one(model):
    fitted = model.fit(talks(), encoder=HashingEncoder())
    scores = fitted.scores(asked_in(SPACE))
    assert scores.min() >= 0
    assert scores.max() <= 1 + 1e-6


@pytest.mark.parametrize("model", [WordsBm25, TalksBm25])
def test_a_talk_in_words_that_nobody_said_before_is_nothing_to_go_by(model):
    fitted = model.fit(talks())
    assert fitted.scores(saying("zymurgy quux")) is None
    assert fitted.scores(saying("", "and the")) is None


@pytest.mark.parametrize("model", [WordsBm25, TalksBm25, TalksDense])
def test_sessions_without_words_are_refused(model):
    with pytest.raises(ValueError, match="talks"):
        model.fit(sessions_of([[0, 1], [1, 2]], 3), encoder=HashingEncoder())


def test_a_talk_votes_by_its_meaning():
    config = TalksDenseConfig(voting=Voting(nearest=1, later=0.0))
    model = TalksDense.fit(THREE_TALKS, encoder=HashingEncoder(), config=config)
    assert model.scores(saying("comedians in wormholes")) == pytest.approx(np.array([0, 1, 0, 0, 0]))
    counts, moments = model.neighbours(saying("comedians in wormholes"), np.array([0, 1]))
    assert (counts.tolist(), moments) == ([0, 1], 1)


def test_the_short_list_loses_nothing_that_full_vectors_would_find():
    wide = TalksDenseConfig(voting=Voting(nearest=5, power=4.0))
    narrow = wide.model_copy(update={"coarse": 16, "shortlist": 8})
    full, short = (TalksDense.fit(talks(), encoder=HashingEncoder(), config=one) for one in (wide, narrow))
    for text in WORDS.values():
        assert np.array_equal(full.scores(saying(text)), short.scores(saying(text)))


def test_without_an_encoder_it_says_nothing(tmp_path):
    TalksDense.fit(talks(), encoder=HashingEncoder()).save(tmp_path)
    assert TalksDense.load(tmp_path).scores(asked_in(SPACE)) is None
    assert TalksDense.load(tmp_path).neighbours(asked_in(SPACE), np.array([2]))[1] == 0
    with pytest.raises(ValueError, match="encoder"):
        TalksDense.fit(talks())


def test_another_encoder_than_it_was_fitted_with_is_refused(tmp_path):
    TalksDense.fit(talks(), encoder=HashingEncoder()).save(tmp_path)
    with pytest.raises(ShopDamagedError, match="encoder"):
        TalksDense.load(tmp_path, encoder=HashingEncoder(64))


def test_every_message_is_encoded_once():
    encoder = CountingEncoder()
    model = TalksDense.fit(talks(), encoder=encoder)
    assert sorted(encoder.asked) == sorted(set(encoder.asked))
    encoder.asked.clear()
    for _ in range(3):
        model.scores(saying("first", "second", "first"))
    assert sorted(encoder.asked) == ["first", "second"]


def test_only_so_many_messages_are_remembered():
    encoder = CountingEncoder()
    model = TalksDense.fit(talks(), encoder=encoder, config=TalksDenseConfig(remembered=2))
    encoder.asked.clear()
    for text in ("one", "two", "one", "three", "one", "two"):
        model.scores(saying(text))
    assert encoder.asked == ["one", "two", "three", "two"]  # 'two' was asked for longest ago when 'three' came


def test_a_small_memory_shared_by_many_threads_gives_everyone_their_own_vectors():
    model = TalksDense.fit(talks(), encoder=HashingEncoder(), config=TalksDenseConfig(remembered=2))
    asked = [saying(*WORDS.values(), f"number {at % 7}", f"{at % 3} aliens") for at in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(model.scores, asked))
    assert all(np.array_equal(answer, model.scores(one)) for answer, one in zip(answers, asked, strict=True))


@given(st.lists(st.text(max_size=40), max_size=5))
def test_no_text_breaks_it(texts):
    for model in FITTED:
        scores = model.scores(saying(*texts))
        assert scores is None or np.isfinite(scores).all()


@pytest.mark.parametrize("model", FITTED, ids=lambda one: one.name)
def test_silence_is_nothing_to_go_by(model):
    assert model.scores(NOTHING) is None
