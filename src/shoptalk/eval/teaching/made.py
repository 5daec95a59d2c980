"""Examples made from invented catalogs: requests, refusals, stances, questions and answers in varied words.

People's dialogues with labels hold next to no refusals and few trades; these fill that. Nothing in them was
taken from a dataset.
"""

import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from shoptalk.eval.teaching.dialogues import with_facets
from shoptalk.eval.teaching.domains import Domain, Facet, domains
from shoptalk.eval.teaching.examples import Example, KnownFacet, Lookup, Tagged


def _by_roles(table: Mapping[str, list[str]]) -> dict[tuple[str, ...], list[str]]:
    """Ways of speaking by the roles or acts they have: 'liked+seen' has two, 'none' has none."""
    return {() if name == "none" else tuple(name.split("+")): ways for name, ways in table.items()}


_SMALL = "one two three four five six seven eight nine ten".split()
_PHRASES = tomllib.loads((files("shoptalk.eval.teaching") / "phrases.toml").read_text("utf-8"))
_STANCES = _by_roles(_PHRASES["stances"])
_STANCES_TO_HEARD = _by_roles(_PHRASES["stances_to_heard"])
_PLAIN = _by_roles(_PHRASES["plain"])
_TYPO_RATE, _MOST_FACETS = 0.12, 14
_GLOSS = re.compile(r"[\[\]]")


@dataclass
class _Draft:
    """A text while it is put together, with its spans."""

    text: str = ""
    spans: tuple[tuple[int, int, int, tuple[str, ...]], ...] = ()

    def add(self, text: str) -> None:
        self.text += text

    def add_marked(self, marked: str, facet: int, roles: tuple[str, ...]) -> None:
        """Adds a text in which brackets stand around the span."""
        start = marked.find("[")
        end = marked.find("]") - 1
        begin = len(self.text)
        self.text += _GLOSS.sub("", marked)
        if start >= 0:
            self.spans = (*self.spans, (begin + start, begin + end, facet, roles))


def made(draw: random.Random, count: int) -> Iterator[Example]:
    """`count` examples over the invented catalogs."""
    trades = domains()
    lookups = {id(trade): Lookup([facet.known for facet in trade.facets]) for trade in trades}
    kinds = (
        _request,
        _request,
        _request,
        _request,
        _refusal,
        _refusal,
        _stance,
        _stance_heard,
        _question,
        _answer,
        _plain,
    )
    weights = [5 if trade.nouns[0] == "film" else 2 for trade in trades]
    for _ in range(count):
        trade = draw.choices(trades, weights)[0]
        yield _example(trade, lookups[id(trade)], draw.choice(kinds)(trade, draw), draw)


@dataclass
class _Talk:
    """What a maker gives: both parts, acts, facets asked for and dropped."""

    heard: _Draft
    message: _Draft
    acts: tuple[str, ...]
    asked: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()


def _example(trade: Domain, lookup: Lookup, talk: _Talk, draw: random.Random) -> Example:
    texts = [_styled(part.text, draw) for part in (talk.heard, talk.message)]
    hidden = draw.choice((0.1, 0.1, 0.3, 1.0))
    hints = [hint for part in (0, 1) for hint in lookup.hints(part, texts[part], draw, hidden=hidden)]
    spans = [Tagged(part, *span) for part, draft in enumerate((talk.heard, talk.message)) for span in draft.spans]
    if draw.random() < _TYPO_RATE and (own := [span for span in spans if span.part == 1 and span.end - span.start > 4]):
        texts[1], at = _misspelt(texts[1], draw.choice(own), draw)
        hints = [hint for hint in hints if not (hint.part == 1 and hint.start <= at < hint.end)]
    whole = Example(
        group=trade.nouns[0],
        heard=texts[0],
        message=texts[1],
        facets=tuple(facet.known for facet in trade.facets),
        spans=tuple(spans),
        hints=tuple(hints),
        acts=talk.acts,
        asked=talk.asked,
        dropped=talk.dropped,
    )
    return with_facets(whole, draw, most=_MOST_FACETS)


def _request(trade: Domain, draw: random.Random) -> _Talk:
    message = _Draft()
    noun = draw.choice(trade.nouns)
    message.add(draw.choice(_PHRASES["openers"]))
    chosen = draw.sample(range(1, len(trade.facets)), min(draw.choice((1, 1, 2, 2, 3, 4)), len(trade.facets) - 1))
    for number, place in enumerate(chosen):
        way = draw.choice(trade.facets[place].ways)
        if number == 0 and "{n}" not in way and draw.random() < 0.7:
            message.add(f" {draw.choice(('a ', 'some ', '', 'good ', 'the '))}{noun}")
        message.add(" " if number == 0 else draw.choice(_PHRASES["joints"]))
        embrace = draw.random() < 0.08 and trade.facets[place].known.kind == "category"
        _say(message, trade, place, draw, ("wanted",), draw.choice(_PHRASES["embraces"]) if embrace else way, noun)
    if draw.random() < 0.1:
        message.add(". ")
        place = draw.choice(chosen)
        if trade.facets[place].known.kind == "category":
            _say(message, trade, place, draw, (), draw.choice(_PHRASES["bystanders"]), noun)
    message.add(draw.choice(_PHRASES["closers"]))
    heard = _Draft(draw.choice(("", "", "what can i do for you?", "sure, what are you looking for?", "anything else?")))
    return _Talk(heard, message, ("find",))


