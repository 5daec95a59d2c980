"""What shoppers say over trades of their own: board games, running shoes, jobs, beers, used cars, house plants."""

import json
from datetime import date

import pytest

from shoptalk import Shop
from shoptalk.agent.dates import meant, read_days
from shoptalk.agent.quantities import read_quantities
from shoptalk.agent.state import TalkState, advance
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.flattening import flatten
from shoptalk.retrieval.query import Act, Stance
from shoptalk.retrieval.reading import Record

GAMES = [
    {
        "name": f"{('Harbour', 'Lantern', 'Meadow', 'Citadel', 'Orchard')[n % 5]} {('Rivals', 'Tales', 'Builders')[n % 3]} {n}",
        "kind": ("strategy", "party", "family", "wargame")[n % 4],
        "mechanics": [("dice rolling", "tile placement", "hand management")[n % 3], ("voting", "bidding")[n % 2]],
        "min_players": 1 + n % 3,
        "max_players": 2 + n % 7,
        "min_age": 4 + 2 * (n % 6),
        "year_published": 1965 + n,
        "complexity": 1 + (n % 30) / 10,
        "price_usd": 9.5 + 2 * n,
        "avg_rating": 5 + (n % 40) / 10,
    }
    for n in range(60)
]
SHOES = [
    {
        "product": f"{('Swift', 'Peak', 'Comet')[n % 3]} Runner {n}",
        "gender": ("men", "women")[n % 2],
        "cushioning": ("minimal", "medium", "max")[n % 3],
        "drop_mm": (0, 4, 6, 8, 10)[n % 5],
        "sizes_eu": [str(38 + n % 8), str(39 + n % 8)],
        "rrp": 90.5 + 5 * n,
    }
    for n in range(48)
]
JOBS = [
    {
        "job_title": f"{('Junior ', 'Senior ', '')[n % 3]}{('Engineer', 'Nurse', 'Cook', 'Recruiter')[n % 4]}",
        "sector": ("IT", "Healthcare", "Hospitality", "HR")[n % 4],
        "city": ("Berlin", "Vienna", "Dublin")[n % 3],
        "salary_eur_per_year": 25000 + 1500 * n,
        "hours_per_week": (16, 20, 30, 38, 40)[n % 5],
        "level": ("junior", "senior", "mid")[n % 3],
    }
    for n in range(48)
]
BEERS = [
    {
        "beer": f"{('Golden', 'Raven', 'Abbey', 'Harvest')[n % 4]} {('Hop', 'Mill', 'Stone')[n % 3]} {n}",
        "style": ("IPA", "stout", "lager", "tripel")[n % 4],
        "abv_percent": (0.3, 4.2, 5.5, 6.8, 9.1)[n % 5],
        "bottle_ml": (330, 500, 750)[n % 3],
        "notes": ("roasted coffee and chocolate", "citrus and pine", "honey and bread")[n % 3],
    }
    for n in range(45)
]
CARS = [
    {
        "title": f"{('Ardent', 'Borea', 'Caldo')[n % 3]} {('Vista', 'Metro')[n % 2]} {n}",
        "fuel": ("petrol", "diesel", "electric")[n % 3],
        "mileage_km": 8000 + 4500 * n,
        "power_hp": 70 + 5 * n,
        "seats": (5, 7, 2)[n % 3],
        "owners": 1 + n % 4,
        "price_eur": 3500 + 700 * n,
    }
    for n in range(45)
]
PLANTS = [
    {
        "id": f"p{n}",
        "name": f"{('Fern', 'Palm', 'Ivy')[n % 3]} {n}",
        "light": ("low", "medium", "full sun")[n % 3],
        "height_cm": 10 + 5 * n,
        "price_gbp": 4.5 + n,
    }
    for n in range(45)
]


ROWS = {"games": GAMES, "shoes": SHOES, "jobs": JOBS, "beers": BEERS, "cars": CARS, "plants": PLANTS}


