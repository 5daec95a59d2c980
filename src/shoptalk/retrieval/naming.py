"""What a column's name says: its words, how it is called in a sentence, its unit and what people mean by it."""

import re
from collections.abc import Iterable

from shoptalk.retrieval.flattening import HIGHEST
from shoptalk.retrieval.schema import Kind, Meaning
from shoptalk.retrieval.values import CURRENCIES, unit_of


def word_set(words: str) -> frozenset[str]:
    """The words of a line as a set."""
    return frozenset(words.split())


LANGUAGE_CODES = word_set("ar cs da de el en es fi fr he hi hu it ja ko nl no pl pt ro ru sv th tr uk vi zh")
MINOR = frozenset({"cents", "minor", "pence", "pennies", "cent"})
PICTURE = frozenset({"image", "img", "picture", "photo", "thumbnail", "thumb", "poster", "cover", "pic", "photograph"})
CODE = word_set(
    "ean eans gtin upc isbn sku asin mpn barcode zip zipcode "
    "postal postcode phone telephone tel fax code id uuid uid guid"
    "slug handle href part serial hash oclc hs"
)

_TYPE_SUFFIX = re.compile(r":(?:token|token_seq|float|float_seq|int|str|string)$")
_PREFIX = re.compile(r"^(?:attr|attribute|attributes|field|meta|prop|properties|spec|specs)[_.\s](?:[a-z]_)?")
_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^\w]+|_+")
_IRREGULAR = {
    "movies": "movie",
    "series": "series",
    "cookies": "cookie",
    "is": "is",
    "species": "species",
    "lens": "lens",
}
_UNIT_ONLY_LAST = frozenset({"in", "m", "s", "g", "l", "w", "v", "h", "mi"})

_DESCRIPTION = word_set(
    "description desc synopsis plot overview summary extract body "
    "about abstract text story blurb content introduction intro"
)
_GENRE = word_set("genre subgenre category subcategory cuisine department style varietal grape")
_PERSON = word_set(
    "director directed cast actor actress author artist "
    "writer starring performer composer creator singer band designer"
    "illustrator narrator screenwriter musician chef winemaker"
)
_BRAND = word_set(
    "brand manufacturer supplier vendor maker publisher studio winery airline label developer brewery brewer "
    "distillery roaster roastery"
)
_PLACE = word_set(
    "city country state province region area location "
    "destination origin place district neighborhood neighbourhood county"
    "appellation town continent"
)
_NO_PLACE = word_set("address street postal zip phone code airport station venue date time name event type number")
_KEYWORD = word_set("keyword tag topic theme amenity feature mood flavor flavour")
_PRICE = word_set("price cost fare rent fee msrp rrp")
_NO_PRICE = word_set(
    "range old list original was compare shipping count min max highest lowest previous regular rrp msrp"
)
_RATING = word_set("rating star score metascore grade point rated")
_COUNT = word_set("count number num total user n quantity qty")
_POPULAR = word_set("popularity sale sold view download play like favorite favourite purchase")
_VOTES = word_set("vote review rating")
_TIME = word_set("runtime duration playtime length time minute hour second min hr sec running playing")
_SPENT = word_set("wait waiting cook cooking prep preparation total travel ready delivery playing running ride")
_NO_SIZE = word_set("party group stay file batch team pack lot family page sample serving")
_SIZE = word_set("size diagonal screen sqft area")
_SIDES = word_set("width height length depth diameter")
_SIZE_SYSTEMS = word_set("eu uk us eur it fr de jp int")
_LOGISTICS = word_set("package pallet master case carton shipping outer box imperial packaging container eur uk")
_STOCK = word_set(
    "in stock is available availability inventory quantity qty count level status product active published visible "
    "enabled listed item"
)
_STOCK_ONE = word_set("stock available availability inventory active published visible enabled listed")
_HIDDEN = word_set("deleted hidden discontinued archived inactive unpublished draft removed retired")
_ALCOHOL = (("abv",), ("alcohol",), ("alc",), ("alcohol", "content"))
_FILLER = frozenset({"is", "has", "product", "item", "name", "main", "the", "of", "by", "attr", "number"})


