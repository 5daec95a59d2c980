"""The catalog's own words: which facet values a run of words in a message may name.

Built from the columns when a shop is opened. Values are compared folded and in the singular, so that 'comedies',
'Comedy' and 'COMEDY' agree; people are also known by their last name where only one person of the catalog has it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import (
    CURRENCIES,
    DOUBLE_SYNONYMS,
    FILLER,
    LEANINGS,
    NUMBER_WORDS,
    PRICE_LEVELS,
    SYNONYMS,
    UNITS,
)
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, FlagColumn
from shoptalk.retrieval.schema import Column, Kind, Meaning

Key = tuple[str, ...]

_LONGEST = 6
_DOMINANT = 3.0  # a last name stands for a person who has three times the items of the next who has it
_VALUE_CHARACTERS = 60
#: Which facet a word is taken for when several have it.
_MEANING_ORDER = (
    Meaning.GENRE, Meaning.BRAND, Meaning.LANGUAGE, Meaning.PLACE, Meaning.PERSON, None, Meaning.KEYWORD,
)  # fmt: skip
_FLAG_FRAME = frozenset(
    {
        "is",
        "has",
        "have",
        "included",
        "include",
        "available",
        "allowed",
        "built",
        "integrated",
        "free",
        "serve",
        "offer",
        "accept",
        "provide",
        "permitted",
    }
)


@dataclass(frozen=True, slots=True)
class Named:
    """A facet value that some words name. `leaning`: the words only hint at it. `count`: items that have it."""

    facet: str
    value: str | bool
    count: int
    leaning: bool = False


class Lexicon:
    """Looks up facet values by words. `longest` is the only question it answers while a message is read."""

    def __init__(self, catalog: Catalog) -> None:
        self._facets = {facet.name: facet for facet in catalog.schema.facets}
        self._named: dict[Key, list[Named]] = defaultdict(list)
        people: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for facet in catalog.schema.facets:
            column = catalog.column(facet.name)
            if isinstance(column, CategoryColumn):
                self._add_values(facet, column, people)
            elif isinstance(column, FlagColumn):
                self._add_flag(facet, int((column.values == 1).sum()))
        self._add_last_names(people)
        self._direct = frozenset(self._named)
        self._add_synonyms()
        if not any(facet.kind is Kind.NUMBER and facet.meaning is Meaning.PRICE for facet in catalog.schema.facets):
            self._add_price_levels()

    def longest(self, forms: Sequence[str], at: int) -> tuple[int, tuple[Named, ...]]:
        """The longest run of words from `at` on that names values: its length (0: none) and the values.

        Several values come back for one run only where the run means them all ('romcom').
        """
        for length in range(min(_LONGEST, len(forms) - at), 0, -1):
            named = self._named.get(tuple(singular(form) for form in forms[at : at + length]))
            if named:
                return length, self._choose(named)
        more_of = self._compared(forms[at]) if at < len(forms) else ()
        return (1, more_of) if more_of else (0, ())

    def all_named(self, forms: Sequence[str]) -> tuple[Named, ...]:
        """Every value that exactly these words name, in any facet."""
        return tuple(self._named.get(tuple(singular(form) for form in forms), ()))

    def names_value(self, forms: Sequence[str]) -> bool:
        """True if the words name a value as the catalog itself spells it."""
        return tuple(singular(form) for form in forms) in self._direct

    def _compared(self, form: str) -> tuple[Named, ...]:
        """What a comparative leans towards: 'darker' to 'dark', 'funnier' to 'funny'."""
        if len(form) < 6 or not form.endswith("er"):
            return ()
        for base in (form[:-2], form[:-3] + "y" if form.endswith("ier") else "", form[:-1], form[:-3]):
            if named := self._named.get((base,)) if len(base) > 2 else None:
                best = min(named, key=self._order)
                return (replace(best, leaning=True),)
        return ()

    def _choose(self, named: Sequence[Named]) -> tuple[Named, ...]:
        if isinstance(named, _Together):
            return tuple(named)
        if named[0].leaning:
            return tuple(named[:1])
        if all(one.facet == named[0].facet for one in named):
            return (max(named, key=lambda one: one.count),)
        return (min(named, key=self._order),)

    def _order(self, one: Named) -> tuple[int, int]:
        return (_MEANING_ORDER.index(self._meaning(one.facet)), -one.count)

    def _meaning(self, facet: str) -> Meaning | None:
        meaning = self._facets[facet].meaning
        return meaning if meaning in _MEANING_ORDER else None

    def _add_values(self, facet: Column, column: CategoryColumn, people: dict[str, Counter[tuple[str, str]]]) -> None:
        for value, count in zip(column.values, column.counts.tolist(), strict=True):
            if len(value) > _VALUE_CHARACTERS:
                continue
            key = tuple(singular(word) for word in words(value))
            if not key or len(key) > _LONGEST or not _says_something(key):
                continue
            self._named[key].append(Named(facet.name, value, count))
            if facet.meaning is Meaning.PERSON and len(key) > 1:
                people[key[-1]][facet.name, value] += count

    def _add_flag(self, facet: Column, count: int) -> None:
        label = [singular(word) for word in words(facet.label or facet.name)]
        bare = [word for word in label if word not in _FLAG_FRAME]
        for key in {tuple(label), tuple(bare)}:
            if key and _says_something(key):
                self._named[key].append(Named(facet.name, True, count))

    def _add_last_names(self, people: dict[str, Counter[tuple[str, str]]]) -> None:
        for name, holders in people.items():
            by_person: Counter[str] = Counter()
            for (_, person), count in holders.items():
                by_person[person] += count
            (best, most), *others = by_person.most_common(2)
            alone = not others or most >= _DOMINANT * others[0][1]
            if alone and len(name) > 3 and (name,) not in self._named and name not in FILLER:
                facet = max((f for f, person in holders if person == best), key=lambda f: holders[f, best])
                self._named[name,].append(Named(facet, best, most))

    def _add_synonyms(self) -> None:
        for said, meant in SYNONYMS.items():
            self._alias(said, [value for word in meant for value in self.all_named(words(word))], leaning=False)
        for said, pair in DOUBLE_SYNONYMS.items():
            both = [self.all_named(words(word)) for word in pair]
            key = tuple(singular(word) for word in words(said))
            if all(both) and key not in self._named:
                self._named[key] = _Together(min(values, key=self._order) for values in both)
        for said, meant in LEANINGS.items():
            found = next((values for word in meant if (values := self.all_named(words(word)))), ())
            self._alias(said, sorted(found, key=self._order)[:1], leaning=True)

    def _add_price_levels(self) -> None:
        """'Cheap' where the price is told in words: 'inexpensive' of the price range."""
        for said, meant in PRICE_LEVELS.items():
            held = (one for word in meant for one in self.all_named(words(word)))
            levels = [one for one in held if {"price", "cost"} & set(words(self._facets[one.facet].label or one.facet))]
            self._alias(said, levels[:1], leaning=False)

    def _alias(self, said: str, values: Iterable[Named], *, leaning: bool) -> None:
        key = tuple(singular(word) for word in words(said))
        if key in self._direct:
            return
        for value in values:
            self._named[key].append(Named(value.facet, value.value, value.count, leaning=leaning))


class _Together(list[Named]):
    """Values that one run of words means together."""


def _says_something(key: Key) -> bool:
    """False for values that any sentence may contain by chance: single letters, numbers, filler, units."""
    if len(key) > 1:
        return not all(word in FILLER or word.isdigit() for word in key)
    word = key[0]
    return not (
        len(word) < 2 or word.isdigit() or word in FILLER or word in NUMBER_WORDS or word in CURRENCIES or word in UNITS
    )
