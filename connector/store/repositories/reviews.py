"""Review tasks: what should stand in the review project, and what is known to stand there."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, exists, func, insert, literal, select, update

from connector.model import IssueKind, IssueState, ReviewState, ReviewTask
from connector.store.repositories.base import Repository, chunks
from connector.store.tables import UNDECIDED, UtcDateTime, golden_questions, issues, review_tasks, votes

OPEN = (ReviewState.PLANNED, ReviewState.PUSHED)
TAKEN_BACK = (ReviewState.WITHDRAWING, ReviewState.WITHDRAWN)


class Reviews(Repository):
    def plan(self, tasks: Sequence[ReviewTask]) -> None:
        """Tasks to be sent; one that was taken back is sent anew, under its own key.

        One that the platform still has to be told of is left: the push that tells it plans it again. Raises
        `Retryable` where an issue has a task that stands: somebody planned it at the same time.
        """
        before = self.of_issues([task.issue_id for task in tasks])
        taken_back = {issue: task for issue, task in before.items() if task.state in TAKEN_BACK}
        self._plan_again([task.key for task in taken_back.values()])
        rows = [
            {
                "key": task.key,
                "issue_id": task.issue_id,
                "project_id": task.project_id,
                "state": task.state.value,
                "remote_id": task.remote_id,
                "batch": task.batch,
                "blind": task.blind,
                "overlap": task.overlap,
                "overlap_pushed": task.overlap_pushed,
                "request": dict(task.request),
                "undecided_change": False,
                "created_at": self._now,
                "asked_at": task.asked_at,
                "escalated_at": task.escalated_at,
                "score": task.score,
            }
            for task in tasks
            if task.issue_id not in taken_back
        ]
        if rows:
            self._connection.execute(insert(review_tasks), rows)

    def _plan_again(self, keys: Sequence[str]) -> None:
        for part in chunks(keys):
            self._connection.execute(
                update(review_tasks)
                .where(
                    self._among(review_tasks.c.key, part),
                    review_tasks.c.state == ReviewState.WITHDRAWN.value,
                )
                .values(
                    state=ReviewState.PLANNED.value, remote_id=None, doubles=None, batch=None,
                    overlap_pushed=0, pushed_at=None, asked_at=None, changed_at=None, created_at=self._now,
                )
            )  # fmt: skip

    def open_count(self, project_id: int, *, answered_by: Collection[str] = ()) -> int:
        """Tasks that take a place of the budget: all that stand or are about to, but golden ones.

        Nor those that all the reviewers of `answered_by` have answered: they wait for somebody else.
        """
        query = (
            select(func.count())
            .select_from(review_tasks)
            .join(issues, issues.c.id == review_tasks.c.issue_id)
            .where(
                review_tasks.c.project_id == project_id,
                review_tasks.c.state.in_([state.value for state in OPEN]),
                issues.c.kind != IssueKind.GOLDEN.value,
            )
        )
        if answered_by:
            answered = (
                select(func.count(votes.c.reviewer.distinct()))
                .where(
                    votes.c.review_key == review_tasks.c.key,
                    votes.c.withdrawn.is_(False),
                    votes.c.reviewer.in_(sorted(answered_by)),
                )
                .scalar_subquery()
            )
            query = query.where(answered < len(answered_by))
        return int(self._connection.execute(query).scalar_one())

    def batches(self, project_id: int) -> list[str]:
        """Batches that may have reached the platform although nothing is known of it."""
        return list(
            self._connection.execute(
                select(review_tasks.c.batch)
                .where(
                    review_tasks.c.project_id == project_id,
                    review_tasks.c.state == ReviewState.PLANNED.value,
                    review_tasks.c.batch.is_not(None),
                )
                .distinct()
            ).scalars()
        )

    def batch(self, batch: str) -> list[ReviewTask]:
        """Planned tasks of one batch."""
        return self._where(review_tasks.c.batch == batch, review_tasks.c.state == ReviewState.PLANNED.value)

    def take_batch(self, project_id: int, size: int) -> tuple[str, list[ReviewTask]]:
        """Give up to `size` planned tasks a batch name before they are sent for the first time.

        Of those planned together the most suspicious first: many platforms offer tasks in that order.
        """
        keys = list(
            self._connection.execute(
                select(review_tasks.c.key)
                .where(
                    review_tasks.c.project_id == project_id,
                    review_tasks.c.state == ReviewState.PLANNED.value,
                    review_tasks.c.batch.is_(None),
                )
                .join(issues, issues.c.id == review_tasks.c.issue_id)
                .order_by(review_tasks.c.created_at, issues.c.rank, review_tasks.c.key)
                .limit(size)
            ).scalars()
        )
        name = str(uuid.uuid4())
        for part in chunks(keys):
            self._connection.execute(
                update(review_tasks).where(self._among(review_tasks.c.key, part)).values(batch=name)
            )
        return name, self.batch(name)

    def pushed(self, remote_ids: Mapping[str, str], overlap: int) -> None:
        """These tasks stand on the platform now, with the project's own overlap."""
        rows = [{"row_key": key, "found": remote_id} for key, remote_id in remote_ids.items()]
        planned = review_tasks.c.state == ReviewState.PLANNED.value
        statement = (
            update(review_tasks)
            .where(review_tasks.c.key == bindparam("row_key"))
            .values(
                # A task that was withdrawn while it was sent stays withdrawn: now it can be found.
                state=case((planned, ReviewState.PUSHED.value), else_=review_tasks.c.state),
                remote_id=bindparam("found"),
                pushed_at=self._now,
                asked_at=func.coalesce(review_tasks.c.asked_at, literal(self._now, UtcDateTime())),
                overlap_pushed=overlap,
            )
        )
        if rows:
            self._connection.execute(statement, rows)

    def replan(self, project_id: int) -> int:
        """Send all open tasks again: the review project that they stood in does not exist any more."""
        mine = review_tasks.c.project_id == project_id
        self._connection.execute(
            update(review_tasks)
            .where(mine, review_tasks.c.state == ReviewState.WITHDRAWING.value)
            .values(state=ReviewState.WITHDRAWN.value)
        )
        done = self._connection.execute(
            update(review_tasks)
            .where(mine, review_tasks.c.state.in_([state.value for state in OPEN]))
            .values(
                state=ReviewState.PLANNED.value, remote_id=None, doubles=None, batch=None, overlap_pushed=0
            )
        )
        self.forget_changes(project_id)
        return int(done.rowcount)

    def newest(self, project_id: int, limit: int) -> list[ReviewTask]:
        """Where a restored platform shows: tasks that changed last there, and those never read since sent."""
        mine = (review_tasks.c.project_id == project_id, review_tasks.c.remote_id.is_not(None))
        stamp = review_tasks.c.changed_at
        read = select(review_tasks).where(*mine, stamp.is_not(None)).order_by(stamp.desc())
        pushed = review_tasks.c.state == ReviewState.PUSHED.value
        unread = select(review_tasks).where(*mine, pushed, stamp.is_(None)).order_by(review_tasks.c.key)
        rows = (row for query in (read, unread) for row in self._connection.execute(query.limit(limit)))
        return [task_of(row) for row in rows]

    def changed(self, stamps: Mapping[str, datetime]) -> None:
        """When these tasks changed last on the platform."""
        rows = [{"row_key": key, "stamp": stamp} for key, stamp in stamps.items()]
        statement = update(review_tasks).where(review_tasks.c.key == bindparam("row_key"))
        if rows:
            self._connection.execute(statement.values(changed_at=bindparam("stamp")), rows)

    def forget_changes(self, project_id: int) -> None:
        """When tasks changed is read anew: what the platform says now is older."""
        mine = review_tasks.c.project_id == project_id
        self._connection.execute(update(review_tasks).where(mine).values(changed_at=None))

    def get(self, key: str) -> ReviewTask | None:
        result = self._where(review_tasks.c.key == key)
        return result[0] if result else None

    def many(self, keys: Sequence[str]) -> dict[str, ReviewTask]:
        result: dict[str, ReviewTask] = {}
        for part in chunks(keys):
            result.update({task.key: task for task in self._where(self._among(review_tasks.c.key, part))})
        return result

    def of_issues(self, issue_ids: Sequence[str]) -> dict[str, ReviewTask]:
        """Issue id → its review task, where it has one."""
        result: dict[str, ReviewTask] = {}
        for part in chunks(issue_ids):
            result.update(
                {task.issue_id: task for task in self._where(self._among(review_tasks.c.issue_id, part))}
            )
        return result

    def doubles(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """Key → remote ids of the further tasks that ask its question, where there are any."""
        result: dict[str, list[str]] = {}
        for part in chunks(keys):
            query = select(review_tasks.c.key, review_tasks.c.doubles).where(
                self._among(review_tasks.c.key, part), review_tasks.c.doubles.is_not(None)
            )
            result.update({row.key: row.doubles for row in self._connection.execute(query)})
        return result

    def add_doubles(self, remote_ids: Mapping[str, Sequence[str]]) -> None:
        """These tasks ask the questions of these keys, too."""
        known = self.doubles(list(remote_ids))
        for key, more in remote_ids.items():
            self._set(key, doubles=sorted({*known.get(key, ()), *more}))

    def escalate(self, key: str) -> None:
        """From now on an adjudicator's answer is waited for."""
        self._set(key, escalated_at=self._now)

    def reopen(self, key: str) -> None:
        """Put a decided question again, where it stands."""
        self._set(key, state=ReviewState.PUSHED.value, asked_at=self._now)

    def mark_overdue(self, project_id: int, before: datetime) -> int:
        """Questions put before that moment and not escalated yet are to be looked at; how many.

        Golden ones have no deadline: they wait for their answers, and nothing would come of looking.
        """
        golden = exists().where(golden_questions.c.review_key == review_tasks.c.key)
        done = self._connection.execute(
            update(review_tasks)
            .where(
                review_tasks.c.project_id == project_id,
                review_tasks.c.state == ReviewState.PUSHED.value,
                review_tasks.c.escalated_at.is_(None),
                review_tasks.c.asked_at < before,
                ~golden,
            )
            .values(undecided_change=True)
        )
        return int(done.rowcount)

    def unanswered_flags(self, project_id: int) -> list[ReviewTask]:
        """Standing tasks that show a flag, to which nobody has answered anything that we know of."""
        rows = self._connection.execute(
            select(review_tasks)
            .join(issues, issues.c.id == review_tasks.c.issue_id)
            .where(
                review_tasks.c.project_id == project_id,
                review_tasks.c.state == ReviewState.PUSHED.value,
                review_tasks.c.blind.is_(False),  # drawn by lot: they are not chosen by what they are worth
                review_tasks.c.escalated_at.is_(None),
                issues.c.kind == IssueKind.LABEL_ERROR.value,
                issues.c.state == IssueState.IN_REVIEW.value,
                ~exists().where(votes.c.review_key == review_tasks.c.key),
            )
        )
        return [task_of(row) for row in rows]

    def withdraw(self, keys: Sequence[str]) -> None:
        """Take tasks out of review: unsent ones at once, sent ones by the next push.

        A task whose sending is unknown (it has a batch) goes the second way.
        """
        for part in chunks(keys):
            mine = self._among(review_tasks.c.key, part)
            self._connection.execute(
                update(review_tasks)
                .where(
                    mine,
                    review_tasks.c.state == ReviewState.PLANNED.value,
                    review_tasks.c.batch.is_(None),
                )
                .values(state=ReviewState.WITHDRAWN.value)
            )
            self._connection.execute(
                update(review_tasks)
                .where(mine, review_tasks.c.state.in_([state.value for state in OPEN]))
                .values(state=ReviewState.WITHDRAWING.value)
            )

    def withdrawing(self, project_id: int) -> list[ReviewTask]:
        return self._where(
            review_tasks.c.project_id == project_id,
            review_tasks.c.state == ReviewState.WITHDRAWING.value,
        )

    def set_state(self, keys: Sequence[str], state: ReviewState) -> None:
        for part in chunks(keys):
            self._connection.execute(
                update(review_tasks).where(self._among(review_tasks.c.key, part)).values(state=state.value)
            )

    def unsent(self, project_id: int) -> bool:
        """Whether the platform is still to be told of a task or a withdrawal.

        What is decided stays for ever, and is not read.
        """
        at_work = [ReviewState.PLANNED.value, ReviewState.WITHDRAWING.value]
        query = select(review_tasks.c.key).where(
            review_tasks.c.project_id == project_id, review_tasks.c.state.in_(at_work)
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def mark_undecided(self, keys: Sequence[str]) -> None:
        """Their votes changed: the next decide looks at them."""
        for part in chunks(keys):
            self._connection.execute(
                update(review_tasks)
                .where(self._among(review_tasks.c.key, part))
                .values(undecided_change=True)
            )

    def mark_answered_undecided(self, project_id: int) -> int:
        """What rules go by has changed: open questions that have votes are to be looked at; how many."""
        answered = exists().where(votes.c.review_key == review_tasks.c.key, votes.c.withdrawn.is_(False))
        done = self._connection.execute(
            update(review_tasks)
            .where(
                review_tasks.c.project_id == project_id,
                review_tasks.c.state == ReviewState.PUSHED.value,
                answered,
            )
            .values(undecided_change=True)
        )
        return int(done.rowcount)

    def undecided(self, project_id: int, limit: int) -> list[ReviewTask]:
        return self._where(review_tasks.c.project_id == project_id, UNDECIDED, limit=limit)

    def any_decided(self, project_id: int) -> bool:
        query = select(review_tasks.c.key).where(
            review_tasks.c.project_id == project_id, review_tasks.c.state == ReviewState.DECIDED.value
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def first_batch_decided(self, project_id: int) -> bool:
        """Whether all that was asked in the first request to the platform is answered."""
        mine = review_tasks.c.project_id == project_id
        first = self._connection.execute(
            select(review_tasks.c.batch)
            .where(mine, review_tasks.c.batch.is_not(None), review_tasks.c.pushed_at.is_not(None))
            .order_by(review_tasks.c.pushed_at, review_tasks.c.key)
            .limit(1)
        ).scalar_one_or_none()
        if first is None:
            return False
        states = set(
            self._connection.execute(
                select(review_tasks.c.state).where(mine, review_tasks.c.batch == first).distinct()
            ).scalars()
        )
        return ReviewState.DECIDED.value in states and not states & {state.value for state in OPEN}

    def note_weighed(self, key: str) -> None:
        self._set(key, undecided_change=False)

    def counts(self, project_id: int) -> dict[ReviewState, int]:
        rows = self._connection.execute(
            select(review_tasks.c.state, func.count())
            .where(review_tasks.c.project_id == project_id)
            .group_by(review_tasks.c.state)
        )
        return {ReviewState(state): int(n) for state, n in rows}

    def _where(self, *conditions: Any, limit: int | None = None) -> list[ReviewTask]:
        query = (
            select(review_tasks).where(*conditions).order_by(review_tasks.c.created_at, review_tasks.c.key)
        )
        return [task_of(row) for row in self._connection.execute(query.limit(limit))]

    def _set(self, key: str, **values: Any) -> None:
        self._connection.execute(update(review_tasks).where(review_tasks.c.key == key).values(**values))


def task_of(row: Any) -> ReviewTask:
    """A row of the table."""
    return ReviewTask(
        key=row.key,
        issue_id=row.issue_id,
        project_id=row.project_id,
        state=ReviewState(row.state),
        remote_id=row.remote_id,
        batch=row.batch,
        blind=row.blind,
        overlap=row.overlap,
        overlap_pushed=row.overlap_pushed,
        request=row.request,
        asked_at=row.asked_at,
        escalated_at=row.escalated_at,
        score=row.score,
        changed_at=row.changed_at,
    )
