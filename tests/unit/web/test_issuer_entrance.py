"""Coming in by an issuer or by a proxy that is believed: who may, and everything that must not pass."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient
from httpx import Response

from connector.actions import users
from connector.config.entrance import IssuerSettings, SignInSettings
from connector.config.types import SecretRef
from connector.errors import Misconfigured
from connector.model.access import AccessRole
from connector.platforms.issuer import Issuer, IssuerClient
from connector.web.app import create_app
from connector.wiring import Services
from tests.support.issuer import TestIssuer, running_issuer
from tests.unit.web.seeding import services_in

ROLES = {"leads": "operator", "vendor": "cats:viewer", "chiefs": "admin"}
HERE = "http://localhost"
Browser = Callable[..., TestClient]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    made.project("cats")
    yield made
    made.close()


@pytest.fixture
def issuer() -> Iterator[TestIssuer]:
    with running_issuer() as state:
        yield state


def configured(services: Services, peer: str = "127.0.0.1", **sign_in: Any) -> TestClient:
    """A browser of services that let people in this way."""
    chosen = SignInSettings(roles=ROLES, **sign_in)
    server = services.settings.server.model_copy(
        update={"public_url": HERE, "trusted_proxies": ("127.0.0.0/8",)}
    )
    services.settings = services.settings.model_copy(update={"sign_in": chosen, "server": server})
    app = create_app(services.settings, services)
    return TestClient(app, base_url=HERE, follow_redirects=False, client=(peer, 50_000))


@pytest.fixture
def browser(services: Services, issuer: TestIssuer, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("ISSUER_SECRET", issuer.client_secret)
    secret = SecretRef(env="ISSUER_SECRET")
    oidc = IssuerSettings(url=issuer.url, client_id=issuer.client_id, client_secret=secret, title="Example")
    return configured(services, oidc=oidc)


def come_in(browser: TestClient, issuer: TestIssuer, target: str = "/p/cats") -> Response:
    there = browser.get("/sign-in/oidc", params={"next": target})
    assert there.status_code == 303, there.text
    return browser.get(f"/sign-in/oidc/back?{issuer.agree(there.headers['location'])}")


def test_the_issuer_names_a_person_and_groups_give_roles(
    browser: TestClient, issuer: TestIssuer, services: Services
) -> None:
    assert "Sign in with Example" in browser.get("/sign-in").text
    back = come_in(browser, issuer)
    assert (back.status_code, back.headers["location"]) == (303, "/p/cats")
    assert browser.get("/ops/jobs").status_code == 200
    assert browser.get("/admin/users").status_code == 403
    issuer.claims = {"groups": ["vendor", "nobody"]}
    come_in(browser, issuer)
    assert browser.get("/ops/jobs").status_code == 403
    assert browser.get("/p/cats").status_code == 200
    with services.store.read() as unit:
        (user,) = unit.users.listed()
        assert (user.name, dict(user.grants)) == ("oidc:ann", {"cats": "viewer"})
        assert [one.action for one in unit.audit.entries(subject="oidc:ann")] == [
            *("user.added", "sign_in", "user.granted", "sign_in")
        ]


def test_a_person_of_the_issuer_is_none_of_ours_and_has_no_password(
    browser: TestClient, issuer: TestIssuer, services: Services
) -> None:
    with services.store.begin() as unit:
        users.add(unit, "ann", "correct horse battery", {"*": AccessRole.ADMIN}, "test")
    come_in(browser, issuer)
    assert browser.get("/admin/users").status_code == 403
    for password in ("", "x" * 12):
        tried = browser.post("/sign-in", data={"name": "oidc:ann", "password": password})
        assert tried.status_code == 401


WRONG_CLAIMS: tuple[dict[str, Any], ...] = (
    {"aud": "another"},
    {"aud": ["secondlook", "another"], "azp": "another"},
    {"iss": "http://issuer.example"},
    {"exp": int(time.time()) - 3600},
    {"iat": int(time.time()) + 3600},
    {"nonce": "of another sign-in"},
    {"nonce": None},
    {"sub": None},
    {"preferred_username": None},
    {"preferred_username": "user:ann"},
    {"preferred_username": "<b>"},
    {"preferred_username": 7},
    {"groups": ["strangers"]},
    {"groups": None},
    {"groups": {"leads": True}},
)


def test_a_token_that_is_not_right_opens_nothing(browser: TestClient, issuer: TestIssuer) -> None:
    for claims in WRONG_CLAIMS:
        issuer.claims = claims
        assert come_in(browser, issuer).status_code == 403, claims
        assert browser.get("/p/cats").status_code == 303, claims
    assert issuer.tokens == len(WRONG_CLAIMS)


def test_a_token_that_another_signed_opens_nothing(browser: TestClient, issuer: TestIssuer) -> None:
    issuer.signs_with = ec.generate_private_key(ec.SECP256R1())
    assert come_in(browser, issuer).status_code == 403
    issuer.signs_with = None
    issuer.key, issuer.kid = ec.generate_private_key(ec.SECP256R1()), "second"  # keys change over time
    assert come_in(browser, issuer).status_code == 303


def test_another_state_cookie_or_code_opens_nothing_and_a_code_opens_once(
    browser: TestClient, issuer: TestIssuer, services: Services
) -> None:
    there = browser.get("/sign-in/oidc")
    query = issuer.agree(there.headers["location"])
    code = query.partition("&")[0]
    assert browser.get(f"/sign-in/oidc/back?{code}&state=mine").status_code == 403
    assert browser.get(f"/sign-in/oidc/back?{code}").status_code == 403
    kept = browser.cookies["secondlook-oidc"]
    forged = {"Cookie": f"secondlook-oidc={kept[:-1]}{'1' if kept[-1] == '0' else '0'}"}
    thief = TestClient(browser.app, base_url=HERE, follow_redirects=False)
    assert thief.get(f"/sign-in/oidc/back?{query}").status_code == 403
    assert thief.get(f"/sign-in/oidc/back?{query}", headers=forged).status_code == 403
    assert issuer.tokens == 0
    own = TestClient(browser.app, base_url=HERE, follow_redirects=False)
    query = issuer.agree(own.get("/sign-in/oidc").headers["location"])
    kept = own.cookies["secondlook-oidc"]
    assert own.get(f"/sign-in/oidc/back?{query}").status_code == 303
    own.cookies.set("secondlook-oidc", kept)
    assert own.get(f"/sign-in/oidc/back?{query}").status_code == 403  # the code was used
    assert own.get("/sign-in/oidc/back?error=access_denied").status_code == 403


def test_who_was_revoked_or_lost_all_groups_is_out(
    browser: TestClient, issuer: TestIssuer, services: Services
) -> None:
    come_in(browser, issuer)
    issuer.claims = {"groups": []}
    assert come_in(TestClient(browser.app, base_url=HERE, follow_redirects=False), issuer).status_code == 403
    assert browser.get("/p/cats").status_code == 303  # the other session ended as well
    issuer.claims = {}
    assert come_in(browser, issuer).status_code == 303
    with services.store.begin() as unit:
        users.revoke(unit, "oidc:ann", "test")
    assert come_in(browser, issuer).status_code == 403


def test_an_address_of_another_site_is_not_led_to(browser: TestClient, issuer: TestIssuer) -> None:
    assert come_in(browser, issuer, "https://evil.example/").headers["location"] == "/"


def test_signing_out_ends_the_session_here_and_leads_to_the_issuers_end(
    browser: TestClient, issuer: TestIssuer
) -> None:
    come_in(browser, issuer)
    page = browser.get("/p/cats").text
    mark = re.search(r'name="csrf" value="([^"]+)"', page)
    assert mark
    out = browser.post("/sign-out", data={"csrf": mark[1]})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-out/oidc")
    assert browser.get("/p/cats").status_code == 303
    there = re.search(
        r'href="([^"]+)" rel="noreferrer">Sign out of Example too', browser.get("/sign-out/oidc").text
    )
    assert there
    address = urlsplit(unescape(there[1]))
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{issuer.url}/out"
    assert parse_qs(address.query) == {
        "client_id": [issuer.client_id],
        "post_logout_redirect_uri": [f"{HERE}/sign-in"],
    }


def test_an_issuer_without_an_end_of_sessions_is_said(browser: TestClient, issuer: TestIssuer) -> None:
    issuer.ends_sessions = False
    text = browser.get("/sign-out/oidc").text
    assert "You may still be signed in at Example" in text
    assert "Sign out of Example too" not in text


def test_an_issuer_that_is_away_is_said(services: Services) -> None:
    client = configured(services, oidc=IssuerSettings(url="http://127.0.0.1:9", client_id="x"))
    answer = client.get("/sign-in/oidc", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    with running_issuer() as issuer, pytest.raises(Misconfigured, match="discovery document"):
        Issuer(IssuerClient(f"http://localhost:{issuer.port}", "x")).way_there("b", "openid", "s", "n", "c")


def test_without_an_issuer_there_is_no_such_way(services: Services) -> None:
    client = configured(services)
    assert client.get("/sign-in/oidc").status_code == 404
    assert client.get("/sign-in/oidc/back?code=x&state=y").status_code == 404


PROXY = {"user_header": "X-Forwarded-User"}
ANN = {"X-Forwarded-User": "ann", "X-Forwarded-Groups": "strangers, leads"}


def test_a_proxy_that_is_believed_names_the_person(services: Services) -> None:
    client = configured(services, **PROXY)
    page = client.get("/ops/alerts", headers=ANN)
    assert page.status_code == 200
    assert "proxy:ann" in page.text
    assert client.get("/admin/users", headers=ANN).status_code == 403
    assert client.get("/p/cats").status_code == 303  # nobody is named
    refused = client.post("/ops/alerts/silence", headers=ANN, data={"rule": "jobs_dead", "hours": "1"})
    assert refused.status_code == 403  # without the mark of the page's form


def test_a_name_or_groups_that_mean_nothing_open_nothing(services: Services) -> None:
    client = configured(services, **PROXY)
    for wrong in ({"X-Forwarded-Groups": "strangers"}, {"X-Forwarded-User": "a b"}, {"X-Forwarded-User": ""}):
        assert client.get("/p/cats", headers=ANN | wrong).status_code == 403, wrong


def test_a_stranger_is_not_believed_whatever_they_send(services: Services) -> None:
    client = configured(services, "203.0.113.9", **PROXY)
    for more in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        answer = client.get("/p/cats", headers={**ANN, **more})
        assert answer.status_code == 303
    assert configured(services).get("/p/cats", headers=ANN).status_code == 303  # no header is configured


def test_the_address_of_a_browser_is_what_our_proxies_say(services: Services) -> None:
    form = {"name": "x", "password": "y" * 12}
    cases = (
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1, 198.51.100.8", "198.51.100.8"),  # the first is what the browser claims
        ("127.0.0.1", "198.51.100.9, 127.0.0.2", "198.51.100.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
    )
    for peer, forwarded, _ in cases:
        configured(services, peer).post("/sign-in", data=form, headers={"X-Forwarded-For": forwarded})
    with services.store.read() as unit:
        refused = [one.detail["address"] for one in unit.audit.entries() if one.action == "sign_in.refused"]
    assert refused == [seen for _, _, seen in cases]


def test_settings_that_let_nobody_in_are_refused() -> None:
    for wrong in (
        {"user_header": "X-User"},
        {"roles": {"a": "emperor"}},
        {"roles": {"a": "metrics"}},
        {"roles": {"a": "viewer"}, "user_header": "X User"},
    ):
        with pytest.raises(ValueError, match="Value error"):
            SignInSettings(**wrong)
    both = SignInSettings(roles={"a": "cats:viewer", "b": "cats:operator", "c": "viewer"})
    assert both.grants(["a", "b", "c"]) == {"cats": AccessRole.OPERATOR, "*": AccessRole.VIEWER}
