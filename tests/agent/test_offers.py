"""When nothing fits: what emptied the list is named, and every offer leads to exactly as many items as it says."""

from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk.agent.offers import Choice, taken
from shoptalk.agent.relaxing import emptied, rounded, widened
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.columns import CategoryColumn, DateColumn, FlagColumn, NumberColumn
from shoptalk.retrieval.query import Constraint, Operator
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema


def _facet(name, kind, meaning=None, **more):
    return Column(name=name, role=Role.FACET, kind=kind, meaning=meaning, **more)


SCHEMA = Schema(
    columns=(
        Column(name="title", role=Role.TITLE),
        _facet("price", Kind.NUMBER, Meaning.PRICE, unit="USD"),
        _facet("year", Kind.NUMBER, Meaning.YEAR),
        _facet("made", Kind.DATE),
        _facet("colour", Kind.CATEGORY),
        _facet("tags", Kind.CATEGORIES),
        _facet("wireless", Kind.FLAG),
    )
)
COLOURS, TAGS = ("red", "green", "blue"), ("light", "loud", "small", "old")


def must(facet, operator, value):
    return Constraint(facet=facet, operator=operator, value=value)


def catalog_of(*facets):
    return Catalog.from_items([Item(id=str(n), title=str(n), facets=one) for n, one in enumerate(facets)], SCHEMA)


HEADSETS = catalog_of(
    *({"price": price, "wireless": True, "colour": "red"} for price in (57.0, 58.5, 60.0, 88.0)),
    *({"price": 10.0 + n, "wireless": False, "colour": "green"} for n in range(12)),
)
UNDER_50, WIRELESS = must("price", Operator.LESS_THAN, 50.0), must("wireless", Operator.IS, True)
ALL = np.ones(len(HEADSETS), dtype=np.bool_)


def test_the_example_of_the_task():
    why = emptied(HEADSETS, [UNDER_50, WIRELESS], ALL)
    assert why.conflicts == ((UNDER_50, WIRELESS),)
    assert [(choice.label, choice.count) for choice in why.choices] == [
        ("up to $60", 3), ("wireless or not", 12), ("any price", 4),
    ]  # fmt: skip


def test_an_offer_beside_the_cheapest_counts_what_the_next_turn_will_show():
    cheapest = must("price", Operator.LEAST, 2.0)
    green = must("colour", Operator.IS, "green")
    why = emptied(HEADSETS, [cheapest, green, WIRELESS], ALL)
    assert why.choices
    for choice in why.choices:
        left = HEADSETS.passing(taken([cheapest, green, WIRELESS], choice))
        assert cheapest not in choice.dropped
        assert choice.count == left.sum() == 2


def test_two_impossible_constraints_are_both_named_and_offered_together():
    dear, future = must("price", Operator.MORE_THAN, 900.0), must("colour", Operator.IS, "mauve")
    why = emptied(HEADSETS, [dear, future, WIRELESS], ALL)
    assert why.conflicts == ((dear,), (future,))
    assert all({dear, future} <= set(choice.dropped) for choice in why.choices)
    assert why.choices[0].label == "at least $80, any colour"
    assert why.choices[0].count == 1


def test_what_is_not_wanted_is_offered_last():
    green = must("colour", Operator.IS_NOT, "green")
    why = emptied(HEADSETS, [UNDER_50, green], ALL)
    assert why.choices[0].label == "up to $60"
    assert why.choices[1].label == "green too"


def test_a_value_in_another_ones_place():
    why = emptied(HEADSETS, [must("colour", Operator.IS, "blue"), WIRELESS], ALL)
    assert [(choice.label, choice.count) for choice in why.choices] == [("any colour", 4), ("red instead of blue", 4)]


def test_few_left_and_what_would_let_more_in():
    some = [must("price", Operator.AT_MOST, 57.0), WIRELESS]
    assert [(choice.label, choice.count) for choice in widened(HEADSETS, some, ALL)][:2] == [
        ("up to $60", 3), ("wireless or not", 13),
    ]  # fmt: skip


def test_the_end_of_a_scale_is_left_out_when_nothing_else_fits():
    wanted = [must("price", Operator.LEAST, 1.0), must("colour", Operator.IS, "mauve")]
    choice = emptied(HEADSETS, wanted, ALL).choices[0]
    assert choice.dropped == (wanted[1],)
    assert choice.count == HEADSETS.passing(wanted[:1]).sum() == 1


