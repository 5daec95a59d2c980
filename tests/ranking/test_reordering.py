"""The second look at the first candidates: what it adds, when it is worth anything, and that it can be told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ranking_cases import checkerboard, film, finder_of, found, space_of

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.evidence import MeaningMatch
from shoptalk.ranking.lambdarank import FusedRanker
from shoptalk.ranking.rank import Ranking, RankingConfig
from shoptalk.ranking.space import FeatureSpace
from shoptalk.ranking.talking.reordering import CrossList, Reordering, added, cross_lists, fit_reordering
from shoptalk.retrieval.query import Query, Said

BOARD = space_of(checkerboard())
TALK = Query(said=(Said("something with a clock", by_user=True),))


class LikesHighRows:
    """A judge of known taste: the higher the row the better; it says nothing where nothing was said."""

    def __init__(self):
        self.asked = []

    def rerank(self, query, rows):
        self.asked.append(rows.tolist())
        return rows.astype(np.float32) if query.said else None


def ranked_by(query, candidates, space=BOARD, **config):
    judge = LikesHighRows()
    reordering = Reordering(weight=config.pop("weight", 100.0), depth=4)
    ranking = Ranking(space, FusedRanker(), RankingConfig(**config), cross=judge, reordering=reordering)
    return ranking.rank(query, candidates), ranking, judge


def test_the_first_are_put_in_the_order_of_the_judge_and_the_rest_stay_behind():
    ranked, _, judge = ranked_by(TALK, found([5, 9, 1, 7, 30, 20]))
    assert judge.asked == [[5, 9, 1, 7]]
    assert ranked.rows.tolist() == [9, 7, 5, 1, 30, 20]
    assert ranked.meant[3:].tolist() == [0, 0, 0]
    assert (np.diff(ranked.scores) <= 0).all()


def test_a_small_weight_settles_near_ties_only():
    candidates = found([5, 9, 1, 7], fused=[0.9, 0.5, 0.2, 0.19])
    ranked, _, _ = ranked_by(TALK, candidates, weight=0.05)
    assert ranked.rows.tolist() == [5, 9, 7, 1]


@pytest.mark.parametrize("off", [{"cross_encoder": False}, {"weight": 0.0}])
def test_switched_off_or_without_a_weight_nobody_is_asked(off):
    ranked, _, judge = ranked_by(TALK, found([5, 9, 1, 7]), **off)
    assert judge.asked == []
    assert ranked.rows.tolist() == [5, 9, 1, 7]
    assert ranked.meant is None


def test_where_the_judge_is_silent_or_nothing_was_found_the_order_stays():
    assert ranked_by(Query(text="clock"), found([5, 9, 1, 7]))[0].rows.tolist() == [5, 9, 1, 7]
    assert len(ranked_by(TALK, found([]))[0].rows) == 0


def test_what_it_added_counts_as_meaning():
    vectors = np.zeros((40, 8), dtype=np.float32)
    vectors[np.arange(40), np.arange(40) % 7] = 1
    vectors[1] = vectors[2] = np.eye(8)[7]
    space = space_of([film(f"film-{n}") for n in range(40)], vectors)
    query = Query(text="zzz", said=TALK.said)
    candidates = found([1, 2, 3, 4, 5], vector=np.eye(8, dtype=np.float32)[7], dense=[1, 1, 0, 0, 0])
    told = {}
    for weight in (0.0, 2.0):
        ranked, ranking, _ = ranked_by(query, candidates, space, weight=weight, diversity=False)
        picks = np.array([ranked.rows.tolist().index(row) for row in (1, 2)])
        facts = ranking.evidence(query, candidates, ranked, picks)
        told[weight] = [next(one.weight for one in each if isinstance(one, MeaningMatch)) for each in facts]
    gained = np.subtract(told[2.0], told[0.0])
    usual = added(np.array([1.0, 2, 3, 4]), 2.0)
    assert gained == pytest.approx((usual - usual.mean())[:2]), "beside what those that were read got on the whole"


# Adding ----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-50, 50, width=32), max_size=32), st.floats(0.01, 3))
def test_nobody_loses_and_the_order_is_the_judges(judged, weight):
    judged = np.array(judged)
    given = added(judged, weight)
    assert given.shape == judged.shape
    assert (given >= 0).all()
    assert np.isfinite(given).all()
    assert (np.diff(given[np.argsort(judged)]) >= 0).all()


def test_a_standard_deviation_adds_the_weight():
    assert added(np.array([1.0, 3.0]), 0.5).tolist() == [0.0, 1.0]
    assert added(np.array([2.0, 2.0]), 0.5).tolist() == [0.0, 0.0]
    assert added(np.array([]), 0.5).tolist() == []


# Fitting --------------------------------------------------------------------------------------------------------------


def lists(count, *, ranker_knows, judge_knows):
    draw = np.random.default_rng(7)
    made = []
    for _ in range(count):
        chosen = np.arange(20) == draw.integers(20)
        scores = draw.normal(size=20) + 3 * chosen * ranker_knows
        order = np.argsort(-scores)
        cross = draw.normal(size=20) + 3 * chosen * judge_knows
        made.append(CrossList(scores[order], cross[order], chosen[order]))
    return made


def test_a_judge_that_knows_more_gets_a_weight():
    fitted = fit_reordering(lists(200, ranker_knows=False, judge_knows=True))
    assert fitted.weight >= 0.8
    assert fitted.gain > 0.2
    assert fitted.lists == 200


def test_a_judge_that_knows_nothing_gets_none():
    assert fit_reordering(lists(200, ranker_knows=True, judge_knows=False)).weight == 0
    assert fit_reordering([]).weight == 0


def test_lists_that_tell_nothing_do_not_count():
    useless = CrossList(np.ones(3), np.ones(3), np.zeros(3, dtype=np.bool_))
    fitted = fit_reordering([*lists(50, ranker_knows=False, judge_knows=True), useless, useless])
    assert fitted.lists == 50


def test_lists_are_made_of_the_first_that_the_ranker_has(tmp_path):
    films = checkerboard()
    finder, judge = finder_of(films, tmp_path), LikesHighRows()
    ranking = Ranking(FeatureSpace(finder.catalog, finder.vectors.vectors), FusedRanker())
    asked = [
        (Query(text="clock", said=TALK.said), ["film-3-9"]),
        (Query(text="clock"), ["film-3-9"]),
        (Query(text="clock", said=TALK.said), ["unknown"]),
    ]
    (one,) = cross_lists(asked, finder, ranking, judge, depth=30)
    rows = ranking.rank(asked[0][0], finder.find(asked[0][0])).rows[:30]
    assert one.cross.tolist() == rows.tolist()
    assert rows[one.chosen].tolist() == [BOARD.catalog.row("film-3-9")]


def test_what_was_fitted_is_kept(tmp_path):
    assert Reordering.load(tmp_path) == Reordering()
    fitted = Reordering(weight=0.4, depth=16, lists=100, gain=0.02)
    fitted.save(tmp_path)
    assert Reordering.load(tmp_path) == fitted
    (tmp_path / "reordering.json").write_text("{")
    with pytest.raises(ShopDamagedError, match="cannot be read"):
        Reordering.load(tmp_path)
