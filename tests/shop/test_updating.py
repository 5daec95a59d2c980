import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tests_shop_data import product, products, write_records

from shoptalk.errors import CatalogError, ShopBusyError, ShopDamagedError
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.query import Constraint, Operator, Query
from shoptalk.shop import Shop, UpdateReport
from shoptalk.shop.folder import ShopFolder
from shoptalk.shop.parts import RememberingEncoder


class CountingEncoder(HashingEncoder):
    """Counts what it was asked to encode."""

    def __init__(self):
        super().__init__()
        self.texts = []

    def encode(self, texts, progress=None):
        self.texts += texts
        return super().encode(texts, progress)


def found_titles(shop, text):
    return [shop.catalog.titles[row] for row in shop.find(Query(text=text, limit=3)).rows]


def edit_facets(folder, **changes):
    facets = json.loads((folder / "facets.json").read_text())
    facets["columns"] = [column | changes.get(column["name"], {}) for column in facets["columns"]]
    (folder / "facets.json").write_text(json.dumps(facets))


def test_records_are_added_changed_and_removed_by_id(shop, tmp_path):
    records = [product(0), product(1, title="Velvet pouffe"), product(90, title="Hammock of rope")]
    report = shop.update(write_records(tmp_path / "new.jsonl", records), remove=["p002", "p001", "no-such"])
    assert report == UpdateReport(added=1, changed=1, removed=1, unchanged=22, unknown=("no-such",))
    assert len(shop.catalog) == 24
    assert "p002" not in shop.catalog
    assert shop.catalog.item(shop.catalog.row("p001")).title == "Velvet pouffe"
    assert found_titles(shop, "hammock of rope")[0] == "Hammock of rope"
    assert found_titles(shop, "velvet pouffe")[0] == "Velvet pouffe"
    assert shop.finder.lexical.search("hammock", 5)[0].tolist() == [shop.catalog.row("p090")]
    documents = [shop.catalog.document(row) for row in range(len(shop.catalog))]
    np.testing.assert_allclose(shop.finder.vectors.vectors, HashingEncoder().encode(documents), atol=1e-6)
    shop.verify()
    assert shop.manifest.generation == 2
    assert not list(shop.folder.glob("catalog-1*"))


def test_a_talk_goes_on_when_the_items_on_its_table_are_removed(shop):
    messages = ("what about the first one?", "cheaper than the second", "older", "I have seen the first", "it")
    talks = {message: shop.talk() for message in messages}
    (shown,) = {tuple(pick.item.id for pick in talk.say("a lamp").picks) for talk in talks.values()}
    shop.update(remove=shown[:2])
    for message, talk in talks.items():
        reply = talk.say(message)
        assert reply.text
        assert not reply.request.mentions
        assert not {pick.item.id for pick in reply.picks} & set(shown[:2])


def test_only_changed_documents_are_encoded_again(folder, settings, tmp_path):
    encoder = CountingEncoder()
    with Shop.open(folder, settings=settings, encoder=encoder) as shop:
        shop.update(write_records(tmp_path / "new.jsonl", [product(0), product(3, title="Pouffe")]))
    assert len(encoder.texts) == 1
    assert "Pouffe" in encoder.texts[0]


def test_an_update_that_changes_nothing_writes_nothing(shop, source):
    stamp = ShopFolder(shop.folder).stamp()
    assert shop.update(source) == UpdateReport(unchanged=24)
    assert shop.update() == UpdateReport(unchanged=24)
    assert ShopFolder(shop.folder).stamp() == stamp


def test_a_shop_that_is_open_elsewhere_sees_an_update_in_its_next_turn(folder, settings, tmp_path):
    with Shop.open(folder, settings=settings) as serving, Shop.open(folder, settings=settings) as writing:
        talk = serving.talk()
        talk.say("a lamp")
        before = serving.finder
        writing.update(write_records(tmp_path / "new.jsonl", [product(91, title="Lamp of paper", kind="lantern")]))
        assert serving.finder is before
        assert talk.say("a paper lantern").picks[0].item.title == "Lamp of paper"
        assert "p091" not in before.catalog
        assert len(before.find(Query(text="lamp")).rows) == 24


def test_a_turn_under_way_keeps_the_catalog_that_it_began_with(shop, tmp_path):
    red = {f"p{number:03}" for number in range(0, 24, 4)}
    events = shop.talk().events("something red")
    next(events)
    shop.update(remove=red)
    picks = list(events)[-1].reply.picks
    assert picks
    assert {pick.item.id for pick in picks} <= red
    assert red.isdisjoint(pick.item.id for pick in shop.talk().say("something red").picks)


