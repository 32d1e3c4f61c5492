"""Undo corrections: one, or all of one run."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from connector.errors import Conflict, NotFound, Rejected, SecondlookError
from connector.model import Correction, CorrectionState
from connector.model.jobs import JobKind
from workers.cli.exits import ExitCode
from workers.cli.output import note, print_json, progress
from workers.cli.session import JsonFlag, session_of

if TYPE_CHECKING:
    from connector.wiring import Services

UNDOABLE = (CorrectionState.APPLIED, CorrectionState.REVERTING)


@dataclass(frozen=True)
class Reverted:
    correction: str
    project: str
    restored: str | None
    conflict: str | None


def revert(
    context: typer.Context,
    correction: Annotated[str | None, typer.Argument(help="Id of the correction to undo.")] = None,
    *,
    run: Annotated[str | None, typer.Option(help="Undo all applied corrections of this run.")] = None,
    json: JsonFlag = False,
) -> None:
    """Restore what a correction changed.

    A label that someone has changed since is left alone: exit code 4 says so.
    """
    if (correction is None) == (run is None):
        msg = "give a correction or --run, one of both"
        raise typer.BadParameter(msg)
    with session_of(context).services() as services:
        chosen = _one(services, correction) if correction else _run(services, run or "")
        done = []
        with progress("revert") as report:
            for n, each in enumerate(chosen, start=1):
                done.append(_revert(services, each))
                report(n, len(chosen), "corrections")
    _tell(done, as_json=json)


def _one(services: Services, correction_id: str) -> list[Correction]:
    with services.store.read() as unit:
        found = unit.corrections.get(correction_id)
    if found is None:
        msg = f"there is no correction {correction_id}"
        raise NotFound(msg)
    if found.state not in UNDOABLE:
        msg = f"correction {correction_id} is {found.state.value}: there is nothing to undo"
        raise Rejected(msg)
    return [found]


def _run(services: Services, run_id: str) -> list[Correction]:
    """The applied corrections of a run, the last one first."""
    with services.store.read() as unit:
        found = unit.corrections.of_run(run_id)
    if not found:
        msg = f"there is no run {run_id}"
        raise NotFound(msg)
    return [each for each in reversed(found) if each.state in UNDOABLE]


def _revert(services: Services, correction: Correction) -> Reverted:
    from workers.service.runner import run_inline

    actor = f"cli:{_user()}"
    with services.store.begin() as unit:
        project = unit.projects.get(correction.project_id).name
        unit.corrections.set_state(correction.id, CorrectionState.REVERTING)
        unit.audit.append(actor, "correction.revert_asked", correction.id, {}, project)
    payload = {"correction": correction.id, "actor": actor}
    try:
        summary = run_inline(services, project, JobKind.REVERT, payload).summary
    except SecondlookError:
        note(f"{correction.id}: the revert stays asked for; a running service carries it out when it can.")
        raise
    conflict = summary.get("conflict")
    return Reverted(correction.id, project, summary.get("restored"), str(conflict) if conflict else None)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def _tell(done: list[Reverted], *, as_json: bool) -> None:
    if as_json:
        print_json({"reverted": [each for each in done if not each.conflict],
                    "conflicts": [each for each in done if each.conflict]})  # fmt: skip
    else:
        for each in done:
            if each.conflict is None:
                typer.echo(f"{each.correction}: restored {each.restored!r}")
        if not done:
            note("Nothing of this run is applied; there was nothing to undo.")
    conflicts = [each for each in done if each.conflict]
    if len(done) == 1 and conflicts:
        raise Conflict(f"{conflicts[0].correction} was not reverted: {conflicts[0].conflict}")
    for each in conflicts:
        note(f"{each.correction}: not reverted: {each.conflict}")
    if conflicts:
        raise typer.Exit(ExitCode.CONFLICT)
