"""Whether a model knows enough for what it says of the data to be about the data."""

from __future__ import annotations

import numpy as np

from workers.detect.findings.seen import LabelledRows
from workers.detect.predictions.limits import WEAK_GAIN, largest_share


def is_weak(seen: LabelledRows) -> bool:
    """Whether it agrees with the labels little more often than always naming the largest class would."""
    if seen.found is None:
        return True
    agreed = float(np.mean(seen.found.suggested == seen.labels))
    largest = largest_share(seen.labels)
    return agreed - largest < WEAK_GAIN * (1 - largest)
