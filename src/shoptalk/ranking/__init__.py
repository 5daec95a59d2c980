"""From candidates to ordered, diversified picks with the evidence that moved them."""
