"""What a set of answers says of each kind of item, and of the shares if the item is of that kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy import special

from workers.consensus.arrays import Floats
from workers.consensus.shares.answers import AnswerSet, Errors, Group, PositionRole
from workers.consensus.shares.components import NOISE, PLACES, STRENGTHS, alphas

MAJORITY = 0.5
LABELS = frozenset(PositionRole) - {PositionRole.PROBLEM}
CLEAR = 0.6  # of the answers: what counts as an item with one clear label
KEPT = 200_000  # sets of answers that are remembered


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """Of C components: how probable each makes the answers (C,), and that times the probability that a
    position is what most of the crowd would choose (`first`: most of those who name a label), or has a
    majority, or a clear one."""

    likelihood: Floats
    most: Mapping[Group, Floats]
    first: Mapping[Group, Floats]
    majority: Mapping[Group, Floats]
    clear: Mapping[Group, Floats]


@lru_cache(maxsize=KEPT)
def likelihoods(answers: AnswerSet) -> Likelihoods:
    """The likelihood of the answers under each component, each answer a draw from the shares or an error.

    Notes
    -----
    A voter of error e answers with the shares theta with probability 1 - e and at random with e, so a set of
    votes is a sum over which of them were real draws. For those the Dirichlet-multinomial (Polya) likelihood
    holds, Γ(A) / Γ(A + n) Π_k Γ(a_k + n_k) / Γ(a_k) (Minka 2000, "Estimating a Dirichlet distribution",
    section 3), theta_k is Beta(a_k + n_k, A + n - a_k - n_k), and theta_k / (theta_k + theta_j) is
    Beta(a_k + n_k, a_j + n_j). That k beats all others is bounded from below by 1 - Σ_j P(theta_j > theta_k)
    (Bonferroni), which is close where it is near 1, and only there anything is decided.
    """
    groups = [*answers.groups]
    for role in (PositionRole.GIVEN, PositionRole.SUGGESTED):  # they have shares although nobody named them
        if all(group[0] is not role for group in groups):
            groups.append((role, ()))
    draws, weight = _real_draws(groups)
    before = np.array([alphas(role) for role, _ in groups])  # (P, C)
    after = before[None] + draws[:, :, None]  # (E, P, C)
    total = STRENGTHS + draws.sum(axis=1)[:, None]  # (E, C)
    log = (special.gammaln(after) - special.gammaln(before)).sum(axis=1)
    log -= special.gammaln(total) - special.gammaln(STRENGTHS)
    likely = weight[:, None] * np.exp(log)
    rivals = _unnamed(groups)
    labels = [k for k, (role, _) in enumerate(groups) if role is not PositionRole.PROBLEM]
    every = range(len(groups))

    def expected(values: Sequence[Floats]) -> dict[Group, Floats]:
        return {group: (likely * one).sum(axis=0) for group, one in zip(groups, values, strict=True)}

    own = after.transpose(1, 0, 2)
    return Likelihoods(
        likely.sum(axis=0),
        expected([_beats(own, k, every, rivals.values()) for k in every]),
        expected(
            [_beats(own, k, labels, [rivals[role] for role in rivals if role in LABELS]) for k in every]
        ),
        expected([special.betainc(total - one, one, 1 - MAJORITY) for one in own]),
        expected([special.betainc(total - one, one, 1 - CLEAR) for one in own]),
    )


def _beats(own: Floats, k: int, named: Iterable[int], unnamed: Iterable[tuple[int, Floats]]) -> Floats:
    """(E, C): at least so probably theta_k exceeds the shares of these others."""
    beaten = sum(special.betainc(own[k], own[j], 0.5) for j in named if j != k)
    beaten = beaten + sum(n * special.betainc(own[k], one, 0.5) for n, one in unnamed)
    return np.asarray(np.maximum(0.0, 1 - beaten))


def _unnamed(groups: Sequence[Group]) -> dict[PositionRole, tuple[int, Floats]]:
    """How many positions of each role nobody named, with their parameters (C,)."""
    named = [role for role, _ in groups]
    left = {role: max(0, PLACES[role] - named.count(role)) for role in PositionRole}
    return {role: (n, alphas(role)) for role, n in left.items() if n}


def _real_draws(groups: Sequence[Group]) -> tuple[Floats, Floats]:
    """(E, P) how many of the answers for each position were real, and (E,) how probable that is."""
    ways = [_ways(role, errors) for role, errors in groups]
    possible = [np.flatnonzero(way) for way in ways]
    draws = np.array(list(product(*possible)), dtype=np.float64)
    weight = np.array(list(product(*(way[n] for way, n in zip(ways, possible, strict=True))))).prod(axis=1)
    return draws, weight


def _ways(role: PositionRole, errors: Errors) -> Floats:
    """The probability that 0, 1, ... of these answers were real, times that of the guesses."""
    guess = NOISE[role] / PLACES[role]
    ways: Floats = np.ones(1)
    for error in errors:
        ways = np.asarray(np.convolve(ways, [error * guess, 1 - error]), dtype=np.float64)
    return ways
