"""From labelled items to issues, with the built-in model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector import wording
from connector.wording import FlagFacts, number_of
from workers.cli.offline.dataset import Dataset
from workers.cli.offline.detecting import look
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.naming import refuse_names
from workers.cli.offline.record import LeftOut, Record
from workers.cli.offline.snippets import snippet
from workers.cli.offline.usable import features_of, unusable
from workers.detect.encode import encode
from workers.detect.findings import ScanFindings
from workers.detect.predictions.crossval import Predicted, Progress, out_of_sample
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import FeatureKind
from workers.detect.predictions.limits import judgement_limit
from workers.issues import InvalidInput, LabelIssues, label_issues

SEED = 20_210_208  # any fixed number: equal files give equal reports
FOLDS = 5
NEAR_SHARE = 0.05  # a class below this probability is no near miss
NEAR_CLASSES = 2


@dataclass(frozen=True, slots=True)
class OfflineIssue:
    """One suspicious label, ranked from 1; probabilities in 0..1."""

    rank: int
    id: str
    place: str
    given: str
    suggested: str
    probability: float
    quality: float
    annotator: str | None
    others: tuple[str, ...]
    reason: str
    content: str  # what the item is, in short


@dataclass(frozen=True)
class Judged:
    """Row i of `labels` and `predicted.probs` is about `records[i]`."""

    dataset: Dataset
    kind: FeatureKind
    records: tuple[Record, ...]
    labels: NDArray[np.int64]
    predicted: Predicted
    matrix: Any  # (N, D), dense or sparse: what the model learnt from
    label_issues: LabelIssues
    respelled: int  # flags that only change the spelling, which are no issues
    issues: tuple[OfflineIssue, ...]
    left_out: tuple[LeftOut, ...]
    method: str
    findings: ScanFindings

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    @property
    def warnings(self) -> tuple[str, ...]:
        return (
            *self._respelled(),
            *wording.reason_texts(self.predicted.warnings),
            *self.label_issues.warnings,
            *self._approximate(),
        )

    def _approximate(self) -> tuple[str, ...]:
        recall = self.findings.recall
        return (wording.neighbours_approximate(recall),) if recall < 1 else ()

    def _respelled(self) -> tuple[str, ...]:
        if not self.respelled:
            return ()
        flags = number_of(self.respelled, "flag")
        return (f"Not listed: {flags} that would only change the spelling of a class.",)


def judge(
    data: Dataset, *, method: str, kind: FeatureKind | None = None, progress: Progress | None = None
) -> Judged:
    """Learn from the items, and judge each by a model that has not seen it. BadFile where that fails."""
    if kind is None:
        refuse_names(data)
    try:
        features = features_of(data, kind)
        records = tuple(data.records[int(row)] for row in features.rows)
        labels = encode([one.label for one in records], data.classes)
        predicted = out_of_sample(
            features,
            labels,
            len(data.classes),
            folds=FOLDS,
            seed=SEED,
            progress=progress,
            names=data.classes,
        )
        flagged, respelled = _without_spellings(
            label_issues(labels, predicted.probs, method=method), data, labels
        )
        result = _put_forward(flagged, predicted.gain)
    except NoPredictions as error:
        raise BadFile(error.problem, argument=f"{ARGUMENT} ({error.field})", remedy=error.remedy) from error
    except InvalidInput as error:
        raise BadFile(error.problem, argument=ARGUMENT, remedy=error.remedy) from error
    issues = tuple(
        _issue(rank, records[int(row)], predicted.probs[row], data)
        for rank, row in enumerate(result.order, start=1)
    )
    left_out = (*data.left_out, *unusable(data, features))
    searched = look(data, records, labels, predicted.probs, result, features.matrix)
    return Judged(
        data,
        features.kind,
        records,
        labels,
        predicted,
        features.matrix,
        result,
        respelled,
        issues,
        left_out,
        method,
        searched,
    )


def _put_forward(issues: LabelIssues, gain: float) -> LabelIssues:
    """Of a weak model's flags the most suspicious only, as in the service; the others are its ignorance."""
    kept = issues.order[: ceil(judgement_limit(gain) * len(issues.order))]
    if len(kept) == len(issues.order):
        return issues
    mask = np.zeros_like(issues.mask)
    mask[kept] = True
    text = wording.flags_limited(len(kept), len(issues.order))
    return replace(issues, mask=mask, order=kept, warnings=(*issues.warnings, text))


def _without_spellings(
    issues: LabelIssues, data: Dataset, labels: NDArray[np.int64]
) -> tuple[LabelIssues, int]:
    """Flags whose suggestion is the given class in another spelling are no errors of anybody's judgement."""
    if not data.spellings:
        return issues, 0
    pairs = [(data.classes[labels[row]], data.classes[int(issues.suggested[row])]) for row in issues.order]
    kept = np.array([not data.spellings.same(given, better) for given, better in pairs], dtype=bool)
    mask = issues.mask.copy()
    mask[issues.order[~kept]] = False
    return replace(issues, mask=mask, order=issues.order[kept]), int(np.count_nonzero(~kept))


def _issue(rank: int, record: Record, probs: NDArray[np.float64], data: Dataset) -> OfflineIssue:
    classes = data.classes
    order = np.argsort(-probs, kind="stable")
    top = int(order[0])
    shown = {classes[top], record.label}
    near = [(classes[k], float(probs[k])) for k in order if classes[k] not in shown]
    others = tuple(label for who, label in record.answers if (who, label) != (record.annotator, record.label))
    facts = FlagFacts(
        given=record.label,
        suggested=classes[top],
        probability=float(probs[top]),
        near=[pair for pair in near[:NEAR_CLASSES] if pair[1] >= NEAR_SHARE],
        others=others,
    )
    return OfflineIssue(
        rank=rank,
        id=record.id,
        place=record.place,
        given=record.label,
        suggested=classes[top],
        probability=float(probs[top]),
        quality=float(probs[classes.index(record.label)]),
        annotator=record.annotator,
        others=others,
        reason=wording.flag_context(facts).replace("\n", " "),
        content=snippet(record, data.fields),
    )
