"""Interaction files: who did what with which item, and when; anyone's ratings, clicks or purchases, in one table.

A file is read whole, by polars where it is well formed; where it is not, as a catalog is read, which says what is wrong
and where. `docs/interactions.md` tells the format.
"""

import gzip
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.signals import Feedback, value_of
from shoptalk.errors import CatalogError, InteractionsError
from shoptalk.retrieval.reading import SUFFIXES, Progress, read_records

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Interactions", "InteractionsSummary", "UnknownItems", "read_interactions"]

ROLES = ("user", "item", "time", "value")
_CLICK, _DISLIKE = value_of(Feedback.CLICKED), value_of(Feedback.DISLIKED)
_MIDDLE, _LOW, _IN_CART, _CONSUMED = 0.3, -0.5, 0.7, 0.6
_TOPS = (1.0, 3.0, 5.0, 10.0, 100.0)
_UPPER_PART, _MIDDLE_PART = 0.75, 0.55
_SHOWN = 0.0
_EXAMPLES = 5
_ROW = "\0row"
"""The column of row numbers, so named that no column of a file is called the same."""

_NAMES: dict[str, tuple[str, ...]] = {
    "user": (
        "user", "userid", "uid", "username", "customer", "customerid", "visitor", "visitorid", "reviewer", "reviewerid",
        "member", "memberid", "client", "clientid", "buyer", "buyerid", "account", "accountid", "person", "personid",
        "session", "sessionid",
    ),
    "item": (
        "item", "itemid", "product", "productid", "movie", "movieid", "film", "filmid", "parentasin", "asin", "sku",
        "isbn", "book", "bookid", "article", "articleid", "track", "trackid", "song", "songid", "artist", "artistid",
        "listing", "listingid", "hotel", "hotelid", "business", "businessid", "recipe", "recipeid", "game", "gameid",
        "wine", "wineid", "show", "showid", "video", "videoid", "iid",
    ),
    "time": (
        "timestamp", "time", "datetime", "date", "at", "ts", "eventtime", "createdat", "created", "unixreviewtime",
        "unixtime", "reviewtime", "reviewdate", "purchasedate", "orderdate", "when",
    ),
    "value": (
        "rating", "score", "stars", "overall", "value", "event", "eventtype", "action", "behavior", "behaviour",
        "interaction", "interactiontype", "feedback", "preference", "liked", "like", "plays", "playcount", "count",
        "quantity", "weight",
    ),
}  # fmt: skip
"""By role, what columns are called, lower case and letters and digits alone; the first that is there is taken."""

_COUNTS = frozenset({"plays", "playcount", "count", "quantity", "weight"})

_EVENTS: dict[float, tuple[str, ...]] = {
    1.0: (
        "purchase", "purchased", "buy", "bought", "transaction", "order", "ordered", "checkout", "booked", "booking",
        "rented", "like", "liked", "love", "loved", "favorite", "favourite", "upvote", "thumbsup", "true", "yes",
    ),
    _IN_CART: ("cart", "addtocart", "addcart", "basket", "addtobasket", "wishlist", "addtowishlist", "save", "saved"),
    _CONSUMED: ("watch", "watched", "play", "played", "listen", "listened", "read", "download", "stream", "streamed"),
    _CLICK: ("click", "clicked", "view", "viewed", "pageview", "open", "opened", "detail", "details", "visit"),
    _SHOWN: ("impression", "shown", "show", "exposure", "exposed"),
    _LOW: ("skip", "skipped", "return", "returned", "refund", "refunded", "removefromcart", "remove", "false", "no"),
    _DISLIKE: ("dislike", "disliked", "downvote", "thumbsdown", "hide", "hidden", "reject", "rejected"),
}  # fmt: skip
"""What an event is worth, by its name in lower case, letters and digits alone."""

_MOMENT = (
    r"^(?<day>\d{4}[-/]\d{1,2}[-/]\d{1,2})"
    r"(?:[Tt ](?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}(?:\.\d+)?))?)?"
    r"\s*(?:[Zz]|UTC|(?<sign>[+-])(?<away>\d{2}):?(?<more>\d{2}))?$"
)
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
_TIME_HINT = "Write seconds or milliseconds since 1970, or as in 2024-05-01T12:30:00."
_FORMAT = "docs/interactions.md tells the format."


