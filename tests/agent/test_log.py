"""talks.db: what was acknowledged is on disk, and stays with the user who said it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from shoptalk.agent.events import Pick, Reply
from shoptalk.agent.log import Feedback, TalkLog
from shoptalk.agent.state import TalkState, fresh, with_feedback
from shoptalk.agent.turn import take_turn
from shoptalk.errors import ShopBusyError, ShopDamagedError, ShopError, ShopVersionError
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.query import Query, Request


def reply(turn, *ids, message="hello"):
    picks = tuple(Pick(item=Item(id=one, title=one), score=1.0) for one in ids)
    return Reply(text="", picks=picks, request=Request(message=message), turn=turn)


@pytest.fixture
def log(tmp_path):
    log = TalkLog(tmp_path / "talks.db")
    yield log
    log.close()


def test_a_talk_continues_after_a_restart(tmp_path):
    first = TalkLog(tmp_path / "talks.db")
    talk, state = first.start("ana")
    after = state.model_copy(update={"turn": 1, "seen": ("a",)})
    first.record_turn(talk, state, after, reply(1, "x"), Query(text="x"))
    first.close()
    second = TalkLog(tmp_path / "talks.db")
    assert second.load(talk) == ("ana", after)
    assert [(m, r.turn) for m, r in second.history(talk)] == [("hello", 1)]
    second.close()


def test_a_user_is_remembered_in_the_next_talk_and_nobody_else_is(log):
    talk, state = log.start("ana")
    log.record_feedback(
        talk, with_feedback(state, "a", liked=True, seen=True), [("a", Feedback.LIKED), ("a", Feedback.SEEN)]
    )
    assert log.start("ana")[1] == TalkState(liked=("a",), seen=("a",))
    assert log.start("ben")[1] == TalkState()
    assert log.start(None)[1] == TalkState()


def test_nameless_talks_share_nothing(log):
    talk, state = log.start(None)
    log.record_feedback(talk, with_feedback(state, "a", liked=True, seen=False), [("a", Feedback.LIKED)])
    assert log.start(None)[1] == TalkState()


def test_the_last_word_counts(log):
    talk, state = log.start("ana")
    for kind in (Feedback.LIKED, Feedback.DISLIKED, Feedback.BOUGHT, Feedback.FORGOTTEN, Feedback.LIKED):
        log.record_feedback(talk, state, [("a", kind)])
    assert log.memory("ana") == TalkState(liked=("a",))


def test_what_a_message_says_of_items_is_remembered(log):
    talk, state = log.start("ana")
    after = state.model_copy(update={"turn": 1, "liked": ("a",), "disliked": ("b",), "seen": ("c",)})
    log.record_turn(talk, state, after, reply(1), None)
    assert log.memory("ana") == TalkState(liked=("a",), disliked=("b",), seen=("c",))


def test_exposures_tell_what_was_shown_for_what_and_what_was_done(log):
    talk, state = log.start("ana")
    after = state.model_copy(update={"turn": 1})
    log.record_turn(talk, state, after, reply(1, "x", "y"), Query(text="funny"))
    log.record_feedback(talk, after, [("y", Feedback.CLICKED), ("z", Feedback.LIKED)])
    log.record_turn(talk, after, after.model_copy(update={"turn": 2}), reply(2), None)
    (exposure,) = log.exposures()
    assert (exposure.query, exposure.shown) == (Query(text="funny"), ("x", "y"))
    assert exposure.feedback == {"y": (Feedback.CLICKED,)}


def test_a_query_is_told_again_with_all_that_was_said_though_its_turn_keeps_none_of_it(log, films_shop):
    """Whatever happened in a talk: turns, clicks, new starts, questions about an item, and undoing."""
    engine, asked = films_shop.refresh().engine, []
    talk, _ = log.start(None)

    def state():
        return log.load(talk)[1]

    def say(message):
        before, replies = state(), []

        def record(after, reply, query):
            asked.extend([query] if query is not None and reply.picks else [])
            replies.append(reply)
            log.record_turn(talk, before, after, reply, query)

        list(take_turn(engine, before, message, record))
        return replies[0]

    for message in ("a western", "", "like Alien, with a long journey", "thanks", "undo", "tell me about Jaws"):
        for pick in say(message).picks[:1]:
            log.record_feedback(
                talk, with_feedback(state(), pick.item.id, clicked=True), [(pick.item.id, Feedback.CLICKED)]
            )
    log.record_feedback(talk, fresh(state()), [])
    for message in ("", "a drama", "start over", *(f"from {year}" for year in range(1970, 1980))):
        say(message)
    assert len(asked) > 10
    assert [exposure.query for exposure in log.exposures()] == asked
    stored = log._db.execute("SELECT query FROM turns WHERE query IS NOT NULL").fetchall()
    assert [json.loads(query)["said"] for (query,) in stored] == [[]] * len(stored)


def test_the_seconds_of_a_dwell_are_on_disk_and_come_with_the_users_other_talks(tmp_path):
    first = TalkLog(tmp_path / "talks.db")
    talk, state = first.start("ana")
    first.record_feedback(talk, state, [("a", Feedback.CLICKED), ("a", Feedback.DWELLED)], dwell=12.5)
    first.close()
    second = TalkLog(tmp_path / "talks.db")
    (recorded,) = second.recorded()
    assert [(one.item, one.kind, one.seconds) for one in recorded.feedback] == [
        ("a", Feedback.CLICKED, 0.0), ("a", Feedback.DWELLED, 12.5),
    ]  # fmt: skip
    assert second.earlier("ana", talk) == second.earlier("ben", "other") == second.earlier(None, "other") == ()
    assert [(one.kind, one.seconds) for one in second.earlier("ana", "other")] == [
        (Feedback.CLICKED, 0.0), (Feedback.DWELLED, 12.5),
    ]  # fmt: skip
    second.close()


OLD = """
    CREATE TABLE talks (id TEXT PRIMARY KEY, user TEXT, started TEXT NOT NULL, state TEXT NOT NULL);
    CREATE TABLE turns (
        talk TEXT NOT NULL REFERENCES talks(id), number INTEGER NOT NULL, at TEXT NOT NULL, message TEXT NOT NULL,
        reply TEXT NOT NULL, query TEXT, shown TEXT NOT NULL, PRIMARY KEY (talk, number));
    CREATE TABLE feedback (
        id INTEGER PRIMARY KEY, talk TEXT NOT NULL REFERENCES talks(id), user TEXT, turn INTEGER NOT NULL,
        item TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL);
    CREATE INDEX feedback_by_user ON feedback(user, id);
    PRAGMA user_version = 1;
    INSERT INTO talks VALUES ('t', 'ana', '2026-01-01T00:00:00.000+00:00', '{"turn": 1, "liked": ["x"]}');
    INSERT INTO feedback (talk, user, turn, item, kind, at)
        VALUES ('t', 'ana', 1, 'x', 'liked', '2026-01-01T00:01:00.000+00:00');
