"""How the talk transformer learns: from what was named next in recorded talks, the words before it being what it reads.

Two losses are added up. The bi-encoder's is the cross-entropy of a softmax over the whole catalog, to whose logits the
logarithm of each item's popularity is added: so the vectors need not tell what is popular (logit adjustment, Menon et
al., ICLR 2021, eq. 10). The cross-encoder's is the cross-entropy of the item that was named among hard negatives: items
named in the same talks as those before, the bi-encoder's own best, and popular ones.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from shoptalk.ranking.sessions import Sessions
from shoptalk.ranking.talking.export import export
from shoptalk.ranking.talking.net import Pairs, TalkNet, TalkShape
from shoptalk.ranking.talking.pieces import Reader, ReadTalk, padded
from shoptalk.retrieval.encoder import find_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Example", "Progress", "TalkingConfig", "examples_of", "fit", "teach_talks"]

Ints = NDArray[np.int64]

_CHECKPOINT = "checkpoint.pt"
_SMOOTH = 0.98
_LAST_SEEN, _TOGETHER, _LIKELY, _POPULAR = 6, 60, 80, 400
"""Items before, whose company gives negatives; and of how many each kind of negatives is drawn."""


class TalkingConfig(BaseModel):
    """Sizes and rates of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: TalkShape = TalkShape()
    batch: int = Field(default=32, ge=1, description="talks that are learned from at once")
    epochs: float = Field(default=2.0, gt=0, description="how often each choice is learned from")
    negatives: int = Field(default=7, ge=1, description="items that the cross-encoder tells the named one from")
    together: int = Field(default=3, ge=0, description="of these, named in the talks of what was named before")
    likely: int = Field(
        default=2, ge=0, description="of these, from the bi-encoder's best; two more without the former"
    )
    rate_layers: float = Field(default=8e-5, gt=0, description="learning rate of the layers")
    rate_rest: float = Field(default=4e-4, gt=0, description="learning rate of all else")
    warmup: int = Field(default=100, ge=1, description="steps in which the rates rise")
    least_rate: float = Field(default=0.03, ge=0, le=1, description="share of the rates that they fall to")
    decay: float = Field(default=0.01, ge=0, description="weight decay")
    checkpoint: int = Field(default=200, ge=1, description="steps after which the run is kept, to go on from")
    seed: int = Field(default=0, description="decides what is drawn, and the weights that are not MiniLM's")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: `loss` is the sum of both, smoothed; `bi` and `cross` are its parts."""

    step: int
    steps: int
    loss: float
    seconds: float
    bi: float
    cross: float


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What was read before a choice, the codes of what was named before, and of what was chosen and is new."""

    read: ReadTalk
    seen: tuple[int, ...]
    targets: tuple[int, ...]


def examples_of(sessions: Sessions, reader: Reader) -> list[Example]:
    """The choices of all sessions before which something was said, of what was not named before."""
    found = []
    for session in range(len(sessions)):
        for choice in sessions.choices(session):
            seen = tuple(dict.fromkeys(choice.context.items.tolist()))
            targets = tuple(code for code in choice.chosen.tolist() if code not in seen)
            read = reader.talk(choice.context.said)
            if targets and read is not None:
                found.append(Example(read, seen, targets))
    return found


def teach_talks(
    sessions: Sessions,
    vectors: NDArray[np.float32],
    texts: Sequence[str],
    folder: Path,
    *,
    encoder: str,
    config: TalkingConfig | None = None,
    card: Mapping[str, Any] | None = None,
    report: Callable[[Progress], None] | None = None,
) -> TalkNet:
    """Train from MiniLM's layers, and write weights and card to the folder, from which a stopped run goes on.

    `vectors` (n_items, d) are of the encoder of that name, `texts` what items are in a few words (`short_text`), both
    by item code. Raises ValueError if no new item was chosen after words.
    """
    config = config or TalkingConfig()
    config = config.model_copy(update={"shape": config.shape.model_copy(update={"items": vectors.shape[1]})})
    torch.manual_seed(config.seed)
    weights = find_weights(None)
    reader = Reader(Tokenizer.from_file(str(weights / "tokenizer.json")), remembered=200_000)
    net = TalkNet.of_minilm(weights, config.shape)
    begin = perf_counter()
    examples = examples_of(sessions, reader)
    steps = fit(net, examples, sessions, vectors, reader.items(texts), config, folder / _CHECKPOINT, report)
    told = {"config": config.model_dump(), "choices": len(examples), "steps": steps, **(card or {})}
    export(net, folder, {"encoder": encoder, **told, "seconds": round(perf_counter() - begin)})
    (folder / _CHECKPOINT).unlink(missing_ok=True)
    return net


