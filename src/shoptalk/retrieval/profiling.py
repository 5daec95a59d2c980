"""What a column's values look like over all records: the ground on which a column's role is chosen."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from shoptalk.retrieval.flattening import FieldValue, Scalar
from shoptalk.retrieval.reading import Record
from shoptalk.retrieval.values import Quantity, is_missing, parse_date, parse_flag, parse_quantity, split_values

_SAMPLE = 2000
_ADDRESS = re.compile(r"(?:https?:)?//\S+$|www\.\S+$", re.IGNORECASE)
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|svg)(?:[?#]\S*)?$", re.IGNORECASE)
_CODE = re.compile(r"(?=.*\d)[\w.+/#()\-]+$|[\W\d_]+$")
_SEPARATORS = ("|", ";", ",")
_BRACKETED = re.compile(r"\[.*\]$", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Profile:
    """A column's values: `values` has one entry for each record that has the field, of `records` records."""

    name: str
    place: int
    records: int
    values: list[FieldValue]

    @cached_property
    def is_list(self) -> bool:
        """True if most values are lists."""
        return sum(isinstance(value, list) for value in self.values) * 2 > len(self.values)

    @cached_property
    def tally(self) -> Counter[Scalar]:
        """Each scalar (list members one by one) and how often it stands; missing marks left out, flags as words."""
        scalars: Counter[Scalar] = Counter()
        for value in self.values:
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, bool):
                    scalars[str(one).lower()] += 1
                elif not (isinstance(one, str) and is_missing(one)):
                    scalars[one] += 1
        return scalars

    @cached_property
    def total(self) -> int:
        """How many scalars there are."""
        return self.tally.total()

    @property
    def present(self) -> int:
        """How many records have the field."""
        return len(self.values)

    @property
    def coverage(self) -> float:
        """Share of the records that have the field."""
        return self.present / max(1, self.records)

    @property
    def distinctness(self) -> float:
        """Distinct scalars over all scalars: 1 where no two are the same."""
        return len(self.tally) / max(1, self.total)

    @cached_property
    def shared(self) -> float:
        """Share of the scalars that stand more than once: what makes a category."""
        return sum(count for count in self.tally.values() if count > 1) / max(1, self.total)

    @cached_property
    def sample(self) -> list[tuple[Scalar, int]]:
        """Up to 2,000 distinct scalars with their counts, evenly drawn."""
        held = list(self.tally.items())
        return held[:: len(held) // _SAMPLE + 1]

    def share(self, holds: Callable[[str], object]) -> float:
        """Share of the sample's scalars whose text has the property."""
        total = sum(count for _, count in self.sample)
        return sum(count for value, count in self.sample if holds(str(value))) / max(1, total)

    @cached_property
    def mean_length(self) -> float:
        """Mean number of characters of a scalar's text."""
        total = sum(count for _, count in self.sample)
        return sum(len(str(value)) * count for value, count in self.sample) / max(1, total)

    @cached_property
    def is_numeric(self) -> bool:
        """True if all scalars are numbers by type."""
        return bool(self.tally) and all(not isinstance(value, str) for value in self.tally)

    @cached_property
    def quantities(self) -> list[tuple[Quantity, int]]:
        """The sample's numbers, read."""
        read = [
            (parse_quantity(value) if isinstance(value, str) else Quantity(float(value)), count)
            for value, count in self.sample
        ]
        return [(quantity, count) for quantity, count in read if quantity is not None]

    @cached_property
    def number_share(self) -> float:
        """Share of the scalars that are numbers."""
        return sum(count for _, count in self.quantities) / max(1, sum(count for _, count in self.sample))

    @cached_property
    def numbers(self) -> list[float]:
        """The sample's distinct numbers, sorted."""
        return sorted(quantity.value for quantity, _ in self.quantities)

    def quantile(self, share: float) -> float:
        """The number that this share of the sample's values does not exceed; 0 if there are none."""
        ordered = sorted((quantity.value, count) for quantity, count in self.quantities)
        left = share * sum(count for _, count in ordered)
        for value, count in ordered:
            left -= count
            if left <= 0:
                return value
        return ordered[-1][0] if ordered else 0.0

    @cached_property
    def is_whole(self) -> bool:
        """True if all numbers are integers."""
        return bool(self.numbers) and all(number.is_integer() for number in self.numbers)

    @cached_property
    def date_share(self) -> float:
        """Share of the scalars that are dates."""
        return 0.0 if self.is_numeric else self.share(parse_date)

    @cached_property
    def is_flag(self) -> bool:
        """True if every scalar says yes or no."""
        return 0 < len(self.tally) <= 6 and all(parse_flag(str(value)) is not None for value in self.tally)

    @cached_property
    def address_share(self) -> float:
        """Share of the scalars that are web addresses."""
        return self.share(_ADDRESS.match)

    @cached_property
    def picture_share(self) -> float:
        """Share of the scalars that name a picture file."""
        return self.share(_PICTURE_FILE.search)

    @cached_property
    def code_share(self) -> float:
        """Share of the scalars that are no words: '006R90321', '10-20-30'."""
        return self.share(_CODE.match)

    def split_by(self, *, expected: bool) -> str | None:
        """The separator of a many-valued text column, None if it is none. `expected`: the name says that it is."""
        texts = [(str(value), count) for value, count in self.sample if isinstance(value, str)]
        for separator in _SEPARATORS:
            if _splits(texts, separator, expected=expected, of=self.total):
                return separator
        return None


def profile(records: Sequence[Record]) -> dict[str, Profile]:
    """The profiles of all columns, in the order in which the records first name them."""
    values: dict[str, list[FieldValue]] = {}
    for record in records:
        for name, value in record.fields.items():
            values.setdefault(name, []).append(value)
    return {name: Profile(name, place, len(records), held) for place, (name, held) in enumerate(values.items())}


def _splits(texts: list[tuple[str, int]], separator: str, *, expected: bool, of: int) -> bool:
    with_it = [(text, count) for text, count in texts if separator in text]
    weight = sum(count for _, count in with_it)
    total = sum(count for _, count in texts)
    if not with_it or (weight < 0.02 * total and not expected):
        return False
    first: set[str] = set()
    tokens: Counter[str] = Counter()
    later: Counter[str] = Counter()
    for text, count in texts:
        parts = split_values(text, separator)
        first.update(parts[:1])
        tokens.update(dict.fromkeys(parts, count))
        later.update(dict.fromkeys(parts[1:], count))
    spoken = sum(count for _, count in tokens.items()) or 1
    length = sum(len(token) * count for token, count in tokens.items()) / spoken
    repeated = sum(count for count in tokens.values() if count > 1) / spoken
    if length > 40:
        return False
    if expected or sum(count for text, count in with_it if _BRACKETED.match(text)) > weight / 2:
        return True
    # "Paris, France" is one place: what follows a comma there never leads. In a list any value may lead.
    leads = sum(count for token, count in later.items() if token in first) / max(1, later.total())
    enough = 0.5 if separator == "," else 0.3
    return length <= 25 and repeated >= enough and (separator != "," or leads >= 0.4)
