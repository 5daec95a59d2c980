"""The talk in the terminal: text as it comes, picks as panels, a few commands; the same when fed through a pipe."""

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text as Styled

from shoptalk.agent.phrasing import label_of, value_in_words
from shoptalk.errors import ShoptalkError
from shoptalk.retrieval.schema import Column, Kind, Meaning, Schema
from shoptalk.shop.talk import UNDO
from shoptalk.ui.model_note import note

if TYPE_CHECKING:
    from shoptalk.agent.events import Changed, Chip, Pick, Reply
    from shoptalk.agent.offers import Question
    from shoptalk.retrieval.catalog import FacetValue, Item
    from shoptalk.retrieval.query import Request
    from shoptalk.shop import Shop, Talk

__all__ = ["TerminalTalk", "facts_of", "pick_panel", "printable", "shown_value", "typed_lines"]

HELP = """/like 2   you like pick 2            /drop      what the talk holds on to
/seen 1   you know pick 1 already    /drop 1    take the first of these back
/not 3    nothing like pick 3        /new       start over
/take 2   take choice 2 of an offer   /undo      take the last change back
/help     this list                  /quit      end (Ctrl-D does too)
Everything else is said to the shop; an empty line asks the same again."""

_FIRST = (
    Meaning.PRICE,
    Meaning.YEAR,
    Meaning.GENRE,
    Meaning.BRAND,
    Meaning.PLACE,
    Meaning.PERSON,
    Meaning.DURATION,
    Meaning.RATING,
)
_FACTS = 6
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class TerminalTalk:
    """One talk, read line by line and written to a console."""

    def __init__(self, shop: "Shop", talk: "Talk", console: Console) -> None:
        self._shop, self._talk, self._console = shop, talk, console
        self._picks: tuple[Pick, ...] = ()

    def run(self, lines: Iterable[str]) -> None:
        """Answer each line until they end or one says /quit."""
        for line in lines:
            command, _, argument = line.strip().partition(" ")
            if command.casefold() in ("/quit", "/exit", "/q"):
                return
            try:
                if command.startswith("/"):
                    self._command(command.casefold(), argument.strip())
                else:
                    self.say(line.strip())
            except ShoptalkError as error:
                self._tell(str(error), "red")

    def say(self, message: "str | Request") -> None:
        """Say it to the shop, or give it a request that was pressed, and print the answer as it comes."""
        picks: tuple[Pick, ...] = ()
        written = _Written(self._console)
        for event in self._talk.events(message):
            match event.kind:
                case "text":
                    written.write(printable(event.piece))
                case "picks":
                    picks = event.picks
                case "done":
                    self._show(picks, event.reply)

    def _show(self, picks: "tuple[Pick, ...]", reply: "Reply") -> None:
        self._console.print()
        if reply.model is not None and (told := note(reply.model)):
            self._tell(told, "dim")
        if reply.can_undo and reply.changes:
            self._tell(f"Changed: {' · '.join(map(_change, reply.changes))}  (/undo takes it back)", "dim")
        self._picks = picks or self._picks
        for number, pick in enumerate(picks, start=1):
            self._console.print(pick_panel(number, pick, self._shop.catalog.schema))
        if reply.question is not None:
            self._tell("You could answer: " + " · ".join(_choices(reply.question)), "dim")
        elif reply.suggestions:
            self._tell("You could say: " + " · ".join(map(printable, reply.suggestions)), "dim")

    def _command(self, command: str, argument: str) -> None:
        match command:
            case "/like" | "/seen" | "/not":
                self._mark(command, argument)
            case "/drop" if argument:
                self._drop(argument)
            case "/drop":
                self._chips(self._talk.chips)
            case "/take":
                self._take(argument)
            case "/undo":
                self.say(UNDO)
            case "/new":
                self._talk.start_over()
                self._picks = ()
                self._tell("We start over. What are you looking for?")
            case "/help":
                self._tell(HELP)
            case _:
                self._tell(f"There is no command {command}.\n{HELP}", "red")

    def _mark(self, command: str, argument: str) -> None:
        place = int(argument) if argument.isdecimal() else 0
        if not 1 <= place <= len(self._picks):
            shown = f"one of 1 to {len(self._picks)}" if self._picks else "there are no picks yet"
            self._tell(f"Which pick? {command} takes its number: {shown}.", "red")
            return
        item = self._picks[place - 1].item
        liked = {"/like": True, "/not": False}.get(command)
        self._talk.feedback(item.id, liked=liked, seen=True if command == "/seen" else None)
        noted = {"/like": "You like", "/not": "Not", "/seen": "Seen:"}[command]
        self._tell(f"{noted} {printable(item.title)}.", "dim")
        self.say("")

    def _take(self, argument: str) -> None:
        try:
            self.say(self._talk.choosing(int(argument) - 1 if argument.isdecimal() else -1))
        except IndexError:
            self._tell("Which choice? /take takes the number of one that was just offered.", "red")

    def _drop(self, argument: str) -> None:
        chips = self._talk.chips
        chosen = [
            chip for place, chip in enumerate(chips, 1) if argument.casefold() in (str(place), chip.label.casefold())
        ]
        if not chosen:
            self._tell(f"The talk holds nothing called '{argument}'.", "red")
            self._chips(chips)
            return
        self._talk.drop(chosen[0].key)
        self._tell(f"Dropped: {printable(chosen[0].label)}.", "dim")
        self.say("")

    def _chips(self, chips: "tuple[Chip, ...]") -> None:
        listed = [f"{place}. {printable(chip.label)}" for place, chip in enumerate(chips, start=1)]
        self._tell("\n".join(listed) or "The talk holds on to nothing yet.")

    def _tell(self, text: str, style: str = "") -> None:
        self._console.print(Styled(text, style=style))


