"""What each column of a catalog is for, found from its name and its values.

`detect` makes the schema, `to_items` the items by it; `Overrides` says what the catalog's owner knows better.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.errors import CatalogError
from shoptalk.retrieval import naming
from shoptalk.retrieval.faceting import facet_of, is_list_named, number_facet
from shoptalk.retrieval.flattening import HIGHEST
from shoptalk.retrieval.itemizing import TITLE_YEAR, YEAR_OF_TITLE, as_flag, to_items
from shoptalk.retrieval.profiling import Profile, profile
from shoptalk.retrieval.reading import Record
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema
from shoptalk.retrieval.values import CURRENCIES, parse_date, parse_quantity

__all__ = ["Overrides", "detect", "to_items"]

MAX_FACETS = 150

_ONE_OF_A_MEANING = (
    Meaning.PRICE,
    Meaning.YEAR,
    Meaning.DURATION,
    Meaning.RATING,
    Meaning.POPULARITY,
    Meaning.SIZE,
    Meaning.WEIGHT,
)
_TITLE_NAMES = {
    "title": 10,
    "name": 9,
    "headline": 6,
    "film": 5,
    "movie": 5,
    "song": 5,
    "book": 5,
    "wine": 5,
    "model": 3,
}
_NO_TITLE = naming.word_set(
    "sub short original alt alternative sort seo meta file user brand supplier city country category author artist "
    "seller first last store station airport venue column host company street vendor manufacturer director actor "
    "theater destination origin recipient"
)
_ID_NAMES = {
    "id": 6,
    "sku": 5,
    "asin": 5,
    "uuid": 5,
    "uid": 5,
    "isbn": 4,
    "gtin": 3,
    "ean": 3,
    "upc": 3,
    "handle": 2,
    "slug": 2,
}
_OTHERS_ID = naming.word_set(
    "parent user category brand seller supplier store shop customer group type genre imdb tmdb"
)
_MIDDLE = frozenset({"medium", "mid", "500x500", "normal", "regular", "w500", "m"})
_EDGES = naming.word_set("thumb thumbnail small low tiny high large big full xl icon original")
_LEAST_LINKED, _LEAST_STOCKED = 0.2, 0.3
_MOSTLY_SHARED, _FEW_DISTINCT, _SHORT = 0.9, 0.5, 20
_LINK_NAMES = frozenset({"link", "url", "website", "permalink", "page", "web", "homepage", "href"})
_REMARKS, _REMARK_LENGTH = frozenset({"note", "remark", "comment", "review"}), 25
_NOWHERE = frozenset(
    {"lat", "latitude", "lon", "lng", "longitude", "timestamp", "checksum", "hash", "position", "sort"}
)


class Overrides(BaseModel):
    """What the owner says about columns; it wins over what was detected.

    A facet may be followed by its kind and meaning ('color:category', 'votes:number:popularity'), the price by 'minor'
    and a currency ('price_cents:minor:EUR'); a unit follows '=' ('runtime=min').
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str | None = Field(default=None, description="column with the items' ids")
    title: str | None = Field(default=None, description="column with the items' titles")
    picture: str | None = Field(default=None, description="column with a picture's address")
    link: str | None = Field(default=None, description="column with the address of the item's page")
    price: str | None = Field(default=None, description="column with the price; ':minor' says it counts cents")
    text: tuple[str, ...] = Field(default=(), description="columns with the main text, in this order")
    facets: tuple[str, ...] = Field(default=(), description="columns that are facets, with ':kind' and ':meaning'")
    units: tuple[str, ...] = Field(default=(), description="'column=unit' for numbers")
    ignore: tuple[str, ...] = Field(default=(), description="columns that are left out altogether")


def detect(records: Sequence[Record], overrides: Overrides | None = None) -> Schema:
    """The catalog's schema, from the columns' names and values; the same records always give the same.

    Columns stand in this order: id, title, texts (the main one first), facets as in the source, picture, link, others.
    Raises CatalogError if no column can be the title, or an override names a column that the records do not have.
    """
    profiles = profile(records)
    draft = _Draft(profiles)
    _override(draft, overrides or Overrides())
    _take_id(draft)
    _take_title(draft)
    _take_addresses(draft)
    _take_facets_and_texts(draft)
    _settle_meanings(draft)
    _keep_best_facets(draft)
    _label(draft)
    return _schema(draft)


