"""Made-up sentences with given labels and a model's probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sentences = tuple[list[list[int]], list[NDArray[np.float64]]]


def made_up(seed: int, *, sentences: int = 40, classes: int = 5) -> Sentences:
    """Long, short and empty sentences; a tenth of the labels are wrong."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 12, sentences)
    probs = rng.standard_exponential((sizes.sum(), classes)) ** 3
    probs[np.arange(len(probs)), rng.integers(0, classes, len(probs))] += classes * rng.gamma(
        2, 1, len(probs)
    )
    probs /= probs.sum(axis=1, keepdims=True)
    wrong = rng.random(len(probs)) < 0.1
    labels = np.where(wrong, rng.integers(0, classes, len(probs)), probs.argmax(axis=1))
    ends = np.cumsum(sizes)[:-1]
    return [part.tolist() for part in np.split(labels, ends)], np.split(probs, ends)


CLASSES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG")


def read_as(*names: str, sure: float = 0.9) -> NDArray[np.float64]:
    """Probabilities of a model that reads these tags."""
    probs = np.full((len(names), len(CLASSES)), (1 - sure) / (len(CLASSES) - 1))
    probs[np.arange(len(names)), [CLASSES.index(name) for name in names]] = sure
    return probs


def given_as(*names: str) -> list[int]:
    return [CLASSES.index(name) for name in names]
