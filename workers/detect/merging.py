"""New findings beside the issues that stand: what is stored, what is dropped, what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connector.config.project import ReviewSettings
from connector.model import Issue, IssueState
from connector.model.reasons import LetGo
from connector.store.unit_of_work import UnitOfWork
from workers.review.question import first_votes, review_task


def merge_all(unit: UnitOfWork, project_id: int, issues: Sequence[Issue], review: ReviewSettings) -> int:
    """Store all that a scan has found; the number of review tasks planned.

    An issue that is open or in review keeps its question; a suppressed one takes the new figures, or
    becomes stale when it is not flagged any more.
    """
    active = unit.issues.active(project_id)
    planned = 0
    fresh: list[Issue] = []
    for issue in issues:
        old = active.pop(issue.item_id, None)
        if old is not None and old.state is not IssueState.SUPPRESSED:
            continue
        if old is None:
            fresh.append(issue)
        else:
            unit.issues.rescore(replace(issue, id=old.id))
        planned += int(issue.state is IssueState.OPEN)
    dropped = [old.id for old in active.values() if old.state is IssueState.SUPPRESSED]
    merge_changes(unit, project_id, fresh, dropped, review)
    return planned


def merge_changes(
    unit: UnitOfWork,
    project_id: int,
    fresh: Sequence[Issue],
    dropped: Sequence[str],
    review: ReviewSettings,
) -> None:
    """Store new issues, let go of suppressed ones flagged no more, and plan the reviews of all open ones."""
    unit.issues.add(fresh)
    unit.issues.set_state(dropped, IssueState.STALE, LetGo.NO_LONGER_FLAGGED)
    to_ask = unit.issues.open_without_review(project_id)
    unit.reviews.plan([review_task(issue, first_votes(review, issue)) for issue in to_ask])
