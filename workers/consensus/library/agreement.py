"""How far people agree, beyond chance or plainly."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import same_length, whole_numbers
from workers.consensus.measures import alpha_sums, fleiss_sums, pairwise_sums
from workers.consensus.votes import Votes


def krippendorff_alpha(votes: Votes) -> float:
    """Krippendorff's alpha for nominal labels; votes may be missing.

    Returns
    -------
    float
        1 for full agreement, 0 for chance, below 0 for less. NaN where chance cannot be told: no task has
        two votes, or only one label was ever given.

    Raises
    ------
    InvalidVotes
        If somebody answered a task twice.

    Notes
    -----
    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": α = 1 - D_o / D_e, with
    D_o = Σ_u Σ_c≠k n_uc n_uk / (m_u - 1) and D_e = Σ_c≠k n_c n_k / (n - 1) over tasks of m_u >= 2 votes.
    """
    return alpha_sums(votes).value()


def fleiss_kappa(votes: Votes) -> float:
    """Fleiss' kappa.

    Returns
    -------
    float
        At most 1; 0 is chance. NaN as for `krippendorff_alpha`.

    Raises
    ------
    InvalidVotes
        If somebody answered a task twice.

    Notes
    -----
    Fleiss (1971): κ = (P̄ - P̄_e) / (1 - P̄_e), P_i the share of agreeing pairs of task i and P̄_e = Σ_k p_k².
    Published for equally many votes a task; here tasks of two or more votes count alike, whatever their
    number, and p_k is the share among their votes.
    """
    return fleiss_sums(votes).value()


def pairwise_agreement(votes: Votes) -> float:
    """The share of pairs of votes on one task that agree, 0..1; NaN without such a pair.

    Raises
    ------
    InvalidVotes
        If somebody answered a task twice.
    """
    return pairwise_sums(votes).value()


def cohen_kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's kappa of two annotators, from their labels of the same tasks in the same order.

    Returns
    -------
    float
        -1 to 1; 0 is chance. NaN for no tasks, or where both gave one and the same label throughout.

    Raises
    ------
    InvalidVotes
        For arrays that differ in length or are not integers from 0.

    Notes
    -----
    Cohen (1960): κ = (p_o - p_e) / (1 - p_e), computed by scikit-learn.
    """
    from sklearn.metrics import cohen_kappa_score

    one, other = whole_numbers("first", first), whole_numbers("second", second)
    same_length(first=one, second=other)
    if one.size == 0 or (np.all(one == one[0]) and np.all(other == one[0])):
        return float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return float(cohen_kappa_score(one, other))
