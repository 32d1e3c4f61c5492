"""Outlier scores from features: our neighbour graph against cleanlab's OutOfDistribution, scores compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from lines import Line, figures, interleaved, times
from memory import extra_mb
from numpy.typing import NDArray
from scene import Scene

from workers.issues.neighbours import knn, outlier_scores

COLUMNS = 128
CLUSTERS = 20
SIZES = (
    (10_000, 3),
    (50_000, 1),
)  # rows and rounds: cleanlab takes three minutes for one round of the second
QUICK_SIZES = ((3_000, 3),)
SAME = 1e-12  # largest difference of two scores that are called equal

Scores = NDArray[np.float64]
Score = Callable[[Any, NDArray[Any], str], Scores]


def measure(scene: Scene) -> Iterator[Line]:
    """A line for each size; memory at the smallest."""
    sizes = QUICK_SIZES if scene.quick else SIZES
    extra = _extra(scene, made_up(sizes[0][0]))
    for rows, rounds in sizes:
        line = _compared(made_up(rows), rounds)
        scene.say(f"   {rows} x {COLUMNS}: {line['ratio']}x")
        yield {**line, **(extra if rows == sizes[0][0] else {})}


def made_up(rows: int) -> NDArray[np.float64]:
    """Vectors in clusters, as embeddings are."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((CLUSTERS, COLUMNS))
    return centres[rng.integers(0, CLUSTERS, rows)] + rng.standard_normal((rows, COLUMNS))


def _compared(features: NDArray[np.float64], rounds: int) -> Line:
    scores: dict[str, Scores] = {}

    def seconds(side: str, score: Score) -> Callable[[], float]:
        def timed() -> float:
            started = time.perf_counter()
            scores[side] = score(None, features, "")
            return time.perf_counter() - started

        return timed

    found = interleaved(rounds, *(seconds(side, score) for side, score in SIDES.items()))
    difference = float(np.abs(scores["ours"] - scores["peer"]).max())
    return times(
        "neighbours/outliers",
        *found,
        "s",
        rows=len(features),
        columns=COLUMNS,
        equal=difference <= SAME,
        largest_difference=figures(difference),
    )


def _extra(scene: Scene, features: NDArray[np.float64]) -> Line:
    scene.say("   measuring memory")
    arrays = scene.new_folder()
    np.save(arrays / "labels.npy", np.zeros(len(features), dtype=np.int64))
    np.save(arrays / "probs.npy", features)
    return {
        f"{side}_extra_mb": figures(found)
        for side, score in SIDES.items()
        for found in extra_mb(score, ["features"], arrays).values()
    }


def with_ours(_labels: Any, features: NDArray[Any], _argument: str) -> Scores:
    return outlier_scores(knn(features))


def with_cleanlab(_labels: Any, features: NDArray[Any], _argument: str) -> Scores:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.outlier import OutOfDistribution

        scores: Scores = OutOfDistribution().fit_score(features=features, verbose=False)
    return scores


SIDES: dict[str, Score] = {"ours": with_ours, "peer": with_cleanlab}
