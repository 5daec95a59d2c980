"""Plans from made talks over made shops: each message is put together with its gold plan, piece by piece.

Nothing here is understood by the embedded parts: whoever chooses the words knows what they mean.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shoptalk.agent.llm.plan import PLACES, Call, Clarify, LookUp
from shoptalk.agent.llm.prompting import plan_system
from shoptalk.agent.offers import Asking, Choice, Question
from shoptalk.agent.phrasing import join, left_out_in_words
from shoptalk.agent.state import TalkState, advance, answered, settled
from shoptalk.eval.tuning.amounts_said import small_number
from shoptalk.eval.tuning.asked import Planned, as_plan
from shoptalk.eval.tuning.made_shops import MadeShop, made_shop
from shoptalk.eval.tuning.wishes_said import PHRASES, Scene, cased, filled, held_to, wishes_of
from shoptalk.retrieval.query import Act, Constraint, Mention, Operator, Request, Stance
from shoptalk.retrieval.schema import Kind, Meaning

__all__ = ["plans_made"]

_AT_ONCE = 10
_TURNS = (1, 2, 2, 3, 3, 4)
_TYPOS, _LOWER, _INJECTED = 0.06, 0.45, 0.04
_PLACED = ("the first", "the second", "the third", "the fourth")
_COMPARATIVES = {
    Meaning.PRICE: ("cheaper", "more expensive"), Meaning.YEAR: ("older", "newer"),
    Meaning.DURATION: ("shorter", "longer"), Meaning.WEIGHT: ("lighter", "heavier"),
    Meaning.SIZE: ("smaller", "bigger"), Meaning.RATING: ("worse rated", "better rated"),
}  # fmt: skip


@dataclass
class _Message:
    """A message while it is put together, and what it means."""

    text: str = ""
    acts: list[Act] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    withdrawn: list[Constraint | str] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    words: str = ""
    count: int | None = None
    choice: int | None = None
    anew: bool = False
    also: list[Call] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def request(self) -> Request:
        return Request(
            message=self.text,
            acts=tuple(dict.fromkeys(self.acts)) or (Act.FIND,),
            constraints=tuple(self.constraints),
            dropped=tuple(self.dropped),
            withdrawn=tuple(self.withdrawn),
            mentions=tuple(self.mentions),
            asked=tuple(self.asked),
            text=self.words,
            count=self.count,
            choice=self.choice,
            anew=self.anew,
            unknown_titles=tuple(self.unknown),
        )


Move = Callable[[Scene, _Message], bool]


def plans_made(draw: random.Random) -> Iterator[tuple[Planned, ...]]:
    """Without end, handfuls of plans that share a made shop."""
    while True:
        shop = made_shop(draw)
        system = plan_system(shop.catalog, shop.name)
        handful: list[Planned] = []
        while len(handful) < _AT_ONCE:
            handful += _talk(shop, system, draw)
        yield tuple(handful)


def _talk(shop: MadeShop, system: str, draw: random.Random) -> Iterator[Planned]:
    state = TalkState()
    for turn in range(draw.choice(_TURNS)):
        scene = Scene(shop, state, draw)
        message = _said(scene, _FIRST if turn == 0 else _LATER)
        request = message.request()
        yield Planned(system, shop.catalog, state, request, as_plan(request, state, shop.catalog, message.also))
        state = _after(scene, request)


def _said(scene: Scene, moves: dict[Move, int]) -> _Message:
    """A message by one of the moves that can be made here."""
    draw = scene.draw
    while True:
        message = _Message()
        if draw.choices(list(moves), list(moves.values()))[0](scene, message):
            break
    message.text = _styled(message.text, message, draw)
    if draw.random() < _INJECTED:
        planted = str(draw.choice(PHRASES["injected"]["before"]))
        message.text = f"{planted} {message.text}" if draw.random() < 0.5 else f"{message.text}. {planted}"
    return message


def _after(scene: Scene, request: Request) -> TalkState:
    """The talk once the message was answered: often with items shown, sometimes with a question asked."""
    state, draw, catalog = advance(scene.state, request, scene.catalog), scene.draw, scene.catalog
    if set(request.acts) <= {Act.CHAT, Act.HELP, Act.OUTSIDE}:
        return answered(state, draw.choice(("Gladly.", "You are welcome.", "I can only help with this shop.")), ())
    if {Act.DETAILS, Act.COMPARE} & set(request.acts):
        shown = [mention.item_id for mention in request.mentions] or list(state.table)
        return answered(settled(state, shown), "Here is what I know.", shown)
    passing = catalog.passing(state.musts).nonzero()[0].tolist() or list(range(len(catalog)))
    picks = [catalog.ids[row] for row in draw.sample(passing, min(len(passing), draw.choice((1, 2, 3, 4, 4))))]
    state = answered(settled(state, picks), "Here are some.", picks)
    return state.model_copy(update={"question": _question(scene, state)}) if draw.random() < 0.25 else state


def _question(scene: Scene, state: TalkState) -> Question | None:
    """A question as the shop asks it: which value, or what to leave out."""
    draw, schema = scene.draw, scene.catalog.schema
    if state.musts and draw.random() < 0.4:
        gone = draw.sample(state.musts, min(2, len(state.musts)))
        choices = [
            Choice(label=left_out_in_words(schema, one), count=draw.randint(1, 9), dropped=(one,)) for one in gone
        ]
        text = f"Shall I look for {join([one.label for one in choices], 'or')}?"
        return Question(kind=Asking.RELAX, text=text, choices=tuple(choices))
    able = scene.shop.of_kind(Kind.CATEGORY, Kind.CATEGORIES)
    if not able:
        return None
    facet = draw.choice(able)
    values = [str(one) for one in draw.sample(scene.shop.values(facet), min(3, len(scene.shop.values(facet))))]
    added = [Constraint(facet=facet.column.name, operator=Operator.IS, value=one, words=one) for one in values]
    choices = [Choice(label=str(one.value), count=draw.randint(1, 9), added=(one,)) for one in added]
    choices.append(Choice(label="no preference", count=len(scene.catalog)))
    return Question(
        kind=Asking.CLARIFY, text=f"Which {facet.label}: {join(values, 'or')}?", choices=tuple(choices),
        facet=facet.column.name,
    )  # fmt: skip


# Moves: each adds to the message and says whether it could be made ----------------------------------------------------


def _ask(scene: Scene, message: _Message) -> bool:
    """A search with one to four wishes, perhaps words and a count besides."""
    draw = scene.draw
    wishes = wishes_of(scene, draw.choice((1, 1, 2, 2, 3, 4)))
    noun = draw.choice(scene.shop.nouns)
    message.text = scene.way("openers")
    if draw.random() < 0.12:
        message.count = draw.randint(2, 8)
        message.text += f" {small_number(message.count, draw)} {noun}s"
    elif draw.random() < 0.6:
        message.text += f" {scene.way('articles')}{noun}"
    for number, (said, constraint) in enumerate(wishes):
        message.text += (" " if number == 0 else scene.way("joints")) + said
        message.constraints.append(constraint)
    if draw.random() < 0.2:
        _topic(scene, message)
    message.text += scene.way("closers")
    return True


def _topic(scene: Scene, message: _Message) -> bool:
    """Words that no facet holds."""
    topics = scene.shop.topics
    if topics and scene.draw.random() < 0.6:
        message.words = scene.draw.choice(topics)
        message.text += f" {scene.draw.choice(('about', 'with', 'on', 'featuring'))} {message.words}"
    else:
        message.words = scene.draw.choice(_OCCASIONS)
        message.text += f" {message.words}"
    return True


_OCCASIONS = (
    "for a rainy evening",
    "for my mother's birthday",
    "that does not break easily",
    "for a long trip",
    "to share with friends",
    "that kids will love",
    "for a first date",
    "with a bit of nostalgia",
    "that feels like summer",
    "for a small budget flat",
    "to relax after work",
    "that looks elegant",
    "as a gift for a colleague",
    "with a twist",
    "for a beginner",
    "that is easy to clean",
    "for cold weather",
    "with character",
    "for people who love the sea",
    "that surprises",
)


def _ask_in_words(scene: Scene, message: _Message) -> bool:
    message.text = f"{scene.way('openers')} {scene.way('articles')}{scene.draw.choice(scene.shop.nouns)}"
    _topic(scene, message)
    message.text += scene.way("closers")
    return True


def _bare(scene: Scene, message: _Message) -> bool:
    """A search that says nothing yet."""
    message.text = (
        f"{scene.way('openers')} {scene.way('articles')}{scene.draw.choice(scene.shop.nouns)}{scene.way('closers')}"
    )
    return True


def _refine(scene: Scene, message: _Message) -> bool:
    wishes = wishes_of(scene, scene.draw.choice((1, 1, 2)))
    message.constraints = [constraint for _, constraint in wishes]
    message.text = scene.said("refining", c=scene.way("joints").join(said for said, _ in wishes)) + scene.way("closers")
    return bool(wishes)


def _would_like(scene: Scene, message: _Message) -> bool:
    """What has to hold, perhaps, and what would be nice."""
    draw = scene.draw
    wishes = wishes_of(scene, 2)
    if not wishes:
        return False
    *firm, (said, constraint) = wishes
    if firm and draw.random() < 0.6:
        message.text = f"{scene.way('openers')} {scene.way('articles')}{draw.choice(scene.shop.nouns)} {firm[0][0]}, "
        message.constraints.append(firm[0][1])
    message.text += scene.said("wishes", c=said)
    message.constraints.append(constraint.model_copy(update={"must": False}))
    return True


def _refuse(scene: Scene, message: _Message) -> bool:
    draw, able = scene.draw, scene.shop.of_kind(Kind.CATEGORY, Kind.CATEGORIES)
    if not able:
        return False
    facet = draw.choice(able)
    values = [str(one) for one in scene.shop.values(facet)]
    if len(values) < 2:
        return False
    several = draw.sample(values, 2 if draw.random() < 0.25 else 1)
    if draw.random() < 0.5:
        wanted = [wish for wish in wishes_of(scene, 1) if wish[1].facet != facet.column.name]
        message.constraints += [constraint for _, constraint in wanted]
        noun = draw.choice(scene.shop.nouns)
        message.text = "".join(f"{scene.way('openers')} {noun} {said}, " for said, _ in wanted)
    is_mild = draw.random() < 0.25
    said = draw.choice((" or ", " and ")).join(cased(one, draw) for one in several)
    message.text += filled(scene.way("mild_refusals" if is_mild else "refusals"), v=said) + scene.way("closers")
    message.constraints += [held_to(facet, Operator.IS_NOT, one, one, not is_mild) for one in several]
    return True


def _less_than_shown(scene: Scene, message: _Message) -> bool:
    """'Cheaper than the second'."""
    able = [one for one in scene.shop.of_kind(Kind.NUMBER) if one.column.meaning in _COMPARATIVES]
    table = scene.state.table[: len(PLACES)]
    if not able or not table:
        return False
    facet, place = scene.draw.choice(able), scene.draw.randrange(min(len(table), 4))
    value = scene.catalog.value(scene.catalog.row(table[place]), facet.column.name)
    if not isinstance(value, float):
        return False
    is_more = scene.draw.random() < 0.4
    assert facet.column.meaning is not None
    word = _COMPARATIVES[facet.column.meaning][is_more]
    how = scene.draw.choice(
        ("{c} than {t}", "something {c} than {t}", "is there anything {c} than {t}?", "{c} ones than {t} please")
    )
    message.text = filled(how, c=word, t=_place(scene, place))
    operator = Operator.MORE_THAN if is_more else Operator.LESS_THAN
    message.constraints.append(held_to(facet, operator, value, word, True).model_copy(update={"than": table[place]}))
    return True


def _drop(scene: Scene, message: _Message) -> bool:
    """A facet that no longer matters, or one value of what is held."""
    if not scene.state.constraints:
        return False
    held = scene.draw.choice(scene.state.constraints)
    facet = next(one for one in scene.shop.facets if one.column.name == held.facet)
    if (
        facet.column.kind in (Kind.CATEGORY, Kind.CATEGORIES)
        and scene.draw.random() < 0.4
        and isinstance(held.value, str)
    ):
        message.text = scene.said("no_longer", v=held.value)
        message.withdrawn.append(held)
    else:
        message.text = scene.said("any", l=facet.label)
        message.dropped.append(held.facet)
    if scene.draw.random() < 0.25:
        wishes = [wish for wish in wishes_of(scene, 1) if wish[1].facet != held.facet]
        message.text += "".join(filled(scene.way("and_of"), c=said) for said, _ in wishes)
        message.constraints += [constraint for _, constraint in wishes]
    return True


def _drop_words(scene: Scene, message: _Message) -> bool:
    if not scene.state.texts:
        return False
    text = scene.state.texts[-1]
    message.text = scene.said("no_longer", v=text)
    message.withdrawn.append(text)
    return True


def _change(scene: Scene, message: _Message) -> bool:
    """One value in another's place."""
    able = [one for one in scene.state.constraints if isinstance(one.value, str) and one.operator is Operator.IS]
    able = [one for one in able if scene.catalog.schema.facet(one.facet).kind in (Kind.CATEGORY, Kind.CATEGORIES)]
    if not able:
        return False
    held = scene.draw.choice(able)
    facet = next(one for one in scene.shop.facets if one.column.name == held.facet)
    others = [str(one) for one in scene.shop.values(facet) if one != held.value]
    if not others:
        return False
    value = scene.draw.choice(others)
    message.text = scene.said("instead", v=cased(value, scene.draw), w=cased(str(held.value), scene.draw))
    message.constraints.append(held_to(facet, Operator.IS, value, value, held.must))
    if facet.column.kind is Kind.CATEGORIES:
        message.withdrawn.append(held)
    return True


