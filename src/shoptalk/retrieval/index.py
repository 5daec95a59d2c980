"""The item index: vectors, documents and filterable metadata in Chroma, and the vectors of all rows in memory.

Chroma is what lasts and what other programs may query; `vectors.npy` beside it holds the same vectors in the catalog's
order, so that a search over few items is exact and a search over very many uses Chroma's HNSW. Chroma's own filters
are slow: which items pass is decided by the caller's mask.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import ShopDamagedError, ShopError
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.encoder import Encoder, Progress

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

__all__ = ["Consistency", "IndexConfig", "VectorIndex", "best_rows", "highest_dots"]

Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]

_FORMAT = 1
_VECTORS, _CONTENT = "vectors.npy", "content.json"
_TEXT_KEY, _FACETS_KEY = "shoptalk:text", "shoptalk:facets"
_PAGE = 4_096
_BLOCK = 1_024
_RECENT = 64
_DECIMALS = 5


@dataclass(frozen=True)
class IndexConfig:
    """How the index is built and searched. The HNSW figures hold from the collection's creation on.

    At 50,000 x 384 on two cores an exact search takes 4-8 ms, HNSW with ef_search 800 takes 8-10 ms for 300 items with
    recall .98: exact is both better and faster up to about 100,000 items. Gathering a share of the rows first
    costs less than reading them all up to a share of one in six (10%: 1.4 ms, 20%: 3.7 ms, all: 3.6 ms).
    """

    collection: str = "items"
    """name of the Chroma collection"""
    chunk: int = 512
    """items that are encoded and written at a time; what a killed build loses"""
    neighbors: int = 24
    """HNSW's M"""
    ef_construction: int = 200
    """HNSW's breadth of search at insertion"""
    ef_search: int = 800
    """HNSW's breadth of search"""
    exact_up_to: int = 100_000
    """allowed items up to which the search is exact"""
    gather_below: float = 1 / 6
    """share of allowed items below which their vectors are gathered first"""
    overfetch_up_to: int = 5_000
    """neighbours asked of HNSW at most; where more would be needed for k allowed ones, the search is exact"""


