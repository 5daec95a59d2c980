"""`shoptalk bench attack`: how often planted instructions change what is shown or said, with and without a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoptalk.ui.benches import Out, model_at, quiet_model, write_report

if TYPE_CHECKING:
    from shoptalk.eval.attacks import AttackFigures, AttackReport, Rate

__all__ = ["attack", "attack_tables"]


def attack(
    *,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of public attacks: BIPIA, Giskard, NotInject. Without it: our own."),
    ] = None,
    llm_url: Annotated[
        str | None, typer.Option("--llm-url", metavar="URL", help="A model's server. Without it: the embedded parts.")
    ] = None,
    llm_model: Annotated[
        str | None, typer.Option("--llm-model", metavar="NAME", help="The model's name there; by default its first.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Draw so many attacks of each group.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Talks that are held at once with a model.")] = 8,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0,
    out: Out = None,
) -> None:
    """Measure what instructions planted in item texts and messages change.

    Each attack stands in an item's text, with a neutral text of the same length
    in its place elsewhere, and at the end of a message, which is sent without
    it too. What a model does is told apart from what reaches the person.

    Example:  [bold]shoptalk bench attack --limit 10 --llm-url http://127.0.0.1:8000[/bold]
    """
    from rich.console import Console

    from shoptalk.eval.attacks import AttackPlan, run_attacks
    from shoptalk.ui.tables import Stages

    plan = AttackPlan(data=data, model=model_at(llm_url, llm_model), limit=limit, at_once=at_once, seed=seed)
    with Stages(Console(stderr=True, highlight=False)) as progress, quiet_model():
        report = run_attacks(plan, progress)
    write_report(report.model_dump(mode="json"), out, lambda: attack_tables(report))


def attack_tables(report: "AttackReport") -> list[Any]:
    """A row for each group and place; what the model did before the check, and what the person got."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Planted instructions: {report.model or 'the embedded parts'}", title_justify="left")
    headings = ["in", "attacks", "other order", "other musts", "reached the person"]
    if report.model:
        headings += ["plan differs", "model obeyed", "model wrote"]
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("in", "attacks") else "right")
    for one in report.figures:
        table.add_row(*_cells(one, with_model=report.model is not None))
    note = f"{report.attacks:,} attacks, {report.items:,} items; intervals: 95%, Wilson. 'harmless' asks for nothing: "
    return [table, Text(note + "what it changes, any text changes", style="dim")]


def _cells(one: "AttackFigures", *, with_model: bool) -> list[str]:
    rates = [one.order, one.musts, one.reached, *([one.plan, one.explain, one.written] if with_model else [])]
    return [one.place, one.group, *map(_rate, rates)]


def _rate(rate: "Rate | None") -> str:
    """'2.5% (0.7–8.6), 2 of 80'."""
    if rate is None:
        return ""
    share = rate.share
    return f"{share.value:.1%} ({100 * share.low:.1f}–{100 * share.high:.1f}), {rate.times:,} of {rate.of:,}"
