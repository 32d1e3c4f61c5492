"""What the last scan found besides suspicious labels."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.model.findings import FindingKind
from connector.wording import finding_title, not_looked_for, one_line
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, session_of

MOST_ROWS = 10_000


def findings(
    context: typer.Context,
    project: ProjectName,
    *,
    kind: Annotated[FindingKind | None, typer.Option(help="Only findings of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Most rows.")] = 50,
    after: Annotated[str | None, typer.Option(help="Go on after this cursor (`next` of --json).")] = None,
    json: JsonFlag = False,
) -> None:
    """List what else the last scan found: of classes, annotators and groups first, then of items."""
    from connector.store.views import findings, loop

    session = session_of(context)
    session.require_project(project)
    with session.reading() as services:
        stored = services.project(project)
        with services.store.read() as unit:
            known = loop.project_views(unit, project)
            looked = findings.looked_view(unit, stored.id)
            found = findings.finding_views(unit, project=project, kind=kind, limit=limit, after=after)
    if json:
        print_json({"looked": looked, "findings": found.items, "next": found.next})
        return
    for name, total in looked.found.items():
        if total and kind in (None, FindingKind(name)):
            typer.echo(f"{finding_title(FindingKind(name))}: {total:,}")
    table(
        ("kind", "about", "score", "what"),
        [
            (each.kind, one_line(each.subject), f"{each.score:.2f}", one_line(each.why, 400))
            for each in found.items
        ],
    )
    if not found.items:
        note("No such findings." if known and known[0].last_scan_at else "Not scanned yet.")
    elif found.next:
        note(f"There are more: --after {found.next}")
    for name, why in looked.not_looked_for.items():
        if kind in (None, FindingKind(name)):
            note(not_looked_for([FindingKind(name)], why))
