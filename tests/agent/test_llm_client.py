"""The chat model against a real server on this machine: what comes, what fails and how it is told, and who gives up."""

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from shoptalk.agent.llm.breaker import Breaker
from shoptalk.agent.llm.client import ChatModel, LlmConfig
from shoptalk.agent.llm.listening import Reasoning, runs_in_circles, without_reasoning
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.watch import Failure, Limits, ModelFailureError, Watch
from shoptalk.eval.standin import Fault, FaultKind, StandIn

ANSWER = "The first one is a quiet film, and the second one is short."
PLAN = '{"act": "find"}'
SCHEMA = {"type": "object", "properties": {"act": {"enum": ["find"]}}, "required": ["act"]}
LONG = " ".join(
    f"{'bdfgklmnprst'[number % 12]}{'aeiou'[number % 5]}{number**3:x}".translate(
        str.maketrans("0123456789", "ghijkqruvw")
    )
    for number in range(400)
)


def answer(messages, schema):
    return PLAN if schema else ANSWER


@contextmanager
def model_of(url, breaker=None, **config):
    model = ChatModel(LlmConfig(url, **config), breaker=breaker)
    try:
        yield model
    finally:
        model.close()


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    """The client's code takes seconds to load, once."""
    import langchain_openai  # noqa: F401


@pytest.fixture
def server():
    with StandIn(answer) as server:
        yield server


@pytest.fixture
def model(server):
    with model_of(server.url) as model:
        yield model


def said(text="Something quiet?"):
    return [Message("system", "You sell films."), Message("user", text)]


def plan(model, watch=None, seconds=10.0, most_tokens=200):
    watch = watch or Watch(Limits(60, 60))
    return model.complete(said(), watch, door="plan", schema=SCHEMA, seconds=seconds, most_tokens=most_tokens)


def explain(model, watch=None, first=10.0, seconds=10.0, most_tokens=600):
    watch = watch or Watch(Limits(60, 60))
    return model.stream(said(), watch, door="explain", first=first, seconds=seconds, most_tokens=most_tokens)


def failure_of(call):
    """What was given before the failure, and the failure."""
    pieces = []
    with pytest.raises(ModelFailureError) as caught:
        pieces.extend(call())
    return "".join(pieces), caught.value


def until(condition):
    by = time.monotonic() + 5
    while not condition() and time.monotonic() < by:
        time.sleep(0.01)
    assert condition()


class TestWell:
    def test_knows_its_server(self, model):
        assert (model.name, model.is_vllm, model.context) == ("stand-in", True, 4096)

    def test_an_address_may_end_in_v1(self, server):
        with model_of(f"{server.url}/v1/") as model:
            assert model.name == "stand-in"

    def test_completes_with_a_schema(self, server, model):
        assert plan(model) == PLAN
        assert server.seen[0].schema == SCHEMA
        body = server.seen[0].body
        assert (body["temperature"], body["max_tokens"]) == (0, 200)
        assert body["chat_template_kwargs"] == {"enable_thinking": False}
        assert [one["role"] for one in body["messages"]] == ["system", "user"]

    def test_streams_in_pieces(self, model):
        pieces = list(explain(model))
        assert "".join(pieces) == ANSWER
        assert len(pieces) > 5

    def test_the_watch_is_told_what_a_call_took(self, model):
        watch = Watch()
        plan(model, watch)
        list(explain(model, watch))
        again = list(explain(model, watch))
        first, _, last = watch.use().calls
        assert (first.door, last.door) == ("plan", "explain")
        assert first.tokens_in == last.tokens_in > 5
        assert last.tokens_out == len(again)
        assert last.tokens_cached <= last.tokens_in
        assert 0 < last.first <= last.seconds

    def test_tokens_that_the_server_still_had_are_told(self, model):
        watch = Watch()
        for _ in range(2):
            messages = [Message("system", LONG), Message("user", "Hm?")]
            model.complete(messages, watch, door="plan", schema=None, seconds=10, most_tokens=50)
        cold, warm = watch.use().calls
        assert cold.tokens_cached == 0
        assert warm.tokens_cached > 0.9 * warm.tokens_in

    def test_eight_talks_at_once_each_get_their_own(self):
        with (
            StandIn(lambda messages, _: messages[-1]["content"], tokens_per_second=200) as server,
            model_of(server.url) as model,
            ThreadPoolExecutor(8) as pool,
        ):

            def talk(number):
                words = " ".join(LONG.split()[number * 40 : number * 40 + 40])
                pieces = model.stream(
                    [Message("user", words)], Watch(), door="explain", first=10, seconds=20, most_tokens=500
                )
                return "".join(pieces) == words

            assert all(pool.map(talk, range(8)))
            assert server.counts.finished == 8

    def test_a_server_without_vllms_own_fields_is_asked_plainly(self):
        with StandIn(answer, vllm=False) as server, model_of(server.url, context=1234) as model:
            assert (model.is_vllm, model.context) == (False, 1234)
            assert plan(model) == PLAN
            assert not {"chat_template_kwargs", "include_reasoning"} & set(server.seen[0].body)
        with StandIn(answer, vllm=False) as server, model_of(server.url) as model:
            assert model.context == 4096


