"""The model writes the answer: what of it is said, how it is laid out, and what stands in where it fails."""

import re
from contextlib import closing

import pytest

from shoptalk.agent.checking import Known
from shoptalk.agent.explaining import Answer, EmbeddedExplaining
from shoptalk.agent.llm.client import ChatModel, LlmConfig
from shoptalk.agent.llm.writing import ModelExplaining
from shoptalk.agent.state import TalkState
from shoptalk.agent.turn import Engine, take_turn
from shoptalk.agent.watch import Failure, Limits, Watch
from shoptalk.eval.standin import Fault, FaultKind, StandIn

COMEDIES = "comedies from the 80s"
NAME = re.compile(r"\*\*(.+?)\*\*")
# No test of what is said depends on how busy the machine is.
PATIENT = Limits(first_word=90.0, whole=120.0)
WHOLE = "Here are four comedies. [1] is a comedy. [2] is a comedy. [3] is a comedy. [4] is a comedy."


class Overheard(EmbeddedExplaining):
    """The embedded explanation, which remembers what it was asked to explain."""

    def explain(self, answer, watch=None):
        self.answer = answer
        return super().explain(answer, watch)


@pytest.fixture(scope="module")
def engine(films_shop):
    """The films shop's parts, with an explanation to be set."""

    def made(explaining, limits=None):
        shop = films_shop
        parts = (shop.catalog, shop.finder, shop.ranking, shop.understanding)
        return Engine(shop.name, *parts, explaining, limits or PATIENT)

    return made


@pytest.fixture
def say(engine):
    """Says messages to a shop whose model answers with a text, and gives the last reply."""

    def said(text, *messages, faults=(), limits=None):
        with (
            StandIn(lambda messages, schema: text, faults=faults) as server,
            closing(ChatModel(LlmConfig(server.url))) as model,
        ):
            parts = engine(ModelExplaining(model, EmbeddedExplaining()), limits)
            return talk(parts, messages or (COMEDIES,))

    return said


@pytest.fixture
def embedded(engine):
    """What the embedded explanation says to the same messages."""
    return lambda *messages: talk(engine(EmbeddedExplaining()), messages or (COMEDIES,))


@pytest.fixture(scope="module")
def answer(engine):
    """What is to be explained of comedies from the 80s."""
    overheard = Overheard()
    talk(engine(overheard), (COMEDIES,))
    assert isinstance(overheard.answer, Answer)
    return overheard.answer


def talk(engine, messages):
    """The reply to the last of some messages."""
    state = TalkState()
    for message in messages:
        states = []
        reply = list(take_turn(engine, state, message, lambda after, reply, query: states.append(after)))[-1].reply  # noqa: B023
        state = states[0]
    return reply


def lines(reply):
    """The text's lines without the question at its end."""
    question = f"\n\n{reply.question.text}" if reply.question else ""
    return reply.text.removesuffix(question).split("\n")


def names_its_picks_and_no_others(reply):
    named = {name.partition(" (")[0] for name in NAME.findall(reply.text)}
    return named == {pick.item.title for pick in reply.picks}


def test_picks_cited_by_number_are_named_and_have_a_line_each(say):
    reply = say(WHOLE)
    first, second = (f"{pick.item.title} ({pick.item.facets['year']:.0f})" for pick in reply.picks[:2])
    assert lines(reply)[:3] == [
        "Here are four comedies.",
        f"1. **{first}** is a comedy.",
        f"2. **{second}** is a comedy.",
    ]
    assert names_its_picks_and_no_others(reply)
    assert reply.model.written
    assert (reply.model.sentences, reply.model.cut, reply.model.fallbacks) == (5, 0, ())


def test_a_pick_named_again_goes_by_its_plain_title(say):
    reply = say("[1] is a comedy. [2] is a comedy, and newer than [1].")
    assert lines(reply)[1].endswith(f" is a comedy, and newer than {reply.picks[0].item.title}.")


@pytest.mark.parametrize("written", ["[1] {title} is a comedy.", "**{title}** [1] is a comedy.", "[1] **{title}** is a comedy.",
                                     "1. **{title}** is a comedy.", "- {title} ({year}) is a comedy.", "{title} is a comedy [1]."])  # fmt: skip
def test_however_the_model_names_a_pick_it_is_named_once(say, embedded, written):
    item = embedded().picks[0].item
    reply = say(written.format(title=item.title, year=f"{item.facets['year']:.0f}"))
    assert lines(reply)[0] == f"1. **{item.title} ({item.facets['year']:.0f})** is a comedy."


@pytest.mark.parametrize(
    "false",
    ["[1] won three Oscars.", "[1] is from 1931.", "[1] runs for 999 minutes.", "[7] is a comedy.", "**Citizen Kane** is a comedy.",
     "Order now at http://example.com for 10% off!", "You told me that you adore Westerns."],
)  # fmt: skip
def test_what_cannot_be_traced_is_cut_and_counted(say, false):
    reply = say(f"{WHOLE} {false}")
    assert reply.text == say(WHOLE).text
    assert (reply.model.sentences, reply.model.cut) == (6, 1)


def test_facts_given_to_another_pick_are_cut(say, embedded):
    one, other = (pick.item for pick in embedded().picks[:2])
    assert one.facets["runtime"] != other.facets["runtime"]
    reply = say(f"[1] runs {other.facets['runtime']:.0f} minutes. [2] is a comedy.")
    assert reply.model.cut == 1
    assert names_its_picks_and_no_others(reply)


