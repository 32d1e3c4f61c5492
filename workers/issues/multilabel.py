"""Which items with several labels, or none, are probably labelled wrong, and in which classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workers.issues.arrays import Mask, Probabilities, Rows, block_rows
from workers.issues.detection import marked
from workers.issues.item_scores import Floats, ItemScore, item_score_of, item_scores
from workers.issues.label_sets import LabelSets, label_table
from workers.issues.methods import Method, method_of
from workers.issues.row_source import MatrixRows
from workers.issues.selection import smallest
from workers.issues.spreading import THREADS, slices, spread
from workers.issues.validation import SLACK, InvalidInput, checked_matrix, refuse_values

LOWEST_ITEMS = frozenset({Method.LOW_SELF_CONFIDENCE, Method.LOW_NORMALIZED_MARGIN})


@dataclass(frozen=True, slots=True)
class MultilabelIssues:
    """What was found.

    `mask` (N bool) marks the items with an issue, `order` lists their rows, least `score` first, equal
    ones by row. `score` (N, 0..1) is each item's, from its cells. `cell_scores` (N, K, 0..1) is the
    probability that the class is as given: p where it is chosen, 1 - p where not. `cell_mask` (N, K bool)
    marks the cells for which an item is flagged: each flagged item has one, save for `low_*` methods,
    where they are those of flagged items in which the model leans the other way. `judged` (K bool) names
    the classes that were looked at; `warnings` says what was left out or odd.
    """

    mask: Mask
    order: Rows
    score: Floats
    cell_scores: Probabilities
    cell_mask: Mask
    judged: Mask
    warnings: tuple[str, ...] = ()


def multilabel_issues(
    labels: LabelSets,
    pred_probs: ArrayLike,
    *,
    method: str = "prune_by_noise_rate",
    item_score: str = "ema",
    least: int = 0,
    threads: int = THREADS,
) -> MultilabelIssues:
    """Find items of which a class is probably missing, or chosen by mistake.

    Parameters
    ----------
    labels : (N, K) bool, or N lists of int
        Which classes each item carries; none and all are answers too. Lists hold class numbers 0..K-1.
    pred_probs : (N, K) float32 or float64
        Out-of-sample probability of each class, 0..1. Rows need not sum to 1 and are never normalised.
    method
        One of `Method`, applied to each class against the rest. The `low_*` methods take the items of
        least moving average, as many as `confident_learning` flags, and are the same here.
    item_score
        One of `ItemScore`.
    least
        A class is judged only if so many items carry it and so many do not. 0 judges all, also those
        that nobody chose, which flags noise: 5 is good for use.
    threads
        How many to compute with; the answer is the same for any number.

    Returns
    -------
    MultilabelIssues
        With `item_score="ema"` and `least=0` the mask equals that of cleanlab 2.9.0's
        `multilabel_classification.filter.find_label_issues` with `filter_by=method`, and the order is
        that of its scores. Where it gives up (one class, no label at all) the definition is followed.

    Raises
    ------
    InvalidInput
        Naming the argument, the first bad row and the remedy.

    Notes
    -----
    Each class is a binary problem with the probabilities (1 - p, p), for which see `label_issues`.
    Items that no judged class flags are never flagged, but their score counts all classes.
    """
    chosen, kind = method_of(method), item_score_of(item_score)
    probs = _checked(pred_probs)
    table = label_table(labels, *probs.shape)
    carried = np.count_nonzero(table, axis=0)
    judged = np.minimum(carried, len(table) - carried) >= least
    cells = _cell_scores(table, probs, threads)
    score = item_scores(cells, kind, threads=threads)
    by_class = Method.CONFIDENT_LEARNING if chosen in LOWEST_ITEMS else chosen
    cell_mask = _by_class(table, probs, cells, np.flatnonzero(judged).tolist(), by_class, threads)
    mask: Mask = np.asarray(cell_mask.any(axis=1))
    if chosen in LOWEST_ITEMS:
        average = score if kind is ItemScore.EMA else item_scores(cells, ItemScore.EMA, threads=threads)
        mask = smallest(average, int(np.count_nonzero(mask)))
        cell_mask = mask[:, None] & judged & (cells < 0.5)
    rows = np.flatnonzero(mask)
    order = rows[np.argsort(score[rows], kind="stable")]
    return MultilabelIssues(mask, order, score, cells, cell_mask, judged, _warnings(judged, least))


def _checked(pred_probs: ArrayLike) -> Probabilities:
    """The matrix; values that leave 0..1 by rounding are clipped, others refused."""
    probs = checked_matrix(pred_probs)
    if probs.shape[1] == 0:
        raise _refusal("has no columns", "Give one column for each class")
    outside = False
    for part in slices(len(probs), block_rows(probs)):
        block = probs[part]
        if not (block.min() >= 0 and block.max() <= 1):
            _refuse(block, part.start)
            outside = True
    return np.clip(probs, 0, 1) if outside else probs


def _refuse(block: Probabilities, first_row: int) -> None:
    refuse_values(block, first_row)
    above = np.flatnonzero((block > 1 + SLACK).any(axis=1))
    if above.size:
        row = first_row + int(above[0])
        raise _refusal(
            f"holds {block[above[0]].max():.6g}, above 1", "Give probabilities, not scores or logits", row
        )


def _refusal(problem: str, remedy: str, row: int | None = None) -> InvalidInput:
    return InvalidInput(problem, argument="pred_probs", remedy=remedy, row=row)


def _cell_scores(table: Mask, probs: Probabilities, threads: int) -> Probabilities:
    cells = np.empty_like(probs, order="C")

    def work(part: slice) -> None:
        away = np.subtract(~table[part], probs[part], out=cells[part], dtype=cells.dtype)
        np.abs(away, out=away)  # -p where chosen, else 1 - p

    spread(lambda: work, slices(len(probs), block_rows(probs)), threads)
    return cells


def _by_class(
    table: Mask, probs: Probabilities, cells: Probabilities, classes: list[int], method: Method, threads: int
) -> Mask:
    """(N, K): what the method marks in each of the classes, one against the rest."""
    columns = np.zeros(table.shape[::-1], dtype=np.bool_)

    def make_work() -> Callable[[int], None]:
        binary = np.empty((2, len(probs)), dtype=probs.dtype).T

        def work(label: int) -> None:
            binary[:, 1] = probs[:, label]
            np.subtract(1, binary[:, 1], out=binary[:, 0])
            given = table[:, label].astype(np.int8)
            trust = np.ascontiguousarray(cells[:, label])
            columns[label], _ = marked(given, MatrixRows(binary), method, threads=1, trust=trust)

        return work

    spread(make_work, classes, threads)
    return columns.T


def _warnings(judged: Mask, least: int) -> tuple[str, ...]:
    left_out = np.flatnonzero(~judged)
    if left_out.size == 0:
        return ()
    words = (
        f"{left_out.size} of {len(judged)} classes are not judged (first: class {left_out[0]}): fewer than "
        f"{least} items carry them, or fewer than {least} do not"
    )
    return (words,)
