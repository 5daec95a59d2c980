"""Search by words: a tantivy index of titles, whole records and category values, scored with BM25.

What a person typed is data: queries are made of single terms by program, so no message is a syntax error.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import ShopDamagedError
from shoptalk.retrieval.catalog import Catalog, CategoryColumn
from shoptalk.retrieval.stopwords import STOP_WORDS

__all__ = ["LexicalConfig", "LexicalIndex", "matched_words", "stems"]

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

_ANALYZER = "shoptalk_en_1"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HYPHENED = re.compile(r"[^\W_]+(?:-[^\W_]+)+")
_LONGEST_TERM = 60
_FEW_WORDS = 16
_HEAP_BYTES = 128_000_000
_TOLD = 200  # characters of an error: tantivy quotes whole files
_AGAIN = "Build it again from the catalog."


@dataclass(frozen=True)
class LexicalConfig:
    """How words are weighed. A term counts with the field that it fits best and a tenth of the others."""

    title: float = 1.0
    """weight of a term in the title"""
    body: float = 1.0
    """weight of a term anywhere in the record"""
    facets: float = 0.7
    """weight of a term among the category values"""
    others: float = 0.1
    """share of the fields that are not a term's best"""
    most_terms: int = 64
    """terms of a request that are searched: the rarest"""
    most_words: int = 2_000
    """words of a request that are read"""
    listed_up_to: int = 1_000
    """allowed items up to which the query names them; more are filtered out of what is found"""


class LexicalIndex:
    """The words of one catalog's items. Safe to read from many threads.

    Rows are those of the catalog whose ids it was opened for; items that the catalog lacks are not found.
    """

    def __init__(self, folder: Path, ids: Sequence[str], index: Any, config: LexicalConfig) -> None:
        """Use `build` or `open`."""
        self._folder, self._ids, self._index, self._config = folder, tuple(ids), index, config
        keys = np.fromiter((_key(item_id) for item_id in ids), np.int64, len(ids))
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        self._key_of_row = keys

    @classmethod
    def build(cls, folder: Path, catalog: Catalog, *, config: LexicalConfig | None = None) -> Self:
        """Index the whole catalog anew, in place of what the folder holds, and open it."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        built = cls(folder, catalog.ids, _at(folder), config or LexicalConfig())
        built.upsert(catalog, range(len(catalog)))
        return built

    @classmethod
    def open(cls, folder: Path, ids: Sequence[str], *, config: LexicalConfig | None = None) -> Self:
        """Open the index for a catalog with these ids. Raises ShopDamagedError if none can be read there."""
        if not (folder / "meta.json").is_file():
            raise ShopDamagedError(f"{folder} holds no lexical index.", hint=_AGAIN)
        with _reading(folder):
            return cls(folder, ids, _at(folder), config or LexicalConfig())

    def reopen(self, ids: Sequence[str] | None = None) -> Self:
        """What is on disk now, also if another process wrote it; for the same ids or those of a changed catalog."""
        return self.open(self._folder, self._ids if ids is None else ids, config=self._config)

    def __len__(self) -> int:
        """Number of items indexed."""
        return int(self._index.searcher().num_docs)

    def upsert(self, catalog: Catalog, rows: Iterable[int], removed: Iterable[str] = ()) -> None:
        """Index these rows of the catalog in place of what their ids held, and delete the removed ids; all or nothing.

        To search a catalog with other ids or another order, `reopen` with its ids.
        """
        import tantivy

        writer = self._index.writer(_HEAP_BYTES, 1)
        fresh = len(self) == 0
        for item_id in removed:
            writer.delete_documents_by_term("id", item_id)
        for row in rows:
            item_id = catalog.ids[row]
            if not fresh:
                writer.delete_documents_by_term("id", item_id)
            document = tantivy.Document()
            document.add_text("id", item_id)
            document.add_unsigned("key", _key(item_id))
            document.add_text("title", catalog.titles[row])
            document.add_text("body", _record_words(catalog, row))
            document.add_text("facets", " | ".join(_facet_words(catalog, row)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, text: str, k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """Rows of the k allowed items that the words of the text fit best, with BM25 scores, best first.

        Any of the words may match; ties go to the lower row. Fewer than k only if fewer allowed items match. Raises
        ShopDamagedError if the index turns out to be broken.
        """
        count = len(self._ids) if allowed is None else int(np.count_nonzero(allowed))
        searcher = self._index.searcher()
        query = self._query(text, searcher)
        if query is None or k < 1 or count == 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        if allowed is not None and count <= self._config.listed_up_to:
            query = _among(query, self._key_of_row[np.flatnonzero(allowed)].tolist(), self._index.schema)
        wanted = int(1.3 * k * len(self._ids) / count) + 64 if allowed is not None else k + 64
        while True:
            rows, scores, exhausted = self._found(searcher, query, wanted, allowed)
            if len(rows) >= k or exhausted:
                order = np.lexsort((rows, -scores))[:k]
                return rows[order], scores[order].astype(np.float32)
            wanted *= 4

    def _query(self, text: str, searcher: Any) -> Any:
        """An OR of the rarest terms over all fields; None where no term of the text stands in the index."""
        from tantivy import Occur, Query

        words = _words(text, self._config.most_words)
        telling = [word for word in words if word.casefold() not in STOP_WORDS]
        weights = {"title": self._config.title, "body": self._config.body, "facets": self._config.facets}
        if not telling:  # 'It', 'Them': a title perhaps, and no description
            telling, weights = words, {"title": self._config.title}
        terms = dict.fromkeys(stem for word in (*telling, *_compounds(telling)) for stem in stems(word))
        with _reading(self._folder):
            frequency = {term: sum(searcher.doc_freq(field, term) for field in weights) for term in terms}
        frequency = {term: count for term, count in frequency.items() if count}
        rarest = sorted(frequency, key=lambda term: frequency[term])[: self._config.most_terms]
        if not rarest:
            return None
        schema = self._index.schema
        clauses = [
            Query.disjunction_max_query(
                [Query.boost_query(Query.term_query(schema, one, term, "freq"), by) for one, by in weights.items()],
                self._config.others,
            )
            for term in rarest
        ]
        return Query.boolean_query([(Occur.Should, clause) for clause in clauses])

    def _found(self, searcher: Any, query: Any, wanted: int, allowed: Mask | None) -> tuple[Rows, Scores, bool]:
        """Rows and scores of the best `wanted` documents, those not allowed left out; and whether these are all."""
        wanted = max(1, min(wanted, searcher.num_docs))
        with _reading(self._folder):
            hits = searcher.search(query, wanted, count=False).hits
            keys = np.array(searcher.fast_field_values("key", [address for _, address in hits]), dtype=np.int64)
        scores = np.array([score for score, _ in hits], dtype=np.float64)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[places] == keys
        rows = self._order[places[known]]
        scores = scores[known]
        if allowed is not None:
            rows, scores = rows[allowed[rows]], scores[allowed[rows]]
        return rows, scores, len(hits) < wanted or wanted == searcher.num_docs


def stems(text: str) -> list[str]:
    """The text's words as the index knows them: lower case, accents folded, English stems."""
    return list(_analyzer().analyze(text.encode("utf-8", "replace").decode("utf-8")))


