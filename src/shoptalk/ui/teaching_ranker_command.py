"""`shoptalk teach-ranker`: makes the ranker anew that ships for shops without data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from shoptalk.ranking.lambdarank import LambdaRanker

__all__ = ["teach_ranker"]


def teach_ranker(
    *,
    data: Annotated[
        Path, typer.Option(envvar="SHOPTALK_DATA", metavar="DIR", help="Folder with redial/ and sgd/ to learn from.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the ranker to.")] = Path("ranker"),
    work: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that keeps the catalogs' vectors for the next time.")
    ] = None,
    dialogues: Annotated[
        int | None, typer.Option(min=0, help="Choices in ReDial's dialogues, asked with what was said.")
    ] = None,
    understood: Annotated[
        int | None, typer.Option(min=0, help="Choices asked as the person's own talk, understood.")
    ] = None,
    made: Annotated[int | None, typer.Option(min=0, help="Queries made of each catalog of films.")] = None,
    made_of_service: Annotated[
        int | None, typer.Option(min=0, help="Queries made of each catalog of a service; 0 does without them.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is drawn.")] = None,
) -> None:
    """Train the ranker that shops without data begin with.

    It learns from ReDial's dialogues and from queries made of several
    catalogs; nothing is learned from your shops. When features of the ranker
    change it is to be made anew: without options, as the one that ships.

    Example:  [bold]shoptalk teach-ranker --data DIR --out my-ranker[/bold]
    """
    from rich.console import Console

    from shoptalk.eval.teaching.ranker import RankerTeaching, gather_lists
    from shoptalk.eval.teaching.ranker import teach_ranker as teach
    from shoptalk.retrieval.encoder import load_encoder
    from shoptalk.settings import Settings
    from shoptalk.shop.parts import from_stage
    from shoptalk.ui.tables import Stages

    given = {"dialogues": dialogues, "understood": understood, "made": made, "made_of_service": made_of_service}
    chosen = {name: value for name, value in {**given, "seed": seed}.items() if value is not None}
    settings, config = Settings(), RankerTeaching.model_validate(chosen)
    place = work or settings.cache / "teaching-ranker"
    with Stages(Console(stderr=True, highlight=False)) as progress:
        encoder = load_encoder(settings)
        parts = gather_lists(data, place, config, settings=settings, encoder=encoder, progress=progress)
        ranker = teach(parts, out, progress=from_stage(progress, "train"))
    console = Console(highlight=False)
    console.print(_table(ranker))
    typer.echo(f"{ranker.summary.trees} trees, written to {out}.")


def _table(ranker: "LambdaRanker") -> "Table":
    from rich.table import Table

    table = Table("Order", "NDCG@10", title=f"{ranker.summary.held_out:,} lists held out, half of them to stop by")
    for name, worth in ranker.summary.ndcg.items():
        table.add_row(name, f"{worth:.3f}")
    return table
