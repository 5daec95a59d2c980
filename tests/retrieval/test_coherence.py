"""What was found first draws its like, by how well each of it fits, and nothing found draws nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.retrieval.coherence import FIRST, centre


def directions(*angles: float) -> np.ndarray:
    return np.array([(np.cos(angle), np.sin(angle)) for angle in angles], dtype=np.float32)


def test_the_centre_is_nearer_to_the_many_than_to_the_stray():
    many, stray = [0.0, 0.1, 0.2], 2.0
    middle = centre(directions(stray, *many), np.ones(4, np.float32))
    cosines = directions(stray, *many) @ middle
    assert cosines[0] < cosines[1:].min()


def test_what_fits_better_counts_for_more():
    vectors = directions(0.0, 1.0)
    close = vectors @ centre(vectors, np.array([3.0, 1.0], np.float32))
    assert close[0] > close[1]


def test_only_the_first_are_taken_together():
    vectors = directions(*[0.0] * FIRST, *[3.0] * 500)
    assert centre(vectors, np.ones(len(vectors), np.float32)) == pytest.approx([1.0, 0.0], abs=1e-6)


@pytest.mark.parametrize("vectors", [np.empty((0, 2), np.float32), np.array([[1, 0], [-1, 0]], np.float32)])
def test_nothing_found_or_nothing_in_common_has_no_centre(vectors):
    assert centre(vectors, np.ones(len(vectors), np.float32)) is None


@given(st.lists(st.tuples(st.floats(0, 1.5), st.floats(0.1, 50)), min_size=1, max_size=30))
def test_the_centre_is_of_unit_length(told):
    middle = centre(directions(*(angle for angle, _ in told)), np.array([by for _, by in told], np.float32))
    assert np.linalg.norm(middle) == pytest.approx(1.0, abs=1e-5)
