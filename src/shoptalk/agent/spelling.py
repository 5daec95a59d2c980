"""Misspelt words of the catalog: 'horor', 'Tarrantino', 'Samsnug'.

Only words that no dictionary and no value holds are looked at. The allowance grows with the length of the word, the
first letter is kept or swapped with the second, and what two words of the catalog resemble alike is less sure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from shoptalk.agent.english import ranks
from shoptalk.agent.words import FILLER

_SHORTEST, _LONGEST = 4, 24
_LONG, _LONGER = 8, 12
_TIED, _CONSIDERED = 0.85, 8
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Spelt:
    """The catalog's word that a misspelt one resembles, and how sure that is (0 to 1)."""

    word: str
    score: float


class Spelling:
    """Corrects words to those of a vocabulary. `weights`: each word with how often the catalog has it."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        self._weights = weights
        self._by_start: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in weights:
            if _SHORTEST <= len(word) <= _LONGEST and word.isalpha():
                self._by_start[word[0], len(word)].append(word)
        self._known: dict[str, Spelt | None] = {}

    def __call__(self, form: str) -> Spelt | None:
        """The word that was meant, or None where the form is right as it is or resembles nothing."""
        if form not in self._known:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[form] = self._nearest(form) if self._may_be_misspelt(form) else None
        return self._known[form]

    def _may_be_misspelt(self, form: str) -> bool:
        if not _SHORTEST <= len(form) <= _LONGEST or not form.isalpha() or form in FILLER or form in self._weights:
            return False
        return not _is_english(form)

    def _nearest(self, form: str) -> Spelt | None:
        allowed = 1 if len(form) < _LONG else 2 if len(form) < _LONGER else 3
        like = list(self._like(form, allowed))
        found = process.extract(form, like, scorer=OSA.distance, score_cutoff=allowed, limit=_CONSIDERED)
        best = [(away, -self._weights[word], word) for word, away, _ in found if not _is_inflected(form, word)]
        if not best:
            return None
        best.sort()
        away, weight, word = best[0]
        tied = len(best) > 1 and best[1][0] == away and best[1][1] * 4 <= weight
        return Spelt(word, round((1.0 - away / len(form)) * (_TIED if tied else 1.0), 2))

    def _like(self, form: str, allowed: int) -> Iterable[str]:
        for first in dict.fromkeys(form[:2]):
            for length in range(len(form) - allowed, len(form) + allowed + 1):
                if length >= _SHORTEST + (len(form) == _SHORTEST):  # four letters: one was left out, none is wrong
                    yield from self._by_start.get((first, length), ())


def _is_english(form: str) -> bool:
    """True for a common English word, also with an ending."""
    held = ranks()
    if form in held:
        return True
    endings = (
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
        ("ly", ""),
        ("er", ""),
        ("y", ""),
    )
    return any(
        form.endswith(end) and form[: -len(end)] + base in held and len(form) > len(end) + 2 for end, base in endings
    )


def _is_inflected(form: str, word: str) -> bool:
    """'Jazzy' is no misspelt 'jazz': an ending was added to the whole word."""
    return form.startswith(word) and form[len(word) :] in ("y", "s", "es", "ed", "er", "ing", "ly", "ish")
