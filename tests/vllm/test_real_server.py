"""The shop with a real open model on a real vLLM server: what is promised holds, whatever either of them does."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

import jsonschema
import pytest
from serving import Served

from shoptalk import Shop
from shoptalk.agent.events import Reply
from shoptalk.agent.llm.client import ChatModel, LlmConfig
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.llm.plan import plan_schema
from shoptalk.agent.llm.prompting import plan_messages, plan_system
from shoptalk.agent.state import TalkState
from shoptalk.agent.tools import langchain_tools
from shoptalk.agent.watch import Failure, ModelFailureError, Watch
from shoptalk.settings import Settings
from shoptalk.shop.toolbox import toolbox_of

FIRST = "a funny crime film from the nineties"
ASKS = (FIRST, "something like Fargo", "a western under two hours", "a quiet film about grief", "no horror please")
#: What a small model does to itself. The server has answered well; the embedded part stands in all the same.
ITS_OWN_FAULT = {Failure.LOOPING, Failure.CUT_OFF, Failure.GARBAGE, Failure.EMPTY}


@pytest.fixture
def model(running: Served) -> Iterator[ChatModel]:
    chat = ChatModel(LlmConfig(running.url))
    yield chat
    chat.close()


@contextmanager
def opened(settings: Settings, **changes: object) -> Iterator[Shop]:
    with Shop.open("films", settings=settings.model_copy(update=changes)) as shop:
        yield shop


def without_a_model(settings: Settings, *messages: str) -> Reply:
    """What the shop answers to the last message by itself."""
    with opened(settings, llm_url=None) as shop:
        talk = shop.talk()
        return [talk.say(message) for message in messages][-1]


def faults(reply: Reply) -> set[Failure]:
    assert reply.model is not None
    return {fallback.failure for fallback in reply.model.fallbacks}


def until(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_whole(reply: Reply) -> bool:
    return bool(reply.picks) and all(pick.item.title in reply.text for pick in reply.picks)


# ------------------------------------------------------------------------------------------ the model, asked directly


def test_the_server_tells_what_it_is(model: ChatModel, running: Served) -> None:
    assert model.name in running.models()
    assert model.is_vllm
    assert model.context == running.context


def test_plans_follow_the_schema_of_the_shop(model: ChatModel, films_shop: Shop) -> None:
    catalog = films_shop.catalog
    schema, system = plan_schema(catalog), plan_system(catalog, "films")
    plans, failures = [], set()
    for message in ASKS:
        prompt = plan_messages(system, catalog, TalkState(), message, letters=3000)
        try:
            text = model.complete(prompt, Watch(), door="plan", schema=schema, seconds=120, most_tokens=320)
            plans.append(json.loads(text))
        except ModelFailureError as error:
            failures.add(error.failure)
    assert failures <= ITS_OWN_FAULT
    assert plans
    for plan in plans:
        jsonschema.validate(plan, schema)


def test_words_come_one_by_one_and_are_counted_as_the_server_counts_them(model: ChatModel, running: Served) -> None:
    watch = Watch()
    asked = [Message("user", "Say good morning to a friend, in one sentence.")]
    before = running.metric("vllm:generation_tokens_total")
    pieces = model.stream(asked, watch, door="explain", first=120, seconds=240, most_tokens=200)
    said = [(time.monotonic(), piece) for piece in pieces if piece]
    assert len(said) > 4
    assert max(len(piece.split()) for _, piece in said) <= 2
    assert said[-1][0] - said[0][0] > 0.05
    (call,) = watch.use().calls
    assert call.first < call.seconds
    assert call.tokens_out == running.metric("vllm:generation_tokens_total") - before
    assert call.tokens_in > 0


def test_a_shop_s_tools_are_called_as_the_model_says(model: ChatModel, films_shop: Shop) -> None:
    toolbox = toolbox_of(films_shop)
    tools = {tool.name: tool for tool in langchain_tools(toolbox)}
    asked = [Message("user", 'Answer in JSON with the "title" to look up: does the shop have the film Fargo?')]
    schema = toolbox.schema("look_up")
    text = model.complete(asked, Watch(), door="plan", schema=schema, seconds=120, most_tokens=200)
    answer = tools["look_up"].invoke({"type": "tool_call", "id": "1", "name": "look_up", "args": json.loads(text)})
    assert answer.status == "success", answer.content
    assert json.loads(answer.content)


# ---------------------------------------------------------------------------------------------------- a shop's talks


def test_a_turn_asks_at_most_twice_and_is_whole(patient: Settings, running: Served) -> None:
    """What so small a model plans is its own: where it takes a wish for small talk, there are no picks to write of."""
    with opened(patient) as shop:
        replies = [shop.talk().say(message) for message in (FIRST, "a western under two hours")]
    for reply in replies:
        assert [call.door for call in reply.model.calls] == (["plan", "explain"] if reply.picks else ["plan"])
        assert is_whole(reply) if reply.picks else reply.text
        assert faults(reply) <= ITS_OWN_FAULT


def test_from_the_second_turn_on_most_of_the_prompts_is_still_known(patient: Settings, running: Served) -> None:
    def counted() -> tuple[float, float]:
        return running.metric("vllm:prefix_cache_hits_total"), running.metric("vllm:prefix_cache_queries_total")

    with opened(patient, llm_doors="plan") as shop:  # what is written of new picks is mostly new to the cache
        talk = shop.talk()
        talk.say(FIRST)
        hits, queries = counted()
        for message in ("shorter than two hours", "not so violent", "something newer", "the second one sounds good"):
            talk.say(message)
    later_hits, later_queries = counted()
    assert (later_hits - hits) / (later_queries - queries) > 0.7


def test_eight_talks_at_once_are_all_answered(patient: Settings, running: Served) -> None:
    most, over = 0.0, Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.1):
            most = max(most, running.metric("vllm:num_requests_running"))

    watching = Thread(target=watch)
    watching.start()
    with opened(patient, llm_first_word=60, llm_seconds=90) as shop, ThreadPoolExecutor(8) as people:
        replies = list(people.map(lambda ask: shop.talk().say(ask), (ASKS * 2)[:8]))
    over.set()
    watching.join()
    assert most > 2
    assert all(reply.text and reply.model.calls for reply in replies)
    assert all(any(call.first is not None for call in reply.model.calls) for reply in replies)


def test_a_talk_that_is_long_fits_into_the_context(patient: Settings, running: Served) -> None:
    with opened(patient, llm_url=None) as shop:
        talk = shop.talk()
        for turn in range(30):
            talk.say(f"a film with {'very ' * 60} good music, not from {1960 + turn}")
        kept = talk.chips
    with opened(patient) as shop:
        reply = shop.talk(id=talk.id).say("something like the second one")
    assert Failure.TOO_LONG not in faults(reply)
    assert all(0 < call.tokens_in < running.context for call in reply.model.calls)
    asked = reply.request
    its_own = asked.anew or asked.dropped or asked.withdrawn or asked.constraints  # what so small a model makes of it
    assert its_own or {chip.key for chip in kept} <= {chip.key for chip in reply.chips}


def test_a_message_that_is_longer_than_the_context_is_answered_all_the_same(patient: Settings, running: Served) -> None:
    with opened(patient, llm_doors="plan") as shop:
        reply = shop.talk().say("a crime film " + "that is good and calm and slow and sad " * 2000)
    assert reply.text
    assert faults(reply) <= {Failure.TOO_LONG, *ITS_OWN_FAULT}


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_after_the_deadline_the_embedded_parts_answer_and_the_log_says_why(
    patient: Settings, running: Served, caplog: pytest.LogCaptureFixture
) -> None:
    alone = without_a_model(patient, FIRST)
    with opened(patient, llm_first_word=0.2, llm_seconds=0.4) as shop, caplog.at_level(logging.WARNING):
        shop.talk().say("hello")  # whatever is loaded at first use
        begin = time.monotonic()
        reply = shop.talk().say(FIRST)
        took = time.monotonic() - begin
    assert reply.text == alone.text
    assert reply.picks == alone.picks
    assert Failure.LATE in faults(reply)
    assert "late" in caplog.text
    assert took < 5
    assert until(lambda: running.metric("vllm:num_requests_running") == 0), "the server still works on it"


def test_a_model_that_is_not_there_is_told_and_made_up_for(
    patient: Settings, running: Served, caplog: pytest.LogCaptureFixture
) -> None:
    alone = without_a_model(patient, FIRST)
    with opened(patient, llm_model="gone-with-the-wind") as shop, caplog.at_level(logging.WARNING):
        reply = shop.talk().say(FIRST)
    assert reply.text == alone.text
    assert faults(reply) == {Failure.REFUSED}
    assert "gone-with-the-wind" in caplog.text


def test_a_server_that_is_killed_in_mid_stream_and_comes_back(patient: Settings, running: Served) -> None:
    with opened(patient, llm_doors="explain") as shop, ThreadPoolExecutor(1) as person:
        shop.talk().say("hello")
        written = running.metric("vllm:generation_tokens_total")
        answer = person.submit(shop.talk().say, FIRST)
        assert until(lambda: running.metric("vllm:generation_tokens_total") > written + 3)
        running.kill()
        reply = answer.result(60)
        assert is_whole(reply)
        assert faults(reply) == {Failure.DOWN}

        begin = time.monotonic()
        replies = [shop.talk().say(FIRST) for _ in range(4)]
        assert time.monotonic() - begin < 10
        assert all(is_whole(one) for one in replies)
        assert faults(replies[0]) == {Failure.DOWN}
        assert faults(replies[-1]) == {Failure.RESTING}, "a dead server would cost every turn its time"

        running.start()
        assert until(lambda: Failure.RESTING not in faults(shop.talk().say(FIRST)), 60)
        reply = shop.talk().say("a western under two hours")
        assert is_whole(reply)
        assert faults(reply) <= ITS_OWN_FAULT
        assert reply.model.calls[0].first is not None
