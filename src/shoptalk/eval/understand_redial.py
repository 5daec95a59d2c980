"""ReDial, two ways: how the seeker stands to the films that come up, and whether a title in a sentence is recognised.

Stance: each seeker message is understood, the recommender's last messages being what was heard, and merged into the
talk's state; at the end a film is liked, disliked or seen if the state says so. The truth is what the seeker answered
afterwards. Linking: `@id` in a message is replaced by the film's title in small letters, in a third of them with one
letter changed; a film is linked if the message's understanding names it.

Both are run with the titles as people mostly write them, without the year (the headline), and with it. Without a year
nobody can tell films of one title apart, so beside the very film any film of that title counts as *same title*.
"""

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoptalk.agent.state import TalkState, advance
from shoptalk.agent.tokens import words
from shoptalk.agent.understanding import Understanding
from shoptalk.eval.datasets import redial
from shoptalk.eval.datasets.redial import MENTION, Answers, Conversation, Film
from shoptalk.eval.metrics import Interval
from shoptalk.eval.readers import EmbeddedReader, Reader
from shoptalk.eval.scoring import Latency, Scores, Share, Timed, drawn, latency_of, macro_f1, scores_of, share_of
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import Overrides, detect, to_items
from shoptalk.retrieval.reading import Record

__all__ = ["LinkingScores", "RedialReport", "StanceScores", "catalog_of", "measure_redial", "misspelt", "written_out"]

Miss = Callable[[dict[str, Any]], None]
Wording = Literal["without year", "with year"]

