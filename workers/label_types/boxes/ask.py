"""Why a box is shown to a reviewer."""

from __future__ import annotations

from connector.model import Issue, Json
from connector.wording.text import percent, quoted
from workers.label_types.boxes.value import KEYS, Box
from workers.label_types.regions.ask import AskedKind, asked_kind
from workers.label_types.regions.keys import RegionPart

_KINDS = {
    AskedKind.MISSING: "overlooked",
    AskedKind.SPURIOUS: "spurious",
    AskedKind.LABEL: "swapped",
    AskedKind.POSITION: "badly_located",
}


def facts(kind: str, given: RegionPart[Box] | None, model: RegionPart[Box] | None) -> Json:
    """What a question says: None for a box that is not there."""
    return {
        "kind": kind,
        "given": None if given is None else given.label,
        "suggested": None if model is None else model.label,
        "overlap": None if given is None or model is None else KEYS.overlap(given, model),
    }


def doubts(given: RegionPart[Box], suggested: RegionPart[Box]) -> Json:
    """The facts of a question that leads from the one box to the other."""
    there = (None if part.is_nothing else part for part in (given, suggested))
    return facts(_KINDS.get(asked_kind(KEYS, given, suggested), ""), *there)


def question(issue: Issue) -> str:
    """What speaks against the box, with the colours in which it is drawn."""
    about = issue.evidence.about or {}
    given, suggested = quoted(str(about.get("given"))), quoted(str(about.get("suggested")))
    sure = percent(issue.probability)
    match about.get("kind"):
        case "overlooked":
            return (
                f"Is something missing? The model sees {suggested} here (orange) with {sure}, "
                "and nobody boxed it."
            )
        case "spurious":
            return (
                f"Is something there? The orange box says {given}, and the model sees nothing of it ({sure})."
            )
        case "swapped":
            return (
                f"Which label is right? The orange box says {given}; the model sees {suggested} with {sure}."
            )
        case "badly_located":
            covered = percent(float(about.get("overlap") or 0.0))
            return (
                f"Which position is right? The box of {given} (orange) and the model's (blue) "
                f"overlap only by {covered}."
            )
    return "Is the orange box right?"
