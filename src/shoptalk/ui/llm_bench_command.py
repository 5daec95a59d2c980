"""`shoptalk bench llm`: how fast and how good a shop's talks are with a language model, at one and at many at once."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoptalk.ui.benches import Out, quiet_model, settings_with, write_report

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from shoptalk.agent.watch import Door
    from shoptalk.eval.llm_levels import Level, LlmReport, Spread

__all__ = ["llm", "llm_tables"]

Shown = Callable[["Level"], str]

_DOORS = {"both": "both doors", "plan": "the door of plans", "explain": "the door of texts"}


def _levels(text: str) -> str:
    """Refuse what is no list of numbers of talks."""
    numbers = text.split(",")
    if not all(one.strip().isdecimal() and 1 <= int(one) <= 1000 for one in numbers):
        raise typer.BadParameter(f"'{text}' is no list of numbers from 1 to 1000, such as 1,8,32.")
    return text


def _door(text: str | None) -> str | None:
    if text is not None and text not in _DOORS:
        raise typer.BadParameter(f"'{text}' is none of {', '.join(_DOORS)}.")
    return text


def llm(
    *,
    url: Annotated[
        str | None, typer.Option(help="The server's address; by default what SHOPTALK_LLM_URL says.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model's name there; by default the first that it serves.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The key that the server wants; better given by SHOPTALK_LLM_KEY.")
    ] = None,
    shop: Annotated[str, typer.Option(metavar="SHOP", help="A built shop; it is copied, not changed.")] = "films",
    talks: Annotated[str, typer.Option(help="How many talks at once, for each level.", callback=_levels)] = "1,8,32",
    turns: Annotated[int, typer.Option(min=1, help="Turns of each level, at least; a talk has six.")] = 48,
    doors: Annotated[
        str | None, typer.Option(metavar="both|plan|explain", help="What the model does.", callback=_door)
    ] = None,
    first_word: Annotated[
        float | None, typer.Option(help="Seconds until the first word has to be there.", min=0.1)
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Seconds until a turn has to be whole.", min=0.1)] = None,
    embedded: Annotated[bool, typer.Option("--embedded", help="Measure the same talks without a model, too.")] = False,
    hardware: Annotated[str, typer.Option(help="What the server runs on, in words, for the report.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of what is said.")] = 0,
    out: Out = None,
) -> None:
    """Measure a shop's talks with a language model behind it.

    Talks of six turns over a copy of the shop, one at a time and many at once:
    turns a minute, times, the model's share and ours, tokens, what the server's
    cache had, sentences that were cut, and calls that failed. Ctrl-C ends it
    with what was measured so far.

    Example:  [bold]shoptalk bench llm --url http://localhost:8000 --talks 1,8[/bold]
    """
    from rich.console import Console

    from shoptalk.eval.llm_bench import LlmPlan, run_llm_bench
    from shoptalk.ui.tables import Stages

    given = {
        "llm_url": url, "llm_model": model, "llm_key": key, "llm_doors": doors, "llm_first_word": first_word,
        "llm_seconds": seconds,
    }  # fmt: skip
    levels = tuple(dict.fromkeys(int(one) for one in talks.split(",")))
    plan = LlmPlan(settings_with(**given), shop, levels, turns, embedded, hardware, seed)
    with Stages(Console(stderr=True, highlight=False)) as progress, quiet_model():
        report = run_llm_bench(plan, progress)
    write_report(report.model_dump(mode="json"), out, lambda: llm_tables(report))
    if report.interrupted:
        raise typer.Exit(130)


def llm_tables(report: "LlmReport") -> list[Any]:
    """What was measured on what; the figures, a column a level; why the embedded parts stood in; how to read it."""
    from rich.text import Text

    head = [
        f"{report.model} on {report.server}, {report.context:,} tokens" + _after(", ", report.hardware),
        f"asked by {report.machine}; shop {report.shop}, {report.items:,} items",
        f"model at {_DOORS[report.doors]}; first word within {report.first_word:g} s, whole within {report.whole:g} s; "
        f"{report.talk_turns} turns a talk, seed {report.seed}",
    ]
    if report.interrupted:
        head.append("Stopped before its end: these are the turns until then.")
    why = [_plain(line) for line in _reasons(report)]
    return [_plain("\n".join(head)), _figures(report), *why, *(Text(note, style="dim") for note in report.notes)]


def _figures(report: "LlmReport") -> "Table":
    """A row a figure; of times p50 / p95."""
    from rich.table import Table

    table = Table(title="Times: p50 / p95", title_justify="left")
    table.add_column("talks at once")
    for name in [str(level.at_once) for level in report.levels] + [
        f"{one.at_once}, no model" for one in report.embedded
    ]:
        table.add_column(name, justify="right")
    for section in (_TIMES, _WORK, _CACHE, _QUALITY):
        for name, shown in section.items():
            table.add_row(name, *(shown(level) for level in (*report.levels, *report.embedded)))
        table.add_section()
    return table


def _reasons(report: "LlmReport") -> Iterator[str]:
    for level in report.levels:
        for door in level.doors:
            for reason, count in door.reasons.items():
                example = door.examples[reason]
                yield f"{level.at_once} at once, {door.door}: {reason}, {count:,} of {door.wanted:,}" + _after(
                    "; ", example
                )


def _seconds(spread: "Spread | None") -> str:
    return f"{spread.p50:.2f} / {spread.p95:.2f}" if spread else "-"


def _milliseconds(spread: "Spread | None") -> str:
    return f"{spread.p50:.1f} / {spread.p95:.1f}" if spread else "-"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None, form: str = ",.2f") -> str:
    return "-" if value is None else format(value, form)


def _ours(level: "Level") -> str:
    verdict = {None: "", True: " meets", False: " misses"}[level.meets]
    return _milliseconds(level.ours) + verdict


def _told(counted: float | None, usage: float | None) -> str:
    """By the server's counters; else, marked so, by what its answers tell."""
    return _share(counted) if counted is not None or usage is None else f"{_share(usage)} *"