"""


def test_a_file_of_the_first_version_goes_on_with_all_that_it_holds(tmp_path):
    old = sqlite3.connect(tmp_path / "talks.db")
    old.executescript(OLD)
    turn = ("t", 1, "2026-01-01T00:00:30.000+00:00", "hello", reply(1, "x", "y").model_dump_json())
    query = '{"text": "funny", "must": [], "liked": [], "exclude": [], "limit": 300}'
    old.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?)", (*turn, query, '["x", "y"]'))
    old.commit()
    old.close()
    log = TalkLog(tmp_path / "talks.db")
    assert log.load("t") == ("ana", TalkState(turn=1, liked=("x",)))
    (exposure,) = log.exposures()
    assert (exposure.query, exposure.feedback) == (Query(text="funny"), {"x": (Feedback.LIKED,)})
    state = TalkState(turn=1, liked=("x",))
    log.record_feedback("t", state, [("y", Feedback.DWELLED)], dwell=3.0)
    log.record_turn("t", state, state.model_copy(update={"turn": 2}), reply(2, "y"), Query(text="sad"))
    (recorded,) = log.recorded()
    assert [(one.item, one.seconds) for one in recorded.feedback] == [("x", 0.0), ("y", 3.0)]
    assert [(one.message, one.shown) for one in recorded.turns] == [("hello", ("x", "y")), ("hello", ("y",))]
    log.close()


def test_a_turn_cannot_be_recorded_twice_and_leaves_the_state_alone(log):
    talk, state = log.start(None)
    after = state.model_copy(update={"turn": 1})
    log.record_turn(talk, state, after, reply(1), None)
    with pytest.raises(ShopBusyError, match="answered elsewhere"):
        log.record_turn(talk, state, after.model_copy(update={"seen": ("a",)}), reply(1), None)
    assert log.load(talk) == (None, after)


def test_a_forgotten_talk_is_gone(log):
    talk, state = log.start("ana")
    log.record_turn(talk, state, state.model_copy(update={"turn": 1, "seen": ("a",)}), reply(1), None)
    log.forget_talk(talk)
    assert log.load(talk) is None
    assert (log.counts().talks, log.counts().turns, log.counts().feedback) == (0, 0, 0)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "talks.db").write_text("not a database at all, but long enough to be read as a header of one" * 20)
    with pytest.raises(ShopDamagedError, match=r"talks\.db"):
        TalkLog(tmp_path / "talks.db")


def test_a_full_disk_is_told_and_forgotten_once_there_is_room(log):
    talk, state = log.start("ana")
    log._db.execute(f"PRAGMA max_page_count = {log._db.execute('PRAGMA page_count').fetchone()[0]}")
    after = state.model_copy(update={"turn": 1})
    with pytest.raises(ShopError, match=r"talks.db cannot be written: .*full.*room"):
        log.record_turn(talk, state, after, reply(1, "x", message="long " * 10_000), None)
    assert log.load(talk) == ("ana", state)
    log._db.execute("PRAGMA max_page_count = 1000000")
    log.record_turn(talk, state, after, reply(1, "x"), None)
    assert log.load(talk) == ("ana", after)


def test_a_file_that_another_program_holds_is_not_called_damaged(tmp_path):
    TalkLog(tmp_path / "talks.db").close()
    other = sqlite3.connect(tmp_path / "talks.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ShopError, match="locked") as caught:
        TalkLog(tmp_path / "talks.db", patience=0.1)
    assert not isinstance(caught.value, ShopDamagedError)
    other.close()


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    TalkLog(tmp_path / "talks.db").close()
    with sqlite3.connect(tmp_path / "talks.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ShopVersionError, match="newer"):
        TalkLog(tmp_path / "talks.db")


WRITER = """
    import sys
    from pathlib import Path
    from shoptalk.agent.log import Feedback, TalkLog
    log = TalkLog(Path(sys.argv[1]))
    talk, state = log.start("ana")
    for n in range(100_000):
        log.record_feedback(talk, state, [(f"item-{n}", Feedback.LIKED)])
        print(n, flush=True)
"""


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path):
    """A process is killed while it writes; everything that it said it had written is there."""
    path = tmp_path / "talks.db"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    acknowledged = [int(process.stdout.readline()) for _ in range(25)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().splitlines() if line.isdigit()]
    process.wait()
    log = TalkLog(path)
    assert set(log.memory("ana").liked) >= {f"item-{n}" for n in acknowledged}
    log.close()
