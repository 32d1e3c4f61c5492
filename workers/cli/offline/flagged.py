"""The rows that were flagged in somebody's own arrays."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from workers.cli.offline.measuring import Measured
from workers.cli.offline.target import replace_file

FIGURES = 4  # digits kept of probabilities


@dataclass(frozen=True, slots=True)
class OwnFlag:
    """A row from 0, ranked from 1, with classes as the arrays name them; probabilities 0..1 of both."""

    rank: int
    row: int
    given: int | str
    suggested: int | str
    probability: float
    quality: float


def flagged_rows(measured: Measured) -> list[OwnFlag]:
    """All flagged rows, the most suspicious first."""
    result = measured.label_issues
    return [
        OwnFlag(
            rank,
            row,
            _name(measured.given[row], measured.names),
            _name(result.suggested[row], measured.names),
            round(float(measured.probs[row, result.suggested[row]]), FIGURES),
            round(float(result.quality[row]), FIGURES),
        )
        for rank, row in enumerate(result.order.tolist(), start=1)
    ]


def _name(number: int, names: Sequence[str]) -> int | str:
    return names[number] if names else int(number)


def write_rows(path: Path, rows: Sequence[OwnFlag]) -> None:
    """As CSV or JSON, by the ending."""
    if path.suffix.lower() == ".json":
        text = json.dumps([asdict(row) for row in rows], indent=2) + "\n"
    else:
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, [field.name for field in fields(OwnFlag)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
        text = stream.getvalue()
    replace_file(path, text)
