"""A report set against the one before, and what of that calls for a report."""

from __future__ import annotations

from collections.abc import Mapping

from connector.config.project import AuditSettings
from connector.model import Audit, Json
from workers.report.shapes import Comparison, Delta, Report

SLACK = 1e-9  # a change of just the limit is within it


def headline_figures(report: Report) -> dict[str, float | None]:
    """The figures by which reports are compared."""
    return {
        "error_rate": report.remaining.controls.value,
        "agreement": report.agreement.alpha.value,
        "model_accuracy": report.model.accuracy,
        "flag_precision": report.reviews.flags.precision.value,
        "highest_error_rate": report.remaining.highest,
    }


def limits(settings: AuditSettings) -> dict[str, float]:
    """By how much a figure may move before a report is made because of it."""
    return {
        "error_rate": settings.error_rate_limit,
        "agreement": settings.agreement_limit,
        "model_accuracy": settings.accuracy_limit,
    }


def compared(report: Report, previous: Audit | None, settings: AuditSettings) -> Comparison:
    """Each headline figure with what it was; those that moved beyond their limit are marked."""
    before = figures_of(previous)
    deltas = [
        _delta(name, before.get(name), now, limits(settings).get(name))
        for name, now in headline_figures(report).items()
    ]
    if previous is None or previous.figures is None:
        return Comparison(None, None, deltas)
    return Comparison(previous.id, str(previous.figures["occasion"]["at"]), deltas)


def figures_of(audit: Audit | None) -> dict[str, float | None]:
    """The headline figures of a stored report."""
    figures: Json = (audit.figures if audit else None) or {}
    return {str(each["name"]): each["now"] for each in figures.get("comparison", {}).get("figures", [])}


def moved_beyond(
    before: Mapping[str, float | None], now: Mapping[str, float | None], settings: AuditSettings
) -> list[Delta]:
    """The figures that moved beyond their limit; one that cannot be told now or then did not move."""
    result = [
        _delta(name, before.get(name), now.get(name), limit) for name, limit in limits(settings).items()
    ]
    return [each for each in result if each.beyond]


def _delta(name: str, before: float | None, now: float | None, limit: float | None) -> Delta:
    change = None if before is None or now is None else now - before
    beyond = change is not None and limit is not None and abs(change) > limit + SLACK
    return Delta(name, before, now, change, limit, beyond)
