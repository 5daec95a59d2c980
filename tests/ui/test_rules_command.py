"""`shoptalk rules`: what it prints of a shop's rules file."""

import json

import pytest
import typer
from typer.testing import CliRunner

from shoptalk.errors import ShopError
from shoptalk.eval.synthetic import write_synthetic
from shoptalk.settings import Settings
from shoptalk.shop import Shop
from shoptalk.ui.rules_command import rules

RULES = [
    {"kind": "hide", "name": "recalled", "items": ["no such thing"]},
    {"kind": "pin", "name": "of the week", "items": [], "place": 2, "why": "made next door", "until": "2001-01-31"},
    {"kind": "boost", "name": "all of it", "amount": 0.5, "where": []},
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("rules")
    settings = Settings(home=place / "home", cache=place / "cache", encoder="hashing", chroma_url=None)
    with Shop.build(write_synthetic(place / "things.jsonl", 12, seed=3), settings=settings) as shop:
        return shop


@pytest.fixture
def told(built, monkeypatch):
    """Writes the rules, runs the command and gives what it printed."""
    for name, value in {"HOME": str(built.folder.parent), "ENCODER": "hashing", "CACHE": str(built.folder)}.items():
        monkeypatch.setenv(f"SHOPTALK_{name}", value)
    monkeypatch.setenv("COLUMNS", "160")

    def run(written, *arguments):
        path = built.folder / "rules.json"
        path.write_text(json.dumps(written)) if written is not None else path.unlink(missing_ok=True)
        app = typer.Typer()
        app.command()(rules)
        return CliRunner().invoke(app, [built.name, *arguments])

    return run


@pytest.fixture
def written(built):
    """Rules about things that the shop has."""
    facet = next(facet for facet in built.catalog.schema.facets if facet.kind == "number")
    hide, pin, boost = (dict(one) for one in RULES)
    pin["items"] = [built.catalog.ids[0]]
    boost["where"] = [{"facet": facet.name, "operator": "at least", "value": -1e9}]
    return [hide, pin, boost]


def test_the_rules_are_printed_with_what_they_touch_today(told, written):
    result = told(written)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    (pin,) = [line for line in lines if "of the week" in line]
    assert all(word in pin for word in ("pin", "place 2", "until 2001-01-31", "off", "made next door"))
    (boost,) = [line for line in lines if "all of it" in line]
    assert all(word in boost for word in ("boost", "0.5", "always", "holds", "12"))
    assert "Rule 1: the shop has no item no such thing." in result.stdout
    assert "Rule 1 touches no item." in result.stdout


def test_the_same_as_json(told, written):
    facts = json.loads(told(written, "--json").stdout)
    assert [(one["rule"], one["kind"], one["in_force"], one["touches"]) for one in facts["rules"]] == [
        (1, "hide", True, 0),
        (2, "pin", False, 1),
        (3, "boost", True, 12),
    ]
    assert facts["rules"][0]["unknown_ids"] == ["no such thing"]


def test_a_shop_without_rules_says_where_they_would_stand(told, built):
    assert told(None).stdout.strip() == f"No rules: {built.folder / 'rules.json'} is not there."
    assert told([]).stdout.strip() == f"No rules: {built.folder / 'rules.json'} has none."


def test_what_is_wrong_is_an_error_with_rule_and_field(told):
    result = told([{"kind": "hide", "name": "x", "items": ["a"]}, {"kind": "hide", "name": "y", "item": ["a"]}])
    assert isinstance(result.exception, ShopError)
    assert "rule 2, field 'item'" in str(result.exception)
