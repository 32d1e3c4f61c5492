"""The golden set: items whose label is known for certain, by which reviewers are measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector import wording
from workers.cli.exits import EPILOG
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, actor, session_of

if TYPE_CHECKING:
    from connector.actions.golden import Line, Stored
    from connector.config.project import ProjectSettings
    from connector.model import Project
    from connector.store.unit_of_work import UnitOfWork
    from workers.people.golden_set import GoldenReport

app = typer.Typer(
    no_args_is_help=True, help="Keep the golden set: verified items that measure reviewers.", epilog=EPILOG
)

Item = Annotated[str, typer.Argument(help="The platform's id of the item.")]
By = Annotated[str | None, typer.Option("--by", help="Who verified this. Default: the user of this machine.")]


@app.command(epilog=EPILOG)
def add(
    context: typer.Context,
    project: ProjectName,
    item: Item,
    label: Annotated[str, typer.Argument(help="Its true label, or '(as labelled)' for what it carries now.")],
    *,
    by: By = None,
    json: JsonFlag = False,
) -> None:
    """Make an item golden, or confirm that its golden label is right."""
    from connector.actions.golden import Line

    _store(context, project, [Line(1, item, label)], "cli", by, as_json=json)


@app.command("import", epilog=EPILOG)
def import_file(
    context: typer.Context,
    project: ProjectName,
    file: Annotated[Path, typer.Argument(help="CSV with the columns item and label, or JSON.")],
    *,
    by: By = None,
    json: JsonFlag = False,
) -> None:
    """Make all items of a file golden. Every line is checked before anything is stored."""
    from workers.people.golden_set import read_lines

    _store(context, project, read_lines(file), "import", by, as_json=json)


def _store(
    context: typer.Context, project: str, lines: list[Line], source: str, by: str | None, *, as_json: bool
) -> None:
    from connector.actions.golden import store
    from workers.label_types.registry import ValidLabels

    session = session_of(context)
    session.require_project(project)
    with session.services() as services:
        stored = services.project(project)
        with services.store.begin() as unit:
            valid = None if stored.schema is None else ValidLabels(stored.schema)
            done = store(unit, stored, lines, source, actor(by), valid)
    if as_json:
        print_json(done)
        return
    _tell(done)


def _tell(done: Stored) -> None:
    confirmed = f", {done.unchanged} confirmed" if done.unchanged else ""
    typer.echo(f"{wording.number_of(done.added, 'golden item')} added{confirmed}.")
    if done.advice:
        note(done.advice)


@app.command(epilog=EPILOG)
def remove(
    context: typer.Context, project: ProjectName, item: Item, *, by: By = None, json: JsonFlag = False
) -> None:
    """Take an item out of the golden set. What was answered to it is kept."""
    from connector.actions.golden import remove as take_out

    session = session_of(context)
    session.require_project(project)
    with session.services() as services:
        stored = services.project(project)
        with services.store.begin() as unit:
            done = take_out(unit, stored, item, actor(by))
    if json:
        print_json({"removed": done})
    else:
        typer.echo(f"Item {done.remote_id} is not golden any more.")


@app.command("list", epilog=EPILOG)
def list_items(context: typer.Context, project: ProjectName, *, json: JsonFlag = False) -> None:
    """List the golden items."""
    with _reading(context, project) as (unit, stored, _):
        result = unit.golden.listed(stored.id)
    if json:
        print_json({"golden": result})
        return
    table(
        ("item", "label", "source", "by", "since", "state"),
        [
            (
                one.remote_id,
                one.label,
                one.source,
                one.added_by,
                wording.day_text(one.added_at),
                _state(one.doubted_at),
            )
            for one in result
        ],
    )
    note(wording.golden_size(len(result)) or f"{wording.number_of(len(result), 'golden item')}.")


def _state(doubted_at: object) -> str:
    return "in use" if doubted_at is None else "contradicted by most reviewers"


@app.command(epilog=EPILOG)
def report(context: typer.Context, project: ProjectName, *, json: JsonFlag = False) -> None:
    """Say how reviewers answered golden items, and which items they contradict."""
    from workers.people.golden_set import report as gathered

    with _reading(context, project) as (unit, stored, settings):
        result = gathered(unit, stored, settings)
    if json:
        print_json(result)
        return
    _show(result)


def _show(golden_report: GoldenReport) -> None:
    table(
        ("reviewer", "name", "answers", "right", "rate", "95% interval"),
        [
            (
                one.person,
                one.name,
                one.answers,
                one.right,
                f"{one.mean:.0%}",
                f"{one.low:.0%} to {one.high:.0%}",
            )
            for one in golden_report.reviewers
        ],
    )
    if not golden_report.reviewers:
        note("No golden item has been answered yet.")
    typer.echo()
    table(
        ("item", "golden label", "on the platform", "asked", "people", "disagree", "answers", "state"),
        [
            (
                one.item,
                one.label,
                one.on_platform,
                one.asked,
                one.people,
                "" if one.disagree is None else f"{one.disagree:.0%}",
                ", ".join(f"{label} {n}" for label, n in one.said),
                "contradicted" if one.doubted else "",
            )
            for one in golden_report.items
        ],
    )
    if golden_report.advice:
        note(golden_report.advice)


@contextmanager
def _reading(context: typer.Context, project: str) -> Iterator[tuple[UnitOfWork, Project, ProjectSettings]]:
    session = session_of(context)
    session.require_project(project)
    with session.services() as services:
        stored = services.project(project)
        with services.store.read() as unit:
            yield unit, stored, services.project_settings(project)