def _begin_anew(scene: Scene, message: _Message) -> bool:
    wishes = wishes_of(scene, 2)
    if not wishes or not (scene.state.constraints or scene.state.texts):
        return False
    noun = scene.draw.choice(scene.shop.nouns)
    message.text = scene.said("anew", c=f"{noun} " + scene.way("joints").join(said for said, _ in wishes))
    message.constraints = [constraint for _, constraint in wishes]
    message.anew = True
    return True


def _count(scene: Scene, message: _Message) -> bool:
    message.count = scene.draw.randint(1, 10)
    message.text = scene.said("counts", v=small_number(message.count, scene.draw))
    return True


def _plain(name: str, act: Act) -> Move:
    def move(scene: Scene, message: _Message) -> bool:
        message.text = scene.way(name)
        message.acts.append(act)
        return True

    return move


def _planted(scene: Scene, message: _Message) -> bool:
    """Orders to the assistant and nothing else."""
    message.text = str(scene.draw.choice(PHRASES["injected"]["before"]))
    message.acts.append(Act.OUTSIDE)
    return True


def _more_with(scene: Scene, message: _Message) -> bool:
    wishes = wishes_of(scene, 1)
    message.text = scene.way("more_of") + "".join(filled(scene.way("and_of"), c=said) for said, _ in wishes)
    message.constraints = [constraint for _, constraint in wishes]
    message.acts.append(Act.MORE)
    return bool(wishes)


