"""Find suspicious labels: of a project, or of a file without any server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.model.jobs import JobKind
from connector.model.kinds import DetectionMethod
from connector.wording import NOTE_CHARS, are, number_of, one_line, percent
from workers.cli.loop import step
from workers.cli.offline.kinds import FileKind
from workers.cli.output import NARROW, line_below, note, print_json, progress, stdout, table
from workers.cli.session import JsonFlag, Session, actor, asking, session_of

if TYPE_CHECKING:
    from workers.cli.offline.dataset import Dataset
    from workers.cli.offline.judging import Judged, OfflineIssue
    from workers.cli.offline.outcome import FileScan
    from workers.cli.offline.regions.data import RegionData

ENDINGS = frozenset({
    ".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".gz", ".bz2", ".xz", ".xlsx", ".xls", ".parquet",
    ".arrow", ".feather", ".conll", ".iob", ".iob2", ".bio",
})  # fmt: skip
SHOWN = 50
TOLD = 5  # findings of one kind
SNIPPET = 72  # characters of an item
LABEL_CHARS = 24
ID_CHARS = 18


@dataclass(frozen=True)
class Options:
    """What applies to files only; a project has these in its settings."""

    label_column: str | None
    text_column: str | None
    id_column: str | None
    annotator_column: str | None
    date_column: str | None
    group_column: str | None
    field: list[str] | None
    encoding: str | None
    merge_spellings: bool
    no_label: list[str] | None
    method: DetectionMethod | None
    type: FileKind | None
    predictions: Path | None
    out: Path | None
    limit: int | None
    force: bool

    def given(self) -> list[str]:
        """The options that were used."""
        return [f"--{each.name.replace('_', '-')}" for each in fields(self) if getattr(self, each.name)]


def scan(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT|FILE", help="A project; or a table, JSON or export, or a folder of them."
        ),
    ],
    *,
    label_column: Annotated[
        str | None, typer.Option(help="File: column, or Choices control, with the label.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="File: column with text to learn from.")] = None,
    id_column: Annotated[str | None, typer.Option(help="File: column with the item's id.")] = None,
    annotator_column: Annotated[str | None, typer.Option(help="File: column with who labeled.")] = None,
    date_column: Annotated[str | None, typer.Option(help="File: column with when it was labeled.")] = None,
    group_column: Annotated[
        str | None, typer.Option(help="File: column with what items belong to (patient, document).")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="File: key to learn from, whatever it holds; again for several.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="File: its encoding, such as cp1252.")] = None,
    merge_spellings: Annotated[
        bool, typer.Option("--merge-spellings", help="File: judge spellings of one class as one.")
    ] = False,
    no_label: Annotated[
        list[str] | None, typer.Option(help="File: a value that stands for no label; again for several.")
    ] = None,
    method: Annotated[DetectionMethod | None, typer.Option(help="File: how issues are chosen.")] = None,
    kind: Annotated[FileKind | None, typer.Option("--type", help="File: what its labels are.")] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="File: predictions of your own, by the items' ids.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File: write a .csv, .json or .html file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="File: most rows of the table.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --out.")] = False,
    refit: Annotated[
        bool, typer.Option("--refit", help="Project: train the built-in model again first.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Find suspicious labels: of a project, planning their review; or of a file, without a server."""
    options = Options(
        label_column,
        text_column,
        id_column,
        annotator_column,
        date_column,
        group_column,
        field,
        encoding,
        merge_spellings,
        no_label,
        method,
        kind,
        predictions,
        out,
        limit,
        force,
    )
    if not is_file(target) and not _is_unnamed_file(session_of(context), target):
        if options.given():
            msg = f"{', '.join(options.given())}: for files only; a project is set up in secondlook.toml"
            raise typer.BadParameter(msg)
        _scan_project(session_of(context), target, refit=refit, as_json=json)
        return
    if refit:
        msg = "--refit: for a project; a file is judged by a model that is trained on it each time"
        raise typer.BadParameter(msg)
    if text_column and field:
        msg = "give --text-column or --field, not both"
        raise typer.BadParameter(msg)
    _scan_file(session_of(context), Path(target), options, as_json=json)


def _scan_project(session: Session, project: str, *, refit: bool, as_json: bool) -> None:
    from connector.actions.jobs import ask_job

    session.require_project(project)
    with session.services() as services:
        stored = services.project(project)
        with asking(services) as unit:
            ask_job(unit, stored, JobKind.SCAN, actor())
    step(session, project, JobKind.SCAN, {"refit": True} if refit else {}, as_json=as_json)


def is_file(target: str) -> bool:
    """A file's ending, there or not, or what is there under that path: what is wrong with it is then said."""
    path = Path(target)
    looks_like_one = path.suffix.lower() in ENDINGS or len(path.parts) > 1 or target.endswith(("/", "\\"))
    return looks_like_one or path.is_dir() or (path.suffix != "" and path.is_file())


def _is_unnamed_file(session: Session, target: str) -> bool:
    """Whether a word without an ending is a file that lies here, and no project is called so."""
    return Path(target).is_file() and target not in session.settings.projects


def _scan_file(session: Session, path: Path, options: Options, *, as_json: bool) -> None:
    from workers.cli.offline.target import check_target

    if options.out is not None:
        check_target(options.out, force=options.force)
    data = _read(path, options)
    session.quiet_logs()
    from workers.cli.offline.dataset import Dataset

    if not isinstance(data, Dataset) or data.kind is not FileKind.CHOICE:
        _tell_outcome(_outcome(data, path, options), path, options, as_json=as_json)
        return
    if options.predictions is not None:
        msg = "single choices are judged by the built-in model; for your own probabilities see `evaluate`"
        raise typer.BadParameter(msg)
    # Only now what computes is imported: a file that cannot be used is refused at once.
    from workers.cli.offline import output
    from workers.cli.offline.judging import judge
    from workers.detect.predictions.features import FeatureKind

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


