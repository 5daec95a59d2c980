"""Examples from people's dialogues: Schema-Guided Dialogue (what is asked of facets), ReDial (stances to titles)."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shoptalk.agent.tagging import Hint, kind_of
from shoptalk.agent.tokens import singular, tokenize, words
from shoptalk.eval.datasets import redial, sgd
from shoptalk.eval.teaching.examples import (
    Example,
    KnownFacet,
    Lookup,
    Tagged,
    bare_label,
    find_words,
    spelled,
)

_ACT_OF = {
    "INFORM": "find",
    "INFORM_INTENT": "find",
    "REQUEST": "details",
    "REQUEST_ALTS": "more",
    "AFFIRM": "yes",
    "AFFIRM_INTENT": "yes",
    "SELECT": "yes",
    "NEGATE": "no",
    "NEGATE_INTENT": "no",
    "THANK_YOU": "chat",
    "GOODBYE": "chat",
}
_DONTCARE = "dontcare"
_TELLING = ("INFORM", "SELECT")
_MOST_FACETS = 14
_FLAG_REACH = 4
_MISLED = 0.35


@dataclass(frozen=True)
class _Service:
    slots: tuple[str, ...]
    facets: tuple[KnownFacet, ...]
    lookup: Lookup

    def place(self, slot: str) -> int:
        return self.slots.index(slot)


def from_sgd(folder: Path, split: str, draw: random.Random) -> Iterator[Example]:
    """One example per user turn and service of Schema-Guided Dialogue, read from `folder`."""
    services = _services(folder, split)
    for dialogue in sgd.read_dialogues(folder, split):
        held: dict[str, Mapping[str, tuple[str, ...]]] = {}
        for before, turn in zip((None, *dialogue.turns), dialogue.turns, strict=False):
            if turn.speaker != "USER":
                continue
            for frame in turn.frames:
                yield _sgd_example(services[frame.service], before, turn, frame, held.get(frame.service, {}), draw)
                held[frame.service] = frame.state.slot_values if frame.state else {}


def _services(folder: Path, split: str) -> dict[str, _Service]:
    canonical: dict[tuple[str, str], set[str]] = defaultdict(set)
    for dialogue in sgd.read_dialogues(folder, split):
        for turn in dialogue.turns:
            for frame in turn.frames:
                for action in frame.actions:
                    canonical[frame.service, action.slot].update(action.canonical_values)
    known = {}
    with_rows = sgd.catalog_services(folder)
    for name, schema in sgd.read_schemas(folder, split).items():
        rows = list(sgd.read_catalog(folder, name)) if name in with_rows else []
        facets = []
        for slot in schema.slots:
            values = sorted({row[slot.name] for row in rows if slot.name in row} | set(slot.possible_values))
            values = [value for value in values if value not in ("", _DONTCARE)]
            seen = sorted(canonical[name, slot.name] - {_DONTCARE}) or values
            kind = kind_of(seen)
            if {"name", "title"} & set(slot.name.split("_")) and kind == "category":
                kind = "name"
            label = slot.name.replace("_", " ")
            facets.append(KnownFacet((label, label, slot.description), tuple(values), kind))
        known[name] = _Service(tuple(slot.name for slot in schema.slots), tuple(facets), Lookup(facets))
    return known


def _sgd_example(
    service: _Service,
    before: sgd.Turn | None,
    turn: sgd.Turn,
    frame: sgd.Frame,
    held: Mapping[str, tuple[str, ...]],
    draw: random.Random,
) -> Example:
    spans: list[Tagged] = []
    sure = len(turn.frames) == 1
    told = {action.slot for action in frame.actions if action.act in _TELLING and _DONTCARE not in action.values}
    for slot in sorted(told & set(service.slots)):
        place = service.place(slot)
        said = [(span.start, span.end) for span in frame.slots if span.slot == slot]
        values = [v for action in frame.actions if action.slot == slot for v in action.values]
        is_flag = service.facets[place].kind == "yes or no"
        said = said or [at for value in values if (at := _find(turn.utterance, value, service.facets[place]))]
        sure = sure and bool(said)
        role = "rejected" if is_flag and "False" in values else "wanted"
        spans += [Tagged(1, *at, place, (role,)) for at in said]
    heard = before.utterance if before else ""
    spans += _heard_spans(service, before, frame, held)
    hidden = 1.0 if draw.random() < 0.2 else 0.1
    hints = [
        *service.lookup.hints(0, heard, draw, hidden=hidden),
        *service.lookup.hints(1, turn.utterance, draw, hidden=hidden),
    ]
    asked = [service.place(a.slot) for a in frame.actions if a.act == "REQUEST" and a.slot in service.slots]
    dropped = [service.place(a.slot) for a in frame.actions if _DONTCARE in a.values and a.slot in service.slots]
    acts = sorted({_ACT_OF[action.act] for action in frame.actions if action.act in _ACT_OF})
    whole = Example(
        group=frame.service,
        heard=heard,
        message=turn.utterance,
        facets=service.facets,
        spans=_apart(spans),
        hints=tuple(hints),
        acts=tuple(acts),
        asked=tuple(asked),
        dropped=tuple(dropped),
        only_spans=not sure,
        known_roles=("wanted", "rejected"),
    )
    return with_facets(whole, draw, most=_MOST_FACETS)


def _heard_spans(
    service: _Service, before: sgd.Turn | None, frame: sgd.Frame, held: Mapping[str, tuple[str, ...]]
) -> list[Tagged]:
    """Values that our side named: wanted if the person's state takes them up now, unknown if it had them before."""
    offered = before.frame(frame.service) if before else None
    if before is None or offered is None or frame.state is None:
        return []
    same = {value: action.values + action.canonical_values for action in offered.actions for value in action.values}
    found = []
    for span in offered.slots:
        said = before.utterance[span.start : span.end]
        if span.slot in service.slots:
            found.append((span.slot, (span.start, span.end), {said, *same.get(said, ())}))
    with_span = {slot for slot, *_ in found}
    for action in offered.actions:
        if action.slot in service.slots and action.slot not in with_span and action.values:
            at = _find(before.utterance, action.values[0], service.facets[service.place(action.slot)])
            found += [(action.slot, at, {*action.values, *action.canonical_values})] if at else []
    tagged = []
    for slot, at, values in found:
        now = set(frame.state.slot_values.get(slot, ())) & values
        roles: tuple[str, ...] | None = ("wanted",) if now else ()
        roles = None if set(held.get(slot, ())) & values else roles
        tagged.append(Tagged(0, *at, service.place(slot), roles))
    return tagged


