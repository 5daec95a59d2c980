"""How a shop does with a language model behind it: whole talks over a real shop, one or many at once, against a server.

The shop is copied first, so that nothing of this is in its talks. Each level is its own: it opens the copy anew, has
talks of its own, and nothing is counted before some turns were taken to warm up.
"""

import gc
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from threading import Event, Thread
from time import monotonic, perf_counter, process_time, thread_time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from shoptalk.agent.watch import Failure, ModelFailureError
from shoptalk.errors import ModelServerError, ShoptalkError
from shoptalk.eval.llm_levels import Counters, Level, LlmReport, Measured, TurnTaken
from shoptalk.settings import Settings

if TYPE_CHECKING:
    from shoptalk.agent.events import Reply
    from shoptalk.agent.llm.connection import LlmConfig, Server
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.shop import Shop
    from shoptalk.shop.parts import Progress
    from shoptalk.shop.talk import Talk

__all__ = ["TALK_TURNS", "LlmPlan", "ModelServer", "run_llm_bench", "talks_for"]

#: Messages of each talk.
TALK_TURNS = 6
_WARM_UP, _WARM_UP_TALKS = 2, 3
_LIKED_AFTER = 3
_TO_TELL = 10.0
_ABOUT_ONE = (
    "tell me more about the first one",
    "what else is known of the second one?",
    "what is special about the first?",
    "the first one sounds good, tell me about it",
)
_AT_LAST = (
    "compare the first two",
    "I like the first one, show me more like it",
    "what is the difference between the first and the second?",
    "the second one is great, anything similar?",
)
_COUNTER = re.compile(r"^vllm:(\w+?)(?:_total)?(?:\{[^}]*\})? ([-+.\deE]+)$", re.MULTILINE)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class LlmPlan:
    """What to measure. The settings name the server, the model, its doors and the limits of time.

    `talks` are the levels, in talks at once; `turns` is how many turns each has at least; `hardware` is what the server
    runs on, in words, for the report.
    """

    settings: Settings
    shop: str = "films"
    talks: tuple[int, ...] = (1, 8, 32)
    turns: int = 48
    embedded: bool = False
    hardware: str = ""
    seed: int = 0


def run_llm_bench(plan: LlmPlan, progress: "Progress | None" = None) -> LlmReport:
    """Measure. Ctrl-C ends it early: the report has what was measured until then.

    Raises ShoptalkError where the shop, the server or the model cannot be had, KeyboardInterrupt where it came before
    the first turn was taken.
    """
    from shoptalk.shop import Shop

    with ModelServer(plan.settings) as server, tempfile.TemporaryDirectory(prefix="shoptalk-bench-") as temporary:
        told, version, folder = server.introduced(), server.version(), Path(temporary) / "shop"
        with Shop.open(plan.shop, settings=_without_model(plan.settings), progress=progress) as given:
            shutil.copytree(given.folder, folder, ignore=shutil.ignore_patterns("talks.db*", "writer.*"))
            bench = _Bench(plan, folder, given.encoder, server, talks_for(given.catalog, plan), progress)
            about: dict[str, Any] = {"shop": given.name, "items": len(given.catalog), "encoder": given.encoder.name}
        runs, interrupted = bench.run()
        about |= {"server": f"vLLM {version}".strip() if told.is_vllm else "an OpenAI-compatible server"}
        return _report(plan, server.config.shown, told, about, runs, interrupted=interrupted)