@pytest.mark.parametrize(
    ("near", "far", "expected"),
    [(52.3, 60, 60), (52.3, 54, 53), (121, 126, 125), (4.5, 4.45, 4.5), (1999, 2100, 2000), (0.37, 0.41, 0.4),
     (48, 41, 45), (0, 0, 0), (-3, 2, 0), (7, 7, 7)],
)  # fmt: skip
def test_a_bound_is_round(near, far, expected):
    assert rounded(near, far) == pytest.approx(expected)


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "price": st.floats(1, 2000).map(lambda price: round(price, 2)),
        "year": st.integers(1950, 2020).map(float),
        "made": st.dates().map(str),
        "colour": st.sampled_from(COLOURS),
        "tags": st.lists(st.sampled_from(TAGS), min_size=1, unique=True).map(tuple),
        "wireless": st.booleans(),
    },
)
BOUNDS = st.sampled_from((Operator.AT_MOST, Operator.LESS_THAN, Operator.AT_LEAST, Operator.MORE_THAN, Operator.ABOUT))
WORDS = st.sampled_from((Operator.IS, Operator.IS_NOT))
MUSTS = st.one_of(
    st.builds(must, st.just("price"), BOUNDS, st.floats(1, 3000)),
    st.builds(must, st.just("year"), BOUNDS, st.integers(1940, 2030).map(float)),
    st.builds(must, st.just("year"), st.just(Operator.BETWEEN), st.tuples(*[st.integers(1940, 2030).map(float)] * 2)),
    st.builds(must, st.just("made"), BOUNDS, st.dates().map(str)),
    st.builds(must, st.just("colour"), WORDS, st.sampled_from((*COLOURS, "mauve"))),
    st.builds(must, st.just("tags"), WORDS, st.sampled_from((*TAGS, "new"))),
    st.builds(must, st.just("tags"), st.just(Operator.ANY_OF), st.just(("loud", "old"))),
    st.builds(must, st.just("wireless"), WORDS, st.booleans()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=25), st.lists(MUSTS, min_size=1, max_size=14), st.integers(0, 2**25))
def test_promise_5_every_offer_fills_the_list_with_just_as_many_as_it_says(facets, musts, hidden):
    catalog = catalog_of(*facets)
    allowed = np.array([not hidden >> row & 1 for row in range(len(facets))])
    passing = catalog.passing(musts) & allowed
    is_empty = not passing.any()
    why = emptied(catalog, musts, allowed)
    for choice in why.choices if is_empty else widened(catalog, musts, allowed):
        left = catalog.passing(taken(musts, choice)) & allowed
        assert left.sum() == choice.count > 0
        assert choice.dropped
    if not is_empty:
        return
    for conflict in why.conflicts:
        assert not (catalog.passing(conflict) & allowed).any()
    if len(musts) <= 12 and allowed.any():
        assert why.choices


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=25), st.lists(MUSTS, min_size=1, max_size=6, unique_by=repr))
def test_no_smaller_change_would_do(facets, musts):
    catalog = catalog_of(*facets)
    everything = np.ones(len(facets), dtype=np.bool_)
    if catalog.passing(musts).any():
        return
    choices = emptied(catalog, musts, everything).choices
    size = min(len(choice.dropped) for choice in choices)
    assert all(len(choice.dropped) == size for choice in choices)
    if size == 2:
        for one in musts:
            assert not catalog.passing([held for held in musts if held is not one]).any()


def test_taking_a_choice_puts_the_new_where_the_old_was():
    sixty = must("price", Operator.AT_MOST, 60.0)
    choice = Choice(label="up to $60", count=3, dropped=(UNDER_50,), added=(sixty,))
    assert taken((UNDER_50, WIRELESS), choice) == (sixty, WIRELESS)
    assert taken((WIRELESS,), choice) == (WIRELESS, sixty)
    assert taken((sixty, WIRELESS), choice) == (sixty, WIRELESS)


@pytest.fixture
def asked(films_shop):
    talk = films_shop.talk()
    return talk, talk.say("a Korean western")


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("way", ["click", "label", "place"])
def test_a_click_and_words_lead_to_the_same_and_to_the_promised_number(asked, way, place):
    talk, reply = asked
    choice = reply.question.choices[place]
    assert not reply.picks
    assert choice.label in reply.text
    assert f"{choice.count}" in reply.text
    events = talk.events(talk.choosing(place) if way == "click" else choice.label if way == "label" else
                         ("the first one", "the second one")[place])  # fmt: skip
    events = list(events)
    assert next(event.passing for event in events if event.kind == "found") == choice.count
    assert events[-1].reply.picks
    held = {chip.constraint for chip in events[-1].reply.chips}
    assert not held & set(choice.dropped)


