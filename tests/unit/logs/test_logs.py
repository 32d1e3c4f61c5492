"""A log line carries its ids and no secret."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import logs
from connector.config.settings import LogFormat, LogLevel, LogSettings

LEGACY = "0123456789abcdef0123456789abcdef01234567"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(LogSettings(format=LogFormat.JSON), stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], level = before
    root.setLevel(level)


def test_bound_ids_stand_on_every_line_of_the_block(lines: Callable[[], list[dict[str, Any]]]) -> None:
    with logs.bound(job="j1", project="cats", delivery=None):
        logs.get("a").info("synced", items=3)
        logging.getLogger("foreign").warning("said %s", "this")
    logs.get("a").info("after")
    first, foreign, after = lines()
    assert (first["event"], first["items"], first["job"], first["project"]) == ("synced", 3, "j1", "cats")
    assert "delivery" not in first
    assert (foreign["event"], foreign["job"], foreign["logger"]) == ("said this", "j1", "foreign")
    assert "job" not in after


def test_lines_below_the_level_are_not_written(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logs.get("a").debug("quiet")
    assert lines() == []


@pytest.mark.parametrize(
    "secretive",
    [
        f"Authorization: Token {LEGACY}",
        f"{{'authorization': 'Bearer {JWT}'}}",
        f"refresh failed for {JWT}",
        f"GET /x?token={LEGACY}&a=1",
        "cannot connect to postgresql+psycopg://u:hunter2hunter2@db/x",
        "cannot connect to redis://:hunter2hunter2@h:6379/0",
        "POST /hooks/cats/source/hunter2hunter2hunter2 202",
        'password="hunter2hunter2"',
        "password: hunter2hunter2",
        "my_token: hunter2hunter2",
        "projects.cats.token: hunter2hunter2",
        "{'api_key': 'hunter2hunter2'}",
    ],
)
def test_secrets_in_text_are_masked(lines: Callable[[], list[dict[str, Any]]], secretive: str) -> None:
    logs.get("a").info(secretive, detail=secretive, nested={"deep": [secretive]})
    logging.getLogger("b").warning("%s", secretive)
    logs.get("a").error("failed", exc_info=ValueError(secretive))
    text = json.dumps(lines())
    assert len(lines()) == 3
    for secret in (LEGACY, JWT, "hunter2hunter2"):
        assert secret not in text


@given(value=st.text(min_size=1), name=st.sampled_from(["token", "api_key", "password", "Authorization"]))
def test_values_under_a_secret_name_are_masked(value: str, name: str) -> None:
    event = logs.mask_secrets(None, "info", {name: value, "body": {"webhook_" + name: value}})
    assert event == {name: "***", "body": {"webhook_" + name: "***"}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    )
)
def test_masking_never_fails(value: Any) -> None:
    json.dumps(logs.mask_secrets(None, "info", {"event": "x", "value": value}))


@pytest.mark.parametrize(
    "text",
    [
        "token refreshed for project cats at https://labels.example.org:8080/api/tasks?page=2",
        "projects.cats.token: GET /api/projects/1/: HTTP 401 Invalid token. Put a valid token there.",
        "projects.cats.token: missing (in secondlook.toml). Add it.",
        "server.api_token: file /run/secrets/key cannot be read (FileNotFoundError). Create the file",
        "server.secret_key: environment variable THE_KEY is not set or empty. Set THE_KEY",
        "projects.cats.token: give exactly one of env and file",
        "database.password: characters are too few: 5",
        "The API token: `secondlook up` prints it.",
        "authorization: header is missing",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert logs.mask(text) == text


def test_whether_a_secret_is_there_is_none() -> None:
    event = {"token": True, "password": None, "secret": "", "api_key": False}
    assert logs.mask_secrets(None, "info", dict(event)) == event


def test_people_get_plain_lines() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure(LogSettings(format=LogFormat.CONSOLE), stream)
    logs.get("a").warning("paused", project="cats")
    root.handlers[:], level = before
    root.setLevel(level)
    assert "paused" in stream.getvalue()
    assert "project=cats" in stream.getvalue()


def test_importing_it_changes_nothing() -> None:
    code = (
        "import logging; b = logging.getLogger().handlers[:]; import connector.logs, structlog; "
        "assert logging.getLogger().handlers == b; assert not structlog.is_configured()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("path", "status", "written"),
    [
        ("/hooks/cats/source/key", 202, False),
        ("/hooks/cats/source/key", 401, True),
        ("/ready", 200, False),
        ("/ready", 503, True),
        ("/api/v1/projects", 200, True),
    ],
)
def test_requests_that_come_all_the_time_and_go_well_are_no_lines(
    path: str, status: int, written: bool
) -> None:
    assert logs.is_worth_a_line(path, status) is written


def test_logging_is_set_up_with_the_first_record(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure_later(LogSettings(format=LogFormat.CONSOLE, level=LogLevel.WARNING))
        logging.getLogger("connector.some").info("too quiet")
        assert capsys.readouterr().err == ""
        logging.getLogger("connector.some").warning("loud, Authorization: Token %s", "0123456789abcdef" * 2)
        said = capsys.readouterr().err
        assert "loud" in said
        assert "0123456789abcdef" not in said
    finally:
        root.handlers[:] = before
        root.setLevel(level)