@dataclass(frozen=True)
class Consistency:
    """Ids that the catalog has and Chroma has not, and the other way round, sorted."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.missing and not self.extra


class VectorIndex:
    """The vectors of one catalog. Safe to read from many threads; never changes once opened.

    `vectors` (n, d) float32 holds unit rows in the catalog's order, mapped from disk, so processes share the memory.
    """

    def __init__(
        self,
        folder: Path,
        ids: Sequence[str],
        vectors: Vectors,
        *,
        encoder: str,
        url: str | None = None,
        config: IndexConfig | None = None,
    ) -> None:
        """Use `build` or `open`."""
        self.folder, self.ids, self.vectors, self.encoder = folder, tuple(ids), vectors, encoder
        self._url, self._config = url, config or IndexConfig()
        self._cosines_to = lru_cache(maxsize=_RECENT)(lambda row: highest_dots(vectors, vectors[row][None, :]))

    @classmethod
    def build(
        cls,
        folder: Path,
        catalog: Catalog,
        encoder: Encoder,
        *,
        url: str | None = None,
        progress: Progress | None = None,
        config: IndexConfig | None = None,
    ) -> Self:
        """Bring the index in `folder` in line with the catalog, whatever it holds already, and open it.

        Builds, updates and continues an interrupted build alike: items whose document is there already are not encoded
        again, items that the catalog lacks are deleted. `progress` counts encoded items. Every chunk that was counted
        is on disk. Raises ShopError if the Chroma server at `url` cannot be reached.
        """
        config = config or IndexConfig()
        folder.mkdir(parents=True, exist_ok=True)
        with_chroma = _Chroma(folder, url)
        try:
            writer = _Writer(folder, with_chroma.ready_for(encoder, config), catalog, encoder, config)
            writer.bring_in_line(progress)
        finally:
            with_chroma.close()
        return cls.open(folder, catalog.ids, url=url, config=config)

    @classmethod
    def open(
        cls, folder: Path, ids: Sequence[str], *, url: str | None = None, config: IndexConfig | None = None
    ) -> Self:
        """Open the index for a catalog with these ids, as it is on disk now.

        With a server it is asked whether the local vectors are its newest, and they are fetched anew if not.
        Raises ShopDamagedError if ids lack vectors, ShopError if the Chroma server at `url` cannot be reached.
        """
        config = config or IndexConfig()
        content = _read_content(folder)
        with_chroma = _Chroma(folder, url)
        try:
            stale = content is None or (url is not None and with_chroma.revision(config) != content.get("revision"))
            if content is None or stale:
                content = _fetch(folder, with_chroma.existing(config), config)
            vectors: Vectors = np.load(folder / _VECTORS, mmap_mode="r")
        finally:
            with_chroma.close()
        ordered = _in_order(folder, content["ids"], vectors, ids)
        return cls(folder, ids, ordered, encoder=content["encoder"], url=url, config=config)

    def reopen(self, ids: Sequence[str] | None = None) -> Self:
        """What is on disk now, also if another process wrote it; for the same ids or those of a changed catalog."""
        self.close()
        return self.open(self.folder, self.ids if ids is None else ids, url=self._url, config=self._config)

    def close(self) -> None:
        """Let go of Chroma. The vectors in memory stay usable; a search that needs Chroma connects again."""
        if "_chroma" in self.__dict__:
            self._chroma.close()
            del self.__dict__["_chroma"]
            self.__dict__.pop("_collection", None)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def nearest(self, vectors: Vectors, k: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """Rows of the k allowed items nearest to a unit vector (d,), or to the nearest of several (m, d), best first.

        With cosines (k,), compared to five decimals; ties go to the lower row. Fewer than k only if fewer are allowed.
        Exact unless more than `exact_up_to` items are allowed.
        """
        several = np.atleast_2d(vectors)
        count = len(self) if allowed is None else int(np.count_nonzero(allowed))
        k = min(k, count)
        if k < 1 or not len(several):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        if count > self._config.exact_up_to:
            rows = self._by_hnsw(several, k, allowed, count)
            if rows is not None:
                return _best(rows, self.cosines(rows, several), k)
        if allowed is None or count >= self._config.gather_below * len(self):
            return best_rows(_masked(highest_dots(self.vectors, several), allowed), k)
        rows = np.flatnonzero(allowed)
        return _best(rows, self.cosines(rows, several), k)

    def nearest_to(self, rows: Rows, k: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """`nearest` to the vectors of these rows; for items that were asked about lately it is quicker."""
        count = len(self) if allowed is None else int(np.count_nonzero(allowed))
        few = count < self._config.gather_below * len(self)
        if few or count > self._config.exact_up_to or not len(rows):
            return self.nearest(self.vectors[rows], k, allowed)
        highest = np.maximum.reduce([self._cosines_to(row) for row in rows.tolist()])
        return best_rows(_masked(highest, allowed), min(k, count))

    def cosines(self, rows: Rows, vectors: Vectors) -> Vectors:
        """(len(rows),) cosine of each row to a unit vector (d,), or the highest to any of several (m, d)."""
        return highest_dots(self.vectors[rows], np.atleast_2d(vectors))

    def consistent(self, ids: Sequence[str]) -> Consistency:
        """Hold the ids in Chroma against a catalog's. Raises ShopError if the Chroma server cannot be reached."""
        held = {item_id for page in _pages(self._collection, []) for item_id in page["ids"]}
        wanted = set(ids)
        return Consistency(tuple(sorted(wanted - held)), tuple(sorted(held - wanted)))

    def _by_hnsw(self, several: Vectors, k: int, allowed: Mask | None, count: int) -> Rows | None:
        """Rows near any of the vectors; None where HNSW would not give k allowed ones."""
        fetch = k if allowed is None else int(1.5 * k * len(self) / count) + 32
        if fetch > self._config.overfetch_up_to:
            return None
        asked = np.asarray(several, dtype=np.float32)
        found = self._collection.query(query_embeddings=asked, n_results=min(fetch, len(self)), include=[])["ids"]
        near = {self._row_of[item_id] for ids in found for item_id in ids if item_id in self._row_of}
        rows = np.array(sorted(near), dtype=np.int64)
        rows = rows if allowed is None else rows[allowed[rows]]
        return rows if len(rows) >= k else None

    @cached_property
    def _chroma(self) -> "_Chroma":
        return _Chroma(self.folder, self._url)

    @cached_property
    def _collection(self) -> "Collection":
        return self._chroma.existing(self._config)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.ids)}


