"""What a report tells beside the issues: counts, as plain rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connector.model.findings import FindingKind
from workers.cli.offline.evaluate import share
from workers.cli.offline.judging import Judged
from workers.issues import confident_joint

MOST_CLASSES = 30  # a larger matrix is cut to the classes that are confused most
MOST_PAIRS = 20


@dataclass(frozen=True, slots=True)
class ClassRow:
    name: str
    items: int
    share: float
    flagged: int
    accuracy: float | None  # predicted as given; None without items


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows: given class; columns: predicted. `n_classes` counts those that were cut too."""

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    n_classes: int
    highest_off_diagonal: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """An estimated number of items of each of two classes that are labelled as the other."""

    first: str
    second: str
    first_as_second: int
    second_as_first: int
    share: float  # of both classes' items
    beyond_chance: bool  # more than any two classes are confused


@dataclass(frozen=True, slots=True)
class AnnotatorRow:
    name: str
    labels: int
    flagged: int
    agreement: float | None  # share of other people's labels of the same items that are the same

    @property
    def share(self) -> float:
        return self.flagged / self.labels


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    low: float
    high: float
    items: int
    confidence: float
    accuracy: float


def class_rows(judged: Judged) -> list[ClassRow]:
    """Each class with its items, largest first."""
    n = len(judged.labels)
    counts = np.bincount(judged.labels, minlength=len(judged.classes))
    flagged = np.bincount(judged.labels[judged.label_issues.mask], minlength=len(judged.classes))
    accuracy = judged.predicted.class_accuracy
    return [
        ClassRow(
            judged.classes[k],
            int(counts[k]),
            float(counts[k] / n),
            int(flagged[k]),
            None if np.isnan(accuracy[k]) else float(accuracy[k]),
        )
        for k in np.argsort(-counts, kind="stable")
    ]


def confusion(judged: Judged) -> Matrix:
    """Given by predicted class; of many classes those with most disagreement."""
    k = len(judged.classes)
    pairs = judged.labels * k + judged.label_issues.suggested.astype(np.int64)
    counts = np.bincount(pairs, minlength=k * k).reshape(k, k)
    off = counts - np.diag(counts.diagonal())
    confused = np.argsort(-(off.sum(axis=0) + off.sum(axis=1)), kind="stable")
    kept = np.sort(confused[:MOST_CLASSES])
    shown = counts[np.ix_(kept, kept)]
    return Matrix(
        names=tuple(judged.classes[int(i)] for i in kept),
        counts=tuple(tuple(int(n) for n in row) for row in shown),
        n_classes=k,
        highest_off_diagonal=int(off.max()),
    )


def overlaps(judged: Judged) -> list[Overlap]:
    """Pairs confused both ways, by the confident joint: the classes themselves may not be clear."""
    joint: NDArray[np.int64] = confident_joint(judged.labels, judged.predicted.probs)
    totals = joint.sum(axis=1)
    tested = {(one.facts["first"], one.facts["second"]) for one in judged.findings.of(FindingKind.OVERLAP)}
    first, second = np.nonzero(np.triu((joint > 0) & (joint.T > 0), k=1))
    result = [
        Overlap(
            judged.classes[i],
            judged.classes[j],
            int(joint[i, j]),
            int(joint[j, i]),
            float((joint[i, j] + joint[j, i]) / (totals[i] + totals[j])),
            (judged.classes[i], judged.classes[j]) in tested,
        )
        for i, j in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return sorted(result, key=lambda pair: -pair.share)[:MOST_PAIRS]


def annotator_rows(judged: Judged) -> list[AnnotatorRow]:
    """Each known annotator. A label counts as flagged where it is the one judged, and that is flagged."""
    labels: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    alike: Counter[str] = Counter()
    compared: Counter[str] = Counter()
    for record, is_flagged in zip(judged.records, judged.label_issues.mask.tolist(), strict=True):
        votes = Counter(label for _, label in record.answers)
        for who, label in record.answers:
            if who is not None:
                labels[who] += 1
                flagged[who] += bool(is_flagged and label == record.label)
                alike[who] += votes[label] - 1
                compared[who] += len(record.answers) - 1
    rows = [
        AnnotatorRow(name, labels[name], flagged[name], share(alike[name], compared[name]))
        for name in sorted(labels)
    ]
    return sorted(rows, key=lambda row: -row.share)


def reliability_rows(judged: Judged) -> list[ReliabilityRow]:
    """The filled bins of the reliability table."""
    result = judged.predicted.reliability
    width = 1 / len(result.count)
    return [
        ReliabilityRow(
            n * width, (n + 1) * width, int(count), float(result.confidence[n]), float(result.accuracy[n])
        )
        for n, count in enumerate(result.count)
        if count
    ]
