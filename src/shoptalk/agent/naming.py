"""Items that a message names, by title or by place on the table, and how the person stands to each."""

import re
from collections.abc import Mapping, Sequence

from shoptalk.agent.cues import Cues
from shoptalk.agent.lexicon import Lexicon
from shoptalk.agent.parts import Parts
from shoptalk.agent.sentence import Sentence
from shoptalk.agent.spotting import Spot, Spotting, year_at
from shoptalk.agent.state import TalkState
from shoptalk.agent.titles import Titles, keys_of
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import (
    FILLER,
    NUMBER_WORDS,
    ORDINALS,
    REFERRING,
    STANCE_AFTER,
    STANCE_BEFORE,
)
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Mention, Stance

_QUOTED = re.compile(r"[\"“«]([^\"”»]{2,80})[\"”»]")
_BEFORE = {Stance(stance): Cues(cues) for stance, cues in STANCE_BEFORE.items()}
_AFTER = {Stance(stance): Cues(cues) for stance, cues in STANCE_AFTER.items()}
_LEAD_IN = frozenset(
    {
        "the",
        "a",
        "an",
        "film",
        "movie",
        "called",
        "really",
        "also",
        "both",
        "either",
        "old",
        "original",
        "films",
        "movies",
    }
)
_DETERMINERS = frozenset({"my", "that", "this", "your", "some", "first", "new"})
_IN_PART, _SEVERAL_WORDS = 0.7, 2
_ENDS_TITLE = frozenset(
    """but with without from under over that which who only except please starring directed than however though so
    because     where when minus plus and or""".split()
)
_ITEM_NOUNS = frozenset(
    {
        "one",
        "film",
        "movie",
        "pick",
        "option",
        "hotel",
        "product",
        "result",
        "suggestion",
        "item",
        "recommendation",
        "ones",
    }
)
_BOUNDING = frozenset("after before since until till under over than above below from between".split())
_VALUE_BEFORE = 3
_LONGEST_TITLE = 10
_FEW_WORDS, _MOST_QUOTED = 4, 8  # 'than the old film X'; titles in quotes that are held against every title


