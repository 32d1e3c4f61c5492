"""ObjectLab: which given boxes are overlooked, badly located or swapped, by similarity to predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask
from workers.issues.boxes.pairs import BoxPairs, box_pairs
from workers.issues.boxes.precision import AVERAGE_PRECISION_IOU, average_precision
from workers.issues.boxes.reading import BoxTable
from workers.issues.geometry.boxes import centres
from workers.issues.pooling import pooled_softmin

Floats = NDArray[np.float64]

OVERLAP_SHARE = 0.9  # of the similarity; the rest is nearness
NEARNESS = 0.1  # of centres, by pixel
LIKELY, SURE = 0.5, 0.95  # probabilities of predictions that speak of places, and of objects and classes
SAME_PLACE = 0.95  # overlap from which two given boxes of different classes contradict each other
TEMPERATURE = 0.1
THRESHOLD = np.float32(0.8)
PRECISION_SCALE = np.float32(0.25)
TINY = 1e-100
NONE = -1.0  # no such pair


@dataclass(frozen=True, slots=True)
class ObjectlabScores:
    """0 (suspicious) to 1 for each box.

    `overlooked` (P,) for each predicted box, NaN for those that cannot be overlooked objects;
    `badly_located` and `swapped` (G,) for each given box; `image` (N,) for each picture.
    """

    overlooked: Floats
    badly_located: Floats
    swapped: Floats
    image: Floats


@dataclass(frozen=True, slots=True)
class ObjectlabFlags:
    """Which scores lie below the thresholds of their class; fields as in `ObjectlabScores`.

    `not_judged` is how many given boxes have a threshold of 0, because the model never finds their class.
    """

    overlooked: Mask
    badly_located: Mask
    swapped: Mask
    not_judged: int


@dataclass(slots=True)
class _Best:
    """What the pairs come to: for each box its best similarity under a condition, `NONE` without a pair."""

    own: Floats  # (G,) to a likely prediction of the same class that it touches
    other: Floats  # (G,) to a sure prediction of another class
    to_given: Floats  # (P,) of sure predictions to a given box of their class
    touched: Mask  # (P,) overlaps with some given box
    least: float  # similarity above 0, of all pairs


def objectlab_scores(given: BoxTable, predicted: BoxTable) -> ObjectlabScores:
    """The scores of all boxes and pictures.

    Notes
    -----
    Tkachenko, Thyagarajan and Mueller (2023), "ObjectLab: Automated Diagnosis of Mislabeled Images in Object
    Detection Data", arXiv:2309.00832, with the constants of cleanlab 2.9.0. The similarity of two boxes is
    .9 IoU + .1 exp(-.1 d), d the distance of their centres in pixels, and m its least value above 0.
    """
    return _scores(given, predicted, _best(given, predicted, box_pairs(given, predicted)))


def objectlab_issues(
    given: BoxTable, predicted: BoxTable, n_classes: int
) -> tuple[ObjectlabScores, ObjectlabFlags]:
    """The scores, and which of them lie below .2 of the average precision of the box's class."""
    overlapping: list[BoxPairs] = []
    best = _best(given, predicted, _kept(box_pairs(given, predicted), given, predicted, overlapping))
    scores = _scores(given, predicted, best)
    precision = average_precision(given, predicted, overlapping, n_classes)
    threshold = precision * PRECISION_SCALE * THRESHOLD
    with np.errstate(invalid="ignore"):  # NaN is no issue
        flags = ObjectlabFlags(
            scores.overlooked <= threshold[predicted.label],
            scores.badly_located <= threshold[given.label],
            scores.swapped <= threshold[given.label],
            int(np.count_nonzero(threshold[given.label] == 0)),
        )
    return scores, flags


def _kept(
    pairs: Iterator[BoxPairs], given: BoxTable, predicted: BoxTable, kept: list[BoxPairs]
) -> Iterator[BoxPairs]:
    """The pairs as they come; those that average precision looks at are kept."""
    for part in pairs:
        yield part
        same = part.iou >= AVERAGE_PRECISION_IOU[0]
        same &= given.label[part.left] == predicted.label[part.right]
        kept.append(BoxPairs(part.left[same], part.right[same], part.iou[same]))


def _best(given: BoxTable, predicted: BoxTable, pairs: Iterator[BoxPairs]) -> _Best:
    best = _Best(
        np.full(len(given), NONE),
        np.full(len(given), NONE),
        np.full(len(predicted), NONE),
        np.zeros(len(predicted), dtype=bool),
        1.0,
    )
    left_centres, right_centres = centres(given.boxes), centres(predicted.boxes)
    sure = predicted.probability >= SURE
    for part in pairs:
        away = left_centres[part.left] - right_centres[part.right]
        similarity = _similarity(part.iou, np.sqrt((away * away).sum(axis=1)))
        same = given.label[part.left] == predicted.label[part.right]
        p = predicted.probability[part.right]
        meets = part.iou > 0
        _raise(best.own, part.left, similarity, same & (p > LIKELY) & meets)
        _raise(best.other, part.left, similarity, ~same & (p > SURE))
        _raise(best.to_given, part.right, similarity, same & sure[part.right])
        best.touched[part.right[meets]] = True
        best.least = min(best.least, similarity.min(where=similarity > 0, initial=1.0))
    return best


def _raise(best: Floats, row: NDArray[np.int64], similarity: Floats, condition: Mask) -> None:
    chosen = np.flatnonzero(condition)
    np.maximum.at(best, row[chosen], similarity[chosen])


def _similarity(overlap: Floats, distance: Floats) -> Floats:
    """Nearness is 1 - (1 - exp): beyond 367 pixels it is exactly 0, and such pairs do not count as least."""
    nearness = 1 - (1 - np.exp(-distance * NEARNESS))
    similarity: Floats = overlap * OVERLAP_SHARE + (1 - OVERLAP_SHARE) * nearness
    return similarity


def _scores(given: BoxTable, predicted: BoxTable, best: _Best) -> ObjectlabScores:
    unlike_any = best.least * (1 - predicted.probability)
    overlooked = np.where(best.to_given == NONE, unlike_any, best.to_given)
    overlooked[best.touched | (predicted.probability < SURE)] = np.nan
    badly_located = np.where(best.own == NONE, 1.0, best.own)
    swapped = np.where(best.other == NONE, 1.0, np.maximum(best.least, 1 - best.other))
    swapped[_contradicted(given)] = best.least
    return ObjectlabScores(
        overlooked, badly_located, swapped, _image(given, predicted, overlooked, badly_located, swapped)
    )


def _contradicted(given: BoxTable) -> Mask:
    """(G,): whether a box of another class stands in the same place."""
    contradicted = np.zeros(len(given), dtype=bool)
    for part in box_pairs(given, given):
        clash = part.iou >= SAME_PLACE
        clash &= given.label[part.left] != given.label[part.right]
        contradicted[part.left[clash]] = True
    return contradicted


def _image(
    given: BoxTable, predicted: BoxTable, overlooked: Floats, badly_located: Floats, swapped: Floats
) -> Floats:
    """(N,): the geometric mean of the three kinds, each pooled over the picture's boxes."""
    candidate = ~np.isnan(overlooked)
    n_candidates = np.bincount(predicted.image[candidate], minlength=len(predicted.sizes))
    pooled = (
        pooled_softmin(overlooked[candidate], n_candidates, TEMPERATURE),
        pooled_softmin(badly_located, given.sizes, TEMPERATURE),
        pooled_softmin(swapped, given.sizes, TEMPERATURE),
    )
    quality: Floats = np.exp(sum(np.log(TINY + kind) / 3 for kind in pooled))
    return quality
