"""What a language model did, in words: under an answer, and over all turns of a shop."""

from collections import Counter
from collections.abc import Iterable

from shoptalk.agent.watch import ModelUse

_DOORS = {"plan": "understood", "explain": "written"}


def note(use: ModelUse) -> str:
    """A line under an answer: 'Written by the model, 1 of 5 sentences cut; understood without it (late)'."""
    done = [_DOORS[door] for door, did in (("plan", use.planned), ("explain", use.written)) if did]
    told = [f"{' and '.join(done)} by the model" + (f", {_cut(use)}" if use.cut else "")] if done else []
    told += [f"{_DOORS[one.door]} without it ({one.failure})" for one in use.fallbacks]
    line = "; ".join(told)
    return line[:1].upper() + line[1:]


def totals(uses: Iterable[ModelUse]) -> str | None:
    """A line over many turns, with the rates of cut sentences and of failed calls; None where no model did anything."""
    held = list(uses)
    if not held:
        return None
    sentences, cut = sum(use.sentences for use in held), sum(use.cut for use in held)
    failures = Counter(str(one.failure) for use in held for one in use.fallbacks)
    asked = max(1, sum(len(use.calls) for use in held))
    why = ", ".join(f"{name} {count}" for name, count in failures.most_common())
    told = [
        f"{len(held):,} turns",
        f"{cut:,} of {sentences:,} sentences cut" + (f" ({cut / sentences:.1%})" if sentences else ""),
        f"{failures.total():,} of {asked:,} calls failed" + (f" ({why})" if why else ""),
        f"{sum(call.tokens_in for use in held for call in use.calls):,} tokens in",
        f"{sum(call.tokens_out for use in held for call in use.calls):,} out",
    ]
    return ", ".join(told)


def _cut(use: ModelUse) -> str:
    return f"{use.cut} of {use.sentences} sentences cut"
