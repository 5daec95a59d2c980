"""What the learned models are asked with: the last messages, and what the person did with items, as it still holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.agent.signals import Feedback, Named, Signal, noted, value_of, with_answer, with_message
from shoptalk.agent.state import TalkState, advance, answered, fresh, query_of, with_feedback, without
from shoptalk.retrieval.query import Act, Mention, Request, Said, Stance, Touch

ALIEN, JAWS, TITANIC = "alien-1979", "jaws-1975", "titanic-1997"


def named(item_id, stance=Stance.ASKED):
    return Mention(item_id=item_id, title=item_id, stance=stance)


def hear(films, state, *mentions, message="hello", acts=(Act.FIND,)):
    return advance(state, Request(message=message, mentions=mentions, acts=acts), films)


def asked(films, state):
    return query_of(state, films)


@pytest.mark.parametrize(("stance", "value"), [
    (Stance.ASKED, 0.5), (Stance.SIMILAR, 1.0), (Stance.LIKED, 1.0), (Stance.SEEN, 0.3), (Stance.OWNED, 0.3),
    (Stance.DISLIKED, -1.0),
])  # fmt: skip
def test_what_a_message_says_of_an_item_is_history_at_once(films, stance, value):
    query = asked(films, hear(films, TalkState(), named(ALIEN, stance)))
    assert query.history == (Touch(ALIEN, value, ago=1),)
    assert query.said == (Said("hello", by_user=True, items=(ALIEN,)),)


@pytest.mark.parametrize(("told", "value"), [
    ({"clicked": True}, 0.4), ({"liked": True}, 1.0), ({"bought": True}, 1.0), ({"seen": True}, 0.3),
    ({"liked": False}, -1.0), ({"dwell": 0.0}, None), ({"dwell": 15.0}, 0.3), ({"dwell": 1000.0}, 0.6),
])  # fmt: skip
def test_feedback_is_history_in_the_next_message(films, told, value):
    state = answered(hear(films, TalkState()), "Here.", [JAWS])
    state = hear(films, with_feedback(state, JAWS, **told))
    assert asked(films, state).history == (() if value is None else (Touch(JAWS, value, ago=2),))


def test_what_was_shown_and_left_alone_is_said_and_no_touch(films):
    state = answered(hear(films, TalkState()), "Jaws perhaps?", [JAWS])
    query = asked(films, hear(films, state))
    assert query.history == ()
    assert query.said[1] == Said("Jaws perhaps?", by_user=False, items=(JAWS,))


def test_history_is_oldest_first_and_counts_the_messages_since(films):
    state = answered(hear(films, TalkState(), named(ALIEN)), "Here.", [JAWS])
    state = hear(films, with_feedback(state, JAWS, clicked=True), named(TITANIC))
    assert asked(films, state).history == (Touch(ALIEN, 0.5, 3), Touch(JAWS, 0.4, 2), Touch(TITANIC, 0.5, 1))


def test_two_looks_at_an_item_add_up(films):
    state = with_feedback(with_feedback(TalkState(), JAWS, dwell=10), JAWS, dwell=5)
    assert asked(films, state).history == (Touch(JAWS, 0.3, 1),)


def test_what_is_taken_back_is_no_history(films):
    state = hear(films, TalkState(), named(ALIEN, Stance.SIMILAR), named(JAWS, Stance.LIKED))
    state = without(without(without(state, f"liked:{JAWS}"), f"seen:{JAWS}"), f"similar:{ALIEN}")
    assert asked(films, state).history == (Touch(ALIEN, 0.5, 1),)


def test_of_a_disliked_item_nothing_speaks_for_it(films):
    state = with_feedback(with_feedback(TalkState(), JAWS, clicked=True, liked=True), JAWS, liked=False)
    state = with_feedback(state, JAWS, dwell=60.0)
    assert asked(films, state).history == (Touch(JAWS, -1.0, 1),)
    state = with_feedback(state, JAWS, liked=True)
    assert {touch.value for touch in asked(films, state).history} == {0.4, 0.6, 1.0}


def test_a_like_that_an_older_talk_holds_is_history_too(films):
    assert asked(films, TalkState(liked=(ALIEN,))).history == (Touch(ALIEN, 1.0, 2),)


def test_other_talks_come_before_this_one(films):
    earlier = (Signal(item_id=ALIEN, kind=Feedback.BOUGHT), Signal(item_id=TITANIC, kind=Feedback.CLICKED))
    state = hear(films, TalkState(earlier=earlier), named(JAWS))
    assert asked(films, state).history == (Touch(ALIEN, 1.0, 4), Touch(TITANIC, 0.4, 3), Touch(JAWS, 0.5, 1))


def test_starting_over_forgets_what_was_said_and_named_and_keeps_what_was_done(films):
    state = hear(films, TalkState(), named(ALIEN), named(TITANIC, Stance.SIMILAR), named(JAWS, Stance.LIKED))
    query = asked(films, fresh(state))
    assert query.said == ()
    assert query.history == (Touch(JAWS, 1.0, 1),)
    begun = hear(films, state, message="start over", acts=(Act.START_OVER,))
    assert [one.text for one in asked(films, begun).said] == ["start over"]


def test_the_last_twelve_messages_stay_each_within_300_characters(films):
    state = TalkState()
    for number in range(10):
        state = answered(hear(films, state, message=f"{number} " * 400), "answer " * 100, [JAWS])
    said = asked(films, state).said
    assert [one.by_user for one in said] == [True, False] * 6
    assert {len(one.text) for one in said} == {300}
    assert said[-2].text.startswith("9 ")


def test_an_empty_message_says_nothing_and_its_answer_takes_the_place_of_the_last():
    said = with_answer(with_message((), "hello", ()), "first", ("a",), again=False)
    again = with_answer(with_message(said, " ", ()), "second", ("b",), again=True)
    assert [one.text for one in again] == ["hello", "second"]
    assert again[-1].items == ("b",)


def test_a_state_of_an_older_version_loads():
    held = '{"turn": 2, "constraints": [], "liked": ["alien-1979"], "seen": ["jaws-1975"], "shown": [], "count": 4}'
    state = TalkState.model_validate_json(held)
    assert (state.turn, state.said, state.signals, state.step) == (2, (), (), 0)


def test_what_comes_from_other_talks_is_not_stored_with_this_one():
    signal = Signal(item_id="a", kind=Named.PLAINLY, at=1)
    state = TalkState(signals=(signal,), earlier=(signal,), said=(Said("hi", True, ("a",)),))
    assert TalkState.model_validate_json(state.model_dump_json()) == state.model_copy(update={"earlier": ()})


kinds = st.sampled_from([*Feedback, *Named])
signals = st.builds(Signal, item_id=st.sampled_from("abc"), kind=kinds, at=st.integers(0, 99), seconds=st.floats(0, 99))


@given(st.lists(signals, max_size=90))
def test_signals_stay_few_each_once_the_newest_last(new):
    held: tuple[Signal, ...] = ()
    for one in new:
        held = noted(held, [one])
    assert len({(one.item_id, one.kind) for one in held}) == len(held) <= 60
    assert all(-1 <= value_of(one.kind, one.seconds) <= 1 for one in held)
    if new:
        assert (held[-1].item_id, held[-1].kind, held[-1].at) == (new[-1].item_id, new[-1].kind, new[-1].at)
