"""Votes: every answer of every reviewer, with whether it counts and why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from connector.model import Problem, Vote
from connector.model.reasons import NotCounted
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import review_tasks, votes


class StoredVotes(Repository):
    def of(self, review_keys: Sequence[str]) -> dict[str, list[Vote]]:
        """Review key → all its votes, withdrawn ones too, in the order they were given."""
        result: dict[str, list[Vote]] = {key: [] for key in review_keys}
        for part in chunks(review_keys):
            rows = self._connection.execute(
                select(votes)
                .where(self._among(votes.c.review_key, part))
                .order_by(votes.c.created_at, votes.c.remote_id)
            )
            for row in rows:
                result[row.review_key].append(vote_of(row))
        return result

    def counted(self, project_id: int, *, own: bool = False) -> int:
        """How many votes of a project count; with `own` also those about the reviewer's own label."""
        bears: ColumnElement[bool] = votes.c.counted.is_(True)
        if own:
            bears |= and_(votes.c.reason == NotCounted.OWN_LABEL.value, votes.c.withdrawn.is_(False))
        query = (
            select(func.count())
            .select_from(votes)
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .where(review_tasks.c.project_id == project_id, bears)
        )
        return int(self._connection.execute(query).scalar_one())

    def newest(self, project_id: int, limit: int) -> list[tuple[str, datetime]]:
        """Who gave the newest answers and when, the latest first; whether they count is not asked."""
        query = (
            select(votes.c.reviewer, votes.c.created_at)
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .where(review_tasks.c.project_id == project_id, votes.c.withdrawn.is_(False))
            .order_by(votes.c.created_at.desc())
            .limit(limit)
        )
        return [(row.reviewer, row.created_at) for row in self._connection.execute(query)]

    def stated(self, project_id: int) -> list[tuple[str, Vote]]:
        """All votes of a project that were not withdrawn, with the ids of the issues that they are about."""
        rows = self._connection.execute(
            select(votes, review_tasks.c.issue_id)
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .where(review_tasks.c.project_id == project_id, votes.c.withdrawn.is_(False))
            .order_by(votes.c.created_at, votes.c.remote_id)
        )
        return [(row.issue_id, vote_of(row)) for row in rows]

    def save(self, vote: Vote) -> None:
        """Insert or replace one vote, by its review task and remote id."""
        values = _values(vote)
        self._connection.execute(
            self._insert(votes)
            .values(values)
            .on_conflict_do_update(index_elements=["review_key", "remote_id"], set_=values)
        )

    def counts(self, project_id: int) -> dict[str, int]:
        """Votes of a project: all, counted, and the reasons of those not counted."""
        rows = self._connection.execute(
            select(votes.c.counted, votes.c.withdrawn, votes.c.reason, func.count())
            .join(review_tasks, review_tasks.c.key == votes.c.review_key)
            .where(review_tasks.c.project_id == project_id)
            .group_by(votes.c.counted, votes.c.withdrawn, votes.c.reason)
        )
        counts: dict[str, int] = {"all": 0, "counted": 0}
        for counted, withdrawn, reason, n in rows:
            counts["all"] += n
            name = "counted" if counted else ("withdrawn" if withdrawn else reason or "not counted")
            counts[name] = counts.get(name, 0) + n
        return counts


def _values(vote: Vote) -> dict[str, Any]:
    return {
        "review_key": vote.review_key,
        "remote_id": vote.remote_id,
        "reviewer": vote.reviewer,
        "label": vote.label,
        "problems": [problem.value for problem in vote.problems],
        "note": vote.note,
        "created_at": vote.created_at,
        "updated_at": vote.updated_at,
        "blind": vote.blind,
        "origin": vote.origin,
        "counted": vote.counted,
        "reason": vote.reason,
        "withdrawn": vote.withdrawn,
    }


def vote_of(row: Any) -> Vote:
    """The vote that a row of its table holds."""
    return Vote(
        review_key=row.review_key,
        remote_id=row.remote_id,
        reviewer=row.reviewer,
        label=row.label,
        problems=tuple(Problem(value) for value in row.problems),
        note=row.note,
        created_at=row.created_at,
        updated_at=row.updated_at,
        blind=row.blind,
        origin=row.origin,
        counted=row.counted,
        reason=row.reason,
        withdrawn=row.withdrawn,
    )
