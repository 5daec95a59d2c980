"""Teaching the ranker that ships: from people's dialogues about films, and from queries made of unlike catalogs.

It serves shops that have nothing to learn from, so it sees only what every catalog has: no model of people's choices,
and nothing of an item as such, like how new it is, for what moves people in films does not in hotels.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.state import TalkState, advance, answered, query_of, settled
from shoptalk.agent.tagging import chosen_tagger
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.errors import DatasetError
from shoptalk.eval.datasets import sgd
from shoptalk.eval.datasets.collections import DialogueSet, collection
from shoptalk.eval.logs import Dialogue
from shoptalk.eval.understand_sgd import catalog_of
from shoptalk.ranking.features import FEATURES, Topic, features
from shoptalk.ranking.lambdarank import LambdaConfig, LambdaRanker
from shoptalk.ranking.sessions import query_of_context
from shoptalk.ranking.space import FeatureSpace
from shoptalk.ranking.training import CHOICES, JudgedList, made_lists, train_from_lists
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import Overrides, detect
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.finding import Finder
from shoptalk.retrieval.index import VectorIndex
from shoptalk.retrieval.itemizing import to_items
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.query import Query
from shoptalk.retrieval.reading import read_records
from shoptalk.settings import Settings
from shoptalk.shop.parts import Progress, RememberingEncoder, from_stage
from shoptalk.shop.recordings import sessions_of_dialogues

__all__ = ["Ground", "RankerTeaching", "gather_lists", "teach_ranker"]

_CONFIG = LambdaConfig(trees=120, leaves=7, learning_rate=0.12, patience=30)
"""Few and small trees: what holds in every catalog is simple, and the file ships."""
_HIDDEN = [place for place, feature in enumerate(FEATURES) if feature.evidence is Topic.ITEM]


class RankerTeaching(BaseModel):
    """How much is taught from what; the defaults made the weights that ship."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dialogues: int = Field(default=4000, ge=0, description="choices in ReDial's dialogues, asked with what was said")
    understood: int = Field(default=1500, ge=0, description="choices asked as the person's own talk: understood")
    made: int = Field(default=900, ge=0, description="queries made of each catalog of films")
    made_of_service: int = Field(default=300, ge=0, description="queries made of each catalog of a service")
    services: tuple[str, ...] = Field(
        default=(
            "Restaurants_1",
            "Homes_1",
            "Events_2",
            "Hotels_1",
            "Music_1",
            "RentalCars_1",
            "Services_3",
            "Travel_1",
        ),
        description="Schema-Guided Dialogue's catalogs that are made queries of",
    )
    most_items: int = Field(default=1500, ge=1, description="rows of a service's catalog that are used")
    limit: int = Field(default=300, ge=10, description="candidates that are found for a list")
    negatives: int = Field(default=60, ge=1, description="candidates of a dialogue's list that were not chosen")
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Ground:
    """A catalog to ask in: a finder without models of people's choices, and the catalog's feature space."""

    name: str
    finder: Finder
    space: FeatureSpace

    @classmethod
    def of(cls, name: str, catalog: Catalog, folder: Path, encoder: Encoder, progress: Progress | None = None) -> Self:
        """Index the catalog in `folder`; what was encoded there before is not encoded again."""
        vectors = _vectors(catalog, folder, encoder, from_stage(progress, name))
        index = VectorIndex(folder, catalog.ids, vectors, encoder=encoder.name)
        finder = Finder(catalog, encoder, index, LexicalIndex.build(folder / "lexical", catalog))
        return cls(name, finder, FeatureSpace(catalog, vectors))


def gather_lists(
    data: Path,
    work: Path,
    config: RankerTeaching,
    *,
    settings: Settings,
    encoder: Encoder,
    progress: Progress | None = None,
) -> dict[str, list[JudgedList]]:
    """Judged lists by what they come from. `work` keeps the catalogs' vectors for the next time.

    Raises DatasetError where ReDial, or a catalog of Schema-Guided Dialogue that is asked for, is not in `data`.
    """
    _require_services(data, config)
    encoder = RememberingEncoder(encoder)
    told = _redial(data)
    films = Ground.of("redial", _catalog_of(told.items, told.overrides, work), work / "redial", encoder, progress)
    order = np.random.default_rng(config.seed).permutation(len(told.train)).tolist()
    shuffled = [told.train[at] for at in order]
    heard = _understood_lists(
        shuffled, films, EmbeddedUnderstanding(films.finder.catalog, chosen_tagger(settings)), config
    )
    parts = {
        "dialogues": _first(
            _choice_lists(shuffled, films, config), config.dialogues, from_stage(progress, "dialogues")
        ),
        "understood": _first(heard, config.understood, from_stage(progress, "understood")),
    }
    for ground, queries in _made_of(films, data, work, config, encoder, progress):
        made = made_lists(
            ground.finder, ground.space, queries=queries, seed=config.seed, progress=from_stage(progress, "made")
        )
        parts[f"made of {ground.name}"] = made
    return {name: [_as_anywhere(one) for one in lists] for name, lists in parts.items() if lists}


