"""Names ↔ numbers: the bridge between the vocabulary and arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def encode(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Class names → class numbers (N,), 0..K-1; every label must be one of the classes."""
    number = {name: k for k, name in enumerate(classes)}
    return np.array([number[label] for label in labels], dtype=np.int64)
