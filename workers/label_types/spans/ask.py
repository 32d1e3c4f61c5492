"""Why a span is shown to a reviewer."""

from __future__ import annotations

from connector.model import Issue
from connector.wording.text import percent, quoted


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
