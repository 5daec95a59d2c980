import asyncio
import json
import threading
from contextlib import aclosing

import pytest

from shoptalk.agent.log import Exposure, Feedback
from shoptalk.errors import UnknownItemError
from shoptalk.retrieval.query import Query
from shoptalk.shop import Shop, turns
from shoptalk.shop.learning import impression_of


def test_a_talk_answers_and_remembers(shop):
    talk = shop.talk("ana")
    reply = talk.say("a red lamp")
    assert reply.turn == 1
    assert reply.picks
    assert all(pick.item.facets["colour"] == "red" for pick in reply.picks)
    assert talk.chips == reply.chips
    assert talk.history == (("a red lamp", reply),)


def test_bytes_of_another_encoding_are_no_reason_to_fail(shop):
    talk = shop.talk()
    assert talk.say("\udcff a red lamp").picks
    assert talk.history[0][0] == "? a red lamp"


def test_a_talk_is_continued_by_its_id_in_another_process(shop, folder, settings):
    talk = shop.talk("ana")
    first = talk.say("a red lamp")
    with Shop.open(folder, settings=settings) as other:
        again = other.talk("ana", id=talk.id)
        assert again.history == (("a red lamp", first),)
        assert again.chips == talk.chips
        assert again.say("").turn == 2
    assert talk.say("").turn == 3


def test_what_a_user_says_in_one_talk_holds_in_their_other_talks_at_once(shop):
    here, there, bens = shop.talk("ana"), shop.talk("ana"), shop.talk("ben")
    seen, liked = (pick.item.id for pick in here.say("a lamp").picks[:2])
    here.feedback(seen, seen=True)
    here.feedback(liked, liked=True)
    assert seen not in {pick.item.id for pick in there.say("a lamp").picks}
    assert f"liked:{liked}" in {chip.key for chip in there.chips}
    assert seen in {pick.item.id for pick in bens.say("a lamp").picks}
    there.feedback(seen, seen=False)
    there.drop(f"liked:{liked}")
    assert seen in {pick.item.id for pick in here.say("").picks}
    assert not [chip for chip in here.chips if chip.key.startswith("liked:")]


def test_a_talk_is_its_users_own(shop):
    anas = shop.talk("ana")
    reply = anas.say("a red lamp")
    anas.feedback(reply.picks[0].item.id, liked=True)
    with pytest.raises(KeyError, match="bob"):
        shop.talk("bob", id=anas.id)
    with pytest.raises(KeyError, match="no-such"):
        shop.talk(id="no-such")
    assert shop.talk(id=anas.id).user == "ana"
    assert shop.talk("bob").chips == ()
    assert shop.talk().chips == ()
    assert [chip.key for chip in shop.talk("ana").chips] == [f"liked:{reply.picks[0].item.id}"]


def test_feedback_is_on_disk_when_it_returns_and_counts_in_the_next_turn(shop, folder, settings):
    talk = shop.talk("ana")
    seen, refused = (pick.item.id for pick in talk.say("something red").picks[:2])
    talk.feedback(seen, seen=True, clicked=True)
    talk.feedback(refused, liked=False)
    with Shop.open(folder, settings=settings) as other:
        shown = {pick.item.id for pick in other.talk(id=talk.id).say("").picks}
    assert shown
    assert shown.isdisjoint({seen, refused})
    talk.feedback(seen, seen=False)
    talk.drop(f"disliked:{refused}")
    assert {seen, refused} <= {pick.item.id for pick in talk.say("").picks}
    assert shop.log.memory("ana").disliked == ()
    assert shop.log.memory("ana").seen == ()


def test_dwelling_is_on_disk_when_it_returns_and_a_time_that_cannot_be_is_refused(shop, folder, settings):
    talk = shop.talk("ana")
    looked_at = talk.say("something red").picks[0].item.id
    talk.feedback(looked_at, clicked=True, dwell=15)
    with Shop.open(folder, settings=settings) as other:
        other.talk(id=talk.id).say("")
        *_, exposure = other.log.exposures()
    assert [(one.item_id, one.value) for one in exposure.query.history] == [(looked_at, 0.4), (looked_at, 0.3)]
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="seconds"):
            talk.feedback(looked_at, dwell=seconds)


