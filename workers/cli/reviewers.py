"""What is known of each reviewer and annotator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, session_of

if TYPE_CHECKING:
    from connector.store.views.people import PersonView, ReviewersView


def reviewers(
    context: typer.Context,
    project: ProjectName,
    *,
    refresh: Annotated[bool, typer.Option("--refresh", help="Measure everyone again first.")] = False,
    json: JsonFlag = False,
) -> None:
    """Show how far each reviewer can be relied on, and what operations should know."""
    from connector.model.jobs import JobKind
    from connector.store.views.people import reviewers_view
    from workers.service.runner import run_inline

    session = session_of(context)
    session.require_project(project)
    with session.reading() as services:
        stored = services.project(project)
        if refresh:
            run_inline(services, project, JobKind.REVIEWERS)
        with services.store.read() as unit:
            result = reviewers_view(unit, stored, services.project_settings(project))
    if json:
        print_json(result)
        return
    _show(result)


def _show(view: ReviewersView) -> None:
    table(
        (
            "person",
            "name",
            "reliability",
            "95% interval",
            "answers",
            "golden",
            "weight",
            "seconds",
            "lately",
            "30 days",
            "labels",
        ),
        [_row(one) for one in view.people],
    )
    if view.measured_at is None:
        note("Nobody was measured yet: a running service does it hourly, --refresh does it now.")
    for warning in view.warnings:
        note(warning)


def _row(one: PersonView) -> tuple[object, ...]:
    measured = one.answers > 0
    drift = "" if one.drift is None else f"{one.drift:+.0%}"
    return (
        ", ".join(one.accounts),
        one.name,
        f"{one.reliability:.0%}" if measured else "",
        f"{one.low:.0%} to {one.high:.0%}" if measured else "",
        one.answers,
        f"{one.golden_right} of {one.golden}" if one.golden else "",
        f"{one.weight:.1f}" if measured else "",
        "" if one.seconds is None else f"{one.seconds:.0f}",
        drift,
        f"{one.history[-1][1] - one.history[0][1]:+.0%}" if len(one.history) > 1 else "",
        f"{one.labels_upheld} of {one.labels_questioned} upheld" if one.labels_questioned else "",
    )
