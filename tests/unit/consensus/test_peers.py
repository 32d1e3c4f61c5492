"""Reliability from golden answers and from each other, on crowds whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from workers.consensus.cells import TaskLabels
from workers.consensus.peers import Peers, class_reliability, judged_by_peers
from workers.consensus.votes import InvalidVotes, Votes

K = 5


@dataclass
class Crowd:
    """Reviewers of planted reliability; "random" guesses, "anchored" takes the suggestion."""

    reliability: list[float | str]
    n_tasks: int = 200
    golden: float = 0.0
    quorum: int = 2
    max_votes: int = 3

    def ask(self, rng: np.random.Generator) -> tuple[Votes, TaskLabels]:
        """Two are asked, a third where they differ: who is asked on is not random."""
        roles = rng.choice(3, p=[0.55, 0.25, 0.2], size=self.n_tasks)
        given = rng.integers(0, K, self.n_tasks)
        suggested = (given + rng.integers(1, K, self.n_tasks)) % K
        truth = np.array(
            [
                g if role == 0 else s if role == 1 else rng.choice([k for k in range(K) if k not in (g, s)])
                for role, g, s in zip(roles, given, suggested, strict=True)
            ]
        )
        rows: list[tuple[int, int, int]] = []
        for task in range(self.n_tasks):
            said: list[int] = []
            for who in rng.permutation(len(self.reliability)):
                said.append(self._answer(rng, int(who), int(truth[task]), int(suggested[task])))
                rows.append((task, int(who), said[-1]))
                if len(said) >= self.quorum and (max(map(said.count, said)) >= self.quorum):
                    break
                if len(said) == self.max_votes:
                    break
        columns = np.array(rows)
        known = np.where(rng.random(self.n_tasks) < self.golden, truth, -1)
        return Votes(*columns.T), TaskLabels.of(given, suggested, known, K)

    def _answer(self, rng: np.random.Generator, who: int, truth: int, suggested: int) -> int:
        p = self.reliability[who]
        if p == "anchored":
            return suggested
        if p == "random":
            return int(rng.integers(0, K))
        return truth if rng.random() < float(p) else int(rng.choice([k for k in range(K) if k != truth]))

    def judged(self, seed: int) -> Peers:
        votes, questions = self.ask(np.random.default_rng(seed))
        return judged_by_peers(votes, questions, K, len(self.reliability))


@pytest.mark.parametrize("golden", [0.0, 0.1, 1.0])
def test_planted_reliabilities_lie_in_the_intervals_about_as_often_as_these_say(golden: float) -> None:
    inside, off = [], []
    for seed in range(40):
        planted = np.random.default_rng(1000 + seed).uniform(0.55, 0.98, 6)
        found = Crowd(list(planted), golden=golden).judged(seed).reliability
        inside += list((found.low <= planted) & (planted <= found.high))
        off += list(found.mean - planted)
    assert 0.90 <= np.mean(inside) <= 0.99
    assert abs(np.mean(off)) < 0.015, "asking on where people differ bends nothing"


def test_agreement_with_the_decision_would_be_bent() -> None:
    """What the model is for: among decided tasks people agree with what they helped to decide."""
    crowd = Crowd([0.7, 0.7, 0.7, 0.7], n_tasks=2000)
    votes, questions = crowd.ask(np.random.default_rng(3))
    counts = np.zeros((2000, K))
    np.add.at(counts, (votes.task, votes.label), 1)
    decided = counts.max(axis=1)[votes.task] >= 2
    plain = (counts.argmax(axis=1)[votes.task] == votes.label)[decided].mean()
    found = judged_by_peers(votes, questions, K, 4).reliability.mean
    assert plain > 0.8
    assert found == pytest.approx(np.full(4, 0.7), abs=0.05)


def test_one_who_answers_at_random_is_found_without_golden_items() -> None:
    found = Crowd([0.9, 0.9, 0.85, 0.9, "random"]).judged(1).reliability
    assert found.high[4] < 0.45
    assert found.low[:4].min() > 0.7


def test_one_who_always_takes_the_suggestion_is_found() -> None:
    found = Crowd([0.9, 0.9, 0.85, 0.9, "anchored"]).judged(2).reliability
    assert found.high[4] < 0.5
    assert found.low[:4].min() > 0.7


def test_golden_items_find_two_who_agree_on_what_is_suggested() -> None:
    """To each other they look right; only what is known for certain tells."""
    crowd = Crowd(["anchored", "anchored"], golden=0.3)
    assert crowd.judged(3).reliability.high.max() < 0.6


def test_few_answers_stay_close_to_all() -> None:
    votes, questions = Crowd([0.9] * 5, n_tasks=300).ask(np.random.default_rng(4))
    new = Votes(
        np.append(votes.task, [0, 1]), np.append(votes.annotator, [5, 5]), np.append(votes.label, [0, 0])
    )
    wrong = TaskLabels.of(questions.given, questions.suggested, np.where(np.arange(300) < 2, 1, -1), K)
    found = judged_by_peers(new, wrong, K, 6).reliability
    assert found.n[5] == 2
    assert found.mean[5] > 0.6, "two wrong answers are little evidence"
    assert found.high[5] - found.low[5] > 0.3


def test_a_vote_alone_on_its_task_says_nothing() -> None:
    votes = Votes([0, 1, 2], [0, 0, 0], [1, 1, 1])
    found = judged_by_peers(votes, TaskLabels.of([1] * 3, [2] * 3, [-1] * 3, K), K, 1)
    assert not found.measured.any()
    assert found.reliability.n[0] == 0
    assert np.isnan(found.right).all()


def test_nobody_and_nothing() -> None:
    empty = np.zeros(0, dtype=np.int64)
    found = judged_by_peers(Votes(empty, empty, empty), TaskLabels.of(empty, empty, empty, K), K, 0)
    assert len(found.reliability.mean) == 0


def test_a_class_that_is_confused_is_told_by_class() -> None:
    """One is right about all but class 0, which is taken for 1."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, K, 400)
    said = np.where(truth == 0, 1, truth)
    votes = Votes(np.arange(400), np.zeros(400, dtype=np.int64), said)
    found = judged_by_peers(votes, TaskLabels.of(truth, (truth + 1) % K, truth, K), K, 1)
    by_class = class_reliability(found.confusions, 0, float(found.reliability.mean[0]))
    assert by_class[0][0] < 0.2
    assert min(by_class[k][0] for k in range(1, K)) > 0.9
    assert found.confusions[0, 0, 1] == pytest.approx((truth == 0).sum())


