"""What the review project says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from connector.model import Problem
from connector.wording.text import number_of, one_line

REASON_CHARS = 300  # longest message of a platform that is passed on
TITLE_CHARS = 50  # longest title that Label Studio takes


def review_project_title(source_title: str) -> str:
    ending = " · second look"
    return one_line(source_title, TITLE_CHARS - len(ending)) + ending


def review_instructions(
    source_title: str, quorum: int | None, *, in_parts: bool = False, single: bool = True
) -> str:
    """Instructions of the review project, as HTML; without a quorum for questions decided by shares.

    `in_parts`: each question is about one region of an item, whose answers stand beside it. `single`: the
    answer is one label, not several, nor a number.
    """
    decided = (
        "Of each item so many people are asked as it takes to know what most would choose."
        if quorum is None
        else f"{number_of(quorum, 'agreeing answer decides', 'agreeing answers decide')}."
    )
    origin = f"<p>These items come from <b>{escape(one_line(source_title))}</b>."
    return (
        f"{origin} {_of_regions() if in_parts else _of_labels(single=single)}"
        f"<p>{decided} A note for the guideline is welcome where a rule would have "
        "helped.</p>"
    )


def _of_labels(*, single: bool) -> str:
    unfit = "If no single label fits" if single else "If none of the answers that can be given is right"
    problems = "".join(f"<li><b>{escape(p.value)}</b>: {_PROBLEMS[p]}</li>" for p in Problem)
    return (
        "Some were picked because a model "
        "disagrees with their label, some at random. Neither the label nor the model is right by default: "
        "choose what you see.</p>"
        f"<p>{unfit}, choose a problem instead:</p><ul class='list-disc pl-6'>{problems}</ul>"
    )


def _of_regions() -> str:
    return (
        "Each task asks about one region. Some were picked because a model or another annotator disagrees, "
        "some at random. Neither the region nor what speaks against it is right by default: answer by what "
        "you see.</p>"
        "<p>Give one answer, and leave all other regions as they are. Where the answer says to mend, "
        "draw or mark the region, do so before you submit: an answer that contradicts what is marked is not "
        "counted, and another person is asked. If nothing that is shown settles it, answer "
        "<b>cannot decide</b>.</p>"
    )


_PROBLEMS: Mapping[Problem, str] = {
    Problem.AMBIGUOUS: "two labels fit equally well",
    Problem.NONE_FITS: "no label of the list fits",
    Problem.SEVERAL_FIT: "more than one label is right",
    Problem.BAD_DATA: "the item is broken, empty or unreadable",
    Problem.CANNOT_TELL: "you cannot tell from what is shown",
}


def review_refused(text: str) -> str:
    """Why a question is not asked, with what the platform said."""
    return f"the platform refused the review task: {one_line(text, REASON_CHARS)}"
