"""Find suspicious labels: of a project, or of a file without any server."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.config.project import DetectionMethod
from connector.model.jobs import JobKind
from connector.wording import NOTE_CHARS, one_line, percent
from workers.cli.loop import step
from workers.cli.output import note, print_json, progress, table
from workers.cli.session import JsonFlag, Session, actor, session_of

if TYPE_CHECKING:
    from workers.cli.offline.judging import Judged, OfflineIssue

ENDINGS = (".csv", ".json", ".jsonl")
SHOWN = 50
TOLD = 5  # findings of one kind


@dataclass(frozen=True)
class Options:
    """What applies to files only; a project has these in its settings."""

    label_column: str | None
    text_column: str | None
    id_column: str | None
    annotator_column: str | None
    date_column: str | None
    field: str | None
    method: DetectionMethod | None
    out: Path | None
    limit: int | None
    force: bool

    def given(self) -> list[str]:
        """The options that were used."""
        return [f"--{each.name.replace('_', '-')}" for each in fields(self) if getattr(self, each.name)]


def scan(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="PROJECT|FILE", help="A project, or a .json, .jsonl or .csv file.")
    ],
    *,
    label_column: Annotated[
        str | None, typer.Option(help="File: column, or Choices control, with the label.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="File: column with text to learn from.")] = None,
    id_column: Annotated[str | None, typer.Option(help="File: column with the item's id.")] = None,
    annotator_column: Annotated[str | None, typer.Option(help="File: column with who labeled.")] = None,
    date_column: Annotated[str | None, typer.Option(help="File: column with when it was labeled.")] = None,
    field: Annotated[str | None, typer.Option(help="File: key to learn from, whatever it holds.")] = None,
    method: Annotated[DetectionMethod | None, typer.Option(help="File: how issues are chosen.")] = None,
    out: Annotated[Path | None, typer.Option(help="File: write a .csv, .json or .html file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="File: most rows of the table.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    json: JsonFlag = False,
) -> None:
    """Find suspicious labels: of a project, planning their review; or of a file, without a server."""
    options = Options(
        label_column, text_column, id_column, annotator_column, date_column, field, method, out, limit, force
    )
    if not is_file(target):
        if options.given():
            msg = f"{', '.join(options.given())}: for files only; a project is set up in secondlook.toml"
            raise typer.BadParameter(msg)
        _scan_project(session_of(context), target, as_json=json)
        return
    if text_column and field:
        msg = "give --text-column or --field, not both"
        raise typer.BadParameter(msg)
    session_of(context).quiet_logs()
    _scan_file(Path(target), options, as_json=json)


def _scan_project(session: Session, project: str, *, as_json: bool) -> None:
    from connector.actions.jobs import ask_scan

    session.require_project(project)
    with session.services() as services:
        stored = services.project(project)
        with services.store.begin() as unit:
            ask_scan(unit, stored, actor())
    step(session, project, JobKind.SCAN, {}, as_json=as_json)


def is_file(target: str) -> bool:
    """A file's ending, there or not, or a file with another ending: what is wrong with it is then said."""
    path = Path(target)
    return path.suffix.lower() in ENDINGS or (path.suffix != "" and path.is_file())


def _scan_file(path: Path, options: Options, *, as_json: bool) -> None:
    from workers.cli.offline import output
    from workers.cli.offline.dataset import Columns
    from workers.cli.offline.judging import judge
    from workers.cli.offline.reading import read_file
    from workers.detect.predictions.features import FeatureKind

    if options.out is not None:
        output.check_target(options.out, force=options.force)
    columns = Columns(
        options.label_column,
        options.id_column,
        options.annotator_column,
        options.text_column or options.field,
        options.date_column,
    )
    data = read_file(path, columns)
    with progress(f"scan {path.name}") as report:
        judged = judge(
            data,
            method=(options.method or DetectionMethod.PRUNE_BY_NOISE_RATE).value,
            kind=FeatureKind.TEXT if options.text_column else None,
            progress=lambda done, total: report(done, total, "folds"),
        )
    if options.out is not None:
        output.write(options.out, judged, path.name)
    if as_json:
        print_json(output.document(judged, path.name))
    else:
        _tell(judged, path, options.limit or SHOWN)
    if options.out is not None:
        note(f"Wrote {options.out}.")


def _tell(judged: Judged, path: Path, limit: int) -> None:
    n_items, n_issues = len(judged.records), len(judged.issues)
    typer.echo(
        f"{path.name}: {n_issues:,} of {n_items:,} labels are suspicious; the model predicts "
        f"{judged.predicted.accuracy:.1%} as labeled ({judged.kind.value} in '{judged.dataset.field}')"
    )
    if n_issues:
        columns = ("item", "labelled", "suggested", "sure", "given label", "annotator")
        table(columns, map(_cells, judged.issues[:limit]))
    if n_issues > limit:
        note(f"There are {n_issues - limit:,} more: --limit, or --out issues.csv for all.")
    _tell_what_else(judged)
    _say_what_is_missing(judged)


def _tell_what_else(judged: Judged) -> None:
    """What concerns classes, annotators and groups as sentences; of single items how many there are."""
    from workers.cli.offline.findings import found_kinds, reasons

    for kind in found_kinds(judged):
        typer.echo(f"{kind.title}: {kind.total:,}")
        for row in kind.rows[:TOLD] if kind.rows[0].place is None else ():
            typer.echo(f"  {one_line(row.reason, NOTE_CHARS)}")
    if judged.looked.totals and any(judged.looked.totals.values()):
        note("Each of them is in the file of --out.")
    for sentence in reasons(judged):
        note(sentence)


def _cells(issue: OfflineIssue) -> list[str]:
    """What the file holds may hold codes that would steer the terminal: one printable line each."""
    sure, given = percent(issue.probability), percent(issue.quality)
    cells = (issue.id, issue.given, issue.suggested, sure, given, issue.annotator or "")
    return [one_line(cell) for cell in cells]


def _say_what_is_missing(judged: Judged) -> None:
    from workers.cli.offline.tables import left_out_rows

    for row in left_out_rows(judged):
        more = ", …" if row.count > len(row.places) else ""
        note(one_line(f"Left out: {row.count:,} × {row.reason} ({', '.join(row.places)}{more})", NOTE_CHARS))
    for warning in judged.warnings:
        note(f"Note: {warning}")
