"""Fewer columns for many rows of sparse features, whose full comparison takes too long."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.decomposition import TruncatedSVD

SPARSE_ROWS = (
    10_000  # compared as they are up to here: 20 s for texts of 35 words, four times for twice as many
)
SAMPLED = 20_000  # rows that the directions are learnt from
COLUMNS = 128
ITERATIONS = 1  # of the randomised decomposition: a second found the same planted duplicates


def searchable(features: Any, seed: int) -> Any:
    """The features to build the neighbour graph from.

    Parameters
    ----------
    features : (N, D) array or sparse matrix
    seed : int
        Equal seeds and features give equal columns.

    Returns
    -------
    (N, D) array or sparse matrix, or (N, 128) array
        As given, except for sparse features of more than 10,000 rows: these are brought to 128 columns by
        latent semantic analysis (Deerwester et al. 1990, with the randomised decomposition of Halko et al.
        2011, arXiv:0909.4061), in time linear in the rows. Above 20,000 rows the directions are those of
        20,000 evenly spaced ones, and the others are folded in (Deerwester et al., section 4.3).
    """
    n_rows, n_columns = features.shape
    if not issparse(features) or n_rows <= SPARSE_ROWS or n_columns <= COLUMNS:
        return features
    model = TruncatedSVD(n_components=COLUMNS, n_iter=ITERATIONS, random_state=seed)
    if n_rows <= SAMPLED:
        return np.asarray(model.fit_transform(features))
    sample = np.linspace(0, n_rows - 1, SAMPLED).astype(np.intp)
    return np.asarray(model.fit(features[sample]).transform(features))
