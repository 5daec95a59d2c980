"""Public datasets in one small vocabulary, for benchmarks: a catalog, something to learn from, and questions to answer.

A `DialogueSet` holds talks in which one side recommends, an `InteractionSet` what people bought or rated and what came
next, a `SearchSet` queries with graded results. `COLLECTIONS` names those that can be read and the splits of each. What
models learn from never holds anything of the split that is asked.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from shoptalk.agent.tokens import words
from shoptalk.errors import DatasetError
from shoptalk.eval.datasets import icecat, inspired, interactions, opendialkg, redial
from shoptalk.eval.datasets.files import found
from shoptalk.eval.logs import Dialogue, LoggedTurn
from shoptalk.retrieval.detecting import Overrides

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "COLLECTIONS",
    "Collection",
    "DialogueSet",
    "InteractionSet",
    "Interactions",
    "LeftOut",
    "SearchSet",
    "Set",
    "collection",
]

Item = dict[str, Any]
Kind = Literal["crs", "next", "search"]

_FILM = Overrides(id="id", title="title")
_PRODUCT = Overrides(id="id", title="title", price="price:minor")
#: MovieLens' stars from which on they are a plain yes, and a weak one.
_POSITIVE, _MIDDLING = 4.0, 3.0
_INSPIRED_YEAR = re.compile(r"\s*\((\d{4})?[^()]*\)?\s*$")


@dataclass(frozen=True, eq=False)
class DialogueSet:
    """Talks of a user and a shop, `test` being those of the asked split; turns name items by id, texts by title.

    A question is a shop turn that names an item and has a turn before it. `exact` are the ids of the dialogues whose
    turns stand as they were said; in the others a program restored their order, and who spoke. Dialogues hold no
    feedback: what ReDial's sides answered after the talk, nobody knows during it.
    """

    name: str
    items: tuple[Item, ...]
    train: tuple[Dialogue, ...]
    test: tuple[Dialogue, ...]
    exact: frozenset[str]
    overrides: Overrides = _FILM


@dataclass(frozen=True, eq=False)
class Interactions:
    """m events, users one after another and each user's oldest first.

    `users` and `items` (m,) are ids. `values` (m,) say how much an event speaks for its item, as in `Touch`; `stars`
    (m,) are what the dataset itself tells of that, and `times` (m,) are seconds since 1970: both NaN where not known.
    """

    users: NDArray[np.str_]
    items: NDArray[np.str_]
    values: NDArray[np.float64]
    stars: NDArray[np.float64]
    times: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.users)

    def frame(self) -> "pl.DataFrame":
        """As a shop is given it: user, item and, where the dataset tells them, rating (stars) and time (seconds)."""
        import polars as pl

        told = {"rating": self.stars, "time": self.times}
        known = {name: column for name, column in told.items() if not np.isnan(column).all()}
        return pl.DataFrame({"user": self.users, "item": self.items, **known}).fill_nan(None)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One question: what a user had before (ids, oldest first, each with its value), and the item that came next."""

    user: str
    had: tuple[str, ...]
    values: tuple[float, ...]
    target: str


@dataclass(frozen=True, eq=False)
class InteractionSet:
    """Interactions to learn from, and each user's last item of the asked split; all items not had are ranked.

    `train` holds, of the users that are asked about, what they had before the target and nothing after it.
    """

    name: str
    items: tuple[Item, ...]
    train: Interactions
    test: tuple[LeftOut, ...]
    overrides: Overrides = _FILM


@dataclass(frozen=True, eq=False)
class SearchSet:
    """Queries with the grades (0 to 3) of the products that someone judged; each has a product of grade 1 or more.

    `judged` counts the queries before those without any were left out. `source` is the file of the products.
    """

    name: str
    items: tuple[Item, ...]
    queries: tuple[tuple[str, Mapping[str, int]], ...]
    judged: int
    source: Path
    overrides: Overrides = _PRODUCT


Set = DialogueSet | InteractionSet | SearchSet


@dataclass(frozen=True)
class Collection:
    """A dataset that can be read: `read(folder, split)` raises DatasetError if the folder or the split is not there.

    `folder` is its usual name beside other datasets, `splits` what can be asked.
    """

    name: str
    kind: Kind
    folder: str
    read: Callable[[Path, str], Set] = field(repr=False)
    splits: tuple[str, ...] = ("valid", "test")

    def within(self, data: Path) -> Path:
        """The dataset's folder in a folder of datasets; the folder itself if it has none of that name."""
        inner = data / self.folder
        return inner if inner.is_dir() else data


def collection(name: str, kind: Kind | None = None) -> Collection:
    """The collection of that name (and kind). Raises DatasetError naming those that there are."""
    known = {one.name: one for one in COLLECTIONS.values() if kind in (None, one.kind)}
    if name not in known:
        raise DatasetError(f"There is no dataset '{name}' here.", hint=f"Name one of: {', '.join(known)}.")
    return known[name]


