"""Wrong numbers: OutRe scores against cleanlab's in one process, and how our time grows with the items."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from lines import Line, figures, interleaved, times
from numpy.typing import NDArray
from scene import Scene

from workers.issues import NumberMethod, number_issues

ITEMS, QUICK_ITEMS = 10_000, 2_000
GROWTH = (30_000, 100_000, 300_000)  # all beyond what is compared exactly
QUICK_GROWTH = (20_000, 40_000)
ROUNDS = 3

Floats = NDArray[np.float64]


def measure(scene: Scene) -> Iterator[Line]:
    """One line beside cleanlab, exact and for as many items as that bears, and lines of ours for more."""
    yield _compared(*made_up(QUICK_ITEMS if scene.quick else ITEMS))
    for method in NumberMethod:
        for items in QUICK_GROWTH if scene.quick else GROWTH:
            yield _alone(method, *made_up(items))


def made_up(items: int, seed: int = 1) -> tuple[Floats, Floats]:
    """Numbers, and predictions of a model with heavy tails."""
    rng = np.random.default_rng(seed)
    given = rng.normal(size=items)
    return given, given + 0.3 * rng.standard_t(3, size=items)


def _compared(given: Floats, predicted: Floats) -> Line:
    scores: dict[str, Floats] = {}

    def seconds(side: str, score: Callable[[], Any]) -> Callable[[], float]:
        def timed() -> float:
            started = time.perf_counter()
            scores[side] = score()
            return time.perf_counter() - started

        return timed

    def ours() -> Floats:
        return number_issues(given, predicted, method="outre", threads=1).score

    def peer() -> Any:
        from cleanlab.regression.rank import get_label_quality_scores

        return get_label_quality_scores(given, predicted, method="outre")

    measured = interleaved(ROUNDS, seconds("ours", ours), seconds("peer", peer))
    off = float(np.abs(scores["ours"] - scores["peer"]).max())
    return times("number_issues/outre", *measured, "s", items=len(given), largest_difference=figures(off))


def _alone(method: NumberMethod, given: Floats, predicted: Floats) -> Line:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        number_issues(given, predicted, method=method, threads=1)
        seconds.append(time.perf_counter() - started)
    return {
        "bench": f"number_issues/{method.value}/{len(given)}",
        "ours": figures(min(seconds)),
        "unit": "s",
        "runs": ROUNDS,
        "items": len(given),
        "us_per_item": figures(min(seconds) / len(given) * 1e6),
    }
