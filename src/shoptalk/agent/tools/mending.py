"""Arguments held against the catalog. What is wrong is told so that a model can mend its call: with what is right."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from pydantic import ValidationError
from rapidfuzz import fuzz, process

from shoptalk.agent.fitting import Spellings, key_of, number_of
from shoptalk.agent.llm.plan import OPERATORS, Condition, few_values, plannable
from shoptalk.agent.phrasing import join, label_of
from shoptalk.errors import ToolError
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.naming import is_description
from shoptalk.retrieval.query import Constraint, Operator, Value
from shoptalk.retrieval.schema import Column, Kind, Role, Schema
from shoptalk.retrieval.values import parse_date, parse_flag

__all__ = ["Mending", "lesser_columns", "told"]

_ENDS = (Operator.MOST, Operator.LEAST)
_SEVERAL = (Operator.ANY_OF, Operator.ALL_OF)
_NEAREST, _LIKE = 5, 60.0


class Mending:
    """Reads conditions and facet names against one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._spellings = Spellings(catalog)

    @cached_property
    def facets(self) -> dict[str, Column]:
        """The facets that may be asked for, by name."""
        return {facet.name: facet for facet in plannable(self._catalog)}

    def constraints(self, where: Sequence[Condition]) -> tuple[Constraint, ...]:
        """The conditions as the catalog holds them. Raises ToolError, which tells all that is wrong at once."""
        held: list[Constraint] = []
        wrong: list[str] = []
        for condition in where:
            try:
                held.append(self._constraint(condition))
            except ToolError as error:
                wrong.append(str(error))
        if wrong:
            raise ToolError(" ".join(wrong))
        return tuple(held)

    def facet(self, name: str) -> Column:
        """The facet of that name, or of that label. Raises ToolError, which names the facets."""
        if name in self.facets:
            return self.facets[name]
        plain = key_of(name)
        for facet in self.facets.values():
            if plain and plain in (key_of(facet.name), key_of(label_of(facet))):
                return facet
        raise ToolError(f"There is no facet '{name}'.", hint=f"There are {join(list(self.facets)) or 'none'}.")

    def _constraint(self, condition: Condition) -> Constraint:
        facet = self.facet(condition.facet)
        assert facet.kind is not None
        operators = OPERATORS[facet.kind]
        if condition.op not in operators:
            problem = f"'{condition.op}' does not apply to the facet '{facet.name}' ({_holds(facet)})."
            raise ToolError(problem, hint=f"It takes {_quoted(operators, 'or')}.")
        said = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        one_of = _ends if condition.op in _ENDS else self._single
        values = tuple(one_of(facet, one) for one in said)
        constraint = Constraint(
            facet=facet.name,
            operator=_operator(facet, condition.op, len(values)),
            value=_value_of(condition.op, values),
            must=not condition.wish,
        )
        try:
            self._catalog.meets(constraint)
        except ValueError as error:
            raise ToolError(f"{error}.", hint="'between' takes two values, other bounds one.") from None
        return constraint

    def _single(self, facet: Column, said: bool | float | str) -> bool | float | str:
        match facet.kind:
            case Kind.NUMBER:
                value: bool | float | str | None = number_of(facet, said)
            case Kind.FLAG:
                value = said if isinstance(said, bool) else parse_flag(str(said))
            case Kind.DATE:
                value = parse_date(str(said))
            case _:
                return self._category(facet, said)
        if value is None:
            raise ToolError(f"The facet '{facet.name}' is {_holds(facet)}, not {said!r}.", hint=_EXAMPLES[facet.kind])
        return value

    def _category(self, facet: Column, said: bool | float | str) -> str:
        """The value in the catalog's spelling, whatever its case, accents and endings."""
        text = f"{said:g}" if isinstance(said, float) else str(said)
        if (held := self._spellings.of(facet.name, text)) is not None:
            return held
        raise ToolError(f"The facet '{facet.name}' does not hold {text!r}.", hint=self._instead(facet, text))

    def _instead(self, facet: Column, said: str) -> str:
        if values := few_values(self._catalog, facet):
            return f"It holds {_quoted(values)}."
        held = self._spellings.by_key(facet.name)
        near = process.extract(key_of(said), held.keys(), scorer=fuzz.WRatio, score_cutoff=_LIKE, limit=_NEAREST)
        if near:
            return f"The nearest values are {_quoted([held[key] for key, *_ in near])}."
        return "Nothing it holds is near that; search for it with words."


def lesser_columns(schema: Schema) -> list[Column]:
    """The columns that no facet holds, and that an item's text has as 'phone: 1234'."""
    return [column for column in schema.of_role(Role.TEXT) if not is_description(column.name)]


def told(tool: str, error: ValidationError, takes: Iterable[str]) -> ToolError:
    """What pydantic found wrong with a tool's arguments, in a sentence for each."""
    wrong: dict[str, list[str]] = {}
    for one in error.errors(include_url=False):
        where = ".".join(str(part) for part in one["loc"] if not _is_branch(part))
        wrong.setdefault(where, []).append(one["msg"])
    problems = [f"'{where}': {_either(messages)}" for where, messages in wrong.items()]
    return ToolError(f"{'; '.join(problems)}.", hint=f"{tool} takes {join(list(takes))}.")


def _either(messages: Sequence[str]) -> str:
    """What several branches of a union say: 'Input should be a valid number or a valid string'."""
    first, *others = dict.fromkeys(messages)
    return join([first, *(one.removeprefix("Input should be ") for one in others)], "or")


def _is_branch(part: int | str) -> bool:
    """Names of a union's branches: 'bool', 'tuple[float, ...]'."""
    return isinstance(part, str) and (part in ("bool", "float", "str") or "[" in part)


def _ends(facet: Column, said: bool | float | str) -> float:
    """How many of the highest or lowest are meant."""
    number = number_of(facet.model_copy(update={"unit": None}), said)
    if number is None or number < 1:
        problem = f"'most' and 'least' of '{facet.name}' take how many items are meant, not {said!r}."
        raise ToolError(problem, hint="1 is the first alone.")
    return number


def _operator(facet: Column, asked: Operator, many: int) -> Operator:
    """IS with several values asks for any of what an item has one of, for all of what it has many of."""
    if asked is not Operator.IS or many < 2 or facet.kind not in (Kind.CATEGORY, Kind.CATEGORIES):
        return asked
    return Operator.ANY_OF if facet.kind is Kind.CATEGORY else Operator.ALL_OF


def _value_of(operator: Operator, values: tuple[bool | float | str, ...]) -> Value:
    if len(values) == 1 and operator not in _SEVERAL:
        return values[0]
    return values  # type: ignore[return-value]  # all are numbers, or all are texts


def _quoted(values: Sequence[str], word: str = "and") -> str:
    return join([f"'{one}'" for one in values], word)


def _holds(facet: Column) -> str:
    """What the facet's values are."""
    match facet.kind:
        case Kind.NUMBER:
            return f"a number of {facet.unit}" if facet.unit else "a number"
        case Kind.DATE:
            return "a day"
        case Kind.FLAG:
            return "true or false"
    return "words"


_EXAMPLES = {Kind.NUMBER: "Give a plain number, such as 90.", Kind.DATE: "Give a day as 2026-01-31.", Kind.FLAG: ""}
