"""What the commands about guidelines share: who may decide, one transaction, and its publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from connector.errors import NotFound, Rejected, SecondlookError
from connector.model import GuidelineNote, Json, Project
from connector.model.jobs import JobKind
from workers.cli.output import note, print_json
from workers.cli.session import Session, session_of

if TYPE_CHECKING:
    from connector.store.unit_of_work import UnitOfWork
    from connector.wiring import Services


@dataclass(frozen=True)
class Opened:
    """A project and a transaction about it."""

    unit: UnitOfWork
    project: Project


@contextmanager
def reading(context: typer.Context, name: str) -> Iterator[Opened]:
    with _services(context, name) as services:
        project = services.project(name)
        with services.store.read() as unit:
            yield Opened(unit, project)


@contextmanager
def changing(context: typer.Context, name: str, by: str) -> Iterator[Opened]:
    """One transaction, with the job that carries the change into the instructions."""
    from connector.model.lanes import job

    _refuse_stranger(session_of(context), name, by)
    with _services(context, name) as services:
        project = services.project(name)
        with services.store.begin() as unit:
            yield Opened(unit, project)
            unit.enqueue(job(JobKind.GUIDELINES, project.id))


@contextmanager
def _services(context: typer.Context, name: str) -> Iterator[Services]:
    session = session_of(context)
    session.require_project(name)
    with session.services() as services:
        yield services


def _refuse_stranger(session: Session, project: str, by: str) -> None:
    """Where adjudicators are named, nobody else decides."""
    if not by.strip():
        msg = "say who decides"
        raise typer.BadParameter(msg, param_hint="--by")
    named = session.settings.project(project).review.adjudicators
    if named and by not in named:
        raise Rejected(
            f"{by!r} is no adjudicator of {project!r}: projects.{project}.review.adjudicators names "
            f"{', '.join(named)}"
        )


def found_note(opened: Opened, note_id: str) -> GuidelineNote:
    found = opened.unit.notes.get(opened.project.id, note_id)
    if found is None:
        raise NotFound(f"project {opened.project.name!r} has no note {note_id}")
    return found


def record(opened: Opened, action: str, note_id: str, by: str, detail: Json) -> None:
    opened.unit.audit.append(by, action, note_id, detail, opened.project.name)


def publish(context: typer.Context, project: str, note_id: str, *, as_json: bool) -> None:
    """Carry the change into the instructions here and now; where that fails, a service does it later."""
    from workers.service.runner import run_inline

    with _services(context, project) as services:
        try:
            run_inline(services, project, JobKind.GUIDELINES)
        except SecondlookError:
            note(f"{note_id}: recorded. A running service changes the instructions when it can.")
            raise
        with services.store.read() as unit:
            found = unit.notes.get(services.project(project).id, note_id)
    if as_json:
        print_json({"note": found})
    elif found is not None:
        typer.echo(f"{note_id}: {found.state}")
