"""The ways in which a model server fails, to be had on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from typing import Any

from shoptalk.eval.standin.prefixes import pieces_of


class FaultKind(StrEnum):
    """What goes wrong with an answer."""

    LATE = "late"
    SLOW = "slow"
    STALLING = "stalling"
    DROPPED = "dropped"
    FAILING = "failing"
    REFUSING = "refusing"
    EMPTY = "empty"
    GARBAGE = "garbage"
    BROKEN = "broken"
    LOOPING = "looping"
    CUT_OFF = "cut_off"
    THINKING = "thinking"
    UNCLOSED = "unclosed"
    NOT_JSON = "not_json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `seconds` is how long a late or stalling answer keeps one waiting, and a slow one with each token (then 0.5 is
    a good value); `after` how many tokens come before an answer stalls, is dropped, fails with an error's event in the
    stream, or runs in circles; `status` the
    HTTP status of a refusal; `own_field`: reasoning comes in a field of its own rather than between tags.
    """

    kind: FaultKind
    seconds: float = 30.0
    after: int = 3
    status: int = 500
    own_field: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """How an answer is given: its deltas as they are sent, and where it stops short."""

    deltas: Sequence[dict[str, Any]]
    finish: str = "stop"
    wait_first: float = 0.0
    wait_each: float = 0.0
    stall: tuple[int, float] | None = None
    drop: int | None = None
    fail: int | None = None
    broken: bool = False


_THOUGHT = "I weigh what was asked, and say nothing of it."
_NOISE = "\ufffd\x07\ufffd\ufffd\x1b\ufffd" * 12
_PROSE = "Of course! Here is what you asked for: {none of it is"


def speech_of(answer: str, fault: Fault | None, *, most_tokens: int, wait_first: float, wait_each: float) -> Speech:
    """How this answer is given under a fault; waits in seconds, of a server that is well."""
    pieces, finish = _within(pieces_of(_spoilt(answer, fault, most_tokens)), most_tokens)
    kind = fault.kind if fault else None
    if fault and kind is FaultKind.CUT_OFF:
        pieces, finish = pieces[: max(1, len(pieces) // 2)], "length"
    thought = pieces_of(_THOUGHT) if fault and kind is FaultKind.THINKING and fault.own_field else []
    deltas = [{"reasoning": piece, "reasoning_content": piece} for piece in thought]
    deltas += [{"content": piece} for piece in pieces]
    return Speech(
        deltas=deltas,
        finish=finish,
        wait_first=wait_first + (fault.seconds if fault and kind is FaultKind.LATE else 0.0),
        wait_each=fault.seconds if fault and kind is FaultKind.SLOW else wait_each,
        stall=(fault.after, fault.seconds) if fault and kind is FaultKind.STALLING else None,
        drop=fault.after if fault and kind is FaultKind.DROPPED else None,
        fail=fault.after if fault and kind is FaultKind.FAILING else None,
        broken=kind is FaultKind.BROKEN,
    )


def _spoilt(answer: str, fault: Fault | None, most_tokens: int) -> str:
    """The text of an answer under a fault."""
    if fault is None:
        return answer
    if fault.kind is FaultKind.LOOPING:
        return _in_circles(answer, fault.after, most_tokens)
    if fault.kind is FaultKind.THINKING and fault.own_field:
        return answer
    texts = {
        FaultKind.EMPTY: "",
        FaultKind.GARBAGE: _NOISE,
        FaultKind.NOT_JSON: _PROSE,
        FaultKind.THINKING: f"<think>{_THOUGHT}</think>\n\n{answer}",
        FaultKind.UNCLOSED: f"<think>{_THOUGHT} {answer}",
    }
    return texts.get(fault.kind, answer)


def _in_circles(answer: str, after: int, most_tokens: int) -> str:
    """The begin of an answer, and then the same over and over; white space where the answer is JSON, as models do."""
    circle = "  \n" if answer.startswith("{") else " and it is very good, and it is very good,"
    begin = pieces_of(answer)[:after]
    return "".join([*begin, *islice(cycle(pieces_of(circle)), most_tokens)])


def _within(pieces: list[str], most_tokens: int) -> tuple[list[str], str]:
    return (pieces[:most_tokens], "length") if len(pieces) > most_tokens else (pieces, "stop")
