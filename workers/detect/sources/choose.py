"""The source that a project takes its class probabilities from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connector import wording
from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import Json, LabelledItem, LabelSchema
from connector.model.reasons import Code, ScanDoubt, coded
from workers.context import Context
from workers.detect.encode import encode
from workers.detect.predictions.limits import knowledge
from workers.detect.predictions.suspicion import in_sample_suspicion
from workers.detect.sources.backend import BackendPredictions
from workers.detect.sources.base import PredictionSource, Probabilities
from workers.detect.sources.builtin import BuiltinPredictions
from workers.detect.sources.file import FilePredictions
from workers.detect.sources.platform import PlatformPredictions
from workers.issues.arrays import Classes
from workers.issues.arrays import Probabilities as Matrix

_SOURCES: Mapping[Backend, type[PredictionSource]] = {
    Backend.PLATFORM: PlatformPredictions,
    Backend.BACKEND: BackendPredictions,
    Backend.FILE: FilePredictions,
    Backend.BUILTIN: BuiltinPredictions,
}


def source_of(context: Context, schema: LabelSchema, version: str | None = None) -> PredictionSource:
    """The configured source; `version` is the model to ask for where it has several."""
    return _SOURCES[context.settings.predictions.source](context, schema, version)


def probabilities_for(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> Probabilities:
    """The configured source's probabilities. Misconfigured when it has none for any item."""
    chosen = context.settings.predictions
    known = source_of(context, schema).all(items)
    if not known.items:
        raise Misconfigured(
            f"no labeled item has a usable prediction ({reasons_of(known.skipped)})",
            field=f"projects.{context.project.name}.predictions",
            remedy="Import predictions, or set source = 'builtin'.",
        )
    return _with_doubts(known, schema, chosen.source, stated=chosen.out_of_sample)


def _with_doubts(
    known: Probabilities, schema: LabelSchema, source: Backend, *, stated: bool | None
) -> Probabilities:
    """Mark probabilities that may not be out-of-sample, with the reason."""
    if source is Backend.BUILTIN:
        return known
    labels = encode([item.label for item in known.items], schema.classes)
    warnings, report = doubts(labels, known.matrix, source.value, stated=stated)
    return replace(
        known,
        warnings=(*known.warnings, *warnings),
        report={**known.report, **report},
    )


def doubts(
    labels: Classes, matrix: Matrix, source: str, *, stated: bool | None
) -> tuple[tuple[Code, ...], Json]:
    """What is to be said of (N, K) probabilities from elsewhere: warnings, and figures for the report.

    `stated` is whether someone says that they are out-of-sample. A model from elsewhere is not called weak
    for contradicting labels: they may be as bad as it says.
    """
    not_stated = () if stated is not None else (coded(ScanDoubt.NOT_STATED_OUT_OF_SAMPLE, source=source),)
    doubt = in_sample_suspicion(labels, matrix)
    report = {
        "accuracy": round(knowledge(labels, matrix)[0], 4),
        "out_of_sample": "stated" if stated else "not stated",
        "doubt": doubt,
    }
    return (*not_stated, *(() if doubt is None else (doubt,))), report


def reasons_of(skipped: Mapping[Code, int]) -> str:
    """What was left out, in words."""
    return (
        ", ".join(f"{n} {reason}" for reason, n in wording.left_out_texts(skipped).items())
        or "there are no labeled items"
    )
