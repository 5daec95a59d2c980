"""The floor under the greatest: never above the k-th, and near enough to it to be worth asking for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.retrieval.greatest import floor_of_greatest


@given(st.integers(1, 600), st.integers(0, 700), st.integers(0, 9), st.sampled_from([3, 1000]))
def test_at_least_k_values_reach_the_floor(n, k, seed, kinds):
    values = np.random.default_rng(seed).integers(0, kinds, n).astype(np.float32)
    floor = floor_of_greatest(values, k)
    assert np.count_nonzero(values >= floor) >= min(k, n)


def test_few_more_than_k_reach_it():
    values = np.random.default_rng(3).random(50_000)
    assert 150 <= np.count_nonzero(values >= floor_of_greatest(values, 150)) < 180


@pytest.mark.parametrize("k", [0, 40])
def test_where_little_is_to_be_gained_all_reach_it(k):
    assert floor_of_greatest(np.arange(64.0), k) == -np.inf
