"""Class probabilities of items that changed since a scan, without judging the others anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.config.project import Backend
from connector.model import LabelledItem, LabelSchema, Prediction
from workers.context import Context
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.spread import Unusable
from workers.detect.predictions.uploaded import read_uploaded
from workers.detect.sources import trained
from workers.detect.sources.choose import ask_backend, row_of
from workers.detect.state import Basis

Rows = dict[int, NDArray[np.floating[Any]]]

# The model was not trained on these labels, or judged each row without its own: so what it said of an item
# holds for any label that the item is given. A platform is asked again, as predictions there change.
LASTING = frozenset({Backend.BACKEND, Backend.FILE, Backend.BUILTIN})


def outdated(context: Context, basis: Basis, changed: Sequence[int]) -> bool:
    """Whether these changes bring predictions of another model than the one that the scan judged by."""
    chosen = context.settings.predictions
    if chosen.source is not Backend.PLATFORM or chosen.model_version is not None:
        return False
    with context.read() as unit:
        if unit.items.model_versions(changed) <= {basis.model_version}:
            return False  # the long way is only for what is new
        return unit.items.newest_model_version(context.project.id) != basis.model_version


def probabilities_of(
    context: Context, schema: LabelSchema, basis: Basis, items: Sequence[LabelledItem]
) -> Rows:
    """Item id → its probabilities (K,), for those of the items that have some from the scan's model."""
    if not items:
        return {}
    return _SOURCES[context.settings.predictions.source](context, schema, basis, items)


def _from_platform(
    context: Context, schema: LabelSchema, basis: Basis, items: Sequence[LabelledItem]
) -> Rows:
    with context.read() as unit:
        stored = unit.items.predicted([item.item_id for item in items], basis.model_version)
    return _usable(schema, stored)


def _from_backend(context: Context, schema: LabelSchema, basis: Basis, items: Sequence[LabelledItem]) -> Rows:
    answers = zip(items, ask_backend(context, schema, items), strict=True)
    of_the_model = {
        item.item_id: answer
        for item, answer in answers
        if answer is not None and (answer.model_version or "backend") == basis.model_version
    }
    return _usable(schema, of_the_model)


def _from_file(context: Context, schema: LabelSchema, basis: Basis, items: Sequence[LabelledItem]) -> Rows:
    chosen = context.settings.predictions
    if chosen.path is None or chosen.path.name != basis.model_version:
        return {}
    try:
        found = read_uploaded(
            chosen.path, [item.remote_id for item in items], schema.classes, ids_path=chosen.ids_path
        )
    except NoPredictions:
        return {}  # the next scan says it to a person
    return {items[int(row)].item_id: probs for row, probs in zip(found.found, found.probs, strict=True)}


def _from_builtin(context: Context, schema: LabelSchema, basis: Basis, items: Sequence[LabelledItem]) -> Rows:
    """By the model that the scan kept; an item that it cannot read waits for the next scan."""
    if basis.model_version != trained.VERSION:
        return {}
    try:
        return dict(trained.rows_of(context, schema, items))
    except NoPredictions:
        return {}  # the next scan says it to a person


def _usable(schema: LabelSchema, predictions: Mapping[int, Prediction]) -> Rows:
    rows = {item_id: row_of(found, schema.classes) for item_id, found in predictions.items()}
    return {item_id: row for item_id, row in rows.items() if not isinstance(row, Unusable)}


_SOURCES: Mapping[Backend, Callable[[Context, LabelSchema, Basis, Sequence[LabelledItem]], Rows]] = {
    Backend.PLATFORM: _from_platform,
    Backend.BACKEND: _from_backend,
    Backend.FILE: _from_file,
    Backend.BUILTIN: _from_builtin,
}
