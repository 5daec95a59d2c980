"""The `shoptalk` command. Each command opens a shop, does one thing with it and writes what came of it.

Nothing heavy is imported before a command runs, so that `shoptalk --help` answers at once.
"""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from shoptalk.errors import ShoptalkError
from shoptalk.ui.attack_command import attack
from shoptalk.ui.benches import Out, benches, write_report
from shoptalk.ui.check_command import check
from shoptalk.ui.llm_bench_command import llm
from shoptalk.ui.mcp_command import mcp
from shoptalk.ui.rules_command import rules
from shoptalk.ui.standin_command import stand_in
from shoptalk.ui.teaching_command import teach_talks
from shoptalk.ui.teaching_ranker_command import teach_ranker
from shoptalk.ui.tuning_command import merge, tune

if TYPE_CHECKING:
    from rich.console import Console

    from shoptalk.shop import Shop

__all__ = ["app", "main"]

_BUILDING, _TALKING, _MEASURING = "Make a shop", "Talk with it", "Measure and improve"


class _Commands(TyperGroup):
    """Turns what went wrong into one line and an exit code: 2 for errors that say what to do, 130 for Ctrl-C."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let `--debug` stand anywhere on the line."""
        rest = [arg for arg in args if arg != "--debug"]
        return super().parse_args(ctx, ["--debug", *rest] if len(rest) < len(args) and rest else rest or args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, telling errors on stderr."""
        from pydantic import ValidationError

        try:
            return super().invoke(ctx)
        except ShoptalkError as error:
            told: Exception = error
        except ValidationError as error:
            if error.title != "Settings":
                raise
            told = error
        except KeyboardInterrupt:
            _interrupted(ctx.invoked_subcommand)
            raise typer.Exit(130) from None
        if ctx.params.get("debug"):
            raise told
        _tell_error(told)
        raise typer.Exit(2) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

benches.command()(check)
benches.command()(attack)
benches.command()(llm)
app.add_typer(benches, name="bench", rich_help_panel=_MEASURING)

ShopName = Annotated[str, typer.Argument(metavar="SHOP", help="A shop's name or folder; 'films' comes with shoptalk.")]
User = Annotated[
    str | None, typer.Option(help="Whose talk it is: what is learned of a user is kept for the next talk.")
]


def _folder_to_write(folder: Path) -> Path:
    """Refuse a folder that cannot be written to before hours of work, not after."""
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise typer.BadParameter(f"{place} is {'not to be written to' if place.is_dir() else 'no folder'}.")
    return folder


def main() -> None:
    """Run the command line."""
    app(prog_name="shoptalk")


def _version(asked: bool) -> None:
    if asked:
        import shoptalk

        print(f"shoptalk {shoptalk.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error, not only its message.")] = False,
) -> None:
    """A recommender that you talk to, over any catalog.

    Try it on the films that come with it:  [bold]shoptalk talk[/bold]

    Build a shop from your own file:  [bold]shoptalk build products.csv my-shop[/bold]
    """


@app.command(rich_help_panel=_BUILDING)
def build(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="CSV, TSV, JSON, JSON lines (each also .gz) or Parquet.")
    ],
    shop: Annotated[
        str | None,
        typer.Argument(metavar="SHOP", help="Name of the new shop, or a folder. Default: the file's name."),
    ] = None,
    *,
    name: Annotated[
        str | None, typer.Option(help="What the shop is called, where it is not the folder's name.")
    ] = None,
    into: Annotated[Path | None, typer.Option(help="Folder to build in; by default under SHOPTALK_HOME.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad records out (and list them) instead.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a shop that stands there; talks are kept.")
    ] = False,
    item_id: Annotated[str | None, typer.Option("--id", metavar="COL", help="The column with the ids.")] = None,
    title: Annotated[str | None, typer.Option(metavar="COL", help="The column with the titles.")] = None,
    text: Annotated[list[str] | None, typer.Option(metavar="COL", help="A column with describing text.")] = None,
    price: Annotated[str | None, typer.Option(metavar="COL[:minor]", help="The price; ':minor' if in cents.")] = None,
    facet: Annotated[
        list[str] | None,
        typer.Option(metavar="COL:KIND", help="A facet: category, categories, number, date or flag."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="COL", help="A column to leave out.")] = None,
    picture: Annotated[str | None, typer.Option(metavar="COL", help="The column with picture addresses.")] = None,
    unit: Annotated[list[str] | None, typer.Option(metavar="COL=UNIT", help="A number's unit: 'runtime=min'.")] = None,
) -> None:
    """Build a shop from a catalog file.

    Columns are recognised from their names and values. What each was taken
    for is shown at the end and stands in the shop's facets.json: correct it
    there, or with the options below. A build that was stopped continues when
    the same command is run again.

    Example:  [bold]shoptalk build products.csv my-shop --price cost:minor[/bold]
    """
    from shoptalk.retrieval.detecting import Overrides
    from shoptalk.shop import Shop
    from shoptalk.ui.tables import Stages, counted, facet_table

    chosen = Overrides(
        id=item_id,
        title=title,
        picture=picture,
        price=price,
        text=tuple(text or ()),
        facets=tuple(facet or ()),
        units=tuple(unit or ()),
        ignore=tuple(ignore or ()),
    )
    if into is None and shop is not None:
        name, into = (name or shop, None) if Path(shop).name == shop else (name, Path(shop))
    with Stages(_console(stderr=True)) as progress:
        built = Shop.build(
            source, into, name=name, overrides=chosen, skip_bad=skip_bad, replace=replace, progress=progress
        )
    console = _console()
    with built:
        console.print(facet_table(built.catalog))
        left_out = built.manifest.left_out
        bad = "1 bad record was" if left_out == 1 else f"{left_out:,} bad records were"
        told = f"; {bad} left out, left-out.jsonl there tells why" if left_out else ""
        _plainly(console, f"{counted(len(built.catalog), 'item')} in {built.folder}{told}.")
        called = _callable_name(built)
        _plainly(console, f"Wrong about a column? Edit {built.folder / 'facets.json'}, then: shoptalk update {called}")
        _plainly(console, f"Next: shoptalk talk {called}   or, in the browser: shoptalk chat {called}")


@app.command(rich_help_panel=_BUILDING)
def update(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="The shop's name or folder.")],
    source: Annotated[Path | None, typer.Argument(metavar="SOURCE", help="File with new and changed records.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="ID", help="Id of an item to remove; repeatable.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad records out instead of stopping.")] = False,
) -> None:
    """Add, change or remove items of a shop.

    Without SOURCE the shop is brought in line with its facets.json, and what
    is missing or stale is made anew.

    Example:  [bold]shoptalk update my-shop new-arrivals.csv --remove sku-17[/bold]
    """
    from shoptalk.shop import Shop
    from shoptalk.ui.tables import Stages, counted

    with Stages(_console(stderr=True)) as progress:
        if source is None and not remove:
            with Shop.repair(shop, progress=progress) as mended:
                told = f"{mended.name}: {counted(len(mended.catalog), 'item')}, in line with its facets.json."
        else:
            with Shop.open(shop) as opened:
                done = opened.update(source, remove=remove or (), skip_bad=skip_bad, progress=progress)
            told = f"{done.added} added, {done.changed} changed, {done.removed} removed, {done.unchanged} unchanged."
            if done.left_out:
                told += (
                    f" {counted(done.left_out, 'bad record')} left out; left-out.jsonl in the shop's folder tells why."
                )
            if done.unknown:
                told += f" Not in the shop, so not removed: {', '.join(done.unknown)}."
    _plainly(_console(), told)


@app.command(rich_help_panel=_BUILDING)
def show(
    shop: ShopName = "films",
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file and check it against its checksum.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Show what is in a shop, and what is stale.

    Example:  [bold]shoptalk show films --verify[/bold]
    """
    from shoptalk.ui.tables import facet_table, fact_lines, shop_facts

    with _opened(shop) as opened:
        facts = shop_facts(opened, verify=verify)
        if as_json:
            _print_json(facts)
            return
        console = _console()
        console.print(facet_table(opened.catalog))
        for line in fact_lines(facts):
            _plainly(console, line)


app.command(rich_help_panel=_BUILDING)(rules)


app.command(rich_help_panel=_TALKING)(mcp)


@app.command(rich_help_panel=_TALKING)
def talk(shop: ShopName = "films", user: User = None) -> None:
    """Talk with a shop in the terminal.

    Say what you want in your own words. /help lists the commands: /like 2,
    /seen 1, /not 3, /drop, /new, /quit. Lines may come through a pipe.

    Example:  [bold]echo "something like Alien but funny" | shoptalk talk[/bold]
    """
    from shoptalk.ui.terminal import HELP, TerminalTalk, typed_lines

    console = _console()
    with _opened(shop) as opened:
        if sys.stdin.isatty():
            _plainly(console, f"{opened.name}: {len(opened.catalog):,} items. What are you looking for?\n{HELP}")
        TerminalTalk(opened, opened.talk(user), console).run(typed_lines(console))


@app.command(rich_help_panel=_TALKING)
def ask(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="The shop's name or folder.")],
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What you want, in quotes.")],
    user: User = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print only JSON: the whole reply with its evidence.")
    ] = False,
) -> None:
    """Ask one thing and print the answer.

    Example:  [bold]shoptalk ask films "a short comedy from the nineties" --json[/bold]
    """
    from shoptalk.ui.terminal import TerminalTalk

    with _opened(shop) as opened:
        if as_json:
            _print_json(opened.talk(user).say(message).model_dump(mode="json"))
        else:
            TerminalTalk(opened, opened.talk(user), _console()).say(message)


