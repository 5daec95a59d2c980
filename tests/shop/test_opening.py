import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests_shop_data import product, write_records

import shoptalk
from shoptalk.agent.state import TalkState, advance, query_of
from shoptalk.errors import (
    LogError,
    ShopBusyError,
    ShopDamagedError,
    ShopNotFoundError,
    ShopVersionError,
)
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.shop import Shop
from shoptalk.shop.folder import ShopFolder


def rewrite(folder, **changes):
    path = folder / "shop.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_shop_is_found_by_name_and_by_path(folder, settings, monkeypatch):
    monkeypatch.chdir(folder.parent)
    for place in ("products", folder, str(folder), "./products", Path("products")):
        with Shop.open(place, settings=settings) as shop:
            assert shop.folder == folder
    monkeypatch.chdir(folder.parent.parent)
    (folder.parent.parent / "products").mkdir()
    with Shop.open("products", settings=settings) as shop:
        assert shop.folder == folder


def test_what_is_no_shop_is_told(folder, settings, tmp_path):
    with pytest.raises(ShopNotFoundError, match=r"'wines'.*products"):
        Shop.open("wines", settings=settings)
    with pytest.raises(ShopNotFoundError, match="wines"):
        Shop.open(tmp_path / "wines", settings=settings)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ShopNotFoundError, match="empty"):
        Shop.open(tmp_path / "empty", settings=settings)
    with pytest.raises(ShopNotFoundError, match="none yet"):
        Shop.open("wines", settings=settings.model_copy(update={"home": tmp_path / "nowhere"}))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1, "name": "x"}', "\x00\xff"])
def test_a_manifest_that_is_none_is_told_with_what_to_do(content, folder, settings):
    (folder / "shop.json").write_text(content)
    with pytest.raises(ShopDamagedError, match=r"shop\.json.*--replace"):
        Shop.open(folder, settings=settings)


def test_a_lost_manifest_is_no_reason_to_lose_the_talks(folder, settings, source):
    with Shop.open(folder, settings=settings) as shop:
        talk = shop.talk("ana").id
    (folder / "shop.json").unlink()
    with pytest.raises(ShopDamagedError, match=r"shop\.json is missing"):
        Shop.open(folder, settings=settings)
    with Shop.build(source, settings=settings, replace=True) as shop:
        assert shop.talk("ana", id=talk).history == ()
        shop.verify()


def test_another_version_is_told_with_the_way_out(folder, settings, source):
    rewrite(folder, format=99, shoptalk="9.0.0", strange=1)
    with pytest.raises(ShopVersionError, match=r"format 99, written by shoptalk 9\.0\.0.*newer"):
        Shop.open(folder, settings=settings)
    rewrite(folder, format=0, shoptalk="0.0.1")
    with pytest.raises(ShopVersionError, match=r"products\.jsonl .*--replace"):
        Shop.open(folder, settings=settings)
    with Shop.build(source, settings=settings, replace=True) as shop:
        shop.verify()


def test_another_encoder_is_told_and_the_items_are_encoded_anew_on_demand(folder, settings):
    other = HashingEncoder(dimensions=64)
    with pytest.raises(ShopVersionError, match=r"hashing-1-256.*hashing-1-64"):
        Shop.open(folder, settings=settings, encoder=other)
    with Shop.repair(folder, settings=settings, encoder=other) as shop:
        assert shop.finder.vectors.dimensions == 64
        assert shop.talk().say("a red lamp").picks
        shop.verify()


def test_a_server_goes_on_with_what_it_has_when_the_new_generation_cannot_be_opened(folder, settings, caplog):
    with Shop.open(folder, settings=settings) as serving:
        Shop.repair(folder, settings=settings, encoder=HashingEncoder(dimensions=64)).close()
        assert serving.talk().say("a red lamp").picks
        assert serving.talk().say("a blue chair").picks
    assert len([record for record in caplog.records if "hashing-1-64" in record.message]) == 1


