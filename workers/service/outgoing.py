"""Messages that are due are sent beside the jobs: at least once, always the same under the same id."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from connector.alerts.dispatch import dispatch
from connector.alerts.outbox import next_try
from connector.errors import SecondlookError
from connector.model.alerts import AlertMessage
from connector.model.metrics import counted
from connector.store.repositories.alerts import MessageClaim
from connector.wiring import Services

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)  # longer than any try; after it another process sends the message
MOST_AT_ONCE = 50  # messages of a channel in one go
_BUSY: set[str] = set()  # channels that this process is sending to
_LOCK = threading.Lock()


def send_beside(services: Services) -> list[threading.Thread]:
    """Begin to send what is due, a thread a channel: a receiver that hangs holds up its own channel alone."""
    with services.store.read() as unit:
        due = unit.alerts.due_channels()
    begun = [
        threading.Thread(
            target=_send_quietly, args=(services, channel), name=f"alerts-{channel}", daemon=True
        )
        for channel in due
        if channel not in _BUSY
    ]
    for thread in begun:
        thread.start()
    return begun


def send_due(services: Services, channel: str) -> int:
    """Send the due messages of a channel; how many went out. Ends at the first that did not."""
    for sent in range(MOST_AT_ONCE):
        with services.store.begin() as unit:
            claim = unit.alerts.claim(channel, LEASE)
        if claim is None or not _try(services, claim):
            return sent
    return MOST_AT_ONCE


def _try(services: Services, claim: MessageClaim) -> bool:
    """One try; whether it went out. Ended before its last line, the lease ends and it is tried again."""
    message = claim.message
    try:
        remark = _send(services, message)
    except SecondlookError as error:
        retry_at = next_try(services.clock.now(), message.attempts + 1)
        result = "given_up" if retry_at is None else "failed"
        log.warning("message not sent", channel=message.channel, reason=str(error), result=result)
        with services.store.begin() as unit:
            unit.alerts.failed(claim, str(error), retry_at)
            unit.tallies.add(counted("alert_sends_total", channel=message.channel, result=result))
        return False
    with services.store.begin() as unit:
        unit.alerts.sent(claim, remark)
        unit.tallies.add(counted("alert_sends_total", channel=message.channel, result="sent"))
    return True


def _send(services: Services, message: AlertMessage) -> str | None:
    channel = services.settings.alerts.channels.get(message.channel)
    if channel is None:
        return "the channel is configured no more: nothing was sent"
    return dispatch(channel, message, services.settings.server.url, services.clock.now())


def _send_quietly(services: Services, channel: str) -> None:
    with _alone(channel) as alone:
        if alone:
            try:
                send_due(services, channel)
            except Exception:
                log.exception("messages not sent; tried again", channel=channel)


@contextmanager
def _alone(channel: str) -> Iterator[bool]:
    with _LOCK:
        alone = channel not in _BUSY
        _BUSY.add(channel)
    try:
        yield alone
    finally:
        if alone:
            with _LOCK:
                _BUSY.discard(channel)
