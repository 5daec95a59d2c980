"""Real answers to write sentences about: talks held over three shops, with the embedded parts.

A talk's last turn gives the `Answer`. Which items it shows is written down with the talk, so that sentences written by
hand stay about the same items when the ranking changes; all else is what the turn found.
"""

import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.explaining import Answer
from shoptalk.agent.state import TalkState
from shoptalk.agent.turn import Engine, take_turn
from shoptalk.agent.watch import Watch
from shoptalk.errors import DatasetError
from shoptalk.ranking.rank import Ranked, Ranking
from shoptalk.retrieval.catalog import Item
from shoptalk.settings import Settings

if TYPE_CHECKING:
    from shoptalk.shop import Shop

__all__ = ["CATALOGS", "Held", "hold_talks"]

CATALOGS = ("films", "headphones", "hotels")


@dataclass(frozen=True)
class Held:
    """A talk that was held: its name, what the person said, the answer to the last of it, and the catalog's items."""

    catalog: str
    name: str
    messages: tuple[str, ...]
    answer: Answer
    items: tuple[Item, ...] = field(repr=False)

    @property
    def key(self) -> str:
        """'films/like-alien'."""
        return f"{self.catalog}/{self.name}"


class _Keeping:
    """An `Explaining` that says nothing and keeps what it was to explain."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def explain(self, answer: Answer, watch: Watch | None = None) -> Iterator[str]:
        """No text."""
        self.answers.append(answer)
        return iter(())


def hold_talks() -> tuple[Held, ...]:
    """All talks, in the order of talks.toml. Raises DatasetError if an item that a talk shows is not found by it."""
    return _held_once()


@cache
def _held_once() -> tuple[Held, ...]:
    told = tomllib.loads(files(__package__).joinpath("talks.toml").read_text(encoding="utf-8"))
    held: list[Held] = []
    with tempfile.TemporaryDirectory() as home:
        for catalog in CATALOGS:
            with _shop(catalog, Path(home)) as shop:
                engine = replace(shop.refresh().engine, understanding=shop.understanding)
                items = tuple(engine.catalog.item(row) for row in range(len(engine.catalog)))
                held += [_hold(catalog, talk, engine, items) for talk in told[catalog]]
    return tuple(held)


@contextmanager
def _shop(catalog: str, home: Path) -> Iterator["Shop"]:
    """The catalog's shop with the embedded parts, whatever the environment says."""
    from shoptalk.shop import Shop

    settings = Settings(
        home=home / "shops", cache=home / "cache", encoder="hashing", tagger=None, talk_encoder=None, chroma_url=None
    )
    folder = files("shoptalk.demo") if catalog == "films" else files(__package__)
    with as_file(folder.joinpath(f"{catalog}.jsonl")) as path, Shop.build(path, settings=settings) as shop:
        yield shop


def _hold(catalog: str, talk: dict[str, Any], engine: Engine, items: tuple[Item, ...]) -> Held:
    keeping, state = _Keeping(), TalkState()
    engine = replace(engine, explaining=keeping)
    *earlier, last = talk["messages"]
    for message in earlier:
        state = _turn(engine, state, message)
    picks = talk.get("picks", ())
    _turn(replace(engine, ranking=_Showing(engine.ranking, picks)) if picks else engine, state, last)
    answer = keeping.answers[-1]
    lost = set(picks) - {pick.item.id for pick in answer.picks}
    if lost:
        hint = "Its sentences are about these items: see eval/claims/talks.toml."
        raise DatasetError(f"the talk {catalog}/{talk['name']} no longer finds {', '.join(sorted(lost))}.", hint=hint)
    return Held(catalog, talk["name"], tuple(talk["messages"]), answer, items)


def _turn(engine: Engine, state: TalkState, message: str) -> TalkState:
    after: list[TalkState] = []
    for _ in take_turn(engine, state, message, lambda state, *_: after.append(state)):
        pass
    return after[-1]


class _Showing(Ranking):
    """A ranking that shows the items it is told to, as far as they are among the candidates."""

    def __init__(self, ranking: Ranking, ids: Sequence[str]) -> None:
        self.__dict__.update(ranking.__dict__)
        self._ids = tuple(ids)

    def pick(self, ranked: Ranked, k: int) -> NDArray[np.int64]:
        """Places in `ranked` of the items, in the order they were given in."""
        ids = self.space.catalog.ids
        places = {ids[row]: place for place, row in enumerate(ranked.rows.tolist())}
        return np.array([places[one] for one in self._ids if one in places], dtype=np.int64)
