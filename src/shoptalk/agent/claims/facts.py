"""Words of a sentence held against a record: names, values, what is denied, and who did what."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from shoptalk.agent.claims.objection import Objection, Wrong
from shoptalk.agent.claims.pieces import Piece, ends_clause, in_words
from shoptalk.agent.claims.records import Record, roots
from shoptalk.agent.claims.vocabulary import (
    ANY_TRADE,
    GLUE,
    IDIOMS,
    KINDS_OF_THINGS,
    MEASURES,
    NEGATING_VERBS,
    NEGATORS,
    PLACES,
    PRAISE,
    PRAISED,
    RESERVED,
    ROLES,
    RUNNING,
    TRADE,
    TRADES,
)
from shoptalk.agent.phrasing import label_of
from shoptalk.agent.tokens import singular, words
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Kind, Meaning, Schema
from shoptalk.retrieval.stopwords import STOP_WORDS

_LONGEST = 7
#: Verbs behind 'and' with which a new statement begins: 'has no pool and is near the sea'.
_NEW_VERB = frozenset(
    """is are was has have runs costs comes offers includes stars weighs lasts sits lies allows stays keeps
    holds features provides it they takes rated carries lists shows says belongs falls holds uses makes comes
    keeps goes welcomes accepts works sits connects serves""".split()
)
_IDIOMS_OF = {word: [idiom for idiom in IDIOMS if word in idiom] for idiom in IDIOMS for word in idiom}
#: Names of things that tell no trade.
_OF_MANY = ANY_TRADE | {"places", "house", "houses"}
_QUOTES = frozenset({"“", "”", '"'})
_LINKS = frozenset({"-", "‑", "'", "’", "“", "”", '"', "/", "&"})
_LINKING = frozenset({"of", "the", "and", "de", "la", "von", "van", "di", "du", "del", "in", "on", "a", "for"})
_TO_ROLE = frozenset({"by", "and", "", "is", "was", "are", "the", "of", "in", "from"})
_ROLE_WITHIN, _DENIED_WITHIN = 14, 5
_NOT_DENYING = (
    ("not", "only"),
    ("not", "just"),
    ("no", "doubt"),
    ("nothing", "but"),
    ("not", "to"),
    ("no", "1"),
    ("not", "far"),
)


@dataclass(frozen=True)
class Run:
    """Words next to each other that claim something: pieces `at`, and whether they are denied."""

    at: tuple[int, ...]
    denied: bool
    quoted: bool = False


class Facts:
    """Holds words against records. `refuses`: whether the person does not want what a word
    names. `names`: words of the person and the shop for what is sold, which tell
    nothing of an item."""

    def __init__(
        self,
        schema: Schema,
        records: Sequence[Record],
        constraints: Sequence[Constraint],
        names: frozenset[str],
        refuses: Callable[[str], bool],
    ) -> None:
        self._refuses = refuses
        self._things = names & KINDS_OF_THINGS
        self._trade = _trade_of(schema, names)
        self._schema = schema
        self._records = records
        self._musts = [
            one for one in constraints if one.must and (one.operator is Operator.IS_NOT or one.value is False)
        ]
        self._known: dict[str, set[str]] = {}
        self._values: dict[str, set[str]] = {}
        for record in records:
            for name, line in record.values.items():
                for value in line.split("|"):
                    self._values.setdefault(value.strip(), set()).add(name)
                    for stem in value.split():
                        self._known.setdefault(stem, set()).add(name)
        for one in constraints:
            if schema.facet(one.facet).kind in (Kind.CATEGORY, Kind.CATEGORIES):
                for asked in one.values:
                    for word in words(str(asked)):
                        self._known.setdefault(singular(word), set()).add(one.facet)
        self._people = [
            facet
            for facet in schema.facets
            if facet.meaning is Meaning.PERSON or facet.kind in (Kind.CATEGORY, Kind.CATEGORIES)
        ]
        self._labels = {facet.name: tuple(singular(one) for one in words(label_of(facet))) for facet in self._people}
        flags = [facet for facet in schema.facets if facet.kind is Kind.FLAG]
        self._flag_words = frozenset(
            singular(one) for facet in flags for one in words(label_of(facet)) if one not in STOP_WORDS
        )

    def runs(self, pieces: Sequence[Piece], at: Sequence[int], taken: Sequence[bool]) -> list[Run]:
        """The claims in words of a stretch: what is neither glue nor taken, with what stands together kept together."""
        denied = self._denied(pieces, at)
        found = [Run(span, denied[span[0]], quoted=True) for span in _quoted(pieces, at, taken)]
        quoted = {there for run in found for there in run.at}
        run: list[int] = []
        for there in at:
            piece = pieces[there]
            claims = piece.is_word and not taken[there] and not self._is_plain(pieces, there, taken)
            claims = claims and there not in quoted
            if claims and run and denied[run[-1]] != denied[there]:
                found.append(Run(tuple(run), denied[run[-1]]))
                run = []
            if claims:
                run.append(there)
            elif run and not (
                piece.text in _LINKS
                or (piece.form in _LINKING and pieces[run[-1]].capital and _next_capital(pieces, there))
            ):
                found.append(Run(tuple(run), denied[run[0]]))
                run = []
            elif run and piece.is_word:
                run.append(there)
        if run:
            found.append(Run(tuple(run), denied[run[0]]))
        return found

    def _is_plain(self, pieces: Sequence[Piece], at: int, taken: Sequence[bool]) -> bool:
        """True for glue, where what stands beside it does not make it a claim."""
        piece = pieces[at]
        after = pieces[at + 1].form if at + 1 < len(pieces) else ""
        if piece.form == "available" and after in ("in", "as", "from"):
            return True
        if any(_is_idiom(pieces, at, idiom) for idiom in _IDIOMS_OF.get(piece.form, ())):
            return True
        if not self._is_glue(piece) or _is_name_part(pieces, at) or _is_compound(pieces, at):
            return False
        after = pieces[at + 1].form if at + 1 < len(pieces) else ""
        if piece.form in PRAISE:
            return (
                after in PRAISED or after in ("starting", "place") or (after == "and" and pieces[at + 2 : at + 3] != [])
            )
        if piece.form in MEASURES:
            return at > 0 and (taken[at - 1] or pieces[at - 1].form in ("how", "as"))
        if piece.form in ("story", "stories") and at and pieces[at - 1].form in ("true", "real"):
            return False
        if piece.form in PLACES:
            return after not in self._trade
        lead = pieces[at - 1].form if at else ""
        if piece.form in RUNNING:
            return lead not in ("for", "the", "a", "as") or after in ("time", "times")
        return not (piece.form == "star" and lead == "a")

    def _is_glue(self, piece: Piece) -> bool:
        form = piece.form
        return (
            (form in GLUE or form in self._things)
            and piece.stem not in self._flag_words
            and (form not in TRADE or form in self._trade)
            and (piece.stem not in self._values or form in STOP_WORDS)
        )

    def _denied(self, pieces: Sequence[Piece], at: Sequence[int]) -> dict[int, bool]:
        found: dict[int, bool] = {}
        on = False
        for there in at:
            piece = pieces[there]
            after = pieces[there + 1].form if there + 1 < len(pieces) else ""
            if (
                ends_clause(piece)
                or piece.form in ("just", "rather", "instead")
                or (piece.text == "," and after not in ("or", "nor", "no", "not"))
            ):
                on = False
            if piece.form == "and" and after in _NEW_VERB:
                on = False
            if (
                (piece.form in NEGATORS or piece.form in NEGATING_VERBS or (piece.form == "free" and after == "of"))
                and (piece.form, after) not in _NOT_DENYING
                and not _is_name_part(pieces, there)
            ):
                on = True
            if piece.form in ("non",) or (piece.form == "free" and after == "of"):
                on = True
            found[there] = on
        return found

    def wrong(self, pieces: Sequence[Piece], run: Run, item: int) -> Iterator[Objection]:
        """What the run says of the item that its record does not."""
        record = self._records[item]
        if run.denied:
            yield from self._wrongly_denied(pieces, run, record)
            return
        said = [there for there in run.at if pieces[there].is_word]
        yield from self._switched_off(pieces, said, record)
        if run.quoted:
            stems = [pieces[there].stem for there in said]
            if not record.holds_run(stems) or (record.facets_holding(stems) and not record.is_value(stems)):
                yield self._torn(pieces, said, record)
            return
        begin = 0
        while begin < len(said):
            length = _longest(pieces, said[begin:], record)
            compound = _compound(pieces, said[begin:])
            part = said[begin : begin + max(length, 1)]
            if len(compound) > max(length, 1) and any(pieces[there].form in GLUE for there in compound):
                yield self._torn(pieces, compound, record)
                begin += len(compound)
                continue
            if objection := next((one for one in map(partial(_ungrounded, pieces, record), part) if one), None):
                yield objection
            if objection := self._of_another_kind(pieces, part, record) or self._untraced(
                pieces, said, begin, length, record
            ):
                yield objection
            elif length:
                yield from self._wrong_role(pieces, part, record)
            begin += max(length, 1)

    def _switched_off(self, pieces: Sequence[Piece], said: Sequence[int], record: Record) -> Iterator[Objection]:
        said_of = {root for there in said for root in roots(pieces[there].form)}
        for off in record.off:
            if off and all(not roots(one).isdisjoint(said_of) for one in off) and not _stands_elsewhere(off, record):
                yield Objection(Wrong.FACT, " ".join(off), f"the record of {record.item.title} says that it is not so")

    def _untraced(
        self, pieces: Sequence[Piece], said: Sequence[int], begin: int, length: int, record: Record
    ) -> Objection | None:
        piece = pieces[said[begin]]
        if length == 0:
            strict = piece.stem in self._flag_words
            if piece.form in _LINKING and not strict:
                return None
            if (not strict and record.holds(piece.form)) or piece.stem in record.stems:
                return None if not _is_torn(pieces, said, begin, 1, record) else self._torn(pieces, said, record)
            return self._unknown(piece.text, piece.form, record)
        if length < 2 and piece.form not in GLUE and _is_torn(pieces, said, begin, length, record):
            return self._torn(pieces, said, record)
        return None

    def _of_another_kind(self, pieces: Sequence[Piece], part: Sequence[int], record: Record) -> Objection | None:
        """'A war film' of what has other genres, and only tells of a war."""
        after = pieces[part[-1] + 1].form if part[-1] + 1 < len(pieces) else ""
        if after not in self._trade:
            return None
        stems = [pieces[there].stem for there in part]
        kinds = (*self._schema.by_meaning(Meaning.GENRE), *self._schema.by_meaning(Meaning.BRAND))
        genres = [facet.name for facet in kinds if facet.name in record.values]
        if record.facets_holding(stems) or not any(name in self._known.get(stems[0], ()) for name in genres):
            return None
        return Objection(Wrong.FACT, " ".join(stems), f"that is no genre of {record.item.title}")

    def _torn(self, pieces: Sequence[Piece], said: Sequence[int], record: Record) -> Objection:
        name = in_words([pieces[there] for there in said])
        return Objection(Wrong.FACT, name, f"nothing that is known of {record.item.title} holds this name")

    def _unknown(self, text: str, form: str, record: Record) -> Objection:
        elsewhere = any(other is not record and other.holds(form) for other in self._records)
        kind = Wrong.SWAPPED if elsewhere else Wrong.FACT
        return Objection(kind, text, f"nothing that is known of {record.item.title} says so")

    def _wrong_role(self, pieces: Sequence[Piece], part: Sequence[int], record: Record) -> Iterator[Objection]:
        """'Directed by' somebody who only acts in it; 'brand' of what is the country."""
        stems = [pieces[there].stem for there in part]
        if all(pieces[there].form in _LINKING for there in part):
            return
        role = self._role_before(pieces, part[0]) or self._made_by(pieces, part[0])
        if role is None:
            return
        word, facets = role
        holding = record.facets_holding(stems)
        named = [name for name in facets if name in record.values]
        if (holding or (named and pieces[part[0]].capital)) and named and holding.isdisjoint(named):
            said = in_words([pieces[there] for there in part])
            yield Objection(Wrong.FACT, f"{word} … {said}", f"that is not what the record of {record.item.title} says")

    def _made_by(self, pieces: Sequence[Piece], at: int) -> tuple[str, list[str]] | None:
        """'By Haldane', 'from Japan': the brand or the place, where items have one."""
        brands = [facet.name for facet in self._schema.by_meaning(Meaning.BRAND)]
        places = [facet.name for facet in self._schema.by_meaning(Meaning.PLACE)]
        lead = pieces[at - 1].form if at else ""
        if lead == "from":
            told = self._known.get(pieces[at].stem, set())
            return (lead, sorted(told)) if told and told <= {*brands, *places} else None
        return (lead, brands) if brands and lead == "by" else None

    def _role_before(self, pieces: Sequence[Piece], at: int) -> tuple[str, list[str]] | None:
        for there in range(at - 1, max(-1, at - _ROLE_WITHIN), -1):
            piece = pieces[there]
            after = pieces[there + 1].form
            called = self._facets_of_role(piece, f"{piece.form} {after}" if after in ("in", "from") else piece.form)
            if called:
                return piece.text, called
            if piece.capital or (piece.form in _TO_ROLE and piece.items is None and not ends_clause(piece)):
                continue
            if piece.text == ":" and there:
                continue
            return None
        return None

    def _facets_of_role(self, piece: Piece, said: str) -> list[str]:
        if not piece.is_word:
            return []
        beginnings: tuple[str, ...] = ROLES.get(said) or ROLES.get(piece.form) or ()
        by_role = [
            name
            for name, label in self._labels.items()
            if any(one.startswith(beginning) for one in label for beginning in beginnings)
        ]
        if by_role or piece.form in STOP_WORDS:
            return by_role
        return [name for name, label in self._labels.items() if label[-1:] == (piece.stem,)]

    # --- denials -----------------------------------------------------------------------------------------------------

    def _wrongly_denied(self, pieces: Sequence[Piece], run: Run, record: Record) -> Iterator[Objection]:
        said = [pieces[there] for there in run.at if pieces[there].is_word and pieces[there].form not in _LINKING]
        stems = [piece.stem for piece in said]
        if not stems or self._is_off(stems, record) or _stands_so(pieces, run, record):
            return
        if self._stands_denied(stems, record) or self._is_another(pieces, run, stems, record):
            return
        compounds = [part for at in run.at if len(part := _compound(pieces, [one for one in run.at if one >= at])) > 1]
        whole = {there for part in compounds if self._is_other(pieces, part, record) for there in part}
        for there in run.at:
            piece = pieces[there]
            if there not in whole and piece in said and not self._is_absent(piece, record):
                yield Objection(
                    Wrong.DENIAL, piece.text, f"the record of {record.item.title} does not say that it is not so"
                )

    def _is_off(self, stems: Sequence[str], record: Record) -> bool:
        held = {root for stem in stems for root in roots(stem)}
        return any(
            off
            and (
                all(not roots(one).isdisjoint(held) for one in off)
                or all(any(not roots(stem).isdisjoint(roots(one)) for one in off) for stem in stems)
            )
            for off in record.off
        )

    def _stands_denied(self, stems: Sequence[str], record: Record) -> bool:
        runs = [
            ("no", *stems),
            ("not", *stems),
            ("not", "a", *stems),
            ("without", *stems),
            ("without", "a", *stems),
            (*stems, "free"),
            ("non", *stems),
        ]
        return any(record.holds_run(one) for one in runs)

    def _is_another(self, pieces: Sequence[Piece], run: Run, stems: Sequence[str], record: Record) -> bool:
        """True for a whole value, genre or name that the item has not, though a word of it stands in its record."""
        after = pieces[run.at[-1] + 1].form if run.at[-1] + 1 < len(pieces) else ""
        facets = self._values.get(" ".join(stems), set())
        if after in self._trade or after == "genre":
            facets = facets & {facet.name for facet in self._schema.by_meaning(Meaning.GENRE)}
        elif len(stems) > 1 and all(pieces[there].capital for there in run.at if pieces[there].is_word):
            facets = facets | {name for stem in stems for name in self._known.get(stem, ())}
        elif len(stems) < 2:
            return False
        held = facets & set(record.values)
        return bool(held) and held.isdisjoint(record.facets_holding(stems))

    def _is_other(self, pieces: Sequence[Piece], part: Sequence[int], record: Record) -> bool:
        """True for a compound that is a value of a facet of which the item has another: 'over-ear'."""
        stems = [pieces[there].stem for there in part]
        return not record.holds_run(stems) and any(
            name in record.values for stem in stems if stem not in STOP_WORDS for name in self._known.get(stem, ())
        )

    def _is_absent(self, piece: Piece, record: Record) -> bool:
        """True if the item is known not to be what the word says: its facet is told, and holds other values."""
        if piece.stem in record.stems or record.holds(piece.form):
            return False
        if piece.capital and self._refuses(piece.form) and record.known:
            return True
        refused = any(
            piece.stem in {singular(word) for value in (*one.values, one.words) for word in words(str(value))}
            for one in self._musts
        )
        return refused or any(name in record.values for name in self._known.get(piece.stem, ()))


def _is_idiom(pieces: Sequence[Piece], at: int, idiom: Sequence[str]) -> bool:
    """True for a word of a phrase that claims nothing: the 'top' of 'on top'."""
    start = at - list(idiom).index(pieces[at].form)
    return start >= 0 and [piece.form for piece in pieces[start : start + len(idiom)]] == list(idiom)


def _is_name_part(pieces: Sequence[Piece], at: int) -> bool:
    """True for the words of 'Not Rated' within a sentence: a name that begins with a denial, and denies nothing."""
    for first in (at, at - 1):
        if 0 < first < len(pieces) - 1 and pieces[first].form in NEGATORS:
            opens = pieces[first - 1].text in ".:;!?\n"
            return not opens and pieces[first].capital and pieces[first + 1].capital
    return False


def _is_compound(pieces: Sequence[Piece], at: int) -> bool:
    """True for a part of a word with hyphens: of 'over-ear'."""
    return len(_compound(pieces, [at, at + 2])) > 1 or (at > 1 and len(_compound(pieces, [at - 2, at])) > 1)


def _compound(pieces: Sequence[Piece], said: Sequence[int]) -> Sequence[int]:
    """The first of the words, with those that hyphens join to it."""
    length = 1
    while length < len(said) and said[length] < len(pieces):
        one, link, other = pieces[said[length - 1]], pieces[said[length - 1] + 1], pieces[said[length]]
        touch = one.start + len(one.text) == link.start and link.start + 1 == other.start
        if said[length] - said[length - 1] != 2 or link.text not in "-‑" or not touch:
            break
        if one.value is not None or other.value is not None or not (one.is_word and other.is_word):
            break
        length += 1
    return said[:length]


def _quoted(pieces: Sequence[Piece], at: Sequence[int], taken: Sequence[bool]) -> list[tuple[int, ...]]:
    """The words between each two quotation marks, where none of them is taken."""
    found, start = [], -1
    for there in at:
        if pieces[there].text not in _QUOTES:
            continue
        span = tuple(one for one in range(start + 1, there) if pieces[one].is_word)
        if start >= 0 and span and not any(taken[one] for one in span):
            found.append(span)
        start = -1 if start >= 0 else there
    return found


def _ungrounded(pieces: Sequence[Piece], record: Record, at: int) -> Objection | None:
    """What a shop tells, and no text about an item: stock, discounts, awards."""
    piece = pieces[at]
    after = pieces[at + 1].form if at + 1 < len(pieces) else ""
    reserved = piece.stem in RESERVED or (piece.form == "sold" and after == "out")
    reserved = reserved or (piece.form == "stock" and at > 0 and pieces[at - 1].form in ("in", "of"))
    reserved = reserved or (piece.form == "best" and (after in GLUE or not after))
    if not reserved or piece.stem in record.sure:
        return None
    return Objection(Wrong.FACT, piece.text, f"only a facet of {record.item.title} could tell so, and none does")


def _stands_so(pieces: Sequence[Piece], run: Run, record: Record) -> bool:
    """True if the record itself says it with the same denial: 'who will not take payoffs'."""
    first, last = run.at[0], run.at[-1] + 1
    for start in range(first - 1, max(-1, first - _DENIED_WITHIN), -1):
        if pieces[start].form in NEGATORS:
            return record.holds_run(piece.stem for piece in pieces[start:last] if piece.is_word)
    return False


def _trade_of(schema: Schema, names: frozenset[str]) -> frozenset[str]:
    """What the things of this shop may be called: names of its trade, of any trade where nothing tells which it is."""
    labels = {word for column in schema.columns for word in (*words(column.name), *words(column.label))}
    found = [trade for trade in TRADES if (trade - _OF_MANY) & (labels | names)]
    return frozenset(ANY_TRADE.union(*found)) if found else TRADE


def _longest(pieces: Sequence[Piece], said: Sequence[int], record: Record) -> int:
    """How many of the words, from the first on, stand in the record next to each other."""
    for length in range(min(len(said), _LONGEST), 0, -1):
        ends_open = length > 1 and pieces[said[length - 1]].form in _LINKING
        if not ends_open and record.holds_run(pieces[there].stem for there in said[:length]):
            return length
    return 0


def _is_torn(pieces: Sequence[Piece], said: Sequence[int], begin: int, length: int, record: Record) -> bool:
    """True for a part of a name that does not stand in the record together with the rest of it."""
    here = pieces[said[begin]]
    if not here.capital:
        return False
    after = begin + max(length, 1)
    follows = after < len(said) and _touch(pieces, said[after - 1], said[after])
    leads = begin > 0 and _touch(pieces, said[begin - 1], said[begin])
    if not (follows or leads):
        return False
    return not record.is_value([pieces[there].stem for there in said[begin:after]])


def _touch(pieces: Sequence[Piece], one: int, other: int) -> bool:
    """True for two capitalised words with nothing but a hyphen between."""
    between = all(piece.text in "-‑'’" for piece in pieces[one + 1 : other])
    return (
        between
        and pieces[one].capital
        and pieces[other].capital
        and pieces[one].form not in GLUE
        and pieces[other].form not in GLUE
    )


def _next_capital(pieces: Sequence[Piece], at: int) -> bool:
    return at + 1 < len(pieces) and (
        pieces[at + 1].capital or (pieces[at + 1].form in _LINKING and at + 2 < len(pieces) and pieces[at + 2].capital)
    )


def _stands_elsewhere(off: Sequence[str], record: Record) -> bool:
    return len(off) == 1 and record.holds_run(off) and any(f" {off[0]} " in line for line in record.values.values())
