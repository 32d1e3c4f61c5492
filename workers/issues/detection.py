"""Which labels are probably wrong: confident learning and its simpler relatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import COLUMNWISE_CLASSES, NO_CLASS, Classes, Counts, Mask, Probabilities, Rows
from workers.issues.compiled import Loop, compiled_loop
from workers.issues.confident import confident_classes
from workers.issues.groups import Groups
from workers.issues.joint import calibrated, confident_counts, prune_counts
from workers.issues.methods import PRUNING, Method, method_of
from workers.issues.pruning import prune_by_class, prune_by_noise_rate
from workers.issues.quality import margins_of
from workers.issues.reading import RowFacts, read_rows
from workers.issues.row_source import MatrixRows, RowSource
from workers.issues.selection import nth_smallest, smallest
from workers.issues.spreading import THREADS
from workers.issues.thresholds import cutoffs, thresholds_from, thresholds_of
from workers.issues.validation import SLACK, OffSums, checked_labels, checked_probs


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
    source: RowSource
    groups: Groups
    facts: RowFacts
    prune: Counts  # by (true, given); empty for methods that do not prune
    threads: int


def label_issues(
    labels: ArrayLike,
    pred_probs: ArrayLike,
    *,
    method: str = "prune_by_noise_rate",
    threads: int = THREADS,
    compiled: bool = False,
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
    threads
        How many to compute with; the answer is the same for any number.
    compiled
        Whether with loops that numba compiles (extra `compiled`): the same answer sooner, once they are
        compiled, which takes seconds the first time.

    Returns
    -------
    LabelIssues
        Its mask equals that of cleanlab 2.9.0's `find_label_issues` with `filter_by=method`.

    Raises
    ------
    InvalidInput
        Naming the argument, the first bad row and the remedy.

    Notes
    -----
    Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in dataset labels",
    arXiv:1911.00068. Probabilities that miss 1 only by rounding are used as they are where rows are
    compared, so that rounding a file does not change which implementation it agrees with; quality is
    given for the normalised row, and `warnings` says so. Values above 1 by more than 1e-6, which cleanlab
    refuses, are taken as 1.
    """
    source = MatrixRows(checked_probs(pred_probs))
    return issues_among(labels, source, method, threads, compiled=compiled)


def issues_among(
    labels: ArrayLike, source: RowSource, method: str, threads: int, *, compiled: bool = False
) -> LabelIssues:
    """`label_issues`, of rows that lie anywhere."""
    chosen = method_of(method)
    # Of many classes numpy's own loops are as quick: they do many values at once.
    result = compiled_loop() if compiled and source.shape[1] <= COLUMNWISE_CLASSES else None
    given = checked_labels(labels, *source.shape)
    mask, facts = marked(given, source, chosen, threads, loop=result)
    return found_issues(mask, facts.trust, facts.predicted, facts.off, facts.lowest)


def marked(
    given: Classes,
    source: RowSource,
    method: Method,
    threads: int,
    trust: Probabilities | None = None,
    loop: Loop | None = None,
) -> tuple[Mask, RowFacts]:
    """The mask, and what the rows say, of arguments that are checked already.

    `trust` saves a pass, where the probabilities of the given labels are at hand.
    """
    evidence = _gather(given, source, method, threads, trust, loop)
    return _CHOICES[method](evidence), evidence.facts


def found_issues(
    mask: Mask, trust: Probabilities, predicted: Classes, off: OffSums, lowest: float
) -> LabelIssues:
    """The answer from the mask and what the rows say; `trust` becomes the quality, in place."""
    quality = _quality(trust, off, lowest)
    rows = np.flatnonzero(mask)
    return LabelIssues(mask, quality, rows[_ascending(quality[rows])], predicted, _warnings(off, lowest))


def _gather(
    given: Classes,
    source: RowSource,
    method: Method,
    threads: int,
    trust: Probabilities | None,
    loop: Loop | None,
) -> _Evidence:
    groups = Groups(given, source.shape[1])
    facts = _facts(given, source, groups, method, threads, trust, loop)
    if facts.highest > 1 + SLACK:
        capped = MatrixRows(np.minimum(source.whole(), 1))
        return _gather(given, capped, method, threads, None, loop)
    prune: Counts = np.empty((0, 0), dtype=np.int64)
    if method in PRUNING:
        counts = confident_counts(given, facts.confident, source.shape[1])
        prune = prune_counts(calibrated(counts, groups.counts))
        facts = replace(facts, confident=np.empty(0, dtype=given.dtype))  # not needed again: free it
    return _Evidence(given, source, groups, facts, prune, threads)