def fit(
    net: TalkNet,
    examples: Sequence[Example],
    sessions: Sessions,
    vectors: NDArray[np.float32],
    items: tuple[Ints, NDArray[np.bool_]],
    config: TalkingConfig,
    checkpoint: Path,
    report: Callable[[Progress], None] | None = None,
) -> int:
    """Train the net on the examples, on a GPU where there is one; gives the number of steps.

    `items` are the pieces of the items' texts and where they stand (`Reader.items`). A run of the same settings that
    was stopped goes on from `checkpoint`. Raises ValueError without examples.
    """
    if not examples:
        raise ValueError("no talk names a new item after something was said: there is nothing to learn from")
    batches = _batches(examples, config)
    run = _Run(net, examples, sessions, vectors, items, config, len(batches))
    done = run.resume(checkpoint)
    begin, smooth = perf_counter(), np.zeros(2)
    for step, batch in enumerate(batches[done:], start=done + 1):
        losses = run.learn([examples[at] for at in batch], random.Random(f"{config.seed} {step}"))
        smooth = losses if step == done + 1 else _SMOOTH * smooth + (1 - _SMOOTH) * losses
        if report is not None:
            bi, cross = smooth.tolist()
            report(Progress(step, len(batches), bi + cross, perf_counter() - begin, bi, cross))
        if step % config.checkpoint == 0 and step < len(batches):
            run.keep(checkpoint, step)
    net.eval().cpu()
    return len(batches)


