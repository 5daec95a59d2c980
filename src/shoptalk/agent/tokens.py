"""Words of a message with their places, folded so that 'Amélie', 'amelie' and 'AMELIE' are one."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BROKEN = re.compile(r"[\ud800-\udfff]")
_BOUNDARY = re.compile(r"[.;:!?\n]|,\s|\s[-–—]\s|[()]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: folded form, and its first and past-the-end character in the message."""

    form: str
    start: int
    end: int
    capital: bool


def fold(text: str) -> str:
    """Case-folded text without accents and with plain apostrophes removed; '&' reads 'and'."""
    if text.isascii():
        plain = text
    else:
        decomposed = unicodedata.normalize("NFKD", text)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return plain.casefold().replace("&", " and ").replace("'", "").replace("’", "")


def well_formed(message: str) -> str:
    """The message with halves of broken characters (lone surrogates) marked, so that it can be stored and sent."""
    return _BROKEN.sub("\ufffd", message)


def tokenize(message: str) -> list[Token]:
    """All words of a message, in order."""
    return [Token(fold(m.group()), m.start(), m.end(), m.group()[0].isupper()) for m in _WORD.finditer(message)]


def words(text: str) -> tuple[str, ...]:
    """Folded words of a text, hyphens and punctuation taken as spaces."""
    return tuple(fold(m.group()) for m in _WORD.finditer(text.replace("&", " and ")))


@lru_cache(maxsize=16_384)
def singular(word: str) -> str:
    """A crude English singular, the same for a word and its plural: 'comedies' and 'comedy' agree.

    It serves only to compare words with words; it is never shown.
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zzes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def boundaries(message: str) -> list[int]:
    """Characters at which a clause ends: sentence marks, commas before a space, dashes, brackets."""
    return [m.start() for m in _BOUNDARY.finditer(message)]