def test_what_was_bought_is_not_picked_again(shop):
    talk = shop.talk("ana")
    bought = talk.say("something red").picks[0].item.id
    talk.feedback(bought, bought=True)
    assert bought not in {pick.item.id for pick in talk.say("").picks}
    assert shop.log.memory("ana").seen == (bought,)


def test_feedback_on_nothing_or_on_a_stranger_is_refused(shop):
    talk = shop.talk()
    with pytest.raises(UnknownItemError, match="p999"):
        talk.feedback("p999", liked=True)
    with pytest.raises(ValueError, match="liked"):
        talk.feedback("p001")
    assert shop.log.counts().feedback == 0


def test_a_chip_is_taken_back(shop):
    talk = shop.talk()
    reply = talk.say("a red lamp")
    red = next(chip for chip in reply.chips if chip.constraint and chip.constraint.value == "red")
    assert red not in talk.drop(red.key)
    assert {pick.item.facets["colour"] for pick in talk.say("").picks} != {"red"}
    with pytest.raises(KeyError):
        talk.drop(red.key)


def test_a_choice_is_taken_in_another_process_and_undone(shop, folder, settings):
    talk = shop.talk()
    reply = talk.say("a red lamp under $5")
    assert not reply.picks
    assert reply.question == talk.question
    with Shop.open(folder, settings=settings) as other:
        again = other.talk(id=talk.id)
        taken = again.choose(0)
        assert taken.picks
        assert taken.request.message == reply.question.choices[0].label
        assert [change.was for change in taken.changes] == ["price under 5"]
        assert again.question is None
        assert again.undo().question == reply.question
        assert again.chips == reply.chips


def test_a_click_can_be_streamed(shop):
    talk = shop.talk()
    many = talk.say("a red lamp under $5").question.choices[0].count

    async def press():
        return [event async for event in talk.stream(talk.choosing(0))]

    found, done = (event for event in asyncio.run(press()) if event.kind in ("found", "done"))
    assert found.passing == many
    assert done.reply.picks


def test_an_offer_about_a_facet_that_is_gone_is_let_go(shop):
    talk = shop.talk()
    assert talk.say("a red lamp under $5").question is not None
    facets = json.loads((shop.folder / "facets.json").read_text())
    for column in facets["columns"]:
        if column["name"] == "price":
            column |= {"role": "ignored", "kind": None, "meaning": None, "unit": None}
    (shop.folder / "facets.json").write_text(json.dumps(facets))
    shop.update()
    assert talk.question is None
    with pytest.raises(IndexError):
        talk.choose(0)
    assert talk.say("").picks
    assert talk.undo().turn == 3


def test_starting_over_keeps_what_the_person_likes(shop):
    talk = shop.talk()
    liked = talk.say("a red lamp").picks[0].item.id
    talk.feedback(liked, liked=True)
    talk.start_over()
    assert [chip.key for chip in talk.chips] == [f"liked:{liked}"]


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_turn_that_is_given_up_leaves_the_talk_as_it_was(steps, shop):
    talk = shop.talk()
    talk.say("a red lamp")
    before = talk.chips, talk.history
    events = talk.events("a blue chair")
    for _ in range(steps):
        next(events)
    assert talk.say("").turn == 2
    assert talk.chips == before[0]
    assert list(events) == []
    assert len(talk.history) == 2


def test_feedback_during_a_turn_outlives_it(shop):
    talk = shop.talk("ana")
    events = talk.events("something red")
    next(events)
    talk.feedback("p004", liked=True)
    talk.feedback("p008", seen=True)
    *_, done = events
    assert done.kind == "done"
    assert "liked:p004" in {chip.key for chip in talk.chips}
    memory = shop.log.memory("ana")
    assert (memory.liked, memory.seen) == (("p004",), ("p008",))
    assert shop.log.counts().feedback == 2


