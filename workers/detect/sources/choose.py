"""Class probabilities for labelled items, from wherever the project takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector import wording
from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import Json, LabelledItem, LabelSchema, Prediction
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.limits import judgement_limit, knowledge
from workers.detect.predictions.reliability import ReliabilityDiagram
from workers.detect.predictions.spread import Unusable, from_class_scores, spread_top
from workers.detect.predictions.suspicion import in_sample_suspicion
from workers.detect.predictions.uploaded import read_uploaded
from workers.detect.sources import trained
from workers.issues.neighbours import Metric, Neighbours, knn, searchable, too_many_rows
from workers.label_types.choice.encode import encode

READ_AT_ONCE = 5000  # stored predictions held as objects
ASK_AT_ONCE = 50  # tasks in one request to a model backend


@dataclass(frozen=True)
class Probabilities:
    """Row i of `matrix` (N x K, rows sum to 1) judges `items[i]`; columns are the schema's classes."""

    items: Sequence[LabelledItem]
    matrix: NDArray[np.floating[Any]]
    model_version: str
    features: Any | None = None  # (N, D) where the model had some; for finding similar items
    metric: Metric | None = None  # of the features; None: what their number of columns suggests
    skipped: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    report: Json = field(default_factory=dict)
    limit: float = 1.0  # share of the review budget that its flags may take: less for a weak model

    @cached_property
    def neighbours(self) -> Neighbours | None:
        """The neighbour graph of `features`, computed once for all that ask.

        None without features, or with more rows than can be compared in reasonable time (`warnings` says so).
        """
        if self.features is None or too_many_rows(len(self.items)):
            return None
        return knn(searchable(self.features, trained.SEED), metric=self.metric)


