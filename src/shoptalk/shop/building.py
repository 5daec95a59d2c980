"""Building a shop, stage by stage, in a folder beside the place where it will stand: read, encode, index, train.

An interrupted build leaves that folder, and the next one for the same source continues in it. Nothing half-built is
ever where a shop is looked for: the folder gets its name, or a rebuilt shop's files their manifest, in one last step.
"""

import json
import os
import secrets
import shutil
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shoptalk
from shoptalk.errors import CatalogError, ShopBusyError, ShopError, ShopExistsError
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.schema import Schema
from shoptalk.shop.folder import (
    FILES,
    FOLDERS,
    FORMAT,
    RECORD,
    Manifest,
    ShopFolder,
    SourcePrint,
    now,
    remove,
    schema_text,
    sync_folder,
    write_whole,
)
from shoptalk.shop.parts import Engines, Progress, from_stage, stored_parts, train, write_vectors
from shoptalk.shop.records import LeftOut, entries_of, read_source, schema_of, write_texts

if TYPE_CHECKING:
    from shoptalk.retrieval.detecting import Overrides

__all__ = ["build"]

_STAGES = {"read": ("catalog", "records"), "encode": ("chroma", "vectors"), "index": ("lexical",), "train": ("ranker",)}
"""What each stage leaves behind."""


