"""One measurement a process: `python -m shoptalk.eval.measuring STEP JSON` runs a step alone and prints what it found.

Lines on stdout are JSON: `{"progress": [stage, done, total]}` while it works, at the end `{"result": {...}}`. The
garbage collector is on, as in service, and has collected once before anything is timed.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from shoptalk.ranking.learned import Learned
    from shoptalk.ranking.sessions import Sessions
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.retrieval.finding import Candidates
    from shoptalk.retrieval.query import Query
    from shoptalk.shop import Shop

__all__ = ["STEPS", "percentiles"]

_WARM_UP = 12
_SHARES = (1.0, 0.5, 0.1, 0.01)
_DEPTHS = (10, 100)
_TIE = 1e-5


def build(source: str, into: str) -> dict[str, Any]:
    """Build a shop and time it: seconds in all, by stage, and inside the encoder."""
    from shoptalk.retrieval.encoder import load_encoder
    from shoptalk.settings import Settings
    from shoptalk.shop.building import build as build_shop

    timed = TimedEncoder(load_encoder(Settings()))
    begun: dict[str, float] = {}

    def progress(stage: str, done: int, total: int | None) -> None:
        begun.setdefault(stage, time.perf_counter())
        _tell("progress", [stage, done, total])

    started = time.perf_counter()
    manifest = build_shop(Path(source), Path(into), name="bench", encoder=timed, skip_bad=True, progress=progress)
    ended = time.perf_counter()
    starts = [*begun.values(), ended]
    stages = {stage: starts[place + 1] - starts[place] for place, stage in enumerate(begun)}
    return {
        "seconds": ended - started,
        "encoder": timed.seconds,
        "stages": stages,
        "items": manifest.items,
        "peak": peak_memory(),
    }


def open_shop(folder: str) -> dict[str, Any]:
    """Open a shop in a fresh process: seconds for the import and for opening, the first turn's, and the memory then."""
    started = time.perf_counter()
    from shoptalk.shop import Shop

    imported = time.perf_counter()
    with Shop.open(folder) as shop:
        opened = time.perf_counter()
        memory = resident_memory()
        shop.talk().say("what do you have?")
        answered = time.perf_counter()
    return {
        "import": imported - started,
        "open": opened - imported,
        "first_turn": answered - opened,
        "memory": memory,
    }


def turns(folder: str, count: int, seed: int) -> dict[str, Any]:
    """Milliseconds of whole turns over made-up talks, and of their steps as each turn's Done tells them."""
    from shoptalk.eval.messages import made_talks
    from shoptalk.shop import Shop

    with Shop.open(folder) as shop:
        for talk in made_talks(shop.catalog, _WARM_UP, seed + 1):
            _said(shop, talk)
        talks = made_talks(shop.catalog, count, seed)
        gc.collect()
        whole: list[float] = []
        steps: dict[str, list[float]] = {}
        for done, talk in enumerate(talks):
            for milliseconds, told in _said(shop, talk):
                whole.append(milliseconds)
                for step, spent in told.items():
                    steps.setdefault(step, []).append(spent)
            _tell("progress", ["turns", done + 1, len(talks)])
        return {"whole": whole, "steps": steps, "peak": peak_memory(), "items": len(shop.catalog)}


def rerank(folder: str, count: int, seed: int) -> dict[str, Any]:
    """Milliseconds to rank up to 300 candidates: features and scores, what `Shop.rank` does."""
    from shoptalk.eval.messages import made_talks
    from shoptalk.retrieval.query import Query
    from shoptalk.shop import Shop

    with Shop.open(folder) as shop:
        texts = [talk[0] for talk in made_talks(shop.catalog, 160, seed)]
        liked = shop.catalog.ids[:2]
        queries = [Query(text=text, liked=liked, limit=300) for text in texts]
        asked = [(query, shop.find(query)) for query in queries]
        times = _timed([partial(shop.rank, query, found) for query, found in asked], count)
        return {"milliseconds": times, "candidates": float(np.median([len(found) for _, found in asked]))}


def search(folder: str, count: int, seed: int) -> dict[str, Any]:
    """The index against an exact search with numpy, open and over random masks, the two in turn for each query."""
    from shoptalk.eval.messages import made_talks
    from shoptalk.shop import Shop

    with Shop.open(folder) as shop:
        texts = [message for talk in made_talks(shop.catalog, count, seed) for message in talk]
        queries = shop.finder.encoder.encode(texts)
        cases = []
        for share in _SHARES:
            for depth in _DEPTHS:
                cases.append(_search_case(shop, queries, share, depth, seed))
                _tell("progress", ["search", len(cases), len(_SHARES) * len(_DEPTHS)])
        return {"cases": cases, "dimensions": int(queries.shape[1])}