def best_rows(scores: Vectors, k: int) -> tuple[Rows, Vectors]:
    """Rows and scores of the k highest of (n,) scores above -inf, best first; ties, to five decimals, by row."""
    rows = np.flatnonzero(scores > -np.inf)  # first, for np.partition is slow where most values are equal
    if k < len(rows):
        coarse = np.round(scores[rows], _DECIMALS)
        rows = rows[coarse >= np.partition(coarse, len(rows) - k)[len(rows) - k]]
    return _best(rows, scores[rows], k)


def _best(rows: Rows, scores: Vectors, k: int) -> tuple[Rows, Vectors]:
    order = np.argsort(-np.round(scores, _DECIMALS), kind="stable")[:k]
    return rows[order], scores[order].astype(np.float32)


def highest_dots(vectors: Vectors, several: Vectors) -> Vectors:
    """(n,) highest dot product of each of (n, d) with any of (m, d).

    `vecdot` works row by row on one thread: as fast as a matrix product on two (both are bound by memory: 3 ms for
    50,000 x 384), steady when other talks keep the cores busy, and equal rows get equal bits.
    """
    highest = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        highest[start : start + _BLOCK] = np.maximum.reduce([np.vecdot(block, one) for one in several])
    return highest


def _masked(cosines: Vectors, allowed: Mask | None) -> Vectors:
    return cosines if allowed is None else np.where(allowed, cosines, np.float32(-np.inf))


# --- Chroma