def _alike(scene: Scene, message: _Message) -> bool:
    said, mention = _item(scene, Stance.SIMILAR)
    message.text = scene.said("similar", t=said)
    message.mentions.append(mention)
    message.acts.append(Act.SIMILAR)
    if scene.draw.random() < 0.3:
        for wish, constraint in wishes_of(scene, 1):
            message.text += filled(scene.way("and_of"), c=wish)
            message.constraints.append(constraint)
    return True


def _stance(scene: Scene, message: _Message) -> bool:
    stance = Stance(scene.draw.choice(list(PHRASES["stances"])))
    said, mention = _item(scene, stance)
    if scene.draw.random() < 0.2:
        also, other = _item(scene, stance)
        if other.item_id != mention.item_id:
            said += f" and {also}"
            message.mentions.append(other)
    message.text = filled(scene.draw.choice(PHRASES["stances"][str(stance)]), t=said)
    message.mentions.insert(0, mention)
    message.acts.append(Act.FEEDBACK)
    if scene.draw.random() < 0.35:
        for wish, constraint in wishes_of(scene, 1):
            message.text += filled(scene.way("and_of"), c=wish)
            message.constraints.append(constraint)
    return True


def _look_up(scene: Scene, message: _Message) -> bool:
    """A title, which the shop may have or not."""
    if scene.draw.random() < 0.6:
        row = scene.draw.randrange(len(scene.catalog))
        title = scene.catalog.titles[row]
    else:
        title = made_shop(scene.draw).catalog.titles[0]
    message.text = scene.said("look_up", t=title)
    message.also.append(LookUp(title=title))
    message.acts.append(Act.DETAILS)
    return True


