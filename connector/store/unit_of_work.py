"""Transactions. What a job writes is fenced by its lease; what it enqueues is announced after commit."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from connector.errors import LeaseLost
from connector.model.jobs import Claim, NewJob
from connector.ports import Clock
from connector.store.engine import reading
from connector.store.failures import translated
from connector.store.migrate import require_known, schema_of
from connector.store.repositories.access_tokens import StoredTokens
from connector.store.repositories.alerts import Alerts
from connector.store.repositories.answers import StoredAnswers
from connector.store.repositories.audit import AuditLog
from connector.store.repositories.audits import Audits
from connector.store.repositories.blobs import Blobs
from connector.store.repositories.content import Content
from connector.store.repositories.corrections import Corrections
from connector.store.repositories.deliveries import Deliveries
from connector.store.repositories.dispositions import Dispositions
from connector.store.repositories.facts import Facts
from connector.store.repositories.findings import Findings
from connector.store.repositories.golden import Golden
from connector.store.repositories.guidelines import StoredGuidelines
from connector.store.repositories.issues import Issues
from connector.store.repositories.items import Items
from connector.store.repositories.jobs import Jobs
from connector.store.repositories.label_events import LabelEvents
from connector.store.repositories.label_states import LabelStates
from connector.store.repositories.notes import Notes
from connector.store.repositories.overlaps import Overlaps
from connector.store.repositories.people import People
from connector.store.repositories.projects import Projects
from connector.store.repositories.quality import Quality
from connector.store.repositories.questions import StoredQuestions
from connector.store.repositories.reviews import Reviews
from connector.store.repositories.saved_views import SavedViews
from connector.store.repositories.sharded_scans import ShardedScans
from connector.store.repositories.tallies import Tallies
from connector.store.repositories.users import RequestKeys, Sessions, SignInAttempts, Users
from connector.store.repositories.votes import StoredVotes
from connector.store.trouble import LastingTrouble

WRITE_PROBE = "write_probe"  # a fact that is never committed


class UnitOfWork:
    """The repositories over one transaction."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.due_jobs: list[str] = []

    @cached_property
    def projects(self) -> Projects:
        return Projects(self.connection, self.now)

    @cached_property
    def items(self) -> Items:
        return Items(self.connection, self.now)

    @cached_property
    def answers(self) -> StoredAnswers:
        return StoredAnswers(self.connection, self.now)

    @cached_property
    def issues(self) -> Issues:
        return Issues(self.connection, self.now)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.connection, self.now)

    @cached_property
    def overlaps(self) -> Overlaps:
        return Overlaps(self.connection, self.now)

    @cached_property
    def votes(self) -> StoredVotes:
        return StoredVotes(self.connection, self.now)

    @cached_property
    def dispositions(self) -> Dispositions:
        return Dispositions(self.connection, self.now)

    @cached_property
    def corrections(self) -> Corrections:
        return Corrections(self.connection, self.now)

    @cached_property
    def notes(self) -> Notes:
        return Notes(self.connection, self.now)

    @cached_property
    def audits(self) -> Audits:
        return Audits(self.connection, self.now)

    @cached_property
    def questions(self) -> StoredQuestions:
        return StoredQuestions(self.connection, self.now)

    @cached_property
    def guidelines(self) -> StoredGuidelines:
        return StoredGuidelines(self.connection, self.now)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.connection, self.now)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.connection, self.now)

    @cached_property
    def quality(self) -> Quality:
        return Quality(self.connection, self.now)

    @cached_property
    def golden(self) -> Golden:
        return Golden(self.connection, self.now)

    @cached_property
    def people(self) -> People:
        return People(self.connection, self.now)

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.connection, self.now)

    @cached_property
    def saved_views(self) -> SavedViews:
        return SavedViews(self.connection, self.now)

    @cached_property
    def blobs(self) -> Blobs:
        return Blobs(self.connection, self.now)

    @cached_property
    def label_events(self) -> LabelEvents:
        return LabelEvents(self.connection, self.now)

    @cached_property
    def label_states(self) -> LabelStates:
        return LabelStates(self.connection, self.now)

    @cached_property
    def content(self) -> Content:
        return Content(self.connection, self.now)

    @cached_property
    def findings(self) -> Findings:
        return Findings(self.connection, self.now)

    @cached_property
    def sharded_scans(self) -> ShardedScans:
        return ShardedScans(self.connection, self.now)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.connection, self.now)

    @cached_property
    def users(self) -> Users:
        return Users(self.connection, self.now)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.connection, self.now)

    @cached_property
    def sign_ins(self) -> SignInAttempts:
        return SignInAttempts(self.connection, self.now)

    @cached_property
    def request_keys(self) -> RequestKeys:
        return RequestKeys(self.connection, self.now)

    @cached_property
    def access_tokens(self) -> StoredTokens:
        return StoredTokens(self.connection, self.now)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self.connection, self.now)

    @cached_property
    def tallies(self) -> Tallies:
        return Tallies(self.connection, self.now)

    def enqueue(self, job: NewJob) -> str | None:
        """Store a job; its id, or None where an equal one waits already. Announced after the commit."""
        job_id = self.jobs.add(job)
        if job_id is not None and (job.due_at is None or job.due_at <= self.now):
            self.due_jobs.append(job_id)
        return job_id


