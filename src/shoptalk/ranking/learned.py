"""What a shop has learned from people's choices: its models, and how their item codes stand to the catalog's rows.

The models keep the items that they were fitted on. A catalog may have changed since: items that came later are unknown
to them and score nothing, and items that went are passed over.
"""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.features import LEARNED
from shoptalk.ranking.models.base import CannotLearnError, Model, Scores
from shoptalk.ranking.sessions import Context, Sessions
from shoptalk.retrieval.query import Query

if TYPE_CHECKING:
    from shoptalk.retrieval.catalog import Catalog
    from shoptalk.retrieval.encoder import Encoder

__all__ = ["Learned", "LearnedHere", "TalkSource"]

_MANIFEST, _TALK = "learned.json", "talk_encoder"
_AGAIN = "Train the shop again."
_PLACES = {
    "popular": "popular:Popular",
    "item_knn": "neighbours:ItemNeighbours",
    "user_knn": "neighbours:UserNeighbours",
    "ease": "ease:Ease",
    "als": "factors:Als",
    "bpr": "factors:Bpr",
    "co_mention": "co_mention:CoMention",
    "follows": "follows:Follows",
    "talks_bm25": "talks:TalksBm25",
    "talks_dense": "talks:TalksDense",
    "words_bm25": "words:WordsBm25",
}


class Learned:
    """Fitted models with the ids of the items that they know. Never changed once made."""

    def __init__(self, ids: Sequence[str], models: Sequence[Model]) -> None:
        """`ids` are those of the codes that the models were fitted with."""
        self.ids, self.models = tuple(ids), tuple(models)
        self.names = tuple(sorted((model.name for model in self.models), key=LEARNED.index))
        """Names of the models, in the order of their columns among the features."""

    @classmethod
    def fit(
        cls,
        sessions: Sessions,
        ids: Sequence[str],
        *,
        encoder: "Encoder | None" = None,
        names: Sequence[str] = tuple(_PLACES),
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Fit those of the named models that find something to learn from. `ids` are those of the item codes."""
        models = []
        for done, name in enumerate(names):
            try:
                models.append(_class_of(name).fit(sessions, encoder=encoder))
            except CannotLearnError:
                continue  # nothing in these sessions is of the kind that it learns from
            finally:
                if progress is not None:
                    progress(done + 1, len(names))
        return cls(ids, models)

    def model(self, name: str) -> Model | None:
        """The model of that name, if there is one."""
        return next((model for model in self.models if model.name == name), None)

    def save(self, folder: Path) -> None:
        """Write each model into a folder of its own, and `learned.json` last."""
        for model in self.models:
            model.save(folder / model.name)
        told = {"models": [model.name for model in self.models], "ids": self.ids}
        (folder / _MANIFEST).write_text(json.dumps(told), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, encoder: "Encoder | None" = None) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError."""
        path = folder / _MANIFEST
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            names, ids = list(told["models"]), tuple(told["ids"])
            classes = [_class_of(name) for name in names]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ShopDamagedError(f"{path} cannot be read: {error}.", hint=_AGAIN) from error
        models = zip(classes, names, strict=True)
        return cls(ids, [kind.load(folder / name, encoder=encoder) for kind, name in models])

    @staticmethod
    def is_in(folder: Path) -> bool:
        """True if `save` wrote into the folder."""
        return (folder / _MANIFEST).is_file()


class TalkSource(Protocol):
    """A transformer over talks, held against one catalog."""

    def scores(self, query: Query) -> Scores | None:
        """(n,) in [0, 1], row by row with the catalog, as shares of the best; None where nothing was said."""
        ...


class LearnedHere:
    """Models held against one catalog: the finder's learned sources. Safe to share between threads."""

    def __init__(self, learned: Learned, catalog: "Catalog", *, talk: TalkSource | None = None) -> None:
        """Work out which of the models' items the catalog has. `talk` is one more source, which knows all items."""
        self.learned, self._catalog, self._talk = learned, catalog, talk
        held = [(code, catalog.row(one)) for code, one in enumerate(learned.ids) if one in catalog]
        self._codes = np.array([code for code, _ in held], dtype=np.int64)
        self._rows = np.array([row for _, row in held], dtype=np.int64)
        self._same_items = self.learned.ids == catalog.ids

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models, and of the transformer."""
        return (*self.learned.names, *(() if self._talk is None else (_TALK,)))

    def scores(self, query: Query) -> dict[str, Scores]:
        """(n,) of each model as shares of its best, row by row with the catalog; nothing of those that are silent."""
        context = self.context(query)
        told = {model.name: model.scores(context) for model in self.learned.models}
        found = {
            name: self._spread(share)
            for name in self.learned.names
            if (known := told[name]) is not None and (share := _share_of_best(known)) is not None
        }
        likely = None if self._talk is None else self._talk.scores(query)
        return found if likely is None else found | {_TALK: likely}

    def context(self, query: Query) -> Context:
        """The query as models are asked: touches of items that they do not know are passed over."""
        known = [(self._code_of[touch.item_id], touch) for touch in query.history if touch.item_id in self._code_of]
        return Context(
            items=np.array([code for code, _ in known], dtype=np.int64),
            values=np.array([touch.value for _, touch in known], dtype=np.float64),
            ago=np.array([touch.ago for _, touch in known], dtype=np.int64),
            said=query.said,
        )

    def code(self, row: int) -> int | None:
        """The models' code of a catalog row."""
        return self._code_of.get(self._catalog.ids[row])

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {item_id: code for code, item_id in enumerate(self.learned.ids)}

    def _spread(self, scores: Scores) -> Scores:
        if self._same_items:  # as after every training: nothing to move
            return scores
        spread = np.zeros(len(self._catalog), dtype=np.float32)
        spread[self._rows] = scores[self._codes]
        return spread


def _share_of_best(scores: Scores) -> NDArray[np.float32] | None:
    best = float(scores.max(initial=0.0))
    if best <= 0:
        return None
    shares = np.maximum(scores, 0.0, dtype=np.float32)
    shares /= np.float32(best)
    return shares


def _class_of(name: str) -> Any:
    """Raises KeyError."""
    module, _, kind = _PLACES[name].partition(":")
    return getattr(import_module(f"shoptalk.ranking.models.{module}"), kind)
