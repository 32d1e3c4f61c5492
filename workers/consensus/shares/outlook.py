"""What a way of asking comes to under a prior: the repairs, spoiled labels and votes that it expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from workers.consensus.arrays import Floats, Ints
from workers.consensus.shares.answers import AnswerSet, PositionRole
from workers.consensus.shares.components import PLACES, ROLES
from workers.consensus.shares.likelihoods import likelihoods
from workers.consensus.shares.prior import SharePrior
from workers.consensus.shares.rule import (
    CHANGED_AT_LEAST,
    FIRST_CHANGE_CONFIDENCE,
    FIRST_QUESTIONS,
    HARM_LIMIT,
    LEAST_FOR_A_CHANGE,
    MOST_CHANGE_CONFIDENCE,
    MOST_SPOILED,
    VOTES_PER_QUESTION,
    SharePolicy,
)

MANY_REPAIRS = 0.25  # of the questions
NEARLY_ALL = 0.98  # of the repairs
ENOUGH_CARE = 1 / 3  # of the harm limit: at half of it two of six dirty sets still exceeded the limit
# Shares of the answered questions: .02 to .14 where people know, .5 to 1 where they guess.
TORN_FROM, TORN_TO = 0.25, 0.5
TORN_OF = 10  # questions at least
HORIZON = 7  # votes: what follows later hardly bears on whether one more is worth it
# Steps of a tenth, loosest first; the strictest leave no change, so that any limit is kept.
SPOILED = (*np.geomspace(MOST_SPOILED, 0.001, 42).tolist(), *np.geomspace(0.001, 1e-6, 61).tolist()[1:])
PRICES = tuple(np.linspace(0, 0.2, 41).tolist())  # of a vote, in repairs
LABELS = (PositionRole.SUGGESTED, PositionRole.OTHER)
State = tuple[int, ...]  # how many answers there are of each role

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Of S sets of up to HORIZON answers, under each of C components: times their likelihood, what `Belief`
    holds of the given label, and of the suggested and of one other label (S, 2, C)."""

    states: tuple[State, ...]
    place: Mapping[State, int]
    counts: Ints  # (S, 4): the states
    n_votes: Ints  # (S,)
    likelihood: Floats  # (S, C)
    keep: Floats
    spoiled: Floats
    first: Floats  # (S, 2, C)
    most: Floats
    majority: Floats
    next: Ints  # (S, 4): where one more answer of each role leads, itself where that is too far
    positions: Floats  # (S, 4): how many positions such an answer may name


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    states = tuple(sorted((s for s in product(range(HORIZON + 1), repeat=4) if sum(s) <= HORIZON), key=sum))
    place = {state: k for k, state in enumerate(states)}
    held = [likelihoods(_answers(state)) for state in states]
    none = np.zeros_like(held[0].likelihood)

    def of(name: str, role: PositionRole) -> list[Floats]:
        groups = [(role, (0.0,) * state[ROLES.index(role)]) for state in states]
        return [getattr(one, name).get(group, none) for one, group in zip(held, groups, strict=True)]

    def both(name: str) -> Floats:
        return np.array([of(name, role) for role in LABELS]).transpose(1, 0, 2)

    further = [[place.get(_with(state, k), place[state]) for k in range(4)] for state in states]
    return _Tables(
        states=states,
        place=place,
        counts=np.array(states),
        n_votes=np.array([sum(state) for state in states]),
        likelihood=np.array([one.likelihood for one in held]),
        keep=np.array(of("most", PositionRole.GIVEN)),
        spoiled=np.array(of("clear", PositionRole.GIVEN)),
        first=both("first"),
        most=both("most"),
        majority=both("majority"),
        next=np.array(further),
        positions=np.array([[1 if n else PLACES[r] for n, r in zip(s, ROLES, strict=True)] for s in states]),
    )


def _answers(state: State) -> AnswerSet:
    return AnswerSet(tuple(sorted((role, (0.0,) * n) for role, n in zip(ROLES, state, strict=True) if n)))


