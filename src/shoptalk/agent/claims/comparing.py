"""Comparisons of a sentence, verified from the values: 'cheaper than [2]', 'the longest', 'the same director'."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from shoptalk.agent.adjectives import base_of, measured_by
from shoptalk.agent.claims.amounts import Amount, Numbers, unit_of
from shoptalk.agent.claims.pieces import Piece
from shoptalk.agent.claims.records import Record
from shoptalk.agent.claims.stretches import Stretch
from shoptalk.agent.claims.vocabulary import CUES, GLUE, MEASURES, NEGATORS, QUALITIES, TRADE
from shoptalk.agent.phrases import COMPARED, EXTREMES, FACTORS
from shoptalk.agent.phrasing import label_of
from shoptalk.agent.quantities import Bound
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import COMPARATIVES, DECADES, MEANING_WORDS, NUMBER_WORDS, SUPERLATIVES
from shoptalk.ranking.evidence import Fresh, SharesWith
from shoptalk.retrieval.schema import Column, Kind, Meaning, Schema
from shoptalk.retrieval.stopwords import STOP_WORDS
from shoptalk.retrieval.values import CURRENCIES as MONEY
from shoptalk.retrieval.values import factor

_MORE_OF = {"priciest": (Meaning.PRICE, False), "heaviest": (Meaning.WEIGHT, False), "dearest": (Meaning.PRICE, False),
            "earliest": (Meaning.YEAR, True), "youngest": (Meaning.YEAR, False),
            "younger": (Meaning.YEAR, False), "sooner": (Meaning.DURATION, True)}  # fmt: skip
_RATED = frozenset("rated rating ratings scored scoring score reviewed".split())
_UP, _DOWN = frozenset("higher better highest best top".split()), frozenset("lower worse lowest worst".split())
_COSTS = frozenset("cost costs costing priced".split())
_TO_ONE = frozenset("of one option pick choice".split()) | TRADE
_REST = frozenset("other others rest any all both either every".split())
_AS_LITTLE, _EXACT_TIMES = 0.2, 0.03
_FACTOR_BOUNDS = {
    "less than": Bound.LESS, "more than": Bound.MORE, "under": Bound.LESS, "over": Bound.MORE, "about": Bound.ABOUT,
    "roughly": Bound.ABOUT, "nearly": Bound.ABOUT, "almost": Bound.ABOUT, "around": Bound.ABOUT,
    "at least": Bound.AT_LEAST,
}  # fmt: skip
_SHARING = frozenset({"share", "shares", "sharing", "shared"})
_NEARER = {
    **dict.fromkeys("closer nearer closest nearest".split(), True),
    **dict.fromkeys("farther further farthest furthest".split(), False),
}  # fmt: skip
_LENGTHS = frozenset("km mile miles m meter meters metre metres".split())
_THAN_WITHIN, _LABEL_WITHIN, _PLACE_WITHIN = 8, 3, 5


class Way(Enum):
    """How values are compared."""

    MORE = "more"
    MOST = "most"
    SAME = "same"
    DIFFERENT = "different"
    SIMILAR = "similar"
    FACTOR = "factor"


@dataclass(frozen=True)
class Comparison:
    """One comparison: on the first of `facets` that all have. `than`: the items compared with; empty: the others.

    `delta`: by how much; of a factor: how many times; `at` up to `end`: its pieces.
    """

    way: Way
    facets: tuple[Column, ...]
    less: bool
    at: int
    end: int
    than: tuple[int, ...] = ()
    delta: Amount | None = None
    negated: bool = False
    of_most: bool = False
    within: tuple[str, ...] = ()


class Comparing:
    """Finds the comparisons of a stretch, and holds them against the values of the records."""

    def __init__(self, schema: Schema, numbers: Numbers, records: Sequence[Record], picks: int) -> None:
        self._schema = schema
        self._numbers = numbers
        self._records = records
        self._picks = tuple(range(picks))
        self._counted = [
            facet
            for facet in schema.facets
            if facet.kind in (Kind.NUMBER, Kind.DATE) and facet.meaning is not Meaning.HIDDEN
        ]
        self._labels = {
            facet.name: frozenset(singular(one) for one in words(label_of(facet))) for facet in schema.facets
        }

    def read(
        self, pieces: Sequence[Piece], stretch: Stretch, amounts: Sequence[Amount], taken: list[bool]
    ) -> Iterator[Comparison]:
        """The comparisons of the stretch; the pieces that they are told by are taken."""
        inside = set(stretch.at)
        bounds = {at for one in amounts if pieces[one.last - 1].is_word for at in range(one.first, one.last)}
        for at in stretch.at:
            if taken[at] or not pieces[at].is_word or at in bounds:
                continue
            found = (
                self._shared(pieces, at, stretch)
                or self._factor(pieces, at, stretch)
                or self._degree(pieces, at, stretch, amounts, taken)
            )
            if found is None:
                continue
            for there in range(found.at, found.end):
                taken[there] = taken[there] or there in inside
            yield found

    def wrong(self, comparison: Comparison, items: Sequence[int]) -> str | None:
        """Why the comparison does not hold for the items; None if it does."""
        if comparison.of_most:
            fresh = any(isinstance(fact, Fresh) for item in items for fact in self._records[item].evidence)
            return None if fresh else "nothing tells how most of the shop are"
        others = comparison.than or self._others(items)
        check: Callable[[Comparison, Sequence[int], Sequence[int]], str | None] = {
            Way.MORE: self._more, Way.MOST: self._more, Way.SAME: self._same, Way.DIFFERENT: self._different,
            Way.SIMILAR: self._similar, Way.FACTOR: self._factored,
        }[comparison.way]  # fmt: skip
        if not comparison.negated:
            return check(comparison, items, others)
        if self._values(comparison.facets, [*items, *others]) is None and comparison.way in (Way.MORE, Way.MOST):
            return "the values are not known"
        groups = [[one] for one in items if one not in others] if comparison.way is Way.MORE else [items]
        so = any(check(comparison, group, others) is None for group in groups)  # 'none is cheaper': not a single one
        return "the values say that it is so" if so else None

    def _others(self, items: Sequence[int]) -> tuple[int, ...]:
        rest = tuple(one for one in self._picks if one not in items)
        return rest or tuple(
            one for one in range(len(self._picks), len(self._records)) if self._records[one].known and one not in items
        )

    # --- reading -----------------------------------------------------------------------------------------------------

    def _degree(
        self, pieces: Sequence[Piece], at: int, stretch: Stretch, amounts: Sequence[Amount], taken: list[bool]
    ) -> Comparison | None:
        told = self._told(pieces, at) or self._counted_by(pieces, at, stretch, amounts)
        if told is None or not told[0]:
            return None
        facets, less, most, end = told
        lead = pieces[at - 1].form if at else ""
        after = pieces[end].form if end < len(pieces) else ""
        of_two = not most and lead == "the" and after in _TO_ONE
        most = most or of_two
        than, than_end, of_most = self._than(pieces, at, end, stretch)
        if than is None:
            return None  # 'shorter than two hours' is a bound: the number says it
        if of_two and not than:  # 'of [1] and [2], [1] is the longer one'
            than = tuple(item for item in stretch.beside if item not in stretch.items)
        delta = None if most else self._delta(pieces, at, than_end, amounts)
        if delta is not None and not than:  # '[1] runs 90 minutes; [2] is ten minutes longer'
            than = tuple(item for item in stretch.beside if item not in stretch.items)
        if delta is not None:
            for there in range(delta.first, delta.last):
                taken[there] = True
            if delta.last < len(pieces) and singular(pieces[delta.last].form) == "year":
                taken[delta.last] = True
        negated = any(pieces[i].form in NEGATORS for i in range(max(stretch.at[0], at - 4), at))
        way = Way.MOST if most else Way.MORE
        within = _narrowed(pieces, end) if most else ()
        return Comparison(way, tuple(facets), less, at, end, than, delta, negated, of_most, within)

    def _told(self, pieces: Sequence[Piece], at: int) -> tuple[list[Column], bool, bool, int] | None:
        """Facets, whether less is meant, whether it is a superlative, and where the words end."""
        form = pieces[at].form
        following, beyond = _next_word(pieces, at + 1)
        if form in _UP | _DOWN and following in _RATED:
            return (
                self._numbers.of_meaning(Meaning.RATING),
                form in _DOWN,
                form not in ("higher", "better", "lower", "worse"),
                beyond,
            )
        if form in _RATED and following in _UP | _DOWN and following not in ("top",):
            return (
                self._numbers.of_meaning(Meaning.RATING),
                following in _DOWN,
                following in ("highest", "best", "lowest", "worst"),
                beyond,
            )
        if form in _NEARER and (facets := self._distances(pieces, at + 1)):
            return facets, _NEARER[form], form.endswith("est"), at + 1
        if form in _COSTS and following in ("more", "less", "most", "least"):
            return (
                self._numbers.of_meaning(Meaning.PRICE),
                following in ("less", "least"),
                following in ("most", "least"),
                beyond,
            )
        if form in ("more", "less", "most", "least") and following:
            if following in QUALITIES:
                meaning, less = QUALITIES[following]
                return (
                    self._numbers.of_meaning(meaning),
                    less is not (form in ("less", "least")),
                    form in ("most", "least"),
                    beyond,
                )
            if measured := self._measured(following):
                facets, less = measured
                return facets, less is not (form in ("less", "least")), form in ("most", "least"), beyond
        if form in COMPARED or form in EXTREMES:
            labelled, end = self._labelled(pieces, at + 1)
            if labelled:
                return labelled, (COMPARED | EXTREMES)[form], form in EXTREMES, end
        return self._one_word(form, at)

    def _counted_by(
        self, pieces: Sequence[Piece], at: int, stretch: Stretch, amounts: Sequence[Amount]
    ) -> tuple[list[Column], bool, bool, int] | None:
        """'€15 more than [1]'; '9.1, the highest of these'; 'two years after [1]': the number tells the facet."""
        form = pieces[at].form
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        if form in ("after", "before") and after is not None and after.items is not None:
            return self._numbers.of_meaning(Meaning.YEAR), form == "before", False, at
        if form in ("more", "less", "fewer") and after is not None and after.form == "than":
            amount = next((one for one in amounts if one.last == at), None)
            if amount is None:
                return None
            counted = next((one for one in reversed(amounts) if one.last <= amount.first), amount)
            facets = self._numbers.of_unit(amount) or self._numbers.meant(pieces, counted) or []
            return facets, form != "more", False, at + 1
        if form in ("more", "less") and stretch.named and (after is None or after.text in ".,;)"):
            amount = next((one for one in amounts if one.last == at and one.unit), None)
            return (self._numbers.of_unit(amount), form == "less", False, at + 1) if amount else None
        if form in ("later", "earlier") and after is not None and after.form == "than":
            return self._numbers.of_meaning(Meaning.YEAR), form == "earlier", False, at + 1
        lead = pieces[at - 1].form if at else ""
        if form in EXTREMES and lead == "the" and (earlier := [one for one in amounts if one.last < at]):
            facets = self._numbers.meant(pieces, earlier[-1]) or self._numbers.of_unit(earlier[-1])
            return facets, EXTREMES[form], True, at + 1
        return None

    def _one_word(self, form: str, at: int) -> tuple[list[Column], bool, bool, int] | None:
        for table, most in ((COMPARATIVES, False), (SUPERLATIVES, True)):
            if form in table and form not in ("better", "worse", "latest", "later", "earlier"):
                meanings, less = table[form]
                facets = next((held for meaning in meanings if (held := self._numbers.of_meaning(meaning))), [])
                if facets:
                    return facets, less, most, at + 1
        if form in _MORE_OF and (facets := self._numbers.of_meaning(_MORE_OF[form][0])):
            return facets, _MORE_OF[form][1], form.endswith("est"), at + 1
        for ending in ("er", "est"):
            if (base := base_of(form, ending)) and (measured := self._measured(base)):
                return *measured, ending == "est", at + 1
        if form == "latest" and (facets := self._numbers.of_meaning(Meaning.YEAR)):
            return facets, False, True, at + 1
        return None

    def _distances(self, pieces: Sequence[Piece], at: int) -> list[Column]:
        """'Closer to the centre': the facets that tell how far it is to what the next words name."""
        stems = {piece.stem for piece in pieces[at : at + _PLACE_WITHIN] if piece.form not in STOP_WORDS}
        far = [one for one in self._counted if unit_of(one) in _LENGTHS or "distance" in self._labels[one.name]]
        return [one for one in far if not stems.isdisjoint(self._labels[one.name])]

    def _measured(self, word: str) -> tuple[list[Column], bool] | None:
        for facet in self._counted:
            if (less := measured_by(word, self._labels[facet.name])) is not None:
                return [facet], less
        return None

    def _labelled(self, pieces: Sequence[Piece], at: int) -> tuple[list[Column], int]:
        """The number facets whose label the next words are of."""
        found: list[Column] = []
        end = at
        if at < len(pieces) and pieces[at].text in "-‑":
            at += 1
        for there in range(at, min(at + _LABEL_WITHIN, len(pieces))):
            piece = pieces[there]
            called = [
                facet
                for facet in self._counted
                if piece.stem in self._labels[facet.name] and piece.form not in STOP_WORDS
            ]
            if not called and (meaning := MEANING_WORDS.get(piece.stem)):
                called = self._numbers.of_meaning(meaning)
            if not called and piece.form in CUES[Meaning.POPULARITY] and piece.form != "people":
                called = self._numbers.of_meaning(Meaning.POPULARITY)
            if called:
                found = [facet for facet in found if facet in called] or called
                end = there + 1
            elif piece.form not in ("of", "the", "overall") or found:
                break
        return found, end

    def _than(
        self, pieces: Sequence[Piece], at: int, end: int, stretch: Stretch
    ) -> tuple[tuple[int, ...] | None, int, bool]:
        """The items compared with (empty: all others; None: it is a number), and whether 'most' are."""
        for there in range(end, min(end + _THAN_WITHIN, len(pieces))):
            if pieces[there].text in ",;":
                break
            if pieces[there].form in ("than", "after", "before"):
                for target in range(there + 1, min(there + 6, len(pieces))):
                    if pieces[target].items is not None:
                        return self._named_from(pieces, target), target, False
                    if pieces[target].form in _REST:
                        return (), target, False
                    if pieces[target].form == "most":
                        return (), target, True
                    if pieces[target].value is not None or self._is_amount(pieces, target):
                        return None, target, False
                return None, there, False
        others = tuple(item for item in stretch.named if item not in stretch.items)
        return others, end, False

    def _is_amount(self, pieces: Sequence[Piece], at: int) -> bool:
        return pieces[at].form in NUMBER_WORDS or pieces[at].form in DECADES

    def _named_from(self, pieces: Sequence[Piece], at: int) -> tuple[int, ...]:
        """The items named from here on, joined by 'and' or commas."""
        items: list[int] = []
        while at < len(pieces) and (
            pieces[at].items is not None or pieces[at].form in ("and", "or", "both") or pieces[at].text == ","
        ):
            items += sorted(pieces[at].items or ())
            at += 1
        return tuple(items)

    def _delta(self, pieces: Sequence[Piece], at: int, end: int, amounts: Sequence[Amount]) -> Amount | None:
        for amount in amounts:
            gap = [piece.form for piece in pieces[amount.last : at]]
            if amount.last <= at and (not gap or gap in (["year"], ["years"])):
                return amount
            if (
                amount.first >= end
                and amount.first - 1 >= 0
                and amount.first - end <= 3
                and pieces[amount.first - 1].form == "by"
            ):
                return amount
        return None

    def _shared(self, pieces: Sequence[Piece], at: int, stretch: Stretch) -> Comparison | None:
        """'The same director as', 'different genres', 'as long as', 'similar in length'."""
        form = pieces[at].form
        way = {"same": Way.SAME, "different": Way.DIFFERENT, "similar": Way.SIMILAR, "equally": Way.SAME}.get(form)
        others = tuple(item for item in stretch.beside if item not in stretch.items)
        if form == "as" and at + 2 < len(pieces) and pieces[at + 2].form == "as":
            told = self._quality(pieces[at + 1].form)
            negated = at > 0 and pieces[at - 1].form in NEGATORS
            if told and negated:
                return Comparison(Way.MORE, tuple(told[0]), not told[1], at, at + 3, others)
            if told or pieces[at + 1].form in MEASURES:
                return Comparison(Way.SAME, tuple(told[0] if told else ()), False, at, at + 3, others)
            return None
        if form in _SHARING:
            start = at + 1
            while start < len(pieces) and pieces[start].form in ("its", "their", "the", "same", "a", "one"):
                start += 1
            facets, end = self._called(pieces, start)
            return Comparison(Way.SAME, tuple(facets), False, at, end, others) if facets else None
        if way is None:
            return None
        if form == "equally" and (told := self._quality(pieces[at + 1].form if at + 1 < len(pieces) else "")):
            return Comparison(way, tuple(told[0]), False, at, at + 2, others)
        facets, end = self._called(pieces, at + 1)
        negated = any(pieces[i].form in NEGATORS for i in range(max(stretch.at[0], at - 4), at))
        return Comparison(way, tuple(facets), False, at, end, others, negated=negated) if facets else None

    def _called(self, pieces: Sequence[Piece], at: int) -> tuple[list[Column], int]:
        """The facets of any kind that the next words call."""
        for there in range(at, min(at + 2, len(pieces))):
            stem = pieces[there].stem
            if stem in ("in", "of"):
                continue
            labelled = [
                facet for facet in self._schema.facets if stem in self._labels[facet.name] and stem not in STOP_WORDS
            ]
            meaning = MEANING_WORDS.get(stem)
            labelled = labelled or list(self._schema.by_meaning(meaning) if meaning else ())
            if labelled:
                return labelled, there + 1
        return [], at

    def _quality(self, word: str) -> tuple[list[Column], bool] | None:
        for meaning in (QUALITIES[word][0], Meaning.SIZE) if word in QUALITIES else ():
            if facets := self._numbers.of_meaning(meaning):
                return facets, QUALITIES[word][1]
        return self._measured(word)

    def _factor(self, pieces: Sequence[Piece], at: int, stretch: Stretch) -> Comparison | None:
        """'Half the price of [2]', 'twice as long as [2]'."""
        times = _times_told(pieces, at)
        if not times or at + 2 >= len(pieces) or pieces[at + 1].form not in ("the", "as", "its", "of"):
            return None
        word = pieces[at + 2].form
        facets, _ = self._called(pieces, at + 2)
        told = self._quality(word)
        if word in ("much", "what", "cheap", "expensive"):
            before = {pieces[there].form for there in range(stretch.at[0], at)} if word in ("much", "what") else set()
            by_verb = (one for one in (Meaning.WEIGHT, Meaning.DURATION) if before & CUES[one])
            told = self._numbers.of_meaning(next(by_verb, Meaning.PRICE)), False
        facets = facets or (told[0] if told else [])
        times = 1 / times if word == "cheap" else times
        others = tuple(item for item in stretch.beside if item not in stretch.items)
        end = at + 3 + (at + 3 < len(pieces) and pieces[at + 3].form == "as")
        at -= pieces[at].form == "times"
        lead = [piece.form for piece in pieces[max(0, at - 2) : at]]
        bound = _FACTOR_BOUNDS.get(" ".join(lead)) or _FACTOR_BOUNDS.get(lead[-1] if lead else "", Bound.EXACT)
        delta = Amount(times, at, at, bound=bound)
        return Comparison(Way.FACTOR, tuple(facets), False, at, end, others, delta)

    # --- holding -----------------------------------------------------------------------------------------------------

    def _values(self, facets: Sequence[Column], items: Sequence[int]) -> tuple[Column, list[float]] | None:
        for facet in facets:
            values = [value for item in items if (value := self._records[item].number(facet)) is not None]
            if len(values) == len(items) and values:
                return facet, values
        return None

    def _more(self, comparison: Comparison, items: Sequence[int], others: Sequence[int]) -> str | None:
        others = [one for one in others if one not in items and all(map(self._records[one].holds, comparison.within))]
        if comparison.within and not others:
            return None
        if not others or not items:
            return "there is nothing to compare with"
        found = self._values(comparison.facets, [*items, *others])
        if found is None:
            return "the values are not known"
        facet, values = found
        ours, theirs = values[: len(items)], values[len(items) :]
        sign = -1 if comparison.less else 1
        worst, best = min(sign * one for one in ours), max(sign * one for one in theirs)
        tied = comparison.way is Way.MOST and worst == best and any(sign * one < worst for one in theirs)
        if not (worst > best or tied):
            return f"the values of {label_of(facet)} say otherwise"
        if comparison.delta is not None and not all(
            _is_apart(comparison.delta, facet, abs(one - other)) for one in ours for other in theirs
        ):
            return f"the difference in {label_of(facet)} is another"
        return None

    def _same(self, comparison: Comparison, items: Sequence[int], others: Sequence[int]) -> str | None:
        together = list(dict.fromkeys([*items, *comparison.than]))
        if len(together) < 2:
            together = list(dict.fromkeys([*items, *others]))
        if len(together) < 2:
            return "there is nothing to compare with"
        if any(self._is_same(facet, together) for facet in comparison.facets):
            return None
        return "they do not have that in common"

    def _is_same(self, facet: Column, items: Sequence[int]) -> bool:
        shown = [item for item in items if self._records[item].known]
        held = [_set_of(self._records[item], facet) for item in shown]
        if len(shown) < len(items):
            titles = {self._records[item].item.title for item in items if item not in shown}
            return any(
                isinstance(fact, SharesWith)
                and fact.title in titles
                and any(name == facet.name for name, _ in fact.shared)
                for item in shown
                for fact in self._records[item].evidence
            )
        return bool(held) and bool(frozenset.intersection(*held))

    def _different(self, comparison: Comparison, items: Sequence[int], others: Sequence[int]) -> str | None:
        together = list(dict.fromkeys([*items, *(comparison.than or (() if len(items) > 1 else others))]))
        for facet in comparison.facets:
            held = [_set_of(self._records[item], facet) for item in together]
            if len(held) > 1 and all(held) and not any(a & b for i, a in enumerate(held) for b in held[i + 1 :]):
                return None
        return "they have that in common, or it is not known"

    def _similar(self, comparison: Comparison, items: Sequence[int], others: Sequence[int]) -> str | None:
        together = list(dict.fromkeys([*items, *(comparison.than or (() if len(items) > 1 else others))]))
        found = self._values([facet for facet in comparison.facets if facet in self._counted], together)
        if found is None:
            return self._same(comparison, items, others)
        least, most = min(found[1]), max(found[1])
        year = found[0].meaning is Meaning.YEAR
        close = most - least <= 3 if year else most - least <= _AS_LITTLE * abs(most)
        return None if len(together) > 1 and close else "the values are not near each other"

    def _factored(self, comparison: Comparison, items: Sequence[int], others: Sequence[int]) -> str | None:
        others = comparison.than or others
        found = self._values(comparison.facets, [*items, *others])
        if found is None or not others or comparison.delta is None:
            return "the values are not known"
        ours, theirs = found[1][: len(items)], found[1][len(items) :]
        if all(theirs) and all(_is_times(comparison.delta, one / other) for one in ours for other in theirs):
            return None
        return f"the values of {label_of(found[0])} say otherwise"


def _times_told(pieces: Sequence[Piece], at: int) -> float | None:
    """How many times as much is meant: by 'half', by 'three times'."""
    if pieces[at].form != "times" or not at:
        return FACTORS.get(pieces[at].form)
    return pieces[at - 1].value or NUMBER_WORDS.get(pieces[at - 1].form)


def _narrowed(pieces: Sequence[Piece], at: int) -> tuple[str, ...]:
    """The words that say among which picks something is the most: 'the lightest of the over-ear pairs'."""
    following = pieces[at : at + _THAN_WITHIN]
    if [piece.form for piece in following[:2]] not in (["of", "the"], ["among", "the"]):
        return ()
    named: list[str] = []
    for piece in following[2:]:
        if not (piece.is_word or piece.text in "-‑") or piece.form in ("at", "with", "and", "is", "here"):
            break
        if piece.is_word and piece.form not in GLUE and piece.value is None:
            named.append(piece.form)
    return tuple(named)


def _is_apart(delta: Amount, facet: Column, apart: float) -> bool:
    unit = unit_of(facet)
    times = 1.0
    if delta.unit and unit and delta.unit != "year":
        factored = factor(delta.unit, unit)
        if factored is None and (delta.unit in MONEY or unit in MONEY):
            return False
        times = factored or 1.0
    if facet.kind is Kind.DATE:
        apart //= 10_000
    bound = Bound.ABOUT if delta.worded and delta.unit == "min" and delta.bound is Bound.EXACT else delta.bound
    scaled = Amount(delta.value * times, delta.first, delta.last, None, bound, delta.upper, delta.decimals)
    return scaled.admits(apart, near=max(0.1 * abs(scaled.value), 1e-6))


def _is_times(times: Amount, ratio: float) -> bool:
    if times.bound is Bound.EXACT:
        return abs(ratio - times.value) <= _EXACT_TIMES * times.value
    return times.admits(ratio, near=_AS_LITTLE * times.value)


def _set_of(record: Record, facet: Column) -> frozenset[object]:
    value = record.item.facets.get(facet.name)
    return frozenset(value) if isinstance(value, tuple) else frozenset() if value is None else frozenset({value})


def _next_word(pieces: Sequence[Piece], at: int) -> tuple[str, int]:
    """The next word, over a hyphen, and where it ends."""
    if at < len(pieces) and pieces[at].text in "-‑":
        at += 1
    return (pieces[at].form, at + 1) if at < len(pieces) else ("", at)
