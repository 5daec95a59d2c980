"""The trained talk transformer as a folder that serving reads: one ONNX graph, a few arrays, and the card of the run.

One graph serves both ways, so that the layers are kept once. It reads n rows of t pieces after p pieces that were read
before: a talk is one row with nothing before it, candidates are rows after the talk, whose keys and values come back as
they were given. Of the last layer only the pieces that are `wanted` are finished: for a candidate that is the first.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shoptalk.ranking.talking.net import Layer, TalkNet
from shoptalk.retrieval.encoder import quiet
from shoptalk.retrieval.graphs import store_as_half

__all__ = ["CARD", "GRAPH", "HEADS", "export", "store_as_bytes"]

GRAPH, HEADS, CARD = "layers.onnx", "heads.npz", "card.json"
_HIDDEN = -1e4
_ARRAYS = ("positions", "types", "item_type", "talk_map.weight", "talk_map.bias", "item_map.weight")


def export(net: TalkNet, folder: Path, card: Mapping[str, Any]) -> None:
    """Write `layers.onnx` (half-precision weights, computed in single), `heads.npz` and `card.json` to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    net = net.eval().cpu()
    with quiet():
        _export_graph(net, folder / GRAPH)
    store_as_half(folder / GRAPH)
    held = net.state_dict()
    heads = {name: held[name].numpy().astype(np.float16) for name in _ARRAYS}
    np.savez_compressed(folder / HEADS, **heads)
    told = {"shape": net.shape.model_dump(), "scale": math.exp(float(held["scale"])), **card}
    (folder / CARD).write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def store_as_bytes(folder: Path, target: Path) -> None:
    """The graph of a folder with maps in 8 bits, activations rounded as they come (dynamic quantisation).

    Half the size. A candidate's score then depends a little on those beside it, since they share one scale.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target.parent.mkdir(parents=True, exist_ok=True)
    whole = target.with_suffix(".whole.onnx")
    model = onnx.load(str(folder / GRAPH))
    _undo_half(model)
    onnx.save(model, str(whole))
    quantize_dynamic(whole, target, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8)
    whole.unlink()


class _Served(nn.Module):  # type: ignore[misc]
    """What the graph computes; see the module's text."""

    def __init__(self, net: TalkNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, embeds: Tensor, mask: Tensor, wanted: Tensor, *before: Tensor) -> tuple[Tensor, ...]:
        """States (n, w, size) and scores (n, w) of the wanted pieces, then keys and values (n, h, t, d) by layer."""
        states = self.net.embedded(embeds)
        hidden = (1.0 - mask.to(states.dtype))[:, None, None, :] * _HIDDEN
        given: list[Tensor] = []
        for place, layer in enumerate(self.net.layers):
            keys, values = layer.split(layer.key(states)), layer.split(layer.value(states))
            given += [keys, values]
            if place == len(self.net.layers) - 1:
                states = states.index_select(1, wanted)
            found = _attended(layer, states, (keys, values), hidden, before[2 * place : 2 * place + 2])
            states = layer.after(states, found)
        return states, self.net.judge(states)[..., 0], *given


def _attended(
    layer: Layer, states: Tensor, own: tuple[Tensor, Tensor], hidden: Tensor, before: tuple[Tensor, ...]
) -> Tensor:
    """(n, w, size) what the states find among their own pieces and among those before, which all rows share."""
    query = layer.split(layer.query(states)) / math.sqrt(own[0].shape[-1])
    earlier, later = query @ before[0].transpose(-1, -2), query @ own[0].transpose(-1, -2) + hidden
    shares = torch.cat([earlier, later], -1).softmax(-1)
    read = before[0].shape[2]
    found = shares[..., :read] @ before[1] + shares[..., read:] @ own[1]
    return found.transpose(1, 2).flatten(2)


def _export_graph(net: TalkNet, target: Path) -> None:
    shape = net.shape
    names = [f"{kind}_{place}" for place in range(shape.layers) for kind in ("keys", "values")]
    before = [torch.randn(1, shape.heads, 5, shape.size // shape.heads) for _ in names]
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])  # it must hold padding, or the graph leaves the mask out
    both, wanted = {0: "rows", 1: "pieces"}, {0: "rows", 1: "wanted"}
    axes = {"embeds": both, "mask": both, "wanted": {0: "wanted"}, "states": wanted, "scores": wanted}
    axes |= {f"before_{name}": {2: "read"} for name in names}
    axes |= {name: {0: "rows", 2: "pieces"} for name in names}
    torch.onnx.export(
        _Served(net).eval(),
        (torch.randn(2, 7, shape.size), mask, torch.tensor([0, 2, 3]), *before),
        str(target),
        input_names=["embeds", "mask", "wanted", *(f"before_{name}" for name in names)],
        output_names=["states", "scores", *names],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def _undo_half(model: Any) -> None:
    """Bring weights that are stored as half precision back to single, without the Cast behind each."""
    from onnx import numpy_helper

    casts = {node.input[0]: node for node in model.graph.node if node.op_type == "Cast"}
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_half") and tensor.name in casts:
            node = casts[tensor.name]
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), node.output[0]))
            model.graph.node.remove(node)
