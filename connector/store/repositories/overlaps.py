"""How many answers each review task wants, and how many of them the platform was told of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, select, true, update

from connector.model import ReviewState, ReviewTask
from connector.store.repositories.base import Repository
from connector.store.repositories.reviews import OPEN, task_of
from connector.store.tables import review_tasks


class Overlaps(Repository):
    def want(self, key: str, overlap: int, score: float | None = None) -> None:
        """Ask for so many answers; with a score it is an extra vote, told as there is room for such."""
        self._set(key, overlap=overlap, score=score)

    def sent(self, key: str, overlap: int) -> None:
        """The platform knows of this one."""
        self._set(key, overlap_pushed=overlap)

    def forget(self, project_id: int, before: int, now: int) -> None:
        """The platform has set every task's overlap to that of the project, which was changed.

        Tasks that want an answer more than that are told again; votes may suffice now that did not.
        """
        waiting = review_tasks.c.state.in_([state.value for state in OPEN])
        mine = (review_tasks.c.project_id == project_id, waiting)
        usual = review_tasks.c.overlap == before
        self._connection.execute(
            update(review_tasks)
            .where(*mine)
            .values(
                overlap=case((usual, now), else_=review_tasks.c.overlap),
                overlap_pushed=case(
                    (review_tasks.c.state == ReviewState.PUSHED.value, now),
                    else_=review_tasks.c.overlap_pushed,
                ),
                undecided_change=true(),
            )
        )

    def most_wanted(self, project_id: int) -> int:
        """The most answers that the platform was told a standing task wants; 0 without one."""
        query = select(func.max(review_tasks.c.overlap_pushed)).where(
            review_tasks.c.project_id == project_id, review_tasks.c.state == ReviewState.PUSHED.value
        )
        return int(self._connection.execute(query).scalar_one() or 0)

    def to_send(self, project_id: int, extra_votes: int) -> list[ReviewTask]:
        """Raised overlaps that the platform does not know of yet.

        Of questions that want an extra vote only so many as keep `extra_votes` of them waiting, those
        first where a vote is worth most.
        """
        rows = self._connection.execute(
            select(review_tasks)
            .where(*self._raised(project_id))
            .order_by(review_tasks.c.created_at, review_tasks.c.key)
        )
        raised = [task_of(row) for row in rows]
        extra = sorted((task for task in raised if task.score is not None), key=_worth)
        free = max(0, extra_votes - self._extra_waiting(project_id)) if extra else 0
        return [task for task in raised if task.score is None] + extra[:free]

    def unsent(self, project_id: int, extra_votes: int) -> bool:
        """Whether there are any `to_send`."""
        if self._first(*self._raised(project_id), review_tasks.c.score.is_(None)):
            return True
        extra = self._first(*self._raised(project_id), review_tasks.c.score.is_not(None))
        return extra and self._extra_waiting(project_id) < extra_votes

    def _raised(self, project_id: int) -> tuple[ColumnElement[bool], ...]:
        return (
            review_tasks.c.project_id == project_id,
            review_tasks.c.state == ReviewState.PUSHED.value,
            review_tasks.c.overlap > review_tasks.c.overlap_pushed,
        )

    def _extra_waiting(self, project_id: int) -> int:
        """Questions whose extra vote was asked for and has not been given."""
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(review_tasks)
                .where(
                    review_tasks.c.project_id == project_id,
                    review_tasks.c.state == ReviewState.PUSHED.value,
                    review_tasks.c.overlap <= review_tasks.c.overlap_pushed,
                    review_tasks.c.score.is_not(None),
                )
            ).scalar_one()
        )

    def _first(self, *conditions: ColumnElement[bool]) -> bool:
        query = select(review_tasks.c.key).where(*conditions).limit(1)
        return self._connection.execute(query).first() is not None

    def _set(self, key: str, **values: Any) -> None:
        self._connection.execute(update(review_tasks).where(review_tasks.c.key == key).values(**values))


def _worth(task: ReviewTask) -> tuple[float, str]:
    return (1.0 if task.score is None else task.score), task.key
