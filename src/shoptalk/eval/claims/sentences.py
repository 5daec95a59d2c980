"""The set: sentences about real answers, each with whether it may be said; the same whenever it is made.

True ones are written from wordings or by hand; false ones are true ones falsified in ten ways, or written by hand as
models are known to err. A hash of catalog, talk and way puts each into one of two halves: whoever improves a check may
look at the `open` one; figures are reported on the `held` one.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files

from shoptalk.agent.explaining import Answer
from shoptalk.errors import DatasetError
from shoptalk.eval.claims.answers import Held, hold_talks
from shoptalk.eval.claims.lies import falsified
from shoptalk.eval.claims.saying import wordings
from shoptalk.eval.claims.truths import Wording, true_statements

__all__ = ["BY_HAND", "FROM_WORDINGS", "HALLUCINATED", "Half", "Labelled", "claim_sentences", "half_of"]

FROM_WORDINGS, BY_HAND, HALLUCINATED = "true, from wordings", "true, by hand", "hallucinated, by hand"


class Half(StrEnum):
    """Which half a sentence belongs to: may be looked at, or is kept back for the figures."""

    OPEN = "open"
    HELD = "held"


@dataclass(frozen=True)
class Labelled:
    """A sentence about an answer, and whether the answer's evidence bears it out.

    `way` says how it was made; `source` is the true sentence that a falsified one comes from.
    """

    catalog: str
    talk: str
    way: str
    sentence: str
    true: bool
    answer: Answer = field(repr=False)
    source: str = ""

    @property
    def half(self) -> Half:
        """Which half it belongs to."""
        return half_of(self.catalog, self.talk, self.way)


def half_of(catalog: str, talk: str, way: str) -> Half:
    """The half of what was made in one way of one talk: by a hash, the same everywhere."""
    digest = hashlib.sha256(f"{catalog}/{talk}/{way}".encode()).digest()
    return Half.OPEN if digest[0] % 2 else Half.HELD


@cache
def claim_sentences(seed: int = 0) -> tuple[Labelled, ...]:
    """The whole set. Builds three shops in a temporary folder first: some ten seconds. Raises DatasetError."""
    held = hold_talks()
    made = [*_by_hand(held), *_made(held, seed)]
    anywhere = set(wordings()["any"]["plain"])  # what says nothing is the same in every talk
    once = {(one.sentence in anywhere or one.catalog + one.talk, one.sentence): one for one in reversed(made)}
    return tuple(reversed(once.values()))


def _made(held: Sequence[Held], seed: int) -> Iterator[Labelled]:
    wording = Wording(seed)
    for talk in held:
        true = true_statements(talk, wording, seed)
        for statement in true:
            text = statement.text(talk.answer)
            yield Labelled(talk.catalog, talk.name, FROM_WORDINGS, text, True, talk.answer)
        for lie in falsified(talk, true, talk.items, seed):
            yield Labelled(talk.catalog, talk.name, lie.way, lie.sentence, False, talk.answer, lie.source)


def _by_hand(held: Sequence[Held]) -> Iterator[Labelled]:
    told = tomllib.loads(files(__package__).joinpath("spoken.toml").read_text(encoding="utf-8"))
    by_key = {talk.key: talk for talk in held}
    for catalog, talks in told.items():
        for name, sentences in talks.items():
            talk = by_key.get(f"{catalog}/{name}")
            if talk is None:
                hint = f"Talks of {catalog}: {', '.join(one.name for one in held if one.catalog == catalog)}."
                raise DatasetError(f"spoken.toml speaks of the talk '{name}', which is not held.", hint=hint)
            for true, way in ((True, BY_HAND), (False, HALLUCINATED)):
                for sentence in sentences.get("true" if true else "false", ()):
                    yield Labelled(catalog, name, way, sentence, true, talk.answer)
