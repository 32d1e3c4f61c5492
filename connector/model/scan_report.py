"""What a scan says of itself: of the model that it relied on, of the classes, of what else it looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from connector.model.platform import Json

REPORT_VERSION = 1  # rows that were stored before there was one have the same names, and are read as it
FIGURES = ("accuracy", "log_loss", "expected_calibration_error", "out_of_sample")


@dataclass(frozen=True, slots=True)
class ScanReport:
    """Figures of the last model (None where nobody knows them), counts by class and by kind of finding.

    `source` is what else the source of the probabilities says of itself, as it stands.
    """

    accuracy: float | None = None  # 0..1: how often its guess is the given label
    log_loss: float | None = None
    expected_calibration_error: float | None = None
    out_of_sample: str | None = None
    accuracy_by_class: Mapping[str, float | None] = field(default_factory=dict)
    class_counts: Mapping[str, int] | None = None  # labels that were judged; None where none were counted
    findings: Mapping[str, int] = field(default_factory=dict)  # findings by kind
    not_searched: Mapping[str, str] = field(
        default_factory=dict
    )  # kind → code, or words of an earlier version
    source: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        """One flat object, as the API of the first version had it; what is not known is left out."""
        figures = {name: getattr(self, name) for name in (*FIGURES, "class_counts")}
        kept: dict[str, Any] = {**self.source, "version": REPORT_VERSION}
        kept |= {name: value for name, value in figures.items() if value is not None}
        if self.accuracy_by_class:
            kept["accuracy_by_class"] = dict(self.accuracy_by_class)
        return kept | {"looked": {"found": dict(self.findings), "not_looked_for": dict(self.not_searched)}}

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """As it is stored, of any version."""
        searched = stored.get("looked") or {}
        known = {*FIGURES, "accuracy_by_class", "class_counts", "looked", "version"}
        return cls(
            **{name: stored.get(name) for name in FIGURES},
            accuracy_by_class=stored.get("accuracy_by_class") or {},
            class_counts=stored.get("class_counts"),
            findings=searched.get("found", {}),
            not_searched=searched.get("not_looked_for", {}),
            source={name: value for name, value in stored.items() if name not in known},
        )