class Naming:
    """Finds the items named in a sentence. It takes the words it understood, so that they name nothing else."""

    def __init__(self, catalog: Catalog, lexicon: Lexicon) -> None:
        self._catalog = catalog
        self._lexicon = lexicon
        self.titles = Titles(catalog)
        self._labels = frozenset(word for facet in catalog.schema.facets for word in words(facet.label or facet.name))
        self._parts = Parts(catalog, lexicon)
        self._spotting = Spotting(catalog, lexicon, self.titles)

    def mentions(self, sentence: Sentence, state: TalkState) -> tuple[list[Mention], list[str]]:
        """The items named, in the order of the message, and the titles asked for that the shop does not have."""
        found, unknown = self._quoted(sentence)
        found += self._several_references(sentence, state)
        spots = {spot.at: spot for spot in self._spotting.spots(sentence)}
        for at in range(len(sentence)):
            stance, length = _cue_at(sentence, at)
            if stance is None or not sentence.free(at, length):
                continue
            named = self._after_cue(sentence, at + length, stance, state, spots)
            named = named or self._in_part(sentence, at + length, stance)
            if named:
                sentence.take(at, length)
                found += named
            elif missing := self._unknown(sentence, at + length, stance):
                unknown.append(missing)
        found += self._references(sentence, state)
        found += self._bare_titles(sentence, spots)
        return sorted(found, key=lambda mention: mention.span or (0, 0)), unknown

    def anchor(self, sentence: Sentence, at: int, state: TalkState) -> tuple[str | None, int]:
        """The item that 'than ...' measures against: its id and how many words name it, 'than' included."""
        if sentence.forms[at : at + 1] not in (["than"], ["as"], ["to"], ["of"]):
            return None, 0
        place, length = self._reference_at(sentence, at + 1, state)
        if place:
            return place, length + 1
        spots = {spot.at: spot for spot in self._spotting.spots(sentence, at + 1, at + 1 + _FEW_WORDS)}
        skip, spot = self._spot_at(sentence, at + 1, spots)
        return (self._catalog.ids[spot.row], 1 + skip + spot.length) if spot else (None, 0)

    def subject(self, state: TalkState) -> str | None:
        """The item that is spoken of where none is named: the one in focus, else the first on the table."""
        return next((one for one in (state.focus, *state.table[:1]) if one in self._catalog), None)

    def _quoted(self, sentence: Sentence) -> tuple[list[Mention], list[str]]:
        found, unknown = [], []
        for number, match in enumerate(_QUOTED.finditer(sentence.message)):
            said = words(match[1])
            row = self.titles.exact(said) if said else None
            near = self.titles.closest(said) if said and row is None and number < _MOST_QUOTED else None
            inside = [i for i, token in enumerate(sentence.tokens) if match.start() <= token.start < match.end()]
            if not inside:
                continue
            stance = self._stance_around(sentence, inside[0], inside[-1] + 1)
            if row is None and near is None:
                unknown.append(match[1])
                continue
            row, confidence = (row, 1.0) if row is not None else (near or (0.0, 0))[::-1]
            length = self._year_length(sentence, inside[-1] + 1)
            found.append(self._mention(sentence, inside[0], len(inside) + length, row, stance, confidence))
            sentence.take(inside[0], len(inside) + length)
        return found, unknown

    def _after_cue(
        self, sentence: Sentence, at: int, stance: Stance, state: TalkState, spots: Mapping[int, Spot]
    ) -> list[Mention]:
        """What stands right after a cue: a place on the table, or one or several titles."""
        item_id, length = self._reference_at(sentence, at, state)
        if stance is Stance.ASKED and sentence.forms[at : at + 1] == ["its"]:  # 'what is its phone number'
            item_id, length = self.subject(state), 1
        if item_id:
            sentence.take(at, length)
            return [self._of_id(sentence, at, length, item_id, stance)]
        found: list[Mention] = []
        while at < len(sentence):
            skip, spot = self._spot_at(sentence, at, spots)
            if spot is None:
                break
            length = spot.length + self._year_length(sentence, spot.end)
            found.append(self._mention(sentence, spot.at, length, spot.row, stance, spot.confidence))
            sentence.take(at, skip + length)
            at = _next_in_list(sentence, spot.at + length)
        return found

    def _spot_at(self, sentence: Sentence, at: int, spots: Mapping[int, Spot]) -> tuple[int, Spot | None]:
        """The title that stands here, after 'the film' and the like, and how many such words there are."""
        skip = 0
        while at + skip < len(sentence):
            spot = spots.get(at + skip)
            if spot is not None and sentence.free(spot.at, spot.length):
                return skip, spot
            if sentence.forms[at + skip] not in _LEAD_IN:
                break
            skip += 1
        form = sentence.forms[at + skip] if at + skip < len(sentence) else ""
        model = self.titles.model(form) if form else None
        if model is None or not sentence.free(at + skip):
            return 0, None
        return skip, Spot(at + skip, 1, model, 0, 1.0, {})

    def _in_part(self, sentence: Sentence, at: int, stance: Stance) -> list[Mention]:
        """A plain title, or a part of one, right behind words that tell how the person stands to an item.

        What was seen or is owned is an item, even where its title is also a value; what is liked may be a kind.
        """
        is_sure, begin = stance in (Stance.SEEN, Stance.OWNED), at
        while at < len(sentence) and (sentence.forms[at] in _LEAD_IN or sentence.forms[at] in _DETERMINERS):
            at += 1
        rows, length = self._whole(sentence, at, begin) if is_sure else self._near_whole(sentence, at, stance)
        if not rows:
            felt = stance in (Stance.LIKED, Stance.DISLIKED) and "the" in sentence.forms[begin:at]
            rows, length = self._parts.named(sentence, at, is_sure=is_sure or felt)
        if stance in (Stance.SIMILAR, Stance.ASKED):
            rows = rows[:1]
        found = [self._mention(sentence, at, length, row, stance, _IN_PART) for row in rows]
        if found:
            sentence.take(begin, at - begin + length)
        return found

    def _whole(self, sentence: Sentence, at: int, begin: int) -> tuple[tuple[int, ...], int]:
        """The title that the words up to the end of the clause, or to a plain word, are; no kind: 'seen a western'."""
        if {"a", "an"} & set(sentence.forms[begin:at]):
            return (), 0
        for past in range(min(sentence.clause_end(at) if at < len(sentence) else at, at + _LONGEST_TITLE), at, -1):
            ends = past == len(sentence) or sentence.starts_clause[past] or sentence.forms[past] in FILLER
            forms = sentence.forms[at:past]
            if ends and sentence.free(at, past - at) and not all(form in FILLER for form in forms):
                row = self.titles.exact(forms)
                if row is not None:
                    return (row,), past - at
        return (), 0

    def _near_whole(self, sentence: Sentence, at: int, stance: Stance) -> tuple[tuple[int, ...], int]:
        """'Do you have a peace lilly': the words up to the end of the clause are a title of several, a letter off."""
        end = sentence.clause_end(at) if at < len(sentence) else at
        forms = sentence.forms[at:end]
        if stance is not Stance.ASKED or len(forms) < _SEVERAL_WORDS or not sentence.free(at, end - at):
            return (), 0
        if self._lexicon.names_value(forms) or all(form in FILLER for form in forms):
            return (), 0
        like = self.titles.like(keys_of(forms), typos=1)
        return ((self.titles.best([row for row, _ in like.rows], dict(like.rows)),), end - at) if like else ((), 0)

    def _unknown(self, sentence: Sentence, at: int, stance: Stance) -> str | None:
        """Words that were clearly meant as a title, and that no item has."""
        while at < len(sentence) and sentence.forms[at] in _LEAD_IN and not sentence.tokens[at].capital:
            at += 1
        end = _title_end(sentence, at)
        if stance not in (Stance.SIMILAR, Stance.ASKED, Stance.LIKED) or at >= end or not sentence.free(at, end - at):
            return None
        if (
            not sentence.tokens[at].capital
            or sentence.forms[at] in FILLER
            or self._lexicon.longest(sentence.forms, at)[0]
            or sentence.forms[at] in self._labels
        ):
            return None
        while end > at + 1 and not sentence.tokens[end - 1].capital:
            end -= 1
        sentence.take(at, end - at)
        return sentence.text(at, end - at)

    def _references(self, sentence: Sentence, state: TalkState) -> list[Mention]:
        """Places on the table that no cue introduced: 'the second one looks good', 'number 3'."""
        found = []
        for at in range(len(sentence)):
            item_id, length = self._reference_at(sentence, at, state)
            if "than" in sentence.forms[max(0, at - 2) : at]:  # what a comparative is measured against
                continue
            rejected = sentence.negated[at] and at > 0 and sentence.cue[at - 1]
            if not item_id or not sentence.free(at, length) or (sentence.forms[at] in REFERRING and not rejected):
                continue
            default = Stance.DISLIKED if rejected else Stance.ASKED
            stance = self._stance_around(sentence, at, at + length, default=default)
            found.append(self._of_id(sentence, at, length, item_id, stance))
            sentence.take(at, length)
        return found

    def _several_references(self, sentence: Sentence, state: TalkState) -> list[Mention]:
        """Several places at once: 'the first two', 'compare 1 and 3'."""
        found = []
        for at in range(len(sentence)):
            places, length = _several_at(sentence, at, state)
            held = [one for one in places if one in self._catalog]
            if held and sentence.free(at, length):
                start = at - 1 if at and sentence.forms[at - 1] == "the" else at
                default = Stance.DISLIKED if sentence.negated[at] else Stance.ASKED
                stance = self._stance_around(sentence, start, at + length, default=default)
                found += [self._of_id(sentence, at, length, one, stance) for one in held]
                sentence.take(start, at - start + length)
        return found

    def _reference_at(self, sentence: Sentence, at: int, state: TalkState) -> tuple[str | None, int]:
        """As the function of that name, for items that the shop still has: one may be gone since it was shown."""
        item_id, length = _reference_at(sentence, at, state)
        return (item_id, length) if item_id in self._catalog else (None, 0)

    def _bare_titles(self, sentence: Sentence, spots: Mapping[int, Spot]) -> list[Mention]:
        """Titles that stand without a cue."""
        found = []
        for spot in spots.values():
            compared = spot.at > 0 and sentence.forms[spot.at - 1] == "than"
            compared = compared and sentence.forms[max(0, spot.at - 2)] not in ("other", "rather")
            if compared or not sentence.free(spot.at, spot.length) or self._says_other(sentence, spot):
                continue
            if self._is_value(sentence, spot):
                continue
            default = Stance.DISLIKED if sentence.refuses(spot.at, spot.length) else Stance.SIMILAR
            if default is Stance.SIMILAR and asks_of_thing(sentence):
                default = Stance.ASKED
            stance = self._stance_around(sentence, spot.at, spot.end, default=default)
            length = spot.length + self._year_length(sentence, spot.end)
            found.append(self._mention(sentence, spot.at, length, spot.row, stance, 0.8 * spot.confidence))
            sentence.take(spot.at, length)
        return found

    def _is_value(self, sentence: Sentence, spot: Spot) -> bool:
        """'Chaplin' in 'Charlie Chaplin', 'HP' for 'HP (dc7600) Stand' and the year of 'after 2010' name no item."""
        forms = sentence.forms
        said = forms[spot.at : spot.end]
        if any(
            begin + self._lexicon.longest(forms, begin)[0] >= spot.end
            for begin in range(max(0, spot.at - _VALUE_BEFORE), spot.at)
        ):
            return True
        if spot.length == 1 and said[0].isdecimal() and spot.at and forms[spot.at - 1] in _BOUNDING:
            return True
        title = words(self._catalog.titles[spot.row])
        return self._lexicon.names_value(said) and 2 * len(said) < len(title)

    def _says_other(self, sentence: Sentence, spot: Spot) -> bool:
        """'Senior engineer' is not the item 'Junior Engineer': a word of it is a value that the title does not have."""
        title = {singular(word) for word in words(self._catalog.titles[spot.row])}
        said = sentence.forms[spot.at : spot.end]
        return any(singular(form) not in title and self._lexicon.names_value([form]) for form in said)

    def _stance_around(self, sentence: Sentence, start: int, end: int, default: Stance = Stance.SIMILAR) -> Stance:
        for stance, cues in _AFTER.items():
            if sentence.follows(end, cues):
                return stance
        for back in range(min(6, start), 0, -1):
            stance_at, length = _cue_at(sentence, start - back)
            if stance_at is not None and length >= back - 1 and length <= back:
                sentence.take(start - back, length)
                return stance_at
        return default

    def _year_length(self, sentence: Sentence, at: int) -> int:
        """1 where the year of a title stands right after it."""
        return int(year_at(sentence, at) is not None)

    def _mention(
        self, sentence: Sentence, at: int, length: int, row: int, stance: Stance, confidence: float
    ) -> Mention:
        return Mention(
            item_id=self._catalog.ids[row],
            title=self._catalog.titles[row],
            stance=stance,
            words=sentence.text(at, length),
            span=sentence.span(at, length),
            confidence=confidence,
        )

    def _of_id(self, sentence: Sentence, at: int, length: int, item_id: str, stance: Stance) -> Mention:
        return self._mention(sentence, at, length, self._catalog.row(item_id), stance, 1.0)


