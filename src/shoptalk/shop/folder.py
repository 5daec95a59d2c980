"""A shop's folder: what lies where, the manifest that says which files belong together, and the one writer's lock.

`shop.json`, replaced in one step, is the commit point: whatever it names is whole and on disk before it is written, and
whatever it does not name is left over from before or from an interrupted change, and may go.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shoptalk.errors import (
    CatalogError,
    ShopBusyError,
    ShopDamagedError,
    ShopError,
    ShopNotFoundError,
    ShopVersionError,
)
from shoptalk.retrieval.schema import Schema

__all__ = [
    "FORMAT",
    "LEARNED",
    "Manifest",
    "ShopFolder",
    "SourcePrint",
    "StoredFile",
    "sync_folder",
    "sync_tree",
    "write_whole",
]

FORMAT = 1
"""Version of the folder's layout. Raise it when an older shoptalk could not open what a newer one writes."""

RECORD = "building.json"
"""How far a build has come, in the folder that it works in."""

FILES = ("catalog", "records", "vectors")
FOLDERS = ("chroma", "lexical", "ranker")
LEARNED = "learned"
"""Folder in the ranker's, with the models of people's choices that it was trained with; a new shop has none."""
_SUFFIX = {"catalog": ".parquet", "records": ".parquet", "vectors": ".npy"}
_OF_A_GENERATION = re.compile(rf"^({'|'.join((*FILES, *FOLDERS, 'facets'))})-(\d+)(\.\w+)*$")
_LOCK, _WRITER, _LEFT_OVER = "writer.lock", "writer.json", ".unfinished"
_HASHED_UP_TO = 200_000_000


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredFile(_Stored):
    """A file that never changes once it is written: its path in the folder, its size in bytes and its content."""

    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path, within: Path) -> Self:
        """Measure the file."""
        return cls(path=path.relative_to(within).as_posix(), size=path.stat().st_size, sha256=_sha256(path))


class SourcePrint(_Stored):
    """What a source file was when it was read. Files of 200 MB and more are told by size and time alone."""

    path: str
    size: int
    modified: float = Field(description="seconds since 1970")
    sha256: str | None = None

    @classmethod
    def of(cls, path: Path) -> Self:
        """Measure the file. Raises CatalogError if it cannot be read."""
        try:
            facts = path.stat()
            if not path.is_file():
                raise CatalogError("is not a file.", file=str(path), hint="Give one CSV, JSON, JSONL or Parquet file.")
            sha256 = _sha256(path) if facts.st_size < _HASHED_UP_TO else None
        except OSError as error:
            problem = f"cannot be read: {error.strerror or error}."
            raise CatalogError(problem, file=str(path), hint="Check the path.") from error
        return cls(path=str(path.absolute()), size=facts.st_size, modified=facts.st_mtime, sha256=sha256)


class Manifest(_Stored):
    """The content of `shop.json`: one generation of a shop."""

    format: int = FORMAT
    name: str
    generation: int = Field(ge=1)
    created: str = Field(description="ISO moment of the first build")
    changed: str = Field(description="ISO moment of this generation")
    shoptalk: str = Field(description="the version that wrote it")
    encoder: str = Field(description="name of the encoder that made the vectors")
    collection: str = Field(description="name of the Chroma collection; shops that share a server have one each")
    items: int
    left_out: int = Field(default=0, description="bad records that the last reading skipped; left-out.jsonl has them")
    source: SourcePrint | None = None
    facets: Schema = Field(description="the schema that this generation was built with")
    files: dict[str, StoredFile] = Field(description="by logical name: 'catalog', 'ranker/model.txt'")
    folders: dict[str, str] = Field(description="'chroma', 'lexical', 'ranker' -> folder's name")


