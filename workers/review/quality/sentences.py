"""Figures of quality as sentences, and kept for those who only show them."""

from __future__ import annotations

from connector import wording
from connector.config.project import QualitySettings
from connector.model import Project
from connector.store.unit_of_work import UnitOfWork
from workers.review.quality.figures import QualityFigures, figures


def keep(unit: UnitOfWork, project: Project, settings: QualitySettings) -> QualityFigures:
    """Store the figures as they are now, with what they say, for the status page; they are returned."""
    found = figures(unit, project, settings)
    told = alarms(found, settings.anchoring_limit, blind=settings.blind_when_anchored)
    unit.quality.save(project.id, {**found.as_json(), "verdict": verdict(found), "alarms": told})
    return found


def verdict(found: QualityFigures) -> str:
    """Whether the labels are clean enough, what is missing if not, and what is likeliest."""
    if found.remaining is None:
        return _verdict(found)
    outlook = wording.remaining_outlook(
        found.remaining, found.remaining_high_anytime, found.controls_needed, found.target
    )
    return f"{_verdict(found)} {outlook}"


def _verdict(found: QualityFigures) -> str:
    if found.clean_enough:
        return wording.clean_enough(found.items, found.remaining_high, found.target)
    return wording.not_clean_enough(
        found.items,
        found.remaining_high,
        found.target,
        found.waiting,
        (found.controls.hits, found.controls.n),
        found.unwritten,
    )


def alarms(found: QualityFigures, limit: float, *, blind: bool) -> list[str]:
    """What a person should look at; `limit` and `blind` are the settings of anchoring."""
    told = [wording.class_losing(label, n) for label, n in found.held_by_class.items()]
    if found.harm.exceeds:
        harm = found.harm
        told.append(wording.too_much_harm(harm.changes, harm.expected, harm.overturned))
    seen = found.anchoring
    if seen.beyond_limit and seen.effect is not None:
        told.append(wording.anchored(seen.effect, seen.low, seen.high, limit, blind=blind))
    return told
