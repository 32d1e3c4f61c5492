"""Why a rating is shown to a reviewer."""

from __future__ import annotations

from connector.model import Issue


def question(issue: Issue) -> str | None:
    """What the model expects; None where nothing is known of it."""
    about = issue.evidence.about or {}
    expected, spread = about.get("expected"), about.get("spread")
    if expected is None:
        return None
    around = f" ± {spread:.1f}" if spread else ""
    rare = about.get("one_in") or 1
    often = f", and ratings this far off are 1 in {rare:,}" if rare > 1 else ""
    return f"It is rated {issue.given}; the model expects {expected:.1f}{around}{often}. Please verify."
