"""What the command line shows of a shop: progress of a build, the facets with examples, sizes and what is stale."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from shoptalk.agent.phrasing import number_in_words
from shoptalk.retrieval.catalog import AnyColumn, Catalog, CategoryColumn, DateColumn, FlagColumn, NumberColumn
from shoptalk.retrieval.columns import iso_day
from shoptalk.retrieval.schema import Column, Role
from shoptalk.ui.model_note import totals
from shoptalk.ui.terminal import printable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from shoptalk.eval.teaching.training import Progress as TeachingProgress
    from shoptalk.shop import Shop

__all__ = [
    "Stages",
    "TeachingBar",
    "counted",
    "facet_rows",
    "facet_table",
    "fact_lines",
    "shop_facts",
    "summary_lines",
    "taught_table",
]

_EXAMPLES = 3
_STAGES = {
    "read": "Reading",
    "encode": "Encoding",
    "index": "Indexing",
    "fit": "Fitting models",
    "find": "Finding what was chosen",
    "fit all": "Fitting models on all",
    "train": "Training the ranker",
}


class Stages:
    """Shows how far a long task is: bars on a terminal, elsewhere a line when a stage begins. Is a `Progress`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._begun: dict[str, float] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bars = Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=self._console)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Tell that `done` of `total` steps of the stage are done."""
        name = printable(_STAGES.get(stage, stage[:1].upper() + stage[1:]))
        if self._bars is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(name, total=total)
            self._bars.update(self._tasks[stage], completed=done, total=total)
        elif stage not in self._begun:
            self._begun[stage] = time.monotonic()
            self._console.print(Text(f"{name} …" if total is None else f"{name}: {total:,} …"))


class TeachingBar:
    """Shows how far a training run is: step, loss and time left; off a terminal a line at every tenth of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._told = -1

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
            times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(elapsed_when_finished=False))
            self._bars = Progress(*columns, TextColumn("loss {task.fields[loss]:.3f}"), *times, console=self._console)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, now: "TeachingProgress") -> None:
        """Show where the run stands."""
        if self._bars is not None:
            if not self._bars.tasks:
                self._bars.add_task("Training", total=now.steps, loss=now.loss)
            self._bars.update(self._bars.task_ids[0], completed=now.step, loss=now.loss)
        elif (tenth := 10 * now.step // now.steps) > self._told:
            self._told = tenth
            left = round(now.seconds / now.step * (now.steps - now.step))
            self._console.print(Text(f"Step {now.step:,} of {now.steps:,}: loss {now.loss:.3f}, {left:,} s left"))


def taught_table(figures: Mapping[str, float]) -> Table:
    """What a training run came to, on examples that were held out of it."""
    table = Table()
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:.3f}")
    return table


def facet_table(catalog: Catalog) -> Table:
    """What each column was taken for, with examples from the catalog."""
    table = Table(title=counted(len(catalog), "item"), title_justify="left")
    for heading, ratio in (("column", 3), ("taken for", 3), ("called", 2), ("known", 1), ("examples", 6)):
        table.add_column(heading, ratio=ratio, overflow="fold", justify="right" if heading == "known" else "left")
    for row in facet_rows(catalog):
        known = "" if row["known"] is None else f"{row['known']:.0%}"
        cells = (row["column"], row["taken_for"], row["label"], known, row["examples"])
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def facet_rows(catalog: Catalog) -> list[dict[str, Any]]:
    """For each column used: `column`, `taken_for`, `label`, `known` (share of items that have it), `examples`."""
    return [
        {
            "column": column.name,
            "taken_for": _taken_for(column),
            "label": column.label if column.role is Role.FACET else "",
            "known": _known_share(catalog, column),
            "examples": _examples(catalog, column),
        }
        for column in catalog.schema.columns
        if column.role is not Role.IGNORED
    ] + _ignored(catalog)


