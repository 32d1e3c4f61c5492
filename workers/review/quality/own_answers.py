"""What an answer about one's own label is worth: how often people contradict themselves, beside others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workers.consensus.ballot import LEAST_WEIGHT

OWN_WEIGHT = 0.5  # before a project has shown it: no published answers hold both, so neither all nor nothing
EXPECTED_CONTRADICTIONS = 5.0  # that this counts for


@dataclass(frozen=True, slots=True)
class AnsweredTwice:
    """The answers to one question that who had labeled the item, and others, gave: all, and those for
    another label than the given one."""

    own: int
    own_others: int
    others: int
    others_others: int


def own_weight(questions: Iterable[AnsweredTwice]) -> float:
    """The share of a whole answer, `LEAST_WEIGHT` to 1.

    Notes
    -----
    Who repeats themselves with probability e, and else answers as others do, contradicts the label 1 - e
    times as often as these. So 1 - e is a ratio of rates: with a gamma prior of mean `OWN_WEIGHT` that is
    worth `EXPECTED_CONTRADICTIONS`, and what others let expect on the very same questions, its posterior mean
    is (m k + contradictions) / (k + expected) (Gelman et al. 2013, "Bayesian Data Analysis", section 2.6).
    """
    both = [one for one in questions if one.own and one.others]
    expected = sum(one.own * one.others_others / one.others for one in both)
    contradicted = sum(one.own_others for one in both)
    prior = EXPECTED_CONTRADICTIONS
    return min(1.0, max(LEAST_WEIGHT, (OWN_WEIGHT * prior + contradicted) / (prior + expected)))
