"""Items as cards: what of an item is worth showing, in which words, and its HTML. All text of items is escaped."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from shoptalk.agent.events import Pick
from shoptalk.retrieval.catalog import FacetValue, Item
from shoptalk.retrieval.schema import Column, Kind, Meaning, Schema
from shoptalk.ui.art import icon, kind_of_shop, placeholder
from shoptalk.ui.conversation import Mark

Pictures = Literal["local", "remote"]

_SYMBOLS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "BRL": "R$",
    "CAD": "CA$",
    "AUD": "A$",
}
_HEAD = (Meaning.PRICE, Meaning.YEAR, Meaning.DURATION, Meaning.RATING, Meaning.SIZE, Meaning.WEIGHT)
_TAGS = (Meaning.GENRE, Meaning.KEYWORD)
_ROWS = (Meaning.BRAND, Meaning.PERSON, Meaning.PLACE, Meaning.LANGUAGE)
_SILENT = (Meaning.HIDDEN, Meaning.STOCK, Meaning.POPULARITY)
_MOST_TAGS, _MOST_ROWS, _MOST_NAMES, _MOST_REASONS = 3, 2, 2, 3
_SUFFIXES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp", ".gif": "gif", ".avif": "avif"}
_DRAWN_HERE = re.compile(r"data:image/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=]+")
_LARGEST_PICTURE = 1_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says of an item: short facts in one line, tags, and rows of label and value."""

    line: tuple[str, ...]
    tags: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


def facts(item: Item, schema: Schema) -> Facts:
    """The facets that matter most on a card, by what they mean; the catalog's order decides among equals."""
    held = [(facet, item.facets[facet.name]) for facet in schema.facets if facet.name in item.facets]
    told = [(facet, value) for facet, value in held if facet.meaning not in _SILENT]
    line = [spoken(facet, value) for facet, value in _meaning(told, _HEAD)]
    tags = [word for facet, value in _meaning(told, _TAGS[:1]) or _meaning(told, _TAGS[1:]) for word in _words(value)]
    rows = _meaning(told, _ROWS) or [
        (facet, value) for facet, value in told if facet.kind is Kind.CATEGORY and facet.meaning is None
    ]
    return Facts(
        tuple(line),
        tuple(tags[:_MOST_TAGS]),
        tuple((_label(facet, value), spoken(facet, value)) for facet, value in rows[:_MOST_ROWS]),
    )


def spoken(facet: Column, value: FacetValue) -> str:
    """A facet's value as people write it: '$1,299', '117 min', '1979', '★ 4.6', '1 May 2024', 'Ridley Scott'."""
    if isinstance(value, bool):
        return (facet.label or facet.name) if value else f"not {facet.label or facet.name}"
    if isinstance(value, float):
        return _number(facet, value)
    if isinstance(value, str):
        return _day(value) if facet.kind is Kind.DATE else value
    names = ", ".join(value[:_MOST_NAMES])
    return f"{names} +{len(value) - _MOST_NAMES}" if len(value) > _MOST_NAMES else names


def card(pick: Pick, schema: Schema, marks: frozenset[Mark], pictures: Pictures) -> str:
    """One pick as an `<article>`: picture, title, facts, reasons, buttons."""
    item, told = pick.item, facts(pick.item, schema)
    line = "".join(f"<span>{escape(fact)}</span>" for fact in told.line)
    tags = "".join(f"<li>{escape(tag)}</li>" for tag in told.tags)
    rows = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in told.rows)
    parts = [
        f'<div class="st-picture">{picture(item, kind_of_shop(schema), pictures)}</div>',
        f'<div class="st-card-body"><h3>{_title(item)}</h3>',
        f'<p class="st-facts">{line}</p>' if line else "",
        f'<ul class="st-tags">{tags}</ul>' if tags else "",
        f"<dl>{rows}</dl>" if rows else "",
        f'<p class="st-about">{escape(item.text)}</p>' if item.text else "",
        _reasons(pick),
        "</div>",
        _buttons(item, marks),
    ]
    states = " ".join(f"is-{mark}" for mark in sorted(marks))
    return f'<article class="st-card {states}" aria-label="{escape(item.title)}">{"".join(parts)}</article>'


