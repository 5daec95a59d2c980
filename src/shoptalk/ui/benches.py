"""`shoptalk bench`: each of its commands measures one thing, prints it as tables and can write it as JSON.

Nothing heavy is imported before a command runs.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.console import Console

    from shoptalk.agent.llm.connection import LlmConfig
    from shoptalk.eval.contest import RankingPlan
    from shoptalk.eval.standings import RankingReport
    from shoptalk.settings import Settings
    from shoptalk.shop.parts import Progress

__all__ = ["Out", "benches", "model_at", "quiet_model", "settings_with", "write_report"]


class _Speed(TyperGroup):
    """`bench` without the name of a measurement measures speed: `bench my-shop` is `bench speed my-shop`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name in where it was left out."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["speed", *args])


benches = typer.Typer(cls=_Speed)


def _writable(out: Path | None) -> Path | None:
    """Refuse a place for the report before the work is done, not after."""
    if out is not None and out != Path("-") and (out.is_dir() or not out.parent.is_dir()):
        raise typer.BadParameter(f"{out} is a folder." if out.is_dir() else f"there is no folder {out.parent}.")
    return out


Out = Annotated[
    Path | None,
    typer.Option("--json", metavar="OUT", help="Write JSON there; '-' prints only it.", callback=_writable),
]
Data = Annotated[
    Path,
    typer.Option(
        envvar="SHOPTALK_DATA", metavar="DIR", help="The data set's folder, or one that holds it under its usual name."
    ),
]
Split = Annotated[str, typer.Option(help="Split to ask about; the shop learns from what is before or beside it.")]
Work = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for the shop made for this; by default under SHOPTALK_HOME.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Make the shop anew, also if one was made of the same data.")]
Most = Annotated[int | None, typer.Option(min=1, help="Ask only so many questions, drawn by lot: for a quick look.")]
CandidateCount = Annotated[
    int, typer.Option("--candidates", min=10, help="How many candidates are found to be ranked.")
]
Ablation = Annotated[bool, typer.Option("--ablation", help="Measure also without each part of the shop.")]
Seed = Annotated[int, typer.Option(help="Seed of what is drawn and resampled.")]


@benches.callback()
def _benches() -> None:
    """Measure speed, how well messages are understood, or how well items are ranked.

    Example:  [bold]shoptalk bench speed my-shop[/bold]   or shorter:  [bold]shoptalk bench my-shop[/bold]
    """


@benches.command()
def speed(
    shop: Annotated[
        str | None, typer.Argument(metavar="SHOP", help="A built shop to measure; it is not changed.")
    ] = None,
    *,
    source: Annotated[
        Path | None, typer.Option(help="Build a shop from this catalog file first, and time that.")
    ] = None,
    items: Annotated[int | None, typer.Option(min=100, help="Build a made-up catalog of this size first.")] = None,
    data: Annotated[
        Path | None, typer.Option(envvar="SHOPTALK_DATA", help="Folder that may hold wiki_movies/movies.jsonl.gz.")
    ] = None,
    turns: Annotated[int, typer.Option(min=10, help="How many messages to time.")] = 200,
    out: Out = None,
) -> None:
    """Measure speed and memory, each figure beside its target.

    Build, open, turns, re-ranking and search are measured one after the other,
    each alone in its own process. Without SHOP, --source or --items it takes
    wiki_movies from --data, or 50,000 made-up items where there is none.

    Example:  [bold]shoptalk bench my-shop --json bench.json[/bold]
    """
    from shoptalk.eval.bench import BenchPlan, run_bench
    from shoptalk.eval.report import bench_tables
    from shoptalk.ui.tables import Stages

    plan = BenchPlan(shop=shop, source=source, items=items, data=data, turns=turns)
    with Stages(_console(stderr=True)) as progress:
        report = run_bench(plan, progress)
    write_report(report.model_dump(mode="json"), out, lambda: bench_tables(report))


@benches.command()
def understand(
    *,
    data: Annotated[
        Path, typer.Option(envvar="SHOPTALK_DATA", help="Folder with mit_slots/, sgd/ and redial/, or some of them.")
    ],
    only: Annotated[str | None, typer.Option(metavar="mit|sgd|redial", help="Measure only this dataset.")] = None,
    split: Annotated[str | None, typer.Option(help="Split to measure; by default test where it is there.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Draw so many sentences or dialogues of each split.")] = None,
    parser_only: Annotated[
        bool, typer.Option("--parser-only", help="Measure the parser alone, without the transformer.")
    ] = False,
    llm_url: Annotated[
        str | None, typer.Option("--llm-url", help="Measure the language model served there instead, by itself.")
    ] = None,
    llm_model: Annotated[str | None, typer.Option("--llm-model", help="Its name there.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=256, help="With a model: how many talks at the same time.")] = 8,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn, misspelt and resampled.")] = 0,
    misses: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write what was not understood there, JSON lines.")
    ] = None,
    out: Out = None,
) -> None:
    """Measure how well messages are understood, on public datasets.

    Entity F1 on the MIT slot corpora, the state of the talk on Schema-Guided
    Dialogue, stances to films and their misspelt titles on ReDial, and how long
    a message takes. Each catalog is made from the dataset; nothing is trained.

    Example:  [bold]shoptalk bench understand --data DIR --only mit --json result.json[/bold]
    """
    from shoptalk.eval.report import understanding_tables
    from shoptalk.eval.understand import DATASETS, UnderstandPlan, run_understanding
    from shoptalk.ui.tables import Stages

    chosen = next((name for name in DATASETS if name == only), None)
    if only is not None and chosen is None:
        raise typer.BadParameter(f"'{only}' is none of {', '.join(DATASETS)}.", param_hint="--only")
    plan = UnderstandPlan(
        data=data,
        only=chosen,
        parser_only=parser_only,
        split=split,
        limit=limit,
        seed=seed,
        llm=model_at(llm_url, llm_model),
        at_once=at_once,
    )
    with _lines_to(misses) as tell, Stages(_console(stderr=True)) as progress, quiet_model():
        report = run_understanding(plan, progress, tell)
    write_report(report.model_dump(mode="json"), out, lambda: understanding_tables(report))


