"""How far two people mark the same regions, as sums over items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from workers.consensus.arrays import Floats, Ints
from workers.consensus.measures import TaskSums
from workers.consensus.regions.answers import BoxAnswers, SpanAnswers
from workers.issues.geometry import iou_matrix
from workers.issues.matching import one_to_one

SAME_OBJECT = 0.5  # overlap from which two boxes are one thing

Matched = Callable[[Ints, Ints], Floats]  # rows of two people -> how well each matched pair fits


def box_f1_sums(answers: Sequence[BoxAnswers]) -> TaskSums:
    """F1 of every two people's boxes at an overlap of .5, classes equal, over all pairs of people.

    `value()` is 0..1, NaN where no two people drew anything; `interval_of` gives its interval over pictures.
    Matching is one to one, the best overlap first. There is no chance to correct for: of the many places
    where a box could be, two people do not meet by accident.
    """
    return _f1([_pairs(item, _box_overlap(item)) for item in answers])


def box_iou_sums(answers: Sequence[BoxAnswers]) -> TaskSums:
    """The mean overlap of the boxes that `box_f1_sums` matches, .5 to 1; NaN where none is."""
    rows = [[(fit.sum(), len(fit)) for fit, _ in _pairs(item, _box_overlap(item))] for item in answers]
    return _ratio(rows)


def span_f1_sums(answers: Sequence[SpanAnswers]) -> TaskSums:
    """F1 of every two people's spans; only spans of the same start, end and label match."""
    return _f1([_pairs(item, _span_overlap(item, least=1.0)) for item in answers])


def span_overlap_sums(answers: Sequence[SpanAnswers]) -> TaskSums:
    """F1 of every two people's spans; spans of one label match, one to one, if they share any place."""
    return _f1([_pairs(item, _span_overlap(item, least=np.nextafter(0, 1))) for item in answers])


def _pairs(answers: BoxAnswers | SpanAnswers, matched: Matched) -> Iterator[tuple[Floats, int]]:
    """For every two people who saw the item: how well each matched pair fits, and the regions of both."""
    rows = [np.flatnonzero(answers.person == person) for person in answers.people]
    for first, second in combinations(rows, 2):
        yield matched(first, second), len(first) + len(second)


def _box_overlap(answers: BoxAnswers) -> Matched:
    def matched(first: Ints, second: Ints) -> Floats:
        overlap = iou_matrix(answers.boxes[first], answers.boxes[second])
        overlap[answers.label[first][:, None] != answers.label[second]] = 0
        return _best(overlap, SAME_OBJECT)

    return matched


def _span_overlap(answers: SpanAnswers, least: float) -> Matched:
    def matched(first: Ints, second: Ints) -> Floats:
        (a, b), (c, d) = answers.spans[first].T[:, :, None], answers.spans[second].T[:, None]
        shared = np.maximum(np.minimum(b, d) - np.maximum(a, c), 0)
        overlap = shared / (b - a + d - c - shared)
        overlap[answers.label[first][:, None] != answers.label[second]] = 0
        return _best(overlap, least)

    return matched


def _best(overlap: Floats, least: float) -> Floats:
    left, right = np.nonzero(overlap >= least)
    value = overlap[left, right]
    return value[one_to_one(left, right, value)]


def _f1(items: Sequence[Iterator[tuple[Floats, int]]]) -> TaskSums:
    return _ratio([[(2 * len(fit), regions) for fit, regions in pairs] for pairs in items])


def _ratio(items: Sequence[Sequence[tuple[float, float]]]) -> TaskSums:
    """Items of fewer than two people hold nothing to compare and are left out."""
    rows = np.array([np.sum(pairs, axis=0) for pairs in items if pairs]).reshape(-1, 2)
    return TaskSums(rows, lambda sums: float(sums[0] / sums[1]) if sums[1] > 0 else float("nan"))
