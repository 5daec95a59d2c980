"""Holds the films that ship with shoptalk against the public list of American films, wiki_movies.

usage: python docs/check_films.py PATH/movies.jsonl.gz

A film is looked up by its folded title within one year. Printed: how many were found, how many agree on the year, how
many on at least one member of the cast, and every disagreement, so that a person can judge it.
"""

import gzip
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any

Film = dict[str, Any]


def folded(text: str) -> str:
    """Letters and digits of a text, without case or accents."""
    plain = unicodedata.normalize("NFKD", text)
    return re.sub(r"[\W_]+", "", "".join(c for c in plain if not unicodedata.combining(c)).casefold())


def nearest(film: Film, namesakes: list[Film]) -> Film | None:
    """The listed film of that title with the year nearest to ours, at most one year away."""
    near = [other for other in namesakes if abs(other["year"] - film["year"]) <= 1]
    return min(near, key=lambda other: abs(other["year"] - film["year"]), default=None)


def shares_cast(film: Film, other: Film) -> bool:
    """True if one name stands in both casts."""
    return bool({folded(name) for name in film["cast"]} & {folded(name) for name in other["cast"]})


def main(reference: str) -> None:
    """Compare and print."""
    films = [json.loads(line) for line in (files("shoptalk.demo") / "films.jsonl").read_text("utf-8").splitlines()]
    listed: dict[str, list[Film]] = defaultdict(list)
    with gzip.open(Path(reference), "rt", encoding="utf-8") as lines:
        for line in lines:
            other = json.loads(line)
            listed[folded(other["title"])].append(other)
    pairs = [(film, other) for film in films if (other := nearest(film, listed[folded(film["title"])]))]
    for film, other in pairs:
        if film["year"] != other["year"]:
            print(f"year: {film['title']}: {film['year']}, listed {other['year']}")
        if not shares_cast(film, other):
            print(f"cast: {film['title']} ({film['year']}): {film['cast']}, listed {other['cast']}")
    same_year = sum(film["year"] == other["year"] for film, other in pairs)
    decades = Counter(film["year"] // 10 * 10 for film in films)
    foreign = sum(film["languages"][0] != "English" for film in films)
    print(f"films {len(films)}; not in English {foreign} ({foreign / len(films):.0%})")
    print(f"by decade {dict(sorted(decades.items()))}")
    same_cast = sum(shares_cast(film, other) for film, other in pairs)
    print(f"found in the list {len(pairs)}; same year {same_year}; shared cast {same_cast}")


if __name__ == "__main__":
    main(sys.argv[1])
