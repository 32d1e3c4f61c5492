"""Which labels are wrong: ours against cleanlab in one process, with the masks compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from lines import Line, figures, interleaved, summary, times
from memory import WARM_ROWS, extra_mb
from numpy.typing import NDArray
from scene import Scene

from workers.issues import Method, label_issues

ROWS, QUICK_ROWS = 1_000_000, 100_000
CLASSES = 10
ROUNDS, QUICK_ROUNDS = 5, 3
WRONG_SHARE = 0.12
EXTRA = ("ours_extra_x_input", "peer_extra_x_input")

Labels = NDArray[np.int64]
Probs = NDArray[np.float64]
Mask = NDArray[np.bool_]
Find = Callable[[Labels, Probs, str], Mask]


def measure(scene: Scene) -> Iterator[Line]:
    """A line for each method, and the geometric mean of all."""
    rows = QUICK_ROWS if scene.quick else ROWS
    labels, probs = made_up(rows, CLASSES)
    for find in SIDES.values():
        find(labels[:WARM_ROWS], probs[:WARM_ROWS], Method.BOTH.value)
    arrays = scene.new_folder()
    np.save(arrays / "labels.npy", labels)
    np.save(arrays / "probs.npy", probs)
    scene.say("   measuring memory")
    methods = [method.value for method in Method]
    extra = {f"{side}_extra": extra_mb(find, methods, arrays) for side, find in SIDES.items()}
    input_mb = (labels.nbytes + probs.nbytes) / 1e6
    lines: list[Line] = []
    for method in methods:
        line = _compared(scene, labels, probs, method)
        for side, found in extra.items():
            if method in found:
                line |= {
                    f"{side}_mb": figures(found[method]),
                    f"{side}_x_input": figures(found[method] / input_mb),
                }
        scene.say(f"   {method}: {line['ratio']}x")
        lines.append(line)
        yield line
    yield summary(
        "label_issues",
        lines,
        rows=rows,
        classes=CLASSES,
        equal=all(line["equal"] for line in lines),
        **{name: max(line[name] for line in lines) for name in EXTRA if name in lines[0]},
    )


def made_up(rows: int, classes: int, seed: int = 1) -> tuple[Labels, Probs]:
    """Labels of which some are wrong, and the probabilities of a model that is mostly right."""
    rng = np.random.default_rng(seed)
    probs = rng.standard_exponential((rows, classes)) ** 3
    probs[np.arange(rows), rng.integers(0, classes, rows)] += classes * rng.gamma(2, 1, rows)
    probs /= probs.sum(axis=1, keepdims=True)
    wrong = rng.random(rows) < WRONG_SHARE
    return np.where(wrong, rng.integers(0, classes, rows), probs.argmax(axis=1)), probs


def _compared(scene: Scene, labels: Labels, probs: Probs, method: str) -> Line:
    masks: dict[str, Mask] = {}

    def seconds(side: str, find: Find) -> Callable[[], float]:
        def timed() -> float:
            started = time.perf_counter()
            masks[side] = find(labels, probs, method)
            return time.perf_counter() - started

        return timed

    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    found = interleaved(rounds, *(seconds(side, find) for side, find in SIDES.items()))
    return times(
        f"label_issues/{method}",
        *found,
        "s",
        rows=len(labels),
        classes=probs.shape[1],
        equal=bool(np.array_equal(masks["ours"], masks["peer"])),
        found=int(masks["ours"].sum()),
    )


def with_ours(labels: Labels, probs: Probs, method: str) -> Mask:
    return label_issues(labels, probs, method=method).mask


def with_cleanlab(labels: Labels, probs: Probs, method: str) -> Mask:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.filter import find_label_issues

        mask: Mask = find_label_issues(labels, probs, filter_by=method, n_jobs=1)
    return mask


SIDES: dict[str, Find] = {"ours": with_ours, "peer": with_cleanlab}
