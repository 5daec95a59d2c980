"""What a talk holds on to, and how requests change it."""

import pytest

from shoptalk.agent.offers import Asking, Choice, Question
from shoptalk.agent.state import (
    ChangeKind,
    TalkState,
    advance,
    changes,
    constraint_key,
    query_of,
    settled,
    with_feedback,
    without,
)
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.query import Constraint, Operator, Request


@pytest.fixture(scope="module")
def hear(films):
    """Say messages one after the other, without anything being found."""
    understanding = EmbeddedUnderstanding(films)

    def run(*messages, state=TalkState()):
        for message in messages:
            state = advance(state, understanding.understand(message, state), films)
        return state

    return run


def held(state):
    return {(c.facet, c.operator.value, c.value) for c in state.constraints}


def test_a_limit_replaces_the_limit_before(hear):
    assert held(hear("under 2 hours", "under 90 minutes")) == {("runtime", "less than", 90.0)}


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_wish_and_the_same_as_a_must_are_one_must(films, order):
    state = TalkState()
    for must in order:
        one = Constraint(facet="genres", operator=Operator.IS, value="Comedy", must=must)
        state = advance(state, Request(message="", constraints=(one,)), films)
    assert [one.must for one in state.constraints] == [True]


def test_a_lower_and_an_upper_limit_stay_side_by_side(hear):
    assert len(hear("at least 80 minutes", "under 2 hours").constraints) == 2


def test_a_value_refused_is_no_longer_asked_for(hear):
    assert held(hear("a comedy", "no comedies")) == {("genres", "is not", "Comedy")}
    assert held(hear("no comedies", "a comedy")) == {("genres", "is", "Comedy")}


def test_values_of_a_many_valued_facet_add_up(hear):
    assert held(hear("a comedy", "with romance")) == {("genres", "is", "Comedy"), ("genres", "is", "Romance")}


def test_actually_replaces(hear):
    assert held(hear("a comedy", "actually a western")) == {("genres", "is", "Western")}


def test_values_that_no_item_has_together_change_the_subject(hear, films):
    state = hear("a documentary", "science fiction")
    assert films.passing(state.musts).any()


def test_values_of_one_message_stay_together_even_if_nothing_has_both(hear):
    assert {value for _, _, value in held(hear("a musical western"))} == {"Musical", "Western"}


def test_order_of_independent_constraints_does_not_matter(hear):
    one, other = hear("a comedy from the 90s in french"), hear("french comedy, 90s")
    assert held(one) == held(other)


def test_dropping_a_facet(hear):
    assert held(hear("a comedy from the 90s", "any year")) == {("genres", "is", "Comedy")}


def test_start_over_forgets_the_search_and_keeps_the_person(hear):
    state = hear("a comedy like Alien", "I've seen Jaws", "start over")
    assert (state.constraints, state.similar, state.texts) == ((), (), ())
    assert state.seen == ("jaws-1975",)


def test_seen_disliked_and_models_are_out_of_the_query(hear, films):
    query = query_of(hear("something like Alien", "I've seen Jaws, and I hated Titanic"), films)
    assert {"alien-1979", "jaws-1975", "titanic-1997"} <= query.exclude


def test_asking_for_a_seen_item_by_name_lets_it_back(hear, films):
    state = hear("I've seen Jaws", "tell me about Jaws")
    assert "jaws-1975" not in query_of(state, films).exclude


def test_more_leaves_out_what_was_shown_and_a_new_wish_lets_it_back(hear, films):
    shown = settled(hear("a comedy"), ["some-like-it-hot-1959"])
    more = hear("more", state=shown)
    assert "some-like-it-hot-1959" in query_of(more, films).exclude
    assert "some-like-it-hot-1959" not in query_of(hear("from the 50s", state=more), films).exclude


def test_what_is_liked_on_the_table_is_not_taken_for_known(hear):
    shown = settled(hear("a comedy"), ["some-like-it-hot-1959", "jaws-1975"])
    state = hear("the first one sounds great", state=shown)
    assert state.liked == ("some-like-it-hot-1959",)
    assert "some-like-it-hot-1959" not in state.seen
    assert "jaws-1975" in hear("I love Jaws").seen