class _Run:
    """A net in training with its optimizer, and what its batches are made of."""

    def __init__(
        self,
        net: TalkNet,
        examples: Sequence[Example],
        sessions: Sessions,
        vectors: NDArray[np.float32],
        items: tuple[Ints, NDArray[np.bool_]],
        config: TalkingConfig,
        steps: int,
    ) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.net, self.config = net.to(self.device).train(), config
        self.vectors = torch.from_numpy(np.array(vectors)).to(self.device)
        self.ids, self.mask = (torch.from_numpy(one).to(self.device) for one in items)
        chosen = [code for example in examples for code in example.targets]
        counts = np.bincount(chosen, minlength=sessions.n_items)
        self.bias = torch.from_numpy(np.log1p(counts).astype(np.float32)).to(self.device)
        self.negatives = _Negatives(_company(sessions), np.argsort(-counts, kind="stable")[:_POPULAR], config)
        layers = [one for name, one in net.named_parameters() if name.startswith("layers.")]
        rest = [one for name, one in net.named_parameters() if not name.startswith("layers.")]
        groups = [{"params": layers, "lr": config.rate_layers}, {"params": rest, "lr": config.rate_rest}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=config.decay)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: min((step + 1) / config.warmup, max(config.least_rate, (steps - step) / steps)),
        )
        self._told = {"config": config.model_dump_json(), "examples": len(examples)}

    def learn(self, batch: Sequence[Example], draw: random.Random) -> NDArray[np.float64]:
        """One step; gives the losses of bi-encoder and cross-encoder."""
        logits, pairs, mask = self._heard(batch)
        bi = -(self._shares(batch) * functional.log_softmax(logits, dim=-1)).sum(1).mean()
        likely = logits.detach().topk(min(_LIKELY, logits.shape[1]), dim=1).indices.tolist()
        codes = [
            [draw.choice(one.targets), *self.negatives.draw(one, best, draw)]
            for one, best in zip(batch, likely, strict=True)
        ]
        with self._fast():
            judged = self.net.judged(self.ids[torch.tensor(codes)], self.mask[torch.tensor(codes)], pairs, mask)
        cross = functional.cross_entropy(judged.float(), torch.zeros(len(batch), dtype=torch.long, device=self.device))
        self.optimizer.zero_grad()
        (bi + cross).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return np.array([float(bi.detach()), float(cross.detach())])

    def keep(self, path: Path, step: int) -> None:
        """Write all that the run needs to go on, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = {"net": self.net, "optimizer": self.optimizer, "schedule": self.schedule}
        staged = path.with_suffix(".unfinished")
        torch.save({name: one.state_dict() for name, one in parts.items()} | {"step": step, "told": self._told}, staged)
        staged.replace(path)

    def resume(self, path: Path) -> int:
        """Take up a run of the same settings; gives the steps that it had taken, 0 if there is none."""
        held = torch.load(path, map_location=self.device, weights_only=True) if path.is_file() else None
        if held is None or held["told"] != self._told:
            return 0
        self.net.load_state_dict(held["net"])
        self.optimizer.load_state_dict(held["optimizer"])
        self.schedule.load_state_dict(held["schedule"])
        return int(held["step"])

    def _heard(self, batch: Sequence[Example]) -> tuple[Tensor, list[Pairs], Tensor]:
        """Logits (n, n_items) with popularity, what candidates attend to, and where pieces stand (n, t)."""
        ids, mask = padded([one.read.ids for one in batch])
        types, _ = padded([one.read.types for one in batch])
        given = [torch.from_numpy(one).to(self.device) for one in (ids, types, mask)]
        with self._fast():
            talks, pairs = self.net.talk(*given)
            likeness = talks @ self.net.items(self.vectors).T
        return likeness.float() * self.net.scale.exp() + self.bias, pairs, given[2]

    def _shares(self, batch: Sequence[Example]) -> Tensor:
        """(n, n_items) what should be given to each item: what was chosen at once is chosen alike."""
        shares = torch.zeros(len(batch), len(self.bias))
        for row, example in enumerate(batch):
            shares[row, list(example.targets)] = 1 / len(example.targets)
        return shares.to(self.device)

    def _fast(self) -> torch.autocast:
        """The layers run in bfloat16 where the machine is faster so."""
        has = self.device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=has)


@dataclass(frozen=True)
class _Negatives:
    """Draws items that are easily taken for those that were chosen. `popular` are codes, the most chosen first."""

    company: "csr_matrix"
    popular: Ints
    config: TalkingConfig

    def draw(self, example: Example, likely: Sequence[int], draw: random.Random) -> list[int]:
        """Codes of none that was chosen or named before; some stand more than once where there are too few."""
        barred, found = {*example.targets, *example.seen}, list[int]()
        company = self._company(example.seen)
        wanted = self.config.likely + (0 if company else 2)
        kinds = ((company, self.config.together), (likely, wanted), (self.popular.tolist(), self.config.negatives))
        for pool, count in kinds:
            fresh = [code for code in draw.sample(pool, len(pool)) if code not in barred][:count]
            found += fresh
            barred.update(fresh)
        others = found or [code for code in likely if code not in example.targets] or list(example.targets)
        return (found + draw.choices(others, k=self.config.negatives))[: self.config.negatives]

    def _company(self, seen: Sequence[int]) -> list[int]:
        """The items most often named in the talks of those that were named last."""
        if not seen:
            return []
        together = np.asarray(self.company[list(seen[-_LAST_SEEN:])].sum(axis=0)).ravel()
        best = np.argsort(-together, kind="stable")[:_TOGETHER]
        found: list[int] = best[together[best] > 0].tolist()
        return found


def _company(sessions: Sessions) -> "csr_matrix":
    """(n_items, n_items) in how many sessions two items stand together, held down for items that stand in many."""
    matrix = sessions.matrix()
    matrix.data[:] = 1
    size = np.sqrt(np.asarray(matrix.sum(axis=0)).ravel() + 5)
    return (matrix.T @ matrix).multiply(1 / size[:, None]).multiply(1 / size[None]).tocsr()


def _batches(examples: Sequence[Example], config: TalkingConfig) -> list[list[int]]:
    """Places of the examples, batch by batch, of like length so that little padding is computed."""
    draw = np.random.default_rng(config.seed)
    steps = max(1, round(config.epochs * len(examples) / config.batch))
    return [batch for _, batch in zip(range(steps), _endlessly(examples, config.batch, draw), strict=False)]


def _endlessly(examples: Sequence[Example], size: int, draw: np.random.Generator) -> Iterator[list[int]]:
    lengths = np.array([len(example.read.ids) for example in examples])
    while True:
        order = draw.permutation(len(examples))
        for start in range(0, len(order), size * 16):
            window = order[start : start + size * 16]
            window = window[np.argsort(lengths[window], kind="stable")]
            packs = [window[at : at + size].tolist() for at in range(0, len(window), size)]
            yield from (packs[at] for at in draw.permutation(len(packs)).tolist())
