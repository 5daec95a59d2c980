"""Dialogue logs: what is read back, how items are named, and what is said about a line that is wrong."""

import gzip
import json

import pytest

from shoptalk.errors import LogError
from shoptalk.eval.logs import Dialogue, ItemNames, LoggedFeedback, LoggedTurn, read_dialogues, write_dialogues
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

GOOD = {"id": "d1", "turns": [{"role": "user", "text": "hello"}, {"role": "shop", "text": "Alien?", "items": ["a"]}]}


@pytest.fixture
def names() -> ItemNames:
    schema = Schema(
        columns=(
            Column(name="title", role=Role.TITLE),
            Column(name="year", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.YEAR),
        )
    )
    films = [("a", "Alien", 1979.0), ("k1", "King Kong", 1933.0), ("k2", "King Kong", 2005.0), ("m", "M*A*S*H", 1970.0)]
    films += [("w", "War of the Worlds (TV)", 1988.0), ("Heat", "Something else", 1995.0), ("h", "Heat", 1995.0)]
    items = [Item(id=key, title=title, facets={"year": year}) for key, title, year in films]
    return ItemNames(Catalog.from_items(items, schema))


@pytest.mark.parametrize(
    ("name", "item_id"),
    [
        ("a", "a"),
        ("Alien", "a"),
        ("alien  ", "a"),
        ("Alien (1979)", "a"),
        ("Alien (1980)", "a"),
        ("King Kong", "k1"),
        ("King Kong (2005)", "k2"),
        ("King Kong (1934)", "k1"),
        ("King Kongs (2004)", "k2"),
        ("War of the Worlds (TV)", "w"),
        ("Heat", "Heat"),
        ("Blade Runner", None),
        ("", None),
        ("(2005)", None),
    ],
)
def test_items_are_found_by_id_then_by_title_then_by_a_near_title(names, name, item_id):
    assert names.resolve(name) == item_id
    assert names.resolve(name) == item_id


@pytest.mark.parametrize("file", ["log.jsonl", "log.jsonl.gz"])
def test_what_is_written_is_read_back(tmp_path, file):
    said = Dialogue(
        id="d1",
        user="ana",
        turns=(
            LoggedTurn(role="user", text="like Alien, “ünusual”\nplease", items=("a",)),
            LoggedTurn(role="shop", text="Heat?", items=("h",), feedback=(LoggedFeedback(item="h", liked=False),)),
        ),
    )
    path = tmp_path / file
    assert write_dialogues(path, [said, said]) == 2
    assert list(read_dialogues(path)) == [said, said]


def test_numbers_serve_as_ids_other_fields_and_empty_lines_are_passed_over(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('\n{"id": 7, "source": "x", "turns": [{"role": "shop", "items": [111, "b"]}]}\n\n')
    (dialogue,) = read_dialogues(path)
    assert (dialogue.id, dialogue.turns[0].items) == ("7", ("111", "b"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "d2", "turns": [', "line 2: not JSON"),
        ('["d2"]', "line 2: Input should be"),
        ('{"turns": [{"role": "user"}]}', "line 2, field 'id'"),
        ('{"id": "d2", "turns": []}', "line 2, field 'turns'"),
        ('{"id": "d2", "turns": [{"role": "user"}, {"role": "bot"}]}', "line 2, field 'turns.1.role'"),
        ('{"id": "d2", "turns": [{"role": "shop", "items": "a"}]}', "line 2, field 'turns.0.items'"),
        ('{"id": "d2", "turns": [{"role": "shop", "feedback": [{}]}]}', "line 2, field 'turns.0.feedback.0.item'"),
    ],
)
def test_a_wrong_line_is_told_with_file_line_and_field(tmp_path, line, told):
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + line + "\n")
    with pytest.raises(LogError) as error:
        list(read_dialogues(path))
    assert told in str(error.value)
    assert str(path) in str(error.value)
    assert error.value.hint


def test_files_that_are_no_log_are_told_apart(tmp_path):
    empty, binary, cut = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl", tmp_path / "cut.jsonl.gz"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe\x00")
    cut.write_bytes(gzip.compress((json.dumps(GOOD) + "\n").encode() * 500)[:-20])
    for path, told in [(empty, "no dialogue"), (binary, "cannot be read"), (cut, "cannot be read")]:
        with pytest.raises(LogError, match=told):
            list(read_dialogues(path))
    with pytest.raises(LogError, match="cannot be read"):
        list(read_dialogues(tmp_path / "none.jsonl"))