@dataclass(frozen=True, slots=True)
class InteractionsSummary:
    """What was made of a file.

    `columns` tells which column was taken for what, `values` in a sentence how its values were read, `skipped` how many
    bad rows were left out, the first few of them in `problems`, `shown` how many rows tell only that an item was shown
    (or count nothing), and are left out too: that says nothing. `first` and `last` are ISO times, None without any.
    """

    file: str
    rows: int
    users: int
    items: int
    columns: Mapping[str, str]
    values: str
    skipped: int = 0
    problems: tuple[str, ...] = ()
    shown: int = 0
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownItems:
    """What a file tells of items that a shop does not have: `rows` of it, `items` distinct, some of their ids."""

    rows: int
    items: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """The rows of a file, user after user, each user's in the order of time.

    `users` (m,) and `items` (m,) are codes from 0 in the order of first appearance, `item_ids` the items' ids as the
    file has them; `values` (m,) say how much each speaks for the item (as in `Touch`); `times` (m,) are seconds since
    1970, NaN where the file has none.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    values: NDArray[np.float64]
    times: NDArray[np.float64]
    item_ids: tuple[str, ...]
    summary: InteractionsSummary

    def __len__(self) -> int:
        return len(self.users)

    def unknown_to(self, known: Collection[str]) -> UnknownItems:
        """What is told of items that are not among the known ones."""
        is_unknown = np.array([item_id not in known for item_id in self.item_ids], dtype=np.bool_)
        examples = [self.item_ids[code] for code in np.flatnonzero(is_unknown)[:_EXAMPLES].tolist()]
        return UnknownItems(int(is_unknown[self.items].sum()), int(is_unknown.sum()), tuple(examples))


def read_interactions(
    path: Path,
    *,
    columns: Mapping[str, str | None] | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Interactions:
    """Read a CSV, TSV, JSON, JSON-lines (each also `.gz`) or Parquet file of interactions.

    The columns for user, item, time and value are found by their names; `columns` says by role which they are, None
    that there is none. Without a time the file's order counts, without a value each row is a plain yes. `progress` is
    told the rows read, and of how many where that is known.

    Raises InteractionsError naming file, row and column for the first row that cannot be used; with `skip_bad` such
    rows are left out, counted, and the first few told in the summary.
    """
    path = Path(path)
    bad: list[InteractionsError] = []
    frame = _frame(path, bad.append if skip_bad else None, progress)
    roles = _roles(path, [name for name in frame.columns if name != _ROW], columns or {})
    parsed, told = _parsed(frame, roles)
    problems = _problems(path, frame, parsed, roles)
    first = next(problems, None)
    if first is not None and not skip_bad:
        raise first
    usable = parsed.filter(~_is_bad())
    skipped = len(bad) + len(parsed) - len(usable)
    examples = [*bad, *([first] if first is not None else []), *problems][:_EXAMPLES]
    if not len(usable):
        raise InteractionsError(
            "none of its rows can be used.", file=str(path), hint=str(examples[0]) if examples else _FORMAT
        )
    if progress is not None:
        progress(len(frame) + len(bad), len(frame) + len(bad))
    problems_told = tuple(map(str, examples))
    return _gathered(path, usable, roles, told, rows=len(frame) + len(bad), skipped=skipped, problems=problems_told)


def _gathered(
    path: Path,
    usable: "pl.DataFrame",
    roles: Mapping[str, str],
    told: str,
    *,
    rows: int,
    skipped: int,
    problems: tuple[str, ...],
) -> Interactions:
    """The usable rows in order, with codes for users and items."""
    import polars as pl

    kept = usable.filter(pl.col("value") != _SHOWN)
    if not len(kept):
        raise InteractionsError("all its rows tell only that items were shown.", file=str(path), hint=_FORMAT)
    items, users = kept["item"].unique(maintain_order=True), kept["user"].unique(maintain_order=True)
    kept = (
        kept.join(pl.DataFrame({"item": items}).with_row_index("item_code"), on="item")
        .join(pl.DataFrame({"user": users}).with_row_index("user_code"), on="user")
        .sort(["user_code", "time", "row"], nulls_last=False)
    )
    times = kept["time"].cast(pl.Float64).fill_null(math.nan).to_numpy()
    known = times[~np.isnan(times)]
    summary = InteractionsSummary(
        file=str(path),
        rows=rows,
        users=len(users),
        items=len(items),
        columns=dict(roles),
        values=told,
        skipped=skipped,
        problems=problems,
        shown=len(usable) - len(kept),
        first=_iso(known.min()) if len(known) else None,
        last=_iso(known.max()) if len(known) else None,
    )
    return Interactions(
        users=kept["user_code"].cast(pl.Int64).to_numpy(),
        items=kept["item_code"].cast(pl.Int64).to_numpy(),
        values=kept["value"].to_numpy(),
        times=times,
        item_ids=tuple(items.to_list()),
        summary=summary,
    )


def _iso(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} seconds"


# Which column is what -------------------------------------------------------------------------------------------------


def _roles(path: Path, names: list[str], given: Mapping[str, str | None]) -> dict[str, str]:
    """Column names by role. Raises InteractionsError where user or item cannot be told, or a given one is not there."""
    listed = ", ".join(f"'{name}'" for name in names)
    for role, name in given.items():
        if role not in ROLES:
            raise InteractionsError(f"'{role}' is nothing that a column can be.", hint=f"Roles are {', '.join(ROLES)}.")
        if name is not None and name not in names:
            problem = f"there is no column '{name}' for the {role}; there are {listed}."
            raise InteractionsError(problem, file=str(path), hint="Name one of them.")
    by_plain = {_plain(name): name for name in reversed(names) if name not in given.values()}
    found = {
        role: next((by_plain[name] for name in _NAMES[role] if name in by_plain), None)
        for role in ROLES
        if role not in given
    }
    roles = {role: name for role, name in {**found, **given}.items() if name is not None}
    for role in ("user", "item"):
        if role not in roles:
            problem = f"no column is named as one that tells the {role}; there are {listed}."
            raise InteractionsError(problem, file=str(path), hint=f"Say which it is: columns={{'{role}': '...'}}.")
    return roles


def _plain(name: str) -> str:
    """'User-ID' -> 'userid'; what RecBole writes behind a name ('user_id:token') is no part of it."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r":(token|float)(_seq)?$", "", name.casefold()))