def _choices(question: "Question") -> Iterator[str]:
    for place, choice in enumerate(question.choices, 1):
        many = "" if choice.changes_nothing or not question.counted else f" ({choice.count:,})"
        yield f"{place}. {printable(choice.label)}{many}"


def _change(change: "Changed") -> str:
    if change.was and change.now:
        return f"{printable(change.was)} → {printable(change.now)}"
    return f"+ {printable(change.now)}" if change.now else f"− {printable(change.was)}"


class _Written:
    """Writes text as its pieces come; what stands between two `**` is bold."""

    def __init__(self, console: Console) -> None:
        self._console, self._held, self._bold = console, "", False

    def write(self, piece: str) -> None:
        """Write the piece, but for a star at its end, which may be half of a mark."""
        *closed, last = (self._held + piece).split("**")
        for part in closed:
            self._print(part)
            self._bold = not self._bold
        self._held = "*" if last.endswith("*") else ""
        self._print(last.removesuffix(self._held))

    def _print(self, part: str) -> None:
        self._console.print(Styled(part, style="bold" if self._bold else ""), end="", soft_wrap=True)


def typed_lines(console: Console) -> Iterator[str]:
    """What is typed, with a prompt; what comes through a pipe is echoed, so that the output reads as a talk."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            console.print(Styled(f"> {printable(line.strip())}", style="bold"))
            yield line
        return
    import readline  # noqa: F401  (line editing and history for input())

    while True:
        try:
            yield console.input("[bold cyan]> [/]")
        except EOFError:
            console.print()
            return


def pick_panel(number: int, pick: "Pick", schema: Schema) -> Panel:
    """A pick as shown: title, a line of facts, the reasons."""
    lines = [Styled(facts, style="dim")] if (facts := " · ".join(facts_of(pick.item, schema))) else []
    lines += [Styled(f"• {printable(reason)}") for reason in pick.reasons]
    title = Styled(f"{number}. {printable(pick.item.title)}", style="bold")
    return Panel(Group(*lines), title=title, title_align="left", border_style="cyan", padding=(0, 1))


def facts_of(item: "Item", schema: Schema) -> list[str]:
    """The facets that tell most about an item, as people read them: '$12.50', '117 min', 'Horror, Science Fiction'."""
    order = {meaning: place for place, meaning in enumerate(_FIRST)}
    known = [facet for facet in schema.facets if facet.name in item.facets]
    ranked = sorted(known, key=lambda facet: order.get(facet.meaning, len(order)) if facet.meaning else len(order))
    silent = (Meaning.HIDDEN, Meaning.STOCK, Meaning.POPULARITY)
    told = [facet for facet in ranked if facet.meaning not in silent and item.facets[facet.name] is not False]
    return [shown_value(facet, item.facets[facet.name]) for facet in told[:_FACTS]]


def shown_value(facet: Column, value: "FacetValue") -> str:
    """A facet's value in a few words, with its unit, and with its label where the value alone would say nothing."""
    words = printable(value_in_words(facet, value))
    bare = isinstance(value, float) and not facet.unit and facet.meaning is not Meaning.YEAR
    return f"{printable(label_of(facet))} {words}" if bare or facet.kind is Kind.DATE else words


def printable(text: str) -> str:
    """The text without control characters: an item's or a person's words must not steer the terminal."""
    return "".join(" " if char in "\t\r" else char for char in text if char == "\n" or _is_shown(char))


def _is_shown(char: str) -> bool:
    return char in "\t\r" or (unicodedata.category(char) not in ("Cc", "Cs") and char not in _BIDI)
