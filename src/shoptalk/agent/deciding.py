"""What the transformer makes of what the parser proposed: which facet a value is meant for, and what is only mentioned.

The parser knows the catalog's words; the transformer knows how people talk. A `Request` goes in and comes out: values
go to the facet that is meant, words that speak of no facet are let go, words that do and that the parser did not know
are looked up in their facet, what our side named and the person takes up is taken up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz, process

from shoptalk.agent.english import ranks
from shoptalk.agent.grounding import Grounding
from shoptalk.agent.lexicon import Lexicon, Named
from shoptalk.agent.quantities import is_number_word
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.tagging import HEARD, MESSAGE, Hint, Matrix, Tagger, Tags, facet_text, kind_of
from shoptalk.agent.titles import Titles
from shoptalk.agent.tokens import Token, fold, singular, tokenize, words
from shoptalk.agent.words import FILLER, TITLE_NOUNS
from shoptalk.retrieval.catalog import Catalog, CategoryColumn
from shoptalk.retrieval.query import Act, Constraint, Described, Mention, Operator, Request, Stance
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role

Place = tuple[int, int]

_MOST_FACETS = 64
_EXAMPLES = 4
_LONGEST_VALUE = 6
_MOST_VALUES = 20_000
_ALIKE = 88.0
_FEW, _MOSTLY = 20, 0.7
_RARE, _COMMON_SHARE = 2500, 0.005
_OFTEN = 0.01
_UNSEEN, _DAMPED = 0.5, 0.3
_BESIDE = 3
_LIKELY = 0.5
_MOST_LOOKED_AT = 1000
_SEARCH_ACTS = frozenset({Act.FIND, Act.REFINE, Act.MORE, Act.SIMILAR, Act.DETAILS, Act.COMPARE, Act.ANSWER})
_CATEGORY = (Kind.CATEGORY, Kind.CATEGORIES)


@dataclass(frozen=True)
class Confidences:
    """How sure the transformer has to be before it overrules the parser; set by hand on valid and dev splits."""

    elsewhere: float = 0.3
    other_scale: float = 0.9
    nothing: float = 0.9
    speaks: float = 0.5
    unheard_of: float = 0.6
    taken_up: float = 0.6
    refused: float = 0.8
    dropped: float = 0.7
    liked: float = 0.5
    disliked: float = 0.75
    not_disliked: float = 0.2


class Deciding:
    """Decides over requests for one catalog. Read-only after its first use."""

    def __init__(
        self,
        catalog: Catalog,
        lexicon: Lexicon,
        grounding: Grounding,
        titles: Titles,
        tagger: Tagger,
        sure: Confidences | None = None,
    ) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self._grounding = grounding
        self._titles = titles
        self._tagger = tagger
        self._sure = sure or Confidences()
        self._facets = _telling(catalog)
        self._place = {facet.name: place for place, facet in enumerate(self._facets)}

    def decide(self, request: Request, sentence: Sentence, heard: str, named: Sequence[Mention] = ()) -> Request:
        """The request as the transformer sees it.

        `sentence`: the message as the parser read it. `heard`: what the other side last said; `named`: the items in it.
        """
        titles = [mention.span for mention in request.mentions if mention.span]
        offered = self._hints(HEARD, tokenize(heard))
        hints = [*offered, *self._hints(MESSAGE, sentence.tokens)]
        hints += [Hint(MESSAGE, *place, (self._title,)) for place in titles]
        tags = self._tagger.read(heard, sentence.message, self._vectors, hints)
        reading = _Reading(sentence, tags, list(titles))
        is_question = bool({Act.DETAILS, Act.COMPARE} & set(request.acts))
        if not is_question:
            self._weigh(request.constraints, reading)
        constraints = list(request.constraints) if is_question else reading.constraints
        constraints += self._taken_up(heard, offered, tags, {one.facet for one in constraints})
        held = {one.facet for one in constraints}
        dropped = [
            self._facets[place].name
            for place in np.flatnonzero(tags.dropped > self._sure.dropped).tolist()
            if place != self._title and self._facets[place].name not in held
        ]
        acts = request.acts
        if (len(constraints) > len(request.constraints) or reading.described) and not _SEARCH_ACTS & set(acts):
            acts = (*(act for act in acts if act is not Act.OUTSIDE), Act.FIND)
        return request.model_copy(
            update={
                "acts": acts,
                "constraints": tuple(sorted(constraints, key=lambda one: one.span or (0, 0))),
                "mentions": tuple(self._stances(request, named, tags)),
                "described": tuple(reading.described),
                "dropped": tuple(dict.fromkeys((*request.dropped, *dropped))),
                "text": _without(request.text, reading.new_words),
            }
        )

    def _weigh(self, proposed: Sequence[Constraint], reading: "_Reading") -> None:
        """Holds what the parser proposed against the spans that the transformer sees, longest agreement first."""
        left = [one for one in proposed if self._names_value(one)]
        reading.constraints += [self._rescaled(one, reading) for one in proposed if one not in left]
        reading.taken += [one.span for one in reading.constraints if one.span]
        for start, end, place, chance in self._joined(reading):
            span = _on_words(reading.tokens, (start, end))
            if span is None or chance < self._sure.speaks or reading.is_taken(span):
                continue
            inside = [one for one in left if one.span and _overlap(one.span, span)]
            if not inside:
                self._add(place, span, chance, reading)
            elif (new := self._resized(inside, place, span, chance, reading)) is not None:
                left = [one for one in left if one not in inside]
                reading.take(new, span)
        for one in left:
            if (settled := self._settled(one, reading)) is not None:
                reading.constraints.append(settled)

    def _joined(self, reading: "_Reading") -> Iterator[tuple[int, int, int, float]]:
        """The transformer's spans, neighbours of one facet that holds names joined: 'Ann' and 'Turner' are one."""
        last: tuple[int, int, int, float] | None = None
        for span in reading.tags.spans():
            is_next = last is not None and last[2] == span[2] and not reading.message[last[1] : span[0]].strip()
            if last is not None and is_next and self._is_name(self._facets[span[2]]):
                last = (last[0], span[1], span[2], min(last[3], span[3]))
                continue
            if last is not None:
                yield last
            last = span
        if last is not None:
            yield last

    def _names_value(self, one: Constraint) -> bool:
        """True for a constraint that words gave by naming a value; numbers, days and comparisons are others' work."""
        is_named = one.operator in (Operator.IS, Operator.IS_NOT) and isinstance(one.value, str)
        is_category = is_named and self._catalog.schema.facet(one.facet).kind in _CATEGORY
        return is_category and one.span is not None and one.than is None

    def _resized(
        self, inside: Sequence[Constraint], place: int, span: Place, chance: float, reading: "_Reading"
    ) -> "Constraint | Described | None":
        """What takes the place of proposals that only overlap a span; None if they are better as they are."""
        facet, first = self._facets[place], inside[0]
        if place == self._title or any(one.span == span for one in inside):
            return None
        covered = (min(one.span[0] for one in inside if one.span), max(one.span[1] for one in inside if one.span))
        if not (covered[0] >= span[0] and covered[1] <= span[1]) and not (
            span[0] >= covered[0] and span[1] <= covered[1]
        ):
            return None
        extra = [t.form for t in _within(reading.tokens, span) if not _overlap((t.start, t.end), covered)]
        told = [form for form in extra if form not in FILLER and not self._carries(form, facet)]
        wider = span[0] <= covered[0] and span[1] >= covered[1]
        if wider and not told and first.facet == facet.name:
            return None
        cut = [t.form for t in _within(reading.tokens, covered) if not _overlap((t.start, t.end), span)]
        if not all(form in FILLER or self._carries(form, facet) for form in cut):
            return None
        new = self._grounded(facet, span, reading, chance)
        if new is not None:
            same = (
                {"operator": first.operator, "must": first.must} if isinstance(new.value, str) else {"must": first.must}
            )
            return new.model_copy(update=same)
        if wider and told and self._is_name(facet) and chance >= self._sure.unheard_of:
            return reading.described_by(facet, span, chance)
        return None

    def _add(self, place: int, span: Place, chance: float, reading: "_Reading") -> None:
        """Takes up a span that the parser did not understand: a value or a description.

        Titles are the parser's to know; others are too easily seen where none is.
        """
        if place == self._title:
            return
        facet, sentence = self._facets[place], reading.sentence
        at = reading.words(span)
        if any(sentence.released[i] for i in at) or all(sentence.taken[i] for i in at):
            return  # the parser knew the words, and let them go
        is_filler = all(sentence.forms[i] in FILLER for i in at)
        new: Constraint | Described | None = self._grounded(facet, span, reading, chance)
        if new is None and not is_filler and facet.kind in _CATEGORY:
            new = reading.described_by(facet, span, chance)
        if isinstance(new, Constraint) and new.operator is Operator.IS and self._is_refused(span, reading):
            new = new.model_copy(update={"operator": Operator.IS_NOT})
        if new is not None:
            reading.take(new, span)

    def _is_refused(self, span: Place, reading: "_Reading") -> bool:
        """True under a 'no' that the parser saw, or where the transformer is sure of a refusal."""
        role = reading.tags.role_of(span) or {}
        negated = [reading.sentence.negated[i] for i in reading.words(span)]
        return all(negated) or role.get("rejected", 0.0) > self._sure.refused

    def _bare(self, one: Constraint, reading: "_Reading") -> Constraint:
        """The value without the word that carries it, where the facet holds both: 'horror' for 'horror movies'."""
        values, column = self._folded.get(one.facet), self._catalog.column(one.facet)
        inside = _within(reading.tokens, one.span) if one.span else []
        if (
            values is None
            or not isinstance(column, CategoryColumn)
            or len(inside) < 2
            or not isinstance(one.value, str)
        ):
            return one
        facet = self._catalog.schema.facet(one.facet)
        whole = column.counts[column.code_of[one.value]] if one.value in column.code_of else 0
        for carrier, rest in ((inside[-1], inside[:-1]), (inside[0], inside[1:])):
            span = (rest[0].start, rest[-1].end)
            place = values.get(fold(reading.said(span)))
            if place is not None and self._carries(carrier.form, facet) and column.counts[place] >= whole:
                bare = {"value": column.values[place], "words": reading.said(span), "span": span}
                return one.model_copy(update=bare)
        return one

    def _carries(self, form: str, facet: Column) -> bool:
        """True for the trade's noun and for words of the facet's own label: 'movies', 'rated' beside a rating."""
        label = {word[:4] for word in words(facet.label or facet.name)}
        return form in TITLE_NOUNS or singular(form) in TITLE_NOUNS or form[:4] in label

    def _settled(self, one: Constraint, reading: "_Reading") -> Constraint | None:
        """A value in the facet that is meant; None if its words speak of no facet."""
        one = self._bare(one, reading)
        chances = reading.tags.facet_of(one.span) if one.span else None
        if chances is None or one.facet not in self._place:
            return one
        own, count = float(chances[self._place[one.facet]]), self._count(one)
        best = self._likeliest(one.span, chances, reading) if one.span else None
        if best is not None and best.facet != one.facet:
            other = float(chances[self._place[best.facet]])
            if other > own + self._sure.elsewhere and _weight(best.count) * other > _weight(count) * own:
                return one.model_copy(update={"facet": best.facet, "value": best.value})
            return one
        is_rare = count < _OFTEN * len(self._catalog)
        if one.operator is Operator.IS and is_rare and chances[-1] > self._sure.nothing:
            return None
        return one

    def _count(self, one: Constraint) -> int:
        """How many items hold a constraint's value."""
        column = self._catalog.column(one.facet)
        if not isinstance(column, CategoryColumn) or one.value not in column.code_of:
            return 0
        return int(column.counts[column.code_of[str(one.value)]])

    def _likeliest(self, span: Place, chances: Matrix, reading: "_Reading") -> Named | None:
        """The value that words mean: how many items hold it, times how likely the transformer thinks its facet."""
        named = self._lexicon.exactly([token.form for token in _within(reading.tokens, span)])
        held = [one for one in named if one.facet in self._place and not one.leaning and isinstance(one.value, str)]
        return max(
            held, key=lambda one: one.score * (one.count + _UNSEEN) * chances[self._place[one.facet]], default=None
        )

    def _rescaled(self, one: Constraint, reading: "_Reading") -> Constraint:
        """A number in the facet that is meant, where the transformer is sure of another one. Days are the parser's."""
        chances = reading.tags.facet_of(one.span) if one.span else None
        if chances is None or one.than or one.span is None or one.facet not in self._place:
            return one
        best = int(chances[:-1].argmax())
        facet, own = self._facets[best], self._facets[self._place[one.facet]]
        if facet.name == own.name or facet.kind is not own.kind or own.kind is not Kind.NUMBER:
            return one
        if chances[best] < self._sure.other_scale or self._is_called(one, reading):
            return one
        new = self._grounding.in_facet(facet.name, one.span, reading.message)
        return one if new is None else new.model_copy(update={"must": one.must})

    def _is_called(self, one: Constraint, reading: "_Reading") -> bool:
        """True if a word beside a number calls its facet: '2 bags', 'returning on the 8th'."""
        at = reading.words(one.span) if one.span else []
        beside = reading.tokens[max(0, at[0] - _BESIDE) : at[-1] + 1 + _BESIDE] if at else []
        return any(one.facet in self._grounding.facets_called(token.form) for token in beside)

    def _grounded(self, facet: Column, span: Place, reading: "_Reading", chance: float) -> Constraint | None:
        """The constraint that words mean in a facet; None where it holds nothing like them."""
        if facet.kind in _CATEGORY:
            said, chances = reading.said(span), reading.tags.facet_of(span)
            best = self._likeliest(span, chances, reading) if chances is not None else None
            name, value = (best.facet, best.value) if best is not None else (facet.name, self._alike(facet, said))
            if value is not None:
                sure = round(min(1.0, 0.5 + chance / 2), 2)
                return Constraint(facet=name, operator=Operator.IS, value=value, words=said, span=span, confidence=sure)
        if facet.kind in (Kind.NUMBER, Kind.DATE) and chance > self._sure.other_scale:
            return self._grounding.in_facet(facet.name, span, reading.message)
        return None

    def _alike(self, facet: Column, said: str) -> str | None:
        """The facet's value that the words are, or that is spelt most like them."""
        values, column = self._folded.get(facet.name), self._catalog.column(facet.name)
        if values is None or not isinstance(column, CategoryColumn):
            return None
        plain = fold(said)
        if plain in values:
            return column.values[values[plain]]
        found = (
            process.extractOne(plain, values.keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE) if len(plain) > 4 else None
        )
        return column.values[values[found[0]]] if found else None

    def _is_name(self, facet: Column) -> bool:
        """True for people and the like: a part of another's name does not stand for one that is not there."""
        return facet.meaning is Meaning.PERSON or facet.name in self._names

    def _stances(self, request: Request, heard: Sequence[Mention], tags: Tags) -> list[Mention]:
        """The mentions, with likes and dislikes that the transformer hears and the parser did not."""
        found = [self._disliked(one, tags.role_of(one.span) if one.span else None) for one in request.mentions]
        asks_others = Act.MORE in request.acts or tags.act["more"] > _LIKELY
        told = {one.item_id for one in found if one.stance in (Stance.LIKED, Stance.DISLIKED)}
        for mention in heard:
            role = tags.role_of(mention.span, HEARD) if mention.span else None
            if role is None:
                continue
            if mention.item_id in told:
                own = [one for one in found if one.item_id == mention.item_id and one.span is None]
                found = [self._disliked(one, role) if one in own else one for one in found]
            elif role["disliked"] > self._sure.disliked:
                found.append(mention.model_copy(update={"stance": Stance.DISLIKED, "span": None}))
            elif max(role["liked"], role["wanted"]) > self._sure.liked and not asks_others:
                found.append(mention.model_copy(update={"stance": Stance.LIKED, "span": None, "is_new": True}))
        return found

    def _disliked(self, mention: Mention, role: dict[str, float] | None) -> Mention:
        """The mention as a dislike where the transformer is sure of that; not as one where it hears nothing of it."""
        by_title = (set(words(mention.words)) & set(words(mention.title)) - FILLER) or mention.span is None
        if role is None or mention.stance is Stance.OWNED or not by_title:  # 'the first' was not in what it was taught
            return mention
        if role["disliked"] >= self._sure.disliked and mention.stance is not Stance.LIKED:  # 'loved it' is plain
            return mention.model_copy(update={"stance": Stance.DISLIKED})
        if mention.stance is Stance.DISLIKED and role["disliked"] < self._sure.not_disliked < role["liked"]:
            return mention.model_copy(update={"stance": Stance.LIKED})
        return mention

    def _taken_up(self, heard: str, offered: Sequence[Hint], tags: Tags, told: set[str]) -> list[Constraint]:
        """Values that our side named (`offered`) and that the person takes up: 'yes' to 'shall I look in Oakland?'."""
        found: list[Constraint] = []
        for hint in offered:
            chances = tags.facet_of((hint.start, hint.end), HEARD)
            role = tags.role_of((hint.start, hint.end), HEARD)
            if chances is None or role is None or role["wanted"] < self._sure.taken_up or not hint.facets:
                continue
            place = max(hint.facets, key=lambda one: chances[one])
            facet = self._facets[place]
            if place == self._title or facet.name in told or chances[place] < self._sure.speaks:
                continue
            forms = [token.form for token in tokenize(heard[hint.start : hint.end])]
            value = next((one.value for one in self._lexicon.all_named(forms) if one.facet == facet.name), None)
            if value is not None:
                told.add(facet.name)
                found.append(
                    Constraint(
                        facet=facet.name,
                        operator=Operator.IS,
                        value=value,
                        words=heard[hint.start : hint.end],
                        confidence=round(role["wanted"], 2),
                    )
                )
        return found

    def _hints(self, part: int, tokens: Sequence[Token]) -> list[Hint]:
        """Where the catalog's values, titles and numbers stand in a part: the longest runs first."""
        forms = [token.form for token in tokens]
        found: list[Hint] = []
        at = 0
        while at < len(tokens):
            length, facets = self._named_at(forms, at)
            if length and not self._told_by_numbers & set(facets):
                found.append(Hint(part, tokens[at].start, tokens[at + length - 1].end, facets))
            else:
                numbers = (token for token in tokens[at : at + max(length, 1)] if is_number_word(token.form))
                found += [Hint(part, token.start, token.end, is_number=True) for token in numbers]
            at += max(length, 1)
        return found

    def _named_at(self, forms: Sequence[str], at: int) -> tuple[int, tuple[int, ...]]:
        for length in range(min(_LONGEST_VALUE, len(forms) - at), 0, -1):
            run = forms[at : at + length]
            if length == 1 and run[0] in FILLER:
                break
            is_plain = length == 1 and ranks().get(run[0], _RARE) < _RARE
            least = _COMMON_SHARE * len(self._catalog) if is_plain else 0  # everyday words are some item's by accident
            named = [one for one in self._lexicon.exactly(run) if one.count > least and not one.leaning]
            facets = {self._place[one.facet] for one in named if one.facet in self._place}
            if not is_plain and self._titles.exact(run) is not None:
                facets.add(self._title)
            if facets:
                return length, tuple(sorted(facets))
        return 0, ()

    @property
    def _title(self) -> int:
        return len(self._facets) - 1

    @cached_property
    def _told_by_numbers(self) -> frozenset[int]:
        """Categories most of whose values are told by a number ('1980s', '2 doors'): a value there is read as one."""
        found = set()
        for place, facet in enumerate(self._facets):
            values = list(self._folded.get(facet.name, ()))[:_MOST_LOOKED_AT]
            if values and sum(any(map(is_number_word, words(value))) for value in values) > _MOSTLY * len(values):
                found.add(place)
        return frozenset(found)

    @cached_property
    def _vectors(self) -> Matrix:
        return self._tagger.facet_vectors([_text_of(self._catalog, facet) for facet in self._facets])

    @cached_property
    def _folded(self) -> dict[str, dict[str, int]]:
        """Each category's values, folded, with their places."""
        columns = {facet.name: self._catalog.column(facet.name) for facet in self._facets if facet.kind in _CATEGORY}
        return {
            name: {fold(value): place for place, value in enumerate(column.values)}
            for name, column in columns.items()
            if isinstance(column, CategoryColumn) and len(column.values) <= _MOST_VALUES
        }

    @cached_property
    def _names(self) -> frozenset[str]:
        """Categories most of whose values are two or three words, each rarely with the same ones: names of people."""
        return frozenset(
            name
            for name, values in self._folded.items()
            if len(values) >= _FEW and sum(value.count(" ") in (1, 2) for value in values) > _MOSTLY * len(values)
        )


