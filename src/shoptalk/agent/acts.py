"""What a message does: the acts, several of them where it does several things."""

from collections.abc import Iterable, Sequence

from shoptalk.agent.cues import Cues
from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.phrases import OUTSIDE, SMALL_TALK, UNDO
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.state import TalkState
from shoptalk.agent.words import (
    COMPARATIVES,
    COMPARE,
    FAREWELLS,
    FILLER,
    GREETINGS,
    HELP,
    MORE,
    ORDINALS,
    START_OVER,
    SUPERLATIVES,
    THANKS,
)
from shoptalk.retrieval.query import Act, Constraint, Mention, Stance

_HELP, _UNDO, _MORE = Cues(HELP), Cues(UNDO), Cues(MORE)
_MORE_SAID = Cues(phrase for phrase in MORE if " " in phrase)
_CHAT = Cues((*GREETINGS, *THANKS, *FAREWELLS, *SMALL_TALK))
_OUTSIDE = Cues(OUTSIDE)
_COURTESY = frozenset(
    "please so well oh ah um and ok okay then there dear bot shop today very much again now for".split()
)
_ASKED_OF_US = frozenset("can could would will you i we to want need like hi hello hey do".split())
_FEEDBACK = (Stance.LIKED, Stance.DISLIKED, Stance.SEEN, Stance.OWNED)
_QUESTION_WORDS = frozenset(
    "how what who when where which whose whats whos is are does do did has have can was".split()
)
_ASKS = frozenset("is are does do has have can was will".split())
_OF_IT = frozenset("the it its they this that these those".split())
_FINDING_OUT = frozenset("tell know check out see say sure confirm".split())
_MORE_WORDS = 7
_SHORTEST_TALK = 2
_WHOLE_TURN = 3


def plain_acts(sentence: Sentence) -> tuple[Act, ...]:
    """The acts of a message that is nothing but known phrases: help, small talk ('haha, how are you?'), undoing."""
    forms = sentence.forms
    if _HELP.is_all(forms):
        return (Act.HELP,)
    if _UNDO.is_all(forms):
        return (Act.UNDO,)
    if forms and _only(sentence, _CHAT):
        return (Act.CHAT,)
    return ()


def opening_acts(sentence: Sentence) -> tuple[Act, ...]:
    """Acts at the head of a message that goes on ('thanks! ...', 'undo that, ...'); their words are taken."""
    found: list[Act] = []
    for at in range(len(sentence)):
        if not sentence.starts_clause[at] or not sentence.free(at):
            continue
        end = sentence.clause_end(at)
        if (length := _UNDO.at(sentence.forms, at)) and at + length == end:
            found.append(Act.UNDO)
        elif (length := _CHAT.at(sentence.forms, at)) and at + length == end and _is_talk(sentence, at, length):
            found.append(Act.CHAT)
        else:
            continue
        sentence.take(at, length)
    return tuple(dict.fromkeys(found))


def is_outside(sentence: Sentence, lexicon: Lexicon, grounding: Grounding, *, nothing_ours: bool) -> bool:
    """True if the message asks what no catalog holds: services, orders, the world at large.

    Not where one or two words say so that are the catalog's own: 'gift card' where that is sold. `nothing_ours`: the
    rest of the message says nothing of the catalog either; what begins with them may ('do you ship to Norway').
    """
    at, length = _OUTSIDE.within(sentence.forms)
    said = sentence.forms[at : at + length]
    ours = length < _WHOLE_TURN and any(
        form not in FILLER and (lexicon.names_value([form]) or grounding.facets_called(form)) for form in said
    )
    takes_object = is_question(sentence) and said[-1:] == ["of"]  # 'what is the capital of France'
    begins = all(form in _COURTESY or form in _ASKED_OF_US for form in sentence.forms[: max(0, at - 1)])
    return bool(length) and (takes_object or ((nothing_ours or begins) and not ours))


def is_question(sentence: Sentence) -> bool:
    """'How long is it?', 'is there a pool?', and not 'how about something shorter?'."""
    return bool(len(sentence)) and sentence.forms[0] in _QUESTION_WORDS and sentence.pair(0)[1] != "about"