@dataclass
class _Draft:
    """The schema while it is made: columns by name, and which of them the owner decided."""

    profiles: dict[str, Profile]
    columns: dict[str, Column] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)

    def open(self) -> list[Profile]:
        """Columns without a role yet."""
        return [one for name, one in self.profiles.items() if name not in self.columns]

    def has(self, role: Role) -> bool:
        return any(column.role is role for column in self.columns.values())

    def coverage(self, name: str) -> float:
        """Share of the records that have the column; a derived one is as good as the title."""
        return self.profiles[name].coverage if name in self.profiles else 1.0

    def put(self, name: str, role: Role) -> None:
        self.columns[name] = Column(name=name, role=role)


# The owner's word -----------------------------------------------------------------------------------------------------


def _override(draft: _Draft, said: Overrides) -> None:
    for role, name in (
        (Role.ID, said.id),
        (Role.TITLE, said.title),
        (Role.PICTURE, said.picture),
        (Role.LINK, said.link),
    ):
        if name is not None:
            draft.put(_known(draft, name), role)
    for name in said.text:
        draft.put(_known(draft, name), Role.TEXT)
    for name in said.ignore:
        draft.put(_known(draft, name), Role.IGNORED)
    for asked in said.facets:
        name, words = _with_words(draft, asked)
        draft.columns[name] = _readable(draft.profiles[name], _asked_facet(draft.profiles[name], words, draft.profiles))
    if said.price is not None:
        name, words = _with_words(draft, said.price)
        draft.columns[name] = _readable(draft.profiles[name], _asked_price(draft.profiles[name], words, draft.profiles))
    for asked in said.units:
        name, sign, unit = asked.rpartition("=")
        if not sign or not unit:
            raise CatalogError(f"'{asked}' names no unit.", hint="Write it as column=unit: runtime=min.")
        held = draft.columns.get(_known(draft, name)) or number_facet(draft.profiles[name], draft.profiles)
        scale = held.scale if held.unit is None or held.meaning is Meaning.PRICE else 1.0
        draft.columns[name] = held.model_copy(update={"unit": unit, "scale": scale})
    draft.fixed = set(draft.columns)


def _known(draft: _Draft, name: str) -> str:
    if name in draft.profiles:
        return name
    from rapidfuzz import process, utils

    close = [
        match[0] for match in process.extract(name, list(draft.profiles), processor=utils.default_process, limit=3)
    ]
    hint = f"Close to it: {', '.join(close)}."
    raise CatalogError("there is no such column, or no record has a value in it.", field=name, hint=hint)


def _with_words(draft: _Draft, asked: str) -> tuple[str, list[str]]:
    """'price_cents:minor' as column and words; a column's own name may hold colons."""
    name, words = asked, list[str]()
    while name not in draft.profiles and ":" in name:
        name, _, word = name.rpartition(":")
        words.insert(0, word)
    return _known(draft, name if name in draft.profiles else asked.partition(":")[0]), words


def _asked_facet(held: Profile, words: list[str], profiles: dict[str, Profile]) -> Column:
    kinds = [Kind(word) for word in words if word in set(Kind)]
    meanings = [Meaning(word) for word in words if word in set(Meaning)]
    if len(kinds) + len(meanings) < len(words):
        hint = f"Kinds are {', '.join(Kind)}; meanings are {', '.join(Meaning)}."
        raise CatalogError(f"'{':'.join(words)}' is no kind of facet.", field=held.name, hint=hint)
    found = facet_of(held, profiles, kind=kinds[0] if kinds else None)
    return found.model_copy(update={"meaning": meanings[0]}) if meanings else found


def _readable(held: Profile, column: Column) -> Column:
    """The column as the owner asked for it. Raises CatalogError if it would not have a single value then."""
    reads = {Kind.NUMBER: parse_quantity, Kind.DATE: parse_date, Kind.FLAG: as_flag}.get(column.kind or Kind.CATEGORY)
    if reads is not None and not held.share(lambda text: reads(text) is not None):
        examples = ", ".join(f"'{str(value)[:40]}'" for value in list(held.tally)[:3])
        raise CatalogError(f"none of its values is a {column.kind}.", field=held.name, hint=f"It holds {examples}.")
    return column