def words_of(name: str) -> tuple[str, ...]:
    """The name's words in lower case: 'Address.StateProvince' -> ('address', 'state', 'province')."""
    plain = _TYPE_SUFFIX.sub("", name)
    return tuple(word.lower() for word in _BETWEEN_WORDS.split(plain) if word)


def stems_of(name: str) -> tuple[str, ...]:
    """The words in the singular."""
    return tuple(_singular(word) for word in words_of(name))


def own_stems(name: str) -> tuple[str, ...]:
    """The singular words of the last part of a dotted path, technical prefixes left out."""
    return stems_of(_last(name))


def label_of(name: str, *, parent: bool = False, measured: bool = False) -> str:
    """How the column is called in a sentence: 'attr_t_product_type' -> 'product type', 'Rooms.Type' -> 'room type'.

    Technical prefixes are left out, and units where the column is `measured`; `parent` puts the enclosing record's name
    in front.
    """
    highest = name.endswith(HIGHEST)
    name = name.removesuffix(HIGHEST)
    words = list(words_of(_last(name))) or [name]
    if measured and tuple(words) in _ALCOHOL:
        words = ["alcohol"]
    if parent and "." in name:
        words = [*stems_of(name.rpartition(".")[0]), *words]
    words = _without_units(words) if measured else _without_system(words)
    if len(words) > 1 and words[0] in ("is", "has"):
        words = words[1:]
    if len(words) > 1 and words[0] == "number":
        words = [word for word in words[1:] if word != "of"] or words
    words = [word for word in words if len(word) > 1 or word.isdigit() or len(words) < 3]
    return " ".join(words) + (" (up to)" if highest else "")


def _without_units(words: list[str]) -> list[str]:
    """'Power hp' is the power, 'salary eur per year' the salary per year, 'rating of 5' the rating."""
    if words[0] == "number":
        return words
    while len(words) > 1 and (words[-1] in MINOR or words[-1].upper() in CURRENCIES or _is_unit_word(words[-1])):
        words = words[:-1]
    if len(words) > 2 and words[-1].isdigit() and words[-2] == "of":
        words = words[: -3 if len(words) > 3 and words[-3] == "out" else -2]
    return [words[0], *(word for word in words[1:] if word.upper() not in CURRENCIES)]


def _without_system(words: list[str]) -> list[str]:
    """Sizes are called sizes, whichever country counts them so."""
    sized = len(words) > 1 and words[-1] in _SIZE_SYSTEMS and words[-2] in ("size", "sizes")
    return words[:-1] if sized else words


def unit_in(name: str) -> str | None:
    """The unit that the name says: 'weight_kg' -> 'kg', 'runtime_minutes' -> 'min'."""
    words = words_of(_last(name))
    counted = bool(words) and words[0] in ("number", "num")
    if words in _ALCOHOL:
        return "%"
    return unit_of(words[-1]) if len(words) > 1 and _is_unit_word(words[-1]) and not counted else None


def currency_in(name: str) -> str | None:
    """The currency that the name says: 'price_eur' -> 'EUR'."""
    signs = {"$": "USD", "€": "EUR", "£": "GBP"}
    found = [word.upper() for word in words_of(name) if word.upper() in CURRENCIES]
    return found[0] if found else next((code for sign, code in signs.items() if sign in name), None)


def meaning_of(name: str, kind: Kind, unit: str | None = None) -> Meaning | None:
    """What people mean by a facet of that name and kind; whether values agree is the caller's to see."""
    stems = own_stems(name)
    said = frozenset(stems)
    if kind is Kind.FLAG:
        return _flag_meaning(said)
    if kind in (Kind.CATEGORY, Kind.CATEGORIES):
        return _category_meaning(stems_of(name) if "." in name else stems, said)
    return _number_meaning(said, unit) if kind is Kind.NUMBER else None


