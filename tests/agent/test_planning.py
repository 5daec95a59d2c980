"""The model at the first door, over real HTTP: its plan, what is vouched for, and who stands in where it fails."""

import json

import pytest

from shoptalk.agent.llm.client import ChatModel, LlmConfig
from shoptalk.agent.llm.planning import ModelUnderstanding
from shoptalk.agent.state import TalkState
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.agent.watch import Failure, Limits, ModelFailureError, Watch
from shoptalk.eval.standin import Fault, FaultKind, StandIn
from shoptalk.retrieval.query import Act


def plan(*calls):
    return json.dumps({"calls": list(calls)})


def find(*where, **rest):
    return {"tool": "find", "where": list(where), **rest}


def cond(facet, value, op="is", **rest):
    return {"facet": facet, "op": op, "value": value, **rest}


SAID = {
    "a short comedy": plan(find(cond("genres", "Comedy"), cond("runtime", 100, "less than"))),
    "something for a rainy day": plan(find(cond("genres", "Horror"), words="rainy day")),
    "sci-fi please": plan(find(cond("genres", "Science Fiction"))),
    "is there anything": plan(find()),
    "nonsense": "I would rather write a poem.",
    "fenced": f"```json\n{plan(find(cond('genres', 'Comedy')))}\n```",
    "ask me about the genre": plan({"tool": "clarify", "facet": "genres"}),
}


def introduced(model):
    """The model once its server has told of itself: on a busy machine, loading the client's code takes seconds."""
    for _ in range(10):
        try:
            assert model.context
        except ModelFailureError:
            continue
        return model
    raise AssertionError("the stand-in never told of itself")


@pytest.fixture(scope="module")
def embedded(films):
    return EmbeddedUnderstanding(films)


@pytest.fixture(scope="module")
def server():
    def answer(messages, schema):
        assert schema is not None
        message = messages[-1]["content"].split("<message>\n")[1].split("\n</message>")[0]
        return SAID[message]

    with StandIn(answer) as running:
        yield running


@pytest.fixture(scope="module")
def understanding(server, embedded, films):
    model = introduced(ChatModel(LlmConfig(server.url)))
    yield ModelUnderstanding(model, embedded, films, "films")
    model.close()


def asked(request):
    return [(one.facet, one.value, one.must) for one in request.constraints]


def test_the_models_plan_is_the_request(understanding):
    watch = Watch()
    request = understanding.understand("a short comedy", TalkState(), watch)
    assert request.message == "a short comedy"
    assert ("genres", "Comedy", True) in asked(request)
    use = watch.use()
    assert use.planned
    assert not use.written
    assert use.fallbacks == ()
    assert use.calls[0].tokens_in > 100


def test_what_nobody_vouches_for_is_a_wish(understanding):
    request = understanding.understand("something for a rainy day", TalkState())
    assert asked(request) == [("genres", "Horror", False)]


def test_the_embedded_understanding_vouches_for_other_words(understanding):
    assert asked(understanding.understand("sci-fi please", TalkState())) == [("genres", "Science Fiction", True)]


def test_a_number_without_a_number_in_the_message_is_a_wish(understanding):
    by_facet = {one.facet: one for one in understanding.understand("a short comedy", TalkState()).constraints}
    assert not by_facet["runtime"].must


def test_a_plan_is_mended_once(understanding, films):
    watch = Watch()
    request = understanding.understand("fenced", TalkState(), watch)
    assert [one.value for one in request.constraints] == ["Comedy"]
    assert watch.use().planned
    assert watch.use().mended


@pytest.mark.parametrize(("message", "failure"), [("nonsense", Failure.GARBAGE), ("is there anything", Failure.EMPTY)])
def test_a_plan_of_nothing_is_the_embedded_ones(understanding, embedded, message, failure):
    watch = Watch()
    assert understanding.understand(message, TalkState(), watch) == embedded.understand(message, TalkState())
    assert not watch.use().planned
    assert [one.failure for one in watch.use().fallbacks] == [failure]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault(FaultKind.LATE, seconds=60), Failure.LATE),
        (Fault(FaultKind.STALLING, seconds=60), Failure.LATE),
        (Fault(FaultKind.DROPPED), Failure.DOWN),
        (Fault(FaultKind.REFUSING, status=500), Failure.REFUSED),
        (Fault(FaultKind.EMPTY), Failure.EMPTY),
        (Fault(FaultKind.LOOPING), Failure.LOOPING),
        (Fault(FaultKind.CUT_OFF), Failure.CUT_OFF),
        (Fault(FaultKind.NOT_JSON), Failure.GARBAGE),
    ],
    ids=lambda one: str(getattr(one, "kind", one)),
)
def test_whatever_the_model_does_there_is_a_request(fault, failure, embedded, films):
    with StandIn(lambda messages, schema: SAID["a short comedy"], faults=[fault]) as server:
        model = introduced(ChatModel(LlmConfig(server.url)))
        patience = 3.0 if failure is Failure.LATE else 60.0
        watch = Watch(Limits(first_word=patience, whole=patience))
        request = ModelUnderstanding(model, embedded, films, "films").understand("a western", TalkState(), watch)
        model.close()
    assert asked(request) == [("genres", "Western", True)]
    assert [one.failure for one in watch.use().fallbacks] == [failure]


def test_no_server_is_no_harm(embedded, films):
    model = ChatModel(LlmConfig("http://127.0.0.1:9"))
    watch = Watch()
    request = ModelUnderstanding(model, embedded, films, "films").understand("a western", TalkState(), watch)
    model.close()
    assert asked(request) == [("genres", "Western", True)]
    assert watch.use().fallbacks[0].failure is Failure.DOWN


def test_a_facet_to_ask_about_is_handed_on(understanding):
    request = understanding.understand("ask me about the genre", TalkState())
    assert request.clarify == "genres"
    assert request.acts == (Act.FIND,)
