"""Kinds of items: what the shares of the crowd's answers can look like, and how usual each is at first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import Floats
from workers.consensus.shares.answers import PositionRole

ROLES = tuple(PositionRole)
OTHER_LABELS = 8  # labels beside given and suggested that people may name: those of a ten-class project
PROBLEMS = 2  # that people may name of one item: they mostly agree on which
PLACES = {
    PositionRole.GIVEN: 1,
    PositionRole.SUGGESTED: 1,
    PositionRole.OTHER: OTHER_LABELS,
    PositionRole.PROBLEM: PROBLEMS,
}
NOISE = {
    PositionRole.GIVEN: 0.3,
    PositionRole.SUGGESTED: 0.3,
    PositionRole.OTHER: 0.3,
    PositionRole.PROBLEM: 0.1,
}  # of guesses


@dataclass(frozen=True, slots=True)
class Component:
    """A Dirichlet distribution of the shares: their means by role, and as how many answers it counts."""

    name: str
    mean: tuple[float, float, float, float]
    strength: float


# The means span the ways to agree and to differ; how often each occurs is learned, the catalogue is not.
COMPONENTS = (
    Component("given, all", (0.97, 0.015, 0.01, 0.005), 60),
    Component("given, most", (0.82, 0.11, 0.05, 0.02), 20),
    Component("given, barely", (0.60, 0.28, 0.09, 0.03), 20),
    Component("torn", (0.44, 0.44, 0.09, 0.03), 20),
    Component("suggested, barely", (0.28, 0.60, 0.09, 0.03), 20),
    Component("suggested, most", (0.09, 0.83, 0.06, 0.02), 20),
    Component("suggested, all", (0.01, 0.97, 0.015, 0.005), 60),
    Component("another", (0.08, 0.10, 0.80, 0.02), 0.8),
    Component("a problem", (0.15, 0.15, 0.05, 0.65), 4),
    Component("hopeless", (0.25, 0.30, 0.30, 0.15), 4),
    Component("given or a problem", (0.58, 0.10, 0.04, 0.28), 12),
    Component("suggested or a problem", (0.10, 0.58, 0.04, 0.28), 12),
)


# Where people say now this, now that; "another" is so wide that it takes in what guesses look like at first.
TORN = np.array(
    [one.name in ("given, barely", "torn", "suggested, barely", "another", "hopeless") for one in COMPONENTS]
)

GIVEN_MOST = np.array([one.name in ("given, all", "given, most", "given, barely") for one in COMPONENTS])


@dataclass(frozen=True, slots=True)
class Regime:
    """What the flags of a project can be like as a whole: how usual each component then is, and how probable
    such a project is before it has shown anything."""

    name: str
    probability: float
    weights: tuple[float, ...]


# What EM fits to the flagged labels of three sets: CIFAR-10H as it is (Peterson et al. 2019), the same with
# 5 % of the labels replaced at random, and 20 Newsgroups with five answers each (Northcutt et al. 2021). A
# twentieth of each is the mean of all, so that none rules anything out. Some dozen votes tell in which a
# project is; cautious, the one in which most is changed has the least probability at first.
REGIMES = (
    Regime(
        "few wrong", 0.7, (0.465, 0.390, 0.048, 0.016, 0.029, 0.001, 0.015, 0.011, 0.003, 0.006, 0.005, 0.011)
    ),
    Regime(
        "many wrong",
        0.1,
        (0.230, 0.159, 0.023, 0.004, 0.009, 0.016, 0.476, 0.064, 0.003, 0.002, 0.004, 0.010),
    ),
    Regime(
        "unclear", 0.2, (0.014, 0.010, 0.004, 0.009, 0.005, 0.002, 0.009, 0.002, 0.144, 0.002, 0.236, 0.563)
    ),
)
REGIME_WEIGHTS: Floats = np.array([one.weights for one in REGIMES])  # (R, C)
REGIME_PROBABILITIES: Floats = np.array([one.probability for one in REGIMES])
COLD_START: Floats = REGIME_PROBABILITIES @ REGIME_WEIGHTS
MEANS: Floats = np.array([one.mean for one in COMPONENTS])
STRENGTHS: Floats = np.array([one.strength for one in COMPONENTS])


def alphas(role: PositionRole) -> Floats:
    """(C,): the Dirichlet parameter of one position of this role in each component."""
    return MEANS[:, ROLES.index(role)] * STRENGTHS / PLACES[role]