def catalog_of(rows):
    records = [Record(row, flatten(content)) for row, content in enumerate(rows, start=1)]
    schema = detect(records)
    return Catalog.from_items(list(to_items(records, schema)), schema)


def understanding(rows):
    return EmbeddedUnderstanding(catalog_of(rows))


@pytest.fixture(scope="module")
def shops():
    return {name: understanding(rows) for name, rows in ROWS.items()}


@pytest.mark.parametrize(
    ("trade", "message", "wanted"),
    [
        ("games", "for 5 players", {("min_players", "at most", 5.0), ("max_players", "at least", 5.0)}),
        ("games", "a game for 2-4 players", {("min_players", "at most", 2.0), ("max_players", "at least", 4.0)}),
        ("games", "up to 6 players", {("max_players", "at least", 6.0)}),
        ("games", "something for a 6 year old", {("min_age", "at most", 6.0)}),
        (
            "games",
            "wargames from the seventies or eighties",
            {("kind", "is", "wargame"), ("year_published", "between", (1970.0, 1989.0))},
        ),
        ("games", "no dice", {("mechanics", "is not", "dice rolling")}),
        ("games", "the highest rated one", {("avg_rating", "most", 1.0)}),
        ("shoes", "size 42", {("sizes_eu", "is", "42")}),
        ("shoes", "10 mm drop, size 43", {("drop_mm", "is", 10.0), ("sizes_eu", "is", "43")}),
        ("shoes", "size 44 or 45", {("sizes_eu", "any of", ("44", "45"))}),
        ("shoes", "size 60", {("sizes_eu", "is", "60")}),
        ("shoes", "max cushioning", {("cushioning", "is", "max")}),
        ("shoes", "zero drop", {("drop_mm", "is", 0.0)}),
        ("shoes", "under 150 euros", {("rrp", "less than", 150.0)}),
        ("jobs", "over 60k", {("salary_eur_per_year", "more than", 60000.0)}),
        ("jobs", "€70k+", {("salary_eur_per_year", "at least", 70000.0)}),
        ("jobs", "max 30 hours a week", {("hours_per_week", "at most", 30.0)}),
        ("jobs", "HR or IT in Berlin", {("sector", "any of", ("HR", "IT")), ("city", "is", "Berlin")}),
        ("beers", "alcohol free", {("abv_percent", "at most", 0.5)}),
        ("beers", "non-alcoholic", {("abv_percent", "at most", 0.5)}),
        ("beers", "half a litre", {("bottle_ml", "is", 500.0)}),
        (
            "beers",
            "a stout, no coffee",
            {("style", "is", "stout"), ("notes", "is not", "roasted coffee and chocolate")},
        ),
        ("beers", "the strongest", {("abv_percent", "most", 4.0)}),
        ("cars", "max 30.000 km", {("mileage_km", "at most", 30000.0)}),
        ("cars", "under 60k miles", {("mileage_km", "less than", 96561.0)}),
        ("cars", "a 7 seater", {("seats", "is", 7.0)}),
        ("cars", "diesel is fine too, under 9000", {("price_eur", "less than", 9000.0)}),
        ("cars", "less than 100 hp", {("power_hp", "less than", 100.0)}),
        ("cars", "not older than 5 years", set()),
        ("games", "not older than 5 years", {("year_published", "at least", 2019.0)}),
        ("games", "from 2018 onwards", {("year_published", "at least", 2018.0)}),
        (
            "games",
            "no dice, from the seventies or eighties",
            {("mechanics", "is not", "dice rolling"), ("year_published", "between", (1970.0, 1989.0))},
        ),
        ("jobs", "posted in the last two weeks", set()),
        ("cars", "only one previous owner", {("owners", "is", 1.0)}),
        ("cars", "the most powerful one", {("power_hp", "most", 1.0)}),
        ("plants", "between 100 and 200 cm", {("height_cm", "between", (100.0, 200.0))}),
        ("cars", "5 to 10k euros", {("price_eur", "between", (5000.0, 10000.0))}),
        ("plants", "low light", {("light", "is", "low")}),
        ("plants", "a low maintenance plant", set()),
        ("beers", "330 or 500 ml", {("bottle_ml", "between", (330.0, 500.0))}),
        ("cars", "8 or 9 thousand euros", {("price_eur", "between", (8000.0, 9000.0))}),
        ("cars", "5 seats, 100 or 120 hp", {("seats", "is", 5.0), ("power_hp", "between", (100.0, 120.0))}),
        (
            "jobs",
            "a change of scene: in Vienna, 20 hours, close to home",
            {("city", "is", "Vienna"), ("hours_per_week", "is", 20.0)},
        ),
    ],
)
def test_what_a_shopper_says_is_meant(shops, trade, message, wanted):
    found = shops[trade].understand(message, TalkState()).constraints
    assert {(one.facet, one.operator.value, one.value) for one in found if one.must} == wanted


