"""Groups of items that look alike, for asking whether their labels are worse than elsewhere."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import normalize

from workers.issues.arrays import Counts

MOST = 20  # clusters
ITEMS = 50  # at least so many items for each cluster, on average
DIRECTIONS = 30  # of sparse features that are kept: their clusters are found there far faster
NONE = -1


def clusters(features: Any, *, seed: int) -> Counts:
    """The cluster of each item, 0 to 19 at most; -1 for all where there are fewer than 100 items.

    Parameters
    ----------
    features : (N, D) array or sparse matrix
    seed
        Equal seeds and features give equal clusters.

    Notes
    -----
    Mini-batch k-means (Sculley 2010) of directions, that is rows of length 1: lengths of texts and the
    brightness of images are not what makes items alike.
    """
    n_rows, n_columns = features.shape
    count = min(MOST, n_rows // ITEMS)
    if count < 2:
        return np.full(n_rows, NONE, dtype=np.int64)
    if issparse(features) and n_columns > DIRECTIONS:
        features = TruncatedSVD(DIRECTIONS, random_state=seed, n_iter=2).fit_transform(features)
    model = MiniBatchKMeans(count, random_state=seed, n_init=1, batch_size=4096)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        result = model.fit_predict(normalize(features))
    return np.asarray(result, dtype=np.int64)
