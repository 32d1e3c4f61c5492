"""Why a box is shown to a reviewer."""

from __future__ import annotations

from connector.model import Issue
from connector.wording.text import percent, quoted


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
