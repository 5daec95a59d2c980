"""What models of people's choices learn from, and what they are asked with: sessions, and the context before a choice.

A session is one talk, or all that one person had to do with items; both look the same here. Items are codes from 0, as
whoever made the sessions numbered them: models know nothing of catalogs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from shoptalk.retrieval.query import Query, Said, Touch

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Choice", "Context", "Sessions", "query_of_context"]

_HEARD, _HEARD_CHARACTERS, _LIKED = 2, 300, 10

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What is known before a choice: `items` (h,) codes with `values` and `ago` (as in `Touch`), and `said`.

    All oldest first. An item may stand in it more than once.
    """

    items: Ints
    values: Floats
    ago: Ints
    said: tuple[Said, ...] = ()

    @property
    def for_items(self) -> tuple[Ints, Floats]:
        """Codes of the distinct items that something speaks for, latest last, and the most that does (h',)."""
        best: dict[int, float] = {}
        for item, value in zip(self.items.tolist(), self.values.tolist(), strict=True):
            held = best.pop(item, 0.0)
            best[item] = value if value < 0 else max(held, value)
        kept = {item: value for item, value in best.items() if value > 0}
        return np.array(list(kept), dtype=np.int64), np.array(list(kept.values()), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What someone chose in a session (codes, distinct), and what was known before."""

    session: int
    context: Context
    chosen: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Sessions one after another in flat arrays, each in the order of what happened.

    `offsets` (s + 1,) tells which of the m events are whose. Of each event: `items` (m,) code in [0, n_items);
    `values` (m,) how much it speaks for the item, as in `Touch`; `steps` (m,) the message or act that it belongs to,
    ascending within a session; `times` (m,) seconds since 1970, NaN where not known; `chosen` (m,) bool, whether it is
    a choice to learn from (a recommendation, a purchase) and not only known (what the user named). `said` has the
    messages of each session, where they are talks: step k is message k. Empty for plain interactions.
    """

    n_items: int
    offsets: Ints
    items: Ints
    values: Floats
    steps: Ints
    times: Floats
    chosen: NDArray[np.bool_]
    said: tuple[tuple[Said, ...], ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError if the arrays do not go together."""
        lengths = {len(one) for one in (self.items, self.values, self.steps, self.times, self.chosen)}
        if len(lengths) != 1 or int(self.offsets[-1]) != len(self.items):
            raise ValueError(f"the arrays of {int(self.offsets[-1])} events have the lengths {sorted(lengths)}")
        if self.said and len(self.said) != len(self):
            raise ValueError(f"{len(self)} sessions have the messages of {len(self.said)}")
        if len(self.items) and not (self.items.min() >= 0 and self.items.max() < self.n_items):
            raise ValueError(f"item codes must lie in [0, {self.n_items})")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def owner(self) -> Ints:
        """(m,) the session of each event."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.offsets))

    def matrix(self) -> "csr_matrix":
        """(s, n_items) float32: the greatest value of an item in a session, what speaks against it left out."""
        from scipy.sparse import csr_matrix

        kept = self.values > 0
        owner, items, values = self.owner[kept], self.items[kept], self.values[kept]
        order = np.lexsort((-values, items, owner))
        owner, items, values = owner[order], items[order], values[order]
        first = np.ones(len(items), dtype=np.bool_)
        first[1:] = (owner[1:] != owner[:-1]) | (items[1:] != items[:-1])
        entries = (values[first].astype(np.float32), (owner[first], items[first]))
        return csr_matrix(entries, shape=(len(self), self.n_items))

    def take(self, sessions: Ints | Sequence[int]) -> Self:
        """These sessions alone, in this order."""
        sessions = np.asarray(sessions, dtype=np.int64)
        lengths = np.diff(self.offsets)[sessions]
        ends = np.cumsum(lengths)
        events = np.repeat(self.offsets[sessions] - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
        return type(self)(
            n_items=self.n_items,
            offsets=np.concatenate(([0], ends)).astype(np.int64),
            items=self.items[events],
            values=self.values[events],
            steps=self.steps[events],
            times=self.times[events],
            chosen=self.chosen[events],
            said=tuple(self.said[at] for at in sessions.tolist()) if self.said else (),
        )

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All sessions of several sources over the same items, one source after another. Raises ValueError on none."""
        if not parts:
            raise ValueError("there is no source of sessions")
        starts = np.cumsum([0, *(len(one.items) for one in parts)])
        has_words = any(one.said for one in parts)
        said = [message for one in parts for message in (one.said or ((),) * len(one))]
        ends = [one.offsets[1:] + start for one, start in zip(parts, starts.tolist(), strict=False)]
        return cls(
            n_items=parts[0].n_items,
            offsets=np.concatenate([[0], *ends]).astype(np.int64),
            items=np.concatenate([one.items for one in parts]),
            values=np.concatenate([one.values for one in parts]),
            steps=np.concatenate([one.steps for one in parts]),
            times=np.concatenate([one.times for one in parts]),
            chosen=np.concatenate([one.chosen for one in parts]),
            said=tuple(said) if has_words else (),
        )

    def context(self, session: int, step: int) -> Context:
        """What is known in a session before that step."""
        start, end = int(self.offsets[session]), int(self.offsets[session + 1])
        end = start + int(np.searchsorted(self.steps[start:end], step, side="left"))
        said = self.said[session][:step] if self.said else ()
        return Context(self.items[start:end], self.values[start:end], step - self.steps[start:end], said)

    def choices(self, session: int) -> Iterator[Choice]:
        """Every step of a session in which something was chosen with something known before, oldest first."""
        start, end = int(self.offsets[session]), int(self.offsets[session + 1])
        steps, chosen = self.steps[start:end], self.chosen[start:end]
        for step in np.unique(steps[chosen]).tolist():
            context = self.context(session, step)
            if context.said or len(context.items):
                picked = self.items[start:end][(steps == step) & chosen]
                yield Choice(session, context, np.unique(picked))


def query_of_context(context: Context, ids: Sequence[str], *, limit: int = 300) -> Query:
    """What finding and ranking are asked before a choice; `ids` are those of the codes.

    The text is what the person said last; the last items that something speaks for count as liked.
    """
    heard = [one.text for one in context.said if one.by_user and one.text.strip()][-_HEARD:]
    touches = zip(context.items.tolist(), context.values.tolist(), context.ago.tolist(), strict=True)
    return Query(
        text=" ".join(heard)[-_HEARD_CHARACTERS:],
        liked=tuple(ids[code] for code in context.for_items[0][-_LIKED:].tolist()),
        said=context.said,
        history=tuple(Touch(ids[code], value, ago) for code, value, ago in touches),
        limit=limit,
    )
