"""How the person stands to the items that a message names, and to those that our side named and it answers.

'Have you seen Alien?' 'Yes, loved it' says that Alien is known and liked; 'no, but it sounds good' that it is new and
welcome. A message is cut where a statement ends ('I loved A but hated B'); what each part says is of the items named in
it, else of those named last, else of those that our side named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from shoptalk.agent.cues import Cues
from shoptalk.agent.phrases import (
    ACCEPTS,
    ALL_OF_THEM,
    ASKING,
    ASKS_KNOWN,
    ASKS_LIKED,
    ASKS_MORE,
    DISLIKES,
    KNOWS,
    KNOWS_NOT,
    LIKES_KNOWN,
    LIKES_NEW,
    LIKES_WEAKLY,
    NO_FIRST,
    SAYS_NOTHING,
    YES_FIRST,
)
from shoptalk.agent.sentence import Sentence
from shoptalk.retrieval.query import Mention, Stance

_ALL, _ONE = Cues(ALL_OF_THEM), Cues(("that one", "it", "the last one", "the second one", "that"))
_YES = Cues((*YES_FIRST, "i have", "i did", "i do", "oh yes", "oh yeah", "i loved", "i love"))
_NO = Cues((*NO_FIRST, "i havent", "i have not", "i dont"))
_ASKS_KNOWN, _ASKS_LIKED = Cues(ASKS_KNOWN), Cues(ASKS_LIKED)
_TURNS_ROUND = Cues(("not", "but not", "and not", "not so much", "just not"))
_ASKING, _SAYS_NOTHING = Cues(ASKING), Cues(SAYS_NOTHING)
_OBJECTS = frozenset(
    """it that this them those these both all one ones movie movies film films book game song too a very so really the
    every him her""".split()
)
_SEEKING = frozenset(
    """looking want need something anything some any recommend suggest suggestions prefer genre kind type kinds types
    mood""".split()
)
_TURNS = frozenset({"but", "though", "although", "however", "except", "while"})
_ENDS = frozenset(".!?;")


class Signal(Enum):
    """What a phrase says of an item."""

    LIKES_KNOWN = "knows it and likes it"
    LIKES_NEW = "does not know it and is drawn to it"
    LIKES = "likes it, whether known or not"
    ACCEPTS = "takes it as it comes"
    ASKS = "wants to hear more of it"
    DISLIKES = "does not like it"
    KNOWS = "knows it"
    KNOWS_NOT = "does not know it"


_SAID = {
    Signal.KNOWS_NOT: Cues(KNOWS_NOT),
    Signal.DISLIKES: Cues(DISLIKES),
    Signal.LIKES_NEW: Cues(LIKES_NEW),
    Signal.LIKES_KNOWN: Cues(LIKES_KNOWN),
    Signal.LIKES: Cues(LIKES_WEAKLY),
    Signal.ACCEPTS: Cues(ACCEPTS),
    Signal.ASKS: Cues(ASKS_MORE),
    Signal.KNOWS: Cues(KNOWS),
}
_TURNED = {
    Signal.LIKES_KNOWN: Signal.DISLIKES,
    Signal.LIKES_NEW: Signal.DISLIKES,
    Signal.LIKES: Signal.DISLIKES,
    Signal.KNOWS: Signal.KNOWS_NOT,
}


@dataclass
class _Held:
    """What is known of one item's stance so far."""

    likes: bool | None = None
    knows: bool | None = None
    is_asked: bool = False

    def hear(self, signal: Signal) -> None:
        match signal:
            case Signal.LIKES_KNOWN:
                self.likes = True
                self.knows = True if self.knows is None else self.knows
            case Signal.LIKES_NEW:
                self.likes = True
                self.knows = False if self.knows is None else self.knows
            case Signal.LIKES:
                self.likes = True
            case Signal.ACCEPTS | Signal.ASKS:
                self.likes = True if self.likes is None else self.likes
            case Signal.DISLIKES:
                self.likes = False
            case Signal.KNOWS:
                self.knows = True
            case Signal.KNOWS_NOT:
                self.knows = False


@dataclass
class _Part:
    """A statement of a message: its words, the items named in it, and whether it asks."""

    start: int
    end: int
    asks: bool
    items: list[str] = field(default_factory=list)


def stand(sentence: Sentence, named: Sequence[Mention], heard: Sequence[Mention], question: Sentence) -> list[Mention]:
    """The mentions of a message with what its statements say of them, and those of items that our side named.

    `named`: what the message names, with the stance that stands right beside the name; `heard`: what our side named in
    `question`. An item that nothing is said of keeps its stance, and is left out if only our side named it.
    """
    own = {mention.item_id for mention in named}
    targets = list(dict.fromkeys(mention.item_id for mention in heard if mention.item_id not in own))
    held = {item_id: _Held() for item_id in (*own, *targets)}
    answer, last = _answer(sentence, _asked(question)), list[str]()
    if answer is not None:
        for item_id in targets:
            held[item_id].hear(answer)
    before: Signal | None = None
    for part in _parts(sentence, named):
        of_all, of_one = (cues.within(sentence.forms, part.start, part.end)[1] for cues in (_ALL, _ONE))
        last = part.items or last
        signals = list(_signals(sentence, part, named))
        if not signals and before in _TURNED and _TURNS_ROUND.within(sentence.forms, part.start, part.end)[1]:
            signals = [_TURNED[before]]  # 'I have seen A but not B'
        before = signals[-1] if signals else before
        for signal in signals:
            for item_id in last or (targets[-1:] if of_one and not of_all else targets):
                held[item_id].hear(signal)
    found = [again for mention in named for again in _refined(mention, held[mention.item_id])]
    titles = {mention.item_id: mention.title for mention in heard}
    return found + [one for item_id in targets for one in _answered(item_id, titles[item_id], held[item_id])]


