"""Days that a sentence tells, as the words in which a record tells them: '4 may 2016', 'may 2016'."""

from collections.abc import Sequence
from dataclasses import dataclass

from shoptalk.agent.claims.pieces import Piece

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH_OF = {**{month: month for month in _MONTHS}, **{month[:3]: month for month in _MONTHS}, "sept": "september"}
_ORDINAL = ("st", "nd", "rd", "th", "")
_LAST_DAY, _FIRST_YEAR = 31, 1500


@dataclass(frozen=True)
class Day:
    """A day, month or day of a year: its pieces from `first` up to `last` (past the end), and its words."""

    first: int
    last: int
    stems: tuple[str, ...]


def days_in(pieces: Sequence[Piece]) -> list[Day]:
    """The days of a sentence, left to right."""
    found = []
    for at, piece in enumerate(pieces):
        if (piece.form in _MONTH_OF and piece.capital and (day := _around(pieces, at))) or (
            piece.value is not None and (day := _iso(pieces, at))
        ):
            found.append(day)
    return found


def _around(pieces: Sequence[Piece], at: int) -> Day | None:
    month = _MONTH_OF[pieces[at].form]
    before = at - 1 if at and pieces[at - 1].form != "of" else at - 2
    first, last, day = at, at + 1, ""
    if before >= 0 and _is_day(pieces[before]):
        first, day = before, f"{pieces[before].value:g}"
    elif last < len(pieces) and _is_day(pieces[last]):
        last, day = last + 1, f"{pieces[last].value:g}"
    comma = last < len(pieces) and pieces[last].text == ","
    year = pieces[last + comma] if last + comma < len(pieces) else None
    if year is not None and year.value is not None and year.value >= _FIRST_YEAR and not year.tail:
        stems = (day, month, f"{year.value:g}") if day else (month, f"{year.value:g}")
        return Day(first, last + comma + 1, stems)
    return Day(first, last, (day, month)) if day else None


def _is_day(piece: Piece) -> bool:
    return piece.value is not None and 1 <= piece.value <= _LAST_DAY and piece.tail in _ORDINAL


def _iso(pieces: Sequence[Piece], at: int) -> Day | None:
    run = pieces[at : at + 5]
    if len(run) < 5 or [run[1].text, run[3].text] != ["-", "-"] or (run[0].value or 0) < _FIRST_YEAR:
        return None
    return Day(at, at + 5, (run[0].stem, run[2].stem, run[4].stem)) if run[2].value and run[4].value else None
