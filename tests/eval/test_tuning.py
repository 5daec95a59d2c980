"""Tuning a language model, on one of two small layers that is made here: rows that share a beginning, runs, merging."""

import json
import random
from dataclasses import replace

import pytest
import torch

from shoptalk.errors import DatasetError, TuningError
from shoptalk.eval.tuning.base import base_folder, load_base
from shoptalk.eval.tuning.examples import TuneExample
from shoptalk.eval.tuning.merging import merged
from shoptalk.eval.tuning.packing import can_share, packs, row_of, sequenced
from shoptalk.eval.tuning.training import TuneConfig, tune
from shoptalk.retrieval.encoder import quiet
from tiny_model import TEMPLATE, tiny_model

SYSTEMS = ("You plan for a shop of films. Facets: genre, year, length.", "You plan for a shop of lamps. Facets: watt.")
CONFIG = TuneConfig(rank=4, rate=1e-2, epochs=3.0, row=200, step=300, held_out=8, measures=2, precision="float32")


def made(count):
    draw = random.Random(1)
    for number in range(count):
        value = draw.choice(("comedy", "drama", "red", "blue"))
        system = SYSTEMS[number % 2]
        yield TuneExample(system, f"I want {value} number {number}", json.dumps({"find": value}), "plan")
        yield TuneExample(system, f"why {value}?", f"It is {value}.", "explain")


EXAMPLES = list(made(20))


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """So small a model is only kept waiting by a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder of a model as people have them: weights, tokenizer, chat template."""
    texts = [f"{one.system}\n{one.user}\n{one.target}" for one in EXAMPLES]
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", texts)


def weights(folder):
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def test_what_is_learned_is_what_the_model_says_and_that_it_ends(base):
    tokenizer = load_base(base)[1]
    one = sequenced(tokenizer, EXAMPLES[:1])[0]
    assert tokenizer.decode(one.ids[one.start :]) == f"{EXAMPLES[0].target}<|im_end|>"
    assert tokenizer.decode(one.ids[: one.start]).endswith(f"{EXAMPLES[0].user}<|im_end|>\n<|im_start|>assistant\n")


def test_a_row_says_of_each_example_what_the_model_says_of_it_alone(base):
    model, tokenizer = load_base(base)
    some = sequenced(tokenizer, [one for one in EXAMPLES if one.system == SYSTEMS[0]][:6])
    row = row_of(some)
    assert row.tokens < 0.6 * sum(map(len, some)), "the beginning is there once"
    with torch.no_grad():
        together = row.logits(model)
        for number, one in enumerate(some):
            plain = model(input_ids=torch.tensor([one.ids])).logits[0, one.start - 1 : -1]
            own = row.owner == number
            assert row.labels[own].tolist() == list(one.ids[one.start :])
            torch.testing.assert_close(together[own], plain, atol=1e-4, rtol=1e-4)
    assert can_share(model)


