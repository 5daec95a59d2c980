"""The words people use, and the catalog's own values that they mean, over unlike catalogs."""

import pytest

from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.reading import Record


def understanding_of(rows):
    records = [Record(row, fields) for row, fields in enumerate(rows, start=1)]
    schema = detect(records)
    return EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))


def asked(understanding, message):
    return [(c.facet, c.value) for c in understanding.understand(message, TalkState()).constraints]


@pytest.fixture(scope="module")
def trips():
    cities = ["San Francisco", "New York", "Los Angeles", "San Diego", "Chicago", "Lisbon"]
    return understanding_of(
        [
            {
                "title": f"Trip {n}", "origin": cities[n % 6], "destination": cities[(n * 5 + 1) % 6], "number_stops": n % 3,
                "passengers": 1 + n % 4, "airlines": ["Delta Airlines", "Air Canada", "Alaska Airlines"][n % 3],
                "price": 80 + 7 * n, "refundable": n % 2 == 0,
            }
            for n in range(60)
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("from SF to LA", {("origin", "San Francisco"), ("destination", "Los Angeles")}),
        ("to NYC from Chi-town", {("origin", "Chicago"), ("destination", "New York")}),
        ("going to SFO", {("destination", "San Francisco")}),
        ("leaving from san fran", {("origin", "San Francisco")}),
        ("San Diego, CA to Chicago, Illinois", {("origin", "San Diego"), ("destination", "Chicago")}),
        ("fly out of Lisboa, Portugal", {("origin", "Lisbon")}),
        ("to Lisbn on Delta", {("destination", "Lisbon"), ("airlines", "Delta Airlines")}),
        ("for the four of us", {("passengers", 4.0)}),
        ("2 tickets", {("passengers", 2.0)}),
        ("just me, nonstop", {("passengers", 1.0), ("number_stops", 0.0)}),
        ("three people with one layover", {("passengers", 3.0), ("number_stops", 1.0)}),
        ("a direct flight to New York", {("number_stops", 0.0), ("destination", "New York")}),
    ],
)
def test_places_their_short_names_and_their_direction(trips, message, expected):
    assert set(asked(trips, message)) == expected


def test_a_short_name_that_any_sentence_holds_counts_only_where_a_place_is_led_to(trips):
    assert asked(trips, "la la land") == []
    assert asked(trips, "in LA") == [("destination", "Los Angeles")]


@pytest.fixture(scope="module")
def eateries():
    rows = [
        {
            "name": f"Place {n}", "cuisine": ["Italian food", "Thai food", "Seafood"][n % 3],
            "city": ["Berkeley, CA", "San Jose, CA", "Santa Rosa, CA"][n % 3], "has_seating_outdoors": n % 2 == 0,
            "has_vegetarian_options": n % 4 == 0, "good_for_kids": n % 5 == 0, "smoking_allowed": n % 3 == 1,
            "pets_welcome": n % 3 == 0, "has_wifi": n % 2 == 1, "free_entry": n % 7 == 0, "party_size": str(1 + n % 6) + "+",
        }
        for n in range(60)
    ]  # fmt: skip
    return understanding_of(rows)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("italian in Berkley", {("cuisine", "Italian food"), ("city", "Berkeley, CA")}),
        ("San Jose", {("city", "San Jose, CA")}),
        ("outdoor seating", {("has_seating_outdoors", True)}),
        ("on the patio", {("has_seating_outdoors", True)}),
        ("vegetarian please", {("has_vegetarian_options", True)}),
        ("veggie options", {("has_vegetarian_options", True)}),
        ("kid friendly", {("good_for_kids", True)}),
        ("pet-friendly with wi-fi", {("pets_welcome", True), ("has_wifi", True)}),
        ("a smoking place", {("smoking_allowed", True)}),
        ("free admission", {("free_entry", True)}),
        ("table for two", {("party_size", "2+")}),
    ],
)
def test_labels_and_values_in_the_words_that_people_use(eateries, message, expected):
    assert set(asked(eateries, message)) == expected


@pytest.fixture(scope="module")
def games():
    genres = ["Role-Playing Game", "First-Person Shooter", "Puzzle", "Mystery", "Adventure"]
    studios = ["Nintendo", "Larian Studios", "FromSoftware", "Ubisoft Montreal"]
    rows = [
        {"title": f"Game {n}", "genre": genres[n % 5], "studio": studios[n % 4], "country": ["Canada", "Japan"][n % 2]}
        for n in range(40)
    ]
    return understanding_of(rows)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("an RPG", {("genre", "Role-Playing Game")}),
        ("FPS by Ubisoft", {("genre", "First-Person Shooter"), ("studio", "Ubisoft Montreal")}),
        ("by Larian", {("studio", "Larian Studios")}),
        ("from software", {("studio", "FromSoftware")}),
        ("nintedo puzzles", {("studio", "Nintendo"), ("genre", "Puzzle")}),
        ("something mysterious", {("genre", "Mystery")}),
        ("adventurous and Canadian", {("genre", "Adventure"), ("country", "Canada")}),
    ],
)
def test_initials_parts_and_other_forms_of_values(games, message, expected):
    assert set(asked(games, message)) == expected


def test_a_guess_keeps_the_words_and_is_less_sure(games):
    (guess,) = games.understand("a nintedo one", TalkState()).constraints
    (sure,) = games.understand("a nintendo one", TalkState()).constraints
    assert guess.words == "nintedo"
    assert guess.confidence < sure.confidence == 1


def test_a_form_of_a_word_only_leans_towards_the_value(games):
    (leaning,) = games.understand("something mysterious", TalkState()).constraints
    assert not leaning.must


@pytest.mark.parametrize("message", ["check it", "the person who plays", "a long role", "what a shot", "parties"])
def test_common_words_are_no_values(games, message):
    assert asked(games, message) == []
