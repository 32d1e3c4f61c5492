"""The confident joint: how often a row given as one class is confidently of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import CHUNK, NO_CLASS, Classes, Counts, class_dtype
from workers.issues.groups import Groups
from workers.issues.reading import read_rows
from workers.issues.rounding import round_rows
from workers.issues.row_source import MatrixRows
from workers.issues.spreading import slices
from workers.issues.thresholds import cutoffs, thresholds_from
from workers.issues.validation import checked_labels, checked_probs


def confident_joint(labels: ArrayLike, pred_probs: ArrayLike) -> Counts:
    r"""Estimated number of rows of each pair of given and true class.

    Parameters
    ----------
    labels : (N,) int
        Given classes, 0..K-1.
    pred_probs : (N, K) float32 or float64
        Out-of-sample probabilities.

    Returns
    -------
    (K, K) int
        Row: given class, column: true class. Rows sum to the number of items given that class.

    Raises
    ------
    InvalidInput
        For arguments that are not labels and probabilities of the same rows.

    Notes
    -----
    :math:`C_{\tilde y=i, y^*=j} = |\{x : \tilde y = i,\ \hat p_j \ge t_j,\
    j = \arg\max_{l: \hat p_l \ge t_l} \hat p_l\}|`, equation 1 of Northcutt et al. (2021), arXiv:1911.00068,
    calibrated by its equation 3 to the counts of given labels and rounded within rows. Like the reference
    implementation, a row that is confident of several classes takes its most probable class even where
    that one is not among them, and every class counts at least one row as right before calibration.
    """
    probs = checked_probs(pred_probs)
    given = checked_labels(labels, *probs.shape)
    groups = Groups(given, probs.shape[1])
    thresholds = thresholds_from(probs, groups)
    facts = read_rows(MatrixRows(probs), cutoffs(thresholds, probs.dtype))
    return calibrated(confident_counts(given, facts.confident, probs.shape[1]), groups.counts)


def confident_counts(given: Classes, confident: Classes, n_classes: int) -> Counts:
    """Rows counted by (true, given): transposed, because calibration sums in that order."""
    counts = np.zeros((n_classes + 1) * n_classes, dtype=np.int64)
    code = class_dtype(len(counts))
    for part in slices(len(given), max(CHUNK, len(counts))):
        true = confident[part].astype(code) - code.type(NO_CLASS)  # rows of no class come first
        true *= code.type(n_classes)
        true += given[part]
        counts += np.bincount(true, minlength=len(counts))
    return counts.reshape(n_classes + 1, n_classes)[1:]


def calibrated(true_by_given: Counts, label_counts: Counts) -> Counts:
    """The joint whose rows (given classes) sum to the label counts, in whole numbers."""
    counts = true_by_given.copy()
    np.fill_diagonal(counts, np.maximum(counts.diagonal(), 1))
    scaled: NDArray[np.float64] = counts / counts.sum(axis=0) * label_counts
    scaled = scaled / np.sum(scaled) * label_counts.sum()
    return round_rows(scaled.T)


def prune_counts(joint: Counts) -> Counts:
    """How many rows to take from each (true, given) pair when at least one row of each class must stay.

    What is added to a diagonal of 0 is taken evenly from the non-zero entries of the same given class.
    """
    counts = joint.T
    kept = np.maximum(counts.diagonal(), 1)
    others = np.maximum(np.count_nonzero(counts, axis=0) - 1.0, 1.0)
    pruned: NDArray[np.float64] = np.maximum(counts - (kept - counts.diagonal()) / others, 0.0)
    np.fill_diagonal(pruned, kept)
    return pruned.astype(np.int64)
