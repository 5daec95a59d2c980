"""The answer's text from picks and evidence: the Protocol, and the embedded templates that write it.

Item names stand between double asterisks. Every sentence is held against what is known before it is said (`checking`).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from shoptalk.agent.events import Changed, Pick
from shoptalk.agent.offers import Question
from shoptalk.agent.phrasing import (
    constraint_in_words,
    facet_facts,
    facts_in_text,
    join,
    label_of,
    short_title,
    strength_in_words,
    title_with_year,
)
from shoptalk.agent.remarks import declined, outside, remarks, small_talk
from shoptalk.agent.state import TalkState
from shoptalk.agent.watch import Watch
from shoptalk.retrieval.catalog import FacetValue, Item
from shoptalk.retrieval.naming import is_description
from shoptalk.retrieval.query import Act, Constraint, Operator, Request
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_REASONS_IN_TEXT = 2
_MOST_LESSER = 6
_MANY, _MOST_CONFLICTS = 3, 3
_MOST_DIFFERENCES = 10
_BEST = {
    Meaning.PRICE: ("cheapest", min), Meaning.DURATION: ("shortest", min), Meaning.WEIGHT: ("lightest", min),
    Meaning.RATING: ("best rated", max), Meaning.YEAR: ("newest", max), Meaning.SIZE: ("biggest", max),
}  # fmt: skip
_LONGEST_OPENING = 500
# Lesser columns, written as 'label: value; ...', are no description.
_SIDE_FACTS = re.compile(r"[a-z][\w ]{1,30}: [^;]+; ")


@dataclass(frozen=True, slots=True)
class Answer:
    """All that an explanation may speak of.

    `passing`: items that meet the musts; `named`: items the person named; `looked_up`: those that are told of before
    the picks of a search; `conflicts`: musts that emptied the list; `question`: what will be asked or offered after
    the text (the turn says it); `answered`: what was asked before.
    """

    schema: Schema
    shop: str
    size: int
    request: Request
    state: TalkState
    picks: tuple[Pick, ...] = ()
    passing: int = 0
    named: dict[str, Item] = field(default_factory=dict)
    looked_up: tuple[Pick, ...] = ()
    conflicts: tuple[tuple[Constraint, ...], ...] = ()
    question: Question | None = None
    answered: Question | None = None
    changes: tuple[Changed, ...] = ()
    exhausted: bool = False
    unmatched: tuple[str, ...] = ()


class Explaining(Protocol):
    """Writes the text of an answer, piece by piece."""

    def explain(self, answer: Answer, watch: Watch | None = None) -> Iterator[str]:
        """Sentences or parts of them, in order; joined they are the text, all but the question at its end.

        A model tells the `watch` what it did.
        """
        ...


class EmbeddedExplaining:
    """Templates over evidence. The same answer always gives the same text."""

    def explain(self, answer: Answer, watch: Watch | None = None) -> Iterator[str]:
        """Whole sentences or lines."""
        if only_talks(answer):
            yield from _talk(answer)
        elif is_about_items(answer):
            yield from _told_of_items(answer)
        else:
            yield from said_first(answer)
            yield from _picks(answer) if answer.picks else _nothing(answer)


def is_about_items(answer: Answer) -> bool:
    """True if the picks were not searched for: they are what a question or a comparison is about."""
    acts = set(answer.request.acts)
    return bool(acts & {Act.DETAILS, Act.COMPARE}) and bool(answer.picks) and not (answer.looked_up or searches(acts))


def searches(acts: Collection[Act]) -> bool:
    """True for acts that search along with whatever else they do."""
    return bool({Act.FIND, Act.REFINE} & set(acts))


def said_first(answer: Answer) -> Iterator[str]:
    """What stands before the picks of a search: items that were looked up besides, and what was noted or assumed."""
    if answer.looked_up:
        yield from _told_of_items(replace(answer, picks=answer.looked_up))
        yield "\n\n"
    yield from remarks(answer)


def _told_of_items(answer: Answer) -> Iterator[str]:
    yield from _comparison(answer) if _compares(answer) else _details(answer)


def _compares(answer: Answer) -> bool:
    return Act.COMPARE in answer.request.acts and len(answer.picks) > 1


def only_talks(answer: Answer) -> bool:
    """True if nothing is to be searched: small talk, help, another trade, 'no', 'no preference', a vain 'undo'."""
    request, acts = answer.request, set(answer.request.acts)
    if acts == {Act.UNDO}:
        return not answer.changes
    if acts <= {Act.CHAT, Act.HELP, Act.OUTSIDE}:
        return True
    held = request.constraints or request.dropped or request.withdrawn or request.mentions or request.text
    if asks_of_nothing(answer):
        return True
    if not acts <= {Act.ANSWER, Act.CHAT} or held or request.count:
        return False
    if request.choice is None:
        return True
    chosen = answer.answered.choices[request.choice : request.choice + 1] if answer.answered else ()
    return any(choice.changes_nothing for choice in chosen)


def pick_told(answer: Answer, place: int) -> Iterator[str]:
    """What is said of one pick (from 0) alone, in pieces, without a number before it; details are several lines."""
    pick = answer.picks[place]
    if not is_about_items(answer):
        yield _pick_line(answer.schema, pick)
    elif _compares(answer):
        facets = [facet for facet in _compared(answer) if facet.name in pick.item.facets]
        facts = "; ".join(f"{label_of(facet)}: {value_told(facet, pick.item)}" for facet in facets)
        yield f"**{title_with_year(answer.schema, pick.item)}**" + (f": {facts}." if facts else "")
    else:
        yield from _detail(answer, pick)


def asks_of_nothing(answer: Answer) -> bool:
    """True for a question about an item on the table while none is there."""
    request = answer.request
    return Act.DETAILS in request.acts and not (request.mentions or answer.picks or answer.state.table)


def _talk(answer: Answer) -> Iterator[str]:
    acts = answer.request.acts
    if asks_of_nothing(answer):
        yield "No item has been shown yet that you could mean. Say what you want, and I show what there is."
    elif Act.HELP in acts:
        yield from _help(answer)
    elif Act.OUTSIDE in acts:
        yield outside(answer)
    elif Act.ANSWER in acts:
        yield declined(answer)
    elif Act.UNDO in acts:
        yield from remarks(answer)
    else:
        yield small_talk(answer)


def _help(answer: Answer) -> Iterator[str]:
    yield f"I know the {answer.size:,} items of {answer.shop}. Say what you want in your own words"
    labels = [label_of(facet) for facet in answer.schema.facets if facet.meaning is not Meaning.HIDDEN][:6]
    yield f": I understand {join(labels)}, limits, and what you do not want. " if labels else ". "
    yield "Name something you like, tell me what you have seen, ask for more, or say “start over”."


def _picks(answer: Answer) -> Iterator[str]:
    yield _intro(answer)
    for place, pick in enumerate(answer.picks, start=1):
        yield f"\n{place}. {_pick_line(answer.schema, pick)}"


def _pick_line(schema: Schema, pick: Pick) -> str:
    said = "; ".join(pick.reasons[:_REASONS_IN_TEXT])
    return f"**{title_with_year(schema, pick.item)}**" + (f": {said}." if said else "")


def _intro(answer: Answer) -> str:
    schema, state = answer.schema, answer.state
    many = len(answer.picks)
    musts = [constraint_in_words(schema, c) for c in state.musts]
    wishes = [constraint_in_words(schema, c) for c in state.wishes if c.operator is not Operator.IS_NOT]
    rather = [strength_in_words(schema, c) for c in state.wishes if c.operator is Operator.IS_NOT]
    asked = [*musts, *([f"ideally {join(wishes)}"] if wishes else []), *rather]
    models = [f"**{short_title(answer.named[one].title)}**" for one in state.similar if one in answer.named]
    liked = [f"**{short_title(answer.named[one].title)}**" for one in state.liked[-3:] if one in answer.named]
    if state.asks_nothing:
        return f"You have not told me what you like yet: here are {_count(many)} to start from."
    if state.skip_shown:
        opening = f"{_count(many).capitalize()} more"
    elif many == 1:
        opening = "Just one fits" if state.count > 1 and answer.passing == 1 else "Here is one"
    else:
        opening = f"Here are {_count(many)}"
    if models:
        opening += f" close to {join(models)}"
    elif liked and not (asked or state.texts):
        opening += f", going by {join(liked)}"
    if asked:
        opening += f" ({', '.join(asked)})"
    rest = answer.passing - many
    only_filters = musts and not (wishes or models or state.texts)
    tail = f"; {rest:,} more fit." if only_filters and rest > 0 else "."
    return opening + tail


def _nothing(answer: Answer) -> Iterator[str]:
    """What emptied the list: the fewest musts that do so together. What would fill it is the question that follows."""
    if answer.exhausted or not answer.state.musts:
        yield "You have seen or turned down all that fits."
        if answer.question is None:
            yield " Say “start over”, or ask for something else."
        return
    beyond = [c for c in answer.request.constraints if c.than in answer.named]
    if beyond:
        yield from _nothing_beyond(answer, beyond)
        return
    conflicts = [one for one in answer.conflicts or (answer.state.musts,) if len(one) < _MANY]
    named = all(answer.schema.facet(c.facet).kind in (Kind.CATEGORY, Kind.CATEGORIES) for one in conflicts for c in one)
    said = [
        ("", "", "both ")[min(len(one), 2)]
        + join([("{}" if named else "“{}”").format(constraint_in_words(answer.schema, c)) for c in one])
        for one in conflicts
    ]
    if said:
        apart = " or " if all(len(one) == 1 for one in answer.conflicts) else ", or "
        yield f"Nothing here {'is' if named else 'fits'} {apart.join(said[:_MOST_CONFLICTS])}."
    else:
        musts = answer.conflicts[0] if answer.conflicts else answer.state.musts
        yield f"Nothing here is all of this: {join([constraint_in_words(answer.schema, c) for c in musts])}."


def _nothing_beyond(answer: Answer, beyond: list[Constraint]) -> Iterator[str]:
    """No item goes further than the one it was measured against."""
    said = join(
        [f"{c.words.split(' than ')[0]} than **{short_title(answer.named[c.than].title)}**" for c in beyond if c.than]
    )
    rest = [constraint_in_words(answer.schema, c) for c in answer.state.musts if c not in beyond]
    yield f"Nothing here is {said}" + (f" and also {join(rest)}." if rest else ".")
    yield " I keep what you asked before."


def _details(answer: Answer) -> Iterator[str]:
    for place, pick in enumerate(answer.picks):
        if place:
            yield "\n\n"
        yield from _detail(answer, pick)


def _detail(answer: Answer, pick: Pick) -> Iterator[str]:
    yield f"**{title_with_year(answer.schema, pick.item)}**"
    told = facts_in_text(answer.schema, pick.item)
    lesser = [column for column in answer.schema.of_role(Role.TEXT) if not is_description(column.name)]
    asked = [column for column in (*answer.schema.facets, *lesser) if column.name in answer.request.asked]
    facts = facet_facts(asked, pick.item)
    facts += [(label_of(column), value) for column, value in told if column in asked]
    if facts:
        yield ": " + "; ".join(f"{label}: {value}" for label, value in facts) + "."
        return
    if asked:
        yield f": its record does not tell the {join([label_of(facet) for facet in asked])}."
        return
    if about := "" if told and "\n\n" not in pick.item.text else _opening(pick.item.text):
        yield f": {about}"
    rest = [(label_of(column), value) for column, value in told[:_MOST_LESSER]]
    for label, value in (*facet_facts(answer.schema.facets, pick.item), *rest):
        yield f"\n- {label}: {value}"


def _opening(text: str) -> str:
    """The first paragraph of an item's text, cut at a sentence or a word."""
    paragraph = text.strip().split("\n", maxsplit=1)[0].strip()
    if _SIDE_FACTS.match(paragraph):
        return ""
    if len(paragraph) <= _LONGEST_OPENING:
        return paragraph
    cut = paragraph[:_LONGEST_OPENING]
    sentence = cut.rfind(". ")
    return cut[: sentence + 1] if sentence > 0 else cut[: cut.rfind(" ")] + " …"


