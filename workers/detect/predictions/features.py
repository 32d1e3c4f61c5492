"""From what items hold to what a model learns from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.model.item_data import value_at
from workers.detect.predictions.copies import Groups, copies
from workers.detect.predictions.encoders import Encoder, fit_encoder
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.images import is_image_uri, usable_image
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.skipping import Skip, Skipped
from workers.detect.predictions.table import cells
from workers.detect.predictions.texts import holds_text, usable_text
from workers.detect.predictions.vectors import usable_vector

__all__ = ["FeatureKind", "Features", "Values", "detect", "encoded", "extract", "read", "readable"]

Fields = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class Values:
    """What was read of items: `content[i]` is of the item at position `rows[i]` of the list given."""

    kind: FeatureKind
    content: tuple[Any, ...]
    rows: NDArray[np.intp]
    skipped: tuple[Skipped, ...]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Features:
    """One row of `matrix` (dense, or sparse for text) for each usable item.

    `rows` are the usable items' positions in the list given, in order; `skipped` are the others. `encoder`
    makes the same of items that come later. `groups` (N,) numbers items that are held out together.
    """

    kind: FeatureKind
    matrix: Any
    rows: NDArray[np.intp]
    skipped: tuple[Skipped, ...]
    encoder: Encoder | None = None
    groups: Groups | None = None

    def __len__(self) -> int:
        return len(self.rows)


def extract(items: Sequence[Mapping[str, Any]], field: Fields, kind: FeatureKind | None = None) -> Features:
    """Turn one field of the items' data, or several, into features.

    Parameters
    ----------
    items
        The items' data.
    field
        The key to read, or several keys: texts are read as one, all else makes a table of numbers and names.
    kind
        What the field holds; found from the first items that have it where not given.

    Raises
    ------
    NoPredictions
        If no item can be used.
    """
    values = read(items, field, kind)
    if not len(values):
        reasons = ", ".join(sorted({str(skip.reason) for skip in values.skipped})) or "there are no items"
        raise NoPredictions(
            f"no item can be used as {values.kind} ({reasons})",
            field=field if isinstance(field, str) else ", ".join(field),
            remedy="Name the field that holds text, a list of numbers or an image as data URI",
        )
    encoder, matrix = fit_encoder(values.kind, values.content)
    usable = readable(values, encoder)
    if matrix is None or len(usable) < len(values):
        matrix = encoder.matrix(usable.content) if len(usable) else None
    features = Features(usable.kind, matrix, usable.rows, usable.skipped, encoder)
    return replace(features, groups=copies(usable.content, usable.kind, features.matrix))


def encoded(values: Values, encoder: Encoder) -> Features:
    """Features by an encoder that may have been learnt from other items; what it cannot take is skipped."""
    usable = readable(values, encoder)
    matrix = encoder.matrix(usable.content) if len(usable) else None
    return Features(usable.kind, matrix, usable.rows, usable.skipped, encoder)


def readable(values: Values, encoder: Encoder) -> Values:
    """The values that an encoder can take, the others skipped."""
    fits = np.array([encoder.usable(value) for value in values.content], dtype=bool)
    unusable = [Skipped(int(row), Skip.WRONG_LENGTH) for row in values.rows[~fits]]
    result = tuple(value for value, fit in zip(values.content, fits, strict=True) if fit)
    skipped = sorted([*values.skipped, *unusable], key=lambda skip: skip.index)
    return Values(values.kind, result, values.rows[fits], tuple(skipped))


def read(items: Sequence[Mapping[str, Any]], field: Fields, kind: FeatureKind | None = None) -> Values:
    """The values of one field, or of several as a table, that can be used, and why others cannot."""
    if kind is FeatureKind.DATA:
        return Values(kind, tuple(items), np.arange(len(items)), ())
    if not isinstance(field, str) or kind is FeatureKind.TABLE:
        fields = [field] if isinstance(field, str) else field
        return _joined(items, fields) if _all_texts(items, fields, kind) else _table(items, fields)
    kind = kind or detect(items, field)
    values, skipped = _present(items, field)
    usable, unusable = _READERS[kind](values)
    rows = sorted(usable)
    skipped = sorted([*skipped, *unusable], key=lambda skip: skip.index)
    return Values(kind, tuple(usable[row] for row in rows), np.array(rows, dtype=np.intp), tuple(skipped))


def detect(items: Sequence[Mapping[str, Any]], field: str) -> FeatureKind:
    """What the field holds, by its first value that is there; text where none is."""
    for item in items:
        value = value_at(item, field)
        if isinstance(value, list | tuple) and value:
            return FeatureKind.TEXT if isinstance(value[0], str | Mapping) else FeatureKind.VECTOR
        if isinstance(value, str) and value.strip():
            return FeatureKind.IMAGE if is_image_uri(value) else FeatureKind.TEXT
    return FeatureKind.TEXT


def _all_texts(items: Sequence[Mapping[str, Any]], fields: Sequence[str], kind: FeatureKind | None) -> bool:
    """Whether several fields are parts of one text, such as a premise and a hypothesis."""
    if kind is not None or len(fields) < 2:
        return kind is FeatureKind.TEXT
    return all(holds_text([value_at(item, field) for item in items]) for field in fields)


def _joined(items: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Values:
    """All fields' texts, one after the other."""
    parts = [[usable_text(value_at(item, field)) for field in fields] for item in items]
    texts = ["\n".join(part for part in each if part) for each in parts]
    rows = [row for row, text in enumerate(texts) if text]
    skipped = tuple(Skipped(row, Skip.MISSING) for row, text in enumerate(texts) if not text)
    return Values(FeatureKind.TEXT, tuple(texts[row] for row in rows), np.array(rows, dtype=np.intp), skipped)


