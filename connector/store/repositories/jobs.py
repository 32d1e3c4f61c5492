"""Jobs as rows: stored first, announced afterwards, run under a lease."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from connector import traces
from connector.model.jobs import LONG, Claim, Job, JobKind, JobState, NewJob
from connector.store.migrate import has_known_schema
from connector.store.repositories.base import Repository
from connector.store.tables import QUEUED, WAITING_IN_LANE, jobs

ERROR_CHARS = 2000  # longest error text kept for a job
MOST_DEATHS = 20  # claims of a job after which the death of its worker is held against it
DEAD_WORKER = "its worker stopped showing life"


class Jobs(Repository):
    def add(self, job: NewJob) -> str | None:
        """Its id; None where a queued job holds the same key already."""
        job_id = str(uuid.uuid4())
        new = self._insert(jobs).values(
            id=job_id,
            project_id=job.project_id,
            kind=job.kind.value,
            payload=dict(job.payload),
            key=job.key,
            lane=job.lane,
            state=JobState.QUEUED.value,
            attempts=0,
            due_at=job.due_at or self._now,
            created_at=self._now,
            traceparent=job.traceparent or traces.traceparent(),
        )
        unless_queued = new.on_conflict_do_nothing(index_elements=["key"], index_where=QUEUED)
        # Mostly an equal one waits already, so that is asked first. By RETURNING: an insert's row count is
        # not known on PostgreSQL.
        while job.key is None or not self._hold_queued(job.key):
            if self._connection.execute(unless_queued.returning(jobs.c.id)).first() is not None:
                return job_id
        return None

    def get(self, job_id: str) -> Job | None:
        row = self._connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
        return None if row is None else _job(row)

    def claim(self, job_id: str, token: str, lease: timedelta) -> Claim | None:
        """Take a queued and due job, or None. A unique index lets one job run in each lane."""
        self.requeue_expired(lease)
        statement = (
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED.value, self._is_due())
            .values(
                state=JobState.RUNNING.value,
                claim=token,
                lease_until=self._now + lease,
                attempts=jobs.c.attempts + 1,
            )
        )
        try:
            with self._connection.begin_nested():
                if not self._connection.execute(statement).rowcount:
                    return None
        except IntegrityError:  # the lane is busy; finishing that job announces this one
            return None
        job = self.get(job_id)
        return None if job is None else Claim(job, token)

    def short_before(self, job_id: str, limit: int) -> list[str]:
        """Of a queued job that takes long: the short ones that are due, oldest first. None of a short one."""
        waits = self._connection.execute(
            select(jobs.c.id).where(
                jobs.c.id == job_id,
                jobs.c.state == JobState.QUEUED.value,
                jobs.c.kind.in_([kind.value for kind in LONG]),
            )
        ).first()
        if waits is None:
            return []
        short = (
            select(jobs.c.id)
            .where(
                jobs.c.state == JobState.QUEUED.value,
                jobs.c.kind.not_in([kind.value for kind in LONG]),
                self._is_due(),
            )
            .order_by(jobs.c.due_at, jobs.c.created_at)
            .limit(limit)
        )
        return list(self._connection.execute(short).scalars())

    def extend(self, claim: Claim, lease: timedelta) -> bool:
        """Prolong the lease; False when the job is not ours any more."""
        statement = update(jobs).where(_ours(claim)).values(lease_until=self._now + lease)
        return bool(self._connection.execute(statement).rowcount)

    def finish(self, claim: Claim) -> None:
        """It is done, and with it equal jobs that were given up before: nothing of them is left to do."""
        done = self._close(_ours(claim), JobState.DONE, None, by=claim.token)
        if done and claim.job.key is not None:
            given_up = and_(jobs.c.key == claim.job.key, jobs.c.state == JobState.DEAD.value)
            self._connection.execute(
                update(jobs).where(given_up).values(state=JobState.DONE.value, finished_at=self._now)
            )

    def is_done_by(self, claim: Claim) -> bool:
        """Whether the database knows that this very run ended well: one that was set back may not."""
        ended = and_(jobs.c.id == claim.job.id, jobs.c.claim == claim.token)
        query = select(jobs.c.id).where(ended, jobs.c.state == JobState.DONE.value)
        return self._connection.execute(query).first() is not None

    def retry(self, claim: Claim, due_at: datetime, error: str, *, counts: bool = True) -> None:
        """Queue it again for later. Where an equal job is queued meanwhile, that one does the work."""
        self._queue(
            _ours(claim),
            due_at=due_at,
            error=error[:ERROR_CHARS],
            attempts=jobs.c.attempts if counts else jobs.c.attempts - 1,
        )

    def bury(self, claim: Claim, error: str) -> None:
        """Give it up: it stays as a dead letter until a person replays it."""
        self._close(_ours(claim), JobState.DEAD, error)

    def replay(self, job_id: str) -> bool:
        """Queue a dead job again with all its attempts."""
        dead = and_(jobs.c.id == job_id, jobs.c.state == JobState.DEAD.value)
        return self._queue(dead, attempts=0, due_at=self._now)

    def hasten(self, job_id: str) -> None:
        """Make a queued job due now: a person asked for it."""
        self._connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED.value, jobs.c.due_at > self._now)
            .values(due_at=self._now)
        )

    def hasten_failed(self, project_id: int) -> None:
        """Make a project's jobs due now that wait for another try: what they failed on has passed."""
        waiting = and_(jobs.c.project_id == project_id, jobs.c.state == JobState.QUEUED.value)
        self._connection.execute(
            update(jobs)
            .where(waiting, jobs.c.error.is_not(None), jobs.c.due_at > self._now)
            .values(due_at=self._now)
        )

    def hasten_all(self) -> int:
        """Make all jobs due now that wait for another try: the clock by which they wait was set back."""
        waiting = and_(jobs.c.state == JobState.QUEUED.value, jobs.c.due_at > self._now)
        return int(self._connection.execute(update(jobs).where(waiting).values(due_at=self._now)).rowcount)

    def requeue_expired(self, lease: timedelta) -> int:
        """Queue again what a dead worker left running; the number of jobs.

        A job whose workers die again and again may be what kills them: it is given up. A lease that ends
        later than any can was given by a clock that has been set back since: a worker that lives renews it.
        """
        ended = or_(jobs.c.lease_until < self._now, jobs.c.lease_until > self._now + 2 * lease)
        expired = and_(jobs.c.state == JobState.RUNNING.value, ended)
        result = select(jobs.c.id, jobs.c.attempts).where(expired).with_for_update(skip_locked=True)
        rows = self._connection.execute(result).all()
        for row in rows:
            which = and_(jobs.c.id == row.id, expired)
            if row.attempts >= MOST_DEATHS:
                self._close(which, JobState.DEAD, f"{DEAD_WORKER} {row.attempts} times; given up")
            else:
                self._queue(which, due_at=self._now, error=DEAD_WORKER)
        return len(rows)

    def due(self, resend: timedelta, limit: int = 1000) -> list[str]:
        """Queued jobs that are due and that nobody was told of recently; they count as told now."""
        waiting = (
            select(jobs.c.id)
            .where(
                jobs.c.state == JobState.QUEUED.value,
                self._is_due(),
                or_(
                    jobs.c.sent_at.is_(None),
                    jobs.c.sent_at < self._now - resend,
                    jobs.c.sent_at > self._now + resend,  # by a clock that has been set back since
                ),
            )
            .order_by(jobs.c.due_at, jobs.c.created_at)
            .limit(limit)
            .with_for_update(skip_locked=True)  # two schedulers announce different jobs
        )
        result = list(self._connection.execute(waiting).scalars())
        if result:
            self._connection.execute(
                update(jobs).where(self._among(jobs.c.id, result)).values(sent_at=self._now)
            )
        return result

    def forget(self, before: datetime, limit: int) -> int:
        """Remove done jobs that ended before a moment; dead ones stay until a person has seen to them."""
        old = (
            select(jobs.c.id)
            .where(jobs.c.state == JobState.DONE.value, jobs.c.finished_at < before)
            .limit(limit)
        )
        return int(self._connection.execute(delete(jobs).where(jobs.c.id.in_(old))).rowcount)

    def next_in_lane(self, lane: str | None) -> str | None:
        """The oldest due job that waits for this lane."""
        if lane is None:
            return None
        return self._connection.execute(
            select(jobs.c.id)
            .where(jobs.c.lane == lane, WAITING_IN_LANE, self._is_due())
            .order_by(jobs.c.due_at, jobs.c.created_at)
            .limit(1)
        ).scalar_one_or_none()

    def queued(self, key: str) -> str | None:
        """The id of the queued job that holds this key."""
        return self._connection.execute(
            select(jobs.c.id).where(jobs.c.key == key, QUEUED)
        ).scalar_one_or_none()

    def counts(self) -> dict[JobState, int]:
        rows = self._connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
        return {JobState(state): n for state, n in rows}

    def dead(self, project_id: int | None = None, limit: int = 100) -> Sequence[Job]:
        statement = select(jobs).where(jobs.c.state == JobState.DEAD.value)
        if project_id is not None:
            statement = statement.where(jobs.c.project_id == project_id)
        statement = statement.order_by(jobs.c.created_at.desc()).limit(limit)
        return [_job(row) for row in self._connection.execute(statement)]

    def runs(self, key: str | None) -> bool:
        """Whether a worker has a job of this key in hand."""
        running = jobs.c.state == JobState.RUNNING.value
        return (
            self._connection.execute(select(jobs.c.id).where(running, jobs.c.key == key)).first() is not None
        )

    def unfinished(self, project_id: int) -> int:
        """Jobs of a project that are queued or running."""
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(jobs)
                .where(
                    jobs.c.project_id == project_id,
                    jobs.c.state.in_([JobState.QUEUED.value, JobState.RUNNING.value]),
                )
            ).scalar_one()
        )

    def _is_due(self) -> ColumnElement[bool]:
        """Due by the clock; and what was made in its future was made before it was set back."""
        return or_(jobs.c.due_at <= self._now, jobs.c.created_at > self._now)

    def _hold_queued(self, key: str) -> bool:
        """Keep the queued job of this key from being claimed until we commit; False when there is none.

        Claimed earlier, it would not see what our transaction writes, and no job would come after it.
        """
        query = select(jobs.c.id).where(jobs.c.key == key, QUEUED).with_for_update(read=True)
        return self._connection.execute(query).first() is not None

    def _queue(self, which: ColumnElement[bool], **values: Any) -> bool:
        """Queue a known job again. Where an equal one is queued, that one does the work and this is done."""
        again = {"state": JobState.QUEUED.value, "claim": None, "lease_until": None}
        again |= {"sent_at": None, "finished_at": None}
        try:
            with self._connection.begin_nested():
                statement = update(jobs).where(which).values(again | values)
                return bool(self._connection.execute(statement).rowcount)
        except IntegrityError:
            return self._close(which, JobState.DONE, values.get("error"))

    def _close(
        self, which: ColumnElement[bool], state: JobState, error: str | None, by: str | None = None
    ) -> bool:
        closed = {"state": state.value, "claim": by, "lease_until": None, "finished_at": self._now}
        kept = None if error is None else error[:ERROR_CHARS]
        statement = update(jobs).where(which).values(closed | {"error": kept})
        return bool(self._connection.execute(statement).rowcount)


def _ours(claim: Claim) -> ColumnElement[bool]:
    """The job is ours; never where another process has brought the database to a newer version meanwhile."""
    return and_(
        jobs.c.id == claim.job.id,
        jobs.c.claim == claim.token,
        jobs.c.state == JobState.RUNNING.value,
        has_known_schema(),
    )


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        project_id=row.project_id,
        payload=row.payload,
        key=row.key,
        lane=row.lane,
        state=JobState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        error=row.error,
        traceparent=row.traceparent,
        claim=row.claim,
    )
