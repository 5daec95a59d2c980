"""Promise 3 for what a model writes: every claim of a sentence is held against what is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shoptalk.agent.checking import titles_of
from shoptalk.agent.claims.amounts import Amount, Numbers, amounts_in
from shoptalk.agent.claims.asked import Asked, Region
from shoptalk.agent.claims.comparing import Comparing, Comparison
from shoptalk.agent.claims.conduct import misconduct
from shoptalk.agent.claims.days import Day, days_in
from shoptalk.agent.claims.facts import Facts, Run
from shoptalk.agent.claims.mentions import Mentions
from shoptalk.agent.claims.objection import Objection, Wrong
from shoptalk.agent.claims.pieces import Piece, in_words, pieces_of
from shoptalk.agent.claims.records import Record
from shoptalk.agent.claims.sentences import sentences
from shoptalk.agent.claims.stretches import SAID_OF_SOME, Reader, Stretch
from shoptalk.agent.claims.vocabulary import CUES, GLUE, KINDS_OF_THINGS, NEGATORS, TRADE
from shoptalk.agent.explaining import Answer
from shoptalk.agent.tokens import singular
from shoptalk.retrieval.catalog import Item
from shoptalk.retrieval.schema import Meaning

_COUNTS_BEFORE = frozenset("all these those the just only are other here these found have these is show".split())
_COUNTED = TRADE | frozenset(
    "pick option choice suggestion recommendation result match one fit of that which more item these".split()
)
_FEW = 50
_ASKED_LEADS = frozenset({"for", "like", "match", "matching", "matches", "close", "closest", "by", "near", "to"})


@dataclass(frozen=True)
class _Told:
    """What a stretch of a sentence claims; `every`: all numbers of the sentence."""

    pieces: Sequence[Piece]
    stretch: Stretch
    runs: Sequence[Run]
    amounts: Sequence[Amount]
    comparisons: Sequence[Comparison]
    days: Sequence[Day]
    every: Sequence[Amount]


class Claims:
    """Holds sentences of one answer against its evidence. Makes no use of what was asked before: the same sentence
    always gets the same objections."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._picks = len(answer.picks)
        schema = answer.schema
        shown = {pick.item.id for pick in answer.picks}
        records = [Record(schema, pick.item, pick.evidence, pick.reasons) for pick in answer.picks]
        records += [Record(schema, item, (), ()) for key, item in answer.named.items() if item.id not in shown]
        records += [
            Record(schema, item, (), ()) for item in _only_titles(answer, {record.item.title for record in records})
        ]
        self._records = tuple(records)
        self._mentions = Mentions(records, self._picks)
        self._numbers = Numbers(schema)
        self._comparing = Comparing(schema, self._numbers, records, self._picks)
        self._asked = Asked(answer, records)
        names = frozenset(name for name in KINDS_OF_THINGS | TRADE if self._asked.names(name))
        self._facts = Facts(
            schema, records, answer.state.constraints, names, lambda word: self._asked.holds(word, denied=True)
        )

    def objections(self, sentence: str, *, before: str = "") -> tuple[Objection, ...]:
        """What the sentence says without ground; empty: it may be said.

        `before`: what stands right before it in the answer, which tells what 'it' means. A sentence of
        'it' that follows nothing may only be said where there is one pick.
        """
        marked = self._mentions.mark(sentence)
        found = list(marked.objections) + misconduct(marked.text)
        if found:
            return tuple(found)
        pieces = pieces_of(marked.text, marked.namings)
        if len(pieces) > _LONGEST_SENTENCE:
            return (Objection(Wrong.CONDUCT, sentence[:40], "it is too long to be held against anything"),)
        regions = self._asked.regions(pieces)
        reader = Reader(self._picks, self._spoken_of(before), marked.place)
        stretches = reader.read(pieces, {at for region in regions for at in range(region.first, region.last)})
        if self._picks == 1:
            reader.objections += _of_others(pieces)
        return tuple(dict.fromkeys([*reader.objections, *self._held(pieces, stretches, regions)]))

    def _spoken_of(self, before: str) -> tuple[int, ...]:
        """The items that a sentence speaks of first."""
        if not before:
            return ()
        for sentence in reversed(list(sentences([before]))):
            marked = self._mentions.mark(sentence)
            if marked.namings or marked.place is not None:
                stretches = Reader(self._picks, (), marked.place).read(pieces_of(marked.text, marked.namings))
                return stretches[0].items if stretches else ()
        return ()

    def _held(
        self, pieces: Sequence[Piece], stretches: Sequence[Stretch], regions: Sequence[Region]
    ) -> Iterator[Objection]:
        amounts = amounts_in(pieces)
        taken = [False] * len(pieces)
        for region in regions:
            yield from self._asked_wrongly(pieces, region, stretches, amounts)
            taken[region.first : region.last] = [True] * (region.last - region.first)
        days = [day for day in days_in(pieces) if not taken[day.first]]
        for day in days:
            taken[day.first : day.last] = [True] * (day.last - day.first)
        last: Sequence[Run] = ()
        for stretch in stretches:
            told = self._told(pieces, stretch, amounts, days, taken, last)
            last = told.runs or last
            yield from self._identified(pieces, stretch)
            yield from self._stretch(told)

    def _told(
        self,
        pieces: Sequence[Piece],
        stretch: Stretch,
        amounts: Sequence[Amount],
        days: Sequence[Day],
        taken: list[bool],
        last: Sequence[Run],
    ) -> _Told:
        """What a stretch claims; `last`: what the one before it claimed in words."""
        comparisons = list(self._comparing.read(pieces, stretch, amounts, taken))
        counted = [one for one in amounts if one.first in stretch.at and not any(taken[one.first : one.last])]
        for amount in counted:
            counts_people = amount.last < len(pieces) and pieces[amount.last].form in CUES[Meaning.POPULARITY]
            last_of = amount.last + counts_people
            taken[amount.first : last_of] = [True] * (last_of - amount.first)
        here = [day for day in days if day.first in stretch.at]
        runs = self._facts.runs(pieces, stretch.at, taken)
        if not (runs or counted or comparisons or here):
            runs = self._elided(pieces, stretch, last)
        return _Told(pieces, stretch, runs, counted, comparisons, here, amounts)

    def _identified(self, pieces: Sequence[Piece], stretch: Stretch) -> Iterator[Objection]:
        """'[2] is **Alien**', of another pick."""
        for one, other, third in zip(stretch.at, stretch.at[1:], stretch.at[2:], strict=False):
            named, again = pieces[one].items, pieces[third].items
            if named is None or again is None or pieces[other].form not in ("is", "was"):
                continue
            if named.isdisjoint(again):
                yield Objection(Wrong.TITLE, pieces[other].text, "two names of different items stand for one")

    def _elided(self, pieces: Sequence[Piece], stretch: Stretch, last: Sequence[Run]) -> list[Run]:
        """'[1] has a pool, while [2] does not': what is left out is what was said before."""
        forms = [pieces[at].form for at in stretch.at]
        denied = any(form in NEGATORS for form in forms)
        if denied or any(form in ("does", "too", "also", "so", "likewise") for form in forms):
            return [Run(run.at, denied) for run in last]
        return []

    def _asked_wrongly(
        self, pieces: Sequence[Piece], region: Region, stretches: Sequence[Stretch], amounts: Sequence[Amount]
    ) -> Iterator[Objection]:
        stretch = next((one for one in stretches if region.first in one.at), None)
        yield from self._asked.objections(pieces, region, amounts, _items_before(pieces, region.first))
        if (
            stretch is None
            or not region.looks_back
            or region.verb in ("like", "liked", "love", "loved", "seen", "mentioned")
        ):
            return
        before = [at for at in stretch.at if at < region.first and pieces[at].is_word]
        told = [pieces[at].form for at in before if pieces[at].form not in GLUE and pieces[at].value is None]
        counted = [one for one in amounts if one.first in stretch.at and one.first < region.first]
        counted = [one for one in counted if not self._is_count(pieces, stretch, one)]
        met = any(
            self._asked.holds_number(one) or self._asked.met_by(one, [self._records[item] for item in stretch.items])
            for one in counted
        )
        if (told or counted) and not met and not self._asked.met(told):
            yield Objection(
                Wrong.PERSON, in_words(pieces[region.first : region.last]), "the person did not ask for that"
            )

    def _stretch(self, told: _Told) -> Iterator[Objection]:
        pieces, stretch = told.pieces, told.stretch
        for comparison in told.comparisons:
            if why := self._comparing.wrong(comparison, stretch.items):
                yield Objection(Wrong.COMPARISON, in_words(pieces[comparison.at : comparison.end]), why)
        told = replace(told, amounts=[one for one in told.amounts if not self._is_count(pieces, stretch, one)])
        if not stretch.items:
            yield from self._of_nothing(told)
            return
        wrong = {item: list(self._of_item(told, item)) for item in stretch.items}
        if stretch.need is None:
            yield from (objection for objections in wrong.values() for objection in objections)
            yield from self._only(pieces, stretch, told.runs)
            return
        right = sum(not objections for objections in wrong.values())
        if right < 1 or (stretch.need > 1 and right != stretch.need):
            yield Objection(Wrong.COUNT, in_words([pieces[at] for at in stretch.at]), f"it holds for {right} of them")

    def _of_item(self, told: _Told, item: int) -> Iterator[Objection]:
        record, pieces, stretch = self._records[item], told.pieces, told.stretch
        for amount in told.amounts:
            before = range(max(stretch.at[0], amount.first - 3), amount.first)
            denied = any(pieces[at].form in NEGATORS for at in before)
            earlier = self._counted_before(told, amount)
            if self._numbers.holds(pieces, amount, record, earlier=earlier) is denied:
                said = in_words(pieces[amount.first : amount.last])
                yield Objection(Wrong.NUMBER, said, f"that is no number of {record.item.title}")
        for day in told.days:
            if not record.holds_run(day.stems):
                yield Objection(Wrong.NUMBER, " ".join(day.stems), f"that is no day of {record.item.title}")
        for run in told.runs:
            if not (stretch.implicit and self._is_for(pieces, run)):
                yield from self._facts.wrong(pieces, run, item)
        for at in stretch.at:
            if not any(one.at == at for one in told.comparisons):
                yield from self._best(pieces, at, item)

    def _counted_before(self, told: _Told, amount: Amount) -> Amount | None:
        """The number before this one of which it is told what it counts."""
        for one in reversed(told.every):
            if one.last <= amount.first and one.unit != "year" and (one.unit or self._numbers.meant(told.pieces, one)):
                return one
        return None

    def _best(self, pieces: Sequence[Piece], at: int, item: int) -> Iterator[Objection]:
        form = pieces[at].form
        before = pieces[at - 1].form if at else ""
        if form in ("closest", "nearest") and before == "the" and item != 0:
            yield Objection(Wrong.COMPARISON, pieces[at].text, "the first pick is the closest")

    def _is_for(self, pieces: Sequence[Piece], run: Run) -> bool:
        """'Here are three for a quiet evening': in the person's words, said of no pick."""
        first = run.at[0]
        lead = [pieces[at].form for at in range(max(0, first - 4), first)]
        forms = [pieces[at].form for at in run.at if pieces[at].form not in GLUE]
        return not run.denied and bool(_ASKED_LEADS & set(lead)) and all(self._asked.holds(form) for form in forms)

    def _of_nothing(self, told: _Told) -> Iterator[Objection]:
        """No item is meant: all has to be the person's own words, which only an answer without picks may repeat."""
        pieces = told.pieces
        free = self._picks == 0
        for amount in told.amounts:
            of_wishes = free and amount.first > 0 and pieces[amount.first - 1].form == "all"
            if not of_wishes and not (free and self._asked.holds_number(amount)):
                yield Objection(Wrong.NUMBER, in_words(pieces[amount.first : amount.last]), "it cannot be told of what")
        for run in told.runs:
            for at in run.at:
                form = pieces[at].form
                if form in GLUE or (free and (self._asked.holds(form) or self._asked.holds(form, denied=True))):
                    continue
                yield Objection(Wrong.FACT, pieces[at].text, "it cannot be told of which item")

    def _only(self, pieces: Sequence[Piece], stretch: Stretch, runs: Sequence[Run]) -> Iterator[Objection]:
        """'The only one with parking': no other pick may have it."""
        at = next((at for at in stretch.at if pieces[at].form == "only"), None)
        if at is None or not runs:
            return
        lead = pieces[at - 1].form if at else ""
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        trails = at > 0 and pieces[at - 1].items is not None and (after is None or not after.is_word)
        if lead != "the" and not trails and not (after is not None and after.items is not None):
            return
        told = [run for run in runs if trails or run.at[0] > at]
        for item in range(self._picks):
            if told and item not in stretch.items and all(self._is_so(pieces, run, item, stretch) for run in told):
                yield Objection(Wrong.COMPARISON, "only", f"{self._records[item].item.title} is so too")
                return

    def _is_so(self, pieces: Sequence[Piece], run: Run, item: int, stretch: Stretch) -> bool:
        """True if what is said of the stretch's items is so of another too, by the same facet where one tells it."""
        stems = [pieces[at].stem for at in run.at if pieces[at].is_word]
        held = {name for one in stretch.items for name in self._records[one].facets_holding(stems)}
        after = pieces[run.at[-1] + 1].form if run.at[-1] + 1 < len(pieces) else ""
        genres = {facet.name for facet in self._answer.schema.by_meaning(Meaning.GENRE)} & held
        held = genres if genres and after in TRADE else held
        if held and not run.denied:
            return not held.isdisjoint(self._records[item].facets_holding(stems))
        return not any(True for _ in self._facts.wrong(pieces, run, item))

    # --- counts ------------------------------------------------------------------------------------------------------

    def _is_count(self, pieces: Sequence[Piece], stretch: Stretch, amount: Amount) -> bool:
        """True for a number that counts the picks, and counts them right."""
        if amount.unit is not None or not amount.value.is_integer():
            return False
        if (
            stretch.need == amount.value
            and amount.last < len(pieces)
            and pieces[amount.last].form in {"of", *SAID_OF_SOME}
        ):
            return True
        after = [piece.form for piece in pieces[amount.last : amount.last + 3]]
        before = [piece.form for piece in pieces[max(0, amount.first - 2) : amount.first]]
        many, shown, passing = int(amount.value), self._picks, self._answer.passing
        if before[-1:] == ["other"] or after[:1] in (["other"], ["others"]):
            return many == len(stretch.items) or many == shown - 1
        if (
            (
                not stretch.implicit
                and not (before and before[-1] in ("all", "these", "those", "the", "of"))
                and "more" not in after[:1]
            )
            and len(stretch.items) < 2
            and not stretch.need
        ):
            return False
        if after[:1] == ["more"] and "than" not in after[1:2]:
            return many == passing - shown or (many == shown and (self._answer.state.skip_shown or "here" in before))
        counted = {shown, len(stretch.items)} if many <= shown or many <= _FEW else set()
        if before in (["of", "the"], ["between", "the"]):
            return many in counted | {len({*stretch.items, *stretch.beside})}
        if before[-1:] in (["all"], ["these"], ["those"]) or before == ["here", "are"]:
            return many in counted
        counts = (
            bool(before and before[-1] in _COUNTS_BEFORE)
            or any(singular(form) in _COUNTED or form in _COUNTED for form in after)
            or amount.first == 0
        )
        if self._numbers.meant(pieces, amount) is not None and not (
            amount.first == 0 or (before and before[-1] in _COUNTS_BEFORE)
        ):
            return False
        large = {passing} if passing >= shown else set()
        if any(form in ("items", "products", "films", "hotels", "wines", "here") for form in after):
            large |= {self._answer.size}
        return (counts or stretch.implicit) and many in counted | large