class Store:
    """Opens transactions. `announce` tells workers of due jobs; it must not raise."""

    def __init__(
        self, engine: Engine, clock: Clock, announce: Callable[[Sequence[str]], None], lease: timedelta
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._announce = announce
        self._lease = lease
        self.trouble = LastingTrouble()
        # SQLite has one writer at a time, and its busy handler is unfair: under many threads some starve
        # for longer than a platform waits. Within a process they queue here instead.
        self._writer: AbstractContextManager[object] = (
            threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.trouble.watched(), translated(), self._writer, self._engine.begin() as connection:
            yield connection

    @contextmanager
    def begin(self, claim: Claim | None = None) -> Iterator[UnitOfWork]:
        """One transaction, committed at the end of the block, rolled back by any error.

        With a claim nothing is committed once the job belongs to someone else: LeaseLost.
        """
        with self._write() as connection:
            unit = UnitOfWork(connection, self._clock.now())
            yield unit
            unit.label_events.flush()
            unit.tallies.flush()
            unit.audit.flush()
            if claim is not None:
                self._fence(connection, claim)
        if unit.due_jobs:
            self._announce(unit.due_jobs)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A transaction that sees one moment, never waits for a writer, and cannot write."""
        with translated(), reading(self._engine) as connection:
            yield UnitOfWork(connection, self._clock.now())

    def _fence(self, connection: Connection, claim: Claim) -> None:
        # By the clock of now, not of the transaction's start: a long one must not shorten the lease.
        if not Jobs(connection, self._clock.now()).extend(claim, self._lease):
            msg = f"job {claim.job.id} was given to another worker"
            raise LeaseLost(msg)

    def claim(self, job_id: str) -> Claim | None:
        """Take a due job, or None where it is done, taken, not due, or its lane is busy."""
        with self._write() as connection:
            jobs = Jobs(connection, self._clock.now())
            return jobs.claim(job_id, uuid.uuid4().hex, self._lease)

    def heartbeat(self, claim: Claim) -> bool:
        """Keep the lease; False when it is lost."""
        with self._write() as connection:
            return Jobs(connection, self._clock.now()).extend(claim, self._lease)

    def require_known_schema(self) -> None:
        """Misconfigured once another process has brought the database to a newer version."""
        with self.trouble.watched(), translated(), reading(self._engine) as connection:
            require_known(schema_of(connection))

    def require_writable(self) -> None:
        """Write something and take it back; raises what a delivery would meet."""
        with self.trouble.watched(), translated(), self._writer, self._engine.connect() as connection:
            Facts(connection, self._clock.now()).put(WRITE_PROBE, "")
            connection.rollback()

    def close(self) -> None:
        self._engine.dispose()
