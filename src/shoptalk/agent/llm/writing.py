"""The model at the second door: one streamed call writes the answer, and each sentence is held against the evidence.

A sentence is said once it is whole and nothing speaks against it. Picks that no sentence spoke of get the line that the
embedded explanation has for them; where the model gives nothing to say, the whole text is the embedded one.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Protocol

from shoptalk.agent.checking import Known
from shoptalk.agent.claims import Claims, sentences
from shoptalk.agent.explaining import Answer, Explaining, is_about_items, only_talks, pick_told, said_first
from shoptalk.agent.llm.layout import Layout
from shoptalk.agent.llm.messages import Message
from shoptalk.agent.llm.prompting import explain_messages
from shoptalk.agent.watch import Door, Failure, ModelFailureError, Watch

__all__ = ["ModelExplaining", "Streaming"]

_log = logging.getLogger(__name__)

#: Tokens that an answer may have: for its opening, and for each pick.
_TOKENS, _TOKENS_A_PICK = 80, 60
#: Seconds kept for what the templates say after the model.
_RESERVE = 0.2


class Streaming(Protocol):
    """A model that answers piece by piece: `shoptalk.agent.llm.client.ChatModel`."""

    def stream(
        self,
        messages: Sequence[Message],
        watch: Watch,
        *,
        door: Door,
        first: float,
        seconds: float,
        most_tokens: int,
    ) -> Iterator[str]:
        """The answer's pieces, the first within `first` seconds, the last within `seconds`.

        A piece may be empty. Closing the iterator ends the call. Raises ModelFailureError and nothing else.
        """
        ...


class ModelExplaining:
    """Lets a model write what is said of picks; all else is said by the embedded explanation."""

    def __init__(self, model: Streaming, embedded: Explaining) -> None:
        """`embedded` stands in, whole or from where the model stops."""
        self._model, self._embedded = model, embedded

    def explain(self, answer: Answer, watch: Watch | None = None) -> Iterator[str]:
        """Whole sentences or lines; none of them was said before it was checked. Never raises because of the model."""
        if not answer.picks or only_talks(answer):
            yield from self._embedded.explain(answer, watch)
            return
        watch = watch or Watch()
        noted = [] if is_about_items(answer) else list(said_first(answer))
        yield from noted
        layout, failed = Layout(answer, follows=bool(noted)), None
        try:
            yield from self._sentences(answer, watch, layout)
        except ModelFailureError as failure:
            failed = failure
        if layout.is_empty and failed is None:
            failed = ModelFailureError(Failure.GARBAGE, "no sentence of it could be traced")
        if failed is not None:
            watch.failed("explain", failed.failure, failed.detail)
            _log.warning("the embedded explanation stands in for the model: %s", failed)
        if layout.is_empty:
            yield from islice(self._embedded.explain(answer, watch), len(noted), None)
        for place in layout.untold if not layout.is_empty else ():
            yield from layout.line(place, pick_told(answer, place))

    def _sentences(self, answer: Answer, watch: Watch, layout: Layout) -> Iterator[str]:
        """What of the model's text may be said, laid out. Raises ModelFailureError."""
        claims: Claims | None = None
        known = Known(answer)
        seconds = watch.left - _RESERVE
        pieces = self._model.stream(
            explain_messages(answer),
            watch,
            door="explain",
            first=min(watch.to_first_word, seconds),
            seconds=seconds,
            most_tokens=_TOKENS + _TOKENS_A_PICK * len(answer.picks),
        )
        told: list[str] = []
        with closing(pieces):  # type: ignore[type-var]  # whoever stops listening ends the call
            for sentence in sentences(_in_time(pieces, watch, layout)):
                claims = claims or Claims(answer)  # made while the model writes on
                written = layout.written(sentence)
                why = [str(objection.why) for objection in claims.objections(sentence, before="".join(told))]
                why += [f"'{what}' is not known" for what in known.untraceable(written.text)]
                why += ["it was said already"] if written.is_repeated else []
                watch.checked(1, int(bool(why)))
                if why:
                    _log.warning("cut from what the model wrote, since %s: %r", "; ".join(dict.fromkeys(why)), sentence)
                    continue
                watch.did("explain")
                told = [*told[-2:], sentence]  # tells the next sentence what 'it' means
                yield layout.place(written)


def _in_time(pieces: Iterator[str], watch: Watch, layout: Layout) -> Iterator[str]:
    """The pieces; raises ModelFailureError once the time for the first sentence, or for all of them, is over."""
    for piece in pieces:
        if layout.is_empty and not watch.to_first_word:
            raise ModelFailureError(Failure.LATE, "no sentence was whole in the time to the first word")
        if watch.left <= _RESERVE:
            raise ModelFailureError(Failure.LATE, "the time of the turn was over in the middle of the answer")
        yield piece
