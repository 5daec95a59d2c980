"""The talk transformer in service: which items of a catalog go with a talk, and a second look at the first of them.

It knows no item ids: items are the vectors that a shop has of them, and a few of their words. So it says something of
every catalog whose vectors are those of the encoder that it was trained beside, and of an item that has just come.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import EncoderError
from shoptalk.ranking.talking.pieces import Reader, ReadTalk, short_text
from shoptalk.retrieval.graphs import open_graph, word_embeddings
from shoptalk.retrieval.query import Query, Said

if TYPE_CHECKING:
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.encoder import Encoder
    from shoptalk.settings import Settings

__all__ = ["WEIGHTS", "TalkHere", "TalkTransformer", "chosen_talk_encoder", "load_talk_encoder"]

_LOG = logging.getLogger(__name__)

Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights"
"""The folder of the weights that ship."""
_TEMPERATURE = 4.0
_TALKS_KEPT = 8
_BLOCK = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """A talk as it was computed: its unit vector (384,), and what candidates attend to, by the graph's names."""

    vector: Vectors
    before: dict[str, Vectors]


class TalkTransformer:
    """The trained transformer, read-only, shared by all talks. Safe between threads."""

    def __init__(self, folder: Path = WEIGHTS, *, threads: int = 1) -> None:
        """Load the weights and MiniLM's word embeddings. Raises EncoderError where either is missing or damaged."""
        from tokenizers import Tokenizer

        from shoptalk.retrieval.encoder import find_weights

        packaged = find_weights(None)
        try:
            with np.load(folder / "heads.npz") as held:
                self._heads: dict[str, Vectors] = {name: held[name].astype(np.float32) for name in held.files}
            self.card: dict[str, Any] = json.loads((folder / "card.json").read_text("utf-8"))
            self.encoder, self._scale = str(self.card["encoder"]), np.float32(self.card["scale"])
            self._graph = open_graph(folder / "layers.onnx", threads=threads)
            self._reader = Reader(Tokenizer.from_file(str(packaged / "tokenizer.json")))
            self._words = word_embeddings(packaged)
            self._nothing = _nothing_before(self.card["shape"])
            self._held: OrderedDict[bytes, _Heard] = OrderedDict()
            self._lock = Lock()
            self.rerank([Said("hello", by_user=True)], ["warm-up"])
            self.lengths(np.zeros((1, self.card["shape"]["items"]), dtype=np.float32))
        except Exception as error:  # the engines raise bare or private exception types
            hint = "Train them with 'shoptalk teach-talks', or install the package anew."
            raise EncoderError(
                f"The talk transformer's weights in {folder} cannot be loaded: {error}.", hint=hint
            ) from error

    def vector(self, said: Sequence[Said]) -> Vectors | None:
        """(384,) unit vector of a talk, of its newest 72 pieces; None where nothing was said."""
        heard = self._hear(self._reader.talk(said))
        return None if heard is None else heard.vector

    def lengths(self, item_vectors: Vectors) -> Vectors:
        """(n,) how long a shop's item vectors (n, d) are once they are mapped: what `scores` divides by."""
        found = np.empty(len(item_vectors), dtype=np.float32)
        for start in range(0, len(found), _BLOCK):
            mapped = item_vectors[start : start + _BLOCK] @ self._heads["item_map.weight"].T
            found[start : start + _BLOCK] = np.maximum(np.linalg.norm(mapped, axis=1), 1e-6)
        return found

    def scores(self, said: Sequence[Said], item_vectors: Vectors, lengths: Vectors) -> Scores | None:
        """(n,) how well each item goes with a talk, as a share of the best, in [0, 1]; None where nothing was said.

        exp((s - max s) / 4) of the cosines s in the space of talks, times the scale that was learned: what a softmax of
        that temperature gives, but for a factor; without it all but some dozen would round to the same. How popular an
        item is does not count (Menon et al., ICLR 2021, train it apart like this).
        The talk's vector is mapped to the items' space, not they to its, so the shop's vectors stay as they are.
        """
        vector = self.vector(said)
        if vector is None or not len(item_vectors):
            return None
        likeness = item_vectors @ (self._heads["item_map.weight"].T @ vector) / lengths * self._scale
        shares: Scores = np.exp((likeness - likeness.max()) / _TEMPERATURE).astype(np.float32)
        return shares

    def rerank(self, said: Sequence[Said], texts: Sequence[str]) -> Scores | None:
        """(c,) how well items, told in a few words each (`short_text`), go with a talk; None where nothing was said.

        Any real numbers, which compare within one talk. The talk is computed once, also for `scores`.
        """
        heard = self._hear(self._reader.talk(said))
        if heard is None or not texts:
            return None
        ids, mask = self._reader.items(texts)
        embeds = self._words[ids] + self._heads["positions"][: ids.shape[1]] + self._heads["item_type"]
        given = {"embeds": embeds, "mask": mask.astype(np.int64), "wanted": np.zeros(1, dtype=np.int64)}
        found: Scores = self._graph.run(["scores"], given | heard.before)[0][:, 0]
        return found

    def _hear(self, read: ReadTalk | None) -> _Heard | None:
        """The talk computed; the last few are kept. Two threads may compute the same one, and get the same."""
        if read is None:
            return None
        key = read.ids.tobytes() + read.types.tobytes()
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        heard = self._computed(read)
        with self._lock:
            self._held[key] = heard
            while len(self._held) > _TALKS_KEPT:
                self._held.popitem(last=False)
        return heard

    def _computed(self, read: ReadTalk) -> _Heard:
        heads, length = self._heads, len(read.ids)
        embeds = self._words[read.ids] + heads["positions"][:length] + heads["types"][read.types]
        given = {"embeds": embeds[None], "mask": np.ones((1, length), dtype=np.int64), "wanted": np.arange(length)}
        pairs = [name.removeprefix("before_") for name in self._nothing]
        states, *found = self._graph.run(["states", *pairs], given | self._nothing)
        vector = heads["talk_map.weight"] @ states[0].mean(axis=0) + heads["talk_map.bias"]
        vector /= max(float(np.linalg.norm(vector)), 1e-9)
        return _Heard(vector.astype(np.float32), dict(zip(self._nothing, found, strict=True)))


