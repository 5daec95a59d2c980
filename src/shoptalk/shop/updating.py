"""Changing a built shop: records in and out, an edited `facets.json` applied, and what is stale or broken made anew.

A change is a new generation beside the old one. Who reads goes on with the old until the manifest is replaced.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import shoptalk
from shoptalk.errors import CatalogError, ShopDamagedError, ShopVersionError
from shoptalk.ranking.lambdarank import Ranker, load_ranker
from shoptalk.ranking.learned import Learned
from shoptalk.ranking.talking.reordering import Reordering
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.index import VectorIndex
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.reading import Record
from shoptalk.retrieval.schema import Role, Schema
from shoptalk.shop.folder import FILES, FOLDERS, LEARNED, Manifest, ShopFolder, now, write_whole
from shoptalk.shop.parts import Engines, Progress, RememberingEncoder, clone_lexical, from_stage, train, write_vectors
from shoptalk.shop.records import Entry, LeftOut, entries_of, read_source, read_texts, records_of, write_texts
from shoptalk.shop.snapshot import index_config, load_vectors

__all__ = ["UpdateReport", "replace_ranker", "update"]


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update did: numbers of items by what became of them, bad records left out, and parts made anew."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    left_out: int = 0
    unknown: tuple[str, ...] = ()
    """ids that were to be removed, and that the shop does not have"""
    renewed: tuple[str, ...] = ()
    """'facets', 'catalog', 'vectors', 'chroma', 'lexical', 'ranker': parts that were stale or broken"""


def update(
    folder: ShopFolder,
    encoder: Encoder,
    source: Path | None = None,
    *,
    chroma_url: str | None = None,
    remove_ids: Iterable[str] = (),
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> UpdateReport:
    """Bring the shop in line with its `facets.json`, with the records of `source` put in and `remove_ids` taken out.

    An id that is removed and in the source stays; unknown removed ids are told in the report. Only changed documents
    are encoded. Raises CatalogError, ShopBusyError, ShopDamagedError (the shop's own records are lost); nothing is
    changed then.
    """
    with folder.writing("update"):
        left_out = LeftOut(skip=skip_bad)
        held = _hold(folder, encoder, chroma_url, left_out, thorough=source is None)
        plan = _plan(held, _fresh(source, held.schema, left_out, progress), set(remove_ids))
        if plan.rows or plan.removed or held.renewed:
            engines = Engines(encoder, chroma_url, held.manifest.collection)
            manifest = _write(folder, held, plan, engines, progress)
            _commit(folder, manifest, left_out if source is not None else None)
        return replace(plan.report, left_out=len(left_out.lines), renewed=held.renewed)


def replace_ranker(
    folder: ShopFolder, ranker: Ranker, learned: Learned | None = None, reordering: Reordering | None = None
) -> None:
    """Make this the shop's ranker, with the models it goes with, in a generation of its own. Raises ShopBusyError."""
    with folder.writing("train"):
        before = folder.manifest()
        generation = folder.next_generation()
        place = folder.named("ranker", generation)
        ranker.save(place)
        if learned is not None:
            learned.save(place / LEARNED)
            (reordering or Reordering()).save(place / LEARNED)
        files = {name: stored for name, stored in before.files.items() if not name.startswith("ranker/")}
        changes = {
            "generation": generation,
            "changed": now(),
            "files": files | folder.stored("ranker", generation),
            "folders": before.folders | {"ranker": place.name},
        }
        _commit(folder, before.model_copy(update=changes), None)


@dataclass(frozen=True)
class _Held:
    """The shop before the change, as its own records and `facets.json` have it."""

    manifest: Manifest
    schema: Schema
    catalog: Catalog
    texts: Mapping[str, str]
    renewed: tuple[str, ...]


@dataclass(frozen=True)
class _Plan:
    """The shop after the change: the catalog, its records, and which of its rows are new or others than before."""

    catalog: Catalog
    texts: Mapping[str, str]
    rows: tuple[int, ...]
    removed: tuple[str, ...]
    report: UpdateReport


def _hold(folder: ShopFolder, encoder: Encoder, chroma_url: str | None, left_out: LeftOut, *, thorough: bool) -> _Held:
    manifest = folder.manifest()
    folder.settle(manifest)
    folder.require(manifest, "records", content=thorough)
    texts = read_texts(folder.place(manifest, "records"))
    schema = folder.schema()
    if schema is None:
        folder.write_schema(manifest.facets)
    schema = schema or manifest.facets
    broken = {part for part in (*FILES, *FOLDERS) if folder.damage(manifest, part, content=thorough)}
    if thorough and "ranker" not in broken and not _ranker_is_sound(folder, manifest):
        broken.add("ranker")
    if thorough and "chroma" not in broken and chroma_url is None and not _chroma_is_sound(folder, manifest):
        broken.add("chroma")
    if encoder.name != manifest.encoder:
        broken.add("vectors")
    if schema != manifest.facets:
        broken.add("facets")
    if broken & {"catalog", "facets"}:
        records = folder.place(manifest, "records")
        read = records_of(texts.values())
        entries = entries_of(read, schema, records, left_out)
        _require_values(folder, schema, manifest.facets, read, entries)
        catalog = Catalog.from_items([entry.item for entry in entries], schema)
        texts = {entry.item.id: entry.text for entry in entries}
    else:
        catalog = Catalog.read(folder.place(manifest, "catalog"), schema)
    return _Held(manifest, schema, catalog, texts, tuple(sorted(broken)))


def _require_values(
    folder: ShopFolder, schema: Schema, before: Schema, records: Sequence[Record], entries: Sequence[Entry]
) -> None:
    """Raises CatalogError if a column that was edited in `facets.json` has no value in any record."""
    names = {name for record in records for name in record.fields}
    held = {name for entry in entries for name in entry.item.facets}
    file = str(folder.facets_path)
    for column in schema.columns:
        if column in before.columns or column.role is Role.IGNORED:
            continue
        if column.name not in names | held:
            hint = f"The columns are: {', '.join(sorted(names)[:20])}."
            raise CatalogError("no record has a value in such a column.", file=file, field=column.name, hint=hint)
        if column.role is Role.FACET and column.name not in held:
            hint = "Correct its kind, or make its role 'text' and leave the kind out."
            raise CatalogError(f"none of its values is a {column.kind}.", file=file, field=column.name, hint=hint)


def _fresh(source: Path | None, schema: Schema, left_out: LeftOut, progress: Progress | None) -> dict[str, Entry]:
    """The source's entries by id."""
    if source is None:
        return {}
    records = read_source(source, left_out, from_stage(progress, "read"))
    return {entry.item.id: entry for entry in entries_of(records, schema, source, left_out)}


def _plan(held: _Held, fresh: Mapping[str, Entry], wanted_out: set[str]) -> _Plan:
    """Raises CatalogError if nothing would be left."""
    before = held.catalog
    removed = tuple(one for one in before.ids if one in wanted_out and one not in fresh)
    added = [one for one in fresh if one not in before]
    changed = [one for one in fresh if one in before and _differs(held, fresh[one])]
    catalog = before.changed([fresh[one].item for one in (*changed, *added)], removed)
    if not len(catalog):
        raise CatalogError("The update would leave the shop without items.", hint="Keep at least one.")
    texts = {one: fresh[one].text if one in fresh else held.texts[one] for one in catalog.ids}
    unchanged = len(before) - len(removed) - len(changed)
    unknown = tuple(sorted(one for one in wanted_out if one not in before and one not in fresh))
    report = UpdateReport(len(added), len(changed), len(removed), unchanged, unknown=unknown)
    rows = tuple(int(row) for row in catalog.rows((*changed, *added)))
    return _Plan(catalog, texts, rows, removed, report)


def _differs(held: _Held, entry: Entry) -> bool:
    item_id = entry.item.id
    return entry.text != held.texts[item_id] or entry.item != held.catalog.item(held.catalog.row(item_id))


def _write(folder: ShopFolder, held: _Held, plan: _Plan, engines: Engines, progress: Progress | None) -> Manifest:
    """Write the next generation's parts, and give the manifest that will make it the shop's."""
    generation, before, catalog = folder.next_generation(), held.manifest, plan.catalog
    catalog.write(folder.named("catalog", generation))
    write_texts(folder.named("records", generation), plan.texts)
    chroma = folder.named("chroma", generation) if "chroma" in held.renewed else folder.place(before, "chroma")
    able = _remembering(folder, held, engines) if "chroma" in held.renewed else engines
    write_vectors(folder, generation, chroma, catalog, able, progress=progress)
    _write_lexical(folder, generation, held, plan, progress)
    parts = ["catalog", "records", "vectors", "lexical"]
    folders = {"chroma": chroma.name, "lexical": folder.named("lexical", generation).name}
    files = {name: stored for name, stored in before.files.items() if name.startswith("ranker/")}
    if "ranker" in held.renewed:
        train(folder, generation, chroma, catalog, engines, progress=progress)
        parts, files = [*parts, "ranker"], {}
        folders["ranker"] = folder.named("ranker", generation).name
    for part in parts:
        files |= folder.stored(part, generation)
    return before.model_copy(
        update={
            "generation": generation,
            "changed": now(),
            "shoptalk": shoptalk.__version__,
            "encoder": engines.encoder.name,
            "items": len(catalog),
            "facets": held.schema,
            "files": files,
            "folders": before.folders | folders,
        }
    )


def _commit(folder: ShopFolder, manifest: Manifest, left_out: LeftOut | None) -> None:
    if left_out is not None:
        manifest = manifest.model_copy(update={"left_out": len(left_out.lines)})
        write_whole(folder.left_out_path, left_out.content())
    folder.commit(manifest)
    folder.settle(manifest)


def _write_lexical(folder: ShopFolder, generation: int, held: _Held, plan: _Plan, progress: Progress | None) -> None:
    """Put the changes into a copy of the old index; or index anew, where that is less work or the old one is no use."""
    told, place = from_stage(progress, "index"), folder.named("lexical", generation)
    told(0, len(plan.catalog))
    if {"facets", "lexical"} & set(held.renewed) or 2 * len(plan.rows) > len(plan.catalog):
        LexicalIndex.build(place, plan.catalog)
    else:
        clone_lexical(folder.place(held.manifest, "lexical"), place)
        LexicalIndex.open(place, plan.catalog.ids).upsert(plan.catalog, plan.rows, plan.removed)
    told(len(plan.catalog), len(plan.catalog))


def _remembering(folder: ShopFolder, held: _Held, engines: Engines) -> Engines:
    """The engines, with an encoder that remembers the vectors of the generation before, where these can be read."""
    if {"vectors", "catalog"} & set(held.renewed):
        return engines
    old = Catalog.read(folder.place(held.manifest, "catalog"), held.manifest.facets)
    documents = [old.document(row) for row in range(len(old))]
    given = zip(documents, load_vectors(folder, held.manifest), strict=True)
    return replace(engines, encoder=RememberingEncoder(engines.encoder, given))


def _ranker_is_sound(folder: ShopFolder, manifest: Manifest) -> bool:
    try:
        load_ranker(folder.place(manifest, "ranker"))
    except (ShopDamagedError, ShopVersionError):
        return False
    return True


def _chroma_is_sound(folder: ShopFolder, manifest: Manifest) -> bool:
    """Whether Chroma opens its folder and knows the collection; what it lacks in it is put in anyway."""
    from chromadb.errors import ChromaError

    config = index_config(manifest.collection)
    nothing = np.empty((0, 1), dtype=np.float32)
    index = VectorIndex(folder.place(manifest, "chroma"), (), nothing, encoder=manifest.encoder, config=config)
    try:
        index.consistent(())
    except (ShopDamagedError, ChromaError, ValueError, OSError):
        return False
    finally:
        index.close()
    return True
