"""Out-of-sample probabilities of each class where items may carry several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from connector.model.reasons import Code, ScanDoubt, coded
from workers.detect.predictions.crossval import Progress, held_together, out_of_sample
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import Features
from workers.detect.predictions.folds import stratified_folds
from workers.detect.predictions.limits import WEAK_GAIN


@dataclass(frozen=True, slots=True)
class PredictedSets:
    """`probs` (N, K) are 0..1 and rows need not sum to 1; `learnt` (K bool) are the classes with a model.

    A class without one has its share of the items everywhere. `gain` (K) is 2 AUROC - 1, how much better than
    chance items with the class are told from those without: 0 for no better, NaN for a class without a model.
    """

    probs: NDArray[np.float64]
    learnt: NDArray[np.bool_]
    gain: NDArray[np.float64]
    warnings: tuple[Code, ...]

    @property
    def mean_gain(self) -> float:
        """Over the classes that have a model."""
        return float(np.nanmean(self.gain))


def out_of_sample_sets(
    features: Features,
    marks: NDArray[np.bool_],
    *,
    folds: int = 5,
    seed: int,
    progress: Progress | None = None,
) -> PredictedSets:
    """Cross-validate one model a class, all in the same folds (binary relevance).

    Parameters
    ----------
    features
        N usable items.
    marks : (N, K) bool
        Which classes each carries.
    folds
        How many parts are held out in turn. They are stratified by each item's rarest class, and hold copies
        and named groups together.
    seed
        Equal seeds and data give equal probabilities.
    progress
        Called with (classes done, classes in all).

    Raises
    ------
    NoPredictions
        If no class is carried by two items and lacked by two.
    """
    rng = np.random.default_rng(seed)
    parts = stratified_folds(_rarest(marks), min(folds, len(marks)), rng, features.groups)
    parts = np.unique(parts, return_inverse=True)[1].astype(np.int64)
    learnt = _learnable(marks, parts)
    if not learnt.any():
        raise NoPredictions(
            "no class is carried by some items of every fold and lacked by others: nothing can be told apart",
            field="labels",
            remedy="Label more items first",
        )
    probs = np.tile(marks.mean(axis=0), (len(marks), 1))
    gain = np.full(marks.shape[1], np.nan)
    for done, k in enumerate(np.flatnonzero(learnt), start=1):
        given = marks[:, k].astype(np.int64)
        probs[:, k] = out_of_sample(features, given, 2, folds=parts, seed=seed).probs[:, 1]
        gain[k] = 2 * roc_auc_score(given, probs[:, k]) - 1
        if progress is not None:
            progress(done, int(learnt.sum()))
    known = float(np.nanmean(gain))
    weak = (coded(ScanDoubt.SETS_TOO_WEAK, gain=known),) if known < WEAK_GAIN else ()
    return PredictedSets(probs, learnt, gain, (*weak, *held_together(features)))


def _learnable(marks: NDArray[np.bool_], parts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(K,): the classes that items with and without it remain of, whichever fold is held out."""
    n_folds = int(parts.max(initial=0)) + 1
    by_fold = np.zeros((n_folds, marks.shape[1]), dtype=np.int64)
    np.add.at(by_fold, parts, marks)
    carried = by_fold.sum(axis=0) - by_fold
    lacked = (len(marks) - np.bincount(parts))[:, None] - carried
    result: NDArray[np.bool_] = (n_folds > 1) & (carried > 0).all(axis=0) & (lacked > 0).all(axis=0)
    return result


def _rarest(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(N,): the class of each item that fewest items carry; K for one without a class."""
    times = np.where(marks, marks.sum(axis=0), len(marks) + 1)
    return np.where(marks.any(axis=1), times.argmin(axis=1), marks.shape[1]).astype(np.int64)
