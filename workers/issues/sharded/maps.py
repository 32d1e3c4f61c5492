"""The maps: each reads one shard and tells what the reductions need of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import Classes, Mask, Probabilities, Rows, class_dtype
from workers.issues.joint import confident_counts
from workers.issues.methods import BY_MARGIN, PRUNING, Method
from workers.issues.pruning import CLEAR
from workers.issues.quality import margins_of
from workers.issues.reading import NO_CLASS, read_rows
from workers.issues.sharded.parts import (
    Cuts,
    Margins,
    PairQuestion,
    Places,
    ShardEvidence,
    ShardMargins,
    ShardTrust,
)
from workers.issues.thresholds import cutoffs
from workers.issues.validation import InvalidInput, checked_probs, compact_labels

ENTRIES_PER_ROW = 0.5  # at most so many margins are told, the largest: seldom are more needed
DENSE = 1 << 20  # margins looked at together


def read_trust(labels: ArrayLike, pred_probs: ArrayLike, *, first_row: int = 0) -> ShardTrust:
    """Map 1: check a shard's values and tell the probabilities of its given labels.

    Parameters
    ----------
    labels : (n,) int
        Given classes, 0..K-1; here one class alone is fine.
    pred_probs : (n, K) float32 or float64
        Out-of-sample probabilities, n >= 1.
    first_row
        The number of the shard's first row among all, for what is said of a bad row.

    Raises
    ------
    InvalidInput
        As `label_issues`, with the row's number among all.
    """
    with _rows_from(first_row):
        given, probs = _checked(labels, pred_probs)
        facts = read_rows(probs, None, given)
    return ShardTrust(probs.shape[1], facts.highest, given, facts.trust)


def read_evidence(
    labels: ArrayLike, pred_probs: ArrayLike, cuts: Cuts, *, first_row: int = 0
) -> ShardEvidence:
    """Map 2: what the shard's rows predict, how the joint counts them, and what may be chosen.

    Parameters and errors are those of `read_trust`.
    """
    with _rows_from(first_row):
        given, probs = _checked(labels, pred_probs)
        probs = np.minimum(probs, 1) if cuts.clip else probs
        facts = read_rows(probs, cutoffs(cuts.thresholds, probs.dtype), given)
    n_classes, others = probs.shape[1], facts.disagreeing
    counts = np.zeros(0, dtype=np.int64)
    if cuts.method in PRUNING:
        counts = confident_counts(given, facts.confident, n_classes).ravel()
    pair = np.flatnonzero(counts)
    sure: Mask = (facts.confident != given) & (facts.confident != NO_CLASS) & others
    none = np.empty(0, dtype=probs.dtype)
    return ShardEvidence(
        predicted=facts.predicted,
        disagreeing=others,
        confident=sure,
        lowest=facts.lowest,
        off=facts.off.rows.astype(np.int32),
        sums=facts.off.sums,
        pair=pair,
        count=counts[pair],
        margins=_margins(probs, facts.trust, others if cuts.method in BY_MARGIN else np.zeros_like(others)),
        scores=margins_of(given, probs) if cuts.method is Method.LOW_NORMALIZED_MARGIN else none,
    )


def read_margins(
    labels: ArrayLike, pred_probs: ArrayLike, cuts: Cuts, question: PairQuestion
) -> ShardMargins:
    """Map 3: by how much the classes asked for lead over the given ones."""
    given, probs = _checked(labels, pred_probs)
    found = [np.empty(0, dtype=probs.dtype)]
    for label, other in question.pairs.tolist():
        rows = np.flatnonzero(given == label)
        lead, own = probs[rows, other], probs[rows, label]
        found.append(np.minimum(lead, 1) - np.minimum(own, 1) if cuts.clip else lead - own)
    return ShardMargins(np.concatenate(found))


def _checked(labels: ArrayLike, pred_probs: ArrayLike) -> tuple[Classes, Probabilities]:
    probs = checked_probs(pred_probs)
    return compact_labels(labels, *probs.shape), probs


@contextmanager
def _rows_from(first_row: int) -> Iterator[None]:
    """Errors name rows as they are numbered among all shards."""
    try:
        yield
    except InvalidInput as refusal:
        if refusal.row is None or first_row == 0:
            raise
        raise InvalidInput(
            refusal.problem, argument=refusal.argument, remedy=refusal.remedy, row=first_row + refusal.row
        ) from refusal


def _margins(probs: Probabilities, trust: Probabilities, chosen: Mask) -> Margins:
    """The largest clear margins of the chosen rows, with the floor above which none is missing."""
    rows = np.flatnonzero(chosen)
    kept = _Largest(int(ENTRIES_PER_ROW * len(probs)) + 1, probs)
    step = max(1, DENSE // probs.shape[1])
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        lead = probs[part] - trust[part, None]
        at, other = np.nonzero(lead > kept.floor)
        kept.add(part[at], other, lead[at, other])
    return kept.margins()


class _Largest:
    """At most `limit` entries with the largest leads; those tied with one left out are left out as well."""

    def __init__(self, limit: int, probs: Probabilities) -> None:
        self.floor = CLEAR
        self._limit = limit
        self._row: Places = np.empty(0, dtype=np.int32)
        self._other: Classes = np.empty(0, dtype=class_dtype(probs.shape[1]))
        self._lead: Probabilities = np.empty(0, dtype=probs.dtype)

    def add(self, row: Rows, other: Rows, lead: Probabilities) -> None:
        self._row = np.append(self._row, row.astype(self._row.dtype))
        self._other = np.append(self._other, other.astype(self._other.dtype))
        self._lead = np.append(self._lead, lead)
        excess = len(self._lead) - self._limit
        if excess > 0:
            self.floor = float(np.partition(self._lead, excess - 1)[excess - 1])
            kept = self._lead > self.floor
            self._row, self._other, self._lead = self._row[kept], self._other[kept], self._lead[kept]

    def margins(self) -> Margins:
        return Margins(self.floor, self._row, self._other, self._lead)
