"""Where every project stands, and the link that reviewers open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from connector.wording import ago, held_by_others, moment_text, number_of
from workers.cli.exits import ExitCode
from workers.cli.output import print_json
from workers.cli.quality import figures_of, quality_sentences
from workers.cli.session import JsonFlag, session_of

if TYPE_CHECKING:
    from connector.store.views.guidance import GuidanceView
    from connector.store.views.loop import ProjectView
    from connector.store.views.people import ReviewersView
    from connector.wiring import Services


def status(
    context: typer.Context,
    project: Annotated[str | None, typer.Argument(help="One project; all without it.")] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 unless the labels are clean enough.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Show where each project stands, and the review link."""
    from connector.store.views import loop
    from connector.store.views.guidance import guidance_views
    from connector.store.views.people import reviewers_views
    from connector.web.readiness import look

    session = session_of(context)
    if project is not None:
        session.require_project(project)
    with session.reading() as services:
        now = services.clock.now()
        ready = look(services)
        with services.store.read() as unit:
            stored = loop.project_views(unit, project)
            people = reviewers_views(unit, services.settings.projects, project)
            guidance = guidance_views(unit, [each.name for each in stored])
        cleanness = {each.name: _cleanness(services, each.name) for each in stored}
    wanted = [project] if project else sorted(services.settings.projects)
    unknown = [name for name in wanted if name not in {each.name for each in stored}]
    if json:
        document = {"projects": stored, "not_synced": unknown, "labels": cleanness, "reviewers": people}
        print_json({"service": ready, **document, "guidance": guidance})
    else:
        _print(stored, unknown, cleanness, people, guidance, now)
        typer.echo(f"service: broker {ready.broker}, scheduler {ready.scheduler}")
    if check and (unknown or not all(each.clean_enough for each in cleanness.values())):
        raise typer.Exit(ExitCode.FAILED)


@dataclass(frozen=True)
class Cleanness:
    """Whether a project's labels are clean enough, in words, and what a person should look at."""

    clean_enough: bool
    verdict: str
    alarms: tuple[str, ...]


def _cleanness(services: Services, project: str) -> Cleanness:
    if project not in services.settings.projects:  # stored, but not configured any more
        return Cleanness(clean_enough=True, verdict="not configured any more", alarms=())
    figures = figures_of(services, project)
    verdict, alarms = quality_sentences(services, project, figures)
    return Cleanness(figures.clean_enough, verdict, tuple(alarms))


def _print(
    stored: Sequence[ProjectView],
    unknown: Sequence[str],
    labels: Mapping[str, Cleanness],
    people: Mapping[str, ReviewersView],
    guidance: Mapping[str, GuidanceView],
    now: datetime,
) -> None:
    for each in stored:
        typer.echo(_project_text(each, labels[each.name], people.get(each.name), guidance[each.name], now))
    for name in unknown:
        typer.echo(f"{name}\n  not synced yet: `secondlook sync {name}`\n")
    if not stored and not unknown:
        typer.echo("No project is configured: `secondlook init` adds one.\n")


def _project_text(
    project: ProjectView,
    labels: Cleanness,
    people: ReviewersView | None,
    guidance: GuidanceView,
    now: datetime,
) -> str:
    dead = project.jobs.get("dead", 0)
    lines = [
        project.name,
        f"  items        {project.items} ({project.labelled} labelled)",
        f"  issues       {_states(project.issues)}",
        f"  votes        {project.votes} ({project.votes_counted} counted)",
        f"  corrections  {_states(project.corrections)}",
        f"  adopted      {_adopted(project)}" if project.adopted else "",
        f"  others       {held_by_others(project.held_by_others, project.name)}"
        if project.held_by_others
        else "",
        f"  set aside    {_states(project.dispositions)}" if project.dispositions else "",
        f"  last sync    {_when(project.last_sync_at, now)}",
        f"  last scan    {_when(project.last_scan_at, now)}",
        f"  review here  {project.review_link or 'nothing pushed yet'}",
        f"  labels       {labels.verdict}",
        *(f"  ALARM        {alarm}" for alarm in labels.alarms),
        *(f"  reviewers    {warning}" for warning in (people.warnings if people else ())),
        f"  last report  {_reported(guidance, now)}" if guidance.last_audit else "",
        f"  guidelines   {_asked(project.name, len(guidance.questions))}" if guidance.questions else "",
        f"  notes        accepted ones are published together at {moment_text(guidance.publishes_at)}"
        if guidance.publishes_at
        else "",
        f"  not judged   {_states(project.skipped)}" if project.skipped else "",
        f"  given up     {number_of(dead, 'job')}: `secondlook jobs list`" if dead else "",
        f"  PAUSED       {project.paused_reason}" if project.paused_reason else "",
        f"  AWAY         {_away(project, now)}" if project.away_since else "",
        *(f"  warning      {warning}" for warning in project.warnings),
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _states(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in sorted(counts.items())) or "none"


def _adopted(project: ProjectView) -> str:
    which = number_of(project.adopted, "of these was", "of these were")
    undo = f"`secondlook revert --run {project.adopted_run}` takes back all such"
    return f"{which} found on the platform after this database was restored; who decided is lost; {undo}"


def _away(project: ProjectView, now: datetime) -> str:
    since = _when(project.away_since, now)
    return f"no answer, first noticed {since} ({project.away_reason}); all work waits and goes on by itself"


def _reported(guidance: GuidanceView, now: datetime) -> str:
    last = guidance.last_audit
    return f"{_when(last.at, now)}: {last.headline}" if last else "never"


def _asked(project: str, n: int) -> str:
    what = number_of(n, "question waits", "questions wait")
    return f"{what} for a note: `secondlook guidelines questions {project}`"


def _when(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else ago(moment, now)
