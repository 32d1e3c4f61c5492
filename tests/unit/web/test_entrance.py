"""Signing in, staying signed in, signing out; and what somebody else could try."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from connector.actions import sign_in, tokens, users
from connector.errors import Retryable, Unauthorised
from connector.model.access import EVERYWHERE, AccessRole
from connector.wiring import Services
from tests.unit.web.seeding import TOKEN, StoppedClock, seed, services_in

PASSWORD = "correct horse battery"


class MovedClock(StoppedClock):
    """Stands still until it is moved."""

    ahead = timedelta()

    def now(self):  # type: ignore[no-untyped-def]
        return super().now() + self.ahead


@pytest.fixture
def clock(services: Services) -> MovedClock:
    moved = MovedClock()
    services.clock = moved
    services.store._clock = moved
    return moved


def add_ann(services: Services, role: AccessRole = AccessRole.ADMIN) -> None:
    with services.store.begin() as unit:
        users.add(unit, "ann", PASSWORD, {EVERYWHERE: role}, "test")


def enter(client: httpx.Client, **fields: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": "ann", "password": PASSWORD, **fields})


def test_a_session_opens_the_pages_and_ends_on_the_server(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    answer = enter(client, next="/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    page = client.get("/")
    assert page.status_code == 200
    kept = dict(client.cookies)
    mark = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert mark
    assert client.post("/sign-out", data={"csrf": mark.group(1)}).status_code == 303
    client.cookies.update(kept)
    assert client.get("/").status_code == 303


def test_a_session_ends_after_an_hour_without_use_and_after_twelve(
    client: httpx.Client, services: Services, clock: MovedClock
) -> None:
    add_ann(services)
    enter(client)
    for _ in range(14):
        clock.ahead += timedelta(minutes=50)
        assert client.get("/").status_code == 200
    clock.ahead += timedelta(minutes=50)
    assert client.get("/").status_code == 303
    enter(client)
    clock.ahead += timedelta(minutes=61)
    assert client.get("/").status_code == 303


def test_a_clock_that_is_set_back_ends_no_session_and_breaks_no_page(
    client: httpx.Client, services: Services, clock: MovedClock
) -> None:
    add_ann(services)
    seed(services)
    enter(client)
    clock.ahead -= timedelta(hours=3)
    for path in ("/", "/p/cats", "/p/cats/queue?state=any", "/p/cats/items/1", "/ops/audit"):
        assert client.get(path).status_code == 200, path
    clock.ahead += timedelta(hours=3, minutes=61)
    assert client.get("/").status_code == 303


def test_a_new_sign_in_ends_the_session_before_it(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    enter(client)
    old = dict(client.cookies)
    enter(client)
    assert dict(client.cookies) != old
    client.cookies.clear()
    client.cookies.update(old)
    assert client.get("/").status_code == 303


def test_who_is_revoked_is_out_at_once(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    enter(client)
    with services.store.begin() as unit:
        users.revoke(unit, "ann", "test")
    assert client.get("/").status_code == 303
    assert enter(client).status_code == 401


def test_ten_failures_of_an_account_from_one_address_have_to_wait(
    client: httpx.Client, services: Services, clock: MovedClock
) -> None:
    add_ann(services)
    codes = [enter(client, password=f"guess number {n}").status_code for n in range(11)]
    assert codes == [401] * 10 + [429]
    assert enter(client).status_code == 429
    clock.ahead += timedelta(minutes=15)
    assert enter(client).status_code == 303


def test_a_clock_that_is_set_back_lengthens_no_wait(services: Services, clock: MovedClock) -> None:
    with services.store.begin() as unit:
        for _ in range(sign_in.MOST_OF_BOTH):
            unit.sign_ins.add("ann", "192.0.2.1")
    clock.ahead -= timedelta(hours=1)
    with services.store.read() as unit:
        assert unit.sign_ins.counts("ann", "192.0.2.1", unit.now - sign_in.WINDOW) == (0, 0, 0)


def test_guesses_at_many_accounts_from_one_address_have_to_wait(services: Services) -> None:
    with services.store.begin() as unit:
        for n in range(sign_in.MOST_OF_ADDRESS):
            unit.sign_ins.add(f"account-{n}", "192.0.2.1")
    with pytest.raises(Retryable, match="wait 15 minutes"):
        sign_in.sign_in(services.store, "ann", "guess", "192.0.2.1")
    with pytest.raises(Unauthorised):
        sign_in.sign_in(services.store, "ann", "guess", "192.0.2.2")


def test_the_first_user_is_made_once(client: httpx.Client, services: Services) -> None:
    with services.store.begin() as unit:
        key = sign_in.first_link(unit)
    sent = {"name": "eve", "password": PASSWORD, "again": PASSWORD}
    assert client.get("/first/wrong").status_code == 404
    assert client.post("/first/wrong", data=sent).status_code == 404
    assert "differ" in client.post(f"/first/{key}", data=sent | {"again": "x"}).text
    assert (
        client.post(f"/first/{key}", data=sent | {"password": "short", "again": "short"}).status_code == 400
    )
    assert client.post(f"/first/{key}", data=sent).status_code == 303
    assert client.get("/").status_code == 200
    assert client.post(f"/first/{key}", data=sent | {"name": "mallory"}).status_code == 404
    with services.store.begin() as unit:
        assert sign_in.first_link(unit) is None


def test_the_first_link_expires(services: Services, clock: MovedClock) -> None:
    with services.store.begin() as unit:
        key = sign_in.first_link(unit)
        assert key is not None
        assert sign_in.is_first_link(unit, key)
    clock.ahead = timedelta(hours=25)
    with services.store.begin() as unit:
        assert not sign_in.is_first_link(unit, key)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://["},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_form_does_nothing(
    client: httpx.Client, services: Services, headers: dict[str, str]
) -> None:
    add_ann(services)
    sent = {"name": "ann", "password": PASSWORD}
    assert client.post("/sign-in", data=sent, headers=headers).status_code == 403
    enter(client)
    assert client.post("/sign-out", data={}, headers=headers).status_code == 403


def test_a_form_without_the_sessions_mark_does_nothing(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    enter(client)
    for mark in ("", "x" * 64, "é"):
        assert client.post("/sign-out", data={"csrf": mark}).status_code == 403
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", "Basic", "made"])
def test_tokens_that_only_read_change_nothing(client: httpx.Client, services: Services, header: str) -> None:
    auth = None
    if header != f"Bearer {TOKEN}":
        with services.store.begin() as unit:
            made = tokens.add(unit, "ci", AccessRole.ADMIN, [EVERYWHERE], "test").token
        auth = ("anyone", made if header == "made" else TOKEN)
        assert client.get("/", auth=auth).status_code == 200
    else:
        client.headers["Authorization"] = header
    assert client.post("/sign-out", data={"csrf": "x"}, auth=auth).status_code == 403


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\n/x", "x", "//[", "//\u2100.com"],
)
def test_nobody_is_led_elsewhere(client: httpx.Client, services: Services, target: str) -> None:
    add_ann(services)
    assert enter(client, next=target).headers["location"] == "/"


def test_a_password_is_not_taken_over_a_network_in_clear(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    answer = client.post(
        "/sign-in", data={"name": "ann", "password": PASSWORD}, headers={"Host": "labels.example.org"}
    )
    assert answer.status_code == 403
    assert "https" in answer.text


def test_behind_tls_the_cookie_is_one_that_no_other_host_sets(
    tmp_path: Path, client: httpx.Client, services: Services
) -> None:
    add_ann(services)
    answer = client.post(
        "/sign-in",
        data={"name": "ann", "password": PASSWORD},
        headers={"Host": "labels.example.org", "X-Forwarded-Proto": "https"},
    )
    assert answer.headers["set-cookie"].startswith("__Host-secondlook=")
    assert "Secure" in answer.headers["set-cookie"]


def test_sign_ins_and_refusals_are_audited_with_the_person(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    enter(client, password="wrong password")
    enter(client)
    with services.store.read() as unit:
        rows = [(row.actor, row.action) for row in unit.audit.entries()]
    assert rows == [("test", "user.added"), ("user:ann", "sign_in.refused"), ("user:ann", "sign_in")]


def test_what_is_stored_opens_nothing(client: httpx.Client, services: Services) -> None:
    add_ann(services)
    enter(client)
    token = next(iter(dict(client.cookies).values()))
    raw = services.settings.data_dir.joinpath("secondlook.db").read_bytes()
    raw += services.settings.data_dir.joinpath("secondlook.db-wal").read_bytes()
    assert token.encode() not in raw
    assert PASSWORD.encode() not in raw
    client.cookies.clear()
    client.cookies.set("secondlook", tokens.fingerprint(token))
    assert client.get("/").status_code == 303


def test_an_expired_or_revoked_token_is_none(
    client: httpx.Client, services: Services, clock: MovedClock
) -> None:
    with services.store.begin() as unit:
        made = tokens.add(unit, "ci", AccessRole.VIEWER, [EVERYWHERE], "test", days=1)
        other = tokens.add(unit, "other", AccessRole.VIEWER, [EVERYWHERE], "test")
    headers = [{"Authorization": f"Bearer {each.token}"} for each in (made, other)]
    assert [client.get("/api/v1/projects", headers=each).status_code for each in headers] == [200, 200]
    clock.ahead = timedelta(days=1)
    with services.store.begin() as unit:
        tokens.revoke(unit, "other", "test")
    assert [client.get("/api/v1/projects", headers=each).status_code for each in headers] == [401, 401]
    with services.store.read() as unit:
        found = unit.access_tokens.by_name("ci")
        assert found is not None
        assert found.last_used_at == StoppedClock().now()


def test_two_services_share_their_sessions(tmp_path: Path, client: httpx.Client, services: Services) -> None:
    add_ann(services)
    enter(client)
    token = next(iter(dict(client.cookies).values()))
    other = services_in(tmp_path)
    with other.store.read() as unit:
        assert sign_in.usable(unit, token) is not None
    other.close()
