"""Icecat products with human judgements of what a search for some words should find.

`products.jsonl` holds one product a line, whatever attributes it has, prices in cents; `judgements.csv` the columns
`query`, `docid` and `rating`, 0 (not what was meant) to 3 (just that).
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shoptalk.errors import DatasetError
from shoptalk.eval.datasets.files import bad_record, json_lines, opened, required

__all__ = ["SPLITS", "file_of", "products_file", "read_judgements", "read_products"]

#: The published judgements are for tuning as well as for measuring; others may stand beside them.
SPLITS = ("valid", "test")
_HINT = "Give a folder with Icecat's products.jsonl and judgements.csv."


def file_of(split: str) -> str:
    """The file with the judgements of a split: `judgements.csv` is 'valid'."""
    return "judgements.csv" if split == "valid" else f"judgements_{split}.csv"


def products_file(folder: Path) -> Path:
    """The file with the products. Raises DatasetError if it is not there."""
    return required(folder, "products.jsonl", hint=_HINT)


def read_products(folder: Path) -> Iterator[dict[str, Any]]:
    """Products as they are written. Raises DatasetError if the file is not there or a product has no id or title."""
    path = products_file(folder)
    for number, record in json_lines(path):
        if not (record.get("id") and record.get("title")):
            raise DatasetError(f"{path}, line {number}: the fields id and title are expected.")
        yield record


def read_judgements(folder: Path, split: str = "valid") -> dict[str, dict[str, int]]:
    """Grades of products by query. Raises DatasetError if the file is not there or malformed."""
    path = required(folder, file_of(split), hint=_HINT)
    grades: dict[str, dict[str, int]] = {}
    with opened(path) as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                grades.setdefault(row["query"], {})[row["docid"]] = int(row["rating"])
            except (KeyError, TypeError, ValueError) as error:
                raise bad_record(path, number, error) from error
    return grades