def asks_of_thing(sentence: Sentence) -> bool:
    """'How strong is X', 'can I play X with five'; 'is there X' and 'can you show me X' ask for one."""
    first, second = (*sentence.forms[:2], "", "")[:2]
    if first in ("how", "what", "who", "when", "where", "which", "whose", "does", "did"):
        return second not in ("about", "like", "else", "you")
    return first in ("is", "are", "was", "can", "could") and second not in ("there", "you", "any", "some")


def _cue_at(sentence: Sentence, at: int) -> tuple[Stance | None, int]:
    """The stance whose longest cue begins here, and the cue's length in words."""
    best: tuple[Stance | None, int] = (None, 0)
    for stance, cues in _BEFORE.items():
        length = sentence.follows(at, cues)
        if length > best[1]:
            best = (stance, length)
    if best[0] is Stance.SIMILAR and sentence.forms[at] == "like" and at:
        before = sentence.forms[at - 1]
        if before in ("would", "id", "wed", "to") or sentence.pair(at)[1] == "to":
            return None, 0
        if sentence.cue[at - 1]:
            return Stance.DISLIKED, best[1]
    return best


def _reference_at(sentence: Sentence, at: int, state: TalkState) -> tuple[str | None, int]:
    """The item on the table that the words here point to, and how many words do; (None, 0) if none."""
    if not (state.table or state.focus) or at >= len(sentence):
        return None, 0
    forms = sentence.forms
    skip = 1 if forms[at] == "the" and at + 1 < len(forms) else 0
    word, after = forms[at + skip], forms[at + skip + 1] if at + skip + 1 < len(forms) else ""
    if word in ORDINALS and (skip or after in _ITEM_NOUNS or at + 1 == len(forms)):
        place = ORDINALS[word]
        noun = int(after in _ITEM_NOUNS)
        if word in ("last", "top") and not noun and after:
            return None, 0
        return _on_table(state, place), skip + 1 + noun if _on_table(state, place) else 0
    if word in ("number", "no", "option", "nr", "pick") and (after.isdecimal() or after in NUMBER_WORDS):
        item = _on_table(state, int(after) if after.isdecimal() else NUMBER_WORDS[after])
        return item, skip + 2 if item else 0
    if word in REFERRING and word not in ("those", "them", "these"):
        noun = int(after in ("one", "film", "movie", "hotel", "product"))
        return state.focus or state.table[0], 1 + noun
    return None, 0


