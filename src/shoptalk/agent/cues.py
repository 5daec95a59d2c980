"""Phrases looked up by their first word: a message is held against hundreds of them in microseconds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence


class Cues:
    """A set of phrases, each of folded words with a space between. Forms are a message's folded words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._first: dict[str, list[list[str]]] = defaultdict(list)
        self._last: dict[str, list[list[str]]] = defaultdict(list)
        self._whole = frozenset(phrases)
        for said in sorted((phrase.split() for phrase in self._whole), key=len, reverse=True):
            self._first[said[0]].append(said)
            self._last[said[-1]].append(said)

    def at(self, forms: Sequence[str], at: int) -> int:
        """Length in words of the longest phrase that begins at this place; 0 if none does."""
        if not 0 <= at < len(forms) or (held := self._first.get(forms[at])) is None:
            return 0
        return next((len(said) for said in held if forms[at : at + len(said)] == said), 0)

    def ending(self, forms: Sequence[str], end: int) -> int:
        """Length in words of the longest phrase that ends right before this place; 0 if none does."""
        if not 0 < end <= len(forms):
            return 0
        said = self._last.get(forms[end - 1], ())
        return next((len(one) for one in said if len(one) <= end and forms[end - len(one) : end] == one), 0)

    def within(self, forms: Sequence[str], start: int = 0, end: int | None = None) -> tuple[int, int]:
        """Place and length of the first phrase that stands there; (0, 0) if none does."""
        for at in range(start, len(forms) if end is None else end):
            if length := self.at(forms, at):
                return at, length
        return 0, 0

    def is_all(self, forms: Sequence[str]) -> bool:
        """True if these words are one of the phrases and nothing else."""
        return " ".join(forms) in self._whole
