"""The training run of a small language model: LoRA on all linear layers, on a CPU or a GPU, that can be stopped.

A run is bounded by its epochs and by minutes, whichever ends first; the learning rate falls with the share of the
nearer bound, so that a run ends well on a slow machine too. The state is kept every few minutes: the same call goes on
from it with the same examples in the same order.
"""

import hashlib
import json
import math
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch.nn import functional

from shoptalk.errors import DatasetError, TuningError
from shoptalk.eval.tuning.base import load_base, require, weights_dtype
from shoptalk.eval.tuning.card import write_card
from shoptalk.eval.tuning.examples import TuneExample
from shoptalk.eval.tuning.packing import Row, Sequenced, can_share, packs, row_of, sequenced
from shoptalk.retrieval.encoder import quiet

__all__ = ["TuneConfig", "TuneProgress", "tune"]

_BETAS, _LOWEST_RATE = (0.9, 0.98), 0.05
_CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class TuneConfig:
    """Sizes and rates of a run."""

    rank: int = 16
    rate: float = 1e-3
    warmup: float = 0.04
    epochs: float = 1.0
    minutes: float | None = None
    row: int = 1400
    step: int = 2800
    longest: int = 2048
    held_out: int = 120
    measures: int = 4
    seed: int = 7
    precision: str = "auto"
    keep_every: float = 3.0
    name: str = ""
    data: tuple[str, ...] = ()
    licence: str = "apache-2.0"


@dataclass(frozen=True)
class TuneProgress:
    """Where a run stands. `share` is of the whole run, 0 to 1; `tokens` are those computed; `seconds` those trained."""

    step: int
    share: float
    loss: float
    held_loss: float | None
    tokens: int
    tokens_per_second: float
    seconds: float

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds / self.share * (1 - self.share) if self.share else math.inf


@dataclass
class _State:
    """What a run has come to, besides weights."""

    step: int = 0
    epoch: int = 0
    row: int = 0
    tokens: int = 0
    seconds: float = 0.0
    smooth: float = 0.0
    measured: int = 0
    best: float = math.inf
    figures: list[dict[str, float]] = field(default_factory=list)


def tune(
    base: Path | str,
    examples: Sequence[TuneExample],
    into: Path,
    config: TuneConfig | None = None,
    progress: Callable[[TuneProgress], None] | None = None,
) -> dict[str, float]:
    """Train an adapter for the base model in a folder, write it with its card to `into`, and give the figures.

    The figures are of examples that were held out: loss, and by door the share of target tokens that are right and of
    targets that are right as a whole. `into/logs` has the curves for TensorBoard. A run that was stopped goes on.

    Raises TuningError if the model cannot be had, or a run of another kind was begun in `into`; DatasetError if there
    is nothing to learn from.
    """
    config = config or TuneConfig()
    require("peft", "tensorboard")
    if not examples:
        raise DatasetError("There is nothing to learn from.", hint="Give more examples.")
    into.mkdir(parents=True, exist_ok=True)
    with _Run(Path(base), examples, into, config) as run:
        return run.through(progress)