class _Chroma:
    """A connection, made when first needed."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self._folder, self._url = folder, url

    @cached_property
    def client(self) -> "ClientAPI":
        """Raises ShopError if the server cannot be reached."""
        import chromadb
        from chromadb.config import Settings

        quiet = Settings(anonymized_telemetry=False)
        if self._url is None:
            # Clients of one path, as spelled, share what they have read, and so do not see what another process wrote
            # since. Each connection spells the path its own way: '.../chroma/././/.'.
            own_way = "".join("/" if bit == "0" else "/." for bit in f"{secrets.randbits(32):032b}")
            return chromadb.PersistentClient(f"{self._folder.absolute()}{own_way}", settings=quiet)
        address = urlsplit(self._url)
        try:
            secure = address.scheme == "https"
            port = address.port or (443 if secure else 8000)
            return chromadb.HttpClient(address.hostname or "", port=port, ssl=secure, settings=quiet)
        except Exception as error:  # ValueError, httpx's and Chroma's own, by version
            hint = "Start it ('chroma run'), or unset SHOPTALK_CHROMA_URL to keep vectors in the shop's folder."
            raise ShopError(f"The Chroma server at {self._url} cannot be reached: {error}", hint=hint) from error

    def existing(self, config: IndexConfig) -> "Collection":
        """The collection. Raises ShopDamagedError if there is none."""
        from chromadb.errors import NotFoundError

        try:
            return self.client.get_collection(config.collection, embedding_function=None)
        except NotFoundError as error:
            hint = "Build the index again from the catalog."
            raise ShopDamagedError(f"{self._place} holds no vectors '{config.collection}'.", hint=hint) from error

    def ready_for(self, encoder: Encoder, config: IndexConfig) -> "Collection":
        """The collection to write to; one that another encoder filled is replaced."""
        from chromadb.errors import NotFoundError

        try:
            held = self.client.get_collection(config.collection, embedding_function=None)
            if (held.metadata or {}).get("encoder") == encoder.name:
                return held
            self.client.delete_collection(config.collection)
        except NotFoundError:
            pass  # the first build
        hnsw = {
            "space": "cosine",
            "ef_construction": config.ef_construction,
            "ef_search": config.ef_search,
            "max_neighbors": config.neighbors,
        }
        facts = {"encoder": encoder.name, "dimensions": encoder.dimensions}
        return self.client.create_collection(
            config.collection, embedding_function=None, configuration={"hnsw": hnsw}, metadata=facts
        )

    def revision(self, config: IndexConfig) -> str | None:
        """What the last finished build left as its mark; None after an unfinished one."""
        return (self.existing(config).metadata or {}).get("revision")

    def close(self) -> None:
        if "client" in self.__dict__:
            client = self.__dict__.pop("client")
            client.close()
            session = getattr(getattr(client, "_server", None), "_session", None)
            if session is not None:  # an HttpClient leaves its sockets open
                session.close()

    @property
    def _place(self) -> str:
        return self._url or str(self._folder)


def _pages(collection: "Collection", include: list[str]) -> "Iterator[Any]":
    for start in range(0, collection.count(), _PAGE):
        yield collection.get(limit=_PAGE, offset=start, include=include)


def _fetch(folder: Path, collection: "Collection", config: IndexConfig) -> dict[str, Any]:
    """Write what Chroma holds beside it, and give the content. Raises ShopDamagedError if the build is unfinished."""
    facts = collection.metadata or {}
    if "revision" not in facts:
        hint = "Build it again; what is there already is kept."
        raise ShopDamagedError(f"The build of the vectors '{config.collection}' was not finished.", hint=hint)
    ids: list[str] = []
    hashes: list[list[str]] = []
    vectors = [np.empty((0, facts["dimensions"]), dtype=np.float32)]
    for page in _pages(collection, ["embeddings", "metadatas"]):
        ids += page["ids"]
        hashes += [[held[_TEXT_KEY], held[_FACETS_KEY]] for held in page["metadatas"]]
        vectors.append(np.asarray(page["embeddings"], dtype=np.float32))
    content = _content(ids, hashes, facts["encoder"])
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, content, np.concatenate(vectors))
    return content


# --- what stands beside Chroma: vectors.npy, and content.json, which is there only when all is finished


def _content(ids: Sequence[str], hashes: Sequence[Sequence[str]], encoder: str) -> dict[str, Any]:
    digest = hashlib.sha256(f"{_FORMAT}\0{encoder}".encode())
    for item_id, (text, facets) in sorted(zip(ids, hashes, strict=True)):
        digest.update(f"\0{item_id}\0{text}\0{facets}".encode())
    return {"encoder": encoder, "revision": digest.hexdigest(), "ids": list(ids), "hashes": list(hashes)}


def _read_content(folder: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads((folder / _CONTENT).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if (folder / _VECTORS).is_file() else None


def _write(folder: Path, content: dict[str, Any], vectors: Vectors) -> None:
    unfinished = folder / f"{_VECTORS}.unfinished"
    with unfinished.open("wb") as file:
        np.save(file, vectors)
    os.replace(unfinished, folder / _VECTORS)
    unfinished = folder / f"{_CONTENT}.unfinished"
    unfinished.write_text(json.dumps(content), "utf-8")
    os.replace(unfinished, folder / _CONTENT)


def _in_order(folder: Path, held: list[str], vectors: Vectors, wanted: Sequence[str]) -> Vectors:
    """The vectors in the order of the wanted ids, as they are if that is how they stand."""
    if len(held) != len(vectors):
        hint = "Build the index again; what is there already is kept."
        raise ShopDamagedError(f"{folder / _VECTORS} holds {len(vectors)} vectors for {len(held)} items.", hint=hint)
    if held == list(wanted):
        return vectors
    place = {item_id: row for row, item_id in enumerate(held)}
    missing = [item_id for item_id in wanted if item_id not in place]
    if missing:
        hint = "Build the index again; what is there already is kept."
        problem = f"{folder} lacks vectors of {len(missing)} items of the catalog, '{missing[0]}' among them."
        raise ShopDamagedError(problem, hint=hint)
    return vectors[np.array([place[item_id] for item_id in wanted], dtype=np.int64)]


# --- writing


class _Writer:
    """Brings one collection in line with one catalog."""

    def __init__(
        self, folder: Path, collection: "Collection", catalog: Catalog, encoder: Encoder, config: IndexConfig
    ) -> None:
        self._folder, self._collection, self._catalog = folder, collection, catalog
        self._encoder, self._config = encoder, config
        self._documents = [catalog.document(row) for row in range(len(catalog))]
        self._metadata = [_metadata(catalog, row) for row in range(len(catalog))]
        texts = [_hash(f"{encoder.name}\0{document}") for document in self._documents]
        facets = [_hash(json.dumps(held, sort_keys=True)) for held in self._metadata]
        self._hashes = list(zip(texts, facets, strict=True))
        self._vectors = np.empty((len(catalog), encoder.dimensions), dtype=np.float32)
        self._local: dict[str, int] = {}

    def bring_in_line(self, progress: Progress | None) -> None:
        """Delete, encode, upsert; then leave the vectors and the mark of a finished build."""
        content = _content(self._catalog.ids, self._hashes, self._encoder.name)
        held = self._held()
        (self._folder / _CONTENT).unlink(missing_ok=True)
        facts = {"encoder": self._encoder.name, "dimensions": self._encoder.dimensions}
        self._collection.modify(metadata=facts)
        self._delete([item_id for item_id in held if item_id not in self._catalog])
        before = [held.get(item_id, ("", "")) for item_id in self._catalog.ids]
        changed = [row for row, hashes in enumerate(self._hashes) if hashes[0] != before[row][0]]
        same = np.setdiff1d(np.arange(len(self._catalog)), np.array(changed, dtype=np.int64)).tolist()
        self._recall(same)
        self._encode(changed, progress)
        self._upsert([row for row in same if self._hashes[row][1] != before[row][1]])
        _write(self._folder, content, self._vectors)
        self._collection.modify(metadata={**facts, "revision": content["revision"]})

    def _held(self) -> dict[str, tuple[str, str]]:
        """Hashes of text and facets of all items in Chroma, by id."""
        content = _read_content(self._folder)
        if content is not None and content["revision"] == (self._collection.metadata or {}).get("revision"):
            self._local = {item_id: row for row, item_id in enumerate(content["ids"])}
            return {item_id: tuple(held) for item_id, held in zip(content["ids"], content["hashes"], strict=True)}
        return {
            item_id: (held[_TEXT_KEY], held[_FACETS_KEY])
            for page in _pages(self._collection, ["metadatas"])
            for item_id, held in zip(page["ids"], page["metadatas"], strict=True)
        }

    def _delete(self, ids: list[str]) -> None:
        for start in range(0, len(ids), _PAGE):
            self._collection.delete(ids=ids[start : start + _PAGE])

    def _recall(self, rows: list[int]) -> None:
        """Take over the vectors of items that need no encoding: from beside Chroma if that is current, or from it."""
        if self._local:
            places = [self._local[self._catalog.ids[row]] for row in rows]
            self._vectors[rows] = np.load(self._folder / _VECTORS, mmap_mode="r")[places]
            return
        for start in range(0, len(rows), _PAGE):
            row_of = {self._catalog.ids[row]: row for row in rows[start : start + _PAGE]}
            page = self._collection.get(ids=list(row_of), include=["embeddings"])
            self._vectors[[row_of[item_id] for item_id in page["ids"]]] = page["embeddings"]

    def _encode(self, rows: list[int], progress: Progress | None) -> None:
        for start in range(0, len(rows), self._config.chunk):
            chunk = rows[start : start + self._config.chunk]
            self._vectors[chunk] = self._encoder.encode([self._documents[row] for row in chunk])
            self._upsert(chunk)
            if progress is not None:
                progress(start + len(chunk), len(rows))

    def _upsert(self, rows: list[int]) -> None:
        for start in range(0, len(rows), _PAGE):
            some = rows[start : start + _PAGE]
            ids = [self._catalog.ids[row] for row in some]
            # Chroma merges metadata: keys that an item no longer has must be given as None.
            known = self._collection.get(ids=ids, include=["metadatas"])
            old = dict(zip(known["ids"], known["metadatas"] or [], strict=True))
            metadatas: list[Any] = [
                dict.fromkeys(old.get(item_id) or {})
                | self._metadata[row]
                | {_TEXT_KEY: self._hashes[row][0], _FACETS_KEY: self._hashes[row][1]}
                for row, item_id in zip(some, ids, strict=True)
            ]
            documents = [self._documents[row] for row in some]
            self._collection.upsert(ids=ids, embeddings=self._vectors[some], documents=documents, metadatas=metadatas)


def _metadata(catalog: Catalog, row: int) -> dict[str, Any]:
    """Facet values as Chroma takes them: scalars and lists that are not empty. '#' and '$' cannot open a key there."""
    values = ((facet.name, catalog.value(row, facet.name)) for facet in catalog.schema.facets)
    return {
        f"_{name}" if name[:1] in "#$" else name: list(value) if isinstance(value, tuple) else value
        for name, value in values
        if value is not None and value != ()
    }


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
