"""Messages to begin with, made from the catalog's own facets, so that each of them has an answer."""

import numpy as np

from shoptalk.retrieval.catalog import Catalog, CategoryColumn, NumberColumn
from shoptalk.retrieval.columns import Mask
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning
from shoptalk.ui.cards import spoken

_GROUPS = (Meaning.GENRE, Meaning.BRAND, Meaning.PLACE, Meaning.KEYWORD)
_JOINED = {Meaning.PERSON: "with", Meaning.BRAND: "by", Meaning.PLACE: "in"}
_LONGEST_TITLE, _FEWEST = 28, 3


def examples(catalog: Catalog, count: int = 4) -> tuple[str, ...]:
    """Up to `count` messages; the same catalog always gives the same ones."""
    groups = _group(catalog)
    made = (
        _bounded(catalog, groups, 0),
        _alike(catalog),
        _from_years(catalog, groups, 1),
        _named(catalog, groups, 2),
        _bounded(catalog, groups, 3),
        _plain(groups, 0),
        _plain(groups, 1),
    )
    return tuple(dict.fromkeys(message for message in made if message))[:count]


def _group(catalog: Catalog) -> tuple[Column, CategoryColumn] | None:
    """The facet by which people most likely begin: what kind of thing it is."""
    by_meaning = [facet for meaning in _GROUPS for facet in catalog.schema.by_meaning(meaning)]
    others = [facet for facet in catalog.schema.facets if facet.kind in (Kind.CATEGORY, Kind.CATEGORIES)]
    for facet in (*by_meaning, *others):
        column = catalog.column(facet.name)
        if isinstance(column, CategoryColumn) and column.values:
            return facet, column
    return None


def _plain(groups: tuple[Column, CategoryColumn] | None, place: int) -> str | None:
    return groups[1].values[place] if groups and place < len(groups[1].values) else None


def _bounded(catalog: Catalog, groups: tuple[Column, CategoryColumn] | None, place: int) -> str | None:
    """'Drama under 100 min': a group and an upper bound that about a third of it keeps."""
    group = _plain(groups, place)
    bounds = [one for meaning in (Meaning.PRICE, Meaning.DURATION) for one in catalog.schema.by_meaning(meaning)]
    if group is None or groups is None or not bounds:
        return None
    column = catalog.column(bounds[0].name)
    inside = catalog.meets(Constraint(facet=groups[0].name, operator=Operator.IS, value=group)) & catalog.available()
    if not isinstance(column, NumberColumn) or np.isnan(column.values[inside]).all():
        return None
    bound = _round(float(np.nanquantile(column.values[inside], 0.35)))
    if int((inside & (column.values < bound)).sum()) < _FEWEST:
        return None
    return f"{group} under {spoken(bounds[0], bound)}"


def _round(number: float) -> float:
    """Up to the next round number of two digits: 97 gives 100, 1,234 gives 1,300."""
    step = 10.0 ** (len(str(int(number))) - 1) / (1 if number >= 100 else 2)
    step = step / 10 if number >= 100 else step
    return float(np.ceil(number / step) * step)


def _alike(catalog: Catalog) -> str | None:
    """'Something like Alien': an item that many people know, as far as the catalog tells."""
    known = [facet for meaning in (Meaning.POPULARITY, Meaning.RATING) for facet in catalog.schema.by_meaning(meaning)]
    short = (
        np.array([0 < len(title) <= _LONGEST_TITLE for title in catalog.titles], dtype=np.bool_) & catalog.available()
    )
    if not short.any():
        return None
    column = catalog.column(known[0].name) if known else None
    if isinstance(column, NumberColumn) and (told := short & ~np.isnan(column.values)).any():
        row = int(np.where(told, column.values, -np.inf).argmax())
    else:
        rows = np.flatnonzero(short)
        row = int(rows[len(rows) * 5 // 8])
    return f"Something like {catalog.titles[row]}"


def _from_years(catalog: Catalog, groups: tuple[Column, CategoryColumn] | None, place: int) -> str | None:
    """'Comedy from the 1980s': the decade before the two newest that has enough."""
    group, years = _plain(groups, place), catalog.schema.by_meaning(Meaning.YEAR)
    if group is None or groups is None or not years:
        return None
    column = catalog.column(years[0].name)
    inside = catalog.meets(Constraint(facet=groups[0].name, operator=Operator.IS, value=group)) & catalog.available()
    if not isinstance(column, NumberColumn):
        return None
    held = column.values[inside & ~np.isnan(column.values)]
    decades, counts = np.unique(held // 10 * 10, return_counts=True)
    enough = decades[counts >= _FEWEST]
    return f"{group} from the {enough[-min(4, len(enough))]:.0f}s" if len(enough) else None


def _named(catalog: Catalog, groups: tuple[Column, CategoryColumn] | None, place: int) -> str | None:
    """'Heist thriller', 'Shoes by Ecco': a group with a value of another facet that goes with it often."""
    group = _plain(groups, place)
    if group is None or groups is None:
        return None
    inside = catalog.meets(Constraint(facet=groups[0].name, operator=Operator.IS, value=group)) & catalog.available()
    for meaning in (Meaning.KEYWORD, Meaning.PERSON, Meaning.BRAND, Meaning.PLACE):
        for facet in catalog.schema.by_meaning(meaning):
            column = catalog.column(facet.name)
            if facet.name != groups[0].name and isinstance(column, CategoryColumn):
                word = _commonest(column, inside, unlike=group)
                if word is not None and meaning is Meaning.KEYWORD:
                    return f"{word[0].upper()}{word[1:]} {group.lower()}"
                if word is not None:
                    return f"{group} {_JOINED[meaning]} {word}"
    return None


def _commonest(column: CategoryColumn, inside: Mask, *, unlike: str) -> str | None:
    """The value that stands out among these rows: common there, more so than elsewhere, and not `unlike` once more."""
    best, found = 0.0, None
    for code in range(min(len(column.values), 200)):
        rows = column.rows_of(code)
        common = int(inside[rows].sum())
        score = common * common / len(rows)
        alike = column.values[code].lower()[:4] == unlike.lower()[:4]
        if common >= _FEWEST and score > best and not alike:
            best, found = score, column.values[code]
    return found
