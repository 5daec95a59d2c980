"""The test set of the check: sentences about real answers, true and falsified, over three catalogs.

`claim_sentences` makes the set, the same each time; `measure_check` asks what a check says about it.
"""

from shoptalk.eval.claims.measuring import CheckReport, measure_check
from shoptalk.eval.claims.sentences import Half, Labelled, claim_sentences

__all__ = ["CheckReport", "Half", "Labelled", "claim_sentences", "measure_check"]
