"""What the commands about guidelines share: who may decide, one transaction, and its publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from connector.errors import BadPayload, SecondlookError
from connector.model import Project
from connector.model.jobs import JobKind
from workers.cli.output import note, print_json
from workers.cli.session import Session, asking, session_of

if TYPE_CHECKING:
    from connector.actions.notes import NoteKeeper
    from connector.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Opened:
    """A project and a transaction about it."""

    unit: UnitOfWork
    project: Project


@contextmanager
def reading(context: typer.Context, name: str) -> Iterator[Opened]:
    with _session(context, name).reading() as services:
        project = services.project(name)
        with services.store.read() as unit:
            yield Opened(unit, project)


@contextmanager
def changing(context: typer.Context, name: str, by: str) -> Iterator[NoteKeeper]:
    """One transaction of one person; words that cannot be published must be typed otherwise."""
    from connector.actions.notes import NoteKeeper

    with _session(context, name).services() as services:
        project = services.project(name)
        adjudicators = services.project_settings(name).review.adjudicators
        try:
            with asking(services) as unit:
                yield NoteKeeper(unit, project, adjudicators, by)
        except BadPayload as error:
            raise typer.BadParameter(str(error)) from error


def _session(context: typer.Context, name: str) -> Session:
    session = session_of(context)
    session.require_project(name)
    return session


def publish(context: typer.Context, project: str, note_id: str, *, as_json: bool) -> None:
    """Carry the change into the instructions here and now; where that fails, a service does it later."""
    from workers.service.runner import run_inline

    with _session(context, project).services() as services:
        try:
            run_inline(services, project, JobKind.GUIDELINES)
        except SecondlookError:
            note(f"{note_id}: recorded. A running service changes the instructions when it can.")
            raise
        with services.store.read() as unit:
            result = unit.notes.get(services.project(project).id, note_id)
    if as_json:
        print_json({"note": result})
    elif result is not None:
        typer.echo(f"{note_id}: {result.state}")
