"""What the tagger learns from: a message, what was heard before it, the facets, and what each span of it means."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shoptalk.agent.quantities import is_number_word
from shoptalk.agent.tagging import ROLES, Hint, facet_text, kind_of
from shoptalk.agent.tokens import singular, tokenize, words
from shoptalk.agent.words import NUMBER_WORDS

Key = tuple[str, ...]
_LONGEST = 6


@dataclass(frozen=True, slots=True)
class Tagged:
    """A span of a part (0: heard, 1: message): which facet it speaks of, and the roles it has (None: not known)."""

    part: int
    start: int
    end: int
    facet: int
    roles: tuple[str, ...] | None = ("wanted",)


@dataclass(frozen=True, slots=True)
class Example:
    """One message to learn from; `group` names the catalog it is about.

    None for acts, asked or dropped: not known, not learned.

    With `only_spans`, words outside the tagged spans are not known to speak of no facet. `known_roles`: the roles that
    the source tells; a span's others are neither right nor wrong.
    """

    group: str
    heard: str
    message: str
    facets: tuple["KnownFacet", ...]
    spans: tuple[Tagged, ...] = ()
    hints: tuple[Hint, ...] = ()
    acts: tuple[str, ...] | None = None
    asked: tuple[int, ...] | None = None
    dropped: tuple[int, ...] | None = None
    only_spans: bool = False
    known_roles: tuple[str, ...] = ROLES


@dataclass(slots=True, eq=False)
class KnownFacet:
    """A facet of a catalog as examples need it: how it is called, and its values."""

    labels: tuple[str, ...]
    values: tuple[str, ...]
    kind: str = field(default="")

    def __post_init__(self) -> None:
        self.kind = self.kind or kind_of(self.values)

    def text(self, draw: random.Random) -> str:
        """A text for it: one of its labels, with some values where it has any that say something."""
        label = draw.choice(self.labels)
        if self.kind in ("category", "name") and self.values and draw.random() < 0.8:
            return facet_text(label, self.kind, draw.sample(self.values, min(len(self.values), draw.randint(2, 4))))
        if self.kind == "number" and self.values and draw.random() < 0.3:
            return facet_text(label, self.kind, [self._number(draw) for _ in range(3)])
        return facet_text(label, self.kind)

    def _number(self, draw: random.Random) -> str:
        low, _, high = self.values[0].partition("-")
        if len(self.values) == 1 and low.isdigit() and high.isdigit():
            return str(draw.randint(int(low), int(high)))
        return draw.choice(self.values)


class Lookup:
    """Which facets' values a run of words names: the hints that a catalog's lexicon gives at serving."""

    def __init__(self, facets: Sequence[KnownFacet]) -> None:
        self._held: dict[Key, set[int]] = {}
        for place, facet in enumerate(facets):
            if facet.kind in ("category", "name"):
                for value in facet.values:
                    self._add(value, place)
            elif facet.kind == "yes or no":
                for label in facet.labels:
                    self._add(bare_label(label), place)

    def hints(self, part: int, text: str, draw: random.Random, *, hidden: float = 0.1) -> list[Hint]:
        """Hints of the longest values in the text; each is left out with probability `hidden`."""
        tokens = tokenize(text)
        forms = [singular(token.form) for token in tokens]
        found: list[Hint] = []
        at = 0
        while at < len(tokens):
            length, facets = self._longest(forms, at)
            if length and draw.random() >= hidden:
                found.append(Hint(part, tokens[at].start, tokens[at + length - 1].end, facets))
            if not length and is_number_word(tokens[at].form):
                found.append(Hint(part, tokens[at].start, tokens[at].end, (), is_number=True))
            at += max(length, 1)
        return found

    def _add(self, value: str, place: int) -> None:
        key = tuple(singular(word) for word in words(value))
        if key and len(key) <= _LONGEST and not (len(key) == 1 and (key[0].isdigit() or len(key[0]) < 2)):
            self._held.setdefault(key, set()).add(place)

    def _longest(self, forms: Sequence[str], at: int) -> tuple[int, tuple[int, ...]]:
        for length in range(min(_LONGEST, len(forms) - at), 0, -1):
            if held := self._held.get(tuple(forms[at : at + length])):
                return length, tuple(sorted(held))
        return 0, ()


def bare_label(label: str) -> str:
    """A flag's label without its frame: 'has seating outdoors' is 'seating outdoors'."""
    frame = {"has", "is", "have", "allowed", "available", "included", "welcome", "offers", "accepts", "serves"}
    kept = [word for word in words(label.replace("_", " ")) if word not in frame]
    return " ".join(kept)


def find_words(text: str, value: str) -> tuple[int, int] | None:
    """Characters at which the words of a value stand in a text, in the singular and folded; None if they do not."""
    tokens = tokenize(text)
    forms = [singular(token.form) for token in tokens]
    wanted = [singular(word) for word in words(value)]
    for at in range(len(forms) - len(wanted) + 1):
        if wanted and forms[at : at + len(wanted)] == wanted:
            return tokens[at].start, tokens[at + len(wanted) - 1].end
    return None


def spelled(number: str, by_word: Mapping[str, float] = NUMBER_WORDS) -> Iterable[str]:
    """The words for a small number."""
    return (word for word, value in by_word.items() if number.isdigit() and value == int(number))
