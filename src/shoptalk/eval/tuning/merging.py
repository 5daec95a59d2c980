"""A base model and an adapter become one model: as fast as the base alone, for servers that know no adapters."""

import os
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import torch

from shoptalk.errors import TuningError
from shoptalk.eval.tuning.base import load_base, require
from shoptalk.retrieval.encoder import quiet

__all__ = ["SHIPPED", "merged"]

#: The name of the adapter that ships with shoptalk.
SHIPPED = "shipped"


def merged(base: Path, adapter: Path | str, into: Path, dtype: torch.dtype = torch.float32) -> Path:
    """Write the base model with the adapter in it to a folder that vLLM serves: weights, tokenizer, chat template.

    `adapter` is a folder in PEFT's format, or 'shipped'. Raises TuningError if it is not there, was made for a model of
    another shape, or `into` holds something else.
    """
    require("peft")
    if into.exists() and any(into.iterdir()) and not (into / "config.json").exists():
        raise TuningError(f"{into} holds something else than a model.", hint="Name another folder.")
    if adapter == SHIPPED:
        with as_file(files("shoptalk.agent.llm") / "adapter") as folder:
            return _merged(base, folder, into, dtype)
    return _merged(base, Path(adapter), into, dtype)


def _merged(base: Path, adapter: Path, into: Path, dtype: torch.dtype) -> Path:
    from peft import PeftModel

    if not (adapter / "adapter_config.json").is_file():
        raise TuningError(f"{adapter}: there is no adapter in it.", hint="Make one with: shoptalk tune")
    model, tokenizer = load_base(base)
    try:
        with quiet():
            whole = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    except (RuntimeError, ValueError, OSError) as error:
        raise TuningError(f"{adapter}: it does not fit {base}: {error}", hint="Was it made for this model?") from error
    staged = into.with_name(f".{into.name}")
    shutil.rmtree(staged, ignore_errors=True)
    with quiet():
        whole.to(dtype).save_pretrained(staged)
        tokenizer.save_pretrained(staged)
    shutil.rmtree(into, ignore_errors=True)
    os.replace(staged, into)
    return into
