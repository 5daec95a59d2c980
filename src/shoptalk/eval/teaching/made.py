"""Examples made from invented catalogs: requests, refusals, stances, questions and answers in varied words.

People's dialogues with labels hold next to no refusals and few trades; these fill that. Nothing in them was taken from a
dataset.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shoptalk.agent.tagging import Hint
from shoptalk.eval.teaching.dialogues import with_facets
from shoptalk.eval.teaching.domains import Domain, Facet, domains
from shoptalk.eval.teaching.examples import Example, KnownFacet, Lookup, Tagged

_SMALL = "one two three four five six seven eight nine ten".split()
_DECADES = "twenties thirties forties fifties sixties seventies eighties nineties 60 70 80 90 1950 1960 1970 1980 1990 2000".split()
_DAYS = (
    "today|tomorrow|the day after tomorrow|next Monday|this Friday|Saturday|March 5th|the 12th of May|June 3|the 8th|"
    "next week|on the 14th|April 2nd|this weekend|the 3rd of this month|2024-05-06|Sunday next week"
).split("|")
_HOURS = (
    "7 pm|half past 6|11:30 am|noon|quarter to six in the evening|8 in the morning|5 o'clock|9:15|around midday|"
    "the evening|6:45 pm|half past 11 in the morning|3 in the afternoon"
).split("|")

_OPENERS = (
    "|i want|i'm looking for|show me|find me|i need|can you find|do you have|any|give me|i'd like|looking for|"
    "recommend|what are some|list|are there any|hi, i want|please find|help me find|i would love|what about|how about|"
    "we are after|could you show me|is there|maybe|thinking of|got any|i am searching for|let's try|actually|and|also"
).split("|")
_CLOSERS = "||||| please| thanks|?|.|!| if possible| for tonight| for my mom| asap".split("|")
_JOINS = (" ", ", ", " and ", " ", " that is ", ", ", " but ", " also ")

_REFUSALS = (
    "no {v}|not {v}|nothing {v}|anything but {v}|except {v}|without {v}|i hate {v}|not a fan of {v}|avoid {v}|"
    "i don't want {v}|please skip {v}|not into {v}|i can't stand {v}|anything except {v}|other than {v}|leave out {v}|"
    "i dislike {v}|i'm tired of {v}|don't show me {v}|{v} is not for me|{v} is out|never {v}|i'd rather not have {v}|"
    "stay away from {v}|not too much {v}|don't like {v}|{v} free|sick of {v}|excluding {v}|no more {v}|minus the {v}|"
    "i am allergic to {v}|neither {v} nor anything like it|must not be {v}|shouldn't be {v}|isn't {v}|not really {v}"
).split("|")
_EMBRACES = (
    "i don't mind {v}|why not {v}|can't get enough of {v}|not only {v}|nothing beats {v}|no problem with {v}|"
    "{v} is fine too|i wouldn't say no to {v}|not bad if it is {v}|{v} would not hurt|who doesn't love {v}|"
    "i love {v}|i prefer {v}|{v} works|ideally {v}|preferably {v}|{v} if you have it|would be nice to have {v}"
).split("|")
_BYSTANDERS = (
    "my friend is {v}, by the way|yesterday i had {v}|i was talking about {v} with my brother|i feel {v} today|"
    "my last one was {v}|people keep telling me about {v}|i work in {v}"
).split("|")

_STANCES: dict[tuple[str, ...], list[str]] = {
    ("liked",): (
        "i like {t}|{t} sounds great|{t} looks good|i'm keen on {t}|{t} sounds interesting, i will try it|"
        "i would love {t}|{t} is tempting"
    ).split("|"),
    ("liked", "seen"): (
        "i loved {t}|{t} was great|{t} is my favorite|i really enjoyed {t}|big fan of {t}|{t} is one of the best|"
        "i have had {t} and loved it|{t} was so good|i liked {t} a lot|can't get enough of {t}|{t} was amazing|"
        "things like {t} are what i enjoy|i am a huge fan of {t}|we adored {t}"
    ).split("|"),
    ("disliked",): (
        "{t} is not for me|not {t}|{t} doesn't appeal to me|no {t} please|anything but {t}|{t} looks boring|"
        "i am not interested in {t}|{t} is not my thing|i'd rather skip {t}"
    ).split("|"),
    ("disliked", "seen"): (
        "i hated {t}|{t} was terrible|didn't like {t}|{t} was boring|i did not care for {t}|{t} was a letdown|"
        "i didn't enjoy {t} at all|{t} was awful|{t} wasn't good|{t} disappointed me|{t} was overrated"
    ).split("|"),
    ("seen",): (
        "i've seen {t}|already had {t}|i know {t} already|i have tried {t}|seen {t} already|i already own {t}|"
        "been there, {t}|we did {t} last week|i own {t}|i had {t} before"
    ).split("|"),
    (): (
        "i haven't seen {t}|i've never tried {t}|never heard of {t}|have not been to {t} yet|i don't know {t}|"
        "my sister likes {t}"
    ).split("|"),
    ("similar",): (
        "something like {t}|similar to {t}|more like {t}|in the style of {t}|along the lines of {t}|like {t}|"
        "anything close to {t}|comparable to {t}|reminds me of {t}, more of that"
    ).split("|"),
    ("asked",): (
        "tell me about {t}|is {t} any good|what is {t}|how is {t}|do you have {t}|what's {t} about|"
        "more details on {t}|have you got {t}|is {t} available"
    ).split("|"),
}
_ABOUT_HEARD: dict[tuple[str, ...], list[str]] = {
    ("liked",): "sounds good|i'd like that|great, i'll take it|that looks interesting|perfect|i will check it out|nice pick".split("|"),
    ("liked", "seen"): "loved it|yes, loved that one|one of my favorites|seen it, it was great|yes it was very good|i've had it and liked it|saw it twice, so good".split("|"),
    ("disliked",): "not for me|no thanks, not my thing|nah|that doesn't sound good|i'd rather not|not interested".split("|"),
    ("disliked", "seen"): "hated it|i saw it and didn't like it|it was boring|yes but i did not enjoy it|terrible|didn't care for it|it was ok but not really my thing".split("|"),
    ("seen",): "seen it|i've already had that|already know it|yes i have|yes, i saw it|been there already|i own that".split("|"),
    (): "never heard of it|no i haven't|i have not seen it|haven't tried that|no, what is it|what is that about?".split("|"),
    ("asked",): "tell me more|what is it like?|is it any good?|how much is it?|who made it?".split("|"),
}
_HEARD_ABOUT = "have you tried {t}?|how about {t}?|i recommend {t}.|there is {t}.|have you seen {t}?|maybe {t}?|what about {t}? it is popular.|you might like {t}.".split("|")

_PLAIN = {
    ("more",): "show me more|what else|anything else?|more options|other ones please|next|some others|do you have other options?|any alternatives|keep going|none of these, others please".split("|"),
    ("undo",): "undo|undo that|go back|take that back|scratch that|revert the last change|never mind that last one|back to how it was".split("|"),
    ("start over",): "start over|let's start again|new search|forget everything|reset|begin from scratch|clear all".split("|"),
    ("chat",): "hi|hello there|thanks|thank you so much|great, thanks|bye|how are you?|good morning|haha|you're funny|nice to meet you|ok cool|lol|that's all, goodbye|hey, how is it going|you are very helpful|have a nice day".split("|"),
    ("outside",): "do you ship to norway?|where is my order?|cancel my order|what's the weather like|what is the capital of peru|write me a poem|can i return it?|what's your phone number|who won the match yesterday|do you take credit cards|i want to talk to a human|how do i reset my password|translate this to french|what is 12 times 9|are you hiring|do you offer gift wrapping|when will my package arrive".split("|"),
    ("compare",): "compare the first two|which is cheaper|compare them|what's the difference between these|first or second, which is better|put them side by side".split("|"),
    ("similar",): "more like the first one|something like the second|similar to that one|like this but cheaper|more of the same".split("|"),
    ("details",): "tell me about the first one|more about the second|what is the third about?|any details on that?|tell me more about it".split("|"),
    ("feedback",): "i like the first one|not the second one|seen the first|i don't like those|the third is great|loved the last one|already have the second".split("|"),
    ("no",): "no|nope|no thanks|not really|nah|no, that's not it".split("|"),
    ("yes",): "yes|yeah|sure|ok|yes please|sounds good|go ahead|that works|perfect|okay do that".split("|"),
}  # fmt: skip
_QUESTION_ABOUT = "what is the {l} of {t}|what's the {l} of {t}?|{l} of {t}?|can you tell me the {l} of {t}|which {l} does {t} have|tell me the {l} for {t}|do you know the {l} of {t}"
_QUESTIONS = "what's the {l}?|can you tell me the {l}?|what {l} is it?|how about its {l}?|and the {l}?|do you know the {l}|which {l} does it have?"
_ASKS = "which {l} would you like?|what {l} do you prefer?|do you have a {l} in mind?|any preference for the {l}?|what {l}?|could you tell me the {l}?"
_INDIFFERENT = "any is fine|doesn't matter|i don't care|no preference|anything|whatever|any {l} works|i don't mind|it's not important|up to you|surprise me"
_DROPS = "any {l} is fine|forget the {l}|the {l} doesn't matter|i don't care about the {l}|never mind the {l}|whatever {l}|{l} is not important"
_OFFERS = "do you want {v}?|shall i look for {v}?|would {v} be ok?|how about {v}?|i found some with {v}, is that ok?|please confirm: {v}."
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
    kinds = (_request, _request, _request, _request, _refusal, _refusal, _stance, _stance_heard, _question, _answer, _plain)
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
    message.add(draw.choice(_OPENERS))
    chosen = draw.sample(range(1, len(trade.facets)), min(draw.choice((1, 1, 2, 2, 3, 4)), len(trade.facets) - 1))
    for number, place in enumerate(chosen):
        way = draw.choice(trade.facets[place].ways)
        if number == 0 and "{n}" not in way and draw.random() < 0.7:
            message.add(f" {draw.choice(('a ', 'some ', '', 'good ', 'the '))}{noun}")
        message.add(" " if number == 0 else draw.choice(_JOINS))
        embrace = draw.random() < 0.08 and trade.facets[place].known.kind == "category"
        _say(message, trade, place, draw, ("wanted",), draw.choice(_EMBRACES) if embrace else way, noun)
    if draw.random() < 0.1:
        message.add(". ")
        place = draw.choice(chosen)
        if trade.facets[place].known.kind == "category":
            _say(message, trade, place, draw, (), draw.choice(_BYSTANDERS), noun)
    message.add(draw.choice(_CLOSERS))
    heard = _Draft(draw.choice(("", "", "what can i do for you?", "sure, what are you looking for?", "anything else?")))
    return _Talk(heard, message, ("find",))


def _refusal(trade: Domain, draw: random.Random) -> _Talk:
    message, noun = _Draft(), draw.choice(trade.nouns)
    able = [i for i, facet in enumerate(trade.facets) if i and facet.known.kind in ("category", "name", "yes or no")]
    refused = draw.choice(able)
    wanted = [place for place in range(1, len(trade.facets)) if place != refused]
    first = draw.random() < 0.6 and bool(wanted)
    if first:
        message.add(f"{draw.choice(_OPENERS)} ")
        place = draw.choice(wanted)
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), noun)
        message.add(draw.choice((", ", " but ", ". ", " ", ", ", "; ")))
    pattern = draw.choice(_REFUSALS)
    _say(message, trade, refused, draw, ("rejected",), pattern, noun)
    if draw.random() < 0.25 and trade.facets[refused].known.kind == "category":
        message.add(draw.choice((" or ", " and ", ", ")))
        _say(message, trade, refused, draw, ("rejected",), "{v}", noun)
    elif not first and wanted and draw.random() < 0.5:
        message.add(draw.choice((", but ", " but rather ", ". ", ", ", ", instead ")))
        place = draw.choice(wanted)
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), noun)
    message.add(draw.choice(_CLOSERS))
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
    found = (acts,)
    if draw.random() < 0.35 and acts != "details":
        place = draw.randrange(1, len(trade.facets))
        message.add(draw.choice((", ", " but ", ". ", " and ")))
        _say(message, trade, place, draw, ("wanted",), draw.choice(trade.facets[place].ways), trade.nouns[0])
        found = (acts, "find")
    return _Talk(_Draft(), message, found)


def _stance_heard(trade: Domain, draw: random.Random) -> _Talk:
    roles = draw.choice(list(_ABOUT_HEARD))
    heard = _Draft()
    before, after = draw.choice(_HEARD_ABOUT).split("{t}")
    heard.add_marked(f"{before}[{_recombined(trade.titles, draw)}]{after}", 0, roles)
    message = _Draft(draw.choice(_ABOUT_HEARD[roles]))
    acts = ("details",) if roles == ("asked",) else ("feedback",)
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
        marked = draw.choice(_QUESTION_ABOUT.split("|")).replace("{l}", label)
        message.add_marked(marked.replace("{t}", f"[{_recombined(trade.titles, draw)}]"), 0, ("asked",))
    else:
        message.add(draw.choice(_QUESTIONS.split("|")).replace("{l}", label))
    heard = _Draft(f"how about {_recombined(trade.titles, draw)}?" if draw.random() < 0.3 else "")
    return _Talk(heard, message, ("details",), asked=(place,))


def _answer(trade: Domain, draw: random.Random) -> _Talk:
    place = draw.randrange(1, len(trade.facets))
    facet = trade.facets[place].known
    label = draw.choice(facet.labels)
    heard, message = _Draft(), _Draft()
    chance = draw.random()
    if chance < 0.2:
        message.add(draw.choice(_DROPS.split("|")).replace("{l}", label))
        return _Talk(heard, message, ("find",), dropped=(place,))
    if chance < 0.4 and facet.kind in ("category", "name"):
        marked = draw.choice(_OFFERS.split("|")).replace("{v}", f"[{draw.choice(facet.values)}]")
        is_taken = draw.random() < 0.6
        heard.add_marked(marked, place, ("wanted",) if is_taken else ())
        message.add(draw.choice(_PLAIN[("yes",) if is_taken else ("no",)]))
        if not is_taken and draw.random() < 0.6:
            message.add(draw.choice((", ", ". ", ", i prefer ", ", rather ")))
            _say(message, trade, place, draw, ("wanted",), "{v}", trade.nouns[0])
            return _Talk(heard, message, ("no", "find"))
        return _Talk(heard, message, ("yes",) if is_taken else ("no",))
    heard.add(draw.choice(_ASKS.split("|")).replace("{l}", label))
    if chance < 0.6:
        message.add(draw.choice(_INDIFFERENT.split("|")).replace("{l}", label))
        return _Talk(heard, message, ("find",), dropped=(place,))
    way = "{v}" if draw.random() < 0.6 and facet.kind in ("category", "name") else draw.choice(trade.facets[place].ways)
    _say(message, trade, place, draw, ("wanted",), way, trade.nouns[0])
    message.add(draw.choice(_CLOSERS))
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
    into.add_marked(filled.replace("{n}", noun), place, roles)


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
    return draw.choice({"d": _DECADES, "t": _DAYS, "h": _HOURS}.get(kind, _DAYS))


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


def shuffled(parts: Sequence[Sequence[Example]], draw: random.Random) -> list[Example]:
    """All examples of several sources, mixed."""
    mixed = [example for part in parts for example in part]
    draw.shuffle(mixed)
    return mixed
