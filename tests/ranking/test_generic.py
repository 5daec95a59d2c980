"""The ranker that ships: it fits the features there are, serves any catalog, and knows nothing of any."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from ranking_cases import RankerContract, checkerboard, finder_of, random_features

from shoptalk.errors import ShopVersionError
from shoptalk.ranking.features import FEATURES, LEARNED, Topic, column_of
from shoptalk.ranking.generic import load_generic
from shoptalk.ranking.lambdarank import LambdaRanker
from shoptalk.ranking.rank import Ranking
from shoptalk.ranking.space import FeatureSpace
from shoptalk.retrieval.query import Query

WEIGHTS = Path(str(files("shoptalk.ranking.generic"))) / "weights"


@pytest.fixture(scope="module")
def shipped() -> LambdaRanker:
    try:
        return load_generic()
    except ShopVersionError as error:
        told = "the features have changed: teach the generic ranker again: shoptalk teach-ranker --data DIR --out"
        pytest.fail(f"{told} {WEIGHTS} ({error.problem})")


@pytest.fixture(scope="module")
def finder(tmp_path_factory):
    return finder_of(checkerboard(), tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def space(finder):
    return FeatureSpace(finder.catalog, finder.vectors.vectors)


class TestShipped(RankerContract):
    @pytest.fixture
    def ranker(self, shipped):
        return shipped


def test_it_ships_whole_and_small_with_its_card():
    assert {path.name for path in WEIGHTS.iterdir()} == {"README.md", "manifest.json", "model.txt"}
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 1_000_000


def test_it_looks_at_nothing_that_only_some_shops_have_or_that_is_an_items_own(shipped):
    barred = {feature.name for feature in FEATURES if feature.evidence is Topic.ITEM}
    barred |= {*LEARNED, *(f"{name}_rank" for name in LEARNED)}
    assert not barred & set(shipped.gains())
    x = random_features(40)
    told = x.copy()
    for name in barred:
        told[:, column_of(name)] = np.nan
    assert np.array_equal(shipped.score(x), shipped.score(told))


def test_what_is_liked_brings_its_like_to_the_top(shipped, finder, space):
    liked = ("film-4-1", "film-4-2", "film-4-3")
    query = Query(liked=liked, exclude=frozenset(liked))
    ranked = Ranking(space, shipped).rank(query, finder.find(query))
    directors = [space.catalog.item(row).facets["director"] for row in ranked.rows[:4].tolist()]
    assert directors == ["Director 4"] * 4


def test_a_title_that_is_said_comes_first(shipped, finder, space):
    query = Query(text="picture 11 3")
    ranked = Ranking(space, shipped).rank(query, finder.find(query))
    assert space.catalog.titles[int(ranked.rows[0])] == "Picture 11 3"


def test_weights_for_other_features_are_told_from_those_that_fit(shipped, tmp_path):
    shipped.save(tmp_path)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"number_distance"', '"moon_phase"'))
    with pytest.raises(ShopVersionError, match=r"it knows moon_phase; it lacks number_distance"):
        load_generic(tmp_path)
