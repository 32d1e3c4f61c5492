"""Predictions for labels that their type judges: the platform's, or those of the model trained here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import LabelledItem, LabelSchema, Prediction, ScanReport
from connector.model.reasons import Code, NotJudged, coded
from workers.context import Context
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import Features
from workers.detect.predictions.fitting import features_of
from workers.detect.predictions.limits import judgement_limit
from workers.detect.predictions.numbers import out_of_sample_numbers
from workers.detect.predictions.sets import out_of_sample_sets
from workers.detect.sources import trained
from workers.detect.sources.backend import from_backend
from workers.detect.sources.base import SEED
from workers.detect.sources.file import uploaded_for
from workers.detect.sources.platform import stored_predictions
from workers.detect.sources.regions import from_file
from workers.detect.sources.tagger import tagged
from workers.label_types.base import LabelNumbers, LabelType
from workers.label_types.registry import kind_of


@dataclass(frozen=True, slots=True)
class TypePredictions:
    """One prediction for each of `items`, where there is one; what was left out, and what is to be said."""

    model_version: str
    items: Sequence[LabelledItem]
    predictions: Sequence[Prediction | None]
    skipped: Mapping[Code, int] = field(default_factory=dict)
    warnings: tuple[Code, ...] = ()
    report: ScanReport = field(default_factory=ScanReport)
    limit: float = 1.0  # share of the review budget that its flags may take: less for a weak model


def predictions_for(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> TypePredictions:
    """What the configured source says of each item. Misconfigured for a source that cannot."""
    chosen = context.settings.predictions
    kind = kind_of(schema)
    numbers = kind.numbers([item.label for item in items], schema)
    in_texts = kind.tags([], [], schema) is not None
    if chosen.source is Backend.PLATFORM:
        return _stored(context, items)
    if chosen.source is Backend.BACKEND:
        version, answers = from_backend(context, schema, items)
        return TypePredictions(version, items, answers)
    if chosen.source is Backend.FILE and kind.in_parts:
        read = from_file(context, kind, schema, items)
        return TypePredictions(read.model_version, read.items, read.predictions, read.skipped, read.warnings)
    if chosen.source is Backend.FILE and numbers is not None:
        return _of_file(context, schema, items, numbers)
    if chosen.source is Backend.BUILTIN and chosen.model is None and in_texts:
        return _read_in_texts(context, kind, schema, items)
    if chosen.source is Backend.BUILTIN and chosen.model is None and numbers is not None:
        return _built_in(context, schema, items, numbers)
    other = chosen.source.value if chosen.model is None else f"the plug-in {chosen.model}"
    sources = " or ".join(
        name
        for name, possible in {
            "platform": True,
            "backend": True,
            "file": kind.in_parts or numbers is not None,
            "builtin (without predictions.model)": numbers is not None or in_texts,
        }.items()
        if possible
    )
    raise Misconfigured(
        f"labels of type {schema.kind} are not judged by {other}",
        field=f"projects.{context.project.name}.predictions.source",
        remedy=f"Use {sources}.",
    )


def _read_in_texts(
    context: Context, kind: LabelType, schema: LabelSchema, items: Sequence[LabelledItem]
) -> TypePredictions:
    """Each text by a tagger that has not seen it; it is trained at each scan."""
    predictions, f1 = tagged(context, kind, schema, items)
    report = ScanReport(out_of_sample="by construction", source={"span_f1": round(f1, 4)})
    return TypePredictions(trained.VERSION, items, predictions, report=report, limit=judgement_limit(f1))


def _stored(context: Context, items: Sequence[LabelledItem]) -> TypePredictions:
    with context.read() as unit:
        named = context.settings.predictions.model_version
        version = named or unit.items.newest_model_version(context.project.id)
        return TypePredictions(version or "none", items, list(stored_predictions(unit, items, version)))


def _of_file(
    context: Context, schema: LabelSchema, items: Sequence[LabelledItem], numbers: LabelNumbers
) -> TypePredictions:
    """What the configured file says of each item: a column for each class or step, or the number itself."""
    known = uploaded_for(
        context, items, [schema.classes] if numbers.marked else [schema.classes, numbers.names]
    )
    version, now = known.path.name, context.services.clock.now()
    return TypePredictions(
        version,
        [items[int(row)] for row in known.uploaded.rows],
        [
            Prediction("", version, None, None, dict(zip(known.columns, row, strict=True)), now)
            for row in known.uploaded.probs.tolist()
        ],
        known.skipped,
    )


def _built_in(
    context: Context, schema: LabelSchema, items: Sequence[LabelledItem], numbers: LabelNumbers
) -> TypePredictions:
    """Each item by a model that has not seen it; the model is trained at each scan."""
    try:
        spec = trained.spec_of(context, schema)
        features = features_of(spec, trained.data_of(context, items))
        values = np.asarray(numbers.rows, dtype=np.float64)[features.rows]
        predicted, gain, warnings = _out_of_sample(
            context, features, values, spec.folds, marked=numbers.marked
        )
    except NoPredictions as error:
        raise Misconfigured(
            str(error),
            field=f"projects.{context.project.name}.predictions",
            remedy="Set predictions.field, or take predictions from the platform.",
        ) from error
    now = context.services.clock.now()
    return TypePredictions(
        trained.VERSION,
        [items[int(row)] for row in features.rows],
        [
            Prediction("", trained.VERSION, None, None, dict(zip(numbers.names, row, strict=True)), now)
            for row in predicted.tolist()
        ],
        dict(Counter(coded(NotJudged.UNREADABLE, why=skip.reason.value) for skip in features.skipped)),
        warnings,
        ScanReport(out_of_sample="by construction", source={"told_from_chance": round(gain, 4)}),
        judgement_limit(gain),
    )


def _out_of_sample(
    context: Context, features: Features, values: Any, folds: int, *, marked: bool
) -> tuple[Any, float, tuple[Code, ...]]:
    """What is expected of each row (N, D), and how far beyond chance: 0 for not at all, 1 for all."""

    def progress(done: int, total: int) -> None:
        context.progress(done, total, "folds")

    if marked:
        sets = out_of_sample_sets(features, values > 0, folds=folds, seed=SEED, progress=progress)
        return sets.probs, sets.mean_gain, sets.warnings
    result = out_of_sample_numbers(features, values[:, 0], folds=folds, seed=SEED, progress=progress)
    return result.expected[:, None], result.r2, result.warnings
