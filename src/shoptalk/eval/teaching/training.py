"""The training run of the tagger: examples from three sources, steps, checkpoints, and figures on held-out data."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import torch
from tokenizers import Tokenizer

from shoptalk.agent.tagging import ROLES
from shoptalk.errors import DatasetError
from shoptalk.eval.datasets import redial, sgd
from shoptalk.eval.teaching.dialogues import from_redial, from_sgd
from shoptalk.eval.teaching.examples import Example
from shoptalk.eval.teaching.made import made
from shoptalk.eval.teaching.model import TaggerNet, collate, export, loss_of
from shoptalk.retrieval.encoder import find_weights

_GROUP = 8


@dataclass(frozen=True)
class TeachingConfig:
    """Sizes and rates of a run; the defaults made the weights that ship."""

    sgd: int = 34_000
    redial: int = 16_000
    made: int = 46_000
    held_out: int = 1_200
    batch: int = 32
    epochs: float = 1.0
    rate_body: float = 1e-4
    rate_heads: float = 1e-3
    warmup: float = 0.06
    seed: int = 7


@dataclass(frozen=True)
class Progress:
    """Where a run stands."""

    step: int
    steps: int
    loss: float
    seconds: float


def gather(data: Path, config: TeachingConfig) -> tuple[list[Example], list[Example]]:
    """Examples to train on, and held out of each source, of which a tenth at most.

    A dataset of which nothing is wanted is not read. Raises DatasetError where one that is wanted is not there.
    """
    draw = random.Random(config.seed)
    _require(data, config)
    drop = redial.conversation_ids(data / "redial", "valid") if redial.has_split(data / "redial", "valid") else ()
    sources = [
        _sample(from_sgd(data / "sgd", "train", draw), config.sgd, draw) if config.sgd else [],
        _sample(from_redial(data / "redial", "train", draw, drop=drop), config.redial, draw, first=_tells_dislike)
        if config.redial
        else [],
        list(made(draw, config.made)),
    ]
    shares = [min(config.held_out // len(sources), len(source) // 10) for source in sources]
    held = [example for source, share in zip(sources, shares, strict=True) for example in source[:share]]
    return [example for source, share in zip(sources, shares, strict=True) for example in source[share:]], held


def teach(
    train: Sequence[Example],
    held: Sequence[Example],
    target: Path,
    config: TeachingConfig,
    report: Callable[[Progress], None] | None = None,
) -> dict[str, float]:
    """Train on the examples, write weights and card to `target`, and give the figures on what was held out.

    Raises DatasetError if there are no examples.
    """
    if not train:
        raise DatasetError("There is nothing to learn from.", hint="Ask for more examples of one source at least.")
    target.mkdir(parents=True, exist_ok=True)
    checkpoint = target / "checkpoint.pt"
    torch.manual_seed(config.seed)
    draw = random.Random(config.seed)
    weights = find_weights(None)
    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    net = TaggerNet(weights)
    steps = max(1, int(config.epochs * len(train) / config.batch))
    optimizer = torch.optim.AdamW(
        [
            {"params": net.body.parameters(), "lr": config.rate_body},
            {
                "params": [p for name, p in net.named_parameters() if not name.startswith("body.")],
                "lr": config.rate_heads,
            },
        ],
        weight_decay=0.01,
    )
    warm = max(1, int(steps * config.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.02, (steps - step) / max(1, steps - warm)))
    )
    begin, smooth = perf_counter(), 0.0
    net.train()
    for step, examples in enumerate(islice(_batches(train, config.batch, draw), steps), start=1):
        batch = collate(examples, tokenizer, draw)
        loss = loss_of(net(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        now = float(loss.detach())
        smooth = now if step == 1 else 0.98 * smooth + 0.02 * now
        if report is not None:
            report(Progress(step, steps, smooth, perf_counter() - begin))
        if step % 500 == 0:
            torch.save(net.state_dict(), checkpoint)
    figures = measure(net, held, tokenizer)
    card = {"config": asdict(config), "examples": len(train), "steps": steps, "held out": figures}
    export(net, target, card | {"seconds": round(perf_counter() - begin)})
    checkpoint.unlink(missing_ok=True)
    return figures


def measure(net: TaggerNet, examples: Sequence[Example], tokenizer: Tokenizer) -> dict[str, float]:
    """Share of span pieces with the right facet, F1 of pieces in spans, and F1 of each role, on held-out examples."""
    net.eval()
    draw = random.Random(0)
    right = wanted = said = 0
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    with torch.inference_mode():
        for at in range(0, len(examples), 32):
            batch = collate(examples[at : at + 32], tokenizer, draw)
            out = net(batch)
            none = out["facet"].shape[-1] - 1
            best, known = out["facet"].argmax(-1), batch.facet >= 0
            is_span = known & (batch.facet < none)
            right += int((best == batch.facet)[is_span].sum())
            wanted += int(is_span.sum())
            said += int(((best < none) & known).sum())
            for place, role in enumerate(ROLES):
                at_role = batch.role_known[..., place] > 0
                truth, guess = batch.roles[..., place] > 0, out["roles"][..., place] > 0
                for slot, hits in enumerate((truth & guess, truth, guess)):
                    counts[role][slot] += int((hits & at_role).sum())
    net.train()
    figures = {"facet recall": right / max(wanted, 1), "facet precision": right / max(said, 1)}
    return figures | {f"role {role} F1": 2 * hit / max(true + guess, 1) for role, (hit, true, guess) in counts.items()}


def _require(data: Path, config: TeachingConfig) -> None:
    """Tell of a missing dataset before the others are read, which takes a minute."""
    wanted = (
        ("sgd", config.sgd, sgd.has_split, "Schema-Guided Dialogue"),
        ("redial", config.redial, redial.has_split, "ReDial"),
    )
    for name, count, has_split, title in wanted:
        if count and not has_split(data / name, "train"):
            raise DatasetError(
                f"{data / name}: the train split of {title} is not there.",
                hint=f"Give the folder that holds sgd/ and redial/, or do without it: --{name} 0.",
            )


def _tells_dislike(example: Example) -> bool:
    return any("disliked" in (span.roles or ()) for span in example.spans)


def _sample(
    examples: Iterator[Example],
    count: int,
    draw: random.Random,
    first: Callable[[Example], bool] = lambda example: False,
) -> list[Example]:
    """`count` of them, drawn so that rare ones (`first`) are all there, and those that tell nothing a fifth at most."""
    telling, bare, rare = list[Example](), list[Example](), list[Example]()
    for example in examples:
        is_telling = bool(example.spans or example.asked or example.dropped)
        (rare if first(example) else telling if is_telling else bare).append(example)
    draw.shuffle(telling)
    draw.shuffle(bare)
    chosen = [*rare, *telling[: max(0, count - count // 5 - len(rare))], *bare[: count // 5]]
    draw.shuffle(chosen)
    return chosen[:count]


def _batches(examples: Sequence[Example], size: int, draw: random.Random) -> Iterator[list[Example]]:
    """Batches of a few catalogs each, of like length, so that few facet texts and little padding are computed."""
    while True:
        groups: dict[str, list[Example]] = defaultdict(list)
        for example in examples:
            groups[example.group].append(example)
        packs = []
        for held in groups.values():
            draw.shuffle(held)
            for at in range(0, len(held), _GROUP * 16):
                chunk = sorted(held[at : at + _GROUP * 16], key=lambda one: len(one.heard) + len(one.message))
                packs += [chunk[place : place + _GROUP] for place in range(0, len(chunk), _GROUP)]
        draw.shuffle(packs)
        per_batch = max(1, size // _GROUP)
        for at in range(0, len(packs), per_batch * 24):
            window = sorted(packs[at : at + per_batch * 24], key=lambda pack: len(pack[-1].heard + pack[-1].message))
            joined = [window[place : place + per_batch] for place in range(0, len(window), per_batch)]
            draw.shuffle(joined)
            for some in joined:
                yield [example for pack in some for example in pack]