def test_a_like_takes_back_a_dislike():
    state = with_feedback(with_feedback(TalkState(), "a", liked=False, seen=False), "a", liked=True, seen=True)
    assert (state.liked, state.disliked, state.seen) == (("a",), (), ("a",))


def test_each_thing_held_can_be_taken_back(hear):
    state = hear("a comedy like Alien about a clockmaker")
    state = without(state, constraint_key(state.constraints[0]))
    state = without(state, "similar:alien-1979")
    state = without(state, f"texts:{state.texts[0]}")
    assert (state.constraints, state.similar, state.texts) == ((), (), ())


@pytest.mark.parametrize("key", ["constraint:x", "similar:none", "nonsense", "turn:0", "texts:"])
def test_an_unknown_key_is_an_error(key):
    with pytest.raises(KeyError):
        without(TalkState(), key)


def test_what_was_seen_long_ago_is_still_seen(films):
    state = TalkState()
    for item_id in films.ids[:700]:
        state = with_feedback(state, item_id, liked=None, seen=True)
    assert query_of(state, films).exclude == set(films.ids[:700])


def test_undoing_brings_back_exactly_what_was_wanted_before_the_last_change(hear):
    before = hear("a comedy like Jaws about a lighthouse", "from the 90s")
    assert hear("actually a western, five please", "undo", state=before).wanted == before.wanted
    assert hear("thanks", "haha", "undo that", state=hear("not french", state=before)).wanted == before.wanted


def test_undoing_twice_goes_back_two_changes_and_never_past_the_beginning(hear):
    first = hear("a comedy")
    assert hear("from the 90s", "in french", "undo", "undo", state=first).wanted == first.wanted
    assert hear("undo", "undo", "undo", state=first).wanted == TalkState().wanted


def test_starting_over_can_be_undone(hear):
    before = hear("a comedy from the 90s")
    assert hear("start over", "undo", state=before).wanted == before.wanted


def test_at_most_ten_changes_can_be_undone(hear):
    state = hear(*(f"from {year}" for year in range(1970, 1985)))
    assert len(state.before) == 10


def test_undoing_and_asking_in_one_message(hear):
    state = hear("a comedy", "actually a western", "undo that, from the 90s")
    assert held(state) == {("genres", "is", "Comedy"), ("year", "between", (1990.0, 1999.0))}


def test_changes_tell_what_was_replaced_added_and_dropped(hear):
    before = hear("a french comedy under 2 hours about a lighthouse")
    after = hear("under 90 minutes, from the 90s, any language, forget the lighthouse", state=before)
    told = {
        (change.kind, getattr(change.was, "facet", change.was), getattr(change.now, "facet", change.now))
        for change in changes(before, after)
    }
    assert told == {
        (ChangeKind.REPLACED, "runtime", "runtime"),
        (ChangeKind.ADDED, None, "year"),
        (ChangeKind.DROPPED, "languages", None),
        (ChangeKind.DROPPED, "lighthouse", None),
    }
    assert changes(after, after) == ()


OVER = [
    (("a comedy from the 80s", "how about the 90s"), {("genres", "is", "Comedy"), ("year", "between", (1990.0, 1999.0))}),
    (("a comedy from the 80s", "how about horror then"), {("year", "between", (1980.0, 1989.0)), ("genres", "is", "Horror")}),
    (("a comedy", "or a drama"), {("genres", "any of", ("Comedy", "Drama"))}),
    (("comedies or dramas", "westerns are fine too"), {("genres", "any of", ("Comedy", "Drama", "Western"))}),
    (("from the 80s", "the 90s are fine too"), {("year", "between", (1980.0, 1999.0))}),
    (("a french comedy", "it doesn't have to be french"), {("genres", "is", "Comedy")}),
    (("a french comedy", "forget the language"), {("genres", "is", "Comedy")}),
    (("a french comedy", "without the comedy then"), {("languages", "is", "French")}),
    (("comedies or dramas", "forget the dramas"), {("genres", "is", "Comedy")}),
    (("a french comedy", "the genre isn't important"), {("languages", "is", "French")}),
    (("a french comedy", "change french to italian"), {("genres", "is", "Comedy"), ("languages", "is", "Italian")}),
    (("no horror", "horror is fine after all"), set()),
    (("a comedy", "no need for a western"), {("genres", "is", "Comedy")}),
    (("a comedy under 2 hours", "I don't care about the runtime"), {("genres", "is", "Comedy")}),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "expected"), OVER)
