"""A question is asked only where its answer tells much, along with picks, and never twice in a row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoptalk.agent.clarifying import NO_PREFERENCE, may_ask, question_worth_asking
from shoptalk.agent.offers import Asking, taken
from shoptalk.agent.state import TalkState
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.query import Act, Request
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema

MANY = 120


def catalog_of(kind, values, meaning=None, unit=None):
    """A catalog with one facet; None leaves an item without a value."""
    column = Column(name="x", role=Role.FACET, kind=kind, meaning=meaning, unit=unit)
    schema = Schema(columns=(Column(name="title", role=Role.TITLE), column))
    items = [
        Item(id=str(n), title=str(n), facets={} if value is None else {"x": value}) for n, value in enumerate(values)
    ]
    return Catalog.from_items(items, schema)


def asked(catalog, *, scores=None, state=TalkState(), passing=None):
    rows = np.arange(len(catalog))
    mask = np.ones(len(catalog), dtype=np.bool_) if passing is None else passing
    scores = np.zeros(len(catalog)) if scores is None else np.asarray(scores, dtype=float)
    return question_worth_asking(catalog, state, rows, scores, int(mask.sum()), lambda: mask)


def evenly(*values):
    return [values[n % len(values)] for n in range(MANY)]


def test_a_facet_that_splits_what_is_left_is_asked_about():
    question = asked(catalog_of(Kind.CATEGORY, evenly("tea", "coffee", "cocoa"), Meaning.GENRE))
    assert question.kind is Asking.CLARIFY
    assert [(choice.label, choice.count) for choice in question.choices] == [
        ("cocoa", 40), ("coffee", 40), ("tea", 40), (NO_PREFERENCE, MANY),
    ]  # fmt: skip
    assert question.choices[-1].changes_nothing


@pytest.mark.parametrize(
    ("why", "kind", "values"),
    [
        ("all share it", Kind.CATEGORY, ["tea"] * MANY),
        ("nearly all share it", Kind.CATEGORY, ["tea"] * (MANY - 6) + ["coffee"] * 6),
        ("too many values for a few buttons", Kind.CATEGORY, [f"kind {n}" for n in range(MANY)]),
        ("few have it", Kind.CATEGORY, evenly("tea", None, "coffee", None, "cocoa", None, None, None)),
        ("a yes or no brings too little", Kind.FLAG, evenly(True, False)),
        ("a number without a meaning", Kind.NUMBER, [float(n) for n in range(MANY)]),
        ("one price for all", Kind.NUMBER, [5.0] * MANY),
    ],
)
def test_what_tells_little_is_not_asked(why, kind, values):
    assert asked(catalog_of(kind, values)) is None, why


@pytest.mark.parametrize("meaning", [Meaning.RATING, Meaning.POPULARITY, Meaning.STOCK, Meaning.HIDDEN])
def test_nobody_is_asked_whether_they_want_it_bad(meaning):
    assert asked(catalog_of(Kind.NUMBER, [float(n) for n in range(MANY)], meaning, "star")) is None


def test_numbers_are_offered_in_three_round_ranges():
    catalog = catalog_of(Kind.NUMBER, [3.17 + 1.01 * n for n in range(MANY)], Meaning.PRICE, "USD")
    question = asked(catalog)
    low, middle, high, _ = question.choices
    assert low.count + middle.count + high.count == MANY
    assert min(low.count, middle.count, high.count) > MANY / 5
    assert [choice.label for choice in (low, middle, high)] == ["under $50", "$50–$80", "over $80"]


def test_candidates_weigh_as_much_as_their_scores_say():
    """The split is measured on what is likely wanted: a tail of other things makes no question."""
    values = ["tea"] * 40 + evenly("coffee", "cocoa")[:80]
    scores = [8.0] * 40 + [0.0] * 80
    assert asked(catalog_of(Kind.CATEGORY, values, Meaning.GENRE)) is not None
    assert asked(catalog_of(Kind.CATEGORY, values, Meaning.GENRE), scores=scores) is None


def test_a_clear_winner_needs_no_question():
    scores = [20.0] + [0.0] * (MANY - 1)
    assert asked(catalog_of(Kind.CATEGORY, evenly("tea", "coffee", "cocoa"), Meaning.GENRE), scores=scores) is None


def test_few_left_need_no_question():
    passing = np.arange(MANY) < 12
    assert asked(catalog_of(Kind.CATEGORY, evenly("tea", "coffee", "cocoa")), passing=passing) is None


def test_what_was_asked_or_said_not_to_matter_is_not_asked_again():
    catalog = catalog_of(Kind.CATEGORY, evenly("tea", "coffee", "cocoa"), Meaning.GENRE)
    assert asked(catalog, state=TalkState(inquired=("x",))) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=4).map(tuple), min_size=20, max_size=80),
    st.lists(st.floats(-3, 3), min_size=80, max_size=80),
    st.integers(0, 2**80),
)
def test_every_choice_leads_to_as_many_as_it_says(values, scores, out):
    catalog = catalog_of(Kind.CATEGORIES, [value or None for value in values], Meaning.KEYWORD)
    passing = np.array([not out >> row & 1 for row in range(len(values))])
    question = asked(catalog, scores=scores[: len(values)], passing=passing)
    for choice in question.choices if question else ():
        assert (catalog.passing(taken((), choice)) & passing).sum() == choice.count > 0


@pytest.mark.parametrize(
    "message",
    ["quick, a comedy", "just show me comedies", "a comedy asap", "whatever, a comedy", "surprise me", "you choose",
     "I don't care", "no questions please, a comedy"],
)  # fmt: skip
def test_the_hurried_are_not_asked(message):
    assert not may_ask(TalkState(), Request(message=message))
    assert may_ask(TalkState(), Request(message="a comedy"))


def test_who_asks_for_one_or_for_more_is_not_asked():
    assert not may_ask(TalkState(), Request(message="one comedy", count=1))
    assert not may_ask(TalkState(), Request(message="more", acts=(Act.MORE,)))


def test_never_two_turns_in_a_row_and_not_after_an_answer(films_shop):
    talk = films_shop.talk()
    first = talk.say("a comedy")
    assert first.picks
    assert first.question.kind is Asking.CLARIFY
    assert first.text.endswith(first.question.text)
    assert talk.say("a drama").question is None
    other = films_shop.talk()
    other.say("a comedy")
    answer = other.choose(0)
    assert answer.question is None
    assert answer.picks
    assert first.question.choices[0].added[0].same_as(answer.chips[-1].constraint)


def test_a_card_that_is_liked_meanwhile_leaves_the_question_standing(films_shop):
    talk = films_shop.talk()
    first = talk.say("a comedy")
    talk.feedback(first.picks[0].item.id, liked=True)
    assert talk.say("").question.facet == first.question.facet
    talk.say("a drama")
    assert talk.say("").question is None


def test_no_preference_is_an_answer_and_is_not_asked_again(films_shop):
    talk = films_shop.talk()
    facet = talk.say("a comedy").question.facet
    for way in (NO_PREFERENCE, "a drama", "a western", "a comedy from the 80s", "a musical", "not in English"):
        reply = talk.say(way)
        assert reply.question is None or reply.question.facet != facet
    assert not films_shop.talk().say("a comedy").changes[0].was


def test_no_preference_changes_nothing_and_leads_on(films_shop):
    talk = films_shop.talk()
    asked = talk.say("a comedy")
    reply = talk.say(NO_PREFERENCE)
    assert reply.chips == asked.chips
    assert "any country then" in reply.text
    assert reply.suggestions == ("show me more", "start over")
    assert talk.say(reply.suggestions[0]).picks


@pytest.mark.parametrize("message", ["newer than the first one", "who directed the first one?"])
def test_what_a_question_names_is_not_taken_by_talk_of_something_else(films_shop, message):
    talk = films_shop.talk()
    question = talk.say("a drama between 90 and 110 minutes").question
    offered = {choice.label for choice in question.choices}
    assert not offered & {chip.label for chip in talk.say(message).chips}


def test_no_counts_are_told_where_wishes_only_lean(films_shop):
    question = films_shop.talk().say("something light for kids").question
    assert question is None or not (question.counted or "(" in question.text)


def test_the_question_is_held_for_the_next_message_and_forgotten_after_it(films_shop):
    talk = films_shop.talk()
    talk.say("a comedy")
    assert talk.question is not None
    talk.say("thanks")
    assert talk.question is None
