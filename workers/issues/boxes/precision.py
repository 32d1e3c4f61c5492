"""How well a model finds the given boxes of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.issues.boxes.pairs import BoxPairs
from workers.issues.boxes.reading import BoxTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AVERAGE_PRECISION_IOU = np.linspace(0.5, 0.95, 10)


def average_precision(
    given: BoxTable, predicted: BoxTable, pairs: Sequence[BoxPairs], n_classes: int
) -> NDArray[np.float32]:
    """(K,): the mean over overlaps .5, .55 to .95 of the area under precision against recall.

    Parameters
    ----------
    pairs
        All pairs of one class and picture that overlap by half at least.

    Notes
    -----
    Predictions are taken by falling probability; each looks only at the given box that it overlaps most,
    and is a false positive where another one has it already. Precision is rounded to single precision and
    interpolated over all points, as in the reference implementation.
    """
    row, best, overlap = _best_given(pairs)
    order = np.lexsort((-predicted.probability, predicted.label))  # equal ones in the order given
    by_rank = np.empty(len(order), dtype=np.int64)
    by_rank[order] = np.arange(len(order))
    n_given = np.bincount(given.label, minlength=n_classes)
    n_predicted = np.bincount(predicted.label, minlength=n_classes)
    class_start = np.cumsum(n_predicted) - n_predicted
    areas = np.zeros((n_classes, len(AVERAGE_PRECISION_IOU)), dtype=np.float32)
    for column, least in enumerate(AVERAGE_PRECISION_IOU):
        hit = overlap >= least
        rank = _first_of_each(best[hit], by_rank[row[hit]])
        for label, ranks in _by_class(rank, predicted.label[order]):
            areas[label, column] = _area(ranks - class_start[label], int(n_given[label]))
    mean: NDArray[np.float32] = areas.mean(axis=1)
    return mean


def _best_given(pairs: Sequence[BoxPairs]) -> tuple[Ints, Ints, Floats]:
    """For each prediction that overlaps one: the given box that it overlaps most, the first of equals."""
    none = np.zeros(0, dtype=np.int64)
    left = np.concatenate([none, *(part.left for part in pairs)])
    right = np.concatenate([none, *(part.right for part in pairs)])
    overlap = np.concatenate([np.zeros(0), *(part.iou for part in pairs)])
    order = np.lexsort((left, -overlap, right))
    left, right, overlap = left[order], right[order], overlap[order]
    first = np.append(True, right[1:] != right[:-1])[: len(right)]
    return right[first], left[first], overlap[first]


def _first_of_each(best: Ints, rank: Ints) -> Ints:
    """The least rank that claims each given box, ascending: the true positives."""
    order = np.lexsort((rank, best))
    best, rank = best[order], rank[order]
    first = np.append(True, best[1:] != best[:-1])[: len(best)]
    return np.sort(rank[first])


def _by_class(rank: Ints, label_of_rank: Ints) -> list[tuple[int, Ints]]:
    """The ranks, which ascend class by class, of each class that has any."""
    label = label_of_rank[rank]
    starts = np.flatnonzero(np.append(True, label[1:] != label[:-1])[: len(label)])
    parts = np.split(rank, starts[1:])
    return (
        [(int(label[start]), part) for start, part in zip(starts, parts, strict=True)] if len(starts) else []
    )


def _area(rank: Ints, n_given: int) -> float:
    """The area below the curve, from the ranks of the true positives of one class."""
    n_true = np.arange(1, len(rank) + 1, dtype=np.float32)
    precision = (n_true / (rank + 1).astype(np.float32)).astype(np.float64)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    recall = n_true / np.float64(n_given)
    return float(np.sum(np.diff(recall, prepend=0.0) * highest))
