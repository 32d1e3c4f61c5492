"""A small world: the in-memory platform, a database, a clock that tests move, and people.

Everything runs in this thread and in one order, so that a fault can be put at any single point.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from connector.actions.revert import ask_revert
from connector.config.alerts import AlertSettings
from connector.config.keyring import Keyring
from connector.config.project import ProjectSettings
from connector.config.settings import Settings, WorkerSettings
from connector.config.types import SecretRef
from connector.errors import Retryable
from connector.model import (
    Correction,
    Decision,
    Issue,
    IssueState,
    Json,
    LabelSchema,
    ObjectTag,
    Problem,
    Project,
    ReviewTask,
    Role,
    ScanSummary,
    Vote,
)
from connector.model.jobs import Claim, JobKind, JobState
from connector.model.lanes import job as plan_job
from connector.platforms.memory import MemoryDesk, MemoryServer, MemorySource
from connector.platforms.memory.server import Board, Held
from connector.store.tables import guideline_notes, jobs, scans
from connector.store.unit_of_work import Store, UnitOfWork
from connector.store.views.loop import JobView, job_views
from connector.wiring import Services
from tests.support.codecs import MEMORY
from tests.support.databases import PostgresDatabase, SqliteFile, WorldDatabase
from tests.support.deliveries import accept
from workers.context import Summary
from workers.label_types.registry import codecs
from workers.service.runner import run, run_inline
from workers.service.sweep import sweep

NAME = "animals"
CLASSES = ("bird", "cat", "dog")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONGEST_RETRY = 500.0  # seconds: a job that waits longer waits for a person
ROUNDS = 60  # of sweeping and running, after which the world counts as restless

# Enough labels of each class for a model to be believed, and what the tests need of triage: everything
# that is flagged is asked, in the open, and nothing else.
SECTIONS: Mapping[str, Mapping[str, Any]] = {
    "predictions": {"source": "platform", "out_of_sample": True},
    "policy": {
        "method": "predicted_neq_given",
        "class_cap": 1.0,
        "min_class_examples": 1,
        "control_share": 0.0,
        "blind_share": 0.0,
    },
    "review": {"rule": "quorum"},  # two of three: what happens around decisions is told by few votes
}


def schema_of(*classes: str) -> LabelSchema:
    return LabelSchema("label", "text", classes, (ObjectTag("text", "Text", "text"),))


SCHEMA = schema_of(*CLASSES)


class TestClock:
    """The service's clock: it stands still until a test moves it."""

    __test__ = False

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **parts: float) -> None:
        self._now += timedelta(**parts)


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing that runs in it may handle this."""


@dataclass
class Points:
    """The places where the service can be hit: each commit, each call of the platform, each message."""

    passed: list[str] = field(default_factory=list)
    _at: int | None = None
    _error: BaseException | None = None

    def strike(self, at: int, error: BaseException) -> None:
        """Raise the error at the point of that number, counted from now, once."""
        self._at, self._error = len(self.passed) + at, error

    @property
    def struck(self) -> bool:
        return self._at is not None and len(self.passed) > self._at

    def reach(self, name: str) -> None:
        number = len(self.passed)
        self.passed.append(name)
        if number == self._at and self._error is not None:
            raise self._error


class PointServer(MemoryServer):
    """The platform, with a point before and after each call of an adapter.

    `meanwhile` lets something happen once, right after an operation was done and before its answer comes.
    """

    def __init__(self, points: Points) -> None:
        super().__init__()
        self.points = points
        self.away = False  # as a server that is stopped
        self._meanwhile: dict[str, list[Callable[[], object]]] = {}

    def twin(self, points: Points) -> PointServer:
        """A server that holds the same and shares nothing."""
        made = PointServer(points)
        made.boards, made.annotators = copy.deepcopy((self.boards, self.annotators))
        made.deliveries, made._seq = list(self.deliveries), self._seq
        return made

    def meanwhile(self, operation: str, happening: Callable[[], object]) -> None:
        self._meanwhile.setdefault(operation, []).append(happening)

    @contextmanager
    def call(self, operation: str) -> Iterator[None]:
        self.points.reach(f"call {operation}")
        if self.away:
            raise Retryable(f"{operation}: no connection", outage=True)
        with super().call(operation):
            yield
        waiting = self._meanwhile.get(operation, [])
        while waiting:
            waiting.pop(0)()
        self.points.reach(f"answer {operation}")


class PointStore(Store):
    """The store, with a point before and after each commit."""

    points: Points

    @contextmanager
    def begin(self, claim: Claim | None = None) -> Iterator[UnitOfWork]:
        with super().begin(claim) as unit:
            yield unit
            self.points.reach("commit")
        self.points.reach("committed")

    def claim(self, job_id: str) -> Claim | None:
        found = super().claim(job_id)
        if found is not None:
            self.points.reach(f"claimed {found.job.kind.value}")
        return found


class ListQueue:
    """Messages in a list. Losing them is a matter of clearing it."""

    def __init__(self, points: Points) -> None:
        self.messages: list[str] = []
        self._points = points

    def send(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            self._points.reach("send")
            self.messages.append(job_id)


Say = Callable[[str, str], Mapping[str, Any]]  # (reviewer, the item's text) → arguments of an answer


class World:
    """One project, its platform, its service, and the hands of everybody."""

    def __init__(
        self,
        folder: Path,
        template: Path,
        *,
        url: str | None = None,
        schema: LabelSchema | None = SCHEMA,
        worker: Mapping[str, Any] | None = None,
        **sections: Mapping[str, Any],
    ) -> None:
        """`url` names a database of PostgreSQL in the place of a copy of the template."""
        self.folder = folder
        self.points = Points()
        self.server = PointServer(self.points)
        self.source_id = self.server.add_project(schema, "Animals")
        self.clock = TestClock()
        self.queue = ListQueue(self.points)
        self.settings = settings_for(folder, self.source_id, worker or {}, sections)
        self._stored: WorldDatabase = PostgresDatabase(url) if url else SqliteFile(self.database, template)
        self.services = self._start()

    @property
    def database(self) -> Path:
        return self.folder / "secondlook.db"

    def _start(self) -> Services:
        self._engine = self._stored.take()
        lease = timedelta(seconds=self.settings.worker.lease_seconds)
        store = PointStore(self._engine, self.clock, self.queue.send, lease)
        store.points = self.points
        services = Services(self.settings, store, self.queue, self.clock, Keyring(self.settings), codecs())
        services._sources[NAME] = MemorySource(self.server, self.source_id, page_size=5, codecs=MEMORY)
        services._desks[NAME] = MemoryDesk(self.server, page_size=5, codecs=MEMORY)
        return services

    def close(self) -> None:
        """End the service. The database's file is complete then, and can be copied."""
        self.services.close()
        self._stored.give_back(self._engine)

    def fork(self, folder: Path) -> World:
        """Another world that goes on from here by itself. This one must be closed."""
        twin = copy.copy(self)
        shutil.copytree(self.folder, folder)
        twin.folder, twin.points, twin.clock = folder, Points(), TestClock(self.clock.now())
        twin.server, twin.queue = self.server.twin(twin.points), ListQueue(twin.points)
        twin._stored = SqliteFile(twin.database, self.database)
        twin.services = twin._start()
        return twin

    def reconfigure(self, **sections: Mapping[str, Any]) -> None:
        """Start the service again with other settings."""
        self.close()
        self.settings = settings_for(self.folder, self.source_id, {}, sections)
        self.services = self._start()

    # --- the source project ------------------------------------------------------------------

    @property
    def source(self) -> Board:
        return self.server.boards[self.source_id]

    def item(self, text: str, label: str | None = None, by: str = "ann", **says: float) -> str:
        """An item with a label by one person, and what the model says of it: dog=0.9, cat=0.1."""
        item_id = self.server.add_item(self.source_id, {"text": text})
        if label is not None:
            self.server.annotate(self.source_id, item_id, label, by)
        if says:
            self.server.predict(self.source_id, item_id, None, class_scores=says)
        return item_id

    def some_right(self, each: int = 2) -> None:
        """Right labels of every class, which the model confirms."""
        for label in CLASSES:
            for n in range(each):
                rest = {other: 0.05 for other in CLASSES if other != label}
                self.item(f"{label} {n}", label, **{label: 0.9, **rest})

    def wrong(self, text: str = "odd", given: str = "cat", truly: str = "dog", by: str = "ann") -> str:
        """An item whose label the model contradicts."""
        other = next(name for name in CLASSES if name not in (given, truly))
        return self.item(text, given, by, **{truly: 0.9, given: 0.04, other: 0.06})

    def held(self, text: str) -> Held:
        """The source item with that text."""
        return next(one for one in self.source.held.values() if one.item.data["text"] == text)

    def labels(self, text: str) -> list[tuple[str | None, str | None]]:
        """(annotator, label) of each annotation of an item, in the order they were made."""
        return [(one.annotator, one.label) for one in self.held(text).item.annotations]

    def annotation_id(self, text: str, at: int = 0) -> str:
        return self.held(text).item.annotations[at].remote_id

    def relabel(self, text: str, label: str, by: str = "ann") -> None:
        self.server.edit(self.source_id, self.annotation_id(text), label, by)

    # --- the review project ------------------------------------------------------------------

    @property
    def review_id(self) -> str:
        found = self.project.review_remote_id
        assert found is not None, "there is no review project yet"
        return found

    @property
    def review(self) -> Board:
        return self.server.boards[self.review_id]

    def asked(self) -> list[str]:
        """Texts of the review tasks that stand, in the order they were made."""
        return [str(held.item.data["text"]) for held in self.review.held.values() if not withdrawn(held)]

    def review_of(self, text: str) -> Held:
        """The standing review task about that item."""
        standing = [h for h in self.review.held.values() if h.item.data["text"] == text and not withdrawn(h)]
        assert len(standing) == 1, f"{len(standing)} review tasks stand for {text!r}"
        return standing[0]

    def answer(
        self,
        text: str,
        reviewer: str,
        label: str | None = None,
        *,
        problems: Sequence[Problem] = (),
        note: str | None = None,
        cancelled: bool = False,
    ) -> str:
        task_id = self.review_of(text).item.remote_id
        return self.server.answer(task_id, reviewer, label, problems=problems, note=note, cancelled=cancelled)

    def agree(self, text: str, label: str, *reviewers: str, note: str | None = None) -> None:
        for reviewer in reviewers or ("rita", "ravi"):
            self.answer(text, reviewer, label, note=note)

    def edit_answer(self, answer_id: str, label: str, by: str) -> None:
        self.server.edit(self.review_id, answer_id, label, by)

    def delete_answer(self, answer_id: str) -> None:
        self.server.delete_annotation(self.review_id, answer_id)

    def review_round(self, reviewers: Sequence[str], say: Say) -> int:
        """Each reviewer answers all that the platform offers; the number of answers."""
        given = 0
        for reviewer in reviewers:
            while (task_id := self.server.offered(self.review_id, reviewer)) is not None:
                text = str(self.review.held[task_id].item.data["text"])
                self.server.answer(task_id, reviewer, **say(reviewer, text))
                given += 1
        return given

    # --- the service -------------------------------------------------------------------------

    def do(self, kind: JobKind, payload: Json | None = None) -> Summary:
        """Run one job now, alone; what it raises is raised here."""
        return run_inline(self.services, NAME, kind, payload, wait_seconds=0).summary

    def enqueue(self, kind: JobKind, payload: Json | None = None) -> str:
        planned = plan_job(kind, self.project.id, payload)
        with self.services.store.begin() as unit:
            job_id = unit.enqueue(planned)
        assert job_id is not None, f"a {kind.value} waits already"
        return job_id

    def run_messages(self) -> int:
        """Run what was announced, in order; how many jobs ran."""
        ran = 0
        while self.queue.messages:
            ran += int(run(self.services, self.queue.messages.pop(0)))
        return ran

    def run_next(self) -> bool:
        """Run the next job that was announced; whether there was one."""
        if not self.queue.messages:
            return False
        run(self.services, self.queue.messages.pop(0))
        return True

    def settle(self) -> None:
        """Sweep and run until nothing is left to do, moving the clock to whatever comes next and is near."""
        quiet = 0
        for _ in range(ROUNDS):
            sweep(self.services)
            if self.run_messages():
                continue
            wait = self._wait()
            quiet = quiet + 1 if wait is None else 0
            if quiet == 2:  # a single tick may have failed
                return
            self.clock.advance(seconds=wait or 0.0)
        raise AssertionError(f"the world does not come to rest: {self.jobs(JobState.QUEUED)}")

    def later(self, **parts: float) -> None:
        """Time passes, and the service works."""
        self.clock.advance(**parts)
        self.settle()

    def restart(self) -> None:
        """After a kill: messages and memory are lost."""
        self.close()
        self.queue.messages.clear()
        self.services = self._start()

    def backup(self) -> str:
        """Our own database is copied; the name of the copy."""
        self.close()
        copied = self._stored.copied()
        self.services = self._start()
        return copied

    def restore(self, backup: str) -> None:
        """Our own database goes back to that copy."""
        self.close()
        self._stored.put_back(backup)
        self.queue.messages.clear()
        self.services = self._start()

    def _wait(self) -> float | None:
        """Seconds until there is something to do again; None where nothing is near.

        That is a retry; or the end of the lease of a job that a killed worker left running; or the time
        after which a job that is due, and whose message was lost, is announced again.
        """
        worker, now = self.settings.worker, self.clock.now()
        dues = [(one.due_at - now).total_seconds() for one in self.jobs(JobState.QUEUED)]
        waits = [due if due > 0 else worker.resend_seconds + 1 for due in dues if due <= LONGEST_RETRY]
        if self.jobs(JobState.RUNNING):
            waits.append(worker.lease_seconds + 1)
        return min(waits, default=None)

    def deliver(self, *, times: int = 1) -> int:
        """Bring the platform's webhooks to the service; how many were stored."""
        waiting, self.server.deliveries = self.server.deliveries, []
        stored = 0
        for url, headers, body in waiting:
            role = Role(url.split("/")[-2])
            for _ in range(times):
                stored += accept(self.services, NAME, role, headers, body)
        return stored

    def ask_revert(self, correction_id: str, actor: str = "cli:tester") -> None:
        """What `secondlook revert` does before it runs the job."""
        with self.services.store.begin() as unit:
            ask_revert(unit, correction_id, actor)

    def revert(self, correction_id: str, actor: str = "cli:tester") -> Summary:
        self.ask_revert(correction_id, actor)
        return self.do(JobKind.REVERT, {"correction": correction_id, "actor": actor})

    # --- what is stored ----------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        with self.services.store.read() as unit:
            yield unit

    @property
    def project(self) -> Project:
        with self.read() as unit:
            found = unit.projects.by_name(NAME)
        return found or self.services.project(NAME)

    def text_of(self, item_id: int) -> str:
        with self.read() as unit:
            return str(unit.items.data([item_id])[item_id]["text"])

    def issues(self, state: IssueState | None = None) -> list[Issue]:
        """All issues, most suspicious first."""
        with self.read() as unit:
            return unit.issues.listed(self.project.id, state, 1000)

    def issue(self, text: str) -> Issue:
        """The latest issue about that item."""
        found = [one for one in self.issues() if self.text_of(one.item_id) == text]
        assert found, f"there is no issue about {text!r}"
        active = [one for one in found if one.state is not IssueState.STALE]
        return (active or found)[-1]

    def task(self, text: str) -> ReviewTask:
        issue = self.issue(text)
        with self.read() as unit:
            return unit.reviews.of_issues([issue.id])[issue.id]

    def votes(self, text: str) -> list[Vote]:
        key = self.task(text).key
        with self.read() as unit:
            return unit.votes.of([key])[key]

    def decision(self, text: str) -> Decision | None:
        issue = self.issue(text)
        with self.read() as unit:
            return unit.issues.decision(issue.id)

    def correction(self, text: str) -> Correction | None:
        issue = self.issue(text)
        with self.read() as unit:
            return next(reversed(unit.corrections.all_of_issue(issue.id)), None)

    def corrected(self, text: str) -> Correction:
        found = self.correction(text)
        assert found is not None, f"there is no correction of {text!r}"
        return found

    def notes(self) -> dict[str, str]:
        """Text of each guideline note → its state."""
        with self.read() as unit:
            rows = unit.connection.execute(select(guideline_notes.c.text, guideline_notes.c.state))
            return {row.text: row.state for row in rows}

    def last_scan(self) -> ScanSummary:
        with self.read() as unit:
            found = unit.issues.last_scan(self.project.id)
        assert found is not None, "nothing was scanned yet"
        return found

    def scan_count(self) -> int:
        with self.read() as unit:
            return int(unit.connection.execute(select(func.count()).select_from(scans)).scalar_one())

    def jobs(self, state: JobState) -> list[JobView]:
        with self.services.store.read() as unit:
            return list(job_views(unit, state=state, limit=500).items)

    def jobs_made(self, kind: JobKind) -> int:
        """How many jobs of a kind there ever were."""
        with self.read() as unit:
            query = select(func.count()).select_from(jobs).where(jobs.c.kind == kind.value)
            return int(unit.connection.execute(query).scalar_one())

    def audit(self, action: str | None = None) -> list[tuple[str, str, Json]]:
        """(actor, subject, detail) of the rows of that action, or of all."""
        with self.read() as unit:
            rows = list(unit.audit.entries())
        return [(row.actor, row.subject, row.detail) for row in rows if action in (None, row.action)]

    def audit_faults(self) -> list[str]:
        with self.read() as unit:
            return [fault.problem for fault in unit.audit.verify()]


def withdrawn(held: Held) -> bool:
    return str(held.item.data["secondlook_title"]).startswith("Withdrawn")


def settings_for(
    folder: Path, source_id: str, worker: Mapping[str, Any], sections: Mapping[str, Mapping[str, Any]]
) -> Settings:
    """Settings with one project on the in-memory platform, which the product itself refuses to be given."""
    merged = {name: {**SECTIONS.get(name, {}), **sections.get(name, {})} for name in {*SECTIONS, *sections}}
    checked = ProjectSettings.model_validate(
        {
            "url": "http://memory.test",
            "project": int(source_id),
            "token": SecretRef(env="SECONDLOOK_UNUSED"),
            **merged,
        }
    )
    project = checked.model_copy(update={"platform": "memory"})
    return Settings(
        data_dir=folder,
        worker=WorkerSettings.model_validate(dict(worker)),
        alerts=AlertSettings(enabled=False),  # looked at by tests of their own
        projects={NAME: project},
    )
