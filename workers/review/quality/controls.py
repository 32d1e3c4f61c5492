"""How many controls are asked: a share of all questions, or alone once no flag is left."""

from __future__ import annotations

from connector.config.project import ProjectSettings
from workers.review.quality.figures import ControlOutlook, QualityFigures

FLAG_WORTH = 10  # controls that are worth as much as one flag, while flags wait
MOST_CONTROL_SHARE = 0.3  # of new questions while flags wait
CONTROLS_AT_ONCE = 50  # drawn by one scan where no flag waits


def controls_to_ask(outlook: ControlOutlook | QualityFigures, settings: ProjectSettings) -> tuple[float, int]:
    """The share of controls among new questions, and how many to draw however few flags there are."""
    share, needed = settings.policy.control_share, outlook.controls_needed
    if not (settings.quality.seek_target and share and needed):
        return share, 0
    if not outlook.waiting:
        return share, min(needed, CONTROLS_AT_ONCE) if outlook.flags.flagged or outlook.controls.n else 0
    if not outlook.controls.n:
        return share, 0
    return max(share, min(MOST_CONTROL_SHARE, needed / (needed + FLAG_WORTH * outlook.waiting))), 0


def wants_controls(figures: QualityFigures, settings: ProjectSettings) -> bool:
    """Whether a scan should draw controls alone: no flag is left to ask, and they can show the target."""
    return not figures.waiting and controls_to_ask(figures, settings)[1] > 0