class _Run:
    """A run: the model, its optimizer, the rows, and how far it is."""

    def __init__(self, base: Path, examples: Sequence[TuneExample], into: Path, config: TuneConfig) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._into, self._config = into, config
        self._kind = _kind_of(base, examples, config)
        kept = self._kept()
        torch.manual_seed(config.seed)
        dtype = weights_dtype(config.precision)
        model, tokenizer = load_base(base, dtype)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._half = dtype is torch.bfloat16
        self._is_sharing = can_share(model.to(self._device))
        self._model = _adapted(model, config, config.name or base.name)
        self._optimizer = torch.optim.AdamW(
            [one for one in self._model.parameters() if one.requires_grad],
            lr=config.rate,
            betas=_BETAS,
            weight_decay=0.0,
        )
        self._given = len(examples)
        self._split(sequenced(tokenizer, examples), examples)
        self._state = _State()
        if kept is not None:
            self._take_up(kept)
        self._log = SummaryWriter(str(into / "logs"), purge_step=self._state.step or None)

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *error: object) -> None:
        self._log.close()

    def through(self, progress: Callable[[TuneProgress], None] | None) -> dict[str, float]:
        """Train to the end, measure, write; stopped by Ctrl-C, keep how far it was."""
        state, before = self._state, self._state.seconds
        begin = last_kept = perf_counter()
        try:
            for step in self._steps():
                self._learn(step)
                state.seconds = before + perf_counter() - begin
                if state.measured < int(self._share() * self._config.measures):
                    self._measure()
                if progress is not None:
                    progress(self._progress())
                if perf_counter() - last_kept > 60 * self._config.keep_every:
                    self._keep()
                    last_kept = perf_counter()
                if self._share() >= 1:
                    break
        except KeyboardInterrupt:
            self._keep()
            raise
        if not state.figures or state.measured < self._config.measures:
            self._measure()
        return self._finish()

    def _split(self, sequences: Sequence[Sequenced], examples: Sequence[TuneExample]) -> None:
        """Part what is held out, of each door its share; leave out what is too long."""
        draw, config = random.Random(config_seed := self._config.seed), self._config
        places = [at for at, one in enumerate(sequences) if len(one) <= config.longest]
        self._too_long = len(sequences) - len(places)
        doors: dict[str, list[int]] = defaultdict(list)
        for at in places:
            doors[sequences[at].door].append(at)
        held = list[int]()
        for door in sorted(doors):
            share = min(round(config.held_out * len(doors[door]) / len(places)), len(doors[door]) // 5)
            held += draw.sample(doors[door], share)
        learned = sorted(set(places) - set(held))
        if not learned:
            raise DatasetError("There is nothing to learn from: all examples are too long.", hint="Raise `longest`.")
        self._learned = [sequences[at] for at in learned]
        self._groups = [examples[at].system for at in learned]
        held_packs = self._packed([sequences[at] for at in held], [examples[at].system for at in held], config_seed)
        self._held = [(row_of(some), [one.door for one in some]) for some in held_packs]
        # An epoch's tokens vary a little with how examples fall into rows: the first's stand for all.
        self._epoch_tokens = sum(row_of(some).tokens for some in self._packed(self._learned, self._groups, "0"))

    def _packed(self, some: Sequence[Sequenced], groups: Sequence[str], seed: Any) -> list[list[Sequenced]]:
        draw = random.Random(f"{self._config.seed} {seed}")
        most = self._config.row if self._is_sharing else 0
        return [[some[at] for at in places] for places in packs(some, groups, most, draw)]

    def _steps(self) -> Iterator[list[Row]]:
        """Rows of about `step` tokens, from where the run stands, without end."""
        state = self._state
        while True:
            rows = self._packed(self._learned, self._groups, state.epoch)
            while state.row < len(rows):
                step = list[Row]()
                while state.row < len(rows) and (not step or sum(row.tokens for row in step) < self._config.step):
                    step.append(row_of(rows[state.row]))
                    state.row += 1
                yield step
            state.epoch, state.row = state.epoch + 1, 0

    def _share(self) -> float:
        """How much of the run is done: of its tokens or of its minutes, whichever is nearer to its end."""
        done = self._state.tokens / (self._config.epochs * self._epoch_tokens)
        minutes = self._config.minutes
        return min(1.0, max(done, self._state.seconds / (60 * minutes) if minutes else 0.0))

    def _rate(self) -> float:
        """Warm-up, then a cosine down to a twentieth."""
        share, warmup = self._share(), self._config.warmup
        if share < warmup:
            return self._config.rate * max(0.02, share / warmup)
        low = (1 + math.cos(math.pi * (share - warmup) / (1 - warmup))) / 2
        return self._config.rate * (_LOWEST_RATE + (1 - _LOWEST_RATE) * low)

    def _learn(self, rows: Sequence[Row]) -> None:
        state, rate = self._state, self._rate()
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._model.train()
        self._optimizer.zero_grad()
        targets, total = sum(len(row.labels) for row in rows), 0.0
        for row in rows:
            here = row.to(self._device)
            with self._precision():
                logits = here.logits(self._model)
            loss = functional.cross_entropy(logits, here.labels, reduction="sum") / targets
            loss.backward()
            total += float(loss.detach())
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        if torch.isfinite(norm):
            self._optimizer.step()
        state.step += 1
        state.tokens += sum(row.tokens for row in rows)
        state.smooth = total if state.step == 1 else 0.95 * state.smooth + 0.05 * total
        self._write({"train/loss": total, "train/rate": rate, "train/norm": float(norm), "train/epoch": state.epoch})

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self._device.type, torch.bfloat16) if self._half else nullcontext()

    def _measure(self) -> None:
        """Figures on what was held out; the best weights so far are written."""
        state = self._state
        state.measured += 1
        figures = self._figures() if self._held else {"loss": state.smooth}
        state.figures.append({"step": state.step, **figures})
        self._write({f"held out/{name}": value for name, value in figures.items()})
        if figures["loss"] < state.best:
            state.best = figures["loss"]
            self._save()

    def _figures(self) -> dict[str, float]:
        self._model.eval()
        loss, counts = 0.0, defaultdict[str, list[int]](lambda: [0, 0, 0, 0])
        for row, doors in self._held:
            here = row.to(self._device)
            with torch.no_grad(), self._precision():
                logits = here.logits(self._model)
            loss += float(functional.cross_entropy(logits, here.labels, reduction="sum"))
            right = (logits.argmax(-1) == here.labels).cpu()
            for number, door in enumerate(doors):
                own = right[row.owner == number]
                for slot, more in enumerate((int(own.sum()), len(own), int(own.all()), 1)):
                    counts[door][slot] += more
        figures = {"loss": loss / sum(tokens for _, tokens, _, _ in counts.values())}
        for door, (right_tokens, tokens, whole, examples) in sorted(counts.items()):
            figures |= {f"{door}: tokens right": right_tokens / tokens, f"{door}: targets right": whole / examples}
        return figures

    def _write(self, values: dict[str, float]) -> None:
        for name, value in values.items():
            self._log.add_scalar(name, value, self._state.step)

    def _progress(self) -> TuneProgress:
        state = self._state
        held = state.figures[-1]["loss"] if state.figures else None
        pace = state.tokens / max(state.seconds, 1e-9)
        return TuneProgress(state.step, self._share(), state.smooth, held, state.tokens, pace, state.seconds)

    def _save(self) -> None:
        """The adapter in PEFT's format, in half precision."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        weights = get_peft_model_state_dict(self._model, save_embedding_layers=False)
        halves = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in weights.items()}
        staged = self._into / ".adapter_model.safetensors"
        save_file(halves, staged, metadata={"format": "pt"})
        os.replace(staged, self._into / "adapter_model.safetensors")
        self._model.peft_config["default"].save_pretrained(str(self._into))

    def _keep(self) -> None:
        from peft import get_peft_model_state_dict

        staged = self._into / f".{_CHECKPOINT}"
        kept = {
            "kind": self._kind,
            "state": asdict(self._state),
            "weights": get_peft_model_state_dict(self._model, save_embedding_layers=False),
            "optimizer": self._optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        torch.save(kept, staged)
        os.replace(staged, self._into / _CHECKPOINT)
        self._log.flush()

    def _kept(self) -> dict[str, Any] | None:
        """A stopped run's state. Raises TuningError if that was a run of another kind."""
        path = self._into / _CHECKPOINT
        if not path.exists():
            return None
        kept: dict[str, Any] = torch.load(path, weights_only=True)
        if others := [name for name, value in self._kind.items() if kept["kind"].get(name) != value]:
            raise TuningError(
                f"{self._into}: a run was stopped there whose {', '.join(others)} differ from what is asked for now.",
                hint=f"Ask for the same to go on with it, or delete {path} to begin anew.",
            )
        return kept

    def _take_up(self, kept: dict[str, Any]) -> None:
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(self._model, kept["weights"])
        self._optimizer.load_state_dict(kept["optimizer"])
        torch.set_rng_state(kept["random"])
        self._state = _State(**kept["state"])

    def _finish(self) -> dict[str, float]:
        state, config = self._state, self._config
        best = min(state.figures, key=lambda one: one["loss"])
        write_card(
            self._into,
            base=config.name or str(self._kind["base"]),
            config=asdict(config),
            run={
                "examples given": self._given,
                "left out as too long": self._too_long,
                "learned from": len(self._learned),
                "held out": sum(len(doors) for _, doors in self._held),
                "steps": state.step,
                "epochs": round(state.tokens / self._epoch_tokens, 2),
                "tokens computed": state.tokens,
                "minutes": round(state.seconds / 60, 1),
                "weights trained": sum(one.numel() for one in self._model.parameters() if one.requires_grad),
            },
            figures=best,
        )
        (self._into / _CHECKPOINT).unlink(missing_ok=True)
        return {name: value for name, value in best.items() if name != "step"}


def _adapted(model: Any, config: TuneConfig, name: str) -> Any:
    """The model with adapters on all its linear layers, whose weights alone are learned."""
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(r=config.rank, lora_alpha=2 * config.rank, target_modules="all-linear", task_type="CAUSAL_LM")
    with quiet():
        adapted = get_peft_model(model, lora)
    told = adapted.peft_config["default"]
    told.base_model_name_or_path, told.inference_mode = name, True
    told.target_modules = sorted(told.target_modules)
    return adapted


def _kind_of(base: Path, examples: Sequence[TuneExample], config: TuneConfig) -> dict[str, Any]:
    """What must be the same for a run to go on; how long it may take need not."""
    told = {name: value for name, value in asdict(config).items() if name not in ("minutes", "keep_every")}
    digest = hashlib.blake2b(digest_size=12)
    for one in examples:
        digest.update(json.dumps([one.system, one.user, one.target]).encode())
    told["data"] = list(config.data)
    return {**told, "base": base.name, "examples": digest.hexdigest()}
