"""From candidates to ordered, diversified picks with the evidence that moved them."""

from shoptalk.ranking.rank import Ranked, Ranking, RankingConfig
from shoptalk.ranking.space import FeatureSpace

__all__ = ["FeatureSpace", "Ranked", "Ranking", "RankingConfig"]
