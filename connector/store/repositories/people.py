"""What is known of the people who review and label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select

from connector.model import AnswerRow, DecidedLabel, PersonDetail, PersonSnapshot, ReviewState
from connector.store.repositories.base import Repository
from connector.store.tables import (
    annotation_rows,
    decisions,
    issues,
    items,
    review_tasks,
    reviewer_snapshots,
    votes,
)

KEPT_DAYS = 366
STANDING = (ReviewState.PLANNED.value, ReviewState.PUSHED.value)
MOST_DECIDED = 100_000  # labels that are looked at


class People(Repository):
    def answers(self, project_id: int, limit: int) -> list[AnswerRow]:
        """The newest counted answers of a project, oldest first."""
        newest = (
            select(
                votes.c.review_key,
                votes.c.reviewer,
                votes.c.label,
                votes.c.created_at,
                issues.c.item_id,
                votes.c.blind,
                issues.c.given,
                issues.c.suggested,
                votes.c.id,
            )
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .join(issues, issues.c.id == review_tasks.c.issue_id)
            .where(review_tasks.c.project_id == project_id, votes.c.counted.is_(True))
            .order_by(votes.c.created_at.desc(), votes.c.id.desc())
            .limit(limit)
        )
        rows = self._connection.execute(newest).all()
        return [
            AnswerRow(**{name: getattr(row, name) for name in AnswerRow.__slots__}) for row in reversed(rows)
        ]

    def decided_labels(self, project_id: int) -> list[DecidedLabel]:
        """Labels that reviewers decided about, newest first; at most 100,000."""
        query = (
            select(
                annotation_rows.c.annotator,
                issues.c.id.label("issue_id"),
                issues.c.item_id,
                items.c.remote_id,
                issues.c.kind,
                issues.c.given,
                decisions.c.label.label("decided"),
                decisions.c.outcome,
                decisions.c.decided_at,
            )
            .join(issues, issues.c.id == decisions.c.issue_id)
            .join(annotation_rows, annotation_rows.c.id == issues.c.annotation_id)
            .join(items, items.c.id == issues.c.item_id)
            .where(
                issues.c.project_id == project_id,
                annotation_rows.c.annotator.is_not(None),
                decisions.c.superseded_at.is_(None),
            )
            .order_by(decisions.c.decided_at.desc(), decisions.c.id)
            .limit(MOST_DECIDED)
        )
        return [
            DecidedLabel(**{name: getattr(row, name) for name in DecidedLabel.__slots__})
            for row in self._connection.execute(query)
        ]

    def active_since(self, project_id: int, since: datetime) -> set[str]:
        """Accounts that labeled or reviewed since a moment."""
        labelled = (
            select(annotation_rows.c.annotator)
            .join(items, items.c.id == annotation_rows.c.item_id)
            .where(
                items.c.project_id == project_id,
                annotation_rows.c.annotator.is_not(None),
                annotation_rows.c.updated_at >= since,
                annotation_rows.c.marker.is_(None),  # corrected in place: then it was us
            )
            .distinct()
        )
        reviewed = (
            select(votes.c.reviewer)
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .where(review_tasks.c.project_id == project_id, votes.c.created_at >= since)
            .distinct()
        )
        return {*self._connection.execute(labelled).scalars(), *self._connection.execute(reviewed).scalars()}

    def labelers_of_open_tasks(self, project_id: int) -> dict[str, set[str]]:
        """Key of each review task that waits for answers → the accounts that labeled its item."""
        rows = self._connection.execute(
            select(review_tasks.c.key, annotation_rows.c.annotator)
            .join(issues, issues.c.id == review_tasks.c.issue_id)
            .outerjoin(
                annotation_rows,
                (annotation_rows.c.item_id == issues.c.item_id) & annotation_rows.c.deleted_at.is_(None),
            )
            .where(review_tasks.c.project_id == project_id, review_tasks.c.state.in_(STANDING))
        )
        result: dict[str, set[str]] = {}
        for key, annotator in rows:
            result.setdefault(key, set()).update([] if annotator is None else [annotator])
        return result

    def save(self, project_id: int, snapshots: Sequence[PersonSnapshot]) -> None:
        """Keep today's figures in place of those of earlier today; forget what is older than a year."""
        day = self._now.date().isoformat()
        oldest = (self._now - timedelta(days=KEPT_DAYS)).date().isoformat()
        mine, at = reviewer_snapshots.c.project_id == project_id, reviewer_snapshots.c.day
        self._connection.execute(delete(reviewer_snapshots).where(mine, (at == day) | (at < oldest)))
        rows = [
            {name: getattr(one, name) for name in PersonSnapshot.__slots__}
            | {"project_id": project_id, "day": day, "at": self._now, "detail": one.detail.to_json()}
            for one in snapshots
        ]
        if rows:
            self._connection.execute(insert(reviewer_snapshots), rows)

    def latest(self, project_id: int) -> dict[str, PersonSnapshot]:
        """Person → the newest figures; of the last day on which there were any."""
        last = select(func.max(reviewer_snapshots.c.day)).where(reviewer_snapshots.c.project_id == project_id)
        rows = self._connection.execute(
            select(reviewer_snapshots)
            .where(
                reviewer_snapshots.c.project_id == project_id,
                reviewer_snapshots.c.day == last.scalar_subquery(),
            )
            .order_by(reviewer_snapshots.c.person)
        )
        return {row.person: _snapshot(row) for row in rows}

    def history(self, project_id: int, days: int = KEPT_DAYS) -> dict[str, list[tuple[str, float]]]:
        """Person → (day, mean) of each day on which something was measured of them, oldest first."""
        since = (self._now - timedelta(days=days)).date().isoformat()
        rows = self._connection.execute(
            select(reviewer_snapshots.c.person, reviewer_snapshots.c.day, reviewer_snapshots.c.mean)
            .where(
                reviewer_snapshots.c.project_id == project_id,
                reviewer_snapshots.c.day >= since,
                reviewer_snapshots.c.answers > 0,
            )
            .order_by(reviewer_snapshots.c.day)
        )
        result: dict[str, list[tuple[str, float]]] = {}
        for person, day, mean in rows:
            result.setdefault(person, []).append((day, mean))
        return result


def _snapshot(row: Any) -> PersonSnapshot:
    values = {name: getattr(row, name) for name in PersonSnapshot.__slots__}
    return PersonSnapshot(**values | {"detail": PersonDetail.from_json(row.detail)})
