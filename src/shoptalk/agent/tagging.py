"""The small transformer that reads a message in the light of what was said before it.

For each word it tells which of the catalog's facets the word speaks of (or none), and in which role (wanted,
rejected, liked, disliked, seen, asked about, wanted similar); for the message, which acts are meant, which facets are
asked for and which no longer matter. Facets come in as text ("genre: comedy, drama, horror"), so it serves catalogs it
has never seen, in the manner of bi-encoder span taggers (Zaratiana et al., GLiNER, NAACL 2024). What the catalog's own
words are is given to it as hints: the facets whose values a word belongs to.

Four layers of MiniLM, trained by `shoptalk teach`; the word embeddings are MiniLM's own, untouched, and are read from
its package. The transformer runs in ONNX Runtime, the heads are a few matrices here.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import EncoderError
from shoptalk.retrieval.graphs import open_graph, word_embeddings
from shoptalk.settings import Settings

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LOG = logging.getLogger(__name__)

Matrix = NDArray[np.float32]
Place = tuple[int, int]

#: What a span can be to the person; several may hold (seen and liked).
ROLES = ("wanted", "rejected", "liked", "disliked", "seen", "asked", "similar")
#: What a message can do, as far as the transformer tells it.
ACTS = (
    "find", "more", "details", "compare", "similar", "feedback", "yes", "no", "undo", "start over", "chat", "outside",
)  # fmt: skip
#: What a hint may say of a word besides its facets: first word of a value, belongs to a value, is a number.
HINT_KINDS = ("start", "value", "number")

HEARD, MESSAGE = 0, 1
MOST_HEARD, MOST_READ, _MOST_FACET = 40, 96, 16
_WEIGHTS = Path(__file__).parent / "weights"
_BATCH = 32
_CLOCK, _DAY = re.compile(r"^\d{1,2}:\d\d"), re.compile(r"^\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Hint:
    """Characters of a part (0: what was heard, 1: the message) that stand for a value of these facets or a number."""

    part: int
    start: int
    end: int
    facets: tuple[int, ...] = ()
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Pieces:
    """Word pieces of [CLS] heard [SEP] message [SEP]: ids (t,), types (t,), and each piece's part and characters."""

    ids: NDArray[np.int64]
    types: NDArray[np.int64]
    parts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def inside(self, part: int, start: int, end: int) -> NDArray[np.bool_]:
        """(t,) mask of the pieces that share a character with the span."""
        mask: NDArray[np.bool_] = (self.parts == part) & (self.starts < end) & (self.ends > start)
        return mask


def split(tokenizer: "Tokenizer", heard: str, message: str) -> Pieces:
    """The pieces of both parts: the last 40 of what was heard, the first 96 of the message."""
    before = tokenizer.encode(heard[-600:], add_special_tokens=False)
    cut = max(0, len(before.ids) - MOST_HEARD)
    shift = len(heard) - len(heard[-600:])
    now = tokenizer.encode(message[:2000], add_special_tokens=False)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    ids = [cls, *before.ids[cut:], sep, *now.ids[:MOST_READ], sep]
    offsets = [(start + shift, end + shift) for start, end in before.offsets[cut:]]
    places = [(0, 0), *offsets, (0, 0), *now.offsets[:MOST_READ], (0, 0)]
    heard_length = len(offsets)
    message_length = len(now.ids[:MOST_READ])
    parts = [-1] + [HEARD] * heard_length + [-1] + [MESSAGE] * message_length + [-1]
    types = [0] * (heard_length + 2) + [1] * (message_length + 1)
    starts, ends = zip(*places, strict=True)
    return Pieces(*(np.array(values, dtype=np.int64) for values in (ids, types, parts, starts, ends)))


def hint_arrays(pieces: Pieces, hints: Sequence[Hint], facets: int) -> tuple[Matrix, Matrix]:
    """(t, F) share of each facet in a piece's hints, rows summing to 1 or 0; and (t, 3) flags by `HINT_KINDS`."""
    shares = np.zeros((len(pieces.ids), facets), dtype=np.float32)
    kinds = np.zeros((len(pieces.ids), len(HINT_KINDS)), dtype=np.float32)
    for hint in hints:
        mask = pieces.inside(hint.part, hint.start, hint.end)
        if not mask.any():
            continue
        if hint.is_number:
            kinds[mask, 2] = 1
        if hint.facets:
            shares[np.ix_(mask, np.array(hint.facets))] = 1
            kinds[mask, 1] = 1
            kinds[mask.argmax(), 0] = 1
    totals = shares.sum(axis=1, keepdims=True)
    return np.divide(shares, totals, out=shares, where=totals > 0), kinds


