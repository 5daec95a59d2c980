"""The real server of these tests. They run when asked for (`make test-vllm` sets SHOPTALK_TEST_VLLM), never beside others.

SHOPTALK_VLLM_MODEL chooses what is served: `base`, `tuned` (the adapter that ships, merged; if it ships, that is what
is served unless told otherwise), or `both` (the base with the adapter beside it, at half the speed).
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from shoptalk import Shop
from shoptalk.settings import Settings

if TYPE_CHECKING:
    from serving import Served

if "SHOPTALK_TEST_VLLM" not in os.environ:
    collect_ignore_glob = ["test_*.py"]

#: Nobody waits here for as long: the model writes a few words a second, on cores that others may use too.
PATIENT = {"llm_doors": "both", "llm_first_word": 120.0, "llm_seconds": 240.0}


@pytest.fixture(scope="session")
def server() -> "Iterator[Served]":
    """vLLM with a real open model, on loopback; whatever a test does to it, the next finds it running."""
    from environment import adapter, home, prepare
    from serving import Served

    place, ours = prepare(), adapter()
    wanted = os.environ.get("SHOPTALK_VLLM_MODEL") or ("tuned" if "tuned" in place.models else "base")
    beside = {"tuned": ours} if wanted == "both" and ours is not None else {}
    name = "base" if wanted == "both" else wanted
    log = home() / "server.log"
    log.unlink(missing_ok=True)
    with Served(place.python, place.models[name], name, adapters=beside, log=log) as running:
        yield running


@pytest.fixture
def running(server: "Served") -> "Served":
    """The server, and it answers."""
    if not server.healthy():
        server.kill()
        server.start()
    return server


@pytest.fixture(scope="session")
def patient(settings: Settings, films_shop: Shop, server: "Served") -> Settings:
    """Settings of the films shop with the real model at both doors, and time for it."""
    assert films_shop.name == "films"  # built, so that it can be opened
    return settings.model_copy(update={"llm_url": server.url, "llm_model": server.name, **PATIENT})
