"""talks.db: what was acknowledged is on disk, and stays with the user who said it."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from shoptalk.agent.events import Pick, Reply
from shoptalk.agent.log import Feedback, TalkLog
from shoptalk.agent.state import TalkState, with_feedback
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
