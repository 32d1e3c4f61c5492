"""What each rule of decision would have repaired, spoiled and cost, where people's answers are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.cli.offline.arrays import load_array
from workers.cli.offline.errors import BadFile
from workers.cli.offline.replay import KnownQuestion, LeadRule, QuorumRule, RuleTally, StoppingRule, replay
from workers.cli.offline.shares_rule import SharesRule
from workers.consensus import QuorumPolicy
from workers.consensus.shares import odds_of, path_of
from workers.consensus.shares.rule import MOST_VOTES
from workers.issues import LabelIssues

DEFAULT = "shares"
RULES: Mapping[str, Callable[[], StoppingRule]] = {
    DEFAULT: SharesRule,
    "two of three": lambda: QuorumRule(QuorumPolicy(quorum=2, max_votes=3)),
    "three of five": lambda: QuorumRule(QuorumPolicy(quorum=3, max_votes=5)),
    "lead of two, up to five": lambda: LeadRule(change=2, most=5),
    "lead of three, up to five": lambda: LeadRule(change=3, most=5),
    "lead of four, up to seven": lambda: LeadRule(change=4, most=7),
}
ORDERS = 40  # random ones of items and answers, in which rules are tried
FEWEST_ORDERS = 5
REPLAYED = 40_000  # questions under each rule; where flags are many, fewer orders say as much
ALLOWED_HARM = 0.003  # clear harm, as a share of the items, beyond which a rule is advised against
NEARLY = 0.9  # of the repairs of the best rule
MOST_ANSWERS = 100_000  # to one item; no rule reads more than fifteen of them
FIRST_REVIEWS = (50, 100, 200)
BANDS = (0.75, 0.9, 0.95, 0.98, 1.0)  # of the probabilities that are held against what most people say


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """Means over the orders. `harmed`: the given label was what most say; `clear_`: of the items of which
    one label has at least 60 % of the answers."""

    rule: str
    default: bool
    items: int
    votes_per_item: float
    repaired: float
    harmed: float
    clear_repaired: float
    clear_harmed: float
    undecided: float


@dataclass(frozen=True, slots=True)
class StatedBand:
    """Decisions of the default rule that were this sure (`low` <= p < `high`): the mean that was stated, and
    the share in which most people agree. `n` is a mean over the orders."""

    low: float
    high: float
    n: float
    stated: float
    right: float


@dataclass(frozen=True, slots=True)
class DecisionFigures:
    """`order`: the share of wrong labels among the first k reviews, of all where there are fewer than k.
    `answers_per_item` is how many answers there are to a flagged item: the median."""

    decisions: tuple[RuleFigures, ...]
    order: Mapping[str, float]
    stated: tuple[StatedBand, ...]
    unanswered: int  # flagged items that nobody answered: left out
    answers_per_item: float
    orders: int

    @property
    def few_answers(self) -> bool:
        """Whether half of the questions have fewer answers than the default rule may ask for."""
        return bool(self.decisions) and self.answers_per_item < MOST_VOTES

    @property
    def advised(self) -> RuleFigures:
        """Of the rules that spoil next to nothing, the cheapest of those that repair nearly as much as the
        best of them; the one that spoils least where none is harmless."""
        harmless = [one for one in self.decisions if one.clear_harmed <= ALLOWED_HARM * one.items]
        if harmless:
            most = max(one.clear_repaired for one in harmless)
            good = [one for one in harmless if one.clear_repaired >= NEARLY * most]
            return min(good, key=lambda one: one.votes_per_item)
        return min(self.decisions, key=lambda one: (one.clear_harmed, -one.clear_repaired))


def load_answers(path: Path, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """How many people gave each class, (N, K). BadFile names what is wrong with it."""
    counts = load_array(path, "--answers")
    if counts.shape != shape:
        problem = f"it has the shape {counts.shape}, --probs {shape}"
        raise BadFile(
            problem, argument="--answers", remedy="Save how many people gave each class, item by item"
        )
    if counts.dtype.kind not in "iuf":
        problem = f"it holds {counts.dtype}, not counts"
        raise BadFile(problem, argument="--answers", remedy="Save whole numbers from 0")
    bad = np.argwhere(~((counts >= 0) & (counts == np.floor(counts)) & (counts <= MOST_ANSWERS)))
    if len(bad):
        row, column = bad[0]
        problem = f"class {column} was given {counts[row, column]} times"
        remedy = f"Save whole numbers from 0 to {MOST_ANSWERS:,}"
        raise BadFile(problem, argument="--answers", where=f"row {row}", remedy=remedy)
    if not counts.any():
        raise BadFile(
            "it holds no answer", argument="--answers", remedy="Save how many people gave each class"
        )
    return np.asarray(counts, dtype=np.int64)


def decision_figures(
    issues: LabelIssues,
    labels: NDArray[Any],
    pred_probs: NDArray[Any],
    counts: NDArray[np.int64],
) -> DecisionFigures:
    """Replay all rules on the flagged items.

    Parameters
    ----------
    issues
        Which are flagged.
    labels : (N,) int
        Given classes.
    pred_probs : (N, K) float
        Out-of-sample probabilities.
    counts : (N, K) int
        How many people gave each class.
    """
    questions = decision_questions(issues, labels, pred_probs, counts)
    orders = orders_for(len(questions))
    tallies = replay(questions, RULES, orders=orders) if questions else {}
    return DecisionFigures(
        decisions=tuple(figures_of(name, tally, orders) for name, tally in tallies.items()),
        order=share_wrong(questions),
        stated=stated_bands(tallies[DEFAULT], orders) if tallies else (),
        unanswered=len(issues.order) - len(questions),
        answers_per_item=float(np.median([len(one.answers) for one in questions])) if questions else 0.0,
        orders=orders,
    )


def orders_for(n_questions: int) -> int:
    """In how many orders so many questions are asked by default."""
    return min(ORDERS, max(FEWEST_ORDERS, REPLAYED // max(1, n_questions)))


def decision_questions(
    issues: LabelIssues, labels: NDArray[Any], pred_probs: NDArray[Any], counts: NDArray[np.int64]
) -> list[KnownQuestion]:
    """The flagged items that anybody answered, most suspicious first; arrays as in `decision_figures`."""
    answered = [int(row) for row in issues.order if counts[row].any()]
    return [_question(int(labels[row]), pred_probs[row], counts[row]) for row in answered]


def _question(given: int, probs: NDArray[Any], counts: NDArray[np.int64]) -> KnownQuestion:
    others = np.array(probs, dtype=np.float64)
    others[given] = -1
    suggested = int(others.argmax())
    odds = odds_of(float(probs[given]), float(probs[suggested]))
    return KnownQuestion(
        given=given,
        suggested=suggested,
        answers=np.repeat(np.arange(len(counts)), counts).tolist(),
        path=path_of("label_error", str(given), str(suggested), odds),
    )


def figures_of(rule: str, tally: RuleTally, orders: int) -> RuleFigures:
    """The means of one rule."""
    mean = {name: tally.sums[name] / orders for name in ("repaired", "harmed", "undecided")}
    clear = {name: tally.sums[name] / orders for name in ("clear_repaired", "clear_harmed")}
    votes = tally.sums["votes"] / tally.asked
    return RuleFigures(
        rule=rule,
        default=rule == DEFAULT,
        items=tally.asked // orders,
        votes_per_item=votes,
        **mean,
        **clear,
    )


def share_wrong(questions: Sequence[KnownQuestion]) -> dict[str, float]:
    """Among the first k of these, the share about which most people give another answer than the label."""
    wrong = [one.most is not None and one.most != one.given for one in questions]
    return {str(k): float(np.mean(wrong[:k])) for k in FIRST_REVIEWS} if wrong else {}


def stated_bands(tally: RuleTally, orders: int) -> tuple[StatedBand, ...]:
    """The probabilities that a rule stated, against what most people say."""
    stated = np.array([one for one, _ in tally.stated])
    right = np.array([one for _, one in tally.stated], dtype=bool)
    bands = []
    for low, high in pairwise(BANDS):
        inside = (stated >= low) & (stated < high if high < 1 else stated <= 1)
        if inside.any():
            n = float(inside.sum()) / orders
            bands.append(StatedBand(low, high, n, float(stated[inside].mean()), float(right[inside].mean())))
    return tuple(bands)
