"""Models of other packages, found by entry point: see docs/models.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.detect.predictions.errors import NoPredictions

GROUP = "secondlook.models"
SETTING = "predictions.model"
TAKES = ("features", "data")
LEAST = 1e-12  # a probability below counts as this when its logarithm is taken
SLACK = 1e-3  # by which probabilities may miss a sum of 1


class Model(Protocol):
    """What an entry point makes: a classifier as scikit-learn's are.

    `classes_` holds the class numbers seen in `fit`, ascending; `predict_proba` has a column for each. An
    optional attribute `takes = "data"` asks for a list of the items' data (dicts) in place of features.
    """

    classes_: Any

    def fit(self, X: Any, y: NDArray[np.int64], /) -> Any:  # noqa: N803 - scikit-learn's names
        """Learn from N rows and their class numbers (N,)."""
        ...

    def predict_proba(self, X: Any, /) -> ArrayLike:  # noqa: N803 - scikit-learn's names
        """(M, len(classes_)), rows sum to 1."""
        ...


@dataclass(frozen=True)
class Plugin:
    """A model by name. `make` gives a new one, not yet trained; `takes_data` says what it learns from."""

    name: str
    version: str
    make: Callable[[], Any]
    takes_data: bool


def plugin(name: str) -> Plugin:
    """The model that `predictions.model = name` means. NoPredictions where there is none, or it is none."""
    result = [entry for entry in entry_points(group=GROUP) if entry.name == name]
    if not result:
        names = ", ".join(sorted({entry.name for entry in entry_points(group=GROUP)})) or "none"
        raise NoPredictions(
            f"no installed package offers a model {name!r}",
            field=SETTING,
            remedy=f"Install the package, or choose one of those found: {names}",
        )
    make = _loaded(result[0])
    built = _guarded(name, "cannot be made", make)
    for method in ("fit", "predict_proba"):
        if not callable(getattr(built, method, None)):
            raise _broken(name, f"has no method {method}")
    takes = getattr(built, "takes", TAKES[0])
    if takes not in TAKES:
        raise _broken(name, f"has takes = {takes!r}, which is none of {', '.join(TAKES)}")
    package = result[0].dist
    version = f"{package.name} {package.version}" if package is not None else result[0].value
    return Plugin(name, version, lambda: _guarded(name, "cannot be made", make), takes == "data")


@dataclass
class Trained:
    """A plug-in's model after training, whose scores are the logarithms of its probabilities."""

    name: str
    model: Any
    takes_data: bool
    classes_: NDArray[np.int64]

    def decision_function(self, rows: Any) -> NDArray[np.float64]:
        """(M, known classes). NoPredictions where the model gives anything but probabilities."""
        given = list(rows) if self.takes_data else rows
        answer = _guarded(self.name, "failed to predict", lambda: self.model.predict_proba(given))
        probs = np.asarray(answer, dtype=np.float64)
        shape = (rows.shape[0], len(self.classes_))
        if probs.shape != shape:
            raise _broken(self.name, f"gave probabilities of the shape {probs.shape} in place of {shape}")
        if not (np.isfinite(probs).all() and (probs >= -SLACK).all()):
            raise _broken(self.name, "gave negative or infinite probabilities, or NaN")
        if len(probs) and np.abs(probs.sum(axis=1) - 1).max() > SLACK:
            raise _broken(self.name, "gave rows that do not sum to 1")
        return np.asarray(np.log(np.maximum(probs, LEAST)))


class Learner:
    """A plug-in as cross-validation trains it: a new model for each fold."""

    def __init__(self, chosen: Plugin) -> None:
        self.chosen = chosen

    def fit(self, rows: Any, labels: NDArray[np.int64]) -> Trained:
        """Train a new model. NoPredictions, naming the setting, where it fails."""
        name, model = self.chosen.name, self.chosen.make()
        given = list(rows) if self.chosen.takes_data else rows
        fitted = _guarded(name, "failed to train", lambda: model.fit(given, labels))
        model = model if fitted is None else fitted
        known = np.asarray(getattr(model, "classes_", ()))
        if known.shape != (len(np.unique(labels)),) or not np.array_equal(known, np.unique(labels)):
            raise _broken(name, "has no classes_ with the class numbers it was trained on, ascending")
        return Trained(name, model, self.chosen.takes_data, known.astype(np.int64))


def _loaded(entry: EntryPoint) -> Callable[[], Any]:
    make = _guarded(entry.name, f"cannot be imported from {entry.value}", entry.load)
    if not callable(make):
        raise _broken(entry.name, f"is no class or function ({entry.value})")
    return make  # type: ignore[no-any-return]  # checked just above


def _guarded(name: str, what: str, call: Callable[[], Any]) -> Any:
    """What foreign code gives; whatever it raises is said as a fault of the model that the setting names."""
    try:
        return call()
    except NoPredictions:
        raise
    except Exception as error:
        raise _broken(name, f"{what}: {type(error).__name__}: {error}") from error


def _broken(name: str, problem: str) -> NoPredictions:
    remedy = "Mend the model (docs/models.md says what it must do), or remove the setting"
    return NoPredictions(f"the model {name!r} {problem}", field=SETTING, remedy=remedy)
