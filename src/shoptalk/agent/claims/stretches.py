"""Of which items each part of a sentence speaks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from shoptalk.agent.claims.objection import Objection, Wrong
from shoptalk.agent.claims.pieces import Piece, ends_clause
from shoptalk.agent.claims.vocabulary import GLUE
from shoptalk.agent.words import NUMBER_WORDS

_TO_OBJECT = frozenset("than like unlike with to as after alongside beside besides versus vs from over against".split())
_BETWEEN = frozenset("and or nor as well & , / the both".split())
_POINTING = frozenset({"they", "these", "those", "each", "all", "both", "neither", "none", "every", "any", "either"})
_IT = frozenset({"it", "its", "this", "that", "he", "she"})
_OF = frozenset({"these", "those", "them", "the", "all", "my", "your", "our"})
_APPOSED = frozenset({"at", "which", "whose", "with"})
_OPENING = frozenset("and so but which since because as while whereas though".split())
_AGAINST = frozenset({"against", "versus", "vs"})
_LEADING = frozenset("at with for if in by from being as on costing running".split())
#: What stands behind a number of picks: 'two are in Rome, one in Milan'.
SAID_OF_SOME = frozenset("are is were was have has in from come comes offer offers allow allows run runs cost".split())
_PARTING = frozenset({",", ";", ":", "and"})
_WORTH = 8


@dataclass
class Stretch:
    """Pieces that speak of the same items.

    `items`: which records; `need`: how many of them it has to hold for, None: all; `named`: items that it names
    besides;
    `beside`: where it names none, those that the rest of the sentence names.
    `implicit`: no item is named, so that all picks are meant. `known` is False where it cannot be told who is meant.
    """

    items: tuple[int, ...]
    at: list[int] = field(default_factory=list)
    need: int | None = None
    named: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    implicit: bool = False


@dataclass(frozen=True)
class _Group:
    start: int
    end: int
    items: tuple[int, ...]
    is_object: bool
    need: int | None = None


class Reader:
    """Reads who is spoken of. `picks`: how many there are; `before`: the items that the sentence before spoke of."""

    def __init__(self, picks: int, before: tuple[int, ...], place: int | None) -> None:
        self._all = tuple(range(picks))
        self._before = before
        self._place = place
        self.objections: list[Objection] = []

    def read(self, pieces: Sequence[Piece], told_of_person: Collection[int] = ()) -> list[Stretch]:
        """The stretches of the sentence, in order; `objections` then holds counts and pointings that are wrong.

        `told_of_person`: pieces that speak of the person; items named there are not spoken of by the rest.
        """
        groups = self._groups(pieces, told_of_person)
        subjects = [group for group in groups if not group.is_object]
        default = self._default(pieces, bool(subjects))
        found: list[Stretch] = []
        for first, last in _clauses(pieces):
            inside = [group for group in subjects if first <= group.start < last]
            current = inside[0] if inside else None
            if current is None:
                items, need = (found[-1].items, found[-1].need) if found else (default, None)
            else:
                items, need = current.items, current.need
            stretch = Stretch(items, need=need, implicit=not (inside or subjects) and items == self._all)
            coming = inside[1:]
            for at in range(first, last):
                if coming and at >= _handed_over(pieces, coming[0], first):
                    found.append(stretch)
                    stretch = Stretch(coming[0].items, need=coming[0].need)
                    coming = coming[1:]
                stretch.at.append(at)
            found.append(stretch)
        return self._with_objects(pieces, groups, [one for one in found if one.at])

    def _default(self, pieces: Sequence[Piece], named: bool) -> tuple[int, ...]:
        if self._place is not None and 1 <= self._place <= len(self._all):
            return (self._place - 1,)
        pointed = next((piece.form for piece in pieces if piece.is_word), "") in _IT
        pointed = pointed or (bool(self._before) and bool(pieces) and pieces[0].text in "-•*")
        if len(self._all) == 1:
            return self._all
        if self._before and (pointed or any(piece.form in ("it", "its") for piece in pieces)):
            return self._before
        return () if pointed and not named else self._all

    def _groups(self, pieces: Sequence[Piece], told_of_person: Collection[int]) -> list[_Group]:
        found: list[_Group] = []
        at = 0
        while at < len(pieces):
            group = self._naming(pieces, at, found) or self._pointing(pieces, at, found)
            if group:
                found.append(replace(group, is_object=True) if group.start in told_of_person else group)
            at = group.end if group else at + 1
        subjects = [group for group in found if not group.is_object]
        lone = found[-1] if found and not subjects else None  # 'I would go with [2]' speaks of it
        if lone and lone.start not in told_of_person and max(lone.items, default=0) < len(self._all):
            found[-1] = _Group(lone.start, lone.end, lone.items, False)
        return found

    def _naming(self, pieces: Sequence[Piece], at: int, found: Sequence[_Group]) -> _Group | None:
        first = pieces[at].items
        if first is None:
            return None
        lead = next(
            (piece for piece in reversed(pieces[max(0, at - 3) : at]) if piece.form not in ("the", "both", "either")),
            None,
        )
        is_object = lead is not None and (lead.form in _TO_OBJECT or (lead.form == "of" and bool(found)))
        if (
            is_object
            and lead is not None
            and lead.form in ("as", "from", "with")
            and not found
            and _is_lone(pieces, at + 1)
        ):
            is_object = False
        named = _together(pieces, at, commas=not is_object)
        items = sorted({item for there in named for item in pieces[there].items or ()})
        return _Group(at, named[-1] + 1, tuple(items), is_object)

    def _pointing(self, pieces: Sequence[Piece], at: int, found: Sequence[_Group]) -> _Group | None:
        form = pieces[at].form
        after = pieces[at + 1].form if at + 1 < len(pieces) else ""
        beyond = pieces[at + 2].form if at + 2 < len(pieces) else ""
        lead = pieces[at - 1].form if at else ""
        if (
            (form in NUMBER_WORDS or form in ("most", "some") or pieces[at].value is not None)
            and after == "of"
            and beyond in _OF
        ):
            many = NUMBER_WORDS.get(form, int(pieces[at].value or 0))
            many = len(self._all) // 2 + 1 if form == "most" else 1 if form == "some" else many
            return (
                _Group(at, at + 3, self._all, False, need=many)
                if all(group.is_object for group in found) and lead not in ("all", "both")
                else None
            )
        some = NUMBER_WORDS.get(form)
        if some and some < len(self._all) and after in SAID_OF_SOME and (not at or pieces[at - 1].text in _PARTING):
            return _Group(at, at + 1, self._all, False, need=some)
        if form in ("former", "latter") and len(held := [group for group in found if group.items]) >= 2:
            return _Group(at, at + 1, held[0 if form == "former" else 1].items, False)
        others = form in ("others", "rest") or (form == "other" and after in GLUE)
        if others and lead in ("the", "two", "three") and found:
            rest = tuple(one for one in self._all if one not in {item for group in found for item in group.items})
            before = next(
                (
                    piece.form
                    for piece in reversed(pieces[max(0, at - 3) : at])
                    if piece.form not in ("the", "two", "three")
                ),
                "",
            )
            return _Group(at, at + 1, rest, before in (*_TO_OBJECT, "of")) if rest else None
        if form in _POINTING and not (form == "both" and (after in ("a", "an") or not self._all)):
            return self._all_of_them(pieces, at, found, after)
        return None

    def _all_of_them(self, pieces: Sequence[Piece], at: int, found: Sequence[_Group], after: str) -> _Group | None:
        form = pieces[at].form
        if form in ("any", "either"):
            return None
        if _next_naming(pieces, at + 1) == at + 1:
            return None
        if form == "all" and after in ("but", "except") and at + 2 < len(pieces) and pieces[at + 2].items is not None:
            named = _together(pieces, at + 2, commas=True)
            left_out = {item for there in named for item in pieces[there].items or ()}
            return _Group(at, named[-1] + 1, tuple(one for one in self._all if one not in left_out), False)
        within = form in ("each", "every") and at > 0 and pieces[at - 1].items is None
        if after == "other" or within or not _opens_statement(pieces, at, found):
            return None
        lead = pieces[at - 1].form if at else ""
        if lead in ("of", "among", "than", "between") and form in ("these", "those", "all"):
            return None
        last = next((group for group in reversed(found) if not group.is_object and len(group.items) > 1), None)
        items = last.items if last and form in ("both", "all", "each", "they", "neither") else self._all
        if form == "they" and not last and self._before and len(self._before) > 1:
            items = self._before
        if form in ("both", "neither") and len(items) != 2:
            self.objections.append(Objection(Wrong.COUNT, form, f"it speaks of {len(items)} items"))
        return _Group(at, at + 1, items, False)

    def _with_objects(self, pieces: Sequence[Piece], groups: Sequence[_Group], found: list[Stretch]) -> list[Stretch]:
        """What stands right behind an item that is only compared with speaks of that item: 'than [2] ($30)'."""
        objects = [group for group in groups if group.is_object]
        apposed: list[Stretch] = []
        for stretch in found:
            for at in list(stretch.at):
                if pieces[at].items is not None and (bracketed := _in_brackets(pieces, at + 1, stretch.at)):
                    stretch.at = [one for one in stretch.at if one not in bracketed]
                    apposed.append(Stretch(tuple(sorted(pieces[at].items or ())), at=bracketed))
            inside = [group for group in objects if stretch.at[0] <= group.start <= stretch.at[-1]]
            stretch.named = tuple(item for group in inside for item in group.items)
            for group in inside:
                own = _apposed(pieces, group.end, stretch.at[-1] + 1)
                if own:
                    stretch.at = [at for at in stretch.at if at not in own]
                    apposed.append(Stretch(group.items, at=list(own)))
            if (own := _set_against(pieces, stretch.at)) and not stretch.implicit:
                rest = stretch.named or tuple(one for one in self._all if one not in stretch.items)
                stretch.at = [at for at in stretch.at if at not in own]
                apposed.append(Stretch(rest, at=list(own)))
            every = (item for group in groups for item in group.items if item not in stretch.items)
            stretch.beside = stretch.named or tuple(dict.fromkeys(every))
        return [stretch for stretch in (*found, *apposed) if stretch.at]


def _opens_statement(pieces: Sequence[Piece], at: int, found: Sequence[_Group]) -> bool:
    """True where a subject may stand: at the beginning, behind a mark or 'and', right behind an item's name."""
    lead = pieces[at - 1] if at else None
    if lead is None or lead.items is not None or not lead.is_word:
        return True
    return lead.form in _OPENING and (lead.form != "and" or bool(found) or at > 1)