# ReDial ---------------------------------------------------------------------------------------------------------------


def _read_redial(folder: Path, split: str) -> DialogueSet:
    _require_split(folder, split, "{}_data.jsonl".format)
    films = {film.id: film for film in redial.read_films(folder)}
    asked = list(redial.read_conversations(folder, split))
    held_back = frozenset(one.id for one in asked)
    train = list(redial.read_conversations(folder, "train", drop=held_back))
    titles = {film.id: _titled(film.title, film.year) for film in films.values()}
    return DialogueSet(
        name="redial",
        items=tuple(map(_redial_item, films.values())),
        train=tuple(_redial_dialogue(one, titles) for one in train),
        test=tuple(_redial_dialogue(one, titles) for one in asked),
        exact=frozenset(one.id for one in (*train, *asked) if one.is_exact),
    )


def _redial_item(film: redial.Film) -> Item:
    """How often a film is mentioned is left out: the list counts the test split's mentions too.

    Two films have no title but a year; they are called by that, so that all of the dataset's films can be ranked.
    """
    return _item(
        id=film.id,
        title=film.title or _titled("", film.year),
        year=film.year,
        genres=film.genres,
        directors=film.directors,
        cast=film.cast,
        plot=film.plot,
    )


def _redial_dialogue(conversation: redial.Conversation, titles: Mapping[str, str]) -> Dialogue:
    known = {**conversation.titles, **titles}
    turns = (
        LoggedTurn(
            role="user" if message.by_seeker else "shop",
            text=redial.MENTION.sub(lambda mention: known.get(mention[1]) or mention[0], message.text),
            items=_once(message.films),
        )
        for message in conversation.messages
    )
    return Dialogue(id=conversation.id, turns=tuple(turns))


# INSPIRED -------------------------------------------------------------------------------------------------------------


def _read_inspired(folder: Path, split: str) -> DialogueSet:
    _require_split(folder, split, inspired.file_of)
    splits = [one for one in inspired.SPLITS if found(folder, inspired.file_of(one))]
    talks = {one: list(inspired.read_conversations(folder, one)) for one in {*splits, "train"}}
    films = _InspiredFilms(talks[one] for one in splits)
    return DialogueSet(
        name="inspired",
        items=films.items,
        train=tuple(map(films.dialogue, talks["train"])),
        test=tuple(map(films.dialogue, talks[split])),
        exact=frozenset(one.id for held in talks.values() for one in held),
    )


class _InspiredFilms:
    """The films of all splits. Names that differ in case, accents or punctuation only are one film.

    The dataset links names to DBpedia as well; those links join no names here, since names that share one are different
    films ('The Witch' and 'Train to Busan') or no films at all.
    """

    def __init__(self, splits: Iterable[Sequence[inspired.Conversation]]) -> None:
        told = (name for talks in splits for talk in talks for one in talk.utterances for name in one.films)
        counted = Counter(told)
        spellings: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in sorted(counted, key=lambda name: (-counted[name], name)):
            spellings[_named(*_inspired_title(name))].append(name)
        self._id = {name: held[0] for held in spellings.values() for name in held}
        named = [(one, *_inspired_title(one)) for one in sorted(set(self._id.values()))]
        self.items = tuple(_item(id=one, title=title, year=year) for one, title, year in named)

    def dialogue(self, talk: inspired.Conversation) -> Dialogue:
        turns = (
            LoggedTurn(
                role="user" if one.by_seeker else "shop",
                text=one.text,
                items=_once(self._id[name] for name in one.films),
            )
            for one in talk.utterances
        )
        return Dialogue(id=talk.id, turns=tuple(turns))


def _inspired_title(name: str) -> tuple[str, int | None]:
    """Title and year; some years lack a bracket ('Outbreak (1995') and some brackets the year ('Akira ()')."""
    year = _INSPIRED_YEAR.search(name)
    return _INSPIRED_YEAR.sub("", name).strip(), int(year[1]) if year and year[1] else None


# OpenDialKG -----------------------------------------------------------------------------------------------------------


def _read_opendialkg(folder: Path, split: str) -> DialogueSet:
    _require_split(folder, split, opendialkg.file_of)
    splits = [one for one in opendialkg.SPLITS if found(folder, opendialkg.file_of(one))]
    turns = {one: list(opendialkg.read_instances(folder, one)) for one in {*splits, "train"}}
    works = list(opendialkg.read_works(folder))
    known = {work.name for work in works}
    lacking = dict.fromkeys(name for one in splits for turn in turns[one] for name in turn.targets if name not in known)
    works += [opendialkg.Work(f"no-info-{number}", name, None) for number, name in enumerate(lacking, start=1)]
    graph = _Graph(works)
    asked = {turn.dialogue for turn in turns[split]}
    test = graph.dialogues(turns[split])
    train = graph.dialogues(turn for turn in turns["train"] if turn.dialogue not in asked)
    return DialogueSet(
        name="opendialkg",
        items=tuple(map(_work_item, works)),
        train=train,
        test=test,
        exact=frozenset(one.id for one in (*train, *test)),
    )


