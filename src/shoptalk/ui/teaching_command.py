"""`shoptalk teach-talks`: train the transformer that says which items go with a talk."""

import json
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shoptalk.eval.datasets.collections import DialogueSet
    from shoptalk.eval.logs import Dialogue

__all__ = ["teach_talks"]

_ONLY = "Learn only from talks whose order was restored by a program, or from all."


def teach_talks(
    *,
    data: Annotated[
        Path, typer.Option(envvar="SHOPTALK_DATA", metavar="DIR", help="Folder with redial/ to learn from.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the weights to.")] = Path("talk-encoder"),
    only_restored: Annotated[bool, typer.Option("--only-restored/--all", help=_ONLY)] = True,
    held_out: Annotated[int, typer.Option(min=1, help="Talks that figures are told of: exact ones, of train.")] = 300,
    epochs: Annotated[float | None, typer.Option(min=0.01, help="How often each choice is learned from.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is drawn and of the weights at the start.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads to compute with; by default all.")] = None,
) -> None:
    """Train the transformer that ranks by what was said.

    It learns from the talks of ReDial's train split that do not stand in
    valid too. By default these are the ones whose order a program restored,
    as for the weights that ship: the ranker learns from the others what the
    transformer is worth on talks that it has not seen. A run that was stopped
    goes on when the same command is given again. It takes about an hour on
    two cores, and minutes with a GPU.

    Example:  [bold]shoptalk teach-talks --data DIR --out my-encoder[/bold]
    """
    import torch
    from rich.console import Console

    from shoptalk.eval.datasets.collections import collection
    from shoptalk.eval.teaching.training import Progress as Shown
    from shoptalk.ranking.talking.training import Progress, TalkingConfig
    from shoptalk.ranking.talking.training import teach_talks as train_talks
    from shoptalk.settings import Settings
    from shoptalk.ui.tables import TeachingBar, taught_table

    settings, console = Settings(), Console(stderr=True, highlight=False)
    given = {"epochs": epochs, "seed": seed}
    config = TalkingConfig(**{name: value for name, value in given.items() if value is not None})
    torch.set_num_threads(threads or settings.threads)
    with console.status("Reading talks, and encoding items"):
        source = collection("redial", "crs")
        told: Any = source.read(source.within(data), "valid")
        learned, held = parted(told, only_restored=only_restored, held_out=held_out)
        items = _Items(told, settings)
    with TeachingBar(console) as bar:

        def report(now: Progress) -> None:
            bar(Shown(now.step, now.steps, now.loss, now.seconds))

        train_talks(
            items.sessions(learned),
            items.vectors,
            items.texts,
            out,
            encoder=items.encoder,
            config=config,
            card={"data": "ReDial, train without valid", "talks": len(learned), "only restored": only_restored},
            report=report,
        )
    figures = items.measured(out, held)
    typer.echo(f"Learned from {len(learned):,} talks. On {len(held):,} that were held out:")
    Console(highlight=False).print(taught_table(figures))
    typer.echo(f"Written to {out}. To rank with it: SHOPTALK_TALK_ENCODER={shlex.quote(str(out))} shoptalk talk")


def parted(told: "DialogueSet", *, only_restored: bool, held_out: int) -> tuple[list["Dialogue"], list["Dialogue"]]:
    """The talks to learn from, and the last exact ones of train, of which figures are told; none is in both."""
    exact = [one for one in told.train if one.id in told.exact]
    held = exact[-held_out:]
    left_out = {one.id for one in (exact if only_restored else held)}
    return [one for one in told.train if one.id not in left_out], held


class _Items:
    """A data set's items as a shop has them: rows, vectors and short texts."""

    def __init__(self, told: "DialogueSet", settings: Any) -> None:
        from shoptalk.ranking.talking.pieces import short_text
        from shoptalk.retrieval.catalog import Catalog
        from shoptalk.retrieval.detecting import detect
        from shoptalk.retrieval.encoder import load_encoder
        from shoptalk.retrieval.itemizing import to_items
        from shoptalk.retrieval.reading import read_records

        with TemporaryDirectory() as place:
            file = Path(place) / "items.jsonl"
            file.write_text("".join(f"{json.dumps(item)}\n" for item in told.items), encoding="utf-8")
            records = list(read_records(file))
        schema = detect(records, told.overrides)
        self._catalog = Catalog.from_items(to_items(records, schema), schema)
        encoder, rows = load_encoder(settings), range(len(self._catalog))
        self.encoder = encoder.name
        self.texts = [short_text(self._catalog, row) for row in rows]
        self.vectors = encoder.encode([self._catalog.document(row) for row in rows])

    def sessions(self, talks: list["Dialogue"]) -> Any:
        """The talks as the transformer learns from them."""
        from shoptalk.shop.recordings import sessions_of_dialogues

        return sessions_of_dialogues(talks, self._catalog)

    def measured(self, folder: Path, talks: list["Dialogue"]) -> dict[str, float]:
        """Figures of the weights in a folder on these talks."""
        from shoptalk.ranking.talking.measuring import measure_talks
        from shoptalk.ranking.talking.serving import TalkTransformer

        figures = measure_talks(TalkTransformer(folder), self.sessions(talks), self.vectors, self.texts)
        return figures.as_told()
