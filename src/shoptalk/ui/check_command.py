"""`shoptalk bench check`: how well the check of a model's sentences tells true ones from false ones."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoptalk.ui.benches import Out, write_report

if TYPE_CHECKING:
    from rich.table import Table

    from shoptalk.eval.claims import CheckReport
    from shoptalk.eval.claims.measuring import Rate

__all__ = ["check", "check_tables"]


def check(
    *,
    misses: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the open half's errors there, JSON lines; '-' prints them."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sentences that are drawn and falsified.")] = 0,
    out: Out = None,
) -> None:
    """Measure the check that every sentence of a model's answer has to pass.

    True and falsified sentences about real answers over three catalogs: how many
    of the false ones are stopped, how many of the true ones are cut, beside a
    check of names and numbers alone. Nothing is downloaded, no model is asked.

    Example:  [bold]shoptalk bench check --misses misses.jsonl[/bold]
    """
    from shoptalk.eval.claims import measure_check

    told: list[dict[str, Any]] = []
    report = measure_check(seed=seed, tell=told.append)
    write_report(report.model_dump(mode="json"), out, lambda: check_tables(report))
    if misses is not None:
        _write_lines(told, misses)


def check_tables(report: "CheckReport") -> list[Any]:
    """A table of the checks on both halves, then what each stops by way and by catalog on the half that was held."""
    from rich.text import Text

    size = f"{report.sentences:,} sentences over {report.catalogs} catalogs and {report.talks} talks: "
    size += f"{report.true:,} true, {report.false:,} false in {report.ways} ways; "
    size += f"seed {report.seed}; intervals: 95%, Wilson"
    return [_whole(report), _by_way(report), _by_catalog(report), Text(size, style="dim")]


def _whole(report: "CheckReport") -> "Table":
    table = _headed("All sentences", "half", "check", "false stopped", "true cut", "a sentence", "an answer")
    for place in range(2):
        for one in report.checks:
            half = one.halves[place]
            times = (f"{one.sentence_microseconds:,.0f} µs", f"{one.answer_microseconds:,.0f} µs")
            table.add_row(half.half, one.name, _share(half.false_stopped), _share(half.true_cut), *times)
        table.add_section()
    return table


def _by_way(report: "CheckReport") -> "Table":
    table = _headed("Stopped, by way (held half)", "way", "sentences", *(one.name for one in report.checks))
    held = [one.halves[-1] for one in report.checks]
    for name, first in held[0].false_by_way.items():
        table.add_row(name, f"{first.of:,}", *(_share(half.false_by_way[name]) for half in held))
    table.add_section()
    for name, first in held[0].true_by_way.items():
        table.add_row(name, f"{first.of:,}", *(_share(half.true_by_way[name]) for half in held))
    return table


def _by_catalog(report: "CheckReport") -> "Table":
    table = _headed("By catalog (held half)", "catalog", "check", "false stopped", "true cut")
    for one in report.checks:
        half = one.halves[-1]
        for name, stopped in half.false_by_catalog.items():
            table.add_row(name, one.name, _share(stopped), _share(half.true_by_catalog[name]))
        table.add_section()
    return table


def _headed(title: str, *headings: str) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    words = ("half", "check", "way", "catalog")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in words else "right")
    return table


def _share(rate: "Rate") -> str:
    """'98.2% (95.1–99.4), 112 of 114'."""
    share = rate.share
    return f"{share.value:.1%} ({100 * share.low:.1f}–{100 * share.high:.1f}), {rate.stopped:,} of {rate.of:,}"


def _write_lines(told: list[dict[str, Any]], path: Path) -> None:
    lines = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in told)
    if path == Path("-"):
        typer.echo(lines, nl=False)
    else:
        path.write_text(lines, encoding="utf-8")