@dataclass
class _Reading:
    """A message while it is weighed: what it came to so far, and which of its characters are spoken for."""

    sentence: Sentence
    tags: Tags
    taken: list[Place]
    constraints: list[Constraint] = field(default_factory=list)
    described: list[Described] = field(default_factory=list)
    new_words: list[str] = field(default_factory=list)

    @property
    def message(self) -> str:
        return self.sentence.message

    @property
    def tokens(self) -> Sequence[Token]:
        return self.sentence.tokens

    def said(self, span: Place) -> str:
        return self.message[slice(*span)]

    def described_by(self, facet: Column, span: Place, chance: float) -> Described:
        """The span as words that speak of a facet without naming a value of it."""
        return Described(facet=facet.name, words=self.said(span), span=span, confidence=round(chance, 2))

    def words(self, span: Place) -> list[int]:
        """Places of the span's words in the sentence."""
        return [i for i, token in enumerate(self.tokens) if token.start < span[1] and token.end > span[0]]

    def is_taken(self, span: Place) -> bool:
        return any(_overlap(span, other) for other in self.taken)

    def take(self, new: Constraint | Described, span: Place) -> None:
        if isinstance(new, Constraint):
            self.constraints.append(new)
            self.new_words.append(self.said(span))
        else:
            self.described.append(new)
        self.taken.append(span)


