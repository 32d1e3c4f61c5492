"""Which labels are probably wrong: confident learning and its simpler relatives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import Classes, Counts, Mask, Probabilities, Rows
from workers.issues.groups import Groups
from workers.issues.joint import calibrated, confident_counts, prune_counts
from workers.issues.pruning import prune_by_class, prune_by_noise_rate
from workers.issues.quality import normalized_margin
from workers.issues.reading import NO_CLASS, RowFacts, read_rows
from workers.issues.selection import nth_smallest, smallest
from workers.issues.thresholds import cutoffs, given_probs, thresholds_of
from workers.issues.validation import SLACK, checked_labels, checked_probs


class Method(StrEnum):
    """How issues are chosen; all but the last three use the confident joint."""

    PRUNE_BY_NOISE_RATE = "prune_by_noise_rate"
    PRUNE_BY_CLASS = "prune_by_class"
    BOTH = "both"
    CONFIDENT_LEARNING = "confident_learning"
    PREDICTED_NEQ_GIVEN = "predicted_neq_given"
    LOW_NORMALIZED_MARGIN = "low_normalized_margin"
    LOW_SELF_CONFIDENCE = "low_self_confidence"


@dataclass(frozen=True, slots=True)
class LabelIssues:
    """What was found.

    `mask` (N bool) marks the issues, `quality` (N, 0..1) is the probability of the given label, `order`
    lists the issues' rows, least quality first, `suggested` (N) is each row's most probable class, and
    `warnings` says what was odd about the input.
    """

    mask: Mask
    quality: Probabilities
    order: Rows
    suggested: Classes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """All that the methods choose from."""

    given: Classes
    probs: Probabilities
    trust: Probabilities
    groups: Groups
    facts: RowFacts
    disagreeing: Mask
    prune: Counts  # by (true, given); empty for methods that do not prune


def label_issues(
    labels: ArrayLike, pred_probs: ArrayLike, *, method: str = "prune_by_noise_rate"
) -> LabelIssues:
    """Find labels that are probably wrong.

    Parameters
    ----------
    labels : (N,) int
        Given classes, 0..K-1, of at least two classes.
    pred_probs : (N, K) float32 or float64
        Out-of-sample probabilities; rows sum to 1. The answer follows the type: float32 rounds otherwise.
    method
        One of `Method`.

    Returns
    -------
    LabelIssues
        Its mask equals that of cleanlab 2.9.0's `find_label_issues` with `filter_by=method`.

    Raises
    ------
    InvalidInput
        Naming the argument, the first bad row and the remedy.
    ValueError
        For an unknown method.

    Notes
    -----
    Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in dataset labels",
    arXiv:1911.00068. Probabilities that miss 1 only by rounding are used as they are where rows are
    compared, so that rounding a file does not change which implementation it agrees with; quality is
    given for the normalised row, and `warnings` says so. Values above 1 by more than 1e-6, which cleanlab
    refuses, are taken as 1.
    """
    chosen = Method(method)
    probs = checked_probs(pred_probs)
    evidence = _gather(checked_labels(labels, *probs.shape), probs, chosen)
    mask = _CHOICES[chosen](evidence)
    quality = _quality(evidence)
    rows = np.flatnonzero(mask)
    return LabelIssues(
        mask, quality, rows[_ascending(quality[rows])], evidence.facts.predicted, _warnings(evidence.facts)
    )


def _gather(given: Classes, probs: Probabilities, method: Method) -> _Evidence:
    trust = given_probs(given, probs)
    groups = Groups(given, probs.shape[1])
    cuts = None
    if method is not Method.PREDICTED_NEQ_GIVEN:
        cuts = cutoffs(thresholds_of(trust, groups), probs.dtype)
    facts = read_rows(probs, cuts)
    if facts.highest > 1 + SLACK:
        return _gather(given, np.minimum(probs, 1), method)
    prune: Counts = np.empty((0, 0), dtype=np.int64)
    if method in _PRUNING:
        counts = confident_counts(given, facts.confident, probs.shape[1])
        prune = prune_counts(calibrated(counts, groups.counts))
        facts = replace(facts, confident=np.empty(0, dtype=given.dtype))  # not needed again: free it
    disagreeing = _disagreeing(given, probs, trust, facts.predicted)
    return _Evidence(given, probs, trust, groups, facts, disagreeing, prune)


def _disagreeing(given: Classes, probs: Probabilities, trust: Probabilities, predicted: Classes) -> Mask:
    """Rows whose given label does not win even with 1e-6 added to its probability."""
    mask: Mask = predicted != given
    rows = np.flatnonzero(mask)
    lifted = trust[rows] + trust.dtype.type(SLACK)
    top = probs[rows, predicted[rows]]
    wins = (lifted > top) | ((lifted == top) & (given[rows] < predicted[rows]))
    mask[rows[wins]] = False
    return mask


def _noise_rate(evidence: _Evidence) -> Mask:
    e = evidence
    return prune_by_noise_rate(e.probs, e.trust, e.disagreeing, e.groups, e.prune)


def _class(evidence: _Evidence) -> Mask:
    e = evidence
    return prune_by_class(e.trust, e.disagreeing, e.groups, e.prune)


def _both(evidence: _Evidence) -> Mask:
    mask = _class(evidence)
    mask &= _noise_rate(evidence)
    return mask


def _confident(evidence: _Evidence) -> Mask:
    sure = evidence.facts.confident
    off_diagonal: Mask = (sure != evidence.given) & (sure != NO_CLASS) & evidence.disagreeing
    return off_diagonal


def _neq(evidence: _Evidence) -> Mask:
    return evidence.disagreeing


def _low_self_confidence(evidence: _Evidence) -> Mask:
    return smallest(evidence.trust, int(np.count_nonzero(_confident(evidence))))


def _low_margin(evidence: _Evidence) -> Mask:
    """The lowest margins are negative, so they lie among rows that predict another class.

    As many as there are confident disagreements are wanted, each of which has a negative margin; so all
    rows need be compared only where equal margins straddle the boundary.
    """
    e = evidence
    wanted = int(np.count_nonzero(_confident(e)))
    rows = np.flatnonzero(e.facts.predicted != e.given)
    margins = (e.trust[rows] - e.probs[rows, e.facts.predicted[rows]] + 1) / 2
    mask = np.zeros(len(e.given), dtype=bool)
    if wanted == 0:
        return mask
    chosen = margins <= nth_smallest(margins, wanted)
    if np.count_nonzero(chosen) > wanted:
        return smallest(normalized_margin(e.given, e.probs), wanted)
    mask[rows[chosen]] = True
    return mask


_PRUNING = frozenset({Method.PRUNE_BY_NOISE_RATE, Method.PRUNE_BY_CLASS, Method.BOTH})
_CHOICES = {
    Method.PRUNE_BY_NOISE_RATE: _noise_rate,
    Method.PRUNE_BY_CLASS: _class,
    Method.BOTH: _both,
    Method.CONFIDENT_LEARNING: _confident,
    Method.PREDICTED_NEQ_GIVEN: _neq,
    Method.LOW_NORMALIZED_MARGIN: _low_margin,
    Method.LOW_SELF_CONFIDENCE: _low_self_confidence,
}


def _quality(evidence: _Evidence) -> Probabilities:
    """Self-confidence, normalised where the row misses 1 by rounding, and within 0..1."""
    off = evidence.facts.off
    quality = evidence.trust
    if off.rows.size:
        quality[off.rows] = quality[off.rows] / off.sums
    if off.rows.size or evidence.facts.lowest < 0:
        np.clip(quality, 0, 1, out=quality)
    return quality


def _ascending(values: Probabilities) -> Rows:
    """The stable order; the quicker sort gives the same one where no two values are equal."""
    order = np.argsort(values)
    ordered = values[order]
    return np.argsort(values, kind="stable") if (ordered[1:] == ordered[:-1]).any() else order


def _warnings(facts: RowFacts) -> tuple[str, ...]:
    said = []
    if facts.off.rows.size:
        said.append(
            f"{facts.off.rows.size} rows of pred_probs miss a sum of 1 by rounding (first: row "
            f"{facts.off.rows[0]}, {facts.off.sums[0]:.6g}); their quality is given for the normalised row"
        )
    if facts.lowest < 0:
        said.append(
            f"pred_probs has values below 0 by rounding (lowest: {facts.lowest:.3g}); they count as 0"
        )
    return tuple(said)
