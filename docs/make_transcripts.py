"""Plays scripted talks with several shops and writes down what came of them, in docs/transcripts.md.

    python docs/make_transcripts.py [--data DIR] [--into DIR] [--out FILE]

The films come with shoptalk. With --data (or SHOPTALK_DATA) wiki_movies, icecat and hotels are built from there, into
--into (kept, so that a second run is quick) or a temporary folder. Nothing is corrected by hand: run it again after a
change and look at the difference.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

from shoptalk import Shop
from shoptalk.agent.events import Changed, Reply
from shoptalk.ui.terminal import facts_of, printable

SOURCES = {
    "wiki_movies": "wiki_movies/movies.jsonl.gz",
    "icecat": "icecat/products.jsonl.gz",
    "hotels": "hotels/HotelsData_toAzureSearch.JSON",
}


@dataclass(frozen=True)
class Script:
    """One talk: the shop, what it is meant to show, and the messages in order."""

    shop: str
    about: str
    messages: tuple[str, ...]


SCRIPTS = (
    Script(
        "films",
        "Like another film, its title misspelt; a bound in hours; an item seen; the second one",
        (
            "something like Aliem but funny, under two hours",
            "seen the first one; what about older ones?",
            "tell me more about the second one",
            "more like the second one",
        ),
    ),
    Script(
        "films",
        "Negation, a decade, a count, and changing one's mind",
        (
            "three comedies from the 80s, no romance please",
            "make it five",
            "actually thrillers instead",
            "the 90s are fine too",
        ),
    ),
    Script(
        "films",
        "A number range, newer than a pick, a person",
        (
            "a drama between 90 and 110 minutes",
            "newer than the first one",
            "anything with a woman director? maybe Jane Campion",
            "and without subtitles, in English",
        ),
    ),
    Script(
        "films",
        "Nothing fits, and what to give up",
        ("a musical western from the 1930s about robots, under 60 minutes", "ok, any length", "any decade then"),
    ),
    Script(
        "films",
        "Nothing fits: an offer taken by saying yes, undone, and another one taken",
        ("a korean western", "yes", "undo", "the second one", "nothing before 2000"),
    ),
    Script(
        "films",
        "A clarifying question answered, and the answer undone",
        ("a comedy", "France", "undo", "not too old, my kid is watching", "something by tarrantino then"),
    ),
    Script(
        "films",
        "Small talk, help, a question about an item, starting over",
        (
            "hi there",
            "what can you do?",
            "a sad film about war",
            "who directed the first one?",
            "let's start over: something light for kids",
        ),
    ),
    Script(
        "films",
        "An unknown title, and likes and dislikes said in words",
        (
            "I loved Blade Runner and The Matrix but hated Avatar, what should I watch?",
            "something like The Flurbish Conundrum",
            "more",
        ),
    ),
    Script(
        "wiki_movies",
        "Actors and years in a large catalog",
        (
            "films with Humphrey Bogart from the forties",
            "not the war ones",
            "anything newer with a detective?",
            "more",
        ),
    ),
    Script(
        "wiki_movies",
        "What a film is about, in other words",
        (
            "a movie where someone relives the same day again and again",
            "like the first one but a horror film",
            "only after 2010",
        ),
    ),
    Script(
        "wiki_movies",
        "Several wishes in one breath",
        (
            "silent comedies of the twenties, but not with Charlie Chaplin, give me six",
            "who is in the second one?",
            "compare the first two",
        ),
    ),
    Script(
        "icecat",
        "A laptop under a price",
        (
            "a laptop under 500 euros",
            "with at least 4 GB of memory",
            "cheaper than the first one",
            "which of these is the lightest?",
        ),
    ),
    Script(
        "icecat",
        "Printers: a brand, not a brand, a price range",
        (
            "I need a colour laser printer from HP",
            "or another brand, not HP",
            "between 100 and 300",
            "details of the second one",
        ),
    ),
    Script(
        "icecat",
        "Accessories: words with numbers in them, and an impossible price",
        ("a usb cable, 3 metres", "black ones only", "under 0.01"),
    ),
    Script(
        "hotels",
        "A city and an amenity",
        ("a hotel in New York with parking", "somewhere with a pool instead", "rated at least 4", "the cheapest room?"),
    ),
    Script(
        "hotels",
        "Vague wishes, a negation, a city without hotels",
        (
            "a quiet place near nature with free wifi",
            "no smoking rooms please",
            "is there anything in Reykjavik?",
            "ok, what do you have in Seattle?",
        ),
    ),
)


def main() -> None:
    """Play every script whose shop can be had, and write the transcript."""
    chosen = _arguments()
    with tempfile.TemporaryDirectory(prefix="shoptalk-transcripts-") as temporary:
        shops = {
            name: shop
            for name in dict.fromkeys(one.shop for one in SCRIPTS)
            if (shop := _shop(name, chosen, Path(temporary)))
        }
        pages = [
            _HEAD,
            *(line for script in SCRIPTS if script.shop in shops for line in _page(script, shops[script.shop])),
        ]
        for shop in shops.values():
            shop.close()
    chosen.out.write_text("\n".join(pages).rstrip() + "\n", encoding="utf-8")
    missing = sorted({script.shop for script in SCRIPTS} - set(shops))
    left_out = f"; left out, for want of --data: {', '.join(missing)}" if missing else ""
    sys.stderr.write(f"{chosen.out}: {sum(script.shop in shops for script in SCRIPTS)} talks{left_out}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.environ.get("SHOPTALK_DATA")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None, help="folder with the datasets")
    parser.add_argument("--into", type=Path, help="folder to build the shops in, and to keep them")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "transcripts.md")
    return parser.parse_args()


def _shop(name: str, chosen: argparse.Namespace, temporary: Path) -> Shop | None:
    """A copy of the shop without anyone's talks, so that every run begins the same; None without a source for it."""
    if name == "films":
        with Shop.open(name) as opened:
            original = opened.folder
    else:
        source = chosen.data / SOURCES[name] if chosen.data else None
        if source is None or not source.is_file():
            return None
        original = (chosen.into or temporary / "built") / name
        if not original.is_dir():
            sys.stderr.write(f"Building {name} ...\n")
            Shop.build(source, original, name=name, skip_bad=True).close()
    copy = temporary / name
    copytree(original, copy, ignore=ignore_patterns("talks.db*", "writer.*"))
    return Shop.open(copy)


