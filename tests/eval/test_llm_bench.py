"""The measurement of talks with a model: its figures against what a stand-in for a model counts and was told to do."""

import json
from io import StringIO
from itertools import count
from typing import NamedTuple

import httpx
import pytest
import typer
from typer.testing import CliRunner

from shoptalk.agent.watch import CallUse, Failure, Fallback, ModelUse
from shoptalk.errors import ShoptalkError
from shoptalk.eval.llm_bench import TALK_TURNS, LlmPlan, ModelServer, run_llm_bench, talks_for
from shoptalk.eval.llm_levels import Level, LlmReport, Measured, TurnTaken
from shoptalk.eval.standin import Fault, FaultKind, StandIn
from shoptalk.eval.standin.prefixes import pieces_of
from shoptalk.ui.llm_bench_command import llm, llm_tables

PLAN = json.dumps({"calls": [{"tool": "find", "words": "space crew"}]})
TEXT = "[1] is a film. [1] is from 1842."


def says(messages, schema):
    return PLAN if schema else TEXT


@pytest.fixture(scope="module")
def plan(films_shop, settings):
    """Makes a plan for a server, patient: no test depends on how busy the machine is."""

    def made(server, *, talks=(1,), turns=TALK_TURNS, embedded=False, **chosen):
        patient = {"llm_url": server.url, "llm_doors": "both", "llm_first_word": 90.0, "llm_seconds": 120.0}
        given = settings.model_copy(update=patient | chosen)
        return LlmPlan(given, str(films_shop.folder), talks, turns, embedded, hardware="nothing to speak of")

    return made


class Run(NamedTuple):
    report: LlmReport
    requests: int
    steps: dict[str, int]
    before: tuple
    after: tuple


@pytest.fixture(scope="module")
def run(films_shop, plan):
    """A run at one and at two talks at once, with the same without a model; what was there of the shop before and after."""
    steps = {}

    def progress(stage, done, total):
        steps[stage] = done

    before = files_of(films_shop), films_shop.log.counts()
    with StandIn(says) as server:
        report = run_llm_bench(plan(server, talks=(1, 2), turns=7, embedded=True), progress)
    return Run(report, server.counts.requests, steps, before, (files_of(films_shop), films_shop.log.counts()))


def files_of(shop):
    files = [path for path in shop.folder.rglob("*") if path.is_file() and not path.name.startswith("talks.db")]
    return {str(path): path.stat().st_mtime_ns for path in files}


def door_of(level, name):
    return next(door for door in level.doors if door.door == name)


def told_by(report):
    from rich.console import Console

    console = Console(width=140, file=StringIO())
    for table in llm_tables(report):
        console.print(table)
    return console.file.getvalue()


def test_a_run_takes_the_turns_it_says_and_leaves_the_shop_as_it_was(run):
    report = run.report
    assert run.before == run.after
    assert [(one.at_once, one.talks, one.turns) for one in report.levels] == [(1, 2, 12), (2, 2, 12)]
    assert [(one.at_once, one.talks, one.turns) for one in report.embedded] == [(1, 2, 12), (2, 2, 12)]
    assert run.steps == dict.fromkeys(("1 at once", "2 at once", "1 at once, no model", "2 at once, no model"), 12)
    warm_up = 2 * 4  # two turns before each level, two calls at most
    assert 0 < run.requests - sum(level.calls for level in report.levels) <= warm_up
    assert not report.interrupted


@pytest.mark.parametrize("place", [0, 1])
def test_the_figures_of_a_level_add_up(run, place):
    level = run.report.levels[place]
    plans, texts = door_of(level, "plan"), door_of(level, "explain")
    assert (plans.wanted, plans.served, plans.fell_back) == (level.turns, level.turns, 0)
    assert texts.wanted == texts.served > 0
    assert level.calls == plans.wanted + texts.wanted
    written = plans.wanted * len(pieces_of(PLAN)) + texts.wanted * len(pieces_of(TEXT))
    assert level.tokens_out * level.turns == pytest.approx(written)
    assert level.tokens_in > 200
    assert (level.sentences, level.cut) == (2 * texts.wanted, texts.wanted)
    assert level.turns_a_minute == pytest.approx(60 * level.turns / level.seconds)
    assert 0 < level.first_word.p50 <= level.whole.p50 >= level.model.p50 > 0
    assert level.ours.p95 > 0 < level.ours_cpu.p50


def test_without_a_model_all_the_time_is_ours(run):
    for level in run.report.embedded:
        assert (level.calls, level.doors, level.tokens_in, level.sentences) == (0, (), 0, 0)
        assert (level.cut_rate, level.cached.all) == (None, None)
        assert level.ours.p95 == pytest.approx(1000 * level.whole.p95)


