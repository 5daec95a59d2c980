"""What is wrong with a sentence: a plain value."""

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """What a sentence claims without ground."""

    TITLE = "title"
    NUMBER = "number"
    COUNT = "count"
    FACT = "fact"
    SWAPPED = "fact of another pick"
    DENIAL = "denial"
    COMPARISON = "comparison"
    PERSON = "claim about the person"
    CONDUCT = "conduct"


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that a sentence may not say: the words `said`, and `why` they cannot stand."""

    kind: Wrong
    said: str
    why: str