def test_yes_takes_the_first_and_undo_brings_back_what_was_asked(asked):
    talk, reply = asked
    before = [chip.label for chip in reply.chips]
    yes = talk.say("yes")
    assert yes.picks
    assert {change.was for change in yes.changes} == {c.value for c in reply.question.choices[0].dropped}
    assert yes.can_undo
    back = talk.undo()
    assert [chip.label for chip in back.chips] == before
    assert back.question == reply.question
    assert "Taken back" in back.text


def test_an_offer_is_said_in_whole_words_and_what_emptied_the_list_is_quoted_where_it_is_no_noun(asked, films_shop):
    _, reply = asked
    for choice in reply.question.choices:
        plain = choice.label.endswith(" or not") and "," not in choice.label
        said = f"whether {choice.label}" if plain else f"with “{choice.label}”"
        assert f"{choice.count:,} {said}" in reply.text
    assert "Nothing here is both Korean and Western." in films_shop.talk().say("a korean western").text
    assert "Nothing here fits “before 1870”." in films_shop.talk().say("a comedy from before 1870").text


def test_an_offer_taken_again_after_undo_is_taken_whole(films_shop):
    talk = films_shop.talk()
    for message in ("a korean western", "yes", "undo"):
        talk.say(message)
    again = talk.say("yes please")
    assert again.picks
    assert [chip.label for chip in again.chips] == ["Western"]


def test_ok_before_something_else_takes_no_offer(films_shop):
    talk = films_shop.talk()
    assert len(talk.say("a musical western from the 1930s about robots, under 60 minutes").question.choices) > 1
    reply = talk.say("ok, any length")
    assert reply.request.choice is None
    assert {change.was for change in reply.changes} == {"under 60 min"}


def test_no_leaves_it(asked):
    talk, reply = asked
    no = talk.say("no")
    assert no.chips == reply.chips
    assert not no.picks
    assert no.question is None


def test_a_choice_that_is_not_offered_cannot_be_taken(asked):
    talk, reply = asked
    for place in (-1, len(reply.question.choices)):
        with pytest.raises(IndexError):
            talk.choose(place)
    talk.say("thanks")
    with pytest.raises(IndexError):
        talk.choose(0)


def test_undoing_says_the_same_by_word_and_by_button(films_shop):
    one, other = films_shop.talk(), films_shop.talk()
    for talk in (one, other):
        talk.say("a comedy from the 80s")
        talk.say("not in English")
    assert one.undo().model_dump(exclude={"request"}) == other.say("undo").model_dump(exclude={"request"})
    assert one.chips == other.chips
    one.undo()
    assert one.chips == ()
    nothing = one.undo()
    assert not nothing.can_undo
    assert "nothing to take back" in nothing.text


def test_a_catalog_of_fifty_thousand_is_answered_within_the_turn():
    """Twelve musts over 50,000 items: a bound loose enough for any machine, tight enough to notice a loop over items."""
    random = np.random.default_rng(5)
    many = 50_000
    words = (random.choice(COLOURS, many), random.choice(TAGS, many))
    columns = {
        "price": NumberColumn("price", random.uniform(1, 500, many).round(2)),
        "year": NumberColumn("year", np.full(many, np.nan), is_year=True),
        "made": DateColumn("made", np.full(many, np.nan)),
        "colour": CategoryColumn.of_values("colour", [(str(one),) for one in words[0]]),
        "tags": CategoryColumn.of_values("tags", [(str(one),) for one in words[1]]),
        "wireless": FlagColumn("wireless", random.integers(-1, 1, many).astype(np.int8)),
    }
    ids, none = [str(n) for n in range(many)], [None] * many
    catalog = Catalog(SCHEMA, ids=ids, titles=ids, texts=ids, pictures=none, links=none, columns=columns)
    musts = [UNDER_50, WIRELESS, must("colour", Operator.IS, "red"), must("tags", Operator.IS, "loud"),
             *(must("price", Operator.MORE_THAN, float(price)) for price in range(52, 60))]  # fmt: skip
    everything = np.ones(many, dtype=np.bool_)
    took = []
    for _ in range(5):
        begin = perf_counter()
        assert emptied(catalog, musts, everything).choices
        took.append(perf_counter() - begin)
    assert min(took) < 0.1
