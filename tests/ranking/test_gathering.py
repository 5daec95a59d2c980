import numpy as np
import pytest
from ranking_cases import asks, checkerboard, film, found, space_of

from shoptalk.ranking.evidence import (
    CloseTo,
    Compared,
    ConstraintMet,
    FollowsOn,
    MeaningMatch,
    NamedAfter,
    Popular,
    SharesWith,
    WellRated,
    WishMissed,
    WordsMatch,
)
from shoptalk.ranking.features import FEATURES, Topic, column_of, features
from shoptalk.ranking.gathering import gather_evidence, gather_facts
from shoptalk.ranking.lambdarank import FusedRanker
from shoptalk.ranking.rank import Ranking, RankingConfig
from shoptalk.retrieval.query import Operator, Query, Said, Touch

BOARD = space_of(checkerboard())


def facts(space, query, candidates, position=0, **contributions):
    """The facts of one candidate, with these contributions of features and no others."""
    given = np.zeros((1, len(FEATURES)))
    for name, amount in contributions.items():
        given[0, column_of(name)] = amount
    x = features(space, query, candidates)
    return gather_evidence(space, query, candidates, np.array([position]), x=x[[position]], contributions=given)[0]


def kinds(told):
    return [fact.kind for fact in told]


def test_musts_and_met_wishes_come_in_the_order_in_which_they_were_asked():
    wish = asks("genres", Operator.IS, "Comedy")
    first = asks("year", Operator.AT_LEAST, 1940.0, must=True)
    second = asks("director", Operator.IS_NOT, "Director 9", must=True)
    told = facts(BOARD, Query(must=(first, second), wishes=(wish,)), found([0]))
    assert [fact.constraint for fact in told] == [first, second, wish]
    assert [fact.value for fact in told] == [1950.0, "Director 0", ("Comedy",)]
    assert all(fact.weight == 0 for fact in told)


def test_a_value_that_is_not_known_is_no_evidence_that_something_was_avoided():
    space = space_of([film("bare"), film("b", director="Someone")])
    query = Query(must=(asks("director", Operator.IS_NOT, "Someone", must=True),))
    assert facts(space, query, found([0])) == ()


def test_weights_are_the_contributions_of_the_features_that_a_fact_stands_for():
    wishes = (asks("genres", Operator.IS, "Comedy"), asks("keywords", Operator.IS, "orchid"))
    told = facts(BOARD, Query(wishes=wishes), found([0]), wishes_met=0.5, wishes_rank=0.25, wishes_missed=-0.125)
    met, missed = told
    assert isinstance(met, ConstraintMet)
    assert met.weight == pytest.approx(0.75)
    assert isinstance(missed, WishMissed)
    assert (missed.weight, missed.value) == (pytest.approx(-0.125), ("submarine",))


def test_the_rarer_wish_bears_more_of_what_wishes_gave():
    wishes = (asks("genres", Operator.IS, "Comedy"), asks("keywords", Operator.IS, "submarine"))
    told = facts(BOARD, Query(wishes=wishes), found([0]), wishes_met=1.0)
    assert [fact.constraint.facet for fact in told] == ["keywords", "genres"]
    assert sum(fact.weight for fact in told) == pytest.approx(1)


def test_a_loss_by_wishes_is_borne_by_those_that_were_missed():
    wishes = (asks("genres", Operator.IS, "Comedy"), asks("keywords", Operator.IS, "orchid"))
    met, missed = facts(BOARD, Query(wishes=wishes), found([0]), wishes_met=-0.5)
    assert (met.weight, missed.weight) == (0, pytest.approx(-0.5))


def test_a_number_that_is_off_bears_the_loss():
    wishes = (asks("year", Operator.AT_LEAST, 1940.0), asks("minutes", Operator.ABOUT, 100.0))
    space = space_of([film("a", year=1950.0, minutes=109.0), film("b", year=1960.0, minutes=80.0)])
    year, minutes = facts(space, Query(wishes=wishes), found([0]), number_distance=-0.3)
    assert (year.weight, minutes.weight) == (0, pytest.approx(-0.3))
    year, minutes = facts(space, Query(wishes=wishes), found([0]), number_distance=0.3)
    assert year.weight == pytest.approx(0.2)
    assert minutes.weight == pytest.approx(0.1)