def test_a_generation_replaced_while_it_was_read_is_read_again(folder, settings, tmp_path):
    held = ShopFolder(folder)

    class SlowReader(ShopFolder):
        def manifest(self):
            manifest = super().manifest()
            if manifest.generation == 1:
                Shop.open(folder, settings=settings).update(remove=["p003"])
            return manifest

    shop = Shop(SlowReader(folder), HashingEncoder(), settings)
    assert shop.manifest.generation == held.manifest().generation == 2
    assert "p003" not in shop.catalog


def test_a_generation_that_never_stays_is_given_up(folder, settings):
    class Restless(ShopFolder):
        def manifest(self):
            manifest = super().manifest()
            self.seen = getattr(self, "seen", 0) + 1
            return manifest.model_copy(update={"generation": self.seen, "files": {}, "folders": {"chroma": "gone"}})

        def check(self, manifest):
            raise self._damaged("gone")

    with pytest.raises(ShopBusyError, match="faster"):
        Shop(Restless(folder), HashingEncoder(), settings)


def test_understanding_follows_what_was_said_before(shop):
    assert shop.understand("a red lamp").constraints
    request = shop.understand("cheaper than $20", history=["a red lamp"])
    assert any(constraint.facet == "price" for constraint in request.constraints)


def test_finding_and_ranking_give_what_a_turn_gives(shop):
    events = list(shop.talk().events("soft and quiet"))
    ranked = next(event for event in events if event.kind == "ranked")
    state = advance(TalkState(), shop.understand("soft and quiet"), shop.catalog)
    query = query_of(state, shop.catalog)
    rows = shop.rank(query, shop.find(query)).rows[: len(ranked.item_ids)]
    assert [shop.catalog.ids[row] for row in rows] == list(ranked.item_ids)


def test_films_are_built_when_they_are_first_opened(tmp_path, settings, monkeypatch):
    films = tmp_path / "films.jsonl"
    write_records(films, [product(number) for number in range(10)])
    monkeypatch.setattr("shoptalk.shop.shop._films", lambda: films)
    with Shop.open("films", settings=settings) as shop:
        assert shop.name == "films"
        assert shop.folder == settings.home / "films"
    with Shop.open("films", settings=settings) as shop:
        assert len(shop.catalog) == 10
    with Shop.build("films", tmp_path / "mine", settings=settings) as shop:
        assert shop.name == "mine"


def test_the_package_carries_the_films():
    from shoptalk.shop.shop import _films

    first = json.loads(_films().read_text("utf-8").splitlines()[0])
    assert {"id", "title", "year", "genres", "directors", "synopsis"} <= first.keys()


def test_training_needs_something_to_learn_from_and_then_serves_the_next_turn(shop):
    with pytest.raises(LogError):
        shop.train()
    talk = shop.talk("ana")
    for message in ("a red lamp", "something blue", "a chair", "soft and quiet"):
        picks = talk.say(message).picks
        talk.feedback(picks[0].item.id, clicked=True)
        talk.feedback(picks[-1].item.id, liked=False)
        talk.start_over()
    before = shop.ranking
    summary = shop.train()
    assert summary.source.startswith("log")
    assert shop.ranking is not before
    assert shop.manifest.folders["ranker"] == "ranker-2"
    assert shop.manifest.folders["lexical"] == "lexical-1"
    shop.verify()
    assert talk.say("a green rug").picks
    shop.update(remove=["p000"])
    assert shop.manifest.folders["ranker"] == "ranker-2"


def test_importing_the_package_imports_nothing_heavy():
    program = (
        "import shoptalk, sys; print(sorted({'numpy', 'pydantic', 'torch', 'chromadb', 'polars'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "[]"


def test_the_packages_names_are_these():
    assert sorted(shoptalk.__all__) == ["Shop", "Talk", "__version__"]
    assert shoptalk.Shop is Shop
    for name in shoptalk.__all__:
        assert getattr(shoptalk, name)
    with pytest.raises(AttributeError, match="nothing"):
        _ = shoptalk.nothing