def _details(scene: Scene, message: _Message) -> bool:
    said, mention = _item(scene, Stance.ASKED)
    message.mentions.append(mention)
    message.acts.append(Act.DETAILS)
    priced = [one for one in scene.shop.facets if one.column.meaning is Meaning.PRICE]
    if priced and scene.draw.random() < 0.3:
        message.text = scene.said("price_question", t=said)
        message.asked.append(priced[0].column.name)
    elif scene.draw.random() < 0.7:
        facet = scene.draw.choice(scene.shop.facets)
        message.text = scene.said("question", t=said, l=facet.label)
        message.asked.append(facet.column.name)
    else:
        message.text = scene.said("details", t=said)
    return True


def _compare(scene: Scene, message: _Message) -> bool:
    table = scene.state.table
    if len(table) < 2:
        return False
    message.acts.append(Act.COMPARE)
    chance = scene.draw.random()
    if chance < 0.45:
        one, other = scene.draw.sample(range(min(len(table), 4)), 2)
        message.text = scene.said("compare", t=_place(scene, one), u=_place(scene, other))
        message.mentions = [_mention(scene, table[place], Stance.ASKED) for place in (one, other)]
    elif chance < 0.7:
        message.text = scene.way("compare_all")
    else:
        facet = scene.draw.choice(scene.shop.facets)
        message.text = scene.said("compare_in", l=facet.label)
        message.asked.append(facet.column.name)
    return True


