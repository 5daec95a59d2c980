"""The rankers: LightGBM's lambdarank over the features, and the fused order where there is too little to learn from.

Burges, "From RankNet to LambdaRank to LambdaMART: An Overview" (MSR-TR-2010-82); Ke et al., "LightGBM" (NIPS 2017).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shoptalk.errors import ShopDamagedError, ShopVersionError
from shoptalk.ranking.features import FEATURE_NAMES, FEATURES, column_of

if TYPE_CHECKING:
    from lightgbm import Booster

__all__ = [
    "FusedRanker",
    "LambdaConfig",
    "LambdaRanker",
    "Lists",
    "Ranker",
    "TrainingSummary",
    "load_ranker",
    "mean_ndcg",
]

Matrix = NDArray[np.float32]
Scores = NDArray[np.float64]

_FORMAT = 1
_MODEL, _MANIFEST = "model.txt", "manifest.json"


class TrainingSummary(BaseModel):
    """How a ranker was trained and what it was worth: NDCG@10 over queries that it had not seen, by order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(default="none", description="'items', 'log', 'log and items', or 'none'")
    queries: int = Field(default=0, description="lists it was trained on")
    held_out: int = Field(default=0, description="lists kept back for stopping and for the figures below")
    rows: int = Field(default=0, description="candidates in the lists that it was trained on")
    trees: int = 0
    kinds: dict[str, int] = Field(default_factory=dict, description="lists by what made them")
    ndcg: dict[str, float] = Field(default_factory=dict, description="NDCG@10: 'ranker', 'fused', 'dense', 'lexical'")
    note: str = ""


class Ranker(Protocol):
    """Gives candidates scores. The same features give the same scores, whatever else is scored with them."""

    summary: TrainingSummary

    def score(self, x: Matrix) -> Scores:
        """(n,) scores of (n, len(FEATURES)) features, higher is better."""
        ...

    def contributions(self, x: Matrix) -> Scores:
        """(n, len(FEATURES)): what each feature gave to the score; rows add up to it, but for one common constant."""
        ...

    def save(self, folder: Path) -> None:
        """Write into the folder, which is made if need be; `load_ranker` reads it."""
        ...


@dataclass(frozen=True, slots=True)
class Lists:
    """Judged candidates, list by list: `x` (n, f), `labels` (n,) whole grades from 0, `sizes` (q,) adding up to n.

    `weights` (n,) says how much each row counts; None counts all alike.
    """

    x: Matrix
    labels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        rows = {len(self.x), len(self.labels), int(self.sizes.sum())}
        rows |= set() if self.weights is None else {len(self.weights)}
        if len(rows) != 1:
            raise ValueError(f"features, labels, list sizes and weights disagree on the number of rows: {sorted(rows)}")


