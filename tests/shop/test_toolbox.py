"""A shop's tools follow the shop: what was written to it, and what its rules hide."""

import json

import pytest
from tests_shop_data import product, products, write_records

from shoptalk.errors import ToolError
from shoptalk.shop import Shop
from shoptalk.shop.rules_file import RULES
from shoptalk.shop.toolbox import toolbox_of


@pytest.fixture
def toolbox(shop):
    return toolbox_of(shop)


def test_an_update_is_seen_by_the_next_call(shop, toolbox, tmp_path):
    first = products()[0]
    before = toolbox.call("look_up", {"title": "Zeppelin"})
    more = write_records(tmp_path / "more.jsonl", [{**first, "id": "z1", "title": "Zeppelin"}])
    shop.update(more)
    assert (before.ids, toolbox.call("look_up", {"title": "Zeppelin"}).ids) == ((), ("z1",))
    shop.update(remove=["z1"])
    with pytest.raises(ToolError, match="z1"):
        toolbox.call("details", {"items": ["z1"]})


def test_calls_of_one_catalog_share_what_was_made_of_it(toolbox):
    assert toolbox.desk is toolbox.desk


def test_what_a_rule_hides_no_tool_shows(shop, toolbox):
    shown = toolbox.call("find", {"count": 2}).ids
    title = shop.catalog.titles[shop.catalog.row(shown[0])]
    (shop.folder / RULES).write_text(json.dumps([{"kind": "hide", "name": "recalled", "items": [shown[0]]}]))
    assert shown[0] not in toolbox.call("find", {"count": 20}).ids
    assert shown[0] not in toolbox.call("look_up", {"title": title}).ids
    assert toolbox.call("look_up", {"title": shown[0]}).ids != (shown[0],)
    with pytest.raises(ToolError) as caught:
        toolbox.call("compare", {"items": shown})
    assert f"id '{shown[0]}'" in str(caught.value)
    assert f"Is it '{shown[0]}'" not in str(caught.value)


def test_what_no_facet_holds_is_told_too(tmp_path, settings):
    source = write_records(tmp_path / "desks.jsonl", [product(n, phone=f"510-555-{1000 + n}") for n in range(24)])
    with Shop.build(source, settings=settings) as desks:
        toolbox = toolbox_of(desks)
        (record,) = toolbox.call("details", {"items": ["p003"], "facets": ["phone"]}).items
        assert (record.facts, record.facets) == ({"phone": "510-555-1003"}, {})
        assert toolbox.call("details", {"items": ["p003"]}).items[0].facts == {"phone": "510-555-1003"}
        assert "phone" in toolbox.schema("details")["properties"]["facets"]["items"]["enum"]


def test_what_a_record_does_not_tell_is_said_to_be_unknown(shop, toolbox, tmp_path):
    shop.update(write_records(tmp_path / "more.jsonl", [product(3, id="z1", price=None)]))
    record = toolbox.call("details", {"items": ["z1"], "facets": ["price", "colour"]}).items[0]
    assert (record.facets, record.unknown) == ({"colour": "black"}, ("price",))
