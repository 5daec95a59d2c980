"""What a measurement of a model with a shop comes to: from single turns to a level's figures, and the report of all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from shoptalk.agent.watch import CallUse, Door, Fallback, ModelUse
from shoptalk.eval.measuring import percentiles

__all__ = ["Cached", "Counters", "Doorway", "Level", "LlmReport", "Measured", "Spread", "TurnTaken"]

#: The most milliseconds of a turn that may be ours, at the 95th percentile and one talk at a time.
TARGET = 50.0

Counters = Mapping[str, float]
"""Counters of a server by name, without prefix and without `_total`; empty where it tells none."""

_DOORS: tuple[Door, ...] = ("plan", "explain")


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """One turn as its person met it: times in seconds from asking, None where no word came.

    `place` is its number in the talk, from 1; `cpu` the CPU seconds of the thread that took it; `during` is what the
    server counted meanwhile, where nobody else was asking.
    """

    place: int
    first: float | None
    whole: float
    cpu: float
    use: ModelUse | None
    during: Counters = field(default_factory=dict)

    @property
    def calls(self) -> tuple[CallUse, ...]:
        """The calls to the model, one after the other."""
        return self.use.calls if self.use else ()

    @property
    def fallbacks(self) -> tuple[Fallback, ...]:
        """Where the embedded parts stood in."""
        return self.use.fallbacks if self.use else ()

    @property
    def model(self) -> float:
        """Seconds in which the model was asked."""
        return self.use.seconds if self.use else 0.0

    @property
    def ours(self) -> float:
        """The other seconds. A turn's calls follow each other, so that none is counted twice."""
        return max(0.0, self.whole - self.model)


@dataclass
class Measured:
    """The turns of one level; how long they took together and what they took of CPU, in seconds.

    `during` is what the server counted, `load` the machine's load average before.
    """

    at_once: int
    talks: int
    turns: list[TurnTaken] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    during: Counters = field(default_factory=dict)
    load: float | None = None


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Spread(_Figures):
    """The middle of many values, and what 95 of 100 keep within."""

    p50: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self | None:
        """None of no values."""
        if not values:
            return None
        p50, p95 = percentiles(values, 50, 95)
        return cls(p50=p50, p95=p95)


class Cached(_Figures):
    """Shares of the prompts' tokens that the server had from prompts before; None where it is not told.

    By the server's own counters: over the level, and by the turn's place in its talk where talks came one at a time.
    `told_...` are the same as each answer's usage tells them (vLLM with `--enable-prompt-tokens-details`).
    """

    all: float | None = None
    first_turn: float | None = None
    later_turns: float | None = None
    told_first_turn: float | None = None
    told_later_turns: float | None = None
    told_later_plans: float | None = None
    told_later_texts: float | None = None

    @classmethod
    def of(cls, measured: Measured) -> Self:
        """The shares of a level."""
        first = [turn for turn in measured.turns if turn.place == 1]
        later = [turn for turn in measured.turns if turn.place > 1]
        calls = [call for turn in later for call in turn.calls]
        if not any(call.tokens_cached for turn in measured.turns for call in turn.calls):
            calls, first_calls = [], []  # servers that do not tell say 0
        else:
            first_calls = [call for turn in first for call in turn.calls]
        return cls(
            all=_hit_share([measured.during]),
            first_turn=_hit_share([turn.during for turn in first]),
            later_turns=_hit_share([turn.during for turn in later]),
            told_first_turn=_told_share(first_calls),
            told_later_turns=_told_share(calls),
            told_later_plans=_told_share([call for call in calls if call.door == "plan"]),
            told_later_texts=_told_share([call for call in calls if call.door == "explain"]),
        )


class Doorway(_Figures):
    """How the model did at a door: turns in which it was wanted there, in which it served, and why not."""

    door: Door
    wanted: int
    served: int = Field(description="turns whose request, or some of whose text, is the model's")
    fell_back: int = Field(description="turns in which the embedded part stood in, for some of a text or all")
    reasons: dict[str, int] = Field(description="fallbacks by why")
    examples: dict[str, str] = Field(description="one fallback's detail for each reason")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def served_rate(self) -> float | None:
        """Of the turns that wanted it; at the door of plans, how many plans were valid."""
        return _share(self.served, self.wanted)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def fallback_rate(self) -> float | None:
        """Of the turns that wanted it."""
        return _share(self.fell_back, self.wanted)

    @classmethod
    def of(cls, door: Door, turns: Sequence[TurnTaken]) -> Self:
        """What the turns tell of a door."""
        uses = [turn.use for turn in turns if turn.use is not None]
        fallbacks = [one for turn in turns for one in turn.fallbacks if one.door == door]
        return cls(
            door=door,
            wanted=sum(door in {one.door for one in use.calls} | {one.door for one in use.fallbacks} for use in uses),
            served=sum(use.planned if door == "plan" else use.written for use in uses),
            fell_back=sum(any(one.door == door for one in turn.fallbacks) for turn in turns),
            reasons=dict(Counter(str(one.failure) for one in fallbacks).most_common()),
            examples={str(one.failure): one.detail for one in reversed(fallbacks)},
        )


