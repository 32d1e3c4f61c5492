"""What the service can do right now: the database decides, broker and scheduler are reported."""

from __future__ import annotations

from dataclasses import dataclass

from connector.config.keyring import broker_url
from connector.config.settings import MEMORY_BROKER, Settings
from connector.errors import Misconfigured, SecondlookError
from connector.queue import broker_state
from connector.store.views import loop, server
from connector.wiring import Services

TICKS_MISSED = 6  # so many in a row, and the scheduler is taken to be down
SHORTEST_LATE_SECONDS = 30.0  # a busy machine delays quick ticks by seconds


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    database: str
    broker: str
    scheduler: str
    seconds_since_tick: float | None


def look(services: Services) -> Readiness:
    """Ask database, broker and the scheduler's last mark; takes at most a few seconds."""
    try:
        with services.store.read() as unit:
            loop.project_names(unit)
            tick = loop.last_tick_at(unit)
            database = "ok" if server.takes_writes(unit) else "read-only"
    except SecondlookError:
        database, tick = "unreachable", None
    age = (services.clock.now() - tick).total_seconds() if tick else None
    return Readiness(
        ready=database == "ok",
        database=database,
        broker=broker(services.settings),
        scheduler=_scheduler(services.settings, age),
        seconds_since_tick=None if age is None else round(age, 1),
    )


def broker(settings: Settings) -> str:
    """What the broker makes of the service's login and of a message."""
    if settings.broker.url.startswith(MEMORY_BROKER):
        return "in this process"
    try:
        return broker_state(broker_url(settings).get_secret_value()).value
    except Misconfigured:
        return "its password cannot be read"


def _scheduler(settings: Settings, age: float | None) -> str:
    if age is None:
        return "never seen"
    late = max(SHORTEST_LATE_SECONDS, TICKS_MISSED * settings.worker.tick_seconds)
    return "ok" if abs(age) < late else "late"  # ahead of us: noted by a clock that was set back
