"""Times of day as people say them, and the values of a catalog that they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.agent.clocks import minute_of, read_times
from shoptalk.agent.quantities import Bound
from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.reading import Record

READ = [
    ("11:30 am", (11, 30), Bound.EXACT),
    ("half past 11 in the morning", (11, 30), Bound.EXACT),
    ("quarter to six in the evening", (17, 45), Bound.EXACT),
    ("ten minutes past 4 pm", (16, 10), Bound.EXACT),
    ("noon", (12, 0), Bound.EXACT),
    ("midnight", (0, 0), Bound.EXACT),
    ("12 in the afternoon", (12, 0), Bound.EXACT),
    ("five pm", (17, 0), Bound.EXACT),
    ("afternoon 1:30", (13, 30), Bound.EXACT),
    ("10 o'clock at night", (22, 0), Bound.EXACT),
    ("around 5 p.m.", (17, 0), Bound.ABOUT),
    ("after 17:30", (17, 30), Bound.MORE),
    ("before noon", (12, 0), Bound.LESS),
    ("by 6 pm", (18, 0), Bound.AT_MOST),
    ("no later than 9 am", (9, 0), Bound.AT_MOST),
]


@pytest.mark.parametrize(("message", "clock", "bound"), READ)
def test_reads_a_time_of_day(message, clock, bound):
    (said,) = read_times(message)
    assert (divmod(said.minute, 60), said.bound) == (clock, bound)


@pytest.mark.parametrize(
    ("message", "first", "last"),
    [("in the morning", 300, 719), ("between 5 and 7 pm", 1020, 1140), ("from 9 am to 11 am", 540, 660)],
)
def test_reads_a_stretch_of_the_day(message, first, last):
    (said,) = read_times(message)
    assert (said.minute, said.upper) == (first, last)


@pytest.mark.parametrize(
    "message", ["good morning", "2 to 3 people", "at 3 bedrooms", "2.50", "at 20 dollars", "under 2 hours 30", "25:90"]
)
def test_what_is_no_time_of_day(message):
    assert read_times(message) == []


def test_an_hour_without_its_half_of_the_day_may_be_either():
    (said,) = read_times("a table at 7")
    assert {said.minute, said.other} == {420, 1140}


@pytest.mark.parametrize(
    ("value", "minute"), [("17:35", 1055), ("5:35 PM", 1055), ("00:10", 10), ("25:00", None), ("Rome", None)]
)
def test_reads_what_a_catalog_holds(value, minute):
    assert minute_of(value) == minute


@given(st.text(max_size=200))
def test_any_text_is_read_without_error(message):
    for said in read_times(message):
        assert 0 <= said.start < said.end <= len(message)
        assert 0 <= said.minute < 24 * 60


@pytest.fixture(scope="module")
def buses():
    rows = [
        {
            "line": f"Line {n}",
            "arrival_time": f"{(9 + n % 12) % 24:02}:40",
            "departure_time": f"{6 + n % 12:02}:{30 * (n % 2):02}",
        }
        for n in range(48)
    ]
    records = [Record(row, fields) for row, fields in enumerate(rows, start=1)]
    schema = detect(records)
    return EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))


@pytest.mark.parametrize(
    ("message", "facet", "values"),
    [
        ("half past seven in the morning", "departure_time", {"07:30"}),
        ("leaving at 4", "departure_time", {"16:00"}),
        ("around 8 am", "departure_time", {"07:30", "08:00"}),
        ("before 8 am", "departure_time", {"06:00", "07:30"}),
        ("between 4 and 6 pm", "departure_time", {"16:00", "17:30"}),
        ("arriving by 10 am", "arrival_time", {"09:40"}),
        ("at 3:07 in the afternoon", "departure_time", {"15:07"}),
    ],
)
def test_a_time_is_held_against_the_times_of_the_facet_that_is_meant(buses, message, facet, values):
    (asked,) = buses.understand(message, TalkState()).constraints
    held = {asked.value} if isinstance(asked.value, str) else set(asked.value)
    assert (asked.facet, held) == (facet, values)


def test_a_time_is_no_price_and_no_count(buses):
    assert not any(
        isinstance(c.value, float) for c in buses.understand("after 5 pm or until 8:30", TalkState()).constraints
    )


def test_a_time_that_is_too_early_sets_no_limit_that_a_word_cannot_hold():
    rows = [{"name": f"Line {i}", "departure_time": f"{6 + i:02}:25"} for i in range(12)]
    records = [Record(number, row) for number, row in enumerate(rows, start=1)]
    catalog = Catalog.from_items(to_items(records, schema := detect(records)), schema)
    request = EmbeddedUnderstanding(catalog).understand("no, 7:25 am is too early, what else is there", TalkState())
    assert catalog.passing(request.constraints).shape == (12,)
