"""What a server with a prefix cache would still have had of each prompt: counted in blocks of tokens, as vLLM does."""

import re
from collections.abc import Sequence

_PIECE = re.compile(r"\s?\w{1,6}|\s?[^\w\s]|\s")
_BLOCK = 16
_MOST_BLOCKS = 65536


def pieces_of(text: str) -> list[str]:
    """A text in pieces of about the size of tokens; joined they are the text."""
    return _PIECE.findall(text)


class PrefixCache:
    """Blocks of prompts that were seen, each known by itself and all before it; the oldest go when there are many."""

    def __init__(self) -> None:
        self._blocks: dict[int, None] = {}
        self.queries = 0
        self.hits = 0

    def seen(self, tokens: Sequence[str]) -> int:
        """How many tokens at the prompt's begin were there from prompts before; the prompt is there from now on."""
        chain = 0
        cached, all_known = 0, True
        for start in range(0, len(tokens) - _BLOCK + 1, _BLOCK):
            chain = hash((chain, tuple(tokens[start : start + _BLOCK])))
            all_known = all_known and chain in self._blocks
            cached += _BLOCK if all_known else 0
            self._blocks[chain] = None
        while len(self._blocks) > _MOST_BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        self.queries += len(tokens)
        self.hits += cached
        return cached
