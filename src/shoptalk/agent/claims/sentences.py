"""From a stream of pieces of text to whole sentences, each as soon as it is complete."""

import re
from collections.abc import Iterable, Iterator

_END = re.compile(r"[.!?…]+[\"'”’)\]*]*(?=\s)|\n+")
_ABBREVIATED = frozenset(
    """mr mrs ms dr prof st sr jr vs inc ltd co corp no nos vol approx ca eg e.g ie i.e etc al feat ft min max mt
    rev gen col sgt
    capt lt hon dept est fig ed bros p pp jan feb mar apr jun jul aug sep sept oct nov dec a.k.a aka u.s u.k""".split()
)
_LAST_WORD = re.compile(r"[^\s(“\"'*\[]+$")
_LISTED = re.compile(r"^\s*(?:\d{1,2}|[-*•])$")
_NEXT = re.compile(r"\s+[\"'“‘(\[*]*(?P<first>\S)")


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Sentences and lines, with the white space that stands before them; joined they are the input.

    A sentence comes out once what follows shows that it has ended: 'Dr. No', '4.6 stars', '**Oh! Calcutta!** runs' and
    '1. **Title**' are not torn apart.
    """
    held = ""
    for piece in pieces:
        held += piece
        while (end := _ending(held)) is not None:
            yield held[:end]
            held = held[end:]
    if held:
        yield held


def _ending(text: str) -> int | None:
    """Where the first sentence ends, if enough of what follows is there to tell."""
    begun = len(text) - len(text.lstrip())
    for match in _END.finditer(text, begun):
        end = match.start() if match.group().startswith("\n") else match.end()
        if match.group().startswith("\n"):
            if end > begun and text[match.end() :].strip():
                return end
            continue
        following = _NEXT.match(text, match.end())
        if following is None:
            return None
        if _ends(text[:end], match.group(), following["first"], "\n" in following.group()):
            return end
    return None


def _ends(said: str, mark: str, following: str, is_line: bool) -> bool:
    """True if the mark at the end of what is said ends a sentence, by what stands before it and after."""
    if said.count("**") % 2 or said.count("“") > said.count("”") or said.count("(") > said.count(")"):
        return is_line
    if is_line:
        return True
    if following.islower():
        return False
    if not mark.startswith(".") or mark.startswith(("..", ".…")):
        return True
    before = said[: -len(mark)]
    if _LISTED.match(before):
        return False
    word = _LAST_WORD.search(before)
    last = word.group().lower() if word else ""
    return last not in _ABBREVIATED and not (len(last) == 1 and last.isalpha() and before[-1].isupper())