def _in_brackets(pieces: Sequence[Piece], at: int, inside: Sequence[int]) -> list[int]:
    """What stands in brackets right behind the naming of an item: '(1987) (96 min)'."""
    last = at
    while last < len(pieces) and pieces[last].text == "(":
        last = next((there + 1 for there in range(last, len(pieces)) if pieces[there].text == ")"), len(pieces))
    return [there for there in inside if at <= there < last]


def _apposed(pieces: Sequence[Piece], at: int, last: int) -> range:
    if at >= last:
        return range(0)
    possessive = pieces[at].text in "'’" and at + 1 < last and pieces[at + 1].form == "s"
    comma = pieces[at].text == "," and at + 1 < last and pieces[at + 1].form in ("which", "a", "an")
    if possessive or comma or pieces[at].form in _APPOSED:
        start = at + 1 if comma else at
        end = next((i for i in range(start + 1, last) if pieces[i].text == ","), last)
        return range(start, end)
    return range(0)


def _set_against(pieces: Sequence[Piece], at: Sequence[int]) -> range:
    """'12 hours against 6': what the others have."""
    for there in at:
        if pieces[there].form in _AGAINST and there + 1 < len(pieces):
            after = pieces[there + 1]
            if after.value is not None or after.form in NUMBER_WORDS or after.text in "$€£¥":
                end = next((i for i in at if i > there and pieces[i].text in (",", ")")), at[-1] + 1)
                return range(there, end)
    return range(0)


