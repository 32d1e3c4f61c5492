"""Why an item is shown to a reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.wording.text import counted, listing, number_of, percent, quoted

MOST_ALSO = 2  # sentences


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """What is known of a flagged item; probabilities in 0..1, `near` most probable first."""

    given: str
    suggested: str
    probability: float
    near: Sequence[tuple[str, float]] = ()
    others: Sequence[str] = ()
    similar: Sequence[str] = field(default_factory=tuple)
    question: str | None = None  # why it is shown, where the model does not contradict the label
    also: Sequence[str] = ()  # what else was found about the item


def review_title() -> str:
    return "A second look, please"


def flag_context(facts: FlagFacts) -> str:
    """Why this item is shown, in at most four sentences, and two of what else was found; one a line."""
    lines = [facts.question or _model_sentence(facts)]
    if facts.near:
        near = listing([f"{quoted(label)} ({percent(p)})" for label, p in facts.near])
        lines.append(f"{'The model' if facts.question else 'It'} also considers {near}.")
    if facts.others:
        lines.append(f"Other annotators chose {counted(facts.others)}.")
    if facts.similar:
        most = number_of(len(facts.similar), "most similar item")
        lines.append(f"Labels of the {most}: {counted(facts.similar)}.")
    return "\n".join([*lines, *facts.also[:MOST_ALSO]])


def _model_sentence(facts: FlagFacts) -> str:
    joint = "and" if facts.given == facts.suggested else "but"
    return (
        f"The model is {percent(facts.probability)} sure this is {quoted(facts.suggested)}, "
        f"{joint} it is labeled {quoted(facts.given)}. Please verify."
    )


def blind_context() -> str:
    return "Please label this item as if nobody had labeled it before."