# What the cells say ---------------------------------------------------------------------------------------------------


def _parsed(frame: "pl.DataFrame", roles: Mapping[str, str]) -> tuple["pl.DataFrame", str]:
    """Columns row, user, item, time, value, and for each role whether its cell is bad; and how values were read."""
    import polars as pl

    times = _times(frame[roles["time"]]) if "time" in roles else pl.Series([None] * len(frame), dtype=pl.Float64)
    no_value = pl.Series([1.0] * len(frame), dtype=pl.Float64)
    values, told = _values(frame[roles["value"]]) if "value" in roles else (no_value, "each row is a plain yes")
    users, items = _texts(frame[roles["user"]]), _texts(frame[roles["item"]])
    parsed = pl.DataFrame(
        {
            "row": frame[_ROW],
            "user": users,
            "item": items,
            "time": times,
            "value": values,
            "bad user": users.is_null(),
            "bad item": items.is_null(),
            "bad time": times.is_null() & _texts(frame[roles["time"]]).is_not_null() if "time" in roles else None,
            "bad value": values.is_null(),
        }
    )
    return parsed.with_columns(pl.col("bad time").cast(pl.Boolean).fill_null(value=False)), told


def _is_bad() -> "pl.Expr":
    import polars as pl

    return pl.any_horizontal(*(f"bad {role}" for role in ROLES))


def _problems(
    path: Path, frame: "pl.DataFrame", parsed: "pl.DataFrame", roles: Mapping[str, str]
) -> Iterator[InteractionsError]:
    """The first rows that cannot be used, each with the first cell that is why."""
    bad = parsed.with_row_index("place").filter(_is_bad()).head(_EXAMPLES)
    for found in bad.iter_rows(named=True):
        role = next(role for role in ROLES if found[f"bad {role}"])
        cell = _texts(frame[roles[role]][found["place"] : found["place"] + 1])[0]
        problem, hint = _why(role, cell)
        yield InteractionsError(problem, file=str(path), row=found["row"], column=roles[role], hint=hint)


