"""The weights that ship: they go with the packaged encoder, and prefer what a talk speaks of."""

import numpy as np
import pytest

from shoptalk.ranking.talking.serving import WEIGHTS, TalkTransformer, chosen_talk_encoder
from shoptalk.retrieval.encoder import load_encoder
from shoptalk.retrieval.query import Said
from shoptalk.settings import Settings

FILMS = {
    "scary": ("A Nightmare on Elm Street (1984). horror", "The Conjuring (2013). horror, mystery, thriller"),
    "for my kids, animated": ("Toy Story (1995). animation, comedy, family", "Finding Nemo (2003). animation, family"),
    "romantic": ("The Notebook (2004). drama, romance", "Pride & Prejudice (2005). drama, romance"),
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The transformer as a shop with the packaged encoder gets it, and that encoder."""
    settings = Settings(cache=tmp_path_factory.mktemp("cache"), threads=1)
    encoder = load_encoder(settings)
    transformer = chosen_talk_encoder(settings, encoder)
    assert transformer is not None, "the weights are of another encoder than the package's"
    return transformer, encoder


def test_they_are_small_and_tell_what_they_were_taught_from():
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 15 * 2**20
    card = TalkTransformer().card
    assert card["talks"] == 6935
    assert "ReDial" in card["data"]
    assert "CC BY 4.0" in (WEIGHTS / "README.md").read_text("utf-8")


@pytest.mark.parametrize("wanted", FILMS)
def test_what_is_spoken_of_comes_first(shipped, wanted):
    transformer, encoder = shipped
    texts = [text for kind in FILMS.values() for text in kind]
    vectors = encoder.encode(texts)
    said = [
        Said("Hi, what kind of movies do you like?", by_user=False),
        Said(f"Something {wanted} please. Any ideas?", by_user=True),
    ]
    expected = {texts.index(text) for text in FILMS[wanted]}
    scores = transformer.scores(said, vectors, transformer.lengths(vectors))
    assert set(np.argsort(-scores)[:2].tolist()) == expected
    assert int(np.argmax(transformer.rerank(said, texts))) in expected
