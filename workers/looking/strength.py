"""Whether a model knows enough for what it says of the data to be about the data."""

from __future__ import annotations

import numpy as np

from workers.looking.seen import Seen

GAIN = 0.2  # of the way from always naming the largest class to agreeing with every label


def is_weak(seen: Seen) -> bool:
    """Whether it agrees with the labels little more often than always naming the largest class would."""
    if seen.found is None:
        return True
    agreed = float(np.mean(seen.found.suggested == seen.labels))
    largest = float(np.bincount(seen.labels).max() / len(seen))
    return agreed - largest < GAIN * (1 - largest)
