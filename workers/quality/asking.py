"""Whom the queue asks about next, learned from the verdicts so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from connector.model import Issue, IssueKind, IssueState, Project
from connector.store.repositories.quality import VerdictCount
from connector.store.unit_of_work import UnitOfWork
from workers.issues.learning import Verdicts, expected_precision, learned_order

LEAST_ASKED = 10  # verdicts before the queue learns from them
MOST_RANKED = 1_000  # waiting issues that are ranked anew at a time


def next_to_ask(unit: UnitOfWork, project: Project, waiting: Sequence[Issue], free: int) -> list[Issue]:
    """Of issues that wait, most suspicious first, the `free` to open: those most likely to be confirmed.

    What is no flag (a control, say) keeps its place. Below `LEAST_ASKED` verdicts the order stays.
    """
    counts = [one for one in unit.quality.verdicts(project.id) if one.kind is IssueKind.LABEL_ERROR]
    if sum(one.n for one in counts) < LEAST_ASKED:
        return list(waiting[:free])
    flags = [issue for issue in waiting if issue.kind is IssueKind.LABEL_ERROR]
    number = {name: k for k, name in enumerate(_names(counts, flags))}
    precision = expected_precision(
        [number[issue.given] for issue in flags],
        [number[issue.suggested] for issue in flags],
        _verdicts(counts, number),
        len(number),
    )
    ordered = iter([flags[row] for row in learned_order(precision)])
    return [next(ordered) if issue.kind is IssueKind.LABEL_ERROR else issue for issue in waiting][:free]


def _names(counts: Sequence[VerdictCount], flags: Sequence[Issue]) -> list[str]:
    named = {name for one in counts for name in (one.given, one.suggested)}
    return sorted(named | {name for issue in flags for name in (issue.given, issue.suggested)})


def _verdicts(counts: Sequence[VerdictCount], number: Mapping[str, int]) -> Verdicts:
    accepted = [one.n if one.state is IssueState.ACCEPTED else 0 for one in counts]
    return Verdicts(
        given=np.array([number[one.given] for one in counts], dtype=np.int64),
        suggested=np.array([number[one.suggested] for one in counts], dtype=np.int64),
        asked=np.array([one.n for one in counts], dtype=np.int64),
        confirmed=np.array(accepted, dtype=np.int64),
    )
