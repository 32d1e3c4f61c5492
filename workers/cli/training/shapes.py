"""What is exported of an item."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LabelStanding(StrEnum):
    """How a label came to be what it is."""

    CORRECTED = "corrected"  # reviewers agreed on this label in place of the given one
    CONFIRMED = "confirmed"  # reviewers agreed on the given one
    RELABELLED = "relabelled"  # changed on the platform after the decision: what it is now
    REVERTED = "reverted"  # the correction was taken back, or somebody changed the label first
    HELD = "held"  # a correction waits for a person: still the given label
    FLAGGED = "flagged"  # doubted, and not decided
    UNREVIEWED = "unreviewed"  # nobody doubted it


DECIDED = frozenset({LabelStanding.CORRECTED, LabelStanding.CONFIRMED})


class ApartReason(StrEnum):
    """Why an item stands apart."""

    EXCLUDED = "excluded"  # reviewers said that no label fits
    TORN = "torn"  # no label has a majority
    UNRESOLVED = "unresolved"  # reviewers found no single label
    UNLABELLED = "unlabelled"  # no annotation that can be read
    UNREADABLE = "unreadable"  # its regions cannot be read


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One item to train on. `label` is a class, a list of classes, a number or a list of regions.

    `quality` (0..1) is the probability of the label, None where nothing says so; `weight` (0..1) is what it
    may count in training: the quality, or 1. `given` is the label before reviews, as text.
    """

    id: str
    data: Mapping[str, Any]
    label: Any
    standing: LabelStanding
    quality: float | None
    weight: float
    given: str

    def plain(self) -> dict[str, Any]:
        """As plain values, in the order of columns."""
        return {
            "id": self.id,
            "label": self.label,
            "status": self.standing.value,
            "quality": self.quality,
            "weight": self.weight,
            "given": self.given,
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True)
class ApartItem:
    """One item that is not to be trained on. `labels` are those that reviewers named."""

    id: str
    reason: ApartReason
    given: str | None
    labels: tuple[str, ...]
    data: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "reason": self.reason.value,
            "given": self.given,
            "labels": list(self.labels),
            "data": dict(self.data),
        }


class ContentHash:
    """SHA-256 over the examples in their order, whatever the form of the files."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, example: TrainingExample | ApartItem) -> None:
        self._digest.update(canonical(example.plain()).encode("utf-8", "surrogatepass") + b"\n")

    def hex(self) -> str:
        return self._digest.hexdigest()


def canonical(value: Any) -> str:
    """JSON that is equal where the value is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
