"""The vector index: exact answers, Chroma in line with the catalog whatever happened before, and honest errors."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.errors import ShopDamagedError, ShopError
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.index import IndexConfig, VectorIndex, best_rows
from shoptalk.retrieval.schema import Column, Kind, Role, Schema

SCHEMA = Schema(
    columns=(
        Column(name="title", role=Role.TITLE),
        Column(name="tags", role=Role.FACET, kind=Kind.CATEGORIES),
        Column(name="#price", role=Role.FACET, kind=Kind.NUMBER),
        Column(name="new", role=Role.FACET, kind=Kind.FLAG),
    )
)
ENCODER = HashingEncoder(32)


class CountingEncoder(HashingEncoder):
    """Remembers how many texts it was given."""

    def __init__(self, dimensions: int = 32) -> None:
        super().__init__(dimensions)
        self.encoded = 0

    def encode(self, texts, progress=None):
        self.encoded += len(texts)
        return super().encode(texts, progress)


def make_catalog(count: int = 60) -> Catalog:
    facets = [{"tags": ("a", "b"), "#price": 1.5, "new": True}, {"tags": ()}, {}]
    items = [Item(id=f"i{row}", title=f"thing {row * 7919}", facets=facets[row % 3]) for row in range(count)]
    return Catalog.from_items(items, SCHEMA)


def records(index: VectorIndex) -> dict[str, dict]:
    """What a program that opens the folder with Chroma alone finds there."""
    code = """
