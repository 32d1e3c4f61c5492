"""How far a number lies from its prediction, measured by items of about the same prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.issues.arrays import BLOCK_BYTES, Rows
from workers.issues.item_scores import Floats
from workers.issues.spreading import THREADS, slices, spread

WINDOW = 201  # neighbours by prediction, the item among them
OF_MEDIAN = 1.4826  # from the median absolute deviation to the standard deviation of a normal distribution
OF_MEAN = 1.2533  # the same from the mean absolute deviation
ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of the numbers that made a residual: no deviation


@dataclass(frozen=True, slots=True)
class LocalDeviation:
    """`z` (N, from 0), the residual expected near each prediction, and the scale of those there."""

    z: Floats
    centre: Floats
    scale: Floats


def local_deviation(residual: Floats, predicted: Floats, *, threads: int = THREADS) -> LocalDeviation:
    """Robust z of each residual among those of the items with the nearest predictions.

    Parameters
    ----------
    residual, predicted : (N,) float
        Finite; the given number is predicted + residual.

    Notes
    -----
    z = |r - median| / (1.4826 MAD) in a window of 201 items in order of prediction, or of all if there are
    fewer; at the ends the window stays whole. Items of one prediction share a window about their middle,
    and if more than 201 have it, all of them are the window: so the order of items changes no answer.
    Where the MAD is 0, since more than half of the residuals are equal, 1.2533 times the mean absolute
    deviation takes its place (Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers"), and z is 0
    where that is 0 too.
    """
    order = np.lexsort((residual, predicted))
    ordered = residual[order]
    _, first, size = np.unique(predicted[order], return_index=True, return_counts=True)
    width = min(WINDOW, len(ordered))
    starts = np.clip(first + (size - 1) // 2 - width // 2, 0, len(ordered) - width)
    centre, mad, mean = _of_windows(ordered, starts, width, threads)
    for group in np.flatnonzero(size > width).tolist():
        values = ordered[first[group] : first[group] + size[group]]
        centre[group], mad[group], mean[group] = (x[0] for x in _spread_about_median(values[None, :]))
    scale = np.where(mad > 0, OF_MEDIAN * mad, OF_MEAN * mean)
    of_item = np.empty(len(order), dtype=np.intp)
    of_item[order] = np.repeat(np.arange(len(size)), size)
    noise = ROUNDING * (np.abs(predicted) + np.abs(residual))
    return _compared(residual, centre[of_item], scale[of_item], noise)


def _of_windows(ordered: Floats, starts: Rows, width: int, threads: int) -> tuple[Floats, Floats, Floats]:
    """Median, median and mean absolute deviation from it, of each window."""
    windows = np.lib.stride_tricks.sliding_window_view(ordered, width)
    centre, mad, mean = np.empty((3, len(starts)))

    def work(part: slice) -> None:
        centre[part], mad[part], mean[part] = _spread_about_median(windows[starts[part]])

    spread(lambda: work, slices(len(starts), max(1, BLOCK_BYTES // (8 * width))), threads)
    return centre, mad, mean


def _spread_about_median(windows: Floats) -> tuple[Floats, Floats, Floats]:
    centre = np.median(windows, axis=1)
    away = np.abs(windows - centre[:, None])
    return centre, np.median(away, axis=1), away.mean(axis=1)


def _compared(residual: Floats, centre: Floats, scale: Floats, noise: Floats) -> LocalDeviation:
    away = np.abs(residual - centre)
    z = np.divide(away, scale, out=np.zeros_like(away), where=(scale > 0) & (away > noise))
    return LocalDeviation(z, centre, scale)
