"""How good a ranking of suspicious labels is: against the truth, and against what people answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from workers.issues import LabelIssues
from workers.issues.arrays import Mask

QUORUM = 3  # of five answers: the published studies' majority
PANEL = 5  # people asked about each item


@dataclass(frozen=True, slots=True)
class TruthScores:
    """A flag is right where the given label differs from the truth.

    All but the counts lie in 0..1, and are None where they have no meaning: precision without flags, recall
    without wrong labels, AUROC and AUPRC unless there are right and wrong labels.
    """

    n_items: int
    n_wrong: int
    n_flagged: int
    n_right: int
    precision: float | None
    recall: float | None
    f1: float | None
    auroc: float | None
    auprc: float | None
    precision_at: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Review:
    """What a panel answered about one item: how many were for each side."""

    row: int
    given_label: int
    guessed_label: int
    given: int
    guessed: int
    neither: int = 0
    both: int = 0

    @property
    def is_error(self) -> bool:
        return self.given < QUORUM

    @property
    def verdict(self) -> str:
        """`given`, or for an error what most said instead; `unclear` where no side has three."""
        if not self.is_error:
            return "given"
        sides = {"correctable": self.guessed, "both": self.both, "neither": self.neither}
        return next((side for side, n in sides.items() if n >= QUORUM), "unclear")


@dataclass(frozen=True, slots=True)
class ReviewScores:
    """What people confirmed, of all reviewed rows and of those that are flagged.

    `confirmed` and `flagged_confirmed` are shares of errors (None without such rows). AUROC, AUPRC and
    `precision_at` judge the ranking within the reviewed rows only. `counted_twice` rows had the same class
    on both sides and each answer on both; they are counted once.
    """

    n_reviewed: int
    n_errors: int
    n_correctable: int
    n_both: int
    n_neither: int
    n_unclear: int
    counted_twice: int
    confirmed: float | None
    n_flagged: int
    n_flagged_reviewed: int
    n_flagged_errors: int
    flagged_confirmed: float | None
    auroc: float | None
    auprc: float | None
    precision_at: Mapping[int, float]


def against_truth(
    issues: LabelIssues, labels: ArrayLike, truth: ArrayLike, at: Sequence[int] = ()
) -> TruthScores:
    """Measure what was found where the true class of every row is known.

    Parameters
    ----------
    issues
        The answer of `label_issues` for these labels.
    labels, truth : (N,) int
        Given and true classes.
    at
        Precision is wanted among this many most suspicious rows; those above N are left out.

    Returns
    -------
    TruthScores
        Precision, recall and F1 of the mask; the rest of the order by `quality`.
    """
    wrong: Mask = np.asarray(labels) != np.asarray(truth)
    n_right = int(np.count_nonzero(issues.mask & wrong))
    n_wrong, n_flagged = int(wrong.sum()), int(issues.mask.sum())
    return TruthScores(
        n_items=len(wrong),
        n_wrong=n_wrong,
        n_flagged=n_flagged,
        n_right=n_right,
        precision=share(n_right, n_flagged),
        recall=share(n_right, n_wrong),
        f1=share(2 * n_right, n_flagged + n_wrong),
        auroc=auroc(wrong, issues.quality),
        auprc=auprc(wrong, issues.quality),
        precision_at=precision_at(wrong, issues.quality, at),
    )


def against_reviews(issues: LabelIssues, reviews: Sequence[Review], at: Sequence[int] = ()) -> ReviewScores:
    """Measure what was found where people looked at some of the rows."""
    rows = np.array([one.row for one in reviews], dtype=np.intp)
    errors: Mask = np.array([one.is_error for one in reviews], dtype=bool)
    verdicts = [one.verdict for one in reviews]
    flagged = issues.mask[rows]
    n_errors, n_hits = int(errors.sum()), int(np.count_nonzero(errors & flagged))
    return ReviewScores(
        n_reviewed=len(reviews),
        n_errors=n_errors,
        n_correctable=verdicts.count("correctable"),
        n_both=verdicts.count("both"),
        n_neither=verdicts.count("neither"),
        n_unclear=verdicts.count("unclear"),
        counted_twice=sum(one.given_label == one.guessed_label for one in reviews),
        confirmed=share(n_errors, len(reviews)),
        n_flagged=int(issues.mask.sum()),
        n_flagged_reviewed=int(flagged.sum()),
        n_flagged_errors=n_hits,
        flagged_confirmed=share(n_hits, int(flagged.sum())),
        auroc=auroc(errors, issues.quality[rows]),
        auprc=auprc(errors, issues.quality[rows]),
        precision_at=precision_at(errors, issues.quality[rows], at),
    )


def share(part: int, whole: int) -> float | None:
    """A ratio; None of nothing."""
    return part / whole if whole else None


def auroc(wrong: Mask, quality: NDArray[np.floating]) -> float | None:
    """How often a wrong label has less quality than a right one, ties counted half; None of one kind."""
    return float(roc_auc_score(wrong, -quality)) if _both_kinds(wrong) else None


def auprc(wrong: Mask, quality: NDArray[np.floating]) -> float | None:
    """Average precision, going from the least quality upwards; None where all labels are of one kind."""
    return float(average_precision_score(wrong, -quality)) if _both_kinds(wrong) else None


def precision_at(wrong: Mask, quality: NDArray[np.floating], at: Sequence[int]) -> dict[int, float]:
    """The share of wrong labels among the k of least quality, equals in row order, for each k up to N."""
    hits = np.cumsum(wrong[np.argsort(quality, kind="stable")])
    return {k: float(hits[k - 1]) / k for k in sorted(set(at)) if 1 <= k <= len(wrong)}


def _both_kinds(wrong: Mask) -> bool:
    return bool(wrong.any()) and not bool(wrong.all())
