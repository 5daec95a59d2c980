"""What the small model is taught: every plan can be read back as what was meant, and no explanation is objected to."""

import json
import random
from itertools import islice

import pytest
from jsonschema import Draft202012Validator

from shoptalk.agent.claims import Claims
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.llm.plan import Find, Plan, plan_schema
from shoptalk.agent.llm.prompting import plan_messages
from shoptalk.agent.llm.reading import PlanReader
from shoptalk.errors import DatasetError
from shoptalk.eval.tuning.amounts_said import amount_said
from shoptalk.eval.tuning.answers_made import answers_made
from shoptalk.eval.tuning.examples import examples, tokens_by_source
from shoptalk.eval.tuning.explanations import sentences_for
from shoptalk.eval.tuning.plans_from_sgd import plans_from_sgd
from shoptalk.eval.tuning.plans_made import plans_made
from shoptalk.eval.tuning.shop_talks import from_shop
from shoptalk.retrieval.query import Act, Operator, Stance
from shoptalk.retrieval.schema import Column, Kind, Role


def act(name, slot="", said="", canonical=""):
    values = [said] if said else []
    return {"act": name, "slot": slot, "values": values, "canonical_values": [canonical or said] if said else []}


def user(text, *actions, **held):
    frame = {"service": "Gardens_1", "actions": list(actions), "slots": []}
    state = {"active_intent": "FindGarden", "requested_slots": [], "slot_values": {k: [v] for k, v in held.items()}}
    return {"speaker": "USER", "utterance": text, "frames": [frame | {"state": state}]}


def system(text, *actions):
    return {
        "speaker": "SYSTEM",
        "utterance": text,
        "frames": [{"service": "Gardens_1", "actions": list(actions), "slots": []}],
    }


