"""One score for an item from the scores of its cells, that is of its classes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Probabilities, block_rows
from workers.issues.spreading import THREADS, slices, spread
from workers.issues.validation import InvalidInput

Floats = NDArray[np.float64]

WORST = 0.8  # the weight of the worst cell in the moving average
TEMPERATURE = 0.1  # of the soft minimum


class ItemScore(StrEnum):
    """How an item's cells make its score."""

    EMA = "ema"  # exponential moving average from the best cell down to the worst
    SOFTMIN = "softmin"  # mean of the cells, weighted towards the least


def item_scores(cells: Probabilities, kind: ItemScore, *, threads: int = THREADS) -> Floats:
    """(N,) from (N, K), K at least 1, a block of rows at a time.

    Notes
    -----
    Thyagarajan, Snorrason, Northcutt and Mueller (2022), "Identifying Incorrect Annotations in
    Multi-Label Classification Data", arXiv:2211.13895. Moving average: e = s_(1) for the greatest cell,
    then e = 0.8 s_(i) + 0.2 e in descending order. Soft minimum: Σ s softmax((1 - s) / 0.1).
    """
    scores = np.empty(len(cells))
    score = _SCORES[kind]

    def work(part: slice) -> None:
        scores[part] = score(cells[part].astype(np.float64))

    spread(lambda: work, slices(len(cells), block_rows(cells)), threads)
    return scores


def item_score_of(name: str) -> ItemScore:
    """The score of that name; raises `InvalidInput` where there is none."""
    try:
        return ItemScore(name)
    except ValueError as error:
        remedy = f"Choose one of {', '.join(ItemScore)}"
        raise InvalidInput(f"is {name!r}", argument="item_score", remedy=remedy) from error


def _moving_average(block: Floats) -> Floats:
    block.sort(axis=1)
    columns = np.ascontiguousarray(block.T[::-1])
    average: Floats = columns[0]
    for column in columns[1:]:
        average = WORST * column + (1 - WORST) * average
    return average


def _soft_minimum(block: Floats) -> Floats:
    away = (1 - block) / TEMPERATURE
    weight = np.exp(away - away.max(axis=1, keepdims=True))
    total: NDArray[Any] = (block * weight).sum(axis=1) / weight.sum(axis=1)
    return total


_SCORES: dict[ItemScore, Callable[[Floats], Floats]] = {
    ItemScore.EMA: _moving_average,
    ItemScore.SOFTMIN: _soft_minimum,
}
