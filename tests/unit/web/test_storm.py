"""A storm of webhooks: the same events again and again, each attempt with an id of its own."""

from __future__ import annotations

import base64
import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from connector.config.settings import ProjectSettings, SecretRef
from connector.model import Role
from connector.platforms.argilla.desk import ArgillaDesk
from connector.platforms.argilla.source import ArgillaSource
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.deliveries import accept
from tests.support.world import TestClock
from tests.unit.web.seeding import settings_in

SECRET = base64.b64encode(b"s" * 64).decode()
MOMENT = "2026-03-02T09:00:00.000001"
_attempts = itertools.count()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def services(tmp_path: Path, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A project in Argilla, whose server tells us one secret and is asked for nothing else."""
    for place in (ArgillaSource, ArgillaDesk):
        monkeypatch.setattr(place, "webhook_secrets", lambda *_: [SECRET])
    dataset = ProjectSettings(
        platform="argilla",
        url="http://argilla.example.org",
        project=str(uuid.uuid4()),
        token=SecretRef(file=tmp_path / "token"),
    )
    settings = settings_in(tmp_path).model_copy(update={"projects": {"cats": dataset}})
    made = replace(build(settings, SilentQueue()), clock=clock)
    made.store._clock = clock
    yield made
    made.close()


def event(
    record: str, kind: str = "record.updated", at: str = MOMENT, dataset: str | None = None
) -> dict[str, Any]:
    about = {} if dataset is None else {"dataset": {"id": dataset}}
    return {"type": kind, "version": 1, "timestamp": at, "data": {"id": record, **about}}


def deliver(services: Services, payload: dict[str, Any], role: Role = Role.SOURCE) -> bool:
    """One attempt, as Argilla makes it: its id and stamp are new each time. Whether it was stored."""
    body, attempt = json.dumps(payload), f"msg_{next(_attempts)}"
    now = services.clock.now()
    services.refresh_secrets()  # as the web process does now and then
    headers = {
        "Webhook-Id": attempt,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign(attempt, now, body),
    }
    return accept(services, "cats", role, headers, body.encode())


def waiting(services: Services) -> list[str]:
    with services.store.read() as unit:
        rows = unit.deliveries.waiting(services.project("cats").id, 10_000)
    return [one for _, _, hints in rows for hint in hints for one in hint.item_ids]


def test_of_repeated_events_none_is_lost_and_each_is_handled_once(services: Services) -> None:
    records = [str(uuid.uuid4()) for _ in range(20)]
    for n in range(400):
        deliver(services, event(records[n % 20]))
    assert sorted(waiting(services)) == sorted(records)


def test_an_event_that_was_handled_does_not_come_back(services: Services, clock: TestClock) -> None:
    record = str(uuid.uuid4())
    deliver(services, event(record))
    with services.store.begin() as unit:
        [(first, _, _)] = unit.deliveries.waiting(services.project("cats").id, 10)
        unit.deliveries.handled([first])
    clock.advance(minutes=3)
    assert not deliver(services, event(record))
    assert waiting(services) == []
    with services.store.begin() as unit:
        unit.deliveries.forget(clock.now() + timedelta(seconds=1), 10)
    assert deliver(services, event(record)), "what is forgotten counts as new"


def test_another_kind_record_or_moment_is_another_event(services: Services) -> None:
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    same = [event(one), event(other), event(one, "record.deleted"), event(one, at=f"{MOMENT}2")]
    assert all(deliver(services, payload) for payload in same)


def test_an_event_without_a_moment_is_never_taken_for_another(services: Services) -> None:
    payload = event(str(uuid.uuid4())) | {"timestamp": None}
    assert all(deliver(services, payload) for _ in range(2))
    assert len(waiting(services)) == 2


def test_events_of_other_datasets_of_the_server_are_dropped_at_the_door(services: Services) -> None:
    ours, reviews, strange, record = services.project("cats").remote_id, *(str(uuid.uuid4()) for _ in "123")
    with services.store.begin() as unit:
        unit.projects.set_review_project(services.project("cats").id, reviews, "http://argilla.example.org")
    for dataset in (strange, reviews):
        assert not deliver(services, event(record, dataset=dataset))
    for dataset in (strange, ours):
        assert not deliver(services, event(record, dataset=dataset), Role.REVIEW)
    assert waiting(services) == []
    assert deliver(services, event(record, dataset=ours))
    assert deliver(services, event(record, dataset=reviews), Role.REVIEW)
    assert waiting(services) == [record, record]
