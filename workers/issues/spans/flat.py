"""Tokens of many sentences as one long list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from itertools import chain, pairwise
from operator import iadd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Counts, Probabilities, Rows, listed
from workers.issues.pooling import starts_of
from workers.issues.spreading import in_order
from workers.issues.validation import DTYPES, InvalidInput


class FlatTokens:
    """`labels` (T,) of all tokens, and `sizes` (N,), how many each sentence has; probabilities on request."""

    def __init__(self, labels: NDArray[Any], tables: Sequence[Any], sizes: Counts) -> None:
        self.labels = labels
        self.sizes = sizes
        self._tables = tables  # of the sentences that have tokens

    @cached_property
    def probs(self) -> NDArray[Any]:
        """(T, K).

        Raises
        ------
        InvalidInput
            For tables of other lengths than their labels, and of different widths, with the sentence as row.
        """
        if not len(self._tables):
            return np.zeros((0, 2))
        if self.sizes.all():  # else it is done already
            _refuse_lengths(self.sizes, self._tables)
        try:
            return np.concatenate(self._tables)
        except ValueError as error:
            raise self._refused_width() from error

    def rows(self) -> SentenceRows | None:
        """The probabilities where they lie, unless they are plainly not all of one type and width."""
        first = self._tables[0] if len(self._tables) else None
        if not isinstance(first, np.ndarray) or first.ndim != 2 or first.dtype not in DTYPES:
            return None
        return SentenceRows(self._tables, self.sizes[self.sizes > 0], first)

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

    def _refused_width(self) -> InvalidInput:
        width = np.shape(self._tables[0])
        other = next((i for i, table in enumerate(self._tables) if np.shape(table)[1:] != width[1:]), 0)
        return InvalidInput(
            f"has shape {np.shape(self._tables[other])} where the first has {width}",
            argument="pred_probs",
            remedy="Give one row per token, one column per class",
            row=int(np.flatnonzero(self.sizes)[other]),
        )


class UnlikeTables(Exception):
    """Tables are not all of one type and width and as long as their labels: `FlatTokens.probs` says more."""


class SentenceRows:
    """The tables of sentences as one, never joined as a whole: a block of them is, while it is read."""

    def __init__(self, tables: Sequence[Any], sizes: Counts, first: Probabilities) -> None:
        self._tables = tables
        self._sizes = sizes
        self._ends = ends = np.cumsum(sizes)
        self._kept: dict[int, Probabilities] = {}
        self.shape = (int(ends[-1]), first.shape[1])
        self.dtype = first.dtype

    def parts(self, step: int) -> Sequence[slice]:
        """Of whole sentences."""
        n_rows = self.shape[0]
        last = np.searchsorted(self._ends, np.arange(step, n_rows, step), side="right") - 1
        inner = np.unique(self._ends[last[last >= 0]])
        bounds = [0, *inner.tolist(), n_rows]
        return [slice(start, end) for start, end in pairwise(bounds) if end > start]

    def block(self, part: slice) -> Probabilities:
        """The tables of a part, joined."""
        out = np.empty((part.stop - part.start, self.shape[1]), dtype=self.dtype)
        self.copy(part, out)
        return out

    def copy(self, part: slice, out: Probabilities) -> None:
        """Join the tables of a part.

        Raises
        ------
        UnlikeTables
            They are not all of one type and width, or not as long as their labels.
        """
        first, last = np.searchsorted(self._ends, (part.start, part.stop - 1), side="right").tolist()
        tables = self._tables[first : last + 1]
        sizes = np.fromiter(map(len, tables), np.int64, len(tables))
        if not np.array_equal(sizes, self._sizes[first : last + 1]):
            raise UnlikeTables
        try:
            np.concatenate(tables, out=out, casting="no")
        except (TypeError, ValueError) as error:
            raise UnlikeTables from error

    def keep(self, part: slice, rows: Rows, block: Probabilities) -> None:
        """Hold these, because they lie far apart."""
        self._kept[part.start] = block.T.take(rows, axis=1)

    def kept(self, rows: Rows) -> tuple[Probabilities, Rows]:
        """What was held, joined."""
        columns = np.concatenate(in_order(self._kept), axis=1)
        return columns.T, np.arange(len(rows))

    def gather(self, rows: Rows) -> Probabilities:
        """Of the sentences that have some, joined."""
        sentences, which = np.unique(np.searchsorted(self._ends, rows, side="right"), return_inverse=True)
        sizes = self._sizes[sentences]
        shift = starts_of(sizes) - (self._ends[sentences] - sizes)
        joined: Probabilities = np.concatenate([self._tables[i] for i in sentences.tolist()])
        return joined.take(rows + shift[which], axis=0)

    def whole(self) -> Probabilities:
        """All tables, joined."""
        return np.concatenate(self._tables)


def flatten(labels: Iterable[Any], pred_probs: Iterable[Any]) -> FlatTokens:
    """Lay the sentences end to end; those without tokens may have probabilities of any empty shape.

    Raises
    ------
    InvalidInput
        For lists of different lengths.
    """
    labels, pred_probs = listed(labels), listed(pred_probs)
    if len(labels) != len(pred_probs):
        raise InvalidInput(
            f"has {len(labels)} sentences for {len(pred_probs)} of pred_probs",
            argument="labels",
            remedy="Give both for the same sentences",
        )
    sizes = np.fromiter(map(len, labels), np.int64, len(labels))
    if not sizes.all():
        _refuse_lengths(sizes, pred_probs)
        filled = np.flatnonzero(sizes).tolist()
        labels, pred_probs = [labels[i] for i in filled], [pred_probs[i] for i in filled]
    return FlatTokens(_joined(labels), pred_probs, sizes)


def _refuse_lengths(sizes: Counts, pred_probs: Sequence[Any]) -> None:
    """Raise unless there is a row for each token."""
    rows = np.fromiter(map(len, pred_probs), np.int64, len(pred_probs))
    if not np.array_equal(sizes, rows):
        sentence = int(np.flatnonzero(sizes != rows)[0])
        raise InvalidInput(
            f"has {sizes[sentence]} tokens for {rows[sentence]} rows of pred_probs",
            argument="labels",
            remedy="Give a label for each token",
            row=sentence,
        )


def _joined(labels: Sequence[Any]) -> NDArray[Any]:
    if len(labels) and isinstance(labels[0], np.ndarray):
        return np.concatenate(labels)
    try:
        values: list[Any] = reduce(iadd, labels, [])
        return np.frombuffer(bytearray(values), dtype=np.uint8)  # ten times as fast
    except (TypeError, ValueError):  # no integers, or not all within 0..255
        return np.array(list(chain.from_iterable(labels)))
