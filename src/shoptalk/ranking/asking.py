"""Queries made from a catalog's own items, with the grades that a person who asked so would give.

A new shop has no log, so its first ranker learns from these. Each is made around a target: the query gets some of
what is known about it, the grades come from the rest. They can teach how shared values, closeness and wishes go
together in this catalog, not what people like. Two limits are known. Words of the target stand in the query (some
exchanged for ones that the encoder finds near, dropped or mistyped), so they flatter whatever matches words;
`training` therefore leaves the weighing of words and meaning to retrieval's fusion. Half of the requests for
something like an item are graded by what it visibly shares: an assumption of ours (who names an item wants its rare
traits), not a finding. And a facet that is held back from the features still stands in the text that the vectors were
made from, so closeness of vectors sees some of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.space import FeatureSpace, Ints
from shoptalk.retrieval.catalog import CategoryColumn, NumberColumn
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.lexical import stems
from shoptalk.retrieval.query import Constraint, Operator, Query
from shoptalk.retrieval.schema import Meaning
from shoptalk.retrieval.stopwords import STOP_WORDS

__all__ = ["Ask", "Asked", "Asker"]

_BOND_SHARE, _COMMON = 0.1, 0.25
_TEXT_SAMPLE = 3000
_DROPPED, _MISTYPED, _MISTAKEN, _LOST, _TITLE_KEPT = 0.25, 0.05, 0.2, 0.5, 0.2
_VOCABULARY, _SAME_MEANING, _MEANINGS = 1500, 0.5, 4
_NEIGHBOURS = 20
_SEEN, _SEEN_TASTE, _MOST_ALIKE = 0.5, 0.4, 12
_QUIET = (Meaning.HIDDEN, Meaning.STOCK, Meaning.POPULARITY)


class Ask(StrEnum):
    """What a made query gives away about its target."""

    WORDS = "words"
    VALUES = "values in words"
    LIKE = "like an item"
    TASTE = "liked items"
    WISHES = "wishes"


@dataclass(frozen=True, slots=True)
class Asked:
    """A made query, the facets that features must not see, and the grade (0 to 3) of any rows."""

    kind: Ask
    query: Query
    hidden: frozenset[str]
    target: int
    grade: Callable[[Ints], Ints]


@dataclass(frozen=True, slots=True)
class _Bond:
    """A category value that ties some items together: its facet, and the rows that have it."""

    facet: str
    value: str
    rows: Ints


class Asker:
    """Makes queries from a catalog. One seed gives one sequence of them."""

    def __init__(self, space: FeatureSpace, encoder: Encoder, seed: int = 0) -> None:
        """Read how common words are, from some thousand items at most; the encoder tells which mean about the same."""
        self._space, self._catalog = space, space.catalog
        self._random = np.random.default_rng(seed)
        available = np.flatnonzero(space.catalog.available())
        self._targets: Ints = available.astype(np.int64)
        self._chances = self._chance_of(self._targets)
        self._columns = {
            facet.name: column
            for facet in space.catalog.schema.facets
            if isinstance(column := space.catalog.column(facet.name), CategoryColumn) and facet.meaning not in _QUIET
        }
        self._numbers = {
            facet.name: column
            for facet in space.catalog.schema.facets
            if isinstance(column := space.catalog.column(facet.name), NumberColumn) and facet.meaning not in _QUIET
        }
        self._counts = self._count_words()
        self._synonyms = _synonyms(self._counts, encoder)

    def ask(self, kind: Ask) -> Asked | None:
        """One query of that kind, None if this target gives none (no text, no values in common with another item)."""
        if not len(self._targets):
            return None
        target = int(self._random.choice(self._targets, p=self._chances))
        match kind:
            case Ask.WORDS:
                return self._by_words(target)
            case Ask.VALUES:
                return self._by_values(target)
            case Ask.LIKE:
                return self._like(target)
            case Ask.TASTE:
                return self._by_taste(target)
            case Ask.WISHES:
                return self._by_wishes(target)

    def _by_words(self, target: int) -> Asked | None:
        text = self._words_about(target)
        if not text:
            return None
        wishes = self._wishes_of(target, int(self._random.integers(0, 3)))
        query = Query(text=text, wishes=wishes)
        kin = self._kin(target, {wish.facet for wish in wishes})
        fits = self._all_met(wishes)

        def grade(rows: Ints) -> Ints:
            grades: Ints = kin[rows].astype(np.int64) * (1 + (fits[rows] & bool(wishes)))
            return np.where(rows == target, 3, grades)

        return Asked(Ask.WORDS, query, frozenset(), target, grade)

    def _by_values(self, target: int) -> Asked | None:
        """Category values of the target said in words that nobody recognised as facets: what has them is meant."""
        held = [(name, value) for name, column in self._columns.items() for value in column.of(target)]
        held = [pair for pair in held if self._share_of(*pair) <= _COMMON]
        if not held:
            return None
        order = self._random.permutation(len(held))[: int(self._random.integers(1, 4))].tolist()
        chosen = [held[at] for at in order]
        words = [word for _, value in chosen for word in _words_of(value)]
        text = " ".join(self._said(words))
        wishes = self._wishes_of(target, int(self._random.random() < 0.6), without=chosen[0][0])
        met = np.sum([self._has(*pair) for pair in chosen], axis=0) / len(chosen)
        fits = self._all_met(wishes)

        def grade(rows: Ints) -> Ints:
            whole = met[rows] == 1
            grades: Ints = (met[rows] >= 0.5).astype(np.int64) + whole + (whole & fits[rows] & bool(wishes))
            return grades

        return Asked(Ask.VALUES, Query(text=text, wishes=wishes), frozenset(), target, grade)

    def _share_of(self, facet: str, value: str) -> float:
        column = self._columns[facet]
        return float(column.counts[column.code_of[value]]) / len(self._catalog)

    def _has(self, facet: str, value: str) -> NDArray[np.bool_]:
        column = self._columns[facet]
        return column.has([column.code_of[value]])

    def _like(self, target: int) -> Asked | None:
        bond = self._bond_of(target)
        if bond is None:
            return None
        model = int(self._random.choice(bond.rows[bond.rows != target]))
        is_seen = self._random.random() < _SEEN
        text = self._words_about(target) if self._random.random() < 0.35 else ""
        wishes = self._wishes_of(target, 1, without=bond.facet) if self._random.random() < 0.4 else ()
        item_id = self._catalog.ids[model]
        query = Query(text=text, wishes=wishes, similar=(item_id,), exclude=frozenset({item_id}))
        alike = self._alike(model) if is_seen else np.isin(np.arange(len(self._catalog)), bond.rows).astype(np.int64)
        met = self._all_met(wishes) & bool(wishes)

        def grade(rows: Ints) -> Ints:
            grades = np.where(alike[rows] > 0, alike[rows] + met[rows], 0)
            is_target = (rows == target) & bool(text or wishes) & (not is_seen)
            return np.where(is_target, 3, grades)

        return Asked(Ask.LIKE, query, frozenset() if is_seen else frozenset({bond.facet}), target, grade)

    def _alike(self, model: int) -> NDArray[np.int64]:
        """(n,) 2 for the items that share most with the model, 1 for those that share much, by rarity of the values."""
        overlap = np.zeros(len(self._catalog))
        for column in self._columns.values():
            for value in column.of(model):
                code = column.code_of[value]
                overlap[column.rows_of(code)] += np.log(len(self._catalog) / column.counts[code])
        overlap[model] = 0.0
        best, much = np.sort(overlap)[::-1][
            [min(_MOST_ALIKE, len(overlap) - 1), min(4 * _MOST_ALIKE, len(overlap) - 1)]
        ]
        grades: NDArray[np.int64] = (overlap > best).astype(np.int64) + ((overlap > much) & (overlap > 0))
        return grades

    def _by_taste(self, target: int) -> Asked | None:
        """Items of one bond are liked, some of another disliked; a bond that features see is only half the grade."""
        bond = self._bond_of(target)
        if bond is None or len(bond.rows) < 3:
            return None
        others = self._random.permutation(bond.rows[bond.rows != target])
        liked = others[: max(1, min(int(self._random.integers(1, 5)), len(others) - 1))]
        disliked = self._disliked(bond, liked)
        facets = [name for name in self._columns if name != bond.facet]
        is_seen = bool(facets) and self._random.random() < _SEEN_TASTE
        hidden = str(self._random.choice(facets)) if is_seen else bond.facet
        codes = self._catalog.column(hidden)
        assert isinstance(codes, CategoryColumn)
        alike = self._shares_any(codes, liked)
        ids = [self._catalog.ids[row] for row in (*liked.tolist(), *disliked.tolist())]
        text = self._words_about(target) if self._random.random() < 0.25 else ""
        query = Query(
            text=text, liked=tuple(ids[: len(liked)]), disliked=tuple(ids[len(liked) :]), exclude=frozenset(ids)
        )

        def grade(rows: Ints) -> Ints:
            tied = np.isin(rows, bond.rows).astype(np.int64)
            grades = tied + tied * alike[rows] if is_seen else 2 * tied
            return np.where((rows == target) & bool(text), 3, grades)

        return Asked(Ask.TASTE, query, frozenset({hidden}), target, grade)

    def _by_wishes(self, target: int) -> Asked | None:
        wishes = self._wishes_of(target, int(self._random.integers(1, 4)))
        if not wishes:
            return None
        kin = self._kin(target, {wish.facet for wish in wishes})
        met = self._all_met(wishes)
        text = self._words_about(target) if self._random.random() < 0.3 else ""
        must: tuple[Constraint, ...] = ()
        if len(wishes) > 1 and self._random.random() < 0.5 and self._catalog.meets(wishes[0])[target]:
            must, wishes = (wishes[0].model_copy(update={"must": True}),), wishes[1:]

        def grade(rows: Ints) -> Ints:
            return np.where(rows == target, 3, met[rows] * (1 + kin[rows]))

        return Asked(Ask.WISHES, Query(text=text, must=must, wishes=wishes), frozenset(), target, grade)

    def _chance_of(self, rows: Ints) -> NDArray[np.float64]:
        """People ask more for what is known and well rated: up to five times as often."""
        chances = np.full(len(rows), 0.25)
        for known in (self._space.popularity, self._space.rating):
            if known is not None:
                chances += 0.5 * np.nan_to_num(known[rows], nan=0.25)
        return np.asarray(chances / max(chances.sum(), 1e-12), dtype=np.float64)

    def _count_words(self) -> dict[str, int]:
        """In how many of some thousand items each word stands."""
        counts: dict[str, int] = {}
        rows = self._random.permutation(self._targets)[:_TEXT_SAMPLE]
        for row in rows.tolist():
            for word in set(_words_of(self._source_text(row))):
                counts[word] = counts.get(word, 0) + 1
        return counts

    def _source_text(self, row: int) -> str:
        """What is known of an item in words: its text or, without one, its category values."""
        text = self._catalog.texts[row][:2000]
        return text or " ".join(value for column in self._columns.values() for value in column.of(row))

    def _words_about(self, row: int) -> str:
        """A few words about the item as someone might type them, mostly without those of its title."""
        named = set(stems(self._catalog.titles[row])) if self._random.random() > _TITLE_KEPT else set()
        source = f"{self._catalog.titles[row]} {self._source_text(row)}" if not named else self._source_text(row)
        words = [word for word in _words_of(source) if not named.intersection(stems(word))]
        telling = sorted({word for word in words if _is_telling(word)})
        if not telling:
            return ""
        length = int(self._random.integers(2, 9))
        if self._random.random() < 0.5:
            start = int(self._random.integers(0, max(len(words) - length, 0) + 1))
            chosen = words[start : start + length]
        else:
            # The very rarest words are names and slips of the pen, which a person would not think of: skip some.
            rare = sorted(telling, key=lambda word: (self._counts.get(word, 0), word))
            pool = [word for word in rare if self._random.random() > _DROPPED][: 3 * length] or rare
            chosen = self._random.permutation(np.array(pool, dtype=object))[:length].tolist()
        return " ".join(self._said([word for word in chosen if self._random.random() > _DROPPED] or chosen[:1]))

    def _said(self, words: list[str]) -> list[str]:
        """The words as another person might say them: as they are, some in other words, or all that can be."""
        share = float(self._random.choice((0.0, 0.4, 1.0)))
        said = []
        for word in words:
            others = self._synonyms.get(word, [])
            if others and self._random.random() < share:
                said.append(str(self._random.choice(others)))
            elif share < 1 or self._random.random() > _LOST:
                said.append(self._mistyped(word))
        return said or words[:1]

    def _mistyped(self, word: str) -> str:
        if len(word) < 4 or self._random.random() > _MISTYPED:
            return word
        at = int(self._random.integers(1, len(word) - 2))
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def _wishes_of(self, target: int, count: int, *, without: str = "") -> tuple[Constraint, ...]:
        """Up to `count` wishes that the target meets, a few of them mistaken: they are those of another item."""
        names = [name for name in (*self._columns, *self._numbers) if name != without]
        chosen = self._random.permutation(np.array(names, dtype=object))[:count].tolist()
        found = []
        for place, name in enumerate(chosen):
            is_mistaken = place > 0 and self._random.random() < _MISTAKEN
            row = int(self._random.choice(self._targets)) if is_mistaken else target
            wish = self._wish(row, name)
            if wish is not None:
                found.append(wish)
        return tuple(found)

    def _wish(self, row: int, facet: str) -> Constraint | None:
        if facet in self._columns:
            values = self._columns[facet].of(row)
            value = str(self._random.choice(np.array(values, dtype=object))) if values else None
            return Constraint(facet=facet, operator=Operator.IS, value=value, must=False) if value else None
        number = float(self._numbers[facet].values[row])
        if np.isnan(number):
            return None
        operators = (Operator.AT_LEAST, Operator.AT_MOST, Operator.ABOUT)
        operator = operators[int(self._random.integers(len(operators)))]
        room = {Operator.AT_LEAST: -1.0, Operator.AT_MOST: 1.0}.get(operator, 0.0) * self._random.random()
        value_asked = number + room * self._space.spread(facet) / 2
        return Constraint(facet=facet, operator=operator, value=value_asked, must=False)

    def _all_met(self, wishes: tuple[Constraint, ...]) -> NDArray[np.bool_]:
        return self._catalog.passing(wishes)

    def _bond_of(self, target: int) -> _Bond | None:
        """A value of the target that two to a tenth of the items have; each facet has the same chance."""
        most = max(4, int(_BOND_SHARE * len(self._catalog)))
        for name in self._random.permutation(np.array(list(self._columns), dtype=object)).tolist():
            column = self._columns[name]
            held = [value for value in column.of(target) if 2 <= column.counts[column.code_of[value]] <= most]
            if held:
                value = str(self._random.choice(np.array(held, dtype=object)))
                return _Bond(name, value, column.rows_of(column.code_of[value]).astype(np.int64))
        return None

    def _disliked(self, bond: _Bond, liked: Ints) -> Ints:
        """One or two items near a liked one that lack the bond, or none."""
        count = int(self._random.integers(0, 3))
        closeness = self._space.vectors @ self._space.vectors[liked[0]]
        closeness[bond.rows] = -np.inf
        near = np.argsort(-closeness, kind="stable")[:_NEIGHBOURS]
        return self._random.permutation(near[np.isfinite(closeness[near])])[:count].astype(np.int64)

    def _shares_any(self, column: CategoryColumn, rows: Ints) -> NDArray[np.int64]:
        """(n,) 1 where an item has an uncommon value in common with one of the rows."""
        codes = {column.code_of[value] for row in rows.tolist() for value in column.of(row)}
        most = 2 * _BOND_SHARE * len(self._catalog)
        return column.has([code for code in codes if column.counts[code] <= most]).astype(np.int64)

    def _kin(self, target: int, without: set[str]) -> NDArray[np.bool_]:
        """(n,) items that share an uncommon value with the target, in facets that the query does not name."""
        mask = np.zeros(len(self._catalog), dtype=np.bool_)
        for name, column in self._columns.items():
            if name not in without:
                mask |= self._shares_any(column, np.array([target])).astype(np.bool_)
        return mask


def _synonyms(counts: dict[str, int], encoder: Encoder) -> dict[str, list[str]]:
    """For the most common telling words, others that the encoder finds near; words of one stem are no synonyms."""
    words = sorted((word for word, count in counts.items() if count > 1 and _is_telling(word) and not word.isdigit()))
    words = sorted(words, key=lambda word: -counts[word])[:_VOCABULARY]
    if len(words) < 2:
        return {}
    vectors = encoder.encode(words)
    cosines = vectors @ vectors.T
    stem_of = {word: stems(word) for word in words}
    found = {}
    for place, word in enumerate(words):
        near = np.argsort(-cosines[place], kind="stable")[: _MEANINGS + 1]
        others = [words[at] for at in near.tolist() if cosines[place, at] >= _SAME_MEANING]
        found[word] = [other for other in others if stem_of[other] != stem_of[word]]
    return found


def _is_telling(word: str) -> bool:
    return word not in STOP_WORDS and (len(word) > 2 or word.isdigit())


def _words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
