"""Out-of-sample probabilities: every item judged by a model that has not seen its label."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from connector.model.reasons import Code, ScanDoubt, coded
from workers.detect.predictions.calibration import Calibration, calibrate
from workers.detect.predictions.copies import repeated
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import Features
from workers.detect.predictions.folds import stratified_folds
from workers.detect.predictions.limits import WEAK_GAIN, knowledge, largest_share
from workers.detect.predictions.models import model_for, scores_of
from workers.detect.predictions.plugins import Learner
from workers.detect.predictions.reliability import ReliabilityDiagram, class_accuracy, log_loss, reliability

MOST_NAMED = 10  # rare classes in one warning
FEW_ROWS = 50_000  # threads of trees bring little below, and cost much where other jobs use the cores
UNKNOWN = -np.inf  # the score of a class that a fold's model was not shown

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FoldModel:
    """A model trained without one fold, its calibration, and a key of what it was trained on."""

    model: Any
    calibration: Calibration
    key: str = ""

    def probabilities(self, matrix: Any, n_classes: int) -> NDArray[np.float64]:
        """(M, n_classes) for rows of the features that the model was trained on."""
        return self.calibration.probabilities(_scores(self.model, matrix, n_classes))


@dataclass(frozen=True, slots=True)
class Predicted:
    """Held-out probabilities and how good they are, measured on the given labels.

    `probs` is (N, K) and its rows sum to 1; `class_accuracy` is (K,), NaN for a class without items;
    `log_loss` is in nats; `gain` is how far accuracy has come from always naming the largest class (0) to
    being always right (1), and may be negative. `weak` says that the model knows little more than which
    class is the largest: what it finds suspicious is then mostly its own ignorance. `folds` is (N,), and
    `models[f]` was trained without the rows of fold f.
    """

    probs: NDArray[np.float64]
    accuracy: float
    class_accuracy: NDArray[np.float64]
    log_loss: float
    reliability: ReliabilityDiagram
    gain: float
    weak: bool
    warnings: tuple[Code, ...]
    folds: NDArray[np.int64]
    models: tuple[FoldModel, ...]


def out_of_sample(
    features: Features,
    labels: ArrayLike,
    n_classes: int,
    *,
    folds: int | NDArray[np.int64] = 5,
    seed: int,
    progress: Progress | None = None,
    names: Sequence[str] | None = None,
    learner: Learner | None = None,
    known: Mapping[str, Any] | None = None,
    keys: Sequence[str] = (),
) -> Predicted:
    """Cross-validate a model on these features.

    Parameters
    ----------
    features
        N usable items.
    labels : (N,) int
        Their given classes, 0..n_classes - 1.
    n_classes
        K, at least 2; classes without items are allowed.
    folds
        How many parts are held out in turn (fewer where there are fewer items), or the fold (N,) of each
        row, 0, 1, ...
    seed
        Equal seeds and data give equal probabilities.
    progress
        Called with (folds done, folds in all).
    names
        The classes' names, for warnings; their numbers where not given.
    learner
        A plug-in; by default the built-in model for this kind of features.
    known, keys
        Trained models by the key of their training content, and each fold's key: a fold whose key is known
        is not trained again.

    Raises
    ------
    NoPredictions
        If labels do not fit, or fewer than two classes have items to learn from.

    Notes
    -----
    Items of one group (`features.groups`: copies, near copies, and what was named) are held out together.
    Each fold's scores are calibrated with two numbers fitted on the other folds' held-out scores, so no
    item's own label takes part in its probabilities beyond what those two numbers carry.
    """
    n_folds = folds if isinstance(folds, int) else int(folds.max(initial=-1)) + 1
    given = _checked(labels, len(features), n_classes, n_folds)
    if isinstance(folds, int):
        rng = np.random.default_rng(seed)
        parts = stratified_folds(given, min(folds, len(given)), rng, features.groups)
    else:
        parts = folds
    template = learner or model_for(features.kind, features.matrix, seed)
    names_of_folds = keys or [""] * (int(parts.max()) + 1)
    models, scores, warned = _trained(
        template, features, given, parts, n_classes, progress, known or {}, names_of_folds
    )
    probs = np.empty_like(scores)
    judges = []
    for part, (model, key) in enumerate(zip(models, names_of_folds, strict=True)):
        held = parts == part
        calibration = calibrate(scores[~held], given[~held])
        probs[held] = calibration.probabilities(scores[held])
        judges.append(FoldModel(model, calibration, key))
    rare = rare_classes(given, n_classes, len(models), names)
    return judged(probs, given, (*rare, *warned, *held_together(features)), parts, tuple(judges))


def held_together(features: Features) -> tuple[Code, ...]:
    """How many items are held out with their copies or their group; nothing of none."""
    n_items, n_groups = (0, 0) if features.groups is None else repeated(features.groups)
    return (coded(ScanDoubt.HELD_TOGETHER, n_items=n_items, n_groups=n_groups),) if n_items else ()


def judged(
    probs: NDArray[np.float64],
    given: NDArray[np.int64],
    warned: tuple[Code, ...],
    folds: NDArray[np.int64],
    models: tuple[FoldModel, ...],
) -> Predicted:
    """Measure probabilities (N, K) on the given labels (N,)."""
    predicted = probs.argmax(axis=1)
    accuracy, gain = knowledge(given, probs)
    if gain < WEAK_GAIN:
        warned = (*warned, coded(ScanDoubt.MODEL_TOO_WEAK, accuracy=accuracy, largest=largest_share(given)))
    return Predicted(
        probs=probs,
        accuracy=accuracy,
        class_accuracy=class_accuracy(predicted, given, probs.shape[1]),
        log_loss=log_loss(probs, given),
        reliability=reliability(probs, given),
        gain=gain,
        weak=gain < WEAK_GAIN,
        warnings=warned,
        folds=folds,
        models=models,
    )


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


def _trained(
    template: Any,
    features: Features,
    given: NDArray[np.int64],
    parts: NDArray[np.int64],
    n_classes: int,
    progress: Progress | None,
    known: Mapping[str, Any],
    keys: Sequence[str],
) -> tuple[list[Any], NDArray[np.float64], tuple[Code, ...]]:
    """A model for each fold, scores (N, K) of each item by the one without it, and what was warned of."""
    scores = np.full((len(given), n_classes), UNKNOWN)
    warned: list[tuple[str, str]] = []
    models = []
    for part, key in enumerate(keys):
        held, learnt = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        model = known.get(key)
        if model is None:
            model, caught = _fitted(template, features.matrix[learnt], given[learnt])
            warned.extend(caught)
        models.append(model)
        scores[held] = _scores(model, features.matrix[held], n_classes)
        if progress is not None:
            progress(part + 1, len(keys))
    return models, scores, _grouped(warned)


def _scores(model: Any, matrix: Any, n_classes: int) -> NDArray[np.float64]:
    scores = np.full((matrix.shape[0], n_classes), UNKNOWN)
    scores[:, model.classes_] = scores_of(model, matrix)
    return scores


def _fitted(template: Any, matrix: Any, given: NDArray[np.int64]) -> tuple[Any, list[tuple[str, str]]]:
    threads = threadpool_limits(1 if len(given) <= FEW_ROWS else None, user_api="openmp")
    with threads, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = (
            template.fit(matrix, given)
            if isinstance(template, Learner)
            else clone(template).fit(matrix, given)
        )
    return model, [(warning.category.__name__, str(warning.message)) for warning in caught]


def _grouped(warned: list[tuple[str, str]]) -> tuple[Code, ...]:
    """One for each kind of warning: the messages differ from fold to fold by a number."""
    times = Counter(kind for kind, _ in warned)
    first = dict(reversed(warned))
    return tuple(
        coded(ScanDoubt.LIBRARY_WARNED, kind=kind, times=times[kind], message=first[kind]) for kind in times
    )


def rare_classes(
    given: NDArray[np.int64], n_classes: int, n_folds: int, names: Sequence[str] | None
) -> tuple[Code, ...]:
    """A warning that names the classes with fewer rows than folds, if there are any."""
    counts = np.bincount(given, minlength=n_classes)
    rare = np.flatnonzero((counts > 0) & (counts < n_folds))
    if rare.size == 0:
        return ()
    named = [(str(k) if names is None else names[k], int(counts[k])) for k in rare[:MOST_NAMED]]
    more = len(rare) - len(named)
    return (coded(ScanDoubt.RARE_CLASSES, classes=named, more=more, n_folds=n_folds),)