@app.command(rich_help_panel=_TALKING)
def chat(
    shop: ShopName = "films",
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; by default 7860 or the next free one.")
    ] = None,
    user: User = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    remote_pictures: Annotated[
        bool, typer.Option("--remote-pictures", help="Let browsers fetch the items' pictures from their own addresses.")
    ] = False,
) -> None:
    """Serve the chat page on this machine. Ctrl-C ends it.

    Nothing is fetched from elsewhere unless --remote-pictures says so: pictures are drawn instead.

    Example:  [bold]shoptalk chat my-shop --port 8000 --no-open[/bold]
    """
    from shoptalk.ui.page import serve

    with _opened(shop) as opened:
        serve(
            opened,
            user=user,
            host=host,
            port=port,
            open_browser=open_browser,
            pictures="remote" if remote_pictures else "local",
            ready=lambda address: _plainly(_console(), f"{opened.name} is served at {address} (Ctrl-C ends it)"),
        )


@app.command(rich_help_panel=_MEASURING)
def train(
    shop: ShopName = "films",
    interactions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Who had to do with what: user, item, time, value, in any catalog format."),
    ] = None,
    dialogues: Annotated[
        Path | None, typer.Option(metavar="LOG", help="Talks kept elsewhere, in the format of dialogue logs.")
    ] = None,
) -> None:
    """Learn from what people did: in the shop's talks, and in what you give.

    Clicks, likes, rejections and purchases are learned from, together with
    what the items themselves tell. The talks stay as they are. What you give
    is not kept: give it again the next time.

    Example:  [bold]shoptalk train my-shop --interactions orders.csv[/bold]
    """
    from shoptalk.eval.logs import ItemNames, read_dialogues
    from shoptalk.shop import Shop
    from shoptalk.ui.tables import Stages, summary_lines

    with Stages(_console(stderr=True)) as progress, Shop.open(shop, progress=progress) as opened:
        summary = opened.train(
            dialogues=None if dialogues is None else read_dialogues(dialogues),
            interactions=interactions,
            resolve=ItemNames(opened.catalog).resolve,
            progress=progress,
        )
    for line in summary_lines(summary):
        _plainly(_console(), line)


