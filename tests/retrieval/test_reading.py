"""Reading catalog files: what comes out, and that a bad file or record is told with its place and what to do."""

import gzip
import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.errors import CatalogError
from shoptalk.retrieval.flattening import clean, flatten
from shoptalk.retrieval.reading import read_records

ROWS = [{"id": "1", "name": "Boot"}, {"id": "2", "name": 'The "Clog", new'}]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def fields(path: Path) -> list[dict]:
    return [record.fields for record in read_records(path)]


def failure(path: Path) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        list(read_records(path))
    assert caught.value.file == str(path)
    assert caught.value.hint
    return caught.value


CSV = 'id,name\n1,Boot\n2,"The ""Clog"", new"\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.CSV", CSV),
        ("a.csv.gz", CSV),
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("utf16.csv", CSV.encode("utf-16")),
        ("utf16be.csv", b"\xfe\xff" + CSV.encode("utf-16-be")),
        ("windows.csv", CSV.replace("\n", "\r\n")),
        ("blank.csv", CSV.replace("\n", "\n\n")),
        ("semicolon.csv", CSV.replace("1,", "1;").replace("2,", "2;").replace("id,", "id;")),
        ("a.tsv", 'id\tname\n1\tBoot\n2\tThe "Clog", new\n'),
        ("quoted.tsv", 'id\tname\n1\t"Boot"\n2\t"The ""Clog"", new"\n'),
        ("stray.tsv", 'id\tname\n1\tBoot\n2\tThe "Clog", new'),
        ("a.json", json.dumps(ROWS)),
        ("a.json.gz", json.dumps(ROWS)),
        ("nested.json", json.dumps({"count": 2, "data": {"items": ROWS, "facets": ["x"]}})),
        ("a.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("a.ndjson.gz", "\n\n".join(map(json.dumps, ROWS)) + "\n"),
    ],
)
def test_every_format_gives_the_same_records(tmp_path, name, content):
    records = list(read_records(written(tmp_path, name, content)))
    assert [record.fields for record in records] == ROWS
    assert [record.row for record in records] == [1, 2]


def test_an_open_quote_in_tab_separated_text_is_a_mark_like_any_other(tmp_path):
    assert fields(written(tmp_path, "a.tsv", 'id\tname\n1\t"Best" of\n2\t17" screen\n3\t"odd\n')) == [
        {"id": "1", "name": '"Best" of'},
        {"id": "2", "name": '17" screen'},
        {"id": "3", "name": '"odd'},
    ]


def test_a_quoted_field_may_hold_lines(tmp_path):
    assert fields(written(tmp_path, "a.csv", 'id,text\n1,"one\r\ntwo"\n')) == [{"id": "1", "text": "one\ntwo"}]


def test_unnamed_columns_get_a_name(tmp_path):
    assert fields(written(tmp_path, "a.csv", ",name\n0,Boot\n")) == [{"column 1": "0", "name": "Boot"}]


