"""The catalog's own words: which facet values a run of words in a message may name.

Built from the columns when a shop is opened. Values are compared folded and in the singular, so that 'comedies',
'Comedy' and 'COMEDY' agree; people are also known by their last name where only one person of the catalog has it. What
only one value can mean counts too: a part of it ('San Jose' of 'San Jose, CA'), its initials, another name, another
form of the word, and a misspelling of it; `score` tells how sure that is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from shoptalk.agent.abbreviations import GRADES, KINDS, PLACES, REGIONS
from shoptalk.agent.english import ranks
from shoptalk.agent.inflections import adjective_of, bases
from shoptalk.agent.spelling import Spelling
from shoptalk.agent.tokens import singular, words
from shoptalk.agent.words import (
    CURRENCIES,
    DOUBLE_SYNONYMS,
    FILLER,
    LEANINGS,
    NUMBER_WORDS,
    PRICE_LEVELS,
    SYNONYMS,
    UNITS,
    VAGUE,
)
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, FlagColumn
from shoptalk.retrieval.schema import Column, Kind, Meaning

Key = tuple[str, ...]

_LONGEST = 6
_DOMINANT = 3.0  # a last name stands for a person who has three times the items of the next who has it
_VALUE_CHARACTERS = 60
#: Which facet a word is taken for when several have it.
_MEANING_ORDER = (
    Meaning.GENRE, Meaning.BRAND, Meaning.LANGUAGE, Meaning.PLACE, Meaning.PERSON, None, Meaning.KEYWORD,
)  # fmt: skip
#: Sureness of what is not the value itself.
_ALIAS, _PART, _INITIALS, _INFLECTED, _GUESSED = 0.9, 0.8, 0.85, 0.6, 0.7
_COMMON_RANK, _KNOWN_RANK, _ANY = 3000, 8000, 1 << 30
_OPEN, _FEW = 100, 3  # values of a facet from which on a common word needs more items than a few to be one
_FAR_MORE = 10  # times as many items: then a value's facet counts more than its meaning
_YEAR_LEADS = frozenset("in from of year the since around circa made released during".split())
_PARTS_OF = 20_000  # values of a facet of which parts are known; beyond them a part is hardly ever one value's own
_ENDS_KIND = 0.05
#: Short names that any sentence holds name a place only behind one of these: 'in LA', 'to NY'.
_PLACE_LEADS = frozenset(
    "in to from at around near of for visit visiting leaving via through into toward towards outside by reach".split()
)
_PRONOUNS, _INTO = (["us"], ["me"], ["my"], ["it"], ["or"], ["in"]), frozenset({"in", "throughout", "across"})
_KIND_WORDS = frozenset(
    """food cuisine dish restaurant cooking music song movie film genre style type class city town county area district
    island airport station airline airway company inc ltd brand language theater theatre cinema hotel shop
    store""".split()
)
#: Facets from which something goes, and those to which: what their labels hold, and what stands before a value.
_OUTWARD = frozenset("from origin departure departing source leaving start starting pickup outbound sender".split())
_INWARD = frozenset("to destination arrival arriving target dropoff recipient receiver inbound end".split())
_GOING_FROM = frozenset(
    """from leaving leave leaves depart departing departs departure out start starting starts origin pickup pick exit
    board boarding""".split()
)
_GOING_TO = frozenset(
    """to toward towards into visit visiting visits reach reaching arrive arriving arrives arrival heading going go
    destination dropoff see bound for travel traveling travelling land landing getting in at""".split()
)
_LEAVING = frozenset("leaving leave depart departing departure origin".split())
_ARRIVING = frozenset("destination arrive arriving arrival heading visit visiting".split())
_DIRECTION_REACH = 5
_STILL = frozenset({"in", "at"})
_SURE_ALONE = 6
#: What ends a label that tells for whom a thing is.
_SUITED = ("safe", "friendly", "suitable", "ok")
_PETS = ("cat", "dog")
_FLAG_TAIL = frozenset({"option", "welcome", "welcomed"})
_NO_INFLECTION = frozenset("fantastic general generally party parting casting starring classic classics".split())
_FLAG_FRAME = frozenset(
    {
        "is",
        "has",
        "have",
        "included",
        "include",
        "available",
        "allowed",
        "built",
        "integrated",
        "free",
        "serve",
        "offer",
        "accept",
        "provide",
        "permitted",
    }
)


@dataclass(frozen=True, slots=True)
class Named:
    """A facet value that some words name. `leaning`: the words only hint at it. `count`: items that have it.

    `score`: how sure it is that the words mean the value, 1 where they are its own.
    """

    facet: str
    value: str | bool
    count: int
    leaning: bool = False
    score: float = 1.0


class Lexicon:
    """Looks up facet values by words. `longest` is the only question it answers while a message is read."""

    def __init__(self, catalog: Catalog) -> None:
        self._facets = {facet.name: facet for facet in catalog.schema.facets}
        self._labels = {name: frozenset(words(facet.label or name)) for name, facet in self._facets.items()}
        self._named: dict[Key, list[Named]] = defaultdict(list)
        self._guarded: set[Key] = set()
        self._years: set[Key] = set()
        self._counts_years = any(
            facet.kind is Kind.DATE or (facet.kind is Kind.NUMBER and facet.meaning is Meaning.YEAR)
            for facet in catalog.schema.facets
        )
        people: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for facet in catalog.schema.facets:
            column = catalog.column(facet.name)
            if isinstance(column, CategoryColumn):
                self._add_values(facet, column, people)
            elif isinstance(column, FlagColumn):
                self._add_flag(facet, int((column.values == 1).sum()))
        self._weights = self._word_weights()
        self._add_last_names(people)
        self._direct = frozenset(self._named)
        self._add_synonyms()
        self._add_other_names()
        if not any(facet.kind is Kind.NUMBER and facet.meaning is Meaning.PRICE for facet in catalog.schema.facets):
            self._add_price_levels(catalog)
        for facet in catalog.schema.facets:
            column = catalog.column(facet.name)
            if isinstance(column, CategoryColumn):
                self._add_parts(facet, column)

    def longest(self, forms: Sequence[str], at: int) -> tuple[int, tuple[Named, ...]]:
        """The longest run of words from `at` on that names values: its length (0: none) and the values.

        Several values come back for one run only where the run means them all ('romcom').
        """
        window = tuple(map(singular, forms[at : at + _LONGEST]))
        for length in range(len(window), 0, -1):
            key = window[:length]
            named = self._named.get(key)
            if key in self._years and not (at and forms[at - 1] in _YEAR_LEADS):
                continue
            if named and (key not in self._guarded or _led_to(forms, at)):
                chosen = self._choose(named, forms, at, length)
                if length > 1 and forms[at + length - 1] in FILLER and self._is_said_barely(key[:-1], chosen):
                    continue
                return length + self._region_length(forms, at + length, chosen), chosen
        pair = forms[at : at + 2]
        if len(pair) == 2 and min(map(len, pair)) > 2 and (named := self._named.get((pair[0] + singular(pair[1]),))):
            return 2, self._choose(named, forms, at, 2)  # 'smart phone' for a smartphone
        more_of = self._compared(forms[at]) if at < len(forms) else ()
        return (1, more_of) if more_of else (0, ())

    def near(self, forms: Sequence[str], at: int) -> tuple[int, tuple[Named, ...]]:
        """As `longest`, for words that are misspelt or another form of a value's; asked where `longest` found none."""
        window = [singular(form) for form in forms[at : at + _LONGEST]]
        spelt = [self._spelling(form) for form in window]
        key = tuple(one.word if one else form for one, form in zip(spelt, window, strict=True))
        for length in range(len(window), 0, -1):
            score = min((one.score for one in spelt[:length] if one), default=1.0)
            named = self._named.get(key[:length]) if score < 1.0 else None
            if named and spelt[0] is None and length > 1 and (forms[at] in FILLER):
                continue
            if named and not (length == 1 and len(key[0]) < _SURE_ALONE and self._is_person(named[0])):
                chosen = self._choose(named, forms, at, length)
                return length, tuple(replace(one, score=round(one.score * score, 2)) for one in chosen)
        inflected = self._inflected(forms[at]) if at < len(forms) else ()
        return (1, inflected) if inflected else (0, ())

    def all_named(self, forms: Sequence[str]) -> tuple[Named, ...]:
        """Every value that exactly these words name, in any facet."""
        key = tuple(singular(form) for form in forms)
        if key not in self._named:
            key = tuple(one.word if (one := self._spelling(form)) else form for form in key)
        return tuple(self._named.get(key, ()))

    def exactly(self, forms: Sequence[str]) -> Sequence[Named]:
        """Every value that these words name as they are spelt, in any facet."""
        return self._named.get(tuple(singular(form) for form in forms), ())

    def names_value(self, forms: Sequence[str]) -> bool:
        """True if the words name a value as the catalog itself spells it."""
        return tuple(singular(form) for form in forms) in self._direct

    def _compared(self, form: str) -> tuple[Named, ...]:
        """What a comparative leans towards: 'darker' to 'dark', 'funnier' to 'funny'."""
        if len(form) < 6 or not form.endswith("er"):
            return ()
        for base in (form[:-2], form[:-3] + "y" if form.endswith("ier") else "", form[:-1], form[:-3]):
            if named := self._named.get((base,)) if len(base) > 2 else None:
                best = min(named, key=self._order)
                return (replace(best, leaning=True),)
        return ()

    def _choose(
        self, named: Sequence[Named], forms: Sequence[str] = (), at: int = 0, length: int = 0
    ) -> tuple[Named, ...]:
        if isinstance(named, _Together):
            return tuple(named)
        if named[0].leaning:
            return tuple(named[:1])
        if all(one.facet == named[0].facet for one in named):
            best = max(named, key=lambda one: (one.score, one.count))
        else:
            most = max(one.count for one in named)
            telling = [one for one in named if one.count * _FAR_MORE >= most]
            best = min(telling, key=lambda one: (not self._is_called(one, forms, at, length), self._order(one)))
        toward = self._toward(best, forms, at, length)
        if toward is None or toward == best.facet:
            return (best,)
        held = next((one for one in named if one.facet == toward), None)
        return (held or replace(best, facet=toward, count=0),)

    def _is_said_barely(self, bare: Key, chosen: Sequence[Named]) -> bool:
        """'Horror movie' of few items where many have 'Horror': the trade's own noun adds nothing."""
        held = [one for one in self._named.get(bare, ()) if not one.leaning and one.facet == chosen[0].facet]
        return any(one.count >= _DOMINANT * chosen[0].count for one in held)

    def _is_called(self, one: Named, forms: Sequence[str], at: int, length: int) -> bool:
        """True if a word next to the value is of the facet's own label: 'checking account' beside 'account type'."""
        beside = {*forms[max(0, at - 2) : at], *forms[at + length : at + length + 1]}
        own = self._labels[one.facet] - FILLER
        return any(singular(word) in own or word in own for word in beside)

    def _toward(self, one: Named, forms: Sequence[str], at: int, length: int) -> str | None:
        """The facet that a value means where the catalog tells from where and to where: 'from Rome', 'to Rome'."""
        pair = self.ways.get(one.facet)
        if pair is None:
            return None
        past = at + length
        past += self._region_length(forms, past, (one,))
        after = forms[past] if past < len(forms) else ""
        return self.led_way(one, forms, at) or pair[0 if after == "to" else 1]

    def led_way(self, one: Named, forms: Sequence[str], at: int) -> str | None:
        """The facet that the words before a place tell, if the catalog has one for either end of a way."""
        pair = self.ways.get(one.facet)
        if pair is None:
            return None
        outward, inward = pair
        if self._labels[outward] & set(forms[max(0, at - 2) : at]) & {"origin", "departure", "source"}:
            return outward
        for back in range(1, min(_DIRECTION_REACH, at) + 1):
            form = forms[at - back]
            if form in ("to", "for", "toward", "towards") or (form in _GOING_TO and form not in _STILL):
                return inward
            if form in _GOING_FROM:
                return outward
        return None

    def way_asked(self, facets: Sequence[str], question: Sequence[str]) -> tuple[str, ...]:
        """The facets that a question asks for: of a way the end that its words tell, 'where do you depart from?'."""
        said = set(question)
        for outward, inward in dict.fromkeys(self.ways.values()):
            leaves, arrives = said & _LEAVING, said & _ARRIVING
            if bool(leaves) is not bool(arrives):
                told, other = (outward, inward) if leaves else (inward, outward)
                facets = (told, *(name for name in facets if name not in (told, other)))
        return tuple(facets)

    @cached_property
    def ways(self) -> dict[str, tuple[str, str]]:
        """Each facet that tells from where or to where, with both facets of the pair."""
        held = [f for f in self._facets.values() if f.kind in (Kind.CATEGORY, Kind.CATEGORIES)]
        pairs: dict[str, tuple[str, str]] = {}
        for outward in held:
            for inward in held:
                out_label, in_label = self._labels[outward.name], self._labels[inward.name]
                rest = (out_label - _OUTWARD, in_label - _INWARD)
                same = rest[0] == rest[1] and outward.meaning is inward.meaning
                if out_label & _OUTWARD and in_label & _INWARD and same and outward.name not in pairs:
                    pairs[outward.name] = pairs[inward.name] = (outward.name, inward.name)
        return pairs

    def _region_length(self, forms: Sequence[str], at: int, named: Sequence[Named]) -> int:
        """Words of a region behind a place that the catalog does not tell apart: the 'CA' of 'Berkeley, CA'."""
        if not all(self._meaning(one.facet) is Meaning.PLACE or one.score == _ALIAS for one in named):
            return 0
        for length in (3, 2, 1):
            run = tuple(forms[at : at + length])
            if len(run) == length and " ".join(run) in REGIONS and run not in self._direct and run[0] not in FILLER:
                return length
        return 0

    def _order(self, one: Named) -> tuple[int, int]:
        return (_MEANING_ORDER.index(self._meaning(one.facet)), -one.count)

    def _meaning(self, facet: str) -> Meaning | None:
        meaning = self._facets[facet].meaning
        return meaning if meaning in _MEANING_ORDER else None

    def _add_values(self, facet: Column, column: CategoryColumn, people: dict[str, Counter[tuple[str, str]]]) -> None:
        for value, count in zip(column.values, column.counts.tolist(), strict=True):
            if len(value) > _VALUE_CHARACTERS:
                continue
            said = words(value)
            joined = len(said) > 1 and "-" in value  # 'feel-good' is a word of its own
            if not joined and all(word in FILLER for word in said):  # before 'movies' is made a 'movy'
                continue
            key = tuple(singular(word) for word in said)
            year = len(key) == 1 and _is_year(key[0]) and not self._counts_years
            if not key or len(key) > _LONGEST or not (_says_something(key) or year or joined):
                continue
            if year:
                self._years.add(key)
            is_everyday = len(key) == 1 and (_is_common(key[0]) or _is_common(said[0]))
            if is_everyday and count <= _FEW and len(column.values) >= _OPEN:
                continue  # what any sentence may say, and hardly an item has: one director called 'movies'
            self._named[key].append(Named(facet.name, value, count))
            if facet.meaning is Meaning.PERSON and len(key) > 1 and said[-1] not in FILLER:
                people[key[-1]][facet.name, value] += count

    def _add_flag(self, facet: Column, count: int) -> None:
        label = [singular(word) for word in words(facet.label or facet.name)]
        bare = [word for word in label if word not in _FLAG_FRAME and word not in _FLAG_TAIL] or label
        if label[0] == "free" and len(label) == 2:  # entry that is free is another thing than entry
            bare = label
        said = {tuple(label), tuple(bare), (*bare, "friendly"), (*bare, "allowed"), *(_turned(bare))}
        if len(bare) > 1 and bare[-1] in _SUITED:  # 'pet safe': 'pet friendly', 'safe for pets', 'for cats'
            heads = [bare[:-1], *([one] for one in _PETS if bare[:-1] == ["pet"])]
            said |= {(*head, tail) for head in heads for tail in _SUITED}
            said |= {(tail, "for", *head) for head in heads for tail in _SUITED}
        said |= {tuple(word for word in bare if word not in FILLER), tuple(w for w in label if w not in _FLAG_FRAME)}
        for key in sorted(said):
            if key and _says_something(key):
                self._named[key].append(Named(facet.name, True, count))
        if "free" not in label:  # 'smoke free' is without; 'gluten free' is a label of its own
            self._named[*bare, "free"].append(Named(facet.name, False, count))

    def _add_last_names(self, people: dict[str, Counter[tuple[str, str]]]) -> None:
        for name, holders in people.items():
            by_person: Counter[str] = Counter()
            for (_, person), count in holders.items():
                by_person[person] += count
            (best, most), *others = by_person.most_common(2)
            alone = not others or most >= _DOMINANT * others[0][1]
            telling = name not in FILLER and (most > _FEW or not _is_common(name))
            if alone and telling and len(name) > 3 and (name,) not in self._named:
                facet = max((f for f, person in holders if person == best), key=lambda f: holders[f, best])
                self._named[name,].append(Named(facet, best, most))

    def _add_synonyms(self) -> None:
        for said, meant in SYNONYMS.items():
            self._alias(said, [value for word in meant for value in self.all_named(words(word))], leaning=False)
        for said, pair in DOUBLE_SYNONYMS.items():
            both = [self.all_named(words(word)) for word in pair]
            key = tuple(singular(word) for word in words(said))
            if all(both) and key not in self._named:
                self._named[key] = _Together(min(values, key=self._order) for values in both)
        for said, meant in LEANINGS.items():
            found = next((values for word in meant if (values := self.all_named(words(word)))), ())
            self._alias(said, sorted(found, key=self._order)[:1], leaning=True)

    def _add_price_levels(self, catalog: Catalog) -> None:
        """'Cheap' where the price is told in words: a value itself, or 'inexpensive' of the price range."""
        for facet in self._facets.values():
            column = catalog.column(facet.name)
            if isinstance(column, CategoryColumn) and {"price", "cost"} & self._labels[facet.name]:
                for value, count in zip(column.values, column.counts.tolist(), strict=True):
                    key = tuple(singular(word) for word in words(value))
                    if key not in self._named and " ".join(key) in PRICE_LEVELS:  # any sentence may say 'cheap'
                        self._named[key].append(Named(facet.name, value, count))
        for said, meant in PRICE_LEVELS.items():
            held = (one for word in meant for one in self.all_named(words(word)))
            levels = [one for one in held if {"price", "cost"} & set(words(self._facets[one.facet].label or one.facet))]
            self._alias(said, levels[:1], leaning=False)

    def _alias(self, said: str, values: Iterable[Named], *, leaning: bool, score: float = 1.0) -> None:
        key = tuple(singular(word) for word in words(said))
        if key in self._direct or not key:
            return
        held = {(one.facet, one.value) for one in self._named.get(key, ())}
        for value in values:
            if (value.facet, value.value) not in held:
                sure = round(value.score * score, 2)
                self._named[key].append(Named(value.facet, value.value, value.count, leaning=leaning, score=sure))

    def _graded(self) -> frozenset[str]:
        """Facets that hold several grades, such as small and large: a make of cars called Mini is no size."""
        grades: dict[str, set[object]] = defaultdict(set)
        for group in GRADES:
            for form in group:
                for one in self._named.get(tuple(singular(word) for word in words(form)), ()):
                    grades[one.facet].add(one.value)
        return frozenset(facet for facet, values in grades.items() if len(values) > 1)

    def _add_other_names(self) -> None:
        """Abbreviations and other names, either way round: what the catalog has of a group is meant by the others."""
        measured = {facet.meaning for facet in self._facets.values() if facet.kind is Kind.NUMBER}
        graded = self._graded()
        for group, leaning in (
            *((g, False) for g in PLACES),
            *((g, False) for g in KINDS),
            *((g, True) for g in GRADES),
        ):
            keys = [tuple(singular(word) for word in words(form)) for form in group]
            held = list(dict.fromkeys(one for key in keys if key in self._direct for one in self._named[key]))
            if leaning:
                held = [one for one in held if one.facet in graded]
            for form, key in zip(group, keys, strict=True) if held else ():
                vague = VAGUE.get(form)
                if key in self._named or (vague and measured & set(vague[0])):
                    continue
                self._alias(form, held, leaning=leaning, score=_ALIAS)
                if group in PLACES and len(key) == 1 and len(key[0]) <= 3 and (key[0] in FILLER or key[0] in ranks()):
                    self._guarded.add(key)

    def _add_parts(self, facet: Column, column: CategoryColumn) -> None:
        """Parts of values, and their initials, that only one value of the facet can mean."""
        if len(column.values) > _PARTS_OF or facet.meaning is Meaning.KEYWORD:
            return
        owners: dict[Key, Counter[str]] = defaultdict(Counter)
        scores: dict[Key, float] = {}
        kind_words = _kind_words(column)
        for value, count in zip(column.values, column.counts.tolist(), strict=True):
            whole = tuple(singular(word) for word in words(value))
            if len(whole) < 2 or len(value) > 2 * _VALUE_CHARACTERS:
                continue
            for key, score in _parts(value, whole, kind_words, is_person=facet.meaning is Meaning.PERSON):
                if key not in self._direct:
                    owners[key][value] += count
                    scores[key] = max(score, scores.get(key, 0.0))
        for key, holders in owners.items():
            (best, most), *others = holders.most_common(2)
            if key not in self._named and (not others or most >= _DOMINANT * others[0][1]):
                self._named[key] = [Named(facet.name, best, most, score=scores[key])]
            elif all(one.facet != facet.name and one.score < 1 for one in self._named.get(key, ())) and not others:
                self._named[key].append(Named(facet.name, best, most, score=scores[key]))

    def _word_weights(self) -> Mapping[str, int]:
        weights: Counter[str] = Counter()
        for key, named in self._named.items():
            for word in key:
                weights[word] += max(one.count for one in named)
        return weights

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self._weights)

    @cached_property
    def _by_base(self) -> dict[str, list[Named]]:
        """Values of one word by the bases that it may have: 'myster' of 'Mystery'."""
        found: dict[str, list[Named]] = defaultdict(list)
        for key in self._direct:
            named = [
                one for one in self._named[key] if len(key) == 1 and not self._is_person(one) and one.value is not False
            ]
            named = [one for one in named if self._facets[one.facet].meaning is not Meaning.BRAND]
            for base in bases(key[0]) if named else ():
                found[base].append(min(named, key=self._order))
        return found

    def _inflected(self, form: str) -> tuple[Named, ...]:
        """The value that is another form of the word: 'mysterious' leans to Mystery, 'Canadian' is of Canada."""
        if len(form) < 5 or form in FILLER or form in VAGUE or form in _NO_INFLECTION:
            return ()
        if (adjective := adjective_of(form)) and (named := self._named.get((adjective,))):
            return (replace(min(named, key=self._order), score=_ALIAS),)
        for base in bases(singular(form)):
            if held := self._by_base.get(base):
                best = min(held, key=self._order)
                value = str(best.value).casefold()
                if _is_common(form) and (value.startswith(form) or value.endswith("ing")):
                    continue  # to check is no checking account, and what was checked is none
                place = self._facets[best.facet].meaning in (Meaning.PLACE, Meaning.LANGUAGE)
                return (replace(best, leaning=not place, score=_INFLECTED),)
        return ()

    def _is_person(self, one: Named) -> bool:
        return self._facets[one.facet].meaning is Meaning.PERSON


