import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tests_shop_data import product, products, write_records

from shoptalk.errors import CatalogError, ShopBusyError, ShopError, ShopExistsError, ShopNotFoundError
from shoptalk.retrieval.detecting import Overrides
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.query import Query
from shoptalk.shop import Shop


class CountingEncoder(HashingEncoder):
    """Counts what it was asked to encode."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def encode(self, texts, progress=None):
        self.texts += texts
        return super().encode(texts, progress)


def run_build(source, settings, *, until=None, at=0):
    """Build in a process of its own, which kills itself with SIGKILL at a stage once so much of it is done."""
    program = f"""
        import os, signal
        from pathlib import Path
        from shoptalk.settings import Settings
        from shoptalk.shop import Shop

        def progress(stage, done, total):
            if stage == {until!r} and done >= {at}:
                os.kill(os.getpid(), signal.SIGKILL)

        settings = Settings(home=Path({str(settings.home)!r}), encoder="hashing")
        Shop.build({str(source)!r}, settings=settings, progress=progress)
    """
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False, capture_output=True, text=True)


def test_a_built_shop_has_every_record_and_passes_its_own_check(source, settings):
    seen = []
    with Shop.build(source, settings=settings, progress=lambda *told: seen.append(told)) as shop:
        assert shop.folder == settings.home / "products"
        assert shop.name == "products"
        assert shop.catalog.ids == tuple(one["id"] for one in products())
        shop.verify()
        assert shop.stale == ()
        assert shop.rank(Query(text="lamp"), shop.find(Query(text="lamp"))).rows.size > 0
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == ["read", "encode", "index", "train"]
    assert [path.name for path in settings.home.iterdir()] == ["products"]
    assert not (settings.home / "products" / "writer.json").exists()
    assert not (settings.home / "products" / "building.json").exists()


def test_a_build_killed_in_every_stage_is_continued_and_never_seen_half_done(source, settings):
    for stage in ("read", "encode", "index", "train"):
        killed = run_build(source, settings, until=stage)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert [path.name for path in settings.home.iterdir()] == [".products.building"]
        with pytest.raises(ShopNotFoundError):
            Shop.open("products", settings=settings)
    with Shop.build(source, settings=settings) as shop:
        shop.verify()
        assert len(shop.catalog) == 24
    assert [path.name for path in settings.home.iterdir()] == ["products"]


def test_what_was_encoded_before_the_kill_is_not_encoded_again(tmp_path, settings):
    source = write_records(tmp_path / "many.jsonl", [product(number) for number in range(1200)])
    killed = run_build(source, settings, until="encode", at=1024)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    encoder = CountingEncoder()

    def stop_at_training(stage, done, total):
        if stage == "train":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Shop.build(source, settings=settings, encoder=encoder, progress=stop_at_training)
    documents = [text for text in encoder.texts if "made in workshop" in text]
    assert len(documents) == 1200 - 1024


def test_an_interrupted_build_of_another_source_is_not_continued(source, settings):
    def interrupt(stage, done, total):
        if stage == "index":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Shop.build(source, settings=settings, progress=interrupt)
    write_records(source, [product(number, title=f"Other {number}") for number in range(6)])
    with Shop.build(source, settings=settings) as shop:
        assert shop.catalog.titles == tuple(f"Other {number}" for number in range(6))


def test_a_killed_replacement_leaves_the_shop_as_it_was_and_is_continued_later(shop, source, settings):
    write_records(source, [product(number, title=f"New {number}") for number in range(8)])

    def interrupt(stage, done, total):
        if stage == "train":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Shop.build(source, settings=settings, replace=True, progress=interrupt)
    shop.refresh()
    assert len(shop.catalog) == 24
    shop.verify()
    shop.update(remove=["p001"])
    encoder = CountingEncoder()
    with Shop.build(source, settings=settings, replace=True, encoder=encoder) as replaced:
        assert replaced.catalog.titles[0] == "New 0"
        replaced.verify()
    assert not any("made in workshop" in text for text in encoder.texts)
    shop.refresh()
    assert len(shop.catalog) == 8


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([product(1), product(2, price=float("nan"))], "row 2"),
        ([product(1), product(2, price=float("inf"))], "row 2"),
        ([product(1), product(1)], "p001"),
        ([product(1), product(2, title="")], "row 2"),
        ([], "empty"),
        ([[1, 2]], "record"),
    ],
)
def test_bad_records_are_named_and_nothing_is_left_behind(records, told, tmp_path, settings):
    source = write_records(tmp_path / "bad.jsonl", records)
    with pytest.raises(CatalogError, match=told) as caught:
        Shop.build(source, settings=settings)
    assert "bad.jsonl" in str(caught.value)
    assert not list(settings.home.glob("*"))
    assert not list(settings.home.glob(".*"))


@pytest.mark.parametrize("name", ["missing.csv", "folder.csv"])
def test_a_source_that_is_no_file_is_named(name, tmp_path, settings):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(CatalogError, match=name):
        Shop.build(tmp_path / name, settings=settings)
    assert not settings.home.exists()


def test_bad_records_can_be_left_out_and_are_listed(tmp_path, settings):
    records = [product(1), product(2, price=float("nan")), product(3), product(4, title=""), product(5)]
    with Shop.build(write_records(tmp_path / "some.jsonl", records), settings=settings, skip_bad=True) as shop:
        assert shop.catalog.ids == ("p001", "p003", "p005")
        assert shop.manifest.left_out == 2
        told = [json.loads(line) for line in (shop.folder / "left-out.jsonl").read_text().splitlines()]
        assert [one["row"] for one in told] == [2, 4]
        shop.update()
        assert shop.catalog.titles[1] == product(3)["title"]


def test_a_catalog_of_nothing_but_bad_records_is_no_shop(tmp_path, settings):
    source = write_records(tmp_path / "bad.jsonl", [product(1, title=""), product(2, title="")])
    with pytest.raises(CatalogError, match="title"):
        Shop.build(source, settings=settings, skip_bad=True, overrides=Overrides(title="title"))
    assert not list(settings.home.iterdir())


def test_a_shop_is_not_built_over_another_or_over_other_files(shop, source, settings, tmp_path):
    with pytest.raises(ShopExistsError, match="replace"):
        Shop.build(source, settings=settings)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"...")
    for replace in (False, True):
        with pytest.raises(ShopExistsError, match="photos"):
            Shop.build(source, tmp_path / "photos", settings=settings, replace=replace)
    with pytest.raises(ShopExistsError, match="is a file"):
        Shop.build(source, source, settings=settings)
    assert sorted(path.name for path in (tmp_path / "photos").iterdir()) == ["cat.png"]
    assert not list(tmp_path.glob(".*"))


def test_a_place_that_cannot_be_written_is_named(source, settings):
    with pytest.raises(ShopError, match=r"products\.jsonl cannot be written"):
        Shop.build(source, source / "inside", settings=settings)


def test_a_kill_while_a_finished_replacement_moves_in_leaves_the_old_shop_and_is_continued(shop, source, settings):
    write_records(source, [product(number, title=f"New {number}") for number in range(8)])

    def interrupt(stage, done, total):
        if stage == "train":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Shop.build(source, settings=settings, replace=True, progress=interrupt)
    staging = settings.home / ".products.building"
    for part in ("catalog-2.parquet", "chroma-2"):  # what a kill between two moves leaves
        os.rename(staging / part, shop.folder / part)
    with Shop.open(shop.folder, settings=settings) as old:
        old.verify()
        assert len(old.catalog) == 24
    with Shop.build(source, settings=settings, replace=True) as new:
        new.verify()
        assert len(new.catalog) == 8
        assert {path.name.partition("-")[2].partition(".")[0] for path in new.folder.glob("c*-*")} == {"3"}
    assert not staging.exists()


def test_a_shop_can_be_built_into_an_empty_folder(source, settings, tmp_path):
    (tmp_path / "mounted").mkdir()
    with Shop.build(source, tmp_path / "mounted", settings=settings) as shop:
        shop.verify()
        assert shop.name == "mounted"
    with Shop.open(tmp_path / "mounted", settings=settings) as shop:
        assert len(shop.catalog) == 24


def test_replacing_keeps_the_talks_and_reaches_shops_that_are_open(shop, source, settings):
    talk = shop.talk("ana")
    reply = talk.say("a red lamp")
    talk.feedback(reply.picks[0].item.id, liked=True)
    write_records(source, [product(number, title=f"New lamp {number}") for number in range(24)])
    Shop.build(source, settings=settings, replace=True).close()
    assert "New lamp" in talk.say("a lamp").picks[0].item.title
    with Shop.open("products", settings=settings) as again:
        assert [message for message, _ in again.talk(id=talk.id).history] == ["a red lamp", "a lamp"]
        assert any(chip.key.startswith("liked:") for chip in again.talk("ana").chips)
        again.verify()
    files = {path.name.split("-")[0]: path for path in shop.folder.iterdir() if "-2" in path.name}
    assert files.keys() >= {"catalog", "chroma", "lexical", "ranker", "records", "vectors"}
    assert not list(shop.folder.glob("*-1*"))


def test_facets_that_were_edited_give_way_when_a_shop_is_replaced(shop, source, settings):
    facets = json.loads((shop.folder / "facets.json").read_text())
    facets["columns"] = [column for column in facets["columns"] if column["name"] != "colour"]
    (shop.folder / "facets.json").write_text(json.dumps(facets))
    with Shop.build(source, settings=settings, replace=True) as replaced:
        assert replaced.stale == ()
        assert replaced.catalog.schema.facet("colour")


def test_overrides_decide_what_a_column_is(source, settings):
    overrides = Overrides(ignore=("year",), units=("price=EUR",))
    with Shop.build(source, settings=settings, overrides=overrides, name="named") as shop:
        assert shop.folder.name == shop.name == "named"
        assert shop.catalog.schema.facet("price").unit == "EUR"
        assert "year" not in {facet.name for facet in shop.catalog.schema.facets}


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "..", "x" * 300])
def test_a_name_that_is_no_folder_name_is_refused(name, source, settings):
    with pytest.raises(ShopError, match="name"):
        Shop.build(source, settings=settings, name=name or "/")


def test_two_builders_of_one_shop_do_not_meet(source, settings):
    program = f"""
        import sys, time
        from pathlib import Path
        from shoptalk.settings import Settings
        from shoptalk.shop import Shop

        def progress(stage, done, total):
            if stage == "encode":
                print("encoding", flush=True)
                sys.stdin.readline()

        settings = Settings(home=Path({str(settings.home)!r}), encoder="hashing")
        Shop.build({str(source)!r}, settings=settings, progress=progress)
    """
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "encoding\n"
        with pytest.raises(ShopBusyError, match=f"process {other.pid} .*build"):
            Shop.build(source, settings=settings)
        other.communicate("go on\n", timeout=30)
        assert other.returncode == 0
    finally:
        other.kill()
        other.wait()
    with pytest.raises(ShopExistsError):
        Shop.build(source, settings=settings)
    with Shop.open("products", settings=settings) as shop:
        shop.verify()


def test_vectors_are_those_of_the_documents_in_the_catalogs_order(shop):
    documents = [shop.catalog.document(row) for row in range(len(shop.catalog))]
    np.testing.assert_allclose(shop.finder.vectors.vectors, HashingEncoder().encode(documents), atol=1e-6)
