"""The source that a project takes its class probabilities from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connector import wording
from connector.config.project import Backend
from connector.errors import Misconfigured
from connector.model import LabelledItem, LabelSchema
from workers.context import Context
from workers.detect.predictions.limits import knowledge
from workers.detect.predictions.suspicion import in_sample_suspicion
from workers.detect.sources.backend import BackendPredictions
from workers.detect.sources.base import PredictionSource, Probabilities
from workers.detect.sources.builtin import BuiltinPredictions
from workers.detect.sources.file import FilePredictions
from workers.detect.sources.platform import PlatformPredictions
from workers.label_types.choice.encode import encode

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
            f"no labeled item has a usable prediction ({_reasons(known.skipped)})",
            field=f"projects.{context.project.name}.predictions",
            remedy="Import predictions, or set source = 'builtin'.",
        )
    return _with_doubts(known, schema, chosen.source, stated=chosen.out_of_sample)


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


def _reasons(skipped: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in skipped.items()) or "there are no labeled items"
