"""How usual each kind of item is, where as much is known as was known before anyone was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy import sparse

from workers.consensus.arrays import Floats, Ints
from workers.consensus.shares.answers import AnswerSet, PositionRole
from workers.consensus.shares.components import (
    COLD_START,
    GIVEN_MOST,
    REGIME_PROBABILITIES,
    REGIME_WEIGHTS,
    TORN,
)
from workers.consensus.shares.likelihoods import likelihoods

GroupPath = tuple[str, ...]  # from what most items share to what few do: kind, band, class, pair

COLD_START_ITEMS = 60.0  # what the cold start is worth: 20 did more harm on clean data (CIFAR-10H)
POOLING_ITEMS = 30.0  # what a group takes over from the wider one that it belongs to
CHANGING_AT_FIRST = 0.6  # cautious: where most flags are right, most harm is possible
CHANGING_ITEMS = 5.0
MOST_STEPS = 50
SETTLED = 1e-4  # greatest change of a weight in one step


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """What was seen of a group of items: how many, and how many of them of each component (C,)."""

    n: float
    kinds: Floats


@dataclass(frozen=True, slots=True)
class SharePrior:
    """The weights of the components for items on a path; without groups that is the cold start."""

    groups: Mapping[GroupPath, GroupCounts] = field(default_factory=dict)
    start: Floats = field(default_factory=lambda: COLD_START)

    def weights(self, path: GroupPath = ()) -> Floats:
        """(C,) summing to 1: each group along the path takes over from the wider one, by its size.

        Notes
        -----
        The mean of a Dirichlet distribution around the wider group's weights: (k w + sum of r) / (k + n),
        partial pooling as in Gelman and Hill (2006), chapter 12, with a fixed strength k. How hard right
        labels are is the whole project's: most end with their first answer, which does not tell "all give
        it" from "most give it", and a small group would learn from them that nobody ever errs in it.
        """
        result, strength = self.start, COLD_START_ITEMS
        for length in range(len(path) + 1):
            group = self.groups.get(path[:length])
            if group is None:
                break
            result = (strength * result + group.kinds) / (strength + group.n)
            strength = POOLING_ITEMS
        return _as_hard(result, self.weights()) if path else result

    @property
    def asked(self) -> float:
        """From how many answered questions it was learned."""
        return self.groups[()].n if () in self.groups else 0.0

    @property
    def torn(self) -> float:
        """The share of the answered questions on which no label is far ahead, 0..1; 0 where none was."""
        return float(self.groups[()].kinds[TORN].sum() / self.groups[()].n) if self.asked else 0.0

    @property
    def changing(self) -> float:
        """The expected share of all questions about which most people choose another position, 0..1."""
        return (CHANGING_AT_FIRST * CHANGING_ITEMS + self.changed(())) / (CHANGING_ITEMS + self.asked)

    def changed(self, path: GroupPath) -> float:
        """About so many questions of a group most people would choose another position."""
        group = self.groups.get(path)
        unlike_given = 1 - likelihoods(AnswerSet()).most[PositionRole.GIVEN, ()]
        return 0.0 if group is None else float(group.kinds @ unlike_given)


def fit(items: Iterable[tuple[GroupPath, AnswerSet]], start: Floats | None = None) -> SharePrior:
    """Learn the weights from questions that were answered, by expectation maximisation.

    Parameters
    ----------
    items
        The path and the answers of each question; what nobody answered says nothing and is passed over.
    start : (C,) float
        The cold start; by default the regimes, as probable as the answers make them.

    Returns
    -------
    SharePrior
        The cold start itself where nothing was answered.

    Notes
    -----
    Dempster, Laird and Rubin (1977), section 4.3: mixture proportions, with Dirichlet priors around the wider
    group's weights. Stopping when the answers suffice does not bias this: the likelihood of what was asked
    does not depend on why no more was asked (Berger and Wolpert 1988).
    """
    asked = [(path, answers) for path, answers in items if answers.n_votes]
    if not asked:
        return SharePrior(start=COLD_START if start is None else start)
    likelihood = np.array([likelihoods(answers).likelihood for _, answers in asked])
    first = _regime(likelihood) if start is None else start
    index = _Index.of([path for path, _ in asked])
    weights: Floats = np.broadcast_to(first, likelihood.shape)
    for _ in range(MOST_STEPS):
        each = weights * likelihood
        kinds = index.sums(each / each.sum(axis=1, keepdims=True))
        before, weights = weights, index.weights(kinds, first)
        if np.abs(weights - before).max() < SETTLED:
            break
    groups = {path: GroupCounts(float(index.n[k]), kinds[k]) for k, path in enumerate(index.paths)}
    return SharePrior(groups, first)


def _as_hard(weights: Floats, project: Floats) -> Floats:
    """(C,): as many right labels as `weights` has, each kind of them as usual as in the whole project."""
    share = project[GIVEN_MOST] / project[GIVEN_MOST].sum()
    shared = weights.copy()
    shared[GIVEN_MOST] = share * weights[GIVEN_MOST].sum()
    return shared


def _regime(likelihood: Floats) -> Floats:
    """(C,): the weights of the regimes, averaged by how probable each is given all answers (N, C).

    Bayesian model averaging (Hoeting et al. 1999): one vote says little of the item, many say much of the
    project.
    """
    log = np.log(likelihood @ REGIME_WEIGHTS.T).sum(axis=0) + np.log(REGIME_PROBABILITIES)
    probable = np.exp(log - log.max())
    weights: Floats = probable / probable.sum() @ REGIME_WEIGHTS
    return weights


@dataclass(frozen=True, slots=True)
class _Index:
    """All groups, wider ones first, and the group of each item on each level; -1 where its path has ended."""

    paths: Sequence[GroupPath]
    levels: Sequence[slice]  # of groups that are equally wide, but for the widest
    parent: Ints
    n: Floats
    member: Ints  # (N, D)
    belongs: sparse.csr_array  # (G, N): 1 where the item is of the group

    @classmethod
    def of(cls, paths: Sequence[GroupPath]) -> _Index:
        result = sorted({path[:length] for path in paths for length in range(len(path) + 1)}, key=len)
        number = {path: k for k, path in enumerate(result)}
        deepest = max(map(len, paths))
        member = np.array(
            [[number[p[:length]] if length <= len(p) else -1 for length in range(deepest + 1)] for p in paths]
        )
        parent = np.array([number[path[:-1]] if path else -1 for path in result])
        n = np.bincount(member[member >= 0], minlength=len(result)).astype(np.float64)
        ends = np.cumsum(np.bincount([len(path) for path in result]))
        levels = [slice(start, end) for start, end in pairwise(ends.tolist())]
        items, levels_of = np.nonzero(member >= 0)
        each = np.ones(len(items))
        belongs = sparse.csr_array((each, (member[items, levels_of], items)), shape=(len(result), len(paths)))
        return cls(result, levels, parent, n, member, belongs)

    def sums(self, each: Floats) -> Floats:
        total: Floats = self.belongs @ each
        return total

    def weights(self, kinds: Floats, first: Floats) -> Floats:
        """(N, C): the weights of each item's narrowest group."""
        result = np.empty_like(kinds)
        result[0] = (COLD_START_ITEMS * first + kinds[0]) / (COLD_START_ITEMS + self.n[0])
        for level in self.levels:
            wider = result[self.parent[level]]
            result[level] = (POOLING_ITEMS * wider + kinds[level]) / (POOLING_ITEMS + self.n[level, None])
        narrowest: Floats = result[self.member.max(axis=1)]
        return narrowest