def asks_of_nothing(sentence: Sentence, state: TalkState) -> bool:
    """'How much is the first one?' while nothing was shown: it asks about an item, and changes no search."""
    if state.table or state.focus or not is_question(sentence):
        return False
    return any(
        form in ORDINALS
        and sentence.forms[at - 1 : at] == ["the"]
        and (sentence.pair(at)[1] in ("one", "ones") or sentence.clause_end(at) == at + 1)
        for at, form in enumerate(sentence.forms)
    )


def asks_about(sentence: Sentence, one: Constraint, state: TalkState) -> bool:
    """True for a value that stands in a question about what was shown or offered: 'does it have a pool?'"""
    if one.span is None or not (state.heard or state.table):
        return False
    own = at = next((i for i, token in enumerate(sentence.tokens) if token.start >= one.span[0]), 0)
    end = sentence.clause_end(at)
    while at and not sentence.starts_clause[at] and sentence.forms[at - 1] != "and":
        if sentence.forms[at] in ("if", "whether"):  # 'tell me if the flat is furnished'
            return bool(set(sentence.forms[max(0, at - 3) : at]) & _FINDING_OUT)
        at -= 1
    if sentence.forms[at] not in _ASKS:
        return False
    is_subject = at + 1 == own and own > at  # 'is smoking allowed?'
    return is_subject or sentence.pair(at)[1] in _OF_IT or (end - at > 3 and sentence.forms[end - 1] == "there")


def acts_of(
    sentence: Sentence,
    mentions: Sequence[Mention],
    constraints: Sequence[Constraint],
    state: TalkState,
    *,
    is_about_item: bool,
) -> list[Act]:
    """What the message does to the search and with items. `is_about_item`: what it says of an item asks."""
    acts: list[Act] = []
    stances = {mention.stance for mention in mentions}
    if sentence.take_phrase(START_OVER):
        acts.append(Act.START_OVER)
    if sentence.take_phrase(COMPARE) or (_chooses_among_shown(sentence) and bool(state.table)):
        acts.append(Act.COMPARE)
    elif Stance.ASKED in stances and is_about_item:
        acts.append(Act.DETAILS)
    if stances & set(_FEEDBACK):
        acts.append(Act.FEEDBACK)
    if Stance.SIMILAR in stances:
        acts.append(Act.SIMILAR)
    if _MORE.is_all(sentence.forms) or (not mentions and not constraints and _asks_for_more(sentence)):
        acts.append(Act.MORE)
    return acts


def search_act(acts: Iterable[Act], state: TalkState, *, anew: bool) -> Act | None:
    """FIND where a search begins, REFINE where it goes on; None where the message asks for something else."""
    done = set(acts)
    if done & {Act.DETAILS, Act.COMPARE, Act.SIMILAR, Act.MORE}:
        return None
    begins = anew or Act.START_OVER in done or not (state.constraints or state.texts or state.similar)
    return Act.FIND if begins else Act.REFINE


def names_place(sentence: Sentence, at: int) -> bool:
    """'The second one': an ordinal that counts items and says nothing about them."""
    return sentence.forms[at] in ORDINALS and sentence.pair(at)[1] in ("one", "ones")


def _only(sentence: Sentence, cues: Cues) -> bool:
    """True if the message is made of these phrases, with courtesies between."""
    at, found = 0, False
    while at < len(sentence):
        length = cues.at(sentence.forms, at)
        if length:
            found = True
        elif sentence.forms[at] not in _COURTESY:
            return False
        at += max(length, 1)
    return found


def _is_talk(sentence: Sentence, at: int, length: int) -> bool:
    """'Thanks', 'how are you'; 'ok' and 'great' at the head of a wish are no more than a breath."""
    said = " ".join(sentence.forms[at : at + length])
    return length >= _SHORTEST_TALK or said in GREETINGS or said.startswith(("than", "thx", "ha", "lol", "bye"))


def _chooses_among_shown(sentence: Sentence) -> bool:
    """'Which of these is the lightest?'"""
    forms = sentence.forms
    which = bool(forms) and forms[0] == "which" and sentence.pair(0)[1] in ("of", "one", "is", "ones", "are")
    return which and any(form in SUPERLATIVES or form in COMPARATIVES for form in forms)


def _asks_for_more(sentence: Sentence) -> bool:
    at, length = _MORE_SAID.within(sentence.forms)
    if not length or len(sentence) > _MORE_WORDS:
        return False
    sentence.take(at, length)
    return True
