"""Days as people write them, and the facets and years that they mean."""

from datetime import date

import pytest

from shoptalk.agent.dates import first_today, meant, read_days
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


RELATIVE = [
    ("today", "03-01", "03-01"), ("tomorrow", "03-02", "03-02"), ("the day after tomorrow", "03-03", "03-03"),
    ("5 days from now", "03-06", "03-06"), ("in two weeks", "03-15", "03-15"), ("this Saturday", "03-02", "03-02"),
    ("next Thursday", "03-07", "03-07"), ("next Friday", "03-08", "03-08"), ("Monday next week", "03-04", "03-04"),
    ("on Tuesday", "03-05", "03-05"), ("this weekend", "03-02", "03-03"), ("next week", "03-04", "03-10"),
    ("the 8th of this month", "03-08", "03-08"), ("on the 12th", "03-12", "03-12"), ("the 1st of next month", "04-01", "04-01"),
    ("March the fifth", "03-05", "03-05"), ("from tomorrow till Friday next week", "03-02", "03-08"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "first", "last"), RELATIVE)
@pytest.mark.parametrize("now", [date(2019, 3, 1), date(2026, 11, 22)])
def test_days_are_told_from_today_or_from_the_first_day_of_a_timetable_that_is_past(message, first, last, now):
    (said,) = read_days(message)
    days = meant(said, date(2019, 3, 1), date(2019, 3, 30), now)
    assert days == tuple(date.fromisoformat(f"2019-{day}") for day in (first, last))


def test_in_an_old_archive_today_is_its_last_day():
    assert first_today(date(1990, 1, 1), date(2019, 3, 30), date(2026, 11, 22)) == date(2019, 3, 30)


@pytest.mark.parametrize("message", ["the 2nd one", "the 20th century", "a second look", "Sundance"])
def test_what_is_no_day_of_the_month(message):
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
