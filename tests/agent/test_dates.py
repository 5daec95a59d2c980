"""Days as people write them, and the facets and years that they mean."""

import pytest

from shoptalk.agent.dates import read_days
from shoptalk.agent.quantities import Bound
from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.reading import Record

READ = [
    ("on 2019-03-05", 3, 5, 2019, Bound.EXACT, None),
    ("on March 5", 3, 5, None, Bound.EXACT, None),
    ("Mar. 5th, 2020", 3, 5, 2020, Bound.EXACT, None),
    ("the 5th of March 2019", 3, 5, 2019, Bound.EXACT, None),
    ("5 sept", 9, 5, None, Bound.EXACT, None),
    ("before March 5", 3, 5, None, Bound.LESS, None),
    ("after the 5th of March", 3, 5, None, Bound.MORE, None),
    ("from March 30 to April 2", 3, 30, None, Bound.BETWEEN, (4, 2)),
    ("between March 3 and 6", 3, 3, None, Bound.BETWEEN, (3, 6)),
    ("March 3-6", 3, 3, None, Bound.BETWEEN, (3, 6)),
    ("in March 2019", 3, 0, 2019, Bound.EXACT, None),
]


@pytest.mark.parametrize(("message", "month", "day", "year", "bound", "last"), READ)
def test_reads_a_day(message, month, day, year, bound, last):
    (said,) = read_days(message)
    assert (said.month, said.day, said.year, said.bound) == (month, day, year, bound)
    assert (said.last and (said.last.month, said.last.day)) == last


@pytest.mark.parametrize(
    "message", ["march madness", "may I", "March 55", "2019-13-05", "in a second", "on March 0", "12:30"]
)
def test_what_is_no_day(message):
    assert read_days(message) == []


@pytest.fixture(scope="module")
def rentals():
    rows = [
        {"car": f"Car {n}", "dropoff_date": f"2019-03-{2 + n % 10:02}", "pickup_date": f"2019-03-{1 + n % 10:02}"}
        for n in range(40)
    ]
    records = [Record(row, fields) for row, fields in enumerate(rows, start=1)]
    schema = detect(records)
    return EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("on March 5", {("pickup_date", "is", "2019-03-05")}),
        ("on 2019-03-05", {("pickup_date", "is", "2019-03-05")}),
        ("pickup on March 3, dropoff on March 6",
         {("pickup_date", "is", "2019-03-03"), ("dropoff_date", "is", "2019-03-06")}),
        ("from March 3 to March 6", {("pickup_date", "is", "2019-03-03"), ("dropoff_date", "is", "2019-03-06")}),
        ("between March 3 and March 6", {("pickup_date", "between", ("2019-03-03", "2019-03-06"))}),
        ("I need it until the 6th", {("dropoff_date", "is", "2019-03-06")}),
        ("from tomorrow till Friday next week", {("pickup_date", "is", "2019-03-02"), ("dropoff_date", "is", "2019-03-08")}),
        ("on the 3rd, and I bring it back on the 7th", {("pickup_date", "is", "2019-03-03"), ("dropoff_date", "is", "2019-03-07")}),
        ("in March", {("pickup_date", "between", ("2019-03-01", "2019-03-31"))}),
        ("after March 5", {("pickup_date", "more than", "2019-03-05")}),
        ("on February 30", set()),
    ],
)  # fmt: skip
def test_a_day_is_held_against_the_facet_that_is_called_in_the_year_that_it_has(rentals, message, expected):
    asked = rentals.understand(message, TalkState()).constraints
    assert {(c.facet, c.operator.value, c.value) for c in asked} == expected


def test_where_no_facet_holds_days_a_day_is_no_constraint(films):
    asked = EmbeddedUnderstanding(films).understand("something for May 5", TalkState()).constraints
    assert not any(isinstance(c.value, str) and c.value.startswith("19") for c in asked)
