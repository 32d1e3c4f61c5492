"""What a scan could not judge, and what it doubts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.wording.text import are, listing, number_of, percent, quoted


def not_asked_in_parts(kinds: Sequence[str], shard_rows: int) -> str:
    """Kinds of question that the project wants, and that need all items in one worker."""
    return (
        f"policy.review_kinds names {listing(kinds)}: not looked for and not asked about, for the project is "
        f"scanned in parts of policy.shard_rows = {shard_rows}. Raise that, if one worker has the time "
        "and memory for all items."
    )


def lost_class(label: str, count: int) -> str:
    """A class that is gone from the labelling config while labels still carry it."""
    return (
        f"The class {quoted(label)} is gone from the labelling config; "
        f"{number_of(count, 'label')} carried it when it went, "
        "and what still carries it is not judged. Rename it back, or label these items again."
    )


def not_judged_yet(control: str, kind: str) -> str:
    """The reason under which answers to another question than the label are counted."""
    return f"answers to {quoted(control)} ({kind.replace('_', ' ')}, not judged yet)"


def judged_by_type() -> str:
    """What a scan of labels that are no single choice leaves out."""
    return "items were not compared with each other, and changes wait for the next scan"


def judged_by_others(n_items: int) -> str:
    return (
        f"{number_of(n_items, 'item without predictions was', 'items without predictions were')} judged by "
        "what their other annotators marked, which is "
        "weaker than a model. Import predictions to judge them by these."
    )


MISFITS: Mapping[str, tuple[str, str]] = {  # what does not fit → the fact, and what may be the cause
    "places": (
        "there is one at {n:,} of {total:,} given regions",
        "Are they of these items, and in pixels (YOLO's: in shares of the picture) or characters from 0?",
    ),
    "labels": (
        "of those at {total:,} given regions {n:,} have the same label",
        "Are labels called alike? Numbers of classes may begin at 0 or at 1",
    ),
    "ends": (
        "of those over {total:,} given spans {n:,} have the same start and end",
        "Do offsets count characters from 0, with the end exclusive?",
    ),
}


def misfit(why: str, n: int, total: int) -> tuple[str, str]:
    """Why predicted regions cannot be about the given ones: the problem, and what to look at."""
    fact, cause = MISFITS[why]
    return f"the predictions do not fit the labels: {fact.format(n=n, total=total)}", cause


def predictions_fit_little(why: str, n: int, total: int) -> str:
    fact, cause = MISFITS[why]
    return (
        f"The predictions fit the labels little: {fact.format(n=n, total=total)}. "
        f"Either the model is weak, or they do not belong together. {cause}"
    )


def predictions_do_not_fit(why: str, n: int, total: int) -> str:
    problem, cause = misfit(why, n, total)
    return f"{problem}. Nothing is flagged by them. {cause}"


def other_controls(kinds: Mapping[str, str], stored: Mapping[str, int]) -> str:
    """The controls beside the label, with how many answers to each are stored."""
    texts = [
        f"{quoted(name)} ({kind.replace('_', ' ')}, {number_of(stored.get(name, 0), 'answer')})"
        for name, kind in kinds.items()
    ]
    return f"stored and not judged yet: {', '.join(texts)}"


def too_few_labels(n_items: int, n_classes: int) -> str:
    return (
        f"{number_of(n_items, 'labeled item')} in {number_of(n_classes, 'class', 'classes')} "
        f"{are(n_items)} too "
        "few to judge labels; nothing was flagged. Label more items, then scan again."
    )


def not_stated_out_of_sample(source: str) -> str:
    return (
        f"It is not stated that the predictions ({source}) are out-of-sample. A model that has seen the "
        "labels agrees with them too often, so errors stay unseen. Set predictions.out_of_sample = true if "
        "it has not."
    )


def held_together(n_items: int, n_groups: int) -> str:
    return (
        f"{number_of(n_items, 'item is a copy', 'items are copies')} or near copies of others, or "
        "of one group "
        f"with them ({number_of(n_groups, 'group')}): each group was judged by a model that has "
        "seen none of it."
    )


def neighbours_approximate(recall: float) -> str:
    """Not every item was compared with every other."""
    return (
        "Outliers and near duplicates: of so many items each was compared with those of similar groups only; "
        f"{percent(recall)} of the nearest ones were found (measured on a sample), so a few may be missing."
    )
