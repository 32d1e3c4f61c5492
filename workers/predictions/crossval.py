"""Out-of-sample probabilities: every item judged by a model that has not seen its label."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from workers.predictions.calibration import calibrate
from workers.predictions.errors import NoPredictions
from workers.predictions.features import Features
from workers.predictions.folds import stratified_folds
from workers.predictions.models import model_for, scores_of
from workers.predictions.reliability import Reliability, class_accuracy, log_loss, reliability

WEAK_GAIN = 0.2  # of the way from always naming the largest class to being always right
UNKNOWN = -np.inf  # the score of a class that a fold's model was not shown

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Held-out probabilities and how good they are, measured on the given labels.

    `probs` is (N, K) and its rows sum to 1; `class_accuracy` is (K,), NaN for a class without items;
    `log_loss` is in nats. `weak` says that the model knows little more than which class is the largest:
    what it finds suspicious is then mostly its own ignorance.
    """

    probs: NDArray[np.float64]
    accuracy: float
    class_accuracy: NDArray[np.float64]
    log_loss: float
    reliability: Reliability
    weak: bool
    warnings: tuple[str, ...]


def out_of_sample(
    features: Features,
    labels: ArrayLike,
    n_classes: int,
    *,
    folds: int = 5,
    seed: int,
    progress: Progress | None = None,
) -> Predicted:
    """Cross-validate the built-in model for this kind of features.

    Parameters
    ----------
    features
        N usable items.
    labels : (N,) int
        Their given classes, 0..n_classes - 1.
    n_classes
        K, at least 2; classes without items are allowed.
    folds
        How many parts are held out in turn; fewer where there are fewer items.
    seed
        Equal seeds and data give equal probabilities.
    progress
        Called with (folds done, folds in all).

    Raises
    ------
    NoPredictions
        If labels do not fit, or fewer than two classes have items to learn from.

    Notes
    -----
    Each fold's scores are calibrated with two numbers fitted on the other folds' held-out scores, so no
    item's own label takes part in its probabilities beyond what those two numbers carry.
    """
    given = _checked(labels, len(features), n_classes, folds)
    n_folds = min(folds, len(given))
    rng = np.random.default_rng(seed)
    parts = stratified_folds(given, n_folds, rng)
    scores, said = _held_out_scores(features, given, parts, n_classes, seed, progress)
    probs = np.empty_like(scores)
    for part in range(n_folds):
        held = parts == part
        probs[held] = calibrate(scores[~held], given[~held]).probabilities(scores[held])
    return _judged(probs, given, (*_rare_classes(given, n_classes, n_folds), *said))


def _checked(labels: ArrayLike, n_rows: int, n_classes: int, n_folds: int) -> NDArray[np.int64]:
    if n_folds < 2:
        raise NoPredictions(
            f"{n_folds} folds leave nothing to learn from", field="folds", remedy="Give at least 2"
        )
    given = np.asarray(labels)
    if given.ndim != 1 or given.dtype.kind not in "iu" or len(given) != n_rows:
        raise NoPredictions(
            f"{given.shape} values of type {given.dtype} for {n_rows} items",
            field="labels",
            remedy="Give one class number per usable item",
        )
    if given.size and not 0 <= given.min() <= given.max() < n_classes:
        raise NoPredictions(
            f"class numbers from {given.min()} to {given.max()} where 0..{n_classes - 1} are possible",
            field="labels",
            remedy="Number the classes from 0",
        )
    if np.count_nonzero(np.bincount(given, minlength=1) >= 2) < 2:
        raise NoPredictions(
            "fewer than two classes have two items or more, so there is nothing to tell apart",
            field="labels",
            remedy="Label more items of other classes first",
        )
    return given.astype(np.int64)


def _held_out_scores(
    features: Features,
    given: NDArray[np.int64],
    parts: NDArray[np.int64],
    n_classes: int,
    seed: int,
    progress: Progress | None,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Scores (N, K) of each item by the model trained without its fold, and what scikit-learn warned of."""
    template = model_for(features.kind, features.matrix, seed)
    scores = np.full((len(given), n_classes), UNKNOWN)
    said: list[tuple[str, str]] = []
    n_folds = int(parts.max()) + 1
    for part in range(n_folds):
        held = np.flatnonzero(parts == part)
        learnt = np.flatnonzero(parts != part)
        model, caught = _fitted(template, features.matrix[learnt], given[learnt])
        said.extend(caught)
        scores[held[:, None], model.classes_] = scores_of(model, features.matrix[held])
        if progress is not None:
            progress(part + 1, n_folds)
    return scores, _grouped(said)


def _fitted(template: Any, matrix: Any, given: NDArray[np.int64]) -> tuple[Any, list[tuple[str, str]]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = clone(template).fit(matrix, given)
    return model, [(warning.category.__name__, str(warning.message)) for warning in caught]


def _grouped(said: list[tuple[str, str]]) -> tuple[str, ...]:
    """One sentence for each kind of warning: the messages differ from fold to fold by a number."""
    times = Counter(kind for kind, _ in said)
    first = dict(reversed(said))
    return tuple(f"{kind} ({times[kind]} times while learning): {first[kind]}" for kind in times)


def _rare_classes(given: NDArray[np.int64], n_classes: int, n_folds: int) -> tuple[str, ...]:
    counts = np.bincount(given, minlength=n_classes)
    rare = np.flatnonzero((counts > 0) & (counts < n_folds))
    if rare.size == 0:
        return ()
    named = ", ".join(f"{label} ({counts[label]})" for label in rare[:10])
    sentence = (
        f"{rare.size} classes have fewer items than the {n_folds} folds, so their probabilities mean little: "
        f"class (items) {named}{', ...' if rare.size > 10 else ''}"
    )
    return (sentence,)


def _judged(probs: NDArray[np.float64], given: NDArray[np.int64], said: tuple[str, ...]) -> Predicted:
    predicted = probs.argmax(axis=1)
    accuracy = float(np.mean(predicted == given))
    largest = float(np.bincount(given).max() / len(given))
    weak = accuracy - largest < WEAK_GAIN * (1 - largest)
    if weak:
        sentence = (
            f"the model is too weak to judge labels: {accuracy:.1%} of items are predicted as labelled, and "
            f"always naming the largest class would give {largest:.1%}"
        )
        said = (*said, sentence)
    return Predicted(
        probs=probs,
        accuracy=accuracy,
        class_accuracy=class_accuracy(predicted, given, probs.shape[1]),
        log_loss=log_loss(probs, given),
        reliability=reliability(probs, given),
        weak=weak,
        warnings=said,
    )
