"""What a new user meets: nothing is made by looking, and `up` says how to go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connector.actions import users
from connector.model.access import EVERYWHERE, AccessRole
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from workers.cli.serve import greet
from workers.service.alone import alone

MOST_MODULES = 1_020  # 960 when this was written

READING = ["status", "issues cats", "findings cats", "dispositions cats", "quality cats", "reviewers cats",
           "held list cats", "jobs list", "audit export", "audit verify", "users list", "tokens list",
           "guidelines list cats"]  # fmt: skip


@pytest.mark.parametrize("command", READING)
def test_a_command_that_only_reads_makes_nothing(secondlook: Secondlook, home: Path, command: str) -> None:
    (home / "token").write_text("0123456789")
    (home / "secondlook.toml").write_text(
        '[projects.cats]\nurl = "http://127.0.0.1:1"\nproject = 7\ntoken = { file = "token" }\n'
    )
    before = sorted(home.iterdir())
    done = secondlook(*command.split())
    assert "unexpected" not in done.err
    assert sorted(home.iterdir()) == before


def test_up_without_a_project_is_refused(secondlook: Secondlook, home: Path) -> None:
    (home / "secondlook.toml").write_text("[server]\nport = 8499\n")
    done = secondlook("up")
    assert done.code == 3
    assert "secondlook init" in done.err
    assert not (home / ".secondlook").exists()


def test_a_second_up_on_a_data_folder_is_refused(secondlook: Secondlook, configured: Services) -> None:
    with alone(configured.settings.data_dir):
        done = secondlook("up")
    assert done.code == 3
    assert "another `secondlook up`" in done.err


def test_up_says_how_to_sign_in(configured: Services, capsys: pytest.CaptureFixture[str]) -> None:
    greet(configured)
    first = capsys.readouterr().err
    assert "/first/" in first
    assert "token in server.api_token" in first
    with configured.store.begin() as unit:
        users.add(unit, "ada", "a long enough password", {EVERYWHERE: AccessRole.ADMIN}, "test")
    greet(configured)
    then = capsys.readouterr().err
    assert "Sign in at" in then
    assert "as ada" in then
    assert "/first/" not in then


def test_status_loads_nothing_that_it_does_not_need(configured: Services) -> None:
    code = (
        "import sys; from workers.cli.app import run; assert run(['status']) == 0;"
        "heavy = {'numpy', 'scipy', 'sklearn', 'structlog', 'rich', 'alembic', 'celery', 'httpx', 'fastapi'};"
        "loaded = heavy & set(sys.modules);"
        f"sys.exit(str(loaded) if loaded else max(0, len(sys.modules) - {MOST_MODULES}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
