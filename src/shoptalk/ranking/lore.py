"""What the models of people's choices know as facts about items of the catalog, for the evidence of what is shown."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoptalk.ranking.learned import LearnedHere
from shoptalk.ranking.sessions import Context
from shoptalk.retrieval.query import Query

__all__ = ["LearnedLore"]

Ints = NDArray[np.int64]


class LearnedLore:
    """Facts of a shop's own models: is a `Lore`. What no model knows is not told. Safe to share between threads."""

    def __init__(self, here: LearnedHere) -> None:
        self._here = here
        self._model = here.learned.model
        self._last: tuple[Query, Ints, int] | None = None

    def together(self, row_a: int, row_b: int) -> int:
        """In how many talks or histories both stand, by `co_mention`."""
        model: Any = self._model("co_mention")
        first, second = self._here.code(row_a), self._here.code(row_b)
        return 0 if model is None or first is None or second is None else int(model.together(first, second))

    def follows(self, before: int, row: int) -> int | None:
        """The place of an item among what people chose soon after another, by `follows`."""
        model, first, second = self._model("follows"), self._here.code(before), self._here.code(row)
        if model is None or first is None or second is None:
            return None
        scores = model.scores(Context(np.array([first]), np.ones(1), np.ones(1, dtype=np.int64)))
        if scores is None or scores[second] <= 0:
            return None
        return 1 + int((scores > scores[second]).sum())

    def similar_talks(self, query: Query, row: int) -> tuple[int, int] | None:
        """(times, among) moments of past talks with words like these, by `talks_bm25`."""
        code = self._here.code(row)
        if code is None or not query.said:
            return None
        last = self._last  # the picks of a turn ask one after another
        if last is None or last[0] is not query:
            model: Any = self._model("talks_bm25")
            if model is None:
                return None
            times, among = model.neighbours(self._here.context(query), np.arange(len(self._here.learned.ids)))
            self._last = last = (query, times, among)
        return (int(last[1][code]), last[2]) if last[2] else None

    def popularity_rank(self, row: int) -> int | None:
        """The item's place by how often it was chosen, lately most, by `popular`."""
        code = self._here.code(row)
        if code is None or self._popularity is None or self._popularity[code] <= 0:
            return None
        return 1 + int((self._popularity > self._popularity[code]).sum())

    @cached_property
    def _popularity(self) -> NDArray[np.float32] | None:
        model = self._model("popular")
        nobody = np.empty(0, dtype=np.int64)
        return None if model is None else model.scores(Context(nobody, np.empty(0), nobody))
