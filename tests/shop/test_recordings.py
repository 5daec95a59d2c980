"""What was recorded, as sessions: talks of the shop, dialogues of others, interaction files."""

from dataclasses import dataclass

import numpy as np
import pytest

from shoptalk.shop.interactions import read_interactions
from shoptalk.shop.recordings import sessions_of_dialogues, sessions_of_interactions, sessions_of_log


def events(sessions, session, catalog):
    """(step, item id, value, chosen) of a session."""
    start, end = sessions.offsets[session], sessions.offsets[session + 1]
    return [
        (
            int(sessions.steps[at]),
            catalog.ids[sessions.items[at]],
            float(sessions.values[at]),
            bool(sessions.chosen[at]),
        )
        for at in range(start, end)
    ]


@pytest.fixture
def learned(shop):
    """The events of the shop's only session, as recorded so far."""

    def read():
        sessions = sessions_of_log(shop.log, shop.catalog)
        assert len(sessions) == 1
        return events(sessions, 0, shop.catalog)

    return read


def test_what_was_done_with_picks_is_chosen_at_the_answer_that_came_before(shop, learned):
    talk = shop.talk()
    first, second, third, *_ = (pick.item.id for pick in talk.say("something red").picks)
    talk.feedback(first, clicked=True, dwell=15)
    talk.feedback(second, bought=True)
    talk.feedback(third, liked=False)
    other = talk.say("a blue chair").picks[0].item.id
    talk.feedback(other, liked=True)
    assert sorted(learned()) == sorted(
        [(1, first, 0.4, True), (1, second, 1.0, True), (1, third, -1.0, False), (3, other, 1.0, True)]
    )
    said = sessions_of_log(shop.log, shop.catalog).said[0]
    assert [one.by_user for one in said] == [True, False, True, False]
    assert said[2].text == "a blue chair"
    assert other in said[3].items


def test_what_a_message_names_is_known_with_it_and_not_chosen(shop, learned):
    talk = shop.talk()
    talk.say("something like Red lamp no. 0")
    talk.feedback(talk.say("").picks[0].item.id, clicked=True)
    named, clicked = learned()
    assert named == (0, "p000", 1.0, False)
    assert (clicked[0], clicked[2], clicked[3]) == (3, 0.4, True)


def test_a_like_said_in_words_is_chosen_at_the_answer_that_showed_the_item(shop, learned):
    talk = shop.talk()
    shown = talk.say("something red").picks[0].item.id
    reply = talk.say("I like the first one")
    assert [mention.item_id for mention in reply.request.mentions] == [shown]
    assert learned() == [(1, shown, 1.0, True)]


def test_of_what_a_person_thinks_of_an_item_the_last_word_counts(shop, learned):
    talk = shop.talk("ana")
    first, second, *_ = (pick.item.id for pick in talk.say("something red").picks)
    talk.feedback(first, liked=True)
    talk.feedback(second, liked=True)
    talk.feedback(second, clicked=True)
    talk.drop(f"liked:{second}")
    talk.say("a lamp")
    talk.feedback(first, liked=False)
    assert learned() == [(1, second, 0.4, True), (3, first, -1.0, False)]


def test_a_users_talks_are_one_session_and_nameless_ones_each_their_own(shop):
    for user, wish in (("ana", "a red lamp"), (None, "a blue chair"), ("ana", "a green rug"), (None, "a black shelf")):
        talk = shop.talk(user)
        talk.feedback(talk.say(wish).picks[0].item.id, clicked=True)
    shop.talk("ben").say("nothing is done with what this shows: a lamp")
    sessions = sessions_of_log(shop.log, shop.catalog)
    assert sorted(np.diff(sessions.offsets).tolist()) == [1, 1, 2]
    anas = next(at for at in range(3) if len(sessions.said[at]) == 4)
    assert [step for step, *_ in events(sessions, anas, shop.catalog)] == [1, 3]
    second = list(sessions.choices(anas))[1]
    assert [one.text for one in second.context.said if one.by_user] == ["a red lamp", "a green rug"]
    assert second.context.ago.tolist() == [2]
    assert np.isfinite(sessions.times).all()


def test_items_that_are_gone_are_left_out(shop, learned):
    talk = shop.talk()
    first, second, *_ = (pick.item.id for pick in talk.say("something red").picks)
    talk.feedback(first, clicked=True)
    talk.feedback(second, clicked=True)
    shop.update(remove=[first])
    assert [item for _, item, *_ in learned()] == [second]


def test_nothing_recorded_is_no_session(shop):
    sessions = sessions_of_log(shop.log, shop.catalog)
    assert (len(sessions), sessions.n_items) == (0, 24)


@dataclass
class Turn:
    role: str
    text: str
    items: tuple[str, ...] = ()


@dataclass
class Dialogue:
    turns: tuple[Turn, ...]


def test_dialogues_of_any_make_become_sessions(shop):
    dialogue = Dialogue((
        Turn("user", "I had the red lamp", ("lamp",)),
        Turn("shop", "Then this chair", ("p001", "lamp", "nonsense")),
        Turn("user", "No"),
        Turn("shop", "Or this", ("p002",)),
    ))  # fmt: skip
    resolve = {"lamp": "p000", "p001": "p001", "p002": "p002"}.get
    sessions = sessions_of_dialogues([dialogue, Dialogue((Turn("user", "hi"),))], shop.catalog, resolve=resolve)
    assert events(sessions, 0, shop.catalog) == [
        (0, "p000", 0.5, False), (1, "p001", 1.0, True), (1, "p000", 1.0, True), (3, "p002", 1.0, True),
    ]  # fmt: skip
    assert [one.text for one in sessions.said[0]] == ["I had the red lamp", "Then this chair", "No", "Or this"]
    assert sessions.said[0][1].items == ("p001", "p000")
    assert len(sessions) == 2
    assert len(events(sessions_of_dialogues([dialogue], shop.catalog), 0, shop.catalog)) == 2


def test_interactions_of_each_user_are_a_session_in_the_order_of_time(shop, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        "user,item,time,rating\nana,p003,30,5\nana,p001,10,4\nben,gone,5,5\nana,p002,10,1\ncat,p004,7,3\nana,gone,40,5\n"
    )
    sessions = sessions_of_interactions(read_interactions(path), shop.catalog)
    assert [events(sessions, at, shop.catalog) for at in range(len(sessions))] == [
        [(0, "p001", 1.0, True), (0, "p002", -0.5, False), (1, "p003", 1.0, True)],
        [(0, "p004", 0.3, False)],
    ]
    assert sessions.times.tolist() == [10, 10, 30, 7]


def test_rows_without_a_time_are_each_a_step(shop, tmp_path):
    (tmp_path / "log.csv").write_text("user,item\nana,p003\nana,p001\nben,p001\nana,p002\n")
    sessions = sessions_of_interactions(read_interactions(tmp_path / "log.csv"), shop.catalog)
    assert sessions.steps.tolist() == [0, 1, 2, 0]
    assert [choice.chosen.tolist() for choice in sessions.choices(0)] == [[1], [2]]
