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


def ranked(talk, message):
    """Where each of the first items stands."""
    (found,) = [event for event in talk.events(message) if event.kind == "ranked"]
    return {item_id: place for place, item_id in enumerate(found.item_ids)}


def relatives(catalog, item_id):
    """Other items with the same director or someone of the cast."""

    def people(one):
        facets = catalog.item(catalog.row(one)).facets
        return {*facets.get("directors", ()), *facets.get("cast", ())}

    return [one for one in catalog.ids if one != item_id and people(one) & people(item_id)]


@pytest.mark.parametrize(
    ("wish", "item_id"), [("science fiction", ALIEN), ("a western", "the-good-the-bad-and-the-ugly-1966")]
)
def test_the_relatives_of_what_is_liked_rise_at_the_next_turn_and_of_what_is_disliked_fall(films_shop, wish, item_id):
    kin = relatives(films_shop.catalog, item_id)

    def mean_place(liked):
        talk = films_shop.talk()
        before = ranked(talk, wish)
        talk.feedback(item_id, liked=liked)
        after = ranked(talk, "")
        assert item_id not in after or liked
        return [sum(places.get(one, 50) for one in kin) / len(kin) for places in (before, after)]

    before, liked = mean_place(liked=True)
    assert liked < before - 2
    before, disliked = mean_place(liked=False)
    assert disliked > before


def test_each_act_is_in_what_the_next_turn_asks(films_shop):
    talk = films_shop.talk()
    first, second, third = (pick.item.id for pick in talk.say("three westerns").picks)
    talk.feedback(first, clicked=True)
    talk.feedback(first, dwell=20)
    talk.feedback(second, bought=True)
    talk.say(f'more like "{films_shop.catalog.titles[films_shop.catalog.row(third)]}"')
    *_, exposure = films_shop.log.exposures()
    assert exposure.query.history == (
        Touch(first, 0.4, 2), Touch(first, 0.4, 2), Touch(second, 1.0, 2), Touch(third, 1.0, 1),
    )  # fmt: skip
    assert [one.by_user for one in exposure.query.said] == [True, False, True]
    assert exposure.query.said[1].items == (first, second, third)


def test_what_a_user_did_in_an_earlier_talk_is_older_history_and_nobody_elses(films_shop):
    earlier = films_shop.talk("rosa")
    earlier.feedback(ALIEN, bought=True)
    earlier.feedback(JAWS, clicked=True)
    films_shop.talk("rosa").say("a western")
    rosas = list(films_shop.log.exposures())[-1].query
    assert [(one.item_id, one.value) for one in rosas.history] == [(ALIEN, 1.0), (JAWS, 0.4)]
    films_shop.talk("ben").say("a western")
    assert list(films_shop.log.exposures())[-1].query.history == ()