def _find(text: str, value: str, facet: KnownFacet) -> tuple[int, int] | None:
    if facet.kind == "yes or no":
        return _find_flag(text, facet.labels[0])
    for form in (value, *spelled(value)):
        if at := find_words(text, form):
            return at
    return None


def _find_flag(text: str, label: str) -> tuple[int, int] | None:
    """The words of a flag's label in a text, as far as they stand near each other."""
    wanted = {singular(word)[:6] for word in words(bare_label(label))}
    tokens = tokenize(text)
    places = [i for i, token in enumerate(tokens) if singular(token.form)[:6] in wanted]
    if not places:
        return None
    last = max(i for i in places if i - places[0] < _FLAG_REACH)
    return tokens[places[0]].start, tokens[last].end


def from_redial(folder: Path, split: str, draw: random.Random, *, drop: Collection[str] = ()) -> Iterator[Example]:
    """One example per seeker's message of ReDial that names a film, or answers a message that does."""
    films = {film.id: film for film in redial.read_films(folder)}
    genres = tuple(sorted({genre for film in films.values() for genre in film.genres}))
    people = tuple(sorted({name for film in films.values() for name in film.cast[:2]}))
    makers = tuple(sorted({name for film in films.values() for name in film.directors}))
    titles = tuple(sorted({film.title for film in films.values()}))
    facets = (
        KnownFacet(("title", "name", "film", "movie title"), titles, "name"),
        KnownFacet(("genre", "category", "kind"), genres),
        KnownFacet(("cast", "starring", "actors"), people, "name"),
        KnownFacet(("director", "directed by"), makers, "name"),
        KnownFacet(("year", "released", "release year"), (), "number"),
    )
    genre_words = Lookup(facets[1:2])
    for talk in redial.read_conversations(folder, split, drop=drop):
        answers = talk.seeker or talk.recommender
        heard: list[str] = []
        for message in talk.messages:
            if not message.by_seeker:
                heard = [*heard, message.text][-3:]
                continue
            said = " ".join(heard)
            if answers and redial.MENTION.search(f"{said} {message.text}"):
                yield _redial_example(said, message.text, talk, answers, facets, genre_words, draw)
            heard = []


