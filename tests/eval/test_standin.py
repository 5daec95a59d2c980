"""The stand-in for a chat model, asked as any program would ask it: with an HTTP client of another make."""

import json
import time

import httpx
import pytest

from shoptalk.errors import DatasetError
from shoptalk.eval.standin import Fault, FaultKind, Recorder, Recording, Spoken, StandIn
from shoptalk.eval.standin.prefixes import PrefixCache, pieces_of
from shoptalk.eval.standin.recording import least

SCHEMA = {
    "type": "object",
    "properties": {
        "act": {"enum": ["find", "compare"]},
        "wishes": {"type": "array", "items": {"type": "object"}},
        "most": {"anyOf": [{"type": "null"}, {"type": "number"}]},
        "also": {"type": "string"},
        "to": {"$ref": "#/$defs/Who"},
    },
    "required": ["act", "wishes", "most", "to"],
    "$defs": {"Who": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}},
}


def ask(server, text="Hello", **more):
    body = {"model": server.model, "messages": [{"role": "user", "content": text}], **more}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=10, trust_env=False)


def events(response):
    rows = [row.removeprefix("data: ") for row in response.text.split("\n\n") if row]
    assert rows.pop() == "[DONE]"
    return [json.loads(row) for row in rows]


def form(schema):
    return {"type": "json_schema", "json_schema": {"name": "plan", "schema": schema}}


@pytest.fixture
def server():
    with StandIn(lambda messages, schema: f"You said: {messages[-1]['content']}") as server:
        yield server


def test_tells_of_itself_as_vllm_does(server):
    assert httpx.get(f"{server.url}/health").status_code == 200
    assert set(httpx.get(f"{server.url}/version").json()) == {"version"}
    card = httpx.get(f"{server.url}/v1/models").json()["data"][0]
    assert (card["id"], card["owned_by"], card["max_model_len"]) == ("stand-in", "vllm", 4096)


