"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.agent.quantities import Bound, read_quantities

CASES = [
    ("something under two hours", 120, "min", Bound.LESS, None),
    ("less than 90 min", 90, "min", Bound.LESS, None),
    ("1.5h", 90, "min", Bound.EXACT, None),
    ("an hour and a half at most", 90, "min", Bound.AT_MOST, None),
    ("two and a half hours", 150, "min", Bound.EXACT, None),
    ("half an hour", 30, "min", Bound.EXACT, None),
    ("2h30", 150, "min", Bound.EXACT, None),
    ("2 hours 15 minutes", 135, "min", Bound.EXACT, None),
    ("between $20 and $40", 20, "money", Bound.BETWEEN, 40),
    ("$20-$40", 20, "money", Bound.BETWEEN, 40),
    ("20 to 40 euros", 20, "money", Bound.BETWEEN, 40),
    ("under 500 bucks", 500, "money", Bound.LESS, None),
    ("budget of 200", 200, None, Bound.AT_MOST, None),
    ("under 1,000", 1000, None, Bound.LESS, None),
    ("max 2k", 2000, None, Bound.AT_MOST, None),
    ("around 100 dollars", 100, "money", Bound.ABOUT, None),
    ("100 or less", 100, None, Bound.AT_MOST, None),
    ("50+", 50, None, Bound.AT_LEAST, None),
    ("at least 4 stars", 4, "star", Bound.AT_LEAST, None),
    ("4 stars or more", 4, "star", Bound.AT_LEAST, None),
    ("a 17 inch screen", 17, "inch", Bound.EXACT, None),
    ('15" screen', 15, "inch", Bound.EXACT, None),
    ("1 TB", 1000, "GB", Bound.EXACT, None),
    ("from the nineties", 1990, "year", Bound.BETWEEN, 1999),
    ("90s horror", 1990, "year", Bound.BETWEEN, 1999),
    ("early 1980s", 1980, "year", Bound.BETWEEN, 1983),
    ("before the 70s", 1970, "year", Bound.LESS, None),
    ("after the 80s", 1990, "year", Bound.AT_LEAST, None),
    ("the last ten years", 10, "years back", Bound.AT_LEAST, None),
    ("before 1960", 1960, None, Bound.LESS, None),
    ("since 2010", 2010, None, Bound.AT_LEAST, None),
    ("movies 1990-1999", 1990, None, Bound.BETWEEN, 1999),
    ("no more than 100 minutes", 100, "min", Bound.AT_MOST, None),
    ("between 60 min and 90 min", 60, "min", Bound.BETWEEN, 90),
    ("between 20 euros and 40 euros", 20, "money", Bound.BETWEEN, 40),
    ("1 kg to 2 kg", 1, "kg", Bound.BETWEEN, 2),
    ("heavier than 2 kg", 2, "kg", Bound.MORE, None),
    ("narrower than 30 mm", 30, "mm", Bound.LESS, None),
    ("more expensive than 20 euros", 20, "money", Bound.MORE, None),
    ("40 bucks", 40, "money", Bound.EXACT, None),
    ("USD 30", 30, "money", Bound.EXACT, None),
    ("50 quid tops", 50, "money", Bound.AT_MOST, None),
    ("50 cents", 0.5, "money", Bound.EXACT, None),
    ("1.2k", 1200, None, Bound.EXACT, None),
    ("two grand", 2000, "money", Bound.EXACT, None),
    ("a thousand dollars", 1000, "money", Bound.EXACT, None),
    ("two hundred and fifty euros", 250, "money", Bound.EXACT, None),
    ("twenty-five people", 25, None, Bound.EXACT, None),
    ("a couple of rooms", 2, None, Bound.EXACT, None),
    ("half a dozen", 6, None, Bound.EXACT, None),
    ("table for 4 in Rome", 4, None, Bound.EXACT, None),
    ("15in", 15, "inch", Bound.EXACT, None),
    ("three-star", 3, "star", Bound.EXACT, None),
    ("a hundred or so", 100, None, Bound.ABOUT, None),
    ("50ish", 50, None, Bound.ABOUT, None),
    ("a direct flight", 0, "stop", Bound.EXACT, None),
    ("just me", 1, "people", Bound.EXACT, None),
    ("nine years ago", 9, "years ago", Bound.EXACT, None),
    ("a song from '15", 2015, "year", Bound.EXACT, None),
]


@pytest.mark.parametrize(("message", "value", "unit", "bound", "upper"), CASES)
def test_reads_a_number_with_unit_and_bound(message, value, unit, bound, upper):
    (found,) = read_quantities(message)
    assert (found.value, found.unit, found.bound, found.upper) == (value, unit, bound, upper)


def test_two_bounds_in_one_message_stay_apart():
    found = read_quantities("under 2 hours and after 1990")
    assert [(q.value, q.bound) for q in found] == [(120, Bound.LESS), (1990, Bound.MORE)]


@given(st.text(max_size=300))
def test_any_text_is_read_without_error_and_spans_lie_inside(message):
    for found in read_quantities(message):
        assert 0 <= found.start < found.end <= len(message)


@pytest.mark.parametrize(
    "message", ["at 7 pm", "until the 7th", "4:30", "3d", "10 o'clock", "8 in the evening", "20th century"]
)
def test_times_of_day_and_places_in_a_row_are_no_quantities(message):
    assert read_quantities(message) == []


@pytest.mark.parametrize("message", ["1 " * 50_000, "1" * 100_000, "a half " * 20_000, "2-" * 50_000])
def test_the_numbers_that_are_read_of_one_message_are_bounded(message):
    assert len(read_quantities(message)) <= 40
