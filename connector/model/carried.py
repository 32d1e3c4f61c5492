"""Which one label an item carries when several people labelled it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GivenLabel:
    """One valid annotation of an item, as far as choosing needs it."""

    annotation_id: int
    annotation_remote_id: str
    label_version: int
    annotator: str | None
    label: str
    ground_truth: bool
    created_at: datetime
    updated_at: datetime
    corrected: bool = False  # a correction of ours stands in it


def carried(labels: Sequence[GivenLabel]) -> GivenLabel:
    """The annotation whose label the item carries: ground truth, else what we corrected, else the majority's.

    Others may go on to hold the error of which one was corrected: they must not outvote what was decided.
    Of several corrected ones the last; of a majority, and on a tie, what was given first. `labels` must not
    be empty.
    """
    if len(labels) == 1:
        return labels[0]
    truths = [one for one in labels if one.ground_truth]
    decided = truths or [one for one in labels if one.corrected]
    if decided:
        return max(decided, key=lambda one: (one.updated_at, one.annotation_id))
    in_order = sorted(labels, key=lambda one: (one.created_at, one.annotation_id))
    votes = Counter(one.label for one in in_order)  # keeps first-seen order, so ties go to the earliest
    winner = max(votes, key=lambda label: votes[label])
    return next(one for one in in_order if one.label == winner)