@pytest.mark.parametrize(
    ("trade", "message", "facet", "operator"),
    [
        ("games", "not too complicated", "complexity", "at most"),
        ("games", "too complicated", "complexity", "at most"),
        ("plants", "that is too tall", "height_cm", "at most"),
        ("beers", "something strong", "abv_percent", "at least"),
        ("cars", "low mileage", "mileage_km", "at most"),
        ("plants", "a tall one", "height_cm", "at least"),
        ("jobs", "well paid", "salary_eur_per_year", "at least"),
        ("beers", "big bottles", "bottle_ml", "at least"),
    ],
)
def test_an_adjective_is_told_by_the_number_that_measures_it(shops, trade, message, facet, operator):
    (found,) = shops[trade].understand(message, TalkState()).constraints
    assert (found.facet, found.operator.value) == (facet, operator)
    assert found.confidence < 1


@pytest.mark.parametrize(("word", "operator"), [("taller", "more than"), ("smaller", "less than")])
def test_a_comparative_is_told_by_the_number_that_measures_it(shops, word, operator):
    (found,) = shops["plants"].understand(f"{word} than the first", TalkState(table=("p4", "p5"))).constraints
    assert (found.facet, found.operator.value, found.than) == ("height_cm", operator, "p4")


@pytest.mark.parametrize(
    ("trade", "messages", "wanted"),
    [
        ("cars", ("5 seats", "or 7 seats is fine too", "or 2 seats is fine too"), {("seats", "any of", (5.0, 7.0, 2.0))}),
        ("beers", ("bottles of 330 or 500 ml", "or 750 ml"), {("bottle_ml", "between", (330.0, 750.0))}),
        ("cars", ("diesel or petrol", "rather not diesel"),
         {("fuel", "any of", ("diesel", "petrol")), ("fuel", "is not", "diesel")}),
        ("cars", ("from 5 to 7 seats", "not 7 seats"), {("seats", "between", (5.0, 7.0)), ("seats", "is not", 7.0)}),
        ("cars", ("diesel or petrol", "not diesel"), {("fuel", "is", "petrol"), ("fuel", "is not", "diesel")}),
        ("jobs", ("in Berlin, Vienna or Dublin", "not Vienna"),
         {("city", "any of", ("Berlin", "Dublin")), ("city", "is not", "Vienna")}),
        ("cars", ("a diesel with low mileage", "forget the low mileage"), {("fuel", "is", "diesel")}),
        ("jobs", ("in Berlin", "change Berlin to Vienna"), {("city", "is", "Vienna")}),
    ],
)  # fmt: skip
def test_alternatives_grow_and_shrink_as_the_talk_goes_on(shops, trade, messages, wanted):
    state = TalkState()
    for message in messages:
        state = advance(state, shops[trade].understand(message, state), catalog_of(ROWS[trade]))
    assert {(one.facet, one.operator.value, one.value) for one in state.constraints} == wanted
    assert TalkState.model_validate_json(state.model_dump_json()) == state


