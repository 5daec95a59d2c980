"""What models write where a plan should stand, and what is read of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.agent.llm.mending import plan_from, says_nothing
from shoptalk.agent.llm.plan import Find, Plan

PLAN = '{"calls": [{"tool": "find", "where": [{"facet": "genres", "op": "is", "value": "Comedy"}], "words": "space"}]}'


def test_a_sound_plan_is_not_mended():
    assert plan_from(PLAN) == (Plan.model_validate_json(PLAN), False)


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{PLAN}\n```",
        f"Sure! Here is the plan:\n{PLAN}\nI hope this helps.",
        PLAN.replace('"', "'"),
        PLAN.removesuffix("}]}") + ",}],}",
        PLAN.removeprefix('{"calls": ').removesuffix("}"),
        PLAN.removeprefix('{"calls": [').removesuffix("]}"),
        PLAN.replace('"op": "is"', '"operator": "="'),
        PLAN.replace('"tool": "find"', '"tool": "Find", "reason": "because"'),
        PLAN.replace('{"tool": "find", ', '{"name": "find", "arguments": {').removesuffix("}]}") + "}}]}",
        PLAN.replace('"words": "space"', '"words": "space", "count": null, "sort": 1'),
        PLAN.replace('[{"facet"', '{"facet"').replace('"Comedy"}]', '"Comedy"}'),
    ],
    ids=[
        "fence",
        "words around",
        "quotes",
        "commas",
        "bare list",
        "bare call",
        "operator",
        "keys",
        "openai",
        "null",
        "one",
    ],
)
def test_what_can_be_read_is_kept(text):
    plan, mended = plan_from(text)
    assert mended
    assert plan == Plan.model_validate_json(PLAN)


def test_a_plan_that_was_cut_off_keeps_what_was_whole():
    plan, mended = plan_from(PLAN[:-20])
    assert mended
    assert plan.calls[0].where == Plan.model_validate_json(PLAN).calls[0].where
    assert plan_from(PLAN[:-30])[0].calls[0].where == ()


@pytest.mark.parametrize(
    "text", ["", "I cannot help with that.", "[]", "{}", '{"calls": []}', '{"calls": [{"tool": "buy"}]}']
)
def test_no_plan_is_none(text):
    assert plan_from(text)[0] is None


def test_a_plan_that_asks_for_nothing_says_so():
    assert says_nothing(Plan(calls=(Find(),)))
    assert not says_nothing(Plan.model_validate_json(PLAN))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    plan_from(text)


@given(st.integers(0, len(PLAN)), st.text(max_size=5))
def test_a_damaged_plan_never_raises(at, noise):
    plan_from(PLAN[:at] + noise + PLAN[at:])
