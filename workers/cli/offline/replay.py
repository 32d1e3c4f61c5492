"""Questions whose answers are known, asked again in random orders under a rule that decides when to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from workers.consensus import QuorumOutcome, QuorumPolicy, QuorumVote, decide
from workers.consensus.shares import GroupPath

CLEAR = 0.6  # of the answers for one label: what is an error, or none, beyond doubt
SEED = 0


@dataclass(frozen=True)
class KnownQuestion:
    """A flagged label and all that people said of it; answers among `problems` are no label.

    Where the truth is known by other means it takes the place of what most people said.
    """

    given: Hashable
    suggested: Hashable
    answers: Sequence[Hashable]
    path: GroupPath
    problems: frozenset[Hashable] = frozenset()
    truth: Hashable | None = None

    @cached_property
    def most(self) -> Hashable | None:
        """What most people said; None where two answers stand equal."""
        if self.truth is not None:
            return self.truth
        ranked = Counter(self.answers).most_common(2)
        return None if len(ranked) == 2 and ranked[0][1] == ranked[1][1] else ranked[0][0]

    @cached_property
    def is_clear(self) -> bool:
        return Counter(self.answers).most_common(1)[0][1] >= CLEAR * len(self.answers)


@dataclass(frozen=True, slots=True)
class Stop:
    """After how many answers a rule stopped, with which label (None: undecided), and how sure it was."""

    votes: int
    label: Hashable | None
    probability: float | None = None


class StoppingRule(Protocol):
    """Reads the answers to one question in order until they suffice; it may learn from those it read."""

    def stop(self, question: KnownQuestion, answers: Sequence[Hashable]) -> Stop: ...


@dataclass(frozen=True, slots=True)
class QuorumRule:
    """So many agreeing votes decide, by the rule of the product."""

    policy: QuorumPolicy

    def stop(self, question: KnownQuestion, answers: Sequence[Hashable]) -> Stop:
        ballot: list[QuorumVote] = []
        for n, answer in enumerate(answers[: self.policy.max_votes]):
            problem = (str(answer),) if answer in question.problems else ()
            ballot.append(QuorumVote(str(n), None if problem else str(answer), problem))
            outcome = decide(ballot, str(question.given), self.policy).outcome
            if outcome is QuorumOutcome.ACCEPT:
                return Stop(n + 1, Counter(answers[: n + 1]).most_common(1)[0][0])
            if outcome is not QuorumOutcome.ASK_MORE:
                return Stop(n + 1, question.given if outcome is QuorumOutcome.REJECT else None)
        return Stop(len(ballot), None)


@dataclass(frozen=True, slots=True)
class LeadRule:
    """Two votes for the given label, ahead of all others, keep it; a change needs a lead of `change`."""

    change: int
    most: int
    keep: int = 2

    def stop(self, question: KnownQuestion, answers: Sequence[Hashable]) -> Stop:
        counts: Counter[Hashable] = Counter()
        for n, answer in enumerate(answers[: self.most], start=1):
            counts[answer] += 1
            (first, votes), (_, others) = [*counts.most_common(2), (None, 0)][:2]
            if first in question.problems:
                continue
            if first == question.given and votes >= self.keep and votes > others:
                return Stop(n, first)
            if first != question.given and votes - others >= self.change:
                return Stop(n, first)
        return Stop(min(len(answers), self.most), None)


@dataclass(slots=True)
class RuleTally:
    """What a rule came to, summed over all orders. `stated` are its probabilities, and whether most agree."""

    asked: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    stated: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, question: KnownQuestion, stop: Stop) -> None:
        self.asked += 1
        self.sums["votes"] += stop.votes
        if stop.label is None:
            self.sums["undecided"] += 1
            return
        if stop.probability is not None and question.most is not None:  # else nobody knows what most say
            self.stated.append((stop.probability, stop.label == question.most))
        if stop.label == question.given:
            return
        fate = {question.given: "harmed", stop.label: "repaired"}.get(question.most, "changed_otherwise")
        self.sums[fate] += 1
        self.sums[f"clear_{fate}"] += question.is_clear


def replay(
    questions: Sequence[KnownQuestion],
    rules: Mapping[str, Callable[[], StoppingRule]],
    *,
    orders: int,
    seed: int = SEED,
) -> dict[str, RuleTally]:
    """Ask all questions under each rule, in so many random orders of questions and answers.

    Each order is the same for all rules. A rule begins each order anew, so what it learned is from answers
    to other questions that it had asked for before.
    """
    tallies = {name: RuleTally() for name in rules}
    for order in _orders(questions, orders, seed):
        for name, begin in rules.items():
            rule = begin()
            for question, answers in order:
                tallies[name].add(question, rule.stop(question, answers))
    return tallies


def _orders(
    questions: Sequence[KnownQuestion], orders: int, seed: int
) -> Iterator[list[tuple[KnownQuestion, list[Hashable]]]]:
    rng = np.random.default_rng(seed)
    for _ in range(orders):
        shuffled = [questions[n] for n in rng.permutation(len(questions))]
        yield [(one, [one.answers[n] for n in rng.permutation(len(one.answers))]) for one in shuffled]
