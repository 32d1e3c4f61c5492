"""Which pictures have boxes that are probably wrong, and which boxes these are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask, Rows
from workers.issues.boxes.candidates import candidate_findings
from workers.issues.boxes.kinds import (
    NO_BOX,
    BoxFindings,
    BoxKind,
    findings_at_given,
    findings_at_predicted,
    ordered,
)
from workers.issues.boxes.objectlab import ObjectlabFlags, ObjectlabScores, objectlab_issues, objectlab_scores
from workers.issues.boxes.reading import BoxTable, read_boxes
from workers.issues.pooling import none_wrong
from workers.issues.validation import InvalidInput

MORE_LIKELY_THAN_NOT = 0.5


class BoxMethod(StrEnum):
    """How boxes are doubted."""

    CANDIDATES = "candidates"
    OBJECTLAB = "objectlab"


@dataclass(frozen=True, slots=True)
class BoxIssues:
    """What was found in N pictures.

    `mask` (N bool) marks pictures with issues, `score` (N, 0..1) is how likely a picture's boxes are right,
    `order` lists the marked pictures, least score first. `findings` are the single boxes: those of marked
    pictures with `objectlab`, all that anything speaks against with `candidates`. `not_judged` is how many
    given boxes could not be doubted, because the model finds no box of their class.
    """

    mask: Mask
    score: NDArray[np.float64]
    order: Rows
    findings: BoxFindings
    not_judged: int


def box_issues(
    labels: Iterable[Mapping[str, Any]],
    predictions: Iterable[Any],
    *,
    method: str = BoxMethod.CANDIDATES,
) -> BoxIssues:
    """Find boxes that are probably wrong.

    Parameters
    ----------
    labels : N mappings
        `bboxes` (G, 4), x1, y1, x2, y2 in pixels, or (G, 5) with the rotation in degrees, clockwise about
        (x1, y1); `labels` (G,), classes 0..K-1.
    predictions : N times K arrays
        (M, 5) for each class: x1, y1, x2, y2, probability; or (M, 6) with the rotation before the last.
        Out of sample.
    method
        One of `BoxMethod`. `candidates` ranks single boxes by calibrated probability and marks pictures with
        one that is more likely wrong than not; `objectlab` gives the scores and flags of cleanlab 2.9.0 for
        upright boxes in double precision of which no two predictions have one probability.

    Returns
    -------
    BoxIssues

    Raises
    ------
    InvalidInput
        Naming the argument, the picture (as row) and the remedy.

    Notes
    -----
    See `candidate_findings` and `objectlab_scores`. Boxes in percent or 0..1 are no error that could be
    seen, and give another answer: convert them with `geometry.to_pixels`.
    """
    chosen = _method_of(method)
    given, predicted, n_classes = read_boxes(labels, predictions)
    if chosen is BoxMethod.OBJECTLAB:
        scores, flags = objectlab_issues(given, predicted, n_classes)
        findings = _flagged(given, predicted, scores, flags)
        return _issues(_images(findings, len(given.sizes)), scores.image, findings, flags.not_judged)
    findings, not_judged = candidate_findings(given, predicted, n_classes)
    likely = findings.where(findings.score >= MORE_LIKELY_THAN_NOT)
    score = none_wrong(findings.image, findings.score, len(given.sizes))
    return _issues(_images(likely, len(given.sizes)), score, findings, not_judged)


def box_scores(labels: Iterable[Mapping[str, Any]], predictions: Iterable[Any]) -> ObjectlabScores:
    """ObjectLab's scores alone, 0 (suspicious) to 1; arguments and errors as `box_issues`."""
    given, predicted, _ = read_boxes(labels, predictions)
    return objectlab_scores(given, predicted)


def _method_of(name: str) -> BoxMethod:
    try:
        return BoxMethod(name)
    except ValueError as error:
        remedy = f"Choose one of {', '.join(BoxMethod)}"
        raise InvalidInput(f"is {name!r}", argument="method", remedy=remedy) from error


def _issues(mask: Mask, score: NDArray[np.float64], findings: BoxFindings, not_judged: int) -> BoxIssues:
    rows = np.flatnonzero(mask)
    return BoxIssues(mask, score, rows[np.argsort(score[rows], kind="stable")], findings, not_judged)


def _images(findings: BoxFindings, n_images: int) -> Mask:
    mask = np.zeros(n_images, dtype=bool)
    mask[findings.image] = True
    return mask


def _flagged(
    given: BoxTable, predicted: BoxTable, scores: ObjectlabScores, flags: ObjectlabFlags
) -> BoxFindings:
    rows = np.flatnonzero(flags.overlooked)
    parts = [findings_at_predicted(predicted, rows, 1 - scores.overlooked[rows])]
    for kind, flag, score in (
        (BoxKind.BADLY_LOCATED, flags.badly_located, scores.badly_located),
        (BoxKind.SWAPPED, flags.swapped, scores.swapped),
    ):
        rows = np.flatnonzero(flag)
        nobody = np.full(len(rows), NO_BOX)
        parts.append(findings_at_given(kind, given, rows, predicted, nobody, 1 - score[rows]))
    return ordered(parts, predicted)
