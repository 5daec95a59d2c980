"""What each column of a catalog was taken for: the content of a shop's `facets.json`.

A column has one role. Those with the role `facet` also have a kind (how values compare) and may have a meaning (what
people call it: a price can be *cheap*, a duration *short*), by which words find the facet in any catalog.
"""

from collections import Counter
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Role(StrEnum):
    """What a column is for."""

    ID = "id"
    TITLE = "title"
    TEXT = "text"
    FACET = "facet"
    PICTURE = "picture"
    LINK = "link"
    IGNORED = "ignored"


class Kind(StrEnum):
    """How a facet's values compare."""

    CATEGORY = "category"
    CATEGORIES = "categories"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"


class Meaning(StrEnum):
    """What people mean by a facet, whatever the catalog calls it."""

    PRICE = "price"
    YEAR = "year"
    DURATION = "duration"
    RATING = "rating"
    POPULARITY = "popularity"
    SIZE = "size"
    WEIGHT = "weight"
    GENRE = "genre"
    PERSON = "person"
    BRAND = "brand"
    LANGUAGE = "language"
    PLACE = "place"
    KEYWORD = "keyword"
    STOCK = "stock"
    HIDDEN = "hidden"


class Column(BaseModel):
    """One column of the catalog, as read after nested records were flattened (names are dotted paths)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="the column's name, or its dotted path in nested records")
    role: Role = Field(description="what the column is for")
    kind: Kind | None = Field(default=None, description="how values compare; facets only")
    label: str = Field(default="", description="how the column is called in a sentence: 'running time'")
    meaning: Meaning | None = Field(default=None, description="what people mean by it; decides words like 'cheap'")
    unit: str | None = Field(
        default=None, description="unit of a number as shown: 'min', 'inch', 'GB', or 'USD' for money"
    )
    scale: float = Field(default=1.0, gt=0, description="factor from the source's number to the unit; 0.01 for cents")
    separator: str | None = Field(default=None, description="what separates the values of a many-valued text column")

    @model_validator(mode="after")
    def _facets_have_a_kind(self) -> "Column":
        if (self.role is Role.FACET) != (self.kind is not None):
            raise ValueError(f"column '{self.name}': a facet needs a kind, and only a facet has one")
        return self


class Schema(BaseModel):
    """All columns of a catalog. Exactly one title; at most one id, picture and link; column names are unique."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[Column, ...]

    @model_validator(mode="after")
    def _roles_are_sound(self) -> "Schema":
        names = [column.name for column in self.columns]
        twice = sorted(name for name, times in Counter(names).items() if times > 1)
        if twice:
            raise ValueError(f"columns named twice: {', '.join(twice)}")
        for role in (Role.ID, Role.TITLE, Role.PICTURE, Role.LINK):
            held = [column.name for column in self.columns if column.role is role]
            if len(held) > 1 or (role is Role.TITLE and not held):
                raise ValueError(
                    f"a catalog needs {'exactly' if role is Role.TITLE else 'at most'} one {role}, got {held}"
                )
        return self

    def of_role(self, role: Role) -> tuple[Column, ...]:
        """Columns with this role, in the catalog's order."""
        return tuple(column for column in self.columns if column.role is role)

    @cached_property
    def facets(self) -> tuple[Column, ...]:
        """The facet columns, in the catalog's order."""
        return self.of_role(Role.FACET)

    def facet(self, name: str) -> Column:
        """The facet of that name. Raises KeyError if there is none."""
        if name not in self._by_name:
            raise KeyError(f"no facet named '{name}'")
        return self._by_name[name]

    def by_meaning(self, meaning: Meaning) -> tuple[Column, ...]:
        """Facets with this meaning, in the catalog's order."""
        return tuple(column for column in self.facets if column.meaning is meaning)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.facets}
