"""When a scheduler sends ticks, and until when they count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from celery.beat import Scheduler

from connector.config.settings import WorkerSettings
from connector.queue import make_celery
from workers.service.schedule import SteadyClock, schedule


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=-1)])
def test_ticks_go_on_where_the_clock_of_the_machine_is_set(step: timedelta) -> None:
    """The one that Celery would ask is an hour behind, or a day ahead, of what the schedule began with."""
    passed = 0.0
    app = make_celery("memory://")
    schedule(app, WorkerSettings(tick_seconds=5), SteadyClock(datetime.now(UTC) + step, lambda: passed))
    scheduler = Scheduler(app=app)
    entry = scheduler.schedule["tick"]
    assert not scheduler.is_due(entry).is_due
    passed = 5.1
    assert scheduler.is_due(entry).is_due
    entry = scheduler.reserve(entry)
    due, wait = scheduler.is_due(entry)
    assert (due, round(wait)) == (False, 5)


def test_a_tick_lasts_for_as_long_as_clocks_of_hosts_may_differ() -> None:
    app = make_celery("memory://")
    schedule(app, WorkerSettings(tick_seconds=5, lease_seconds=60))
    assert app.conf.beat_schedule["tick"]["options"]["expires"] == 60
