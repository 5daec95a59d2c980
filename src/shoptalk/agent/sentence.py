"""A message while it is read: its words, which of them are spoken for, and where negation and softening reach."""

from collections.abc import Iterable, Sequence

from shoptalk.agent.tokens import Token, boundaries, tokenize
from shoptalk.agent.words import CONTRAST, DEGREES, NEGATOR_PAIRS, NEGATORS, NOT_NEGATING, SOFTENERS

_LIST_WORDS = frozenset({"or", "and", "nor"})
_FRESH_START = frozenset({"a", "an", "something", "give", "show", "want", "with", "make", "id", "i", "more"})


class Sentence:
    """One message. `taken[i]`: word i has been understood; `negated[i]` and `softened[i]`: what it stands under."""

    def __init__(self, message: str) -> None:
        self.message = message
        self.tokens: list[Token] = tokenize(message)
        self.forms: list[str] = [token.form for token in self.tokens]
        self.taken: list[bool] = [False] * len(self.tokens)
        self._ends = boundaries(message)
        self.starts_clause: list[bool] = [self._starts_clause(i) for i in range(len(self.tokens))]
        self.cue: list[bool] = [False] * len(self.tokens)
        self.negated: list[bool] = self._negation()
        self.softened: list[bool] = self._softening()

    def __len__(self) -> int:
        return len(self.tokens)

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

    def span(self, at: int, length: int) -> tuple[int, int]:
        """First and past-the-end character of these words."""
        return self.tokens[at].start, self.tokens[at + length - 1].end

    def text(self, at: int, length: int) -> str:
        """These words as they were typed."""
        return self.message[slice(*self.span(at, length))]

    def clause_end(self, at: int) -> int:
        """The place past the last word of the clause in which a word stands."""
        end = at + 1
        while end < len(self) and not self.starts_clause[end]:
            end += 1
        return end

    def follows(self, at: int, phrases: Iterable[str]) -> int:
        """Length in words of the longest phrase that stands at this place; 0 if none does."""
        best = 0
        for phrase in phrases:
            said = phrase.split()
            if len(said) > best and self.forms[at : at + len(said)] == said:
                best = len(said)
        return best

    def is_phrase(self, phrases: Iterable[str]) -> bool:
        """True if the whole message is one of the phrases."""
        return " ".join(self.forms) in phrases

    def take_phrase(self, phrases: Iterable[str]) -> bool:
        """True if one of these phrases stands in the message; its words are taken."""
        known = tuple(phrases)
        for at in range(len(self)):
            if length := self.follows(at, known):
                self.take(at, length)
                return True
        return False

    def _starts_clause(self, i: int) -> bool:
        if i == 0:
            return True
        return any(self.tokens[i - 1].end <= end < self.tokens[i].start for end in self._ends)

    def _negation(self) -> list[bool]:
        negated = [False] * len(self)
        active, since, skip = False, 0, 0
        for i, form in enumerate(self.forms):
            if skip:
                skip -= 1
                self.cue[i] = not negated[i]
                continue
            if self.starts_clause[i] and active and not self._list_goes_on(i, negated):
                active = False
            pair = self.pair(i)
            if pair in NOT_NEGATING:
                active, skip = False, 1
            elif pair in NEGATOR_PAIRS:
                active, since, skip = True, i + 1, 1
                self.cue[i] = True
            elif form in NEGATORS and (only := self._degree_turned(i)):
                negated[only - 1] = negated[only] = True
                active, skip, self.cue[i] = False, only - i, True
            elif form in NEGATORS:
                active, since = True, i
                self.cue[i] = True
            elif active and _ends_scope(pair, far=i - since > 1):
                active = False
            else:
                negated[i] = active
        return negated

    def _degree_turned(self, at: int) -> int:
        """Place of the one word that 'not too', 'not very' turns round: 'a not too expensive red' is a red; else 0."""
        degree, word = self.pair(at + 1) if at + 2 < len(self) else ("", "")
        following = self.forms[at + 3] if at + 3 < len(self) else ""
        turned = degree in DEGREES and not self.starts_clause[at + 2] and following not in ("or", "and")
        return at + 2 if turned and word else 0

    def _list_goes_on(self, at: int, negated: Sequence[bool]) -> bool:
        """True where a comma only separates what is negated: 'no horror, musicals or war'."""
        if self.message[self.tokens[at - 1].end : self.tokens[at].start].strip() != ",":
            return False
        end = at
        while end < len(self) and (end == at or not self.starts_clause[end] or end - at < 3):
            if self.forms[end] in ("or", "nor"):
                return True
            if self.forms[end] in NEGATORS or self.forms[end] in CONTRAST or end - at > 4:
                return False
            end += 1
        return False

    def _softening(self) -> list[bool]:
        softened, active = [False] * len(self), False
        for i, form in enumerate(self.forms):
            if self.starts_clause[i] and i and not (active and self.forms[i - 1] in SOFTENERS):
                active = False
            active = active or form in SOFTENERS
            softened[i] = active
        return softened


def _ends_scope(pair: tuple[str, str], *, far: bool) -> bool:
    """True at 'but', and at 'and' before something new is asked for; `far`: not right after the negator."""
    return (pair[0] in CONTRAST and far) or (pair[0] in _LIST_WORDS and pair[1] in _FRESH_START)