def test_parquet_values_become_plain_ones(tmp_path):
    path = tmp_path / "a.parquet"
    rows = [
        {
            "id": 1,
            "price": Decimal("9.50"),
            "day": date(2024, 5, 1),
            "at": datetime(2024, 5, 1, 8, tzinfo=UTC),
            "raw": b"x",
            "tags": ["a", "b"],
            "size": {"width": 3.5},
        }
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    assert fields(path) == [
        {
            "id": 1,
            "price": 9.5,
            "day": "2024-05-01",
            "at": "2024-05-01T08:00:00+00:00",
            "tags": ["a", "b"],
            "size.width": 3.5,
        }
    ]


def test_progress_is_told_with_the_total_where_it_is_known(tmp_path):
    told: list[tuple[int, int | None]] = []
    many = [{"n": number} for number in range(2500)]
    list(read_records(written(tmp_path, "a.json", json.dumps(many)), progress=lambda *step: told.append(step)))
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]
    told.clear()
    lines = "\n".join(map(json.dumps, many))
    list(read_records(written(tmp_path, "a.jsonl", lines), progress=lambda *step: told.append(step)))
    assert told == [(1000, None), (2000, None), (2500, 2500)]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xlsx", "x", "no known kind"),
        ("a.parquet.gz", "x", "no known kind"),
        ("plain", "x", "no ending"),
        ("a.csv", "", "is empty"),
        ("a.json", "  \n", "is empty"),
        ("a.csv", "id,name\n", "holds no records"),
        ("a.csv", "\n\n", "no header"),
        ("a.csv", "id,id\n1,2\n", "named twice: id"),
        ("a.csv", '"id"x,name\n', "header cannot be read"),
        ("a.json", "[]", "holds no records"),
        ("a.jsonl", "\n\n", "holds no records"),
        ("a.json", '[{"a": 1},\n {"b" 2}]', "line 2, column 7"),
        ("a.json", '{"a": 1}\n{"a": 2}', "line 2, column 1"),
        ("a.json", '{"a": 1}', "no array of records"),
        ("a.json", '{"a": [{"x": 1}], "b": [{"x": 1}]}', "several arrays of records: 'a', 'b'"),
        ("a.json", "[" * 100_000, "not usable JSON"),
        ("a.json", "[" + "9" * 5000 + "]", "not usable JSON"),
        ("a.csv", b"id,name\n1,caf\xe9\n", "byte 13 is not UTF-8"),
        ("a.csv", b"id,name\n1,caf\xc3", "byte 13 is not UTF-8"),
        ("a.parquet", "no parquet", "not a Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, says):
    assert says in failure(written(tmp_path, name, content)).problem


def test_a_wrong_byte_is_found_far_into_the_file(tmp_path):
    good = "id,name\n" + "1,ü\n" * 50_000
    error = failure(written(tmp_path, "a.csv", good.encode() + b"2,\xff\n"))
    assert f"byte {len(good.encode()) + 2:,}" in error.problem
    assert "iconv" in error.hint


def test_missing_files_and_folders_are_told(tmp_path):
    assert "no such file" in failure(tmp_path / "a.csv").problem
    assert "folder" in failure(tmp_path).problem


def test_broken_gzip_is_told(tmp_path):
    whole = gzip.compress(json.dumps(ROWS).encode() * 100)
    for data in (b"not gzip", whole[:-20]):
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(data)
        assert "gzip" in failure(path).problem


@pytest.mark.parametrize(
    ("name", "content", "row", "field", "says"),
    [
        ("a.csv", "id,name\n1,a\n2,b,c\n", 2, None, "has 3 fields where the header has 2 (line 3)"),
        ("a.csv", "id,name,text\n1,a,t\n2,b\n", 2, "text", "has 2 fields"),
        ("a.csv", 'id,name\n1,a\n2,"b" c\n', 2, None, "cannot be read"),
        ("a.csv", 'id,name\n1,a\n2,"b\n3,c\n', 2, None, "quotation mark is not closed"),
        ("a.csv", "id,name\n1,a\n2," + "x" * 10_000_000 + "\n", 2, None, "more than 1,000,000 characters"),
        ("a.jsonl", '{"a": 1}\n\n{"a": \n', 2, None, "line 3 is not valid JSON"),
        ("a.jsonl", '{"a": 1}\n{"a": ' + "9" * 5000 + "}", 2, None, "line 2 is not usable JSON"),
        ("a.jsonl", '{"a": 1}\n"text"', 2, None, "is text, not a record"),
        ("a.json", '[{"a": 1}, [1]]', 2, None, "is a list, not a record"),
        ("a.json", '[{"a": 1}, {"a": null, "b": ""}]', 2, None, "record is empty"),
        ("a.json", '[{"a": 1}, {"b": {"c": NaN}}]', 2, "b.c", "not a finite number"),
        ("a.json", '[{"a": 1}, {"b": [1e999]}]', 2, "b", "not a finite number"),
        ("a.json", '[{"a": 1}, {"b": ' + "9" * 400 + "}]", 2, "b", "not a finite number"),
        ("a.json", json.dumps([{"a": 1}, {"b": "x" * 1_000_001}]), 2, "b", "1,000,001 characters"),
        ("a.json", '[{"a": 1}, ' + '{"b":' * 30 + "1" + "}" * 30 + "]", 2, None, "nested deeper"),
    ],
)
def test_a_bad_record_is_told_with_its_place_and_can_be_skipped(tmp_path, name, content, row, field, says):
    path = written(tmp_path, name, content)
    error = failure(path)
    assert (error.row, says in error.problem) == (row, True)
    assert field is None or error.field == field
    told: list[CatalogError] = []
    good = list(read_records(path, on_bad=told.append))
    assert [record.row for record in good][:1] == [1]
    assert str(told[0]) == str(error)


def test_a_huge_field_does_not_hang(tmp_path):
    path = written(tmp_path, "a.jsonl", '{"a": 1}\n' + json.dumps({"a": "[" * 10_000_000}) + "\n")
    started = time.monotonic()
    assert len(list(read_records(path, on_bad=lambda _: None))) == 1
    assert time.monotonic() - started < 10


def test_a_file_of_bad_records_only_is_an_error(tmp_path):
    with pytest.raises(CatalogError, match="none of its records"):
        list(read_records(written(tmp_path, "a.jsonl", "1\n2\n"), on_bad=lambda _: None))


def test_a_truncated_parquet_file_is_told(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"name": [f"item {number}" * 50 for number in range(5000)]}), path, compression="none")
    data = bytearray(path.read_bytes())
    data[8:4000] = b"\xff" * 3992
    path.write_bytes(bytes(data))
    error = failure(path)
    assert "Parquet" in error.problem or "broken after row" in error.problem