def test_the_confusions_hold_each_measured_vote_once() -> None:
    votes, questions = Crowd([0.8] * 4, golden=0.2).ask(np.random.default_rng(6))
    found = judged_by_peers(votes, questions, K, 4)
    # What is left out is spread over labels that nobody named.
    assert sum(found.confusions.values()) == pytest.approx(found.measured.sum(), rel=0.03)


@settings(deadline=None, max_examples=25)
@drawn(st.integers(0, 10_000), st.integers(1, 60), st.floats(0, 1))
def test_intervals_hold_their_means_and_order_does_not_matter(seed: int, n: int, golden: float) -> None:
    rng = np.random.default_rng(seed)
    votes, questions = Crowd(["random", 0.9, "anchored", 0.6], n_tasks=n, golden=golden).ask(rng)
    one = judged_by_peers(votes, questions, K, 4)
    assert (one.reliability.low <= one.reliability.mean).all()
    assert (one.reliability.mean <= one.reliability.high).all()
    assert ((one.right[one.measured] >= 0) & (one.right[one.measured] <= 1)).all()
    other = judged_by_peers(votes.where(rng.permutation(len(votes))), questions, K, 4)
    assert other.reliability.mean == pytest.approx(one.reliability.mean, abs=1e-6)


@pytest.mark.parametrize(
    ("votes", "n_classes", "said"),
    [
        (Votes([0], [0], [7]), K, "outside"),
        (Votes([0, 0], [0, 0], [1, 2]), K, "two votes"),
        (Votes([3], [0], [1]), K, "not described"),
        (Votes([0], [2], [1]), K, "not described"),
        (Votes([0], [0], [0]), 1, "two classes"),
    ],
)
def test_what_cannot_be_is_refused(votes: Votes, n_classes: int, said: str) -> None:
    questions = TaskLabels(np.array([0]), np.array([0]), np.array([-1]))
    with pytest.raises(InvalidVotes, match=said):
        judged_by_peers(votes, questions, n_classes, 1)