def picture(item: Item, kind: str, pictures: Pictures) -> str:
    """The drawn placeholder, and over it the item's own picture where it may be shown.

    Shown by "local": `data:` images and image files of this machine. By "remote" also http(s) addresses, which the
    browser then fetches from their hosts: no request leaves the machine unless the shop's owner has chosen that.
    """
    source = _source(item.picture, pictures) if item.picture else None
    drawn = placeholder(item.title, kind)
    if source is None:
        return drawn
    return f'{drawn}<img src="{escape(source)}" alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer">'


def _meaning(
    told: Iterable[tuple[Column, FacetValue]], meanings: tuple[Meaning, ...]
) -> list[tuple[Column, FacetValue]]:
    """Those with one of the meanings, in the order of the meanings."""
    wanted = [(facet, value) for facet, value in told if facet.meaning in meanings]
    return sorted(wanted, key=lambda one: meanings.index(one[0].meaning) if one[0].meaning else 0)


def _words(value: FacetValue) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _label(facet: Column, value: FacetValue) -> str:
    """The facet's label; a many-valued one is in the plural, and loses it over a single value."""
    label = facet.label or facet.name
    if not isinstance(value, tuple) or len(value) > 1 or label.lower().endswith(("series", "species", "ss")):
        return label
    return f"{label[:-3]}y" if label.endswith("ies") else label.removesuffix("s")


def _number(facet: Column, number: float) -> str:
    if facet.meaning is Meaning.YEAR:
        return f"{number:.0f}"
    if facet.meaning is Meaning.PRICE:
        amount = f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"
        unit = facet.unit or ""
        symbol = _SYMBOLS.get(unit, unit if len(unit) == 1 else "")
        return f"{symbol}{amount}" if symbol or not unit else f"{amount} {unit}"
    short = f"{number:,.2f}".rstrip("0").rstrip(".")
    if facet.meaning is Meaning.RATING:
        return f"★ {short}"
    return f"{short} {facet.unit}" if facet.unit else short


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{day.day} {day:%b %Y}"


def _title(item: Item) -> str:
    if item.link is None or _split(item.link).scheme not in ("http", "https"):
        return escape(item.title)
    return (
        f'<a href="{escape(item.link)}" target="_blank" rel="noopener noreferrer" data-act="opened" '
        f'data-item="{escape(item.id)}">{escape(item.title)}</a>'
    )


def _reasons(pick: Pick) -> str:
    told = "".join(f"<li>{icon('check')}<span>{escape(reason)}</span></li>" for reason in pick.reasons[:_MOST_REASONS])
    return f'<ul class="st-reasons" aria-label="Why this one">{told}</ul>' if told else ""


def _buttons(item: Item, marks: frozenset[Mark]) -> str:
    """More like this, and a button for each mark, pressed where the mark is set."""
    said = (
        (Mark.LIKED, "heart", "Like", "Liked"),
        (Mark.SEEN, "eye", "Seen it", "Seen"),
        (Mark.REJECTED, "cross", "Not this", "Not this"),
    )
    toggles = "".join(
        _button(item, mark, label, f"{icon(drawing)}<span>{done if mark in marks else label}</span>", mark in marks)
        for mark, drawing, label, done in said
    )
    more = _button(item, "more", "More like this", "More like this")
    return f'<div class="st-actions">{more}{toggles}</div>'


def _button(item: Item, act: str, label: str, inside: str, pressed: bool | None = None) -> str:
    state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    return (
        f'<button type="button" data-act="{act}" data-item="{escape(item.id)}"{state} '
        f'aria-label="{label}: {escape(item.title)}">{inside}</button>'
    )


def _source(address: str, pictures: Pictures) -> str | None:
    """What the browser may load for a picture's address, None where it may not."""
    if _DRAWN_HERE.fullmatch(address):
        return address
    parts = _split(address)
    if parts.scheme in ("http", "https"):
        return address if pictures == "remote" else None
    if parts.scheme in ("", "file") and not parts.netloc:
        return _file(unquote(parts.path) if parts.scheme else address)
    return None


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


@lru_cache(maxsize=256)
def _file(path: str) -> str | None:
    """An image file of this machine as a `data:` address; None if it is no image, missing, or over a megabyte."""
    file = Path(path)
    kind = _SUFFIXES.get(file.suffix.lower())
    try:
        if kind is None or not file.is_absolute() or not 0 < file.stat().st_size <= _LARGEST_PICTURE:
            return None
    except (OSError, ValueError):
        return None
    return f"data:image/{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"
