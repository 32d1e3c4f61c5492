"""The other kinds of issue in a file, as far as it says who labeled, when, and what else is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model.findings import FindingKind
from workers.cli.offline.dataset import Dataset
from workers.cli.offline.record import LeftOut, Record
from workers.detect.findings import Answered, LabelledRows, ScanFindings, detect_findings
from workers.detect.findings.draft import MOST, Draft, KindFindings, kind_findings
from workers.detect.findings.rows import NOBODY, FactorBuilder, digest_of
from workers.detect.findings.store import UNUSABLE
from workers.issues import LabelIssues

LEAST_ITEMS = 5  # of a class, as the service has it by default


def look(
    data: Dataset,
    records: Sequence[Record],
    labels: NDArray[np.int64],
    probs: NDArray[np.float64],
    issues: LabelIssues,
    matrix: Any,
) -> ScanFindings:
    """Look at the items that were judged; `probs`, `issues` and `matrix` are about `records`, row by row."""
    builder = FactorBuilder(len(records), data.fields)
    for row, record in enumerate(records):
        builder.add(row, record.data)
    rows = LabelledRows(
        classes=data.classes,
        names=[record.id for record in records],
        labels=labels,
        least=LEAST_ITEMS,
        probs=probs,
        issues=issues,
        features=matrix,
        digests=np.array([digest_of(record.data, data.fields) for record in records], dtype=np.uint64),
        answered=_answered(data, records),
        times=np.array([record.at for record in records]),
        factors=builder.factors(),
    )
    return detect_findings(rows, [_unusable(data.left_out)])


def _answered(data: Dataset, records: Sequence[Record]) -> Answered:
    number = {label: k for k, label in enumerate(data.classes)}
    people: dict[str, int] = {}
    rows: list[tuple[int, int, int, float]] = []
    for row, record in enumerate(records):
        times = record.times or (math.nan,) * len(record.answers)
        for (who, label), time in zip(record.answers, times, strict=True):
            if label in number:  # a class that nobody's carried label has is none of the data's
                person = NOBODY if who is None else people.setdefault(who, len(people))
                rows.append((row, person, number[label], time))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    numbers = table[:, :3].astype(np.int64)
    return Answered(numbers[:, 0], numbers[:, 1], numbers[:, 2], table[:, 3], tuple(people))


def _unusable(left_out: Sequence[LeftOut]) -> KindFindings:
    drafts = [
        Draft(
            FindingKind.INVALID_LABEL,
            None,
            one.place,
            UNUSABLE[one.status],
            {"status": one.status.value, "label": None, "annotator": None},
        )
        for one in left_out
        if one.status is not None
    ]
    drafts.sort(key=lambda draft: -draft.score)
    return kind_findings(FindingKind.INVALID_LABEL, drafts[:MOST], len(drafts))