import sys, json, chromadb
from chromadb.config import Settings
client = chromadb.PersistentClient(sys.argv[1], settings=Settings(anonymized_telemetry=False))
held = client.get_collection("items", embedding_function=None).get(include=["metadatas", "documents"])
print(json.dumps({i: [m, d] for i, m, d in zip(held["ids"], held["metadatas"], held["documents"])}))
"""
    ran = subprocess.run([sys.executable, "-c", code, str(index.folder)], capture_output=True, text=True, check=True)
    import json

    return json.loads(ran.stdout)


@pytest.fixture
def index(tmp_path):
    built = VectorIndex.build(tmp_path / "chroma", make_catalog(), ENCODER)
    yield built
    built.close()


def expected(index: VectorIndex, vectors, k: int, allowed=None) -> list[int]:
    cosines = (np.asarray(index.vectors) @ np.atleast_2d(vectors).T).max(axis=1)
    rows = range(len(index)) if allowed is None else np.flatnonzero(allowed).tolist()
    return sorted(rows, key=lambda row: (-round(float(cosines[row]), 4), row))[:k]


@pytest.mark.parametrize("share", [None, 0.05, 0.5])
@pytest.mark.parametrize("m", [1, 3])
def test_nearest_is_exact(index, share, m):
    rng = np.random.default_rng(1)
    allowed = None if share is None else rng.random(60) < share
    vectors = np.asarray(index.vectors)[[3, 20, 41][:m]]
    asked = vectors[0] if m == 1 else vectors
    rows, cosines = index.nearest(asked, 7, allowed)
    assert rows.tolist() == expected(index, asked, 7, allowed)
    np.testing.assert_allclose(cosines, index.cosines(rows, asked))
    near = index.nearest_to(np.array([3, 20, 41][:m]), 7, allowed)
    assert near[0].tolist() == rows.tolist()


def test_nothing_allowed_or_asked_gives_nothing(index):
    vector = index.vectors[0]
    assert index.nearest(vector, 5, np.zeros(60, dtype=bool))[0].tolist() == []
    assert index.nearest(vector, 0)[0].tolist() == []
    assert index.nearest_to(np.empty(0, dtype=np.int64), 5)[0].tolist() == []
    assert len(index.nearest(vector, 1_000)[0]) == 60


def test_ties_go_to_the_lower_row(tmp_path):
    items = [Item(id=f"i{row}", title="the very same") for row in range(20)]
    index = VectorIndex.build(tmp_path, Catalog.from_items(items, SCHEMA), ENCODER)
    assert index.nearest(index.vectors[0], 5)[0].tolist() == [0, 1, 2, 3, 4]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, -1.0, -np.inf]), max_size=30), st.integers(1, 40))
def test_best_rows_are_those_of_a_sort(scores, k):
    rows, best = best_rows(np.array(scores, dtype=np.float32), k)
    finite = [row for row in range(len(scores)) if scores[row] > -np.inf]
    assert rows.tolist() == sorted(finite, key=lambda row: (-scores[row], row))[:k]
    assert best.tolist() == [scores[row] for row in rows]


def test_large_open_searches_go_through_chroma(tmp_path):
    config = IndexConfig(exact_up_to=10)
    index = VectorIndex.build(tmp_path, make_catalog(300), ENCODER, config=config)
    allowed = np.ones(300, dtype=bool)
    allowed[:40] = False
    for mask in (None, allowed):
        rows, cosines = index.nearest(index.vectors[77], 5, mask)
        assert rows[0] == 77
        assert rows.tolist() == expected(index, index.vectors[77], 5, mask)
        assert index.nearest_to(np.array([77]), 5, mask)[0].tolist() == rows.tolist()
        assert (np.diff(cosines) <= 0).all()
    few = IndexConfig(exact_up_to=10, overfetch_up_to=20)
    tight = VectorIndex.open(tmp_path, index.ids, config=few)
    assert tight.nearest(index.vectors[77], 5)[0].tolist() == expected(index, index.vectors[77], 5)
    index.close()


def test_allowed_items_far_away_are_found_though_chroma_misses_them(tmp_path):
    items = [Item(id=f"i{row}", title="near" if row < 400 else f"far {row}") for row in range(420)]
    index = VectorIndex.build(tmp_path, Catalog.from_items(items, SCHEMA), ENCODER, config=IndexConfig(exact_up_to=10))
    allowed = np.arange(420) >= 400
    assert len(index.nearest(index.vectors[0], 15, allowed)[0]) == 15
    index.close()


def test_chroma_holds_documents_and_facets_that_have_values(index):
    held = records(index)
    catalog = make_catalog()
    metadata, document = held["i0"]
    assert {key: metadata[key] for key in ("tags", "_#price", "new")} == {
        "tags": ["a", "b"],
        "_#price": 1.5,
        "new": True,
    }
    assert document == catalog.document(0)
    assert {key for key in held["i1"][0] if not key.startswith("shoptalk:")} == set()
    assert index.consistent(catalog.ids)


def test_an_update_encodes_only_what_changed(index):
    encoder = CountingEncoder()
    before = make_catalog()
    after = before.changed(
        [Item(id="i0", title="thing 0", facets={"new": False}), Item(id="fresh", title="fresh one")],
        removed=["i5", "i6"],
    )
    updated = VectorIndex.build(index.folder, after, encoder)
    assert updated.ids == after.ids
    assert encoder.encoded == len({"i0", "fresh"})
    texts = [after.document(row) for row in range(len(after))]
    np.testing.assert_allclose(updated.vectors, ENCODER.encode(texts), atol=1e-6)
    held = records(updated)
    assert {key for key in held["i0"][0] if not key.startswith("shoptalk:")} == {"new"}
    assert "i5" not in held
    difference = updated.consistent(before.ids)
    assert not difference
    assert (difference.missing, difference.extra) == (("i5", "i6"), ("fresh",))
    updated.close()


def test_facets_alone_are_written_without_encoding(index):
    before, encoder = make_catalog(), CountingEncoder()
    facets = before.item(0).facets | {"#price": 99.0}
    after = before.changed([before.item(0).model_copy(update={"facets": facets})])
    silent = Schema(columns=tuple(one for one in SCHEMA.columns if one.name != "#price"))
    same_text = [after.document(row) == before.document(row) for row in range(len(after))]
    VectorIndex.build(index.folder, after, encoder).close()
    assert encoder.encoded == same_text.count(False)
    bare = Catalog.from_items([Item(id="i1", title="thing 7919")], silent)
    VectorIndex.build(index.folder, bare, encoder).close()
    assert list(records(index)) == ["i1"]


def test_another_encoder_replaces_all(index):
    other = VectorIndex.build(index.folder, make_catalog(), HashingEncoder(16))
    assert (other.dimensions, other.encoder) == (16, "hashing-1-16")
    assert other.consistent(make_catalog().ids)
    other.close()


def test_vectors_beside_chroma_can_be_lost(index):
    (index.folder / "vectors.npy").unlink()
    again = index.reopen()
    np.testing.assert_allclose(
        again.vectors, ENCODER.encode([make_catalog().document(row) for row in range(60)]), atol=1e-6
    )
    (index.folder / "content.json").write_text("{broken")
    encoder = CountingEncoder()
    VectorIndex.build(index.folder, make_catalog(), encoder).close()
    assert encoder.encoded == 0


def test_rows_follow_the_ids_that_are_asked_for(index):
    some = index.reopen(["i9", "i2"])
    np.testing.assert_array_equal(some.vectors, index.vectors[[9, 2]])
    with pytest.raises(ShopDamagedError, match="lacks vectors of 1 items"):
        index.reopen(["i9", "stranger"])
    np.save(index.folder / "vectors.npy", np.zeros((3, 32), dtype=np.float32))
    with pytest.raises(ShopDamagedError, match="3 vectors for 60 items"):
        index.reopen()


def test_opening_nothing_says_so(tmp_path):
    with pytest.raises(ShopDamagedError, match="holds no vectors"):
        VectorIndex.open(tmp_path / "nowhere", [])


def test_progress_counts_encoded_items(tmp_path):
    told: list[tuple[int, int]] = []
    build = {"config": IndexConfig(chunk=25), "progress": lambda done, total: told.append((done, total))}
    VectorIndex.build(tmp_path, make_catalog(), ENCODER, **build).close()
    assert told == [(25, 60), (50, 60), (60, 60)]


def test_a_killed_build_goes_on_where_it_was(tmp_path):
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_index import *
def kill(done, total):
    if done >= 40: os.kill(os.getpid(), signal.SIGKILL)
VectorIndex.build(Path({str(tmp_path)!r}), make_catalog(), ENCODER, config=IndexConfig(chunk=20), progress=kill)
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with pytest.raises(ShopDamagedError, match="not finished"):
        VectorIndex.open(tmp_path, make_catalog().ids)
    encoder = CountingEncoder()
    index = VectorIndex.build(tmp_path, make_catalog(), encoder)
    assert encoder.encoded == 20
    np.testing.assert_allclose(
        index.vectors, ENCODER.encode([make_catalog().document(row) for row in range(60)]), atol=1e-6
    )
    assert index.consistent(make_catalog().ids)
    index.close()


def test_a_reader_sees_what_another_process_wrote_once_reopened(index):
    assert index.consistent(make_catalog(60).ids)
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_index import *
VectorIndex.build(Path({str(index.folder)!r}), make_catalog(61), ENCODER)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert len(index) == 60
    again = index.reopen(make_catalog(61).ids)
    assert len(again) == 61
    assert again.consistent(make_catalog(61).ids)
    again.close()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("chroma")),
        "run",
        "--path",
        str(tmp_path / "server"),
        "--port",
        str(port),
    ]
    environment = os.environ | {"ANONYMIZED_TELEMETRY": "False"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_a_server_can_hold_the_index(server, tmp_path):
    catalog = make_catalog()
    here, there = tmp_path / "here", tmp_path / "there"
    index = VectorIndex.build(here, catalog, ENCODER, url=server)
    assert not (here / "chroma.sqlite3").exists()
    assert index.consistent(catalog.ids)
    elsewhere = VectorIndex.open(there, catalog.ids, url=server)
    np.testing.assert_allclose(elsewhere.vectors, index.vectors, atol=1e-6)
    after = catalog.changed([Item(id="i3", title="quite another")])
    VectorIndex.build(there, after, ENCODER, url=server)
    newest = index.reopen()
    assert newest.consistent(after.ids)
    newest.close()
    np.testing.assert_allclose(newest.vectors[3], ENCODER.encode([after.document(3)])[0], atol=1e-6)


def test_a_server_that_cannot_be_reached_is_named(tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ShopError, match="SHOPTALK_CHROMA_URL") as caught:
        VectorIndex.build(tmp_path, make_catalog(3), ENCODER, url=url)
    assert url in str(caught.value)