def _asked_price(held: Profile, words: list[str], profiles: dict[str, Profile]) -> Column:
    column = number_facet(held, profiles).model_copy(update={"meaning": Meaning.PRICE})
    for word in words:
        if word == "minor":
            column = column.model_copy(update={"scale": 0.01})
        elif word == "major":
            column = column.model_copy(update={"scale": 1.0})
        elif word.upper() in CURRENCIES:
            column = column.model_copy(update={"unit": word.upper()})
        else:
            hint = "Write 'minor' where it counts cents, or a currency: price_cents:minor:EUR."
            raise CatalogError(f"'{word}' says nothing about a price.", field=held.name, hint=hint)
    return column


# Id, title, addresses -------------------------------------------------------------------------------------------------


def _take_id(draft: _Draft) -> None:
    if draft.has(Role.ID):
        return
    scored = [(_id_score(one), -one.place, one.name) for one in draft.open()]
    best = max(scored, default=(0.0, 0, ""))
    if best[0] > 0:
        draft.put(best[2], Role.ID)


def _id_score(held: Profile) -> float:
    """How well a column serves as the id; 0 for not at all. A few doubles are the records' fault, not the column's."""
    stems = naming.stems_of(held.name)
    if held.is_list or not stems or _OTHERS_ID & set(stems) or held.mean_length > 100 or "." in held.name:
        return 0.0
    score = (
        float(_ID_NAMES.get(stems[-1], 0)) + 4 * (stems == ("id",)) + 1 * (stems in {("item", "id"), ("product", "id")})
    )
    unique = len(held.tally) == held.total == held.records
    if not score or (not unique and (held.coverage < 0.5 or held.distinctness < 0.5)):
        return 0.0
    if not unique and _ID_NAMES.get(stems[-1], 0) < 5:
        return 0.0
    return score + 20 * unique


def _take_title(draft: _Draft) -> None:
    if draft.has(Role.TITLE):
        return
    scored = [(_title_score(one), -one.place, one.name) for one in draft.open()]
    best = max(scored, default=(0.0, 0, ""))
    if best[0] <= 0:
        names = ", ".join(list(draft.profiles)[:12])
        raise CatalogError("no column can be the items' title.", hint=f"Name one (--title): {names}.")
    draft.put(best[2], Role.TITLE)


def _title_score(held: Profile) -> float:
    stems = naming.own_stems(held.name)
    if held.is_list or held.is_numeric or held.is_flag or not stems or held.coverage < 0.5 or held.mean_length > 200:
        return 0.0
    if (held.number_share > 0.9 and "title" not in stems) or held.date_share > 0.5 or held.address_share > 0.1:
        return 0.0
    other = bool(_NO_TITLE & set(stems))
    named = 0 if other else _TITLE_NAMES.get(stems[-1], 0) - 3 * held.name.count(".")
    telling = 4 * held.distinctness + 2 * held.coverage - 5 * held.code_share - (held.mean_length > 100) * 3
    if named > 0:
        return named + telling
    least = 0.1 if {"address", "street"} & set(stems) else 0.5
    if set(stems) & (naming.CODE | naming.PICTURE) or naming.is_description(held.name) or held.distinctness <= least:
        return 0.0
    return max(0.01, telling - 3 - 2 * other) if held.mean_length >= 3 and held.code_share < 0.5 else 0.0


def _take_addresses(draft: _Draft) -> None:
    pictures: list[tuple[float, int, str]] = []
    links: list[tuple[float, int, str]] = []
    for one in draft.open():
        stems = set(naming.stems_of(one.name))
        if one.is_numeric or not one.tally:
            continue
        named = bool(stems & naming.PICTURE)
        if one.picture_share > 0.5 or (named and one.address_share > 0.5):
            pictures.append(
                (one.coverage + 0.5 * bool(stems & _MIDDLE) - 0.3 * bool(stems & _EDGES), -one.place, one.name)
            )
        elif one.address_share > 0.8 and one.coverage >= _LEAST_LINKED:
            links.append((one.coverage + 0.5 * bool(stems & _LINK_NAMES), -one.place, one.name))
    for role, found in ((Role.PICTURE, pictures), (Role.LINK, links)):
        for place, (_, _, name) in enumerate(sorted(found, reverse=True)):
            draft.put(name, role if place == 0 and not draft.has(role) else Role.IGNORED)


