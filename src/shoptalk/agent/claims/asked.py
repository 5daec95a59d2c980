"""What the person said, asked, likes and has seen; and whether a sentence that tells them so is right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shoptalk.agent.claims.amounts import Amount
from shoptalk.agent.claims.objection import Objection, Wrong
from shoptalk.agent.claims.pieces import Piece, ends_clause, in_words, pieces_of
from shoptalk.agent.claims.records import Record, line_of, roots
from shoptalk.agent.claims.vocabulary import GLUE, NEGATORS, QUALITIES, TRADE
from shoptalk.agent.explaining import Answer
from shoptalk.agent.phrasing import constraint_in_words, label_of
from shoptalk.agent.quantities import Bound
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import DECADES, NUMBER_WORDS
from shoptalk.retrieval.query import Constraint, Operator, Stance
from shoptalk.retrieval.schema import Meaning
from shoptalk.retrieval.stopwords import STOP_WORDS

_TELLS = frozenset(
    """ask asked asking want wanted wanting like liked likes love loved loves enjoy enjoyed prefer preferred need
    needed request
    requested mention mentioned look looking seen saw watch watched said told specified specify set gave named name
    described
    search searched searching dislike disliked hate hated ruled own owned bought avoid rejected turned read played tried
    visited stayed used wished wish hoped hoping chose after stated insisted know knew""".split()
)
_BETWEEN = frozenset(
    """have had did do also really just already have ve d re are were was only have been not dont didnt havent
    never don didn
    specifically especially earlier clearly said explicitly would""".split()
)
_SAID_OF_YOU = frozenset({"you", "youve", "youd", "youre"})
_LIKING = frozenset("like liked likes love loved loves enjoy enjoyed favourite favorite".split())
_FAVOURITE = frozenset({"favourite", "favorite"})
_SEEING = frozenset("seen saw watch watched read played tried visited stayed used own owned bought know knew".split())
_DISLIKING = frozenset("dislike disliked hate hated rejected turned".split())
_BODY = frozenset("head ear ears wrist foot feet hand hands neck back shoulder shoulders face skin lap".split())
_SAYING = frozenset("said told mentioned stated insisted say know".split())
_REFUSING = _DISLIKING | frozenset("avoid ruled".split())
_CONDITION = frozenset(
    {
        "if",
        "should",
        "whether",
        "might",
        "may",
        "can",
        "could",
        "will",
        "would",
        "when",
        "once",
        "unless",
        "as",
        "whichever",
        "whatever",
    }
)
_OURS = frozenset(
    """request requests wish wishes taste tastes question ask needs list search mood choice choices preference
    preferences
    criteria requirements requirement message words description limit limits budget query evening night own answer
    liking likes next selection shortlist pick picks option options decision way mind""".split()
)
_BOUND_WORDS = frozenset({"limit", "limits", "budget", "maximum", "minimum"})
_UPPER = frozenset({Operator.AT_MOST, Operator.LESS_THAN})
_LOWER = frozenset({Operator.AT_LEAST, Operator.MORE_THAN})
_STOPS_DENIAL = frozenset({"but", "just", "only", "rather", "instead", "please", "though"})
_DENYING = NEGATORS | {"hate", "dislike", "except", "avoid", "nor", "anything", "excluding", "hates", "forget"}
_LINKS = ("", "and", "or", "with", "in", "that", "which")


@dataclass(frozen=True)
class Region:
    """Pieces that tell what the person said, likes or has seen, from `first` up to `last` (past the end).

    `wish`: where a wish begins that is told word for word ('as you asked: black'); 0 where none is.
    """

    first: int
    last: int
    verb: str
    denied: bool
    looks_back: bool
    wish: int = 0


class Asked:
    """The person's own words and what was understood of them, with what they want and what they do not."""

    def __init__(self, answer: Answer, records: Sequence[Record]) -> None:
        self._answer = answer
        self._records = records
        schema, state, request = answer.schema, answer.state, answer.request
        wanted: list[str] = [*state.texts, request.text]
        refused: list[str] = []
        self._constraints: list[Constraint] = list(dict.fromkeys([*state.constraints, *request.constraints]))
        for one in self._constraints:
            side = refused if one.operator is Operator.IS_NOT or one.value is False else wanted
            side += [
                one.words,
                constraint_in_words(schema, one),
                *(str(value) for value in one.values if isinstance(value, str)),
            ]
            side.append(label_of(schema.facet(one.facet)))
        for said in (request.message, *(one.text for one in state.said if one.by_user)):
            plus, minus = _sides(said)
            wanted += plus
            refused += minus
        wanted += [one.words for one in request.described]
        only_refused = {
            word for one in self._constraints if one.operator is Operator.IS_NOT for word in words(one.words)
        }
        self._refused = _stems(refused)
        self._line = line_of(" | ".join([*wanted, *refused]))
        self._wanted = _stems(wanted) - {
            stem
            for word in only_refused
            - {w for c in self._constraints if c.operator is not Operator.IS_NOT for w in words(c.words)}
            for stem in roots(word)
        }
        self._shop = {singular(word) for word in words(answer.shop)}
        self._titles = {title for one in request.mentions for title in words(one.title)}
        self._numbers = list(self._all_numbers())
        self._stand_to_items(answer, records)

    def _stand_to_items(self, answer: Answer, records: Sequence[Record]) -> None:
        """Notes which records the person likes, dislikes, has seen or named."""
        state, request = answer.state, answer.request
        ids = [record.item.id for record in records]
        stances = {(one.item_id, one.stance) for one in request.mentions}
        self.liked = _places(ids, [*state.liked, *(i for i, s in stances if s is Stance.LIKED)])
        self.liked |= {
            i
            for i, record in enumerate(records)
            if any(
                getattr(fact, "liked", False) and getattr(fact, "title", "") == record.item.title
                for other in records
                for fact in other.evidence
            )
        }
        self.disliked = _places(ids, [*state.disliked, *(i for i, s in stances if s is Stance.DISLIKED)])
        self.seen = _places(ids, [*state.seen, *(i for i, s in stances if s in (Stance.SEEN, Stance.OWNED))])
        self.named = (
            self.liked
            | self.disliked
            | self.seen
            | _places(ids, [*state.similar, *(one.item_id for one in request.mentions), *answer.named])
        )

    def _all_numbers(self) -> Iterator[tuple[float, Operator | None]]:
        for one in self._constraints:
            for value in one.values:
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield float(value), one.operator
        for said in (self._answer.request.message, *(one.text for one in self._answer.state.said if one.by_user)):
            for piece in pieces_of(said):
                if piece.value is not None:
                    yield piece.value, None
                elif piece.form in NUMBER_WORDS:
                    yield float(NUMBER_WORDS[piece.form]), None
                elif piece.form in DECADES:
                    yield float(DECADES[piece.form]), None

    def holds(self, word: str, *, denied: bool = False) -> bool:
        """True if the person wants what the word says; `denied`: if they do not want it."""
        return not roots(word).isdisjoint(self._refused if denied else self._wanted)

    def names(self, thing: str) -> bool:
        """True if the person or the shop's name calls what is sold so: 'laptop'."""
        return singular(thing) in self._wanted or singular(thing) in self._shop

    def holds_number(self, amount: Amount) -> bool:
        """True if the person named the number, with a bound of the same direction where the sentence says one."""
        for value, operator in self._numbers:
            if abs(value - amount.value) > 1e-6 and not (
                amount.unit in ("min",) and abs(value * 60 - amount.value) < 1e-6
            ):
                continue
            upper, lower = amount.bound in (Bound.AT_MOST, Bound.LESS), amount.bound in (Bound.AT_LEAST, Bound.MORE)
            if operator is None and any(held == amount.value and which is not None for held, which in self._numbers):
                continue
            if not (upper and operator in _LOWER) and not (lower and operator in _UPPER):
                return True
        return False

    def has_bound(self, word: str) -> bool:
        """True if there is a limit of the kind that is spoken of: 'your budget'."""
        if word == "budget":
            prices = {facet.name for facet in self._answer.schema.by_meaning(Meaning.PRICE)}
            prices |= {facet.name for facet in self._answer.schema.facets if facet.unit in ("USD", "EUR", "GBP")}
            return any(one.facet in prices for one in self._constraints) or "budget" in self._wanted
        return (
            any(one.operator in _UPPER | _LOWER | {Operator.BETWEEN, Operator.ABOUT} for one in self._constraints)
            or "limit" in self._wanted
        )

    def met_by(self, amount: Amount, records: Iterable[Record]) -> bool:
        """True if the number is of a facet that the person set a limit to."""
        limited = {one.facet for one in self._constraints}
        return any(
            facet.name in limited and abs(value - amount.value) < 1e-6
            for record in records
            for facet, value in record.numbers
        )

    # --- reading -----------------------------------------------------------------------------------------------------

    def regions(self, pieces: Sequence[Piece]) -> list[Region]:
        """The parts of a sentence that tell the person about themselves."""
        found: list[Region] = []
        at = 0
        while at < len(pieces):
            region = self._region(pieces, at)
            if region is not None:
                found.append(region)
            at = region.last if region else at + 1
        return found

    def _region(self, pieces: Sequence[Piece], at: int) -> Region | None:
        form = pieces[at].form
        lead = pieces[at - 1].form if at else ""
        if form in ("asked", "requested") and lead == "as":
            return Region(at, at + 1, form, False, True)
        if form in ("your", "yours"):
            return self._yours(pieces, at)
        if form not in _SAID_OF_YOU:
            return None
        verb = at + 1
        denied = False
        while verb < len(pieces) and pieces[verb].form in _BETWEEN and pieces[verb].form not in _TELLS:
            denied = denied or pieces[verb].form in NEGATORS
            verb += 1
        if verb >= len(pieces) or pieces[verb].form not in _TELLS:
            return None
        if (inner := _told_within(pieces, verb)) is not None and (region := self._region(pieces, inner)) is not None:
            return replace(region, first=at)
        if lead in _CONDITION and lead != "as":
            return None
        denied = denied or pieces[verb].form in _REFUSING
        last, wish = _end_of(pieces, verb + 1), 0
        if last < len(pieces) and pieces[last].text == ":" and all(one.form in GLUE for one in pieces[verb:last]):
            last, wish = _end_of(pieces, last + 1), last + 1
        looks_back = lead in ("as", "which", "that", "what") or not any(
            (piece.is_word and piece.form not in GLUE) or piece.value is not None or piece.items is not None
            for piece in pieces[verb + 1 : last]
        )
        return Region(at, last, pieces[verb].form, denied, looks_back, wish)

    def _yours(self, pieces: Sequence[Piece], at: int) -> Region:
        after = pieces[at + 1].form if at + 1 < len(pieces) else ""
        if at and pieces[at - 1].form in ("on", "in", "at", "to") and after in _BODY:
            return Region(at, at + 2, "your", False, False)
        last, wish = _end_of(pieces, at + 1), 0
        if after in _OURS:
            beyond = pieces[at + 2].form if at + 2 < len(pieces) else ""
            last = last if beyond in ("of", "for", "to", "was", "were") else at + 2
            if beyond in ("was", "were"):
                last, wish = _end_of(pieces, at + 3), at + 3
        verb = after if after in _BOUND_WORDS or after in _LIKING else "your"
        return Region(at, last, verb, False, after in _FAVOURITE, wish)

    def objections(
        self, pieces: Sequence[Piece], region: Region, amounts: Sequence[Amount], items: Sequence[int]
    ) -> Iterator[Objection]:
        """What the region tells that the person did not say. `items`: those spoken of before it."""
        inside = pieces[region.first : region.last]
        if region.verb in ("budget",) and not self.has_bound("budget"):
            yield Objection(Wrong.PERSON, in_words(inside), "the person set no such limit")
        yield from self._about_items(pieces, region, items)
        counted: set[int] = set()
        for amount in amounts:
            if region.first <= amount.first < region.last:
                counted |= set(range(amount.first, amount.last))
                if not self.holds_number(amount):
                    yield Objection(
                        Wrong.PERSON, in_words(pieces[amount.first : amount.last]), "the person did not say so"
                    )
        denied = region.denied
        for at in range(region.first, region.last):
            piece = pieces[at]
            denied = denied or (piece.form in NEGATORS | _REFUSING and at > region.first)
            told = 0 < region.wish <= at and piece.form not in STOP_WORDS
            if told and at > region.wish and pieces[at - 1].text in "-‑":
                told = f" {pieces[at - 2].stem} {piece.stem} " in self._line
                if not told:
                    yield Objection(Wrong.PERSON, in_words(pieces[at - 2 : at + 1]), "the person did not say so")
                continue
            if (
                at in counted
                or not piece.is_word
                or (piece.form in GLUE and piece.form not in QUALITIES and not told)
                or piece.form in _TELLS | _SAID_OF_YOU | _OURS | _LIKING | NEGATORS | _REFUSING
            ):
                continue
            if (piece.form in TRADE and not told) or piece.form in ("your", "yours"):
                continue
            if not self.holds(piece.form, denied=denied) and not (not denied and piece.form in self._titles):
                yield Objection(Wrong.PERSON, piece.text, "the person did not say so")

    def _about_items(self, pieces: Sequence[Piece], region: Region, items: Sequence[int]) -> Iterator[Objection]:
        named = [
            item for piece in pieces[region.first : region.last] if piece.items is not None for item in piece.items
        ]
        lead = pieces[region.first - 1].form if region.first else ""
        back = (
            tuple(items)
            if region.looks_back and not named and (lead in ("which", "that") or region.verb in _FAVOURITE)
            else ()
        )
        concerned = [*named, *back]
        if not concerned:
            return
        like_it = "like" in [piece.form for piece in pieces[region.first : region.last]] and region.verb not in (
            "like",
        )
        held = self.named
        if region.verb in _LIKING and not region.denied:
            held = self.liked
        elif region.verb in _LIKING or region.verb in _DISLIKING:
            held = self.disliked
        elif region.verb in _SEEING:
            held = self.seen
        if back and region.verb not in _LIKING | _SEEING | _DISLIKING:
            return
        if any(item not in held for item in concerned) and not (
            like_it and all(item in self.named for item in concerned)
        ):
            yield Objection(
                Wrong.PERSON, in_words(pieces[region.first : region.last]), "the person did not say so of it"
            )

    def met(self, forms: Iterable[str]) -> bool:
        """True if any of these words is one that the person asked for."""
        return any(self.holds(form) or self.holds(form, denied=True) for form in forms)


