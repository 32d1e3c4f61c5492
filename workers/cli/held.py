"""Corrections that wait for a person because their class would lose too many labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from connector.model import CorrectionState
from connector.wording import number_of, reason_text
from workers.cli.exits import EPILOG
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName, actor, session_of

if TYPE_CHECKING:
    from connector.model import Correction, Project
    from connector.store.unit_of_work import UnitOfWork

app = typer.Typer(
    no_args_is_help=True, help="List, release or discard corrections that are held.", epilog=EPILOG
)

CLASS_LOSS = "its class would lose more than policy.max_class_loss allows"
Settle = Callable[["UnitOfWork", "Project", str, str], Sequence["Correction"]]
Label = Annotated[str, typer.Argument(metavar="CLASS", help="The class that would lose labels.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides this. Default: the user of this machine.")]


@app.command("list", epilog=EPILOG)
def list_held(context: typer.Context, project: ProjectName, *, json: JsonFlag = False) -> None:
    """List held corrections, the oldest first."""
    session = session_of(context)
    session.require_project(project)
    with session.reading() as services:
        stored = services.project(project)
        with services.store.read() as unit:
            result = unit.corrections.listed(stored.id, CorrectionState.HELD)
    if json:
        print_json({"held": result})
        return
    table(
        ("correction", "given", "label", "since", "why"),
        [
            (
                one.id,
                one.given,
                one.label,
                one.created_at,
                reason_text(one.error) if one.error else CLASS_LOSS,
            )
            for one in result
        ],
    )
    if not result:
        note("No correction is held.")


@app.command(epilog=EPILOG)
def release(
    context: typer.Context, project: ProjectName, label: Label, *, by: By = None, json: JsonFlag = False
) -> None:
    """Have the held corrections of a class written; its losses until now do not count any more."""
    from connector.actions.held import release as let_go

    _settle(context, project, label, by, json, "released", let_go)


@app.command(epilog=EPILOG)
def discard(
    context: typer.Context, project: ProjectName, label: Label, *, by: By = None, json: JsonFlag = False
) -> None:
    """Never write the held corrections of a class; the labels stay as they are."""
    from connector.actions.held import discard as drop

    _settle(context, project, label, by, json, "discarded", drop)


def _settle(
    context: typer.Context,
    project: str,
    label: str,
    by: str | None,
    json: bool,  # noqa: FBT001 - passed on from the flag
    done: str,
    action: Settle,
) -> None:
    session = session_of(context)
    session.require_project(project)
    with session.services() as services:
        stored = services.project(project)
        with services.store.begin() as unit:
            chosen = action(unit, stored, label, actor(by))
    if json:
        print_json({done: [one.id for one in chosen]})
    else:
        typer.echo(f"{number_of(len(chosen), 'correction')} {done}.")
