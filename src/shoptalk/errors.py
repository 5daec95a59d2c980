"""Everything that can go wrong on purpose, as one tree.

    ShoptalkError
    ├── CatalogError        the catalog's author must act: says file, row and field
    ├── ShopError           the shop's owner must act
    │   ├── ShopNotFoundError
    │   ├── ShopExistsError
    │   ├── ShopVersionError
    │   ├── ShopDamagedError
    │   └── ShopBusyError   another process is writing
    ├── UnknownItemError    the caller named an item that the shop does not have
    ├── ToolError           the caller of a tool must mend its arguments
    ├── EncoderError        the sentence encoder's weights cannot be had
    ├── LogError            a dialogue log cannot be read, or there is nothing in it to learn from
    │   └── InteractionsError   an interaction file cannot be read: says file, row and column
    ├── DatasetError        a benchmark's data is not there or not in its published format
    ├── TuningError         a language model cannot be tuned or merged as asked
    └── ModelServerError    a language model's server does not answer as asked; a turn goes on without it

A message says what was wrong, where, and what to do about it. Programmer errors (wrong types, wrong order of calls) are
Python's own exceptions and pass through.
"""


class ShoptalkError(Exception):
    """Base of all errors that shoptalk raises on purpose.

    `problem` says what was wrong, `hint` what to do; `str()` gives both.
    """

    def __init__(self, problem: str, *, hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.problem} {self.hint}".strip()


class CatalogError(ShoptalkError):
    """A catalog, or one record of it, cannot be used.

    `file` is the path as given, `row` the 1-based record number (the first data row of a CSV file is 1), `field` the
    column's name or dotted path; each is None where it does not apply.
    """

    def __init__(
        self, problem: str, *, file: str | None = None, row: int | None = None, field: str | None = None, hint: str = ""
    ) -> None:
        super().__init__(problem, hint=hint)
        self.file = file
        self.row = row
        self.field = field

    def __str__(self) -> str:
        return _placed(super().__str__(), self.file, self.row, f"field '{self.field}'" if self.field else "")


class ShopError(ShoptalkError):
    """A shop's folder cannot be used as asked."""


class ShopNotFoundError(ShopError):
    """There is no built shop at that place."""


class ShopExistsError(ShopError):
    """A shop stands already where one was to be built."""


class ShopVersionError(ShopError):
    """The shop's folder was written by another version of the format."""


class ShopDamagedError(ShopError):
    """A file of the shop is missing or does not match its checksum."""


class ShopBusyError(ShopError):
    """Another process holds the shop's writing lock."""


class UnknownItemError(ShoptalkError):
    """The caller named an item id that the shop does not have."""


class ToolError(ShoptalkError):
    """A tool cannot be called like that: says which argument is wrong, and what it may be."""


class EncoderError(ShoptalkError):
    """The sentence encoder's weights were not found or cannot be used."""


class LogError(ShoptalkError):
    """A dialogue log cannot be read, or there is nothing in it to learn from."""


class InteractionsError(LogError):
    """An interaction file, or one row of it, cannot be used.

    `file` is the path as given, `row` the 1-based record number (the first data row of a CSV file is 1), `column` the
    column's name; each is None where it does not apply.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(problem, hint=hint)
        self.file = file
        self.row = row
        self.column = column

    def __str__(self) -> str:
        return _placed(super().__str__(), self.file, self.row, f"column '{self.column}'" if self.column else "")


class DatasetError(ShoptalkError):
    """A benchmark's data is not there, or not in the format in which it is published."""


class TuningError(ShoptalkError):
    """A language model cannot be tuned or merged as asked."""


class ModelServerError(ShoptalkError):
    """A language model's server does not answer as asked. Never raised by a turn, which goes on without it."""


def _placed(told: str, file: str | None, row: int | None, field: str) -> str:
    """What was told, after where it was."""
    where = (file or "", f"row {row}" if row is not None else "", field)
    place = ", ".join(part for part in where if part)
    return f"{place}: {told}" if place else told