def test_turns_of_one_talk_follow_each_other_and_talks_run_side_by_side(shop):
    talk, replies = shop.talk(), []
    same = [shop.talk(id=talk.id) for _ in range(4)]
    others = [shop.talk() for _ in range(4)]
    threads = [threading.Thread(target=lambda one=one: replies.append(one.say("a red lamp"))) for one in same + others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.turn for reply in replies) == [1, 1, 1, 1, 1, 2, 3, 4]
    assert [reply.turn for _, reply in talk.history] == [1, 2, 3, 4]


def test_a_second_turn_waits_for_the_first(shop):
    talk, order = shop.talk(), []
    events = talk.events("a red lamp")
    next(events)
    other = threading.Thread(target=lambda: order.append(talk.say("a blue chair").turn))
    other.start()
    other.join(0.3)
    assert other.is_alive()
    assert order == []
    order.append(list(events)[-1].reply.turn)
    other.join(10)
    assert order == [1, 2]


def test_a_turn_that_nobody_asks_for_any_more_is_not_waited_for(shop, monkeypatch):
    monkeypatch.setattr(turns, "_GIVEN_UP_AFTER", 0.0)
    talk, replies = shop.talk(), []
    events = talk.events("a red lamp")
    next(events)
    other = threading.Thread(target=lambda: replies.append(talk.say("a blue chair")))
    other.start()
    other.join(10)
    assert [reply.turn for reply in replies] == [1]
    assert list(events) == []
    assert [message for message, _ in talk.history] == ["a blue chair"]


def test_a_stream_gives_the_turns_events_without_blocking_the_loop(shop):
    talk = shop.talk()

    async def listen():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        events = [event async for event in talk.stream("a red lamp")]
        ticking.cancel()
        return events, ticks

    events, ticks = asyncio.run(listen())
    assert [event.kind for event in events[:4]] == ["understood", "found", "ranked", "picks"]
    assert events[-1].kind == "done"
    assert "".join(event.piece for event in events if event.kind == "text") == events[-1].reply.text
    assert ticks > len(events)


def test_a_stream_that_is_left_leaves_the_talk_as_it_was(shop):
    talk = shop.talk()

    async def leave():
        async with aclosing(talk.stream("a red lamp")) as events:
            async for _ in events:
                break
        assert talk.history == ()
        waiting = asyncio.create_task(talk.asay("a blue chair"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return await asyncio.gather(talk.asay("a green rug"), shop.talk().asay("a red lamp"))

    replies = asyncio.run(leave())
    assert [reply.turn for reply in replies] == [1, 1]
    assert [message for message, _ in talk.history] == ["a green rug"]


def test_a_talk_that_was_removed_says_so(shop):
    talk = shop.talk()
    talk.forget()
    with pytest.raises(KeyError, match="removed"):
        talk.say("a red lamp")


@pytest.mark.parametrize(
    ("kinds", "gain"),
    [
        ((Feedback.CLICKED,), 1.0),
        ((Feedback.DWELLED,), 1.0),
        ((Feedback.CLICKED, Feedback.LIKED), 2.0),
        ((Feedback.BOUGHT, Feedback.LIKED), 3.0),
        ((Feedback.LIKED, Feedback.DISLIKED), 0.0),
        ((Feedback.DISLIKED, Feedback.LIKED), 2.0),
        ((Feedback.CLICKED, Feedback.LIKED, Feedback.FORGOTTEN), 1.0),
        ((Feedback.SEEN,), None),
    ],
)
def test_what_people_did_is_worth_this_to_the_ranker(kinds, gain):
    impression = impression_of(Exposure(Query(text="lamp"), ("a", "b"), {"b": kinds}))
    assert impression.shown == ("a", "b")
    assert impression.gains == ({} if gain is None else {"b": gain})