def talks_for(catalog: "Catalog", plan: LlmPlan) -> dict[int, list[list[str]]]:
    """The messages of the talks of each level; under 0 some to warm up with. No two levels have a talk in common.

    Wishes and changes of mind are made from the catalog; in between the person asks about an item, and at the end
    compares or wants more alike. A catalog of few words says some of them twice.
    """
    from shoptalk.eval.messages import made_talks

    dice = Random(plan.seed)
    wanted = {0: _WARM_UP_TALKS} | {at_once: max(at_once, -(-plan.turns // TALK_TURNS)) for at_once in plan.talks}
    wishes = TALK_TURNS - 2
    made = [talk for talk in made_talks(catalog, wishes * sum(wanted.values()), plan.seed) if len(talk) == wishes]
    if not made:
        raise ShoptalkError("The shop has too few words to make talks of.", hint="Measure with a larger one.")
    talks = iter([made[place % len(made)] for place in range(sum(wanted.values()))])
    return {level: [_script(talk, dice) for talk in islice(talks, count)] for level, count in wanted.items()}


class ModelServer:
    """The server that the settings name, asked from the side: who it is, what it counts. Close it, or use `with`."""

    def __init__(self, settings: Settings) -> None:
        """Asks nothing yet. Raises ModelServerError where the settings name no server."""
        from shoptalk.agent.llm.connection import LlmConfig

        config = LlmConfig.of(settings)
        if config is None:
            raise ModelServerError("No model's server is named.", hint="Give --url, or set SHOPTALK_LLM_URL.")
        self.config = config
        self._client = _client(self.config)

    def introduced(self) -> "Server":
        """What the server tells of itself. Raises ModelServerError where it is not there or lacks the model."""
        from shoptalk.agent.llm.connection import Connection
        from shoptalk.agent.llm.translating import Asked, of_status

        with closing(Connection(self.config)) as line:
            future = line.submit(line.ask())
            try:
                error = future.exception(_TO_TELL)
            except TimeoutError as late:
                error = late
            if error is not None:
                raise _unusable(line.told(error)) from None  # servers' own words about a key stay out of it
            told = future.result()
        if told.models and told.model not in told.models:
            raise _unusable(of_status(404, None, Asked(self.config.shown, told.model, told.models)))
        return told

    def version(self) -> str:
        """What `/version` says; empty where there is none."""
        told = self._got("/version")
        try:
            return str(told.json()["version"]) if told is not None else ""
        except (ValueError, KeyError, TypeError):
            return ""

    def counters(self) -> Counters:
        """vLLM's counters, summed over its models and engines; empty where the server tells none."""
        told = self._got("/metrics")
        found: dict[str, float] = {}
        for name, value in _COUNTER.findall(told.text) if told is not None else ():
            found[name] = found.get(name, 0.0) + float(value)
        return found

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _got(self, path: str) -> Any:
        import httpx

        try:
            answer = self._client.get(self.config.base.removesuffix("/v1") + path)
        except httpx.HTTPError:
            return None
        return answer if answer.status_code == 200 else None


class _Bench:
    """A run: its levels, one after the other."""

    def __init__(
        self,
        plan: LlmPlan,
        folder: Path,
        encoder: "Encoder",
        server: ModelServer,
        talks: dict[int, list[list[str]]],
        progress: "Progress | None",
    ) -> None:
        self._plan, self._folder, self._encoder, self._server = plan, folder, encoder, server
        self._talks, self._progress = talks, progress

    def run(self) -> tuple[dict[bool, list[Measured]], bool]:
        """The levels without a model (False) and with it (True), and whether the run was interrupted."""
        kinds = [False, True] if self._plan.embedded else [True]
        runs: dict[bool, list[Measured]] = {False: [], True: []}
        try:
            for with_model in kinds:
                for at_once in self._plan.talks:
                    measured = Measured(at_once, len(self._talks[at_once]))
                    runs[with_model].append(measured)
                    self._measure(measured, with_model=with_model)
        except KeyboardInterrupt:
            if not any(one.turns for levels in runs.values() for one in levels):
                raise
            return runs, True
        return runs, False

    def _measure(self, measured: Measured, *, with_model: bool) -> None:
        """Fill a level with its turns. What was taken before an error or Ctrl-C stays in it."""
        with self._opened(with_model=with_model) as shop:
            _warm_up(shop, self._talks[0])
            gc.collect()
            measured.load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
            count = self._server.counters if with_model else dict
            before = count()
            stage = f"{measured.at_once} at once" + ("" if with_model else ", no model")
            try:
                _Crowd(shop, self._talks[measured.at_once], measured, self._teller(stage, measured), count).run()
            finally:
                measured.during = _since(before, count())

    @contextmanager
    def _opened(self, *, with_model: bool) -> "Iterator[Shop]":
        from shoptalk.shop import Shop

        settings = self._plan.settings if with_model else _without_model(self._plan.settings)
        with Shop.open(self._folder, settings=settings, encoder=self._encoder) as shop:
            yield shop

    def _teller(self, stage: str, measured: Measured) -> Callable[[], None]:
        total = measured.talks * TALK_TURNS

        def tell() -> None:
            if self._progress is not None:
                self._progress(stage, len(measured.turns), total)

        return tell


class _Crowd:
    """So many people who talk at once, each in a thread, one talk after another until none is left."""

    def __init__(
        self,
        shop: "Shop",
        talks: Sequence[list[str]],
        measured: Measured,
        tell: Callable[[], None],
        count: Callable[[], Counters],
    ) -> None:
        """`tell` is called after each turn; `count` gives the server's counters."""
        self._shop, self._measured, self._tell = shop, measured, tell
        self._count = count if measured.at_once == 1 else dict  # among many it is not known whose tokens they are
        self._waiting: SimpleQueue[list[str]] = SimpleQueue()
        for talk in talks:
            self._waiting.put(talk)
        self._taken: SimpleQueue[TurnTaken | BaseException | None] = SimpleQueue()
        self._stop = Event()

    def run(self) -> None:
        """Let them talk. Raises what went wrong in any thread, and KeyboardInterrupt; the turns until then are kept."""
        threads = [Thread(target=self._person, daemon=True) for _ in range(self._measured.at_once)]
        self._tell()
        began, cpu = perf_counter(), process_time()
        for thread in threads:
            thread.start()
        try:
            self._gather(len(threads))
        finally:
            self._measured.seconds, self._measured.cpu = perf_counter() - began, process_time() - cpu
            self._stop.set()
            self._wait_for(threads)

    def _gather(self, talking: int) -> None:
        while talking:
            taken = self._taken.get()
            if isinstance(taken, BaseException):
                raise taken
            if taken is None:
                talking -= 1
                continue
            self._measured.turns.append(taken)
            self._tell()

    def _wait_for(self, threads: Sequence[Thread]) -> None:
        """Turns that are under way end at their next step: at the latest when their time is over."""
        until = monotonic() + self._shop.settings.llm_seconds + 5
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))

    def _person(self) -> None:
        try:
            while not self._stop.is_set():
                self._talk(self._waiting.get_nowait())
        except Empty:
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised where the turns are gathered
            self._taken.put(error)
        self._taken.put(None)

    def _talk(self, messages: Sequence[str]) -> None:
        talk = self._shop.talk()
        for place, message in enumerate(messages, start=1):
            before = self._count()
            turn = _turn(talk, message, self._stop)
            if turn is None:
                return
            spent, reply = turn
            self._taken.put(TurnTaken(place, *spent, reply.model, _since(before, self._count())))
            if place == _LIKED_AFTER and reply.picks:
                talk.feedback(reply.picks[0].item.id, liked=True)


def _turn(talk: "Talk", message: str, stop: Event) -> "tuple[tuple[float | None, float, float], Reply] | None":
    """Seconds to the first word, of the whole and of CPU time, and the reply; None if it was stopped."""
    first: float | None = None
    began, cpu = perf_counter(), thread_time()
    with closing(talk.events(message)) as events:  # type: ignore[type-var]
        for event in events:
            if stop.is_set():
                return None
            if event.kind == "text" and first is None and event.piece.strip():
                first = perf_counter() - began
            if event.kind == "done":
                return (first, perf_counter() - began, thread_time() - cpu), event.reply
    return None


def _warm_up(shop: "Shop", talks: Sequence[list[str]]) -> None:
    """What is not counted: our own tables are made, code is loaded, and the server compiles the plans' schema."""
    from shoptalk.agent.state import TalkState

    for message in (message for talk in talks for message in talk):
        shop.understanding.understand(message, TalkState())
    talk = shop.talk()
    for message in talks[0][:_WARM_UP]:
        talk.say(message)


def _script(wishes: Sequence[str], dice: Random) -> list[str]:
    """A talk around four messages of wishes."""
    return [*wishes[:2], dice.choice(_ABOUT_ONE), *wishes[2:], dice.choice(_AT_LAST)]


def _since(before: Counters, after: Counters) -> Counters:
    """What was counted in between; nothing where the counters were not to be had."""
    return {name: value - before[name] for name, value in after.items() if name in before}


def _without_model(settings: Settings) -> Settings:
    return settings.model_copy(update={"llm_url": None})


def _client(config: "LlmConfig") -> Any:
    import httpx

    return httpx.Client(
        timeout=_TO_TELL,
        headers={"Authorization": f"Bearer {config.key}"} if config.key else None,
        trust_env=urlsplit(config.url).hostname not in _LOCAL,  # no proxy leads to this machine
    )


def _unusable(failure: ModelFailureError) -> ModelServerError:
    return ModelServerError(f"The model cannot be measured: {failure.detail}.")


def _report(
    plan: LlmPlan,
    url: str,
    told: "Server",
    about: dict[str, Any],
    runs: dict[bool, list[Measured]],
    *,
    interrupted: bool,
) -> LlmReport:
    import shoptalk

    levels, embedded = ([Level.of(one) for one in runs[with_model] if one.turns] for with_model in (True, False))
    return LlmReport(
        model=told.model,
        url=url,
        context=told.context,
        hardware=plan.hardware,
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        shoptalk=shoptalk.__version__,
        **about,
        doors=plan.settings.llm_doors,
        first_word=plan.settings.llm_first_word,
        whole=plan.settings.llm_seconds,
        talk_turns=TALK_TURNS,
        seed=plan.seed,
        levels=tuple(levels),
        embedded=tuple(embedded),
        interrupted=interrupted,
        notes=tuple(_notes(levels)),
    )


def _notes(levels: Sequence[Level]) -> Iterator[str]:
    yield (
        "Times are the person's: first word is the first piece of text, whole the end of the turn, after it was "
        "logged. Model is the time in which it was asked; what is checked while it still writes is in that. Ours is "
        "all other time, with its wait for a core; its target is for one talk at a time. The thread's CPU is also that "
        "of checks while the model writes; the process's is of all its threads, with the client that reads the answers."
    )
    yield (
        "Turns a minute are all turns over all the time, also of the end, when some talks are over already. Talks "
        "differ between levels; some turns need no model to be written. Nothing else should ask the server meanwhile: "
        "its counters are of all that it does. Shares with * are by the answers' own usage, not by the counters."
    )
    resting = sum(door.reasons.get(Failure.RESTING, 0) for level in levels for door in level.doors)
    if resting:
        yield (
            f"Calls that a resting model was spared after failures: {resting:,}. Such turns are answered without it at "
            "once, which makes the figures faster than the model is."
        )
    if any(level.calls and not level.tokens_in for level in levels):
        yield "The server does not count tokens."
    if any(level.calls and level.cached.all is None for level in levels):
        yield "The server has no counters of its prefix cache."
