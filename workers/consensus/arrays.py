"""Names for the arrays that pass between the methods, and what is refused at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.consensus.votes import InvalidVotes, Votes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SUM_SLACK = 1e-3  # half precision and a few decimals miss a sum of 1 by less


def checked_probs(pred_probs: ArrayLike, votes: Votes) -> Floats:
    """The model's probabilities in double precision, one row for each task.

    Raises
    ------
    InvalidVotes
        For another shape, fewer rows than tasks, labels beyond the columns, or rows without probabilities.
    """
    given = np.asarray(pred_probs)
    if given.ndim != 2 or given.dtype.kind != "f" or given.shape[1] < 2:
        raise InvalidVotes(
            "pred_probs is no table of floats. Give a row per task, a column per class, 2 or more"
        )
    if len(given) < votes.n_tasks:
        raise InvalidVotes(
            f"pred_probs has {len(given)} rows for {votes.n_tasks} tasks. Give one row per task"
        )
    votes.refuse_labels_beyond(given.shape[1])
    probs = given.astype(np.float64, copy=False)
    sums = np.einsum("ij->i", probs)  # faster than sum for few columns
    fine = np.abs(sums - 1) <= SUM_SLACK  # false for NaN
    if not fine.all() or probs.min(initial=0) < -SUM_SLACK:
        row = int(np.argmax(~fine | (probs < -SUM_SLACK).any(axis=1)))
        raise InvalidVotes(f"pred_probs, row {row}: no probabilities that sum to 1. Predict the task again")
    return probs


def whole_numbers(name: str, values: ArrayLike, below: int | None = None) -> Ints:
    """`values` as integers from 0, below `below` if given.

    Raises
    ------
    InvalidVotes
        For anything else.
    """
    array = np.asarray(values)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise InvalidVotes(f"{name} is not made of integers. Number its values from 0")
    if array.min() < 0 or (below is not None and array.max() >= below):
        limit = "" if below is None else f" to {below - 1}"
        raise InvalidVotes(f"{name} holds a number outside the range from 0{limit}. Leave it out")
    return array.astype(np.int64)


def same_length(**arrays: NDArray[np.generic]) -> None:
    """Raise `InvalidVotes` unless all have one shape."""
    if len({array.shape for array in arrays.values()}) > 1:
        raise InvalidVotes(f"{', '.join(arrays)} differ in length. Give one entry of each per answer")


def level_in_range(level: float) -> float:
    """`level`, if it is a share strictly between 0 and 1."""
    if not 0 < level < 1:
        raise InvalidVotes(f"level is {level}. Give the share an interval shall cover, such as 0.95")
    return level


def sum_by(place: Ints, weight: NDArray[Any], size: int) -> Floats:
    """(size,): the weights summed by place."""
    result: NDArray[Any] = np.bincount(place, weight, minlength=size)
    return result.astype(np.float64, copy=False)


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Element-wise quotient; NaN where there is nothing to divide by."""
    result = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def leading(columns: NDArray[Any]) -> tuple[Ints, NDArray[Any], Mask]:
    """Of scores (K, T): each task's first best class, its score, and whether another class equals it.

    A class a row, because operations along a long axis are several times faster than along K.
    """
    n_classes = len(columns)
    top = columns.max(axis=0)
    best: Mask = columns == top
    dtype = np.int8 if n_classes < np.iinfo(np.int8).max else np.int64
    countdown = np.arange(n_classes, 0, -1, dtype=dtype)[:, None]
    first = n_classes - (best * countdown).max(axis=0)
    return first.astype(np.int64), top, best.sum(axis=0, dtype=dtype) > 1
