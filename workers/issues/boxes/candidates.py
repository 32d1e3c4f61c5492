"""Suspicious boxes one by one, ranked by calibrated probability."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask
from workers.issues.boxes.calibration import calibrated
from workers.issues.boxes.kinds import (
    NO_BOX,
    BoxFindings,
    BoxKind,
    findings_at_given,
    findings_at_predicted,
    ordered,
)
from workers.issues.boxes.pairs import BoxPairs, box_pairs
from workers.issues.boxes.reading import BoxTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_OBJECT = 0.5  # overlap from which two boxes mark one object
TOUCHING = 0.1  # and from which one may be the other, badly drawn
SPURIOUS_SHARE = 0.01  # of given boxes that mark nothing, before a model is asked
SEEN_STRENGTH = 10.0  # given boxes that the usual rate of being seen counts for in a class


@dataclass(frozen=True, slots=True)
class _BoxEvidence:
    """Pairs that touch, and what each prediction is worth."""

    given: BoxTable
    predicted: BoxTable
    pairs: BoxPairs
    same: Mask  # (pairs,) of one class
    worth: Floats  # (P,) calibrated
    covered: Mask  # (P,) stands on a given box, of whatever class
    supported: Floats  # (G,) worth of the best prediction of its class that stands on it; 0 for none


@dataclass(frozen=True, slots=True)
class _Against:
    """What speaks against each given box: how strongly (G,), and which prediction (G,), or -1."""

    score: Floats
    partner: Ints


def candidate_findings(given: BoxTable, predicted: BoxTable, n_classes: int) -> tuple[BoxFindings, int]:
    """Every box that predictions speak against, the most suspicious first; one finding a box.

    Also how many given boxes are not judged: nothing touches them, and the model sees none of their class.

    Notes
    -----
    With q the calibrated probability of a prediction (`calibrated`) and s that of the best prediction of
    the same class on a given box (IoU >= .5, 0 without one): *overlooked*: q of a prediction on no given
    box, the best of those on one object; *badly located*: q (1 - IoU) (1 - s) of a prediction of the class
    that touches the box (IoU >= .1) and stands on none; *swapped*: q (1 - s) of a prediction of another
    class on the box; *spurious*: nothing touches the box but predictions that stand on other given boxes,
    though the model sees a share d of its class: by Bayes e / (e + (1 - e) (1 - d)) with e = .01.
    """
    evidence = _gather(given, predicted, n_classes)
    located = _badly_located(evidence)
    spurious, not_judged = _spurious(evidence, n_classes)
    against = {
        BoxKind.BADLY_LOCATED: located,
        BoxKind.SWAPPED: _swapped(evidence),
        BoxKind.SPURIOUS: spurious,
    }
    worst = np.argmax([item.score for item in against.values()], axis=0)
    chosen = [
        np.flatnonzero((worst == place) & (item.score > 0)) for place, item in enumerate(against.values())
    ]
    rows = _overlooked(evidence, explained=located.partner[chosen[0]])
    parts = [findings_at_predicted(predicted, rows, evidence.worth[rows])]
    for (kind, item), at in zip(against.items(), chosen, strict=True):
        parts.append(findings_at_given(kind, given, at, predicted, item.partner[at], item.score[at]))
    return ordered(parts, predicted), not_judged


def _gather(given: BoxTable, predicted: BoxTable, n_classes: int) -> _BoxEvidence:
    pairs = _touching(box_pairs(given, predicted))
    same = given.label[pairs.left] == predicted.label[pairs.right]
    on = pairs.iou >= SAME_OBJECT
    matched, covered = np.zeros((2, len(predicted)), dtype=bool)
    matched[pairs.right[on & same]] = True
    covered[pairs.right[on]] = True
    worth = calibrated(predicted, matched, n_classes) if len(given) else predicted.probability
    supported = np.zeros(len(given))
    np.maximum.at(supported, pairs.left[on & same], worth[pairs.right[on & same]])
    return _BoxEvidence(given, predicted, pairs, same, worth, covered, supported)


def _touching(pairs: Iterable[BoxPairs]) -> BoxPairs:
    parts = [BoxPairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for part in pairs:
        near = part.iou >= TOUCHING
        parts.append(BoxPairs(part.left[near], part.right[near], part.iou[near]))
    return BoxPairs(*(np.concatenate([getattr(item, name) for item in parts]) for name in BoxPairs.__slots__))


def _badly_located(e: _BoxEvidence) -> _Against:
    away = e.same & (e.pairs.iou < SAME_OBJECT) & ~e.covered[e.pairs.right]
    score = e.worth[e.pairs.right] * (1 - e.pairs.iou) * (1 - e.supported[e.pairs.left])
    return _strongest(e, away, score)


def _swapped(e: _BoxEvidence) -> _Against:
    score = e.worth[e.pairs.right] * (1 - e.supported[e.pairs.left])
    return _strongest(e, ~e.same & (e.pairs.iou >= SAME_OBJECT), score)


def _strongest(e: _BoxEvidence, condition: Mask, score: Floats) -> _Against:
    """For each given box the pair of the highest score, the first of equals."""
    rows = np.flatnonzero(condition)
    rows = rows[np.lexsort((-score[rows], e.pairs.left[rows]))]
    left = e.pairs.left[rows]
    rows = rows[np.append(True, left[1:] != left[:-1])[: len(left)]]
    best = _Against(np.zeros(len(e.given)), np.full(len(e.given), NO_BOX))
    best.score[e.pairs.left[rows]] = score[rows]
    best.partner[e.pairs.left[rows]] = e.pairs.right[rows]
    return best


def _spurious(e: _BoxEvidence, n_classes: int) -> tuple[_Against, int]:
    """A class of which the model sees nothing gives no evidence: such boxes are counted only."""
    n_given = np.bincount(e.given.label, minlength=n_classes)
    n_seen = np.bincount(e.given.label, e.supported > 0, minlength=n_classes)
    usual = n_seen.sum() / max(len(e.given), 1)
    seen = (n_seen + SEEN_STRENGTH * usual) / (n_given + SEEN_STRENGTH)
    on = e.pairs.iou >= SAME_OBJECT
    alone = np.ones(len(e.given), dtype=bool)
    alone[e.pairs.left[on | ~e.covered[e.pairs.right]]] = False
    blind = alone & (n_seen[e.given.label] == 0)
    unseen = (1 - SPURIOUS_SHARE) * (1 - seen[e.given.label])
    score = (alone & ~blind) * SPURIOUS_SHARE / (SPURIOUS_SHARE + unseen)
    return _Against(score, np.full(len(e.given), NO_BOX)), int(np.count_nonzero(blind))


def _overlooked(e: _BoxEvidence, explained: Ints) -> Ints:
    """Predictions on no given box, the best of each object; `explained` ones are a given box badly drawn."""
    free = ~e.covered
    free[explained] = False
    rows = np.flatnonzero(free)
    sizes = np.bincount(e.predicted.image[rows], minlength=len(e.predicted.sizes))
    p = e.predicted
    table = BoxTable(p.boxes[rows], p.label[rows], p.probability[rows], sizes)
    rank = np.empty(len(rows), dtype=np.int64)
    rank[np.lexsort((-table.probability, -e.worth[rows]))] = np.arange(len(rows))
    return rows[_not_repeated(table, rank)]


def _not_repeated(table: BoxTable, rank: Ints) -> Mask:
    """Which boxes stand on no better one that is kept itself: greedy suppression, all pictures at once."""
    weaker: list[Ints] = [np.zeros(0, np.int64)]
    stronger: list[Ints] = [np.zeros(0, np.int64)]
    for part in box_pairs(table, table):
        beaten = (part.iou >= SAME_OBJECT) & (rank[part.left] > rank[part.right])
        weaker.append(part.left[beaten])
        stronger.append(part.right[beaten])
    low, high = np.concatenate(weaker), np.concatenate(stronger)
    kept = np.ones(len(table), dtype=bool)
    open_ = np.ones(len(table), dtype=bool)
    while len(low):
        open_[:] = True
        open_[low] = False  # nobody undecided is stronger than the rest
        beaten = np.unique(low[open_[high]])
        kept[beaten] = False
        undecided = kept[low] & kept[high] & ~open_[high]
        low, high = low[undecided], high[undecided]
    return kept
