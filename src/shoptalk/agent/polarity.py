"""Where 'not' reaches: which words of a message are refused, which are let off, and how firmly.

A negation is read in three steps. A cue is found (`refusals` holds the phrases; the longest that stands at a word
wins). It opens a scope, which runs on over lists and closes at a contrast, at words that ask for something anew, at the
end of the clause. And some turns take a scope back: 'not without', 'a pool is not needed', 'no idea'. Nothing here
knows a catalog.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shoptalk.agent.refusals import (
    AND_FRESH,
    ARTICLES,
    ASIDE,
    ASKING,
    BACK_STOPS,
    BOUND_WORDS,
    CUE_TYPOS,
    DEGREES,
    EMPTY,
    ENDING_LISTS,
    FINE,
    FREE_AFTER,
    INTERJECTIONS,
    MILD,
    NEEDED,
    NOT_WORDS,
    OR_FRESH,
    PHRASES,
    PLAIN_AFTER_NO,
    PREFERRING,
    PRONOUNS,
    PUTTING_OUT,
    RESTARTS,
    SINGLING_OUT,
    SUBJECTS,
    TRAILING_MILD,
    TRANSPARENT,
    VERBS_WITH_I,
    Cue,
)
from shoptalk.agent.words import CONTRAST, FILLER, NUMBER_WORDS

_BACK, _LIST_ELEMENT, _LIST_LENGTH, _SKIPPED = 5, 4, 7, 2
_TOGGLE_REACH, _FAR = 7, 20
_RELATIVE, _PREFIXES = frozenset({"that", "which", "who"}), frozenset({"non", "un"})
_NARROW = frozenset({"not", "isnt", "arent", "wasnt", "aint", "never"})


@dataclass(frozen=True, slots=True)
class Polarity:
    """For each word of a message: is it refused, only mildly so, neither wanted nor refused, part of a cue."""

    refused: list[bool]
    mild: list[bool]
    released: list[bool]
    cue: list[bool]
    outer: list[bool]

    def lets_off(self, at: int, length: int) -> bool:
        """True if these words need not be, but may. A run that holds a cue of its own is one name."""
        return any(self.released[at : at + length]) and not any(self.cue[at : at + length])

    def refuses(self, at: int, length: int) -> bool:
        """True if these words are refused. A run that holds a cue of its own ('non-smoking room') is one name."""
        if any(self.cue[at : at + length]):
            return self.outer[at]
        return any(self.refused[at : at + length])


@dataclass(slots=True)
class _Scope:
    """What a cue has opened: its kind and words, where it stands, and which words it has reached so far."""

    kind: Cue
    at: int
    past: int
    word: str
    mild: bool
    reached: list[int] = field(default_factory=list)
    has_content: bool = False


def read_polarity(forms: Sequence[str], gaps: Sequence[str], starts: Sequence[bool]) -> Polarity:
    """The polarity of each word. `gaps[i]` is the text before word i, `starts[i]` tells whether it opens a clause."""
    return _Reader([CUE_TYPOS.get(form, form) for form in forms], gaps, starts).read()


#: Words that open a wish of their own behind a comma, unless what is refused began with the same.
_PLACING = frozenset("from in at under over between around for about by below above before after since".split())


class _Reader:
    def __init__(self, forms: Sequence[str], gaps: Sequence[str], starts: Sequence[bool]) -> None:
        self._forms, self._gaps, self._starts = forms, gaps, starts
        size = len(forms)
        self._out = Polarity([False] * size, [False] * size, [False] * size, [False] * size, [False] * size)
        self._scope: _Scope | None = None
        self._begin: list[int] = []
        for i in range(size):
            self._begin.append(i if starts[i] or not i else self._begin[-1])

    def read(self) -> Polarity:
        at = 0
        while at < len(self._forms):
            at += self._step(at)
        return self._out

    def _step(self, at: int) -> int:
        """Read one word or cue; how many words it took."""
        if self._scope and self._starts[at] and not self._list_goes_on(at, self._scope):
            self._scope = None
        kind, length = _cue_at(self._forms, self._starts, at)
        kind = self._reconsidered(at, length, kind)
        if kind is not None:
            return self._open(at, length, kind)
        if self._forms[at] in PUTTING_OUT and (out := self._put_out(at)):
            self._refuse(range(at + 1, out), mild=self._is_mild(at))
            return out - at + 1
        if self._is_passed_over(at):
            self._open(at, 1, Cue.EXCEPT)
            self._scope = replace(self._scope, mild=True) if self._scope else None
            return 1
        if self._forms[at] == "free" and at and self._is_free_of(at):
            return self._bar_joined(at)
        if self._scope:
            self._reach(at, self._scope)
        return 1

    def _reconsidered(self, at: int, length: int, kind: Cue | None) -> Cue | None:
        """The cue's kind in its place: questions, interjections and double negations turn nothing round."""
        scope = self._scope
        if kind is Cue.BARRED and self._forms[at + length - 1] == "out" and not self._ends_clause(at + length - 1):
            return None
        if kind is None or kind in (Cue.KEEP, Cue.WAIVE, Cue.BARRED):
            return kind
        if scope and scope.kind is Cue.RELEASE and kind is not Cue.EXCEPT and at - scope.past < _TOGGLE_REACH:
            return None
        if kind is Cue.RELEASE:
            return kind
        if self._form(at - 1) == "or" and length == 1 and at > 1 and self._forms[at - 2] == self._form(at + 1):
            self._out.released[at - 2] = True  # 'lift or no lift'
            return Cue.RELEASE
        if length == 1 and self._forms[at] in ASKING and self._ends_clause(at) and not self._starts[at]:
            return Cue.WAIVE  # 'a pool is a must, a gym is not'
        if self._forms[at] == "no" and self._ends_clause(at) and "?" not in self._gap(at + 1) and self._is_short(at):
            return Cue.BARRED  # 'comedy no, thriller yes'
        if length == 1 and (self._asks(at) or self._is_interjection(at)):
            return Cue.KEEP
        if scope and scope.kind is Cue.REFUSE and at - scope.at < _TOGGLE_REACH:
            if self._forms[at] == "without":
                return Cue.KEEP
            if kind is Cue.REFUSE and self._form(at - 1) in _RELATIVE:  # 'no hotels that don't take pets'
                for i in scope.reached:
                    self._out.refused[i], self._out.outer[i], self._out.released[i] = False, False, True
                return Cue.KEEP
        return kind

    def _open(self, at: int, length: int, kind: Cue) -> int:
        refused = self._scope is not None and self._scope.kind in (Cue.REFUSE, Cue.EXCEPT)
        for i in range(at, at + length):
            self._out.cue[i], self._out.outer[i] = True, refused
        if kind is Cue.KEEP:
            self._answered_no(at)
            self._scope = None
        elif kind is Cue.WAIVE:
            self._waive(at, length)
        elif kind is Cue.BARRED:
            self._bar_before(at)
            self._scope = None
        elif kind is Cue.NON:
            self._bar_next(at + length, doubled=refused)
        else:
            mild = self._is_mild(at)
            if kind is Cue.REFUSE and (turned := self._degree_turned(at + length)):
                self._refuse([turned - 1, turned], mild=mild)
                self._scope = None
                self._out.cue[at] = True
                return turned - at + 1
            self._scope = _Scope(kind, at, at + length, self._forms[at] if length == 1 else "", mild)
        return length

    def _reach(self, at: int, scope: _Scope) -> None:
        """Let the scope reach a word, or close it there."""
        if self._closes(at, scope):
            if self._forms[at] == "yes" and len(scope.reached) > 1:  # 'no casino pool yes'
                self._out.refused[at - 1] = self._out.outer[at - 1] = False
            self._scope = None
            return
        form = self._forms[at]
        if scope.kind is Cue.RELEASE:
            self._out.released[at] = True
        elif scope.has_content and self._takes_back(at, scope):
            for i in scope.reached:
                self._out.refused[i] = self._out.outer[i] = False
                self._out.released[i] = True
            self._scope = None
            return
        else:
            self._refuse([at], mild=scope.mild)
        scope.reached.append(at)
        scope.has_content = scope.has_content or form not in FILLER
        if self._ends_bound(at):
            self._scope = None

    def _closes(self, at: int, scope: _Scope) -> bool:
        form, after = self._forms[at], self._form(at + 1)
        if form in CONTRAST or (form in ("as", "so") and after == "long"):
            return True
        if form in ("and", "plus"):
            return after in AND_FRESH
        if form == "or":
            return after in OR_FRESH
        if not scope.has_content or self._form(at - 1) in ("or", "nor"):
            return False
        if form in RESTARTS or (form in PRONOUNS and after in VERBS_WITH_I):
            return True
        if form == "for" and (after in BOUND_WORDS or after[:1].isdigit()):  # 'nothing oaky for under 25'
            return True
        if scope.kind is Cue.EXCEPT:
            return form in ("a", "an", "in", "for", "from", "with", "under", "what", "which")
        named = any(self._forms[i] in ("a", "an", "the") for i in scope.reached)
        return named and scope.word in _NARROW and form in ("in", "for", "under", "with")

    def _takes_back(self, at: int, scope: _Scope) -> bool:
        """'Without breakfast is fine', 'no pool needed'."""
        form, after = self._forms[at], self._form(at + 1)
        if form in NEEDED:
            return True
        return scope.kind is Cue.REFUSE and form in ("is", "are", "would") and bool({after, self._form(at + 2)} & FINE)

    def _list_goes_on(self, at: int, scope: _Scope) -> bool:
        """True where a comma only separates what is refused: 'no horror, musicals or war'."""
        if self._gaps[at].strip() != "," or not scope.has_content:
            return False
        first = self._forms[at]
        if first in SINGLING_OUT:
            return True
        if first in _PLACING and all(self._forms[i] != first for i in scope.reached):  # 'not gory, from the 80s or 90s'
            return False
        with_articles = scope.word == "without" or any(self._forms[i] in ("with", "without") for i in scope.reached)
        if (first in AND_FRESH and not (with_articles and first in ("a", "an"))) or first in RESTARTS:
            return False
        elements = 0
        for i in range(at, min(len(self._forms), at + _LIST_LENGTH)):
            form = self._forms[i]
            if self._starts[i]:
                elements = 0
                if i > at and self._gaps[i].strip() not in (",", ""):
                    return False
            if form in ("or", "nor") or (form == "and" and scope.word != "no" and scope.word not in _NARROW):
                return self._form(i + 1) not in OR_FRESH and not self._ends_in_verb(i + 1)
            if form in NOT_WORDS or form in CONTRAST or form in RESTARTS or elements > _LIST_ELEMENT:
                return False
            elements += 1
        return False

    def _ends_in_verb(self, at: int) -> bool:
        """'Windows or Linux is fine' says something of its own."""
        end = next((i for i in range(at + 1, min(len(self._forms), at + 5)) if self._starts[i]), at + 5)
        return any(form in ENDING_LISTS for form in self._forms[at + 1 : end])

    def _is_short(self, at: int) -> bool:
        return not self._starts[at] and any(self._starts[max(0, at - 3) : at])

    def _is_asked(self, at: int) -> bool:
        end = at + 1
        while end < min(len(self._forms), at + _FAR) and not self._starts[end]:
            end += 1
        return "?" in self._gap(end)

    def _ends_clause(self, at: int) -> bool:
        return at + 1 >= len(self._forms) or self._starts[at + 1]

    def _asks(self, at: int) -> bool:
        """'Isn't there a western?', 'is there nothing French?', 'no horror?' ask for what they seem to deny."""
        form, before = self._forms[at], self._form(at - 1)
        opens = self._starts[at] or before in ("and", "so", "but", "well", "why", "then")
        after = self._form(at + 1)
        if (
            form in ASKING
            and opens
            and (after in SUBJECTS or (self._starts[at] and after in ARTICLES and self._is_asked(at)))
        ):
            return True
        start = self._begin[at]
        head = tuple(self._forms[start : start + 2])
        if len(head) == 2 and head[0] in ("is", "are", "do", "have") and head[1] in ("there", "you", "we", "they"):
            near = at - start == 2 or (at - start == 3 and form in ("no", "nothing"))
            return near and "-" not in self._gap(at + 1) and form in ("no", "not", "nothing", "none")
        alone = at == 0 and form == "no" and self._begin[-1] == 0
        return alone and self._gaps[-1].strip().startswith("?")

    def _is_interjection(self, at: int) -> bool:
        """'No, a red one', 'nope': an answer, not a refusal of what follows."""
        if self._forms[at] not in INTERJECTIONS:
            return False
        after = self._form(at + 1)
        if at + 1 >= len(self._forms) or self._starts[at + 1] or self._forms[at] != "no":
            return True
        return after in PLAIN_AFTER_NO

    def _answered_no(self, at: int) -> None:
        """'Horror? No.': the question before is answered, and its words refused."""
        if self._forms[at] not in INTERJECTIONS or not at or "?" not in self._gaps[at]:
            return
        start = self._begin[at - 1]
        if at - start <= 3 and self._forms[start] not in ("is", "are", "do", "have", "what", "how", "which", "can"):
            self._refuse(range(start, at), mild=False)

    def _waive(self, at: int, length: int) -> None:
        """'A pool is not needed' lets off what stands before it; 'it does not matter if ...' what follows."""
        before = self._before(at)
        if all(self._forms[i] in EMPTY for i in before) and at and "?" in self._gap(before[0] if before else at):
            end = before[0] if before else at
            before = list(range(self._begin[max(end - 1, 0)], end))
        if any(self._forms[i] not in EMPTY for i in before):
            for i in before:
                self._out.released[i], self._out.refused[i] = True, False
            self._scope = None
        else:
            self._scope = _Scope(Cue.RELEASE, at, at + length, self._forms[at], mild=False)

    def _bar_before(self, at: int) -> None:
        before = self._before(at)
        twice = [i for i in before if self._out.refused[i] and i and self._forms[i - 1] in _PREFIXES]
        self._refuse([i for i in before if not self._out.cue[i]], mild=self._is_mild(at))
        for i in before:
            self._out.outer[i] = True
        for i in twice:  # 'non-smoking rooms are out'
            self._out.refused[i] = False

    def _before(self, at: int) -> list[int]:
        """The words of the clause before a place, as far as they are what its verb speaks of."""
        found: list[int] = []
        i = at - 1
        while i >= 0 and at - i <= _BACK:
            form = self._forms[i]
            joins = form in ("and", "or") and i and (self._starts[i - 1] or (i > 1 and self._starts[i - 2]))
            if form in BACK_STOPS or (form in ("and", "or") and not joins):
                break
            found.append(i)
            if self._starts[i]:
                break
            i -= 1
        return found[::-1]

    def _bar_next(self, at: int, *, doubled: bool) -> None:
        """'Non-smoking': the next word and what is joined to it; 'not non-smoking' lets it off."""
        reached = []
        for i in range(at, min(at + 3, len(self._forms))):
            if i > at and self._gaps[i] != "-":
                break
            reached.append(i)
        self._scope = None
        past = at + len(reached)
        after = set(self._forms[past : past + 3]) if "is" in self._forms[past : past + 2] else set()
        if doubled or after & FINE:  # 'non-organic is fine'
            for i in reached:
                self._out.released[i] = True
        else:
            self._refuse(reached, mild=False)

    def _put_out(self, at: int) -> int:
        """Place of the 'out' of 'leave the horror out'; 0 if there is none."""
        for i in range(at + 1, min(at + _BACK, len(self._forms))):
            if self._starts[i]:
                return 0
            if self._forms[i] == "out" and i > at + 1:
                return i
        return 0

    def _is_passed_over(self, at: int) -> bool:
        """'Rather a Dell than an HP', 'I prefer reds to whites', 'Rioja over Bordeaux any day'."""
        form, after = self._forms[at], self._form(at + 1)
        if form not in ("than", "over", "to") or self._starts[at] or after[:1].isdigit() or after in BOUND_WORDS:
            return False
        before = self._forms[max(self._begin[at], at - _FAR) : at]
        if form == "than":
            return "rather" in before[-_BACK:-1]
        prefers = any(word in PREFERRING for word in before[:-1])
        if form == "over":
            return prefers or "day" in self._forms[at + 1 : at + 4]
        chosen = before[max((i for i, word in enumerate(before) if word in PREFERRING), default=len(before)) + 1 :]
        return prefers and 0 < len(chosen) <= 2 and chosen[-1] not in ASIDE

    def _is_free_of(self, at: int) -> bool:
        return self._gaps[at] == "-" or (self._gaps[at].isspace() and self._forms[at - 1] in FREE_AFTER)

    def _bar_joined(self, at: int) -> int:
        """'Romance-free': what stands before it, joined by hyphens."""
        first = at - 1
        while first and self._gaps[first] == "-":
            first -= 1
        doubled = self._out.refused[first]
        self._out.cue[at] = True
        for i in range(first, at):
            self._out.refused[i] = not doubled
            self._out.outer[i] = doubled
        self._out.outer[at] = doubled
        return 1

    def _degree_turned(self, at: int) -> int:
        """Place of the one word that 'not too', 'not very' turns round: 'a not too expensive red' is a red; else 0."""
        turned = self._form(at) in DEGREES and at + 1 < len(self._forms) and not self._starts[at + 1]
        return at + 1 if turned and self._form(at + 2) not in ("or", "and") else 0

    def _is_mild(self, at: int) -> bool:
        """'Preferably not', 'I'd rather avoid', '... if possible'."""
        end = at
        while end < min(len(self._forms), at + _FAR) and (end == at or not self._starts[end]):
            if tuple(self._forms[end : end + 2]) in TRAILING_MILD:
                return True
            end += 1
        i = at - 1
        while i >= max(0, at - _FAR) and not self._starts[i + 1]:
            if self._forms[i] in MILD or tuple(self._forms[i : i + 2]) in TRAILING_MILD:
                return True
            if self._forms[i] not in FILLER and not self._out.cue[i] and not self._out.refused[i]:
                return False
            i -= 1
        return False

    def _ends_bound(self, at: int) -> bool:
        """'Not over 100 in Paris': a limit is all that is refused."""
        form = self._forms[at]
        said = form[:1].isdigit() or (form in NUMBER_WORDS and form != "one")
        limited = bool(set(self._forms[max(0, at - 3) : at]) & BOUND_WORDS)
        return said and limited and not (self._form(at + 1) in ("or", "nor") and self._form(at + 2)[:1].isdigit())

    def _refuse(self, places: Sequence[int], *, mild: bool) -> None:
        for i in places:
            self._out.refused[i], self._out.mild[i], self._out.outer[i] = True, mild, True

    def _form(self, at: int) -> str:
        return self._forms[at] if 0 <= at < len(self._forms) else ""

    def _gap(self, at: int) -> str:
        return self._gaps[at] if at < len(self._gaps) else ""


