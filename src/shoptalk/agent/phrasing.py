"""Facet values and constraints in words, the same on chips, in reasons and in texts."""

from collections.abc import Iterable

from shoptalk.retrieval.catalog import FacetValue, Item
from shoptalk.retrieval.query import Constraint, Operator, Strength, Value
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_SPELLED = {"inch": '"', "star": " stars"}
_BOUNDS = {
    Operator.AT_MOST: "up to {}",
    Operator.LESS_THAN: "under {}",
    Operator.AT_LEAST: "at least {}",
    Operator.MORE_THAN: "over {}",
    Operator.ABOUT: "about {}",
    Operator.IS: "{}",
    Operator.IS_NOT: "not {}",
}
_YEAR_BOUNDS = {
    Operator.AT_MOST: "{} or earlier",
    Operator.LESS_THAN: "before {}",
    Operator.AT_LEAST: "{} or later",
    Operator.MORE_THAN: "after {}",
    Operator.ABOUT: "around {}",
}
_ENDS = (Operator.MOST, Operator.LEAST)
_SUPERLATIVES = {
    Meaning.PRICE: ("cheapest", "most expensive"), Meaning.YEAR: ("oldest", "newest"),
    Meaning.DURATION: ("shortest", "longest"), Meaning.WEIGHT: ("lightest", "heaviest"),
    Meaning.SIZE: ("smallest", "biggest"), Meaning.RATING: ("lowest rated", "best rated"),
    Meaning.POPULARITY: ("least known", "most popular"),
}  # fmt: skip
_MOST_VALUES, _MOST_FACTS = 4, 12
_DEGREES = frozenset("low medium high max maximum min minimal minimum full half none mid soft hard yes no".split())
_LONGEST_TITLE = 70


def join(parts: "list[str] | tuple[str, ...]", word: str = "and") -> str:
    """'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def number_in_words(facet: Column, value: float) -> str:
    """A number with its unit: '$1,299', '102 min', '17.3"', '1979'."""
    if facet.meaning is Meaning.YEAR:
        return str(int(value))
    whole = float(value).is_integer()
    if facet.unit in _SYMBOLS:
        return f"{_SYMBOLS[facet.unit]}{value:,.0f}" if whole else f"{_SYMBOLS[facet.unit]}{value:,.2f}"
    plain = f"{value:,.0f}" if whole else f"{value:,.2f}".rstrip("0").rstrip(".")
    if not facet.unit:
        return plain
    return plain + _SPELLED.get(facet.unit, f" {facet.unit}")


def value_in_words(facet: Column, value: FacetValue) -> str:
    """A value as an item's record has it; of many values the first four."""
    if isinstance(value, bool):
        return label_of(facet) if value else f"no {label_of(facet)}"
    if isinstance(value, float):
        return number_in_words(facet, value)
    if isinstance(value, tuple):
        return ", ".join(value[:_MOST_VALUES]) + (", …" if len(value) > _MOST_VALUES else "")
    return value


def label_of(facet: Column) -> str:
    """How the facet is called."""
    return facet.label or facet.name.replace("_", " ")


def short_label(facet: Column) -> str:
    """How the facet is called within a sentence: 'room rate (from)' is just 'room rate' there."""
    return label_of(facet).split(" (", maxsplit=1)[0]


def constraint_in_words(schema: Schema, constraint: Constraint) -> str:
    """What a chip says: 'Comedy', 'not Horror', 'under 120 min', '1980–1989', 'rating at least 4', 'the 3 cheapest'."""
    facet = schema.facet(constraint.facet)
    value = constraint.value
    if constraint.operator in _ENDS:
        return _superlative(facet, constraint)
    outside = constraint.operator is Operator.IS_NOT and facet.kind in (Kind.NUMBER, Kind.DATE)
    if (outside or constraint.operator is Operator.BETWEEN) and isinstance(value, tuple) and len(value) == 2:
        low, high = (_bound(facet, one) for one in value)
        return _named(facet, f"{'not ' if outside else ''}{low.removesuffix(_tail(high))}–{high}")
    if isinstance(value, tuple):
        several = [_spoken(facet, one) if one == value[0] else _bound(facet, one) for one in value]
        if constraint.operator in (Operator.IS, Operator.ALL_OF):
            return join(several)
        return ("not " if constraint.operator is Operator.IS_NOT else "") + join(several, "or")
    if isinstance(value, bool):
        wanted = value is (constraint.operator is Operator.IS)
        return label_of(facet) if wanted else f"no {label_of(facet)}"
    if facet.kind in (Kind.CATEGORY, Kind.CATEGORIES):
        return _BOUNDS[constraint.operator].format(_spoken(facet, value))
    bounds = _BOUNDS | (_YEAR_BOUNDS if facet.meaning is Meaning.YEAR or facet.kind is Kind.DATE else {})
    return _named(facet, bounds[constraint.operator].format(_bound(facet, value)))


def strength_in_words(schema: Schema, constraint: Constraint) -> str:
    """The constraint with how much it binds: 'under $50', 'not Horror', 'ideally Comedy', 'rather not Horror'."""
    said = constraint_in_words(schema, constraint)
    match constraint.strength:
        case Strength.WOULD_LIKE:
            return f"ideally {said}"
        case Strength.WOULD_RATHER_NOT:
            return f"rather {said}" if said.startswith(("not ", "no ")) else f"rather not {said}"
    return said


