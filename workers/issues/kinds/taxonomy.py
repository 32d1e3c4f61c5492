"""Classes whose use starts, stops or shifts at a date, although such items come before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import sparse, special

from workers.issues.arrays import Classes, Probabilities
from workers.issues.kinds.rates import LEVEL, Floats, at_least, at_most, ratio_of

SPANS = 32  # the time is divided into so many spans of equal numbers of labels; dates lie between them
STRONG = 2.0  # times as often, at least, before or after
GONE = 0.05  # of the rate on the other side: a class used so seldom is not used
COMPARABLE = 0.25  # how alike both sides must be in how often the model expects the class
BLOCK = 1 << 16


class Change(StrEnum):
    STARTED = "started"
    STOPPED = "stopped"
    ROSE = "rose"
    FELL = "fell"


@dataclass(frozen=True, slots=True)
class ClassChange:
    """Labels of a class before and from `at` on, and as many as the items themselves suggest."""

    label: int
    change: Change
    at: float  # in the unit of the times given
    before: int
    before_expected: float
    after: int
    after_expected: float
    score: float
    p_value: float


def class_changes(labels: Classes, times: Floats, pred_probs: Probabilities) -> list[ClassChange]:
    """Classes that are given at another rate from some date on, beyond what the items explain.

    Parameters
    ----------
    labels : (N,) int
        Given classes, 0..K-1.
    times : (N,) float
        When each label was given; any unit.
    pred_probs : (N, K) float
        Out-of-sample probabilities from a model that does not know the time.

    Returns
    -------
    list of ClassChange
        At most one a class, the strongest first. Empty where all times are equal.

    Notes
    -----
    For each class and date, labels before it are compared with labels after it given what the model expects
    on each side (sum of the class's probabilities), by the exact conditional test of two rates; Bonferroni
    over classes and dates. The date is that of the largest likelihood ratio, as in the change-point test of
    Hinkley and Hinkley (1970). Comparing with the expectation keeps apart what a count of labels cannot:
    items that come sorted by class change the expectation too. Where it differs more than fourfold between
    both sides, there is nothing to compare with.
    """
    edges = _edges(times)
    if not len(edges):
        return []
    given, expected, n = _by_span(labels, times, pred_probs, edges)
    before, before_expected = given.cumsum(axis=0)[:-1], expected.cumsum(axis=0)[:-1]
    after, after_expected = given.sum(axis=0) - before, expected.sum(axis=0) - before_expected
    n_before = n.cumsum()[:-1, None]
    all_expected = before_expected + after_expected
    share = np.divide(
        before_expected, all_expected, out=np.full_like(all_expected, 0.5), where=all_expected > 0
    )
    p = 2 * np.minimum(at_least(before, before + after, share), at_most(before, before + after, share))
    rise = ratio_of(after * before_expected, before * after_expected)
    seen = ratio_of(after_expected * n_before, before_expected * (n.sum() - n_before))
    result = (p * p.size <= LEVEL) & ((rise >= STRONG) | (rise <= 1 / STRONG))
    result &= (seen >= COMPARABLE) & (seen <= 1 / COMPARABLE)
    gain = np.where(result, _likelihood_gain(before, after, share), -1.0)
    changes = []
    for k in np.flatnonzero(result.any(axis=0)).tolist():
        cut = int(gain[:, k].argmax())
        change = _change(float(rise[cut, k]))
        changes.append(
            ClassChange(
                label=k,
                change=change,
                at=_moment(change, float(edges[cut]), times[labels == k]),
                before=int(before[cut, k]),
                before_expected=float(before_expected[cut, k]),
                after=int(after[cut, k]),
                after_expected=float(after_expected[cut, k]),
                score=float(1 - min(rise[cut, k], ratio_of(1.0, rise[cut, k]))),
                p_value=float(min(p[cut, k] * p.size, 1)),
            )
        )
    return sorted(changes, key=lambda each: (-each.score, each.p_value))


def _edges(times: Floats) -> Floats:
    """Dates between spans of about equal numbers of labels; the first of each span."""
    if not len(times):
        return np.empty(0)
    result = np.unique(np.quantile(times, np.arange(1, SPANS) / SPANS, method="higher"))
    later: Floats = result[result > times.min()]
    return later


def _by_span(
    labels: Classes, times: Floats, probs: Probabilities, edges: Floats
) -> tuple[Floats, Floats, Floats]:
    """(S, K) labels and expected labels of each class in each span, and (S,) items; one pass in blocks."""
    spans, k = len(edges) + 1, probs.shape[1]
    span = np.searchsorted(edges, times, side="right")
    given = np.bincount(span * k + labels, minlength=spans * k).reshape(spans, k).astype(np.float64)
    expected = np.zeros((spans, k))
    for start in range(0, len(labels), BLOCK):
        block = probs[start : start + BLOCK]
        ones = np.ones(len(block), dtype=block.dtype)
        member = sparse.csr_array(
            (ones, (span[start : start + BLOCK], np.arange(len(block)))), shape=(spans, len(block))
        )
        expected += member @ block
    return given, expected, np.bincount(span, minlength=spans).astype(np.float64)


def _likelihood_gain(before: Floats, after: Floats, share: Floats) -> Floats:
    """How much more probable the labels are with two rates than with one, as a logarithm."""
    total = np.maximum(before + after, 1)
    gain: Floats = special.rel_entr(before / total, share) + special.rel_entr(after / total, 1 - share)
    return total * gain


def _change(rise: float) -> Change:
    if rise >= 1:
        return Change.STARTED if rise >= 1 / GONE else Change.ROSE
    return Change.STOPPED if rise <= GONE else Change.FELL


def _moment(change: Change, edge: float, used: Floats) -> float:
    """The edge of the span; for a class that starts or stops, the use that lies nearest to it beyond it."""
    if change is Change.STARTED and (used >= edge).any() and not (used < edge).any():
        return float(used.min())
    if change is Change.STOPPED and (used < edge).any() and not (used >= edge).any():
        return float(used.max())
    return edge