def _table(items: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Values:
    result = {index: cells(item, fields) for index, item in enumerate(items)}
    usable = {index: row for index, row in result.items() if row is not None}
    skipped = tuple(Skipped(index, Skip.MISSING) for index in result if index not in usable)
    rows = np.array(list(usable), dtype=np.intp)
    return Values(FeatureKind.TABLE, tuple(usable.values()), rows, skipped)


def _present(items: Sequence[Mapping[str, Any]], field: str) -> tuple[dict[int, Any], list[Skipped]]:
    values: dict[int, Any] = {}
    skipped = []
    for index, item in enumerate(items):
        value = value_at(item, field)
        if value is None:
            skipped.append(Skipped(index, Skip.MISSING))
        elif value in ("", [], ()) or (isinstance(value, str) and not value.strip()):
            skipped.append(Skipped(index, Skip.EMPTY))
        else:
            values[index] = value
    return values, skipped


def _read_texts(values: dict[int, Any]) -> tuple[dict[int, Any], list[Skipped]]:
    read = {index: usable_text(value) for index, value in values.items()}
    good = {index: text for index, text in read.items() if text is not None}
    return good, [Skipped(index, Skip.NOT_TEXT) for index in read if index not in good]


def _read_vectors(values: dict[int, Any]) -> tuple[dict[int, Any], list[Skipped]]:
    read = {index: usable_vector(value) for index, value in values.items()}
    good = {index: vector for index, vector in read.items() if vector is not None}
    return good, [Skipped(index, Skip.NOT_NUMBERS) for index in read if index not in good]


def _read_images(values: dict[int, Any]) -> tuple[dict[int, Any], list[Skipped]]:
    read = {index: usable_image(value) for index, value in values.items()}
    good = {index: image for index, image in read.items() if not isinstance(image, Skip)}
    return good, [Skipped(index, image) for index, image in read.items() if isinstance(image, Skip)]


_READERS: dict[FeatureKind, Callable[[dict[int, Any]], tuple[dict[int, Any], list[Skipped]]]] = {
    FeatureKind.TEXT: _read_texts,
    FeatureKind.VECTOR: _read_vectors,
    FeatureKind.IMAGE: _read_images,
}
