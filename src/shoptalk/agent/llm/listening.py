"""What is listened for while a model speaks: reasoning that is not for the person, running in circles, and noise."""

import re

from shoptalk.agent.watch import Failure

_OPEN = re.compile(r"<(?:think|thinking|reasoning)>")
_CLOSE = re.compile(r"</(?:think|thinking|reasoning)>")
_TAGS = tuple(f"<{slash}{name}>" for slash in ("", "/") for name in ("think", "thinking", "reasoning"))

_LONGEST_UNIT = 400
_TIMES = 4
_SHORTEST_RUN = 80
_STEP = 24
_ANCHOR = 12
_DIGITS = re.compile(r"\d+")
_WHITE = 100
_NOISE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")  # control, private use, undecodable
_HEARD = 200


class Reasoning:
    """Takes a model's words as they come and gives those that are not between `<think>` and `</think>`.

    A tag may be split over pieces. Leading white space goes too: an answer begins with a word. `bare` is True once a
    closing tag came that nothing had opened: then what was given before it was reasoning.
    """

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._begun = False
        self.bare = False

    def heard(self, piece: str) -> str:
        """What may be said of this piece and of what was held back before it."""
        self._held += piece
        out = "".join(iter(self._next, ""))
        return self._from_first_word(out)

    def rest(self) -> str:
        """What was held back to the end, because it could have become a tag."""
        out, self._held = ("" if self._inside else self._held), ""
        return self._from_first_word(out)

    def _next(self) -> str:
        """The next part that may be said; '' when more has to be heard first."""
        while self._held:
            if self._inside:
                if not self._skip():
                    return ""
                continue
            tag = re.search(f"{_OPEN.pattern}|{_CLOSE.pattern}", self._held)
            if tag is None:
                return self._safe()
            self._inside = not tag[0].startswith("</")
            self.bare = self.bare or not self._inside
            said, self._held = self._held[: tag.start()], self._held[tag.end() :]
            if said:
                return said
        return ""

    def _skip(self) -> bool:
        """Whether reasoning ended; what of it was heard is dropped."""
        end = _CLOSE.search(self._held)
        if end is None:
            self._held = self._held[-_half_tag(self._held) :] if _half_tag(self._held) else ""
            return False
        self._inside, self._held = False, self._held[end.end() :]
        return True

    def _safe(self) -> str:
        """What cannot become part of a tag."""
        kept = _half_tag(self._held)
        said, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        return said

    def _from_first_word(self, text: str) -> str:
        said = text if self._begun else text.lstrip()
        self._begun = self._begun or bool(said)
        return said


def without_reasoning(text: str) -> str:
    """A whole answer without its reasoning, where it came with a closing tag only too."""
    ends = list(_CLOSE.finditer(text))
    heard = Reasoning()
    said = heard.heard(text) + heard.rest()
    return text[ends[-1].end() :].strip() if heard.bare else said.strip()


class Sound:
    """Notices while a model speaks that nothing good will come: it runs in circles, or what it says is noise."""

    def __init__(self) -> None:
        self._tail = ""
        self._unchecked = 0

    def heard(self, piece: str, *, last: bool = False) -> Failure | None:
        """What is wrong with the text up to and with this piece; looked at every few pieces, and at the `last`."""
        self._tail = (self._tail + piece)[-_TIMES * _LONGEST_UNIT - 1 :]
        self._unchecked += len(piece)
        if self._unchecked < _STEP and not last:
            return None
        self._unchecked = 0
        if runs_in_circles(self._tail):
            return Failure.LOOPING
        return Failure.GARBAGE if is_noise(self._tail) else None


def runs_in_circles(text: str) -> bool:
    """Whether a text ends in 100 white characters, or in four times the same or more (of 80 characters in all)."""
    if len(text) - len(text.rstrip()) >= _WHITE:
        return True
    return _repeats(text, _SHORTEST_RUN) or _repeats(_DIGITS.sub("0", text), 2 * _SHORTEST_RUN)


def _repeats(text: str, least: int) -> bool:
    """Whether the end of a text is one unit over and over: each place where its last letters stand before is tried."""
    end = len(text)
    last, before = text[-_ANCHOR:], end - 1
    while (place := text.rfind(last, 0, before)) >= 0:
        before = place + len(last) - 1
        unit = end - place - len(last)
        length = max(least, _TIMES * unit)
        if length > end or unit > _LONGEST_UNIT:
            return False
        if text[-length:-unit] == text[-length + unit :]:
            return True
    return False


def is_noise(text: str) -> bool:
    """Whether more than a tenth of a text's end (of 20 characters or more) is no character that anybody writes."""
    end = text[-_HEARD:]
    return len(end) >= 20 and len(_NOISE.findall(end)) > len(end) / 10


def _half_tag(text: str) -> int:
    """How many characters at the end could be the begin of a tag."""
    longest = max(len(tag) for tag in _TAGS) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(tag.startswith(text[-length:]) for tag in _TAGS):
            return length
    return 0
