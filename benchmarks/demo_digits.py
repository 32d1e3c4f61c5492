"""The demo's digits and its simulated reviewers without servers: what each rule repairs and spoils."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from lines import Line, figures, replayed

from workers.cli.offline.decisions import RULES, figures_of
from workers.cli.offline.replay import KnownQuestion, RuleTally, StoppingRule, replay
from workers.cli.offline.shares_rule import SharesRule
from workers.consensus.shares import odds_of, path_of
from workers.demo.digits import (
    ANNOTATORS,
    CLASSES,
    HARM_LIMIT,
    REVIEWERS,
    VOTES_PER_QUESTION,
    Digits,
    planted,
    seen_by,
)
from workers.detect.predictions.crossval import out_of_sample
from workers.detect.predictions.features import Features, extract
from workers.issues import label_issues

NAME = "the demo's digits"
SEEDS = range(200, 230)  # the crowd and the demo's settings were chosen by seeds below 160
FEW_SEEDS = range(200, 204)
THE_DEMO: Mapping[str, Callable[[], StoppingRule]] = {
    "shares, as the demo sets it": lambda: SharesRule(HARM_LIMIT, VOTES_PER_QUESTION),
    **RULES,
}


def rules_on_digits(*, quick: bool) -> Iterator[Line]:
    """One line a rule: means of a run, flags of one scan by the built-in model, answers of six people."""
    seeds = FEW_SEEDS if quick else SEEDS
    tallies = {rule: RuleTally() for rule in THE_DEMO}
    features: Features | None = None
    right = planted_errors = 0
    for seed in seeds:
        digits = planted(np.random.default_rng(seed), len(ANNOTATORS))
        features = features or extract([{"image": image} for image in digits.images], "image")
        questions = _questions(digits, features, seed)
        right += sum(one.most == one.given for one in questions)
        planted_errors += int(digits.wrong.sum())
        for rule, tally in replay(questions, THE_DEMO, orders=1, seed=seed).items():
            tallies[rule].asked += tally.asked
            tallies[rule].sums += tally.sums
    for rule, tally in tallies.items():
        yield _line(rule, tally, len(seeds), right, planted_errors)


def _questions(digits: Digits, features: Features, seed: int) -> list[KnownQuestion]:
    probs = out_of_sample(features, digits.given, len(CLASSES), seed=0).probs
    flagged = label_issues(digits.given, probs).order.tolist()
    return [_question(digits, probs[row], row, seed) for row in flagged]


def _question(digits: Digits, probs: Any, row: int, seed: int) -> KnownQuestion:
    given, others, rng = int(digits.given[row]), probs.copy(), np.random.default_rng([seed, row])
    others[given] = -1
    suggested = int(others.argmax())
    answers = [int(seen_by(rng, digits.views[row])) for _ in REVIEWERS]
    path = path_of("label_error", str(given), str(suggested), odds_of(probs[given], probs[suggested]))
    return KnownQuestion(given, suggested, answers, path, truth=int(digits.truth[row]))


def _line(rule: str, tally: RuleTally, runs: int, right: int, planted_errors: int) -> Line:
    reached = figures_of(rule, tally, runs)
    return {
        **replayed(NAME, rule, reached),
        "right_left_alone": figures(1 - tally.sums["harmed"] / right),
        "of_planted_errors": figures(tally.sums["repaired"] / planted_errors),
        "runs": runs,
        "right": right,
    }
