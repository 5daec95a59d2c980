"""Reasons for a pick, each made from one typed fact and from nothing else."""

from collections.abc import Sequence

from shoptalk.agent.phrasing import constraint_in_words, join, number_in_words, short_label, short_title, value_in_words
from shoptalk.agent.tokens import words
from shoptalk.agent.words import FILLER
from shoptalk.ranking.evidence import (
    CloseTo,
    Compared,
    ConstraintMet,
    Evidence,
    FollowsOn,
    Fresh,
    LikedTogether,
    MeaningMatch,
    NamedAfter,
    Popular,
    RuleApplied,
    SharesWith,
    Varied,
    WellRated,
    WishMissed,
    WordsMatch,
)
from shoptalk.retrieval.query import Operator
from shoptalk.retrieval.schema import Kind, Meaning, Schema

#: How many reasons a card carries.
MOST_REASONS = 4

_MOST_SHARED, _MOST_WORDS = 3, 4
_ROLES = ("or", "er", "ist")  # director, writer, artist; 'cast' and 'people' are no roles


def reasons_for(schema: Schema, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The reasons of a pick in the order of the evidence (the weightiest first), without repeats, at most four.

    What spoke against the pick is no reason for it; what was asked for is told whether or not it moved the ranking.
    What the shop had a hand in is said first, so that it is never taken for relevance.
    """
    facts = [fact for fact in evidence if fact.weight > 0 or isinstance(fact, ConstraintMet | Compared)]
    reasons = _marks(evidence)
    wishes = _wishes_met(schema, facts)
    asked = [fact.constraint for fact in evidence if isinstance(fact, ConstraintMet | WishMissed)]
    told = frozenset(words(" ".join([wishes, *(f"{one.words} {one.value}" for one in asked)])))
    if wishes:
        reasons.append(wishes)
    for fact in facts:
        said = _reason(schema, fact, told)
        if said and said not in reasons:
            reasons.append(said)
    return tuple(reasons[:MOST_REASONS])


def _marks(evidence: Sequence[Evidence]) -> list[str]:
    """What is said of the shop's own part in a pick, whether or not it was needed: once, with what it wants told."""
    rules = [fact for fact in evidence if isinstance(fact, RuleApplied)]
    featured = [fact for fact in rules if fact.rule in ("pin", "boost") or (fact.rule == "margin" and fact.moved > 0)]
    marks = ["sold out at the moment"] if any(fact.rule == "stock" for fact in rules) else []
    if featured:
        why = next((fact.why for fact in featured if fact.why), "")
        marks.append("featured by the shop" + (f": {why}" if why else ""))
    return marks


def _wishes_met(schema: Schema, facts: list[Evidence]) -> str:
    """All met values of categories in one reason: 'funny and Comedy, as you asked'."""
    met = [
        constraint_in_words(schema, fact.constraint) if isinstance(fact.constraint.value, bool) else _held(fact)
        for fact in facts
        if isinstance(fact, ConstraintMet) and _is_plain_value(fact)
    ]
    return f"{join(list(dict.fromkeys(met)))}, as you asked" if met else ""


def _is_plain_value(fact: ConstraintMet) -> bool:
    return fact.constraint.operator in (Operator.IS, Operator.ANY_OF) and isinstance(
        fact.constraint.value, str | tuple | bool
    )


def _held(fact: ConstraintMet) -> str:
    """Which of the values asked for the item has."""
    asked = fact.constraint.value
    if isinstance(asked, tuple):
        has = fact.value if isinstance(fact.value, tuple) else (fact.value,)
        return join([str(one) for one in asked if one in has] or [str(one) for one in has])
    return str(asked)


def _reason(schema: Schema, fact: Evidence, told: frozenset[str]) -> str:
    match fact:
        case ConstraintMet():
            return _constraint_met(schema, fact)
        case SharesWith():
            shared = join([_shared(schema, name, value) for name, value in fact.shared[:_MOST_SHARED]])
            return f"shares {shared} with {short_title(fact.title)}" + (", which you like" if fact.liked else "")
        case CloseTo():
            return f"close to {short_title(fact.title)} in what it is about" + (
                ", which you like" if fact.liked else ""
            )
        case WordsMatch():
            new = [f"“{word}”" for word in fact.words if not (told | FILLER).issuperset(words(word))]
            return f"mentions {join(new[:_MOST_WORDS])}" if new else ""
        case MeaningMatch():
            return "close in meaning to what you described"
        case Compared():
            facet = schema.facet(fact.facet)
            ours, theirs = number_in_words(facet, fact.value), number_in_words(facet, fact.than_value)
            return f"{ours}, where {short_title(fact.than_title)} has {theirs}"
        case WellRated():
            facet = schema.facet(fact.facet)
            many = f" by {fact.count:,}" if fact.count else ""
            return f"{short_label(facet)} {number_in_words(facet, fact.value)}{many}"
    return _others_choice(fact)


def _others_choice(fact: Evidence) -> str:
    """What other people's choices, or steps after the score, say for a pick; nothing of any other fact."""
    match fact:
        case LikedTogether():
            return f"often goes together with {short_title(fact.title)}: {fact.sessions:,} times"
        case FollowsOn():
            return f"often chosen soon after {short_title(fact.title)}"
        case NamedAfter():
            return f"chosen in {fact.times:,} of the {fact.among:,} moments of past talks most like this one"
        case Popular():
            return f"no. {fact.rank:,} of what people choose here"
        case Fresh():
            return "less known than most here"
        case Varied():
            return "for variety: less like the other picks"
    return ""


def _constraint_met(schema: Schema, fact: ConstraintMet) -> str:
    facet = schema.facet(fact.constraint.facet)
    if _is_plain_value(fact) or fact.constraint.operator is Operator.IS_NOT or fact.constraint.than:
        return ""
    if facet.kind not in (Kind.NUMBER, Kind.DATE) or isinstance(fact.value, bool):
        return ""
    said = value_in_words(facet, fact.value if not isinstance(fact.value, tuple) else tuple(map(str, fact.value)))
    return said if facet.unit or facet.meaning is Meaning.YEAR else f"{short_label(facet)} {said}"


def _shared(schema: Schema, name: str, value: str) -> str:
    facet = schema.facet(name)
    role = short_label(facet).removesuffix("s")
    return f"{role} {value}" if role.endswith(_ROLES) and facet.meaning is Meaning.PERSON else value
