"""What a catalog's columns are taken for, on small catalogs of every kind, and the items made by it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk.errors import CatalogError
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import Overrides, detect, to_items
from shoptalk.retrieval.flattening import flatten
from shoptalk.retrieval.naming import label_of, language_of, meaning_of, unit_in
from shoptalk.retrieval.reading import Record
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema
from shoptalk.retrieval.values import Quantity, factor, is_missing, parse_date, parse_flag, parse_quantity, split_values

WORDS = ["Amber", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Harbor", "Iris", "Juniper"]
SENTENCE = "It stands at the edge of the old town and has been loved by its guests for many quiet years."


def records(rows: list[dict]) -> list[Record]:
    return [Record(row, flatten(content)) for row, content in enumerate(rows, start=1)]


def column(rows: list[dict], name: str, **overrides: object) -> Column:
    schema = detect(records(rows), Overrides(**overrides) if overrides else None)
    return next(one for one in schema.columns if one.name == name)


def titled(name: str, values: list) -> list[dict]:
    """A catalog with good titles and one column of the given values, in turn."""
    return [{"title": f"{WORDS[number % 10]} Hall {number}", name: value} for number, value in enumerate(values)]


def roles(schema: Schema) -> dict[str, Role]:
    return {one.name: one.role for one in schema.columns}


def shop() -> list[dict]:
    return [
        {
            "sku": f"A{number}",
            "name": f"{WORDS[number % 10]} Runner {number}",
            "brand": ["Acme", "Zeta", "Ypsi"][number % 3],
            "price_cents": 1999 + 500 * number,
            "currency": "EUR",
            "weight_kg": "1.5",
            "screen": ["17 in", '15.6"', "13 inch"][number % 3],
            "color": ["red", "blue"][number % 2],
            "sizes": ["S|M|L", "M|L", "S"][number % 3],
            "in_stock": ["yes", "no"][number % 2],
            "rating": 3 + number % 3 / 2,
            "reviews": number * 7,
            "description": SENTENCE,
            "image": f"https://x.example/{number}.jpg",
            "url": f"https://x.example/{number}",
            "ean": str(4006381333931 + number),
            "is_deleted": False,
        }
        for number in range(40)
    ]


def test_a_shops_columns_are_taken_for_what_they_are():
    schema = detect(records(shop()))
    found = {one.name: (one.role, one.kind, one.meaning, one.unit) for one in schema.columns}
    assert found == {
        "sku": (Role.ID, None, None, None),
        "name": (Role.TITLE, None, None, None),
        "description": (Role.TEXT, None, None, None),
        "brand": (Role.FACET, Kind.CATEGORY, Meaning.BRAND, None),
        "price_cents": (Role.FACET, Kind.NUMBER, Meaning.PRICE, "EUR"),
        "weight_kg": (Role.FACET, Kind.NUMBER, Meaning.WEIGHT, "kg"),
        "screen": (Role.FACET, Kind.NUMBER, Meaning.SIZE, "inch"),
        "color": (Role.FACET, Kind.CATEGORY, None, None),
        "sizes": (Role.FACET, Kind.CATEGORIES, Meaning.SIZE, None),
        "in_stock": (Role.FACET, Kind.FLAG, Meaning.STOCK, None),
        "rating": (Role.FACET, Kind.NUMBER, Meaning.RATING, None),
        "reviews": (Role.FACET, Kind.NUMBER, Meaning.POPULARITY, None),
        "is_deleted": (Role.FACET, Kind.FLAG, Meaning.HIDDEN, None),
        "image": (Role.PICTURE, None, None, None),
        "url": (Role.LINK, None, None, None),
        "ean": (Role.TEXT, None, None, None),
        "currency": (Role.IGNORED, None, None, None),
    }
    assert {one.name: one.label for one in schema.facets}["price_cents"] == "price"


def test_items_have_their_values_in_the_facets_units():
    items = list(to_items(records(shop()), detect(records(shop()))))
    assert items[1].facets == {
        "brand": "Zeta",
        "price_cents": 24.99,
        "weight_kg": 1.5,
        "screen": 15.6,
        "color": "blue",
        "sizes": ("M", "L"),
        "in_stock": False,
        "rating": 3.5,
        "reviews": 7.0,
        "is_deleted": False,
    }
    assert (items[1].id, items[1].title) == ("A1", "Birch Runner 1")
    assert (items[1].picture, items[1].link) == ("https://x.example/1.jpg", "https://x.example/1")
    assert items[1].text == f"{SENTENCE}\n\nean: 4006381333932"


FILM = {
    "title": "Alien",
    "original_title": "Alien le passager",
    "year": 1979,
    "runtime": 117,
    "genres": ["Horror", "Science Fiction"],
    "directors": ["Ridley Scott"],
    "cast": ["Sigourney Weaver", "Tom Skerritt"],
    "countries": ["United States"],
    "languages": ["English"],
    "certificate": "R",
    "keywords": ["space", "monster"],
    "synopsis": "A crew answers a call and brings something back on board that nobody invited.",
}


def films() -> list[dict]:
    others = [
        {
            **FILM,
            "title": f"{word} Nights",
            "original_title": f"Nuits {word}",
            "year": 1980 + number,
            "runtime": 90 + number,
            "directors": [f"Director {word}"],
            "synopsis": f"{word} and what came after. {SENTENCE}",
            "certificate": ["R", "PG"][number % 2],
        }
        for number, word in enumerate(WORDS)
    ]
    return [FILM, *others]


def test_films_keep_the_original_title_searchable_but_no_facet():
    schema = detect(records(films()))
    meanings = {one.name: (one.kind, one.meaning) for one in schema.facets}
    assert meanings == {
        "year": (Kind.NUMBER, Meaning.YEAR),
        "runtime": (Kind.NUMBER, Meaning.DURATION),
        "genres": (Kind.CATEGORIES, Meaning.GENRE),
        "directors": (Kind.CATEGORIES, Meaning.PERSON),
        "cast": (Kind.CATEGORIES, Meaning.PERSON),
        "countries": (Kind.CATEGORIES, Meaning.PLACE),
        "languages": (Kind.CATEGORIES, Meaning.LANGUAGE),
        "certificate": (Kind.CATEGORY, None),
        "keywords": (Kind.CATEGORIES, Meaning.KEYWORD),
    }
    assert schema.facet("runtime").unit == "min"
    assert [one.name for one in schema.of_role(Role.TEXT)] == ["synopsis", "original_title"]
    alien = next(to_items(records(films()), schema))
    assert alien.id == "alien-1979"
    assert alien.text == f"{FILM['synopsis']}\n\noriginal title: Alien le passager"


def hotels() -> list[dict]:
    return [
        {
            "HotelId": str(number),
            "HotelName": f"{word} Hotel",
            "Description": f"{word}. {SENTENCE}",
            "Description_fr": f"{word}. Il se trouve au bord de la vieille ville et ses hôtes l'aiment tous beaucoup.",
            "Tags": [["view", "bar"], ["pool"], ["bar", "pool"]][number % 3],
            "ParkingIncluded": number % 2 == 0,
            "LastRenovationDate": f"20{10 + number}-01-18T00:00:00Z",
            "Address": {
                "City": ["Oslo", "Rome"][number % 2],
                "StreetAddress": f"{number} Main St",
                "PostalCode": f"0{number}1",
            },
            "Location": {"type": "Point", "coordinates": [-73.9, 40.7]},
            "Rooms": [
                {
                    "Type": "Budget Room",
                    "BaseRate": 80.5 + number,
                    "SleepsCount": 2,
                    "SmokingAllowed": False,
                    "Tags": ["tv"],
                },
                {"Type": "Suite", "BaseRate": 200.5, "SleepsCount": 2, "SmokingAllowed": True, "Tags": ["tv", "bath"]},
            ],
        }
        for number, word in enumerate(WORDS)
    ]


def test_nested_hotels_read_well():
    schema = detect(records(hotels()))
    labels = {one.name: one.label for one in schema.facets}
    assert labels == {
        "Tags": "tags",
        "ParkingIncluded": "parking included",
        "LastRenovationDate": "last renovation date",
        "Address.City": "city",
        "Rooms.Type": "room type",
        "Rooms.BaseRate": "room base rate (from)",
        "Rooms.BaseRate.max": "room base rate (up to)",
        "Rooms.SleepsCount": "room sleeps count",
        "Rooms.SmokingAllowed": "room smoking allowed",
        "Rooms.Tags": "room tags",
    }
    assert schema.facet("Rooms.BaseRate").meaning is Meaning.PRICE
    assert schema.facet("Rooms.BaseRate.max").meaning is None
    assert roles(schema)["Description_fr"] is Role.IGNORED
    assert roles(schema)["Address.PostalCode"] is Role.TEXT
    hotel = next(to_items(records(hotels()), schema))
    assert (hotel.id, hotel.title) == ("0", "Amber Hotel")
    assert hotel.facets["Rooms.BaseRate"] == 80.5
    assert hotel.facets["Rooms.Type"] == ("Budget Room", "Suite")
    assert hotel.facets["Rooms.SmokingAllowed"] is True
    assert hotel.facets["LastRenovationDate"] == "2010-01-18"


def wide() -> list[dict]:
    shuffled = random.Random(7)
    rows = []
    for number in range(600):
        row = {
            "id": number,
            "name": f"00{number}R{number * 7}",
            "title": f"{WORDS[number % 10]} printer {number}",
            "img_high": f"http://x.example/high/{number}.jpg",
            "img_500x500": f"http://x.example/mid/{number}.jpg",
            "img_thumb": f"http://x.example/thumb/{number}.jpg",
            "price": shuffled.choice([495, 1295, 2495, 4995, 9995, 129995]),
            "attr_n_display_diagonal": 10.0 + number % 7,
            "attr_n_package_width": 300.0 + number % 9,
            "attr_t_product_type": ["laser", "inkjet"][number % 2],
        }
        row |= {f"attr_n_value_{number % 300}": float(number)}
        row |= {
            f"attr_b_sparse_{extra}": (number + extra) % 3 == 0
            for extra in range(200)
            if (number * 31 + extra) % 40 == 0
        }
        rows.append(row)
    return rows


def test_a_wide_sparse_catalog_keeps_its_best_facets_and_the_rest_as_words():
    read = records(wide())
    schema = detect(read)
    assert len(schema.facets) == 150
    names = {one.name: one for one in schema.facets}
    assert {"price", "attr_n_display_diagonal", "attr_t_product_type"} <= names.keys()
    assert names["attr_t_product_type"].label == "product type"
    assert names["attr_n_display_diagonal"].meaning is Meaning.SIZE
    assert names["price"].scale == 0.01
    assert not any(name.startswith("attr_n_value_") for name in names)
    assert schema.of_role(Role.TITLE)[0].name == "title"
    assert schema.of_role(Role.PICTURE)[0].name == "img_500x500"
    item = list(to_items(read, schema))[301]
    assert "name: 00301R2107" in item.text
    assert "value 1: 301" in item.text


@pytest.mark.parametrize(
    ("name", "values", "kind", "meaning", "separator"),
    [
        ("tags", ["a|b|c", "a", "b|c", "c"] * 5, Kind.CATEGORIES, Meaning.KEYWORD, "|"),
        (
            "tags",
            ["[ view, air conditioning ]", "[ view ]", "[ bar, view ]"] * 5,
            Kind.CATEGORIES,
            Meaning.KEYWORD,
            ",",
        ),
        ("colours", ["red, blue", "blue", "green, red", "blue, green"] * 8, Kind.CATEGORIES, None, ","),
        ("material", ["wood;steel", "steel", "wood"] * 8, Kind.CATEGORIES, None, ";"),
        (
            "director",
            ["Joel Coen, Ethan Coen", "Agnès Varda", "Bong Joon-ho"] * 4,
            Kind.CATEGORIES,
            Meaning.PERSON,
            ",",
        ),
        ("city", ["Paris, France", "Lyon, France", "Rome, Italy"] * 8, Kind.CATEGORY, Meaning.PLACE, None),
        ("cuisine", ["Thai", "French"] * 8, Kind.CATEGORY, Meaning.GENRE, None),
        ("language", ["English", "French"] * 8, Kind.CATEGORY, Meaning.LANGUAGE, None),
        ("manufacturer", ["Acme", "Zeta"] * 8, Kind.CATEGORY, Meaning.BRAND, None),
        ("size", ["S", "M", "L"] * 8, Kind.CATEGORY, Meaning.SIZE, None),
        ("certificate", ["R", "PG-13", "18"] * 8, Kind.CATEGORY, None, None),
        ("start", ["10:30", "11:00"] * 8, Kind.CATEGORY, None, None),
        ("pets", ["yes", "no", "N/A"] * 8, Kind.FLAG, None, None),
        ("pets_allowed", ["1", "0"] * 8, Kind.FLAG, None, None),
        ("featured", ["TRUE", "FALSE"] * 8, Kind.FLAG, None, None),
        ("availability", ["in stock", "out of stock"] * 8, Kind.FLAG, Meaning.STOCK, None),
        ("is_active", [True, False] * 8, Kind.FLAG, Meaning.STOCK, None),
        ("sold_out", [True, False] * 8, Kind.FLAG, Meaning.HIDDEN, None),
        ("discontinued", ["true", "false"] * 8, Kind.FLAG, Meaning.HIDDEN, None),
        ("released", ["2020-01-01", "2021-05-06T10:00:00Z"] * 8, Kind.DATE, None, None),
        ("added", ["September 25, 2021", "March 1, 2020"] * 8, Kind.DATE, None, None),
        ("year", [1979, 2020] * 8, Kind.NUMBER, Meaning.YEAR, None),
        ("year", [1, 2, 3] * 8, Kind.NUMBER, None, None),
        ("released", ["1979", "2020"] * 8, Kind.NUMBER, Meaning.YEAR, None),
        ("vote_count", [10, 500] * 8, Kind.NUMBER, Meaning.POPULARITY, None),
        ("vote_average", [7.5, 8.1] * 8, Kind.NUMBER, Meaning.RATING, None),
        ("quantity", [0, 5] * 8, Kind.NUMBER, Meaning.STOCK, None),
        ("party_size", [2, 4] * 8, Kind.NUMBER, None, None),
        ("beds", ["2", "3"] * 8, Kind.NUMBER, None, None),
    ],
)
def test_values_and_name_decide_what_a_facet_is(name, values, kind, meaning, separator):
    found = column(titled(name, values), name)
    assert (found.role, found.kind, found.meaning, found.separator) == (Role.FACET, kind, meaning, separator)


@pytest.mark.parametrize(
    ("name", "values", "unit", "scale", "shown"),
    [
        ("runtime", ["120 min", "95 min"] * 8, "min", 1.0, 120.0),
        ("runtime", ["2h 15m", "1h 30m"] * 8, "min", 1.0, 135.0),
        ("runtime", [117, 90] * 8, "min", 1.0, 117.0),
        ("runtime_minutes", [117, 90] * 8, "min", 1.0, 117.0),
        ("duration_ms", [180000, 240000] * 8, "min", 1 / 60000, 3.0),
        ("duration", [180000, 240000] * 8, "min", 1 / 60000, 3.0),
        ("duration", [7200, 5400] * 8, "min", 1 / 60, 120.0),
        ("duration", [1.5, 2] * 8, None, 1.0, 1.5),
        ("cook_time_hours", [1.5, 2] * 8, "min", 60.0, 90.0),
        ("wait_time", [15, 20] * 8, "min", 1.0, 15.0),
        ("weight", ["1.5 kg", "800 g", "2 kg"] * 8, "kg", 1.0, 1.5),
        ("weight_kg", [1.5, 2] * 8, "kg", 1.0, 1.5),
        ("width", ["17 in", "15.6 in"] * 8, "inch", 1.0, 17.0),
        ("discount", ["12 %", "15 %"] * 8, "%", 1.0, 12.0),
        ("abv", [12.5, 14.0] * 8, "%", 1.0, 12.5),
        ("price", ["$1,299.00", "$5"] * 8, "USD", 1.0, 1299.0),
        ("price", ["1.299,00 €", "call us", "12,50 €"] * 8, "EUR", 1.0, 1299.0),
        ("price_usd", [5.5, 6] * 8, "USD", 1.0, 5.5),
        ("price_cents", [1999, 2550] * 8, None, 0.01, 19.99),
        ("cost", ["£5", "£6"] * 8, "GBP", 1.0, 5.0),
        ("amount", ["$5", "$6"] * 8, "USD", 1.0, 5.0),
        ("rent", [3900, 3500] * 20, None, 1.0, 3900.0),
        ("price", [19995, 24995] * 20, None, 1.0, 19995.0),
    ],
)
def test_numbers_come_in_their_unit(name, values, unit, scale, shown):
    rows = titled(name, values)
    found = column(rows, name)
    assert (found.kind, found.unit) == (Kind.NUMBER, unit)
    assert found.scale == pytest.approx(scale)
    assert next(to_items(records(rows), detect(records(rows)))).facets[name] == pytest.approx(shown)


def test_units_of_one_column_are_converted_and_words_among_numbers_stay_searchable():
    rows = titled("weight", ["1.5 kg", "800 g", "2 kg", "heavy", "3 inch", "2.5"] + ["1 kg"] * 10)
    items = list(to_items(records(rows), detect(records(rows))))
    assert [item.facets.get("weight") for item in items[:6]] == [1.5, 0.8, 2.0, None, None, 2.5]
    assert items[3].text == "weight: heavy"


def test_one_price_is_the_price():
    rows = [
        {**row, "list_price": 10.5, "shipping_price": 2.5, "price": 9.5 + number}
        for number, row in enumerate(titled("x", [1] * 9))
    ]
    schema = detect(records(rows))
    assert [one.name for one in schema.by_meaning(Meaning.PRICE)] == ["price"]


@pytest.mark.parametrize(
    ("rows", "title", "item_id"),
    [
        (
            [{"hotel_name": f"{word} Inn", "destination": "Oslo", "phone_number": "+47 12 34"} for word in WORDS],
            "hotel_name",
            None,
        ),
        ([{"movie_name": f"{word} Nights", "theater_name": "Roxy"} for word in WORDS], "movie_name", None),
        ([{"movieId": n, "title": f"{word} (1995)"} for n, word in enumerate(WORDS)], "title", "movieId"),
        ([{"product_id": 1, "sku": f"a{n}", "name": f"{word} Mug"} for n, word in enumerate(WORDS)], "name", "sku"),
        (
            [{"item_id:token": str(n), "title:token_seq": f"{word} Game"} for n, word in enumerate(WORDS)],
            "title:token_seq",
            "item_id:token",
        ),
        ([{"what": f"The {word} thing", "kind": "x"} for word in WORDS], "what", None),
        ([{"brand_id": n, "user_id": n, "name": f"{word} Mug"} for n, word in enumerate(WORDS)], "name", None),
    ],
)
def test_title_and_id_are_found(rows, title, item_id):
    schema = detect(records(rows))
    assert schema.of_role(Role.TITLE)[0].name == title
    assert [one.name for one in schema.of_role(Role.ID)] == ([item_id] if item_id else [])


def test_a_title_column_that_is_empty_is_not_said_to_be_missing():
    with pytest.raises(CatalogError, match="or no record has a value in it"):
        detect(records([{"id": "1", "price": 3}, {"id": "2", "price": 4}]), Overrides(title="title"))


def test_remarks_that_some_items_share_are_text_and_no_category():
    remarks = ["soft plum and vanilla, easy drinking", "buttery, toasted oak, long finish", "fish and oysters love it"]
    assert column(titled("notes", remarks * 8), "notes").role is Role.TEXT
    assert column(titled("notes", ["rose", "musk"] * 8), "notes").kind is Kind.CATEGORY


def test_without_a_title_the_columns_are_named():
    with pytest.raises(CatalogError, match="no column can be") as caught:
        detect(records([{"city": "Dixon", "wind": 7}, {"city": "Dixon", "wind": 9}]))
    assert "city, wind" in caught.value.hint


def test_the_year_behind_a_title_is_a_facet_where_no_column_has_it():
    rows = [{"id": n, "title": f"{word} ({1990 + n})"} for n, word in enumerate(WORDS)] + [
        {"id": 99, "title": "Undated"}
    ]
    schema = detect(records(rows))
    items = list(to_items(records(rows), schema))
    assert items[3].facets == {"title.year": 1993.0}
    assert items[-1].facets == {}
    assert len(Catalog.from_items(items, schema)) == 11


def test_made_ids_come_from_the_content_not_from_the_order():
    rows = [
        {"title": "Alien", "year": 1979, "text": "one"},
        {"title": "Alien", "year": 1979, "text": "two"},
        {"title": "Léon: The Professional", "year": 1994},
        {"title": "千と千尋の神隠し", "year": 2001},
        {"title": "!!!", "year": 2000},
        {"title": "Blade Runner 2049", "year": 2017},
        {"title": "Twin", "year": 1990},
        {"title": "Twin", "year": 1990},
    ]
    schema = detect(records(rows))

    def ids(held: list[Record]) -> dict[int, str]:
        return {record.row: item.id for record, item in zip(held, to_items(held, schema), strict=True)}

    held = records(rows)
    made = ids(held)
    assert [made[row] for row in (3, 4, 5, 6)] == [
        "leon-the-professional-1994",
        "千と千尋の神隠し-2001",
        "item-2000",
        "blade-runner-2049-2017",
    ]
    assert made[1].startswith("alien-1979-")
    assert made[8] == made[7] + "-2"
    turned = ids(held[::-1])
    assert {row: turned[row] for row in range(1, 7)} == {row: made[row] for row in range(1, 7)}
    assert set(turned.values()) == set(made.values())


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": ""}, "name", "title is empty"),
        ({"sku": ""}, "sku", "id is empty"),
        ({"sku": "A1"}, "sku", "the id 'A1' stands twice, in rows 2 and 3"),
        ({"sku": "x" * 300}, "sku", "more than 200"),
        ({"weight_kg": "NaN"}, "weight_kg", "not a finite number"),
    ],
)
def test_a_bad_record_is_told_and_can_be_skipped(change, field, says):
    rows = shop()
    schema = detect(records(rows))
    rows[2] = {**rows[2], **change}
    with pytest.raises(CatalogError) as caught:
        list(to_items(records(rows), schema))
    assert (caught.value.row, caught.value.field) == (3, field)
    assert says in caught.value.problem
    told: list[CatalogError] = []
    assert len(list(to_items(records(rows), schema, told.append))) == 39
    assert len(told) == 1


def test_addresses_that_a_page_must_not_load_are_dropped():
    rows = shop()
    rows[0] |= {"url": "javascript:alert(1)", "image": ["//x.example/a.jpg", "//x.example/b.jpg"]}
    items = list(to_items(records(rows), detect(records(shop()))))
    assert items[0].link is None
    assert items[0].picture == "https://x.example/a.jpg"


def test_the_owners_word_wins():
    said = Overrides(
        id="ean",
        title="description",
        picture="url",
        link="image",
        price="reviews:minor:usd",
        text=("color", "name"),
        facets=("sku:category", "rating:number:popularity", "sizes:categories", "brand", "in_stock:flag"),
        units=("screen=cm", "weight_kg=g"),
        ignore=("is_deleted",),
    )
    schema = detect(records(shop()), said)
    found = {one.name: one for one in schema.columns}
    assert (found["ean"].role, found["description"].role) == (Role.ID, Role.TITLE)
    assert (found["url"].role, found["image"].role) == (Role.PICTURE, Role.LINK)
    assert (found["reviews"].meaning, found["reviews"].scale, found["reviews"].unit) == (Meaning.PRICE, 0.01, "USD")
    assert found["price_cents"].meaning is None
    assert [one.name for one in schema.of_role(Role.TEXT)][:2] == ["color", "name"]
    assert found["sku"].kind is Kind.CATEGORY
    assert found["rating"].meaning is Meaning.POPULARITY
    assert found["is_deleted"].role is Role.IGNORED
    assert (found["screen"].unit, found["weight_kg"].unit) == ("cm", "g")
    items = list(to_items(records(shop()), schema))
    assert items[0].facets["screen"] == pytest.approx(43.18)


def test_a_price_can_be_said_to_count_whole_units():
    assert column(shop(), "price_cents", price="price_cents:major").scale == 1.0
    assert column(titled("a:b", [1, 2] * 8), "a:b", facets=("a:b:category",)).kind is Kind.CATEGORY


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"title": "nmae"}, "name"),
        ({"price": "prise:minor"}, "price_cents"),
        ({"facets": ("brnd",)}, "brand"),
        ({"facets": ("brand:colour",)}, "no kind of facet"),
        ({"price": "reviews:heavy"}, "says nothing about a price"),
        ({"price": "brand"}, "none of its values is a number"),
        ({"facets": ("price_cents:date",)}, "none of its values is a date"),
        ({"facets": ("brand:flag",)}, "none of its values is a flag"),
        ({"units": ("screen",)}, "names no unit"),
        ({"units": ("scren=cm",)}, "screen"),
    ],
)
def test_a_wrong_override_is_told_with_what_comes_close(overrides, says):
    with pytest.raises(CatalogError, match=says):
        detect(records(shop()), Overrides(**overrides))


def test_detection_does_not_depend_on_chance():
    assert detect(records(wide())) == detect(records(wide()))


def test_columns_that_say_nothing_are_ignored():
    rows = [
        {
            "title": f"{word} Hall",
            "href": f"{word}_Hall",
            "lat": 1.5 + number,
            "brand_id": number * 7,
            "thumbnail": f"http://x.example/{number}.png",
            "thumbnail_width": 320,
            "updated_at": 1_700_000_000 + number,
            "nothing": "N/A",
            "country": "USA",
            "label_en": f"{word} of the town and everything in it",
            "label_de": f"{word} der Stadt und alles darin",
        }
        for number, word in enumerate(WORDS)
    ]
    found = roles(detect(records(rows)))
    ignored = {name for name, role in found.items() if role is Role.IGNORED}
    assert ignored == {"href", "lat", "brand_id", "thumbnail_width", "updated_at", "nothing", "label_de"}
    assert found["country"] is Role.FACET
    assert found["thumbnail"] is Role.PICTURE


def test_labels_are_told_apart():
    rows = [
        {
            "title": f"{word} Hall",
            "color": ["red", "blue"][n % 2],
            "frame": {"color": ["black", "grey"][n % 2]},
            "Color": ["x", "y"][n % 2],
        }
        for n, word in enumerate(WORDS)
    ]
    labels = [one.label for one in detect(records(rows)).facets]
    assert "frame color" in labels
    assert labels[0] == "color"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"title": st.text(min_size=1)},
            optional={
                name: st.none()
                | st.booleans()
                | st.integers()
                | st.floats(allow_nan=False)
                | st.text()
                | st.lists(st.text())
                for name in ("price", "tags", "year", "is_new", "image", "id")
            },
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_records_give_a_catalog_or_a_reason(rows):
    try:
        read = records(rows)
        schema = detect(read)
    except CatalogError:
        return
    items = list(to_items(read, schema, lambda _: None))
    catalog = Catalog.from_items(items, schema)
    assert len(catalog) == len({item.id for item in items})
    for row in range(len(catalog)):
        assert len(catalog.document(row)) <= 1200


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("1,299.00", Quantity(1299.0)),
        ("1,299", Quantity(1299.0)),
        ("12,5", Quantity(12.5)),
        ("1.299", Quantity(1.299)),
        ("1.299 €", Quantity(1299.0, currency="EUR")),
        ("1 299,00 €", Quantity(1299.0, currency="EUR")),
        ("1'299.50 CHF", Quantity(1299.5, currency="CHF")),
        ("1.234.567", Quantity(1234567.0)),
        ("US$ 5", Quantity(5.0, currency="USD")),
        ("EUR 12.50", Quantity(12.5, currency="EUR")),
        ("-5", Quantity(-5.0)),
        ("−5", Quantity(-5.0)),
        (".5", Quantity(0.5)),
        ("1e3", Quantity(1000.0)),
        ("12 %", Quantity(12.0, "%")),
        ('17.3"', Quantity(17.3, "inch")),
        ("100 m2", Quantity(100.0, "m²")),
        ("1h30", Quantity(90.0, "min")),
        ("PT2H5M", Quantity(125.0, "min")),
        ("PT", None),
        ("ABC 5", None),
        ("5 apples", None),
        ("408-971-8523", None),
        ("1,2,3", None),
        ("1.2.3", None),
        ("10:30", None),
        ("3D", None),
        ("1e999", None),
        ("", None),
        ("9" * 50, None),
    ],
)
def test_numbers_are_read_as_people_write_them(text, quantity):
    assert parse_quantity(text) == quantity


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-01-18", "2022-01-18"),
        ("2022-01-18T00:00:00Z", "2022-01-18"),
        ("2022-01-18 10:30:00", "2022-01-18T10:30:00"),
        ("2020/5/1", "2020-05-01"),
        ("2020-05", "2020-05-01"),
        ("31.12.2020", "2020-12-31"),
        ("Jan 5, 2020", "2020-01-05"),
        ("2020-13-01", None),
        ("2020-01-01Tnoon", None),
        ("3/4/2020", None),
        ("1979", None),
        ("May", None),
    ],
)
def test_dates_are_read_where_they_are_plain(text, day):
    assert parse_date(text) == day


def test_small_words_are_understood():
    assert [parse_flag(word) for word in ("YES", "https://schema.org/InStock", "sold out", "maybe")] == [
        True,
        True,
        False,
        None,
    ]
    assert all(is_missing(word) for word in ("", " n/a ", "NA", "-", "(no genres listed)"))
    assert not any(is_missing(word) for word in ("na", "0", "No Country"))
    assert split_values("[ 'a', \"b\" , ]", ",") == ["a", "b"]
    assert factor("h", "min") == 60
    assert factor("parsec", "parsec") == 1
    assert factor("kg", "inch") is None
    assert factor("kg", "parsec") is None


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("attr_t_product_type", "product type"),
        ("MainCast", "main cast"),
        ("has_wifi", "wifi"),
        ("number_of_beds", "beds"),
        ("item_id:token", "item id"),
        ("Address.StateProvince", "state province"),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_labels_are_the_columns_own_words(name, label):
    assert label_of(name) == label


def test_names_say_units_and_languages():
    assert label_of("weight_kg", measured=True) == "weight"
    assert label_of("abv", measured=True) == "alcohol"
    assert unit_in("number_of_days") is None
    assert unit_in("runtime_minutes") == "min"
    assert language_of("text_fr", ["text_fr", "text"]) == "fr"
    assert language_of("text_fr", ["text_fr", "title"]) is None
    assert language_of("logged_in", ["logged_in"]) is None
    assert meaning_of("day", Kind.DATE) is None


def test_a_few_short_words_are_a_vocabulary_whatever_the_column_is_called():
    shapes = titled("body_type", [["hatchback", "estate", "SUV", "coupe"][n % 4] for n in range(60)])
    assert column(shapes, "body_type").kind is Kind.CATEGORY
    said = titled(
        "body",
        [["Panoramic roof and leather seats, one owner.", "A quiet car for the city."][n % 2] for n in range(60)],
    )
    assert column(said, "body").role is Role.TEXT


def test_in_a_short_catalog_what_a_few_items_share_tells_them_apart():
    breweries = [f"{WORDS[n % 7]} Brewing" if n < 14 else f"House {n} Brewing" for n in range(46)]
    assert column(titled("brewed_by", breweries), "brewed_by").kind is Kind.CATEGORY
    assert column(titled("brewery", breweries), "brewery").meaning is Meaning.BRAND
    assert column(titled("nickname", [f"{WORDS[n % 10]} {n}" for n in range(46)]), "nickname").role is Role.TEXT


@pytest.mark.parametrize(
    ("name", "label", "unit"),
    [
        ("salary_eur_per_year", "salary per year", "EUR"),
        ("power_hp", "power", "hp"),
        ("Rating (of 5)", "rating", None),
        ("score_out_of_100", "score", None),
        ("Price per bottle", "price per bottle", None),
    ],
)
def test_units_are_no_part_of_a_label(name, label, unit):
    found = column(titled(name, [1.5 + n % 9 for n in range(40)]), name)
    assert (found.label, found.unit) == (label, unit)


def test_sizes_are_called_sizes_in_whichever_country_they_are_counted():
    sizes = titled("Sizes EU", [[str(38 + n % 4), str(39 + n % 4)] for n in range(40)])
    assert column(sizes, "Sizes EU").label == "sizes"
