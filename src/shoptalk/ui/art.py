"""Drawn pictures: a placeholder for items without one, and the page's icons: inline SVG, nothing is fetched."""

from hashlib import sha256
from html import escape

from shoptalk.retrieval.schema import Meaning, Schema

_ICONS = {
    "heart": "M12 20s-7-4.4-9-9a4.9 4.9 0 0 1 9-4 4.9 4.9 0 0 1 9 4c-2 4.6-9 9-9 9z",
    "eye": "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
    "cross": "M6 6l12 12M18 6L6 18",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "again": "M20 12a8 8 0 1 1-2.6-5.9M20 3v4.5h-4.5",
    "back": "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
    "film": "M3 5h18v14H3zM8 5v14M16 5v14M3 9.7h5M3 14.3h5M16 9.7h5M16 14.3h5",
    "tag": "M3 3h8l10 10-8 8L3 11zM7.5 7.5h.01",
    "place": "M12 21s-7-6.2-7-11.5a7 7 0 0 1 14 0C19 14.8 12 21 12 21zM12 7a2.6 2.6 0 1 0 0 5.2A2.6 2.6 0 0 0 12 7z",
    "book": "M5 4h12a2 2 0 0 1 2 2v14H7a2 2 0 0 1-2-2zM5 17.5A2 2 0 0 1 7 16h12",
    "star": "M12 4l2.5 5.2 5.7.8-4.1 4 1 5.7L12 17l-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
}


def icon(name: str) -> str:
    """A small line drawing in the colour of the text around it; hidden from screen readers."""
    return f'<svg class="st-icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{_ICONS[name]}"/></svg>'


def kind_of_shop(schema: Schema) -> str:
    """The icon that stands for the kind of things in a catalog, guessed from what its facets mean."""
    meant = {facet.meaning for facet in schema.facets}
    if {Meaning.DURATION, Meaning.YEAR} <= meant:
        return "film"
    if Meaning.PLACE in meant and Meaning.GENRE not in meant:
        return "place"
    if Meaning.PRICE in meant or Meaning.BRAND in meant:
        return "tag"
    return "book" if Meaning.PERSON in meant else "star"


def placeholder(title: str, kind: str) -> str:
    """A picture drawn from the title alone: the same title always gives the same one. `kind` names an icon.

    What matters stands in the middle, so that it can be cropped to any shape.
    """
    seed = sha256(title.encode()).digest()
    ground, middle, front, light = _PALETTES[seed[0] % len(_PALETTES)]
    shapes = _COMPOSITIONS[seed[1] % len(_COMPOSITIONS)](seed, middle, front, light)
    return (
        '<svg class="st-art" viewBox="0 0 160 240" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        f'<rect width="160" height="240" fill="{ground}"/>{shapes}'
        f'<text x="80" y="122" text-anchor="middle">{escape(_initials(title))}</text>'
        f'<g class="st-art-kind" transform="translate(71 140) scale(.75)"><path d="{_ICONS[kind]}"/></g></svg>'
    )


def _initials(title: str) -> str:
    words = ["".join(letter for letter in word if letter.isalnum()) for word in title.split()]
    told = [word for word in words if word and word.lower() not in ("the", "a", "an", "of", "and", "to", "in")]
    return "".join(word[0].upper() for word in (told or [word for word in words if word])[:2])


def _discs(seed: bytes, middle: str, front: str, light: str) -> str:
    x = 50 + seed[2] % 60
    return (
        f'<circle cx="{x}" cy="{60 + seed[3] % 50}" r="{54 + seed[4] % 20}" fill="{middle}"/>'
        f'<circle cx="{150 - x / 2:g}" cy="{196 + seed[5] % 24}" r="{40 + seed[6] % 20}" fill="{front}"/>'
        f'<circle cx="{58 + seed[7] % 44}" cy="{40 + seed[8] % 24}" r="8" fill="{light}"/>'
    )


def _hills(seed: bytes, middle: str, front: str, light: str) -> str:
    far, near = 140 + seed[2] % 24, 172 + seed[3] % 20
    return (
        f'<circle cx="{58 + seed[4] % 44}" cy="{52 + seed[5] % 20}" r="14" fill="{light}"/>'
        f'<path d="M0 {far} Q44 {far - 44} 92 {far} T160 {far - 14} V240 H0z" fill="{middle}"/>'
        f'<path d="M0 {near + 14} Q60 {near - 34} 108 {near + 8} T160 {near} V240 H0z" fill="{front}"/>'
    )


def _bands(seed: bytes, middle: str, front: str, light: str) -> str:
    x = 8 + seed[2] % 40
    tones = ((0, 40, middle), (50, 24, front), (82, 6, light), (98, 44, middle))
    return "".join(f'<path d="M{x + start} 0h{wide}l-60 240h-{wide}z" fill="{tone}"/>' for start, wide, tone in tones)


def _arcs(seed: bytes, middle: str, front: str, light: str) -> str:
    x = 50 + seed[2] % 60
    rings = ((104, 20, middle), (72, 18, front), (46, 5, light))
    return "".join(
        f'<circle cx="{x}" cy="240" r="{radius}" fill="none" stroke="{tone}" stroke-width="{wide}"/>'
        for radius, wide, tone in rings
    )


_COMPOSITIONS = (_discs, _hills, _bands, _arcs)
_PALETTES = (
    ("#2f4858", "#3d6072", "#55808f", "#e9c79a"),
    ("#3c4f47", "#507065", "#7a9a86", "#ead9b0"),
    ("#5b4a56", "#7a6272", "#a3848f", "#f0d2b8"),
    ("#4a4e69", "#636a8c", "#8c93b3", "#f2d8c2"),
    ("#6a5140", "#8a6c55", "#b5957a", "#f3dfb9"),
    ("#35506b", "#4c6f8f", "#7fa0b8", "#f0cfa8"),
    ("#7a4f45", "#9c6b5d", "#c39381", "#f6dcc0"),
    ("#44524a", "#65766a", "#93a394", "#e6c9a0"),
    ("#4d4458", "#6c607b", "#988ca6", "#eccfae"),
    ("#2d5552", "#427370", "#72a09b", "#f0d6a8"),
)