def learned(folder: str, sessions: int, count: int, seed: int) -> dict[str, Any]:
    """Teach the shop in this folder made-up sessions, and time what learning adds: each model, features and trees.

    Milliseconds of CPU time of one thread, which other work on the machine moves less than wall time. The shop keeps
    what it was taught. The trees learn noise: to be timed they need to be many and deep, not right.
    """
    from shoptalk.eval.made_sessions import made_sessions
    from shoptalk.ranking.features import features
    from shoptalk.ranking.lambdarank import LambdaConfig, LambdaRanker, Lists
    from shoptalk.ranking.learned import Learned
    from shoptalk.shop import Shop
    from shoptalk.shop.folder import ShopFolder
    from shoptalk.shop.updating import replace_ranker

    with Shop.open(folder) as shop:
        made = made_sessions(shop.catalog, sessions, max(sessions // 10, 20), seed)
        cut = len(made) - max(2, sessions // 50)
        started = time.perf_counter()
        models = Learned.fit(
            made.take(np.arange(cut)),
            shop.catalog.ids,
            encoder=shop.finder.encoder,
            progress=lambda done, total: _tell("progress", ["learn", done, total]),
        )
        fitted = time.perf_counter() - started
        queries = _queries(made.take(np.arange(cut, len(made))), shop.catalog.ids, count + _WARM_UP)
        find, found = _find_by_source(shop, models, queries)
        asked = zip(queries, found, strict=True)
        work, matrices = _cpu_times([partial(features, shop.ranking.space, query, one) for query, one in asked])
        noise = np.random.default_rng(seed).integers(0, 2, sum(map(len, matrices)))
        lists = Lists(np.concatenate(matrices), noise, np.array([len(one) for one in matrices]))
        ranker = LambdaRanker.fit(lists, config=LambdaConfig(trees=400, leaves=31, min_rows=20))
        trees, _ = _cpu_times([partial(ranker.score, one) for one in matrices])
    replace_ranker(ShopFolder(Path(folder)), ranker, models)
    both = [one + other for one, other in zip(work, trees, strict=True)]
    ranked = {"whole": both, "features": work, "trees": trees}
    warm = {"find": find, "rank": ranked}
    told = {step: {name: times[_WARM_UP:] or times for name, times in parts.items()} for step, parts in warm.items()}
    return told | {"fit": fitted, "sessions": cut, "candidates": float(np.median([len(one) for one in found]))}


def _queries(sessions: "Sessions", ids: Sequence[str], count: int) -> "list[Query]":
    """What would be asked before each of the choices of these sessions."""
    from shoptalk.ranking.sessions import query_of_context

    choices = (one for at in range(len(sessions)) for one in sessions.choices(at))
    return [query_of_context(one.context, ids, limit=300) for one in islice(choices, count)]


def _find_by_source(
    shop: "Shop", models: "Learned", queries: "Sequence[Query]"
) -> "tuple[dict[str, list[float]], list[Candidates]]":
    """CPU milliseconds of each search, whole and by what they were spent on, and what was found."""
    from shoptalk.ranking.learned import Learned, LearnedHere
    from shoptalk.retrieval.finding import Finder

    given, spent = shop.finder, dict.fromkeys(("encoder", *models.names), 0.0)
    timed: Any = [_Timed(model, "scores", model.name, spent) for model in models.models]
    encoder: Any = _Timed(given.encoder, "encode", "encoder", spent)
    here = LearnedHere(Learned(models.ids, timed), given.catalog)
    finder = Finder(given.catalog, encoder, given.vectors, given.lexical, learned=here)
    parts: dict[str, list[float]] = {name: [] for name in ("whole", *spent, "all else")}
    found = []
    for query in queries:
        spent.update(dict.fromkeys(spent, 0.0))
        (whole,), (candidates,) = _cpu_times([partial(finder.find, query)])
        found.append(candidates)
        for name, milliseconds in {"whole": whole, **spent, "all else": whole - sum(spent.values())}.items():
            parts[name].append(milliseconds)
    return parts, found


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "build": build,
    "open": open_shop,
    "turns": turns,
    "rerank": rerank,
    "search": search,
    "learned": learned,
}


class TimedEncoder:
    """An encoder that adds up the seconds spent in it."""

    def __init__(self, encoder: "Encoder") -> None:
        self._encoder, self.seconds = encoder, 0.0
        self.dimensions, self.name = encoder.dimensions, encoder.name

    def encode(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> NDArray[np.float32]:
        """The encoder's own vectors (n, d)."""
        started = time.perf_counter()
        vectors = self._encoder.encode(texts, progress)
        self.seconds += time.perf_counter() - started
        return vectors


class _Timed:
    """Stands for a model or an encoder, and adds up the CPU milliseconds of one of its methods."""

    def __init__(self, held: Any, method: str, name: str, spent: dict[str, float]) -> None:
        self._held, self._method, self._name, self._spent = held, method, name, spent

    def __getattr__(self, attribute: str) -> Any:
        told = getattr(self._held, attribute)
        return partial(self._timed, told) if attribute == self._method else told

    def _timed(self, method: Callable[..., Any], *given: Any) -> Any:
        started = time.thread_time()
        told = method(*given)
        self._spent[self._name] += (time.thread_time() - started) * 1000
        return told


def percentiles(values: Sequence[float], *wanted: float) -> list[float]:
    """Percentiles by linear interpolation."""
    return [float(value) for value in np.percentile(values, wanted)]


def peak_memory() -> float:
    """The most memory that this process held, in MB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kilobytes elsewhere


def resident_memory() -> float:
    """The memory that this process holds now, in MB; where the system does not tell, the most it held."""
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak_memory()
    return pages * resource.getpagesize() / 1e6


def _said(shop: "Shop", messages: Sequence[str]) -> list[tuple[float, dict[str, float]]]:
    """One talk: each turn's wall time and what its Done event tells of the steps."""
    talk, spent = shop.talk("shoptalk-bench"), []
    for message in messages:
        started = time.perf_counter()
        *_, done = talk.events(message)
        milliseconds = (time.perf_counter() - started) * 1000
        spent.append((milliseconds, done.milliseconds if done.kind == "done" else {}))
    return spent


def _timed(works: Sequence[Callable[[], object]], count: int) -> list[float]:
    for work in works[:_WARM_UP]:
        work()
    gc.collect()
    times = []
    for number in range(count):
        started = time.perf_counter()
        works[number % len(works)]()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _cpu_times(works: Sequence[Callable[[], Any]]) -> tuple[list[float], list[Any]]:
    """CPU milliseconds of this thread for each, and what each gave."""
    times, told = [], []
    for work in works:
        started = time.thread_time()
        told.append(work())
        times.append((time.thread_time() - started) * 1000)
    return times, told


def _search_case(shop: "Shop", queries: NDArray[np.float32], share: float, depth: int, seed: int) -> dict[str, Any]:
    index = shop.finder.vectors
    vectors = np.array(index.vectors)
    allowed = None if share == 1 else np.random.default_rng(seed).random(len(vectors)) < share
    for query in queries[:_WARM_UP]:
        index.nearest(query, depth, allowed)
        _exact(vectors, query, depth, allowed)
    gc.collect()
    times: tuple[list[float], list[float]] = ([], [])
    recalls = []
    for query in queries:
        started = time.perf_counter()
        found, _ = index.nearest(query, depth, allowed)
        between = time.perf_counter()
        true = _exact(vectors, query, depth, allowed)
        times[1].append((time.perf_counter() - between) * 1000)
        times[0].append((between - started) * 1000)
        least = vectors[true] @ query - _TIE
        recalls.append(float(np.sum(vectors[found] @ query >= least.min())) / len(true) if len(true) else 1.0)
    return {
        "share": share,
        "k": depth,
        "index": times[0],
        "exact": times[1],
        "recall": float(np.mean(recalls)),
    }


def _exact(
    vectors: NDArray[np.float32], query: NDArray[np.float32], depth: int, allowed: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """The nearest rows by looking at every allowed one."""
    rows = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    cosines = vectors @ query if allowed is None else vectors[rows] @ query
    best = np.argpartition(-cosines, min(depth, len(rows)) - 1)[:depth] if len(rows) else rows
    return rows[best[np.argsort(-cosines[best], kind="stable")]]


def _tell(kind: str, content: object) -> None:
    sys.stdout.write(json.dumps({kind: content}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _tell("result", STEPS[sys.argv[1]](**json.loads(sys.argv[2])))
