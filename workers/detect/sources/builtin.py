"""Probabilities from the model that is trained here, and what is said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from connector.errors import Misconfigured
from connector.model import Json, LabelledItem, LabelSchema
from connector.model.reasons import NotJudged, ScanDoubt, coded
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.limits import judgement_limit
from workers.detect.predictions.reliability import ReliabilityDiagram
from workers.detect.sources import trained
from workers.detect.sources.base import PredictionSource, Probabilities, RowOfItem
from workers.detect.state import Basis
from workers.issues.neighbours import Metric, too_many_rows


class BuiltinPredictions(PredictionSource):
    def all(self, items: Sequence[LabelledItem]) -> Probabilities:
        try:
            answer = trained.answer(self.context, self.schema, items)
        except NoPredictions as error:
            raise Misconfigured(
                str(error),
                field=f"projects.{self.context.project.name}.predictions",
                remedy="Set predictions.field, or take predictions from elsewhere.",
            ) from error
        return _probabilities(answer, self.schema)

    def changed(self, items: Sequence[LabelledItem], basis: Basis) -> RowOfItem:
        """By the model that the scan kept; an item that it cannot read waits for the next scan."""
        if basis.model_version != trained.VERSION:
            return {}
        try:
            return dict(trained.rows_of(self.context, self.schema, items))
        except NoPredictions:
            return {}  # the next scan says it to a person


def _probabilities(answer: trained.ModelAnswer, schema: LabelSchema) -> Probabilities:
    features = None if answer.features.kind is FeatureKind.DATA else answer.features.matrix
    warnings = list(answer.predicted.warnings)
    if answer.changed:  # where nothing has, training again would give the same model
        warnings.append(coded(ScanDoubt.MODEL_REUSED, changed=answer.changed, fitted=answer.trained_on))
    if features is not None and too_many_rows(len(answer.items)):
        warnings.append(coded(ScanDoubt.TOO_MANY_TO_COMPARE, n_items=len(answer.items)))
    return Probabilities(
        answer.items,
        answer.predicted.probs,
        trained.VERSION,
        features=features,
        # A number far from all others is far away, not in another direction.
        metric=Metric.EUCLIDEAN if answer.features.kind is FeatureKind.TABLE else None,
        skipped=dict(
            Counter(coded(NotJudged.UNREADABLE, why=skip.reason.value) for skip in answer.features.skipped)
        ),
        warnings=tuple(warnings),
        report=_report(answer, schema),
        limit=judgement_limit(answer.predicted.gain),
    )


def _report(answer: trained.ModelAnswer, schema: LabelSchema) -> Json:
    predicted = answer.predicted
    by_class = {
        name: None if np.isnan(value) else round(float(value), 4)
        for name, value in zip(schema.classes, predicted.class_accuracy, strict=True)
    }
    return {
        "accuracy": round(predicted.accuracy, 4),
        "accuracy_by_class": by_class,
        "log_loss": round(predicted.log_loss, 4),
        "expected_calibration_error": round(float(predicted.reliability.error), 4),
        "reliability": _table(predicted.reliability),
        "weak": predicted.weak,
        "judgement_limit": judgement_limit(predicted.gain),
        "trained_now": answer.trained_now,
        "trained_on": answer.trained_on,
        "out_of_sample": "by construction",
    }


def _table(diagram: ReliabilityDiagram) -> list[Json]:
    """The bins that have items: how sure the model was of them, and how often it was right."""
    return [
        {"confidence": round(float(sure), 4), "accuracy": round(float(right), 4), "items": int(count)}
        for sure, right, count in zip(diagram.confidence, diagram.accuracy, diagram.count, strict=True)
        if count
    ]
