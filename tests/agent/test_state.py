"""What a talk holds on to, and how requests change it."""

import pytest

from shoptalk.agent.state import TalkState, advance, constraint_key, query_of, settled, with_feedback, without
from shoptalk.agent.understanding import EmbeddedUnderstanding


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