def _comparison(answer: Answer) -> Iterator[str]:
    """The facets in which the items differ, one line each."""
    items = [pick.item for pick in answer.picks]
    yield f"{join([f'**{title_with_year(answer.schema, item)}**' for item in items])}, side by side:"
    for facet in _compared(answer):
        said = [value_told(facet, item) for item in items]
        yield f"\n- {label_of(facet)}: {' / '.join(said)}{_winner(facet, items)}"


def _compared(answer: Answer) -> list[Column]:
    """The facets that a comparison goes through: those asked about, else the first that differ."""
    facets = differing(answer.schema, [pick.item for pick in answer.picks])
    return [one for one in facets if one.name in answer.request.asked] or facets[:_MOST_DIFFERENCES]


def differing(schema: Schema, items: list[Item]) -> list[Column]:
    """The facets in which the items are not all alike, in the catalog's order."""
    facets = [facet for facet in schema.facets if any(facet.name in item.facets for item in items)]
    return [facet for facet in facets if len({_unordered(item.facets.get(facet.name)) for item in items}) > 1]


def _unordered(value: FacetValue | None) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def value_told(facet: Column, item: Item) -> str:
    """The item's value of the facet in words, 'not known' where it has none."""
    return dict(facet_facts([facet], item)).get(label_of(facet), "not known")


