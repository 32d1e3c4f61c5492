"""What a scan's outcome says on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import typer

from connector.wording import NOTE_CHARS, one_line, percent
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.left_out import left_out_rows
from workers.cli.offline.outcome import FileIssue, FileScan
from workers.cli.output import NARROW, line_below, note, stdout, table

SNIPPET = 72  # characters of an item
LABEL_CHARS = 24
ID_CHARS = 18
COLUMNS = ("item", "kind", "labelled", "suggested", "suspicion", "annotator", "content")
TITLES: Mapping[FileKind, str] = {
    FileKind.CHOICE: "labels",
    FileKind.MULTI_LABEL: "labels",
    FileKind.RATING: "numbers",
    FileKind.BOXES: "boxes",
    FileKind.SPANS: "spans",
}
KIND_WORDS: Mapping[str, str] = {
    "classes": "other classes",
    "number": "another number",
    "overlooked": "overlooked",
    "badly_located": "badly located",
    "swapped": "another class",
    "spurious": "nothing there",
    "missing": "missing",
    "extra": "nothing there",
    "type": "another label",
    "boundary": "other ends",
    "text": "text and offsets differ",
}


def tell(scan: FileScan, source: str, limit: int) -> None:
    """How many, the first of them, and what was left out."""
    for sentence in scan.notes:
        note(f"Note: {one_line(sentence, NOTE_CHARS)}")
    typer.echo(
        f"{one_line(source)}: {len(scan.issues):,} suspicious {TITLES[scan.kind]} in {scan.judged} "
        f"(labels in '{one_line(scan.label_name)}', judged by {one_line(scan.by)})"
    )
    if len(counts_by_kind(scan)) > 1:
        text = ", ".join(f"{count:,} {KIND_WORDS[kind]}" for kind, count in counts_by_kind(scan).items())
        typer.echo(f"Of these: {text}")
    if scan.issues:
        _list(scan.issues[:limit])
    if len(scan.issues) > limit:
        note(f"There are {len(scan.issues) - limit:,} more: --limit, or --out issues.csv for all.")
    for row in left_out_rows(scan.left_out):
        more = ", …" if row.count > len(row.places) else ""
        note(one_line(f"Left out: {row.count:,} × {row.reason} ({', '.join(row.places)}{more})", NOTE_CHARS))
    for warning in scan.warnings:
        note(f"Note: {one_line(warning, NOTE_CHARS)}")


def counts_by_kind(scan: FileScan) -> dict[str, int]:
    """How many issues there are of each kind, the most frequent first."""
    return dict(Counter(issue.kind for issue in scan.issues).most_common())


def _list(issues: Sequence[FileIssue]) -> None:
    """A table; on a narrow terminal two lines for each."""
    if stdout().width >= NARROW:
        table(COLUMNS, map(_cells, issues))
        return
    for issue in issues:
        name, kind, given, better, sure, who, content = _cells(issue)
        typer.echo(f"{name}  {kind}: {given} → {better} ({sure}){f', by {who}' if who else ''}")
        line_below(content)


def _cells(issue: FileIssue) -> list[str]:
    """What the file holds may hold codes that would steer the terminal: one printable line each."""
    return [
        one_line(issue.id, ID_CHARS),
        KIND_WORDS[issue.kind],
        one_line(issue.given, LABEL_CHARS),
        one_line(issue.suggested, LABEL_CHARS),
        percent(issue.score),
        one_line(issue.annotator or "", ID_CHARS),
        one_line(issue.content, SNIPPET),
    ]
