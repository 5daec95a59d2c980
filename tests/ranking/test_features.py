import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranking_cases import asks, checkerboard, film, found, space_of

from shoptalk.ranking.features import FEATURE_NAMES, FEATURES, column_of, features
from shoptalk.ranking.space import FeatureSpace
from shoptalk.retrieval.query import Operator, Query, Touch

BOARD = space_of(checkerboard())


def column(space, name, query, candidates, **more):
    return features(space, query, candidates, **more)[:, column_of(name)]


def test_each_feature_has_a_name_of_its_own():
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert all(feature.helps in (-1, 0, 1) for feature in FEATURES)


def test_no_candidates_give_an_empty_matrix():
    assert features(BOARD, Query(text="orchid"), found([])).shape == (0, len(FEATURES))


def test_vectors_must_be_those_of_the_catalog():
    with pytest.raises(ValueError, match="120 items"):
        FeatureSpace(BOARD.catalog, np.eye(3, dtype=np.float32))


def test_what_is_shared_is_counted_by_group():
    same_director, same_subject, neither = (BOARD.catalog.row(one) for one in ("film-3-1", "film-5-0", "film-5-1"))
    query, candidates = Query(similar=("film-3-0",)), found([same_director, same_subject, neither])
    assert column(BOARD, "similar_person", query, candidates).tolist() == [1, 0, 0]
    assert column(BOARD, "similar_keyword", query, candidates).tolist() == [0, 1, 0]
    assert np.isnan(column(BOARD, "similar_brand", query, candidates)).all()
    overall = column(BOARD, "similar_all", query, candidates)
    assert overall[0] > 0
    assert overall[1] > 0
    assert overall[2] == 0


def test_a_rare_value_in_common_weighs_more_than_a_common_one():
    films = [film(f"f{n}", genres=("Drama",) if n else ("Drama", "Noir")) for n in range(8)]
    films += [film("noir", genres=("Noir",)), film("drama", genres=("Drama",)), film("none")]
    space = space_of(films)
    shares = column(space, "liked_genre", Query(liked=("f0",)), found([8, 9, 10]))
    assert shares[0] > 0.8
    assert 0 < shares[1] < 0.2
    assert np.isnan(shares[2])


def test_hidden_facets_are_not_seen():
    query, candidates = Query(liked=("film-3-0",)), found([BOARD.catalog.row("film-3-1")])
    x = features(BOARD, query, candidates, hidden={"director", "keywords"})
    assert np.isnan(x[0, column_of("liked_person")])
    assert np.isnan(x[0, column_of("liked_keyword")])
    assert x[0, column_of("liked_all")] == 0


def test_wishes_that_are_met_missed_and_not_known():
    space = space_of(
        [
            film("both", genres=("Comedy",), minutes=90.0, subtitled=True, added="2024-05-01"),
            film("one", genres=("Comedy",), minutes=200.0, subtitled=False, added="2020-05-01"),
            film("unknown"),
        ]
    )
    wishes = (
        asks("genres", Operator.IS, "Comedy"),
        asks("minutes", Operator.AT_MOST, 100.0),
        asks("subtitled", Operator.IS, True),
        asks("added", Operator.AT_LEAST, "2024-01-01"),
    )
    x = features(space, Query(wishes=wishes), found([0, 1, 2]))
    met, missed = x[:, column_of("wishes_met")], x[:, column_of("wishes_missed")]
    assert met[0] == pytest.approx(1)
    assert 0 < met[1] < 0.5
    assert met[2] == 0
    assert missed.tolist() == [0, 0.75, 0]


