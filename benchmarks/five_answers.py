"""How many labels of panels of five can be repaired at all, where other flags may hardly be spoiled.

A bound for any rule that decides a question by the answers to it, five at most, and that is allowed to know
exactly what the panels and the other flags hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.cli.offline.replay import KnownQuestion

ANSWERS = 5
PRICES = (0.0, *np.geomspace(0.25, 100, 60).tolist())  # of a spoiled label, in repairs
STATES = sorted((s for s in product(range(ANSWERS + 1), repeat=4) if sum(s) <= ANSWERS), key=sum)
PLACE = {state: k for k, state in enumerate(STATES)}

Floats = NDArray[np.float64]


def most_repaired(
    panels: Sequence[KnownQuestion], others: Sequence[KnownQuestion], harm_share: float
) -> float:
    """The greatest number of clear errors of `panels` that a rule can repair on average.

    It spoils at most `harm_share` (0..1) of `others`: clear labels, of all flags.

    Notes
    -----
    Optimal stopping by backward induction (DeGroot 1970, "Optimal Statistical Decisions", chapter 12) where a
    change is worth a repair among the panels and costs a price among the others. With any price the value and
    the price of what may be spoiled are together an upper bound (Lagrangian duality); the least is taken.
    """
    questions = [*panels, *others]
    answers = np.array([_by_place(one) for one in questions])
    chances = _chances(answers)
    repairs = np.array([one.is_clear and one.most == one.suggested != one.given for one in panels])
    spoils = np.array([one.is_clear and one.most == one.given for one in others])
    allowed = harm_share * len(others)
    values = (np.r_[repairs.astype(float), -price * spoils] for price in PRICES)
    least: float = min(
        _best(answers, chances, value) + price * allowed for value, price in zip(values, PRICES, strict=True)
    )
    return least


def _by_place(question: KnownQuestion) -> tuple[int, int, int, int]:
    """Answers for the given label, the suggestion, two problems; what else people name stands with the first
    of these."""
    named = Counter(question.answers)
    given, second = named.pop(question.given, 0), named.pop("both", 0)
    suggested = named.pop(question.suggested, 0)  # none where that is the given label
    return given, suggested, named.total(), second


def _chances(answers: NDArray[Any]) -> Floats:
    """(S, N): how probably the first so many answers to each question are those of a state."""
    totals = answers.sum(axis=1)
    rows = [
        [
            np.prod([comb(n, k) for n, k in zip(row, state, strict=True)]) / comb(total, sum(state))
            if sum(state) <= total
            else 0.0
            for row, total in zip(answers.tolist(), totals.tolist(), strict=True)
        ]
        for state in STATES
    ]
    return np.array(rows, dtype=np.float64)


def _best(answers: NDArray[Any], chances: Floats, value: Floats) -> float:
    """What the best rule comes to, where a change of question n is worth `value[n]`."""
    totals, best = answers.sum(axis=1), np.zeros(len(STATES))
    for k in reversed(range(len(STATES))):
        state, here = STATES[k], chances[k]
        if here.sum() <= 0:
            continue
        best[k] = max(0.0, here @ value / here.sum())
        left = np.maximum(totals - sum(state), 1)
        if sum(state) < ANSWERS:
            comes = [here @ ((answers[:, role] - state[role]) / left) / here.sum() for role in range(4)]
            best[k] = max(
                best[k], sum(p * best[_after(state, role)] for role, p in enumerate(comes) if p > 0)
            )
    return float(best[0] * len(answers))


def _after(state: tuple[int, ...], role: int) -> int:
    return PLACE[(*state[:role], state[role] + 1, *state[role + 1 :])]
