"""From candidates to picks with evidence: the one way that the turn, the evaluation and training take."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.ranking.diversity import diversify, title_stem
from shoptalk.ranking.evidence import Evidence
from shoptalk.ranking.features import features
from shoptalk.ranking.gathering import gather_evidence
from shoptalk.ranking.lambdarank import Ranker
from shoptalk.ranking.space import FeatureSpace
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.retrieval.finding import Candidates

__all__ = ["Ranked", "Ranking", "RankingConfig"]


class RankingConfig(BaseModel):
    """How picks are chosen from what was ranked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trade_off: float = Field(default=0.85, ge=0, le=1, description="weight of the score against sameness")
    pool: int = Field(
        default=50, ge=1, description="how many of the best are looked at for picks; five a pick at least"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Candidates, best first: `rows` (n,) in the catalog, `scores` (n,), `x` (n, f) features.

    `order` (n,) tells where each stood among the candidates.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    x: NDArray[np.float32]
    order: NDArray[np.int64]


class Ranking:
    """A catalog's feature space with a ranker. Holds nothing of a query: share it between talks and threads."""

    def __init__(self, space: FeatureSpace, ranker: Ranker, config: RankingConfig | None = None) -> None:
        """Take the parts as they are."""
        self.space, self.ranker, self.config = space, ranker, config or RankingConfig()

    def rank(self, query: Query, candidates: "Candidates") -> Ranked:
        """All candidates by score; equal ones by fused retrieval score, then by row."""
        x = features(self.space, query, candidates)
        scores = self.ranker.score(x)
        rows = np.asarray(candidates.rows, dtype=np.int64)
        order = np.lexsort((rows, -candidates.fused, -scores))
        return Ranked(rows[order], scores[order], x[order], order)

    def pick(self, ranked: Ranked, k: int) -> NDArray[np.int64]:
        """Places in `ranked` of the k candidates to show, in the order to show them; fewer if there are fewer."""
        pool = max(self.config.pool, 5 * k)
        rows = ranked.rows[:pool]
        stems = [title_stem(self.space.catalog.titles[row]) for row in rows.tolist()]
        vectors = self.space.vectors[rows]
        return diversify(ranked.scores[:pool], vectors, k, self.config.trade_off, stems=stems)

    def evidence(
        self, query: Query, candidates: "Candidates", ranked: Ranked, picks: NDArray[np.int64]
    ) -> list[tuple[Evidence, ...]]:
        """For each of the picks (places in `ranked`) its facts, the weightiest first."""
        x = np.empty_like(ranked.x)
        x[ranked.order] = ranked.x
        contributions = self.ranker.contributions(ranked.x[picks])
        return gather_evidence(self.space, query, candidates, ranked.order[picks], x=x, contributions=contributions)
