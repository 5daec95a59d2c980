"""Answers to what our side asked: a 'yes', a choice taken, a bare value or number, 'anything'.

Our side is either this shop, whose question is held in the state with its choices, or whoever said `state.heard`: then
the facets and values that its last question calls are what a short answer speaks of.
"""

import re
from dataclasses import dataclass

from shoptalk.agent.cues import Cues
from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon, Named
from shoptalk.agent.offers import Asking, Question
from shoptalk.agent.phrases import ASKS_FOR, DONT_CARE, NO, NO_FIRST, TAKES_UP, YES, YES_FIRST
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.state import TalkState
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import FILLER, MEANING_WORDS, NUMBER_WORDS, ORDINALS, THANKS
from shoptalk.retrieval.catalog import Catalog, FlagColumn
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Kind, Meaning

_YES, _NO, _DONT_CARE = Cues(YES), Cues(NO), Cues(DONT_CARE)
_YES_FIRST, _NO_FIRST = Cues((*YES_FIRST, *TAKES_UP)), Cues(NO_FIRST)
_AGREES = Cues((*YES, *TAKES_UP, *THANKS))
_ASKS_FOR = Cues(ASKS_FOR)
_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]*")
_HEARD = 400
_ASIDE = frozenset("um uh hmm well oh please thanks thank you then just i guess think would be really".split())
_ASKS_WHICH = frozenset("what which where when who how in at from on for until till any and".split())
_CHOICE_WORDS = frozenset(
    "the one ones option choice that please take ill lets go with id like prefer i want number".split()
)
_BREATHS = frozenset({"ok", "okay", "right", "alright"})
_COUNTING = frozenset({"option", "choice", "number"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the last question of our side is about: facets that it calls, and values that it names."""

    facets: tuple[str, ...] = ()
    values: tuple[Named, ...] = ()
    days: tuple[Constraint, ...] = ()
    is_told: bool = False  # by a statement, and not by a question

    @property
    def offered(self) -> tuple[Named, ...]:
        """The values that a 'yes' takes: those of the facets of which just one was named."""
        return tuple(one for one in self.values if sum(one.facet == other.facet for other in self.values) == 1)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer gives. `is_all`: the message holds nothing else."""

    constraints: tuple[Constraint, ...] = ()
    dropped: tuple[str, ...] = ()
    choice: int | None = None
    is_all: bool = False


class Answering:
    """Reads a message as an answer, where something was asked."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon, grounding: Grounding) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self._grounding = grounding

    def asked(self, state: TalkState) -> Asked:
        """What the last question speaks of; nothing where nothing was asked."""
        if state.question is not None:
            return Asked((state.question.facet,) if state.question.facet else ())
        if not state.heard:
            return Asked()
        return self._asked_in(last_question(state.heard), state.heard)

    def read(self, sentence: Sentence, state: TalkState, asked: Asked) -> Answered | None:
        """The answer, or None if the message is none. Words that say no more than yes or no are taken."""
        if state.question is not None and (found := self._chosen(sentence, state.question)):
            return found
        forms = [form for form in sentence.forms if form not in _ASIDE] or sentence.forms
        if not (asked.facets or asked.values or asked.days):
            return None
        if _DONT_CARE.is_all(forms) or _DONT_CARE.is_all(sentence.forms):
            facets = asked.facets or tuple(one.facet for one in asked.values)
            return Answered(dropped=tuple(dict.fromkeys(facets)), is_all=True)
        for whole, first, yes in ((_YES, _YES_FIRST, True), (_NO, _NO_FIRST, False)):
            if whole.is_all(sentence.forms) or whole.is_all(forms) or (yes and _is_made_of(sentence, _AGREES)):
                return Answered(constraints=self._taken(sentence, asked, yes=yes), is_all=True)
            if length := first.at(sentence.forms, 0):
                breath = asked.is_told and length == 1  # 'ok, now a hotel'
                contrary = "but" in sentence.forms[length : length + 2]
                constraints = () if breath or contrary else self._taken(sentence, asked, yes=yes)
                if constraints:
                    sentence.take(0, length)
                    return Answered(constraints=constraints)
        return None

    def _asked_in(self, said: str, heard: str) -> Asked:
        """What a question speaks of; where it only asks whether that suits, what was offered before it.

        Flags, kinds and moods of an item describe it: a 'yes' takes them where they alone were asked for.
        """
        asked = self._named_in(Sentence(said))
        if "?" in said and (asked.values or asked.days or (asked.facets and words(said)[0] in _ASKS_WHICH)):
            return asked
        offered = self._named_in(Sentence(said if asked.values or asked.days else heard[-_HEARD:]))
        return Asked(
            asked.facets, tuple(one for one in offered.values if not self._describes(one.facet)), offered.days, True
        )

    def _describes(self, facet: str) -> bool:
        held = self._catalog.schema.facet(facet)
        return held.kind is Kind.FLAG or held.meaning in (Meaning.GENRE, Meaning.KEYWORD, Meaning.PERSON)

    def _named_in(self, question: Sentence) -> Asked:
        """The values and days that a question names, and the facets it calls by their labels, or usually asks for."""
        facets: list[str] = []
        values: list[Named] = []
        at = 0
        while at < len(question):
            length, named = self._lexicon.longest(question.forms, at)
            label = self._called_at(question.forms[at])
            if length and not (label and length == 1 and isinstance(named[0].value, str)):
                values += [one for one in named if not one.leaning]
                at += length
                continue
            facets += label
            at += 1
        called = tuple(dict.fromkeys(facets)) or self._usually_asked(question)
        called = self._lexicon.way_asked(called or tuple(dict.fromkeys(one.facet for one in values)), question.forms)
        days = [
            one for one in self._grounding.moments(question.tokens, question.message) if one.operator is Operator.IS
        ]
        alone = [one for one in days if sum(one.facet == other.facet for other in days) == 1]
        return Asked(called, tuple(values), tuple(alone))

    def _called_at(self, form: str) -> tuple[str, ...]:
        is_label = form in MEANING_WORDS or form not in FILLER
        return self._grounding.facets_called(form) if is_label else ()

    def _usually_asked(self, question: Sentence) -> tuple[str, ...]:
        """'How many people?', 'where?': the facets whose labels say what is usually asked for by these words."""
        at, length = _ASKS_FOR.within(question.forms)
        for label in ASKS_FOR.get(" ".join(question.forms[at : at + length]), ()):
            said = {singular(word) for word in label.split()}
            held = tuple(
                facet.name
                for facet in self._catalog.schema.facets
                if said <= {singular(word) for word in words(facet.label or facet.name)}
            )
            if held:
                return held
        return ()

    def _taken(self, sentence: Sentence, asked: Asked, *, yes: bool) -> tuple[Constraint, ...]:
        """What 'yes' or 'no' says of the values offered: a flag is set either way, a value is only taken."""
        found = []
        for one in asked.offered:
            is_flag = isinstance(self._catalog.column(one.facet), FlagColumn)
            if not (yes or is_flag):
                continue
            value = yes if is_flag else one.value
            found.append(Constraint(facet=one.facet, operator=Operator.IS, value=value, words=sentence.message[:40]))
        days = [one.model_copy(update={"words": sentence.message[:40], "span": None}) for one in asked.days if yes]
        return (*found, *days)

    def _chosen(self, sentence: Sentence, question: Question) -> Answered | None:
        """The choice that the message takes of our own question; a 'no' takes none of them."""
        forms = [form for form in sentence.forms if form not in _ASIDE] or sentence.forms
        if _NO.is_all(sentence.forms) or _NO.is_all(forms):
            return Answered(is_all=True)
        if _DONT_CARE.is_all(sentence.forms) or _DONT_CARE.is_all(forms):
            open_one = next((i for i, one in enumerate(question.choices) if one.changes_nothing), None)
            dropped = (question.facet,) if question.facet and open_one is None else ()
            return Answered(choice=open_one, dropped=dropped, is_all=True)
        place = self._place(forms, question)
        if place is not None:
            return Answered(choice=place, is_all=True)
        is_offer = question.kind is Asking.RELAX or len(question.choices) == 1
        if is_offer and (_YES.is_all(sentence.forms) or _YES.is_all(forms)):
            return Answered(choice=0, is_all=True)
        length = _YES_FIRST.at(sentence.forms, 0) if is_offer else 0
        is_breath = len(question.choices) > 1 and length == 1 and sentence.forms[0] in _BREATHS  # 'ok, any length'
        if length and not is_breath:
            sentence.take(0, length)
            return Answered(choice=0)
        return None

    def _place(self, forms: list[str], question: Question) -> int | None:
        """The choice that all of the message names: by its place, its label, or the value that it puts in."""
        said = [form for form in forms if form not in _CHOICE_WORDS] or forms[-1:]
        if len(said) == 1 and (place := _place_said(said[0], counted=bool(_COUNTING & set(forms)))):
            index = place - 1 if place > 0 else len(question.choices) + place
            return index if 0 <= index < len(question.choices) else None
        plain = [singular(form) for form in said]
        for i, choice in enumerate(question.choices):
            names = [words(choice.label)]
            names += [words(str(value)) for one in choice.added for value in one.values if isinstance(value, str)]
            if any(plain == [singular(word) for word in name if word not in _CHOICE_WORDS] for name in names):
                return i
        return None


def _place_said(form: str, *, counted: bool) -> int:
    """'The second', and where choices are `counted` 'option 2': from one, from behind below zero; 0 for other words."""
    if not counted or form in ORDINALS:
        return ORDINALS.get(form, 0)
    return int(form) if form.isdecimal() and len(form) < 3 else int(NUMBER_WORDS.get(form, 0))


def _is_made_of(sentence: Sentence, cues: Cues) -> bool:
    """True if the message is these phrases one after the other, and words that say nothing."""
    at = found = 0
    while at < len(sentence):
        length = cues.at(sentence.forms, at)
        if not length and sentence.forms[at] not in _ASIDE:
            return False
        found, at = found + bool(length), at + max(length, 1)
    return bool(found)


def last_question(heard: str) -> str:
    """The last sentence that asks; where none does, the last of all."""
    sentences = [one for one in _SENTENCE.findall(heard[-_HEARD:]) if one.strip()]
    return next((one for one in reversed(sentences) if "?" in one), sentences[-1] if sentences else "")