# Facets and texts -----------------------------------------------------------------------------------------------------


def _take_facets_and_texts(draft: _Draft) -> None:
    for one in draft.open():
        if _says_nothing(one, draft.profiles):
            draft.put(one.name, Role.IGNORED)
        elif _is_text(one):
            draft.put(one.name, Role.TEXT)
        else:
            draft.columns[one.name] = facet_of(one, draft.profiles)
    _take_year_of_title(draft)


def _says_nothing(held: Profile, profiles: dict[str, Profile]) -> bool:
    stems = set(naming.own_stems(held.name))
    language = naming.language_of(held.name, profiles)
    if language not in (None, "en") and not held.is_numeric:
        return True
    if not held.tally or stems & _NOWHERE or (held.is_numeric and stems & naming.PICTURE):
        return True
    if stems & {"href", "slug", "handle", "uuid", "guid"} or (
        "id" in stems and (held.is_numeric or held.number_share > 0.9)
    ):
        return True
    if stems == {"currency"} and len(held.tally) == 1:
        return True
    if held.name.endswith(HIGHEST):
        lowest = profiles.get(held.name.removesuffix(HIGHEST))
        return lowest is not None and lowest.values == held.values
    changed = stems & {"change", "changed", "modified", "updated", "created", "at"}
    return held.is_numeric and bool(changed) and held.quantile(0.5) > 1e7


def _is_text(held: Profile) -> bool:
    """Sentences, codes to be found by, and words that no two items share."""
    if held.is_numeric or held.is_flag:
        return False
    stems = set(naming.own_stems(held.name))
    if held.mean_length >= 80 and not held.is_list and held.shared < 0.9 and held.split_by(expected=False) is None:
        return True
    if stems & _REMARKS and held.mean_length > _REMARK_LENGTH and held.split_by(expected=False) is None:
        return True
    if (
        (naming.is_description(held.name) and not _is_vocabulary(held))
        or stems & (naming.CODE | {"address", "street"})
        or "title" in stems
    ):
        return True
    return held.mean_length > 60 and held.split_by(expected=is_list_named(held)) is None


def _is_vocabulary(held: Profile) -> bool:
    """A few short words that most items share are no sentences, whatever the column is called: 'body_type'."""
    return held.shared >= _MOSTLY_SHARED and held.distinctness <= _FEW_DISTINCT and held.mean_length <= _SHORT


def _take_year_of_title(draft: _Draft) -> None:
    """'Toy Story (1995)' says the year where no column does."""
    title = next(column.name for column in draft.columns.values() if column.role is Role.TITLE)
    dated = any(column.meaning is Meaning.YEAR or column.kind is Kind.DATE for column in draft.columns.values())
    name = title + YEAR_OF_TITLE
    if not dated and name not in draft.profiles and draft.profiles[title].share(TITLE_YEAR.search) > 0.8:
        draft.columns[name] = Column(name=name, role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.YEAR, label="year")


def _settle_meanings(draft: _Draft) -> None:
    """Where several numbers could be the price, the one that says it most plainly is.

    A quantity that few items have is no stock.
    """
    for column in draft.columns.values():
        sparse = column.kind is Kind.NUMBER and draft.coverage(column.name) < _LEAST_STOCKED
        if column.meaning is Meaning.STOCK and sparse and column.name not in draft.fixed:
            draft.columns[column.name] = column.model_copy(update={"meaning": None})
    for meaning in _ONE_OF_A_MEANING:
        held = [column for column in draft.columns.values() if column.meaning is meaning and column.kind is Kind.NUMBER]
        asked = [column for column in held if column.name in draft.fixed]
        ranked = asked or sorted(held, key=lambda column: _plainness(draft, column.name, meaning))
        for column in held:
            if column not in ranked[:1]:
                draft.columns[column.name] = column.model_copy(update={"meaning": None})