class TalkHere:
    """The transformer held against one catalog: a source of scores, and a second look. Safe between threads."""

    def __init__(self, transformer: TalkTransformer, catalog: "Catalog", vectors: Vectors) -> None:
        """`vectors` (n, d) are those that the shop has of its items, row by row with the catalog."""
        self._transformer, self._catalog, self._vectors = transformer, catalog, vectors

    def scores(self, query: Query) -> Scores | None:
        """(n,) in [0, 1], row by row with the catalog, as shares of the best; None where nothing was said."""
        return self._transformer.scores(query.said, self._vectors, self._lengths)

    def rerank(self, query: Query, rows: NDArray[np.int64]) -> Scores | None:
        """(len(rows),) how well each of these items goes with the talk; None where nothing was said."""
        return self._transformer.rerank(query.said, [short_text(self._catalog, row) for row in rows.tolist()])

    @cached_property
    def _lengths(self) -> Vectors:
        return self._transformer.lengths(self._vectors)


@lru_cache(maxsize=2)
def load_talk_encoder(folder: Path | None = None) -> TalkTransformer | None:
    """The transformer of a folder, by default the one that ships; None, told once in the log, if it cannot be had."""
    try:
        return TalkTransformer(folder or WEIGHTS)
    except EncoderError as error:
        _LOG.warning("talks are ranked without the talk transformer, less well: %s", error)
        return None


def chosen_talk_encoder(settings: "Settings", encoder: "Encoder") -> TalkTransformer | None:
    """The transformer that the settings ask for; None for a shop whose vectors are of another encoder than it knows."""
    if settings.talk_encoder == Path("none"):
        return None
    found = load_talk_encoder(settings.talk_encoder)
    if found is None or found.encoder == encoder.name:
        return found
    if settings.talk_encoder is not None:
        told = "the talk transformer in %s knows vectors of the encoder '%s', not of '%s': talks are ranked without it"
        _LOG.warning(told, settings.talk_encoder, found.encoder, encoder.name)
    return None


def _nothing_before(shape: dict[str, int]) -> dict[str, Vectors]:
    """What a talk attends to besides itself."""
    nothing = np.zeros((1, shape["heads"], 0, shape["size"] // shape["heads"]), dtype=np.float32)
    return {f"before_{kind}_{place}": nothing for place in range(shape["layers"]) for kind in ("keys", "values")}
