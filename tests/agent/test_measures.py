"""Numbers said in other units than the catalog counts in, and years that no calendar has."""

import pytest

from shoptalk import Shop
from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding

HEADER = "id,title,description,width_cm,weight_g,volume_ml,price_eur,released,top_100_rank"
THINGS = [
    f"t{n},{('Oak', 'Elm', 'Ash')[n % 3]} {('shelf', 'box', 'jar')[n % 3]} {n},A plain thing,{20 + n},{100 * (1 + n)},{50 * n + 50},{5 + n},"
    f"20{10 + n % 12}-03-1{n % 9},{n % 7}"
    for n in range(40)
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory, settings):
    folder = tmp_path_factory.mktemp("things")
    (folder / "things.csv").write_text("\n".join([HEADER, *THINGS]))
    with Shop.build(folder / "things.csv", folder / "things-2024", settings=settings) as shop:
        yield shop


@pytest.mark.parametrize(
    ("message", "facet", "operator", "value"),
    [
        ("something under 40 cm", "width_cm", "less than", 40.0),
        ("at most 0.5 m wide", "width_cm", "at most", 50.0),
        ("under 10 inches", "width_cm", "less than", 25.4),
        ("less than 1 kg", "weight_g", "less than", 1000.0),
        ("under 500 g", "weight_g", "less than", 500.0),
        ("at least 0.5 litres", "volume_ml", "at least", 500.0),
        ("between 500 g and 2 kg", "weight_g", "between", (500.0, 2000.0)),
    ],
)
def test_a_measure_is_held_against_the_facet_in_its_own_unit(shop, message, facet, operator, value):
    (constraint,) = EmbeddedUnderstanding(shop.catalog).understand(message, TalkState()).constraints
    assert (constraint.facet, constraint.operator, constraint.value) == (facet, operator, value)
    assert constraint.must


def test_a_pick_is_as_light_as_was_asked_for(shop):
    picks = shop.talk().say("less than 0.5 kg").picks
    assert picks
    assert all(pick.item.facets["weight_g"] < 500 for pick in picks)


@pytest.mark.parametrize(
    "message",
    ["released after 50000", "released after 0", "released before 99999", "the last 99999 years", "released in 12000"],
)
def test_years_that_no_calendar_has_are_no_error(shop, message):
    assert shop.talk().say(message).text


def test_numbers_in_the_shops_name_and_labels_are_no_reason_to_fall_silent(shop):
    assert "40 items of things-2024" in shop.talk().say("hello").text
    assert "40 items of things-2024" in shop.talk().say("help").text
    assert "top 100 rank" in shop.talk().say("top 100 rank under 3").text


def test_how_many_are_shown_may_be_said(shop):
    talk = shop.talk()
    talk.say("show me 12 things wider than 21 cm")
    reply = talk.say("show me more")
    assert len(reply.picks) == 12
    assert reply.text.startswith("12 more")


def test_a_kind_of_thing_that_a_third_of_the_shop_is_can_be_asked_for(shop):
    reply = shop.talk().say("a jar")
    assert reply.request.text == "jar"
    assert all("jar" in pick.item.title for pick in reply.picks)