def test_a_constraint_measured_against_an_item_is_told_as_a_comparison():
    must = asks("year", Operator.LESS_THAN, 1960.0, must=True, than="film-2-0")
    (told,) = facts(BOARD, Query(must=(must,)), found([0]))
    assert isinstance(told, Compared)
    assert (told.value, told.than_value, told.than_title) == (1950.0, 1960.0, "Picture 2 0")


def test_a_comparison_with_an_item_that_is_gone_is_told_as_a_constraint():
    must = asks("year", Operator.LESS_THAN, 1960.0, must=True, than="gone")
    assert kinds(facts(BOARD, Query(must=(must,)), found([0]))) == ["constraint"]


def test_shared_values_are_told_rarest_first_and_without_what_many_have():
    row = BOARD.catalog.row("film-3-2")
    told = facts(
        BOARD, Query(similar=("film-3-0",), liked=("film-5-2",)), found([row]), similar_person=0.4, liked_all=0.1
    )
    similar, liked = told
    assert isinstance(similar, SharesWith)
    assert (similar.item_id, similar.liked, similar.weight) == ("film-3-0", False, pytest.approx(0.4))
    assert similar.shared == (("director", "Director 3"),)
    assert liked.shared == (("keywords", "violin"),)
    assert liked.liked


def test_people_are_told_before_keywords_where_both_are_about_as_rare():
    films = [film(f"f{n}", director=f"d{n // 2}", keywords=(f"k{n // 2}",)) for n in range(20)]
    (told,) = facts(space_of(films), Query(similar=("f0",)), found([1]))
    assert told.shared == (("director", "d0"), ("keywords", "k0"))


def test_a_common_value_is_told_only_where_there_is_nothing_else():
    row = BOARD.catalog.row("film-7-2")
    told = facts(BOARD, Query(similar=("film-3-0",)), found([row]))
    assert [fact.shared for fact in told if isinstance(fact, SharesWith)] == [(("genres", "Comedy"),)]
    told = facts(BOARD, Query(similar=("film-3-0", "film-7-1")), found([row]))
    assert [fact.item_id for fact in told if isinstance(fact, SharesWith)] == ["film-7-1"]


def test_only_the_liked_items_that_share_most_are_told():
    liked = tuple(f"film-3-{n}" for n in range(1, 6))
    told = facts(BOARD, Query(liked=liked), found([BOARD.catalog.row("film-3-0")]), liked_all=1.0)
    assert kinds(told) == ["shares", "shares"]
    assert sum(fact.weight for fact in told) == pytest.approx(1)


def test_an_item_is_not_compared_with_itself():
    assert facts(BOARD, Query(liked=("film-0-0",)), found([0])) == ()