def _refined(mention: Mention, held: _Held) -> list[Mention]:
    """A named item's mention with the stance that the statement about it tells, and that it is known, if that is said.

    Someone else leads the talk: what is named to them as a model is liked, unless it is said that it is not.
    """
    told = mention.stance
    if held.likes is False and told is not Stance.OWNED:
        told = Stance.DISLIKED
    elif held.likes and told in (Stance.SEEN, Stance.DISLIKED):
        told = Stance.LIKED
    elif held.knows and told is Stance.SIMILAR and held.likes is None:
        told = Stance.SEEN
    if told is Stance.SEEN and held.knows is False:
        return []
    first = mention.model_copy(update={"stance": told, "is_new": held.knows is False})
    if told in (Stance.LIKED, Stance.DISLIKED) and mention.stance is Stance.SEEN:
        return [first, mention]
    if told is Stance.SIMILAR or (told is Stance.ASKED and held.likes):
        return [first, first.model_copy(update={"stance": Stance.LIKED})]
    return [first]


def _parts(sentence: Sentence, named: Iterable[Mention]) -> list[_Part]:
    """The statements of a message, with the items that each names."""
    parts: list[_Part] = []
    start = 0
    for at in range(len(sentence) + 1):
        ends = at == len(sentence) or (at > start and _begins(sentence, at))
        if not ends or at == start:
            continue
        past = sentence.tokens[at].start if at < len(sentence) else len(sentence.message)
        between = sentence.message[sentence.tokens[at - 1].end : past]
        begin, end = sentence.tokens[start].start, sentence.tokens[at - 1].end
        items = [m.item_id for m in named if m.span and begin <= m.span[0] < end]
        parts.append(_Part(start, at, "?" in between or bool(_ASKING.at(sentence.forms, start)), items))
        start = at
    return parts


def _begins(sentence: Sentence, at: int) -> bool:
    if sentence.forms[at] in _TURNS:
        return True
    between = sentence.message[sentence.tokens[at - 1].end : sentence.tokens[at].start]
    return bool(_ENDS & set(between))


def _signals(sentence: Sentence, part: _Part, named: Iterable[Mention]) -> Iterable[Signal]:
    """What the phrases of a part say, in order; the words of titles say nothing."""
    spans = [mention.span for mention in named if mention.span]
    at = part.start
    while at < part.end:
        inside = any(start <= sentence.tokens[at].start < end for start, end in spans)
        found: tuple[Signal | None, int] = (None, 1) if inside else _signal_at(sentence, at)
        signal, length = found
        counts = not part.asks or signal in (Signal.KNOWS_NOT, Signal.ASKS)
        if signal is not None and counts and _is_of_it(sentence, part, at, length, signal):
            yield signal
        at += max(length, 1)


def _signal_at(sentence: Sentence, at: int) -> tuple[Signal | None, int]:
    """What the longest phrase that begins here says, and its length; words that say nothing are passed over."""
    best: tuple[Signal | None, int] = (None, _SAYS_NOTHING.at(sentence.forms, at))
    for said, cues in _SAID.items():
        if (reach := cues.at(sentence.forms, at)) > best[1]:
            best = (said, reach)
    signal, length = best
    if signal is not None and sentence.negated[at] and not sentence.cue[at]:
        return _TURNED.get(signal), length
    return best


def _is_of_it(sentence: Sentence, part: _Part, at: int, length: int, signal: Signal) -> bool:
    """False for what is said of a kind of thing and not of the one spoken of: 'I like comedies', 'a good thriller'."""
    if signal is Signal.LIKES_NEW:
        return not {*sentence.forms[at + length : at + length + 2]} & {"something", "anything", "some", "a", "another"}
    if part.items or signal not in (Signal.LIKES, Signal.LIKES_KNOWN, Signal.DISLIKES):
        return True
    if _SEEKING & set(sentence.forms[part.start : part.end]):
        return False
    past = at + length
    return past >= part.end or sentence.starts_clause[past] or sentence.forms[past] in _OBJECTS or length > 1


def _answer(sentence: Sentence, asked: Signal | None) -> Signal | None:
    """What the message's first words answer: 'yes', 'I have', 'no'."""
    if asked is None:
        return None
    if _NO.at(sentence.forms, 0) or _SAID[Signal.KNOWS_NOT].at(sentence.forms, 0):
        return _TURNED[asked]
    return asked if _YES.at(sentence.forms, 0) else None


def asks_of_items(question: Sentence) -> bool:
    """True where our side asks whether an item is known or liked: a bare yes speaks of that item."""
    return _asked(question) is not None


def _asked(question: Sentence) -> Signal | None:
    """What a bare yes says: that they know it, or that they like it."""
    if _ASKS_LIKED.within(question.forms)[1]:
        return Signal.LIKES_KNOWN
    return Signal.KNOWS if _ASKS_KNOWN.within(question.forms)[1] else None


def _answered(item_id: str, title: str, held: _Held) -> list[Mention]:
    stances = []
    if held.likes is not None:
        stances.append(Stance.LIKED if held.likes else Stance.DISLIKED)
    if held.knows:
        stances.append(Stance.SEEN)
    return [Mention(item_id=item_id, title=title, stance=one, is_new=not held.knows) for one in stances]
