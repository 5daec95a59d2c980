"""Search by words: any text is a query, the mask holds, and order does not depend on luck."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoptalk.errors import ShopDamagedError
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.lexical import LexicalConfig, LexicalIndex, matched_words
from shoptalk.retrieval.schema import Column, Kind, Role, Schema

SCHEMA = Schema(
    columns=(
        Column(name="title", role=Role.TITLE),
        Column(name="tags", role=Role.FACET, kind=Kind.CATEGORIES),
        Column(name="price", role=Role.FACET, kind=Kind.NUMBER),
    )
)
ITEMS = [
    Item(id="kettle", title="Steel kettle", text="Boils water quickly.", facets={"tags": ("kitchen",), "price": 30.0}),
    Item(id="teapot", title="Glass teapot", text="For tea; not a kettle, but water is kept warm."),
    Item(id="lamp", title="Café lamp", text="A lamp for reading.", facets={"tags": ("lighting", "vintage")}),
    Item(id="tent", title="Running tent", text="Runs? No: a tent for two.", facets={"tags": ("camping",)}),
]


@pytest.fixture
def catalog():
    return Catalog.from_items(ITEMS, SCHEMA)


@pytest.fixture
def index(catalog, tmp_path):
    return LexicalIndex.build(tmp_path / "lexical", catalog)


def crowd(count: int) -> Catalog:
    items = [
        Item(id=f"i{row}", title=f"Number {row}", text="a common thing" + " rare" * (row == 77)) for row in range(count)
    ]
    return Catalog.from_items(items, SCHEMA)


def found(index: LexicalIndex, text: str, k: int = 10, allowed=None) -> list[int]:
    return index.search(text, k, allowed)[0].tolist()


def test_titles_weigh_more_than_text(index):
    assert found(index, "kettle") == [0, 1]


@pytest.mark.parametrize(
    ("text", "row"), [("boiling", 0), ("CAFE", 2), ("lamps", 2), ("camping", 3), ("vintage", 2), ("café lamp", 2)]
)
def test_words_are_matched_by_their_stems_without_case_and_accents_in_all_fields(index, text, row):
    assert found(index, text)[0] == row


@pytest.mark.parametrize("text", ["", "   ", "?!'\"", "zzzz", "AND OR NOT", "title:zzzz", "\ud800", "\x00"])
def test_texts_without_known_words_find_nothing(index, text):
    assert found(index, text) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(alphabet=st.characters(), max_size=80), k=st.integers(0, 6))
def test_any_text_is_a_query(index, text, k):
    rows, scores = index.search(f"{text} kettle", k)
    assert len(rows) == len(scores) == min(k, len(rows))
    assert (np.diff(scores) <= 0).all()


def test_the_last_word_of_a_long_record_is_found_as_well_as_its_numbers_and_flags(tmp_path):
    columns = (
        Column(name="heated", role=Role.FACET, kind=Kind.FLAG),
        Column(name="size", role=Role.FACET, kind=Kind.NUMBER, unit="litre"),
    )
    schema = Schema(columns=(*SCHEMA.columns, *columns))
    items = [
        Item(id="plain", title="Mug", text="no", facets={"heated": False}),
        Item(id="long", title="Flask", text="filler " * 2_000 + "bottom", facets={"heated": True, "size": 1250000.0}),
    ]
    index = LexicalIndex.build(tmp_path / "lexical", Catalog.from_items(items, schema))
    assert [found(index, text) for text in ("bottom", "heated", "1250000", "litres")] == [[1]] * 4


@pytest.mark.parametrize(
    ("text", "row"),
    [("tn2110", 0), ("TN-2110", 0), ("tn 2110", 0), ("smart watch", 1), ("smartwatch", 1), ("smart-watch", 1)],
)
def test_model_numbers_and_compounds_are_found_however_they_are_parted(tmp_path, text, row):
    titles = ["Toner TN-2110", "Smartwatch in gold", "Toner TN-2000 for a smart printer", "Watch strap, 2110 beads"]
    items = [Item(id=title, title=title) for title in titles]
    index = LexicalIndex.build(tmp_path / "lexical", Catalog.from_items(items, SCHEMA))
    assert found(index, text)[0] == row


def test_very_long_texts_are_searched_by_their_rarest_words(index):
    assert found(index, "water " * 400 + "tent")[0] == 3
    assert found(index, ')(+-"*~[]{}^\\/&|: kettle' * 5_000) == [0, 1]


def test_stop_words_are_searched_in_titles_only_and_only_alone(tmp_path):
    items = [Item(id="them", title="Them!", text="Ants."), Item(id="it", title="Other", text="It is them, not ants.")]
    index = LexicalIndex.build(tmp_path / "lexical", Catalog.from_items(items, SCHEMA))
    assert found(index, "them") == [0]
    assert found(index, "not") == []
    assert found(index, "one of them with zebras") == []


@pytest.mark.parametrize("listed_up_to", [0, 10_000])
def test_what_is_allowed_is_found_however_deep_it_ranks(tmp_path, listed_up_to):
    catalog = crowd(3_000)
    index = LexicalIndex.build(tmp_path / "lexical", catalog, config=LexicalConfig(listed_up_to=listed_up_to))
    allowed = np.zeros(3_000, dtype=bool)
    allowed[[5, 2_000, 2_999]] = True
    assert found(index, "common", 10, allowed) == [5, 2_000, 2_999]
    assert found(index, "common", 2, allowed) == [5, 2_000]
    assert found(index, "rare", 10, allowed) == []
    assert found(index, "common", 10, np.zeros(3_000, dtype=bool)) == []
    first = index.search("common", 3, allowed)
    np.testing.assert_allclose(first[1], index.search("common", 1, None)[1][0], rtol=1e-5)


def test_ties_go_to_the_lower_row(tmp_path):
    index = LexicalIndex.build(tmp_path / "lexical", crowd(50))
    assert found(index, "common", 5) == [0, 1, 2, 3, 4]


def test_changes_are_found_and_rows_follow_the_catalog(catalog, index):
    lamp = Item(id="lamp", title="Desk light", text="Shines.")
    after = catalog.changed([lamp, Item(id="mug", title="Kettle mug")], ["kettle"])
    index.reopen(after.ids).upsert(after, after.rows(["lamp", "mug"]).tolist(), removed=["kettle", "unknown"])
    again = index.reopen(after.ids)
    assert len(again) == 4
    assert [after.ids[row] for row in found(again, "kettle")] == ["mug", "teapot"]
    assert found(again, "vintage") == []
    again.upsert(after, [], removed=["mug"])
    assert [after.ids[row] for row in found(again, "kettle")] == ["teapot"]


def test_items_that_the_catalog_lacks_are_not_found(index):
    assert found(index.reopen(["teapot", "lamp"]), "kettle") == [0]


def test_a_reader_sees_what_another_process_wrote_once_reopened(index, tmp_path):
    code = f"""