@dataclass(frozen=True)
class Tags:
    """What the transformer says of one message. Probabilities; F facets in the order they were given.

    `facets` (t, F+1): which facet a piece speaks of, the last column none. `begins` (t,): it begins a span. `roles`
    (t, 7) by ROLES. `acts` (12,) by ACTS. `asked`, `dropped` (F,): facets asked for, or that no longer matter.
    """

    pieces: Pieces
    facets: Matrix
    begins: Matrix
    roles: Matrix
    acts: Matrix
    asked: Matrix
    dropped: Matrix

    def facet_of(self, place: Place, part: int = MESSAGE) -> Matrix | None:
        """(F+1,) mean over the span's pieces; None if the span was not read (beyond the cut)."""
        return self._mean(self.facets, place, part)

    def role_of(self, place: Place, part: int = MESSAGE) -> dict[str, float] | None:
        """Probability of each role for a span; None if it was not read."""
        mean = self._mean(self.roles, place, part)
        return None if mean is None else dict(zip(ROLES, mean.tolist(), strict=True))

    @cached_property
    def act(self) -> dict[str, float]:
        """Probability of each act."""
        return dict(zip(ACTS, self.acts.tolist(), strict=True))

    def spans(self, part: int = MESSAGE) -> list[tuple[int, int, int, float]]:
        """Spans that speak of a facet, as (start, end, facet, probability) in order; neighbours of one facet joined."""
        best = self.facets.argmax(axis=1)
        none = self.facets.shape[1] - 1
        found: list[list[float]] = []
        last, word_end = none, -1
        for place in np.flatnonzero(self.pieces.parts == part).tolist():
            start, end, facet = int(self.pieces.starts[place]), int(self.pieces.ends[place]), int(best[place])
            glued = start == word_end  # a piece of the word before
            word_end = end
            if glued and last != none:
                found[-1][1] = end
                continue
            if glued and facet != none and last == none:
                facet = none  # a word is what its first piece says
            if facet == none:
                last = none
                continue
            probability = float(self.facets[place, facet])
            if facet == last and self.begins[place] < 0.5:
                found[-1][1] = end
                found[-1][3] = min(found[-1][3], probability)
            else:
                found.append([start, end, facet, probability])
            last = facet
        return [(int(start), int(end), int(facet), probability) for start, end, facet, probability in found]

    def _mean(self, values: Matrix, place: Place, part: int) -> Matrix | None:
        mask = self.pieces.inside(part, *place)
        if not mask.any():
            return None
        mean: Matrix = values[mask].mean(axis=0)
        return mean


