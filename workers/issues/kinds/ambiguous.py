"""Items for which two classes are nearly equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.issues.arrays import Classes, Probabilities, Rows, block_rows
from workers.issues.kinds.rates import Floats

LEAST_TOGETHER = 0.8  # the two classes' probability: less is no choice between two, but not knowing
LEAST_RATIO = 0.8  # of the second class to the first


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Rows, the most ambiguous first, with both classes and their probabilities; `score` 0..1."""

    rows: Rows
    first: Classes
    second: Classes
    first_probability: Floats
    second_probability: Floats
    score: Floats


def ambiguous(pred_probs: Probabilities) -> Ambiguous:
    """Rows whose two most probable classes are nearly equal and hold nearly all of the probability.

    Parameters
    ----------
    pred_probs : (N, K) float
        Rows sum to 1.

    Notes
    -----
    The score is (p1 + p2) p2 / p1: 1 for two classes of one half each. Two classes that are equal among
    many others are not ambiguous but unknown, hence the sum. The ratio of the two is the confusion ratio
    of uncertainty sampling (Settles 2009, section 3.1, as a ratio instead of a margin).
    """
    step = block_rows(pred_probs)
    parts = [_of_block(pred_probs[start : start + step], start) for start in range(0, len(pred_probs), step)]
    rows, first, second, p1, p2 = (
        (np.concatenate(each) for each in zip(*parts, strict=True))
        if parts
        else (np.empty(0, dtype=np.intp), *(np.empty(0, dtype=np.intp),) * 2, np.empty(0), np.empty(0))
    )
    score = (p1 + p2) * p2 / p1
    order = np.argsort(-score, kind="stable")
    return Ambiguous(
        rows[order], first[order], second[order], p1[order], p2[order], np.minimum(score[order], 1)
    )


def _of_block(block: Probabilities, start: int) -> tuple[Rows, Classes, Classes, Floats, Floats]:
    first = block.argmax(axis=1)
    everyone = np.arange(len(block))
    p1 = block[everyone, first].astype(np.float64)
    kept = np.flatnonzero(p1 <= 1 / (1 + LEAST_RATIO) + 1e-12)  # else the second is too small: few are left
    rest = block[kept].copy()
    rest[np.arange(len(kept)), first[kept]] = -1
    second = rest.argmax(axis=1)
    p2 = rest[np.arange(len(kept)), second].astype(np.float64)
    good = (p2 >= LEAST_RATIO * p1[kept]) & (p1[kept] + p2 >= LEAST_TOGETHER)
    rows = kept[good]
    return rows + start, first[rows], second[good], p1[rows], p2[good]
