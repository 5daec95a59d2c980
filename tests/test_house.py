"""The house: a room imports from the rooms below it only, and what others may build on changes on purpose only."""

import ast
import inspect
from pathlib import Path

import pytest

import shoptalk
from shoptalk import Shop, Talk

PACKAGE = Path(shoptalk.__file__).parent
ROOMS = ("retrieval", "ranking", "agent", "shop", "eval", "ui")
BASICS = ("errors", "settings")
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def place(module):
    """The room (or file) right under the package that a dotted name leads to; '' for the package itself."""
    return module.split(".")[1] if "." in module else ""


def imported(path):
    """Places that a module imports from, wherever in it the import stands."""
    for node in ast.walk(ast.parse((PACKAGE / path).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import says whence in full"
            names = [f"{node.module}.{one.name}" if node.module == "shoptalk" else node.module for one in node.names]
        else:
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        yield from (place(name) for name in names if name.split(".")[0] == "shoptalk")


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_run_downward(path):
    here = path.parts[0].removesuffix(".py")
    below = ROOMS[: ROOMS.index(here) + 1] if here in ROOMS else ROOMS if here == "__init__" else ()
    allowed = {*below, *(BASICS if here in ROOMS else ("errors",) if here == "settings" else ()), "", "__version__"}
    assert {there for there in imported(path) if there not in allowed} <= (
        {"Shop", "Talk"} if "shop" in below else set()
    )


def test_every_room_is_known():
    folders = {path.parts[0] for path in MODULES if len(path.parts) > 1}
    assert folders == {*ROOMS, "demo"}


def public(kind):
    return {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}


def test_what_others_build_on():
    assert public(Shop) == {
        "build", "catalog", "close", "find", "finder", "folder", "log", "manifest", "name", "open", "rank", "ranking",
        "refresh", "repair", "stale", "talk", "train", "turns_of", "understand", "understanding", "update", "verify",
    }  # fmt: skip
    assert public(Talk) == {
        "asay", "chips", "choose", "choosing", "drop", "events", "feedback", "forget", "history", "question", "say",
        "start_over", "stream", "undo",
    }  # fmt: skip
    assert list(inspect.signature(Shop.open).parameters) == ["name_or_path", "settings", "encoder", "progress"]
    assert list(inspect.signature(Shop.talk).parameters) == ["self", "user", "id"]
    assert list(inspect.signature(Talk.feedback).parameters) == [
        "self", "item_id", "liked", "seen", "clicked", "bought", "dwell",
    ]  # fmt: skip
