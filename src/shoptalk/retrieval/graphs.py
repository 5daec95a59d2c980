"""ONNX graphs over MiniLM's word embeddings, as they are kept and served: half-precision weights, one quiet session."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["open_graph", "store_as_half", "word_embeddings"]

_LARGE = 4096


@lru_cache(maxsize=2)
def word_embeddings(weights: Path) -> NDArray[np.float32]:
    """(v, 384) MiniLM's word embeddings, from its safetensors; one read-only table for all that use it."""
    from safetensors import safe_open

    with safe_open(weights / "model.safetensors", framework="np") as held:
        name = next(name for name in held.keys() if name.endswith("word_embeddings.weight"))  # noqa: SIM118
        table: NDArray[np.float32] = held.get_tensor(name).astype(np.float32)
    table.flags.writeable = False
    return table


def open_graph(path: Path, *, threads: int = 1) -> "InferenceSession":
    """A session on the CPU whose threads sleep while there is nothing to do. Raises what the engine raises."""
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def store_as_half(path: Path) -> None:
    """Large weights are stored as float16 with a Cast behind each, which the runtime folds when it loads."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _LARGE:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, str(path))
