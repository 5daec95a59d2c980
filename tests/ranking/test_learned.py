"""What a shop has learned: models held against its catalog, and lists for the ranker that no model was fitted on."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.learned import Learned, LearnedHere
from shoptalk.ranking.sessions import Context, Sessions, query_of_context
from shoptalk.ranking.stacking import StackingConfig, splits_of
from shoptalk.retrieval.query import Query, Said, Touch

IDS = ("a", "b", "c", "d")


def sessions_of(*histories, times=None, said=()):
    """Sessions in which each item is chosen at a step of its own."""
    lengths = [len(history) for history in histories]
    count = sum(lengths)
    return Sessions(
        n_items=len(IDS),
        offsets=np.cumsum([0, *lengths]),
        items=np.array([item for history in histories for item in history], dtype=np.int64),
        values=np.ones(count),
        steps=np.concatenate([np.arange(length) for length in lengths]) if count else np.empty(0, np.int64),
        times=np.full(count, np.nan) if times is None else np.repeat(np.array(times, dtype=float), lengths),
        chosen=np.ones(count, dtype=np.bool_),
        said=said,
    )


def catalog_of(*ids):
    """What models see of a catalog: ids and their rows."""

    class Catalog(SimpleNamespace):
        def __contains__(self, item_id):
            return item_id in self.ids

        def __len__(self):
            return len(self.ids)

        def row(self, item_id):
            return self.ids.index(item_id)

    return Catalog(ids=ids)


@pytest.fixture(scope="module")
def learned():
    return Learned.fit(sessions_of(*[(0, 1)] * 30, *[(2, 3)] * 30), IDS, names=("popular", "item_knn", "follows"))


def asked(*touched):
    return Query(history=tuple(Touch(item_id, ago=place) for place, item_id in enumerate(touched, start=1)))


def test_what_is_taken_with_an_item_scores_highest_as_a_share_of_the_best(learned):
    scores = LearnedHere(learned, catalog_of(*IDS)).scores(asked("a"))
    assert list(scores) == ["popular", "item_knn", "follows"]
    assert scores["item_knn"].argmax() == 1
    assert scores["item_knn"].max() == 1.0
    assert scores["follows"][[0, 2, 3]].max() == 0.0


def test_scores_follow_the_catalog_as_it_is_now(learned):
    """d has gone, e is new, and the rest stands in another order; what went still tells of the person."""
    here = LearnedHere(learned, catalog_of("c", "e", "b", "a"))
    assert here.scores(asked("a", "e"))["item_knn"].tolist() == pytest.approx([0, 0, 1, 0])
    scores = here.scores(asked("d"))
    assert scores["item_knn"].tolist() == pytest.approx([1, 0, 0, 0])
    assert scores["popular"][1] == 0.0


def test_models_without_anything_to_say_are_left_out(learned):
    assert list(LearnedHere(learned, catalog_of(*IDS)).scores(asked("e"))) == ["popular"]


def test_saved_models_score_the_same(learned, tmp_path):
    learned.save(tmp_path)
    again = LearnedHere(Learned.load(tmp_path), catalog_of(*IDS)).scores(asked("c"))
    before = LearnedHere(learned, catalog_of(*IDS)).scores(asked("c"))
    assert {name: one.tolist() for name, one in again.items()} == {name: one.tolist() for name, one in before.items()}


@pytest.mark.parametrize("content", ["", "{}", '{"models": ["oracle"], "ids": []}'])
def test_a_damaged_manifest_is_told(learned, tmp_path, content):
    learned.save(tmp_path)
    (tmp_path / "learned.json").write_text(content)
    with pytest.raises(ShopDamagedError, match=r"learned\.json"):
        Learned.load(tmp_path)


def test_models_that_find_nothing_to_learn_are_left_out():
    """Nobody said anything, so no model of words comes about."""
    fitted = Learned.fit(sessions_of((0, 1), (1, 2)), IDS, names=("popular", "words_bm25", "talks_bm25"))
    assert fitted.names == ("popular",)


def test_the_manifest_names_models_and_items(learned, tmp_path):
    learned.save(tmp_path)
    told = json.loads((tmp_path / "learned.json").read_text())
    assert told["ids"] == list(IDS)
    assert sorted(told["models"]) == ["follows", "item_knn", "popular"]


def test_with_enough_choices_only_the_latest_share_makes_lists():
    sessions = sessions_of(*[(0, 1)] * 8, times=[7, 0, 1, 2, 3, 4, 5, 6])
    ((early, late),) = splits_of(sessions, StackingConfig(share=0.25, enough=1))
    assert len(early) == 6
    assert sorted(set(late.times.tolist())) == [6, 7]


def test_with_few_choices_every_session_makes_lists_once_and_is_never_fitted_on_then():
    sessions = sessions_of(*[(0, 1)] * 8, times=range(8))
    splits = splits_of(sessions, StackingConfig(share=0.25, enough=1000))
    assert len(splits) == 4
    for early, late in splits:
        assert not set(early.times) & set(late.times)
        assert len(early) + len(late) == 8
    assert sorted({time for _, late in splits for time in late.times.tolist()}) == list(range(8))
    assert sorted(set(splits[-1][1].times.tolist())) == [6, 7]


def test_joined_sessions_keep_their_words_and_events():
    silent, spoken = sessions_of((0, 1)), sessions_of((2,), said=((Said("hello", True),),))
    joined = Sessions.joined([silent, spoken])
    assert len(joined) == 2
    assert joined.items.tolist() == [0, 1, 2]
    assert joined.said == ((), (Said("hello", True),))
    with pytest.raises(ValueError, match="no source"):
        Sessions.joined([])


def test_sessions_whose_arrays_do_not_go_together_are_refused():
    good = sessions_of((0, 1))
    with pytest.raises(ValueError, match="codes must lie"):
        Sessions(1, good.offsets, good.items, good.values, good.steps, good.times, good.chosen)
    with pytest.raises(ValueError, match="lengths"):
        Sessions(4, good.offsets, good.items[:1], good.values, good.steps, good.times, good.chosen)


def test_a_context_asks_with_what_was_said_last_and_all_that_was_touched():
    context = Context(
        items=np.array([0, 1, 0]),
        values=np.array([1.0, -1.0, 0.5]),
        ago=np.array([3, 2, 1]),
        said=(Said("first", True), Said("what else?", False), Said("second", True), Said("third", True)),
    )
    query = query_of_context(context, IDS, limit=50)
    assert query.text == "second third"
    assert query.liked == ("a",)
    assert query.history == (Touch("a", 1.0, 3), Touch("b", -1.0, 2), Touch("a", 0.5, 1))
    assert (query.said, query.limit) == (context.said, 50)
