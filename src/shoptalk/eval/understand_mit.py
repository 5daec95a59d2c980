"""Entity F1 on the MIT slot corpora: does the understanding find what a request's words speak of?

The understanding knows a catalog made of the train split's tagged values only, never its sentences: a facet for each
tag, the values spread over rows as often as they are tagged, and the names of items (titles, restaurants) as the items'
titles. Nothing is trained. What a Request says becomes entities: each constraint's words with its facet; items named,
known or not, with the tag that holds names. Free text claims no facet; what comes of giving it to the tag that holds
descriptions, where the domain has one, is reported beside.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.state import TalkState
from shoptalk.eval.datasets import mit
from shoptalk.eval.datasets.mit import TaggedSentence, TaggedSpan
from shoptalk.eval.readers import EmbeddedReader, Reader, in_order
from shoptalk.eval.scoring import Latency, Scores, Share, Timed, drawn, latency_of, scores_of, share_of
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import Overrides, detect, to_items
from shoptalk.retrieval.naming import is_description, words_of
from shoptalk.retrieval.query import Constraint, Request
from shoptalk.retrieval.reading import Record

__all__ = ["Domain", "EntityReport", "agreeing", "domain_of", "entities", "measure_domain", "readable"]

Miss = Callable[[dict[str, Any]], None]

_FILLER_TITLE = "entry"
_NAMES = frozenset({"title", "name"})
_JOINT = re.compile(r"\s*(?:[,;/]|\b(?:or|and|nor)\b)\s*", re.IGNORECASE)
_WORD = re.compile(r"\S+")


class EntityReport(BaseModel):
    """What one domain's split came to. Strict: span and type are exact; lenient: the spans overlap."""

    model_config = ConfigDict(frozen=True)

    domain: str
    split: str
    sentences: int
    catalog_items: int
    catalog_values: int = Field(description="different values of the train split that the catalog holds")
    strict: Scores
    lenient: Scores
    strict_with_text: Scores = Field(description="strict, with the request's free text as descriptions")
    recall_known: Share = Field(description="strict recall of entities whose very words the catalog holds so tagged")
    recall_new: Share = Field(description="strict recall of the others, which can only be told from the sentence")
    by_type: dict[str, Scores] = Field(description="strict, by tag")
    lenient_by_type: dict[str, Scores]
    latency: Latency


@dataclass(frozen=True)
class Domain:
    """A domain's catalog, which tag each of its facets stands for, and the values that are held of each tag."""

    catalog: Catalog
    tags: dict[str, str]
    names: str | None
    descriptions: str | None
    values: dict[str, frozenset[str]]


def domain_of(sentences: Iterable[TaggedSentence], *, seed: int = 0) -> Domain:
    """The catalog of the sentences' tagged values. A row holds several values of a tag where there are more than rows.

    How often a value is tagged decides how many rows have it, as in a real catalog; which rows is drawn by lot.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        for span in sentence.spans:
            said[span.tag].append(sentence.value(span))
    tags = sorted(said)
    names = next((tag for tag in tags if _NAMES & set(words_of(tag))), None)
    titles = sorted(set(said[names])) if names else []
    count = len(titles) or max((len(set(values)) for values in said.values()), default=1)
    rows: list[dict[str, Any]] = [{"title": titles[i] if titles else f"{_FILLER_TITLE} {i + 1}"} for i in range(count)]
    dice = random.Random(seed)
    columns = {readable(tag): tag for tag in tags if tag != names}
    for column, tag in columns.items():
        for values, row in zip(_spread(said[tag], count, dice), rows, strict=True):
            row[column] = values
    records = [Record(number, row) for number, row in enumerate(rows, start=1)]
    overrides = Overrides(title="title", facets=tuple(f"{column}:categories" for column in columns))
    catalog = Catalog.from_items(to_items(records, schema := detect(records, overrides)), schema)
    descriptions = next((tag for column, tag in columns.items() if is_description(column)), None)
    return Domain(catalog, columns, names, descriptions, {tag: frozenset(said[tag]) for tag in tags})


def readable(tag: str) -> str:
    """'RATINGS_AVERAGE' -> 'ratings average'."""
    return " ".join(words_of(tag if not tag.isupper() else tag.lower()))


def entities(request: Request, domain: Domain, *, with_text: bool = False) -> set[TaggedSpan]:
    """What a request says of its message, as tagged spans of the message's words; free text if `with_text`."""
    message = request.message
    found: set[tuple[int, int, str]] = set()
    for constraint in request.constraints:
        tag = domain.tags.get(constraint.facet)
        if tag is not None and constraint.span is not None:
            found |= {(*span, tag) for span in _pieces(message, constraint)}
    if domain.names is not None:
        named = [mention.span for mention in request.mentions if mention.span is not None]
        unknown = [span for title in request.unknown_titles for span in _places(title, message)[:1]]
        found |= {(*span, domain.names) for span in (*named, *unknown)}
    if with_text and domain.descriptions is not None:
        free = _runs(request.text, message)
        found |= {(*span, domain.descriptions) for span in free if not _overlaps_any(span, found)}
    return {_on_words(message, start, end, tag) for start, end, tag in found if end > start}