def _is_lone(pieces: Sequence[Piece], end: int) -> bool:
    return not any(piece.items is not None for piece in pieces[end:])


def _together(pieces: Sequence[Piece], at: int, *, commas: bool) -> list[int]:
    """The namings from here on that are joined: '[1], [2] and [3]', but not 'Unlike [1], [2]'."""
    named = [at]
    joined = 1
    while (there := _next_naming(pieces, named[-1] + 1)) is not None:
        link = [piece.form or piece.text for piece in pieces[named[-1] + 1 : there]]
        if "," in link and not commas and not {"and", "or", "nor"} & set(link):
            break
        named.append(there)
        if not link or {"and", "or", "nor", "&", "/", "as"} & set(link):
            joined = len(named)
    return named[:joined]


def _next_naming(pieces: Sequence[Piece], at: int) -> int | None:
    """The next naming, if only 'and' or a comma stands before it."""
    while at < len(pieces) and pieces[at].text == "(":
        at = next((there + 1 for there in range(at, len(pieces)) if pieces[there].text == ")"), len(pieces))
    for there in range(at, min(at + 5, len(pieces))):
        if pieces[there].items is not None:
            return there
        if pieces[there].form not in _BETWEEN and pieces[there].text not in _BETWEEN:
            return None
    return None


def _clauses(pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    found, first = [], 0
    for at, piece in enumerate(pieces):
        if at and piece.form == "but" and pieces[at - 1].form == "all":
            continue  # 'all but [1]'
        if ends_clause(piece) and at > first and any(one.is_word or one.items is not None for one in pieces[at + 1 :]):
            found.append((first, at))
            first = at
    return [*found, (first, len(pieces))]


def _handed_over(pieces: Sequence[Piece], group: _Group, first: int) -> int:
    """Where the part that speaks of a later subject begins: at its name, or at 'and at 90 minutes' right before it."""
    for at in range(group.start - 1, max(first, group.start - _WORTH), -1):
        if pieces[at].text == "," or pieces[at].form == "and":
            if [piece.form for piece in pieces[at + 1 : group.start]] in (["and", "so", "does"], ["so", "does"]):
                return at
            if pieces[group.start - 1].form in ("is", "was") and pieces[at + 1].form in ("the", "and"):
                return at  # ', and the longest is [3]'
            lead = at + 1
            while lead < group.start and pieces[lead].form in ("and", "but"):
                lead += 1
            if lead < group.start and pieces[lead].form in _LEADING:
                return at
            if pieces[at].text == "," and at < group.start - 1:
                continue
    return group.start
