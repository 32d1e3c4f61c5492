"""What a handler is given: its project, the store fenced by its lease, and the platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from connector.config.project import ProjectSettings
from connector.model import Project
from connector.model.jobs import Claim, Job
from connector.ports import ReviewDesk, Source
from connector.store.unit_of_work import UnitOfWork
from connector.wiring import Services

Summary = Mapping[str, Any]  # what a handler did, in figures; logged, and printed by the command line


class Progress(Protocol):
    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Report `done` of `total` (None: unknown) things of the kind `what`."""
        ...


def no_progress(done: int, total: int | None, what: str) -> None:
    del done, total, what


@dataclass(frozen=True)
class Context:
    services: Services
    claim: Claim
    project: Project
    progress: Progress = no_progress

    @property
    def job(self) -> Job:
        return self.claim.job

    @property
    def settings(self) -> ProjectSettings:
        return self.services.project_settings(self.project.name)

    @property
    def source(self) -> Source:
        return self.services.source(self.project.name)

    @property
    def desk(self) -> ReviewDesk:
        return self.services.desk(self.project.name)

    @property
    def installation(self) -> str:
        """How the platform's marks of what we wrote name us."""
        return self.services.keyring.installation

    @property
    def installations(self) -> frozenset[str]:
        """Whose corrections are ours: our own, and of the one that we were told to take over from."""
        return frozenset({self.installation, *filter(None, [self.settings.take_over])})

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A transaction that commits only while this job is ours."""
        with self.services.store.begin(self.claim) as unit:
            yield unit

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        with self.services.store.read() as unit:
            yield unit

    def fresh_project(self) -> Project:
        """The project's row as it is now."""
        with self.read() as unit:
            return unit.projects.get(self.project.id)