def _refusal(trade: Domain, draw: random.Random) -> _Talk:
    message, noun = _Draft(), draw.choice(trade.nouns)
    able = [i for i, facet in enumerate(trade.facets) if i and facet.known.kind in ("category", "name", "yes or no")]
    refused = draw.choice(able)
    wanted = [place for place in range(1, len(trade.facets)) if place != refused]
    first = draw.random() < 0.6 and bool(wanted)
    if first:
        message.add(f"{draw.choice(_PHRASES['openers'])} ")
        place = draw.choice(wanted)
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), noun)
        message.add(draw.choice((", ", " but ", ". ", " ", ", ", "; ")))
    pattern = draw.choice(_PHRASES["refusals"])
    _say(message, trade, refused, draw, ("rejected",), pattern, noun)
    if draw.random() < 0.25 and trade.facets[refused].known.kind == "category":
        message.add(draw.choice((" or ", " and ", ", ")))
        _say(message, trade, refused, draw, ("rejected",), "{v}", noun)
    elif not first and wanted and draw.random() < 0.5:
        message.add(draw.choice((", but ", " but rather ", ". ", ", ", ", instead ")))
        place = draw.choice(wanted)
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), noun)
    message.add(draw.choice(_PHRASES["closers"]))
    return _Talk(_Draft(), message, ("find",))


def _stance(trade: Domain, draw: random.Random) -> _Talk:
    roles = draw.choice(list(_STANCES))
    message = _Draft()
    title = _recombined(trade.titles, draw)
    message.add(draw.choice(("", "", "well, ", "hmm ", "ok. ", "hi! ", "yes, ")))
    before, after = draw.choice(_STANCES[roles]).split("{t}")
    message.add_marked(f"{before}[{title}]{after}", 0, roles)
    if roles and roles[0] in ("liked", "similar") and draw.random() < 0.3:
        message.add(draw.choice((" and ", ", ", " or ")))
        message.add_marked(f"[{_recombined(trade.titles, draw)}]", 0, roles)
    acts = {"similar": "similar", "asked": "details"}.get(roles[0], "feedback") if roles else "feedback"
    found: tuple[str, ...] = (acts,)
    if draw.random() < 0.35 and acts != "details":
        place = draw.randrange(1, len(trade.facets))
        message.add(draw.choice((", ", " but ", ". ", " and ")))
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), trade.nouns[0])
        found = (acts, "find")
    return _Talk(_Draft(), message, found)


def _stance_heard(trade: Domain, draw: random.Random) -> _Talk:
    roles = draw.choice(list(_STANCES_TO_HEARD))
    heard = _Draft()
    before, after = draw.choice(_PHRASES["heard_about"]).split("{t}")
    heard.add_marked(f"{before}[{_recombined(trade.titles, draw)}]{after}", 0, roles)
    message = _Draft(draw.choice(_STANCES_TO_HEARD[roles]))
    acts: tuple[str, ...] = ("details",) if roles == ("asked",) else ("feedback",)
    if draw.random() < 0.2 and roles != ("asked",):
        place = draw.randrange(1, len(trade.facets))
        message.add(draw.choice((". ", ", but ", ". now ")))
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), trade.nouns[0])
        acts = ("feedback", "find")
    return _Talk(heard, message, acts)


def _question(trade: Domain, draw: random.Random) -> _Talk:
    place = draw.randrange(1, len(trade.facets))
    label = draw.choice(trade.facets[place].known.labels)
    message = _Draft()
    if draw.random() < 0.5:
        marked = draw.choice(_PHRASES["question_about"]).replace("{l}", label)
        message.add_marked(marked.replace("{t}", f"[{_recombined(trade.titles, draw)}]"), 0, ("asked",))
    else:
        message.add(draw.choice(_PHRASES["questions"]).replace("{l}", label))
    heard = _Draft(f"how about {_recombined(trade.titles, draw)}?" if draw.random() < 0.3 else "")
    return _Talk(heard, message, ("details",), asked=(place,))


