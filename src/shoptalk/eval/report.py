"""Evaluations and measurements as tables for people; the same content goes into JSON as it is."""

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shoptalk.eval.metrics import MEASURES, Interval

if TYPE_CHECKING:
    from shoptalk.eval.bench import BenchReport
    from shoptalk.eval.replay import EvaluationReport

__all__ = ["bench_tables", "evaluation_tables"]


def evaluation_tables(report: "EvaluationReport") -> list[RenderableType]:
    """The counts, then a table for *full* and one for *dedup*."""
    full = _variant("full: every target", report.targets_full, [(one.name, one.full) for one in report.systems])
    dedup = _variant("dedup: not named before", report.targets_dedup, [(one.name, one.dedup) for one in report.systems])
    return [_counts(report), full, dedup, _latency(report)]


def bench_tables(report: "BenchReport") -> list[RenderableType]:
    """Each figure with its unit, its target and whether that is met; then the index beside exact search."""
    table = Table(title=f"{report.shop}: {report.items:,} items, {report.machine}", title_justify="left")
    for heading in ("", "figure", "value", "unit", "target", ""):
        table.add_column(heading, justify="right" if heading in ("value", "target") else "left")
    section = ""
    for figure in report.figures:
        if section and figure.section != section:
            table.add_section()
        shown = figure.section if figure.section != section else ""
        section = figure.section
        target = "" if figure.target is None else f"{figure.target:,g}"
        verdict = "" if figure.meets is None else ("meets" if figure.meets else "misses")
        cells = (shown, figure.name, _number(figure.value), figure.unit, target)
        table.add_row(*map(Text, cells), Text(verdict, style="green" if figure.meets else "red"))
    return [table, _search(report), *(Text(note, style="dim") for note in report.notes)]


def _search(report: "BenchReport") -> Table:
    table = Table(title="search, milliseconds", title_justify="left")
    for heading in ("items that pass", "k", "p50", "p95", "exact p50", "p50 / exact", "recall@k"):
        table.add_column(heading, justify="right")
    for case in report.search:
        times = (_number(value) for value in (case.p50, case.p95, case.exact_p50))
        table.add_row(f"{case.share:.0%}", str(case.k), *times, f"{case.of_exact:.2f}", f"{case.recall:.3f}")
    return table


def _counts(report: "EvaluationReport") -> Text:
    asked = report.targets_full + report.targets_unknown
    lines = [
        f"{report.dialogues:,} dialogues, {report.questions:,} recommending turns, {report.targets_full:,} targets "
        f"among {report.items:,} items; intervals: 95% bootstrap over dialogues",
    ]
    if report.targets_unknown:
        examples = ", ".join(report.unknown_examples[:4])
        share = report.targets_unknown / asked
        lines.append(
            f"{report.targets_unknown:,} more targets ({share:.1%}) are not in the shop, so in no figure: {examples}"
        )
    return Text("\n".join(lines))


def _variant(title: str, targets: int, systems: list[tuple[str, dict[str, Interval]]]) -> Table:
    table = Table(title=f"{title} ({targets:,} targets)", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for measure in MEASURES:
        table.add_column(measure, justify="right", no_wrap=True)
    for name, scores in systems:
        table.add_row(name, *(_interval(scores.get(measure)) for measure in MEASURES))
    return table


def _latency(report: "EvaluationReport") -> Text:
    times = (f"{one.name} {one.milliseconds['p50']:.1f} / {one.milliseconds['p95']:.1f}" for one in report.systems)
    return Text("ms a question, p50 / p95: " + "; ".join(times), style="dim")


def _interval(scores: Interval | None) -> str:
    if scores is None:
        return "-"
    return f"{_share(scores.value)}\n{_share(scores.low)}–{_share(scores.high)}"


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.00"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
