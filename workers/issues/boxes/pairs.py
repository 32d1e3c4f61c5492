"""Every given box beside every predicted one of its picture, some pictures at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts
from workers.issues.boxes.reading import BoxTable
from workers.issues.geometry.overlap import iou
from workers.issues.pooling import starts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAIRS = 1 << 17  # at a time, where pictures allow: their arrays stay in the cache


@dataclass(frozen=True, slots=True)
class BoxPairs:
    """`left` and `right` (P,) are rows of two tables, ordered by left; `iou` (P,) is how far they overlap."""

    left: Ints
    right: Ints
    iou: Floats


def box_pairs(left: BoxTable, right: BoxTable) -> Iterator[BoxPairs]:
    """All pairs of boxes of the same picture, in parts that hold whole pictures."""
    right_starts = starts_of(right.sizes)
    left_starts = starts_of(left.sizes)
    for images in _parts(left.sizes * right.sizes):
        n_left, n_right = left.sizes[images], right.sizes[images]
        if not (n_left * n_right).any():
            continue
        partners = np.repeat(n_right, n_left)  # of each left box
        first = int(left_starts[images.start])
        row = np.repeat(np.arange(first, first + len(partners)), partners)
        begin = np.repeat(right_starts[images], n_left)
        other = np.arange(len(row)) + np.repeat(begin - starts_of(partners), partners)
        yield BoxPairs(row, other, iou(left.boxes[row], right.boxes[other]))


def _parts(pairs: Counts) -> Iterator[slice]:
    """Consecutive pictures that hold about `PAIRS` pairs; at least one."""
    ends = np.cumsum(pairs)
    start = 0
    while start < len(pairs):
        before = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, before + PAIRS, side="right")), start + 1)
        yield slice(start, stop)
        start = stop
