"""Tokens of many sentences as one long list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts, Rows, block_rows, listed
from workers.issues.pooling import starts_of
from workers.issues.validation import InvalidInput


@dataclass(frozen=True, slots=True)
class FlatTokens:
    """`labels` (T,) and `probs` (T, K) of all tokens, and `sizes` (N,), how many each sentence has.

    `trust` (T,) are the probabilities of the labels, picked while the tables were joined; None where labels
    or tables are such that they must be looked at first.
    """

    labels: NDArray[Any]
    probs: NDArray[Any]
    sizes: Counts
    trust: NDArray[Any] | None = None

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


def flatten(labels: Iterable[Any], pred_probs: Iterable[Any]) -> FlatTokens:
    """Join the sentences; those without tokens may have probabilities of any empty shape.

    Raises
    ------
    InvalidInput
        For lists of different lengths, sentences whose labels and probabilities differ in length, and
        tables of different widths, with the sentence as row.
    """
    labels, pred_probs = listed(labels), listed(pred_probs)
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
    if not sizes.all():
        filled = np.flatnonzero(sizes).tolist()
        labels, pred_probs = [labels[i] for i in filled], [pred_probs[i] for i in filled]
    else:
        filled = list(range(len(sizes)))
    given = _joined(labels)
    picked = _picked(given, pred_probs, sizes[filled])
    if picked is not None:
        return FlatTokens(given, picked[0], sizes, picked[1])
    return FlatTokens(given, _tables(pred_probs, filled), sizes)


def _joined(labels: Sequence[Any]) -> NDArray[Any]:
    if len(labels) and isinstance(labels[0], np.ndarray):
        return np.concatenate(labels)
    try:
        return np.frombuffer(b"".join(map(bytes, labels)), dtype=np.uint8)  # three times as fast
    except (TypeError, ValueError):  # no integers, or not all within 0..255
        return np.array(list(chain.from_iterable(labels)))


def _picked(
    given: NDArray[Any], tables: Sequence[Any], sizes: Counts
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """The joined tables and the probability of each label, taken while its row is in the cache.

    None where not all tables are of one type and width, or a label is no column: then others say what is
    wrong.
    """
    first = tables[0] if len(tables) else None
    if not isinstance(first, np.ndarray) or first.ndim != 2 or given.dtype.kind not in "iu":
        return None
    if int(given.max()) >= first.shape[1] or int(given.min()) < 0:
        return None
    probs = np.empty((len(given), first.shape[1]), dtype=first.dtype)
    trust = np.empty(len(given), dtype=first.dtype)
    ends = np.cumsum(sizes)
    step = max(1, len(sizes) * block_rows(probs) // max(1, len(given)))
    start = 0
    for at in range(0, len(sizes), step):
        end = int(ends[min(at + step, len(sizes)) - 1])
        block = probs[start:end]
        try:
            np.concatenate(tables[at : at + step], out=block, casting="no")
        except (TypeError, ValueError):
            return None
        trust[start:end] = block[np.arange(end - start), given[start:end]]
        start = end
    return probs, trust


def _tables(pred_probs: Sequence[Any], filled: list[int]) -> NDArray[Any]:
    if not filled:
        return np.zeros((0, 2))
    try:
        return np.concatenate(pred_probs)
    except ValueError as error:
        width = np.shape(pred_probs[0])
        other = next((i for i, table in enumerate(pred_probs) if np.shape(table)[1:] != width[1:]), 0)
        raise InvalidInput(
            f"has shape {np.shape(pred_probs[other])} where the first has {width}",
            argument="pred_probs",
            remedy="Give one row per token, one column per class",
            row=filled[other],
        ) from error
