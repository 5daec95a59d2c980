"""What a reply says besides its picks: small talk, what was noted, assumed or taken back, what cannot be held here."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shoptalk.agent.offers import Asking, Choice, Question
from shoptalk.agent.phrasing import constraint_in_words, join, short_label, short_title
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import FAREWELLS, GREETINGS
from shoptalk.retrieval.query import Act, Constraint, Stance
from shoptalk.retrieval.schema import Schema

if TYPE_CHECKING:
    from shoptalk.agent.explaining import Answer

_MOST_NAMED, _MOST_ASSUMED, _MOST_CHANGES = 4, 3, 4
_NOTED = (
    (Stance.SEEN, "have seen"),
    (Stance.OWNED, "own"),
    (Stance.LIKED, "like"),
    (Stance.DISLIKED, "did not like"),
)
_GREETED = (
    "Hello! I know the {size:,} items of {shop}. What are you in the mood for?",
    "Hello again! What shall I look for among the {size:,} items of {shop}?",
    "Hi! Tell me what you would like, and what you would not.",
)
_THANKED = (
    "You're welcome. Say “more” for others, or change what you asked for.",
    "Gladly. Tell me if it should be different, or say “more”.",
    "With pleasure. Anything else, just say so.",
)
_OUTSIDE = (
    "That is outside what I can do: I find things among the {size:,} items of {shop}. What are you looking for?",
    "I cannot help with that here. What I can do is look through the {size:,} items of {shop} for you.",
)


def small_talk(answer: "Answer") -> str:
    """A short, kind answer that claims nothing; from turn to turn not always the same."""
    said = answer.request.message.casefold().strip(" !.?")
    if said.startswith(FAREWELLS):
        return "Goodbye. What you told me is kept for next time." if answer.state.turn > 1 else "Goodbye."
    greets = said in GREETINGS or said.startswith(("hi ", "hello", "hey", "good "))
    return _one_of(_GREETED if greets else _THANKED, answer)


def outside(answer: "Answer") -> str:
    """An honest word on what is not this shop's trade, and what it does instead."""
    return _one_of(_OUTSIDE, answer)


def declined(answer: "Answer") -> str:
    """The answer to 'no', or to 'no preference'."""
    question = answer.answered
    if question is None or question.kind is Asking.RELAX:
        return "All right, we leave it. Tell me what else would do, or say “start over”."
    facet = answer.schema.facet(question.facet) if question.facet else None
    any_of = f", any {singular(short_label(facet))} then" if facet else ""
    return f"All right{any_of}. Say “more” for others, or change what you asked for."


def remarks(answer: "Answer") -> Iterator[str]:
    """What was noted, taken back, assumed, or cannot be held here."""
    request = answer.request
    if Act.START_OVER in request.acts:
        yield "Starting over. "
    if Act.UNDO in request.acts:
        yield _taken_back(answer)
    if Act.OUTSIDE in request.acts:
        yield outside(answer) + " "
    yield from _noted(answer)
    if request.unknown_titles:
        unknown = join([f"“{title}”" for title in request.unknown_titles], "or")
        yield f"I do not have {unknown} here, so I went by the rest of what you said. "
    if request.unheld:
        unheld = join([f"“{word}”" for word in request.unheld], "or")
        yield f"Nothing here tells what is {unheld}, so I could not go by that. "
    if answer.unmatched:
        yield f"I found nothing on {join([f'“{word}”' for word in answer.unmatched], 'or')}. "
    yield from _assumed(answer.schema, request.constraints)


def relaxing_question(choices: Sequence[Choice], *, shown: int) -> Question:
    """The offer of what would fill the list, or of what would let more in than the few that are `shown`."""
    counted = join([_offered(choice) for choice in choices], "or")
    if shown:
        one = "it" if len(choices) == 1 else "one of these"
        text = f"If you want more to choose from, there would be {counted}. Shall I take {one}?"
    elif len(choices) == 1:
        text = f"There would be {counted}: shall I show {'it' if choices[0].count == 1 else 'them'}?"
    else:
        text = f"There would be {counted}. Which shall I take?"
    return Question(kind=Asking.RELAX, text=text, choices=tuple(choices))


def _offered(choice: Choice) -> str:
    """'36 whether Korean or not', '12 with “under $60”': in full words where the label is a clause of its own."""
    if choice.label.endswith(" or not") and "," not in choice.label:
        return f"{choice.count:,} whether {choice.label}"
    return f"{choice.count:,} with “{choice.label}”"


def _one_of(sentences: Sequence[str], answer: "Answer") -> str:
    sentence = sentences[(answer.state.turn - 1) % len(sentences)]
    return sentence.format(size=answer.size, shop=answer.shop)


def _taken_back(answer: "Answer") -> str:
    again = [f"“{change.now}”" for change in answer.changes if change.now][:_MOST_CHANGES]
    gone = [f"“{change.was}”" for change in answer.changes if change.was][:_MOST_CHANGES]
    if not (again or gone):
        return "There is nothing to take back. "
    parts = [f"without {join(gone)}" if gone else "", f"with {join(again)} again" if again else ""]
    return f"Taken back: {' and '.join(part for part in parts if part)}. "


def _noted(answer: "Answer") -> Iterator[str]:
    for stance, verb in _NOTED:
        titles = [f"**{short_title(m.title)}**" for m in answer.request.mentions if m.stance is stance][:_MOST_NAMED]
        if titles:
            yield f"Noted: you {verb} {join(titles)}. "


def _assumed(schema: Schema, constraints: Sequence[Constraint]) -> Iterator[str]:
    """Vague words, and words that stand for a value which does not look like them."""
    told = [
        f"“{one.words}” to mean {constraint_in_words(schema, one)}"
        for one in constraints
        if one.confidence < 1 and one.words and not one.than and _is_unlike(one)
    ]
    if told:
        yield f"I took {join(list(dict.fromkeys(told))[:_MOST_ASSUMED])}. "


def _is_unlike(constraint: Constraint) -> bool:
    """True unless the words say the value: 'comedies' says 'Comedy', and '90 minutes' says 90."""
    said = {singular(word) for word in words(constraint.words)}
    if not any(isinstance(value, str) for value in constraint.values):
        return constraint.is_superlative is False and not any(char.isdigit() for char in constraint.words)
    meant = {singular(word) for value in constraint.values for word in words(str(value))}
    return not said & meant


__all__ = ["declined", "outside", "relaxing_question", "remarks", "small_talk"]