from pathlib import Path
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.schema import *
catalog = Catalog.from_items([Item(id="sofa", title="Sofa")], Schema(columns=(Column(name="t", role=Role.TITLE),)))
LexicalIndex.open(Path({str(tmp_path / "lexical")!r}), catalog.ids).upsert(catalog, [0])
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert found(index, "sofa") == []
    assert found(index.reopen(["sofa"]), "sofa") == [0]


def test_opening_says_when_there_is_no_index(tmp_path):
    with pytest.raises(ShopDamagedError, match="holds no lexical index"):
        LexicalIndex.open(tmp_path, [])
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(ShopDamagedError, match="cannot be read"):
        LexicalIndex.open(tmp_path, [])


def test_an_index_that_was_altered_says_so_when_it_is_searched(index, tmp_path):
    for terms in (tmp_path / "lexical").glob("*.term"):
        terms.write_bytes(bytes(byte ^ 90 for byte in terms.read_bytes()))
    with pytest.raises(ShopDamagedError, match="cannot be read"):
        index.reopen().search("lamp", 3)


def test_matched_words_are_told_as_they_were_typed():
    record = "A crew is hunted by aliens in deep space. Amélie's café."
    assert matched_words("Alien CREWS running from the hunters in CAFE's, alien!", record) == (
        "Alien",
        "CREWS",
        "CAFE's",
    )
    assert matched_words("Amélie's café", record) == ("Amélie's", "café")
    assert matched_words("in the of", record) == ()
    assert matched_words("", record) == ()