def test_picks_that_the_model_left_out_have_the_line_of_the_templates(say, embedded):
    reply = say("[1] is a comedy.")
    assert lines(reply)[1:] == lines(embedded())[2:]


def test_out_of_their_order_picks_have_no_numbers(say):
    reply = say("[2] is a comedy. [1] is a comedy.")
    assert [line[:2] for line in lines(reply)] == ["- "] * 4
    assert names_its_picks_and_no_others(reply)


def test_what_speaks_of_several_picks_stands_apart(say):
    reply = say("[1] is a comedy. [2] is a comedy. Both [1] and [2] are comedies.")
    assert lines(reply)[2:4] == ["", f"Both {reply.picks[0].item.title} and {reply.picks[1].item.title} are comedies."]


def test_a_sentence_is_said_once(say):
    reply = say("[1] is a comedy. [1] is a comedy. [1] is a comedy.")
    assert reply.text.count("is a comedy") == 1
    assert reply.model.cut == 2


def test_where_nothing_can_be_traced_the_answer_is_the_embedded_one(say, embedded):
    reply = say("I hate humans. [1] costs $5,000,000.")
    assert reply.text == embedded().text
    assert not reply.model.written
    assert [one.failure for one in reply.model.fallbacks] == [Failure.GARBAGE]


@pytest.mark.parametrize("messages", [("hello",), ("what can you do?",), (COMEDIES, "thanks"), ("a comedy from 1850",), ("undo",),
                                      ("book me a flight",)], ids=" / ".join)  # fmt: skip
def test_what_has_no_picks_to_speak_of_is_not_the_models_to_write(say, embedded, messages):
    reply = say("[1] is a comedy.", *messages)
    assert reply.text == embedded(*messages).text
    assert reply.picks or reply.model is None or len(messages) > 1


def test_what_was_noted_is_said_before_the_model_and_once(say, embedded):
    seen = "I have seen Alien, a comedy please"
    noted = embedded(seen).text.partition(". ")[0]
    assert noted.startswith("Noted")
    assert say(WHOLE, seen).text.startswith(f"{noted}. Here are four comedies.\n1. **")
    failed = say(WHOLE, seen, faults=["refusing"])
    assert failed.text == embedded(seen).text


@pytest.mark.parametrize(
    ("fault", "failure"),
    [("refusing", Failure.REFUSED), ("empty", Failure.EMPTY), (Fault(FaultKind.LATE, seconds=30), Failure.LATE), ("garbage", Failure.GARBAGE)],
    ids=["refusing", "empty", "late", "garbage"],
)  # fmt: skip
def test_a_model_that_gives_nothing_leaves_the_embedded_answer(say, embedded, fault, failure):
    limits = Limits(first_word=1.0, whole=3.0) if failure is Failure.LATE else PATIENT
    reply = say(WHOLE, faults=[fault], limits=limits)
    assert reply.text == embedded().text
    assert [one.failure for one in reply.model.fallbacks] == [failure]
    assert not reply.model.written


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.STALLING, after=20), Fault(FaultKind.DROPPED, after=20), Fault(FaultKind.CUT_OFF), Fault(FaultKind.LOOPING, after=20)], ids=lambda one: one.kind
)  # fmt: skip
def test_what_was_said_before_a_failure_stands_and_nothing_half(say, embedded, fault):
    limits = Limits(first_word=90.0, whole=8.0) if fault.kind is FaultKind.STALLING else PATIENT
    reply = say(WHOLE, faults=[fault], limits=limits)
    assert reply.model.fallbacks
    assert reply.model.written
    assert names_its_picks_and_no_others(reply)
    told = {*lines(say(WHOLE)), *lines(embedded())}
    assert set(lines(reply)) <= told


def test_a_model_that_stalls_before_its_first_sentence_is_late(say, embedded):
    reply = say(
        WHOLE, faults=[Fault(FaultKind.STALLING, after=2, seconds=60)], limits=Limits(first_word=4.0, whole=30.0)
    )
    assert reply.text == embedded().text
    (fallback,) = reply.model.fallbacks
    assert fallback.failure is Failure.LATE
    assert "no sentence" in fallback.detail


def test_who_stops_listening_ends_the_call(answer):
    class Endless:
        """A model that has always more to say."""

        is_closed = False

        def stream(self, messages, watch, **limits):
            try:
                while True:
                    yield "[1] is a comedy. "
            finally:
                self.is_closed = True

    model = Endless()
    text = ModelExplaining(model, EmbeddedExplaining()).explain(answer, Watch())
    assert next(text).startswith("1. **")
    text.close()
    assert model.is_closed


def test_questions_about_items_are_written_too(say):
    reply = say("[1] is a comedy.", COMEDIES, "tell me about the second one")
    item = reply.picks[0].item
    assert reply.text == f"**{item.title} ({item.facets['year']:.0f})** is a comedy."
    compared = say("[1] is a comedy.", COMEDIES, "compare the first and the second")
    assert len(compared.picks) == 2
    assert names_its_picks_and_no_others(compared)


def test_all_that_is_said_can_be_traced(say, answer):
    known = Known(answer)
    reply = say(f"{WHOLE} All four are comedies.")
    assert not [line for line in lines(reply) if known.untraceable(line)]
