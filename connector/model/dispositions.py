"""Where answers other than one label lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DispositionKind(StrEnum):
    """What is to be done with an item that no single label answers."""

    MULTI_LABEL = "multi_label"  # more than one label is right, or may be
    EXCLUDE = "exclude"  # no label of the project is right: not to be learned from, not asked about again
    GUIDELINE_QUESTION = "guideline_question"  # the guidelines do not tell the two labels apart here


class DispositionState(StrEnum):
    OPEN = "open"
    WITHDRAWN = "withdrawn"  # its decision was reopened


@dataclass(frozen=True, slots=True)
class Disposition:
    """One item on one of the lists, by the decision that put it there.

    `labels` are those that reviewers named; for a guideline question the pair that it is about.
    """

    id: str
    project_id: int
    issue_id: str
    decision_id: str
    item_id: int
    kind: DispositionKind
    problem: str
    labels: tuple[str, ...]
    state: DispositionState
    decided_at: datetime
