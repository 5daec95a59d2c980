"""Ask when it pays: one question, said after the picks, whose answer would split what is left.

What an answer is worth is measured, over any catalog: the expected information (bits) about which of the ranked
candidates is the right one, each weighing as much as its score says, times how likely people are to have a preference
in what the facet means. A facet that few candidates have, one with so many values that a handful of buttons cannot hold
them, and one that all candidates share are worth little by that measure alone; none is left out by its name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.offers import Asking, Choice, Question
from shoptalk.agent.phrasing import constraint_in_words, join, label_of, short_label
from shoptalk.agent.relaxing import codes_of, rounded
from shoptalk.agent.state import TalkState
from shoptalk.agent.tokens import singular, words
from shoptalk.retrieval.catalog import Catalog, CategoryColumn, FlagColumn, NumberColumn
from shoptalk.retrieval.query import Act, Constraint, Operator, Request
from shoptalk.retrieval.schema import Column, Meaning

Rows = NDArray[np.int64]
Weights = NDArray[np.float64]
Mask = NDArray[np.bool_]

NO_PREFERENCE = "no preference"

_MOST_VALUES, _FEWEST_PASSING = 4, 20
_LOOKED_AT, _READ = 150, 1000
# Bits that an answer has to bring; each question asked before asks for more of the next one.
_LEAST_BITS, _MORE_EACH_TIME = 1.0, 0.2
# How many candidates are in question: the exponential of the entropy of their weights.
_LEAST_OPEN = 8.0
_LEAST_COVERAGE, _LEAST_SHARE = 0.6, 0.05
_LONGEST_VALUE = 32
_TERCILES = (1 / 3, 2 / 3)
# How likely people are to have a preference, by what a facet means to them.
_CARED_FOR = {
    Meaning.GENRE: 1.0, Meaning.PRICE: 1.0, Meaning.PLACE: 1.0, Meaning.KEYWORD: 0.9, Meaning.BRAND: 0.9,
    Meaning.SIZE: 0.9, Meaning.PERSON: 0.8, Meaning.YEAR: 0.8, Meaning.DURATION: 0.8, Meaning.LANGUAGE: 0.8,
    Meaning.WEIGHT: 0.7,
}  # fmt: skip
_CARED_FOR_OTHERS = 0.6
# Everyone prefers the same end of these, or cannot know them: there is nothing to ask.
_ONE_WAY = (Meaning.RATING, Meaning.POPULARITY, Meaning.STOCK, Meaning.HIDDEN)
_ASKS = frozenset({Act.FIND, Act.REFINE, Act.START_OVER, Act.UNDO})
_HURRIED = frozenset({"quick", "quickly", "asap", "whatever", "hurry", "urgent", "urgently", "rush", "surprise"})
_HURRIED_PHRASES = (
    "just show", "just give", "just pick", "no questions", "dont ask", "do not ask", "stop asking", "you choose",
    "you decide", "up to you", "dont care", "do not care", "right now", "no time", "in a rush",
)  # fmt: skip


def may_ask(earlier: TalkState, request: Request) -> bool:
    """Whether the person would put up with a question now: not twice in a row, not after an answer, not in a hurry.

    `earlier` is the state before the message. An empty message asks for the same answer again: its question stands.
    """
    if not request.message.strip():
        return earlier.question is not None
    if earlier.question is not None or Act.ANSWER in request.acts or not _ASKS.issuperset(request.acts):
        return False
    if request.count == 1:
        return False
    said = f" {' '.join(words(request.message[:_READ]))} "
    return not (_HURRIED & set(said.split()) or any(f" {phrase} " in said for phrase in _HURRIED_PHRASES))


def question_worth_asking(
    catalog: Catalog,
    state: TalkState,
    rows: Rows,
    scores: Weights,
    many: int,
    passing: Callable[[], Mask],
    *,
    standing: str | None = None,
) -> Question | None:
    """The question that tells most about what is wanted, None if none is worth a person's time.

    `rows` and `scores` (n,): the ranked candidates, best first; `many` items pass, and `passing()` is their mask, asked
    for only where there is something to count. `standing`: the facet of a question that was not answered yet; it is
    asked again while there is anything to tell apart.
    """
    if many < max(_FEWEST_PASSING, 3 * state.count):
        return None
    rows = rows[:_LOOKED_AT]
    weights = _weights(scores[:_LOOKED_AT])
    if np.exp(_entropy(weights)) < _LEAST_OPEN:
        return None
    least = _LEAST_BITS + _MORE_EACH_TIME * len(state.inquired)
    spoken = {one.facet for one in state.constraints} | set(state.inquired)
    best: _Split | None = None
    for facet in catalog.schema.facets:
        if facet.name in spoken or facet.meaning in _ONE_WAY or standing not in (None, facet.name):
            continue
        split = _split(catalog, facet, rows, weights)
        if split is not None and (best is None or split.worth > best.worth + 1e-9):
            best = split
    if best is None or (best.worth < least and standing is None):
        return None
    return _asked(catalog, best, passing(), counted=not (state.texts or state.similar or state.wishes))


@dataclass(frozen=True, slots=True)
class _Split:
    """How a facet would split the candidates: what an answer brings, and the answers that can be given."""

    facet: Column
    bits: float
    answers: tuple[Constraint, ...]

    @property
    def worth(self) -> float:
        """Bits that an answer brings, if the person is likely to have one."""
        return self.bits * _cared_for(self.facet)


def _weights(scores: Weights) -> Weights:
    """(n,) How likely each candidate is the right one: the ranker's scores are log-odds up to a constant."""
    odds = np.exp(scores - scores.max())
    weights: Weights = odds / odds.sum()
    return weights


