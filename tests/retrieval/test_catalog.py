"""The catalog in memory: which items pass, what an item says, and that writing loses nothing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.errors import CatalogError, ShopDamagedError, UnknownItemError
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, DateColumn, FlagColumn, Item, NumberColumn
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema


def facet(name: str, kind: Kind, meaning: Meaning | None = None, unit: str | None = None) -> Column:
    return Column(name=name, role=Role.FACET, kind=kind, meaning=meaning, unit=unit, label=name)


SCHEMA = Schema(
    columns=(
        Column(name="title", role=Role.TITLE),
        facet("brand", Kind.CATEGORY, Meaning.BRAND),
        facet("tags", Kind.CATEGORIES, Meaning.KEYWORD),
        facet("price", Kind.NUMBER, Meaning.PRICE, "EUR"),
        facet("year", Kind.NUMBER, Meaning.YEAR),
        facet("weight", Kind.NUMBER, Meaning.WEIGHT, "kg"),
        facet("released", Kind.DATE),
        facet("waterproof", Kind.FLAG),
        facet("stock", Kind.NUMBER, Meaning.STOCK),
        facet("in_stock", Kind.FLAG, Meaning.STOCK),
        facet("hidden", Kind.FLAG, Meaning.HIDDEN),
    )
)

BOOT = Item(
    id="boot",
    title="Winter Boot",
    text="Warm and dry.",
    picture="https://x.example/boot.jpg",
    link="https://x.example/boot",
    facets={
        "brand": "Acme",
        "tags": ("winter", "leather"),
        "price": 100.0,
        "year": 2020,
        "weight": 1.5,
        "released": "2024-05-01T12:00:00",
        "waterproof": True,
        "stock": 3,
    },
)
SANDAL = Item(
    id="sandal",
    title="Beach Sandal",
    facets={"brand": "Zeta", "tags": ("summer",), "price": 20.0, "year": 2022, "waterproof": False, "stock": 0},
)
CLOG = Item(id="clog", title="Clog", facets={"tags": ("summer", "leather"), "price": 30.0, "released": "2023-01-01"})


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.from_items([BOOT, SANDAL, CLOG], SCHEMA)


@pytest.mark.parametrize(
    ("name", "operator", "value", "ids"),
    [
        ("brand", Operator.IS, "Acme", {"boot"}),
        ("brand", Operator.IS, "Nobody", set()),
        ("brand", Operator.IS_NOT, "Acme", {"sandal", "clog"}),
        ("brand", Operator.IS_NOT, "Nobody", {"boot", "sandal", "clog"}),
        ("brand", Operator.ANY_OF, ("Acme", "Zeta", "Nobody"), {"boot", "sandal"}),
        ("tags", Operator.IS, "leather", {"boot", "clog"}),
        ("tags", Operator.IS, ("summer", "leather"), {"clog"}),
        ("tags", Operator.IS_NOT, ("summer", "winter"), set()),
        ("price", Operator.AT_MOST, 30.0, {"sandal", "clog"}),
        ("price", Operator.LESS_THAN, 30.0, {"sandal"}),
        ("price", Operator.AT_LEAST, 30.0, {"boot", "clog"}),
        ("price", Operator.MORE_THAN, 30.0, {"boot"}),
        ("price", Operator.BETWEEN, (20.0, 30.0), {"sandal", "clog"}),
        ("price", Operator.BETWEEN, (30.0, 20.0), {"sandal", "clog"}),
        ("price", Operator.IS, 30.0, {"clog"}),
        ("price", Operator.IS_NOT, 30.0, {"boot", "sandal"}),
        ("price", Operator.IS_NOT, (25.0, 90.0), {"boot", "sandal"}),
        ("year", Operator.IS_NOT, (2010.0, 2020.0), {"sandal", "clog"}),
        ("released", Operator.IS_NOT, ("2023-01-01", "2023-12-31"), {"boot", "sandal"}),
        ("price", Operator.ANY_OF, (30.0, 20.0), {"sandal", "clog"}),
        ("price", Operator.ABOUT, 28.0, {"clog"}),
        ("year", Operator.ABOUT, 2018.0, {"boot"}),
        ("year", Operator.IS_NOT, 2020.0, {"sandal", "clog"}),
        ("year", Operator.AT_LEAST, 0.0, {"boot", "sandal"}),
        ("released", Operator.IS, "2024-05-01", {"boot"}),
        ("released", Operator.AT_MOST, "2024-05-01", {"boot", "clog"}),
        ("released", Operator.LESS_THAN, "2024-05-01", {"clog"}),
        ("released", Operator.ABOUT, "2024-05-06", {"boot"}),
        ("released", Operator.BETWEEN, ("2023-01-01", "2023-12-31"), {"clog"}),
        ("waterproof", Operator.IS, True, {"boot"}),
        ("waterproof", Operator.IS, False, {"sandal"}),
        ("waterproof", Operator.IS_NOT, True, {"sandal", "clog"}),
    ],
)
def test_a_constraint_holds_for_the_items_it_should(catalog, name, operator, value, ids):
    mask = catalog.meets(Constraint(facet=name, operator=operator, value=value))
    assert {catalog.ids[row] for row in np.flatnonzero(mask)} == ids


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("brand", Operator.AT_LEAST, "Acme"),
        ("brand", Operator.IS, 5.0),
        ("price", Operator.AT_MOST, "cheap"),
        ("price", Operator.AT_MOST, True),
        ("price", Operator.AT_MOST, (1.0, 2.0)),
        ("released", Operator.AT_MOST, "soon"),
        ("waterproof", Operator.AT_MOST, True),
        ("waterproof", Operator.IS, "yes"),
    ],
)
def test_a_constraint_that_makes_no_sense_for_its_facet_is_refused(catalog, name, operator, value):
    with pytest.raises(ValueError, match=name):
        catalog.meets(Constraint(facet=name, operator=operator, value=value))


def test_passing_items_meet_every_constraint(catalog):
    both = [
        Constraint(facet="tags", operator=Operator.IS, value="leather"),
        Constraint(facet="price", operator=Operator.AT_MOST, value=50.0),
    ]
    assert catalog.passing(both).tolist() == [False, False, True]
    assert catalog.passing([]).all()
    with pytest.raises(KeyError):
        catalog.passing([Constraint(facet="colour", operator=Operator.IS, value="red")])


@given(
    rows=st.lists(st.lists(st.sampled_from("abcde"), max_size=4), min_size=1, max_size=30),
    wanted=st.sampled_from("abcdef"),
)
def test_the_inverted_index_agrees_with_reading_every_row(rows, wanted):
    column = CategoryColumn.of_values("tags", rows)
    assert column.meets(Operator.IS, wanted).tolist() == [wanted in row for row in rows]
    assert [column.of(row) for row in range(len(rows))] == [tuple(dict.fromkeys(row)) for row in rows]
    assert column.counts.tolist() == sorted(column.counts.tolist(), reverse=True)
    assert column.counts.tolist() == [sum(value in row for row in rows) for value in column.values]


def test_hidden_and_sold_out_items_are_not_available():
    items = [
        BOOT,
        SANDAL,
        CLOG,
        Item(id="gone", title="Gone", facets={"in_stock": False}),
        Item(id="secret", title="Secret", facets={"hidden": True}),
    ]
    catalog = Catalog.from_items(items, SCHEMA)
    assert {catalog.ids[row] for row in np.flatnonzero(catalog.available())} == {"boot", "clog"}
    with pytest.raises(ValueError, match="read-only"):
        catalog.available()[0] = False


def test_stock_told_in_words_says_nothing_about_availability():
    schema = Schema(
        columns=(
            Column(name="t", role=Role.TITLE),
            facet("stock", Kind.CATEGORY, Meaning.STOCK),
            facet("hidden", Kind.CATEGORY, Meaning.HIDDEN),
        )
    )
    catalog = Catalog.from_items([Item(id="1", title="A", facets={"stock": "few"})], schema)
    assert catalog.available().all()


def test_items_are_found_by_id(catalog):
    assert len(catalog) == 3
    assert "boot" in catalog
    assert "shoe" not in catalog
    assert catalog.row("clog") == 2
    assert catalog.rows(["clog", "shoe", "boot"]).tolist() == [2, 0]
    with pytest.raises(UnknownItemError, match="shoe"):
        catalog.row("shoe")


def test_an_item_comes_back_as_it_was_with_dates_as_days(catalog):
    assert catalog.item(0) == BOOT.model_copy(update={"facets": {**BOOT.facets, "released": "2024-05-01"}})
    assert catalog.item(2) == CLOG
    assert catalog.value(0, "brand") == "Acme"
    assert catalog.value(2, "brand") is None
    assert catalog.value(2, "waterproof") is None
    with pytest.raises(KeyError):
        catalog.value(0, "colour")


def test_columns_have_the_type_of_their_kind(catalog):
    assert isinstance(catalog.column("brand"), CategoryColumn)
    assert isinstance(catalog.column("price"), NumberColumn)
    assert isinstance(catalog.column("waterproof"), FlagColumn)
    released = catalog.column("released")
    assert isinstance(released, DateColumn)
    assert released.days[0] % 1 == 0.5
    assert [len(catalog.column(name)) for name in ("brand", "price", "released", "waterproof")] == [3] * 4


def test_a_document_holds_title_facet_words_and_text_within_its_bound():
    long = "start " + "middle " * 600 + "PART-4711"
    catalog = Catalog.from_items([BOOT, BOOT.model_copy(update={"id": "long", "text": long})], SCHEMA)
    document = catalog.document(0)
    assert document.startswith("Winter Boot. ")
    assert document.endswith("Warm and dry.")
    assert all(word in document for word in ("Acme", "winter, leather", "2020", "1.5 kg", "2024", "waterproof"))
    assert "100" not in document
    assert len(catalog.document(1)) <= 1200
    assert "start" in catalog.document(1)
    assert catalog.document(1).endswith("PART-4711")


def test_a_document_without_anything_else_is_the_title():
    catalog = Catalog.from_items([Item(id="1", title="Bare.")], SCHEMA)
    assert catalog.document(0) == "Bare"


def test_facet_words_that_do_not_fit_are_left_out_whole():
    item = Item(
        id="1", title="Many", facets={"tags": tuple(f"{number}-{'x' * 60}" for number in range(12)), "brand": "Acme"}
    )
    document = Catalog.from_items([item], SCHEMA).document(0)
    assert "Acme" in document
    assert "xx" not in document


def test_writing_and_reading_lose_nothing(catalog, tmp_path: Path):
    path = tmp_path / "catalog.parquet"
    catalog.write(path)
    read = Catalog.read(path, SCHEMA)
    assert [read.item(row) for row in range(3)] == [catalog.item(row) for row in range(3)]
    assert read.column("released").days[0] == catalog.column("released").days[0]
    assert read.column("tags").values == catalog.column("tags").values
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.parquet"]


def test_a_damaged_file_is_told_with_what_to_do(catalog, tmp_path: Path):
    path = tmp_path / "catalog.parquet"
    with pytest.raises(ShopDamagedError, match="Build the shop again"):
        Catalog.read(path, SCHEMA)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ShopDamagedError):
        Catalog.read(path, SCHEMA)
    catalog.write(path)
    with pytest.raises(ShopDamagedError):
        Catalog.read(path, Schema(columns=(*SCHEMA.columns, facet("colour", Kind.CATEGORY))))


def test_a_change_keeps_the_order_and_puts_new_items_last(catalog):
    cheaper = BOOT.model_copy(update={"facets": {"price": 80.0}})
    mule = Item(id="mule", title="Mule", facets={"tags": ("summer",)})
    changed = catalog.changed([mule, cheaper], ["sandal", "nobody"])
    assert changed.ids == ("boot", "clog", "mule")
    assert changed.value(0, "price") == 80.0
    assert changed.value(0, "brand") is None
    assert changed.item(1) == CLOG
    assert catalog.ids == ("boot", "sandal", "clog")
    assert catalog.changed([SANDAL], ["sandal"]).ids == catalog.ids
    fraction = catalog.changed([mule], []).column("released")
    assert fraction.days[0] == catalog.column("released").days[0]


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(CatalogError, match="rows 1 and 3"):
        Catalog.from_items([BOOT, SANDAL, BOOT], SCHEMA)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "cheap"),
        ("price", float("nan")),
        ("price", float("inf")),
        ("price", True),
        ("brand", ("Acme", "Zeta")),
        ("brand", 5.0),
        ("released", "soon"),
        ("waterproof", "yes"),
    ],
)
def test_a_value_that_its_facet_cannot_hold_is_told_with_its_place(name, value):
    with pytest.raises(CatalogError) as caught:
        Catalog.from_items([CLOG, Item(id="x", title="X", facets={name: value})], SCHEMA)
    assert (caught.value.row, caught.value.field) == (2, name)


def test_an_empty_catalog_answers_too(tmp_path: Path):
    catalog = Catalog.from_items([], SCHEMA)
    assert catalog.passing([Constraint(facet="brand", operator=Operator.IS, value="Acme")]).shape == (0,)
    catalog.write(tmp_path / "empty.parquet")
    assert len(Catalog.read(tmp_path / "empty.parquet", SCHEMA)) == 0


def test_all_of_asks_for_every_value_and_most_and_least_for_the_outermost(catalog):
    both = Constraint(facet="tags", operator=Operator.ALL_OF, value=("summer", "leather"))
    dearest = Constraint(facet="price", operator=Operator.MOST, value=1.0)
    brandless = Constraint(facet="brand", operator=Operator.IS_NOT, value="Acme")
    names = [catalog.ids[row] for row in catalog.meets(both).nonzero()[0]]
    assert names == ["clog"]
    assert [catalog.ids[row] for row in catalog.passing([dearest]).nonzero()[0]] == ["boot"]
    assert catalog.passing([dearest, brandless]).sum() == 1
    assert not catalog.meets(brandless)[catalog.row("boot")]


def test_most_becomes_a_bound_among_the_items_left(catalog):
    least = Constraint(facet="price", operator=Operator.LEAST, value=2.0)
    bound = catalog.bounded(least, catalog.passing([]))
    assert bound.operator is Operator.AT_MOST
    assert catalog.meets(bound).sum() == 2
