"""Where items lie beside each other: two directions of what the model learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.decomposition import PCA, TruncatedSVD

from workers.cli.offline.judging import SEED, Judged

MOST_POINTS = 2000  # more would only cover each other
WIDTH, HEIGHT, MARGIN = 640, 420, 12  # of the picture
SHADES = 5


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the picture; `shade` is 0 (certain) to 4 (as good as undecided)."""

    x: float
    y: float
    shade: int
    title: str  # empty but for flagged items
    flagged: bool


def similarity_map(judged: Judged) -> list[Point]:
    """All flagged items and a sample of the others; none where the features have no two directions."""
    n_rows, n_columns = judged.matrix.shape
    if n_rows < 3 or n_columns < 3:
        return []
    rows = _sample(judged)
    place = _placed(_projected(judged)[rows])
    top = judged.predicted.probs[rows].max(axis=1)
    span = 1 - 1 / len(judged.classes)  # the most uncertain that a top probability can be
    shades = np.minimum(((1 - top) / span * SHADES).astype(int), SHADES - 1)
    mask = judged.label_issues.mask[rows]
    titles = {int(row): _title(judged, int(row)) for row in rows[mask]}
    points = [
        Point(float(x), float(y), int(shade), titles.get(int(row), ""), bool(flagged))
        for row, (x, y), shade, flagged in zip(rows, place, shades, mask, strict=True)
    ]
    return sorted(points, key=lambda point: point.flagged)  # flagged ones are drawn on top


def _sample(judged: Judged) -> NDArray[np.intp]:
    flagged = judged.label_issues.order[:MOST_POINTS]
    others = np.flatnonzero(~judged.label_issues.mask)
    room = MOST_POINTS - len(flagged)
    if len(others) > room:
        others = np.random.default_rng(SEED).choice(others, size=room, replace=False)
    return np.sort(np.concatenate([flagged, others]))


def _projected(judged: Judged) -> NDArray[np.float64]:
    if issparse(judged.matrix):
        # The first direction of uncentred counts is how long a text is: the next two tell texts apart.
        result = TruncatedSVD(n_components=3, random_state=SEED).fit_transform(judged.matrix)[:, 1:]
    else:
        result = PCA(n_components=2, random_state=SEED).fit_transform(judged.matrix)
    return np.asarray(result, dtype=np.float64)


def _placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stretched over the picture; the outermost hundredth lies on its edge."""
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    unit = np.clip((points - low) / np.maximum(high - low, 1e-12), 0, 1)
    places: NDArray[np.float64] = MARGIN + unit * (np.array([WIDTH, HEIGHT]) - 2 * MARGIN)
    return np.round(places, 1)


def _title(judged: Judged, row: int) -> str:
    suggested = judged.classes[int(judged.label_issues.suggested[row])]
    return f"{judged.records[row].id}: {judged.records[row].label} → {suggested}"