def _with(state: State, k: int) -> State:
    return (*state[:k], state[k] + 1, *state[k + 1 :])


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one question from each of S sets of answers on: in how many a label is rightly changed, in how many
    a clear one is spoiled, how many more are asked, and whether one more is worth its price."""

    repaired: Floats
    spoiled: Floats
    votes: Floats
    asks: Bools

    def worth(self, answers: AnswerSet) -> bool:
        """Whether one more answer is worth its price; beyond the horizon it is."""
        counted = dict.fromkeys(ROLES, 0)
        for role, errors in answers.groups:
            counted[role] += len(errors)
        place = _tables().place.get(tuple(counted.values()))
        beyond = place is None or answers.n_votes >= HORIZON
        return beyond or bool(self.asks[place])


def expected(weights: Floats, policy: SharePolicy, people: int = HORIZON) -> Expected:
    """What a policy comes to, from every set of answers on.

    Parameters
    ----------
    weights : (C,) float
        How usual each component is, summing to 1.
    policy
        Among it `price`, what a vote costs in repairs.
    people
        So many there are to ask; more than `HORIZON` are counted as that.

    Notes
    -----
    Backward induction over the answers that may come (DeGroot 1970, "Optimal Statistical Decisions",
    chapter 12), of which each is as probable as the mixture makes it.
    """
    t = _tables()
    total = t.likelihood @ weights
    keeps = (t.keep @ weights / total >= policy.keep_confidence) & (t.counts[:, 0] > 0)
    gain = _gain(t, weights, total, policy)
    changes = gain > 0
    repaired, spoiled = gain.copy(), np.where(changes, t.spoiled @ weights / total, 0.0)
    votes, worth, asks = np.zeros_like(total), gain.copy(), np.zeros(total.shape, dtype=bool)
    comes = t.positions * total[t.next]
    comes /= comes.sum(axis=1, keepdims=True)
    for n in range(min(people, HORIZON) - 1, -1, -1):
        here = np.flatnonzero((t.n_votes == n) & ~changes & ~keeps)
        to, chance = t.next[here], comes[here]
        after = (chance * worth[to]).sum(axis=1) - policy.price
        on = after > 0 if n else np.ones(len(here), dtype=bool)  # each question is asked once at least
        rows, to, chance = here[on], to[on], chance[on]
        worth[rows], asks[rows] = after[on], True
        repaired[rows] = (chance * repaired[to]).sum(axis=1)
        spoiled[rows] = (chance * spoiled[to]).sum(axis=1)
        votes[rows] = 1 + (chance * votes[to]).sum(axis=1)
    return Expected(repaired, spoiled, votes, asks)


def _gain(t: _Tables, weights: Floats, total: Floats, policy: SharePolicy) -> Floats:
    """(S,): how probably the change is right where the answers suffice for one, else 0."""
    first, most, majority = (each @ weights / total[:, None] for each in (t.first, t.most, t.majority))
    enough = t.counts[:, [ROLES.index(role) for role in LABELS]] >= LEAST_FOR_A_CHANGE
    may = enough & (first >= policy.change_confidence) & (np.minimum(most, majority) >= CHANGED_AT_LEAST)
    may &= (t.spoiled @ weights / total <= policy.most_spoiled)[:, None]
    gain: Floats = np.where(may, most, 0.0).max(axis=1)
    return gain


def policy_for(
    prior: SharePrior,
    base: SharePolicy | None = None,
    *,
    harm_limit: float | None = HARM_LIMIT,
    votes: float = VOTES_PER_QUESTION,
) -> SharePolicy:
    """How sure changes must be, and what a vote must be worth, where the crowd is like this.

    Parameters
    ----------
    prior
        What was learned so far.
    base
        All that does not follow from it.
    harm_limit
        The greatest share of all questions whose label may be changed although it is clear (60 % give it);
        None: `base` says how sure a change must be.
    votes
        The greatest number of votes a question, on average.

    Returns
    -------
    SharePolicy
        The loosest `most_spoiled` and the lowest `price` that keep both limits as the prior expects them;
        a stricter `most_spoiled` where that costs hardly any repairs. The first changes of a project must
        be surer than `base` asks for.
    """
    policy, weights = base or SharePolicy(), prior.weights()
    if harm_limit is not None:
        policy = replace(policy, change_confidence=_least_confidence(prior, policy.change_confidence))
        loose = [replace(policy, most_spoiled=each) for each in SPOILED]
        first = _first(lambda k: expected(weights, loose[k]).spoiled[0] <= harm_limit, len(loose))
        policy = _careful(loose[first:], weights, harm_limit, votes)
    priced = [replace(policy, price=each) for each in PRICES]
    return priced[_first(lambda k: expected(weights, priced[k]).votes[0] <= votes, len(priced))]


def _careful(
    policies: Sequence[SharePolicy], weights: Floats, harm_limit: float, votes: float
) -> SharePolicy:
    """Of policies, the loosest first, the strictest that repairs nearly as much as the first, within so many
    votes a question, and of which more than a share of the harm is still expected.

    What is expected errs with the prior: where few labels are repaired harm is a budget that they are bought
    with, so the first is taken, but where many are it is not to be used up for nothing.
    """
    repaired = expected(weights, policies[0]).repaired[0]
    if repaired < MANY_REPAIRS:
        return policies[0]

    def is_too_strict(k: int) -> bool:
        reached = expected(weights, policies[k])
        is_dear = reached.repaired[0] < NEARLY_ALL * repaired or reached.votes[0] > votes
        return bool(is_dear or reached.spoiled[0] < ENOUGH_CARE * harm_limit)

    first = _first(is_too_strict, len(policies))
    return policies[max(first - 1, 0) if is_too_strict(first) else first]


def _least_confidence(prior: SharePrior, usual: float) -> float:
    """How sure a change must be whatever it spoils: what a project shows takes over from caution.

    The more questions are torn, the more likely people may as well guess: what two of them agree on is
    chance then.
    """
    caution = FIRST_QUESTIONS / (FIRST_QUESTIONS + prior.asked)
    torn = (prior.torn - TORN_FROM) / (TORN_TO - TORN_FROM) if prior.asked >= TORN_OF else 0.0
    guessed = min(1.0, max(0.0, torn))
    first = caution * FIRST_CHANGE_CONFIDENCE + (1 - caution) * usual
    return max(usual, first, guessed * MOST_CHANGE_CONFIDENCE + (1 - guessed) * usual)


def _first(holds: Callable[[int], bool], n: int) -> int:
    """The first of so many steps that holds, each stricter than the one before; the last where none does."""
    low, high = 0, n - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
