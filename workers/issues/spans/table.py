"""Spans of many texts in flat arrays, and how they are read from tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Counts, Mask, Rows
from workers.issues.pooling import starts_of
from workers.issues.validation import InvalidInput

Ints = NDArray[np.int64]

OUTSIDE = "O"
NO_LABEL = -1


class SpanTable:
    """S spans in order of text and start.

    Parameters
    ----------
    text : (S,) int
        The number of the text that each is in.
    start, end : (S,) int
        End exclusive: characters or tokens, as long as all spans that are compared are of one kind.
    label : (S,) int
        Classes from 0.
    probability : (S,) float, optional
        1 for spans that people marked.

    Raises
    ------
    InvalidInput
        For arrays of different lengths, empty or negative spans, and probabilities outside 0..1, with the
        place as row.
    """

    __slots__ = ("end", "label", "place", "probability", "start", "text")

    def __init__(
        self,
        text: ArrayLike,
        start: ArrayLike,
        end: ArrayLike,
        label: ArrayLike,
        probability: ArrayLike | None = None,
    ) -> None:
        columns = [_whole(text), _whole(start), _whole(end), _whole(label)]
        p = np.ones(len(columns[0])) if probability is None else np.asarray(probability, dtype=np.float64)
        if len({len(column) for column in (*columns, p)}) > 1:
            raise InvalidInput(
                "has columns of different lengths", argument="spans", remedy="Give one entry of each per span"
            )
        bad = (columns[2] <= columns[1]) | (columns[1] < 0) | ~((p >= 0) & (p <= 1))
        if bad.any():
            row = int(np.argmax(bad))
            raise InvalidInput(
                f"goes from {columns[1][row]} to {columns[2][row]} with probability {p[row]:.6g}",
                argument="spans",
                remedy="Give 0 <= start < end, and a probability 0..1",
                row=row,
            )
        order = np.lexsort((columns[2], columns[1], columns[0]))
        self.text, self.start, self.end, self.label = (column[order] for column in columns)
        self.probability = p[order]
        self.place: Rows = order  # of each span among those given

    def __len__(self) -> int:
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Tags:
    """What each class of tokens says: `label` (K,) of spans, -1 outside, and whether a span `begins` (K,).

    `names` are the labels of spans, in the order in which they first occur.
    """

    names: tuple[str, ...]
    label: Ints
    begins: Mask


def read_tags(classes: Sequence[str]) -> Tags:
    """From the classes' names: `O`, and labels with or without `B-`, `I-`, `E-`, `S-`, `L-`, `U-`.

    A span begins at `B-`, `S-` and `U-`, and wherever the label changes (IOB1, IOB2, BILOU and plain labels).
    """
    split = [(name[0], name[2:]) if name[1:2] == "-" else ("", name) for name in classes]
    names = tuple(dict.fromkeys(label for mark, label in split if (mark, label) != ("", OUTSIDE)))
    label = [NO_LABEL if (mark, item) == ("", OUTSIDE) else names.index(item) for mark, item in split]
    begins = [mark in ("B", "S", "U") for mark, _ in split]
    return Tags(names, np.array(label, dtype=np.int64), np.array(begins, dtype=bool))


def spans_of_tags(tags: Tags, tokens: NDArray[np.integer], sizes: Counts) -> SpanTable:
    """The spans, in tokens of their text, of all tokens' classes (T,), text after text of `sizes` (N,)."""
    label = tags.label[tokens]
    at_start = np.zeros(len(tokens) + 1, dtype=bool)
    at_start[starts_of(sizes)] = True
    fresh = at_start[:-1] | (np.append(NO_LABEL, label[:-1]) != label) | tags.begins[tokens]
    first = np.flatnonzero(fresh & (label != NO_LABEL))
    stops = np.append(np.flatnonzero(fresh), len(tokens))
    last = stops[np.searchsorted(stops, first, side="right")]
    text = np.searchsorted(np.cumsum(sizes), first, side="right")
    offset = starts_of(sizes)[text]
    return SpanTable(text, first - offset, last - offset, label[first])


def _whole(values: ArrayLike) -> Ints:
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidInput("holds no list of integers", argument="spans", remedy="Number from 0")
    return array.astype(np.int64)