@pytest.mark.parametrize(
    ("record", "flat"),
    [
        ({"a": {"b": {"c": 1}}}, {"a.b.c": 1}),
        ({"tags": ["x", None, "y", "x", ""]}, {"tags": ["x", "y"]}),
        ({"tags": [["x"], ["y"]]}, {"tags": ["x", "y"]}),
        ({"tags": []}, {}),
        ({"flags": [False, True]}, {"flags": True}),
        ({"sizes": [38, 39]}, {"sizes": [38, 39]}),
        ({"vector": [0.1, 0.2, 0.3]}, {}),
        ({"location": [1, 2]}, {}),
        ({"location": {"type": "Point", "coordinates": [1.5, 2.5]}}, {}),
        (
            {"rooms": [{"rate": 90, "view": "sea", "tags": ["tv"], "smoking": False}, {"rate": 50, "smoking": True}]},
            {
                "rooms.rate": 50.0,
                "rooms.rate.max": 90.0,
                "rooms.view": ["sea"],
                "rooms.tags": ["tv"],
                "rooms.smoking": True,
            },
        ),
        (
            {"h": [{"rooms": [{"rate": 5}, {"rate": 7}]}, {"rooms": [{"rate": 6}]}]},
            {"h.rooms.rate": 5.0, "h.rooms.rate.max": 7.0},
        ),
        ({"genres": [{"id": 28, "name": "Action"}, {"id": 35, "name": "Comedy"}]}, {"genres": ["Action", "Comedy"]}),
        (
            {"attrs": [{"name": "colour", "value": "red"}, {"name": "size", "value": 4}]},
            {"attrs.colour": "red", "attrs.size": 4},
        ),
        ({"people": [{"name": 5}]}, {"people.name": 5.0, "people.name.max": 5.0}),
        ({"genres": '[{"id": 28, "name": "Action"}]'}, {"genres": ["Action"]}),
        ({"genres": "['Action', 'Comedy']"}, {"genres": ["Action", "Comedy"]}),
        ({"title": "['quoted' or not"}, {"title": "['quoted' or not"}),
        ({"title": "[REC]"}, {"title": "[REC]"}),
        ({"title": "['a', ]" + "x" * 100_001}, {"title": "['a', ]" + "x" * 100_001}),
        ({"t": " a\x00\x1b[31mb\u202e \n c\ud800 "}, {"t": "a[31mb \n c"}),
        ({"": 1, "x\x00": 2}, {"column": 1, "x": 2}),
        ({"html": "<script>x</script>"}, {"html": "<script>x</script>"}),
        ({"when": date(2024, 1, 2)}, {"when": "2024-01-02"}),
    ],
)
def test_nested_records_are_flattened(record, flat):
    assert flatten(record) == flat


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=20,
    )
)
def test_flattening_gives_one_level_of_scalars_or_says_why_not(value):
    try:
        flat = flatten({"x": value})
    except CatalogError as error:
        assert error.field  # noqa: PT017
        return
    for one in flat.values():
        assert isinstance(one, str | int | float | bool | list)
        assert not isinstance(one, list) or all(isinstance(inner, str | int | float | bool) for inner in one)


@given(st.text())
def test_cleaned_text_can_be_written_anywhere(text):
    clean(text).encode()
