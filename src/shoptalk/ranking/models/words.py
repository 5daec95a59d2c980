"""Words that were said before choices: how they are read, how BM25 weighs them, and the items that they led to.

BM25 is Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.4: a word that
stands tf times in a document of length dl gives idf * tf / (k1 * (1 - b + b * dl / mean dl) + tf).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.models.arrays import load_arrays, save_arrays, weighted_rows
from shoptalk.ranking.models.base import CannotLearnError, Scores
from shoptalk.ranking.sessions import Choice, Context, Sessions
from shoptalk.retrieval.lexical import stems
from shoptalk.retrieval.query import Said
from shoptalk.retrieval.stopwords import STOP_WORDS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from shoptalk.retrieval.encoder import Encoder

__all__ = ["Lexicon", "Reading", "WordsBm25", "WordsConfig", "bm25", "choices_of", "chosen_at"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SEPARATOR = "\n"


class Reading(BaseModel):
    """How much of a talk is read, and which of its words are known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: int = Field(default=30, ge=1, description="messages before a choice that are read, the last ones")
    decay: float = Field(default=0.9, gt=0, le=1, description="what a word counts less for every message further back")
    characters: int = Field(default=2_000, ge=1, description="characters of a message that are read, the first ones")
    least_messages: int = Field(default=2, ge=1, description="messages a word must stand in to be known")
    most_share: float = Field(default=0.2, gt=0, le=1, description="share of all messages above which a word is known")


class WordsConfig(BaseModel):
    """How words lead to items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reading: Reading = Reading()
    k1: float = Field(
        default=10.0, ge=0, description="how late the count of a word saturates: documents are many talks"
    )
    b: float = Field(
        default=0.15, ge=0, le=1, description="how much long documents, those of popular items, are held down"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The words that a model knows, by code from 0, and how it reads talks for them. Item ids count as words too."""

    codes: Mapping[str, int]
    reading: Reading

    @classmethod
    def of(cls, talks: Iterable[Sequence[Said]], reading: Reading) -> Self:
        """The words that stand in enough of the messages and not in too many.

        Raises CannotLearnError if there are none.
        """
        messages = list(chain.from_iterable(talks))
        held = Counter(chain.from_iterable(set(_terms(one, reading.characters)) for one in messages))
        most = max(reading.most_share * len(messages), reading.least_messages)
        kept = sorted(term for term, count in held.items() if reading.least_messages <= count <= most)
        if not kept:
            raise CannotLearnError("no word was said often enough to learn from: these sessions hold hardly any talk")
        return cls({term: code for code, term in enumerate(kept)}, reading)

    @classmethod
    def of_bytes(cls, written: NDArray[np.uint8], reading: Reading) -> Self:
        """The words that `as_bytes` wrote."""
        terms = written.tobytes().decode("utf-8").split(_SEPARATOR)
        return cls({term: code for code, term in enumerate(terms)}, reading)

    def as_bytes(self) -> NDArray[np.uint8]:
        """The words in the order of their codes, as UTF-8."""
        return np.frombuffer(_SEPARATOR.join(self.codes).encode("utf-8"), dtype=np.uint8)

    def __len__(self) -> int:
        return len(self.codes)

    def read(self, said: Sequence[Said]) -> tuple[Ints, Floats]:
        """Codes of the distinct known words of the last messages, and how often each stands there, decayed (n,)."""
        return self._decayed([self._codes(message) for message in said[-self.reading.messages :]])

    def count(self, talks: Iterable[Sequence[Said]]) -> "csr_matrix":
        """(talks, words) what `read` says of each."""
        from scipy.sparse import csr_matrix

        read = cache(self._codes)  # a message stands before many choices
        rows = [self._decayed([read(message) for message in said[-self.reading.messages :]]) for said in talks]
        indptr = np.concatenate(([0], np.cumsum([len(codes) for codes, _ in rows])))
        indices = np.concatenate([codes for codes, _ in rows])
        return csr_matrix((np.concatenate([counts for _, counts in rows]), indices, indptr), (len(rows), len(self)))

    def _decayed(self, words: Sequence[Sequence[int]]) -> tuple[Ints, Floats]:
        """Distinct codes and decayed counts of messages, oldest first."""
        weights = self.reading.decay ** np.arange(len(words) - 1, -1, -1.0)
        codes, places = np.unique(np.array(list(chain.from_iterable(words)), dtype=np.int64), return_inverse=True)
        of_each = np.repeat(weights, [len(one) for one in words])
        return codes, np.bincount(places, weights=of_each, minlength=len(codes)).astype(np.float64)

    def _codes(self, message: Said) -> list[int]:
        return [self.codes[term] for term in _terms(message, self.reading.characters) if term in self.codes]


