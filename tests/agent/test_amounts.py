"""Much or little of what a facet names, limits that are narrowed by a vague word, and numbers that are judged."""

import pytest

from shoptalk.agent.state import TalkState, advance
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.flattening import flatten
from shoptalk.retrieval.reading import Record

SHOES = [
    {
        "product": f"{('Swift', 'Peak', 'Comet')[n % 3]} Runner {n}",
        "cushioning": ("minimal", "medium", "max")[n % 3],
        "weight_g": 150 + 5 * n,
        "alcohol": 0.5 + n % 12,
        "IBU": 10 + n,
        "light": ("low", "medium", "full sun", "bright indirect")[n % 4],
        "watering": ("weekly", "every 3 weeks")[n % 2],
        "height_cm": 10 + 4 * n,
        "price_eur": 20 + 2 * n,
    }
    for n in range(60)
]


@pytest.fixture(scope="module")
def catalog():
    records = [Record(row, flatten(content)) for row, content in enumerate(SHOES, start=1)]
    schema = detect(records)
    return Catalog.from_items(list(to_items(records, schema)), schema)


@pytest.fixture(scope="module")
def understanding(catalog):
    return EmbeddedUnderstanding(catalog)


@pytest.mark.parametrize(
    ("message", "facet", "values"),
    [
        ("lots of cushioning", "cushioning", {"max"}),
        ("not much cushioning please", "cushioning", {"minimal"}),
        ("it doesn't need much light", "light", {"low"}),
        ("plenty of light", "light", {"full sun", "bright indirect"}),
    ],
)
def test_an_amount_is_a_grade_of_the_facet_it_names(understanding, message, facet, values):
    (one,) = understanding.understand(message, TalkState()).constraints
    assert (one.facet, set(one.values), one.must) == (facet, values, True)


@pytest.mark.parametrize(
    ("message", "facet", "operator"),
    [
        ("low bitterness", "IBU", "at most"),
        ("not too much bitterness", "IBU", "at most"),
        ("lots of alcohol", "alcohol", "at least"),
    ],
)
def test_an_amount_of_what_is_counted_is_a_range(understanding, message, facet, operator):
    (one,) = understanding.understand(message, TalkState()).constraints
    assert (one.facet, one.operator) == (facet, operator)


def test_an_amount_that_no_facet_grades_is_told(understanding):
    request = understanding.understand("little watering", TalkState())
    assert (request.constraints, request.unheld) == ((), ("little watering",))


@pytest.mark.parametrize(
    ("held", "message", "facet"),
    [("under 7% alcohol", "low alcohol", "alcohol"), ("under 50 cm", "tiny ones", "height_cm")],
)
def test_a_vague_word_narrows_a_limit_that_is_held(catalog, understanding, held, message, facet):
    state = advance(TalkState(), understanding.understand(held, TalkState()), catalog)
    (limit,) = state.constraints
    after = advance(state, understanding.understand(message, state), catalog)
    assert limit in after.constraints
    (wish,) = [one for one in after.constraints if one != limit]
    assert (wish.facet, wish.must) == (facet, False)
    assert wish.value < limit.value


@pytest.mark.parametrize(
    ("message", "facet", "operator", "value"),
    [
        ("heavier than 200 grams is too heavy", "weight_g", "at most", 200),
        ("200 grams is too heavy", "weight_g", "less than", 200),
        ("less than 30 cm is too small", "height_cm", "at least", 30),
        ("anything above 90 euros would be too expensive", "price_eur", "at most", 90),
    ],
)
def test_a_number_that_is_too_much_is_a_limit_on_the_other_side(understanding, message, facet, operator, value):
    (one,) = understanding.understand(message, TalkState()).constraints
    assert (one.facet, one.operator, one.value) == (facet, operator, value)


def test_words_joined_by_a_hyphen_are_searched_as_they_stand(understanding):
    assert understanding.understand("something for part-time walkers", TalkState()).text == "part-time walkers"


WORK = [
    {
        "title": f"{('Engineer', 'Cook', 'Recruiter')[n % 3]} {n}",
        "sector": ("IT", "Hospitality", "HR")[n % 3],
        "made_for": ("men", "women")[n % 2],
        "make": ("Volkswagen", "Ford", "Opel")[n % 3],
        "style": ("pilsner", "stout", "lager", "tripel")[n % 4],
    }
    for n in range(36)
]


@pytest.fixture(scope="module")
def work():
    records = [Record(row, flatten(content)) for row, content in enumerate(WORK, start=1)]
    schema = detect(records)
    return EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("remote it job", {"IT"}),
        ("an it job", {"IT"}),
        ("i want it", set()),
        ("is it a job for me", set()),
        ("something for ladies", {"women"}),
        ("gents", {"men"}),
        ("a pils", {"pilsner"}),
        ("do you sell any vw", {"Volkswagen"}),
    ],
)
def test_values_are_known_by_other_names_and_acronyms_before_a_trade(work, message, values):
    assert {one.value for one in work.understand(message, TalkState()).constraints} == values


MAKES = [
    {"model": f"{brand} {n}", "brand": brand, "price_usd": 300 + 40 * n}
    for n, brand in enumerate(["Acer", "Dell", "HP"] * 12)
]


def test_a_brand_refused_together_with_a_price_only_leans_away_from_either():
    records = [Record(row, flatten(content)) for row, content in enumerate(MAKES, start=1)]
    schema = detect(records)
    understanding = EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))
    found = {
        (one.facet, one.operator, one.value, one.must)
        for one in understanding.understand("no Acer over 900", TalkState()).constraints
    }
    assert found == {("brand", "is not", "Acer", False), ("price_usd", "at most", 900, False)}
    (brand, _) = understanding.understand("no Acer, under 900", TalkState()).constraints
    assert brand.must


def test_a_number_that_no_facet_takes_is_told(understanding):
    assert understanding.understand("something with max cushioning, code 77", TalkState()).unheld == ("77",)


def test_low_of_what_no_facet_tells_is_searched_and_is_no_height(understanding):
    request = understanding.understand("low maintenance", TalkState())
    assert (request.constraints, request.text) == ((), "low maintenance")
