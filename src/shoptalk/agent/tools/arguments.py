"""What the tools take. Field descriptions are read by language models: they stand in the tools' JSON schema."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.llm.plan import Condition

_MOST_PICKS, _MOST_CONDITIONS = 20, 20

Items = Annotated[tuple[str, ...], Field(max_length=10)]
Where = Annotated[
    tuple[Condition, ...],
    Field(
        max_length=_MOST_CONDITIONS,
        description="conditions on facets; one with wish=true only helps, all others have to hold",
    ),
]
Words = Annotated[
    str,
    Field(max_length=500, description="what no facet holds, in plain words; it is searched by meaning and by words"),
]
Exclude = Annotated[tuple[str, ...], Field(max_length=500, description="ids of items that are not to be shown")]
Count = Annotated[int, Field(ge=1, le=_MOST_PICKS, description="how many items are wanted")]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Find(_Arguments):
    """A search."""

    where: Where = ()
    words: Words = ""
    similar: Items = Field(default=(), description="ids of items that the others should be like")
    exclude: Exclude = ()
    count: Count = 4


class Similar(_Arguments):
    """A search for items like some others."""

    items: Items = Field(min_length=1, description="ids of the items that the others should be like")
    where: Where = ()
    exclude: Exclude = ()
    count: Count = 4


class LookUp(_Arguments):
    """A title to be found."""

    title: str = Field(
        min_length=1, max_length=200, description="an item's title as people write it, or an id; it may be misspelt"
    )


class Compare(_Arguments):
    """Items to be held side by side."""

    items: Items = Field(min_length=2, description="ids of the items")
    facets: tuple[str, ...] = Field(default=(), max_length=20, description="only these facets; by default all")


class Details(_Arguments):
    """Items of which the records are asked for."""

    items: Items = Field(min_length=1, description="ids of the items")
    facets: tuple[str, ...] = Field(default=(), max_length=20, description="only these facets; by default the record")


class Clarify(_Arguments):
    """A search that is to be narrowed by a question."""

    where: Where = ()
    words: Words = ""
    facet: str | None = Field(default=None, description="the facet to ask about; by default the one that tells most")
