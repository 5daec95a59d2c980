"""Adjectives and the numbers that tell them: 'tall' is told by a height, 'strong' by the alcohol. Data, and its lookup.

An adjective measures only where a facet's label says so; most catalogs have a handful of them.
"""

from types import MappingProxyType
from typing import Final

from shoptalk.agent.tokens import singular

#: What is measured: words of labels -> (adjectives for more of it, adjectives for less of it).
_MEASURED: Final = (
    ("height tall", "tall high", "low"),
    ("depth deep", "deep", "shallow"),
    ("width wide", "wide broad", "narrow slim"),
    ("thickness thick", "thick", "thin slim"),
    ("alcohol abv strength proof", "strong boozy alcoholic", "weak"),
    ("ibu bitterness", "bitter hoppy", ""),
    ("power hp horsepower bhp kw wattage", "powerful strong", "weak"),
    ("speed mph kmh", "fast quick", "slow"),
    ("acceleration", "slow", "fast quick"),
    ("duration time runtime length", "long slow", "quick short fast"),
    ("complexity difficulty weight", "complex complicated heavy hard difficult challenging", "simple easy light"),
    ("noise loudness decibel db", "loud noisy", "quiet silent"),
    ("spiciness heat scoville hotness spice", "spicy hot", "mild"),
    ("sugar sweetness", "sweet sugary", "dry"),
    ("brightness lumen nit", "bright", "dim dark"),
    ("area sqm sqft surface space volume capacity", "roomy spacious big large", "small compact tiny"),
    ("height size", "big large", "small tiny little"),
    ("distance", "far distant", "close near"),
    ("salary pay wage income earning", "paid paying lucrative", ""),
    ("mileage odometer", "used", ""),
    ("consumption", "thirsty", "economical efficient frugal"),
    ("calorie kcal", "rich heavy", "light lean"),
    ("age", "mature", "young"),
    ("price cost rrp fee", "expensive pricey costly", "cheap affordable inexpensive"),
)
ADJECTIVES: Final = MappingProxyType(
    {
        word: tuple(
            (frozenset(labels.split()), word in less.split())
            for labels, more, less in _MEASURED
            if word in more.split() or word in less.split()
        )
        for _, more, less in _MEASURED
        for word in (*more.split(), *less.split())
    }
)
#: Endings by which a label is made of its adjective: 'complexity' of 'complex', 'bitterness' of 'bitter'.
_OF_ADJECTIVE = ("ity", "ness", "th")
_OF_LABEL = ("ful", "y", "ous", "ic")
_SHORTEST = 4


def base_of(form: str, ending: str) -> str:
    """The adjective of 'taller' or 'heaviest' (`ending`: 'er' or 'est'); empty where none is known."""
    stem = form.removesuffix(ending)
    if stem == form:
        return ""
    bases = (stem, stem + "e", stem[:-1] + "y" if stem.endswith("i") else "", stem[:-1])
    return next((base for base in bases if base in ADJECTIVES), "")


def measured_by(word: str, label: frozenset[str]) -> bool | None:
    """Whether the word means less of what the label names; None where it does not speak of it."""
    for labels, less in ADJECTIVES.get(word, ()):
        if labels & label:
            return less
    stem = singular(word)
    made = (one for one in label if len(stem) >= _SHORTEST and len(one) >= _SHORTEST)
    same = any(one in [stem + end for end in _OF_ADJECTIVE] or stem in [one + end for end in _OF_LABEL] for one in made)
    return False if same else None
