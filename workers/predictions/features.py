"""From what items hold to what a model learns from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.predictions.errors import NoPredictions
from workers.predictions.images import is_image_uri, pixel_matrix, usable_image
from workers.predictions.skipping import Skip, Skipped
from workers.predictions.texts import text_matrix, usable_text
from workers.predictions.vectors import usable_vector, usual_length


class FeatureKind(StrEnum):
    TEXT = "text"
    VECTOR = "vector"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Features:
    """One row of `matrix` (dense, or sparse for text) for each usable item.

    `rows` are the usable items' positions in the list given, in order; `skipped` are the others.
    """

    kind: FeatureKind
    matrix: Any
    rows: NDArray[np.intp]
    skipped: tuple[Skipped, ...]

    def __len__(self) -> int:
        return len(self.rows)


def extract(items: Sequence[Mapping[str, Any]], field: str, kind: FeatureKind | None = None) -> Features:
    """Turn one field of the items' data into features.

    Parameters
    ----------
    items
        The items' data.
    field
        The key to read.
    kind
        What the field holds; found from the first items that have it where not given.

    Raises
    ------
    NoPredictions
        If no item can be used.
    """
    kind = kind or detect(items, field)
    values, skipped = _present(items, field)
    usable, unusable = _READERS[kind](values)
    skipped = sorted([*skipped, *unusable], key=lambda skip: skip.index)
    if not usable:
        reasons = ", ".join(sorted({str(skip.reason) for skip in skipped})) or "there are no items"
        raise NoPredictions(
            f"no item can be used as {kind} ({reasons})",
            field=field,
            remedy="Name the field that holds text, a list of numbers or an image as data URI",
        )
    rows = np.array(sorted(usable), dtype=np.intp)
    matrix = _MATRICES[kind]([usable[int(row)] for row in rows])
    return Features(kind, matrix, rows, tuple(skipped))


def detect(items: Sequence[Mapping[str, Any]], field: str) -> FeatureKind:
    """What the field holds, by its first value that is there; text where none is."""
    for item in items:
        value = item.get(field)
        if isinstance(value, list | tuple) and value:
            return FeatureKind.VECTOR
        if isinstance(value, str) and value.strip():
            return FeatureKind.IMAGE if is_image_uri(value) else FeatureKind.TEXT
    return FeatureKind.TEXT


def _present(items: Sequence[Mapping[str, Any]], field: str) -> tuple[dict[int, Any], list[Skipped]]:
    values: dict[int, Any] = {}
    skipped = []
    for index, item in enumerate(items):
        value = item.get(field)
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
    numbers = {index: vector for index, vector in read.items() if vector is not None}
    length = usual_length(list(numbers.values()))
    good = {index: vector for index, vector in numbers.items() if len(vector) == length}
    reasons = {index: Skip.WRONG_LENGTH if index in numbers else Skip.NOT_NUMBERS for index in read}
    return good, [Skipped(index, reason) for index, reason in reasons.items() if index not in good]


def _read_images(values: dict[int, Any]) -> tuple[dict[int, Any], list[Skipped]]:
    read = {index: usable_image(value) for index, value in values.items()}
    good = {index: image for index, image in read.items() if not isinstance(image, Skip)}
    return good, [Skipped(index, image) for index, image in read.items() if isinstance(image, Skip)]


_READERS: dict[FeatureKind, Callable[[dict[int, Any]], tuple[dict[int, Any], list[Skipped]]]] = {
    FeatureKind.TEXT: _read_texts,
    FeatureKind.VECTOR: _read_vectors,
    FeatureKind.IMAGE: _read_images,
}
_MATRICES: dict[FeatureKind, Callable[[list[Any]], Any]] = {
    FeatureKind.TEXT: text_matrix,
    FeatureKind.VECTOR: np.stack,
    FeatureKind.IMAGE: pixel_matrix,
}
