"""Examples from a shop's own talks: what messages were taken to mean there, and its picks explained.

A plan is that of the request which the shop answered; where the person took it back in the next message it was
probably misunderstood, and is left out. Explanations are written anew, by program, over the picks as they were shown.
"""

import random
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from shoptalk.agent.explaining import Answer
from shoptalk.agent.llm.prompting import plan_system
from shoptalk.agent.state import TalkState, advance, answered, settled
from shoptalk.eval.tuning.asked import Planned, TuneExample, as_plan, explain_example
from shoptalk.eval.tuning.explanations import sentences_for
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.query import Act, Request

if TYPE_CHECKING:
    from shoptalk.agent.events import Reply
    from shoptalk.shop import Shop

__all__ = ["from_shop"]


def from_shop(shop: "Shop", draw: random.Random) -> Iterator[TuneExample]:
    """An example for each recorded message, and one for each list of picks. Talks of facets now gone are left out."""
    catalog = shop.catalog
    system = plan_system(catalog, shop.name)
    facets = {facet.name for facet in catalog.schema.facets}
    for talk in shop.log.recorded():
        history = shop.log.history(talk.id)
        if all(_spoken_of(reply.request) <= facets for _, reply in history):
            yield from _of_talk([reply for _, reply in history], system, catalog, shop.name, draw)


def _of_talk(
    replies: "list[Reply]", system: str, catalog: Catalog, shop: str, draw: random.Random
) -> Iterator[TuneExample]:
    state = TalkState()
    for reply, following in zip_longest(replies, replies[1:]):
        request = reply.request
        taken_back = following is not None and Act.UNDO in following.request.acts
        if request.message and not taken_back:
            yield Planned(system, catalog, state, request, as_plan(request, state, catalog)).example("shop")
        state = advance(state, request, catalog)
        if text := " ".join(sentences_for(answer := _answer(reply, state, catalog, shop), draw)) if reply.picks else "":
            yield explain_example(answer, text, source="shop")
        shown = [pick.item.id for pick in reply.picks]
        state = answered(settled(state, shown) if shown else state, reply.text, shown)
        state = state.model_copy(update={"question": reply.question})


def _answer(reply: "Reply", state: TalkState, catalog: Catalog, shop: str) -> Answer:
    named = [*state.similar, *state.liked, *(one.item_id for one in reply.request.mentions)]
    named += [one.than for one in state.constraints if one.than is not None]
    return Answer(
        schema=catalog.schema,
        shop=shop,
        size=len(catalog),
        request=reply.request,
        state=state,
        picks=reply.picks,
        passing=int(catalog.passing(one for one in state.musts if not one.is_superlative).sum()),
        named={one: catalog.item(catalog.row(one)) for one in named if one in catalog},
    )


def _spoken_of(request: Request) -> set[str]:
    """The facets that a request speaks of."""
    withdrawn = [one.facet for one in request.withdrawn if not isinstance(one, str)]
    return {*(one.facet for one in request.constraints), *request.dropped, *request.asked, *withdrawn}
