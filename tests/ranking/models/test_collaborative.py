import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_contract import ModelContract, context_of, sessions_of, talks
from scipy.sparse import csr_matrix

from shoptalk.ranking.models.arrays import keep_greatest, weighted_rows
from shoptalk.ranking.models.co_mention import CoMention, CoMentionConfig
from shoptalk.ranking.models.ease import Ease, EaseConfig
from shoptalk.ranking.models.fading import faded
from shoptalk.ranking.models.follows import Follows, FollowsConfig
from shoptalk.ranking.models.neighbours import (
    ItemNeighbours,
    ItemNeighboursConfig,
    UserNeighbours,
    UserNeighboursConfig,
)
from shoptalk.ranking.models.popular import Popular, PopularConfig
from shoptalk.ranking.sessions import Sessions

DAY = 86_400.0


class TestPopular(ModelContract):
    model = Popular
    hears = "nothing"


class TestItemNeighbours(ModelContract):
    model = ItemNeighbours


class TestUserNeighbours(ModelContract):
    model = UserNeighbours


class TestEase(ModelContract):
    model = Ease


class TestFollows(ModelContract):
    model = Follows


class TestCoMention(ModelContract):
    model = CoMention


def checkerboard(size: int = 20) -> list[list[int]]:
    """Row r holds the items of r's colour but item r itself, in an order of its own (after implicit's tests)."""
    rng = np.random.default_rng(5)
    return [rng.permutation([item for item in range(row % 2, size, 2) if item != row]).tolist() for row in range(size)]


@pytest.mark.parametrize("model", [ItemNeighbours, UserNeighbours, Ease, Follows, CoMention])
def test_the_field_left_out_of_a_checkerboard_is_what_comes_next(model):
    rows = checkerboard()
    fitted = model.fit(sessions_of(rows, n_items=20))
    for withheld, had in enumerate(rows):
        scores = fitted.scores(context_of(had))
        scores[had] = -np.inf
        assert np.argmax(scores) == withheld


class TestPopularity:
    def test_each_session_counts_an_item_once(self):
        counts = Popular.fit(sessions_of([[0, 0, 0], [1], [1]], n_items=3)).scores(context_of([]))
        assert counts.tolist() == [1, 2, 0]

    def test_a_choice_one_half_life_ago_counts_half(self):
        sessions = sessions_of([[0], [1]], n_items=2, times=[[0.0], [30 * DAY]])
        counts = Popular.fit(sessions, config=PopularConfig(half_life=30)).scores(context_of([]))
        assert counts == pytest.approx([0.5, 1.0])

    def test_what_has_no_time_is_as_old_as_the_median(self):
        sessions = sessions_of([[0], [1], [2], [3]], n_items=4, times=[[0.0], [10 * DAY], [20 * DAY], [np.nan]])
        counts = Popular.fit(sessions, config=PopularConfig(half_life=10)).scores(context_of([]))
        assert counts[3] == counts[1] == pytest.approx(0.5)

    def test_what_was_only_named_counts_less_than_what_was_chosen(self):
        sessions = talk_of([(0, 0, False), (1, 1, True)], n_items=2)
        counts = Popular.fit(sessions, config=PopularConfig(known=0.25)).scores(context_of([]))
        assert counts.tolist() == [0.25, 1.0]


