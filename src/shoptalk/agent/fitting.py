"""Values as programs and models write them, fitted to what a facet holds: the catalog's spelling, the facet's unit."""

from shoptalk.agent.tokens import singular, words
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.columns import CategoryColumn
from shoptalk.retrieval.schema import Column
from shoptalk.retrieval.values import factor, parse_quantity

__all__ = ["Spellings", "key_of", "number_of"]


class Spellings:
    """The catalog's spelling of category values, whatever their case, accents and endings. Safe to share."""

    def __init__(self, catalog: Catalog) -> None:
        """Reads a facet's values when it is first asked for."""
        self._catalog = catalog
        self._by_key: dict[str, dict[str, str]] = {}

    def of(self, facet: str, said: str) -> str | None:
        """The value that is meant; None where the facet holds none like it."""
        return said if said in self._column(facet).code_of else self.by_key(facet).get(key_of(said))

    def by_key(self, facet: str) -> dict[str, str]:
        """The facet's values by `key_of`; of values with one key the most frequent."""
        if facet not in self._by_key:
            self._by_key[facet] = {key_of(value): value for value in reversed(self._column(facet).values)}
        return self._by_key[facet]

    def _column(self, facet: str) -> CategoryColumn:
        column = self._catalog.column(facet)
        assert isinstance(column, CategoryColumn)
        return column


def key_of(value: str) -> str:
    """What a value has in common with its other spellings."""
    return " ".join(singular(word) for word in words(value))


def number_of(facet: Column, said: bool | float | str) -> float | None:
    """The number in the facet's unit, None for what is none; '2 h' of a facet in minutes is 120."""
    if isinstance(said, bool):
        return None
    if not isinstance(said, str):
        return float(said) if abs(said) < float("inf") else None
    quantity = parse_quantity(said)
    if quantity is None:
        return None
    unit = quantity.unit or quantity.currency
    if unit is None or unit == facet.unit:
        return quantity.value
    times = factor(unit, facet.unit) if facet.unit else None
    return None if times is None else quantity.value * times