@benches.command()
def crs(
    *,
    dataset: Annotated[str, typer.Option(metavar="redial|inspired|opendialkg", help="What to measure on.")],
    data: Data,
    split: Split = "test",
    out: Out = None,
    work: Work = None,
    fresh: Fresh = False,
    most: Most = None,
    candidates: CandidateCount = 500,
    ablation: Ablation = False,
    seed: Seed = 0,
) -> None:
    """Measure recommendation in dialogues, on public datasets.

    A shop is built of the dataset's items and trained on its training
    dialogues; then it is asked wherever a dialogue of the split recommends
    something. Recall, NDCG and MRR beside simple baselines and published figures.

    Example:  [bold]shoptalk bench crs --dataset redial --data DIR --split valid[/bold]
    """
    from shoptalk.eval.contest import RankingPlan
    from shoptalk.eval.crs import run_crs

    _run(run_crs, RankingPlan(dataset, data, split, work, fresh, most, candidates, ablation, seed=seed), out)


@benches.command(name="next")
def next_item(
    *,
    dataset: Annotated[str, typer.Option(metavar="games|movielens", help="What to measure on.")],
    data: Data,
    split: Split = "test",
    out: Out = None,
    work: Work = None,
    fresh: Fresh = False,
    most: Most = None,
    candidates: CandidateCount = 500,
    ablation: Ablation = False,
    seed: Seed = 0,
) -> None:
    """Measure how well the next item of a user is foreseen, on public datasets.

    A shop is built of the dataset's items and trained on what came before each
    user's last item ('test'), or before the one before it ('valid'); all items
    that the user has not had are ranked. NDCG and Recall beside baselines.

    Example:  [bold]shoptalk bench next --dataset games --data DIR --split valid[/bold]
    """
    from shoptalk.eval.contest import RankingPlan
    from shoptalk.eval.next_item import run_next

    _run(run_next, RankingPlan(dataset, data, split, work, fresh, most, candidates, ablation, seed=seed), out)


@benches.command()
def search(
    *,
    dataset: Annotated[str, typer.Option(metavar="icecat", help="What to measure on.")],
    data: Data,
    split: Split = "valid",
    out: Out = None,
    work: Work = None,
    fresh: Fresh = False,
    most: Most = None,
    candidates: CandidateCount = 500,
    ablation: Ablation = False,
    seed: Seed = 0,
) -> None:
    """Measure search against human judgements, on a public dataset.

    A shop is built of the dataset's products, and each query is its first
    message of a talk; then the same as plain text. NDCG beside baselines.

    Example:  [bold]shoptalk bench search --dataset icecat --data DIR --json result.json[/bold]
    """
    from shoptalk.eval.contest import RankingPlan
    from shoptalk.eval.searching import run_search

    _run(run_search, RankingPlan(dataset, data, split, work, fresh, most, candidates, ablation, seed=seed), out)


def write_report(report: dict[str, Any], out: Path | None, tables: Callable[[], list[Any]]) -> None:
    """Print the tables and, with `out`, write the report there whole or not at all; for '-' print only JSON."""
    from rich.text import Text

    from shoptalk.ui.terminal import printable

    if out == Path("-"):
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
        return
    console = _console()
    for table in tables():
        console.print(table)
    if out is not None:
        staged = out.with_name(f".{out.name}.{os.getpid()}")
        staged.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        staged.replace(out)
        console.print(Text(printable(f"Written to {out}.")), soft_wrap=True)


def _run(
    measure: Callable[["RankingPlan", "Progress | None"], "RankingReport"], plan: "RankingPlan", out: Path | None
) -> None:
    from shoptalk.eval.boards import ranking_tables
    from shoptalk.ui.tables import Stages

    with Stages(_console(stderr=True)) as progress:
        report = measure(plan, progress)
    write_report(report.model_dump(mode="json"), out, lambda: ranking_tables(report))


def settings_with(**given: Any) -> "Settings":
    """The settings; what was given goes before what the environment and the file say."""
    from shoptalk.settings import Settings

    return Settings(**{name: value for name, value in given.items() if value is not None})


def model_at(url: str | None, name: str | None) -> "LlmConfig | None":
    """The model of that name at that server, with the key that the settings hold; None without an address."""
    if url is None:
        return None
    from shoptalk.agent.llm.connection import LlmConfig

    return LlmConfig.of(settings_with(llm_url=url, llm_model=name))


@contextmanager
def quiet_model() -> Iterator[None]:
    """Without the warnings of each sentence that is cut and each call that fails: the report counts them."""
    log = logging.getLogger("shoptalk.agent.llm")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _lines_to(path: Path | None) -> Iterator[Callable[[dict[str, Any]], None] | None]:
    """What writes a value as a line of JSON, None without a path. Refuses a path that cannot be written to."""
    if path is None:
        yield None
        return
    _writable(path)
    with path.open("w", encoding="utf-8") as file:
        yield lambda value: print(json.dumps(value, ensure_ascii=False), file=file)


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)
