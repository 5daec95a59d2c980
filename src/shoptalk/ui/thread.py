"""The conversation as HTML: the opening, turns that are over, and the one that is going on. All text is escaped.

Buttons carry `data-act` (and what it acts on); `page.js` sends those to the server, and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from shoptalk.agent.events import Changed
from shoptalk.retrieval.schema import Schema
from shoptalk.ui.art import icon, kind_of_shop
from shoptalk.ui.cards import Pictures, card
from shoptalk.ui.conversation import Mark, Turn

Marks = Mapping[str, frozenset[Mark]]

_MOST_TURNS, _MOST_CHANGES = 20, 4
_NUMBERED = re.compile(r"\d{1,2}[.)] ")


def masthead(name: str, items: int, schema: Schema) -> str:
    """The page's head: the shop's name and size, and the way back to the start."""
    return (
        f'<header class="st-masthead"><span class="st-badge">{icon(kind_of_shop(schema))}</span>'
        f"<h1>{escape(shop_title(name))}</h1><p>{items:,} items</p>"
        f'<button type="button" class="st-quiet" data-act="restart">{icon("again")}<span>Start over</span></button>'
        "</header>"
    )


def shop_title(name: str) -> str:
    """A shop's name as a heading: 'films' gives 'Films', 'my-wine_shop' gives 'My wine shop'."""
    words = re.sub(r"[-_]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def opening(name: str, items: int, examples: Sequence[str]) -> str:
    """What stands on the page before anything was said."""
    offered = "".join(f"<li>{_says(example)}</li>" for example in examples)
    return (
        '<section class="st-opening"><h2>What are you looking for?</h2>'
        f"<p>Say it in your own words. There are {items:,} items in {escape(shop_title(name))}, "
        "and every pick comes with its reasons.</p>"
        f'<ul class="st-examples" aria-label="Examples">{offered}</ul></section>'
    )


def earlier(turns: Sequence[Turn], marks: Marks, schema: Schema, pictures: Pictures) -> str:
    """Turns that are over, oldest first; of a long conversation the last twenty."""
    shown = "".join(said(turn) + _cards(turn, marks, schema, pictures) for turn in turns[-_MOST_TURNS:])
    gone = len(turns) - _MOST_TURNS
    return (f'<p class="st-gone">{gone} earlier turns are not shown.</p>' if gone > 0 else "") + shown


def said(turn: Turn) -> str:
    """The message and the words of the answer; the status while there are none, the problem if it failed."""
    busy = str(turn.working).lower()
    parts = [
        f'<p class="st-said"><span class="st-hidden">You said: </span>{escape(turn.message)}</p>'
        if turn.message
        else "",
        f'<div class="st-answer{" has-cards" if turn.picks else ""}" aria-live="polite" aria-busy="{busy}">',
        prose(turn.text),
        f'<p class="st-status" role="status">{escape(turn.status)}</p>' if turn.status else "",
        f'<p class="st-note">{escape(turn.note)}</p>' if turn.note and not turn.working else "",
        _problem(turn.problem) if turn.problem else "",
        "</div>",
    ]
    return "".join(parts)


def shown(turn: Turn, items: int, marks: Marks, schema: Schema, pictures: Pictures) -> str:
    """What the last answer shows: answers to its question, what was understood, the cards, what could be said next.

    `items` is the number of items in the shop.
    """
    chips = "".join(f"<li>{_chip(chip.key, chip.label)}</li>" for chip in turn.chips)
    listed = f'<ul class="st-chips" aria-label="What I go by">{chips}</ul>' if chips else ""
    counted = turn.passing is not None and not turn.working
    fit = f'<p class="st-fit">{turn.passing:,} of {items:,} fit</p>' if counted else ""
    said_next = turn.suggestions if turn.picks or turn.question is None else ()
    pills = "".join(f"<li>{_says(suggestion)}</li>" for suggestion in said_next)
    parts = [
        _choices(turn),
        f'<div class="st-held">{listed}{fit}</div>' if listed or fit else "",
        _changes(turn),
        _seen(turn.seen),
        _cards(turn, marks, schema, pictures),
        f'<ul class="st-next" aria-label="You could say">{pills}</ul>' if pills and not turn.working else "",
    ]
    return f'<div class="st-shown{" is-stale" if turn.stale else ""}">{"".join(parts)}</div>'


def prose(text: str) -> str:
    """Plain text as paragraphs and lists; `**strong**` is the only mark-up that is understood within a line."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "".join(_block(kind, list(block)) for kind, block in groupby(lines, key=_kind) if kind)


def _kind(line: str) -> str:
    """Which block a line belongs to; a blank line to none."""
    if _NUMBERED.match(line):
        return "ol"
    return ("ul" if line.startswith(("- ", "* ")) else "p") if line else ""


def _block(kind: str, lines: list[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(_strong(line) for line in lines)}</p>"
    said = [_NUMBERED.sub("", line) if kind == "ol" else line[2:] for line in lines]
    return f"<{kind}>{''.join(f'<li>{_strong(line)}</li>' for line in said)}</{kind}>"


def _strong(line: str) -> str:
    return re.sub(r"\*\*(\S(?:[^*]*\S)?)\*\*", r"<strong>\1</strong>", escape(line))


def _cards(turn: Turn, marks: Marks, schema: Schema, pictures: Pictures) -> str:
    if not turn.picks:
        return ""
    cards = (card(pick, schema, marks.get(pick.item.id, frozenset()), pictures) for pick in turn.picks)
    return f'<ol class="st-cards">{"".join(f"<li>{one}</li>" for one in cards)}</ol>'


def _choices(turn: Turn) -> str:
    """The answers to what was asked, as buttons: each with how many items it leads to."""
    if turn.working or turn.question is None:
        return ""
    offered = "".join(
        f'<li><button type="button" class="st-pill" data-act="choose" data-text="{place}">{escape(choice.label)}'
        + (
            ""
            if choice.changes_nothing or not turn.question.counted
            else f' <span class="st-count">{choice.count:,}</span>'
        )
        + "</button></li>"
        for place, choice in enumerate(turn.question.choices)
    )
    return f'<ul class="st-next st-choices" aria-label="You could answer">{offered}</ul>'


def _changes(turn: Turn) -> str:
    """What the message changed in what is wanted, and the way back; nothing where all is new, as the chips say."""
    is_new = len(turn.changes) == len(turn.chips) and not any(change.was for change in turn.changes)
    if turn.working or not turn.can_undo or not turn.changes or is_new:
        return ""
    told = "".join(f"<li>{_change(change)}</li>" for change in turn.changes[:_MOST_CHANGES])
    more = len(turn.changes) - _MOST_CHANGES
    undo = f'<li><button type="button" class="st-undo" data-act="undo">{icon("back")}<span>Undo</span></button></li>'
    rest = f"<li>and {more} more</li>" if more > 0 else ""
    return f'<ul class="st-changes" aria-label="What changed">{told}{rest}{undo}</ul>'


def _change(change: Changed) -> str:
    was, now = escape(change.was), escape(change.now)
    if was and now:
        return f'<del>{was}</del><span aria-hidden="true"> → </span><ins>{now}</ins>'
    return f'<span aria-hidden="true">+ </span><ins>{now}</ins>' if now else f"<del>{was}</del>"


def _seen(titles: Sequence[str]) -> str:
    told = "".join(f"<li>{icon('eye')}<span>Seen: {escape(title)}</span></li>" for title in titles)
    return f'<ul class="st-notes" aria-label="Set aside">{told}</ul>' if told else ""


def _chip(key: str, label: str) -> str:
    return (
        f'<span class="st-chip">{escape(label)}<button type="button" data-act="drop" data-key="{escape(key)}" '
        f'aria-label="Take back: {escape(label)}">{icon("cross")}</button></span>'
    )


def _says(message: str) -> str:
    return (
        f'<button type="button" class="st-pill" data-act="say" data-text="{escape(message)}">{escape(message)}</button>'
    )


def _problem(sentence: str) -> str:
    again = '<button type="button" class="st-quiet" data-act="retry">Try again</button>'
    return f'<div class="st-problem" role="alert"><p>{escape(sentence)}</p>{again}</div>'
