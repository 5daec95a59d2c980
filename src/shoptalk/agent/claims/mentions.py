"""Which items a sentence names: by '[2]', by '**Title**', by a bare title, by 'the second one'."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from shoptalk.agent.claims.objection import Objection, Wrong
from shoptalk.agent.claims.pieces import NAMED_HERE
from shoptalk.agent.claims.records import Record, line_of
from shoptalk.agent.phrasing import label_of, short_title, title_with_year
from shoptalk.agent.tokens import Token, tokenize, words
from shoptalk.agent.words import ORDINALS
from shoptalk.retrieval.stopwords import STOP_WORDS

_REFERENCE = re.compile(r"\*{0,2}\[\s*(?P<numbers>\d+(?:\s*(?:,|and|&)\s*\d+)*)\s*\]\*{0,2}")
_BOLD = re.compile(r"\*\*(?P<name>.+?)\*\*", re.DOTALL)
_YEAR = re.compile(r"\s*\((?P<year>\d{4})\)\s*$")
_LISTED = re.compile(r"^\s*(?P<place>\d{1,2})[.)]\s+")
_NTH = re.compile(
    r"\b(?:the\s+(?P<word>first|second|third|fourth|fifth|sixth|last)(?:\s+(?:one|pick|option|choice|result"
    r"|film|movie|of\s+(?:these|them|the))\b(?!\s+(?:by|in|to|from|ever|that|directed|written|made))"
    r"|(?=\s+(?:is|has|was|runs|costs|comes|offers|stars)\b))"
    r"|(?:pick|option|choice|item|number|no\.)\s*(?:number\s*|no\.?\s*|#\s*)?(?P<digit>\d{1,2}|one|two|three"
    r"|four|five|six)\b(?!\s*(?:of|times)\b)"
    r"|#\s?(?P<hash>\d{1,2})\b)",
    re.IGNORECASE,
)
_WORDED = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_LEAST_PREFIX, _LONG_TITLE = 2, 4
_MARKS = ".!?…"
_SAME = re.compile(rf"{NAMED_HERE}\s*[:(,–—-]?\s*(?:is|was|\(|:)?\s*(?:the\s+)?[“\"]?{NAMED_HERE}")


@dataclass
class Marked:
    """A sentence whose names of items are taken out: a `NAMED_HERE` for each, and which item each is."""

    text: str
    namings: list[frozenset[int]] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    place: int | None = None


class Mentions:
    """Finds items by the names that they go by. `picks`: how many of the records are picks; they come first."""

    def __init__(self, records: Sequence[Record], picks: int) -> None:
        self._records = records
        self._picks = picks
        names: dict[tuple[str, ...], set[int]] = defaultdict(set)
        parts: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self._capitals: dict[tuple[str, ...], tuple[bool, ...]] = {}
        for index, record in enumerate(records):
            for called in _names(record):
                for spelt in (called, called.replace("&", " and ")):
                    names[self._noted(tokenize(spelt))].add(index)
            for part in _parts(tokenize(record.item.title)):
                parts[self._noted(part)].add(index)
        self._names = {name: frozenset(held) for name, held in names.items() if name}
        alone = {part: frozenset(held) for part, held in parts.items() if len(held) == 1 and part not in self._names}
        self._bare = self._names | alone
        self._firsts: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for name in sorted(self._bare):
            self._firsts[name[0]].append(name)
        for several in self._firsts.values():
            several.sort(key=len, reverse=True)

    def _noted(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        """The forms of a name, of which is noted where it has capitals."""
        name = tuple(token.form for token in tokens)
        self._capitals.setdefault(name, tuple(token.capital for token in tokens))
        return name

    def mark(self, sentence: str) -> Marked:
        """The sentence with its names taken out; what names no item that may be spoken of is objected to."""
        marked = Marked(sentence.replace(NAMED_HERE, "?"))
        if listed := _LISTED.match(marked.text):
            marked.place = int(listed["place"])
            marked.text = marked.text[listed.end() :]
        spans = self._references(marked) + self._bold(marked)
        spans += self._bare_titles(marked.text, spans)
        spans += self._nths(marked, spans)
        _take_out(marked, spans)
        if (found := self._place_disagrees(marked)) is not None:
            marked.objections.append(found)
        return marked

    def _references(self, marked: Marked) -> list[tuple[int, int, frozenset[int]]]:
        found = []
        for match in _REFERENCE.finditer(marked.text):
            numbers = [int(one) for one in re.findall(r"\d+", match["numbers"])]
            if wrong := [one for one in numbers if not 1 <= one <= self._picks]:
                marked.objections.append(
                    Objection(Wrong.TITLE, match.group(), f"there are {self._picks} picks, and no number {wrong[0]}")
                )
            found.append((match.start(), match.end(), frozenset(one - 1 for one in numbers if one not in wrong)))
        return found

    def _bold(self, marked: Marked) -> list[tuple[int, int, frozenset[int]]]:
        found = []
        for match in _BOLD.finditer(marked.text):
            name = match["name"]
            if _REFERENCE.search(name):
                continue
            items = self.named(name)
            end = match.end()
            if items is None and (year := _YEAR.search(name)) and (items := self.named(name[: year.start()])):
                end = match.start() + 2 + year.start()  # the year is left to be held against the item
            if items is not None:
                found.append((match.start(), end, items))
            elif not any(self._tells(index, name) for index in range(len(self._records))):
                marked.objections.append(
                    Objection(Wrong.TITLE, name, "no pick and no item that was named is called so")
                )
        return found

    def named(self, name: str) -> frozenset[int] | None:
        """The items that go by a name, None if none does."""
        return self._bare.get(tuple(token.form for token in tokenize(name)))

    def _tells(self, index: int, text: str) -> bool:
        record = self._records[index]
        told = [word for word in words(text) if word not in STOP_WORDS]
        if text[:1].isupper():  # what is written as a title is none only if it is a value, or the name of one
            labels = [words(label_of(facet)) for facet in record.schema.facets]
            return record.is_value(line_of(text).split()) or words(text) in labels
        return bool(told) and all(self._records[index].holds(word) for word in told)

    def _bare_titles(
        self, text: str, spans: Iterable[tuple[int, int, frozenset[int]]]
    ) -> list[tuple[int, int, frozenset[int]]]:
        tokens = tokenize(text)
        free = [not any(start <= token.start < end for start, end, _ in spans) for token in tokens]
        found: list[tuple[int, int, frozenset[int]]] = []
        at = 0
        while at < len(tokens):
            length = self._title_at(text, tokens, free, at)
            if length:
                name = tuple(token.form for token in tokens[at : at + length])
                end = tokens[at + length - 1].end
                found.append((tokens[at].start, end + self._tail(text, end, self._bare[name]), self._bare[name]))
            at += length or 1
        return found

    def _tail(self, text: str, end: int, items: frozenset[int]) -> int:
        """How many marks at the end of a title stand in the text: the dots of 'Say Anything...'."""
        titles = [self._records[item].item.title for item in items]
        tails = [title[len(title.rstrip(_MARKS)) :] for title in titles]
        return next((len(tail) for tail in tails if tail and text.startswith(tail, end)), 0)

    def _title_at(self, text: str, tokens: Sequence[Token], free: Sequence[bool], at: int) -> int:
        for name in self._firsts.get(tokens[at].form, ()):
            run = tokens[at : at + len(name)]
            if len(run) < len(name) or not all(free[at : at + len(name)]):
                continue
            same = all(token.form == part for token, part in zip(run, name, strict=True))
            written = same and (
                _is_title(text, run, self._capitals[name]) or bool(self._tail(text, run[-1].end, self._bare[name]))
            )
            if written and not _is_part(text, tokens, at, len(name)):
                return len(name)
        return 0

    def _nths(
        self, marked: Marked, spans: Sequence[tuple[int, int, frozenset[int]]]
    ) -> list[tuple[int, int, frozenset[int]]]:
        found = []
        for match in _NTH.finditer(marked.text):
            if any(start < match.end() and match.start() < end for start, end, _ in spans):
                continue
            said = (match["word"] or match["digit"] or match["hash"]).lower()
            place = ORDINALS.get(said) or _WORDED.get(said) or (int(said) if said.isdecimal() else 0)
            place = self._picks if place == -1 else place
            if 1 <= place <= self._picks:
                found.append((match.start(), match.end(), frozenset({place - 1})))
            elif match["hash"] or match["digit"] in ("pick", "option"):
                marked.objections.append(Objection(Wrong.TITLE, match.group(), f"there are {self._picks} picks"))
        return found

    def _place_disagrees(self, marked: Marked) -> Objection | None:
        """'1. **Title**' of the second pick, '[1] **Title**' of another: two names that do not go together."""
        if marked.place is not None and not 1 <= marked.place <= self._picks:
            return Objection(Wrong.TITLE, f"{marked.place}.", f"there are {self._picks} picks")
        first = marked.namings[0] if marked.namings and marked.text.lstrip()[:1] == NAMED_HERE else None
        if marked.place is not None and first and min(first) < self._picks and marked.place - 1 not in first:
            return Objection(Wrong.TITLE, f"{marked.place}.", "that pick has another number")
        nth = 0
        at = 0
        while (at := marked.text.find(NAMED_HERE, at)) >= 0:
            if (
                _SAME.match(marked.text, at)
                and nth + 1 < len(marked.namings)
                and not self._agree(marked.namings[nth], marked.namings[nth + 1], marked.text, at)
            ):
                return Objection(Wrong.TITLE, marked.text, "two names of different items stand for one")
            at, nth = at + 1, nth + 1
        return None

    def _agree(self, one: frozenset[int], other: frozenset[int], text: str, at: int) -> bool:
        listed = text[at + 1 :].lstrip().startswith(",")
        return listed or not one.isdisjoint(other)


def _take_out(marked: Marked, spans: list[tuple[int, int, frozenset[int]]]) -> None:
    parts, last = [], 0
    for start, end, items in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < last:
            continue
        parts += [marked.text[last:start], NAMED_HERE]
        marked.namings.append(items)
        last = end
    marked.text = ("".join(parts) + marked.text[last:]).replace("**", "")


def _is_title(text: str, run: Sequence[Token], capitals: Sequence[bool]) -> bool:
    """True if words that make up a title are written as it is: with its capitals, and not just 'It' at the start."""
    if not all(token.capital or not capital for token, capital in zip(run, capitals, strict=True)):
        return False
    opens = text[: run[0].start].strip(" \n\t\"“'*-") == ""
    if len(run) == 1 and text[run[0].start].isdigit():
        return opens and text[run[0].end :][:1] == " "
    common = all(token.form in STOP_WORDS for token in run)
    return (any(capitals) or len(run) > 1) and (not common or len(run) > 1 or not opens)


def _is_part(text: str, tokens: Sequence[Token], at: int, length: int) -> bool:
    """True for one word of a longer name: the 'Amy' of 'Amy Winehouse'."""
    if length > 1 or at + 1 >= len(tokens):
        return False
    following = tokens[at + 1]
    return following.capital and text[tokens[at].end : following.start] == " " and following.form not in STOP_WORDS


def _names(record: Record) -> Iterator[str]:
    title = record.item.title
    yield from (title, short_title(title), title_with_year(record.schema, record.item))
    bare = title.removeprefix("The ").removeprefix("A ")
    if " " in bare or len(bare) > _LONG_TITLE:
        yield bare
    for mark in (": ", " (", " - ", " – ", ", "):
        head = title.split(mark)[0]
        if head != title and len(words(head)) >= _LEAST_PREFIX:
            yield head


def _parts(title: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The beginnings of a long title, by which it is also called."""
    if len(title) >= _LONG_TITLE:
        for length in range(_LEAST_PREFIX, len(title)):
            if title[length - 1].form not in STOP_WORDS:
                yield title[:length]