class ShopFolder:
    """Paths, manifest and lock of one shop's folder, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest_path = path / "shop.json"
        self.facets_path = path / "facets.json"
        self.talks_path = path / "talks.db"
        self.left_out_path = path / "left-out.jsonl"

    def named(self, logical: str, generation: int) -> Path:
        """Where a file ('catalog') or folder ('chroma') of that generation lies."""
        return self.path / f"{logical}-{generation}{_SUFFIX.get(logical, '')}"

    def place(self, manifest: Manifest, logical: str) -> Path:
        """Where the manifest's file or folder of that logical name lies."""
        known = manifest.files.get(logical)
        return self.path / (known.path if known is not None else manifest.folders[logical])

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes whenever the manifest is replaced; None while there is no manifest."""
        try:
            facts = self.manifest_path.stat()
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns, facts.st_size

    def manifest(self) -> Manifest:
        """Read `shop.json`. Raises ShopNotFoundError, ShopVersionError, ShopDamagedError."""
        try:
            facts = json.loads(self.manifest_path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            if self.path.is_dir() and any(_OF_A_GENERATION.match(path.name) for path in self.path.iterdir()):
                raise self._damaged(f"{self.manifest_path} is missing.") from None
            hint = "Build one there first: Shop.build(source, into) or `shoptalk build SOURCE SHOP`."
            raise ShopNotFoundError(f"There is no shop in {self.path}.", hint=hint) from None
        except (OSError, ValueError) as error:
            raise self._damaged(f"{self.manifest_path} cannot be read: {error}.") from error
        version = facts.get("format") if isinstance(facts, dict) else None
        if isinstance(version, int) and version != FORMAT:
            raise self._other_version(version, facts)
        try:
            return Manifest.model_validate(facts)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise self._damaged(f"{self.manifest_path} is no shop's manifest: {where} {first['msg']}.") from error

    def schema(self) -> Schema | None:
        """The content of `facets.json`, None if it is missing. Raises CatalogError that says what is wrong in it."""
        try:
            return Schema.model_validate_json(self.facets_path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or None
            hint = "Correct it, or delete the file and update the shop to get back the facets it was built with."
            raise CatalogError(
                f"{first['msg'].removeprefix('Value error, ')}.", file=str(self.facets_path), field=where, hint=hint
            ) from error

    def write_schema(self, schema: Schema) -> None:
        """Write `facets.json`, for people to edit."""
        write_whole(self.facets_path, schema_text(schema))

    def check(self, manifest: Manifest) -> None:
        """Every file is there with its size, every folder is there. Raises ShopDamagedError naming what is not."""
        for part in (*FILES, *FOLDERS):
            self.require(manifest, part)

    def verify(self, manifest: Manifest) -> None:
        """`check`, and every file's content has its sha256. Raises ShopDamagedError."""
        self.check(manifest)
        for part in (*FILES, *FOLDERS):
            self.require(manifest, part, content=True)

    def require(self, manifest: Manifest, logical: str, *, content: bool = False) -> None:
        """Raises ShopDamagedError if `damage` finds something."""
        if problem := self.damage(manifest, logical, content=content):
            raise self._damaged(problem, repairable=logical != "records")

    def damage(self, manifest: Manifest, logical: str, *, content: bool = False) -> str | None:
        """What is wrong with that file or folder, by presence and size, or also by sha256; None if nothing is."""
        if logical in FOLDERS and logical not in manifest.folders:
            return None
        place = self.place(manifest, logical)
        if not (place.is_dir() if logical in FOLDERS else place.is_file()):
            return f"{place} is missing."
        for name, stored in manifest.files.items():
            if name == logical or name.startswith(f"{logical}/"):
                path = self.path / stored.path
                size = path.stat().st_size if path.is_file() else None
                if size is None:
                    return f"{path} is missing."
                if size != stored.size:
                    return f"{path} has {size} bytes instead of {stored.size}."
                if content and _sha256(path) != stored.sha256:
                    return f"The content of {path} is not what was written."
        return None

    def stored(self, logical: str, generation: int) -> dict[str, StoredFile]:
        """Manifest entries for the file, or for the files in the folder, of that generation; synced to disk."""
        place = self.named(logical, generation)
        sync_tree(place)
        if logical in FILES:
            return {logical: StoredFile.of(place, self.path)}
        inside = sorted(path for path in place.rglob("*") if path.is_file())
        return {f"{logical}/{path.relative_to(place).as_posix()}": StoredFile.of(path, self.path) for path in inside}

    def commit(self, manifest: Manifest) -> None:
        """Make this generation the shop's: all that the manifest names must be in place and synced."""
        sync_folder(self.path)
        write_whole(self.manifest_path, manifest.model_dump_json(indent=1).encode())

    def settle(self, manifest: Manifest) -> None:
        """Finish what an interrupted writer left: facets that came with this generation, and files of no generation.

        Only the holder of the lock may call it.
        """
        pending = self.pending_facets(manifest.generation)
        if pending.exists():
            os.replace(pending, self.facets_path)
        wanted = {stored.path for stored in manifest.files.values()} | set(manifest.folders.values())
        for path in self.path.iterdir():
            old = _OF_A_GENERATION.match(path.name) and path.name not in wanted
            if old or path.name == RECORD or path.name.endswith(_LEFT_OVER):
                remove(path)

    def is_ours(self, *, leftovers_only: bool = False) -> bool:
        """True if nothing lies there but what a shop has, or but what an interrupted build left."""
        names = [path.name for path in self.path.iterdir()]
        passing = {_LOCK, _WRITER, RECORD, self.left_out_path.name}
        lasting = {"shop.json", "facets.json", "rules.json", "talks.db", "talks.db-wal", "talks.db-shm"}
        known = passing if leftovers_only else passing | lasting
        return all(name in known or name.endswith(_LEFT_OVER) or _OF_A_GENERATION.match(name) for name in names)

    def pending_facets(self, generation: int) -> Path:
        """Where a rebuilt shop's facets wait for their generation's commit, before they become `facets.json`."""
        return self.path / f"facets-{generation}.json"

    def next_generation(self) -> int:
        """One more than any generation that left a trace here, whether or not the manifest can be read."""
        traces = [_OF_A_GENERATION.match(path.name) for path in self.path.iterdir()] if self.path.is_dir() else []
        with suppress(ShopError):
            return max([self.manifest().generation, *(int(one[2]) for one in traces if one)]) + 1
        return max([0, *(int(one[2]) for one in traces if one)]) + 1

    @contextmanager
    def writing(self, command: str) -> Iterator[None]:
        """Hold the writer's lock. Raises ShopBusyError naming the holder, ShopError if the folder cannot be written.

        The lock is the operating system's and ends with its process, however that ends.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / _LOCK, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise self._busy() from None
        except OSError as error:
            raise ShopError(f"{self.path} cannot be written: {error.strerror or error}.") from error
        try:
            holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": now()}
            write_whole(self.path / _WRITER, json.dumps(holder).encode())
            yield
        finally:
            self.forget_writer()
            lock.release()

    def forget_writer(self) -> None:
        """Take away the note of who writes."""
        with suppress(OSError):  # the folder may have been moved into place, or removed after bad input
            (self.path / _WRITER).unlink()

    def _busy(self) -> ShopBusyError:
        try:
            facts = json.loads((self.path / _WRITER).read_bytes())
            who = f"process {facts['pid']} on {facts['host']} ({facts['command']}, since {facts['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            who = "another process"
        hint = "Wait until it is done, or end it; the lock ends with it."
        return ShopBusyError(f"The shop in {self.path} is being written by {who}.", hint=hint)

    def _damaged(self, problem: str, *, repairable: bool = False) -> ShopDamagedError:
        repair = f"`shoptalk update {self.path}` or Shop.repair makes it anew from the shop's own records"
        rebuild = f"`shoptalk build SOURCE {self.path} --replace` builds the shop again and keeps its talks"
        return ShopDamagedError(problem, hint=f"{repair if repairable else rebuild}.")

    def _other_version(self, version: int, facts: dict[str, object]) -> ShopVersionError:
        written = f"format {version}, written by shoptalk {facts.get('shoptalk', '?')}"
        source = facts.get("source")
        known = source.get("path") if isinstance(source, dict) else None
        problem = f"The shop in {self.path} is of {written}; this shoptalk reads format {FORMAT}."
        if version > FORMAT:
            return ShopVersionError(problem, hint="Use that shoptalk or a newer one.")
        build = f"`shoptalk build {known or 'SOURCE'} {self.path} --replace`"
        return ShopVersionError(problem, hint=f"Build it again; its talks are kept: {build}.")


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file's content in one step that survives a loss of power."""
    unfinished = path.with_name(path.name + _LEFT_OVER)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    sync_folder(path.parent)


def sync_tree(path: Path) -> None:
    """Bring a file, or a folder with all that is in it, to the disk."""
    for one in sorted(path.rglob("*")) if path.is_dir() else ():
        sync_folder(one)
    sync_folder(path)


def schema_text(schema: Schema) -> bytes:
    """`facets.json` as it is written: indented, unset fields left out."""
    return schema.model_dump_json(indent=1, exclude_defaults=True).encode() + b"\n"


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def now() -> str:
    """This moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sync_folder(path: Path) -> None:
    """Bring a file, or what a folder names but not what is in it, to the disk."""
    if sys.platform == "win32" and path.is_dir():
        return  # folders cannot be opened there
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
