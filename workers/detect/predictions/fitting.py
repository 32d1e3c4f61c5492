"""A model that is kept: trained once by cross-validation, asked again about changed and new items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model.item_data import value_at
from workers.detect.predictions.copies import by_name, together
from workers.detect.predictions.crossval import FoldModel, Predicted, Progress, out_of_sample
from workers.detect.predictions.encoders import Encoder
from workers.detect.predictions.features import Features, Values, extract, read, readable
from workers.detect.predictions.folds import folds_by_id
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.plugins import Learner, plugin

Data = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Spec:
    """What a model depends on besides the items: a kept one serves only where this is the same."""

    classes: tuple[str, ...]
    fields: tuple[str, ...]
    model: str | None = None  # the name of a plug-in, None for the built-in model
    folds: int = 5
    seed: int = 0
    version: str = ""  # of the plug-in's package
    group: str | None = None  # a field: items that share its value are held out together

    @property
    def field(self) -> str | tuple[str, ...]:
        """One key, or several that make a table."""
        return self.fields[0] if len(self.fields) == 1 else self.fields


@dataclass(frozen=True, slots=True)
class TrainedRows:
    """The N items that a model was trained on, by ascending `ids`; all arrays (N, ...).

    `digests` are of what the model reads of an item, `probs` its held-out probabilities, `folds` the fold
    whose model has not seen it.
    """

    ids: NDArray[np.int64]
    digests: NDArray[np.uint64]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    probs: NDArray[np.float64]

    def places(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where each of `ids` stands, -1 for those that are not here."""
        if not len(self.ids):
            return np.full(len(ids), -1, dtype=np.intp)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, place, -1)

    def copies(self, digests: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Where an item of the same content as each of `digests` stands, -1 where there is none."""
        if not len(self.digests):
            return np.full(len(digests), -1, dtype=np.intp)
        order = np.argsort(self.digests, kind="stable")
        place = order[np.minimum(np.searchsorted(self.digests[order], digests), len(order) - 1)]
        return np.where(self.digests[place] == digests, place, -1)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model with all that is needed to ask it again."""

    spec: Spec
    kind: FeatureKind
    encoder: Encoder
    models: tuple[FoldModel, ...]
    seen: TrainedRows


def specified(
    classes: Sequence[str],
    fields: Sequence[str],
    model: str | None,
    folds: int,
    seed: int,
    group: str | None = None,
) -> Spec:
    """The spec of these settings. NoPredictions where no such model is installed."""
    version = plugin(model).version if model is not None else ""
    return Spec(tuple(classes), tuple(fields), model, folds, seed, version, group)


def features_of(spec: Spec, data: Data) -> Features:
    """What a model that is to be trained reads of items. NoPredictions where it can use none."""
    kind = FeatureKind.DATA if spec.model is not None and plugin(spec.model).takes_data else None
    features = extract(data, spec.field, kind)
    if spec.group is None:
        return features
    names = [value_at(data[int(row)], spec.group) for row in features.rows]
    return replace(features, groups=together(features.groups, by_name(names)))


def values_for(fitted: Fitted, data: Data) -> Values:
    """The items that a kept model can read; `encoded` with its encoder makes features of them."""
    return readable(read(data, fitted.spec.field, fitted.kind), fitted.encoder)


def digests_of(spec: Spec, data: Data, kind: FeatureKind) -> NDArray[np.uint64]:
    """(N,): equal where items hold the same for the model to read."""
    whole = kind is FeatureKind.DATA
    read_of = [item if whole else [value_at(item, field) for field in spec.fields] for item in data]
    return np.array([_digest(value) for value in read_of], dtype=np.uint64)


def fit(
    spec: Spec,
    features: Features,
    ids: NDArray[np.int64],
    digests: NDArray[np.uint64],
    labels: NDArray[np.int64],
    *,
    earlier: Fitted | None = None,
    progress: Progress | None = None,
) -> tuple[Fitted, Predicted]:
    """Train a model for each fold, and keep what is needed to ask it again.

    Parameters
    ----------
    spec
        What is learnt, from what.
    features
        Of N items, by `features_of`.
    ids, digests, labels : (N,)
        Of the same items, in the same order.
    earlier
        A model of before: folds whose training content is the same are not trained again.
    progress
        Called with (folds done, folds in all).

    Raises
    ------
    NoPredictions
        If there is too little to learn from, or the plug-in fails.
    """
    if features.encoder is None:  # made by hand
        msg = "features without an encoder cannot be made again of later items"
        raise ValueError(msg)
    folds = folds_by_id(ids.tolist(), labels, min(spec.folds, len(ids)), features.groups)
    n_folds = int(folds.max(initial=-1)) + 1
    keys = [_key(spec, features.kind, ids, digests, labels, folds == fold) for fold in range(n_folds)]
    predicted = out_of_sample(
        features,
        labels,
        len(spec.classes),
        folds=folds,
        seed=spec.seed,
        progress=progress,
        names=spec.classes,
        learner=Learner(plugin(spec.model)) if spec.model is not None else None,
        known={} if earlier is None else {fold_model.key: fold_model.model for fold_model in earlier.models},
        keys=keys,
    )
    order = np.argsort(ids, kind="stable")
    seen = TrainedRows(ids[order], digests[order], labels[order], folds[order], predicted.probs[order])
    return Fitted(spec, features.kind, features.encoder, predicted.models, seen), predicted


def changed_since(
    fitted: Fitted, ids: NDArray[np.int64], digests: NDArray[np.uint64], labels: NDArray[np.int64]
) -> int:
    """How many items are new, gone, hold something else or are labelled otherwise than in its training."""
    place = fitted.seen.places(ids)
    known = place >= 0
    same = known & (fitted.seen.digests[place] == digests) & (fitted.seen.labels[place] == labels)
    gone = len(fitted.seen.ids) - int(np.count_nonzero(known))
    return gone + int(np.count_nonzero(~same))


def relabelled_since(fitted: Fitted, ids: NDArray[np.int64], labels: NDArray[np.int64]) -> int:
    """How many of the items that it was trained on carry another label now."""
    place = fitted.seen.places(ids)
    return int(np.count_nonzero((place >= 0) & (fitted.seen.labels[place] != labels)))


def ask_again(
    fitted: Fitted, features: Features, ids: NDArray[np.int64], digests: NDArray[np.uint64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Out-of-sample probabilities (N, K) of items by a kept model, and the fold of each (-1 for new ones).

    An item that it was trained on keeps its held-out probabilities, whatever its label is now; one that
    holds something else now is asked of the model that has not seen it. New items get the mean over all
    folds' models; a copy of an item that was trained on, what that item has.
    """
    place = fitted.seen.places(ids)
    place = np.where(place < 0, fitted.seen.copies(digests), place)
    known = place >= 0
    probs = fitted.seen.probs[place]
    folds = np.where(known, fitted.seen.folds[place], -1)
    again = known & (fitted.seen.digests[place] != digests)
    for fold in np.unique(folds[again]):
        rows = np.flatnonzero(again & (folds == fold))
        probs[rows] = fitted.models[fold].probabilities(features.matrix[rows], probs.shape[1])
    new = np.flatnonzero(~known)
    if len(new):
        probs[new] = _mean(fitted, features.matrix[new])
    return probs, folds


def _mean(fitted: Fitted, matrix: Any) -> NDArray[np.float64]:
    n_classes = len(fitted.spec.classes)
    total = sum(fold_model.probabilities(matrix, n_classes) for fold_model in fitted.models)
    return np.asarray(total / len(fitted.models))


def _key(
    spec: Spec,
    kind: FeatureKind,
    ids: NDArray[np.int64],
    digests: NDArray[np.uint64],
    labels: NDArray[np.int64],
    held: NDArray[np.bool_],
) -> str:
    """Of what one fold's model learns from: the encoder from all items, the model from the others' labels."""
    order = np.argsort(ids, kind="stable")
    check = hashlib.sha256(repr((spec, kind)).encode())
    for part in (ids[order], digests[order], held[order], np.where(held, -1, labels)[order]):
        check.update(np.ascontiguousarray(part).tobytes())
    return check.hexdigest()


def _digest(value: Any) -> int:
    text = json.dumps(value, sort_keys=True, default=str)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
