"""What people ask of homes, wines and hotels: numbers that stand side by side, shares, parts that differ."""

import json

import pytest

from shoptalk import Shop
from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.flattening import flatten
from shoptalk.retrieval.query import Act, Stance
from shoptalk.retrieval.reading import Record

HOMES = [
    {
        "property_name": f"{('Oak', 'Elm', 'Ash', 'Fir')[n % 4]} Court {n}",
        "area": ("Fremont", "Oakland", "San Jose")[n % 3],
        "number_of_beds": 1 + n % 4,
        "number_of_baths": 1 + n % 3,
        "rent": 1500 + 50 * n,
        "usb_ports_quantity": 1 + n % 3,
        "screen": 20 + n % 12,
    }
    for n in range(60)
]
WINES = [
    {
        "wine": f"{('Red Hill', 'Casa Verde', 'Maison Perle')[n % 3]} {n}",
        "colour": ("red", "white")[n % 2],
        "vintage": 2010 + n % 12,
        "price_eur": 6 + 2 * n,
        "abv": 9 + n % 6,
        "price_range": ("moderate", "expensive", "very expensive")[n % 3],
    }
    for n in range(40)
]
HOTELS = [
    {"name": f"Hotel {n}", "rooms": [{"sleeps": 2, "rate": 60 + n}, {"sleeps": 2 + n % 3, "rate": 90 + n}]}
    for n in range(40)
]


def understanding(rows):
    records = [Record(row, flatten(content)) for row, content in enumerate(rows, start=1)]
    schema = detect(records)
    return EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))


def asked(understood, message):
    return {(c.facet, c.operator.value, c.value) for c in understood.understand(message, TalkState()).constraints}


@pytest.fixture(scope="module")
def homes():
    return understanding(HOMES)


@pytest.fixture(scope="module")
def wines():
    return understanding(WINES)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("3 beds 2 baths between 3000 and 4000",
         {("number_of_beds", "is", 3.0), ("number_of_baths", "is", 2.0), ("rent", "between", (3000.0, 4000.0))}),
        ("2 bedroom apartment under 3000", {("number_of_beds", "is", 2.0), ("rent", "less than", 3000.0)}),
        ("at least two bathrooms in Fremont", {("number_of_baths", "at least", 2.0), ("area", "is", "Fremont")}),
        ("rent 2000 to 3000, 2 beds", {("rent", "between", (2000.0, 3000.0)), ("number_of_beds", "is", 2.0)}),
        ("4 bedrooms and at least 2 baths for less than 4500",
         {("number_of_beds", "is", 4.0), ("number_of_baths", "at least", 2.0), ("rent", "less than", 4500.0)}),
        ("at least 2 parking lots", set()),
        ("two bedrooms or more", {("number_of_beds", "at least", 2.0)}),
        ("in Oakland, 2 baths or fewer", {("number_of_baths", "at most", 2.0), ("area", "is", "Oakland")}),
        ("3 or 4 bedrooms", {("number_of_beds", "between", (3.0, 4.0))}),
        ("2, 3 or 4 beds in Oakland", {("number_of_beds", "between", (2.0, 4.0)), ("area", "is", "Oakland")}),
        ("2 beds, 3 beds or 4 beds", {("number_of_beds", "between", (2.0, 4.0))}),
        ("a home for 2, 3 beds", {("number_of_beds", "is", 3.0)}),
        ("usb stick 32GB", set()),
        ("a 24 inch screen with usb", {("screen", "between", (23.5, 24.9))}),
    ],
)  # fmt: skip
def test_a_number_speaks_of_what_stands_next_to_it(homes, message, expected):
    assert asked(homes, message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a white under 10%", {("colour", "is", "white"), ("abv", "less than", 10.0)}),
        ("at most 12 percent", {("abv", "at most", 12.0)}),
        ("from 2015 or later", {("vintage", "at least", 2015.0)}),
        ("2015 or newer, at most 20 euros", {("vintage", "at least", 2015.0), ("price_eur", "at most", 20.0)}),
        ("vintage 2015 or older", {("vintage", "at most", 2015.0)}),
    ],
)
def test_shares_and_vintages_are_no_prices(wines, message, expected):
    assert asked(wines, message) == expected


