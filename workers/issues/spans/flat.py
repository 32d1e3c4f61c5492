"""Tokens of many sentences as one long list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts, Rows
from workers.issues.pooling import starts_of
from workers.issues.validation import InvalidInput


@dataclass(frozen=True, slots=True)
class FlatTokens:
    """`labels` (T,) and `probs` (T, K) of all tokens, and `sizes` (N,), how many each sentence has."""

    labels: NDArray[Any]
    probs: NDArray[Any]
    sizes: Counts

    def pairs(self, rows: Rows) -> NDArray[np.int64]:
        """(R, 2): the sentence of each row, and its place in it."""
        sentence = np.repeat(np.arange(len(self.sizes)), self.sizes)[rows]
        return np.stack([sentence, rows - starts_of(self.sizes)[sentence]], axis=1)

    def located(self, refused: InvalidInput) -> InvalidInput:
        """The same refusal, with the sentence as row and the token named."""
        if refused.row is None:
            return refused
        sentence, token = self.pairs(np.array([refused.row]))[0].tolist()
        return InvalidInput(
            f"token {token}: {refused.problem}",
            argument=refused.argument,
            remedy=refused.remedy,
            row=sentence,
        )


def flatten(labels: Sequence[Any], pred_probs: Sequence[Any]) -> FlatTokens:
    """Join the sentences; those without tokens may have probabilities of any empty shape.

    Raises
    ------
    InvalidInput
        For lists of different lengths, sentences whose labels and probabilities differ in length, and
        tables of different widths, with the sentence as row.
    """
    if len(labels) != len(pred_probs):
        raise InvalidInput(
            f"has {len(labels)} sentences for {len(pred_probs)} of pred_probs",
            argument="labels",
            remedy="Give both for the same sentences",
        )
    lengths, rows = list(map(len, labels)), list(map(len, pred_probs))
    if lengths != rows:
        sentence = next(i for i, n in enumerate(lengths) if n != rows[i])
        raise InvalidInput(
            f"has {lengths[sentence]} tokens for {rows[sentence]} rows of pred_probs",
            argument="labels",
            remedy="Give a label for each token",
            row=sentence,
        )
    sizes = np.array(lengths, dtype=np.int64)
    filled = np.flatnonzero(sizes).tolist()
    return FlatTokens(_joined(labels, filled), _tables(pred_probs, filled), sizes)


def _joined(labels: Sequence[Any], filled: list[int]) -> NDArray[Any]:
    if filled and isinstance(labels[filled[0]], np.ndarray):
        return np.concatenate([labels[i] for i in filled])
    try:
        return np.frombuffer(bytes(chain.from_iterable(labels)), dtype=np.uint8)  # three times as fast
    except (TypeError, ValueError):  # no integers, or not all within 0..255
        return np.array(list(chain.from_iterable(labels)))


def _tables(pred_probs: Sequence[Any], filled: list[int]) -> NDArray[Any]:
    if not filled:
        return np.zeros((0, 2))
    try:
        return np.concatenate([pred_probs[i] for i in filled])
    except ValueError as error:
        width = np.shape(pred_probs[filled[0]])
        other = next((i for i in filled if np.shape(pred_probs[i])[1:] != width[1:]), filled[0])
        raise InvalidInput(
            f"has shape {np.shape(pred_probs[other])} where the first has {width}",
            argument="pred_probs",
            remedy="Give one row per token, one column per class",
            row=other,
        ) from error
