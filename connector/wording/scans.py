"""What a scan could not judge, and what it doubts."""

from __future__ import annotations

from connector.wording.text import quoted


def lost_class(label: str, count: int) -> str:
    """A class that is gone from the labelling config while labels still carry it."""
    carried = "1 label" if count == 1 else f"{count} labels"
    return (
        f"The class {quoted(label)} is gone from the labelling config; {carried} carried it when it went, "
        "and what still carries it is not judged. Rename it back, or label these items again."
    )


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
