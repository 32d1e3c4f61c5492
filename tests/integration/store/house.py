"""A store as the tests use it, and the things that are put into it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine, text

from connector.model import (
    Annotation,
    Correction,
    CorrectionEvidence,
    CorrectionState,
    Decision,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    Item,
    LabelStatus,
    Outcome,
    Prediction,
    ReviewState,
    ReviewTask,
    Vote,
    WriteMode,
)
from connector.model.jobs import JobKind, NewJob
from connector.store.unit_of_work import Store, UnitOfWork

T = TypeVar("T")
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def advance(self, **how_far: float) -> None:
        self.moment += timedelta(**how_far)


class House:
    """A store over one database, with one project in it."""

    def __init__(self, url: str, engine: Engine, *, pooler: bool = False) -> None:
        self.url = url
        self.pooler = pooler
        self.engine = engine
        self.clock = HandClock()
        self.announced: list[str] = []
        self.store = Store(engine, self.clock, self.announced.extend, LEASE)
        self.project = self.new_project("cats")

    @property
    def on_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def new_project(self, name: str) -> int:
        with self.store.begin() as unit:
            return unit.projects.bind(name, "label_studio", "http://labels.example.org", name).id

    def apply(self, *items: Item) -> Any:
        with self.store.begin() as unit:
            return unit.items.apply(self.project, items)

    def enqueue(self, **how: Any) -> str | None:
        with self.store.begin() as unit:
            return unit.enqueue(new_job(self.project, **how))

    def labelled(self) -> dict[str, str]:
        """Remote id → label of the items that a scan would judge."""
        with self.store.read() as unit:
            return {one.remote_id: one.label for one in unit.items.labelled(self.project)}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement finds, past the store."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def tamper(self, *statements: str) -> None:
        """What somebody with access to the database can do, past the store."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def flagged(self, number: int, state: IssueState = IssueState.OPEN, **fields: Any) -> Issue:
        """A stored issue about a new item."""
        self.apply(item(str(number), annotation(str(number))))
        with self.store.begin() as unit:
            [item_id] = unit.items.ids_of([str(number)], self.project)
            [carrying] = unit.items.labelled(self.project, [item_id])
            found = issue(f"issue-{number}", self.project, item_id, carrying.annotation_id)
            found = replace(found, state=state, rank=number, **fields)
            unit.issues.add([found])
        return found

    def reviewed(self, number: int, state: ReviewState = ReviewState.PLANNED) -> ReviewTask:
        """A stored review task of a new issue."""
        found = self.flagged(number)
        task = replace(review_task(f"review-{number}", found), state=state)
        with self.store.begin() as unit:
            unit.reviews.plan([task])
        return task

    def corrected(self, number: int, state: CorrectionState = CorrectionState.PENDING) -> Correction:
        """A stored correction of a new issue that was accepted."""
        found = self.flagged(number, IssueState.ACCEPTED)
        decision = Decision(f"decision-{number}", found.id, Outcome.ACCEPT, "dog", "2 of 2", ("1", "2"), NOW)
        made = correction(f"correction-{number}", found, decision, state)
        with self.store.begin() as unit:
            unit.issues.decide(decision)
            unit.corrections.add(made)
        return made

    @contextmanager
    def open_transaction(self) -> Iterator[UnitOfWork]:
        with self.store.begin() as unit:
            yield unit


def together(number: int, work: Callable[[int], T]) -> list[T | Exception]:
    """Run the same work in several threads that start at one moment; what each returned or raised."""
    start = threading.Barrier(number)

    def one(index: int) -> T | Exception:
        start.wait()
        try:
            return work(index)
        except Exception as error:  # noqa: BLE001 - handed to the test
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@dataclass
class Waiting:
    """A thread that works, until it waits for a lock or ends."""

    thread: threading.Thread
    result: list[Any]

    def outcome(self) -> Any:
        """What it returned; its error is raised here."""
        self.thread.join(30)
        assert not self.thread.is_alive(), "still waiting"
        [found] = self.result
        if isinstance(found, Exception):
            raise found
        return found


def in_thread(work: Callable[[], Any]) -> Waiting:
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(work())
        except Exception as error:  # noqa: BLE001 - raised again by `outcome`
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return Waiting(thread, result)


def until_blocked(house: House) -> None:
    """Wait until some PostgreSQL session waits for a lock."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with house.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(3000):
            if connection.execute(query).scalar_one():
                return
            threading.Event().wait(0.01)
    raise AssertionError("nobody waits for a lock")


def new_job(project: int, kind: JobKind = JobKind.SYNC, **how: Any) -> NewJob:
    return NewJob(kind, project, **how)


def annotation(remote_id: str = "1", label: str | None = "cat", **fields: Any) -> Annotation:
    base = Annotation(remote_id, "ann", label, LabelStatus.VALID, [{"value": label}], NOW, NOW)
    return replace(base, **fields)


def prediction(remote_id: str = "1", **fields: Any) -> Prediction:
    return replace(Prediction(remote_id, "m1", "cat", 0.75, {"cat": 0.75, "dog": 0.25}, NOW), **fields)


def item(remote_id: str = "1", *annotations: Annotation, updated: float = 0, **fields: Any) -> Item:
    """An item that was last changed `updated` minutes after the beginning."""
    return replace(Item(remote_id, NOW, at(updated), {"text": f"item {remote_id}"}, annotations), **fields)


def issue(issue_id: str, project: int, item_id: int, annotation_id: int) -> Issue:
    return Issue(
        id=issue_id,
        project_id=project,
        item_id=item_id,
        annotation_id=annotation_id,
        label_version=1,
        label_updated_at=NOW,
        kind=IssueKind.LABEL_ERROR,
        state=IssueState.OPEN,
        given="cat",
        suggested="dog",
        quality=0.02,
        probability=0.97,
        rank=1,
        method="prune_by_noise_rate",
        model_version="m1",
        scan_id="scan",
        evidence=FlagEvidence(near=(("cat", 0.02),)),
    )


def review_task(key: str, about: Issue) -> ReviewTask:
    return ReviewTask(key, about.id, about.project_id, ReviewState.PLANNED, None, None, False, 2, 0, {})


def vote(key: str, remote_id: str = "1", label: str | None = "dog", **fields: Any) -> Vote:
    return replace(Vote(key, remote_id, "rita", label, (), None, NOW, NOW, False, None, True), **fields)


def correction(correction_id: str, about: Issue, decision: Decision, state: CorrectionState) -> Correction:
    return Correction(
        id=correction_id,
        project_id=about.project_id,
        issue_id=about.id,
        decision_id=decision.id,
        run_id="run",
        item_id=about.item_id,
        annotation_id=about.annotation_id,
        mode=WriteMode.GROUND_TRUTH,
        state=state,
        given=about.given,
        label="dog",
        actor="secondlook",
        evidence=CorrectionEvidence(votes=({"label": "dog"},)),
    )


def ids(things: Sequence[Any]) -> list[str]:
    return [thing.id for thing in things]
