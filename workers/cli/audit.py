"""The audit log: take it out, or check that nothing in it was changed."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO

import typer

from connector.wording import number_of
from workers.cli.exits import EPILOG, ExitCode
from workers.cli.output import json_line, note, print_json
from workers.cli.session import JsonFlag, session_of

app = typer.Typer(no_args_is_help=True, help="Export the audit log, or verify its hash chain.", epilog=EPILOG)


@app.command(epilog=EPILOG)
def export(
    context: typer.Context,
    *,
    project: Annotated[str | None, typer.Option(help="Only rows of this project.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Only rows about this correction, issue or project.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Only rows with a higher number.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else stdout.")] = None,
) -> None:
    """Write the rows as JSON, one a line."""
    with session_of(context).reading() as services, services.store.read() as unit, _opened(output) as out:
        written = 0
        for entry in unit.audit.entries(project=project, subject=subject, after=after):
            out.write(json_line(entry) + "\n")
            written += 1
    if not written:
        note("No row of the audit log is of these.")


@app.command(epilog=EPILOG)
def verify(context: typer.Context, *, json: JsonFlag = False) -> None:
    """Check every row's hash. Exit code 1, naming the rows, when one is changed or missing."""
    from connector.store.repositories.tallies import AUDIT_VERIFIED

    with session_of(context).reading() as services:
        with services.store.read() as unit:
            faults = list(unit.audit.verify())
            last, head = unit.audit.head()
        with services.store.begin() as unit:
            unit.facts.put(AUDIT_VERIFIED, str(len(faults)))
    if json:
        print_json({"ok": not faults, "rows": last, "head": head, "faults": faults})
    elif faults:
        for fault in faults:
            typer.echo(f"row {fault.seq}: {fault.problem}")
    else:
        typer.echo(
            f"{number_of(last, 'row, as it was', 'rows, all as they were')} written. Last hash: {head}"
        )
    if faults:
        raise typer.Exit(ExitCode.FAILED)


def _opened(output: Path | None) -> AbstractContextManager[TextIO]:
    from workers.cli.offline.target import whole_file

    return nullcontext(sys.stdout) if output is None else whole_file(output, "--output")
