"""Messages as people might write them, made from a catalog's facets, titles and words; the same for the same seed."""

import re
from collections.abc import Iterator
from random import Random

import numpy as np

from shoptalk.retrieval.catalog import Catalog, CategoryColumn, NumberColumn
from shoptalk.retrieval.schema import Column, Meaning

__all__ = ["made_talks"]

_TURNS = 4
_WORD = re.compile(r"[a-zA-Z]{5,14}")
_FIRST = (
    "I am looking for something with {value}",
    "something like {title}",
    "{value}, {number}",
    "do you have anything about {word} and {word2}?",
    "{value} but not {value2}",
    "show me three with {value} {number}",
    "a {word} {word2} for the weekend",
    "{number}, something with {word}",
    "recommend me something similar to {title} but with {word}",
)
_NEXT = (
    "what about {value}?",
    "more like these, but with {word}",
    "not {value}",
    "rather {number}",
    "I have seen {title}",
    "the second one is nice, others with {word}?",
    "actually {value}, {number}",
    "anything with {word} or {word2} instead?",
)
_TRIES = 200


def made_talks(catalog: Catalog, messages: int, seed: int = 0) -> list[list[str]]:
    """Talks of four messages each (the last may be shorter), no message twice; fewer if the catalog gives no more."""
    dice = Random(seed)
    said: set[str] = set()
    talks: list[list[str]] = []
    while len(said) < messages:
        templates = _FIRST if not talks or len(talks[-1]) == _TURNS else _NEXT
        message = next((one for one in _drawn(catalog, templates, dice) if one not in said), None)
        if message is None:
            break
        if templates is _FIRST:
            talks.append([])
        talks[-1].append(message)
        said.add(message)
    return talks


def _drawn(catalog: Catalog, templates: tuple[str, ...], dice: Random) -> Iterator[str]:
    for _ in range(_TRIES):
        template = dice.choice(templates)
        words = _words(catalog, dice), _words(catalog, dice)
        parts = {
            "value": _value(catalog, dice) or words[0],
            "value2": _value(catalog, dice) or words[1],
            "number": _number(catalog, dice) or f"with {words[1]}",
            "title": catalog.titles[dice.randrange(len(catalog))],
            "word": words[0],
            "word2": words[1],
        }
        yield template.format(**parts)


def _value(catalog: Catalog, dice: Random) -> str | None:
    """A value of a category facet, as often as items have it."""
    columns = [catalog.column(facet.name) for facet in catalog.schema.facets]
    categories = [column for column in columns if isinstance(column, CategoryColumn) and len(column.codes)]
    if not categories:
        return None
    column = dice.choice(categories)
    return column.values[int(column.codes[dice.randrange(len(column.codes))])]


def _number(catalog: Catalog, dice: Random) -> str | None:
    """A bound on a number facet at some quantile of its values, with its label and unit."""
    facets = [facet for facet in catalog.schema.facets if isinstance(catalog.column(facet.name), NumberColumn)]
    if not facets:
        return None
    facet = dice.choice(facets)
    column = catalog.column(facet.name)
    assert isinstance(column, NumberColumn)
    known = column.values[~np.isnan(column.values)]
    if not len(known):
        return None
    low, high = np.quantile(known, sorted((dice.uniform(0.05, 0.6), dice.uniform(0.4, 0.95)))).tolist()
    return _bound(facet, low, high, dice)


def _bound(facet: Column, low: float, high: float, dice: Random) -> str:
    if facet.meaning is Meaning.YEAR:
        decade = int(low) // 10 * 10
        return dice.choice((f"from the {decade}s", f"after {low:.0f}", f"between {low:.0f} and {high:.0f}"))
    unit = f" {facet.unit}" if facet.unit else ""
    label = "" if facet.unit else f"{facet.label or facet.name} "
    return label + dice.choice((f"under {high:.3g}{unit}", f"at least {low:.3g}{unit}", f"about {low:.3g}{unit}"))


def _words(catalog: Catalog, dice: Random) -> str:
    """A word from some item's text or title."""
    row = dice.randrange(len(catalog))
    found = _WORD.findall(catalog.texts[row]) or _WORD.findall(catalog.titles[row])
    return dice.choice(found).lower() if found else "anything"