@pytest.mark.parametrize(
    ("operator", "value", "distances"),
    [
        (Operator.ABOUT, 100.0, [0, 20, 60]),
        (Operator.AT_LEAST, 110.0, [10, 0, 0]),
        (Operator.LESS_THAN, 110.0, [0, 10, 50]),
        (Operator.BETWEEN, (110.0, 130.0), [10, 0, 30]),
        (Operator.ANY_OF, (100.0, 160.0), [0, 20, 0]),
    ],
)
def test_distance_from_the_number_that_was_asked_for(operator, value, distances):
    space = space_of([film(str(minutes), minutes=minutes) for minutes in (100.0, 120.0, 160.0)])
    query = Query(wishes=(asks("minutes", operator, value),))
    apart = column(space, "number_distance", query, found([0, 1, 2]))
    assert apart * space.spread("minutes") == pytest.approx(distances)


def test_what_is_not_asked_of_numbers_has_no_distance():
    query = Query(must=(asks("year", Operator.IS_NOT, 1950.0, must=True), asks("genres", Operator.IS, "Drama")))
    assert np.isnan(column(BOARD, "number_distance", query, found([0, 1]))).all()


def test_days_are_asked_as_iso_days():
    space = space_of([film("old", added="2020-01-01"), film("new", added="2024-01-11"), film("never")])
    apart = column(
        space, "number_distance", Query(wishes=(asks("added", Operator.IS, "2024-01-01"),)), found([0, 1, 2])
    )
    assert apart[0] > apart[1] > 0
    assert np.isnan(apart[2])


def test_words_of_the_title_that_were_said():
    space = space_of([film("a", "The Alien Planet"), film("b", "Planet of Apes"), film("c", "Heat")])
    x = features(space, Query(text="aliens on another planet"), found([0, 1, 2]))
    asked, covered = x[:, column_of("text_in_title")], x[:, column_of("title_in_text")]
    assert asked[0] > asked[1] > asked[2] == 0
    assert covered[0] == pytest.approx(1)
    assert 0 < covered[1] < 1
    assert np.isnan(column(space, "text_in_title", Query(text="the of"), found([0]))).all()


def test_ranks_treat_near_ties_alike_and_what_a_source_left_out_is_last():
    x = features(BOARD, Query(text="x"), found([0, 1, 2, 3], lexical=[4.0, 8.0, 7.999, np.nan]))
    assert x[:, column_of("lexical_rank")] == pytest.approx([1 / 3, 1, 1, 0])
    assert x[:, column_of("lexical")] == pytest.approx([0.5, 1, 1, 0], abs=1e-3)
    assert np.isnan(x[:, column_of("dense_rank")]).all()


