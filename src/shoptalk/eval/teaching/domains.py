"""Small invented catalogs in many trades, from which talks are made: what things are called, facets, values.

All of it (`domains.txt`) is written for shoptalk; values are common words of each trade. One line is one facet: labels,
kind, ways of saying it, values. There '{v}' stands for a value, '{x}' for a text's, '{n}' for what the trade sells,
'{w}' for a number in words, '{s}' for a small number, '{d}' for a decade, '{t}' for a day and '{h}' for a clock time;
brackets show what is the span where it is more than that. Numbers give 'low-high' as their only value.
"""

import json
from dataclasses import dataclass, replace
from importlib.resources import files

from shoptalk.eval.teaching.examples import KnownFacet


@dataclass(frozen=True)
class Facet:
    """A facet and the ways in which people say its values."""

    known: KnownFacet
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """A trade: what its things are called, how items are named, and the facets that talks are about."""

    nouns: tuple[str, ...]
    titles: tuple[str, ...]
    facets: tuple[Facet, ...]


_ADJECTIVE = "{v} {n}|something {v}|a {v} one|{v} {n}|{n} that are {v}"
_OF = "from {v}|made in {v}|{n} from {v}|from {v} if possible"
_BY = "by {v}|from {v}|made by {v}|{v} {n}|a {v}"
_WITH = "with {v}|that has {v}|{v} included|having {v}|{v}"
_IN = "in {v}|in {v}|near {v}|around {v}|located in {v}|somewhere in {v}"
_UNDER = "under {v}|below {v}|no more than {v}|at most {v}|over {v}|at least {v}|around {v}|between {v} and {v}"
_PRICE = "under ${v}|below {v} dollars|for less than {v}|around ${v}|up to {v} bucks|max {v}|cheaper than ${v}"


def domains() -> list[Domain]:
    """All of them; titles and people of the films are those of the embedded demo catalog."""
    text = (files("shoptalk.eval.teaching") / "domains.txt").read_text("utf-8")
    first, *others = [_domain(block.strip().splitlines()) for block in text.strip().split("\n\n")]
    return [_with_demo_films(first), *others]


def _with_demo_films(trade: Domain) -> Domain:
    text = (files("shoptalk") / "demo" / "films.jsonl").read_text("utf-8")
    films = [json.loads(line) for line in text.splitlines()]
    held = {
        "title": tuple(dict.fromkeys(film["title"] for film in films)),
        "director": tuple(dict.fromkeys(name for film in films for name in film["directors"])),
        "actor": tuple(dict.fromkeys(name for film in films for name in film["cast"])),
    }
    facets = [
        replace(facet, known=KnownFacet(facet.known.labels, held[label], facet.known.kind))
        if (label := facet.known.labels[0]) in held
        else facet
        for facet in trade.facets
    ]
    return Domain(trade.nouns, held["title"], tuple(facets))


def _domain(lines: list[str]) -> Domain:
    titles = tuple(lines[1].removeprefix("T: ").split("|"))
    name = KnownFacet(("title", "name", f"{lines[0].split(',')[0]} name"), titles, "name")
    nouns = tuple(lines[0].split(","))
    return Domain(nouns, titles, (Facet(name, ("{v}", "called {v}", "the {n} {v}")), *map(_facet, lines[2:])))


def _facet(line: str) -> Facet:
    labels, *rest = line.split("|")
    if rest[0] in _KINDS:
        kind, *ways, values = rest
    else:
        kind, ways, values = "yes or no", rest[:-1] or rest, ""
    if kind == "yes or no":
        ways, values = [*ways, *([values] if values else [])], ""
    said = "|".join(ways)
    for short, long in _SHORT.items():
        said = said.replace(short, long)
    held = () if kind in ("date", "time of day", "yes or no") else tuple(values.split(","))
    return Facet(
        KnownFacet(tuple(labels.split(",")), held, kind),
        tuple(said.split("|")),
    )


_KINDS = frozenset({"category", "name", "number", "date", "time of day", "text", "yes or no"})
_SHORT = {"@P": _PRICE, "@B": _BY, "@I": _IN, "@A": _ADJECTIVE, "@W": _WITH, "@U": _UNDER, "@O": _OF}
