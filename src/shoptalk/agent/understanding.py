"""From a message to a Request: the Protocol, and the embedded understanding that knows nothing but the catalog.

A message is read in steps, each of which takes the words it understood and leaves the others to the next:

    answers, small talk -> items named -> what is taken back -> comparatives -> values, numbers -> vague words -> acts
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from shoptalk.agent.accidents import accidental
from shoptalk.agent.acts import (
    acts_of,
    asks_about,
    asks_of_nothing,
    is_outside,
    is_question,
    names_place,
    opening_acts,
    plain_acts,
    search_act,
)
from shoptalk.agent.amounts import Amounts
from shoptalk.agent.answering import Answered, Answering, Asked
from shoptalk.agent.carrying import Carrying
from shoptalk.agent.comparing import Comparing
from shoptalk.agent.deciding import Deciding
from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.naming import Naming
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.stances import asks_of_items, stand
from shoptalk.agent.state import TalkState
from shoptalk.agent.tagging import Tagger
from shoptalk.agent.titles import Titles
from shoptalk.agent.tokens import singular, well_formed, words
from shoptalk.agent.watch import Watch
from shoptalk.agent.wishes import Wishes
from shoptalk.agent.words import FILLER
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Act, Constraint, Mention, Operator, Request, Stance
from shoptalk.retrieval.schema import Kind, Role

#: Characters of a message that are read; what comes after is ignored.
LONGEST_MESSAGE = 2000

_SAMPLE, _SMALL, _COMMON = 1000, 20, 0.5
_MOST_REFUSED = 3
_HEARD = 600


class Understanding(Protocol):
    """Turns a message into a Request, given what the talk holds on to."""

    def understand(self, message: str, state: TalkState, watch: Watch | None = None) -> Request:
        """The request. Never raises because of what the message says. A model tells the `watch` what it did."""
        ...


@dataclass
class _Reading:
    """What is known so far of a message while it is read."""

    sentence: Sentence
    state: TalkState
    asked: Asked = field(default_factory=Asked)
    question: Sentence = field(default_factory=lambda: Sentence(""))
    heard: list[Mention] = field(default_factory=list)
    answered: Answered | None = None
    acts: list[Act] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    withdrawn: list[Constraint | str] = field(default_factory=list)
    unheld: list[str] = field(default_factory=list)
    compared: list[Constraint] = field(default_factory=list)
    amounts: list[Constraint] = field(default_factory=list)
    count: int | None = None
    anew: bool = False


class EmbeddedUnderstanding:
    """A parser built from the catalog itself: its values, titles, numbers and labels. No model, no network.

    Building reads every value and title once (about half a second at 50,000 items); after that it is read-only and may
    be shared by any number of talks.
    """

    def __init__(self, catalog: Catalog, tagger: Tagger | None = None, today: Callable[[], date] = date.today) -> None:
        """`tagger`: the transformer that decides over what the parser proposes; without one the parser stands alone.

        `today`: the day from which 'tomorrow' and 'last week' are counted.
        """
        self._catalog = catalog
        self._lexicon = Lexicon(catalog)
        self._grounding = Grounding(catalog, today)
        self._naming = Naming(catalog, self._lexicon)
        self._answering = Answering(catalog, self._lexicon, self._grounding)
        self._carrying = Carrying(catalog, self._lexicon, self._grounding)
        self._comparing = Comparing(catalog, self._lexicon, self._grounding, self._naming)
        self._amounts = Amounts(catalog, self._grounding)
        accidents = accidental(catalog)
        self._wishes = Wishes(catalog, self._lexicon, self._grounding, accidents)
        self._written = _written(catalog)
        self._idle = _kind_words(catalog, accidents) | _everywhere(catalog)
        self._deciding = (
            Deciding(catalog, self._lexicon, self._grounding, self._naming.titles, tagger) if tagger else None
        )

    @property
    def titles(self) -> Titles:
        """Finds items by their titles."""
        return self._naming.titles

    def understand(self, message: str, state: TalkState, watch: Watch | None = None) -> Request:
        """The request. The first 2,000 characters are read; any text at all is valid."""
        message, heard = well_formed(message), well_formed(state.heard[-_HEARD:])
        reading = _Reading(Sentence(message[:LONGEST_MESSAGE]), state)
        if heard and not state.table:  # someone else leads the talk, and names items
            reading.question = Sentence(heard)
            reading.heard = self._heard(reading.question, state)
        request = self._parsed(message, reading)
        is_choice = request.acts == (Act.ANSWER,) and state.question is not None
        if is_choice:
            return request
        if self._deciding is None:
            return self._searched(request, request.constraints, reading)
        # What a question of our own offers is taken by its choices only; the transformer would take it from its words.
        decided = self._deciding.decide(request, reading.sentence, "" if state.question else heard, reading.heard)
        return self._searched(decided, request.constraints, reading)

    def _searched(self, request: Request, proposed: Sequence[Constraint], reading: _Reading) -> Request:
        """The request with words that name a value by accident searched as the words they are.

        Also those of what the parser `proposed` and the transformer let go: all of them where nothing else was said.
        """
        sentence = reading.sentence
        by_accident = [
            one for one in (*proposed, *request.constraints) if self._wishes.is_accident(one, sentence, reading.asked)
        ]
        if not (request.constraints or request.text or request.mentions or request.described):
            by_accident += [one for one in proposed if one.operator is Operator.IS and isinstance(one.value, str)]
        if not by_accident:
            return request
        kept = [one for one in request.constraints if one not in by_accident]
        for one in by_accident:
            sentence.free_span(*(one.span or (0, 0)))
        for one in kept:
            sentence.take_span(*(one.span or (0, 0)))
        return request.model_copy(update={"constraints": tuple(kept), "text": self._rest(sentence)})

    def _parsed(self, message: str, reading: _Reading) -> Request:
        if (short := self._short(reading)) is not None:
            return short.model_copy(update={"message": message})
        reading.acts += opening_acts(reading.sentence)
        self._read_items(reading)
        if not (reading.mentions or reading.heard) and asks_of_nothing(reading.sentence, reading.state):
            asked = self._wishes.asked(reading.sentence)
            return Request(message=message, acts=(*reading.acts, Act.DETAILS), asked=asked)
        reading.amounts, reading.unheld = self._amounts.read(reading.sentence)
        self._read_taken_back(reading)
        self._read_wishes(reading)
        self._carry_over(reading)
        return self._request(message, reading)

    def _heard(self, question: Sentence, state: TalkState) -> list[Mention]:
        """The items that our side just named; where it named none, the one that was spoken of last."""
        named, _ = self._naming.mentions(question, TalkState())
        focus = self._naming.subject(state) if not named else None
        if focus is not None:
            named = [Mention(item_id=focus, title=self._catalog.titles[self._catalog.row(focus)], stance=Stance.ASKED)]
        return list({mention.item_id: mention for mention in named}.values())

    def _short(self, reading: _Reading) -> Request | None:
        """Messages that are nothing but an answer, or a known phrase."""
        sentence, state = reading.sentence, reading.state
        if not (reading.heard and asks_of_items(reading.question)):
            reading.asked = self._answering.asked(state)
        reading.answered = answered = self._answering.read(sentence, state, reading.asked)
        mentions = tuple(stand(sentence, [], reading.heard, reading.question)) if reading.heard else ()
        if answered is not None and answered.is_all:
            return Request(
                message="",
                acts=(Act.ANSWER,),
                constraints=answered.constraints,
                dropped=answered.dropped,
                choice=answered.choice,
                mentions=mentions,
            )
        if plain := plain_acts(sentence):
            return Request(message="", acts=(*plain, Act.FEEDBACK) if mentions else plain, mentions=mentions)
        return None

    def _read_items(self, reading: _Reading) -> None:
        """Items that something is to be the same as, and items named, with how the person stands to each."""
        sentence, state = reading.sentence, reading.state
        reading.compared += self._comparing.shared(sentence, state)
        if reading.heard:  # 'that one' and 'the second' are of those that were just named
            ids = tuple(mention.item_id for mention in reading.heard)
            state = state.model_copy(update={"table": ids, "focus": ids[-1]})
        reading.mentions, reading.unknown = self._naming.mentions(sentence, state)
        if len(reading.question):
            reading.mentions = stand(sentence, reading.mentions, reading.heard, reading.question)

    def _read_taken_back(self, reading: _Reading) -> None:
        taken = self._carrying.taken_back(reading.sentence, reading.state)
        held = {one.facet for one in reading.state.constraints}  # 'forget the low mileage' asks for no mileage
        reading.amounts = [one for one in reading.amounts if one.facet not in held & set(taken.dropped)]
        weighed = {one.facet for one in reading.amounts}
        reading.dropped += [name for name in taken.dropped if name not in weighed]
        reading.withdrawn += taken.withdrawn
        reading.constraints += taken.left

    def _read_wishes(self, reading: _Reading) -> None:
        """Comparatives, values, numbers, superlatives and vague words, in this order: each reads what is left."""
        sentence, state, wishes = reading.sentence, reading.state, self._wishes
        if reading.mentions:
            state = state.model_copy(update={"focus": reading.mentions[-1].item_id})
        amounts = reading.amounts
        relatives, beyond = self._comparing.relatives(sentence, state)
        reading.unheld += beyond
        reading.compared += relatives
        values = wishes.values(sentence, reading.asked)
        reading.count = wishes.count(sentence)
        numbers = wishes.quantities(sentence, reading.asked)
        kept = [one for one in state.musts if one.facet not in reading.dropped and one not in reading.withdrawn]
        so_far = [*kept, *values, *numbers, *reading.compared]
        extremes, beyond = self._comparing.superlatives(
            sentence,
            [*values, *numbers],
            state,
            count=reading.count or state.count,
            is_open=lambda: self._is_open(reading, values),
        )
        reading.unheld += beyond
        said = [*values, *numbers, *amounts, *reading.compared, *extremes, *(one for one in kept if one.is_superlative)]
        vague = self._comparing.vague(sentence, [*so_far, *amounts, *extremes], said)
        rest = bool(state.texts or self._rest(sentence))
        values = wishes.settle_sparse(sentence, values, [*numbers, *reading.compared], is_open=rest)
        reading.constraints += [*reading.compared, *values, *numbers, *amounts, *extremes, *vague]

    def _is_open(self, reading: _Reading, values: list[Constraint]) -> bool:
        """True where something is wanted that no facet can decide: words that items have, a model, a mood."""
        state = reading.state
        texts = " ".join((*state.texts, self._rest(reading.sentence)))
        said = any(singular(word) in self._written for word in words(texts))
        return said or bool(state.similar) or any(not value.must for value in values)

    def _carry_over(self, reading: _Reading) -> None:
        """What the message does to what was asked before: it takes its place, or stands beside it."""
        sentence, state, carrying = reading.sentence, reading.state, self._carrying
        reading.anew = carrying.is_anew(sentence)
        reading.constraints, allowed = carrying.united(sentence, reading.constraints, state)
        reading.withdrawn += allowed
        reading.withdrawn += carrying.displaced(sentence, reading.constraints, state)
        if reading.answered is not None:
            said = {one.facet for one in reading.constraints}
            reading.constraints += [one for one in reading.answered.constraints if one.facet not in said]

    def _request(self, message: str, reading: _Reading) -> Request:
        """The acts are decided last, from all that was found; a question sets no conditions."""
        sentence, state, mentions = reading.sentence, reading.state, reading.mentions
        constraints = _in_order(reading.constraints)
        is_about_item = not constraints or (is_question(sentence) and not reading.compared)
        acts = acts_of(sentence, mentions, constraints, state, is_about_item=is_about_item)
        nothing_ours = not (constraints or mentions or reading.dropped or reading.withdrawn)
        if is_outside(sentence, self._lexicon, self._grounding, nothing_ours=nothing_ours):
            return Request(message=message, acts=(*reading.acts, Act.OUTSIDE))
        asked, text = tuple[str, ...](), self._rest(sentence)
        if {Act.DETAILS, Act.COMPARE} & set(acts):
            asked = (*self._wishes.asked(sentence), *(constraint.facet for constraint in constraints))
            constraints, text = [], ""
        else:
            mentions = [_as_model(mention) for mention in mentions]
            if Act.SIMILAR not in acts and any(one.stance is Stance.SIMILAR for one in mentions):
                acts.append(Act.SIMILAR)
        inquired = [one for one in constraints if asks_about(sentence, one, state)]  # 'is the flat furnished?'
        if inquired:
            asked = (*asked, *(one.facet for one in inquired))
            constraints = [one for one in constraints if one not in inquired]
        says_more = bool(constraints or text or mentions or reading.dropped or reading.withdrawn or reading.count)
        search = search_act(acts, state, anew=reading.anew)
        if search and (says_more or not (acts or reading.acts)):
            acts.append(search)
        if reading.answered is not None:
            acts.insert(0, Act.ANSWER)
        return Request(
            message=message,
            acts=tuple(dict.fromkeys((*reading.acts, *acts))),
            constraints=tuple(constraints),
            dropped=tuple(dict.fromkeys(reading.dropped)),
            withdrawn=tuple(dict.fromkeys(reading.withdrawn)),
            anew=reading.anew,
            mentions=tuple(mentions),
            text=text,
            count=reading.count,
            choice=reading.answered.choice if reading.answered else None,
            unknown_titles=tuple(reading.unknown),
            unheld=(*reading.unheld, *self._refused(sentence), *(self._unread_numbers(sentence) if says_more else ())),
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
            if sentence.free(i)
            and sentence.negated[i]
            and not sentence.cue[i]
            and form not in FILLER
            and not self._belongs(sentence, i)
        ][:_MOST_REFUSED]

    def _belongs(self, sentence: Sentence, i: int) -> bool:
        """True for a word that only goes with one that was understood: 'party games', 'the colour black'."""
        before = i > 0 and not sentence.starts_clause[i] and sentence.taken[i - 1] and not sentence.cue[i - 1]
        after = i + 1 < sentence.clause_end(i) and sentence.taken[i + 1] and not sentence.cue[i + 1]
        return before or after or singular(sentence.forms[i]) in self._idle

    def _tells(self, sentence: Sentence, i: int) -> bool:
        """True for a word that says something about what is wanted."""
        form = sentence.forms[i]
        if names_place(sentence, i):
            return False
        if form.isdigit():
            return self._numbers_a_name(sentence, i)
        if singular(form) in self._idle:
            return False
        return form not in FILLER or any(
            sentence.forms[near] not in FILLER for near in (i - 1, i + 1) if sentence.is_hyphened(i, near)
        )

    def _numbers_a_name(self, sentence: Sentence, i: int) -> bool:
        """The 4 of 'playstation 4': a number right behind a word that items have, or joined to it."""
        before = sentence.forms[i - 1] if i and sentence.free(i - 1) and not sentence.starts_clause[i] else ""
        is_written = singular(before) in self._written and self._tells(sentence, i - 1)
        return before.isalpha() and (is_written or sentence.is_hyphened(i, i - 1))

    def _unread_numbers(self, sentence: Sentence) -> list[str]:
        """Numbers that no facet took: searched as words they would say nothing, and they are not lost in silence."""
        return [
            form
            for i, form in enumerate(sentence.forms)
            if form.isdigit()
            and sentence.free(i)
            and not (sentence.released[i] or sentence.negated[i] or self._tells(sentence, i))
        ][:_MOST_REFUSED]


def _as_model(mention: Mention) -> Mention:
    """'The second one but shorter' asks for something like it, not about it."""
    if mention.stance is not Stance.ASKED:
        return mention
    return mention.model_copy(update={"stance": Stance.SIMILAR})


def _kind_words(catalog: Catalog, accidents: frozenset[str]) -> frozenset[str]:
    """Labels of the facets: naming one asks for nothing by itself ('the genre', 'a good rating').

    Not those in which a word stands by accident: whoever says 'keyboard' wants one.
    """
    return frozenset(
        singular(word)
        for facet in (*catalog.schema.facets, *catalog.schema.of_role(Role.TITLE))
        for word in words(facet.label or "")
        if len(word) > 2 and facet.kind is not Kind.FLAG and facet.name not in accidents
    )


def _written(catalog: Catalog) -> frozenset[str]:
    """Words that stand in some item: others ('wine' in a catalog of wines that never says so) choose none of them."""
    rows = range(0, len(catalog), max(1, len(catalog) // _SAMPLE))
    return frozenset(singular(word) for row in rows for word in words(catalog.document(row)))


def _everywhere(catalog: Catalog) -> frozenset[str]:
    """Words that stand in half of the items say nothing about any of them: 'hotel' in a catalog of hotels."""
    rows = range(0, len(catalog), max(1, len(catalog) // _SAMPLE))
    if len(rows) < _SMALL:
        return frozenset()
    seen = Counter(word for row in rows for word in {singular(word) for word in words(catalog.document(row))})
    return frozenset(word for word, count in seen.items() if count > _COMMON * len(rows))


def _in_order(constraints: list[Constraint]) -> list[Constraint]:
    """By place in the message, without repeats."""
    unique: list[Constraint] = []
    for constraint in sorted(constraints, key=lambda c: c.span or (0, 0)):
        if not any(constraint.same_as(other) for other in unique):
            unique.append(constraint)
    return unique