class LambdaConfig(BaseModel):
    """How the trees are grown. The defaults suit some hundred lists of some dozen candidates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trees: int = Field(default=100, ge=1, description="at most so many; fewer where held-out lists stop it earlier")
    leaves: int = Field(default=7, ge=2, description="leaves of one tree")
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    min_rows: int = Field(default=60, ge=1, description="candidates that a leaf must hold")
    l2: float = Field(default=10.0, ge=0, description="pull of a leaf's value to zero")
    feature_share: float = Field(default=0.7, gt=0, le=1, description="share of the features that a tree may look at")
    patience: int = Field(default=40, ge=1, description="trees without gain on the held-out lists before it stops")
    base: float = Field(default=3.0, ge=0, description="what the fused score gives before any tree: trees correct it")
    cut: int = Field(default=20, ge=1, description="places from the top whose order is trained")
    seed: int = 0


class LambdaRanker:
    """Gradient-boosted trees that correct the fused order, trained on the order of lists.

    The score is `base` times the fused score, plus the trees': where they see no difference, retrieval's order stays.
    The same lists, config and seed give the same trees.
    """

    kind: ClassVar[str] = "lambdarank"

    def __init__(self, booster: "Booster", summary: TrainingSummary, base: float) -> None:
        """Take a trained booster. Raises ShopVersionError if it was trained on other features."""
        _check_names(booster.feature_name(), "this model")
        self._booster, self._base = booster, base
        self.summary = summary

    @classmethod
    def fit(
        cls,
        lists: Lists,
        *,
        held_out: Lists | None = None,
        config: LambdaConfig | None = None,
        summary: TrainingSummary | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Grow trees on the lists; with held-out lists, keep those up to the best NDCG@10.

        `progress(trees grown, trees at most)` is called after each tree. Raises ValueError if no list has two grades.
        """
        import lightgbm

        config = config or LambdaConfig()
        if not _has_order(lists):
            raise ValueError("no list has candidates of different grades: there is no order to learn")
        train = _dataset(lists, config.base)
        callbacks: list[Any] = []
        if held_out is not None and _has_order(held_out):
            callbacks.append(lightgbm.early_stopping(config.patience, verbose=False, min_delta=1e-4))
        if progress is not None:
            callbacks.append(lambda state: progress(state.iteration + 1, config.trees))
        booster = lightgbm.train(
            _parameters(config, lists.x.shape[1]),
            train,
            num_boost_round=config.trees,
            valid_sets=[_dataset(held_out, config.base, train)]
            if held_out is not None and _has_order(held_out)
            else None,
            callbacks=callbacks,
        )
        kept = booster.best_iteration or booster.current_iteration()
        grown = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=kept))
        told = {"queries": len(lists.sizes), "rows": len(lists.x), "trees": kept}
        return cls(grown, (summary or TrainingSummary()).model_copy(update=told), config.base)

    def score(self, x: Matrix) -> Scores:
        """(n,) scores of (n, len(FEATURES)) features, higher is better."""
        if not len(x):
            return np.empty(0)
        return _base_scores(x, self._base) + np.asarray(self._booster.predict(x, num_threads=1), dtype=np.float64)

    def contributions(self, x: Matrix) -> Scores:
        """(n, len(FEATURES)) SHAP values in score units (Lundberg et al. 2018, TreeSHAP). Slow: shown picks only.

        The base's part is what it gives above a candidate of half the best fused score.
        """
        if not len(x):
            return np.empty((0, len(FEATURES)))
        told = self._booster.predict(x, num_threads=1, pred_contrib=True)
        given = np.asarray(told, dtype=np.float64)[:, :-1]
        given[:, column_of("fused")] += _base_scores(x, self._base) - 0.5 * self._base
        return given

    def gains(self) -> dict[str, float]:
        """Share of the training gain that came from each feature, the greatest first, zeros left out."""
        gains = self._booster.feature_importance("gain")
        order = np.argsort(-gains, kind="stable")
        return {FEATURE_NAMES[at]: float(gains[at] / max(gains.sum(), 1e-12)) for at in order if gains[at] > 0}

    def save(self, folder: Path) -> None:
        """Write `model.txt` (LightGBM's text format) and `manifest.json`, the manifest last."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MODEL).write_text(self._booster.model_to_string(), encoding="utf-8")
        _write_manifest(folder, self.kind, self.summary, self._base)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises ShopDamagedError, or ShopVersionError for other features or another format."""
        return cls._of(folder, _read_manifest(folder))

    @classmethod
    def _of(cls, folder: Path, manifest: "_Manifest") -> Self:
        import lightgbm

        try:
            text = (folder / _MODEL).read_text(encoding="utf-8")
            booster = lightgbm.Booster(model_str=text)
        except (OSError, UnicodeDecodeError, lightgbm.basic.LightGBMError) as error:
            raise ShopDamagedError(f"{folder / _MODEL} cannot be read as a ranker: {error}.", hint=_AGAIN) from error
        return cls(booster, manifest.summary, manifest.base)