def shop_facts(shop: "Shop", *, verify: bool = False) -> dict[str, Any]:
    """What stands in a shop's folder: counts, sizes on disk, talks, and what is stale."""
    if verify:
        shop.verify()
    sizes = Counter[str]()
    for path in shop.folder.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(shop.folder).parts[0]] += path.stat().st_size
    largest = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in sizes.most_common(4))
    manifest, counts = shop.manifest, shop.log.counts()
    facts = {
        "name": shop.name,
        "folder": str(shop.folder),
        "items": len(shop.catalog),
        "left out": manifest.left_out,
        "source": manifest.source.path if manifest.source else None,
        "changed": manifest.changed,
        "encoder": manifest.encoder,
        "on disk": f"{sizes.total() / 1e6:,.1f} MB ({largest})",
        "talks": f"{counts.talks:,} with {counts.turns:,} turns, {counts.feedback:,} pieces of feedback",
        "model": totals(shop.log.model_uses()),
        "stale": list(shop.stale),
        "facets": facet_rows(shop.catalog),
    }
    return facts | ({"verified": True} if verify else {})


def fact_lines(facts: dict[str, Any]) -> list[str]:
    """`shop_facts` but for the facets, a line a fact; what is empty is left out."""
    lines = []
    for label, value in facts.items():
        if label != "facets" and value not in (None, 0, []):
            told = "; ".join(value) if isinstance(value, list) else "yes" if value is True else value
            lines.append(f"{label:>9}  {told}")
    return lines


def summary_lines(summary: "BaseModel") -> list[str]:
    """A training's summary, a line a fact."""
    facts = summary.model_dump().items()
    return [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in facts if value not in ("", None, {})]


def counted(number: int, noun: str) -> str:
    """'1 item', '1,336 items'."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _taken_for(column: Column) -> str:
    if column.role is not Role.FACET:
        return str(column.role)
    extra = [str(column.meaning) if column.meaning else "", column.unit or ""]
    extra.append(f"× {column.scale:g}" if column.scale != 1 else "")
    return " ".join([str(column.kind), *(f"· {one}" for one in extra if one)])


def _examples(catalog: Catalog, column: Column) -> str:
    if column.role is Role.FACET:
        return _facet_examples(column, catalog.column(column.name))
    plain = {Role.ID: catalog.ids, Role.TITLE: catalog.titles, Role.TEXT: (), Role.PICTURE: catalog.pictures}
    held = plain.get(column.role, catalog.links)
    return " | ".join(_short(value) for value in held[:2] if value)


def _facet_examples(facet: Column, column: AnyColumn) -> str:
    match column:
        case CategoryColumn():
            listed = zip(column.values[:_EXAMPLES], column.counts.tolist(), strict=False)
            return ", ".join(f"{_short(value)} ({count:,})" for value, count in listed) + f" of {len(column.values):,}"
        case FlagColumn():
            return f"yes {np.mean(column.values == 1):.0%}, no {np.mean(column.values == 0):.0%}"
        case NumberColumn():
            return _range(column.values, partial(number_in_words, facet))
        case DateColumn():
            return _range(column.days, iso_day)


def _range(values: NDArray[np.float64], shown: Callable[[float], str]) -> str:
    known = values[~np.isnan(values)]
    if not len(known):
        return "no values"
    low, middle, high = (shown(float(number)) for number in np.quantile(known, [0, 0.5, 1], method="nearest"))
    return f"{low} to {high}, half up to {middle}"


def _short(text: str, most: int = 32) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _ignored(catalog: Catalog) -> list[dict[str, Any]]:
    names = [column.name for column in catalog.schema.of_role(Role.IGNORED)]
    if not names:
        return []
    told = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return [{"column": told, "taken_for": "ignored", "label": "", "known": None, "examples": ""}]


def _known_share(catalog: Catalog, column: Column) -> float | None:
    if column.role is not Role.FACET or not len(catalog):
        return None
    return float(np.mean(catalog.column(column.name).known))
