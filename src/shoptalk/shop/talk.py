"""`Talk`: one conversation of one user over a shop."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING

from shoptalk.agent.events import Chip, Done, Event, Reply
from shoptalk.agent.log import Feedback
from shoptalk.agent.offers import Question
from shoptalk.agent.state import TalkState, feedback_kinds, fresh, with_feedback, without
from shoptalk.agent.turn import chips_of, take_turn
from shoptalk.retrieval.query import Act, Request

if TYPE_CHECKING:
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.query import Constraint, Query
    from shoptalk.shop.shop import Shop
    from shoptalk.shop.turns import Change

__all__ = ["UNDO", "Talk"]

#: What the undo button says.
UNDO = Request(message="undo", acts=(Act.UNDO,))


class Talk:
    """One conversation. Turns run one after another; everything acknowledged is on disk. Safe to share between threads.

    `id` continues the talk later, or in another process; `user` is whose talk it is, None for a passer-by of whom
    nothing is remembered.
    """

    def __init__(self, shop: "Shop", user: str | None = None, talk_id: str | None = None) -> None:
        """Use `Shop.talk`. Raises KeyError if no such talk of this user is known."""
        self._shop = shop
        if talk_id is None:
            talk_id, _ = shop.log.start(user)
        else:
            held = shop.log.load(talk_id)
            if held is None or (user is not None and held[0] != user):
                raise KeyError(f"this shop has no talk '{talk_id}'" + (f" of '{user}'" if user is not None else ""))
            user = held[0]
        self.id, self.user = talk_id, user
        self._turns = shop.turns_of(talk_id)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """What the talk holds on to."""
        return chips_of(self._state(self._shop.catalog), self._shop.catalog)

    @property
    def history(self) -> tuple[tuple[str, Reply], ...]:
        """(message, reply) of all turns so far."""
        return tuple(self._shop.log.history(self.id))

    @property
    def question(self) -> Question | None:
        """What the last answer asked or offered at its end, with the choices that `choose` takes."""
        return self._state(self._shop.catalog).question

    def say(self, message: str) -> Reply:
        """Say something, and get the answer. An empty message asks again, with what is known now."""
        return _reply_of(self.events(message))

    def choose(self, place: int) -> Reply:
        """Take a choice of `question`, counted from 0: the same as saying it. Raises IndexError if there is none."""
        return _reply_of(self.events(self.choosing(place)))

    def undo(self) -> Reply:
        """Take back what the last message changed, and answer again: the same as saying 'undo'."""
        return _reply_of(self.events(UNDO))

    def choosing(self, place: int) -> Request:
        """What taking a choice of `question` means, for `events` and `stream`. Raises IndexError if there is none."""
        question = self._state(self._shop.catalog).question
        if question is None or not 0 <= place < len(question.choices):
            raise IndexError(f"there is no choice {place} to take: the last answer offered nothing like it")
        return Request(message=question.choices[place].label, acts=(Act.ANSWER,), choice=place)

    def events(self, message: str | Request) -> Iterator[Event]:
        """The same as typed events. A consumer that stops before Done leaves the talk as it was before the message.

        A Request is a message that needs no understanding any more, as a click is.
        """
        if isinstance(message, str):
            message = message.encode("utf-8", "replace").decode()  # bytes of another encoding are lone surrogates
        return self._turns.run(lambda: self._turn(message))

    async def stream(self, message: str | Request) -> AsyncIterator[Event]:
        """The same for asyncio: the turn runs in a thread, one step whenever the consumer asks for an event."""
        loop, events = asyncio.get_running_loop(), self.events(message)
        thread = ThreadPoolExecutor(1, thread_name_prefix=f"talk-{self.id[:8]}")
        try:
            while (event := await loop.run_in_executor(thread, next, events, None)) is not None:
                yield event
        finally:
            closed = loop.run_in_executor(thread, _close, events)  # after the step that is under way
            thread.shutdown(wait=False)
            await asyncio.shield(closed)

    async def asay(self, message: str) -> Reply:
        """`say` for asyncio."""
        async with aclosing(self.stream(message)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, Done):
                    return event.reply
        raise RuntimeError("another turn took over this talk before this one was done")

    def feedback(
        self,
        item_id: str,
        *,
        liked: bool | None = None,
        seen: bool | None = None,
        clicked: bool = False,
        bought: bool = False,
        dwell: float | None = None,
    ) -> None:
        """Tell what the person thinks of an item, or did with it: on disk when it returns, used from the next turn on.

        `liked=False` is "not this"; `seen=False` takes an earlier "seen" back; what was bought counts as seen; `dwell`
        are the seconds for which they looked at it. Raises UnknownItemError, and ValueError if nothing is told, or a
        time that cannot be.
        """
        self._shop.catalog.row(item_id)
        if dwell is not None and not (math.isfinite(dwell) and dwell >= 0):
            raise ValueError(f"dwell is a number of seconds from 0 on, not {dwell}")
        has_seen = seen is True
        kinds = feedback_kinds(liked=liked, seen=has_seen, clicked=clicked, bought=bought, dwell=dwell)
        if not kinds and seen is None:
            raise ValueError("tell at least one of liked, seen, clicked, bought and dwell")
        if kinds:
            self._change(
                lambda state: with_feedback(
                    state, item_id, liked=liked, seen=has_seen, clicked=clicked, bought=bought, dwell=dwell
                ),
                lambda _: [(item_id, kind) for kind in kinds],
                dwell=dwell,
            )
        if seen is False and not bought:
            self._change(lambda state: _without(state, f"seen:{item_id}"), lambda state: _forgotten(state, item_id))

    def drop(self, chip_key: str) -> tuple[Chip, ...]:
        """Take back one thing understood; the next turn, also of `say("")`, goes without it. Raises KeyError."""
        kind, _, item_id = chip_key.partition(":")
        without(self._state(self._shop.catalog), chip_key)
        is_taste = kind in ("liked", "disliked")
        self._change(
            lambda state: _without(state, chip_key), lambda state: _forgotten(state, item_id) if is_taste else []
        )
        return self.chips

    def start_over(self) -> None:
        """Forget what was asked for; what the person likes, dislikes and has seen stays."""
        self._change(fresh, lambda _: [])

    def forget(self) -> None:
        """Remove this talk from the shop, with all that was said, shown and clicked in it. It cannot go on then."""
        self._shop.log.forget_talk(self.id)

    def _turn(self, message: str | Request) -> Iterator[Event]:
        snapshot = self._shop.refresh()
        before = self._state(snapshot.catalog)

        def record(state: TalkState, reply: Reply, query: "Query | None") -> None:
            with self._turns.state_lock:
                earlier = before
                for change in self._turns.during:
                    earlier, state = change(earlier), change(state)
                self._shop.log.record_turn(self.id, earlier, state, reply, query)

        yield from take_turn(snapshot.engine, before, message, record)

    def _change(
        self, change: "Change", told: Callable[[TalkState], list[tuple[str, Feedback]]], *, dwell: float | None = None
    ) -> None:
        """Change the state on disk now, and that of a turn under way when it ends."""
        with self._turns.state_lock:
            state = change(self._stored())
            self._shop.log.record_feedback(self.id, state, told(state), dwell=dwell)
            self._turns.during.append(change)

    def _state(self, catalog: "Catalog") -> TalkState:
        """The state on disk, as far as the catalog still has what it speaks of."""
        state = self._stored()
        kept = tuple(constraint for constraint in state.constraints if _is_held(catalog, constraint))
        if len(kept) < len(state.constraints):
            state = state.model_copy(update={"constraints": kept})
        offered = [one for choice in state.question.choices for one in choice.added] if state.question else []
        earlier = [one for wanted in state.before for one in wanted.constraints]
        if not all(_is_held(catalog, one) for one in (*offered, *earlier)):
            state = state.model_copy(update={"question": None, "before": ()})
        return state

    def _stored(self) -> TalkState:
        """The state on disk, with what its user likes, dislikes and has seen as last said in any of their talks.

        Of the others it also has what was done with items there.
        """
        held = self._shop.log.load(self.id)
        if held is None:
            raise KeyError(f"the talk '{self.id}' was removed from this shop")
        if self.user is None:
            return held[1]
        known, earlier = self._shop.log.memory(self.user), self._shop.log.earlier(self.user, self.id)
        remembered = {"liked": known.liked, "disliked": known.disliked, "seen": known.seen}
        return held[1].model_copy(update={**remembered, "earlier": earlier})


def _reply_of(events: Iterator[Event]) -> Reply:
    for event in events:
        if isinstance(event, Done):
            return event.reply
    raise RuntimeError("another turn of this talk was begun from the same thread before this one was done")


def _close(events: Iterator[Event]) -> None:
    if close := getattr(events, "close", None):
        close()


def _is_held(catalog: "Catalog", constraint: "Constraint") -> bool:
    """Whether the facet is still one that the constraint can be held against: facets change with `facets.json`."""
    try:
        catalog.meets(constraint)
    except (KeyError, ValueError):
        return False
    return True


def _without(state: TalkState, key: str) -> TalkState:
    try:
        return without(state, key)
    except KeyError:
        return state


def _forgotten(state: TalkState, item_id: str) -> list[tuple[str, Feedback]]:
    """What takes the item out of the user's memory, and puts back what still holds."""
    held = {Feedback.LIKED: state.liked, Feedback.DISLIKED: state.disliked, Feedback.SEEN: state.seen}
    return [(item_id, Feedback.FORGOTTEN), *((item_id, kind) for kind, ids in held.items() if item_id in ids)]
