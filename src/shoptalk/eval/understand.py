"""How well messages are understood, on public data: entities (MIT slots), state (SGD), stances and titles (ReDial).

What is measured is `EmbeddedUnderstanding` and `advance` as every talk runs them, over a catalog made for each dataset,
with the transformer that the settings choose or without one, or a language model alone; nothing is trained. A folder
of data may hold any of the datasets; those that are not there are passed over and told.
"""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.tagging import chosen_tagger
from shoptalk.agent.watch import ModelFailureError
from shoptalk.errors import DatasetError, ModelServerError
from shoptalk.eval.datasets import mit, redial, sgd
from shoptalk.eval.datasets.files import found
from shoptalk.eval.readers import EmbeddedReader, ModelReader, ModelReading, Reader
from shoptalk.eval.understand_mit import EntityReport, measure_domain
from shoptalk.eval.understand_redial import RedialReport, measure_redial
from shoptalk.eval.understand_sgd import StateReport, measure_states
from shoptalk.settings import Settings

if TYPE_CHECKING:
    from shoptalk.agent.llm.client import LlmConfig
    from shoptalk.shop.parts import Progress

__all__ = ["DATASETS", "UnderstandPlan", "UnderstandReport", "run_understanding"]

Dataset = Literal["mit", "sgd", "redial"]
DATASETS: tuple[Dataset, ...] = ("mit", "sgd", "redial")

_FOLDERS = {"mit": "mit_slots", "sgd": "sgd", "redial": "redial"}
_SAME_SPLIT = {"valid": "dev", "dev": "valid"}
_MEASURED = ("test", "valid", "dev")

Tell = Callable[[int, int], None]
Miss = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class UnderstandPlan:
    """What to measure. Without `split` the test split where it is there, else valid or dev, which are one name.

    `parser_only`: without the transformer that the settings choose. `llm`: a language model reads instead, alone, so
    many talks `at_once`.
    """

    data: Path
    only: Dataset | None = None
    parser_only: bool = False
    split: str | None = None
    limit: int | None = None
    resamples: int = 1000
    seed: int = 0
    llm: "LlmConfig | None" = None
    at_once: int = 8


class UnderstandReport(BaseModel):
    """All figures of one run; intervals are 95% bootstrap over sentences or dialogues."""

    model_config = ConfigDict(frozen=True)

    shoptalk: str
    machine: str
    seed: int
    resamples: int
    understanding: str = Field(
        description="what read the messages: 'parser and transformer', 'parser' (also where no trained weights were "
        "found), or a language model's name"
    )
    model: ModelReading | None = Field(default=None, description="how a language model's plans came out")
    limit: int | None = Field(description="sentences or dialogues of each split that were drawn; all where null")
    mit: tuple[EntityReport, ...]
    sgd: StateReport | None
    redial: RedialReport | None
    skipped: tuple[str, ...] = Field(description="what was not measured, and why")


def run_understanding(
    plan: UnderstandPlan, progress: "Progress | None" = None, miss: Miss | None = None
) -> UnderstandReport:
    """Measure what is there. `miss` is told each thing not understood right.

    Raises DatasetError if nothing of what was asked for is there, or it is not in its published format.
    """
    import shoptalk

    skipped: list[str] = []
    reader = _reader(plan)
    options: dict[str, Any] = {
        "reader": reader, "limit": plan.limit, "resamples": plan.resamples, "seed": plan.seed, "miss": miss,
    }  # fmt: skip
    entities, state, talks = [], None, None
    for domain in _domains(plan, skipped):
        if split := _chosen(plan, domain, partial(_has_file, domain), skipped):
            tell = _teller(progress, f"MIT {domain.name}")
            entities.append(measure_domain(domain, split, tell=tell, **options))
    folder = _folder(plan, "sgd", skipped)
    if folder and (split := _chosen(plan, folder, partial(sgd.has_split, folder), skipped)):
        state = measure_states(folder, split, tell=_teller(progress, "Schema-Guided Dialogue"), **options)
    folder = _folder(plan, "redial", skipped)
    if folder and (split := _chosen(plan, folder, partial(redial.has_split, folder), skipped)):
        talks = measure_redial(folder, split, tell=_teller(progress, "ReDial"), **options)
    if not entities and state is None and talks is None:
        raise DatasetError(
            f"{plan.data}: nothing to measure: {'; '.join(skipped) or 'no dataset'}.",
            hint=f"Give a folder that holds {', '.join(_FOLDERS.values())} or some of them.",
        )
    return UnderstandReport(
        shoptalk=shoptalk.__version__,
        machine=f"{platform.machine()}, Python {platform.python_version()}",
        seed=plan.seed,
        resamples=plan.resamples,
        understanding=reader.name,
        model=reader.reading() if isinstance(reader, ModelReader) else None,
        limit=plan.limit,
        mit=tuple(entities),
        sgd=state,
        redial=talks,
        skipped=tuple(skipped),
    )


def _reader(plan: UnderstandPlan) -> Reader:
    if plan.llm is None:
        return EmbeddedReader(None if plan.parser_only else chosen_tagger(Settings()))
    from shoptalk.agent.llm.client import ChatModel

    reader = ModelReader(ChatModel(plan.llm), plan.at_once)
    try:
        reader.name  # noqa: B018  asks the server
    except ModelFailureError as error:
        hint = "Is the server up, and is that its address?"
        raise ModelServerError(f"The language model at {plan.llm.url} gives no answer: {error}.", hint=hint) from error
    return reader


def _folder(plan: UnderstandPlan, dataset: Dataset, skipped: list[str]) -> Path | None:
    """The dataset's folder, None (and a line in `skipped`) if it is not there or not asked for."""
    if plan.only not in (None, dataset):
        return None
    folder = plan.data / _FOLDERS[dataset]
    if not folder.is_dir():
        skipped.append(f"there is no folder {folder}")
        return None
    return folder


def _domains(plan: UnderstandPlan, skipped: list[str]) -> list[Path]:
    folder = _folder(plan, "mit", skipped)
    held = mit.domains(folder) if folder else []
    skipped += [f"{one} has no split 'train' to make a catalog of" for one in held if not found(one, "train")]
    return [domain for domain in held if found(domain, "train")]


def _chosen(plan: UnderstandPlan, folder: Path, has: Callable[[str], bool], skipped: list[str]) -> str | None:
    """The split to measure, None (and a line in `skipped`) if it is not there."""
    wanted = (plan.split, _SAME_SPLIT.get(plan.split, plan.split)) if plan.split else _MEASURED
    split = next((name for name in wanted if has(name)), None)
    if split is None:
        skipped.append(f"{folder} has no split '{plan.split or ' or '.join(wanted)}'")
    return split


def _has_file(folder: Path, name: str) -> bool:
    return found(folder, name) is not None


def _teller(progress: "Progress | None", name: str) -> Tell | None:
    return None if progress is None else lambda done, total: progress(name, done, total)
