"""What a scan that several workers share was begun with, so that its end can see whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from connector.model.platform import Json
from connector.model.reasons import Code

PLAN_VERSION = 2  # of the shape; in the first one the model's version stood under "version"


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """`seq` is the last label event that it knows of, `counted` the changes since the scan before it."""

    classes: tuple[str, ...]
    source: str  # of the probabilities
    method: str
    model_version: str | None = None
    seq: int = 0
    counted: int = 0
    skipped: Mapping[Code, int] = field(default_factory=dict)  # labels that no part reads, by reason

    def to_json(self) -> Json:
        kept: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return kept | {"version": PLAN_VERSION, "classes": list(self.classes), "skipped": dict(self.skipped)}

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """As it is stored, of any version."""
        named = stored["model_version"] if "model_version" in stored else stored["version"]
        return cls(
            classes=tuple(stored["classes"]),
            source=stored["source"],
            method=stored["method"],
            model_version=named,
            seq=int(stored["seq"]),
            counted=int(stored["counted"]),
            skipped=stored["skipped"],
        )
