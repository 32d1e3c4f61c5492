"""Annotators who label unlike everyone else, or unlike themselves earlier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.issues.arrays import Classes, Counts, Mask
from workers.issues.kinds.rates import Floats, discoveries, higher_rate, ratio_of

STRONG = 1.5  # times the rate of the others, at least
LEAST_LABELS = 20  # of an annotator who is judged
SPANS = 8  # an annotator's labels, in order of time, are cut into so many parts; drift starts between two
PAIRS = 3  # confusions told of an annotator


@dataclass(frozen=True, slots=True)
class AnnotatorAnswers:
    """One entry for each label that someone gave.

    `annotator` 0..A-1, `label` 0..K-1, `reference` the class that it is compared with (-1: none), `time` in
    any unit; all (V,).
    """

    annotator: Counts
    label: Classes
    reference: Classes
    time: Floats


@dataclass(frozen=True, slots=True)
class Differs:
    """An annotator whose labels differ from the reference more often than others' would on such items."""

    annotator: int
    labels: int
    unlike: int
    expected: float
    score: float
    p_value: float
    pairs: tuple[tuple[int, int, int], ...]  # (reference, label, how often), most frequent first


@dataclass(frozen=True, slots=True)
class Drift:
    """An annotator whose rate of such labels changed at a date."""

    annotator: int
    at: float
    before: int  # labels
    before_unlike: int
    after: int
    after_unlike: int
    worse: bool
    score: float
    p_value: float


def differing(answers: AnnotatorAnswers, n_annotators: int) -> list[Differs]:
    """Annotators whose labels differ from the reference more often than those of all others.

    Notes
    -----
    What is expected of each follows from the rate of everyone for the reference classes that the annotator
    met, so that whoever is given the harder classes is not blamed for it. Exact conditional test of two
    rates, one annotator against all others, corrected by Benjamini and Hochberg. With one annotator there
    is nobody to differ from.
    """
    known = _known(answers)
    who, unlike, expected = _counts(known)
    n = np.bincount(who, minlength=n_annotators)
    seen = np.bincount(who, weights=unlike, minlength=n_annotators)
    due = np.bincount(who, weights=expected, minlength=n_annotators)
    p = higher_rate(seen, due, seen.sum() - seen, due.sum() - due)
    times = ratio_of(seen * (due.sum() - due), due * (seen.sum() - seen))
    judged = np.flatnonzero(n >= LEAST_LABELS)
    result = judged[discoveries(p[judged]) & (times[judged] >= STRONG)]
    rows = [
        Differs(
            annotator=int(a),
            labels=int(n[a]),
            unlike=int(seen[a]),
            expected=float(due[a]),
            score=float(seen[a] / n[a]),
            p_value=float(p[a]),
            pairs=_pairs(known, int(a)),
        )
        for a in result
    ]
    return sorted(rows, key=lambda each: (-each.score, each.p_value))


def drifting(answers: AnnotatorAnswers, n_annotators: int) -> list[Drift]:
    """Annotators who differ from the reference more, or less, often from some date on.

    Notes
    -----
    Each annotator's labels in order of time are cut into 8 equal parts; at each cut the rates on both
    sides, relative to what the reference classes met there lead us to expect, are compared by the exact
    conditional test, in both directions. Bonferroni over an annotator's cuts, Benjamini and Hochberg over
    annotators.
    """
    known = _known(answers)
    order = np.lexsort((known.time, known.annotator))
    known = _taken(known, order)
    who, unlike, expected = _counts(known)
    n = np.bincount(who, minlength=n_annotators)
    first = np.cumsum(n) - n
    part = (np.arange(len(who)) - first[who]) * SPANS // np.maximum(n[who], 1)
    table = _Table(who * SPANS + part, n_annotators)
    labels, seen, due = table.of(np.ones(len(who))), table.of(unlike), table.of(expected)
    before, all_seen, all_due = (
        seen.cumsum(axis=1)[:, :-1],
        seen.sum(axis=1)[:, None],
        due.sum(axis=1)[:, None],
    )
    due_before = due.cumsum(axis=1)[:, :-1]
    after, due_after = all_seen - before, all_due - due_before
    p = np.minimum(
        higher_rate(before, due_before, after, due_after), higher_rate(after, due_after, before, due_before)
    )
    best = p.argmin(axis=1)
    everyone = np.arange(n_annotators)
    rise = ratio_of(after * due_before, before * due_after)[everyone, best]
    p_of = np.minimum(2 * (SPANS - 1) * p[everyone, best], 1)
    judged = np.flatnonzero((n >= 2 * LEAST_LABELS) & _moved(known, n, first))
    strong = (rise >= STRONG) | (rise <= 1 / STRONG)
    result = judged[discoveries(p_of[judged]) & strong[judged]]
    rows = []
    for a in result.tolist():
        cut = int(best[a])
        n_before = int(labels[a, : cut + 1].sum())
        rows.append(
            Drift(
                annotator=a,
                at=float(known.time[first[a] + n_before]),
                before=n_before,
                before_unlike=int(before[a, cut]),
                after=int(n[a] - n_before),
                after_unlike=int(after[a, cut]),
                worse=bool(rise[a] > 1),
                score=float(1 - min(rise[a], ratio_of(1.0, rise[a]))),
                p_value=float(p_of[a]),
            )
        )
    return sorted(rows, key=lambda each: (-each.score, each.p_value))


class _Table:
    """Sums by annotator and part."""

    def __init__(self, cell: Counts, n_annotators: int) -> None:
        self._cell, self._n = cell, n_annotators

    def of(self, weights: Floats) -> Floats:
        flat = np.bincount(self._cell, weights=weights, minlength=self._n * SPANS)
        return np.asarray(flat, dtype=np.float64).reshape(self._n, SPANS)


def _known(answers: AnnotatorAnswers) -> AnnotatorAnswers:
    return _taken(answers, np.flatnonzero(answers.reference >= 0))


def _taken(answers: AnnotatorAnswers, rows: Counts) -> AnnotatorAnswers:
    return AnnotatorAnswers(
        answers.annotator[rows], answers.label[rows], answers.reference[rows], answers.time[rows]
    )


def _counts(answers: AnnotatorAnswers) -> tuple[Counts, Floats, Floats]:
    """Who, whether unlike the reference, and the rate at which everyone is unlike it for that class."""
    unlike = (answers.label != answers.reference).astype(np.float64)
    met = np.bincount(answers.reference)
    rate = np.bincount(answers.reference, weights=unlike) / np.maximum(met, 1)
    return answers.annotator, unlike, rate[answers.reference]


def _moved(answers: AnnotatorAnswers, n: Counts, first: Counts) -> Mask:
    """Whose labels, which are in order of time, are of more than one moment."""
    moved: Mask = np.zeros(len(n), dtype=np.bool_)
    some = np.flatnonzero(n > 0)
    moved[some] = answers.time[first[some]] < answers.time[first[some] + n[some] - 1]
    return moved


def _pairs(answers: AnnotatorAnswers, annotator: int) -> tuple[tuple[int, int, int], ...]:
    mine = (answers.annotator == annotator) & (answers.label != answers.reference)
    both = np.stack([answers.reference[mine], answers.label[mine]], axis=1)
    result, times = np.unique(both, axis=0, return_counts=True)
    most = np.argsort(-times, kind="stable")[:PAIRS]
    return tuple((int(result[n, 0]), int(result[n, 1]), int(times[n])) for n in most)
