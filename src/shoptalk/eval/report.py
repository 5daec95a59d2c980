"""Evaluations and measurements as tables for people; the same content goes into JSON as it is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shoptalk.eval.metrics import MEASURES, Interval

if TYPE_CHECKING:
    from shoptalk.eval.bench import BenchReport
    from shoptalk.eval.replay import EvaluationReport
    from shoptalk.eval.scoring import Latency, Scores, Share
    from shoptalk.eval.understand import UnderstandReport
    from shoptalk.eval.understand_mit import EntityReport
    from shoptalk.eval.understand_redial import RedialReport
    from shoptalk.eval.understand_sgd import StateReport, StateScores

__all__ = ["bench_tables", "evaluation_tables", "understanding_tables"]


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


def understanding_tables(report: "UnderstandReport") -> list[RenderableType]:
    """A table for each dataset that was measured, then what was not."""
    tables: list[RenderableType] = [_entities(one) for one in report.mit]
    tables += [_states(report.sgd)] if report.sgd else []
    tables += _stances(report.redial) if report.redial else []
    drawn = f"{report.limit:,} drawn of each split; " if report.limit else ""
    note = f"{report.understanding}; {drawn}seed {report.seed}; intervals: 95% bootstrap over sentences or dialogues"
    if (model := report.model) is not None:
        failures = ", ".join(f"{why} {many:,}" for why, many in model.failures.items()) or "none"
        note += (
            f"; of {model.messages:,} plans {model.valid:,} valid as written, {model.mended:,} mended, without one: "
            f"{failures}; {model.tokens_in:,} tokens in, {model.tokens_out:,} out"
        )
    return [*tables, Text(note, style="dim"), *(Text(f"Not measured: {one}", style="yellow") for one in report.skipped)]


def _entities(report: "EntityReport") -> Table:
    title = (
        f"MIT {report.domain}, {report.split}: {report.sentences:,} sentences; "
        f"{report.catalog_values:,} values in {report.catalog_items:,} items; {_milliseconds(report.latency)}"
    )
    table = _headed(title, "entities", "true", "precision", "recall", "F1", "F1 overlap")
    rows = [("all", report.strict, report.lenient)]
    rows += [(tag, scores, report.lenient_by_type[tag]) for tag, scores in report.by_type.items()]
    for tag, strict, lenient in rows:
        f1 = _interval(strict.f1) if tag == "all" else _share(strict.f1.value)
        figures = (_share(strict.precision), _share(strict.recall), f1, _share(lenient.f1.value))
        table.add_row(tag, f"{strict.true:,}", *figures)
        if tag == "all":
            texts = report.strict_with_text
            table.add_row("with free text", "", *map(_share, (texts.precision, texts.recall, texts.f1.value)), "")
            for name, recall in (("known to the catalog", report.recall_known), ("new words", report.recall_new)):
                table.add_row(name, f"{recall.of:,}", "", _share(recall.share.value), "", "")
            table.add_section()
    return table


def _states(report: "StateReport") -> Table:
    title = (
        f"Schema-Guided Dialogue, {report.split}: {report.dialogues:,} dialogues; "
        f"* not in train's schema; {_milliseconds(report.latency)}"
    )
    headings = ("joint goal", "held slots", "in reach", "precision", "recall", "F1", "new F1")
    table = _headed(title, "service", "turns", *headings)
    groups = [("all", report.all), ("in train's schema", report.seen), ("others *", report.unseen)]
    for name, scores in groups:
        if scores is not None:
            table.add_row(name, *_state_cells(scores, _interval))
    table.add_section()
    for one in report.services:
        name = one.service + ("" if one.is_seen else " *")
        table.add_row(name, *_state_cells(one.scores, lambda interval: _share(interval.value if interval else 0.0)))
    return table


def _state_cells(scores: "StateScores", shown: Callable[[Interval | None], str]) -> list[str]:
    slots = scores.slots
    return [
        f"{scores.turns:,}",
        shown(scores.joint.share),
        _share(scores.joint_held.share.value),
        _share(scores.in_reach.share.value),
        _share(slots.precision),
        _share(slots.recall),
        shown(slots.f1),
        _share(scores.new_slots.f1.value),
    ]


def _stances(report: "RedialReport") -> list[RenderableType]:
    films = next(iter(report.stance.values())).films
    title = (
        f"ReDial, {report.split}: {report.conversations:,} conversations, {films:,} films answered for, "
        f"{report.items:,} in the catalog; {_milliseconds(report.latency)}"
    )
    stance = _headed(title, "stance", *report.stance)
    scores = list(report.stance.values())
    stance.add_row("macro F1", *(_interval(one.macro_f1) for one in scores))
    stance.add_row("… of always yes", *(_share(one.always_yes) for one in scores), end_section=True)
    for question in scores[0].by_question:
        stance.add_row(question, *(_three(one.by_question[question]) for one in scores))
    stance.add_section()
    stance.add_row("3-way macro F1", *(_interval(one.liked_macro_f1) for one in scores))
    for answer in scores[0].by_liked:
        stance.add_row(answer, *(_three(one.by_liked[answer]) for one in scores))
    links = _headed("titles recognised", "", *report.linking)
    rows = {"the very film": "exact", "a film of that title": "same_title", "spelt right": "clean",
            "one letter changed": "misspelt"}  # fmt: skip
    for name, field in rows.items():
        shares: list[Share] = [getattr(one, field) for one in report.linking.values()]
        links.add_row(name, *(f"{_interval(one.share)}\nof {one.of:,}" for one in shares))
    return [stance, links]


def _three(scores: "Scores") -> str:
    """F1, and where it comes from."""
    return f"{_share(scores.f1.value)}  (P {_share(scores.precision)}, R {_share(scores.recall)}, {scores.true:,})"


def _milliseconds(latency: "Latency") -> str:
    return f"{latency.p50:.1f} ms a message, 95% within {latency.p95:.1f}"


def _headed(title: str, first: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


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
