"""The MIT slot corpora (Movie, Restaurant, ...): one sentence a line, `word:TAG word:TAG ... <=> <NULL>`, tags in BIO.

A folder holds one folder per domain, and each of these a file per split: `train`, `valid`, `test`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.files import found, lines, required

__all__ = ["SPLITS", "TaggedSentence", "TaggedSpan", "domains", "read_split"]

SPLITS = ("train", "valid", "test")
_END = " <=> "


@dataclass(frozen=True, slots=True, order=True)
class TaggedSpan:
    """Words `start` to `end` (exclusive) speak of `tag`."""

    start: int
    end: int
    tag: str


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A request and what its words speak of; spans in order, none over another."""

    words: tuple[str, ...]
    spans: tuple[TaggedSpan, ...]

    @property
    def text(self) -> str:
        """The words with single spaces between them."""
        return " ".join(self.words)

    def value(self, span: TaggedSpan) -> str:
        """The words of a span."""
        return " ".join(self.words[span.start : span.end])

    def characters(self, span: TaggedSpan) -> tuple[int, int]:
        """Where a span stands in `text`: first character, and the one after its last."""
        start = sum(len(word) + 1 for word in self.words[: span.start])
        return start, start + len(self.value(span))


def domains(folder: Path) -> list[Path]:
    """The domains' folders, those with at least one split; empty if the folder is not there."""
    held = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [path for path in held if any(found(path, split) for split in SPLITS)]


def read_split(domain: Path, split: str) -> Iterator[TaggedSentence]:
    """Sentences of one split of a domain's folder. Raises DatasetError if it is not there or a word has no tag."""
    path = required(domain, split, hint="A domain's folder holds files named train, valid or test.")
    for number, line in lines(path):
        yield _sentence(line, path, number)


def _sentence(line: str, path: Path, number: int) -> TaggedSentence:
    pairs = [token.rpartition(":") for token in line.partition(_END)[0].split()]
    untagged = next((word or tag for word, colon, tag in pairs if not colon), None)
    if untagged is not None:
        raise DatasetError(f"{path}, line {number}: '{untagged}' has no tag; 'word:TAG' is expected.")
    return TaggedSentence(tuple(word for word, _, _ in pairs), _spans([tag for _, _, tag in pairs]))


def _spans(tags: list[str]) -> tuple[TaggedSpan, ...]:
    """Runs of B-X, I-X, ...; an I-X without its B-X begins one too, as in conlleval."""
    spans: list[TaggedSpan] = []
    for place, tag in enumerate(tags):
        mark, _, name = tag.partition("-")
        if not name:
            continue
        last = spans[-1] if spans else None
        if mark == "I" and last and last.end == place and last.tag == name:
            spans[-1] = TaggedSpan(last.start, place + 1, name)
        else:
            spans.append(TaggedSpan(place, place + 1, name))
    return tuple(spans)