def scattered():
    random = np.random.default_rng(5)
    vectors = random.normal(size=(120, 32)).astype(np.float32)
    vectors[1] = vectors[0] + 0.3 * vectors[1]
    return space_of(checkerboard(), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_closeness_is_told_where_it_is_unusual():
    space = scattered()
    told = facts(space, Query(liked=("film-0-0", "film-9-9")), found([1]), liked_close=0.5)
    close = [fact for fact in told if isinstance(fact, CloseTo)]
    assert [(fact.item_id, fact.liked) for fact in close] == [("film-0-0", True)]
    assert close[0].weight == pytest.approx(0.5)
    assert close[0].cosine == pytest.approx(float(space.vectors[0] @ space.vectors[1]), abs=1e-5)


def test_meaning_is_told_only_for_what_is_far_above_the_usual():
    space = scattered()
    dense = space.vectors[[1, 50]] @ space.vectors[0]
    candidates = found([1, 50], vector=space.vectors[0], dense=dense)
    (told,) = facts(space, Query(text="zzz"), candidates, 0, meaning=0.5)
    assert isinstance(told, MeaningMatch)
    assert (told.rank, told.weight) == (1, pytest.approx(0.5))
    assert facts(space, Query(text="zzz"), candidates, 1, meaning=0.5) == ()
    unknown = found([1], vector=space.vectors[0], dense=[np.nan])
    assert facts(space, Query(text="zzz"), unknown) == ()


def test_words_that_stand_in_the_record_are_told_as_they_were_typed():
    told = facts(BOARD, Query(text="recommend something about Submarines and tigers"), found([0]), lexical=0.5)
    (words,) = told
    assert isinstance(words, WordsMatch)
    assert (words.words, words.weight) == (("Submarines",), pytest.approx(0.5))


def test_what_the_fused_score_gave_goes_to_the_sources_that_found_it():
    query = Query(text="submarine", wishes=(asks("genres", Operator.IS, "Comedy"),))
    candidates = found([0, 1, 2], lexical=[9.0, 5.0, 1.0], wishes=[0.5, 1.0, 0.7])
    words, met = facts(BOARD, query, candidates, fused=0.8)
    assert isinstance(words, WordsMatch)
    assert words.weight == pytest.approx(0.8 * 1 / (1 + 1 / 3))
    assert met.weight == pytest.approx(0.8 * (1 / 3) / (1 + 1 / 3))


def test_what_the_fused_score_gave_goes_to_what_was_learned_from_choices_too():
    known = Counts(together={pair(0, 5): 9}, ranks={0: 1})
    candidates = found([0, 1], ease=[1.0, 0.5], popular=[0.5, 1.0])
    query = Query(liked=("film-0-5",))
    given = np.zeros((1, len(FEATURES)))
    given[0, column_of("fused")] = 0.9
    x = features(BOARD, query, candidates)[[0]]
    (told,) = gather_evidence(BOARD, query, candidates, np.array([0]), x=x, contributions=given, known=known)
    weights = {fact.kind: fact.weight for fact in told if fact.kind in ("together", "popular")}
    assert weights == pytest.approx({"together": 0.6, "popular": 0.3})


def test_a_good_rating_is_told_with_the_number_of_people_behind_it():
    best = BOARD.catalog.row("film-5-9")
    (told,) = facts(BOARD, Query(), found([best]), rating=0.2, popularity=0.1)
    assert isinstance(told, WellRated)
    assert (told.facet, told.value, told.count) == ("rating", 9.0, 78)
    assert told.weight == pytest.approx(0.3)
    assert facts(BOARD, Query(), found([0])) == ()


def test_ranking_gives_ordered_picks_and_their_evidence():
    ranking = Ranking(BOARD, FusedRanker(), RankingConfig(pool=5))
    query = Query(must=(asks("genres", Operator.IS, "Comedy", must=True),))
    candidates = found([4, 2, 0, 8], fused=[0.2, 0.9, 0.9, 0.4])
    ranked = ranking.rank(query, candidates)
    assert ranked.rows.tolist() == [0, 2, 8, 4]
    assert ranked.order.tolist() == [2, 1, 3, 0]
    picks = ranking.pick(ranked, 2)
    assert picks.tolist() == [0, 1]
    told = ranking.evidence(query, candidates, ranked, picks)
    assert [fact[0].value for fact in told] == [("Comedy",), ("Comedy",)]


def test_nothing_found_gives_nothing_to_show():
    ranking = Ranking(BOARD, FusedRanker())
    candidates = found([])
    ranked = ranking.rank(Query(), candidates)
    picks = ranking.pick(ranked, 3)
    assert len(picks) == 0
    assert ranking.evidence(Query(), candidates, ranked, picks) == []


class Counts:
    """What people took to, as tables: rows together and after one another, talks by row, rows by popularity."""

    def __init__(self, together=(), follows=(), talks=(), ranks=()):
        self._together, self._follows, self._talks, self._ranks = map(dict, (together, follows, talks, ranks))

    def together(self, row_a, row_b):
        return self._together.get(frozenset((row_a, row_b)), 0)

    def follows(self, before, row):
        return self._follows.get((before, row))

    def similar_talks(self, query, row):
        return (self._talks.get(row, 0), 50) if query.said else None

    def popularity_rank(self, row):
        return self._ranks.get(row)


def choices(query, known, position=0, rows=(50,), **given):
    """The facts from people's choices, with what these topics gave."""
    topics = dict.fromkeys(Topic, 0.0) | {Topic[name.upper()]: amount for name, amount in given.items()}
    told = gather_facts(BOARD, query, found(list(rows)), np.array([position]), [topics], known)[0]
    return [fact for fact in told if fact.kind in ("together", "follows", "talks", "popular")]


def pair(one, other):
    return frozenset((one, other))


def test_what_was_often_taken_together_with_is_told_most_first_and_shares_the_weight():
    known = Counts(together={pair(50, 0): 10, pair(50, 1): 30, pair(50, 2): 5, pair(50, 3): 2})
    query = Query(
        liked=("film-0-0", "film-0-3"), similar=("film-0-2",), history=(Touch("film-0-1", 0.5), Touch("film-0-4", -1))
    )
    told = choices(query, known, together=0.4)
    assert [(fact.item_id, fact.title, fact.sessions) for fact in told] == [
        ("film-0-1", "Picture 0 1", 30),
        ("film-0-0", "Picture 0 0", 10),
    ]
    assert [fact.weight for fact in told] == pytest.approx([0.3, 0.1])


@pytest.mark.parametrize("query", [Query(), Query(disliked=("film-0-0",)), Query(history=(Touch("film-0-0", -1.0),))])
def test_nothing_is_told_as_taken_together_with_what_the_person_did_not_take_to(query):
    assert choices(query, Counts(together={pair(50, 0): 10}), together=0.4) == []


def test_only_the_last_thing_taken_is_followed_by_anything():
    known = Counts(together={pair(50, 0): 3, pair(50, 1): 3}, follows={(0, 50): 1, (1, 50): 4})
    query = Query(history=(Touch("film-0-0"), Touch("film-0-1")))
    (told,) = [fact for fact in choices(query, known, follows=0.2) if fact.kind == "follows"]
    assert isinstance(told, FollowsOn)
    assert (told.item_id, told.place, told.weight) == ("film-0-1", 4, pytest.approx(0.2))
    after = choices(Query(history=(Touch("film-0-1"), Touch("film-0-2"))), known, follows=0.2)
    assert "follows" not in [fact.kind for fact in after]


@pytest.mark.parametrize(("place", "sessions"), [(6, 9), (1, 2), (None, 9)])
def test_what_came_after_seldom_or_after_much_else_is_not_told_to_follow(place, sessions):
    known = Counts(together={pair(50, 1): sessions}, follows={(1, 50): place})
    told = choices(Query(history=(Touch("film-0-1"),)), known, follows=0.2)
    assert "follows" not in [fact.kind for fact in told]


def test_past_talks_are_told_where_the_item_came_up_in_some():
    known = Counts(talks={50: 12})
    said = Query(said=(Said("something like this", True),))
    (told,) = choices(said, known, talks=0.2)
    assert isinstance(told, NamedAfter)
    assert (told.times, told.among, told.weight) == (12, 50, pytest.approx(0.2))
    assert choices(said, known, rows=(51,), talks=0.2) == []
    assert choices(Query(), known, talks=0.2) == []


def test_popularity_is_told_of_the_first_few_only():
    known = Counts(ranks={50: 10, 51: 11})
    (told,) = choices(Query(), known, popular=0.2)
    assert isinstance(told, Popular)
    assert (told.rank, told.weight) == (10, pytest.approx(0.2))
    assert choices(Query(), known, rows=(51,), popular=0.2) == []


def test_what_a_topic_spoke_against_is_told_with_that_weight():
    known = Counts(together={pair(50, 0): 10}, ranks={50: 1})
    told = choices(Query(liked=("film-0-0",)), known, together=-0.3, popular=-0.1)
    assert [fact.weight for fact in told] == pytest.approx([-0.1, -0.3])


def test_a_ranking_that_knows_what_people_took_to_has_it_in_its_evidence():
    ranking = Ranking(BOARD, FusedRanker(), known=Counts(ranks={2: 1}))
    candidates = found([0, 2])
    ranked = ranking.rank(Query(), candidates)
    told = ranking.evidence(Query(), candidates, ranked, ranking.pick(ranked, 2))
    assert [[fact.kind for fact in facts] for facts in told] == [[], ["popular"]]
