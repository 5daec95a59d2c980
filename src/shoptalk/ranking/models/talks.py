"""Past talks as memory: the moments that are most like this one vote for what was chosen there.

A moment is the words before one choice. `TalksBm25` finds them by their words, `TalksDense` by their meaning.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.models.arrays import load_arrays, save_arrays, weighted_rows
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.models.words import Lexicon, Reading, bm25, choices_of, chosen_at
from shoptalk.ranking.sessions import Choice, Context, Sessions
from shoptalk.retrieval.greatest import floor_of_greatest
from shoptalk.retrieval.query import Said

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["TalksBm25", "TalksBm25Config", "TalksDense", "TalksDenseConfig", "Voting"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]

_BATCH = 4_096  # texts encoded at once


class Voting(BaseModel):
    """How the moments that are most like this one are counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nearest: int = Field(default=200, ge=1, description="moments that vote")
    power: float = Field(default=2.0, ge=0, description="a moment's vote weighs its likeness to this power")
    later: float = Field(default=0.2, ge=0, lt=1, description="vote for what was chosen later in the same talk")


class TalksBm25Config(BaseModel):
    """How past moments are found by their words, and vote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reading: Reading = Reading()
    k1: float = Field(default=1.2, ge=0, description="how late the count of a word saturates")
    b: float = Field(default=0.75, ge=0, le=1, description="how much long moments are held down")
    voting: Voting = Voting()


class TalksDenseConfig(BaseModel):
    """How past moments are found by their meaning, and vote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: int = Field(default=4, ge=1, description="messages before a choice that are read, the last ones")
    decay: float = Field(default=0.7, gt=0, le=1, description="what a message counts less for every one after it")
    characters: int = Field(default=200, ge=1, description="characters of a message that are encoded, the first ones")
    coarse: int = Field(default=96, ge=1, description="dimensions in which all moments are compared at first")
    shortlist: int = Field(default=4, ge=1, description="moments compared in full, for every one that votes")
    remembered: int = Field(default=4_096, ge=1, description="messages whose vectors are kept at hand")
    voting: Voting = Voting(power=8.0)


