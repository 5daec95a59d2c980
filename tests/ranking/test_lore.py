import numpy as np
import pytest
from ranking_cases import SCHEMA, film

from shoptalk.ranking.learned import Learned, LearnedHere
from shoptalk.ranking.lore import LearnedLore
from shoptalk.ranking.sessions import Sessions
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Query, Said

IDS = ("alien", "brazil", "clue", "gone since")
TALKS = (
    ("spooky things in space please", (0, 1)),
    ("spooky space again", (0, 1)),
    ("spooky, out in space", (0, 1, 2)),
    ("who did it in the library", (0, 2)),
    ("a murder in a library", (2,)),
    ("a murder in a manor", (2, 3)),
)
"""What was said first, and what was chosen then, one thing in each message."""


def sessions_of_talks() -> Sessions:
    items = [item for _, chosen in TALKS for item in chosen]
    lengths = [len(chosen) for _, chosen in TALKS]
    return Sessions(
        n_items=len(IDS),
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        items=np.array(items, dtype=np.int64),
        values=np.ones(len(items)),
        steps=np.concatenate([np.arange(1, length + 1) for length in lengths]).astype(np.int64),
        times=np.full(len(items), np.nan),
        chosen=np.ones(len(items), dtype=np.bool_),
        said=tuple((Said(text, True), *[Said("take this", False)] * len(chosen)) for text, chosen in TALKS),
    )


def lore_with(*names: str) -> LearnedLore:
    """What these models know, over a catalog in another order than theirs, with an item that they do not know."""
    films = [film(one) for one in ("fresh", "clue", "brazil", "alien")]
    return LearnedLore(
        LearnedHere(Learned.fit(sessions_of_talks(), IDS, names=names), Catalog.from_items(films, SCHEMA))
    )


FRESH, CLUE, BRAZIL, ALIEN = range(4)


@pytest.fixture(scope="module")
def lore() -> LearnedLore:
    return lore_with("popular", "co_mention", "follows", "talks_bm25")


def test_it_counts_the_talks_in_which_two_items_stand(lore):
    assert (lore.together(ALIEN, BRAZIL), lore.together(CLUE, ALIEN), lore.together(BRAZIL, CLUE)) == (3, 2, 1)
    assert lore.together(FRESH, ALIEN) == 0


def test_it_knows_what_comes_after_what_in_that_direction(lore):
    assert lore.follows(ALIEN, BRAZIL) == 1
    assert lore.follows(ALIEN, CLUE) == 2
    assert lore.follows(BRAZIL, ALIEN) is None
    assert lore.follows(ALIEN, FRESH) is None
    assert lore.follows(FRESH, ALIEN) is None


def test_it_counts_the_moments_with_such_words_at_which_an_item_was_chosen(lore):
    talk = Query(said=(Said("a spooky film in space", True),))
    times, among = lore.similar_talks(talk, ALIEN)
    assert 0 < times <= among
    assert lore.similar_talks(talk, CLUE)[0] < times
    assert lore.similar_talks(talk, FRESH) is None
    assert lore.similar_talks(Query(), ALIEN) is None
    other = Query(said=(Said("murder", True),))
    assert lore.similar_talks(other, CLUE)[0] > lore.similar_talks(other, ALIEN)[0]


def test_it_ranks_items_by_how_often_they_were_chosen(lore):
    assert [lore.popularity_rank(row) for row in (FRESH, CLUE, BRAZIL, ALIEN)] == [None, 1, 3, 1]


def test_what_no_model_knows_is_not_told():
    silent = lore_with("popular")
    assert silent.together(ALIEN, BRAZIL) == 0
    assert silent.follows(ALIEN, BRAZIL) is None
    assert silent.similar_talks(Query(said=(Said("space", True),)), ALIEN) is None
    assert lore_with("follows").popularity_rank(ALIEN) is None
