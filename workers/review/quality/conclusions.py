"""What figures of quality come to: codes, which are kept with the figures and worded when shown."""

from __future__ import annotations

from connector.config.project import QualitySettings
from connector.model import Project
from connector.model.reasons import CleanVerdict, Code, QualityAlarm, coded
from connector.store.unit_of_work import UnitOfWork
from workers.review.quality.figures import QualityFigures, figures
from workers.review.quality.harm import Harm


def keep(unit: UnitOfWork, project: Project, settings: QualitySettings) -> QualityFigures:
    """Store the figures as they are now, with what they come to, for the status page; they are returned."""
    now = figures(unit, project, settings)
    unit.quality.save(project.id, {**now.as_json(), "verdict": verdict(now), "alarms": alarms(now, settings)})
    return now


def verdict(now: QualityFigures) -> Code:
    """Whether the labels are clean enough, what is missing if not, and what is likeliest."""
    shares = {"high": now.remaining_high, "target": now.target}
    outlook = {
        "likely": now.remaining,
        "anytime": now.remaining_high_anytime,
        "needed": now.controls_needed,
    }
    if now.clean_enough:
        return coded(CleanVerdict.CLEAN_ENOUGH, items=now.items, **shares, **outlook)
    return coded(
        CleanVerdict.NOT_CLEAN_ENOUGH,
        items=now.items,
        waiting=now.waiting,
        wrong=now.controls.hits,
        controls=now.controls.n,
        unwritten=now.unwritten,
        **shares,
        **outlook,
    )


def alarms(now: QualityFigures, settings: QualitySettings) -> list[Code]:
    """What a person should look at."""
    codes = [coded(QualityAlarm.CLASS_LOSING, label=label, held=n) for label, n in now.held_by_class.items()]
    anchoring = now.anchoring
    if now.harm.exceeds:
        codes.append(harm_alarm(now.harm))
    if anchoring.beyond_limit and anchoring.effect is not None:
        codes.append(
            coded(
                QualityAlarm.ANCHORED,
                effect=anchoring.effect,
                low=anchoring.low,
                high=anchoring.high,
                limit=settings.anchoring_limit,
                blind=settings.blind_when_anchored,
            )
        )
    return codes


def harm_alarm(harm: Harm) -> Code:
    """Told by those changes of which too many were overturned."""
    early = harm.checked if not harm.exceeds_of_made else None
    shown = early or harm
    counts = {"changes": shown.changes, "expected": shown.expected, "overturned": shown.overturned}
    return coded(QualityAlarm.TOO_MUCH_HARM, **counts, early=early is not None)
