"""From files of arrays to figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from workers.cli.offline.array_files import read_classes, read_probabilities
from workers.cli.offline.arrays import checked_classes
from workers.cli.offline.decisions import DecisionFigures, decision_figures, load_answers
from workers.cli.offline.errors import BadFile
from workers.cli.offline.evaluate import ReviewScores, TruthScores, against_reviews, against_truth
from workers.cli.offline.own_arrays import class_numbers, probabilities
from workers.cli.offline.votes import read_votes
from workers.issues import InvalidInput, LabelIssues, label_issues

TRUTH = "--truth"
OPTIONS = {"labels": "--labels", "pred_probs": "--probs"}


@dataclass(frozen=True, slots=True)
class Measured:
    """`given` (N,) and `probs` (N, K) as they were judged; `names` of the K classes, where they are known."""

    given: NDArray[Any]
    probs: NDArray[Any]
    label_issues: LabelIssues
    truth: TruthScores | None
    reviews: ReviewScores | None
    decisions: DecisionFigures | None
    names: tuple[str, ...] = ()


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
    own = read_probabilities(probs, OPTIONS["pred_probs"])
    matrix, notices = probabilities(own.values)
    given, answered = class_numbers(read_classes(labels, OPTIONS["labels"]), OPTIONS["labels"], own.names)
    try:
        result = label_issues(given, matrix, method=method)
    except InvalidInput as error:
        raise _named(error) from error
    true = None if truth is None else _truth(truth, own.names, len(given), matrix.shape[1])
    reviews = None if votes is None else read_votes(votes, given)
    counts = None if answers is None else load_answers(answers, matrix.shape)
    return Measured(
        given,
        matrix,
        replace(result, warnings=(*answered, *notices, *result.warnings)),
        None if true is None else against_truth(result, given, true, at),
        None if reviews is None else against_reviews(result, reviews, at),
        None if counts is None else decision_figures(result, given, matrix, counts),
        own.names,
    )


def _truth(path: Path, names: tuple[str, ...], n_rows: int, n_classes: int) -> NDArray[Any]:
    """True classes: (n_rows,) integers in 0..n_classes - 1."""
    result, _ = class_numbers(read_classes(path, TRUTH), TRUTH, names)
    return checked_classes(result, TRUTH, n_rows, n_classes)


def _named(error: InvalidInput) -> BadFile:
    where = None if error.row is None else f"row {error.row}"
    argument = OPTIONS.get(error.argument, error.argument)
    return BadFile(error.problem, argument=argument, where=where, remedy=error.remedy)