def agreeing(predicted: Iterable[TaggedSpan], true: Iterable[TaggedSpan]) -> list[tuple[TaggedSpan, TaggedSpan]]:
    """Pairs of a predicted and a true span with one tag that overlap, each span in one pair at most."""
    left = sorted(true)
    pairs = []
    for one in sorted(predicted):
        match = next((t for t in left if t.tag == one.tag and t.start < one.end and one.start < t.end), None)
        if match is not None:
            left.remove(match)
            pairs.append((one, match))
    return pairs


def measure_domain(
    folder: Path,
    split: str,
    *,
    reader: Reader | None = None,
    limit: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
    tell: Callable[[int, int], None] | None = None,
    miss: Miss | None = None,
) -> EntityReport:
    """Measure one domain's split, or `limit` sentences of it drawn by lot. `miss` is told sentences not all right."""
    domain = domain_of(mit.read_split(folder, "train"), seed=seed)
    sentences = list(mit.read_split(folder, split))
    sentences = drawn(sentences, limit, seed)
    reader = reader or EmbeddedReader()
    understanding = Timed(reader.over(domain.catalog, folder.name))
    tally, texts, of_known, of_new = _Tally(), list[list[int]](), list[list[int]](), list[list[int]]()
    requests = in_order(lambda one: understanding.understand(one.text, TalkState()), sentences, reader.at_once)
    for number, (sentence, request) in enumerate(zip(sentences, requests, strict=True), start=1):
        true = set(sentence.spans)
        predicted, with_text = entities(request, domain), entities(request, domain, with_text=True)
        tally.add(predicted, true)
        texts.append([len(with_text & true), len(with_text), len(true)])
        known = {span for span in true if sentence.value(span) in domain.values.get(span.tag, ())}
        for table, held in ((of_known, known), (of_new, true - known)):
            table.append([len(predicted & held), len(held)])
        if miss is not None and predicted != true:
            miss({"domain": folder.name, "text": sentence.text} | _told(sentence, predicted))
        if tell is not None:
            tell(number, len(sentences))
    strict, lenient = tally.scores(resamples, seed)
    return EntityReport(
        domain=folder.name,
        split=split,
        sentences=len(sentences),
        catalog_items=len(domain.catalog),
        catalog_values=sum(map(len, domain.values.values())),
        strict=strict.pop(""),
        lenient=lenient.pop(""),
        strict_with_text=scores_of(texts, resamples=resamples, seed=seed),
        recall_known=share_of(of_known, resamples=resamples, seed=seed),
        recall_new=share_of(of_new, resamples=resamples, seed=seed),
        by_type=strict,
        lenient_by_type=lenient,
        latency=latency_of(understanding.milliseconds),
    )


