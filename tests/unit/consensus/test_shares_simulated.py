"""Crowds whose shares are known: what is stated must be right, and bad projects must do no harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from workers.consensus import exact_interval
from workers.consensus.shares import (
    Conclusion,
    End,
    SharePolicy,
    SharePrior,
    ShareVote,
    Terms,
    believe,
    conclude,
    count,
    fit,
    path_of,
    policy_for,
)
from workers.consensus.shares.components import COLD_START, COMPONENTS, MEANS, PLACES, ROLES, STRENGTHS

LABELS = ["given", "suggested", *(f"other {n}" for n in range(8)), *(f"problem {n}" for n in range(2))]
TERMS = Terms("given", "suggested", frozenset(LABELS[-2:]))
PATH = path_of("label_error", "given", "suggested", 10.0)
MIXES = {
    "as at first": COLD_START,
    "few are wrong": np.array([0.48, 0.40, 0.05, 0.02, 0.02, 0.005, 0.005, 0.01, 0.005, 0.005, 0, 0]),
    "most are unclear": np.array([0.02, 0.02, 0.01, 0.02, 0.02, 0.01, 0.02, 0.01, 0.15, 0.01, 0.24, 0.47]),
    "most are wrong": np.array([0.23, 0.16, 0.02, 0.01, 0.01, 0.01, 0.50, 0.05, 0.005, 0.005, 0, 0]),
}
ANY_HARM = 0.02  # of the questions: labels changed that most would give, however barely; clear ones are fewer
Answer = Callable[[np.random.Generator, np.ndarray, int], str]


def drawn(rng: np.random.Generator, _theta: np.ndarray, _voter: int) -> str:
    return str(rng.choice(LABELS, p=_theta))


def crowd(rng: np.random.Generator, mix: np.ndarray) -> np.ndarray:
    """The shares of an item's answers."""
    kind = rng.choice(len(COMPONENTS), p=mix / mix.sum())
    alpha = [
        MEANS[kind][k] * STRENGTHS[kind] / PLACES[role]
        for k, role in enumerate(ROLES)
        for _ in range(PLACES[role])
    ]
    return rng.dirichlet(alpha)


def run(
    rng: np.random.Generator,
    mix: np.ndarray,
    items: int,
    *,
    answer: Answer = drawn,
    reviewers: int = 13,
    errors: dict[int, float] | None = None,
    known: bool = False,
) -> list[tuple[Conclusion, str]]:
    """Decide items in turn, learning from those before; each conclusion with what most would say."""
    seen, prior, ended = [], SharePrior(), []
    policy = policy_for(SharePrior(start=mix / mix.sum()) if known else prior)
    for n in range(items):
        if n % 50 == 0 and not known:
            prior = fit(seen)
            policy = policy_for(prior)
        theta, ballot = crowd(rng, mix), []
        usual = mix / mix.sum() if known else prior.weights(PATH)
        counts, conclusion = count([], TERMS), Conclusion(End.ASK, None, 0)
        for voter in range(reviewers):
            ballot.append(ShareVote(answer(rng, theta, voter), (errors or {}).get(voter, 0.0)))
            counts = count(ballot, TERMS)
            conclusion = conclude(counts, believe(counts, usual), policy)
            if conclusion.end is not End.ASK:
                break
        seen.append((PATH, counts.answers))
        ended.append((conclusion, LABELS[int(theta.argmax())]))
    return ended


def label(conclusion: Conclusion) -> str:
    return "given" if conclusion.end is End.KEEP else str(conclusion.position)


def stated(ended: list[tuple[Conclusion, str]], end: End) -> tuple[float, int, int]:
    """The mean probability of decisions that ended so, how many are right, and of how many."""
    chosen = [(one.probability, label(one) == most) for one, most in ended if one.end is end]
    return float(np.mean([p for p, _ in chosen])), sum(right for _, right in chosen), len(chosen)


@pytest.mark.parametrize("name", MIXES)
def test_stated_probabilities_are_right_where_it_is_known_what_is_usual(name: str) -> None:
    ended = run(np.random.default_rng(1), MIXES[name], 800, known=True)
    for end in (End.KEEP, End.CHANGE):
        mean, right, n = stated(ended, end)
        interval = exact_interval([right], [n], level=0.99)
        assert interval.low[0] <= mean + 0.02  # bounds from below: somewhat more may be right
        assert mean <= interval.high[0]


