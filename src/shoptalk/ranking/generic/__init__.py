"""The ranker that ships: for a shop that has nothing to learn from, taught on features that mean the same everywhere.

What it was taught from, and its licence, stand in `weights/README.md`; `shoptalk teach-ranker` makes it anew.
"""

from importlib.resources import as_file, files
from pathlib import Path

from shoptalk.ranking.lambdarank import LambdaRanker

__all__ = ["load_generic"]


def load_generic(folder: Path | None = None) -> LambdaRanker:
    """The ranker that ships, or another one that was taught into a folder.

    Raises ShopVersionError where the features have changed since it was taught, ShopDamagedError if it is not there.
    """
    if folder is not None:
        return LambdaRanker.load(folder)
    with as_file(files("shoptalk.ranking.generic") / "weights") as shipped:
        return LambdaRanker.load(shipped)
