"""`doctor` says what works, what does not, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.redis_server import RedisServer
from tests.unit.cli.conftest import Secondlook
from tests.unit.cli.little_studio import TOKEN

COUNTED = "review = { quorum = 2 }\n"
NOBODY_LISTENS = "server.port = 9\n"  # the usual port may be in use by what has nothing to do with the test


def configure(
    home: Path, url: str, project: int = 3, more: str = "", token: str = TOKEN, server: str = ""
) -> None:
    (home / "token").write_text(token)
    (home / "token").chmod(0o600)
    (home / "secondlook.toml").write_text(
        f"{NOBODY_LISTENS}{server}"
        f'[projects.cats]\nurl = "{url}"\nproject = {project}\ntoken = {{ file = "token" }}\n{more}'
    )


def checks(secondlook: Secondlook) -> tuple[int, dict[str, Any]]:
    done = secondlook("doctor", "--json")
    return done.code, {each["name"]: each for each in done.json["checks"]}


def test_what_works_is_ok_and_what_is_not_running_is_a_warning(
    secondlook: Secondlook, home: Path, studio: str
) -> None:
    configure(home, studio)
    code, found = checks(secondlook)
    assert code == 0
    for name in ("configuration", "disk space", "projects.cats.token", "broker", "database", "platform",
                 "token", "labels", "predictions"):  # fmt: skip
        assert found[name]["level"] == "ok", found[name]
    assert "the first changes ask 4" in found["reviewers"]["remedy"]  # three review here
    assert "That costs 100% of the labels that more would repair" in found["reviewers"]["remedy"]
    for name in (
        "scheduler",
        "reviewers",
        "sync",
        "webhook reception",
        "webhook registered",
        "webhook address",
    ):
        assert found[name]["level"] == "warn", found[name]
        assert found[name]["remedy"]
    assert found["token"]["found"] == "legacy token of user1@example.com (user 1)"


def test_people_get_a_table_with_remedies(secondlook: Secondlook, home: Path, studio: str) -> None:
    configure(home, studio)
    text = secondlook("doctor").out
    assert "→ " in text
    assert "0 fail" in text


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"token": "f" * 40}, "token", "401"),
        ({"project": 9}, "labels", "does not exist"),
        ({"project": 8}, "token", "may not change the settings"),
        ({"project": 6}, "labels", "no control for the whole item"),
        ({"url": "http://127.0.0.1:1"}, "platform", "no connection"),
        ({"more": "review = { quorum = 4, max_votes = 4 }\n"}, "reviewers", "3 beside the service user"),
        ({"more": f'reviewers = {{ same_person = {{ "3" = "2", "4" = "2" }} }}\n{COUNTED}'}, "reviewers",
         "1 beside the service user"),
        ({"more": f'reviewers = {{ expected = ["2"] }}\n{COUNTED}'}, "reviewers",
         "1 beside the service user"),
        ({"more": 'predictions = { source = "file", path = "p.npy", out_of_sample = true }\n'},
         "predictions", "not found"),
        ({"server": 'server.public_url = "http://secondlook:8400"\n'}, "webhook address", "without a dot"),
        ({"more": '[broker]\nurl = "redis://127.0.0.1:1/0"\n'}, "broker", "unreachable"),
    ],
)  # fmt: skip
def test_what_is_wrong_fails_with_a_remedy(
    secondlook: Secondlook, home: Path, studio: str, changes: dict[str, Any], name: str, words: str
) -> None:
    configure(home, **{"url": studio, **changes})
    code, found = checks(secondlook)
    assert code == 1
    assert found[name]["level"] == "fail"
    assert words in found[name]["found"]
    assert found[name]["remedy"]
    assert "f" * 40 not in str(found)


def test_a_broker_is_asked_with_the_password_of_the_service(
    secondlook: Secondlook, home: Path, studio: str, redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        client.config_set("requirepass", "the-right-password")
    (home / "broker-password").touch(0o600)
    (home / "broker-password").write_text("another-password")
    url = redis_server.url.replace("//", "//default@")
    configure(home, studio, more=f'[broker]\nurl = "{url}"\npassword = {{ file = "broker-password" }}\n')
    code, found = checks(secondlook)
    assert code == 1
    assert found["broker"]["level"] == "fail"
    assert found["broker"]["found"] == f"{url}: refuses the login"
    assert "broker.password" in found["broker"]["remedy"]
    assert "-password" not in f"{found['broker']['found']}"

    (home / "broker-password").write_text("the-right-password")
    assert checks(secondlook)[1]["broker"]["level"] == "ok"


def test_a_reviewer_whom_the_platform_does_not_know_is_named(
    secondlook: Secondlook, home: Path, studio: str
) -> None:
    configure(home, studio, more='reviewers = { expected = ["2", "3", "77"] }\n')
    _, found = checks(secondlook)
    assert found["reviewers"]["level"] == "warn"
    assert "does not know 77" in found["reviewers"]["remedy"]


@pytest.mark.parametrize(("most", "words"), [(1, "no label is ever changed"), (3, "until fewer suffice")])
def test_fewer_votes_than_a_change_needs_are_a_warning(
    secondlook: Secondlook, home: Path, studio: str, most: int, words: str
) -> None:
    configure(home, studio, more=f"review = {{ max_votes = {most} }}\n")
    _, found = checks(secondlook)
    assert found["reviewers"]["level"] == "warn"
    assert words in found["reviewers"]["remedy"]


def test_a_secret_that_others_can_read_is_a_warning(secondlook: Secondlook, home: Path, studio: str) -> None:
    configure(home, studio)
    (home / "token").chmod(0o644)
    _, found = checks(secondlook)
    assert found["projects.cats.token"]["level"] == "warn"
    assert "chmod 600" in found["projects.cats.token"]["remedy"]


def test_a_folder_that_others_can_write_to_and_a_database_that_they_can_read_are_warnings(
    secondlook: Secondlook, home: Path, studio: str
) -> None:
    configure(home, studio)
    (home / "secondlook.toml").write_text(f'data_dir = "data"\n{(home / "secondlook.toml").read_text()}')
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / "secondlook.db").touch()
    (home / "data" / "secondlook.db").chmod(0o644)
    (home / "data").chmod(0o777)
    _, found = checks(secondlook)
    assert found["secondlook.db"]["level"] == found["data_dir"]["level"] == "warn"
    assert "chmod 700" in found["data_dir"]["remedy"]


def test_a_configuration_that_cannot_be_read_is_the_one_check(secondlook: Secondlook, home: Path) -> None:
    (home / "secondlook.toml").write_text("[server]\nport = 0\n")
    code, found = checks(secondlook)
    assert code == 1
    assert list(found) == ["configuration"]
    assert "server.port" in found["configuration"]["found"]


def test_without_a_project_init_is_the_remedy(secondlook: Secondlook) -> None:
    code, found = checks(secondlook)
    assert code == 1
    assert "secondlook init" in found["configuration"]["remedy"]
