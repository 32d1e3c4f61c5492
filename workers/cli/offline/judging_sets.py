"""Which sets of classes are probably wrong, item by item."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connector import wording
from connector.wording import listing, number_of, percent, quoted
from workers.cli.offline.dataset import Dataset
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.naming import refuse_names
from workers.cli.offline.outcome import FileIssue, FileScan, label_counts
from workers.cli.offline.own_predictions import IN_FILE, own_scores, scores_in_file
from workers.cli.offline.record import LeftOut, Record
from workers.cli.offline.snippets import snippet
from workers.cli.offline.usable import features_of, unusable
from workers.detect.predictions.crossval import Progress
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import FeatureKind
from workers.detect.predictions.limits import WEAK_GAIN, judgement_limit
from workers.detect.predictions.sets import out_of_sample_sets
from workers.issues import InvalidInput, MultilabelIssues, multilabel_issues
from workers.label_types.multi_label import value

SEED = 20_210_208
LEAST = 5  # a class is judged only if so many items carry it and so many do not
MOST_NAMED = 3  # classes in a sentence
ANNOTATION_KIND = "classes"


@dataclass(frozen=True, slots=True)
class ScoredSets:
    """`probs` (M, K) of the records at `rows`, what is said of them, and how much they know."""

    rows: NDArray[np.intp]
    probs: NDArray[np.float64]
    left_out: tuple[LeftOut, ...]
    by: str
    gain: float | None
    warnings: tuple[str, ...]


def judge_sets(
    data: Dataset,
    *,
    method: str,
    kind: FeatureKind | None = None,
    predictions: Path | None = None,
    progress: Progress | None = None,
) -> FileScan:
    """Judge each class of each item by probabilities of one's own, or of the built-in model."""
    marks = _marks(data)
    scored = _own(data, predictions) or _built_in(data, marks, kind, progress)
    records = [data.records[int(row)] for row in scored.rows]
    marks = marks[scored.rows]
    try:
        result = multilabel_issues(marks, scored.probs, method=method, least=LEAST)
    except InvalidInput as error:
        raise BadFile(error.problem, argument=ARGUMENT, remedy=error.remedy) from error
    flagged = [int(row) for row in result.order if result.cell_mask[row].any()]
    kept, limited = put_forward(flagged, scored.gain)
    issues = tuple(_issue(row, records[row], marks[row], result, data) for row in kept)
    given = Counter(data.classes[k] for k in np.nonzero(marks)[1])
    doubted = [data.classes[k] for row in kept for k in np.flatnonzero(result.cell_mask[row])]
    return FileScan(
        kind=data.kind,
        label_name=data.label_name,
        fields=data.fields,
        n_items=len(records),
        n_labels=len(records),
        judged=f"{number_of(len(records), 'item')} with {number_of(len(data.classes), 'class', 'classes')}",
        by=scored.by,
        issues=issues,
        classes=label_counts(given, doubted),
        left_out=(*data.left_out, *scored.left_out),
        notes=data.notes,
        warnings=(*scored.warnings, *limited, *_unjudged(result, data)),
        figures={} if scored.gain is None else {"told_from_chance": scored.gain},
        weak=scored.gain is not None and scored.gain < WEAK_GAIN,
    )


def better_ones(gain: float) -> tuple[str, ...]:
    """The option that helps where the model is weak."""
    return ("Predictions of a better model can be given with --predictions.",) if gain < WEAK_GAIN else ()


def put_forward(rows: list[int], gain: float | None) -> tuple[list[int], tuple[str, ...]]:
    """Of a weak model's flags the most suspicious only, and a sentence that says so."""
    kept = rows if gain is None else rows[: ceil(judgement_limit(gain) * len(rows))]
    return kept, (wording.flags_limited(len(kept), len(rows)),) if len(kept) < len(rows) else ()


def _marks(data: Dataset) -> NDArray[np.bool_]:
    number = {name: k for k, name in enumerate(data.classes)}
    marks = np.zeros((len(data.records), len(data.classes)), dtype=np.bool_)
    for row, record in enumerate(data.records):
        marks[row, [number[name] for name in value.classes(record.label)]] = True
    return marks


def _own(data: Dataset, path: Path | None) -> ScoredSets | None:
    scores = own_scores(path, data) if path is not None else scores_in_file(data)
    if scores is None:
        return None
    rows = np.flatnonzero(scores.known)
    missing = tuple(
        LeftOut(data.records[int(row)].place, "no prediction") for row in np.flatnonzero(~scores.known)
    )
    return ScoredSets(
        rows,
        scores.values[rows],
        missing,
        IN_FILE if path is None else f"probabilities of {path.name}",
        None,
        scores.notes,
    )


def _built_in(
    data: Dataset, marks: NDArray[np.bool_], kind: FeatureKind | None, progress: Progress | None
) -> ScoredSets:
    if kind is None:
        refuse_names(data)
    try:
        features = features_of(data, kind)
        predicted = out_of_sample_sets(features, marks[features.rows], seed=SEED, progress=progress)
    except NoPredictions as error:
        raise BadFile(error.problem, argument=f"{ARGUMENT} ({error.field})", remedy=error.remedy) from error
    gain = predicted.mean_gain
    by = f"the built-in model for {features.kind.value}, cross-validated"
    left_out = tuple(unusable(data, features))
    warnings = (*wording.reason_texts(predicted.warnings), *better_ones(gain))
    return ScoredSets(features.rows, predicted.probs, left_out, by, gain, warnings)


def _unjudged(issues: MultilabelIssues, data: Dataset) -> tuple[str, ...]:
    names = [quoted(data.classes[k]) for k in np.flatnonzero(~issues.judged)]
    if not names:
        return ()
    shown = names[:MOST_NAMED] + ([f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else [])
    return (f"Classes that fewer than {LEAST} items carry, or lack, are not judged: {listing(shown)}.",)


def _issue(
    row: int, record: Record, marks: NDArray[np.bool_], issues: MultilabelIssues, data: Dataset
) -> FileIssue:
    cells = np.flatnonzero(issues.cell_mask[row])
    against = 1 - issues.cell_scores[row, cells]
    turned = marks.copy()
    turned[cells] ^= True
    doubtful = [cells[k] for k in np.argsort(-against, kind="stable")]
    return FileIssue(
        id=record.id,
        place=record.place,
        kind=ANNOTATION_KIND,
        given=record.label,
        suggested=value.key(data.classes[k] for k in np.flatnonzero(turned)),
        score=float(1 - issues.score[row]),
        probability=float(against.min()),
        reason=_reason(doubtful, marks, issues.cell_scores[row], data.classes),
        content=snippet(record, data.fields),
        annotator=record.annotator,
    )


def _reason(
    doubtful: list[int], marks: NDArray[np.bool_], scores: NDArray[np.floating], classes: tuple[str, ...]
) -> str:
    texts = [
        f"{quoted(classes[k])} {percent(float(scores[k] if marks[k] else 1 - scores[k]))}, "
        f"and it is {'' if marks[k] else 'not '}chosen"
        for k in doubtful[:MOST_NAMED]
    ]
    return f"The model gives {listing(texts)}."
