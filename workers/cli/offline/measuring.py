"""From files of arrays to figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from workers.cli.offline.arrays import load_array, load_classes
from workers.cli.offline.decisions import DecisionFigures, decision_figures, load_answers
from workers.cli.offline.errors import BadFile
from workers.cli.offline.evaluate import ReviewScores, TruthScores, against_reviews, against_truth
from workers.cli.offline.own_arrays import class_numbers, probabilities
from workers.cli.offline.votes import read_votes
from workers.issues import InvalidInput, LabelIssues, label_issues

OPTIONS = {"labels": "--labels", "pred_probs": "--probs"}


@dataclass(frozen=True, slots=True)
class Measured:
    """`given` (N,) and `probs` (N, K) as they were judged."""

    given: NDArray[Any]
    probs: NDArray[Any]
    label_issues: LabelIssues
    truth: TruthScores | None
    reviews: ReviewScores | None
    decisions: DecisionFigures | None


def measure(
    labels: Path,
    probs: Path,
    *,
    truth: Path | None,
    votes: Path | None,
    answers: Path | None,
    method: str,
    at: Sequence[int],
) -> Measured:
    """Find issues in the arrays, and measure them against what is known. BadFile names the bad one."""
    given, said = class_numbers(load_array(labels, OPTIONS["labels"]), OPTIONS["labels"])
    matrix, told = probabilities(load_array(probs, OPTIONS["pred_probs"]))
    try:
        found = label_issues(given, matrix, method=method)
    except InvalidInput as error:
        raise _named(error) from error
    true = None if truth is None else load_classes(truth, "--truth", len(given), matrix.shape[1])
    reviews = None if votes is None else read_votes(votes, given)
    counts = None if answers is None else load_answers(answers, matrix.shape)
    return Measured(
        given,
        matrix,
        replace(found, warnings=(*said, *told, *found.warnings)),
        None if true is None else against_truth(found, given, true, at),
        None if reviews is None else against_reviews(found, reviews, at),
        None if counts is None else decision_figures(found, given, matrix, counts),
    )


def _named(error: InvalidInput) -> BadFile:
    where = None if error.row is None else f"row {error.row}"
    argument = OPTIONS.get(error.argument, error.argument)
    return BadFile(error.problem, argument=argument, where=where, remedy=error.remedy)
