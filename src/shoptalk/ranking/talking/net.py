"""The talk transformer as it is trained, in torch: one stack of layers reads the talk, and then items beside it.

The *bi-encoder* (Karpukhin et al., EMNLP 2020) gives a talk a unit vector; a linear map brings the shop's own vectors
of its items into the same space, so that any item can be scored, also one that came a second ago. The *cross-encoder*
reads an item's words with the same layers, each piece attending to the item's own and to the talk's, whose keys and
values are those of the bi-encoder: a talk is computed once for all the items that are held against it (PreTTR,
MacAvaney et al., SIGIR 2020, keeps items in such a way).
"""

import math
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from shoptalk.ranking.talking.pieces import MOST_OF_TALK
from shoptalk.retrieval.graphs import word_embeddings

__all__ = ["Layer", "Pairs", "TalkNet", "TalkShape"]

Pairs = tuple[Tensor, Tensor]
"""Keys and values of one layer, each (n, heads, t, size / heads)."""

_OF_MINILM = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "gather": "attention.output.dense",
    "gathered": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "narrowed": "output.LayerNorm",
}


class TalkShape(BaseModel):
    """How large the transformer is; the defaults are MiniLM's, of which the first layers are taken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int = Field(default=4, ge=1, description="layers that read")
    size: int = Field(default=384, ge=1, description="length of a piece's state, and of the talk's vector")
    heads: int = Field(default=12, ge=1, description="attention heads of a layer")
    inner: int = Field(default=1536, ge=1, description="width between a layer's two last maps")
    items: int = Field(default=384, ge=1, description="length of the shop's own item vectors")
    scale: float = Field(default=12.0, gt=0, description="what likeness is multiplied with, at the start")


class Layer(nn.Module):  # type: ignore[misc]
    """One layer of BERT (Devlin et al., NAACL 2019) that can attend to what was read before as well."""

    def __init__(self, shape: TalkShape) -> None:
        super().__init__()
        size = shape.size
        self.heads = shape.heads
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))
        self.gather, self.gathered = nn.Linear(size, size), nn.LayerNorm(size, eps=1e-12)
        self.widen, self.narrow = nn.Linear(size, shape.inner), nn.Linear(shape.inner, size)
        self.narrowed = nn.LayerNorm(size, eps=1e-12)

    def forward(self, states: Tensor, mask: Tensor, before: Pairs | None = None) -> tuple[Tensor, Pairs]:
        """(n, t, size) new states, and the keys and values of `states`. `mask` (n, 1, 1, p + t) bool."""
        keys, values = self.split(self.key(states)), self.split(self.value(states))
        seen = (keys, values)
        if before is not None:
            seen = (torch.cat([before[0], keys], 2), torch.cat([before[1], values], 2))
        found = functional.scaled_dot_product_attention(self.split(self.query(states)), *seen, attn_mask=mask)
        return self.after(states, found.transpose(1, 2).flatten(2)), (keys, values)

    def split(self, states: Tensor) -> Tensor:
        """(n, t, size) as (n, heads, t, size / heads)."""
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def after(self, states: Tensor, found: Tensor) -> Tensor:
        """What follows attention, which found (n, t, size)."""
        states = self.gathered(states + self.gather(found))
        given: Tensor = self.narrowed(states + self.narrow(functional.gelu(self.widen(states))))
        return given


class TalkNet(nn.Module):  # type: ignore[misc]
    """Both encoders. The word embeddings stay as they are and are no part of what is saved."""

    def __init__(self, words: NDArray[np.float32], shape: TalkShape | None = None) -> None:
        """Random weights over word embeddings (v, size)."""
        super().__init__()
        self.shape = shape = shape or TalkShape()
        size = shape.size
        self.register_buffer("words", torch.from_numpy(np.array(words)), persistent=False)
        self.positions = nn.Parameter(0.02 * torch.randn(MOST_OF_TALK, size))
        self.types = nn.Parameter(0.02 * torch.randn(2, size))
        self.item_type = nn.Parameter(0.02 * torch.randn(size))
        self.embedded = nn.LayerNorm(size, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.talk_map, self.item_map = nn.Linear(size, size), nn.Linear(shape.items, size, bias=False)
        nn.init.eye_(self.talk_map.weight)
        nn.init.zeros_(self.talk_map.bias)
        nn.init.eye_(self.item_map.weight)
        self.scale = nn.Parameter(torch.tensor(math.log(shape.scale)))
        self.judge = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.Linear(size, 1))

    @classmethod
    def of_minilm(cls, weights: Path, shape: TalkShape | None = None) -> Self:
        """Begin with MiniLM's embeddings and first layers, from the folder of its weights."""
        from safetensors.numpy import load_file

        net = cls(word_embeddings(weights), shape)
        held = {name.removeprefix("bert."): value for name, value in load_file(weights / "model.safetensors").items()}
        told = {
            "positions": held["embeddings.position_embeddings.weight"][:MOST_OF_TALK],
            "types": held["embeddings.token_type_embeddings.weight"],
            "item_type": held["embeddings.token_type_embeddings.weight"][0],
            "embedded.weight": held["embeddings.LayerNorm.weight"],
            "embedded.bias": held["embeddings.LayerNorm.bias"],
        }
        for place in range(net.shape.layers):
            for own, theirs in _OF_MINILM.items():
                for kind in ("weight", "bias"):
                    told[f"layers.{place}.{own}.{kind}"] = held[f"encoder.layer.{place}.{theirs}.{kind}"]
        net.load_state_dict({name: torch.from_numpy(np.array(one)).float() for name, one in told.items()}, strict=False)
        return net

    def talk(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, list[Pairs]]:
        """(n, size) unit vectors of n talks, and each layer's keys and values. All three (n, t), mask bool."""
        states = self.embedded(self.words[ids] + self.positions[: ids.shape[1]] + self.types[types])
        pairs = []
        for layer in self.layers:
            states, own = layer(states, mask[:, None, None, :])
            pairs.append(own)
        kept = mask[..., None].to(states.dtype)
        mean = (states * kept).sum(1) / kept.sum(1)
        return functional.normalize(self.talk_map(mean), dim=-1), pairs

    def items(self, vectors: Tensor) -> Tensor:
        """(m, size) the shop's vectors (m, items) in the space of talks, of unit length."""
        return functional.normalize(self.item_map(vectors), dim=-1)

    def judged(self, ids: Tensor, mask: Tensor, pairs: list[Pairs], talk_mask: Tensor) -> Tensor:
        """(n, c) how well c items go with their talk: `ids`, `mask` (n, c, t), beside what `talk` gave and had."""
        n, c, t = ids.shape
        states = self.embedded(self.words[ids.reshape(n * c, t)] + self.positions[:t] + self.item_type)
        seen = torch.cat([talk_mask.repeat_interleave(c, 0), mask.reshape(n * c, t)], 1)[:, None, None, :]
        for layer, (keys, values) in zip(self.layers, pairs, strict=True):
            states, _ = layer(states, seen, (keys.repeat_interleave(c, 0), values.repeat_interleave(c, 0)))
        found: Tensor = self.judge(states[:, 0])[..., 0].view(n, c)
        return found
