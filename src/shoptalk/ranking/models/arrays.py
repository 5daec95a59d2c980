"""What models of choices are made of: arrays and sparse rows, in one file each, and the two things done with such rows.

A file is an .npz archive (numpy's format) with a `manifest` that tells its format, its name and the model's config.
"""

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from shoptalk.errors import ShopDamagedError
from shoptalk.ranking.models.base import Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["keep_greatest", "load_arrays", "save_arrays", "weighted_rows"]

Config = TypeVar("Config", bound=BaseModel)

_FORMAT = 1
_LONG = 64
_MANIFEST = "manifest"
_AGAIN = "Train the shop again."
_PARTS = ("data", "indices", "indptr", "shape")
_UNREADABLE = (OSError, BadZipFile, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError)


def save_arrays(folder: Path, name: str, config: BaseModel, **arrays: Any) -> None:
    """Write `folder/name.npz` with arrays (numpy's, or scipy's CSR matrices) and the config that made them."""
    from scipy.sparse import issparse

    told = {"format": _FORMAT, "name": name, "config": config.model_dump(mode="json")}
    flat: dict[str, NDArray[Any]] = {_MANIFEST: np.array(json.dumps(told))}
    for key, array in arrays.items():
        if issparse(array):
            flat |= {f"{key}.{part}": np.asarray(getattr(array.tocsr(), part)) for part in _PARTS}
        else:
            flat[key] = np.asarray(array)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(_path(folder, name), **flat)  # type: ignore[arg-type]  # numpy's stub takes our names for its options


def load_arrays(folder: Path, name: str, config: type[Config], needs: Sequence[str]) -> tuple[Config, dict[str, Any]]:
    """Read what `save_arrays` wrote: the config, and the arrays by name, CSR matrices as such.

    Raises ShopDamagedError if the file is missing or broken, was written in another format, or lacks one of `needs`.
    """
    path = _path(folder, name)
    try:
        flat = _read(path)
        told = json.loads(str(flat.pop(_MANIFEST)))
        if (told["format"], told["name"]) != (_FORMAT, name):
            raise ValueError(f"it holds '{told['name']}' in format {told['format']}")
        return config.model_validate(told["config"]), {key: _whole(flat, key) for key in needs}
    except ValidationError as error:
        raise ShopDamagedError(f"{path} was written with other settings: {error}.", hint=_AGAIN) from error
    except (*_UNREADABLE, TypeError) as error:
        raise ShopDamagedError(f"{path} cannot be read as a model: {error}.", hint=_AGAIN) from error


def weighted_rows(matrix: "csr_matrix", rows: NDArray[np.int64], weights: NDArray[np.float64]) -> Scores:
    """(columns,) the sum of these rows, each times its weight; what scipy's product gives, without its overhead."""
    starts, ends = matrix.indptr[rows].astype(np.int64), matrix.indptr[rows + 1].astype(np.int64)
    lengths = ends - starts
    if len(rows) and lengths.sum() > _LONG * len(rows):  # long rows are copied as they stand
        whole = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        codes = np.concatenate([matrix.indices[one] for one in whole])
        found = np.concatenate(
            [matrix.data[one] * weight for one, weight in zip(whole, weights.astype(np.float64), strict=True)]
        )
    else:
        last = np.cumsum(lengths)
        at = np.repeat(starts - (last - lengths), lengths) + np.arange(int(lengths.sum()))
        codes, found = matrix.indices[at], matrix.data[at] * np.repeat(weights, lengths)
    return np.bincount(codes, weights=found, minlength=matrix.shape[1]).astype(np.float32)


def keep_greatest(matrix: "csr_matrix", k: int) -> "csr_matrix":
    """The k entries of each row that are greatest in size, float32, zeros left out."""
    from scipy.sparse import csr_matrix

    matrix = matrix.tocsr()
    sizes = np.abs(matrix.data)
    kept = sizes > 0
    for row in np.flatnonzero(np.diff(matrix.indptr) > k).tolist():
        start, end = matrix.indptr[row], matrix.indptr[row + 1]
        kept[start + np.argpartition(-sizes[start:end], k)[k:]] = False
    indptr = np.concatenate(([0], np.cumsum(kept)))[matrix.indptr]
    return csr_matrix((matrix.data[kept].astype(np.float32), matrix.indices[kept], indptr), shape=matrix.shape)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.npz"


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an archive. Whole members are read first, so that their checksums are held against them."""
    with ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    return {member.removesuffix(".npy"): np.load(BytesIO(told), allow_pickle=False) for member, told in members.items()}


def _whole(flat: dict[str, NDArray[Any]], key: str) -> Any:
    from scipy.sparse import csr_matrix

    if key in flat:
        return flat[key]
    data, indices, indptr, shape = (flat[f"{key}.{part}"] for part in _PARTS)
    matrix = csr_matrix((data, indices, indptr), shape=tuple(shape.tolist()))
    matrix.check_format(full_check=True)
    return matrix
