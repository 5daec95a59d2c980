"""Matrix factorisation: people are folded in from what they had to do with, as the library itself would."""

import numpy as np
import pytest
from model_contract import SPACE, WEDDINGS, ModelContract, context_of, sessions_of, talks

from shoptalk.ranking.models.factors import Als, AlsConfig, Bpr, BprConfig


class TestAls(ModelContract):
    model = Als
    minds_order = True


class TestBpr(ModelContract):
    model = Bpr
    minds_order = True


MODELS = pytest.mark.parametrize("model", [Als, Bpr])


@MODELS
def test_what_everyone_else_in_a_world_took_is_what_lacks(model):
    # Everyone takes the whole checkerboard of their world but one item each: the one left out is the one wanted.
    rows = [[item for item in range(at % 2, 20, 2) if item != at] for at in range(20)]
    fitted = model.fit(sessions_of(rows, 20))
    for at, row in enumerate(rows):
        scores = fitted.scores(context_of(row))
        scores[row] = -np.inf
        assert np.argmax(scores) == at


@pytest.mark.filterwarnings("ignore:OpenBLAS is configured:RuntimeWarning")
def test_als_folds_people_in_as_the_library_does():
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    config = AlsConfig(factors=8, decay=1.0, alpha=3.0, regularization=0.5)
    sessions = talks()
    library = AlternatingLeastSquares(
        factors=8, regularization=0.5, alpha=3.0, iterations=config.iterations, num_threads=1, random_state=config.seed
    )
    library.fit(sessions.matrix(), show_progress=False)
    asked = csr_matrix((np.array([0.5, 1.0], dtype=np.float32), ([0, 0], [2, 7])), shape=(1, 22))
    scores = Als.fit(sessions, config=config).scores(context_of([2, 7], values=[0.5, 1.0]))
    assert scores == pytest.approx(library.item_factors @ library.recalculate_user(0, asked), abs=1e-4)


@MODELS
def test_what_is_spoken_against_pulls_down_what_is_like_it(model):
    fitted = model.fit(talks())
    wanted = fitted.scores(context_of([2, 12]))
    unwanted = fitted.scores(context_of([2, 12], values=[1.0, -1.0]))
    assert (unwanted - wanted)[list(WEDDINGS)].mean() < (unwanted - wanted)[list(SPACE)].mean()


@MODELS
def test_what_was_named_last_counts_most(model):
    config = {Als: AlsConfig(decay=0.3), Bpr: BprConfig(decay=0.3)}[model]
    fitted = model.fit(talks(), config=config)
    scores = fitted.scores(context_of([2, 12]))
    assert scores[list(WEDDINGS)].mean() > scores[list(SPACE)].mean()


@MODELS
def test_people_without_a_choice_change_nothing(model):
    rows = [[0, 1], [], [1, 2], [0, 2], []]
    with_them, without = (
        model.fit(sessions_of(one, 3)).scores(context_of([0])) for one in (rows, [row for row in rows if row])
    )
    assert np.array_equal(with_them, without)