def test_answers_whole(server):
    told = ask(server).json()
    choice = told["choices"][0]
    assert choice["message"]["content"] == "You said: Hello"
    assert choice["finish_reason"] == "stop"
    assert told["usage"]["completion_tokens"] == len(pieces_of("You said: Hello"))
    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_answers_in_a_stream(server):
    told = events(ask(server, stream=True, stream_options={"include_usage": True}))
    *chunks, ending, usage = told
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == "You said: Hello"
    assert all("usage" not in chunk for chunk in chunks)
    assert ending["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == len(chunks) - 1


def test_counts_on_when_asked_to(server):
    counting = {"include_usage": True, "continuous_usage_stats": True}
    told = events(ask(server, stream=True, stream_options=counting))
    assert [chunk["usage"]["completion_tokens"] for chunk in told[:3]] == [0, 1, 2]


def test_stops_at_the_most_tokens(server):
    choice = ask(server, max_tokens=2).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("You said", "length")


def test_refuses_as_a_server_would(server):
    assert ask(server, model="other").status_code == 404
    assert "other" in ask(server, model="other").json()["error"]["message"]
    assert ask(server, "long " * 5000).status_code == 400
    with StandIn(lambda *_: "x", key="k") as locked:
        assert ask(locked).status_code == 401


def test_counts_of_the_prefix_cache_come_from_the_prompts(server):
    def metrics():
        rows = [row.split() for row in httpx.get(f"{server.url}/metrics").text.splitlines() if row[0] != "#"]
        return {name.split("{")[0]: float(value) for name, value in rows}

    prefix = "the unchanging part of a prompt, " * 20
    ask(server, prefix + "first")
    before = metrics()
    assert before["vllm:prefix_cache_hits_total"] == 0
    told = ask(server, prefix + "second").json()
    after = metrics()
    asked = after["vllm:prefix_cache_queries_total"] - before["vllm:prefix_cache_queries_total"]
    assert asked == told["usage"]["prompt_tokens"]
    assert 0.8 * asked < after["vllm:prefix_cache_hits_total"] <= asked
    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == after["vllm:prefix_cache_hits_total"]


def test_only_what_stands_at_the_begin_is_in_the_cache():
    cache, tokens = PrefixCache(), [str(number) for number in range(64)]
    assert cache.seen(tokens) == 0
    assert cache.seen(tokens) == 64
    assert cache.seen(["other", *tokens]) == 0
    assert cache.seen([*tokens[:40], "other", *tokens]) == 32


def test_pieces_make_the_text_again():
    text = "Süß: 3.50 €,\n\n  \t<think>unquestionably</think> “yes”\n"
    assert "".join(pieces_of(text)) == text


class TestFaults:
    def test_each_is_had_by_one_request_then_the_standing_one(self):
        with StandIn(lambda *_: "Fine.", faults=["empty"], standing="not_json") as server:
            assert ask(server).json()["choices"][0]["message"]["content"] is None
            assert ask(server).json()["choices"][0]["message"]["content"].startswith("Of course")
            server.standing = None
            assert ask(server).json()["choices"][0]["message"]["content"] == "Fine."
            server.fail(Fault(FaultKind.REFUSING, status=429), "cut_off")
            assert ask(server).status_code == 429
            assert ask(server).json()["choices"][0]["finish_reason"] == "length"

    def test_dropped(self, server):
        server.fail("dropped")
        with pytest.raises(httpx.RemoteProtocolError):
            ask(server, "a long enough answer, please", stream=True)

    def test_late_and_slow(self, server):
        server.fail(Fault(FaultKind.LATE, seconds=0.3), Fault(FaultKind.SLOW, seconds=0.05))
        for _ in range(2):
            began = time.monotonic()
            assert ask(server).json()["choices"][0]["message"]["content"] == "You said: Hello"
            assert time.monotonic() - began > 0.2

    def test_thinking(self, server):
        server.fail("thinking", Fault(FaultKind.THINKING, own_field=True))
        between = ask(server).json()["choices"][0]["message"]
        assert between["content"].startswith("<think>")
        assert between["content"].endswith("You said: Hello")
        beside = ask(server).json()["choices"][0]["message"]
        assert beside["content"] == "You said: Hello"
        assert beside["reasoning_content"]

    def test_an_unknown_fault_is_an_error(self, server):
        with pytest.raises(ValueError, match="no-such"):
            server.fail("no-such")


class TestRecordings:
    def test_says_what_was_recorded(self):
        recording = Recording(
            [
                Spoken(last="Hello", content="Good day."),
                Spoken(last="Hello", content='{"act": "compare"}', json=True),
                Spoken(pattern="cheap|low price", content="It costs little."),
            ],
            otherwise="Pardon?",
        )
        with StandIn(recording) as server:
            texts = [ask(server, text) for text in ("Hello", "Something CHEAP, please", "Hm")]
            texts += [ask(server, text, response_format=form(SCHEMA)) for text in ("Hello", "Hm")]
            said = [told.json()["choices"][0]["message"]["content"] for told in texts]
        assert said[:3] == ["Good day.", "It costs little.", "Pardon?"]
        assert json.loads(said[3]) == {"act": "compare"}
        assert json.loads(said[4]) == {"act": "find", "wishes": [], "most": None, "to": {"n": 1}}

    def test_what_a_real_server_says_is_said_again_without_it(self, tmp_path):
        path = tmp_path / "said.jsonl"
        with StandIn(lambda messages, schema: '{"a": 1}' if schema else messages[-1]["content"][::-1]) as real:
            with StandIn(Recorder(real.url, path)) as recorder:
                first = [ask(recorder, "abc"), ask(recorder, "abc", response_format=form(SCHEMA), stream=True)]
                assert [told.status_code for told in first] == [200, 200]
            assert real.seen[1].schema == SCHEMA
        with StandIn(Recording.read(path)) as server:
            assert ask(server, "abc").json()["choices"][0]["message"]["content"] == "cba"
            told = ask(server, "abc", response_format=form(SCHEMA)).json()
            assert told["choices"][0]["message"]["content"] == '{"a": 1}'

    def test_a_real_server_that_is_not_there_is_told(self, tmp_path):
        with StandIn(Recorder("http://127.0.0.1:9", tmp_path / "said.jsonl")) as recorder:
            assert ask(recorder).status_code == 502

    @pytest.mark.parametrize(
        ("row", "told"),
        [
            ('{"content": "x"}', "give 'key', 'last' or 'pattern'"),
            ('{"pattern": "(", "content": "x"}', "no regular expression"),
            ('{"last": "x"}', "content"),
            ("nothing", "JSON"),
        ],
    )
    def test_a_line_that_cannot_be_read_is_told_with_its_number(self, tmp_path, row, told):
        path = tmp_path / "said.jsonl"
        path.write_text(f'{{"last": "a", "content": "b"}}\n\n{row}\n')
        with pytest.raises(DatasetError, match="line 3") as caught:
            Recording.read(path)
        assert told in str(caught.value)

    def test_a_file_that_is_not_there_is_told(self, tmp_path):
        with pytest.raises(DatasetError, match="cannot be read"):
            Recording.read(tmp_path / "none.jsonl")

    @pytest.mark.parametrize(
        ("schema", "value"),
        [
            ({"const": 3}, 3),
            ({"type": ["string", "null"], "minLength": 2}, "xx"),
            ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [False, False]),
            ({"oneOf": [{"type": "number", "minimum": 5}]}, 5),
            ({}, None),
        ],
    )
    def test_the_least_that_a_schema_allows(self, schema, value):
        assert least(schema) == value


def test_a_port_that_is_taken_is_an_error(server):
    with pytest.raises(OSError, match="in use"):
        StandIn(lambda *_: "x", port=server.port).start()
