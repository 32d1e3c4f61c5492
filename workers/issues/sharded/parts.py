"""What the maps and reductions hand to each other, and how it is kept in between."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Classes, Counts, Mask, Probabilities
from workers.issues.incremental import saving
from workers.issues.incremental.saving import Arrays, UnusableState
from workers.issues.methods import Method

Places = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ShardTrust:
    """Of n rows: the given classes and their probabilities, and the highest probability of all."""

    n_classes: int
    highest: float
    given: Classes
    trust: Probabilities

    def to_bytes(self) -> bytes:
        """To be kept."""
        told = {"n_classes": self.n_classes, "highest": self.highest}
        return _packed("trust", told, {"given": self.given, "trust": self.trust})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` gave; raises `UnusableState`."""
        told, arrays = _unpacked("trust", content)
        return cls(told["n_classes"], told["highest"], arrays["given"], arrays["trust"])


@dataclass(frozen=True, slots=True)
class Cuts:
    """The method, the threshold of each class (K,), and whether probabilities above 1 count as 1."""

    method: Method
    thresholds: Probabilities
    clip: bool

    def to_bytes(self) -> bytes:
        """To be kept."""
        told = {"method": self.method.value, "clip": self.clip}
        return _packed("cuts", told, {"thresholds": self.thresholds})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` gave; raises `UnusableState`."""
        told, arrays = _unpacked("cuts", content)
        return cls(Method(told["method"]), arrays["thresholds"], told["clip"])


@dataclass(frozen=True, slots=True)
class Margins:
    """By how much other classes lead over the given one, where a row disagrees and the lead is above `floor`.

    Entry e says that class `other[e]` leads in row `row[e]` by `lead[e]`.
    """

    floor: float
    row: Places
    other: Classes
    lead: Probabilities


@dataclass(frozen=True, slots=True)
class ShardEvidence:
    """Of n rows: what they predict, and what the method will choose from.

    `disagreeing` (n) marks rows whose given label does not win, `confident` (n) those of them that are
    confidently of another class. Rows `off` miss a sum of 1; `sums` are theirs. `pair` and `count` are the
    non-zero entries of the raw joint, numbered true * K + given. `scores` are the normalised margins where
    the method ranks them, else empty.
    """

    predicted: Classes
    disagreeing: Mask
    confident: Mask
    lowest: float
    off: Places
    sums: NDArray[np.float64]
    pair: Counts
    count: Counts
    margins: Margins
    scores: Probabilities

    def to_bytes(self) -> bytes:
        """To be kept."""
        arrays = {name: getattr(self, name) for name in _PLAIN}
        arrays |= {name: getattr(self.margins, name) for name in _OF_MARGINS}
        arrays |= {name: np.packbits(getattr(self, name)).view(np.int8) for name in _BITS}
        return _packed("evidence", {"lowest": self.lowest, "floor": self.margins.floor}, arrays)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` gave; raises `UnusableState`."""
        told, arrays = _unpacked("evidence", content)
        n_rows = len(arrays["predicted"])
        masks: dict[str, Any] = {
            name: np.unpackbits(arrays[name].view(np.uint8), count=n_rows).view(np.bool_) for name in _BITS
        }
        plain = {name: arrays[name] for name in _PLAIN}
        margins = Margins(told["floor"], **{name: arrays[name] for name in _OF_MARGINS})
        return cls(lowest=told["lowest"], margins=margins, **plain, **masks)


_PLAIN = ("predicted", "off", "sums", "pair", "count", "scores")
_OF_MARGINS = ("row", "other", "lead")
_BITS = ("disagreeing", "confident")


@dataclass(frozen=True, slots=True)
class PairQuestion:
    """Pairs (M, 2) of a given and another class for which all rows of the given class are to be compared."""

    pairs: Places

    def to_bytes(self) -> bytes:
        """To be kept."""
        return _packed("question", {}, {"pairs": self.pairs})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` gave; raises `UnusableState`."""
        return cls(_unpacked("question", content)[1]["pairs"])


@dataclass(frozen=True, slots=True)
class ShardMargins:
    """The leads asked for, pair after pair, each over the shard's rows of the given class in row order."""

    leads: Probabilities

    def to_bytes(self) -> bytes:
        """To be kept."""
        return _packed("margins", {}, {"leads": self.leads})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` gave; raises `UnusableState`."""
        return cls(_unpacked("margins", content)[1]["leads"])


def _packed(kind: str, told: dict[str, Any], arrays: Arrays) -> bytes:
    file = BytesIO()
    saving.write(file, {"kind": kind, **told}, arrays)
    return file.getvalue()


def _unpacked(kind: str, content: bytes) -> tuple[dict[str, Any], Arrays]:
    told, arrays = saving.read(BytesIO(content))
    if told.get("kind") != kind:
        raise UnusableState(f"it is no shard's {kind}")
    return told, arrays