_LONGEST_SENTENCE = 200


def _of_others(pieces: Sequence[Piece]) -> Iterator[Objection]:
    """'All others are sold out', where one pick is shown: nothing is known of others."""
    for at, piece in enumerate(pieces):
        after = pieces[at + 1].form if at + 1 < len(pieces) else ""
        lead = {one.form for one in pieces[max(0, at - 3) : at]}
        others = piece.form == "others" or (piece.form == "other" and (after in TRADE or after in ("ones", "one")))
        if others and lead.isdisjoint({"than", "unlike", "from", "among", "to", "like", "with", "no", "show", "for"}):
            yield Objection(Wrong.COUNT, piece.text, "there are no others that anything is known of")


def _items_before(pieces: Sequence[Piece], at: int) -> tuple[int, ...]:
    """The items named last before a place."""
    for there in range(at - 1, -1, -1):
        items = pieces[there].items
        if items is not None:
            return tuple(items)
    return ()


def _only_titles(answer: Answer, known: set[str]) -> Iterator[Item]:
    """Items of which only the title is known: from evidence, from what the person named and we do not have."""
    titles = [title for pick in answer.picks for fact in pick.evidence for title in titles_of(fact)]
    titles += [mention.title for mention in answer.request.mentions]
    for title in dict.fromkeys([*titles, *answer.request.unknown_titles]):
        if title and title not in known:
            yield Item(id=_id_of(answer, title), title=title)


def _id_of(answer: Answer, title: str) -> str:
    facts = (fact for pick in answer.picks for fact in pick.evidence)
    held = next((getattr(fact, "item_id", None) for fact in facts if getattr(fact, "title", None) == title), None)
    said = next((mention.item_id for mention in answer.request.mentions if mention.title == title), None)
    return held or said or f"unknown: {title}"
