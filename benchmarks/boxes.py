"""Boxes of many pictures: ours against cleanlab's ObjectLab, with marks and scores compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from lines import Line, figures, interleaved, times
from numpy.typing import NDArray
from scene import Scene

from workers.issues import BoxMethod, box_issues, box_scores

PICTURES, QUICK_PICTURES = 1_000, 100
MANY_PICTURES, QUICK_MANY = 100_000, 2_000
CLASSES = 20
GIVEN, INVENTED = 7.8, 6.8  # boxes a picture, on average
ROUNDS = 3

Labels = list[dict[str, NDArray[Any]]]
Call = Callable[[Labels, Any], Any]


def measure(scene: Scene) -> Iterator[Line]:
    """A line for finding, one for scores, and one for each method on very many pictures, without a peer."""
    labels, predictions = pictures(QUICK_PICTURES if scene.quick else PICTURES)
    size = {
        "pictures": len(labels),
        "given": sum(len(item["labels"]) for item in labels),
        "predicted": sum(len(table) for row in predictions for table in row),
    }
    line, ours, theirs = _compared("boxes/find", labels, predictions, _ours, _peer, size)
    yield line | {
        "equal": bool(np.array_equal(ours.mask, theirs.astype(bool))),
        "found": int(ours.mask.sum()),
    }
    scene.say(f"   find: {line['ratio']}x")
    line, ours, theirs = _compared("boxes/scores", labels, predictions, box_scores, _peer_scores, size)
    yield line | {"scores_off_by": figures(float(abs(ours.image - theirs).max()))}
    scene.say(f"   scores: {line['ratio']}x")
    for method in BoxMethod:
        yield _many(method, labels, predictions, QUICK_MANY if scene.quick else MANY_PICTURES)


def pictures(n: int, seed: int = 0) -> tuple[Labels, Any]:
    """Boxes of which a few are missing, and a detector that moves, confuses and invents some."""
    rng = np.random.default_rng(seed)
    labels: Labels = []
    predictions = np.empty(n, dtype=object)
    for image in range(n):
        boxes = _boxes(rng, int(rng.poisson(GIVEN)))
        label = rng.integers(0, CLASSES, len(boxes))
        seen = np.concatenate(
            [boxes + rng.normal(0, 4, boxes.shape), _boxes(rng, int(rng.poisson(INVENTED)))]
        )
        named = np.concatenate([label, rng.integers(0, CLASSES, len(seen) - len(boxes))])
        named = np.where(rng.random(len(seen)) < 0.05, rng.integers(0, CLASSES, len(seen)), named)
        sure = rng.beta(8, 1, len(seen))
        sure[len(boxes) :] = rng.beta(1, 3, len(seen) - len(boxes))
        table = np.column_stack([seen, sure])
        predictions[image] = [table[named == k] for k in range(CLASSES)]
        kept = rng.random(len(boxes)) > 0.05
        labels.append({"bboxes": boxes[kept], "labels": label[kept]})
    return labels, predictions


def _boxes(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    corner = rng.uniform(0, 500, (n, 2))
    return np.hstack([corner, corner + rng.uniform(20, 150, (n, 2))])


def _compared(
    bench: str, labels: Labels, predictions: Any, ours: Call, peer: Call, size: dict[str, int]
) -> tuple[Line, Any, Any]:
    answers: dict[str, Any] = {}

    def timed(side: str, call: Call) -> Callable[[], float]:
        def seconds() -> float:
            started = time.perf_counter()
            answers[side] = call(labels, predictions)
            return time.perf_counter() - started

        return seconds

    ours(labels, predictions)  # imports, and memory that the process keeps
    measured = interleaved(ROUNDS, timed("ours", ours), timed("peer", peer))
    return times(bench, *measured, "s", **size), answers["ours"], answers["peer"]


def _many(method: BoxMethod, labels: Labels, predictions: Any, pictures: int) -> Line:
    """The same pictures again and again: cleanlab would need half an hour."""
    repeated = np.resize(np.arange(len(labels)), pictures)
    many = [labels[i] for i in repeated]
    started = time.perf_counter()
    result = box_issues(many, predictions[repeated], method=method)
    return {
        "bench": f"boxes/many/{method}",
        "ours": figures(time.perf_counter() - started),
        "unit": "s",
        "runs": 1,
        "pictures": pictures,
        "findings": len(result.findings),
    }


def _ours(labels: Labels, predictions: Any) -> Any:
    return box_issues(labels, predictions, method=BoxMethod.OBJECTLAB)


def _peer(labels: Labels, predictions: Any) -> Any:
    from cleanlab.object_detection.filter import find_label_issues

    return find_label_issues(labels, predictions)


def _peer_scores(labels: Labels, predictions: Any) -> Any:
    from cleanlab.object_detection.rank import get_label_quality_scores

    return get_label_quality_scores(labels, predictions, verbose=False)
