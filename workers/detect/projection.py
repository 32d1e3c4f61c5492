"""Where items stand on a map: features brought to two numbers each, close ones beside each other. Pure."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.sparse import issparse
from sklearn.decomposition import PCA, TruncatedSVD

from connector.model.similarity_map import MapMethod

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]

SEED = 20_210_208  # equal features give equal maps
COLUMNS = 50  # kept of the features: what a neighbour embedding takes
MOST_FITTED = 50_000  # rows; the others are put to their places among these
LEAST_ROWS = 8
PERPLEXITY = 30
WIDEST = 0.001  # share of the points at each end that may stand on the map's edge
SIDE = 65_535


def columns_of(features: Any) -> NDArray[np.float16] | None:
    """(N, d) with d up to `COLUMNS`: the principal components, largest first; None for too few rows."""
    rows, width = features.shape
    least = min(rows, width)
    if rows < LEAST_ROWS or least < 2:
        return None
    n = min(COLUMNS, least - 1) if least > 2 else 2
    model = (
        TruncatedSVD(max(2, n), random_state=SEED)
        if issparse(features)
        else PCA(max(2, n), svd_solver="randomized", random_state=SEED)
    )
    sample = _sample(rows)
    with np.errstate(invalid="ignore", divide="ignore"):  # of rows that are all alike
        model.fit(features[sample])
    result: Floats = model.transform(features)
    largest = float(np.abs(result).max()) or 1.0
    return (result / largest).astype(np.float16)


def placed(columns: Floats, ids: Ids, before: tuple[Ids, Floats] | None) -> tuple[Floats, MapMethod]:
    """(N, 2) places, near those of `before` (ids and places of the last map) for the same items.

    By t-SNE (van der Maaten & Hinton 2008; FIt-SNE, Linderman et al. 2019) where openTSNE is installed, begun
    from the last places; else the first two principal components.
    """
    columns = columns.astype(np.float64)
    plain = columns[:, :2]
    if find_spec("openTSNE") is None or len(ids) <= 3 * PERPLEXITY:
        return aligned(plain, ids, before), MapMethod.PCA
    start = aligned(plain, ids, before)
    return aligned(_embedded(columns, _begun(start, ids, before)), ids, before), MapMethod.TSNE


def aligned(places: Floats, ids: Ids, before: tuple[Ids, Floats] | None) -> Floats:
    """The places turned and mirrored as a whole, so that known items stand where they stood (Procrustes)."""
    centred: Floats = places - places.mean(axis=0)
    if before is None:
        return centred
    _, here, there = np.intersect1d(ids, before[0], return_indices=True)
    if len(here) < LEAST_ROWS:
        return centred
    was = before[1][there] - before[1][there].mean(axis=0)
    now = centred[here] - centred[here].mean(axis=0)
    turned, _ = orthogonal_procrustes(now, was)
    result: Floats = centred @ turned
    return result


def on_the_map(places: Floats) -> NDArray[np.uint16]:
    """(N, 2) as whole numbers of the map's sides; both have one scale, and a few far points its edge."""
    low, high = np.quantile(places, [WIDEST, 1 - WIDEST], axis=0)
    middle, half = (low + high) / 2, float((high - low).max()) / 2 or 1.0
    scaled = (places - middle) / (2 * half) * 0.96 + 0.5
    whole: NDArray[np.uint16] = np.round(np.clip(scaled, 0, 1) * SIDE).astype(np.uint16)
    return whole


def _embedded(columns: Floats, start: Floats) -> Floats:
    sample = _sample(len(columns))
    model = import_module("openTSNE").TSNE(  # an extra of its own
        perplexity=PERPLEXITY, initialization=start[sample], random_state=SEED, negative_gradient_method="fft"
    )
    fitted = model.fit(columns[sample])
    result: Floats = np.empty((len(columns), 2))
    result[sample] = fitted
    others = np.setdiff1d(np.arange(len(columns)), sample)
    if len(others):
        result[others] = fitted.transform(columns[others])
    return result


def _begun(start: Floats, ids: Ids, before: tuple[Ids, Floats] | None) -> Floats:
    """Known items begin where they stood, new ones by their components; all in the small, as t-SNE begins."""
    begun = start / (start.std(axis=0).max() or 1.0)
    if before is not None:
        _, here, there = np.intersect1d(ids, before[0], return_indices=True)
        was = before[1][there] - before[1].mean(axis=0)
        begun[here] = was / (before[1].std(axis=0).max() or 1.0)
    small: Floats = begun * 1e-4
    return small


def _sample(rows: int) -> NDArray[np.int64]:
    if rows <= MOST_FITTED:
        return np.arange(rows, dtype=np.int64)
    chosen = np.random.default_rng(SEED).choice(rows, MOST_FITTED, replace=False)
    return np.sort(chosen).astype(np.int64)