def _clarify(scene: Scene, message: _Message) -> bool:
    facet = scene.draw.choice(scene.shop.facets)
    message.text = scene.said("clarify", l=facet.label)
    message.also.append(Clarify(facet=facet.column.name))
    return True


def _choose(scene: Scene, message: _Message) -> bool:
    """An answer to the question asked."""
    question = scene.state.question
    if question is None:
        return False
    place = scene.draw.randrange(len(question.choices))
    choice = question.choices[place]
    if choice.changes_nothing:
        message.text = scene.way("no_preference")
    elif place == 0 and question.kind is Asking.RELAX and scene.draw.random() < 0.5:
        message.text = scene.way("yes")
    elif scene.draw.random() < 0.4 and place < len(_PLACED):
        message.text = scene.draw.choice((_PLACED[place], f"{_PLACED[place]} one", f"number {place + 1}"))
    else:
        message.text = scene.draw.choice(("{c}", "{c} please", "i'd take {c}", "{c}, yes")).replace("{c}", choice.label)
    message.choice = place
    message.acts.append(Act.ANSWER)
    return True


def _item(scene: Scene, stance: Stance) -> tuple[str, Mention]:
    """An item by title, or by its place on the table where something lies there."""
    table = scene.state.table
    if table and scene.draw.random() < 0.55:
        place = scene.draw.randrange(min(len(table), 4))
        return _place(scene, place), _mention(scene, table[place], stance)
    item_id = scene.draw.choice(scene.catalog.ids)
    mention = _mention(scene, item_id, stance)
    return mention.title, mention


def _place(scene: Scene, place: int) -> str:
    if len(scene.state.table) == 1 and scene.draw.random() < 0.7:
        return scene.draw.choice(("it", "that one", "this"))
    return scene.draw.choice(
        (_PLACED[place], f"{_PLACED[place]} one", f"number {place + 1}", f"[{place + 1}]", f"no. {place + 1}")
    )


def _mention(scene: Scene, item_id: str, stance: Stance) -> Mention:
    return Mention(item_id=item_id, title=scene.catalog.titles[scene.catalog.row(item_id)], stance=stance)


_FIRST: dict[Move, int] = {
    _ask: 40, _ask_in_words: 5, _bare: 4, _would_like: 12, _refuse: 14, _alike: 6, _stance: 6, _look_up: 5, _details: 3,
    _clarify: 2, _plain("chat", Act.CHAT): 4, _plain("help", Act.HELP): 3, _plain("outside", Act.OUTSIDE): 4,
}  # fmt: skip
_LATER: dict[Move, int] = {
    _refine: 26, _would_like: 7, _refuse: 10, _less_than_shown: 8, _drop: 10, _drop_words: 3, _change: 8, _count: 4,
    _begin_anew: 6, _plain("more_of", Act.MORE): 5, _more_with: 3, _alike: 6, _stance: 7, _look_up: 2, _details: 9,
    _compare: 7, _clarify: 3, _choose: 22, _plain("undo", Act.UNDO): 3, _plain("start_over", Act.START_OVER): 3,
    _plain("chat", Act.CHAT): 4, _plain("help", Act.HELP): 2, _plain("outside", Act.OUTSIDE): 3, _planted: 1,
}  # fmt: skip


# Style ----------------------------------------------------------------------------------------------------------------


def _styled(text: str, message: _Message, draw: random.Random) -> str:
    """As people type: a capital at the beginning or none at all, a slip now and then."""
    text = " ".join(text.split()).replace(" ?", "?").replace(" ,", ",")
    chance = draw.random()
    if chance > _LOWER:
        text = text[:1].upper() + text[1:]
    elif chance < _LOWER / 3 and not (message.mentions or message.also):
        text = text.lower()
    return _slipped(text, draw) if draw.random() < _TYPOS else text


def _slipped(text: str, draw: random.Random) -> str:
    """Two letters within a word change places."""
    able = [place for place in range(1, len(text) - 2) if text[place - 1 : place + 3].isalpha()]
    if not able:
        return text
    place = draw.choice(able)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
