import json
import logging
import os
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from shoptalk.errors import ShopError
from shoptalk.ranking.rank import Ranking
from shoptalk.ranking.rules import RuleKind, Rules
from shoptalk.retrieval.query import Query
from shoptalk.shop import Shop
from shoptalk.shop.rules_file import RULES, RulesFile, read_rules

HIDE = {"kind": "hide", "name": "recalled", "items": ["p001"]}
LAMPS = {"kind": "bury", "name": "lamps", "where": [{"facet": "kind", "operator": "is", "value": "lamp"}]}


def write(folder, told):
    """Write the rules file; its time moves on even where the clock is too coarse to."""
    path = folder / RULES
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(told if isinstance(told, str) else json.dumps(told), "utf-8")
    if path.stat().st_mtime_ns <= before:
        os.utime(path, ns=(before + 1, before + 1))
    return path


def hidden(rules, catalog):
    mask = rules.in_force().hidden
    return [] if mask is None else [catalog.ids[row] for row in np.flatnonzero(mask)]


def test_a_shop_without_the_file_has_no_rules(shop):
    rules = RulesFile(shop.folder / RULES, shop.catalog)
    assert rules.in_force().hidden is None
    assert rules.in_force().lifts == ()


@pytest.mark.parametrize("told", [[HIDE, LAMPS], {"rules": [HIDE, LAMPS], "margin": {"facet": "price", "weight": 0.2}}])
def test_the_file_is_a_list_of_rules_or_has_one(shop, told):
    rules = read_rules(write(shop.folder, told), shop.catalog)
    assert [rule.name for rule in rules.rules] == ["recalled", "lamps"]
    assert (rules.margin is not None) == isinstance(told, dict)


def test_what_is_written_holds_from_then_on_and_what_is_taken_away_no_more(shop):
    path = write(shop.folder, [HIDE])
    rules = RulesFile(path, shop.catalog)
    assert hidden(rules, shop.catalog) == ["p001"]
    assert rules.in_force() is rules.in_force()
    write(shop.folder, [HIDE | {"items": ["p002", "p003"]}])
    assert hidden(rules, shop.catalog) == ["p002", "p003"]
    path.unlink()
    assert hidden(rules, shop.catalog) == []


def test_a_file_that_goes_wrong_leaves_the_rules_in_force_and_tells_the_log_once(shop, caplog):
    rules = RulesFile(write(shop.folder, [HIDE]), shop.catalog)
    write(shop.folder, '[{"kind": "hi')
    with caplog.at_level(logging.WARNING, "shoptalk.shop.rules_file"):
        assert hidden(rules, shop.catalog) == ["p001"]
        assert hidden(rules, shop.catalog) == ["p001"]
    assert len(caplog.records) == 1
    assert RULES in caplog.text
    write(shop.folder, [HIDE | {"items": ["p002"]}])
    assert hidden(rules, shop.catalog) == ["p002"]


def test_a_rule_begins_and_ends_with_its_days_while_the_shop_is_open(shop):
    days = iter([date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)])
    path = write(shop.folder, [HIDE | {"from": "2026-03-01", "until": "2026-03-01"}])
    day = next(days)
    rules = RulesFile(path, shop.catalog, today=lambda: day)
    assert hidden(rules, shop.catalog) == []
    day = next(days)
    assert hidden(rules, shop.catalog) == ["p001"]
    day = next(days)
    assert hidden(rules, shop.catalog) == []


@pytest.mark.parametrize(
    ("told", "problems"),
    [
        ([HIDE, {"kind": "hide", "name": "x"}], ["rule 2: a rule has either items or where"]),
        ([HIDE | {"amout": 1}], ["rule 1, field 'amout'"]),
        ([HIDE | {"from": "soon"}], ["rule 1, field 'from'"]),
        ([HIDE, LAMPS | {"where": [{"facet": "colr", "operator": "is", "value": "red"}]}],
         ["rule 2, field 'where.0.facet': there is no facet 'colr'; there are"]),
        ([LAMPS | {"where": [{"facet": "price", "operator": "is", "value": "dear"}]}],
         ["rule 1, field 'where.0.value'", "asked for 'dear'"]),
        ([LAMPS | {"where": [{"facet": "price", "operator": "below", "value": 3}]}],
         ["rule 1, field 'where.0.operator'"]),
        ([LAMPS | {"where": [{"facet": "price", "operator": "is", "value": None}]}],
         ["rule 1, field 'where.0.value'"]),
        ({"rules": [], "margin": {"facet": "colour"}}, ["field 'margin.facet'", "is no number"]),
        ("not json", ["JSON"]),
        ([{"kind": "hide", "name": "x"}, {"kind": "pin", "name": "y", "where": LAMPS["where"]}], ["rule 1", "rule 2"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_rule_and_field(shop, told, problems):
    path = write(shop.folder, told)
    with pytest.raises(ShopError) as caught:
        RulesFile(path, shop.catalog)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert all(problem in message for problem in problems), message
    assert "Correct the file" in message


def test_an_item_that_is_not_there_is_no_error(shop):
    path = write(shop.folder, [HIDE | {"items": ["p001", "of tomorrow"]}])
    assert hidden(RulesFile(path, shop.catalog), shop.catalog) == ["p001"]


def test_the_next_ranking_goes_by_the_file(shop):
    rules = RulesFile(write(shop.folder, []), shop.catalog)
    ranking = Ranking(shop.ranking.space, shop.ranking.ranker, rules=rules.in_force, allowed=shop.finder.allowed)
    query = Query(text="a red lamp")
    candidates = shop.find(query)

    def shown():
        ranked = ranking.rank(query, candidates)
        return [shop.catalog.ids[row] for row in ranked.rows[ranking.pick(ranked, 4)].tolist()]

    first, second, *_ = shown()
    write(shop.folder, [{"kind": "hide", "name": "recalled", "items": [first]}])
    assert first not in shown()
    write(shop.folder, [{"kind": "pin", "name": "week's own", "items": [second]}])
    assert shown()[0] == second
    write(shop.folder, [])
    assert shown()[0] == first


def test_the_example_in_the_docs_is_a_rules_file_with_a_rule_of_each_kind():
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    (example,) = re.findall(r"```json\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    rules = Rules.model_validate_json(example)
    assert {rule.kind for rule in rules.rules} == set(RuleKind)
    assert rules.margin is not None


def test_a_talk_goes_by_the_rules_from_the_next_message_on(shop):
    talk = shop.talk()
    first = talk.say("a lamp").picks[0].item.id
    write(shop.folder, [{"kind": "hide", "name": "recalled", "items": [first]}])
    assert first not in [pick.item.id for pick in shop.talk().say("a lamp").picks]
    write(shop.folder, [{"kind": "pin", "name": "of the week", "items": ["p001", "p020"], "why": "made next door"}])
    reply = shop.talk().say("a lamp")
    assert reply.picks[0].item.id == "p020"
    assert reply.picks[0].reasons[0] == "featured by the shop: made next door"
    assert "featured by the shop: made next door" in reply.text


def test_a_shop_is_not_opened_with_rules_that_are_wrong(folder, settings):
    write(folder, [{"kind": "hide", "name": "x"}])
    with pytest.raises(ShopError, match="rule 1: a rule has either items or where"):
        Shop.open(folder, settings=settings)