def _work_item(work: opendialkg.Work) -> Item:
    return _item(
        id=work.id,
        title=work.name,
        year=work.year,
        genres=work.genres,
        directors=work.directors,
        cast=work.actors,
        writers=work.writers,
        language=work.languages,
    )


class _Graph:
    """Makes dialogues of the turns that recommend.

    Whatever a turn recommends and had been named before it stands in an earlier turn's items, and nothing that it
    newly recommends does: so dropping what was named earlier leaves exactly the dataset's `rec_new`.
    """

    def __init__(self, works: Sequence[opendialkg.Work]) -> None:
        self._id = {work.name: work.id for work in reversed(works)}
        self._genres = {genre for work in works for genre in work.genres}

    def dialogues(self, instances: Iterable[opendialkg.Instance]) -> tuple[Dialogue, ...]:
        """One for each dialogue, in order, its turns said once however many instances it has."""
        held: dict[str, list[opendialkg.Instance]] = defaultdict(list)
        for instance in instances:
            held[instance.dialogue].append(instance)
        return tuple(self._dialogue(sorted(one, key=lambda turn: turn.turn)) for one in held.values())

    def _dialogue(self, instances: Sequence[opendialkg.Instance]) -> Dialogue:
        last = instances[-1]
        texts = (*last.said, last.response)
        items: list[tuple[str, ...]] = [()] * len(texts)
        is_shop = _speakers(len(texts), {len(one.said) for one in instances}, starts_at=last.turn - len(last.said))
        recommended = {name for one in instances for name in one.targets}
        start = told = 0
        for one in instances:
            named = [name for name in one.entities[told:] if self._is_work(name, recommended)]
            for name in named:
                at = _place(name, texts, start, len(one.said), is_shop)
                items[at] = _once((*items[at], self._id[name]))
            items[len(one.said)] = _once(self._id[name] for name in one.targets)
            start, told = len(one.said) + 1, len(one.entities)
        turns = (
            LoggedTurn(role="shop" if shop else "user", text=text, items=ids)
            for shop, text, ids in zip(is_shop, texts, items, strict=True)
        )
        return Dialogue(id=last.dialogue, turns=tuple(turns))

    def _is_work(self, name: str, recommended: set[str]) -> bool:
        """Films are named 'Drama' and 'Mystery' too; where nobody recommends them, the genre is meant."""
        return name in self._id and (name not in self._genres or name in recommended)


def _speakers(length: int, answers: set[int], starts_at: int) -> list[bool]:
    """Whether each message is the shop's: those that recommend are, and before each of them the sides take turns.

    The first message of a dialogue is the user's; `starts_at` above 0 says that it is missing.
    """
    is_shop = [False] * length
    for start, end in pairwise([-1, *sorted(answers)]):
        for at in range(end, start, -1):
            is_shop[at] = (end - at) % 2 == 0
    return [False, *is_shop[1:]] if starts_at == 0 and 0 not in answers else is_shop


def _place(name: str, texts: Sequence[str], start: int, end: int, is_shop: Sequence[bool]) -> int:
    """The user's message, of those from `start` to before `end`, that names it; the last of them if none does.

    What the shop names there without recommending it is no recommendation: the user has heard of it.
    """
    users = [at for at in range(start, end) if not is_shop[at]] or [max(start - 1, 0)]
    return next((at for at in users if name.casefold() in texts[at].casefold()), users[-1])


# Games and MovieLens --------------------------------------------------------------------------------------------------


def _read_games(folder: Path, split: str) -> InteractionSet:
    _require_known(folder, split)
    known = {key: _item(id=key, title=title) for key, title in interactions.read_titles(folder)}
    questions = []
    for one in interactions.read_purchases(folder):
        had, target = (one.items, one.next_item) if split == "test" else (one.items[:-1], one.items[-1])
        if had:
            questions.append(LeftOut(one.user, had, (1.0,) * len(had), target))
    train = _interactions((one.user, item, 1.0, np.nan, np.nan) for one in questions for item in one.had)
    return InteractionSet("games", tuple(known.values()), train, tuple(questions))


