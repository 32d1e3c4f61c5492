"""Work that was given up: see it, and try it again."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.model.jobs import JobState
from connector.wording import number_of
from workers.cli.exits import EPILOG
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, actor, session_of

app = typer.Typer(no_args_is_help=True, help="List and replay jobs that were given up.", epilog=EPILOG)

MOST_ROWS = 1000


@app.command("list", epilog=EPILOG)
def list_jobs(
    context: typer.Context,
    *,
    project: Annotated[str | None, typer.Option(help="Only jobs of this project.")] = None,
    state: Annotated[JobState, typer.Option(help="Jobs in this state.")] = JobState.DEAD,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Most rows.")] = 100,
    json: JsonFlag = False,
) -> None:
    """List jobs, the oldest first: those that were given up, unless another state is asked for."""
    from connector.store.views import loop

    with session_of(context).reading() as services, services.store.read() as unit:
        result = loop.job_views(unit, project=project, state=state, limit=limit)
    if json:
        print_json({"jobs": result.items, "next": result.next})
        return
    table(
        ("job", "project", "kind", "state", "tries", "reason"),
        [(j.id, j.project, j.kind, j.state, j.attempts, j.error) for j in result.items],
    )
    if not result.items:
        note(f"No job is {state.value}.")


@app.command(epilog=EPILOG)
def replay(
    context: typer.Context,
    job_ids: Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="Ids of the jobs.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Replay all jobs that were given up.")] = False,
    json: JsonFlag = False,
) -> None:
    """Queue jobs that were given up again, with all their tries."""
    from connector.actions import jobs

    if bool(job_ids) == every:
        msg = "give job ids, or --all"
        raise typer.BadParameter(msg)
    with session_of(context).services() as services, services.store.begin() as unit:
        replayed = jobs.replay(unit, job_ids, actor()) if job_ids else jobs.replay_all(unit, actor())
    if json:
        print_json({"replayed": replayed})
    else:
        queued = number_of(len(replayed), "job")
        typer.echo(f"{queued} queued again; a running service does the work (`secondlook up`).")
