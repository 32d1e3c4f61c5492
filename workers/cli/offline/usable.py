"""What a model can read of a file's items, and why it cannot read the others."""

from __future__ import annotations

from dataclasses import replace

from workers.cli.offline.dataset import Dataset
from workers.cli.offline.record import LeftOut
from workers.detect.predictions.copies import by_name, together
from workers.detect.predictions.features import FeatureKind, Features, extract

CALLED = {"not_inline": "image by address: only images within the file are read"}


def features_of(data: Dataset, kind: FeatureKind | None) -> Features:
    """What the model reads, with copies and named groups held out together."""
    fields = data.fields[0] if len(data.fields) == 1 else data.fields
    features = extract([one.data for one in data.records], fields, kind)
    if not data.groups:
        return features
    names = [data.groups[int(row)] for row in features.rows]
    return replace(features, groups=together(features.groups, by_name(names)))


def unusable(data: Dataset, features: Features) -> list[LeftOut]:
    """The items that the model cannot read."""
    return [
        LeftOut(data.records[one.index].place, f"'{data.field}': {_called(str(one.reason))}")
        for one in features.skipped
    ]


def _called(reason: str) -> str:
    return CALLED.get(reason, reason.replace("_", " "))