def test_the_report_says_on_what_it_was_measured_and_reads_back_as_it_was(run):
    report = run.report
    assert (report.model, report.items, report.hardware) == ("stand-in", 1336, "nothing to speak of")
    assert report.server.startswith("vLLM ")
    assert LlmReport.model_validate_json(report.model_dump_json()) == report
    shown = told_by(report)
    for part in ("2, no model", "50.0%", "nothing to speak of", "1,336 items"):
        assert part in shown


def test_the_cache_is_read_from_the_servers_counters_and_by_the_place_in_the_talk_where_one_talks(run):
    alone, crowd = run.report.levels
    assert 0.5 < alone.cached.later_turns < 1
    assert alone.cached.later_turns == pytest.approx(alone.cached.told_later_turns)
    assert alone.cached.first_turn == pytest.approx(alone.cached.told_first_turn)
    lower, upper = sorted((alone.cached.first_turn, alone.cached.later_turns))
    assert lower <= alone.cached.all <= upper
    assert crowd.cached.first_turn is None
    assert 0.5 < crowd.cached.told_later_turns < 1
    assert 0.5 < crowd.cached.all < 1


def test_each_plan_that_is_none_is_a_fallback_with_its_reason(plan):
    number = count(1)

    def spoilt(messages, schema):
        return "I would rather not." if next(number) in (4, 7) else PLAN  # the first two are to warm up

    with StandIn(spoilt) as server:
        (level,) = run_llm_bench(plan(server, llm_doors="plan")).levels
    (door,) = level.doors
    assert (door.door, door.wanted, door.served, door.fell_back) == ("plan", 6, 4, 2)
    assert door.reasons == {"garbage": 2}
    assert "rather not" in door.examples["garbage"]
    assert door.served_rate == pytest.approx(4 / 6)
    assert (level.sentences, level.cut_rate) == (0, None)


def test_a_text_that_fails_is_counted_at_its_door(plan):
    with StandIn(says, standing="empty") as server:
        report = run_llm_bench(plan(server, llm_doors="explain"))
    (door,) = report.levels[0].doors
    assert door.door == "explain"
    assert door.reasons == {"empty": door.wanted}
    assert (door.served, door.fallback_rate) == (0, 1.0)
    assert "explain: empty" in told_by(report)


def test_a_model_that_breaks_down_on_the_way_is_told_and_the_talks_go_on(plan):
    number = count(1)

    def breaking(messages, schema):
        if next(number) == 4:  # after the second turn that counts
            server.standing = Fault(FaultKind.DROPPED)
        return PLAN

    with StandIn(breaking) as server:
        report = run_llm_bench(plan(server, llm_doors="plan"))
    (level,) = report.levels
    (door,) = level.doors
    assert (level.turns, door.wanted, door.served) == (6, 6, 2)
    assert door.reasons == {"down": 3, "resting after failures": 1}
    assert any("after failures: 1." in note for note in report.notes)