TURNS = [
    user("A garden in Brizzle with a cafe, on the 5th of May",
         act("INFORM", "town", "Brizzle", "Bristol"), act("INFORM", "has_cafe", "True"),
         act("INFORM", "day", "5th of May", "2026-05-05"), town="Brizzle", has_cafe="True", day="5th of May"),
    system("There is Long Wall.", act("OFFER", "garden_name", "Long Wall")),
    user("What kind is it?", act("REQUEST", "kind"), town="Brizzle", has_cafe="True", day="5th of May"),
    system("It is a rose garden.", act("INFORM", "kind", "Rose")),
    user("Any others?", act("REQUEST_ALTS"), town="Brizzle", has_cafe="True", day="5th of May"),
    system("How about Sunk Fence?", act("OFFER", "garden_name", "Sunk Fence")),
    user("Yes, that one.", act("SELECT"), town="Brizzle", has_cafe="True", day="5th of May", garden_name="Sunk Fence"),
    system("Which town shall I look in next?", act("REQUEST", "town")),
    user("Any town will do, for two.", act("INFORM", "town", "dontcare"), act("INFORM", "people", "two", "2"),
         town="dontcare", has_cafe="True", day="5th of May", garden_name="Sunk Fence", people="two"),
]  # fmt: skip
SERVICE = {
    "service_name": "Gardens_1",
    "description": "",
    "slots": [
        {"name": name, "description": "", "is_categorical": False, "possible_values": []}
        for name in ("town", "kind", "has_cafe", "day", "people", "garden_name")
    ],
    "intents": [
        {"name": "FindGarden", "description": "", "is_transactional": False, "required_slots": ["town"],
         "optional_slots": {}, "result_slots": []},
    ],
}  # fmt: skip
ROWS = [
    {"garden_name": name, "town": town, "kind": kind, "has_cafe": cafe, "people": people, "day": f"2026-05-0{people}"}
    for name, town, kind, cafe, people in (
        ("Long Wall", "Bristol", "Rose", "True", 1), ("Sunk Fence", "Bristol", "Water", "False", 2),
        ("Foxglove Walk", "Norwich", "Rose", "False", 3), ("Ha-Ha", "Norwich", "Herb", "True", 4),
        ("Mulberry Court", "Exeter", "Herb", "False", 5), ("Seven Ponds", "Exeter", "Water", "True", 6),
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def gardens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sgd")
    (folder / "catalogs").mkdir()
    (folder / "catalogs" / "Gardens_1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS * 4))
    talk = {"dialogue_id": "1", "services": ["Gardens_1"], "turns": TURNS}
    (folder / "train.jsonl").write_text((json.dumps(talk) + "\n") * 12)
    (folder / "train_schema.json").write_text(json.dumps([SERVICE]))
    return folder


@pytest.fixture(scope="module")
def some_made():
    return [one for handful in islice(plans_made(random.Random(1)), 12) for one in handful]


def asked_again(planned):
    """What the reader makes of a plan as the model would write it, beside what was meant."""
    plan = Plan.model_validate_json(planned.plan.to_json())
    return PlanReader(planned.catalog).request(plan, planned.request.message, planned.state), planned.request


def bare(constraints, catalog):
    """Constraints without their words; days as said are for the reader to place."""
    days = {facet.name for facet in catalog.schema.facets if facet.kind is Kind.DATE}
    return {(c.facet, c.operator, c.value, c.must, c.than) for c in constraints if c.facet not in days}


def check_valid(plans):
    catalogs = {id(planned.catalog): planned.catalog for planned in plans}
    checks = {one: Draft202012Validator(plan_schema(catalog)) for one, catalog in catalogs.items()}
    for planned in plans:
        checks[id(planned.catalog)].validate(json.loads(planned.plan.to_json()))


# Made talks -----------------------------------------------------------------------------------------------------------


def test_every_made_plan_keeps_to_the_schema_of_its_catalog(some_made):
    check_valid(some_made)


def test_a_made_plan_is_read_back_as_what_was_meant(some_made):
    for planned in some_made:
        read, gold = asked_again(planned)
        assert bare(read.constraints, planned.catalog) == bare(gold.constraints, planned.catalog), gold.message
        assert set(read.dropped) == set(gold.dropped)
        assert set(gold.withdrawn) <= set(read.withdrawn)
        assert {(m.item_id, m.stance) for m in gold.mentions} <= {(m.item_id, m.stance) for m in read.mentions}
        assert (read.count, read.choice, read.anew) == (gold.count, gold.choice, gold.anew)
        assert set(gold.acts) - set(read.acts) <= {Act.FIND, Act.REFINE}


def test_words_that_no_facet_holds_stand_in_the_message(some_made):
    worded = [planned.request for planned in some_made if planned.request.text]
    assert worded
    assert sum(one.text.casefold() in one.message.casefold() for one in worded) >= 0.8 * len(worded), "but for slips"


def test_made_talks_use_every_tool_and_operator():
    plans = [one.plan for handful in islice(plans_made(random.Random(2)), 60) for one in handful]
    tools = {call.tool for plan in plans for call in plan.calls}
    assert tools == {
        "find", "similar", "look_up", "details", "compare", "remember", "clarify", "choose", "more", "undo",
        "start_over", "chat", "help", "outside",
    }  # fmt: skip
    where = [one for plan in plans for call in plan.calls if isinstance(call, Find) for one in call.where]
    assert {one.op for one in where} == set(Operator)
    assert any(one.wish for one in where)
    assert any(isinstance(one.value, str) and one.value.startswith("[") for one in where), "cheaper than [2]"
    finds = [call for plan in plans for call in plan.calls if isinstance(call, Find)]
    assert any(call.anew for call in finds)
    assert any(call.count for call in finds)


def test_examples_are_asked_as_production_asks(some_made):
    planned = some_made[3]
    example = planned.example("made")
    messages = plan_messages(planned.system, planned.catalog, planned.state, planned.request.message)
    assert messages == [Message("system", example.system), Message("user", example.user)]
    assert example.target == planned.plan.to_json()


@pytest.mark.parametrize("unit", ["USD", "min", "GB", None])
def test_an_amount_in_figures_says_its_number(unit):
    column = Column(name="n", role=Role.FACET, kind=Kind.NUMBER, unit=unit)
    draw = random.Random(0)
    for near in (3.0, 47.0, 130.0, 1240.0):
        amount = amount_said(column, near, draw, plain=True)
        assert float(amount.said) == amount.value


# Dialogues ------------------------------------------------------------------------------------------------------------


def plans_of(gardens, seed=0):
    return [one for handful in plans_from_sgd(gardens, random.Random(seed)) for one in handful]


def test_a_dialogues_plans_keep_to_the_schema_and_are_read_back(gardens):
    plans = plans_of(gardens)
    assert len(plans) > 20
    check_valid(plans)
    for planned in plans:
        read, gold = asked_again(planned)
        assert bare(read.constraints, planned.catalog) == bare(gold.constraints, planned.catalog), gold.message
        assert {(m.title, m.stance) for m in gold.mentions} == {(m.title, m.stance) for m in read.mentions}


def test_a_turn_tells_what_it_adds_to_the_state(gardens):
    plans = {planned.request.message: planned for planned in plans_of(gardens)}
    first = plans["A garden in Brizzle with a cafe, on the 5th of May"]
    facets = {facet.name for facet in first.catalog.schema.facets}
    where = {one.facet: one.value for call in first.plan.calls if isinstance(call, Find) for one in call.where}
    told = {"town": "Bristol", "has_cafe": True, "day": "5th of May"}
    assert where == {name: value for name, value in told.items() if name in facets}
    assert {"town", "has_cafe"} <= facets, "what is spoken of is seldom left out"
    assert [call.tool for call in plans["Any others?"].plan.calls] == ["more"]
    asked = plans["What kind is it?"].request
    assert [(mention.title, mention.stance) for mention in asked.mentions] == [("Long Wall", Stance.ASKED)]
    taken = plans["Yes, that one."].request
    assert [(mention.title, mention.stance) for mention in taken.mentions] == [("Sunk Fence", Stance.LIKED)]
    last = plans["Any town will do, for two."].request
    assert last.dropped == ("town",)
    assert {(one.facet, one.value) for one in last.constraints} <= {("people", 2.0)}


def test_dialogues_that_are_not_there_are_told(tmp_path):
    with pytest.raises(DatasetError):
        next(examples(tmp_path, 0, 10))


# Explanations ---------------------------------------------------------------------------------------------------------


def test_no_sentence_of_an_explanation_is_objected_to():
    draw, told = random.Random(4), 0
    for answer in islice(answers_made(draw), 40):
        said = sentences_for(answer, draw)
        claims = Claims(answer)
        for before, sentence in zip(("", *said), said, strict=False):
            assert not claims.objections(sentence, before=before), sentence
        told += bool(said)
        assert all(f"[{place}]" in " ".join(said) for place in range(1, len(answer.picks) + 1) if said)
    assert told > 30


# All together ---------------------------------------------------------------------------------------------------------


def test_the_seed_decides_and_sources_have_their_shares(gardens):
    some = list(examples(gardens, 7, 60))
    assert some == list(examples(gardens, 7, 60))
    assert some != list(examples(gardens, 8, 60))
    assert len(some) == 60
    assert {one.source for one in some} == {"sgd", "made", "explained"}
    assert {one.door for one in some} == {"plan", "explain"}
    systems = [one.system for one in some]
    assert len(set(systems)) < len(systems) / 3, "handfuls share a system prompt"


def test_a_shared_system_prompt_is_counted_once_for_a_handful():
    one = next(examples(None, 0, 1))
    rest = len(one.user) + len(one.target)
    assert tokens_by_source([one] * 12, len) == {one.source: 2 * len(one.system) + 12 * rest}


def test_a_shops_own_talks_are_examples(films_shop):
    talk = films_shop.talk()
    for message in ("a comedy from the 1990s", "not Adam Sandler", "undo", "how long is the first?", "eight dramas"):
        talk.say(message)
    found = list(from_shop(films_shop, random.Random(0)))
    users = [one.user for one in found if one.door == "plan" and "<message>" in one.user]
    assert any("a comedy from the 1990s" in one for one in users)
    assert not any("<message>\nnot Adam Sandler" in one for one in users), "taken back, so probably misunderstood"
    plans = [json.loads(one.target) for one in found if one.door == "plan"]
    check = Draft202012Validator(plan_schema(films_shop.catalog))
    assert all(check.is_valid(plan) for plan in plans)
    assert any(one.door == "explain" for one in found)
    assert {one.source for one in found} == {"shop"}
