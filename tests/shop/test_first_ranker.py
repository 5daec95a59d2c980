"""The ranker that a new shop begins with: the one that ships, or, where that does not fit, one taught by its items."""

import logging

from tests_shop_data import products, write_records

from shoptalk.ranking.generic import load_generic
from shoptalk.ranking.lambdarank import load_ranker
from shoptalk.shop import Shop
from shoptalk.shop.folder import ShopFolder
from shoptalk.shop.parts import Engines, train


def test_a_new_shop_has_the_ranker_that_ships(shop):
    assert shop.ranking.ranker.summary == load_generic().summary


def test_one_that_does_not_fit_gives_way_to_the_items_with_a_warning(tmp_path, settings, caplog):
    load_generic().save(tmp_path / "old")
    manifest = tmp_path / "old" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"number_distance"', '"moon_phase"'))
    source = write_records(tmp_path / "products.jsonl", products(60))
    with Shop.build(source, settings=settings) as shop, caplog.at_level(logging.WARNING):
        folder, catalog = ShopFolder(shop.folder), shop.catalog
        engines = Engines(shop.encoder, None, shop.manifest.collection)
        chroma = folder.place(shop.manifest, "chroma")
        train(folder, 1, chroma, catalog, engines, progress=None, taught=tmp_path / "old")
        assert load_ranker(folder.named("ranker", 1)).summary.source == "items"
    assert ["moon_phase" in one.message for one in caplog.records] == [True]


def test_progress_is_told_of_it(tmp_path, settings):
    told = []
    source = write_records(tmp_path / "products.jsonl", products(6))
    Shop.build(source, settings=settings, progress=lambda *step: told.append(step)).close()
    assert [step for step in told if step[0] == "train"] == [("train", 0, 1), ("train", 1, 1)]
