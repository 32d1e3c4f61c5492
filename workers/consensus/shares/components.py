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
)
# How usual each is before a project has shown anything: between what EM fits to the flagged labels of
# CIFAR-10H as they are (Peterson et al. 2019; few are wrong), to the same with 5 % replaced at random (most
# are wrong), and to the five answers of MNIST and 20news (Northcutt et al. 2021; problems), with less weight
# on clear errors than their average, so that a project's first changes ask more people.
COLD_START: Floats = np.array([0.38, 0.28, 0.05, 0.04, 0.04, 0.02, 0.10, 0.03, 0.05, 0.01])
MEANS: Floats = np.array([one.mean for one in COMPONENTS])
STRENGTHS: Floats = np.array([one.strength for one in COMPONENTS])


def alphas(role: PositionRole) -> Floats:
    """(C,): the Dirichlet parameter of one position of this role in each component."""
    return MEANS[:, ROLES.index(role)] * STRENGTHS / PLACES[role]