def _redial_example(
    heard: str,
    message: str,
    talk: redial.Conversation,
    answers: Mapping[str, redial.Answers],
    facets: tuple[KnownFacet, ...],
    genre_words: Lookup,
    draw: random.Random,
) -> Example:
    lower = draw.random() < 0.4
    with_year = draw.random() < 0.3
    texts, spans, hints = [], list[Tagged](), list[Hint]()
    for part, text in enumerate((heard, message)):
        written, named = _written(text, talk.titles, with_year=with_year, lower=lower)
        texts.append(written)
        for film, start, end in named:
            answer = answers.get(film) or redial.Answers()
            spans.append(Tagged(part, start, end, 0, _stances(answer)))
            if draw.random() < 0.95:
                hints.append(Hint(part, start, end, (0,)))
        hints += [Hint(one.part, one.start, one.end, (1,) if one.facets else (), is_number=one.is_number)
                  for one in genre_words.hints(part, written, draw)]  # fmt: skip
    return Example(
        group="films talked about",
        heard=texts[0],
        message=texts[1],
        facets=facets,
        spans=_apart(spans),
        hints=tuple(hints),
        only_spans=True,
        known_roles=("liked", "disliked"),
    )


def _stances(answer: redial.Answers) -> tuple[str, ...] | None:
    if answer.liked is None:
        return None
    return {1: ("liked",), 0: ("disliked",)}.get(answer.liked, ())


def _written(
    text: str, titles: Mapping[str, str], *, with_year: bool, lower: bool
) -> tuple[str, list[tuple[str, int, int]]]:
    """The text with films' titles for their ids, and where each stands."""
    pieces, named, at = [], [], 0
    length = 0
    for mention in redial.MENTION.finditer(text):
        pieces.append(text[at : mention.start()])
        length += len(pieces[-1])
        title, year = redial.split_year(titles.get(mention[1]) or mention[0])
        named.append((mention[1], length, length + len(title)))
        pieces.append(f"{title} ({year})" if with_year and year else title)
        length += len(pieces[-1])
        at = mention.end()
    whole = "".join((*pieces, text[at:]))
    return (whole.lower() if lower else whole), named


def with_facets(example: Example, draw: random.Random, *, most: int) -> Example:
    """The example with its facets in another order, some of those that it does not speak of left out, some hints wrong.

    Real catalogs hold everyday words as values ('Home', 'Love', 'The'): a hint is no proof.
    """
    used = {one.facet for one in example.spans} | {*(example.asked or ()), *(example.dropped or ())}
    spare = [place for place in range(len(example.facets)) if place not in used]
    draw.shuffle(spare)
    kept = [*used, *spare[: max(2, min(most - len(used), int(len(spare) * draw.uniform(0.6, 1.2))))]]
    draw.shuffle(kept)
    new = {old: place for place, old in enumerate(kept)}
    return Example(
        group=example.group,
        heard=example.heard,
        message=example.message,
        facets=tuple(example.facets[old] for old in kept),
        spans=tuple(Tagged(s.part, s.start, s.end, new[s.facet], s.roles) for s in example.spans),
        hints=(
            *(
                Hint(h.part, h.start, h.end, tuple(new[f] for f in h.facets if f in new), is_number=h.is_number)
                for h in example.hints
            ),
            *_misleading(example, len(kept), draw),
        ),
        acts=example.acts,
        asked=None if example.asked is None else tuple(new[f] for f in example.asked),
        dropped=None if example.dropped is None else tuple(new[f] for f in example.dropped),
        only_spans=example.only_spans,
        known_roles=example.known_roles,
    )


def _misleading(example: Example, facets: int, draw: random.Random) -> list[Hint]:
    """Hints at words that name no value; for a third of the examples."""
    if draw.random() > _MISLED:
        return []
    tokens = [(1, token) for token in tokenize(example.message)] + [(0, token) for token in tokenize(example.heard)]
    held = [(one.part, one.start, one.end) for one in example.spans]
    held += [(one.part, one.start, one.end) for one in example.hints]
    free = [
        (p, t) for p, t in tokens if not any(p == part and t.start < end and start < t.end for part, start, end in held)
    ]
    chosen = draw.sample(free, min(len(free), draw.choice((1, 1, 2, 3))))
    return [Hint(part, token.start, token.end, (draw.randrange(facets),)) for part, token in chosen]


def _apart(spans: list[Tagged]) -> tuple[Tagged, ...]:
    """Spans in order, the first of those that overlap."""
    kept: list[Tagged] = []
    for span in sorted(spans, key=lambda one: (one.part, one.start, -one.end)):
        if not any(span.part == other.part and span.start < other.end and other.start < span.end for other in kept):
            kept.append(span)
    return tuple(kept)