def left_out_in_words(schema: Schema, constraint: Constraint) -> str:
    """What a list is like once the constraint is left out: 'any price', 'Comedy or not', 'Horror too'."""
    facet = schema.facet(constraint.facet)
    positive = constraint.model_copy(update={"operator": Operator.IS})
    if constraint.operator in _ENDS:
        return f"not just {constraint_in_words(schema, constraint)}"
    if facet.kind in (Kind.NUMBER, Kind.DATE):
        return f"any {short_label(facet)}"
    if facet.kind is Kind.FLAG:
        return f"{label_of(facet)} or not"
    if constraint.operator is Operator.IS_NOT:
        return f"{constraint_in_words(schema, positive)} too"
    return f"any {short_label(facet)}" if facet.kind is Kind.CATEGORY else f"{_either(schema, constraint)} or not"


def _either(schema: Schema, constraint: Constraint) -> str:
    return constraint_in_words(schema, constraint).replace(" or ", ", ")


def title_with_year(schema: Schema, item: Item) -> str:
    """The title as said in a text: with the year where the catalog has one, and a very long one cut at a word."""
    title = short_title(item.title)
    for facet in schema.by_meaning(Meaning.YEAR):
        year = item.facets.get(facet.name)
        if isinstance(year, float) and str(int(year)) not in item.title:
            return f"{title} ({int(year)})"
    return title


def short_title(title: str) -> str:
    """At most some 70 characters of a title, whole words, without the asterisks that mark names in a text."""
    title = title.replace("*", "")
    if len(title) <= _LONGEST_TITLE:
        return title
    return title[:_LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:-(") + " …"


def facet_facts(facets: Iterable[Column], item: Item, *, most: int = 12) -> list[tuple[str, str]]:
    """(label, value) pairs of an item's record for these facets, those that people ask about first."""
    order = {meaning: place for place, meaning in enumerate(_ASKED_FIRST)}
    facets = sorted(facets, key=lambda facet: order.get(facet.meaning, len(order)))
    said = [
        (label_of(facet), _fact(facet, item.facets[facet.name]))
        for facet in facets
        if facet.name in item.facets and facet.meaning is not Meaning.HIDDEN
    ]
    return said[:most]


def facts_in_text(schema: Schema, item: Item) -> list[tuple[Column, str]]:
    """The lesser columns, which no facet holds and the text has as 'phone: 1234; address: 5 Elm Street'."""
    columns = {label_of(column): column for column in schema.of_role(Role.TEXT)}
    told: list[tuple[Column, str]] = []
    for part in item.text.rsplit("\n\n", maxsplit=1)[-1].split("; "):
        label, colon, value = part.partition(": ")
        if colon and label in columns:
            told.append((columns[label], value))
        elif told:
            told[-1] = (told[-1][0], f"{told[-1][1]}; {part}")
        else:
            return []
    return told


def _fact(facet: Column, value: FacetValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value[:_MOST_FACTS]) if isinstance(value, tuple) else value_in_words(facet, value)


_ASKED_FIRST: tuple[Meaning | None, ...] = (
    Meaning.PRICE, Meaning.RATING, Meaning.YEAR, Meaning.DURATION, Meaning.GENRE, Meaning.BRAND, Meaning.PERSON,
    Meaning.PLACE, Meaning.LANGUAGE, Meaning.SIZE, Meaning.KEYWORD,
)  # fmt: skip


def _superlative(facet: Column, constraint: Constraint) -> str:
    """'the cheapest', 'the 3 newest'; 'the highest alcohol' where people have no word of their own for it."""
    least, most = _SUPERLATIVES.get(facet.meaning or Meaning.HIDDEN, ("lowest {}", "highest {}"))
    if facet.kind is Kind.DATE:
        least, most = "earliest {}", "latest {}"
    word = (least if constraint.operator is Operator.LEAST else most).format(short_label(facet))
    many = int(constraint.value) if isinstance(constraint.value, float) and constraint.value > 1 else 1
    return f"the {many} {word}" if many > 1 else f"the {word}"


def _bound(facet: Column, value: Value) -> str:
    return number_in_words(facet, value) if isinstance(value, int | float) else str(value)


def _spoken(facet: Column, value: Value) -> str:
    """A category's value; bare numbers and degrees get the facet's label, for '44' and 'max' say nothing alone."""
    said = _bound(facet, value)
    if said.casefold() in _DEGREES:
        return f"{said} {short_label(facet)}"
    return f"{short_label(facet)} {said}" if said.replace(".", "").isdecimal() else said


def _tail(said: str) -> str:
    """What follows the digits: ' min' of '120 min'."""
    return said[len(said.rstrip("".join({char for char in said if not char.isdigit()}))) :]


def _named(facet: Column, said: str) -> str:
    """Numbers that do not say themselves what they are get their label before them."""
    plain = facet.unit or facet.meaning is Meaning.YEAR
    return said if plain and facet.meaning in _SPEAK_FOR_THEMSELVES else f"{short_label(facet)} {said}"


_SPEAK_FOR_THEMSELVES = (Meaning.PRICE, Meaning.YEAR, Meaning.DURATION)
