"""Webhook secrets that the platform makes are asked for, not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.errors import Retryable
from connector.model import Role
from connector.wiring import PLATFORM_SECRETS_KEPT
from tests.support.world import TestClock
from tests.unit.web.seeding import services_in


class Teller:
    """A source whose platform makes the secrets."""

    def __init__(self) -> None:
        self.secrets = ["first"]
        self.asked: list[str] = []
        self.away = False

    def webhook_secrets(self, url: str) -> Sequence[str]:
        self.asked.append(url)
        if self.away:
            raise Retryable("no connection")
        return [*self.secrets]


def test_deliveries_make_nobody_call_the_platform(tmp_path: Path) -> None:
    clock, teller = TestClock(datetime(2026, 1, 1, tzinfo=UTC)), Teller()
    services = replace(services_in(tmp_path), clock=clock, _sources={"cats": teller})  # type: ignore[dict-item]
    try:
        with pytest.raises(Retryable):
            services.webhook_secrets("cats", Role.SOURCE)
        assert teller.asked == []
        services.refresh_secrets()
        assert services.webhook_secrets("cats", Role.SOURCE) == ["first"]
        teller.secrets = ["second"]
        services.refresh_secrets()
        assert services.webhook_secrets("cats", Role.SOURCE) == ["second"]
        assert teller.asked == [services.keyring.webhook_url("cats", Role.SOURCE)] * 2
    finally:
        services.close()


def test_they_are_forgotten_a_while_after_the_platform_told_them_last(tmp_path: Path) -> None:
    clock, teller = TestClock(datetime(2026, 1, 1, tzinfo=UTC)), Teller()
    services = replace(services_in(tmp_path), clock=clock, _sources={"cats": teller})  # type: ignore[dict-item]
    try:
        services.refresh_secrets()
        teller.away = True
        services.refresh_secrets()
        assert services.webhook_secrets("cats", Role.SOURCE) == ["first"]
        clock.advance(seconds=PLATFORM_SECRETS_KEPT.total_seconds())
        with pytest.raises(Retryable):
            services.webhook_secrets("cats", Role.SOURCE)
    finally:
        services.close()
