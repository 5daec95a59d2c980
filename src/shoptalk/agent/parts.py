"""Items named by a part of their title: 'the pegasus' of 'Nike Pegasus 41', 'terraforming' of 'Terraforming Mars'."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from rapidfuzz.distance import OSA

from shoptalk.agent.english import ranks
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import FILLER
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.schema import Role

_MOST_WORDS, _SHORTEST, _MISSPELT = 4, 4, 5
_VARIANTS = 3  # items of one make: the Pegasus for men and the one for women
_NAMES = frozenset({"name", "title"})


class Parts:
    """Finds the items that some words of a title, and of no other's, name."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon) -> None:
        self._catalog = catalog
        self._lexicon = lexicon

    def named(self, sentence: Sentence, at: int, *, is_sure: bool) -> tuple[tuple[int, ...], int]:
        """The rows that the words from here name, and how many words do; ((), 0) where they name none, or many.

        `is_sure`: an item is spoken of (owned, seen); else only a word that is no English one names it.
        """
        end = min(sentence.clause_end(at), at + _MOST_WORDS) if at < len(sentence) else at
        for past in range(end, at, -1):
            if not sentence.free(at, past - at) or not self._ends(sentence, past):
                continue
            forms = sentence.forms[at:past]
            if self._lexicon.names_value(forms) or not self._tells(forms, is_sure=is_sure):
                continue
            if rows := self._of([singular(form) for form in forms]):
                return rows, past - at
        return (), 0

    def _ends(self, sentence: Sentence, past: int) -> bool:
        """True where the words stand for themselves: nothing follows that they might only describe."""
        return past == len(sentence) or sentence.starts_clause[past] or sentence.forms[past] in FILLER

    def _tells(self, forms: Sequence[str], *, is_sure: bool) -> bool:
        if forms[0] in FILLER or forms[-1] in FILLER:
            return False
        long = [form for form in forms if len(form) >= _SHORTEST]
        return bool(long) and (is_sure or any(form not in ranks() for form in long))

    def _of(self, said: Sequence[str]) -> tuple[int, ...]:
        said = [self._spelt(word) for word in said]
        rows = set.intersection(*(self._rows.get(word, set()) for word in said))
        held = sorted(row for row in rows if any(_holds(title, said) for title in self._titles(row)))
        return tuple(held) if 0 < len(held) <= _VARIANTS else ()

    def _spelt(self, word: str) -> str:
        """The word of a title that was meant: itself, or the only one that is a letter off."""
        if word in self._rows or len(word) < _MISSPELT:
            return word
        near = [other for other in self._rows if other[0] == word[0] and OSA.distance(word, other, score_cutoff=1) <= 1]
        return near[0] if len(near) == 1 else word

    def _titles(self, row: int) -> Iterator[list[str]]:
        for title in (self._catalog.titles[row], *self._others.get(row, ())):
            yield [singular(word) for word in words(title)]

    @cached_property
    def _others(self) -> dict[int, list[str]]:
        return other_names(self._catalog)

    @cached_property
    def _rows(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for row in range(len(self._catalog)):
            for title in self._titles(row):
                for word in title:
                    found[word].add(row)
        return found


def other_names(catalog: Catalog) -> dict[int, list[str]]:
    """What items are called besides their title, by row: a plant's common name where its Latin one is the title."""
    labels = [
        f"{column.label}: "
        for column in catalog.schema.of_role(Role.TEXT)
        if column.label and set(words(column.label)[-1:]) & _NAMES
    ]
    found: dict[int, list[str]] = defaultdict(list)
    for row, text in enumerate(catalog.texts) if labels else ():
        for line in text.splitlines():
            found[row] += [line.removeprefix(label) for label in labels if line.startswith(label)]
    many = Counter(name for names in found.values() for name in names)
    return {row: [name for name in names if many[name] == 1] for row, names in found.items()}


def _holds(title: Sequence[str], said: Sequence[str]) -> bool:
    return any(title[at : at + len(said)] == list(said) for at in range(len(title) - len(said) + 1))