class WordsBm25:
    """One document per item: all that was said before it was chosen, over all sessions. Thread safe."""

    name: ClassVar[str] = "words_bm25"

    def __init__(self, lexicon: Lexicon, items_of: "csr_matrix", config: WordsConfig) -> None:
        """`items_of` (words, n_items): what each word gives to each item. Use `fit` or `load`."""
        self.config = config
        self._lexicon, self._items_of = lexicon, items_of

    @classmethod
    def fit(cls, sessions: Sessions, *, encoder: "Encoder | None" = None, config: WordsConfig | None = None) -> Self:
        """Learn which words led to which items. Raises CannotLearnError if nothing was chosen after known words."""
        config = config or WordsConfig()
        choices = choices_of(sessions)
        lexicon = Lexicon.of(sessions.said, config.reading)
        documents = chosen_at(choices, sessions.n_items).T @ lexicon.count(one.context.said for one in choices)
        return cls(lexicon, bm25(documents.tocsr(), config.k1, config.b).T.tocsr(), config)

    def scores(self, context: Context) -> Scores | None:
        """(n_items,) the BM25 score of the talk's words against each item's document; None without known words."""
        codes, counts = self._lexicon.read(context.said)
        return weighted_rows(self._items_of, codes, counts) if len(codes) else None

    def save(self, folder: Path) -> None:
        """Write `words_bm25.npz` into the folder."""
        save_arrays(folder, self.name, self.config, words=self._lexicon.as_bytes(), items_of=self._items_of)

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError if it cannot be read."""
        config, arrays = load_arrays(folder, cls.name, WordsConfig, ("words", "items_of"))
        return cls(Lexicon.of_bytes(arrays["words"], config.reading), arrays["items_of"], config)


def bm25(counts: "csr_matrix", k1: float, b: float) -> "csr_matrix":
    """(documents, words) float32 weights of (documents, words) counts; empty documents count for nothing.

    Of the paper's idf the form is taken that stays above 0: log(1 + (n - df + 0.5) / (df + 0.5)).
    """
    from scipy.sparse import csr_matrix

    lengths = np.asarray(counts.sum(axis=1)).ravel()
    n, mean = np.count_nonzero(lengths), lengths.sum() / max(np.count_nonzero(lengths), 1)
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log1p((n - frequency + 0.5) / (frequency + 0.5))
    room = np.repeat(k1 * (1 - b + b * lengths / mean if n else lengths), np.diff(counts.indptr))
    weights = idf[counts.indices] * counts.data / (room + counts.data)
    return csr_matrix((weights.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def choices_of(sessions: Sessions) -> list[Choice]:
    """Every choice after something was said, session by session. Raises CannotLearnError if there is none."""
    talks = range(len(sessions)) if sessions.said else ()
    choices = [one for talk in talks for one in sessions.choices(talk) if any(said.text for said in one.context.said)]
    if not choices:
        raise CannotLearnError("nothing was chosen after words: these sessions hold no talks to learn from")
    return choices


def chosen_at(choices: Sequence[Choice], n_items: int) -> "csr_matrix":
    """(choices, n_items) float32: 1 where an item was chosen."""
    from scipy.sparse import csr_matrix

    indices = np.concatenate([one.chosen for one in choices])
    indptr = np.concatenate(([0], np.cumsum([len(one.chosen) for one in choices])))
    return csr_matrix((np.ones(len(indices), dtype=np.float32), indices, indptr), shape=(len(choices), n_items))


@lru_cache(maxsize=4_096)  # a message is read at every later turn of its talk, by each model
def _terms(message: Said, characters: int) -> tuple[str, ...]:
    """Stems of a message's words but stop words, and the ids of its items, which no stem can be taken for."""
    words = [stem for stem in stems(message.text[:characters]) if stem not in _common()]
    return (*words, *(f"@{item}" for item in message.items if _SEPARATOR not in item))


@cache
def _common() -> frozenset[str]:
    return frozenset(stem for word in STOP_WORDS for stem in stems(word))
