"""What was shown and what people did with it, as the ranker learns from it."""

from shoptalk.agent.log import Exposure, Feedback
from shoptalk.ranking.training import Impression

__all__ = ["impression_of"]

_GAINS = {Feedback.CLICKED: 1.0, Feedback.DWELLED: 1.0, Feedback.LIKED: 2.0, Feedback.BOUGHT: 3.0}


def impression_of(exposure: Exposure) -> Impression:
    """A shown list with what each item was worth: the most that was done with it, 0 where it was rejected.

    Of like and dislike the last word counts; to have dwelled on an item is worth what a click is; to have seen it says
    nothing of its worth.
    """
    gains = {item: gain for item, kinds in exposure.feedback.items() if (gain := _gain(kinds)) is not None}
    return Impression(exposure.query, exposure.shown, gains)


def _gain(kinds: tuple[Feedback, ...]) -> float | None:
    taste = [kind for kind in kinds if kind in (Feedback.LIKED, Feedback.DISLIKED, Feedback.FORGOTTEN)][-1:]
    if taste == [Feedback.DISLIKED]:
        return 0.0
    lasting = [*taste, *(kind for kind in kinds if kind in (Feedback.CLICKED, Feedback.DWELLED, Feedback.BOUGHT))]
    return max((_GAINS[kind] for kind in lasting if kind in _GAINS), default=None)