def test_a_bad_source_changes_nothing(shop, tmp_path):
    records = [product(0, title="Changed"), product(1, price=float("nan"))]
    stamp = ShopFolder(shop.folder).stamp()
    with pytest.raises(CatalogError, match="row 2"):
        shop.update(write_records(tmp_path / "bad.jsonl", records))
    assert ShopFolder(shop.folder).stamp() == stamp
    report = shop.update(tmp_path / "bad.jsonl", skip_bad=True)
    assert (report.changed, report.left_out) == (1, 1)
    assert shop.manifest.left_out == 1
    assert len((shop.folder / "left-out.jsonl").read_text().splitlines()) == 1


def test_a_shop_is_never_left_without_items(shop):
    with pytest.raises(CatalogError, match="without items"):
        shop.update(remove=shop.catalog.ids)
    assert len(shop.catalog) == 24


def test_edited_facets_are_told_and_then_applied_from_the_shops_own_records(shop, source):
    source.unlink()
    edit_facets(shop.folder, year={"role": "ignored", "kind": None}, price={"unit": "EUR", "scale": 0.5})
    (stale,) = shop.stale
    assert "facets.json" in stale
    with Shop.open(shop.folder, settings=shop.settings) as other:
        assert other.catalog.schema.facet("year")
    assert shop.update().renewed == ("facets",)
    assert shop.stale == ()
    assert "year" not in {facet.name for facet in shop.catalog.schema.facets}
    assert shop.catalog.value(0, "price") == 5.0
    shop.verify()


def test_a_talk_goes_on_when_a_facet_it_asked_for_is_gone(shop):
    talk = shop.talk()
    assert talk.say("a red lamp").picks
    assert any(chip.constraint and chip.constraint.facet == "colour" for chip in talk.chips)
    edit_facets(shop.folder, colour={"role": "text", "kind": None, "label": ""})
    shop.update()
    assert not any(chip.constraint and chip.constraint.facet == "colour" for chip in talk.chips)
    assert talk.say("").picks


def test_edited_facets_that_are_wrong_are_named_and_the_shop_stays_open(shop):
    edit_facets(shop.folder, price={"kind": "nubmer"})
    with pytest.raises(CatalogError, match=r"facets\.json"):
        shop.update()
    assert "facets.json" in shop.stale[0]
    assert shop.talk().say("a red lamp").picks
    (shop.folder / "facets.json").unlink()
    assert shop.stale == ("facets.json is missing.",)
    shop.update()
    assert shop.stale == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [({"name": "coluor"}, r"coluor.*no record"), ({"kind": "date"}, "none of its values is a date")],
)
def test_edited_facets_that_no_record_has_a_value_for_are_named(shop, change, says):
    edit_facets(shop.folder, colour=change)
    with pytest.raises(CatalogError, match=says):
        shop.update()
    assert shop.talk().say("a red lamp").picks


def test_a_source_without_the_shops_titles_is_told_as_that(shop, tmp_path):
    with pytest.raises(CatalogError, match=r"no record has a title.*name, cost"):
        shop.update(write_records(tmp_path / "other.jsonl", [{"id": "p001", "name": "Lamp", "cost": 3}]))


def test_records_taken_in_under_edited_facets_follow_them(shop, tmp_path):
    edit_facets(shop.folder, price={"scale": 0.01})
    report = shop.update(write_records(tmp_path / "new.jsonl", [product(92, price=5000)]))
    assert report.renewed == ("facets",)
    cheap = Constraint(facet="price", operator=Operator.AT_MOST, value=50.0)
    assert shop.catalog.value(shop.catalog.row("p092"), "price") == 50.0
    assert shop.catalog.meets(cheap).all()


