"""What the small model learns from: plans of people's dialogues and of made talks, and explanations of made answers.

A part of each source, in handfuls that share a system prompt, so that the prompt can be computed once for a handful.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from shoptalk.eval.tuning.asked import Planned, Source, TuneExample
from shoptalk.eval.tuning.explanations import explanations_made
from shoptalk.eval.tuning.plans_from_sgd import plans_from_sgd
from shoptalk.eval.tuning.plans_made import plans_made
from shoptalk.eval.tuning.shop_talks import from_shop

__all__ = ["SHARES", "TuneExample", "examples", "from_shop", "tokens_by_source"]

#: What part of the examples comes from which source; without dialogues theirs goes to the made talks.
SHARES: dict[Source, float] = {"sgd": 0.45, "made": 0.35, "explained": 0.20}


def examples(sgd: Path | None, seed: int, count: int) -> Iterator[TuneExample]:
    """`count` examples, the same for the same seed; handfuls of one system prompt stand together.

    `sgd`: the folder of the Schema-Guided Dialogue dataset, whose train split is read; None to do without. Fewer come
    of it where its dialogues are used up. Raises DatasetError if it is not there.
    """
    draws = {name: random.Random(f"{seed} {name}") for name in SHARES}
    sources: dict[Source, Iterator[tuple[TuneExample, ...]]] = {}
    if sgd is not None:
        sources["sgd"] = _asked(plans_from_sgd(sgd, draws["sgd"]), "sgd")
    sources["made"] = _asked(plans_made(draws["made"]), "made")
    sources["explained"] = explanations_made(draws["explained"])
    shares = {name: SHARES[name] for name in sources}
    given = Counter[Source]()
    while given.total() < count and sources:
        name = min(sources, key=lambda name: given[name] / shares[name])
        handful = next(sources[name], None)
        if handful is None:
            del sources[name]
            continue
        handful = handful[: count - given.total()]
        given[name] += len(handful)
        yield from handful


def _asked(handfuls: Iterable[tuple[Planned, ...]], source: Source) -> Iterator[tuple[TuneExample, ...]]:
    return (tuple(one.example(source) for one in handful) for handful in handfuls)


def tokens_by_source(
    several: Iterable[TuneExample], count: Callable[[str], int], *, handful: int = 10
) -> dict[Source, int]:
    """Tokens of each source's examples, a system prompt counted once for each `handful` that share it."""
    found, shared = Counter[Source](), Counter[str]()
    for one in several:
        if shared[one.system] % handful == 0:
            found[one.source] += count(one.system)
        shared[one.system] += 1
        found[one.source] += count(one.user) + count(one.target)
    return dict(found)