class TestNearness:
    def test_the_plain_cosine_by_hand(self):
        plain = ItemNeighboursConfig(shrinkage=0, damping=0, popularity=0.5, fading=0)
        near = ItemNeighbours.fit(sessions_of([[0, 1], [0, 1], [0, 2]], n_items=3), config=plain)
        assert near.scores(context_of([0])) == pytest.approx([0, 2 / np.sqrt(3 * 2), 1 / np.sqrt(3)])

    def test_what_one_session_says_counts_less_once_shrunk(self):
        rows = [[0, 1], *[[2, 3]] * 9]
        scores = [
            ItemNeighbours.fit(sessions_of(rows, 4), config=ItemNeighboursConfig(shrinkage=shrinkage, damping=0))
            for shrinkage in (0.0, 5.0)
        ]
        plain, shrunk = ([model.scores(context_of([item]))[item + 1] for item in (0, 2)] for model in scores)
        assert plain[0] == plain[1]
        assert shrunk[0] < shrunk[1]

    def test_long_sessions_say_less_of_each_pair(self):
        rows = [[0, 1], [0, *range(2, 12)], [1], [2]]
        scores = ItemNeighbours.fit(sessions_of(rows, 12)).scores(context_of([0]))
        assert scores[1] > scores[2] > 0

    def test_no_more_than_k_neighbours_are_kept(self):
        rows = [[0, item] for item in range(1, 9) for _ in range(item)]
        config = ItemNeighboursConfig(k=3, shrinkage=0, damping=0, popularity=0)
        scores = ItemNeighbours.fit(sessions_of(rows, 9), config=config).scores(context_of([0]))
        assert np.flatnonzero(scores).tolist() == [6, 7, 8]

    def test_the_nearest_sessions_vote_and_the_others_do_not(self):
        rows = [[0, 1, 2], [0, 1, 2], [0, 3]]
        near = UserNeighbours.fit(sessions_of(rows, 4), config=UserNeighboursConfig(k=2))
        scores = near.scores(context_of([0, 1]))
        assert scores[2] > 0
        assert scores[3] == 0

    def test_of_an_items_sessions_the_latest_are_looked_at(self):
        times = [[5 * DAY] * 2, [9 * DAY] * 2, [1 * DAY] * 2]
        sessions = sessions_of([[0, 1], [0, 2], [0, 3]], 4, times)
        scores = UserNeighbours.fit(sessions, config=UserNeighboursConfig(recent=2)).scores(context_of([0]))
        assert np.flatnonzero(scores).tolist() == [0, 1, 2]

    def test_rare_items_tell_more_of_who_is_near(self):
        rows = [[0, 2], [1, 3], *[[0, 4]] * 20]
        scores = UserNeighbours.fit(sessions_of(rows, 5)).scores(context_of([0, 1], ago=[1, 1]))
        assert scores[3] > scores[2] > 0


class TestEaseInClosedForm:
    SESSIONS = sessions_of([[0, 1, 2], [0, 1], [1, 2, 3], [3, 4], [0, 2, 4], [2, 3]], n_items=6)

    def test_the_weights_are_those_of_the_closed_form(self):
        config = EaseConfig(l2=2.0, dropout=0, min_count=1, fading=0)
        fitted = Ease.fit(self.SESSIONS, config=config)
        x = self.SESSIONS.matrix().toarray().astype(np.float64)
        precision = np.linalg.inv(x.T @ x + 2.0 * np.eye(6))
        weights = precision / -np.diag(precision)
        np.fill_diagonal(weights, 0)
        for item in range(5):
            assert fitted.scores(context_of([item])) == pytest.approx(weights[item], abs=1e-5)
        assert fitted.scores(context_of([0, 3], values=[1.0, 0.5])) == pytest.approx(
            weights[0] + 0.5 * weights[3], abs=1e-5
        )

    def test_dropout_holds_frequent_items_back_in_the_closed_form(self):
        config = EaseConfig(l2=2.0, dropout=0.5, min_count=1, fading=0)
        fitted = Ease.fit(self.SESSIONS, config=config)
        gram = np.asarray((self.SESSIONS.matrix().T @ self.SESSIONS.matrix()).todense(), dtype=np.float64)
        precision = np.linalg.inv(gram + 2.0 * np.eye(6) + np.diag(np.diag(gram)))
        assert fitted.scores(context_of([0]))[1] == pytest.approx(-precision[0, 1] / precision[1, 1], abs=1e-5)

    def test_many_blocks_give_what_one_gives(self, monkeypatch):
        whole = Ease.fit(talks()).scores(context_of([1, 12]))
        monkeypatch.setattr("shoptalk.ranking.models.ease._BLOCK", 7)
        assert Ease.fit(talks()).scores(context_of([1, 12])) == pytest.approx(whole, abs=1e-6)

    def test_rare_items_are_left_out(self):
        scores = Ease.fit(self.SESSIONS, config=EaseConfig(min_count=3)).scores(context_of([0, 1, 2]))
        assert np.flatnonzero(scores).max() <= 3
        with pytest.raises(ValueError, match="in 9 sessions or more"):
            Ease.fit(self.SESSIONS, config=EaseConfig(min_count=9))

    def test_the_most_frequent_items_are_kept_where_there_are_too_many(self):
        scores = Ease.fit(self.SESSIONS, config=EaseConfig(max_items=2, min_count=1, l2=0.1)).scores(context_of([2]))
        assert set(np.flatnonzero(scores)) <= {0, 1, 2, 3}


