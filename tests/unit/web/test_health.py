"""Alive is not ready; ready is what storing a delivery needs."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta

import httpx
import pytest

from connector.errors import Misconfigured
from connector.web.readiness import look
from connector.wiring import Services
from tests.unit.web.seeding import NOW


class EarlierClock:
    def now(self) -> datetime:
        return NOW - timedelta(hours=1)


def test_the_process_is_alive_whatever_else_is_down(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setattr(services, "store", None)
        assert client.get("/health").json() == {"status": "ok"}


def test_ready_with_a_database_and_says_that_no_scheduler_was_seen(client: httpx.Client) -> None:
    answer = client.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "broker": "in this process",
        "scheduler": "never seen",
        "seconds_since_tick": None,
    }


def test_the_age_of_the_last_tick_is_shown(client: httpx.Client, services: Services) -> None:
    with services.store.begin() as unit:
        unit.facts.put("last_tick", "")
    assert client.get("/ready").json()["seconds_since_tick"] == 0.0
    assert client.get("/ready").json()["scheduler"] == "ok"


def test_a_tick_by_a_clock_that_was_set_back_since_says_nothing_of_now(services: Services) -> None:
    with services.store.begin() as unit:
        unit.facts.put("last_tick", "")
    services.clock = EarlierClock()
    assert look(services).scheduler == "late"


def test_not_ready_without_a_database(
    client: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "the database has no tables yet"
        raise Misconfigured(msg, field="database", remedy="-")

    monkeypatch.setattr(services.store, "read", broken)
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")


def test_the_web_process_loads_nothing_that_computes() -> None:
    code = (
        "import sys, connector.web;"
        "print(*[m for m in ('numpy','pandas','scipy','sklearn','pyarrow','PIL','label_studio_sdk','httpx')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_no_redirect_follows_the_host_header(client: httpx.Client) -> None:
    for path in ("/health/", "/api/v1/projects/", "//evil.example"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.headers.get("location", "")
