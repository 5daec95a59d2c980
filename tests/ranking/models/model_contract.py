"""The contract that every model of choices keeps, and small sessions whose answers are plain.

A test of a model is a class of three lines: `class TestEase(ModelContract): model = Ease`.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import pytest

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.models.base import Model
from shoptalk.ranking.sessions import Context, Sessions
from shoptalk.retrieval.encoder import HashingEncoder
from shoptalk.retrieval.query import Said

SPACE, WEDDINGS, STRANGE = range(10), range(10, 20), (20, 21)
"""Two worlds of items that never meet in a session, and the items that stand in none."""

WORDS = {SPACE: "something with aliens in outer space", WEDDINGS: "a wedding in paris that goes wrong"}


def sessions_of(
    rows: Sequence[Sequence[int]], n_items: int, times: Sequence[Sequence[float]] | None = None
) -> Sessions:
    """Plain interactions: each row the items of one person, in the order in which they were chosen."""
    items = np.array([item for row in rows for item in row], dtype=np.int64)
    told = [np.nan] * len(items) if times is None else [time for row in times for time in row]
    return Sessions(
        n_items=n_items,
        offsets=np.cumsum([0, *map(len, rows)]),
        items=items,
        values=np.ones(len(items)),
        steps=np.array([step for row in rows for step in range(len(row))], dtype=np.int64),
        times=np.array(told, dtype=np.float64),
        chosen=np.ones(len(items), dtype=np.bool_),
    )


def talks(count: int = 80) -> Sessions:
    """Talks of four messages, each in one of two worlds: a wish with an item named, two picks, an answer, one pick."""
    rng = np.random.default_rng(3)
    worlds = [(SPACE, WEDDINGS)[at % 2] for at in range(count)]
    items = np.concatenate([rng.choice(world, 4, replace=False) for world in worlds])
    return Sessions(
        n_items=22,
        offsets=np.arange(count + 1) * 4,
        items=items.astype(np.int64),
        values=np.tile([0.5, 1.0, 1.0, 1.0], count),
        steps=np.tile([0, 1, 1, 3], count),
        times=np.repeat(1.7e9 + 3600.0 * np.arange(count), 4),
        chosen=np.tile([False, True, True, True], count),
        said=tuple(_messages(world, items[4 * at : 4 * at + 4]) for at, world in enumerate(worlds)),
    )


def context_of(
    items: Sequence[int],
    values: Sequence[float] | None = None,
    ago: Sequence[int] | None = None,
    said: tuple[Said, ...] = (),
) -> Context:
    """What is known before a choice: one step for each item and a value of 1, where nothing else is told."""
    return Context(
        np.array(items, dtype=np.int64),
        np.array([1.0] * len(items) if values is None else values, dtype=np.float64),
        np.array(range(len(items), 0, -1) if ago is None else ago, dtype=np.int64),
        said,
    )


def asked_in(world: range) -> Context:
    """Someone names two items of a world, in words of that world."""
    items = (world[2], world[7])
    return context_of(items, said=(Said(WORDS[world], True, tuple(map(str, items))), Said("Which kind?", False)))


NOTHING = context_of([])


class ModelContract:
    """What whoever asks a model relies on. A class of tests says which `model`, and what it listens to."""

    model: ClassVar[type[Model]]
    hears: ClassVar[str] = "items"
    """What it answers to: 'items', 'words', or 'nothing', when it speaks unasked."""
    minds_order: ClassVar[bool] = False
    """True if it makes a difference which session came first."""

    @pytest.fixture(scope="class")
    def fitted(self) -> Model:
        return self.fit(talks())

    def fit(self, sessions: Sessions) -> Model:
        return self.model.fit(sessions, encoder=HashingEncoder())

    @pytest.mark.parametrize("world", [SPACE, WEDDINGS])
    def test_there_is_one_finite_score_for_each_item(self, fitted, world):
        scores = fitted.scores(asked_in(world))
        assert scores.shape == (22,)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        assert (scores != 0).any()

    def test_what_stands_in_no_session_scores_nothing(self, fitted):
        assert (fitted.scores(asked_in(SPACE))[list(STRANGE)] == 0).all()

    @pytest.mark.parametrize(("world", "other"), [(SPACE, WEDDINGS), (WEDDINGS, SPACE)])
    def test_it_prefers_the_world_that_is_spoken_of(self, fitted, world, other):
        if self.hears != "nothing":
            scores = fitted.scores(asked_in(world))
            assert np.delete(scores[list(world)], [2, 7]).mean() > scores[list(other)].mean()

    def test_it_says_nothing_where_it_has_nothing_to_say(self, fitted):
        assert (fitted.scores(NOTHING) is None) == (self.hears != "nothing")

    def test_items_that_it_never_met_are_nothing_to_go_by(self, fitted):
        if self.hears == "items":
            assert fitted.scores(context_of(STRANGE)) is None

    def test_items_that_are_only_spoken_against_are_nothing_to_go_by(self, fitted):
        if self.hears == "items":
            assert fitted.scores(context_of([1, 2], values=[-1.0, -0.5])) is None

    def test_the_same_question_has_the_same_answer_in_an_array_of_its_own(self, fitted):
        first = fitted.scores(asked_in(SPACE))
        kept = first.copy()
        first[:] = 7
        assert np.array_equal(fitted.scores(asked_in(SPACE)), kept)

    def test_many_may_ask_at_once(self, fitted):
        worlds = [SPACE, WEDDINGS] * 20
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda world: fitted.scores(asked_in(world)), worlds))
        for world, answer in zip(worlds, answers, strict=True):
            assert np.array_equal(answer, fitted.scores(asked_in(world)))

    def test_the_same_sessions_make_the_same_model(self, fitted):
        again = self.fit(talks())
        assert np.array_equal(again.scores(asked_in(SPACE)), fitted.scores(asked_in(SPACE)))

    def test_it_does_not_matter_which_session_came_first(self, fitted):
        if not self.minds_order:
            turned = self.fit(talks().take(np.arange(80)[::-1]))
            assert turned.scores(asked_in(SPACE)) == pytest.approx(fitted.scores(asked_in(SPACE)), rel=1e-4, abs=1e-6)

    def test_what_was_saved_scores_the_same(self, fitted, tmp_path):
        fitted.save(tmp_path / "models" / fitted.name)
        loaded = type(fitted).load(tmp_path / "models" / fitted.name)
        assert loaded.config == fitted.config
        for world in (SPACE, WEDDINGS):
            assert np.array_equal(loaded.scores(asked_in(world)), fitted.scores(asked_in(world)))

    @pytest.mark.parametrize("harm", ["gone", "empty", "cut short", "of something else", "some bytes turned"])
    def test_every_file_is_missed_if_it_is_harmed(self, fitted, tmp_path, harm):
        fitted.save(tmp_path / "sound")
        for name in sorted(file.name for file in (tmp_path / "sound").iterdir()):
            folder = tmp_path / name
            fitted.save(folder)
            _harm(folder / name, harm)
            with pytest.raises(ShopDamagedError, match=r"\."):
                type(fitted).load(folder)

    def test_sessions_without_anything_in_them_are_refused(self):
        with pytest.raises(ValueError, match=r"[a-z]"):
            self.fit(talks().take([]))


def _messages(world: range, items: np.ndarray) -> tuple[Said, ...]:
    named = [str(item) for item in items.tolist()]
    return (
        Said(WORDS[world], True, (named[0],)),
        Said("You could take these two.", False, (named[1], named[2])),
        Said("I have seen both.", True),
        Said("Then this one.", False, (named[3],)),
    )


def _harm(file, harm: str) -> None:
    if harm == "gone":
        file.unlink()
        return
    told = bytearray(file.read_bytes())
    if harm == "some bytes turned":
        middle = slice(len(told) // 2, len(told) // 2 + 100)
        told[middle] = bytes(255 - byte for byte in told[middle])
    harmed = {"empty": b"", "cut short": told[: len(told) // 2], "of something else": b"Once upon a time."}
    file.write_bytes(bytes(harmed.get(harm, told)))