def matched_words(text: str, record: str) -> tuple[str, ...]:
    """The words of a request, as typed and in its order, that stand in an item's record by their stems.

    Stop words are left out, and a word that is said twice is told once.
    """
    held = set(stems(record))
    told: dict[str, str] = {}
    for word in _words(text, LexicalConfig.most_words):
        if word.casefold() not in STOP_WORDS:
            parts = [stem for stem in stems(word) if stem not in STOP_WORDS]
            if parts and held.issuperset(parts):
                told.setdefault(" ".join(parts), word)
    return tuple(told.values())


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Say what tantivy means by a ValueError: that a file of the index is not what it wrote."""
    try:
        yield
    except ValueError as error:
        told = str(error).partition("\n")[0][:_TOLD]
        raise ShopDamagedError(f"The lexical index in {folder} cannot be read: {told}.", hint=_AGAIN) from error


@cache
def _analyzer() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    steps = (Filter.lowercase(), Filter.ascii_fold(), Filter.remove_long(_LONGEST_TERM), Filter.stemmer("english"))
    for step in steps:
        builder = builder.filter(step)
    return builder.build()


def _at(folder: Path) -> Any:
    """The index in the folder, created if the folder is empty."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("key", indexed=True, fast=True)
    for name in ("title", "body", "facets"):
        builder.add_text_field(name, tokenizer_name=_ANALYZER, index_option="freq")
    index = tantivy.Index(builder.build(), path=str(folder))
    index.register_tokenizer(_ANALYZER, _analyzer())
    index.config_reader("manual")
    index.reload()
    return index


def _among(query: Any, keys: list[int], schema: Any) -> Any:
    """The query over the documents with these keys only; the restriction adds nothing to the score."""
    from tantivy import Occur, Query

    listed = Query.const_score_query(Query.term_set_query(schema, "key", keys), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, listed)])


def _words(text: str, most: int) -> list[str]:
    words = []
    for found in _WORD.finditer(text):
        words.append(found.group())
        if len(words) == most:
            break
    return words


def _record_words(catalog: Catalog, row: int) -> str:
    """All that the record says, nothing cut: whatever a person can read there, its words find."""
    words = [catalog.titles[row]]
    for facet in catalog.schema.facets:
        match catalog.value(row, facet.name):
            case True:
                words.append(facet.label or facet.name)
            case float(number):
                words.append(f"{number:.15g} {facet.unit or ''}")
            case str(word):
                words.append(word)
            case tuple(several):
                words.extend(several)
    told = "\n".join((*words, catalog.texts[row]))
    return "\n".join((told, *_unhyphened(told)))


def _unhyphened(text: str) -> dict[str, None]:
    """Hyphened words with a figure, each once, as they are typed in haste: model numbers, 'TN2110' for 'TN-2110'."""
    found = (one for one in _HYPHENED.findall(text) if any(map(str.isdigit, one)))
    return dict.fromkeys(one.replace("-", "") for one in found)


def _compounds(words: Sequence[str]) -> list[str]:
    """What neighbours make when they are written as one: 'micro sd' may stand as 'microSD', 'tn 2110' as 'TN2110'.

    Those that no record has cost nothing. A message that runs on is left as it is: by chance some of many would fit.
    """
    return [first + second for first, second in pairwise(words)] if len(words) <= _FEW_WORDS else []


def _facet_words(catalog: Catalog, row: int) -> list[str]:
    columns = (catalog.column(facet.name) for facet in catalog.schema.facets)
    return [word for column in columns if isinstance(column, CategoryColumn) for word in column.of(row)]


def _key(item_id: str) -> int:
    """63 bits that stand for an id, which tantivy can give back for thousands of hits at once."""
    digest = hashlib.blake2b(item_id.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
