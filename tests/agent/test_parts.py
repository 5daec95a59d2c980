"""Items named by a part of their title, by another name they have, or by a plain word that is also a value."""

import pytest

from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect, to_items
from shoptalk.retrieval.flattening import flatten
from shoptalk.retrieval.query import Stance
from shoptalk.retrieval.reading import Record

_LATIN = ("Monstera deliciosa", "Spathiphyllum wallisii", "Aloe vera", "Hedera helix", "Ficus lyrata")
_COMMON = ("Swiss cheese plant", "Peace lily", "Aloe", "English ivy", "Fiddle-leaf fig")
PLANTS = [
    {
        "Latin name": _LATIN[n] if n < len(_LATIN) else f"Planta {n}",
        "Common name": _COMMON[n] if n < len(_COMMON) else f"Plant of {n} leaves",
        "light": ("low", "medium", "full sun")[n % 3],
        "price": 4.5 + n,
    }
    for n in range(40)
]
SHOES = [
    {
        "product": f"{brand} {model} {number}{suffix}",
        "brand": brand,
        "weight_g": 180 + number,
    }
    for number, (brand, model) in enumerate(
        [("Velo", "Pegasus"), ("Velo", "Zoom"), ("Orca", "Tide"), ("Orca", "Reef")] * 5, 40
    )
    for suffix in ((" Men's", " Women's") if model != "Pegasus" or number == 40 else ())
]
FILMS = [
    {
        "title": ("Alien", "Western", "The Long Road", "Night Harbour")[n] if n < 4 else f"Film of {n}",
        "genre": ("horror", "western", "drama")[n % 3],
        "keywords": [("alien", "space"), ("road", "train"), ("harbour", "night")][n % 3],
        "year": 1970 + n,
    }
    for n in range(40)
]


def mentions(rows, message):
    records = [Record(row, flatten(content)) for row, content in enumerate(rows, start=1)]
    schema = detect(records)
    understanding = EmbeddedUnderstanding(Catalog.from_items(list(to_items(records, schema)), schema))
    return [(one.title, one.stance) for one in understanding.understand(message, TalkState()).mentions]


@pytest.mark.parametrize(
    ("rows", "message", "expected"),
    [
        (
            SHOES,
            "i own the pegasus",
            [("Velo Pegasus 40 Men's", Stance.OWNED), ("Velo Pegasus 40 Women's", Stance.OWNED)],
        ),
        (PLANTS, "I have a monstera already", [("Monstera deliciosa", Stance.OWNED)]),
        (PLANTS, "i've had the fiddle-leaf", [("Ficus lyrata", Stance.SEEN)]),
        (PLANTS, "do you have a peace lilly", [("Spathiphyllum wallisii", Stance.ASKED)]),
        (PLANTS, "like the monstera but under 20", [("Monstera deliciosa", Stance.SIMILAR)]),
        (FILMS, "i've seen alien", [("Alien", Stance.SEEN)]),
    ],
)
def test_a_telling_part_of_a_title_names_the_item_behind_a_stance(rows, message, expected):
    assert mentions(rows, message) == expected


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (PLANTS, "i have a dog"),
        (PLANTS, "i have a small budget"),
        (PLANTS, "i love leaves"),  # of many plants
        (FILMS, "i've seen a western"),  # a kind
        (FILMS, "i love horror"),
        (SHOES, "i own a zoom"),  # of many shoes
    ],
)
def test_what_many_titles_hold_or_none_names_no_item(rows, message):
    assert mentions(rows, message) == []
