"""`Shop`: opens a built shop, keeps up with what is written to it, and hands out talks."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self
from weakref import WeakValueDictionary

from shoptalk.errors import (
    CatalogError,
    ShopBusyError,
    ShopDamagedError,
    ShopError,
    ShopExistsError,
    ShopNotFoundError,
)
from shoptalk.settings import Settings
from shoptalk.shop.folder import Manifest, ShopFolder

if TYPE_CHECKING:
    from shoptalk.agent.llm.client import ChatModel
    from shoptalk.agent.log import TalkLog
    from shoptalk.agent.understanding import EmbeddedUnderstanding
    from shoptalk.ranking.lambdarank import TrainingSummary
    from shoptalk.ranking.rank import Ranked, Ranking
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.detecting import Overrides
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.retrieval.finding import Candidates, Finder
    from shoptalk.retrieval.query import Query, Request
    from shoptalk.shop.parts import Progress
    from shoptalk.shop.recordings import Dialogue
    from shoptalk.shop.snapshot import Snapshot
    from shoptalk.shop.talk import Talk
    from shoptalk.shop.turns import Turns
    from shoptalk.shop.updating import UpdateReport

__all__ = ["FILMS", "Shop"]

FILMS = "films"
"""Name of the catalog that comes with shoptalk; its shop is built when it is first opened."""

_log = logging.getLogger(__name__)
_TRIES = 5
_WAIT_FOR_FILMS = 900.0


class Shop:
    """A catalog with everything built on it. Safe to share between threads; close it, or use it in a `with`."""

    def __init__(self, folder: ShopFolder, encoder: "Encoder", settings: Settings) -> None:
        """Use `build` or `open`."""
        self._folder, self.encoder, self.settings = folder, encoder, settings
        self._lock = Lock()
        self._log: TalkLog | None = None
        self._turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()
        self._stamp = folder.stamp()
        self._model = _chat_model(settings)
        self._snapshot = _load(folder, encoder, settings, self._model)

    @classmethod
    def build(
        cls,
        source: str | Path,
        into: str | Path | None = None,
        *,
        name: str | None = None,
        overrides: "Overrides | None" = None,
        skip_bad: bool = False,
        replace: bool = False,
        settings: Settings | None = None,
        encoder: "Encoder | None" = None,
        progress: "Progress | None" = None,
    ) -> Self:
        """Build a shop from a catalog file (CSV, TSV, JSON, JSONL, Parquet), or from "films", and open it.

        Without `into` it is built in the settings' home, under `name` (the file's, if none is given). An interrupted
        build continues when it is asked for again. `replace` rebuilds a shop that stands there; its talks stay. Bad
        records are left out with `skip_bad`, and listed in left-out.jsonl. Raises CatalogError, EncoderError,
        ShopExistsError, ShopBusyError.
        """
        from shoptalk.shop.building import build

        settings = settings or Settings()
        called = _checked_name(name or (Path(into).name if into is not None else _stem(source)))
        place = Path(into).expanduser() if into is not None else settings.home / called
        with resources.as_file(_films()) as films:
            file = films if str(source) == FILMS and not Path(source).exists() else Path(source).expanduser()
            encoder = encoder or _encoder(settings)
            build(
                file,
                place.resolve(),
                name=called,
                encoder=encoder,
                chroma_url=settings.chroma_url,
                overrides=overrides,
                skip_bad=skip_bad,
                replace=replace,
                progress=progress,
            )
        return cls(ShopFolder(place.resolve()), encoder, settings)

    @classmethod
    def open(
        cls,
        name_or_path: str | Path,
        *,
        settings: Settings | None = None,
        encoder: "Encoder | None" = None,
        progress: "Progress | None" = None,
    ) -> Self:
        """Open a built shop by its folder, or by its name in the settings' home. "films" is built if need be.

        Raises ShopNotFoundError, ShopVersionError, ShopDamagedError, EncoderError.
        """
        settings = settings or Settings()
        folder = _found(name_or_path, settings)
        if str(name_or_path) == FILMS and not folder.manifest_path.exists():
            return cls._build_films(settings, encoder, progress)
        folder.check(folder.manifest())  # before the encoder is loaded, which takes longer
        return cls(folder, encoder or _encoder(settings), settings)

    @classmethod
    def repair(
        cls,
        name_or_path: str | Path,
        *,
        settings: Settings | None = None,
        encoder: "Encoder | None" = None,
        progress: "Progress | None" = None,
    ) -> Self:
        """Make missing, damaged or stale parts of a shop anew from its own records, and open it.

        Raises ShopNotFoundError, ShopVersionError, ShopBusyError; ShopDamagedError if the records themselves are lost.
        """
        from shoptalk.shop.updating import update

        settings = settings or Settings()
        folder = _found(name_or_path, settings)
        folder.manifest()
        encoder = encoder or _encoder(settings)
        update(folder, encoder, chroma_url=settings.chroma_url, progress=progress)
        return cls(folder, encoder, settings)

    @property
    def name(self) -> str:
        """The shop's name."""
        return self._snapshot.manifest.name

    @property
    def folder(self) -> Path:
        """Where the shop lies."""
        return self._folder.path

    @property
    def manifest(self) -> Manifest:
        """What the generation in memory is made of."""
        return self._snapshot.manifest

    @property
    def catalog(self) -> "Catalog":
        """The items, as of the last turn, update or refresh."""
        return self._snapshot.catalog

    @property
    def finder(self) -> "Finder":
        """What `find` asks."""
        return self._snapshot.finder

    @property
    def ranking(self) -> "Ranking":
        """What `rank` asks."""
        return self._snapshot.ranking

    @property
    def understanding(self) -> "EmbeddedUnderstanding":
        """The embedded understanding, which also stands in for a model."""
        return self._snapshot.understanding

    @property
    def log(self) -> "TalkLog":
        """What was said, shown and clicked; opened when first needed."""
        from shoptalk.agent.log import TalkLog

        with self._lock:
            if self._log is None:
                self._log = TalkLog(self._folder.talks_path)
            return self._log

    @property
    def stale(self) -> tuple[str, ...]:
        """What no longer goes together, in sentences; `update()` without a source mends it."""
        try:
            schema = self._folder.schema()
        except CatalogError as error:
            return (str(error),)
        if schema is None:
            return ("facets.json is missing.",)
        edited = "facets.json was edited since; the shop has the facets that it was built with."
        return () if schema == self.manifest.facets else (edited,)

    def verify(self) -> None:
        """Read every file and hold it against its checksum. Raises ShopDamagedError naming what differs."""
        self._folder.verify(self._folder.manifest())

    def refresh(self) -> "Snapshot":
        """The newest generation, loaded if the manifest changed since. Every turn starts with it.

        One that cannot be opened is told to the log, and the generation in memory stays in use: it is whole.
        """
        stamp = self._folder.stamp()
        if stamp is None or stamp == self._stamp:
            return self._snapshot
        with self._lock:
            if stamp != self._stamp:
                try:
                    self._snapshot = _load(self._folder, self.encoder, self.settings, self._model)
                except ShopError as error:
                    _log.warning("the shop '%s' goes on with what is in memory: %s", self.name, error)
                self._stamp = stamp
            return self._snapshot

    def update(
        self,
        source: str | Path | None = None,
        *,
        remove: Iterable[str] = (),
        skip_bad: bool = False,
        progress: "Progress | None" = None,
    ) -> "UpdateReport":
        """Put the source's records in by id, take ids out; without a source apply `facets.json`, mend what is stale.

        The next turn of every talk sees it, in other processes too. Only changed documents are encoded again. Raises
        CatalogError, ShopBusyError, ShopDamagedError; the shop is as it was then.
        """
        from shoptalk.shop.updating import update

        report = update(
            self._folder,
            self.encoder,
            None if source is None else Path(source).expanduser(),
            chroma_url=self.settings.chroma_url,
            remove_ids=remove,
            skip_bad=skip_bad,
            progress=progress,
        )
        self.refresh()
        return report

    def talk(self, user: str | None = None, *, id: str | None = None) -> "Talk":
        """A new talk, or with `id` an earlier one continued. Raises KeyError if this user has no talk of that id."""
        from shoptalk.shop.talk import Talk

        return Talk(self, user, id)

    def turns_of(self, talk_id: str) -> "Turns":
        """What orders the turns of that talk, the same for all who hold it."""
        from shoptalk.shop.turns import Turns

        with self._lock:
            return self._turns.setdefault(talk_id, Turns())

    def understand(self, message: str, history: Sequence[str] = ()) -> "Request":
        """What the message means here, after the messages of `history` (oldest first)."""
        from shoptalk.agent.state import TalkState, advance

        snapshot, state = self.refresh(), TalkState()
        for earlier in history:
            state = advance(state, snapshot.engine.understanding.understand(earlier, state), snapshot.catalog)
        return snapshot.engine.understanding.understand(message, state)

    def find(self, query: "Query") -> "Candidates":
        """Candidates for a query, as a turn would find them."""
        return self._snapshot.finder.find(query)

    def rank(self, query: "Query", candidates: "Candidates") -> "Ranked":
        """Candidates of `find`, best first, as a turn would rank them."""
        return self._snapshot.ranking.rank(query, candidates)

    def train(
        self,
        *,
        dialogues: "Iterable[Dialogue] | None" = None,
        interactions: str | Path | None = None,
        resolve: "Callable[[str], str | None] | None" = None,
        progress: "Progress | None" = None,
    ) -> "TrainingSummary":
        """Learn from what was said, shown, clicked and liked in the shop's talks, and from what is given besides.

        `dialogues` are talks kept elsewhere, with turns of `role`, `text` and `items`; `resolve` gives the id that a
        name in them means. `interactions` is a file of who had to do with what (docs/interactions.md). The next turn
        uses what was learned. Raises LogError if there is nothing to learn from yet, InteractionsError, ShopBusyError.
        """
        from shoptalk.shop.learning import learn, lessons_of
        from shoptalk.shop.updating import replace_ranker

        snapshot = self.refresh()
        file = None if interactions is None else Path(interactions).expanduser()
        lessons = lessons_of(
            snapshot, self.log, dialogues=dialogues, interactions=file, resolve=resolve, progress=progress
        )
        learned = learn(snapshot, lessons, progress=progress)
        replace_ranker(self._folder, learned.ranker, learned.models, learned.reordering)
        self.refresh()
        return learned.ranker.summary

    def close(self) -> None:
        """Let go of the log, of Chroma and of the model's server."""
        with self._lock:
            self._snapshot.index.close()
            if self._model is not None:
                self._model.close()
            if self._log is not None:
                self._log.close()
                self._log = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def _build_films(cls, settings: Settings, encoder: "Encoder | None", progress: "Progress | None") -> Self:
        """Build the films; where another process does just that, wait for it."""
        encoder = encoder or _encoder(settings)
        deadline = time.monotonic() + _WAIT_FOR_FILMS
        while True:
            try:
                return cls.build(FILMS, settings=settings, encoder=encoder, progress=progress)
            except ShopExistsError:
                return cls(ShopFolder(settings.home / FILMS), encoder, settings)
            except ShopBusyError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)