def _winner(facet: Column, items: list[Item]) -> str:
    """'(cheapest: the first)' where the facet has such a word."""
    word, best = foremost(facet, items)
    return f" ({word}: {join([f'**{short_title(item.title)}**' for item in best])})" if best else ""


def foremost(facet: Column, items: list[Item]) -> tuple[str, list[Item]]:
    """What people call the best of a facet ('cheapest'), and the items that are; none where not all values are known.

    None either where the facet has no such word, or all are alike.
    """
    if facet.kind is not Kind.NUMBER or facet.meaning not in _BEST:
        return "", []
    values = [item.facets.get(facet.name) for item in items]
    numbers = [float(value) for value in values if isinstance(value, float)]
    if len(numbers) < len(items) or len(set(numbers)) < 2:
        return "", []
    word, choose = _BEST[facet.meaning]
    best = choose(numbers)
    return word, [item for item, number in zip(items, numbers, strict=True) if number == best]


def _count(many: int) -> str:
    return _NUMBERS[many] if many < len(_NUMBERS) else str(many)


def next_messages(answer: Answer) -> tuple[str, ...]:
    """Up to four messages that make sense next. Each one is understood by the embedded understanding."""
    if not answer.picks and any(c.than for c in answer.request.constraints):
        return ("show me more", "start over")
    if only_talks(answer) and answer.state.shown:
        return ("show me more", "start over")
    if not answer.picks:
        choices = answer.question.choices[:3] if answer.question else ()
        drops = [_forget(answer.schema, c) for one in choices for c in one.dropped]
        return tuple(dict.fromkeys([*drops, "start over"]))[:4]
    found = (
        [f"more like {answer.picks[0].item.title}"]
        if len(answer.picks[0].item.title) < 50
        else ["more like the first one"]
    )
    held = {constraint.facet for constraint in answer.state.constraints}
    for meaning, said in (
        (Meaning.PRICE, "cheaper ones"),
        (Meaning.YEAR, "older ones"),
        (Meaning.DURATION, "shorter ones"),
    ):
        facets = answer.schema.by_meaning(meaning)
        if facets and facets[0].name not in held:
            found.append(said)
    found.append("show me more")
    return tuple(found[:4])


def _forget(schema: Schema, constraint: Constraint) -> str:
    if constraint.operator is Operator.IS_NOT:
        return "start over"
    return f"forget the {label_of(schema.facet(constraint.facet))}"
