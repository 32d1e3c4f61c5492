"""Fairness to classes: what corrections take from each, and when they must stop by themselves."""

from __future__ import annotations

from datetime import datetime

from connector.config.project import PolicySettings, QualitySettings
from connector.model import Project
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.figures import COMMITTED, moved

FREE_LOSS = 3  # labels that a class may lose whatever its size


def loses_too_much(
    unit: UnitOfWork, project: Project, given: str, policy: PolicySettings, quality: QualitySettings
) -> bool:
    """Whether one more correction would take too much from the class `given`.

    Too much is more than `max_class_loss` of what the last scan found of it, net of what it gained since,
    or so much that fewer than `min_class_examples` are left of a class that had them. The first few labels
    may always go, for a share of a handful says nothing; what a person has released does not count.
    """
    size, since = _class_size(unit, project, given)
    moves = moved(unit, project.id, states=COMMITTED, since=since, unreleased_of=given)
    loss = 1 + sum(one.n * ((one.given == given) - (one.label == given)) for one in moves)
    if loss <= FREE_LOSS or not size:
        return False
    left = size - loss
    return loss > quality.max_class_loss * size or left < policy.min_class_examples <= size


def _class_size(unit: UnitOfWork, project: Project, label: str) -> tuple[int, datetime | None]:
    """How many labels of a class there were at the last scan, and when that was."""
    scan = unit.issues.last_scan(project.id)
    counts = scan.report.class_counts if scan else None
    if scan is None or counts is None:
        return unit.items.label_counts(project.id).get(label, 0), None
    return int(counts.get(label, 0)), scan.started_at


def rare_classes(unit: UnitOfWork, project: Project, quality: QualitySettings) -> frozenset[str]:
    """Classes with less than `rare_share` of the labels that the last scan judged."""
    scan = unit.issues.last_scan(project.id)
    counts = (scan.report.class_counts if scan else None) or {}
    total = sum(counts.values())
    return frozenset(name for name, n in counts.items() if n < quality.rare_share * total)
