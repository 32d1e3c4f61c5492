"""Why a span is shown to a reviewer."""

from __future__ import annotations

from connector.model import Issue, Json
from connector.wording.text import percent, quoted
from workers.label_types.regions.ask import AskedKind, asked_kind
from workers.label_types.regions.keys import RegionPart
from workers.label_types.spans.value import KEYS, Span

_KINDS = {
    AskedKind.MISSING: "missing",
    AskedKind.SPURIOUS: "extra",
    AskedKind.LABEL: "type",
    AskedKind.POSITION: "boundary",
}


def facts(kind: str, given: RegionPart[Span] | None, model: RegionPart[Span] | None) -> Json:
    """What a question says: None for a span that is not there."""
    about = given or model
    return {
        "kind": kind,
        "given": None if given is None else given.label,
        "suggested": None if model is None else model.label,
        "words": "" if about is None else about.spot.words,
        "model_words": "" if model is None else model.spot.words,
    }


def doubts(given: RegionPart[Span], suggested: RegionPart[Span]) -> Json:
    """The facts of a question that leads from the one span to the other."""
    there = (None if part.is_nothing else part for part in (given, suggested))
    return facts(_KINDS.get(asked_kind(KEYS, given, suggested), ""), *there)


def question(issue: Issue) -> str:
    """What speaks against the span."""
    about = issue.evidence.about or {}
    given, suggested = quoted(str(about.get("given"))), quoted(str(about.get("suggested")))
    words, theirs = quoted(str(about.get("words"))), quoted(str(about.get("model_words")))
    sure = percent(issue.probability)
    match about.get("kind"):
        case "missing":
            return (
                f"Is something missing? The model reads {words} (orange) as {suggested} with {sure}; "
                "nobody marked it."
            )
        case "extra":
            return f"Is this one? {words} is marked as {given}, and the model reads nothing there ({sure})."
        case "type":
            return (
                f"Which label is right? {words} is marked as {given}; "
                f"the model reads {suggested} with {sure}."
            )
        case "boundary":
            return (
                f"Where does it begin and end? Marked is {words}; "
                f"the model reads {theirs} ({suggested}, {sure})."
            )
    return "Is the orange span right?"
