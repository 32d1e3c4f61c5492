"""What the last scan found besides suspicious labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from connector.model.findings import FindingKind
from connector.wording import finding_title, not_searched_text, one_line
from workers.cli.output import WITH_LINKS, line_below, note, print_json, stdout, table
from workers.cli.session import JsonFlag, ProjectName, item_links, session_of

if TYPE_CHECKING:
    from connector.store.views.findings import FindingView

MOST_ROWS = 10_000
SUBJECT_CHARS = 40
WHY_CHARS = 400
SNIPPET = 60


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
            view = findings.looked_view(unit, stored.id)
            result = findings.finding_views(unit, project=project, kind=kind, limit=limit, after=after)
    link = item_links(session.settings.project(project))
    if json:
        rows = [asdict(one) | {"link": None if one.item is None else link(one.item)} for one in result.items]
        print_json({"looked": view, "findings": rows, "next": result.next})
        return
    for name, total in view.found.items():
        if total and kind in (None, FindingKind(name)):
            typer.echo(f"{finding_title(FindingKind(name))}: {total:,}")
    _show(result.items, link)
    if not result.items:
        note("No such findings." if known and known[0].last_scan_at else "Not scanned yet.")
    elif result.next:
        note(f"There are more: --after {result.next}")
    for name, why in view.not_looked_for.items():
        if kind in (None, FindingKind(name)):
            note(not_searched_text([FindingKind(name)], why))


def _show(findings: Sequence[FindingView], link: Callable[[str], str]) -> None:
    """A table; on a terminal that would fold its links some lines for each."""
    if findings and stdout().width >= WITH_LINKS:
        columns = ("kind", "about", "score", "what", "content", "link")
        table(columns, [[*_cells(each), "" if each.item is None else link(each.item)] for each in findings])
        return
    for each in findings:
        kind, subject, score, why, content = _cells(each)
        typer.echo(f"{kind} {subject} ({score})")
        for line in filter(None, (why, content)):
            line_below(line)
        if each.item is not None:
            typer.echo(f"    {link(each.item)}")


def _cells(finding: FindingView) -> list[str]:
    return [
        finding.kind.replace("_", " "),
        one_line(finding.subject, SUBJECT_CHARS),
        f"{finding.score:.2f}",
        one_line(finding.why, WHY_CHARS),
        one_line(finding.content or "", SNIPPET),
    ]