def _several_at(sentence: Sentence, at: int, state: TalkState) -> tuple[Sequence[str], int]:
    """The items on the table that the words here count off, and how many words do; empty if none are."""
    form, count = sentence.forms[at], _counted(sentence.pair(at)[1])
    if form in ("first", "last", "top") and 1 < count <= len(state.table) and _ends_reference(sentence, at + 2):
        return (state.table[-count:] if form == "last" else state.table[:count]), 2
    if sentence.forms[0] == "compare" and form.isdecimal() and (item := _on_table(state, int(form))):
        return (item,), 1
    return (), 0


def _counted(form: str) -> int:
    return int(form) if form.isdecimal() else NUMBER_WORDS.get(form, 0)


def _ends_reference(sentence: Sentence, at: int) -> bool:
    """True where nothing follows that is itself counted: 'the first two', 'the first two ones', no 'two seasons'."""
    return at >= len(sentence) or sentence.starts_clause[at] or sentence.forms[at] in FILLER


def _on_table(state: TalkState, place: int) -> str | None:
    index = place - 1 if place > 0 else place
    return state.table[index] if -len(state.table) <= index < len(state.table) else None


def _title_end(sentence: Sentence, at: int) -> int:
    end = at
    while end < len(sentence) and end - at < _LONGEST_TITLE and sentence.forms[end] not in _ENDS_TITLE:
        if end > at and sentence.starts_clause[end]:
            break
        end += 1
    return end


def _next_in_list(sentence: Sentence, at: int) -> int:
    """Where the next title of 'A, B and C' may begin; past the end where the list is over."""
    if at < len(sentence) and sentence.forms[at] in ("and", "or", "with", "to", "vs", "versus"):
        return at + 1
    if at < len(sentence) and sentence.starts_clause[at]:
        between: Sequence[str] = sentence.message[sentence.tokens[at - 1].end : sentence.tokens[at].start].strip()
        return at if between == "," else len(sentence)
    return len(sentence)
