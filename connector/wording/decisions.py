"""Why an issue was decided as it was, why it was decided anew, and what else became of it."""

from __future__ import annotations

from collections.abc import Sequence

from connector.wording.text import counted, percent, quoted

BY_SHARES = ("most_would_change", "most_would_keep")
WITH_A_LABEL = (*BY_SHARES, "agreed_on_other", "agreed_on_given", "probable")
WITHOUT_A_LABEL = {
    "agreed_on_problem": "Reviewers agreed that no single label can be chosen",
    "adjudicated": "An adjudicator found that no single label can be chosen",
    "not_unanimous": "Reviewers were not unanimous about a critical class",
    "unsure": "Reviewers agreed, but not surely enough",
    "disputed": "Reviewers changed their answers too often",
    "torn": "People are torn: no label is likely to have a majority, however many are asked",
    "little_chance": "The label stays: asking more people is unlikely to change it",
    "overdue": "It was not decided in time",
}
DECISION_REASONS = (*WITH_A_LABEL, *WITHOUT_A_LABEL)  # codes, as decisions are stored with them


def decision_reason(
    code: str, votes: Sequence[str], label: str | None, given: str, probability: float | None = None
) -> str:
    """Why an issue was decided as it was; `votes` are the labels or problems that were counted.

    `code` is a reason of the consensus: a test holds the two lists against each other. `probability` is
    that of the label decided on, where it is known.
    """
    text = f"{_decided(code, label, given)}: {counted(votes) if votes else 'no answers'}."
    if label is None or probability is None:
        return text
    return f"{text} {_sure_of_most(probability) if code in BY_SHARES else _sure(label, probability)}"


def _decided(code: str, label: str | None, given: str) -> str:
    match code:
        case "agreed_on_other":
            return f"Reviewers agreed on {quoted(label or '')} instead of {quoted(given)}"
        case "most_would_change":
            return f"Most people would choose {quoted(label or '')} instead of {quoted(given)}"
        case "most_would_keep":
            return f"Most people would choose {quoted(given)}, as it is"
        case "agreed_on_given":
            return f"Reviewers confirmed {quoted(given)}"
        case "probable":
            return f"{quoted(label or '')} is sure enough without asking more people"
        case "adjudicated" if label is not None:
            return f"An adjudicator chose {quoted(label)}"
        case _:
            return WITHOUT_A_LABEL.get(code, "Reviewers did not agree")


def _sure_of_most(probability: float) -> str:
    return f"By what this project's answers show of its questions, that is {percent(probability)} sure."


def _sure(label: str, probability: float) -> str:
    sources = "With their reliability, the given label and the model"
    return f"{sources}, the probability of {quoted(label)} is {percent(probability)}."


def reopened(was: str, votes: Sequence[str]) -> str:
    """Why a decision was reopened; `was` is its reason, `votes` what the answers say now."""
    tally = counted(votes) if votes else "none"
    return f"The answers have changed and do not bear the decision any more (now: {tally}). It was: {was}"
