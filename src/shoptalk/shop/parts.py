"""The parts of one generation, each written where its generation belongs: what building and updating have in common."""

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import ShopDamagedError, ShopVersionError
from shoptalk.ranking.lambdarank import Ranker
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.index import VectorIndex
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.shop.folder import FILES, FOLDERS, ShopFolder, StoredFile, sync_tree
from shoptalk.shop.snapshot import index_config

__all__ = [
    "Engines",
    "Progress",
    "RememberingEncoder",
    "clone_lexical",
    "from_stage",
    "queries_for",
    "share_file",
    "stored_parts",
    "train",
    "write_vectors",
]

_log = logging.getLogger(__name__)


class Progress(Protocol):
    """Called as work goes on, with the stage ('read', 'encode', 'index', 'train') and how much of it is done."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """`total` is None while it is not known."""
        ...


@dataclass(frozen=True)
class Engines:
    """What makes and keeps vectors: the encoder, and Chroma's address (None: in the folder) and collection."""

    encoder: Encoder
    chroma_url: str | None
    collection: str


def from_stage(progress: Progress | None, stage: str) -> Callable[[int, int | None], None]:
    """Progress of one stage, for those who do not know of stages."""
    return lambda done, total: progress(stage, done, total) if progress is not None else None


class RememberingEncoder:
    """An encoder that remembers what it gave: for work that meets the same texts often, or an index that was lost."""

    def __init__(self, encoder: Encoder, given: Iterable[tuple[str, NDArray[np.float32]]] = ()) -> None:
        """`given` are texts with the vectors (d,) that this encoder gave for them before."""
        self._encoder = encoder
        self._known = dict(given)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._encoder.dimensions

    @property
    def name(self) -> str:
        """The name of the encoder whose vectors these are."""
        return self._encoder.name

    def encode(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> NDArray[np.float32]:
        """(n, d) float32 rows of unit length; only texts that are not remembered are encoded."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known |= dict(zip(fresh, self._encoder.encode(fresh, progress), strict=True))
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for place, text in enumerate(texts):
            vectors[place] = self._known[text]
        return vectors


def write_vectors(
    folder: ShopFolder,
    generation: int,
    chroma: Path,
    catalog: Catalog,
    engines: Engines,
    *,
    progress: Progress | None,
) -> None:
    """Bring the Chroma index in line with the catalog, and keep this generation's vectors beside it.

    What Chroma holds already is not encoded again, so an interrupted run continues. The vectors of a generation never
    change, whatever a later update, finished or not, does to Chroma.
    """
    config, told = index_config(engines.collection), from_stage(progress, "encode")
    index = VectorIndex.build(chroma, catalog, engines.encoder, url=engines.chroma_url, config=config, progress=told)
    index.close()
    sync_tree(chroma)
    share_file(chroma / "vectors.npy", folder.named("vectors", generation))


def clone_lexical(old: Path, new: Path) -> None:
    """Copy a lexical index, of which only the changes will take room: its files never change once they are written."""
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(old, new, copy_function=share_file, ignore=shutil.ignore_patterns(".tantivy-*.lock"))


def share_file(old: str | Path, new: str | Path) -> None:
    """Give a file that never changes a second name, or copy it where the disk knows no second names."""
    Path(new).unlink(missing_ok=True)
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def train(
    folder: ShopFolder,
    generation: int,
    chroma: Path,
    catalog: Catalog,
    engines: Engines,
    *,
    progress: Progress | None,
    taught: Path | None = None,
) -> None:
    """Give the generation its first ranker: the one that ships, or one that was taught into the folder `taught`.

    Taught on people's dialogues and unlike catalogs it orders their choices as well as what a catalog's own items can
    teach (the lab notes have the figures), and a build need not wait for it. Where it does not fit the features there
    are, the items' own ranker is made instead, with a warning.
    """
    from shoptalk.ranking.generic import load_generic

    told, place = from_stage(progress, "train"), folder.named("ranker", generation)
    told(0, 1)
    ranker: Ranker
    try:
        ranker = load_generic(taught)
    except (ShopVersionError, ShopDamagedError) as error:
        _log.warning("the shop's ranker is trained from its items: %s", error.problem)
        ranker = _trained_from_items(folder, generation, chroma, catalog, engines, progress)
    told(1, 1)
    shutil.rmtree(place, ignore_errors=True)
    ranker.save(place)


def _trained_from_items(
    folder: ShopFolder,
    generation: int,
    chroma: Path,
    catalog: Catalog,
    engines: Engines,
    progress: Progress | None,
) -> Ranker:
    from shoptalk.ranking.space import FeatureSpace
    from shoptalk.ranking.training import train_from_items
    from shoptalk.retrieval.finding import Finder

    vectors = np.asarray(np.load(folder.named("vectors", generation), mmap_mode="r"))
    config = index_config(engines.collection)
    name, url = engines.encoder.name, engines.chroma_url
    index = VectorIndex(chroma, catalog.ids, vectors, encoder=name, url=url, config=config)
    lexical = LexicalIndex.open(folder.named("lexical", generation), catalog.ids)
    finder = Finder(catalog, engines.encoder, index, lexical)
    told, queries = from_stage(progress, "train"), queries_for(catalog)
    ranker = train_from_items(finder, FeatureSpace(catalog, vectors), queries=queries, progress=told)
    index.close()
    return ranker


def queries_for(catalog: Catalog) -> int:
    """How many queries to make up for training: two an item, which from 300 items on is enough to learn from."""
    return min(600, 2 * len(catalog))


def stored_parts(folder: ShopFolder, generation: int) -> dict[str, StoredFile]:
    """Manifest entries of all of the generation's files that never change; Chroma's do, so it is told by its folder."""
    parts = [part for part in (*FILES, *FOLDERS) if part != "chroma"]
    return {name: stored for part in parts for name, stored in folder.stored(part, generation).items()}