def _why(role: str, cell: str | None) -> tuple[str, str]:
    if cell is None:
        return f"the {role} is missing.", "Fill it in, or skip such rows."
    if role == "time":
        return f"'{cell}' is no time.", _TIME_HINT
    known = ", ".join(names[0] for names in _EVENTS.values())
    return f"'{cell}' is neither a number nor an event that is known.", f"Events are {known} and the like."


def _texts(column: "pl.Series") -> "pl.Series":
    """The cells as text without blanks around it, null where nothing is in them; whole numbers without a point."""
    import polars as pl

    if column.dtype.is_float():  # whole numbers some of which are missing, as pandas writes them
        column = column.fill_nan(None)
        whole = column.cast(pl.Int64, strict=False)
        column = whole if (whole.cast(column.dtype) == column).all() else column
    text = column.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)


def _numbers(column: "pl.Series") -> "pl.Series | None":
    """The cells as finite numbers, null where they are none; None if most of them are none."""
    import polars as pl

    numbers = (column if column.dtype.is_numeric() else _texts(column)).cast(pl.Float64, strict=False)
    numbers = numbers.set(~numbers.is_finite(), None)
    held = len(column) - _texts(column).null_count()
    return numbers if 2 * (len(numbers) - numbers.null_count()) > held else None


def _times(column: "pl.Series") -> "pl.Series":
    """Seconds since 1970, null where the cell tells no time. Times without a zone are taken as UTC."""
    import polars as pl

    if column.dtype.is_temporal():
        moments = column.cast(pl.Datetime("us"))
        return moments.dt.epoch("us").cast(pl.Float64) / 1e6
    numbers = _numbers(column)
    if numbers is None:
        return _moments(_texts(column))
    usual = abs(float(numbers.drop_nulls().median() or 0.0))  # type: ignore[arg-type]
    return numbers / next(unit for least, unit in _UNITS if usual >= least)


def _moments(texts: "pl.Series") -> "pl.Series":
    """Seconds since 1970 from ISO texts."""
    import polars as pl

    def number(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Float64, strict=False).fill_null(0.0)

    day = pl.col("day").str.replace_all("/", "-").str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32)
    clock = number("hour") * 3600 + number("minute") * 60 + number("second")
    is_one = (number("hour") < 24) & (number("minute") < 60) & (number("second") < 61)
    away = (number("away") * 3600 + number("more") * 60) * pl.when(pl.col("sign") == "-").then(-1.0).otherwise(1.0)
    seconds = pl.when(is_one).then(day.cast(pl.Float64) * 86400 + clock - away)
    return texts.str.extract_groups(_MOMENT).struct.unnest().select(seconds.alias("time"))["time"]


def _values(column: "pl.Series") -> tuple["pl.Series", str]:
    """How much each cell speaks for its item, null where that cannot be told; and in a sentence how it was read."""
    import polars as pl

    if column.dtype == pl.Boolean:
        column = column.cast(pl.String)
    numbers = _numbers(column)
    if numbers is not None:
        return _judged(numbers, is_count=_plain(column.name) in _COUNTS)
    worth = {name: value for value, names in _EVENTS.items() for name in names}
    plain = _texts(column).str.to_lowercase().str.replace_all("[^a-z0-9]", "")
    return plain.replace_strict(worth, default=None, return_dtype=pl.Float64), "by the names of events"


def _judged(numbers: "pl.Series", *, is_count: bool) -> tuple["pl.Series", str]:
    """Numbers as touches: by their scale, which the least and the greatest of them tell."""
    import polars as pl

    held = numbers.drop_nulls()
    low, high = float(held.min()), float(held.max())  # type: ignore[arg-type]
    value = pl.col(numbers.name or "value")
    frame = pl.DataFrame({numbers.name or "value": numbers})
    if is_count or high > _TOPS[-1]:
        told, worth = "counts: more than 0 is a plain yes", pl.when(value > 0).then(1.0).otherwise(_SHOWN)
    elif low < 0:
        told = "signs: above 0 is a plain yes, 0 is half-hearted, below speaks against"
        worth = pl.when(value > 0).then(1.0).when(value == 0).then(_MIDDLE).otherwise(_LOW)
    else:
        top = next(top for top in _TOPS if high <= top)
        told = (
            f"a scale up to {top:g}: from {top * _UPPER_PART:g} on a plain yes, from {top * _MIDDLE_PART:g} on "
            "half-hearted, below that against"
        )
        worth = pl.when(value >= top * _UPPER_PART).then(1.0).when(value >= top * _MIDDLE_PART).then(_MIDDLE)
        worth = worth.otherwise(_LOW)
    return frame.select(pl.when(value.is_not_null()).then(worth).alias("worth"))["worth"], told