def _plainness(draft: _Draft, name: str, meaning: Meaning) -> tuple[float, ...]:
    worse, words = naming.plainness(name, meaning)
    coverage = draft.coverage(name)
    return (worse, coverage < 0.02, words, -coverage)


def _keep_best_facets(draft: _Draft) -> None:
    """Columns that few items have, or that say the same of all, are words of the text; so is what goes past the cap."""
    found = [column for column in draft.columns.values() if column.role is Role.FACET and column.name in draft.profiles]
    scored = [(_usefulness(draft.profiles[column.name], column), column.name) for column in found]
    free = [(score, name) for score, name in scored if name not in draft.fixed]
    ranked = sorted(free, key=lambda pair: (-pair[0], draft.profiles[pair[1]].place))
    for place, (score, name) in enumerate(ranked):
        if score <= 0 or place >= MAX_FACETS - len(draft.fixed):
            held = draft.profiles[name]
            says = held.coverage < 1 or len(held.tally) > 1
            draft.put(name, Role.TEXT if says else Role.IGNORED)


def _usefulness(held: Profile, column: Column) -> float:
    """How much a facet helps to choose; 0 for not at all."""
    least = 1 if held.records < 100 else max(5, 0.002 * held.records)
    if held.present < least and column.meaning not in (Meaning.HIDDEN, Meaning.STOCK):
        return 0.0
    if column.meaning in (Meaning.HIDDEN, Meaning.STOCK):
        return 100.0
    constant = column.kind in (Kind.CATEGORY, Kind.CATEGORIES) and len(held.tally) < 2 and held.records > 4
    if constant and (column.meaning is None or held.coverage < 0.5):
        return 0.0
    worth = held.coverage
    if column.kind is Kind.FLAG and len(held.tally) < 2:
        worth *= 0.3
    if column.kind is Kind.CATEGORY and len(held.tally) > 1000:
        worth *= 0.5
    if naming.is_logistics(held.name):
        worth *= 0.2
    return worth * (2.0 if column.meaning else 1.0)


# Labels and order -----------------------------------------------------------------------------------------------------


def _label(draft: _Draft) -> None:
    """Words for each column; those of nested records get the record's name in front where they would be ambiguous."""
    lists = {name.removesuffix(HIGHEST).rpartition(".")[0] for name in draft.profiles if name.endswith(HIGHEST)}
    plain = {
        name: naming.label_of(
            name,
            parent=name.removesuffix(HIGHEST).rpartition(".")[0] in lists,
            measured=draft.columns[name].kind is Kind.NUMBER,
        )
        for name in draft.profiles
    }
    taken = Counter(plain.values())
    given: set[str] = set()
    for name in sorted(draft.profiles, key=lambda one: (one.count("."), draft.profiles[one].place)):
        label = plain[name]
        if taken[label] > 1 and "." in name:
            label = naming.label_of(name, parent=True)
        if name + HIGHEST in draft.profiles and not _same_highest(draft, name):
            label += " (from)"
        column = draft.columns[name]
        if column.role in (Role.FACET, Role.TEXT, Role.TITLE):
            final = label if label not in given or column.role is not Role.FACET else " ".join(naming.words_of(name))
            given.add(final)
            draft.columns[name] = column.model_copy(update={"label": final})


def _same_highest(draft: _Draft, name: str) -> bool:
    return draft.columns[name + HIGHEST].role is Role.IGNORED


def _schema(draft: _Draft) -> Schema:
    order = {Role.ID: 0, Role.TITLE: 1, Role.FACET: 3, Role.PICTURE: 4, Role.LINK: 5, Role.IGNORED: 7}
    asked = list(draft.columns)

    def key(column: Column) -> tuple[float, ...]:
        held = draft.profiles.get(column.name)
        place = held.place if held else len(draft.profiles)
        if column.role is not Role.TEXT or held is None:
            return (order.get(column.role, 6), place)
        if column.name in draft.fixed:
            return (2, -1, asked.index(column.name))
        main = naming.is_description(column.name) or held.mean_length >= 80
        return (2, 0, -held.mean_length * held.coverage, place) if main else (6, place)

    return Schema(columns=tuple(sorted(draft.columns.values(), key=key)))
