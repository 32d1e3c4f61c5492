"""Sheets for annotators: what reviewers changed of their labels, and which guideline decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.wording import number_of
from workers.cli.output import json_line, note, print_json
from workers.cli.session import JsonFlag, ProjectName, session_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workers.people.feedback import Sheet

FORMATS = (".html", ".json", ".md")


def feedback(
    context: typer.Context,
    project: ProjectName,
    annotator: Annotated[
        str | None, typer.Argument(help="User id or name of one annotator; everyone without it.")
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="File to write: .html, .json or .md.")] = None,
    json: JsonFlag = False,
) -> None:
    """Write a friendly sheet for each annotator whose labels were looked at again."""
    from workers.people.feedback import markdown, sheets

    if out is not None and out.suffix.lower() not in FORMATS:
        msg = f"{out} has none of the endings {', '.join(FORMATS)}"
        raise typer.BadParameter(msg, param_hint="--out")
    session = session_of(context)
    session.require_project(project)
    with session.reading() as services:
        stored = services.project(project)
        with services.store.read() as unit:
            result = sheets(unit, stored, services.project_settings(project), annotator)
        now = services.clock.now()
    if out is not None:
        _write(out, result, now)
        note(f"{number_of(len(result), 'sheet')} written to {out}.")
    if json:
        print_json({"sheets": result})
    elif out is None:
        typer.echo(
            markdown(result) if result else "No label was decided about yet: there is no sheet to show."
        )


def _write(file: Path, sheets: Sequence[Sheet], now: datetime) -> None:
    from workers.cli.offline.target import replace_file
    from workers.people.feedback import html, markdown

    forms = {
        ".html": lambda: html(sheets, now),
        ".md": lambda: markdown(sheets),
        ".json": lambda: json_line({"sheets": sheets}),
    }
    replace_file(file, forms[file.suffix.lower()]())
