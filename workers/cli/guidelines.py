"""What reviewers note about labels: read it, decide what is published, answer what is asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from connector import wording
from connector.errors import NotFound
from connector.model import NoteState, QuestionState
from workers.cli.exits import EPILOG
from workers.cli.guideline_access import changing, publish, reading
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, ProjectName

app = typer.Typer(
    no_args_is_help=True, help="Notes of reviewers, and what the instructions say of them.", epilog=EPILOG
)

By = Annotated[str, typer.Option("--by", help="Who decides: your id on the platform, for the audit log.")]
NoteId = Annotated[str, typer.Argument(help="Id of the note.")]
SHOWN_TEXT = 120


@app.command("list", epilog=EPILOG)
def list_notes(
    context: typer.Context,
    project: ProjectName,
    *,
    state: Annotated[NoteState | None, typer.Option(help="Only notes in this state.")] = None,
    json: JsonFlag = False,
) -> None:
    """List notes by the two labels that they are about."""
    with reading(context, project) as opened:
        result = opened.unit.notes.listed(opened.project.id, state)
        names = opened.unit.projects.annotator_names(opened.project.id)
    result.sort(key=lambda one: (one.pair, one.given, one.created_at, one.id))
    if json:
        print_json({"notes": result})
        return
    table(
        ("note", "rule", "text", "by", "date", "state"),
        [
            (
                one.id,
                f"{wording.one_line(one.label)}, not {wording.one_line(one.given)}",
                wording.one_line(one.text, SHOWN_TEXT),
                names.get(one.author, one.author),
                wording.day_text(one.created_at),
                one.state,
            )
            for one in result
        ],
    )
    if not result:
        note("No such notes.")


@app.command(epilog=EPILOG)
def show(context: typer.Context, project: ProjectName, note_id: NoteId, *, json: JsonFlag = False) -> None:
    """Show one note, its history, and whether it helped since it was published."""
    from connector.actions.notes import get_note
    from workers.report.effects import effects_of

    with reading(context, project) as opened:
        result = get_note(opened.unit, opened.project, note_id)
        history = list(opened.unit.audit.entries(subject=note_id))
        effect = None
        if result.published_at is not None:
            effect = asdict(effects_of(opened.unit, opened.project.id, [result])[0])
    if json:
        print_json({"note": result, "history": history, "effect": effect})
        return
    typer.echo(f"{result.label!r}, not {result.given!r}: {wording.note_text(result.text)}")
    typer.echo(f"{result.state}, by {result.author} on {wording.day_text(result.created_at)}")
    for entry in history:
        typer.echo(f"  {wording.moment_text(entry.at)} {entry.actor}: {entry.action}")
    if effect is not None:
        typer.echo(f"since its publication: {wording.guideline_effect(effect)}")


@app.command(epilog=EPILOG)
def accept(
    context: typer.Context,
    project: ProjectName,
    note_id: NoteId,
    *,
    by: By,
    text: Annotated[str | None, typer.Option(help="Publish these words in place of the note's.")] = None,
    json: JsonFlag = False,
) -> None:
    """Accept a note, so that it is published; a withdrawn one too."""
    with changing(context, project, by) as keeper:
        keeper.accept(note_id, text)
    publish(context, project, note_id, as_json=json)


@app.command(epilog=EPILOG)
def edit(
    context: typer.Context,
    project: ProjectName,
    note_id: NoteId,
    *,
    by: By,
    text: Annotated[str, typer.Option(help="The new words.")],
    json: JsonFlag = False,
) -> None:
    """Change the words of a note. What the instructions said before stays in their history."""
    with changing(context, project, by) as keeper:
        keeper.reword(note_id, text)
    publish(context, project, note_id, as_json=json)


@app.command(epilog=EPILOG)
def withdraw(
    context: typer.Context, project: ProjectName, note_id: NoteId, *, by: By, json: JsonFlag = False
) -> None:
    """Take a note back, out of the instructions too."""
    with changing(context, project, by) as keeper:
        keeper.withdraw(note_id)
    publish(context, project, note_id, as_json=json)


@app.command(epilog=EPILOG)
def history(
    context: typer.Context,
    project: ProjectName,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="Print the block of this version.")] = None,
    json: JsonFlag = False,
) -> None:
    """Show what the instructions said, version by version."""
    with reading(context, project) as opened:
        result = opened.unit.guidelines.versions(opened.project.id)
    if version is not None:
        result = [one for one in result if one.number == version]
        if not result:
            raise NotFound(f"there is no version {version}")
    if json:
        print_json({"versions": result})
    elif version is not None:
        typer.echo(result[0].block)
    else:
        table(
            ("version", "since", "notes", "added", "removed", "reworded", "sha256"),
            [
                (
                    one.number,
                    wording.moment_text(one.at),
                    len(one.notes),
                    *(len(one.change[name]) for name in ("added", "removed", "reworded")),
                    one.hash,
                )
                for one in result
            ],
        )


@app.command(epilog=EPILOG)
def questions(
    context: typer.Context,
    project: ProjectName,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    json: JsonFlag = False,
) -> None:
    """List the pairs of labels that are confused again and again without a note."""
    states = list(QuestionState) if all_ else [QuestionState.OPEN, QuestionState.ANSWERED]
    with reading(context, project) as opened:
        result = opened.unit.questions.listed(opened.project.id, states)
    if json:
        print_json({"questions": result})
        return
    for one in result:
        typer.echo(f"{one.id} ({one.state})")
        typer.echo(f"  {wording.guideline_question(one.first, one.second, one.confused, one.ambiguous)}")
        for each in one.examples:
            text = wording.guideline_instance(
                each["shown"], each["given"], each["decided"], each["suggested"]
            )
            typer.echo(f"  - {text}")
    if not result:
        note("Nothing is asked.")


@app.command(epilog=EPILOG)
def answer(
    context: typer.Context,
    project: ProjectName,
    question: Annotated[str, typer.Argument(help="Id of the question.")],
    text: Annotated[str, typer.Argument(help="How to tell the two labels apart.")],
    *,
    by: By,
    label: Annotated[
        str | None, typer.Option(help="The label that the note explains; else the one decided most often.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Answer a question with a note, which is accepted and published."""
    with changing(context, project, by) as keeper:
        answered = keeper.answer(question, text, label)
    publish(context, project, answered.id, as_json=json)