def _entropy(weights: Weights) -> float:
    held = weights[weights > 0]
    return float(-(held * np.log(held)).sum())


def _split(catalog: Catalog, facet: Column, rows: Rows, weights: Weights) -> _Split | None:
    column = catalog.column(facet.name)
    match column:
        case CategoryColumn():
            return _by_value(facet, column, rows, weights)
        case FlagColumn():
            return _by_flag(facet, column, rows, weights)
        case NumberColumn() if facet.meaning is not None or facet.unit:
            return _by_range(catalog, facet, column, rows, weights)
    return None


def _by_value(facet: Column, column: CategoryColumn, rows: Rows, weights: Weights) -> _Split | None:
    """The values that split best. Who wants an item that has several of those offered names any one of them."""
    codes, places = codes_of(column, rows)
    if not len(codes):
        return None
    has_any = np.zeros(len(rows), dtype=np.bool_)
    has_any[places] = True
    mass = np.minimum(np.bincount(codes, weights=weights[places]), 1.0)
    common = np.flatnonzero((mass >= _LEAST_SHARE) & (mass <= 1 - _LEAST_SHARE))
    worth = -mass[common] * np.log2(mass[common])
    best = common[np.lexsort((common, -worth))[:_MOST_VALUES]]
    best = best[np.lexsort((best, -mass[best]))]
    said = [column.values[code] for code in best.tolist()]
    if weights[has_any].sum() < _LEAST_COVERAGE or len(said) < 2 or any(len(value) > _LONGEST_VALUE for value in said):
        return None
    offered = np.zeros(len(mass), dtype=np.bool_)
    offered[best] = True
    codes, places = codes[offered[codes]], places[offered[codes]]
    several = np.maximum(np.bincount(places, minlength=len(rows)), 1)
    likely = np.bincount(codes, weights=(weights / several)[places], minlength=len(mass))[best].astype(np.float64)
    return _Split(facet, _bits(likely, mass[best]), tuple(_held(facet, Operator.IS, value) for value in said))


def _by_flag(facet: Column, column: FlagColumn, rows: Rows, weights: Weights) -> _Split | None:
    values = column.values[rows]
    mass = np.array([weights[values == 1].sum(), weights[values == 0].sum()])
    covered = float(mass.sum())
    if covered < _LEAST_COVERAGE or mass.min() < _LEAST_SHARE:
        return None
    return _Split(facet, _bits(mass, mass), tuple(_held(facet, Operator.IS, one) for one in (True, False)))


