"""The agreed and corrected labels of a project, as people train on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.wording import NOTE_CHARS, number_of, one_line
from workers.cli.output import note, print_json
from workers.cli.session import JsonFlag, ProjectName, session_of
from workers.cli.training.run import ExportForm


def export(
    context: typer.Context,
    project: ProjectName,
    *,
    out: Annotated[Path, typer.Option(help="The file, or for hf and yolo the folder, to write.")],
    form: Annotated[ExportForm, typer.Option("--format", help="How labels are written.")] = ExportForm.JSONL,
    decided: Annotated[
        bool, typer.Option("--decided", help="Only labels that reviewers decided on.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    json: JsonFlag = False,
) -> None:
    """Write the agreed and corrected labels of a project, as people train on them."""
    from connector.store.views.training import training_items
    from workers.cli.training.decided import decided_items
    from workers.cli.training.run import check, write_export

    session = session_of(context)
    session.require_project(project)
    with session.services() as services, services.store.read() as unit:
        stored = services.project(project)
        check(stored.name, stored.schema, form, out, force=force)
        if stored.schema is None:  # refused by the check
            return
        result = write_export(
            decided_items(training_items(unit, stored.id), stored.schema, stored.platform),
            stored.schema,
            project,
            form,
            out,
            decided=decided,
        )
    if json:
        print_json(result.manifest(project))
        return
    text = ", ".join(f"{n:,} {name}" for name, n in sorted(result.standing.items())) or "none"
    typer.echo(f"{project}: {number_of(result.standing.total(), 'label')} ({text})")
    if result.apart:
        text = ", ".join(f"{n:,} {name}" for name, n in sorted(result.apart.items()))
        typer.echo(f"Apart: {text}")
    if result.undecided:
        left = number_of(
            result.undecided, "label that nobody decided on is", "labels that nobody decided on are"
        )
        note(f"{left} left out (--decided).")
    for sentence in result.remarks:
        note(f"Note: {one_line(sentence, NOTE_CHARS)}")
    typer.echo(f"content sha256 {result.content}")
    note(f"Wrote {out}.")