def _weight(count: int) -> float:
    """What the number of items that hold a value says for it; damped, since catalogs are lopsided."""
    return float((count + _UNSEEN) ** _DAMPED)


def _overlap(one: Place, other: Place) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _telling(catalog: Catalog) -> list[Column]:
    """The facets that are told to the transformer, those that most items have first; the title is the last."""
    facets = sorted(catalog.schema.facets, key=lambda facet: -_coverage(catalog, facet))[:_MOST_FACETS]
    return [*facets, *catalog.schema.of_role(Role.TITLE)]


def _coverage(catalog: Catalog, facet: Column) -> int:
    return len(catalog) if facet.kind is Kind.FLAG else int(catalog.column(facet.name).known.sum())


def _text_of(catalog: Catalog, facet: Column) -> str:
    label = facet.label or facet.name
    if facet.role is Role.TITLE:
        return facet_text(label, "name", catalog.titles[:3])
    if facet.kind in _CATEGORY:
        column = catalog.column(facet.name)
        assert isinstance(column, CategoryColumn)
        common = [column.values[i] for i in np.argsort(-column.counts, kind="stable")[:200].tolist()]
        kind = kind_of(common)
        return facet_text(label, kind, common[:_EXAMPLES] if kind == "category" else ())
    kinds = {Kind.NUMBER: "number", Kind.DATE: "date", Kind.FLAG: "yes or no"}
    return facet_text(label, kinds.get(facet.kind or Kind.FLAG, "text"))


def _within(tokens: Sequence[Token], place: Place) -> list[Token]:
    return [token for token in tokens if token.start < place[1] and token.end > place[0]]


def _on_words(tokens: Sequence[Token], place: Place) -> Place | None:
    inside = _within(tokens, place)
    return (inside[0].start, inside[-1].end) if inside else None


def _without(text: str, said: Sequence[str]) -> str:
    gone = {fold(word) for words in said for word in words.split()}
    return " ".join(word for word in text.split() if fold(word) not in gone) if gone else text