def _outcome(data: Dataset | RegionData, path: Path, options: Options) -> FileScan:
    """Judge labels of any other type than a single choice."""
    from workers.cli.offline.dataset import Dataset

    if not isinstance(data, Dataset):
        return _regions_outcome(data, path, options)
    from workers.cli.offline.judging_numbers import judge_numbers
    from workers.cli.offline.judging_sets import judge_sets
    from workers.detect.predictions.features import FeatureKind

    kind = FeatureKind.TEXT if options.text_column else None
    with progress(f"scan {path.name}") as report:

        def bar(done: int, total: int) -> None:
            report(done, total, "models")

        if data.kind is FileKind.RATING:
            return judge_numbers(data, kind=kind, predictions=options.predictions, progress=bar)
        method = (options.method or DetectionMethod.PRUNE_BY_NOISE_RATE).value
        return judge_sets(data, method=method, kind=kind, predictions=options.predictions, progress=bar)


def _regions_outcome(data: RegionData, path: Path, options: Options) -> FileScan:
    from workers.cli.offline.regions.judging_boxes import judge_boxes
    from workers.cli.offline.regions.judging_spans import judge_spans
    from workers.cli.offline.regions.own import with_predictions

    named = None
    if options.predictions is not None:
        data, named = with_predictions(data, options.predictions), options.predictions.name
    if data.kind is FileKind.BOXES:
        return judge_boxes(data, named)
    with progress(f"scan {path.name}") as report:
        return judge_spans(data, named, lambda done, total: report(done, total, "folds"))


def _tell_outcome(scan: FileScan, path: Path, options: Options, *, as_json: bool) -> None:
    from workers.cli.offline import outcome_output
    from workers.cli.offline.terminal import tell

    if options.out is not None:
        outcome_output.write(options.out, scan, path.name)
    if as_json:
        print_json(outcome_output.document(scan, path.name))
    else:
        tell(scan, path.name, options.limit or SHOWN)
    if options.out is not None:
        note(f"Wrote {options.out}.")


def _read(path: Path, options: Options) -> Dataset | RegionData:
    from workers.cli.offline.dataset import Columns
    from workers.cli.offline.regions.reading import read_any

    columns = Columns(
        label=options.label_column,
        id=options.id_column,
        annotator=options.annotator_column,
        fields=tuple(options.field or ()) or ((options.text_column,) if options.text_column else ()),
        date=options.date_column,
        group=options.group_column,
        merge_spellings=options.merge_spellings,
        no_label=tuple(options.no_label or ()),
        kind=options.type,
    )
    return read_any(path, columns, options.encoding)


def _tell(judged: Judged, path: Path, limit: int) -> None:
    for sentence in judged.dataset.notes:
        note(f"Note: {one_line(sentence, NOTE_CHARS)}")
    n_items, n_issues = len(judged.records), len(judged.issues)
    learnt = f"labels in '{one_line(judged.dataset.label_name)}', {judged.kind.value} in"
    typer.echo(
        f"{one_line(path.name)}: {n_issues:,} of {number_of(n_items, 'label')} {are(n_issues)} "
        "suspicious; the model "
        f"predicts {judged.predicted.accuracy:.1%} as labeled ({learnt} '{one_line(judged.dataset.field)}')"
    )
    if n_issues:
        _list(judged.issues[:limit])
    if n_issues > limit:
        note(f"There are {n_issues - limit:,} more: --limit, or --out issues.csv for all.")
    _tell_what_else(judged)
    _say_what_is_missing(judged)


def _list(issues: Sequence[OfflineIssue]) -> None:
    """A table; on a narrow terminal two lines for each."""
    if stdout().width >= NARROW:
        columns = ("item", "labelled", "suggested", "sure", "given label", "annotator", "content")
        table(columns, map(_cells, issues))
        return
    for issue in issues:
        name, given, better, sure, _, who, content = _cells(issue)
        typer.echo(f"{name}  {given} → {better} ({sure} sure){f', by {who}' if who else ''}")
        line_below(content)


def _tell_what_else(judged: Judged) -> None:
    """What concerns classes, annotators and groups as sentences; of single items how many there are."""
    from workers.cli.offline.findings import listed_kinds, reasons

    for kind in listed_kinds(judged):
        typer.echo(f"{kind.title}: {kind.total:,}")
        for row in kind.rows[:TOLD] if kind.rows[0].place is None else ():
            typer.echo(f"  {one_line(row.reason, NOTE_CHARS)}")
    if judged.findings.totals and any(judged.findings.totals.values()):
        note("Each of them is in the file of --out.")
    for sentence in reasons(judged):
        note(sentence)


def _cells(issue: OfflineIssue) -> list[str]:
    """What the file holds may hold codes that would steer the terminal: one printable line each."""
    return [
        one_line(issue.id, ID_CHARS),
        one_line(issue.given, LABEL_CHARS),
        one_line(issue.suggested, LABEL_CHARS),
        percent(issue.probability),
        percent(issue.quality),
        one_line(issue.annotator or "", ID_CHARS),
        one_line(issue.content, SNIPPET),
    ]


def _say_what_is_missing(judged: Judged) -> None:
    from workers.cli.offline.left_out import left_out_rows

    for row in left_out_rows(judged.left_out):
        more = ", …" if row.count > len(row.places) else ""
        note(one_line(f"Left out: {row.count:,} × {row.reason} ({', '.join(row.places)}{more})", NOTE_CHARS))
    for warning in judged.warnings:
        note(f"Note: {warning}")
