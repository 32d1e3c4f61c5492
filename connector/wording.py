"""Every sentence that a person reads. Pure: facts in, text out; callers never build sentences.

Labels, names and notes are data that someone typed: they are shortened and kept on one line here, and
escaped where the text becomes HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from connector.model import GuidelineNote, Problem

LABEL_CHARS = 80  # longest label shown in a sentence
NOTE_CHARS = 500  # longest note shown in the guidelines
REASON_CHARS = 300  # longest message of a platform that is passed on
TITLE_CHARS = 50  # longest title that Label Studio takes

BUDGET = "waits for a free place in the review queue"
CLASS_CAP = "its class has reached the cap of flags"
RARE_CLASS = "its class has too few examples to be judged"
NO_ALTERNATIVE = "the model's own guess is the given label"
NO_LONGER_FLAGGED = "a later scan no longer flags it"
LABEL_CHANGED = "the label changed before a decision"
ITEM_GONE = "the item or its annotation was deleted before a decision"
CLASS_GONE = "its class is not in the labelling config any more"
TASK_GONE = "the review task was deleted on the platform"

OWN_LABEL = "the reviewer labeled this item before"
EDITED = "someone else edited this answer"
SKIPPED = "skipped"
SUPERSEDED = "the same reviewer answered again later"
NO_ANSWER = "neither a label nor a problem was chosen"
UNKNOWN_LABEL = "the label is not among the project's classes"


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """What is known of a flagged item; probabilities in 0..1, `near` most probable first."""

    given: str
    suggested: str
    probability: float
    near: Sequence[tuple[str, float]] = ()
    others: Sequence[str] = ()
    similar: Sequence[str] = field(default_factory=tuple)


def one_line(text: str, limit: int = LABEL_CHARS) -> str:
    """Text on one line, at most `limit` characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def quoted(label: str) -> str:
    return f"'{one_line(label)}'"


def percent(probability: float) -> str:
    """A probability as people say it; never a certain 0 % or 100 %."""
    if probability >= 0.995:
        return "more than 99%"
    if probability <= 0.005:  # exactly half a percent would be rounded to 0 %
        return "less than 1%"
    return f"{probability:.0%}"


def review_title() -> str:
    return "A second look, please"


def flag_context(facts: FlagFacts) -> str:
    """Why this item is shown, in at most four sentences, one a line."""
    lines = [_model_sentence(facts)]
    if facts.near:
        near = listing([f"{quoted(label)} ({percent(p)})" for label, p in facts.near])
        lines.append(f"It also considers {near}.")
    if facts.others:
        lines.append(f"Other annotators chose {counted(facts.others)}.")
    if facts.similar:
        n = len(facts.similar)
        lines.append(f"Labels of the {n} most similar items: {counted(facts.similar)}.")
    return "\n".join(lines)


def _model_sentence(facts: FlagFacts) -> str:
    joint = "and" if facts.given == facts.suggested else "but"
    return (
        f"The model is {percent(facts.probability)} sure this is {quoted(facts.suggested)}, "
        f"{joint} it is labeled {quoted(facts.given)}. Please verify."
    )


def blind_context() -> str:
    return "Please label this item as if nobody had labeled it before."


def counted(labels: Sequence[str]) -> str:
    """'A' (2), 'B' (1): most frequent first, ties in the order given."""
    return listing([f"{quoted(label)} ({n})" for label, n in Counter(labels).most_common()])


def listing(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def review_project_title(source_title: str) -> str:
    ending = " · second look"
    return one_line(source_title, TITLE_CHARS - len(ending)) + ending


def review_instructions(source_title: str, quorum: int) -> str:
    """Instructions of the review project, as HTML."""
    problems = "".join(f"<li><b>{escape(p.value)}</b>: {_PROBLEMS[p]}</li>" for p in Problem)
    return (
        f"<p>These items come from <b>{escape(one_line(source_title))}</b>. Some were picked because a model "
        "disagrees with their label, some at random. Neither the label nor the model is right by default: "
        "choose what you see.</p>"
        f"<p>If no single label fits, choose a problem instead:</p><ul class='list-disc pl-6'>{problems}</ul>"
        f"<p>{quorum} agreeing answers decide. A note for the guideline is welcome where a rule would have "
        "helped.</p>"
    )


_PROBLEMS: Mapping[Problem, str] = {
    Problem.AMBIGUOUS: "two labels fit equally well",
    Problem.NONE_FITS: "no label of the list fits",
    Problem.SEVERAL_FIT: "more than one label is right",
    Problem.BAD_DATA: "the item is broken, empty or unreadable",
    Problem.CANNOT_TELL: "you cannot tell from what is shown",
}


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


def guideline_block(notes: Sequence[GuidelineNote], names: Mapping[str, str]) -> str:
    """The managed part of a project's instructions, as HTML; empty without notes.

    A note that several reviewers left in the same words stands once, with the latest date. Equal notes
    give equal text, in whatever order they come.
    """
    if not notes:
        return ""
    said: dict[tuple[str, str, str], list[GuidelineNote]] = {}
    for note in sorted(notes, key=lambda one: (one.given, one.label, one.created_at, one.author)):
        said.setdefault((note.given, note.label, one_line(note.text, NOTE_CHARS)), []).append(note)
    parts = ["<h3>Notes from reviews</h3>", "<ul class='list-disc pl-6'>"]
    for (given, label, text), same in said.items():
        authors = listing(sorted({_first_name(note.author, names) for note in same}))
        parts.append(
            f"<li><b>{escape(one_line(label))}</b>, not <b>{escape(one_line(given))}</b>: "
            f"{escape(text)} ({escape(authors)}, {same[-1].created_at:%Y-%m-%d})</li>"
        )
    return "".join([*parts, "</ul>"])


def _first_name(author: str, names: Mapping[str, str]) -> str:
    """What annotators call a reviewer; of an e-mail address only the part before the @ is published."""
    return one_line(names.get(author, f"reviewer {author}").split("@", 1)[0])


def lost_class(label: str, count: int) -> str:
    """A class that is gone from the labelling config while labels still carry it."""
    carried = "1 label" if count == 1 else f"{count} labels"
    return (
        f"The class {quoted(label)} is gone from the labelling config; {carried} carried it when it went, "
        "and what still carries it is not judged. Rename it back, or label these items again."
    )


def review_refused(said: str) -> str:
    """Why a question is not asked, with what the platform said."""
    return f"the platform refused the review task: {one_line(said, REASON_CHARS)}"


def too_few_labels(n_items: int, n_classes: int) -> str:
    return (
        f"{n_items} labeled items in {n_classes} classes are too few to judge labels; "
        "nothing was flagged. Label more items, then scan again."
    )


def not_stated_out_of_sample(source: str) -> str:
    return (
        f"It is not stated that the predictions ({source}) are out-of-sample. A model that has seen the "
        "labels agrees with them too often, so errors stay unseen. Set predictions.out_of_sample = true if "
        "it has not."
    )


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit: '5 minutes ago'."""
    seconds = int((now - moment).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            n = seconds // size
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    return "just now"
