"""One number that makes a model as sure as the votes are."""

from __future__ import annotations

import numpy as np

from workers.consensus.arrays import Floats

COARSE = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0, 3.0, 5.0, 8.0)
FINE_STEPS = 4  # between a coarse temperature and its neighbour
LEAST = 1e-30  # a probability below this counts as this


def best_temperature(counts: Floats, probs: Floats) -> float:
    """The temperature under which the model's probabilities come closest to the shares of votes.

    Parameters
    ----------
    counts : (T, K) float
        Votes for each label; tasks without votes are left out.
    probs : (T, K) float
        The model's probabilities.

    Returns
    -------
    float
        0.1 to 8. Below 1 the model is made surer. 1 without votes.

    Notes
    -----
    Goh and Mueller (2023), arXiv 2301.11856, appendix: minimise the mean of -Σ_k q_ik log p_ik(τ), with q
    the shares of votes and p(τ) ∝ p^(1/τ), first over a coarse grid and then between its best value's
    neighbours.

    cleanlab 2.9.0 counts the votes with a function that puts float labels into the first slots, and labels
    are floats as soon as one vote is missing. It then calibrates towards the wrong classes. This counts each
    vote for its own class, which equals cleanlab where all annotators answered everything in integers.
    """
    voted = counts.sum(axis=1) > 0
    if not voted.any():
        return 1.0
    if not voted.all():
        counts, probs = counts[voted], probs[voted]
    shares = counts / counts.sum(axis=1, keepdims=True)
    logs = np.log(np.maximum(probs, LEAST))
    coarse = np.array(COARSE)
    best = int(np.argmin([_cross_entropy(shares, logs, value) for value in COARSE]))
    fine = [
        np.linspace(coarse[at], coarse[at + 1], FINE_STEPS, endpoint=False)
        for at in (best - 1, best)
        if 0 <= at < len(coarse) - 1
    ]
    tried = np.append(np.concatenate(fine), coarse[min(best + 1, len(coarse) - 1)])
    return float(tried[int(np.argmin([_cross_entropy(shares, logs, value) for value in tried]))])


def tempered(probs: Floats, temperature: float) -> Floats:
    """p^(1/τ), each row scaled to sum to 1."""
    clipped = np.maximum(probs, LEAST)
    logs = np.log(clipped / clipped.sum(axis=1, keepdims=True)) / temperature
    logs -= logs.max(axis=1, keepdims=True)
    scaled: Floats = np.exp(logs, out=logs)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def _cross_entropy(shares: Floats, logs: Floats, temperature: float) -> float:
    scaled = logs / temperature
    top = scaled.max(axis=1, keepdims=True)
    normaliser = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
    scores = np.maximum(scaled - normaliser[:, None], np.log(LEAST))
    return float(-(shares * scores).sum(axis=1).mean())