def _served(door: "Door") -> Shown:
    """The model's share of the turns that wanted it at a door."""
    return lambda level: _share(next((one.served_rate for one in level.doors if one.door == door), None))


def _fell_back(door: "Door") -> Shown:
    return lambda level: _share(next((one.fallback_rate for one in level.doors if one.door == door), None))


_TIMES: dict[str, Shown] = {
    "turns": lambda level: f"{level.turns:,}",
    "turns a minute": lambda level: f"{level.turns_a_minute:,.1f}",
    "first word, s": lambda level: _seconds(level.first_word),
    "whole turn, s": lambda level: _seconds(level.whole),
    "of it the model's, s": lambda level: _seconds(level.model),
    "of it ours, ms (one talk: ≤ 50)": _ours,
    "CPU of the turn's thread, ms": lambda level: _milliseconds(level.ours_cpu),
    "CPU of the process, ms a turn": lambda level: _number(level.process_cpu, ",.0f"),
}
_WORK: dict[str, Shown] = {
    "calls a turn": lambda level: _number(level.calls / level.turns),
    "a call, s": lambda level: _number(level.call_seconds),
    "a call at the server, s": lambda level: _number(level.server_seconds),
    "tokens in a turn": lambda level: f"{level.tokens_in:,.0f}",
    "tokens out a turn": lambda level: f"{level.tokens_out:,.0f}",
    "tokens out a second": lambda level: f"{level.tokens_a_second:,.0f}",
}
_CACHE: dict[str, Shown] = {
    "prefix cache: hits": lambda level: _share(level.cached.all),
    "… in first turns": lambda level: _told(level.cached.first_turn, level.cached.told_first_turn),
    "… from the second on": lambda level: _told(level.cached.later_turns, level.cached.told_later_turns),
}
_QUALITY: dict[str, Shown] = {
    "plans that are valid": _served("plan"),
    "fallback at the plan": _fell_back("plan"),
    "texts by the model": _served("explain"),
    "fallback at the text": _fell_back("explain"),
    "sentences cut": lambda level: _share(level.cut_rate),
    "… of so many": lambda level: f"{level.sentences:,}",
}


def _plain(text: str) -> "Text":
    """Text that may hold a server's own words."""
    from rich.text import Text

    from shoptalk.ui.terminal import printable

    return Text("\n".join(printable(line) for line in text.splitlines()))


def _after(mark: str, text: str) -> str:
    return f"{mark}{text}" if text else ""
