"""What people read of a language model's part in an answer."""

from shoptalk.agent.watch import CallUse, Failure, Fallback, ModelUse
from shoptalk.ui.model_note import note, totals

CALL = CallUse(door="explain", seconds=1.0, tokens_in=100, tokens_out=20)
WRITTEN = ModelUse(planned=False, written=True, calls=(CALL,), sentences=5, cut=1)
LATE = ModelUse(planned=False, written=False, calls=(CALL,), fallbacks=(Fallback(door="plan", failure=Failure.LATE),))


def test_a_note_tells_who_wrote_and_what_was_cut():
    assert note(WRITTEN) == "Written by the model, 1 of 5 sentences cut"
    assert note(LATE) == "Understood without it (late)"
    assert note(ModelUse(planned=True, written=True)) == "Understood and written by the model"


def test_totals_give_rates():
    told = totals([WRITTEN, LATE])
    assert "2 turns" in told
    assert "1 of 5 sentences cut (20.0%)" in told
    assert "1 of 2 calls failed (late 1)" in told
    assert totals([]) is None
