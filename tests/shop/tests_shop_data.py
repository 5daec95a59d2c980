"""Made-up products for the tests of this room."""

import json
from pathlib import Path

COLOURS = ("red", "blue", "green", "black")
KINDS = ("lamp", "chair", "table", "shelf", "rug")
WORDS = ("warm light for reading", "solid oak for the kitchen", "soft and quiet", "small enough for a corner")


def product(number, **changes):
    kind, colour = KINDS[number % 5], COLOURS[number % 4]
    return {
        "id": f"p{number:03}",
        "title": f"{colour.title()} {kind} no. {number}",
        "description": f"A {colour} {kind}, {WORDS[number % 3]}, made in workshop {number * 7 % 40}.",
        "colour": colour,
        "kind": kind,
        "price": 10.0 + number * 3 % 90,
        "year": 1990 + number % 30,
    } | changes


def products(count=24):
    return [product(number) for number in range(count)]


def write_records(path: Path, records) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path