def teach_ranker(
    parts: Mapping[str, list[JudgedList]],
    out: Path,
    config: LambdaConfig | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LambdaRanker:
    """Train on the lists and write the ranker to `out`.

    Raises DatasetError if there are too few to learn from, or if what was learned is no better than the fused order.
    """
    ranker = train_from_lists(parts, config or _CONFIG, progress)
    if not isinstance(ranker, LambdaRanker):
        raise DatasetError(f"Nothing came of it: {ranker.summary.note}.", hint="Ask for more lists.")
    ranker.save(out)
    return ranker


def _redial(data: Path) -> DialogueSet:
    """Its training dialogues, without those of `valid`."""
    source = collection("redial")
    told = source.read(source.within(data), "valid")
    assert isinstance(told, DialogueSet)
    return told


def _require_services(data: Path, config: RankerTeaching) -> None:
    """Raises DatasetError before hours of work, not after."""
    missing = set(config.services) - set(sgd.catalog_services(data / "sgd"))
    if missing and config.made_of_service:
        where = data / "sgd" / "catalogs"
        raise DatasetError(f"{where}: there is no catalog of {', '.join(sorted(missing))}.", hint="Is this the folder?")


def _catalog_of(items: Sequence[Mapping[str, Any]], overrides: Overrides, work: Path) -> Catalog:
    """The catalog that a shop built of these items has."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / "items.jsonl"
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")
    return _read_catalog(path, overrides)


def _read_catalog(path: Path, overrides: Overrides | None = None) -> Catalog:
    records = list(read_records(path))
    schema = detect(records, overrides)
    return Catalog.from_items(to_items(records, schema), schema)


def _made_of(
    redial: Ground, data: Path, work: Path, config: RankerTeaching, encoder: Encoder, progress: Progress | None
) -> Iterator[tuple[Ground, int]]:
    """The catalogs that queries are made of, and how many of each."""
    if config.made:
        yield redial, config.made
        with as_file(files("shoptalk.demo") / "films.jsonl") as path:
            yield Ground.of("films", _read_catalog(path), work / "films", encoder, progress), config.made
    for service in config.services if config.made_of_service else ():
        rows = list(sgd.read_catalog(data / "sgd", service))
        drawn = np.random.default_rng(config.seed).permutation(len(rows))[: config.most_items]
        catalog = catalog_of(rows[at] for at in np.sort(drawn).tolist())
        yield Ground.of(service, catalog, work / service, encoder, progress), config.made_of_service


def _vectors(
    catalog: Catalog, folder: Path, encoder: Encoder, progress: Callable[[int, int | None], None]
) -> NDArray[np.float32]:
    """(n, d) vectors of the items, kept under a digest of their texts and the encoder's name."""
    documents = [catalog.document(row) for row in range(len(catalog))]
    digest = hashlib.blake2b("\0".join((encoder.name, *documents)).encode("utf-8", "replace"), digest_size=12)
    path = folder / f"{digest.hexdigest()}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        staged = path.with_name(f".{path.name}")
        with staged.open("wb") as file:
            np.save(file, encoder.encode(documents, progress))
        staged.replace(path)
    return np.asarray(np.load(path))


def _first(lists: Iterator[JudgedList], most: int, progress: Callable[[int, int | None], None]) -> list[JudgedList]:
    found: list[JudgedList] = []
    while len(found) < most and (one := next(lists, None)) is not None:
        found.append(one)
        progress(len(found), most)
    return found


def _choice_lists(dialogues: Sequence[Dialogue], ground: Ground, config: RankerTeaching) -> Iterator[JudgedList]:
    """A list for each choice: what the person said last is the text, what was named before counts as liked."""
    catalog, random = ground.finder.catalog, np.random.default_rng(config.seed)
    sessions = sessions_of_dialogues(dialogues, catalog)
    for at in range(len(sessions)):
        for choice in sessions.choices(at):
            query = query_of_context(choice.context, catalog.ids, limit=config.limit)
            if (one := _judged(query, choice.chosen, ground, config, random)) is not None:
                yield one


def _understood_lists(
    dialogues: Sequence[Dialogue], ground: Ground, understanding: EmbeddedUnderstanding, config: RankerTeaching
) -> Iterator[JudgedList]:
    """A list for each choice, asked as the shop would in a talk of its own in which these things were said.

    Dialogues are taken from the last on, so that these are others than the lists above come from.
    """
    catalog, random = ground.finder.catalog, np.random.default_rng(config.seed)
    for dialogue in reversed(dialogues):
        state = TalkState()
        for at, turn in enumerate(dialogue.turns):
            ids = [one for one in turn.items if one in catalog]
            if turn.role == "user":
                if turn.text.strip():
                    state = advance(state, understanding.understand(turn.text, state), catalog)
                continue
            if ids and at:
                query = query_of(state, catalog, limit=config.limit)
                if (one := _judged(query, catalog.rows(ids), ground, config, random)) is not None:
                    yield one
            state = answered(settled(state, ids) if ids else state, turn.text, ids)


def _judged(
    query: Query, chosen: np.ndarray, ground: Ground, config: RankerTeaching, random: np.random.Generator
) -> JudgedList | None:
    """What was chosen has grade 1; of the rest the best half of `negatives` by fused score, and as many by chance."""
    candidates = ground.finder.find(query)
    labels = np.isin(candidates.rows, chosen).astype(np.int64)
    if not labels.any() or labels.all():
        return None
    others, lead = np.flatnonzero(labels == 0), config.negatives // 2
    rest = random.permutation(others[lead:])[: config.negatives - lead]
    kept = np.sort(np.concatenate((np.flatnonzero(labels), others[:lead], rest)))
    x = features(ground.space, query, candidates)[kept]
    return JudgedList(CHOICES, x, labels[kept], np.ones(len(kept)))


def _as_anywhere(one: JudgedList) -> JudgedList:
    """The list without what an item is as such."""
    x = one.x.copy()
    x[:, _HIDDEN] = np.nan
    return replace(one, x=x)