def test_what_stays_what_is_replaced_added_and_dropped(hear, messages, expected):
    assert held(hear(*messages)) == expected


def test_the_cheapest_are_those_of_what_else_is_asked_and_stay_right_as_the_talk_goes_on(hear, films):
    state = hear("the three longest films")
    (longest,) = query_of(state, films).must
    state = hear("comedies", state=state)
    (of_comedies,) = [one for one in query_of(state, films).must if one.facet == "runtime"]
    assert longest.operator is of_comedies.operator is Operator.AT_LEAST
    assert longest.value > of_comedies.value
    assert films.passing(query_of(state, films).must).sum() >= 3
    comedies = films.meets(Constraint(facet="genres", operator=Operator.IS, value="Comedy"))
    runtimes = films.column("runtime").values[comedies]
    assert sorted(runtimes)[-3] == of_comedies.value


def test_the_longest_leaves_out_what_was_seen(hear, films):
    (longest,) = query_of(hear("the longest film"), films).must
    best = films.ids[int(films.meets(longest).argmax())]
    (next_one,) = query_of(hear("the longest film", state=TalkState(seen=(best,))), films).must
    assert next_one.value <= longest.value
    assert best not in {films.ids[row] for row in films.passing([next_one]).nonzero()[0]} - {best}


WESTERN = Constraint(facet="genres", operator=Operator.IS, value="Western")
COMEDY = Constraint(facet="genres", operator=Operator.IS, value="Comedy")
QUESTION = Question(
    kind=Asking.CLARIFY,
    text="Western or comedy?",
    facet="genres",
    choices=(Choice(label="Western", count=5, added=(WESTERN,)), Choice(label="Comedy", count=9, added=(COMEDY,))),
)
OFFER = Question(
    kind=Asking.RELAX,
    text="Shall I leave out the western?",
    choices=(Choice(label="without Western", count=9, dropped=(WESTERN,)),),
)


@pytest.mark.parametrize(("said", "expected"), [
    ("the second", {("genres", "is", "Comedy")}), ("western", {("genres", "is", "Western")}), ("no", set()),
    ("comedy please", {("genres", "is", "Comedy")}), ("no preference", set()),
    ("option 2", {("genres", "is", "Comedy")}), ("number one", {("genres", "is", "Western")}),
])  # fmt: skip
def test_a_choice_of_our_question_is_taken(hear, said, expected):
    state = hear(said, state=TalkState(question=QUESTION))
    assert held(state) == expected
    assert state.question is None


@pytest.mark.parametrize("said", ["yes", "ok do that", "sure", "yes please", "the first one"])
def test_an_offer_is_taken_and_can_be_undone(hear, said):
    offered = TalkState(constraints=(WESTERN,), question=OFFER)
    taken = hear(said, state=offered)
    assert taken.constraints == ()
    assert hear("undo", state=taken).constraints == (WESTERN,)


def test_no_to_an_offer_changes_nothing_and_yes_may_say_more(hear):
    offered = TalkState(constraints=(WESTERN,), question=OFFER)
    assert hear("no", state=offered).constraints == (WESTERN,)
    assert held(hear("yes but under 2 hours", state=offered)) == {("runtime", "less than", 120.0)}


def test_turning_to_something_else_leaves_a_dead_end(films):
    korean = Constraint(facet="languages", operator=Operator.IS, value="Korean")
    recent = Constraint(facet="year", operator=Operator.AT_LEAST, value=2010.0)
    choices = tuple(Choice(label="left out", count=1, dropped=(one,)) for one in (WESTERN, korean))
    question = Question(kind=Asking.RELAX, text="Which shall I take?", choices=choices)
    state = TalkState(constraints=(WESTERN, korean), question=question)
    turned = advance(state, Request(message="actually a recent one", anew=True, constraints=(recent,)), films)
    assert turned.constraints == (recent,)
    added = advance(state, Request(message="and recent", constraints=(recent,)), films)
    assert korean in added.constraints