class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "failure"),
        [
            (Fault(FaultKind.REFUSING, status=500), Failure.REFUSED),
            (Fault(FaultKind.REFUSING, status=429), Failure.REFUSED),
            (Fault(FaultKind.REFUSING, status=401), Failure.REFUSED),
            (Fault(FaultKind.EMPTY), Failure.EMPTY),
            (Fault(FaultKind.UNCLOSED), Failure.EMPTY),
            (Fault(FaultKind.DROPPED, after=0), Failure.DOWN),
            (Fault(FaultKind.DROPPED), Failure.DOWN),
            (Fault(FaultKind.FAILING), Failure.REFUSED),
            (Fault(FaultKind.GARBAGE), Failure.GARBAGE),
            (Fault(FaultKind.BROKEN), Failure.GARBAGE),
            (Fault(FaultKind.LOOPING), Failure.LOOPING),
            (Fault(FaultKind.CUT_OFF), Failure.CUT_OFF),
        ],
        ids=lambda value: f"{value.kind}-{value.status}-{value.after}" if isinstance(value, Fault) else "",
    )
    def test_each_is_told_as_what_it_is(self, server, model, fault, failure):
        server.fail(fault, fault)
        watch = Watch()
        assert failure_of(lambda: explain(model, watch))[1].failure is failure
        assert failure_of(lambda: plan(model, watch))[1].failure is failure
        assert [call.door for call in watch.use().calls] == ["explain", "plan"]
        assert plan(model) == PLAN, "the next call is well"

    def test_what_came_before_a_failure_is_given(self, server, model):
        server.fail("dropped", "cut_off")
        dropped, error = failure_of(lambda: explain(model))
        assert dropped
        assert ANSWER.startswith(dropped)
        assert error.failure is Failure.DOWN
        cut, error = failure_of(lambda: explain(model))
        assert cut
        assert ANSWER.startswith(cut)
        assert error.failure is Failure.CUT_OFF

    def test_an_answer_longer_than_it_may_be_is_cut_off(self, model):
        text, error = failure_of(lambda: explain(model, most_tokens=4))
        assert ANSWER.startswith(text)
        assert error.failure is Failure.CUT_OFF

    def test_nobody_there(self):
        with StandIn(answer) as server:
            url = server.url
        with model_of(url) as model:
            error = failure_of(lambda: plan(model))[1]
            assert error.failure is Failure.DOWN
            assert url in error.detail
            with pytest.raises(ModelFailureError):
                _ = model.context

    def test_a_wrong_model_name_is_told_with_those_there_are(self, server):
        with model_of(server.url, model="no-such") as model:
            error = failure_of(lambda: plan(model))[1]
        assert error.failure is Failure.REFUSED
        assert "'no-such'" in error.detail
        assert "'stand-in'" in error.detail
        assert "SHOPTALK_LLM_MODEL" in error.detail

    def test_a_prompt_longer_than_the_context(self):
        with StandIn(answer, context=50) as server, model_of(server.url) as model:
            messages = [Message("user", LONG)]
            with pytest.raises(ModelFailureError, match="maximum context length is 50") as caught:
                model.complete(messages, Watch(), door="plan", schema=None, seconds=10, most_tokens=50)
            assert caught.value.failure is Failure.TOO_LONG

    def test_a_wrong_key_is_told_without_it(self, caplog):
        caplog.set_level(logging.DEBUG)
        with StandIn(answer, key="sesame-right-one") as server:
            with model_of(server.url, key="sesame-wrong-one") as model:
                error = failure_of(lambda: plan(model))[1]
                told = f"{error} {model!r} {LlmConfig(server.url, key='sesame-wrong-one')}"
            with model_of(server.url, key="sesame-right-one") as model:
                assert plan(model) == PLAN
        assert error.failure is Failure.REFUSED
        assert "SHOPTALK_LLM_KEY" in error.detail
        assert "sesame" not in told + caplog.text

    def test_no_key_of_the_environment_is_sent_to_this_server(self, server, model, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "for-somebody-else")
        plan(model)
        assert "for-somebody-else" not in str(server.heads)
        assert server.heads

    def test_what_is_no_model_server(self):
        with StandIn(answer) as server, model_of(f"{server.url}/elsewhere", model="any") as model:
            error = failure_of(lambda: plan(model))[1]
            assert error.failure is Failure.REFUSED
            assert "/v1" in error.detail
        with StandIn(answer) as server, model_of(f"{server.url}/elsewhere") as model:
            error = failure_of(lambda: plan(model))[1]
            assert "no OpenAI-compatible server" in error.detail

    def test_a_closed_client_says_so(self, server):
        with model_of(server.url) as model:
            pass
        with pytest.raises(ModelFailureError, match="closed"):
            plan(model)

    def test_closing_ends_calls_under_way(self, server):
        server.fail(Fault(FaultKind.LATE, seconds=60))
        with ThreadPoolExecutor(1) as pool, model_of(server.url) as model:
            call = pool.submit(lambda: failure_of(lambda: plan(model, seconds=60)))
            until(lambda: server.counts.running)
            model.close()
            assert call.result(10)[1].failure is Failure.DOWN