def build(
    source: Path,
    into: Path,
    *,
    name: str,
    encoder: Encoder,
    chroma_url: str | None = None,
    overrides: "Overrides | None" = None,
    skip_bad: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Build a shop in the folder `into`, or continue to. With `replace` one there is rebuilt, and its talks stay.

    Raises CatalogError (nothing is left behind), ShopExistsError, ShopBusyError.
    """
    told = SourcePrint.of(source)
    target, staging = ShopFolder(into), ShopFolder(into.with_name(f".{into.name}.building"))
    _require_room(target, replace)
    try:
        staging.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{into.parent} cannot be written: {error.strerror or error}."
        raise ShopError(problem, hint="Name another folder.") from error
    with staging.writing("build"):
        key = {
            "format": FORMAT,
            "shoptalk": shoptalk.__version__,
            "source": told.model_dump(),
            "overrides": None if overrides is None else overrides.model_dump(),
            "encoder": encoder.name,
            "skip_bad": skip_bad,
            "chroma": chroma_url,
        }
        try:
            _require_room(target, replace)  # someone may have been quicker
            with _lock_on(target):
                work = _Work(staging, target, json.loads(json.dumps(key)), encoder, progress)
                return work.run(source, told, name, overrides)
        except (CatalogError, ShopExistsError, ShopBusyError) as error:
            if not isinstance(error, ShopBusyError) or not (staging.path / RECORD).exists():
                remove(staging.path)
            raise


def _require_room(target: ShopFolder, replace: bool) -> None:
    """Raises ShopExistsError if building would write over what is there."""
    if not target.path.exists():
        return
    if not target.path.is_dir():
        raise ShopExistsError(f"{target.path} is a file.", hint="Name another folder.")
    if target.manifest_path.exists() and not replace:
        hint = "Open it, update it, or build with replace=True (--replace), which keeps its talks."
        raise ShopExistsError(f"There is a shop in {target.path} already.", hint=hint)
    if not target.is_ours(leftovers_only=not replace):
        raise ShopExistsError(f"{target.path} holds files that are no shop's.", hint="Name another folder.")


def _lock_on(target: ShopFolder) -> AbstractContextManager[None]:
    return target.writing("build") if target.path.exists() else nullcontext()


class _Work:
    """One build under way, and the record of how far it came."""

    def __init__(
        self,
        staging: ShopFolder,
        target: ShopFolder,
        key: dict[str, object],
        encoder: Encoder,
        progress: Progress | None,
    ) -> None:
        self.staging, self.target, self.progress = staging, target, progress
        self.generation = target.next_generation()
        self._path = staging.path / RECORD
        self._record = self._continued(key) or self._afresh(key)
        self._record["generation"] = self.generation
        self._write()
        url = None if key["chroma"] is None else str(key["chroma"])
        self.engines = Engines(encoder, url, self._record["collection"])

    def run(self, source: Path, told: SourcePrint, name: str, overrides: "Overrides | None") -> Manifest:
        """All stages that are not done, then the shop put in its place."""
        if "read" not in self._record["done"]:
            self._read(source, overrides)
            self._finish("read")
        for stage, work in (("encode", self._encode), ("index", self._index), ("train", self._train)):
            if stage not in self._record["done"]:
                work()
                self._finish(stage)
        manifest = self._manifest(name, told)
        self._publish(manifest)
        return manifest

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog.read(self._named("catalog"), self._schema)

    @cached_property
    def _schema(self) -> Schema:
        schema = self.staging.schema()
        assert schema is not None
        return schema

    def _read(self, source: Path, overrides: "Overrides | None") -> None:
        left_out = LeftOut(skip=bool(self._record["key"]["skip_bad"]))
        records = read_source(source, left_out, from_stage(self.progress, "read"))
        schema = schema_of(records, source, overrides)
        entries = entries_of(records, schema, source, left_out)
        Catalog.from_items([entry.item for entry in entries], schema).write(self._named("catalog"))
        write_texts(self._named("records"), {entry.item.id: entry.text for entry in entries})
        write_whole(self.staging.left_out_path, left_out.content())
        self.staging.write_schema(schema)
        self._record["left_out"] = len(left_out.lines)

    def _encode(self) -> None:
        chroma = self._named("chroma")
        write_vectors(self.staging, self.generation, chroma, self._catalog, self.engines, progress=self.progress)

    def _index(self) -> None:
        told = from_stage(self.progress, "index")
        told(0, len(self._catalog))
        LexicalIndex.build(self._named("lexical"), self._catalog)
        told(len(self._catalog), len(self._catalog))

    def _train(self) -> None:
        train(self.staging, self.generation, self._named("chroma"), self._catalog, self.engines, progress=self.progress)

    def _manifest(self, name: str, told: SourcePrint) -> Manifest:
        moment = now()
        return Manifest(
            name=name,
            generation=self.generation,
            created=moment,
            changed=moment,
            shoptalk=shoptalk.__version__,
            encoder=self.engines.encoder.name,
            collection=self._record["collection"],
            items=len(self._catalog),
            left_out=self._record["left_out"],
            source=told,
            facets=self._schema,
            files=stored_parts(self.staging, self.generation),
            folders={part: self._named(part).name for part in FOLDERS},
        )

    def _publish(self, manifest: Manifest) -> None:
        """Give the finished folder its name; or, where one stands already, move the files in and commit them."""
        if self.target.path.exists():
            self._move_in(manifest)
            return
        self.staging.commit(manifest)
        self.staging.forget_writer()
        try:
            os.rename(self.staging.path, self.target.path)
        except OSError as error:
            problem = f"The shop was built, but cannot be put into {self.target.path}: {error.strerror or error}."
            raise ShopError(problem, hint="Make the place writable, and build again: the work is kept.") from error
        sync_folder(self.target.path.parent)
        (self.target.path / RECORD).unlink()

    def _move_in(self, manifest: Manifest) -> None:
        write_whole(self.target.pending_facets(self.generation), schema_text(manifest.facets))
        names = {stored.path.partition("/")[0] for stored in manifest.files.values()} | set(manifest.folders.values())
        for name in sorted(names):
            remove(self.target.path / name)
            shutil.move(self.staging.path / name, self.target.path / name)
        shutil.move(self.staging.left_out_path, self.target.left_out_path)
        self.target.commit(manifest)
        self.target.settle(manifest)
        remove(self.staging.path)

    def _named(self, part: str) -> Path:
        return self.staging.named(part, self.generation)

    def _finish(self, stage: str) -> None:
        self._record["done"].append(stage)
        self._write()

    def _write(self) -> None:
        write_whole(self._path, json.dumps(self._record).encode())

    def _afresh(self, key: dict[str, object]) -> dict[str, Any]:
        for path in self.staging.path.iterdir():
            if not path.name.startswith("writer."):
                remove(path)
        return {"key": key, "done": [], "left_out": 0, "collection": f"shoptalk-{secrets.token_hex(8)}"}

    def _continued(self, key: dict[str, object]) -> dict[str, Any] | None:
        """The record of an interrupted build with the same key, up to the first stage whose files are gone."""
        try:
            record: dict[str, Any] = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        if record.get("key") != key:
            return None
        for part in (*FILES, *FOLDERS):
            before = self.staging.named(part, record["generation"])
            if before.exists() and record["generation"] != self.generation:
                os.rename(before, self._named(part))
        whole = takewhile(lambda stage: all(self._named(part).exists() for part in _STAGES[stage]), record["done"])
        return record | {"done": list(whole)}