class _Together(list[Named]):
    """Values that one run of words means together."""


def _led_to(forms: Sequence[str], at: int) -> bool:
    """True behind a word that leads to a place, and where nothing else is said."""
    articled = at > 1 and forms[at - 1] == "the"
    before = forms[at - 2 : at - 1] if articled else forms[at - 1 : at] if at else ()
    leads = _PLACE_LEADS if articled or forms[at : at + 1] not in _PRONOUNS else _INTO  # 'for us', 'in us'
    return len(forms) == 1 or bool(before and before[0] in leads)


def _turned(bare: Sequence[str]) -> tuple[Key, ...]:
    """'Seating outdoors' is said 'outdoor seating', 'good for kids' 'kid friendly'."""
    telling = [word for word in bare if word not in FILLER] or list(bare[-1:])
    turned = [tuple(reversed(telling))] if len(telling) == 2 else []
    return (*turned, (telling[-1], "friendly")) if telling else ()


def _kind_words(column: CategoryColumn) -> frozenset[str]:
    """Words that tell the kind of a facet's values and none of them: the 'Airlines' of most airlines."""
    ends = Counter(singular(words(value)[-1]) for value in column.values if len(words(value)) > 1)
    common = {word for word, count in ends.items() if count > max(2, _ENDS_KIND * len(column.values))}
    return frozenset(common) | _KIND_WORDS


