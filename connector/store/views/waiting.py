"""What waits for whom, and who has answered lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, func, select

from connector.model import ReviewState
from connector.store.tables import review_tasks, votes
from connector.store.unit_of_work import UnitOfWork

PACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class WaitingTasks:
    """Of the review tasks of a project: those that reviewers see, and how many answers they still want."""

    questions: int
    answers: int
    adjudicators: int  # questions that wait for one of them
    unsent: int  # for the next push


def waiting_tasks(unit: UnitOfWork, project_id: int) -> WaitingTasks:
    """Of what stands now; what is decided is not read."""
    asked = (review_tasks.c.project_id == project_id, review_tasks.c.state == ReviewState.PUSHED.value)
    questions, wanted, escalated = unit.connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(review_tasks.c.overlap), 0),
            func.count(review_tasks.c.escalated_at),
        ).where(*asked)
    ).one()
    cast = unit.connection.execute(
        select(func.count())
        .select_from(review_tasks)
        .join(votes, votes.c.review_key == review_tasks.c.key)
        .where(*asked, votes.c.withdrawn.is_(False), votes.c.counted.is_(True))
    ).scalar_one()
    unsent = unit.connection.execute(
        select(func.count()).where(
            review_tasks.c.project_id == project_id, review_tasks.c.state == ReviewState.PLANNED.value
        )
    ).scalar_one()
    return WaitingTasks(int(questions), max(0, int(wanted) - int(cast)), int(escalated), int(unsent))


def answered_lately(unit: UnitOfWork, project_id: int) -> dict[str, int]:
    """Account → answers in the last `PACE_DAYS` days."""
    # Asked of each answer, so that the late ones lead and not all tasks.
    of_project = exists().where(
        review_tasks.c.key == votes.c.review_key, review_tasks.c.project_id == project_id
    )
    late = votes.c.created_at >= unit.now - timedelta(days=PACE_DAYS)
    query = select(votes.c.reviewer, func.count()).where(late, votes.c.withdrawn.is_(False), of_project)
    query = query.group_by(votes.c.reviewer)
    return {str(who): int(n) for who, n in unit.connection.execute(query)}