def _chat_model(settings: Settings) -> "ChatModel | None":
    """The language model that the settings name, None where they name none. Its server is asked when first needed."""
    from shoptalk.agent.llm.client import ChatModel, LlmConfig

    config = LlmConfig.of(settings)
    return None if config is None else ChatModel(config)


def _load(folder: ShopFolder, encoder: "Encoder", settings: Settings, model: "ChatModel | None") -> "Snapshot":
    """The folder's newest generation. One that was replaced while it was read is read again."""
    from shoptalk.shop.snapshot import load_snapshot

    for _ in range(_TRIES):
        manifest = folder.manifest()
        try:
            return load_snapshot(folder, manifest, encoder, settings, model)
        except (ShopDamagedError, OSError):
            if folder.manifest().generation == manifest.generation:
                raise
    raise ShopBusyError(f"The shop in {folder.path} is changed faster than it can be read.", hint="Open it again.")


def _found(name_or_path: str | Path, settings: Settings) -> ShopFolder:
    """The folder that is meant: a path that exists, or else a name in the settings' home."""
    path = Path(name_or_path).expanduser()
    name = str(name_or_path)
    is_name = not isinstance(name_or_path, Path) and path.name == name
    if path.exists() and not (is_name and not (path / "shop.json").exists()):
        return ShopFolder(path.resolve())
    if is_name:
        folder = ShopFolder(settings.home / path)
        if folder.path.exists() or name == FILMS:
            return folder
        raise _unknown(name, settings)
    return ShopFolder(path.resolve())


def _unknown(name: str, settings: Settings) -> ShopNotFoundError:
    known = sorted(path.parent.name for path in settings.home.glob("*/shop.json"))
    told = f"There are {', '.join(known)}" if known else "There is none yet"
    hint = f"{told} in {settings.home}; build one with `shoptalk build SOURCE`, or open 'films'."
    return ShopNotFoundError(f"There is no shop named '{name}'.", hint=hint)


def _encoder(settings: Settings) -> "Encoder":
    from shoptalk.retrieval.encoder import load_encoder

    return load_encoder(settings)


def _films() -> "resources.abc.Traversable":
    return resources.files("shoptalk.demo") / "films.jsonl"


def _stem(source: str | Path) -> str:
    """'data/products.csv.gz' -> 'products'."""
    return Path(source).name.partition(".")[0] or Path(source).name


def _checked_name(name: str) -> str:
    if not name or name.startswith(".") or Path(name).name != name or "\0" in name or len(name.encode()) > 200:
        problem = f"'{name}' cannot be a shop's name: it names a folder."
        raise ShopError(problem, hint="Give a name without slashes that does not start with a dot.")
    return name
