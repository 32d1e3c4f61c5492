"""Where the next vote is worth most: simulations in which the truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from workers.consensus import (
    InvalidVotes,
    Prior,
    QuorumVote,
    Trust,
    Votes,
    active_score,
    active_scores,
    posterior,
)

CLASSES = tuple("abcd")
N_ITEMS, EXTRA = 250, 100
TRUST = Trust(usual=0.75)


class Flagged:
    """Items whose given label the model doubts, with two votes each, and people who can be asked more."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.truth = self.rng.integers(len(CLASSES), size=N_ITEMS)
        self.priors = [self._prior(int(truth)) for truth in self.truth]
        self.votes: list[list[QuorumVote]] = [[] for _ in range(N_ITEMS)]
        for item in [*range(N_ITEMS), *range(N_ITEMS)]:
            self.ask(item)

    def ask(self, item: int) -> None:
        votes = self.votes[item]
        votes.append(QuorumVote(f"p{len(votes)}", self._said(int(self.truth[item]), TRUST.usual)))

    def believed(self, item: int) -> dict[str, float]:
        return posterior(self.votes[item], CLASSES, self.priors[item], TRUST)

    def repaired(self) -> int:
        """Items whose given label is wrong, and whose most probable label is right."""
        return sum(
            self.priors[item].given != CLASSES[truth] and max(found, key=lambda k: found[k]) == CLASSES[truth]
            for item, truth in enumerate(self.truth)
            if (found := self.believed(item))
        )

    def _prior(self, truth: int) -> Prior:
        sure = float(self.rng.uniform(0.3, 0.9))
        guess = self._said(truth, 0.7)
        rest = (1 - sure) / (len(CLASSES) - 1)
        model = {name: sure if name == guess else rest for name in CLASSES}
        return Prior(self._said(truth, 0.5), None, model, model_accuracy=0.7)

    def _said(self, truth: int, accuracy: float) -> str:
        if self.rng.random() < accuracy:
            return CLASSES[truth]
        return CLASSES[int(self.rng.choice([k for k in range(len(CLASSES)) if k != truth]))]


def spend(flagged: Flagged, choose: Callable[[Flagged], int]) -> int:
    """Ask for the extra votes one by one; how many labels are repaired in the end."""
    for _ in range(EXTRA):
        flagged.ask(choose(flagged))
    return flagged.repaired()


def at_random(flagged: Flagged) -> int:
    return int(flagged.rng.integers(N_ITEMS))


def where_it_is_worth_most(flagged: Flagged) -> int:
    quality = [max(flagged.believed(item).values()) for item in range(N_ITEMS)]
    behind = [len(votes) + 1.0 for votes in flagged.votes]
    return int(np.argmin(active_score(quality, behind, 1.0, len(CLASSES))))


def test_with_as_many_votes_the_ordering_repairs_more_than_chance() -> None:
    gained = [
        spend(Flagged(seed), where_it_is_worth_most) - spend(Flagged(seed), at_random) for seed in range(4)
    ]
    assert all(one > 0 for one in gained), gained


def test_the_score_is_the_one_of_all_tasks_at_once() -> None:
    votes = Votes([0, 0, 1, 1, 2], [0, 1, 0, 1, 0], [0, 0, 0, 1, 1])
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.6, 0.4]])
    scores = active_scores(votes, probs).score
    assert scores[1] == scores.min(), "the tie is worth a vote most"


@pytest.mark.parametrize("weight", [0.0, 1.0, 5.0])
def test_more_votes_behind_a_label_make_another_worth_less(weight: float) -> None:
    one, more = active_score([0.9, 0.9], [weight, weight + 1], 1.0, 3)
    assert one < more


def test_scores_refuse_repeated_votes() -> None:
    with pytest.raises(InvalidVotes):
        active_scores(Votes([0, 0], [0, 0], [0, 1]), np.array([[0.5, 0.5]]))
