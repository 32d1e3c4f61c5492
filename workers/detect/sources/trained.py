"""The built-in model in the service: trained on a project's labels, kept sealed in its store, asked again."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from connector.model import LabelledItem, LabelSchema
from connector.model.reasons import Code, ScanDoubt, coded
from connector.store.unit_of_work import Store
from workers.context import Context
from workers.detect.encode import encode
from workers.detect.predictions.crossval import Predicted, held_together, judged, rare_classes
from workers.detect.predictions.features import Features, Values, encoded
from workers.detect.predictions.fitting import (
    Fitted,
    Spec,
    ask_again,
    changed_since,
    digests_of,
    features_of,
    fit,
    relabelled_since,
    specified,
    values_for,
)
from workers.detect.predictions.sealed import NotKept, opened, seal_of, sealed
from workers.detect.sources.base import SEED

BLOB = "predictions:model"
VERSION = "secondlook-builtin-2"
LEAST_CORRECTED = 10  # labels: fewer say little


@dataclass(frozen=True)
class ModelAnswer:
    """Out-of-sample probabilities of the items that could be read: row i of `predicted` is of `items[i]`."""

    items: list[LabelledItem]
    features: Features
    predicted: Predicted
    trained_on: int
    changed: int  # items that came, went or changed since the model was trained
    trained_now: bool


@dataclass(frozen=True)
class _Asked:
    """What the model is asked about, in arrays."""

    items: list[LabelledItem]
    ids: NDArray[np.int64]
    digests: NDArray[np.uint64]
    labels: NDArray[np.int64]


def answer(context: Context, schema: LabelSchema, items: Sequence[LabelledItem]) -> ModelAnswer:
    """Judge items by the kept model where little has changed since, else by one that is trained now.

    NoPredictions where items, labels or a plug-in cannot yield probabilities.
    """
    spec = spec_of(context, schema)
    data = data_of(context, items)
    kept = load(context, spec)
    if kept is not None:
        values = values_for(kept, data)
        asked = _asked(spec, items, data, values)
        changed = changed_since(kept, asked.ids, asked.digests, asked.labels)
        if len(asked.items) and not _should_refit(context, kept, asked, changed):
            return _asked_again(kept, encoded(values, kept.encoder), asked, changed)
    features = features_of(spec, data)
    return _trained_now(context, features, _asked(spec, items, data, features), spec, kept)


def _should_refit(context: Context, kept: Fitted, asked: _Asked, changed: int) -> bool:
    """Whether the kept model knows too little of what the items are now.

    Corrections are few among all items and many among those that it was wrong about: when a good part of
    what the last scan flagged has another label now, what it has learnt of them is wrong.
    """
    chosen = context.settings.predictions
    if context.job.payload.get("refit") or changed > chosen.refit_after_share * len(kept.seen.ids):
        return True
    with context.read() as unit:
        scan = unit.issues.last_scan(context.project.id)
    corrected = relabelled_since(kept, asked.ids, asked.labels)
    flagged = 0 if scan is None else scan.n_flagged
    return corrected >= max(LEAST_CORRECTED, chosen.refit_after_corrections * flagged)


def rows_of(
    context: Context, schema: LabelSchema, items: Sequence[LabelledItem]
) -> dict[int, NDArray[np.float64]]:
    """Item id → probabilities (K,) by the kept model, for items that it can read; empty without one.

    For items that come between two scans: nothing is trained here.
    """
    kept = load(context, spec_of(context, schema))
    if kept is None or not items:
        return {}
    data = data_of(context, items)
    values = values_for(kept, data)
    if not len(values):
        return {}
    asked = _asked(kept.spec, items, data, values)
    probs, _ = ask_again(kept, encoded(values, kept.encoder), asked.ids, asked.digests)
    return dict(zip(asked.ids.tolist(), probs, strict=True))


def spec_of(context: Context, schema: LabelSchema) -> Spec:
    """What the project's settings ask to be learnt."""
    chosen = context.settings.predictions
    fields = chosen.fields or (chosen.field or schema.objects[0].field,)
    return specified(schema.classes, fields, chosen.model, chosen.folds, SEED, chosen.group_field)


