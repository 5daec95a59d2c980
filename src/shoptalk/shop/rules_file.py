"""`rules.json` in a shop's folder: its own rules as its people write them, read anew whenever the file changes."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from shoptalk.errors import ShopError
from shoptalk.ranking.rules import InForce, Rules, in_force, misfits
from shoptalk.retrieval.catalog import Catalog

__all__ = ["RULES", "RulesFile", "read_rules"]

RULES = "rules.json"
"""The file's name in a shop's folder. Without it there are no rules."""

_log = logging.getLogger(__name__)
_Stamp = tuple[int, int, int] | None
_MOST_TOLD = 8


def read_rules(path: Path, catalog: Catalog) -> Rules:
    """The file's rules, or none if it is not there. Raises ShopError with file, number of the rule and field.

    An id that the catalog does not have is no error: items come and go. A facet that it does not have is one.
    """
    try:
        rules = Rules.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Rules()
    except OSError as error:
        raise _wrong(path, [f"it cannot be read: {error.strerror or error}"]) from error
    except ValidationError as error:
        raise _wrong(path, list(dict.fromkeys(_problems(error)))) from error
    if found := [_placed(number, field, problem) for number, field, problem in misfits(rules, catalog)]:
        raise _wrong(path, found)
    return rules


class RulesFile:
    """A shop's rules over one catalog, as its file has them now. Safe to share between threads.

    Whoever opens a shop is told at once that the file is wrong. One that goes wrong later is told to the log, and the
    rules that were read last stay in force: what is hidden stays hidden while someone edits.
    """

    def __init__(self, path: Path, catalog: Catalog, today: Callable[[], date] | None = None) -> None:
        """Read the file; `today` says which day it is, by default in UTC. Raises ShopError."""
        self._path, self._catalog, self._today = path, catalog, today or _today
        self._lock = Lock()
        self._stamp = _stamp(path)
        self._rules = read_rules(path, catalog)
        self._day = self._today()
        self._now = in_force(self._rules, catalog, self._day)

    def in_force(self) -> InForce:
        """The rules of this moment. It costs one look at the file's size and time as long as nothing changes."""
        stamp, day = _stamp(self._path), self._today()
        if (stamp, day) == (self._stamp, self._day):
            return self._now
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                self._read_anew()
            self._day, self._now = day, in_force(self._rules, self._catalog, day)
            return self._now

    def _read_anew(self) -> None:
        try:
            self._rules = read_rules(self._path, self._catalog)
        except ShopError as error:
            _log.warning("the rules read before stay in force: %s", error)


def _problems(error: ValidationError) -> Iterator[str]:
    for one in error.errors():
        message = one["msg"].removeprefix("Value error, ")
        where = list(one["loc"])
        if where[:1] == ["rules"] and len(where) > 1 and isinstance(where[1], int):
            yield _placed(where[1] + 1, _field(where[2:]), message)
        else:
            yield _placed(None, _field(where), message)


def _field(where: list[int | str]) -> str:
    """'where.0.value' without the kinds of value that were tried for it."""
    known = where[: where.index("value") + 1] if "value" in where else where
    return ".".join(str(part) for part in known)


def _placed(number: int | None, field: str, problem: str) -> str:
    place = [f"rule {number}" if number is not None else "", f"field '{field}'" if field else ""]
    said = ", ".join(part for part in place if part)
    return f"{said}: {problem}" if said else problem


def _wrong(path: Path, problems: list[str]) -> ShopError:
    more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
    told = "; ".join(problem.rstrip(".") for problem in problems[:_MOST_TOLD])
    return ShopError(f"{path}: {told}{more}.", hint="Correct the file, or take it away to go without rules.")


def _stamp(path: Path) -> _Stamp:
    """Changes whenever the file does; None while there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _today() -> date:
    return datetime.now(UTC).date()
