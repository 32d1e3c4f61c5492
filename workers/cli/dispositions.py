"""The items that no single label answers."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.model import DispositionKind
from connector.wording import one_line
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, session_of

MOST_ROWS = 10_000


def dispositions(
    context: typer.Context,
    project: ProjectName,
    *,
    kind: Annotated[DispositionKind | None, typer.Option(help="Only this list.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Most rows.")] = 50,
    after: Annotated[str | None, typer.Option(help="Go on after this cursor (`next` of --json).")] = None,
    json: JsonFlag = False,
) -> None:
    """List items that no single label answers: several fit, none does, or guidelines are silent."""
    from connector.store.views import dispositions

    session = session_of(context)
    session.require_project(project)
    with session.reading() as services, services.store.read() as unit:
        result = dispositions.disposition_views(unit, project=project, kind=kind, limit=limit, after=after)
    if json:
        print_json({"dispositions": result.items, "next": result.next})
        return
    table(
        ("item", "list", "problem", "labelled", "labels named"),
        [
            (d.item, d.kind, d.problem, one_line(d.given), ", ".join(one_line(label) for label in d.labels))
            for d in result.items
        ],
    )
    if not result.items:
        note("No such items.")
    elif result.next:
        note(f"There are more: --after {result.next}")
