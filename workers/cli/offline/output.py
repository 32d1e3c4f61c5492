"""Issues as a file: whole or not at all, and never over another file unasked."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connector.wording.spreadsheets import BOM, safe
from workers.cli.offline.findings import finding_rows
from workers.cli.offline.judging import Judged, OfflineIssue
from workers.cli.offline.left_out import left_out_rows
from workers.cli.offline.tables import annotator_rows, class_rows, overlaps
from workers.cli.offline.target import replace_file

COLUMNS = (
    "rank", "id", "place", "given", "suggested", "probability", "quality", "annotator", "reason",
    "kind", "score", "content",
)  # fmt: skip
FIGURES = 4  # digits kept of probabilities


def write(path: Path, judged: Judged, source: str) -> None:
    """Write the form that the ending names."""
    ending = path.suffix.lower()
    if ending == ".html":
        from workers.cli.offline.report import html

        text = html(judged, source)
    else:
        text = csv_text(judged) if ending == ".csv" else json_text(judged, source)
    replace_file(path, text)


def csv_text(judged: Judged) -> str:
    """One line for each issue, most suspicious first; then what else was found, kind by kind."""
    stream = io.StringIO(newline="")
    lines = csv.writer(stream)
    lines.writerow(COLUMNS)
    for issue in judged.issues:
        kind = {"kind": "label_error", "score": round(1 - issue.quality, FIGURES)}
        values = {**asdict(issue), **_rounded(issue), **kind}
        lines.writerow([safe(values[name]) for name in COLUMNS])
    for row in finding_rows(judged):
        lines.writerow([safe(getattr(row, name, None)) for name in COLUMNS])
    text = stream.getvalue()
    return text if text.isascii() else f"{BOM}{text}"


def json_text(judged: Judged, source: str) -> str:
    return json.dumps(document(judged, source), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def document(judged: Judged, source: str) -> dict[str, Any]:
    """All that was found, as plain values."""
    predicted = judged.predicted
    return {
        "source": source,
        "method": judged.method,
        "label": judged.dataset.label_name,
        "field": judged.dataset.field,
        "fields": list(judged.dataset.fields),
        "field_kind": judged.kind.value,
        "n_items": len(judged.records),
        "n_classes": len(judged.classes),
        "n_flagged": len(judged.issues),
        "model": {
            "accuracy": round(predicted.accuracy, FIGURES),
            "log_loss": round(predicted.log_loss, FIGURES),
            "expected_calibration_error": round(predicted.reliability.error, FIGURES),
            "weak": predicted.weak,
        },
        "notes": list(judged.dataset.notes),
        "warnings": list(judged.warnings),
        "left_out": [asdict(row) for row in left_out_rows(judged.left_out)],
        "issues": [{**asdict(issue), **_rounded(issue)} for issue in judged.issues],
        "classes": [asdict(row) for row in class_rows(judged)],
        "overlaps": [asdict(row) for row in overlaps(judged)],
        "annotators": [asdict(row) for row in annotator_rows(judged)],
        "findings": [asdict(row) for row in finding_rows(judged)],
        "looked": judged.findings.worded(),
    }


def _rounded(issue: OfflineIssue) -> dict[str, float]:
    return {"probability": round(issue.probability, FIGURES), "quality": round(issue.quality, FIGURES)}