def _page(script: Script, shop: Shop) -> Iterator[str]:
    yield f"## {script.shop}: {script.about}"
    talk = shop.talk()
    for message in script.messages:
        reply = talk.say(message)
        yield f"\n**> {message}**\n"
        yield from (f"{line}  " for line in printable(reply.text).strip().splitlines())
        yield from _picks(reply, shop)
        if reply.question is not None:
            yield "\n" + "choices: " + " ".join(f"`{choice.label}`" for choice in reply.question.choices)
        if len(reply.changes) < len(reply.chips) or any(change.was for change in reply.changes):
            yield "\n" + "changed: " + ", ".join(_change(change) for change in reply.changes)
        if reply.chips:
            yield "\n" + "held: " + " ".join(f"`{chip.label}`" for chip in reply.chips)
    yield "\n"


def _change(change: Changed) -> str:
    """What the message changed: '~~old~~ → `new`', as the page shows it beside its undo button."""
    parts = [f"~~{change.was}~~" if change.was else "", f"`{change.now}`" if change.now else ""]
    return " → ".join(part for part in parts if part)


def _picks(reply: Reply, shop: Shop) -> Iterator[str]:
    for number, pick in enumerate(reply.picks, start=1):
        facts = " · ".join(facts_of(pick.item, shop.catalog.schema))
        yield f"\n{number}. **{printable(pick.item.title)}** ({facts})"
        yield from (f"   - {printable(reason)}" for reason in pick.reasons)


_HEAD = """# Talks, as they went

Written by `docs/make_transcripts.py`: scripted messages, answers as the shop gave them, nothing corrected. Under each
answer are the picks with their reasons, the choices of a question, what the message changed, and what the talk holds
on to.
"""


if __name__ == "__main__":
    main()
