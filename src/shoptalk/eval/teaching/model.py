"""The tagger as it is trained: MiniLM's first layers with heads, in torch; and its export to what serving reads."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel

from shoptalk.agent.tagging import ACTS, HINT_KINDS, ROLES, hint_arrays, split
from shoptalk.eval.teaching.examples import Example, KnownFacet
from shoptalk.retrieval.encoder import quiet
from shoptalk.retrieval.graphs import store_as_half, word_embeddings

LAYERS = 4
_KEY = 192
_MOST_FACET = 16
_IGNORED = -100
_HAS_BFLOAT16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
#: Weights of the parts of the loss: which facet, begins, roles, acts, asked, dropped.
_WEIGHTS = (1.0, 0.3, 1.0, 0.3, 0.3, 0.3)
_RARE_ROLES = {"disliked": 1.5, "rejected": 1.5}


@dataclass
class Batch:
    """Tensors of some examples: n of them, t pieces at most, F facets in all (each example sees its own)."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    facet_ids: Tensor
    facet_mask: Tensor
    own: Tensor
    shares: Tensor
    kinds: Tensor
    facet: Tensor
    begins: Tensor
    roles: Tensor
    role_known: Tensor
    acts: Tensor
    act_known: Tensor
    asked: Tensor
    dropped: Tensor
    facets_known: Tensor


