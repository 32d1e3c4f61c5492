"""Which numbers and ratings are probably wrong, given what a model predicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Mask, Rows
from workers.issues.item_scores import Floats
from workers.issues.local_deviation import local_deviation
from workers.issues.outre import outre
from workers.issues.spreading import THREADS
from workers.issues.validation import InvalidInput

FAR = 5.0  # local deviations beyond it are issues
LEAST = 20  # items for local marks: of 20 right ones .1 % pass 5 by chance, of 5 nearly 3 %
LOW_SHARE = 0.05  # of the median OutRe score; scores below are issues
HUGE = 1e100  # beyond, squares leave the range of double precision


class NumberMethod(StrEnum):
    """How numbers are judged."""

    LOCAL = "local"  # against the residuals of items with about the same prediction
    OUTRE = "outre"  # against all items, by label and residual


@dataclass(frozen=True, slots=True)
class NumberIssues:
    """What was found.

    `mask` (N bool) marks the issues, `order` lists their rows, least `score` first, equal ones by row.
    `score` (N, 0..1, low where suspicious) is NaN for items that are not judged. `expected` (N) is the
    number expected instead, `spread` (N) the standard deviation of given numbers about it. `warnings` says
    what was left out.
    """

    mask: Mask
    order: Rows
    score: Floats
    expected: Floats
    spread: Floats
    warnings: tuple[str, ...] = ()


def number_issues(
    given: ArrayLike, predicted: ArrayLike, *, method: str = "local", threads: int = THREADS
) -> NumberIssues:
    """Find numbers that are probably wrong.

    Parameters
    ----------
    given : (N,) float or int
        Ratings or other numbers. An item whose number is NaN is not judged.
    predicted : (N,) float or int
        Out-of-sample predictions of them. NaN as for `given`.
    method
        "local": z of `local_deviation`; the score is 5 / (5 + z) and an issue one below 1/2, that is
        z > 5, among 20 items or more: fewer are scored and not marked. What is expected is the
        prediction, moved by the median residual near it.
        "outre": `outre`, equal to cleanlab 2.9.0's `regression.rank.get_label_quality_scores` up to 10,000
        items; an issue is a score below 0.05 of the median score. The prediction is what is expected.
    threads
        How many to compute with; the answer is the same for any number.

    Raises
    ------
    InvalidInput
        For another method, lists that differ in length or hold no numbers, infinities and numbers beyond
        1e100.

    Notes
    -----
    On planted errors "local" ranks and marks clearly better than "outre": average precision .66 to .51,
    and of what is marked .73 to .37 is wrong.
    """
    chosen = _method_of(method)
    labels, guesses = _numbers("given", given), _numbers("predicted", predicted)
    if len(labels) != len(guesses):
        raise _refusal(
            "predicted", f"has {len(guesses)} entries for {len(labels)} given", "Give both for the same items"
        )
    judged = np.flatnonzero(~(np.isnan(labels) | np.isnan(guesses)))
    measure = _local if chosen is NumberMethod.LOCAL else _outre
    mask = np.zeros(len(labels), dtype=np.bool_)
    score, expected, spread = np.full((3, len(labels)), np.nan)
    if judged.size:
        mask[judged], score[judged], expected[judged], spread[judged] = measure(
            labels[judged], guesses[judged], threads
        )
    rows = np.flatnonzero(mask)
    order = rows[np.argsort(score[rows], kind="stable")]
    return NumberIssues(mask, order, score, expected, spread, _warnings(len(labels), judged, chosen))


def _local(labels: Floats, guesses: Floats, threads: int) -> tuple[Mask, Floats, Floats, Floats]:
    local = local_deviation(labels - guesses, guesses, threads=threads)
    mask: Mask = (local.z > FAR) & (len(labels) >= LEAST)
    return mask, FAR / (FAR + local.z), guesses + local.centre, local.scale


def _outre(labels: Floats, guesses: Floats, threads: int) -> tuple[Mask, Floats, Floats, Floats]:
    score = outre(labels, guesses, threads=threads)
    spread = np.full(len(labels), (labels - guesses).std())
    return score < LOW_SHARE * np.median(score), score, guesses, spread


def _method_of(name: str) -> NumberMethod:
    try:
        return NumberMethod(name)
    except ValueError as error:
        raise _refusal("method", f"is {name!r}", f"Choose one of {', '.join(NumberMethod)}") from error


def _numbers(argument: str, values: ArrayLike) -> Floats:
    """In double precision: of whole numbers and fractions neither may take on the other's type."""
    try:
        array: NDArray[Any] = np.asarray(values)
    except ValueError as error:
        raise _refusal(argument, "is no list of numbers", "Give one number per item") from error
    if array.ndim != 1 or array.size == 0:
        raise _refusal(argument, f"has the shape {array.shape}", "Give one number per item, one item or more")
    if array.dtype.kind not in "iuf":
        raise _refusal(argument, f"has dtype {array.dtype}", "Give numbers, and NaN where there is none")
    numbers: Floats = array.astype(np.float64)
    bad = np.flatnonzero(np.abs(numbers) > HUGE)
    if bad.size:
        row = int(bad[0])
        raise _refusal(argument, f"holds {numbers[row]:.3g}", "Leave the item out or give NaN", row)
    return numbers


def _refusal(argument: str, problem: str, remedy: str, row: int | None = None) -> InvalidInput:
    return InvalidInput(problem, argument=argument, remedy=remedy, row=row)


def _warnings(n_items: int, judged: Rows, method: NumberMethod) -> tuple[str, ...]:
    words = []
    if len(judged) < n_items:
        first = int(np.setdiff1d(np.arange(n_items), judged)[0])
        words.append(
            f"{n_items - len(judged)} of {n_items} items have no number or no prediction and are not judged "
            f"(first: row {first})"
        )
    if method is NumberMethod.LOCAL and len(judged) < LEAST:
        words.append(
            f"{len(judged)} items are too few to mark any as an issue (least: {LEAST}); they are scored only"
        )
    return tuple(words)
