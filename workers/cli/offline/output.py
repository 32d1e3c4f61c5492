"""Issues as a file: whole or not at all, and never over another file unasked."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connector.errors import Misconfigured
from workers.cli.offline.findings import finding_rows
from workers.cli.offline.judging import Judged, OfflineIssue
from workers.cli.offline.tables import annotator_rows, class_rows, left_out_rows, overlaps

ARGUMENT = "--out"
ENDINGS = (".csv", ".json", ".html")
COLUMNS = (
    "rank", "id", "place", "given", "suggested", "probability", "quality", "annotator", "reason",
    "kind", "score",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what starts so
FIGURES = 4  # digits kept of probabilities


def check_target(path: Path, *, force: bool) -> None:
    """Refuse, before any work, a file that could not be written later."""
    if path.suffix.lower() not in ENDINGS:
        problem = f"'{path.name}' ends in none of {', '.join(ENDINGS)}"
        raise Misconfigured(problem, field=ARGUMENT, remedy="Give the form you want by the ending.")
    if path.is_dir() or not path.parent.is_dir():
        problem = f"{path} is no place for a file"
        raise Misconfigured(problem, field=ARGUMENT, remedy="Name a file in a folder that exists.")
    if path.exists() and not force:
        remedy = "Give another name, or overwrite it with --force."
        raise Misconfigured(f"{path} exists", field=ARGUMENT, remedy=remedy)


def write(path: Path, judged: Judged, source: str) -> None:
    """Write the form that the ending names."""
    ending = path.suffix.lower()
    if ending == ".html":
        from workers.cli.offline.report import html

        text = html(judged, source)
    else:
        text = csv_text(judged) if ending == ".csv" else json_text(judged, source)
    _replace(path, text)


def csv_text(judged: Judged) -> str:
    """One line for each issue, most suspicious first; then what else was found, kind by kind."""
    stream = io.StringIO(newline="")
    lines = csv.writer(stream)
    lines.writerow(COLUMNS)
    for issue in judged.issues:
        kind = {"kind": "label_error", "score": round(1 - issue.quality, FIGURES)}
        values = {**asdict(issue), **_rounded(issue), **kind}
        lines.writerow([_safe(values[name]) for name in COLUMNS])
    for row in finding_rows(judged):
        lines.writerow([_safe(getattr(row, name, None)) for name in COLUMNS])
    return stream.getvalue()


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
        "warnings": list(judged.warnings),
        "left_out": [asdict(row) for row in left_out_rows(judged)],
        "issues": [{**asdict(issue), **_rounded(issue)} for issue in judged.issues],
        "classes": [asdict(row) for row in class_rows(judged)],
        "overlaps": [asdict(row) for row in overlaps(judged)],
        "annotators": [asdict(row) for row in annotator_rows(judged)],
        "findings": [asdict(row) for row in finding_rows(judged)],
        "looked": judged.looked.worded(),
    }


def _rounded(issue: OfflineIssue) -> dict[str, float]:
    return {"probability": round(issue.probability, FIGURES), "quality": round(issue.quality, FIGURES)}


def _safe(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _replace(path: Path, text: str) -> None:
    """All of the text, or the file as it was."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        problem = f"{path} cannot be written ({error.strerror})"
        raise Misconfigured(problem, field=ARGUMENT, remedy="Name a folder that you may write.") from error


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