def test_a_model_that_takes_no_masks_is_found_out(base):
    class Deaf(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.inner, self.config, self.device = model, model.config, model.device

        def forward(self, attention_mask=None, position_ids=None, **given):
            return self.inner(**given)

    assert not can_share(Deaf(load_base(base)[0]))


def test_rows_are_of_one_group_and_hold_every_example_once(base):
    sequences = sequenced(load_base(base)[1], EXAMPLES)
    groups = [one.system for one in EXAMPLES]
    rows = packs(sequences, groups, 200, random.Random(3))
    assert sorted(at for row in rows for at in row) == list(range(len(EXAMPLES)))
    assert all(len({groups[at] for at in row}) == 1 for row in rows)
    assert all(row_of([sequences[at] for at in row]).tokens <= 200 for row in rows)
    assert len(rows) < len(EXAMPLES) / 2
    assert rows == packs(sequences, groups, 200, random.Random(3))
    assert {len(row) for row in packs(sequences, groups, 0, random.Random(3))} == {1}, "plain rows"


@pytest.fixture(scope="module")
def tuned(base, tmp_path_factory):
    into, told = tmp_path_factory.mktemp("tuned"), []
    figures = tune(base, EXAMPLES, into, replace(CONFIG, epochs=20.0), told.append)
    return into, figures, told


def test_loss_falls_and_held_out_targets_are_said(tuned):
    _, figures, told = tuned
    assert figures["loss"] < 0.5 * told[0].loss
    assert told[-1].share == 1
    assert told[0].left > told[-1].left == 0
    assert figures["explain: tokens right"] > 0.7


def test_the_adapter_comes_with_its_card_and_curves(tuned, base):
    into, figures, _ = tuned
    assert {path.name for path in into.iterdir()} == {
        "adapter_config.json", "adapter_model.safetensors", "README.md", "logs",
    }  # fmt: skip
    assert all(value.dtype is torch.float16 for value in weights(into).values())
    assert json.loads((into / "adapter_config.json").read_text())["base_model_name_or_path"] == "tiny"
    card = (into / "README.md").read_text()
    assert "base_model: tiny" in card
    assert f"| loss | {figures['loss']:.4g} |" in card
    assert str(base) not in card
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    curves = EventAccumulator(str(into / "logs")).Reload()
    assert {"train/loss", "train/rate", "held out/loss"} <= set(curves.Tags()["scalars"])


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(base, tmp_path):
    def stop(now):
        if now.step == 3:
            raise KeyboardInterrupt

    tune(base, EXAMPLES, tmp_path / "whole", CONFIG)
    with pytest.raises(KeyboardInterrupt):
        tune(base, EXAMPLES, tmp_path / "stopped", CONFIG, stop)
    with pytest.raises(TuningError, match="whose rate differ"):
        tune(base, EXAMPLES, tmp_path / "stopped", replace(CONFIG, rate=1e-3))
    with pytest.raises(TuningError, match="whose examples differ"):
        tune(base, EXAMPLES[1:], tmp_path / "stopped", CONFIG)
    steps = []
    tune(base, EXAMPLES, tmp_path / "stopped", CONFIG, lambda now: steps.append(now.step))
    assert steps[0] == 4
    once, twice = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    for name, value in once.items():
        torch.testing.assert_close(value, twice[name], atol=2e-3, rtol=1e-2)


def test_time_ends_a_run_well(base, tmp_path):
    told = []
    figures = tune(base, EXAMPLES, tmp_path, replace(CONFIG, epochs=1e6, minutes=0.01), told.append)
    assert told[-1].share == 1
    assert told[-1].seconds < 5
    assert figures["loss"] > 0
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_merged_model_says_what_base_and_adapter_say(tuned, base, tmp_path):
    from peft import PeftModel

    into = merged(base, tuned[0], tmp_path / "whole")
    whole, tokenizer = load_base(base_folder(into, tmp_path))
    with quiet():
        both = PeftModel.from_pretrained(load_base(base)[0], str(tuned[0]))
    ids = torch.tensor([sequenced(tokenizer, EXAMPLES[:1])[0].ids])
    with torch.no_grad():
        torch.testing.assert_close(whole(ids).logits, both(ids).logits, atol=1e-3, rtol=1e-3)
        assert (whole(ids).logits - load_base(base)[0](ids).logits).abs().max() > 0.1
    assert tokenizer.chat_template == TEMPLATE


def test_what_cannot_be_had_is_told(base, tmp_path):
    with pytest.raises(DatasetError, match="nothing to learn from"):
        tune(base, [], tmp_path / "none")
    with pytest.raises(TuningError, match="no model in it"):
        base_folder(tmp_path, tmp_path / "cache")
    with pytest.raises(TuningError, match="no adapter in it"):
        merged(base, tmp_path, tmp_path / "whole")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("friend")
    with pytest.raises(TuningError, match="holds something else"):
        merged(base, tmp_path, tmp_path / "letters")