class TestTime:
    def test_a_late_first_word_is_not_waited_for(self, server, model):
        server.fail(Fault(FaultKind.LATE, seconds=60))
        began = time.monotonic()
        assert failure_of(lambda: explain(model, first=0.3))[1].failure is Failure.LATE
        assert time.monotonic() - began < 10

    def test_a_stalling_answer_is_given_up_when_time_is_over(self, server, model):
        plan(model)
        server.fail(Fault(FaultKind.STALLING, seconds=60, after=4))
        text, error = failure_of(lambda: explain(model, first=5, seconds=1.5))
        assert ANSWER.startswith(text)
        assert text
        assert error.failure is Failure.LATE
        assert "not all" in error.detail

    def test_a_slow_drip_is_given_up_when_time_is_over(self, server, model):
        server.fail(Fault(FaultKind.SLOW, seconds=0.1))
        began = time.monotonic()
        text, error = failure_of(lambda: plan(model, seconds=0.4))
        assert (text, error.failure) == ("", Failure.LATE)
        assert time.monotonic() - began < 10

    def test_reasoning_is_no_first_word(self, server, model):
        server.tokens_per_second = 20
        server.fail("thinking")
        text, error = failure_of(lambda: explain(model, first=0.3))
        assert (text, error.failure) == ("", Failure.LATE)

    def test_without_time_nothing_is_asked(self, server, model):
        assert failure_of(lambda: explain(model, first=0))[1].failure is Failure.LATE
        assert failure_of(lambda: plan(model, seconds=0))[1].failure is Failure.LATE
        assert not server.seen

    def test_the_server_notices_who_gave_up(self, server, model):
        plan(model)
        server.fail(*[Fault(FaultKind.LATE, seconds=60)] * 2, Fault(FaultKind.STALLING, seconds=60))
        for call in (lambda: explain(model, first=0.6), lambda: plan(model, seconds=0.6)):
            failure_of(call)
        failure_of(lambda: explain(model, first=5, seconds=0.6))
        until(lambda: server.counts.aborted == 3)
        assert server.counts.running == 0

    def test_the_server_notices_who_stopped_listening(self, server, model):
        server.tokens_per_second = 20
        watch = Watch()
        pieces = explain(model, watch)
        next(pieces)
        pieces.close()
        until(lambda: server.counts.aborted == 1)
        assert watch.use().calls[0].first is not None
        assert watch.use().calls[0].tokens_out >= 1, "counted as far as it came"

    def test_circles_are_left_at_once(self, server, model):
        server.tokens_per_second = 300
        server.fail("looping")
        assert failure_of(lambda: explain(model, most_tokens=100_000))[1].failure is Failure.LOOPING
        until(lambda: server.counts.aborted == 1)

    def test_a_server_that_accepts_and_says_nothing(self):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as deaf:
            with model_of(f"http://127.0.0.1:{deaf.getsockname()[1]}") as model:
                error = failure_of(lambda: plan(model, seconds=0.3))[1]
            assert error.failure is Failure.LATE

    def test_no_thread_is_left(self, server):
        with model_of(server.url) as model:
            server.fail(Fault(FaultKind.LATE, seconds=60))
            failure_of(lambda: plan(model, seconds=0.2))
            assert "shoptalk-llm" in {thread.name for thread in threading.enumerate()}
        assert "shoptalk-llm" not in {thread.name for thread in threading.enumerate()}


