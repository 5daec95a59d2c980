"""How a model's sentences become the text that people see: picks by name, and a line for each.

What follows an opening stands in a list, a line a pick, as the embedded explanation has it; what speaks of several
picks stands in a paragraph of its own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shoptalk.agent.claims.mentions import Marked, Mentions
from shoptalk.agent.claims.pieces import NAMED_HERE
from shoptalk.agent.claims.records import Record
from shoptalk.agent.explaining import Answer, is_about_items
from shoptalk.agent.phrasing import join, short_title, title_with_year
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.query import Act
from shoptalk.retrieval.schema import Schema

__all__ = ["Layout", "Written"]

_MARKS = re.compile(r"^(?:[-*•–—]\s+|#+\s+)+")
_BETWEEN = re.compile(r"[\s:,(–—-]{0,3}")
_YEAR = re.compile(r"\s*(\(\d{4}\))")
_CLOSES = re.compile(r"[.!?…:][\"'”’)*]*$")
_ENDS = re.compile(r"\s*[.!?…]*$")
_LAST_WORD = re.compile(r"(\w+)\W*$")
_NEEDS_NAME = frozenset("than and or of with like to is are in from for both while but by as the a an see try".split())
_OF_ALL = re.compile(r"(?:all|both|these|they|each|neither|none|either|overall|together|every|if|which|let|i)\b", re.I)
_SUBTITLE = re.compile(r": | - | – | \(|, ")
_LEAST_NAME = 4


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as people see it. `places`: the picks that it names, from 0, the first named first."""

    text: str
    places: tuple[int, ...]
    named: frozenset[int]
    key: str
    is_repeated: bool


class Layout:
    """The text of one answer as it grows."""

    def __init__(self, answer: Answer, *, follows: bool) -> None:
        """`follows`: whether something stands before the model's text, and ends in a space."""
        picked = [pick.item for pick in answer.picks]
        ids = {item.id for item in picked}
        items = [*picked, *(item for item in answer.named.values() if item.id not in ids)]
        self._mentions = Mentions([Record(answer.schema, item, (), ()) for item in items], len(picked))
        self._first = [f"**{title_with_year(answer.schema, item)}**" for item in items]
        self._later = _short_names(items, answer.schema)
        self._many, self._follows = len(picked), follows
        self._lists = not is_about_items(answer) or Act.COMPARE in answer.request.acts
        self._named: set[int] = set()
        self._keys: set[str] = set()
        self._lines: list[int] = []
        self._line: int | None = None
        self._in_order = True
        self.is_empty = True

    @property
    def untold(self) -> tuple[int, ...]:
        """Picks that nothing was said of so far."""
        return tuple(place for place in range(self._many) if place not in self._named)

    def written(self, sentence: str) -> Written:
        """The sentence as it would be said next."""
        marked = self._mentions.mark(_MARKS.sub("", sentence.strip()))
        parts, namings = _merged(marked)
        text, named = parts[0].lstrip(), list[int]()
        for index, (naming, after) in enumerate(zip(namings, parts[1:], strict=True)):
            is_last = index == len(namings) - 1
            if is_last and _is_footnote(naming, named, text, after):
                text = text.rstrip(" ([") + after.lstrip(" )]")
                continue
            if after.startswith(")") and text.count("(") <= text.count(")"):
                after = after[1:]  # noqa: PLW2901  of 'Alien (1979)', which is a name up to here
            name, after = self._name(naming, named, after)  # noqa: PLW2901
            text += name + after
        text = " ".join(text.split())
        if text and not _CLOSES.search(text):
            text = f"{text.rstrip(' ,;-–—')}."
        key = NAMED_HERE.join(part.strip().casefold() for part in parts) + repr([sorted(one) for one in namings])
        places = tuple(dict.fromkeys(index for index in named if index < self._many))
        return Written(text, places, frozenset(named), key, key in self._keys)

    def place(self, written: Written) -> str:
        """The sentence with what parts it from what was said before: it is said now."""
        begin = self._begin(written)
        self._named |= written.named
        self._keys.add(written.key)
        self.is_empty = False
        return begin + written.text

    def line(self, place: int, told: Iterable[str]) -> Iterator[str]:
        """A line of the templates, in pieces, for a pick that nothing was said of."""
        begin = self._begin_line(place) if self._lists and self._many > 1 else "\n\n"
        self._named.add(place)
        for piece in told:
            yield begin + piece
            begin = ""

    def _name(self, naming: frozenset[int], named: list[int], after: str) -> tuple[str, str]:
        """What to call these items, and what follows it; `named` are those that the sentence has named, and grows."""
        known = self._named | set(named)
        called = [(self._later if index in known else self._first)[index] for index in sorted(naming)]
        titles = {self._later[index].partition(" (")[0] for index in naming}
        if len(naming) > 1 and len(titles) == 1:
            return titles.pop(), after  # one title of several: which is meant, nobody can tell
        named += sorted(naming)
        if len(naming) == 1 and (year := _YEAR.match(after)) and year[1] in self._first[min(naming)]:
            after = after[year.end() :]
        return join(called), after

    def _begin(self, written: Written) -> str:
        new = [place for place in written.places if place not in self._named]
        subject = new[0] if len(new) == 1 else written.places[0] if len(written.places) == 1 else None
        if self._many > 1 and subject is not None and subject not in self._lines:
            return self._begin_line(subject)
        stays = self._line is None or subject == self._line or not (written.places or _is_of_all(written))
        if stays:
            return "" if self.is_empty else " "
        self._line, self._in_order = None, False
        return "\n\n"

    def _begin_line(self, place: int) -> str:
        self._in_order = self._in_order and place == len(self._lines)
        self._lines.append(place)
        self._line = place
        mark = f"{place + 1}. " if self._in_order else "- "
        return mark if self.is_empty and not self._follows else f"\n{mark}"


def _is_of_all(written: Written) -> bool:
    return _OF_ALL.match(written.text) is not None


def _merged(marked: Marked) -> tuple[list[str], list[frozenset[int]]]:
    """The text between names, and the names: '[1] **Alien**' and 'Alien [1]' are one name."""
    between = marked.text.split(NAMED_HERE)
    parts, namings = between[:1], list[frozenset[int]]()
    for naming, after in zip(marked.namings, between[1:], strict=False):
        same = namings[-1] & naming if namings and _BETWEEN.fullmatch(parts[-1]) else frozenset()
        if same and "," not in parts[-1]:
            opened = "(" in parts[-1]
            namings[-1], parts[-1] = same, after.removeprefix(")") if opened else after
        else:
            namings.append(naming)
            parts.append(after)
    return parts, namings


def _is_footnote(naming: frozenset[int], named: list[int], before: str, after: str) -> bool:
    """True for a pick's number at the end of a sentence that has named the pick: '**Alien** is from 1979 [1].'"""
    last = _LAST_WORD.search(before)
    bare = last is None or last[1].casefold() not in _NEEDS_NAME
    return bool(naming) and naming <= set(named) and bare and _ENDS.fullmatch(after.lstrip(" )]")) is not None


def _short_names(items: list[Item], schema: Schema) -> list[str]:
    """How each item is called once it was introduced: without its subtitle, where that leaves no doubt."""
    titles = [short_title(item.title) for item in items]
    heads = [_SUBTITLE.split(title)[0] for title in titles]
    return [
        head
        if heads.count(head) == 1 and len(head) >= _LEAST_NAME
        else title
        if titles.count(title) == 1
        else title_with_year(schema, item)
        for head, title, item in zip(heads, titles, items, strict=True)
    ]
