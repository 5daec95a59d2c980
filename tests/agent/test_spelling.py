"""Misspelt words find the catalog's own, and right ones are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.agent.spelling import Spelling

WORDS = {
    "horror": 90, "italian": 40, "samsung": 30, "tarantino": 8, "berkeley": 12, "comedy": 200, "thriller": 60, "jazz": 20,
    "nikon": 9, "hitchcock": 20, "chardonnay": 15, "riesling": 14, "corten": 4, "cortes": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def spelling():
    return Spelling(WORDS)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("horor", "horror"), ("itallian", "italian"), ("samsnug", "samsung"), ("tarrantino", "tarantino"),
        ("berkley", "berkeley"), ("thriler", "thriller"), ("nkon", "nikon"), ("hitchcok", "hitchcock"),
        ("chardonay", "chardonnay"), ("reisling", "riesling"),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_corrected_and_less_sure_than_a_right_one(spelling, said, meant):
    found = spelling(said)
    assert found is not None
    assert found.word == meant
    assert 0.5 < found.score < 1


@pytest.mark.parametrize(
    "said",
    ["horror", "jazzy", "comic", "error", "hor", "the", "thrill", "banana", "xqzvw", "1234567", "Ω" * 8, "x" * 500],
)
def test_what_is_right_or_resembles_nothing_is_left_alone(spelling, said):
    assert spelling(said) is None


def test_what_resembles_two_words_alike_is_less_sure(spelling):
    assert spelling("corteq").score < spelling("nikonn").score


@given(st.text(max_size=40))
def test_any_word_is_looked_up_without_error(form):
    found = Spelling(WORDS)(form)
    assert found is None or found.word in WORDS
