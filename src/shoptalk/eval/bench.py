"""How fast a shop is and what it takes: each step measured alone in a fresh process, each figure beside its target.

The targets are the design's, for two cores and 50,000 items without a language model. On another machine or size look
at the ratios: index against exact search, the encoder's share of a build, the interpreter's share of an import.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, computed_field

from shoptalk.errors import CatalogError, ShopError
from shoptalk.eval.measuring import percentiles

if TYPE_CHECKING:
    from shoptalk.shop.parts import Progress

__all__ = ["BenchPlan", "BenchReport", "Figure", "SearchCase", "catalog_of", "run_bench"]

_MADE_UP = 50_000


@dataclass(frozen=True)
class BenchPlan:
    """What to measure: a built shop, or a shop to be built from a file or from made-up items."""

    shop: str | None = None
    source: Path | None = None
    items: int | None = None
    data: Path | None = None
    turns: int = 200
    reranks: int = 400
    searches: int = 100
    repeats: int = 5
    sessions: int = 10_000
    """made-up sessions that the shop is taught before it is timed again; 0 leaves that out"""
    seed: int = 0


class Figure(BaseModel):
    """One measured value; `target` is the most it should be."""

    model_config = ConfigDict(frozen=True)

    section: str
    name: str
    value: float
    unit: str
    target: float | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def meets(self) -> bool | None:
        """Whether the value is within its target; None without one."""
        return None if self.target is None else self.value <= self.target


class SearchCase(BaseModel):
    """The index beside an exact search with numpy, over a share of the items; times in milliseconds."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(description="share of the items that pass")
    k: int = Field(description="how many were asked for")
    p50: float
    p95: float
    exact_p50: float
    of_exact: float = Field(description="p50 / exact_p50: below 1 the index is the faster one")
    recall: float = Field(description="share of what was found that is among the true k nearest; ties count")


class BenchReport(BaseModel):
    """All figures of one run."""

    model_config = ConfigDict(frozen=True)

    shop: str
    items: int
    machine: str
    shoptalk: str
    seed: int
    figures: tuple[Figure, ...]
    search: tuple[SearchCase, ...]
    notes: tuple[str, ...] = Field(description="what to know when reading the figures")


def run_bench(plan: BenchPlan, progress: "Progress | None" = None) -> BenchReport:
    """Measure; a given shop is copied without its talks and not changed. Raises ShoptalkError if it cannot be had."""
    import shoptalk

    with tempfile.TemporaryDirectory(prefix="shoptalk-bench-") as temporary:
        name, folder, figures = _prepared(plan, Path(temporary), progress)
        figures += _starting(folder, plan.repeats, progress)
        turns = _step("turns", progress, folder=str(folder), count=plan.turns, seed=plan.seed)
        figures += _turn_figures(turns)
        figures += _rerank_figures(_step("rerank", progress, folder=str(folder), count=plan.reranks, seed=plan.seed))
        search = _step("search", progress, folder=str(folder), count=plan.searches, seed=plan.seed)
        figures.append(Figure(section="memory", name="most held while answering", value=turns["peak"], unit="MB"))
        if plan.sessions:
            figures += _learned(folder, plan, progress)
    return BenchReport(
        shop=name,
        items=turns["items"],
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        shoptalk=shoptalk.__version__,
        seed=plan.seed,
        figures=tuple(sorted(figures, key=lambda figure: _SECTIONS.index(figure.section))),
        search=tuple(map(_search_case, search["cases"])),
        notes=_NOTES,
    )


_SECTIONS = ("build", "start", "turn", "re-rank", "learned", "learned: find", "learned: rank", "memory")
_NOTES = (
    "Targets are for 2 cores and 50,000 items. Each step ran alone in a fresh process, warmed up first, the garbage "
    "collector on as in service; other work on the machine is not known to it.",
    "Learned: the same turns after the shop was taught made-up sessions, with a ranker as large as they get. What "
    "finding and ranking are made of is CPU time of one thread; the ranker's noise makes no difference to its speed.",
    "Search: index and exact search (numpy over the same allowed vectors) answer each query one after the other.",
)


def _prepared(plan: BenchPlan, temporary: Path, progress: "Progress | None") -> tuple[str, Path, list[Figure]]:
    """The shop's name, a folder to measure in, and the figures of its build if it was built here."""
    folder = temporary / "bench"
    if plan.shop is not None:
        return _copied(plan.shop, folder), folder, []
    source = plan.source or catalog_of(plan, temporary)
    if not source.is_file():
        raise CatalogError(
            "there is no such file.", file=str(source), hint="Give a catalog with --source, or --items N."
        )
    return source.name, folder, _build_figures(_step("build", progress, source=str(source), into=str(folder)))


def _copied(shop: str, folder: Path) -> str:
    """Copy a built shop without its talks."""
    from shoptalk.shop import Shop

    with Shop.open(shop) as opened:
        shutil.copytree(opened.folder, folder, ignore=shutil.ignore_patterns("talks.db*", "writer.*"))
        return opened.name


def catalog_of(plan: BenchPlan, temporary: Path) -> Path:
    """The data folder's films if there are any and no size was asked for, else made-up items."""
    from shoptalk.eval.synthetic import write_synthetic

    films = plan.data / "wiki_movies" / "movies.jsonl.gz" if plan.data is not None else None
    if films is not None and films.is_file() and plan.items is None:
        return films
    count = plan.items or _MADE_UP
    return write_synthetic(temporary / f"made-up-{count}.jsonl.gz", count, plan.seed)


