"""A made-up catalog of any size, so that a measurement can be run where there is no data: the same for the same seed.

The words are the project's own. Facets are of every kind and spread (few categories, many brands, skewed prices, absent
values), since that is what decides how fast filters and features are.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["synthetic_records", "write_synthetic"]

_KINDS = {
    "Kitchen": "kettle toaster pan knife blender teapot scale grater colander mug",
    "Garden": "spade hose lantern bench planter rake trellis parasol sprinkler gloves",
    "Office": "desk chair lamp notebook stapler monitor keyboard organiser shredder whiteboard",
    "Outdoor": "tent rucksack stove compass hammock torch bottle mattress poncho cooler",
    "Music": "guitar ukulele amplifier microphone drum keyboard metronome stand tuner cable",
    "Toys": "puzzle kite robot train blocks doll marbles telescope yoyo castle",
    "Clothing": "jacket scarf boots jumper cap raincoat belt mittens shirt socks",
    "Sport": "racket bicycle helmet dumbbell skates paddle goggles whistle net skipping-rope",
    "Home": "rug curtain mirror clock vase cushion candle shelf blanket frame",
    "Audio": "headphones speaker radio turntable recorder earbuds soundbar receiver subwoofer mixer",
}
_TEXTS = {
    "first": "Nor Vel Tam Ost Bry Kel Lum Fen Gar Hol Mar Pell Quin Ros Sal Thorn Ul Wex Yar Zan",
    "second": "by dal ford gate ham mere nook ridge ster ton vale wick",
    "quality": "sturdy compact folding quiet bright warm waterproof classic modern handmade rugged slim soft washable "
    "portable silent light simple precise rustic polished insulated stackable breathable cordless",
    "colour": "black white red blue green grey brown yellow orange purple silver gold cream pink turquoise",
    "material": "wood steel cotton glass bamboo leather wool plastic ceramic aluminium linen cork rubber paper",
    "place": "kitchen garden balcony studio office workshop beach mountain forest village harbour attic caravan",
    "people": "children beginners gardeners travellers students cooks musicians climbers collectors grandparents",
    "act": "carry clean store repair share tune pack open hang wash assemble charge fold sharpen",
    "time": "winters summers mornings evenings weekends holidays birthdays picnics journeys",
}
_WORDS = {name: text.split() for name, text in _TEXTS.items()}
_TEMPLATES = (
    "This {quality} {thing} made of {material}, easy to {act} and to {act2}.",
    "Made for {people} who spend their {time} in the {place}.",
    "{people} like it because it is {quality} and {quality2}; it comes in {colour}.",
    "Take it to the {place}, or keep it at home for {time}.",
    "The {material} is {quality2}, and the {thing} stays {quality} for years.",
    "Tested in the {place} by {people}: simple to {act}, hard to break.",
)


def synthetic_records(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`count` records of things that a made-up shop sells, every title different."""
    dice = Random(seed)
    brands = [first + second for first in _WORDS["first"] for second in _WORDS["second"]]
    for number in range(count):
        yield _record(number, dice, brands)


def write_synthetic(path: Path, count: int, seed: int = 0) -> Path:
    """Write the records as JSON lines (gzip if the name ends in `.gz`)."""
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w", encoding="utf-8") as file:
        for record in synthetic_records(count, seed):
            file.write(json.dumps(record) + "\n")
    return path


def _record(number: int, dice: Random, brands: list[str]) -> dict[str, Any]:
    category = dice.choice(list(_KINDS))
    thing = dice.choice(_KINDS[category].split())
    brand = brands[min(int(dice.expovariate(1 / 40)), len(brands) - 1)]
    words = {name: dice.choice(choices) for name, choices in _WORDS.items()} | {"thing": thing}
    words["quality"], words["quality2"] = dice.sample(_WORDS["quality"], 2)
    words["act"], words["act2"] = dice.sample(_WORDS["act"], 2)
    sentences = [template.format(**words) for template in dice.sample(_TEMPLATES, dice.randint(2, 4))]
    model = f"{number % 997 + 3}{'ABCDEFGH'[number // 997 % 8]}-{number // 7976}"
    known = dice.random()
    return {
        "id": f"s{number:06d}",
        "title": f"{brand} {words['quality'].title()} {thing.title()} {model}",
        "description": " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences),
        "category": category,
        "brand": brand,
        "price": round(4 + dice.lognormvariate(3.4, 0.9), 2),
        "rating": round(min(5.0, max(1.0, dice.gauss(3.9, 0.6))), 1) if known > 0.1 else None,
        "reviews": int(dice.lognormvariate(3, 1.6)) if known > 0.1 else 0,
        "colours": dice.sample(_WORDS["colour"], dice.randint(1, 3)),
        "material": words["material"],
        "tags": sorted({words[name] for name in ("quality", "quality2", "place", "people")}),
        "weight_kg": round(0.05 + dice.lognormvariate(0.2, 0.8), 2) if known < 0.85 else None,
        "released": f"{dice.randint(2008, 2024)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
        "in_stock": dice.random() > 0.07,
    }
