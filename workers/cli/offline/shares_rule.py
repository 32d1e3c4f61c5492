"""The rule of shares as a project runs it: what it believes is learned from the votes that it asked for."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from workers.cli.offline.replay import KnownQuestion, Stop
from workers.consensus.arrays import Floats
from workers.consensus.shares import (
    AnswerSet,
    End,
    Expected,
    GroupPath,
    SharePrior,
    ShareVote,
    Terms,
    believe,
    conclude,
    count,
    expected,
    fit,
    policy_for,
)
from workers.consensus.shares.rule import HARM_LIMIT, VOTES_PER_QUESTION

LEARN_EVERY = 10  # questions, and later a tenth of those that were asked


class SharesRule:
    """Learns from each question that ended; a question is never decided by what was learned from itself.

    `harm_limit` and `votes` are those of `policy_for`.
    """

    def __init__(self, harm_limit: float = HARM_LIMIT, votes: float = VOTES_PER_QUESTION) -> None:
        self._limits = harm_limit, votes
        self._asked: list[tuple[GroupPath, AnswerSet]] = []
        self._next_fit = LEARN_EVERY
        self._learn()

    def stop(self, question: KnownQuestion, answers: Sequence[Hashable]) -> Stop:
        weights = self._prior.weights(question.path)

        def worth(answers: AnswerSet) -> bool:
            return self._outlook(weights).worth(answers)

        terms = Terms(question.given, question.suggested, question.problems)
        counts = count((), terms)
        stop = Stop(0, None)
        for n in range(1, min(len(answers), self._policy.max_votes) + 1):
            counts = count([ShareVote(one) for one in answers[:n]], terms)
            believed = believe(counts, weights)
            concluded = conclude(counts, believed, self._policy, worth=worth)
            label = {End.CHANGE: concluded.position, End.KEEP: question.given}.get(concluded.end)
            stop = Stop(n, label, None if label is None else concluded.probability)
            if concluded.end is not End.ASK:
                break
        self._see(question.path, counts.answers)
        return stop

    def _see(self, path: GroupPath, answers: AnswerSet) -> None:
        self._asked.append((path, answers))
        if len(self._asked) >= self._next_fit:
            self._learn()
            self._next_fit = len(self._asked) + max(LEARN_EVERY, len(self._asked) // 10)

    def _learn(self) -> None:
        self._prior: SharePrior = fit(self._asked)
        harm_limit, votes = self._limits
        self._policy = policy_for(self._prior, harm_limit=harm_limit, votes=votes)
        self._outlooks: dict[bytes, Expected] = {}

    def _outlook(self, weights: Floats) -> Expected:
        kept = self._outlooks.get(weights.tobytes())
        if kept is None:
            kept = self._outlooks[weights.tobytes()] = expected(weights, self._policy)
        return kept