def _cue_at(forms: Sequence[str], starts: Sequence[bool], at: int) -> tuple[Cue | None, int]:
    """The cue that stands here and its length in words: the longest one, and of two the one that names its words."""
    best: tuple[int, bool, int, Cue] | None = None
    heads = (forms[at], "NOT") if forms[at] in NOT_WORDS else (forms[at],)
    for head in heads:
        for rest, kind in PHRASES.get(head, ()):
            length = _follows(forms, starts, at + 1, rest)
            found = (len(rest), head != "NOT", length + 1, kind)
            if length >= 0 and (best is None or found[:2] > best[:2]):
                best = found
    return (best[3], best[2]) if best else (None, 0)


def _follows(forms: Sequence[str], starts: Sequence[bool], at: int, rest: Sequence[frozenset[str]]) -> int:
    """How many words the rest of a phrase takes here, with an idle word or two in between; -1 if it does not stand."""
    place = at
    for wanted in rest:
        skipped = 0
        while (
            place < len(forms)
            and not starts[place]
            and "*" not in wanted
            and forms[place] not in wanted
            and forms[place] in TRANSPARENT
            and skipped < _SKIPPED
        ):
            place, skipped = place + 1, skipped + 1
        if place >= len(forms) or starts[place] or not ("*" in wanted or forms[place] in wanted):
            return -1
        place += 1
    return place - at
