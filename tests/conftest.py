"""What every room's tests share: the films that ship with shoptalk, as a catalog and as a built shop."""

import os
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from shoptalk import Shop
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect
from shoptalk.retrieval.itemizing import to_items
from shoptalk.retrieval.reading import read_records
from shoptalk.settings import Settings

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a home and a cache of their own, and the encoder that needs no weights."""
    root = tmp_path_factory.mktemp("shoptalk")
    return Settings(home=root / "home", cache=root / "cache", encoder="hashing")


@pytest.fixture(scope="session")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `shoptalk teach` writes it, of a tagger that has learned nothing yet."""
    import torch

    from shoptalk.eval.teaching.model import TaggerNet, export
    from shoptalk.retrieval.encoder import find_weights

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tagger")
    export(TaggerNet(find_weights(None), layers=1), folder, {"steps": 0})
    return folder


@pytest.fixture(scope="session")
def films() -> Catalog:
    """The films that ship with shoptalk, read and understood as any catalog is."""
    with as_file(files("shoptalk.demo") / "films.jsonl") as path:
        records = list(read_records(Path(path)))
    schema = detect(records)
    return Catalog.from_items(to_items(records, schema), schema)


@pytest.fixture(scope="session")
def films_shop(settings: Settings) -> Iterator[Shop]:
    """The films shop, built for the tests."""
    with Shop.open("films", settings=settings) as shop:
        yield shop
