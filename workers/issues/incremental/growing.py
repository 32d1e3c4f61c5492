"""Arrays that grow."""

from __future__ import annotations

from array import array
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Probabilities

ROOM = 4  # space is kept for one entry more in this many, at least for
MIN_ROOM = 64

_Scalar = TypeVar("_Scalar", bound=np.generic)


def grown(used: NDArray[_Scalar], needed: int) -> NDArray[_Scalar]:
    """The array, or a longer copy with room to grow; pages never written to take no memory."""
    if needed <= len(used):
        return used
    longer = np.empty((needed + needed // ROOM + MIN_ROOM, *used.shape[1:]), dtype=used.dtype)
    longer[: len(used)] = used
    return longer


def floats(values: Probabilities) -> array[float]:
    """The values in an array that takes and gives up single entries without a gap."""
    kind = "d" if values.dtype == np.float64 else "f"
    return array(kind, values.tobytes())
