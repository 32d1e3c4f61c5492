"""Undo corrections: one, or all of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from connector.errors import Conflict, SecondlookError
from connector.model import Correction, CorrectionState
from connector.model.jobs import JobKind
from connector.model.reasons import NotWritten, decoded
from connector.wording import reason_text
from workers.cli.exits import ExitCode
from workers.cli.output import note, print_json, progress
from workers.cli.session import JsonFlag, actor, asking, session_of

if TYPE_CHECKING:
    from connector.wiring import Services


@dataclass(frozen=True)
class Reverted:
    correction: str
    project: str
    restored: str | None
    conflict: str | None
    taken_back: bool = False  # what was written is gone, though the label of before does not stand


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
        chosen = [correction] if correction else _run(services, run or "")
        done = []
        with progress("revert") as report:
            for n, each in enumerate(chosen, start=1):
                done.append(_revert(services, each))
                report(n, len(chosen), "corrections")
    _tell(done, as_json=json)


def _run(services: Services, run_id: str) -> list[str]:
    from connector.actions.revert import undoable

    with services.store.read() as unit:
        return [each.id for each in undoable(unit, run_id)]


def _revert(services: Services, correction_id: str) -> Reverted:
    from connector.actions.revert import ask_revert
    from workers.service.runner import run_inline

    by = actor()
    with asking(services) as unit:
        asked = ask_revert(unit, correction_id, by)
        project = unit.projects.get(asked.project_id).name
    try:
        run_inline(services, project, JobKind.REVERT, {"correction": correction_id, "actor": by})
    except SecondlookError:
        note(f"{correction_id}: the revert stays asked for; a running service carries it out when it can.")
        raise
    return _end(services, asked, project)


def _end(services: Services, asked: Correction, project: str) -> Reverted:
    """What became of it, whoever carried it out."""
    with services.store.read() as unit:
        now = unit.corrections.get(asked.id)
    if now is not None and now.state is CorrectionState.REVERTED:
        if now.error is not None:
            return Reverted(asked.id, project, None, reason_text(now.error), taken_back=True)
        return Reverted(asked.id, project, asked.given, None)
    return Reverted(asked.id, project, None, _why_not(now.error if now is not None else None))


def _why_not(error: str | None) -> str:
    """Why it stands still, without the words that it does."""
    if error is None:
        return "it was left as it is"
    code, params = decoded(error) or ("", {})
    return str(params["said"]) if code == NotWritten.NOT_REVERTED else reason_text(error)


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
        raise Conflict(_sentence(conflicts[0], "was not reverted"))
    for each in conflicts:
        note(_sentence(each, "not reverted"))
    if conflicts:
        raise typer.Exit(ExitCode.CONFLICT)


def _sentence(one: Reverted, stands: str) -> str:
    what = "was taken back, but its label was not restored" if one.taken_back else stands
    return f"{one.correction} {what}: {one.conflict}"