def is_description(name: str) -> bool:
    """True for columns that say in sentences what an item is: 'synopsis', 'short_description'."""
    return bool(_DESCRIPTION & set(own_stems(name)))


def is_logistics(name: str) -> bool:
    """True for what the warehouse wants to know and the shopper does not: pallet heights, package weights."""
    return bool(_LOGISTICS & set(stems_of(name)))


def language_of(name: str, names: Iterable[str]) -> str | None:
    """The language code at the end of a name, if the same column stands there in another language too."""
    match = re.fullmatch(r"(.+?)[_\-.](\w\w)", name)
    if match is None or match[2].lower() not in LANGUAGE_CODES:
        return None
    twins = [other for other in names if other != name and other.startswith(match[1])]
    same = any(other == match[1] or other[len(match[1]) + 1 :].lower() in LANGUAGE_CODES for other in twins)
    return match[2].lower() if same else None


def _last(name: str) -> str:
    return _PREFIX.sub("", _TYPE_SUFFIX.sub("", name.removesuffix(HIGHEST)).rpartition(".")[2]) or name


def _is_unit_word(word: str) -> bool:
    return unit_of(word) is not None and (len(word) > 1 or word in _UNIT_ONLY_LAST)


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def _flag_meaning(said: frozenset[str]) -> Meaning | None:
    core = said - _FILLER
    if (core & _HIDDEN and core <= _HIDDEN) or core in ({"sold", "out"}, {"out", "stock"}):
        return Meaning.HIDDEN
    return Meaning.STOCK if core & _STOCK_ONE and core <= _STOCK else None


def _category_meaning(stems: tuple[str, ...], said: frozenset[str]) -> Meaning | None:
    core = said - _FILLER
    if core and core <= _BRAND:
        return Meaning.BRAND
    if said & _PERSON and not said & {"date", "country", "facebook", "id", "gender"}:
        return Meaning.PERSON
    if "language" in said:
        return Meaning.LANGUAGE
    if said & _GENRE or stems in (("type",), ("product", "type")):
        return Meaning.GENRE
    if said & _KEYWORD:
        return Meaning.KEYWORD
    if (said & _PLACE and not said & _NO_PLACE) or "city" in stems:
        return Meaning.PLACE
    return Meaning.SIZE if core == {"size"} else None


def _number_meaning(said: frozenset[str], unit: str | None) -> Meaning | None:
    if (said & _PRICE and not said & {"range", "count", "number"}) or said in ({"base", "rate"}, {"nightly", "rate"}):
        return Meaning.PRICE
    if said & _POPULAR or (said & _VOTES and said & _COUNT) or said in ({"review"}, {"vote"}):
        return Meaning.POPULARITY
    if (said & _RATING and not said & {"age", "content", "count", "number"}) or said == {"vote", "average"}:
        return Meaning.RATING
    if "year" in said or said & {"vintage"}:
        return Meaning.YEAR
    if said & {"runtime", "duration", "playtime"} or (unit in ("min", "h", "s", "ms") and said & _TIME):
        return Meaning.DURATION
    if "time" in said and said & _SPENT:
        return Meaning.DURATION
    if "weight" in said:
        return Meaning.WEIGHT
    if said & (_SIZE | _SIDES) and not said & _NO_SIZE and unit not in ("min", "s", "h"):
        return Meaning.SIZE
    return Meaning.STOCK if (said - _FILLER) & (_STOCK_ONE | {"quantity", "qty"}) and said - _FILLER <= _STOCK else None


def plainness(name: str, meaning: Meaning) -> tuple[int, int]:
    """How plainly a name says its meaning, to choose between several; lower is plainer."""
    said = frozenset(own_stems(name))
    worse = 0
    if meaning is Meaning.PRICE:
        worse = 2 * len(said & _NO_PRICE) + (name.endswith(HIGHEST)) - ("sale" in said)
    elif meaning is Meaning.SIZE:
        worse = 0 if said & {"diagonal", "sqft"} else 1 if said & _SIZE else 3
    return worse + 4 * is_logistics(name) + 2 * name.endswith(HIGHEST), len(said)
