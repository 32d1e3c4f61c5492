"""How probable each label of one item is, from all that was said of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workers.consensus.ballot import QuorumVote

PEOPLE_ARE_RIGHT = 0.8  # what is taken for a person of whom nothing is known: one vote of CIFAR-10N is .82
SEEN_BEFORE = 10.0  # verdicts that what is known before them counts for
MODEL_IS_RIGHT = 0.5  # on flagged items, before verdicts say: there it is no better than the label it doubts
SUREST = 0.99  # no single answer is taken for certain, however good its source was so far


@dataclass(frozen=True, slots=True)
class Trust:
    """How far people can be relied on: probabilities of a right answer, and the weight of a vote.

    `accuracy` is by person, `by_class` by (person, true label) where enough is known; `weight` (0..1) is
    what a vote counts for in a quorum. Who is missing has the usual accuracy and the weight 1.
    """

    weight: Mapping[str, float] = field(default_factory=dict)
    accuracy: Mapping[str, float] = field(default_factory=dict)
    by_class: Mapping[tuple[str, str], float] = field(default_factory=dict)
    usual: float = PEOPLE_ARE_RIGHT

    def of(self, person: str, label: str) -> float:
        """The probability that this person recognises an item of that label."""
        overall = self.accuracy.get(person, self.usual)
        return self.by_class.get((person, label), overall)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of an item before anyone is asked: its label, who gave it, and the model's opinion.

    `model` maps labels to probabilities; what it leaves out shares the rest evenly. `model_accuracy` is the
    measured share of such items on which the model's first choice was right.
    """

    given: str | None = None
    annotator: str | None = None
    model: Mapping[str, float] | None = None
    model_accuracy: float = MODEL_IS_RIGHT


def posterior(
    votes: Sequence[QuorumVote], classes: Sequence[str], prior: Prior, trust: Trust
) -> dict[str, float]:
    """The probability of each class, given the votes, the given label and the model.

    Votes that name a problem, or a label that is no class, say nothing here. Without classes: empty.

    Notes
    -----
    Dawid and Skene (1979), equation 2.5, with known accuracies: P(k) ∝ m(k) g(k) Π_j P(vote j | k). A person
    of accuracy r says k with probability r when k is true, and each other class with (1 - r) / (K - 1); the
    annotator of the given label is one more such person. The model is one more voter that says more than
    one class: m(k) = λ p(k) + (1 - λ) / K, where λ <= 1 is chosen such that its first choice keeps no more
    than the measured accuracy a: λ = (a - 1/K) / (max p - 1/K). Everybody is taken to err independently,
    which people who saw the same suggestion do not: see ADR 21.
    """
    if not classes:
        return {}
    log = [math.log(share) for share in _opinion(prior, classes)]
    labels = [(vote.reviewer, vote.label) for vote in votes if vote.label is not None and not vote.problems]
    if prior.given is not None:
        labels.append((prior.annotator or "", prior.given))
    for person, label in labels:
        if label in classes:
            _add(log, person, label, classes, trust)
    most = max(log)
    weight = [math.exp(one - most) for one in log]
    total = sum(weight)
    return {name: one / total for name, one in zip(classes, weight, strict=True)}


def _add(log: list[float], person: str, answered: str, classes: Sequence[str], trust: Trust) -> None:
    n_classes = len(classes)
    for k, label in enumerate(classes):
        right = min(max(trust.of(person, label), 1 / n_classes), SUREST)
        log[k] += math.log(right if label == answered else (1 - right) / max(n_classes - 1, 1))


def _opinion(prior: Prior, classes: Sequence[str]) -> list[float]:
    """The model's probabilities, no surer than it was right so far; evenly spread without a model."""
    even = 1 / len(classes)
    if prior.model is None or len(classes) == 1:
        return [even] * len(classes)
    p = _completed(prior.model, classes)
    most = max(p)
    trusted = min(max(prior.model_accuracy, even), SUREST)
    share = min(1.0, (trusted - even) / (most - even)) if most > even else 1.0
    # Where the model is right every time, a class that it gives nothing must still be possible.
    return [max(share * one + (1 - share) * even, (1 - SUREST) * even) for one in p]


def _completed(model: Mapping[str, float], classes: Sequence[str]) -> list[float]:
    known = {name: max(0.0, model[name]) for name in classes if name in model}
    rest = max(0.0, 1 - sum(known.values()))
    missing = len(classes) - len(known)
    filled = [known.get(name, rest / missing if missing else 0.0) for name in classes]
    total = sum(filled)
    return [one / total for one in filled] if total > 0 else [1 / len(classes)] * len(classes)


def measured_accuracy(right: int, n: int, *, before: float = MODEL_IS_RIGHT) -> float:
    """A share of right answers, shrunk towards `before` as if that had been seen ten times (Beta)."""
    return (right + before * SEEN_BEFORE) / (n + SEEN_BEFORE)


def skill(accuracy: float, n_classes: int) -> float:
    """Accuracy beyond chance, 0..1: what an answer weighs in ActiveLab's scores."""
    chance = 1 / max(n_classes, 2)
    return max(0.0, (accuracy - chance) / (1 - chance))