class FusedRanker:
    """The order in which retrieval found the candidates: the baseline, and the ranker of a shop too small to train."""

    kind: ClassVar[str] = "fused"

    def __init__(self, summary: TrainingSummary | None = None) -> None:
        """`summary` may say why nothing was trained."""
        self.summary = summary or TrainingSummary()

    def score(self, x: Matrix) -> Scores:
        """(n,) the fused retrieval score."""
        return np.asarray(x[:, column_of("fused")], dtype=np.float64)

    def contributions(self, x: Matrix) -> Scores:
        """(n, len(FEATURES)): all that there is comes from the fused score."""
        told = np.zeros(x.shape)
        told[:, column_of("fused")] = self.score(x)
        return told

    def save(self, folder: Path) -> None:
        """Write `manifest.json`, which is all there is."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_manifest(folder, self.kind, self.summary)


def load_ranker(folder: Path) -> LambdaRanker | FusedRanker:
    """Read the ranker that was saved there. Raises ShopDamagedError, or ShopVersionError if it cannot serve here."""
    manifest = _read_manifest(folder)
    if manifest.kind == FusedRanker.kind:
        return FusedRanker(manifest.summary)
    return LambdaRanker._of(folder, manifest)


def mean_ndcg(scores: Scores, lists: Lists, k: int = 10) -> float:
    """Mean NDCG@k over the lists that have something to find: gains 2^grade - 1, discount log2(1 + place).

    Järvelin & Kekäläinen (TOIS 20, 2002) with the exponential gain of Burges et al. (ICML 2005). Equal scores keep
    the given order, NaN counts as worst.
    """
    found = []
    ends = np.cumsum(lists.sizes)
    for start, end in zip(ends - lists.sizes, ends, strict=True):
        gains = np.exp2(lists.labels[start:end].astype(np.float64)) - 1
        best = _dcg(np.sort(gains)[::-1], k)
        if best > 0:
            order = np.argsort(-np.nan_to_num(scores[start:end], nan=-np.inf), kind="stable")
            found.append(_dcg(gains[order], k) / best)
    return float(np.mean(found)) if found else 0.0


_AGAIN = "Train the ranker again."


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int
    kind: str
    features: tuple[str, ...]
    lightgbm: str = ""
    base: float = 0.0
    summary: TrainingSummary


def _base_scores(x: Matrix, base: float) -> Scores:
    return np.asarray(base * x[:, column_of("fused")], dtype=np.float64)


def _write_manifest(folder: Path, kind: str, summary: TrainingSummary, base: float = 0.0) -> None:
    from importlib.metadata import version

    told = _Manifest(
        format=_FORMAT, kind=kind, features=FEATURE_NAMES, base=base, lightgbm=version("lightgbm"), summary=summary
    ).model_dump(mode="json")
    (folder / _MANIFEST).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / _MANIFEST
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ShopDamagedError(f"{path} cannot be read: {error}.", hint=_AGAIN) from error
    known = (LambdaRanker.kind, FusedRanker.kind)
    if not isinstance(told, dict) or told.get("format") != _FORMAT or told.get("kind") not in known:
        raise ShopVersionError(f"{path} was not written by this version of shoptalk.", hint=_AGAIN)
    try:
        manifest = _Manifest.model_validate(told)
    except ValidationError as error:
        raise ShopDamagedError(f"{path} is not a ranker's manifest: {error}.", hint=_AGAIN) from error
    if manifest.kind == LambdaRanker.kind:
        _check_names(list(manifest.features), str(path))
    return manifest


def _check_names(names: list[str], where: str) -> None:
    if tuple(names) == FEATURE_NAMES:
        return
    strange, lacking = sorted(set(names) - set(FEATURE_NAMES)), sorted(set(FEATURE_NAMES) - set(names))
    told = [f"it knows {', '.join(strange)}"] if strange else []
    told += [f"it lacks {', '.join(lacking)}"] if lacking else []
    problem = f"{where} was trained on other features: {'; '.join(told) or 'their order differs'}."
    raise ShopVersionError(problem, hint=_AGAIN)


def _parameters(config: LambdaConfig, width: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [10],
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.min_rows,
        "lambda_l2": config.l2,
        "feature_fraction": config.feature_share,
        "lambdarank_truncation_level": config.cut,
        "monotone_constraints": [feature.helps for feature in FEATURES][:width],
        "monotone_constraints_method": "intermediate",
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _dataset(lists: Lists, base: float, reference: Any = None) -> Any:
    import lightgbm

    return lightgbm.Dataset(
        lists.x,
        label=lists.labels,
        group=lists.sizes,
        weight=lists.weights,
        init_score=_base_scores(lists.x, base),
        reference=reference,
        feature_name=list(FEATURE_NAMES),
        params={"verbosity": -1},
    )


def _has_order(lists: Lists) -> bool:
    ends = np.cumsum(lists.sizes)
    return any(np.ptp(lists.labels[a:b]) > 0 for a, b in zip(ends - lists.sizes, ends, strict=True) if b > a)


def _dcg(gains: NDArray[np.float64], k: int) -> float:
    top = gains[:k]
    return float((top / np.log2(np.arange(2, len(top) + 2))).sum())
