"""A sentence as pieces: words, numbers, marks, and the places where it names items."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shoptalk.agent.tokens import fold, singular

#: Stands for the k-th naming of an item in a sentence whose names were taken out.
NAMED_HERE = "\ue000"
_PIECE = re.compile(
    rf"(?P<word>[^\W\d_{NAMED_HERE}][^\W_{NAMED_HERE}]*(?:['’][^\W\d_]+)*)"
    r"|(?P<number>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<tail>[^\W_]*)"
    r"|(?P<mark>\S)"
)
_STRONG = frozenset(";:—–.!?…\n")
_SHORTENED = frozenset("dr mr mrs ms st jr sr vs prof approx no".split())
_TURNING = frozenset({"while", "whereas", "but"})
_POSSESSIVE = re.compile(r"['’]s$")
#: 'It's' is no 'it'; every other word with 's is told as the word.
_CONTRACTED = frozenset("it that there here what who he she let where how one this".split())


@dataclass(frozen=True, slots=True)
class Piece:
    """One word, number or mark. `value`: of a number; `tail`: letters that touch it ('min' of '96min').

    `items`: for the naming of items, their places among the records; None for anything else.
    """

    text: str
    form: str
    stem: str
    start: int
    value: float | None = None
    tail: str = ""
    items: frozenset[int] | None = None

    @property
    def is_word(self) -> bool:
        """True for words, and for numbers with letters ('1080p')."""
        return bool(self.form)

    @property
    def capital(self) -> bool:
        """True if it begins with a capital letter."""
        return self.text[:1].isupper()


def pieces_of(text: str, namings: Sequence[frozenset[int]] = ()) -> list[Piece]:
    """The pieces of a text, in order; its k-th `NAMED_HERE` names the k-th of the `namings`."""
    found: list[Piece] = []
    nth = 0
    for match in _PIECE.finditer(text):
        said = match.group()
        if match["word"]:
            form = _form(said)
            found.append(Piece(said, form, singular(form), match.start()))
        elif match["number"]:
            value = float(match["number"].replace(",", ""))
            tail = match["tail"].lower()
            found.append(Piece(said, fold(said), fold(said).replace(",", ""), match.start(), value, tail))
        elif said == NAMED_HERE and nth < len(namings):
            found.append(Piece(said, "", "", match.start(), items=namings[nth]))
            nth += 1
        elif not (said == "." and found and _is_shortened(found[-1], match.start())):
            found.append(Piece(said, "", "", match.start()))
    return found


def _form(said: str) -> str:
    """The word as it is compared: small, and without the 's of a possessive."""
    bare = _POSSESSIVE.sub("", said)
    return fold(said) if bare == said or (form := fold(bare)) in _CONTRACTED else form


def _is_shortened(piece: Piece, end: int) -> bool:
    """True for the word before a full stop that ends no sentence: 'J.', 'Dr.'."""
    touches = piece.start + len(piece.text) == end
    return touches and ((len(piece.text) == 1 and piece.text.isupper()) or piece.form in _SHORTENED)


def ends_clause(piece: Piece) -> bool:
    """True for what parts two statements: ';', a dash, 'while', 'but'."""
    return piece.text in _STRONG or piece.form in _TURNING


def in_words(pieces: Sequence[Piece]) -> str:
    """The pieces as they were said, for a log; the names of items as '[…]'."""
    return " ".join("[…]" if piece.items is not None else piece.text for piece in pieces)
