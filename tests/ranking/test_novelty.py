import numpy as np
import pytest
from ranking_cases import film, found, space_of

from shoptalk.ranking.evidence import Fresh
from shoptalk.ranking.lambdarank import FusedRanker
from shoptalk.ranking.novelty import novelty
from shoptalk.ranking.rank import Ranking, RankingConfig
from shoptalk.retrieval.query import Query


def test_novelty_is_the_complement_of_popularity_and_unknown_popularity_is_in_the_middle():
    assert novelty(np.array([0.0, 0.25, 1.0, np.nan])).tolist() == [1.0, 0.75, 0.0, 0.5]


FILMS = [film("known", vote_count=900.0), film("middling", vote_count=90.0), film("new", vote_count=9.0)]


def shown(weight: float):
    ranking = Ranking(space_of(FILMS), FusedRanker(), RankingConfig(novelty=weight, diversity=False))
    query, candidates = Query(), found([0, 1, 2], fused=[1.0, 0.6, 0.5])
    ranked = ranking.rank(query, candidates)
    picks = ranking.pick(ranked, 3)
    told = ranking.evidence(query, candidates, ranked, picks)
    ids = [ranking.space.catalog.ids[row] for row in ranked.rows[picks]]
    return dict(zip(ids, told, strict=True))


def test_it_is_off_unless_it_is_asked_for():
    assert list(shown(0.0)) == ["known", "middling", "new"]
    assert not any(isinstance(fact, Fresh) for facts in shown(0.0).values() for fact in facts)


def test_what_is_less_known_moves_up_and_says_so():
    told = shown(1.0)
    assert list(told) == ["known", "new", "middling"]
    (fresh,) = [fact for fact in told["new"] if isinstance(fact, Fresh)]
    assert fresh.moved == 1
    assert fresh.weight > 0
    assert fresh.popularity == pytest.approx(1 / 6)
    assert not any(isinstance(fact, Fresh) for fact in told["known"])
