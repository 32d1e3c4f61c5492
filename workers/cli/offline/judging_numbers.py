"""Which ratings and other numbers are probably wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connector.wording import reason_texts
from workers.cli.offline.dataset import Dataset
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.judging_sets import SEED, better_ones, put_forward
from workers.cli.offline.naming import refuse_names
from workers.cli.offline.outcome import FileIssue, FileScan, label_counts
from workers.cli.offline.own_predictions import IN_FILE, own_numbers, scores_in_file
from workers.cli.offline.record import LeftOut, Record
from workers.cli.offline.snippets import snippet
from workers.cli.offline.usable import features_of, unusable
from workers.detect.predictions.crossval import Progress
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import FeatureKind
from workers.detect.predictions.limits import WEAK_GAIN
from workers.detect.predictions.numbers import out_of_sample_numbers
from workers.issues import InvalidInput, NumberIssues, number_issues

FEW_STEPS = 20  # different numbers: a scale, of which only steps are suggested
FIGURES = 3  # digits of a number that is no step

ScoredNumbers = tuple[
    NDArray[np.intp], NDArray[np.float64], tuple[LeftOut, ...], str, float | None, list[str]
]


def judge_numbers(
    data: Dataset,
    *,
    kind: FeatureKind | None = None,
    predictions: Path | None = None,
    progress: Progress | None = None,
) -> FileScan:
    """Judge each number by its distance from what is expected, for one that is often as far off."""
    given = np.array([float(record.label) for record in data.records])
    scored = _own(data, predictions) or _built_in(data, given, kind, progress)
    rows, expected, left_out, by, gain, warnings = scored
    records, given = [data.records[int(row)] for row in rows], given[rows]
    try:
        result = number_issues(given, expected)
    except InvalidInput as error:
        raise BadFile(error.problem, argument=ARGUMENT, remedy=error.remedy) from error
    steps = np.unique([float(label) for label in data.classes])
    suggested = [_suggested(float(number), steps) for number in result.expected]
    flagged = [int(row) for row in result.order if suggested[row] != records[row].label]
    kept, limited = put_forward(flagged, gain)
    issues = tuple(_issue(records[row], suggested[row], result, row, data) for row in kept)
    scale = len(steps) <= FEW_STEPS
    return FileScan(
        kind=data.kind,
        label_name=data.label_name,
        fields=data.fields,
        n_items=len(records),
        n_labels=len(records),
        judged=f"{len(records):,} numbers from {steps[0]:g} to {steps[-1]:g}",
        by=by,
        issues=issues,
        classes=label_counts(Counter(each.label for each in records), [i.given for i in issues])
        if scale
        else (),
        left_out=(*data.left_out, *left_out),
        notes=data.notes,
        warnings=(*warnings, *limited, *result.warnings),
        figures={} if gain is None else {"variance_explained": gain},
        weak=gain is not None and gain < WEAK_GAIN,
    )


def _own(data: Dataset, path: Path | None) -> ScoredNumbers | None:
    scores = own_numbers(path, data) if path is not None else scores_in_file(data)
    if scores is None:
        return None
    rows = np.flatnonzero(scores.known)
    missing = tuple(
        LeftOut(data.records[int(row)].place, "no prediction") for row in np.flatnonzero(~scores.known)
    )
    return (
        rows,
        scores.values[rows, 0],
        missing,
        IN_FILE if path is None else f"predictions of {path.name}",
        None,
        list(scores.notes),
    )


def _built_in(
    data: Dataset, given: NDArray[np.float64], kind: FeatureKind | None, progress: Progress | None
) -> ScoredNumbers:
    if kind is None:
        refuse_names(data)
    try:
        features = features_of(data, kind)
        predicted = out_of_sample_numbers(features, given[features.rows], seed=SEED, progress=progress)
    except NoPredictions as error:
        raise BadFile(error.problem, argument=f"{ARGUMENT} ({error.field})", remedy=error.remedy) from error
    warnings = [*reason_texts(predicted.warnings), *better_ones(predicted.r2)]
    by = f"the built-in model for {features.kind.value}, cross-validated"
    return features.rows, predicted.expected, tuple(unusable(data, features)), by, predicted.r2, warnings


def _suggested(expected: float, steps: NDArray[np.float64]) -> str:
    """The nearest step of a scale, of two as near the lower; of many numbers the expected one, rounded."""
    number = expected
    if len(steps) <= FEW_STEPS:
        number = float(steps[np.argmin(np.abs(steps - expected))])
    return f"{number:.{FIGURES}g}"


def _issue(record: Record, suggested: str, issues: NumberIssues, row: int, data: Dataset) -> FileIssue:
    expected, spread = float(issues.expected[row]), float(issues.spread[row])
    return FileIssue(
        id=record.id,
        place=record.place,
        kind="number",
        given=record.label,
        suggested=suggested,
        score=float(1 - issues.score[row]),
        probability=None,
        reason=f"It is {record.label}; the model expects {expected:.{FIGURES}g} ± {spread:.2g}.",
        content=snippet(record, data.fields),
        annotator=record.annotator,
    )
