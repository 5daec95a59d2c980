"""How common an English word is: tells 'up', which any sentence holds, from 'Zootopia', which none does by chance.

`english.txt` holds 16,000 words, the most frequent first: the whole words of the word list that BERT's uncased
tokenizer was published with (Apache-2.0; made from Wikipedia and books), which is ordered by frequency.
"""

import math
from functools import cache
from importlib.resources import files


@cache
def ranks() -> dict[str, int]:
    """Each word of the list with its place, the most frequent word first (1)."""
    text = files(__package__).joinpath("english.txt").read_text(encoding="ascii")
    return {word: place for place, word in enumerate(text.split(), 1)}


def rarity(word: str) -> float:
    """How little chance puts this word into a sentence: 0 for the most frequent ones, 1 for what no list holds."""
    place = ranks().get(word)
    if place is None:
        return 1.0
    return max(0.0, math.log(place / 30) / math.log(len(ranks()) / 30)) * 0.9
