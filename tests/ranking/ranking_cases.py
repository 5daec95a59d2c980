"""Small catalogs with answers that can be worked out by hand, and the contract that every ranker keeps."""

from pathlib import Path

import numpy as np
import pytest

from shoptalk.ranking.features import FEATURES, column_of
from shoptalk.ranking.lambdarank import Ranker, load_ranker
from shoptalk.ranking.space import FeatureSpace
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.finding import Candidates, Finder
from shoptalk.retrieval.index import VectorIndex
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

SCHEMA = Schema(
    columns=(
        Column(name="id", role=Role.ID),
        Column(name="title", role=Role.TITLE),
        Column(name="plot", role=Role.TEXT),
        Column(name="director", role=Role.FACET, kind=Kind.CATEGORY, meaning=Meaning.PERSON),
        Column(name="genres", role=Role.FACET, kind=Kind.CATEGORIES, meaning=Meaning.GENRE),
        Column(name="keywords", role=Role.FACET, kind=Kind.CATEGORIES, meaning=Meaning.KEYWORD),
        Column(name="year", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.YEAR),
        Column(name="minutes", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.DURATION),
        Column(name="rating", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.RATING),
        Column(name="vote_count", role=Role.FACET, kind=Kind.NUMBER, meaning=Meaning.POPULARITY),
        Column(name="added", role=Role.FACET, kind=Kind.DATE),
        Column(name="subtitled", role=Role.FACET, kind=Kind.FLAG),
    )
)


def film(item_id: str, title: str = "", plot: str = "", **facets) -> Item:
    """A film; facets that are not given are missing."""
    return Item(id=item_id, title=title or item_id, text=plot, facets=facets)


def asks(facet: str, operator: Operator, value, *, must: bool = False, than: str | None = None) -> Constraint:
    """A wish or, with `must`, a constraint."""
    return Constraint(facet=facet, operator=operator, value=value, must=must, than=than)


def space_of(items: list[Item], vectors: np.ndarray | None = None) -> FeatureSpace:
    """The items' feature space; vectors stand at right angles where none are given."""
    catalog = Catalog.from_items(items, SCHEMA)
    return FeatureSpace(catalog, np.eye(len(catalog), dtype=np.float32) if vectors is None else vectors)


def found(rows, fused=None, vector=None, **scores) -> Candidates:
    """Candidates as the finder would give them."""
    rows = np.array(rows, dtype=np.int64)
    fused = np.linspace(1, 0.5, len(rows)) if fused is None else np.array(fused)
    told = {source: np.array(values, dtype=np.float32) for source, values in scores.items()}
    return Candidates(rows, told, fused.astype(np.float32), len(rows), vector)


def checkerboard() -> list[Item]:
    """120 films: director by column (12), subject by row (10); each pair once, so that neither tells the other.

    A film's plot speaks of its subject, its era and year belong to its director.
    """
    subjects = [
        "submarine",
        "orchid",
        "violin",
        "glacier",
        "falcon",
        "lantern",
        "harbour",
        "carnival",
        "desert",
        "clock",
    ]
    films = []
    for column in range(12):
        for row, subject in enumerate(subjects):
            films.append(
                film(
                    f"film-{column}-{row}",
                    f"Picture {column} {row}",
                    f"A quiet story about the {subject} and the people around it, in act {column}.",
                    director=f"Director {column}",
                    genres=("Drama",) if row % 2 else ("Comedy",),
                    keywords=(subject,),
                    year=1950.0 + 5 * column,
                    rating=5.0 + (column + row) % 5,
                    vote_count=float(10 + row * 7 + column),
                )
            )
    return films


def finder_of(items: list[Item], folder: Path) -> Finder:
    """A finder over the items, with the encoder that needs no weights."""
    catalog, encoder = Catalog.from_items(items, SCHEMA), HashingEncoder(64)
    vectors = VectorIndex.build(folder / "chroma", catalog, encoder)
    return Finder(catalog, encoder, vectors, LexicalIndex.build(folder / "lexical", catalog))


def random_features(count: int, seed: int = 0) -> np.ndarray:
    """Features as they may come, missing ones too."""
    random = np.random.default_rng(seed)
    x = random.random((count, len(FEATURES))).astype(np.float32)
    x[random.random(x.shape) < 0.2] = np.nan
    x[:, column_of("fused")] = random.random(count)
    return x


class RankerContract:
    """What every ranker keeps. A test class for one derives from this and gives the `ranker` fixture."""

    @pytest.fixture
    def ranker(self) -> Ranker:
        raise NotImplementedError

    def test_a_score_does_not_depend_on_the_other_candidates(self, ranker: Ranker) -> None:
        x = random_features(50)
        together = ranker.score(x)
        assert together.shape == (50,)
        assert np.array_equal(together[7:8], ranker.score(x[7:8]))
        assert np.array_equal(together[::-1], ranker.score(x[::-1]))

    def test_contributions_add_up_to_the_score_but_for_one_constant(self, ranker: Ranker) -> None:
        x = random_features(20)
        told = ranker.contributions(x)
        assert told.shape == x.shape
        rest = ranker.score(x) - told.sum(axis=1)
        assert rest == pytest.approx(rest[0])

    def test_no_candidates_are_no_trouble(self, ranker: Ranker) -> None:
        x = random_features(0)
        assert ranker.score(x).shape == (0,)
        assert ranker.contributions(x).shape == x.shape

    def test_what_is_loaded_scores_as_what_was_saved(self, ranker: Ranker, tmp_path: Path) -> None:
        ranker.save(tmp_path / "ranker")
        again = load_ranker(tmp_path / "ranker")
        x = random_features(50)
        assert type(again) is type(ranker)
        assert np.array_equal(again.score(x), ranker.score(x))
        assert np.array_equal(again.contributions(x), ranker.contributions(x))
        assert again.summary == ranker.summary
