"""First messages over a wide catalog: most columns are filled by few items, and every noun is a value or a label there."""

import pytest

from shoptalk.agent.accidents import accidental
from shoptalk.agent.state import TalkState, advance, query_of
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import Overrides, detect
from shoptalk.retrieval.itemizing import to_items
from shoptalk.retrieval.query import Act, Operator
from shoptalk.retrieval.reading import Record

KINDS = ("laptop", "cable", "phone case", "drive", "keyboard", "toner")
MAKERS = ("Aurel", "Brixton", "Corvo")
#: Columns that only every tenth item has, by name: what they hold.
RARE = {
    "cables included": ("phone", "usb"), "cable type": ("external", "flat"), "connector": ("hdmi", "dvi"),
    "keyboard layout": ("qwerty", "azerty"), "battery kind": ("lithium", "alkaline"), "mounting": ("wall", "desk"),
    "finish": ("matte", "glossy"), "sleeve": ("felt", "leather"), "locking": ("twist", "click"),
    "backing": ("foam", "paper"), "rating label": ("gold", "silver"), "plug": ("european", "british"),
    "lens": ("wide", "narrow"), "seal": ("rubber", "wax"), "casing": ("steel", "tin"), "print": ("inkjet", "laser"),
    "foot": ("round", "square"), "strap": ("nylon", "cotton"),
}  # fmt: skip


@pytest.fixture(scope="module")
def electronics():
    records = [
        Record(n, {
            "name": f"{MAKERS[n % 3]} {KINDS[n % 6]} {n}", "brand": MAKERS[n % 3], "price": 20.0 + 7 * n,
            **{column: values[n // 10 % 2] for place, (column, values) in enumerate(RARE.items()) if n % 10 == place % 10},
        })
        for n in range(1, 241)
    ]  # fmt: skip
    facets = ("brand:category:brand", *(f"{column}:category" for column in RARE))
    schema = detect(records, Overrides(title="name", price="price", facets=facets))
    return Catalog.from_items(to_items(records, schema), schema)


@pytest.fixture(scope="module")
def understand(electronics):
    understanding = EmbeddedUnderstanding(electronics)
    return lambda message: understanding.understand(message, TalkState())


def test_the_catalog_is_wide(electronics, films):
    assert accidental(electronics) == frozenset(RARE)
    assert not accidental(films)


@pytest.mark.parametrize(
    "message",
    [
        "phone case",
        "external hard drive",
        "hdmi cable",
        "keyboard",
        "matte sleeve",
        "wall plug",
        "batteries",
        "toner 5",
    ],
)
def test_what_is_looked_for_is_searched_in_its_own_words(understand, message):
    request = understand(message)
    assert not request.constraints
    assert request.text == message
    assert Act.FIND in request.acts


def test_the_number_of_a_model_limits_nothing(understand):
    request = understand("Brixton tn-2110 toner")
    assert [(one.facet, one.value, one.must) for one in request.constraints] == [("brand", "Brixton", True)]
    assert request.text == "tn-2110 toner"
    assert not request.unheld


STATED = [
    ("a phone case under 100", ("price", Operator.LESS_THAN, 100.0)),
    ("a laptop, connector: hdmi", ("connector", Operator.IS, "hdmi")),
    ("a keyboard, not Aurel", ("brand", Operator.IS_NOT, "Aurel")),
    ("a cable but no hdmi", ("connector", Operator.IS_NOT, "hdmi")),
    ("a Corvo laptop", ("brand", Operator.IS, "Corvo")),
]


@pytest.mark.parametrize(("message", "expected"), STATED)
def test_what_was_stated_still_has_to_hold(understand, message, expected):
    (one,) = understand(message).constraints
    assert ((one.facet, one.operator, one.value), one.must) == (expected, True)


def test_a_makers_items_are_told_apart_by_its_name_where_nothing_else_does(understand, electronics):
    def asked(message):
        return query_of(advance(TalkState(), understand(message), electronics), electronics)

    assert (asked("corvo").text, asked("corvo laptop").text) == ("Corvo", "laptop")
    assert [one.value for one in asked("corvo").must] == ["Corvo"]


def test_where_ratings_tell_what_comes_first_a_genre_alone_is_not_searched_for(films):
    request = EmbeddedUnderstanding(films).understand("a comedy", TalkState())
    query = query_of(advance(TalkState(), request, films), films)
    assert (query.text, [one.value for one in query.must]) == ("", ["Comedy"])
