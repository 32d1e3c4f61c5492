"""Both kinds of token."""

from __future__ import annotations

import base64
import json
import time

import httpx
import pytest

from connector.errors import Misconfigured, Rejected
from connector.model import Role
from connector.platforms.label_studio import hooks
from connector.platforms.label_studio.client import LabelStudioClient, jwt_claims, task_list, whole


def jwt(**claims: object) -> str:
    """An unsigned token with these claims."""
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{part}.c2ln"


REFRESH = jwt(token_type="refresh", exp=8102424640)


class Server:
    """Gives access tokens, and whoami to whoever holds a good one."""

    def __init__(self, life: int = 300) -> None:
        self.life = life
        self.refreshes = 0
        self.revoked: set[str] = set()
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token/refresh/":
            self.refreshes += 1
            assert json.loads(request.content) == {"refresh": REFRESH}
            return httpx.Response(200, json={"access": jwt(n=self.refreshes, iat=1000, exp=1000 + self.life)})
        given = request.headers["authorization"]
        self.seen.append(given)
        return httpx.Response(401 if given in self.revoked else 200, json={"id": 7})


def client(server: Server, token: str) -> LabelStudioClient:
    return LabelStudioClient("http://ls.test", token, transport=httpx.MockTransport(server))


def test_a_legacy_token_is_sent_as_it_is() -> None:
    server = Server()
    assert client(server, "abc123").user_id() == "7"
    assert (server.seen, server.refreshes) == (["Token abc123"], 0)


def test_a_personal_access_token_is_exchanged_once_while_it_lives() -> None:
    server = Server()
    ls = client(server, REFRESH)
    for _ in range(3):
        ls.api.get("/api/x")
    assert server.refreshes == 1
    assert len(set(server.seen)) == 1
    assert server.seen[0].startswith("Bearer ")


def test_an_access_token_is_replaced_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(life=300)
    ls = client(server, REFRESH)
    ls.api.get("/api/x")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 250)
    ls.api.get("/api/x")
    assert server.refreshes == 2


def test_a_refused_access_token_is_replaced_once_even_for_a_write() -> None:
    server = Server()
    ls = client(server, REFRESH)
    ls.api.get("/api/x")
    server.revoked = set(server.seen)
    ls.api.write("POST", "/api/x")
    assert server.refreshes == 2
    server.revoked = {*server.seen, *(f"Bearer {jwt(n=n, iat=1000, exp=1300)}" for n in range(9))}
    with pytest.raises(Misconfigured) as raised:
        ls.api.get("/api/x")
    assert raised.value.field == "token"


@pytest.mark.parametrize("token", [jwt(token_type="access"), "with space", "new\nline", "schlüssel"])
def test_a_token_that_cannot_be_right_is_refused_before_it_is_sent(token: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        client(Server(), token)
    assert token not in str(raised.value)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "a.!!.c", "a.W10.c", "é.é.é"])
def test_what_is_no_jwt_has_no_claims(text: str) -> None:
    assert jwt_claims(text) is None


@pytest.mark.parametrize("project_id", ["", "x", "-1", "1.5", "１"])
def test_a_project_id_is_a_number(project_id: str) -> None:
    with pytest.raises(Misconfigured):
        whole(project_id)


def test_an_answer_of_another_shape_is_rejected_not_crashed_on() -> None:
    for answer in (None, [], {}, {"tasks": 5}):
        with pytest.raises(Rejected):
            task_list(answer)
    assert task_list({"tasks": [{"id": 1}, {"id": "x"}, 5, None]}) == [{"id": 1}]


@pytest.mark.parametrize(
    ("status", "field"), [(400, "server.public_url"), (403, "server.public_url"), (401, "token")]
)
def test_a_webhook_that_is_refused_names_the_address_unless_the_token_is_wrong(
    status: int, field: str
) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={}) if request.method == "POST" else httpx.Response(200, json=[])

    ls = LabelStudioClient("http://ls.test", "abc123", transport=httpx.MockTransport(server))
    with pytest.raises(Misconfigured) as raised:
        hooks.ensure(ls, Role.SOURCE, "7", "http://10.0.0.1/hooks/cats/source/key", "secret")
    assert raised.value.field == field