class TestServersThatComeAndGo:
    def test_a_server_killed_in_mid_stream_and_started_again(self):
        server = StandIn(lambda *_: LONG, tokens_per_second=100).start()
        with model_of(server.url) as model:
            pieces = explain(model)
            next(pieces)
            server.stop()
            assert failure_of(lambda: pieces)[1].failure is Failure.DOWN
            assert failure_of(lambda: explain(model))[1].failure is Failure.DOWN
            with StandIn(answer, port=server.port, model="another", context=999):
                assert "".join(explain(model)) == ANSWER
                assert (model.name, model.context) == ("another", 999)

    def test_a_dead_server_costs_three_calls_only(self):
        now = [0.0]
        with StandIn(answer) as server:
            url, port = server.url, server.port
        with model_of(url, Breaker(lambda: now[0])) as model:
            told = [failure_of(lambda: plan(model))[1].failure for _ in range(5)]
            assert told == [Failure.DOWN] * 3 + [Failure.RESTING] * 2
            with pytest.raises(ModelFailureError, match="resting"):
                _ = model.name
            with StandIn(answer, port=port):
                assert failure_of(lambda: plan(model))[1].failure is Failure.RESTING
                now[0] += 10
                assert plan(model) == PLAN
                assert plan(model) == PLAN

    def test_who_stops_listening_early_says_nothing_of_the_server(self, server, model):
        server.fail(*[Fault(FaultKind.REFUSING)] * 2)
        for _ in range(2):
            failure_of(lambda: plan(model))
        next(pieces := explain(model))
        pieces.close()
        server.fail(*[Fault(FaultKind.REFUSING)] * 2)
        for _ in range(2):
            assert failure_of(lambda: plan(model))[1].failure is Failure.REFUSED
        assert plan(model) == PLAN, "words came between: no three in a row"


class TestReasoning:
    @pytest.mark.parametrize("own_field", [False, True])
    def test_is_kept_out(self, server, model, own_field):
        thinking = Fault(FaultKind.THINKING, own_field=own_field)
        server.fail(thinking, thinking)
        assert "".join(explain(model)) == ANSWER
        assert plan(model) == PLAN

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("<think>a < b</think>\n\nYes, 3 < 4 and <b>.", "Yes, 3 < 4 and <b>."),
            ("  <think></think>Yes", "Yes"),
            ("<think>never closed", ""),
            ("A<think>b</think>C<thinking>d</thinking>E", "ACE"),
            ("It ends with <thin", "It ends with <thin"),
            ("<reasoning>one</think two</reasoning>three", "three"),
        ],
    )
    def test_tags_may_be_split_over_pieces(self, text, kept, size):
        reasoning = Reasoning()
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert "".join(map(reasoning.heard, pieces)) + reasoning.rest() == kept

    def test_with_a_closing_tag_only_all_before_it_is_reasoning(self):
        assert without_reasoning('Let me see.\n</think>\n{"act": "find"}') == PLAN
        with StandIn(lambda *_: "Let me see.</think> Yes.") as server, model_of(server.url) as model:
            error = failure_of(lambda: explain(model))[1]
            assert error.failure is Failure.GARBAGE
            assert "reasoning parser" in error.detail
            assert plan(model) == "Yes."


class TestCircles:
    @pytest.mark.parametrize(
        "text",
        [
            "A good film." + " It is a good film." * 6,
            '{"wishes": [' + '{"facet": "genre", "value": "drama"},' * 4,
            '{"act": "find"' + " \n" * 60,
            "Well" + " ha" * 40,
            "\n".join(f"{number}. It is a very good film for you." for number in range(1, 9)),
        ],
    )
    def test_are_heard(self, text):
        assert runs_in_circles(text)

    @pytest.mark.parametrize(
        "text",
        [
            LONG[:900],
            ANSWER,
            json.dumps(
                [{"facet": "genre", "value": value} for value in ("drama", "comedy", "horror", "war")], indent=8
            ),
            "It is quiet. It is quiet, and short. It is quiet, and short, and new.",
            "| Film | Year | Length |\n|---|---|---|\n| A | 1999 | 90 |\n| B | 2001 | 88 |\n| C | 2003 | 99 |",
            "Prices: 10, 20, 30, 40, 50, 60, 70, 80, 90 and 100 euros.",
        ],
    )
    def test_are_not_heard_in_plain_text(self, text):
        assert not any(runs_in_circles(text[:end]) for end in range(len(text)))