class Tagger:
    """The trained transformer, read-only, shared by all talks. Safe between threads."""

    def __init__(self, folder: Path = _WEIGHTS, *, threads: int = 1) -> None:
        """Load the weights and MiniLM's word embeddings. Raises EncoderError where either is missing or damaged."""
        from tokenizers import Tokenizer

        from shoptalk.retrieval.encoder import find_weights

        packaged = find_weights(None)
        try:
            held = np.load(folder / "heads.npz")
            self._heads: dict[str, Matrix] = {name: held[name].astype(np.float32) for name in held.files}
            self.card: dict[str, Any] = json.loads((folder / "card.json").read_text("utf-8"))
            self._session = open_graph(folder / "layers.onnx", threads=threads)
            self._tokenizer = Tokenizer.from_file(str(packaged / "tokenizer.json"))
            self._words = word_embeddings(packaged)
        except Exception as error:  # the engines raise bare or private exception types
            hint = "Train them with 'shoptalk teach', or install the package anew."
            raise EncoderError(f"The tagger's weights in {folder} cannot be loaded: {error}.", hint=hint) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def facet_vectors(self, texts: Sequence[str]) -> Matrix:
        """(F, 384) one vector per facet text ('genre: comedy, drama'), to be given to `read`."""
        rows = [self._facet_ids(text) for text in texts]
        vectors = np.zeros((len(rows), self._words.shape[1]), dtype=np.float32)
        for at in range(0, len(rows), _BATCH):
            batch = rows[at : at + _BATCH]
            mask = np.arange(max(map(len, batch))) < np.array([len(row) for row in batch])[:, None]
            ids = np.zeros(mask.shape, dtype=np.int64)
            ids[mask] = np.concatenate(batch)
            states = self._run(self._words[ids], np.zeros_like(ids), mask.astype(np.int64))
            kept = mask[..., None]
            vectors[at : at + len(batch)] = (states * kept).sum(axis=1) / kept.sum(axis=1)
        return vectors

    def read(self, heard: str, message: str, facets: Matrix, hints: Sequence[Hint] = ()) -> Tags:
        """Tag a message. `facets` (F, 384) from `facet_vectors`; hints name facets by their row."""
        pieces = split(self._tokenizer, heard, message)
        shares, kinds = hint_arrays(pieces, hints, len(facets))
        heads = self._heads
        embeds = self._words[pieces.ids] + shares @ facets @ heads["hint_facets"].T + kinds @ heads["hint_kinds"]
        states = self._run(
            embeds[None].astype(np.float32), pieces.types[None], np.ones((1, len(pieces.ids)), dtype=np.int64)
        )[0]
        called = facets @ heads["facet_key"].T
        scale = np.float32(1 / np.sqrt(called.shape[1]))
        scores = self._head(states, "token_query") @ called.T * scale + (shares > 0) * heads["gazetteer"]
        logits = np.concatenate([scores, self._head(states, "none")], axis=1)
        first = states[:1]
        return Tags(
            pieces=pieces,
            facets=_softmax(logits),
            begins=_sigmoid(self._head(states, "begins")[:, 0]),
            roles=_sigmoid(self._head(states, "roles")),
            acts=_sigmoid(self._head(first, "acts")[0]),
            asked=_sigmoid((self._head(first, "asked_query") @ called.T)[0] * scale + heads["asked_bias"]),
            dropped=_sigmoid((self._head(first, "dropped_query") @ called.T)[0] * scale + heads["dropped_bias"]),
        )

    def _facet_ids(self, text: str) -> NDArray[np.int64]:
        ids = self._tokenizer.encode(text[:200]).ids
        return np.array([*ids[: _MOST_FACET - 1], ids[-1]], dtype=np.int64)

    def _head(self, states: Matrix, name: str) -> Matrix:
        scores: Matrix = states @ self._heads[f"{name}.weight"].T + self._heads[f"{name}.bias"]
        return scores

    def _run(self, embeds: Matrix, types: NDArray[np.int64], mask: NDArray[np.int64]) -> Matrix:
        given = {"inputs_embeds": embeds, "token_type_ids": types, "attention_mask": mask}
        states: Matrix = self._session.run(None, given)[0]
        return states


@lru_cache(maxsize=2)
def load_tagger(folder: Path | None = None, threads: int = 1) -> Tagger | None:
    """The tagger of a folder, by default the one that ships; None, told once in the log, where it cannot be had."""
    try:
        return Tagger(folder or _WEIGHTS, threads=threads)
    except EncoderError as error:
        _LOG.warning("messages are understood by the parser alone, less well: %s", error)
        return None


def chosen_tagger(settings: Settings) -> Tagger | None:
    """The tagger that the settings ask for."""
    return None if settings.tagger == Path("none") else load_tagger(settings.tagger, settings.threads)


def facet_text(label: str, kind: str, examples: Sequence[str] = ()) -> str:
    """What the transformer is told of a facet: its label, and some values or what its values are like."""
    said = label.replace("_", " ").strip()
    return f"{said}: {', '.join(examples)}" if examples else f"{said}: {kind}"


def kind_of(values: Sequence[str]) -> str:
    """What values look like: 'yes or no', 'number', 'date', 'time of day', else 'category'."""
    seen = values[:200]
    if not seen:
        return "text"
    if {value.casefold() for value in seen} <= {"true", "false", "yes", "no"}:
        return "yes or no"
    for kind, pattern in (("time of day", _CLOCK), ("date", _DAY)):
        if sum(bool(pattern.match(value)) for value in seen) > 0.8 * len(seen):
            return kind
    if sum(_is_number(value) for value in seen) > 0.8 * len(seen):
        return "number"
    return "category"


def _softmax(logits: Matrix) -> Matrix:
    powers: Matrix = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(logits: Matrix) -> Matrix:
    shares: Matrix = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return shares


def _is_number(value: str) -> bool:
    return bool(re.fullmatch(r"[$£€]?-?\d[\d,]*(\.\d+)?", value.strip()))
