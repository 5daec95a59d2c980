"""One generation of a shop in memory: what a turn works on from its start to its end, whatever is written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import ShopDamagedError, ShopVersionError
from shoptalk.ranking.lambdarank import load_ranker
from shoptalk.ranking.learned import Learned, LearnedHere
from shoptalk.ranking.lore import LearnedLore
from shoptalk.ranking.rank import Ranking, RankingConfig
from shoptalk.ranking.space import FeatureSpace
from shoptalk.ranking.talking.reordering import Reordering
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.encoder import Encoder
from shoptalk.retrieval.index import IndexConfig, VectorIndex
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.settings import Settings
from shoptalk.shop.folder import LEARNED, Manifest, ShopFolder
from shoptalk.shop.rules_file import RULES, RulesFile

if TYPE_CHECKING:
    from shoptalk.agent.llm.client import ChatModel
    from shoptalk.agent.turn import Engine
    from shoptalk.agent.understanding import EmbeddedUnderstanding
    from shoptalk.ranking.talking.serving import TalkHere
    from shoptalk.retrieval.finding import Finder

__all__ = ["Snapshot", "index_config", "load_snapshot", "load_vectors", "talk_here"]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A catalog with all that is built on it. Safe to share between threads."""

    manifest: Manifest
    catalog: Catalog
    index: VectorIndex
    finder: "Finder"
    ranking: Ranking
    settings: Settings
    model: "ChatModel | None" = None

    @cached_property
    def understanding(self) -> "EmbeddedUnderstanding":
        """Made from the catalog when first needed."""
        from shoptalk.agent.tagging import chosen_tagger
        from shoptalk.agent.understanding import EmbeddedUnderstanding

        return EmbeddedUnderstanding(self.catalog, chosen_tagger(self.settings))

    @cached_property
    def engine(self) -> "Engine":
        """The parts that answer a turn: the model at its doors, where there is one."""
        from shoptalk.agent.explaining import EmbeddedExplaining, Explaining
        from shoptalk.agent.turn import Engine
        from shoptalk.agent.understanding import Understanding
        from shoptalk.agent.watch import Limits

        understanding: Understanding = self.understanding
        explaining: Explaining = EmbeddedExplaining()
        if self.model is not None and self.settings.llm_doors != "explain":
            from shoptalk.agent.llm.planning import ModelUnderstanding

            also_writes = self.settings.llm_doors == "both"
            name = self.manifest.name
            understanding = ModelUnderstanding(
                self.model, understanding, self.catalog, name, titles=self.understanding.titles, also_writes=also_writes
            )
        if self.model is not None and self.settings.llm_doors != "plan":
            from shoptalk.agent.llm.writing import ModelExplaining

            explaining = ModelExplaining(self.model, explaining)
        return Engine(
            name=self.manifest.name,
            catalog=self.catalog,
            finder=self.finder,
            ranking=self.ranking,
            understanding=understanding,
            explaining=explaining,
            limits=Limits(self.settings.llm_first_word, self.settings.llm_seconds),
        )


def load_snapshot(
    folder: ShopFolder,
    manifest: Manifest,
    encoder: Encoder,
    settings: Settings,
    model: "ChatModel | None" = None,
) -> Snapshot:
    """Open what the manifest names. Raises ShopDamagedError, ShopVersionError.

    `model` is the language model that the shop's settings name; one serves all of its snapshots.
    """
    from shoptalk.retrieval.finding import Finder, FusionConfig

    folder.check(manifest)
    folder.require(manifest, "ranker", content=True)  # LightGBM ends the process over a model that was altered
    if encoder.name != manifest.encoder:
        problem = (
            f"The vectors in {folder.path} were made by the encoder {manifest.encoder}, and this is {encoder.name}."
        )
        hint = (
            f"`shoptalk update {folder.path}` or Shop.repair encodes the items anew; or set SHOPTALK_ENCODER as it was."
        )
        raise ShopVersionError(problem, hint=hint)
    with _repairable(folder):
        catalog = Catalog.read(folder.place(manifest, "catalog"), manifest.facets)
        lexical = LexicalIndex.open(folder.place(manifest, "lexical"), catalog.ids)
        ranker = load_ranker(folder.place(manifest, "ranker"))
        models = folder.place(manifest, "ranker") / LEARNED
        fitted = Learned.load(models, encoder=encoder) if Learned.is_in(models) else None
        reordering = Reordering.load(models)
    vectors = load_vectors(folder, manifest)
    config = index_config(manifest.collection)
    chroma = folder.place(manifest, "chroma")
    index = VectorIndex(chroma, catalog.ids, vectors, encoder=encoder.name, url=settings.chroma_url, config=config)
    rules = RulesFile(folder.path / RULES, catalog)
    talk = talk_here(settings, encoder, catalog, vectors) if fitted is not None else None
    learned = LearnedHere(fitted, catalog, talk=talk) if fitted is not None else None
    fusion = FusionConfig(sold_out=settings.sold_out == "bury")
    finder = Finder(catalog, encoder, index, lexical, fusion, learned, hidden=lambda: rules.in_force().hidden)
    ranking = Ranking(
        FeatureSpace(catalog, vectors),
        ranker,
        RankingConfig(
            cross_encoder=settings.cross_encoder,
            novelty=settings.novelty,
            diversity=settings.diversity,
            sold_out=settings.sold_out,
        ),
        rules=rules.in_force,
        known=None if learned is None else LearnedLore(learned),
        allowed=finder.allowed,
        cross=talk,
        reordering=reordering,
    )
    return Snapshot(manifest, catalog, index, finder, ranking, settings, model)


def talk_here(
    settings: Settings, encoder: Encoder, catalog: Catalog, vectors: NDArray[np.float32]
) -> "TalkHere | None":
    """The transformer over talks held against a catalog, where the settings and the encoder let it serve."""
    from shoptalk.ranking.talking.serving import TalkHere, chosen_talk_encoder

    transformer = chosen_talk_encoder(settings, encoder)
    return None if transformer is None else TalkHere(transformer, catalog, vectors)


def load_vectors(folder: ShopFolder, manifest: Manifest) -> NDArray[np.float32]:
    """(n, d) vectors, mapped from the disk. Raises ShopDamagedError."""
    place = folder.place(manifest, "vectors")
    try:
        mapped = np.load(place, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise ShopDamagedError(f"{place} cannot be read: {error}.", hint=_REPAIR.format(folder.path)) from error
    if mapped.ndim != 2 or len(mapped) != manifest.items:
        problem = f"{place} holds an array of shape {mapped.shape} for {manifest.items} items."
        raise ShopDamagedError(problem, hint=_REPAIR.format(folder.path))
    return np.asarray(mapped)


def index_config(collection: str) -> IndexConfig:
    """How every shop's vectors are kept: on a Chroma server, shops share it and have a collection each."""
    return IndexConfig(collection=collection)


@contextmanager
def _repairable(folder: ShopFolder) -> Iterator[None]:
    """Whatever part cannot be opened is made anew in one way."""
    try:
        yield
    except (ShopDamagedError, ShopVersionError) as error:
        raise type(error)(error.problem, hint=_REPAIR.format(folder.path)) from error


_REPAIR = "`shoptalk update {}` or Shop.repair makes it anew from the shop's own records."
