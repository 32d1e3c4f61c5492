"""What Celery beat sends: one tick. All that is periodic hangs on it, and two beats do no harm."""

from __future__ import annotations

from celery import Celery

from connector.model.jobs import TICK


def schedule(app: Celery, tick_seconds: float) -> None:
    """Send the tick every `tick_seconds`; one that could not be sent in time is not sent late."""
    app.conf.beat_schedule = {
        "tick": {"task": TICK, "schedule": tick_seconds, "options": {"expires": max(1.0, tick_seconds * 2)}}
    }
