"""What the votes on one question say of the crowd, given how usual each kind of item is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from workers.consensus.arrays import Floats
from workers.consensus.shares.answers import AnswerSet, Counts, Errors, Group, PositionRole
from workers.consensus.shares.likelihoods import likelihoods


@dataclass(frozen=True, slots=True)
class Belief:
    """Probabilities, 0..1, about the crowd's shares.

    `most` is that a position is what most of the crowd would choose, of each that was named and is not the
    given label; `keep` the same of the given label; `first` that most of those who name a label at all would
    choose this one; `majority` that the position has more than half of the answers; `clear` that some label
    has 60 % of them or more, `spoiled` that the given label has, so that a change would spoil it.
    """

    keep: float
    most: Mapping[Hashable, float]
    first: Mapping[Hashable, float]
    majority: Mapping[Hashable, float]
    clear: float
    spoiled: float


def believe(counted: Counts, weights: Floats) -> Belief:
    """The posterior of the crowd's shares.

    Parameters
    ----------
    counted
        The votes on the question.
    weights : (C,) float
        How usual each component is for such items, summing to 1.

    Returns
    -------
    Belief
        `most` and `first` are the least of the posteriors with all, some or none of the votes for the given
        label: where such a vote speaks against a third answer more than against this one, it must not make
        the change more probable; `spoiled` is the greatest of them.
    """
    answers = counted.answers
    held, total = likelihoods(answers), float(weights @ likelihoods(answers).likelihood)
    others = {place: group for place, group in counted.group_of.items() if group[0] is not PositionRole.GIVEN}
    clear = sum(
        float(weights @ each) for group, each in held.clear.items() if group[0] is not PositionRole.PROBLEM
    )
    return Belief(
        keep=float(weights @ held.most[PositionRole.GIVEN, answers.given]) / total,
        most={place: min(_each(answers, "most", group, weights)) for place, group in others.items()},
        first={place: min(_each(answers, "first", group, weights)) for place, group in others.items()},
        majority={place: float(weights @ held.majority[group]) / total for place, group in others.items()},
        clear=min(1.0, clear / total),
        spoiled=max(_each(answers, "clear", None, weights)),
    )


def _each(
    answers: AnswerSet, what: Literal["most", "first", "clear"], group: Group | None, weights: Floats
) -> Iterator[float]:
    """The posterior of a group, or of the given label, with each choice of the votes for that label."""
    for some in _subsets(answers.given):
        held = likelihoods(answers.with_given(some))
        of = (PositionRole.GIVEN, some) if group is None else group
        yield float(weights @ getattr(held, what)[of]) / float(weights @ held.likelihood)


def _subsets(errors: Errors) -> Iterator[Errors]:
    """Each different choice of some of these votes."""
    of = sorted(Counter(errors).items())
    for numbers in product(*(range(n + 1) for _, n in of)):
        yield tuple(error for (error, _), n in zip(of, numbers, strict=True) for _ in range(n))