def _answer(trade: Domain, draw: random.Random) -> _Talk:
    place = draw.randrange(1, len(trade.facets))
    facet = trade.facets[place].known
    label = draw.choice(facet.labels)
    heard, message = _Draft(), _Draft()
    chance = draw.random()
    if chance < 0.2:
        message.add(draw.choice(_PHRASES["drops"]).replace("{l}", label))
        return _Talk(heard, message, ("find",), dropped=(place,))
    if chance < 0.4 and facet.kind in ("category", "name"):
        marked = draw.choice(_PHRASES["offers"]).replace("{v}", f"[{draw.choice(facet.values)}]")
        is_taken = draw.random() < 0.6
        heard.add_marked(marked, place, ("wanted",) if is_taken else ())
        message.add(draw.choice(_PLAIN[("yes",) if is_taken else ("no",)]))
        if not is_taken and draw.random() < 0.6:
            message.add(draw.choice((", ", ". ", ", i prefer ", ", rather ")))
            _say(message, trade, place, draw, ("wanted",), "{v}", trade.nouns[0])
            return _Talk(heard, message, ("no", "find"))
        return _Talk(heard, message, ("yes",) if is_taken else ("no",))
    heard.add(draw.choice(_PHRASES["asks"]).replace("{l}", label))
    if chance < 0.6:
        message.add(draw.choice(_PHRASES["indifferent"]).replace("{l}", label))
        return _Talk(heard, message, ("find",), dropped=(place,))
    way = "{v}" if draw.random() < 0.6 and facet.kind in ("category", "name") else draw.choice(trade.facets[place].ways)
    _say(message, trade, place, draw, ("wanted",), way, trade.nouns[0])
    message.add(draw.choice(_PHRASES["closers"]))
    return _Talk(heard, message, ("find",))


def _plain(trade: Domain, draw: random.Random) -> _Talk:
    acts = draw.choice(list(_PLAIN))
    message = _Draft(draw.choice(_PLAIN[acts]))
    if acts == ("chat",) and draw.random() < 0.3:
        place = draw.randrange(1, len(trade.facets))
        message.add(draw.choice((". ", ", ", "! ")))
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), trade.nouns[0])
        acts = ("chat", "find")
    return _Talk(_Draft(), message, acts)


def _say(
    into: _Draft, trade: Domain, place: int, draw: random.Random, roles: tuple[str, ...], way: str, noun: str
) -> None:
    """Adds one facet's value in one way; numbers, days and times are drawn."""
    facet: Facet = trade.facets[place]
    known: KnownFacet = facet.known
    marked = way
    if known.kind == "yes or no":
        label = draw.choice(facet.ways) if "{v}" in way else way
        marked = way.replace("{v}", f"[{label}]") if "{v}" in way else f"[{way}]"
    elif "[" not in way:
        marked = re.sub(r"\{[vxwsthd]\}", lambda found: f"[{found.group()}]", way, count=1)
        if "[" not in marked:
            marked = f"[{way}]"
        if marked.count("{v}") > 1:
            marked = marked.replace("]", "", 1) + "]"
    filled = re.sub(r"\{([vxwsthd])\}", lambda found: _filler(found[1], known, draw), marked)
    several = noun if noun.endswith("s") else f"{noun}s"
    into.add_marked(filled.replace("{n}s", several).replace("{n}", noun), place, roles)


def _filler(kind: str, facet: KnownFacet, draw: random.Random) -> str:
    if kind == "v" and facet.kind == "number":
        low, high = map(int, facet.values[0].split("-"))
        number = draw.randint(low, high)
        return str(number - number % 10 if number > 100 and high - low > 500 else number)
    if kind in "vx" and facet.values:
        return _recombined(facet.values, draw) if facet.kind == "name" else draw.choice(facet.values)
    if kind == "w":
        low, high = map(int, facet.values[0].split("-")) if facet.values else (1, 6)
        number = draw.randint(max(low, 1), min(high, 10)) if high >= 1 else 1
        return draw.choice((str(number), _SMALL[number - 1]))
    if kind == "s":
        return draw.choice((str(draw.randint(1, 9)), draw.choice(_SMALL[:9])))
    said: str = draw.choice(_PHRASES[{"d": "decades", "h": "hours"}.get(kind, "days")])
    return said


def _recombined(names: Sequence[str], draw: random.Random) -> str:
    """A name; half the time one that is in no catalog, from the beginning of one and the end of another."""
    name = draw.choice(names)
    if draw.random() < 0.5:
        return name
    other = draw.choice(names).split()
    first = name.split()
    return " ".join((*first[: max(1, len(first) // 2)], *other[len(other) // 2 :]))


def _styled(text: str, draw: random.Random) -> str:
    """As people type: half of it in lower case, some with a capital first letter."""
    return text.lower() if draw.random() < 0.6 else text[:1].upper() + text[1:]


def _misspelt(text: str, span: Tagged, draw: random.Random) -> tuple[str, int]:
    """One letter of a span's replaced by another, so that places stay; and where."""
    at = draw.randrange(span.start + 1, span.end)
    if not text[at].isalpha():
        return text, -1
    return text[:at] + draw.choice("abcdefghijklmnopqrstuvwxyz") + text[at + 1 :], at
