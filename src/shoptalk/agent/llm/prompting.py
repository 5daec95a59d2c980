"""What a model is given: what never changes first, then the talk, the message last: a server's prefix cache holds most.

The texts are files in `prompts`.

Whatever people or catalogs wrote stands between tags of ours, and cannot close them: it is data.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from shoptalk.agent.explaining import Answer
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.llm.plan import few_values, plannable
from shoptalk.agent.phrasing import (
    facet_facts,
    join,
    label_of,
    short_title,
    strength_in_words,
    title_with_year,
)
from shoptalk.agent.state import TalkState
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, DateColumn, NumberColumn
from shoptalk.retrieval.query import Act, Said
from shoptalk.retrieval.schema import Column, Kind

_SAMPLE_VALUES, _SAMPLE_LETTERS = 6, 160
_LONGEST_MESSAGE, _LONGEST_SAID = 2000, 300
_FACTS, _REASONS = 6, 4
_LONGEST_ABOUT = 280
_BLOCK = 8
_KINDS = {Kind.CATEGORY: "one of", Kind.CATEGORIES: "any of"}


def plan_system(catalog: Catalog, shop: str) -> str:
    """The unchanging part of a plan's prompt: instructions, and the catalog's facets."""
    facets = "\n".join(f"- {_facet_line(catalog, facet)}" for facet in plannable(catalog))
    return _prompt("plan").replace("{shop}", fenced(shop)).replace("{facets}", facets)


def plan_messages(
    system: str, catalog: Catalog, state: TalkState, message: str, *, letters: int = 6000
) -> list[Message]:
    """The prompt of a plan. `system` is `plan_system`'s; of a long talk the last `letters` characters are told.

    What the talk holds on to is always told whole: a constraint said long ago is not lost with the words that gave it.
    """
    parts = []
    if lines := _last(list(_talk(catalog, state)), letters, before=max(0, state.step - len(state.said))):
        parts.append("<talk>\n" + "\n".join(lines) + "\n</talk>")
    if held := _held(catalog, state):
        parts.append(f"<holds>\n{held}\n</holds>")
    parts.append(f"<message>\n{fenced(message[:_LONGEST_MESSAGE])}\n</message>")
    return [Message("system", system), Message("user", "\n".join(parts))]


def explain_messages(answer: Answer) -> list[Message]:
    """The prompt of an explanation: what was asked, the picks, and what speaks for them."""
    asked = [strength_in_words(answer.schema, one) for one in answer.state.constraints]
    asked += [f"“{text}”" for text in answer.state.texts]
    for how, ids in (("like", answer.state.similar), ("they like", answer.state.liked[-3:])):
        named = [short_title(answer.named[one].title) for one in ids if one in answer.named]
        asked += [f"{how} {join(named)}"] if named else []
    facets = [facet for facet in answer.schema.facets if facet.name in answer.request.asked]
    asked += [f"what is the {join([label_of(facet) for facet in facets])}"] if facets else []
    picks = "\n".join(_pick_lines(answer, place) for place in range(len(answer.picks)))
    wanted = fenced("; ".join(asked) or "nothing in particular")
    content = f"<asked>\n{wanted}\n</asked>\n<picks>\n{picks}\n</picks>"
    return [Message("system", _prompt("explain")), Message("user", content)]


def fenced(text: str) -> str:
    """Text of people or catalogs, which cannot be taken for a tag of ours or of a chat's template."""
    return " ".join(text.replace("<", "‹").replace(">", "›").split())


def _facet_line(catalog: Catalog, facet: Column) -> str:
    label = label_of(facet)
    called = facet.name if label == facet.name else f"{facet.name} ({fenced(label)})"
    return f"{called}: {_values_line(catalog, facet)}"


def _values_line(catalog: Catalog, facet: Column) -> str:
    column = catalog.column(facet.name)
    if isinstance(column, CategoryColumn):
        kind = _KINDS[Kind.CATEGORIES if facet.kind is Kind.CATEGORIES else Kind.CATEGORY]
        if values := few_values(catalog, facet):
            return f"{kind} {fenced(', '.join(values))}"
        sample = fenced(", ".join(column.values[:_SAMPLE_VALUES]))[:_SAMPLE_LETTERS]
        return f"{kind} {len(column.values)}, such as {sample}"
    if isinstance(column, NumberColumn):
        known = column.values[column.known]
        span = f" {known.min():g} to {known.max():g}" if len(known) else ""
        return f"number{span}" + (f" {facet.unit}" if facet.unit else "")
    return "day, as 2026-01-31" if isinstance(column, DateColumn) else "true or false"


def _talk(catalog: Catalog, state: TalkState) -> Iterator[str]:
    """The talk before the message, one line each; what was shown is told by its numbers."""
    said = state.said
    for place, one in enumerate(said):
        yield f"{'person' if one.by_user else 'shop'}: {_line(catalog, one, last=place == len(said) - 1)}"
    if state.heard and not (said and not said[-1].by_user):
        yield f"shop: {fenced(state.heard[:_LONGEST_SAID])}"


def _line(catalog: Catalog, one: Said, *, last: bool) -> str:
    if one.by_user or not one.items:
        return fenced(one.text[-_LONGEST_SAID:] if last else one.text[:_LONGEST_SAID])
    titles = [catalog.titles[catalog.row(item)] for item in one.items if item in catalog]
    return "shows " + "; ".join(f"[{number}] {fenced(short_title(title))}" for number, title in enumerate(titles, 1))


def _last(lines: Sequence[str], letters: int, *, before: int) -> Sequence[str]:
    """The last lines that have room; `before` so many were left out already.

    Lines go in blocks, counted from the talk's first, so that the beginning stays the same for some turns.
    """
    first = -before % _BLOCK
    while first < len(lines) and sum(map(len, lines[first:])) > letters:
        first += _BLOCK
    return lines[first:]


def _held(catalog: Catalog, state: TalkState) -> str:
    held = [strength_in_words(catalog.schema, one) for one in state.constraints]
    held += [f"“{text}”" for text in state.texts]
    for how, ids in (("like", state.similar), ("likes", state.liked[-5:]), ("dislikes", state.disliked[-5:])):
        titles = [short_title(catalog.titles[catalog.row(one)]) for one in ids if one in catalog]
        held += [f"{how} {join(titles)}"] if titles else []
    lines = [fenced("; ".join(held))] if held else []
    if state.question is not None:
        choices = "; ".join(f"{n} {fenced(one.label)}" for n, one in enumerate(state.question.choices, start=1))
        lines.append(f"asked: {fenced(state.question.text)} ({choices})")
    return "\n".join(lines)


def _pick_lines(answer: Answer, place: int) -> str:
    pick = answer.picks[place]
    lines = [f"[{place + 1}] {fenced(title_with_year(answer.schema, pick.item))}"]
    lines += [f"- why: {fenced(reason)}" for reason in pick.reasons[:_REASONS]]
    whole = bool({Act.DETAILS, Act.COMPARE} & set(answer.request.acts))
    for label, value in facet_facts(answer.schema.facets, pick.item, most=_FACTS * 2 if whole else _FACTS):
        lines.append(f"- {label}: {fenced(value)}")
    if whole and (about := pick.item.text.strip()):
        lines.append(f"- about: {fenced(about[:_LONGEST_ABOUT])}")
    return "\n".join(lines)


@cache
def _prompt(name: str) -> str:
    return (files("shoptalk.agent.llm") / "prompts" / f"{name}.md").read_text("utf-8").strip()


__all__ = ["explain_messages", "fenced", "plan_messages", "plan_system"]