class TaggerNet(nn.Module):  # type: ignore[misc]
    """MiniLM's first layers over word embeddings that stay as they are; heads for facets, roles and acts."""

    def __init__(self, weights: Path, layers: int = LAYERS) -> None:
        super().__init__()
        with quiet():  # the layers that are left out would be told of
            self.body = BertModel.from_pretrained(
                weights, num_hidden_layers=layers, add_pooling_layer=False, attn_implementation="eager"
            )
        self.body.embeddings.word_embeddings = nn.Identity()
        self.register_buffer("words", torch.from_numpy(word_embeddings(weights).copy()), persistent=False)
        size = self.body.config.hidden_size
        self.hint_facets = nn.Linear(size, size, bias=False)
        self.hint_kinds = nn.Parameter(torch.zeros(len(HINT_KINDS), size))
        self.token_query, self.facet_key = nn.Linear(size, _KEY), nn.Linear(size, _KEY, bias=False)
        self.asked_query, self.dropped_query = nn.Linear(size, _KEY), nn.Linear(size, _KEY)
        self.gazetteer = nn.Parameter(torch.tensor(1.0))
        self.asked_bias, self.dropped_bias = nn.Parameter(torch.tensor(-2.0)), nn.Parameter(torch.tensor(-2.0))
        self.none, self.begins = nn.Linear(size, 1), nn.Linear(size, 1)
        self.roles, self.acts = nn.Linear(size, len(ROLES)), nn.Linear(size, len(ACTS))
        nn.init.normal_(self.hint_facets.weight, std=0.01)

    def states(self, embeds: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """(n, t, 384) last states."""
        found: Tensor = self.body(inputs_embeds=embeds, token_type_ids=types, attention_mask=mask).last_hidden_state
        return found

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Logits of every head, in single precision; the layers run in bfloat16 where the machine is faster so."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training and _HAS_BFLOAT16):
            out = self._logits(batch)
        return {name: logits.float() for name, logits in out.items()}

    def _logits(self, batch: Batch) -> dict[str, Tensor]:
        facet_states = self.states(self.words[batch.facet_ids], torch.zeros_like(batch.facet_ids), batch.facet_mask)
        kept = batch.facet_mask[..., None].float()
        facets = (facet_states * kept).sum(1) / kept.sum(1)
        embeds = self.words[batch.ids] + batch.shares @ self.hint_facets(facets) + batch.kinds @ self.hint_kinds
        states = self.states(embeds, batch.types, batch.mask)
        keys = self.facet_key(facets)
        scale = _KEY**-0.5
        hidden = ~batch.own[:, None, :]
        scores = self.token_query(states) @ keys.T * scale + (batch.shares > 0) * self.gazetteer
        scores = scores.masked_fill(hidden, -1e4)
        first = states[:, 0]
        return {
            "facet": torch.cat([scores, self.none(states)], dim=-1),
            "begins": self.begins(states)[..., 0],
            "roles": self.roles(states),
            "acts": self.acts(first),
            "asked": self.asked_query(first) @ keys.T * scale + self.asked_bias,
            "dropped": self.dropped_query(first) @ keys.T * scale + self.dropped_bias,
        }


def loss_of(out: dict[str, Tensor], batch: Batch) -> Tensor:
    """The weighted sum of the heads' losses, over what is known."""
    spans = (batch.facet >= 0) & (batch.facet < out["facet"].shape[-1] - 1)
    facet = functional.cross_entropy(out["facet"].flatten(0, 1), batch.facet.flatten(), ignore_index=_IGNORED)
    begins = _binary(out["begins"], batch.begins, spans)
    heavy = torch.tensor([_RARE_ROLES.get(role, 1.0) for role in ROLES])
    weight = batch.role_known * (1 + batch.roles * (heavy - 1))
    roles = _binary(out["roles"], batch.roles, weight)
    acts = _binary(out["acts"], batch.acts, batch.act_known[:, None].expand_as(batch.acts))
    known = batch.own & batch.facets_known[:, None]
    asked, dropped = _binary(out["asked"], batch.asked, known), _binary(out["dropped"], batch.dropped, known)
    parts = (facet, begins, roles, acts, asked, dropped)
    return torch.stack([share * part for share, part in zip(_WEIGHTS, parts, strict=True)]).sum()


def collate(examples: Sequence[Example], tokenizer: Tokenizer, draw: random.Random) -> Batch:
    """The tensors of a batch; each facet gets one text, drawn anew."""
    held: dict[int, int] = {}
    known: list[KnownFacet] = []
    for example in examples:
        for facet in example.facets:
            if id(facet) not in held:
                held[id(facet)] = len(known)
                known.append(facet)
    texts = [tokenizer.encode(facet.text(draw)[:200]).ids for facet in known]
    facet_ids, facet_mask = _padded([[*ids[: _MOST_FACET - 1], ids[-1]] for ids in texts])
    pieces = [split(tokenizer, example.heard, example.message) for example in examples]
    ids, mask = _padded([one.ids.tolist() for one in pieces])
    n, t, size = len(examples), ids.shape[1], len(known)
    types = torch.zeros(n, t, dtype=torch.long)
    own, shares, kinds = torch.zeros(n, size, dtype=torch.bool), torch.zeros(n, t, size), torch.zeros(n, t, 3)
    facet, begins = torch.full((n, t), _IGNORED), torch.zeros(n, t)
    roles, role_known = torch.zeros(n, t, len(ROLES)), torch.zeros(n, t, len(ROLES))
    acts, act_known = torch.zeros(n, len(ACTS)), torch.zeros(n)
    asked, dropped = torch.zeros(n, size), torch.zeros(n, size)
    facets_known = torch.zeros(n, dtype=torch.bool)
    for i, (example, one) in enumerate(zip(examples, pieces, strict=True)):
        length = len(one.ids)
        place = torch.tensor([held[id(each)] for each in example.facets])
        types[i, :length] = torch.from_numpy(one.types)
        own[i, place] = True
        said, flags = hint_arrays(one, example.hints, len(example.facets))
        shares[i, :length, place] = torch.from_numpy(said)
        kinds[i, :length] = torch.from_numpy(flags)
        real = torch.from_numpy(one.parts >= 0)
        if not example.only_spans:
            facet[i, :length][real & torch.from_numpy(one.parts == 1)] = size
            facet[i, :length][real & torch.from_numpy(one.parts == 0)] = size
        known_roles = torch.tensor([float(role in example.known_roles) for role in ROLES])
        for span in example.spans:
            inside = torch.from_numpy(one.inside(span.part, span.start, span.end))
            if not inside.any():
                continue
            facet[i, :length][inside] = held[id(example.facets[span.facet])]
            begins[i, int(inside.int().argmax())] = 1
            if span.roles is not None:
                target = torch.tensor([float(role in span.roles) for role in ROLES])
                roles[i, :length][inside] = target
                role_known[i, :length][inside] = known_roles / inside.sum()
        if example.acts is not None:
            acts[i] = torch.tensor([float(act in example.acts) for act in ACTS])
            act_known[i] = 1
        if example.asked is not None and example.dropped is not None:
            facets_known[i] = True
            asked[i, place[list(example.asked)]] = 1
            dropped[i, place[list(example.dropped)]] = 1
    return Batch(
        ids, types, mask, facet_ids, facet_mask, own, shares, kinds, facet, begins, roles, role_known, acts, act_known,
        asked, dropped, facets_known,
    )  # fmt: skip


def export(net: TaggerNet, folder: Path, card: dict[str, Any]) -> None:
    """Write `layers.onnx` (half-precision weights, computed in single), `heads.npz` and `card.json` to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        _export_layers(net.eval(), folder / "layers.onnx")
    heads = {name: value.detach().numpy() for name, value in net.state_dict().items() if not name.startswith("body.")}
    heads["hint_facets"] = heads.pop("hint_facets.weight")
    heads["facet_key"] = heads.pop("facet_key.weight")
    np.savez_compressed(folder / "heads.npz", **{name: value.astype(np.float16) for name, value in heads.items()})
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def _export_layers(net: TaggerNet, target: Path) -> None:
    class Layers(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = net.body

        def forward(self, inputs_embeds: Tensor, token_type_ids: Tensor, attention_mask: Tensor) -> Tensor:
            found: Tensor = self.body(
                inputs_embeds=inputs_embeds, token_type_ids=token_type_ids, attention_mask=attention_mask
            ).last_hidden_state
            return found

    size = net.words.shape[1]
    embeds = torch.randn(2, 7, size)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])  # it must hold padding, or the graph leaves the mask out
    both = {0: "batch", 1: "sequence"}
    torch.onnx.export(
        Layers().eval(),  # or the body is left in training mode
        (embeds, torch.zeros(2, 7, dtype=torch.long), mask),
        str(target),
        input_names=["inputs_embeds", "token_type_ids", "attention_mask"],
        output_names=["states"],
        dynamic_axes={"inputs_embeds": both, "token_type_ids": both, "attention_mask": both, "states": both},
        opset_version=17,
        dynamo=False,
    )
    store_as_half(target)


def _binary(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    weights = weight.float()
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weights
    return losses.sum() / weights.sum().clamp(min=1.0)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
