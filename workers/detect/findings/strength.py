"""Whether a model knows enough for what it says of the data to be about the data."""

from __future__ import annotations

import numpy as np

from workers.detect.findings.rows import LabelledRows
from workers.detect.predictions.limits import WEAK_GAIN, largest_share


def is_weak(rows: LabelledRows) -> bool:
    """Whether it agrees with the labels little more often than always naming the largest class would."""
    if rows.issues is None:
        return True
    agreed = float(np.mean(rows.issues.suggested == rows.labels))
    largest = largest_share(rows.labels)
    return agreed - largest < WEAK_GAIN * (1 - largest)