# Out of the file ------------------------------------------------------------------------------------------------------


def _frame(path: Path, on_bad: Callable[[InteractionsError], None] | None, progress: Progress | None) -> "pl.DataFrame":
    """All columns of scalars, and the row numbers (from 1). What polars cannot read is read as a catalog is."""
    _checked(path)
    frame = _fast(path)
    if frame is None:
        return _slow(path, on_bad, progress)
    if not len(frame):
        raise InteractionsError("holds no rows.", file=str(path), hint=_FORMAT)
    return frame.with_row_index(_ROW, offset=1)


def _checked(path: Path) -> None:
    """What can be said of a file without reading it."""
    file = str(path)
    if path.is_dir():
        raise InteractionsError("is a folder.", file=file, hint="Name one file in it.")
    if not path.exists():
        raise InteractionsError("there is no such file.", file=file, hint="Check the path.")
    if _kind(path) not in SUFFIXES:
        hint = f"Known are {', '.join(SUFFIXES)}; all but Parquet also with .gz behind."
        raise InteractionsError("its ending is that of no known kind of file.", file=file, hint=hint)
    if path.stat().st_size == 0:
        raise InteractionsError("is empty.", file=file, hint=_FORMAT)


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"] and suffixes[-2:-1] != [".parquet"]:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _fast(path: Path) -> "pl.DataFrame | None":
    """The file by polars; None if it is not well formed, or of a kind that polars reads otherwise than we do."""
    import polars as pl

    try:
        match _kind(path):
            case ".parquet":
                frame: pl.DataFrame | None = pl.read_parquet(path)
            case ".csv" | ".tsv" as kind:
                frame = _separated(_bytes(path), kind)
            case ".jsonl" | ".ndjson":
                frame = pl.read_ndjson(_bytes(path), infer_schema_length=None)
            case _:
                return None
    except (pl.exceptions.PolarsError, OSError, EOFError, ValueError):  # the slow way says what and where
        return None
    if frame is None or any(isinstance(kind, pl.Struct) for kind in frame.dtypes):
        return None
    return frame.select(name for name, kind in frame.schema.items() if not kind.is_nested() and kind != pl.Binary)


def _bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()


def _separated(content: bytes, kind: str) -> "pl.DataFrame | None":
    import polars as pl

    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or (kind == ".tsv" and b'"' in content):
        return None
    header = content[: content.find(b"\n") if b"\n" in content else None]
    separator = "\t" if kind == ".tsv" else max(",;\t|", key=lambda mark: header.count(mark.encode()))
    frame = pl.read_csv(content, separator=separator, infer_schema=False)
    if any(name.endswith("_duplicated_0") for name in frame.columns):
        return None
    frame = frame.rename({name: name.strip() for name in frame.columns})
    return frame.filter(~pl.all_horizontal(pl.all().is_null()))


def _slow(path: Path, on_bad: Callable[[InteractionsError], None] | None, progress: Progress | None) -> "pl.DataFrame":
    import polars as pl

    def skip(error: CatalogError) -> None:
        if on_bad is not None:
            on_bad(_ours(error))

    try:
        records = list(read_records(path, on_bad=skip if on_bad is not None else None, progress=progress))
    except CatalogError as error:
        raise _ours(error) from error
    names = dict.fromkeys(name for record in records for name in record.fields)
    cells = {name: [_cell(record.fields.get(name)) for record in records] for name in names}
    frame = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String))
    return frame.insert_column(0, pl.Series(_ROW, [record.row for record in records]))


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, list):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _ours(error: CatalogError) -> InteractionsError:
    """What reading a catalog says, said of interactions: what it advises on the items of a catalog is left out."""
    is_of_catalogs = any(word in error.hint for word in ("catalog", "item", "title"))
    hint = _FORMAT if is_of_catalogs else error.hint
    return InteractionsError(error.problem, file=error.file, row=error.row, column=error.field, hint=hint)