def _is_common(word: str) -> bool:
    return ranks().get(word, _ANY) <= _COMMON_RANK


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isdigit() and "1800" <= word <= "2100"


def _heads(value: str, whole: Key) -> Iterator[tuple[Key, float]]:
    """What stands before a bracket or a comma: the 'San Jose' of 'San Jose, CA'."""
    for mark in ("(", ","):
        head = tuple(singular(word) for word in words(value.partition(mark)[0]))
        if head and head != whole and _says_something(head):
            yield head, _ALIAS


def _initials(whole: Key) -> Iterator[tuple[Key, float]]:
    for letters in {"".join(w[0] for w in whole), "".join(w[0] for w in whole if w not in FILLER)}:
        rare = ranks().get(letters, _ANY) > (_COMMON_RANK if len(letters) == 2 else _KNOWN_RANK)
        if 2 <= len(letters) <= 5 and rare and letters.isalpha() and _says_something((letters,)):
            yield (letters,), _INITIALS


def _parts(value: str, whole: Key, kind_words: frozenset[str], *, is_person: bool) -> Iterator[tuple[Key, float]]:
    """The parts by which a value of several words may be called, each with how sure that is."""
    yield from _heads(value, whole)
    if is_person:
        if len(whole) > 2:
            yield (whole[0], whole[-1]), _PART
            yield whole[1:], _PART
        return
    core = whole
    while len(core) > 1 and core[-1] in kind_words:
        core = core[:-1]
    core = core[1:] if len(core) > 1 and core[0] in ("the", "a") else core
    if core != whole and _says_something(core) and (len(core) > 1 or len(core[0]) > 2):
        yield core, _PART
    for length in range(2, min(len(whole), _LONGEST + 1)):
        for start in range(len(whole) - length + 1):
            run = whole[start : start + length]
            if run[0] not in FILLER and run[-1] not in FILLER and run != core and not all(map(_is_common, run)):
                yield run, _PART
    for word in whole:
        if len(word) > 4 and word not in ranks() and (word,) != core:
            yield (word,), _GUESSED
    yield from _initials(whole)


def _says_something(key: Key) -> bool:
    """False for values that any sentence may contain by chance: single letters, numbers, filler, units."""
    if len(key) > 1:
        return not all(word in FILLER or word.isdigit() for word in key)
    word = key[0]
    return not (
        len(word) < 2 or word.isdigit() or word in FILLER or word in NUMBER_WORDS or word in CURRENCIES or word in UNITS
    )