def test_closeness_is_measured_against_what_is_usual():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(120, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    space = space_of(checkerboard(), vectors)
    query = Query(text="x", similar=("film-0-0",), liked=("film-0-1", "film-0-2"), disliked=("film-0-3",))
    x = features(space, query, found([5, 0], vector=vectors[5]))
    assert x[0, column_of("meaning")] > 3
    assert x[:, column_of("meaning_behind")].max() == 0
    assert x[1, column_of("similar_close")] > 3
    assert x[1, column_of("liked_close")] > x[1, column_of("liked_close_mean")]
    assert np.isfinite(x[:, column_of("disliked_close")]).all()


def test_a_rating_from_one_person_counts_for_less_than_a_lower_one_from_many():
    films = [film("many", rating=4.6, vote_count=1000.0), film("one", rating=5.0, vote_count=1.0)]
    films += [film(f"f{n}", rating=3.0 + n / 10, vote_count=50.0) for n in range(10)]
    space = space_of([*films, film("unrated")])
    ratings = column(space, "rating", Query(), found([0, 1, 12]))
    assert ratings[0] > ratings[1]
    assert np.isnan(ratings[2])
    assert space.rating_count == "vote_count"


def test_nearness_in_time_and_in_numbers():
    films = [film("model", year=1990.0, minutes=90.0), film("near", year=1991.0, minutes=92.0)]
    films += [film("far", year=1930.0, minutes=200.0), film("unknown")]
    space = space_of(films)
    x = features(space, Query(similar=("model",)), found([1, 2, 3]))
    for name in ("similar_moment", "similar_numbers"):
        assert 1 > x[0, column_of(name)] > x[1, column_of(name)]
        assert np.isnan(x[2, column_of(name)])


def test_without_years_the_first_date_tells_what_is_recent():
    space = space_of([film("old", added="2001-01-01"), film("new", added="2024-01-01"), film("unknown")])
    assert column(space, "recency", Query(), found([0, 1, 2]))[:2].tolist() == [0.25, 0.75]


def test_an_item_that_says_more_is_more_complete():
    space = space_of([film("bare"), film("full", plot="Long ago.", genres=("Drama",), year=1999.0, subtitled=False)])
    x = features(space, Query(), found([0, 1]))
    assert x[0, column_of("completeness")] == 0
    assert x[1, column_of("completeness")] == pytest.approx(3 / 9)
    assert x[1, column_of("text_length")] > x[0, column_of("text_length")]


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(12)))
def test_the_order_of_candidates_does_not_change_their_features(order):
    query = Query(
        text="violin",
        similar=("film-1-1",),
        liked=("film-2-2", "film-3-3"),
        disliked=("film-4-4",),
        wishes=(asks("genres", Operator.IS, "Drama"), asks("year", Operator.ABOUT, 1980.0)),
    )
    rows = np.arange(12) * 9
    scores, fused = np.linspace(0, 1, 12), np.linspace(1, 0.2, 12)
    straight = features(BOARD, query, found(rows, fused, BOARD.vectors[3], dense=scores))
    mixed = features(BOARD, query, found(rows[order], fused[order], BOARD.vectors[3], dense=scores[order]))
    assert np.allclose(straight[order], mixed, equal_nan=True, atol=1e-5)


def test_a_catalog_without_facets_or_text_is_no_trouble():
    space = space_of([film("a"), film("b")])
    x = features(space, Query(text="a", similar=("b",)), found([0]))
    assert np.isnan(x[0, column_of("similar_all")])
    assert np.isnan(x[0, column_of("popularity")])


LIKE, UNLIKE = BOARD.catalog.row("film-3-1"), BOARD.catalog.row("film-7-2")


def test_what_was_looked_at_draws_its_like():
    clicked = Query(history=(Touch("film-3-0", 0.4, 2),))
    assert np.diff(column(BOARD, "touched_all", clicked, found([LIKE, UNLIKE]))) < 0
    vectors = np.eye(120, dtype=np.float32)
    vectors[LIKE] = vectors[BOARD.catalog.row("film-3-0")]
    space = FeatureSpace(BOARD.catalog, vectors)
    near, far = column(space, "touched_close", clicked, found([LIKE, UNLIKE])).tolist()
    assert near > far


@pytest.mark.parametrize(
    "query",
    [
        Query(history=(Touch("film-3-0", 0.2),)),
        Query(history=(Touch("film-3-0", 1.0, 3), Touch("film-3-0", -1.0, 1))),
        Query(history=(Touch("film-3-0", 0.4),), liked=("film-3-0",)),
        Query(history=(Touch("film-3-0", 0.4),), similar=("film-3-0",)),
        Query(history=(Touch("gone", 1.0),)),
        Query(history=(Touch("film-3-0", 1.0, 11), *(Touch("gone" + str(n), 1.0, 10 - n) for n in range(10)))),
    ],
    ids=["a glance", "taken back", "liked", "asked for as a model", "not in the catalog", "long ago"],
)
def test_what_says_too_little_or_is_told_elsewhere_is_not_looked_at(query):
    x = features(BOARD, query, found([LIKE, UNLIKE]))
    assert np.isnan(x[:, [column_of("touched_close"), column_of("touched_all")]]).all()


def test_a_later_glance_takes_nothing_from_a_purchase():
    bought = Query(history=(Touch("film-3-0", 1.0, 2), Touch("film-3-0", 0.1, 1)))
    assert np.diff(column(BOARD, "touched_all", bought, found([LIKE, UNLIKE]))) < 0
