"""Interaction files: columns by name, values and times in their many ways, and what is said of files that are wrong."""

import gzip
import json
import math
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk.errors import InteractionsError, LogError
from shoptalk.shop.interactions import read_interactions

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def read(tmp_path):
    """Read a file of that name and content."""

    def run(content, name="log.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_interactions(path, **options)

    return run


def told(interactions):
    """(user code, item id, value) of each row."""
    items = [interactions.item_ids[code] for code in interactions.items]
    return list(zip(interactions.users.tolist(), items, interactions.values.tolist(), strict=True))


ROWS = [("ana", "7", 5, 100), ("ben", "8", 3, 50), ("ana", "9", 1, 20)]
EXPECTED = [(0, "9", -0.5), (0, "7", 1.0), (1, "8", 0.3)]


def as_csv(separator=","):
    header = ("userId", "movieId", "rating", "timestamp")
    return "".join(separator.join(map(str, row)) + "\n" for row in (header, *ROWS))


def as_records():
    return [{"user_id": u, "item": int(i), "score": r, "time": t} for u, i, r, t in ROWS]


@pytest.mark.parametrize(("name", "content"), [
    ("log.csv", as_csv()), ("log.csv", as_csv(";")), ("log.tsv", as_csv("\t")),
    ("log.csv.gz", gzip.compress(as_csv().encode())), ("log.csv", "\ufeff" + as_csv().replace("\n", "\r\n")),
    ("log.csv", b"\xff\xfe" + as_csv().encode("utf-16-le")), ("log.tsv", as_csv("\t").replace("ana", 'a"na')),
    ("log.json", json.dumps(as_records())), ("log.json", json.dumps({"log": as_records()})),
    ("log.jsonl", "\n\n".join(map(json.dumps, as_records()))),
    ("log.jsonl", "\n".join(json.dumps({"user": {"id": u}, "sku": i, "rating": r, "at": t}) for u, i, r, t in ROWS)),
    ("log.jsonl.gz", gzip.compress("\n".join(map(json.dumps, as_records())).encode())),
])  # fmt: skip
def test_every_format_gives_the_same_rows_each_users_by_time(read, name, content):
    assert told(read(content, name)) == EXPECTED


def test_parquet_with_whole_numbers_as_pandas_leaves_them_and_times_of_its_own(tmp_path):
    path = tmp_path / "log.parquet"
    times = [datetime(2024, 5, 2, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)]
    pl.DataFrame({"customer_id": [1.0, 1.0], "sku": [7, 8], "when": times, "tags": [["a"], ["b"]]}).write_parquet(path)
    interactions = read_interactions(path)
    assert told(interactions) == [(0, "8", 1.0), (0, "7", 1.0)]
    assert interactions.summary.first == "2024-05-01T00:00:00+00:00"


@pytest.mark.parametrize(("cell", "seconds"), [
    ("1714564800", NOON), ("1714564800000", NOON), ("1714564800.5", NOON + 0.5), ("1714564800000000", NOON),
    ("2024-05-01T12:00:00Z", NOON), ("2024-05-01 12:00", NOON), ("2024-05-01T14:00:00.000+02:00", NOON),
    ("2024/5/1 12:00:00 UTC", NOON), ("2024-05-01", NOON - 12 * 3600), ("2024-05-01T08:30:00-03:30", NOON),
])  # fmt: skip
def test_a_time_is_told_in_seconds_milliseconds_or_iso(read, cell, seconds):
    assert read(f"user,item,time\na,x,{cell}\n").times.tolist() == [seconds]


@pytest.mark.parametrize(("column", "cells", "values"), [
    ("rating", (5, 4, 3.5, 3, 2.5, 0.5), (1.0, 1.0, 0.3, 0.3, -0.5, -0.5)),
    ("rating", (10, 8, 7, 6, 5, 1), (1.0, 1.0, 0.3, 0.3, -0.5, -0.5)),
    ("score", (95, 75, 60, 20), (1.0, 1.0, 0.3, -0.5)),
    ("liked", (1, 0), (1.0, -0.5)), ("liked", ("true", "False"), (1.0, -0.5)), ("value", (1, 0, -1), (1.0, 0.3, -0.5)),
    ("plays", (3, 900), (1.0, 1.0)), ("value", (3, 900), (1.0, 1.0)),
    ("event", ("view", "Add to Cart", "addtocart", "transaction", "dislike"), (0.4, 0.7, 0.7, 1.0, -1.0)),
])  # fmt: skip
def test_values_are_brought_to_what_they_say_of_an_item(read, column, cells, values):
    content = f"user,item,{column}\n" + "".join(f"a,x{n},{cell}\n" for n, cell in enumerate(cells))
    assert tuple(read(content).values.tolist()) == values


def test_what_only_tells_that_an_item_was_shown_says_nothing(read):
    interactions = read("user,item,event\na,x,impression\na,x,click\na,y,impression\n")
    assert told(interactions) == [(0, "x", 0.4)]
    assert interactions.summary.shown == 2


def test_without_a_time_the_files_order_counts_and_without_a_value_each_row_is_a_yes(read):
    interactions = read("user,item\na,x\nb,y\na,w\n")
    assert told(interactions) == [(0, "x", 1.0), (0, "w", 1.0), (1, "y", 1.0)]
    assert all(math.isnan(time) for time in interactions.times)
    assert interactions.summary.values == "each row is a plain yes"


@pytest.mark.parametrize(
    "header", ["User ID,ISBN,Score", "user_id:token,item_id:token,rating:float", "visitorid,sku,stars"]
)
def test_columns_are_found_by_their_names(read, header):
    assert told(read(f"{header}\na,x,5\n")) == [(0, "x", 1.0)]


def test_columns_can_be_said(read):
    content = "who,asin,parent_asin,rating,note\na,x1,x,1,w\n"
    columns = {"user": "who", "item": "asin", "value": None}
    interactions = read(content, columns=columns)
    assert told(interactions) == [(0, "x1", 1.0)]
    assert interactions.summary.columns == {"user": "who", "item": "asin"}


def test_unknown_items_are_counted_and_named(read):
    unknown = read("user,item\na,x\nb,y\na,y\nc,z\n").unknown_to({"x"})
    assert (unknown.rows, unknown.items, unknown.examples) == (3, 2, ("y", "z"))


def test_bad_rows_are_left_out_and_told_if_asked(read):
    content = "user,item,rating\na,x,5\n,y,4\nb,,3\nc,z,good\nd,w,1\n"
    interactions = read(content, skip_bad=True)
    assert told(interactions) == [(0, "x", 1.0), (1, "w", -0.5)]
    summary = interactions.summary
    assert (summary.rows, summary.skipped, len(summary.problems)) == (5, 3, 3)
    assert "row 2, column 'user'" in summary.problems[0]
    ragged = read("user,item\na,x\nb,y,z\nc,w\n", skip_bad=True)
    assert (len(ragged), ragged.summary.skipped) == (2, 1)
    assert "row 2" in ragged.summary.problems[0]


WRONG = [
    ("log.csv", "", {}, "is empty"),
    ("log.csv", "user,item\n", {}, "holds no rows"),
    ("log.xls", "user,item\n", {}, r"no known kind of file\. Known are \.csv"),
    ("log.csv", "item,rating\nx,5\n", {}, r"tells the user; there are 'item', 'rating'\. .*columns=\{'user'"),
    ("log.csv", "user,text\na,x\n", {}, "tells the item; there are 'user', 'text'"),
    ("log.csv", "user,item\na,x\n", {"columns": {"item": "sku"}}, "there is no column 'sku' for the item"),
    ("log.csv", "user,item\na,x\n", {"columns": {"price": "item"}}, "'price' is nothing that a column can be"),
    ("log.csv", "user,item\na,x\n,y\n", {}, r"log\.csv, row 2, column 'user': the user is missing"),
    ("log.csv", "user,item,rating\na,x,5\nb,y,good\nc,z,3\n", {}, "row 2, column 'rating': 'good' is neither a number"),
    ("log.csv", "user,item,event\na,x,view\nb,y,sneezed\n", {}, "row 2, column 'event': 'sneezed' is neither"),
    ("log.csv", "user,item,date\na,x,2024-02-30\n", {}, "row 1, column 'date': '2024-02-30' is no time. Write seconds"),
    ("log.csv", "user,item\na,x\nb,y,z\n", {}, r"row 2: has 3 fields where the header has 2 \(line 3\)"),
    ("log.csv", b"user,item\na,\xff\n", {}, r"log\.csv: byte 12 is not UTF-8\. Save the file as UTF-8"),
    ("log.csv", 'user,item\na,"x\n', {}, "quotation mark is not closed"),
    ("log.csv", "user,item,item\na,x,y\n", {}, "columns named twice: item"),
    ("log.csv", "user,item,event\na,x,shown\n", {}, "all its rows tell only that items were shown"),
    ("log.jsonl", '{"user": 1, "item": 2}\n{"user": 1,\n', {}, "row 2: line 2 is not valid JSON"),
    ("log.json", '{"user": 1}', {}, r"holds no array of records\. docs/interactions\.md"),
    ("log.json", "[1, 2]", {}, "row 1: is a number, not a record"),
    ("log.csv.gz", b"no gzip at all", {}, "the gzip data is broken"),
    ("log.parquet", b"no parquet at all", {}, "is not a Parquet file"),
]


@pytest.mark.parametrize(("name", "content", "options", "message"), WRONG)
def test_a_wrong_file_is_told_with_what_is_wrong_and_where(read, name, content, options, message):
    with pytest.raises(InteractionsError, match=message) as caught:
        read(content, name, **options)
    assert isinstance(caught.value, LogError)


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path):
    with pytest.raises(InteractionsError, match="no such file"):
        read_interactions(tmp_path / "none.csv")
    with pytest.raises(InteractionsError, match="folder"):
        read_interactions(tmp_path)


def test_nothing_usable_is_an_error_even_when_bad_rows_are_skipped(read):
    with pytest.raises(InteractionsError, match="none of its rows can be used"):
        read("user,item\n,x\na,\n", skip_bad=True)


def test_progress_is_told(read):
    seen = []
    read("user,item\na,x\nb,y\n", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2, 2)


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(names, names, st.integers(1, 5), st.integers(0, 2**31)), min_size=1, max_size=30))
@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
def test_what_was_written_is_read_in_every_format(tmp_path_factory, ending, rows):
    """Each user's rows by time, equals in the file's order, and nothing lost."""
    path = tmp_path_factory.mktemp("any") / f"log.{ending}"
    frame = pl.DataFrame(rows, schema=["user", "item", "rating", "time"], orient="row")
    write = {
        "csv": frame.write_csv, "json": frame.write_json, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet,
    }  # fmt: skip
    write[ending](path)
    interactions = read_interactions(path)
    users = list(dict.fromkeys(row[0] for row in rows))
    expected = sorted(rows, key=lambda row: (users.index(row[0]), row[3]))
    assert [(user, item) for user, item, _ in told(interactions)] == [(users.index(u), i) for u, i, _, _ in expected]