def load(context: Context, spec: Spec) -> Fitted | None:
    """The kept model, if it is of this spec; at hand in this process after the first time."""
    with context.read() as unit:
        mark = unit.facts.get(_fact(context))
        known = _AT_HAND.get(context.services.store, {}).get(context.project.id)
        if mark is None:
            return None
        if known is not None and known[0] == mark:
            return known[1] if known[1].spec == spec else None
        stored = unit.blobs.get(context.project.id, BLOB)
    kept = None if stored is None else opened(stored, _key(context))
    if kept is None:
        return None
    _remember(context, mark, kept)
    return kept if kept.spec == spec else None


def _asked_again(kept: Fitted, features: Features, asked: _Asked, changed: int) -> ModelAnswer:
    probs, folds = ask_again(kept, features, asked.ids, asked.digests)
    rare = rare_classes(asked.labels, len(kept.spec.classes), len(kept.models), kept.spec.classes)
    same_content = np.unique(asked.digests, return_inverse=True)[1].astype(np.int64)
    copies = held_together(replace(features, groups=same_content))
    predicted = judged(probs, asked.labels, (*rare, *copies), folds, kept.models)
    return ModelAnswer(asked.items, features, predicted, len(kept.seen.ids), changed, trained_now=False)


def _trained_now(
    context: Context, features: Features, asked: _Asked, spec: Spec, earlier: Fitted | None
) -> ModelAnswer:
    fitted, predicted = fit(
        spec,
        features,
        asked.ids,
        asked.digests,
        asked.labels,
        earlier=earlier,
        progress=lambda done, total: context.progress(done, total, "folds"),
    )
    predicted = replace(predicted, warnings=(*predicted.warnings, *_keep(context, fitted)))
    return ModelAnswer(asked.items, features, predicted, len(asked.items), 0, trained_now=True)


def _keep(context: Context, fitted: Fitted) -> tuple[Code, ...]:
    """Store the model for the next scan; a warning where that cannot be done."""
    try:
        content = sealed(fitted, _key(context))
    except NotKept as error:
        return (coded(ScanDoubt.MODEL_NOT_KEPT, reason=str(error)),)
    mark = seal_of(content)
    with context.begin() as unit:
        unit.blobs.put(context.project.id, BLOB, content)
        unit.facts.put(_fact(context), mark)
    _remember(context, mark, fitted)
    return ()


def _asked(
    spec: Spec, items: Sequence[LabelledItem], data: Sequence[Mapping[str, Any]], read: Values | Features
) -> _Asked:
    rows = read.rows.tolist()
    usable = [items[row] for row in rows]
    return _Asked(
        items=usable,
        ids=np.array([item.item_id for item in usable], dtype=np.int64),
        digests=digests_of(spec, [data[row] for row in rows], read.kind),
        labels=encode([item.label for item in usable], spec.classes),
    )


def data_of(context: Context, items: Sequence[LabelledItem]) -> list[Mapping[str, Any]]:
    """What the items hold, in their order."""
    with context.read() as unit:
        data = unit.items.data([item.item_id for item in items])
    return [data[item.item_id] for item in items]


def _key(context: Context) -> bytes:
    return context.services.keyring.model_key(context.project.name)


def _fact(context: Context) -> str:
    """Tells which model is stored, so that a process knows whether the one at hand is still it."""
    return f"model:{context.project.id}"


_AT_HAND: WeakKeyDictionary[Store, dict[int, tuple[str, Fitted]]] = WeakKeyDictionary()  # tests have several
_LOCK = threading.Lock()


def _remember(context: Context, mark: str, fitted: Fitted) -> None:
    """Keep one model at hand: the next change is most probably of the same project."""
    with _LOCK:
        _AT_HAND[context.services.store] = {context.project.id: (mark, fitted)}
