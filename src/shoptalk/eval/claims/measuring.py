"""How well does a check tell true sentences from false ones? Shares of the set, with Wilson's 95% intervals.

Wilson's score interval (JASA 22, 1927) and not the bootstrap: shares near 0 and 1 are what is wanted here, and there
the bootstrap's interval has no width.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.checking import Known
from shoptalk.agent.explaining import Answer
from shoptalk.eval.claims.sentences import BY_HAND, FROM_WORDINGS, Half, Labelled, claim_sentences
from shoptalk.eval.metrics import Interval

__all__ = [
    "BASELINE",
    "CHECK",
    "Check",
    "CheckFigures",
    "CheckReport",
    "HalfFigures",
    "Rate",
    "measure_check",
    "names_and_numbers",
    "wilson",
]

BASELINE, CHECK = "names and numbers only", "every claim"
_Z = 1.959964
_MICRO = 1e6

Check = Callable[[Answer], Callable[[str], Sequence[object]]]
"""Made for an answer, it gives what it objects to in a sentence; nothing: the sentence may be said."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Rate(_Value):
    """How many of some sentences were stopped."""

    share: Interval
    stopped: int
    of: int


class HalfFigures(_Value):
    """What a check did with one half of the set."""

    half: Half
    false_stopped: Rate = Field(description="of the false sentences; wanted: all")
    true_cut: Rate = Field(description="of the true sentences; wanted: none")
    false_by_catalog: dict[str, Rate]
    true_by_catalog: dict[str, Rate]
    false_by_way: dict[str, Rate] = Field(description="by the way in which they were falsified")
    true_by_way: dict[str, Rate] = Field(description="written from wordings, and by hand")


class CheckFigures(_Value):
    """One check's figures."""

    name: str
    halves: tuple[HalfFigures, ...]
    sentence_microseconds: float = Field(description="median time of one sentence")
    answer_microseconds: float = Field(description="median time of making the check for an answer")


class CheckReport(_Value):
    """The set's size, and each check's figures on both of its halves."""

    sentences: int
    true: int
    false: int
    catalogs: int
    talks: int
    ways: int = Field(description="ways of falsifying, what was made up by hand included")
    seed: int
    checks: tuple[CheckFigures, ...]


@dataclass(frozen=True)
class _Judged:
    """A sentence of the set, what was objected to in it, and how long that took."""

    labelled: Labelled
    objections: tuple[object, ...]
    seconds: float


def measure_check(
    checks: Mapping[str, Check] | None = None,
    *,
    seed: int = 0,
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> CheckReport:
    """Hold every sentence of the set against the checks, by default the product's, and names and numbers alone.

    `tell` hears of every error on the open half, as a plain dict; the held half's are told to nobody. Raises
    DatasetError if a talk of the set no longer finds its items.
    """
    sentences = claim_sentences(seed)
    figures = [_figures(name, check, sentences, tell) for name, check in (checks or _default_checks()).items()]
    false = [one for one in sentences if not one.true]
    return CheckReport(
        sentences=len(sentences),
        true=len(sentences) - len(false),
        false=len(false),
        catalogs=len({one.catalog for one in sentences}),
        talks=len({(one.catalog, one.talk) for one in sentences}),
        ways=len({one.way for one in false}),
        seed=seed,
        checks=tuple(figures),
    )


def wilson(stopped: int, of: int) -> Interval:
    """A share with Wilson's 95% interval; all zeros where there is nothing."""
    if not of:
        return Interval(value=0.0, low=0.0, high=0.0)
    share, square = stopped / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Interval(value=share, low=max(0.0, middle - half), high=min(1.0, middle + half))


def names_and_numbers(answer: Answer) -> Callable[[str], Sequence[object]]:
    """The check of the embedded texts, for comparison: it knows no picks by number, so these are left out for it."""
    known = Known(answer)
    shown = [f"[{place}]" for place in range(1, len(answer.picks) + 1)]

    def untraceable(sentence: str) -> Sequence[object]:
        for one in shown:
            sentence = sentence.replace(one, "")
        return known.untraceable(sentence)

    return untraceable


def _default_checks() -> dict[str, Check]:
    from shoptalk.agent.claims import Claims

    return {BASELINE: names_and_numbers, CHECK: lambda answer: Claims(answer).objections}


def _figures(
    name: str, check: Check, sentences: Sequence[Labelled], tell: Callable[[dict[str, Any]], None] | None
) -> CheckFigures:
    making: list[float] = []
    judged = list(_judge(check, sentences, making))
    for one in judged:
        wrong = bool(one.objections) is one.labelled.true
        if tell is not None and wrong and one.labelled.half is Half.OPEN:
            tell(_miss(name, one))
    return CheckFigures(
        name=name,
        halves=tuple(_half(half, [one for one in judged if one.labelled.half is half]) for half in Half),
        sentence_microseconds=_MICRO * median(one.seconds for one in judged),
        answer_microseconds=_MICRO * median(making),
    )


def _judge(check: Check, sentences: Sequence[Labelled], making: list[float]) -> Iterator[_Judged]:
    """Each sentence judged; `making` gets how long making the check took, for each answer."""
    ordered = sorted(sentences, key=lambda one: (one.catalog, one.talk))
    for _, group in groupby(ordered, key=lambda one: (one.catalog, one.talk)):
        of_talk = list(group)
        begun = time.perf_counter()
        ask = check(of_talk[0].answer)
        making.append(time.perf_counter() - begun)
        for labelled in of_talk:
            begun = time.perf_counter()
            objections = tuple(ask(labelled.sentence))
            yield _Judged(labelled, objections, time.perf_counter() - begun)


def _miss(name: str, one: _Judged) -> dict[str, Any]:
    held = one.labelled
    return {
        "check": name,
        "talk": f"{held.catalog}/{held.talk}",
        "way": held.way,
        "true": held.true,
        "sentence": held.sentence,
        "source": held.source,
        "objections": [str(objection) for objection in one.objections],
    }


def _half(half: Half, judged: Sequence[_Judged]) -> HalfFigures:
    true = [one for one in judged if one.labelled.true]
    false = [one for one in judged if not one.labelled.true]
    return HalfFigures(
        half=half,
        false_stopped=_rate(false),
        true_cut=_rate(true),
        false_by_catalog=_by(false, lambda one: one.catalog),
        true_by_catalog=_by(true, lambda one: one.catalog),
        false_by_way=_by(false, lambda one: one.way),
        true_by_way={way: _rate([one for one in true if one.labelled.way == way]) for way in (FROM_WORDINGS, BY_HAND)},
    )


def _by(judged: Sequence[_Judged], key: Callable[[Labelled], str]) -> dict[str, Rate]:
    names = sorted({key(one.labelled) for one in judged})
    return {name: _rate([one for one in judged if key(one.labelled) == name]) for name in names}


def _rate(judged: Sequence[_Judged]) -> Rate:
    stopped = sum(bool(one.objections) for one in judged)
    return Rate(share=wilson(stopped, len(judged)), stopped=stopped, of=len(judged))
