"""The steps of the loop, one command each: run here and now, beside a service that may be running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.model.jobs import JobKind
from connector.wording import number_of
from workers.cli.output import note, print_json, progress
from workers.cli.session import JsonFlag, ProjectName, Session, session_of

if TYPE_CHECKING:
    from workers.service.runner import JobResult


def sync(
    context: typer.Context,
    project: ProjectName,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only changes.")] = False,
    json: JsonFlag = False,
) -> None:
    """Bring in what changed on the platform."""
    step(session_of(context), project, JobKind.SYNC, {"full": True} if full else {}, as_json=json)


def push(context: typer.Context, project: ProjectName, *, json: JsonFlag = False) -> None:
    """Create the planned review tasks on the platform."""
    step(session_of(context), project, JobKind.PUSH, {}, as_json=json)


def collect(context: typer.Context, project: ProjectName, *, json: JsonFlag = False) -> None:
    """Read the reviewers' answers."""
    step(session_of(context), project, JobKind.COLLECT, {}, as_json=json)


def controls(
    context: typer.Context,
    project: ProjectName,
    number: Annotated[int, typer.Argument(min=1, help="How many unflagged items to ask about.")] = 50,
    *,
    json: JsonFlag = False,
) -> None:
    """Ask about unflagged items: they bound the errors left."""
    step(session_of(context), project, JobKind.SCAN, {"controls": number}, as_json=json)


def step(session: Session, project: str, kind: JobKind, payload: dict[str, Any], *, as_json: bool) -> None:
    """Run one step here and now, and say what it did."""
    from connector.store.views import loop
    from connector.wording.steps import step_sentences
    from workers.service.runner import run_inline

    session.require_project(project)
    with session.services() as services:
        with progress(f"{kind.value} {project}") as report:
            result = run_inline(services, project, kind, payload, report)
        with services.store.read() as unit:
            stored = loop.project_views(unit, project)
    waiting = sum(stored[0].jobs.get(state, 0) for state in ("queued", "running")) if stored else 0
    if as_json:
        print_json({"project": project, "jobs_waiting": waiting, **_figures(result)})
        return
    first, *others = step_sentences(kind, project, result.summary)
    typer.echo(f"{first} ({result.seconds:.1f} s)")
    for sentence in others:
        typer.echo(sentence)
    if waiting:
        jobs = number_of(waiting, "job follows", "jobs follow")
        note(f"{jobs}; a running service does what follows (`secondlook up`).")


def _figures(result: JobResult) -> dict[str, Any]:
    return {
        "job": result.job_id,
        "kind": result.kind.value,
        "seconds": round(result.seconds, 3),
        "result": result.summary,
    }
