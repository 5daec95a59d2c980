"""The evidence for what is shown: facts that hold, each weighed by what the features it stands for did to the score."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.evidence import (
    CloseTo,
    Compared,
    ConstraintMet,
    Evidence,
    FollowsOn,
    LikedTogether,
    MeaningMatch,
    NamedAfter,
    Popular,
    SharesWith,
    WellRated,
    WishMissed,
    WordsMatch,
)
from shoptalk.ranking.features import FEATURES, Topic, distance_asked, wish_weights
from shoptalk.ranking.space import GROUPS, FeatureSpace, Floats, Ints
from shoptalk.retrieval.lexical import matched_words
from shoptalk.retrieval.query import Constraint, Query
from shoptalk.retrieval.schema import Meaning

if TYPE_CHECKING:
    from shoptalk.retrieval.finding import Candidates

__all__ = ["Lore", "gather_evidence", "gather_facts"]

_CLOSE, _MEANT = 3.0, 3.5
"""Deviations above the catalog's usual from which a cosine is worth saying: to an item, to a request's text."""
_COMMON = 0.25
"""A value that more of the catalog has says nothing about two items that share it."""
_SHARED, _COMMON_SHARED, _MODELS_TOLD = 4, 1, 2
_MEANING_PLACES = 10
_WELL_RATED = 0.7
_ASKING = {
    "bit",
    "find",
    "fine",
    "give",
    "good",
    "great",
    "lot",
    "maybe",
    "nice",
    "pick",
    "quite",
    "rather",
    "recommend",
}
_ASKING |= {"recommendation", "seek", "similar", "suggest", "suggestion", "thank", "thanks", "want", "wanted"}
"""Words of asking: they stand in a request without being about the item."""
_PLACES = {at: feature.evidence for at, feature in enumerate(FEATURES) if feature.name.endswith("_rank")}
"""The columns of the reciprocal ranks by source, learned ones too, and what each source stands for."""
_OFTEN, _FIRST_FOLLOWERS = 3, 5
"""From how many talks on something happens often, and up to which place an item is one of those that follow."""
_MOST_CHOSEN_SHARE, _MOST_CHOSEN = 0.02, 10
"""Which places by popularity are worth telling: this share of the catalog, or so many where that is less."""


class Lore(Protocol):
    """What people have taken to in a shop so far, as facts about rows of its catalog. Asked of shown picks only."""

    def together(self, row_a: int, row_b: int) -> int:
        """In how many talks or histories both stand, and nothing in them speaks against either."""
        ...

    def follows(self, before: int, row: int) -> int | None:
        """The place of the item of `row`, from 1, among what people chose soon after that of `before`; None: never."""
        ...

    def similar_talks(self, query: Query, row: int) -> tuple[int, int] | None:
        """(times, among): at how many moments of the past talks most like this one it was chosen; None without any."""
        ...

    def popularity_rank(self, row: int) -> int | None:
        """The item's place by how many took to it, from 1; None if nobody did."""
        ...


def gather_evidence(
    space: FeatureSpace,
    query: Query,
    candidates: "Candidates",
    positions: NDArray[np.int64],
    *,
    x: NDArray[np.float32],
    contributions: NDArray[np.float64],
    known: Lore | None = None,
) -> list[tuple[Evidence, ...]]:
    """For each position among the candidates, its facts, the weightiest first; equals as told: what was asked first.

    `x` (len(positions), f) features of the positions, `contributions` (len(positions), f) what they gave. Features that
    stand for nothing that can be said (a text's length) give their weight to no fact. What retrieval's fused score gave
    goes to the sources that found the item, by their reciprocal ranks.
    """
    given = [_by_topic(row, told) for row, told in zip(x, contributions, strict=True)]
    return gather_facts(space, query, candidates, positions, given, known)


