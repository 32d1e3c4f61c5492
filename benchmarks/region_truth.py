"""How good findings and agreed regions are, where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.issues.geometry import as_boxes, iou_matrix
from workers.issues.matching import one_to_one

SAME_OBJECT = 0.5


def average_precision(hits: NDArray[np.bool_], n_true: int) -> float:
    """Of a list in its order; what it does not name at all counts as never found."""
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].sum() / max(n_true, 1))


def ranked(suspicion: NDArray[np.float64], wrong: NDArray[np.bool_]) -> float:
    """Average precision of items by falling suspicion, equal ones as they come."""
    return average_precision(wrong[np.argsort(-suspicion, kind="stable")], int(wrong.sum()))


def matched_boxes(result: object, truth: object) -> NDArray[np.float64]:
    """The overlaps of the pairs that are one object, one to one."""
    overlap = iou_matrix(as_boxes(result), as_boxes(truth))
    left, right = np.nonzero(overlap >= SAME_OBJECT)
    value = overlap[left, right]
    return value[one_to_one(left, right, value)]


def f1(hits: int, result: int, true: int) -> float:
    return 2 * hits / max(result + true, 1)


def spans_of_iob(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Start, end and label of the spans that IOB2 tags say."""
    spans: list[tuple[int, int, str]] = []
    start: int | None = None
    for place, tag in enumerate([*tags, "O"]):
        if start is not None and (not tag.startswith("I-") or tag[2:] != tags[start][2:]):
            spans.append((start, place, tags[start][2:]))
            start = None
        if start is None and tag != "O":
            start = place
    return spans
