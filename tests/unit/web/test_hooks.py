"""Deliveries: what is ours is stored once; what is hostile is refused and does no harm."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.errors import Retryable
from connector.model import Role
from connector.web.api import hooks
from connector.web.app import create_app
from connector.wiring import Services

CREATED = {"action": "ANNOTATION_CREATED", "annotation": {"id": 5, "task": 3}, "task": {"id": 3}}


def path(services: Services, project: str = "cats", role: Role = Role.SOURCE) -> str:
    return f"/hooks/{project}/{role.value}/{services.keyring.webhook_path_key(project, role)}"


def secret(services: Services, role: Role = Role.SOURCE) -> dict[str, str]:
    return {"X-Secondlook-Secret": services.keyring.webhook_secret("cats", role).get_secret_value()}


def deliver(client: httpx.Client, services: Services, body: Any = CREATED, **changes: Any) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body)
    sent = {"url": path(services), "headers": secret(services), "content": content} | changes
    return client.post(**sent).status_code


def waiting(services: Services) -> list[Any]:
    project = services.project("cats")
    with services.store.read() as unit:
        return unit.deliveries.waiting(project.id, 100)


def test_a_delivery_is_stored_once_and_becomes_one_job(client: httpx.Client, services: Services) -> None:
    assert deliver(client, services) == 202
    assert deliver(client, services) == 202
    hints = [hint for _, role, found in waiting(services) for hint in found if role is Role.SOURCE]
    assert {hint.item_ids for hint in hints} == {("3",)}
    with services.store.read() as unit:
        assert sum(unit.jobs.counts().values()) == 1


def test_a_wrong_secret_is_401_and_stores_nothing(client: httpx.Client, services: Services) -> None:
    assert deliver(client, services, headers={"X-Secondlook-Secret": "guess"}) == 401
    assert deliver(client, services, headers={}) == 401
    assert deliver(client, services, headers=secret(services, Role.REVIEW)) == 401
    assert waiting(services) == []


def test_what_is_no_delivery_is_400(client: httpx.Client, services: Services) -> None:
    for body in (b"", b"\xff", b"[]", b"null", b"{}", b'{"action": 3}', b"[" * 1500):
        assert deliver(client, services, body) == 400
    assert waiting(services) == []


def test_a_large_body_is_413_whether_announced_or_streamed(client: httpx.Client, services: Services) -> None:
    assert deliver(client, services, b"x" * 2001) == 413
    assert deliver(client, services, content=iter([b"x" * 1000] * 3)) == 413


@pytest.mark.parametrize(
    ("length", "status"), [("²", 202), ("9" * 5000, 413), ("0" * 5000, 202), ("-1", 202), ("", 202)]
)
def test_no_content_length_makes_it_fail(services: Services, length: str, status: int) -> None:
    """At the door of the application: a server before it may refuse these by itself."""
    named = {**secret(services), "content-type": "application/json", "content-length": length}
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path(services), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(CREATED).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(create_app(services.settings, services)(scope, receive, send))
    assert sent[0]["status"] == status


def test_a_body_that_comes_too_slowly_is_dropped(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "BODY_SECONDS", 0.05)
    named = secret(services)
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path(services), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
    }  # fmt: skip
    parts, sent = iter([b"{", b'"']), list[Any]()

    async def receive() -> dict[str, Any]:
        if (part := next(parts, None)) is None:
            await asyncio.Event().wait()  # and nothing comes any more
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(create_app(services.settings, services)(scope, receive, send))
    assert sent[0]["status"] == 408
    assert waiting(services) == []


def test_a_packed_body_is_not_unpacked(client: httpx.Client, services: Services) -> None:
    """What would be huge once it is unpacked is just no JSON."""
    bomb = gzip.compress(json.dumps(CREATED | {"filler": " " * 1_000_000}).encode())
    assert len(bomb) < 2000
    packed = {**secret(services), "Content-Encoding": "gzip"}
    assert deliver(client, services, bomb, headers=packed) == 400
    assert waiting(services) == []


def test_unknown_project_unknown_role_and_wrong_key_get_the_same_answer(
    client: httpx.Client, services: Services
) -> None:
    key = services.keyring.webhook_path_key("cats", Role.SOURCE)
    other = services.keyring.webhook_path_key("dogs", Role.SOURCE)
    wrong = [f"/hooks/cats/source/{'0' * 32}", f"/hooks/dogs/source/{other}", f"/hooks/cats/neither/{key}",
             f"/hooks/cats/review/{key}", "/hooks/cats/source/%FF%00", "/hooks/nowhere"]  # fmt: skip
    answers = [client.post(each, headers=secret(services), json=CREATED) for each in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, '{"detail":"Not Found"}')}


def test_a_delivery_that_was_taken_is_no_line_and_one_that_was_refused_is(
    client: httpx.Client, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="connector.web.counting"):
        deliver(client, services)
        deliver(client, services, headers={})
        client.get("/no/such page?x=1")
    said = [each.getMessage() for each in caplog.records if each.name == "connector.web.counting"]
    assert [line.partition(' - "')[2].partition("/")[2].rpartition("HTTP")[0] for line in said] == [
        f"{path(services)[1:]} ", "no/such%20page?x=1 ",
    ]  # fmt: skip
    assert [line.rpartition(" ")[2] for line in said] == ["401", "404"]


def test_what_we_do_not_act_on_is_acknowledged(client: httpx.Client, services: Services) -> None:
    assert deliver(client, services, {"action": "LABEL_LINK_CREATED"}) == 202
    assert waiting(services) == []


@pytest.mark.parametrize("failure", [Retryable("the database did not answer"), RuntimeError("a bug")])
def test_an_outage_of_ours_is_503_so_that_the_platforms_log_shows_it(
    client: httpx.Client, services: Services, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise failure

    monkeypatch.setattr(services.store, "begin", broken)
    answer = client.post(path(services), headers=secret(services), json=CREATED)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert answer.text == ""


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None
)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("ANNOTATION_CREATED"),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["action", "annotation", "annotations", "task", "tasks", "project", "id"]),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_no_body_makes_it_fail(client: httpx.Client, services: Services, body: Any) -> None:
    assert deliver(client, services, body) in {202, 400, 413}
