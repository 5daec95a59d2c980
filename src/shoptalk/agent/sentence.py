"""A message while it is read: its words, which of them are spoken for, and where negation and softening reach."""

from collections.abc import Iterable
from functools import cached_property, lru_cache

from shoptalk.agent.cues import Cues
from shoptalk.agent.polarity import read_polarity
from shoptalk.agent.quantities import Quantity, read_quantities
from shoptalk.agent.tokens import Token, boundaries, tokenize
from shoptalk.agent.words import SOFTENERS

#: Words of a message that are read; people say less, and what comes after would only take time.
MOST_WORDS = 400


class Sentence:
    """One message. `taken[i]`: word i has been understood; the other lists tell what it stands under.

    `negated[i]`: it is refused; `mild[i]`: only as a preference; `released[i]`: it need not be, but may ('a pool is not
    needed'); `softened[i]`: it is a wish; `cue[i]`: it belongs to the words that refuse or release.
    """

    def __init__(self, message: str) -> None:
        self.tokens: list[Token] = tokenize(message)[:MOST_WORDS]
        self.message = message[: self.tokens[-1].end] if len(self.tokens) == MOST_WORDS else message
        self.forms: list[str] = [token.form for token in self.tokens]
        self.taken: list[bool] = [False] * len(self.tokens)
        self._ends = boundaries(self.message)
        self.starts_clause: list[bool] = [self._starts_clause(i) for i in range(len(self.tokens))]
        self._gap = self._gaps()
        self._polarity = read_polarity(self.forms, self._gap, self.starts_clause)
        self.cue: list[bool] = self._polarity.cue
        self.negated: list[bool] = self._polarity.refused
        self.mild: list[bool] = self._polarity.mild
        self.released: list[bool] = self._polarity.released
        self.softened: list[bool] = self._softening()

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def quantities(self) -> list[Quantity]:
        """The numbers of the message."""
        return read_quantities(self.message)

    def pair(self, at: int) -> tuple[str, str]:
        """The word at a place and the next; the second is empty at the end."""
        return self.forms[at], self.forms[at + 1] if at + 1 < len(self) else ""

    def free(self, at: int, length: int = 1) -> bool:
        """True if none of these words is spoken for."""
        return at >= 0 and at + length <= len(self) and not any(self.taken[at : at + length])

    def take(self, at: int, length: int = 1) -> None:
        """Speak for these words."""
        self.taken[at : at + length] = [True] * length

    def take_span(self, start: int, end: int) -> None:
        """Speak for the words that stand between two characters."""
        for i, token in enumerate(self.tokens):
            if token.start >= start and token.end <= end:
                self.taken[i] = True

    def free_span(self, start: int, end: int) -> None:
        """Leave the words that stand between two characters to what is read next."""
        for i, token in enumerate(self.tokens):
            if token.start >= start and token.end <= end:
                self.taken[i] = False

    def span(self, at: int, length: int) -> tuple[int, int]:
        """First and past-the-end character of these words."""
        return self.tokens[at].start, self.tokens[at + length - 1].end

    def text(self, at: int, length: int) -> str:
        """These words as they were typed."""
        return self.message[slice(*self.span(at, length))]

    def is_hyphened(self, at: int, other: int) -> bool:
        """True for neighbours that a hyphen makes one word: 'part-time'."""
        low, high = min(at, other), max(at, other)
        return low >= 0 and high < len(self) and self._gap[high] == "-"

    def clause_end(self, at: int) -> int:
        """The place past the last word of the clause in which a word stands."""
        end = at + 1
        while end < len(self) and not self.starts_clause[end]:
            end += 1
        return end

    def follows(self, at: int, phrases: Cues | Iterable[str]) -> int:
        """Length in words of the longest phrase that stands at this place; 0 if none does."""
        cues = phrases if isinstance(phrases, Cues) else _cues(tuple(phrases))
        return cues.at(self.forms, at)

    def take_phrase(self, phrases: Iterable[str]) -> bool:
        """True if one of these phrases stands in the message; its words are taken."""
        cues = _cues(tuple(phrases))
        for at in range(len(self)):
            if length := self.follows(at, cues):
                self.take(at, length)
                return True
        return False

    def list_start(self, at: int) -> int:
        """The first word of the clauses up to this word that only commas part: 'with a pool, a sauna and a gym'."""
        while at > 0 and (not self.starts_clause[at] or self._gap[at].strip() == ","):
            at -= 1
        return at

    def refuses(self, at: int, length: int = 1) -> bool:
        """True if these words are refused; one that holds a 'not' of its own ('non-smoking room') by what is before."""
        return self._polarity.refuses(at, length)

    def refuse(self, at: int) -> None:
        """Turn round a word that holds its own 'not', such as 'unoaked'; 'not unoaked' lets it off."""
        self.released[at] = self.released[at] or self.negated[at]
        self.negated[at] = True

    def lets_off(self, at: int, length: int = 1) -> bool:
        """True if these words need not be, but may: 'a pool is not needed'."""
        return self._polarity.lets_off(at, length)

    def _gaps(self) -> list[str]:
        """What stands before each word, and after the last."""
        ends = [0, *(token.end for token in self.tokens)]
        starts = [*(token.start for token in self.tokens), len(self.message)]
        return [self.message[end:start] for end, start in zip(ends, starts, strict=True)]

    def _starts_clause(self, i: int) -> bool:
        if i == 0:
            return True
        return any(self.tokens[i - 1].end <= end < self.tokens[i].start for end in self._ends)

    def _softening(self) -> list[bool]:
        softened, active = [False] * len(self), False
        for i, form in enumerate(self.forms):
            if self.starts_clause[i] and i and not (active and self.forms[i - 1] in SOFTENERS):
                active = False
            active = active or form in SOFTENERS
            softened[i] = active
        return softened


@lru_cache(maxsize=256)
def _cues(phrases: tuple[str, ...]) -> Cues:
    return Cues(phrases)