@app.command(rich_help_panel=_MEASURING)
def teach(
    *,
    data: Annotated[
        Path, typer.Option(envvar="SHOPTALK_DATA", metavar="DIR", help="Folder with sgd/ and redial/ to learn from.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to write the weights to.", callback=_folder_to_write)
    ] = Path("tagger"),
    sgd: Annotated[
        int | None, typer.Option(min=0, help="Examples from Schema-Guided Dialogue; 0 does without it.")
    ] = None,
    redial: Annotated[int | None, typer.Option(min=0, help="Examples from ReDial; 0 does without it.")] = None,
    made: Annotated[int | None, typer.Option(min=0, help="Examples made from invented catalogs.")] = None,
    epochs: Annotated[float | None, typer.Option(min=0.0, help="How often each example is learned from.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is drawn and of the weights at the start.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads to compute with; by default all.")] = None,
) -> None:
    """Train the transformer that helps to understand messages.

    It learns from two public datasets and from examples made of invented
    catalogs; nothing is learned from your shops. Without options it is trained
    as the weights that ship were, which takes hours on two cores.

    Example:  [bold]shoptalk teach --data DIR --out my-tagger[/bold]
    """
    import torch

    from shoptalk.eval.teaching.training import TeachingConfig, gather
    from shoptalk.eval.teaching.training import teach as train_tagger
    from shoptalk.settings import Settings
    from shoptalk.ui.tables import TeachingBar, taught_table

    given = {"sgd": sgd, "redial": redial, "made": made, "epochs": epochs, "seed": seed}
    config = TeachingConfig(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    torch.set_num_threads(threads or Settings().threads)
    told = _console(stderr=True)
    with told.status("Reading and making examples"):
        train, held = gather(data, config)
    with TeachingBar(told) as bar:
        figures = train_tagger(train, held, out, config, bar)
    console = _console()
    _plainly(console, f"Learned from {len(train):,} examples. On {len(held):,} that were held out:")
    console.print(taught_table(figures))
    _plainly(console, f"Written to {out}. To talk with it: SHOPTALK_TAGGER={shlex.quote(str(out))} shoptalk talk")


app.command(name="teach-talks", rich_help_panel=_MEASURING)(teach_talks)


app.command(name="teach-ranker", rich_help_panel=_MEASURING)(teach_ranker)


app.command(rich_help_panel=_MEASURING)(tune)


app.command(rich_help_panel=_MEASURING)(merge)


app.command(name="stand-in", rich_help_panel=_MEASURING)(stand_in)


@app.command(name="eval", rich_help_panel=_MEASURING)
def evaluate(
    logs: Annotated[
        Path,
        typer.Argument(metavar="LOGS", help="Dialogue log, JSON lines or .gz; docs/dialogue-logs.md tells the format."),
    ],
    *,
    shop: Annotated[str, typer.Option(help="The shop to measure.")] = "films",
    out: Out = None,
    depth: Annotated[int, typer.Option(min=50, help="How deep a ranking is looked at.")] = 100,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first dialogues.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap intervals.")] = 0,
) -> None:
    """Replay recorded dialogues: how high stands what was recommended?

    Prints Recall, NDCG and MRR, for all targets and without those named before,
    with 95% intervals, beside simple baselines. Nothing is written to the shop.

    Example:  [bold]shoptalk eval talks.jsonl.gz --shop my-shop --json result.json[/bold]
    """
    from shoptalk.eval.logs import read_dialogues
    from shoptalk.eval.replay import evaluate_log
    from shoptalk.eval.report import evaluation_tables
    from shoptalk.shop import Shop
    from shoptalk.ui.tables import Stages

    next(read_dialogues(logs))  # a wrong path is told before a shop is opened, or even built
    with Stages(_console(stderr=True)) as progress, Shop.open(shop, progress=progress) as opened:
        report = evaluate_log(opened, logs, depth=depth, most=limit, seed=seed, progress=progress)
    write_report(report.model_dump(mode="json"), out, lambda: evaluation_tables(report))


def _opened(shop: str) -> "Shop":
    """Open the shop; the films, on first use, are built, and one sees how far that is."""
    from shoptalk.shop import Shop
    from shoptalk.ui.tables import Stages

    with Stages(_console(stderr=True)) as progress:
        return Shop.open(shop, progress=progress)


def _callable_name(shop: "Shop") -> str:
    """What to type to open this shop again."""
    from shoptalk.settings import Settings

    is_found = shop.folder.parent == Settings().home and shop.folder.name == shop.name
    return shlex.quote(shop.name if is_found else str(shop.folder))


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _plainly(console: "Console", text: str, style: str = "") -> None:
    """Print text that may hold anyone's words: no markup, no control characters, no line broken by us."""
    from rich.text import Text

    from shoptalk.ui.terminal import printable

    console.print(Text(printable(text), style=style), soft_wrap=True)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _tell_error(error: Exception) -> None:
    from pydantic import ValidationError

    console = _console(stderr=True)
    if isinstance(error, ValidationError):
        for one in error.errors():
            _plainly(console, f"SHOPTALK_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}", "bold red")
        return
    hint = error.hint if isinstance(error, ShoptalkError) else ""
    _plainly(console, str(error).removesuffix(hint).strip(), "bold red")
    if hint:
        _plainly(console, hint)


def _interrupted(command: str | None) -> None:
    told = {
        "build": "Stopped. What was done is kept: run the same command again to continue.",
        "update": "Stopped. The shop is as it was; run the same command again.",
        "train": "Stopped. The shop keeps the ranker that it had.",
        "teach": "Stopped. No weights were written.",
        "teach-talks": "Stopped. Run the same command again to go on from where the run was last kept.",
        "tune": "Stopped. Run the same command again to go on from where the run was last kept.",
    }
    _plainly(_console(stderr=True), told.get(command or "", "Stopped."))