def gather_facts(
    space: FeatureSpace,
    query: Query,
    candidates: "Candidates",
    positions: NDArray[np.int64],
    given: Sequence[Mapping[Topic, float]],
    known: Lore | None = None,
) -> list[tuple[Evidence, ...]]:
    """The same from what each topic gave to the score of each position, wherever that is known from."""
    shown = _Shown(space, query, candidates, wish_weights(space, query) if query.wishes else np.empty(0), known)
    found = []
    for position, topics in zip(np.asarray(positions).tolist(), given, strict=True):
        facts = list(shown.facts(position, topics))
        found.append(tuple(sorted(facts, key=lambda fact: -round(fact.weight, 6))))
    return found


def _by_topic(x: NDArray[np.float32], contributions: NDArray[np.float64]) -> dict[Topic, float]:
    given = dict.fromkeys(Topic, 0.0)
    for feature, amount in zip(FEATURES, contributions.tolist(), strict=True):
        given[feature.evidence] += amount
    places = np.nan_to_num(x[list(_PLACES)]).astype(np.float64)
    shares = places / max(places.sum(), 1e-9)
    for topic, share in zip(_PLACES.values(), shares.tolist(), strict=True):
        given[topic] += given[Topic.FOUND] * share
    return given


def _told_often(rows: Sequence[int], times: Callable[[int], int], given: float) -> list[tuple[int, int, float]]:
    """The rows with the most times, if often enough, with their share of what their topic gave."""
    counted = sorted(((times(row), -place, row) for place, row in enumerate(rows)), reverse=True)[:_MODELS_TOLD]
    often = [(row, many) for many, _, row in counted if many >= _OFTEN]
    whole = sum(many for _, many in often)
    return [(row, many, given * many / whole) for row, many in often]


@dataclass(frozen=True, slots=True)
class _Model:
    """An item that a candidate is held against."""

    row: int
    liked: bool


