"""Who had to do with what: purchase sequences in RecBole's atomic format, and MovieLens' ratings.

The sequences: `interactions.tsv` with a user, the items that they bought (oldest first) and the one that came next, and
`items.tsv` with the titles. MovieLens (Harper and Konstan, TiiS 2015): `ratings.csv` and `movies.csv`.
"""

import csv
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.files import bad_record, lines, opened, required

__all__ = ["Purchases", "RatedFilm", "Rating", "read_purchases", "read_rated_films", "read_ratings", "read_titles"]

_GAMES = "Give a folder with interactions.tsv and items.tsv, columns named as in RecBole ('user_id:token', ...)."
_MOVIELENS = "Give the folder of a MovieLens dataset, with ratings.csv and movies.csv."
_YEAR = re.compile(r"\s*\((\d{4})[^)]*\)\s*$")
_ARTICLE = re.compile(r"^(.+?), (The|A|An|Le|La|Les|Un|Une|Il|Lo|Gli|El|Los|Las|Der|Die|Das|Den|Det)(?= \(|$)")
_NO_GENRE = "(no genres listed)"


@dataclass(frozen=True, slots=True)
class Purchases:
    """What a user bought, oldest first, and the item that came next."""

    user: str
    items: tuple[str, ...]
    next_item: str


@dataclass(frozen=True, slots=True)
class Rating:
    """Stars from 0.5 to 5; `time` in seconds since 1970."""

    user: str
    film: str
    stars: float
    time: int


@dataclass(frozen=True, slots=True)
class RatedFilm:
    """A film, its article in front ('The Matrix') and the year apart."""

    id: str
    title: str
    year: int | None
    genres: tuple[str, ...]


def read_purchases(folder: Path) -> Iterator[Purchases]:
    """All users' sequences. Raises DatasetError if the file is not there or malformed."""
    path = required(folder, "interactions.tsv", hint=_GAMES)
    for number, row in _rows(path, "\t", ("user_id:token", "item_id_list:token_seq", "item_id:token")):
        user, items, following = row
        if not (items.split() and following):
            raise bad_record(path, number, ValueError("a user has bought nothing before the last item"))
        yield Purchases(user, tuple(items.split()), following)


def read_titles(folder: Path) -> Iterator[tuple[str, str]]:
    """Ids and titles of the items, `&amp;` and the like undone. Raises DatasetError if the file is not there."""
    path = required(folder, "items.tsv", hint=_GAMES)
    for _, (item, title) in _rows(path, "\t", ("item_id:token", "title:token_seq")):
        yield item, html.unescape(title).strip()


def read_ratings(folder: Path) -> Iterator[Rating]:
    """All ratings in the order of the file. Raises DatasetError if it is not there or malformed."""
    path = required(folder, "ratings.csv", hint=_MOVIELENS)
    for number, (user, film, stars, time) in _rows(path, ",", ("userId", "movieId", "rating", "timestamp")):
        try:
            yield Rating(user, film, float(stars), int(time))
        except ValueError as error:
            raise bad_record(path, number, error) from error


def read_rated_films(folder: Path) -> Iterator[RatedFilm]:
    """All films. Raises DatasetError if the file is not there or malformed."""
    path = required(folder, "movies.csv", hint=_MOVIELENS)
    for _, (film, title, genres) in _rows(path, ",", ("movieId", "title", "genres")):
        year = _YEAR.search(title)
        kept = tuple(genre for genre in genres.split("|") if genre and genre != _NO_GENRE)
        yield RatedFilm(
            film, _ARTICLE.sub(r"\2 \1", _YEAR.sub("", title).strip()), int(year[1]) if year else None, kept
        )


def _rows(path: Path, separator: str, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a table with exactly these columns first, numbered from 1. Raises DatasetError where there are others."""
    records = _split_lines(path) if separator == "\t" else _csv_rows(path)
    _, header = next(records, (0, []))
    if tuple(header[: len(columns)]) != columns:
        raise DatasetError(f"{path}: its columns are {', '.join(header)}; {', '.join(columns)} are expected.")
    for number, (_, row) in enumerate(records, start=1):
        if len(row) < len(columns):
            raise bad_record(path, number, ValueError(f"it has {len(row)} fields where {len(columns)} are expected"))
        yield number, row[: len(columns)]


def _split_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Fields between tabs; a quotation mark is a mark like any other ('2.5" drive')."""
    for number, line in lines(path):
        yield number, line.split("\t")


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with opened(path) as file:
            yield from enumerate(csv.reader(file), start=1)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: it cannot be read: {error}.") from error