def test_not_too_much_of_one_thing_turns_nothing_else_round(wines):
    asks = wines.understand("a not too expensive red", TalkState()).constraints
    held = {(c.facet, c.operator.value, c.value) for c in asks}
    assert ("colour", "is", "red") in held
    assert {("price_range", "is not", "expensive"), ("price_range", "is not", "very expensive")} <= held


def test_a_room_for_four_is_one_of_the_rooms():
    assert asked(understanding(HOTELS), "sleeps 4") == {("rooms.sleeps.max", "at least", 4.0)}


@pytest.mark.parametrize(
    ("message", "places", "stance"),
    [
        ("compare the first two", (0, 1), Stance.ASKED),
        ("compare 1 and 3", (0, 2), Stance.ASKED),
        ("I like the last two", (2, 3), Stance.LIKED),
        ("not the first two", (0, 1), Stance.DISLIKED),
    ],
)
def test_several_places_on_the_table_are_meant_at_once(wines, message, places, stance):
    state = TalkState(table=("red-hill-0-2010", "casa-verde-1-2011", "maison-perle-2-2012", "red-hill-3-2013"))
    request = wines.understand(message, state)
    assert [(m.item_id, m.stance) for m in request.mentions] == [(state.table[place], stance) for place in places]
    assert (Act.COMPARE in request.acts) is message.startswith("compare")


SHOPS = [
    {
        "name": f"{('Oak', 'Elm', 'Ash')[n % 3]} Barbers {n}",
        "city": ("Fremont", "Oakland")[n % 2],
        "opening_time": ("09:00", "10:00")[n % 2],
        "phone_number": f"510-555-{1000 + n}",
        "street_address": f"{n} Main Street; Suite {n}",
    }
    for n in range(40)
]


@pytest.fixture(scope="module")
def barbers(tmp_path_factory, settings):
    folder = tmp_path_factory.mktemp("barbers")
    (folder / "barbers.json").write_text(json.dumps(SHOPS))
    with Shop.build(folder / "barbers.json", folder / "shop", settings=settings) as shop:
        yield shop


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what's the phone number of the first?", "phone number: {phone_number}."),
        ("what is the address of the second one?", "street address: {street_address}."),
        ("what is the opening time of the first one?", "opening time: {opening_time}."),
    ],
)
def test_a_question_is_answered_also_from_what_is_no_facet(barbers, question, answer):
    talk = barbers.talk()
    picks = talk.say("a barber in Oakland").picks
    row = next(one for one in SHOPS if one["name"] == picks["second" in question].item.title)
    assert talk.say(question).text.endswith(answer.format(**row))


def test_the_words_of_a_question_are_no_wish(barbers):
    talk = barbers.talk()
    before = talk.say("a barber in Oakland").chips
    assert talk.say("who shaves at the first one?").chips == before


def test_it_is_the_item_that_was_asked_about_also_before_anything_was_shown(barbers):
    talk = barbers.talk()
    talk.say("tell me about Oak Barbers 0")
    assert "510-555-1000" in talk.say("what is its phone number?").text


PLACES = [
    {
        "name": f"Place {n}",
        "cuisine": ("Thai", "Mexican")[n % 2],
        "price_range": ("inexpensive", "moderate", "expensive")[n % 3],
        "serves_alcohol": ("True", "False")[n % 2],
        "pets_allowed": ("True", "False", "False")[n % 3],
    }
    for n in range(40)
]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("cheap thai", {("price_range", "is", "inexpensive"), ("cuisine", "is", "Thai")}),
        ("moderately priced", {("price_range", "is", "moderate")}),
        ("not cheap", {("price_range", "is not", "inexpensive")}),
        ("no alcohol", {("serves_alcohol", "is not", True)}),
        ("must allow dogs", {("pets_allowed", "is", True)}),
    ],
)
def test_prices_in_words_and_flags_are_said_as_people_say_them(message, expected):
    assert asked(understanding(PLACES), message) == expected