def _facts(
    given: Classes,
    source: RowSource,
    groups: Groups,
    method: Method,
    threads: int,
    trust: Probabilities | None,
    loop: Loop | None,
) -> RowFacts:
    """What the rows say. Long rows are read once, with the cutoffs at hand.

    Picking the given labels' probabilities reads most of the memory of short rows, so that these are looked
    at again only where their highest value does not tell of which class they are confident.
    """
    if isinstance(source, MatrixRows) and source.shape[1] > COLUMNWISE_CLASSES:
        if method is Method.PREDICTED_NEQ_GIVEN:
            return read_rows(source, None, given, trust, threads=threads)
        thresholds = thresholds_from(source.whole(), groups, threads=threads)
        return read_rows(source, cutoffs(thresholds, source.dtype), given, trust, threads=threads)
    facts = read_rows(source, None, given, trust, threads=threads, loop=loop)
    if method is Method.PREDICTED_NEQ_GIVEN:
        return facts
    thresholds = thresholds_of(facts.trust, groups, threads=threads)
    confident = confident_classes(
        source, facts.predicted, facts.top, cutoffs(thresholds, source.dtype), threads=threads
    )
    return replace(facts, confident=confident)


def _noise_rate(evidence: _Evidence) -> Mask:
    e = evidence
    return prune_by_noise_rate(
        e.source, e.facts.trust, e.facts.disagreeing, e.groups, e.prune, threads=e.threads
    )


def _class(evidence: _Evidence) -> Mask:
    e = evidence
    return prune_by_class(e.facts.trust, e.facts.disagreeing, e.groups, e.prune, threads=e.threads)


def _both(evidence: _Evidence) -> Mask:
    mask = _class(evidence)
    mask &= _noise_rate(evidence)
    return mask


def _confident(evidence: _Evidence) -> Mask:
    rows = evidence.facts.disagreeing
    sure = evidence.facts.confident[rows]
    return _mask_of(evidence, rows[(sure != evidence.given[rows]) & (sure != NO_CLASS)])


def _neq(evidence: _Evidence) -> Mask:
    return _mask_of(evidence, evidence.facts.disagreeing)


def _mask_of(evidence: _Evidence, rows: Rows) -> Mask:
    mask = np.zeros(len(evidence.given), dtype=bool)
    mask[rows] = True
    return mask


def _low_self_confidence(evidence: _Evidence) -> Mask:
    return smallest(evidence.facts.trust, int(np.count_nonzero(_confident(evidence))))


def _low_margin(evidence: _Evidence) -> Mask:
    """The lowest margins are negative, so they lie among rows that predict another class.

    As many as there are confident disagreements are wanted, each of which has a negative margin; so all
    rows need be compared only where equal margins straddle the boundary.
    """
    e = evidence
    wanted = int(np.count_nonzero(_confident(e)))
    rows = e.facts.others
    margins = (e.facts.trust[rows] - e.facts.best + 1) / 2
    mask = np.zeros(len(e.given), dtype=bool)
    if wanted == 0:
        return mask
    chosen = margins <= nth_smallest(margins, wanted)
    if np.count_nonzero(chosen) > wanted:
        return smallest(margins_of(e.given, e.source.whole()), wanted)
    mask[rows[chosen]] = True
    return mask


_CHOICES = {
    Method.PRUNE_BY_NOISE_RATE: _noise_rate,
    Method.PRUNE_BY_CLASS: _class,
    Method.BOTH: _both,
    Method.CONFIDENT_LEARNING: _confident,
    Method.PREDICTED_NEQ_GIVEN: _neq,
    Method.LOW_NORMALIZED_MARGIN: _low_margin,
    Method.LOW_SELF_CONFIDENCE: _low_self_confidence,
}


def _quality(trust: Probabilities, off: OffSums, lowest: float) -> Probabilities:
    """Self-confidence, normalised where the row misses 1 by rounding, and within 0..1."""
    if off.rows.size:
        trust[off.rows] = trust[off.rows] / off.sums
    if off.rows.size or lowest < 0:
        np.clip(trust, 0, 1, out=trust)
    return trust


def _ascending(values: Probabilities) -> Rows:
    """The stable order: the quicker sort, with equal values put right afterwards."""
    order = np.argsort(values)
    ordered = values[order]
    same = ordered[1:] == ordered[:-1]
    del ordered
    if same.any():
        tied = np.append(same, False) | np.append(False, same)
        run = np.cumsum(np.append(True, ~same))[tied]
        places = order[tied]
        order[tied] = places[np.lexsort((places, run))]
    return order


def _warnings(off: OffSums, lowest: float) -> tuple[str, ...]:
    texts = []
    if off.rows.size:
        texts.append(
            f"{off.rows.size} rows of pred_probs miss a sum of 1 by rounding (first: row "
            f"{off.rows[0]}, {off.sums[0]:.6g}); their quality is given for the normalised row"
        )
    if lowest < 0:
        texts.append(f"pred_probs has values below 0 by rounding (lowest: {lowest:.3g}); they count as 0")
    return tuple(texts)
