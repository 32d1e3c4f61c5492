"""Out-of-sample predictions of ratings and other numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from threadpoolctl import threadpool_limits

from connector.model.reasons import Code, ScanDoubt, coded
from workers.detect.predictions.crossval import FEW_ROWS, Progress, held_together
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import Features
from workers.detect.predictions.folds import stratified_folds
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.limits import WEAK_GAIN
from workers.detect.predictions.models import FEW_ROWS as FEW_TABLE_ROWS
from workers.detect.predictions.models import KERNEL_WORK

LEAST = 10  # items to learn a number from
STRATA = 10  # ranges of the number in which folds are even


@dataclass(frozen=True, slots=True)
class PredictedNumbers:
    """`expected` (N) for each item, by a model that has not seen its number; `r2` is the share of the given
    numbers' variance that they explain: 1 for all, 0 for none, below 0 for worse than their mean."""

    expected: NDArray[np.float64]
    r2: float
    warnings: tuple[Code, ...]


def out_of_sample_numbers(
    features: Features,
    given: NDArray[np.float64],
    *,
    folds: int = 5,
    seed: int,
    progress: Progress | None = None,
) -> PredictedNumbers:
    """Cross-validate a regressor on these features.

    Parameters
    ----------
    features
        N usable items.
    given : (N,) float
        Their numbers, finite.
    folds
        How many parts are held out in turn, even over the numbers' range, copies and groups together.
    seed
        Equal seeds and data give equal predictions.
    progress
        Called with (folds done, folds in all).

    Raises
    ------
    NoPredictions
        For fewer than ten items.
    """
    if len(given) < LEAST:
        raise NoPredictions(
            f"{len(given)} items are too few to learn a number from (least: {LEAST})",
            field="labels",
            remedy="Rate more items first",
        )
    rng = np.random.default_rng(seed)
    parts = stratified_folds(_strata(given), min(folds, len(given)), rng, features.groups)
    parts = np.unique(parts, return_inverse=True)[1]
    model = regressor_for(features.kind, features.matrix, seed)
    expected = np.full(len(given), given.mean())
    n_folds = int(parts.max()) + 1
    for part in range(n_folds):
        held, learnt = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        with threadpool_limits(1 if len(given) <= FEW_ROWS else None, user_api="openmp"):
            fitted = clone(model).fit(features.matrix[learnt], given[learnt])
            expected[held] = fitted.predict(features.matrix[held])
        if progress is not None:
            progress(part + 1, n_folds)
    variance = float(((given - given.mean()) ** 2).sum())
    r2 = 1 - float(((given - expected) ** 2).sum()) / variance if variance else 0.0
    weak = (coded(ScanDoubt.NUMBERS_TOO_WEAK, r2=r2),) if r2 < WEAK_GAIN else ()
    return PredictedNumbers(expected, r2, (*weak, *held_together(features)))


def regressor_for(kind: FeatureKind, matrix: Any, seed: int) -> Any:
    """An unfitted regressor of numbers in any unit: the siblings of what `model_for` takes for classes."""
    n_rows, n_columns = matrix.shape
    if kind is FeatureKind.TEXT:
        return Ridge(alpha=1.0)
    if kind is FeatureKind.TABLE and n_rows > FEW_TABLE_ROWS:
        return HistGradientBoostingRegressor(random_state=seed)
    scaling = [StandardScaler()] if kind is FeatureKind.VECTOR else []
    if float(n_rows) ** 2 * n_columns > KERNEL_WORK:
        return make_pipeline(*scaling, Ridge(alpha=1.0))
    return TransformedTargetRegressor(make_pipeline(*scaling, SVR(C=1.0)), transformer=StandardScaler())


def _strata(given: NDArray[np.float64]) -> NDArray[np.int64]:
    edges = np.unique(np.quantile(given, np.linspace(0, 1, STRATA + 1)[1:-1]))
    return np.searchsorted(edges, given, side="right").astype(np.int64)
