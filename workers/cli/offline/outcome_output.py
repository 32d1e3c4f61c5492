"""A scan's outcome as a file: whole or not at all, and never over another file unasked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connector.wording.spreadsheets import BOM, safe
from workers.cli.offline.left_out import left_out_rows
from workers.cli.offline.outcome import FileIssue, FileScan
from workers.cli.offline.target import replace_file

COLUMNS = (
    "rank", "id", "place", "region", "kind", "given", "suggested", "probability", "score", "annotator",
    "reason", "content", "spot",
)  # fmt: skip
FIGURES = 4  # digits kept of probabilities


def write(path: Path, scan: FileScan, source: str) -> None:
    """Write the form that the ending names."""
    ending = path.suffix.lower()
    if ending == ".html":
        from workers.cli.offline.outcome_page import html

        text = html(scan, source)
    else:
        text = csv_text(scan) if ending == ".csv" else json_text(scan, source)
    replace_file(path, text)


def csv_text(scan: FileScan) -> str:
    """One line for each issue, the most suspicious first."""
    stream = io.StringIO(newline="")
    lines = csv.writer(stream)
    lines.writerow(COLUMNS)
    for row in issue_rows(scan.issues):
        spot = None if row["spot"] is None else json.dumps(row["spot"], ensure_ascii=False)
        lines.writerow([safe(value) for value in {**row, "spot": spot}.values()])
    text = stream.getvalue()
    return text if text.isascii() else f"{BOM}{text}"


def json_text(scan: FileScan, source: str) -> str:
    return json.dumps(document(scan, source), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def document(scan: FileScan, source: str) -> dict[str, Any]:
    """All that was found, as plain values."""
    return {
        "source": source,
        "type": scan.kind.value,
        "label": scan.label_name,
        "fields": list(scan.fields),
        "n_items": scan.n_items,
        "n_labels": scan.n_labels,
        "n_classes": len(scan.classes),
        "n_flagged": len(scan.issues),
        "judged_by": scan.by,
        "model": {**{name: round(value, FIGURES) for name, value in scan.figures.items()}, "weak": scan.weak},
        "notes": list(scan.notes),
        "warnings": list(scan.warnings),
        "left_out": [asdict(row) for row in left_out_rows(scan.left_out)],
        "issues": issue_rows(scan.issues),
        "classes": [asdict(row) for row in scan.classes],
    }


def issue_rows(issues: Sequence[FileIssue]) -> list[dict[str, Any]]:
    """Each issue by `COLUMNS`."""
    return [
        {name: rank if name == "rank" else _plain(getattr(issue, name)) for name in COLUMNS}
        for rank, issue in enumerate(issues, start=1)
    ]


def _plain(value: Any) -> Any:
    return round(value, FIGURES) if isinstance(value, float) else value
