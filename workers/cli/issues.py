"""The suspicious labels of a project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from connector.model import IssueKind, IssueState
from connector.wording import one_line, percent
from workers.cli.output import WITH_LINKS, line_below, note, print_json, stdout, table
from workers.cli.session import JsonFlag, ProjectName, item_links, session_of

if TYPE_CHECKING:
    from connector.store.views.loop import IssueView

MOST_ROWS = 10_000
ID_CHARS = 9  # enough to tell issues apart; --json has all
ITEM_CHARS = 18
LABEL_CHARS = 32
SNIPPET = 60


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
    with session.reading() as services, services.store.read() as unit:
        result = loop.issue_views(unit, project=project, state=state, limit=limit, after=after)
    link = item_links(session.settings.project(project))
    if json:
        print_json(
            {
                "issues": [asdict(one) | {"why": _why(one), "link": link(one.item)} for one in result.items],
                "next": result.next,
            }
        )
        return
    flags = [each for each in result.items if each.kind != IssueKind.CONTROL]
    _show(flags, link)
    controls = [each for each in result.items if each.kind == IssueKind.CONTROL]
    if controls:
        typer.echo("Controls, drawn at random among labels that are not flagged:")
        _show(controls, link)
    if not result.items:
        note("No such issues.")
    elif result.next:
        note(f"There are more: --after {result.next}")


def _show(issues: Sequence[IssueView], link: Callable[[str], str]) -> None:
    """A table; on a terminal that would fold its links some lines for each."""
    if issues and stdout().width >= WITH_LINKS:
        columns = (
            "issue",
            "item",
            "kind",
            "labelled",
            "suggested",
            "sure",
            "state",
            "content",
            "why",
            "link",
        )
        table(columns, [[*_cells(each), link(each.item)] for each in issues])
        return
    for issue in issues:
        name, item, kind, given, better, sure, state, content, why = _cells(issue)
        typer.echo(f"{name}  {item}  {kind}: {given} → {better} ({sure}), {state}")
        for text in filter(None, (content, why)):
            line_below(text)
        typer.echo(f"    {link(issue.item)}")


def _cells(issue: IssueView) -> list[str]:
    return [
        issue.id[:ID_CHARS],
        one_line(issue.item, ITEM_CHARS),
        (issue.kind or "").replace("_", " "),
        one_line(issue.given or "", LABEL_CHARS),
        one_line(issue.suggested or "", LABEL_CHARS),
        percent(issue.probability or 0.0),
        issue.state,
        one_line(issue.content, SNIPPET),
        _why(issue),
    ]


def _why(issue: IssueView) -> str:
    """The reason of the decision; before there is one, what the model says against the label."""
    if issue.reason:
        return issue.reason
    if issue.quality is None or issue.given is None:
        return ""
    return f"the model is {percent(issue.quality)} sure of {one_line(issue.given, LABEL_CHARS)}"
