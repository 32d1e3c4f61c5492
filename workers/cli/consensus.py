"""Several annotators' answers in a file become one agreed answer an item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.wording import NOTE_CHARS, number_of, one_line
from workers.cli.offline.kinds import FileKind
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, session_of

if TYPE_CHECKING:
    from workers.cli.offline.agreed.shapes import FileAgreement

SHOWN = 20  # items without agreement that are named


def consensus(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export with several annotators.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Write a .json (of an export: tasks to import) or .jsonl file.")
    ] = None,
    kind: Annotated[FileKind | None, typer.Option("--type", help="What its labels are.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column, or control, with the label.")] = None,
    id_column: Annotated[str | None, typer.Option(help="Column with the item's id.")] = None,
    annotator_column: Annotated[str | None, typer.Option(help="Column with who labeled.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Key of what the item is; again for several.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the file, such as cp1252.")] = None,
    quorum: Annotated[int, typer.Option(min=1, help="So many people must agree.")] = 2,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    json: JsonFlag = False,
) -> None:
    """Agree on one answer for each item of a file that several people labeled."""
    session_of(context).quiet_logs()
    from workers.cli.offline.agreed import writing
    from workers.cli.offline.agreed.run import agree_on_file
    from workers.cli.offline.dataset import Columns
    from workers.cli.offline.target import check_target

    if out is not None:
        check_target(out, force=force, endings=writing.ENDINGS)
    columns = Columns(
        label_column, id_column, annotator_column, tuple(field or ()), kind=kind, learning=False
    )
    result = agree_on_file(file, columns, quorum, encoding)
    problems = writing.write(out, file, result, encoding) if out is not None else []
    if json:
        print_json(writing.document(result, file.name))
    else:
        _tell(result, file.name)
    for problem in problems:
        note(f"Not written: {one_line(problem, NOTE_CHARS)}")
    if out is not None:
        note(f"Wrote {out}.")


def _tell(result: FileAgreement, name: str) -> None:
    for sentence in result.notes:
        note(f"Note: {one_line(sentence, NOTE_CHARS)}")
    typer.echo(
        f"{one_line(name)}: {len(result.agreed):,} of {number_of(len(result.items), 'item')} "
        f"{'has' if len(result.agreed) == 1 else 'have'} an agreed answer "
        f"(labels in '{one_line(result.label_name)}'; {result.method})"
    )
    table(("agreement before", "", "95 %", "items"), [
        (one.name, _number(one.value), f"{_number(one.low)} to {_number(one.high)}", f"{one.items:,}")
        for one in result.figures
    ])  # fmt: skip
    if result.dropped:
        dropped = number_of(
            result.dropped, "region that somebody marked is", "regions that somebody marked are"
        )
        note(f"{dropped} in no agreed answer: too few others did.")
    for item in result.still_open[:SHOWN]:
        typer.echo(f"open: {one_line(item.place)}: {item.open_} ({number_of(item.answers, 'answer')})")
    if len(result.still_open) > SHOWN:
        note(f"There are {len(result.still_open) - SHOWN:,} more without agreement: --json names all.")
    if result.left_out:
        from workers.cli.offline.left_out import left_out_rows

        for row in left_out_rows(result.left_out):
            more = ", …" if row.count > len(row.places) else ""
            note(
                one_line(
                    f"Left out: {row.count:,} × {row.reason} ({', '.join(row.places)}{more})", NOTE_CHARS
                )
            )


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"
