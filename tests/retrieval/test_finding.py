"""Finding: what must hold holds, every source says what it should, and the same query finds the same."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.finding import SOURCES, Finder, FusionConfig
from shoptalk.retrieval.index import VectorIndex
from shoptalk.retrieval.lexical import LexicalIndex
from shoptalk.retrieval.query import Constraint, Operator, Query
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

TITLE = Column(name="title", role=Role.TITLE)


def facet(name: str, kind: Kind, meaning: Meaning | None = None) -> Column:
    return Column(name=name, role=Role.FACET, kind=kind, meaning=meaning)


SCHEMA = Schema(
    columns=(
        TITLE,
        facet("kind", Kind.CATEGORIES),
        facet("price", Kind.NUMBER, Meaning.PRICE),
        facet("stars", Kind.NUMBER, Meaning.RATING),
        facet("ratings", Kind.NUMBER, Meaning.POPULARITY),
        facet("hidden", Kind.FLAG, Meaning.HIDDEN),
        facet("stock", Kind.NUMBER, Meaning.STOCK),
    )
)
WORDS = ("haunted house", "space station", "desert caravan", "garden party", "city chase")


def make_items(count: int = 200) -> list[Item]:
    items = []
    for row in range(count):
        facets = {"kind": (("horror", "comedy", "drama")[row % 3],), "price": float(row), "stars": 1.0 + row % 5}
        facets |= {"ratings": float(row % 40)} | ({"hidden": True} if row % 20 == 7 else {})
        facets |= {"stock": 0.0} if row % 20 == 9 else {}
        items.append(
            Item(id=f"i{row}", title=f"{WORDS[row % 5]} {row}", text=f"A {WORDS[row % 5]} tale.", facets=facets)
        )
    return items


def make_finder(folder, items, schema=SCHEMA, config=None, **more) -> Finder:
    catalog, encoder = Catalog.from_items(items, schema), HashingEncoder(64)
    vectors = VectorIndex.build(folder / "chroma", catalog, encoder)
    return Finder(catalog, encoder, vectors, LexicalIndex.build(folder / "lexical", catalog), config, **more)


@pytest.fixture(scope="module")
def finder(tmp_path_factory):
    return make_finder(tmp_path_factory.mktemp("shop"), make_items())


def asks(facet: str, operator: Operator, value, must: bool = True) -> Constraint:
    return Constraint(facet=facet, operator=operator, value=value, must=must)


HORROR = asks("kind", Operator.IS, "horror")
CHEAP = asks("price", Operator.LESS_THAN, 50.0)
IDS = st.lists(st.integers(0, 220).map("i{}".format), max_size=4).map(tuple)
QUERIES = st.builds(
    Query,
    text=st.sampled_from(["", "  ", "haunted house", "the", "zzz", "caravan in space"]),
    must=st.lists(st.sampled_from([HORROR, CHEAP, asks("stars", Operator.AT_LEAST, 4.0)]), max_size=2).map(tuple),
    wishes=st.lists(
        st.sampled_from([asks("kind", Operator.IS, "comedy", False), asks("price", Operator.AT_MOST, 9.0, False)]),
        max_size=2,
    ).map(tuple),
    similar=IDS,
    liked=IDS,
    disliked=IDS,
    exclude=IDS.map(frozenset),
    limit=st.integers(1, 250),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
def test_what_is_found_may_be_found_and_the_same_query_finds_the_same(finder, query):
    found = finder.find(query)
    catalog = finder.catalog
    allowed = catalog.passing(query.must) & catalog.available()
    barred = {*query.exclude, *query.disliked, *query.similar}
    assert all(allowed[row] and catalog.ids[row] not in barred for row in found.rows)
    assert len(set(found.rows.tolist())) == len(found) == min(query.limit, found.passing)
    assert (np.diff(found.fused) <= 0).all()
    assert list(found.scores) == [source for source in SOURCES if source in found.scores]
    assert all(scores.shape == (len(found),) for scores in found.scores.values())
    for source in set(found.scores) - {"lexical", "liked"}:
        assert not np.isnan(found.scores[source]).any()
    again = finder.find(query)
    np.testing.assert_array_equal(found.rows, again.rows)
    np.testing.assert_array_equal(found.fused, again.fused)


def test_text_is_searched_by_meaning_and_by_words(finder):
    found = finder.find(Query(text="caravan", limit=30))
    assert all("caravan" in finder.catalog.titles[row] for row in found.rows[:20])
    assert set(found.scores) == {"dense", "lexical", "coherence"}
    np.testing.assert_array_equal(found.scores["dense"], finder.vectors.cosines(found.rows, found.vector))
    assert np.isnan(found.scores["lexical"]).sum() == sum(
        "caravan" not in finder.catalog.titles[row] for row in found.rows
    )


def test_similar_items_are_near_their_models_and_never_the_models(finder):
    found = finder.find(Query(similar=("i0", "i1", "unknown"), limit=40))
    assert set(found.scores) == {"similar"}
    assert not {0, 1} & set(found.rows.tolist())
    assert {row % 5 for row in found.rows[:20].tolist()} == {0, 1}
    models = np.asarray(finder.vectors.vectors)[[0, 1]]
    np.testing.assert_allclose(
        found.scores["similar"], (finder.vectors.vectors[found.rows] @ models.T).max(axis=1), atol=1e-6
    )


def test_liked_items_draw_their_like_but_do_not_praise_themselves(finder):
    found = finder.find(Query(text="haunted house 0", liked=("i0", "i3"), limit=200))
    places = np.flatnonzero(np.isin(found.rows, [0, 3]))
    assert len(places) == 2
    assert np.isnan(found.scores["liked"][places]).all()
    assert np.isnan(found.scores["liked"]).sum() == 2


def test_disliked_items_are_not_found_and_draw_nothing(finder):
    found = finder.find(Query(disliked=("i0",)))
    assert 0 not in found.rows
    assert set(found.scores) == {"prior"}


def test_rare_wishes_weigh_more_and_all_met_is_one(finder):
    rare, common = asks("price", Operator.AT_MOST, 4.0, False), asks("kind", Operator.IS, "horror", False)
    found = finder.find(Query(wishes=(rare, common), limit=30))
    by_row = dict(zip(found.rows.tolist(), found.scores["wishes"].tolist(), strict=True))
    assert by_row[0] == by_row[3] == 1.0
    assert 1.0 > by_row[1] > 0.5
    assert all(0.0 < share < 0.5 for row, share in by_row.items() if row > 4)
    assert {0, 1, 2, 3, 4} <= set(by_row)
    assert set(found.rows[:2].tolist()) == {0, 3}
    filled = finder.find(Query(wishes=(rare, common), limit=200))
    assert "prior" in filled.scores
    assert (np.diff(filled.scores["wishes"]) <= 0).all()


def test_of_items_that_meet_a_wish_alike_the_nearest_are_brought(finder):
    wish = asks("kind", Operator.IS, "horror", False)
    found = finder.find(Query(text="garden party", wishes=(wish,), limit=9))
    best = [row for row in found.rows.tolist() if row % 3 == 0 and row % 5 == 3]
    assert found.rows[: len(best)].tolist() == best
    assert len(best) >= 5


def test_a_wish_that_nothing_meets_empties_nothing(finder):
    found = finder.find(Query(wishes=(asks("price", Operator.MORE_THAN, 1e6, False),), limit=25))
    assert len(found) == 25
    assert found.scores["wishes"].tolist() == [0.0] * 25


def test_without_anything_asked_the_well_rated_and_popular_come_first(finder):
    found = finder.find(Query(must=(HORROR,), limit=10))
    assert set(found.scores) == {"prior"}
    assert (np.diff(found.scores["prior"]) <= 0).all()
    values = [finder.catalog.value(row, "stars") for row in found.rows.tolist()]
    assert np.mean(values) > 4


def test_few_ratings_count_for_less(tmp_path):
    stars = [(5.0, 1.0), (4.6, 900.0), (1.0, 900.0), (3.0, None), (None, 2.0)]
    items = [
        Item(
            id=f"i{row}", title=f"t{row}", facets={k: v for k, v in {"stars": s, "ratings": n}.items() if v is not None}
        )
        for row, (s, n) in enumerate(stars)
    ]
    assert make_finder(tmp_path, items).find(Query()).rows[0] == 1


@pytest.mark.parametrize("facets", [("stars",), ("ratings",), ()])
def test_the_prior_uses_what_the_schema_has(tmp_path, facets):
    schema = Schema(columns=(TITLE, *(column for column in SCHEMA.facets if column.name in facets)))
    items = [Item(id=f"i{row}", title=f"t{row}", facets=dict.fromkeys(facets, row * 7 % 30 / 10)) for row in range(30)]
    rows = make_finder(tmp_path, items, schema).find(Query(limit=30)).rows.tolist()
    assert sorted(rows) == list(range(30))
    assert rows != list(range(30))
    if facets:
        assert rows == sorted(range(30), key=lambda row: -(row * 7 % 30))


def test_hidden_and_sold_out_items_are_found_only_when_asked_for(finder):
    hidden, sold_out = asks("hidden", Operator.IS, True), asks("stock", Operator.AT_MOST, 0.0)
    plain = set(np.flatnonzero(finder.allowed(Query())).tolist())
    assert all(row % 20 not in (7, 9) for row in plain)
    assert {row % 20 for row in np.flatnonzero(finder.allowed(Query(must=(hidden,)))).tolist()} == {7}
    assert {row % 20 for row in np.flatnonzero(finder.allowed(Query(must=(sold_out,)))).tolist()} == {9}
    assert not finder.allowed(Query(must=(hidden, sold_out))).any()


def test_sold_out_by_flag_stays_hidden_if_hidden(tmp_path):
    schema = Schema(columns=(TITLE, facet("gone", Kind.FLAG, Meaning.HIDDEN), facet("here", Kind.FLAG, Meaning.STOCK)))
    values = [{"here": False}, {"here": False, "gone": True}, {"gone": True}, {}]
    finder = make_finder(tmp_path, [Item(id=f"i{n}", title="t", facets=v) for n, v in enumerate(values)], schema)
    asked = Query(must=(asks("here", Operator.IS, False),))
    assert finder.find(asked).rows.tolist() == [0]
    assert finder.find(Query(must=(asks("gone", Operator.IS, True),))).rows.tolist() == [2]


def test_sold_out_items_are_found_unasked_where_the_config_lets_them(tmp_path):
    finder = make_finder(tmp_path, make_items(), config=FusionConfig(sold_out=True))
    hidden = asks("hidden", Operator.IS, True)
    assert {row % 20 for row in np.flatnonzero(~finder.allowed(Query())).tolist()} == {7}
    assert {row % 20 for row in np.flatnonzero(finder.allowed(Query(must=(hidden,)))).tolist()} == {7}
    here = Query(must=(asks("stock", Operator.MORE_THAN, 0.0),))
    assert not any(row % 20 == 9 for row in np.flatnonzero(finder.allowed(here)).tolist())


def test_what_the_rules_hide_is_never_found_and_never_counted(tmp_path):
    mask: dict[str, np.ndarray | None] = {"hidden": None}
    finder = make_finder(tmp_path, make_items(), hidden=lambda: mask["hidden"])
    query = Query(text="haunted house", limit=200)
    before = finder.find(query)
    mask["hidden"] = np.arange(200) % 2 == 0
    after = finder.find(query)
    assert (before.rows % 2 == 0).any()
    assert (after.rows % 2 == 1).all()
    assert (before.passing, after.passing) == (180, 80)
    assert not finder.allowed(Query(must=(asks("price", Operator.IS, 0.0),))).any()


def test_nothing_passes_gives_nothing(finder):
    found = finder.find(
        Query(text="house", must=(asks("price", Operator.MORE_THAN, 1e6),), similar=("i0",), liked=("i1",))
    )
    assert (len(found), found.passing) == (0, 0)


def test_what_the_words_find_first_draws_its_like(tmp_path):
    texts = ["green tea loose leaf", "green tea in bags", "green tea powder", "boat painted green tea rack"]
    items = [Item(id=f"i{row}", title=text) for row, text in enumerate(texts)]
    found = make_finder(tmp_path, items).find(Query(text="green tea"))
    closeness = dict(zip(found.rows.tolist(), found.scores["coherence"].tolist(), strict=True))
    assert min(closeness, key=closeness.__getitem__) == 3


def test_weights_move_the_order(tmp_path):
    items = make_items(60)
    words = make_finder(tmp_path / "a", items, config=FusionConfig(dense=0.0, lexical=1.0, coherence=0.0)).find(
        Query(text="house 5 chase")
    )
    assert words.scores["lexical"][0] == np.nanmax(words.scores["lexical"])


def test_parts_of_different_catalogs_or_encoders_are_refused(finder):
    parts = finder.catalog, HashingEncoder(32), finder.vectors, finder.lexical
    with pytest.raises(ValueError, match="hashing-1-32"):
        Finder(*parts)
    other = Catalog.from_items(make_items(3), SCHEMA)
    with pytest.raises(ValueError, match="another catalog"):
        Finder(other, finder.encoder, finder.vectors, finder.lexical)
