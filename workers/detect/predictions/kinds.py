"""What items hold for a model to learn from."""

from __future__ import annotations

from enum import StrEnum


class FeatureKind(StrEnum):
    TEXT = "text"
    VECTOR = "vector"
    IMAGE = "image"
    TABLE = "table"  # several fields: numbers and names
    DATA = "data"  # whatever there is: for models that read the items' data themselves