@pytest.mark.parametrize("part", ["catalog", "vectors", "chroma", "lexical", "ranker"])
def test_what_is_lost_is_named_at_opening_and_made_anew_from_the_records(part, folder, settings):
    manifest = ShopFolder(folder).manifest()
    place = ShopFolder(folder).place(manifest, part)
    if place.is_dir():
        for path in sorted(place.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        place.rmdir()
    else:
        place.unlink()
    with pytest.raises(ShopDamagedError, match=f"{part}-1.*shoptalk update"):
        Shop.open(folder, settings=settings)
    encoder = CountingEncoder()
    with Shop.repair(folder, settings=settings, encoder=encoder) as shop:
        shop.verify()
        assert found_titles(shop, "red lamp")
        assert shop.finder.vectors.consistent(shop.catalog.ids)
        documents = {shop.catalog.document(row) for row in range(len(shop.catalog))}
    assert documents.isdisjoint(encoder.texts)


@pytest.mark.parametrize("part", ["catalog", "records", "vectors", "lexical", "ranker"])
def test_a_file_that_was_cut_or_altered_is_named(part, folder, settings):
    manifest = ShopFolder(folder).manifest()
    stored = next(one for name, one in manifest.files.items() if name.split("/")[0] == part and one.size > 0)
    content = (folder / stored.path).read_bytes()
    (folder / stored.path).write_bytes(content[:-1])
    with pytest.raises(ShopDamagedError, match=stored.path):
        Shop.open(folder, settings=settings)
    (folder / stored.path).write_bytes(content[:-1] + bytes([content[-1] ^ 255]))
    with pytest.raises(ShopDamagedError, match=stored.path):
        ShopFolder(folder).verify(manifest)
    if part == "records":
        with pytest.raises(ShopDamagedError, match=r"records-1.*build"):
            Shop.repair(folder, settings=settings)
    else:
        with Shop.repair(folder, settings=settings) as shop:
            shop.verify()


@pytest.mark.parametrize("part", ["catalog", "lexical/meta.json", "ranker/model.txt"])
def test_what_was_altered_in_place_is_an_error_and_not_the_end_of_the_process(part, tmp_path, settings):
    folder = settings.home / "products"
    Shop.build(write_records(tmp_path / "products.jsonl", products(60)), folder, settings=settings).close()
    place = folder / ShopFolder(folder).manifest().files[part].path
    content = place.read_bytes()
    middle = len(content) // 3
    place.write_bytes(
        content[:middle] + bytes(byte ^ 90 for byte in content[middle : middle + 200]) + content[middle + 200 :]
    )
    with pytest.raises(ShopDamagedError, match="shoptalk update"):
        Shop.open(folder, settings=settings)
    with Shop.repair(folder, settings=settings) as shop:
        assert found_titles(shop, "red lamp")


def test_a_chroma_that_is_garbage_is_made_anew(folder, settings):
    database = ShopFolder(folder).place(ShopFolder(folder).manifest(), "chroma") / "chroma.sqlite3"
    database.write_bytes(b"garbage" * 1000)
    with Shop.repair(folder, settings=settings) as shop:
        assert ShopFolder(folder).place(shop.manifest, "chroma").name == "chroma-2"
        shop.update(remove=["p001"])
        shop.verify()


def test_an_interrupted_update_leaves_the_shop_as_it_was_and_is_mended_by_the_next(folder, settings, tmp_path):
    source = write_records(tmp_path / "new.jsonl", [product(93, title="Pouffe"), product(2, title="Stool")])

    def interrupt(stage, done, total):
        if stage == "index":
            raise KeyboardInterrupt

    with Shop.open(folder, settings=settings) as shop:
        with pytest.raises(KeyboardInterrupt):
            shop.update(source, progress=interrupt)
        assert "p093" not in shop.catalog
    with Shop.open(folder, settings=settings) as shop:
        shop.verify()
        documents = [shop.catalog.document(row) for row in range(24)]
        np.testing.assert_allclose(shop.finder.vectors.vectors, HashingEncoder().encode(documents), atol=1e-6)
        assert shop.update(source) == UpdateReport(added=1, changed=1, unchanged=23)
        assert found_titles(shop, "pouffe")[0] == "Pouffe"
        shop.verify()
        assert not list(shop.folder.glob("*.unfinished"))
        assert not list(shop.folder.glob("*-1.*"))


def test_a_second_writer_is_told_who_writes_and_a_dead_one_does_not_block(shop, tmp_path):
    program = f"""
        import sys
        from pathlib import Path
        from shoptalk.shop.folder import ShopFolder

        with ShopFolder(Path({str(shop.folder)!r})).writing("update"):
            print("writing", flush=True)
            sys.stdin.readline()
    """
    source = write_records(tmp_path / "new.jsonl", [product(94)])
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(ShopBusyError, match=f"process {other.pid} .*update"):
            shop.update(source)
        assert shop.talk().say("a lamp").picks
        other.kill()
    assert (shop.folder / "writer.json").exists()
    assert shop.update(source).added == 1
    assert not (shop.folder / "writer.json").exists()


def test_a_second_writer_in_the_same_process_is_refused_too(shop):
    with ShopFolder(shop.folder).writing("update"), pytest.raises(ShopBusyError):
        shop.update(remove=["p001"])


def test_remembered_vectors_are_not_computed_again():
    encoder = CountingEncoder()
    known = HashingEncoder().encode(["red lamp", "blue chair"])
    remembering = RememberingEncoder(encoder, zip(["red lamp", "blue chair"], known, strict=True))
    vectors = remembering.encode(["blue chair", "green rug", "red lamp"])
    assert encoder.texts == ["green rug"]
    np.testing.assert_array_equal(vectors, HashingEncoder().encode(["blue chair", "green rug", "red lamp"]))
    assert (remembering.name, remembering.dimensions) == (encoder.name, encoder.dimensions)
