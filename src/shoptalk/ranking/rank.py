"""From candidates to picks with evidence: the one way that the turn, the evaluation and training take."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.diversity import diversify, title_stem
from shoptalk.ranking.evidence import Evidence, Fresh, RuleApplied, Varied
from shoptalk.ranking.features import column_of, features
from shoptalk.ranking.gathering import Lore, gather_evidence
from shoptalk.ranking.lambdarank import Ranker
from shoptalk.ranking.novelty import novelty
from shoptalk.ranking.rules import InForce, sold_out
from shoptalk.ranking.space import FeatureSpace
from shoptalk.ranking.steps import Move, Step, placed, rerank, score_range
from shoptalk.ranking.talking.reordering import CrossEncoder, Reordering, added
from shoptalk.retrieval.query import Query
from shoptalk.retrieval.schema import Meaning

if TYPE_CHECKING:
    from shoptalk.retrieval.finding import Candidates

__all__ = ["Ranked", "Ranking", "RankingConfig"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_LESS_KNOWN = 0.5


class RankingConfig(BaseModel):
    """How picks are chosen from what was ranked: the steps after the score (see `steps`), each with its switch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cross_encoder: bool = Field(
        default=True, description="whether the talk transformer looks again at the first, where that was found to help"
    )
    trade_off: float = Field(default=0.85, ge=0, le=1, description="weight of the score against sameness")
    pool: int = Field(
        default=50, ge=1, description="how many of the best are looked at for picks; five a pick at least"
    )
    hide: bool = Field(default=True, description="whether the shop's rules hide")
    lift: bool = Field(default=True, description="whether the shop's rules boost and bury")
    margin: bool = Field(default=True, description="whether the margin that the shop's rules name counts")
    novelty: float = Field(
        default=0.0, ge=0, le=1, description="what being known to nobody adds, in shares of the pool's score range"
    )
    sold_out: Literal["leave out", "bury"] = Field(
        default="leave out", description="what is out of stock: never picked unless asked for, or after all else"
    )
    diversity: bool = Field(default=True, description="whether sameness counts; without it picks come by score alone")
    pin: bool = Field(default=True, description="whether the shop's rules pin")


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Candidates, best first: `rows` (n,) in the catalog, `scores` (n,), `x` (n, f) features.

    `order` (n,) tells where each stood among `candidates`: those that were given, and what a rule pins. The rest tells
    of the steps after the score: what each did (`moves`), which place (from 1) is pinned to which of the n, how many at
    the end are sold out (`behind`), and the score range that amounts are shares of. `meant` (n,) is what the second
    look at the first candidates added to each score.
    """

    rows: Ints
    scores: Floats
    x: NDArray[np.float32]
    order: Ints
    candidates: "Candidates"
    moves: tuple[Move, ...] = ()
    pinned: Mapping[int, int] = field(default_factory=dict)
    behind: int = 0
    span: float = 1.0
    rules: InForce = field(default_factory=InForce)
    meant: Floats | None = None


class Ranking:
    """A catalog's feature space with a ranker. Holds nothing of a query: share it between talks and threads."""

    def __init__(
        self,
        space: FeatureSpace,
        ranker: Ranker,
        config: RankingConfig | None = None,
        *,
        rules: Callable[[], InForce] | None = None,
        known: Lore | None = None,
        allowed: Callable[[Query], Mask] | None = None,
        cross: CrossEncoder | None = None,
        reordering: Reordering | None = None,
    ) -> None:
        """Take the parts as they are.

        `rules` gives the shop's rules in force, asked once a ranking; `known` what people took to, for evidence;
        `allowed` (the finder's) what a query lets pass, (n,): without it a pin moves only what was found; `cross` looks
        again at the first candidates, and weighs what `reordering` says: without it, nothing.
        """
        self.space, self.ranker, self.config = space, ranker, config or RankingConfig()
        self._rules, self._known, self._allowed = rules, known, allowed
        self._cross, self.reordering = cross, reordering or Reordering()

    @property
    def hidden(self) -> Mask | None:
        """(n,) mask of the items that a rule of the shop hides now, whatever is asked; None if it hides none."""
        return self._in_force().hidden if self.config.hide else None

    def rank(self, query: Query, candidates: "Candidates") -> Ranked:
        """All candidates by score and what rules, margin and novelty add; without these by score alone.

        The score is the ranker's; of the first candidates, with what the cross-encoder adds.
        Equal ones stand by fused retrieval score, then by row. What is hidden is left out, what is pinned is put in.
        """
        rules = self._in_force()
        candidates = self._with_pinned(query, candidates, rules)
        x = features(self.space, query, candidates)
        scores = self.ranker.score(x)
        rows = np.asarray(candidates.rows, dtype=np.int64)
        plain = np.lexsort((rows, -candidates.fused, -scores))
        meant = self._second_look(query, rows, plain)
        if meant is not None:
            scores = scores + meant
            plain = np.lexsort((rows, -candidates.fused, -scores))
        hidden, out = self._barred(query, rows[plain], rules)
        open_scores = scores[plain][~(hidden | out)]
        span = score_range(open_scores, self.config.pool)
        amounts = self._amounts(rows[plain], rules, span)
        after = rerank(scores[plain], amounts, hidden=hidden, sold_out=out)
        order = plain[after.order]
        ranked = Ranked(rows[order], after.scores, x[order], order, candidates, after.moves)
        pinned = self._pinned(ranked.rows[: len(order) - after.behind], rules)
        meant = None if meant is None else meant[order]
        return replace(ranked, pinned=pinned, behind=after.behind, span=span, rules=rules, meant=meant)

    def pick(self, ranked: Ranked, k: int) -> Ints:
        """Places in `ranked` of the k candidates to show, in the order to show them; fewer if there are fewer."""
        here = len(ranked.rows) - ranked.behind
        pool = min(max(self.config.pool, 5 * k), here)
        picked = self._diverse(ranked, pool, k) if self.config.diversity else np.arange(min(k, pool))
        behind = range(here, min(here + k - len(picked), len(ranked.rows)))
        return np.array(placed([*picked.tolist(), *behind], ranked.pinned, k), dtype=np.int64)

    def evidence(
        self, query: Query, candidates: "Candidates", ranked: Ranked, picks: Ints
    ) -> list[tuple[Evidence, ...]]:
        """For each of the picks (places in `ranked`) its facts, the weightiest first.

        `candidates` are those that were ranked; `ranked` knows what was added to them.
        """
        x = ranked.x[picks]
        facts = gather_evidence(
            self.space,
            query,
            ranked.candidates,
            ranked.order[picks],
            x=x,
            contributions=self._contributions(ranked, picks),
            known=self._known,
        )
        moved = [tuple(self._moved(ranked, picks, at)) for at in picks.tolist()]
        return [
            tuple(sorted((*one, *steps), key=lambda fact: -round(fact.weight, 6))) if steps else one
            for one, steps in zip(facts, moved, strict=True)
        ]

    def _second_look(self, query: Query, rows: Ints, plain: Ints) -> Floats | None:
        """(n,) what the cross-encoder adds to the scores of the rows, whose order is `plain`; None: it says nothing."""
        first = plain[: self.reordering.depth]
        if not (self.config.cross_encoder and self._cross is not None and self.reordering.weight > 0 and len(first)):
            return None
        judged = self._cross.rerank(query, rows[first])
        if judged is None:
            return None
        meant = np.zeros(len(rows))
        meant[first] = added(judged, self.reordering.weight)
        return meant

    def _contributions(self, ranked: Ranked, picks: Ints) -> Floats:
        """(k, f) what each feature gave to the picks; what the second look did counts as the talk encoder's."""
        given = self.ranker.contributions(ranked.x[picks])
        if ranked.meant is not None:
            usual = np.sort(ranked.meant)[-self.reordering.depth :].mean()  # of those that were read: none lost by it
            given = given.copy()
            given[:, column_of("talk_encoder")] += ranked.meant[picks] - usual
        return given

    def _in_force(self) -> InForce:
        return self._rules() if self._rules is not None else InForce()

    def _with_pinned(self, query: Query, candidates: "Candidates", rules: InForce) -> "Candidates":
        """The candidates, and after them what a rule pins that they lack and that the query lets pass."""
        if not (self.config.pin and rules.pins and self._allowed):
            return candidates
        missing = np.setdiff1d(np.array([pin.row for pin in rules.pins], dtype=np.int64), candidates.rows)
        added = missing[self._allowed(query)[missing]] if len(missing) else missing
        if not len(added):
            return candidates
        unknown = np.full(len(added), np.nan, dtype=np.float32)
        return replace(
            candidates,
            rows=np.concatenate((candidates.rows, added)),
            scores={source: np.concatenate((scores, unknown)) for source, scores in candidates.scores.items()},
            fused=np.concatenate((candidates.fused, np.zeros(len(added), dtype=np.float32))),
        )

    def _barred(self, query: Query, rows: Ints, rules: InForce) -> tuple[Mask, Mask]:
        """Masks (n,) of what is not shown, and of what comes after all else."""
        hidden = out = np.zeros(len(rows), dtype=np.bool_)
        if self.config.hide and rules.hidden is not None:
            hidden = rules.hidden[rows]
        asked = any(self.space.catalog.schema.facet(one.facet).meaning is Meaning.STOCK for one in query.must)
        if asked or not self._sold_out[rows].any():
            return hidden, out
        if self.config.sold_out == "leave out":
            return hidden | self._sold_out[rows], out
        return hidden, self._sold_out[rows]

    @cached_property
    def _sold_out(self) -> Mask:
        return sold_out(self.space.catalog)

    def _amounts(self, rows: Ints, rules: InForce, span: float) -> dict[Step, Floats]:
        """What each step that is on adds to the scores of the rows."""
        amounts = {}
        if self.config.lift and rules.lifts:
            amounts[Step.LIFT] = span * rules.lift(rows)
        if self.config.margin and rules.margin is not None and rules.margins is not None:
            amounts[Step.MARGIN] = span * rules.margin.weight * rules.margins[rows]
        if self.config.novelty and self.space.popularity is not None:
            amounts[Step.NOVELTY] = span * self.config.novelty * novelty(self.space.popularity[rows])
        return amounts

    def _pinned(self, rows: Ints, rules: InForce) -> dict[int, int]:
        """By place what stands there. Of two pins to one place the first has it, the other the next that is free.

        A pin whose item is not among the rows leaves its place to the next.
        """
        found: dict[int, int] = {}
        place_of = {row: at for at, row in enumerate(rows.tolist())} if rules.pins and self.config.pin else {}
        for pin in rules.pins:
            at, place = place_of.get(pin.row), pin.rule.place
            if at is None or at in found.values():
                continue
            while place in found:
                place += 1
            found[place] = at
        return found

    def _diverse(self, ranked: Ranked, pool: int, k: int) -> Ints:
        rows = ranked.rows[:pool]
        stems = [title_stem(self.space.catalog.titles[row]) for row in rows.tolist()]
        return diversify(ranked.scores[:pool], self.space.vectors[rows], k, self.config.trade_off, stems=stems)

    def _moved(self, ranked: Ranked, picks: Ints, at: int) -> Iterator[Evidence]:
        """What the steps did to one of the picks."""
        row = int(ranked.rows[at])
        for move in ranked.moves:
            amount, places = float(move.amounts[at]), int(move.places[at])
            above = amount - float(move.amounts.mean())
            match move.step:
                case Step.LIFT:
                    yield from _lifted(ranked, row, places)
                case Step.MARGIN:
                    yield RuleApplied(weight=above, rule="margin", name="margin", moved=places)
                case Step.NOVELTY:
                    known = float(self.space.popularity[row]) if self.space.popularity is not None else 1.0
                    if places > 0 and known < _LESS_KNOWN:
                        yield Fresh(weight=above, moved=places, popularity=known)
                case Step.SOLD_OUT if amount < 0:
                    yield RuleApplied(weight=amount, rule="stock", name="sold out", moved=places)
        pin = _pin_of(ranked, picks, at)
        if pin is not None:
            yield pin
        elif self.config.diversity and at < len(ranked.rows) - ranked.behind:
            yield from self._varied(ranked, picks, at)

    def _varied(self, ranked: Ranked, picks: Ints, at: int) -> Iterator[Evidence]:
        """Which candidates of a higher score were passed over for one that is less like the other picks."""
        before = np.setdiff1d(np.arange(at), picks)
        others = self.space.vectors[ranked.rows[picks[picks != at]]]
        if not len(before) or not len(others):
            return
        sameness = (self.space.vectors[ranked.rows[[at, *before.tolist()]]] @ others.T).max(axis=1)
        passed = before[sameness[1:] > sameness[0]]
        if len(passed):
            weight = float(ranked.scores[passed[0]] - ranked.scores[at])
            yield Varied(weight=weight, passed=len(passed))


def _lifted(ranked: Ranked, row: int, places: int) -> Iterator[RuleApplied]:
    for rule, share in ranked.rules.lifting(row):
        weight = share * ranked.span
        yield RuleApplied(weight=weight, rule=_LIFTING[share > 0], name=rule.name, why=rule.why, moved=places)


def _pin_of(ranked: Ranked, picks: Ints, at: int) -> RuleApplied | None:
    """The pin that put it among the picks; it weighs what the score lacked for that place."""
    place = next((place for place, one in ranked.pinned.items() if one == at), None)
    shown_whole = len(picks) == len(ranked.rows)
    if place is None or not (place <= len(picks) or shown_whole):
        return None
    rule = next(pin.rule for pin in ranked.rules.pins if pin.row == ranked.rows[at])
    lacked = float(ranked.scores[min(place, len(ranked.rows)) - 1] - ranked.scores[at])
    return RuleApplied(weight=max(lacked, 0.0), rule="pin", name=rule.name, why=rule.why, moved=at - (place - 1))


_LIFTING: dict[bool, Literal["boost", "bury"]] = {True: "boost", False: "bury"}
