"""From a message to a Request: the Protocol, and the embedded understanding that knows nothing but the catalog."""

from collections import Counter
from typing import Protocol

from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.naming import Naming
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.state import TalkState
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.wishes import Wishes
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
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Act, Constraint, Mention, Request, Stance
from shoptalk.retrieval.schema import Kind

#: Characters of a message that are read; what comes after is ignored.
LONGEST_MESSAGE = 2000

_SAMPLE, _SMALL, _COMMON = 1000, 20, 0.5
_MOST_REFUSED = 3
_QUESTION_WORDS = frozenset(
    "how what who when where which whose whats whos is are does do did has have can was".split()
)
_FEEDBACK = (Stance.LIKED, Stance.DISLIKED, Stance.SEEN, Stance.OWNED)


class Understanding(Protocol):
    """Turns a message into a Request, given what the talk holds on to."""

    def understand(self, message: str, state: TalkState) -> Request:
        """The request. Never raises because of what the message says."""
        ...


class EmbeddedUnderstanding:
    """A parser built from the catalog itself: its values, titles, numbers and labels. No model, no network.

    Building reads every value and title once (about half a second at 50,000 items); after that it is read-only and may
    be shared by any number of talks.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._lexicon = Lexicon(catalog)
        self._naming = Naming(catalog, self._lexicon)
        self._wishes = Wishes(catalog, self._lexicon, Grounding(catalog), self._naming)
        self._idle = _kind_words(catalog) | _everywhere(catalog)

    def understand(self, message: str, state: TalkState) -> Request:
        """The request. The first 2,000 characters are read; any text at all is valid."""
        sentence = Sentence(message[:LONGEST_MESSAGE])
        plain = _plain_act(sentence)
        if plain is not None:
            return Request(message=message, acts=(plain,))
        mentions, unknown = self._naming.mentions(sentence, state)
        dropped = self._wishes.dropped(sentence)
        if mentions:
            state = state.model_copy(update={"focus": mentions[-1].item_id})
        relatives, unheld = self._wishes.relatives(sentence, state)
        values = self._wishes.values(sentence)
        count = self._wishes.count(sentence)
        numbers = self._wishes.quantities(sentence)
        so_far = [*state.musts, *values, *numbers, *relatives]
        within = so_far if not dropped else [*values, *numbers]
        is_open = bool(state.texts or state.similar or self._rest(sentence)) or any(not value.must for value in values)
        vague = self._wishes.vague(sentence, within, state, is_open=is_open)
        values = self._wishes.settle_sparse(
            values, [*numbers, *relatives], is_open=bool(state.texts or self._rest(sentence))
        )
        constraints = _in_order([*relatives, *values, *numbers, *vague])
        is_about_item = not constraints or (_is_question(sentence) and not relatives)
        acts = _acts(
            sentence, mentions, is_about_item=is_about_item, is_bare=not constraints, has_table=bool(state.table)
        )
        asked, text = tuple[str, ...](), self._rest(sentence)
        if {Act.DETAILS, Act.COMPARE} & set(acts):  # a question sets no conditions
            asked = (*self._wishes.asked(sentence), *(constraint.facet for constraint in constraints))
            constraints, text = [], ""
        else:
            mentions = [_as_model(mention) for mention in mentions]
        return Request(
            message=message,
            acts=acts,
            constraints=tuple(constraints),
            dropped=dropped,
            mentions=tuple(mentions),
            text=text,
            count=count,
            unknown_titles=tuple(unknown),
            unheld=(*unheld, *self._refused(sentence)),
            asked=tuple(dict.fromkeys(asked)),
        )

    def _rest(self, sentence: Sentence) -> str:
        """What no facet holds, without what is not wanted: runs of words from the first telling one to the last."""
        runs: list[str] = []
        first = last = -1
        for i in range(len(sentence) + 1):
            ends = i == len(sentence) or not sentence.free(i) or sentence.negated[i] or sentence.cue[i]
            if first >= 0 and (ends or sentence.starts_clause[i]):
                runs.append(sentence.text(first, last - first + 1))
                first = -1
            if not ends and self._tells(sentence, i):
                first, last = (i if first < 0 else first), i
        return " ".join(runs)

    def _refused(self, sentence: Sentence) -> list[str]:
        """Words that were turned down and that no facet holds: nothing keeps items with them away."""
        return [
            sentence.text(i, 1)
            for i, form in enumerate(sentence.forms)
            if sentence.free(i) and sentence.negated[i] and not sentence.cue[i] and form not in FILLER
        ][:_MOST_REFUSED]

    def _tells(self, sentence: Sentence, i: int) -> bool:
        """True for a word that says something about what is wanted."""
        form = sentence.forms[i]
        if form in ORDINALS and sentence.pair(i)[1] in ("one", "ones"):
            return False
        return form not in FILLER and not form.isdigit() and singular(form) not in self._idle


def _as_model(mention: Mention) -> Mention:
    """'The second one but shorter' asks for something like it, not about it."""
    if mention.stance is not Stance.ASKED:
        return mention
    return mention.model_copy(update={"stance": Stance.SIMILAR})


def _kind_words(catalog: Catalog) -> frozenset[str]:
    """Labels of the facets: naming one asks for nothing by itself ('the genre', 'a good rating')."""
    return frozenset(
        singular(word)
        for facet in catalog.schema.facets
        for word in words(facet.label or "")
        if len(word) > 3 and facet.kind is not Kind.FLAG
    )


def _everywhere(catalog: Catalog) -> frozenset[str]:
    """Words that stand in half of the items say nothing about any of them: 'hotel' in a catalog of hotels."""
    rows = range(0, len(catalog), max(1, len(catalog) // _SAMPLE))
    if len(rows) < _SMALL:
        return frozenset()
    seen = Counter(word for row in rows for word in {singular(word) for word in words(catalog.document(row))})
    return frozenset(word for word, count in seen.items() if count > _COMMON * len(rows))


def _plain_act(sentence: Sentence) -> Act | None:
    """Messages that are nothing but a known phrase."""
    if not len(sentence):
        return None
    if sentence.is_phrase(HELP):
        return Act.HELP
    if sentence.is_phrase((*GREETINGS, *THANKS, *FAREWELLS)):
        return Act.CHAT
    return None


def _chooses_among_shown(sentence: Sentence) -> bool:
    """'Which of these is the lightest?'"""
    forms = sentence.forms
    which = bool(forms) and forms[0] == "which" and sentence.pair(0)[1] in ("of", "one", "is", "ones", "are")
    return which and any(form in SUPERLATIVES or form in COMPARATIVES for form in forms)


def _is_question(sentence: Sentence) -> bool:
    return bool(len(sentence)) and sentence.forms[0] in _QUESTION_WORDS and sentence.pair(0)[1] != "about"


def _acts(
    sentence: Sentence, mentions: list[Mention], *, is_about_item: bool, is_bare: bool, has_table: bool
) -> tuple[Act, ...]:
    """What the message does. `is_bare`: it sets no condition; `is_about_item`: what it says of an item asks."""
    acts: list[Act] = []
    stances = {mention.stance for mention in mentions}
    if sentence.take_phrase(START_OVER):
        acts.append(Act.START_OVER)
    if sentence.take_phrase(COMPARE) or (_chooses_among_shown(sentence) and has_table):
        acts.append(Act.COMPARE)
    elif Stance.ASKED in stances and is_about_item:
        acts.append(Act.DETAILS)
    if stances & set(_FEEDBACK):
        acts.append(Act.FEEDBACK)
    if Stance.SIMILAR in stances:
        acts.append(Act.SIMILAR)
    if sentence.is_phrase(MORE) or (not mentions and is_bare and _asks_for_more(sentence)):
        acts.append(Act.MORE)
    if not {Act.DETAILS, Act.COMPARE, Act.SIMILAR, Act.MORE} & set(acts):
        acts.append(Act.FIND)
    return tuple(acts)


def _asks_for_more(sentence: Sentence) -> bool:
    return len(sentence) <= 7 and sentence.take_phrase(phrase for phrase in MORE if " " in phrase)


def _in_order(constraints: list[Constraint]) -> list[Constraint]:
    """By place in the message, without repeats."""
    unique: list[Constraint] = []
    for constraint in sorted(constraints, key=lambda c: c.span or (0, 0)):
        if not any(constraint.same_as(other) for other in unique):
            unique.append(constraint)
    return unique
