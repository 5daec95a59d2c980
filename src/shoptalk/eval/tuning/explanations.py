"""Explanations written by program, in varied words, from what the prompt shows of each pick and from nothing else.

The answers are made: items of made shops or of the films that ship, and the evidence that the ranking would give for
them. Every sentence is held against the answer before it is taught; what the check objects to is not said.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

from shoptalk.agent.checking import Known
from shoptalk.agent.events import Pick
from shoptalk.agent.explaining import Answer
from shoptalk.agent.phrasing import constraint_in_words, facet_facts, join, label_of, number_in_words, short_title
from shoptalk.agent.reasons import reasons_for
from shoptalk.agent.state import TalkState, advance
from shoptalk.eval.tuning.asked import TuneExample, explain_example
from shoptalk.eval.tuning.made_shops import made_shop
from shoptalk.ranking.evidence import ConstraintMet, Evidence, SharesWith, WellRated, WordsMatch
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.query import Act, Constraint, Mention, Operator, Request, Stance
from shoptalk.retrieval.schema import Column, Kind, Meaning

__all__ = ["from_made_answers", "objected"]

_AT_ONCE = 10
_FILMS = 0.35
_SHORTEST, _SAID_FACTS = 2, 6
_PLACE = re.compile(r"\[\d\]")
_BEST = {
    Meaning.PRICE: ("the cheapest", min), Meaning.DURATION: ("the shortest", min), Meaning.WEIGHT: ("the lightest", min),
    Meaning.RATING: ("the best rated", max), Meaning.YEAR: ("the newest", max), Meaning.SIZE: ("the biggest", max),
}  # fmt: skip
_OPENINGS = (
    "Here is what I found for {asked}.", "These fit {asked}.", "For {asked}, I would look at these.", "{count} that match {asked}:",
    "I picked these with {asked} in mind.", "You asked for {asked}; here is what fits.", "Going by {asked}, these stand out.",
    "Here are {count} for {asked}.",
)  # fmt: skip
_OPENINGS_ONE = (
    "There is one that fits {asked}.", "One pick for {asked}.", "For {asked}, I have this one.", "You asked for {asked}; this one fits.",
)  # fmt: skip
_OPENINGS_ANY = ("Here are some to start from.", "A few to begin with.", "Some first ideas:", "Here is what I have.")


def from_made_answers(draw: random.Random) -> Iterator[tuple[TuneExample, ...]]:
    """Without end, handfuls of explanations; all have one system prompt."""
    while True:
        catalog, shop = (_films(), "films") if draw.random() < _FILMS else _made(draw)
        found = [_example(catalog, shop, draw) for _ in range(_AT_ONCE)]
        yield tuple(one for one in found if one is not None)


def objected(answer: Answer, sentence: str) -> bool:
    """True if the sentence may not be said of the answer."""
    return bool(Known(answer).untraceable(_PLACE.sub("", sentence)))


def _made(draw: random.Random) -> tuple[Catalog, str]:
    shop = made_shop(draw, described=True)
    return shop.catalog, shop.name


@cache
def _films() -> Catalog:
    from shoptalk.retrieval.detecting import detect, to_items
    from shoptalk.retrieval.reading import read_records

    with as_file(files("shoptalk.demo").joinpath("films.jsonl")) as path:
        records = list(read_records(path))
    schema = detect(records)
    return Catalog.from_items(to_items(records, schema), schema)


def _example(catalog: Catalog, shop: str, draw: random.Random) -> TuneExample | None:
    answer = _answer(catalog, shop, draw)
    if answer is None:
        return None
    sentences = [one for one in _Writer(answer, draw).sentences() if not objected(answer, one)]
    return explain_example(answer, " ".join(sentences)) if len(sentences) >= _SHORTEST else None


# Answers --------------------------------------------------------------------------------------------------------------


def _answer(catalog: Catalog, shop: str, draw: random.Random) -> Answer | None:
    """An answer as a turn makes it: a request that some items meet, up to four of them with their evidence."""
    model = draw.randrange(len(catalog))
    request = _request(catalog, model, draw)
    state = advance(TalkState(), request, catalog)
    out = {mention.item_id for mention in request.mentions}
    passing = [row for row in catalog.passing(state.musts).nonzero()[0].tolist() if catalog.ids[row] not in out]
    if {Act.DETAILS, Act.COMPARE} & set(request.acts):
        passing = [catalog.row(mention.item_id) for mention in request.mentions]
        rows = passing
    else:
        rows = draw.sample(passing, min(len(passing), draw.choice((1, 2, 3, 3, 4, 4))))
    if not rows:
        return None
    return Answer(
        schema=catalog.schema,
        shop=shop,
        size=len(catalog),
        request=request,
        state=state,
        picks=tuple(_pick(catalog, row, state, request, draw) for row in rows),
        passing=len(passing),
        named={one.item_id: catalog.item(catalog.row(one.item_id)) for one in request.mentions},
    )


def _request(catalog: Catalog, model: int, draw: random.Random) -> Request:
    chance = draw.random()
    if chance < 0.12:
        return _about_items(catalog, draw.sample(range(len(catalog)), 1), Act.DETAILS, draw)
    if chance < 0.24:
        return _about_items(catalog, draw.sample(range(len(catalog)), draw.choice((2, 2, 3))), Act.COMPARE, draw)
    mentions: tuple[Mention, ...] = ()
    if chance < 0.42:
        stance = draw.choice((Stance.SIMILAR, Stance.SIMILAR, Stance.LIKED))
        mentions = (Mention(item_id=catalog.ids[model], title=catalog.titles[model], stance=stance),)
    facets = [facet for facet in catalog.schema.facets if catalog.value(model, facet.name) is not None]
    many = draw.choice((0, 1)) if mentions else draw.choice((1, 1, 2, 2, 3))
    chosen = draw.sample(facets, min(many, len(facets)))
    constraints = tuple(_met_by(catalog, model, facet, draw) for facet in chosen)
    text = ""
    if not (mentions or constraints) or draw.random() < 0.2:
        text = _words_of(catalog.texts[model], draw)
    acts = (Act.SIMILAR,) if mentions and mentions[0].stance is Stance.SIMILAR else (Act.FIND,)
    return Request(message="", acts=acts, constraints=constraints, mentions=mentions, text=text)


def _about_items(catalog: Catalog, rows: Sequence[int], act: Act, draw: random.Random) -> Request:
    mentions = tuple(Mention(item_id=catalog.ids[row], title=catalog.titles[row], stance=Stance.ASKED) for row in rows)
    asked = (draw.choice(catalog.schema.facets).name,) if draw.random() < 0.5 else ()
    return Request(message="", acts=(act,), mentions=mentions, asked=asked)


def _met_by(catalog: Catalog, row: int, facet: Column, draw: random.Random) -> Constraint:
    """A constraint that the item meets."""
    value = catalog.value(row, facet.name)
    must = draw.random() < 0.8
    if isinstance(value, tuple):
        value = draw.choice(value)
    operator = Operator.IS
    if isinstance(value, float) and not isinstance(value, bool):
        operator = draw.choice((Operator.AT_MOST, Operator.LESS_THAN, Operator.AT_LEAST, Operator.MORE_THAN))
        step = max(1.0, round(abs(value) / 10))
        value = value + step if operator in (Operator.AT_MOST, Operator.LESS_THAN) else value - step
    assert value is not None
    return Constraint(facet=facet.name, operator=operator, value=value, must=must)


def _words_of(text: str, draw: random.Random) -> str:
    words = [word for word in re.findall(r"[a-z]{5,}", text)]
    return " ".join(draw.sample(words, min(2, len(words)))) if words else "something new"


def _pick(catalog: Catalog, row: int, state: TalkState, request: Request, draw: random.Random) -> Pick:
    item = catalog.item(row)
    evidence = tuple(_evidence(catalog, item, state, draw))
    about = {Act.DETAILS, Act.COMPARE} & set(request.acts)
    return Pick(item=item, score=1.0, evidence=evidence, reasons=() if about else reasons_for(catalog.schema, evidence))


def _evidence(catalog: Catalog, item: Item, state: TalkState, draw: random.Random) -> Iterator[Evidence]:
    row = catalog.row(item.id)
    for one in state.constraints:
        value = item.facets.get(one.facet)
        if value is not None and catalog.meets(one)[row]:
            yield ConstraintMet(constraint=one, value=value, weight=draw.random())
    for model in (*state.similar, *state.liked):
        shared = _shared(catalog, item, catalog.item(catalog.row(model)))
        if shared:
            title = catalog.titles[catalog.row(model)]
            yield SharesWith(item_id=model, title=title, liked=model in state.liked, shared=shared, weight=1.0)
    words = [word for text in state.texts for word in text.split() if word in item.text]
    if words:
        yield WordsMatch(words=tuple(words), weight=1.0)
    for facet in catalog.schema.by_meaning(Meaning.RATING):
        value = item.facets.get(facet.name)
        if isinstance(value, float) and draw.random() < 0.5:
            yield WellRated(facet=facet.name, value=value, weight=0.5)


def _shared(catalog: Catalog, item: Item, model: Item) -> tuple[tuple[str, str], ...]:
    found = []
    for facet in catalog.schema.facets:
        if facet.kind in (Kind.CATEGORY, Kind.CATEGORIES):
            mine, theirs = (_several(one.facets.get(facet.name)) for one in (item, model))
            found += [(facet.name, value) for value in mine if value in theirs]
    return tuple(found[:3])


def _several(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(map(str, value))
    return () if value is None else (str(value),)


# Texts ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Writer:
    """Writes one text of an answer."""

    answer: Answer
    draw: random.Random

    def sentences(self) -> Iterator[str]:
        """An opening, a sentence for each pick, and a comparison where one is true."""
        acts = set(self.answer.request.acts)
        if Act.DETAILS in acts or Act.COMPARE in acts:
            yield from self._plainly()
        else:
            yield self._opening()
            yield from (self._of_pick(place) for place in range(len(self.answer.picks)))
        if len(self.answer.picks) > 1 and (Act.COMPARE in acts or self.draw.random() < 0.5):
            yield from self._best()

    def _opening(self) -> str:
        answer = self.answer
        asked = [constraint_in_words(answer.schema, one) for one in answer.state.constraints]
        asked += [f"“{text}”" for text in answer.state.texts]
        for one in answer.request.mentions:
            how = "something like" if one.stance is Stance.SIMILAR else "your liking for"
            asked.append(f"{how} {short_title(one.title)}")
        if not asked:
            return self.draw.choice(_OPENINGS_ANY)
        count = ("one", "two", "three", "four", "five", "six")[len(answer.picks) - 1]
        ways = _OPENINGS if len(answer.picks) > 1 else _OPENINGS_ONE
        said = self.draw.choice(ways).format(asked=join(asked), count=count)
        return said[:1].upper() + said[1:]

    def _of_pick(self, place: int) -> str:
        """Why this pick: its reasons first, then facts of its record."""
        pick = self.answer.picks[place]
        name = self._name(place)
        reasons = [_as_clause(reason) for reason in pick.reasons]
        told = [clause for clause in reasons[: self.draw.choice((1, 2))] if clause]
        seen = " ".join(pick.reasons)
        facts = [
            clause for label, value in self._facts(pick) if value not in seen and (clause := self._clause(label, value))
        ]
        told += self.draw.sample(facts, min(len(facts), self.draw.choice((0, 1, 1, 2)) if told else 2))
        if not told:
            return f"{name} is another that fits."
        return f"{name} {join(told)}."

    def _facts(self, pick: Pick, most: int = _SAID_FACTS) -> list[tuple[str, str]]:
        """What the prompt tells of its record."""
        return facet_facts(self.answer.schema.facets, pick.item, most=most)

    def _name(self, place: int) -> str:
        title = short_title(self.answer.picks[place].item.title)
        return self.draw.choice(
            (f"[{place + 1}]", f"[{place + 1}]", f"[{place + 1}] {title}", f"{title} [{place + 1}]")
        )

    def _clause(self, label: str, value: str) -> str:
        """'costs $40', 'runs 95 min', 'has a screen size of 14"'."""
        facet = next(one for one in self.answer.schema.facets if label_of(one) == label)
        if facet.kind is Kind.FLAG:
            return (
                f"has {label}: {value}" if value == "no" else self.draw.choice((f"has {label}: yes", f"offers {label}"))
            )
        ways = {
            Meaning.PRICE: ("costs {v}", "is {v}", "comes at {v}"), Meaning.YEAR: ("is from {v}", "dates from {v}"),
            Meaning.DURATION: ("takes {v}", "lasts {v}"), Meaning.RATING: ("is rated {v}", "has a rating of {v}"),
            Meaning.PERSON: ("has {l} {v}",), Meaning.BRAND: ("is by {v}",), Meaning.GENRE: ("is {v}", "is listed as {v}"),
        }.get(facet.meaning or Meaning.HIDDEN, ("has {l} {v}", "has {v} as its {l}", "lists {v} for {l}"))  # fmt: skip
        return self.draw.choice(ways).format(l=label, v=value)

    def _plainly(self) -> Iterator[str]:
        """What the records tell of each item; first what was asked about."""
        asked = [label_of(self.answer.schema.facet(name)) for name in self.answer.request.asked]
        for place, pick in enumerate(self.answer.picks):
            facts = self._facts(pick, _SAID_FACTS * 2)
            wanted = [fact for fact in facts if fact[0] in asked]
            if asked and not wanted:
                yield f"The record of {self._name(place)} does not tell the {asked[0]}."
                continue
            rest = [fact for fact in facts if fact not in wanted]
            several = wanted or self.draw.sample(rest, min(len(rest), self.draw.choice((2, 3, 4))))
            clauses = [self._clause(label, value) for label, value in several]
            if clauses:
                yield f"{self._name(place)} {join(clauses)}."

    def _best(self) -> Iterator[str]:
        """'[2] is the cheapest of these, at $12.' Where all values are known and one of them is the best."""
        able = [facet for facet in self.answer.schema.facets if facet.meaning in _BEST and facet.kind is Kind.NUMBER]
        self.draw.shuffle(able)
        for facet in able[:1]:
            held = [pick.item.facets.get(facet.name) for pick in self.answer.picks]
            values = [float(value) for value in held if isinstance(value, float)]
            assert facet.meaning is not None
            word, choose = _BEST[facet.meaning]
            if len(values) < len(held) or values.count(best := choose(values)) > 1 or not self._is_shown(facet):
                return
            said = number_in_words(facet, best)
            among = "of the two" if len(values) == 2 else "of these"
            word = word if len(values) > 2 else word
            way = self.draw.choice(
                ("[{n}] is {w} {a}, at {v}.", "Of these, [{n}] is {w} ({v}).", "{W} is [{n}], with {v}.")
            )
            if facet.meaning is Meaning.YEAR:
                way = self.draw.choice(("[{n}] is {w} {a}, from {v}.", "{W} is [{n}], from {v}."))
            yield way.format(n=values.index(best) + 1, w=word, W=word[:1].upper() + word[1:], a=among, v=said)

    def _is_shown(self, facet: Column) -> bool:
        """True if the prompt tells the facet of every pick."""
        whole = {Act.DETAILS, Act.COMPARE} & set(self.answer.request.acts)
        most = _SAID_FACTS * 2 if whole else _SAID_FACTS
        return all(label_of(facet) in dict(self._facts(pick, most)) for pick in self.answer.picks)


def _as_clause(reason: str) -> str:
    """A reason as what an item does: 'shares …', 'mentions …' as they are, values with a verb before them."""
    if reason.startswith(("shares ", "mentions ")):
        return reason
    if reason.endswith(", as you asked"):
        return f"is {reason.removesuffix(', as you asked')}, as you asked" if " no " not in f" {reason}" else ""
    if reason.startswith(("close to", "often", "chosen", "featured", "sold out", "less known")):
        return f"is {reason}"
    return f"has {reason}"