def probabilities_for(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    """The configured source's probabilities. Misconfigured when it has none for any item."""
    chosen = context.settings.predictions
    found = _SOURCES[chosen.source](context, schema, items)
    if not found.items:
        raise Misconfigured(
            f"no labeled item has a usable prediction ({_reasons(found.skipped)})",
            field=f"projects.{context.project.name}.predictions",
            remedy="Import predictions, or set source = 'builtin'.",
        )
    return _with_doubts(found, schema, chosen.source, stated=chosen.out_of_sample)


def found_in(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    """The configured source's probabilities of some items, which may be of none of them."""
    return _SOURCES[context.settings.predictions.source](context, schema, items)


def _with_doubts(
    found: Probabilities, schema: LabelSchema, source: Backend, *, stated: bool | None
) -> Probabilities:
    """Mark probabilities that may not be out-of-sample, with the reason."""
    if source is Backend.BUILTIN:
        return found
    warnings = list(found.warnings)
    if stated is None:
        warnings.append(wording.not_stated_out_of_sample(source.value))
    labels = encode([item.label for item in found.items], schema.classes)
    doubt = in_sample_suspicion(labels, found.matrix)
    if doubt is not None:
        warnings.append(doubt)
    # A model from elsewhere is not called weak for contradicting labels: they may be as bad as it says.
    report = {
        "accuracy": round(knowledge(labels, found.matrix)[0], 4),
        **found.report,
        "out_of_sample": "stated" if stated else "not stated",
        "doubt": doubt,
    }
    return replace(found, warnings=tuple(warnings), report=report)


def _from_platform(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    with context.read() as unit:
        version = context.settings.predictions.model_version or unit.items.newest_model_version(
            context.project.id
        )
        return from_predictions(schema, items, stored_predictions(unit, items, version), version or "none")


def stored_predictions(
    unit: UnitOfWork, items: Sequence[LabelledItem], version: str | None
) -> Iterator[Prediction | None]:
    """The prediction of each item; a few thousand at a time, for a million of them would fill the memory."""
    for start in range(0, len(items), READ_AT_ONCE):
        part = items[start : start + READ_AT_ONCE]
        found = unit.items.predicted([item.item_id for item in part], version) if version else {}
        yield from (found.get(item.item_id) for item in part)


def _from_backend(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    answers = ask_backend(context, schema, items)
    version = next((a.model_version for a in answers if a is not None and a.model_version), "backend")
    return from_predictions(schema, items, answers, version)


def ask_backend(
    context: Context, schema: LabelSchema, items: Sequence[LabelledItem]
) -> list[Prediction | None]:
    """What the model backend says of each item now."""
    backend = context.services.model_backend(context.project.name)
    answers: list[Prediction | None] = []
    for start in range(0, len(items), ASK_AT_ONCE):
        part = items[start : start + ASK_AT_ONCE]
        with context.read() as unit:
            data = unit.items.data([item.item_id for item in part])
        answers += backend.predict(schema, [(item.remote_id, data[item.item_id]) for item in part])
        context.progress(start + len(part), len(items), "predictions")
    return answers


def from_predictions(
    schema: LabelSchema,
    items: Sequence[LabelledItem],
    predictions: Iterable[Prediction | None],
    version: str,
) -> Probabilities:
    """One row for each usable prediction; the others are skipped by reason."""
    kept: list[LabelledItem] = []
    matrix = np.empty((len(items), len(schema.classes)))
    skipped: Counter[str] = Counter()
    for item, prediction in zip(items, predictions, strict=True):
        if prediction is None:
            skipped["no prediction"] += 1
            continue
        row = row_of(prediction, schema.classes)
        if isinstance(row, Unusable):
            skipped[f"prediction: {row.reason.value.replace('_', ' ')}"] += 1
            continue
        matrix[len(kept)] = row
        kept.append(item)
    return Probabilities(kept, matrix[: len(kept)], version, skipped=dict(skipped))


def row_of(prediction: Prediction, classes: Sequence[str]) -> NDArray[np.float64] | Unusable:
    """The probabilities (K,) that a prediction stands for, or why it stands for none."""
    if prediction.class_scores is not None:
        return from_class_scores(prediction.class_scores, classes)
    return spread_top(prediction.label, prediction.score, classes)


def _from_file(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    chosen = context.settings.predictions
    if chosen.path is None:  # excluded by the settings
        raise Misconfigured("is missing", field="predictions.path", remedy="Name the file.")
    try:
        uploaded = read_uploaded(
            chosen.path, [item.remote_id for item in items], schema.classes, ids_path=chosen.ids_path
        )
    except NoPredictions as error:
        raise Misconfigured(
            str(error),
            field=f"projects.{context.project.name}.predictions.path",
            remedy="Then scan again; nothing was changed.",
        ) from error
    kept = [items[int(row)] for row in uploaded.found]
    skipped = {"not in the file": uploaded.missing} if uploaded.missing else {}
    return Probabilities(kept, uploaded.probs, chosen.path.name, skipped=skipped)


def _from_builtin(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    try:
        answer = trained.answer(context, schema, items)
    except NoPredictions as error:
        raise Misconfigured(
            str(error),
            field=f"projects.{context.project.name}.predictions",
            remedy="Set predictions.field, or take predictions from elsewhere.",
        ) from error
    features = None if answer.features.kind is FeatureKind.DATA else answer.features.matrix
    warnings = list(answer.predicted.warnings)
    if not answer.trained_now:
        warnings.append(wording.model_reused(answer.changed, answer.trained_on))
    if features is not None and too_many_rows(len(answer.items)):
        warnings.append(wording.too_many_to_compare(len(answer.items)))
    return Probabilities(
        answer.items,
        answer.predicted.probs,
        trained.VERSION,
        features=features,
        # A number far from all others is far away, not in another direction.
        metric=Metric.EUCLIDEAN if answer.features.kind is FeatureKind.TABLE else None,
        skipped=dict(Counter(str(skip.reason) for skip in answer.features.skipped)),
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


def _table(found: ReliabilityDiagram) -> list[Json]:
    """The bins that have items: how sure the model was of them, and how often it was right."""
    return [
        {"confidence": round(float(sure), 4), "accuracy": round(float(right), 4), "items": int(count)}
        for sure, right, count in zip(found.confidence, found.accuracy, found.count, strict=True)
        if count
    ]


def _reasons(skipped: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in skipped.items()) or "there are no labeled items"


_SOURCES: Mapping[Backend, Callable[[Context, LabelSchema, Sequence[LabelledItem]], Probabilities]] = {
    Backend.PLATFORM: _from_platform,
    Backend.BACKEND: _from_backend,
    Backend.FILE: _from_file,
    Backend.BUILTIN: _from_builtin,
}