class TalksBm25:
    """Past moments found by BM25 over their words (see `words`). Thread safe."""

    name: ClassVar[str] = "talks_bm25"

    def __init__(
        self, lexicon: Lexicon, moments_of: "csr_matrix", votes: "csr_matrix", config: TalksBm25Config
    ) -> None:
        """`moments_of` (words, m): what each word gives to each moment; `votes` (m, n_items). Use `fit` or `load`."""
        self.config = config
        self._lexicon, self._moments_of, self._votes = lexicon, moments_of, votes

    @classmethod
    def fit(
        cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: TalksBm25Config | None = None
    ) -> Self:
        """Remember every choice with the words before it.

        Raises CannotLearnError if nothing was chosen after known words.
        """
        config = config or TalksBm25Config()
        choices = choices_of(sessions)
        lexicon = Lexicon.of(sessions.said, config.reading)
        weights = bm25(lexicon.count(one.context.said for one in choices), config.k1, config.b)
        votes = _votes(choices, sessions.n_items, config.voting.later)
        return cls(lexicon, weights.T.tocsr(), votes, config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) share of the votes that an item has, in [0, 1]; None if no moment has a word of this talk."""
        nearest, likeness = self._nearest(context)
        return _share(self._votes, nearest, likeness**self.config.voting.power)

    def neighbours(self, context: Context, codes: Ints) -> tuple[Ints, int]:
        """In how many of the moments that vote each of these items was chosen (c,), and how many moments vote."""
        nearest, _ = self._nearest(context)
        return _choosing(self._votes, nearest, codes), len(nearest)

    def save(self, folder: Path) -> None:
        """Write `talks_bm25.npz` into the folder."""
        words = self._lexicon.as_bytes()
        save_arrays(folder, self.name, self.config, words=words, moments_of=self._moments_of, votes=self._votes)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, TalksBm25Config, ("words", "moments_of", "votes"))
        lexicon = Lexicon.of_bytes(arrays["words"], config.reading)
        return cls(lexicon, arrays["moments_of"], arrays["votes"], config)

    def _nearest(self, context: Context) -> tuple[Ints, Floats]:
        codes, counts = self._lexicon.read(context.said)
        if not len(codes):
            return np.empty(0, dtype=np.int64), np.empty(0)
        return _best(weighted_rows(self._moments_of, codes, counts), self.config.voting.nearest)


class TalksDense:
    """Past moments found by the vectors of their last messages: a decayed mean, of unit length. Thread safe.

    All moments are first compared in the few directions in which they differ most; the best of them in full.
    """

    name: ClassVar[str] = "talks_dense"

    def __init__(
        self,
        moments: NDArray[np.float16],
        basis: Vectors,
        votes: "csr_matrix",
        config: TalksDenseConfig,
        encoded_by: str,
        encoder: "Encoder | None" = None,
    ) -> None:
        """`moments` (m, d), `basis` (d, coarse), `votes` (m, n_items). Use `fit` or `load`."""
        self.config = config
        self._moments, self._basis, self._votes = moments, basis, votes
        self._coarse = np.ascontiguousarray(moments.astype(np.float32) @ basis)
        self._encoded_by = encoded_by
        self._reader = None if encoder is None else _Reader(encoder, config)

    @classmethod
    def fit(
        cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: TalksDenseConfig | None = None
    ) -> Self:
        """Remember every choice with the vector of what was said before it.

        Raises CannotLearnError without an encoder, or if nothing was chosen after words.
        """
        if encoder is None:
            raise CannotLearnError(f"{cls.name} cannot learn without an encoder of what was said")
        config = config or TalksDenseConfig()
        choices = choices_of(sessions)
        moments = _Reader(encoder, config).moments([one.context.said for one in choices])
        votes = _votes(choices, sessions.n_items, config.voting.later)
        return cls(moments, _directions(moments, config.coarse), votes, config, encoder.name, encoder)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) share of the votes that an item has, in [0, 1]; None without words, or without an encoder."""
        nearest, likeness = self._nearest(context)
        return _share(self._votes, nearest, likeness**self.config.voting.power)

    def neighbours(self, context: Context, codes: Ints) -> tuple[Ints, int]:
        """In how many of the moments that vote each of these items was chosen (c,), and how many moments vote."""
        nearest, _ = self._nearest(context)
        return _choosing(self._votes, nearest, codes), len(nearest)

    def save(self, folder: Path) -> None:
        """Write `talks_dense.npz` into the folder; the encoder is not part of it."""
        arrays = {"moments": self._moments, "basis": self._basis, "votes": self._votes}
        save_arrays(folder, self.name, self.config, encoder=np.array(self._encoded_by), **arrays)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote, to be asked with the encoder that it was fitted with; without it, it says nothing.

        Raises ShopDamagedError if it cannot be read, or was fitted with another encoder.
        """
        config, arrays = load_arrays(folder, cls.name, TalksDenseConfig, ("moments", "basis", "votes", "encoder"))
        encoded_by = str(arrays["encoder"])
        if encoder is not None and encoder.name != encoded_by:
            told = f"{folder / cls.name}.npz was learned with the encoder '{encoded_by}', not '{encoder.name}'."
            raise ShopDamagedError(told, hint="Train the shop again, or set that encoder.")
        return cls(arrays["moments"], arrays["basis"], arrays["votes"], config, encoded_by, encoder)

    def _nearest(self, context: Context) -> tuple[Ints, Floats]:
        vector = None if self._reader is None else self._reader.moment(context.said)
        if vector is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        voting = self.config.voting
        listed, _ = _best(self._coarse @ (vector @ self._basis), self.config.shortlist * voting.nearest)
        listed.sort()
        nearest, likeness = _best(self._moments[listed].astype(np.float32) @ vector, voting.nearest)
        return listed[nearest], likeness


class _Reader:
    """Turns the last messages of a talk into one vector; the vectors of the last messages asked for are kept."""

    def __init__(self, encoder: "Encoder", config: TalksDenseConfig) -> None:
        self._encoder, self._config = encoder, config
        self._held: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def moments(self, talks: Sequence[Sequence[Said]]) -> NDArray[np.float16]:
        """(talks, d) float16: the vector of each, zeros where nothing was said. Every text is encoded once."""
        read = [self._last(one) for one in talks]
        texts = list(dict.fromkeys(chain.from_iterable(one for one, _ in read)))
        place = {text: at for at, text in enumerate(texts)}
        starts = range(0, len(texts), _BATCH)
        vectors = np.concatenate([self._encoder.encode(texts[start : start + _BATCH]) for start in starts])
        moments = np.zeros((len(talks), self._encoder.dimensions), dtype=np.float16)
        for at, (said, weights) in enumerate(read):
            if said:
                moments[at] = _unit(weights @ vectors[[place[text] for text in said]])
        return moments

    def moment(self, said: Sequence[Said]) -> Vectors | None:
        """(d,) the vector of one talk; None where nothing was said."""
        texts, weights = self._last(said)
        return _unit(weights @ np.stack(self._vectors(texts))) if texts else None

    def _last(self, said: Sequence[Said]) -> tuple[list[str], Vectors]:
        """The last messages that have a text, cut, and what each weighs."""
        last = [message.text[: self._config.characters].strip() for message in said[-self._config.messages :]]
        weights = self._config.decay ** np.arange(len(last) - 1, -1, -1.0)
        told = [(text, weight) for text, weight in zip(last, weights.tolist(), strict=True) if text]
        return [text for text, _ in told], np.array([weight for _, weight in told], dtype=np.float32)

    def _vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """The vector of each text. Two threads may encode the same text at once, and then get the same."""
        with self._lock:
            known = {text: self._held[text] for text in texts if text in self._held}
        lacking = [text for text in dict.fromkeys(texts) if text not in known]
        # One text at a time: what stands beside a text in a batch moves its vector by 1e-6.
        fresh = {text: self._encoder.encode([text])[0] for text in lacking}
        with self._lock:
            for text in dict.fromkeys(texts):
                self._held[text] = fresh[text] if text in fresh else known[text]
                self._held.move_to_end(text)
            while len(self._held) > self._config.remembered:
                self._held.popitem(last=False)
        return [fresh[text] if text in fresh else known[text] for text in texts]


def _votes(choices: Sequence[Choice], n_items: int, later: float) -> "csr_matrix":
    """(m, n_items) float32: 1 for what was chosen at a moment, `later` for what was chosen after it in its talk."""
    from scipy.sparse import csr_matrix

    now = chosen_at(choices, n_items)
    owner = np.array([one.session for one in choices])
    ends = np.searchsorted(owner, owner, side="right")
    after = [np.arange(at + 1, end) for at, end in enumerate(ends.tolist())]
    rows = np.repeat(np.arange(len(choices)), [len(one) for one in after])
    following = csr_matrix((np.ones(len(rows)), (rows, np.concatenate(after))), shape=(len(choices), len(choices)))
    return now.maximum((following @ now > 0).astype(np.float32) * np.float32(later)).tocsr().astype(np.float32)


def _best(likeness: Vectors, k: int) -> tuple[Ints, Floats]:
    """Places of the k greatest values above 0, ascending, and these; of equal ones those with the lower place."""
    floor = floor_of_greatest(likeness, k)
    found = np.flatnonzero(likeness >= floor if floor > 0 else likeness > 0)
    if len(found) > k:
        values = likeness[found]
        least = np.partition(values, -k)[-k]
        found = found[values >= least]
        tied = np.flatnonzero(likeness[found] == least)
        found = np.delete(found, tied[len(tied) - (len(found) - k) :])
    return found, likeness[found].astype(np.float64)


def _share(votes: "csr_matrix", moments: Ints, weights: Floats) -> Scores | None:
    """(n_items,) the share of all weights that votes for each item; None if no moment votes."""
    return weighted_rows(votes, moments, weights / weights.sum()) if len(moments) else None


def _choosing(votes: "csr_matrix", moments: Ints, codes: Ints) -> Ints:
    """(c,) how many of the moments each item was chosen at: then, and not later."""
    chosen = votes[moments]
    counts = np.bincount(chosen.indices[chosen.data == 1], minlength=votes.shape[1])
    return counts[codes].astype(np.int64)


def _directions(moments: NDArray[np.float16], most: int) -> Vectors:
    """(d, most or d) orthonormal directions in which moments are longest (principal components, not centred)."""
    whole = moments.astype(np.float32)
    _, directions = np.linalg.eigh((whole.T @ whole).astype(np.float64))
    return np.ascontiguousarray(directions[:, ::-1][:, :most].astype(np.float32))


def _unit(vector: NDArray[Any]) -> Vectors:
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)
