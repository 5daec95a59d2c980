"""Many examples in one row that shares their beginning: a long system prompt is computed once for all its examples.

A row holds the common beginning, then the rest of each example one after another. A token sees the beginning and what
stands before it in its own example, and its position is the one that it has there: so the model says of every example
what it says of it alone (up to rounding).
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shoptalk.eval.tuning.examples import TuneExample

_PROBE = 24
_ALIKE = 0.03


@dataclass(frozen=True)
class Sequenced:
    """An example as token ids; from `start` on they are the target's, the last one ends the turn."""

    ids: tuple[int, ...]
    start: int
    door: str = ""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Row:
    """n tokens of k examples, m of which are targets.

    `ids` (1, n); `positions` (1, n) and `mask` (1, 1, n, n), True where a token sees another, are None in a plain row
    of one example; `kept` (m,) places a target is said from, `labels` (m,) the targets, `owner` (m,) whose they are.
    """

    ids: Tensor
    positions: Tensor | None
    mask: Tensor | None
    kept: Tensor
    labels: Tensor
    owner: Tensor

    @property
    def tokens(self) -> int:
        """Tokens that are computed."""
        return int(self.ids.shape[1])

    def to(self, device: Any) -> "Row":
        """The row on another device."""
        parts = (self.ids, self.positions, self.mask, self.kept, self.labels, self.owner)
        return Row(*(None if part is None else part.to(device) for part in parts))

    def logits(self, model: Any) -> Tensor:
        """(m, vocabulary) of the targets, in single precision; nothing else goes through the model's last layer."""
        shared = {} if self.mask is None else {"attention_mask": self.mask, "position_ids": self.positions}
        out = model(input_ids=self.ids, logits_to_keep=self.kept, use_cache=False, **shared)
        found: Tensor = out.logits[0].float()
        return found


def sequenced(tokenizer: Any, examples: Sequence[TuneExample]) -> list[Sequenced]:
    """The examples by the tokenizer's own chat template; the prompt's tokens are those of the prompt alone."""
    asked, said = [], []
    for one in examples:
        turns = [{"role": "system", "content": one.system}, {"role": "user", "content": one.user}]
        prompt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template([*turns, {"role": "assistant", "content": one.target}], tokenize=False)
        asked.append(prompt)
        said.append(whole[len(prompt) :] if whole.startswith(prompt) else one.target)
    if not asked:
        return []
    prompts = tokenizer(asked, add_special_tokens=False)["input_ids"]
    targets = tokenizer(said, add_special_tokens=False)["input_ids"]
    return [
        Sequenced((*prompt, *_ended(target, tokenizer.eos_token_id)), len(prompt), one.door)
        for prompt, target, one in zip(prompts, targets, examples, strict=True)
    ]


def packs(sequences: Sequence[Sequenced], groups: Sequence[str], most: int, draw: random.Random) -> list[list[int]]:
    """Places of examples that share a row of about `most` tokens: those of one group; rows and members drawn anew."""
    held: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        held[group].append(place)
    rows: list[list[int]] = []
    for places in held.values():
        draw.shuffle(places)
        rows += _cut(sequences, places, most)
    draw.shuffle(rows)
    return rows


def row_of(sequences: Sequence[Sequenced]) -> Row:
    """The row of these examples; of one example, a plain row."""
    prefix = shared_beginning(sequences) if len(sequences) > 1 else 0
    ids, positions, segments = list(sequences[0].ids[:prefix]), list(range(prefix)), [0] * prefix
    kept, labels, owner = list[int](), list[int](), list[int]()
    for number, one in enumerate(sequences):
        moved = len(ids) - prefix
        kept += [place + moved if place >= prefix else place for place in range(one.start - 1, len(one) - 1)]
        labels += one.ids[one.start :]
        owner += [number] * (len(one) - one.start)
        ids += one.ids[prefix:]
        positions += range(prefix, len(one))
        segments += [number + 1] * (len(one) - prefix)
    told = torch.tensor([kept, labels, owner])
    if len(sequences) == 1:
        return Row(torch.tensor([ids]), None, None, *told)
    return Row(torch.tensor([ids]), torch.tensor([positions]), _mask(torch.tensor(segments)), *told)


def shared_beginning(sequences: Sequence[Sequenced]) -> int:
    """How many tokens all prompts have in common at their beginning."""
    first, last = min(one.ids for one in sequences), max(one.ids for one in sequences)
    most = min(one.start for one in sequences)
    return next((at for at in range(most) if first[at] != last[at]), most)


def can_share(model: Any) -> bool:
    """Whether the model says of two examples in one row what it says of each alone: some know no masks of ours."""
    size, draw = model.config.vocab_size, random.Random(0)
    common = [draw.randrange(size) for _ in range(_PROBE)]
    pair = [Sequenced((*common, *(draw.randrange(size) for _ in range(_PROBE))), _PROBE + 4) for _ in range(2)]
    try:
        with torch.no_grad():
            together = row_of(pair).to(model.device).logits(model)
            alone = torch.cat([row_of([one]).to(model.device).logits(model) for one in pair])
    except (RuntimeError, TypeError, ValueError):
        return False
    return bool((together - alone).norm() <= _ALIKE * alone.norm())


def _ended(target: Sequence[int], end: int) -> list[int]:
    """The target with the token that ends the turn, and nothing behind it."""
    if end in target:
        return list(target[: len(target) - list(reversed(target)).index(end)])
    return [*target, end]


def _cut(sequences: Sequence[Sequenced], places: Sequence[int], most: int) -> Iterator[list[int]]:
    """Rows of about `most` tokens, in the places' order; what is longer alone has a row of its own."""
    row: list[int] = []
    tokens = prefix = 0
    for place in places:
        one = sequences[place]
        common = min(prefix, shared_beginning([sequences[row[0]], one])) if row else one.start
        if row and tokens + len(one) - len(row) * common > most:
            yield row
            row, tokens, common = [], 0, one.start
        row.append(place)
        tokens, prefix = tokens + len(one), common  # of all whole: the beginning is taken off when it is asked
    if row:
        yield row


def _mask(segments: Tensor) -> Tensor:
    """(1, 1, n, n): a token sees the beginning (segment 0) and its own segment, up to itself."""
    own = segments[:, None] == segments[None, :]
    return torch.tril(own | (segments[None, :] == 0))[None, None]
