import shutil

import pytest
from tests_shop_data import products, write_records

from shoptalk.settings import Settings
from shoptalk.shop import Shop


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home", cache=tmp_path / "cache", encoder="hashing", chroma_url=None)


@pytest.fixture
def source(tmp_path):
    return write_records(tmp_path / "products.jsonl", products())


@pytest.fixture(scope="session")
def built_once(tmp_path_factory):
    """A finished shop's folder, to be copied."""
    place = tmp_path_factory.mktemp("built")
    settings = Settings(home=place / "home", cache=place / "cache", encoder="hashing", chroma_url=None)
    Shop.build(write_records(place / "products.jsonl", products()), settings=settings).close()
    return place / "home" / "products"


@pytest.fixture
def folder(built_once, tmp_path):
    """A copy of a finished shop of 24 products."""
    return shutil.copytree(built_once, tmp_path / "home" / "products")


@pytest.fixture
def shop(folder, settings):
    with Shop.open(folder, settings=settings) as opened:
        yield opened
