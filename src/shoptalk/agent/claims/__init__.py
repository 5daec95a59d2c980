"""Holds every sentence of a model-written answer against evidence, before it is said."""

from shoptalk.agent.claims.holding import Claims
from shoptalk.agent.claims.objection import Objection, Wrong
from shoptalk.agent.claims.sentences import sentences

__all__ = ["Claims", "Objection", "Wrong", "sentences"]
