"""shoptalk: a conversational recommender over any catalog."""

__version__ = "0.1.0"
