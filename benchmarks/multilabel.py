"""Several labels an item: ours against cleanlab in one process, one thread each, with the items compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from lines import Line, interleaved, times
from numpy.typing import NDArray
from scene import Scene

from workers.issues import multilabel_issues

ROWS, CLASSES = 1_000_000, 20
QUICK_PART = 10  # of the rows
ROUNDS = 3
CHOSEN_SHARE, WRONG_SHARE = 0.15, 0.03  # of the cells
METHODS = ("prune_by_noise_rate", "low_self_confidence")
RANKED = {"prune_by_noise_rate": "self_confidence"}

Table = NDArray[np.bool_]
Probs = NDArray[np.float64]


def measure(scene: Scene) -> Iterator[Line]:
    """A line for each method's items, and for their ranking; ours computes both, and cell scores, always."""
    table, probs = made_up(ROWS // QUICK_PART if scene.quick else ROWS, CLASSES)
    lists = [np.flatnonzero(row).tolist() for row in table]
    for method in METHODS:
        peer = _cleanlab(lists, probs, filter_by=method)
        yield _compared(f"multilabel/{method}", table, probs, method, peer, lambda found: found.mask)
    for method, ranked_by in RANKED.items():
        peer = _cleanlab(lists, probs, filter_by=method, return_indices_ranked_by=ranked_by)
        yield _compared(f"multilabel/{method}/ranked", table, probs, method, peer, lambda found: found.order)


def made_up(rows: int, classes: int, seed: int = 1) -> tuple[Table, Probs]:
    """Labels of which some are wrong, and the probabilities of a model that is mostly right."""
    rng = np.random.default_rng(seed)
    true = rng.random((rows, classes)) < CHOSEN_SHARE
    probs = np.where(true, rng.beta(4, 1.5, true.shape), rng.beta(1, 8, true.shape))
    return true ^ (rng.random(true.shape) < WRONG_SHARE), probs


def _cleanlab(lists: list[list[int]], probs: Probs, **options: str) -> Callable[[], Any]:
    def find() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from cleanlab.multilabel_classification.filter import find_label_issues

            return find_label_issues(lists, probs, n_jobs=1, **options)

    return find


def _compared(
    bench: str, table: Table, probs: Probs, method: str, peer: Callable[[], Any], part: Callable[[Any], Any]
) -> Line:
    answers: dict[str, Any] = {}

    def seconds(side: str, find: Callable[[], Any]) -> Callable[[], float]:
        def timed() -> float:
            started = time.perf_counter()
            answers[side] = find()
            return time.perf_counter() - started

        return timed

    def ours() -> Any:
        return part(multilabel_issues(table, probs, method=method, threads=1))

    measured = interleaved(ROUNDS, seconds("ours", ours), seconds("peer", peer))
    return times(
        bench,
        *measured,
        "s",
        rows=table.shape[0],
        classes=table.shape[1],
        equal=bool(np.array_equal(answers["ours"], answers["peer"])),
    )