def _read_movielens(folder: Path, split: str) -> InteractionSet:
    """Tags are left out: who tags a film has seen it, so a tag can tell of the target."""
    _require_known(folder, split)
    items = tuple(
        _item(id=film.id, title=film.title, year=film.year, genres=film.genres)
        for film in interactions.read_rated_films(folder)
    )
    by_user: dict[str, list[interactions.Rating]] = defaultdict(list)
    for rating in interactions.read_ratings(folder):
        by_user[rating.user].append(rating)
    histories = [_before_target(sorted(held, key=lambda rating: rating.time), split) for held in by_user.values()]
    train = _interactions(
        (one.user, one.film, _value(one.stars), one.stars, float(one.time)) for had, _ in histories for one in had
    )
    questions = (
        LeftOut(target.user, tuple(one.film for one in had), tuple(_value(one.stars) for one in had), target.film)
        for had, target in histories
        if had and target
    )
    return InteractionSet("movielens", items, train, tuple(questions))


def _before_target(
    ratings: list[interactions.Rating], split: str
) -> tuple[list[interactions.Rating], interactions.Rating | None]:
    """A user's ratings before the last positive one (the last but one for 'valid'), and that one.

    What was rated after the target is known to nobody who is asked then. A user without a target is learned from whole,
    but for the last positive rating, which belongs to 'test'.
    """
    positive = [place for place, one in enumerate(ratings) if one.stars >= _POSITIVE]
    back = 1 if split == "test" else 2
    if len(positive) >= back:
        place = positive[-back]
        return ratings[:place], ratings[place]
    return ratings[: positive[-1]] if positive else ratings, None


def _value(stars: float) -> float:
    """4 stars and more are a plain yes, 3 and 3.5 a weak one, and less speaks against: as a shop reads five stars."""
    return 1.0 if stars >= _POSITIVE else 0.3 if stars >= _MIDDLING else -0.5


def _interactions(events: Iterable[tuple[str, str, float, float, float]]) -> Interactions:
    """Of user, item, value, stars and time."""
    users, items, *numbers = list(zip(*events, strict=True)) or [()] * 5
    values, stars, times = (np.array(column, dtype=np.float64) for column in numbers)
    return Interactions(np.array(users, dtype=np.str_), np.array(items, dtype=np.str_), values, stars, times)


def _require_known(folder: Path, split: str) -> None:
    """Raises DatasetError unless the split is one that leaving the last item out can make."""
    if split not in ("valid", "test"):
        raise DatasetError(
            f"{folder}: the split '{split}' cannot be made.",
            hint="'test' asks for each user's last item, 'valid' for the one before it.",
        )


# Icecat ---------------------------------------------------------------------------------------------------------------


def _read_icecat(folder: Path, split: str) -> SearchSet:
    _require_split(folder, split, icecat.file_of)
    items = tuple(icecat.read_products(folder))
    held = {item["id"] for item in items}
    judged = icecat.read_judgements(folder, split)
    queries = (
        (query, grades)
        for query, grades in judged.items()
        if any(grade > 0 and product in held for product, grade in grades.items())
    )
    return SearchSet("icecat", items, tuple(queries), len(judged), icecat.products_file(folder))


# What they share ------------------------------------------------------------------------------------------------------


def _require_split(folder: Path, split: str, file_of: Callable[[str], str]) -> None:
    """Raises DatasetError naming the split's file, and the splits that are there, if it is not or cannot be asked."""
    if split == "train":
        raise DatasetError(f"{folder}: 'train' is what is learned from.", hint="Ask for 'valid' or 'test'.")
    if found(folder, file_of(split)) is None:
        there = [one for one in ("valid", "test") if found(folder, file_of(one))]
        name = file_of(split)
        raise DatasetError(
            f"{folder}: the split '{split}' is not there: looked for '{name}' and '{name}.gz'.",
            hint=f"There is: {', '.join(there)}." if there else "No split to measure is there. Is this the folder?",
        )


def _item(**fields: Any) -> Item:
    """A record of what is known; tuples become lists, and what is empty is left out."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fields.items()
        if value not in (None, "", ())
    }


def _titled(title: str, year: int | None) -> str:
    return f"{title} ({year})".strip() if year else title


def _named(title: str, year: int | None) -> tuple[str, ...]:
    """What is the same for two spellings of a film: its words, and its year."""
    return (*(words(title) or (title,)), str(year))


def _once(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


COLLECTIONS: Mapping[str, Collection] = {
    one.name: one
    for one in (
        Collection("redial", "crs", "redial", _read_redial),
        Collection("inspired", "crs", "inspired", _read_inspired),
        Collection("opendialkg", "crs", "opendialkg", _read_opendialkg),
        Collection("games", "next", "games", _read_games),
        Collection("movielens", "next", "ml-latest-small", _read_movielens),
        Collection("icecat", "search", "icecat", _read_icecat, icecat.SPLITS),
    )
}