@pytest.mark.parametrize("name", MIXES)
def test_stated_probabilities_are_right_where_that_is_learned_from_the_votes(name: str) -> None:
    ended = [one for seed in (2, 3, 4) for one in run(np.random.default_rng(seed), MIXES[name], 400)]
    for end in (End.KEEP, End.CHANGE):
        mean, right, n = stated(ended, end)
        assert mean <= exact_interval([right], [n], level=0.99).high[0]
    spoiled = sum(one.end is End.CHANGE and most == "given" for one, most in ended)
    assert spoiled <= ANY_HARM * len(ended)


def test_the_rule_finds_out_in_which_regime_it_is() -> None:
    ended = run(np.random.default_rng(3), MIXES["most are wrong"], 400)
    wrong = [one for one, most in ended if most == "suggested"]
    assert sum(one.end is End.CHANGE for one in wrong) > 0.9 * len(wrong)
    ended = run(np.random.default_rng(3), MIXES["few are wrong"], 400)
    kept = sum(one.end is End.KEEP for one, most in ended if most == "given")
    assert kept > 0.95 * sum(most == "given" for _, most in ended)


def test_items_that_are_torn_end_so_and_are_hardly_ever_spoiled() -> None:
    torn = np.zeros(len(COMPONENTS))
    torn[[one.name for one in COMPONENTS].index("torn")] = 1
    ended = run(np.random.default_rng(4), torn, 300)
    assert sum(one.end is End.CHANGE and most == "given" for one, most in ended) <= ANY_HARM * 300
    assert sum(one.end is End.CHANGE for one, _ in ended) <= 0.1 * 300
    assert sum(one.end is End.TORN for one, _ in ended) > 50


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reviewers", [1, 2, 3])
def test_a_team_too_small_for_a_change_leaves_the_label_and_the_question_open(reviewers: int) -> None:
    ended = run(np.random.default_rng(5), MIXES["few are wrong"], 200, reviewers=reviewers)
    ends = Counter(one.end for one, _ in ended)
    assert ends[End.CHANGE] == 0
    assert ends[End.ASK] > 0
    assert ends[End.KEEP] > 100


def test_one_vote_an_item_changes_no_label_however_many_items_are_answered() -> None:
    counts = count([ShareVote("suggested")], TERMS)
    for n in (0, 10, 1000):
        prior = fit([(PATH, counts.answers)] * n)
        policy = replace(policy_for(prior), change_confidence=0.51, most_spoiled=1.0)
        conclusion = conclude(counts, believe(counts, prior.weights(PATH)), policy)
        assert conclusion.end is End.ASK


@pytest.mark.parametrize("n_labels", [2, 3, 5])
def test_random_reviewers_change_hardly_anything(n_labels: int) -> None:
    ended = run(
        np.random.default_rng(6),
        COLD_START,
        400,
        answer=lambda rng, _theta, _voter: str(rng.choice(LABELS[:n_labels])),
    )
    assert sum(one.end is End.CHANGE for one, _ in ended) <= 0.01 * 400


def test_one_who_always_takes_the_suggestion_changes_nothing_alone() -> None:
    def answer(rng: np.random.Generator, theta: np.ndarray, voter: int) -> str:
        return "suggested" if voter == 0 else drawn(rng, theta, voter)

    for errors in ({}, {0: 0.75}):
        spoiled = 0
        for seed in (7, 8, 9):
            rng = np.random.default_rng(seed)
            ended = run(rng, MIXES["few are wrong"], 400, answer=answer, errors=errors)
            spoiled += sum(one.end is End.CHANGE and most == "given" for one, most in ended)
        assert spoiled <= ANY_HARM * 3 * 400


def test_votes_that_are_withdrawn_leave_the_question_as_it_was_before_them() -> None:
    counts = count([], TERMS)
    conclusion = conclude(counts, believe(counts, COLD_START), SharePolicy(change_confidence=0.9))
    assert conclusion.end is End.ASK


def test_a_class_that_appears_later_is_one_more_position() -> None:
    prior = fit([(PATH, count([ShareVote("given")], TERMS).answers)] * 100)
    later = path_of("label_error", "new class", "suggested", 10.0)
    assert np.isfinite(prior.weights(later)).all()
    counts = count([ShareVote("another new class")] * 3, TERMS)
    assert believe(counts, prior.weights(later)).most["another new class"] > 0