def test_too_popular_asks_for_less_popular_ones():
    songs = [{"title": f"Song {n}", "popularity": float(3 * n), "mood": ("calm", "loud")[n % 2]} for n in range(40)]
    (found,) = understanding(songs).understand("too popular", TalkState()).constraints
    assert (found.facet, found.operator.value, found.must) == ("popularity", "at most", False)


def test_a_comparative_that_is_refused_is_turned_round(shops):
    (found,) = shops["plants"].understand("not taller than the first", TalkState(table=("p4", "p5"))).constraints
    assert (found.facet, found.operator.value, found.than) == ("height_cm", "at most", "p4")


def test_a_question_about_a_named_item_asks_about_it(shops):
    request = shops["games"].understand("can I play Harbour Rivals 0 with five?", TalkState())
    assert Act.DETAILS in request.acts
    assert [mention.stance for mention in request.mentions] == [Stance.ASKED]
    strong = shops["beers"].understand("how strong is Golden Hop 0?", TalkState())
    assert strong.asked == ("abv_percent",)


def test_an_item_that_is_refused_is_not_liked(shops):
    request = shops["games"].understand("not Harbour Rivals 0", TalkState())
    assert {mention.stance for mention in request.mentions} == {Stance.DISLIKED}


def test_a_word_that_only_goes_with_a_refused_value_is_not_told_as_unknown(shops):
    assert shops["games"].understand("no party games", TalkState()).unheld == ()
    assert shops["games"].understand("no party dragons, no unicorns", TalkState()).unheld == ("unicorns",)


def test_numbers_with_a_point_before_three_digits_are_thousands_only_of_what_is_counted_in_them():
    assert [q.value for q in read_quantities("max 30.000 km, 1.250 euros, weighs 1.250 kg")] == [30000, 1250, 1.25]


def test_the_last_weeks_are_all_days_since():
    (said,) = read_days("posted in the last two weeks")
    first, _ = meant(said, date(2026, 9, 1), date(2026, 11, 21), date(2026, 11, 22))
    assert (said.bound.value, first) == ("at least", date(2026, 11, 8))


def test_days_of_a_list_that_is_still_written_are_counted_from_today():
    (said,) = read_days("posted this week")
    assert meant(said, date(2026, 9, 1), date(2026, 11, 21), date(2026, 11, 22)) == (
        date(2026, 11, 16),
        date(2026, 11, 22),
    )


@pytest.fixture(scope="module")
def plants(tmp_path_factory, settings):
    folder = tmp_path_factory.mktemp("plants")
    (folder / "plants.jsonl").write_text("\n".join(map(json.dumps, PLANTS)))
    with Shop.build(folder / "plants.jsonl", folder / "plants", settings=settings) as shop:
        yield shop


def test_a_comparison_that_nothing_meets_leaves_what_was_asked_and_is_not_undone(plants):
    talk = plants.talk()
    talk.say("low light")
    held = [chip.label for chip in talk.say("under £6").chips]
    failed = talk.say("cheaper than the first")
    assert not failed.picks
    assert [chip.label for chip in failed.chips] == held
    assert failed.changes == ()
    assert [chip.label for chip in talk.say("undo").chips] == ["low light"]


def test_a_limit_that_contradicts_the_one_before_takes_its_place(plants):
    talk = plants.talk()
    talk.say("under 30 cm")
    assert [chip.label for chip in talk.say("actually over 100 cm").chips] == ["height over 100 cm"]


def test_a_comparative_narrows_the_range_that_was_asked_for(plants):
    talk = plants.talk()
    talk.say("between 100 and 200 cm")
    assert {chip.label for chip in talk.say("smaller than the first").chips} > {"height 100–200 cm"}


def test_the_trades_own_word_is_not_told_as_unknown(plants):
    reply = plants.talk().say("low light plants")
    assert "plants" not in reply.text.lower()
    assert [chip.label for chip in reply.chips] == ["low light"]
