import json

import numpy as np
import pytest
from ranking_cases import RankerContract, random_features

from shoptalk.errors import ShopDamagedError, ShopVersionError
from shoptalk.ranking.features import FEATURES, column_of
from shoptalk.ranking.lambdarank import (
    FusedRanker,
    LambdaConfig,
    LambdaRanker,
    Lists,
    TrainingSummary,
    load_ranker,
    mean_ndcg,
)

QUICK = LambdaConfig(trees=15, min_rows=5)


def lists(count: int = 60, size: int = 20, seed: int = 1, by: str = "wishes_met") -> Lists:
    """Lists whose grades are one feature in three steps; half of its values are missing from no list."""
    x = random_features(count * size, seed)
    x[:, column_of(by)] = np.random.default_rng(seed).random(len(x))
    labels = np.floor(x[:, column_of(by)] * 3).astype(np.int64)
    return Lists(x, labels, np.full(count, size))


@pytest.fixture(scope="module")
def trained() -> LambdaRanker:
    return LambdaRanker.fit(lists(), config=QUICK)


class TestLambdaRanker(RankerContract):
    @pytest.fixture
    def ranker(self, trained):
        return trained


class TestFusedRanker(RankerContract):
    @pytest.fixture
    def ranker(self):
        return FusedRanker(TrainingSummary(note="too small"))


def test_it_learns_the_feature_that_makes_the_order(trained):
    fresh = lists(seed=2)
    assert mean_ndcg(trained.score(fresh.x), fresh) > 0.9
    assert mean_ndcg(FusedRanker().score(fresh.x), fresh) < 0.7
    assert next(iter(trained.gains())) == "wishes_met"


def test_the_same_lists_give_the_same_trees(trained):
    again = LambdaRanker.fit(lists(), config=QUICK)
    x = random_features(40)
    assert np.array_equal(again.score(x), trained.score(x))


def test_likeness_to_what_is_disliked_never_helps_whatever_the_lists_say():
    ranker = LambdaRanker.fit(lists(by="disliked_close"), config=QUICK)
    x = np.repeat(random_features(1), 50, axis=0)
    x[:, column_of("disliked_close")] = np.linspace(-1, 2, 50)
    assert (np.diff(ranker.score(x)) <= 0).all()


def test_a_wish_that_is_met_never_hurts(trained):
    x = np.repeat(random_features(1), 50, axis=0)
    x[:, column_of("wishes_met")] = np.linspace(0, 1, 50)
    scores = trained.score(x)
    assert (np.diff(scores) >= 0).all()
    assert scores[-1] > scores[0]


def test_held_out_lists_stop_it_and_progress_is_told():
    told = []
    ranker = LambdaRanker.fit(
        lists(),
        held_out=lists(seed=3, by="price"),
        config=LambdaConfig(trees=60, min_rows=5, patience=3),
        progress=lambda *step: told.append(step),
    )
    assert ranker.summary.trees <= len(told) < 60
    assert told[0] == (1, 60)


def test_where_trees_see_no_difference_the_fused_order_stays(trained):
    x = np.repeat(random_features(1), 3, axis=0)
    x[:, column_of("fused")] = [0.2, 0.3, 0.1]
    assert np.argsort(-trained.score(x)).tolist() == [1, 0, 2]


def test_lists_without_an_order_are_refused():
    same = Lists(random_features(20), np.ones(20, dtype=np.int64), np.array([20]))
    with pytest.raises(ValueError, match="no order to learn"):
        LambdaRanker.fit(same)
    with pytest.raises(ValueError, match="disagree"):
        Lists(random_features(20), np.ones(19, dtype=np.int64), np.array([20]))


def test_a_ranker_of_other_features_says_what_differs(trained, tmp_path):
    trained.save(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["features"][0] = "telepathy"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ShopVersionError, match=r"it knows telepathy; it lacks fused.*Train the ranker again"):
        load_ranker(tmp_path)
    manifest["features"] = manifest["features"][::-1]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ShopVersionError):
        LambdaRanker.load(tmp_path)


def test_a_model_of_other_features_is_refused_whatever_its_manifest_says(trained, tmp_path):
    trained.save(tmp_path)
    text = (tmp_path / "model.txt").read_text()
    (tmp_path / "model.txt").write_text(text.replace("feature_names=fused ", "feature_names=telepathy "))
    with pytest.raises(ShopVersionError, match="telepathy"):
        load_ranker(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "error"),
    [
        (None, ShopDamagedError),
        ("{", ShopDamagedError),
        ('{"format": 99, "kind": "lambdarank"}', ShopVersionError),
        ('{"format": 1, "kind": "oracle"}', ShopVersionError),
        ('{"format": 1, "kind": "fused"}', ShopDamagedError),
        ("[]", ShopVersionError),
    ],
)
def test_a_manifest_that_cannot_be_used(manifest, error, tmp_path):
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(error, match="Train the ranker again"):
        load_ranker(tmp_path)


@pytest.mark.parametrize("content", [None, "", "not a model"])
def test_a_model_that_cannot_be_read(content, trained, tmp_path):
    trained.save(tmp_path)
    (tmp_path / "model.txt").unlink()
    if content is not None:
        (tmp_path / "model.txt").write_text(content)
    with pytest.raises(ShopDamagedError, match=r"model\.txt"):
        LambdaRanker.load(tmp_path)


def test_ndcg_by_hand():
    x = np.zeros((4, len(FEATURES)), dtype=np.float32)
    judged = Lists(x, np.array([0, 2, 0, 0]), np.array([3, 1]))
    assert mean_ndcg(np.array([3.0, 2.0, 1.0, 1.0]), judged) == pytest.approx(1 / np.log2(3))
    assert mean_ndcg(np.array([np.nan, 2.0, 1.0, 1.0]), judged) == 1
    assert mean_ndcg(np.zeros(1), Lists(x[:1], np.array([0]), np.array([1]))) == 0