class Level(_Figures):
    """So many talks at once: how fast they were, and what the model did. Times are as the person met them."""

    at_once: int
    talks: int
    turns: int
    seconds: float = Field(description="from the first message to the end of the last turn")
    first_word: Spread | None = Field(description="seconds to the first piece of text")
    whole: Spread | None = Field(description="seconds to the end of the turn")
    model: Spread | None = Field(description="seconds of a turn in which the model was asked")
    ours: Spread | None = Field(description="milliseconds of a turn in which it was not; waiting for a core is in it")
    ours_cpu: Spread | None = Field(description="CPU milliseconds of the turn's thread, also while the model writes")
    process_cpu: float | None = Field(description="CPU milliseconds of the whole process for a turn, the mean")
    calls: int
    call_seconds: float | None = Field(description="mean seconds of a call, as we met it")
    server_seconds: float | None = Field(description="mean seconds of a request, by the server's own counters")
    tokens_in: float = Field(description="of a turn, the mean")
    tokens_out: float = Field(description="of a turn, the mean")
    tokens_a_second: float = Field(description="written by the model, for all talks together")
    cached: Cached
    sentences: int = Field(description="that the model wrote")
    cut: int = Field(description="of these, how many were not said")
    doors: tuple[Doorway, ...]
    load: float | None = Field(description="the machine's load average (1 minute) before the level")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def turns_a_minute(self) -> float:
        """Of all talks together."""
        return 60 * self.turns / self.seconds if self.seconds else 0.0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cut_rate(self) -> float | None:
        """Of the sentences that the model wrote."""
        return _share(self.cut, self.sentences)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def meets(self) -> bool | None:
        """Whether our share of a turn is within its target, which is for one talk at a time; None for more."""
        return self.ours.p95 <= TARGET if self.at_once == 1 and self.ours else None

    @classmethod
    def of(cls, measured: Measured) -> Self:
        """The figures of turns that were taken."""
        turns = measured.turns
        calls = [call for turn in turns for call in turn.calls]
        uses = [turn.use for turn in turns if turn.use is not None]
        written = sum(call.tokens_out for call in calls)
        return cls(
            at_once=measured.at_once,
            talks=measured.talks,
            turns=len(turns),
            seconds=measured.seconds,
            first_word=Spread.of([turn.first for turn in turns if turn.first is not None]),
            whole=Spread.of([turn.whole for turn in turns]),
            model=Spread.of([turn.model for turn in turns]),
            ours=Spread.of([1000 * turn.ours for turn in turns]),
            ours_cpu=Spread.of([1000 * turn.cpu for turn in turns]),
            process_cpu=_share(1000 * measured.cpu, len(turns)),
            calls=len(calls),
            call_seconds=_share(sum(call.seconds for call in calls), len(calls)),
            server_seconds=_mean_request(measured.during),
            tokens_in=_mean(calls, lambda call: call.tokens_in, len(turns)),
            tokens_out=_mean(calls, lambda call: call.tokens_out, len(turns)),
            tokens_a_second=written / measured.seconds if measured.seconds else 0.0,
            cached=Cached.of(measured),
            sentences=sum(use.sentences for use in uses),
            cut=sum(use.cut for use in uses),
            doors=tuple(one for one in (Doorway.of(door, turns) for door in _DOORS) if one.wanted),
            load=measured.load,
        )


class LlmReport(_Figures):
    """One run: what was asked, on what, and the figures of each level."""

    model: str
    server: str = Field(description="its software and version, as far as it tells")
    url: str
    context: int = Field(description="tokens that the model takes in all")
    hardware: str = Field(description="what the server runs on, as whoever measured says")
    machine: str = Field(description="what shoptalk ran on")
    shoptalk: str
    shop: str
    items: int
    encoder: str
    doors: str
    first_word: float = Field(description="seconds until the first word has to be there")
    whole: float = Field(description="seconds until the turn has to be whole")
    talk_turns: int = Field(description="turns that each talk has")
    seed: int
    levels: tuple[Level, ...]
    embedded: tuple[Level, ...] = Field(description="the same talks without a model, if asked for")
    interrupted: bool = Field(description="whether it was stopped before its end")
    notes: tuple[str, ...] = Field(description="what to know when reading the figures")


def _hit_share(counted: Sequence[Counters]) -> float | None:
    asked = sum(one.get("prefix_cache_queries", 0.0) for one in counted)
    return _share(sum(one.get("prefix_cache_hits", 0.0) for one in counted), asked)


def _told_share(calls: Sequence[CallUse]) -> float | None:
    return _share(sum(call.tokens_cached for call in calls), sum(call.tokens_in for call in calls))


def _mean_request(counted: Counters) -> float | None:
    name = "e2e_request_latency_seconds"
    return _share(counted.get(f"{name}_sum", 0.0), counted.get(f"{name}_count", 0.0))


def _mean(calls: Sequence[CallUse], tokens: Callable[[CallUse], int], turns: int) -> float:
    return sum(map(tokens, calls)) / turns if turns else 0.0


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
