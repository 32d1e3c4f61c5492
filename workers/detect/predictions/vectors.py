"""Vectors that the items carry: embeddings or measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def usable_vector(value: Any) -> NDArray[np.float64] | None:
    """The numbers, or None where the value is not a flat list of finite numbers."""
    if not isinstance(value, list | tuple) or not value:
        return None
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in value):
        return None
    try:
        vector = np.asarray(value, dtype=np.float64)
    except OverflowError:
        return None
    return vector if np.isfinite(vector).all() else None


def usual_length(vectors: Sequence[NDArray[np.float64]]) -> int:
    """The most frequent length; of equally frequent ones the longest."""
    counts = Counter(len(vector) for vector in vectors)
    return max(counts, key=lambda length: (counts[length], length), default=0)
