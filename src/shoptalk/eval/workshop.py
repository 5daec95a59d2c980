"""A shop made for a benchmark: built of a data set's items, trained on its training part, kept for the next time."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

import shoptalk
from shoptalk.eval.datasets.collections import DialogueSet, InteractionSet, SearchSet, Set
from shoptalk.eval.measuring import peak_memory
from shoptalk.eval.standings import Stage
from shoptalk.settings import Settings
from shoptalk.shop import Shop
from shoptalk.shop.folder import write_whole

if TYPE_CHECKING:
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.shop.parts import Progress

__all__ = ["Made", "opened_shop"]

_RECORD, _ITEMS, _INTERACTIONS, _SHOP = "made.json", "items.jsonl", "interactions.parquet", "shop"


class Made(BaseModel):
    """How a benchmark's shop was made. Written when all is done, so a shop beside it is whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: str
    moment: str
    stages: tuple[Stage, ...]
    peak_memory: float
    trained_on: dict[str, int]


@contextmanager
def opened_shop(
    told: Set,
    split: str,
    *,
    work: Path | None = None,
    fresh: bool = False,
    settings: Settings | None = None,
    encoder: "Encoder | None" = None,
    progress: "Progress | None" = None,
) -> Iterator[tuple[Shop, Made]]:
    """The shop for that data set and split, and how it was made.

    It lies in `work`, or else under the settings' home in a folder of its own for each content; one that is whole there
    is used again unless `fresh`. Raises what building and training raise.
    """
    settings = settings or Settings()
    content = _content_of(told, settings)
    work = work or settings.home / "bench" / f"{told.name}-{split}-{content[:12]}"
    made = None if fresh else _made_before(work, content)
    if made is None:
        shop, made = _make(told, content, work, settings, encoder, progress)
    else:
        shop = Shop.open(work / _SHOP, settings=settings, encoder=encoder, progress=progress)
    with shop:
        yield shop, made


def _make(
    told: Set, content: str, work: Path, settings: Settings, encoder: "Encoder | None", progress: "Progress | None"
) -> tuple[Shop, Made]:
    work.mkdir(parents=True, exist_ok=True)
    (work / _RECORD).unlink(missing_ok=True)
    timed = _Timed(progress)
    shop = Shop.build(
        _write_items(told, work / _ITEMS),
        work / _SHOP,
        name=told.name,
        overrides=told.overrides,
        replace=(work / _SHOP).exists(),
        settings=settings,
        encoder=encoder,
        progress=timed,
    )
    try:
        trained_on = _train(shop, told, work, timed)
    except BaseException:
        shop.close()
        raise
    made = Made(
        content=content,
        moment=datetime.now(UTC).isoformat(timespec="seconds"),
        stages=timed.stages(),
        peak_memory=peak_memory(),
        trained_on=trained_on,
    )
    write_whole(work / _RECORD, made.model_dump_json(indent=1).encode())
    return shop, made


def _train(shop: Shop, told: Set, work: Path, progress: "Progress") -> dict[str, int]:
    """Let the shop learn from the training part; tells what that was."""
    match told:
        case DialogueSet():
            # The ranker learns on the last ones: those in exact order, which the talk transformer was not taught on.
            dialogues = sorted(told.train, key=lambda one: one.id in told.exact)
            shop.train(dialogues=dialogues, interactions=None, progress=progress)
            return {"dialogues": len(told.train), "turns": sum(len(one.turns) for one in told.train)}
        case InteractionSet():
            told.train.frame().write_parquet(work / _INTERACTIONS)
            shop.train(dialogues=None, interactions=work / _INTERACTIONS, progress=progress)
            return {"users": len(set(told.train.users.tolist())), "interactions": len(told.train)}
        case SearchSet():
            return {}


def _made_before(work: Path, content: str) -> Made | None:
    try:
        made = Made.model_validate_json((work / _RECORD).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return made if made.content == content and (work / _SHOP).is_dir() else None


def _content_of(told: Set, settings: Settings) -> str:
    """A digest of the items, of what is learned from, and of what makes a shop of them."""
    digest = hashlib.blake2b(f"{shoptalk.__version__} {settings.encoder}".encode(), digest_size=16)
    for item in told.items:
        digest.update(json.dumps(item, sort_keys=True).encode())
    match told:
        case DialogueSet():
            for dialogue in told.train:
                digest.update(dialogue.model_dump_json().encode())
        case InteractionSet():
            for column in (told.train.users, told.train.items, told.train.stars, told.train.times):
                digest.update(column.tobytes())
    return digest.hexdigest()


def _write_items(told: Set, path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for item in told.items:
            file.write(json.dumps(item, ensure_ascii=False) + "\n")
    return path


@dataclass
class _Timed:
    """Passes progress on, and adds up the time in which each stage was the last that was heard of."""

    inner: "Progress | None"
    _spent: dict[str, float] = field(default_factory=dict)
    _stage: str = ""
    _since: float = field(default_factory=time.perf_counter)

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """A step of a stage is done."""
        self._count()
        self._stage = stage
        self._spent.setdefault(stage, 0.0)
        if self.inner is not None:
            self.inner(stage, done, total)

    def stages(self) -> tuple[Stage, ...]:
        """What was spent until now, in the order in which stages began."""
        self._count()
        return tuple(Stage(name=name, seconds=seconds) for name, seconds in self._spent.items())

    def _count(self) -> None:
        now = time.perf_counter()
        if self._stage:
            self._spent[self._stage] += now - self._since
        self._since = now
