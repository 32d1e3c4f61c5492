"""Why an issue was decided as it was."""

from __future__ import annotations

from collections.abc import Sequence

from connector.wording.text import counted, quoted


def decision_reason(code: str, votes: Sequence[str], label: str | None, given: str) -> str:
    """Why an issue was decided as it was; `votes` are the labels or problems that were counted.

    `code` is a reason of the consensus: a test holds the two lists against each other.
    """
    tally = counted(votes) if votes else "no answers"
    match code:
        case "agreed_on_other":
            return f"Reviewers agreed on {quoted(label or '')} instead of {quoted(given)}: {tally}."
        case "agreed_on_given":
            return f"Reviewers confirmed {quoted(given)}: {tally}."
        case "agreed_on_problem":
            return f"Reviewers agreed that no single label can be chosen: {tally}."
        case "adjudicated" if label is None:
            return f"An adjudicator found that no single label can be chosen: {tally}."
        case "adjudicated":
            return f"An adjudicator chose {quoted(label or '')}: {tally}."
        case _:
            return f"Reviewers did not agree: {tally}."
