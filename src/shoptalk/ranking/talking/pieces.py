"""What the talk transformer reads, as word pieces: the last of a talk, and what an item is in a few words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.retrieval.query import Said
from shoptalk.retrieval.schema import Kind, Meaning

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from shoptalk.retrieval.catalog import Catalog

__all__ = ["MOST_OF_ITEM", "MOST_OF_TALK", "PERSON", "SHOP", "ReadTalk", "Reader", "short_text"]

Ints = NDArray[np.int64]

#: Token types: who said a piece.
PERSON, SHOP = 0, 1
MOST_OF_TALK, MOST_OF_ITEM = 72, 16
_MOST_OF_MESSAGE, _CHARACTERS = 40, 1_000
_VALUES, _PEOPLE = 6, 2


@dataclass(frozen=True, slots=True, eq=False)
class ReadTalk:
    """[CLS] message [SEP] message [SEP], oldest first: `ids` (t,) and `types` (t,), who said them; t <= 72."""

    ids: Ints
    types: Ints


class Reader:
    """Cuts talks and items into pieces, and remembers those of the texts that it met last. Thread safe."""

    def __init__(self, tokenizer: "Tokenizer", *, remembered: int = 8_192) -> None:
        """The tokenizer's padding and truncation are switched off. Raises ValueError if it is not one of BERT's."""
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        first, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        if first is None or end is None:
            raise ValueError("the tokenizer has no [CLS] and [SEP]")
        self._first, self._end = first, end
        self._pieces = lru_cache(maxsize=remembered)(self._cut)

    def talk(self, said: Sequence[Said]) -> ReadTalk | None:
        """The newest pieces of a talk, of each message the first 40; None where nothing was said."""
        parts: list[tuple[int, ...]] = []
        speakers: list[int] = []
        room = MOST_OF_TALK - 1
        for message in reversed(said):
            pieces = self._pieces(message.text, _MOST_OF_MESSAGE)
            if not pieces:
                continue
            parts.append((*pieces, self._end)[-room:])
            speakers.append(PERSON if message.by_user else SHOP)
            room -= len(parts[-1])
            if room == 0:
                break
        if not parts:
            return None
        lengths = [len(part) for part in reversed(parts)]
        types = np.repeat(speakers[::-1], lengths)
        return ReadTalk(
            np.array([self._first, *chain.from_iterable(reversed(parts))], dtype=np.int64),
            np.concatenate(([PERSON], types)).astype(np.int64),
        )

    def items(self, texts: Sequence[str]) -> tuple[Ints, NDArray[np.bool_]]:
        """(n, t) ids of [CLS] text [SEP], and where they stand; t <= 16 is the length of the longest."""
        rows = [(self._first, *self._pieces(text, MOST_OF_ITEM - 2), self._end) for text in texts]
        return padded(rows)

    def _cut(self, text: str, most: int) -> tuple[int, ...]:
        plain = text[:_CHARACTERS].encode("utf-8", "replace").decode("utf-8")  # no encoding holds lone surrogates
        return tuple(self._tokenizer.encode(plain, add_special_tokens=False).ids[:most])


def padded(rows: Sequence[Sequence[int] | Ints]) -> tuple[Ints, NDArray[np.bool_]]:
    """(n, t) the rows filled up with zeros to the length of the longest, and where they stand."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]
    ids = np.zeros(mask.shape, dtype=np.int64)
    ids[mask] = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]) if len(rows) else []
    return ids, mask


def short_text(catalog: "Catalog", row: int) -> str:
    """An item in a few words: title, year, what kind of thing it is, and who made it: 'Alien (1979). horror. R. Scott'.

    Category values alone are told; of each facet of people the first two.
    """
    kinds = [one for one in catalog.schema.facets if one.kind in (Kind.CATEGORY, Kind.CATEGORIES)]
    things = [_words(catalog, row, one.name)[:_VALUES] for one in kinds if one.meaning is not Meaning.PERSON]
    people = [_words(catalog, row, one.name)[:_PEOPLE] for one in kinds if one.meaning is Meaning.PERSON]
    told = (", ".join(chain.from_iterable(values)) for values in (things, people))
    return ". ".join(part for part in (_titled(catalog, row), *told) if part)


def _words(catalog: "Catalog", row: int, facet: str) -> tuple[str, ...]:
    match catalog.value(row, facet):
        case str(word):
            return (word,)
        case tuple(words):
            return words
    return ()


def _titled(catalog: "Catalog", row: int) -> str:
    title = catalog.titles[row]
    for facet in catalog.schema.by_meaning(Meaning.YEAR):
        year = catalog.value(row, facet.name)
        if isinstance(year, float) and f"{year:g}" not in title:
            return f"{title} ({year:g})"
    return title
