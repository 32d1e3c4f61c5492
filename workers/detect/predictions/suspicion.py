"""Signs that probabilities come from a model that had seen the labels it judges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from connector.model.reasons import Code, ScanDoubt, coded

FEW = 50  # rows; below, agreement by chance is too likely to say anything
ALMOST_ALL = 0.995  # of rows predicted exactly as labelled
VERY_SURE = 0.95  # mean probability of the given label that goes with memorised labels


def in_sample_suspicion(labels: NDArray[np.integer], probs: NDArray[np.floating]) -> Code | None:
    """Why the probabilities are probably not out of sample, or None.

    A model judged on rows it was trained on repeats their labels, the wrong ones too, and is sure of them.
    Held-out models of real data contradict some labels: at least the wrong ones. Agreement with all but
    1 row in 200 at a mean self-confidence above .95 is taken as memory. It can be wrong for very easy
    tasks with very clean labels, where there is little to find either; then a person may overrule it.
    """
    if len(labels) < FEW:
        return None
    trust = probs[np.arange(len(labels)), labels]
    agreement = float(np.mean(probs.argmax(axis=1) == labels))
    sureness = float(trust.mean())
    if agreement < ALMOST_ALL or sureness < VERY_SURE:
        return None
    return coded(ScanDoubt.SEEN_LABELS, agreement=agreement, sureness=sureness)