class _Tally:
    """Counts per sentence and tag; the tag '' stands for all."""

    def __init__(self) -> None:
        self._rows: list[dict[str, list[int]]] = []

    def add(self, predicted: set[TaggedSpan], true: set[TaggedSpan]) -> None:
        """Count one sentence: exactly right, overlapping, predicted, true."""
        exact, overlapping = predicted & true, [match for _, match in agreeing(predicted, true)]
        counts = [Counter(one.tag for one in spans) for spans in (exact, overlapping, predicted, true)]
        row = {tag: [count[tag] for count in counts] for tag in set().union(*counts)}
        row[""] = [count.total() for count in counts]
        self._rows.append(row)

    def scores(self, resamples: int, seed: int) -> tuple[dict[str, Scores], dict[str, Scores]]:
        """Strict and lenient scores by tag, all of them under ''."""
        tags = sorted({tag for row in self._rows for tag in row} | {""})
        none = [0, 0, 0, 0]
        strict, lenient = {}, {}
        for tag in tags:
            rows = [row.get(tag, none) for row in self._rows]
            strict[tag] = scores_of([[r[0], r[2], r[3]] for r in rows], resamples=resamples, seed=seed)
            lenient[tag] = scores_of([[r[1], r[2], r[3]] for r in rows], resamples=resamples, seed=seed)
        return strict, lenient


def _spread(values: Sequence[str], count: int, dice: random.Random) -> Iterator[list[str]]:
    """The values over `count` rows, no row with one twice; where there are fewer than rows they come again."""
    drawn = list(values)
    dice.shuffle(drawn)
    for row in range(count):
        yield list(dict.fromkeys(drawn[row::count])) or [drawn[row % len(drawn)]]


def _pieces(message: str, constraint: Constraint) -> list[tuple[int, int]]:
    """Where a constraint's words stand; 'horror or thriller' in two places, if it holds as many values."""
    assert constraint.span is not None
    start, end = constraint.span
    several = len(constraint.value) if isinstance(constraint.value, tuple) else 1
    if several > 1 and isinstance(constraint.value, tuple) and isinstance(constraint.value[0], str):
        cuts = [cut.span() for cut in _JOINT.finditer(message, start, end) if cut.end() > cut.start()]
        edges = [start, *(edge for cut in cuts for edge in cut), end]
        pieces = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
        if len(pieces) == several:
            return pieces
    return [(start, end)]


def _places(said: str, message: str) -> list[tuple[int, int]]:
    """Where words stand in the message, whatever their case."""
    pattern = r"\W+".join(re.escape(word) for word in said.split())
    return [found.span() for found in re.finditer(rf"(?<!\w){pattern}(?!\w)", message, re.IGNORECASE)] if said else []


def _runs(text: str, message: str) -> list[tuple[int, int]]:
    """Where a request's free text stands: its words in the message's order, neighbours as one span."""
    runs: list[tuple[int, int]] = []
    words = text.split()
    at = done = 0
    while done < len(words):
        length = next(
            (n for n in range(len(words) - done, 0, -1) if _after(" ".join(words[done : done + n]), message, at)), 0
        )
        if length:
            runs.append(_after(" ".join(words[done : done + length]), message, at)[0])
            at = runs[-1][1]
        done += max(length, 1)
    return runs


def _after(said: str, message: str, at: int) -> list[tuple[int, int]]:
    return [span for span in _places(said, message) if span[0] >= at]


def _overlaps_any(span: tuple[int, int], found: set[tuple[int, int, str]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end, _ in found)


def _on_words(message: str, start: int, end: int, tag: str) -> TaggedSpan:
    """The words that characters `start` to `end` touch; blanks at the edges do not count."""
    touched = [i for i, w in enumerate(_WORD.finditer(message)) if w.start() < end and start < w.end()]
    return TaggedSpan(touched[0], touched[-1] + 1, tag) if touched else TaggedSpan(0, 0, tag)


def _told(sentence: TaggedSentence, predicted: set[TaggedSpan]) -> dict[str, list[str]]:
    true = set(sentence.spans)

    def shown(spans: set[TaggedSpan]) -> list[str]:
        return [f"{one.tag}: {sentence.value(one)}" for one in sorted(spans)]

    return {"right": shown(predicted & true), "missed": shown(true - predicted), "wrong": shown(predicted - true)}