def test_what_was_measured_until_ctrl_c_is_reported(plan):
    def interrupt(stage, done, total):
        if stage == "2 at once" and done == 3:
            raise KeyboardInterrupt

    with StandIn(says) as server:
        report = run_llm_bench(plan(server, talks=(2, 4)), interrupt)
        assert report.interrupted
        assert [(one.at_once, one.turns) for one in report.levels] == [(2, 3)]
        assert "Stopped before its end" in told_by(report)

        def at_once(stage, done, total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_llm_bench(plan(server), at_once)


def test_a_server_that_cannot_be_used_is_told_before_anything_is_done(films_shop, plan):
    with StandIn(says, model="one", key="secret-of-mine") as server:
        wrong = plan(server, llm_model="another")
        with pytest.raises(ShoptalkError, match="wants another key") as told:
            run_llm_bench(wrong)
        assert "secret" not in str(told.value)
    with StandIn(says, model="one") as server, pytest.raises(ShoptalkError, match=r"no model 'another'.* 'one'"):
        run_llm_bench(plan(server, llm_model="another"))
    with pytest.raises(ShoptalkError, match="is the server running there"):
        run_llm_bench(plan(server))
    with pytest.raises(ShoptalkError, match="--url"):
        run_llm_bench(LlmPlan(plan(server).settings.model_copy(update={"llm_url": None}), str(films_shop.folder)))


def test_counters_are_summed_and_their_lack_is_no_error(plan):
    with StandIn(says) as server, ModelServer(plan(server).settings) as asked:
        body = {"messages": [{"role": "user", "content": "Hello"}]}
        for _ in range(2):
            httpx.post(f"{server.url}/v1/chat/completions", json=body, trust_env=False)
        assert asked.counters()["request_success"] == 2
        assert asked.counters()["generation_tokens"] == 2 * len(pieces_of(TEXT))
        assert asked.version() == "0.0.stand-in"
        server.stop()
        assert asked.counters() == {}
        assert asked.version() == ""


def test_another_server_is_not_called_vllm(plan):
    with StandIn(says, vllm=False) as server:
        report = run_llm_bench(plan(server, turns=1, llm_doors="plan"))
    assert report.server == "an OpenAI-compatible server"
    assert report.levels[0].turns == TALK_TURNS


def test_talks_are_six_turns_long_and_no_level_has_anothers(films, plan):
    with StandIn(says) as server:
        wanted = plan(server, talks=(1, 8), turns=20)
    talks = talks_for(films, wanted)
    assert {level: len(those) for level, those in talks.items()} == {0: 3, 1: 4, 8: 8}
    every = [talk for those in talks.values() for talk in those]
    assert {len(talk) for talk in every} == {TALK_TURNS}
    assert len({talk[0] for talk in every}) == len(every)
    assert talks == talks_for(films, wanted)


def turn(place, whole, *calls, fallbacks=(), during=None, **use):
    told = ModelUse(planned=True, written=not fallbacks, calls=calls, fallbacks=fallbacks, **use)
    return TurnTaken(place, whole / 2, whole, 0.02, told, during or {})


def call(door, seconds, read=0, cached=0):
    return CallUse(door=door, seconds=seconds, tokens_in=read, tokens_out=10, tokens_cached=cached)


def test_a_levels_figures_come_from_its_turns():
    late = Fallback(door="explain", failure=Failure.LATE, detail="no word in 8 s")
    turns = [
        turn(1, 1.0, call("plan", 0.5, 100, 50), call("explain", 0.4, 300, 50), sentences=3, cut=1,
             during={"prefix_cache_queries": 400, "prefix_cache_hits": 100}),
        turn(2, 3.0, call("plan", 1.0, 100, 90), call("explain", 1.9, 100, 70), sentences=1, fallbacks=(late,),
             during={"prefix_cache_queries": 200, "prefix_cache_hits": 160}),
        TurnTaken(3, 0.01, 0.02, 0.01, None),
    ]  # fmt: skip
    counted = {"prefix_cache_queries": 600.0, "prefix_cache_hits": 260.0}
    counted |= {"e2e_request_latency_seconds_sum": 3.0, "e2e_request_latency_seconds_count": 4.0}
    level = Level.of(Measured(1, 1, turns, seconds=6.0, cpu=0.3, during=counted))
    assert (level.turns, level.turns_a_minute, level.calls) == (3, 30, 4)
    assert level.whole.p50 == 1.0
    assert level.ours.p50 == pytest.approx(100)
    assert level.meets is False
    assert (level.call_seconds, level.server_seconds) == (pytest.approx(0.95), 0.75)
    assert (level.tokens_in, level.tokens_out) == (200, pytest.approx(40 / 3))
    assert level.process_cpu == pytest.approx(100)
    assert (level.sentences, level.cut, level.cut_rate) == (4, 1, 0.25)
    assert level.cached.all == pytest.approx(260 / 600)
    assert (level.cached.first_turn, level.cached.later_turns) == (0.25, 0.8)
    assert (level.cached.told_first_turn, level.cached.told_later_turns) == (0.25, 0.8)
    assert (level.cached.told_later_plans, level.cached.told_later_texts) == (0.9, 0.7)
    texts = door_of(level, "explain")
    assert (texts.wanted, texts.served, texts.reasons) == (2, 1, {"late": 1})


def test_one_talk_within_the_target_meets_it_and_many_are_not_held_to_it():
    quick = [turn(1, 1.0, call("plan", 0.97))]
    assert Level.of(Measured(1, 1, quick, seconds=1.0)).meets is True
    assert Level.of(Measured(8, 8, quick, seconds=1.0)).meets is None


@pytest.fixture
def command(films_shop, settings, monkeypatch):
    """Runs the command in the tests' home."""
    for name in ("home", "cache", "encoder"):
        monkeypatch.setenv(f"SHOPTALK_{name.upper()}", str(getattr(settings, name)))
    app = typer.Typer()
    app.command()(llm)

    def run(*arguments):
        return CliRunner().invoke(app, ["--shop", str(films_shop.folder), *arguments])

    return run


def test_the_command_writes_the_report(command, tmp_path):
    out = tmp_path / "report.json"
    slow = ("--first-word", "90", "--seconds", "120", "--doors", "plan")
    with StandIn(says) as server:
        result = command("--url", server.url, "--talks", " 1", "--turns", "1", *slow, "--json", str(out))
    assert result.exit_code == 0, result.output
    report = LlmReport.model_validate_json(out.read_text())
    assert [level.at_once for level in report.levels] == [1]
    assert (report.doors, report.first_word, report.whole) == ("plan", 90, 120)
    assert "plans that are valid" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"), [(("--talks", "1,many"), "1,many"), (("--talks", "0"), "0"), (("--doors", "side"), "side")]
)
def test_what_makes_no_sense_is_refused(command, arguments, told):
    result = command(*arguments)
    assert result.exit_code == 2
    assert told in result.output