class TestOrder:
    def test_what_follows_does_not_lead_back(self):
        follows = Follows.fit(sessions_of([[0, 1]] * 5, n_items=2))
        assert follows.scores(context_of([0]))[1] > 0
        assert follows.scores(context_of([1])) is None

    def test_the_nearer_follower_counts_more(self):
        scores = Follows.fit(sessions_of([[0, 1, 2]] * 5, n_items=3)).scores(context_of([0]))
        assert scores[1] > scores[2] > 0

    def test_beyond_the_window_nothing_follows(self):
        scores = Follows.fit(sessions_of([[0, 1, 2, 3]], 4), config=FollowsConfig(window=2)).scores(context_of([0]))
        assert np.flatnonzero(scores).tolist() == [1, 2]

    def test_what_stands_in_one_step_has_no_order(self):
        together = talk_of([(0, 0, True), (1, 0, True)], n_items=3)
        with pytest.raises(ValueError, match="after another"):
            Follows.fit(together)

    def test_only_choices_follow(self):
        talk = talk_of([(0, 0, False), (1, 1, False), (2, 2, True)], n_items=3)
        assert np.flatnonzero(Follows.fit(talk).scores(context_of([0]))).tolist() == [2]

    def test_what_was_spoken_against_leads_nowhere(self):
        talk = talk_of([(0, 0, True), (1, 1, True), (2, 2, True)], n_items=3, values=[-1.0, 1.0, 1.0])
        assert Follows.fit(talk).scores(context_of([0])) is None


class TestCoMentions:
    def test_probabilities_by_hand(self):
        config = CoMentionConfig(shrinkage=1, lift=1, fading=0)
        fitted = CoMention.fit(sessions_of([[0, 1], [0, 1], [0, 2], [2]], n_items=3), config=config)
        # 3 of 4 sessions name item 0, and items 1 and 2 are chosen in 2; one is added to each of these
        assert fitted.scores(context_of([0])) == pytest.approx([0, 2 / 4 / (3 / 5), 1 / 4 / (3 / 5)])
        assert fitted.scores(context_of([1])) is None

    def test_it_counts_once_a_session(self):
        config = CoMentionConfig(shrinkage=0, lift=0, fading=0)
        fitted = CoMention.fit(sessions_of([[0, 1, 0, 1, 0, 1], [0, 2]], n_items=3), config=config)
        scores = fitted.scores(context_of([0]))
        assert scores[1] == scores[2]

    def test_it_tells_in_how_many_sessions_two_items_stand(self, tmp_path):
        fitted = CoMention.fit(sessions_of([[0, 1], [1, 0, 0], [0, 2], [3]], n_items=4))
        fitted.save(tmp_path)
        for model in (fitted, CoMention.load(tmp_path)):
            assert [model.together(0, 1), model.together(1, 0), model.together(0, 2)] == [2, 2, 1]
            assert model.together(1, 2) == model.together(0, 3) == 0


def test_items_count_less_the_longer_ago_they_were():
    items, weights = faded(context_of([5, 6, 5], values=[1.0, 1.0, 0.5], ago=[9, 4, 1]), 0.5)
    assert items.tolist() == [6, 5]
    assert weights.tolist() == [0.5, 1.0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_rows_are_pruned_and_added_as_a_dense_matrix_would_be(seed, k):
    rng = np.random.default_rng(seed)
    dense = rng.random((9, 11)) * rng.integers(-1, 2, (9, 11))
    pruned = keep_greatest(csr_matrix(dense), k).toarray()
    for row, kept in zip(dense, pruned, strict=True):
        floor = np.sort(np.abs(row))[-min(k, 11)]
        assert kept == pytest.approx(np.where(np.abs(row) >= floor, row, 0), rel=1e-6)
    rows, weights = rng.integers(0, 9, 4), rng.random(4)
    assert weighted_rows(csr_matrix(dense), rows, weights) == pytest.approx(weights @ dense[rows], abs=1e-6)


def talk_of(events: list[tuple[int, int, bool]], n_items: int, values: list[float] | None = None) -> Sessions:
    """One talk of (item, step, whether it was chosen)."""
    items, steps, chosen = zip(*events, strict=True)
    return Sessions(
        n_items=n_items,
        offsets=np.array([0, len(items)]),
        items=np.array(items, dtype=np.int64),
        values=np.array(values or [1.0] * len(items)),
        steps=np.array(steps, dtype=np.int64),
        times=np.full(len(items), np.nan),
        chosen=np.array(chosen, dtype=np.bool_),
    )
