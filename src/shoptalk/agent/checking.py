"""Promise 3: a sentence is said only if its names and numbers can be traced to what is known.

Known are the picks' records and evidence, the items the person named, the person's own words, and the counts of the
turn. Item names are what stands between double asterisks.
"""

import logging
import re
from collections.abc import Iterable, Iterator

from shoptalk.agent.explaining import Answer
from shoptalk.agent.phrasing import label_of, number_in_words, short_title, title_with_year
from shoptalk.ranking.evidence import (
    CloseTo,
    Compared,
    ConstraintMet,
    Evidence,
    FollowsOn,
    LikedTogether,
    NamedAfter,
    Popular,
    RuleApplied,
    SharesWith,
    WellRated,
    WishMissed,
    WordsMatch,
)
from shoptalk.retrieval.catalog import FacetValue, Item
from shoptalk.retrieval.schema import Schema

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PLACE = re.compile(r"^\n?\d+\. ")


class Known:
    """What an answer may speak of: names of items, and numbers as they would be written."""

    def __init__(self, answer: Answer) -> None:
        items = [*(pick.item for pick in answer.picks), *answer.named.values()]
        self.names = {
            name
            for item in items
            for name in (item.title, short_title(item.title), title_with_year(answer.schema, item))
        }
        titles = [mention.title for mention in answer.request.mentions]
        titles += [title for pick in answer.picks for fact in pick.evidence for title in titles_of(fact)]
        self.names |= {name for title in titles for name in (title, short_title(title))}
        self.numbers = set(_numbers_in(self._texts(answer, items)))
        shown = len(answer.picks)
        counts = [shown, answer.passing, answer.passing - shown, answer.size]
        counts += [choice.count for choice in answer.question.choices] if answer.question else []
        self.numbers |= {_plain(f"{count}") for count in counts}

    def untraceable(self, sentence: str) -> tuple[str, ...]:
        """Names and numbers of the sentence that cannot be traced; empty if all can."""
        names = [name for name in _NAME.findall(sentence) if name not in self.names]
        rest = _PLACE.sub("", _NAME.sub("", sentence))
        return (*names, *(number for number in _numbers_in([rest]) if number not in self.numbers))

    def _texts(self, answer: Answer, items: Iterable[Item]) -> Iterator[str]:
        yield from (answer.request.message, answer.shop, *(label_of(facet) for facet in answer.schema.facets))
        for item in items:
            yield from (item.title, item.text)
            for name, value in item.facets.items():
                yield from _written(value)
                if isinstance(value, float) and not isinstance(value, bool):
                    yield number_in_words(answer.schema.facet(name), value)
        choices = answer.question.choices if answer.question else ()
        offered = [one for choice in choices for one in (*choice.added, *choice.dropped)]
        for constraint in (*answer.state.constraints, *answer.request.constraints, *offered):
            yield constraint.words
            yield from _written(constraint.value)
        for change in answer.changes:
            yield from (change.was, change.now)
        for pick in answer.picks:
            for fact in pick.evidence:
                yield from _told_by(answer.schema, fact)


def checked(pieces: Iterable[str], answer: Answer) -> Iterator[str]:
    """The pieces that can be traced; the others are left out, and the log says so."""
    known = Known(answer)
    for piece in pieces:
        if missing := known.untraceable(piece):
            _LOG.warning("left out of the answer, since %s cannot be traced: %r", ", ".join(missing), piece)
        else:
            yield piece


def titles_of(fact: Evidence) -> tuple[str, ...]:
    """The items that a fact speaks of besides the pick."""
    match fact:
        case SharesWith() | CloseTo() | LikedTogether() | FollowsOn():
            return (fact.title,)
        case Compared():
            return (fact.than_title,)
    return ()


def _told_by(schema: Schema, fact: Evidence) -> Iterator[str]:
    """The texts and numbers of a fact that may be said. Its weight, and how far it moved the pick, may not."""
    yield from titles_of(fact)
    match fact:
        case ConstraintMet() | WishMissed():
            yield fact.constraint.words
            yield from _written(fact.constraint.value)
            yield from _written(fact.value if fact.value is not None else "")
        case SharesWith():
            yield from (value for _, value in fact.shared)
        case WordsMatch():
            yield from fact.words
        case Compared():
            yield from (number_in_words(schema.facet(fact.facet), value) for value in (fact.value, fact.than_value))
        case WellRated():
            yield from (number_in_words(schema.facet(fact.facet), fact.value), f"{fact.count or 0}")
        case LikedTogether():
            yield f"{fact.sessions}"
        case NamedAfter():
            yield from (f"{fact.times}", f"{fact.among}")
        case Popular():
            yield f"{fact.rank}"
        case RuleApplied():
            yield fact.why


def _written(value: FacetValue | tuple[float, ...]) -> Iterator[str]:
    if isinstance(value, tuple):
        for one in value:
            yield from _written(one)
    elif isinstance(value, float) and not isinstance(value, bool):
        yield from (f"{value:g}", f"{value:.2f}", f"{value:.0f}", repr(value))
    else:
        yield str(value)


def _numbers_in(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for found in _NUMBER.findall(text):
            yield _plain(found)


def _plain(number: str) -> str:
    """'1,299.00' and '1299' are one number."""
    bare = number.replace(",", "")
    return bare.rstrip("0").rstrip(".") if "." in bare else bare
