"""The report of a benchmark of ranking as tables for people; the same content goes into JSON as it is."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shoptalk.eval.standings import Board, Kind, Published, RankingReport, Standing

if TYPE_CHECKING:
    from shoptalk.eval.metrics import Interval

__all__ = ["ranking_tables"]

_STYLES = {Kind.SHOP: "bold", Kind.MODEL: "cyan"}
_OVER_A_MINUTE = 90


def ranking_tables(report: RankingReport) -> list[RenderableType]:
    """What was asked, a table for each board, what each part brings, then what it took.

    Boards of a part of the rows show the shop and the baselines; JSON has all.
    """
    return [
        Text(_asked(report)),
        *(_board(board, [one for one in report.published if one.board == board.name]) for board in report.boards),
        *(_brought(board) for board in report.ablation if not board.is_part),
        *(Text(line, style="dim") for line in (*_legend(report), *report.notes, *_costs(report))),
    ]


def _asked(report: RankingReport) -> str:
    drawn = f"only {report.asked:,} of {report.there:,} questions, drawn by lot" if report.asked < report.there else ""
    learned = ", ".join(f"{count:,} {what}" for what, count in report.trained_on.items())
    return (
        f"{report.dataset}, {report.split}: {drawn or f'{report.asked:,} questions'} over {report.items:,} items; "
        f"{f'learned from {learned}' if learned else 'nothing to learn from'}"
    )


def _board(board: Board, published: Sequence[Published]) -> Group:
    owners = "" if board.rows == board.owners else f" of {board.owners:,} {board.owner}"
    title = Text(f"\n{board.name}: {board.about} ({board.rows:,} rows{owners})", style="italic")
    table = _headed(board.measures)
    for kind in (Kind.SHOP, Kind.BASELINE, *(() if board.is_part else (Kind.MODEL,))):
        for one in board.standings:
            if one.kind is kind:
                _row(table, one.system, [_figure(one.figures[name]) for name in board.measures], _STYLES.get(kind, ""))
        if kind is Kind.BASELINE and board.strongest is not None:
            _add_lead(table, board, board.strongest)
        table.add_section()
    for told in published:
        cells = [_short(told.figures[name]) if name in told.figures else "" for name in board.measures]
        _row(table, f"{told.system} *", cells, "dim")
    sources = dict.fromkeys(f"{one.source}, on {one.split}" for one in published)
    told_by = [Text(f"* not measured here: {'; '.join(sources)}", style="dim")] if published else []
    return Group(title, table, *told_by)


def _add_lead(table: Table, board: Board, rival: Standing) -> None:
    shop = board.standings[0]
    cells = [_difference(rival.lead[name]) for name in board.measures]
    _row(
        table, f"{shop.system} − {rival.system}", cells, "green" if _is_ahead(rival.lead[board.headline]) else "yellow"
    )


def _brought(board: Board) -> Group:
    table = _headed(board.measures)
    for one in board.standings:
        if one.kind is Kind.WITHOUT:
            cells = [_difference(one.lead[name]) for name in board.measures]
            _row(table, one.system.removeprefix("without "), cells, "")
    title = Text(f"\nwhat each part brings, {board.name}: shoptalk less shoptalk without it", style="italic")
    return Group(title, table)


def _legend(report: RankingReport) -> list[str]:
    owner = report.boards[0].owner if report.boards else "questions"
    headline = report.boards[0].headline if report.boards else ""
    lines = [
        f"±: half of the 95% bootstrap interval over {owner} ({report.resamples:,} resamples, seed {report.seed}); "
        f"differences are paired, to the baseline with the best {headline}. JSON has both ends of each."
    ]
    if any(one.kind is Kind.MODEL for board in report.boards for one in board.standings):
        lines.append("Below the baselines: what the shop learned, each model alone over all items.")
    if report.ablation:
        lines.append("Parts left out are left out of finding and ranking; the ranker is not trained anew.")
    return lines


def _costs(report: RankingReport) -> list[str]:
    times = "; ".join(f"{one.system} {one.p50:.1f} / {one.p95:.1f}" for one in report.latency)
    stages = ", ".join(f"{one.name} {_spent(one.seconds)}" for one in report.stages)
    return [
        f"ms to find up to {report.candidates:,} candidates and rank them, p50 / p95: {times}",
        f"The shop was made at {report.made}: {stages or 'no stage'}; at most {report.peak_memory:,.0f} MB held.",
        f"It lies in {report.shop} and is used again for the same data; --fresh makes it anew.",
        f"shoptalk {report.shoptalk}, {report.machine}",
    ]


def _headed(measures: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for measure in measures:
        table.add_column(measure, justify="right")
    return table


def _row(table: Table, name: str, cells: Sequence[str], style: str) -> None:
    table.add_row(Text(name), *map(Text, cells), style=style)


def _figure(interval: "Interval") -> str:
    return _with_half(interval, _short)


def _difference(interval: "Interval") -> str:
    return _with_half(interval, lambda value: ("−" if value < 0 else "+") + _short(abs(value)))


def _with_half(interval: "Interval", shown: Callable[[float], str]) -> str:
    return f"{shown(interval.value)} ±{_short((interval.high - interval.low) / 2)}"


def _is_ahead(interval: "Interval") -> bool:
    return interval.low > 0


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _spent(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _OVER_A_MINUTE else f"{seconds / 60:.0f} min"