_QUESTIONS = ("like", "dislike", "seen")
_LIKED = {1: "liked", 0: "disliked", 2: "not said"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MISSPELT_SHARE = 1 / 3


class StanceScores(BaseModel):
    """How well the talk's state tells what the seeker answered of each film."""

    model_config = ConfigDict(frozen=True)

    conversations: int
    films: int = Field(description="films with answers, over all conversations")
    macro_f1: Interval = Field(description="mean F1 of three yes-or-no questions: likes it, dislikes it, has seen it")
    by_question: dict[str, Scores]
    liked_macro_f1: Interval = Field(description="mean F1 of liked, disliked, not said, as three classes")
    by_liked: dict[str, Scores]
    always_yes: float = Field(description="the first macro F1 of saying yes to everything")


class LinkingScores(BaseModel):
    """Named films that were recognised."""

    model_config = ConfigDict(frozen=True)

    messages: int
    exact: Share = Field(description="the very film")
    same_title: Share = Field(description="a film of that title")
    clean: Share = Field(description="the very film, spelt right")
    misspelt: Share = Field(description="the very film, one letter changed")


class RedialReport(BaseModel):
    """Both measurements, by wording."""

    model_config = ConfigDict(frozen=True)

    split: str
    conversations: int
    items: int
    stance: dict[Wording, StanceScores]
    linking: dict[Wording, LinkingScores]
    latency: Latency


@dataclass(frozen=True)
class Films:
    """The films as a shop: their catalog, and how each is written."""

    catalog: Catalog
    by_id: Mapping[str, Film]

    def written(self, film_id: str, wording: Wording) -> str:
        """'Alien' or 'Alien (1979)'; the bare id for a film that is not in the list."""
        film = self.by_id.get(film_id)
        if film is None:
            return film_id
        return f"{film.title} ({film.year})" if wording == "with year" and film.year else film.title

    def named_by(self, film_id: str, wording: Wording) -> str:
        """What a film is told apart by: title and year where the year is written, else the title."""
        film = self.by_id.get(film_id)
        if film is None:
            return film_id
        title = " ".join(words(film.title))
        return f"{title} {film.year}" if wording == "with year" else title


def catalog_of(films: Iterable[Film]) -> Films:
    """A catalog with title, year, genres, directors, cast and plot, as the shop detects it."""
    by_id = {film.id: film for film in films if film.title}
    columns: dict[str, Callable[[Film], Any]] = {
        "id": lambda film: film.id,
        "title": lambda film: film.title,
        "year": lambda film: film.year,
        "genre": lambda film: list(film.genres),
        "director": lambda film: list(film.directors),
        "cast": lambda film: list(film.cast),
        "plot": lambda film: film.plot,
    }
    records = [
        Record(number, {name: value for name, get in columns.items() if (value := get(film))})
        for number, film in enumerate(by_id.values(), start=1)
    ]
    schema = detect(records, Overrides(id="id", title="title"))
    return Films(Catalog.from_items(to_items(records, schema), schema), by_id)


def measure_redial(
    folder: Path,
    split: str,
    *,
    reader: Reader | None = None,
    limit: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
    tell: Callable[[int, int], None] | None = None,
    miss: Miss | None = None,
) -> RedialReport:
    """Measure a split, or `limit` conversations of it drawn by lot. `miss` is told each film that is not right.

    Conversations whose order was restored by a program are left out, and of train those that are in valid too.
    """
    drop = redial.conversation_ids(folder, "valid") if split == "train" and redial.has_split(folder, "valid") else ()
    conversations = [one for one in redial.read_conversations(folder, split, drop=drop) if one.is_exact]
    conversations = drawn(conversations, limit, seed)
    films = catalog_of(redial.read_films(folder))
    understanding = Timed((reader or EmbeddedReader()).over(films.catalog, "films"))
    wordings: tuple[Wording, ...] = ("without year", "with year")
    stances = {wording: _StanceTally(resamples, seed) for wording in wordings}
    links = {wording: _LinkTally(resamples, seed) for wording in wordings}
    for number, conversation in enumerate(conversations, start=1):
        for wording in wordings:
            judged = stance_of(conversation, films, understanding, wording)
            stances[wording].add(conversation.seeker, judged)
            linked = list(_linked(conversation, films, understanding, wording, seed))
            links[wording].add(linked)
            if miss is not None:
                _tell_misses(miss, conversation, films, wording, judged, linked)
        if tell is not None:
            tell(number, len(conversations))
    return RedialReport(
        split=split,
        conversations=len(conversations),
        items=len(films.catalog),
        stance={wording: tally.scores() for wording, tally in stances.items()},
        linking={wording: tally.scores() for wording, tally in links.items()},
        latency=latency_of(understanding.milliseconds),
    )


def stance_of(
    conversation: Conversation, films: Films, understanding: Understanding, wording: Wording
) -> dict[str, tuple[bool, bool, bool]]:
    """For each film that the seeker was asked about: likes it, dislikes it, has seen it, by the state at the end."""
    state, heard = TalkState(), list[str]()
    ends_hearing = False
    for message in conversation.messages:
        text = written_out(message.text, films, wording)
        if not message.by_seeker:
            heard = [text] if ends_hearing else [*heard, text]
            ends_hearing = False
            continue
        state = state.model_copy(update={"heard": " ".join(heard)})
        state = advance(state, understanding.understand(text, state), films.catalog)
        ends_hearing = True
    held = [{films.named_by(one, wording) for one in ids} for ids in (state.liked, state.disliked, state.seen)]
    found = {}
    for film in conversation.seeker:
        likes, dislikes, seen = (films.named_by(film, wording) in names for names in held)
        found[film] = (likes, dislikes, seen)
    return found


def written_out(text: str, films: Films, wording: Wording) -> str:
    """A message with the films' titles where their ids stand."""
    return MENTION.sub(lambda found: films.written(found[1], wording), text)


def misspelt(title: str, dice: random.Random) -> str:
    """The title with one letter replaced, left out, put in, or swapped with the next; as it is if it has no letter."""
    places = [place for place, letter in enumerate(title) if letter.isalpha()]
    if not places:
        return title
    at, kind = dice.choice(places), dice.choice(("replace", "drop", "add", "swap"))
    if kind == "swap" and at + 1 < len(title) and title[at + 1].isalpha() and title[at] != title[at + 1]:
        return title[:at] + title[at + 1] + title[at] + title[at + 2 :]
    if kind == "drop" and len(places) > 1:
        return title[:at] + title[at + 1 :]
    other = dice.choice([letter for letter in _LETTERS if letter != title[at].lower()])
    return title[:at] + other + title[at if kind == "add" else at + 1 :]


@dataclass(frozen=True)
class _Link:
    """One film in one message: what was written, and what the understanding named."""

    message: str
    film: str
    is_misspelt: bool
    is_exact: bool
    is_same_title: bool


def _linked(
    conversation: Conversation, films: Films, understanding: Understanding, wording: Wording, seed: int
) -> Iterable[_Link]:
    for number, message in enumerate(conversation.messages):
        named = [film for film in dict.fromkeys(message.films) if film in films.by_id]
        if not named:
            continue
        dice = random.Random(f"{seed} {conversation.id} {number}")
        changed = {film: dice.random() < _MISSPELT_SHARE for film in named}
        titles = {film: _lower(films, film, dice, wording, is_misspelt=changed[film]) for film in named}
        text = MENTION.sub(lambda found, titles=titles: titles.get(found[1], found[1]), message.text)  # type: ignore[misc]
        found = {mention.item_id for mention in understanding.understand(text, TalkState()).mentions}
        same = {films.named_by(one, "without year") for one in found}
        for film in named:
            yield _Link(text, film, changed[film], film in found, films.named_by(film, "without year") in same)


def _lower(films: Films, film: str, dice: random.Random, wording: Wording, *, is_misspelt: bool) -> str:
    title = films.by_id[film].title.lower()
    written = films.written(film, wording)
    year = re.search(r" \(\d{4}\)$", written) if wording == "with year" else None
    return (misspelt(title, dice) if is_misspelt else title) + (year[0] if year else "")


class _StanceTally:
    """Counts per conversation of the three questions and of the three classes of `liked`."""

    def __init__(self, resamples: int, seed: int) -> None:
        self._binary: list[list[int]] = []
        self._liked: list[list[int]] = []
        self._films = 0
        self._resamples, self._seed = resamples, seed

    def add(self, answers: Mapping[str, Answers], judged: Mapping[str, tuple[bool, bool, bool]]) -> None:
        """Count one conversation."""
        binary, liked = [0] * 9, [0] * 9
        for film, said in judged.items():
            truth = answers[film]
            if truth.liked is None and truth.seen is None:
                continue
            self._films += 1
            true = (truth.liked == 1, truth.liked == 0, truth.seen == 1)
            for place in range(3):
                _count(binary, place, said[place], true[place])
            predicted = 1 if said[0] else 0 if said[1] else 2
            for place, value in enumerate(_LIKED):
                _count(liked, place, predicted == value, truth.liked == value)
        self._binary.append(binary)
        self._liked.append(liked)

    def scores(self) -> StanceScores:
        """The figures."""
        options: dict[str, int] = {"resamples": self._resamples, "seed": self._seed}
        true = [sum(row[3 * place + 2] for row in self._binary) for place in range(3)]
        yes = [2 * count / (self._films + count) if count else 0.0 for count in true]
        return StanceScores(
            conversations=len(self._binary),
            films=self._films,
            macro_f1=macro_f1(self._binary, **options),
            by_question=_by_name(_QUESTIONS, self._binary, options),
            liked_macro_f1=macro_f1(self._liked, **options),
            by_liked=_by_name(tuple(_LIKED.values()), self._liked, options),
            always_yes=sum(yes) / 3,
        )


class _LinkTally:
    """Counts per conversation: exact, same title, clean and misspelt ones, each with how many there are."""

    def __init__(self, resamples: int, seed: int) -> None:
        self._rows: list[list[int]] = []
        self._messages = 0
        self._resamples, self._seed = resamples, seed

    def add(self, links: Sequence[_Link]) -> None:
        """Count one conversation."""
        spelt, wrong = [one for one in links if not one.is_misspelt], [one for one in links if one.is_misspelt]
        self._messages += len({one.message for one in links})
        row = [sum(one.is_exact for one in links), len(links), sum(one.is_same_title for one in links), len(links)]
        for part in (spelt, wrong):
            row += [sum(one.is_exact for one in part), len(part)]
        self._rows.append(row)

    def scores(self) -> LinkingScores:
        """The figures."""
        shares = [
            share_of([row[at : at + 2] for row in self._rows], resamples=self._resamples, seed=self._seed)
            for at in (0, 2, 4, 6)
        ]
        return LinkingScores(
            messages=self._messages, exact=shares[0], same_title=shares[1], clean=shares[2], misspelt=shares[3]
        )


def _count(row: list[int], place: int, predicted: bool, true: bool) -> None:
    row[3 * place] += predicted and true
    row[3 * place + 1] += predicted
    row[3 * place + 2] += true


def _by_name(names: Sequence[str], rows: Sequence[Sequence[int]], options: Mapping[str, int]) -> dict[str, Scores]:
    return {name: scores_of([row[3 * i : 3 * i + 3] for row in rows], **options) for i, name in enumerate(names)}


def _tell_misses(
    miss: Miss,
    conversation: Conversation,
    films: Films,
    wording: Wording,
    judged: Mapping[str, tuple[bool, bool, bool]],
    links: Iterable[_Link],
) -> None:
    common = {"conversation": conversation.id, "wording": wording}
    for film, said in judged.items():
        truth = conversation.seeker[film]
        true = (truth.liked == 1, truth.liked == 0, truth.seen == 1)
        if said != true:
            told = {"film": films.written(film, wording), "said": dict(zip(_QUESTIONS, said, strict=True))}
            miss({"kind": "stance", **common, **told, "true": dict(zip(_QUESTIONS, true, strict=True))})
    for link in links:
        if not link.is_exact:
            told = {"film": films.written(link.film, "with year"), "text": link.message}
            miss({"kind": "link", **common, **told, "misspelt": link.is_misspelt, "same_title": link.is_same_title})
