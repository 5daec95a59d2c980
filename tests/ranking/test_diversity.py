import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.ranking.diversity import diversify, title_stem


def unit(*rows: tuple[float, ...]) -> np.ndarray:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_less_relevant_but_different_item_overtakes_more_of_the_same():
    vectors = unit((1, 0), (0.99, 0.1), (0, 1))
    scores = np.array([1.0, 0.9, 0.6])
    assert diversify(scores, vectors, 2, trade_off=0.5).tolist() == [0, 2]
    assert diversify(scores, vectors, 2, trade_off=1.0).tolist() == [0, 1]


def test_worth_is_the_formula_of_carbonell_and_goldstein():
    # relevance (1, .5, 0), cosines to the first .8 and 0: .7 * .5 - .3 * .8 = .11 against .7 * 0 - .3 * 0 = 0
    vectors = unit((1, 0), (0.8, 0.6), (0, 1))
    assert diversify(np.array([3.0, 2.0, 1.0]), vectors, 3, trade_off=0.7).tolist() == [0, 1, 2]
    # at .5: .25 - .4 = -.15 against 0
    assert diversify(np.array([3.0, 2.0, 1.0]), vectors, 3, trade_off=0.5).tolist() == [0, 2, 1]


def test_two_editions_of_one_thing_are_not_shown_while_there_is_something_else():
    vectors = unit((1, 0), (1, 0.01), (0, 1))
    stems = [title_stem(title) for title in ("Alien", "Alien (Director's Cut)", "Heat")]
    scores = np.array([1.0, 0.99, 0.1])
    assert diversify(scores, vectors, 3, trade_off=1.0, stems=stems).tolist() == [0, 2, 1]
    assert diversify(scores, vectors, 3, trade_off=1.0, stems=["alien", "aliens", "heat"]).tolist() == [0, 1, 2]


def test_equal_candidates_keep_their_order():
    assert diversify(np.zeros(4), np.eye(4, dtype=np.float32), 4).tolist() == [0, 1, 2, 3]


@given(st.integers(0, 12), st.integers(0, 15), st.floats(0, 1), st.integers(0, 100))
def test_it_gives_different_positions_as_many_as_there_can_be_and_the_best_first(n, k, trade_off, seed):
    random = np.random.default_rng(seed)
    scores, vectors = random.random(n), unit(*random.normal(size=(n, 3))) if n else np.empty((0, 3), np.float32)
    picked = diversify(scores, vectors, k, trade_off, stems=["same"] * n)
    assert len(set(picked.tolist())) == len(picked) == min(n, k)
    if len(picked):
        assert picked[0] == np.argmax(scores)


def test_a_trade_off_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="trade_off"):
        diversify(np.ones(2), np.eye(2, dtype=np.float32), 1, trade_off=1.5)


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Léon: The Professional (1994) [Blu-ray]", "leon the professional"),
        ("Alien 3", "alien 3"),
        ("(500)", "500"),
        ("Сталкер (реж. версия)", "сталкер"),
    ],
)
def test_a_stem_leaves_out_what_is_said_aside(title, stem):
    assert title_stem(title) == stem