@dataclass(frozen=True)
class _Shown:
    """One query and its candidates, ready to be asked for the facts of one of them."""

    space: FeatureSpace
    query: Query
    candidates: "Candidates"
    wish_weights: Floats
    known: Lore | None = None

    def facts(self, position: int, given: Mapping[Topic, float]) -> Iterator[Evidence]:
        """In the order in which equals are told."""
        row = int(self.candidates.rows[position])
        yield from self._asked(row, given)
        for liked, topic in ((False, Topic.SHARES_SIMILAR), (True, Topic.SHARES_LIKED)):
            yield from self._shared(row, self._models(liked, row), given[topic])
        for liked, topic in ((False, Topic.CLOSE_SIMILAR), (True, Topic.CLOSE_LIKED)):
            yield from self._close(row, self._models(liked, row), given[topic])
        if self.known is not None:
            yield from self._chosen(row, given, self.known)
        yield from self._words(row, given[Topic.WORDS])
        yield from self._meaning(position, row, given[Topic.MEANING])
        yield from self._rated(row, given)
        yield from self._missed(row, given)

    def _models(self, liked: bool, row: int) -> list[_Model]:
        ids = self.query.liked if liked else self.query.similar
        rows = dict.fromkeys(self.space.catalog.rows(ids).tolist())
        return [_Model(model, liked) for model in rows if model != row]

    def _meets(self, constraint: Constraint, row: int) -> bool:
        return bool(self.space.catalog.meets(constraint)[row])

    def _asked(self, row: int, given: Mapping[Topic, float]) -> Iterator[Evidence]:
        """Musts, then wishes that are met."""
        asked = (*self.query.must, *self.query.wishes)
        met = [self._meets(wish, row) for wish in self.query.wishes]
        shares = self.wish_weights * met
        # Few wishes met can count against an item although it meets one: then the missed ones bear it.
        numbers = self._number_shares(asked, row, given[Topic.NUMBERS] < 0)
        for_met = given[Topic.WISHES] if all(met) or given[Topic.WISHES] > 0 else 0.0
        for place, constraint in enumerate(asked):
            wish = place - len(self.query.must)
            if not (met[wish] if wish >= 0 else self._meets(constraint, row)):
                continue
            weight = for_met * float(shares[wish]) / max(float(shares.sum()), 1e-9) if wish >= 0 else 0.0
            weight += given[Topic.NUMBERS] * numbers[place]
            yield from self._met(row, constraint, weight)

    def _number_shares(self, asked: tuple[Constraint, ...], row: int, is_against: bool) -> list[float]:
        """The share of each constraint in what the numbers gave: those that are off bear a loss, the others a gain."""
        distances = [distance_asked(self.space, constraint) for constraint in asked]
        off = [0.0 if held is None else float(np.nan_to_num(held[row] > 0)) for held in distances]
        if is_against and any(off):
            parts = off
        else:
            parts = [0.0 if held is None else 1.0 - 0.5 * far for held, far in zip(distances, off, strict=True)]
        whole = sum(parts)
        return [part / whole if whole else 0.0 for part in parts]

    def _met(self, row: int, constraint: Constraint, weight: float) -> Iterator[Evidence]:
        catalog = self.space.catalog
        value = catalog.value(row, constraint.facet)
        if value is None:
            return
        than = catalog.row(constraint.than) if constraint.than in catalog and constraint.than else None
        other = catalog.value(than, constraint.facet) if than is not None else None
        if than is not None and type(value) is float and type(other) is float:
            yield Compared(
                weight=weight,
                facet=constraint.facet,
                value=value,
                than_id=catalog.ids[than],
                than_title=catalog.titles[than],
                than_value=other,
            )
        else:
            yield ConstraintMet(weight=weight, constraint=constraint, value=value)

    def _missed(self, row: int, given: Mapping[Topic, float]) -> Iterator[Evidence]:
        missed = [wish for wish in self.query.wishes if not self._meets(wish, row)]
        weight = given[Topic.WISHES_MISSED] + min(given[Topic.WISHES], 0.0)
        for wish in missed:
            value = self.space.catalog.value(row, wish.facet)
            yield WishMissed(weight=weight / len(missed), constraint=wish, value=value)

    def _shared(self, row: int, models: list[_Model], given: float) -> Iterator[Evidence]:
        """Values in common with the models that share most, by rarity."""
        space = self.space
        own, _ = space.values.gather(np.array([row]))
        common = {model: np.intersect1d(own, space.values.gather(np.array([model.row]))[0]) for model in models}
        worth = {model: float(space.values.weights[codes].sum()) for model, codes in common.items()}
        told = sorted((model for model in models if worth[model] > 0), key=lambda model: -worth[model])[:_MODELS_TOLD]
        # What only common values tie it to is left out, if there is anything better to say.
        rare = [model for model in told if (space.share[common[model]] <= _COMMON).any()]
        told = rare or told[:1]
        whole = sum(worth[model] for model in told)
        for model in told:
            yield SharesWith(
                weight=given * worth[model] / whole,
                item_id=space.catalog.ids[model.row],
                title=space.catalog.titles[model.row],
                liked=model.liked,
                shared=tuple(space.facet_of_code(code) for code in self._worth_telling(common[model])),
            )

    def _worth_telling(self, codes: Ints) -> list[int]:
        """The rarest of the codes; of nearly equal ones people before keywords before genres."""
        space = self.space
        rank = {GROUPS.index(name): place for place, name in enumerate(_TOLD_FIRST)}
        keyed = sorted(
            codes.tolist(),
            key=lambda code: (
                -round(float(space.values.weights[code])),
                rank[int(space.group[code])],
                space.share[code],
                code,
            ),
        )
        rare = [code for code in keyed if space.share[code] <= _COMMON]
        return rare[:_SHARED] if rare else keyed[:_COMMON_SHARED]

    def _close(self, row: int, models: list[_Model], given: float) -> Iterator[Evidence]:
        """The models that it is unusually near to."""
        if not models:
            return
        space = self.space
        probes = space.vectors[[model.row for model in models]]
        deviations = space.standardise(probes, np.array([row]))[0]
        cosines = probes @ space.vectors[row]
        order = [int(at) for at in np.argsort(-deviations, kind="stable") if deviations[at] >= _CLOSE][:_MODELS_TOLD]
        whole = float(deviations[order].sum())
        for at in order:
            yield CloseTo(
                weight=given * float(deviations[at]) / whole,
                item_id=space.catalog.ids[models[at].row],
                title=space.catalog.titles[models[at].row],
                liked=models[at].liked,
                cosine=float(np.clip(cosines[at], -1, 1)),
            )

    def _chosen(self, row: int, given: Mapping[Topic, float], known: Lore) -> Iterator[Evidence]:
        """What other people's choices say."""
        catalog = self.space.catalog
        taken = [one for one in self._taken if one != row]
        for model, sessions, weight in _told_often(taken, lambda one: known.together(one, row), given[Topic.TOGETHER]):
            yield LikedTogether(
                weight=weight, item_id=catalog.ids[model], title=catalog.titles[model], sessions=sessions
            )
        for last in taken[-1:]:
            place = known.follows(last, row)
            if place is not None and place <= _FIRST_FOLLOWERS and known.together(last, row) >= _OFTEN:
                weight = given[Topic.FOLLOWS]
                yield FollowsOn(weight=weight, item_id=catalog.ids[last], title=catalog.titles[last], place=place)
        talks = known.similar_talks(self.query, row)
        if talks is not None and talks[0] > 0:
            yield NamedAfter(weight=given[Topic.TALKS], times=talks[0], among=talks[1])
        rank = known.popularity_rank(row)
        if rank is not None and rank <= max(_MOST_CHOSEN, round(_MOST_CHOSEN_SHARE * len(catalog))):
            yield Popular(weight=given[Topic.POPULAR], rank=rank)

    @cached_property
    def _taken(self) -> list[int]:
        """Rows of what the person took to, the latest last: what is asked for as a model, liked, or had to do with."""
        history = [touch.item_id for touch in self.query.history if touch.value > 0]
        rows = self.space.catalog.rows([*self.query.similar, *self.query.liked, *history]).tolist()
        against = set(self.space.catalog.rows(self.query.disliked).tolist())
        return [row for row in dict.fromkeys(reversed(rows)) if row not in against][::-1]

    def _words(self, row: int, given: float) -> Iterator[Evidence]:
        text = self.query.text.strip()
        matched = matched_words(text, self.space.catalog.document(row)) if text else ()
        words = tuple(word for word in matched if word.casefold() not in _ASKING)
        if words:
            yield WordsMatch(weight=given, words=words)

    def _meaning(self, position: int, row: int, given: float) -> Iterator[Evidence]:
        """Only where the dense source ranked it among its first, and the cosine is far above the catalog's usual."""
        dense = self.candidates.scores.get("dense")
        vector = self.candidates.vector
        if dense is None or vector is None or np.isnan(dense[position]):
            return
        rank = 1 + int((np.nan_to_num(dense, nan=-np.inf) > dense[position]).sum())
        far_above = float(self.space.standardise(vector[None, :], np.array([row]))[0, 0]) >= _MEANT
        if far_above and rank <= max(_MEANING_PLACES, self.candidates.passing // 100):
            cosine = float(np.clip(self.space.vectors[row] @ vector, -1, 1))
            yield MeaningMatch(weight=given, cosine=cosine, rank=rank)

    def _rated(self, row: int, given: Mapping[Topic, float]) -> Iterator[Evidence]:
        facet = self.space.facet(Meaning.RATING)
        if facet is None or self.space.rating is None or not self.space.rating[row] >= _WELL_RATED:
            return
        counts = self.space.numbers(Meaning.POPULARITY) if self.space.rating_count else None
        count = int(counts[row]) if counts is not None and not np.isnan(counts[row]) else None
        weight = given[Topic.RATING] + (given[Topic.POPULARITY] if count is not None else 0.0)
        value = self.space.catalog.value(row, facet.name)
        assert isinstance(value, float)
        yield WellRated(weight=weight, facet=facet.name, value=value, count=count)


_TOLD_FIRST = ("person", "brand", "keyword", "place", "genre", "other", "language")
