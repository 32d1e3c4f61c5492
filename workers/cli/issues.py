"""The suspicious labels of a project."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.model import IssueState
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, session_of

MOST_ROWS = 10_000


def issues(
    context: typer.Context,
    project: ProjectName,
    *,
    state: Annotated[IssueState | None, typer.Option(help="Only issues in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Most rows.")] = 50,
    after: Annotated[str | None, typer.Option(help="Go on after this cursor (`next` of --json).")] = None,
    json: JsonFlag = False,
) -> None:
    """List issues, the most suspicious first."""
    from connector.store.views import loop

    session = session_of(context)
    session.require_project(project)
    with session.services() as services, services.store.read() as unit:
        found = loop.issue_views(unit, project=project, state=state, limit=limit, after=after)
    if json:
        print_json({"issues": found.items, "next": found.next})
        return
    table(
        ("issue", "item", "labelled", "suggested", "sure", "state", "why"),
        [
            (i.id, i.item, i.given, i.suggested, f"{i.probability:.0%}", i.state, i.reason)
            for i in found.items
        ],
    )
    if not found.items:
        note("No such issues.")
    elif found.next:
        note(f"There are more: --after {found.next}")
