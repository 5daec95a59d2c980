"""The card of an adapter: what it was made from and how, what it reached, and what it is not good for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["write_card"]

_LIMITS = """\
- It answers shoptalk's two prompts (plan, explain) and is not meant for anything else; it is no general assistant.
- English only. Facets, shops and turns of speech unlike those it learned from are understood worse.
- A plan is validated, and every sentence is held against evidence, before a person sees it: do not use it without that.
- The figures are of examples drawn like those it learned from; on people's own talks they are lower."""
_RUN_SETTINGS = ("rank", "rate", "warmup", "row", "step", "longest", "seed", "precision")


def write_card(
    folder: Path, *, base: str, config: Mapping[str, Any], run: Mapping[str, float], figures: Mapping[str, float]
) -> None:
    """Write `README.md`, with what the hub reads at its head."""
    data = "\n".join(f"- {one}" for one in config["data"]) or "- Examples that the caller gave."
    settings = ", ".join(f"{name} {config[name]}" for name in _RUN_SETTINGS)
    text = f"""\
---
base_model: {base}
library_name: peft
license: {config["licence"]}
language: en
tags: [lora, recommender, shoptalk]
---

# Adapter for shoptalk's two calls, on {base}

Made with `shoptalk tune`: LoRA on all linear layers; loss on what the model says only.

## Data
{data}

Licence: {config["licence"]}.

## Run
{_table(run)}

Settings: {settings}.

## Figures, held out
{_table(figures)}

A target is right when every token of it is the model's first choice, given those before it: what it writes at
temperature 0 is then the target.

## Limits
{_LIMITS}
"""
    (folder / "README.md").write_text(text, "utf-8")


def _table(values: Mapping[str, float]) -> str:
    told = {name: f"{value:,}" if isinstance(value, int) else f"{value:.4g}" for name, value in values.items()}
    rows = "\n".join(f"| {name} | {value} |" for name, value in told.items())
    return f"| | |\n|---|---:|\n{rows}"
