import numpy as np
import pytest
from ranking_cases import checkerboard, film, finder_of

from shoptalk.ranking.asking import Ask, Asker
from shoptalk.ranking.features import FEATURES, Topic
from shoptalk.ranking.lambdarank import FusedRanker, LambdaConfig, LambdaRanker
from shoptalk.ranking.rank import Ranking
from shoptalk.ranking.space import FeatureSpace
from shoptalk.ranking.training import (
    LOG,
    Impression,
    lists_of_impressions,
    made_lists,
    train_from_items,
    train_from_lists,
)
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.query import Query

CONFIG = LambdaConfig(trees=25, min_rows=20)


@pytest.fixture(scope="module")
def finder(tmp_path_factory):
    return finder_of(checkerboard(), tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def space(finder):
    return FeatureSpace(finder.catalog, finder.vectors.vectors)


@pytest.fixture(scope="module")
def trained(finder, space):
    return train_from_items(finder, space, queries=180, config=CONFIG)


@pytest.mark.parametrize("kind", list(Ask))
def test_a_made_query_does_not_give_away_what_its_grades_come_from(kind, space):
    asker = Asker(space, HashingEncoder(64), seed=3)
    rows = np.arange(len(space.catalog))
    made = [asked for asked in (asker.ask(kind) for _ in range(20)) if asked is not None]
    assert len(made) > 5
    for asked in made:
        query, grades = asked.query, asked.grade(rows)
        assert (query.text or query.wishes or query.must or query.similar or query.liked) != ()
        assert 0 <= grades.min() < grades.max() <= 3
        assert space.catalog.ids[asked.target] not in query.exclude
        if kind in (Ask.LIKE, Ask.TASTE):
            assert len(asked.hidden) <= 1
            assert asked.hidden or kind is Ask.LIKE  # half of these are graded by what can be seen, on purpose
            assert {*query.similar, *query.liked, *query.disliked} == set(query.exclude)


def test_the_same_seed_asks_the_same(space):
    def several(seed):
        asker = Asker(space, HashingEncoder(64), seed)
        return [asked and asked.query for asked in (asker.ask(kind) for kind in Ask for _ in range(5))]

    assert several(1) == several(1)
    assert several(1) != several(2)


def test_it_beats_the_fused_order_on_queries_it_has_not_seen(trained):
    assert isinstance(trained, LambdaRanker)
    summary = trained.summary
    assert summary.ndcg["ranker"] > summary.ndcg["fused"]
    assert set(summary.ndcg) == {"ranker", "fused", "dense", "lexical"}
    assert summary.source == "items"
    assert summary.queries + summary.held_out == sum(summary.kinds.values())


def test_made_queries_do_not_teach_what_they_were_made_with(trained):
    wrongly = {feature.name for feature in FEATURES if feature.evidence in (Topic.ITEM, Topic.WORDS, Topic.MEANING)}
    assert not wrongly & set(trained.gains())


def test_a_request_in_words_alone_keeps_the_order_that_retrieval_gave(finder, space, trained):
    query = Query(text="a quiet story about an orchid")
    candidates = finder.find(query)
    ranked = Ranking(space, trained).rank(query, candidates)
    fused = candidates.fused[ranked.order][:5]
    assert ranked.rows[0] == candidates.rows[0]
    assert (np.diff(fused) < 0.01 * fused[0]).all()  # ratings settle what is all but equal


def test_the_same_shop_gives_the_same_ranker(finder, space, trained):
    again = train_from_items(finder, space, queries=180, config=CONFIG)
    assert again.summary == trained.summary


def test_who_likes_a_director_mostly_gets_the_director(finder, space, trained):
    liked = ("film-3-0", "film-3-3", "film-3-7")
    query = Query(liked=liked, exclude=frozenset(liked))
    ranked = Ranking(space, trained).rank(query, finder.find(query))
    others = [row for row in range(len(space.catalog)) if space.catalog.ids[row].startswith("film-3-")]
    assert np.isin(ranked.rows[:8], others).sum() >= 5  # of the seven that are left, among 120


def test_a_shop_too_small_to_train_keeps_the_fused_order(tmp_path):
    finder = finder_of([film("a", plot="One."), film("b", plot="Two.")], tmp_path)
    ranker = train_from_items(finder, FeatureSpace(finder.catalog, finder.vectors.vectors), queries=10)
    assert isinstance(ranker, FusedRanker)
    assert "too few" in ranker.summary.note


def test_an_empty_shop_is_no_trouble(tmp_path):
    finder = finder_of([film("a")], tmp_path)
    space = FeatureSpace(finder.catalog.changed([], ["a"]), np.empty((0, 64), dtype=np.float32))
    assert all(Asker(space, HashingEncoder(64)).ask(kind) is None for kind in Ask)


def test_progress_is_told_to_the_end(finder, space):
    told = []
    train_from_items(finder, space, queries=90, config=CONFIG, progress=lambda *step: told.append(step))
    assert told[0] == (1, 115)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(whole == 115 for _, whole in told)


def clicked(finder, subject, wanted, seed):
    """What was shown for a subject; the person took the items of one director."""
    query = Query(text=subject)
    ids = [finder.catalog.ids[row] for row in finder.find(query).rows[:20]]
    shown = tuple(np.random.default_rng(seed).permutation(np.array(ids, dtype=object))[:12].tolist())
    gains = {
        item_id: 2.0 for item_id in shown if finder.catalog.item(finder.catalog.row(item_id)).facets["year"] > wanted
    }
    refused = next((item_id for item_id in shown if item_id not in gains), None)
    return Impression(query, shown, gains | ({refused: 0.0} if refused else {}))


def test_it_learns_from_the_log_what_no_made_query_can_teach(finder, space):
    subjects = [
        "submarine",
        "orchid",
        "violin",
        "glacier",
        "falcon",
        "lantern",
        "harbour",
        "carnival",
        "desert",
        "clock",
    ]
    log = [clicked(finder, subjects[n % 10], 1980.0, n) for n in range(320)]
    ranker = train_from_lists({LOG: lists_of_impressions(log, finder, space)}, CONFIG)
    assert isinstance(ranker, LambdaRanker)
    assert ranker.summary.source == "log"
    assert next(iter(ranker.gains())) == "recency"
    ranked = Ranking(space, ranker).rank(Query(text="orchid"), finder.find(Query(text="orchid")))
    years = [space.catalog.item(row).facets["year"] for row in ranked.rows[:5].tolist()]
    assert min(years) > 1980


def test_lists_of_several_sources_are_told_apart(finder, space):
    log = [clicked(finder, "violin", 1990.0, n) for n in range(20)]
    parts = {LOG: lists_of_impressions(log, finder, space), "items": made_lists(finder, space, queries=120)}
    summary = train_from_lists(parts, CONFIG).summary
    assert summary.source == "log and items"
    assert summary.kinds["log"] > 10


def test_a_log_in_which_nobody_chose_anything_gives_no_lists(finder, space):
    ignored = Impression(Query(text="violin"), ("film-0-2", "film-1-2"))
    gone = Impression(Query(text="violin"), ("gone",), {"gone": 1.0})
    assert lists_of_impressions([ignored, gone], finder, space) == []