def _told_within(pieces: Sequence[Piece], verb: int) -> int | None:
    """Where 'you like' begins in 'you told me that you like'."""
    at = verb + 1
    while at < len(pieces) and pieces[at].form in ("me", "us", "that"):
        at += 1
    return at if at < len(pieces) and pieces[at].form in _SAID_OF_YOU and pieces[verb].form in _SAYING else None


def _end_of(pieces: Sequence[Piece], at: int) -> int:
    """Where a part that begins here ends: at a mark, or where another statement begins."""
    for there in range(at, len(pieces)):
        text, form = pieces[there].text, pieces[there].form
        ranged = text in "-–—" and there + 1 < len(pieces) and pieces[there + 1].value is not None
        if text in ",()" or (ends_clause(pieces[there]) and not ranged):
            return there
        if (
            form in ("and", "so")
            and there + 1 < len(pieces)
            and pieces[there + 1].form in ("it", "this", "they", "is", "has", "runs", "costs", "both", "these")
        ):
            return there
        if form in ("is", "are", "runs", "costs", "fits", "matches") and there > at:
            return there
        if (
            pieces[there].items is not None
            and there + 1 < len(pieces)
            and pieces[there + 1].form in ("is", "runs", "has", "costs", "fits", "matches")
        ):
            return there
    return len(pieces)


def _sides(message: str) -> tuple[list[str], list[str]]:
    """What a message asks for, and what it does not want: the words after 'no', 'not', 'hate' up to a clause's end."""
    plus: list[str] = []
    minus: list[str] = []
    denied = False
    for piece in pieces_of(message):
        if piece.text in ",.;:!?()" or piece.form in _STOPS_DENIAL:
            denied = False
        if piece.form in _DENYING:
            denied = True
        (minus if denied else plus).append(piece.form)
    return plus, minus


def _stems(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(root for text in texts for word in words(text) for root in roots(word))


def _places(ids: Sequence[str], wanted: Iterable[str]) -> set[int]:
    held = set(wanted)
    return {place for place, one in enumerate(ids) if one in held}
