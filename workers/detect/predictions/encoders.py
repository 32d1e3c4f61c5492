"""From values that items hold to the rows that a model learns from; for later items, the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.detect.predictions.images import Shape, pixels, usual_shape
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.table import TableEncoder
from workers.detect.predictions.texts import TextEncoder
from workers.detect.predictions.vectors import usual_length


class Encoder(Protocol):
    """Learnt from the values of the items that a model is trained on, from no label."""

    def usable(self, value: Any) -> bool:
        """Whether a value that was read can be brought into this form."""
        ...

    def matrix(self, values: Sequence[Any]) -> Any:
        """One row for each usable value: (N, D), dense or sparse."""
        ...


@dataclass(frozen=True)
class VectorEncoder:
    """Vectors as they are, all of one length."""

    length: int

    def usable(self, value: NDArray[np.float64]) -> bool:
        """A vector of another length cannot be compared."""
        return len(value) == self.length

    def matrix(self, values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """(N, length)."""
        return np.stack(values)


@dataclass(frozen=True)
class PixelEncoder:
    """Images brought to one size, grey or coloured as the first ones were."""

    shape: Shape

    def usable(self, value: Image.Image) -> bool:
        """Any image can be brought to the size."""
        return value.width > 0

    def matrix(self, values: Sequence[Image.Image]) -> NDArray[np.float64]:
        """(N, pixels or 3 x pixels), 0..1."""
        return np.stack([pixels(image, self.shape) for image in values])


@dataclass(frozen=True)
class DataEncoder:
    """Items' data as they are."""

    def usable(self, value: Any) -> bool:
        """All are: the model reads them itself."""
        return value is not None

    def matrix(self, values: Sequence[Any]) -> NDArray[np.object_]:
        """(N,) objects."""
        rows = np.empty(len(values), dtype=object)
        rows[:] = values
        return rows


def fit_encoder(kind: FeatureKind, values: Sequence[Any]) -> tuple[Encoder, Any]:
    """Learn how values of this kind become rows.

    Returns
    -------
    Encoder, and the (N, D) rows of these very values where learning has made them already, else None.

    Raises
    ------
    NoPredictions
        Where they have nothing to learn from.
    """
    if kind is FeatureKind.TEXT:
        return TextEncoder.fit(values)
    return _FITS[kind](values), None


_FITS: dict[FeatureKind, Callable[[Sequence[Any]], Encoder]] = {
    FeatureKind.VECTOR: lambda values: VectorEncoder(usual_length(values)),
    FeatureKind.IMAGE: lambda values: PixelEncoder(usual_shape(values)),
    FeatureKind.TABLE: TableEncoder.fit,
    FeatureKind.DATA: lambda _: DataEncoder(),
}
