"""Items that are the same, or nearly, with one label or with several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connector.model import Json
from connector.model.findings import FindingKind
from workers.detect.findings.draft import MOST, KindFindings, Missing, kind_findings
from workers.detect.findings.items import about
from workers.detect.findings.rows import LabelledRows
from workers.issues.kinds import unlikely_duplicates
from workers.issues.neighbours import (
    DuplicateSets,
    Neighbours,
    exact_groups,
    label_conflicts,
)

NAMED = 3  # other items told of a duplicate


def duplicates(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    """Items of equal or nearly equal content: those with different labels, and the others."""
    same = None if rows.digests is None else exact_groups(_repeated(rows.digests))
    graph = rows.neighbours
    if isinstance(graph, Neighbours):
        sets = unlikely_duplicates(graph, exact=same)
    elif same is not None:
        sets = same
    else:
        return graph
    return [_conflicts(rows, same, sets), _alike(rows, same, sets)]


def _conflicts(rows: LabelledRows, same: DuplicateSets | None, sets: DuplicateSets) -> KindFindings:
    conflicts = label_conflicts(sets, rows.labels)
    drafts = []
    for row in conflicts.rows[:MOST].tolist():
        twins = sets.twins(row)[0]
        others = twins[rows.labels[twins] != rows.labels[row]][:NAMED].tolist()
        facts: Json = {
            **_like(same, sets, row),
            "label": rows.classes[int(rows.labels[row])],
            "suggested": rows.classes[int(conflicts.suggested[row])],
            "others": [[rows.names[other], rows.classes[int(rows.labels[other])]] for other in others],
        }
        drafts.append(about(rows, FindingKind.LABEL_CONFLICT, row, float(1 - conflicts.score[row]), facts))
    return kind_findings(FindingKind.LABEL_CONFLICT, drafts, len(conflicts.rows))


def _alike(items: LabelledRows, same: DuplicateSets | None, sets: DuplicateSets) -> KindFindings:
    """Duplicates whose labels are the same; the others are conflicts."""
    rows = np.flatnonzero(sets.mask & ~label_conflicts(sets, items.labels).mask)
    drafts = []
    for row in rows[np.argsort(sets.score[rows], kind="stable")][:MOST].tolist():
        others = [items.names[int(other)] for other in sets.twins(row)[0][:NAMED]]
        facts: Json = {**_like(same, sets, row), "others": others}
        drafts.append(about(items, FindingKind.NEAR_DUPLICATE, row, float(1 - sets.score[row]), facts))
    return kind_findings(FindingKind.NEAR_DUPLICATE, drafts, len(rows))


def _repeated(digests: NDArray[np.uint64]) -> list[int | None]:
    """The digests that occur twice or more; only those are worth a place in a table."""
    _, place, times = np.unique(digests, return_inverse=True, return_counts=True)
    values: list[int | None] = [None] * len(digests)
    for row in np.flatnonzero((times[place] > 1) & (digests != 0)).tolist():
        values[row] = int(digests[row])
    return values


def _like(same: DuplicateSets | None, sets: DuplicateSets, row: int) -> dict[str, object]:
    number = int(sets.group[row])
    members = sets.rows(number)
    exact = same is not None and bool((same.group[members] == same.group[row]).all() and same.mask[row])
    return {"exact": exact, "count": len(members) - 1, "set": number}