def _by_range(catalog: Catalog, facet: Column, column: NumberColumn, rows: Rows, weights: Weights) -> _Split | None:
    """Three ranges of about the same weight, with round bounds."""
    values = column.values[rows]
    known = ~np.isnan(values)
    covered = float(weights[known].sum())
    if covered < _LEAST_COVERAGE:
        return None
    held, mass = values[known], weights[known]
    order = np.argsort(held, kind="stable")
    low, high = _terciles(held[order], mass[order], is_year=column.is_year)
    if not held.min() < low < high <= held.max():
        return None
    answers = (
        _held(facet, Operator.LESS_THAN, low),
        _held(facet, Operator.BETWEEN, (low, high)),
        _held(facet, Operator.MORE_THAN, high),
    )
    parts = np.array([mass[held < low].sum(), mass[(held >= low) & (held <= high)].sum(), mass[held > high].sum()])
    if parts.min() < _LEAST_SHARE:
        return None
    return _Split(facet, _bits(parts, parts), answers)


def _terciles(held: Weights, mass: Weights, *, is_year: bool) -> tuple[float, float]:
    """Round bounds near the thirds of the weight."""
    share = np.cumsum(mass) / mass.sum()
    low, high = (float(held[min(int(np.searchsorted(share, third)), len(held) - 1)]) for third in _TERCILES)
    slack = (high - low) / 4
    if is_year:
        slack = max(slack, 3.0)
    return rounded(low - slack, low + slack), rounded(high - slack, high + slack)


def _bits(likely: Weights, left: Weights) -> float:
    """Expected information of the answers: how likely each is, and what share of the weight it leaves."""
    return float((likely * np.log2(1 / left)).sum())


def _cared_for(facet: Column) -> float:
    return _CARED_FOR.get(facet.meaning, _CARED_FOR_OTHERS) if facet.meaning else _CARED_FOR_OTHERS


def _held(facet: Column, operator: Operator, value: bool | float | str | tuple[float, float]) -> Constraint:
    return Constraint(facet=facet.name, operator=operator, value=value)


def _asked(catalog: Catalog, split: _Split, passing: Mask, *, counted: bool) -> Question | None:
    """The question with exact counts; None if all that pass, and not only the candidates, hardly differ."""
    schema = catalog.schema
    many = int(np.count_nonzero(passing))
    choices = []
    for answer in split.answers:
        label = constraint_in_words(schema, answer)
        count = int(np.count_nonzero(passing & catalog.meets(answer)))
        if count:
            choices.append(Choice(label=label, count=count, added=(answer.model_copy(update={"words": label}),)))
    if len(choices) < 2:
        return None
    text = _sentence(split.facet, choices, counted=counted)
    choices.append(Choice(label=NO_PREFERENCE, count=many))
    return Question(kind=Asking.CLARIFY, facet=split.facet.name, text=text, choices=tuple(choices), counted=counted)


def _sentence(facet: Column, choices: Sequence[Choice], *, counted: bool) -> str:
    label = f"{short_label(facet)} "
    said = join(
        [choice.label.removeprefix(label) + (f" ({choice.count:,})" if counted else "") for choice in choices], "or"
    )
    if isinstance(choices[0].added[0].value, bool):
        return f"Does “{label_of(facet)}” matter to you: {said}?"
    return f"Should I narrow it down by {singular(short_label(facet))}: {said}?"


def asked_before(state: TalkState, request: Request) -> Iterator[str]:
    """Facets that are not to be asked about any more: those asked about, and those said not to matter."""
    yield from state.inquired
    yield from request.dropped
    if state.question is not None and state.question.facet and request.message.strip():
        yield state.question.facet


__all__ = ["NO_PREFERENCE", "asked_before", "may_ask", "question_worth_asking"]
