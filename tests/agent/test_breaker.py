"""A model that keeps failing is left alone, longer each time, and one call finds out when it is well again."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from shoptalk.agent.llm.breaker import Breaker
from shoptalk.agent.watch import Failure, ModelFailureError


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def fail(breaker, times=1, failure=Failure.DOWN):
    for _ in range(times):
        breaker.over(breaker.admit(), failure)


def refused(breaker):
    try:
        breaker.dropped(breaker.admit())
    except ModelFailureError as error:
        return error.failure is Failure.RESTING
    return False


@pytest.mark.parametrize("failure", [Failure.DOWN, Failure.LATE, Failure.REFUSED])
def test_rests_after_three_failures_in_a_row(breaker, failure):
    fail(breaker, 2, failure)
    assert not refused(breaker)
    fail(breaker, 1, failure)
    assert refused(breaker)
    assert breaker.resting


def test_an_answer_between_ends_the_row(breaker):
    fail(breaker, 2)
    breaker.over(breaker.admit(), None)
    fail(breaker, 2)
    assert not refused(breaker)


@pytest.mark.parametrize("failure", sorted(set(Failure) - {Failure.DOWN, Failure.LATE, Failure.REFUSED}))
def test_a_server_that_answers_badly_is_not_dead(breaker, failure):
    fail(breaker, 5, failure)
    assert not refused(breaker)


def test_rests_ten_seconds_then_one_call_tries(breaker, clock):
    fail(breaker, 3)
    clock.now += 9.9
    assert refused(breaker)
    clock.now += 0.2
    trial = breaker.admit()
    assert trial.trial
    assert refused(breaker), "only one call tries"
    breaker.over(trial, None)
    assert not refused(breaker)
    assert not breaker.resting


def test_rests_double_up_to_five_minutes(breaker, clock):
    fail(breaker, 3)
    rests = []
    for _ in range(7):
        rest = 0
        while breaker.resting:
            clock.now += 1
            rest += 1
        rests.append(rest)
        fail(breaker)
    assert rests == [10, 20, 40, 80, 160, 300, 300]


def test_the_first_rest_is_short_again_after_it_was_well(breaker, clock):
    fail(breaker, 3)
    clock.now += 10
    fail(breaker)
    clock.now += 20
    breaker.over(breaker.admit(), None)
    fail(breaker, 3)
    clock.now += 10
    assert not refused(breaker)


def test_a_trial_that_was_given_up_leaves_it_to_the_next_call(breaker, clock):
    fail(breaker, 3)
    clock.now += 10
    breaker.dropped(breaker.admit())
    assert breaker.admit().trial


def test_calls_that_began_before_the_rest_neither_lengthen_nor_hide_it(breaker, clock):
    early = [breaker.admit() for _ in range(6)]
    for attempt in early[:5]:
        breaker.over(attempt, Failure.DOWN)
    clock.now += 10
    assert not breaker.resting, "the row of five counts as one rest of ten seconds"
    breaker.over(early[5], None)
    assert not breaker.admit().trial, "an answer is an answer, whenever it was asked for"


def test_many_threads_at_once_get_one_trial(breaker, clock):
    fail(breaker, 3)
    clock.now += 10

    def ask(_):
        try:
            return breaker.admit().trial
        except ModelFailureError:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(200))) == 1


def test_says_when_it_will_be_asked_again(breaker, clock):
    fail(breaker, 3)
    clock.now += 4
    with pytest.raises(ModelFailureError, match="failed 3 times; asked again in 6 s"):
        breaker.admit()