def _build_figures(result: dict[str, Any]) -> list[Figure]:
    add = _adder("build")
    stages = [add(f"stage {stage}", seconds, "s") for stage, seconds in result["stages"].items()]
    return [
        add("whole", result["seconds"], "s"),
        add("items a second", result["items"] / result["seconds"], "1/s"),
        add("inside the encoder", result["encoder"], "s"),
        add("encoder's share", 100 * result["encoder"] / result["seconds"], "%"),
        *stages,
        Figure(section="memory", name="most held while building", value=result["peak"], unit="MB"),
    ]


def _starting(folder: Path, repeats: int, progress: "Progress | None") -> list[Figure]:
    add = _adder("start")
    commands = {"python": "pass", "import": "import shoptalk", "help": _HELP}
    spent = {name: median(_seconds(code) for _ in range(repeats)) for name, code in commands.items()}
    opened = []
    for done in range(repeats):
        opened.append(_step("open", None, folder=str(folder)))
        if progress is not None:
            progress("open", done + 1, repeats)
    middle = {key: median(one[key] for one in opened) for key in opened[0]}
    return [
        add("python itself", spent["python"], "s"),
        add("import shoptalk, with python", spent["import"], "s", 0.5),
        add("shoptalk --help", spent["help"], "s", 0.5),
        add("open", middle["open"], "s", 3.0),
        add("open, with imports", middle["open"] + middle["import"], "s"),
        add("first turn after opening", 1000 * middle["first_turn"], "ms"),
        Figure(section="memory", name="held after opening", value=middle["memory"], unit="MB"),
    ]


_HELP = "import sys; sys.argv[1:] = ['--help']; from shoptalk.ui.cli import main; main()"


def _turn_figures(result: dict[str, Any]) -> list[Figure]:
    add = _adder("turn")
    p50, p95, p99 = percentiles(result["whole"], 50, 95, 99)
    figures = [add("p50", p50, "ms", 25), add("p95", p95, "ms", 60), add("p99", p99, "ms")]
    for step, spent in result["steps"].items():
        if step != "whole":
            low, high = percentiles(spent, 50, 95)
            figures += [add(f"{step} p50", low, "ms"), add(f"{step} p95", high, "ms")]
    return [*figures, add("turns timed", len(result["whole"]), "")]


def _rerank_figures(result: dict[str, Any]) -> list[Figure]:
    add = _adder("re-rank")
    p50, p99 = percentiles(result["milliseconds"], 50, 99)
    return [add("p50", p50, "ms", 4), add("p99", p99, "ms", 10), add("candidates", result["candidates"], "")]


def _learned(folder: Path, plan: BenchPlan, progress: "Progress | None") -> list[Figure]:
    """What a shop takes that has learned: its turns, and by part what it finds and ranks with."""
    taught = _step("learned", progress, folder=str(folder), sessions=plan.sessions, count=plan.searches, seed=plan.seed)
    turns = _step("turns", progress, folder=str(folder), count=plan.turns, seed=plan.seed)
    add = _adder("learned")
    p50, p95 = percentiles(turns["whole"], 50, 95)
    figures = [
        add("turn p50", p50, "ms", 25),
        add("turn p95", p95, "ms", 60),
        add("sessions learned from", taught["sessions"], ""),
        add("learning the models", taught["fit"], "s"),
        Figure(section="memory", name="most held while answering, learned", value=turns["peak"], unit="MB"),
    ]
    for step in ("find", "rank"):
        add = _adder(f"learned: {step}")
        figures += [add(f"{part} p50", percentiles(spent, 50)[0], "CPU ms") for part, spent in taught[step].items()]
    low, high = percentiles(taught["rank"]["whole"], 50, 99)
    figures += [add("re-rank p50", low, "CPU ms", 4), add("re-rank p99", high, "CPU ms", 10)]
    return [*figures, add("candidates", taught["candidates"], "")]


def _search_case(case: dict[str, Any]) -> SearchCase:
    (p50, p95), (exact, _) = percentiles(case["index"], 50, 95), percentiles(case["exact"], 50, 95)
    return SearchCase(
        share=case["share"], k=case["k"], p50=p50, p95=p95, exact_p50=exact, of_exact=p50 / exact, recall=case["recall"]
    )


def _adder(section: str) -> Callable[..., Figure]:
    def add(name: str, value: float, unit: str, target: float | None = None) -> Figure:
        return Figure(section=section, name=name, value=value, unit=unit, target=target)

    return add


def _step(step: str, progress: "Progress | None", **arguments: object) -> dict[str, Any]:
    """Run a step of `measuring` in a process of its own. Raises ShopError with its last words if it fails."""
    command = [sys.executable, "-m", "shoptalk.eval.measuring", step, json.dumps(arguments)]
    result: dict[str, Any] | None = None
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        for line in _lines(command, errors):
            told = json.loads(line)
            result = told.get("result", result)
            if progress is not None and "progress" in told:
                progress(*told["progress"])
        errors.seek(0)
        complaint = errors.read().strip().splitlines()[-1:] or ["it ended without a word"]
    if result is None:
        raise ShopError(
            f"Measuring '{step}' failed: {complaint[0]}.", hint="Is the shop whole? `shoptalk show --verify`"
        )
    return result


def _lines(command: list[str], errors: IO[str]) -> Iterator[str]:
    """What the process writes, line by line; it does not outlive the reader."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        assert process.stdout is not None
        try:
            yield from process.stdout
        except BaseException:
            process.terminate()
            raise


def _seconds(code: str) -> float:
    """Wall seconds of a fresh interpreter that runs the code."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
