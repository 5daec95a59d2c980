"""Forms of a word: what 'mystery' and 'mysterious', 'Canada' and 'Canadian', 'animated' and 'animation' share."""

_SHORTEST, _TURNS_FROM = 4, 7
#: Nouns of adjectives: 'violence' is 'violent', 'elegance' 'elegant'.
_TURNED = (("ence", "ent"), ("ency", "ent"), ("ance", "ant"), ("ancy", "ant"))
_SUFFIXES = tuple(
    sorted(
        """ization ational ousness iveness ically ation ation ician istic ical tical ness ment able ible ance ence ings
        ing ers ies tic ian ean ese ish ist ism ity ive ous ious ful ial ific ion al ed er en es ic ce cy ly an or y e o
        a s ated""".split(),
        key=len,
        reverse=True,
    )
)


def bases(word: str) -> tuple[str, ...]:
    """What is left of a word without one English suffix: the word itself, then the longest; at least four letters."""
    cut = {word[: -len(end)] for end in _SUFFIXES if word.endswith(end) and len(word) - len(end) >= _SHORTEST}
    return (word, *sorted(cut - {word}, key=lambda base: (-len(base), base)))


def adjective_of(noun: str) -> str | None:
    """'Violent' of 'violence', 'elegant' of 'elegance'; None for other words."""
    ends = (noun[: -len(end)] + other for end, other in _TURNED if noun.endswith(end) and len(noun) > _TURNS_FROM)
    return next(ends, None)
