"""Users and tokens from the command line."""

from __future__ import annotations

import io

import pytest

from connector.actions import passwords, tokens
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def test_a_user_is_added_listed_and_revoked(secondlook: Secondlook, configured: Services) -> None:
    words = ("users", "add", "ann", "--role", "operator", "--project", "cats", "--password-stdin")
    assert secondlook(*words).code == 0
    (user,) = secondlook("users", "list", "--json").json["users"]
    assert (user["name"], user["roles"], user["revoked_at"]) == ("ann", {"cats": "operator"}, None)
    with configured.store.read() as unit:
        stored = unit.users.by_name("ann")
        assert stored is not None
        assert passwords.is_right(PASSWORD, stored.password)
    assert secondlook("users", "role", "ann", "--role", "admin").code == 0
    assert secondlook("users", "revoke", "ann").code == 0
    (user,) = secondlook("users", "list", "--json").json["users"]
    assert user["roles"] == {"*": "admin"}
    assert user["revoked_at"]
    assert "ann" in secondlook("users", "list").out


def test_what_cannot_be_is_said_and_changes_nothing(secondlook: Secondlook, configured: Services) -> None:
    for words, said in (
        (("users", "add", "-x", "--password-stdin"), ""),
        (("users", "add", "a b", "--password-stdin"), "not fit"),
        (("users", "add", "ann", "--role", "metrics", "--password-stdin"), "for tokens"),
        (("users", "add", "ann", "--project", "A B", "--password-stdin"), "no name of a project"),
        (("users", "revoke", "nobody"), "no user"),
        (("tokens", "revoke", "none"), "no token"),
    ):
        done = secondlook(*words)
        assert done.code in (1, 2), words
        assert said in done.err
    assert secondlook("users", "list", "--json").json["users"] == []


def test_alerts_are_listed_and_silenced(secondlook: Secondlook, configured: Services) -> None:
    assert secondlook("alerts", "silence", "jobs_dead", "--hours", "2").code == 0
    (silence,) = secondlook("alerts", "list", "--json").json["silences"]
    assert (silence["rule"], silence["project"]) == ("jobs_dead", "")
    assert "is silent everywhere" in secondlook("alerts", "list").err
    assert secondlook("alerts", "unsilence", "jobs_dead").code == 0
    assert secondlook("alerts", "silence", "no_rule").code == 2
    assert "there is no channel 'ops'" in secondlook("alerts", "test", "ops").err


def test_a_short_password_is_refused(
    secondlook: Secondlook, configured: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    done = secondlook("users", "add", "ann", "--password-stdin")
    assert done.code == 2
    assert "12 to 200 characters" in done.err


def test_another_password_is_another(secondlook: Secondlook, configured: Services) -> None:
    secondlook("users", "add", "ann", "--password-stdin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("another long password\n"))
        assert secondlook("users", "password", "ann", "--password-stdin").code == 0
    with configured.store.read() as unit:
        stored = unit.users.by_name("ann")
    assert stored is not None
    assert not passwords.is_right(PASSWORD, stored.password)


def test_a_token_is_printed_once_and_kept_as_a_hash(secondlook: Secondlook, configured: Services) -> None:
    made = secondlook("tokens", "add", "ci", "--role", "metrics", "--days", "30").out.strip()
    with configured.store.read() as unit:
        found = tokens.usable(unit, made)
    assert found is not None
    assert found.projects == ("*",)
    (listed,) = secondlook("tokens", "list", "--json").json["tokens"]
    assert listed["name"] == "ci"
    assert made not in str(listed)
    assert "ci" in secondlook("tokens", "list").out
    assert secondlook("tokens", "add", "ci").code == 4
    assert secondlook("tokens", "revoke", "ci").code == 0
    with configured.store.read() as unit:
        assert tokens.usable(unit, made) is None
