"""Made-up pictures with given and predicted boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = dict[str, NDArray[Any]]
Tables = NDArray[np.object_]


def made_up(
    seed: int, *, pictures: int = 12, classes: int = 4, most: int = 8
) -> tuple[list[Picture], Tables]:
    """Crowded and empty pictures, by a model that misses, invents, moves and confuses."""
    rng = np.random.default_rng(seed)
    labels, rows = [], []
    for _ in range(pictures):
        boxes = random_boxes(rng, int(rng.integers(0, most)))
        label = rng.integers(0, classes, len(boxes))
        kept = rng.random(len(boxes)) < 0.8
        seen = np.concatenate(
            [boxes + rng.normal(0, 5, boxes.shape), random_boxes(rng, int(rng.integers(0, most)))]
        )
        seen[:, 2:] = np.maximum(seen[:, 2:], seen[:, :2])
        named = np.concatenate([label, rng.integers(0, classes, len(seen) - len(boxes))])
        named = np.where(rng.random(len(seen)) < 0.2, rng.integers(0, classes, len(seen)), named)
        rows.append((seen, named, rng.beta(2, 0.4, len(seen))))
        twice = kept & (rng.random(len(boxes)) < 0.1)  # drawn again, mostly as something else
        again = rng.integers(0, classes, int(twice.sum()))
        labels.append(
            picture(np.vstack([boxes[kept], boxes[twice] + 0.5]), np.concatenate([label[kept], again]))
        )
    return labels, tables(rows, classes)


def random_boxes(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    corner = rng.uniform(0, 400, (n, 2))
    return np.hstack([corner, corner + rng.uniform(5, 150, (n, 2))])


def picture(boxes: Any, label: Any) -> Picture:
    return {"bboxes": np.array(boxes, dtype=float).reshape(-1, 4), "labels": np.array(label, dtype=int)}


def tables(rows: Sequence[tuple[Any, Any, Any]], classes: int) -> Tables:
    """For each picture boxes, their classes and probabilities, as a table for each class."""
    result = np.empty((len(rows), classes), dtype=object)
    for image, (boxes, label, probability) in enumerate(rows):
        table = np.column_stack([np.reshape(boxes, (len(label), 4)), np.asarray(probability, dtype=float)])
        for k in range(classes):
            chosen = table[np.asarray(label, dtype=int) == k] if len(label) else np.zeros((0, 5))
            result[image, k] = chosen
    listed = np.empty(len(rows), dtype=object)
    for image in range(len(rows)):
        listed[image] = result[image]
    return listed
